//! A compute log: units by round (PROTOCOL section 7).

use std::collections::BTreeMap;
use std::path::Path;

use fairshare_params::address::Address;

use crate::csv::Table;
use crate::error::{IngestError, excerpt, list_names};
use crate::source::regular_file_len;

/// The column with the round's number.
const ROUND: &str = "round";
/// The column with the units, unless one is named.
const UNITS: &str = "units";

/// Reads a CSV file with a column `round` and one of units: `column`, or else `units`, or else the only other one.
/// Returns the units of `rounds` rounds from `first_round` on; a round that the file leaves out has 0. A round outside is
/// an error rather than ignored: units that count for nothing are more likely a mistake in the range.
pub fn read_units(
    path: &Path,
    column: Option<&str>,
    first_round: u64,
    rounds: usize,
) -> Result<Vec<u32>, IngestError> {
    let mut table = open(path)?;
    let column = match column {
        Some(column) => column.to_owned(),
        None => find_units(&table)?,
    };
    let units = read_columns(&mut table, &[column], first_round, rounds)?;
    Ok(units.into_iter().next().unwrap_or_default())
}

/// Reads a CSV file with a column `round` and one of units for each node, named by the node's address: the form in which a
/// task contract's log is put on record. Rounds are as in [`read_units`].
pub fn read_units_by_node(
    path: &Path,
    first_round: u64,
    rounds: usize,
) -> Result<BTreeMap<Address, Vec<u32>>, IngestError> {
    let mut table = open(path)?;
    let columns: Vec<_> =
        table.header().into_iter().filter(|name| *name != ROUND).map(str::to_owned).collect();
    let nodes = columns
        .iter()
        .map(|column| {
            let refuse = |source| IngestError::NodeColumn {
                path: path.to_path_buf(),
                column: excerpt(column),
                source,
            };
            column.parse().map_err(refuse)
        })
        .collect::<Result<Vec<Address>, _>>()?;
    let units = read_columns(&mut table, &columns, first_round, rounds)?;
    Ok(nodes.into_iter().zip(units).collect())
}

fn open(path: &Path) -> Result<Table, IngestError> {
    regular_file_len(path)?;
    Table::open(path)
}

/// The units in each of these columns, by round.
fn read_columns(
    table: &mut Table,
    columns: &[String],
    first_round: u64,
    rounds: usize,
) -> Result<Vec<Vec<u32>>, IngestError> {
    let path = table.path.clone();
    let round_place = table.locate(ROUND)?;
    let places = columns.iter().map(|column| table.locate(column)).collect::<Result<Vec<_>, _>>()?;
    let mut units = vec![vec![0; rounds]; columns.len()];
    let mut seen = vec![false; rounds];
    let mut read = 0u64;
    while table.advance()? {
        let (line, round) = (table.line(), integer(table, round_place, ROUND, u64::MAX)?);
        let index = round.checked_sub(first_round).and_then(|index| usize::try_from(index).ok());
        let Some((index, seen)) = index.and_then(|index| Some((index, seen.get_mut(index)?))) else {
            return Err(IngestError::RoundOutside { path, line, round, first: first_round, rounds });
        };
        if std::mem::replace(seen, true) {
            return Err(IngestError::RoundTwice { path, line, round });
        }
        for ((column, place), units) in columns.iter().zip(&places).zip(&mut units) {
            let amount = integer(table, *place, column, u64::from(u32::MAX))?;
            if let (Some(slot), Ok(amount)) = (units.get_mut(index), u32::try_from(amount)) {
                *slot = amount;
            }
        }
        read += 1;
    }
    if read == 0 {
        return Err(IngestError::NoRecords);
    }
    Ok(units)
}

fn find_units(table: &Table) -> Result<String, IngestError> {
    let header = table.header();
    let mut others = header.iter().filter(|name| **name != ROUND);
    match (header.contains(&UNITS), others.next(), others.next()) {
        (true, ..) => Ok(UNITS.to_owned()),
        (false, Some(only), None) => Ok((*only).to_owned()),
        _ => Err(IngestError::UnitsColumn { path: table.path.clone(), present: list_names(&header) }),
    }
}

fn integer(table: &Table, place: usize, column: &str, largest: u64) -> Result<u64, IngestError> {
    let cell = table.cell(place);
    let digits = !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    let value = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
    match value {
        Some(value) if digits && value <= largest => Ok(value),
        _ => Err(IngestError::NotAnInteger {
            path: table.path.clone(),
            line: table.line(),
            column: column.to_owned(),
            cell: excerpt(&table.text(place)),
            largest,
        }),
    }
}
