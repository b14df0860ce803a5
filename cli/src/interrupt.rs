//! Ctrl-C: the first asks for the work to stop where nothing is lost, the second ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Status;
use crate::output::notice;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C only asks: for commands whose work looks at [`is_asked`] often enough. Other
/// commands keep the default, and so does this one if no handler can be installed or if whoever started it
/// wants Ctrl-C ignored, as a shell does for its background jobs.
pub fn listen() {
    let listening = ctrlc::try_set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(Status::Interrupted as i32);
        }
        notice("stopping; what is finished is kept; press Ctrl-C again to end at once");
    });
    if let Err(error) = listening {
        tracing::debug!("Ctrl-C ends the program at once: {error}");
    }
}

/// Whether Ctrl-C asked for the work to stop.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
