//! The tables: what each hash absorbs, field by field, and how a field is altered.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::to_csv;
use fairshare_params::digest::segment_hash;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::policy::{COMPUTE_WEIGHT, DATA_WEIGHT, POLICY_VERSION, Weighting};
use fairshare_params::registration::Dataset;
use fairshare_verifier::Bundle;
use sha3::{Digest as _, Keccak256};

use super::changes::{
    another_digest, columns_exchanged, for_the_stranger, in_the_other_role, nothing, one_dataset_less,
    one_registration_more, segments_exchanged,
};
use super::{By, Row, Way, constant, hash, row, rule};
use crate::binding::exchanged;
use crate::fixture::{RULES, UNITS};
use crate::manifest::{on_record, segment_points};
use crate::world::Submission;

pub fn length(length: usize) -> [u8; 8] {
    (length as u64).to_be_bytes()
}

/// A string as every hash absorbs it.
pub fn string(text: &str) -> Vec<u8> {
    [&length(text.len())[..], text.as_bytes()].concat()
}

pub fn tag(text: &'static str) -> Row {
    constant("domain tag", string(text), "a constant of the code")
}

/// A field of a hash over words: a number or an address in the low bytes.
pub fn word(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&vec![0; 32 - bytes.len()], bytes].concat()
}

/// The tag of a hash over words.
pub fn word_tag(name: &str) -> Row {
    let tag = Keccak256::digest(format!("fairshare/v2/{name}"));
    constant("domain tag", tag, "a constant of the code")
}

/// The geometry, where a hash over bytes covers it.
pub fn geometry(way: &Way, by: By) -> Vec<Row> {
    let geometry = RULES.geometry();
    let columns = geometry.widths().iter().map(|width| width.columns());
    let widths: Vec<_> = [geometry.widths().len()].into_iter().chain(columns).flat_map(length).collect();
    vec![
        row("geometry", [geometry.id()], way.clone(), by),
        constant("geometry: k", geometry.k().to_be_bytes(), "follows from the identifier"),
        constant("geometry: widths", widths, "follow from the identifier"),
        constant("geometry: b", geometry.alphabet_bits().to_be_bytes(), "follows from the identifier"),
    ]
}

/// The context of a submission (PROTOCOL section 5, *The context*).
pub fn context_rows(submission: &Submission) -> Vec<Row> {
    let contributor = submission.bundle.contributor();
    let hashed = hash(&digest_rows(submission)).0;
    let theirs = word(contributor.0);
    let (totals, contributor, digests) = match &submission.bundle {
        Bundle::Data(_) => (
            constant("totals", [0; 64], "zero: no proof of data carries them"),
            // The stranger's digest would be another one, so it never comes to the proof.
            row("contributor", theirs, Way::Submission(for_the_stranger), By::Digest),
            row("digests", hashed, Way::Submission(one_dataset_less), By::Statement),
        ),
        Bundle::Compute(_) => (
            row(
                "totals",
                encode_point(&on_record(&contributor)[1]),
                Way::Units(UNITS.replace("537", "538"), nothing),
                By::Totals,
            ),
            // Who has the very same units: otherwise it never comes to the proof.
            row("contributor", theirs, Way::Units(to_csv(&exchanged()), for_the_stranger), By::Statement),
            row("digests", hashed, Way::Submission(one_registration_more), By::Registrations),
        ),
    };
    vec![
        word_tag("context"),
        rule("rules hash", RULES.hash().0, "min_records = 100", "min_records = 99"),
        totals,
        contributor,
        row("role", word([submission.bundle.role().id()]), Way::Submission(in_the_other_role), By::Role),
        digests,
    ]
}

/// The digests that a context covers, one after the other; none for compute, whose units are a column.
pub fn digest_rows(submission: &Submission) -> Vec<Row> {
    let covered = match &submission.bundle {
        Bundle::Data(_) => &submission.registrations[..],
        Bundle::Compute(_) => &[],
    };
    let rows = covered.iter().enumerate().map(|(index, registration)| match index {
        0 => row("digest", registration.digest().0, Way::Submission(another_digest), By::Digest),
        _ => constant("later digest", registration.digest().0, "the first one is altered"),
    });
    rows.collect()
}

/// A node that is not on record.
const SOMEBODY: &str = "0x7777777777777777777777777777777777777777";

pub const VAULT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// Every rule of the policy (PROTOCOL sections 2, 3 and 6 to 8), which the context covers by its hash.
pub fn policy_rows() -> Vec<Row> {
    let (vault, data, compute) = (RULES.vault(), RULES.data_decay(), RULES.compute_decay());
    let Weighting::RecordsDivergence { cap } = RULES.weighting() else { panic!("the other weighting") };
    let used = &RULES.reference_counts()[..RULES.schema().symbol_count()];
    let numbers =
        |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>();
    let (data_lambda, compute_lambda) = ("lambda = \"0.1\"", "lambda = \"0.01\"");
    let weighting = "weighting = \"records-divergence\"\ncap = \"0.05\"";
    let standard = Way::Policy("geometry = \"compact\"", "geometry = \"standard\"");
    let of_version = "another one is refused when the policy is read";
    let mut rows = vec![
        tag("fairshare/v1/policy"),
        constant("protocol version", POLICY_VERSION.to_be_bytes(), of_version),
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
        row(
            "pseudo-count",
            RULES.pseudo_count().to_be_bytes(),
            Way::Policy("pseudo_count = 2", "pseudo_count = 3"),
            By::Reference,
        ),
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
        rule("first round", RULES.first_round().to_be_bytes(), "first = 10", "first = 11"),
        rule("number of rounds", length(RULES.rounds()), "count = 4", "count = 5"),
        row(
            "schema hash",
            RULES.schema().hash().0,
            Way::Policy("[-5, 0.5, 30]", "[-5, 0.5, 31]"),
            By::Schema,
        ),
        constant("number of reference counts", length(used.len()), "follows from the schema"),
        row(
            "reference counts",
            numbers(used),
            Way::Policy("delay = [1, 2, 3, 4, 5]", "delay = [1, 2, 3, 4, 6]"),
            By::Reference,
        ),
    ]);
    rows
}

/// A dataset's digest (PROTOCOL section 4, *The data digest*).
pub fn data_digest_rows(submission: &Submission) -> Vec<Row> {
    let registration = &submission.registrations[0];
    let Dataset { schema_hash, records, segments } = registration.dataset();
    let json = |name: &str, from: u32, to: u32| {
        Way::Registration(format!("\"{name}\": {from}"), format!("\"{name}\": {to}"))
    };
    let standard = Way::Registration("\"compact\"".into(), "\"standard\"".into());
    let schema = Way::Registration(schema_hash.to_string(), Digest([9; 32]).to_string());
    let fewer = json("records", *records, records - 1);
    let more = json("segments", *segments, segments + 1);
    let theirs = Way::Submission(for_the_stranger);
    let hashes = hash(&segment_hash_rows(submission)).0;
    vec![
        word_tag("data"),
        row("contributor", word(registration.contributor().0), theirs, By::Digest),
        row("geometry", word([RULES.geometry().id()]), standard, By::Geometry),
        row("schema hash", schema_hash.0, schema, By::Schema),
        row("records", word(records.to_be_bytes()), fewer, By::Digest),
        row("segments", word(segments.to_be_bytes()), more, By::Segments),
        row("segment hashes", hashes, Way::Submission(segments_exchanged), By::Digest),
    ]
}

/// The segment hashes that a data digest covers, one after the other.
pub fn segment_hash_rows(submission: &Submission) -> Vec<Row> {
    let segments = submission.data().datasets.swap_remove(0).segments;
    let hashes = segments.iter().enumerate().map(|(index, segment)| {
        let hash = segment_hash(&RULES.geometry(), &segment_points(segment).0).0;
        match index {
            0 => row("segment hash", hash, Way::Submission(columns_exchanged), By::Digest),
            _ => row("later segment hash", hash, Way::Submission(segments_exchanged), By::Digest),
        }
    });
    hashes.collect()
}

/// A segment's hash (PROTOCOL section 4).
pub fn segment_rows(submission: &Submission) -> Vec<Row> {
    let (columns, _) = segment_points(&submission.data().datasets[0].segments[0]);
    let mut rows = vec![
        word_tag("segment"),
        constant("geometry", word([RULES.geometry().id()]), "the registration's, altered there"),
        constant("columns", word(length(columns.len())), "follows from the records"),
    ];
    rows.extend(columns.iter().enumerate().map(|(index, column)| match index {
        0 => row("column", encode_point(column), Way::Submission(columns_exchanged), By::Digest),
        _ => constant("later column", encode_point(column), "the first one is altered"),
    }));
    rows
}

/// The units on record (PROTOCOL section 9), cell by cell.
pub fn record_rows(submission: &Submission) -> Vec<Row> {
    let own = checksummed(&submission.bundle.contributor()).to_string();
    let record: Vec<Vec<&str>> = UNITS.lines().map(|line| line.split(',').collect()).collect();
    let cells = record.iter().enumerate().flat_map(|(line, cells)| {
        let places = (0..cells.len()).map(move |column| (line, column));
        places.map(|(line, column)| record_row(&record, (line, column), record[0][column] == own))
    });
    cells.collect()
}

/// One cell with what ends it. `is_own` says whether it is in the column of the score's node.
fn record_row(record: &[Vec<&str>], (line, column): (usize, usize), is_own: bool) -> Row {
    let cell = record[line][column];
    let end = if column + 1 == record[line].len() { "\n" } else { "," };
    let bytes = [cell, end].concat();
    let instead = |other: &str| {
        let mut record = record.to_vec();
        record[line][column] = other;
        Way::Units(record.iter().map(|cells| cells.join(",") + "\n").collect(), nothing)
    };
    match (line, column) {
        (0, 0) => constant("column of rounds", bytes, "its name is the format's"),
        (_, 0) => constant("round", bytes, "another one is refused when the units are read"),
        (0, _) if is_own => row("node", bytes, instead(SOMEBODY), By::NoUnits),
        // Whose the other units are says nothing of these.
        (0, _) => row("another node", bytes, instead(SOMEBODY), By::Idle),
        _ => {
            let one_more = (cell.parse::<u32>().expect("units") + 1).to_string();
            let (field, by) = if is_own { ("units", By::Units) } else { ("another's units", By::Totals) };
            row(field, bytes, instead(&one_more), by)
        }
    }
}
