//! What the databases themselves refuse, whatever program writes to them.

use fairshare_formats::eip55::checksummed;
use fairshare_vault::database::{Access, Database, DatabaseError, Location};

use crate::world::*;

/// Runs a statement behind the ledger's back.
fn meddle(location: &Location, sql: &str) -> Result<u64, DatabaseError> {
    let mut database = Database::open(location, Access::Write)?;
    database.write(|transaction| transaction.execute(sql, &[]))
}

#[test]
fn rows_of_the_record_are_never_changed_or_deleted() {
    on_each(|location| {
        drop(paid_out(location));
        for table in ["registrations", "units", "bundles", "payouts", "claims", "policy_files"] {
            let column = match table {
                "policy_files" => "name",
                "units" => "node",
                _ => "contributor",
            };
            for sql in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
                let error = meddle(location, &sql).unwrap_err();
                assert!(matches!(error, DatabaseError::Constraint(_)), "{sql}: {error}");
            }
        }
    });
}

/// Rows are found by this text: another spelling would hide what stands under the first.
#[test]
fn contributors_stand_on_record_with_their_checksum() {
    on_each(|location| {
        drop(paid_out(location));
        let spelled = checksummed(&ALICE).to_string();
        assert_ne!(spelled, spelled.to_lowercase());
        let mut database = Database::open(location, Access::Write).unwrap();
        for table in ["registrations", "bundles", "payouts", "claims"] {
            let sql = format!("SELECT contributor FROM {table} WHERE contributor = $1");
            let rows = database.write(|transaction| transaction.query(&sql, &[spelled.as_str().into()]));
            assert!(!rows.unwrap().is_empty(), "{table}");
        }
    });
}

#[test]
fn what_would_pay_twice_has_no_place() {
    on_each(|location| {
        drop(paid_out(location));
        let copies = [
            // A second score, units twice, a second owner, a second claim of one amount, a second payout.
            "INSERT INTO bundles (epoch, role, contributor, score, content)
                SELECT epoch, role, contributor, score, content FROM bundles",
            "INSERT INTO units (epoch, node, content) SELECT epoch, node, content FROM units",
            "INSERT INTO registrations (epoch, contributor, digest, content)
                SELECT epoch, 'thief', digest, content FROM registrations",
            "INSERT INTO claims (contributor, epoch, amount, cumulative)
                SELECT contributor, epoch, amount, cumulative FROM claims",
            "INSERT INTO payouts (epoch, contributor, compute, data, cumulative)
                SELECT epoch, contributor, compute, data, cumulative FROM payouts",
            // A claim without a payout, a state that is none, two epochs at work.
            "INSERT INTO claims (contributor, epoch, amount, cumulative) VALUES ('nobody', 1, '1', '1')",
            "UPDATE epochs SET state = 'done'",
            "UPDATE epochs SET state = 'open', compute_left = NULL, data_left = NULL",
            "INSERT INTO bundles (epoch, role, contributor, score, content)
                SELECT 77, role, contributor, score, content FROM bundles",
        ];
        for sql in copies {
            let error = meddle(location, sql).unwrap_err();
            assert!(matches!(error, DatabaseError::Constraint(_)), "{sql}: {error}");
        }
    });
}

#[test]
fn tables_of_a_later_version_are_left_alone() {
    on_each(|location| {
        drop(opened(location));
        meddle(location, "INSERT INTO fairshare_versions (version) VALUES (99)").unwrap();
        let Err(error) = Database::open(location, Access::Write) else { panic!("opened") };
        assert!(matches!(error, DatabaseError::Newer { found: 99, known: 1, .. }), "{error}");
    });
}
