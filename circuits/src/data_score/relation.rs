use num_bigint::BigInt;
use std::num::NonZeroU32;

use super::{Bin, Clause, Instance, Reference, Witness};
use crate::numeric::divergence::DROPPED_BITS;
use crate::numeric::ln::ln;

/// The first clause a claim breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clause {clause} does not hold at symbol or row {index}")]
pub struct Violation {
    /// The broken clause.
    pub clause: Clause,
    /// The offending symbol; the alphabet's size for the sum and the score.
    pub index: usize,
}

/// The statement in plain Rust: the executable specification. `reference` stands for the public
/// columns, so D1 asks that the instance's number of features be the reference's; D4 holds by type.
pub fn check(instance: &Instance, reference: &Reference, witness: &Witness) -> Result<(), Violation> {
    let refuse = |clause, index| Err(Violation { clause, index });
    let alphabet = reference.counts().len();
    if instance.features != reference.features() {
        return refuse(Clause::InstanceBound, 0);
    }
    if witness.counts.len() != alphabet {
        return refuse(Clause::CountsRange, witness.counts.len());
    }
    let used = |symbol: &usize| reference.boundary()[*symbol] != Bin::Unused;
    if let Some(symbol) = (1..alphabet).find(|symbol| !used(symbol) && witness.counts[*symbol] != 0) {
        return refuse(Clause::UnusedEmpty, symbol);
    }
    let mut total = 0u64;
    for symbol in (1..alphabet).filter(used) {
        total += u64::from(witness.counts[symbol]);
        if reference.boundary()[symbol] == Bin::Last {
            if total != u64::from(instance.records.get()) {
                return refuse(Clause::FeatureTotals, symbol);
            }
            total = 0;
        }
    }
    if sum(instance, reference, witness) >> DROPPED_BITS != BigInt::from(instance.score) {
        return refuse(Clause::Score, alphabet);
    }
    Ok(())
}

/// `S`; never negative where D1 to D4 hold (PROTOCOL section 6).
fn sum(instance: &Instance, reference: &Reference, witness: &Witness) -> BigInt {
    let logarithm = |count| NonZeroU32::new(count).map_or(0, ln);
    let terms: BigInt = witness
        .counts
        .iter()
        .zip(reference.counts())
        .skip(1)
        .map(|(&count, &expected)| {
            BigInt::from(count) * (BigInt::from(logarithm(count)) - BigInt::from(logarithm(expected)))
        })
        .sum();
    let features = BigInt::from(instance.features);
    let rest = BigInt::from(instance.ln_totals) - &features * ln(instance.records) + (features << 63u32);
    terms + rest * instance.records.get()
}
