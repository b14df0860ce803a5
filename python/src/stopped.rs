//! What says that a table is read no further.

use std::fmt;

/// Why there is no next batch: the work was stopped.
#[derive(Debug)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the work was stopped while a table was read; what was finished is kept")
    }
}

impl std::error::Error for Stopped {}
