//! Wrapping an upload: its digest's chunk in front of the ciphertext, and the storage root on the way.
//!
//! The ciphertext is read once, in pieces; memory does not grow with it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use fairshare_formats::registry::Upload;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{CHUNK_BYTES, Chunk, MAX_UPLOAD_BYTES, Tree, first_chunk};

use crate::files::{self, Access};

/// Bytes read at a time: a whole number of chunks.
const PIECE: usize = 4096 * CHUNK_BYTES;

/// Why a ciphertext was not wrapped. What stood at the output's place is there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// Nothing to upload.
    #[error("{}: the ciphertext is empty, so there is nothing to upload", path.display())]
    Empty {
        /// The ciphertext.
        path: PathBuf,
    },
    /// More than one upload holds.
    #[error(
        "{}: the ciphertext has {found} bytes or more, but an upload holds {} beside its first chunk; split \
         the records in several files, and commit to, encrypt and register each as a dataset of its own",
        path.display(), MAX_CIPHERTEXT_BYTES
    )]
    TooLong {
        /// The ciphertext.
        path: PathBuf,
        /// Bytes that are there at least.
        found: u64,
    },
    /// The output would replace the ciphertext.
    #[error("{}: this is the ciphertext itself; name another file for the upload", path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Longest ciphertext of one upload.
pub const MAX_CIPHERTEXT_BYTES: u64 = MAX_UPLOAD_BYTES - CHUNK_BYTES as u64;

type Result<T> = std::result::Result<T, UploadError>;

/// Writes the digest's chunk and then the ciphertext to `out`, which everyone may read; what is to be known
/// of that file.
pub fn wrap(ciphertext: &Path, digest: &Digest, out: &Path) -> Result<Upload> {
    let (file, length) = files::open(ciphertext).map_err(|error| io_error(ciphertext)(error.into()))?;
    check_length(ciphertext, length)?;
    if fs::canonicalize(out).is_ok_and(|out| fs::canonicalize(ciphertext).is_ok_and(|from| from == out)) {
        return Err(UploadError::SameFile { path: out.to_owned() });
    }
    let mut wrapped = files::begin(out).map_err(io_error(out))?;
    let mut tree = Tree::new();
    let first = first_chunk(digest);
    tree.push(&first);
    wrapped.write_all(&first).map_err(io_error(out))?;

    // It may have grown since its length was asked for: one byte more than may be there is enough to see it.
    let mut rest = file.take(MAX_CIPHERTEXT_BYTES + 1);
    let mut piece = vec![0; PIECE];
    let mut copied = 0;
    loop {
        let filled = fill(&mut rest, &mut piece).map_err(io_error(ciphertext))?;
        let (read, _) = piece.split_at(filled);
        for part in read.chunks(CHUNK_BYTES) {
            let mut chunk: Chunk = [0; CHUNK_BYTES];
            chunk[..part.len()].copy_from_slice(part);
            tree.push(&chunk);
        }
        wrapped.write_all(read).map_err(io_error(out))?;
        copied += filled as u64;
        if filled < PIECE {
            break;
        }
    }
    check_length(ciphertext, copied)?;
    files::publish(wrapped, out, Access::Public).map_err(io_error(out))?;
    let (storage_root, path) = tree.finish();
    Ok(Upload { digest: *digest, storage_root, byte_length: copied + CHUNK_BYTES as u64, path })
}

fn check_length(path: &Path, found: u64) -> Result<()> {
    match found {
        0 => Err(UploadError::Empty { path: path.to_owned() }),
        1..=MAX_CIPHERTEXT_BYTES => Ok(()),
        _ => Err(UploadError::TooLong { path: path.to_owned(), found }),
    }
}

/// Fills the buffer as far as there is something to read: fewer bytes are the end.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> UploadError {
    let path = path.to_owned();
    move |source| UploadError::Io { path: path.clone(), source }
}
