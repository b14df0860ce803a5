//! The secret opening, altered field by field with its checksum made right again: refused, or never proved,
//! or — where nothing reads the field — proved as if it had not been altered.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_params::Geometry;
use fairshare_prover::commit::{CommitError, OPENING_FILE, REQUEST_FILE, commit_data};
use fairshare_prover::secret::OpeningError;
use fairshare_prover::{BackendError, ProveError, Silent};
use sha2::{Digest as _, Sha256};

use super::fixture::{PROVER, RULES, SRS, VERIFIER, commit_records, contributor, records};
use super::folder;

/// The fields before the checksum: magic with version, geometry, digest, seed, records.
const MAGIC: usize = 0;
const GEOMETRY: usize = 8;
const DIGEST: usize = 9;
const SEED: usize = 41;
const RECORDS: usize = 73;
const CHECKSUM: usize = 81;
const PAYLOAD: usize = 113;

/// Puts into a folder its opening with `change` made and the checksum right again.
fn write_changed(target: &Path, honest: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = honest.to_vec();
    change(&mut bytes);
    assert!(bytes != honest, "nothing was altered");
    let checksum = Sha256::digest(&bytes[..CHECKSUM]);
    bytes[CHECKSUM..PAYLOAD].copy_from_slice(&checksum);
    fs::write(target.join(OPENING_FILE), &bytes).expect("write");
}

/// The same, and what proving then says.
fn prove_changed(
    target: &Path,
    honest: &[u8],
    change: impl FnOnce(&mut Vec<u8>),
) -> Result<(), Box<ProveError>> {
    write_changed(target, honest, change);
    let folders: [PathBuf; 1] = [target.to_owned()];
    let proved = PROVER.prove_data(&folders, &Silent).map_err(Box::new)?;
    VERIFIER.verify(&proved.bundle, &proved.registrations).expect("what is handed out verifies");
    Ok(())
}

fn opening_error(result: Result<(), Box<ProveError>>, what: &str) -> OpeningError {
    match *result.expect_err(what) {
        ProveError::Commit(CommitError::Opening(error)) => error,
        other => panic!("{what}: {other:?}"),
    }
}

/// A commitment folder, and its opening's bytes.
fn opening(folder: &Path) -> (PathBuf, Vec<u8>) {
    let (target, _) = commit_records(folder, "data", &contributor(), &[records(200, 1)]);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    (target, honest)
}

#[test]
fn fields_that_the_reader_checks() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    let flipped = |at: usize, bit: u8| prove_changed(&target, &honest, |bytes| bytes[at] ^= 1 << bit);
    let mut tried = 0;
    for (at, bit) in (MAGIC..GEOMETRY).flat_map(|at| [0, 4, 7].map(|bit| (at, bit))) {
        let error = opening_error(flipped(at, bit), "magic and version");
        assert!(matches!(error, OpeningError::Header { .. }), "byte {at}: {error:?}");
        tried += 1;
    }
    for value in [0, 4, 0x81, 0xff] {
        let changed = prove_changed(&target, &honest, |bytes| bytes[GEOMETRY] = value);
        let error = opening_error(changed, "geometry");
        assert!(matches!(error, OpeningError::Header { .. }), "{value}: {error:?}");
        tried += 1;
    }
    for (at, bit) in (DIGEST..SEED).flat_map(|at| [0, 7].map(|bit| (at, bit))) {
        let error = opening_error(flipped(at, bit), "digest");
        assert!(matches!(error, OpeningError::OtherRequest { .. }), "byte {at}: {error:?}");
        tried += 1;
    }
    let count = u64::from_be_bytes(honest[RECORDS..CHECKSUM].try_into().expect("eight bytes"));
    assert_eq!(count, 200);
    // The last of these times four is the true length once it wraps.
    for value in [0, count - 1, count + 1, u64::MAX, 1 << 63, count + (1 << 62)] {
        let changed = prove_changed(&target, &honest, |bytes| {
            bytes[RECORDS..CHECKSUM].copy_from_slice(&value.to_be_bytes())
        });
        let error = opening_error(changed, "records");
        assert!(matches!(error, OpeningError::Length { .. }), "{value}: {error:?}");
        tried += 1;
    }
    println!("{tried} changes refused by the reader");
}

/// An opening as version 1 wrote it, with a role after the version: named, with what to do.
#[test]
fn an_opening_of_version_1_is_named() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    let (role, compact, records) = (0u8, 1u8, 200u64);
    let mut old = [b"FSOPEN".as_slice(), &[0, 1, role, compact], &honest[DIGEST..RECORDS]].concat();
    old.extend(records.to_be_bytes());
    old.extend(Sha256::digest(&old));
    old.extend(&honest[PAYLOAD..]);
    fs::write(target.join(OPENING_FILE), &old).expect("write");
    let refused = PROVER.prove_data(&[target], &Silent).map(drop).map_err(Box::new);
    let error = opening_error(refused, "version 1");
    assert!(matches!(error, OpeningError::Version1 { .. }), "{error:?}");
}

/// More or fewer records, their symbols with them: not as many as are registered.
#[test]
fn records_with_symbols_that_fit_are_never_proved() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    let registered = honest.len().saturating_sub(PAYLOAD) / 4;
    for count in [0, registered - 1, registered + 1, 100_000] {
        let result = prove_changed(&target, &honest, |bytes| {
            bytes[RECORDS..CHECKSUM].copy_from_slice(&(count as u64).to_be_bytes());
            // Two symbols of the schema's.
            let filler = [0, 1, 0, 5].repeat(count.saturating_sub(registered));
            bytes.truncate(PAYLOAD + 4 * count);
            bytes.extend(filler);
        });
        let error = opening_error(result, "other records than are registered");
        assert!(matches!(error, OpeningError::Header { .. }), "{count}: {error:?}");
    }
}

/// Another seed gives other blindings: the data is right, and yet it is not what was committed to.
#[test]
fn another_seed_opens_nothing() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    for (at, bit) in [(SEED, 7), (SEED + 15, 3), (RECORDS - 1, 0)] {
        let error = prove_changed(&target, &honest, |bytes| bytes[at] ^= 1 << bit).expect_err("another seed");
        assert!(matches!(*error, ProveError::OpeningMismatch { .. }), "byte {at}: {error:?}");
    }
}

/// The geometry has to be the registration's, although the digest covers it.
#[test]
fn another_geometry_than_is_registered() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    let changed = prove_changed(&target, &honest, |bytes| bytes[GEOMETRY] = Geometry::STANDARD.id());
    let error = opening_error(changed, "another geometry");
    assert!(matches!(error, OpeningError::Header { .. }), "{error:?}");
}

/// Nor is it completed, its request gone, by the command that made it.
#[test]
fn an_opening_of_another_geometry_is_not_completed() {
    let folder = folder();
    let (target, honest) = opening(folder.path());
    let request = target.join(REQUEST_FILE);
    let data = [folder.path().join("data-0.csv")];
    let again = || commit_data(&SRS, &RULES, &contributor(), &data, &target, &Silent);
    fs::remove_file(&request).expect("remove");
    write_changed(&target, &honest, |bytes| bytes[GEOMETRY] = Geometry::STANDARD.id());
    let refused = again();
    assert!(matches!(refused, Err(CommitError::Occupied { .. })), "{refused:?}");
    assert!(!request.exists());
    fs::write(target.join(OPENING_FILE), &honest).expect("write");
    again().expect("the honest one is");
}

/// A cached proving key of the right shape and hash, its polynomials altered: the prover takes it on trust,
/// and hands out nothing that does not verify. Whatever stands there, nothing panics.
#[test]
fn a_wrong_proving_key_hands_out_nothing_false() {
    use fairshare_prover::{Limits, Prover};
    use fairshare_storage::key_cache::KeyCache;

    /// Bytes before the key: eight of magic, a hash.
    const HEADER: usize = 40;
    let folder = folder();
    let cache = folder.path().join("cache");
    let node = contributor();
    let prover = || Prover::new(&SRS, &VERIFIER, Limits::default()).with_cache(KeyCache::new(cache.clone()));
    prover().prove_compute(&node, &Silent).expect("a bundle");
    let file = fs::read_dir(&cache).expect("read").next().expect("a key").expect("an entry").path();
    let honest = fs::read(&file).expect("read");
    let (mut refused, mut harmless) = (0, 0);
    // Among the polynomials, which are nearly all of the file and stand after the verifying key.
    for part in 1..4 {
        let at = honest.len() / 4 * part;
        // The last fill is of no scalar at all.
        for fill in [0x00, 0x01, 0xff] {
            let mut bytes = honest.clone();
            // Past the length of a polynomial that may stand here, one scalar of a middle row.
            let start = at - at % 32 + 4096;
            bytes[start..start + 32].fill(fill);
            let hash = Sha256::digest(&bytes[HEADER..]);
            bytes[8..HEADER].copy_from_slice(&hash);
            fs::write(&file, &bytes).expect("write");
            match prover().prove_compute(&node, &Silent) {
                Ok(proved) => {
                    VERIFIER
                        .verify(&proved.bundle, &proved.registrations)
                        .expect("what is handed out verifies");
                    harmless += 1;
                }
                Err(ProveError::Proof {
                    source: BackendError::Verify(_) | BackendError::Prove(_), ..
                }) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    println!("{refused} refused, {harmless} of no effect");
    assert!(refused > 0);
}
