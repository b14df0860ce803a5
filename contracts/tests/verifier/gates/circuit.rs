//! The circuits that evaluators are generated from.

use std::collections::BTreeMap;

use fairshare_circuits::notation::Notation;
use fairshare_params::Geometry;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::{CircuitId, CircuitKind, KeyShape, VerifyingKey};
use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::{Fr, G1Affine};

/// A circuit, as keys have it.
pub struct Subject {
    pub id: CircuitId,
    pub notation: Notation,
    key: VerifyingKey,
}

impl Subject {
    fn of(id: CircuitId) -> Self {
        // Of a key only the constraint system is of interest here, and that depends on no point.
        let points = vec![G1Affine::generator(); KeyShape::of(id).points()];
        let key = VerifyingKey::from_points(id, &points).expect("as many points as a key has");
        let notation = match id.kind {
            CircuitKind::Histogram(width) => Notation::histogram(id.geometry.segment(width)),
            CircuitKind::DataScore => Notation::data_score(id.geometry),
            CircuitKind::ComputeScore => Notation::compute_score(id.geometry),
        };
        Self { id, notation, key }
    }

    /// Every circuit of the protocol.
    pub fn all_circuits() -> Vec<Self> {
        let geometries = Geometry::ALL.into_iter();
        let ids = geometries
            .flat_map(|geometry| CircuitKind::all(geometry).map(move |kind| CircuitId { kind, geometry }));
        ids.map(Self::of).collect()
    }

    /// One circuit for each evaluator.
    pub fn all() -> Vec<Self> {
        let by_name = Self::all_circuits().into_iter().map(|subject| (subject.contract(), subject));
        by_name.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// The evaluator's name.
    pub fn contract(&self) -> String {
        let geometry = self.id.geometry.name();
        let (first, rest) = geometry.split_at(1);
        let geometry = first.to_uppercase() + rest;
        match self.id.kind {
            CircuitKind::Histogram(width) => format!("HistogramGates{width}"),
            CircuitKind::DataScore => format!("DataScoreGates{geometry}"),
            CircuitKind::ComputeScore => format!("ComputeScoreGates{geometry}"),
        }
    }

    /// What it is, in words.
    pub fn title(&self) -> String {
        let geometry = self.id.geometry;
        match self.id.kind {
            CircuitKind::Histogram(width) => {
                format!("the histogram circuit of {width} data columns, in every geometry that has it")
            }
            CircuitKind::DataScore => format!("the data-score circuit of geometry `{geometry}`"),
            CircuitKind::ComputeScore => format!("the compute-score circuit of geometry `{geometry}`"),
        }
    }

    /// Its constraint system, selectors as fixed columns.
    pub fn system(&self) -> &ConstraintSystem<Fr> {
        self.key.constraint_system()
    }

    /// Keccak-256 of the constraint system's pinned text.
    pub fn hash(&self) -> Digest {
        self.key.constraint_system_hash()
    }
}
