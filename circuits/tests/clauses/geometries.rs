//! The other geometries and widths: limbs of other sizes, tables of other heights, more and fewer columns. In
//! each, what is honest is accepted, and one lie a statement is refused by name. All clause tests run there
//! by the commands of `docs/slow-runs.md`.

use std::collections::BTreeSet;

use fairshare_circuits::geometry::Geometry;
use halo2curves::bn256::Fr;

use super::support::failures_in;
use crate::claims::{ComputeClaim, DataClaim, GEOMETRY, HistogramClaim, SHAPE};

fn others() -> impl Iterator<Item = Geometry> {
    Geometry::ALL.into_iter().filter(|geometry| *geometry != GEOMETRY)
}

#[track_caller]
fn assert_objects(geometry: Geometry, found: BTreeSet<String>, expected: &[&str]) {
    assert!(found.iter().eq(expected), "{geometry}: {found:?}");
}

#[test]
fn histograms() {
    let shapes = Geometry::ALL
        .into_iter()
        .flat_map(|geometry| geometry.widths().iter().map(move |width| geometry.segment(*width)));
    for shape in shapes.filter(|shape| *shape != SHAPE) {
        let geometry = shape.geometry();
        let mut claim = HistogramClaim::honest_of(shape);
        let rows = claim.instance.to_rows();
        assert_objects(geometry, failures_in(geometry, &claim.circuit(), &rows), &[]);
        claim.witness.counts[7] += 1;
        claim.witness.counts[8] -= 1;
        assert_objects(geometry, failures_in(geometry, &claim.circuit(), &rows), &["LogUp boundary"]);
    }
}

#[test]
fn data_scores() {
    for geometry in others() {
        let mut claim = DataClaim::honest_in(geometry);
        let failing = |claim: &DataClaim, rows: &[Fr]| failures_in(geometry, &claim.circuit(), rows);
        assert_objects(geometry, failing(&claim, &claim.instance.to_rows()), &[]);
        claim.instance.score += 1;
        assert_objects(geometry, failing(&claim, &claim.instance.to_rows()), &["D7 score"]);
    }
}

#[test]
fn compute_scores() {
    for geometry in others() {
        let mut claim = ComputeClaim::honest_in(geometry);
        let failing = |claim: &ComputeClaim, rows: &[Fr]| failures_in(geometry, &claim.circuit(), rows);
        assert_objects(geometry, failing(&claim, &claim.instance.to_rows()), &[]);
        claim.instance.score -= 1;
        assert_objects(geometry, failing(&claim, &claim.instance.to_rows()), &["C6 score"]);
    }
}
