//! The document's tables, and the values of their keys.

use strsim::osa_distance;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::PolicyFault;
use super::keys::{self, Key, Section};
use super::reader::{At, Reader};
use crate::excerpt::excerpt;

/// Longest key for which a similar one is looked for, in bytes.
const MAX_SIMILAR: usize = 24;
/// How many letters of a key may be mistyped for a similar one to be named.
const MAX_MISTYPED: usize = 2;

/// A table of the document; one without entries if it is missing or refused.
pub(super) struct Table<'r> {
    reader: &'r Reader<'r>,
    name: String,
    at: At,
    entries: Option<&'r DeTable<'r>>,
}

/// A value with its key.
#[derive(Clone, Copy)]
pub(super) struct Value<'t> {
    table: &'t Table<'t>,
    key: &'t str,
    /// Its position in the list that is the key's value, if it is not that value itself.
    index: Option<usize>,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'r> Table<'r> {
    /// The table that is the whole text.
    pub(super) fn top(reader: &'r Reader<'r>) -> Self {
        Self { reader, name: String::new(), at: At::Top, entries: Some(reader.root()) }
    }

    /// What is wrong is told to it.
    pub(super) fn reader(&self) -> &'r Reader<'r> {
        self.reader
    }

    /// The dotted key of one of its values.
    pub(super) fn key(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Adds what is wrong with the table itself.
    pub(super) fn add(&self, fault: PolicyFault) {
        self.reader.add(self.name.clone(), self.at, fault);
    }

    /// The value of a key that need not be there.
    pub(super) fn optional<'t>(&'t self, key: &'t str) -> Option<Value<'t>> {
        let (_, value) = self.entries?.get_key_value(key)?;
        if self.reader.is_garbled(&value.span()) {
            self.reader.refuse(self.key(key));
            return None;
        }
        Some(Value::new(self, key, value))
    }

    /// The value of a key that must be there.
    pub(super) fn value<'t>(&'t self, key: &'t str) -> Option<Value<'t>> {
        if !self.has(key) {
            let (section, _) = self.name.split_once('[').unwrap_or((&self.name, ""));
            let example = keys::find(section, key);
            self.miss(key, PolicyFault::MissingKey { table: self.called(), example });
        }
        self.optional(key)
    }

    /// A table within the top one that must be there, with no other keys than its own.
    pub(super) fn table(&self, section: &'static Section) -> Self {
        if !self.has(section.name) {
            self.miss(section.name, PolicyFault::MissingTable { section });
        }
        let table = self.any_table(section.name);
        table.allow(section.keys);
        table
    }

    /// A table within this one, if there is one of that name, with whatever keys.
    pub(super) fn any_table(&self, key: &str) -> Self {
        let name = self.key(key);
        let value = self.entries.and_then(|entries| entries.get(key));
        match value.map(|value| (value.span().start, value.get_ref())) {
            Some((start, DeValue::Table(entries))) => Self::of(self.reader, name, start, entries),
            other => {
                if let (Some(_), Some(value)) = (other, self.optional(key)) {
                    value.mismatch::<()>("a table");
                }
                Self { reader: self.reader, name, at: At::Nowhere, entries: None }
            }
        }
    }

    /// That table at that offset.
    pub(super) fn of(reader: &'r Reader<'r>, name: String, at: usize, entries: &'r DeTable<'r>) -> Self {
        Self { reader, name, at: At::Offset(at), entries: Some(entries) }
    }

    /// All that it has, by key.
    pub(super) fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let entries = self.entries.into_iter().flat_map(DeTable::iter);
        let entries = entries.filter(|(_, value)| !self.reader.is_garbled(&value.span()));
        entries.map(|(key, value)| Value::new(self, key.get_ref(), value))
    }

    /// Whether it is there to be read.
    pub(super) fn is_there(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether it has that key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|entries| entries.contains_key(key))
    }

    /// Refuses all other keys than these.
    pub(super) fn allow(&self, keys: &'static [Key]) {
        let names = self.entries.into_iter().flat_map(DeTable::keys);
        for key in names.filter(|key| !keys.iter().any(|known| known.name == key.get_ref().as_ref())) {
            let (name, span) = (key.get_ref(), key.span());
            if self.reader.is_garbled(&span) {
                continue;
            }
            let fault = match (self.name.as_str(), name.as_ref()) {
                ("", "weights") => PolicyFault::Weights,
                _ => PolicyFault::UnknownKey { nearest: nearest(name, keys), known: keys },
            };
            self.reader.add(self.key(&excerpt(name)), At::Offset(span.start), fault);
        }
    }

    /// A key is missing: that is a fault if all of the table is there to be seen.
    fn miss(&self, key: &str, fault: PolicyFault) {
        let name = self.key(key);
        if self.entries.is_some() && self.reader.is_whole() {
            let at = match fault {
                PolicyFault::MissingTable { .. } => At::Nowhere,
                _ => self.at,
            };
            self.reader.add(name.clone(), at, fault);
        }
        self.reader.refuse(name);
    }

    /// The table as a message names it.
    fn called(&self) -> String {
        match self.name.split_once('[') {
            _ if self.name.is_empty() => "the top, before the first table".to_owned(),
            Some((list, _)) => format!("this `[[{list}]]`"),
            None => format!("`[{}]`", self.name),
        }
    }
}

impl<'t> Value<'t> {
    fn new(table: &'t Table<'t>, key: &'t str, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { table, key, index: None, value }
    }

    /// Whether all of the text is TOML: only then it can be said what is not there.
    pub(super) fn is_of_whole_text(&self) -> bool {
        self.table.reader().is_whole()
    }

    /// The key that it stands under.
    pub(super) fn key(&self) -> &'t str {
        self.key
    }

    /// Refuses it.
    pub(super) fn refuse<T>(&self, fault: PolicyFault) -> Option<T> {
        // A key is the author's where it is a feature's name, and may be as long as the text.
        let (reader, key) = (self.table.reader(), self.table.key(&excerpt(self.key)));
        let place = self.index.map_or_else(|| key.clone(), |index| format!("{key}[{index}]"));
        reader.add(place, At::Offset(self.value.span().start), fault);
        reader.refuse(key);
        None
    }

    /// Refuses it for its type.
    pub(super) fn mismatch<T>(&self, expected: &'static str) -> Option<T> {
        self.refuse(PolicyFault::Type { expected, found: self.value.get_ref().type_str() })
    }

    /// What stands there, as TOML has it.
    pub(super) fn raw(&self) -> &'t DeValue<'t> {
        self.value.get_ref()
    }

    /// The values of a list.
    pub(super) fn items(&self) -> Option<impl Iterator<Item = Self> + use<'t>> {
        let Self { table, key, value, .. } = *self;
        match value.get_ref() {
            DeValue::Array(items) => Some(items.iter().zip(0..).map(move |(value, at)| Self {
                table,
                key,
                index: Some(at),
                value,
            })),
            _ => self.mismatch("a list"),
        }
    }

    /// The table that this item of a list is.
    pub(super) fn as_table(&self) -> Option<Table<'t>> {
        match self.value.get_ref() {
            DeValue::Table(entries) => {
                let name = format!("{}[{}]", self.table.key(self.key), self.index.unwrap_or_default());
                Some(Table::of(self.table.reader(), name, self.value.span().start, entries))
            }
            _ => self.mismatch("a table"),
        }
    }
}

/// The known key that is closest, if it is close.
fn nearest(key: &str, known: &[Key]) -> Option<&'static str> {
    if key.len() > MAX_SIMILAR {
        return None;
    }
    let distances = known.iter().map(|known| (osa_distance(key, known.name), known.name));
    let (distance, nearest) = distances.min()?;
    let bound = MAX_MISTYPED.min(nearest.len() / 3);
    (distance <= bound).then_some(nearest)
}
