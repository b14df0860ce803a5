//! Import of powers-of-tau files: files made here from a known trapdoor, and what is refused of them.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::OnceLock;

use blake2::{Blake2b512, Digest as _};
use fairshare_formats::ptau::{self, ImportError, PtauError};
use fairshare_formats::srs_file;
use fairshare_params::srs::{Element, Provenance, Srs, SrsError};
use fairshare_params::{Geometry, Width};
use ff::{Field, PrimeField};
use group::Curve;
use halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

const COMPACT: Geometry = Geometry::COMPACT;
const BLS12_381: &str =
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

/// A file before it is laid out: its sections in order.
#[derive(Clone)]
struct Ptau(Vec<(u32, Vec<u8>)>);

impl Ptau {
    /// A ceremony of that power. Of the points, importing may look at the first `2^power` in G1 and the first
    /// two in G2; the others, which a real file has, are generators.
    fn new(power: u32, powers: &[G1Affine], s_g2: G2Affine) -> Self {
        let n = 1 << power;
        let padded = powers[..n].iter().copied().chain(std::iter::repeat_n(G1Affine::generator(), n - 1));
        let tau_g1 = padded.flat_map(|point| raw(&[point.x, point.y])).collect();
        let in_g2 = [G2Affine::generator(), s_g2].into_iter();
        let padded = in_g2.chain(std::iter::repeat_n(G2Affine::generator(), n - 2));
        let tau_g2 = padded.flat_map(|p| raw(&[p.x.c0, p.x.c1, p.y.c0, p.y.c1])).collect();
        let header = header(32, Fq::MODULUS.trim_start_matches("0x"), power);
        Self(vec![(1, header), (2, tau_g1), (3, tau_g2), (12, vec![0; 64])])
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"ptau".to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((self.0.len() as u32).to_le_bytes());
        for (kind, content) in &self.0 {
            bytes.extend(kind.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }

    fn section(&mut self, kind: u32) -> &mut Vec<u8> {
        &mut self.0.iter_mut().find(|(found, _)| *found == kind).unwrap().1
    }
}

fn raw(coordinates: &[Fq]) -> Vec<u8> {
    coordinates.iter().flat_map(SerdeObject::to_raw_bytes).collect()
}

fn header(width: u32, prime: &str, power: u32) -> Vec<u8> {
    let mut bytes = width.to_le_bytes().to_vec();
    bytes.extend(hex::decode(prime).unwrap().iter().rev());
    bytes.extend(power.to_le_bytes());
    bytes.extend(28u32.to_le_bytes());
    bytes
}

fn trapdoor() -> Fr {
    Fr::from(0x7a75) * Fr::DELTA
}

/// `[s^i]_1` for the tests' trapdoor and `i < 2^12`.
fn powers() -> &'static [G1Affine] {
    static POWERS: OnceLock<Vec<G1Affine>> = OnceLock::new();
    POWERS.get_or_init(|| {
        let power = |i| (G1Affine::generator() * trapdoor().pow_vartime([i])).to_affine();
        (0..1u64 << 12).into_par_iter().map(power).collect()
    })
}

/// A sound file of that power, 12 at most.
fn ptau(power: u32) -> Ptau {
    Ptau::new(power, powers(), (G2Affine::generator() * trapdoor()).to_affine())
}

fn import(bytes: &[u8]) -> Result<Srs, ImportError> {
    ptau::import(Cursor::new(bytes), COMPACT)
}

/// What the importer finds wrong with the form of these bytes.
fn malformed(bytes: &[u8]) -> PtauError {
    match import(bytes).expect_err("must be refused") {
        ImportError::Ptau(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_ceremony_becomes_a_reference_string() {
    let bytes = ptau(11).bytes();
    let srs = import(&bytes).unwrap();
    assert_eq!(srs.powers(), &powers()[..2048]);
    assert_eq!(srs.lagrange().len(), 2048);
    let Provenance::Ceremony { file, name: None } = *srs.provenance() else {
        panic!("{:?}", srs.provenance())
    };
    assert_eq!(file.0, <[u8; 64]>::from(Blake2b512::digest(&bytes)));
    assert!(srs.provenance().to_string().starts_with("unrecognised ceremony file"));
    assert!(!srs.is_insecure() && !srs.is_perpetual_powers_of_tau());

    let read = srs_file::decode(&srs_file::encode(&srs), Some(COMPACT)).unwrap();
    assert_eq!((read.digest(), read.provenance()), (srs.digest(), srs.provenance()));
}

/// The real ceremony's smallest file, made by nobody here: see `data/PROVENANCE.md`.
const REAL: &[u8] = include_bytes!("data/powersOfTau28_hez_final_08.ptau");

/// `2^k` rows, whatever their columns: the real file is too small for the geometries that have a name.
fn rows(k: u32) -> Geometry {
    Geometry::trial(k, &[Width::FOUR], 3)
}

#[test]
fn the_real_ceremony_is_imported_recognised_and_consistent() {
    let srs = ptau::import(Cursor::new(REAL), rows(8)).unwrap();
    let Provenance::Ceremony { name, .. } = *srs.provenance() else { panic!("{:?}", srs.provenance()) };
    assert_eq!(name, Some("powersOfTau28_hez_final_08.ptau"));
    assert!(srs.is_perpetual_powers_of_tau());
    assert_eq!((srs.powers().len(), srs.lagrange().len()), (256, 256));
    let shorter = ptau::import(Cursor::new(REAL), rows(5)).unwrap();
    assert_eq!(shorter.powers(), &srs.powers()[..32]);
    assert_ne!(shorter.lagrange(), &srs.lagrange()[..32]);
}

#[test]
fn a_ceremony_below_the_needed_power_is_refused_with_that_power() {
    let error = ptau::import(Cursor::new(REAL), rows(9)).unwrap_err();
    assert!(matches!(error, ImportError::Ptau(PtauError::TooSmall { found: 8, needed: 9 })), "{error}");
}

#[test]
fn a_larger_ceremony_is_truncated_to_the_same_reference_string() {
    let (exact, larger) = (import(&ptau(11).bytes()).unwrap(), import(&ptau(12).bytes()).unwrap());
    assert_eq!(exact.digest(), larger.digest());
    assert_eq!(exact.lagrange(), larger.lagrange());
    assert_ne!(exact.provenance(), larger.provenance(), "the files differ");
}

#[test]
fn the_insecure_trapdoor_is_recognised_in_a_ceremony_file() {
    let insecure = Srs::insecure(COMPACT);
    let imported = import(&Ptau::new(11, insecure.powers(), insecure.s_g2()).bytes()).unwrap();
    assert_eq!(imported.digest(), insecure.digest(), "two ways to the same Lagrange points");
    assert_eq!(imported.provenance(), &Provenance::Insecure);
}

#[test]
fn too_small_a_ceremony_is_refused_with_the_power_needed() {
    let error = malformed(&ptau(10).bytes());
    assert_eq!(error, PtauError::TooSmall { found: 10, needed: 11 });
    assert!(error.to_string().contains("powersOfTau28_hez_final_11.ptau"));
}

#[test]
fn another_curve_is_refused_by_name() {
    let with_header = |width, prime| {
        let mut file = ptau(11);
        *file.section(1) = header(width, prime, 11);
        malformed(&file.bytes())
    };
    assert_eq!(with_header(48, BLS12_381), PtauError::Curve { curve: "BLS12-381", bytes: 48 });
    let scalar_field = Fr::MODULUS.trim_start_matches("0x");
    assert_eq!(with_header(32, scalar_field), PtauError::Curve { curve: "an unknown curve", bytes: 32 });
    assert_eq!(with_header(u32::MAX, ""), PtauError::Curve { curve: "an unknown curve", bytes: u32::MAX });
}

#[test]
fn a_changed_point_is_refused() {
    let changed = |kind: u32, offset: usize, content: &[u8]| {
        let mut file = ptau(11);
        file.section(kind)[offset..offset + content.len()].copy_from_slice(content);
        import(&file.bytes()).expect_err("must be refused")
    };
    let generator = raw(&[G1Affine::generator().x, G1Affine::generator().y]);
    for i in [1, 1024, 2047] {
        assert!(
            matches!(changed(2, 64 * i, &generator), ImportError::Points(SrsError::InconsistentPowers)),
            "power {i}"
        );
        let error = changed(2, 64 * i, &[0; 64]);
        let ImportError::Points(SrsError::NotAPoint { element }) = error else { panic!("{error}") };
        assert_eq!(element, Element::Power(i));
    }
    let other = raw(&[powers()[1].x, powers()[1].y]);
    let error = changed(2, 0, &other);
    assert!(
        matches!(error, ImportError::Points(SrsError::NotGenerator { element: Element::Power(0) })),
        "{error}"
    );

    let in_g2 = |p: G2Affine| raw(&[p.x.c0, p.x.c1, p.y.c0, p.y.c1]);
    let double = (G2Affine::generator() * Fr::from(2)).to_affine();
    assert!(matches!(changed(3, 128, &in_g2(double)), ImportError::Points(SrsError::InconsistentPowers)));
    let error = changed(3, 128, &in_g2(G2Affine::generator()));
    assert!(
        matches!(error, ImportError::Points(SrsError::DegenerateTrapdoor { element: Element::SG2 })),
        "{error}"
    );
    let error = changed(3, 0, &in_g2(double));
    assert!(matches!(error, ImportError::Points(SrsError::NotGenerator { element: Element::G2 })), "{error}");
    let error = changed(3, 0, &[1]);
    assert!(matches!(error, ImportError::Points(SrsError::NotAPoint { element: Element::G2 })), "{error}");
}

#[test]
fn sections_must_fit_the_file_and_the_power() {
    let sound = ptau(11).bytes();
    let patched = |offset: usize, content: &[u8]| {
        let mut bytes = sound.clone();
        bytes[offset..offset + content.len()].copy_from_slice(content);
        malformed(&bytes)
    };
    let length = sound.len() as u64;
    // Section 1's type is at byte 12, its size at 16, its content at 24; section 2's size is at 72.
    for size in [u64::MAX, u64::MAX - 23, length] {
        assert_eq!(
            patched(16, &size.to_le_bytes()),
            PtauError::SectionBounds { section: 1, offset: 24, size, length }
        );
    }
    assert_eq!(patched(8, &u32::MAX.to_le_bytes()), PtauError::TooManySections { found: u32::MAX, max: 32 });
    assert!(matches!(patched(8, &3u32.to_le_bytes()), PtauError::TrailingBytes { bytes: 76 }));
    assert!(matches!(patched(8, &5u32.to_le_bytes()), PtauError::Truncated { .. }));
    assert_eq!(patched(12, &2u32.to_le_bytes()), PtauError::DuplicateSection { section: 2 });
    assert!(matches!(patched(12, &9u32.to_le_bytes()), PtauError::MissingSection { section: 1, .. }));
    assert!(matches!(patched(68, &9u32.to_le_bytes()), PtauError::MissingSection { section: 2, .. }));
    // A second section that starts inside the first ends up with other headers than the file has.
    assert!(matches!(
        patched(16, &20u64.to_le_bytes()),
        PtauError::SectionBounds { .. } | PtauError::Truncated { .. }
    ));
    assert_eq!(patched(0, b"zkey"), PtauError::Magic { found: *b"zkey" });
    assert_eq!(patched(4, &[2]), PtauError::Version { found: 2 });
    assert_eq!(patched(60, &29u32.to_le_bytes()), PtauError::Power { found: 29, max: 28 });
    assert_eq!(patched(60, &u32::MAX.to_le_bytes()), PtauError::Power { found: u32::MAX, max: 28 });
    assert!(matches!(patched(60, &28u32.to_le_bytes()), PtauError::SectionSize { section: 2, .. }));

    let mut file = ptau(11);
    file.section(3).truncate(128);
    assert!(matches!(malformed(&file.bytes()), PtauError::SectionSize { section: 3, found: 128, .. }));
    let mut file = ptau(11);
    file.section(1).truncate(36);
    assert!(matches!(malformed(&file.bytes()), PtauError::SectionSize { section: 1, found: 36, .. }));
}

#[test]
fn every_truncation_is_refused() {
    let bytes = ptau(11).bytes();
    let ends = (0..140).chain((140..bytes.len()).step_by(20_011)).chain([bytes.len() - 1]);
    for end in ends {
        let error = malformed(&bytes[..end]);
        let expected = matches!(error, PtauError::Truncated { .. } | PtauError::SectionBounds { .. });
        assert!(expected, "cut at {end}: {error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(malformed(&longer), PtauError::TrailingBytes { bytes: 1 });
}

/// A file that counts what is read of it.
struct Counting<'a> {
    file: Cursor<&'a [u8]>,
    read: &'a mut usize,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        *self.read += read;
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Once for its hash, once for its points.
#[test]
fn a_file_is_read_twice_at_most() {
    for power in [11, 12] {
        let (bytes, mut read) = (ptau(power).bytes(), 0);
        ptau::import(Counting { file: Cursor::new(&bytes), read: &mut read }, COMPACT).expect("imported");
        assert!((bytes.len()..=2 * bytes.len()).contains(&read), "{read} of {}", bytes.len());
    }
}
