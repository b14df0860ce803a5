//! Secret field elements from a seed, one after the other.

use fairshare_circuits::wiped::{Wipe, Wiped};
use ff::Field;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// ChaCha20 keyed by a secret seed. Its state reveals every value of the seed, past and to come, so it is
/// handed out to be overwritten when dropped.
pub struct Keystream(ChaCha20Rng);

/// Words of the cipher's block, of which one element takes all: 512 bits, reduced.
const BLOCK_WORDS: u128 = 16;

impl Keystream {
    /// The elements of a seed, from the first.
    pub fn new(seed: &[u8; 32]) -> Wiped<Self> {
        Self(ChaCha20Rng::from_seed(*seed)).into()
    }

    /// The elements of one of the seed's 2^64 streams, from number `first`.
    pub fn at(seed: &[u8; 32], stream: u64, first: u64) -> Wiped<Self> {
        let mut keystream = Self::new(seed);
        keystream.0.set_stream(stream);
        // 64 bits and four: far from wrapping.
        keystream.0.set_word_pos(u128::from(first).wrapping_mul(BLOCK_WORDS));
        keystream
    }

    /// The next element.
    pub fn draw(&mut self) -> Fr {
        Fr::random(&mut self.0)
    }
}

/// By the state of a seed that everybody knows, its buffer empty.
impl Wipe for Keystream {
    fn wipe(&mut self) {
        self.0 = ChaCha20Rng::from_seed([0; 32]);
    }
}
