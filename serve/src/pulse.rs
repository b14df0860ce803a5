//! How the threads hear of each other: that there is news, and that it is time to stop.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
struct Beats {
    stopped: bool,
    news: u64,
}

/// Wakes whoever waits.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: Mutex<Beats>,
    changed: Condvar,
}

impl Pulse {
    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody to stop.
    pub fn stop(&self) {
        self.beats().stopped = true;
        self.changed.notify_all();
    }

    /// Whether it is time to stop.
    pub fn is_stopped(&self) -> bool {
        self.beats().stopped
    }

    /// Tells those who wait for it that there is something to deliver.
    pub fn ring(&self) {
        let mut beats = self.beats();
        beats.news = beats.news.wrapping_add(1);
        drop(beats);
        self.changed.notify_all();
    }

    /// How often there was news.
    pub fn news(&self) -> u64 {
        self.beats().news
    }

    /// Waits, but not past the end.
    pub fn wait(&self, most: Duration) {
        self.wait_while(most, |beats| !beats.stopped);
    }

    /// Waits, but not past the end, nor past news that came after `known`.
    pub fn wait_for_news(&self, most: Duration, known: u64) {
        self.wait_while(most, |beats| !beats.stopped && beats.news == known);
    }

    fn wait_while(&self, most: Duration, goes_on: impl Fn(&Beats) -> bool) {
        let until = Instant::now() + most;
        let mut beats = self.beats();
        while goes_on(&beats) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            beats = self.changed.wait_timeout(beats, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
