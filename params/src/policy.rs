//! The policy: the public file that fixes every rule of one epoch of one vault (PROTOCOL sections 3, 5
//! to 8 and 10).
//!
//! How it is written is not said here. [`Policy::hash`] covers every rule and nothing else, so a policy
//! cannot look the same and mean something else, nor look different and mean the same.

use fairshare_circuits::numeric::decay::Decay;

use crate::Geometry;
use crate::digest::absorb_geometry;
use crate::encoding::{Digest, Hasher, wide};
use crate::reference::SmoothedReference;
use crate::schema::{Schema, SchemaError};

mod rules;

pub use crate::rules::Weighting;
pub use rules::{DataRules, Rounds, RuleError, Rules, Vault};

/// The version of a policy's file and hash: it goes when the rules of protocol version 2 take their place.
pub const POLICY_VERSION: u32 = 1;
/// Compute's part of the pool, of [`COMPUTE_WEIGHT`]` + `[`DATA_WEIGHT`] parts.
pub const COMPUTE_WEIGHT: u32 = 7;
/// Data's part of the pool.
pub const DATA_WEIGHT: u32 = 3;

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

impl Policy {
    /// Checks the rules against each other and against the protocol's ranges.
    pub fn new(rules: Rules) -> Result<Self, RuleError> {
        let Rules { geometry, vault, data, compute_decay, rounds, schema, reference } = rules;
        vault.check()?;
        data.check()?;
        rules::check_decay_order(&compute_decay, &data.decay)?;
        rounds.check(geometry)?;
        let (needed, alphabet) = (schema.symbol_count(), geometry.alphabet());
        if needed > alphabet {
            return Err(SchemaError::TooManySymbols { needed, alphabet }.into());
        }
        let reference = reference.smooth(&schema, data.pseudo_count, alphabet)?;
        rounds.check_decay(&compute_decay, &data.decay)?;
        data.check_least(reference.free_bins())?;
        Ok(Self { geometry, vault, data, compute_decay, rounds, schema, reference })
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

    /// The epoch's first round.
    pub fn first_round(&self) -> u64 {
        self.rounds.first
    }

    /// How many rounds the epoch has: 2 to [`Geometry::rounds`].
    pub fn rounds(&self) -> usize {
        self.rounds.count
    }

    /// The epoch's last round.
    pub fn last_round(&self) -> u64 {
        // Checked: it is below 2^64, and there are two rounds or more.
        self.rounds.first.saturating_add(wide(self.rounds.count).saturating_sub(1))
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
        // The reference was smoothed under this schema, so that every range is there.
        (0..self.schema.len())
            .map(|index| self.reference.by_symbol().get(self.schema.symbols(index)).unwrap_or_default())
    }

    /// `R_f` by feature, in the schema's order.
    pub fn feature_totals(&self) -> &[u32] {
        self.reference.totals()
    }

    /// `bins'`, the freedom that chance has under the reference ([`SmoothedReference::free_bins`]).
    pub fn free_bins(&self) -> u64 {
        self.reference.free_bins()
    }

    /// Digest of every rule, in a canonical encoding.
    ///
    /// λ enters by its canonical text and by the integers derived from it, so a mistake in the derivation
    /// would show as another hash and not as another payout.
    pub fn hash(&self) -> Digest {
        let hasher = Hasher::new("fairshare/v1/policy").u32(POLICY_VERSION);
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
        let hasher = absorb_decay(hasher, &self.compute_decay)
            .u64(self.rounds.first)
            .len(self.rounds.count)
            .digest(&self.schema.hash());
        let used = self.reference.by_symbol().get(..self.schema.symbol_count()).unwrap_or_default();
        absorb_counts(hasher, used).finish()
    }
}

fn absorb_decay(hasher: Hasher, decay: &Decay) -> Hasher {
    hasher.string(decay.lambda()).u64(decay.lambda_q()).u64(decay.rho())
}

fn absorb_counts(hasher: Hasher, counts: &[u32]) -> Hasher {
    counts.iter().fold(hasher.len(counts.len()), |hasher, count| hasher.u32(*count))
}
