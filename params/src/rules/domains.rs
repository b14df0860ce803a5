//! Which values each word of the rules may have (PROTOCOL section 8): what a contract checks as well.

use std::fmt;

use crate::Geometry;
use crate::role::Role;
use crate::rules::{DecayWords, Rules, Settlement, Weighting};

/// The most characters of a subnet's name.
pub const MAX_SUBNET: usize = 64;
/// The largest cap: `2^15` nats, with 48 fractional bits.
const MAX_CAP: u64 = 1 << 63;
/// The least `λ_q`: that of `2^−24`.
const MIN_LAMBDA_Q: u64 = 1 << 24;
/// The largest `λ_q`: that of 1000.
const MAX_LAMBDA_Q: u64 = 1000 << 48;

/// Whether this is a subnet's name: 1 to [`MAX_SUBNET`] printable ASCII characters, without a space at either
/// end.
///
/// ASCII only: two names that look alike but differ in Unicode form would be two subnets.
pub fn is_subnet(name: &str) -> bool {
    let printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (1..=MAX_SUBNET).contains(&name.len()) && printable && name.trim() == name
}

/// Which word of the rules is outside its domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// A chain without a number.
    #[error("the chain id is 0; give the number of the vault's chain")]
    ChainId,
    /// Nobody's address for the vault.
    #[error("the vault is the zero address; give the vault's")]
    Vault,
    /// Nobody's address for the registry.
    #[error("the registry is the zero address; give the contract's, or that of the ledger's operator")]
    Registry,
    /// A name that could be mistaken for another.
    #[error(
        "the subnet {found:?} is not a name of 1 to {MAX_SUBNET} printable ASCII characters, without a space \
         at either end"
    )]
    Subnet {
        /// The name, cut to 80 characters.
        found: String,
    },
    /// A geometry outside the protocol.
    #[error("the geometry `{found}` is not one of the protocol's; name one of {}", Names)]
    Geometry {
        /// The geometry.
        found: Geometry,
    },
    /// Too few or too many rounds.
    #[error("the epoch has {found} rounds, but 2 to {bound} under geometry `{geometry}`")]
    Rounds {
        /// How many rounds.
        found: u32,
        /// The geometry.
        geometry: Geometry,
        /// The most rounds that it covers.
        bound: usize,
    },
    /// Rounds past the last number.
    #[error("the last of {rounds} rounds from {first_round} is not below 2^64; begin earlier")]
    LastRound {
        /// The first round.
        first_round: u64,
        /// How many there are.
        rounds: u32,
    },
    /// A data window that begins within the epoch.
    #[error(
        "the data window begins at round {found}, after the epoch's first round, {first_round}; begin it \
         there \
         or before"
    )]
    DataFirstRound {
        /// The window's first round.
        found: u64,
        /// The epoch's.
        first_round: u64,
    },
    /// Nothing to pay, where nobody can fund it.
    #[error("the pool is 0 under settlement {settlement}; only a contract that computes pays what is funded")]
    Pool {
        /// The settlement.
        settlement: Settlement,
    },
    /// No fewest number of records.
    #[error("the fewest records that are paid for are 0; give 1 or more")]
    MinRecords,
    /// A cap of nothing, or one that no product has room for.
    #[error("the cap {found} is not from 1 to 2^63, in units of 2^-48 nats")]
    Cap {
        /// The cap.
        found: u64,
    },
    /// A λ out of range.
    #[error("λ_q of {role} is {found}, not from 2^24 to 1000·2^48: λ is from 2^-24 to 1000")]
    Lambda {
        /// Whose.
        role: Role,
        /// Its `λ_q`.
        found: u64,
    },
}

/// The protocol's geometries, for a message.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Geometry::ALL.map(|geometry| geometry.name()).join(", "))
    }
}

type Result = std::result::Result<(), DomainError>;

fn require(holds: bool, error: impl FnOnce() -> DomainError) -> Result {
    if holds { Ok(()) } else { Err(error()) }
}

impl Rules {
    /// Whether each word is in its domain, in the table's order; the geometry comes first, as others depend
    /// on it.
    pub fn check(&self) -> Result {
        let found = self.geometry;
        require(Geometry::ALL.contains(&found), || DomainError::Geometry { found })?;
        self.check_vault()?;
        self.check_rounds()?;
        let settlement = self.settlement;
        require(self.pool >= 1 || settlement == Settlement::Contract, || DomainError::Pool { settlement })?;
        require(self.min_records >= 1, || DomainError::MinRecords)?;
        if let Weighting::RecordsDivergence { cap: found } = self.weighting {
            require((1..=MAX_CAP).contains(&found), || DomainError::Cap { found })?;
        }
        self.data_decay.check(Role::Data)?;
        self.compute_decay.check(Role::Compute)
    }

    fn check_vault(&self) -> Result {
        require(self.chain_id >= 1, || DomainError::ChainId)?;
        require(!self.vault.is_zero(), || DomainError::Vault)?;
        require(!self.registry.is_zero(), || DomainError::Registry)?;
        let found = || self.subnet.chars().take(80).collect();
        require(is_subnet(&self.subnet), || DomainError::Subnet { found: found() })
    }

    fn check_rounds(&self) -> Result {
        let Self { geometry, first_round, rounds, data_first_round, .. } = *self;
        let bound = geometry.rounds();
        let covered = usize::try_from(rounds).is_ok_and(|rounds| (2..=bound).contains(&rounds));
        require(covered, || DomainError::Rounds { found: rounds, geometry, bound })?;
        let last = first_round.checked_add(u64::from(rounds).saturating_sub(1));
        require(last.is_some(), || DomainError::LastRound { first_round, rounds })?;
        let found = data_first_round;
        require(found <= first_round, || DomainError::DataFirstRound { found, first_round })
    }
}

impl DecayWords {
    fn check(&self, role: Role) -> Result {
        let found = self.lambda_q;
        require((MIN_LAMBDA_Q..=MAX_LAMBDA_Q).contains(&found), || DomainError::Lambda { role, found })
    }
}
