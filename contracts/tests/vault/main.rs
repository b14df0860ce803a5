//! The committed bytecode of the royalty vault, run in a real EVM.
//!
//! Each module is one question; `sequence` plays long random games between honest and dishonest parties and
//! checks after every move that no money is where it should not be.

#[path = "../evm/artifact.rs"]
mod artifact;
mod batches;
#[path = "../evm/chain.rs"]
mod chain;
mod claims;
mod deployment;
mod funding;
mod interface;
mod pauses;
mod reentrancy;
mod roles;
mod roots;
mod sequence;
mod world;
