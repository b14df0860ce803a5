//! What the benchmarks measure, made up once: synthetic data of a geometry's full size, and a policy to score it.

use fairshare_params::Geometry;

/// A full segment of symbols, spread over the whole alphabet: no column is cheaper than real data would be.
pub fn full_segment(geometry: Geometry) -> Vec<u16> {
    // Fibonacci hashing of the index: uniform, and the same on every machine.
    let symbol = |index: u64| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % geometry.alphabet() as u64;
    (0..geometry.segment_symbols() as u64).map(|index| symbol(index) as u16).collect()
}
