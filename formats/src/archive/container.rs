//! The tar archive itself: names, kinds and lengths.

use std::io::{self, Read, Write};

use fairshare_params::encoding::wide;

use super::error::ArchiveError;
use crate::excerpt::excerpt;

type Result<T> = std::result::Result<T, ArchiveError>;

/// Longest archive that is read, in bytes.
pub const MAX_ARCHIVE_BYTES: u64 = 1 << 40;
/// Longest name of an entry.
const MAX_NAME_BYTES: u64 = 4 << 10;
/// Most zeros that stand behind an archive: programs fill up to whole records.
const MAX_PADDING_BYTES: u64 = 1 << 20;
/// What tells the kind of a file: a tar archive's first header has a mark at its end.
const BLOCK: usize = 512;

/// Appends a file that any user may read.
pub(super) fn append(archive: &mut tar::Builder<impl Write>, name: String, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(wide(content.len()));
    header.set_mode(0o644);
    archive.append_data(&mut header, name, content)
}

/// What takes an archive's entries, one after the other.
pub(super) trait Take<E> {
    /// How long an entry of this name may be, if one may stand here.
    fn bound(&self, name: &str) -> Result<u64>;
    /// The bytes of an entry whose bound was asked.
    fn take(&mut self, name: &str, content: Vec<u8>) -> std::result::Result<(), E>;
}

/// A tar archive, before anything of it was read.
pub(super) struct Container<R>(R);

/// The beginning of a file, and the rest.
type Whole<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

impl<R: Read> Container<R> {
    /// Looks at the beginning: what is no tar archive is told by what it is.
    pub(super) fn open(mut from: R) -> Result<Container<io::Take<Whole<R>>>> {
        let mut beginning = Vec::new();
        from.by_ref().take(wide(BLOCK)).read_to_end(&mut beginning)?;
        refuse_others(&beginning)?;
        Ok(Container(io::Cursor::new(beginning).chain(from).take(MAX_ARCHIVE_BYTES)))
    }

    /// Reads all entries, one after the other.
    pub(super) fn read<E: From<ArchiveError>>(self, to: &mut impl Take<E>) -> std::result::Result<(), E> {
        let mut archive = tar::Archive::new(self.0);
        let mut long_name = None;
        // Entries as they stand: the library would read a long name, or an extended header, whole, and one
        // may claim eight gibibytes.
        for entry in archive.entries().map_err(ArchiveError::from)?.raw(true) {
            let mut entry = entry.map_err(ArchiveError::from)?;
            let name = long_name.take().unwrap_or_else(|| text(&entry.path_bytes()));
            if entry.header().entry_type() == tar::EntryType::GNULongName {
                long_name = Some(text(&content(&mut entry, &name, MAX_NAME_BYTES)?));
                continue;
            }
            // Whatever else is not an ordinary file may stand for more bytes than are in the archive: a
            // sparse one's header says how many zeros to read where none are.
            if !entry.header().entry_type().is_file() {
                return Err(ArchiveError::Special { entry: excerpt(&name) }.into());
            }
            let bytes = content(&mut entry, &name, to.bound(&name)?)?;
            to.take(&name, bytes)?;
        }
        Ok(check_end(archive.into_inner())?)
    }
}

/// Behind an archive's end nothing is read by anybody, so nothing stands there.
fn check_end(rest: impl Read) -> Result<()> {
    let mut read = 0u64;
    for byte in io::BufReader::new(rest).bytes() {
        read = read.saturating_add(1);
        if byte? != 0 || read > MAX_PADDING_BYTES {
            return Err(ArchiveError::Behind);
        }
    }
    Ok(())
}

/// What people give in the place of an archive.
fn refuse_others(beginning: &[u8]) -> Result<()> {
    let is_tar = beginning.get(257..262) == Some(b"ustar");
    match beginning {
        [] => Err(ArchiveError::Empty),
        [0x1f, 0x8b, ..] => Err(ArchiveError::Compressed { with: "gzip", unpack: "gunzip" }),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(ArchiveError::Compressed { with: "zstd", unpack: "unzstd" }),
        [b'B', b'Z', b'h', ..] => Err(ArchiveError::Compressed { with: "bzip2", unpack: "bunzip2" }),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Err(ArchiveError::Compressed { with: "xz", unpack: "unxz" }),
        [b'P', b'K', 3 | 5, ..] => Err(ArchiveError::Compressed { with: "zip", unpack: "unzip" }),
        _ if beginning.starts_with(b"SQLite format 3\0") => Err(ArchiveError::Database),
        _ if !is_tar => Err(ArchiveError::NoTar),
        _ => Ok(()),
    }
}

/// All bytes of an entry, if there are no more than so many.
fn content(entry: &mut tar::Entry<'_, impl Read>, name: &str, bound: u64) -> Result<Vec<u8>> {
    let bytes = entry.size();
    if bytes > bound {
        return Err(ArchiveError::TooLong { entry: excerpt(name), bytes, bound });
    }
    let mut content = Vec::new();
    entry.take(bound).read_to_end(&mut content)?;
    if wide(content.len()) < bytes {
        return Err(ArchiveError::Cut { entry: excerpt(name) });
    }
    Ok(content)
}

/// A name, which ends with its first zero byte.
fn text(name: &[u8]) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    String::from_utf8_lossy(name.split_at(end).0).into_owned()
}
