//! The policy: the public file that fixes every rule of one epoch of one vault (PROTOCOL sections 3 and 5 to 8).
//!
//! It is TOML. Long lists (round totals, reference counts) may stand in files beside it, named with their hash.
//! [`Policy::hash`] covers every rule and nothing else: comments, layout and the place of a list change nothing,
//! so a policy cannot look the same and mean something else, nor look different and mean the same.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use fairshare_circuits::numeric::decay::Decay;
use sha3::{Digest as _, Keccak256};

use crate::Geometry;
use crate::address::Address;
use crate::digest::absorb_geometry;
use crate::encoding::{Digest, Hasher};
use crate::reference::SmoothedReference;
use crate::schema::Schema;

mod check;
mod draft;
mod error;
mod raw;
mod rounds;
mod source;

pub use draft::Draft;
pub use error::{Place, PolicyError, Position, RoundsError};
pub use source::Source;

/// The protocol version that this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;
/// Compute's part of the pool in protocol version 1, of [`COMPUTE_WEIGHT`]` + `[`DATA_WEIGHT`] parts.
pub const COMPUTE_WEIGHT: u32 = 7;
/// Data's part of the pool in protocol version 1.
pub const DATA_WEIGHT: u32 = 3;
/// Longest policy file, in bytes; a longer one is refused before it is parsed.
///
/// A parsed list takes up to a hundred bytes for each of its file's. The longest lists of the largest geometry fit twice
/// over, and those of numbers may stand in files of their own.
pub const MAX_POLICY_BYTES: u64 = 1 << 20;
/// Longest file that a policy may name, in bytes.
pub const MAX_SIDE_FILE_BYTES: u64 = 16 << 20;

/// The rules of one epoch of one vault, all of them checked.
#[derive(Clone, Debug)]
pub struct Policy {
    geometry: Geometry,
    vault: Vault,
    data: DataRules,
    compute_decay: Decay,
    rounds: Rounds,
    schema: Schema,
    reference: SmoothedReference,
}

/// What a policy is for: one epoch of one vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// The chain of the vault, 1 or more.
    pub chain_id: u64,
    /// The vault's address, not zero.
    pub address: Address,
    /// The subnet's name: 1 to 64 printable ASCII characters, none of them a space at either end.
    pub subnet: String,
    /// The epoch's number.
    pub epoch: u64,
    /// What the epoch pays, in the token's base units, 1 or more.
    pub pool: u128,
}

/// `g` of PROTOCOL section 8: how a data score becomes a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// The divergence itself.
    Divergence,
    /// Records times capped divergence, less the plug-in bias.
    RecordsDivergence {
        /// The cap in nats, with 48 fractional bits; 1 or more.
        cap: u64,
    },
}

#[derive(Clone, Debug)]
struct DataRules {
    decay: Decay,
    pseudo_count: u32,
    min_records: u32,
    weighting: Weighting,
}

#[derive(Clone, Debug)]
struct Rounds {
    first: u64,
    totals: Vec<u32>,
}

impl Policy {
    /// Reads and checks the policy at `path`; files that it names are found from its folder.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        Source::load(path).map(|(_, policy)| policy)
    }

    /// Checks the policy in `text`. `load` gives the bytes of a file named in it, by its path relative to the
    /// policy; it is called only with paths that lead downwards.
    pub fn from_toml(text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Self, PolicyError> {
        check::build(text, load)
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The vault and epoch.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// λ of data and its decay.
    pub fn data_decay(&self) -> &Decay {
        &self.data.decay
    }

    /// λ of compute and its decay; below data's.
    pub fn compute_decay(&self) -> &Decay {
        &self.compute_decay
    }

    /// What smoothing adds to every bin; 1 or more.
    pub fn pseudo_count(&self) -> u32 {
        self.data.pseudo_count
    }

    /// Fewest records that are paid for; 1 or more.
    pub fn min_records(&self) -> u32 {
        self.data.min_records
    }

    /// How a data score becomes a weight.
    pub fn weighting(&self) -> Weighting {
        self.data.weighting
    }

    /// The first round of the epoch's compute log.
    pub fn first_round(&self) -> u64 {
        self.rounds.first
    }

    /// `U_x`: total units of round `first_round + x`, for 1 to [`Geometry::rounds`] rounds.
    pub fn round_totals(&self) -> &[u32] {
        &self.rounds.totals
    }

    /// The features of a record.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// `r_t` by symbol, over the whole alphabet; 0 for symbols that the schema does not use.
    pub fn reference_counts(&self) -> &[u32] {
        self.reference.by_symbol()
    }

    /// `r_t` by feature, in the schema's order.
    pub fn feature_references(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.schema.len()).map(|index| &self.reference.by_symbol()[self.schema.symbols(index)])
    }

    /// `R_f` by feature, in the schema's order.
    pub fn feature_totals(&self) -> &[u32] {
        self.reference.totals()
    }

    /// Digest of every rule, in a canonical encoding.
    ///
    /// λ enters by its canonical text and by the integers derived from it, so a mistake in the derivation would
    /// show as another hash and not as another payout.
    pub fn hash(&self) -> Digest {
        let hasher = Hasher::new("fairshare/v1/policy").u32(PROTOCOL_VERSION);
        let hasher = absorb_geometry(hasher, &self.geometry)
            .u64(self.vault.chain_id)
            .bytes(&self.vault.address.0)
            .string(&self.vault.subnet)
            .u64(self.vault.epoch)
            .u128(self.vault.pool)
            .u32(COMPUTE_WEIGHT)
            .u32(DATA_WEIGHT);
        let hasher =
            absorb_decay(hasher, &self.data.decay).u32(self.data.pseudo_count).u32(self.data.min_records);
        let hasher = match self.data.weighting {
            Weighting::Divergence => hasher.u8(0),
            Weighting::RecordsDivergence { cap } => hasher.u8(1).u64(cap),
        };
        let hasher = absorb_decay(hasher, &self.compute_decay).u64(self.rounds.first);
        let hasher = absorb_counts(hasher, &self.rounds.totals).digest(&self.schema.hash());
        absorb_counts(hasher, &self.reference.by_symbol()[..self.schema.symbol_count()]).finish()
    }
}

/// The hash by which a policy names a file beside it: Keccak-256 of its bytes.
pub fn side_file_hash(bytes: &[u8]) -> Digest {
    Digest(Keccak256::digest(bytes).into())
}

/// A policy file's text.
fn read_text(path: &Path) -> Result<String, PolicyError> {
    let name = path.display().to_string();
    let bytes = read_bounded(path, MAX_POLICY_BYTES)
        .map_err(|source| PolicyError::Read { path: name.clone(), source })?;
    check::bound(&name, bytes.len(), MAX_POLICY_BYTES)?;
    String::from_utf8(bytes)
        .map_err(|error| PolicyError::NotUtf8 { path: name, offset: error.utf8_error().valid_up_to() })
}

fn absorb_decay(hasher: Hasher, decay: &Decay) -> Hasher {
    hasher.string(decay.lambda()).u64(decay.lambda_q()).u64(decay.rho())
}

fn absorb_counts(hasher: Hasher, counts: &[u32]) -> Hasher {
    counts.iter().fold(hasher.len(counts.len()), |hasher, count| hasher.u32(*count))
}

/// Reads a regular file up to one byte past `bound`: enough to see that it is too long. A device or a pipe
/// could make the reader wait for ever.
fn read_bounded(path: &Path, bound: u64) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
