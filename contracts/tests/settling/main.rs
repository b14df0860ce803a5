//! The vault that computes what it pays, and its registries: what can each party do, and what can it not?

#[path = "../evm/artifact.rs"]
mod artifact;
#[path = "../evm/chain.rs"]
mod chain;
mod claims;
mod document;
mod game;
mod inputs;
mod pool;
mod price;
mod proofs;
mod registry;
mod roles;
mod rules;
mod settlement;
mod units;
mod world;
