//! Small Arrow files and streams, one for each way of writing that the fuzzer should not have to find itself.

use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, LargeStringArray, NullArray,
    RecordBatch, StringArray, StringViewArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

const ROWS: usize = 40;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let kinds =
        || (0..ROWS).map(|row| (row % 7 > 0).then_some(["a", "b", "a label of many letters"][row % 3]));
    let numbers = || (0..ROWS).map(|row| (row % 5 > 0).then_some(row as i32 - 20));
    let texts: [ArrayRef; 4] = [
        Arc::new(StringArray::from_iter(kinds())),
        Arc::new(LargeStringArray::from_iter(kinds())),
        Arc::new(StringViewArray::from_iter(kinds())),
        Arc::new(kinds().collect::<DictionaryArray<Int8Type>>()),
    ];
    let decimals = Decimal128Array::from_iter(numbers().map(|number| number.map(i128::from)));
    let integers: ArrayRef = Arc::new(Int32Array::from_iter(numbers()));
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(9, 2).expect("nine digits"));
    let mut seeds = Vec::new();
    for kind in &texts {
        for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
            seeds.push(file(&batch(kind, &integers), compression));
        }
        seeds.push(stream(&batch(kind, &decimals)));
    }
    let nulls: ArrayRef = Arc::new(NullArray::new(ROWS));
    seeds.push(file(&batch(&texts[0], &nulls), None));
    seeds
}

/// Records under the ingest target's schema.
fn batch(kind: &ArrayRef, x: &ArrayRef) -> RecordBatch {
    let y = Float64Array::from_iter_values((0..ROWS).map(|row| row as f64 / 40.0));
    let columns =
        [("kind", Arc::clone(kind), true), ("x", Arc::clone(x), true), ("y", Arc::new(y) as _, true)];
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn file(batch: &RecordBatch, compression: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(compression).expect("options");
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).expect("writer");
    for part in [batch.slice(0, 15), batch.slice(15, ROWS - 15)] {
        writer.write(&part).expect("write");
    }
    writer.finish().expect("finish");
    bytes
}

fn stream(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).expect("writer");
    writer.write(batch).expect("write");
    writer.finish().expect("finish");
    bytes
}
