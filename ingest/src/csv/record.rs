//! Where the cells of a CSV record stand.
//!
//! Lenient readers take text after a closing quote as part of the cell, so that whoever escapes quotes by a
//! backslash gets other cells than they wrote. Here a quoted cell ends where its closing quote does.

use std::ops::Range;

use memchr::{memchr, memchr3};

use crate::text::line_ends;

/// A cell: its place in the text, quotes left out, and whether quotes within it are doubled. A record may be
/// a million empty cells, so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    start: u32,
    end: u32,
    pub(super) doubled: bool,
}

impl Cell {
    /// Of a text of a few mebibytes at most, as is bounded where it is read.
    fn new(start: usize, end: usize, doubled: bool) -> Self {
        Self { start: start as u32, end: end as u32, doubled }
    }

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What stands at the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record of so many bytes on so many lines, its line end included.
    Record { bytes: usize, lines: u64 },
    /// The beginning of a record whose end must be read first.
    Beginning,
    /// Text after the closing quote of the last cell found; the first byte of it.
    AfterQuote(u8),
    /// A quoted cell that the text ends in.
    Unclosed,
}

/// Finds the cells of the record at the beginning of `text`, which nothing follows if it `ended`.
pub(super) fn find(text: &[u8], ended: bool, separator: u8, cells: &mut Vec<Cell>) -> Found {
    cells.clear();
    let (mut at, mut lines) = (0, 0);
    loop {
        let end = if text.get(at) == Some(&b'"') {
            match quoted(text, ended, at + 1) {
                Ok(cell) => {
                    lines += line_ends(&text[cell.range()]);
                    cells.push(cell);
                    cell.range().end + 1
                }
                Err(found) => return found,
            }
        } else {
            let Some(end) = unquoted(text, ended, at, separator) else { return Found::Beginning };
            cells.push(Cell::new(at, end, false));
            end
        };
        match (text.get(end), text.get(end + 1)) {
            (None, _) => return Found::Record { bytes: end, lines },
            (Some(b'\n'), _) => return Found::Record { bytes: end + 1, lines: lines + 1 },
            (Some(b'\r'), Some(b'\n')) => return Found::Record { bytes: end + 2, lines: lines + 1 },
            (Some(b'\r'), None) if !ended => return Found::Beginning,
            (Some(b'\r'), _) => return Found::Record { bytes: end + 1, lines: lines + 1 },
            (Some(byte), _) if *byte == separator => at = end + 1,
            (Some(byte), _) => return Found::AfterQuote(*byte),
        }
    }
}

/// The cell whose opening quote stands before `start`.
fn quoted(text: &[u8], ended: bool, start: usize) -> Result<Cell, Found> {
    let unfinished = if ended { Found::Unclosed } else { Found::Beginning };
    let (mut at, mut doubled) = (start, false);
    while let Some(quote) = memchr(b'"', &text[at..]) {
        at += quote + 1;
        match text.get(at) {
            Some(b'"') => (at, doubled) = (at + 1, true),
            None if !ended => return Err(Found::Beginning),
            _ => return Ok(Cell::new(start, at - 1, doubled)),
        }
    }
    Err(unfinished)
}

/// Where the cell without quotes ends that begins at `at`.
fn unquoted(text: &[u8], ended: bool, at: usize, separator: u8) -> Option<usize> {
    match memchr3(separator, b'\n', b'\r', &text[at..]) {
        Some(length) => Some(at + length),
        None => ended.then_some(text.len()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cells of every record; `None` where one is refused.
    fn ours(text: &str) -> Option<Vec<Vec<String>>> {
        let (mut rest, mut cells, mut records) = (text.as_bytes(), Vec::new(), Vec::new());
        loop {
            while let [b'\n' | b'\r', after @ ..] = rest {
                rest = after;
            }
            if rest.is_empty() {
                return Some(records);
            }
            let Found::Record { bytes, .. } = find(rest, true, b',', &mut cells) else { return None };
            let text = |cell: &Cell| {
                let text = std::str::from_utf8(&rest[cell.range()]).expect("text");
                if cell.doubled { text.replace("\"\"", "\"") } else { text.to_owned() }
            };
            records.push(cells.iter().map(text).collect());
            rest = &rest[bytes..];
        }
    }

    fn theirs(text: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader.records().map(|record| record.expect("text").iter().map(str::to_owned).collect()).collect()
    }

    proptest! {
        /// What is read is what the library reads; what it reads and is refused here has text after a quote
        /// or an open one.
        #[test]
        fn cells_are_those_that_another_reader_finds(text in "[ab,\"\n\r\\\\ ]{0,24}") {
            match ours(&text) {
                Some(records) => prop_assert_eq!(records, theirs(&text)),
                None => prop_assert!(text.contains('"')),
            }
        }

        /// A record is found alike however much of the text is there: else more of it is asked for.
        #[test]
        fn a_beginning_is_never_taken_for_a_record(text in "[ab,\"\n\r]{0,16}") {
            let (mut whole, mut part) = (Vec::new(), Vec::new());
            let found = find(text.as_bytes(), true, b',', &mut whole);
            for length in 0..text.len() {
                let early = find(&text.as_bytes()[..length], false, b',', &mut part);
                if early != Found::Beginning {
                    prop_assert_eq!(&early, &found);
                    prop_assert_eq!(&part, &whole);
                }
            }
        }
    }

    #[test]
    fn lines_within_quotes_count() {
        let mut cells = Vec::new();
        let text = b"\"a\r\nb\nc\rd\",2\r\nnext";
        assert_eq!(find(text, true, b',', &mut cells), Found::Record { bytes: 14, lines: 4 });
    }

    #[test]
    fn text_after_a_closing_quote_is_no_part_of_the_cell() {
        let mut cells = Vec::new();
        for (text, byte) in [("1,\"a \\\"b\\\" c\"\n", b'b'), ("1,\"a\"b\n", b'b'), ("1,\"a\" ,2\n", b' ')] {
            assert_eq!(find(text.as_bytes(), false, b',', &mut cells), Found::AfterQuote(byte));
            assert_eq!(cells.len(), 2, "the cell that it follows included");
        }
    }
}
