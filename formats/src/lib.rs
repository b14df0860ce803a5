//! # From text and bytes to checked values
//!
//! Every format that comes from outside as text, or as a file's bytes, is read here and written here, one
//! module per format. Nothing here opens a file, asks for the time, or depends on where it runs:
//! `fairshare_storage` has the files.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

pub mod archive;
pub mod eip55;
pub mod excerpt;
pub mod json;
pub mod keystore;
pub mod ledger;
pub mod payments;
pub mod policy;
pub mod ptau;
pub mod reference;
pub mod registry;
pub mod srs_file;
mod text;
pub mod time;
pub mod units;
pub mod verifier_file;
pub mod weights;

/// What some editors begin a text with, in UTF-8; it is not part of the text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
