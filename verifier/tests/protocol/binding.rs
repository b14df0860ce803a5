//! What a proof is bound to, beyond the single fields of `matrix`: registrations that do not go together,
//! replays, and what may differ.

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_verifier::{Bundle, ProofError, Score, Subject, VerifyError};

use super::fixture::{POLICY, RULES, VERIFIER, contributor, edit, evidence, policy, stranger, verifier};
use super::manifest::segment_points;
use super::world::{Submission, WORLD, edited};

/// Whether this is the refusal of a proof that is of another statement.
fn of_another_statement(error: &VerifyError, expected: Subject) -> bool {
    matches!(error, VerifyError::Proof { subject, source: ProofError::False } if *subject == expected)
}

/// Why the honest submission is refused under the policy of this text.
fn under(submission: &Submission, text: &str) -> VerifyError {
    let policy = policy(text);
    let verifier = verifier(&policy);
    verifier.verify(&submission.bundle, &submission.registrations).expect_err("another policy")
}

/// Spelled otherwise, the same rules: nothing is bound to the layout of a file.
#[test]
fn only_rules_are_bound() {
    let other = POLICY.replace("epoch = 4", "# a remark\nepoch = 4").replace("\"0.1\"", "\"0.10\"");
    assert_ne!(other, POLICY);
    let rules = policy(&other);
    assert_eq!(rules.hash(), RULES.hash());
    let verifier = verifier(&rules);
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
    let first = edit("first = 10", "first = 11");
    let error = under(&WORLD.compute, &first);
    assert!(
        matches!(error, VerifyError::Context(ContextError::Rounds { first: 10, policy_first: 11, .. })),
        "{error:?}"
    );
    let error = under(&WORLD.data, &first);
    assert!(of_another_statement(&error, Subject::DataScore), "{error:?}");
    let error = under(&WORLD.compute, &edit("[842, 943, 0, 7]", "[842, 943, 0]"));
    assert!(matches!(error, VerifyError::Context(ContextError::Rounds { rounds: 4, policy_rounds: 3, .. })));
}

/// The first registration of a submission, changed by `change`; the bundle as it was.
fn with_registration(submission: &Submission, change: impl Fn(&Registration) -> Registration) -> VerifyError {
    let mut registrations = submission.registrations.clone();
    registrations[0] = change(&registrations[0]);
    assert_ne!(registrations, submission.registrations, "nothing was changed");
    VERIFIER.verify(&submission.bundle, &registrations).expect_err("another registration")
}

/// The registry's word is not proved: another round or other evidence leaves a bundle as true as it was, and
/// the score says which round was registered.
#[test]
fn round_and_evidence_are_the_registrys_word() {
    for submission in [&WORLD.small, &WORLD.other_node] {
        let honest = &submission.registrations[0];
        let (from, to) = (format!("\"round\": {}", honest.round()), "\"round\": 77");
        for other in [edited(honest, &from, to), honest.clone().with_evidence(evidence(1))] {
            assert_ne!(other, *honest);
            let score = VERIFIER.verify(&submission.bundle, std::slice::from_ref(&other)).expect("as true");
            if let Score::Data(score) = score {
                assert_eq!(score.datasets[0].round, other.round());
            }
        }
    }
}

#[test]
fn registered_numbers_of_records_and_segments() {
    let error = with_registration(&WORLD.data, |old| edited(old, "\"records\": 16400", "\"records\": 16399"));
    assert!(matches!(error, VerifyError::Digest { dataset: 0, .. }), "{error:?}");
    // As many as one segment holds, and as many as need a third.
    for records in ["16320", "32641", "4294967295"] {
        let error = with_registration(&WORLD.data, |old| {
            edited(old, "\"records\": 16400", &format!("\"records\": {records}"))
        });
        assert!(
            matches!(error, VerifyError::Context(ContextError::Segments { index: 0, found: 2, .. })),
            "{error:?}"
        );
    }
    let error = with_registration(&WORLD.data, |old| edited(old, "\"segments\": 2", "\"segments\": 3"));
    let refused =
        matches!(error, VerifyError::Context(ContextError::Segments { index: 0, found: 3, expected: 2 }));
    assert!(refused, "{error:?}");
}

/// More or fewer records than were committed to, registered with a digest that fits: the last segment's proof
/// is of another padding. What a contributor gains by it, were it accepted, is in `padding`.
#[test]
fn other_records_under_a_digest_that_fits() {
    let submission = &WORLD.small;
    let honest = &submission.registrations[0];
    let Contribution::Data { schema_hash, .. } = honest.contribution() else { panic!("data") };
    let (columns, _) = segment_points(&submission.data().datasets[0].segments[0]);
    for records in [249, 251] {
        let mut bundle = submission.data();
        let other = Registration::for_data(
            bundle.contributor,
            honest.round(),
            honest.geometry(),
            *schema_hash,
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
    let stolen =
        edited(&mine.registrations[0], &mine.registrations[0].digest().to_string(), &digest.to_string());
    let mut bundle = mine.data();
    bundle.datasets[0].digest = digest;
    let error = VERIFIER.verify(&Bundle::Data(bundle), &[stolen]).expect_err("not its data");
    assert!(matches!(error, VerifyError::Digest { registered, .. } if registered == digest), "{error:?}");
}

/// The registration of a submission for `contributor`: what a replay would need on the task contract.
fn registered_for(submission: &Submission, contributor: Address) -> Vec<Registration> {
    let old = checksummed(&submission.bundle.contributor()).to_string();
    submission
        .registrations
        .iter()
        .map(|one| edited(one, &old, &checksummed(&contributor).to_string()))
        .collect()
}

#[test]
fn a_replay_for_another_contributor() {
    for submission in [&WORLD.data, &WORLD.compute] {
        // In the bundle alone, in the registrations alone, in both.
        let replayed = with_contributor(submission, stranger());
        let stolen = registered_for(submission, stranger());

        for (bundle, registrations) in [(&replayed, &submission.registrations), (&submission.bundle, &stolen)]
        {
            let error = VERIFIER.verify(bundle, registrations).expect_err("a replay");
            let VerifyError::Context(ContextError::Contributor { index: 0, .. }) = error else {
                panic!("{error:?}")
            };
        }
        let error = VERIFIER.verify(&replayed, &stolen).expect_err("a replay");
        match submission.bundle {
            Bundle::Data(_) => assert!(matches!(error, VerifyError::Digest { dataset: 0, .. }), "{error:?}"),
            Bundle::Compute(_) => assert!(of_another_statement(&error, Subject::ComputeScore), "{error:?}"),
        }
    }
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
    let owner = checksummed(&submission.bundle.contributor()).to_string();
    let Bundle::Data(mut bundle) = with_contributor(submission, contributor().address) else {
        panic!("data")
    };
    let copied = edited(honest, &owner, &checksummed(&bundle.contributor).to_string());
    assert_eq!(copied.digest(), honest.digest());
    let error = VERIFIER.verify(&Bundle::Data(bundle.clone()), &[copied]).expect_err("a copied digest");
    let VerifyError::Digest { dataset: 0, registered, found } = error else { panic!("{error:?}") };
    assert_eq!(registered, *honest.digest());

    let Contribution::Data { schema_hash, records, .. } = *honest.contribution() else { panic!("data") };
    let columns = [segment_points(&bundle.datasets[0].segments[0]).0];
    let (thief, round, geometry) = (bundle.contributor, honest.round(), honest.geometry());
    let own = Registration::for_data(thief, round, geometry, schema_hash, records, &columns);
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
    let units = vec![submission.registrations[0].clone(), WORLD.compute.registrations[0].clone()];
    let error = VERIFIER.verify(&submission.bundle, &units).expect_err("units");
    assert!(matches!(error, VerifyError::Unregistered { .. }), "{error:?}");
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
