//! What the databases themselves refuse, whatever program writes to them.

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_vault::database::{Access, Database, DatabaseError, Location};
use fairshare_vault::ledger::Target;
use fairshare_vault::{Ledger, VaultError};

use crate::world::*;

/// A head of no entry.
const OTHER: &str = "0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Every table of the record, and a column of it.
const TABLES: [(&str, &str); 12] = [
    ("fairshare_versions", "version"),
    ("ledger", "subnet"),
    ("entries", "content"),
    ("files", "content"),
    ("spans", "pool"),
    ("datasets", "contributor"),
    ("strikes", "digest"),
    ("nodes", "node"),
    ("bundles", "score"),
    ("earnings", "cumulative"),
    ("transfers", "amount"),
    ("confirmations", "evidence"),
];

/// Runs a statement behind the ledger's back.
fn meddle(location: &Location, sql: &str) -> Result<u64, DatabaseError> {
    let mut database = Database::open(location, Access::Write)?;
    database.write(|transaction| transaction.execute(sql, &[]))
}

/// A ledger with a row in every table.
fn full(location: &Location) -> Ledger {
    let mut ledger = opened(location, &LISTED[0]);
    registered(&mut ledger, &LISTED[0]);
    let carols = *LISTED[0].registrations[2].unsigned().request().digest();
    ledger.strike(Target::Data(carols), "copied", at(2_500)).unwrap();
    ledger.register_units(&LISTED[0].units, at(3_000)).unwrap();
    end(&mut ledger, &LISTED[0]);
    let verdicts = ledger.submit(None, &LISTED[0].verifier(), &all(&LISTED[0]), proving(&LISTED[0])).unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.result.is_ok()).count(), 3);
    ledger.close(None, true, proving(&LISTED[0])).unwrap();
    ledger.settle(None, proving(&LISTED[0])).unwrap();
    let list = send_all(&mut ledger).expect("something is due").list;
    ledger.confirm(&list, &[ALICE], "0xfeed", at(20_001)).unwrap();
    ledger
}

fn rows(location: &Location, table: &str) -> i64 {
    let mut database = Database::open(location, Access::Read).unwrap();
    let sql = format!("SELECT count(*) AS found FROM {table}");
    database.read(|transaction| transaction.query_one(&sql, &[])?.integer("found")).unwrap()
}

#[test]
fn rows_of_the_record_are_never_changed_or_deleted() {
    on_each(|location| {
        let mut ledger = full(location);
        let before = items(&mut ledger);
        drop(ledger);
        let mut told = String::new();
        for (table, column) in TABLES {
            let count = rows(location, table);
            assert!(count > 0, "{table}");
            let mut statements = vec![
                format!("UPDATE {table} SET {column} = {column}"),
                format!("DELETE FROM {table}"),
                format!("INSERT INTO {table} SELECT * FROM {table}"),
            ];
            if column != "version" {
                statements.push(format!("UPDATE {table} SET {column} = NULL"));
            }
            match location {
                Location::File(_) => {
                    statements.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
                    statements.push(format!("REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"));
                    statements.push(format!("UPDATE OR REPLACE {table} SET {column} = {column}"));
                }
                Location::Server(_) => statements.push(format!("TRUNCATE {table} CASCADE")),
            }
            for sql in statements {
                let error = meddle(location, &sql).unwrap_err();
                assert!(matches!(error, DatabaseError::Constraint(_)), "{sql}: {error}");
                assert_eq!(rows(location, table), count, "{sql}");
                told = error.to_string();
            }
        }
        mended("a settled epoch was set back to open by one statement", told);
        let mut ledger = Ledger::open(location, Access::Read).unwrap();
        assert_eq!(items(&mut ledger), before);
        audit(&mut ledger);
    });
}

/// Rows are found by this text: another spelling would hide what stands under the first.
#[test]
fn contributors_stand_on_record_with_their_checksum() {
    on_each(|location| {
        drop(full(location));
        let spelled = checksummed(&ALICE).to_string();
        assert_ne!(spelled, spelled.to_lowercase());
        let mut database = Database::open(location, Access::Read).unwrap();
        for (table, column) in [
            ("datasets", "contributor"),
            ("nodes", "node"),
            ("bundles", "contributor"),
            ("earnings", "contributor"),
            ("transfers", "contributor"),
            ("confirmations", "contributor"),
        ] {
            let sql = format!("SELECT {column} FROM {table} WHERE {column} = $1");
            let rows = database.read(|transaction| transaction.query(&sql, &[spelled.as_str().into()]));
            assert!(!rows.unwrap().is_empty(), "{table}");
        }
    });
}

/// What happens once has one place, whatever program appends.
#[test]
fn what_would_count_twice_has_no_place() {
    on_each(|location| {
        drop(full(location));
        let again = |kind: &str| {
            format!(
                "INSERT INTO entries (id, time, kind, epoch, content, head)
                    SELECT 900, time, kind, epoch, content, '{OTHER}' FROM entries WHERE kind = '{kind}'"
            )
        };
        let entry = "(SELECT max(id) FROM entries)";
        let statements = [
            // A second end, closing, settlement, list of units of one epoch; a second ledger; a head twice.
            again("ended"),
            again("closed"),
            again("settled"),
            again("units"),
            "INSERT INTO ledger SELECT 2, chain_id, vault, registry, subnet, settlement, time FROM ledger"
                .into(),
            "INSERT INTO entries SELECT id + 900, time, kind, epoch, content, head FROM entries
                WHERE kind = 'rounds'"
                .into(),
            // A digest again, a strike again, a node again, an amount listed or confirmed again.
            format!(
                "INSERT INTO datasets SELECT {entry}, digest, root, contributor, round, geometry, schema_hash,
                    records FROM datasets LIMIT 1"
            ),
            format!("INSERT INTO strikes SELECT {entry}, digest, epoch, node FROM strikes"),
            format!("INSERT INTO nodes SELECT {entry}, epoch, node FROM nodes"),
            format!("INSERT INTO transfers SELECT {entry}, contributor, amount, cumulative FROM transfers"),
            format!(
                "INSERT INTO confirmations SELECT {entry}, contributor, cumulative, evidence
                    FROM confirmations"
            ),
            // A confirmation of what nobody listed, a strike of both, a rail that is none, rows of no entry.
            format!("INSERT INTO confirmations VALUES ({entry}, 'nobody', '1', 'x')"),
            format!("INSERT INTO strikes SELECT {entry}, digest, '4', contributor FROM datasets LIMIT 1"),
            format!(
                "INSERT INTO bundles SELECT {entry}, epoch, 'gift', contributor, score, 1, '1', file
                    FROM bundles LIMIT 1"
            ),
            "INSERT INTO earnings SELECT 901, contributor, compute, data, cumulative FROM earnings".into(),
        ];
        for sql in statements {
            let error = meddle(location, &sql).unwrap_err();
            assert!(matches!(error, DatabaseError::Constraint(_)), "{sql}: {error}");
        }
    });
}

/// Entries are looked for by kind and epoch: those are what the entry says, or it would be another to whoever
/// looks for it, and to an audit none at all.
#[test]
fn an_entry_stands_under_its_own_kind_and_epoch() {
    on_each(|location| {
        drop(full(location));
        let put = |kind: &str, epoch: &str, content: &str| {
            format!(
                "INSERT INTO entries (id, time, kind, epoch, content, head)
                    SELECT max(id) + 1, max(time), '{kind}', {epoch}, {content}, '{OTHER}' FROM entries"
            )
        };
        let closed = r#"'{"kind":"closed","epoch":"5"}'"#;
        let rounds = r#"'{"kind":"rounds","first":"14","last":"14"}'"#;
        let long = format!("'{{\"kind\":\"closed\",\"epoch\":\"5\",\"x\":\"{}\"}}'", "x".repeat(20_000));
        let wrong = [
            put("rounds", "'5'", closed),
            put("ended", "NULL", closed),
            put("closed", "'9999'", closed),
            put("closed", "NULL", closed),
            put("closed", "'5'", rounds),
            put("rounds", "'5'", rounds),
            put("closed", "'5'", "'junk'"),
            put("closed", "'5'", &long),
        ];
        for sql in wrong {
            assert!(meddle(location, &sql).is_err(), "{sql}");
        }
        // Whoever has taken that guard away is found out.
        let Location::File(path) = location else { return };
        let other = rusqlite::Connection::open(path).unwrap();
        other.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        other.execute(&put("closed", "'9999'", closed), []).unwrap();
        let mut ledger = Ledger::open(location, Access::Write).unwrap();
        let index = ledger.status(None).unwrap().entries;
        let beside = [fairshare_vault::ledger::Beside { entry: index, table: "entries" }];
        assert_eq!(ledger.beside().unwrap(), beside);
        // Nor is anything recorded after it, or told of it: it does not follow from the one before.
        let error = refused(&mut ledger, |ledger| {
            ledger.open_epoch(&LISTED[1].source, &LISTED[1].verifier(), at(900_000))
        });
        assert!(matches!(error, VaultError::Unchained { entry } if entry == index), "{error}");
        let error = ledger.follow(0, 10).unwrap_err();
        assert!(matches!(error, VaultError::Unchained { entry } if entry == index), "{error}");
    });
}

/// What the database cannot refuse is found: an entry put in behind the ledger's back.
#[test]
fn an_entry_of_somebody_elses_making_is_found() {
    on_each(|location| {
        drop(full(location));
        let sql = format!(
            "INSERT INTO entries (id, time, kind, epoch, content, head)
                SELECT max(id) + 1, max(time), 'ended', '9', '{ENDED}', '{OTHER}' FROM entries",
            ENDED = r#"{"kind":"ended","epoch":"9"}"#,
        );
        meddle(location, &sql).unwrap();
        let mut ledger = Ledger::open(location, Access::Read).unwrap();
        let bytes = archived(items(&mut ledger));
        let report = auditor().archive(&bytes[..], &Default::default()).unwrap();
        assert!(!report.is_clean());
    });
}

/// Rows beside the entries that no entry gives: each is found by its table and entry, and nobody is paid by
/// them.
#[test]
fn a_row_of_somebody_elses_making_is_found() {
    let of = |kind: &str| format!("(SELECT min(id) FROM entries WHERE kind = '{kind}')");
    let (digest, node) = (NOBODYS.to_string(), checksummed(&Address([0xde; 20])).to_string());
    let dataset = format!("'{digest}', NULL, '{node}', '10', 'compact', '{digest}', 5");
    let statements = [
        ("earnings", of("settled"), format!("'{node}', '0', '0', '500000000'")),
        ("earnings", of("rules"), format!("'{node}', '0', '0', '500000000'")),
        ("nodes", of("rules"), format!("'4', '{node}'")),
        ("nodes", of("units"), format!("'4', '{node}'")),
        ("strikes", of("closed"), format!("NULL, '4', '{node}'")),
        ("transfers", of("sent"), format!("'{node}', '1', '1'")),
        ("datasets", of("rounds"), dataset),
        ("bundles", of("ended"), format!("'4', 'compute', '{node}', '9', NULL, NULL, '{digest}'")),
    ];
    for (table, entry, values) in &statements {
        on_each(|location| {
            let mut ledger = full(location);
            assert_eq!(ledger.beside().unwrap(), []);
            meddle(location, &format!("INSERT INTO {table} SELECT {entry}, {values}")).unwrap();
            let found = ledger.beside().unwrap();
            let [beside] = &found[..] else { panic!("{table}: {found:?}") };
            assert_eq!(beside.table, *table);
            // Nobody is paid by it, and nothing is computed from it.
            let is_it = |error: &VaultError| match error {
                VaultError::Beside { table: found, .. } => found == table,
                VaultError::EarnedOtherwise { epoch } => *table == "earnings" && *epoch == 4,
                _ => false,
            };
            let world = &LISTED[1];
            open_next(&mut ledger, world);
            over(&mut ledger, world);
            ledger.submit(Some(5), &world.verifier(), &all(world), proving(world)).unwrap();
            let close = |ledger: &mut Ledger| ledger.close(Some(5), true, at(ENDED[1] + PROVING + 1));
            match close(&mut ledger) {
                Err(error) => assert!(is_it(&error), "{table}: {error}"),
                // A settlement's own list holds it; what was earned is held to its root.
                Ok(_) => assert_eq!((*table, entry), ("earnings", &of("settled"))),
            }
            if *table == "earnings" && *entry == of("settled") {
                let error = refused(&mut ledger, |ledger| ledger.settle(Some(5), proving(world)));
                assert!(is_it(&error), "{table}: {error}");
            }
            let error =
                refused(&mut ledger, |ledger| ledger.send(None, at(900_000), |_| Ok::<_, VaultError>(())));
            assert!(is_it(&error), "{table}: {error}");
        });
    }
}

/// A row that stands there before the epoch is closed or settled makes neither.
#[test]
fn nothing_is_settled_by_a_row_of_somebody_elses_making() {
    on_each(|location| {
        let world = &LISTED[0];
        let mut ledger = over_alone(location, world);
        ledger.submit(None, &world.verifier(), &all(world), proving(world)).unwrap();
        ledger.close(None, false, proving(world)).unwrap();
        let node = checksummed(&Address([0xde; 20]));
        let forged = format!(
            "INSERT INTO bundles SELECT id, '4', 'data', '{node}', '100000000', 2000, '10', '{NOBODYS}'
                FROM entries WHERE kind = 'ended'"
        );
        meddle(location, &forged).unwrap();
        let error = refused(&mut ledger, |ledger| ledger.settle(None, proving(world)));
        assert!(matches!(error, VaultError::Beside { table: "bundles", .. }), "{error}");
    });
}

/// Whoever owns the database can take the triggers away, and then change a row: it is found by its table and
/// entry.
#[test]
fn a_row_that_was_altered_is_found() {
    let alterations = [
        ("spans", "pool = '7'"),
        ("datasets", "schema_hash = digest"),
        (
            "strikes",
            "digest = (SELECT max(digest) FROM datasets WHERE digest NOT IN (SELECT digest FROM strikes))",
        ),
        ("nodes", "epoch = '5'"),
        ("bundles", "score = '7'"),
        ("bundles", "latest = '7'"),
        ("bundles", "records = 7"),
        ("earnings", "compute = '7'"),
        ("transfers", "amount = '7'"),
        ("confirmations", "evidence = 'none'"),
    ];
    for (table, alteration) in alterations {
        on_each(|location| {
            let mut ledger = full(location);
            let unguarded = match location {
                Location::File(_) => format!("DROP TRIGGER {table}_UPDATE"),
                Location::Server(_) => format!("ALTER TABLE {table} DISABLE TRIGGER {table}_rows"),
            };
            meddle(location, &unguarded).unwrap();
            let is_data = if table == "bundles" { "WHERE role = 'data'" } else { "" };
            let one = format!("(SELECT min(entry) FROM {table} {is_data})");
            meddle(location, &format!("UPDATE {table} SET {alteration} WHERE entry = {one}")).unwrap();
            let found = ledger.beside().unwrap();
            let [beside] = &found[..] else { panic!("{table} {alteration}: {found:?}") };
            assert_eq!(beside.table, table, "{alteration}");
        });
    }
}

/// A text that no program of ours can have written is told so, and is no mishap of the database.
#[test]
fn a_text_that_is_none_is_told() {
    let location = Location::File(root().join(format!("{}.ledger", count())));
    drop(full(&location));
    meddle(&location, "DROP TRIGGER confirmations_UPDATE").unwrap();
    meddle(&location, "UPDATE confirmations SET evidence = CAST(x'ff' AS TEXT)").unwrap();
    let error = Ledger::open(&location, Access::Read).unwrap().beside().unwrap_err();
    assert!(matches!(error, VaultError::Database(DatabaseError::Corrupt { .. })), "{error}");
}

/// A gap in the entries is told, not filled.
#[test]
fn a_missing_entry_is_told() {
    on_each(|location| {
        drop(opened(location, &FIRST));
        let sql = format!(
            "INSERT INTO entries (id, time, kind, epoch, content, head)
                SELECT 7, time, 'rounds', NULL, '{ROUNDS}', '{OTHER}' FROM entries",
            ROUNDS = r#"{"kind":"rounds","first":"10","last":"10"}"#,
        );
        meddle(location, &sql).unwrap();
        let mut ledger = Ledger::open(location, Access::Read).unwrap();
        let exported = ledger.export("test", |_| Ok::<_, VaultError>(()));
        assert!(matches!(exported, Err(VaultError::MissingEntry { index: 2 })), "{exported:?}");
    });
}

#[test]
fn tables_of_a_later_version_are_left_alone() {
    on_each(|location| {
        drop(opened(location, &FIRST));
        meddle(location, "INSERT INTO fairshare_versions (version) VALUES (99)").unwrap();
        for access in [Access::Read, Access::Write, Access::Create] {
            let Err(error) = Database::open(location, access) else { panic!("opened") };
            assert!(matches!(error, DatabaseError::Newer { found: 99, known: 2, .. }), "{error}");
        }
    });
}
