//! A context changes with everything that a proof must not be moved between.

use std::collections::HashSet;

use fairshare_params::Geometry;
use fairshare_params::context::{ContextError, context};
use fairshare_params::encoding::Digest;
use fairshare_params::registration::{Evidence, Registration};
use fairshare_params::role::Role;
use sha3::{Digest as _, Keccak256};

use crate::fixture::{compute, contributor, data, edit, evidence, point, policy, read, stranger};

#[test]
fn everything_that_a_proof_is_about_changes_its_context() {
    let mut contexts = Vec::new();
    let mut add = |policy, contributor, role, registrations: &[Registration]| {
        contexts.push(context(&policy, &contributor, role, registrations).unwrap());
    };
    let base = [data(1), data(5)];
    add(policy(), contributor(), Role::Data, &base);
    for (from, to) in [
        ("chain_id = 16601", "chain_id = 16602"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
        ("new-york-flights", "new-york"),
        ("epoch = 4", "epoch = 5"),
        ("min_records = 100", "min_records = 101"),
    ] {
        add(read(&edit(from, to)).unwrap(), contributor(), Role::Data, &base);
    }
    add(policy(), contributor(), Role::Data, &base[..1]);
    add(policy(), contributor(), Role::Data, &[data(5), data(1)]);
    add(policy(), contributor(), Role::Data, &[data(1), data(6)]);
    add(policy(), contributor(), Role::Compute, &[compute()]);
    add(policy(), stranger(), Role::Compute, &[owned_by_stranger()]);

    let proof = evidence(3);
    for evidence in [
        proof.clone(),
        Evidence { storage_root: Digest([4; 32]), ..proof.clone() },
        Evidence { byte_length: 4097, ..proof.clone() },
        Evidence { transaction_hash: Digest([4; 32]), ..proof.clone() },
    ] {
        add(policy(), contributor(), Role::Data, &[data(1).with_evidence(evidence), data(5)]);
    }
    add(policy(), contributor(), Role::Data, &[data(1), data(5).with_evidence(proof)]);

    let later = Registration::for_compute(contributor(), 14, Geometry::COMPACT, 10, 3, point(9)).unwrap();
    assert_eq!(later.digest(), compute().digest());
    add(policy(), contributor(), Role::Compute, &[later]);

    assert_eq!(contexts.iter().collect::<HashSet<_>>().len(), contexts.len());
    assert_eq!(contexts.len(), 17);
}

#[test]
fn the_same_inputs_give_the_same_context() {
    let make = || context(&policy(), &contributor(), Role::Data, &[data(1), data(5)]);
    assert_eq!(make(), make());
}

#[test]
fn a_compute_proof_covers_one_registration_and_a_data_proof_some() {
    let refused = |role, registrations: &[Registration]| {
        context(&policy(), &contributor(), role, registrations).unwrap_err()
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
        context(&policy(), &contributor(), Role::Data, &[data(1), compute()]),
        Err(ContextError::Role { index: 1, found: Role::Compute, expected: Role::Data })
    );
    assert_eq!(
        context(&policy(), &contributor(), Role::Compute, &[owned_by_stranger()]),
        Err(ContextError::Contributor { index: 0, found: stranger(), expected: contributor() })
    );
}

#[test]
fn a_digest_is_not_counted_twice() {
    let again = data(1).with_evidence(evidence(3));
    let error = context(&policy(), &contributor(), Role::Data, &[data(1), data(5), again]).unwrap_err();
    assert_eq!(error, ContextError::Repeated { index: 2, digest: *data(1).digest() });
}

#[test]
fn registrations_must_be_made_under_the_policys_schema_and_geometry() {
    let other = read(&edit("\"UA\"", "\"AA\"")).unwrap();
    assert_eq!(
        context(&other, &contributor(), Role::Data, &[data(1)]),
        Err(ContextError::Schema {
            index: 0,
            found: policy().schema().hash(),
            expected: other.schema().hash()
        })
    );
    let other = read(&edit("\"compact\"", "\"standard\"")).unwrap();
    let (found, expected) = (Geometry::COMPACT, Geometry::STANDARD);
    let error = context(&other, &contributor(), Role::Data, &[data(1)]).unwrap_err();
    assert_eq!(error, ContextError::Geometry { index: 0, found, expected });
}

#[test]
fn units_must_cover_the_policys_rounds() {
    let with = |first, rounds| {
        let registration =
            Registration::for_compute(contributor(), 13, Geometry::COMPACT, first, rounds, point(9)).unwrap();
        context(&policy(), &contributor(), Role::Compute, &[registration])
    };
    assert!(with(10, 2).is_ok());
    for (first, rounds) in [(9, 3), (11, 2), (10, 4)] {
        let expected = ContextError::Rounds { index: 0, first, rounds, policy_first: 10, policy_rounds: 3 };
        assert_eq!(with(first, rounds), Err(expected));
    }
}

/// Recomputed byte by byte: an encoding that moves would orphan every proof.
#[test]
fn the_encoding_is_fixed() {
    let (policy, registration) = (policy(), compute().with_evidence(evidence(3)));
    let bytes = [
        20u64.to_be_bytes().as_slice(),
        b"fairshare/v1/context",
        &1u32.to_be_bytes(),
        &16601u64.to_be_bytes(),
        &policy.vault().address.0,
        &16u64.to_be_bytes(),
        b"new-york-flights",
        &4u64.to_be_bytes(),
        &contributor().0,
        &[2],
        &policy.hash().0,
        &1u64.to_be_bytes(),
        &registration.digest().0,
        &13u64.to_be_bytes(),
        &[1],
        &[3; 32],
        &4096u64.to_be_bytes(),
        &[0xfc; 32],
    ]
    .concat();
    let expected = Digest(Keccak256::digest(&bytes).into());
    assert_eq!(context(&policy, &contributor(), Role::Compute, &[registration]), Ok(expected));
}

fn owned_by_stranger() -> Registration {
    Registration::for_compute(stranger(), 13, Geometry::COMPACT, 10, 3, point(9)).unwrap()
}
