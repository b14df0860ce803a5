//! Round totals from a table of units, one row per round and one column per node.

use std::collections::HashSet;
use std::io::Read;

use fairshare_params::encoding::wide;

use super::error::RoundsError;

/// Most columns of a file of rounds: nodes of one epoch. A cell takes many times its own bytes once it is
/// read.
const MAX_COLUMNS: usize = 1 << 16;

/// Reads the totals of at most `bound + 1` rounds, the first of them `first`: one too many is enough to
/// refuse.
///
/// The header is `round` and then either `total` or one column per node; a row's sum is its round's total.
pub(super) fn parse_rounds(text: impl Read, first: u64, bound: usize) -> Result<Vec<u32>, RoundsError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text);
    let columns = parse_header(reader.headers().map_err(unreadable)?)?;
    let mut totals = Vec::new();
    for record in reader.records().take(bound.saturating_add(1)) {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut cells = record.iter();
        let round = check_round(cells.next().unwrap_or(""), first, totals.len(), line)?;
        let mut total = 0u64;
        for (column, cell) in columns.iter().zip(cells) {
            let units = parse_units(cell).ok_or_else(|| RoundsError::Units {
                line,
                column: column.clone(),
                text: shorten(cell),
            })?;
            // At most 2^16 columns, so the sum stays below 2^48.
            total = total.saturating_add(units.into());
        }
        totals.push(u32::try_from(total).map_err(|_| RoundsError::Total { line, round, total })?);
    }
    Ok(totals)
}

/// The columns after `round`.
fn parse_header(header: &csv::StringRecord) -> Result<Vec<String>, RoundsError> {
    if header.len() > MAX_COLUMNS {
        return Err(RoundsError::TooManyColumns { found: header.len(), bound: MAX_COLUMNS });
    }
    let mut names = header.iter();
    let columns: Vec<String> = match names.next() {
        Some("round") => names.map(str::to_owned).collect(),
        _ => return Err(RoundsError::Header),
    };
    if columns.is_empty() {
        return Err(RoundsError::Header);
    }
    if columns.len() > 1 && columns.iter().any(|column| column.trim().eq_ignore_ascii_case("total")) {
        return Err(RoundsError::TotalAndNodes);
    }
    let mut seen = HashSet::new();
    match columns.iter().find(|column| !seen.insert(column.as_str())) {
        Some(column) => Err(RoundsError::DuplicateColumn { column: column.clone() }),
        None => Ok(columns),
    }
}

fn check_round(cell: &str, first: u64, index: usize, line: u64) -> Result<u64, RoundsError> {
    let expected = first.saturating_add(wide(index));
    if is_number(cell) && cell.parse() == Ok(expected) {
        return Ok(expected);
    }
    Err(RoundsError::Order { line, text: shorten(cell), expected })
}

fn parse_units(cell: &str) -> Option<u32> {
    if is_number(cell) { cell.parse().ok() } else { None }
}

/// Digits only: Rust's parser also takes a leading plus sign.
fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit())
}

fn shorten(cell: &str) -> String {
    cell.chars().take(80).collect()
}

fn unreadable(error: csv::Error) -> RoundsError {
    RoundsError::Csv { message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::reads_once;

    #[test]
    fn a_table_is_read_once() {
        let rows: String = (5..2_005).map(|round| format!("{round}{}\n", ",7".repeat(50))).collect();
        let text = format!("round{}\n{rows}", (0..50).map(|node| format!(",{node}")).collect::<String>());
        assert_eq!(reads_once(&text, |text| parse_rounds(text, 5, 2_000)), Ok(vec![350; 2_000]));
    }

    fn parse(text: &str) -> Result<Vec<u32>, RoundsError> {
        parse_rounds(text.as_bytes(), 5, 3)
    }

    #[test]
    fn a_row_is_summed_over_its_nodes() {
        assert_eq!(parse("round,a,b\n5,1,2\n6,0,0\n"), Ok(vec![3, 0]));
        assert_eq!(parse("round,total\n5,4294967295\n"), Ok(vec![u32::MAX]));
        assert_eq!(parse("round,total\r\n5,7\r\n"), Ok(vec![7]));
    }

    #[test]
    fn reading_stops_one_past_the_bound() {
        let totals = parse("round,a\n5,1\n6,1\n7,1\n8,1\nnonsense,1\n").unwrap();
        assert_eq!(totals.len(), 4);
    }

    #[test]
    fn headers_are_checked() {
        assert_eq!(parse(""), Err(RoundsError::Header));
        assert_eq!(parse("round\n5\n"), Err(RoundsError::Header));
        assert_eq!(parse("day,a\n5,1\n"), Err(RoundsError::Header));
        assert_eq!(parse("round,a,total\n5,1,1\n"), Err(RoundsError::TotalAndNodes));
        assert_eq!(parse("round,a,Total\n5,1,1\n"), Err(RoundsError::TotalAndNodes));
        assert_eq!(
            parse("round,a,b,a\n5,1,1,1\n"),
            Err(RoundsError::DuplicateColumn { column: "a".to_owned() })
        );
    }

    #[test]
    fn columns_are_bounded() {
        let header = |nodes: usize| -> String { (0..nodes).map(|node| format!(",{node}")).collect() };
        let text = |nodes| format!("round{}\n5{}\n", header(nodes), ",1".repeat(nodes));
        assert_eq!(parse(&text(MAX_COLUMNS - 1)), Ok(vec![MAX_COLUMNS as u32 - 1]));
        let found = MAX_COLUMNS + 1;
        assert_eq!(parse(&text(MAX_COLUMNS)), Err(RoundsError::TooManyColumns { found, bound: MAX_COLUMNS }));
    }

    #[test]
    fn cells_are_checked_and_named() {
        for text in ["", "-1", "+1", "1.0", "4294967296", "one"] {
            let error = parse(&format!("round,a,b\n5,1,2\n6,3,{text}\n")).unwrap_err();
            assert_eq!(error, RoundsError::Units { line: 3, column: "b".to_owned(), text: text.to_owned() });
            assert!(error.to_string().contains("line 3: column `b`"), "{error}");
        }
    }

    #[test]
    fn rounds_must_be_consecutive_from_the_first() {
        for text in ["4", "6", "", "+5", "x"] {
            let error = parse(&format!("round,a\n{text},1\n")).unwrap_err();
            assert_eq!(error, RoundsError::Order { line: 2, text: text.to_owned(), expected: 5 });
        }
        let error = parse("round,a\n5,1\n5,1\n").unwrap_err();
        assert_eq!(error, RoundsError::Order { line: 3, text: "5".to_owned(), expected: 6 });
    }

    #[test]
    fn a_total_past_32_bits_is_refused() {
        let error = parse("round,a,b\n5,4294967295,1\n").unwrap_err();
        assert_eq!(error, RoundsError::Total { line: 2, round: 5, total: 1 << 32 });
    }

    #[test]
    fn uneven_rows_and_bytes_that_are_no_text_are_refused() {
        assert!(matches!(parse("round,a\n5,1,2\n"), Err(RoundsError::Csv { .. })));
        assert!(matches!(parse_rounds(&b"round,a\n5,\xff\n"[..], 5, 3), Err(RoundsError::Csv { .. })));
    }
}
