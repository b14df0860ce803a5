//! True claims of the three statements, from which the suites make their false ones.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use std::num::NonZeroU32;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::rounds::compute_score;
use halo2curves::bn256::Fr;

/// Tests use the compact geometry: the circuits are the same for every geometry.
pub const GEOMETRY: Geometry = Geometry::COMPACT;

/// `decay_0` of a history's first round.
pub const FULL_DECAY: u128 = 1 << 64;

/// A segment and its counts.
#[derive(Clone, Debug)]
pub struct HistogramClaim {
    pub instance: histogram::Instance,
    pub witness: histogram::Witness,
}

impl HistogramClaim {
    /// 20,000 symbols, a few hundred of them different.
    pub fn honest() -> Self {
        let symbols = (0..20_000u32).map(|index| (index * index % 601) as u16 + 1).collect();
        let instance = histogram::Instance { statement: [Fr::from(11), Fr::from(22)] };
        Self { witness: histogram::Witness::new(GEOMETRY, symbols, instance.statement), instance }
    }

    pub fn circuit(&self) -> HistogramCircuit {
        HistogramCircuit::new(GEOMETRY, self.witness.clone())
    }
}

/// A merged histogram and its divergence.
#[derive(Debug)]
pub struct DataClaim {
    pub instance: data_score::Instance,
    pub reference: Reference,
    pub witness: data_score::Witness,
}

impl DataClaim {
    /// Features as (counts, smoothed reference counts).
    pub fn new(features: &[(Vec<u32>, Vec<u32>)]) -> Self {
        let score = divergence(
            &features
                .iter()
                .map(|(counts, reference)| FeatureCounts { counts, reference })
                .collect::<Vec<_>>(),
        )
        .expect("a true claim");
        let references = || features.iter().map(|(_, reference)| reference.as_slice());
        let mut counts = vec![77];
        features.iter().for_each(|(feature, _)| counts.extend(feature));
        counts.resize(GEOMETRY.alphabet(), 0);
        Self {
            instance: data_score::Instance {
                context: [Fr::from(3), Fr::from(4)],
                records: NonZeroU32::new(score.n).expect("records"),
                features: features.len() as u32,
                ln_totals: sum_ln_totals(references()).expect("totals"),
                score: score.score,
            },
            reference: Reference::new(GEOMETRY, references()).expect("reference"),
            witness: data_score::Witness { counts },
        }
    }

    /// Three features of 4, 2 and 5 bins, some of them empty.
    pub fn honest() -> Self {
        Self::new(&[
            (vec![10, 0, 90, 1_000_000], vec![100, 1, 500, 70_000]),
            (vec![1_000_100, 0], vec![3, 9]),
            (vec![0, 1, 1_000_098, 0, 1], vec![1, 1, 1, 1, 4_000_000_000]),
        ])
    }

    pub fn trace(&self) -> data_score::Trace {
        data_score::Trace::new(GEOMETRY, &self.instance, &self.reference, &self.witness)
    }

    pub fn circuit(&self) -> DataScoreCircuit {
        DataScoreCircuit::new(GEOMETRY, self.trace())
    }
}

/// A history of units and its score.
#[derive(Debug)]
pub struct ComputeClaim {
    pub instance: compute_score::Instance,
    pub witness: compute_score::Witness,
}

impl ComputeClaim {
    pub fn new(lambda: &str, units: Vec<u32>, totals: Vec<u32>, first_decay: u128) -> Self {
        let decay = Decay::from_decimal(lambda).expect("a λ");
        let score = compute_score(&units, &totals, &decay, first_decay).expect("a true claim").score;
        let instance = compute_score::Instance {
            context: [Fr::from(5), Fr::from(6)],
            rho: decay.rho(),
            lambda_q: decay.lambda_q(),
            first_round: 9,
            first_decay,
            score,
        };
        Self { instance, witness: compute_score::Witness { units, totals } }
    }

    /// Ten rounds: partial, empty and full shares, and the largest integers.
    pub fn honest() -> Self {
        let units = vec![5, 0, 1000, 717, 0, 981_855_952, 185, 1, u32::MAX, 643];
        let totals = vec![1000, 0, 1000, 1000, 1, 2_149_573_388, 1000, 1, u32::MAX, 1000];
        Self::new("0.01", units, totals, FULL_DECAY)
    }

    pub fn trace(&self) -> compute_score::Trace {
        compute_score::Trace::new(GEOMETRY, &self.instance, &self.witness)
    }

    pub fn circuit(&self) -> ComputeScoreCircuit {
        ComputeScoreCircuit::new(GEOMETRY, self.trace())
    }
}
