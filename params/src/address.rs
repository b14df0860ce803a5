//! Account addresses, spelled with their checksum (EIP-55).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest as _, Keccak256};

use crate::encoding::{HexError, decode_hex};

/// Bytes of an address.
pub const ADDRESS_BYTES: usize = 20;

/// An account or contract on the vault's chain: 20 bytes, shown with their EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; ADDRESS_BYTES]);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error(transparent)]
    Form(#[from] HexError),
    /// Letters of both cases that do not spell the checksum: most often a mistyped digit.
    #[error(
        "`{given}` fails its EIP-55 checksum: check every digit, and if all are right write `{expected}` or \
         only small letters"
    )]
    Checksum {
        /// What was given.
        given: String,
        /// The right spelling of the same digits.
        expected: Address,
    },
}

impl Address {
    /// Whether all bytes are zero: the address that nobody holds, and that an unset field has.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; ADDRESS_BYTES]
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = Self(decode_hex(text)?);
        let lower = text.bytes().skip(2).any(|byte| byte.is_ascii_lowercase());
        let upper = text.bytes().skip(2).any(|byte| byte.is_ascii_uppercase());
        if lower && upper && address.to_string() != text {
            return Err(AddressError::Checksum { given: text.to_owned(), expected: address });
        }
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let hash = hex::encode(Keccak256::digest(digits.as_bytes()));
        f.write_str("0x")?;
        // EIP-55: a letter is a capital where the hash of the small spelling has a digit of 8 or more.
        digits.chars().zip(hash.chars()).try_for_each(|(digit, mark)| {
            fmt::Write::write_char(f, if mark >= '8' { digit.to_ascii_uppercase() } else { digit })
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test cases listed in EIP-55.
    const EIP55: [&str; 8] = [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn eip55_vectors_are_accepted_and_reproduced() {
        for text in EIP55 {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(format!("{address:?}"), text);
        }
    }

    #[test]
    fn one_case_needs_no_checksum() {
        for text in EIP55 {
            let address: Address = text.parse().unwrap();
            assert_eq!(text.to_lowercase().parse(), Ok(address));
            assert_eq!(format!("0x{}", text[2..].to_uppercase()).parse(), Ok(address));
        }
    }

    #[test]
    fn a_wrong_checksum_names_the_right_spelling() {
        let given = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let error = given.parse::<Address>().unwrap_err();
        assert!(matches!(&error, AddressError::Checksum { given: text, .. } if text == given));
        assert!(error.to_string().contains(EIP55[4]), "{error}");
    }

    #[test]
    fn other_forms_are_refused() {
        let good = EIP55[4];
        let longer = format!("{good}0");
        let not_hex = good.replace('5', "g");
        for text in [
            "",
            "0x",
            &good[2..],
            &good[..41],
            &longer,
            &not_hex,
            "0X52908400098527886E0F7030069857D2E4169EE7",
        ] {
            assert!(matches!(text.parse::<Address>(), Err(AddressError::Form(_))), "{text}");
        }
    }

    #[test]
    fn only_twenty_zero_bytes_are_zero() {
        assert!(Address([0; 20]).is_zero());
        let mut bytes = [0; 20];
        bytes[19] = 1;
        assert!(!Address(bytes).is_zero());
    }
}
