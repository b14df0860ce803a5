//! A compute log: units by round (PROTOCOL section 7).

use std::path::Path;

use super::csv::Table;
use super::error::{IngestError, excerpt, list_names};

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
    super::regular_file_len(path)?;
    let mut table = Table::open(path)?;
    let column = match column {
        Some(column) => column.to_owned(),
        None => find_units(&table)?,
    };
    let (round_place, units_place) = (table.locate(ROUND)?, table.locate(&column)?);
    let mut units = vec![None; rounds];
    let mut read = 0u64;
    while table.advance()? {
        let round = integer(&table, round_place, ROUND, u64::MAX)?;
        let amount = integer(&table, units_place, &column, u64::from(u32::MAX))?;
        let slot = round
            .checked_sub(first_round)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| units.get_mut(index));
        let Some(slot) = slot else {
            let path = path.to_path_buf();
            return Err(IngestError::RoundOutside {
                path,
                line: table.line(),
                round,
                first: first_round,
                rounds,
            });
        };
        if slot.is_some() {
            return Err(IngestError::RoundTwice { path: path.to_path_buf(), line: table.line(), round });
        }
        *slot = u32::try_from(amount).ok();
        read += 1;
    }
    if read == 0 {
        return Err(IngestError::NoRecords);
    }
    Ok(units.into_iter().map(Option::unwrap_or_default).collect())
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
