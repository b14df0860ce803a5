//! Transforms from the coefficients of a polynomial to its values at shifted powers of a root of unity.

use ff::Field;
use halo2curves::bn256::Fr;

/// Values that stay in a core's nearest cache while layer upon layer works on them.
const NEAR: usize = 1 << 9;

/// Takes the coefficients of a polynomial `p` to the values `c·p(s·ω^i)`, for each `i` below the order of
/// `ω`, of which `p` has as many coefficients.
pub struct Transform {
    omega: Fr,
    shift: Fr,
    scale: Fr,
    /// The factors of a transform by decimation in time. They hold the shift and lie in the order of their
    /// use.
    twiddles: Vec<Fr>,
}

impl Transform {
    pub(super) fn new(k: u32, omega: Fr, shift: Fr, scale: Fr) -> Self {
        let mut twiddles = Vec::with_capacity((1 << k) - 1);
        for layer in 0..k {
            // Blocks of 2^(layer+1) values: even and odd parts meet at points whose squares they were
            // evaluated at.
            let exponent = 1u64 << (k - layer - 1);
            let step = omega.pow([exponent]);
            let mut factor = shift.pow([exponent]);
            for _ in 0..1usize << layer {
                twiddles.push(factor);
                factor *= step;
            }
        }
        Self { omega, shift, scale, twiddles }
    }

    /// How many coefficients it takes, and values it gives.
    pub fn rows(&self) -> usize {
        self.twiddles.len() + 1
    }

    /// `ω`.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// `s`.
    pub fn shift(&self) -> Fr {
        self.shift
    }

    /// `c`.
    pub fn scale(&self) -> Fr {
        self.scale
    }

    /// The transform on the calling thread, in place; `values` has as many entries as there are points.
    pub fn apply(&self, values: &mut [Fr]) {
        bit_reverse(values);
        let near = NEAR.min(values.len());
        let (inner, outer) = self.twiddles.split_at(near - 1);
        for block in values.chunks_exact_mut(near) {
            layers(block, inner, 1);
        }
        layers(values, outer, near);
        if self.scale != Fr::ONE {
            values.iter_mut().for_each(|value| *value *= self.scale);
        }
    }
}

/// The layers from blocks of `2·half` values on, as many as there are twiddles for.
fn layers(values: &mut [Fr], mut twiddles: &[Fr], mut half: usize) {
    while !twiddles.is_empty() {
        let (layer, deeper) = twiddles.split_at(half);
        // Every layer's first factor is 1 where points are not shifted: a seventh of all factors.
        let plain = usize::from(layer[0] == Fr::ONE);
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (low, high) in low[..plain].iter_mut().zip(&mut high[..plain]) {
                (*low, *high) = (*low + *high, *low - *high);
            }
            let further = low[plain..].iter_mut().zip(&mut high[plain..]).zip(&layer[plain..]);
            for ((low, high), factor) in further {
                let product = *high * factor;
                *high = *low - product;
                *low += product;
            }
        }
        (twiddles, half) = (deeper, 2 * half);
    }
}

fn bit_reverse(values: &mut [Fr]) {
    let bits = values.len().trailing_zeros();
    if bits == 0 {
        return;
    }
    for index in 0..values.len() {
        let reversed = index.reverse_bits() >> (usize::BITS - bits);
        if index < reversed {
            values.swap(index, reversed);
        }
    }
}
