//! Files to symbols, end to end: the flights of `examples/flights`, the formats against each other, every
//! error.

#[path = "ingest/arrays.rs"]
mod arrays;
#[path = "ingest/cases.rs"]
mod cases;
#[path = "ingest/crossed.rs"]
mod crossed;
#[path = "ingest/dialects.rs"]
mod dialects;
#[path = "ingest/errors.rs"]
mod errors;
#[path = "ingest/folders.rs"]
mod folders;
#[path = "ingest/forge.rs"]
mod forge;
#[path = "ingest/formats.rs"]
mod formats;
#[path = "ingest/hostile.rs"]
mod hostile;
#[path = "ingest/ipc.rs"]
mod ipc;
#[path = "ingest/json.rs"]
mod json;
#[path = "ingest/kinds.rs"]
mod kinds;
#[path = "ingest/pages.rs"]
mod pages;
#[path = "ingest/repeated.rs"]
mod repeated;
#[path = "ingest/tables.rs"]
mod tables;
#[path = "ingest/types.rs"]
mod types;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Int64Array, LargeStringArray,
    NullArray, RecordBatch, StringArray, StringViewArray, UInt64Array, types::Int8Type,
};
use fairshare_formats::eip55;
use fairshare_formats::units::{Rounds, UnitsError};
use fairshare_ingest::units::read_units;
use fairshare_ingest::{BATCH_RECORDS, IngestError, Records, reference};
use fairshare_params::schema::{Column, Feature, Rule, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

fn flights(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights").join(file)
}

fn categorical(name: &str, labels: &[&str]) -> Feature {
    let labels = labels.iter().map(ToString::to_string).collect();
    Feature::Column(Column { name: name.into(), rule: Rule::Categorical { labels } })
}

fn numeric(name: &str, edges: &[f64]) -> Feature {
    Feature::Column(Column { name: name.into(), rule: Rule::Numeric { edges: edges.to_vec() } })
}

fn join(name: &str, features: &[Feature]) -> Feature {
    Feature::Crossed { name: name.into(), of: features.iter().flat_map(Feature::columns).cloned().collect() }
}

fn schema(features: Vec<Feature>) -> Schema {
    Schema::new(features, 1 << 10).expect("a schema of the smaller alphabet")
}

fn flight_schema() -> Schema {
    schema(vec![
        categorical("carrier", &["UA", "B6", "EV", "DL", "AA"]),
        categorical("dest", &["ATL", "ORD", "LAX", "BOS"]),
        numeric("dep_delay", &[-5.0, 0.0, 15.0, 60.0]),
        numeric("arr_delay", &[-15.0, 0.0, 30.0]),
        numeric("air_time", &[60.0, 120.0, 240.0]),
        numeric("distance", &[500.0, 1000.0, 2000.0]),
        numeric("hour", &[6.0, 12.0, 18.0]),
    ])
}

/// All symbols, and the number of records.
fn read_all(paths: &[PathBuf], schema: &Schema) -> Result<(Vec<u16>, u64), IngestError> {
    let mut records = Records::open(paths, schema)?;
    let mut symbols = Vec::new();
    while records.next_batch(&mut symbols)? > 0 {
        assert!(records.bytes_read() <= records.total_bytes());
    }
    assert_eq!(records.bytes_read(), records.total_bytes());
    assert_eq!(symbols.len() as u64, records.records_read() * schema.len() as u64);
    Ok((symbols, records.records_read()))
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let file = File::create(path).expect("create");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("writer");
    writer.write(&batch).expect("write");
    writer.close().expect("close");
}

#[test]
fn the_flights_of_each_airport_are_all_read() {
    let schema = flight_schema();
    let mut sum = vec![0; schema.symbol_count()];
    let airports = [("EWR.parquet", 120_835), ("JFK.parquet", 111_279), ("LGA.parquet", 104_662)];
    for (file, records) in airports {
        let counts =
            reference::count(Records::open(&[flights(file)], &schema).expect("open")).expect("count");
        assert_eq!(counts.len(), schema.len());
        for (feature, bins) in counts.iter().enumerate() {
            assert_eq!(bins.len(), schema.features()[feature].bins());
            assert_eq!(bins.iter().sum::<u64>(), records, "{file}, feature {feature}");
            for (symbol, count) in schema.symbols(feature).zip(bins) {
                sum[symbol] += count;
            }
        }
    }
    let paths = airports.map(|(file, _)| flights(file));
    let merged = reference::histogram(Records::open(&paths, &schema).expect("open")).expect("histogram");
    assert_eq!(merged, sum, "several files are one dataset");
}

/// The columns of the sample as a Parquet file.
fn sample_as_parquet(folder: &Path) -> PathBuf {
    let mut rows = csv::Reader::from_path(flights("flights-2000.csv")).expect("open");
    let header = rows.headers().expect("header").clone();
    let rows: Vec<_> = rows.records().collect::<Result<_, _>>().expect("rows");
    let columns = header.iter().enumerate().map(|(position, name)| {
        let cells = rows.iter().map(|row| &row[position]);
        let array: ArrayRef = match name {
            "carrier" | "dest" | "origin" => Arc::new(StringArray::from_iter_values(cells)),
            _ => Arc::new(Int64Array::from_iter(cells.map(|cell| cell.parse::<i64>().ok()))),
        };
        (name, array)
    });
    let parquet = folder.join("flights.PARQUET");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(300)).build();
    write_parquet(&parquet, columns.collect(), properties);
    parquet
}

#[test]
fn csv_and_parquet_of_the_same_rows_give_the_same_symbols() {
    let folder = tempfile::tempdir().expect("folder");
    let parquet = sample_as_parquet(folder.path());
    let plain = flight_schema();
    let [carrier, dest, departure, rest @ ..] = plain.features() else { panic!("seven features") };
    let crossed = schema(vec![dest.clone(), join("how late", &[departure.clone(), carrier.clone()])]);
    let all = schema(vec![join("rest", &rest[..3]), departure.clone()]);
    for schema in [&plain, &crossed, &all] {
        let (from_csv, records) = read_all(&[flights("flights-2000.csv")], schema).expect("csv");
        assert_eq!(records, 2000);
        let (from_parquet, _) = read_all(std::slice::from_ref(&parquet), schema).expect("parquet");
        assert_eq!(from_csv, from_parquet);
    }
    // The sample has missing delays, so nulls and empty cells took part.
    let (symbols, _) = read_all(&[parquet], &plain).expect("parquet");
    let missing = plain.symbols(2).end - 1;
    assert!(symbols.iter().any(|symbol| usize::from(*symbol) == missing));
}

#[test]
fn symbols_stand_record_by_record_in_the_schemas_order() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("small.csv");
    // The schema's order is not the file's; a mark, quotes, a blank line and both line ends are tolerated.
    fs::write(&path, "\u{feff}\"x\",other,kind\r\n1,,b\r\n\r\n,z,\"a\"\n2.5,,\"say \"\"b\"\"\"\n-1,,\n")
        .expect("write");
    let schema = schema(vec![categorical("kind", &["a", "b"]), numeric("x", &[0.0, 2.0])]);
    // kind: a 1, b 2, other 3, missing 4; x: below 0 5, below 2 6, from 2 on 7, missing 8.
    assert_eq!(read_all(&[path], &schema).expect("read").0, [2, 6, 1, 8, 3, 7, 4, 5]);
}

#[test]
fn every_parquet_type_means_what_its_text_means() {
    let folder = tempfile::tempdir().expect("folder");
    let (text, typed) = (folder.path().join("a.csv"), folder.path().join("a.parquet"));
    // 9007199254740993 rounds to 2^53 on its way to the bin, from either format.
    fs::write(
        &text,
        "b,i,d,l,v,n,u,f,m,s\n\
         true,-3,q,x,y,,9007199254740993,0.5,0.30,1e1\n\
         false,7,r,,y,,0,-2,-0.10,\n\
         ,,,,,,,,,\n",
    )
    .expect("write");
    let dictionary: DictionaryArray<Int8Type> = vec![Some("q"), Some("r"), None].into_iter().collect();
    let decimals = Decimal128Array::from(vec![Some(30), Some(-10), None]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("i", Arc::new(Int64Array::from(vec![Some(-3), Some(7), None]))),
        ("d", Arc::new(dictionary)),
        ("l", Arc::new(LargeStringArray::from(vec![Some("x"), Some(""), None]))),
        ("v", Arc::new(StringViewArray::from(vec![Some("y"), Some("y"), None]))),
        ("n", Arc::new(NullArray::new(3))),
        ("u", Arc::new(UInt64Array::from(vec![Some((1 << 53) + 1), Some(0), None]))),
        ("f", Arc::new(Float32Array::from(vec![Some(0.5), Some(-2.0), None]))),
        ("m", Arc::new(decimals.with_precision_and_scale(9, 2).expect("nine digits"))),
        ("s", Arc::new(StringArray::from(vec![Some("1e1"), Some(""), None]))),
    ];
    write_parquet(&typed, columns, WriterProperties::default());
    let two_to_53 = 9_007_199_254_740_992.0;
    let schema = schema(vec![
        categorical("i", &["7", "-3"]),
        categorical("b", &["false", "true"]),
        categorical("d", &["q"]),
        categorical("l", &["x"]),
        categorical("v", &["y"]),
        numeric("n", &[0.0]),
        numeric("u", &[1.0, two_to_53, two_to_53 + 2.0]),
        numeric("f", &[-2.0, 0.5]),
        numeric("m", &[-0.1, 0.3]),
        numeric("s", &[10.0]),
    ]);
    let (from_text, _) = read_all(&[text], &schema).expect("csv");
    assert_eq!(read_all(&[typed], &schema).expect("parquet").0, from_text);
    let bins = |record: usize| -> Vec<usize> {
        let symbols = &from_text[record * schema.len()..(record + 1) * schema.len()];
        symbols.iter().enumerate().map(|(f, symbol)| usize::from(*symbol) - schema.symbols(f).start).collect()
    };
    assert_eq!(bins(0), [1, 1, 0, 0, 0, 2, 2, 2, 2, 1]);
    assert_eq!(bins(1), [0, 0, 1, 2, 0, 2, 0, 1, 1, 2]);
    assert!(bins(2).iter().zip(schema.features()).all(|(bin, f)| *bin == f.bins() - 1));
}

#[test]
fn batches_are_bounded_and_a_header_only_file_among_others_is_fine() {
    let folder = tempfile::tempdir().expect("folder");
    let paths = ["a.csv", "long.csv", "z.csv"].map(|name| folder.path().join(name));
    for (path, records) in paths.iter().zip([0, BATCH_RECORDS + 5, 0]) {
        fs::write(path, format!("x\n{}", "1\n".repeat(records))).expect("write");
    }
    let schema = schema(vec![numeric("x", &[0.0])]);
    let mut records = Records::open(&paths, &schema).expect("open");
    let mut batch = Vec::new();
    let mut sizes = Vec::new();
    loop {
        batch.clear();
        sizes.push(records.next_batch(&mut batch).expect("read"));
        if sizes.last() == Some(&0) {
            break;
        }
    }
    assert_eq!(sizes, [BATCH_RECORDS, 5, 0]);
    assert_eq!(records.next_batch(&mut batch).expect("still at the end"), 0);
}

#[test]
fn units_are_read_by_round() {
    let units = read_units(&flights("units.csv"), Rounds { first: 0, count: 365 }).expect("read");
    let jfk = eip55::parse("0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4").expect("an address");
    let jfk = units.of(&jfk).expect("a node");
    assert_eq!(jfk[..3], [297, 321, 318]);
    assert_eq!(jfk.iter().map(|units| u64::from(*units)).sum::<u64>(), 111_279);
    assert_eq!(units.totals().iter().map(|units| u64::from(*units)).sum::<u64>(), 336_776);
}
