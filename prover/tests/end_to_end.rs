//! From files to verified scores, with real proofs: commit, prove, verify, and every way in which that must
//! fail.

#[path = "end_to_end/completeness.rs"]
mod completeness;
#[path = "end_to_end/crossed.rs"]
mod crossed;
#[path = "end_to_end/folders.rs"]
mod folders;
#[path = "end_to_end/interrupted.rs"]
mod interrupted;
#[path = "end_to_end/kept.rs"]
mod kept;
#[path = "end_to_end/opening.rs"]
mod opening;
#[path = "end_to_end/parameters.rs"]
mod parameters;
#[path = "end_to_end/scored.rs"]
mod scored;
#[path = "end_to_end/sealed.rs"]
mod sealed;
#[path = "end_to_end/secrets.rs"]
mod secrets;
#[path = "end_to_end/segments.rs"]
mod segments;
#[path = "end_to_end/units.rs"]
mod units;
#[path = "end_to_end/unmatched.rs"]
mod unmatched;
#[path = "end_to_end/work.rs"]
mod work;

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::derivation::{Dataset, SegmentSecret};
use fairshare_prover::score::score_data;
use fairshare_prover::{
    Limits, Matching, Proved, Prover, SegmentIndex, Silent, commit_data, commit_matching, write_bundle,
};
use fairshare_testkit::fixture::{
    self, PROVER, RULES, SRS, VERIFIER, commit_records, contributor, policy, records, stranger, verifier,
    write,
};
use fairshare_verifier::{Bundle, Score};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Proves, and verifies again from the bundle's bytes.
fn prove(folders: &[PathBuf]) -> Proved {
    verified_again(PROVER.prove_data(folders, &Silent).expect("a bundle"))
}

/// The same of the units that a node has on record.
fn prove_units(node: &Address) -> Proved {
    verified_again(PROVER.prove_compute(node, &Silent).expect("a bundle"))
}

fn verified_again(proved: Proved) -> Proved {
    let bundle = VERIFIER.read(&proved.bundle.to_bytes(), &proved.registrations).expect("its own encoding");
    assert_eq!(bundle, proved.bundle);
    let score = VERIFIER.verify(&bundle, &proved.registrations).expect("a true bundle");
    assert_eq!(score, proved.score);
    assert_eq!(score.value(), bundle.claimed_score());
    proved
}

/// A segment's symbols, and its secret.
fn secret_of(commitment: &CommitmentFolder, segment: usize) -> (Vec<u16>, SegmentSecret) {
    let registration = &commitment.registration;
    let capacity = SRS.geometry().largest_segment().symbols();
    let all = u64::from(registration.records()) * RULES.schema().len() as u64;
    let first = (segment * capacity) as u64;
    let count = (all - first).min(capacity as u64) as usize;
    let symbols = commitment.opening.symbols(first, count).expect("symbols").to_vec();
    let dataset = Dataset {
        contributor: registration.contributor(),
        geometry: SRS.geometry(),
        schema: registration.schema_hash(),
        records: registration.records(),
    };
    let index = SegmentIndex::try_from(segment).expect("few segments");
    let secret = SegmentSecret::derive(commitment.opening.seed(), &dataset, index, &symbols);
    (symbols, secret)
}

fn segment_counts(proved: &Proved) -> Vec<usize> {
    let Bundle::Data(bundle) = &proved.bundle else { panic!("a data bundle") };
    bundle.datasets.iter().map(|dataset| dataset.segments.len()).collect()
}

/// `Σ_f D(P_f‖Q_f)` in nats by floating point, straight from the cells of [`records`].
fn divergence_of_cells(texts: &[String], policy: &Policy) -> (u32, f64) {
    let mut counts = [[0.0; 5]; 2];
    let mut n = 0;
    for line in texts.iter().flat_map(|text| text.lines().skip(1)) {
        let (delay, carrier) = line.split_once(',').expect("two cells");
        let carrier = match carrier {
            "UA" => 0,
            "B6" => 1,
            "" => 3,
            _ => 2,
        };
        let delay = match delay.parse::<f64>() {
            Err(_) => 4,
            Ok(delay) => [-5.0, 0.5, 30.0].iter().filter(|edge| **edge <= delay).count(),
        };
        counts[0][carrier] += 1.0;
        counts[1][delay] += 1.0;
        n += 1;
    }
    let mut sum = 0.0;
    for (counts, reference) in counts.iter().zip(policy.feature_references()) {
        let total: f64 = reference.iter().copied().map(f64::from).sum();
        for (count, reference) in counts.iter().zip(reference) {
            if *count > 0.0 {
                let p = count / f64::from(n);
                sum += p * (p * total / f64::from(*reference)).ln();
            }
        }
    }
    (n, sum)
}

/// The verified score is the independent functions' and, within the error that PROTOCOL section 6 grants it,
/// the divergence.
fn assert_scored(proved: &Proved, texts: &[String]) {
    let Score::Data(score) = &proved.score else { panic!("a data score") };
    let folder = folder();
    let files: Vec<_> =
        texts.iter().enumerate().map(|(i, text)| write(folder.path(), &format!("{i}.csv"), text)).collect();
    let expected = score_data(&RULES, &files).expect("a score");
    assert_eq!((score.score, score.records), (expected.score, expected.records));
    let (n, nats) = divergence_of_cells(texts, &RULES);
    assert_eq!(score.records.get(), n);
    let error = (score.score as f64 / 256.0 - nats * f64::from(n)).abs();
    assert!(error < f64::from(n) * 2.0 * 2f64.powi(-32) + 1.0 / 256.0, "{error}");
    assert_eq!(score.contributor, contributor());
    assert_eq!(score.rules_hash, VERIFIER.rules_hash());
}

#[test]
fn one_file() {
    let folder = folder();
    let texts = [records(500, 1)];
    let (target, registration) = commit_records(folder.path(), "one", &contributor(), &texts);
    let proved = prove(&[target]);
    assert_eq!(segment_counts(&proved), [1]);
    assert_eq!(proved.registrations, std::slice::from_ref(&registration));
    assert_scored(&proved, &texts);
    let Score::Data(score) = &proved.score else { panic!("a data score") };
    assert_eq!(score.datasets.len(), 1);
    assert_eq!(score.datasets[0].digest, *registration.digest());
    assert_eq!(score.datasets[0].records, 500);
}

#[test]
fn several_files_are_one_dataset() {
    let folder = folder();
    let texts = [records(200, 1), records(1, 2), records(333, 3)];
    let (target, registration) = commit_records(folder.path(), "files", &contributor(), &texts);
    assert_eq!(registration.records(), 534);
    let proved = prove(&[target]);
    assert_eq!(segment_counts(&proved), [1]);
    assert_scored(&proved, &texts);
}

#[test]
fn several_datasets_are_one_bundle_and_splitting_gains_nothing() {
    let folder = folder();
    let texts = [records(300, 1), records(700, 2), records(150, 3)];
    let (whole, _) = commit_records(folder.path(), "whole", &contributor(), &texts);
    let (first, _) = commit_records(folder.path(), "first", &contributor(), &texts[..2]);
    let (second, _) = commit_records(folder.path(), "second", &contributor(), &texts[2..]);
    let whole = prove(&[whole]);
    let split = prove(&[first.clone(), second.clone()]);
    assert_eq!(segment_counts(&split), [1, 1]);
    assert_scored(&whole, &texts);
    assert_scored(&split, &texts);
    assert_eq!(whole.score.value(), split.score.value());
    // The order is the prover's choice, and the verifier takes registrations in any order.
    let reversed = prove(&[second, first]);
    assert_eq!(reversed.score.value(), split.score.value());
    assert_eq!(VERIFIER.verify(&reversed.bundle, &split.registrations).expect("any order"), reversed.score);
}

#[test]
fn more_than_one_segment() {
    let folder = folder();
    let texts = [records(16_320, 1), records(3_680, 2)];
    let (long, _) = commit_records(folder.path(), "long", &contributor(), &texts);
    // Beside another dataset, so that the jobs of two folders are scheduled together.
    let (short, _) = commit_records(folder.path(), "short", &contributor(), &[records(120, 3)]);
    for (jobs, threads) in [(1, 1), (3, 4)] {
        let limits = Limits { jobs, threads, ..Limits::default() };
        let proved = Prover::new(&SRS, &VERIFIER, limits).prove_data(&[long.clone(), short.clone()], &Silent);
        let proved = proved.expect("a bundle");
        assert_eq!(segment_counts(&proved), [2, 1]);
        assert_scored(&proved, &[texts[0].clone(), texts[1].clone(), records(120, 3)]);
        // Proved anew with every schedule, not taken from the last.
        fs::remove_dir_all(long.join("proofs")).expect("kept proofs");
    }
}

#[test]
fn a_segment_that_is_exactly_full() {
    let folder = folder();
    let texts = [records(16_320, 9)];
    let (full, _) = commit_records(folder.path(), "full", &contributor(), &texts);
    let proved = prove(&[full]);
    assert_eq!(segment_counts(&proved), [1]);
    assert_scored(&proved, &texts);
    let (fuller, _) = commit_records(folder.path(), "fuller", &contributor(), &[records(16_321, 9)]);
    assert_eq!(segment_counts(&prove(&[fuller])), [2]);
}

#[test]
fn real_records() {
    let rules = policy(
        &fixture::POLICY
            .replace(
                "[[schema.feature]]\nname = \"delay\"\nkind = \"numeric\"\nedges = [-5, 0.5, 30]",
                "[[schema.feature]]\nname = \"arr_delay\"\nkind = \"numeric\"\nedges = [-15, 0, 30]\n\
                 [[schema.feature]]\nname = \"distance\"\nkind = \"numeric\"\nedges = [500, 1000, 2000]",
            )
            .replace("cap = \"0.05\"", "cap = \"1\"")
            .replace("delay = [1, 2, 3, 4, 5]", "arr_delay = [1, 2, 3, 4, 5]\ndistance = [9, 9, 9, 9, 1]"),
    );
    let verifier = verifier(&rules);
    let prover = Prover::new(&SRS, &verifier, Limits::default());
    let folder = folder();
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights/flights-2000.csv");
    let target = folder.path().join("flights");
    // Most flights are of airlines that these rules do not list.
    let (data, any) = (std::slice::from_ref(&flights), Matching::Waived);
    commit_matching(&SRS, &rules, &contributor(), data, &target, any, &Silent).expect("a commitment");
    let proved = prover.prove_data(&[target], &Silent).expect("a bundle");
    assert_eq!(proved.score.value(), score_data(&rules, &[flights]).expect("a score").score);
}

#[test]
fn a_bundle_is_written_whole() {
    let folder = folder();
    let proved = prove_units(&stranger());
    let path = folder.path().join("bundle");
    fs::write(&path, "something older and longer".repeat(1000)).expect("write");
    write_bundle(&path, &proved.bundle).expect("written");
    assert_eq!(fs::read(&path).expect("read"), proved.bundle.to_bytes());
    let nowhere = folder.path().join("no/such/folder/bundle");
    assert!(write_bundle(&nowhere, &proved.bundle).expect_err("no folder").to_string().contains("no/such"));
}
