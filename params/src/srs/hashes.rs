//! The hashes over words by which rules name a reference string (PROTOCOL section 8, *What*).

use fairshare_circuits::geometry::RESERVED_ROWS;
use halo2curves::bn256::{G1Affine, G2Affine};
use sha3::{Digest as _, Keccak256};

use super::points::encode_g2;
use crate::encoding::{Digest, encode_point};
use crate::words::{Words, tag};

/// The SRS digest, `K(T_srs, k, K'(powers' words), [1]_2, [s]_2)`, of `2^k` powers.
///
/// It covers no Lagrange point: they follow from the powers. That those of an [`Srs`](crate::srs::Srs) do is
/// checked with random coefficients, which for that very reason must never be derived from this digest.
pub fn powers_digest(k: u32, powers: &[G1Affine], g2: &G2Affine, s_g2: &G2Affine) -> Digest {
    let powers = points(Words::untagged(), powers).finish();
    second_group(Words::new("srs").integer(k).digest(&powers), [g2, s_g2]).finish()
}

/// The words of openings: their tag, `G_u … G_{n−1}`, `[1]_2`, `[s]_2`: the points of the last rows, which
/// hold no data, and the two that an opening's pairings take.
pub fn openings_words(last: &[G1Affine; RESERVED_ROWS], g2: &G2Affine, s_g2: &G2Affine) -> Vec<u8> {
    let tag = tag("openings");
    let points = last.iter().flat_map(encode_point);
    let second_group = [g2, s_g2].into_iter().flat_map(encode_g2);
    tag.0.into_iter().chain(points).chain(second_group).collect()
}

/// The openings' hash, `K(T_openings, G_u … G_{n−1}, [1]_2, [s]_2)`: over their [words](openings_words).
pub fn openings_hash(last: &[G1Affine; RESERVED_ROWS], g2: &G2Affine, s_g2: &G2Affine) -> Digest {
    Digest(Keccak256::digest(openings_words(last, g2, s_g2)).into())
}

fn points(words: Words, points: &[G1Affine]) -> Words {
    points.iter().fold(words, |words, point| words.point(point))
}

/// Four words per point, in the order of the pairing precompile.
fn second_group(words: Words, points: [&G2Affine; 2]) -> Words {
    points.into_iter().fold(words, |words, point| words.words(&encode_g2(point)))
}
