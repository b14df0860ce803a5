//! One segment: its column commitments, and the proof of its histogram.

use fairshare_circuits::geometry::{SegmentShape, Width};
use fairshare_circuits::histogram::{HistogramCircuit, Instance, Witness};
use fairshare_circuits::wiped::Wiped;
use fairshare_params::commitment::{Blinding, normalize};
use fairshare_params::digest::segment_hash;
use fairshare_params::srs::Srs;
use fairshare_plonk::{
    BlindingPoints, Column, CommitKey, Fractions, Known, LastRows, ProverInput, Randomness, Signal, commit,
    commit_with,
};
use fairshare_verifier::{ProofCheck, Subject};
use group::Curve;
use halo2_proofs::plonk::{Circuit, ConstraintSystem};
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::backend::{BackendError, Key, check, prove};
use crate::derivation::SegmentSecret;

/// Commits to a segment's columns, in parallel; what `symbols` lack of a whole segment is padding.
pub fn commit_columns(srs: &Srs, width: Width, symbols: &[u16], secret: &SegmentSecret) -> Vec<G1Affine> {
    commit_columns_until(srs, width, symbols, secret, &|| false).unwrap_or_default()
}

/// As [`commit_columns`], unless `stops` says at one of the columns that the work is to stop.
pub(crate) fn commit_columns_until(
    srs: &Srs,
    width: Width,
    symbols: &[u16],
    secret: &SegmentSecret,
    stops: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<G1Affine>> {
    let usable = srs.geometry().usable_rows();
    let blinding_points = BlindingPoints::new(srs);
    let points: Option<Vec<G1>> = secret
        .blindings(width.columns())
        .par_iter()
        .enumerate()
        .map(|(column, blinding)| {
            let first = symbols.len().min(column * usable);
            let last = symbols.len().min(first + usable);
            (!stops()).then(|| commit_symbols(srs, &blinding_points, &symbols[first..last], blinding))
        })
        .collect();
    points.map(|points| normalize(&points))
}

/// Commits to a segment's first column alone.
pub(crate) fn commit_first_column(srs: &Srs, symbols: &[u16], secret: &SegmentSecret) -> G1Affine {
    let symbols = &symbols[..symbols.len().min(srs.geometry().usable_rows())];
    let blindings = secret.blindings(1);
    let points = BlindingPoints::new(srs);
    blindings.iter().map(|blinding| commit_symbols(srs, &points, symbols, blinding)).sum::<G1>().to_affine()
}

fn commit_symbols(srs: &Srs, points: &BlindingPoints, symbols: &[u16], blinding: &Blinding) -> G1 {
    let values: Vec<_> = symbols.iter().map(|symbol| Fr::from(u64::from(*symbol))).collect();
    // A column, so that it is overwritten.
    commit_with(srs, points, &Column::from(values), blinding)
}

/// A histogram with its commitment.
pub struct Histogram {
    /// By symbol.
    pub counts: Zeroizing<Vec<u32>>,
    /// The commitment's blinding.
    pub blinding: Wiped<Blinding>,
    /// The commitment.
    pub commitment: G1Affine,
}

/// Commits to a histogram, symbol `t` in row `t`.
pub fn commit_counts(srs: &Srs, counts: &[u32], blinding: &Blinding) -> G1Affine {
    let counts: Vec<_> = counts.iter().map(|count| Fr::from(u64::from(*count))).collect();
    // A column, so that it is overwritten.
    commit(srs, &Column::from(counts), blinding).to_affine()
}

/// What is proved of a segment, all of it derived from its symbols, its secret and the key.
///
/// What is held here is overwritten when dropped, as are the [polynomials](fairshare_plonk::Column) that a
/// proof makes of it.
#[derive(Debug)]
pub struct SegmentWitness<'a> {
    key: &'a Key,
    witness: Witness,
    secret: &'a SegmentSecret,
    columns: &'a [G1Affine],
    instance: Instance,
    /// Of the proof, under this key and no other.
    randomness: Randomness,
    histogram: G1Affine,
    blinding: Wiped<Blinding>,
}

/// All that is secret in it is overwritten.
impl ZeroizeOnDrop for SegmentWitness<'_> {}

impl<'a> SegmentWitness<'a> {
    /// Counts the symbols and commits to the counts; `columns` are the commitments to the segment's columns,
    /// and `key` is the one that it will be proved under.
    pub fn new(
        srs: &Srs,
        key: &'a Key,
        symbols: Vec<u16>,
        secret: &'a SegmentSecret,
        columns: &'a [G1Affine],
    ) -> Self {
        let shape = srs.geometry().segment(Width::of(columns.len()));
        let padding = shape.symbols().saturating_sub(symbols.len());
        let instance = Instance { padding: padding as u64 };
        let segment = segment_hash(&srs.geometry(), columns);
        let randomness = secret.randomness(&key.verifying().digest(), &segment, &instance.to_rows());
        let blinding = randomness.blinding(columns.len(), srs.geometry().rows());
        let witness = Witness::new(shape, symbols);
        let histogram = commit_counts(srs, &witness.counts, &blinding);
        Self { key, witness, secret, columns, instance, randomness, histogram, blinding }
    }

    /// Cells of padding.
    pub fn padding(&self) -> u64 {
        self.instance.padding
    }

    /// The histogram.
    pub fn histogram(&self) -> Histogram {
        Histogram {
            counts: Zeroizing::new(self.witness.counts.clone()),
            blinding: self.blinding.clone(),
            commitment: self.histogram,
        }
    }

    /// Proves that the segment's registered commitments hold symbols of this histogram. The proof begins with
    /// them, and with the histogram commitment.
    pub fn prove(self, commit_key: &CommitKey<'_>, signal: &dyn Signal) -> Result<Vec<u8>, BackendError> {
        let (srs, key) = (commit_key.srs(), self.key);
        let shape = srs.geometry().segment(Width::of(self.columns.len()));
        let instance = self.instance.to_rows();
        let blindings = self.secret.blindings(self.columns.len());
        let commitments = self.columns.iter().chain([&self.histogram]);
        let known: Vec<_> = commitments
            .zip(blindings.iter().chain([&*self.blinding]))
            .map(|(commitment, blinding)| Known { commitment: *commitment, blinding, rows: LastRows::Kept })
            .collect();
        let circuit = HistogramCircuit::new(shape, self.witness);
        let input = ProverInput {
            known: &known,
            fractions: &fractions(shape),
            ..ProverInput::new(&circuit, &instance)
        };
        let (proof, _) = prove(commit_key, key, input, self.randomness, signal)?;
        check(
            srs,
            &ProofCheck {
                subject: Subject::Histogram { dataset: 0, segment: 0 },
                key: key.verifying(),
                instance: instance.to_vec(),
                public: Vec::new(),
                linked: None,
                proof: &proof,
            },
        )?;
        Ok(proof)
    }
}

/// What the helper columns of the histogram circuit hold.
fn fractions(shape: SegmentShape) -> Vec<Fractions> {
    let layout = HistogramCircuit::configure_with_params(&mut ConstraintSystem::default(), shape);
    let gamma = layout.gamma();
    layout.helpers().into_iter().map(|(column, looked_up)| Fractions { column, looked_up, gamma }).collect()
}
