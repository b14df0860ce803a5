//! What `--json` prints.

use fairshare_params::policy::Token;
use schemars::JsonSchema;
use serde::Serialize;

pub mod spelling;

/// What `--json` prints: one line of standard output, or of standard error if it is the error.
///
/// Only what has a schema is one: `commands/schema.rs` makes documents of all types that it lists.
pub trait Document: Serialize + JsonSchema {}

/// The token that is paid, as people read its amounts.
#[derive(Serialize, JsonSchema)]
pub struct TokenLine {
    /// Its symbol.
    pub symbol: String,
    /// Its decimals: 10 to this power base units are one token.
    pub decimals: u8,
}

impl From<&Token> for TokenLine {
    fn from(token: &Token) -> Self {
        Self { symbol: token.symbol().to_owned(), decimals: token.decimals() }
    }
}

/// The program that writes archives.
pub const SOFTWARE: &str = concat!("fairshare ", env!("CARGO_PKG_VERSION"));
