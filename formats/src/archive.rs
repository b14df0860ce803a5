//! A vault's ledger in one file: a tar archive that any tool unpacks, and that is read as a stream.
//!
//! | in this order | what it is |
//! | --- | --- |
//! | `ledger.json` | whose ledger it is, how many entries it has, its head ([`Heading`]) |
//! | `N-KIND.json` | entry `N`, in nine digits from 1 ([`Stored`]) |
//! | `N-KIND/NAME` | the files that belong to the entry, by name ([`Files`]) |
//!
//! So names in their order are the ledger's history, and a policy with the files that it names stands in one
//! folder, as its author had it. No more than one entry is held at a time.
//!
//! Nothing of it is believed here: `fairshare_audit` says what it means, and whether it is right.

mod container;
mod error;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, wide};
use serde::{Deserialize, Serialize};

use crate::json;
use crate::ledger::{Files, Kind, MAX_ENTRY_BYTES, MAX_FILES_BYTES, Stored};
use crate::text;
use container::{Container, Take, append};

pub use container::MAX_ARCHIVE_BYTES;
pub use error::{ArchiveError, ContentError};

type Result<T> = std::result::Result<T, ArchiveError>;

/// The version that is written.
pub const ARCHIVE_VERSION: u32 = 2;
const HEADING: &str = "ledger.json";
/// Longest `ledger.json`.
const MAX_HEADING_BYTES: u64 = 4 << 10;

/// Whose ledger an archive is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heading {
    fairshare_archive: u32,
    /// The program that wrote it.
    pub software: String,
    /// The vault's chain.
    #[serde(with = "text")]
    pub chain_id: u64,
    /// The vault.
    #[serde(with = "text::address")]
    pub vault: Address,
    /// The registry: the ledger operator's address.
    #[serde(with = "text::address")]
    pub registry: Address,
    /// How many entries follow.
    #[serde(with = "text")]
    pub entries: u64,
    /// The head after all of them.
    pub head: Digest,
}

impl Heading {
    /// Of the present version.
    pub fn new(
        software: &str,
        chain_id: u64,
        vault: Address,
        registry: Address,
        entries: u64,
        head: Digest,
    ) -> Self {
        let software = software.to_owned();
        Self { fairshare_archive: ARCHIVE_VERSION, software, chain_id, vault, registry, entries, head }
    }

    fn from_json(bytes: &[u8]) -> std::result::Result<Self, ContentError> {
        #[derive(Deserialize)]
        struct Version {
            fairshare_archive: u32,
        }
        // The version first: another one has other fields.
        let Version { fairshare_archive: found } = json::from_slice(bytes).map_err(ContentError::Json)?;
        if found != ARCHIVE_VERSION {
            return Err(ContentError::Version { found });
        }
        json::from_slice(bytes).map_err(ContentError::Json)
    }
}

/// An archive being written; equal content gives equal bytes.
pub struct Writer<W: Write>(tar::Builder<W>);

impl<W: Write> Writer<W> {
    /// Writes whose ledger it is; its entries have to follow, in order.
    pub fn begin(to: W, heading: &Heading) -> io::Result<Self> {
        let mut archive = tar::Builder::new(to);
        let mut text = serde_json::to_vec_pretty(heading).map_err(io::Error::from)?;
        text.push(b'\n');
        append(&mut archive, HEADING.to_owned(), &text)?;
        Ok(Self(archive))
    }

    /// Writes an entry and its files.
    pub fn entry(&mut self, stored: &Stored, files: &Files) -> io::Result<()> {
        let folder = folder(stored.index, stored.event.kind());
        append(&mut self.0, format!("{folder}.json"), stored.to_json().as_bytes())?;
        files.iter().try_for_each(|(name, bytes)| append(&mut self.0, format!("{folder}/{name}"), bytes))
    }

    /// Writes the end.
    pub fn finish(self) -> io::Result<()> {
        self.0.into_inner()?.flush()
    }
}

/// What is read of an archive, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// First, whose ledger it is.
    Heading(Heading),
    /// An entry with the files that stand beside it. Whether they are the ones that it names is not checked.
    Entry(Box<Stored>, Files),
}

/// Reads an archive once, from its beginning to its end, and gives every item to `visit`. Entries stand under
/// the names that this module writes, in the order of their numbers; how many there have to be, the heading
/// says.
pub fn read<E: From<ArchiveError>>(
    from: impl Read,
    mut visit: impl FnMut(Item) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let mut assembled = Assembled { assembly: Assembly::default(), visit: &mut visit };
    Container::open(from)?.read(&mut assembled)?;
    assembled.assembly.finish()?.map_or(Ok(()), visit)
}

/// Gives what is complete to whoever reads the archive.
struct Assembled<'a, V> {
    assembly: Assembly,
    visit: &'a mut V,
}

impl<E: From<ArchiveError>, V: FnMut(Item) -> std::result::Result<(), E>> Take<E> for Assembled<'_, V> {
    fn bound(&self, name: &str) -> Result<u64> {
        self.assembly.bound(name)
    }

    fn take(&mut self, name: &str, content: Vec<u8>) -> std::result::Result<(), E> {
        self.assembly.take(name, content)?.map_or(Ok(()), &mut *self.visit)
    }
}

/// An entry whose files are being read.
struct Current {
    stored: Box<Stored>,
    files: BTreeMap<String, Vec<u8>>,
}

/// Puts together what stands under one entry's folder.
#[derive(Default)]
struct Assembly {
    expected: Option<u64>,
    last: u64,
    current: Option<Current>,
    files_bytes: u64,
}

impl Assembly {
    /// The most bytes of an entry of this name, if one may follow what was read.
    fn bound(&self, name: &str) -> Result<u64> {
        let unexpected = || ArchiveError::unexpected(name);
        if self.expected.is_none() {
            return if name == HEADING { Ok(MAX_HEADING_BYTES) } else { Err(ArchiveError::not_ours(name)) };
        }
        let Some((at, file)) = name.split_once('/') else { return Ok(wide(MAX_ENTRY_BYTES)) };
        let Current { stored, files } = self.current.as_ref().ok_or_else(unexpected)?;
        let kind = stored.event.kind();
        let is_new = files.last_key_value().is_none_or(|(last, _)| last.as_str() < file);
        if at != folder(stored.index, kind) || !is_new {
            return Err(unexpected());
        }
        let bound = kind.file_bound(file).ok_or_else(unexpected)?;
        Ok(bound.min(MAX_FILES_BYTES.saturating_sub(self.files_bytes)))
    }

    /// Takes what stands under a name whose bound was asked; gives what is complete by it.
    fn take(&mut self, name: &str, content: Vec<u8>) -> Result<Option<Item>> {
        if self.expected.is_none() {
            let heading =
                Heading::from_json(&content).map_err(|source| ArchiveError::content(name, source))?;
            self.expected = Some(heading.entries);
            return Ok(Some(Item::Heading(heading)));
        }
        let Some((_, file)) = name.split_once('/') else { return self.begin(name, &content) };
        self.files_bytes = self.files_bytes.saturating_add(wide(content.len()));
        if let Some(Current { files, .. }) = &mut self.current {
            files.insert(file.to_owned(), content);
        }
        Ok(None)
    }

    fn begin(&mut self, name: &str, content: &[u8]) -> Result<Option<Item>> {
        let stored = Stored::from_json(content)
            .map_err(|source| ArchiveError::content(name, ContentError::Entry(source)))?;
        let expected = self.last.saturating_add(1);
        let own = format!("{}.json", folder(stored.index, stored.event.kind()));
        if stored.index != expected || name != own {
            return Err(ArchiveError::unexpected(name));
        }
        self.last = expected;
        self.files_bytes = 0;
        let before = self.current.replace(Current { stored: Box::new(stored), files: BTreeMap::new() });
        Ok(before.map(whole))
    }

    fn finish(self) -> Result<Option<Item>> {
        match self.expected {
            None => Err(ArchiveError::Missing { entry: HEADING.to_owned() }),
            Some(expected) if expected != self.last => {
                Err(ArchiveError::Entries { found: self.last, expected })
            }
            Some(_) => Ok(self.current.map(whole)),
        }
    }
}

fn whole(Current { stored, files }: Current) -> Item {
    Item::Entry(stored, Files::from_map(files))
}

/// Where an entry's files stand.
fn folder(index: u64, kind: Kind) -> String {
    format!("{index:09}-{kind}")
}

#[cfg(test)]
mod tests {
    use fairshare_pinned::counting::Counting;

    use super::*;
    use crate::ledger::{Event, file_hash};
    use crate::policy::PolicySource;
    use crate::time::Moment;

    fn heading(entries: u64) -> Heading {
        let [vault, registry] = [0x11, 0xc2].map(|byte| Address([byte; 20]));
        Heading::new("fairshare 0.1.0", 31337, vault, registry, entries, Digest([7; 32]))
    }

    fn stored(index: u64, event: Event) -> Stored {
        let time = Moment::from_unix_seconds(1_800_000_000 + index).unwrap();
        Stored { index, time, event, head: Digest([index as u8; 32]) }
    }

    /// Rules with files, rounds without, a bundle.
    fn history() -> Vec<(Stored, Files)> {
        let files = BTreeMap::from([("a/reference.json".to_owned(), vec![0; 70_000])]);
        let source = PolicySource { text: "protocol = 2".to_owned(), files };
        let rules = Event::Rules { epoch: 4, rules_hash: Digest([1; 32]), policy: source.hash() };
        let bytes = vec![1; 100_000];
        let bundle = Event::Bundle {
            epoch: 4,
            role: fairshare_params::role::Role::Data,
            contributor: Address([0xa1; 20]),
            score: u64::MAX,
            file: file_hash(&bytes),
        };
        vec![
            (stored(1, rules), Files::of_policy(&source)),
            (stored(2, Event::Rounds { first: 0, last: 3 }), Files::none()),
            (stored(3, bundle), Files::one(Kind::Bundle, bytes)),
        ]
    }

    fn written(heading: &Heading, history: &[(Stored, Files)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::begin(&mut bytes, heading).unwrap();
        for (stored, files) in history {
            writer.entry(stored, files).unwrap();
        }
        writer.finish().unwrap();
        bytes
    }

    fn items(from: impl Read) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        read(from, |item| {
            items.push(item);
            Ok::<_, ArchiveError>(())
        })?;
        Ok(items)
    }

    #[test]
    fn an_archive_is_read_once_and_holds_what_was_written() {
        let file = Counting::new(written(&heading(3), &history()));
        let mut expected = vec![Item::Heading(heading(3))];
        expected.extend(history().into_iter().map(|(stored, files)| Item::Entry(Box::new(stored), files)));
        assert_eq!(items(file.clone()).unwrap(), expected);
        file.assert_read_at_most(1);
    }

    #[test]
    fn every_entry_is_visited_before_the_next_one_is_read() {
        let file = Counting::new(written(&heading(3), &history()));
        let mut read_at = Vec::new();
        let stop = read(file.clone(), |item| {
            read_at.push(file.bytes_read());
            if matches!(item, Item::Heading(_)) { Ok(()) } else { Err(ArchiveError::Empty) }
        });
        assert!(matches!(stop, Err(ArchiveError::Empty)));
        // The heading and the first entry with its files, and the header of what follows.
        assert!(read_at[1] < 80_000, "{read_at:?}");
    }

    #[test]
    fn entries_stand_in_their_order_and_all_are_there() {
        let refused = |heading: &Heading, history: &[(Stored, Files)]| {
            items(&written(heading, history)[..]).unwrap_err().to_string()
        };
        let whole = history();
        let told = refused(&heading(4), &whole);
        assert!(told.contains("has 3 entries, and `ledger.json` says 4"), "{told}");
        let told = refused(&heading(2), &whole[1..]);
        assert!(told.contains("`000000002-rounds.json` does not stand"), "{told}");
        let mut moved = whole.clone();
        moved.swap(1, 2);
        assert!(refused(&heading(3), &moved).contains("`000000003-bundle.json` does not stand"));
        let mut odd = whole;
        odd[1].1 = Files::one(Kind::Bundle, vec![1]);
        assert!(refused(&heading(3), &odd).contains("`000000002-rounds/proof.bundle` does not stand"));
    }

    #[test]
    fn what_is_no_archive_is_called_by_its_name() {
        let mut other = tar::Builder::new(Vec::new());
        append(&mut other, "photos/\u{1b}[31mred.jpg".to_owned(), b"x").unwrap();
        let other = other.into_inner().unwrap();
        for (bytes, told) in [
            (&b""[..], "the file is empty"),
            (b"\x1f\x8b\x08\x00rest", "compressed with gzip; unpack it first (`gunzip`)"),
            (b"PK\x03\x04rest", "compressed with zip"),
            (b"SQLite format 3\0rest", "fairshare vault audit --ledger"),
            (b"protocol = 2", "not a tar archive"),
            (&other, "its first entry is `photos/\\u{1b}[31mred.jpg`"),
            (&written(&heading(3), &history())[..90_000], "ends within `000000003-bundle/proof.bundle`"),
        ] {
            let error = items(bytes).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains('\u{1b}'), "{error}");
        }
    }

    #[test]
    fn another_version_says_so() {
        let mut text = serde_json::to_string(&heading(0)).unwrap();
        text = text.replace("\"fairshare_archive\":2", "\"fairshare_archive\":1");
        let mut archive = tar::Builder::new(Vec::new());
        append(&mut archive, HEADING.to_owned(), text.as_bytes()).unwrap();
        let error = items(&archive.into_inner().unwrap()[..]).unwrap_err();
        let ArchiveError::Content { source, .. } = error else { panic!("{error}") };
        assert!(matches!(source, ContentError::Version { found: 1 }), "{source}");
    }

    /// A header of an entry of `kind`, whose one block of data lies at the end of `real` bytes.
    fn header(name: &str, kind: u8, real: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(0);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::new(kind));
        if kind == b'S' {
            let gnu = header.as_gnu_mut().unwrap();
            let number = format!("{real:011o}\0");
            gnu.sparse[0].offset.copy_from_slice(number.as_bytes());
            gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
            gnu.realsize.copy_from_slice(number.as_bytes());
        }
        header.set_cksum();
        header
    }

    /// Sixty headers without a byte of content stand for 3.9 GB of zeros: the first one is refused.
    #[test]
    fn sparse_entries_are_refused_by_the_first() {
        let mut bytes = Vec::new();
        for index in 1..=60 {
            let name = format!("{index:09}-bundle/proof.bundle");
            bytes.extend_from_slice(header(&name, b'S', 64 << 20).as_bytes());
        }
        bytes.extend_from_slice(&[0; 1_024]);
        assert_eq!(bytes.len(), 31_744);
        let file = Counting::new(bytes);
        let error = items(file.clone()).unwrap_err();
        assert!(
            matches!(&error, ArchiveError::Special { entry } if entry == "000000001-bundle/proof.bundle"),
            "{error}"
        );
        assert_eq!(file.bytes_read(), 512);
    }

    /// A header of half a kibibyte may claim a name of eight gibibytes: it is refused by its length, and a
    /// name of an honest length is read.
    #[test]
    fn names_are_as_long_as_a_name_may_be() {
        let claiming = |bytes: u64| {
            let mut header = header("././@LongLink", b'L', 0);
            header.set_size(bytes);
            header.set_cksum();
            header.as_bytes().to_vec()
        };
        let file = Counting::new(claiming((8 << 30) - 1));
        let error = items(file.clone()).unwrap_err();
        assert!(matches!(&error, ArchiveError::TooLong { bytes: 0x1_ffff_ffff, .. }), "{error}");
        assert_eq!(file.bytes_read(), 512);
        let files = BTreeMap::from([("n".repeat(200), vec![1])]);
        let source = PolicySource { text: String::new(), files };
        let mut long = history();
        long[0].1 = Files::of_policy(&source);
        assert!(items(&written(&heading(3), &long)[..]).is_ok());
    }

    #[test]
    fn whatever_is_not_an_ordinary_file_is_refused() {
        let name = "ledger.json";
        // Hard and symbolic links, devices, folders, pipes, and kinds that nobody has defined.
        for kind in *b"1234567Z" {
            let mut bytes = header(name, kind, 0).as_bytes().to_vec();
            bytes.extend_from_slice(&[0; 1_024]);
            let error = items(&bytes[..]).unwrap_err();
            assert!(matches!(error, ArchiveError::Special { .. }), "{kind}: {error}");
        }
        let with = |key: &str| {
            let mut archive = tar::Builder::new(Vec::new());
            archive.append_pax_extensions([(key, &b"1"[..])]).unwrap();
            append(&mut archive, name.to_owned(), b"x").unwrap();
            items(&archive.into_inner().unwrap()[..]).unwrap_err()
        };
        // What an extension says may be a length, a name or a hole; this program writes none.
        for key in ["GNU.sparse.major", "mtime"] {
            let error = with(key);
            assert!(matches!(error, ArchiveError::Special { .. }), "{key}: {error}");
        }
    }
}
