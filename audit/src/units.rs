//! The sum check (PROTOCOL section 4): the nodes' units, round by round, are the round totals.
//!
//! Every registered log has a commitment, and commitments add up as their columns do. That the sum commits to
//! the policy's round totals says that the columns add up to them, but only in the field: a log with "minus
//! five" units would hide five units too many of another. So each log that counts must be known to hold
//! integers from 0 up: by a verified bundle, whose circuit forces it, or by the units themselves, put on
//! record and committed to again.

use std::fmt;

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};

/// A node's registered log.
#[derive(Clone, Debug)]
pub struct UnitLog {
    /// The node.
    pub node: Address,
    /// The commitment to its units by round.
    pub commitment: G1Affine,
    /// The units, where they are on record.
    pub units: Option<Vec<u32>>,
    /// Whether a verified bundle shows that its units are integers within the rounds' totals.
    pub proved: bool,
}

/// A round whose registered units are not its total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundDifference {
    /// The round's number.
    pub round: u64,
    /// The units on record.
    pub registered: u64,
    /// The policy's total.
    pub total: u32,
}

/// Logs that do not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SumError {
    /// Logs of units that nobody has shown to be units.
    #[error(
        "{} registered units that nothing vouches for: submit their bundles, or put their units on record \
         with `fairshare vault register --units`",
        list(.nodes)
    )]
    Unbacked {
        /// The nodes.
        nodes: Vec<Address>,
    },
    /// Units that do not add up to the rounds' totals.
    #[error(
        "the nodes' units do not add up to the policy's round totals: {}{}",
        differences_text(.differences),
        unknown_text(.unknown)
    )]
    Sum {
        /// The rounds that differ, as far as units are on record.
        differences: Vec<RoundDifference>,
        /// Nodes whose units are not on record, so that only their commitments could be added.
        unknown: Vec<Address>,
    },
}

/// Whether these units, from the policy's first round on, are what the commitment is to.
pub fn opens(srs: &Srs, policy: &Policy, commitment: &G1Affine, units: &[u32]) -> bool {
    units.len() <= policy.round_totals().len() && commit_units(srs, units) == *commitment
}

/// The sum check. An epoch without any log pays nobody for computing power, and passes.
pub fn check_sum(srs: &Srs, policy: &Policy, logs: &[UnitLog]) -> Result<(), SumError> {
    if logs.is_empty() {
        return Ok(());
    }
    let nodes = unbacked(logs);
    if !nodes.is_empty() {
        return Err(SumError::Unbacked { nodes });
    }
    let sum: G1 = logs.iter().map(|log| G1::from(log.commitment)).sum();
    if sum.to_affine() == commit_units(srs, policy.round_totals()) {
        return Ok(());
    }
    let unknown: Vec<_> = logs.iter().filter(|log| log.units.is_none()).map(|log| log.node).collect();
    Err(SumError::Sum { differences: differences(policy, logs, unknown.is_empty()), unknown })
}

/// The nodes, by address, whose log neither a bundle nor units on record vouch for.
pub fn unbacked(logs: &[UnitLog]) -> Vec<Address> {
    let mut nodes: Vec<_> =
        logs.iter().filter(|log| !log.proved && log.units.is_none()).map(|log| log.node).collect();
    nodes.sort();
    nodes
}

/// The sum that a registry computes: nothing blinds it.
fn commit_units(srs: &Srs, units: &[u32]) -> G1Affine {
    let column: Vec<_> = units.iter().map(|units| Fr::from(u64::from(*units))).collect();
    commit(srs, &column, &Blinding::NONE).to_affine()
}

/// Rounds that have too many units on record; and, where all units are, too few.
fn differences(policy: &Policy, logs: &[UnitLog], complete: bool) -> Vec<RoundDifference> {
    let mut sums = vec![0u64; policy.round_totals().len()];
    for units in logs.iter().filter_map(|log| log.units.as_ref()) {
        for (sum, units) in sums.iter_mut().zip(units) {
            *sum = sum.saturating_add(u64::from(*units));
        }
    }
    (policy.first_round()..)
        .zip(sums.iter().zip(policy.round_totals()))
        .map(|(round, (registered, total))| RoundDifference { round, registered: *registered, total: *total })
        .filter(|round| {
            let total = u64::from(round.total);
            round.registered > total || (complete && round.registered < total)
        })
        .collect()
}

impl fmt::Display for RoundDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { round, registered, total } = self;
        let total = u64::from(*total);
        let (amount, word) = if *registered > total {
            (registered - total, "too many")
        } else {
            (total - registered, "too few")
        };
        write!(f, "round {round} has {amount} units {word} ({registered} registered of {total})")
    }
}

/// How many of a list an error names.
const SHOWN: usize = 8;

fn list(nodes: &[Address]) -> String {
    let mut text =
        nodes.iter().take(SHOWN).map(|node| checksummed(node).to_string()).collect::<Vec<_>>().join(", ");
    if nodes.len() > SHOWN {
        text += &format!(" and {} others", nodes.len() - SHOWN);
    }
    text
}

fn differences_text(rounds: &[RoundDifference]) -> String {
    if rounds.is_empty() {
        return "in no round that can be named".to_owned();
    }
    let mut text = rounds.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if rounds.len() > SHOWN {
        text += &format!("; and {} further rounds", rounds.len() - SHOWN);
    }
    text
}

fn unknown_text(nodes: &[Address]) -> String {
    if nodes.is_empty() {
        return String::new();
    }
    format!(
        ". The units of {} are not on record; put them there with `fairshare vault register --units`, and \
         the rounds can be named",
        list(nodes)
    )
}
