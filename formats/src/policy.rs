//! The policy file: TOML that fixes every rule of one epoch of one vault (PROTOCOL sections 3, 5 to 8 and
//! 10).
//!
//! The reference counts, a long list, may stand in a file beside it, named with its hash. The rules' hash
//! covers every rule and nothing else: comments, layout, how a number is spelled and the file of a list
//! change nothing. What nodes worked is not a rule: units come from the registry when the epoch's rounds are
//! over ([`crate::units`]).
//!
//! A file is told all that is wrong with it at once. Nothing is said of what depends on something refused.

mod document;
mod draft;
mod error;
mod fault;
pub mod keys;
mod partial;
mod place;
mod reader;
mod schema;
mod source;
mod table;
mod time;
mod value;

use std::io;

use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use sha3::{Digest as _, Keccak256};

use document::Document;
use reader::Reader;

pub use error::{Location, PolicyError, PolicyErrors, Position};
pub use fault::{PartError, PolicyFault, SyntaxError};
pub use partial::PartialPolicy;
pub use source::PolicySource;
pub use time::TimeError;

/// Longest policy file, in bytes; a longer one is refused before it is parsed.
///
/// A parsed list, and the errors of a text that is not TOML, take up to two hundred bytes for each of the
/// file's. The longest lists of the largest geometry fit twice over, and those of numbers may stand in files
/// of their own.
pub const MAX_POLICY_BYTES: u64 = 1 << 20;
/// The policy's own name where it stands beside the files that it names: none of these has it.
pub const POLICY_FILE: &str = "policy.toml";
/// Longest file that a policy may name, in bytes.
pub const MAX_SIDE_FILE_BYTES: u64 = 16 << 20;
/// Longest path of such a file, in bytes: an archive has room for it.
pub const MAX_SIDE_NAME_BYTES: usize = 1024;
/// Most errors of one policy that are named; the others are counted.
pub const MAX_ERRORS: usize = 100;

/// Checks the policy in `text`. `load` gives the bytes of a file named in it, by its path relative to the
/// policy; it is called only with paths that lead downwards.
pub fn from_toml(text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Policy, PolicyErrors> {
    let document = Document::parse(text)?;
    let reader = Reader::new(&document);
    let policy = draft::policy(&reader, load);
    reader.finish(policy)
}

/// The hash by which a policy names a file beside it: Keccak-256 of its bytes.
pub fn side_file_hash(bytes: &[u8]) -> Digest {
    Digest(Keccak256::digest(bytes).into())
}
