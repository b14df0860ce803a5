//! How a proof says how far it is, and how it is stopped.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Hears how far a proof is, and may stop it. Asked from several threads.
pub trait Signal: Sync {
    /// Asked before each piece of work on one column: a sum of points or a transform. `Break` stops the
    /// proof, which then ends with [`PlonkError::Cancelled`](crate::PlonkError::Cancelled) as soon as the
    /// pieces under way are done.
    fn ask(&self, step: Step) -> ControlFlow<()>;
}

/// How far a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Pieces of work that were begun before this one.
    pub begun: usize,
    /// All that the proof consists of: the same in every proof under a key.
    pub total: usize,
}

/// Hears nothing and stops nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uninterrupted;

impl Signal for Uninterrupted {
    fn ask(&self, _: Step) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The signal said stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof was cancelled")]
pub struct Cancelled;

/// Counts a proof's pieces of work, and asks before each.
pub struct Watch<'a> {
    signal: &'a dyn Signal,
    begun: AtomicUsize,
    total: usize,
    cancelled: AtomicBool,
}

impl<'a> Watch<'a> {
    /// Asks `signal`, as often as `total` if it never says stop.
    pub fn new(signal: &'a dyn Signal, total: usize) -> Self {
        Self { signal, begun: AtomicUsize::new(0), total, cancelled: AtomicBool::new(false) }
    }

    /// To be called before each column. Once the signal has said stop, it is not asked again.
    pub fn ask(&self) -> Result<(), Cancelled> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Cancelled);
        }
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        match self.signal.ask(Step { begun, total: self.total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                self.cancelled.store(true, Ordering::Relaxed);
                Err(Cancelled)
            }
        }
    }
}
