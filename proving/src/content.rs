//! What is submitted: chunks that go to a file as they come, or files that are copied. Either way the content
//! is hashed while it is written to the state folder, and nothing is held in memory but the chunk at hand.
//!
//! What is committed to is what was hashed: nobody but the service can change it after that.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use fairshare_storage::files;
use hmac::Mac;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir};

use crate::below;
use crate::error::{Refusal, StoreError, given};
use crate::record::{Content, Id, Purpose};
use crate::store::{Spool, Store};

/// Bytes by which a stream is told from something else.
const HEAD: usize = 6;
/// First bytes of an Arrow IPC stream, and of a file, which is read likewise.
const STREAM: &[u8] = &[0xff; 4];
const FILE: &[u8] = b"ARROW1";
/// Most files of a job.
pub(crate) const MAX_FILES: usize = 1_000;
/// Bytes of a file that are copied at once.
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

/// Content that came in whole, and is on the disk.
pub(crate) struct Submitted {
    pub spool: Spool,
    pub content: Content,
    pub fingerprint: Fingerprint,
}

impl Submitted {
    /// Where its files are until they are kept.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.content.paths(self.spool.path(), self.spool.path())
    }
}

/// A stream that is coming in.
pub(crate) struct Upload<'a> {
    store: &'a Store,
    file: NamedTempFile,
    hash: Sha256,
    length: u64,
    head: Vec<u8>,
    /// The most that is taken.
    limit: u64,
    /// What the header promised; none if it did not.
    promised: Option<u64>,
}

impl<'a> Upload<'a> {
    /// Nothing has come yet. More than the limit is refused before it is sent.
    pub(crate) fn begin(store: &'a Store, limit: u64, size: u64) -> Result<Self, Refusal> {
        if size > limit {
            return Err(Refusal::TooLong { limit });
        }
        store.check_room(size)?;
        let promised = (size > 0).then_some(size);
        let (file, hash) = (store.incoming()?, Sha256::new());
        Ok(Self { store, file, hash, length: 0, head: Vec::with_capacity(HEAD), limit, promised })
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
        self.store.check_room(chunk.len() as u64)?;
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
    pub(crate) fn finish(self) -> Result<Submitted, Refusal> {
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
        let fingerprint = Fingerprint::Stream(self.hash.finalize().into());
        Ok(Submitted { spool: Spool::Stream(self.file), content: Content::Stream, fingerprint })
    }

    fn failed(&self, source: std::io::Error) -> Refusal {
        StoreError::Io { path: self.file.path().to_owned(), source }.into()
    }
}

/// Files that are being copied from below the folder that the operator allows.
pub(crate) struct Copies<'a> {
    store: &'a Store,
    into: TempDir,
    hash: Sha256,
    places: Vec<PathBuf>,
    /// The most that is taken of all files together, and how much of it is left.
    limit: u64,
    left: u64,
    /// Whether whoever asked for it has gone.
    is_over: &'a dyn Fn() -> bool,
}

impl<'a> Copies<'a> {
    /// Copies the files that a header names, at most `limit` bytes of all together.
    pub(crate) fn of(
        store: &'a Store,
        folder: Option<&Path>,
        names: &[String],
        limit: u64,
        is_over: &'a dyn Fn() -> bool,
    ) -> Result<Submitted, Refusal> {
        let folder = folder.ok_or(Refusal::NoFiles)?;
        if names.len() > MAX_FILES {
            return Err(Refusal::TooManyFiles { limit: MAX_FILES });
        }
        let (into, hash) = (store.incoming_folder()?, Sha256::new());
        let mut copies = Self { store, into, hash, places: Vec::new(), limit, left: limit, is_over };
        for name in names {
            copies.take(folder, name)?;
        }
        copies.finish()
    }

    fn take(&mut self, folder: &Path, name: &str) -> Result<(), Refusal> {
        let found = below::open(folder, name)?;
        if self.places.contains(&found.place) {
            return Err(Refusal::Twice { name: given(name) });
        }
        let too_long = Refusal::TooLong { limit: self.limit };
        self.left = self.left.checked_sub(found.length).ok_or(too_long)?;
        self.store.check_room(found.length)?;
        let content = self.copy(found.file, found.length, &found.place, name)?;
        // A folder's name may be a column: names are content. Each is preceded by its length.
        self.hash.update((name.len() as u64).to_be_bytes());
        self.hash.update(name);
        self.hash.update(found.length.to_be_bytes());
        self.hash.update(content);
        self.places.push(found.place);
        Ok(())
    }

    /// Copies a file; the hash of what was copied.
    fn copy(&self, file: File, length: u64, place: &Path, name: &str) -> Result<[u8; 32], Refusal> {
        let target = self.into.path().join(place);
        let failed = |source| Refusal::from(StoreError::Io { path: target.clone(), source });
        if let Some(parent) = target.parent() {
            files::create_private_folder(parent).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        let mut copy = options.write(true).create_new(true).mode(0o600).open(&target).map_err(failed)?;
        let (mut hash, mut block, mut read) = (Sha256::new(), vec![0; BLOCK], 0);
        // What is appended meanwhile is not part of what was submitted.
        let mut file = file.take(length);
        loop {
            if (self.is_over)() {
                return Err(Refusal::CutOff);
            }
            let found = file.read(&mut block);
            let found = found.map_err(|source| Refusal::File { name: given(name), source })?;
            let Some(bytes) = block.get(..found).filter(|bytes| !bytes.is_empty()) else { break };
            self.store.check_room(found as u64)?;
            hash.update(bytes);
            copy.write_all(bytes).map_err(failed)?;
            read += found as u64;
        }
        if read != length {
            return Err(Refusal::Changed { name: given(name) });
        }
        copy.sync_all().map_err(failed)?;
        Ok(hash.finalize().into())
    }

    /// Brings the folders that the copies are in to the disk.
    fn finish(self) -> Result<Submitted, Refusal> {
        let mut folders: Vec<_> = self.places.iter().filter_map(|place| place.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let path = self.into.path().join(folder);
            files::sync_folder(&path).map_err(|source| StoreError::Io { path, source })?;
        }
        let fingerprint = Fingerprint::Files(self.hash.finalize().into());
        Ok(Submitted { spool: Spool::Files(self.into), content: Content::Files(self.places), fingerprint })
    }
}
