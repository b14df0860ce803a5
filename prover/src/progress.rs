//! How long work tells how far it is, and how it is stopped.

use std::ops::ControlFlow;

use fairshare_plonk::{Signal, Step};

/// A piece of work that takes more than a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Reading files, counted in bytes, or tables, counted in records; 0 in all where that is unknown.
    Read,
    /// Committing to segments' columns, counted in segments.
    Commit,
    /// Making or loading proving keys, counted in keys.
    Keys,
    /// Proving segments' histograms, counted in segments.
    Segments,
    /// Proving a score, counted in steps of its proof that were begun, and one for its verification.
    Score,
}

/// Hears how far work is. Called from several threads.
pub trait Progress: Sync {
    /// `task` begins and consists of `total` units, `done` of which were done before.
    fn begin(&self, task: Task, total: u64, done: u64);
    /// `units` more are done.
    fn advance(&self, task: Task, units: u64);
    /// `task` is over.
    fn end(&self, task: Task);

    /// Asked for every batch of records that is committed to, and before each column of every commitment and
    /// proof: whether to stop. Then nothing is handed out, and the segments that are finished are kept for
    /// the next time.
    fn cancelled(&self) -> bool {
        false
    }
}

/// A proof's way to ask whether to stop.
pub(crate) struct Asking<'p>(pub &'p dyn Progress);

impl Signal for Asking<'_> {
    fn ask(&self, _: Step) -> ControlFlow<()> {
        if self.0.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// As [`Asking`], of a proof whose steps are the units of a task.
pub(crate) struct Stepping<'p>(pub &'p dyn Progress, pub Task);

impl Signal for Stepping<'_> {
    fn ask(&self, step: Step) -> ControlFlow<()> {
        let Self(progress, task) = *self;
        Asking(progress).ask(step)?;
        progress.advance(task, 1);
        ControlFlow::Continue(())
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Task, _: u64, _: u64) {}
    fn advance(&self, _: Task, _: u64) {}
    fn end(&self, _: Task) {}
}
