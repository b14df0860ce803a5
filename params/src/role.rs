//! The two ways to contribute.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a contributor is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Data.
    Data,
    /// Computing power.
    Compute,
}

impl Role {
    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Data, Self::Compute].into_iter().find(|role| role.name() == name)
    }

    /// Its name in files and on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Compute => "compute",
        }
    }

    /// Its identifier in canonical encodings.
    pub const fn id(&self) -> u8 {
        match self {
            Self::Data => 1,
            Self::Compute => 2,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
