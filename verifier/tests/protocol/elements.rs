//! Every element of a bundle altered in every way that applies to it: each single change is refused, and by
//! whom it should be.
//!
//! **Which path.** [`Verifier::verify`](fairshare_verifier::Verifier::verify) reads public fields and
//! registrations, derives from them what each proof must be about, and then checks each proof by itself with
//! its link; what it derives depends on no byte of a halo2 proof or a link. So where a change leaves all
//! public fields as they were — asserted on the bundle as read, not supposed — the verdict on the bundle is
//! the verdict on the one proof that was changed, under an instance and commitments recomputed from public
//! data: `verify_linked`, which is the very function that the verifier falls back to for naming a bad proof.
//! What is skipped is the verdict on the bundle's other proofs, unchanged and true, and the accumulation of
//! all into one pairing check. Every change of a public field, and a spread of the others, goes the whole
//! way; both ways must then give one answer.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Mutex;

use fairshare_params::Geometry;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::SCALAR_BYTES;
use fairshare_verifier::{Bundle, BundleError, ProofError, Subject, VerifyError, verify_linked};
use halo2_proofs::plonk;
use halo2curves::bn256::{Fr, G1Affine};
use rayon::prelude::*;

use super::alter::{self, Class};
use super::fixture::{SRS, VERIFIER, stranger};
use super::manifest::{Element, Kind, Part, key, linked_proof, manifest, obligation, statement, subjects};
use super::world::{Refusal, Submission, WORLD};

/// One change in this many takes the whole way besides the short one.
const SPREAD: usize = 40;

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

    /// The proof that is altered, if no public field is; of two, the first, which is refused whatever the
    /// second is.
    fn subject(&self) -> Option<Subject> {
        let subject = |element: &&Element| match element.part {
            Part::Public => None,
            Part::Proof(subject) | Part::Link(subject) => Some(subject),
        };
        self.elements.iter().map(subject).reduce(|first, second| second.and(first)).flatten()
    }
}

/// The changes of one element by itself.
fn alone<'a>(element: &'a Element, honest: &[u8]) -> Vec<Change<'a>> {
    let word = &honest[element.range.clone()];
    let mut altered = match element.kind {
        Kind::Point => alter::point(word),
        Kind::Scalar => alter::scalar(word),
        Kind::Count | Kind::Length | Kind::Score => [alter::number(word), alter::word(word)].concat(),
        Kind::Version => [alter::number(word), alter::word(word)].concat(),
        Kind::Role | Kind::Geometry => {
            (0..=u8::MAX).map(|value| ("another", vec![value], Class::Value)).collect()
        }
        Kind::Contributor => {
            [alter::word(word), vec![("the stranger", stranger().0.to_vec(), Class::Value)]].concat()
        }
        Kind::Magic | Kind::Digest => alter::word(word),
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
    /// The bundle without its proofs.
    blank: Bundle,
    subjects: Vec<Subject>,
    /// Of each subject: its instance and registered commitments.
    obligations: Vec<(Vec<Fr>, Vec<G1Affine>)>,
}

impl<'a> Judge<'a> {
    fn new(submission: &'a Submission) -> Self {
        let subjects = subjects(&submission.bundle);
        let obligations = subjects.iter().map(|subject| obligation(submission, *subject)).collect();
        Self { submission, blank: blank(submission.bundle.clone(), &subjects), subjects, obligations }
    }

    /// The refusal of a change; one in [`SPREAD`] by both ways.
    fn refusal(&self, change: &Change<'_>, bytes: &[u8], index: usize) -> Refusal {
        let bundle = match Bundle::from_bytes(bytes) {
            Ok(bundle) => bundle,
            Err(error) => return Refusal::Read(error),
        };
        assert_ne!(bundle, self.submission.bundle, "{}: read as if nothing were altered", change.name);
        let Some(subject) = change.subject() else { return Refusal::Verify(self.whole(&bundle)) };
        let whole = index.is_multiple_of(SPREAD).then(|| self.whole(&bundle));
        let error = self.short(bundle, subject);
        if let Some(whole) = whole {
            assert!(same(&error, &whole, subject), "{error:?} by itself, {whole:?} in its bundle");
        }
        Refusal::Verify(error)
    }

    fn whole(&self, bundle: &Bundle) -> VerifyError {
        VERIFIER.verify(bundle, &self.submission.registrations).expect_err("accepted")
    }

    /// The verdict on the one proof that was changed; see the module.
    fn short(&self, mut changed: Bundle, subject: Subject) -> VerifyError {
        let linked = linked_proof(&mut changed, subject).clone();
        assert!(blank(changed, &self.subjects) == self.blank, "a public field was changed");
        let at = self.subjects.iter().position(|other| *other == subject).expect("a subject");
        let (instance, registered) = &self.obligations[at];
        verify_linked(&SRS, key(statement(subject)), instance, registered, &linked).expect_err("accepted")
    }
}

/// A bundle with its proofs taken out: what the verifier reads before any proof.
fn blank(mut bundle: Bundle, subjects: &[Subject]) -> Bundle {
    for subject in subjects {
        let linked = linked_proof(&mut bundle, *subject);
        linked.proof.clear();
        linked.link.responses = Default::default();
        linked.link.commitment = Default::default();
    }
    bundle
}

/// Whether two refusals are for one reason; only the one from the whole bundle names its proof.
fn same(alone: &VerifyError, whole: &VerifyError, named: Subject) -> bool {
    match (alone, whole) {
        (VerifyError::Proof { source: one, .. }, VerifyError::Proof { subject, source: other }) => {
            *subject == named && discriminant(one) == discriminant(other)
        }
        (VerifyError::Link { .. }, VerifyError::Link { subject }) => *subject == named,
        _ => false,
    }
}

/// Whether a refusal is by whoever should refuse this.
fn expected(change: &Change<'_>, refusal: &Refusal) -> bool {
    use VerifyError::{Context, Digest, Link, Proof, Segments, Unregistered};
    let first = change.elements[0];
    let exchanged = change.elements.len() > 1;
    match (first.kind, first.part, change.class, refusal) {
        (Kind::Magic, ..) => matches!(refusal, Refusal::Read(BundleError::Magic)),
        (Kind::Version, ..) => matches!(refusal, Refusal::Read(BundleError::Version { .. })),
        (Kind::Role, ..) if [&[1], &[2]].contains(&&change.bytes[0][..].try_into().expect("a byte")) => {
            matches!(refusal, Refusal::Read(_))
        }
        (Kind::Role, ..) => matches!(refusal, Refusal::Read(BundleError::Role { .. })),
        // Another geometry's body is of another shape, unless it has no segments or as many columns.
        (Kind::Geometry, ..) if Geometry::from_id(change.bytes[0][0]).is_some() => {
            matches!(refusal, Refusal::Read(_) | Refusal::Verify(VerifyError::Geometry { .. }))
        }
        (Kind::Geometry, ..) => matches!(refusal, Refusal::Read(BundleError::Geometry { .. })),
        (Kind::Contributor, ..) => {
            matches!(refusal, Refusal::Verify(Context(ContextError::Contributor { index: 0, .. })))
        }
        // A length that no longer fits makes everything after it something else.
        (Kind::Count | Kind::Length, ..) => matches!(refusal, Refusal::Read(_)),
        (Kind::Digest, ..) if exchanged => {
            matches!(refusal, Refusal::Verify(Segments { .. } | Digest { .. }))
        }
        (Kind::Digest, ..) => matches!(refusal, Refusal::Verify(Unregistered { .. })),
        (Kind::Score, _, _, Refusal::Verify(Proof { subject, source: ProofError::False })) => {
            !matches!(subject, Subject::Histogram { .. })
        }
        (_, Part::Proof(_), Class::Encoding, Refusal::Verify(Proof { source, .. })) => {
            let undecodable =
                |error: &_| matches!(error, plonk::Error::Transcript(_) | plonk::Error::Opening);
            matches!(source, ProofError::Backend(error) if undecodable(error))
        }
        (_, Part::Public | Part::Link(_), Class::Encoding, Refusal::Read(error)) => {
            matches!(error, BundleError::NotCanonical { offset, .. } if *offset == first.range.start)
        }
        (_, Part::Proof(_), Class::Value, Refusal::Verify(Proof { source, .. })) => {
            matches!(source, ProofError::False)
        }
        (_, Part::Link(_), Class::Value, Refusal::Verify(Link { .. })) => true,
        // An exchange of a link's commitment with a column after it.
        (_, Part::Link(_), Class::Value, Refusal::Verify(Digest { .. })) => exchanged,
        (Kind::Point, Part::Public, Class::Value, Refusal::Verify(Digest { .. })) => true,
        // A histogram is part of no digest: its proof's statement is another.
        (
            Kind::Point,
            Part::Public,
            Class::Value,
            Refusal::Verify(Proof { source: ProofError::False, .. }),
        ) => first.name.ends_with("histogram"),
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
        let (judge, honest, manifest) = (
            Judge::new(submission),
            submission.bundle.to_bytes().expect("an encoding"),
            manifest(&submission.bundle),
        );
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
        Part::Proof(_) => "a proof",
        Part::Link(_) => "a link",
    }
}

/// Cut off before and within each element.
#[test]
fn truncated_at_every_border() {
    let mut cuts = 0;
    for submission in submissions() {
        let bytes = submission.bundle.to_bytes().expect("an encoding");
        for element in manifest(&submission.bundle) {
            for length in [element.range.start, element.range.start + 1, element.range.end - 1] {
                let error = Bundle::from_bytes(&bytes[..length]).expect_err("cut");
                assert!(matches!(error, BundleError::Truncated { .. }), "{}: {error:?}", element.name);
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
        let honest = submission.bundle.to_bytes().expect("an encoding");
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
                let error = Bundle::from_bytes(&bytes).expect_err("another number of bytes");
                tally.count(format!("{what}: {}", variant(&error)));
            }
        }
        for extra in [vec![0], vec![1], vec![0; 64], honest.clone()] {
            let longer = [honest.as_slice(), &extra].concat();
            let expected = BundleError::Trailing { offset: honest.len(), extra: extra.len() };
            assert_eq!(Bundle::from_bytes(&longer), Err(expected));
        }
    }
    tally.print();
}

/// The name of an error's variant.
fn variant(error: &BundleError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// The same within a proof, its length field made right again: the reader takes any bytes there, so the
/// length of the circuit's proofs refuses it before an element is read.
#[test]
fn a_proof_has_one_length() {
    let mut tried = 0;
    for submission in submissions() {
        let manifest = manifest(&submission.bundle);
        for subject in subjects(&submission.bundle) {
            let own: Vec<_> =
                manifest.iter().filter(|element| element.part == Part::Proof(subject)).collect();
            let honest = linked_proof(&mut submission.bundle.clone(), subject).proof.clone();
            let (instance, registered) = obligation(submission, subject);
            let start = own[0].range.start;
            for element in own {
                let (from, to) = (element.range.start - start, element.range.end - start);
                let (left, right) = (&honest[..from], &honest[to..]);
                for proof in [
                    left.to_vec(),
                    [left, right].concat(),
                    [left, &[0], &honest[from..]].concat(),
                    [&honest[..to], &honest[from..]].concat(),
                    [left, &[0; SCALAR_BYTES], &honest[from..]].concat(),
                ] {
                    let mut bundle = submission.bundle.clone();
                    let (found, linked) = (proof.len(), linked_proof(&mut bundle, subject));
                    linked.proof = proof;
                    let error = verify_linked(&SRS, key(statement(subject)), &instance, &registered, linked);
                    let Err(VerifyError::Proof { source: ProofError::Length { found: f, expected }, .. }) =
                        error
                    else {
                        panic!("{}: {error:?}", element.name)
                    };
                    assert_eq!((f, expected), (found, honest.len()));
                    tried += 1;
                }
            }
        }
    }
    println!("{tried} lengths");
}

/// As many instance rows and linked columns as the circuit has: the library takes more rows, and reads them
/// as zeros.
#[test]
fn an_instance_and_its_commitments_have_one_number() {
    for submission in submissions() {
        for subject in subjects(&submission.bundle) {
            let (honest, registered) = obligation(submission, subject);
            let linked = linked_proof(&mut submission.bundle.clone(), subject).clone();
            let refuse = |instance: &[Fr], registered: &[G1Affine], expected: usize| {
                let refused = verify_linked(&SRS, key(statement(subject)), instance, registered, &linked);
                let Err(VerifyError::Proof { source: ProofError::Shape { found: f, expected: e }, .. }) =
                    refused
                else {
                    panic!("{subject}: {refused:?}")
                };
                assert!(e == expected && f != e, "{f} {e}");
            };
            let rows = honest.len();
            for instance in [&[], &honest[..rows - 1], &[&honest[..], &[Fr::zero()]].concat()] {
                refuse(instance, &registered, rows);
            }
            let columns = registered.len();
            let one_more = [&registered[..], &[G1Affine::default()]].concat();
            for registered in [&[], &registered[..columns - 1], &one_more] {
                refuse(&honest, registered, columns);
            }
        }
    }
}
