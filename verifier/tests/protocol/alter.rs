//! The ways in which one element of an encoding is altered.

use fairshare_params::encoding::{decode_point, decode_scalar, encode_point, encode_scalar};
use ff::PrimeField;
use halo2curves::bn256::{Fq, Fr, G1Affine};

/// What an altered element still is, which says who has to refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No element: whoever decodes it refuses it.
    Encoding,
    /// Another element: an equation refuses it.
    Value,
}

/// An alteration's name, what takes the element's place, and what that still is.
pub type Altered = (&'static str, Vec<u8>, Class);

/// A modulus as 32 big-endian bytes.
pub fn modulus(text: &str) -> Vec<u8> {
    let digits = text.trim_start_matches("0x");
    (0..32).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("a digit")).collect()
}

/// `left + right`, big-endian, if it fits.
pub fn add(left: &[u8], right: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let pairs = left.iter().rev().zip(right.iter().rev());
    let mut sum: Vec<u8> = pairs
        .map(|(left, right)| {
            let sum = u16::from(*left) + u16::from(*right) + carry;
            carry = sum >> 8;
            sum as u8
        })
        .collect();
    sum.reverse();
    (carry == 0).then_some(sum)
}

/// `word` with one bit flipped.
pub fn flipped(word: &[u8], byte: usize, bit: u8) -> Vec<u8> {
    let mut word = word.to_vec();
    word[byte] ^= 1 << bit;
    word
}

/// A point in every way that is not the point.
pub fn point(word: &[u8]) -> Vec<Altered> {
    let honest = decode_point(word.try_into().expect("64 bytes")).expect("a point");
    let (x, y) = word.split_at(32);
    let q = modulus(Fq::MODULUS);
    let with_x = |x: Vec<u8>| [x, y.to_vec()].concat();
    let with_y = |y: Vec<u8>| [x.to_vec(), y].concat();
    let plus = |word: &[u8]| add(word, &q).expect("twice the modulus is below 2^256");
    let successor = |coordinate: Fq| {
        let mut bytes = (coordinate + Fq::one()).to_repr();
        bytes.reverse();
        bytes.to_vec()
    };
    let mut one = vec![0; 64];
    one[63] = 1;
    use Class::{Encoding, Value};
    vec![
        ("lowest bit of x", flipped(word, 31, 0), Encoding),
        ("highest bit of x", flipped(word, 0, 7), Encoding),
        ("second bit of x", flipped(word, 0, 6), Encoding),
        ("lowest bit of y", flipped(word, 63, 0), Encoding),
        ("highest bit of y", flipped(word, 32, 7), Encoding),
        ("second bit of y", flipped(word, 32, 6), Encoding),
        // The sign bit of the compressed form, were it read so.
        ("highest bit of the last byte", flipped(word, 63, 7), Encoding),
        ("zeroed, the identity", vec![0; 64], Encoding),
        ("the identity as (0, 1)", one, Encoding),
        ("the identity as (q, q)", [q.clone(), q.clone()].concat(), Encoding),
        ("the identity by a flag", flipped(&[0; 64], 0, 6), Encoding),
        ("the identity by a flag at the end", flipped(&[0; 64], 63, 7), Encoding),
        ("all ones", vec![0xff; 64], Encoding),
        ("x plus the modulus", with_x(plus(x)), Encoding),
        ("y plus the modulus", with_y(plus(y)), Encoding),
        ("both plus the modulus", [plus(x), plus(y)].concat(), Encoding),
        ("x plus one, off the curve", with_x(successor(honest.x)), Encoding),
        ("y plus one, off the curve", with_y(successor(honest.y)), Encoding),
        ("x and y exchanged", [y, x].concat(), Encoding),
        ("the generator", encode_point(&G1Affine::generator()).to_vec(), Value),
        ("negated", encode_point(&-honest).to_vec(), Value),
    ]
}

/// A scalar in every way that is not the scalar.
pub fn scalar(word: &[u8]) -> Vec<Altered> {
    let honest = decode_scalar(word.try_into().expect("32 bytes")).expect("a scalar");
    let r = modulus(Fr::MODULUS);
    let plus: Vec<_> = std::iter::successors(add(word, &r), |sum| add(sum, &r)).collect();
    let (first, last) = (plus.first().expect("it fits").clone(), plus.last().expect("it fits").clone());
    let encoded = |scalar: Fr| encode_scalar(&scalar).to_vec();
    use Class::{Encoding, Value};
    vec![
        ("lowest bit", flipped(word, 31, 0), Value),
        ("highest bit of the last byte", flipped(word, 31, 7), Value),
        ("highest bit", flipped(word, 0, 7), Encoding),
        ("second bit", flipped(word, 0, 6), Encoding),
        ("zeroed", vec![0; 32], Value),
        ("one", encoded(Fr::one()), Value),
        ("plus one", encoded(honest + Fr::one()), Value),
        ("negated", encoded(-honest), Value),
        ("doubled", encoded(honest.double()), Value),
        ("zero as the modulus", r, Encoding),
        ("all ones", vec![0xff; 32], Encoding),
        ("plus the modulus", first, Encoding),
        ("plus as many moduli as fit", last, Encoding),
    ]
}

/// A big-endian number: other bits, its neighbours and its ends.
pub fn number(word: &[u8]) -> Vec<Altered> {
    let step = |delta: u8| {
        let carries =
            |at: usize| word[at + 1..].iter().all(|byte| *byte == if delta == 1 { 0xff } else { 0 });
        let changed = |at: usize| if carries(at) { word[at].wrapping_add(delta) } else { word[at] };
        (0..word.len()).map(changed).collect()
    };
    let named = [
        ("zeroed", vec![0; word.len()]),
        ("plus one", step(1)),
        ("minus one", step(0xff)),
        ("greatest", vec![0xff; word.len()]),
        ("lowest bit", flipped(word, word.len() - 1, 0)),
        ("highest bit", flipped(word, 0, 7)),
    ];
    named.into_iter().map(|(name, bytes)| (name, bytes, Class::Value)).collect()
}

/// A word without arithmetic: three bits of every byte, and nothing at all.
pub fn word(word: &[u8]) -> Vec<Altered> {
    let bits = (0..word.len())
        .flat_map(|byte| [0, 4, 7].map(|bit| ("a bit", flipped(word, byte, bit), Class::Value)));
    bits.chain([("zeroed", vec![0; word.len()], Class::Value)]).collect()
}

/// A number or an address in the last `low` bytes of a word, whose others are zero.
pub fn narrow(whole: &[u8], low: usize) -> Vec<Altered> {
    let (high, low) = whole.split_at(whole.len() - low);
    let values = number(low).into_iter().chain(word(low));
    let values = values.map(|(name, low, class)| (name, [high, &low].concat(), class));
    let above = (0..high.len()).flat_map(|byte| {
        [0, 4, 7].map(|bit| ("a bit above its range", flipped(whole, byte, bit), Class::Encoding))
    });
    let mut one_above = vec![0; whole.len()];
    one_above[high.len() - 1] = 1;
    let others = [
        ("the least above its range", one_above, Class::Encoding),
        ("all ones", vec![0xff; whole.len()], Class::Encoding),
    ];
    values.chain(above).chain(others).collect()
}
