//! Collects everything that is wrong with a document.
//!
//! What is refused reads as nothing, and its key is kept: no error is told that depends on it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use toml::de::DeTable;

use super::MAX_ERRORS;
use super::document::Document;
use super::error::{Location, PolicyError, PolicyErrors};
use super::fault::PolicyFault;
use crate::excerpt::excerpt;

/// A document, and what is wrong with it so far.
pub(super) struct Reader<'a> {
    document: &'a Document<'a>,
    faults: RefCell<Faults>,
    refused: RefCell<HashSet<String>>,
}

/// Faults as they are found: in any order, never many more than are told.
#[derive(Default)]
struct Faults {
    kept: Vec<Found>,
    more: usize,
}

struct Found {
    key: String,
    at: At,
    fault: PolicyFault,
}

/// Where a fault is, in the order in which faults are told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// Something is missing that belongs to the top.
    Top,
    /// At this offset.
    Offset(usize),
    /// A whole table is missing, or the place is unknown.
    Nowhere,
}

impl Faults {
    fn push(&mut self, found: Found) {
        self.kept.push(found);
        if self.kept.len() >= MAX_ERRORS.saturating_mul(4) {
            self.cut();
        }
    }

    /// Sorts them and keeps as many as are told.
    fn cut(&mut self) {
        self.kept.sort_by_key(|found| found.at);
        self.more = self.more.saturating_add(self.kept.len().saturating_sub(MAX_ERRORS));
        self.kept.truncate(MAX_ERRORS);
    }
}

impl<'a> Reader<'a> {
    /// A reader of that document.
    pub(super) fn new(document: &'a Document<'a>) -> Self {
        Self { document, faults: RefCell::default(), refused: RefCell::default() }
    }

    /// Adds everything that is not TOML.
    pub(super) fn add_syntax(&self) {
        for (offset, error) in self.document.syntax_errors() {
            let at = offset.map_or(At::Nowhere, At::Offset);
            self.add(String::new(), at, PolicyFault::Syntax(error));
        }
    }

    /// The table that is the whole text.
    pub(super) fn root(&self) -> &DeTable<'a> {
        self.document.root()
    }

    /// Whether a line of what stands there is not TOML.
    pub(super) fn is_garbled(&self, span: &Range<usize>) -> bool {
        self.document.is_refused(span)
    }

    /// Whether all of the text is TOML: only then it can be said what is not there.
    pub(super) fn is_whole(&self) -> bool {
        self.document.is_whole()
    }

    /// Adds what is wrong with a key.
    pub(super) fn add(&self, key: String, at: At, fault: PolicyFault) {
        self.faults.borrow_mut().push(Found { key, at, fault });
    }

    /// Adds what is wrong with the value at the first of these paths that there is.
    pub(super) fn add_at(&self, paths: &[&[&str]], fault: PolicyFault) {
        let found = paths.iter().find_map(|path| self.document.find(path).map(|offset| (*path, offset)));
        match found {
            Some((path, offset)) => {
                let keys: Vec<_> = path.iter().map(|key| excerpt(key)).collect();
                self.add(keys.join("."), At::Offset(offset), fault);
            }
            None => self.add(String::new(), At::Nowhere, fault),
        }
    }

    /// Notes that there is no value to that key, for whatever reason.
    pub(super) fn refuse(&self, key: String) {
        self.refused.borrow_mut().insert(key);
    }

    /// Whether there is no value to that key.
    pub(super) fn is_refused(&self, key: &str) -> bool {
        self.refused.borrow().contains(key)
    }

    /// The policy, or all that is wrong with it.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, PolicyErrors> {
        let mut faults = self.faults.into_inner();
        if let (Some(read), true) = (read, faults.kept.is_empty()) {
            return Ok(read);
        }
        faults.cut();
        let errors = faults.kept.into_iter().map(|Found { key, at, fault }| {
            let position = match at {
                At::Offset(offset) => Some(self.document.position(offset)),
                At::Top | At::Nowhere => None,
            };
            PolicyError::new(Location { key, position }, fault)
        });
        Err(PolicyErrors::new(errors.collect(), faults.more))
    }
}
