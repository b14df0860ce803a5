//! Lists of amounts as CSV: what an epoch's contributors earn, and what is to be paid.
//!
//! Each has one spelling: contributors by address, each once, numbers in decimals without anything around
//! them. So equal lists have equal hashes.

use std::fmt::Display;
use std::str::FromStr;

use fairshare_params::address::Address;

use crate::eip55::{self, checksummed};
use crate::excerpt::excerpt;

/// What one contributor earns in an epoch, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earning {
    /// The contributor.
    pub contributor: Address,
    /// For computing power.
    pub compute: u128,
    /// For data.
    pub data: u128,
    /// All that it has earned up to and including the epoch.
    pub cumulative: u128,
}

/// What one contributor is to be paid now, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The contributor.
    pub contributor: Address,
    /// What to pay now.
    pub amount: u128,
    /// All that it will have been paid.
    pub cumulative: u128,
}

/// Why a text is not a list of amounts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountsError {
    /// Not text.
    #[error("it is not UTF-8")]
    Text,
    /// Another header.
    #[error("line 1 is not `{expected}`")]
    Header {
        /// What it should be.
        expected: &'static str,
    },
    /// A line that is no list's, or not in the spelling that is written.
    #[error("line {line}, `{found}`, is not `{expected}` in its one spelling")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there, cut short.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// More rows than are read.
    #[error("it has more than {MAX_AMOUNTS} rows")]
    TooMany,
    /// Contributors out of order, or twice.
    #[error("line {line} does not follow the one before it: contributors stand by address, each once")]
    Order {
        /// The line, from 1.
        line: usize,
    },
}

type Result<T> = std::result::Result<T, AmountsError>;

/// Most rows of a list.
pub const MAX_AMOUNTS: usize = 400_000;

const EARNINGS: &str = "contributor,compute,data,cumulative";
const TRANSFERS: &str = "contributor,amount,cumulative";

/// The list of earnings, which stand by address.
pub fn earnings_to_csv(earnings: &[Earning]) -> String {
    let row = |earning: &Earning| {
        let Earning { contributor, compute, data, cumulative } = earning;
        format!("{},{compute},{data},{cumulative}\n", checksummed(contributor))
    };
    format!("{EARNINGS}\n{}", earnings.iter().map(row).collect::<String>())
}

/// Reads a list of earnings back.
pub fn earnings_from_csv(bytes: &[u8]) -> Result<Vec<Earning>> {
    read(bytes, EARNINGS, |contributor, [compute, data, cumulative]| Earning {
        contributor,
        compute,
        data,
        cumulative,
    })
}

/// The list of transfers, which stand by address.
pub fn transfers_to_csv(transfers: &[Transfer]) -> String {
    let row = |transfer: &Transfer| {
        let Transfer { contributor, amount, cumulative } = transfer;
        format!("{},{amount},{cumulative}\n", checksummed(contributor))
    };
    format!("{TRANSFERS}\n{}", transfers.iter().map(row).collect::<String>())
}

/// Reads a list of transfers back.
pub fn transfers_from_csv(bytes: &[u8]) -> Result<Vec<Transfer>> {
    read(bytes, TRANSFERS, |contributor, [amount, cumulative]| Transfer { contributor, amount, cumulative })
}

fn read<T, const N: usize>(
    bytes: &[u8],
    header: &'static str,
    make: impl Fn(Address, [u128; N]) -> T,
) -> Result<Vec<T>> {
    let text = std::str::from_utf8(bytes).map_err(|_| AmountsError::Text)?;
    let rest = text.strip_prefix(header).and_then(|rest| rest.strip_prefix('\n'));
    let rest = rest.ok_or(AmountsError::Header { expected: header })?;
    let (mut rows, mut last) = (Vec::new(), None);
    for (line, row) in (2..).zip(rest.split_inclusive('\n')) {
        let parsed = row.strip_suffix('\n').and_then(fields);
        let (contributor, numbers) = parsed.ok_or_else(|| AmountsError::Line {
            line,
            found: excerpt(row.trim_end_matches('\n')),
            expected: header,
        })?;
        if last >= Some(contributor) {
            return Err(AmountsError::Order { line });
        }
        last = Some(contributor);
        if rows.len() >= MAX_AMOUNTS {
            return Err(AmountsError::TooMany);
        }
        rows.push(make(contributor, numbers));
    }
    Ok(rows)
}

fn fields<const N: usize>(row: &str) -> Option<(Address, [u128; N])> {
    let mut fields = row.split(',');
    let name = fields.next()?;
    let contributor = eip55::parse(name).ok().filter(|read| checksummed(read).to_string() == name)?;
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = canonical(fields.next()?)?;
    }
    fields.next().is_none().then_some((contributor, numbers))
}

fn canonical<T: FromStr + Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|value: &T| value.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earnings() -> Vec<Earning> {
        [3u8, 0xa1]
            .map(|byte| Earning {
                contributor: Address([byte; 20]),
                compute: byte.into(),
                data: 0,
                cumulative: u128::MAX,
            })
            .to_vec()
    }

    #[test]
    fn lists_are_read_back() {
        let text = earnings_to_csv(&earnings());
        assert_eq!(earnings_from_csv(text.as_bytes()), Ok(earnings()));
        assert_eq!(earnings_from_csv(earnings_to_csv(&[]).as_bytes()), Ok(Vec::new()));
        let transfer = Transfer { contributor: Address([7; 20]), amount: 5, cumulative: 9 };
        let text = transfers_to_csv(&[transfer]);
        assert_eq!(transfers_from_csv(text.as_bytes()), Ok(vec![transfer]));
    }

    fn is_line(error: AmountsError, line: usize) -> bool {
        matches!(error, AmountsError::Line { line: at, .. } if at == line)
    }

    #[test]
    fn a_list_has_one_spelling() {
        let text = earnings_to_csv(&earnings());
        let refused = |text: &str| earnings_from_csv(text.as_bytes()).unwrap_err();
        for altered in [
            text.replacen(",3,0,", ",03,0,", 1),
            text.replacen(",3,0,", ",+3,0,", 1),
            text.replacen(",3,0,", ", 3,0,", 1),
            text.replacen(",3,0,", ",3,", 1),
            text.replacen(",3,0,", ",3,0,0,", 1),
            text.replacen(",3,0,", ",-3,0,", 1),
            text.replacen(&u128::MAX.to_string(), "340282366920938463463374607431768211456", 1),
        ] {
            assert_ne!(altered, text);
            assert!(is_line(refused(&altered), 2), "{altered}");
        }
        assert!(is_line(refused(&text.to_lowercase()), 3));
        assert!(is_line(refused(text.trim_end()), 3));
        assert_eq!(refused(&text.replace('\n', "\r\n")), AmountsError::Header { expected: EARNINGS });
        let doubled = format!("{text}{}", text.lines().last().unwrap()) + "\n";
        assert_eq!(refused(&doubled), AmountsError::Order { line: 4 });
        assert_eq!(earnings_from_csv(&[0xff]), Err(AmountsError::Text));
        let earning = |index: u64| {
            let mut address = [1; 20];
            address[..8].copy_from_slice(&index.to_be_bytes());
            Earning { contributor: Address(address), compute: 1, data: 0, cumulative: 1 }
        };
        let most: Vec<_> = (0..=MAX_AMOUNTS as u64).map(earning).collect();
        assert_eq!(earnings_from_csv(earnings_to_csv(&most).as_bytes()), Err(AmountsError::TooMany));
        assert!(earnings_from_csv(earnings_to_csv(&most[1..]).as_bytes()).is_ok());
        assert!(matches!(transfers_from_csv(text.as_bytes()), Err(AmountsError::Header { .. })));
    }
}
