//! The units on record for an epoch, as CSV: a column `round`, and a column for each node, named by its
//! address.
//!
//! One file for all nodes, and complete: every round of the epoch once, in order. What was left out would be
//! read as nothing, and nobody would notice until somebody is not paid.

mod error;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::wide;
use fairshare_params::policy::Policy;
use fairshare_params::units::Units;

use crate::eip55::{self, checksummed};
use crate::excerpt::excerpt;

pub use error::UnitsError;
use table::Table;

type Result<T> = std::result::Result<T, UnitsError>;

/// The column with the round's number.
const ROUND: &str = "round";
/// Most units that are held at once, 64 MiB: a header of nodes is short, and asks for all
/// their rounds.
pub const MAX_UNITS: usize = 1 << 24;
/// Longest table that a ledger keeps, in bytes.
pub const MAX_UNITS_BYTES: u64 = 48 << 20;
/// Most rounds of a table whose rounds are not known before: as many as any epoch has.
const MAX_ROUNDS: usize = Geometry::LARGE.rounds();

/// Which rounds a table has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: usize,
}

impl Rounds {
    /// Those of a policy's epoch.
    pub fn of(policy: &Policy) -> Self {
        Self { first: policy.terms().first_round, count: policy.rounds() }
    }
}

/// Reads the units of all nodes in these rounds, once and in bounded memory.
pub fn from_csv(text: impl Read, rounds: Rounds) -> Result<Units> {
    let mut table = Table::open(text)?;
    let mut rows = Rows::of(&table)?;
    let count = rounds.count;
    rows.check_room(count)?;
    while table.advance()? {
        if rows.read == count {
            let (line, Rounds { first, count }) = (table.line(), rounds);
            let round = table.integer(rows.round)?;
            return Err(UnitsError::RoundOutside { line, round, first, rounds: count });
        }
        rows.add(&table, rounds.first)?;
    }
    if rows.read < count {
        let missing = rounds.first.saturating_add(wide(rows.read));
        return Err(UnitsError::Ended { missing, first: rounds.first, rounds: count });
    }
    rows.finish(rounds.first)
}

/// Reads the units of all nodes in whatever rounds the table has, once and in bounded memory: for whoever
/// has a table, and no rules yet. The rounds follow each other from that of the first row.
pub fn from_csv_of_any_rounds(text: impl Read) -> Result<Units> {
    let mut table = Table::open(text)?;
    let mut rows = Rows::of(&table)?;
    let mut first = None;
    while table.advance()? {
        if rows.read == MAX_ROUNDS {
            return Err(UnitsError::TooManyRounds { line: table.line(), bound: MAX_ROUNDS });
        }
        rows.check_room(rows.read.saturating_add(1))?;
        let first = match first {
            Some(first) => first,
            None => *first.insert(table.integer(rows.round)?),
        };
        rows.add(&table, first)?;
    }
    rows.finish(first.ok_or(UnitsError::NoRounds)?)
}

/// The rows read so far. They grow as rows are read: a short header of many nodes takes no memory for rows
/// that are not there.
struct Rows {
    /// Where the round's number stands.
    round: usize,
    nodes: Vec<(usize, Address)>,
    units: Vec<Vec<u32>>,
    read: usize,
}

impl Rows {
    fn of(table: &Table<impl Read>) -> Result<Self> {
        let (round, nodes) = (table.locate(ROUND)?, nodes(table)?);
        let units = vec![Vec::new(); nodes.len()];
        Ok(Self { round, nodes, units, read: 0 })
    }

    /// Refuses more units than are held at once.
    fn check_room(&self, rounds: usize) -> Result<()> {
        match self.nodes.len() {
            columns if columns.saturating_mul(rounds) > MAX_UNITS => {
                Err(UnitsError::TooManyUnits { columns, rounds, bound: MAX_UNITS })
            }
            _ => Ok(()),
        }
    }

    /// Adds the row at hand, which is of the round after those before it.
    fn add(&mut self, table: &Table<impl Read>, first: u64) -> Result<()> {
        let round = table.check_number(self.round, first, self.read)?;
        let mut total = 0u64;
        for ((position, _), units) in self.nodes.iter().zip(&mut self.units) {
            let amount: u32 = table.integer(*position)?;
            // At most 2^16 columns, so the sum stays below 2^48.
            total = total.saturating_add(amount.into());
            units.push(amount);
        }
        if u32::try_from(total).is_err() {
            return Err(UnitsError::Total { line: table.line(), round, total });
        }
        self.read = self.read.saturating_add(1);
        Ok(())
    }

    fn finish(self, first: u64) -> Result<Units> {
        let by_node: BTreeMap<_, _> = self.nodes.into_iter().map(|(_, node)| node).zip(self.units).collect();
        Ok(Units::new(first, self.read, by_node)?)
    }
}

/// The nodes and where their columns are.
fn nodes(table: &Table<impl Read>) -> Result<Vec<(usize, Address)>> {
    let (mut seen, mut nodes) = (BTreeSet::new(), Vec::new());
    for (position, column) in table.header().enumerate().filter(|(_, column)| *column != ROUND) {
        let node = eip55::parse(column)
            .map_err(|source| UnitsError::NodeColumn { column: excerpt(column), source })?;
        // An address has more than one spelling.
        if !seen.insert(node) {
            return Err(UnitsError::DuplicateColumn { column: excerpt(column) });
        }
        nodes.push((position, node));
    }
    if nodes.is_empty() {
        return Err(UnitsError::NoNodes);
    }
    Ok(nodes)
}

/// The one spelling of units: nodes by address, rounds in order.
pub fn to_csv(units: &Units) -> String {
    let mut text = ROUND.to_owned();
    // Writing to a string cannot fail.
    for (node, _) in units.nodes() {
        let _ = write!(text, ",{}", checksummed(node));
    }
    text.push('\n');
    let mut columns: Vec<_> = units.nodes().map(|(_, units)| units.iter()).collect();
    for (round, _) in (units.first_round()..).zip(units.totals()) {
        let _ = write!(text, "{round}");
        for units in columns.iter_mut().filter_map(Iterator::next) {
            let _ = write!(text, ",{units}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairshare_pinned::counting::reads_once;

    const ROUNDS: Rounds = Rounds { first: 5, count: 2_000 };
    const NODES: usize = 20;

    fn log(rounds: std::ops::Range<usize>) -> String {
        let nodes: String = (0..NODES).map(|node| format!(",0x{:040x}", node + 1)).collect();
        let row = |round| format!("{round}{}\r\n", ",1234567".repeat(NODES));
        format!("round{nodes}\r\n{}", rounds.map(row).collect::<String>())
    }

    #[test]
    fn a_table_is_read_once() {
        let units = reads_once(log(5..2_005), |text| from_csv(text, ROUNDS)).unwrap();
        assert_eq!((units.first_round(), units.nodes().len()), (5, NODES));
        assert!(units.nodes().all(|(_, units)| *units == [1_234_567; ROUNDS.count]));
        let again = to_csv(&units);
        assert_eq!(reads_once(&again, |text| from_csv(text, ROUNDS)).unwrap(), units);
    }

    #[test]
    fn a_refused_table_is_read_once() {
        let error = reads_once(log(5..2_006), |text| from_csv(text, ROUNDS)).unwrap_err();
        assert!(matches!(error, UnitsError::RoundOutside { line: 2_002, round: 2_005, .. }), "{error}");
        let ragged = log(5..2_004) + "2003\n";
        let error = reads_once(&ragged, |text| from_csv(text, ROUNDS)).unwrap_err();
        assert!(matches!(error, UnitsError::Ragged { line: 2_001, .. }), "{error}");
    }

    const ONE: &str = "0x0000000000000000000000000000000000000001";
    const TWO: &str = "0x0000000000000000000000000000000000000002";

    /// A table of rounds 5 to 7; `$1` and `$2` stand for two nodes.
    fn read(text: &str) -> std::result::Result<Units, String> {
        let text = text.replace("$1", ONE).replace("$2", TWO);
        let units = from_csv(text.as_bytes(), Rounds { first: 5, count: 3 });
        units.map_err(|error| error.to_string())
    }

    #[test]
    fn units_are_read_by_round_and_node() {
        let units = read("\u{feff}$2,round,$1\r\n7,5,4294967288\r\n0,6,0\r\n0,7,1\r\n").unwrap();
        let [one, two] = [ONE, TWO].map(|node| eip55::parse(node).unwrap());
        assert_eq!(units.of(&one), Some([4_294_967_288, 0, 1].as_slice()));
        assert_eq!(units.of(&two), Some([7, 0, 0].as_slice()));
        assert_eq!(units.totals(), [u32::MAX, 0, 1]);
        assert_eq!(to_csv(&units), format!("round,{ONE},{TWO}\n5,4294967288,7\n6,0,0\n7,1,0\n"));
        assert_eq!(
            read("round\n5\n6\n7\n"),
            Err("no column is a node's; where nobody worked, give no table".to_owned())
        );
    }

    #[test]
    fn every_round_stands_there_once_and_in_order() {
        for (rows, told) in [
            (
                "5,1\n7,1\n",
                "line 3, column `round`: 7 stands where 6 belongs; list every round once, in order",
            ),
            ("5,1\n5,1\n", "line 3, column `round`: 5 stands where 6 belongs"),
            ("4,1\n", "line 2, column `round`: 4 stands where 5 belongs"),
            ("5,1\n6,1\n", "the table ends before round 7; list each of the 3 rounds from 5, with 0 too"),
            ("", "the table ends before round 5"),
            ("5,1\n6,1\n7,1\n8,0\n", "line 5: round 8 is not one of the 3 rounds from 5"),
        ] {
            let error = read(&format!("round,$1\n{rows}")).unwrap_err();
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn cells_that_are_no_integers_are_named() {
        for cell in ["-1", "+1", "1.5", " 1", "4294967296", "99999999999999999999", ""] {
            let told = format!(
                "line 3, column `{ONE}`: `{cell}` is not an integer from 0 to 4294967295, written in digits \
                 only"
            );
            assert_eq!(read(&format!("round,$1\n5,1\n6,{cell}\n")), Err(told));
        }
        let error = read("round,$1\nfive,1\n").unwrap_err();
        assert!(error.starts_with("line 2, column `round`: `five` is not an integer"), "{error}");
    }

    #[test]
    fn a_round_of_33_bits_is_refused() {
        let error = read("round,$1,$2\n5,1,1\n6,4294967295,1\n").unwrap_err();
        let told = "line 3: the units of round 6 add up to 4294967296, above 4294967295; use larger units";
        assert_eq!(error, told);
    }

    /// Of whatever rounds: the same rows, the same refusals, and the rounds are the table's own.
    #[test]
    fn a_table_says_itself_which_rounds_it_has() {
        let any = |text: &str| from_csv_of_any_rounds(text.replace("$1", ONE).as_bytes());
        let units = any("\u{feff}round,$1\r\n18446744073709551614,1\r\n18446744073709551615,0\r\n").unwrap();
        assert_eq!((units.first_round(), units.totals()), (u64::MAX - 1, [1, 0].as_slice()));
        let told = |text: &str| any(text).unwrap_err().to_string();
        assert!(told("round,$1\n").starts_with("a header and no row; give every round a row"));
        assert!(told("round,$1\n7,1\n9,1\n").starts_with("line 3, column `round`: 9 stands where 8 belongs"));
        assert!(told("round,$1\n18446744073709551615,1\n0,1\n").contains("0 stands where"));
        assert!(told("round\n7\n").starts_with("no column is a node's"));
        let whole = log(5..2_005);
        assert_eq!(any(&whole).unwrap(), from_csv(whole.as_bytes(), ROUNDS).unwrap());
    }

    #[test]
    fn rounds_that_nobody_named_are_bounded() {
        let row = |round: usize| format!("{round},1\n");
        let rows: String = (0..=MAX_ROUNDS).map(row).collect();
        let error = from_csv_of_any_rounds(format!("round,{ONE}\n{rows}").as_bytes()).unwrap_err();
        assert!(matches!(error, UnitsError::TooManyRounds { line: 32_770, bound: 32_768 }), "{error}");
    }

    #[test]
    fn units_of_rounds_that_nobody_named_are_bounded() {
        let nodes = MAX_UNITS / MAX_ROUNDS + 1;
        let header: String = (1..=nodes).map(|node| format!(",0x{node:040x}")).collect();
        let rows: String = (0..MAX_ROUNDS).map(|round| format!("{round}{}\n", ",1".repeat(nodes))).collect();
        let error = from_csv_of_any_rounds(format!("round{header}\n{rows}").as_bytes()).unwrap_err();
        assert!(matches!(error, UnitsError::TooManyUnits { rounds: 32_705, .. }), "{error}");
    }

    #[test]
    fn columns_are_nodes_each_once() {
        let refusal = |text: &str| from_csv(text.as_bytes(), ROUNDS).unwrap_err();
        let error = refusal("round,0x12\n5,1\n");
        assert!(matches!(error, UnitsError::NodeColumn { .. }));
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause), "{error}");
        assert!(matches!(refusal("round,total\n5,1\n"), UnitsError::NodeColumn { .. }));
        let small = "0xd1220a0cf47c7b9be7a2e6ba89f429762e7b9adb";
        let large = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb";
        let error = refusal(&format!("round,{small},{large}\n5,1,2\n"));
        assert!(matches!(error, UnitsError::DuplicateColumn { .. }), "{error}");
        assert!(matches!(refusal("round,round\n5,5\n"), UnitsError::DuplicateColumn { .. }));
        assert!(matches!(refusal(&format!("{small}\n1\n")), UnitsError::MissingColumn { .. }));
        let zero = format!(
            "round,0x{:040}\n{}",
            0,
            (5..2_005).map(|round| format!("{round},1\n")).collect::<String>()
        );
        assert!(matches!(refusal(&zero), UnitsError::Record(_)));
    }

    #[test]
    fn a_short_header_does_not_take_all_memory() {
        let text = log(5..6);
        let rounds = Rounds { first: 5, count: MAX_UNITS / NODES + 1 };
        let error = from_csv(text.as_bytes(), rounds).unwrap_err();
        assert!(matches!(error, UnitsError::TooManyUnits { columns: NODES, .. }), "{error}");
        let header = |nodes: usize| -> String { (0..nodes).map(|node| format!(",0x{node:040x}")).collect() };
        let text = format!("round{}\n5{}\n", header(table::MAX_COLUMNS), ",1".repeat(table::MAX_COLUMNS));
        let error = from_csv(text.as_bytes(), ROUNDS).unwrap_err();
        assert!(matches!(error, UnitsError::TooManyColumns { line: 1, .. }), "{error}");
    }

    #[test]
    fn what_breaks_a_table_is_named_with_its_line() {
        for (text, told) in [
            ("", "empty"),
            ("\n\r\n", "empty"),
            ("\u{feff}", "empty"),
            ("round,$1\n5,1\n6\n", "line 3: 1 cells, but the header has 2"),
            // A blank line, carriage returns and a cell of two lines all count.
            ("$2,round,$1\r\n\"1\",5,1\r\n\r\n6,2\r\n", "line 4: 2 cells"),
            ("round,$1\n5,1\n6,\"2\n7,3\n", "line 3: a quoted cell is never closed"),
            ("\u{feff}\"round\",$1\n5,1\n6,\"2\n7,3\n", "line 3: a quoted cell is never closed"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text:?}: {error}");
        }
        let bytes = [b"round,".as_slice(), ONE.as_bytes(), b"\n5,1\n6,\xff\n"].concat();
        let error = from_csv(&bytes[..], ROUNDS).unwrap_err();
        assert!(matches!(error, UnitsError::NotUtf8 { line: 3 }), "{error}");
        let endless = format!("round,$1\n5,1\n6,\"{}\n", "2\n".repeat(4 << 20));
        let error = read(&endless).unwrap_err();
        assert!(error.starts_with("line 3: a row of more than 4194304 bytes"), "{error}");
    }
}
