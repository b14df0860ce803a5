//! Times as people read them: UTC, to the second, and Unix seconds inside.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::excerpt::excerpt;

/// A moment, in Unix seconds. Written as in `2027-01-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

/// Not a moment that has a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// Past the year 9999.
    #[error("{seconds} Unix seconds are after the year 9999; is the clock right?")]
    Late {
        /// The seconds.
        seconds: u64,
    },
    /// Another spelling than the one that is written.
    #[error("`{given}` is not a time as in 2027-01-01T00:00:00Z")]
    Form {
        /// What was given, cut short.
        given: String,
    },
}

impl Moment {
    /// The last one that has a date: two days before the year 10000, so that it has one in any time zone.
    pub const LAST: Self = Self(253_402_207_200);

    /// A moment by its Unix seconds.
    pub fn from_unix_seconds(seconds: u64) -> Result<Self, MomentError> {
        let known = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        known.map(|_| Self(seconds)).ok_or(MomentError::Late { seconds })
    }

    /// Its Unix seconds.
    pub fn unix_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = i64::try_from(self.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        // Every moment has a date: it was made by one.
        time.unwrap_or(Timestamp::MAX).fmt(f)
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let known = text.parse::<Timestamp>().ok();
        let moment = known.and_then(|time| Some(Self(u64::try_from(time.as_second()).ok()?)));
        moment
            .filter(|moment| moment.to_string() == text)
            .ok_or_else(|| MomentError::Form { given: excerpt(text) })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_spelling() {
        for (seconds, text) in [(0, "1970-01-01T00:00:00Z"), (1_798_761_600, "2027-01-01T00:00:00Z")] {
            let moment = Moment::from_unix_seconds(seconds).unwrap();
            assert_eq!((moment.to_string().as_str(), text.parse()), (text, Ok(moment)));
        }
        for text in ["2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00.5Z", "1969-12-31T23:59:59Z", "1", ""] {
            assert!(matches!(text.parse::<Moment>(), Err(MomentError::Form { .. })), "{text}");
        }
        assert_eq!(Moment::from_unix_seconds(Moment::LAST.0), Ok(Moment::LAST));
        let seconds = Moment::LAST.0 + 1;
        assert_eq!(Moment::from_unix_seconds(seconds), Err(MomentError::Late { seconds }));
        for seconds in [u64::MAX, 253_402_300_800] {
            assert_eq!(Moment::from_unix_seconds(seconds), Err(MomentError::Late { seconds }));
        }
    }
}
