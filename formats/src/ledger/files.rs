//! The files that belong to an entry: how they are named, how long they may be, and whether they are the ones
//! that it names by their hash.

use std::collections::BTreeMap;

use fairshare_params::encoding::{Digest, wide};

use super::{Event, Kind, file_hash};
use crate::excerpt::excerpt;
use crate::policy::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, MAX_SIDE_NAME_BYTES, POLICY_FILE, PolicySource};
use crate::registry::MAX_REQUEST_BYTES;
use crate::units::MAX_UNITS_BYTES;

/// Longest list of amounts, in bytes: as many rows as are read, with amounts as long as amounts are.
const MAX_AMOUNTS_BYTES: u64 = 64 << 20;
/// Longest bundle that a ledger keeps, in bytes: both databases hold a value of this size, and some 5,000
/// standard segments, five thousand million symbols, fit.
pub const MAX_BUNDLE_BYTES: usize = 64 << 20;

/// Most bytes of one entry's files together; a policy may name several.
pub const MAX_FILES_BYTES: u64 = 64 << 20;

/// An entry's files, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

/// Why files are not those of an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// One that has to be there.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// One that does not belong there.
    #[error("`{name}` does not belong to an entry of kind `{kind}`")]
    Unexpected {
        /// Its name, cut short.
        name: String,
        /// The entry's kind.
        kind: Kind,
    },
    /// Longer than any archive is read.
    #[error("`{name}` has {found} bytes where at most {bound} are read")]
    TooLong {
        /// Its name, cut short.
        name: String,
        /// Its length.
        found: u64,
        /// The most that is read of it, in all files of an entry.
        bound: u64,
    },
    /// Others than the entry names.
    #[error("they hash to {found}, but the entry names {expected}: one of them was altered")]
    Hash {
        /// The hash of what is there.
        found: Digest,
        /// The hash in the entry.
        expected: Digest,
    },
    /// A policy that is not text.
    #[error("`policy.toml` is not UTF-8")]
    Text,
}

impl Kind {
    /// The name of the one file that belongs to an entry of this kind; rules have more.
    pub const fn file_name(self) -> Option<&'static str> {
        match self {
            Self::Rules => Some(POLICY_FILE),
            Self::Registration => Some("registration.json"),
            Self::Units => Some("units.csv"),
            Self::Bundle => Some("proof.bundle"),
            Self::Settled => Some("earnings.csv"),
            Self::Sent => Some("payments.csv"),
            Self::Rounds
            | Self::StrikeData
            | Self::StrikeNode
            | Self::Ended
            | Self::Funded
            | Self::Closed
            | Self::Confirmed => None,
        }
    }

    /// The most bytes of a file of this name, if one may belong to an entry of this kind.
    pub fn file_bound(self, name: &str) -> Option<u64> {
        if self.file_name() != Some(name) {
            // A path of a policy leads downwards: no archive unpacks it elsewhere.
            let leads_down = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
            let may = self == Self::Rules && name.len() <= MAX_SIDE_NAME_BYTES && leads_down;
            return may.then_some(MAX_SIDE_FILE_BYTES);
        }
        Some(match self {
            Self::Rules => MAX_POLICY_BYTES,
            Self::Registration => wide(MAX_REQUEST_BYTES),
            Self::Units => MAX_UNITS_BYTES,
            Self::Bundle => wide(MAX_BUNDLE_BYTES),
            _ => MAX_AMOUNTS_BYTES,
        })
    }
}

impl Files {
    /// None, of an entry that needs none.
    pub fn none() -> Self {
        Self::default()
    }

    /// The one file of an entry of this kind.
    pub fn one(kind: Kind, bytes: Vec<u8>) -> Self {
        Self(kind.file_name().map(|name| (name.to_owned(), bytes)).into_iter().collect())
    }

    /// A policy's text and the files that it names.
    pub fn of_policy(source: &PolicySource) -> Self {
        let mut files = source.files.clone();
        files.insert(POLICY_FILE.to_owned(), source.text.clone().into_bytes());
        Self(files)
    }

    /// Files as they were found.
    pub fn from_map(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(files)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Checks that they can be read again from an archive: what is recorded in vain would keep everybody from
    /// reading the ledger.
    pub fn check_bounds(&self, kind: Kind) -> Result<(), FilesError> {
        let mut left = MAX_FILES_BYTES;
        for (name, bytes) in &self.0 {
            let unexpected = || FilesError::Unexpected { name: excerpt(name), kind };
            let bound = kind.file_bound(name).ok_or_else(unexpected)?.min(left);
            let found = wide(bytes.len());
            left = left.saturating_sub(found);
            if found > bound {
                return Err(FilesError::TooLong { name: excerpt(name), found, bound });
            }
        }
        Ok(())
    }

    /// Checks that they are the ones that the event names.
    pub fn check(&self, event: &Event) -> Result<(), FilesError> {
        let kind = event.kind();
        let is_odd = |name: &&String| match kind {
            Kind::Rules => kind.file_bound(name).is_none(),
            _ => kind.file_name() != Some(name),
        };
        if let Some(name) = self.0.keys().find(is_odd) {
            return Err(FilesError::Unexpected { name: excerpt(name), kind });
        }
        let (Some(name), Some(expected)) = (kind.file_name(), event.file()) else { return Ok(()) };
        let bytes = self.0.get(name).ok_or(FilesError::Missing { name })?;
        let found = match kind {
            Kind::Rules => self.policy()?.hash(),
            _ => file_hash(bytes),
        };
        if found == expected { Ok(()) } else { Err(FilesError::Hash { found, expected }) }
    }

    /// The policy among the files of rules.
    pub fn policy(&self) -> Result<PolicySource, FilesError> {
        let mut files = self.0.clone();
        let text = files.remove(POLICY_FILE).ok_or(FilesError::Missing { name: POLICY_FILE })?;
        let text = String::from_utf8(text).map_err(|_| FilesError::Text)?;
        Ok(PolicySource { text, files })
    }

    /// The one file of an entry that has one, taken out; nothing where it is missing.
    pub fn into_single(self) -> Vec<u8> {
        self.0.into_values().next().unwrap_or_default()
    }

    /// The one file of an entry that has one; nothing where it is missing.
    pub fn single(&self) -> &[u8] {
        self.0.values().next().map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_can_be_read_again() {
        let of = |bytes: u64| vec![0; usize::try_from(bytes).expect("fits")];
        for kind in [Kind::Units, Kind::Registration, Kind::Bundle, Kind::Settled, Kind::Sent] {
            let name = kind.file_name().expect("a file");
            let bound = kind.file_bound(name).expect("a bound");
            assert_eq!(Files::one(kind, of(bound)).check_bounds(kind), Ok(()), "{kind}");
            let error = FilesError::TooLong { name: name.to_owned(), found: bound + 1, bound };
            assert_eq!(Files::one(kind, of(bound + 1)).check_bounds(kind), Err(error), "{kind}");
            let error = FilesError::Unexpected { name: name.to_owned(), kind: Kind::Closed };
            assert_eq!(Files::one(kind, of(1)).check_bounds(Kind::Closed), Err(error));
        }
        // Each fits, and all together do not.
        let side = MAX_SIDE_FILE_BYTES;
        let files = (0..=MAX_FILES_BYTES / side).map(|index| (format!("{index:03}.json"), of(side)));
        let error = Files::from_map(files.collect()).check_bounds(Kind::Rules);
        assert!(matches!(error, Err(FilesError::TooLong { bound, .. }) if bound < side), "{error:?}");
    }

    fn rules(policy: Digest) -> Event {
        Event::Rules { epoch: 1, rules_hash: Digest([1; 32]), policy }
    }

    #[test]
    fn files_are_those_that_the_entry_names() {
        let files = BTreeMap::from([("data/reference.json".to_owned(), vec![1, 2])]);
        let source = PolicySource { text: "protocol = 2".to_owned(), files };
        let files = Files::of_policy(&source);
        assert_eq!(files.check(&rules(source.hash())), Ok(()));
        assert_eq!(files.policy(), Ok(source.clone()));
        let mut altered = source.clone();
        altered.files.insert("data/reference.json".to_owned(), vec![1, 3]);
        let (found, expected) = (altered.hash(), source.hash());
        let refused = Files::of_policy(&altered).check(&rules(expected));
        assert_eq!(refused, Err(FilesError::Hash { found, expected }));
        let ended = Event::Ended { epoch: 1 };
        assert_eq!(Files::none().check(&ended), Ok(()));
        assert!(matches!(files.check(&ended), Err(FilesError::Unexpected { .. })));
        assert_eq!(Files::none().check(&rules(expected)), Err(FilesError::Missing { name: POLICY_FILE }));
    }

    #[test]
    fn names_lead_downwards_and_are_those_of_the_kind() {
        for name in ["../x", "/etc/passwd", "a//b", "a/./b", "", "a/"] {
            assert_eq!(Kind::Rules.file_bound(name), None, "{name}");
        }
        assert_eq!(Kind::Rules.file_bound("reference.json"), Some(MAX_SIDE_FILE_BYTES));
        assert_eq!(Kind::Rules.file_bound(&"n".repeat(MAX_SIDE_NAME_BYTES + 1)), None);
        for kind in Kind::ALL {
            let own = kind.file_name();
            assert!(own.is_none_or(|name| kind.file_bound(name).is_some()), "{kind}");
            assert!(kind == Kind::Rules || kind.file_bound("other").is_none(), "{kind}");
        }
    }
}
