//! The tables: what each hash absorbs, field by field, and how a field is altered.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::to_csv;
use fairshare_params::Geometry;
use fairshare_params::digest::segment_hash;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::rules::{ParameterWords, ReferenceWords, Rules, Terms};
use fairshare_verifier::Bundle;
use sha3::{Digest as _, Keccak256};

use super::changes::{
    another_digest, columns_exchanged, for_the_stranger, in_the_other_role, nothing, one_dataset_less,
    one_registration_more, one_segment_less, segments_exchanged,
};
use super::{By, Row, Way, constant, hash, row, rule};
use crate::binding::exchanged;
use crate::fixture::{RULES, UNITS, VERIFIER};
use crate::manifest::{on_record, segment_points};
use crate::world::Submission;

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
        rule("rules hash", VERIFIER.rules_hash().0, "min_records = 100", "min_records = 99"),
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
const REGISTRY: &str = "0x58DA990A8F4A3a6ca7cb6315d68a140105917352";

/// Every word of the rules (PROTOCOL section 8), which the context covers by their hash.
pub fn rule_rows() -> Vec<Row> {
    let rules = VERIFIER.rules();
    let Terms { weighting, .. } = rules.terms;
    let mut rows = vec![word_tag("rules"), constant("protocol version", word([2]), "a constant of the code")];
    rows.extend(rounds_and_pool(&rules.terms));
    rows.extend(of_data(rules));
    let weighted = "weighting = \"records-divergence\"\ncap = \"0.05\"";
    let (data_lambda, compute_lambda) = ("lambda = \"0.1\"", "lambda = \"0.01\"");
    let [data, compute] = [rules.data_decay, rules.compute_decay];
    rows.extend([
        number("least records", rules.terms.min_records, "min_records = 100", "min_records = 99"),
        number("weighting", weighting.id(), weighted, "weighting = \"divergence\""),
        number("cap", weighting.cap(), "cap = \"0.05\"", "cap = \"0.06\""),
        number("data λ_q", data.lambda_q, data_lambda, "lambda = \"0.2\""),
        number("data ρ", data.rho, data_lambda, "lambda = \"0.10000000000000001\""),
        number("compute λ_q", compute.lambda_q, compute_lambda, "lambda = \"0.02\""),
        number("compute ρ", compute.rho, compute_lambda, "lambda = \"0.010000000000000001\""),
        number("evidence", 0u8, "evidence = false", "evidence = true"),
    ]);
    let ParameterWords { srs, keys, lagrange_root, openings } = rules.parameters;
    let of_srs = "follows from the SRS, which the policy names";
    let words =
        [("SRS digest", srs), ("keys", keys), ("Lagrange root", lagrange_root), ("openings", openings)];
    rows.extend(words.map(|(field, digest)| constant(field, digest.0, of_srs)));
    rows
}

/// A word that is a number, and a rule that only the hash binds.
fn number(field: &'static str, value: impl Into<u128>, from: &'static str, to: &'static str) -> Row {
    rule(field, word(value.into().to_be_bytes()), from, to)
}

/// The words up to the geometry.
fn rounds_and_pool(terms: &Terms) -> Vec<Row> {
    let subnet = Keccak256::digest(&terms.subnet);
    let standard = Way::Policy("geometry = \"compact\"", "geometry = \"standard\"");
    vec![
        number("chain id", terms.chain_id, "16601", "16602"),
        rule("vault", word(terms.vault.0), VAULT, "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaee"),
        rule("registry", word(terms.registry.0), REGISTRY, "0x58da990a8f4a3a6ca7cb6315d68a140105917353"),
        number("settlement", terms.settlement.id(), "\"claims\"", "\"payments\""),
        rule("subnet", subnet, "new-york-flights", "new-york-flightz"),
        number("epoch", terms.epoch, "epoch = 4", "epoch = 3"),
        number("first round", terms.first_round, "first = 10", "first = 11"),
        number("number of rounds", terms.rounds, "count = 4", "count = 5"),
        number(
            "first round of the data window",
            terms.data_first_round,
            "evidence = false",
            "evidence = false\nfirst_round = 9",
        ),
        number("ends by", terms.ends_by, "2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z"),
        number("proving seconds", terms.proving_seconds, "86400", "86401"),
        number("pool", terms.pool, "\"1000000000000000000000000\"", "\"1000000000000000000000001\""),
        row("geometry", word([terms.geometry.id()]), standard, By::SetUp),
    ]
}

/// The words of schema and reference.
fn of_data(rules: &Rules) -> Vec<Row> {
    let ReferenceWords { features, free_bins, ln_totals, ln, boundaries } = rules.reference;
    let follows = "follows from schema and reference";
    let counts = Way::Policy("delay = [1, 2, 3, 4, 5]", "delay = [1, 2, 3, 4, 6]");
    let labels = Way::Policy("[-5, 0.5, 30]", "[-5, 0.5, 31]");
    vec![
        row("schema hash", rules.schema_hash.0, labels, By::Schema),
        row("reference hash", rules.reference_hash.0, counts, By::Reference),
        constant("d", word(features.to_be_bytes()), follows),
        constant("bins'", word(free_bins.to_be_bytes()), follows),
        constant("Σ Ln(R)", word(ln_totals.to_be_bytes()), follows),
        constant("commitment to ℓ", encode_point(&ln), follows),
        constant("commitment to the boundaries", encode_point(&boundaries), follows),
    ]
}

/// A dataset's digest (PROTOCOL section 4, *The data digest*).
pub fn data_digest_rows(submission: &Submission) -> Vec<Row> {
    let registration = &submission.registrations[0];
    let standard = Way::Registration(|fields| fields.geometry = Geometry::STANDARD);
    let schema = Way::Registration(|fields| fields.schema_hash = Digest([9; 32]));
    let fewer = Way::Registration(|fields| fields.records -= 1);
    let less = Way::Submission(one_segment_less);
    let theirs = Way::Submission(for_the_stranger);
    let segment_rows = segment_hash_rows(submission);
    let (segments, hashes) = (segment_rows.len() as u32, hash(&segment_rows).0);
    vec![
        word_tag("data"),
        row("contributor", word(registration.contributor().0), theirs, By::Digest),
        row("geometry", word([RULES.geometry().id()]), standard, By::Geometry),
        row("schema hash", registration.schema_hash().0, schema, By::Schema),
        row("records", word(registration.records().to_be_bytes()), fewer, By::Digest),
        row("segments", word(segments.to_be_bytes()), less, By::Segments),
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
        constant("columns", word((columns.len() as u64).to_be_bytes()), "follows from the records"),
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
