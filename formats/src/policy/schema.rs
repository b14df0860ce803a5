//! The schema's tables: a feature each, and crossed ones with the names of those that they join.

use std::collections::HashMap;

use fairshare_params::Geometry;
use fairshare_params::schema::{Column, Feature, Rule, Schema, SchemaError};

use super::fault::{PartError, PolicyFault};
use super::keys::{FEATURE, SCHEMA};
use super::table::{Table, Value};
use crate::excerpt::excerpt;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Categorical,
    Numeric,
    Crossed,
}

const KINDS: [(&str, Kind); 3] =
    [("categorical", Kind::Categorical), ("numeric", Kind::Numeric), ("crossed", Kind::Crossed)];

/// A table, read by itself.
struct Written<'t> {
    table: &'t Table<'t>,
    name: &'t str,
    rule: Ruled<'t>,
}

/// What a feature's values become bins by.
enum Ruled<'t> {
    Column(Rule),
    /// The names of the parts, each where it stands.
    Crossed(Vec<(&'t str, Value<'t>)>),
}

/// The features in the order of their tables, without those that are crossed: these are in the features that
/// cross them, and have no symbols of their own.
pub(super) fn schema(top: &Table<'_>, geometry: Option<Geometry>) -> Option<Schema> {
    let schema = top.table(&SCHEMA);
    let features = schema.value("feature")?;
    let tables: Vec<_> = features.items()?.map(|item| item.as_table()).collect();
    let written: Vec<_> = tables.iter().map(|table| Written::read(table.as_ref()?)).collect();
    // A feature that is not there could be a part, or have the counts of the reference.
    if !top.reader().is_whole() {
        return None;
    }
    let written = written.into_iter().collect::<Option<Vec<_>>>()?;
    let alphabet = geometry.unwrap_or(Geometry::LARGE).alphabet();
    match Schema::new(joined(&written)?, alphabet) {
        Ok(schema) => Some(schema),
        Err(SchemaError::TooManyBins { .. } | SchemaError::TooManySymbols { .. }) if geometry.is_none() => {
            None
        }
        Err(error) => refuse(&features, &written, error),
    }
}

impl<'t> Written<'t> {
    fn read(table: &'t Table<'t>) -> Option<Self> {
        table.allow(FEATURE.keys);
        let name = table.value("name").and_then(|value| value.text());
        let kind = table.value("kind");
        let read = kind.and_then(|value| value.choice(KINDS));
        let labels =
            table.optional("labels").map(|value| value.list(|label| label.text().map(str::to_owned)));
        let edges = table.optional("edges").map(|value| value.list(Value::edge));
        let of = table.optional("of").map(|value| value.list(|part| Some((part.text()?, *part))));
        let rule = match (read?, labels, edges, of) {
            (Kind::Categorical, Some(labels), None, None) => {
                Ruled::Column(Rule::Categorical { labels: labels? })
            }
            (Kind::Numeric, None, Some(edges), None) => Ruled::Column(Rule::Numeric { edges: edges? }),
            (Kind::Crossed, None, None, Some(of)) => Ruled::Crossed(of?),
            (kind_read, ..) => return refuse_keys(kind_read, &kind?),
        };
        let written = Self { table, name: name?, rule };
        written.check_alone()?;
        Some(written)
    }

    fn column(&self) -> Option<Column> {
        match &self.rule {
            Ruled::Column(rule) => Some(Column { name: self.name.to_owned(), rule: rule.clone() }),
            Ruled::Crossed(_) => None,
        }
    }

    /// What is wrong with a column whatever the others are, so that it is told of all of them at once.
    fn check_alone(&self) -> Option<()> {
        let Some(column) = self.column() else { return Some(()) };
        match Schema::new(vec![Feature::Column(column)], usize::MAX) {
            Ok(_) => Some(()),
            Err(error) => self.refuse(error),
        }
    }

    /// Refuses the value that the error is about.
    fn refuse<T>(&self, error: SchemaError) -> Option<T> {
        let list = if self.table.has("labels") { "labels" } else { "edges" };
        let key = match error {
            SchemaError::Unnamed | SchemaError::DuplicateFeature { .. } => "name",
            SchemaError::FewParts { .. } | SchemaError::TooManyBins { .. } => "of",
            _ => list,
        };
        let value = self.table.optional(key)?;
        let item = match error {
            SchemaError::UnsortedEdges { index, .. } => value.items().and_then(|mut items| items.nth(index)),
            _ => None,
        };
        item.unwrap_or(value).refuse(PolicyFault::Schema(error))
    }
}

fn refuse_keys<T>(kind: Kind, value: &Value<'_>) -> Option<T> {
    let problem = match kind {
        Kind::Categorical => "a categorical feature has `labels` and no `edges` or `of`",
        Kind::Numeric => "a numeric feature has `edges` and no `labels` or `of`",
        Kind::Crossed => "a crossed feature has `of` and no `labels` or `edges`",
    };
    if !value.is_of_whole_text() {
        return None;
    }
    value.refuse(PolicyFault::FeatureKeys { problem })
}

/// The features, each crossed one with its parts.
fn joined(written: &[Written<'_>]) -> Option<Vec<Feature>> {
    let mut columns = Columns::of(written);
    let mut crossed = Vec::with_capacity(written.len());
    for feature in written {
        crossed.push(match &feature.rule {
            Ruled::Column(_) => Some(None),
            Ruled::Crossed(parts) => columns.take_all(parts).map(Some),
        });
    }
    let crossed = crossed.into_iter().collect::<Option<Vec<_>>>()?;
    let features = written.iter().zip(columns.left).zip(crossed);
    let features = features.filter_map(|((feature, column), crossed)| match (column, crossed) {
        (Some(column), _) => Some(Feature::Column(column)),
        (None, Some(of)) => Some(Feature::Crossed { name: feature.name.to_owned(), of }),
        (None, None) => None,
    });
    Some(features.collect())
}

/// The columns of the tables that no crossed feature has taken yet.
struct Columns<'w> {
    written: &'w [Written<'w>],
    /// Where a name stands first.
    positions: HashMap<&'w str, usize>,
    left: Vec<Option<Column>>,
}

impl<'w> Columns<'w> {
    fn of(written: &'w [Written<'w>]) -> Self {
        let mut positions = HashMap::new();
        for (index, feature) in written.iter().enumerate() {
            positions.entry(feature.name).or_insert(index);
        }
        Self { written, positions, left: written.iter().map(Written::column).collect() }
    }

    /// The columns of these names; all those are refused that cannot be had.
    fn take_all(&mut self, parts: &[(&str, Value<'_>)]) -> Option<Vec<Column>> {
        let columns = parts.iter().map(|(name, value)| match self.take(name) {
            Ok(column) => Some(column),
            Err(error) => value.refuse(PolicyFault::Part(error)),
        });
        let columns: Vec<_> = columns.collect();
        columns.into_iter().collect()
    }

    /// The column of that name, which is nobody else's from now on.
    fn take(&mut self, part: &str) -> Result<Column, PartError> {
        let named = || excerpt(part);
        let feature =
            self.positions.get(part).and_then(|at| self.written.get(*at).zip(self.left.get_mut(*at)));
        let (feature, column) = feature.ok_or_else(|| PartError::Unknown { part: named() })?;
        column.take().ok_or_else(|| match feature.rule {
            Ruled::Crossed(_) => PartError::Crossed { part: named() },
            Ruled::Column(_) => PartError::Twice { part: named() },
        })
    }
}

/// Refuses the table that the error is about, of two with one name the second; the list of them, if it is
/// about all.
fn refuse<T>(features: &Value<'_>, written: &[Written<'_>], error: SchemaError) -> Option<T> {
    let (name, last) = match &error {
        SchemaError::DuplicateFeature { name } => (name.as_str(), true),
        SchemaError::FewParts { feature, .. } | SchemaError::TooManyBins { feature, .. } => {
            (feature.as_str(), false)
        }
        SchemaError::Unnamed => ("", false),
        _ => return features.refuse(PolicyFault::Schema(error)),
    };
    let mut named = written.iter().filter(|feature| feature.name == name);
    let feature = if last { named.next_back() } else { named.next() };
    match feature {
        Some(feature) => feature.refuse(error),
        None => features.refuse(PolicyFault::Schema(error)),
    }
}
