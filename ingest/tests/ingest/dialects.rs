//! Dialects of CSV: each is read as other readers read it, or refused; none gives other counts in silence.

use super::*;

/// The text in a file of that name; what its cells are, by number of label and bin, or the error.
fn read_as(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<u16>, String> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("write");
    // kind: a 1, `b"c` 2, ` a` 3, other 4, missing 5; x: below 2 6, from 2 on 7, missing 8.
    let schema = schema(vec![categorical("kind", &["a", "b\"c", " a"]), numeric("x", &[2.0])]);
    let read = read_all(std::slice::from_ref(&path), &schema).map(|(symbols, _)| symbols);
    read.map_err(|error| error.to_string().trim_start_matches(&path.display().to_string()).to_owned())
}

fn read(text: impl AsRef<[u8]>) -> Result<Vec<u16>, String> {
    read_as("data.csv", text)
}

#[test]
fn text_after_a_closing_quote_is_refused() {
    let spark =
        "double the quotes within a cell instead of `\\\"`, as Spark does with .option(\"escape\", \"\\\"\")";
    let other = "double the quotes within a cell, and leave no white space after the last";
    for (text, line, column, remedy) in [
        ("kind,x\n\"say \\\"a\\\"\",1\n", 2, "kind", spark),
        ("x,kind\n1,a\n\n2,\"a \\\"b\\\" c\"\n", 4, "kind", spark),
        ("kind,x\n\"\\\"\",1\n\"\\\"\",2\n", 2, "kind", spark),
        ("kind,x\n\"a\"b,1\n", 2, "kind", other),
        ("kind,x\na,\"1\" \n", 2, "x", other),
        ("\"kind\" ,x\na,1\n", 1, "1", other),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(
            error,
            format!(", line {line}, column `{column}`: text follows a closing quote; {remedy}")
        );
    }
}

#[test]
fn what_other_readers_take_is_read_as_they_do() {
    for (text, symbols) in [
        // A quote within an unquoted cell is a character, as for pandas and pyarrow; so is white space.
        ("kind,x\nb\"c,1\n", &[2, 6][..]),
        ("kind,x\n a,1\n", &[3, 6]),
        ("kind,x\na ,1\n", &[4, 6]),
        // Quotes around numbers and names, line ends of all three kinds, the last left out.
        ("\"kind\",\"x\"\na,\"2\"\r\n\"a\",\"1\"\r\"\",\"\"", &[1, 7, 1, 6, 5, 8]),
        ("\u{feff}\"kind\",x\na,1", &[1, 6]),
        ("kind,x\r\r\na,1\r\r\n", &[1, 6]),
        // A separator at the end of every line is a column without a name.
        ("kind,x,\na,1,\n", &[1, 6]),
        // Blank lines are not records, at the beginning too.
        ("\n\nkind,x\n\n\na,1\n\n", &[1, 6]),
        ("kind,x\na,1e5\na,+2.\na,.5\na,-0\na,0000001\n", &[1, 7, 1, 7, 1, 6, 1, 6, 1, 6]),
        // Digits beyond a float's are rounded.
        ("kind,x\na,1.99999999999999999999999999\na,1.9999999999999998\n", &[1, 7, 1, 6]),
        // What others take for missing is a label here, since nothing says that it is not one.
        ("kind,x\nNA,1\nnull,1\n", &[4, 6, 4, 6]),
    ] {
        assert_eq!(read(text).expect(text), symbols, "{text:?}");
    }
}

#[test]
fn a_separator_of_another_name_is_told() {
    for (text, found, remedy) in [
        ("kind;x\na;1\n", "semicolons", "write it anew with commas"),
        ("\"kind\";\"x\"\n\"a\";\"1,5\"\n", "semicolons", "write it anew with commas"),
        ("kind\tx\na\t1\n", "tabs", "name it .tsv"),
        ("other|kind|x\no|a|1\n", "vertical bars", "write it anew with commas"),
    ] {
        assert_eq!(
            read(text).expect_err(text),
            format!(
                ": column `kind` is there if {found} separate the cells, but commas must in a file of this \
                 name; {remedy}"
            )
        );
    }
    let error = read_as("data.tsv", "kind,x\na,1\n").expect_err("commas in a table by tabs");
    assert!(error.contains("if commas separate the cells, but tabs must"), "{error}");
    assert_eq!(read_as("data.tab", "kind\tx\n\"a\"\t2\n").expect("tabs"), [1, 7]);
}

#[test]
fn a_table_of_one_column_that_another_separator_splits_is_refused_where_all_are_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv");
    fs::write(&path, "a;b\n1;2\n").expect("write");
    let error = fairshare_ingest::Tables::open(&[path]).expect_err("a refusal");
    assert!(matches!(error, IngestError::Separator { found: "semicolons", .. }), "{error}");
}

#[test]
fn a_header_among_the_records_is_refused() {
    assert_eq!(
        read("kind,x\na,1\nkind,x\na,2\n").expect_err("joined files"),
        ", line 3: the header again, as in files that were joined; remove the line, or rename the columns \
         if it is a record"
    );
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.csv");
    fs::write(&path, "kind,text\na,b\nkind,text\n").expect("write");
    let error = read_all(&[path], &schema(vec![categorical("kind", &["a"])])).expect_err("labels alone");
    assert!(matches!(error, IngestError::HeaderAgain { line: 3, .. }), "{error}");
}

#[test]
fn lines_of_other_lengths_are_refused() {
    for (text, line) in [
        ("kind,x\na,1,\n", 2),
        ("kind,x\n# a comment\na,1\n", 2),
        ("kind,x\na,1\n \n", 3),
        ("kind,x\n1,5,a\n", 2),
        ("kind,x,\na,1\n", 2),
    ] {
        let error = read(text).expect_err(text);
        assert!(
            error.starts_with(&format!(", line {line}: ")) && error.contains("but the header has"),
            "{error}"
        );
    }
}

#[test]
fn a_nul_is_refused() {
    for text in ["kind,x\na,1\nb\0,2\n", "kind,x\r\na,1\r\n\0\0\0\0,1\n"] {
        let error = read(text).expect_err(text);
        assert!(error.starts_with(", line 3: a NUL byte"), "{error}");
    }
}

#[test]
fn blank_lines_without_end_are_refused() {
    let text = format!("kind,x\na,1\n{}a,1\n", "\r\n".repeat(1 << 20));
    let error = read(text).expect_err("two mebibytes of blank lines");
    assert!(error.ends_with(": a mebibyte of blank lines; remove them"), "{error}");
}

#[test]
fn other_encodings_are_named() {
    let text = "kind,x\na,1\n";
    let sixteen = |unit: u16| [unit.to_le_bytes(), unit.to_be_bytes()];
    for (mark, sign) in [("\u{feff}", true), ("", false)] {
        let text = mark.to_owned() + text;
        for order in [0, 1] {
            let wide: Vec<u8> = text.encode_utf16().flat_map(|unit| sixteen(unit)[order]).collect();
            let wider: Vec<u8> = text
                .chars()
                .map(u32::from)
                .flat_map(|letter| [letter.to_le_bytes(), letter.to_be_bytes()][order])
                .collect();
            for (bytes, bits) in [(wide, "16"), (wider, "32")] {
                let suffix = if sign { "" } else { ["le", "be"][order] };
                assert_eq!(
                    read(bytes).expect_err("not UTF-8"),
                    format!(
                        ": the file is UTF-{bits} text, not CSV; convert it: `iconv -f utf-{bits}{suffix} \
                         -t utf-8`"
                    )
                );
            }
        }
    }
}
