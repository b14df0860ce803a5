//! One segment: its column commitments, and the proof of its histogram.

use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::histogram::{HistogramCircuit, Instance, Witness};
use fairshare_circuits::wiped::Wiped;
use fairshare_params::commitment::{Blinding, normalize, segment_blindings};
use fairshare_params::digest::histogram_statement;
use fairshare_params::srs::Srs;
use fairshare_plonk::{Column, CommitKey, Fractions, Linked, ProverInput, Signal, commit};
use fairshare_verifier::bundle::Segment;
use group::Curve;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;
use zeroize::ZeroizeOnDrop;

use crate::backend::{BackendError, Key, prove};
use crate::count::SegmentIndex;
use crate::secret::Seed;

/// Commits to a segment's columns, in parallel; what `symbols` lack of a whole segment is padding.
pub fn commit_columns(srs: &Srs, symbols: &[u16], seed: &Seed, segment: SegmentIndex) -> Vec<G1Affine> {
    let geometry = srs.geometry();
    let blindings = Blindings::of(seed, segment, geometry.data_columns());
    let usable = geometry.usable_rows();
    let points: Vec<G1> = blindings
        .data
        .par_iter()
        .enumerate()
        .map(|(column, blinding)| {
            let first = symbols.len().min(column * usable);
            let last = symbols.len().min(first + usable);
            let values: Vec<_> =
                symbols[first..last].iter().map(|symbol| Fr::from(u64::from(*symbol))).collect();
            // A column, so that it is overwritten.
            let values = Column::from(values);
            commit(srs, &values, *blinding)
        })
        .collect();
    normalize(&points)
}

/// All that is secret in it is overwritten.
impl ZeroizeOnDrop for SegmentSecret {}

/// A segment's blindings, overwritten when dropped.
#[derive(Debug)]
struct Blindings {
    data: Wiped<Vec<Blinding>>,
    histogram: Wiped<Blinding>,
}

impl Blindings {
    fn of(seed: &Seed, segment: SegmentIndex, data_columns: usize) -> Self {
        let (data, histogram) = segment_blindings(seed, segment.get(), data_columns);
        Self { data, histogram }
    }
}

/// What only the contributor knows of a segment.
///
/// What is held here is overwritten when dropped, as are the [polynomials](fairshare_plonk::Column) that a
/// proof makes of it.
#[derive(Debug)]
pub struct SegmentSecret {
    witness: Witness,
    blindings: Blindings,
    histogram: G1Affine,
}

impl SegmentSecret {
    /// Counts the symbols and commits to the counts.
    pub fn new(srs: &Srs, symbols: Vec<u16>, seed: &Seed, segment: SegmentIndex) -> Self {
        let geometry = srs.geometry();
        let blindings = Blindings::of(seed, segment, geometry.data_columns());
        let witness = Witness::new(geometry, symbols, Default::default());
        let counts: Vec<_> = witness.counts.iter().map(|count| Fr::from(u64::from(*count))).collect();
        let histogram = commit(srs, &Column::from(counts), *blindings.histogram).to_affine();
        Self { witness, blindings, histogram }
    }

    /// The counts, by symbol.
    pub fn counts(&self) -> &[u32] {
        &self.witness.counts
    }

    /// The histogram commitment's blinding.
    pub fn blinding(&self) -> Blinding {
        *self.blindings.histogram
    }

    /// The histogram commitment.
    pub fn histogram(&self) -> G1Affine {
        self.histogram
    }

    /// Proves that `columns`, the segment's registered commitments, hold symbols of this histogram.
    pub fn prove(
        mut self,
        commit_key: &CommitKey<'_>,
        key: &Key,
        columns: &[G1Affine],
        signal: &dyn Signal,
    ) -> Result<Segment, BackendError> {
        let geometry = commit_key.srs().geometry();
        let statement = histogram_statement(&geometry, columns, &self.histogram).limbs();
        self.witness.statement = statement;
        let blindings = self.blindings.data.iter().copied().chain([*self.blindings.histogram]);
        let commitments = columns.iter().copied().chain([self.histogram]);
        let linked = commitments.zip(blindings).map(|(commitment, blinding)| Linked { commitment, blinding });
        let linked = Wiped::from(linked.collect::<Vec<_>>());
        let instance = Instance { statement }.to_rows();
        let circuit = HistogramCircuit::new(geometry, self.witness);
        let input = ProverInput {
            linked: &linked,
            fractions: &fractions(geometry),
            ..ProverInput::new(&circuit, &instance)
        };
        let proof = prove(commit_key, key, input, signal)?;
        Ok(Segment { columns: columns.to_vec(), histogram: self.histogram, proof })
    }
}

/// What the helper columns of the histogram circuit hold.
fn fractions(geometry: Geometry) -> Vec<Fractions> {
    let layout = HistogramCircuit::configure_with_params(&mut ConstraintSystem::default(), geometry);
    let gamma = layout.gamma();
    layout.helpers().into_iter().map(|(column, looked_up)| Fractions { column, looked_up, gamma }).collect()
}
