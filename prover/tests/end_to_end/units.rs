//! Scores of the units on record: anybody proves them, for a node that has some, in the epoch's rounds.

use std::collections::BTreeMap;

use fairshare_formats::units::to_csv;
use fairshare_params::address::Address;
use fairshare_params::commitment::{as_public_column, commit_units};
use fairshare_params::context::compute_context;
use fairshare_params::keys::CircuitKind;
use fairshare_params::units::Units;
use fairshare_plonk::Uninterrupted;
use fairshare_prover::measure::{ScoreProofError, ScoreProver};
use fairshare_prover::score::{ScoreError, score_units};
use fairshare_prover::{BackendError, Limits, Progress, ProveError, Prover, Silent, Task};
use fairshare_verifier::bundle::ComputeBundle;
use fairshare_verifier::{
    Bundle, NoUnits, NodeUnits, ProofError, Score, SetupError, Subject, Verifier, VerifyError,
};

use super::fixture::{
    PROVER, RECORD, RULES, SRS, VERIFIER, commit_records, contributor, edit, policy, records, stranger,
    units, verifier,
};
use super::{folder, prove_units};

/// Nobody's units are on record.
const NOBODY: Address = Address([9; 20]);

/// The units of two nodes from round 10 on, a round for each pair.
fn two_nodes(rounds: &[(u32, u32)]) -> Units {
    let (ours, theirs) = rounds.iter().copied().unzip();
    let by_node = BTreeMap::from([(contributor(), ours), (stranger(), theirs)]);
    Units::new(10, rounds.len(), by_node).expect("units")
}

fn with_units(units: &Units) -> Verifier<'_> {
    verifier(&RULES).with_units(units).expect("units of its rounds")
}

/// Whoever has the parameters, the policy and the units proves a node's score: no folder and no secret is
/// asked for. Whoever reads the same units elsewhere verifies it.
#[test]
fn anybody_proves_a_nodes_units() {
    let published = units(&RULES, &to_csv(&RECORD));
    let elsewhere = with_units(&published);
    // λ·Σ share·e^(−λx), the rounds counted from the epoch's first.
    let decay = |x: i32| (-0.01 * f64::from(x)).exp();
    for (node, share) in [(contributor(), 305.0 / 842.0 + decay(1)), (stranger(), 537.0 / 842.0 + decay(3))] {
        let proved = prove_units(&node);
        assert_eq!(proved.registrations, []);
        let Score::Compute(score) = &proved.score else { panic!("a compute score") };
        assert_eq!((score.contributor, score.rules_hash), (node, VERIFIER.rules_hash()));
        let own = RECORD.of(&node).expect("units on record");
        assert_eq!(score.score, score_units(&RULES, own, RECORD.totals()).expect("a score").score);
        let error = (score.score as f64 / 2f64.powi(48) - 0.01 * share).abs();
        assert!(error < 2f64.powi(-32), "{error}");
        let bundle = elsewhere.read(&proved.bundle.to_bytes(), &[]).expect("a bundle");
        assert_eq!(elsewhere.verify(&bundle, &[]).expect("a true bundle"), proved.score);
    }
}

#[test]
fn a_full_share_of_every_round_a_single_unit_and_none() {
    let alone = [(842, 0), (943, 0), (0, 0), (7, 0)];
    let little = [(0, 842), (0, 943), (0, 0), (1, 6)];
    for rounds in [alone, little] {
        let units = two_nodes(&rounds);
        let verifier = with_units(&units);
        for (node, own) in units.nodes() {
            let proved = Prover::new(&SRS, &verifier, Limits::default()).prove_compute(node, &Silent);
            let proved = proved.expect("a bundle");
            let expected = score_units(&RULES, own, units.totals()).expect("a score").score;
            assert_eq!(proved.score.value(), expected);
            assert_eq!(expected == 0, own == [0; 4]);
        }
    }
}

/// Rounds in which a node did nothing add nothing, whatever others did in them.
#[test]
fn later_rounds_without_a_nodes_units_leave_its_score() {
    let rules = policy(&edit("count = 4", "count = 6"));
    let longer = two_nodes(&[(305, 537), (943, 0), (0, 0), (0, 7), (0, 5), (0, 6)]);
    let verifier = verifier(&rules).with_units(&longer).expect("units of its rounds");
    let node = contributor();
    let proved =
        Prover::new(&SRS, &verifier, Limits::default()).prove_compute(&node, &Silent).expect("a bundle");
    assert_eq!(proved.score.value(), prove_units(&node).score.value());
    // Under another policy it is another statement, all the same.
    assert!(matches!(VERIFIER.verify(&proved.bundle, &[]), Err(VerifyError::Proof { .. })));
}

/// No work is begun: no key is made, and no proof.
struct NotBegun;

impl Progress for NotBegun {
    fn begin(&self, task: Task, _: u64, _: u64) {
        panic!("{task:?} was begun");
    }

    fn advance(&self, _: Task, _: u64) {}

    fn end(&self, _: Task) {}
}

#[test]
fn a_node_without_units_is_refused_before_any_proof() {
    let refused = PROVER.prove_compute(&NOBODY, &NotBegun).expect_err("no units");
    assert!(matches!(refused, ProveError::NoUnits(NoUnits::Node { node: NOBODY })), "{refused:?}");
    assert!(refused.to_string().contains(&format!("{NOBODY:?}")), "{refused}");
    // Nor is a bundle in its name verified.
    let Bundle::Compute(bundle) = prove_units(&stranger()).bundle else { panic!("a compute bundle") };
    let claimed = Bundle::Compute(ComputeBundle { contributor: NOBODY, ..bundle });
    let refused = VERIFIER.verify(&claimed, &[]).expect_err("no units");
    assert!(matches!(refused, VerifyError::Units(NoUnits::Node { node: NOBODY })), "{refused:?}");
}

#[test]
fn units_of_other_rounds_are_refused() {
    let refuse = |units: &Units| verifier(&RULES).with_units(units).map(drop).expect_err("other rounds");
    // One round too few and one too many; as many, but one earlier.
    for rounds in [3, 5] {
        let refused = refuse(&two_nodes(&vec![(1, 1); rounds]));
        let SetupError::Rounds { found_first: 10, found, first: 10, rounds: 4 } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(found, rounds);
    }
    let earlier = Units::new(9, 4, BTreeMap::from([(stranger(), vec![1; 4])])).expect("units");
    let refused = refuse(&earlier);
    assert!(
        matches!(refused, SetupError::Rounds { found_first: 9, found: 4, first: 10, rounds: 4 }),
        "{refused:?}"
    );
    // The same by a policy of other rounds.
    for text in [edit("first = 10", "first = 9"), edit("count = 4", "count = 3")] {
        let rules = policy(&text);
        let refused = verifier(&rules).with_units(&*RECORD).map(drop).expect_err("other rounds");
        assert!(matches!(refused, SetupError::Rounds { .. }), "{refused:?}");
    }
}

/// A score is of one record: not of one with other units of the node, nor with other totals.
#[test]
fn a_score_of_other_units_or_totals_is_refused() {
    let node = contributor();
    let bundle = prove_units(&node).bundle;
    let others = [
        (two_nodes(&[(304, 538), (943, 0), (0, 0), (0, 7)]), 0),
        (two_nodes(&[(305, 536), (943, 0), (0, 0), (0, 7)]), 1),
    ];
    for (units, expected) in others {
        let refused = with_units(&units).verify(&bundle, &[]).expect_err("other units");
        let VerifyError::Proof {
            subject: Subject::ComputeScore,
            source: ProofError::PublicColumn { column },
        } = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!(column, expected);
    }
    // Nor in another node's name, whose units are others.
    let Bundle::Compute(bundle) = bundle else { panic!("a compute bundle") };
    let taken = Bundle::Compute(ComputeBundle { contributor: stranger(), ..bundle });
    let refused = VERIFIER.verify(&taken, &[]).expect_err("not its own");
    assert!(matches!(refused, VerifyError::Proof { subject: Subject::ComputeScore, .. }), "{refused:?}");
}

/// Two nodes with the same units have the same columns: the context alone tells whose proof it is.
#[test]
fn a_score_is_not_another_nodes_with_the_same_units() {
    let units = two_nodes(&[(5, 5), (0, 0), (3, 3), (1, 1)]);
    let verifier = with_units(&units);
    let proved = Prover::new(&SRS, &verifier, Limits::default()).prove_compute(&stranger(), &Silent);
    let Bundle::Compute(bundle) = proved.expect("a bundle").bundle else { panic!("a compute bundle") };
    let taken = Bundle::Compute(ComputeBundle { contributor: contributor(), ..bundle });
    let refused = verifier.verify(&taken, &[]).expect_err("not its own");
    assert!(
        matches!(
            refused,
            VerifyError::Proof {
                subject: Subject::ComputeScore,
                source: ProofError::False | ProofError::Backend(_)
            }
        ),
        "{refused:?}"
    );
}

/// Units other than those whose commitments a verifier computes are never proved.
#[test]
fn altered_units_are_never_proved() {
    let key = PROVER.key(CircuitKind::ComputeScore).expect("a key");
    let prover =
        ScoreProver { verifier: &VERIFIER, commit_key: PROVER.commit_key(), key, signal: &Uninterrupted };
    let honest = VERIFIER.on_record(&contributor()).expect("units");
    prover.compute(&honest).expect("a proof");
    let altered = prover.compute(&NodeUnits { units: &[304, 943, 0, 0], ..honest });
    let Err(ScoreProofError::Backend(BackendError::Verify(source))) = altered else { panic!("{altered:?}") };
    assert!(matches!(*source, VerifyError::Proof { source: ProofError::False, .. }), "{source:?}");
    // More than the round had: there is no score to prove.
    let above = prover.compute(&NodeUnits { units: &[843, 943, 0, 0], ..honest });
    assert!(matches!(above, Err(ScoreProofError::Score(ScoreError::Rounds(_)))), "{above:?}");
}

/// What both sides take from the record is what the protocol says, computed here from the registry's side.
#[test]
fn commitments_and_context_are_the_records() {
    for (node, own) in RECORD.nodes() {
        let NodeUnits { units, totals, public, context } = VERIFIER.on_record(node).expect("units");
        assert_eq!((units, totals), (own, RECORD.totals()));
        let expected =
            [own, RECORD.totals()].map(|units| as_public_column(&*SRS, &commit_units(&*SRS, units)));
        assert_eq!(public, expected);
        assert_eq!(context, compute_context(&VERIFIER.rules_hash(), &expected[1], node));
    }
}

#[test]
fn a_verifier_without_units_proves_data_as_before() {
    let bare = verifier(&RULES);
    assert!(bare.units().is_none());
    let prover = Prover::new(&SRS, &bare, Limits::default());
    let folder = folder();
    let (target, registration) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let proved = prover.prove_data(&[target], &Silent).expect("a bundle");
    // Units on record change nothing about data.
    let verified = VERIFIER.verify(&proved.bundle, &[registration]).expect("a true bundle");
    assert_eq!(verified, proved.score);

    let node = contributor();
    let refused = prover.prove_compute(&node, &NotBegun).expect_err("no units");
    assert!(matches!(refused, ProveError::NoUnits(NoUnits::Epoch)), "{refused:?}");
    let bundle = prove_units(&node).bundle;
    let refused = bare.verify(&bundle, &[]).expect_err("no units");
    assert!(matches!(refused, VerifyError::Units(NoUnits::Epoch)), "{refused:?}");
}

/// A compute bundle names no registration, and none goes with it.
#[test]
fn a_registration_does_not_go_with_units() {
    let folder = folder();
    let (_, registration) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let bundle = prove_units(&contributor()).bundle;
    let refused = VERIFIER.verify(&bundle, &[registration]).expect_err("one too many");
    assert!(matches!(refused, VerifyError::Registrations { needed: 0, given: 1 }), "{refused:?}");
}
