//! The threads: each is begun here, and whether one has ended that should not have is seen here.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::ServeError;
use crate::shared::Shared;

/// Threads under way.
pub struct Crew {
    shared: Arc<Shared>,
    ended: Sender<()>,
    ends: Receiver<()>,
}

/// Held by a thread for as long as it works.
struct Working {
    name: &'static str,
    shared: Arc<Shared>,
    _ended: Sender<()>,
}

impl Drop for Working {
    fn drop(&mut self) {
        if !self.shared.pulse.is_stopped() {
            // Whatever it was, without it the service does not do all that it is there for.
            self.shared.board().lost = Some(self.name);
        }
    }
}

impl Crew {
    /// Nobody yet.
    pub fn new(shared: &Arc<Shared>) -> Self {
        let (ended, ends) = channel();
        Self { shared: Arc::clone(shared), ended, ends }
    }

    /// Begins a thread.
    pub fn begin(&self, name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), ServeError> {
        let working = Working { name, shared: Arc::clone(&self.shared), _ended: self.ended.clone() };
        let run = move || {
            work();
            drop(working);
        };
        thread::Builder::new().name(name.to_owned()).spawn(run).map(drop).map_err(ServeError::Thread)
    }

    /// Asks all to stop, and waits for them; false if one did not in time.
    pub fn end(self, grace: Duration) -> bool {
        self.shared.pulse.stop();
        drop(self.ended);
        // Nobody sends: the channel is cut when the last thread has ended.
        self.ends.recv_timeout(grace) != Err(RecvTimeoutError::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Store;

    fn shared() -> Arc<Shared> {
        let store = Store::open(None, false).unwrap();
        Arc::new(Shared::new(store, "fairshare test", Duration::from_secs(1), false))
    }

    #[test]
    fn a_thread_that_is_lost_makes_the_service_unwell() {
        let shared = shared();
        let crew = Crew::new(&shared);
        crew.begin("auditor", || panic!("a defect, for the test")).unwrap();
        for _ in 0..1_000 {
            if shared.board().unwell().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let unwell = shared.board().unwell().expect("it is seen");
        assert!(unwell.contains("the auditor has ended"), "{unwell}");
        assert!(crew.end(Duration::from_secs(60)));
    }

    #[test]
    fn who_stops_when_asked_is_not_lost_and_who_does_not_is_left() {
        let shared = shared();
        let crew = Crew::new(&shared);
        let pulse = Arc::clone(&shared);
        crew.begin("observer", move || pulse.pulse.wait(Duration::from_secs(600))).unwrap();
        assert!(crew.end(Duration::from_secs(60)));
        assert_eq!(shared.board().unwell(), None);
        let crew = Crew::new(&shared);
        crew.begin("deliverer", || thread::sleep(Duration::from_secs(600))).unwrap();
        assert!(!crew.end(Duration::from_millis(10)));
    }
}
