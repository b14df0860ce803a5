//! A data-score proof's column of counts and the sum of the histogram commitments hold the same values in
//! every row that a constraint reads, or the link is refused; what stands in the other rows is the prover's.
//! And no proof is of a column other than the one committed to.

use std::collections::HashSet;
use std::sync::LazyLock;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, Reference};
use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::Width;
use fairshare_params::commitment::Blinding;
use fairshare_params::encoding::encode_scalar;
use fairshare_params::keys::CircuitKind;
use fairshare_plonk::Uninterrupted;
use fairshare_prover::derivation::SegmentSecret;
use fairshare_prover::score::{score_counts, score_units};
use fairshare_prover::{BackendError, measure};
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{ProofCheck, ProofError, Subject, VerifyError};
use ff::Field;
use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand_core::OsRng;

use super::claim::{
    Claim, DataProof, GEOMETRY, PublicColumn, Segment, Tail, USABLE, column, committed, equal_records, fresh,
    in_the_tail, kept, prove, proving_key, public_columns, sum, tail,
};
use super::fixture::{PROVER, RECORD, RULES, SRS, VERIFIER, contributor, stranger};

/// By symbol.
fn counts() -> Vec<u32> {
    let mut counts = vec![31, 40, 30, 20, 10, 1, 2, 3, 4, 90];
    counts.resize(GEOMETRY.alphabet(), 0);
    counts
}

/// The counts as a column.
static COLUMN: LazyLock<Vec<Fr>> = LazyLock::new(|| {
    let mut column = column(&counts());
    column.resize(USABLE, Fr::ZERO);
    column
});

/// A true score of them. It knows no histogram commitment, so it serves every link.
static PROOF: LazyLock<DataProof> = LazyLock::new(|| {
    let result = score_counts(&RULES, &counts()).expect("a score");
    assert_eq!(result.records.get(), 100);
    let context = [Fr::from(1), Fr::from(2)];
    let (reference, public) = reference();
    let instance = VERIFIER.data_instance(context, result.records, result.score);
    DataProof::new(&instance, &reference, &public, &counts())
});

fn reference() -> (Reference, [PublicColumn; 2]) {
    let reference = Reference::new(GEOMETRY, RULES.feature_references()).expect("a reference");
    let public = public_columns(&reference);
    (reference, public)
}

/// A histogram commitment whose opening is known.
struct Opened {
    commitment: G1Affine,
    blinding: Blinding,
}

impl Opened {
    fn new(column: &[Fr]) -> Self {
        let blinding = fresh();
        Self { commitment: committed(column, &blinding), blinding }
    }

    /// The standing proof, linked to it.
    fn link(&self) -> Link {
        PROOF.link(self.commitment, &tail(&self.blinding))
    }

    /// That a prover who knows every opening there is gets no link to it.
    #[track_caller]
    fn never_links(&self, what: &str) {
        refused(PROOF.verify(self.commitment, &self.link()), what);
    }
}

#[track_caller]
fn refused(verdict: Result<(), VerifyError>, what: &str) {
    let by_link = matches!(verdict, Err(VerifyError::Link { subject: Subject::DataScore }));
    assert!(by_link, "{what}: {verdict:?}");
}

/// A column with one more in one row.
fn changed(row: usize) -> Vec<Fr> {
    let mut column = COLUMN.clone();
    column[row] += Fr::ONE;
    column
}

#[test]
fn what_is_true_links_whatever_the_blinding() {
    let carried = Blinding(PROOF.tail[RESERVED_ROWS - 6..].try_into().expect("six rows"));
    let by_the_prover = |histogram: &Opened| {
        let statement = PROOF.statement(histogram.commitment);
        measure::link(&SRS, &statement, &carried, &histogram.blinding).expect("randomness")
    };
    let one = Opened::new(&COLUMN);
    PROOF.verify(one.commitment, &by_the_prover(&one)).expect("the prover's link");
    PROOF.verify(one.commitment, &one.link()).expect("a link by hand");
    // The same column under another blinding: another commitment, which links too.
    let other = Opened::new(&COLUMN);
    assert_ne!(one.commitment, other.commitment);
    PROOF.verify(other.commitment, &by_the_prover(&other)).expect("the same column");
    // A link is to one commitment only, even where both hold the same values.
    refused(PROOF.verify(other.commitment, &one.link()), "another's link");
    for blinding in [Blinding::NONE, Blinding::PUBLIC] {
        let unblinded = Opened { commitment: committed(&COLUMN, &blinding), blinding };
        PROOF.verify(unblinded.commitment, &unblinded.link()).expect("no blinding is a blinding");
    }
    // The proof's own commitment is of its own column.
    let itself = PROOF.carried();
    PROOF.verify(itself, &PROOF.link(itself, &PROOF.tail)).expect("no difference at all");
}

#[test]
fn a_proof_links_again_and_nothing_of_one_link_is_in_another() {
    let histogram = Opened::new(&COLUMN);
    let (one, other) = (histogram.link(), histogram.link());
    assert_ne!(one, other);
    for mixed in [
        Link { commitment: one.commitment, ..other },
        Link { responses: std::array::from_fn(|row| one.responses[row] + other.responses[row]), ..one },
        Link { commitment: (one.commitment + other.commitment).to_affine(), ..one },
    ] {
        refused(PROOF.verify(histogram.commitment, &mixed), "mixed");
    }
}

#[test]
fn a_wrong_blinding_is_no_opening() {
    for row in 0..6 {
        let mut histogram = Opened::new(&COLUMN);
        histogram.blinding.0[row] += Fr::ONE;
        // The last rows are in the span, so this fails for want of a witness and not by the statement.
        histogram.never_links("a wrong blinding");
    }
}

#[test]
fn a_commitment_with_one_changed_data_row_never_links() {
    let rows =
        [0, 1, 5, 9, 10, USABLE / 2, GEOMETRY.alphabet() - 1, GEOMETRY.alphabet(), USABLE - 2, USABLE - 1];
    for row in rows {
        Opened::new(&changed(row)).never_links(&format!("row {row}"));
    }
}

#[test]
fn other_histograms_never_link() {
    let honest = Opened::new(&COLUMN);
    let mut exchanged = COLUMN.clone();
    exchanged.swap(1, 2);
    Opened::new(&exchanged).never_links("two symbols exchanged");
    let mut unpadded = COLUMN.clone();
    unpadded[0] = Fr::ZERO;
    Opened::new(&unpadded).never_links("without its padding");
    Opened::new(&[]).never_links("nothing counted");
    let doubled: Vec<_> = COLUMN.iter().map(Field::double).collect();
    Opened::new(&doubled).never_links("everything counted twice");
    let negated: Vec<_> = COLUMN.iter().map(|value| -value).collect();
    Opened::new(&negated).never_links("negated");

    // A sum of which a part is missing, or there twice.
    let part = Opened::new(&column(&[7, 10, 0, 0, 0, 10]));
    for (sum, what) in [
        ((honest.commitment - G1::from(part.commitment)).to_affine(), "a part is missing"),
        ((honest.commitment + part.commitment).to_affine(), "a part is there twice"),
        (-honest.commitment, "negated"),
        (G1Affine::generator(), "anything"),
    ] {
        refused(PROOF.verify(sum, &PROOF.link(sum, &tail(&honest.blinding))), what);
    }
    // Public columns are no histograms.
    for point in &PROOF.public {
        refused(PROOF.verify(*point, &PROOF.link(*point, &tail(&Blinding::PUBLIC))), "a public column");
    }
}

#[test]
fn rows_that_no_constraint_reads_are_free() {
    for row in 0..RESERVED_ROWS {
        let mut tail: Tail = [Fr::ZERO; RESERVED_ROWS];
        tail[row] = Fr::from(77);
        tail[RESERVED_ROWS - 1] += Fr::random(OsRng);
        let with_tail =
            |column: &[Fr]| (G1::from(committed(column, &Blinding::NONE)) + in_the_tail(&tail)).to_affine();
        let merged = with_tail(&COLUMN);
        PROOF
            .verify(merged, &PROOF.link(merged, &tail))
            .unwrap_or_else(|error| panic!("row {row}: {error:?}"));
        // Row u − 1 is read: the same lie one row above the free ones.
        let merged = with_tail(&changed(USABLE - 1));
        refused(PROOF.verify(merged, &PROOF.link(merged, &tail)), &format!("row {row}"));
    }
}

#[test]
fn altered_responses_are_refused() {
    let histogram = Opened::new(&COLUMN);
    let honest = histogram.link();
    let refused = |link: Link, what: &str| {
        assert_ne!(link, honest, "{what}");
        refused(PROOF.verify(histogram.commitment, &link), what);
    };
    for row in 0..RESERVED_ROWS {
        let mut link = honest;
        link.responses[row] += Fr::ONE;
        refused(link, "a response one more");
        let mut link = honest;
        link.responses.swap(row, (row + 1) % RESERVED_ROWS);
        refused(link, "two responses exchanged");
    }
    let mut link = honest;
    link.responses.reverse();
    refused(link, "responses reversed");
    refused(Link { responses: [Fr::ZERO; RESERVED_ROWS], ..honest }, "no responses");
    refused(Link { responses: honest.responses.map(|response| -response), ..honest }, "negated");
    refused(Link { commitment: -honest.commitment, ..honest }, "its commitment negated");
    refused(Link { commitment: G1Affine::generator(), ..honest }, "another commitment");
    refused(Link { commitment: G1Affine::default(), ..honest }, "the identity");
}

/// `R = Σ z_i·G_{u+i} − e·D` for a guessed `e`: what a simulator makes, which would be accepted under the
/// guess. The challenge comes after `R`.
#[test]
fn a_commitment_chosen_after_the_responses_is_refused() {
    // Another histogram, for which no witness exists.
    let lie = Opened::new(&changed(3));
    let statement = PROOF.statement(lie.commitment);
    let difference = G1::from(PROOF.carried()) - lie.commitment;
    let responses = [(); RESERVED_ROWS].map(|()| Fr::random(OsRng));
    let sum = in_the_tail(&responses);
    let honest = lie.link().commitment;
    for guess in [Fr::ZERO, Fr::ONE, Fr::random(OsRng), statement.challenge(&honest)] {
        let commitment = (sum - difference * guess).to_affine();
        assert_eq!(sum, difference * guess + commitment, "simulated");
        refused(PROOF.verify(lie.commitment, &Link { commitment, responses }), "simulated");
    }
}

/// Two links of one `R` under two challenges give the difference of the two blindings away: that is the
/// extractor, and why a nonce serves one link.
#[test]
fn two_challenges_of_one_commitment_give_the_witness() {
    let histogram = Opened::new(&COLUMN);
    let registered = tail(&histogram.blinding);
    let witness: Tail = std::array::from_fn(|row| PROOF.tail[row] - registered[row]);
    let nonces = [(); RESERVED_ROWS].map(|()| Fr::random(OsRng));
    let [one, other] = [Fr::random(OsRng), Fr::random(OsRng)];
    let responses = [one, other].map(|challenge| {
        let response = |row| nonces[row] + challenge * witness[row];
        std::array::from_fn::<_, RESERVED_ROWS, _>(response)
    });
    let inverse = (one - other).invert().expect("two challenges");
    let extracted: Tail = std::array::from_fn(|row| (responses[0][row] - responses[1][row]) * inverse);
    assert_eq!(extracted, witness);
    let difference = G1::from(PROOF.carried()) - histogram.commitment;
    assert_eq!(in_the_tail(&extracted), difference);
}

/// A link is of columns and says nothing of a circuit. A prover who lies about the score, and hands out what
/// the backend makes of the lie, has a true link to it: only the pairing check is left to refuse it, alone
/// and beside others.
#[test]
fn a_false_score_under_a_true_link_is_refused() {
    let records = 500;
    let segment = Segment::new(&equal_records(records as usize), 77);
    let claim = Claim { contributor: stranger(), datasets: vec![(records, vec![segment])] };
    let registrations = claim.registrations();
    let (counts, blinding, merged) = sum(claim.segments());
    let (reference, public) = reference();
    let with_score = |score| {
        let instance: data_score::Instance =
            VERIFIER.data_instance(claim.context(&VERIFIER), claim.records(), score);
        let proof = DataProof::new(&instance, &reference, &public, &counts);
        let link = proof.link(merged, &tail(&blinding));
        assert!(link.holds(&*SRS, &proof.statement(merged)), "the link is true");
        claim.bundle(score, proof.proof, link)
    };
    let score = score_counts(&RULES, &counts).expect("a score").score;
    let honest = with_score(score);
    VERIFIER.verify(&honest, &registrations).expect("a true score");
    for lie in [score + 1, score - 1, 0, u64::MAX].map(with_score) {
        let falsely = |result| {
            let Err(VerifyError::Proof { subject: Subject::DataScore, source }) = result else {
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

/// Of each circuit: a proof that carries the commitment to another column than it is made of.
#[test]
fn no_proof_is_of_other_columns_than_it_carries() {
    // The counts.
    let unblinded = committed(&changed(USABLE - 1), &Blinding::NONE);
    let (reference, public) = reference();
    let witness = data_score::Witness { padding: counts()[0].into(), counts: counts() };
    let score = score_counts(&RULES, &counts()).expect("a score");
    let instance = VERIFIER.data_instance([Fr::from(1), Fr::from(2)], score.records, score.score);
    let trace = data_score::Trace::new(GEOMETRY, &instance, &reference, &witness);
    let circuit = data_score::DataScoreCircuit::new(GEOMETRY, trace);
    let commitments = public.each_ref().map(PublicColumn::commitment);
    let [ln, boundary] = [0, 1].map(|column| kept(commitments[column], &public[column].rows));
    let (proof, _) = prove(
        CircuitKind::DataScore,
        &circuit,
        &instance.to_rows(),
        &[kept(unblinded, &Blinding::NONE), ln, boundary],
    );
    let forged = DataProof {
        instance: instance.to_rows().to_vec(),
        public: commitments.to_vec(),
        proof,
        tail: [Fr::ZERO; RESERVED_ROWS],
    };
    let link = forged.link(unblinded, &forged.tail);
    assert!(link.holds(&*SRS, &forged.statement(unblinded)), "it carries what was committed to");
    let verdict = forged.verify(unblinded, &link);
    assert!(matches!(verdict, Err(VerifyError::Proof { source: ProofError::False, .. })), "{verdict:?}");

    // Units.
    let units = RECORD.of(&contributor()).expect("units").to_vec();
    let totals = RECORD.totals().to_vec();
    let score = score_units(&RULES, &units, &totals).expect("a score").score;
    let instance = VERIFIER.compute_instance([Fr::from(1), Fr::from(2)], score);
    let columns = [&units, &totals].map(|values| PublicColumn::new(column(values)));
    let witness = compute_score::Witness { units, totals };
    let trace = compute_score::Trace::new(GEOMETRY, &instance, &witness);
    let circuit = ComputeScoreCircuit::new(GEOMETRY, trace);
    let honest = columns.each_ref().map(PublicColumn::commitment);
    for lie in 0..2 {
        let mut public = honest;
        public[lie] = (public[lie] + SRS.lagrange()[2]).to_affine();
        let known = [0, 1].map(|column| kept(public[column], &columns[column].rows));
        let (proof, _) = prove(CircuitKind::ComputeScore, &circuit, &instance.to_rows(), &known);
        let check = ProofCheck {
            subject: Subject::ComputeScore,
            key: proving_key(CircuitKind::ComputeScore).verifying(),
            instance: instance.to_rows().to_vec(),
            public: public.to_vec(),
            linked: None,
            proof: &proof,
        };
        let verdict = check.run(&*SRS);
        assert!(matches!(verdict, Err(VerifyError::Proof { source: ProofError::False, .. })), "{verdict:?}");
    }

    // A segment: the prover's own way, which hands out nothing that does not verify.
    let width = Width::FOUR;
    let (key, secret) =
        (proving_key(CircuitKind::Histogram(width)), SegmentSecret::from_bytes([9; 32].into()));
    let symbols = equal_records(3_000);
    let honest = measure::commit_columns(&SRS, width, &symbols, &secret);
    for lie in [0, 2, width.columns() - 1] {
        let mut columns = honest.clone();
        columns[lie] = (columns[lie] + SRS.lagrange()[USABLE - 1]).to_affine();
        let witness = measure::SegmentWitness::new(&SRS, key, symbols.clone(), &secret, &columns);
        let refused = witness.prove(PROVER.commit_key(), &Uninterrupted);
        let Err(BackendError::Verify(error)) = refused else { panic!("column {lie}: {refused:?}") };
        assert!(matches!(*error, VerifyError::Proof { source: ProofError::False, .. }), "{error:?}");
    }
}

#[test]
fn every_absorbed_item_moves_the_challenge() {
    let histogram = Opened::new(&COLUMN);
    let base = PROOF.statement(histogram.commitment);
    let point = histogram.link().commitment;
    let other_key = proving_key(CircuitKind::ComputeScore).verifying();
    let mut seen = HashSet::new();
    let mut distinct = |statement: &LinkStatement<'_>, what: &str| {
        for point in [point, -point] {
            assert!(seen.insert(encode_scalar(&statement.challenge(&point))), "{what}");
        }
    };
    distinct(&base, "the statement itself");
    distinct(&LinkStatement { key: other_key, ..base }, "the key");
    for row in 0..PROOF.instance.len() {
        let mut instance = PROOF.instance.clone();
        instance[row] += Fr::ONE;
        distinct(&LinkStatement { instance: &instance, ..base }, "an instance row");
    }
    let mut swapped = PROOF.instance.clone();
    swapped.swap(0, 1);
    distinct(&LinkStatement { instance: &swapped, ..base }, "the order of rows");
    let longer = [PROOF.instance.as_slice(), &[Fr::ZERO]].concat();
    distinct(&LinkStatement { instance: &longer, ..base }, "one row more");
    let shorter = &PROOF.instance[..PROOF.instance.len() - 1];
    distinct(&LinkStatement { instance: shorter, ..base }, "one row less");
    // All of the proof, so its first point with it: the linked commitment itself.
    for at in [0, 63, 64, PROOF.proof.len() / 2, PROOF.proof.len() - 1] {
        let mut proof = PROOF.proof.clone();
        proof[at] ^= 1;
        distinct(&LinkStatement { proof: &proof, ..base }, "a byte of the proof");
    }
    let cut = &PROOF.proof[..PROOF.proof.len() - 1];
    distinct(&LinkStatement { proof: cut, ..base }, "one byte less");
    distinct(&LinkStatement { merged: -histogram.commitment, ..base }, "the sum of the histograms");
    distinct(&LinkStatement { merged: PROOF.carried(), ..base }, "the sum of the histograms");
}

/// No length is absorbed, so a word that moves over the border between instance and proof leaves the
/// challenge as it was. The key fixes the border: a check under any other is refused before a proof is looked
/// at.
#[test]
fn the_key_fixes_the_border_between_instance_and_proof() {
    let histogram = Opened::new(&COLUMN);
    let link = histogram.link();
    let base = PROOF.statement(histogram.commitment);
    let (last, rest) = PROOF.instance.split_last().expect("rows");
    let moved = DataProof {
        instance: rest.to_vec(),
        proof: [encode_scalar(last).as_slice(), &PROOF.proof].concat(),
        ..PROOF.clone()
    };
    let statement = LinkStatement { instance: &moved.instance, proof: &moved.proof, ..base };
    assert_eq!(statement.challenge(&link.commitment), base.challenge(&link.commitment));
    let check = |instance: &[Fr], proof: &[u8]| {
        let moved = DataProof { instance: instance.to_vec(), proof: proof.to_vec(), ..PROOF.clone() };
        let Err(VerifyError::Proof { source, .. }) = moved.verify(histogram.commitment, &link) else {
            panic!("accepted")
        };
        source
    };
    assert!(matches!(check(&moved.instance, &moved.proof), ProofError::Shape { .. }));
    assert!(matches!(check(&PROOF.instance, &moved.proof), ProofError::Length { .. }));
    assert!(matches!(check(&moved.instance, &PROOF.proof), ProofError::Shape { .. }));
}

/// A link is of one instance, by its challenge, and so is the proof.
#[test]
fn every_instance_row_is_bound() {
    let histogram = Opened::new(&COLUMN);
    let link = histogram.link();
    for row in 0..PROOF.instance.len() {
        for change in [Fr::ONE, -Fr::ONE, Fr::from(2).pow([128])] {
            let mut altered = PROOF.clone();
            altered.instance[row] += change;
            assert!(!link.holds(&*SRS, &altered.statement(histogram.commitment)), "row {row}");
            let verdict = altered.verify(histogram.commitment, &link);
            let falsely = matches!(verdict, Err(VerifyError::Proof { source: ProofError::False, .. }));
            assert!(falsely, "row {row}: {verdict:?}");
        }
    }
}
