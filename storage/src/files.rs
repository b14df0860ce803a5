//! Files that are there whole or not at all.
//!
//! A file is written as `.NAME.RANDOM.partial` beside its place, readable by its owner only, and takes its
//! name once all of it is on the disk. A process that is killed, or a disk that is full, leaves the file that
//! stood there before as it was. What a killed process leaves of its own is swept by whoever writes the same
//! file next: a temporary file is locked for as long as its writer lives.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, TryLockError};
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
    File::open(parent(path))?.sync_all()
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

/// The length of a regular file. A pipe or a device is refused: it has none, and could make a reader wait for
/// ever.
pub fn length(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok(metadata.len())
}

/// The bytes of a regular file of at most `bound` bytes: of a longer one nothing is read. Files from
/// outside that are read whole, those of users and of other programs, are read here.
pub fn read(path: &Path, bound: u64) -> Result<Vec<u8>, ReadError> {
    let found = length(path)?;
    if found > bound {
        return Err(ReadError::TooLong { found, bound });
    }
    // It may have grown since.
    read_bounded(File::open(path)?, bound)
}

/// All that is there, of at most `bound` bytes.
fn read_bounded(file: impl Read, bound: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    // One byte past the bound is enough to see that there are more.
    file.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    if found > bound { Err(ReadError::TooLong { found, bound }) } else { Ok(bytes) }
}

/// Creates a folder, and those above it, that only its owner may enter.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Locks a folder until the value is dropped or the process ends, however it does. `None` if another process
/// holds it. A system without locks on folders does without.
pub fn lock_folder(path: &Path) -> io::Result<Option<File>> {
    let folder = File::open(path)?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(folder)),
    }
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
        // Not opened unless it is a file of its own: a link may lead anywhere, and a pipe would wait.
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let dead = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
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
}
