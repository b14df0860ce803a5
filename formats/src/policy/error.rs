//! What is told of a policy that is refused: every fault, where it stands, and how to mend it.

use std::error::Error;
use std::fmt;

use super::fault::PolicyFault;

/// Longest line about one error, in bytes: an author's names may be as long as the text.
const MAX_LINE: usize = 1000;

/// A line and a column of the policy's text, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where in a policy: a dotted key, and its position in the text if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The key, `vault.pool` for instance; empty where the text is not even TOML. Of a name longer than 42
    /// characters it has the beginning.
    pub key: String,
    /// Where its value stands. A key that is missing has its table's header, and none if there is no table.
    pub position: Option<Position>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), self.position) {
            ("", None) => f.write_str("policy"),
            ("", Some(Position { line, column })) => write!(f, "line {line}, column {column}"),
            (key, None) => write!(f, "`{key}`"),
            (key, Some(Position { line, column })) => write!(f, "`{key}` (line {line}, column {column})"),
        }
    }
}

/// One thing that is wrong with a policy, and where.
#[derive(Debug)]
pub struct PolicyError {
    location: Location,
    fault: PolicyFault,
}

impl PolicyError {
    pub(super) fn new(location: Location, fault: PolicyFault) -> Self {
        Self { location, fault }
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// What is wrong.
    pub fn fault(&self) -> &PolicyFault {
        &self.fault
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.fault)
    }
}

impl Error for PolicyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

/// All that is wrong with a policy, in the order of its text. Causes are told as well, so it has none itself.
#[derive(Debug)]
pub struct PolicyErrors {
    errors: Vec<PolicyError>,
    more: usize,
}

impl PolicyErrors {
    pub(super) fn new(errors: Vec<PolicyError>, more: usize) -> Self {
        Self { errors, more }
    }

    /// The errors: one or more, and at most [`MAX_ERRORS`](super::MAX_ERRORS).
    pub fn errors(&self) -> impl ExactSizeIterator<Item = &PolicyError> {
        self.errors.iter()
    }

    /// How many more there are.
    pub fn more(&self) -> usize {
        self.more
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([error], 0) = (self.errors.as_slice(), self.more) {
            return f.write_str(&on_one_line(error));
        }
        write!(f, "{} errors:", self.errors.len().saturating_add(self.more))?;
        for error in &self.errors {
            write!(f, "\n  {}", on_one_line(error))?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

impl Error for PolicyErrors {}

/// The error with its causes, cut to [`MAX_LINE`]. What it quotes of the text may hold line breaks and other
/// control characters.
fn on_one_line(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    let mut line = String::new();
    for letter in told.chars() {
        if line.len() >= MAX_LINE {
            line.push('…');
            break;
        }
        if letter.is_control() {
            line.extend(letter.escape_debug());
        } else {
            line.push(letter);
        }
    }
    line
}
