//! The ledger on real proofs: every test runs on SQLite, and on PostgreSQL too where `FAIRSHARE_TEST_POSTGRES` names a server
//! on which databases may be made (`postgres://user@host/database`).

#[path = "../../../prover/tests/support/fixture.rs"]
#[expect(dead_code, reason = "the prover's own tests use more of it")]
mod fixture;
mod world;

mod auditing;
mod epochs;
mod racing;
mod refusals;
mod rows;
mod severed;
mod units;
