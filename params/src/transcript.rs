//! The one Fiat-Shamir instantiation, for Rust and for the EVM (PROTOCOL section 5).
//!
//! Keccak-256 over big-endian, uncompressed elements, in the form that Solidity verifiers of this lineage
//! read (`EvmTranscript` of `snark-verifier`): the state is a byte buffer; a challenge is its hash, reduced
//! modulo the scalar field's order, and the hash becomes the next buffer. A buffer of exactly one hash gets a
//! byte 1 appended before it is hashed again, so that two challenges in a row differ.
//!
//! What is absorbed first is the verifying-key digest (PROTOCOL section 8), which contracts can compute. The
//! library's prover and verifier begin with a hash of their own, of the key's debugging output: the digest
//! takes its place.
//!
//! Reading is strict: a coordinate or scalar not below its modulus, a point off the curve and the identity
//! are refused, so every element has one encoding.

use std::io;

use ff::FromUniformBytes;
use group::prime::PrimeCurveAffine;
use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};
use sha3::{Digest as _, Keccak256};

use crate::encoding::{
    Digest, POINT_BYTES, SCALAR_BYTES, decode_point, decode_scalar, encode_point, encode_scalar,
};

/// A challenge: a hash, reduced modulo the scalar field's order.
#[derive(Clone, Copy, Debug)]
pub struct KeccakChallenge(Fr);

impl EncodedChallenge<G1Affine> for KeccakChallenge {
    type Input = [u8; 32];

    fn new(hash: &[u8; 32]) -> Self {
        Self(reduce(hash))
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

/// A big-endian hash modulo the scalar field's order.
///
/// The result is not uniform (the order is about `2^253.6`), which costs soundness less than two bits.
pub fn reduce(hash: &[u8; 32]) -> Fr {
    let mut wide = [0u8; 64];
    wide[..32].copy_from_slice(hash);
    wide[..32].reverse();
    Fr::from_uniform_bytes(&wide)
}

#[derive(Clone, Default)]
struct State {
    buffer: Vec<u8>,
    /// What is absorbed instead of the first scalar that both sides know.
    key: Option<Fr>,
}

impl State {
    fn under(key: &Digest) -> Self {
        Self { buffer: Vec::new(), key: Some(reduce(&key.0)) }
    }

    fn common_scalar(&mut self, scalar: &Fr) {
        let scalar = self.key.take().unwrap_or(*scalar);
        self.scalar(&scalar);
    }

    fn point(&mut self, point: &G1Affine) -> io::Result<()> {
        if bool::from(point.is_identity()) {
            return Err(refusal("the identity, which has no coordinates, was to be absorbed"));
        }
        self.buffer.extend_from_slice(&encode_point(point));
        Ok(())
    }

    fn scalar(&mut self, scalar: &Fr) {
        self.buffer.extend_from_slice(&encode_scalar(scalar));
    }

    fn challenge(&mut self) -> KeccakChallenge {
        if self.buffer.len() == 32 {
            self.buffer.push(1);
        }
        let hash: [u8; 32] = Keccak256::digest(&self.buffer).into();
        self.buffer = hash.to_vec();
        KeccakChallenge::new(&hash)
    }
}

/// Writes a proof.
#[derive(Default)]
pub struct Writer {
    state: State,
    proof: Vec<u8>,
}

impl Writer {
    /// An empty proof.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty proof under the key with this digest.
    pub fn under(key: &Digest) -> Self {
        Self { state: State::under(key), proof: Vec::new() }
    }

    /// The proof's bytes.
    pub fn into_proof(self) -> Vec<u8> {
        self.proof
    }
}

impl Transcript<G1Affine, KeccakChallenge> for Writer {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.state.challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.state.point(&point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.state.common_scalar(&scalar);
        Ok(())
    }
}

impl TranscriptWrite<G1Affine, KeccakChallenge> for Writer {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.state.point(&point)?;
        self.proof.extend_from_slice(&encode_point(&point));
        Ok(())
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.state.scalar(&scalar);
        self.proof.extend_from_slice(&encode_scalar(&scalar));
        Ok(())
    }
}

/// Reads a proof.
pub struct Reader<'a> {
    state: State,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the proof's first byte.
    pub fn new(proof: &'a [u8]) -> Self {
        Self { state: State::default(), rest: proof }
    }

    /// The same for a proof under the key with this digest.
    pub fn under(key: &Digest, proof: &'a [u8]) -> Self {
        Self { state: State::under(key), rest: proof }
    }

    /// How many bytes have not been read.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        self.rest = rest;
        Ok(*head)
    }
}

impl Transcript<G1Affine, KeccakChallenge> for Reader<'_> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        self.state.challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.state.point(&point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.state.common_scalar(&scalar);
        Ok(())
    }
}

impl TranscriptRead<G1Affine, KeccakChallenge> for Reader<'_> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let bytes = self.take::<POINT_BYTES>()?;
        let point =
            decode_point(&bytes).ok_or_else(|| refusal("a point is not canonical or off the curve"))?;
        self.state.point(&point)?;
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let bytes = self.take::<SCALAR_BYTES>()?;
        let scalar = decode_scalar(&bytes).ok_or_else(|| refusal("a scalar is not below its modulus"))?;
        self.state.scalar(&scalar);
        Ok(scalar)
    }
}

fn refusal(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;

    #[test]
    fn consecutive_challenges_differ_and_depend_on_everything_before() {
        let mut state = State::default();
        state.scalar(&Fr::from(7));
        let mut other = state.clone();
        let (first, second) = (state.challenge().0, state.challenge().0);
        assert_ne!(first, second);
        other.scalar(&Fr::ZERO);
        assert_ne!(other.challenge().0, first);
    }

    #[test]
    fn a_keys_digest_takes_the_place_of_the_first_scalar_alone() {
        let (key, own, instance) = (Digest([0xfe; 32]), Fr::from(7), Fr::from(8));
        let challenge = |mut writer: Writer, scalars: &[Fr]| {
            scalars.iter().for_each(|scalar| writer.common_scalar(*scalar).expect("absorbed"));
            writer.squeeze_challenge().0
        };
        let expected = challenge(Writer::new(), &[reduce(&key.0), instance]);
        assert_eq!(challenge(Writer::under(&key), &[own, instance]), expected);
        let mut reader = Reader::under(&key, &[]);
        [own, instance].into_iter().for_each(|scalar| reader.common_scalar(scalar).expect("absorbed"));
        assert_eq!(reader.squeeze_challenge().0, expected);
    }

    #[test]
    fn reduction_is_modulo_the_order() {
        assert_eq!(reduce(&[0xff; 32]), Fr::from(2).pow([256]) - Fr::ONE);
    }

    #[test]
    fn reader_refuses_second_encodings() {
        use ff::PrimeField;
        let modulus = num_bigint::BigUint::parse_bytes(Fr::MODULUS.trim_start_matches("0x").as_bytes(), 16);
        let bytes = modulus.expect("the modulus").to_bytes_be();
        assert!(Reader::new(&bytes).read_scalar().is_err());
        assert!(Reader::new(&[0; 64]).read_point().is_err());
        assert!(Reader::new(&[0; 63]).read_point().is_err());
        let mut generator = encode_point(&G1Affine::generator());
        assert!(Reader::new(&generator).read_point().is_ok());
        generator[0] |= 0x80;
        assert!(Reader::new(&generator).read_point().is_err());
    }
}
