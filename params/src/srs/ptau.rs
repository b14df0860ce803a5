//! Import of snarkjs `.ptau` files.
//!
//! `ptau`, a version and a number of sections, then the sections: type (4 bytes), size (8 bytes), content; all
//! integers little-endian. Needed are section 1 (the field's prime and the power `p`), 2 (`2^(p+1) − 1` powers in G1)
//! and 3 (`2^p` powers in G2). Coordinates are in Montgomery form, little-endian. The Lagrange sections 12 to 15 are
//! over another root of unity than halo2's and are ignored.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use blake2::{Blake2b512, Digest as _};
use ff::PrimeField;
use halo2curves::bn256::{Fq, Fq2, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::points::{G2_BYTES, Points, g1_from_coordinates, g2_from_coordinates};
use super::{Element, FileHash, PtauError, SrsError, lagrange};
use crate::encoding::POINT_BYTES;

const MAGIC: [u8; 4] = *b"ptau";
const VERSION: u32 = 1;
/// Sections 1 to 7 and 12 to 15 exist; a little room for what later versions may add.
const MAX_SECTIONS: u32 = 32;
/// The public ceremony's power, which is also the largest whose powers fit BN254's domains.
const MAX_POWER: u32 = 28;
/// Bytes of a base field element of BN254.
const FIELD_BYTES: u32 = 32;
/// How much is hashed between two lines of progress, in bytes.
const PROGRESS_STEP: u64 = 1 << 30;

const HEADER: (u32, &str) = (1, "header");
const TAU_G1: (u32, &str) = (2, "powers in G1");
const TAU_G2: (u32, &str) = (3, "powers in G2");

/// The checked points of `2^k` rows, and the hash of the file they come from.
///
/// The file is read twice, for its hash and for its points. One that is changed in between cannot pass for a public
/// ceremony: that name is granted by the trapdoor in G2, not by the hash alone.
pub(super) fn import(path: &Path, k: u32) -> Result<(Points, FileHash), SrsError> {
    let mut reader = Reader::open(path)?;
    let sections = reader.sections()?;
    let power = reader.power(&sections)?;
    tracing::info!(power, needed = k, bytes = reader.length, "a ceremony file");
    if power < k {
        return Err(reader.refuse(PtauError::TooSmall { found: power, needed: k }));
    }
    // Only now: to hash whatever is named `.ptau` may take minutes, and sections and power are a few dozen bytes.
    let hash = reader.hash()?;
    let (powers, g2, s_g2) = reader.points(&sections, power, k)?;
    tracing::info!(power, k, "read the powers of tau");
    let mut points = Points { k, powers, lagrange: Vec::new(), g2, s_g2 };
    // A wrong file is found out here, before the expensive part.
    points.check_powers()?;
    points.lagrange = lagrange::from_powers(&points.powers, k);
    points.check()?;
    Ok((points, hash))
}

/// Where a section's content lies in the file, in bytes; within it.
#[derive(Clone, Copy)]
struct Section {
    offset: u64,
    size: u64,
}

/// An open file of known length.
struct Reader<'a> {
    path: &'a Path,
    file: File,
    length: u64,
}

impl<'a> Reader<'a> {
    fn open(path: &'a Path) -> Result<Self, SrsError> {
        let file = File::open(path).map_err(SrsError::io("open", path))?;
        let length = file.metadata().map_err(SrsError::io("inspect", path))?.len();
        Ok(Self { path, file, length })
    }

    /// BLAKE2b-512 of the whole file, a piece at a time; of a device that never ends, as much as its length says.
    fn hash(&self) -> Result<FileHash, SrsError> {
        let mut hasher = Blake2b512::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(SrsError::io("read", self.path))?;
        let mut file = file.take(self.length);
        let mut buffer = vec![0; 1 << 20];
        let (mut done, mut reported) = (0u64, 0u64);
        tracing::info!(bytes = self.length, "hashing the ceremony file");
        loop {
            let read = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SrsError::io("read", self.path)(error)),
            };
            hasher.update(buffer.get(..read).unwrap_or_default());
            done += read as u64;
            if done - reported >= PROGRESS_STEP {
                reported = done;
                tracing::info!(done, bytes = self.length, "hashing the ceremony file");
            }
        }
        Ok(FileHash(hasher.finalize().into()))
    }

    /// The table of sections: every one within the file, none twice, nothing after the last.
    fn sections(&mut self) -> Result<HashMap<u32, Section>, SrsError> {
        let magic: [u8; 4] = self.read_at(0)?;
        if magic != MAGIC {
            return Err(self.refuse(PtauError::Magic { found: magic }));
        }
        let version = u32::from_le_bytes(self.read_at(4)?);
        if version != VERSION {
            return Err(self.refuse(PtauError::Version { found: version }));
        }
        let announced = u32::from_le_bytes(self.read_at(8)?);
        if announced > MAX_SECTIONS {
            return Err(self.refuse(PtauError::TooManySections { found: announced, max: MAX_SECTIONS }));
        }
        let mut sections = HashMap::new();
        let mut end = 12u64;
        for _ in 0..announced {
            let kind = u32::from_le_bytes(self.read_at(end)?);
            let size = u64::from_le_bytes(self.read_at(end + 4)?);
            let offset = end + 12;
            let length = self.length;
            end = match offset.checked_add(size) {
                Some(end) if end <= length => end,
                _ => {
                    return Err(self.refuse(PtauError::SectionBounds {
                        section: kind,
                        offset,
                        size,
                        length,
                    }));
                }
            };
            if sections.insert(kind, Section { offset, size }).is_some() {
                return Err(self.refuse(PtauError::DuplicateSection { section: kind }));
            }
        }
        match self.length - end {
            0 => Ok(sections),
            bytes => Err(self.refuse(PtauError::TrailingBytes { bytes })),
        }
    }

    /// The power of the ceremony, once its curve is known to be BN254.
    fn power(&mut self, sections: &HashMap<u32, Section>) -> Result<u32, SrsError> {
        let header = self.section(sections, HEADER)?;
        let bytes = u32::from_le_bytes(self.read_at(header.offset)?);
        let curve = match bytes {
            FIELD_BYTES => curve_name(&self.read_at::<32>(header.offset + 4)?),
            48 => curve_name(&self.read_at::<48>(header.offset + 4)?),
            _ => UNKNOWN_CURVE,
        };
        if curve != BN254 {
            return Err(self.refuse(PtauError::Curve { curve, bytes }));
        }
        // The prime is followed by the power and by that of the ceremony this file was cut from.
        self.require_size(HEADER, header, 4 + u64::from(FIELD_BYTES) + 4 + 4)?;
        let power = u32::from_le_bytes(self.read_at(header.offset + 4 + u64::from(FIELD_BYTES))?);
        if power > MAX_POWER {
            return Err(self.refuse(PtauError::Power { found: power, max: MAX_POWER }));
        }
        Ok(power)
    }

    /// The first `2^k` powers in G1 and the first two in G2, of a file with `power >= k`.
    fn points(
        &mut self,
        sections: &HashMap<u32, Section>,
        power: u32,
        k: u32,
    ) -> Result<(Vec<G1Affine>, G2Affine, G2Affine), SrsError> {
        let (tau_g1, tau_g2) = (self.section(sections, TAU_G1)?, self.section(sections, TAU_G2)?);
        self.require_size(TAU_G1, tau_g1, ((2 << power) - 1) * POINT_BYTES as u64)?;
        self.require_size(TAU_G2, tau_g2, (1 << power) * G2_BYTES as u64)?;

        let mut bytes = vec![0; POINT_BYTES << k];
        self.read_into(tau_g1.offset, &mut bytes)?;
        let powers = bytes
            .par_chunks_exact(POINT_BYTES)
            .enumerate()
            .map(|(i, chunk)| decode_g1(chunk).ok_or(SrsError::NotAPoint { element: Element::Power(i) }))
            .collect::<Result<_, _>>()?;
        let mut g2_at = |index: u64, element| {
            let encoded = self.read_at::<G2_BYTES>(tau_g2.offset + index * G2_BYTES as u64)?;
            decode_g2(&encoded).ok_or(SrsError::NotAPoint { element })
        };
        Ok((powers, g2_at(0, Element::G2)?, g2_at(1, Element::SG2)?))
    }

    fn section(
        &self,
        sections: &HashMap<u32, Section>,
        wanted: (u32, &'static str),
    ) -> Result<Section, SrsError> {
        let (section, what) = wanted;
        sections
            .get(&section)
            .copied()
            .ok_or_else(|| self.refuse(PtauError::MissingSection { section, what }))
    }

    fn require_size(
        &self,
        wanted: (u32, &'static str),
        found: Section,
        expected: u64,
    ) -> Result<(), SrsError> {
        let (section, what) = wanted;
        if found.size == expected {
            return Ok(());
        }
        Err(self.refuse(PtauError::SectionSize { section, what, found: found.size, expected }))
    }

    fn read_at<const N: usize>(&mut self, offset: u64) -> Result<[u8; N], SrsError> {
        let mut bytes = [0; N];
        self.read_into(offset, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), SrsError> {
        let outcome = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(bytes));
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.refuse(PtauError::Truncated { length: self.length }),
            _ => SrsError::io("read", self.path)(error),
        })
    }

    fn refuse(&self, source: PtauError) -> SrsError {
        SrsError::Ptau { path: self.path.to_path_buf(), source }
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
    Fq::from_raw_bytes(bytes.get(32 * index..32 * (index + 1))?)
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
    use crate::srs::ceremony;

    /// The real ceremony's smallest file, made by nobody here: see `tests/data/PROVENANCE.md`.
    fn real_file() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/powersOfTau28_hez_final_08.ptau")
    }

    #[test]
    fn the_real_ceremony_is_imported_recognised_and_consistent() {
        let (points, hash) = import(&real_file(), 8).unwrap();
        assert_eq!(ceremony::published_name(&hash), Some("powersOfTau28_hez_final_08.ptau"));
        assert!(ceremony::is_perpetual_powers_of_tau(&points.s_g2));
        assert_eq!((points.powers.len(), points.lagrange.len()), (256, 256));
        let (shorter, _) = import(&real_file(), 5).unwrap();
        assert_eq!(shorter.powers, points.powers[..32]);
        assert_ne!(shorter.lagrange[..], points.lagrange[..32]);
    }

    #[test]
    fn a_ceremony_below_the_needed_power_is_refused_with_that_power() {
        let error = import(&real_file(), 9).err().unwrap();
        let SrsError::Ptau { source, .. } = error else { panic!("{error}") };
        assert_eq!(source, PtauError::TooSmall { found: 8, needed: 9 });
    }

    #[test]
    fn coordinates_not_below_the_modulus_are_refused() {
        let mut modulus = hex::decode(Fq::MODULUS.trim_start_matches("0x")).unwrap();
        modulus.reverse();
        assert_eq!(coordinate(&modulus, 0), None);
        modulus[0] -= 1;
        assert!(coordinate(&modulus, 0).is_some());
    }
}
