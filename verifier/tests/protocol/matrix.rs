//! The binding matrix: one row for each field that a hash of the protocol covers, and for each row and column
//! that a statement names (PROTOCOL sections 4 and 5).
//!
//! A table is complete because its rows, in order, are the hash's input: their bytes put together hash to
//! what the code computes, so a field that the code absorbs and no row names fails, and so does one that the
//! code forgot. A hash within a hash is one row there and a table of its own. Each row is tried twice. Its
//! bytes are altered and the hash taken again, with every hash that it is part of: the proof, made under the
//! honest hash, is refused under the other one. And where an input holds the field, that input is altered and
//! goes the whole way through the verifier.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use fairshare_params::context::{ContextError, compute_context};
use fairshare_params::digest::{data_digest, segment_hash};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::ParametersError;
use fairshare_params::role::Role;
use fairshare_verifier::{
    Bundle, NoUnits, ProofError, Score, SetupError, Subject, Trust, Verifier, VerifyError,
};
use halo2curves::bn256::{Fr, G1Affine};
use rayon::prelude::*;
use sha3::{Digest as _, Keccak256};

use super::fixture::{PARAMETERS, RECORD, RULES, UNITS, VERIFIER, edit, policy, units, verifier};
use super::manifest::{Obligation, obligation, on_record, segment_points, subjects};
use super::sequence::instance_rows;
use super::world::{Fields, Submission, WORLD, altered, units_under};
use changes::Change;
use tables::{
    context_rows, data_digest_rows, digest_rows, record_rows, rule_rows, segment_hash_rows, segment_rows,
};

mod changes;
mod tables;

/// How a field is altered where an input holds it.
#[derive(Clone)]
enum Way {
    /// No input holds it: why.
    Constant(&'static str),
    /// The policy's text, and what it says instead.
    Policy(&'static str, &'static str),
    /// A field of the submission's first registration.
    Registration(fn(&mut Fields)),
    /// Something else of the submission.
    Submission(Change),
    /// The text of the units on record, and what is altered of the submission besides.
    Units(String, Change),
}

/// Who refuses it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The score's proof: it is of another statement.
    Statement,
    /// Data: a public column of the score's proof is not the reference's. Compute: its proof.
    Reference,
    /// A public column of the score's proof is not the totals'.
    Totals,
    /// A public column of the score's proof is not the units'.
    Units,
    /// The node has none.
    NoUnits,
    Digest,
    Segments,
    Registrations,
    /// The other role's circuit has proofs of another length.
    Role,
    Geometry,
    Schema,
    /// The policy is under another geometry than the parameters.
    SetUp,
    /// Nobody is asked.
    Nobody,
    /// Nobody, for it says nothing of the score: the bundle is accepted, with the same score.
    Idle,
}

struct Row {
    field: &'static str,
    bytes: Vec<u8>,
    way: Way,
    by: By,
}

fn row(field: &'static str, bytes: impl AsRef<[u8]>, way: Way, by: By) -> Row {
    Row { field, bytes: bytes.as_ref().to_vec(), way, by }
}

fn constant(field: &'static str, bytes: impl AsRef<[u8]>, reason: &'static str) -> Row {
    row(field, bytes, Way::Constant(reason), By::Nobody)
}

/// A rule of the policy that only its hash binds.
fn rule(field: &'static str, bytes: impl AsRef<[u8]>, from: &'static str, to: &'static str) -> Row {
    row(field, bytes, Way::Policy(from, to), By::Statement)
}

fn hash(rows: &[Row]) -> Digest {
    let bytes: Vec<_> = rows.iter().flat_map(|row| &row.bytes).copied().collect();
    Digest(Keccak256::digest(&bytes).into())
}

/// The hash with one row's lowest bit flipped.
fn hash_without(rows: &[Row], altered: usize) -> Digest {
    let mut bytes: Vec<_> = rows.iter().map(|row| row.bytes.clone()).collect();
    *bytes[altered].last_mut().expect("no row is empty") ^= 1;
    Digest(Keccak256::digest(bytes.concat()).into())
}

/// The score's proof of a submission.
fn score_of(submission: &Submission) -> Subject {
    *subjects(&submission.bundle).last().expect("a proof")
}

/// The verdict on a score's proof under another hash in the first two rows of its instance.
#[track_caller]
fn refused_under(submission: &Submission, subject: Subject, hash: Digest, field: &str) {
    let mut obligation = obligation(submission, subject);
    let context = &mut obligation.instance[..2];
    assert_ne!(*context, hash.limbs(), "{field}: nothing was altered");
    context.copy_from_slice(&hash.limbs());
    let refused = obligation.check(&submission.bundle);
    assert!(
        matches!(refused, Err(VerifyError::Proof { source: ProofError::False, .. })),
        "{field}: {refused:?}"
    );
}

/// The verifier under a policy of this text, with the same units in its rounds: made once for all claims, and
/// kept.
fn under(text: &str) -> &'static Verifier<'static> {
    type Made = Arc<OnceLock<&'static Verifier<'static>>>;
    static MADE: LazyLock<Mutex<HashMap<String, Made>>> = LazyLock::new(Mutex::default);
    let made = MADE.lock().expect("no panic").entry(text.to_owned()).or_default().clone();
    made.get_or_init(|| {
        let policy = &*Box::leak(Box::new(policy(text)));
        let units = Box::leak(Box::new(units_under(policy)));
        Box::leak(Box::new(verifier(policy).with_units(&*units).expect("units of its rounds")))
    })
}

/// Why the whole way refuses it; nothing if the field is of the code, or idle and accepted.
fn whole_way(submission: &Submission, row: &Row) -> Option<VerifyError> {
    let (bundle, registrations) = match &row.way {
        Way::Constant(_) => return None,
        Way::Policy(..) if row.by == By::SetUp => return None,
        Way::Policy(from, to) => {
            let refused = under(&edit(from, to)).verify(&submission.bundle, &submission.registrations);
            return Some(refused.expect_err(row.field));
        }
        Way::Registration(alter) => {
            let mut registrations = submission.registrations.clone();
            registrations[0] = altered(&registrations[0], alter);
            (submission.bundle.clone(), registrations)
        }
        Way::Submission(change) | Way::Units(_, change) => change(submission),
    };
    let verdict = if let Way::Units(text, _) = &row.way {
        let units = units(&RULES, text);
        assert_ne!(units, *RECORD, "{}", row.field);
        verifier(&RULES).with_units(&units).expect("its rounds").verify(&bundle, &registrations)
    } else {
        let honest = (&submission.bundle, &submission.registrations);
        assert!((&bundle, &registrations) != honest, "{}", row.field);
        VERIFIER.verify(&bundle, &registrations)
    };
    if row.by == By::Idle {
        let (Bundle::Compute(honest), Ok(Score::Compute(score))) = (&submission.bundle, verdict) else {
            panic!("{}: not accepted", row.field)
        };
        assert_eq!(score.score, honest.score, "{}", row.field);
        return None;
    }
    Some(verdict.expect_err(row.field))
}

fn is_by(by: By, submission: &Submission, error: &VerifyError) -> bool {
    let falsely = |error: &VerifyError, expected: Subject| match error {
        VerifyError::Proof { subject, source: ProofError::False } => *subject == expected,
        _ => false,
    };
    let of_column = |error: &VerifyError, expected: usize| match error {
        VerifyError::Proof { subject, source: ProofError::PublicColumn { column } } => {
            *subject == score_of(submission) && *column == expected
        }
        _ => false,
    };
    match by {
        By::Statement => falsely(error, score_of(submission)),
        By::Digest => matches!(error, VerifyError::Digest { dataset: 0, .. }),
        By::Segments => matches!(error, VerifyError::Segments { dataset: 0, .. }),
        By::Registrations => matches!(error, VerifyError::Registrations { .. }),
        By::Role => match error {
            VerifyError::Proof { subject, source: ProofError::Length { .. } } => {
                *subject != score_of(submission)
            }
            _ => false,
        },
        By::Geometry => matches!(error, VerifyError::Context(ContextError::Geometry { index: 0, .. })),
        // Computing power has neither schema nor reference: there the rules hash says which they are.
        By::Schema | By::Reference if submission.bundle.role() == Role::Compute => {
            falsely(error, score_of(submission))
        }
        By::Schema => matches!(error, VerifyError::Context(ContextError::Schema { index: 0, .. })),
        By::Reference | By::Totals => of_column(error, 1),
        By::Units => of_column(error, 0),
        By::NoUnits => matches!(error, VerifyError::Units(NoUnits::Node { .. })),
        By::SetUp | By::Nobody | By::Idle => false,
    }
}

/// Tries every row of a table against a submission; `outer` makes of the table's hash the one in the proof's
/// instance.
fn try_table(
    submission: &Submission,
    (name, subject): (&str, Subject),
    rows: &[Row],
    outer: &(dyn Fn(Digest) -> Digest + Sync),
) {
    rows.par_iter().enumerate().for_each(|(at, row)| {
        refused_under(submission, subject, outer(hash_without(rows, at)), row.field);
    });
    try_inputs(submission, (name, subject), rows);
}

/// Tries every row of a table that an input holds.
fn try_inputs(submission: &Submission, (name, subject): (&str, Subject), rows: &[Row]) {
    rows.par_iter().for_each(|row| {
        if let Some(error) = whole_way(submission, row) {
            assert!(is_by(row.by, submission, &error), "{name}, {}: {error:?}", row.field);
        }
    });
    let inputs = rows.iter().filter(|row| !matches!(row.way, Way::Constant(_))).count();
    println!("{name} in the {subject}: {} fields, {inputs} held by inputs", rows.len());
    for row in rows {
        if let Way::Constant(reason) = row.way {
            println!("    {}: {reason}", row.field);
        }
    }
}

/// The position of the row named `field`.
fn position(rows: &[Row], field: &str) -> usize {
    rows.iter().position(|row| row.field == field).expect(field)
}

#[test]
fn the_context() {
    // The list of PROTOCOL section 5, in its order.
    let listed = ["domain tag", "rules hash", "totals", "contributor", "role", "digests"];
    for submission in [&WORLD.data, &WORLD.compute] {
        let rows = context_rows(submission);
        let contributor = submission.bundle.contributor();
        let honest = match submission.bundle {
            Bundle::Data(_) => VERIFIER.data_context(&contributor, &submission.registrations),
            Bundle::Compute(_) => {
                Ok(compute_context(&VERIFIER.rules_hash(), &on_record(&contributor)[1], &contributor))
            }
        };
        assert_eq!(Ok(hash(&rows)), honest, "the table is not what the code absorbs");
        let fields: Vec<_> = rows.iter().map(|row| row.field).collect();
        assert_eq!(fields, listed);
        try_table(submission, ("the context", score_of(submission)), &rows, &|hash| hash);
    }
}

/// The hash of a submission's context that covers these digests instead.
fn over_digests(submission: &Submission, digests: Digest) -> Digest {
    with_row(context_rows(submission), "digests", digests)
}

/// The same with another digest of the first dataset.
fn over_digest(submission: &Submission, digest: Digest) -> Digest {
    over_digests(submission, with_row(digest_rows(submission), "digest", digest))
}

/// The same with another list of segment hashes in that digest.
fn over_segment_hashes(submission: &Submission, hashes: Digest) -> Digest {
    over_digest(submission, with_row(data_digest_rows(submission), "segment hashes", hashes))
}

/// The same with another hash of its first segment.
fn over_segment_hash(submission: &Submission, segment: Digest) -> Digest {
    over_segment_hashes(submission, with_row(segment_hash_rows(submission), "segment hash", segment))
}

#[test]
fn every_rule_of_the_policy() {
    let rows = rule_rows();
    assert_eq!(hash(&rows), VERIFIER.rules_hash(), "the table is not what the code absorbs");
    for submission in [&WORLD.data, &WORLD.compute] {
        try_table(submission, ("the rules", score_of(submission)), &rows, &|policy| {
            with_row(context_rows(submission), "rules hash", policy)
        });
    }
    let standard = policy(&edit("geometry = \"compact\"", "geometry = \"standard\""));
    let refused = Verifier::new(&PARAMETERS, &standard, Trust::AllowInsecure);
    assert!(matches!(refused, Err(SetupError::Parameters(ParametersError::Geometry { .. }))));
}

/// The hash of a table with another digest in the first row named `field`.
fn with_row(mut rows: Vec<Row>, field: &str, digest: Digest) -> Digest {
    let at = position(&rows, field);
    rows[at].bytes = digest.0.to_vec();
    hash(&rows)
}

/// From the context down to a column: the list of digests, the first digest, its list of segment hashes, the
/// first segment hash. The context's test compares the list of digests with the code.
#[test]
fn the_data_digest() {
    let submission = &WORLD.data;
    let try_rows = |name, rows: &[Row], outer: fn(&Submission, Digest) -> Digest| {
        try_table(submission, (name, score_of(submission)), rows, &|hash| outer(submission, hash));
    };
    try_rows("the digests covered", &digest_rows(submission), over_digests);

    let rows = data_digest_rows(submission);
    let registration = &submission.registrations[0];
    let (schema_hash, records) = (registration.schema_hash(), registration.records());
    let segments = submission.data().datasets.swap_remove(0).segments;
    let hash_of = |segment: &Vec<u8>| segment_hash(&RULES.geometry(), &segment_points(segment).0);
    let hashes: Vec<_> = segments.iter().map(hash_of).collect();
    let contributor = registration.contributor();
    let computed = data_digest(contributor, &RULES.geometry(), schema_hash, records, &hashes);
    assert_eq!((hash(&rows), computed), (*registration.digest(), *registration.digest()));
    try_rows("the data digest", &rows, over_digest);
    try_rows("its segment hashes", &segment_hash_rows(submission), over_segment_hashes);

    let rows = segment_rows(submission);
    assert_eq!(hash(&rows), hashes[0], "the table is not what the code absorbs");
    try_rows("a segment hash", &rows, over_segment_hash);
}

/// No hash covers the units on record: the verifier makes the proof's two public columns of them. So only
/// inputs are altered, each cell of the record by itself.
#[test]
fn the_units_on_record() {
    for submission in [&WORLD.compute, &WORLD.other_node] {
        let rows = record_rows(submission);
        let bytes: Vec<_> = rows.iter().flat_map(|row| &row.bytes).copied().collect();
        assert_eq!(String::from_utf8(bytes).as_deref(), Ok(UNITS), "the table is not what is on record");
        try_inputs(submission, ("the record", score_of(submission)), &rows);
    }
}

/// Every row of every statement's instance, and every column that a verifier computes: another value of a row
/// is refused by the proof, another public column by comparison, another sum of histograms by the link.
#[test]
fn every_row_and_every_column_of_the_statements() {
    for submission in [&WORLD.data, &WORLD.compute] {
        for subject in subjects(&submission.bundle) {
            let honest = obligation(submission, subject);
            let check = |altered: Obligation| altered.check(&submission.bundle);
            for (at, name) in instance_rows(honest.statement).iter().enumerate() {
                let value = honest.instance[at];
                let next = honest.instance[(at + 1) % honest.instance.len()];
                for other in [value + Fr::one(), value - Fr::one(), value.double(), -value, Fr::zero(), next]
                {
                    if other == value {
                        continue;
                    }
                    let mut altered = honest.clone();
                    altered.instance[at] = other;
                    let refused = check(altered);
                    let falsely =
                        matches!(refused, Err(VerifyError::Proof { source: ProofError::False, .. }));
                    assert!(falsely, "{subject}, {name}: {refused:?}");
                }
            }
            let linked = usize::from(honest.merged.is_some());
            for at in 0..honest.public.len() {
                let next = honest.public[(at + 1) % honest.public.len()];
                for value in [-honest.public[at], G1Affine::generator(), G1Affine::default(), next] {
                    let mut altered = honest.clone();
                    altered.public[at] = value;
                    let refused = check(altered);
                    let Err(VerifyError::Proof { source: ProofError::PublicColumn { column }, .. }) = refused
                    else {
                        panic!("{subject}, column {at}: {refused:?}")
                    };
                    assert_eq!(column, at + linked, "{subject}");
                }
            }
            if let Some(merged) = honest.merged {
                for value in [-merged, G1Affine::generator(), G1Affine::default(), honest.public[0]] {
                    let refused = check(Obligation { merged: Some(value), ..honest.clone() });
                    assert!(matches!(refused, Err(VerifyError::Link { subject: s }) if s == subject));
                }
            }
            println!(
                "{subject}: {} rows, {} public columns, {linked} linked",
                honest.instance.len(),
                honest.public.len()
            );
        }
    }
}
