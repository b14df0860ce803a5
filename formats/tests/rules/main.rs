//! The epoch's rules and what a proof is bound to: policies, registrations, contexts.

mod context;
mod crossed;
mod fixture;
mod policy;
mod policy_hash;
mod registration;
mod tamper;
