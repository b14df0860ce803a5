//! What a proof is bound to, beyond the single fields of `matrix`: registrations that do not go together,
//! units that are not there or another's, replays, and what may differ.

use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::units::Units;
use fairshare_verifier::{Bundle, NoUnits, ProofError, SetupError, Subject, VerifyError};

use super::fixture::{POLICY, RECORD, RULES, VERIFIER, contributor, edit, policy, stranger, verifier};
use super::manifest::{on_record, segment_points};
use super::world::{Submission, WORLD, altered, units_under};

/// Whether this is the refusal of a proof that is of another statement.
fn of_another_statement(error: &VerifyError, expected: Subject) -> bool {
    matches!(error, VerifyError::Proof { subject, source: ProofError::False } if *subject == expected)
}

/// Why the honest submission is refused under the policy of this text, with the same units in its rounds.
fn under(submission: &Submission, text: &str) -> VerifyError {
    let policy = policy(text);
    let units = units_under(&policy);
    let verifier = verifier(&policy).with_units(&units).expect("units of its rounds");
    verifier.verify(&submission.bundle, &submission.registrations).expect_err("another policy")
}

/// Spelled otherwise, the same rules: nothing is bound to the layout of a file.
#[test]
fn only_rules_are_bound() {
    let other = POLICY.replace("epoch = 4", "# a remark\nepoch = 4").replace("\"0.1\"", "\"0.10\"");
    assert_ne!(other, POLICY);
    let rules = policy(&other);
    let verifier = verifier(&rules).with_units(&*RECORD).expect("the same rounds");
    assert_eq!(verifier.rules_hash(), VERIFIER.rules_hash());
    for submission in WORLD.all() {
        verifier.verify(&submission.bundle, &submission.registrations).expect("the same rules");
    }
}

#[test]
fn rules_that_are_seen_before_any_proof() {
    let error = under(&WORLD.data, &edit("[\"UA\", \"B6\"]", "[\"UA\", \"B7\"]"));
    assert!(matches!(error, VerifyError::Context(ContextError::Schema { index: 0, .. })), "{error:?}");
    let error = under(&WORLD.data, &edit("[-5, 0.5, 30]", "[-5, 0.5, 31]"));
    assert!(matches!(error, VerifyError::Context(ContextError::Schema { index: 0, .. })), "{error:?}");
    let error = under(&WORLD.small, &edit("min_records = 100", "min_records = 251"));
    assert!(matches!(error, VerifyError::TooFewRecords { records: 250, least: 251 }), "{error:?}");
}

/// A record of the rounds of another epoch, or of fewer or more of them than this one's, is no record of this
/// epoch, whatever stands in it.
#[test]
fn units_of_other_rounds() {
    let refused = |policy_text: &str, record: &Units| {
        let policy = policy(policy_text);
        let error = verifier(&policy).with_units(record).expect_err("other rounds");
        let SetupError::Rounds { found_first, found, first, rounds } = error else { panic!("{error:?}") };
        assert_eq!((found_first, found), (record.first_round(), record.totals().len()));
        assert_eq!((first, rounds), (policy.terms().first_round, policy.rounds()));
        assert_ne!((found_first, found), (first, rounds));
    };
    for (from, to) in [
        ("first = 10", "first = 11"),
        ("first = 10", "first = 9"),
        ("count = 4", "count = 3"),
        ("count = 4", "count = 5"),
    ] {
        let other = edit(from, to);
        refused(&other, &RECORD);
        refused(POLICY, &units_under(&policy(&other)));
    }
    // Nobody's units are units of some rounds, too.
    refused(POLICY, &Units::new(10, 0, Default::default()).expect("nothing"));
    refused(POLICY, &Units::new(14, 4, Default::default()).expect("nothing"));
}

/// The same units in other rounds: the columns are the same, zeros and all, and the rules are not.
#[test]
fn a_score_is_of_the_rounds_that_the_policy_has() {
    for (from, to) in [("first = 10", "first = 11"), ("count = 4", "count = 5")] {
        let error = under(&WORLD.compute, &edit(from, to));
        assert!(of_another_statement(&error, Subject::ComputeScore), "{error:?}");
        let error = under(&WORLD.data, &edit(from, to));
        assert!(of_another_statement(&error, Subject::DataScore), "{error:?}");
    }
    // Without the last round, in which the other node worked.
    let error = under(&WORLD.compute, &edit("count = 4", "count = 3"));
    assert!(of_other_column(&error, 1), "{error:?}");
}

/// Whether a public column of a compute score is not the one that it is of.
fn of_other_column(error: &VerifyError, expected: usize) -> bool {
    let VerifyError::Proof { subject: Subject::ComputeScore, source } = error else { return false };
    matches!(source, ProofError::PublicColumn { column } if *column == expected)
}

/// What is on record for a node is computed by the verifier, of the node's own column and of all columns.
#[test]
fn what_is_on_record() {
    for (submission, units) in [(&WORLD.compute, [305, 943, 0, 0]), (&WORLD.other_node, [537, 0, 0, 7])] {
        let node = submission.bundle.contributor();
        let found = VERIFIER.on_record(&node).expect("a node");
        assert_eq!((found.units, found.totals), (&units[..], &[842, 943, 0, 7][..]));
        assert_eq!(found.public, on_record(&node));
    }
}

/// Without units nothing is known of any node, and data is verified all the same.
#[test]
fn no_units_were_given() {
    let verifier = verifier(&RULES);
    for submission in [&WORLD.compute, &WORLD.other_node] {
        let error = verifier.verify(&submission.bundle, &[]).expect_err("no units");
        assert!(matches!(error, VerifyError::Units(NoUnits::Epoch)), "{error:?}");
        let node = submission.bundle.contributor();
        assert_eq!(verifier.on_record(&node).err(), Some(NoUnits::Epoch));
        // Reading takes none.
        let bytes = submission.bundle.to_bytes();
        assert_eq!(verifier.read(&bytes, &[]).expect("a bundle"), submission.bundle);
    }
    let items = WORLD.all().map(|submission| (&submission.bundle, &submission.registrations[..]));
    for (verdict, (bundle, _)) in verifier.verify_batch(&items).iter().zip(items) {
        let refused = matches!(verdict, Err(VerifyError::Units(NoUnits::Epoch)));
        assert!(verdict.is_ok() || refused, "{verdict:?}");
        assert_eq!(refused, matches!(bundle, Bundle::Compute(_)));
    }
}

/// A node that is not on record has no score, not even one of nothing: neither with another's proof nor where
/// its own column was struck.
#[test]
fn a_node_that_is_not_on_record() {
    let nobody = Address([0x77; 20]);
    let bundle = with_contributor(&WORLD.compute, nobody);
    let error = VERIFIER.verify(&bundle, &[]).expect_err("a node that is not there");
    assert!(matches!(error, VerifyError::Units(NoUnits::Node { node }) if node == nobody), "{error:?}");

    let node = WORLD.compute.bundle.contributor();
    let others = RECORD.nodes().filter(|(own, _)| **own != node).map(|(own, units)| (*own, units.to_vec()));
    let struck = Units::new(10, 4, others.collect()).expect("units");
    let verifier = verifier(&RULES).with_units(&struck).expect("its rounds");
    let error = verifier.verify(&WORLD.compute.bundle, &[]).expect_err("struck");
    assert!(matches!(error, VerifyError::Units(NoUnits::Node { node: found }) if found == node), "{error:?}");
}

/// The first registration of a submission, changed by `change`; the bundle as it was.
fn with_registration(submission: &Submission, change: impl Fn(&Registration) -> Registration) -> VerifyError {
    let mut registrations = submission.registrations.clone();
    registrations[0] = change(&registrations[0]);
    assert_ne!(registrations, submission.registrations, "nothing was changed");
    VERIFIER.verify(&submission.bundle, &registrations).expect_err("another registration")
}

/// Other records under the digest as it was: the bundle does not have as many segments as they fill, or the
/// digest is another one.
#[test]
fn registered_numbers_of_records() {
    let of = |records| with_registration(&WORLD.data, |old| altered(old, |fields| fields.records = records));
    let error = of(16_399);
    assert!(matches!(error, VerifyError::Digest { dataset: 0, .. }), "{error:?}");
    // As many as one segment holds, and as many as need a third.
    for (records, segments) in [(16_320, 1), (32_641, 3), (u32::MAX, 263_173)] {
        let error = of(records);
        let VerifyError::Segments { dataset: 0, found: 2, needed } = error else { panic!("{error:?}") };
        assert_eq!(needed, segments);
    }
}

/// More or fewer records than were committed to, registered with a digest that fits: the last segment's proof
/// is of another padding. What a contributor gains by it, were it accepted, is in `padding`.
#[test]
fn other_records_under_a_digest_that_fits() {
    let submission = &WORLD.small;
    let honest = &submission.registrations[0];
    let (columns, _) = segment_points(&submission.data().datasets[0].segments[0]);
    for records in [249, 251] {
        let mut bundle = submission.data();
        let other = Registration::of_columns(
            bundle.contributor,
            honest.geometry(),
            *honest.schema_hash(),
            records,
            std::slice::from_ref(&columns),
        )
        .expect("a registration");
        bundle.datasets[0].digest = *other.digest();
        let error = VERIFIER.verify(&Bundle::Data(bundle), &[other]).expect_err("other records");
        let first = Subject::Histogram { dataset: 0, segment: 0 };
        assert!(of_another_statement(&error, first), "{error:?}");
    }
}

#[test]
fn digests() {
    let other = Digest([5; 32]);
    let mut bundle = WORLD.data.data();
    bundle.datasets[0].digest = other;
    assert!(matches!(WORLD.data.refuse(bundle), VerifyError::Unregistered { digest } if digest == other));

    // Registered under the digest of somebody else's data, which the bundle then claims to cover.
    let (mine, theirs) = (&WORLD.small, &WORLD.data);
    let digest = *theirs.registrations[1].digest();
    let stolen = altered(&mine.registrations[0], |fields| fields.digest = digest);
    let mut bundle = mine.data();
    bundle.datasets[0].digest = digest;
    let error = VERIFIER.verify(&Bundle::Data(bundle), &[stolen]).expect_err("not its data");
    assert!(matches!(error, VerifyError::Digest { registered, .. } if registered == digest), "{error:?}");
}

/// The registrations of a submission for `contributor`: what a replay would need in the registry.
fn registered_for(submission: &Submission, contributor: Address) -> Vec<Registration> {
    let theirs = |one| altered(one, |fields| fields.contributor = contributor);
    submission.registrations.iter().map(theirs).collect()
}

#[test]
fn a_replay_for_another_contributor() {
    let submission = &WORLD.data;
    // In the bundle alone, in the registrations alone, in both.
    let replayed = with_contributor(submission, stranger());
    let stolen = registered_for(submission, stranger());

    for (bundle, registrations) in [(&replayed, &submission.registrations), (&submission.bundle, &stolen)] {
        let error = VERIFIER.verify(bundle, registrations).expect_err("a replay");
        let VerifyError::Context(ContextError::Contributor { index: 0, .. }) = error else {
            panic!("{error:?}")
        };
    }
    let error = VERIFIER.verify(&replayed, &stolen).expect_err("a replay");
    assert!(matches!(error, VerifyError::Digest { dataset: 0, .. }), "{error:?}");
}

/// For a node with other units, and for one that has the very same: the columns are equal then, and it is
/// the context that names the node.
#[test]
fn a_replay_for_another_node() {
    let replayed = with_contributor(&WORLD.compute, stranger());
    let error = VERIFIER.verify(&replayed, &[]).expect_err("a replay");
    assert!(of_other_column(&error, 0), "{error:?}");

    let swapped = exchanged();
    let verifier = verifier(&RULES).with_units(&swapped).expect("its rounds");
    let [its_own, theirs] =
        [&VERIFIER, &verifier].map(|verifier| verifier.on_record(&stranger()).expect("a node"));
    assert_eq!(theirs.public, VERIFIER.on_record(&contributor()).expect("a node").public);
    assert_ne!(theirs.public, its_own.public);
    let error = verifier.verify(&replayed, &[]).expect_err("a replay");
    assert!(of_another_statement(&error, Subject::ComputeScore), "{error:?}");
    // And whose proof it is has other units now.
    let error = verifier.verify(&WORLD.compute.bundle, &[]).expect_err("other units");
    assert!(of_other_column(&error, 0), "{error:?}");
}

/// The two nodes with each other's units, and so with the same totals.
pub fn exchanged() -> Units {
    let [mine, theirs] = [contributor(), stranger()];
    let of = |node| RECORD.of(&node).expect("a node").to_vec();
    let by_node = [(mine, of(theirs)), (theirs, of(mine))].into();
    Units::new(RECORD.first_round(), RULES.rounds(), by_node).expect("units")
}

/// A submission's bundle with another contributor.
fn with_contributor(submission: &Submission, contributor: Address) -> Bundle {
    let mut bytes = submission.bundle.to_bytes();
    bytes[44..64].copy_from_slice(&contributor.0);
    let bundle = VERIFIER.read(&bytes, &submission.registrations).expect("a bundle");
    assert_eq!(bundle.contributor(), contributor);
    bundle
}

/// Somebody copies a published digest and registers it: the verifier refuses every bundle under it, because
/// the digest names its contributor. If they register the copied commitments under a digest of their own,
/// the digest fits, but they cannot open the commitments: the only proof that they have is the owner's.
#[test]
fn a_copied_digest_is_of_no_use_to_another() {
    let submission = &WORLD.small;
    let honest = &submission.registrations[0];
    let Bundle::Data(mut bundle) = with_contributor(submission, contributor()) else { panic!("data") };
    let copied = altered(honest, |fields| fields.contributor = bundle.contributor);
    assert_eq!(copied.digest(), honest.digest());
    let error = VERIFIER.verify(&Bundle::Data(bundle.clone()), &[copied]).expect_err("a copied digest");
    let VerifyError::Digest { dataset: 0, registered, found } = error else { panic!("{error:?}") };
    assert_eq!(registered, *honest.digest());

    let (schema_hash, records) = (*honest.schema_hash(), honest.records());
    let columns = [segment_points(&bundle.datasets[0].segments[0]).0];
    let (thief, geometry) = (bundle.contributor, honest.geometry());
    let own = Registration::of_columns(thief, geometry, schema_hash, records, &columns);
    let own = own.expect("a registration");
    assert_eq!(*own.digest(), found);
    bundle.datasets[0].digest = found;
    let error = VERIFIER.verify(&Bundle::Data(bundle), &[own]).expect_err("copied commitments");
    assert!(of_another_statement(&error, Subject::DataScore), "{error:?}");
}

#[test]
fn registrations_missing_and_superfluous() {
    let submission = &WORLD.data;
    for (registrations, given) in [
        (vec![], 0),
        (submission.registrations[..1].to_vec(), 1),
        ([&submission.registrations[..], &WORLD.small.registrations].concat(), 3),
    ] {
        let error = VERIFIER.verify(&submission.bundle, &registrations).expect_err("another number");
        assert!(
            matches!(error, VerifyError::Registrations { needed: 2, given: g } if g == given),
            "{error:?}"
        );
    }
    let one_twice = vec![submission.registrations[0].clone(), submission.registrations[0].clone()];
    let error = VERIFIER.verify(&submission.bundle, &one_twice).expect_err("the second is missing");
    let missing = *submission.registrations[1].digest();
    assert!(matches!(error, VerifyError::Unregistered { digest } if digest == missing));
    let anothers = vec![submission.registrations[0].clone(), WORLD.small.registrations[0].clone()];
    let error = VERIFIER.verify(&submission.bundle, &anothers).expect_err("another's");
    assert!(matches!(error, VerifyError::Unregistered { digest } if digest == missing), "{error:?}");
}

/// Computing power has none, not even the node's own of data: where one is given, something else is meant.
#[test]
fn a_registration_with_a_compute_bundle() {
    for submission in [&WORLD.compute, &WORLD.other_node] {
        for registrations in
            [&WORLD.data.registrations[..1], &WORLD.data.registrations, &WORLD.small.registrations]
        {
            let error = VERIFIER.verify(&submission.bundle, registrations).expect_err("a registration");
            let VerifyError::Registrations { needed: 0, given } = error else { panic!("{error:?}") };
            assert_eq!(given, registrations.len());
            let error = VERIFIER.read(&submission.bundle.to_bytes(), registrations).expect_err("the same");
            assert!(matches!(error, VerifyError::Registrations { needed: 0, .. }), "{error:?}");
        }
    }
}

/// The order of registrations is the caller's, and means nothing.
#[test]
fn registrations_in_any_order() {
    let submission = &WORLD.data;
    let reversed: Vec<_> = submission.registrations.iter().rev().cloned().collect();
    assert_eq!(
        VERIFIER.verify(&submission.bundle, &reversed).expect("any order"),
        VERIFIER.verify(&submission.bundle, &submission.registrations).expect("their order")
    );
}
