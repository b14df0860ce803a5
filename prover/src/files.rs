//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its owner only.
    Secret,
    /// Everyone.
    Public,
}

/// A temporary file beside `path`, readable by its owner only until it is published.
pub fn begin(path: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(parent(path))
}

/// Gives a finished temporary file its name and its access, after its bytes have reached the disk.
pub fn publish(file: NamedTempFile, path: &Path, access: Access) -> io::Result<()> {
    set_access(file.as_file(), access)?;
    file.as_file().sync_all()?;
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

/// The bytes of a regular file, or its length if that is above `bound`: of a longer one nothing is read.
pub fn read(path: &Path, bound: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > bound {
        return Ok(Err(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since: one byte past the bound is enough to see that.
    File::open(path)?.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    let found = bytes.len() as u64;
    Ok(if found > bound { Err(found) } else { Ok(bytes) })
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

/// Whether others than the owner may read an open file.
#[cfg(unix)]
pub fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Whether others than the owner may read an open file: unknown on this system.
#[cfg(not(unix))]
pub fn is_exposed(_: &File) -> io::Result<bool> {
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

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
