//! Files that are of another kind than their names say, each named for what it is.

use super::*;

fn error(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("write");
    let error = read_all(std::slice::from_ref(&path), &schema(vec![numeric("x", &[0.0])])).expect_err(name);
    error.to_string().trim_start_matches(&path.display().to_string()).to_owned()
}

/// First bytes of a kind, and more.
fn file(magic: &[u8]) -> Vec<u8> {
    [magic, &[0, 159, 146, 150, b'\n', 7, 0, 1]].concat()
}

#[test]
fn what_is_called_csv_is_named_for_what_it_is() {
    let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
    let xlsx = b"PK\x03\x04\x14\0\0\0\x08\0....[Content_Types].xml".to_vec();
    for (bytes, found, remedy) in [
        (file(b"\x1f\x8b\x08"), "compressed by gzip", "gunzip"),
        (file(b"\x28\xb5\x2f\xfd"), "compressed by zstd", "unzstd"),
        (file(b"\x5a\x2a\x4d\x18"), "compressed by zstd", "unzstd"),
        (file(b"BZh91AY&SY"), "compressed by bzip2", "bunzip2"),
        (file(b"\xfd7zXZ\0"), "compressed by xz", "unxz"),
        (file(b"\x04\x22\x4d\x18"), "compressed by lz4", "unlz4"),
        (file(b"PK\x03\x04"), "a ZIP archive", "unpack"),
        (xlsx, "an Excel workbook (.xlsx)", "save the table as CSV (UTF-8)"),
        (
            file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            "an Excel workbook (.xls)",
            "save the table as CSV (UTF-8)",
        ),
        (file(b"7z\xbc\xaf\x27\x1c"), "a 7z archive", "unpack"),
        (tar, "a tar archive", "unpack"),
        (file(b"PAR1"), "a Parquet file", "name it .parquet"),
        (file(b"ARROW1\0\0"), "an Arrow IPC file", "name it .arrow"),
        (file(b"\xff\xff\xff\xff"), "an Arrow IPC stream", "name it .arrows"),
        (file(b"FEA1"), "a Feather file of version 1", "version 2"),
        (file(b"ORC"), "an ORC file", "Parquet"),
        (file(b"Obj\x01"), "an Avro file", "Parquet"),
        (file(b"SQLite format 3\0"), "an SQLite database", "export"),
        (file(b"\x89HDF\r\n\x1a\n"), "an HDF5 file", "Parquet"),
        (file(b"\x80\x04\x95"), "a Python pickle", "Parquet"),
        (b"{\"x\": 1}\n".to_vec(), "JSON", ".jsonl"),
        (b"[{\"x\": 1}]".to_vec(), "JSON", "jq"),
        (b"<!DOCTYPE html>\n<html>".to_vec(), "a web page", "download went wrong"),
        (b"\n <html lang=en>".to_vec(), "a web page", "download went wrong"),
        (b"<?xml version=\"1.0\"?>".to_vec(), "XML", "CSV"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".to_vec(),
            "a Git LFS pointer and not the data",
            "git lfs pull",
        ),
    ] {
        let error = error("data.csv", &bytes);
        assert!(error.starts_with(&format!(": the file is {found}, not CSV; ")), "{error}");
        assert!(error.contains(remedy), "{error}");
    }
}

/// Letters that begin a file of another kind may begin a column's name.
#[test]
fn a_column_may_be_called_like_another_kind_of_file() {
    for name in ["ORC", "ORCID", "PAR1", "FEA1x", "PGDMP_2"] {
        for end in ["\n", "\r\n", "\r"] {
            let folder = tempfile::tempdir().expect("folder");
            let path = folder.path().join("data.csv");
            fs::write(&path, format!("{name},x{end}1,2{end}")).expect("write");
            let (symbols, _) = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect(name);
            assert_eq!(symbols, [2]);
        }
        let latin = [name.as_bytes(), b",x,Gr\xf6\xdfe\n1,2,3\n"].concat();
        assert!(error("data.csv", &latin).contains("latin1"), "{name}");
    }
}

#[test]
fn other_names_are_checked_too() {
    let csv = b"x\n1\n";
    for (name, bytes, said) in [
        ("a.parquet", &csv[..], "the file is text, not Parquet; name it by its format, as .csv"),
        ("a.arrow", csv, "the file is text, not Arrow IPC"),
        ("a.csv.gz", csv, "the file is text, not gzip"),
        ("a.csv.zst", csv, "the file is text, not zstd"),
        ("a.csv.zst", b"\x1f\x8b\x08\0", "the file is compressed by gzip, not zstd; name it so"),
        ("a.parquet", b"PK\x03\x04", "the file is a ZIP archive, not Parquet; unpack it"),
        ("a.jsonl", b"<html>", "the file is a web page, not JSON Lines"),
        ("a.tsv", b"{\"x\":1}", "the file is JSON, not TSV"),
        ("a.xlsx", b"PK\x03\x04xl/", "the file is an Excel workbook (.xlsx), not of a format that is read"),
        ("a.txt", csv, "the name does not say what the file holds; it must end in .csv, .tsv, .tab, .jsonl"),
        ("a", csv, "the name does not say"),
        ("a.parquet.gz", b"\x1f\x8b\x08\0", "the file is compressed by gzip, not of a format"),
        (
            "a.csv.bz2",
            b"BZh91AY&SY\xff",
            "the file is compressed by bzip2, not of a format that is read by this name",
        ),
    ] {
        let error = error(name, bytes);
        assert!(error.starts_with(&format!(": {said}")), "{name}: {error}");
    }
    // What is within a compressed file is looked at too.
    let within = zstd::encode_all(&b"PK\x03\x04\0\0"[..], 1).expect("compress");
    assert!(error("a.csv.zst", &within).starts_with(": the file is a ZIP archive, not CSV"));
}

#[test]
fn a_column_may_have_the_name_of_a_format() {
    let folder = tempfile::tempdir().expect("folder");
    for name in ["ORC", "PAR1", "ARROW1", "BZh", "RDX", "Rar"] {
        let path = folder.path().join("data.csv");
        fs::write(&path, format!("{name},x\n1,1\n")).expect("write");
        let read = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect(name);
        assert_eq!(read.1, 1);
    }
}
