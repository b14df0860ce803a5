//! Standard input, which can be read once, as a file that can be read again.

use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::error::IngestError;

/// What stands for standard input among the names of files.
pub(crate) const STANDARD_INPUT: &str = "-";
/// What messages call it.
const SHOWN: &str = "standard input";

/// What was read of standard input: a process has one, and it can be read once.
static SPOOLED: Mutex<Option<File>> = Mutex::new(None);

/// Its name in messages.
pub(crate) fn shown() -> PathBuf {
    PathBuf::from(SHOWN)
}

/// All of standard input, as a file at its start, and its length. Read at the first call; the same after
/// that. One reader at a time: they share the place where they read.
pub(crate) fn open() -> Result<(File, u64), IngestError> {
    let failed = |source| IngestError::Read { path: shown(), source };
    let mut spooled = SPOOLED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let file = match &*spooled {
        Some(file) => file,
        None => {
            let input = io::stdin();
            if input.is_terminal() {
                return Err(IngestError::Terminal);
            }
            spooled.insert(spool(&mut input.lock()).map_err(failed)?)
        }
    };
    let mut file = file.try_clone().map_err(failed)?;
    file.rewind().map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length == 0 {
        return Err(IngestError::EmptyFile { path: shown() });
    }
    Ok((file, length))
}

/// A temporary file without a name, which nobody else can open and which is gone with this process.
fn spool(input: &mut impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    // Before there is anything in it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    io::copy(input, &mut file)?;
    Ok(file)
}

/// Whether that name is standard input's; a file of that name is given as `./-`.
pub(crate) fn is_meant(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_spooled_is_private_and_has_no_name() {
        let mut file = spool(&mut &b"x\n1\n"[..]).expect("spool");
        let mut text = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("read");
        assert_eq!(text, "x\n1\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let metadata = file.metadata().expect("metadata");
            assert_eq!((metadata.mode() & 0o777, metadata.nlink()), (0o600, 0));
        }
    }
}
