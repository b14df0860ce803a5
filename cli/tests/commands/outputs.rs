//! What a command must not write over: files that it reads, under whatever name, and what is no file of its
//! kind.

use std::fs;
use std::path::Path;

use super::support::*;

fn sample() -> Vec<u8> {
    fs::read(examples().join("flights-2000.csv")).unwrap()
}

#[test]
fn a_file_that_a_folder_or_a_pattern_stands_for_is_not_replaced() {
    let home = folder();
    let data = home.join("data");
    fs::create_dir(&data).unwrap();
    let file = data.join("a.csv");
    fs::write(&file, sample()).unwrap();
    let policy = &prepared().policy;
    for names in [show(&data), show(&data.join("*.csv"))] {
        for command in ["policy reference --policy", "policy draft --replace --data"] {
            let command = match command.strip_suffix(" --policy") {
                Some(command) => format!("{command} --policy {policy} --data {names} --out {}", show(&file)),
                None => format!("{command} {names} --out {}", show(&file)),
            };
            fairshare(&command).fails(2, &["a.csv: this output would replace a file that the command reads"]);
            assert_eq!(fs::read(&file).unwrap(), sample());
        }
    }
}

/// A policy may be somebody else's: the file that it names for its counts is theirs to choose.
#[test]
fn counts_replace_counts_and_nothing_else() {
    let home = folder();
    let text = fs::read_to_string(Path::new(&prepared().policy)).unwrap();
    let named = |file: &str| {
        let line = text.lines().find(|line| line.starts_with("file = ")).unwrap();
        write(&home, "policy.toml", text.replace(line, &format!("file = \"{file}\"")))
    };
    let run = |policy: &str, more: &str| {
        let data = show(&examples().join("flights-2000.csv"));
        fairshare(&format!("policy reference --policy {policy} --data {data} {more}"))
    };
    for (file, said) in
        [(".profile", "which must end in .json"), ("notes.json", "something else than a file")]
    {
        let path = home.join(file);
        fs::write(&path, "mine").unwrap();
        run(&named(file), "").fails(2, &[file, said, "--out FILE"]);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }
    let notes = show(&home.join("notes.json"));
    run(&named("counts.json"), &format!("--out {notes}")).fails(2, &["something else than a file of counts"]);
    for _ in 0..2 {
        assert_eq!(run(&named("counts.json"), "").status, 0);
    }
    assert!(home.join("counts.json").exists());
}
