//! What is submitted: chunks that go to a file as they come, or files that are there already. Either way the
//! content is hashed, and nothing is held in memory but the chunk at hand.

use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use fairshare_storage::files;
use hmac::Mac;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::error::{Refusal, StoreError, given};
use crate::record::{Id, Purpose, Seen};
use crate::store::Store;

/// Bytes by which a stream is told from something else.
const HEAD: usize = 6;
/// First bytes of an Arrow IPC stream, and of a file, which is read likewise.
const STREAM: &[u8] = &[0xff; 4];
const FILE: &[u8] = b"ARROW1";
/// Most files of a job.
pub(crate) const MAX_FILES: usize = 1_000;
/// Bytes of a file that are hashed at once.
const BLOCK: usize = 1 << 20;

/// A hash of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fingerprint {
    Stream([u8; 32]),
    Files([u8; 32]),
}

impl Fingerprint {
    /// The id of a job for this content. It is made with a secret: an id is told in logs and lists, and who
    /// could compute it would learn whether a guess of somebody's records is right.
    pub(crate) fn id(&self, store: &Store, purpose: &Purpose) -> Id {
        let (kind, hash) = match self {
            Self::Stream(hash) => (0, hash),
            Self::Files(hash) => (1, hash),
        };
        let mut mac = store.mac();
        mac.update(b"fairshare/service/job");
        mac.update(&purpose.rules.0);
        mac.update(&purpose.contributor.0);
        mac.update(&[u8::from(purpose.accept_unmatched), kind]);
        mac.update(hash);
        Id(mac.finalize().into_bytes().into())
    }
}

/// A stream that is coming in.
pub(crate) struct Upload {
    file: NamedTempFile,
    hash: Sha256,
    length: u64,
    head: Vec<u8>,
    /// The most that is taken.
    limit: u64,
    /// What the header promised; none if it did not.
    promised: Option<u64>,
}

/// A stream that came in whole, and is on the disk.
pub(crate) struct Spooled {
    pub file: NamedTempFile,
    pub fingerprint: Fingerprint,
}

impl Upload {
    /// Nothing has come yet. More than the limit is refused before it is sent.
    pub(crate) fn begin(store: &Store, limit: u64, size: u64) -> Result<Self, Refusal> {
        if size > limit {
            return Err(Refusal::TooLong { limit });
        }
        let promised = (size > 0).then_some(size);
        let (file, hash) = (store.incoming()?, Sha256::new());
        Ok(Self { file, hash, length: 0, head: Vec::with_capacity(HEAD), limit, promised })
    }

    /// Takes a chunk.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        if chunk.is_empty() {
            return Err(Refusal::EmptyMessage);
        }
        let length = self.length.saturating_add(chunk.len() as u64);
        if length > self.limit {
            return Err(Refusal::TooLong { limit: self.limit });
        }
        if let Some(promised) = self.promised.filter(|promised| length > *promised) {
            return Err(Refusal::Size { promised, found: length });
        }
        if self.head.len() < HEAD {
            self.head.extend(chunk.iter().take(HEAD - self.head.len()));
            self.check_head()?;
        }
        self.hash.update(chunk);
        self.file.write_all(chunk).map_err(|source| self.failed(source))?;
        self.length = length;
        Ok(())
    }

    /// Refuses what is not Arrow as soon as that can be told.
    fn check_head(&self) -> Result<(), Refusal> {
        let agrees = |magic: &[u8]| magic.iter().zip(&self.head).all(|(expected, found)| expected == found);
        if agrees(STREAM) || agrees(FILE) { Ok(()) } else { Err(Refusal::NotArrow) }
    }

    /// All has come: brings it to the disk.
    pub(crate) fn finish(self) -> Result<Spooled, Refusal> {
        if self.length == 0 {
            return Err(Refusal::Empty);
        }
        if let Some(promised) = self.promised.filter(|promised| self.length != *promised) {
            return Err(Refusal::Size { promised, found: self.length });
        }
        if self.head.len() < HEAD {
            return Err(Refusal::NotArrow);
        }
        self.file.as_file().sync_all().map_err(|source| self.failed(source))?;
        Ok(Spooled { file: self.file, fingerprint: Fingerprint::Stream(self.hash.finalize().into()) })
    }

    fn failed(&self, source: std::io::Error) -> Refusal {
        StoreError::Io { path: self.file.path().to_owned(), source }.into()
    }
}

/// The files that a header names, below the folder that the operator allows.
pub(crate) fn look_at(folder: Option<&Path>, names: &[String]) -> Result<(Vec<Seen>, Fingerprint), Refusal> {
    let folder = folder.ok_or(Refusal::NoFiles)?;
    if names.len() > MAX_FILES {
        return Err(Refusal::TooManyFiles { limit: MAX_FILES });
    }
    let (mut seen, mut hash) = (Vec::with_capacity(names.len()), Sha256::new());
    for name in names {
        let path = resolve(folder, name)?;
        let refused = |source| Refusal::File { name: given(name), source };
        let (file, length) = files::open(&path).map_err(|error| refused(error.into()))?;
        let metadata = file.metadata().map_err(refused)?;
        let content = content_hash(file, length).map_err(refused)?;
        // A folder's name may be a column: names are content. Each is preceded by its length.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update(length.to_be_bytes());
        hash.update(content);
        seen.push(Seen { path, length, modified: modified(&metadata) });
    }
    Ok((seen, Fingerprint::Files(hash.finalize().into())))
}

/// Whether files are still as they were.
pub(crate) fn is_as_seen(seen: &[Seen]) -> bool {
    seen.iter().all(|seen| {
        files::open(&seen.path).is_ok_and(|(file, length)| {
            let modified = file.metadata().map(|metadata| modified(&metadata));
            length == seen.length && modified.is_ok_and(|modified| modified == seen.modified)
        })
    })
}

/// Where a name leads: below the folder, wherever links lead, or it is refused alike, so that nobody learns
/// what is elsewhere.
fn resolve(folder: &Path, name: &str) -> Result<PathBuf, Refusal> {
    let outside = || Refusal::Outside { name: given(name) };
    let relative = Path::new(name);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    // A pattern would be taken for all files that it matches, wherever they are.
    if name.is_empty() || !is_plain || name.contains(['*', '?', '[']) {
        return Err(outside());
    }
    let path = folder.join(relative).canonicalize().map_err(|_| outside())?;
    if path.starts_with(folder) && path.is_file() { Ok(path) } else { Err(outside()) }
}

fn content_hash(file: File, length: u64) -> std::io::Result<[u8; 32]> {
    let (mut hash, mut block) = (Sha256::new(), vec![0; BLOCK]);
    // One that grows meanwhile is another one when it is read.
    let mut file = file.take(length);
    loop {
        let read = file.read(&mut block)?;
        let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hash.finalize().into())
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or_default()
}
