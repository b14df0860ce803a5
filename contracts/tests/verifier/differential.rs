//! Many real proofs of each circuit and width: both verifiers take every one, and nothing else.

use std::time::Instant;

use fairshare_params::Geometry;
use fairshare_params::srs::Srs;

use super::alterations::nothing_else_is_taken;
use super::pool::world;
use super::world::Maker;

struct Many {
    geometry: Geometry,
    /// So many bundles of data and of computing power.
    bundles: u64,
    /// Records of a bundle's datasets: one for each width.
    sizes: &'static [usize],
}

const MANY: [Many; 3] = [
    Many { geometry: Geometry::COMPACT, bundles: 20, sizes: &[150, 9_000] },
    Many { geometry: Geometry::STANDARD, bundles: 20, sizes: &[150, 60_000, 140_000] },
    Many { geometry: Geometry::LARGE, bundles: 5, sizes: &[150, 140_000, 530_000] },
];

/// Keys are made once for each geometry, every proof by itself. Of the first bundles every word is altered in
/// every way.
///
/// `cargo test --release --workspace --test verifier in_full -- --ignored --nocapture`
#[test]
#[ignore = "proves for minutes"]
fn in_full() {
    for Many { geometry, bundles, sizes } in MANY {
        let began = Instant::now();
        let (world, srs): (_, &'static Srs) = world(geometry);
        let maker = Maker::new(world, srs);
        for index in 0..bundles {
            // Seeds of which no two datasets have one in common.
            let submissions = [maker.data(sizes, 1_000 * (index + 1)), maker.compute()];
            for submission in submissions {
                submission.accepted();
                if index == 0 {
                    let errors = nothing_else_is_taken(&submission, 1);
                    println!("{}: refused by {errors:?} after {:?}", geometry.name(), began.elapsed());
                }
            }
        }
        let proofs = bundles * (sizes.len() as u64 + 2);
        println!("{}: {proofs} proofs after {:?}", geometry.name(), began.elapsed());
    }
}
