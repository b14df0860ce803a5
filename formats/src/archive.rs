//! A vault's ledger in one file: a tar archive that any tool unpacks, read back with every length bounded.
//!
//! | entry | what it is |
//! | --- | --- |
//! | `ledger.json` | epochs with their states and payouts, and claims ([`Ledger`]); the first entry |
//! | `epochs/E/policy.toml`, `epochs/E/files/NAME` | the policy and the files that it names |
//! | `epochs/E/registrations/N.json` | registrations, in order from 0 |
//! | `epochs/E/units.csv` | the nodes' units by round, where they are on record |
//! | `epochs/E/bundles/N.bundle` | accepted bundles, in order from 0 |
//!
//! Nothing of it is believed here: `fairshare_audit` says what it means, and whether it is right.

mod container;
mod error;
mod ledger;
mod state;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use fairshare_params::registration::Registration;

use crate::policy::PolicySource;
use crate::{json, registration};
use container::{Entries, append};

pub use container::{MAX_ARCHIVE_BYTES, MAX_BUNDLE_BYTES};
pub use error::{ArchiveError, ContentError};
pub use ledger::{Carried, Claimed, Epoch, Ledger, Paid};
pub use state::{State, UnknownState};

type Result<T> = std::result::Result<T, ArchiveError>;

/// The version that is written.
pub const ARCHIVE_VERSION: u32 = 2;
const INDEX: &str = "ledger.json";
const UNITS: &str = "units.csv";

/// What an archive holds of one epoch beside its part of the [`Ledger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochFiles {
    /// The policy.
    pub source: PolicySource,
    /// What was registered, in order.
    pub registrations: Vec<Registration>,
    /// The nodes' units as CSV, if they are on record: [`crate::units::from_csv`] needs the policy to read
    /// them.
    pub units: Option<Vec<u8>>,
    /// The accepted bundles, in order, byte for byte.
    pub bundles: Vec<Vec<u8>>,
}

/// An archive being written; equal content gives equal bytes.
pub struct Writer<W: Write>(tar::Builder<W>);

impl<W: Write> Writer<W> {
    /// Writes the ledger; its epochs have to follow, in order.
    pub fn begin(to: W, ledger: &Ledger) -> io::Result<Self> {
        let mut archive = tar::Builder::new(to);
        append(&mut archive, INDEX.to_owned(), &serde_json::to_vec_pretty(ledger).map_err(io::Error::from)?)?;
        Ok(Self(archive))
    }

    /// Writes the files of an epoch.
    pub fn epoch(
        &mut self,
        number: u64,
        source: &PolicySource,
        registrations: &[Registration],
        units: Option<&[u8]>,
        bundles: &[Vec<u8>],
    ) -> io::Result<()> {
        let folder = format!("epochs/{number}");
        let mut append = |name: String, content: &[u8]| append(&mut self.0, name, content);
        append(format!("{folder}/policy.toml"), source.text.as_bytes())?;
        for (name, content) in &source.files {
            append(format!("{folder}/files/{name}"), content)?;
        }
        for (index, registration) in registrations.iter().enumerate() {
            let json = registration::to_json(registration);
            append(format!("{folder}/registrations/{index}.json"), json.as_bytes())?;
        }
        if let Some(units) = units {
            append(format!("{folder}/{UNITS}"), units)?;
        }
        for (index, bundle) in bundles.iter().enumerate() {
            append(format!("{folder}/bundles/{index}.bundle"), bundle)?;
        }
        Ok(())
    }

    /// Writes the end.
    pub fn finish(self) -> io::Result<()> {
        self.0.into_inner()?.flush()
    }
}

/// Reads an archive back: the ledger, and each of its epochs' files. What the ledger does not name must not
/// be there.
pub fn read(from: impl Read) -> Result<(Ledger, Vec<EpochFiles>)> {
    let mut entries = Entries::read(from, bound_of)?;
    let index = entries.take(INDEX)?;
    let ledger = ledger::from_json(&index).map_err(|source| content(INDEX, source))?;
    let files = ledger.epochs.iter().map(|epoch| epoch_files(&mut entries, epoch)).collect::<Result<_>>()?;
    entries.finish()?;
    Ok((ledger, files))
}

/// The most bytes of an entry of this name, if there can be one.
fn bound_of(name: &str) -> Option<u64> {
    if name == INDEX {
        return Some(container::MAX_LEDGER_BYTES);
    }
    let (_, rest) = name.strip_prefix("epochs/")?.split_once('/')?;
    let (folder, _) = rest.split_once('/').unwrap_or((rest, ""));
    container::bound_of_folder(folder)
}

fn epoch_files(entries: &mut Entries, epoch: &Epoch) -> Result<EpochFiles> {
    let folder = format!("epochs/{}", epoch.number);
    let source = policy_source(entries, &folder)?;
    let registrations =
        (0..epoch.registrations).map(|index| registered(entries, &folder, index)).collect::<Result<_>>()?;
    let units = entries.find(&format!("{folder}/{UNITS}"));
    let bundles = (0..epoch.bundles)
        .map(|index| entries.take(&format!("{folder}/bundles/{index}.bundle")))
        .collect::<Result<_>>()?;
    Ok(EpochFiles { source, registrations, units, bundles })
}

fn policy_source(entries: &mut Entries, folder: &str) -> Result<PolicySource> {
    let name = format!("{folder}/policy.toml");
    let text = String::from_utf8(entries.take(&name)?).map_err(|error| content(&name, error.into()))?;
    let files: BTreeMap<_, _> = entries.take_folder(&format!("{folder}/files/"));
    Ok(PolicySource { text, files })
}

fn registered(entries: &mut Entries, folder: &str, index: usize) -> Result<Registration> {
    let entry = format!("{folder}/registrations/{index}.json");
    registration::from_json(&entries.take(&entry)?)
        .map_err(|source| ArchiveError::Registration { entry, source })
}

fn content(entry: &str, source: ContentError) -> ArchiveError {
    ArchiveError::Content { entry: entry.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use fairshare_params::address::Address;
    use fairshare_params::encoding::Digest;
    use fairshare_pinned::counting::Counting;
    use num_bigint::BigUint;

    use super::*;

    fn ledger(epochs: Vec<Epoch>) -> Ledger {
        let claim = Claimed {
            contributor: Address([0xa1; 20]),
            epoch: 4,
            amount: 7,
            cumulative: u128::MAX,
            evidence: Some("0xfeed".to_owned()),
        };
        Ledger::new(epochs, vec![claim])
    }

    fn epoch() -> Epoch {
        let tenths =
            |tenths| Carried { compute_tenths: BigUint::from(u128::MAX) * 10u8, data_tenths: tenths };
        Epoch {
            number: 4,
            state: State::PaidOut,
            rules_hash: Digest([1; 32]),
            brought: tenths(BigUint::ZERO),
            left: Some(tenths(BigUint::from(3u8))),
            root: None,
            registrations: 0,
            bundles: 2,
            payouts: vec![Paid {
                contributor: Address([0xa1; 20]),
                compute: 7,
                data: u128::MAX,
                cumulative: u128::MAX,
            }],
        }
    }

    fn files() -> EpochFiles {
        let files = BTreeMap::from([("a".repeat(200), vec![0; 70_000]), ("b".to_owned(), Vec::new())]);
        let source = PolicySource { text: "protocol = 1".to_owned(), files };
        let units = Some(b"round\n0\n1\n".to_vec());
        EpochFiles { source, registrations: Vec::new(), units, bundles: vec![vec![1; 100_000], vec![2]] }
    }

    fn written(ledger: &Ledger) -> Vec<u8> {
        let (mut bytes, files) = (Vec::new(), files());
        let mut writer = Writer::begin(&mut bytes, ledger).unwrap();
        for epoch in &ledger.epochs {
            let (source, registrations) = (&files.source, &files.registrations);
            writer
                .epoch(epoch.number, source, registrations, files.units.as_deref(), &files.bundles)
                .unwrap();
        }
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn an_archive_is_read_once_and_holds_what_was_written() {
        let ledger = ledger(vec![epoch()]);
        let file = Counting::new(written(&ledger));
        assert_eq!(read(file.clone()).unwrap(), (ledger, vec![files()]));
        file.assert_read_at_most(1);
    }

    /// Others read this text too: it does not change.
    #[test]
    fn the_ledger_is_the_text_that_it_always_was() {
        let mut short = epoch();
        (short.brought, short.left) = (short.left.unwrap(), None);
        let text = serde_json::to_string_pretty(&ledger(vec![short])).unwrap();
        let digest = format!("0x{}", "01".repeat(32));
        let address = "0xA1A1a1a1A1A1A1A1A1a1a1a1a1a1A1A1a1A1a1a1";
        let most = u128::MAX;
        let expected = format!(
            r#"{{
  "fairshare_archive": 2,
  "epochs": [
    {{
      "number": "4",
      "state": "paid out",
      "rules_hash": "{digest}",
      "brought": {{
        "compute_tenths": "{most}0",
        "data_tenths": "3"
      }},
      "left": null,
      "root": null,
      "registrations": 0,
      "bundles": 2,
      "payouts": [
        {{
          "contributor": "{address}",
          "compute": "7",
          "data": "{most}",
          "cumulative": "{most}"
        }}
      ]
    }}
  ],
  "claims": [
    {{
      "contributor": "{address}",
      "epoch": "4",
      "amount": "7",
      "cumulative": "{most}",
      "evidence": "0xfeed"
    }}
  ]
}}"#
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn values_of_the_ledger_are_refused_with_their_line() {
        let text = serde_json::to_string_pretty(&ledger(vec![epoch()])).unwrap();
        let address = "0xA1A1a1a1";
        for (from, to, told) in [
            ("\"amount\": \"7\"", "\"amount\": \"07\"", "`07` has to be spelled `7` at line"),
            ("\"amount\": \"7\"", "\"amount\": \"-7\"", "`-7` is not a number or state at line"),
            ("\"amount\": \"7\"", "\"amount\": 7", "invalid type: integer `7`"),
            ("paid out", "paid", "`paid` is not a number or state at line 6"),
            ("tenths\": \"0\"", &format!("tenths\": \"{}\"", "1".repeat(41)), "has 41 characters; 40"),
            (address, "0xa1A1a1a1", "fails its EIP-55 checksum"),
            ("\"bundles\"", "\"more\"", "unknown field `more`"),
        ] {
            let altered = text.replacen(from, to, 1);
            assert_ne!(altered, text, "{from}");
            let error = ledger::from_json(altered.as_bytes()).unwrap_err();
            let ContentError::Json(cause) = error else { panic!("{error}") };
            assert!(cause.to_string().contains(told) && cause.inner().line() > 1, "{cause}");
        }
        let other = text.replacen("\"fairshare_archive\": 2", "\"fairshare_archive\": 1", 1);
        assert!(matches!(ledger::from_json(other.as_bytes()), Err(ContentError::Version { found: 1 })));
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
        for index in 0..60 {
            let name = format!("epochs/1/bundles/{index}.bundle");
            bytes.extend_from_slice(header(&name, b'S', 64 << 20).as_bytes());
        }
        bytes.extend_from_slice(&[0; 1_024]);
        assert_eq!(bytes.len(), 31_744);
        let file = Counting::new(bytes);
        let error = read(file.clone()).unwrap_err();
        assert!(
            matches!(&error, ArchiveError::Special { entry } if entry == "epochs/1/bundles/0.bundle"),
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
        let error = read(file.clone()).unwrap_err();
        assert!(matches!(&error, ArchiveError::TooLong { bytes: 0x1_ffff_ffff, .. }), "{error}");
        assert_eq!(file.bytes_read(), 512);
        let name = format!("epochs/1/files/{}", "n".repeat(200));
        let mut archive = tar::Builder::new(Vec::new());
        append(&mut archive, name, b"x").unwrap();
        let error = read(&archive.into_inner().unwrap()[..]).unwrap_err();
        assert!(matches!(&error, ArchiveError::Missing { entry } if entry == "ledger.json"), "{error}");
    }

    #[test]
    fn whatever_is_not_an_ordinary_file_is_refused() {
        let name = "epochs/1/bundles/0.bundle";
        // Hard and symbolic links, devices, folders, pipes, and kinds that nobody has defined.
        for kind in *b"1234567Z" {
            let mut bytes = header(name, kind, 0).as_bytes().to_vec();
            bytes.extend_from_slice(&[0; 1_024]);
            let error = read(&bytes[..]).unwrap_err();
            assert!(matches!(error, ArchiveError::Special { .. }), "{kind}: {error}");
        }
        let with = |key: &str| {
            let mut archive = tar::Builder::new(Vec::new());
            archive.append_pax_extensions([(key, &b"1"[..])]).unwrap();
            append(&mut archive, name.to_owned(), b"x").unwrap();
            read(&archive.into_inner().unwrap()[..]).unwrap_err()
        };
        // What an extension says may be a length, a name or a hole; this program writes none.
        for key in ["GNU.sparse.major", "mtime"] {
            let error = with(key);
            assert!(matches!(error, ArchiveError::Special { .. }), "{key}: {error}");
        }
    }
}
