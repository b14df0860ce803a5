//! Addresses as people read and write them: with the checksum of EIP-55 in the case of their letters.

use std::error::Error;
use std::fmt;

use alloy_primitives::Address as Spelled;
use fairshare_params::address::{ADDRESS_BYTES, Address};
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

/// A message with the checksum in every address that stands by itself: errors from below this crate, which
/// know no checksum, show addresses in small letters. What may be part of a path is left as it is.
pub fn spelled(message: &str) -> String {
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || "/\\._-".contains(letter);
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find("0x") {
        let (before, from) = rest.split_at(start);
        shown.push_str(before);
        let address = from.split_at_checked(2 + 2 * ADDRESS_BYTES).and_then(|(address, after)| {
            let after = after.strip_suffix('.').unwrap_or(after);
            let alone = !shown.ends_with(in_name) && !after.starts_with(in_name);
            parse(address).ok().filter(|_| alone)
        });
        let taken = if address.is_some() { 2 + 2 * ADDRESS_BYTES } else { 2 };
        match address {
            Some(address) => shown.push_str(&checksummed(&address).to_string()),
            None => shown.push_str("0x"),
        }
        rest = from.split_at(taken).1;
    }
    shown.push_str(rest);
    shown
}

/// The whole chain of an error in words, one cause after the other: no error repeats its cause.
pub fn chain<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = String> + 'a {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(spelled(&error.to_string()))
    })
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
    fn addresses_in_a_message_are_spelled_and_paths_left_alone() {
        let (small, right) = ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", EIP55[4]);
        for around in ["{}", "it belongs to {}, not to", "`{}`: wrong", "({})", "of {}.", "0x1 {}", "é{}"] {
            let [given, expected] = [small, right].map(|address| around.replace("{}", address));
            assert_eq!(spelled(&given), expected);
        }
        let digest = format!("digest 0x{}", "ab".repeat(32));
        assert_eq!(spelled(&digest), digest);
        for around in ["/data/{}", "{}/opening.bin", "{}.json: x", "a-{}", "{}ab", "x{}"] {
            let given = around.replace("{}", small);
            assert_eq!(spelled(&given), given);
        }
    }

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
