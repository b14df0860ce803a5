//! Why points are not a reference string.

use std::fmt;

/// One point of a reference string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Element {
    /// `[s^i]_1`.
    Power(usize),
    /// `G_i = [L_i(s)]_1`.
    Lagrange(usize),
    /// `[1]_2`.
    G2,
    /// `[s]_2`.
    SG2,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power(i) => write!(f, "power {i} in G1"),
            Self::Lagrange(i) => write!(f, "Lagrange point {i}"),
            Self::G2 => f.write_str("the generator of G2"),
            Self::SG2 => f.write_str("the first power in G2"),
        }
    }
}

/// Why points are not a reference string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrsError {
    /// Not the one encoding of a point of the curve, or the identity; or coordinates that are not a point's.
    #[error("{element} is not the canonical encoding of a point on its curve; use another file")]
    NotAPoint {
        /// Which point.
        element: Element,
    },
    /// `[1]_1` or `[1]_2` is not the standard generator.
    #[error("{element} is not the standard generator; the file is for another setting")]
    NotGenerator {
        /// Which point.
        element: Element,
    },
    /// A point of G2's curve outside the group of prime order.
    #[error("{element} lies outside the group of prime order; use another file")]
    Subgroup {
        /// Which point.
        element: Element,
    },
    /// The trapdoor is 0 or lies in the evaluation domain: commitments would bind nothing.
    #[error("the trapdoor is zero or a root of unity, seen at {element}; use another file")]
    DegenerateTrapdoor {
        /// Where it shows.
        element: Element,
    },
    /// The powers in G1 are not consecutive powers of the trapdoor in G2, or not one per row.
    #[error("the powers in G1 are not those of the trapdoor in G2; use another file")]
    InconsistentPowers,
    /// The Lagrange points are not those of the powers.
    #[error("the Lagrange points do not belong to the powers; generate or import the file again")]
    InconsistentLagrange,
    /// A published ceremony's name over another trapdoor.
    #[error(
        "the file calls itself {name}, but its trapdoor is not that ceremony's: do not trust who gave it to \
         you"
    )]
    Mislabelled {
        /// The name claimed.
        name: &'static str,
    },
}
