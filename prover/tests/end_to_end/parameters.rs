//! Parameters that are not those of the commitments, or false: what was committed to under others is worth
//! nothing, and no opening is spent on it.

use std::fs;

use fairshare_params::Width;
use fairshare_params::commitment::normalize;
use fairshare_params::encoding::{Digest, POINT_BYTES};
use fairshare_params::keys::{CircuitKind, KeyError};
use fairshare_params::policy::Policy;
use fairshare_params::srs::{FileHash, Srs};
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::commit::{COMMITMENTS_FILE, CommitError, CommitmentFolder, commit_data};
use fairshare_prover::measure::commit_columns;
use fairshare_prover::{Limits, OPENED_FILE, ProveError, Prover, Silent};
use fairshare_verifier::{SetupError, Trust, Verifier};
use group::Curve;
use halo2curves::bn256::{Fr, G1, G2Affine};

use super::fixture::{PARAMETERS, PROVER, RULES, SRS, contributor, edit, policy};
use super::interrupted::{Scene, points};
use super::secret_of;

/// A reference string of the same shape and another trapdoor, which is 7; and the policy that names it.
pub(super) fn other_parameters() -> (Srs, Policy) {
    let trapdoor = Fr::from(7);
    let powers = std::iter::successors(Some(G1::generator()), |power| Some(power * trapdoor));
    let powers = normalize(&powers.take(SRS.geometry().rows()).collect::<Vec<_>>());
    let s_g2 = (G2Affine::generator() * trapdoor).to_affine();
    let srs = Srs::from_powers(SRS.geometry(), powers, G2Affine::generator(), s_g2, FileHash([0; 64]));
    let srs = srs.expect("powers");
    let rules = policy(&edit("\"insecure-development\"", &format!("\"{}\"", srs.digest())));
    (srs, rules)
}

/// Nothing that was committed to under other parameters can be proved, so no opening is spent on it.
#[test]
fn commitments_of_other_parameters_are_refused_before_an_opening_is_spent() {
    let scene = Scene::new();
    let (srs, rules) = other_parameters();
    commit_data(&srs, &rules, &contributor(), &scene.files, &scene.target, &Silent).expect("a commitment");
    let refused = PROVER.prove_data(std::slice::from_ref(&scene.target), &Silent).map(drop);
    let Err(ProveError::OpeningMismatch { folder }) = refused else { panic!("{refused:?}") };
    assert_eq!(folder, scene.target);
    assert!(!scene.target.join(OPENED_FILE).exists());
    // Nor does committing again say that all is well.
    let again = commit_data(&SRS, &RULES, &contributor(), &scene.files, &scene.target, &Silent).map(drop);
    let Err(CommitError::OtherSrs { folder }) = again else { panic!("{again:?}") };
    assert_eq!(folder, scene.target);
    commit_data(&srs, &rules, &contributor(), &scene.files, &scene.target, &Silent).expect("the same again");
}

/// A false key under a rules hash of its own, both from one stranger: no opening is spent on it.
#[test]
fn a_false_key_spends_no_opening() {
    let scene = Scene::new();
    commit_data(&SRS, &RULES, &contributor(), &scene.files, &scene.target, &Silent).expect("a commitment");
    let points = |kind| PARAMETERS.key(kind).expect("a key").points().count() * POINT_BYTES;
    let all: usize = CircuitKind::all(SRS.geometry()).map(points).sum();
    let mut bytes = PARAMETERS.encode();
    let mut first = bytes.len() - all;
    // The first point of every key becomes its second.
    for kind in CircuitKind::all(SRS.geometry()) {
        bytes.copy_within(first + POINT_BYTES..first + 2 * POINT_BYTES, first);
        first += points(kind);
    }
    let stated = VerifierParameters::decode(SRS.geometry(), &bytes).expect("points");
    let wrong = RULES.clone().expecting(Digest([0; 32]));
    let Err(SetupError::RulesHash { found, .. }) = Verifier::new(&stated, &wrong, Trust::AllowInsecure)
    else {
        panic!("another hash")
    };
    let rules = RULES.clone().expecting(found);
    let verifier = Verifier::new(&stated, &rules, Trust::AllowInsecure).expect("believed");
    let prover = Prover::new(&SRS, &verifier, Limits::default());
    let refused = prover.prove_data(std::slice::from_ref(&scene.target), &Silent).map(drop);
    assert!(matches!(refused, Err(ProveError::Key(KeyError::False { .. }))), "{refused:?}");
    assert!(!scene.target.join(OPENED_FILE).exists());
}

/// Commitments under one reference string are worth nothing under another: none is taken over, or nobody
/// could prove the digest.
#[test]
fn work_that_goes_on_under_other_parameters_begins_anew() {
    let scene = Scene::new();
    scene.interrupt(2);
    let recorded = scene.recorded();
    let (srs, rules) = other_parameters();
    commit_data(&srs, &rules, &contributor(), &scene.files, &scene.target, &Silent).expect("a commitment");
    let commitment = CommitmentFolder::read(&scene.target, &rules).expect("a whole folder");
    for (index, columns) in commitment.columns.iter().enumerate() {
        let (symbols, secret) = secret_of(&commitment, index);
        let width = Width::of(columns.len());
        assert_eq!(commit_columns(&srs, width, &symbols, &secret), *columns, "segment {index}");
    }
    let commitments = fs::read(scene.target.join(COMMITMENTS_FILE)).expect("read");
    assert!(points(&commitments).is_disjoint(&points(&recorded.concat())));
}
