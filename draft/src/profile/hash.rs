//! A hash of a cell that is the same everywhere, so that a draft is. It keeps nobody from making two cells
//! that share a hash: they would be one label in the draft, and be told apart when the reference is counted.

const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

/// Of a cell's bytes.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let start = words.iter().fold(length, |state, word| step(state, u64::from_le_bytes(*word)));
    mix(step(start, u64::from_le_bytes(last)))
}

fn step(state: u64, word: u64) -> u64 {
    (state.rotate_left(29) ^ word).wrapping_mul(PRIME)
}

/// Spreads a number over all 64 bits (the finaliser of SplitMix64).
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn cells_that_differ_have_other_hashes() {
        let cells = (0..100_000).map(|number: u32| number.to_string()).chain(["a".into(), "a\0".into()]);
        let hashes: HashSet<_> = cells.map(|cell| of(cell.as_bytes())).collect();
        assert_eq!(hashes.len(), 100_002);
        assert_ne!(of(b""), of(b"\0"));
    }
}
