//! How long to wait before what failed is tried again.

use std::time::Duration;

use rand::Rng;

/// The first wait, before jitter.
const FIRST: Duration = Duration::from_millis(500);

/// Waits that double with each failure, up to a cap. Each is cut by up to a half at random, so that those who
/// failed together do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    failures: u32,
    cap: Duration,
}

impl Backoff {
    /// Without a failure yet.
    pub fn new(cap: Duration) -> Self {
        Self { failures: 0, cap }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait now.
    pub fn fail(&mut self) -> Duration {
        let doubled = 2u32.checked_pow(self.failures).and_then(|factor| FIRST.checked_mul(factor));
        let whole = doubled.unwrap_or(self.cap).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        whole.mul_f64(rand::thread_rng().gen_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_are_cut_by_a_half_at_most() {
        let cap = Duration::from_secs(60);
        let mut backoff = Backoff::new(cap);
        for turn in 0..100 {
            let whole = FIRST.saturating_mul(2u32.saturating_pow(turn)).min(cap);
            let wait = backoff.fail();
            assert!(wait <= whole && wait >= whole / 2, "{turn}: {wait:?}");
            assert_eq!(backoff.failures(), turn + 1);
        }
        backoff.reset();
        assert!(backoff.fail() <= FIRST);
        let waits: Vec<_> = (0..20).map(|_| Backoff::new(cap).fail()).collect();
        assert!(waits.iter().any(|wait| *wait != waits[0]), "no jitter: {waits:?}");
    }
}
