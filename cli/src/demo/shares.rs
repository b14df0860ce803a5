//! The division of a pool, for the demonstration's table (PROTOCOL section 8).

use fairshare_circuits::numeric::decay::DecayError;
use fairshare_params::policy::{COMPUTE_WEIGHT, DATA_WEIGHT, Policy, Weighting};
use num_bigint::BigUint;

/// What each contributor is paid, and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// By contributor, for computing power.
    pub compute: Vec<u128>,
    /// By contributor, for data.
    pub data: Vec<u128>,
    /// What rounding, or a pool without weight, leaves for the next epoch.
    pub carried: u128,
}

/// A data score's weight: `decay · λ · g(score, n)`. λ is the same for all and cancels in the division, so it is left out.
pub fn data_weight(policy: &Policy, round: u64, score: u64, records: u32) -> Result<BigUint, DecayError> {
    let decay = policy.data_decay().at(round)?;
    let schema = policy.schema();
    // Symbol 0, padding, is no bin.
    let bins = schema.symbol_count().saturating_sub(1);
    let freedom = bins.saturating_sub(schema.len()) as u64;
    Ok(BigUint::from(decay) * g(policy.weighting(), score, records, freedom))
}

/// `g` of PROTOCOL section 8, with 48 fractional bits; `freedom` is bins less features.
///
/// The plug-in bias of a divergence is `freedom/2n` nats, so that of `n` times a divergence is `freedom/2`.
fn g(weighting: Weighting, score: u64, records: u32, freedom: u64) -> u128 {
    match weighting {
        Weighting::Divergence => score.into(),
        Weighting::RecordsDivergence { cap } => {
            let capped = u128::from(records) * u128::from(score.min(cap));
            capped.saturating_sub(u128::from(freedom) << 47)
        }
    }
}

/// Divides a pool 7 : 3 and each part by weight, rounding down.
pub fn divide(pool: u128, compute: &[u64], data: &[BigUint]) -> Payout {
    let compute: Vec<_> = compute.iter().map(|score| BigUint::from(*score)).collect();
    let compute = divide_part(pool, COMPUTE_WEIGHT, &compute);
    let data = divide_part(pool, DATA_WEIGHT, data);
    let paid: u128 = compute.iter().chain(&data).sum();
    Payout { carried: pool.saturating_sub(paid), compute, data }
}

/// `⌊pool · part/10 · w/Σw⌋` for each weight `w`; nothing where there is no weight.
fn divide_part(pool: u128, part: u32, weights: &[BigUint]) -> Vec<u128> {
    let divisor = weights.iter().sum::<BigUint>() * (COMPUTE_WEIGHT + DATA_WEIGHT);
    if divisor == BigUint::ZERO {
        return vec![0; weights.len()];
    }
    // A share is at most the pool, which fits.
    weights.iter().map(|weight| u128::try_from(weight * pool * part / &divisor).unwrap_or(pool)).collect()
}

#[cfg(test)]
mod tests {
    use fairshare_params::Geometry;

    use super::*;

    const NAT: u64 = 1 << 48;

    fn big(weights: &[u64]) -> Vec<BigUint> {
        weights.iter().copied().map(BigUint::from).collect()
    }

    #[test]
    fn a_pool_is_divided_seven_to_three_and_never_exceeded() {
        let payout = divide(100, &[1, 1, 1], &big(&[2, 1, 0]));
        assert_eq!(payout, Payout { compute: vec![23, 23, 23], data: vec![20, 10, 0], carried: 1 });
        let most = divide(u128::MAX, &[u64::MAX, 1], &big(&[7]));
        let paid: u128 = most.compute.iter().chain(&most.data).sum();
        assert_eq!(paid + most.carried, u128::MAX);
        assert!(most.carried < 4);
    }

    #[test]
    fn a_pool_without_weight_is_carried_whole() {
        assert_eq!(
            divide(100, &[0, 0], &big(&[5])),
            Payout { compute: vec![0, 0], data: vec![30], carried: 70 }
        );
        assert_eq!(divide(100, &[], &[]).carried, 100);
    }

    #[test]
    fn records_divergence_is_capped_and_loses_what_chance_gives() {
        let weighting = Weighting::RecordsDivergence { cap: NAT };
        assert_eq!(g(weighting, NAT / 2, 1000, 0), 1000 * u128::from(NAT / 2));
        assert_eq!(g(weighting, 5 * NAT, 1000, 0), 1000 * u128::from(NAT));
        assert_eq!(g(weighting, NAT / 2, 1000, 200), 400 * u128::from(NAT));
        assert_eq!(g(weighting, NAT / 100, 1000, 200), 0);
        assert_eq!(g(Weighting::Divergence, 5 * NAT, 1000, 200), u128::from(5 * NAT));
    }

    #[test]
    fn earlier_data_weighs_more() {
        let policy = super::super::data::policy(Geometry::STANDARD).unwrap();
        let weight = |round| data_weight(&policy, round, NAT / 2, 100_000).unwrap();
        // e^(−0.01 · 100)
        let ratio = weight(100) * 1_000_000u32 / weight(0);
        assert_eq!(ratio, BigUint::from(367_879u32));
    }
}
