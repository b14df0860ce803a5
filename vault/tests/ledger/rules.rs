//! Rules: which may stand, and until when.

use fairshare_audit::registry::{Refusal, State};
use fairshare_params::policy::Token;
use fairshare_vault::database::{Access, DatabaseError, Location};
use fairshare_vault::{Ledger, VaultError};

use crate::world::*;

#[test]
fn there_is_no_ledger_before_init() {
    let nowhere = Location::File(root().join("nowhere.ledger"));
    for access in [Access::Read, Access::Write] {
        let Err(error) = Ledger::open(&nowhere, access) else { panic!("opened") };
        assert!(matches!(error, VaultError::Database(DatabaseError::NoFile { .. })), "{error}");
    }
    let text = root().join("text.ledger");
    std::fs::write(&text, "no database, but text that is longer than its header. ".repeat(2)).unwrap();
    let Err(error) = Ledger::open(&Location::File(text), Access::Create) else { panic!("opened") };
    assert!(matches!(error, VaultError::Database(DatabaseError::NotADatabase { .. })), "{error}");
    on_each(|location| {
        // A database, but nobody has opened an epoch.
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        let no_epoch = |error: VaultError| matches!(error, VaultError::Refused(Refusal::NoEpoch));
        assert!(no_epoch(ledger.epoch(None).unwrap_err()));
        assert!(no_epoch(ledger.identity().unwrap_err()));
        assert!(no_epoch(ledger.status(None).unwrap_err()));
        assert!(no_epoch(ledger.register(&FIRST.registrations, at(0)).unwrap_err()));
        let error = ledger.epoch(Some(4)).unwrap_err();
        assert!(matches!(error, VaultError::Refused(Refusal::UnknownEpoch { epoch: 4 })), "{error}");
    });
}

#[test]
fn a_ledger_opened_to_be_read_takes_nothing() {
    on_each(|location| {
        drop(opened(location, &FIRST));
        let mut reader = Ledger::open(location, Access::Read).unwrap();
        audit(&mut reader);
        let error = reader.open_epoch(&SECOND.source, &SECOND.verifier(), at(1)).unwrap_err();
        assert!(matches!(error, VaultError::Database(DatabaseError::OpenedToRead { .. })), "{error}");
    });
}

#[test]
fn rules_are_replaced_until_their_first_round_begins() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let richer = otherwise(&FIRST, &[("pool = \"1000000000000000000000000\"", "pool = 7")]);
        assert!(!open(&mut ledger, &richer).unwrap());
        assert!(open(&mut ledger, &richer).unwrap());
        let (epoch, policy) = ledger.epoch(None).unwrap();
        assert_eq!((epoch.state, policy.terms().pool), (State::Announced, 7));
        // Back again, which is no step done before: other rules have stood since.
        assert!(!ledger.open_epoch(&FIRST.source, &FIRST.verifier(), at(2)).unwrap().before);
        go_to(&mut ledger, 10);
        assert_eq!(ledger.epoch(None).unwrap().0.state, State::Open);
        for round in 10..=13 {
            let error = refused(&mut ledger, |ledger| open(ledger, &richer));
            assert!(matches!(error, VaultError::Refused(Refusal::RulesStand { epoch: 4 })), "{error}");
            if round < 13 {
                go_to(&mut ledger, round + 1);
            }
        }
        // The next ones may be announced while they go on, and replaced.
        open_next(&mut ledger, &SECOND);
        let other = otherwise(&SECOND, &[("pool = 1001", "pool = 1002")]);
        assert!(!open(&mut ledger, &other).unwrap());
        let error = refused(&mut ledger, |ledger| open(ledger, &richer));
        assert!(
            matches!(error, VaultError::Refused(Refusal::EpochNumber { found: 4, expected: 6 })),
            "{error}"
        );
        audit(&mut ledger);
    });
}

/// Whoever looks at an epoch's policy finds the rules that stand, and a proof is of them alone.
#[test]
fn replaced_rules_count_for_nothing() {
    on_each(|location| {
        let other = otherwise(&FIRST, &[("cap = \"0.05\"", "cap = \"0.06\"")]);
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        open(&mut ledger, &other).unwrap();
        ledger.open_epoch(&FIRST.source, &FIRST.verifier(), at(400_000)).unwrap();
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        ledger.advance(fairshare_vault::ledger::To::End, false, at(400_001)).unwrap();
        let verifier = fixture::verifier(&other.policy).with_units(&FIRST.units).unwrap();
        let attempt =
            |ledger: &mut Ledger| ledger.submit(None, &verifier, &all(&FIRST), at(400_002)).map(drop);
        let error = refused(&mut ledger, attempt);
        assert!(matches!(error, VaultError::OtherRules { epoch: 4, .. }), "{error}");
        let verdicts = ledger.submit(None, &VERIFIERS[0], &all(&FIRST)[2..], at(400_002)).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        audit(&mut ledger);
    });
}

#[test]
fn an_epoch_follows_the_one_before_it() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let mut refusal = |edits: &[(&str, &str)]| {
            let other = otherwise(&SECOND, edits);
            match refused(&mut ledger, |ledger| open(ledger, &other)) {
                VaultError::Refused(refusal) => refusal,
                other => panic!("{other}"),
            }
        };
        for found in [3, 6, u64::MAX] {
            let refusal = refusal(&[("epoch = 5", &format!("epoch = \"{found}\""))]);
            assert_eq!(refusal, Refusal::EpochNumber { found, expected: 5 });
        }
        // Rounds again, and rounds left out.
        for found in [10, 13, 15, 1 << 40] {
            let first = format!("first = {found}");
            let refusal = refusal(&[("first = 14", &first)]);
            assert_eq!(refusal, Refusal::FirstRound { epoch: 5, found, expected: 14 });
        }
        let most = format!("pool = \"{}\"", u128::MAX);
        assert_eq!(refusal(&[("pool = 1001", &most)]), Refusal::PoolsTooLarge);
        let left = format!("pool = \"{}\"", u128::MAX - FIRST.policy.terms().pool);
        open(&mut ledger, &otherwise(&SECOND, &[("pool = 1001", &left)])).unwrap();
        audit(&mut ledger);
    });
}

/// Pools count that stand: one that is replaced is not in the sum.
#[test]
fn a_replaced_pool_makes_room() {
    on_each(|location| {
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        let pool = "pool = \"1000000000000000000000000\"";
        for amount in [u128::MAX, u128::MAX - 1, 5] {
            open(&mut ledger, &otherwise(&FIRST, &[(pool, &format!("pool = \"{amount}\""))])).unwrap();
        }
        open_next(&mut ledger, &SECOND);
        audit(&mut ledger);
    });
}

#[test]
fn a_ledger_is_of_one_vault_registry_subnet_and_rail() {
    let edits = [
        ("chain_id = 16601", "chain_id = 1"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
        ("0x58DA990A8F4A3a6ca7cb6315d68a140105917352", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
        ("new-york-flights", "other"),
        ("settlement = \"claims\"", "settlement = \"payments\""),
    ];
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        for world in [&*FIRST, &*SECOND] {
            for edit in edits {
                let other = otherwise(world, &[edit]);
                let error = refused(&mut ledger, |ledger| open(ledger, &other));
                let VaultError::Refused(Refusal::OtherVault { ledger, policy }) = error else {
                    panic!("{error}")
                };
                assert_ne!(ledger, policy, "{edit:?}");
            }
        }
        assert_eq!(ledger.identity().unwrap().subnet, "new-york-flights");
        audit(&mut ledger);
        let other = otherwise(&SECOND, &[("new-york-flights", "other")]);
        let refused = refused(&mut ledger, |ledger| open(ledger, &other));
        mended("a second subnet on one vault address was taken", refused);
    });
}

/// As many epochs may wait for their settlement as a year of weeks has, and the next one is refused when its
/// rules are given, not when it is to be settled.
#[test]
fn epochs_far_ahead_are_refused_when_they_are_opened() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let after = |index: u64| {
            let epoch = format!("epoch = {}", 5 + index);
            let first = format!("first = {}", 14 + index * SECOND.policy.rounds() as u64);
            otherwise(&SECOND, &[("epoch = 5", &epoch), ("first = 14", &first)])
        };
        for index in 0..62 {
            open(&mut ledger, &after(index)).expect("not so far ahead");
        }
        let far = after(62);
        let error = refused(&mut ledger, |ledger| open(ledger, &far));
        assert!(matches!(error, VaultError::Refused(Refusal::TooFarAhead { epoch: 67 })), "{error}");
        audit(&mut ledger);
        mended("epochs 64 or more ahead were opened, and `settle` refused them", error);
    });
}

#[test]
fn a_contracts_epoch_is_not_a_ledgers() {
    on_each(|location| {
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        for pool in ["pool = 1001", "pool = 0"] {
            let edits = [("settlement = \"claims\"", "settlement = \"contract\""), ("pool = 1001", pool)];
            let error = open(&mut ledger, &otherwise(&SECOND, &edits)).unwrap_err();
            assert!(matches!(error, VaultError::Refused(Refusal::ContractSettles { epoch: 5 })), "{error}");
            // Nor has it become anybody's.
            assert!(ledger.identity().is_err());
        }
        open(&mut ledger, &otherwise(&SECOND, &[("\"claims\"", "\"payments\"")])).unwrap();
        audit(&mut ledger);
    });
}

/// The world's rules with a token.
fn with(world: &World, decimals: u8) -> Otherwise {
    let line = world.source.text.lines().find(|line| line.starts_with("pool = ")).unwrap();
    otherwise(world, &[(line, &format!("{line}\nsymbol = \"FAIR\"\ndecimals = {decimals}"))])
}

/// A token is in no hash: until the first round another text of the same rules takes the place of the one
/// that stands, and that one's token binds nobody any more. After it the rules are the same, and so is the
/// text.
#[test]
fn a_token_is_put_right_until_the_first_round() {
    on_each(|location| {
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        let token = |ledger: &mut Ledger, epoch: u64| ledger.epoch(Some(epoch)).unwrap().1.token().cloned();
        assert!(!open(&mut ledger, &with(&FIRST, 9)).unwrap());
        assert!(open(&mut ledger, &with(&FIRST, 9)).unwrap());
        assert!(!open(&mut ledger, &otherwise(&FIRST, &[])).unwrap());
        assert_eq!(token(&mut ledger, 4), None);
        go_to(&mut ledger, 10);
        assert!(open(&mut ledger, &with(&FIRST, 9)).unwrap());
        assert_eq!(token(&mut ledger, 4), None);
        assert!(!open(&mut ledger, &with(&SECOND, 6)).unwrap());
        assert_eq!(token(&mut ledger, 5), Token::new("FAIR", 6));
        audit(&mut ledger);
    });
}

/// What somebody has earned in all is of many epochs, and read in one token: that of the rules before,
/// if they name one.
#[test]
fn a_vault_pays_in_one_token() {
    on_each(|location| {
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        open(&mut ledger, &with(&FIRST, 6)).unwrap();
        go_to(&mut ledger, 10);
        let error = refused(&mut ledger, |ledger| open(ledger, &with(&SECOND, 2)));
        let VaultError::Refused(Refusal::OtherToken { epoch: 5, .. }) = error else { panic!("{error}") };
        assert!(error.to_string().contains("in `FAIR` of 2 decimals, and other epochs' are in `FAIR` of 6"));
        open(&mut ledger, &with(&SECOND, 6)).unwrap();
        assert_eq!(ledger.beside().unwrap(), []);
        audit(&mut ledger);
    });
}
