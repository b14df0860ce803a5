//! The manifest: every element of a bundle's encoding in order, told from the format's description and the
//! constraint systems, never from the reader that it is used against.

use std::ops::Range;
use std::sync::LazyLock;

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::address::Address;
use fairshare_params::context::compute_context;
use fairshare_params::encoding::{POINT_BYTES, SCALAR_BYTES, decode_point};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::transcript::Reader;
use fairshare_verifier::link::Link;
use fairshare_verifier::{Bundle, ProofCheck, Subject, VerifyError};
use group::Curve;
use halo2_proofs::plonk::verify_proof;
use halo2_proofs::poly::VerificationStrategy;
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::AccumulatorStrategy;
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};

use super::claim::{PublicColumn, USABLE, column};
use super::fixture::{RECORD, RULES, SRS, VERIFIER};
use super::sequence::{Form, Recording, Step, elements, leading, steps};
use super::world::{Submission, WORLD};

/// The verifying keys, in the order of [`CircuitKind::all`].
pub static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    let kinds = CircuitKind::all(SRS.geometry());
    kinds.map(|statement| VerifyingKey::build(&SRS, statement).expect("a key")).collect()
});

/// Bytes of a word.
const WORD: usize = 32;

/// Columns of the compact geometry's largest segments (PROTOCOL section 2).
const LARGEST: usize = 16;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Role,
    Contributor,
    Count,
    Digest,
    Score,
    Point,
    Scalar,
}

/// Whose it is: this decides which check has to refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Read before any proof is looked at.
    Public,
    /// A commitment that a halo2 proof begins with and that the verifier uses by itself, and its index.
    Leading(Subject, usize),
    /// Of the rest of a halo2 proof: bytes to the bundle's reader, elements to the backend.
    Proof(Subject),
    /// Of the link.
    Link,
}

impl Part {
    /// The halo2 proof that it is in.
    pub fn of_proof(self) -> Option<Subject> {
        match self {
            Self::Leading(subject, _) | Self::Proof(subject) => Some(subject),
            Self::Public | Self::Link => None,
        }
    }
}

/// One element.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub kind: Kind,
    pub part: Part,
    pub range: Range<usize>,
}

/// The manifest of a bundle.
pub fn manifest(bundle: &Bundle) -> Vec<Element> {
    let mut walk = Walk(Vec::new());
    walk.word("role", Kind::Role);
    walk.word("contributor", Kind::Contributor);
    match bundle {
        Bundle::Data(bundle) => {
            walk.word("number of datasets", Kind::Count);
            (0..bundle.datasets.len()).for_each(|d| walk.word(&format!("digest {d}"), Kind::Digest));
            for (dataset, segments) in bundle.datasets.iter().map(|dataset| &dataset.segments).enumerate() {
                for (segment, proof) in segments.iter().enumerate() {
                    walk.proof(Subject::Histogram { dataset, segment }, histogram(proof));
                }
            }
            walk.word("score", Kind::Score);
            walk.proof(Subject::DataScore, CircuitKind::DataScore);
            walk.element("link commitment".into(), Kind::Point, Part::Link, POINT_BYTES);
            for row in 0..RESERVED_ROWS {
                walk.element(format!("link response {row}"), Kind::Scalar, Part::Link, SCALAR_BYTES);
            }
        }
        Bundle::Compute(_) => {
            walk.word("score", Kind::Score);
            walk.proof(Subject::ComputeScore, CircuitKind::ComputeScore);
        }
    }
    walk.0
}

struct Walk(Vec<Element>);

impl Walk {
    fn element(&mut self, name: String, kind: Kind, part: Part, bytes: usize) {
        let start = self.0.last().map_or(0, |element| element.range.end);
        self.0.push(Element { name, kind, part, range: start..start + bytes });
    }

    fn word(&mut self, name: &str, kind: Kind) {
        self.element(name.to_owned(), kind, Part::Public, WORD);
    }

    fn proof(&mut self, subject: Subject, statement: CircuitKind) {
        let key = key(statement);
        let leading = leading(key).len();
        for (index, (form, name)) in elements(key).into_iter().enumerate() {
            let kind = match form {
                Form::Point => Kind::Point,
                Form::Scalar => Kind::Scalar,
            };
            let part = if index < leading { Part::Leading(subject, index) } else { Part::Proof(subject) };
            self.element(format!("{subject} {name}"), kind, part, form.bytes());
        }
    }
}

/// The circuit of a bundle's proof of `subject`.
pub fn statement(bundle: &Bundle, subject: Subject) -> CircuitKind {
    match subject {
        Subject::Histogram { .. } => histogram(proof(bundle, subject)),
        Subject::DataScore => CircuitKind::DataScore,
        Subject::ComputeScore => CircuitKind::ComputeScore,
    }
}

/// The circuit of an honest histogram proof: no two widths have proofs of one length.
fn histogram(proof: &[u8]) -> CircuitKind {
    let of_this_length = |key: &&VerifyingKey| {
        matches!(key.id().kind, CircuitKind::Histogram(_)) && key.proof_bytes() == proof.len()
    };
    KEYS.iter().find(of_this_length).expect("a width").id().kind
}

/// Columns of a segment with this proof, and so points before the one of its histogram.
pub fn segment_columns(proof: &[u8]) -> usize {
    histogram(proof).leading_columns() - 1
}

pub fn key(statement: CircuitKind) -> &'static VerifyingKey {
    KEYS.iter().find(|key| key.id().kind == statement).expect("a circuit of the geometry")
}

/// The proof that a bundle carries for `subject`, to alter.
pub fn proof_mut(bundle: &mut Bundle, subject: Subject) -> &mut Vec<u8> {
    match (bundle, subject) {
        (Bundle::Data(bundle), Subject::Histogram { dataset, segment }) => {
            &mut bundle.datasets[dataset].segments[segment]
        }
        (Bundle::Data(bundle), _) => &mut bundle.proof,
        (Bundle::Compute(bundle), _) => &mut bundle.proof,
    }
}

/// The proof that a bundle carries for `subject`.
pub fn proof(bundle: &Bundle, subject: Subject) -> &[u8] {
    match (bundle, subject) {
        (Bundle::Data(bundle), Subject::Histogram { dataset, segment }) => {
            &bundle.datasets[dataset].segments[segment]
        }
        (Bundle::Data(bundle), _) => &bundle.proof,
        (Bundle::Compute(bundle), _) => &bundle.proof,
    }
}

/// The first `count` points of a proof.
pub fn points(proof: &[u8], count: usize) -> Vec<G1Affine> {
    proof.as_chunks::<POINT_BYTES>().0[..count]
        .iter()
        .map(|point| decode_point(point).expect("a point"))
        .collect()
}

/// The commitments to a segment's columns, as its histogram proof has them, and to its histogram.
pub fn segment_points(proof: &[u8]) -> (Vec<G1Affine>, G1Affine) {
    let mut points = points(proof, segment_columns(proof) + 1);
    let histogram = points.pop().expect("a histogram");
    (points, histogram)
}

/// What a proof has to be about, from public data only.
#[derive(Clone, Debug)]
pub struct Obligation {
    pub subject: Subject,
    pub statement: CircuitKind,
    pub instance: Vec<Fr>,
    /// The commitments to its public columns.
    pub public: Vec<G1Affine>,
    /// The commitment that its first column is linked to.
    pub merged: Option<G1Affine>,
}

impl Obligation {
    /// The verdict on a bundle's proof by itself, with its link.
    pub fn check(&self, bundle: &Bundle) -> Result<(), VerifyError> {
        let link: Option<&Link> = match bundle {
            Bundle::Data(bundle) => Some(&bundle.link),
            Bundle::Compute(_) => None,
        };
        let check = ProofCheck {
            subject: self.subject,
            key: key(self.statement),
            instance: self.instance.clone(),
            public: self.public.clone(),
            linked: link.zip(self.merged),
            proof: proof(bundle, self.subject),
        };
        check.run(&*SRS)
    }
}

/// The commitments to the public columns of a node's score: its units and the totals, from the record.
pub fn on_record(node: &Address) -> [G1Affine; 2] {
    let units = RECORD.of(node).expect("a node");
    [units, RECORD.totals()].map(|values| PublicColumn::new(column(values)).commitment())
}

/// What the proof of `subject` has to be about.
pub fn obligation(submission: &Submission, subject: Subject) -> Obligation {
    let records = |dataset: usize| submission.registrations[dataset].records();
    let statement = statement(&submission.bundle, subject);
    match (&submission.bundle, subject) {
        (Bundle::Data(_), Subject::Histogram { dataset, segment }) => {
            // Segments before it are of the largest width.
            let [cells, before] =
                [statement.leading_columns() - 1, segment * LARGEST].map(|columns| columns * USABLE);
            let symbols = records(dataset) as usize * RULES.schema().len();
            let padding = cells.saturating_sub(symbols - before);
            let instance = vec![Fr::from(padding as u64)];
            Obligation { subject, statement, instance, public: Vec::new(), merged: None }
        }
        (Bundle::Data(bundle), _) => {
            let proofs = bundle.datasets.iter().flat_map(|dataset| &dataset.segments);
            let merged: G1 = proofs.fold(G1::default(), |sum, proof| sum + segment_points(proof).1);
            let records: u32 = (0..bundle.datasets.len()).map(records).sum();
            let context = VERIFIER.data_context(&bundle.contributor, &submission.registrations);
            let (context, records) = (context.expect("a context").limbs(), records.try_into());
            let instance = VERIFIER.data_instance(context, records.expect("records"), bundle.score);
            Obligation {
                subject,
                statement,
                instance: instance.to_rows().to_vec(),
                public: VERIFIER.reference_commitments().to_vec(),
                merged: Some(merged.to_affine()),
            }
        }
        (Bundle::Compute(bundle), _) => {
            let public = on_record(&bundle.contributor);
            let context = compute_context(&VERIFIER.rules_hash(), &public[1], &bundle.contributor);
            let instance = VERIFIER.compute_instance(context.limbs(), bundle.score);
            Obligation {
                subject,
                statement,
                instance: instance.to_rows().to_vec(),
                public: public.to_vec(),
                merged: None,
            }
        }
    }
}

/// The subjects of a bundle's proofs, in order.
pub fn subjects(bundle: &Bundle) -> Vec<Subject> {
    let mut subjects: Vec<_> =
        manifest(bundle).into_iter().filter_map(|element| element.part.of_proof()).collect();
    subjects.dedup();
    subjects
}

/// What the backend reads when it verifies a proof of the submission.
pub fn recorded(submission: &Submission, subject: Subject) -> Vec<(Step, Vec<u8>)> {
    let Obligation { instance, .. } = obligation(submission, subject);
    let key = key(statement(&submission.bundle, subject));
    let mut transcript = Recording::new(Reader::under(&key.digest(), proof(&submission.bundle, subject)));
    let accumulator = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        SRS.params(),
        key.key(),
        AccumulatorStrategy::new(SRS.params()),
        &[&[&instance]],
        &mut transcript,
    )
    .expect("a proof");
    let finalize = VerificationStrategy::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>>::finalize;
    assert!(finalize(accumulator), "{subject}");
    assert_eq!(transcript.inner.remaining(), 0);
    transcript.steps
}

/// The spans tile the bytes: nothing is between two elements, before the first or after the last, and what
/// the backend reads of a proof are the manifest's elements, byte for byte.
#[test]
fn the_manifest_is_complete() {
    for submission in WORLD.all() {
        let (bytes, manifest) = (submission.bundle.to_bytes(), manifest(&submission.bundle));
        let mut end = 0;
        for element in &manifest {
            assert_eq!(element.range.start, end, "{}", element.name);
            assert!(!element.range.is_empty(), "{}", element.name);
            end = element.range.end;
        }
        assert_eq!(end, bytes.len());
        for subject in subjects(&submission.bundle) {
            let own = manifest.iter().filter(|element| element.part.of_proof() == Some(subject));
            let own: Vec<_> = own.map(|element| bytes[element.range.clone()].to_vec()).collect();
            let sent = recorded(submission, subject);
            let sent = sent.into_iter().filter(|(step, _)| matches!(step, Step::Sent(_)));
            assert_eq!(own, sent.map(|(_, bytes)| bytes).collect::<Vec<_>>(), "{subject}");
        }
    }
}

/// The counts are those of the constraint system, and the key's own sum of them.
#[test]
fn a_proof_has_as_many_elements_as_its_constraint_system_asks_for() {
    for key in KEYS.iter() {
        let cs = key.key().cs();
        let elements = elements(key);
        let points = elements.iter().filter(|(form, _)| *form == Form::Point).count();
        let bytes: usize = elements.iter().map(|(form, _)| form.bytes()).sum();
        assert_eq!(bytes, key.proof_bytes());
        let steps = steps(key);
        let common = steps.iter().filter(|(step, _)| matches!(step, Step::Common(_))).count();
        assert_eq!(common, 1 + key.id().kind.instance_rows());
        let challenges = steps.iter().filter(|(step, _)| *step == Step::Challenge).count();
        // Five of the argument, three of the opening, and the circuit's own.
        assert_eq!(challenges, cs.num_challenges() + 5 + 3);
        println!("{}: {points} points, {} scalars, {bytes} bytes", key.id(), elements.len() - points);
    }
}

/// The points that the verifier uses by themselves are as many as the key says, and come before all others.
#[test]
fn a_proof_begins_with_what_the_verifier_uses_by_itself() {
    for key in KEYS.iter() {
        let (leading, id) = (leading(key), key.id());
        assert_eq!(leading.len(), id.kind.leading_columns());
        let public = leading.iter().rev().take_while(|name| name.ends_with("public")).count();
        assert_eq!(public, id.kind.public_columns());
        for (name, (form, element)) in leading.iter().zip(elements(key)) {
            assert!(form == Form::Point && element.ends_with(&format!("(phase 0, {name})")), "{element}");
        }
    }
}

#[test]
fn what_a_proof_is_about_is_public() {
    for submission in WORLD.all() {
        for subject in subjects(&submission.bundle) {
            obligation(submission, subject).check(&submission.bundle).expect("true");
        }
    }
}
