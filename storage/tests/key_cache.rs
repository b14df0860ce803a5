//! Proving keys kept on disk: found again, and built anew when what is found is stale, foreign or altered.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_params::Geometry;
use fairshare_params::keys::{CircuitKind, ProvingKey};
use fairshare_params::srs::Srs;
use fairshare_storage::key_cache::{KeyCache, KeyFileError};
use halo2_proofs::SerdeFormat;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Bytes before the key: eight of magic, a hash.
const HEADER: usize = 40;

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure(Geometry::COMPACT));
/// The smallest circuit's key, and its whole content.
static KEY: LazyLock<ProvingKey> = LazyLock::new(|| build(CircuitKind::DataScore));

fn build(kind: CircuitKind) -> ProvingKey {
    ProvingKey::build(&SRS, kind).expect("a key")
}

fn content(key: &ProvingKey) -> Vec<u8> {
    key.key().to_bytes(SerdeFormat::RawBytesUnchecked)
}

/// The one file of a cache.
fn only_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).expect("read").map(|entry| entry.expect("an entry").path());
    let file = files.next().expect("a file");
    assert_eq!(files.next(), None, "and nothing else, such as a temporary file");
    file
}

#[track_caller]
fn is_right(key: &ProvingKey) {
    assert_eq!(key.verifying().digest(), KEY.verifying().digest());
    assert!(content(key) == content(&KEY), "another proving key");
}

/// A cache that keeps the key, and its file.
struct Kept {
    _folder: TempDir,
    cache: KeyCache,
    file: PathBuf,
    honest: Vec<u8>,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = KeyCache::new(folder.path().to_owned());
        cache.proving_key(&SRS, KEY.verifying().clone()).expect("a key");
        let file = only_file(folder.path());
        let honest = fs::read(&file).expect("read");
        Self { _folder: folder, cache, file, honest }
    }

    /// That with these bytes in the file's place the key is built, and kept instead of them.
    #[track_caller]
    fn is_built_anew_for(&self, bytes: &[u8]) {
        fs::write(&self.file, bytes).expect("write");
        is_right(&self.cache.proving_key(&SRS, KEY.verifying().clone()).expect("a key"));
        assert!(fs::read(&self.file).expect("read") == self.honest, "and kept in place of the altered one");
    }
}

#[test]
fn a_key_is_kept_and_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = KeyCache::new(folder.path().join("deep/below"));
    is_right(&cache.proving_key(&SRS, KEY.verifying().clone()).expect("a key"));
    let file = only_file(&folder.path().join("deep/below"));
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let digest = KEY.verifying().digest().to_string();
    assert_eq!(name, format!("data-score-compact-{}.key", &digest[2..18]));
    let written = fs::metadata(&file).expect("metadata").modified().expect("a time");
    is_right(&cache.proving_key(&SRS, KEY.verifying().clone()).expect("a key"));
    assert_eq!(
        fs::metadata(&file).expect("metadata").modified().expect("a time"),
        written,
        "not written again"
    );
}

#[test]
fn an_altered_key_is_built_anew() {
    let kept = Kept::new();
    let honest = &kept.honest;
    let flipped = |at: usize| {
        let mut bytes = honest.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = honest.len() - 1;
    let altered = [
        vec![],
        honest[..HEADER - 1].to_vec(),
        honest[..HEADER].to_vec(),
        honest[..last].to_vec(),
        [honest.as_slice(), &[0]].concat(),
        flipped(0),
        flipped(HEADER - 1),
        flipped(HEADER),
        flipped(honest.len() / 2),
        flipped(last),
    ];
    for bytes in altered {
        kept.is_built_anew_for(&bytes);
    }
}

/// `body` as a file that its own hash confirms.
fn confirmed(magic: &[u8], body: &[u8]) -> Vec<u8> {
    [magic, &Sha256::digest(body), body].concat()
}

#[test]
fn a_foreign_key_is_built_anew() {
    let kept = Kept::new();
    let honest = &kept.honest;
    let magic = &honest[..8];
    // Another circuit's key, and bodies that are none, under the right name and with their right hash.
    let other = content(&build(CircuitKind::ComputeScore));
    let truncated = &honest[HEADER..honest.len() - 100];
    let early = &honest[HEADER..HEADER + 1000];
    let mut huge = honest[HEADER..].to_vec();
    huge[6..10].fill(0xff);
    for body in [other.as_slice(), truncated, early, &[], &[0xff; 4096], &huge] {
        kept.is_built_anew_for(&confirmed(magic, body));
    }
}

#[test]
fn what_is_of_no_use_says_why() {
    let kept = Kept::new();
    let (honest, length) = (&kept.honest, kept.honest.len() as u64);
    let found = |bytes: &[u8]| {
        fs::write(&kept.file, bytes).expect("write");
        kept.cache.find(KEY.verifying())
    };
    assert!(matches!(found(honest), Ok(Some(_))));
    let short = found(&honest[1..]);
    let lengths = (length - 1, length);
    assert!(matches!(short, Err(KeyFileError::Length { found, expected }) if (found, expected) == lengths));
    assert!(matches!(found(&flip(honest, 0)), Err(KeyFileError::Altered)));
    assert!(matches!(found(&flip(honest, HEADER + 9)), Err(KeyFileError::Altered)));
    let other = confirmed(&honest[..8], &flip(honest, HEADER + 9)[HEADER..]);
    assert!(matches!(found(&other), Err(KeyFileError::OtherCircuit)));
    fs::remove_file(&kept.file).expect("removed");
    assert!(matches!(kept.cache.find(KEY.verifying()), Ok(None)));
    fs::create_dir(&kept.file).expect("a folder in its place");
    assert!(matches!(kept.cache.find(KEY.verifying()), Err(KeyFileError::Read(_))));
}

#[test]
fn a_cache_that_cannot_be_used_costs_only_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    fs::write(&file, "in the way").expect("write");
    is_right(&KeyCache::new(file).proving_key(&SRS, KEY.verifying().clone()).expect("a key"));
}

/// Whoever can write to the cache could leave a pipe there, on which a reader would wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_key_is_not_waited_for() {
    let kept = Kept::new();
    fs::remove_file(&kept.file).expect("removed");
    assert!(std::process::Command::new("mkfifo").arg(&kept.file).status().expect("mkfifo").success());
    let error = kept.cache.find(KEY.verifying()).map(|_| ()).expect_err("no key");
    assert_eq!(error.source().expect("a cause").to_string(), "not a regular file");
    is_right(&kept.cache.proving_key(&SRS, KEY.verifying().clone()).expect("a key"));
}

/// Every field of the header, every length within, and a spread of the verifying key: with the old hash and,
/// but for the header, with its own. A polynomial's values stand for themselves: a wrong one makes proofs
/// that the prover refuses.
#[test]
fn every_field_of_a_kept_key() {
    let kept = Kept::new();
    let honest = &kept.honest;
    let verifying = KEY.verifying().key().to_bytes(SerdeFormat::RawBytesUnchecked).len();
    let rows = Geometry::COMPACT.rows();
    let lengths = lengths(&honest[HEADER + verifying..], rows);
    let mut altered: Vec<Vec<u8>> = (0..HEADER).step_by(5).map(|at| flip(honest, at)).collect();
    let confirm = |bytes: &[u8]| confirmed(&honest[..8], &bytes[HEADER..]);
    let spread = (0..verifying).step_by(verifying / 6).chain([verifying - 1]);
    altered.extend(spread.map(|at| confirm(&flip(honest, HEADER + at))));
    for (index, at) in lengths.iter().enumerate().filter(|(index, _)| index % 9 == 0 || *index < 4) {
        let at = HEADER + verifying + at;
        let length = u32::from_be_bytes(honest[at..at + 4].try_into().expect("four bytes"));
        let wrong = [0, length + 1, length - 1, u32::MAX][index % 4];
        let mut bytes = honest.clone();
        bytes[at..at + 4].copy_from_slice(&wrong.to_be_bytes());
        altered.push(confirm(&bytes));
    }
    println!("{} files, of {} lengths within {} bytes", altered.len(), lengths.len(), honest.len());
    for bytes in altered {
        kept.is_built_anew_for(&bytes);
    }
}

fn flip(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x10;
    bytes
}

/// Where the lengths stand in what follows the verifying key: three polynomials, then four lists of them.
fn lengths(bytes: &[u8], rows: usize) -> Vec<usize> {
    let read = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let (mut lengths, mut at) = (Vec::new(), 0);
    let polynomial = 4 + 32 * rows;
    let mut take = |count: usize, at: &mut usize| {
        for _ in 0..count {
            assert_eq!(read(*at), rows);
            lengths.push(*at);
            *at += polynomial;
        }
    };
    take(3, &mut at);
    let mut lists = Vec::new();
    for _ in 0..4 {
        lists.push(at);
        let count = read(at);
        at += 4;
        take(count, &mut at);
    }
    assert_eq!(at, bytes.len(), "nothing else is there");
    lists.extend(lengths);
    lists
}
