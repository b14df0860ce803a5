//! The Lagrange points of a ceremony's powers: this project's transform of points against the library's, in
//! turns on one machine, with the ratio of the medians.
//!
//! `cargo bench -p fairshare-benches --bench lagrange`. It is why `params/src/srs/lagrange.rs` exists: an
//! import has to make these points once for each geometry.

use std::hint::black_box;

use fairshare_benches::{Cost, cost};
use fairshare_params::Geometry;
use fairshare_params::srs::{Srs, lagrange_points};
use group::prime::PrimeCurveAffine;
use halo2_proofs::arithmetic::g_to_lagrange;
use halo2curves::bn256::{G1, G1Affine};

/// Rounds, in each of which both ways take their turn.
const ROUNDS: usize = 3;

fn main() {
    println!(
        "{:>9} {:>3} {:>12} {:>12} {:>7} {:>12} {:>12} {:>7}",
        "geometry", "k", "library s", "ours s", "ratio", "processor s", "processor s", "ratio"
    );
    for geometry in [Geometry::STANDARD, Geometry::LARGE] {
        let srs = Srs::insecure(geometry);
        let powers: Vec<G1> = srs.powers().iter().map(G1Affine::to_curve).collect();
        let (mut library, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            library.push(cost(|| {
                let points: Vec<G1Affine> = g_to_lagrange(powers.clone(), geometry.k());
                black_box(points);
            }));
            ours.push(cost(|| {
                let points = lagrange_points(srs.powers(), geometry.k());
                black_box(points.expect("a power per row"));
            }));
        }
        let points = lagrange_points(srs.powers(), geometry.k());
        assert!(points.expect("a power per row") == srs.lagrange(), "other points");
        let [library_wall, our_wall] = [&library, &ours].map(|costs| median(costs, |cost| cost.wall));
        let [library_cpu, our_cpu] = [&library, &ours].map(|costs| median(costs, |cost| cost.processor));
        println!(
            "{:>9} {:>3} {library_wall:>12.2} {our_wall:>12.2} {:>6.1}x {library_cpu:>12.2} {our_cpu:>12.2} \
             {:>6.1}x",
            geometry.name(),
            geometry.k(),
            library_wall / our_wall,
            library_cpu / our_cpu
        );
    }
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<_> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
