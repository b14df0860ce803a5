//! A context changes with everything that a proof must not be moved between.

use std::collections::HashSet;

use fairshare_params::Geometry;
use fairshare_params::context::{ContextError, context};
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::registration::{Contribution, Registration};
use fairshare_params::role::Role;
use halo2curves::bn256::G1Affine;
use sha3::{Digest as _, Keccak256};

use crate::fixture::{compute, contributor, data, edit, evidence, point, policy, read, stranger};

/// The commitment to the rounds' totals, which a verifier makes of the policy: any point serves here.
fn totals() -> G1Affine {
    point(77)
}

#[test]
fn everything_that_a_proof_is_about_changes_its_context() {
    let mut contexts = Vec::new();
    let mut add = |policy, contributor, role, registrations: &[Registration]| {
        contexts.push(context(&policy, &totals(), &contributor, role, registrations).unwrap());
    };
    let base = [data(1), data(5)];
    add(policy(), contributor(), Role::Data, &base);
    add(policy(), contributor(), Role::Compute, &[compute()]);
    for (from, to) in [
        ("chain_id = 16601", "chain_id = 16602"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
        ("new-york-flights", "new-york"),
        ("epoch = 4", "epoch = 5"),
        ("min_records = 100", "min_records = 101"),
    ] {
        add(read(&edit(from, to)).unwrap(), contributor(), Role::Data, &base);
        add(read(&edit(from, to)).unwrap(), contributor(), Role::Compute, &[compute()]);
    }
    add(policy(), contributor(), Role::Data, &base[..1]);
    add(policy(), contributor(), Role::Data, &[data(5), data(1)]);
    add(policy(), contributor(), Role::Data, &[data(1), data(6)]);
    add(policy(), stranger(), Role::Data, &[for_stranger(&data(1)), for_stranger(&data(5))]);
    add(policy(), stranger(), Role::Compute, &[owned_by_stranger()]);

    assert_eq!(contexts.iter().collect::<HashSet<_>>().len(), contexts.len());
    assert_eq!(contexts.len(), 17);
}

/// A compute proof carries the totals' column, a data proof does not: only the former's context has them. The
/// latter's has the digests, which for compute are a column of the proof.
#[test]
fn a_context_has_what_its_role_needs() {
    let with = |totals, role, registrations: &[Registration]| {
        context(&policy(), &totals, &contributor(), role, registrations).unwrap()
    };
    assert_eq!(with(totals(), Role::Data, &[data(1)]), with(point(1), Role::Data, &[data(1)]));
    assert_ne!(with(totals(), Role::Compute, &[compute()]), with(point(1), Role::Compute, &[compute()]));
    let other = Registration::for_compute(contributor(), 13, Geometry::COMPACT, 10, 3, point(8)).unwrap();
    assert_eq!(with(totals(), Role::Compute, &[compute()]), with(totals(), Role::Compute, &[other]));
}

/// In which round something was registered, and with what evidence, is the registry's word: no proof is made
/// anew for it.
#[test]
fn round_and_evidence_are_not_covered() {
    let of = |role, registration: &Registration| {
        context(&policy(), &totals(), &contributor(), role, std::slice::from_ref(registration)).unwrap()
    };
    for honest in [data(1), compute()] {
        let later = Registration::new(
            contributor(),
            honest.round() + 1,
            honest.geometry(),
            *honest.digest(),
            honest.contribution().clone(),
        );
        for other in [later.unwrap(), honest.clone().with_evidence(evidence(3))] {
            assert_ne!(other, honest);
            assert_eq!(of(honest.role(), &other), of(honest.role(), &honest));
        }
    }
}

#[test]
fn the_same_inputs_give_the_same_context() {
    let make = || context(&policy(), &totals(), &contributor(), Role::Data, &[data(1), data(5)]);
    assert_eq!(make(), make());
}

#[test]
fn a_compute_proof_covers_one_registration_and_a_data_proof_some() {
    let refused = |role, registrations: &[Registration]| {
        context(&policy(), &totals(), &contributor(), role, registrations).unwrap_err()
    };
    let error = refused(Role::Data, &[]);
    assert_eq!(error, ContextError::Count { role: Role::Data, found: 0 });
    assert!(error.to_string().ends_with("give at least one"), "{error}");
    assert_eq!(refused(Role::Compute, &[]), ContextError::Count { role: Role::Compute, found: 0 });
    let error = refused(Role::Compute, &[compute(), compute()]);
    assert_eq!(error, ContextError::Count { role: Role::Compute, found: 2 });
    assert!(error.to_string().ends_with("give exactly one"), "{error}");
}

#[test]
fn registrations_of_another_role_or_owner_are_refused() {
    assert_eq!(
        context(&policy(), &totals(), &contributor(), Role::Data, &[data(1), compute()]),
        Err(ContextError::Role { index: 1, found: Role::Compute, expected: Role::Data })
    );
    assert_eq!(
        context(&policy(), &totals(), &contributor(), Role::Compute, &[owned_by_stranger()]),
        Err(ContextError::Contributor { index: 0, found: stranger(), expected: contributor() })
    );
}

#[test]
fn a_digest_is_not_counted_twice() {
    let again = data(1).with_evidence(evidence(3));
    let error =
        context(&policy(), &totals(), &contributor(), Role::Data, &[data(1), data(5), again]).unwrap_err();
    assert_eq!(error, ContextError::Repeated { index: 2, digest: *data(1).digest() });
}

#[test]
fn registrations_must_be_made_under_the_policys_schema_and_geometry() {
    let other = read(&edit("\"UA\"", "\"AA\"")).unwrap();
    assert_eq!(
        context(&other, &totals(), &contributor(), Role::Data, &[data(1)]),
        Err(ContextError::Schema {
            index: 0,
            found: policy().schema().hash(),
            expected: other.schema().hash()
        })
    );
    let other = read(&edit("\"compact\"", "\"standard\"")).unwrap();
    let (found, expected) = (Geometry::COMPACT, Geometry::STANDARD);
    let error = context(&other, &totals(), &contributor(), Role::Data, &[data(1)]).unwrap_err();
    assert_eq!(error, ContextError::Geometry { index: 0, found, expected });
}

/// One such registration could never be proved, and would hold up all others of its contributor.
#[test]
fn registrations_have_as_many_segments_as_their_records_are_cut_into() {
    let policy = policy();
    let per_segment = (Geometry::COMPACT.largest_segment().symbols() / policy.schema().len()) as u32;
    for (records, needed) in [(1, 1), (per_segment, 1), (per_segment + 1, 2), (10 * per_segment, 10)] {
        for segments in [needed - 1, needed, needed + 1, u32::MAX] {
            let schema_hash = policy.schema().hash();
            let contribution = Contribution::Data { schema_hash, records, segments };
            let registration =
                Registration::new(contributor(), 11, Geometry::COMPACT, Digest([9; 32]), contribution);
            let Ok(registration) = registration else { continue };
            let found = context(&policy, &totals(), &contributor(), Role::Data, &[registration]);
            let expected = u64::from(needed);
            let refused = Err(ContextError::Segments { index: 0, found: segments, expected });
            assert!(if segments == needed { found.is_ok() } else { found == refused }, "{found:?}");
        }
    }
}

#[test]
fn units_must_cover_the_policys_rounds() {
    let with = |first, rounds| {
        let registration =
            Registration::for_compute(contributor(), 13, Geometry::COMPACT, first, rounds, point(9)).unwrap();
        context(&policy(), &totals(), &contributor(), Role::Compute, &[registration])
    };
    assert!(with(10, 2).is_ok());
    for (first, rounds) in [(9, 3), (11, 2), (10, 4)] {
        let expected = ContextError::Rounds { index: 0, first, rounds, policy_first: 10, policy_rounds: 3 };
        assert_eq!(with(first, rounds), Err(expected));
    }
}

/// Recomputed word by word: an encoding that moves would orphan every proof.
#[test]
fn the_encoding_is_fixed() {
    let keccak = |bytes: &[u8]| Digest(Keccak256::digest(bytes).into());
    let word = |bytes: &[u8]| [vec![0; 32 - bytes.len()], bytes.to_vec()].concat();
    let rules = policy();
    let expected = |totals: [u8; 64], role: u8, digests: &[u8]| {
        let words = [
            keccak(b"fairshare/v2/context").0.to_vec(),
            rules.hash().0.to_vec(),
            totals.to_vec(),
            word(&contributor().0),
            word(&[role]),
            keccak(digests).0.to_vec(),
        ];
        Ok(keccak(&words.concat()))
    };
    let of = |role, registrations: &[Registration]| {
        context(&rules, &totals(), &contributor(), role, registrations)
    };
    let base = [data(1), data(5)];
    let digests = [base[0].digest().0, base[1].digest().0].concat();
    assert_eq!(of(Role::Data, &base), expected([0; 64], 1, &digests));
    assert_eq!(of(Role::Compute, &[compute()]), expected(encode_point(&totals()), 2, &[]));
}

/// The same registration with another contributor, its digest as it was: what a verifier refuses who has the
/// commitments.
fn for_stranger(honest: &Registration) -> Registration {
    let contribution = honest.contribution().clone();
    Registration::new(stranger(), honest.round(), honest.geometry(), *honest.digest(), contribution).unwrap()
}

fn owned_by_stranger() -> Registration {
    Registration::for_compute(stranger(), 13, Geometry::COMPACT, 10, 3, point(9)).unwrap()
}
