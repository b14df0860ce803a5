//! JSON Lines.

use fairshare_ingest::Tables;

use super::*;

fn schema_of_two() -> Schema {
    // kind: a 1, `é"` 2, 7 3, true 4, 1.0 5, other 6, missing 7; x: below 2 8, from 2 on 9, missing 10.
    schema(vec![categorical("kind", &["a", "é\"", "7", "true", "1.0"]), numeric("x", &[2.0])])
}

fn read(text: impl AsRef<[u8]>) -> Result<Vec<u16>, String> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.jsonl");
    fs::write(&path, text).expect("write");
    let read = read_all(std::slice::from_ref(&path), &schema_of_two()).map(|(symbols, _)| symbols);
    read.map_err(|error| error.to_string().trim_start_matches(&path.display().to_string()).to_owned())
}

#[test]
fn a_value_is_the_cell_that_its_text_would_be() {
    for (line, symbols) in [
        (r#"{"kind":"a","x":2}"#, [1, 9]),
        (r#" { "x" : 1.5e0 , "kind" : "\u00e9\"" } "#, [2, 8]),
        (r#"{"kind":7,"x":"2"}"#, [3, 9]),
        (r#"{"kind":true,"x":123456789012345678901234567890}"#, [4, 9]),
        (r#"{"kind":1.0,"x":null}"#, [5, 10]),
        (r#"{"kind":1,"x":""}"#, [6, 10]),
        (r#"{"kind":null}"#, [7, 10]),
        (r#"{"\u006bind":"\u0061"}"#, [1, 10]),
        (r#"{"kind":"\ud83d\ude00","nested":{"a":[1,{"b":2}]},"x":-0.0}"#, [6, 8]),
        (r#"{"kind":"a","more":1,"more":2,"x":2}"#, [1, 9]),
    ] {
        // The columns must be there in some record.
        let text = format!("{line}\n\n{{\"kind\":\"\",\"x\":0}}\r\n");
        assert_eq!(read(&text).expect(line), [&symbols[..], &[7, 8]].concat(), "{line}");
    }
    assert_eq!(read("\u{feff}{\"kind\":\"a\",\"x\":1}").expect("a mark, and no last line end"), [1, 8]);
}

#[test]
fn what_is_not_an_object_on_a_line_is_refused() {
    let sound = r#"{"kind":"a","x":1}"#;
    for (line, said) in [
        ("[1]", "not a JSON object (invalid type: sequence, expected an object, column 0); write an object"),
        ("{\"kind\":\"a\"", "column 11); an object must stand on one line"),
        ("{\"x\":NaN}", "column 6); write null for a value that is missing"),
        ("{\"x\":-Infinity}", "write null for a value that is missing"),
        ("{\"x\":1} {\"x\":2}", "(trailing characters, column 9)"),
        ("{\"x\":1,}", "(trailing comma, column 8)"),
        ("{'x':1}", "(key must be a string, column 2)"),
        ("{\"x\":01}", "not a JSON object"),
        ("{\"x\":0x1}", "not a JSON object"),
        ("kind,x", "(expected value, column 1)"),
        ("{\"kind\":\"\\ud800\",\"x\":1}", "not a JSON object (unexpected end of hex escape, column 8)"),
        ("{\"kind\":\"a\nb\"}", "not a JSON object"),
        ("{\"x\":{\"a\":1}}", "column `x`: a list or object is not a cell; write its parts as columns"),
        ("{\"kind\":[]}", "column `kind`: a list or object is not a cell"),
        ("{\"x\":1,\"x\":1}", "the key `x` is there twice; remove one"),
        ("{\"x\":1,\"\\u0078\":2}", "the key `x` is there twice; remove one"),
        ("{\"x\":1e999}", "`1e999` is not a finite decimal number"),
        ("{\"x\":true}", "`true` is not a finite decimal number"),
    ] {
        let error = read(format!("{sound}\n\n{line}\n{sound}\n")).expect_err(line);
        assert!(error.starts_with(", line 3") && error.contains(said), "{line}: {error}");
    }
    let error = read(format!("{sound}\n{{\"kind\":\"\u{0}\"}}\n")).expect_err("a control character");
    assert!(error.starts_with(", line 2: not a JSON object (control character"), "{error}");
    let error = read(b"{\"kind\":\"\xe9\",\"x\":1}\n").expect_err("Latin-1");
    assert!(error.starts_with(", line 1: byte 0xe9 is not UTF-8"), "{error}");
    assert!(read("[\n{\"x\":1}\n]\n").expect_err("a list").contains("jq -c '.[]'"));
}

#[test]
fn depth_and_length_of_a_line_are_bounded() {
    let deep = format!("{{\"x\":1,\"deep\":{}{}}}\n", "[".repeat(500_000), "]".repeat(500_000));
    // Deep, yet never entered: what nobody reads is passed over without recursion.
    assert_eq!(read(format!("{deep}{{\"kind\":\"a\"}}\n")).expect("passed over"), [7, 8, 1, 10]);
    let error =
        read(format!("{{\"x\":1}}\n{{\"kind\":\"{}\"}}\n", "a".repeat(1 << 20))).expect_err("too long");
    assert!(error.starts_with(", line 2: a record of more than 1048576 bytes"), "{error}");
}

#[test]
fn a_key_that_no_record_has_is_a_missing_column() {
    let error = read("{\"kind\":\"a\"}\n{\"kind\":\"b\",\"X\":1}\n").expect_err("no x");
    assert_eq!(error, ": no column `x`; the file has: `kind`");
    // In one file of several it may be absent throughout: writers leave out nulls.
    let folder = tempfile::tempdir().expect("folder");
    let paths = [("a.jsonl", "{\"kind\":\"a\"}\n"), ("b.jsonl", "{\"x\":1}\n")].map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("write");
        path
    });
    assert_eq!(read_all(&paths, &schema_of_two()).expect("both").0, [1, 10, 7, 8]);
}

#[test]
fn all_keys_of_a_file_are_its_columns() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.ndjson");
    fs::write(&path, "{\"a\":1}\n{\"b\":[1],\"c\":2}\n{\"a\":{},\"d\":null}\n").expect("write");
    let tables = Tables::open(std::slice::from_ref(&path)).expect("open");
    let names = |fields: &[arrow_schema::Field]| {
        fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((names(tables.fields()), names(tables.passed_over())), ("c d".into(), "a b".into()));
}
