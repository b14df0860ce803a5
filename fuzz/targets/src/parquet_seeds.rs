//! Small Parquet files, one for each way of writing that the fuzzer should not have to find by itself.

use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let pages = WriterProperties::builder().set_data_page_row_count_limit(10).set_write_batch_size(10);
    let with = |compression| WriterProperties::builder().set_compression(compression);
    let encoded = |encoding| plain().set_column_encoding("kind".into(), encoding);
    let version_2 = || WriterProperties::builder().set_writer_version(WriterVersion::PARQUET_2_0);
    let all: Vec<WriterPropertiesBuilder> = vec![
        WriterProperties::builder(),
        plain(),
        pages.set_max_row_group_row_count(Some(15)),
        with(Compression::SNAPPY),
        with(Compression::GZIP(GzipLevel::default())),
        with(Compression::ZSTD(ZstdLevel::default())),
        with(Compression::BROTLI(BrotliLevel::default())),
        with(Compression::LZ4),
        with(Compression::LZ4_RAW),
        version_2(),
        version_2().set_dictionary_enabled(false).set_compression(Compression::SNAPPY),
        encoded(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        encoded(Encoding::DELTA_BYTE_ARRAY),
        plain()
            .set_column_encoding("x".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("y".into(), Encoding::BYTE_STREAM_SPLIT),
    ];
    let mut seeds: Vec<_> = all.into_iter().map(|properties| file(properties, false)).collect();
    seeds.push(file(WriterProperties::builder(), true));
    seeds
}

/// Forty records under the ingest target's schema; with decimals, or with floats and integers.
fn file(properties: WriterPropertiesBuilder, decimals: bool) -> Vec<u8> {
    let rows = 0..40;
    let kinds = rows.clone().map(|row| (row % 7 > 0).then_some(["a", "b", "another label"][row % 3]));
    let x: ArrayRef = if decimals {
        let values =
            Decimal128Array::from_iter(rows.clone().map(|row| (row % 5 > 0).then_some(row as i128 - 20)));
        Arc::new(values.with_precision_and_scale(9, 2).expect("nine digits"))
    } else {
        Arc::new(Int32Array::from_iter(rows.clone().map(|row| (row % 5 > 0).then_some(row as i32 - 20))))
    };
    let y = Float64Array::from_iter_values(rows.map(|row| row as f64 / 40.0));
    let columns: [(&str, ArrayRef); 3] =
        [("kind", Arc::new(StringArray::from_iter(kinds))), ("x", x), ("y", Arc::new(y))];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).expect("writer");
    writer.write(&batch).expect("write");
    writer.close().expect("close");
    bytes
}
