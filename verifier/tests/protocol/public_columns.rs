//! Columns that everybody knows need no link: the verifier compares the proof's commitments with those that
//! it computed. Here each proof is true of its own columns, and the comparison alone refuses it.

use std::num::NonZeroU32;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::Reference;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::rounds;
use fairshare_params::commitment::Blinding;
use fairshare_params::keys::CircuitKind;
use fairshare_verifier::{Bundle, ProofCheck, ProofError, Subject, VerifyError};
use ff::Field;
use halo2curves::bn256::{Fr, G1Affine};

use super::claim::{
    DataProof, GEOMETRY, PublicColumn, Tail, column, committed, fresh, kept, prove, proving_key,
    public_columns, tail,
};
use super::fixture::{RECORD, RULES, SRS, VERIFIER, contributor};
use super::world::WORLD;

/// Counts under the fixture's schema: features of 4 and of 5 bins, and padding.
const COUNTS: [u32; 10] = [31, 40, 30, 20, 10, 1, 2, 3, 4, 90];

/// What a public column may hold in its last rows, if it is not what everybody has there.
fn other_rows() -> Vec<Blinding> {
    let with = |row: usize, value: Fr| {
        let mut rows = Blinding::PUBLIC;
        rows.0[row] = value;
        rows
    };
    let moved = with(0, Fr::ONE);
    vec![with(5, Fr::ZERO), with(5, Fr::from(2)), with(5, -Fr::ONE), moved, with(4, Fr::ONE), fresh()]
}

/// Whether it is refused for this column.
#[track_caller]
fn refused_for(expected: usize, verdict: Result<(), VerifyError>, what: &str) {
    let Err(VerifyError::Proof { source: ProofError::PublicColumn { column }, .. }) = verdict else {
        panic!("{what}: {verdict:?}")
    };
    assert_eq!(column, expected, "{what}");
}

/// A true data score of [`COUNTS`] under a reference, with columns of these last rows.
fn data_score(references: &[&[u32]], rows: [Blinding; 2]) -> DataProof {
    let reference = Reference::new(GEOMETRY, references.iter().copied()).expect("a reference");
    let mut first = 1;
    let features = references.iter().map(|reference| {
        let counts = &COUNTS[first..first + reference.len()];
        first += reference.len();
        FeatureCounts { counts, reference }
    });
    let result = divergence(&features.collect::<Vec<_>>()).expect("a score");
    let records = NonZeroU32::new(result.n).expect("records");
    let mut instance = VERIFIER.data_instance([Fr::from(1), Fr::from(2)], records, result.score);
    instance.features = references.len() as u32;
    instance.ln_totals = sum_ln_totals(references.iter().copied()).expect("totals");
    let mut public = public_columns(&reference);
    public.iter_mut().zip(rows).for_each(|(column, rows)| column.rows = rows);
    let mut counts = COUNTS.to_vec();
    counts.resize(GEOMETRY.alphabet(), 0);
    DataProof::new(&instance, &reference, &public, &counts)
}

/// Verified by somebody who computed these public columns, with an honest link.
fn verify(proof: &DataProof, public: &[G1Affine]) -> Result<(), VerifyError> {
    let blinding = fresh();
    let merged = committed(&column(&COUNTS), &blinding);
    let tail: Tail = tail(&blinding);
    proof.verify_with(public, merged, &proof.link(merged, &tail))
}

#[test]
fn a_data_score_is_of_the_rules_reference() {
    let honest: Vec<_> = RULES.feature_references().map(<[u32]>::to_vec).collect();
    let honest: Vec<_> = honest.iter().map(Vec::as_slice).collect();
    let public = VERIFIER.reference_commitments();
    let [first, second] = honest.as_slice() else { panic!("two features") };
    let both = || [Blinding::PUBLIC, Blinding::PUBLIC];
    verify(&data_score(&honest, both()), &public).expect("the rules' columns");

    // Another `ℓ` under the same `Σ Ln(R_f)`, one count more in one bin, and the features' bounds elsewhere.
    let mut permuted = second.to_vec();
    permuted.rotate_left(1);
    let mut more = first.to_vec();
    more[0] += 1;
    for other in [[first, permuted.as_slice()], [more.as_slice(), second]] {
        let proof = data_score(&other, both());
        verify(&proof, &proof.public).expect("true of its own columns");
        refused_for(1, verify(&proof, &public), "another reference");
    }
    // One feature of all bins is another schema: `k` differs and `ℓ` does not.
    let joined = [first, second].map(|feature| feature.to_vec()).concat();
    let proof = data_score(&[&joined], both());
    verify(&proof, &proof.public).expect("true of its own columns");
    refused_for(2, verify(&proof, &public), "another schema");
    // The rules' commitments in the other order.
    let [ln, boundary] = public;
    refused_for(1, verify(&data_score(&honest, both()), &[boundary, ln]), "exchanged");

    for rows in other_rows() {
        for (column, rows) in [(1, [rows.clone(), Blinding::PUBLIC]), (2, [Blinding::PUBLIC, rows])] {
            let proof = data_score(&honest, rows);
            verify(&proof, &proof.public).expect("no constraint reads the last rows");
            refused_for(column, verify(&proof, &public), "other last rows");
        }
    }
}

/// A compute-score proof with its instance.
struct ComputeProof {
    instance: Vec<Fr>,
    /// The commitments to its columns.
    public: Vec<G1Affine>,
    proof: Vec<u8>,
}

impl ComputeProof {
    fn verify(&self, public: &[G1Affine]) -> Result<(), VerifyError> {
        let check = ProofCheck {
            subject: Subject::ComputeScore,
            key: proving_key(CircuitKind::ComputeScore).verifying(),
            instance: self.instance.clone(),
            public: public.to_vec(),
            linked: None,
            proof: &self.proof,
        };
        check.run(&*SRS)
    }
}

/// A true score of units under totals, with columns of these last rows.
fn compute_score(units: &[u32], totals: &[u32], rows: &[Blinding; 2]) -> ComputeProof {
    let score = rounds::compute_score(units, totals, RULES.compute_decay()).expect("a score").score;
    let instance = VERIFIER.compute_instance([Fr::from(1), Fr::from(2)], score);
    let witness = compute_score::Witness { units: units.to_vec(), totals: totals.to_vec() };
    let trace = compute_score::Trace::new(GEOMETRY, &instance, &witness);
    let circuit = ComputeScoreCircuit::new(GEOMETRY, trace);
    let columns = [units, totals].map(column).into_iter().zip(rows);
    let columns = columns.map(|(values, rows)| PublicColumn { values, rows: rows.clone() });
    let columns: Vec<_> = columns.collect();
    let public: Vec<_> = columns.iter().map(PublicColumn::commitment).collect();
    let known: Vec<_> =
        public.iter().zip(&columns).map(|(point, column)| kept(*point, &column.rows)).collect();
    let instance = instance.to_rows().to_vec();
    let (proof, drawn) = prove(CircuitKind::ComputeScore, &circuit, &instance, &known);
    assert!(drawn.is_empty());
    ComputeProof { instance, public, proof }
}

#[test]
fn a_compute_score_is_of_the_units_and_totals_on_record() {
    let (both, node) = ([Blinding::PUBLIC, Blinding::PUBLIC], contributor());
    let (units, totals) = (RECORD.of(&node).expect("units"), RECORD.totals());
    let honest = compute_score(units, totals, &both);
    assert_eq!(honest.public, VERIFIER.on_record(&node).expect("a node").public);
    honest.verify(&honest.public).expect("what is on record");
    refused_for(0, honest.verify(&[honest.public[1], honest.public[0]]), "exchanged");

    for round in 0..2 {
        let mut more = units.to_vec();
        // Round 1's units are all there are.
        more[round] = more[round].checked_add_signed(if round == 0 { 1 } else { -1 }).expect("units");
        let other = compute_score(&more, totals, &both);
        other.verify(&other.public).expect("true of its own units");
        refused_for(0, other.verify(&honest.public), "other units");
    }
    for round in 0..totals.len() {
        let mut more = totals.to_vec();
        more[round] += 1;
        let other = compute_score(units, &more, &both);
        other.verify(&other.public).expect("true of its own totals");
        refused_for(1, other.verify(&honest.public), "other totals");
    }
    for rows in other_rows() {
        for (column, rows) in [(0, [rows.clone(), Blinding::PUBLIC]), (1, [Blinding::PUBLIC, rows])] {
            let other = compute_score(units, totals, &rows);
            other.verify(&other.public).expect("no constraint reads the last rows");
            refused_for(column, other.verify(&honest.public), "other last rows");
        }
    }
}

/// Whoever asks for a check says whether there is a link: it is the circuit that says whether there must be.
#[test]
fn a_check_has_a_link_where_its_circuit_has_a_linked_column() {
    let Bundle::Data(data) = &WORLD.small.bundle else { panic!("data") };
    let (instance, public) = (vec![Fr::from(1); 6], VERIFIER.reference_commitments().to_vec());
    let mut check = ProofCheck {
        subject: Subject::DataScore,
        key: proving_key(CircuitKind::DataScore).verifying(),
        instance,
        public,
        linked: None,
        proof: &data.proof,
    };
    let is_shape = |check: &ProofCheck<'_>, found: usize, expected: usize| match check.run(&*SRS) {
        Err(VerifyError::Proof { source: ProofError::Shape { found: f, expected: e }, .. }) => {
            assert_eq!((f, e), (found, expected));
        }
        other => panic!("{other:?}"),
    };
    is_shape(&check, 0, 1);
    let units = RECORD.of(&contributor()).expect("units");
    let honest = compute_score(units, RECORD.totals(), &[Blinding::PUBLIC, Blinding::PUBLIC]);
    check.key = proving_key(CircuitKind::ComputeScore).verifying();
    check.instance.clone_from(&honest.instance);
    // Its second column under a link would stand where the first belongs.
    check.public = vec![honest.public[1], honest.public[0]];
    check.linked = Some((&data.link, honest.public[0]));
    check.proof = &honest.proof;
    is_shape(&check, 1, 0);
}
