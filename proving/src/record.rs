//! What is kept of a job.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use serde::{Deserialize, Serialize};

/// The version of what is kept.
pub(crate) const VERSION: u32 = 1;

/// A job's id: it follows from its content and the service's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub [u8; 32]);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id)?;
        // One spelling for each.
        let id = Self(id);
        if id.to_string() == text { Ok(id) } else { Err(hex::FromHexError::InvalidStringLength) }
    }
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Queued,
    Committing,
    Proving,
    Done,
    Failed,
    Cancelled,
}

impl State {
    pub(crate) const ALL: [Self; 6] =
        [Self::Queued, Self::Committing, Self::Proving, Self::Done, Self::Failed, Self::Cancelled];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Committing => "committing",
            Self::Proving => "proving",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to the job, unless it is submitted again.
    pub(crate) const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// What a job is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Purpose {
    /// The policy's name.
    pub policy: String,
    /// Its rules: a job goes on under no others.
    pub rules: Digest,
    /// Whose records these are.
    #[serde(with = "spelling")]
    pub contributor: Address,
    /// Whether most of a column may match nothing.
    pub accept_unmatched: bool,
}

/// Addresses as everywhere.
mod spelling {
    use fairshare_formats::eip55;
    use fairshare_params::address::Address;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&eip55::checksummed(address))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        eip55::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What a job's records came as. They are in the job's folder until they are committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Content {
    /// A stream.
    Stream,
    /// Copies of files, by their paths from the folder on that the operator allows.
    Files(Vec<PathBuf>),
}

impl Content {
    /// Where the records are, if the stream is at `stream`, or the copies are below `files`.
    pub(crate) fn paths(&self, stream: &Path, files: &Path) -> Vec<PathBuf> {
        match self {
            Self::Stream => vec![stream.to_owned()],
            Self::Files(places) => places.iter().map(|place| files.join(place)).collect(),
        }
    }
}

/// What was committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Committed {
    pub digest: Digest,
    pub records: u32,
    pub segments: u32,
}

/// What was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proved {
    /// In 1/256 nat.
    pub score: u64,
    /// The bundle's size.
    pub bytes: u64,
    pub insecure: bool,
}

/// A job, as it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub version: u32,
    /// Its place among all jobs.
    pub number: u64,
    /// How often it was begun by a submission.
    pub attempt: u32,
    pub state: State,
    pub purpose: Purpose,
    pub content: Content,
    pub committed: Option<Committed>,
    pub proved: Option<Proved>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Record {
    /// A job that was just submitted.
    pub(crate) fn new(number: u64, purpose: Purpose, content: Content) -> Self {
        let (committed, proved, error) = (None, None, None);
        let state = State::Queued;
        Self { version: VERSION, number, attempt: 1, state, purpose, content, committed, proved, error }
    }

    /// The same job, submitted again after it had failed or was cancelled.
    pub(crate) fn again(&self, content: Content) -> Self {
        let (attempt, state) = (self.attempt.saturating_add(1), State::Queued);
        Self { attempt, state, content, error: None, ..self.clone() }
    }
}
