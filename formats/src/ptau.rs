//! Import of snarkjs `.ptau` files.
//!
//! `ptau`, a version and a number of sections, then the sections: type (4 bytes), size (8 bytes), content;
//! all integers little-endian. Needed are section 1 (the field's prime and the power `p`), 2 (`2^(p+1) − 1`
//! powers in G1) and 3 (`2^p` powers in G2). Coordinates are in Montgomery form, little-endian. The Lagrange
//! sections 12 to 15 are over another root of unity than halo2's and are ignored.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use blake2::{Blake2b512, Digest as _};
use fairshare_params::Geometry;
use fairshare_params::encoding::{POINT_BYTES, wide};
use fairshare_params::srs::{
    Element, FileHash, G2_BYTES, Srs, SrsError, g1_from_coordinates, g2_from_coordinates,
};
use ff::PrimeField;
use halo2curves::bn256::{Fq, Fq2, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

const MAGIC: [u8; 4] = *b"ptau";
const VERSION: u32 = 1;
/// Sections 1 to 7 and 12 to 15 exist; a little room for what later versions may add.
const MAX_SECTIONS: u32 = 32;
/// The public ceremony's power, which is also the largest whose powers fit BN254's domains.
const MAX_POWER: u32 = 28;
/// Bytes of a base field element of BN254.
const FIELD_BYTES: u32 = 32;
/// The header's content: the width of an element, the prime, the power, and that of the ceremony it was cut
/// from.
const HEADER_BYTES: u64 = 4 + 32 + 4 + 4;
/// Where in it the power stands.
const POWER_OFFSET: u64 = 4 + 32;
/// How much is hashed between two lines of progress, in bytes.
const PROGRESS_STEP: u64 = 1 << 30;

/// Bytes of a point of either group.
const G1: u64 = wide(POINT_BYTES);
const G2: u64 = wide(G2_BYTES);

const HEADER: (u32, &str) = (1, "header");
const TAU_G1: (u32, &str) = (2, "powers in G1");
const TAU_G2: (u32, &str) = (3, "powers in G2");

/// Why a ceremony's file was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error("the ceremony file cannot be read")]
    Read(#[source] io::Error),
    /// It is not a `.ptau` file of use here.
    #[error(transparent)]
    Ptau(#[from] PtauError),
    /// Its points are refused.
    #[error("the ceremony file's points are refused")]
    Points(#[from] SrsError),
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
        "has power {found}, but power {needed} or more is needed: get \
         powersOfTau28_hez_final_{needed:02}.ptau"
    )]
    TooSmall {
        /// The file's power.
        found: u32,
        /// The power needed: `k` of the geometry.
        needed: u32,
    },
}

/// Takes the reference string from a snarkjs `.ptau` file of the geometry's power or any larger one.
///
/// Once its table of sections is found sound the file is hashed, which reads all of it; of the points only
/// those needed are read. The Lagrange points are computed. Progress goes to [`tracing`] at level `info`.
///
/// The file is read twice, for its hash and for its points. One that is changed in between cannot pass for a
/// public ceremony: that name is granted by the trapdoor in G2, not by the hash alone.
pub fn import(file: impl Read + Seek, geometry: Geometry) -> Result<Srs, ImportError> {
    let k = geometry.k();
    let mut reader = Reader::new(file)?;
    let sections = reader.sections()?;
    let power = reader.power(&sections)?;
    tracing::info!(power, needed = k, bytes = reader.length, "a ceremony file");
    if power < k {
        return Err(PtauError::TooSmall { found: power, needed: k }.into());
    }
    // Only now: to hash whatever is named `.ptau` may take minutes, and sections and power are a few dozen
    // bytes.
    let hash = reader.hash()?;
    let (powers, g2, s_g2) = reader.points(&sections, power, k)?;
    tracing::info!(power, k, "read the powers of tau");
    Ok(Srs::from_powers(geometry, powers, g2, s_g2, hash)?)
}

/// Where a section's content lies in the file, in bytes; within it.
#[derive(Clone, Copy)]
struct Section {
    offset: u64,
    size: u64,
}

/// A file of known length.
struct Reader<R> {
    file: R,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    fn new(mut file: R) -> Result<Self, ImportError> {
        let length = file.seek(SeekFrom::End(0)).map_err(ImportError::Read)?;
        Ok(Self { file, length })
    }

    /// BLAKE2b-512 of the whole file, a piece at a time; of a device that never ends, as much as its length
    /// says.
    fn hash(&mut self) -> Result<FileHash, ImportError> {
        let mut hasher = Blake2b512::new();
        self.file.seek(SeekFrom::Start(0)).map_err(ImportError::Read)?;
        let mut file = (&mut self.file).take(self.length);
        let mut buffer = vec![0; 1 << 20];
        let (mut done, mut reported) = (0u64, 0u64);
        tracing::info!(bytes = self.length, "hashing the ceremony file");
        loop {
            let read = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ImportError::Read(error)),
            };
            hasher.update(buffer.get(..read).unwrap_or_default());
            done = done.saturating_add(wide(read));
            if done.saturating_sub(reported) >= PROGRESS_STEP {
                reported = done;
                tracing::info!(done, bytes = self.length, "hashing the ceremony file");
            }
        }
        Ok(FileHash(hasher.finalize().into()))
    }

    /// The table of sections: every one within the file, none twice, nothing after the last.
    fn sections(&mut self) -> Result<HashMap<u32, Section>, ImportError> {
        let magic: [u8; 4] = self.read_at(0)?;
        if magic != MAGIC {
            return Err(PtauError::Magic { found: magic }.into());
        }
        let version = u32::from_le_bytes(self.read_at(4)?);
        if version != VERSION {
            return Err(PtauError::Version { found: version }.into());
        }
        let announced = u32::from_le_bytes(self.read_at(8)?);
        if announced > MAX_SECTIONS {
            return Err(PtauError::TooManySections { found: announced, max: MAX_SECTIONS }.into());
        }
        let mut sections = HashMap::new();
        let mut end = 12u64;
        for _ in 0..announced {
            let kind = u32::from_le_bytes(self.read_at(end)?);
            let size = u64::from_le_bytes(self.read_at(end.saturating_add(4))?);
            let offset = end.saturating_add(12);
            let length = self.length;
            end = match offset.checked_add(size) {
                Some(end) if end <= length => end,
                _ => {
                    return Err(PtauError::SectionBounds { section: kind, offset, size, length }.into());
                }
            };
            if sections.insert(kind, Section { offset, size }).is_some() {
                return Err(PtauError::DuplicateSection { section: kind }.into());
            }
        }
        match self.length.saturating_sub(end) {
            0 => Ok(sections),
            bytes => Err(PtauError::TrailingBytes { bytes }.into()),
        }
    }

    /// The power of the ceremony, once its curve is known to be BN254.
    fn power(&mut self, sections: &HashMap<u32, Section>) -> Result<u32, ImportError> {
        let header = self.section(sections, HEADER)?;
        let bytes = u32::from_le_bytes(self.read_at(header.offset)?);
        let curve = match bytes {
            FIELD_BYTES => curve_name(&self.read_at::<32>(header.offset.saturating_add(4))?),
            48 => curve_name(&self.read_at::<48>(header.offset.saturating_add(4))?),
            _ => UNKNOWN_CURVE,
        };
        if curve != BN254 {
            return Err(PtauError::Curve { curve, bytes }.into());
        }
        // The prime is followed by the power and by that of the ceremony this file was cut from.
        self.require_size(HEADER, header, HEADER_BYTES)?;
        let power = u32::from_le_bytes(self.read_at(header.offset.saturating_add(POWER_OFFSET))?);
        if power > MAX_POWER {
            return Err(PtauError::Power { found: power, max: MAX_POWER }.into());
        }
        Ok(power)
    }

    /// The first `2^k` powers in G1 and the first two in G2, of a file with `power >= k`.
    fn points(
        &mut self,
        sections: &HashMap<u32, Section>,
        power: u32,
        k: u32,
    ) -> Result<(Vec<G1Affine>, G2Affine, G2Affine), ImportError> {
        let (tau_g1, tau_g2) = (self.section(sections, TAU_G1)?, self.section(sections, TAU_G2)?);
        let points = 1u64 << power;
        self.require_size(TAU_G1, tau_g1, points.saturating_mul(2).saturating_sub(1).saturating_mul(G1))?;
        self.require_size(TAU_G2, tau_g2, points.saturating_mul(G2))?;

        let mut bytes = vec![0; POINT_BYTES << k];
        self.read_into(tau_g1.offset, &mut bytes)?;
        let powers = bytes
            .par_chunks_exact(POINT_BYTES)
            .enumerate()
            .map(|(i, chunk)| decode_g1(chunk).ok_or(SrsError::NotAPoint { element: Element::Power(i) }))
            .collect::<Result<_, SrsError>>()?;
        let mut g2_at = |index: u64, element| {
            let encoded = self.read_at::<G2_BYTES>(tau_g2.offset.saturating_add(index.saturating_mul(G2)))?;
            decode_g2(&encoded).ok_or(ImportError::Points(SrsError::NotAPoint { element }))
        };
        Ok((powers, g2_at(0, Element::G2)?, g2_at(1, Element::SG2)?))
    }

    fn section(
        &self,
        sections: &HashMap<u32, Section>,
        wanted: (u32, &'static str),
    ) -> Result<Section, ImportError> {
        let (section, what) = wanted;
        sections.get(&section).copied().ok_or_else(|| PtauError::MissingSection { section, what }.into())
    }

    fn require_size(
        &self,
        wanted: (u32, &'static str),
        found: Section,
        expected: u64,
    ) -> Result<(), ImportError> {
        let (section, what) = wanted;
        if found.size == expected {
            return Ok(());
        }
        Err(PtauError::SectionSize { section, what, found: found.size, expected }.into())
    }

    fn read_at<const N: usize>(&mut self, offset: u64) -> Result<[u8; N], ImportError> {
        let mut bytes = [0; N];
        self.read_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), ImportError> {
        let outcome = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(bytes));
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => PtauError::Truncated { length: self.length }.into(),
            _ => ImportError::Read(error),
        })
    }
}

const BN254: &str = "BN254";
const UNKNOWN_CURVE: &str = "an unknown curve";
const BLS12_381: &str = "BLS12-381";
/// BLS12-381's base field prime, as halo2curves and snarkjs agree on it.
const BLS12_381_PRIME: &str =
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

/// The curve over the field of that prime, given little-endian.
fn curve_name(prime: &[u8]) -> &'static str {
    let digits: String = prime.iter().rev().map(|byte| format!("{byte:02x}")).collect();
    match digits.as_str() {
        digits if Fq::MODULUS.strip_prefix("0x") == Some(digits) => BN254,
        BLS12_381_PRIME => BLS12_381,
        _ => UNKNOWN_CURVE,
    }
}

/// A canonical coordinate: 32 bytes in Montgomery form.
fn coordinate(bytes: &[u8], index: usize) -> Option<Fq> {
    // Despite its name this reads a checked element: it refuses what is not below the modulus.
    Fq::from_raw_bytes(bytes.as_chunks::<32>().0.get(index)?)
}

fn decode_g1(bytes: &[u8]) -> Option<G1Affine> {
    g1_from_coordinates(coordinate(bytes, 0)?, coordinate(bytes, 1)?)
}

fn decode_g2(bytes: &[u8]) -> Option<G2Affine> {
    let x = Fq2 { c0: coordinate(bytes, 0)?, c1: coordinate(bytes, 1)? };
    let y = Fq2 { c0: coordinate(bytes, 2)?, c1: coordinate(bytes, 3)? };
    g2_from_coordinates(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_not_below_the_modulus_are_refused() {
        let mut modulus = hex::decode(Fq::MODULUS.trim_start_matches("0x")).unwrap();
        modulus.reverse();
        assert_eq!(coordinate(&modulus, 0), None);
        modulus[0] -= 1;
        assert!(coordinate(&modulus, 0).is_some());
    }
}
