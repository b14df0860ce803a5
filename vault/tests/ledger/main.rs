//! The ledger on real proofs: every test runs on SQLite, and on PostgreSQL too where
//! `FAIRSHARE_TEST_POSTGRES` names a server on which databases may be made (`postgres://user@host/database`).
//! Every ledger is audited at its end, from an archive of it.

mod chain;
mod world;

mod disagreeing;
mod epochs;
mod mirroring;
mod odd;
mod paying;
mod proofs;
mod racing;
mod registering;
mod rounds;
mod rows;
mod rules;
mod severed;
mod strikes;
mod units;
mod watching;
