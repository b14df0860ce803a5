//! JSON as it comes from outside.

use std::fmt;

use serde::Deserialize;
use serde_json::Deserializer;
use serde_json::de::Read;

/// What was wrong with a JSON text, with line and column.
///
/// The library quotes what it found, however long that is: it is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        const MOST: usize = 200;
        let message = error.to_string();
        if message.chars().count() <= MOST {
            return Self(message);
        }
        let shown: String = message.chars().take(MOST).collect();
        Self(format!("{shown}… at line {} column {}", error.line(), error.column()))
    }
}

/// What a text of JSON is, with nothing after it: as `serde_json::from_slice` reads it, but from anything
/// that can be read.
pub(crate) fn whole<'de, T: Deserialize<'de>>(
    mut text: Deserializer<impl Read<'de>>,
) -> Result<T, serde_json::Error> {
    let value = T::deserialize(&mut text)?;
    text.end().map(|()| value)
}
