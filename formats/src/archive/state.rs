//! Where an epoch stands.

use std::fmt;
use std::str::FromStr;

/// Where an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Contributions are registered and bundles submitted.
    Open,
    /// Nothing is added any more.
    Closed,
    /// Amounts are fixed.
    Settled,
    /// Everybody has claimed.
    PaidOut,
}

/// A text that is not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state of an epoch")]
pub struct UnknownState;

impl State {
    /// All states, in their order.
    pub const ALL: [Self; 4] = [Self::Open, Self::Closed, Self::Settled, Self::PaidOut];

    /// Its name in the ledger and everywhere else.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Settled => "settled",
            Self::PaidOut => "paid out",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(UnknownState)
    }
}
