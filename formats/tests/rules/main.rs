//! The epoch's rules and what a proof is bound to: policies, registrations, contexts.

mod context;
mod crossed;
mod document;
mod errors;
mod fixture;
mod numbers;
mod policy;
mod rules_hash;
mod tamper;
