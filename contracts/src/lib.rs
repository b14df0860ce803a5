//! # The contracts, for Rust
//!
//! The Solidity sources stand in `solidity/`, and the artifacts that npm's `solc` made of them are committed:
//! nothing here needs npm, a compiler or a network. Of the royalty vault [`artifact`] holds the bytecode,
//! [`interface`] the functions, events and errors as types, [`calldata`] what a transaction carries. Of all
//! other contracts [`solidity`] has the types. [`proving`] has bytecode and calldata of the vault that
//! computes what it pays, and of its registries; [`verification`] those of the bundle verifier, [`recorded`]
//! takes a large bundle apart for it, and [`data`] are the keys that it holds.
//!
//! ```
//! use fairshare_contracts::{artifact::Deployment, calldata};
//! use fairshare_params::{address::Address, encoding::Digest};
//!
//! let [token, owner, operator, guardian, contributor] = [1, 2, 3, 4, 5].map(|byte| Address([byte; 20]));
//! let challenge_window = 86_400;
//! let deployment = Deployment { token, owner, operator, guardian, challenge_window, first_epoch: 1 };
//! let creation = deployment.creation_code()?; // the data of a transaction to nobody
//!
//! let siblings = [Digest([7; 32])];
//! let claim = calldata::claim(1, &contributor, 600, &siblings); // the data of a transaction to the vault
//! assert_eq!((&claim[..4], claim.len()), (&[0x4e, 0x4d, 0xaa, 0xf8][..], 4 + 6 * 32));
//! # assert_eq!(creation.last(), Some(&1)); // the first epoch
//! # Ok::<(), fairshare_contracts::artifact::ArtifactError>(())
//! ```

pub mod artifact;
pub mod calldata;
pub mod data;
pub mod interface;
pub mod proving;
pub mod recorded;
pub mod solidity;
pub mod token;
pub mod verification;
