//! Which rules a vault takes, when they may be replaced, and from when they stand.

use alloy_primitives::{FixedBytes, U256};
use alloy_sol_types::{SolCall, sol};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{
    NoEpoch, NoRules, NotOperator, NotRegistry, NotTheNextEpoch, NotTheRules, RegistryServes, RoundsNotOver,
    RuleRefused, RulesOpened, beginCall, endCall, fundCall, nextRulesCall, openCall,
};
use fairshare_contracts::verification::words;
use fairshare_params::Geometry;
use fairshare_params::address::Address as Account;
use fairshare_params::rules::{Rules, Settlement, Weighting};

use super::artifact::artifact;
use super::chain::{CHAIN_ID, ok, refused};
use super::pool::NODES;
use super::world::{
    COORDINATOR, DAY, DEPLOYER, FIRST, FIRST_ROUND, FUNDER, Judge, OPERATOR, OWNER, PROVING, ROUNDS, START,
    STRANGER, Task, World, evm, later, policy, registry_code, rules_of, said_compute, vault_code,
};

fn good() -> Rules {
    rules_of(&policy(&[]))
}

/// Opening rules that are altered in one thing is refused, and the error names the word.
#[track_caller]
fn refuses(world: &mut World, word: &str, alter: impl FnOnce(&mut Rules)) {
    let mut rules = good();
    alter(&mut rules);
    refused(world.open(&rules), RuleRefused { word: word.to_owned() });
}

#[track_caller]
fn takes(world: &mut World, alter: impl FnOnce(&mut Rules)) {
    let mut rules = good();
    alter(&mut rules);
    ok(world.open(&rules));
}

/// PROTOCOL section 8: whose rules they are. Only this vault's, this registry's, on this chain.
#[test]
fn rules_are_for_this_vault() {
    let mut world = World::new(Judge::Said);
    refuses(&mut world, "chain id", |rules| rules.terms.chain_id += 1);
    refuses(&mut world, "vault", |rules| rules.terms.vault.0[3] ^= 1);
    refuses(&mut world, "registry", |rules| rules.terms.registry.0[3] ^= 1);
    refuses(&mut world, "settlement", |rules| rules.terms.settlement = Settlement::Claims);
    refuses(&mut world, "settlement", |rules| rules.terms.settlement = Settlement::Payments);
    refuses(&mut world, "subnet", |rules| rules.terms.subnet.push('x'));
    let mut wrong = words(&good());
    wrong.terms.version = U256::from(3);
    let sent = world.vault(OPERATOR, openCall { rules: wrong });
    refused(sent, RuleRefused { word: "protocol version".to_owned() });
    world.chain.fork(CHAIN_ID + 1);
    refused(world.open(&good()), RuleRefused { word: "chain id".to_owned() });
}

/// The ends of every domain that a contract can check, and one beyond each.
#[test]
fn every_word_is_in_its_domain() {
    let mut world = World::new(Judge::Said);
    let world = &mut world;
    takes(world, |rules| rules.terms.epoch = 0);
    refuses(world, "ends_by", |rules| rules.terms.ends_by = START);
    takes(world, |rules| rules.terms.ends_by = START + 1);
    takes(world, |rules| rules.terms.ends_by = START + 730 * DAY);
    refuses(world, "ends_by", |rules| rules.terms.ends_by = START + 730 * DAY + 1);
    refuses(world, "ends_by", |rules| rules.terms.ends_by = u64::MAX);
    refuses(world, "proving seconds", |rules| rules.terms.proving_seconds = 3_599);
    takes(world, |rules| rules.terms.proving_seconds = 3_600);
    takes(world, |rules| rules.terms.proving_seconds = 90 * DAY);
    refuses(world, "proving seconds", |rules| rules.terms.proving_seconds = 90 * DAY + 1);
    refuses(world, "proving seconds", |rules| rules.terms.proving_seconds = u64::MAX);
    takes(world, |rules| rules.terms.pool = u128::MAX);
    takes(world, |rules| rules.terms.pool = 0);
    refuses(world, "count of rounds", |rules| rules.terms.rounds = 1);
    refuses(world, "count of rounds", |rules| rules.terms.rounds = 0);
    takes(world, |rules| rules.terms.rounds = 2);
    refuses(world, "last round", |rules| rules.terms.first_round = u64::MAX - 2);
    refuses(world, "first round of the data window", |rules| rules.terms.data_first_round = FIRST_ROUND + 1);
    takes(world, |rules| rules.terms.data_first_round = 0);
    refuses(world, "d", |rules| rules.reference.features = 0);
    refuses(world, "min_records", |rules| rules.terms.min_records = 0);
    for id in [0, 4, u8::MAX] {
        let mut wrong = words(&good());
        wrong.scoring.geometry = id;
        let sent = world.vault(OPERATOR, openCall { rules: wrong });
        refused(sent, RuleRefused { word: "geometry".to_owned() });
    }
    for (evidence, is_taken) in [(0, true), (1, true), (2, false)] {
        let mut rules = words(&good());
        rules.evidence = evidence;
        let sent = world.vault(OPERATOR, openCall { rules });
        match is_taken {
            true => drop(ok(sent)),
            false => refused(sent, RuleRefused { word: "evidence".to_owned() }),
        }
    }
}

/// As many rounds as a proof of the geometry covers.
#[test]
fn an_epoch_is_no_longer_than_the_geometry() {
    let mut world = World::new(Judge::Said);
    for geometry in Geometry::ALL {
        let most = u32::try_from(geometry.rounds()).expect("few");
        let slow = |rules: &mut Rules| {
            rules.terms.geometry = geometry;
            rules.compute_decay.rho = u64::MAX;
            rules.data_decay.rho = u64::MAX;
        };
        takes(&mut world, |rules| {
            slow(rules);
            rules.terms.rounds = most;
        });
        refuses(&mut world, "count of rounds", |rules| {
            slow(rules);
            rules.terms.rounds = most + 1;
        });
    }
}

/// PROTOCOL section 7, 10: weightings, and numbers of records that could never weigh anything.
#[test]
fn a_score_can_weigh_something() {
    let mut world = World::new(Judge::Said);
    let world = &mut world;
    let weighted = |id: u8, cap: u64| {
        let mut rules = words(&good());
        (rules.scoring.weighting, rules.scoring.cap) = (id, cap);
        openCall { rules }
    };
    for (id, cap, word) in
        [(0, 1, "weighting"), (3, 1, "weighting"), (1, 1, "cap"), (2, 0, "cap"), (2, (1 << 63) + 1, "cap")]
    {
        let sent = world.vault(OPERATOR, weighted(id, cap));
        refused(sent, RuleRefused { word: word.to_owned() });
    }
    ok(world.vault(OPERATOR, weighted(1, 0)));
    ok(world.vault(OPERATOR, weighted(2, 1 << 63)));
    // ⌊n·cap/2^40⌋ above bins'·2^7, to the unit.
    let bins = good().reference.free_bins;
    let at = |n: u32, above: u64| {
        move |rules: &mut Rules| {
            let cap = (((bins << 7) + above) << 40).div_ceil(u64::from(n));
            rules.terms.weighting = Weighting::RecordsDivergence { cap };
            rules.terms.min_records = n;
        }
    };
    refuses(world, "min_records that could never weigh anything", at(1, 0));
    takes(world, at(1, 1));
    refuses(world, "min_records that could never weigh anything", |rules| {
        at(1_000, 1)(rules);
        rules.terms.min_records = 999;
    });
    takes(world, at(1_000, 1));
}

/// PROTOCOL section 7: λ in its range, that of compute the slower one, and last rounds that are not mere
/// rounding.
#[test]
fn last_rounds_are_not_rounding() {
    let mut world = World::new(Judge::Said);
    let world = &mut world;
    for lambda in [(1 << 24) - 1, (1000 << 48) + 1] {
        refuses(world, "lambda", |rules| rules.data_decay.lambda_q = lambda);
        refuses(world, "lambda", |rules| rules.compute_decay.lambda_q = lambda);
    }
    takes(world, |rules| rules.data_decay.lambda_q = 1000 << 48);
    takes(world, |rules| rules.compute_decay.lambda_q = 1 << 24);
    let slower = "decay of compute, which must be the slower one";
    refuses(world, slower, |rules| rules.compute_decay.lambda_q = rules.data_decay.lambda_q + 1);
    refuses(world, slower, |rules| rules.compute_decay.rho = rules.data_decay.rho - 1);
    takes(world, |rules| rules.compute_decay = rules.data_decay);
    // Two rounds: the last one's decay is ρ itself.
    let of = |rho: u64| {
        move |rules: &mut Rules| {
            rules.terms.rounds = 2;
            rules.compute_decay.rho = rho;
            rules.data_decay.rho = rho;
        }
    };
    refuses(world, "decay of compute in the last round", of((1 << 40) - 1));
    takes(world, of(1 << 40));
    let data = "decay of data in the last round";
    refuses(world, data, |rules| {
        of(1 << 40)(rules);
        rules.data_decay.rho -= 1;
    });
    // The window is longer than the epoch.
    refuses(world, data, |rules| {
        of(1 << 40)(rules);
        rules.terms.data_first_round = FIRST_ROUND - 1;
    });
    takes(world, |rules| {
        of(1 << 52)(rules);
        rules.terms.data_first_round = FIRST_ROUND - 1;
    });
}

/// Rules may be replaced until their epoch's first round begins, never after.
#[test]
fn rules_stand_from_the_first_round_on() {
    let mut world = World::new(Judge::Said);
    let first = good();
    let vault = world.vault;
    let sent = ok(world.open(&first));
    let [event] = &sent.events::<RulesOpened>()[..] else { panic!("an event") };
    assert_eq!((event.epoch, event.rulesHash), (FIRST, FixedBytes(first.hash().0)));
    assert_eq!(event.rules, words(&first));
    // By others for another epoch, even, as long as none began.
    let mut other = first.clone();
    (other.terms.epoch, other.terms.first_round, other.terms.data_first_round) = (9, 77, 77);
    ok(world.open(&other));
    assert_eq!(world.chain.ask(vault, &nextRulesCall {}).rulesHash.0, other.hash().0);
    ok(world.fund(first.terms.pool));
    let [found, standing] = [&first, &other].map(|rules| FixedBytes(rules.hash().0));
    refused(world.begin(&first), NotTheRules { found, standing });
    ok(world.open(&first));
    ok(world.begin(&first));
    assert_eq!(world.epoch(FIRST).rulesHash.0, first.hash().0);
    // Never after: only the next epoch's can be opened.
    let next = (FIRST + 1, FIRST_ROUND + ROUNDS);
    let mut changed = first.clone();
    changed.terms.pool -= 1;
    refused(world.open(&changed), NotTheNextEpoch { epoch: FIRST, firstRound: FIRST_ROUND });
    for (epoch, first_round) in
        [(next.0 + 1, next.1), (next.0, next.1 + 1), (next.0, next.1 - 1), (0, next.1)]
    {
        let mut wrong = first.clone();
        (wrong.terms.epoch, wrong.terms.first_round) = (epoch, first_round);
        refused(world.open(&wrong), NotTheNextEpoch { epoch, firstRound: first_round });
    }
    ok(world.open(&rules_of(&later(1, &[]))));
    assert_eq!(world.epoch(FIRST).rulesHash.0, first.hash().0);
}

/// A vault begins far from where the numbers of epochs and rounds end: else its money would be locked for
/// ever.
#[test]
fn no_vault_comes_to_the_end_of_its_numbers() {
    let mut world = World::new(Judge::Said);
    let most = 1 << 63;
    let at = |epoch, first_round| {
        move |rules: &mut Rules| {
            rules.terms.epoch = epoch;
            (rules.terms.first_round, rules.terms.data_first_round) = (first_round, first_round);
        }
    };
    refuses(&mut world, "epoch", at(most + 1, most));
    refuses(&mut world, "epoch", at(u64::MAX, most));
    refuses(&mut world, "first round", at(most, most + 1));
    let mut rules = good();
    at(most, most)(&mut rules);
    world.start(&rules);
    world.end_epoch();
    let mut next = rules.clone();
    at(most + 1, most + ROUNDS)(&mut next);
    ok(world.open(&next));
}

#[test]
fn only_the_operator_opens_rules() {
    let mut world = World::new(Judge::Said);
    let data = proving::open(&good());
    let vault = world.vault;
    for caller in [STRANGER, OWNER, COORDINATOR, FUNDER] {
        refused(world.chain.send(caller, vault, data.clone()), NotOperator { caller });
    }
    // Until then nobody can say what would be paid.
    refused(world.vault(FUNDER, fundCall { amount: 5 }), NoRules {});
    ok(world.open(&good()));
    ok(world.vault(FUNDER, fundCall { amount: 5 }));
}

/// Registry and vault name each other, one to one, for ever.
#[test]
fn a_registry_of_another_vault_is_found_out() {
    let mut world = World::new(Judge::Said);
    let (vault, registry) = (world.vault, world.registry);
    // A second vault that names the same registry, which serves the first one.
    let (second, _) = world.chain.deploy(DEPLOYER, vault_code(|_| {})).expect("it is deployed");
    let mut rules = good();
    rules.terms.vault = Account(second.into_array());
    let sent = world.chain.send(OPERATOR, second, proving::open(&rules));
    refused(sent, RegistryServes { vault });
    // A second registry that names the first vault, which does not believe it.
    let code = registry_code(Task::Fhe, |_| {});
    let (other, _) = world.chain.deploy(DEPLOYER, code).expect("it is deployed");
    ok(world.open(&good()));
    ok(world.fund(good().terms.pool));
    let sent = world.chain.send(COORDINATOR, other, proving::begin(&good()));
    refused(sent, NotRegistry { caller: other });
    ok(world.chain.send(COORDINATOR, registry, proving::begin(&good())));
}

/// Whatever its registry is: epochs begin and end in turns, and a deadline is fixed once.
#[test]
fn a_registry_that_lies_moves_no_deadline() {
    sol! {
        contract LyingRegistry {
            function serve(address vault) external;
            function tell(bytes calldata data) external;
        }
    }
    let mut world = World::new(Judge::Said);
    let code = bytecode(&artifact("test/LyingRegistry")).expect("a bytecode");
    let (liar, _) = world.chain.deploy(DEPLOYER, code).expect("it is deployed");
    let registry = Account(liar.into_array());
    let code = vault_code(|own| own.registry = registry);
    let (vault, _) = world.chain.deploy(DEPLOYER, code).expect("it is deployed");
    ok(world.chain.send(STRANGER, liar, LyingRegistry::serveCall { vault }.abi_encode()));
    let tell = |world: &mut World, data: Vec<u8>| {
        world.chain.send(STRANGER, liar, LyingRegistry::tellCall { data: data.into() }.abi_encode())
    };
    let open = |world: &mut World, mut rules: Rules| {
        (rules.terms.vault, rules.terms.registry) = (Account(vault.into_array()), registry);
        rules.terms.pool = 0;
        ok(world.chain.send(OPERATOR, vault, proving::open(&rules)));
        beginCall { rulesHash: FixedBytes(rules.hash().0) }.abi_encode()
    };
    refused(tell(&mut world, endCall {}.abi_encode()), NoEpoch {});
    let first = open(&mut world, good());
    ok(tell(&mut world, first));
    let second = open(&mut world, rules_of(&later(1, &[])));
    refused(tell(&mut world, second.clone()), RoundsNotOver { epoch: FIRST });
    ok(tell(&mut world, endCall {}.abi_encode()));
    world.chain.pass(1);
    refused(tell(&mut world, endCall {}.abi_encode()), NoEpoch {});
    ok(tell(&mut world, second));
}

/// Nothing is special about the number 0: of an epoch, or of a round.
#[test]
fn an_epoch_may_be_the_epoch_0() {
    let mut world = World::new(Judge::Said);
    let mut rules = good();
    (rules.terms.epoch, rules.terms.first_round, rules.terms.data_first_round) = (0, 0, 0);
    world.start(&rules);
    ok(world.record(&[(NODES[0], 3)]));
    world.end_epoch();
    ok(world.submit(&rules, said_compute(evm(&NODES[0]), 7)));
    world.chain.pass(PROVING + 1);
    ok(world.claim(0, evm(&NODES[0])));
    assert_eq!(world.balance(evm(&NODES[0])), rules.terms.pool / 10 * 7);
}

/// What a vault is deployed with.
#[test]
fn a_vault_is_deployed_for_what_is_there() {
    use alloy_sol_types::SolError;
    use fairshare_contracts::solidity::ProvingVault::{NoCode, SubnetRefused, ZeroAddress};
    let mut world = World::new(Judge::Said);
    let nobody = Account([0; 20]);
    let account = Account(STRANGER.into_array());
    let mut deploy = |code: Vec<u8>| world.chain.deploy(DEPLOYER, code).expect_err("it is refused").to_vec();
    assert_eq!(deploy(vault_code(|own| own.token = account)), NoCode { account: STRANGER }.abi_encode());
    assert_eq!(deploy(vault_code(|own| own.verifier = account)), NoCode { account: STRANGER }.abi_encode());
    assert_eq!(deploy(vault_code(|own| own.registry = nobody)), ZeroAddress {}.abi_encode());
    assert_eq!(deploy(vault_code(|own| own.operator = nobody)), ZeroAddress {}.abi_encode());
    let longest = "x".repeat(64);
    for name in ["", " x", "x ", "a\u{7f}", "ä", "a\nb", &format!("{longest}x")] {
        let refusal = SubnetRefused { name: name.to_owned() };
        assert_eq!(deploy(vault_code(|own| own.subnet = name.to_owned())), refusal.abi_encode());
    }
    for name in ["x", "~ !", &longest] {
        let code = vault_code(|own| own.subnet = name.to_owned());
        world.chain.deploy(DEPLOYER, code).expect("it is deployed");
    }
}

/// What a registry is deployed with.
#[test]
fn a_registry_is_deployed_for_a_vault_with_a_coordinator() {
    use alloy_sol_types::SolError;
    use fairshare_contracts::solidity::TaskRegistry::ZeroAddress;
    let mut world = World::new(Judge::Said);
    let nobody = Account([0; 20]);
    let mut deploy = |code: Vec<u8>| world.chain.deploy(DEPLOYER, code).expect_err("it is refused").to_vec();
    for task in [Task::Fhe, Task::Federated] {
        assert_eq!(deploy(registry_code(task, |own| own.vault = nobody)), ZeroAddress {}.abi_encode());
        assert_eq!(deploy(registry_code(task, |own| own.coordinator = nobody)), ZeroAddress {}.abi_encode());
    }
}

/// EIP-170.
#[test]
fn vault_and_registries_fit_a_contract() {
    for task in [Task::Fhe, Task::Federated] {
        let world = World::with(task, Judge::Said, "test/PlainToken");
        println!("vault and registry: {:?} bytes", world.sizes);
        assert!(world.sizes.iter().all(|size| *size <= 24_576));
    }
}
