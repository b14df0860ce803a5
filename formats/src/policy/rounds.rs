//! Round totals from a table of units, one row per round and one column per node.

use std::io::Read;

use super::error::RoundsError;
use crate::excerpt::excerpt;
use crate::units::{ROUND, Table, UnitsError, repeated};

type Result<T> = std::result::Result<T, RoundsError>;

/// Reads the totals of at most `bound + 1` rounds, the first of them `first`: one too many is enough to
/// refuse.
///
/// The header is `round` and then either `total` or one column per node; a row's sum is its round's total.
pub(super) fn parse_rounds(text: impl Read, first: u64, bound: usize) -> Result<Vec<u32>> {
    let mut table = Table::open(text).map_err(|error| match error {
        UnitsError::Empty => RoundsError::Header,
        other => other.into(),
    })?;
    check_header(&table)?;
    let columns = table.header().count();
    let mut totals = Vec::new();
    while totals.len() <= bound && table.advance()? {
        let round = table.check_number(0, first, totals.len())?;
        let mut total = 0u64;
        for column in 1..columns {
            // At most 2^16 columns, so the sum stays below 2^48.
            total = total.saturating_add(table.integer::<u32>(column)?.into());
        }
        let line = table.line();
        totals.push(u32::try_from(total).map_err(|_| RoundsError::Total { line, round, total })?);
    }
    Ok(totals)
}

fn check_header(table: &Table<impl Read>) -> Result<()> {
    let mut columns = table.header();
    if columns.next() != Some(ROUND) || columns.clone().next().is_none() {
        return Err(RoundsError::Header);
    }
    let is_total = |column: &str| column.trim().eq_ignore_ascii_case("total");
    if columns.clone().count() > 1 && columns.clone().any(is_total) {
        return Err(RoundsError::TotalAndNodes);
    }
    // A node's units would be added twice.
    match repeated(columns) {
        Some(column) => Err(UnitsError::DuplicateColumn { column: excerpt(column) }.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MAX_COLUMNS;
    use fairshare_pinned::counting::reads_once;

    #[test]
    fn a_table_is_read_once() {
        let rows: String = (5..2_005).map(|round| format!("{round}{}\n", ",7".repeat(50))).collect();
        let text = format!("round{}\n{rows}", (0..50).map(|node| format!(",{node}")).collect::<String>());
        assert_eq!(reads_once(&text, |text| parse_rounds(text, 5, 2_000)).unwrap(), [350; 2_000]);
    }

    fn parse(text: &str) -> Result<Vec<u32>> {
        parse_rounds(text.as_bytes(), 5, 3)
    }

    #[test]
    fn a_row_is_summed_over_its_nodes() {
        assert_eq!(parse("round,a,b\n5,1,2\n6,0,0\n").unwrap(), [3, 0]);
        assert_eq!(parse("round,total\n5,4294967295\n").unwrap(), [u32::MAX]);
        assert_eq!(parse("round,total\r\n5,7\r\n").unwrap(), [7]);
    }

    #[test]
    fn reading_stops_one_past_the_bound() {
        let totals = parse("round,a\n5,1\n6,1\n7,1\n8,1\nnonsense,1\n").unwrap();
        assert_eq!(totals.len(), 4);
    }

    #[test]
    fn headers_are_checked() {
        for text in ["", "round\n5\n", "day,a\n5,1\n"] {
            assert!(matches!(parse(text), Err(RoundsError::Header)), "{text:?}");
        }
        for text in ["round,a,total\n5,1,1\n", "round,a,Total\n5,1,1\n"] {
            assert!(matches!(parse(text), Err(RoundsError::TotalAndNodes)), "{text:?}");
        }
        let spelled = "round,0xd1220a0cf47c7b9be7a2e6ba89f429762e7b9adb,\
                       0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb\n";
        assert!(matches!(parse(spelled), Err(RoundsError::Table(UnitsError::DuplicateColumn { .. }))));
        let error = parse("round,a,b,a\n5,1,1,1\n").unwrap_err();
        assert_eq!(error.to_string(), "line 1: two columns are named `a`; rename or remove one");
    }

    #[test]
    fn columns_are_bounded() {
        let header = |nodes: usize| -> String { (0..nodes).map(|node| format!(",0x{node:040x}")).collect() };
        let text = |nodes| format!("round{}\n5{}\n", header(nodes), ",1".repeat(nodes));
        assert_eq!(parse(&text(MAX_COLUMNS - 1)).unwrap(), [MAX_COLUMNS as u32 - 1]);
        let error = parse(&text(MAX_COLUMNS)).unwrap_err();
        assert!(
            matches!(error, RoundsError::Table(UnitsError::TooManyColumns { line: 1, bound: MAX_COLUMNS })),
            "{error}"
        );
    }

    #[test]
    fn cells_are_checked_and_named() {
        for text in ["", "-1", "+1", "1.0", "4294967296", "one"] {
            let error = parse(&format!("round,a,b\n5,1,2\n6,3,{text}\n")).unwrap_err();
            let told = format!("line 3, column `b`: `{text}` is not an integer from 0 to 4294967295");
            assert!(error.to_string().starts_with(&told), "{error}");
        }
    }

    #[test]
    fn rounds_must_be_consecutive_from_the_first() {
        for (text, told) in [
            ("4", "line 2, column `round`: 4 stands where 5 belongs; list every round once"),
            ("6", "line 2, column `round`: 6 stands where 5 belongs; list every round once"),
            ("", "line 2, column `round`: `` is not an integer"),
            ("+5", "line 2, column `round`: `+5` is not an integer"),
        ] {
            let error = parse(&format!("round,a\n{text},1\n")).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        let error = parse("round,a\n5,1\n5,1\n").unwrap_err().to_string();
        assert!(error.starts_with("line 3, column `round`: 5 stands where 6 belongs"), "{error}");
        let last = format!("round,a\n{0},1\n{0},1\n", u64::MAX);
        let error = parse_rounds(last.as_bytes(), u64::MAX, 3).unwrap_err();
        assert!(matches!(error, RoundsError::Table(UnitsError::Order { line: 3, .. })), "{error}");
    }

    #[test]
    fn a_total_past_32_bits_is_refused() {
        let error = parse("round,a,b\n5,4294967295,1\n").unwrap_err();
        assert!(matches!(error, RoundsError::Total { line: 2, round: 5, total: 0x1_0000_0000 }), "{error}");
    }

    #[test]
    fn uneven_rows_and_bytes_that_are_no_text_are_refused() {
        let error = parse("round,a\n5,1,2\n").unwrap_err();
        assert!(matches!(error, RoundsError::Table(UnitsError::Ragged { line: 2, .. })), "{error}");
        let error = parse_rounds(&b"round,a\n5,\xff\n"[..], 5, 3).unwrap_err();
        assert!(matches!(error, RoundsError::Table(UnitsError::NotUtf8 { line: 2 })), "{error}");
    }
}
