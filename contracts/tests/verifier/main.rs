//! Does the verifier on the chain take what the Rust verifier takes, and nothing else? At what price?

mod alterations;
#[path = "../evm/artifact.rs"]
mod artifact;
mod chain;
mod differential;
mod fuzz;
mod gates;
mod inputs;
mod libraries;
mod machine;
mod parameters;
mod payer;
mod pool;
mod price;
mod recorded;
mod world;
