//! What `--json` prints.

use schemars::JsonSchema;
use serde::Serialize;

pub mod spelling;

/// What `--json` prints: one line of standard output, or of standard error if it is the error.
///
/// Only what has a schema is one: `commands/schema.rs` makes documents of all types that it lists.
pub trait Document: Serialize + JsonSchema {}
