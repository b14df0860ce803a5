//! Epochs and rounds: what stands, what goes on, what is over.

use std::fmt;

use fairshare_formats::ledger::{Event, Settled};
use fairshare_formats::time::Moment;
use fairshare_params::rules::Terms;

use super::refusal::{MAX_AHEAD, Refusal};

type Result<T> = std::result::Result<T, Refusal>;

/// What the timeline asks of an epoch's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its number.
    pub epoch: u64,
    /// Its first round.
    pub first: u64,
    /// Its last round.
    pub last: u64,
    /// When anybody may end its rounds, in Unix seconds.
    pub ends_by: u64,
    /// For how many seconds proofs are taken after the last round.
    pub proving_seconds: u64,
    /// What it pays, in base units.
    pub pool: u128,
}

impl Span {
    /// Of these rules.
    pub fn of(terms: &Terms) -> Self {
        let Terms { epoch, first_round: first, ends_by, proving_seconds, pool, .. } = *terms;
        Self { epoch, first, last: terms.last_round(), ends_by, proving_seconds, pool }
    }
}

/// Where and when an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Its place in the ledger, from 1.
    pub index: u64,
    /// When.
    pub time: Moment,
}

/// One epoch's steps so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What its rules say.
    pub span: Span,
    /// The entry with its rules.
    pub rules: u64,
    /// The entry with its units.
    pub units: Option<u64>,
    /// When its last round ended.
    pub ended: Option<At>,
    /// What had been funded by then, of rules that name no pool.
    pub funded: Option<u128>,
    /// When it was closed.
    pub closed: Option<At>,
    /// When it was settled.
    pub settled: Option<At>,
}

impl Stage {
    /// An epoch whose rules stand, by that entry.
    pub fn new(span: Span, rules: u64) -> Self {
        Self { span, rules, units: None, ended: None, funded: None, closed: None, settled: None }
    }

    /// What it pays, in base units, without what was carried to it: what its rules name, or what was funded
    /// before its last round had ended. None where neither is known yet.
    pub fn pool(&self) -> Option<u128> {
        if self.span.pool > 0 { Some(self.span.pool) } else { self.funded }
    }

    /// Until when data is proved, once the last round has ended; never past the last moment that has a date.
    pub fn deadline(&self) -> Option<Moment> {
        let seconds = self.ended?.time.unix_seconds().saturating_add(self.span.proving_seconds);
        Some(Moment::from_unix_seconds(seconds).unwrap_or(Moment::LAST))
    }
}

/// Where an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its rules stand, and may be replaced.
    Announced,
    /// Its rounds go on.
    Open,
    /// Its rounds are over, and proofs are taken.
    Proving,
    /// Nothing is added any more.
    Closed,
    /// Amounts are fixed.
    Settled,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Announced, Self::Open, Self::Proving, Self::Closed, Self::Settled];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Open => "open",
            Self::Proving => "proving",
            Self::Closed => "closed",
            Self::Settled => "settled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now<'a> {
    /// No round has begun, or the last one that did has ended with its epoch.
    Between,
    /// A round.
    Round(&'a Stage, u64),
}

/// All epochs, in order, and the round that began last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    stages: Vec<Stage>,
    round: Option<u64>,
}

impl Timeline {
    /// As it is on record.
    pub fn new(stages: Vec<Stage>, round: Option<u64>) -> Self {
        Self { stages, round }
    }

    /// The epochs, in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The epoch of this number.
    pub fn stage(&self, epoch: u64) -> Result<&Stage> {
        self.stages.iter().find(|stage| stage.span.epoch == epoch).ok_or(Refusal::UnknownEpoch { epoch })
    }

    /// The round that began last, if any has.
    pub fn round(&self) -> Option<u64> {
        self.round
    }

    /// Whether the first round of an epoch has begun.
    pub fn has_begun(&self, stage: &Stage) -> bool {
        self.round.is_some_and(|round| round >= stage.span.first)
    }

    /// Where an epoch stands.
    pub fn state(&self, stage: &Stage) -> State {
        match (stage.settled, stage.closed, stage.ended) {
            (Some(_), ..) => State::Settled,
            (_, Some(_), _) => State::Closed,
            (_, _, Some(_)) => State::Proving,
            _ if self.has_begun(stage) => State::Open,
            _ => State::Announced,
        }
    }

    /// What goes on.
    pub fn now(&self) -> Now<'_> {
        let Some(round) = self.round else { return Now::Between };
        let running = self.stages.iter().find(|stage| self.has_begun(stage) && stage.ended.is_none());
        running.map_or(Now::Between, |stage| Now::Round(stage, round))
    }

    /// Whether rules may stand: for the epoch after the last one, or for the last one before its first round.
    /// No more epochs wait than are worked on at once, and all pools together are below 2^128 base units.
    pub fn check_rules(&self, span: &Span) -> Result<()> {
        self.check_next(span)?;
        let others = self.others(span);
        let settled = others.iter().filter(|stage| stage.settled.is_some()).count();
        if others.len().saturating_sub(settled) >= MAX_AHEAD {
            return Err(Refusal::TooFarAhead { epoch: span.epoch });
        }
        // Every share and every sum of shares is below the sum of all pools.
        let pools = others.iter().map(|stage| stage.span.pool);
        let sum = pools.chain([span.pool]).try_fold(0u128, u128::checked_add);
        sum.map(|_| ()).ok_or(Refusal::PoolsTooLarge)
    }

    /// The epochs but for the last one, where these rules would take the place of its.
    fn others(&self, span: &Span) -> &[Stage] {
        match self.stages.split_last() {
            Some((last, before)) if last.span.epoch == span.epoch => before,
            _ => &self.stages,
        }
    }

    /// Whether rules are those of the next epoch and its rounds. A contract asks no more: it takes no pool
    /// that was not funded.
    pub fn check_next(&self, span: &Span) -> Result<()> {
        let last = self.stages.last().filter(|last| last.span.epoch == span.epoch);
        if last.is_some_and(|last| self.has_begun(last)) {
            return Err(Refusal::RulesStand { epoch: span.epoch });
        }
        if let Some(last) = self.others(span).last() {
            let (found, expected) = (span.epoch, last.span.epoch.saturating_add(1));
            if found != expected {
                return Err(Refusal::EpochNumber { found, expected });
            }
            let (found, expected) = (span.first, last.span.last.saturating_add(1));
            if found != expected {
                return Err(Refusal::FirstRound { epoch: span.epoch, found, expected });
            }
        }
        Ok(())
    }

    /// The epoch whose rounds go on, or begin next, and its rounds that have not begun; none of them where
    /// its last round goes on.
    pub fn ahead(&self) -> Result<(&Stage, u64)> {
        if let Now::Round(stage, round) = self.now() {
            return Ok((stage, round.saturating_add(1)));
        }
        let next = self.stages.iter().find(|stage| !self.has_begun(stage));
        match (next, self.round) {
            (Some(stage), _) => Ok((stage, stage.span.first)),
            (None, Some(round)) => Err(Refusal::NoRules { round: round.saturating_add(1) }),
            (None, None) => Err(Refusal::NoEpoch),
        }
    }

    /// Whether these rounds may begin now.
    pub fn check_rounds(&self, first: u64, last: u64) -> Result<()> {
        let (stage, next) = self.ahead()?;
        let Span { epoch, last: end, .. } = stage.span;
        if next > end {
            return Err(Refusal::NoRoundsLeft { epoch, last: end });
        }
        if first != next || last < next || last > end {
            let to = if first == next { last } else { first };
            return Err(Refusal::RoundAhead { to, epoch, next, last: end });
        }
        Ok(())
    }

    /// Whether the epoch's last round may end now.
    pub fn check_ended(&self, epoch: u64) -> Result<()> {
        match self.now() {
            Now::Round(stage, round) if stage.span.epoch == epoch => {
                let last = stage.span.last;
                if round == last { Ok(()) } else { Err(Refusal::RoundsGoOn { epoch, round, last }) }
            }
            _ => self.stage(epoch).and(Err(Refusal::NoRound)),
        }
    }

    /// The epoch and round in which data is registered now.
    pub fn takes_data(&self) -> Result<(&Stage, u64)> {
        match self.now() {
            Now::Between => Err(Refusal::NoRound),
            Now::Round(stage, round) if round == stage.span.last => {
                Err(Refusal::LastRound { epoch: stage.span.epoch, round })
            }
            Now::Round(stage, round) => Ok((stage, round)),
        }
    }

    /// The epoch whose units are recorded now.
    pub fn takes_units(&self) -> Result<&Stage> {
        let Now::Round(stage, round) = self.now() else { return Err(Refusal::NoRound) };
        let Span { epoch, last, .. } = stage.span;
        if stage.units.is_some() {
            return Err(Refusal::UnitsKnown { epoch });
        }
        if round == last { Ok(stage) } else { Err(Refusal::UnitsEarly { epoch, round, last }) }
    }

    /// Whether proofs of the epoch are taken, deadline aside: computing power is proved by anybody until the
    /// epoch is closed.
    pub fn takes_proofs(&self, epoch: u64) -> Result<&Stage> {
        let stage = self.stage(epoch)?;
        if stage.closed.is_some() {
            return Err(Refusal::Closed { epoch });
        }
        self.is_over(stage)
    }

    /// Whether proofs of the epoch are taken at this time, the deadline being one.
    pub fn takes_proofs_by_deadline(&self, epoch: u64, time: Moment) -> Result<&Stage> {
        let stage = self.takes_proofs(epoch)?;
        match stage.deadline() {
            Some(deadline) if time > deadline => Err(Refusal::Deadline { epoch, deadline }),
            _ => Ok(stage),
        }
    }

    /// Whether the entry of this place may say what an epoch was funded with: the one after its end, if its
    /// rules name no pool.
    pub fn check_funded(&self, epoch: u64, index: u64) -> Result<()> {
        let stage = self.stage(epoch)?;
        if stage.span.pool > 0 {
            return Err(Refusal::PoolNamed { epoch });
        }
        let after = stage.ended.map(|ended| ended.index.saturating_add(1));
        if after == Some(index) { Ok(()) } else { Err(Refusal::FundedElsewhere { epoch }) }
    }

    /// The last time at which a contract pays no claim of an epoch yet: the latest deadline of all epochs up
    /// to it. None before its last round has ended.
    pub fn closed_until(&self, epoch: u64) -> Option<Moment> {
        let up_to = self.stages.iter().take_while(|stage| stage.span.epoch <= epoch);
        self.stage(epoch).ok()?.deadline()?;
        up_to.filter_map(Stage::deadline).max()
    }

    /// Whether a contract has closed the epoch by this time: no deadline is left, and its pool is known.
    pub fn check_closed(&self, epoch: u64, time: Moment) -> Result<()> {
        if self.stage(epoch)?.pool().is_none() {
            return Err(Refusal::NotFunded { epoch });
        }
        match self.closed_until(epoch) {
            Some(until) if time <= until => Err(Refusal::ClosedUntil { epoch, until }),
            _ => Ok(()),
        }
    }

    fn is_over<'a>(&self, stage: &'a Stage) -> Result<&'a Stage> {
        if stage.ended.is_some() {
            return Ok(stage);
        }
        let Span { epoch, first, last, .. } = stage.span;
        match self.round {
            Some(round) if round >= first => Err(Refusal::RoundsGoOn { epoch, round, last }),
            _ => Err(Refusal::NotBegun { epoch, first }),
        }
    }

    /// Whether the epoch may be settled: one after the other.
    pub fn check_settled(&self, epoch: u64) -> Result<&Stage> {
        let stage = self.stage(epoch)?;
        if stage.settled.is_some() {
            return Err(Refusal::SettledBefore { epoch });
        }
        if stage.closed.is_none() {
            self.is_over(stage)?;
            return Err(Refusal::NotClosed { epoch });
        }
        let earlier = self.stages.iter().take_while(|earlier| earlier.span.epoch != epoch);
        match earlier.filter(|earlier| earlier.settled.is_none()).map(|earlier| earlier.span.epoch).next() {
            Some(earlier) => Err(Refusal::EarlierUnsettled { epoch, earlier }),
            None => Ok(stage),
        }
    }

    /// Rules stand from now on.
    pub fn apply_rules(&mut self, span: Span, index: u64) {
        self.stages.retain(|stage| stage.span.epoch != span.epoch);
        self.stages.push(Stage::new(span, index));
    }

    /// What an entry changes, other than rules.
    pub fn apply(&mut self, at: At, event: &Event) {
        let mut stage = |epoch: u64, change: &dyn Fn(&mut Stage)| {
            self.stages.iter_mut().filter(|stage| stage.span.epoch == epoch).for_each(change);
        };
        match event {
            Event::Units { epoch, .. } => stage(*epoch, &|stage| stage.units = Some(at.index)),
            Event::Ended { epoch } => stage(*epoch, &|stage| stage.ended = Some(at)),
            Event::Funded { epoch, pool } => stage(*epoch, &|stage| stage.funded = Some(*pool)),
            Event::Closed { epoch } => stage(*epoch, &|stage| stage.closed = Some(at)),
            Event::Settled(Settled { epoch, .. }) => stage(*epoch, &|stage| stage.settled = Some(at)),
            Event::Rounds { last, .. } => self.round = Some(*last),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
