//! The state folder: the secret of job ids, what is on its way in, and a folder for each job.
//!
//! | path | what it is |
//! | --- | --- |
//! | `service.key` | secret: job ids are made with it |
//! | `incoming/` | uploads that are not whole yet; emptied when the service starts |
//! | `keys/` | proving keys |
//! | `jobs/ID/job.json` | the job; written in one step, whenever it changes |
//! | `jobs/ID/records.arrows` | the stream as it came; removed once it is committed to |
//! | `jobs/ID/files/` | copies of the files that were named; removed likewise |
//! | `jobs/ID/commitment/` | a commitment folder: its opening is secret, and stays here |
//! | `jobs/ID/bundle` | the bundle of proofs |
//!
//! A job is there once its `job.json` is: a folder without it is what a killed process left of a submission
//! that nobody was told of. A `job.json` that cannot be read is left as it is, and its job is not known: it
//! may have an opening beside it.
//!
//! What comes in leaves some room on the disk, so that the jobs that are there can go on.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fairshare_formats::json;
use fairshare_storage::files::{self, Access, ReadError};
use hmac::{Hmac, Mac};
use rand_core::{OsRng, RngCore};
use rustix::fs::statvfs;
use sha2::Sha256;
use tempfile::{NamedTempFile, TempDir};
use zeroize::Zeroizing;

use crate::error::{Refusal, StoreError};
use crate::record::{Id, Record, VERSION};

type Result<T> = std::result::Result<T, StoreError>;

/// Longest record: that of the most files, with the longest names, of which each byte may take six.
const MAX_RECORD: u64 = 8 << 20;
/// The least that a disk needs to have left, in bytes, for the records of jobs.
const LEAST_ROOM: u64 = 1 << 20;
const KEY_BYTES: u64 = 32;

/// A state folder that no other process uses. No `Debug`: it holds a secret.
pub(crate) struct Store {
    root: PathBuf,
    mac: Hmac<Sha256>,
    /// Bytes of the disk that what comes in leaves free.
    reserve: u64,
    /// Jobs whose record cannot be read.
    unreadable: HashSet<Id>,
    _lock: File,
}

/// What came in, until it is kept; removed with the value otherwise.
pub(crate) enum Spool {
    Stream(NamedTempFile),
    Files(TempDir),
}

impl Spool {
    /// The stream, or the folder of files.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Stream(file) => file.path(),
            Self::Files(folder) => folder.path(),
        }
    }
}

/// A job's folder.
pub(crate) struct JobFolder(PathBuf);

impl JobFolder {
    fn record(&self) -> PathBuf {
        self.0.join("job.json")
    }

    /// The stream as it came.
    pub(crate) fn stream(&self) -> PathBuf {
        self.0.join("records.arrows")
    }

    /// The files as they were copied.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// The commitment folder.
    pub(crate) fn commitment(&self) -> PathBuf {
        self.0.join("commitment")
    }

    /// The bundle.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.0.join("bundle")
    }

    /// Removes what came, once nothing needs it any more.
    pub(crate) fn remove_spool(&self) -> Result<()> {
        gone(&self.stream(), fs::remove_file(self.stream()))?;
        gone(&self.files(), fs::remove_dir_all(self.files()))
    }

    /// Whether anything was committed to.
    pub(crate) fn has_commitment(&self) -> bool {
        self.commitment().exists()
    }

    /// Removes all of it.
    pub(crate) fn remove(&self) -> Result<()> {
        gone(&self.0, fs::remove_dir_all(&self.0))
    }

    /// Removes a commitment that was not finished. A finished one stays: it may be on record.
    pub(crate) fn remove_unfinished(&self) -> Result<()> {
        let folder = self.commitment();
        if folder.join(fairshare_prover::REQUEST_FILE).exists() {
            return Ok(());
        }
        gone(&folder, fs::remove_dir_all(&folder))
    }
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<()> {
    match removed {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(StoreError::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

impl Store {
    /// Opens a state folder, or makes it; the jobs that are kept there, in no order. What comes in leaves
    /// `reserve` bytes of its disk free.
    pub(crate) fn open(root: &Path, reserve: u64) -> Result<(Self, Vec<(Id, Record)>)> {
        files::create_private_folder(root).map_err(at(root))?;
        let held = || StoreError::Held { path: root.to_owned() };
        let lock = files::lock_folder(root).map_err(at(root))?.ok_or_else(held)?;
        if files::is_exposed(&lock).map_err(at(root))? {
            return Err(StoreError::Exposed { path: root.to_owned() });
        }
        let incoming = root.join("incoming");
        gone(&incoming, fs::remove_dir_all(&incoming))?;
        for folder in [&incoming, &root.join("jobs")] {
            files::create_private_folder(folder).map_err(at(folder))?;
        }
        let path = root.join("service.key");
        let mac = Hmac::new_from_slice(key(&path)?.as_slice()).map_err(|_| StoreError::Key { path })?;
        let mut store = Self { root: root.to_owned(), mac, reserve, unreadable: HashSet::new(), _lock: lock };
        let jobs = store.jobs()?;
        Ok((store, jobs))
    }

    /// What job ids are made with.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.mac.clone()
    }

    /// Where proving keys are kept.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// A job's folder, which may not be there.
    pub(crate) fn job(&self, id: &Id) -> JobFolder {
        JobFolder(self.root.join("jobs").join(id.to_string()))
    }

    /// A file for what comes in; it is removed unless it is kept.
    pub(crate) fn incoming(&self) -> Result<NamedTempFile> {
        let folder = self.root.join("incoming");
        // The ending names the format to whoever reads it.
        tempfile::Builder::new().suffix(".arrows").tempfile_in(&folder).map_err(at(&folder))
    }

    /// A folder for copies of files; it is removed unless it is kept.
    pub(crate) fn incoming_folder(&self) -> Result<TempDir> {
        let folder = self.root.join("incoming");
        tempfile::tempdir_in(&folder).map_err(at(&folder))
    }

    /// That the disk has room for so many bytes more, and for the jobs that are there.
    pub(crate) fn check_room(&self, more: u64) -> std::result::Result<(), Refusal> {
        let room = self.free()?;
        if room < self.reserve.saturating_add(more) { Err(Refusal::Full) } else { Ok(()) }
    }

    /// Whether so little room is left that what is written next may not fit: half of what uploads leave.
    pub(crate) fn is_short(&self) -> Result<bool> {
        Ok(self.free()? < (self.reserve / 2).max(LEAST_ROOM))
    }

    /// Bytes that the disk has left for this user.
    fn free(&self) -> Result<u64> {
        let found = statvfs(&self.root).map_err(|error| at(&self.root)(error.into()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Whether a job's record is there and cannot be read.
    pub(crate) fn is_unreadable(&self, id: &Id) -> bool {
        self.unreadable.contains(id)
    }

    /// Puts what came in into a job's folder, and writes the job; or nothing of that is left. Its bytes are
    /// on the disk.
    pub(crate) fn begin(&self, id: &Id, spool: Spool, record: &Record) -> Result<()> {
        let job = self.job(id);
        let is_known = job.record().exists();
        let begun = self.keep(&job, spool).and_then(|()| self.write(id, record));
        if begun.is_err() {
            // What is left all the same is removed at the next start.
            let _ = if is_known { job.remove_spool() } else { job.remove() };
        }
        begun
    }

    fn keep(&self, job: &JobFolder, spool: Spool) -> Result<()> {
        files::create_private_folder(&job.0).map_err(at(&job.0))?;
        job.remove_spool()?;
        match spool {
            Spool::Stream(file) => {
                let path = job.stream();
                file.persist(&path).map(drop).map_err(|error| at(&path)(error.error))
            }
            Spool::Files(folder) => {
                let path = job.files();
                fs::rename(folder.path(), &path).map_err(at(&path))?;
                // There is nothing at its old place to remove.
                let _ = folder.keep();
                Ok(())
            }
        }
    }

    /// Writes a job, in one step.
    pub(crate) fn write(&self, id: &Id, record: &Record) -> Result<()> {
        let job = self.job(id);
        files::create_private_folder(&job.0).map_err(at(&job.0))?;
        let path = job.record();
        let bytes = serde_json::to_vec(record).map_err(|error| at(&path)(error.into()))?;
        if bytes.len() as u64 > MAX_RECORD {
            // It could not be read again.
            return Err(at(&path)(ErrorKind::FileTooLarge.into()));
        }
        files::write(&path, &bytes, Access::Secret).map_err(at(&path))
    }

    /// Forgets a job. Nothing of it is left.
    pub(crate) fn remove(&self, id: &Id) -> Result<()> {
        self.job(id).remove()
    }

    fn jobs(&mut self) -> Result<Vec<(Id, Record)>> {
        let folder = self.root.join("jobs");
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            // Whatever has another name is not ours.
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            match read(&self.job(&id).record()) {
                Ok(Some(record)) => jobs.push((id, record)),
                Ok(None) => self.sweep(&id)?,
                // One job must not keep the others from being worked on.
                Err(error @ (StoreError::Form { .. } | StoreError::Length { .. })) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a job is left as it is");
                    self.unreadable.insert(id);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(jobs)
    }

    /// Removes what is left of a submission. Where anything was committed to, it was more than that.
    fn sweep(&self, id: &Id) -> Result<()> {
        let job = self.job(id);
        if job.has_commitment() {
            let source = io::Error::new(ErrorKind::NotFound, "a job has lost its record");
            return Err(StoreError::Io { path: job.record(), source });
        }
        job.remove()
    }
}

fn read(path: &Path) -> Result<Option<Record>> {
    let bytes = match files::read(path, MAX_RECORD) {
        Ok(bytes) => bytes,
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(ReadError::Io(error)) => return Err(at(path)(error)),
        Err(ReadError::TooLong { .. }) => {
            return Err(StoreError::Length { path: path.to_owned(), bound: MAX_RECORD });
        }
    };
    let record: Record =
        json::from_slice(&bytes).map_err(|source| StoreError::Form { path: path.to_owned(), source })?;
    if record.version != VERSION {
        let (path, found, known) = (path.to_owned(), record.version, VERSION);
        return Err(StoreError::Version { path, found, known });
    }
    Ok(Some(record))
}

/// The service's secret, made when it is first asked for.
fn key(path: &Path) -> Result<Zeroizing<[u8; KEY_BYTES as usize]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES as usize]);
    match files::open(path) {
        Ok((file, KEY_BYTES)) => {
            let bytes = files::read_whole(file, KEY_BYTES).map(Zeroizing::new);
            let bytes = bytes.map_err(|_| StoreError::Key { path: path.to_owned() })?;
            if bytes.len() != key.len() {
                return Err(StoreError::Key { path: path.to_owned() });
            }
            key.copy_from_slice(&bytes);
        }
        Ok(_) => return Err(StoreError::Key { path: path.to_owned() }),
        Err(files::OpenError::Io(error)) if error.kind() == ErrorKind::NotFound => {
            OsRng.try_fill_bytes(key.as_mut_slice()).map_err(StoreError::Randomness)?;
            files::write(path, key.as_slice(), Access::Secret).map_err(at(path))?;
        }
        Err(error) => return Err(at(path)(error.into())),
    }
    Ok(key)
}
