//! A policy's rules before they are checked, and the checks.

use std::cmp::Ordering;

use fairshare_circuits::numeric::decay::{Decay, FadedOut};

use crate::Geometry;
use crate::address::Address;
use crate::encoding::wide;
use crate::reference::{Reference, ReferenceError};
use crate::rules::{Weighting, is_subnet};
use crate::schema::{Schema, SchemaError};

/// The largest cap: `2^15` nats, with 48 fractional bits.
const MOST_CAP: u64 = 1 << 63;

/// Everything that a policy says.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The circuits' shape.
    pub geometry: Geometry,
    /// The vault and epoch.
    pub vault: Vault,
    /// Data's rules.
    pub data: DataRules,
    /// λ of compute and its decay; below data's.
    pub compute_decay: Decay,
    /// The rounds.
    pub rounds: Rounds,
    /// The features of a record.
    pub schema: Schema,
    /// The reference counts before smoothing.
    pub reference: Reference,
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

/// How data is scored and weighed.
#[derive(Clone, Debug)]
pub struct DataRules {
    /// λ and its decay.
    pub decay: Decay,
    /// What smoothing adds to every bin; 1 or more.
    pub pseudo_count: u32,
    /// Fewest records that are paid for; 1 or more.
    pub min_records: u32,
    /// How a score becomes a weight.
    pub weighting: Weighting,
}

/// The rounds of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// The first one.
    pub first: u64,
    /// How many there are: 2 to [`Geometry::rounds`].
    pub count: usize,
}

/// Why rules are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A chain without a number.
    #[error("the chain id must be 1 or more, found 0")]
    ChainId,
    /// A vault without an address.
    #[error("the zero address is not a vault's; give the vault's")]
    VaultAddress,
    /// A name that could be mistaken for another.
    #[error("{found:?} is not a name of 1 to 64 printable ASCII characters, without a space at either end")]
    Subnet {
        /// The name, cut to 80 characters.
        found: String,
    },
    /// Nothing to pay.
    #[error("the pool must be 1 or more of the token's base units, found 0")]
    Pool,
    /// Nothing to smooth with.
    #[error("the pseudo-count must be a whole number from 1 to 4294967295, found 0")]
    PseudoCount,
    /// No fewest number of records.
    #[error("the least number of records must be a whole number from 1 to 4294967295, found 0")]
    MinRecords,
    /// A cap of nothing, or beyond any divergence.
    #[error("the cap must be from 2^-48 to 32768 nats")]
    Cap,
    /// Computing power must fade more slowly than data.
    #[error(
        "{} is not below `data.lambda`, {}; lower it, or raise `data.lambda`",
        compute.lambda(), data.lambda()
    )]
    DecayOrder {
        /// λ of compute.
        compute: Box<Decay>,
        /// λ of data.
        data: Box<Decay>,
    },
    /// Fewer rounds than two, or more than one proof can cover.
    #[error("{found} rounds, but geometry `{geometry}` covers 2 to {bound}; {}", round_hint(*.found))]
    RoundCount {
        /// Rounds found.
        found: usize,
        /// The geometry.
        geometry: Geometry,
        /// Rounds that it covers.
        bound: usize,
    },
    /// Rounds past the last number.
    #[error("the last of {count} rounds from {first} is not below 2^64; begin earlier")]
    LastRound {
        /// The first round.
        first: u64,
        /// How many there are.
        count: usize,
    },
    /// Computing power of the last round would be paid by rounding.
    #[error(transparent)]
    ComputeFaded(Box<FadedOut>),
    /// Data of the last round would be paid by rounding.
    #[error(transparent)]
    DataFaded(Box<FadedOut>),
    /// The fewest records that are paid for could never weigh anything.
    #[error(
        "{least} records at the cap are worth no more than what chance alone gives so few; ask for {needed} \
         at least, or raise the cap"
    )]
    NeverWeighs {
        /// The least number of records.
        least: u32,
        /// The fewest that could weigh something.
        needed: u64,
    },
    /// The schema does not fit the geometry.
    #[error("the schema does not fit the geometry")]
    Schema(#[from] SchemaError),
    /// The reference counts do not fit the schema or the numbers' range.
    #[error("the reference counts are refused")]
    Reference(#[from] ReferenceError),
}

fn round_hint(found: usize) -> &'static str {
    if found < 2 {
        "an epoch's last round takes no data, so one alone takes none"
    } else {
        "choose a larger geometry, or start a new epoch"
    }
}

type Result = std::result::Result<(), RuleError>;

fn require(holds: bool, error: impl FnOnce() -> RuleError) -> Result {
    if holds { Ok(()) } else { Err(error()) }
}

impl Vault {
    pub(super) fn check(&self) -> Result {
        require(self.chain_id >= 1, || RuleError::ChainId)?;
        require(!self.address.is_zero(), || RuleError::VaultAddress)?;
        let subnet = &self.subnet;
        require(is_subnet(subnet), || RuleError::Subnet { found: subnet.chars().take(80).collect() })?;
        require(self.pool >= 1, || RuleError::Pool)
    }
}

impl DataRules {
    pub(super) fn check(&self) -> Result {
        require(self.pseudo_count >= 1, || RuleError::PseudoCount)?;
        require(self.min_records >= 1, || RuleError::MinRecords)?;
        let cap = match self.weighting {
            Weighting::RecordsDivergence { cap } => cap,
            Weighting::Divergence => 1,
        };
        require((1..=MOST_CAP).contains(&cap), || RuleError::Cap)
    }

    /// That the least number of records, each at the cap, is worth more than the plug-in bias (PROTOCOL
    /// section 10).
    pub(super) fn check_least(&self, free_bins: u64) -> Result {
        let Weighting::RecordsDivergence { cap } = self.weighting else { return Ok(()) };
        // ⌊n·cap/2^40⌋ is above bins'·2^7 from n·cap ≥ (bins'·2^7 + 1)·2^40 on. No alphabet has more than
        // 2^15 bins, so that is below 2^63.
        let more = free_bins.saturating_mul(1 << 7).saturating_add(1).saturating_mul(1 << 40);
        let needed = more.div_ceil(cap.max(1));
        let least = self.min_records;
        require(u64::from(least) >= needed, || RuleError::NeverWeighs { least, needed })
    }
}

impl Rounds {
    pub(super) fn check(&self, geometry: Geometry) -> Result {
        let (found, bound) = (self.count, geometry.rounds());
        require((2..=bound).contains(&found), || RuleError::RoundCount { found, geometry, bound })?;
        let last = self.first.checked_add(wide(found).saturating_sub(1));
        require(last.is_some(), || RuleError::LastRound { first: self.first, count: found })
    }

    /// That the last round counts for more than rounding (PROTOCOL section 7).
    pub(super) fn check_decay(&self, compute: &Decay, data: &Decay) -> Result {
        let last = wide(self.count).saturating_sub(1);
        compute.check_epoch(last).map_err(|error| RuleError::ComputeFaded(error.into()))?;
        data.check_window(last).map_err(|error| RuleError::DataFaded(error.into()))
    }
}

pub(super) fn check_decay_order(compute: &Decay, data: &Decay) -> Result {
    require(compute.compare(data) == Ordering::Less, || RuleError::DecayOrder {
        compute: Box::new(compute.clone()),
        data: Box::new(data.clone()),
    })
}
