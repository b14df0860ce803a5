//! Reference strings: stored files and what is refused of them.

use std::sync::OnceLock;

use fairshare_formats::srs_file::{self, SrsFormatError};
use fairshare_params::Geometry;
use fairshare_params::encoding::encode_point;
use fairshare_params::srs::{Element, Provenance, Srs, SrsError};
use ff::{Field, PrimeField};
use group::Curve;
use group::prime::PrimeCurveAffine;
use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::poly::{EvaluationDomain, LagrangeCoeff, Polynomial};
use halo2curves::bn256::{Bn256, Fq, Fq2, Fr, G1Affine, G2Affine};
use halo2curves::{CurveAffine, msm::msm_best};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};

const COMPACT: Geometry = Geometry::COMPACT;

/// Bytes before the points: magic, version, geometry, provenance, hash.
const HEADER: usize = 4 + 1 + 1 + 1 + 64;
const ROWS: usize = COMPACT.rows();

/// Offsets of the points in a compact file.
const POWERS: usize = HEADER;
const LAGRANGE: usize = POWERS + 64 * ROWS;
const G2: usize = LAGRANGE + 64 * ROWS;
const S_G2: usize = G2 + 128;
const END: usize = S_G2 + 128;

/// The fingerprints of the insecure reference strings. They move only with the seed, the geometry's `k` or
/// the encoding, and each of these makes old bundles invalid.
mod pinned {
    pub const COMPACT: &str = "0x4d2117a49baeaa9d22758af3d5e49c878a4b42c90ec1496493929c5b4f1877da";
    pub const STANDARD: &str = "0x15ebf7e814a139ca685cf8b4a9d358ed8abe9534473497b250f4f670b4b8aae7";
}

/// The insecure compact file.
fn stored() -> Vec<u8> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| srs_file::encode(&Srs::insecure(COMPACT))).clone()
}

fn read(bytes: &[u8]) -> Result<Srs, SrsFormatError> {
    srs_file::decode(bytes, None)
}

/// What reading says after `change`, the hash made right again.
fn read_rehashed(change: impl FnOnce(&mut Vec<u8>)) -> Result<Srs, SrsFormatError> {
    let mut bytes = stored();
    bytes.truncate(END);
    change(&mut bytes);
    read(&hashed(bytes))
}

fn hashed(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash);
    bytes
}

fn refusal(change: impl FnOnce(&mut Vec<u8>)) -> SrsFormatError {
    read_rehashed(change).expect_err("a changed file must be refused")
}

#[test]
fn fingerprints_are_pinned() {
    assert_eq!(Srs::insecure(COMPACT).digest().to_string(), pinned::COMPACT);
    assert_eq!(Srs::insecure(Geometry::STANDARD).digest().to_string(), pinned::STANDARD);
}

#[test]
fn every_geometry_survives_a_round_trip() {
    for geometry in Geometry::ALL {
        let made = Srs::insecure(geometry);
        let bytes = srs_file::encode(&made);
        for expected in [None, Some(geometry)] {
            let read = srs_file::decode(&bytes, expected).unwrap();
            assert_eq!(read.geometry(), geometry);
            assert_eq!(read.digest(), made.digest());
            assert_eq!(read.powers(), made.powers());
            assert_eq!(read.lagrange(), made.lagrange());
            assert_eq!((read.g2(), read.s_g2()), (made.g2(), made.s_g2()));
            assert_eq!(read.provenance(), &Provenance::Insecure);
            assert!(read.is_insecure() && !read.is_perpetual_powers_of_tau());
        }
        assert!(srs_file::encode(&read(&bytes).unwrap()) == bytes, "{geometry}: another spelling");
    }
}

#[test]
fn commitments_agree_with_the_library_setup_and_with_a_plain_sum() {
    let srs = Srs::insecure(COMPACT);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let domain = EvaluationDomain::<Fr>::new(1, COMPACT.k());
    let mut values: Polynomial<Fr, LagrangeCoeff> = domain.empty_lagrange();
    values.iter_mut().for_each(|value| *value = Fr::random(&mut rng));

    let by_values = srs.params().commit_lagrange(&values, Blind::default()).to_affine();
    assert_eq!(by_values, msm_best(&values, srs.lagrange()).to_affine());
    let coefficients = domain.lagrange_to_coeff(values);
    assert_eq!(by_values, srs.params().commit(&coefficients, Blind::default()).to_affine());
    assert_eq!(by_values, msm_best(&coefficients, srs.powers()).to_affine());
    assert_eq!(srs.params().get_g(), srs.powers());
    assert_eq!((srs.params().g2(), srs.params().s_g2()), (srs.g2(), srs.s_g2()));
    assert_eq!(srs.params().k(), COMPACT.k());
}

#[test]
fn any_other_length_is_refused() {
    let bytes = stored();
    let mut longer = bytes.clone();
    longer.push(0);
    for wrong in [&bytes[..bytes.len() - 1], &bytes[..100], &[], &longer[..]] {
        for expected in [None, Some(COMPACT)] {
            let error = srs_file::decode(wrong, expected).unwrap_err();
            assert!(
                matches!(error, SrsFormatError::Length { found, .. } if found == wrong.len() as u64),
                "{error}"
            );
            assert!(error.to_string().contains(&bytes.len().to_string()), "{error}");
        }
    }
}

#[test]
fn any_changed_byte_breaks_the_hash() {
    let bytes = stored();
    for position in [0, 4, 5, 6, 7, POWERS, LAGRANGE + 777, S_G2 + 5, END, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        let error = read(&changed).unwrap_err();
        assert!(matches!(error, SrsFormatError::Checksum { .. }), "byte {position}: {error}");
    }
}

#[test]
fn another_magic_version_or_geometry_is_refused() {
    assert!(matches!(refusal(|b| b[0] = b'G'), SrsFormatError::Magic { found } if &found == b"GSRS"));
    assert!(matches!(refusal(|b| b[4] = 2), SrsFormatError::Version { found: 2, .. }));
    let id = Geometry::STANDARD.id();
    assert!(matches!(refusal(|b| b[5] = id), SrsFormatError::WrongGeometry { found, .. } if found == id));
    let error = srs_file::decode(&stored(), Some(Geometry::STANDARD)).unwrap_err();
    assert!(matches!(error, SrsFormatError::Length { .. }), "{error}");
}

#[test]
fn provenance_has_one_encoding() {
    for (code, hash) in [(3, 0), (1, 1), (0, 1), (2, 0)] {
        let error = refusal(|b| (b[6], b[7]) = (code, hash));
        assert!(matches!(error, SrsFormatError::ProvenanceField { code: found } if found == code), "{error}");
    }
}

fn is_not_a_point(error: &SrsFormatError, wanted: Element) -> bool {
    matches!(error, SrsFormatError::Points(SrsError::NotAPoint { element }) if *element == wanted)
}

#[test]
fn points_that_are_none_are_refused() {
    let is = |error: SrsFormatError, wanted: Element| {
        assert!(
            matches!(error, SrsFormatError::Points(SrsError::NotAPoint { element }) if element == wanted),
            "{wanted}: {error}"
        );
    };
    is(refusal(|b| b[POWERS + 64 * 5 + 63] ^= 1), Element::Power(5));
    is(refusal(|b| b[LAGRANGE + 64 * 7 + 63] ^= 1), Element::Lagrange(7));
    is(refusal(|b| b[G2 + 127] ^= 1), Element::G2);
    is(refusal(|b| b[S_G2 + 127] ^= 1), Element::SG2);
    is(refusal(|b| b[POWERS + 64..][..64].fill(0)), Element::Power(1));
    is(refusal(|b| b[S_G2..END].fill(0)), Element::SG2);
    // x + q in place of x: the same point to a lenient reader.
    is(refusal(|b| add_modulus(&mut b[POWERS..][..32])), Element::Power(0));
}

/// Adds the base field's modulus to a big-endian number below it.
fn add_modulus(number: &mut [u8]) {
    let modulus = hex::decode(Fq::MODULUS.trim_start_matches("0x")).unwrap();
    let mut carry = 0;
    for (byte, added) in number.iter_mut().zip(&modulus).rev() {
        let sum = u16::from(*byte) + u16::from(*added) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

#[test]
fn points_that_do_not_fit_together_are_refused() {
    let generator = encode_point(&G1Affine::generator());
    let other = |b: &mut Vec<u8>, offset: usize| b[offset..][..64].copy_from_slice(&generator);
    // The first and the last power after the generator, where an off-by-one in the check would not look.
    for i in [1, 2, ROWS / 2, ROWS - 1] {
        assert!(
            matches!(
                refusal(|b| other(b, POWERS + 64 * i)),
                SrsFormatError::Points(SrsError::InconsistentPowers)
            ),
            "power {i}"
        );
    }
    for i in [0, 1, ROWS - 1] {
        assert!(
            matches!(
                refusal(|b| other(b, LAGRANGE + 64 * i)),
                SrsFormatError::Points(SrsError::InconsistentLagrange)
            ),
            "{i}"
        );
    }
    let swap = |b: &mut Vec<u8>| {
        let (first, second) = b[LAGRANGE..].split_at_mut(64);
        first.swap_with_slice(&mut second[..64]);
    };
    assert!(matches!(refusal(swap), SrsFormatError::Points(SrsError::InconsistentLagrange)));
    let negated = |b: &mut Vec<u8>| {
        let (x, y) = (decode_fq(&b[POWERS + 64..]), decode_fq(&b[POWERS + 96..]));
        b[POWERS + 64..][..64].copy_from_slice(&encode_point(&G1Affine::from_xy(x, -y).unwrap()));
    };
    assert!(matches!(refusal(negated), SrsFormatError::Points(SrsError::InconsistentPowers)));
}

fn decode_fq(bytes: &[u8]) -> Fq {
    let mut repr: [u8; 32] = bytes[..32].try_into().unwrap();
    repr.reverse();
    Fq::from_repr(repr).unwrap()
}

#[test]
fn another_generator_is_refused() {
    let error = refusal(|b| b.copy_within(POWERS + 64..POWERS + 128, POWERS));
    assert!(
        matches!(error, SrsFormatError::Points(SrsError::NotGenerator { element: Element::Power(0) })),
        "{error}"
    );
    let error = refusal(|b| b.copy_within(S_G2..END, G2));
    assert!(
        matches!(error, SrsFormatError::Points(SrsError::NotGenerator { element: Element::G2 })),
        "{error}"
    );
}

#[test]
fn a_trapdoor_of_one_is_refused() {
    let error = refusal(|b| b.copy_within(G2..S_G2, S_G2));
    assert!(
        matches!(error, SrsFormatError::Points(SrsError::DegenerateTrapdoor { element: Element::SG2 })),
        "{error}"
    );
}

#[test]
fn a_point_outside_the_group_is_refused() {
    let point = (0u64..)
        .map(Fq::from)
        .find_map(|c0| {
            let x = Fq2 { c0, c1: Fq::ONE };
            let y = Option::<Fq2>::from((x.square() * x + G2Affine::b()).sqrt())?;
            Option::<G2Affine>::from(G2Affine::from_xy(x, y))
        })
        .unwrap();
    let error = refusal(|b| {
        let coordinates = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
        for (chunk, coordinate) in b[S_G2..END].chunks_exact_mut(32).zip(coordinates) {
            chunk.copy_from_slice(&coordinate.to_repr());
            chunk.reverse();
        }
    });
    assert!(matches!(error, SrsFormatError::Points(SrsError::Subgroup { element: Element::SG2 })), "{error}");
}

#[test]
fn no_label_hides_the_insecure_trapdoor() {
    let relabelled = [
        read_rehashed(|b| b[6] = 0),
        read_rehashed(|b| (b[6], b[7]) = (2, 9)),
        read_rehashed(|b| label_as_ceremony(b)),
    ];
    for srs in relabelled {
        let srs = srs.unwrap();
        assert!(srs.is_insecure());
        assert_eq!(srs.provenance(), &Provenance::Insecure);
        assert_eq!(srs.digest().to_string(), pinned::COMPACT);
    }
}

/// Labels a file with the published hash of a real ceremony's.
fn label_as_ceremony(bytes: &mut [u8]) {
    let published = "47c282116b892e5ac92ca238578006e31a47e7c7e70f0baa8b687f0a5203e28e\
                     a07bbbec765a98dcd654bad618475d4661bfaec3bd9ad2ed12e7abc251d94d33";
    bytes[6] = 2;
    bytes[7..HEADER].copy_from_slice(&hex::decode(published).unwrap());
}

#[test]
fn a_label_that_the_trapdoor_contradicts_is_not_believed() {
    let setup = ParamsKZG::<Bn256>::setup(COMPACT.k(), ChaCha20Rng::seed_from_u64(3));
    let bytes = stored();
    let mut foreign = bytes[..HEADER].to_vec();
    foreign.extend(setup.get_g().iter().flat_map(encode_point));
    let powers = setup.get_g().iter().map(G1Affine::to_curve).collect();
    let lagrange: Vec<G1Affine> = halo2_proofs::arithmetic::g_to_lagrange(powers, COMPACT.k());
    foreign.extend(lagrange.iter().flat_map(encode_point));
    for point in [setup.g2(), setup.s_g2()] {
        for coordinate in [point.x.c1, point.x.c0, point.y.c1, point.y.c0] {
            foreign.extend(coordinate.to_repr().iter().rev());
        }
    }
    let srs = read(&hashed(foreign.clone())).unwrap();
    assert_eq!(srs.provenance(), &Provenance::Unknown, "it calls itself insecure and is not");
    assert!(!srs.is_insecure());

    label_as_ceremony(&mut foreign);
    let error = read(&hashed(foreign)).unwrap_err();
    assert!(
        matches!(
            error,
            SrsFormatError::Points(SrsError::Mislabelled { name: "powersOfTau28_hez_final_11.ptau" })
        ),
        "{error}"
    );
}

/// Every byte of the header and of the checksum, without and with the hash made right again.
#[test]
fn every_field_of_the_header() {
    let bytes = stored();
    for at in (0..HEADER).chain(END..bytes.len()) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        assert!(matches!(read(&changed), Err(SrsFormatError::Checksum { .. })), "byte {at}");
    }
    for at in 0..HEADER {
        for bit in [0, 4, 7] {
            if (at, bit) == (6, 0) {
                // The label `unknown` in place of `insecure`: the same points, and the label gives way to
                // them.
                let srs = read_rehashed(|b| b[at] ^= 1).unwrap();
                assert_eq!((srs.provenance(), srs.is_insecure()), (&Provenance::Insecure, true));
                continue;
            }
            let error = refusal(|b| b[at] ^= 1 << bit);
            let expected = match at {
                0..4 => matches!(error, SrsFormatError::Magic { .. }),
                4 => matches!(error, SrsFormatError::Version { .. }),
                5 => matches!(error, SrsFormatError::WrongGeometry { .. }),
                // A file of no ceremony names none.
                _ => matches!(error, SrsFormatError::ProvenanceField { .. }),
            };
            assert!(expected, "byte {at}, bit {bit}: {error}");
        }
    }
}

/// Changes a point, and perhaps the next, given the generator.
type Change = fn(&mut [u8], &[u8; 64]);

/// A spread of the points, both lists' ends among them, each altered in every way: refused by what is wrong
/// with it.
#[test]
fn points_altered_in_every_way() {
    let generator = encode_point(&G1Affine::generator());
    let (mut tried, spread) = (0, || (0..ROWS).step_by(683).chain([1, ROWS - 1]));
    for (list, first) in [(POWERS, Element::Power as fn(usize) -> Element), (LAGRANGE, Element::Lagrange)] {
        for i in spread() {
            let at = list + 64 * i;
            let undecodable: [fn(&mut [u8]); 9] = [
                |p| p[63] ^= 1,
                |p| p[31] ^= 1,
                |p| p[0] ^= 0x80,
                |p| p[32] ^= 0x40,
                |p| p[63] ^= 0x80,
                |p| p.fill(0),
                |p| p.fill(0xff),
                |p| add_modulus(&mut p[..32]),
                |p| add_modulus(&mut p[32..]),
            ];
            for change in undecodable {
                let error = refusal(|b| change(&mut b[at..at + 64]));
                assert!(is_not_a_point(&error, first(i)), "{i}: {error}");
                tried += 1;
            }
            let others: [Change; 3] = [
                |p, _| {
                    let (x, y) = (decode_fq(p), decode_fq(&p[32..]));
                    p[..64].copy_from_slice(&encode_point(&G1Affine::from_xy(x, -y).unwrap()));
                },
                |p, generator| p[..64].copy_from_slice(generator),
                |p, _| {
                    let (own, next) = p.split_at_mut(64);
                    own.swap_with_slice(&mut next[..64]);
                },
            ];
            for (way, change) in others.into_iter().enumerate() {
                // The first power is the generator, and the last point of a list has no neighbour in it.
                if (list == POWERS && i == 0 && way == 1) || (i == ROWS - 1 && way == 2) {
                    continue;
                }
                let error = refusal(|b| change(&mut b[at..at + 128], &generator));
                let expected = match error {
                    SrsFormatError::Points(SrsError::NotGenerator { element: Element::Power(0) }) => {
                        list == POWERS && i == 0
                    }
                    SrsFormatError::Points(SrsError::InconsistentPowers) => list == POWERS,
                    SrsFormatError::Points(SrsError::InconsistentLagrange) => list == LAGRANGE,
                    _ => false,
                };
                assert!(expected, "{i}: {error}");
                tried += 1;
            }
        }
    }
    println!("{tried} altered points");
}

/// Each coordinate of both points of G2.
#[test]
fn points_of_the_second_group_altered_in_every_way() {
    for (at, element) in [(G2, Element::G2), (S_G2, Element::SG2)] {
        for coordinate in (at..at + 128).step_by(32) {
            let changes: [fn(&mut [u8]); 5] =
                [|c| c[31] ^= 1, |c| c[0] ^= 0x80, |c| c.fill(0xff), |c| c.fill(0), |c| add_modulus(c)];
            for change in changes {
                let error = refusal(|b| change(&mut b[coordinate..coordinate + 32]));
                assert!(is_not_a_point(&error, element), "{error}");
            }
        }
        let error = refusal(|b| {
            for y in [at + 64, at + 96] {
                let negated = -decode_fq(&b[y..]);
                b[y..y + 32].copy_from_slice(&negated.to_repr());
                b[y..y + 32].reverse();
            }
        });
        let expected = match at {
            G2 => matches!(error, SrsFormatError::Points(SrsError::NotGenerator { element: Element::G2 })),
            _ => matches!(error, SrsFormatError::Points(SrsError::InconsistentPowers)),
        };
        assert!(expected, "{error}");
    }
}
