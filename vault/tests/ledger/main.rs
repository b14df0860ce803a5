//! The ledger on real proofs: every test runs on SQLite, and on PostgreSQL too where
//! `FAIRSHARE_TEST_POSTGRES` names a server on which databases may be made (`postgres://user@host/database`).

use fairshare_testkit::fixture;

mod world;

mod epochs;
mod racing;
mod refusals;
mod rows;
mod severed;
mod units;
