//! Addresses as people read and write them: with the checksum of EIP-55 in the case of their letters.

use std::fmt;

use alloy_primitives::Address as Spelled;
use fairshare_params::address::Address;
use fairshare_params::encoding::{HexError, decode_hex};
use serde::{Serialize, Serializer};

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
        expected: Checksummed,
    },
}

/// An address that is shown with its checksum, and serialised so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Checksummed(Address);

/// The address as it is shown: in messages, tables, JSON and databases.
pub fn checksummed(address: &Address) -> Checksummed {
    Checksummed(*address)
}

/// Reads an address. Letters of one case carry no checksum and are taken as they are; letters of both must
/// spell it.
pub fn parse(text: &str) -> Result<Address, AddressError> {
    let address = Address(decode_hex(text)?);
    let lower = text.bytes().skip(2).any(|byte| byte.is_ascii_lowercase());
    let upper = text.bytes().skip(2).any(|byte| byte.is_ascii_uppercase());
    let expected = checksummed(&address);
    if lower && upper && expected.to_string() != text {
        return Err(AddressError::Checksum { given: text.to_owned(), expected });
    }
    Ok(address)
}

impl fmt::Display for Checksummed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Spelled::from(self.0.0).to_checksum_buffer(None).as_str())
    }
}

impl fmt::Debug for Checksummed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Checksummed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
            let address = parse(text).unwrap();
            assert_eq!(checksummed(&address).to_string(), text);
            assert_eq!(serde_json::to_string(&checksummed(&address)).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn one_case_needs_no_checksum() {
        for text in EIP55 {
            let address = parse(text).unwrap();
            assert_eq!(parse(&text.to_lowercase()), Ok(address));
            assert_eq!(parse(&format!("0x{}", text[2..].to_uppercase())), Ok(address));
        }
    }

    #[test]
    fn a_wrong_checksum_names_the_right_spelling() {
        let given = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let error = parse(given).unwrap_err();
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
            assert!(matches!(parse(text), Err(AddressError::Form(_))), "{text}");
        }
    }
}
