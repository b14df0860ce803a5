//! What says that work is to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a flag is set.
pub fn is_set(flag: &Arc<AtomicBool>) -> bool {
    flag.load(Ordering::Relaxed)
}

/// Whether one call's work is to stop: for the call itself, or because the caller's `Stop` is set.
#[derive(Clone, Default)]
pub struct Halt {
    own: Arc<AtomicBool>,
    asked: Vec<Arc<AtomicBool>>,
}

impl Halt {
    /// That is also set by these; the first of them is the caller's.
    pub fn asked_by(asked: Vec<Arc<AtomicBool>>) -> Self {
        Self { asked, ..Self::default() }
    }

    /// Whether the work is to stop.
    pub fn is_set(&self) -> bool {
        is_set(&self.own) || self.asked.iter().any(is_set)
    }

    /// Stops the work, and nobody else's.
    pub fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Stops whatever works for the caller: on threads of its own it asks the caller's.
    pub fn set_all(&self) {
        self.set();
        self.asked.iter().take(1).for_each(|flag| flag.store(true, Ordering::Relaxed));
    }
}
