//! A vault that computes what it pays, its registry, and those who use them.

use std::sync::LazyLock;

use alloy_primitives::{Address, FixedBytes, U256};
use alloy_sol_types::SolCall;
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::proving::{self, RegistryDeployment, RoundPoint, VaultDeployment};
use fairshare_contracts::solidity::ProvingVault::{Epoch, Standing, epochsCall, settleCall, standingCall};
use fairshare_contracts::solidity::TaskRegistry::{
    DataRegistration, Stage, endRoundsCall, finishCall, registerCall, stageCall,
};
use fairshare_contracts::verification::{creation_code, register_keys, register_openings};
use fairshare_formats::registry::SignedRegistration;
use fairshare_params::address::Address as Account;
use fairshare_params::lagrange_tree::LagrangeTree;
use fairshare_params::policy::Policy;
use fairshare_params::rules::Rules;
use fairshare_testkit::{epochs, fixture};
use fairshare_verifier::{Trust, Verifier};

use super::artifact::artifact;
use super::chain::{Chain, Sent, Token, ok};

/// When a world begins: nine days before the rules of its first epoch let anybody end its rounds.
pub const START: u64 = ENDS_BY - 9 * DAY;
/// `ends_by` of the fixture's policy.
pub const ENDS_BY: u64 = 1_798_761_600;
pub const DAY: u64 = 86_400;
/// `proving_seconds` of the fixture's policy.
pub const PROVING: u64 = DAY;
/// The first epoch of the fixture's policy, its first round, and how many rounds it has.
pub const FIRST: u64 = 4;
pub const FIRST_ROUND: u64 = 10;
pub const ROUNDS: u64 = 4;

pub const DEPLOYER: Address = Address::repeat_byte(0xa0);
pub const OWNER: Address = Address::repeat_byte(0xa1);
pub const OPERATOR: Address = Address::repeat_byte(0xa2);
pub const COORDINATOR: Address = Address::repeat_byte(0xa3);
pub const FUNDER: Address = Address::repeat_byte(0xa4);
pub const STRANGER: Address = Address::repeat_byte(0xa5);

/// The points of compact rules, and their tree.
static TREE: LazyLock<LagrangeTree> = LazyLock::new(|| LagrangeTree::new(points()).expect("a power of two"));

fn points() -> &'static [halo2curves::bn256::G1Affine] {
    let geometry = fixture::SRS.geometry();
    &fixture::SRS.lagrange()[..geometry.alphabet()]
}

/// The point of the epoch's round number `index`, with its path.
pub fn round_point(index: u64) -> RoundPoint {
    RoundPoint::new(points(), &TREE, index).expect("a round")
}

/// Which task contract is the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    Fhe,
    Federated,
    /// The README's example.
    Own,
}

/// Which verifier the vault believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The one that verifies.
    Real,
    /// The one that believes what bundles say.
    Said,
}

pub struct World {
    pub chain: Chain,
    pub token: Address,
    pub verifier: Address,
    pub vault: Address,
    pub registry: Address,
    /// Bytes of the code of vault and registry.
    pub sizes: [usize; 2],
}

/// Where the deployer's contract of this number stands: the token is the first, then verifier, vault,
/// registry.
pub fn address_of(number: u64) -> Address {
    DEPLOYER.create(number)
}

/// The rules of a policy.
pub fn rules_of(policy: &Policy) -> Rules {
    let verifier = Verifier::new(&fixture::PARAMETERS, policy, Trust::AllowInsecure).expect("a verifier");
    verifier.rules().clone()
}

/// The fixture's policy for this world's contracts, with these edits.
pub fn policy_text(edits: &[(&str, &str)]) -> String {
    let [vault, registry] = [2, 3].map(address_of).map(|address| format!("{address:?}"));
    let own = [
        ("chain_id = 16601", "chain_id = 31337"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", vault.as_str()),
        ("0x58DA990A8F4A3a6ca7cb6315d68a140105917352", registry.as_str()),
        ("settlement = \"claims\"", "settlement = \"contract\""),
    ];
    epochs::edited(&epochs::edited(fixture::POLICY, &own), edits)
}

/// The same, read.
pub fn policy(edits: &[(&str, &str)]) -> Policy {
    fixture::policy(&policy_text(edits))
}

/// The policy of the epoch so many after the first one.
pub fn later(epochs: u64, edits: &[(&str, &str)]) -> Policy {
    let epoch = format!("epoch = {}", FIRST + epochs);
    let first = format!("first = {}", FIRST_ROUND + epochs * ROUNDS);
    let own = [("epoch = 4", epoch.as_str()), ("first = 10", &first)];
    policy(&[&own, edits].concat())
}

/// An account in the type that the encoder takes.
pub fn evm(account: &Account) -> Address {
    Address::from(account.0)
}

impl World {
    /// A world of federated learning whose token is well-behaved. The funder has plenty of it, all approved.
    pub fn new(judge: Judge) -> Self {
        Self::with(Task::Federated, judge, "test/PlainToken")
    }

    pub fn with(task: Task, judge: Judge, token: &str) -> Self {
        let mut chain = Chain::new(START);
        let mut deploy = |code| chain.deploy(DEPLOYER, code).expect("it is deployed");
        let (token, _) = deploy(bytecode(&artifact(token)).expect("a bytecode"));
        let (verifier, _) = deploy(match judge {
            Judge::Real => creation_code(true).expect("a bytecode"),
            Judge::Said => bytecode(&artifact("test/SaidVerifier")).expect("a bytecode"),
        });
        let (vault, vault_size) = deploy(vault_code(|_| {}));
        let (registry, registry_size) = deploy(registry_code(task, |_| {}));
        assert_eq!([token, verifier, vault, registry], [0, 1, 2, 3].map(address_of));
        let sizes = [vault_size.len(), registry_size.len()];
        let mut world = Self { chain, token, verifier, vault, registry, sizes };
        if judge == Judge::Real {
            ok(world.chain.send(STRANGER, verifier, register_keys(&fixture::PARAMETERS)));
            ok(world.chain.send(STRANGER, verifier, register_openings(&fixture::PARAMETERS)));
        }
        world.mint(FUNDER, U256::from(u128::MAX));
        let approve = Token::approveCall { spender: vault, amount: U256::MAX };
        ok(world.chain.send(FUNDER, token, approve.abi_encode()));
        world
    }

    pub fn mint(&mut self, to: Address, amount: U256) {
        ok(self.chain.send(STRANGER, self.token, Token::mintCall { to, amount }.abi_encode()));
    }

    pub fn balance(&mut self, account: Address) -> u128 {
        self.chain.ask(self.token, &Token::balanceOfCall { account }).to()
    }

    pub fn vault<C: SolCall>(&mut self, from: Address, call: C) -> Sent {
        self.chain.send(from, self.vault, call.abi_encode())
    }

    pub fn registry<C: SolCall>(&mut self, from: Address, call: C) -> Sent {
        self.chain.send(from, self.registry, call.abi_encode())
    }

    pub fn fund(&mut self, amount: u128) -> Sent {
        self.chain.send(FUNDER, self.vault, proving::fund(amount))
    }

    pub fn open(&mut self, rules: &Rules) -> Sent {
        self.chain.send(OPERATOR, self.vault, proving::open(rules))
    }

    pub fn begin(&mut self, rules: &Rules) -> Sent {
        self.chain.send(COORDINATOR, self.registry, proving::begin(rules))
    }

    /// Rules stand, their pool is there, and their first round begins.
    pub fn start(&mut self, rules: &Rules) {
        ok(self.open(rules));
        if rules.terms.pool > 0 {
            ok(self.fund(rules.terms.pool));
        }
        ok(self.begin(rules));
    }

    pub fn end_rounds(&mut self, count: u64) -> Sent {
        self.registry(COORDINATOR, endRoundsCall { count })
    }

    /// Ends all rounds of the epoch that goes on.
    pub fn end_epoch(&mut self) {
        let stage = self.stage();
        ok(self.end_rounds(stage.lastRound - stage.round + 1));
    }

    pub fn finish(&mut self, from: Address) -> Sent {
        self.registry(from, finishCall {})
    }

    pub fn register(&mut self, registration: DataRegistration) -> Sent {
        self.registry(registration.contributor, registerCall { registration })
    }

    /// Records units in the round that goes on.
    pub fn record(&mut self, units: &[(Account, u32)]) -> Sent {
        let stage = self.stage();
        let data = round_point(stage.round - stage.firstRound).record_units(units);
        self.chain.send(COORDINATOR, self.registry, data)
    }

    pub fn submit(&mut self, rules: &Rules, bundle: Vec<u8>) -> Sent {
        self.chain.send(STRANGER, self.vault, proving::submit(rules, bundle))
    }

    /// Registers what somebody signed, by someone else.
    pub fn register_for(&mut self, signed: &SignedRegistration) -> Sent {
        let data = proving::register(signed.unsigned(), Some(&signed.signature().to_bytes()));
        self.chain.send(STRANGER, self.registry, data)
    }

    /// Has somebody paid, by someone who has nothing to gain from it.
    pub fn claim(&mut self, epoch: u64, contributor: Address) -> Sent {
        self.chain.send(STRANGER, self.vault, proving::claim(epoch, &Account(contributor.into_array())))
    }

    pub fn settle(&mut self, most: u64) -> u64 {
        let sent = ok(self.vault(STRANGER, settleCall { most: U256::from(most) }));
        U256::from_be_slice(&sent.output).to()
    }

    pub fn stage(&mut self) -> Stage {
        self.chain.ask(self.registry, &stageCall {})
    }

    pub fn epoch(&mut self, epoch: u64) -> Epoch {
        self.chain.ask(self.vault, &epochsCall { epoch })
    }

    pub fn standing(&mut self, epoch: u64, contributor: Address) -> Standing {
        self.chain.ask(self.vault, &standingCall { epoch, contributor })
    }
}

/// Data of the transaction that deploys the world's vault, with altered arguments.
pub fn vault_code(alter: impl FnOnce(&mut VaultDeployment)) -> Vec<u8> {
    let account = |address: Address| Account(address.into_array());
    let mut deployment = VaultDeployment {
        token: account(address_of(0)),
        registry: account(address_of(3)),
        verifier: account(address_of(1)),
        subnet: "new-york-flights".to_owned(),
        owner: account(OWNER),
        operator: account(OPERATOR),
    };
    alter(&mut deployment);
    let arguments = deployment.creation_code().expect("a bytecode");
    with_artifact("ProvingVault", proving::PROVING_VAULT_JSON, arguments)
}

/// Data of the transaction that deploys the world's registry, with altered arguments.
pub fn registry_code(task: Task, alter: impl FnOnce(&mut RegistryDeployment)) -> Vec<u8> {
    let account = |address: Address| Account(address.into_array());
    let (name, committed) = match task {
        Task::Fhe => ("FheTask", proving::FHE_TASK_JSON),
        Task::Federated => ("FederatedTask", proving::FEDERATED_TASK_JSON),
        Task::Own => ("test/OwnTask", include_str!("../../artifacts/test/OwnTask.json")),
    };
    let mut deployment = RegistryDeployment {
        vault: account(address_of(2)),
        owner: account(OWNER),
        coordinator: account(COORDINATOR),
    };
    alter(&mut deployment);
    with_artifact(name, committed, deployment.creation_code(committed).expect("a bytecode"))
}

/// The same creation code by the artifact that is tried, in the place of the committed one.
fn with_artifact(name: &str, committed: &str, code: Vec<u8>) -> Vec<u8> {
    let arguments = &code[bytecode(committed).expect("a bytecode").len()..];
    [bytecode(&artifact(name)).expect("a bytecode"), arguments.to_vec()].concat()
}

/// A registration that names no upload, of any segments, under the rules of a policy, whose epoch goes on.
pub fn dataset(policy: &Policy, who: Address, records: u32, seed: u64) -> DataRegistration {
    let cut = policy.geometry().cut(u64::from(records) * policy.schema().len() as u64);
    let segment = |index: u64| {
        let words = [U256::from(seed), U256::from(index)].map(|word| word.to_be_bytes::<32>());
        fairshare_params::encoding::Digest(alloy_primitives::keccak256(words.concat()).0)
    };
    let segments = (0..cut.segments()).map(segment).collect();
    let schema = policy.schema().hash();
    let whose = Account(who.into_array());
    let request =
        fairshare_params::registry::Request::new(whose, policy.geometry(), schema, records, segments);
    let unsigned = fairshare_params::registry::Unsigned::new(
        request.expect("a request"),
        None,
        policy.domain(),
        policy.terms().vault,
        u64::MAX,
    );
    proving::data_registration(&unsigned.expect("a registration"))
}

/// A bundle as the verifier takes it that believes what bundles say.
pub fn said_data(who: Address, digests: &[FixedBytes<32>], score: u64) -> Vec<u8> {
    let head = [U256::from(1), U256::from_be_slice(who.as_slice()), U256::from(digests.len())];
    let head = head.map(|word| word.to_be_bytes::<32>()).concat();
    let digests = digests.iter().flat_map(|digest| digest.0).collect::<Vec<_>>();
    [head, digests, U256::from(score).to_be_bytes::<32>().to_vec()].concat()
}

/// The same of computing power.
pub fn said_compute(who: Address, score: u64) -> Vec<u8> {
    [U256::from(2), U256::from_be_slice(who.as_slice()), U256::from(score)]
        .map(|word| word.to_be_bytes::<32>())
        .concat()
}
