//! The rounds: they begin one after the other, and an epoch's last one ends without another.

use fairshare_audit::registry::{Identity, Now, Timeline};
use fairshare_formats::ledger::{Event, Files};
use fairshare_formats::time::Moment;

use super::chain::Chain;
use super::{Ledger, Result, operated, timeline};
use crate::error::VaultError;

/// How far the rounds go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// The next one; after an epoch's last round, its end.
    Next,
    /// Up to this round, those before it empty.
    Round(u64),
    /// The epoch's end, rounds that are left empty.
    End,
}

/// Where the rounds stand now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The epoch.
    pub epoch: u64,
    /// The round that began last.
    pub round: u64,
    /// Until when data is proved, if the epoch's rounds are over.
    pub deadline: Option<Moment>,
    /// Whether they stood there before.
    pub before: bool,
}

/// Where the rounds stand, if they are there already: a command that was repeated goes no further, and least
/// of all through the next epoch.
fn before(timeline: &Timeline, to: To) -> Option<Reached> {
    let round = timeline.round()?;
    let stage = timeline.stages().iter().rfind(|stage| timeline.has_begun(stage))?;
    let is_there = match to {
        To::Next => false,
        To::Round(to) => to == round,
        To::End => stage.ended.is_some(),
    };
    let reached = Reached { epoch: stage.span.epoch, round, deadline: stage.deadline(), before: true };
    is_there.then_some(reached)
}

impl Ledger {
    /// Lets rounds begin, and an epoch's last one end; changes nothing where they stand there.
    ///
    /// Without units on record an epoch's rounds end only if that is meant: nobody is paid for computing
    /// power then.
    pub fn advance(&mut self, to: To, without_units: bool, now: Moment) -> Result<Reached> {
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let mut timeline = timeline(transaction)?;
            if let Some(reached) = before(&timeline, to) {
                return Ok(reached);
            }
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let (stage, next) = timeline.ahead()?;
            let (epoch, last) = (stage.span.epoch, stage.span.last);
            let is_last = matches!(timeline.now(), Now::Round(_, round) if round == last);
            let (until, end) = match to {
                To::Next => (next, is_last),
                To::Round(round) => (round, false),
                To::End => (last, true),
            };
            if !is_last {
                timeline.check_rounds(next, until)?;
                let event = Event::Rounds { first: next, last: until };
                chain.append(transaction, event.clone(), &Files::none())?;
                timeline.apply(chain.at(), &event);
            } else if !end {
                timeline.check_rounds(next, until)?;
            }
            if end {
                timeline.check_ended(epoch)?;
                if timeline.stage(epoch)?.units.is_none() && !without_units {
                    return Err(VaultError::NoUnits { epoch });
                }
                let event = Event::Ended { epoch };
                chain.append(transaction, event.clone(), &Files::none())?;
                timeline.apply(chain.at(), &event);
            }
            let deadline = timeline.stage(epoch)?.deadline();
            let round = timeline.round().unwrap_or_default();
            Ok(Reached { epoch, round, deadline, before: false })
        })
    }
}
