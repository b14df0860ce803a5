//! Records and units.

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use fairshare_formats::units::{Rounds, UnitsError, from_csv, from_csv_of_any_rounds, to_csv};
use fairshare_ingest::units::read_units;
use fairshare_ingest::{BATCH_RECORDS, IngestError, Position, Records};
use fairshare_params::schema::{Column, Feature, Rule, Schema};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fixture::{RULES, UNITS};
use crate::{file, lines, said};

/// Two features of three columns: labels with edges, one edge.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let column = |name: &str, rule| Column { name: name.into(), rule };
    let labels = ["a", "b", "long label, \"quoted\""].map(str::to_owned).to_vec();
    let of = vec![
        column("kind", Rule::Categorical { labels }),
        column("x", Rule::Numeric { edges: vec![-1.5, 0.0, 1e300] }),
    ];
    let features = vec![
        Feature::Crossed { name: "kind by x".into(), of },
        Feature::Column(column("y", Rule::Numeric { edges: vec![0.5] })),
    ];
    Schema::new(features, 1 << 10).expect("a schema")
});

/// Records read from a CSV file.
pub fn csv_ingest(data: &[u8]) -> bool {
    match read(&file("fuzzed.csv", data)) {
        Ok(records) => {
            assert!(records < lines(data), "{records} records in {} lines", lines(data));
            true
        }
        Err(error) => check_line(&error, data),
    }
}

/// Records read from a Parquet file.
pub fn parquet_ingest(data: &[u8]) -> bool {
    match read(&file("fuzzed.parquet", data)) {
        Ok(_) => true,
        Err(IngestError::NotANumber { position, .. }) => {
            assert!(matches!(position, Position::Row(1..)), "{position}");
            false
        }
        Err(_) => false,
    }
}

/// Records read from JSON Lines.
pub fn json_ingest(data: &[u8]) -> bool {
    match read(&file("fuzzed.jsonl", data)) {
        Ok(records) => {
            assert!(records <= lines(data), "{records} records in {} lines", lines(data));
            true
        }
        Err(error) => check_line(&error, data),
    }
}

/// Records read from an Arrow file or stream.
pub fn arrow_ingest(data: &[u8]) -> bool {
    match read(&file("fuzzed.arrow", data)) {
        Ok(_) => true,
        Err(IngestError::NotANumber { position, .. }) => {
            assert!(matches!(position, Position::Row(1..)), "{position}");
            false
        }
        Err(_) => false,
    }
}

/// Records read from compressed CSV: bytes taken as they are, and text that was compressed, which must give
/// what it gives uncompressed. The first byte says which.
pub fn compressed_ingest(data: &[u8]) -> bool {
    let Some((kind, rest)) = data.split_first() else { return false };
    let records = |name: &str, bytes: &[u8]| read(&file(name, bytes)).ok();
    let packed = |name: &str, bytes: Vec<u8>| {
        let records = records(name, &bytes);
        assert_eq!(records, read(&file("fuzzed.csv", rest)).ok(), "compressed and not");
        records
    };
    let records = match kind % 4 {
        0 => records("fuzzed.csv.gz", rest),
        1 => records("fuzzed.csv.zst", rest),
        2 => packed("fuzzed.csv.gz", gzip(rest)),
        _ => packed("fuzzed.csv.zst", zstd::encode_all(rest, 1).expect("compress")),
    };
    records.is_some()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("compress");
    encoder.finish().expect("compress")
}

/// Units read from a CSV file: of every round; what is read is written in the one spelling, which reads back
/// as the same. Whoever does not know the rounds reads the same, and no more.
pub fn units_csv(data: &[u8]) -> bool {
    let any = from_csv_of_any_rounds(data);
    if let Ok(units) = &any {
        let rounds = Rounds { first: units.first_round(), count: units.totals().len() };
        assert_eq!(from_csv(data, rounds).as_ref().ok(), Some(units));
    }
    match read_units(&file("fuzzed-units.csv", data), Rounds::of(&RULES)) {
        Ok(units) => {
            assert_eq!(
                (units.first_round(), units.totals().len()),
                (RULES.terms().first_round, RULES.rounds())
            );
            let again = from_csv(to_csv(&units).as_bytes(), Rounds::of(&RULES));
            assert_eq!(again.expect("what was written"), units);
            assert_eq!(any.ok().as_ref(), Some(&units));
            true
        }
        Err(error) => check_line(&error, data),
    }
}

/// For libFuzzer, which ends the process at a panic even if it is caught: those of the Parquet and Arrow
/// libraries are, and become an error. Any other still ends it.
pub fn forgive_caught_panics() {
    let ends = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map(|position| position.file()).unwrap_or_default();
        // The standard library's own, as of a slice out of bounds, carry the caller's position.
        if !["/parquet-", "/arrow-"].iter().any(|library| file.contains(library)) {
            ends(panic);
        }
    }));
}

/// Reads all records; every symbol is one of its feature's, and a record has one of each.
fn read(path: &Path) -> Result<u64, IngestError> {
    let result = read_checked(path);
    if let Err(error) = &result {
        said(error);
    }
    result
}

/// Most records that one input may cost; a few bytes of Parquet can stand for thousands of millions.
const RECORDS: u64 = 1 << 18;

fn read_checked(path: &Path) -> Result<u64, IngestError> {
    let mut records = Records::open(&[path.to_path_buf()], &SCHEMA)?;
    let features = records.features();
    let mut out = Vec::new();
    let mut total = 0;
    loop {
        let before = records.bytes_read();
        let result = records.next_batch(&mut out);
        let Ok(read) = result else {
            assert!(out.is_empty(), "symbols of a batch that is refused");
            assert!(matches!(records.next_batch(&mut out), Err(IngestError::Stopped)));
            return result.map(|_| 0);
        };
        assert!(read <= BATCH_RECORDS);
        assert_eq!(out.len(), read * features);
        assert!(records.bytes_read() >= before && records.bytes_read() <= records.total_bytes());
        for record in out.chunks_exact(features) {
            for (feature, symbol) in record.iter().enumerate() {
                assert!(SCHEMA.symbols(feature).contains(&usize::from(*symbol)), "{symbol} for {feature}");
            }
        }
        total += read as u64;
        assert_eq!(records.records_read(), total);
        out.clear();
        if read == 0 || total > RECORDS {
            return Ok(total);
        }
    }
}

/// A line that is named is one that the file has.
fn check_line(error: &IngestError, data: &[u8]) -> bool {
    said(error);
    let line = match error {
        IngestError::Ragged { line, .. }
        | IngestError::NotUtf8 { line, .. }
        | IngestError::HeaderAgain { line, .. }
        | IngestError::TextAfterQuote { line, .. }
        | IngestError::BlankLines { line, .. }
        | IngestError::NulByte { line, .. }
        | IngestError::Json { line, .. }
        | IngestError::Nested { line, .. }
        | IngestError::DuplicateKey { line, .. }
        | IngestError::UnclosedQuote { line, .. }
        | IngestError::RecordTooLong { line, .. }
        | IngestError::Units { source: UnitsError::Ragged { line, .. }, .. }
        | IngestError::Units { source: UnitsError::NotUtf8 { line }, .. }
        | IngestError::Units { source: UnitsError::UnclosedQuote { line }, .. }
        | IngestError::Units { source: UnitsError::RowTooLong { line, .. }, .. }
        | IngestError::Units { source: UnitsError::NotAnInteger { line, .. }, .. }
        | IngestError::Units { source: UnitsError::RoundOutside { line, .. }, .. }
        | IngestError::Units { source: UnitsError::Order { line, .. }, .. }
        | IngestError::NotANumber { position: Position::Line(line), .. } => *line,
        _ => return false,
    };
    assert!((1..=lines(data)).contains(&line), "line {line} of {}: {error}", lines(data));
    false
}

pub(crate) fn csv_seeds() -> Vec<Vec<u8>> {
    [
        "kind,x,y\na,1,2\nb,-1.5,0.5\n,,\nother,1e300,-0\n",
        "\u{feff}y,\"x\",other,kind\r\n1,2,,\"long label, \
         \"\"quoted\"\"\"\r\n\r\n,,é,\"two\r\nlines\"\n0,0,0,b",
        "kind,x,y\ra,1,2\rb,3,4",
        "kind,x,y\na,1,2\nb,\"3\n4",
        "kind,x,y\na,1\n",
        "kind,x,x,y\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(crate) fn json_seeds() -> Vec<Vec<u8>> {
    [
        "{\"kind\":\"a\",\"x\":1,\"y\":2.5e-1}\n\n{\"x\":null,\"more\":[{\"a\":{}}]}\r\n",
        "\u{feff}{\"kind\":\"long label, \\\"quoted\\\"\",\"x\":\"-1.5\",\"y\":1e300}",
        " { \"\\u006bind\" : \"\\ud83d\\ude00\" , \"x\" : 18446744073709551616, \"y\" : true }\n",
        "{\"kind\":1,\"x\":1,\"y\":1}\n{\"kind\":{},\"x\":1,\"x\":2}\n",
        "[{\"kind\":\"a\"}]",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(crate) const JSON_TOKENS: &[&str] = &[
    "\"kind\":",
    "\"x\":",
    "\"y\":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "\\",
    "\\ud800",
    "\\u0000",
    "null",
    "true",
    "NaN",
    "1e400",
    "-0",
    "\n",
    "\r\n",
    "\u{feff}",
    "é",
    "\0",
];

/// Both compressions of CSV, as they are and as text to be compressed.
pub(crate) fn compressed_seeds() -> Vec<Vec<u8>> {
    let with = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let seeds = csv_seeds();
    let of = |text: &Vec<u8>| {
        let frame = zstd::encode_all(&text[..], 3).expect("compress");
        let skipped = b"\x50\x2a\x4d\x18\x01\0\0\0a";
        [
            with(0, &gzip(text)),
            with(0, &[gzip(&text[..9]), gzip(&text[9..])].concat()),
            with(1, &frame),
            with(1, &[skipped, &frame[..]].concat()),
            with(2, text),
            with(3, text),
        ]
    };
    seeds.iter().flat_map(of).collect()
}

pub(crate) fn units_seeds() -> Vec<Vec<u8>> {
    [
        UNITS,
        "round\r\n10\r\n\r\n11\r\n12\r\n13",
        "\u{feff}0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359,round\n4294967295,10\n0,11\n0,12\n",
        "round,units\n10,\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(crate) const CSV_TOKENS: &[&str] = &[
    "kind",
    "x",
    "y",
    "round",
    "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359",
    ",",
    "\"",
    "\"\"",
    "\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "é",
    "nan",
    "inf",
    "1e400",
    "-0",
    "0x10",
    "1_000",
    "18446744073709551616",
    "4294967296",
    "10",
    "13",
    "\0",
];
