//! The manifest: every element of a bundle's encoding in order, told from the format's description and the
//! constraint systems, never from the reader that it is used against.

use std::ops::Range;
use std::sync::LazyLock;

use fairshare_params::context::context;
use fairshare_params::digest::histogram_statement;
use fairshare_params::encoding::{POINT_BYTES, SCALAR_BYTES};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::registration::Contribution;
use fairshare_params::transcript::Reader;
use fairshare_verifier::bundle::LinkedProof;
use fairshare_verifier::{Bundle, Subject, verify_linked};
use group::Curve;
use halo2_proofs::plonk::verify_proof;
use halo2_proofs::poly::VerificationStrategy;
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::AccumulatorStrategy;
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};

use super::fixture::{RULES, SRS, VERIFIER};
use super::sequence::{Form, Recording, Step, elements, steps};
use super::world::{Submission, WORLD};

/// The verifying keys, in the order of [`CircuitKind::ALL`].
pub static KEYS: LazyLock<[VerifyingKey; 3]> =
    LazyLock::new(|| CircuitKind::ALL.map(|statement| VerifyingKey::build(&SRS, statement).expect("a key")));

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Magic,
    Version,
    Role,
    Geometry,
    Contributor,
    Count,
    Length,
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
    /// Of a halo2 proof: bytes to the bundle's reader, elements to the backend.
    Proof(Subject),
    /// Of a link.
    Link(Subject),
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
    for (kind, bytes) in
        [(Kind::Magic, 8), (Kind::Version, 2), (Kind::Role, 1), (Kind::Geometry, 1), (Kind::Contributor, 20)]
    {
        walk.public(format!("{kind:?}"), kind, bytes);
    }
    match bundle {
        Bundle::Data(bundle) => {
            walk.public("datasets".into(), Kind::Count, 4);
            for (d, dataset) in bundle.datasets.iter().enumerate() {
                walk.public(format!("dataset {d} digest"), Kind::Digest, 32);
                walk.public(format!("dataset {d} segments"), Kind::Count, 4);
                for (s, segment) in dataset.segments.iter().enumerate() {
                    let name = format!("segment {d}.{s}");
                    for column in 0..bundle.geometry.data_columns() {
                        walk.public(format!("{name} column {column}"), Kind::Point, POINT_BYTES);
                    }
                    walk.public(format!("{name} histogram"), Kind::Point, POINT_BYTES);
                    walk.linked_proof(Subject::Histogram { dataset: d, segment: s }, &segment.proof);
                }
            }
            walk.public("score".into(), Kind::Score, 8);
            walk.linked_proof(Subject::DataScore, &bundle.proof);
        }
        Bundle::Compute(bundle) => {
            walk.public("digest".into(), Kind::Digest, 32);
            walk.public("score".into(), Kind::Score, 8);
            walk.linked_proof(Subject::ComputeScore, &bundle.proof);
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

    fn public(&mut self, name: String, kind: Kind, bytes: usize) {
        self.element(name, kind, Part::Public, bytes);
    }

    fn linked_proof(&mut self, subject: Subject, linked: &LinkedProof) {
        self.public(format!("{subject} length"), Kind::Length, 4);
        for (form, name) in elements(key(statement(subject))) {
            let kind = match form {
                Form::Point => Kind::Point,
                Form::Scalar => Kind::Scalar,
            };
            self.element(format!("{subject} {name}"), kind, Part::Proof(subject), form.bytes());
        }
        self.element(format!("{subject} link commitment"), Kind::Point, Part::Link(subject), POINT_BYTES);
        for row in 0..linked.link.responses.len() {
            let name = format!("{subject} link response {row}");
            self.element(name, Kind::Scalar, Part::Link(subject), SCALAR_BYTES);
        }
    }
}

pub fn statement(subject: Subject) -> CircuitKind {
    match subject {
        Subject::Histogram { .. } => CircuitKind::Histogram,
        Subject::DataScore => CircuitKind::DataScore,
        Subject::ComputeScore => CircuitKind::ComputeScore,
    }
}

pub fn key(statement: CircuitKind) -> &'static VerifyingKey {
    &KEYS[statement as usize]
}

/// The linked proof that a bundle carries for `subject`.
pub fn linked_proof(bundle: &mut Bundle, subject: Subject) -> &mut LinkedProof {
    match (bundle, subject) {
        (Bundle::Data(bundle), Subject::Histogram { dataset, segment }) => {
            &mut bundle.datasets[dataset].segments[segment].proof
        }
        (Bundle::Data(bundle), _) => &mut bundle.proof,
        (Bundle::Compute(bundle), _) => &mut bundle.proof,
    }
}

/// What a proof has to be about, from public data only: its instance and registered commitments.
pub fn obligation(submission: &Submission, subject: Subject) -> (Vec<Fr>, Vec<G1Affine>) {
    let context = || {
        let (contributor, role) = (submission.bundle.contributor(), submission.bundle.role());
        let totals = VERIFIER.totals_commitment();
        context(&RULES, &totals, &contributor, role, &submission.registrations).expect("a context").limbs()
    };
    match (&submission.bundle, subject) {
        (Bundle::Data(bundle), Subject::Histogram { dataset, segment }) => {
            let segment = &bundle.datasets[dataset].segments[segment];
            let hash = histogram_statement(&bundle.geometry, &segment.columns, &segment.histogram);
            let registered = segment.columns.iter().chain([&segment.histogram]).copied().collect();
            (hash.limbs().to_vec(), registered)
        }
        (Bundle::Data(bundle), _) => {
            let parts = bundle.datasets.iter().flat_map(|dataset| &dataset.segments);
            let merged: G1 = parts.fold(G1::default(), |sum, segment| sum + segment.histogram);
            let records =
                submission.registrations.iter().map(|registration| match registration.contribution() {
                    Contribution::Data { records, .. } => *records,
                    Contribution::Compute { .. } => panic!("data"),
                });
            let records = records.sum::<u32>().try_into().expect("records");
            let [ln, boundary] = VERIFIER.reference_commitments();
            let instance = VERIFIER.data_instance(context(), records, bundle.score);
            (instance.to_rows().to_vec(), vec![merged.to_affine(), ln, boundary])
        }
        (Bundle::Compute(bundle), _) => {
            let Contribution::Compute { commitment, .. } = submission.registrations[0].contribution() else {
                panic!("compute")
            };
            let instance = VERIFIER.compute_instance(context(), bundle.score);
            (instance.to_rows().to_vec(), vec![*commitment, VERIFIER.totals_commitment()])
        }
    }
}

/// The subjects of a bundle's proofs, in order.
pub fn subjects(bundle: &Bundle) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for element in manifest(bundle) {
        if let Part::Proof(subject) = element.part
            && subjects.last() != Some(&subject)
        {
            subjects.push(subject);
        }
    }
    subjects
}

/// What the backend reads when it verifies a proof of the submission.
pub fn recorded(submission: &Submission, subject: Subject) -> Vec<(Step, Vec<u8>)> {
    let (instance, _) = obligation(submission, subject);
    let mut bundle = submission.bundle.clone();
    let proof = &linked_proof(&mut bundle, subject).proof;
    let mut transcript = Recording::new(Reader::new(proof));
    let accumulator = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        SRS.params(),
        key(statement(subject)).key(),
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
        let (bytes, manifest) =
            (submission.bundle.to_bytes().expect("an encoding"), manifest(&submission.bundle));
        let mut end = 0;
        for element in &manifest {
            assert_eq!(element.range.start, end, "{}", element.name);
            assert!(!element.range.is_empty(), "{}", element.name);
            end = element.range.end;
        }
        assert_eq!(end, bytes.len());
        for subject in subjects(&submission.bundle) {
            let own = manifest.iter().filter(|element| element.part == Part::Proof(subject));
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

#[test]
fn what_a_proof_is_about_is_public() {
    for submission in WORLD.all() {
        for subject in subjects(&submission.bundle) {
            let (instance, registered) = obligation(submission, subject);
            let mut bundle = submission.bundle.clone();
            let linked = linked_proof(&mut bundle, subject);
            verify_linked(&SRS, key(statement(subject)), &instance, &registered, linked).expect("true");
        }
    }
}
