//! Which values each word of the rules may have (PROTOCOL section 8): what a contract checks as well.

use std::fmt;

use fairshare_circuits::numeric::fixed::to_decimal;

use crate::Geometry;
use crate::rules::{Settlement, Terms, Weighting};

/// The most characters of a subnet's name.
const MAX_SUBNET: usize = 64;
/// The largest cap: `2^15` nats, with 48 fractional bits.
const MAX_CAP: u64 = 1 << 63;

/// Whether this is a subnet's name: 1 to [`MAX_SUBNET`] printable ASCII characters, without a space at either
/// end.
///
/// ASCII only: two names that look alike but differ in Unicode form would be two subnets.
fn is_subnet(name: &str) -> bool {
    let printable = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (1..=MAX_SUBNET).contains(&name.len()) && printable && name.trim() == name
}

fn round_hint(found: u32) -> &'static str {
    if found < 2 {
        "an epoch's last round takes no data, so one alone takes none"
    } else {
        "choose a larger geometry, or start a new epoch"
    }
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
    #[error("{found} rounds, but geometry `{geometry}` covers 2 to {bound}; {}", round_hint(*.found))]
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
         there or before"
    )]
    DataFirstRound {
        /// The window's first round.
        found: u64,
        /// The epoch's.
        first_round: u64,
    },
    /// Nothing to pay, where nobody can fund it.
    #[error(
        "the pool is 0 under settlement `{settlement}`; give 1 or more of the token's base units: only a \
         contract that computes pays whatever is funded"
    )]
    Pool {
        /// The settlement.
        settlement: Settlement,
    },
    /// No fewest number of records.
    #[error("the fewest records that are paid for are 0; give a whole number from 1 to 4294967295")]
    MinRecords,
    /// A cap of nothing, or one that no product has room for.
    #[error("the cap must be from 2^-48 to 32768 nats, found {}", to_decimal(*.found, 6))]
    Cap {
        /// The cap.
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

impl Terms {
    /// Every word that is outside its domain, in the table's order; the geometry comes first, as others
    /// depend on it.
    pub fn faults(&self) -> Vec<DomainError> {
        let found = self.geometry;
        let mut faults = Vec::new();
        let mut require = |holds: bool, error: DomainError| {
            if !holds {
                faults.push(error);
            }
        };
        require(Geometry::ALL.contains(&found), DomainError::Geometry { found });
        require(self.chain_id >= 1, DomainError::ChainId);
        require(!self.vault.is_zero(), DomainError::Vault);
        require(!self.registry.is_zero(), DomainError::Registry);
        let found = self.subnet.chars().take(80).collect();
        require(is_subnet(&self.subnet), DomainError::Subnet { found });
        let Self { geometry, first_round, rounds, data_first_round, settlement, .. } = *self;
        let bound = geometry.rounds();
        let covered = usize::try_from(rounds).is_ok_and(|rounds| (2..=bound).contains(&rounds));
        require(covered, DomainError::Rounds { found: rounds, geometry, bound });
        let last = first_round.checked_add(u64::from(rounds).saturating_sub(1));
        require(last.is_some(), DomainError::LastRound { first_round, rounds });
        let found = data_first_round;
        require(found <= first_round, DomainError::DataFirstRound { found, first_round });
        require(self.pool >= 1 || settlement == Settlement::Contract, DomainError::Pool { settlement });
        require(self.min_records >= 1, DomainError::MinRecords);
        if let Weighting::RecordsDivergence { cap: found } = self.weighting {
            require((1..=MAX_CAP).contains(&found), DomainError::Cap { found });
        }
        faults
    }
}
