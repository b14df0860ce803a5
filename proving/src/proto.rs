//! The messages of `proto/fairshare/v1/prover.proto`, and the service and a client for them.

/// `fairshare.v1`.
#[expect(missing_docs, reason = "the generator has no comments for a `oneof`; all else is described")]
pub mod v1 {
    include!("generated/fairshare.v1.rs");
}

/// How the service describes itself.
pub(crate) const DESCRIPTORS: &[u8] = include_bytes!("generated/fairshare.v1.bin");
