//! Every element of a bundle altered in every way that applies to it: each single change is refused, and by
//! whom it should be.
//!
//! **Which path.** [`Verifier::verify`](fairshare_verifier::Verifier::verify) reads public fields,
//! registrations, units and the commitments that histogram proofs begin with, derives from them what each
//! proof must be about, and then checks each proof by itself, a data score's with its link; what it derives
//! depends on no other byte of a proof or of the link. So where a change leaves all these as they were —
//! asserted on the bundle as read, not supposed — the verdict on the bundle is the verdict on the one proof
//! that was changed, under an instance and commitments recomputed from public data: `ProofCheck::run`, which
//! is the very function that the verifier falls back to for naming a bad proof. What is skipped is the
//! verdict on the bundle's other proofs, unchanged and true, and the accumulation of all into one pairing
//! check. Every other change, and a spread of these, goes the whole way; both ways must then give one answer.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Mutex;

use fairshare_params::address::ADDRESS_BYTES;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::{POINT_BYTES, SCALAR_BYTES};
use fairshare_verifier::{Bundle, BundleError, NoUnits, ProofError, Subject, VerifyError};
use halo2_proofs::plonk;
use halo2curves::bn256::{Fr, G1Affine};
use rayon::prelude::*;

use super::alter::{self, Class};
use super::fixture::{VERIFIER, stranger};
use super::manifest::{
    Element, Kind, Obligation, Part, manifest, obligation, proof, proof_mut, segment_columns, subjects,
};
use super::world::{Refusal, Submission, WORLD};

/// One change in this many takes the whole way besides the short one.
const SPREAD: usize = 40;

/// A contributor's change into the fixture's other one.
const THE_STRANGER: &str = "the stranger";

/// The bundles whose elements are altered: one of each role, the first with two segments and two datasets.
fn submissions() -> [&'static Submission; 2] {
    [&WORLD.data, &WORLD.compute]
}

/// One change of an encoding that leaves its length as it is.
struct Change<'a> {
    name: &'static str,
    class: Class,
    /// What is altered; of two, in order.
    elements: Vec<&'a Element>,
    /// What takes their places.
    bytes: Vec<Vec<u8>>,
}

impl Change<'_> {
    fn apply(&self, honest: &[u8]) -> Vec<u8> {
        let mut bytes = honest.to_vec();
        for (element, new) in self.elements.iter().zip(&self.bytes) {
            bytes[element.range.clone()].copy_from_slice(new);
        }
        bytes
    }

    /// The proof that is altered, if nothing is that the verifier reads before it; of two, the first, which
    /// is refused whatever the second is.
    fn subject(&self) -> Option<Subject> {
        let subject = |element: &&Element| match element.part {
            Part::Public | Part::Leading(Subject::Histogram { .. }, _) => None,
            Part::Leading(subject, _) | Part::Proof(subject) => Some(subject),
            Part::Link => Some(Subject::DataScore),
        };
        self.elements.iter().map(subject).reduce(|first, second| second.and(first)).flatten()
    }

    /// Whether the first that is altered is the commitment to a segment's histogram.
    fn is_of_histogram(&self) -> bool {
        self.elements[0].name.ends_with(", H)")
    }
}

/// The changes of one element by itself.
fn alone<'a>(element: &'a Element, honest: &[u8]) -> Vec<Change<'a>> {
    let word = &honest[element.range.clone()];
    let mut altered = match element.kind {
        Kind::Point => alter::point(word),
        Kind::Scalar => alter::scalar(word),
        Kind::Count | Kind::Score => alter::narrow(word, size_of::<u64>()),
        Kind::Role => {
            let (high, _) = word.split_at(word.len() - 1);
            let others = (0..=u8::MAX).map(|role| ("another", [high, &[role]].concat(), Class::Value));
            others.chain(alter::word(word)).collect()
        }
        Kind::Contributor => {
            let stranger = [&[0; 12], stranger().0.as_slice()].concat();
            [alter::narrow(word, ADDRESS_BYTES), vec![(THE_STRANGER, stranger, Class::Value)]].concat()
        }
        Kind::Digest => alter::word(word),
    };
    altered.retain(|(_, bytes, _)| bytes != word);
    altered
        .into_iter()
        .map(|(name, bytes, class)| Change { name, class, elements: vec![element], bytes: vec![bytes] })
        .collect()
}

/// The exchange of every element with the next of its kind, unless they are equal.
fn exchanges<'a>(manifest: &'a [Element], honest: &[u8]) -> Vec<Change<'a>> {
    let neighbour = |at: usize| manifest[at + 1..].iter().find(|other| other.kind == manifest[at].kind);
    let pairs = (0..manifest.len()).filter_map(|at| Some((&manifest[at], neighbour(at)?)));
    pairs
        .map(|(first, second)| (first, second, &honest[first.range.clone()], &honest[second.range.clone()]))
        .filter(|(_, _, left, right)| left != right)
        .map(|(first, second, left, right)| Change {
            name: "exchanged with its neighbour",
            class: Class::Value,
            elements: vec![first, second],
            bytes: vec![right.to_vec(), left.to_vec()],
        })
        .collect()
}

/// What judging a submission's changes takes, made once.
struct Judge<'a> {
    submission: &'a Submission,
    /// What the verifier reads of the bundle before any proof.
    blank: Bundle,
    subjects: Vec<Subject>,
    obligations: Vec<Obligation>,
}

impl<'a> Judge<'a> {
    fn new(submission: &'a Submission) -> Self {
        let subjects = subjects(&submission.bundle);
        let obligations = subjects.iter().map(|subject| obligation(submission, *subject)).collect();
        Self { submission, blank: blank(submission.bundle.clone(), &subjects), subjects, obligations }
    }

    /// The refusal of a change; one in [`SPREAD`] by both ways.
    fn refusal(&self, change: &Change<'_>, bytes: &[u8], index: usize) -> Refusal {
        let bundle = match VERIFIER.read(bytes, &self.submission.registrations) {
            Ok(bundle) => bundle,
            Err(error) => return Refusal::Read(error),
        };
        assert_ne!(bundle, self.submission.bundle, "{}: read as if nothing were altered", change.name);
        let Some(subject) = change.subject() else { return Refusal::Verify(self.whole(&bundle)) };
        let whole = index.is_multiple_of(SPREAD).then(|| self.whole(&bundle));
        let error = self.short(bundle, subject);
        if let Some(whole) = whole {
            assert!(same(&error, &whole), "{error:?} by itself, {whole:?} in its bundle");
        }
        Refusal::Verify(error)
    }

    fn whole(&self, bundle: &Bundle) -> VerifyError {
        VERIFIER.verify(bundle, &self.submission.registrations).expect_err("accepted")
    }

    /// The verdict on the one proof that was changed; see the module.
    fn short(&self, changed: Bundle, subject: Subject) -> VerifyError {
        let at = self.subjects.iter().position(|other| *other == subject).expect("a subject");
        let error = self.obligations[at].check(&changed).expect_err("accepted");
        assert!(blank(changed, &self.subjects) == self.blank, "more than a proof was changed");
        error
    }
}

/// A bundle of which only is left what the verifier reads before any proof.
fn blank(mut bundle: Bundle, subjects: &[Subject]) -> Bundle {
    for subject in subjects {
        let proof = proof_mut(&mut bundle, *subject);
        let kept = match subject {
            Subject::Histogram { .. } => (segment_columns(proof) + 1) * POINT_BYTES,
            Subject::DataScore | Subject::ComputeScore => 0,
        };
        proof.truncate(kept);
    }
    if let Bundle::Data(bundle) = &mut bundle {
        bundle.link.responses = Default::default();
        bundle.link.commitment = Default::default();
    }
    bundle
}

/// Whether two refusals are of one proof and for one reason.
fn same(alone: &VerifyError, whole: &VerifyError) -> bool {
    match (alone, whole) {
        (
            VerifyError::Proof { subject: one, source: for_one },
            VerifyError::Proof { subject: other, source: for_other },
        ) => one == other && discriminant(for_one) == discriminant(for_other),
        (VerifyError::Link { subject: one }, VerifyError::Link { subject: other }) => one == other,
        _ => false,
    }
}

/// Whether a refusal is by whoever should refuse this.
fn expected(change: &Change<'_>, refusal: &Refusal) -> bool {
    let first = change.elements[0];
    match refusal {
        Refusal::Read(error) => expected_of_reading(change, first, error),
        Refusal::Verify(error) => match first.part {
            Part::Public => expected_of_a_field(change, first, error),
            Part::Leading(subject, index) => expected_of_a_leading_point(change, subject, index, error),
            Part::Proof(subject) => expected_of_a_proof(change, subject, error),
            Part::Link => {
                let by_link = matches!(error, VerifyError::Link { subject: Subject::DataScore });
                change.class == Class::Value && by_link
            }
        },
    }
}

/// What is no encoding outside a proof, and what names other registrations.
fn expected_of_reading(change: &Change<'_>, first: &Element, error: &VerifyError) -> bool {
    use BundleError::{NoDatasets, NotCanonical, Role, Truncated};
    use VerifyError::{Registrations, Unregistered};
    match (first.kind, change.class, error) {
        (Kind::Role, _, VerifyError::Bundle(Role)) => true,
        // A compute bundle read as one of data has a great score for its number of datasets, and a data
        // bundle read as one of compute has two registrations too many.
        (Kind::Role, _, VerifyError::Bundle(Truncated { .. }) | Registrations { .. }) => {
            let role = &change.bytes[0];
            role[..31].iter().all(|byte| *byte == 0) && [1, 2].contains(&role[31])
        }
        (Kind::Count, Class::Value, VerifyError::Bundle(NoDatasets | Truncated { .. })) => true,
        (Kind::Count, Class::Value, Registrations { .. }) => true,
        (Kind::Digest, Class::Value, Unregistered { .. }) => change.elements.len() == 1,
        (_, Class::Encoding, VerifyError::Bundle(NotCanonical { offset, .. })) => {
            first.part.of_proof().is_none() && *offset == first.range.start
        }
        _ => false,
    }
}

fn expected_of_a_field(change: &Change<'_>, first: &Element, error: &VerifyError) -> bool {
    match (first.kind, change.class, error) {
        (
            Kind::Contributor,
            Class::Value,
            VerifyError::Context(ContextError::Contributor { index: 0, .. }),
        ) => true,
        // Of the nodes on record there is one other, with other units.
        (Kind::Contributor, Class::Value, VerifyError::Units(NoUnits::Node { .. })) => {
            change.name != THE_STRANGER
        }
        (Kind::Contributor, Class::Value, VerifyError::Proof { subject: Subject::ComputeScore, source }) => {
            change.name == THE_STRANGER && matches!(source, ProofError::PublicColumn { column: 0 })
        }
        (Kind::Digest, Class::Value, VerifyError::Digest { dataset: 0, .. }) => change.elements.len() == 2,
        (Kind::Score, Class::Value, VerifyError::Proof { subject, source: ProofError::False }) => {
            !matches!(subject, Subject::Histogram { .. })
        }
        _ => false,
    }
}

/// Registered columns are refused by the digest, public ones by comparison; a histogram commitment and the
/// linked column by their proof.
fn expected_of_a_leading_point(
    change: &Change<'_>,
    subject: Subject,
    index: usize,
    error: &VerifyError,
) -> bool {
    let (found, source) = match (subject, error) {
        (Subject::Histogram { dataset, .. }, VerifyError::Digest { dataset: found, .. }) => {
            return change.class == Class::Value && !change.is_of_histogram() && *found == dataset;
        }
        (_, VerifyError::Proof { subject, source }) => (*subject, source),
        _ => return false,
    };
    let by_its_proof = match (change.class, source) {
        (Class::Encoding, ProofError::Point { index: found }) => *found == index,
        (Class::Value, ProofError::PublicColumn { column }) => match subject {
            Subject::Histogram { .. } => false,
            // The linked column, exchanged with the first public one.
            Subject::DataScore if index == 0 => change.elements.len() == 2 && *column == 1,
            Subject::DataScore | Subject::ComputeScore => *column == index,
        },
        (Class::Value, ProofError::False) => match subject {
            Subject::Histogram { .. } => change.is_of_histogram(),
            Subject::DataScore => index == 0 && change.elements.len() == 1,
            Subject::ComputeScore => false,
        },
        _ => false,
    };
    found == subject && by_its_proof
}

fn expected_of_a_proof(change: &Change<'_>, subject: Subject, error: &VerifyError) -> bool {
    let undecodable = |error: &_| matches!(error, plonk::Error::Transcript(_) | plonk::Error::Opening);
    match (change.class, error) {
        (Class::Encoding, VerifyError::Proof { subject: found, source: ProofError::Backend(error) }) => {
            *found == subject && undecodable(error)
        }
        (Class::Value, VerifyError::Proof { subject: found, source: ProofError::False }) => *found == subject,
        // The last point of a segment's proof, exchanged with the next segment's first column.
        (Class::Value, VerifyError::Digest { .. }) => {
            change.elements.last().is_some_and(|last| matches!(last.part, Part::Leading(_, 0)))
        }
        _ => false,
    }
}

/// How many changes of each kind were refused.
#[derive(Default)]
struct Tally(Mutex<BTreeMap<String, usize>>);

impl Tally {
    fn count(&self, what: String) {
        *self.0.lock().expect("no panic").entry(what).or_default() += 1;
    }

    fn total(&self) -> usize {
        self.0.lock().expect("no panic").values().sum()
    }

    fn print(&self) {
        for (what, count) in self.0.lock().expect("no panic").iter() {
            println!("{count:6} {what}");
        }
        println!("{:6} in all", self.total());
    }
}

#[test]
fn every_change_of_every_element_is_refused() {
    let tally = Tally::default();
    for submission in submissions() {
        let (judge, honest, manifest) =
            (Judge::new(submission), submission.bundle.to_bytes(), manifest(&submission.bundle));
        let mut changes: Vec<_> = manifest.iter().flat_map(|element| alone(element, &honest)).collect();
        changes.extend(exchanges(&manifest, &honest));
        changes.par_iter().enumerate().for_each(|(index, change)| {
            let refusal = judge.refusal(change, &change.apply(&honest), index);
            let element = change.elements[0];
            assert!(expected(change, &refusal), "{}, {}: {refusal:?}", element.name, change.name);
            let by = if matches!(refusal, Refusal::Read(_)) { "reading" } else { "verifying" };
            tally.count(format!("{:?} of {}: by {by}", element.kind, whose(element)));
        });
        // Ten ways at least of each element, but those of one or two bytes.
        assert!(changes.len() > 10 * manifest.len());
        println!("{} elements of {} bytes", manifest.len(), honest.len());
    }
    tally.print();
}

fn whose(element: &Element) -> &'static str {
    match element.part {
        Part::Public => "the public fields",
        Part::Leading(..) => "those that a proof begins with",
        Part::Proof(_) => "the rest of a proof",
        Part::Link => "the link",
    }
}

/// Cut off before and within each element.
#[test]
fn truncated_at_every_border() {
    let mut cuts = 0;
    for submission in submissions() {
        let bytes = submission.bundle.to_bytes();
        let manifest = manifest(&submission.bundle);
        let is_header =
            |element: &Element| !matches!(element.kind, Kind::Score) && element.part == Part::Public;
        let header = manifest.iter().take_while(|element| is_header(element));
        let header = header.last().expect("a role").range.end;
        for element in &manifest {
            for length in [element.range.start, element.range.start + 1, element.range.end - 1] {
                let error = VERIFIER.read(&bytes[..length], &submission.registrations).expect_err("cut");
                let VerifyError::Bundle(error) = error else { panic!("{}: {error:?}", element.name) };
                // How long the rest is follows from the header.
                let expected = bytes.len() as u64;
                match error {
                    BundleError::Truncated { .. } => assert!(length < header),
                    BundleError::Length { found, expected: e } => {
                        assert!(length >= header && found == length && e == expected);
                    }
                    error => panic!("{}: {error:?}", element.name),
                }
                cuts += 1;
            }
        }
    }
    println!("{cuts} cuts");
}

/// A byte more and a byte less at each border, an element left out and an element doubled: nothing behind it
/// is where it was.
#[test]
fn nothing_fits_between_two_elements() {
    let tally = Tally::default();
    for submission in submissions() {
        let honest = submission.bundle.to_bytes();
        let read = |bytes: &[u8]| {
            VERIFIER.read(bytes, &submission.registrations).expect_err("another number of bytes")
        };
        for element in manifest(&submission.bundle) {
            let (before, after) = honest.split_at(element.range.start);
            let (own, rest) = after.split_at(element.range.len());
            for (what, bytes) in [
                ("a zero byte more", [before, &[0], after].concat()),
                ("a one byte more", [before, &[0xff], after].concat()),
                ("a byte less", [before, &after[1..]].concat()),
                ("left out", [before, rest].concat()),
                ("doubled", [before, own, after].concat()),
            ] {
                tally.count(format!("{what}: {}", variant(&read(&bytes))));
            }
        }
        for extra in [vec![0], vec![1], vec![0; 32], vec![0; 64], honest.clone()] {
            let longer = [honest.as_slice(), &extra].concat();
            let (found, expected) = (longer.len(), honest.len() as u64);
            let refused = read(&longer);
            let VerifyError::Bundle(error) = refused else { panic!("{refused:?}") };
            assert_eq!(error, BundleError::Length { found, expected });
        }
    }
    tally.print();
}

/// The name of an error's variant.
fn variant(error: &VerifyError) -> String {
    let text = format!("{error:?}");
    let (text, inner) = text.split_once('(').map_or((text.as_str(), ""), |(text, inner)| (text, inner));
    let name = |text: &str| text.split([' ', '{', ')']).next().unwrap_or_default().to_owned();
    [name(text), name(inner)].join(" ").trim_end().to_owned()
}

/// The same within a proof, for somebody who hands over a bundle and not bytes: the length of the circuit's
/// proofs refuses it before an element is read.
#[test]
fn a_proof_has_one_length() {
    let mut tried: usize = 0;
    for submission in submissions() {
        let manifest = manifest(&submission.bundle);
        for subject in subjects(&submission.bundle) {
            let own: Vec<_> =
                manifest.iter().filter(|element| element.part.of_proof() == Some(subject)).collect();
            let honest = proof(&submission.bundle, subject);
            let obligation = obligation(submission, subject);
            let start = own[0].range.start;
            for element in own {
                let (from, to) = (element.range.start - start, element.range.end - start);
                let (left, right) = (&honest[..from], &honest[to..]);
                for altered in [
                    left.to_vec(),
                    [left, right].concat(),
                    [left, &[0], &honest[from..]].concat(),
                    [&honest[..to], &honest[from..]].concat(),
                    [left, &[0; SCALAR_BYTES], &honest[from..]].concat(),
                ] {
                    let mut bundle = submission.bundle.clone();
                    let found = altered.len();
                    *proof_mut(&mut bundle, subject) = altered;
                    let mut verdicts = vec![obligation.check(&bundle)];
                    if tried.is_multiple_of(SPREAD) {
                        verdicts.push(VERIFIER.verify(&bundle, &submission.registrations).map(drop));
                    }
                    for refused in verdicts {
                        let Err(VerifyError::Proof { subject: s, source }) = refused else {
                            panic!("{}: {refused:?}", element.name)
                        };
                        let ProofError::Length { found: f, expected } = source else {
                            panic!("{}: {source:?}", element.name)
                        };
                        assert_eq!((s, f, expected), (subject, found, honest.len()));
                    }
                    tried += 1;
                }
            }
        }
    }
    println!("{tried} lengths");
}

/// As many instance rows and public columns as the circuit has: the library takes more rows, and reads them
/// as zeros.
#[test]
fn an_instance_and_its_public_columns_have_one_number() {
    for submission in submissions() {
        for subject in subjects(&submission.bundle) {
            let honest = obligation(submission, subject);
            let refuse = |altered: Obligation, expected: usize| {
                let refused = altered.check(&submission.bundle);
                let Err(VerifyError::Proof { source: ProofError::Shape { found: f, expected: e }, .. }) =
                    refused
                else {
                    panic!("{subject}: {refused:?}")
                };
                assert!(e == expected && f != e, "{f} {e}");
            };
            let rows = honest.instance.len();
            let longer = [&honest.instance[..], &[Fr::zero()]].concat();
            for instance in [Vec::new(), honest.instance[..rows - 1].to_vec(), longer] {
                refuse(Obligation { instance, ..honest.clone() }, rows);
            }
            let columns = honest.public.len();
            let longer = [&honest.public[..], &[G1Affine::default()]].concat();
            refuse(Obligation { public: longer, ..honest.clone() }, columns);
            for fewer in 0..columns {
                refuse(Obligation { public: honest.public[..fewer].to_vec(), ..honest.clone() }, columns);
            }
        }
    }
}
