//! The secret opening, altered field by field with its checksum made right again: refused, or never proved,
//! or — where nothing reads the field — proved as if it had not been altered.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_params::Geometry;
use fairshare_params::role::Role;
use fairshare_prover::commit::{CommitError, OPENING_FILE, REGISTRATION_FILE, commit_compute, commit_data};
use fairshare_prover::secret::OpeningError;
use fairshare_prover::{BackendError, ProveError, Silent};
use sha2::{Digest as _, Sha256};

use super::fixture::{
    PROVER, RULES, SRS, UNITS, VERIFIER, commit_records, commit_units, contributor, records,
};
use super::folder;

/// The fields before the checksum: magic, version, role, geometry, digest, seed, items.
const MAGIC: usize = 0;
const VERSION: usize = 6;
const ROLE: usize = 8;
const GEOMETRY: usize = 9;
const DIGEST: usize = 10;
const SEED: usize = 42;
const ITEMS: usize = 74;
const CHECKSUM: usize = 82;
const PAYLOAD: usize = 114;

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
    let proved = PROVER.prove(&folders, &Silent).map_err(Box::new)?;
    VERIFIER.verify(&proved.bundle, &proved.registrations).expect("what is handed out verifies");
    Ok(())
}

fn opening_error(result: Result<(), Box<ProveError>>, what: &str) -> OpeningError {
    match *result.expect_err(what) {
        ProveError::Commit(CommitError::Opening(error)) => error,
        other => panic!("{what}: {other:?}"),
    }
}

/// Two features of two bytes make a record as long as a unit, so that a wrong role passes the check of the
/// length.
fn openings(folder: &Path) -> [(PathBuf, Role); 2] {
    let (data, _) = commit_records(folder, "data", &contributor(), &[records(200, 1)]);
    let (compute, _) = commit_units(folder, "compute", &contributor(), UNITS);
    [(data, Role::Data), (compute, Role::Compute)]
}

#[test]
fn fields_that_the_reader_checks() {
    let folder = folder();
    for (target, _) in openings(folder.path()) {
        let honest = fs::read(target.join(OPENING_FILE)).expect("read");
        let flipped = |at: usize, bit: u8| prove_changed(&target, &honest, |bytes| bytes[at] ^= 1 << bit);
        let mut tried = 0;
        for (at, bit) in (MAGIC..ROLE).flat_map(|at| [0, 4, 7].map(|bit| (at, bit))) {
            let error = opening_error(flipped(at, bit), "magic and version");
            assert!(matches!(error, OpeningError::Header { .. }), "byte {at}: {error:?}");
            tried += 1;
        }
        assert_eq!(VERSION, ROLE - 2);
        for (at, value) in
            [ROLE, GEOMETRY].into_iter().flat_map(|at| [0, 3, 0x81, 0xff].map(|value| (at, value)))
        {
            let changed = prove_changed(&target, &honest, |bytes| bytes[at] = value);
            let error = opening_error(changed, "role and geometry");
            assert!(matches!(error, OpeningError::Header { .. }), "byte {at}: {error:?}");
            tried += 1;
        }
        for (at, bit) in (DIGEST..SEED).flat_map(|at| [0, 7].map(|bit| (at, bit))) {
            let error = opening_error(flipped(at, bit), "digest");
            assert!(matches!(error, OpeningError::OtherRegistration { .. }), "byte {at}: {error:?}");
            tried += 1;
        }
        let items = u64::from_be_bytes(honest[ITEMS..CHECKSUM].try_into().expect("eight bytes"));
        // The last of these times four is the true length once it wraps.
        for value in [0, items - 1, items + 1, u64::MAX, 1 << 63, items + (1 << 62)] {
            let changed = prove_changed(&target, &honest, |bytes| {
                bytes[ITEMS..CHECKSUM].copy_from_slice(&value.to_be_bytes())
            });
            let error = opening_error(changed, "items");
            assert!(matches!(error, OpeningError::Length { .. }), "{value}: {error:?}");
            tried += 1;
        }
        println!("{tried} changes refused by the reader");
    }
}

/// More or fewer items, their payload with them: not as many as are registered.
#[test]
fn items_with_a_payload_that_fits_are_never_proved() {
    let folder = folder();
    for (target, role) in openings(folder.path()) {
        let honest = fs::read(target.join(OPENING_FILE)).expect("read");
        let items = honest.len().saturating_sub(PAYLOAD) / 4;
        let fewer = if role == Role::Data { items - 1 } else { 1 };
        for count in [0, fewer, items + 1, 100_000] {
            let result = prove_changed(&target, &honest, |bytes| {
                bytes[ITEMS..CHECKSUM].copy_from_slice(&(count as u64).to_be_bytes());
                // A unit, or two symbols, that are none of the honest ones.
                let filler = [0, 1, 0, 4].repeat(count.saturating_sub(items));
                bytes.truncate(PAYLOAD + 4 * count);
                bytes.extend(filler);
            });
            let error = opening_error(result, "other items than are registered");
            assert!(matches!(error, OpeningError::Header { .. }), "{role}, {count}: {error:?}");
        }
    }
}

/// Another seed gives other blindings: the data is right, and yet it is not what was committed to.
#[test]
fn another_seed_opens_nothing() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    for (at, bit) in [(SEED, 7), (SEED + 15, 3), (ITEMS - 1, 0)] {
        let error = prove_changed(&target, &honest, |bytes| bytes[at] ^= 1 << bit).expect_err("another seed");
        assert!(matches!(*error, ProveError::OpeningMismatch { .. }), "byte {at}: {error:?}");
    }
}

/// Role and geometry have to be the registration's, although the digest covers both.
#[test]
fn another_role_or_geometry_than_is_registered() {
    let folder = folder();
    for (target, role) in openings(folder.path()) {
        let honest = fs::read(target.join(OPENING_FILE)).expect("read");
        let other = if role == Role::Data { Role::Compute } else { Role::Data };
        for (at, value) in [(ROLE, other.id()), (GEOMETRY, Geometry::STANDARD.id())] {
            let error =
                opening_error(prove_changed(&target, &honest, |bytes| bytes[at] = value), "another id");
            assert!(matches!(error, OpeningError::Header { .. }), "{role}, byte {at}: {error:?}");
        }
    }
}

/// Nor is it completed, its registration gone, by the command that made it.
#[test]
fn an_opening_of_another_role_or_geometry_is_not_completed() {
    let folder = folder();
    let in_folder = |name| folder.path().join(name);
    for (target, role) in openings(folder.path()) {
        let honest = fs::read(target.join(OPENING_FILE)).expect("read");
        let registration = target.join(REGISTRATION_FILE);
        let again = || match role {
            Role::Data => {
                commit_data(&SRS, &RULES, &contributor(), &[in_folder("data-0.csv")], &target, &Silent)
            }
            Role::Compute => {
                commit_compute(&SRS, &RULES, &contributor(), &in_folder("compute.csv"), None, &target)
            }
        };
        fs::remove_file(&registration).expect("remove");
        let other = if role == Role::Data { Role::Compute } else { Role::Data };
        for (at, value) in [(ROLE, other.id()), (GEOMETRY, Geometry::STANDARD.id())] {
            write_changed(&target, &honest, |bytes| bytes[at] = value);
            let refused = again();
            assert!(matches!(refused, Err(CommitError::Occupied { .. })), "{role}, byte {at}: {refused:?}");
            assert!(!registration.exists());
        }
        fs::write(target.join(OPENING_FILE), &honest).expect("write");
        again().expect("the honest one is");
    }
}

/// Units have no blinding, so nothing reads their seed.
#[test]
fn the_seed_of_units_has_no_meaning() {
    let folder = folder();
    let (target, _) = commit_units(folder.path(), "compute", &contributor(), UNITS);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    prove_changed(&target, &honest, |bytes| bytes[SEED] ^= 1).expect("units are not blinded");
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
    let (target, _) = commit_units(folder.path(), "node", &contributor(), UNITS);
    let folders = [target];
    let prover = || Prover::new(&VERIFIER, Limits::default()).with_cache(KeyCache::new(cache.clone()));
    prover().prove(&folders, &Silent).expect("a bundle");
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
            match prover().prove(&folders, &Silent) {
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
