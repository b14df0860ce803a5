//! Arrow IPC: types, and files that were damaged or made to mislead.

use arrow_array::{Date32Array, Decimal256Array, Float16Array, Int8Array, ListArray, TimestampSecondArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use fairshare_ingest::Tables;

use super::*;

pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn file(batches: &[RecordBatch], compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).expect("options");
    let mut bytes = Vec::new();
    let writer = FileWriter::try_new_with_options(&mut bytes, &batches[0].schema(), options);
    let mut writer = writer.expect("writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("write"));
    writer.finish().expect("finish");
    bytes
}

pub(super) fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).expect("writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("write"));
    writer.finish().expect("finish");
    bytes
}

/// Reads the bytes from a file of this thread's.
fn read(bytes: &[u8], schema: &Schema) -> Result<(Vec<u16>, u64), IngestError> {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("folder");
    }
    let path = FOLDER.with(|folder| folder.path().join("data.arrow"));
    fs::write(&path, bytes).expect("write");
    read_all(&[path], schema)
}

/// A column of every type, three rows each.
pub(super) fn every_type() -> RecordBatch {
    let text = |array: [Option<&str>; 3]| -> ArrayRef { Arc::new(StringArray::from(array.to_vec())) };
    let half = half_floats();
    let decimals = Decimal256Array::from(vec![Some(30.into()), Some((-10).into()), None]);
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(9, 2).expect("nine digits"));
    let dictionary: DictionaryArray<Int8Type> = vec![Some("q"), Some("r"), None].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("i", Arc::new(Int8Array::from(vec![Some(-3), Some(7), None]))),
        ("d", Arc::new(dictionary)),
        ("l", Arc::new(LargeStringArray::from(vec![Some("x"), Some(""), None]))),
        ("v", Arc::new(StringViewArray::from(vec![Some("a text beyond twelve bytes"), Some("y"), None]))),
        ("n", Arc::new(NullArray::new(3))),
        ("u", Arc::new(UInt64Array::from(vec![Some((1 << 53) + 1), Some(0), None]))),
        ("h", Arc::new(half)),
        ("m", Arc::clone(&decimals)),
        ("s", text([Some("1e1"), Some(""), None])),
        ("t", Arc::new(Date32Array::from(vec![Some(19_782), Some(-1), None]))),
        ("e", decimals),
    ];
    batch(columns)
}

/// Features of every column.
pub(super) fn every_feature() -> Schema {
    let two_to_53 = 9_007_199_254_740_992.0;
    schema(vec![
        categorical("i", &["7", "-3"]),
        categorical("b", &["false", "true"]),
        categorical("d", &["q"]),
        categorical("l", &["x"]),
        categorical("v", &["y", "a text beyond twelve bytes"]),
        numeric("n", &[0.0]),
        numeric("u", &[1.0, two_to_53, two_to_53 + 2.0]),
        numeric("h", &[-2.0, 0.5]),
        numeric("m", &[-0.1, 0.3]),
        numeric("s", &[10.0]),
        categorical("t", &["1969-12-31", "2024-02-29"]),
        categorical("e", &["0.30", "-0.10"]),
    ])
}

#[test]
fn every_arrow_type_means_what_its_text_means() {
    let (whole, schema) = (every_type(), every_feature());
    for bytes in [
        file(std::slice::from_ref(&whole), None),
        file(std::slice::from_ref(&whole), Some(CompressionType::ZSTD)),
        file(std::slice::from_ref(&whole), Some(CompressionType::LZ4_FRAME)),
        stream(std::slice::from_ref(&whole)),
    ] {
        let (symbols, records) = read(&bytes, &schema).expect("read");
        assert_eq!(records, 3);
        let bins = |record: usize| -> Vec<usize> {
            let symbols = &symbols[record * schema.len()..(record + 1) * schema.len()];
            let bin = |(feature, symbol): (usize, &u16)| usize::from(*symbol) - schema.symbols(feature).start;
            symbols.iter().enumerate().map(bin).collect()
        };
        assert_eq!(bins(0), [1, 1, 0, 0, 1, 2, 2, 2, 2, 1, 1, 0]);
        assert_eq!(bins(1), [0, 0, 1, 2, 0, 2, 0, 1, 1, 2, 0, 1]);
        assert!(bins(2).iter().zip(schema.features()).all(|(bin, feature)| *bin == feature.bins() - 1));
    }
}

fn half_floats() -> Float16Array {
    let floats = arrow_array::Float32Array::from(vec![Some(0.5), Some(-2.0), None]);
    let halves = arrow_cast::cast(&floats, &arrow_schema::DataType::Float16).expect("cast");
    arrow_array::cast::AsArray::as_primitive(&halves).clone()
}

#[test]
fn large_batches_are_handed_out_in_small_ones_with_their_rows() {
    let rows = 3 * BATCH_RECORDS + 7;
    let text = |row: usize| if row + 2 == rows { "two".to_owned() } else { row.to_string() };
    let numbers: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(text)));
    let parts = [batch(vec![("x", numbers.slice(0, 5))]), batch(vec![("x", numbers.slice(5, rows - 5))])];
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.arrow");
    fs::write(&path, file(&parts, Some(CompressionType::ZSTD))).expect("write");
    let mut tables = Tables::open(std::slice::from_ref(&path)).expect("open");
    let mut sizes = Vec::new();
    while let Some(batch) = tables.next_batch().expect("read") {
        sizes.push(batch.records());
    }
    assert_eq!(sizes, [5, BATCH_RECORDS, BATCH_RECORDS, BATCH_RECORDS, 2]);
    let error = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect_err("no number");
    let IngestError::NotANumber { position, .. } = error else { panic!("{error}") };
    assert_eq!(position, fairshare_ingest::Position::Row(rows as u64 - 1));
}

#[test]
fn columns_that_are_not_cells_are_passed_over_or_refused() {
    let lists =
        ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>([Some(vec![Some(1)]), None]);
    let bytes = file(
        &[batch(vec![
            ("lists", Arc::new(lists)),
            ("time", Arc::new(TimestampSecondArray::from(vec![1, 2]))),
            ("x", Arc::new(Int64Array::from(vec![1, 2]))),
        ])],
        None,
    );
    assert_eq!(read(&bytes, &schema(vec![numeric("x", &[2.0])])).expect("read").0, [1, 2]);
    for column in ["lists", "time"] {
        let error = read(&bytes, &schema(vec![categorical(column, &["a"])])).expect_err(column);
        assert!(matches!(error, IngestError::ColumnType { .. }), "{error}");
    }
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.feather");
    fs::write(&path, bytes).expect("write");
    let tables = Tables::open(&[path]).expect("open");
    assert_eq!((tables.fields().len(), tables.passed_over().len()), (1, 2));
}

pub(super) fn small() -> [RecordBatch; 2] {
    let dictionary: DictionaryArray<Int8Type> = vec![Some("q"), Some("r"), None].into_iter().collect();
    let part = batch(vec![
        ("x", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("kind", Arc::new(dictionary)),
        ("text", Arc::new(StringArray::from(vec!["a", "bb", "ccc"]))),
    ]);
    [part.clone(), part]
}

pub(super) fn small_schema() -> Schema {
    schema(vec![numeric("x", &[2.0]), categorical("kind", &["q"]), categorical("text", &["a"])])
}

/// Every beginning of a file or stream is refused: none is taken for fewer records.
#[test]
fn nothing_that_is_cut_short_is_read() {
    let schema = small_schema();
    for bytes in [file(&small(), None), file(&small(), Some(CompressionType::ZSTD)), stream(&small())] {
        assert_eq!(read(&bytes, &schema).expect("whole").1, 6);
        for kept in 1..bytes.len() {
            read(&bytes[..kept], &schema).expect_err("cut short");
        }
        let more = [&bytes[..], &[0; 8]].concat();
        read(&more, &schema).expect_err("something after the end");
    }
}

/// No flipped bit panics beyond what is caught, takes memory that is not there, or runs on.
#[test]
fn damaged_bytes_are_read_or_refused() {
    let schema = small_schema();
    for bytes in [file(&small(), None), file(&small(), Some(CompressionType::LZ4_FRAME)), stream(&small())] {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            if let Ok((_, records)) = read(&damaged, &schema) {
                assert!(records <= 6, "byte {at}: {records} records");
            }
        }
    }
}

/// What a footer lists is what is read, as by every other reader, and must be of the kind that it says.
#[test]
fn what_the_footer_lists_is_read() {
    let schema = small_schema();
    let (two, one) = (file(&small(), None), file(&small()[..1], None));
    // The footer of a file of one batch after the data of two.
    let tail = |bytes: &[u8]| {
        let length: [u8; 4] = bytes[bytes.len() - 10..bytes.len() - 6].try_into().expect("four bytes");
        u32::from_le_bytes(length) as usize + 10
    };
    let data = &two[..two.len() - tail(&two)];
    let forged = [data, &one[one.len() - tail(&one)..]].concat();
    assert_eq!(read(&forged, &schema).expect("one batch").1, 3);
}

#[test]
fn lengths_that_are_claimed_are_checked_before_room_is_made() {
    let schema = schema(vec![numeric("x", &[0.0])]);
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(std::iter::repeat_n(1, 4096)));
    let bytes = file(&[batch(vec![("x", numbers)])], Some(CompressionType::ZSTD));
    // The length of the decompressed buffer, before it.
    let claimed = (4096u64 * 8).to_le_bytes();
    let at = bytes.windows(8).position(|window| window == claimed).expect("a length");
    for (length, said) in [(1u64 << 40, "a batch is longer than 256 MiB"), (1 << 63, "longer than 256 MiB")] {
        let mut forged = bytes.clone();
        forged[at..at + 8].copy_from_slice(&length.to_le_bytes());
        let error = read(&forged, &schema).expect_err("more than is kept").to_string();
        assert!(error.contains(said), "{error}");
    }
    let mut forged = bytes.clone();
    forged[at..at + 8].copy_from_slice(&(4096u64 * 8 - 8).to_le_bytes());
    let error = read(&forged, &schema).expect_err("another length");
    assert!(matches!(error, IngestError::ArrowDecode { .. }), "{error}");
    // The first message's length.
    let mut forged = stream(&small());
    forged[4..8].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    let error = read(&forged, &small_schema()).expect_err("a long message").to_string();
    assert!(error.contains("longer than 16 MiB"), "{error}");
}
