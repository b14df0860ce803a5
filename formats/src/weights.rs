//! Weights of data as a small file: `contributor,weight`, a line for each contributor.
//!
//! It says among whom data might be paid, where there is no archive that does. Nobody is paid by it, so it
//! has more than one spelling: contributors in any order, a byte-order mark, lines that end as on Windows.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fairshare_params::address::Address;
use num_bigint::BigUint;

use crate::BYTE_ORDER_MARK;
use crate::eip55::{self, AddressError};
use crate::excerpt::excerpt;

/// Its first line.
pub const HEADER: &str = "contributor,weight";
/// Most lines of weights.
pub const MAX_WEIGHTS: usize = 400_000;
/// Longest file, in bytes.
pub const MAX_WEIGHTS_BYTES: u64 = 48 << 20;
/// Most bits of a weight: no score has a larger one (PROTOCOL section 10).
const MAX_BITS: u64 = 226;
/// Most digits of a weight.
const MAX_DIGITS: usize = 69;

/// Why a file is not one of weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// Not text.
    #[error("it is not UTF-8; save it as UTF-8")]
    Text,
    /// Another header.
    #[error("line 1 is `{found}`; a file of weights begins with the line `{HEADER}`")]
    Header {
        /// What stands there, cut short.
        found: String,
    },
    /// Not two fields.
    #[error("line {line} is `{found}`, not an address, a comma and a weight")]
    Fields {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
    },
    /// Not an address.
    #[error("line {line}: `{found}` is not a contributor's address")]
    Contributor {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
        /// Why not.
        source: AddressError,
    },
    /// Not a weight.
    #[error(
        "line {line}: `{found}` is not a weight: a whole number below 2^{MAX_BITS}, as `fairshare score data \
         --json` prints it"
    )]
    Weight {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
    },
    /// The same contributor twice.
    #[error("line {line} has the contributor of an earlier line again; each stands once")]
    Twice {
        /// The later line, from 1.
        line: usize,
    },
    /// More lines than are read.
    #[error("it has more than {MAX_WEIGHTS} weights")]
    TooMany,
}

type Result<T> = std::result::Result<T, WeightsError>;

/// Reads weights by contributor. Empty lines are passed over.
pub fn from_csv(bytes: &[u8]) -> Result<BTreeMap<Address, BigUint>> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| WeightsError::Text)?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if first != HEADER {
        return Err(WeightsError::Header { found: excerpt(first) });
    }
    let mut weights = BTreeMap::new();
    for (line, text) in (2usize..).zip(lines).filter(|(_, text)| !text.is_empty()) {
        let (contributor, weight) = row(line, text)?;
        if weights.len() == MAX_WEIGHTS {
            return Err(WeightsError::TooMany);
        }
        match weights.entry(contributor) {
            Entry::Vacant(place) => place.insert(weight),
            Entry::Occupied(_) => return Err(WeightsError::Twice { line }),
        };
    }
    Ok(weights)
}

fn row(line: usize, text: &str) -> Result<(Address, BigUint)> {
    let fields = text.split_once(',').ok_or_else(|| WeightsError::Fields { line, found: excerpt(text) })?;
    let (contributor, weight) = fields;
    let address = eip55::parse(contributor).map_err(|source| WeightsError::Contributor {
        line,
        found: excerpt(contributor),
        source,
    })?;
    let wrong = || WeightsError::Weight { line, found: excerpt(weight) };
    let is_number =
        (1..=MAX_DIGITS).contains(&weight.len()) && weight.bytes().all(|byte| byte.is_ascii_digit());
    let weight: BigUint = if is_number { weight.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
    if weight.bits() > MAX_BITS { Err(wrong()) } else { Ok((address, weight)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0x00000000000000000000000000000000000000a1";
    const B: &str = "0x00000000000000000000000000000000000000b2";

    fn refused(text: &str) -> String {
        from_csv(text.as_bytes()).expect_err(text).to_string()
    }

    #[test]
    fn weights_are_read_in_any_order_and_spelling_of_lines() {
        let largest = ((BigUint::from(1u32) << 226u32) - 1u32).to_string();
        assert_eq!(largest.len(), MAX_DIGITS);
        for text in [
            format!("{HEADER}\n{B},{largest}\n{A},0\n"),
            format!("\u{feff}{HEADER}\r\n{B},{largest}\r\n\r\n{A},00"),
        ] {
            let weights = from_csv(text.as_bytes()).expect("weights");
            let weights: Vec<_> = weights.values().map(ToString::to_string).collect();
            assert_eq!(weights, ["0", &largest]);
        }
        assert_eq!(from_csv(HEADER.as_bytes()), Ok(BTreeMap::new()));
    }

    #[test]
    fn what_is_no_weight_is_named_with_its_line() {
        let too_large = (BigUint::from(1u32) << 226u32).to_string();
        let long = "9".repeat(100_000);
        assert_eq!(from_csv(&[0xff]), Err(WeightsError::Text));
        assert!(refused("").contains("line 1 is ``"));
        assert!(refused(&long).len() < 200);
        assert!(refused(&format!("{HEADER}\n{A};5")).contains("line 2 is `"));
        assert!(refused(&format!("{HEADER}\n\nx,5")).contains("line 3: `x` is not a contributor's address"));
        for weight in ["", "-1", "1.5", "1e3", " 1", "5,6", too_large.as_str(), long.as_str()] {
            let said = refused(&format!("{HEADER}\n{A},1\n{B},{weight}"));
            assert!(
                said.contains("line 3: `") && said.contains("is not a weight") && said.len() < 200,
                "{said}"
            );
        }
        // The same address in another spelling.
        assert!(refused(&format!("{HEADER}\n{A},1\n{},1", A.replace("a1", "A1"))).contains("line 3 has"));
    }

    #[test]
    fn as_many_weights_are_read_as_the_bound_says() {
        let mut text = format!("{HEADER}\n");
        for index in 0..MAX_WEIGHTS {
            text.push_str(&format!("0x{index:040x},1\n"));
        }
        assert_eq!(from_csv(text.as_bytes()).expect("as many").len(), MAX_WEIGHTS);
        assert!(text.len() as u64 + MAX_WEIGHTS as u64 * 68 <= MAX_WEIGHTS_BYTES);
        text.push_str(&format!("0x{:040x},1\n", u64::MAX));
        assert_eq!(from_csv(text.as_bytes()), Err(WeightsError::TooMany));
    }
}
