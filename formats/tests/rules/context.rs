//! A context changes with everything that a proof must not be moved between.

use std::collections::HashSet;

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::context::{ContextError, compute_context, data_context};
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use sha3::{Digest as _, Keccak256};

use crate::fixture::{contributor, data, edit, point, policy, read, rules_hash, stranger};

/// The context of a data proof under the policy's own rules hash.
fn context(
    policy: &Policy,
    contributor: &Address,
    registrations: &[Registration],
) -> Result<Digest, ContextError> {
    data_context(policy, &rules_hash(policy), contributor, registrations)
}

#[test]
fn everything_that_a_proof_is_about_changes_its_context() {
    let mut contexts = Vec::new();
    let base = [data(1), data(5)];
    let mut data_of = |policy: Policy, contributor, registrations: &[Registration]| {
        contexts.push(context(&policy, &contributor, registrations).unwrap());
    };
    data_of(policy(), contributor(), &base);
    data_of(policy(), contributor(), &base[..1]);
    data_of(policy(), contributor(), &[data(5), data(1)]);
    data_of(policy(), contributor(), &[data(1), data(6)]);
    data_of(policy(), stranger(), &[for_stranger(&data(1)), for_stranger(&data(5))]);
    let changed: Vec<_> = [
        ("chain_id = 16601", "chain_id = 16602"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
        ("new-york-flights", "new-york"),
        ("epoch = 4", "epoch = 5"),
        ("ends_by = 2027", "ends_by = 2028"),
        ("min_records = 100", "min_records = 101"),
    ]
    .map(|(from, to)| read(&edit(from, to)).unwrap())
    .into();
    changed.iter().for_each(|policy| data_of(policy.clone(), contributor(), &base));
    contexts.push(compute_context(&rules_hash(&policy()), &point(77), &contributor()));
    contexts.push(compute_context(&rules_hash(&policy()), &point(1), &contributor()));
    contexts.push(compute_context(&rules_hash(&policy()), &point(77), &stranger()));
    contexts.extend(
        changed.iter().map(|policy| compute_context(&rules_hash(policy), &point(77), &contributor())),
    );

    assert_eq!(contexts.iter().collect::<HashSet<_>>().len(), contexts.len());
    assert_eq!(contexts.len(), 20);
}

#[test]
fn the_same_inputs_give_the_same_context() {
    let make = || context(&policy(), &contributor(), &[data(1), data(5)]);
    assert_eq!(make(), make());
}

#[test]
fn a_data_proof_covers_at_least_one_registration() {
    assert_eq!(context(&policy(), &contributor(), &[]), Err(ContextError::None));
}

#[test]
fn registrations_of_another_owner_are_refused() {
    assert_eq!(
        context(&policy(), &contributor(), &[data(1), for_stranger(&data(5))]),
        Err(ContextError::Contributor { index: 1, found: stranger(), expected: contributor() })
    );
}

#[test]
fn a_digest_is_not_counted_twice() {
    let error = context(&policy(), &contributor(), &[data(1), data(5), data(1)]).unwrap_err();
    assert_eq!(error, ContextError::Repeated { index: 2, digest: *data(1).digest() });
}

#[test]
fn registrations_must_be_made_under_the_policys_schema_and_geometry() {
    let other = read(&edit("\"UA\"", "\"AA\"")).unwrap();
    assert_eq!(
        context(&other, &contributor(), &[data(1)]),
        Err(ContextError::Schema {
            index: 0,
            found: policy().schema().hash(),
            expected: other.schema().hash()
        })
    );
    let other = read(&edit("\"compact\"", "\"standard\"")).unwrap();
    let (found, expected) = (Geometry::COMPACT, Geometry::STANDARD);
    let error = context(&other, &contributor(), &[data(1)]).unwrap_err();
    assert_eq!(error, ContextError::Geometry { index: 0, found, expected });
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
            rules_hash(&rules).0.to_vec(),
            totals.to_vec(),
            word(&contributor().0),
            word(&[role]),
            keccak(digests).0.to_vec(),
        ];
        keccak(&words.concat())
    };
    let base = [data(1), data(5)];
    let digests = [base[0].digest().0, base[1].digest().0].concat();
    assert_eq!(context(&rules, &contributor(), &base), Ok(expected([0; 64], 1, &digests)));
    let totals = point(77);
    let found = compute_context(&rules_hash(&rules), &totals, &contributor());
    assert_eq!(found, expected(encode_point(&totals), 2, &[]));
}

/// The same registration with another contributor, its digest as it was: what a verifier refuses who has the
/// commitments.
fn for_stranger(honest: &Registration) -> Registration {
    let (schema, records) = (*honest.schema_hash(), honest.records());
    Registration::new(stranger(), honest.geometry(), schema, records, *honest.digest()).unwrap()
}
