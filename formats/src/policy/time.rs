//! From a date and time of TOML to Unix seconds.

use jiff::civil::DateTime;
use toml::value::{Datetime, Offset, Time};

/// Why a date and time are not a time of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// It depends on where one is.
    #[error("not a date and time with its offset from UTC; write it as in 2027-01-01T00:00:00Z")]
    Local,
    /// Between two seconds.
    #[error("a fraction of a second; give whole seconds")]
    Fraction,
    /// Before Unix seconds begin.
    #[error("before 1970; give a later time")]
    Early,
    /// A leap second, for instance.
    #[error("no time that Unix seconds count; give another second")]
    Uncounted,
}

const BEGINNING: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The seconds from the beginning of 1970 to that time.
pub(super) fn unix_seconds(time: &Datetime) -> Result<u64, TimeError> {
    let Datetime { date: Some(date), time: Some(time), offset: Some(offset) } = *time else {
        return Err(TimeError::Local);
    };
    let Time { hour, minute, second, nanosecond } = time;
    if nanosecond.is_some() {
        return Err(TimeError::Fraction);
    }
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let seconds = || {
        let year = i16::try_from(date.year).ok()?;
        let [month, day] = [date.month, date.day].map(|part| i8::try_from(part).ok());
        let [hour, minute, second] =
            [hour, minute, second.unwrap_or_default()].map(|part| i8::try_from(part).ok());
        let civil = DateTime::new(year, month?, day?, hour?, minute?, second?, 0).ok()?;
        // Not by way of a timestamp: the library's end two days before the year 10000.
        let local = civil.duration_since(BEGINNING).as_secs();
        local.checked_sub(minutes.checked_mul(60)?)
    };
    let seconds = seconds().ok_or(TimeError::Uncounted)?;
    u64::try_from(seconds).map_err(|_| TimeError::Early)
}
