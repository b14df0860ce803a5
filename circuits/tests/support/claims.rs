//! True claims of the three statements, from which the suites make their false ones.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use std::num::NonZeroU32;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::geometry::{Geometry, SegmentShape, Width};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::rounds::compute_score;
use halo2curves::bn256::Fr;

/// The geometry under test: the compact one, or that which `FAIRSHARE_GEOMETRY` names when the tests are
/// compiled. Limbs are of other widths and tables of other heights in each; what every geometry must show at
/// every run is in `clauses/geometries.rs` and `clauses/vectors.rs`, and the long runs are in
/// `docs/slow-runs.md`.
pub const GEOMETRY: Geometry = match option_env!("FAIRSHARE_GEOMETRY") {
    None => Geometry::COMPACT,
    Some(name) => match name.as_bytes() {
        b"compact" => Geometry::COMPACT,
        b"standard" => Geometry::STANDARD,
        b"large" => Geometry::LARGE,
        _ => panic!("FAIRSHARE_GEOMETRY is compact, standard or large"),
    },
};

/// The segment under test: of the geometry's largest width, or of that which `FAIRSHARE_WIDTH` says when the
/// tests are compiled.
pub const SHAPE: SegmentShape = match option_env!("FAIRSHARE_WIDTH") {
    None => GEOMETRY.largest_segment(),
    Some(width) => GEOMETRY.segment(match width.as_bytes() {
        b"4" => Width::FOUR,
        b"16" => Width::SIXTEEN,
        b"64" if GEOMETRY.widths().len() == 3 => Width::SIXTY_FOUR,
        _ => panic!("FAIRSHARE_WIDTH is a width of the geometry: 4, 16 or 64"),
    }),
};

/// A segment and its counts.
#[derive(Clone, Debug)]
pub struct HistogramClaim {
    pub shape: SegmentShape,
    pub instance: histogram::Instance,
    pub witness: histogram::Witness,
}

impl HistogramClaim {
    /// 20,000 symbols or as many as five eighths of the segment hold, a few hundred of them different.
    pub fn honest() -> Self {
        Self::honest_of(SHAPE)
    }

    pub fn honest_of(shape: SegmentShape) -> Self {
        let symbols = (shape.symbols() / 8 * 5).min(20_000) as u32;
        Self::of(shape, (0..symbols).map(|index| (index * index % 601) as u16 + 1).collect())
    }

    /// Of a segment that holds these symbols, none of them 0, and padding.
    pub fn of(shape: SegmentShape, symbols: Vec<u16>) -> Self {
        let instance = histogram::Instance { padding: (shape.symbols() - symbols.len()) as u64 };
        Self { shape, instance, witness: histogram::Witness::new(shape, symbols) }
    }

    pub fn circuit(&self) -> HistogramCircuit {
        HistogramCircuit::new(self.shape, self.witness.clone())
    }
}

/// A merged histogram and its divergence.
#[derive(Debug)]
pub struct DataClaim {
    pub geometry: Geometry,
    pub instance: data_score::Instance,
    pub reference: Reference,
    pub witness: data_score::Witness,
}

impl DataClaim {
    /// Features as (counts, smoothed reference counts).
    pub fn new(features: &[(Vec<u32>, Vec<u32>)]) -> Self {
        Self::new_in(GEOMETRY, features)
    }

    pub fn new_in(geometry: Geometry, features: &[(Vec<u32>, Vec<u32>)]) -> Self {
        let score = divergence(
            &features
                .iter()
                .map(|(counts, reference)| FeatureCounts { counts, reference })
                .collect::<Vec<_>>(),
        )
        .expect("a true claim");
        let references = || features.iter().map(|(_, reference)| reference.as_slice());
        let mut counts = vec![0];
        features.iter().for_each(|(feature, _)| counts.extend(feature));
        counts.resize(geometry.alphabet(), 0);
        Self {
            geometry,
            instance: data_score::Instance {
                context: [Fr::from(3), Fr::from(4)],
                records: NonZeroU32::new(score.n).expect("records"),
                features: features.len() as u32,
                ln_totals: sum_ln_totals(references()).expect("totals"),
                score: score.score,
            },
            reference: Reference::new(geometry, references()).expect("reference"),
            witness: data_score::Witness { padding: 77, counts },
        }
    }

    /// Three features of 4, 2 and 5 bins, some of them empty.
    pub fn honest() -> Self {
        Self::honest_in(GEOMETRY)
    }

    pub fn honest_in(geometry: Geometry) -> Self {
        let features = [
            (vec![10, 0, 90, 1_000_000], vec![100, 1, 500, 70_000]),
            (vec![1_000_100, 0], vec![3, 9]),
            (vec![0, 1, 1_000_098, 0, 1], vec![1, 1, 1, 1, 4_000_000_000]),
        ];
        Self::new_in(geometry, &features)
    }

    pub fn trace(&self) -> data_score::Trace {
        data_score::Trace::new(self.geometry, &self.instance, &self.reference, &self.witness)
    }

    pub fn circuit(&self) -> DataScoreCircuit {
        DataScoreCircuit::new(self.geometry, self.trace())
    }
}

/// A history of units and its score.
#[derive(Debug)]
pub struct ComputeClaim {
    pub geometry: Geometry,
    pub instance: compute_score::Instance,
    pub witness: compute_score::Witness,
}

impl ComputeClaim {
    pub fn new(lambda: &str, units: Vec<u32>, totals: Vec<u32>) -> Self {
        let decay = Decay::from_decimal(lambda).expect("a λ");
        let score = compute_score(&units, &totals, &decay).expect("a true claim").score;
        let instance = compute_score::Instance {
            context: [Fr::from(5), Fr::from(6)],
            rho: decay.rho(),
            lambda_q: decay.lambda_q(),
            score,
        };
        Self { geometry: GEOMETRY, instance, witness: compute_score::Witness { units, totals } }
    }

    /// Ten rounds: partial, empty and full shares, and the largest integers.
    pub fn honest() -> Self {
        let units = vec![5, 0, 1000, 717, 0, 981_855_952, 185, 1, u32::MAX, 643];
        let totals = vec![1000, 0, 1000, 1000, 1, 2_149_573_388, 1000, 1, u32::MAX, 1000];
        Self::new("0.01", units, totals)
    }

    pub fn honest_in(geometry: Geometry) -> Self {
        Self { geometry, ..Self::honest() }
    }

    pub fn trace(&self) -> compute_score::Trace {
        compute_score::Trace::new(self.geometry, &self.instance, &self.witness)
    }

    pub fn circuit(&self) -> ComputeScoreCircuit {
        ComputeScoreCircuit::new(self.geometry, self.trace())
    }
}
