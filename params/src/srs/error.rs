//! Why a file is no reference string.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use fairshare_circuits::geometry::Geometry;

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

/// Why a reference string was not read, imported or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SrsError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The length is no reference string's; nothing was read.
    #[error(
        "{} holds {found} bytes, but a reference string file holds {}: \
         it is truncated, extended or something else; generate or import it again",
        path.display(),
        accepted_lengths(accepted)
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The lengths that would have been accepted, in bytes.
        accepted: Vec<(Geometry, u64)>,
    },
    /// The SHA-256 at the end is not that of what precedes it.
    #[error(
        "{} is damaged: its SHA-256 is {computed}, the one it records {stored}; \
         generate or import it again",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The recorded hash, hexadecimal.
        stored: String,
        /// The hash of the content, hexadecimal.
        computed: String,
    },
    /// The file starts with other bytes than `FSRS`.
    #[error("the file starts with {found:02x?}, not with `FSRS`: it is no reference string file")]
    Magic {
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// A format version that this release does not read.
    #[error("reference string format version {found}; this release reads version {supported}")]
    Version {
        /// The file's version.
        found: u8,
        /// The version read.
        supported: u8,
    },
    /// The file is of another geometry than its length or the caller says.
    #[error("the reference string has geometry identifier {found}, but {expected} (identifier {}) is expected", expected.id())]
    WrongGeometry {
        /// The identifier in the file.
        found: u8,
        /// The geometry expected.
        expected: Geometry,
    },
    /// The provenance field has no meaning in this version.
    #[error("provenance code {code} with this hash field is undefined; generate or import the file again")]
    ProvenanceField {
        /// The code in the file.
        code: u8,
    },
    /// Not the one encoding of a point of the curve, or the identity.
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
    /// The powers in G1 are not consecutive powers of the trapdoor in G2.
    #[error("the powers in G1 are not those of the trapdoor in G2; use another file")]
    InconsistentPowers,
    /// The Lagrange points are not those of the powers.
    #[error("the Lagrange points do not belong to the powers; generate or import the file again")]
    InconsistentLagrange,
    /// A published ceremony's name over another trapdoor.
    #[error(
        "the file calls itself {name}, but its trapdoor is not that ceremony's: do not trust who gave it to you"
    )]
    Mislabelled {
        /// The name claimed.
        name: &'static str,
    },
    /// The ceremony file is not one that can be imported.
    #[error("{}: {source}", path.display())]
    Ptau {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PtauError,
    },
}

impl SrsError {
    /// For `map_err` on what the operating system answers about `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

/// Why a `.ptau` file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PtauError {
    /// The file starts with other bytes than `ptau`.
    #[error("starts with {found:02x?}, not with `ptau`: give a snarkjs powers-of-tau file")]
    Magic {
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// A format version other than 1.
    #[error("has .ptau format version {found}; only version 1 is known")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// More sections than any powers-of-tau file has.
    #[error("announces {found} sections; a powers-of-tau file has at most {max}")]
    TooManySections {
        /// How many it announces.
        found: u32,
        /// How many are accepted.
        max: u32,
    },
    /// The file ends inside its headers.
    #[error("ends within its headers, at byte {length}: it is truncated; download it again")]
    Truncated {
        /// The file's length in bytes.
        length: u64,
    },
    /// A section that reaches past the end of the file.
    #[error(
        "section {section} at byte {offset} claims {size} bytes, but the file ends at {length}: \
         it is truncated or damaged; download it again"
    )]
    SectionBounds {
        /// The section's type.
        section: u32,
        /// Where its content starts, in bytes.
        offset: u64,
        /// The size it claims, in bytes.
        size: u64,
        /// The file's length in bytes.
        length: u64,
    },
    /// Two sections of one type.
    #[error("has section {section} twice; use a file written by snarkjs")]
    DuplicateSection {
        /// The section's type.
        section: u32,
    },
    /// No section of a type that is needed.
    #[error("has no section {section} ({what}); use a file written by snarkjs")]
    MissingSection {
        /// The section's type.
        section: u32,
        /// What it would hold.
        what: &'static str,
    },
    /// A section of another size than the header's power gives it.
    #[error(
        "section {section} ({what}) holds {found} bytes instead of {expected}; use a file written by snarkjs"
    )]
    SectionSize {
        /// The section's type.
        section: u32,
        /// What it holds.
        what: &'static str,
        /// Its size in bytes.
        found: u64,
        /// The size that fits, in bytes.
        expected: u64,
    },
    /// Bytes after the last section.
    #[error("has {bytes} bytes after its last section; download it again")]
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
    /// A ceremony for another curve.
    #[error("is for {curve} (a base field of {bytes} bytes), not for BN254: use a bn128 ceremony")]
    Curve {
        /// The curve, if its prime is known.
        curve: &'static str,
        /// The width of a coordinate in bytes.
        bytes: u32,
    },
    /// A power that no BN254 ceremony can have.
    #[error("claims power {found}; BN254 ceremonies have at most {max}")]
    Power {
        /// The power it claims.
        found: u32,
        /// The largest power.
        max: u32,
    },
    /// Fewer powers than the geometry needs.
    #[error(
        "has power {found}, but power {needed} or more is needed: get powersOfTau28_hez_final_{needed:02}.ptau"
    )]
    TooSmall {
        /// The file's power.
        found: u32,
        /// The power needed: `k` of the geometry.
        needed: u32,
    },
}

/// The accepted lengths as text, for a message.
fn accepted_lengths(accepted: &[(Geometry, u64)]) -> String {
    let listed: Vec<_> =
        accepted.iter().map(|(geometry, length)| format!("{length} bytes ({geometry})")).collect();
    listed.join(" or ")
}
