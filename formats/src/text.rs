//! Values that JSON holds as text: numbers beyond 53 bits, addresses, states. For `#[serde(with = "…")]`.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::excerpt::excerpt;

/// Most digits of a number: tenths of fewer than 2^128 units have 40. Parsing a longer one takes time that
/// grows faster than the text.
const MAX_DIGITS: usize = 40;

/// The only spelling of a value.
pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A value in its one spelling.
pub(crate) fn deserialize<'de, T: FromStr + Display, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > MAX_DIGITS {
        return Err(D::Error::custom(format_args!(
            "`{}` has {} characters; {MAX_DIGITS} are enough",
            excerpt(&text),
            text.len()
        )));
    }
    let value: Option<T> = text.parse().ok();
    match value {
        Some(value) if value.to_string() == text => Ok(value),
        Some(value) => {
            Err(D::Error::custom(format_args!("`{}` has to be spelled `{value}`", excerpt(&text))))
        }
        None => Err(D::Error::custom(format_args!("`{}` is not a number or state", excerpt(&text)))),
    }
}

/// Addresses: written with their checksum, read in any spelling that people may use.
pub(crate) mod address {
    use fairshare_params::address::Address;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::eip55;

    pub(crate) fn serialize<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        eip55::checksummed(address).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
        eip55::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
