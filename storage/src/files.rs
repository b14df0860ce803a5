//! Files that are there whole or not at all.
//!
//! A file is written as `.NAME.RANDOM.partial` beside its place, readable by its owner only, and takes its
//! name once all of it is on the disk. A process that is killed, or a disk that is full, leaves the file that
//! stood there before as it was. What a killed process leaves of its own is swept by whoever writes the same
//! file next: a temporary file is locked for as long as its writer lives.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

const SUFFIX: &str = ".partial";
/// Longest name that a temporary file's repeats: with prefix and suffix it must stay within a file system's
/// bounds.
const LONGEST_NAME: usize = 200;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only.
    Secret,
    /// Everyone.
    Public,
}

/// A temporary file beside `path`, readable by its owner only until it is published.
///
/// Refused where `path` could not be replaced: a folder, a device, a file that its owner made read-only.
pub fn begin(path: &Path) -> io::Result<NamedTempFile> {
    check_replaceable(path)?;
    let prefix = prefix(path)?;
    sweep(path, &prefix);
    loop {
        let file = tempfile::Builder::new().prefix(&prefix).suffix(SUFFIX).tempfile_in(parent(path))?;
        match file.as_file().try_lock() {
            // Another writer of the same file swept it before it was locked.
            Ok(()) if !file.path().exists() => {}
            Err(TryLockError::WouldBlock) => {}
            // A file system without locks does without: nothing is swept there.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Gives a finished temporary file its name and its access, after its bytes have reached the disk.
pub fn publish(file: NamedTempFile, path: &Path, access: Access) -> io::Result<()> {
    file.as_file().sync_all()?;
    set_access(file.as_file(), access)?;
    file.persist(path).map_err(|error| error.error)?;
    // The name is an entry of the folder: it too has to reach the disk.
    sync_folder(parent(path))
}

/// Writes `bytes` to `path` in one step.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = begin(path)?;
    file.write_all(bytes)?;
    publish(file, path, access)
}

/// Fails as [`write()`] would, as far as that can be told before there is anything to write: asked before
/// long work.
pub fn check_writable(path: &Path) -> io::Result<()> {
    begin(path).map(drop)
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused, or it is not a regular file.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// Longer than is read.
    #[error("the file holds {found} bytes or more; at most {bound} are read")]
    TooLong {
        /// Bytes that are there at least.
        found: u64,
        /// The most that is read.
        bound: u64,
    },
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A folder, a pipe, a device: it has no length, and could make a reader wait for ever.
    #[error("not a regular file")]
    NotRegular,
}

impl From<OpenError> for io::Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => error,
            refused @ OpenError::NotRegular => Self::new(ErrorKind::InvalidInput, refused),
        }
    }
}

impl From<OpenError> for ReadError {
    fn from(error: OpenError) -> Self {
        Self::Io(error.into())
    }
}

/// Opens a regular file for reading; its length. Every file from outside, one of a user's or of another
/// program's, is opened here.
///
/// Nothing is asked about the path before: something else could stand there a moment later. The file is
/// opened without waiting, as opening a pipe without a writer would for ever, and then asked what it is.
pub fn open(path: &Path) -> Result<(File, u64), OpenError> {
    open_regular(OpenOptions::new().read(true), path)
}

/// As [`open`], for reading and for appending to what is there.
pub fn open_to_append(path: &Path) -> Result<(File, u64), OpenError> {
    open_regular(OpenOptions::new().read(true).append(true), path)
}

fn open_regular(options: &mut OpenOptions, path: &Path) -> Result<(File, u64), OpenError> {
    let file = without_waiting(options).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata.len())) } else { Err(OpenError::NotRegular) }
}

/// On a regular file the flags change nothing, then or later.
#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
}

/// No system but those of Unix has pipes among its files.
#[cfg(not(unix))]
fn without_waiting(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// A folder, as a file that can be locked or brought to the disk, or in which others are opened.
pub fn open_folder(path: &Path) -> io::Result<File> {
    let folder = without_waiting(OpenOptions::new().read(true)).open(path)?;
    if folder.metadata()?.is_dir() { Ok(folder) } else { Err(ErrorKind::NotADirectory.into()) }
}

/// The bytes of a regular file of at most `bound` bytes: of a longer one nothing is read.
pub fn read(path: &Path, bound: u64) -> Result<Vec<u8>, ReadError> {
    let (file, found) = open(path)?;
    if found > bound {
        return Err(ReadError::TooLong { found, bound });
    }
    // It may have grown since.
    read_bounded(file, bound)
}

/// All that is there, of at most `bound` bytes.
pub fn read_bounded(file: impl Read, bound: u64) -> Result<Vec<u8>, ReadError> {
    read_into(Vec::new(), file, bound)
}

/// The same of a file that was seen to have so many bytes: room for them is made at once, so that a secret is
/// not left behind where the vector grew from.
pub fn read_whole(file: impl Read, length: u64) -> Result<Vec<u8>, ReadError> {
    let room =
        usize::try_from(length.saturating_add(1)).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    read_into(bytes, file, length)
}

fn read_into(mut bytes: Vec<u8>, file: impl Read, bound: u64) -> Result<Vec<u8>, ReadError> {
    // One byte past the bound is enough to see that there are more.
    file.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    if found > bound { Err(ReadError::TooLong { found, bound }) } else { Ok(bytes) }
}

/// Creates a folder, and those above it, if they are not there. They are on the disk when it returns: a file
/// that is written there later is not lost with its folder.
pub fn create_folder(path: &Path) -> io::Result<()> {
    create_by(&mut fs::DirBuilder::new(), path)
}

/// The same, of folders that only their owner may enter.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    create_by(&mut builder, path)
}

fn create_by(builder: &mut fs::DirBuilder, path: &Path) -> io::Result<()> {
    let new: Vec<_> =
        path.ancestors().take_while(|folder| *folder != Path::new("") && !folder.exists()).collect();
    builder.recursive(true).create(path)?;
    new.into_iter().try_for_each(|folder| sync_folder(parent(folder)))
}

/// Brings a folder's entries to the disk: a file that was created or renamed in it is found there after a
/// power failure.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    open_folder(path)?.sync_all()
}

/// Locks a folder until the value is dropped or the process ends, however it does. `None` if another process
/// holds it. A system without locks on folders does without.
pub fn lock_folder(path: &Path) -> io::Result<Option<File>> {
    let folder = open_folder(path)?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(folder)),
    }
}

/// Locks a regular file until the value is dropped or the process ends, however it does, and waits for
/// whoever holds it. A system without locks does without.
pub fn lock(path: &Path) -> Result<File, OpenError> {
    // For writing where its owner allows that: NFS gives no exclusive lock on a file that is open for reading
    // alone. Nothing is written.
    let (file, _) = open_to_append(path).or_else(|_| open(path))?;
    while let Err(error) = file.lock() {
        if error.kind() != ErrorKind::Interrupted {
            break;
        }
    }
    Ok(file)
}

/// Whether others than the owner may read or write an open file.
pub fn is_exposed(file: &File) -> io::Result<bool> {
    has_mode(file, 0o077)
}

/// Whether others than the owner may write to an open file or folder.
pub fn is_writable_by_others(file: &File) -> io::Result<bool> {
    has_mode(file, 0o022)
}

#[cfg(unix)]
fn has_mode(file: &File, bits: u32) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & bits != 0)
}

/// Unknown on this system.
#[cfg(not(unix))]
fn has_mode(_: &File, _: u32) -> io::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn set_access(file: &File, access: Access) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match access {
        Access::Secret => 0o600,
        Access::Public => 0o644,
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_access(_: &File, _: Access) -> io::Result<()> {
    Ok(())
}

/// Renaming replaces whatever stands at `path`, be it a device or a file whose owner made it read-only.
fn check_replaceable(path: &Path) -> io::Result<()> {
    let refuse = |kind, reason: &str| Err(io::Error::new(kind, reason));
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if found.is_dir() => refuse(ErrorKind::IsADirectory, "a folder stands there"),
        Ok(found) if !found.is_file() => {
            refuse(ErrorKind::InvalidInput, "what stands there is not a regular file")
        }
        Ok(found) if found.permissions().readonly() => {
            refuse(ErrorKind::PermissionDenied, "the file that stands there is read-only")
        }
        Ok(_) => Ok(()),
    }
}

/// Removes what killed writers of `path` left. Best effort: leftovers are harmless.
fn sweep(path: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(parent(path)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let ours = name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(SUFFIX.as_bytes());
        // Not opened unless it is a file of its own: a link may lead anywhere.
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let dead = open(&entry.path()).is_ok_and(|(file, _)| file.try_lock().is_ok());
            if dead {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn prefix(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    let mut prefix = OsString::from(".");
    // A long name is left out: what is swept then is whatever has no name in it and no writer.
    if name.len() <= LONGEST_NAME {
        prefix.push(name);
    }
    prefix.push(".");
    Ok(prefix)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file without end that counts what is read of it.
    struct Endless(u64);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn one_byte_more_than_the_bound_is_read_and_none_twice() {
        for bound in [0, 1, 100_000] {
            let mut file = Endless(0);
            let error = read_bounded(&mut file, bound).expect_err("too long");
            let ReadError::TooLong { found, bound: most } = error else { panic!("{error}") };
            assert_eq!((found, most), (bound + 1, bound));
            assert_eq!(file.0, bound + 1);
        }
        assert_eq!(read_bounded(&b"whole"[..], 5).expect("read"), b"whole");
    }

    /// What `open` says of a path, from a thread of its own: were it to wait, the test would not.
    #[cfg(unix)]
    fn opened(path: &Path, open: fn(&Path) -> Result<(File, u64), OpenError>) -> Result<u64, OpenError> {
        let (told, hears) = std::sync::mpsc::channel();
        let path = path.to_owned();
        std::thread::spawn(move || told.send(open(&path).map(|(_, length)| length)));
        hears.recv_timeout(std::time::Duration::from_secs(30)).expect("opening waits for a writer")
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().expect("folder");
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let file = folder.path().join("file");
        fs::write(&file, b"four").expect("write");
        for refused in [&pipe, folder.path(), Path::new("/dev/zero"), Path::new("/dev/tty")] {
            // Without a terminal there is none to open.
            let error = opened(refused, open).expect_err("not a regular file");
            let absent = refused == Path::new("/dev/tty") && matches!(error, OpenError::Io(_));
            assert!(absent || matches!(error, OpenError::NotRegular), "{}: {error}", refused.display());
        }
        // Of a pipe, opening for writing too does not wait on every system.
        opened(&pipe, open_to_append).expect_err("not a regular file");
        for open in [open, open_to_append] {
            assert_eq!(opened(&file, open).expect("a regular file"), 4);
            assert!(matches!(opened(&folder.path().join("absent"), open), Err(OpenError::Io(_))));
        }
        assert_eq!(lock_folder(&pipe).expect_err("no folder").kind(), ErrorKind::NotADirectory);
    }
}
