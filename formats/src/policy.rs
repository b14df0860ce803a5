//! The policy file: TOML that fixes every rule of one epoch of one vault (PROTOCOL sections 3, 5 to 8 and
//! 10).
//!
//! The reference counts, a long list, may stand in a file beside it, named with its hash. The policy's hash
//! covers every rule and nothing else: comments, layout and the file of a list change nothing. What nodes
//! worked is no rule: units come from the registry when the epoch's rounds are over ([`crate::units`]).

mod check;
mod error;
mod partial;
mod raw;
mod schema;
mod source;

use std::io;

use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use sha3::{Digest as _, Keccak256};

pub use error::{Location, PartError, PolicyError, Position, SyntaxError};
pub use partial::PartialPolicy;
pub use source::PolicySource;

/// Longest policy file, in bytes; a longer one is refused before it is parsed.
///
/// A parsed list takes up to a hundred bytes for each of its file's. The longest lists of the largest
/// geometry fit twice over, and those of numbers may stand in files of their own.
pub const MAX_POLICY_BYTES: u64 = 1 << 20;
/// Longest file that a policy may name, in bytes.
pub const MAX_SIDE_FILE_BYTES: u64 = 16 << 20;

/// Checks the policy in `text`. `load` gives the bytes of a file named in it, by its path relative to the
/// policy; it is called only with paths that lead downwards.
pub fn from_toml(text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Policy, PolicyError> {
    check::build(text, load)
}

/// The hash by which a policy names a file beside it: Keccak-256 of its bytes.
pub fn side_file_hash(bytes: &[u8]) -> Digest {
    Digest(Keccak256::digest(bytes).into())
}
