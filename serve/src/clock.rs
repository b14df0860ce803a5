//! The time by this machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use fairshare_formats::time::Moment;

/// Unix seconds.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The same with a date; a clock that is past all dates stands at the last one.
pub fn now() -> Moment {
    Moment::from_unix_seconds(unix_seconds()).unwrap_or(Moment::LAST)
}
