//! Tables of units as CSV: a column that numbers the rows, and columns of units.
//!
//! Three kinds of file are such tables, and one reader reads them, once and in bounded memory: a node's log
//! ([`of_column`]) or all nodes' in one ([`of_nodes`]), the round totals that a policy names
//! ([`crate::policy`]), and a registration's units in an archive ([`listed`]).

mod error;
mod table;

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use fairshare_params::address::Address;

use crate::eip55;
use crate::excerpt::{Names, excerpt};

pub use error::UnitsError;
#[cfg(test)]
pub(crate) use table::MAX_COLUMNS;
pub(crate) use table::Table;

type Result<T> = std::result::Result<T, UnitsError>;

/// The column with the round's number.
pub(crate) const ROUND: &str = "round";
/// The column with the units, unless one is named.
const UNITS: &str = "units";
/// Most units that are held at once, a quarter of a gibibyte: a header of nodes is short, and asks for all
/// their rounds.
const MAX_UNITS: usize = 1 << 26;
/// The column with the row's number in an archive.
const ROW: &str = "row";

/// Which rounds are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: usize,
}

/// The units of one node: those in `column`, or else in `units`, or else in the only column beside `round`.
///
/// A round that the table leaves out has 0. A round outside is an error rather than ignored: units that count
/// for nothing are more likely a mistake in the range.
pub fn of_column(text: impl Read, column: Option<&str>, rounds: Rounds) -> Result<Vec<u32>> {
    let mut table = Table::open(text)?;
    let column = match column {
        Some(column) => column.to_owned(),
        None => find_units(&table)?,
    };
    let units = columns(&mut table, &[column], rounds)?;
    Ok(units.into_iter().next().unwrap_or_default())
}

/// The units of each node, from columns named by the nodes' addresses: the form in which a task contract's
/// log is put on record. Rounds are as in [`of_column`].
pub fn of_nodes(text: impl Read, rounds: Rounds) -> Result<BTreeMap<Address, Vec<u32>>> {
    let mut table = Table::open(text)?;
    let names: Vec<_> = table.header().filter(|name| *name != ROUND).map(str::to_owned).collect();
    let node = |column: &String| {
        eip55::parse(column).map_err(|source| UnitsError::NodeColumn { column: excerpt(column), source })
    };
    let nodes = names.iter().map(node).collect::<Result<Vec<_>>>()?;
    if let Some(column) = repeated(names.iter().map(String::as_str)) {
        return Err(UnitsError::DuplicateColumn { column: excerpt(column) });
    }
    let units = columns(&mut table, &names, rounds)?;
    Ok(nodes.into_iter().zip(units).collect())
}

/// The first column that names what another names already: a node's address has more than one spelling.
pub(crate) fn repeated<'a>(mut columns: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (mut names, mut nodes) = (HashSet::new(), HashSet::new());
    columns.find(|column| match eip55::parse(column) {
        Ok(node) => !nodes.insert(node),
        Err(_) => !names.insert(*column),
    })
}

/// The units that [`to_csv`] wrote.
pub fn listed(text: impl Read) -> Result<Vec<u32>> {
    let mut table = Table::open(text)?;
    if let Some(column) = table.header().find(|name| ![ROW, UNITS].contains(name)) {
        return Err(UnitsError::UnknownColumn { column: excerpt(column) });
    }
    let (row, units) = (table.locate(ROW)?, table.locate(UNITS)?);
    let mut listed = Vec::new();
    while table.advance()? {
        table.check_number(row, 0, listed.len())?;
        listed.push(table.integer(units)?);
    }
    Ok(listed)
}

/// Units as `row,units`, rows from 0.
pub fn to_csv(units: &[u32]) -> String {
    let lines = units.iter().enumerate().map(|(row, units)| format!("{row},{units}\n"));
    std::iter::once(format!("{ROW},{UNITS}\n")).chain(lines).collect()
}

/// The units in each of these columns, by round.
fn columns(table: &mut Table<impl Read>, columns: &[String], rounds: Rounds) -> Result<Vec<Vec<u32>>> {
    let round = table.locate(ROUND)?;
    let positions = columns.iter().map(|column| table.locate(column)).collect::<Result<Vec<_>>>()?;
    if columns.len().saturating_mul(rounds.count) > MAX_UNITS {
        let (columns, rounds) = (columns.len(), rounds.count);
        return Err(UnitsError::TooManyUnits { columns, rounds, bound: MAX_UNITS });
    }
    let mut units = vec![vec![0; rounds.count]; columns.len()];
    let mut seen = vec![false; rounds.count];
    let mut any = false;
    while table.advance()? {
        any = true;
        let index = round_index(table, round, rounds, &mut seen)?;
        for (position, units) in positions.iter().zip(&mut units) {
            let amount = table.integer(*position)?;
            if let Some(slot) = units.get_mut(index) {
                *slot = amount;
            }
        }
    }
    if any { Ok(units) } else { Err(UnitsError::NoRows) }
}

/// Where among the rounds asked for the row's round is, once it is known to be one of them and new.
fn round_index(
    table: &Table<impl Read>,
    position: usize,
    rounds: Rounds,
    seen: &mut [bool],
) -> Result<usize> {
    let (line, round): (_, u64) = (table.line(), table.integer(position)?);
    let Rounds { first, count } = rounds;
    let index = round.checked_sub(first).and_then(|index| usize::try_from(index).ok());
    let Some((index, seen)) = index.and_then(|index| Some((index, seen.get_mut(index)?))) else {
        return Err(UnitsError::RoundOutside { line, round, first, rounds: count });
    };
    if std::mem::replace(seen, true) {
        return Err(UnitsError::RoundTwice { line, round });
    }
    Ok(index)
}

fn find_units(table: &Table<impl Read>) -> Result<String> {
    let mut others = table.header().filter(|name| *name != ROUND);
    match (table.header().any(|name| name == UNITS), others.next(), others.next()) {
        (true, ..) => Ok(UNITS.to_owned()),
        (false, Some(only), None) => Ok(only.to_owned()),
        _ => Err(UnitsError::WhichColumn { present: Names::new(table.header()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairshare_pinned::counting::reads_once;

    const ROUNDS: Rounds = Rounds { first: 5, count: 2_000 };
    const NODES: usize = 20;

    fn log(rounds: std::ops::Range<usize>) -> String {
        let nodes: String = (0..NODES).map(|node| format!(",0x{node:040x}")).collect();
        let row = |round| format!("{round}{}\r\n", ",1234567".repeat(NODES));
        format!("round{nodes}\r\n{}", rounds.map(row).collect::<String>())
    }

    #[test]
    fn every_kind_of_table_is_read_once() {
        let log = log(5..2_005);
        let units = reads_once(&log, |text| of_nodes(text, ROUNDS)).unwrap();
        assert!(units.len() == NODES && units.values().all(|units| *units == [1_234_567; ROUNDS.count]));
        let column = format!("0x{:040x}", 3);
        let units = reads_once(&log, |text| of_column(text, Some(&column), ROUNDS)).unwrap();
        assert_eq!(units, [1_234_567; ROUNDS.count]);
        let list = to_csv(&units);
        assert_eq!(reads_once(&list, listed).unwrap(), units);
    }

    /// The line of an error is known without reading the text again.
    #[test]
    fn a_refused_table_is_read_once() {
        let error = reads_once(log(5..2_006), |text| of_nodes(text, ROUNDS)).unwrap_err();
        assert!(matches!(error, UnitsError::RoundOutside { line: 2_002, round: 2_005, .. }), "{error}");
        let ragged = log(5..2_004) + "2003\n";
        let error = reads_once(&ragged, |text| of_nodes(text, ROUNDS)).unwrap_err();
        assert!(matches!(error, UnitsError::Ragged { line: 2_001, .. }), "{error}");
    }

    fn column(text: &str, column: Option<&str>) -> std::result::Result<Vec<u32>, String> {
        of_column(text.as_bytes(), column, Rounds { first: 5, count: 3 }).map_err(|error| error.to_string())
    }

    #[test]
    fn units_are_read_by_round() {
        assert_eq!(column("node,round,units\nn,7,7\nn,5,4294967295\n", None), Ok(vec![u32::MAX, 0, 7]));
        assert_eq!(column("\u{feff}gpu,round\r\n5,5\r\n", None), Ok(vec![5, 0, 0]));
    }

    #[test]
    fn columns_that_are_not_evident_are_asked_for() {
        let which = "which column holds the units? Name one, or call it `units`; the file has: `round`";
        assert_eq!(column("round,a,b\n5,1,2\n", None), Err(format!("{which}, `a`, `b`")));
        assert_eq!(column("round\n5\n", None), Err(which.to_owned()));
        let absent = |name: &str, present: &str| Err(format!("no column `{name}`; the file has: {present}"));
        assert_eq!(column("round,a\n5,1\n", Some("b")), absent("b", "`round`, `a`"));
        assert_eq!(column("Round,units\n5,1\n", None), absent("round", "`Round`, `units`"));
        let twice = "line 1: two columns are named `a`; rename or remove one".to_owned();
        assert_eq!(column("round,a,a\n5,1,2\n", Some("a")), Err(twice));
    }

    #[test]
    fn units_that_are_no_integers_are_named() {
        for cell in ["-1", "+1", "1.5", " 1", "4294967296", "99999999999999999999", ""] {
            let told = format!(
                "line 3, column `units`: `{cell}` is not an integer from 0 to 4294967295, written in digits \
                 only"
            );
            assert_eq!(column(&format!("round,units\n5,1\n6,{cell}\n"), None), Err(told));
        }
        let told = "line 2, column `round`: `five` is not an integer from 0 to 18446744073709551615, written \
                    in digits only";
        assert_eq!(column("round,units\nfive,1\n", None), Err(told.to_owned()));
    }

    #[test]
    fn rounds_outside_or_twice_are_refused() {
        for round in ["4", "8", "18446744073709551615"] {
            let told = format!(
                "line 2: round {round} is not one of the 3 rounds from 5; remove it, or ask for other rounds"
            );
            assert_eq!(column(&format!("round,units\n{round},1\n"), None), Err(told));
        }
        // Twice is twice though the units be 0.
        let told = "line 3: round 6 is given twice; give each round once".to_owned();
        assert_eq!(column("round,units\n6,0\n6,0\n", None), Err(told));
        let told = "the table has a header and no row".to_owned();
        assert_eq!(column("round,units\n", None), Err(told));
    }

    #[test]
    fn nodes_are_named_by_their_addresses() {
        let error = of_nodes(&b"round,0x12\n5,1\n"[..], ROUNDS).unwrap_err();
        assert!(matches!(error, UnitsError::NodeColumn { .. }));
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error}");
    }

    /// Read as two columns, the first would be lost in silence, or in round totals be added.
    #[test]
    fn a_node_in_two_spellings_is_refused() {
        let small = "0xd1220a0cf47c7b9be7a2e6ba89f429762e7b9adb";
        let large = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";
        let text = format!("round,{small},{large}\n5,1,2\n");
        let error = of_nodes(text.as_bytes(), ROUNDS).unwrap_err();
        assert!(matches!(error, UnitsError::DuplicateColumn { .. }), "{error}");
    }

    #[test]
    fn a_short_header_does_not_take_all_memory() {
        let text = log(5..6);
        let rounds = Rounds { first: 5, count: MAX_UNITS / NODES + 1 };
        let error = of_nodes(text.as_bytes(), rounds).unwrap_err();
        assert!(matches!(error, UnitsError::TooManyUnits { columns: NODES, .. }), "{error}");
    }

    #[test]
    fn what_breaks_a_table_is_named_with_its_line() {
        for (text, told) in [
            ("", "empty"),
            ("\n\r\n", "empty"),
            ("\u{feff}", "empty"),
            ("round,units\n5,1\n6\n", "line 3: 1 cells, but the header has 2"),
            // A blank line, carriage returns and a cell of two lines all count.
            ("node,round,units\r\n\"a\r\nb\",5,1\r\n\r\n6,2\r\n", "line 5: 2 cells"),
            ("round,units\n5,1\n6,\"2\n7,3\n", "line 3: a quoted cell is never closed"),
            ("\u{feff}\"round\",units\n5,1\n6,\"2\n7,3\n", "line 3: a quoted cell is never closed"),
        ] {
            let error = column(text, Some("units")).unwrap_err();
            assert!(error.contains(told), "{text:?}: {error}");
        }
        let bytes = b"round,units,n\n5,1,\xc3\n6,1,\xff\n";
        let error = of_column(&bytes[..], None, ROUNDS).unwrap_err();
        assert!(matches!(error, UnitsError::NotUtf8 { line: 2 }), "{error}");
        let endless = format!("round,units\n5,1\n6,\"{}\n", "2\n".repeat(4 << 20));
        let error = column(&endless, None).unwrap_err();
        assert!(error.starts_with("line 3: a row of more than 4194304 bytes"), "{error}");
    }

    #[test]
    fn a_list_has_its_rows_in_order_and_nothing_else() {
        assert_eq!(listed(&b"row,units\n0,7\n1,0\n"[..]).unwrap(), [7, 0]);
        assert_eq!(listed(&b"row,units\n"[..]).unwrap(), [0; 0]);
        for (text, told) in [
            ("row\n0\n", "no column `units`"),
            ("row,units,more\n0,1,2\n", "line 1: column `more`"),
            ("row,units\n0,1\n2,1\n", "line 3, column `row`: 2 stands where 1 belongs"),
            ("row,units\n0,-1\n", "line 2, column `units`"),
        ] {
            let error = listed(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(told), "{text:?}: {error}");
        }
    }
}
