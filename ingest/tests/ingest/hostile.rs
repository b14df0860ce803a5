//! Parquet files that someone has tampered with: always an answer, never a panic.

use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataReader,
    ParquetMetaDataWriter, RowGroupMetaData, RowGroupMetaDataBuilder,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::*;

fn small_schema() -> Schema {
    schema(vec![categorical("kind", &["a", "b"]), numeric("x", &[0.0, 10.0]), numeric("y", &[0.5])])
}

/// A file with dictionaries, nulls, several row groups and pages, in the format's version given.
fn small_parquet(properties: WriterProperties) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("small.parquet");
    let rows = 0..400;
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "kind",
            Arc::new(StringArray::from_iter(
                rows.clone().map(|i| (i % 7 > 0).then_some(["a", "b", "long other label"][i % 3])),
            )),
        ),
        ("x", Arc::new(Int64Array::from_iter(rows.clone().map(|i| (i % 5 > 0).then_some(i as i64 - 200))))),
        ("y", Arc::new(Float32Array::from_iter_values(rows.map(|i| i as f32 / 400.0)))),
    ];
    write_parquet(&path, columns, properties);
    fs::read(&path).expect("read back")
}

fn read_bytes(bytes: &[u8], schema: &Schema) -> Result<u64, IngestError> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("tampered.parquet");
    fs::write(&path, bytes).expect("write");
    let mut records = Records::open(&[path], schema)?;
    let mut out = Vec::new();
    while records.next_batch(&mut out)? > 0 {
        assert!(out.iter().all(|symbol| (1..schema.symbol_count()).contains(&usize::from(*symbol))));
        out.clear();
    }
    Ok(records.records_read())
}

fn refusal(bytes: &[u8]) -> String {
    let error = read_bytes(bytes, &small_schema()).expect_err("a refusal").to_string();
    error.split_once(".parquet").map_or(error.clone(), |(_, message)| message.to_owned())
}

#[test]
fn frames_that_are_not_parquet() {
    let sound = small_parquet(WriterProperties::default());
    assert_eq!(read_bytes(&sound, &small_schema()).expect("sound"), 400);
    let kind = ": not a readable Parquet file: it does not begin and end with `PAR1`, \
         so it is of another kind or cut short; write the file anew";
    assert_eq!(
        refusal(b"PAR1"),
        ": not a readable Parquet file: the file is too short to be one; write the file anew"
    );
    assert_eq!(refusal(&[b'x'; 100]), kind);
    assert_eq!(refusal(&sound[..sound.len() - 1]), kind);
    let tail = sound.len() - 8;
    let with_length = |length: u32| {
        let mut bytes = sound.clone();
        bytes[tail..tail + 4].copy_from_slice(&length.to_le_bytes());
        refusal(&bytes)
    };
    assert_eq!(
        with_length(u32::MAX),
        ": not a readable Parquet file: its footer is longer than 16 MiB; write the file anew"
    );
    assert_eq!(
        with_length(sound.len() as u32),
        ": not a readable Parquet file: its footer is longer than the file; write the file anew"
    );
    assert_eq!(
        with_length(0),
        ": not a readable Parquet file: its footer or a page's header is cut short; write the file anew"
    );
    let mut encrypted = sound.clone();
    encrypted[tail + 4..].copy_from_slice(b"PARE");
    assert_eq!(refusal(&encrypted), ": an encrypted Parquet file; write it without encryption");
}

/// Without the check before the library, this ends the process: by stack overflow, which no test can catch.
#[test]
fn a_schema_nested_a_million_deep() {
    let mut footer = vec![0x15, 2, 0x19, 0xfc, 0xc0, 0x84, 0x3d];
    for _ in 0..1_000_000 {
        footer.extend([0x35, 0, 0x18, 1, b'a', 0x15, 2, 0]);
    }
    let mut bytes = b"PAR1".to_vec();
    bytes.extend_from_slice(&footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"PAR1");
    assert_eq!(
        refusal(&bytes),
        ": not a readable Parquet file: the footer's schema has more than 65,536 columns; write the file anew"
    );
}

/// The same data under a footer whose row groups are altered; the writer sums up their rows itself.
fn with_footer(alter: impl Fn(RowGroupMetaDataBuilder, ColumnChunkMetaData) -> RowGroupMetaData) -> Vec<u8> {
    let sound = small_parquet(WriterProperties::default());
    let tail = sound.len() - 8;
    let length = u32::from_le_bytes(sound[tail..tail + 4].try_into().expect("four bytes"));
    let start = tail - length as usize;
    let metadata = ParquetMetaDataReader::decode_metadata(&sound[start..tail]).expect("a footer");
    let alter = |group: &RowGroupMetaData| alter(group.clone().into_builder(), group.column(1).clone());
    let groups = metadata.row_groups().iter().map(alter).collect();
    let mut bytes = sound[..start].to_vec();
    let altered = ParquetMetaData::new(metadata.file_metadata().clone(), groups);
    ParquetMetaDataWriter::new(&mut bytes, &altered).finish().expect("write");
    bytes
}

#[test]
fn row_groups_that_lie() {
    let with_rows =
        |declared| with_footer(|group, _| group.set_num_rows(declared).build().expect("a row group"));
    let frame = |reason| format!(": not a readable Parquet file: {reason}; write the file anew");
    assert_eq!(refusal(&with_rows(-1)), frame("a row group has a negative or absurd number of rows"));
    for declared in [1 << 32, 1 << 40] {
        assert_eq!(
            refusal(&with_rows(declared)),
            ": the dataset has 4294967296 records or more, which is the most that can be scored: upload fewer"
        );
    }
    for declared in [401, (1 << 32) - 1] {
        let lie = format!(": 400 rows, but its footer declares {declared}; write the file anew");
        assert_eq!(refusal(&with_rows(declared)), lie);
    }
    // The file's number of rows is the first field of 64 bits, and 400 doubled is 0xa0 0x06 as an integer of
    // seven bits a byte.
    let mut bytes = with_rows(400);
    let position = bytes.windows(3).position(|window| window == [0x16, 0xa0, 0x06]).expect("400 rows");
    bytes[position + 1] += 2;
    assert_eq!(refusal(&bytes), frame("its row groups do not add up to its number of rows"));
    let with_chunk = |alter: fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder| {
        with_footer(|group, column| {
            let altered = alter(column.into_builder()).build().expect("chunk");
            let group = group.build().expect("group");
            let mut columns = group.columns().to_vec();
            columns[1] = altered;
            group.into_builder().set_column_metadata(columns).build().expect("group")
        })
    };
    let outside = ", column `x`: its data lie outside the file: write the file anew";
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_data_page_offset(-4))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_data_page_offset(1 << 40))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_dictionary_page_offset(Some(-(1 << 60))))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_total_compressed_size(1 << 60))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_total_compressed_size(-1))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_dictionary_page_offset(Some(i64::MIN)))), outside);
    assert_eq!(refusal(&with_chunk(|chunk| chunk.set_total_compressed_size(i64::MAX))), outside);
}

#[test]
fn truncated_files() {
    let sound = small_parquet(WriterProperties::default());
    for length in (0..sound.len()).step_by(37) {
        assert!(read_bytes(&sound[..length], &small_schema()).is_err(), "{length} bytes");
    }
}

/// Bytes changed anywhere, in the footer mostly: whatever comes of it is an answer, and symbols stay in
/// range.
#[test]
fn mutated_files_always_return() {
    let mut rng = ChaCha20Rng::seed_from_u64(0xfa1e);
    let pages = WriterProperties::builder()
        .set_max_row_group_row_count(Some(150))
        .set_data_page_row_count_limit(40)
        .set_write_batch_size(20);
    let version_2 = pages
        .clone()
        .set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0)
        .set_compression(parquet::basic::Compression::SNAPPY);
    let mut refused = 0;
    for sound in [small_parquet(pages.build()), small_parquet(version_2.build())] {
        let schema = small_schema();
        for _ in 0..400 {
            let mut bytes = sound.clone();
            for _ in 0..rng.gen_range(1..4) {
                let from = if rng.r#gen() { 0 } else { bytes.len() * 2 / 3 };
                let position = rng.gen_range(from..bytes.len());
                bytes[position] ^= rng.gen_range(1..=255u8);
            }
            refused += u32::from(read_bytes(&bytes, &schema).is_err());
        }
    }
    // Some mutations change a value and no more; most are noticed.
    assert!(refused > 300, "{refused} of 800 refused");
}
