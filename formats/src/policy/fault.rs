//! What can be wrong with a policy.

use std::fmt;
use std::io;

use fairshare_circuits::numeric::decay::DecayError;
use fairshare_circuits::numeric::fixed::DecimalError;
use fairshare_params::encoding::{Digest, HexError};
use fairshare_params::policy::{NamedParameters, RuleError};
use fairshare_params::rules::PROTOCOL_VERSION;
use fairshare_params::schema::SchemaError;

use super::MAX_SIDE_NAME_BYTES;
use super::keys::{Key, Section};
use super::time::TimeError;
use crate::eip55::AddressError;
use crate::reference::ReferenceFileError;

/// What the parser of TOML refuses.
#[derive(Debug)]
pub struct SyntaxError {
    pub(super) error: Box<toml::de::Error>,
    /// The key that is there twice, if that is what it refuses.
    pub(super) key: Option<String>,
}

/// The message alone: the library's own form repeats where it is.
impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "`{key}` stands there twice; join the two, or remove one"),
            None => f.write_str(self.error.message()),
        }
    }
}

impl std::error::Error for SyntaxError {}

/// What is wrong with a policy, in one place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// The file is above its bound; nothing of it was parsed.
    #[error(
        "longer than {bound} bytes, the most that is read; put a policy's long lists into files beside it"
    )]
    TooLarge {
        /// The bound, in bytes.
        bound: u64,
    },
    /// Not TOML.
    #[error(transparent)]
    Syntax(SyntaxError),
    /// Another version of the file.
    #[error(
        "{found} is not {PROTOCOL_VERSION}, the version of policies that this program reads{}",
        hint(*.found)
    )]
    Version {
        /// The version found.
        found: u64,
    },
    /// A key that there is not.
    #[error("unknown key; {}", known_keys(.nearest, .known))]
    UnknownKey {
        /// The key that is closest to it, if one is close.
        nearest: Option<&'static str>,
        /// The keys that there are.
        known: &'static [Key],
    },
    /// The table that version 1 had.
    #[error(
        "unknown key; the protocol fixes compute : data = 7 : 3, so a policy has no weights: remove this \
         table"
    )]
    Weights,
    /// A key is not there.
    #[error("this key is missing; add it to {table}{}", for_example(.example))]
    MissingKey {
        /// The table it belongs into, as a message names it.
        table: String,
        /// The key with a value that it may have.
        example: Option<Key>,
    },
    /// A table is not there.
    #[error("this table is missing; add {section}")]
    MissingTable {
        /// The table, with the keys that it has.
        section: &'static Section,
    },
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What it should be.
        expected: &'static str,
        /// The TOML type that it has.
        found: &'static str,
    },
    /// A number that is not whole, or outside its range.
    #[error("{found} is not a whole number from 0 to {most}")]
    Whole {
        /// The number as written, cut to 42 characters.
        found: String,
        /// The largest.
        most: u128,
    },
    /// An edge that is not a number.
    #[error("{found} cannot be an edge; give a finite decimal, or an integer from -2^53 to 2^53")]
    Edge {
        /// The edge as written, cut to 42 characters.
        found: String,
    },
    /// A word that is none of those that may stand there.
    #[error("{found:?} is not one of {}", quoted(.of))]
    Choice {
        /// The word found, cut to 42 characters.
        found: String,
        /// Those that may stand there.
        of: Vec<&'static str>,
    },
    /// Not an address.
    #[error(transparent)]
    Address(AddressError),
    /// A hash that is not hexadecimal.
    #[error(transparent)]
    Hash(HexError),
    /// Neither a fingerprint nor the readable exception.
    #[error(
        "give the fingerprint of the parameters, which `fairshare params inspect` prints, or {:?}",
        NamedParameters::INSECURE
    )]
    Parameters(#[source] HexError),
    /// Not a time.
    #[error(transparent)]
    Time(TimeError),
    /// A decay constant is wrong.
    #[error(transparent)]
    Decay(DecayError),
    /// A cap that is not a decimal number.
    #[error(transparent)]
    Cap(DecimalError),
    /// `records-divergence` without a cap.
    #[error(
        "weighting `records-divergence` needs a cap; add `cap` to `[data]`, in nats per record, above what \
         honest data reaches"
    )]
    MissingCap,
    /// `divergence` with a cap that it would ignore.
    #[error("weighting `divergence` has no cap; remove this line, or choose weighting `records-divergence`")]
    UnusedCap,
    /// The reference counts stand neither in the policy nor in a file, or in both.
    #[error(
        "{problem}; give either `counts`, or `file` and `hash`, which `fairshare policy reference` writes \
         and prints"
    )]
    Form {
        /// What was given.
        problem: &'static str,
    },
    /// A file's path leads out of the policy's folder.
    #[error(
        "`{file}` is not a plain relative path; keep the file beside the policy or in a folder below it, and \
         write its path without `.`, `..` or empty parts, in at most {MAX_SIDE_NAME_BYTES} bytes, and not as \
         `policy.toml`, which is the policy's own name in an archive"
    )]
    SidePath {
        /// The path, cut to 42 characters.
        file: String,
    },
    /// A token that has no such symbol or decimals.
    #[error(
        "`{symbol}` with {decimals} decimals is not a token: a symbol has 1 to 12 characters of ASCII \
         without spaces, one of them a letter, and a token at most 36 decimals"
    )]
    Token {
        /// The symbol, cut short.
        symbol: String,
        /// The decimals.
        decimals: u32,
    },
    /// One of two keys that go together.
    #[error("`symbol` and `decimals` go together: give both, or neither")]
    HalfToken,
    /// A file named in the policy cannot be read.
    #[error(
        "cannot read `{file}`; fetch the file that was published with the policy, or count it anew with \
         `fairshare policy reference`"
    )]
    SideFile {
        /// The path as the policy gives it.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file named in the policy is above its bound.
    #[error("`{file}` is longer than {bound} bytes, the most that is read")]
    SideFileTooLarge {
        /// The path as the policy gives it.
        file: String,
        /// The bound, in bytes.
        bound: u64,
    },
    /// A file named in the policy is not the one that was meant.
    #[error(
        "`{file}` has keccak256 {found}, not {expected}; fetch the file that was published with the policy, \
         or, if the policy is yours, write that hash"
    )]
    HashMismatch {
        /// The path as the policy gives it.
        file: String,
        /// The hash in the policy.
        expected: Digest,
        /// The hash of the bytes read.
        found: Digest,
    },
    /// A file of reference counts is wrong.
    #[error("`{file}`")]
    ReferenceFile {
        /// The path as the policy gives it.
        file: String,
        /// What was wrong.
        source: ReferenceFileError,
    },
    /// A feature's keys do not fit its kind.
    #[error("{problem}")]
    FeatureKeys {
        /// What was wrong and how to mend it.
        problem: &'static str,
    },
    /// A crossed feature names a part that it cannot have.
    #[error(transparent)]
    Part(PartError),
    /// The features make no schema.
    #[error(transparent)]
    Schema(SchemaError),
    /// A rule that the protocol does not allow.
    #[error(transparent)]
    Rule(RuleError),
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

fn hint(version: u64) -> &'static str {
    if version != 1 {
        return "";
    }
    "; version 1 was never released: write 2, remove `[weights]`, put `rounds.count` in place of \
     `rounds.totals`, and add `parameters`, `vault.registry`, `vault.settlement`, `rounds.ends_by`, \
     `rounds.proving_seconds` and `data.evidence`"
}

fn for_example(key: &Option<Key>) -> String {
    key.map_or_else(String::new, |key| format!(", for example {key}"))
}

fn known_keys(nearest: &Option<&str>, known: &[Key]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the keys here are {}", list(known)),
    }
}

fn list(keys: &[Key]) -> String {
    let words: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
    words.join(", ")
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(", ")
}
