use num_bigint::BigUint;

use super::{Clause, Instance, Witness};
use crate::geometry::Geometry;
use crate::numeric::decay::DECAY_START;

/// The first clause a claim breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clause {clause} does not hold at row {index}")]
pub struct Violation {
    /// The broken clause.
    pub clause: Clause,
    /// The offending row; the number of rounds for the score.
    pub index: usize,
}

/// The statement in plain Rust: the executable specification. C1, C3, C4 and C5 define values that the
/// instance does not show, so only C2, C6 and C7 can be false of a claim.
pub fn check(geometry: Geometry, instance: &Instance, witness: &Witness) -> Result<(), Violation> {
    let refuse = |clause, index| Err(Violation { clause, index });
    let rounds = witness.totals.len();
    if witness.units.len() != rounds {
        return refuse(Clause::UnitsWithinTotals, witness.units.len().min(rounds));
    }
    let past = (geometry.rounds()..rounds).find(|&row| (witness.units[row], witness.totals[row]) != (0, 0));
    if let Some(row) = past {
        return refuse(Clause::RoundsEnd, row);
    }
    let mut decay = DECAY_START;
    let mut sum = BigUint::ZERO;
    for (round, (&units, &total)) in witness.units.iter().zip(&witness.totals).enumerate() {
        if units > total {
            return refuse(Clause::UnitsWithinTotals, round);
        }
        let share = (u64::from(units) << 32).checked_div(u64::from(total)).unwrap_or(0);
        sum += BigUint::from(share) * decay;
        decay = decayed(decay, instance.rho);
    }
    if (sum * instance.lambda_q) >> 96u32 != BigUint::from(instance.score) {
        return refuse(Clause::Score, rounds);
    }
    Ok(())
}

/// `⌊decay·ρ / 2^64⌋`, exact for every `decay`: by halves, no product exceeds 128 bits.
pub(super) fn decayed(decay: u128, rho: u64) -> u128 {
    let (high, low) = (decay >> 64, decay & u128::from(u64::MAX));
    high * u128::from(rho) + ((low * u128::from(rho)) >> 64)
}
