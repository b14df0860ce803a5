//! The tar archive itself: names, kinds and lengths.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};

use fairshare_params::encoding::wide;

use super::error::ArchiveError;
use crate::excerpt::excerpt;
use crate::policy::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES};
use crate::registration::MAX_REGISTRATION_BYTES;

type Result<T> = std::result::Result<T, ArchiveError>;

/// Longest archive that is read, in bytes: all of it is held in memory.
pub const MAX_ARCHIVE_BYTES: u64 = 8 << 30;
/// Longest bundle that a ledger keeps, in bytes: both databases hold a value of this size, and some 5,000
/// standard segments, five thousand million symbols, fit.
pub const MAX_BUNDLE_BYTES: usize = 64 << 20;
/// Longest `ledger.json`: some 200,000 payouts and claims.
pub(super) const MAX_LEDGER_BYTES: u64 = 128 << 20;
/// Longest name of an entry.
const MAX_NAME_BYTES: u64 = 4 << 10;
/// Longest table of units: the most that is read of one, ten digits and a comma each.
const MAX_UNITS_BYTES: u64 = 1 << 30;

/// The most bytes of an entry in this folder of an epoch, if there is such a folder.
pub(super) fn bound_of_folder(folder: &str) -> Option<u64> {
    match folder {
        "policy.toml" => Some(MAX_POLICY_BYTES),
        "files" => Some(MAX_SIDE_FILE_BYTES),
        "registrations" => Some(wide(MAX_REGISTRATION_BYTES)),
        "units.csv" => Some(MAX_UNITS_BYTES),
        "bundles" => Some(wide(MAX_BUNDLE_BYTES)),
        _ => None,
    }
}

/// Appends a file that any user may read.
pub(super) fn append(archive: &mut tar::Builder<impl Write>, name: String, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(wide(content.len()));
    header.set_mode(0o644);
    archive.append_data(&mut header, name, content)
}

/// Entries not yet taken.
pub(super) struct Entries(HashMap<String, Vec<u8>>);

impl Entries {
    /// Reads all entries. `bound_of` gives the most bytes that an entry may have, if there can be one of its
    /// name.
    pub(super) fn read(from: impl Read, bound_of: impl Fn(&str) -> Option<u64>) -> Result<Self> {
        let mut archive = tar::Archive::new(from.take(MAX_ARCHIVE_BYTES));
        let (mut entries, mut long_name) = (HashMap::new(), None);
        // Entries as they stand: the library would read a long name, or an extended header, whole, and one
        // may claim eight gibibytes.
        for entry in archive.entries()?.raw(true) {
            let mut entry = entry?;
            let name = long_name.take().unwrap_or_else(|| text(&entry.path_bytes()));
            if entry.header().entry_type() == tar::EntryType::GNULongName {
                long_name = Some(text(&content(&mut entry, &name, MAX_NAME_BYTES)?));
                continue;
            }
            // Whatever else is not an ordinary file may stand for more bytes than are in the archive: a
            // sparse one's header says how many zeros to read where none are.
            if !entry.header().entry_type().is_file() {
                return Err(ArchiveError::Special { entry: excerpt(&name) });
            }
            let unexpected = || ArchiveError::Unexpected { entry: excerpt(&name) };
            let bound = bound_of(&name).ok_or_else(unexpected)?;
            let content = content(&mut entry, &name, bound)?;
            if entries.insert(name.clone(), content).is_some() {
                return Err(unexpected());
            }
        }
        Ok(Self(entries))
    }

    /// An entry that has to be there.
    pub(super) fn take(&mut self, entry: &str) -> Result<Vec<u8>> {
        self.find(entry).ok_or_else(|| ArchiveError::Missing { entry: entry.to_owned() })
    }

    /// An entry that may be there.
    pub(super) fn find(&mut self, entry: &str) -> Option<Vec<u8>> {
        self.0.remove(entry)
    }

    /// All entries whose names begin so, by the rest of their names.
    pub(super) fn take_folder(&mut self, prefix: &str) -> BTreeMap<String, Vec<u8>> {
        let found = self.0.extract_if(|name, _| name.starts_with(prefix));
        found.map(|(name, content)| (name.split_at(prefix.len()).1.to_owned(), content)).collect()
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<()> {
        match self.0.into_keys().min() {
            Some(entry) => Err(ArchiveError::Unexpected { entry: excerpt(&entry) }),
            None => Ok(()),
        }
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
    Ok(content)
}

/// A name, which ends with its first zero byte.
fn text(name: &[u8]) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    String::from_utf8_lossy(name.split_at(end).0).into_owned()
}
