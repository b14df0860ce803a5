//! Who may read what, and what two proofs of one statement share: nothing.

use std::collections::HashSet;
use std::fs;
use std::num::NonZeroU32;

use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence};
use fairshare_circuits::trace::Columns;
use fairshare_circuits::{data_score, histogram};
use fairshare_ingest::Records;
use fairshare_params::commitment::Blinding;
use fairshare_params::encoding::{Digest, POINT_BYTES, SCALAR_BYTES, encode_scalar};
use fairshare_params::keys::CircuitKind;
use fairshare_params::{Geometry, Width};
use fairshare_plonk::{Known, LastRows, Uninterrupted};
use fairshare_prover::commit::{
    COMMITMENTS_FILE, CommitError, CommitmentFolder, OPENING_FILE, REQUEST_FILE, commit_data,
};
use fairshare_prover::derivation::{DERIVATION_VERSION, SegmentSecret};
use fairshare_prover::measure::{SegmentWitness, commit_columns};
use fairshare_prover::{OPENED_FILE, PROOFS_FOLDER, SCORED_FILE, Silent};
use fairshare_verifier::Bundle;
use fairshare_verifier::link::Link;
use halo2curves::bn256::{Fr, G1Affine};
use sha3::{Digest as _, Keccak256};

use super::fixture::{PROVER, RULES, SRS, commit_records, contributor, records, write};
use super::{folder, prove, prove_units};

/// The coordinates and scalars of a proof, all of which are blinded or depend on what is; but for the first
/// points, which are its public columns' or were registered.
fn words(proof: &[u8], kind: CircuitKind) -> HashSet<Vec<u8>> {
    let known = match kind {
        CircuitKind::Histogram(_) => kind.leading_columns(),
        CircuitKind::DataScore | CircuitKind::ComputeScore => 0,
    };
    proof.chunks(SCALAR_BYTES).skip(2 * known).map(<[u8]>::to_vec).collect()
}

#[test]
fn two_proofs_of_one_score_share_nothing_but_the_public_columns() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let [first, second] = [(); 2].map(|()| match prove(std::slice::from_ref(&target)).bundle {
        Bundle::Data(bundle) => bundle,
        Bundle::Compute(_) => panic!("data"),
    });
    assert_eq!(first.datasets, second.datasets, "the histogram's proof is derived, and kept");
    assert_ne!(first.link.commitment, second.link.commitment);
    let responses = |link: &Link| link.responses.map(|response| encode_scalar(&response));
    assert!(responses(&first.link).iter().all(|response| !responses(&second.link).contains(response)));
    shared_words(&first.proof, &second.proof, CircuitKind::DataScore);

    let [first, second] = [(); 2].map(|()| match prove_units(&contributor()).bundle {
        Bundle::Compute(bundle) => bundle.proof,
        Bundle::Data(_) => panic!("compute"),
    });
    shared_words(&first, &second, CircuitKind::ComputeScore);
}

/// No word of two proofs is the same but those of the two public columns' commitments.
fn shared_words(first: &[u8], second: &[u8], kind: CircuitKind) {
    let shared = words(first, kind).intersection(&words(second, kind)).count();
    assert_eq!(shared, 2 * kind.public_columns(), "{}", kind.name());
}

/// Two segments of the same symbols in one dataset have no point and no value in common.
#[test]
fn two_equal_segments_of_one_dataset_share_nothing() {
    let folder = folder();
    let text = records(16_320, 1);
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[text.clone(), text]);
    let Bundle::Data(bundle) = prove(std::slice::from_ref(&target)).bundle else { panic!("data") };
    let [first, second] = &bundle.datasets[0].segments[..] else { panic!("two segments") };
    let all = |proof: &[u8]| -> HashSet<Vec<u8>> { proof.chunks(SCALAR_BYTES).map(<[u8]>::to_vec).collect() };
    let (first, second) = (all(first), all(second));
    // The values of fixed columns at two points differ, too.
    assert_eq!(first.intersection(&second).count(), 0);
}

#[test]
fn two_commitments_to_the_same_records_share_no_column() {
    let folder = folder();
    let texts = [records(200, 1)];
    let (first, one) = commit_records(folder.path(), "first", &contributor(), &texts);
    let (second, two) = commit_records(folder.path(), "second", &contributor(), &texts);
    assert_ne!(one.digest(), two.digest());
    let points = |target: &std::path::Path| {
        let bytes = fs::read(target.join(COMMITMENTS_FILE)).expect("read");
        let points: HashSet<_> = bytes.chunks(POINT_BYTES).map(<[u8]>::to_vec).collect();
        assert_eq!(points.len(), Width::FOUR.columns(), "no two columns alike, padding or not");
        points
    };
    assert!(points(&first).is_disjoint(&points(&second)));
}

/// A proof's bytes move only with [`DERIVATION_VERSION`]: other bytes under one version are an opening of its
/// columns that nobody counts.
#[test]
fn a_derived_proof_has_the_bytes_of_its_version() {
    let secret = SegmentSecret::from_bytes([7; 32].into());
    let symbols: Vec<u16> = (1..=100).collect();
    let columns = commit_columns(&SRS, Width::FOUR, &symbols, &secret);
    let key = PROVER.key(CircuitKind::Histogram(Width::FOUR)).expect("a key");
    let witness = SegmentWitness::new(&SRS, key, symbols, &secret, &columns);
    let proof = witness.prove(PROVER.commit_key(), &Uninterrupted).expect("a proof");
    let hash = hex::encode(Keccak256::digest(&proof));
    assert_eq!(
        (DERIVATION_VERSION, hash.as_str()),
        (2, "6311dfe55702625e0c41b5f488c76c07c3772391fcd9ba2b876473765c685ccb"),
        "raise the version when the bytes move, and pin both"
    );
}

/// A geometry has the circuits of its own widths and no others.
#[test]
fn a_width_of_another_geometry_has_no_circuit() {
    let error = PROVER.key(CircuitKind::Histogram(Width::SIXTY_FOUR)).map(drop).expect_err("no such width");
    assert_eq!(error.to_string(), "the geometry has no circuit histogram-compact-64");
}

#[cfg(unix)]
#[test]
fn secrets_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let (data, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    prove(std::slice::from_ref(&data));
    let mode = |path: std::path::PathBuf| fs::metadata(&path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(data.clone()), 0o700);
    assert_eq!(mode(data.join(OPENING_FILE)), 0o600);
    assert_eq!(mode(data.join(REQUEST_FILE)), 0o644);
    assert_eq!(mode(data.join(PROOFS_FOLDER)), 0o700);
    // Nothing else was left behind, such as a temporary file with the secret in it.
    let names: HashSet<_> =
        fs::read_dir(&data).expect("read").map(|entry| entry.expect("entry").file_name()).collect();
    let kept = [PROOFS_FOLDER, OPENED_FILE, SCORED_FILE];
    let committed = [REQUEST_FILE, COMMITMENTS_FILE, OPENING_FILE];
    let expected = [committed.as_slice(), &kept].concat();
    assert_eq!(names, expected.into_iter().map(Into::into).collect());
}

#[test]
fn debug_prints_no_secret() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let commitment = CommitmentFolder::read(&target, &RULES).expect("a commitment");
    let seed = commitment.opening.seed().as_slice();
    let seed_as_list = format!("{seed:?}");
    for text in [format!("{commitment:?}"), format!("{:#?}", commitment.opening)] {
        assert!(text.contains("redacted"), "{text}");
        assert!(!text.contains(seed_as_list.trim_matches(['[', ']'])) && !text.contains(&hex::encode(seed)));
    }

    // A value that occurs nowhere else, as it is printed in decimal and as a field element.
    let secret = 48_611;
    let field = format!("{:?}", Fr::from(u64::from(secret)));
    let hidden = |text: String| {
        assert!(text.contains("redacted"), "{text}");
        assert!(!text.contains("48611") && !text.contains("bde3") && !text.contains(&field), "{text}");
    };
    let blinding = Blinding([Fr::from(u64::from(secret)); 6]);
    hidden(format!("{blinding:?}"));
    let known = Known { commitment: G1Affine::generator(), blinding: &blinding, rows: LastRows::Kept };
    hidden(format!("{known:?}"));
    let derived = SegmentSecret::from_bytes([0xbd; 32].into());
    assert_eq!(format!("{derived:?}"), "SegmentSecret(redacted)");
    let randomness = derived.randomness(&Digest([1; 32]), &Digest([2; 32]), &[]);
    assert_eq!(format!("{randomness:?}"), "Randomness(redacted)");
    let shape = Geometry::COMPACT.segment(Width::FOUR);
    let witness = histogram::Witness::new(shape, vec![secret as u16; 3]);
    hidden(format!("{witness:?}"));
    hidden(format!("{:?}", histogram::HistogramCircuit::new(shape, witness)));
    let witness = data_score::Witness { padding: 0, counts: vec![secret; 1024] };
    hidden(format!("{witness:?}"));
    let features = RULES.feature_references();
    let reference = data_score::Reference::new(Geometry::COMPACT, features).expect("a reference");
    let verifier = &super::VERIFIER;
    let instance = verifier.data_instance([Fr::zero(); 2], NonZeroU32::MIN, 0);
    let trace = data_score::Trace::new(Geometry::COMPACT, &instance, &reference, &witness);
    hidden(format!("{trace:?}"));
    hidden(format!("{:?}", data_score::DataScoreCircuit::new(Geometry::COMPACT, trace)));
    let mut columns = Columns::zero(1, 2);
    columns.fill(0, [Fr::from(u64::from(secret)); 2]);
    hidden(format!("{columns:?}"));
    let symbols = vec![secret as u16 % 1024; 3];
    let columns = commit_columns(&SRS, shape.width(), &symbols, &derived);
    let key = PROVER.key(CircuitKind::Histogram(shape.width())).expect("a key");
    let text = format!("{:?}", SegmentWitness::new(&SRS, key, symbols, &derived, &columns));
    assert!(
        text.contains("Witness(8160 symbols, redacted)")
            && text.contains("blinding: Wiped(redacted)")
            && text.contains("secret: SegmentSecret(redacted)"),
        "{text}"
    );
}

#[test]
fn debug_prints_neither_records_nor_the_sum_behind_a_score() {
    let folder = folder();
    let csv = write(folder.path(), "data.csv", "delay,carrier\n48611,secretive\n");
    let mut opened = Records::open(&[csv], RULES.schema()).expect("records");
    assert_eq!(opened.next_batch(&mut Vec::new()).expect("a batch"), 1);
    let text = format!("{opened:#?}");
    assert!(text.contains("records: 1") && !text.contains("48611") && !text.contains("secretive"), "{text}");
    let list = |text: &str| text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    assert!(!format!("{opened:?}").contains(&list("48611")));

    let feature = FeatureCounts { counts: &[48_611, 2], reference: &[1, 1] };
    let result = divergence(&[feature]).expect("a score");
    let text = format!("{result:?}");
    assert!(text.contains(&result.score.to_string()) && !text.contains(&result.sum.to_string()), "{text}");
}

#[test]
fn a_commitment_folder_is_never_overwritten() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let csv = write(folder.path(), "again.csv", &records(200, 2));
    let before = fs::read(target.join(OPENING_FILE)).expect("read");
    let again = commit_data(&SRS, &RULES, &contributor(), &[csv], &target, &Silent);
    assert!(matches!(again, Err(CommitError::Occupied { folder }) if folder == target));
    assert_eq!(fs::read(target.join(OPENING_FILE)).expect("read"), before);
}

#[test]
fn an_opening_without_its_request_is_not_overwritten_either() {
    let folder = folder();
    let (data, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    // Handed to the registry by moving it, say.
    let moved = folder.path().join("moved");
    fs::rename(data.join(REQUEST_FILE), &moved).expect("move");
    let csv = write(folder.path(), "again.csv", &records(200, 2));
    let again = commit_data(&SRS, &RULES, &contributor(), &[csv], &data, &Silent);
    assert!(matches!(again, Err(CommitError::Occupied { .. })), "{again:?}");
    fs::rename(moved, data.join(REQUEST_FILE)).expect("move");
    prove(&[data]);
}
