//! The coordinator's rounds: units go on record, and rounds end.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use alloy_sol_types::{SolCall, SolEvent};
use fairshare_contracts::calldata::evm_address;
use fairshare_contracts::proving::{self as calls, FEDERATED_TASK_JSON, FHE_TASK_JSON, RoundPoint};
use fairshare_contracts::solidity::TaskRegistry::{EpochBegan, Stage, UnitsRecorded};
use fairshare_contracts::solidity::{FederatedTask, FheTask};
use fairshare_params::address::Address as Node;
use fairshare_params::lagrange_tree::LagrangeTree;
use fairshare_params::rules::Rules;
use fairshare_params::units::Units;
use halo2curves::bn256::G1Affine;

use crate::error::{ChainError, Result};
use crate::node::Call;
use crate::proving::Pair;
use crate::sender::Sender;

/// Most nodes of one transaction: each costs up to 55,000 gas.
const NODES_A_CALL: usize = 200;

/// How a registry takes units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// One node a round.
    Fhe,
    /// Nodes with units.
    Federated,
}

impl TaskKind {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fhe => "fhe",
            Self::Federated => "federated",
        }
    }

    /// The text of its artifact.
    pub(crate) fn artifact(self) -> &'static str {
        match self {
            Self::Fhe => FHE_TASK_JSON,
            Self::Federated => FEDERATED_TASK_JSON,
        }
    }
}

/// The points by which units are committed to, of the whole parameters.
pub struct Points<'a> {
    /// `G_0, G_1, …`
    pub points: &'a [G1Affine],
    /// The tree whose root the rules name.
    pub tree: &'a LagrangeTree,
}

/// What recording rounds did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Rounds that ended.
    pub ended: u64,
    /// Rounds whose units were put on record.
    pub recorded: u64,
    /// The round that goes on; none once the epoch's rounds are over.
    pub round: Option<u64>,
}

impl Pair<'_> {
    /// Which kind of registry it is, by the functions that its code has.
    pub fn task(&self) -> Result<TaskKind> {
        let code = self.node().code(self.registry())?;
        let has = |selector: [u8; 4]| code.windows(4).any(|window| window == selector);
        if has(FederatedTask::recordUnitsCall::SELECTOR) {
            Ok(TaskKind::Federated)
        } else if has(FheTask::recordNodeCall::SELECTOR) {
            Ok(TaskKind::Fhe)
        } else {
            Err(ChainError::OwnTask { registry: self.registry() })
        }
    }

    /// Puts the units of each round up to `to` on record and ends it; those that ended before are left alone.
    /// After the epoch's last round its rounds are over.
    pub fn record_to(
        &self,
        sender: &mut Sender<'_>,
        rules: &Rules,
        units: Option<(&Units, &Points<'_>)>,
        to: u64,
    ) -> Result<Recorded> {
        let (epoch, last) = (rules.terms.epoch, rules.terms.last_round());
        if !(rules.terms.first_round..=last).contains(&to) {
            return Err(ChainError::NoSuchRound { epoch, round: to, first: rules.terms.first_round, last });
        }
        let mut done = Recorded::default();
        // What is on record is no other than the table's: proofs of other units would be refused. Of the
        // round that goes on an earlier command may have recorded some.
        let known = match units {
            Some((units, _)) => self.check_record(epoch, units)?,
            None => BTreeMap::new(),
        };
        loop {
            let stage = self.stage()?;
            if !stage.isOpen || stage.epoch != epoch {
                let is_over = self.epoch(epoch)?.deadline != 0;
                return if is_over { Ok(done) } else { Err(ChainError::NotBegun { epoch }) };
            }
            done.round = Some(stage.round);
            if stage.round > to {
                return Ok(done);
            }
            let own = units.map_or_else(Vec::new, |(units, _)| of_round(units, stage.round));
            let before = known.get(&stage.round).map_or(&[][..], Vec::as_slice);
            if own.is_empty() && !before.is_empty() {
                return Err(ChainError::OtherUnits { round: stage.round });
            }
            let count = match (own.is_empty(), units) {
                (false, Some((_, points))) => {
                    let is_new = self.record(sender, &stage, points, &own, before)?;
                    done.recorded = done.recorded.saturating_add(u64::from(is_new));
                    1
                }
                _ => empty_rounds(units.map(|(units, _)| units), stage.round, to),
            };
            self.end(sender, count)?;
            done.ended = done.ended.saturating_add(count);
            done.round = None;
        }
    }

    fn end(&self, sender: &mut Sender<'_>, count: u64) -> Result<()> {
        sender.send("endRounds", &Call::new(self.registry(), calls::end_rounds(count)))?;
        Ok(())
    }

    /// Records what is not on record of a round; whether that was anything.
    fn record(
        &self,
        sender: &mut Sender<'_>,
        stage: &Stage,
        points: &Points<'_>,
        own: &[(Node, u32)],
        before: &[(Address, u32)],
    ) -> Result<bool> {
        let known: Vec<_> = own.iter().map(|(node, units)| (evm_address(node), *units)).collect();
        if !known.starts_with(before) {
            return Err(ChainError::OtherUnits { round: stage.round });
        }
        let rest = own.get(before.len()..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(false);
        }
        let index = stage.round.saturating_sub(stage.firstRound);
        let point = RoundPoint::new(points.points, points.tree, index);
        let point = point.ok_or(ChainError::NoPoint { round: stage.round })?;
        match self.task()? {
            TaskKind::Fhe => {
                let [(node, units)] = rest else {
                    return Err(ChainError::ManyNodes { round: stage.round, nodes: own.len() });
                };
                // The registry records one; a table that says otherwise would prove other scores.
                if *units != 1 {
                    return Err(ChainError::OneUnit { round: stage.round, units: *units });
                }
                sender.send("recordNode", &Call::new(self.registry(), point.record_node(node)))?;
            }
            TaskKind::Federated => {
                for some in rest.chunks(NODES_A_CALL) {
                    sender.send("recordUnits", &Call::new(self.registry(), point.record_units(some)))?;
                }
            }
        }
        Ok(true)
    }

    /// What is on record of an epoch, round by round, nodes in order; refused if a round that ended has other
    /// units than the table.
    fn check_record(&self, epoch: u64, units: &Units) -> Result<BTreeMap<u64, Vec<(Address, u32)>>> {
        let mut known: BTreeMap<u64, Vec<(Address, u32)>> = BTreeMap::new();
        let kinds = [EpochBegan::SIGNATURE_HASH, UnitsRecorded::SIGNATURE_HASH];
        self.node().back_from_head(&[self.registry()], &kinds, |log| {
            if let Ok(event) = UnitsRecorded::decode_log_data(log.data())
                && event.epoch == epoch
            {
                // From the last call of a round to its first.
                known.entry(event.round).or_default().splice(..0, event.nodes.into_iter().zip(event.units));
            }
            EpochBegan::decode_log_data(log.data()).is_ok_and(|event| event.epoch <= epoch)
        })?;
        let stage = self.stage()?;
        let goes_on = if stage.isOpen && stage.epoch == epoch { Some(stage.round) } else { None };
        let count = u64::try_from(units.totals().len()).unwrap_or(u64::MAX);
        let end = goes_on.unwrap_or_else(|| units.first_round().saturating_add(count));
        for round in units.first_round()..end {
            let own = of_round(units, round);
            let own = own.iter().map(|(node, units)| (evm_address(node), *units));
            if !own.eq(known.get(&round).into_iter().flatten().copied()) {
                return Err(ChainError::OtherUnits { round });
            }
        }
        Ok(known)
    }
}

/// The nodes with units in a round, by address.
fn of_round(units: &Units, round: u64) -> Vec<(Node, u32)> {
    let index = round.checked_sub(units.first_round()).and_then(|index| usize::try_from(index).ok());
    let Some(index) = index else { return Vec::new() };
    let of = |(node, own): (&Node, &[u32])| Some((*node, *own.get(index).filter(|units| **units > 0)?));
    let mut nodes: Vec<_> = units.nodes().filter_map(of).collect();
    nodes.sort_by_key(|(node, _)| *node);
    nodes
}

/// How many rounds from this one up to `to` have no units.
fn empty_rounds(units: Option<&Units>, round: u64, to: u64) -> u64 {
    let mut next = round.saturating_add(1);
    match units {
        None => next = to.saturating_add(1),
        Some(units) => {
            while next <= to && of_round(units, next).is_empty() {
                next = next.saturating_add(1);
            }
        }
    }
    next.saturating_sub(round)
}
