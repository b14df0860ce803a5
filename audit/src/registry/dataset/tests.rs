use std::collections::BTreeMap;

use fairshare_formats::time::Moment;
use fairshare_params::registry::{Domain, NotTaken, Request, UnsignedError};
use fairshare_testkit::epochs::evidence;
use fairshare_testkit::fixture;

use super::*;

const ALICE: Address = Address([0xa1; 20]);
const BOB: Address = Address([0xb0; 20]);

/// Data is of rounds 10 to 12.
fn policy() -> Policy {
    fixture::policy(fixture::POLICY)
}

fn request(who: Address, byte: u8) -> Request {
    let policy = policy();
    let segments = vec![Digest([byte; 32])];
    Request::new(who, policy.geometry(), policy.schema().hash(), 150, segments).unwrap()
}

fn unsigned(byte: u8, has_evidence: bool, last_round: u64) -> Unsigned {
    let (policy, request) = (policy(), request(ALICE, byte));
    let evidence = has_evidence.then(|| evidence(request.digest()));
    Unsigned::new(request, evidence, policy.domain(), policy.terms().vault, last_round).unwrap()
}

fn dataset(who: Address, index: u64, round: u64) -> Dataset {
    let registration = Registration::from(&request(who, index as u8));
    Dataset { index, round, registration, root: None, struck: None }
}

#[test]
fn a_registration_is_taken_once_and_until_it_is_void() {
    let policy = policy();
    let check =
        |unsigned: &Unsigned, round, known, used| check_registration(&policy, unsigned, round, known, used);
    let one = unsigned(1, true, 12);
    let digest = *one.request().digest();
    assert_eq!(check(&one, 11, None, None), Ok(()));
    assert_eq!(check(&one, 12, None, None), Ok(()));
    assert_eq!(check(&one, 13, None, None), Err(Refusal::Void { last_round: 12, round: 13 }));
    assert_eq!(check(&one, 11, Some(3), None), Err(Refusal::DigestKnown { digest, round: 3 }));
    // Nobody is told to sign again what is on record.
    assert_eq!(check(&one, 13, Some(3), None), Err(Refusal::DigestKnown { digest, round: 3 }));
    let early = NotTaken::Void { found: 9, first: 10 };
    assert_eq!(check(&unsigned(1, false, 9), 10, None, None), Err(Refusal::NotTaken(early)));
}

/// By its root: whatever else two registrations have, an upload is of one of them.
#[test]
fn a_root_is_used_once() {
    let (policy, other) = (policy(), Digest([9; 32]));
    let one = unsigned(1, true, 12);
    let root = one.evidence().unwrap().storage_root;
    let refused = check_registration(&policy, &one, 11, None, Some(other));
    assert_eq!(refused, Err(Refusal::RootKnown { root, digest: other }));
    // Without evidence there is no root that could have been used.
    assert_eq!(check_registration(&policy, &unsigned(1, false, 12), 11, None, Some(other)), Ok(()));
}

#[test]
fn a_registration_is_for_the_rules_vault_and_registry() {
    let policy = policy();
    let (own, vault) = (policy.domain(), policy.terms().vault);
    let other = Address([7; 20]);
    let (chain, registry) = (Domain { chain_id: 5, ..own }, Domain { registry: other, ..own });
    for (domain, of) in [(chain, vault), (registry, vault), (own, other)] {
        let unsigned = Unsigned::new(request(ALICE, 1), None, domain, of, 12).unwrap();
        // Whatever is on record: it is not this ledger's.
        for known in [None, Some(3)] {
            let refused = check_registration(&policy, &unsigned, 11, known, None);
            assert!(
                matches!(
                    refused,
                    Err(Refusal::Elsewhere(
                        UnsignedError::Chain { .. }
                            | UnsignedError::Registry { .. }
                            | UnsignedError::Vault { .. }
                    ))
                ),
                "{refused:?}"
            );
        }
    }
}

#[test]
fn a_registration_is_of_what_the_rules_take() {
    let evident = fixture::policy(&fixture::edit("evidence = false", "evidence = true"));
    let refused = check_registration(&evident, &unsigned(1, false, 12), 11, None, None);
    assert_eq!(refused, Err(Refusal::NotTaken(NotTaken::Evidence)));
    assert_eq!(check_registration(&evident, &unsigned(1, true, 12), 11, None, None), Ok(()));
}

#[test]
fn a_dataset_counts_by_round_shape_evidence_and_strike() {
    let own = policy();
    let eligible = |dataset: &Dataset| dataset.check_eligible(&own, None);
    for round in 10..=12 {
        assert_eq!(eligible(&dataset(ALICE, 1, round)), Ok(()));
    }
    // The last round takes no data, and the window begins with the epoch.
    for round in [0, 9, 13, 14, u64::MAX] {
        let expected = Ineligible::Round { round, first: 10, last: 12 };
        assert_eq!(eligible(&dataset(ALICE, 1, round)), Err(expected));
    }
    let wider = fixture::policy(&fixture::edit("evidence = false", "evidence = false\nfirst_round = 3"));
    assert_eq!(dataset(ALICE, 1, 3).check_eligible(&wider, None), Ok(()));
    let expected = Ineligible::Round { round: 2, first: 3, last: 12 };
    assert_eq!(dataset(ALICE, 1, 2).check_eligible(&wider, None), Err(expected));

    let of = |geometry, schema| {
        let registration = Registration::new(ALICE, geometry, schema, 150, Digest([1; 32])).unwrap();
        Dataset { registration, ..dataset(ALICE, 1, 11) }
    };
    let (geometry, schema) = (own.geometry(), own.schema().hash());
    let expected = Ineligible::Geometry { found: Geometry::STANDARD, expected: geometry };
    assert_eq!(eligible(&of(Geometry::STANDARD, schema)), Err(expected));
    let found = Digest([2; 32]);
    assert_eq!(eligible(&of(geometry, found)), Err(Ineligible::Schema { found, expected: schema }));

    let evident = fixture::policy(&fixture::edit("evidence = false", "evidence = true"));
    let bare = dataset(ALICE, 1, 11);
    assert_eq!(bare.check_eligible(&evident, None), Err(Ineligible::Evidence));
    let uploaded = Dataset { root: Some(Digest([3; 32])), ..bare };
    assert_eq!(uploaded.check_eligible(&evident, None), Ok(()));
}

#[test]
fn a_strike_counts_in_epochs_whose_last_round_had_not_ended() {
    let policy = policy();
    let struck = Dataset { struck: Some(20), ..dataset(ALICE, 1, 11) };
    let ended = |index| At { index, time: Moment::default() };
    let expected = Err(Ineligible::Struck { entry: 20 });
    assert_eq!(struck.check_eligible(&policy, None), expected);
    assert_eq!(struck.check_eligible(&policy, Some(&ended(21))), expected);
    assert_eq!(struck.check_eligible(&policy, Some(&ended(19))), Ok(()));
}

#[test]
fn a_bundle_covers_its_contributors_datasets_each_once_in_order() {
    let policy = policy();
    let struck = Dataset { struck: Some(9), ..dataset(ALICE, 4, 11) };
    let all =
        [dataset(ALICE, 1, 10), dataset(ALICE, 2, 12), dataset(BOB, 3, 11), struck, dataset(ALICE, 5, 11)];
    let by_digest: BTreeMap<Digest, &Dataset> =
        all.iter().map(|dataset| (*dataset.registration.digest(), dataset)).collect();
    let digest = |index: usize| *all[index].registration.digest();
    let check = |indices: &[usize]| {
        let digests: Vec<_> = indices.iter().map(|index| digest(*index)).collect();
        covered(&policy, None, &ALICE, &digests, |digest| by_digest.get(digest).copied())
    };
    for (indices, latest) in [(&[0][..], 10), (&[0, 1], 12), (&[0, 4], 11), (&[0, 1, 4], 12)] {
        let covered = check(indices).unwrap();
        assert_eq!(covered.latest, latest);
        let registrations: Vec<_> = indices.iter().map(|index| all[*index].registration.clone()).collect();
        assert_eq!(covered.registrations, registrations);
    }
    assert_eq!(check(&[]), Err(NotCovered::None));
    for (indices, at) in [(&[1, 0][..], 0), (&[0, 0], 0), (&[0, 4, 1], 1), (&[0, 1, 1], 1), (&[0, 1, 0], 0)] {
        assert_eq!(check(indices), Err(NotCovered::Order { digest: digest(at) }), "{indices:?}");
    }
    let unregistered = |digest| Err(NotCovered::Unregistered { contributor: ALICE, digest });
    assert_eq!(check(&[0, 2]), unregistered(digest(2)));
    let nobodys = Digest([0xee; 32]);
    assert_eq!(covered(&policy, None, &ALICE, &[nobodys], |_| None), unregistered(nobodys));
    let source = Box::new(Ineligible::Struck { entry: 9 });
    assert_eq!(check(&[0, 3]), Err(NotCovered::Ineligible { digest: digest(3), source }));
}
