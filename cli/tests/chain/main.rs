//! The commands that speak with a chain, at `anvil`. They need `npm ci` in contracts/, so they are ignored
//! unless asked for: `cargo test --release --test chain -- --ignored`.

mod anvil;
#[path = "../commands/archives.rs"]
mod archives;
mod bundles;
mod demo;
mod epoch;
mod proxy;
mod roots;
mod royalty;
#[path = "../commands/schemas.rs"]
mod schemas;
mod sending;
#[path = "../commands/support.rs"]
#[expect(dead_code, reason = "what the tests of other commands share; not all of it is needed here")]
mod support;
mod sync;
#[path = "../commands/vaults.rs"]
#[expect(dead_code, reason = "what the tests of other commands share; not all of it is needed here")]
mod vaults;
mod watch;
mod world;
