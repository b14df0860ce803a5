//! Where the ledger stands, read again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fairshare_formats::ledger::{Event, Stored};
use fairshare_vault::VaultError;
use fairshare_vault::ledger::Followed;

use crate::backoff::Backoff;
use crate::clock;
use crate::error::StateError;
use crate::reader::Reader;
use crate::replaced;
use crate::shared::{Shared, one_line};
use crate::state::Place;
use crate::{Config, ServeError};

/// Longest wait for a database that is gone.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Most closings and settlements that are looked at in one go.
const NEWS: u32 = 1_000;

/// Reads where the ledger stands.
pub struct Observer {
    reader: Reader,
    shared: Arc<Shared>,
    every: Duration,
    from_start: bool,
}

#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Observer {
    /// One that has read nothing yet.
    pub fn new(config: &Config, shared: Arc<Shared>) -> Self {
        let reader = Reader::new(&config.ledger);
        Self { reader, shared, every: config.every, from_start: config.from_start }
    }

    /// The first time: a state of another vault is an error, a ledger that cannot be read is not.
    pub fn first_look(mut self) -> Result<(), ServeError> {
        match self.look() {
            Err(Unread::State(error)) => Err(error.into()),
            Err(Unread::Vault(error)) => {
                self.failed(&one_line(&error));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Reads until it is time to stop.
    pub fn run(mut self) {
        let mut backoff = Backoff::new(LONGEST_WAIT);
        while !self.shared.pulse.is_stopped() {
            self.shared.board().beat = Instant::now();
            let wait = match self.look() {
                Ok(()) => {
                    backoff.reset();
                    self.every
                }
                Err(error) => {
                    self.failed(&one_line(&error));
                    backoff.fail()
                }
            };
            self.shared.board().beat = Instant::now();
            self.shared.pulse.wait(wait);
        }
    }

    fn failed(&self, reason: &str) {
        let mut board = self.shared.board();
        board.read_failures += 1;
        let is_known = board.failure.as_deref() == Some(reason);
        board.failure = Some(reason.to_owned());
        drop(board);
        if !is_known {
            tracing::warn!(reason, "the ledger cannot be read; the service goes on trying");
        }
    }

    fn look(&mut self) -> Result<(), Unread> {
        let known = self.shared.store().state().map(|state| state.seen);
        let from = known.map_or(0, |place| place.entry);
        let found = self.reader.read(|ledger| ledger.follow(from, NEWS))?;
        self.shared.store().attach(&found, self.from_start)?;
        match known {
            Some(place) if replaced::is_gone(&place, &found) => {
                replaced::begin_again(&self.shared, &mut self.reader, place, &found)?;
            }
            // What stood there before the service came is not news.
            None if !self.from_start => self.shared.update(|_| {}),
            _ => self.go_on(&found),
        }
        self.stand(&found)?;
        Ok(())
    }

    /// Notes what has come.
    fn go_on(&self, found: &Followed) {
        found.news.iter().for_each(note);
        let end = match found.news.last() {
            Some(last) if found.waiting > found.news.len() as u64 => {
                Place { entry: last.index, head: last.head }
            }
            _ => Place { entry: found.entries, head: found.head },
        };
        self.shared.update(|state| state.seen = end);
        if !found.news.is_empty() {
            self.shared.pulse.ring();
        }
    }

    /// Puts where the ledger stands on the board; it is computed anew where there are new entries.
    fn stand(&mut self, found: &Followed) -> Result<(), VaultError> {
        let stood = self.shared.board().end();
        let is_new =
            stood.is_none_or(|end| end != (found.entries, (found.entries > 0).then_some(found.head)));
        let standing = if is_new { Some(self.reader.read(|ledger| ledger.status(None))?) } else { None };
        let mut board = self.shared.board();
        if let Some(standing) = standing {
            board.standing = Some(Arc::new(standing));
        }
        board.last_entry = found.time;
        board.read = Some((Instant::now(), clock::unix_seconds()));
        if board.failure.take().is_some() {
            tracing::info!("the ledger can be read again");
        }
        Ok(())
    }
}

fn note(stored: &Stored) {
    let (entry, head) = (stored.index, stored.head.to_string());
    match &stored.event {
        Event::Closed { epoch } => tracing::info!(epoch, entry, head, "closed"),
        Event::Settled(settled) => {
            let root = settled.root.map(|root| root.to_string()).unwrap_or_default();
            let (epoch, total) = (settled.epoch, settled.total.to_string());
            tracing::info!(epoch, entry, head, root, total, "settled");
        }
        _ => {}
    }
}
