//! The policy's text as TOML: what stands where, and which lines are not TOML.

use std::iter;
use std::ops::Range;

use fairshare_params::encoding::wide;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::MAX_POLICY_BYTES;
use super::error::{Location, PolicyError, PolicyErrors, Position};
use super::fault::{PolicyFault, SyntaxError};
use crate::excerpt::excerpt;

/// A parsed text. Of a text that is not all TOML there is what the parser could make of it.
pub(super) struct Document<'a> {
    text: &'a str,
    root: DeTable<'a>,
    errors: Vec<Error>,
    lines: Lines,
    /// The lines that the parser refuses, ascending.
    refused: Vec<usize>,
}

/// Longest text of which every error of syntax is told: there may be as many of them as it has bytes, at
/// hundreds of bytes each. No policy that somebody writes is longer.
const ALL_ERRORS_BYTES: usize = 64 << 10;

/// What the library says where a key or table is there already.
const DUPLICATE: &str = "duplicate key";

/// Where every line begins.
struct Lines(Vec<usize>);

impl<'a> Document<'a> {
    /// Parses a text that is not above the bound.
    pub(super) fn parse(text: &'a str) -> Result<Self, PolicyErrors> {
        if wide(text.len()) > MAX_POLICY_BYTES {
            let location = Location { key: String::new(), position: None };
            let fault = PolicyFault::TooLarge { bound: MAX_POLICY_BYTES };
            return Err(PolicyErrors::new(vec![PolicyError::new(location, fault)], 0));
        }
        let (root, errors) = if text.len() <= ALL_ERRORS_BYTES {
            DeTable::parse_recoverable(text)
        } else {
            // Up to its first error.
            DeTable::parse(text).map_or_else(
                |error| (Spanned::new(0..0, DeTable::new()), vec![error]),
                |root| (root, Vec::new()),
            )
        };
        let lines = Lines::of(text);
        let spans = errors.iter().filter_map(Error::span);
        let mut refused: Vec<_> = spans.map(|span| lines.of_offset(span.start)).collect();
        refused.sort_unstable();
        refused.dedup();
        Ok(Self { text, root: root.into_inner(), errors, lines, refused })
    }

    /// The table that is the whole text.
    pub(super) fn root(&self) -> &DeTable<'a> {
        &self.root
    }

    /// Whether all of the text is TOML. If not, something may be there that the parser did not find.
    pub(super) fn is_whole(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that is not TOML, with where it is if that is known.
    pub(super) fn syntax_errors(&self) -> impl Iterator<Item = (Option<usize>, SyntaxError)> {
        self.errors.iter().map(|error| {
            let mut own = error.clone();
            // It would keep the whole text, and print the line.
            own.set_input(None);
            let span = error.span();
            let found = span.clone().and_then(|span| self.text.get(span));
            // Which key is there twice, the library leaves to whoever looks at the line.
            let key = found.filter(|_| own.message() == DUPLICATE).map(excerpt);
            (span.map(|span| span.start), SyntaxError { error: Box::new(own), key })
        })
    }

    /// Whether the parser refuses a line of what stands there: then it is not what its author wrote.
    pub(super) fn is_refused(&self, span: &Range<usize>) -> bool {
        let [first, last] = [span.start, span.end].map(|offset| self.lines.of_offset(offset));
        let next = self.refused.partition_point(|line| *line < first);
        self.refused.get(next).is_some_and(|line| *line <= last)
    }

    /// Where the value of a key stands, if it is there.
    pub(super) fn find(&self, path: &[&str]) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let value = rest.iter().try_fold(self.root.get(*first)?, |value, key| match value.get_ref() {
            DeValue::Table(table) => table.get(*key),
            _ => None,
        });
        value.map(|value| value.span().start)
    }

    /// Line and column of an offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.lines.of_offset(offset);
        let start = self.lines.0.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        Position { line: line.saturating_add(1), column: before.chars().count().saturating_add(1) }
    }
}

impl Lines {
    fn of(text: &str) -> Self {
        let later = text.match_indices('\n').map(|(newline, _)| newline.saturating_add(1));
        Self(iter::once(0).chain(later).collect())
    }

    /// The line of an offset, from 0.
    fn of_offset(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).saturating_sub(1)
    }
}
