//! The binding matrix: one row for each field that a hash of the protocol covers, and for each row and column
//! that a statement names (PROTOCOL sections 4 and 5).
//!
//! A table is complete because its rows, in order, are the hash's input: their bytes put together hash to
//! what the code computes, so a field that the code absorbs and no row names fails, and so does one that the
//! code forgot. Each row is tried twice. Its bytes are altered and the hash taken again: the proof, made
//! under the honest hash, is refused under the other one. And where an input holds the field, that input is
//! altered and goes the whole way through the verifier.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use fairshare_params::context::{ContextError, context};
use fairshare_params::digest::{compute_digest, data_digest, histogram_statement};
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::policy::{COMPUTE_WEIGHT, DATA_WEIGHT, PROTOCOL_VERSION, Weighting};
use fairshare_params::registration::{Contribution, Registration};
use fairshare_verifier::{
    Bundle, ProofError, SetupError, Subject, Trust, Verifier, VerifyError, verify_linked,
};
use halo2curves::bn256::{Fr, G1Affine};
use rayon::prelude::*;
use sha3::{Digest as _, Keccak256};

use super::fixture::{RULES, SRS, VERIFIER, edit, policy, verifier};
use super::manifest::{key, linked_proof, obligation, statement, subjects};
use super::sequence::instance_rows;
use super::world::{Submission, WORLD, edited};
use changes::{
    Change, another_digest, columns_exchanged, for_the_stranger, in_the_other_role, one_dataset_less,
    one_registration_more, other_histogram, other_units, units_of_another_geometry, units_of_another_round,
    units_of_fewer_rounds,
};

mod changes;

/// How a field is altered where an input holds it.
#[derive(Clone)]
enum Way {
    /// No input holds it: why.
    Constant(&'static str),
    /// The policy's text, and what it says instead.
    Policy(&'static str, &'static str),
    /// The submission's first registration, in one place of its JSON.
    Registration(String, String),
    /// Something else of the submission.
    Submission(Change),
}

/// Who refuses it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The score's proof: it is of another statement.
    Statement,
    /// A segment's proof: likewise.
    Histogram,
    Digest,
    Segments,
    Registrations,
    Role,
    Geometry,
    Schema,
    Rounds,
    /// The policy is under another geometry than the parameters.
    SetUp,
    /// Nobody is asked.
    Nobody,
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

fn length(length: usize) -> [u8; 8] {
    (length as u64).to_be_bytes()
}

/// A string as every hash absorbs it.
fn string(text: &str) -> Vec<u8> {
    [&length(text.len())[..], text.as_bytes()].concat()
}

fn tag(text: &'static str) -> Row {
    constant("domain tag", string(text), "a constant of the code")
}

/// The geometry, where a hash covers it.
fn geometry(way: &Way, by: By) -> Vec<Row> {
    let geometry = RULES.geometry();
    vec![
        row("geometry", [geometry.id()], way.clone(), by),
        constant("geometry: k", geometry.k().to_be_bytes(), "follows from the identifier"),
        constant("geometry: W", length(geometry.data_columns()), "follows from the identifier"),
        constant("geometry: b", geometry.alphabet_bits().to_be_bytes(), "follows from the identifier"),
    ]
}

/// The context of a submission (PROTOCOL section 5, *The context*).
fn context_rows(submission: &Submission) -> Vec<Row> {
    let vault = RULES.vault();
    let contributor = submission.bundle.contributor();
    let (number, count_by): (Change, By) = match &submission.bundle {
        Bundle::Data(_) => (one_dataset_less, By::Statement),
        Bundle::Compute(_) => (one_registration_more, By::Registrations),
    };
    let mut rows = vec![
        tag("fairshare/v1/context"),
        constant(
            "protocol version",
            PROTOCOL_VERSION.to_be_bytes(),
            "a policy of another version is refused",
        ),
        rule("chain id", vault.chain_id.to_be_bytes(), "16601", "16602"),
        rule("vault", vault.address.0, VAULT, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaee"),
        rule("subnet", string(&vault.subnet), "new-york-flights", "new-york-flightz"),
        rule("epoch", vault.epoch.to_be_bytes(), "epoch = 4", "epoch = 3"),
        row("contributor", contributor.0, Way::Submission(for_the_stranger), By::Statement),
        row("role", [submission.bundle.role().id()], Way::Submission(in_the_other_role), By::Role),
        rule("policy hash", RULES.hash().0, "min_records = 100", "min_records = 99"),
        row("number of digests", length(submission.registrations.len()), Way::Submission(number), count_by),
    ];
    for (index, registration) in submission.registrations.iter().enumerate() {
        rows.extend(registration_rows(registration, index));
    }
    rows
}

const VAULT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// What the context says of one registration. Only the first one's inputs are altered: the others' are read
/// likewise.
fn registration_rows(registration: &Registration, index: usize) -> Vec<Row> {
    let way = |from: String, to: String| match index {
        0 => Way::Registration(from, to),
        _ => Way::Constant("altered in the first registration"),
    };
    let by = |by| if index == 0 { by } else { By::Nobody };
    let field = |name: &str, value: String| (format!("\"{name}\": {value}"), format!("\"{name}\": 77"));
    let (from, to) = field("round", registration.round().to_string());
    let digest = match registration.contribution() {
        Contribution::Data { .. } => (Way::Submission(another_digest), By::Digest),
        Contribution::Compute { .. } => (Way::Submission(other_units), By::Statement),
    };
    let digest = if index == 0 { digest } else { (way(String::new(), String::new()), By::Nobody) };
    let mut rows = vec![
        row("registered digest", registration.digest().0, digest.0, digest.1),
        row("round of registration", registration.round().to_be_bytes(), way(from, to), by(By::Statement)),
    ];
    let Some(evidence) = registration.evidence() else {
        rows.push(constant("evidence given", [0], "given in the first registration"));
        return rows;
    };
    let hexadecimal = |digest: &Digest| (digest.to_string(), Digest([9; 32]).to_string());
    let without = fairshare_formats::registration::to_json(registration);
    let without = &without[without.find(",\n  \"evidence\"").expect("evidence")..without.len() - 3];
    rows.push(row("evidence given", [1], way(without.to_owned(), String::new()), by(By::Statement)));
    let (from, to) = hexadecimal(&evidence.storage_root);
    rows.push(row("storage root", evidence.storage_root.0, way(from, to), by(By::Statement)));
    let (from, to) = field("byte_length", evidence.byte_length.to_string());
    rows.push(row("byte length", evidence.byte_length.to_be_bytes(), way(from, to), by(By::Statement)));
    let (from, to) = hexadecimal(&evidence.transaction_hash);
    rows.push(row("upload transaction hash", evidence.transaction_hash.0, way(from, to), by(By::Statement)));
    rows
}

/// Every rule of the policy (PROTOCOL sections 2, 3 and 6 to 8), which the context covers by its hash.
fn policy_rows() -> Vec<Row> {
    let (vault, data, compute) = (RULES.vault(), RULES.data_decay(), RULES.compute_decay());
    let Weighting::RecordsDivergence { cap } = RULES.weighting() else { panic!("the other weighting") };
    let totals = RULES.round_totals();
    let used = &RULES.reference_counts()[..RULES.schema().symbol_count()];
    let numbers =
        |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>();
    let (data_lambda, compute_lambda) = ("lambda = \"0.1\"", "lambda = \"0.01\"");
    let weighting = "weighting = \"records-divergence\"\ncap = \"0.05\"";
    let standard = Way::Policy("geometry = \"compact\"", "geometry = \"standard\"");
    let of_version = "another one is refused when the policy is read";
    let mut rows = vec![
        tag("fairshare/v1/policy"),
        constant("protocol version", PROTOCOL_VERSION.to_be_bytes(), of_version),
    ];
    rows.extend(geometry(&standard, By::SetUp));
    rows.extend([
        rule("chain id", vault.chain_id.to_be_bytes(), "16601", "16602"),
        rule("vault", vault.address.0, VAULT, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaee"),
        rule("subnet", string(&vault.subnet), "new-york-flights", "new-york-flightz"),
        rule("epoch", vault.epoch.to_be_bytes(), "epoch = 4", "epoch = 3"),
        rule(
            "pool",
            vault.pool.to_be_bytes(),
            "\"1000000000000000000000000\"",
            "\"1000000000000000000000001\"",
        ),
        constant("compute weight", COMPUTE_WEIGHT.to_be_bytes(), of_version),
        constant("data weight", DATA_WEIGHT.to_be_bytes(), of_version),
        rule(
            "data λ",
            string(data.lambda()),
            data_lambda,
            "lambda = \"0.10000000000000000000000000000000001\"",
        ),
        rule("data λ_q", data.lambda_q().to_be_bytes(), data_lambda, "lambda = \"0.2\""),
        rule("data ρ", data.rho().to_be_bytes(), data_lambda, "lambda = \"0.10000000000000001\""),
        rule("pseudo-count", RULES.pseudo_count().to_be_bytes(), "pseudo_count = 2", "pseudo_count = 3"),
        rule("least records", RULES.min_records().to_be_bytes(), "min_records = 100", "min_records = 99"),
        rule("weighting", [1], weighting, "weighting = \"divergence\""),
        rule("cap", cap.to_be_bytes(), "cap = \"0.05\"", "cap = \"0.06\""),
        rule(
            "compute λ",
            string(compute.lambda()),
            compute_lambda,
            "lambda = \"0.01000000000000000000000000000000001\"",
        ),
        rule("compute λ_q", compute.lambda_q().to_be_bytes(), compute_lambda, "lambda = \"0.02\""),
        rule("compute ρ", compute.rho().to_be_bytes(), compute_lambda, "lambda = \"0.010000000000000001\""),
        row(
            "first round",
            RULES.first_round().to_be_bytes(),
            Way::Policy("first = 10", "first = 11"),
            By::Rounds,
        ),
        rule("number of rounds", length(totals.len()), "[842, 943, 0, 7]", "[842, 943, 0, 7, 0]"),
        rule("round totals", numbers(totals), "[842, 943, 0, 7]", "[842, 943, 1, 7]"),
        row(
            "schema hash",
            RULES.schema().hash().0,
            Way::Policy("[-5, 0.5, 30]", "[-5, 0.5, 31]"),
            By::Schema,
        ),
        constant("number of reference counts", length(used.len()), "follows from the schema"),
        rule("reference counts", numbers(used), "delay = [1, 2, 3, 4, 5]", "delay = [1, 2, 3, 4, 6]"),
    ]);
    rows
}

/// A dataset's digest (PROTOCOL section 4, *The data digest*).
fn data_digest_rows(submission: &Submission) -> Vec<Row> {
    let Contribution::Data { schema_hash, records, segments } = submission.registrations[0].contribution()
    else {
        panic!("data")
    };
    let json = |name: &str, from: u32, to: u32| {
        Way::Registration(format!("\"{name}\": {from}"), format!("\"{name}\": {to}"))
    };
    let mut rows = vec![tag("fairshare/v1/data")];
    let standard = Way::Registration("\"compact\"".into(), "\"standard\"".into());
    rows.extend(geometry(&standard, By::Geometry));
    let schema = Way::Registration(schema_hash.to_string(), Digest([9; 32]).to_string());
    rows.push(row("schema hash", schema_hash.0, schema, By::Schema));
    let fewer = json("records", *records, records - 1);
    rows.push(row("records", records.to_be_bytes(), fewer, By::Digest));
    let more = json("segments", *segments, segments + 1);
    rows.push(row("segments", length(*segments as usize), more, By::Segments));
    for segment in &submission.data().datasets[0].segments {
        let columns: Vec<_> = segment.columns.iter().flat_map(encode_point).collect();
        let fixed = "follows from the geometry";
        rows.push(constant("columns of a segment", length(segment.columns.len()), fixed));
        rows.push(row("column commitments", columns, Way::Submission(columns_exchanged), By::Digest));
    }
    rows
}

/// A log's digest (PROTOCOL section 4). An edited registration does not even read;
/// these are made anew, with the digest that belongs to them.
fn compute_digest_rows(submission: &Submission) -> Vec<Row> {
    let Contribution::Compute { first_round, rounds, commitment } =
        submission.registrations[0].contribution()
    else {
        panic!("units")
    };
    let mut rows = vec![tag("fairshare/v1/compute")];
    rows.extend(geometry(&Way::Submission(units_of_another_geometry), By::Geometry));
    rows.extend([
        row("first round", first_round.to_be_bytes(), Way::Submission(units_of_another_round), By::Rounds),
        row("rounds", rounds.to_be_bytes(), Way::Submission(units_of_fewer_rounds), By::Statement),
        row("commitment", encode_point(commitment), Way::Submission(other_units), By::Statement),
    ]);
    rows
}

/// What a histogram proof is about (PROTOCOL section 5, *Histogram*).
fn histogram_rows(submission: &Submission) -> Vec<Row> {
    let segment = &submission.data().datasets[0].segments[0];
    let columns: Vec<_> = segment.columns.iter().flat_map(encode_point).collect();
    let mut rows = vec![tag("fairshare/v1/histogram")];
    rows.extend(geometry(&Way::Constant("the registration's, altered there"), By::Nobody));
    rows.extend([
        constant("columns", length(segment.columns.len()), "follows from the geometry"),
        row("column commitments", columns, Way::Submission(columns_exchanged), By::Digest),
        row(
            "histogram commitment",
            encode_point(&segment.histogram),
            Way::Submission(other_histogram),
            By::Histogram,
        ),
    ]);
    rows
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

/// The verdict on one proof of the submission under another hash in the first two rows of its instance.
#[track_caller]
fn refused_under(submission: &Submission, subject: Subject, hash: Digest, field: &str) {
    let (mut instance, registered) = obligation(submission, subject);
    assert_ne!(instance[..2], hash.limbs(), "{field}: nothing was altered");
    instance[..2].copy_from_slice(&hash.limbs());
    let linked = linked_proof(&mut submission.bundle.clone(), subject).clone();
    let refused = verify_linked(&SRS, key(statement(subject)), &instance, &registered, &linked);
    assert!(
        matches!(refused, Err(VerifyError::Proof { source: ProofError::False, .. })),
        "{field}: {refused:?}"
    );
}

/// The verifier under a policy of this text: made once for all claims, and kept.
fn under(text: &str) -> &'static Verifier<'static> {
    type Made = Arc<OnceLock<&'static Verifier<'static>>>;
    static MADE: LazyLock<Mutex<HashMap<String, Made>>> = LazyLock::new(Mutex::default);
    let made = MADE.lock().expect("no panic").entry(text.to_owned()).or_default().clone();
    made.get_or_init(|| Box::leak(Box::new(verifier(Box::leak(Box::new(policy(text)))))))
}

/// The verdict of the whole way; nothing if the field is of the code.
fn whole_way(submission: &Submission, row: &Row) -> Option<VerifyError> {
    let (bundle, registrations) = match &row.way {
        Way::Constant(_) => return None,
        Way::Policy(..) if row.by == By::SetUp => return None,
        Way::Policy(from, to) => {
            let refused = under(&edit(from, to)).verify(&submission.bundle, &submission.registrations);
            return Some(refused.expect_err(row.field));
        }
        Way::Registration(from, to) => {
            let mut registrations = submission.registrations.clone();
            registrations[0] = edited(&registrations[0], from, to);
            (submission.bundle.clone(), registrations)
        }
        Way::Submission(change) => change(submission),
    };
    assert!((&bundle, &registrations) != (&submission.bundle, &submission.registrations), "{}", row.field);
    Some(VERIFIER.verify(&bundle, &registrations).expect_err(row.field))
}

fn is_by(by: By, submission: &Submission, error: &VerifyError) -> bool {
    let falsely = |error: &VerifyError, expected: Subject| match error {
        VerifyError::Proof { subject, source: ProofError::False } => *subject == expected,
        _ => false,
    };
    // Which rules of rounds and schemas a registration can break depends on its role.
    let otherwise = |seen: bool| seen || falsely(error, score_of(submission));
    match by {
        By::Statement => falsely(error, score_of(submission)),
        By::Histogram => falsely(error, Subject::Histogram { dataset: 0, segment: 0 }),
        By::Digest => matches!(error, VerifyError::Digest { dataset: 0, .. }),
        By::Segments => matches!(error, VerifyError::Segments { dataset: 0, .. }),
        By::Registrations => matches!(error, VerifyError::Registrations { .. }),
        By::Role => matches!(error, VerifyError::Context(ContextError::Role { index: 0, .. })),
        By::Geometry => matches!(error, VerifyError::Context(ContextError::Geometry { index: 0, .. })),
        By::Schema => otherwise(matches!(error, VerifyError::Context(ContextError::Schema { index: 0, .. }))),
        By::Rounds => otherwise(matches!(error, VerifyError::Context(ContextError::Rounds { index: 0, .. }))),
        By::SetUp | By::Nobody => false,
    }
}

/// Tries every row of a table against a submission; `outer` makes of the table's hash the one in the proof's
/// instance.
fn try_table(
    submission: &Submission,
    subject: Subject,
    rows: &[Row],
    outer: &(dyn Fn(Digest) -> Digest + Sync),
) {
    rows.par_iter().enumerate().for_each(|(at, row)| {
        refused_under(submission, subject, outer(hash_without(rows, at)), row.field);
        if let Some(error) = whole_way(submission, row) {
            assert!(is_by(row.by, submission, &error), "{}: {error:?}", row.field);
        }
    });
    let inputs = rows.iter().filter(|row| !matches!(row.way, Way::Constant(_))).count();
    let tag = String::from_utf8_lossy(rows[0].bytes.get(8..).unwrap_or_default());
    println!("{tag} in the {subject}: {} fields, {inputs} held by inputs", rows.len());
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
    let listed = [
        "domain tag",
        "protocol version",
        "chain id",
        "vault",
        "subnet",
        "epoch",
        "contributor",
        "role",
        "policy hash",
        "registered digest",
        "storage root",
        "byte length",
        "upload transaction hash",
    ];
    for submission in [&WORLD.data, &WORLD.compute] {
        let rows = context_rows(submission);
        let (contributor, role) = (submission.bundle.contributor(), submission.bundle.role());
        let honest = context(&RULES, &contributor, role, &submission.registrations).expect("a context");
        assert_eq!(hash(&rows), honest, "the table is not what the code absorbs");
        let found: Vec<_> = listed.iter().map(|field| position(&rows, field)).collect();
        assert!(found.is_sorted(), "{found:?}");
        try_table(submission, score_of(submission), &rows, &|hash| hash);
    }
}

#[test]
fn every_rule_of_the_policy() {
    let rows = policy_rows();
    assert_eq!(hash(&rows), RULES.hash(), "the table is not what the code absorbs");
    for submission in [&WORLD.data, &WORLD.compute] {
        try_table(submission, score_of(submission), &rows, &|policy| {
            with_row(context_rows(submission), "policy hash", policy)
        });
    }
    let standard = policy(&edit("geometry = \"compact\"", "geometry = \"standard\""));
    assert!(matches!(Verifier::new(&SRS, &standard, Trust::AllowInsecure), Err(SetupError::Geometry { .. })));
}

/// The hash of a table with another digest in the first row named `field`.
fn with_row(mut rows: Vec<Row>, field: &str, digest: Digest) -> Digest {
    let at = position(&rows, field);
    rows[at].bytes = digest.0.to_vec();
    hash(&rows)
}

#[test]
fn the_registered_digests() {
    for (submission, rows) in
        [(&WORLD.data, data_digest_rows(&WORLD.data)), (&WORLD.compute, compute_digest_rows(&WORLD.compute))]
    {
        let registration = &submission.registrations[0];
        let geometry = registration.geometry();
        let computed = match registration.contribution() {
            Contribution::Data { schema_hash, records, .. } => {
                let data = submission.data();
                let columns: Vec<_> =
                    data.datasets[0].segments.iter().map(|segment| segment.columns.clone()).collect();
                data_digest(&geometry, schema_hash, *records, &columns)
            }
            Contribution::Compute { first_round, rounds, commitment } => {
                compute_digest(&geometry, *first_round, *rounds, commitment)
            }
        };
        assert_eq!((hash(&rows), computed), (*registration.digest(), *registration.digest()));
        try_table(submission, score_of(submission), &rows, &|digest| {
            with_row(context_rows(submission), "registered digest", digest)
        });
    }
}

#[test]
fn the_histogram_statement() {
    let (submission, rows) = (&WORLD.data, histogram_rows(&WORLD.data));
    let segment = &submission.data().datasets[0].segments[0];
    let honest = histogram_statement(&RULES.geometry(), &segment.columns, &segment.histogram);
    assert_eq!(hash(&rows), honest, "the table is not what the code absorbs");
    try_table(submission, Subject::Histogram { dataset: 0, segment: 0 }, &rows, &|hash| hash);
}

/// Every row of every statement's instance, and every linked column: another value of a row is refused by the
/// proof, another column by the link.
#[test]
fn every_row_and_every_column_of_the_statements() {
    for submission in [&WORLD.data, &WORLD.compute] {
        for subject in subjects(&submission.bundle) {
            let key = key(statement(subject));
            let (instance, registered) = obligation(submission, subject);
            let linked = linked_proof(&mut submission.bundle.clone(), subject).clone();
            for (at, name) in instance_rows(statement(subject)).iter().enumerate() {
                let honest = instance[at];
                let next = instance[(at + 1) % instance.len()];
                for value in
                    [honest + Fr::one(), honest - Fr::one(), honest.double(), -honest, Fr::zero(), next]
                {
                    if value == honest {
                        continue;
                    }
                    let mut instance = instance.clone();
                    instance[at] = value;
                    let refused = verify_linked(&SRS, key, &instance, &registered, &linked);
                    let falsely =
                        matches!(refused, Err(VerifyError::Proof { source: ProofError::False, .. }));
                    assert!(falsely, "{subject}, {name}: {refused:?}");
                }
            }
            for at in 0..registered.len() {
                let next = registered[(at + 1) % registered.len()];
                for value in [-registered[at], G1Affine::generator(), G1Affine::default(), next] {
                    let mut registered = registered.clone();
                    registered[at] = value;
                    let refused = verify_linked(&SRS, key, &instance, &registered, &linked);
                    let by_link = matches!(refused, Err(VerifyError::Link { .. }));
                    assert!(by_link, "{subject}, column {at}: {refused:?}");
                }
            }
            println!("{subject}: {} rows, {} columns", instance.len(), registered.len());
        }
    }
}
