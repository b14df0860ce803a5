//! Arrow IPC that says little and means much: what is referred to again and again.

use arrow_array::new_null_array;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{DictionaryTracker, FileWriter};
use arrow_ipc::{
    Block, FieldBuilder, FooterBuilder, MessageBuilder, MessageHeader, MetadataVersion, NullBuilder,
    SchemaBuilder, Type, root_as_footer,
};
use arrow_schema::{DataType, Field};
use flatbuffers::FlatBufferBuilder;

use super::ipc::{batch, stream};
use super::*;

/// Length of a file's last bytes: that of its footer, and the mark.
const TAIL: usize = 10;

/// Why bytes are refused as Arrow.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.arrow");
    fs::write(&path, bytes).expect("write");
    let error = read_all(&[path], &schema(vec![categorical("x", &["1"])])).expect_err("refused");
    eip55::chain(&error).collect::<Vec<_>>().join(": ")
}

/// A stream's schema of so many fields, which are one and the same.
fn shared(fields: usize, name: usize) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let name = builder.create_string(&"x".repeat(name));
    let null = NullBuilder::new(&mut builder).finish();
    let mut field = FieldBuilder::new(&mut builder);
    field.add_name(name);
    field.add_nullable(true);
    field.add_type_type(Type::Null);
    field.add_type_(null.as_union_value());
    let field = field.finish();
    let fields = builder.create_vector(&vec![field; fields]);
    let mut schema = SchemaBuilder::new(&mut builder);
    schema.add_fields(fields);
    let schema = schema.finish();
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::Schema);
    message.add_header(schema.as_union_value());
    let message = message.finish();
    builder.finish(message, None);
    let mut table = builder.finished_data().to_vec();
    table.resize(table.len().next_multiple_of(8), 0);
    let mut bytes = u32::MAX.to_le_bytes().to_vec();
    bytes.extend((table.len() as u32).to_le_bytes());
    bytes.extend(table);
    bytes
}

#[test]
fn a_schema_that_refers_to_one_field_many_times_is_refused_unread() {
    for (fields, name) in [(2_000, 1 << 20), (130, 15 << 20), (900_000, 2_000)] {
        let bytes = shared(fields, name);
        assert!(bytes.len() < 17 << 20);
        assert!(refusal(&bytes).contains("a message is not one of records"), "{fields} of {name} bytes");
    }
    // One field that is referred to once is a table without the column.
    assert!(refusal(&shared(1, 7)).contains("column"), "{}", refusal(&shared(1, 7)));
}

#[test]
fn a_schema_of_many_columns_is_read() {
    // As writers write it: nothing is shared, with names short and long, and types of every size.
    for (width, kind) in [(1, DataType::Null), (7, DataType::Utf8), (300, DataType::Decimal128(9, 2))] {
        let name = |index: usize| if index == 0 { "x".to_owned() } else { format!("{index:0width$}") };
        let fields = (0..5_000).map(|index| match index {
            0 => Field::new("x", DataType::Utf8, true),
            _ => Field::new(name(index), kind.clone(), true),
        });
        let schema_of_all = arrow_schema::Schema::new(fields.collect::<Vec<_>>());
        let cells = schema_of_all.fields().iter().map(|field| new_null_array(field.data_type(), 1));
        let row = RecordBatch::try_new(Arc::new(schema_of_all.clone()), cells.collect()).expect("a row");
        let bytes = stream(&[row]);
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("data.arrow");
        fs::write(&path, bytes).expect("write");
        let (symbols, records) = read_all(&[path], &schema(vec![categorical("x", &["1"])])).expect("read");
        assert_eq!((symbols.len(), records), (1, 1));
    }
}

/// A file of two batches whose footer lists what `listed` makes of their blocks.
fn file_listing(listed: impl Fn(&[Block]) -> Vec<Block>) -> Vec<u8> {
    let cells = |text| -> ArrayRef { Arc::new(StringArray::from(vec![text; 4])) };
    let parts = [batch(vec![("x", cells("1"))]), batch(vec![("x", cells("2"))])];
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &parts[0].schema()).expect("writer");
    parts.iter().for_each(|part| writer.write(part).expect("write"));
    writer.finish().expect("finish");
    let tail = bytes.len() - TAIL;
    let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().expect("four bytes")) as usize;
    let footer = root_as_footer(&bytes[tail - length..tail]).expect("a footer");
    let blocks: Vec<Block> = footer.recordBatches().expect("batches").iter().copied().collect();
    let mut builder = FlatBufferBuilder::new();
    let mut dictionaries = DictionaryTracker::new(true);
    let mut encoder = IpcSchemaEncoder::new().with_dictionary_tracker(&mut dictionaries);
    let schema = encoder.schema_to_fb_offset(&mut builder, &parts[0].schema());
    let batches = builder.create_vector(&listed(&blocks));
    let mut footer = FooterBuilder::new(&mut builder);
    footer.add_version(MetadataVersion::V5);
    footer.add_schema(schema);
    footer.add_recordBatches(batches);
    let footer = footer.finish();
    builder.finish(footer, None);
    let footer = builder.finished_data();
    bytes.truncate(tail - length);
    bytes.extend(footer);
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"ARROW1");
    bytes
}

#[test]
fn a_batch_that_is_listed_twice_or_lies_in_another_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.arrow");
    // In any order each once: that is a file.
    fs::write(&path, file_listing(|blocks| vec![blocks[1], blocks[0]])).expect("write");
    let (symbols, records) = read_all(&[path], &schema(vec![categorical("x", &["1"])])).expect("read");
    assert_eq!((symbols, records), (vec![2, 2, 2, 2, 1, 1, 1, 1], 8));
    let twice = refusal(&file_listing(|blocks| vec![blocks[0], blocks[1], blocks[0]]));
    assert!(twice.contains("lists a batch twice"), "{twice}");
    let within = refusal(&file_listing(|blocks| {
        let inner = Block::new(blocks[0].offset() + 8, blocks[0].metaDataLength(), blocks[0].bodyLength());
        vec![blocks[0], inner]
    }));
    assert!(within.contains("overlap"), "{within}");
}
