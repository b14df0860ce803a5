//! What a Parquet column may be: what the library refuses though others read it, and what it would misread.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, TimestampType, Type as Physical};
use parquet::schema::types::Type;

use super::forge::*;
use super::*;

const BOOLEAN: i64 = 0;
const INT32: i64 = 1;
const INT64: i64 = 2;
const INT96: i64 = 3;
const BYTES: i64 = 6;
const FIXED: i64 = 7;

/// What a file of that element and one plain page reads as.
fn read(
    element: Struct,
    physical: i64,
    rows: i64,
    bytes: &[u8],
    feature: &Feature,
) -> Result<Vec<u16>, String> {
    let mut file = Forged::new(physical, false, rows, vec![data(rows, 0, bytes)]);
    file.element = element;
    file.read(feature)
}

fn ints(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// SAP writes a precision and no scale; others a precision beyond what the integers hold, or none.
#[test]
fn decimals_without_a_scale_are_whole() {
    let decimal = || element(INT32, false).int(6, 5);
    let numbers = numeric("x", &[1.0, 12.0]);
    let labels = categorical("x", &["12", "-3", "1.2"]);
    for own in [decimal().int(8, 5), decimal().int(8, 30), decimal()] {
        assert_eq!(read(own.clone(), INT32, 3, &ints(&[12, -3, 11]), &numbers), Ok(vec![3, 1, 2]));
        assert_eq!(read(own, INT32, 3, &ints(&[12, -3, 11]), &labels), Ok(vec![1, 2, 4]));
    }
    let tenths = decimal().int(7, 1).int(8, 5);
    assert_eq!(read(tenths.clone(), INT32, 3, &ints(&[12, -3, 120]), &numbers), Ok(vec![2, 1, 3]));
    assert_eq!(read(tenths, INT32, 2, &ints(&[12, 120]), &labels), Ok(vec![3, 4]));
    let strange = ", column `x`: a decimal whose scale is negative or beyond its digits, which is not read; \
                   write it as text or as floats";
    for scale in [-1, 10] {
        let own = decimal().int(7, scale).int(8, 5);
        assert_eq!(read(own, INT32, 1, &ints(&[12]), &numbers), Err(strange.to_owned()), "{scale}");
    }
    // Of bytes, sixteen at most: the library copies them for every row.
    let wide = element(BYTES, false).int(6, 5).int(7, 0).int(8, 38);
    let sixteen = [vec![16, 0, 0, 0], vec![0; 15], vec![12]].concat();
    assert_eq!(read(wide.clone(), BYTES, 1, &sixteen, &numbers), Ok(vec![3]));
    let seventeen = [vec![17, 0, 0, 0], vec![0; 16], vec![12]].concat();
    let reason = "a page has a value of a length that its type does not have".to_owned();
    assert_eq!(read(wide, BYTES, 1, &seventeen, &numbers), Err(reason));
}

#[test]
fn integers_are_as_wide_and_signed_as_the_newer_annotation_says() {
    let annotated = |bits, is_signed, value: i32| {
        let integer = Struct::default().byte(1, bits).flag(2, is_signed);
        let own = element(INT32, false).int(6, 17).within(10, Struct::default().within(10, integer));
        read(own, INT32, 1, &ints(&[value]), &numeric("x", &[0.0, 4e9]))
    };
    assert_eq!(annotated(32, false, -1), Ok(vec![3]));
    assert_eq!(annotated(32, true, -1), Ok(vec![1]));
    assert_eq!(annotated(8, true, 100), Ok(vec![2]));
    assert!(annotated(8, true, 200).is_err_and(|error| error.contains("cannot be decoded")));
    assert!(annotated(7, true, 1).is_err_and(|error| error.contains("that the format does not have")));
}

/// The library cuts them: 300 of eight bits would be 44.
#[test]
fn integers_beyond_their_declared_width_are_refused() {
    let narrow = |converted: i64, value: i32| {
        let own = element(INT32, false).int(6, converted);
        read(own, INT32, 1, &ints(&[value]), &numeric("x", &[0.0, 100.0, 200.0, 4e9]))
    };
    for (converted, value, symbol) in
        [(15, 127, 3), (15, -128, 1), (16, 32767, 4), (11, 255, 4), (12, 65535, 4), (13, -1, 5), (17, -1, 1)]
    {
        assert_eq!(narrow(converted, value), Ok(vec![symbol]), "{converted} {value}");
    }
    for (converted, value) in [(15, 300), (15, -129), (16, 32768), (11, 256), (11, -1), (12, 65536), (12, -1)]
    {
        let error = narrow(converted, value).expect_err("beyond the width");
        assert_eq!(error, ": Parquet data cannot be decoded after row 0; write the file anew");
    }
}

#[test]
fn what_is_annotated_as_nobody_knows_is_read_as_it_is_stored() {
    let numbers = numeric("x", &[1.0]);
    let unknown = |number| Struct::default().within(number, Struct::default().int(3, 7).text(4, "?"));
    for own in [
        element(INT32, false).int(6, 99),
        element(INT32, false).within(10, unknown(23)),
        element(INT32, false).within(10, Struct::default()),
        // An element with fields of a later version.
        element(INT32, false).text(11, "later").list(12, vec![Struct::default(); 3]),
        // A truth value, where fastparquet infers that no value is null.
        Struct::default().int(1, INT32).flag(3, false).text(4, "x"),
    ] {
        assert_eq!(read(own, INT32, 2, &ints(&[0, 1]), &numbers), Ok(vec![1, 2]));
    }
    // Always null, so the file says; polars would read the numbers, pyarrow and DuckDB nulls.
    let null = element(INT32, false).within(10, Struct::default().within(11, Struct::default()));
    let error = read(null, INT32, 2, &ints(&[0, 1]), &numbers).expect_err("values");
    assert!(error.contains("declares to hold nulls only has a value"), "{error}");
    let later = Struct::default().int(1, INT32).int(3, 9).text(4, "x");
    let strange =
        ", column `x`: of a type that the format does not have, which is not read; write the file anew";
    assert_eq!(read(later, INT32, 2, &ints(&[0, 1]), &numbers), Err(strange.to_owned()));
    let text = element(INT32, false).int(6, 0);
    assert_eq!(read(text, INT32, 2, &ints(&[0, 1]), &numbers), Err(strange.to_owned()));
}

/// Spark's and Impala's older files, enumerations, JSON.
#[test]
fn bytes_are_text_if_they_are() {
    let bytes = [3, 0, 0, 0, b'r', b'e', b'd'];
    let logical = |number| Struct::default().within(number, Struct::default());
    for own in [
        element(BYTES, false),
        element(BYTES, false).int(6, 4),
        element(BYTES, false).int(6, 19),
        element(BYTES, false).within(10, logical(4)),
        element(BYTES, false).within(10, logical(12)),
    ] {
        assert_eq!(read(own, BYTES, 1, &bytes, &categorical("x", &["red"])), Ok(vec![1]));
    }
}

#[test]
fn what_is_not_a_cell_is_named_with_the_way_out() {
    let logical = |number| Struct::default().within(number, Struct::default());
    let text = "write it as text";
    for (own, physical, found, remedy) in [
        (
            element(INT64, false).within(10, logical(8)),
            INT64,
            "a timestamp",
            "write it as text, as a date, or as the number that the policy is about",
        ),
        (
            element(INT96, false),
            INT96,
            "a timestamp",
            "write it as text, as a date, or as the number that the policy is about",
        ),
        (
            element(INT32, false).within(10, logical(7)),
            INT32,
            "a time of day",
            "write it as text, or as the number that the policy is about",
        ),
        (element(FIXED, false), FIXED, "bytes of a fixed length", text),
        (element(FIXED, false).within(10, logical(14)), FIXED, "a UUID", text),
        (element(FIXED, false).int(6, 21), FIXED, "an interval", "write it as a number"),
        (element(BYTES, false).int(6, 20), BYTES, "BSON", text),
        (element(BYTES, false).within(10, logical(17)), BYTES, "a geometry", text),
        (
            Struct::default().int(1, INT32).int(3, 2).text(4, "x"),
            INT32,
            "a list",
            "write its parts as columns of their own",
        ),
    ] {
        let expected = format!(", column `x`: {found}, which is not read; {remedy}");
        assert_eq!(read(own, physical, 0, &[], &numeric("x", &[0.0])), Err(expected));
    }
}

/// 0.5, 1.5 and infinity in sixteen bits.
#[test]
fn halves_are_numbers() {
    let half = || Struct::default().int(1, FIXED).int(2, 2).int(3, 0).text(4, "x");
    let half = || half().within(10, Struct::default().within(15, Struct::default()));
    let numbers = numeric("x", &[0.5, 1.0]);
    assert_eq!(read(half(), FIXED, 2, &[0, 0x38, 0, 0x3e], &numbers), Ok(vec![2, 3]));
    let error = read(half(), FIXED, 1, &[0, 0x7c], &numbers).expect_err("infinity");
    assert!(error.contains("is not a finite decimal number"), "{error}");
}

#[test]
fn truth_values_are_read_from_runs_and_bits() {
    let labels = categorical("x", &["false", "true"]);
    let file =
        |encoding, bytes: &[u8]| Forged::new(BOOLEAN, false, 9, vec![data(9, encoding, bytes)]).read(&labels);
    let expected = Ok(vec![2, 1, 1, 1, 1, 1, 1, 1, 2]);
    assert_eq!(file(0, &[1, 1]), expected);
    assert_eq!(file(0, &[1, 1, 0]), expected, "a byte too many, as fastparquet writes");
    assert_eq!(
        file(3, &[5, 0, 0, 0, 3, 1, 2, 1, 0][..8]),
        Err("a page's truth values have another length than they say".to_owned())
    );
    assert_eq!(file(3, &[4, 0, 0, 0, 3, 1, 2, 1]), expected);
    assert_eq!(file(0, &[1]), Err("a page has fewer values than its header says".to_owned()));
}

#[test]
fn where_a_columns_data_lie_is_told_from_its_own_row_group() {
    let file = || Forged::new(INT32, false, 1, vec![data(1, 0, &ints(&[5]))]);
    let numbers = numeric("x", &[0.0]);
    assert_eq!(file().read(&numbers), Ok(vec![2]));
    let told = |alter: fn(&mut Forged), reason: &str| {
        let mut file = file();
        alter(&mut file);
        assert_eq!(file.read(&numbers), Err(format!(", column `x`: {reason}")));
    };
    told(
        |file| file.chunk = Struct::default().text(1, "part-0.parquet"),
        "its data are in another file, which this one sums up: name the files with the data",
    );
    told(
        |file| file.chunk_end = file.chunk_end.clone().within(8, Struct::default()),
        "it is encrypted: write it without encryption",
    );
    told(|file| file.path = Some("y"), "a row group has another column in its place: write the file anew");
    told(
        |file| file.physical = INT64,
        "a row group has it by another type than the schema: write the file anew",
    );
    let mut named = file();
    named.path = Some("x");
    assert_eq!(named.read(&numbers), Ok(vec![2]));
}

/// A file of a column that is read, among others that the library or this reader would refuse.
#[test]
fn a_column_that_is_not_read_is_nobodys_concern() {
    let moments = Type::primitive_type_builder("when", Physical::INT64)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::Timestamp(TimestampType {
            is_adjusted_to_u_t_c: true,
            unit: TimeUnit::NANOS,
        })))
        .build()
        .expect("a type");
    let leaf =
        |name| Type::primitive_type_builder(name, Physical::INT32).build().map(Arc::new).expect("a type");
    let pair = Type::group_type_builder("pair").with_fields(vec![leaf("a"), leaf("b")]);
    let pair = pair.with_repetition(Repetition::OPTIONAL).build().expect("a type");
    let kind = Type::primitive_type_builder("kind", Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_converted_type(ConvertedType::UTF8)
        .build()
        .expect("a type");
    let root = Type::group_type_builder("schema").with_fields([pair, moments, kind].map(Arc::new).to_vec());
    let root = Arc::new(root.build().expect("a type"));
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("wide.parquet");
    write_columns(&path, &root);
    let (symbols, _) =
        read_all(std::slice::from_ref(&path), &schema(vec![categorical("kind", &["b"])])).expect("read");
    assert_eq!(symbols, [2, 1]);
    let error = read_all(&[path], &schema(vec![categorical("pair", &["b"])])).expect_err("a struct");
    assert!(
        error
            .to_string()
            .ends_with("a list, map or struct, which is not read; write its parts as columns of their own")
    );
}

fn write_columns(path: &Path, root: &parquet::schema::types::TypePtr) {
    use parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
    let file = File::create(path).expect("create");
    let properties = WriterProperties::default().into();
    let mut writer =
        parquet::file::writer::SerializedFileWriter::new(file, root.clone(), properties).expect("writer");
    let mut group = writer.next_row_group().expect("a row group");
    for values in [3, 4] {
        let mut column = group.next_column().expect("a column").expect("a column");
        column.typed::<Int32Type>().write_batch(&[values; 2], Some(&[2, 2]), None).expect("write");
        column.close().expect("close");
    }
    let mut column = group.next_column().expect("a column").expect("a column");
    column.typed::<Int64Type>().write_batch(&[5, 6], None, None).expect("write");
    column.close().expect("close");
    let mut column = group.next_column().expect("a column").expect("a column");
    column.typed::<ByteArrayType>().write_batch(&["a".into(), "b".into()], None, None).expect("write");
    column.close().expect("close");
    group.close().expect("close");
    writer.close().expect("close");
}

/// Every encoding, compression and version of pages that the library writes, with and without nulls.
#[test]
fn whatever_the_library_writes_is_read_as_its_text() {
    use parquet::basic::{Compression, Encoding};
    use parquet::file::properties::WriterVersion;
    let folder = tempfile::tempdir().expect("folder");
    let (text, typed) = (folder.path().join("a.csv"), folder.path().join("a.parquet"));
    let words =
        ["", "red", "redder than", "redder than red", "blue", "a text of more than twelve bytes", "ä"];
    let word = |row: usize| words[row * row % 11 % words.len()];
    let number = |row: usize| (row * 7919 % 1000) as i64 - 500;
    for every in [2, 7, usize::MAX] {
        let is_null = |row: usize| row / 100 % 3 == 1 && row % every == 1;
        let rows = 0..1000;
        let cells = rows.clone().map(|row| match is_null(row) {
            true => ",\n".to_owned(),
            false => format!("{},{}\n", word(row), number(row)),
        });
        fs::write(&text, format!("s,i\n{}", cells.collect::<String>())).expect("write");
        let schema = schema(vec![categorical("s", &words[1..6]), numeric("i", &[-200.0, 0.0, 300.0])]);
        let (expected, _) = read_all(std::slice::from_ref(&text), &schema).expect("CSV");
        let strings = rows.clone().map(|row| (!is_null(row)).then(|| word(row)));
        let numbers = rows.map(|row| (!is_null(row)).then(|| number(row)));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("s", Arc::new(strings.collect::<StringArray>())),
            ("i", Arc::new(numbers.collect::<Int64Array>())),
        ];
        for (strings, numbers) in [
            (Encoding::PLAIN, Encoding::PLAIN),
            (Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_BINARY_PACKED),
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT),
        ] {
            for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
                for (index, compression) in [
                    Compression::UNCOMPRESSED,
                    Compression::SNAPPY,
                    Compression::GZIP(Default::default()),
                    Compression::BROTLI(Default::default()),
                    Compression::LZ4,
                    Compression::LZ4_RAW,
                    Compression::ZSTD(Default::default()),
                ]
                .into_iter()
                .enumerate()
                {
                    let properties = WriterProperties::builder()
                        .set_writer_version(version)
                        .set_compression(compression)
                        .set_dictionary_enabled(index % 2 == 1)
                        .set_column_encoding("s".into(), strings)
                        .set_column_encoding("i".into(), numbers)
                        .set_data_page_row_count_limit(170)
                        .set_write_batch_size(50)
                        .set_max_row_group_row_count(Some(600));
                    write_parquet(&typed, columns.clone(), properties.build());
                    let (symbols, _) = read_all(std::slice::from_ref(&typed), &schema).expect("Parquet");
                    assert!(symbols == expected, "{strings} {version:?} {compression}");
                }
            }
        }
    }
}
