//! What whole transactions cost that verify bundles, and how large the contract is.

use super::world::{self, CHAIN};

/// EIP-170: no chain deploys more.
const CODE_LIMIT: usize = 24_576;

/// Gas may move by this part of what is pinned.
const TOLERANCE: f64 = 0.03;

#[test]
fn the_verifier_fits_a_contract() {
    let size = CHAIN.with_borrow(|chain| chain.size);
    println!("{size} bytes");
    assert!(size <= CODE_LIMIT, "{size} bytes");
}

/// Records of two features: a segment of 4 columns holds 4,080, one of 16 columns 16,320.
#[test]
fn compact_bundles_cost_what_is_pinned() {
    let pinned = [
        ("one segment of 4 columns", world::data(&[150]), PINNED[0]),
        ("one segment of 16 columns", world::data(&[16_320]), PINNED[1]),
        ("16 and 4 columns, and another dataset", world::data(&[16_400, 200]), PINNED[2]),
        ("compute", world::compute(), PINNED[3]),
    ];
    let mut moved = Vec::new();
    for (name, submission, pinned) in pinned {
        let gas = submission.accepted();
        let line = format!("{name}: {gas} gas, pinned are {pinned}; {} bytes", submission.bytes.len());
        println!("{line}");
        if gas.abs_diff(pinned) as f64 / pinned as f64 > TOLERANCE {
            moved.push(line);
        }
    }
    assert!(moved.is_empty(), "{moved:#?}");
}

/// As they stand in the README.
const PINNED: [u64; 4] = [815_000, 955_000, 1_335_000, 750_000];
