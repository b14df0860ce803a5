//! JSON as it comes from outside.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Deserializer;
use serde_json::de::{Read, SliceRead};

use crate::BYTE_ORDER_MARK;
use crate::excerpt::escaped;

/// What was wrong with a JSON text, with line and column.
#[derive(Debug)]
pub struct JsonError(serde_json::Error);

/// The library quotes what it found, however long that is: it is cut.
impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 200;
        // It quotes texts as they are once they are read, control characters included.
        let message = escaped(&self.0.to_string());
        if message.chars().count() <= MOST {
            return f.write_str(&message);
        }
        let shown: String = message.chars().take(MOST).collect();
        write!(f, "{shown}… at line {} column {}", self.0.line(), self.0.column())
    }
}

/// The library's error is what this one shows, and no cause of it.
impl std::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0)
    }
}

/// Equal if they say the same.
impl PartialEq for JsonError {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for JsonError {}

impl JsonError {
    /// The library's error: its category, line and column.
    pub fn inner(&self) -> &serde_json::Error {
        &self.0
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self(error)
    }
}

/// Whether a text begins as UTF-16 does, which some editors write and nothing here reads.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// A reader of a text of JSON, which may begin with a byte-order mark.
pub(crate) fn reader(bytes: &[u8]) -> Result<Deserializer<SliceRead<'_>>, JsonError> {
    if is_utf16(bytes) {
        // "expected value at line 1 column 1" would say nothing of it.
        return Err(JsonError(serde::de::Error::custom("the text is UTF-16, not UTF-8; save it as UTF-8")));
    }
    Ok(Deserializer::from_slice(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)))
}

/// What a text of JSON is, with nothing after it. Every file of JSON from outside is read by it.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    whole(reader(bytes)?).map_err(JsonError)
}

/// What a text of JSON is, with nothing after it: as `serde_json::from_slice` reads it, but from anything
/// that can be read.
pub(crate) fn whole<'de, T: Deserialize<'de>>(
    mut text: Deserializer<impl Read<'de>>,
) -> Result<T, serde_json::Error> {
    let value = T::deserialize(&mut text)?;
    text.end().map(|()| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_in_front_is_passed_over_and_one_of_utf_16_is_named() {
        assert_eq!(from_slice::<u32>(b"\xef\xbb\xbf 7"), Ok(7));
        // Only in front, and once.
        assert!(from_slice::<u32>(b"7\xef\xbb\xbf").is_err());
        assert!(from_slice::<u32>(b"\xef\xbb\xbf\xef\xbb\xbf7").is_err());
        for text in [b"\xff\xfe7\0", b"\xfe\xff\x007"] {
            let error = from_slice::<u32>(text).unwrap_err().to_string();
            assert_eq!(error, "the text is UTF-16, not UTF-8; save it as UTF-8");
        }
    }

    /// A text of JSON is read before it is quoted: what it escapes would reach the terminal as it is.
    #[test]
    fn no_control_character_is_quoted() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        let error = from_slice::<Nothing>(br#"{"\u001b[31mred": 1}"#).unwrap_err().to_string();
        assert!(error.contains("\\u{1b}[31mred") && !error.contains('\u{1b}'), "{error:?}");
    }
}
