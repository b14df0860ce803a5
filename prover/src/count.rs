//! Numbers of things that registrations and blindings count with 32 bits.

use std::fmt;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// Records of a dataset.
    Records,
    /// Segments of a dataset.
    Segments,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Records => "records",
            Self::Segments => "segments",
        })
    }
}

/// More of something than can be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} {what}, and no more than {max} can be registered; divide the data", max = u32::MAX)]
pub struct TooMany {
    /// Of what.
    pub what: Counted,
    /// How many.
    pub count: u64,
}

/// The number as it is registered.
pub(crate) fn registered(what: Counted, count: u64) -> Result<u32, TooMany> {
    u32::try_from(count).map_err(|_| TooMany { what, count })
}

/// A segment's number within its dataset, from 0. Blindings are derived from it, so that two segments of one
/// number would tell what they differ in: it is converted with a check or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentIndex(u32);

impl SegmentIndex {
    /// A dataset's first segment.
    pub const FIRST: Self = Self(0);

    /// As a number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<usize> for SegmentIndex {
    type Error = TooMany;

    fn try_from(index: usize) -> Result<Self, TooMany> {
        // One that cannot be counted is the last of one more than can be.
        registered(Counted::Segments, index as u64).map(Self)
    }
}

impl fmt::Display for SegmentIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that was cut to 32 bits would be a second segment's.
    #[test]
    fn no_two_segments_have_one_number() {
        let last = u32::MAX as usize;
        assert_eq!(SegmentIndex::try_from(0), Ok(SegmentIndex::FIRST));
        assert_eq!(SegmentIndex::try_from(last).map(SegmentIndex::get), Ok(u32::MAX));
        let refused = SegmentIndex::try_from(last + 1).expect_err("too many");
        assert_eq!(
            refused.to_string(),
            "4294967296 segments, and no more than 4294967295 can be registered; divide the data"
        );
    }
}
