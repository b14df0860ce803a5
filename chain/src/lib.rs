//! # The chain
//!
//! What `fairshare chain` does at a chain's node: a [`node::Node`] is asked, an [`outbox::Outbox`] sends each
//! transaction once, whatever happens in between, and a [`refusal::Refusal`] names why a contract refused
//! something. Calls and events are those of `fairshare_contracts`.

pub mod bundles;
pub mod contributions;
pub mod deploy;
pub mod development;
pub mod error;
pub mod fetch;
mod http;
pub mod node;
pub mod outbox;
pub mod proving;
pub mod refusal;
mod root_error;
pub mod rounds;
pub mod royalty;
pub mod safe;
pub mod sender;
pub mod sync;
mod token;
mod transport;
pub mod verdict;

pub use alloy_primitives::Address;
pub use error::{ChainError, Result};
pub use root_error::RootError;

/// A block's time, which is in Unix seconds, for people.
pub fn block_time(seconds: u64) -> String {
    let time = fairshare_formats::time::Moment::from_unix_seconds(seconds);
    time.map_or_else(|_| format!("second {seconds} since 1970"), |time| time.to_string())
}
