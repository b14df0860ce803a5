//! Padding is counted and public: the records that a registration names leave each segment a number of cells
//! of padding, and a histogram proof of another number is refused. Otherwise a dataset of padding could be
//! registered early under a great number of records, the data late under a small one, and their sum would be
//! scored as if all of it had come early.

use std::sync::LazyLock;

use fairshare_params::Width;
use fairshare_params::registration::Registration;
use fairshare_verifier::{Bundle, ProofError, Subject, VerifyError};

use super::claim::{Claim, GEOMETRY, Segment, equal_records};
use super::fixture::{RULES, VERIFIER, contributor};
use super::world::WORLD;

/// Records of the data.
const RECORDS: u32 = 2_000;

/// Of a segment that they fit.
const WIDTH: Width = Width::FOUR;

/// Its cells.
const CELLS: u64 = GEOMETRY.segment(WIDTH).symbols() as u64;

/// A segment of nothing but padding, and one of the data.
static SEGMENTS: LazyLock<[Segment; 2]> =
    LazyLock::new(|| [Segment::new(&[], 0), Segment::new(&equal_records(RECORDS as usize), 1)]);

fn verify(claim: &Claim) -> (Bundle, Vec<Registration>, Result<u64, VerifyError>) {
    let (bundle, registrations) = (claim.prove(&VERIFIER), claim.registrations());
    let verdict = VERIFIER.verify(&bundle, &registrations).map(|score| score.value());
    (bundle, registrations, verdict)
}

/// A claim of one segment a dataset, registered as so many records each.
fn claim(datasets: &[(u32, &Segment)]) -> Claim {
    let datasets = datasets.iter().map(|(records, segment)| (*records, vec![(*segment).clone()]));
    Claim { contributor: contributor(), datasets: datasets.collect() }
}

/// Whether a dataset's first histogram proof is refused, as one of another statement.
fn of_another_padding(verdict: &Result<u64, VerifyError>, expected: usize) -> bool {
    let Err(VerifyError::Proof { subject, source: ProofError::False }) = verdict else { return false };
    *subject == Subject::Histogram { dataset: expected, segment: 0 }
}

/// Cells that so many records leave of a segment.
fn left_by(records: u32) -> u64 {
    CELLS - u64::from(records) * RULES.schema().len() as u64
}

/// Everything of the attack is true but the padding: histograms, score, link, and the sum of the records.
#[test]
fn padding_registered_as_records_is_refused() {
    let [padding, data] = &*SEGMENTS;
    let true_claim = claim(&[(RECORDS, data)]);
    let (beside, its_own, honest) = verify(&true_claim);
    let honest = honest.expect("what is registered is what is there");
    for datasets in [
        [(RECORDS - 1, padding), (1, data)],
        [(1, data), (RECORDS - 1, padding)],
        // The data under its own number, but for one record.
        [(RECORDS - 1, data), (1, padding)],
    ] {
        // Proofs of the padding that there is, and proofs that say what the verifier will ask them for.
        let says = datasets.map(|(records, segment)| (records, segment.claiming(left_by(records))));
        for attack in
            [claim(&datasets), claim(&says.each_ref().map(|(records, segment)| (*records, segment)))]
        {
            assert_eq!(attack.records().get(), RECORDS);
            let (bundle, registrations, verdict) = verify(&attack);
            assert!(of_another_padding(&verdict, 0), "{verdict:?}");
            assert_eq!(bundle.claimed_score(), honest, "it is the score of the data, from all its records");

            // Beside a bundle that is accepted.
            let verdicts = VERIFIER.verify_batch(&[(&bundle, &registrations), (&beside, &its_own)]);
            let [attack, beside] = verdicts.as_slice() else { panic!("two verdicts") };
            assert!(attack.is_err() && beside.is_ok(), "{verdicts:?}");
        }
    }
}

/// One lie is enough to be refused: the second dataset's, beside one that is true.
#[test]
fn each_dataset_is_asked_for_its_own_padding() {
    let [_, data] = &*SEGMENTS;
    let true_one = Segment::new(&equal_records(RECORDS as usize), 2);
    for second in [data, &data.claiming(left_by(RECORDS - 1))] {
        let (_, _, verdict) = verify(&claim(&[(RECORDS, &true_one), (RECORDS - 1, second)]));
        assert!(of_another_padding(&verdict, 1), "{verdict:?}");
    }
}

/// Of the attack's histograms each is refused, and would be accepted under the padding that it has; and one
/// that says another padding than it has is accepted under none.
#[test]
fn a_histogram_proof_is_of_one_number_of_padding_cells() {
    for (segment, symbols) in SEGMENTS.iter().zip([0, u64::from(RECORDS) * RULES.schema().len() as u64]) {
        let own = segment.padding;
        assert_eq!(own, CELLS - symbols);
        for padding in [left_by(1), left_by(RECORDS - 1), 0, own - 1, own, own + 1, CELLS, u64::MAX] {
            let (is_true, claiming) = (padding == own, segment.claiming(padding));
            for proof in [&segment.proof, &claiming.proof] {
                let verdict = VERIFIER.verify_segment(WIDTH, padding, proof);
                let falsely = matches!(verdict, Err(VerifyError::Proof { source: ProofError::False, .. }));
                assert!(if is_true { verdict.is_ok() } else { falsely }, "{padding}: {verdict:?}");
            }
            assert_eq!(VERIFIER.verify_segment(WIDTH, own, &claiming.proof).is_ok(), is_true);
        }
    }
}

/// How a dataset is cut follows from its records. Otherwise its histograms, true as they are, could be
/// registered in more segments or wider ones than it needs, which a bundle's length does not tell.
#[test]
fn a_dataset_is_cut_as_its_records_say() {
    let wide = Segment::of(GEOMETRY.largest_segment(), &equal_records(RECORDS as usize), 4);
    let (_, _, verdict) = verify(&claim(&[(RECORDS, &wide)]));
    let refused = matches!(verdict, Err(VerifyError::Proof { source: ProofError::Length { .. }, .. }));
    assert!(refused, "{verdict:?}");

    // Full segments of the least width, in place of one of the next.
    let full = CELLS as usize / RULES.schema().len();
    let segments = [5, 6].map(|number| Segment::new(&equal_records(full), number)).to_vec();
    let datasets = vec![(2 * full as u32, segments)];
    let claim = Claim { contributor: contributor(), datasets };
    // It is refused before its score's proof and link are looked at.
    let bundle = claim.bundle(0, Vec::new(), WORLD.small.data().link);
    let verdict = VERIFIER.verify(&bundle, &claim.registrations());
    let refused = matches!(verdict, Err(VerifyError::Segments { dataset: 0, found: 2, needed: 1 }));
    assert!(refused, "{verdict:?}");
}

/// More or fewer records than a dataset's last segment holds, registered with a digest that fits; and padding
/// in a segment before the last.
#[test]
fn a_registration_of_other_records_than_were_committed_to_is_refused() {
    let [_, data] = &*SEGMENTS;
    for records in [RECORDS - 1, RECORDS + 1] {
        for segment in [data, &data.claiming(left_by(records))] {
            // The true score, of the records that are there: it is never come to.
            let (_, _, verdict) = verify(&claim(&[(records, segment)]));
            assert!(of_another_padding(&verdict, 0), "{verdict:?}");
        }
    }
    // A first segment of padding, of the width that the first of two has.
    let largest = GEOMETRY.largest_segment();
    let capacity = (largest.symbols() / RULES.schema().len()) as u32;
    let padding = Segment::of(largest, &[], 3);
    for first in [&padding, &padding.claiming(0)] {
        let datasets = vec![(capacity + RECORDS, vec![first.clone(), data.clone()])];
        let (_, _, verdict) = verify(&Claim { contributor: contributor(), datasets });
        assert!(of_another_padding(&verdict, 0), "{verdict:?}");
    }
}
