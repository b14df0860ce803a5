//! A compute log: units by round (PROTOCOL section 7).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::str::FromStr;

use fairshare_formats::eip55;
use fairshare_params::address::Address;

use crate::csv::Table;
use crate::error::{IngestError, Names, excerpt};
use crate::source;

/// The column with the round's number.
const ROUND: &str = "round";
/// The column with the units, unless one is named.
const UNITS: &str = "units";

/// Which rounds are asked for.
#[derive(Clone, Copy)]
struct Rounds {
    first: u64,
    count: usize,
}

/// Reads a CSV file with a column `round` and one of units: `column`, or else `units`, or else the only other
/// one. Returns the units of `rounds` rounds from `first_round` on; a round that the file leaves out has 0. A
/// round outside is an error rather than ignored: units that count for nothing are more likely a mistake in
/// the range.
pub fn read_units(
    path: &Path,
    column: Option<&str>,
    first_round: u64,
    rounds: usize,
) -> Result<Vec<u32>, IngestError> {
    read_column(open(path)?, column, Rounds { first: first_round, count: rounds })
}

/// Reads a CSV file with a column `round` and one of units for each node, named by the node's address: the
/// form in which a task contract's log is put on record. Rounds are as in [`read_units`].
pub fn read_units_by_node(
    path: &Path,
    first_round: u64,
    rounds: usize,
) -> Result<BTreeMap<Address, Vec<u32>>, IngestError> {
    read_nodes(open(path)?, Rounds { first: first_round, count: rounds })
}

fn open(path: &Path) -> Result<Table<File>, IngestError> {
    source::regular_file_len(path)?;
    Table::open(path, source::open(path)?)
}

fn read_column<R: Read + Seek>(
    mut table: Table<R>,
    column: Option<&str>,
    rounds: Rounds,
) -> Result<Vec<u32>, IngestError> {
    let column = match column {
        Some(column) => column.to_owned(),
        None => find_units(&table)?,
    };
    let units = read_columns(&mut table, &[column], rounds)?;
    Ok(units.into_iter().next().unwrap_or_default())
}

fn read_nodes<R: Read + Seek>(
    mut table: Table<R>,
    rounds: Rounds,
) -> Result<BTreeMap<Address, Vec<u32>>, IngestError> {
    let columns: Vec<_> =
        table.header().into_iter().filter(|name| *name != ROUND).map(str::to_owned).collect();
    let nodes = columns
        .iter()
        .map(|column| {
            let refuse = |source| IngestError::NodeColumn {
                path: table.path().to_path_buf(),
                column: excerpt(column),
                source,
            };
            eip55::parse(column).map_err(refuse)
        })
        .collect::<Result<Vec<Address>, _>>()?;
    let units = read_columns(&mut table, &columns, rounds)?;
    Ok(nodes.into_iter().zip(units).collect())
}

/// The units in each of these columns, by round.
fn read_columns<R: Read + Seek>(
    table: &mut Table<R>,
    columns: &[String],
    rounds: Rounds,
) -> Result<Vec<Vec<u32>>, IngestError> {
    let round_position = table.locate(ROUND)?;
    let positions = columns.iter().map(|column| table.locate(column)).collect::<Result<Vec<_>, _>>()?;
    let mut units = vec![vec![0; rounds.count]; columns.len()];
    let mut seen = vec![false; rounds.count];
    let mut any = false;
    while table.advance()? {
        any = true;
        let index = read_round(table, round_position, rounds, &mut seen)?;
        for ((column, position), units) in columns.iter().zip(&positions).zip(&mut units) {
            let amount = integer(table, *position, column)?;
            if let Some(slot) = units.get_mut(index) {
                *slot = amount;
            }
        }
    }
    if any { Ok(units) } else { Err(IngestError::NoRecords) }
}

/// Where among the rounds asked for the record's round is, once it is known to be one of them and new.
fn read_round<R: Read + Seek>(
    table: &mut Table<R>,
    position: usize,
    rounds: Rounds,
    seen: &mut [bool],
) -> Result<usize, IngestError> {
    let round: u64 = integer(table, position, ROUND)?;
    let Rounds { first, count } = rounds;
    let index = round.checked_sub(first).and_then(|index| usize::try_from(index).ok());
    let Some((index, seen)) = index.and_then(|index| Some((index, seen.get_mut(index)?))) else {
        return Err(table.refuse(|path, line| IngestError::RoundOutside {
            path,
            line,
            round,
            first,
            rounds: count,
        }));
    };
    if std::mem::replace(seen, true) {
        return Err(table.refuse(|path, line| IngestError::RoundTwice { path, line, round }));
    }
    Ok(index)
}

fn find_units<R: Read + Seek>(table: &Table<R>) -> Result<String, IngestError> {
    let header = table.header();
    let mut others = header.iter().filter(|name| **name != ROUND);
    match (header.contains(&UNITS), others.next(), others.next()) {
        (true, ..) => Ok(UNITS.to_owned()),
        (false, Some(only), None) => Ok((*only).to_owned()),
        _ => Err(IngestError::UnitsColumn { path: table.path().to_path_buf(), present: Names::new(&header) }),
    }
}

/// An integer written in digits only, of the kind wanted.
fn integer<R: Read + Seek, N: FromStr + Bounded>(
    table: &mut Table<R>,
    position: usize,
    column: &str,
) -> Result<N, IngestError> {
    let cell = table.cell(position);
    // Rust's parser would take a leading plus sign, too.
    let digits = cell.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(cell).ok().filter(|_| digits);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let cell = excerpt(&table.text(position));
        table.refuse(|path, line| IngestError::NotAnInteger {
            path,
            line,
            column: column.to_owned(),
            cell,
            largest: N::LARGEST,
        })
    })
}

/// Integers that a log may hold.
trait Bounded {
    /// The largest, for messages.
    const LARGEST: u64;
}

impl Bounded for u32 {
    const LARGEST: u64 = u32::MAX as u64;
}

impl Bounded for u64 {
    const LARGEST: u64 = u64::MAX;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::Counting;

    const ROUNDS: Rounds = Rounds { first: 5, count: 2_000 };
    const NODES: usize = 20;

    fn log(rounds: std::ops::Range<usize>) -> String {
        let nodes: String = (0..NODES).map(|node| format!(",0x{node:040x}")).collect();
        let row = |round| format!("{round}{}\r\n", ",1234567".repeat(NODES));
        format!("round{nodes}\r\n{}", rounds.map(row).collect::<String>())
    }

    fn table(text: String) -> (Counting, Table<Counting>) {
        let file = Counting::new(text.into_bytes());
        let table = Table::open(Path::new("log.csv"), file.clone()).expect("a header");
        (file, table)
    }

    #[test]
    fn a_log_is_read_once_and_its_last_record_twice() {
        let (file, table) = table(log(5..2_005));
        let units = read_nodes(table, ROUNDS).expect("units");
        assert!(units.len() == NODES && units.values().all(|units| *units == [1_234_567; ROUNDS.count]));
        file.assert_read_at_most(2);
        let (file, table) = self::table(log(5..2_005));
        let units = read_column(table, Some(&format!("0x{:040x}", 3)), ROUNDS).expect("units");
        assert_eq!(units, [1_234_567; ROUNDS.count]);
        file.assert_read_at_most(2);
    }

    /// The line of an error is counted from the file's start, once.
    #[test]
    fn a_refused_log_is_read_twice_at_most() {
        let (file, table) = table(log(5..2_006));
        let error = read_nodes(table, ROUNDS).expect_err("one round too many");
        assert!(matches!(error, IngestError::RoundOutside { line: 2_002, round: 2_005, .. }), "{error}");
        file.assert_read_at_most(2);
        let (file, table) = self::table(log(5..2_004) + "2003\n");
        let error = read_nodes(table, ROUNDS).expect_err("a ragged record");
        assert!(matches!(error, IngestError::Ragged { line: 2_001, .. }), "{error}");
        file.assert_read_at_most(2);
    }
}
