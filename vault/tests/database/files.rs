//! SQLite: whoever reads leaves nothing behind, and each thing that is no ledger is named.

use std::path::Path;

use fairshare_vault::database::{Access, Database, DatabaseError};
use tempfile::tempdir;

use super::children::{self, Stranger, open_to_all};
use super::{Meant, file, made, note, notes, refusal, said};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn a_reader_leaves_nothing_behind() {
    let folder = tempdir().unwrap();
    let location = file(folder.path().join("a.ledger"));
    let mut writer = made(&location);
    note(&mut writer, "one").unwrap();
    assert_eq!(names(folder.path()), ["a.ledger"]);
    let mut reader = Database::open(&location, Access::Read).unwrap();
    assert_eq!(notes(&mut reader).unwrap(), ["one"]);
    assert_eq!(names(folder.path()), ["a.ledger"]);
    // One that reads still sees what is written next, and a writer waits for none that has read.
    note(&mut writer, "two").unwrap();
    assert_eq!(notes(&mut reader).unwrap(), ["one", "two"]);
    drop((reader, writer));
    assert_eq!(names(folder.path()), ["a.ledger"]);
}

#[test]
fn another_user_reads_and_locks_nobody_out() {
    let folder = tempdir().unwrap();
    let place = folder.path().join("open");
    std::fs::create_dir(&place).unwrap();
    let path = place.join("a.ledger");
    let mut writer = made(&file(&path));
    note(&mut writer, "one").unwrap();
    drop(writer);
    let Some(stranger) = Stranger::beside(folder.path()) else { return };
    let ledger = path.to_str().unwrap();
    // In a folder to which all may add, and in one to which only its owner may.
    for mode in [0o777, 0o755] {
        open_to_all(&place, mode);
        open_to_all(&path, 0o644);
        assert_eq!(stranger.ran("read", ledger), "one");
        let refused = stranger.ran("write", ledger);
        assert!(refused.starts_with("refused: this user may not"), "{refused}");
        assert!(refused.contains(ledger), "{refused}");
        assert_eq!(names(&place), ["a.ledger"]);
    }
    // A file that all may write, in a folder that they may not.
    open_to_all(&path, 0o666);
    let refused = stranger.ran("write", ledger);
    assert!(refused.starts_with("refused: this user may not") && refused.contains(ledger), "{refused}");
    for (mode, place_mode) in [(0o600, 0o755), (0o644, 0o700)] {
        open_to_all(&path, mode);
        open_to_all(&place, place_mode);
        let refused = stranger.ran("read", ledger);
        assert!(refused.starts_with("refused: this user may not") && refused.contains(ledger), "{refused}");
    }
    assert_eq!(note(&mut Database::open(&file(&path), Access::Write).unwrap(), "two").unwrap(), 1);
}

#[test]
fn a_killed_writers_half_is_undone_by_whoever_may() {
    let folder = tempdir().unwrap();
    let place = folder.path().join("open");
    std::fs::create_dir(&place).unwrap();
    let path = place.join("a.ledger");
    let ledger = path.to_str().unwrap();
    let mut writer = made(&file(&path));
    note(&mut writer, "whole").unwrap();
    drop(writer);
    let mut reader = Database::open(&file(&path), Access::Read).unwrap();
    children::kill_half_way(ledger);
    // What was killed is in the file, and beside it what undoes it.
    assert!(path.metadata().unwrap().len() > 1 << 20);
    assert_eq!(names(&place), ["a.ledger", "a.ledger-journal"]);
    open_to_all(&place, 0o755);
    if let Some(stranger) = Stranger::beside(folder.path()) {
        let refused = stranger.ran("read", ledger);
        assert!(refused.contains("not at rest") && refused.contains(ledger), "{refused}");
    }
    // One that was open all the time, and one that opens it first.
    assert_eq!(notes(&mut reader).unwrap(), ["whole"]);
    assert_eq!(names(&place), ["a.ledger"]);
    children::kill_half_way(ledger);
    assert_eq!(notes(&mut Database::open(&file(&path), Access::Read).unwrap()).unwrap(), ["whole"]);
    assert_eq!(names(&place), ["a.ledger"]);
    children::kill_half_way(ledger);
    assert_eq!(note(&mut Database::open(&file(&path), Access::Write).unwrap(), "next").unwrap(), 1);
    assert_eq!(names(&place), ["a.ledger"]);
}

/// What another program has switched to writing ahead is switched back.
#[test]
fn a_log_written_ahead_is_put_away() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.ledger");
    for access in [Access::Read, Access::Write] {
        let _ = std::fs::remove_file(&path);
        note(&mut made(&file(&path)), "kept").unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.pragma_update(None, "journal_mode", "WAL").unwrap();
        other.execute("INSERT INTO notes VALUES ('ahead')", []).unwrap();
        drop(other);
        assert_eq!(notes(&mut Database::open(&file(&path), access).unwrap()).unwrap(), ["ahead", "kept"]);
        assert_eq!(names(folder.path()), ["a.ledger"]);
    }
    // By whom it may be.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "journal_mode", "WAL").unwrap();
    drop(other);
    let Some(stranger) = Stranger::beside(folder.path()) else { return };
    open_to_all(folder.path(), 0o777);
    let refused = stranger.ran("read", path.to_str().unwrap());
    assert!(refused.contains("not at rest") && refused.contains(path.to_str().unwrap()), "{refused}");
    drop(Database::open(&file(&path), Access::Write).unwrap());
    assert_eq!(names(folder.path()), ["a.ledger", "program"]);
    assert_eq!(stranger.ran("read", path.to_str().unwrap()), "ahead, kept");
}

#[test]
fn what_is_opened_to_be_read_is_not_written() {
    let folder = tempdir().unwrap();
    let location = file(folder.path().join("a.ledger"));
    drop(made(&location));
    let mut reader = Database::open(&location, Access::Read).unwrap();
    let error = reader.write::<_, DatabaseError>(|_| Ok(())).unwrap_err();
    assert!(matches!(error, DatabaseError::OpenedToRead { .. }), "{error}");
    let error = reader.read(|transaction| transaction.execute("DELETE FROM notes", &[])).unwrap_err();
    assert!(matches!(error, DatabaseError::Denied(_)), "{error}");
}

/// Each is refused by its own error, which names it.
#[test]
fn what_is_no_ledger_is_named() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("text"), "no database, but text that is longer than a header. ".repeat(9)).unwrap();
    std::fs::write(path("empty"), "").unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    let other = rusqlite::Connection::open(path("other")).unwrap();
    other.execute("CREATE TABLE bookmarks (url TEXT)", []).unwrap();
    let mut later = made(&file(path("later")));
    let version = "INSERT INTO fairshare_versions (version) VALUES (99)";
    later.write(|transaction| transaction.execute(version, &[])).unwrap();
    drop(later);
    // What looks like a ledger's table, and has no end of rows.
    drop(made(&file(path("view"))));
    let view = rusqlite::Connection::open(path("view")).unwrap();
    view.execute_batch(
        "DROP TABLE strikes; CREATE VIEW strikes AS WITH RECURSIVE many (entry) AS
            (VALUES (1) UNION ALL SELECT entry + 1 FROM many) SELECT entry FROM many",
    )
    .unwrap();
    note(&mut made(&file(path("damaged"))), &"long".repeat(5000)).unwrap();
    let mut bytes = std::fs::read(path("damaged")).unwrap();
    bytes[100..4096].fill(0xff);
    std::fs::write(path("damaged"), bytes).unwrap();

    use Access::{Create, Read, Write};
    let wrong: [(&str, Access, Meant); 19] = [
        ("nowhere", Read, |error| matches!(error, DatabaseError::NoFile { .. })),
        ("nowhere", Write, |error| matches!(error, DatabaseError::NoFile { .. })),
        ("no/where", Create, |error| matches!(error, DatabaseError::NoFolder { .. })),
        ("text/where", Create, |error| matches!(error, DatabaseError::NoFolder { .. })),
        ("folder", Read, |error| matches!(error, DatabaseError::Folder { .. })),
        ("folder", Create, |error| matches!(error, DatabaseError::Folder { .. })),
        ("text", Read, |error| matches!(error, DatabaseError::NotADatabase { .. })),
        ("text", Write, |error| matches!(error, DatabaseError::NotADatabase { .. })),
        ("text", Create, |error| matches!(error, DatabaseError::NotADatabase { .. })),
        ("empty", Read, |error| matches!(error, DatabaseError::NoLedger { .. })),
        ("empty", Write, |error| matches!(error, DatabaseError::NoLedger { .. })),
        ("other", Read, |error| matches!(error, DatabaseError::NoLedger { .. })),
        ("other", Create, |error| matches!(error, DatabaseError::OtherProgram { .. })),
        ("view", Read, |error| matches!(error, DatabaseError::OtherProgram { .. })),
        ("view", Create, |error| matches!(error, DatabaseError::OtherProgram { .. })),
        ("later", Read, |error| matches!(error, DatabaseError::Newer { found: 99, .. })),
        ("later", Create, |error| matches!(error, DatabaseError::Newer { found: 99, .. })),
        ("damaged", Read, |error| matches!(error, DatabaseError::Damaged(_))),
        ("damaged", Create, |error| matches!(error, DatabaseError::Damaged(_))),
    ];
    for (name, access, is_expected) in wrong {
        let before = names(folder.path());
        let error = refusal(&file(path(name)), access);
        assert!(is_expected(&error), "{name}: {error:?}");
        let shown = path(name).display().to_string();
        let named = shown.trim_end_matches("/where");
        assert!(error.to_string().contains(named), "{error}");
        assert_eq!(names(folder.path()), before);
        println!("{}", said(&error));
    }
    // A table of another program is as it was.
    other.execute("INSERT INTO bookmarks VALUES ('x')", []).unwrap();
    for name in ["", ":memory:", "file:x.ledger", "file::memory:"] {
        for access in [Read, Write, Create] {
            let error = refusal(&file(name), access);
            assert!(matches!(error, DatabaseError::Name { .. }), "{name}: {error}");
        }
    }
}
