//! Every error, by the message that a contributor sees.

use arrow_array::{Date32Array, Float64Array};
use fairshare_formats::excerpt::excerpt;

use super::*;

/// What reading that text as CSV says, without the file's name before it.
fn csv_error(text: impl AsRef<[u8]>) -> String {
    let schema = schema(vec![numeric("x", &[0.0]), categorical("kind", &["a"])]);
    file_error("data.csv", text, &schema)
}

fn file_error(name: &str, bytes: impl AsRef<[u8]>, schema: &Schema) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("write");
    message(&path, schema)
}

fn message(path: &Path, schema: &Schema) -> String {
    let error = read_all(&[path.to_path_buf()], schema).expect_err("an error").to_string();
    error.strip_prefix(&path.display().to_string()).unwrap_or(&error).to_owned()
}

fn parquet_error(array: ArrayRef, feature: Feature) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.parquet");
    write_parquet(&path, vec![("x", array)], WriterProperties::default());
    message(&path, &schema(vec![feature]))
}

#[test]
fn no_files() {
    let none: [PathBuf; 0] = [];
    let error = Records::open(&none, &flight_schema()).expect_err("no files");
    assert_eq!(
        error.to_string(),
        "no file given: name a file, a folder or a pattern of files, or `-` for standard input"
    );
}

#[test]
fn absent_file() {
    let error = Records::open(&[PathBuf::from("absent.csv")], &flight_schema()).expect_err("absent");
    assert_eq!(error.to_string(), "absent.csv: cannot be opened");
    assert!(matches!(error, IngestError::Open { .. }));
}

/// The command tells each cause on a line of its own.
#[test]
fn a_cause_is_a_source_and_not_repeated() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.csv");
    fs::write(&path, "round,0x12\n5,1\n").expect("write");
    let node = read_units(&path, Rounds { first: 5, count: 1 }).expect_err("no address");
    assert!(matches!(node, IngestError::Units { source: UnitsError::NodeColumn { .. }, .. }));
    let absent = Records::open(&[PathBuf::from("absent.csv")], &flight_schema()).expect_err("absent");
    for error in [node, absent] {
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error}");
    }
}

#[test]
fn empty_files() {
    for text in ["", "\n\r\n", "\u{feff}"] {
        assert_eq!(
            csv_error(text),
            ": the file is empty; a header with the columns' names is needed",
            "{text:?}"
        );
    }
}

#[test]
fn missing_column() {
    let near = ". Names are compared byte by byte: mind case and white space";
    for name in ["Kind", " kind", "KIND "] {
        assert_eq!(
            csv_error(format!("x,{name}\n1,a\n")),
            format!(": no column `kind`; the file has: `x`, `{name}`{near}")
        );
    }
    assert_eq!(csv_error("x,other\n1,a\n"), ": no column `kind`; the file has: `x`, `other`");
    assert_eq!(
        csv_error("# made today\nx,kind\n1,a\n"),
        ": no column `x`; the file has: `# made today`. The header must be the first line: remove comments"
    );
    assert_eq!(
        csv_error("sep=;\nx,kind\n1,a\n"),
        ": no column `x`; the file has: `sep=;`. The header must be the first line: remove `sep=`, which is \
         for Excel"
    );
    let array = Arc::new(Int64Array::from(vec![1]));
    assert_eq!(parquet_error(array, numeric("y", &[0.0])), ": no column `y`; the file has: `x`");
}

#[test]
fn duplicate_column() {
    assert_eq!(csv_error("x,kind,x\n1,a,2\n"), ": two columns are named `x`; rename or remove one");
    let schema = schema(vec![numeric("x", &[0.0])]);
    let text = "x,other,other\n1,2,3\n";
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv");
    fs::write(&path, text).expect("write");
    assert_eq!(read_all(&[path], &schema).expect("columns that nobody reads may repeat").1, 1);
}

#[test]
fn ragged_rows_are_named_by_their_line_in_the_file() {
    let hint = "check for missing or unquoted commas";
    assert_eq!(csv_error("x,kind\n1,a\n2\n"), format!(", line 3: 1 cells, but the header has 2; {hint}"));
    // A blank line, carriage returns and a cell of two lines all count.
    assert_eq!(
        csv_error("x,kind\r\n1,\"a\r\nb\"\r\n\r\n2,b,c\r\n"),
        format!(", line 5: 3 cells, but the header has 2; {hint}")
    );
    let long = format!("x,kind\n{}3,4,5\n", "12,label\n".repeat(50_000));
    assert_eq!(csv_error(long), format!(", line 50002: 3 cells, but the header has 2; {hint}"));
}

#[test]
fn invalid_utf8() {
    assert_eq!(
        csv_error(b"x,kind\n1,a\n2,\xff\n"),
        ", line 3: byte 0xff is not UTF-8; if the file is in Latin-1, convert it: `iconv -f latin1 -t utf-8`"
    );
    assert_eq!(
        csv_error(b"x,kind\n2,\x93a\x94\n"),
        ", line 2: byte 0x93 is not UTF-8; if the file is in Windows-1252, convert it: `iconv -f cp1252 -t \
         utf-8`"
    );
    let cut = csv_error(b"x,kind\n\xc3,\xa9\n");
    assert!(cut.starts_with(", line 2: byte 0xc3 is not UTF-8"), "a character cut in two by a comma: {cut}");
}

#[test]
fn unclosed_quotes() {
    let refusal = ": a quoted cell is never closed; add the closing quote";
    assert_eq!(csv_error("x,kind\n1,a\n2,\"b\n3,c\n4,d\n"), format!(", line 3{refusal}"));
    assert_eq!(csv_error("x,kind\n1,\"say \"\"b\"\"\n"), format!(", line 2{refusal}"));
    assert_eq!(csv_error("x,\"kind\n1,a\n"), format!(", line 1{refusal}"));
}

#[test]
fn a_record_without_end() {
    let text = format!("x,kind\n1,a\n2,\"{}\n", "b\n".repeat(1 << 20));
    assert_eq!(
        csv_error(text),
        ", line 3: a record of more than 1048576 bytes; check for a quoted cell that is never closed"
    );
}

#[test]
fn cells_that_are_no_numbers() {
    let correct = "correct it, or leave the cell empty if the value is missing";
    let space = "cells are taken as they are, so remove the white space around it";
    let far =
        "it is beyond what a 64-bit float holds; correct it, or leave the cell empty if the value is missing";
    let infinity = "infinity falls in no bin; leave the cell empty if the value is missing";
    let missing = "if it says that the value is missing, leave the cell empty";
    let separators = "write it without separators and with a decimal point";
    let digits = "write it in decimal digits";
    let alone = "write the number alone, without a sign before or after it";
    for (cell, hint) in [
        ("na", missing),
        ("nan", missing),
        ("NaN", missing),
        ("none", missing),
        ("-", missing),
        ("?", missing),
        ("0x1f", digits),
        ("-0X1F", digits),
        ("1_000", separators),
        (" 1", space),
        ("1\u{a0}", space),
        ("1e400", far),
        ("-1e999", far),
        ("inf", infinity),
        ("-Infinity", infinity),
        ("+∞", infinity),
        ("5%", alone),
        ("$5", alone),
        ("5 €", alone),
        ("1.000.000", correct),
        ("1e5.5", correct),
        ("true", correct),
        ("2024-01-01", correct),
    ] {
        let shown = excerpt(cell);
        assert_eq!(
            csv_error(format!("kind,x\na,1\nb,{cell}\n")),
            format!(", line 3, column `x`: `{shown}` is not a finite decimal number: {hint}")
        );
    }
    assert_eq!(
        csv_error("x,kind\n\"1,5\",a\n"),
        ", line 2, column `x`: `1,5` is not a finite decimal number: write it without separators and with a \
         decimal point"
    );
    let shown = format!("{}…", "é".repeat(42));
    assert_eq!(
        csv_error(format!("x,kind\n{},a\n", "é".repeat(43))),
        format!(", line 2, column `x`: `{shown}` is not a finite decimal number: {correct}")
    );
}

#[test]
fn parquet_values_that_are_no_numbers() {
    let array = Arc::new(StringArray::from(vec!["1", "two"]));
    assert_eq!(
        parquet_error(array, numeric("x", &[0.0])),
        ", row 2, column `x`: `two` is not a finite decimal number: correct it, or leave the cell empty if \
         the value is missing"
    );
    let mut values = vec![0.0; BATCH_RECORDS + 10];
    for (value, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        values[BATCH_RECORDS + 2] = value;
        assert_eq!(
            parquet_error(Arc::new(Float64Array::from(values.clone())), numeric("x", &[0.0])),
            format!(
                ", row 8195, column `x`: `{shown}` is not a finite decimal number: correct it, or make it a \
                 null if the value is missing"
            )
        );
    }
}

#[test]
fn parquet_columns_of_another_type() {
    assert_eq!(
        parquet_error(Arc::new(Date32Array::from(vec![1])), numeric("x", &[0.0])),
        ", column `x`: type Date32 cannot be read as a numeric feature; convert it to an integer, float or \
         decimal"
    );
    assert_eq!(
        parquet_error(Arc::new(Float64Array::from(vec![1.0])), categorical("x", &["a"])),
        ", column `x`: type Float64 cannot be read as a categorical feature; convert it to a string, \
         integer, decimal, date or boolean"
    );
    assert_eq!(
        parquet_error(Arc::new(BooleanArray::from(vec![true])), numeric("x", &[0.0])),
        ", column `x`: type Boolean cannot be read as a numeric feature; convert it to an integer, float or \
         decimal"
    );
}

#[test]
fn no_records() {
    assert_eq!(csv_error("x,kind\n"), "no records: the data has columns only");
    let array = Arc::new(Int64Array::from(Vec::<i64>::new()));
    assert_eq!(parquet_error(array, numeric("x", &[0.0])), "no records: the data has columns only");
}

#[test]
fn an_error_ends_the_reading() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv");
    fs::write(&path, "x\n1\n?\n3\n").expect("write");
    let mut records = Records::open(&[path], &schema(vec![numeric("x", &[0.0])])).expect("open");
    let mut out = vec![9];
    records.next_batch(&mut out).expect_err("no number");
    assert_eq!(out, [9], "nothing of the failed batch");
    let again = records.next_batch(&mut out).expect_err("stopped");
    assert_eq!(again.to_string(), "reading stopped at an earlier error: open the files again");
}

/// What is refused, and why, is tested where tables of units are read, in `fairshare_formats`.
#[test]
fn units_that_are_refused_are_named() {
    const NODE: &str = "0xa2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2";
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.csv");
    fs::write(&path, format!("round,{NODE}\n5,1\n6,-1\n")).expect("write");
    let error = read_units(&path, Rounds { first: 5, count: 3 }).expect_err("an error");
    assert_eq!(error.to_string(), format!("{}: not a table of units", path.display()));
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.starts_with(&format!("line 3, column `{NODE}`")), "{cause}");
}
