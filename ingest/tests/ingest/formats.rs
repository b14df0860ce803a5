//! One table in every format and compression: the same symbols, the same commitments.

use std::collections::BTreeSet;
use std::io::Write;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use flate2::write::GzEncoder;

use super::*;

/// The sample's columns: labels, and numbers with nulls.
fn sample() -> RecordBatch {
    let mut rows = csv::Reader::from_path(flights("flights-2000.csv")).expect("open");
    let header = rows.headers().expect("header").clone();
    let rows: Vec<_> = rows.records().collect::<Result<_, _>>().expect("rows");
    let columns = header.iter().enumerate().map(|(position, name)| {
        let cells = rows.iter().map(|row| &row[position]);
        let array: ArrayRef = match name {
            "carrier" => Arc::new(cells.map(Some).collect::<DictionaryArray<Int8Type>>()),
            "dest" => Arc::new(cells.map(Some).collect::<LargeStringArray>()),
            "origin" => Arc::new(StringArray::from_iter_values(cells)),
            _ => Arc::new(Int64Array::from_iter(cells.map(|cell| cell.parse::<i64>().ok()))),
        };
        (name, array, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

/// Columns as text.
fn texts(batch: &RecordBatch) -> Vec<StringArray> {
    let text = |column: &ArrayRef| {
        arrow_cast::cast(column, &arrow_schema::DataType::Utf8).expect("cast").as_string::<i32>().clone()
    };
    batch.columns().iter().map(text).collect()
}

fn separated(batch: &RecordBatch, separator: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    writer.write_record(batch.schema().fields().iter().map(|field| field.name())).expect("header");
    let columns = texts(batch);
    for row in 0..batch.num_rows() {
        let cells = columns.iter().map(|column| if column.is_valid(row) { column.value(row) } else { "" });
        writer.write_record(cells).expect("record");
    }
    writer.into_inner().expect("text")
}

/// An object a line, numbers as numbers; what is missing is null in one line and left out in the next.
fn json_lines(batch: &RecordBatch) -> Vec<u8> {
    let (mut text, columns) = (Vec::new(), texts(batch));
    for row in 0..batch.num_rows() {
        let mut object = serde_json::Map::new();
        for (field, column) in batch.schema().fields().iter().zip(&columns) {
            let value = match column.is_valid(row).then(|| column.value(row)) {
                Some(number) if field.data_type().is_integer() => {
                    number.parse::<i64>().expect("a number").into()
                }
                Some(text) => text.into(),
                None if row % 2 == 0 => serde_json::Value::Null,
                None => continue,
            };
            object.insert(field.name().clone(), value);
        }
        serde_json::to_writer(&mut text, &object).expect("write");
        text.extend_from_slice(if row % 3 == 0 { b"\r\n" } else { b"\n" });
    }
    text
}

fn gzip(text: &[u8]) -> Vec<u8> {
    // Two members, as `cat a.gz b.gz` makes them.
    let (a, b) = text.split_at(text.len() / 2);
    let member = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("compress");
        encoder.finish().expect("compress")
    };
    [member(a), member(b)].concat()
}

fn zstandard(text: &[u8]) -> Vec<u8> {
    // Two frames, and one to be skipped between them.
    let (a, b) = text.split_at(text.len() / 3);
    let frame = |text: &[u8]| zstd::encode_all(text, 3).expect("compress");
    [frame(a), b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), frame(b)].concat()
}

fn arrow(batch: &RecordBatch, compression: Option<CompressionType>, is_file: bool) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).expect("options");
    let mut bytes = Vec::new();
    let parts = [batch.slice(0, 1201), batch.slice(1201, batch.num_rows() - 1201)];
    if is_file {
        let writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options);
        let mut writer = writer.expect("writer");
        parts.iter().for_each(|part| writer.write(part).expect("write"));
        writer.finish().expect("finish");
    } else {
        let writer = StreamWriter::try_new_with_options(&mut bytes, &batch.schema(), options);
        let mut writer = writer.expect("writer");
        parts.iter().for_each(|part| writer.write(part).expect("write"));
        writer.finish().expect("finish");
    }
    bytes
}

/// The table by every name that is read.
fn written(batch: &RecordBatch) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let json = json_lines(batch);
    for (name, text) in [
        ("csv", separated(batch, b',')),
        ("tsv", separated(batch, b'\t')),
        ("tab", separated(batch, b'\t')),
        ("jsonl", json.clone()),
        ("ndjson", json.clone()),
        ("json", json),
    ] {
        files.push((format!("{name}.gz"), gzip(&text)));
        files.push((format!("{name}.zst"), zstandard(&text)));
        files.push((name.to_owned(), text));
    }
    files.push(("feather".to_owned(), arrow(batch, Some(CompressionType::LZ4_FRAME), true)));
    files.push(("arrow".to_owned(), arrow(batch, None, true)));
    files.push(("ipc".to_owned(), arrow(batch, Some(CompressionType::ZSTD), true)));
    files.push(("arrows".to_owned(), arrow(batch, None, false)));
    files
}

#[test]
fn a_table_gives_the_same_symbols_in_every_format_and_compression() {
    let folder = tempfile::tempdir().expect("folder");
    let batch = sample();
    let schema = flight_schema();
    let (expected, _) = read_all(&[flights("flights-2000.csv")], &schema).expect("csv");
    let mut tried: BTreeSet<String> = BTreeSet::new();
    for (ending, bytes) in written(&batch) {
        let path = folder.path().join(format!("table.{ending}"));
        fs::write(&path, bytes).expect("write");
        let (symbols, records) = read_all(std::slice::from_ref(&path), &schema).expect(&ending);
        assert_eq!(records, 2000, "{ending}");
        assert!(symbols == expected, "{ending}");
        // Read as a whole, as where a policy is drafted, each has the same columns and as many records.
        let mut tables = fairshare_ingest::Tables::open(&[path]).expect(&ending);
        assert_eq!(tables.fields().len(), batch.num_columns(), "{ending}");
        while let Some(batch) = tables.next_batch().expect(&ending) {
            assert!(batch.records() <= BATCH_RECORDS);
        }
        assert_eq!(tables.records_read(), 2000, "{ending}");
        tried.insert(ending);
    }
    let parquet = sample_as_parquet(folder.path());
    assert!(read_all(&[parquet], &schema).expect("parquet").0 == expected);
    tried.insert("parquet".to_owned());
    // The page that says what is read names what was tried here, and nothing else.
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data.md")).expect("page");
    let table = page.lines().filter(|line| line.starts_with("| `."));
    let named = table.flat_map(|line| line.split('|').nth(1).unwrap_or_default().split(','));
    let mut named: BTreeSet<_> =
        named.map(|name| name.trim().trim_matches('`').trim_start_matches('.')).collect();
    let compressed = ["gz", "zst"];
    compressed.iter().for_each(|ending| assert!(named.remove(ending), "{ending}"));
    let base: BTreeSet<_> = tried.iter().map(|ending| ending.split('.').next().unwrap_or_default()).collect();
    assert_eq!(named, base);
}

/// Numbers that are spelled alike or held as what they are fall in the same bin.
#[test]
fn the_same_number_gives_the_same_bin_in_every_format() {
    let folder = tempfile::tempdir().expect("folder");
    let spelled = ["1", "1.0", "10e-1", "9007199254740993", "18446744073709551616", "-0", "0.1", "1e308"];
    let two_to_53 = 9_007_199_254_740_992.0;
    let schema = schema(vec![numeric("x", &[0.0, 0.1, 1.0, two_to_53, two_to_53 + 2.0, 2f64.powi(64)])]);
    let of = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("write");
        read_all(&[path], &schema).expect(name).0
    };
    let expected = of("a.csv", format!("x\n{}\n", spelled.join("\n")));
    assert_eq!(of("a.tsv", format!("x\n{}\n", spelled.join("\n"))), expected);
    assert_eq!(of("a.jsonl", spelled.map(|number| format!("{{\"x\":{number}}}\n")).concat()), expected);
    assert_eq!(of("b.jsonl", spelled.map(|number| format!("{{\"x\":\"{number}\"}}\n")).concat()), expected);
    let floats =
        arrow_array::Float64Array::from_iter_values(spelled.map(|text| text.parse().expect("a number")));
    let batch = RecordBatch::try_from_iter([("x", Arc::new(floats) as ArrayRef)]).expect("a column");
    let path = folder.path().join("a.arrow");
    let mut writer =
        FileWriter::try_new(File::create(&path).expect("create"), &batch.schema()).expect("writer");
    writer.write(&batch).and_then(|()| writer.finish()).expect("write");
    assert_eq!(read_all(&[path], &schema).expect("arrow").0, expected);
}

#[test]
fn compressed_text_that_breaks_off_or_goes_on_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let schema = schema(vec![numeric("x", &[0.0])]);
    let text = format!("x\n{}", "1\n2\n3\n".repeat(10_000));
    for (ending, whole) in [("gz", gzip(text.as_bytes())), ("zst", zstandard(text.as_bytes()))] {
        let path = folder.path().join(format!("data.csv.{ending}"));
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("write");
            read_all(std::slice::from_ref(&path), &schema)
        };
        assert_eq!(read(&whole).expect("whole").1, 30_000);
        for kept in [whole.len() - 1, whole.len() - 9, whole.len() / 3, 20] {
            let error = read(&whole[..kept]).map(|read| read.1).expect_err("cut short");
            assert!(matches!(error, IngestError::Compressed { .. }), "{ending} {kept}: {error}");
        }
        for after in [&b"x"[..], b"\0\0\0\0\0\0\0\0", b"1\n2\n3\n4\n"] {
            let error =
                read(&[&whole, after].concat()).map(|read| read.1).expect_err("something after the end");
            assert!(matches!(error, IngestError::Compressed { .. }), "{ending} {after:?}: {error}");
        }
        let mut damaged = whole.clone();
        let at = damaged.len() - 5;
        damaged[at] ^= 1;
        read(&damaged).map(|read| read.1).expect_err("a checksum or length that is wrong");
    }
}

/// A line is that of the text, not of the compressed file.
#[test]
fn lines_are_those_of_the_decompressed_text() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv.gz");
    let text = format!("x\n{}two\n", "1\n".repeat(50_000));
    fs::write(&path, gzip(text.as_bytes())).expect("write");
    let error = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect_err("no number");
    assert!(matches!(
        error,
        IngestError::NotANumber { position: fairshare_ingest::Position::Line(50_002), .. }
    ));
}

#[test]
fn a_window_beyond_what_is_kept_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv.zst");
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("encoder");
    encoder.window_log(28).and_then(|()| encoder.include_contentsize(false)).expect("settings");
    encoder.write_all(b"x\n1\n").expect("compress");
    fs::write(&path, encoder.finish().expect("compress")).expect("write");
    let error = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect_err("a window of 256 MiB");
    assert!(matches!(error, IngestError::Compressed { .. }), "{error}");
}
