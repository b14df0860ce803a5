//! Histogram proofs are derived from the opening's seed: the same bytes on any number of threads, and by a
//! process that has nothing but one segment's symbols and secret; and under at most five keys a width.

use std::fs;
use std::path::Path;
use std::process::Command;

use fairshare_params::Width;
use fairshare_params::keys::{CircuitKind, ProvingKey};
use fairshare_plonk::{CommitKey, Uninterrupted};
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::derivation::{Dataset, SegmentSecret};
use fairshare_prover::measure::{SegmentWitness, commit_columns};
use fairshare_prover::{Key, OPENED_FILE, SegmentIndex};

use super::support::*;

/// Two segments, committed to in `folder`.
fn committed(folder: &Path) -> String {
    let sample = fs::read_to_string(examples().join("flights-2000.csv")).unwrap();
    let (header, rows) = sample.split_once('\n').unwrap();
    // Seven features: a full segment of 32,640 symbols, and 2,360 symbols in one of the least width.
    let some: String = rows.split_inclusive('\n').take(1000).collect();
    let data = write(folder, "data.csv", format!("{header}\n{}{}", rows.repeat(2), some));
    let (common, target) = (prepared().common(), show(&folder.join("target")));
    let line = format!("commit data {common} --contributor {CONTRIBUTOR} --data {data} --out {target}");
    assert_eq!(fairshare(&line).status, 0);
    target
}

fn prove(target: &str, arguments: &str) -> Ran {
    let common = prepared().common();
    fairshare(&format!("prove data {target} {common} --out {target}.bundle {arguments}"))
}

/// The kept proofs, by segment.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let paths = (0..2).map(|segment| Path::new(target).join(format!("proofs/{segment:06}.proof")));
    paths.map(|path| fs::read(path).expect("a kept proof")).collect()
}

#[test]
fn any_number_of_threads_makes_the_same_proofs() {
    let target = committed(&folder());
    // One processor may have four threads.
    let most = if std::thread::available_parallelism().unwrap().get() > 1 { 5 } else { 4 };
    let proofs = [1, 2, most].map(|threads| {
        let _ = fs::remove_dir_all(Path::new(&target).join("proofs"));
        assert_eq!(prove(&target, &format!("--threads {threads}")).status, 0);
        kept(&target)
    });
    assert!(proofs[0] == proofs[1] && proofs[1] == proofs[2]);
}

/// The process is this test's own program, told to run [`one_segment`] and nothing else.
#[test]
fn a_process_with_one_segments_symbols_and_secret_makes_the_same_proof() {
    let folder = folder();
    let target = committed(&folder);
    assert_eq!(prove(&target, "").status, 0);
    let policy = fs::read_to_string(&prepared().policy).unwrap();
    let policy =
        fairshare_formats::policy::from_toml(&policy, &|name| fs::read(examples().join(name))).unwrap();
    let commitment = CommitmentFolder::read(Path::new(&target), &policy).unwrap();
    let registration = &commitment.registration;
    let records = registration.records();
    let cut = policy.geometry().cut(u64::from(records) * policy.schema().len() as u64);
    let segment = cut.segment(1).unwrap();
    assert_eq!(segment.shape.width(), Width::FOUR);
    let symbols = commitment.opening.symbols(segment.first, segment.symbols).unwrap();
    let dataset = Dataset {
        contributor: registration.contributor(),
        geometry: policy.geometry(),
        schema: registration.schema_hash(),
        records,
    };
    let index = SegmentIndex::try_from(1).unwrap();
    let secret = SegmentSecret::derive(commitment.opening.seed(), &dataset, index, &symbols);
    let handed_on = folder.join("handed-on");
    fs::create_dir(&handed_on).unwrap();
    write(&handed_on, "secret", secret.to_bytes().as_slice());
    write(&handed_on, "symbols", symbols.iter().flat_map(|symbol| symbol.to_be_bytes()).collect::<Vec<_>>());
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "commands::derived::one_segment", "--ignored"])
        .env("FAIRSHARE_SEGMENT", &handed_on)
        .env("FAIRSHARE_PARAMS", &prepared().params)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert!(fs::read(handed_on.join("proof")).unwrap() == kept(&target)[1]);
}

/// Proves the segment in the folder that the environment names.
#[test]
#[ignore = "run by another test, in a process of its own"]
fn one_segment() {
    let Some(folder) = std::env::var_os("FAIRSHARE_SEGMENT") else { return };
    let read = |name: &str| fs::read(Path::new(&folder).join(name)).unwrap();
    let secret = <[u8; 32]>::try_from(read("secret")).unwrap();
    let secret = SegmentSecret::from_bytes(secret.into());
    let symbols: Vec<u16> =
        read("symbols").as_chunks::<2>().0.iter().map(|bytes| u16::from_be_bytes(*bytes)).collect();
    let srs = fs::read(std::env::var("FAIRSHARE_PARAMS").unwrap()).unwrap();
    let srs = fairshare_formats::srs_file::decode(&srs, None).unwrap();
    let key = ProvingKey::build(&srs, CircuitKind::Histogram(Width::FOUR)).unwrap();
    let key = Key::new(key).unwrap();
    let columns = commit_columns(&srs, Width::FOUR, &symbols, &secret);
    let witness = SegmentWitness::new(&srs, &key, symbols, &secret, &columns);
    let proof = witness.prove(&CommitKey::new(&srs), &Uninterrupted).unwrap();
    write(Path::new(&folder), "proof", proof);
}

#[test]
fn a_sixth_key_is_refused() {
    let folder = folder();
    let target = committed(&folder);
    let opened = Path::new(&target).join(OPENED_FILE);
    let others = |count: usize| -> String { (0..count).map(|key| format!("16 1 0x{key:064x}\n")).collect() };
    fs::write(&opened, others(5)).unwrap();
    prove(&target, "").fails(1, &["opened.txt", "5 verifying keys already", "commit again"]);
    assert!(!Path::new(&target).join("proofs").exists(), "nothing was proved");
    // The fifth is not refused, nor the first of the other width; and the next time they are known.
    fs::write(&opened, others(4)).unwrap();
    for _ in 0..2 {
        assert_eq!(prove(&target, "").status, 0);
        assert_eq!(fs::read_to_string(&opened).unwrap().lines().count(), 6);
    }
}
