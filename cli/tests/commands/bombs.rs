//! Small Parquet files that stand for more memory or time than anyone has: pages and footers made by hand.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use flate2::{Compression as Level, write::GzEncoder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};

use super::resources::bounded;
use super::support::{folder, write};

/// Pages may take 512 MiB, and a decoder as much again.
const ADDRESS_SPACE: u64 = 3 << 19;
const MIB: usize = 1 << 20;

const POLICY: &str = r#"
protocol = 2
geometry = "compact"
parameters = "insecure-development"

[vault]
chain_id = 1
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
registry = "0x00000000000000000000000000000000000000c2"
settlement = "claims"
subnet = "s"
epoch = 0
pool = 1

[data]
lambda = "0.1"
pseudo_count = 1
min_records = 1
weighting = "divergence"
evidence = false

[compute]
lambda = "0.01"

[rounds]
first = 0
count = 2
ends_by = 1
proving_seconds = 1

[[schema.feature]]
name = "kind"
kind = "categorical"
labels = ["a"]

[[schema.feature]]
name = "x"
kind = "numeric"
edges = [0]

[reference.counts]
kind = [1, 1, 1]
x = [1, 1, 1]
"#;

const INT: u8 = 5;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;
const PLAIN: i64 = 0;

/// An integer in Thrift's compact encoding.
fn int(value: i64) -> Vec<u8> {
    varint((value << 1 ^ value >> 63) as u64)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A struct of fields, each with its number, type and value.
fn structure(fields: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut previous) = (Vec::new(), 0);
    for (number, kind, value) in fields {
        bytes.push((number - previous) << 4 | kind);
        bytes.extend(value);
        previous = *number;
    }
    bytes.push(0);
    bytes
}

/// A data page of strings that says these things of itself.
fn page(inflated: i64, values: i64, encoding: i64, stored: &[u8]) -> Vec<u8> {
    let part =
        structure(&[(1, INT, int(values)), (2, INT, int(encoding)), (3, INT, int(3)), (4, INT, int(3))]);
    framed(0, inflated, stored, (5, part))
}

fn dictionary(inflated: i64, values: i64, stored: &[u8]) -> Vec<u8> {
    framed(2, inflated, stored, (7, structure(&[(1, INT, int(values)), (2, INT, int(PLAIN))])))
}

fn framed(kind: i64, inflated: i64, stored: &[u8], part: (u8, Vec<u8>)) -> Vec<u8> {
    let length = stored.len() as i64;
    let mut bytes = structure(&[
        (1, INT, int(kind)),
        (2, INT, int(inflated)),
        (3, INT, int(length)),
        (part.0, STRUCT, part.1),
    ]);
    bytes.extend(stored);
    bytes
}

/// A sound file of that many rows, both columns uncompressed.
fn sound(rows: usize) -> (Vec<u8>, ParquetMetaData) {
    let columns: [(&str, ArrayRef); 2] = [
        ("kind", Arc::new(StringArray::from_iter_values((0..rows).map(|_| "a")))),
        ("x", Arc::new(Int32Array::from_iter_values(0..rows as i32))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let metadata = writer.close().unwrap();
    (bytes, metadata)
}

/// Where the footer of a file begins.
fn footer(bytes: &[u8]) -> usize {
    let tail = bytes.len() - 8;
    tail - u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap()) as usize
}

/// The same file with these pages for its column of strings.
fn with_pages(rows: usize, compression: Compression, pages: &[u8]) -> Vec<u8> {
    with_chunk(rows, pages, |chunk| chunk, compression)
}

fn with_chunk(
    rows: usize,
    pages: &[u8],
    alter: impl FnOnce(ColumnChunkMetaData) -> ColumnChunkMetaData,
    compression: Compression,
) -> Vec<u8> {
    let (mut bytes, _) = sound(rows);
    let start = footer(&bytes);
    let metadata = ParquetMetaDataReader::decode_metadata(&bytes[start..bytes.len() - 8]).unwrap();
    bytes.truncate(start);
    let chunk = metadata.row_group(0).column(0).clone().into_builder();
    let chunk = chunk
        .set_compression(compression)
        .set_data_page_offset(start as i64)
        .set_dictionary_page_offset(None)
        .set_total_compressed_size(pages.len() as i64)
        .set_total_uncompressed_size(pages.len() as i64)
        .build()
        .unwrap();
    bytes.extend(pages);
    let columns = vec![alter(chunk), metadata.row_group(0).column(1).clone()];
    let group = metadata.row_group(0).clone().into_builder().set_column_metadata(columns).build().unwrap();
    let altered = ParquetMetaData::new(metadata.file_metadata().clone(), vec![group]);
    ParquetMetaDataWriter::new(&mut bytes, &altered).finish().unwrap();
    bytes
}

/// Gzip members that inflate to `head` and then that many mebibytes of zeros.
fn gzip(head: &[u8], mebibytes: usize) -> Vec<u8> {
    let member = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zeros = member(&vec![0; MIB]);
    [member(head), zeros.repeat(mebibytes)].concat()
}

/// A page that inflates to one string of that many mebibytes.
fn large_string(mebibytes: usize) -> Vec<u8> {
    let length = mebibytes * MIB;
    page(length as i64 + 4, 1, PLAIN, &gzip(&(length as u32).to_le_bytes(), mebibytes))
}

fn command(folder: &Path, bytes: &[u8]) -> String {
    let policy = write(folder, "policy.toml", POLICY);
    let data = write(folder, "bomb.parquet", bytes);
    // Zeros are no label of the policy's.
    format!("score data --policy {policy} --data {data} --accept-unmatched")
}

#[track_caller]
fn refused(bytes: &[u8], part: &str) {
    let folder = folder();
    let ran = bounded(&command(&folder, bytes), ADDRESS_SPACE);
    assert_eq!(ran.status, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(part), "{part:?} is not in\n{}", ran.stderr);
    let hint = "write the file anew";
    assert!(ran.stderr.contains(hint) || ran.stderr.contains("upload fewer"), "{}", ran.stderr);
}

const GZIP: fn() -> Compression = || Compression::GZIP(GzipLevel::default());

#[test]
fn what_is_made_by_hand_here_is_read_where_it_is_sound() {
    let folder = folder();
    let strings: Vec<u8> = [b"\x01\0\0\0a".as_slice(); 3].concat();
    for bytes in [
        sound(3).0,
        with_pages(3, Compression::UNCOMPRESSED, &page(15, 3, PLAIN, &strings)),
        with_pages(3, GZIP(), &page(15, 3, PLAIN, &gzip(&strings, 0))),
        // As much as pages may take.
        with_pages(7, GZIP(), &large_string(64).repeat(7)),
    ] {
        let ran = bounded(&command(&folder, &bytes), ADDRESS_SPACE);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
}

#[test]
fn pages_that_inflate_without_end() {
    let wrong = "does not inflate to what its header says";
    let four_gibibytes = gzip(&[], 4096);
    assert!(four_gibibytes.len() < 8 * MIB);
    refused(&with_pages(3, GZIP(), &page(4096, 3, PLAIN, &four_gibibytes)), wrong);
    let mut brotli = Vec::new();
    let mut zeros = std::io::repeat(0).take(1 << 29);
    let mut encoder = brotli::CompressorWriter::new(&mut brotli, 1 << 16, 1, 22);
    std::io::copy(&mut zeros, &mut encoder).unwrap();
    drop(encoder);
    let compression = Compression::BROTLI(BrotliLevel::default());
    refused(&with_pages(3, compression, &page(4096, 3, PLAIN, &brotli)), wrong);
    let frame = b"\x04\x22\x4d\x18 and what follows";
    refused(&with_pages(3, Compression::LZ4, &page(4096, 3, PLAIN, frame)), "an LZ4 frame");
}

#[test]
fn pages_that_claim_or_are_too_much() {
    let limit = "more than 512 MiB at once";
    let huge = page(i64::from(i32::MAX), 3, PLAIN, b"0123456789");
    for compression in [Compression::SNAPPY, Compression::LZ4_RAW, Compression::LZ4, GZIP()] {
        refused(&with_pages(3, compression, &huge), limit);
    }
    // One batch of records points into all of them, whose columns' pages are small each.
    let bytes = with_pages(40, GZIP(), &large_string(64).repeat(40));
    assert!(bytes.len() < 4 * MIB, "{} bytes", bytes.len());
    refused(&bytes, limit);
}

#[test]
fn claims_that_no_page_bears_out() {
    let entries = [dictionary(15, i64::from(i32::MAX), &[0; 15]), page(3, 3, 8, &[1, 6, 0])].concat();
    refused(&with_pages(3, Compression::UNCOMPRESSED, &entries), "more entries than bytes");
    refused(&with_pages(3, Compression::UNCOMPRESSED, &page(4, -1, PLAIN, &[0; 4])), "a negative length");
    let long = structure(&[(1, INT, int(0)), (2, INT, int(4)), (3, INT, int(1 << 20))]);
    refused(&with_pages(3, Compression::UNCOMPRESSED, &long), "does not say what the page is");
    let statistics = structure(&[(1, BINARY, varint(1 << 40))]);
    let part = structure(&[(1, INT, int(3)), (2, INT, int(0)), (5, STRUCT, statistics)]);
    refused(&with_pages(3, Compression::UNCOMPRESSED, &framed(0, 15, &[0; 15], (5, part))), "cut short");
    // Lengths of two thousand million strings in a few bytes; a string that each value repeats.
    let lengths = [varint(1 << 31), varint(4), varint(i32::MAX as u64), int(0), int(0), vec![0; 4]].concat();
    for encoding in [6, 7] {
        let bytes = page(lengths.len() as i64, i64::from(i32::MAX), encoding, &lengths);
        refused(&with_pages(3, Compression::UNCOMPRESSED, &bytes), "another number of values");
    }
}

#[test]
fn a_page_beyond_its_column_and_columns_that_overlap() {
    let bytes = page(15, 3, PLAIN, &[b"\x01\0\0\0a".as_slice(); 3].concat());
    let shorter = |chunk: ColumnChunkMetaData| {
        let length = chunk.compressed_size() - 1;
        chunk.into_builder().set_total_compressed_size(length).build().unwrap()
    };
    refused(&with_chunk(3, &bytes, shorter, Compression::UNCOMPRESSED), "a page is longer than its column");
    let (sound, _) = sound(3);
    let metadata = ParquetMetaDataReader::decode_metadata(&sound[footer(&sound)..sound.len() - 8]).unwrap();
    let other = metadata.row_group(0).column(1);
    let where_the_other_is = |chunk: ColumnChunkMetaData| {
        chunk
            .into_builder()
            .set_data_page_offset(other.data_page_offset())
            .set_dictionary_page_offset(other.dictionary_page_offset())
            .set_total_compressed_size(other.compressed_size())
            .build()
            .unwrap()
    };
    refused(
        &with_chunk(3, &bytes, where_the_other_is, Compression::UNCOMPRESSED),
        "two columns' data overlap",
    );
}

/// Replaces the footer by what `alter` makes of the fields before its last, the stop.
fn with_footer(alter: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let (mut bytes, _) = sound(3);
    let start = footer(&bytes);
    let fields = bytes[start..bytes.len() - 9].to_vec();
    bytes.truncate(start);
    let footer = alter(fields);
    bytes.extend(&footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}

#[test]
fn footers_that_claim_too_much() {
    let (bytes, metadata) = sound(3);
    let start = footer(&bytes);
    let group = metadata.row_group(0).clone().into_builder().set_num_rows(1 << 40).build().unwrap();
    let mut claimed = bytes[..start].to_vec();
    let altered = ParquetMetaData::new(metadata.file_metadata().clone(), vec![group]);
    ParquetMetaDataWriter::new(&mut claimed, &altered).finish().unwrap();
    refused(&claimed, "has 4294967296 records or more");
    let mut long = bytes.clone();
    let tail = long.len() - 8;
    long[tail..tail + 4].copy_from_slice(&(1u32 << 31).to_le_bytes());
    refused(&long, "longer than 16 MiB");
}

/// Fields that no reader knows are skipped one element after the other, however many a list of nothing has.
#[test]
fn footers_that_take_long_to_skip() {
    let booleans = [vec![0xf1], varint(i32::MAX as u64)].concat();
    let many = with_footer(|mut fields| {
        // The next field's number, spelled out, is 100 each time.
        for _ in 0..2_000 {
            fields.extend([0x09, 200, 1]);
            fields.extend(&booleans);
        }
        fields.push(0);
        fields
    });
    refused(&many, "cut short");
    let empty = |number: u8, kind: u8| {
        with_footer(|mut fields| {
            fields.extend([0x09, number << 1, 0xf0 | kind]);
            fields.extend(varint(15 << 20));
            fields.resize(15 << 20, 0);
            fields
        })
    };
    // Row groups, keys and values, orders of columns.
    for number in [4, 5, 7] {
        refused(&empty(number, STRUCT), "");
    }
}
