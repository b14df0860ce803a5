//! A proof and the registered commitments hold the same values in every row that a constraint reads, or the
//! link is refused; what stands in the other rows is the prover's.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_params::Geometry;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::context::context;
use fairshare_params::keys::CircuitKind;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::transcript::Writer;
use fairshare_plonk::{Linked, ProverInput, Uninterrupted};
use fairshare_prover::BackendError;
use fairshare_prover::score::{score_counts, score_units};
use fairshare_prover::{Key, measure};
use fairshare_verifier::bundle::{ComputeBundle, LinkedProof};
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{Bundle, ProofError, Subject, VerifyError, carried_commitments, verify_linked};
use ff::Field;
use group::Curve;
use halo2_proofs::plonk::{Circuit, create_proof};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, SeedableRng};

use super::fixture::{PROVER, RULES, SRS, VERIFIER, stranger};

const GEOMETRY: Geometry = Geometry::COMPACT;
const USABLE: usize = GEOMETRY.usable_rows();

/// A true claim with everything in the clear.
struct Case {
    statement: CircuitKind,
    circuit: AnyCircuit,
    instance: Vec<Fr>,
    /// The linked columns, `u` rows each.
    columns: Vec<Vec<Fr>>,
    /// A halo2 proof of it. It knows no commitment but its own, so it serves every link.
    proof: Vec<u8>,
    /// The proof's own values in rows `u..n` of its linked columns.
    tails: Vec<Tail>,
}

/// A column's values in rows `u..n`, which no constraint reads.
type Tail = [Fr; RESERVED_ROWS];

#[derive(Clone)]
enum AnyCircuit {
    Histogram(HistogramCircuit),
    DataScore(DataScoreCircuit),
    ComputeScore(ComputeScoreCircuit),
}

static CASES: LazyLock<[Case; 3]> = LazyLock::new(|| [histogram_of(1), data_score(), compute_score()]);

/// A column of small values, padded to the usable rows.
fn column(values: impl IntoIterator<Item = u64>) -> Vec<Fr> {
    let mut column: Vec<_> = values.into_iter().map(Fr::from).collect();
    column.resize(USABLE, Fr::ZERO);
    column
}

/// A full segment; another seed, other symbols.
fn histogram_of(seed: u64) -> Case {
    let symbols = (0..GEOMETRY.segment_symbols() as u64).map(|i| (i * i % (600 + seed)) as u16 + 1).collect();
    let statement = [Fr::from(7), Fr::from(8)];
    let witness = histogram::Witness::new(GEOMETRY, symbols, statement);
    let mut columns: Vec<_> = witness
        .symbols
        .chunks(USABLE)
        .map(|symbols| column(symbols.iter().map(|symbol| u64::from(*symbol))))
        .collect();
    columns.push(column(witness.counts.iter().map(|count| u64::from(*count))));
    let circuit = AnyCircuit::Histogram(HistogramCircuit::new(GEOMETRY, witness));
    let instance = histogram::Instance { statement }.to_rows();
    Case::new(CircuitKind::Histogram, circuit, &instance, columns)
}

fn data_score() -> Case {
    let mut counts = vec![31, 40, 30, 20, 10, 1, 2, 3, 4, 90];
    counts.resize(GEOMETRY.alphabet(), 0);
    let result = score_counts(&RULES, &counts).expect("a score");
    let instance = VERIFIER.data_instance([Fr::from(1), Fr::from(2)], result.records, result.score);
    assert_eq!(instance.records, NonZeroU32::new(100).expect("not zero"));
    let reference = Reference::new(GEOMETRY, RULES.feature_references()).expect("a reference");
    let columns = vec![
        column(counts.iter().map(|count| u64::from(*count))),
        padded(reference.ln_column()),
        padded(reference.boundary_column()),
    ];
    let witness = data_score::Witness { counts };
    let trace = data_score::Trace::new(GEOMETRY, &instance, &reference, &witness);
    let circuit = AnyCircuit::DataScore(DataScoreCircuit::new(GEOMETRY, trace));
    Case::new(CircuitKind::DataScore, circuit, &instance.to_rows(), columns)
}

fn compute_score() -> Case {
    compute_claim([Fr::from(1), Fr::from(2)], score_units(&RULES, &UNITS).expect("a score").score)
}

/// Units by round of the policy.
const UNITS: [u32; 4] = [305, 943, 0, 0];

/// That these units have this score, be it true or not.
fn compute_claim(context: [Fr; 2], score: u64) -> Case {
    let (units, totals) = (UNITS.to_vec(), RULES.round_totals().to_vec());
    let instance = VERIFIER.compute_instance(context, score);
    let columns = [&units, &totals].map(|values| column(values.iter().map(|value| u64::from(*value))));
    let witness = compute_score::Witness { units, totals };
    let trace = compute_score::Trace::new(GEOMETRY, &instance, &witness);
    let circuit = AnyCircuit::ComputeScore(ComputeScoreCircuit::new(GEOMETRY, trace));
    Case::new(CircuitKind::ComputeScore, circuit, &instance.to_rows(), columns.to_vec())
}

fn padded(mut column: Vec<Fr>) -> Vec<Fr> {
    column.resize(USABLE, Fr::ZERO);
    column
}

/// Commits under a fresh blinding.
fn open(column: &[Fr]) -> Linked {
    let blinding = Blinding(Fr::random(OsRng));
    Linked { commitment: commit(&SRS, column, blinding).to_affine(), blinding }
}

impl Case {
    fn new(statement: CircuitKind, circuit: AnyCircuit, instance: &[Fr], columns: Vec<Vec<Fr>>) -> Self {
        let key = PROVER.key(statement).expect("a key");
        let mut rng = ChaCha20Rng::from_rng(OsRng).expect("randomness");
        let proof = match circuit.clone() {
            AnyCircuit::Histogram(circuit) => create(key, circuit, instance, rng.clone()),
            AnyCircuit::DataScore(circuit) => create(key, circuit, instance, rng.clone()),
            AnyCircuit::ComputeScore(circuit) => create(key, circuit, instance, rng.clone()),
        };
        // The library blinds the last six rows.
        let mut draw = |row| if row < 2 { Fr::ZERO } else { Fr::random(&mut rng) };
        let tails = columns.iter().map(|_| std::array::from_fn(&mut draw)).collect();
        Self { statement, circuit, instance: instance.to_vec(), columns, proof, tails }
    }

    fn key(&self) -> &'static Key {
        PROVER.key(self.statement).expect("a key")
    }

    fn open(&self) -> Vec<Linked> {
        self.columns.iter().map(|column| open(column)).collect()
    }

    /// The prover's own path, a proof from scratch.
    fn prove(&self, linked: &[Linked]) -> Result<LinkedProof, BackendError> {
        match &self.circuit {
            AnyCircuit::Histogram(circuit) => self.prove_circuit(circuit, linked),
            AnyCircuit::DataScore(circuit) => self.prove_circuit(circuit, linked),
            AnyCircuit::ComputeScore(circuit) => self.prove_circuit(circuit, linked),
        }
    }

    fn prove_circuit<C: Circuit<Fr>>(
        &self,
        circuit: &C,
        linked: &[Linked],
    ) -> Result<LinkedProof, BackendError> {
        let input = ProverInput { linked, ..ProverInput::new(circuit, &self.instance) };
        measure::prove(PROVER.commit_key(), self.key(), input, &Uninterrupted)
    }

    /// The standing proof, linked by the statement of PROTOCOL section 4 and not by the prover's code: column
    /// `j` is registered with `tails[j]` in rows `u..n`.
    fn link(&self, registered: &[G1Affine], tails: &[Tail]) -> LinkedProof {
        let carried = carried_commitments(&self.proof, registered.len());
        let (key, instance, proof) = (self.key().verifying(), &self.instance, &self.proof);
        let folding = LinkStatement { key, instance, proof, carried: &carried, registered }.fold();
        let mut witness = [Fr::ZERO; RESERVED_ROWS];
        let mut power = Fr::ONE;
        for (own, registered) in self.tails.iter().zip(tails) {
            for (value, (own, registered)) in witness.iter_mut().zip(own.iter().zip(registered)) {
                *value += power * (own - registered);
            }
            power *= folding.xi;
        }
        let nonces = [(); RESERVED_ROWS].map(|()| Fr::random(OsRng));
        let commitment = in_the_tail(&nonces).to_affine();
        let challenge = folding.challenge(&commitment);
        let responses = std::array::from_fn(|row| nonces[row] + challenge * witness[row]);
        LinkedProof { proof: self.proof.clone(), link: Link { commitment, responses } }
    }

    /// The standing proof, linked to commitments whose blindings are known.
    fn linked(&self, linked: &[Linked]) -> LinkedProof {
        let tail = |column: &Linked| {
            let mut tail = [Fr::ZERO; RESERVED_ROWS];
            tail[RESERVED_ROWS - 1] = column.blinding.0;
            tail
        };
        self.link(&commitments(linked), &linked.iter().map(tail).collect::<Vec<_>>())
    }

    fn verify(&self, registered: &[G1Affine], proof: &LinkedProof) -> Result<(), VerifyError> {
        verify_linked(&SRS, self.key().verifying(), &self.instance, registered, proof)
    }

    /// That a prover who knows every opening there is gets no link to these commitments.
    #[track_caller]
    fn never_links(&self, linked: &[Linked], what: &str) {
        let refused = self.verify(&commitments(linked), &self.linked(linked));
        assert!(
            matches!(refused, Err(VerifyError::Link { .. })),
            "{}, {what}: {refused:?}",
            self.statement.name()
        );
    }
}

fn create<C: Circuit<Fr>>(key: &Key, circuit: C, instance: &[Fr], rng: ChaCha20Rng) -> Vec<u8> {
    let mut transcript = Writer::new();
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        SRS.params(),
        key.plonk().halo2(),
        &[circuit],
        &[&[instance]],
        rng,
        &mut transcript,
    )
    .expect("a proof");
    transcript.into_proof()
}

/// `Σ v_i·G_{u+i}`.
fn in_the_tail(values: &Tail) -> G1 {
    values.iter().zip(&SRS.lagrange()[USABLE..]).map(|(value, point)| *point * *value).sum()
}

fn commitments(linked: &[Linked]) -> Vec<G1Affine> {
    linked.iter().map(|column| column.commitment).collect()
}

#[test]
fn what_is_true_links_whatever_the_blinding() {
    for case in CASES.iter() {
        let linked = case.open();
        let proof = case.prove(&linked).expect("a true claim");
        case.verify(&commitments(&linked), &proof).expect("the prover's link");
        case.verify(&commitments(&linked), &case.linked(&linked)).expect("a link by hand");
        // The same columns under another last blinding row: other commitments, which link too.
        let again = case.open();
        assert!(commitments(&again).iter().all(|point| !commitments(&linked).contains(point)));
        let other = case.prove(&again).expect("the same columns");
        case.verify(&commitments(&again), &other).expect("the same columns");
        // A link is to one commitment only, even where both hold the same values.
        assert!(matches!(case.verify(&commitments(&again), &proof), Err(VerifyError::Link { .. })));
        let public: Vec<_> = case.columns.iter().map(|column| public(column)).collect();
        case.prove(&public).expect("no blinding is a blinding");
    }
}

#[test]
fn the_prover_hands_out_no_proof_of_other_columns() {
    for case in CASES.iter() {
        let mut linked = case.open();
        let mut column = case.columns[1].clone();
        column[USABLE - 1] += Fr::ONE;
        linked[1] = open(&column);
        let refused = case.prove(&linked);
        let Err(BackendError::Verify(error)) = refused else { panic!("{refused:?}") };
        // It carries the registered commitments, freshly blinded, and they do not open to what it proves.
        assert!(matches!(*error, VerifyError::Proof { .. }), "{error:?}");
    }
}

fn public(column: &[Fr]) -> Linked {
    let commitment = commit(&SRS, column, Blinding::PUBLIC).to_affine();
    Linked { commitment, blinding: Blinding::PUBLIC }
}

#[test]
fn a_wrong_blinding_is_no_opening() {
    for case in CASES.iter() {
        for column in [0, case.columns.len() - 1] {
            let mut linked = case.open();
            linked[column].blinding.0 += Fr::ONE;
            // Row n − 1 is in the span, so this fails for want of a witness and not by the statement.
            case.never_links(&linked, "a wrong blinding");
        }
    }
}

#[test]
fn a_commitment_with_one_changed_data_row_never_links() {
    for case in CASES.iter() {
        let last = case.columns.len() - 1;
        for index in [0, last / 2, last] {
            for row in [0, 1, USABLE / 2, GEOMETRY.alphabet(), USABLE - 2, USABLE - 1] {
                let mut linked = case.open();
                let mut column = case.columns[index].clone();
                column[row] += Fr::ONE;
                linked[index] = open(&column);
                case.never_links(&linked, &format!("column {index}, row {row}"));
            }
        }
    }
}

#[test]
fn other_columns_never_link() {
    let [histogram, data, compute] = &*CASES;
    let other_segment = histogram_of(2);
    let mut linked = histogram.open();
    linked[3] = open(&other_segment.columns[3]);
    histogram.never_links(&linked, "one column of another segment");
    let mut linked = histogram.open();
    linked[16] = open(&other_segment.columns[16]);
    histogram.never_links(&linked, "another histogram");
    histogram.never_links(&other_segment.open(), "all columns of another segment");
    for (left, right) in [(0, 1), (0, 15), (7, 8), (15, 16)] {
        let mut linked = histogram.open();
        linked.swap(left, right);
        histogram.never_links(&linked, "another order");
    }
    let mut rotated = histogram.open();
    rotated[..16].rotate_left(1);
    histogram.never_links(&rotated, "another order");

    // The reference of one bin, a boundary, both exchanged.
    let mut linked = data.open();
    let mut ln = data.columns[1].clone();
    ln[9] = ln[8];
    linked[1] = public(&ln);
    data.never_links(&linked, "another reference");
    let mut linked = data.open();
    let mut boundary = data.columns[2].clone();
    boundary.swap(4, 5);
    linked[2] = public(&boundary);
    data.never_links(&linked, "another boundary");
    let mut linked = data.open();
    linked.swap(1, 2);
    data.never_links(&linked, "reference and boundary exchanged");
    let mut linked = data.open();
    linked[0] = open(&histogram.columns[16]);
    data.never_links(&linked, "another histogram");

    for (index, what) in [(0, "other units"), (1, "other totals")] {
        for row in 0..4 {
            let mut linked = compute.open();
            let mut column = compute.columns[index].clone();
            column[row] += Fr::ONE;
            linked[index] = public(&column);
            compute.never_links(&linked, what);
        }
    }
    let mut linked = compute.open();
    linked.swap(0, 1);
    compute.never_links(&linked, "units and totals exchanged");
}

/// Errors that a sum without powers of `ξ` would cancel.
#[test]
fn errors_that_cancel_between_columns_never_link() {
    for case in CASES.iter() {
        let mut linked = case.open();
        let error = SRS.lagrange()[5];
        linked[0].commitment = (linked[0].commitment + error).to_affine();
        linked[1].commitment = (linked[1].commitment - error).to_affine();
        case.never_links(&linked, "errors that cancel");
    }
}

/// `commit(column)` with these values in rows `u..n`.
fn with_tail(column: &[Fr], tail: &Tail) -> G1Affine {
    (commit(&SRS, column, Blinding::PUBLIC) + in_the_tail(tail)).to_affine()
}

#[test]
fn rows_that_no_constraint_reads_are_free() {
    for case in CASES.iter() {
        for row in 0..RESERVED_ROWS {
            let mut tails = vec![[Fr::ZERO; RESERVED_ROWS]; case.columns.len()];
            tails[0][row] = Fr::from(77);
            tails[1][7] = Fr::random(OsRng);
            let mut registered: Vec<_> =
                case.columns.iter().zip(&tails).map(|(column, tail)| with_tail(column, tail)).collect();
            case.verify(&registered, &case.link(&registered, &tails))
                .unwrap_or_else(|error| panic!("{}, row {row}: {error:?}", case.statement.name()));
            // Row u − 1 is read: the same lie one row above the free ones.
            let mut changed = case.columns[0].clone();
            changed[USABLE - 1] += Fr::from(77);
            registered[0] = with_tail(&changed, &tails[0]);
            let refused = case.verify(&registered, &case.link(&registered, &tails));
            assert!(matches!(refused, Err(VerifyError::Link { .. })), "row {row}: {refused:?}");
        }
    }
}

#[test]
fn altered_responses_are_refused() {
    for case in CASES.iter() {
        let linked = case.open();
        let honest = case.linked(&linked);
        let refused = |link: Link, what: &str| {
            assert_ne!(link, honest.link, "{what}");
            let proof = LinkedProof { proof: honest.proof.clone(), link };
            let refused = case.verify(&commitments(&linked), &proof);
            assert!(matches!(refused, Err(VerifyError::Link { .. })), "{what}: {refused:?}");
        };
        for row in 0..RESERVED_ROWS {
            let mut link = honest.link;
            link.responses[row] += Fr::ONE;
            refused(link, "a response one more");
            let mut link = honest.link;
            link.responses.swap(row, (row + 1) % RESERVED_ROWS);
            refused(link, "two responses exchanged");
        }
        let mut link = honest.link;
        link.responses.reverse();
        refused(link, "responses reversed");
        refused(Link { responses: [Fr::ZERO; RESERVED_ROWS], ..honest.link }, "no responses");
        refused(
            Link { responses: honest.link.responses.map(|response| -response), ..honest.link },
            "negated",
        );
        refused(Link { commitment: G1Affine::generator(), ..honest.link }, "another commitment");
        refused(Link { commitment: G1Affine::default(), ..honest.link }, "the identity");
    }
}

/// `R = Σ z_i·G_{u+i} − e·D` for a guessed `e`: the challenge comes after `R`.
#[test]
fn a_commitment_chosen_after_the_responses_is_refused() {
    let case = &CASES[2];
    let linked = case.open();
    let honest = case.linked(&linked);
    // Another total, for which no witness exists.
    let mut lie = linked;
    lie[1] = open(&case.columns[0]);
    let registered = commitments(&lie);
    let carried = carried_commitments(&honest.proof, 2);
    let key = case.key().verifying();
    let statement = LinkStatement {
        key,
        instance: &case.instance,
        proof: &honest.proof,
        carried: &carried,
        registered: &registered,
    };
    let folding = statement.fold();
    let difference =
        (G1::from(carried[0]) - registered[0]) + (G1::from(carried[1]) - registered[1]) * folding.xi;
    let responses = [(); RESERVED_ROWS].map(|()| Fr::random(OsRng));
    let sum = in_the_tail(&responses);
    for guess in [Fr::ZERO, Fr::ONE, folding.xi, folding.challenge(&honest.link.commitment)] {
        let commitment = (sum - difference * guess).to_affine();
        let proof = LinkedProof { proof: honest.proof.clone(), link: Link { commitment, responses } };
        assert!(matches!(case.verify(&registered, &proof), Err(VerifyError::Link { .. })));
    }
}

/// A link is of columns and says nothing of a circuit. A prover who lies about the score, and hands out what
/// the library makes of the lie, has a true link to it: only the pairing check is left to refuse it, alone
/// and beside others.
#[test]
fn a_false_score_under_a_true_link_is_refused() {
    let contributor = stranger();
    let linked = [&UNITS[..], RULES.round_totals()]
        .map(|values| public(&column(values.iter().map(|value| u64::from(*value)))));
    let (first, rounds) = (RULES.first_round(), UNITS.len() as u32);
    let registered =
        Registration::for_compute(contributor, 11, GEOMETRY, first, rounds, linked[0].commitment);
    let registrations = [registered.expect("a registration")];
    let totals = linked[1].commitment;
    let context = context(&RULES, &totals, &contributor, Role::Compute, &registrations);
    let context = context.expect("a context").limbs();
    let claim = |score| {
        let case = compute_claim(context, score);
        let proof = case.linked(&linked);
        let statement = LinkStatement {
            key: case.key().verifying(),
            instance: &case.instance,
            proof: &proof.proof,
            carried: &carried_commitments(&proof.proof, linked.len()),
            registered: &commitments(&linked),
        };
        assert!(proof.link.holds(&SRS, &statement), "the link is true");
        let digest = *registrations[0].digest();
        Bundle::Compute(ComputeBundle { geometry: GEOMETRY, contributor, digest, score, proof })
    };
    let score = score_units(&RULES, &UNITS).expect("a score").score;
    let honest = claim(score);
    VERIFIER.verify(&honest, &registrations).expect("a true score");
    for lie in [score + 1, score - 1, 0, u64::MAX].map(claim) {
        let falsely = |result| {
            let Err(VerifyError::Proof { subject: Subject::ComputeScore, source }) = result else {
                return false;
            };
            matches!(source, ProofError::False)
        };
        assert!(falsely(VERIFIER.verify(&lie, &registrations)), "alone");
        for position in 0..3 {
            let mut items = vec![(&honest, registrations.as_slice()); 2];
            items.insert(position, (&lie, &registrations));
            for (index, result) in VERIFIER.verify_batch(&items).into_iter().enumerate() {
                if index == position {
                    assert!(falsely(result), "beside others");
                } else {
                    assert_eq!(result.expect("a true score").value(), score);
                }
            }
        }
    }
}

#[test]
fn every_absorbed_item_moves_both_challenges() {
    let case = &CASES[2];
    let linked = case.open();
    let honest = case.linked(&linked);
    let registered = commitments(&linked);
    let other_key = CASES[1].key().verifying();
    let carried = carried_commitments(&honest.proof, 2);
    let base = LinkStatement {
        key: case.key().verifying(),
        instance: &case.instance,
        proof: &honest.proof,
        carried: &carried,
        registered: &registered,
    };
    let point = honest.link.commitment;
    let mut seen = HashSet::new();
    let mut distinct = |statement: &LinkStatement<'_>, what: &str| {
        let folding = statement.fold();
        for challenge in [folding.xi, folding.challenge(&point), folding.challenge(&-point)] {
            assert!(seen.insert(fairshare_params::encoding::encode_scalar(&challenge)), "{what}");
        }
    };
    distinct(&base, "the statement itself");
    distinct(&LinkStatement { key: other_key, ..base }, "the key");
    for row in 0..case.instance.len() {
        let mut instance = case.instance.clone();
        instance[row] += Fr::ONE;
        distinct(&LinkStatement { instance: &instance, ..base }, "an instance row");
    }
    let longer = [case.instance.as_slice(), &[Fr::ZERO]].concat();
    distinct(&LinkStatement { instance: &longer, ..base }, "one row more");
    distinct(&LinkStatement { instance: &case.instance[..case.instance.len() - 1], ..base }, "one row less");
    for at in [0, 63, 64, honest.proof.len() / 2, honest.proof.len() - 1] {
        let mut proof = honest.proof.clone();
        proof[at] ^= 1;
        distinct(&LinkStatement { proof: &proof, ..base }, "a byte of the proof");
    }
    let cut = &honest.proof[..honest.proof.len() - 1];
    distinct(&LinkStatement { proof: cut, ..base }, "one byte less");
    for index in 0..2 {
        let mut other = registered.clone();
        other[index] = -other[index];
        distinct(&LinkStatement { registered: &other, ..base }, "a registered commitment");
    }
    let swapped = [registered[1], registered[0]];
    distinct(&LinkStatement { registered: &swapped, ..base }, "their order");
    distinct(&LinkStatement { registered: &registered[..1], ..base }, "their number");
    // An item moved over the border between two lists.
    let moved = [honest.proof.as_slice(), &fairshare_params::encoding::encode_point(&registered[0])].concat();
    distinct(&LinkStatement { proof: &moved, registered: &registered[1..], ..base }, "the border");
}

#[test]
fn every_instance_row_is_bound() {
    for case in CASES.iter() {
        let linked = case.open();
        let proof = case.linked(&linked);
        case.verify(&commitments(&linked), &proof).expect("a true claim");
        for row in 0..case.instance.len() {
            for change in [Fr::ONE, -Fr::ONE, Fr::from(2).pow([128])] {
                let mut instance = case.instance.clone();
                instance[row] += change;
                let key = case.key().verifying();
                let refused = verify_linked(&SRS, key, &instance, &commitments(&linked), &proof);
                assert!(
                    matches!(refused, Err(VerifyError::Proof { source: ProofError::False, .. })),
                    "{}, row {row}: {refused:?}",
                    case.statement.name()
                );
            }
        }
    }
}
