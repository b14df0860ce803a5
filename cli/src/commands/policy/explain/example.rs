//! Who would earn what: three contributors of data and two nodes, made up for the policy at hand.
//!
//! Their records are counts over the policy's own bins, their units are of its own rounds, and every figure
//! comes from the functions by which scores are proved and pools are divided. Nothing is computed here a
//! second time.

use std::num::NonZeroU32;

use fairshare_audit::settlement::{DataWeights, Earned, Payout, Settlement, settle_pool};
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, per_record};
use fairshare_circuits::numeric::rounds::compute_score;
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::{ADDRESS_BYTES, Address};
use fairshare_params::policy::{Policy, Weighting};

/// How many times the fewest records that are paid for each contributor has.
const TIMES_THE_FEWEST: u32 = 10;
/// Fewer records than these are not shown: chance would decide.
const FEWEST: u32 = 10_000;
/// Which part of the records may have each feature's rarest value, in thousandths.
const ODD: [u32; 7] = [2, 5, 10, 20, 50, 100, 200];
/// Base units of the pool where the policy names none and no token.
const SOME_POOL: u128 = 1_000_000;
/// Tokens of the pool where the policy names none.
const SOME_TOKENS: u128 = 100;

/// A contributor of data.
pub struct DataCase {
    pub name: &'static str,
    /// The thousandths of the records that have the rarest values.
    pub odd: u32,
    pub round: u64,
    pub records: NonZeroU32,
    pub score: u64,
    /// What the score is worth before decay.
    pub g: u128,
    pub paid: u128,
}

impl DataCase {
    /// Nats per record, with 48 fractional bits.
    pub fn per_record(&self) -> u128 {
        per_record(self.score, self.records)
    }
}

/// A node.
pub struct NodeCase {
    pub name: &'static str,
    /// Rounds in which it has units, from the first.
    pub rounds: usize,
    pub score: u64,
    pub paid: u128,
}

/// The whole example.
pub struct Example {
    /// What is shared: the policy's pool, or some if it names none.
    pub pool: u128,
    pub data: Vec<DataCase>,
    pub nodes: Vec<NodeCase>,
    /// What goes to the next epoch, in tenths.
    pub carry: Tenths,
    /// What rounding leaves in the vault, in tenths.
    pub rounding: Tenths,
}

/// The example of a policy; none if its pool is too large for anybody's share.
pub fn of(policy: &Policy) -> Option<Example> {
    let pool = pool(policy);
    let records = records(policy);
    let odd = odd(policy, records)?;
    let rounds = policy.data_rounds();
    let cases = [("Ann", odd, *rounds.start()), ("Ben", odd, *rounds.end()), ("Cat", 0, *rounds.start())];
    let weights = DataWeights::of(policy);
    let data = cases.map(|(name, odd, round)| {
        let score = score(policy, records, odd)?;
        let g = weights.g(score, records);
        Some(DataCase { name, odd, round, records, score, g, paid: 0 })
    });
    let mut data = data.into_iter().collect::<Option<Vec<_>>>()?;
    let mut nodes = nodes(policy)?;

    let settled = settle(policy, pool, &data, &nodes)?;
    let paid = |index: u8| settled.payouts.get(&address(index)).copied().unwrap_or_default();
    for (index, case) in (1..).zip(&mut data) {
        case.paid = Payout::total(&paid(index));
    }
    for (index, case) in (101..).zip(&mut nodes) {
        case.paid = Payout::total(&paid(index));
    }
    Some(Example { pool, data, nodes, carry: settled.carry, rounding: settled.rounding })
}

fn settle(policy: &Policy, pool: u128, data: &[DataCase], nodes: &[NodeCase]) -> Option<Settlement> {
    let data = data.iter().zip(1..).map(|(case, index)| {
        let DataCase { score, records, round: latest, .. } = *case;
        (address(index), Earned::Data { score, records, latest })
    });
    let nodes = nodes.iter().zip(101..);
    let nodes = nodes.map(|(case, index)| (address(index), Earned::Compute { score: case.score }));
    settle_pool(policy, pool, &Tenths::default(), &data.chain(nodes).collect::<Vec<_>>()).ok()
}

fn address(index: u8) -> Address {
    Address([index; ADDRESS_BYTES])
}

/// What is shared: rules without a pool pay what is funded.
fn pool(policy: &Policy) -> u128 {
    match (policy.terms().pool, policy.token()) {
        (0, Some(token)) => 10u128.saturating_pow(token.decimals().into()).saturating_mul(SOME_TOKENS),
        (0, None) => SOME_POOL,
        (pool, _) => pool,
    }
}

/// Records of each contributor.
fn records(policy: &Policy) -> NonZeroU32 {
    let records = policy.terms().min_records.saturating_mul(TIMES_THE_FEWEST).max(FEWEST);
    NonZeroU32::new(records).unwrap_or(NonZeroU32::MAX)
}

/// How many of the records are odd, so that they diverge by some half of the cap.
fn odd(policy: &Policy, records: NonZeroU32) -> Option<u32> {
    let Weighting::RecordsDivergence { cap } = policy.terms().weighting else { return Some(100) };
    let distance =
        |odd: u32| Some(per_record(score(policy, records, odd)?, records).abs_diff(u128::from(cap / 2)));
    ODD.into_iter().filter_map(|odd| Some((distance(odd)?, odd))).min().map(|(_, odd)| odd)
}

/// The score of so many records, of which so many thousandths have each feature's rarest value and the others
/// are spread as the reference is.
fn score(policy: &Policy, records: NonZeroU32, odd: u32) -> Option<u64> {
    let counts: Vec<_> = policy
        .feature_references()
        .map(|reference| counts(reference, policy.pseudo_count(), records.get(), odd))
        .collect();
    let features = policy.feature_references().zip(&counts);
    let features: Vec<_> = features.map(|(reference, counts)| FeatureCounts { counts, reference }).collect();
    divergence(&features).ok().map(|divergence| divergence.score)
}

/// One feature's counts.
fn counts(reference: &[u32], pseudo_count: u32, records: u32, odd: u32) -> Vec<u32> {
    let share = u64::from(records).saturating_mul(odd.into()) / 1000;
    // At most as many as there are records.
    let odd = u32::try_from(share).unwrap_or(records);
    let mut counts = spread(reference, records.saturating_sub(odd));
    if let Some(count) = rarest(reference, pseudo_count).and_then(|bin| counts.get_mut(bin)) {
        *count = count.saturating_add(odd);
    }
    counts
}

/// The bin that occurs least of those that occur before smoothing; where none does, the first.
pub fn rarest(reference: &[u32], pseudo_count: u32) -> Option<usize> {
    let bins = reference.iter().enumerate();
    let occurring = bins.clone().filter(|(_, count)| **count > pseudo_count);
    occurring.min_by_key(|(_, count)| **count).or_else(|| bins.clone().next()).map(|(bin, _)| bin)
}

/// So many records, spread as the counts are: each bin's share rounded down, what is left one by one to those
/// that lost most.
fn spread(reference: &[u32], records: u32) -> Vec<u32> {
    let total: u64 = reference.iter().map(|count| u64::from(*count)).sum();
    let exact = |count: u32| u64::from(count).saturating_mul(records.into());
    let floor = |count: u32| exact(count).checked_div(total).and_then(|share| u32::try_from(share).ok());
    let mut counts: Vec<_> = reference.iter().map(|count| floor(*count).unwrap_or_default()).collect();
    let mut by_loss: Vec<_> = (0..counts.len()).collect();
    let lost = |bin: usize| reference.get(bin).and_then(|count| exact(*count).checked_rem(total));
    by_loss.sort_by_key(|bin| std::cmp::Reverse(lost(*bin)));
    let given: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let left = usize::try_from(u64::from(records).saturating_sub(given)).unwrap_or(usize::MAX);
    for bin in by_loss.into_iter().take(left) {
        if let Some(count) = counts.get_mut(bin) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// One node that works in all rounds, and one as much, but in the first half of them only.
fn nodes(policy: &Policy) -> Option<Vec<NodeCase>> {
    let rounds = policy.rounds();
    let half = rounds.div_ceil(2);
    let units =
        |rounds_of: usize| -> Vec<u32> { (0..rounds).map(|round| u32::from(round < rounds_of)).collect() };
    let (all, some) = (units(rounds), units(half));
    let totals: Vec<_> = all.iter().zip(&some).map(|(one, other)| one.saturating_add(*other)).collect();
    let case = |name, rounds, units: &[u32]| {
        let score = compute_score(units, &totals, policy.compute_decay()).ok()?.score;
        Some(NodeCase { name, rounds, score, paid: 0 })
    };
    [case("Dan", rounds, &all), case("Eve", half, &some)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_spread_as_the_reference_is_and_none_is_lost() {
        assert_eq!(spread(&[1, 1, 1], 10), [4, 3, 3]);
        assert_eq!(spread(&[5, 0, 15], 4), [1, 0, 3]);
        assert_eq!(spread(&[u32::MAX / 2, u32::MAX / 2], u32::MAX), [u32::MAX / 2 + 1, u32::MAX / 2]);
        assert_eq!(counts(&[2, 90, 1, 7], 1, 1000, 100).iter().sum::<u32>(), 1000);
        // The rarest that occurs is the first: the third has what smoothing adds, and no record.
        assert_eq!((rarest(&[2, 90, 1, 7], 1), rarest(&[1, 1], 1), rarest(&[], 1)), (Some(0), Some(0), None));
    }
}
