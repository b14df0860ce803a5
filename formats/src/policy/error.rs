//! Why a policy is refused, where, and how to mend it.

use std::fmt;
use std::io;

use fairshare_circuits::numeric::decay::DecayError;
use fairshare_circuits::numeric::fixed::DecimalError;
use fairshare_params::Geometry;
use fairshare_params::encoding::{Digest, HexError};
use fairshare_params::policy::{POLICY_VERSION, RuleError};
use fairshare_params::schema::SchemaError;

use crate::eip55::AddressError;
use crate::reference::ReferenceFileError;

/// A line and a column of the policy's text, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where in a policy: a dotted key, and its position in the text where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The key, `vault.pool` for instance; empty where the text is not even TOML.
    pub key: String,
    /// Where its value stands.
    pub position: Option<Position>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), self.position) {
            ("", None) => f.write_str("policy"),
            ("", Some(Position { line, column })) => write!(f, "line {line}, column {column}"),
            (key, None) => write!(f, "`{key}`"),
            (key, Some(Position { line, column })) => write!(f, "`{key}` (line {line}, column {column})"),
        }
    }
}

/// What the parser of TOML refuses.
#[derive(Debug)]
pub struct SyntaxError(pub(super) Box<toml::de::Error>);

impl SyntaxError {
    /// The library's error, without the text.
    pub fn inner(&self) -> &toml::de::Error {
        &self.0
    }
}

/// The message alone: the library's own form repeats where it is.
impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for SyntaxError {}

fn geometries() -> String {
    let names: Vec<_> = Geometry::ALL.iter().map(|known| format!("\"{known}\"")).collect();
    names.join(", ")
}

/// Why a policy is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file above its bound; nothing of it was parsed.
    #[error(
        "{file} is longer than {bound} bytes, the most that is read; put a policy's long lists into files \
         beside it"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// The bound, in bytes.
        bound: u64,
    },
    /// Not TOML, or a key that is unknown, missing, repeated or of the wrong type.
    #[error("{location}")]
    Syntax {
        /// Where.
        location: Box<Location>,
        /// What was wrong, with what was expected.
        source: SyntaxError,
    },
    /// Another version of the file.
    #[error("{location}: {found} is not {POLICY_VERSION}, the version of policies that this program reads")]
    Version {
        /// Where.
        location: Box<Location>,
        /// The version found.
        found: u64,
    },
    /// A geometry that there is not.
    #[error("{location}: {found:?} is not one of {}", geometries())]
    Geometry {
        /// Where.
        location: Box<Location>,
        /// The name found.
        found: String,
    },
    /// A number outside its range.
    #[error("{location}: {found} is not a whole number from 1 to 4294967295")]
    OutOfRange {
        /// Where.
        location: Box<Location>,
        /// The number found.
        found: u64,
    },
    /// Another weight than the protocol fixes.
    #[error(
        "{location}: {found} is not {required}; the protocol fixes compute : data = 7 : 3, and other weights \
         need another protocol"
    )]
    Weight {
        /// Where.
        location: Box<Location>,
        /// The weight found.
        found: u64,
        /// The only weight allowed.
        required: u64,
    },
    /// The vault's address is wrong.
    #[error("{location}")]
    Address {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: AddressError,
    },
    /// A decay constant is wrong.
    #[error("{location}")]
    Decay {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: DecayError,
    },
    /// `records-divergence` without a cap.
    #[error(
        "{location}: weighting `records-divergence` needs a cap; add `cap = \"0.05\"`, nats per record, to \
         `[data]`"
    )]
    MissingCap {
        /// Where the weighting stands.
        location: Box<Location>,
    },
    /// `divergence` with a cap that it would ignore.
    #[error(
        "{location}: weighting `divergence` has no cap; remove this line, or choose weighting \
         `records-divergence`"
    )]
    UnusedCap {
        /// Where the cap stands.
        location: Box<Location>,
    },
    /// A cap that is not a decimal number.
    #[error("{location}")]
    Cap {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: DecimalError,
    },
    /// A table that may stand in the policy or in a file does neither, or both.
    #[error("{location}: {problem}; give either `{inline}`, or `file` and `hash`")]
    Form {
        /// The table.
        location: Box<Location>,
        /// What was given.
        problem: &'static str,
        /// The key that holds the inline form.
        inline: &'static str,
    },
    /// A file's path leads out of the policy's folder.
    #[error(
        "{location}: `{file}` is not a plain relative path; keep the file beside the policy or in a folder \
         below it, without `..`"
    )]
    SidePath {
        /// Where.
        location: Box<Location>,
        /// The path.
        file: String,
    },
    /// A file's hash is not hexadecimal.
    #[error("{location}")]
    Hash {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: HexError,
    },
    /// A file named in the policy cannot be read.
    #[error("{location}: cannot read `{file}`")]
    SideFile {
        /// Where.
        location: Box<Location>,
        /// The path as the policy gives it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file named in the policy is not the one that was meant.
    #[error(
        "{location}: `{file}` has keccak256 {found}, not {expected}; fetch the file that was published with \
         the policy"
    )]
    HashMismatch {
        /// Where.
        location: Box<Location>,
        /// The path as the policy gives it.
        file: String,
        /// The hash in the policy.
        expected: Digest,
        /// The hash of the bytes read.
        found: Digest,
    },
    /// A feature's keys do not fit its kind.
    #[error("{location}: {problem}")]
    FeatureKeys {
        /// Where.
        location: Box<Location>,
        /// What was wrong and how to mend it.
        problem: &'static str,
    },
    /// A crossed feature names a part that it cannot have.
    #[error("{location}")]
    Part {
        /// Where the name stands.
        location: Box<Location>,
        /// What was wrong.
        source: PartError,
    },
    /// The features make no schema.
    #[error("{location}")]
    Schema {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: SchemaError,
    },
    /// A file of reference counts is wrong.
    #[error("{location}: `{file}`")]
    ReferenceFile {
        /// Where.
        location: Box<Location>,
        /// The path as the policy gives it.
        file: String,
        /// What was wrong.
        source: ReferenceFileError,
    },
    /// A rule that the protocol does not allow.
    #[error("{location}")]
    Rule {
        /// Where.
        location: Box<Location>,
        /// What was wrong.
        source: RuleError,
    },
}

/// Why a crossed feature cannot have that part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// There is no such feature.
    #[error("no feature is named `{part}`; list it, with its labels or edges, as a feature of its own")]
    Unknown {
        /// Its name, cut to 42 characters.
        part: String,
    },
    /// The part is crossed itself.
    #[error("`{part}` is a crossed feature; name the categorical and numeric features that it joins")]
    Crossed {
        /// Its name, cut to 42 characters.
        part: String,
    },
    /// The part is joined already, here or in another crossed feature.
    #[error("`{part}` is crossed twice; a feature is crossed once, so remove it here or there")]
    Twice {
        /// Its name, cut to 42 characters.
        part: String,
    },
}
