//! A snapshot in one file: a tar archive that any tool unpacks, read back with every length bounded.
//!
//! | entry | what it is |
//! | --- | --- |
//! | `ledger.json` | epochs with their states and payouts, and claims; the first entry |
//! | `epochs/E/policy.toml`, `epochs/E/files/NAME` | the policy and the files that it names |
//! | `epochs/E/registrations/N.json` | registrations, in order from 0 |
//! | `epochs/E/units/N.csv` | the units of registration `N`, where they are on record |
//! | `epochs/E/bundles/N.bundle` | accepted bundles, in order from 0 |

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};

use fairshare_formats::eip55::{self, checksummed};
use fairshare_formats::json::JsonError;
use fairshare_formats::policy::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PolicySource};
use fairshare_formats::registration::{MAX_REGISTRATION_BYTES, RegistrationFileError};
use fairshare_formats::units::{self, UnitsError};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use serde::{Deserialize, Serialize};

use crate::settlement::{Carry, Payout};
use crate::snapshot::{ClaimOnRecord, EpochSnapshot, LedgerSnapshot, MAX_BUNDLE_BYTES, Paid, Registered};

/// The version that [`write()`] writes.
pub const ARCHIVE_VERSION: u32 = 1;
/// Longest archive that is read, in bytes: all of it is held in memory.
pub const MAX_ARCHIVE_BYTES: u64 = 8 << 30;
/// Longest `ledger.json`: some 200,000 payouts and claims.
const MAX_LEDGER_BYTES: u64 = 128 << 20;
/// Tenths of fewer than 2^128 units have 40 digits.
const MAX_CARRY_DIGITS: usize = 40;
/// Longest list of units: a line for each of 2^13 rounds.
const MAX_UNITS_BYTES: u64 = 1 << 20;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file.
    #[error("the archive cannot be read")]
    Io(#[from] io::Error),
    /// An entry too long.
    #[error("`{entry}` has {bytes} bytes; at most {bound} are read")]
    TooLong {
        /// Its name.
        entry: String,
        /// Its length.
        bytes: u64,
        /// The most.
        bound: u64,
    },
    /// An entry that no archive has, or has twice.
    #[error("`{entry}` is not an entry of a ledger's archive, or stands there twice; make the archive again")]
    Unexpected {
        /// Its name.
        entry: String,
    },
    /// An entry that has to be there.
    #[error("`{entry}` is missing; make the archive again")]
    Missing {
        /// Its name.
        entry: String,
    },
    /// An entry that cannot be read.
    #[error("`{entry}` cannot be read")]
    Content {
        /// Its name.
        entry: String,
        /// Why.
        source: ContentError,
    },
    /// A registration.
    #[error("`{entry}` is not a registration")]
    Registration {
        /// Its name.
        entry: String,
        /// Why.
        source: RegistrationFileError,
    },
}

/// Why an entry's content cannot be read. What it quotes is cut short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Not the JSON of a ledger.
    #[error("it is not the JSON of a ledger")]
    Json(#[source] JsonError),
    /// Another version.
    #[error("it has version {found}, and this program reads {ARCHIVE_VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Text that is not UTF-8.
    #[error("it is not UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
    /// A number, address, digest or state that cannot be read.
    #[error("`{text}` is not a number, address or state")]
    Value {
        /// What stands there.
        text: String,
    },
    /// A number in another spelling than its one.
    #[error("`{text}` has another spelling")]
    Spelling {
        /// What stands there.
        text: String,
    },
    /// More digits than a carry can have.
    #[error("a carry has {digits} digits; {MAX_CARRY_DIGITS} are enough")]
    Carry {
        /// How many.
        digits: usize,
    },
    /// Not a list of units.
    #[error("it is not a list of units")]
    Units(#[source] UnitsError),
}

fn shortened(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

type Result<T> = std::result::Result<T, ArchiveError>;

/// `ledger.json`. Numbers beyond 53 bits are text, as everywhere.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    fairshare_archive: u32,
    epochs: Vec<IndexEpoch>,
    claims: Vec<IndexClaim>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexEpoch {
    number: String,
    state: String,
    policy: Digest,
    brought: IndexCarry,
    left: Option<IndexCarry>,
    root: Option<Digest>,
    registrations: usize,
    bundles: usize,
    payouts: Vec<IndexPayout>,
}

/// Tenths of base units.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexCarry {
    compute_tenths: String,
    data_tenths: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexPayout {
    contributor: String,
    compute: String,
    data: String,
    cumulative: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexClaim {
    contributor: String,
    epoch: String,
    amount: String,
    cumulative: String,
    evidence: Option<String>,
}

const INDEX: &str = "ledger.json";

/// Writes a snapshot; equal ones give equal bytes.
pub fn write(snapshot: &LedgerSnapshot, to: impl Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    let mut append = |name: String, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content)
    };
    let index = serde_json::to_vec_pretty(&Index::of(snapshot)).map_err(io::Error::from)?;
    append(INDEX.to_owned(), &index)?;
    for epoch in &snapshot.epochs {
        let folder = format!("epochs/{}", epoch.number);
        append(format!("{folder}/policy.toml"), epoch.source.text.as_bytes())?;
        for (name, content) in &epoch.source.files {
            append(format!("{folder}/files/{name}"), content)?;
        }
        for (index, registered) in epoch.registrations.iter().enumerate() {
            append(
                format!("{folder}/registrations/{index}.json"),
                fairshare_formats::registration::to_json(&registered.registration).as_bytes(),
            )?;
            if let Some(units) = &registered.units {
                append(format!("{folder}/units/{index}.csv"), units::to_csv(units).as_bytes())?;
            }
        }
        for (index, bundle) in epoch.bundles.iter().enumerate() {
            append(format!("{folder}/bundles/{index}.bundle"), bundle)?;
        }
    }
    archive.into_inner()?.flush()
}

/// Reads a snapshot back. Nothing of it is believed: that is for [`crate::audit`].
pub fn read(from: impl Read) -> Result<LedgerSnapshot> {
    let mut archive = tar::Archive::new(from.take(MAX_ARCHIVE_BYTES));
    let mut entries = HashMap::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let bound = bound_of(&name).ok_or_else(|| ArchiveError::Unexpected { entry: name.clone() })?;
        let bytes = entry.size();
        if bytes > bound {
            return Err(ArchiveError::TooLong { entry: name, bytes, bound });
        }
        let mut content = Vec::new();
        entry.by_ref().take(bound).read_to_end(&mut content)?;
        if entries.insert(name.clone(), content).is_some() {
            return Err(ArchiveError::Unexpected { entry: name });
        }
    }
    let snapshot = Entries(entries).snapshot()?;
    Ok(snapshot)
}

/// The most bytes of an entry of this name, if there can be one.
fn bound_of(name: &str) -> Option<u64> {
    if name == INDEX {
        return Some(MAX_LEDGER_BYTES);
    }
    let (_, rest) = name.strip_prefix("epochs/")?.split_once('/')?;
    let (folder, _) = rest.split_once('/').unwrap_or((rest, ""));
    match folder {
        "policy.toml" => Some(MAX_POLICY_BYTES),
        "files" => Some(MAX_SIDE_FILE_BYTES),
        "registrations" => Some(MAX_REGISTRATION_BYTES as u64),
        "units" => Some(MAX_UNITS_BYTES),
        "bundles" => Some(MAX_BUNDLE_BYTES as u64),
        _ => None,
    }
}

/// Entries not yet taken.
struct Entries(HashMap<String, Vec<u8>>);

impl Entries {
    fn snapshot(mut self) -> Result<LedgerSnapshot> {
        let index: Index = serde_json::from_slice(&self.take(INDEX)?)
            .map_err(|error| in_index(ContentError::Json(error.into())))?;
        let found = index.fairshare_archive;
        if found != ARCHIVE_VERSION {
            return Err(in_index(ContentError::Version { found }));
        }
        let epochs = index.epochs.iter().map(|epoch| self.epoch(epoch)).collect::<Result<_>>()?;
        let claims = index.claims.iter().map(IndexClaim::read).collect::<Result<_>>()?;
        match self.0.into_keys().min() {
            Some(entry) => Err(ArchiveError::Unexpected { entry }),
            None => Ok(LedgerSnapshot { epochs, claims }),
        }
    }

    fn epoch(&mut self, index: &IndexEpoch) -> Result<EpochSnapshot> {
        let number: u64 = number(&index.number)?;
        let folder = format!("epochs/{number}");
        let source = self.source(&folder)?;
        let registrations =
            (0..index.registrations).map(|n| self.registration(&folder, n)).collect::<Result<_>>()?;
        let bundles = (0..index.bundles)
            .map(|n| self.take(&format!("{folder}/bundles/{n}.bundle")))
            .collect::<Result<_>>()?;
        Ok(EpochSnapshot {
            number,
            state: number_text(&index.state)?,
            policy: index.policy,
            source,
            brought: index.brought.read()?,
            left: index.left.as_ref().map(IndexCarry::read).transpose()?,
            root: index.root,
            registrations,
            bundles,
            payouts: index.payouts.iter().map(IndexPayout::read).collect::<Result<_>>()?,
        })
    }

    fn source(&mut self, folder: &str) -> Result<PolicySource> {
        let name = format!("{folder}/policy.toml");
        let text = String::from_utf8(self.take(&name)?).map_err(|error| content(&name, error.into()))?;
        let prefix = format!("{folder}/files/");
        let names: Vec<_> = self.0.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
        let mut files = BTreeMap::new();
        for name in names {
            files.insert(name[prefix.len()..].to_owned(), self.take(&name)?);
        }
        Ok(PolicySource { text, files })
    }

    fn registration(&mut self, folder: &str, index: usize) -> Result<Registered> {
        let entry = format!("{folder}/registrations/{index}.json");
        let registration = fairshare_formats::registration::from_json(&self.take(&entry)?)
            .map_err(|source| ArchiveError::Registration { entry, source })?;
        let entry = format!("{folder}/units/{index}.csv");
        let units = match self.0.remove(&entry) {
            None => None,
            Some(bytes) => {
                let units = units::listed(bytes.as_slice());
                Some(units.map_err(|source| content(&entry, ContentError::Units(source)))?)
            }
        };
        Ok(Registered { registration, units })
    }

    fn take(&mut self, entry: &str) -> Result<Vec<u8>> {
        self.0.remove(entry).ok_or_else(|| ArchiveError::Missing { entry: entry.to_owned() })
    }
}

fn content(entry: &str, source: ContentError) -> ArchiveError {
    ArchiveError::Content { entry: entry.to_owned(), source }
}

fn in_index(source: ContentError) -> ArchiveError {
    content(INDEX, source)
}

/// Text of `ledger.json` that an error quotes.
const QUOTED: usize = 80;

/// A number, address or state of `ledger.json`.
fn number_text<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| in_index(ContentError::Value { text: shortened(text, QUOTED) }))
}

/// An address, in any spelling that people may use.
fn address(text: &str) -> Result<Address> {
    eip55::parse(text).map_err(|_| in_index(ContentError::Value { text: shortened(text, QUOTED) }))
}

/// A number in its one spelling.
fn number<T: std::str::FromStr + ToString>(text: &str) -> Result<T> {
    let number: T = number_text(text)?;
    if number.to_string() != text {
        return Err(in_index(ContentError::Spelling { text: shortened(text, QUOTED) }));
    }
    Ok(number)
}

impl Index {
    fn of(snapshot: &LedgerSnapshot) -> Self {
        Self {
            fairshare_archive: ARCHIVE_VERSION,
            epochs: snapshot.epochs.iter().map(IndexEpoch::of).collect(),
            claims: snapshot.claims.iter().map(IndexClaim::of).collect(),
        }
    }
}

impl IndexEpoch {
    fn of(epoch: &EpochSnapshot) -> Self {
        Self {
            number: epoch.number.to_string(),
            state: epoch.state.name().to_owned(),
            policy: epoch.policy,
            brought: IndexCarry::of(&epoch.brought),
            left: epoch.left.as_ref().map(IndexCarry::of),
            root: epoch.root,
            registrations: epoch.registrations.len(),
            bundles: epoch.bundles.len(),
            payouts: epoch.payouts.iter().map(IndexPayout::of).collect(),
        }
    }
}

impl IndexCarry {
    fn of(carry: &Carry) -> Self {
        Self { compute_tenths: carry.compute.to_string(), data_tenths: carry.data.to_string() }
    }

    fn read(&self) -> Result<Carry> {
        // Parsing a long number takes time that grows faster than the text.
        let bounded = |text: &str| match text.len() {
            0..=MAX_CARRY_DIGITS => number(text),
            digits => Err(in_index(ContentError::Carry { digits })),
        };
        Ok(Carry { compute: bounded(&self.compute_tenths)?, data: bounded(&self.data_tenths)? })
    }
}

impl IndexPayout {
    fn of(paid: &Paid) -> Self {
        Self {
            contributor: checksummed(&paid.contributor).to_string(),
            compute: paid.payout.compute.to_string(),
            data: paid.payout.data.to_string(),
            cumulative: paid.cumulative.to_string(),
        }
    }

    fn read(&self) -> Result<Paid> {
        let payout = Payout { compute: number(&self.compute)?, data: number(&self.data)? };
        Ok(Paid { contributor: address(&self.contributor)?, payout, cumulative: number(&self.cumulative)? })
    }
}

impl IndexClaim {
    fn of(claim: &ClaimOnRecord) -> Self {
        Self {
            contributor: checksummed(&claim.contributor).to_string(),
            epoch: claim.epoch.to_string(),
            amount: claim.amount.to_string(),
            cumulative: claim.cumulative.to_string(),
            evidence: claim.evidence.clone(),
        }
    }

    fn read(&self) -> Result<ClaimOnRecord> {
        Ok(ClaimOnRecord {
            contributor: address(&self.contributor)?,
            epoch: number(&self.epoch)?,
            amount: number(&self.amount)?,
            cumulative: number(&self.cumulative)?,
            evidence: self.evidence.clone(),
        })
    }
}
