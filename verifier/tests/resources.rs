//! What a reader may cost: time and memory in proportion to what it was given, whatever that claims of
//! itself.
//!
//! Each case is hostile input for one reader. It must be refused, within [`SLOW`], and with no more memory at
//! its highest than [`TIMES`] its own bytes and [`BESIDES`] ([`BESIDES_TEXT`] for a policy, [`TABLES`] as
//! well for keys). All allocations of the process are counted, so the cases run one after the other, and each
//! prints what it cost.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fairshare_formats::policy::{
    MAX_ERRORS, MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PartialPolicy, side_file_hash,
};
use fairshare_formats::registry::{MAX_REQUEST_BYTES, registration_from_json};
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_formats::verifier_file;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_storage::srs::read_verifier;
use fairshare_testkit::fixture::{PARAMETERS, POLICY, RULES, VERIFIER, edit};
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Trust, Verifier};
use halo2curves::bn256::G1Affine;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Longest that a case may take, on a machine that has other things to do.
const SLOW: Duration = Duration::from_secs(30);
/// Bytes at the highest for each byte of input.
const TIMES: usize = 20;
/// Bytes besides, whatever the input.
const BESIDES: usize = 1 << 20;
/// The same for a policy's text, of a megabyte at most: its parser takes up to a hundred bytes for each.
const BESIDES_TEXT: usize = 96 << 20;
/// Bytes more for each byte of a verifier's parameters: the library keeps tables of powers with each key. As
/// long as a geometry's are, so large are these.
const TABLES: usize = 44;
/// Longest line about one of a policy's errors, in bytes.
const LINE: usize = 1100;

/// Held by each test from its first line: what another one allocates meanwhile would be counted.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `read` on input of that length and says what it cost. `read` gives the reason for its refusal.
#[track_caller]
fn refused(case: &str, input: usize, read: impl FnOnce() -> Result<(), String>) -> String {
    refused_within(BESIDES, case, input, read)
}

#[track_caller]
fn refused_within(
    besides: usize,
    case: &str,
    input: usize,
    read: impl FnOnce() -> Result<(), String>,
) -> String {
    MEMORY.reset_peak_usage();
    let (before, start) = (MEMORY.current_usage(), Instant::now());
    let outcome = read();
    let (took, peak) = (start.elapsed(), MEMORY.peak_usage().saturating_sub(before));
    println!("{case}: {input} bytes read with {peak} bytes of memory in {took:?}: {outcome:.160?}");
    assert!(took < SLOW, "{case}: {took:?}");
    assert!(peak <= TIMES * input + besides, "{case}: {peak} bytes of memory for {input} bytes");
    outcome.expect_err(case)
}

/// A refusal's text; what was read is dropped where its cost is counted.
fn reason<T>(read: Result<T, impl Error>) -> Result<(), String> {
    read.map(drop).map_err(|error| told(&error))
}

/// What a person is told: the error and its causes.
fn told(error: &dyn Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {}", told(cause)),
    }
}

fn policy(case: &str, text: &str) -> String {
    let none = |file: &str| Err(io::Error::new(io::ErrorKind::NotFound, format!("no {file}")));
    let (input, besides) = (text.len(), BESIDES_TEXT);
    let draft =
        refused_within(besides, &format!("draft, {case}"), input, || reason(PartialPolicy::from_toml(text)));
    let whole = || reason(fairshare_formats::policy::from_toml(text, &none));
    let whole = refused_within(besides, &format!("policy, {case}"), input, whole);
    check_lines(&draft);
    check_lines(&whole);
    whole
}

/// No message carries its input along: it has a line for each of so many errors, one before them and one
/// after, and none is long.
#[track_caller]
fn check_lines(told: &str) {
    let longest = told.lines().map(str::len).max().unwrap_or_default();
    assert!(told.lines().count() <= MAX_ERRORS + 2 && longest <= LINE, "{longest} bytes: {told:.2000}");
}

/// A policy whose only table of features is `features`.
fn with_features(features: &str) -> String {
    let (start, end) =
        (POLICY.find("[[schema").expect("features"), POLICY.find("[reference").expect("a reference"));
    [&POLICY[..start], features, "\n", &POLICY[end..]].concat()
}

/// As many of `item` as fit into a policy file beside the rest of it.
fn filling(item: impl Fn(usize) -> String) -> String {
    let room = MAX_POLICY_BYTES as usize - 2 * POLICY.len();
    let mut text = String::new();
    for index in 0.. {
        let item = item(index);
        if text.len() + item.len() > room {
            break;
        }
        text.push_str(&item);
    }
    text
}

#[test]
fn a_policy_of_a_million_features() {
    let _alone = alone();
    let feature =
        |index: usize| format!("[[schema.feature]]\nname=\"{index}\"\nkind=\"numeric\"\nedges=[1]\n");
    let million: String = (0..1_000_000).map(feature).collect();
    assert!(policy("a million features", &with_features(&million)).contains("bytes"));
    drop(million);
    let error = policy("as many features as fit", &with_features(&filling(feature)));
    assert!(error.contains("symbols"), "{error}");
    // Each with a fault that names its place.
    let unnamed = |_| "[[schema.feature]]\nname=\"\"\nkind=\"numeric\"\nedges=[1]\n".to_owned();
    let error = policy("as many unnamed features as fit", &with_features(&filling(unnamed)));
    assert!(error.contains("empty name"), "{error}");
    let keys = |_| "[[schema.feature]]\nname=\"a\"\nkind=\"numeric\"\nlabels=[\"a\"]\n".to_owned();
    let error = policy("as many features of wrong keys as fit", &with_features(&filling(keys)));
    assert!(error.contains("numeric feature has `edges`"), "{error}");
}

/// The parser would keep hundreds of bytes for each error.
#[test]
fn a_policy_of_a_million_errors() {
    let _alone = alone();
    for (case, item) in [("brackets", "]"), ("equals signs", "="), ("lines", "]\n"), ("values", "a=\n")] {
        let error = policy(&format!("as many wrong {case} as fit"), &filling(|_| item.to_owned()));
        assert!(error.contains("line 1, column"), "{error}");
    }
    // Of what somebody writes all is told.
    let error = policy("three wrong lines", &format!("{}a=\nb=\nc=\n", "#\n".repeat(20_000)));
    assert!(error.contains("errors:"), "{error}");
}

#[test]
fn a_policy_of_a_million_parts() {
    let _alone = alone();
    let feature =
        |index: usize| format!("[[schema.feature]]\nname=\"{index}\"\nkind=\"numeric\"\nedges=[1]\n");
    let crossed = |of: &str| format!("[[schema.feature]]\nname=\"all\"\nkind=\"crossed\"\nof=[{of}]\n");
    let same = filling(|_| "\"0\",".to_owned());
    let same = policy("one part over and over", &with_features(&[feature(0), crossed(&same)].concat()));
    assert!(same.contains("`0` is crossed twice"), "{same}");
    let long = format!("\"{}\"", "x".repeat(MAX_POLICY_BYTES as usize / 2));
    let long = policy("one long part", &with_features(&[feature(0), crossed(&long)].concat()));
    assert!(long.contains("no feature is named `xxx"), "{long}");
    // Their bins multiply to a number of thousands of digits.
    let parts: String = (0..15_000).map(|index| format!("\"{index}\",")).collect();
    let all: String = (0..15_000).map(feature).chain([crossed(&parts)]).collect();
    let all = policy("as many parts as fit", &with_features(&all));
    assert!(all.contains("2^64 or more bins"), "{all}");
}

#[test]
fn a_policy_of_a_million_bins() {
    let _alone = alone();
    let list = |name: &str, kind: &str, item: &dyn Fn(usize) -> String| {
        with_features(&format!(
            "[[schema.feature]]\nname=\"a\"\nkind=\"{kind}\"\n{name}=[{}]\n",
            filling(item)
        ))
    };
    let edges = policy("as many edges as fit", &list("edges", "numeric", &|index| format!("{index},")));
    assert!(edges.contains("symbols"), "{edges}");
    let labels =
        policy("as many labels as fit", &list("labels", "categorical", &|index| format!("\"{index}\",")));
    assert!(labels.contains("symbols"), "{labels}");
    let same = policy("one edge over and over", &list("edges", "numeric", &|_| "1,".to_owned()));
    assert!(same.contains("edge 1 is 1"), "{same}");
    let million: String = (0..1_000_000).map(|index| format!("{index},")).collect();
    let million = format!("[[schema.feature]]\nname=\"a\"\nkind=\"numeric\"\nedges=[{million}]\n");
    assert!(policy("a million edges", &with_features(&million)).contains("bytes"));
}

#[test]
fn a_policy_of_a_million_rounds() {
    let _alone = alone();
    let none = |_: &str| Err(io::ErrorKind::NotFound.into());
    let ones = |count: usize| "1,".repeat(count);
    let totals = |count: usize| format!("count = 4\ntotals = [{}]", ones(count));
    let fit = filling(|_| "1,".to_owned()).len() / 2;
    let fit_names = filling(|index| format!("a{index}=[1]\n"));
    for (case, from, to, part) in [
        ("a million rounds", "count = 4", "count = 1_000_000".to_owned(), "covers 2 to"),
        (
            "as many rounds as a number says",
            "count = 4",
            format!("count = {}", i64::MAX),
            "is not a whole number",
        ),
        ("totals of a million rounds", "count = 4", totals(1_000_000), "bytes"),
        ("totals of as many rounds as fit", "count = 4", totals(fit), "totals"),
        ("as many counts as fit", "[1, 2, 3, 4, 5]", format!("[{}]", ones(fit)), "counts for 5 bins"),
        ("as many references as fit", "delay = [1, 2, 3, 4, 5]", fit_names, "not a feature of the schema"),
    ] {
        let text = edit(from, &to);
        let read = || reason(fairshare_formats::policy::from_toml(&text, &none));
        let error = refused_within(BESIDES_TEXT, &format!("policy, {case}"), text.len(), read);
        assert!(error.contains(part), "{error}");
        check_lines(&error);
    }
}

#[test]
fn a_policy_nested_as_deep_as_fits() {
    let _alone = alone();
    for (case, open, close) in [
        ("arrays", "a=".to_owned() + &filling(|_| "[".to_owned()), ""),
        ("inline tables", filling(|_| "a={".to_owned()), ""),
        ("dotted keys", filling(|_| "a.".to_owned()), "a=1"),
        ("dotted tables", "[".to_owned() + &filling(|_| "a.".to_owned()), "a]"),
        ("lists of tables", filling(|_| "[[a]]\n".to_owned()), ""),
        ("tables", filling(|index| format!("[a{index}]\n")), ""),
        ("keys", filling(|index| format!("a{index}=1\n")), ""),
        ("quotes", filling(|_| "\"".to_owned()), ""),
        ("a comment", "#".to_owned() + &filling(|_| "a".to_owned()), ""),
        ("empty lines", filling(|_| "\n".to_owned()), ""),
    ] {
        policy(case, &[&open, close].concat());
    }
}

/// A policy that names `content` as its file of the reference.
fn side_file(case: &str, content: &[u8]) -> String {
    let hash = side_file_hash(content);
    let inline = "[reference.counts]\ncarrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]";
    let text = edit(inline, &format!("[reference]\nfile = \"a\"\nhash = \"{hash}\""));
    let load = |_: &str| Ok(content.to_vec());
    refused(&format!("reference, {case}"), content.len(), || {
        reason(fairshare_formats::policy::from_toml(&text, &load))
    })
}

/// Length of the side files, and of units: costs are in proportion, so a part of what is allowed shows them.
const SIDE_FILE: usize = MAX_SIDE_FILE_BYTES as usize / 8;

/// A long side file, of `start`, then `item` over and over.
fn long(start: &str, item: impl Fn(usize) -> String) -> Vec<u8> {
    let mut content = start.to_owned().into_bytes();
    for index in 0.. {
        let item = item(index);
        if content.len() + item.len() > SIDE_FILE {
            break;
        }
        content.extend(item.into_bytes());
    }
    content
}

#[test]
fn files_beside_a_policy() {
    let _alone = alone();
    side_file("counts", &long("{\"counts\":{\"delay\":[1", |_| ",1".to_owned()));
    side_file("features", &long("{\"counts\":{\"a\":[]", |index| format!(",\"{index:x}\":[]")));
    side_file("depth", &long("", |_| "[".to_owned()));
    side_file("depth of objects", &long("", |_| "{\"counts\":".to_owned()));
    side_file("one byte too many", &vec![b' '; MAX_SIDE_FILE_BYTES as usize + 1]);
}

/// Units of the greatest epoch that the fixture's geometry covers.
fn units(case: &str, content: &[u8]) -> String {
    let rounds = Rounds { first: 10, count: Geometry::COMPACT.rounds() };
    refused(&format!("units, {case}"), content.len(), || reason(from_csv(content, rounds)))
}

#[test]
fn units_on_record() {
    let _alone = alone();
    let node = |index: usize| format!(",0x{:040x}", index + 1);
    let header = format!("round{}\n", node(0));
    units("columns of one name", &long("round", |_| ",a".to_owned()));
    units("columns of one node", &long("round", |_| node(0)));
    units("columns without a name", &long("round", |_| ",".to_owned()));
    units("columns of other names", &long("round", |index| format!(",{index:x}")));
    units("rounds", &long(&header, |index| format!("{},1\n", 10 + index)));
    units("one cell", &long(&(header.clone() + "10,"), |_| "1".to_owned()));
    units("an open quote", &long(&(header + "10,\""), |_| "a".to_owned()));
    // A header asks for units of each node in every round, long before they are there.
    let most = (1 << 24) / Geometry::COMPACT.rounds();
    let nodes = ["round".to_owned()].into_iter().chain((0..most).map(node)).collect::<String>().into_bytes();
    let error = units("as many nodes as fit", &nodes);
    assert!(error.contains("ends before round 10"), "{error}");
    let ones = nodes.iter().filter(|byte| **byte == b',').count();
    let one_round = [nodes, b"\n10".to_vec(), b",1".repeat(ones)].concat();
    let error = units("as many nodes as fit, in one round", &one_round);
    assert!(error.contains("ends before round 11"), "{error}");
}

#[test]
fn registrations() {
    let _alone = alone();
    // A megabyte of each, and as much as is read of what is held in memory.
    for most in [1 << 20, MAX_REQUEST_BYTES] {
        for signature in ["", "\"signature\":\"0x12\","] {
            let start = format!("{{\"version\":2,{signature}\"segments\":");
            let fill = |item: &str| item.repeat((most - start.len()) / item.len());
            for (case, text) in [
                ("lists", start.clone() + &fill("[")),
                ("objects", start.clone() + &fill("{\"a\":")),
                ("a long text", start.clone() + "\"" + &fill("a")[1..]),
                ("many numbers", start.clone() + "[" + &fill("1,")[2..]),
                ("a long number", start.clone() + &fill("1")),
                ("digests", start.clone() + "[" + &fill(&format!("\"{DIGEST}\","))),
                ("one byte too many", " ".repeat(MAX_REQUEST_BYTES + 1)),
            ] {
                refused(&format!("registration, {case}"), text.len(), || {
                    reason(registration_from_json(text.as_bytes()))
                });
            }
        }
    }
}

fn verifier_file(case: &str, bytes: &[u8]) -> String {
    refused(&format!("verifier's parameters, {case}"), bytes.len(), || reason(verifier_file::decode(bytes)))
}

/// A verifier's parameters with true beginnings, fingerprint and `[s]_2`, and all points the generator.
fn generators(geometry: Geometry) -> Vec<u8> {
    let mut content = PARAMETERS.encode();
    content.truncate(32 + 128);
    let generator = encode_point(&G1Affine::generator());
    content.extend(
        generator.into_iter().cycle().take(VerifierParameters::encoded_bytes(geometry) - content.len()),
    );
    content
}

#[test]
fn parameters_of_a_verifier() {
    let _alone = alone();
    let header = |geometry: Geometry| [&verifier_file::MAGIC[..], &[1, geometry.id()]].concat();
    verifier_file("one byte", b"F");
    for geometry in Geometry::ALL {
        for length in [38, 1 << 20, 64 << 20] {
            let mut bytes = header(geometry);
            bytes.resize(length, 0xff);
            let error = verifier_file(&format!("{length} bytes of {geometry}"), &bytes);
            assert!(error.contains("bytes, but those of geometry"), "{error}");
        }
        let mut bytes = [header(geometry), generators(geometry), vec![0; 32]].concat();
        let error = verifier_file(&format!("a false hash of {geometry}"), &bytes);
        assert!(error.contains("damaged"), "{error}");
        // Points up to the last, which is none.
        bytes = generators(geometry);
        *bytes.last_mut().expect("bytes") = 3;
        let case = format!("verifier's parameters, no last point of {geometry}");
        let read = || reason(VerifierParameters::decode(geometry, &bytes));
        let error = refused_within(TABLES * bytes.len() + BESIDES, &case, bytes.len(), read);
        assert!(error.contains("the point at byte"), "{error}");
    }
    // All of it is read, keys are made of it, and nobody believes it.
    let bytes = generators(Geometry::COMPACT);
    let read = || {
        let read = VerifierParameters::decode(Geometry::COMPACT, &bytes).expect("points");
        reason(Verifier::new(&read, &RULES, Trust::AllowInsecure))
    };
    let case = "verifier's parameters, all points one";
    let error = refused_within(TABLES * bytes.len() + BESIDES, case, bytes.len(), read);
    assert!(error.contains("believed only under a rules hash"), "{error}");
    // A file says how long it is before it is read.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.verifier.params");
    fs::write(&path, header(Geometry::COMPACT)).expect("write");
    File::options().write(true).open(&path).expect("open").set_len(10 << 30).expect("a sparse file");
    let error = refused("verifier's parameters, ten gibibytes", 0, || reason(read_verifier(&path)));
    assert!(error.contains("long.verifier.params"), "{error}");
}

/// A word with a number in it.
fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// A bundle's role and contributor, then `body`.
fn bundle(role: u64, body: &[u8]) -> Vec<u8> {
    [&word(role), [0; 12].as_slice(), &CONTRIBUTOR.0, body].concat()
}

const CONTRIBUTOR: Address = Address([1; 20]);
const DIGEST: Digest = Digest([7; 32]);

/// A registration of so many records under [`DIGEST`].
fn registration(records: u32) -> Registration {
    let schema_hash = RULES.schema().hash();
    Registration::new(CONTRIBUTOR, Geometry::COMPACT, schema_hash, records, DIGEST).expect("a registration")
}

/// Reads a bundle that is refused; the verifier, whose keys are made with it, is made before and not counted.
fn refused_bundle(case: &str, bytes: &[u8], registrations: &[Registration]) -> String {
    let verifier = &*VERIFIER;
    refused(&format!("bundle, {case}"), bytes.len(), || reason(verifier.read(bytes, registrations)))
}

/// Alone, before a megabyte, and before as many bytes as the digests need but one.
#[test]
fn a_bundle_that_claims_more_datasets_than_it_holds() {
    let _alone = alone();
    let digests = |count: u64| usize::try_from(count * 32 - 1).expect("a length");
    for (count, tails) in [
        (u64::MAX, vec![0, 1 << 20, 64 << 20]),
        (1 << 59, vec![0, 1 << 20]),
        (u64::from(u32::MAX), vec![0, 1 << 20, 64 << 20]),
        (1 << 21, vec![0, 1 << 20, digests(1 << 21)]),
    ] {
        for tail in tails {
            let bytes = bundle(1, &[word(count).as_slice(), &vec![0xff; tail]].concat());
            let error = refused_bundle("the greatest number of datasets", &bytes, &[registration(1)]);
            assert!(error.contains("truncated"), "{error}");
        }
    }
    // As many as it holds, of which nobody gave the registrations.
    let bytes = bundle(1, &[word(1 << 21).as_slice(), &vec![7; 32 << 21]].concat());
    let error = refused_bundle("two million datasets", &bytes, &[registration(1)]);
    assert!(error.contains("2097152 registrations"), "{error}");
    // And the same digest over and over, of one registration a time.
    let many = vec![registration(1); 1 << 10];
    let bytes = bundle(1, &[word(1 << 10).as_slice(), &vec![7; 32 << 10]].concat());
    let error = refused_bundle("a thousand times one dataset", &bytes, &many);
    assert!(error.contains("a bundle for these registrations has"), "{error}");
}

/// Registrations say any number of records, and so how long a bundle would be.
#[test]
fn registrations_of_more_records_than_a_bundle_holds() {
    let _alone = alone();
    for tail in [0, 1 << 20, 64 << 20] {
        let body = [word(1).as_slice(), &DIGEST.0, &vec![0xff; tail]].concat();
        for records in [1, u32::MAX] {
            let error = refused_bundle("registered records", &bundle(1, &body), &[registration(records)]);
            assert!(error.contains("a bundle for these registrations has"), "{error}");
        }
    }
    let bytes = bundle(2, &vec![0; 64 << 20]);
    let error = refused_bundle("a compute bundle of data", &bytes, &[registration(u32::MAX)]);
    assert!(error.contains("covers 0 registrations, but 1 were given"), "{error}");
    let error = refused_bundle("a long compute bundle", &bytes, &[]);
    assert!(error.contains("a bundle for these registrations has"), "{error}");
}

/// As many segments as a large file holds, whole up to its last word, which is no scalar; and a byte more.
#[test]
fn a_bundle_of_twenty_thousand_segments() {
    const SEGMENTS: usize = 20_000;
    let _alone = alone();
    let capacity = Geometry::COMPACT.largest_segment().symbols() / RULES.schema().len();
    let registrations = [registration((capacity * SEGMENTS) as u32)];
    let header = Header { role: Role::Data, contributor: CONTRIBUTOR, digests: vec![DIGEST] };
    let layout = VERIFIER.layout(&header, &registrations).expect("a layout");
    let histograms: u64 = layout.datasets[0].iter().map(|run| run.proofs * run.bytes as u64).sum();
    let mut body = [word(1), DIGEST.0].concat();
    body.resize(body.len() + histograms as usize, 0);
    body.extend(word(5));
    body.resize(body.len() + layout.score, 0);
    body.extend(encode_point(&G1Affine::generator()));
    body.extend([[0; 32]; 7].concat());
    body.extend([0xff; 32]);
    let mut bytes = bundle(1, &body);
    let error = refused_bundle("twenty thousand segments", &bytes, &registrations);
    assert!(error.contains("link response") && error.contains("not canonical"), "{error}");
    bytes.push(0);
    let error = refused_bundle("twenty thousand segments and a byte", &bytes, &registrations);
    assert!(error.contains("a bundle for these registrations has"), "{error}");
}
