//! Folders, patterns, and the columns in the names of folders.

use super::*;

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: tempfile::tempdir().expect("folder") };
        for (name, text) in files {
            let path = tree.path(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
            fs::write(path, text).expect("write");
        }
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Symbols of the columns year, carrier and x. year: below 2025 1, later 2, missing 3; carrier: `A A` 4,
    /// other 5, missing 6; x is a label: 1 7, 2 8, 3 9, other 10, missing 11.
    fn read(&self, names: &[&str]) -> Result<Vec<u16>, String> {
        let schema = schema(vec![
            numeric("year", &[2025.0]),
            categorical("carrier", &["A A"]),
            categorical("x", &["1", "2", "3"]),
        ]);
        let paths: Vec<_> = names.iter().map(|name| self.path(name)).collect();
        let read = read_all(&paths, &schema).map(|(symbols, _)| symbols);
        read.map_err(|error| error.to_string().replace(&format!("{}/", self.folder.path().display()), ""))
    }
}

const HIVE: [(&str, &str); 8] = [
    ("data/year=2025/carrier=UA/part-1.csv", "x\n2\n"),
    ("data/year=2024/carrier=A%20A/part-0.csv", "x\n1\n"),
    ("data/year=__HIVE_DEFAULT_PARTITION__/carrier=__HIVE_DEFAULT_PARTITION__/p.csv", "x\n3\n"),
    ("data/_SUCCESS", ""),
    ("data/.hidden.csv", "nothing"),
    ("data/year=2024/carrier=A%20A/.part-0.csv.crc", "nothing"),
    ("data/year=2024/carrier=A%20A/part-0.csv.crc", "nothing"),
    ("data/_temporary/0/part.csv", "nothing"),
];

#[test]
fn partitions_are_columns_in_the_order_of_names() {
    let tree = Tree::new(&HIVE);
    let expected = [1, 4, 7, 2, 5, 8, 3, 6, 9];
    assert_eq!(tree.read(&["data"]).expect("a folder"), expected);
    assert_eq!(tree.read(&["data/*/*/*.csv"]).expect("a pattern"), expected);
    assert_eq!(tree.read(&["data/**/p*.csv"]).expect("a pattern of any depth"), [1, 4, 7, 2, 5, 8, 3, 6, 9]);
    assert_eq!(
        tree.read(&["data/year=202?"]).expect_err("folders alone"),
        "data/year=202?: no file is there; check the folder's or pattern's spelling"
    );
    // A file that is named itself has them too: a shell's pattern and a quoted one are alike.
    assert_eq!(tree.read(&["data/year=2025/carrier=UA/part-1.csv"]).expect("a file"), [2, 5, 8]);
}

#[test]
fn partitions_go_with_every_format() {
    let tree = Tree::new(&[("d/year=2024/carrier=x/a.jsonl", "{\"x\":1}\n{\"x\":null}\n")]);
    assert_eq!(tree.read(&["d"]).expect("JSON Lines"), [1, 5, 7, 1, 5, 11]);
    let parquet = tree.path("p/year=2024/carrier=A A/a.parquet");
    fs::create_dir_all(parquet.parent().expect("a parent")).expect("folder");
    write_parquet(&parquet, vec![("x", Arc::new(Int64Array::from(vec![1, 2])))], WriterProperties::default());
    assert_eq!(tree.read(&["p"]).expect("Parquet"), [1, 4, 7, 1, 4, 8]);
    let mut tables = fairshare_ingest::Tables::open(&[tree.path("p")]).expect("all columns");
    let names: Vec<_> = tables.fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["x", "year", "carrier"]);
    assert_eq!(tables.next_batch().expect("a batch").expect("records").columns().len(), 3);
    // Nothing of the file itself is wanted.
    let only = schema(vec![numeric("year", &[0.0])]);
    for name in ["p", "d"] {
        assert_eq!(read_all(&[tree.path(name)], &only).expect("only the folder's name").0, [2, 2]);
    }
}

#[test]
fn a_column_in_file_and_folder_must_agree() {
    for (name, text) in [
        ("d/year=2024/a.csv", "year,x,carrier\n2024.0,1,a\n2023,1,a\n"),
        ("d/year=2024/a.jsonl", "{\"x\":1,\"carrier\":\"a\",\"year\":2024}\n\n{\"year\":2023,\"x\":1}\n"),
    ] {
        assert_eq!(
            Tree::new(&[(name, text)]).read(&["d"]).expect_err(name),
            format!(
                "{name}, line 3: the cell `2023` contradicts the folder's name `year=2024`; correct one of \
                 them"
            )
        );
        let agreeing = text.replace("2023", "2024");
        let tree = Tree::new(&[(name, &agreeing)]);
        assert_eq!(tree.read(&["d"]).expect(name)[..3], [1, 5, 7]);
        let tables = fairshare_ingest::Tables::open(&[tree.path("d")]).expect("all columns");
        assert_eq!(tables.fields().len(), 3);
    }
    let missing = "d/carrier=__HIVE_DEFAULT_PARTITION__/a.csv";
    assert_eq!(Tree::new(&[(missing, "x,year,carrier\n1,1,\n")]).read(&["d"]).expect("missing"), [1, 6, 7]);
    Tree::new(&[(missing, "x,year,carrier\n1,1,a\n")]).read(&["d"]).expect_err("not missing");
    // Typed, as polars writes it.
    let tree = Tree::new(&[]);
    let parquet = tree.path("p/year=2024/a.parquet");
    fs::create_dir_all(parquet.parent().expect("a parent")).expect("folder");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("x", Arc::new(Int64Array::from(vec![1, 2]))),
        ("year", Arc::new(Int64Array::from(vec![2024, 2024]))),
        ("carrier", Arc::new(StringArray::from(vec!["A A", "b"]))),
    ];
    write_parquet(&parquet, columns, WriterProperties::default());
    assert_eq!(tree.read(&["p"]).expect("agreeing"), [1, 4, 7, 1, 5, 8]);
}

#[test]
fn names_of_folders_that_cannot_be_columns_are_refused() {
    let tree = Tree::new(&[("d/year=1/year=2/a.csv", "x,carrier\n1,a\n")]);
    assert_eq!(
        tree.read(&["d"]).expect_err("twice"),
        "d/year=1/year=2/a.csv: two folders on the way are named `year=…`; rename one"
    );
    let tree = Tree::new(&[("d/year=%ff/a.csv", "x,carrier\n1,a\n")]);
    assert!(tree.read(&["d"]).expect_err("not UTF-8").contains("`year=%ff` does not decode to UTF-8"));
    // What cannot be decoded is text, as for Spark; a column that nobody reads may be in both.
    let tree = Tree::new(&[("d/carrier=%zz/other=1/a.csv", "x,year,other\n1,1,1\n")]);
    assert_eq!(tree.read(&["d"]).expect("read"), [1, 5, 7]);
}

#[test]
fn names_that_stand_for_no_data_are_refused() {
    let tree = Tree::new(&[
        ("mixed/a.csv", "x\n1\n"),
        ("mixed/b.jsonl", "{\"x\":1}\n"),
        ("readme/a.csv", "x,year,carrier\n1,1,a\n"),
        ("readme/README.txt", "text\n"),
        ("hidden/.a.csv", "x\n1\n"),
        ("data[1].csv", "x,year,carrier\n1,1,a\n"),
    ]);
    for (name, said) in [
        ("hidden", "hidden: no file is there"),
        ("absent/*.csv", "absent/*.csv: no file is there"),
        ("absent", "absent: cannot be opened"),
        ("a[.csv", "a[.csv: neither a file nor a pattern (invalid range pattern)"),
        (
            "mixed",
            "mixed/b.jsonl: JSON Lines, but mixed/a.csv is CSV; name the files of one format by a pattern",
        ),
        ("readme", "readme/README.txt: the name does not say what the file holds; it must end in .csv, .tsv"),
    ] {
        let error = tree.read(&[name]).expect_err(name);
        assert!(error.starts_with(said), "{name}: {error}");
    }
    assert_eq!(tree.read(&["data[1].csv"]).expect("a file of that very name"), [1, 5, 7]);
    for names in [
        ["readme/*.csv", "readme/a.csv"],
        ["readme/a.csv", "readme/a.csv"],
        ["readme/a.csv", "./readme/a.csv"],
    ] {
        let error = tree.read(&names).expect_err("a file twice");
        let twice = "named twice, so that its records would count twice; name it once";
        assert!(error.ends_with(twice) && error.contains("readme/a.csv"), "{error}");
    }
}

/// A folder that the path leaves again says nothing of the file.
#[test]
fn a_path_that_leads_up_again_leaves_the_folders_column() {
    let tree =
        Tree::new(&[("h/year=2024/carrier=b/x.csv", "x\n1\n"), ("h/a.csv", "x,year,carrier\n1,1,A A\n")]);
    assert_eq!(
        tree.read(&["h/carrier=b/../a.csv"]).map_err(|error| error.contains("cannot be opened")),
        Err(true)
    );
    assert_eq!(tree.read(&["h/year=2024/carrier=b/../../a.csv"]).expect("read"), [1, 4, 7]);
}

/// What stands beside the data is read where a pattern names it, by its very name or by its beginning.
#[test]
fn a_pattern_that_names_what_stands_beside_the_data_finds_it() {
    let (one, two) = ("x,year,carrier\n1,1,a\n", "x,year,carrier\n1,1,A A\n");
    let tree = Tree::new(&[("d/_part1.csv", one), ("d/part2.csv", two), ("d/_log/a.csv", two)]);
    assert_eq!(tree.read(&["d/_part*.csv"]).expect("named"), [1, 5, 7]);
    assert_eq!(tree.read(&["d/_part1.csv"]).expect("a file"), [1, 5, 7]);
    assert_eq!(tree.read(&["d/*.csv"]).expect("not named"), tree.read(&["d/part2.csv"]).expect("a file"));
    assert_eq!(tree.read(&["d/_*/*.csv"]).expect("a folder"), tree.read(&["d/_log/a.csv"]).expect("a file"));
    assert!(tree.read(&["d/*/*.csv"]).expect_err("not named").contains("no file is there"));
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_is_refused() {
    let tree = Tree::new(&[("d/a.csv", "x,year,carrier\n1,1,a\n")]);
    std::os::unix::fs::symlink(tree.path("d"), tree.path("linked")).expect("link");
    assert_eq!(tree.read(&["linked"]).expect("a link to a folder"), [1, 5, 7]);
    std::os::unix::fs::symlink(tree.path("d"), tree.path("d/back")).expect("link");
    let error = tree.read(&["d"]).expect_err("a loop");
    assert_eq!(error, "d/back: a link leads back to a folder that it is in; remove the link");
}

#[test]
fn more_files_than_a_dataset_may_have_are_refused() {
    let tree = Tree::new(&[("d/0.csv", "x\n1\n")]);
    for file in 1..=1 << 16 {
        File::create(tree.path(&format!("d/{file}.csv"))).expect("create");
    }
    for name in ["d", "d/*.csv"] {
        let error = tree.read(&[name]).expect_err("65,537 files");
        assert_eq!(error, format!("{name}: more than 65536 files; write fewer, larger ones"));
    }
}

#[test]
fn folders_too_deep_are_refused() {
    let name = format!("d/{}a.csv", "f/".repeat(40));
    let error = Tree::new(&[(&name, "x\n1\n")]).read(&["d"]).expect_err("too deep");
    assert!(error.ends_with(": more than 32 folders deep; name a folder further down"), "{error}");
}

/// A name that is not UTF-8 matches no pattern, and left out it could be data that nobody counted.
#[cfg(target_os = "linux")]
#[test]
fn a_pattern_is_not_compared_with_names_that_are_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let tree = Tree::new(&[("data/year=2024/carrier=AA/b0.csv", "x\n1\n")]);
    let name = OsStr::from_bytes(b"b\xff.csv");
    let odd = tree.path("data/year=2024/carrier=AA").join(name);
    fs::write(&odd, "x\n2\n").expect("write");
    assert_eq!(
        tree.read(&["data/*/*/b*.csv"]).expect_err("a name that cannot be matched"),
        "data/year=2024/carrier=AA: a name in this folder is not UTF-8, so that `data/*/*/b*.csv` cannot be \
         matched; rename it, or give the folder"
    );
    // A folder, and the file's own name, take it.
    assert_eq!(tree.read(&["data"]).expect("a folder"), [1, 5, 7, 1, 5, 8]);
    let schema = schema(vec![categorical("x", &["1", "2"])]);
    assert_eq!(read_all(&[odd], &schema).expect("the file").0, [2]);
}
