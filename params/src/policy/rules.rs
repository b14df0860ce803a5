//! A policy's rules before they are checked, and the checks.

use std::cmp::Ordering;

use fairshare_circuits::numeric::decay::Decay;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::wide;
use crate::reference::{Reference, ReferenceError};
use crate::schema::{Schema, SchemaError};

/// The most characters of a subnet's name.
const MAX_SUBNET: usize = 64;

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
    #[error("the zero address is not a vault's")]
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
    /// A cap of nothing.
    #[error("the cap must be 2^-48 nats or more")]
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
    #[error("round {first} is not one from which the last of {count} rounds is below 2^64")]
    LastRound {
        /// The first round.
        first: u64,
        /// How many there are.
        count: usize,
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
        // ASCII only: two names that look alike but differ in Unicode form would be two subnets.
        let printable = (1..=MAX_SUBNET).contains(&subnet.len())
            && subnet.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && subnet.trim() == subnet;
        require(printable, || RuleError::Subnet { found: subnet.chars().take(80).collect() })?;
        require(self.pool >= 1, || RuleError::Pool)
    }
}

impl DataRules {
    pub(super) fn check(&self) -> Result {
        require(self.pseudo_count >= 1, || RuleError::PseudoCount)?;
        require(self.min_records >= 1, || RuleError::MinRecords)?;
        require(self.weighting != Weighting::RecordsDivergence { cap: 0 }, || RuleError::Cap)
    }
}

impl Rounds {
    pub(super) fn check(&self, geometry: Geometry) -> Result {
        let (found, bound) = (self.count, geometry.rounds());
        require((2..=bound).contains(&found), || RuleError::RoundCount { found, geometry, bound })?;
        let last = self.first.checked_add(wide(found).saturating_sub(1));
        require(last.is_some(), || RuleError::LastRound { first: self.first, count: found })
    }
}

pub(super) fn check_decay_order(compute: &Decay, data: &Decay) -> Result {
    require(compute.compare(data) == Ordering::Less, || RuleError::DecayOrder {
        compute: Box::new(compute.clone()),
        data: Box::new(data.clone()),
    })
}
