//! The proving service as its clients meet it: the built program, over gRPC, at the compact geometry.
//!
//! Reduced here, full by name:
//!
//! ```text
//! FAIRSHARE_KILLS=100 cargo test --release -p fairshare --test service killed -- --nocapture
//! FAIRSHARE_STREAM_MIB=5120 cargo test --release -p fairshare --test service memory -- --nocapture
//! ```

#![cfg(target_os = "linux")]

mod cancel;
mod crash;
mod crowd;
mod disk;
mod files;
mod jobs;
mod refusals;
#[path = "../commands/schemas.rs"]
mod schemas;
mod stream;
#[path = "../commands/support.rs"]
#[expect(dead_code, reason = "what the tests of other commands share; not all of it is needed here")]
mod support;
mod tls;
mod world;
