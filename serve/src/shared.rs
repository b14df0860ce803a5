//! What the threads share.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fairshare_formats::eip55;

use crate::board::Snapshot;
use crate::pulse::Pulse;
use crate::state::{State, Store};

/// What the threads share. A thread that panicked while it held something leaves it as whole as it was.
#[derive(Debug)]
pub struct Shared {
    board: Mutex<Snapshot>,
    store: Mutex<Store>,
    /// How they hear of each other.
    pub pulse: Pulse,
}

impl Shared {
    /// With nothing on the board.
    pub fn new(store: Store, software: &'static str, every: Duration, tells: bool) -> Self {
        let board = Mutex::new(Snapshot::new(software, every, tells));
        Self { board, store: Mutex::new(store), pulse: Pulse::default() }
    }

    /// The board. Nobody holds it while asking a database or a disk.
    pub fn board(&self) -> MutexGuard<'_, Snapshot> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state. Requests are answered without it: it is held while it is written.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and brings it to the disk; says so where that fails.
    pub fn update(&self, change: impl FnOnce(&mut State)) {
        let updated = self.store().update(change);
        if let Err(error) = updated {
            self.board().state_failures += 1;
            tracing::error!(
                error = one_line(&error),
                "the state could not be written; nothing is delivered until it is"
            );
        }
    }
}

/// An error and its causes. Those of a ledger name no password.
pub fn one_line(error: &dyn Error) -> String {
    eip55::chain(error).collect::<Vec<_>>().join(": ")
}
