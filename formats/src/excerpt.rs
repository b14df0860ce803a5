//! What a message quotes of an outsider's text: on one line, cut short, and never the terminal's problem.

use std::fmt;

/// Longest excerpt of a cell or a name in a message, in characters: an address is whole.
const EXCERPT: usize = 42;
/// Most column names that a message lists.
const NAMES: usize = 50;

/// A cell as a message shows it: on one line, control characters escaped, cut to 42 characters.
pub fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(EXCERPT).flat_map(char::escape_debug).collect();
    if text.chars().nth(EXCERPT).is_some() {
        shown.push('…');
    }
    shown
}

/// Columns' names as a message lists them: the first fifty, each cut to 42 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    listed: Vec<String>,
    more: usize,
}

impl Names {
    /// Of these columns.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = names.into_iter();
        let listed = names.by_ref().take(NAMES).map(excerpt).collect();
        Self { listed, more: names.count() }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.listed.iter().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}
