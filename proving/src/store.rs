//! The state folder: the secret of job ids, what is on its way in, and a folder for each job.
//!
//! | path | what it is |
//! | --- | --- |
//! | `service.key` | secret: job ids are made with it |
//! | `incoming/` | uploads that are not whole yet; emptied when the service starts |
//! | `keys/` | proving keys |
//! | `jobs/ID/job.json` | the job; written in one step, whenever it changes |
//! | `jobs/ID/records.arrows` | the records as they came; removed once they are committed to |
//! | `jobs/ID/commitment/` | a commitment folder: its opening is secret, and stays here |
//! | `jobs/ID/bundle` | the bundle of proofs |
//!
//! A job is there once its `job.json` is: a folder without it is what a killed process left of a submission
//! that nobody was told of.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fairshare_formats::json;
use fairshare_storage::files::{self, Access, ReadError};
use hmac::{Hmac, Mac};
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::record::{Id, Record, VERSION};

type Result<T> = std::result::Result<T, StoreError>;

/// Longest record: that of the most files, with long names.
const MAX_RECORD: u64 = 8 << 20;
const KEY_BYTES: u64 = 32;

/// A state folder that no other process uses. No `Debug`: it holds a secret.
pub(crate) struct Store {
    root: PathBuf,
    mac: Hmac<Sha256>,
    _lock: File,
}

/// A job's folder.
pub(crate) struct JobFolder(PathBuf);

impl JobFolder {
    fn record(&self) -> PathBuf {
        self.0.join("job.json")
    }

    /// The records as they came.
    pub(crate) fn spool(&self) -> PathBuf {
        self.0.join("records.arrows")
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
        gone(&self.spool(), fs::remove_file(self.spool()))
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
    /// Opens a state folder, or makes it; the jobs that are kept there, in no order.
    pub(crate) fn open(root: &Path) -> Result<(Self, Vec<(Id, Record)>)> {
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
        let store = Self { root: root.to_owned(), mac, _lock: lock };
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

    /// Puts what came in into a job's folder; its bytes are on the disk.
    pub(crate) fn keep(&self, id: &Id, spooled: NamedTempFile) -> Result<()> {
        let job = self.job(id);
        files::create_private_folder(&job.0).map_err(at(&job.0))?;
        let path = job.spool();
        spooled.persist(&path).map(drop).map_err(|error| at(&path)(error.error))
    }

    /// Writes a job, in one step.
    pub(crate) fn write(&self, id: &Id, record: &Record) -> Result<()> {
        let job = self.job(id);
        files::create_private_folder(&job.0).map_err(at(&job.0))?;
        let path = job.record();
        let bytes = serde_json::to_vec(record).map_err(|error| at(&path)(error.into()))?;
        files::write(&path, &bytes, Access::Secret).map_err(at(&path))
    }

    fn jobs(&self) -> Result<Vec<(Id, Record)>> {
        let folder = self.root.join("jobs");
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let entry = entry.map_err(at(&folder))?;
            // Whatever has another name is not ours.
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            match read(&self.job(&id).record())? {
                Some(record) => jobs.push((id, record)),
                None => self.sweep(&id)?,
            }
        }
        Ok(jobs)
    }

    /// Removes what is left of a submission. Where anything was committed to, it was more than that.
    fn sweep(&self, id: &Id) -> Result<()> {
        let job = self.job(id);
        if job.commitment().exists() {
            let source = io::Error::new(ErrorKind::NotFound, "a job has lost its record");
            return Err(StoreError::Io { path: job.record(), source });
        }
        gone(&job.0, fs::remove_dir_all(&job.0))
    }
}

fn read(path: &Path) -> Result<Option<Record>> {
    let bytes = match files::read(path, MAX_RECORD) {
        Ok(bytes) => bytes,
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(ReadError::Io(error)) => return Err(at(path)(error)),
        Err(error) => return Err(at(path)(io::Error::new(ErrorKind::FileTooLarge, error))),
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
