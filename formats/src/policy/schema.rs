//! The schema's tables: a feature each, and crossed ones with the names of those that they join.

use std::collections::HashMap;

use fairshare_params::Geometry;
use fairshare_params::schema::{Column, Feature, Rule, Schema, SchemaError};
use toml::Spanned;

use super::check::Reader;
use super::error::{Location, PartError, PolicyError};
use super::raw::{RawFeature, RawKind, RawSchema};
use crate::excerpt::excerpt;

type Result<T> = std::result::Result<T, PolicyError>;
type Tables = [Spanned<RawFeature>];

/// The columns of the tables that no crossed feature has taken yet.
struct Columns<'a> {
    tables: &'a Tables,
    /// Where a name stands first.
    positions: HashMap<&'a str, usize>,
    left: Vec<Option<Column>>,
}

impl Reader<'_> {
    /// The features in the order of their tables, without those that are crossed: these are in the features
    /// that cross them, and have no symbols of their own.
    pub(super) fn schema(&self, raw: &RawSchema, geometry: Geometry) -> Result<Schema> {
        let tables = raw.feature.get_ref();
        Schema::new(self.features(tables)?, geometry.alphabet()).map_err(|source| {
            let location = match faulty_table(&source, tables) {
                Some((index, table)) => self.table_location(index, table, &source),
                None => self.location("schema.feature", &raw.feature),
            };
            PolicyError::Schema { location, source }
        })
    }

    fn features(&self, tables: &Tables) -> Result<Vec<Feature>> {
        let mut columns = Columns::new(tables, self)?;
        let mut crossed = Vec::with_capacity(tables.len());
        for (index, table) in tables.iter().enumerate() {
            let of = table.get_ref().of.as_ref();
            crossed.push(of.map(|of| self.parts(index, of.get_ref(), &mut columns)).transpose()?);
        }
        let tables = tables.iter().zip(columns.left).zip(crossed);
        let features = tables.filter_map(|((table, column), crossed)| match (column, crossed) {
            (Some(column), _) => Some(Feature::Column(column)),
            (None, Some(of)) => Some(Feature::Crossed { name: table.get_ref().name.clone(), of }),
            (None, None) => None,
        });
        Ok(features.collect())
    }

    /// The columns that the crossed feature of table `index` joins.
    fn parts(&self, index: usize, of: &[Spanned<String>], columns: &mut Columns<'_>) -> Result<Vec<Column>> {
        let part = |(place, name): (usize, &Spanned<String>)| {
            columns.take(name.get_ref()).map_err(|source| PolicyError::Part {
                location: self.location(&format!("schema.feature[{index}].of[{place}]"), name),
                source,
            })
        };
        of.iter().enumerate().map(part).collect()
    }

    /// A table's column; none if it has a crossed feature.
    fn column(&self, index: usize, table: &Spanned<RawFeature>) -> Result<Option<Column>> {
        let raw = table.get_ref();
        let rule = match (raw.kind.get_ref(), &raw.labels, &raw.edges, &raw.of) {
            (RawKind::Categorical, Some(labels), None, None) => {
                Ok(Some(Rule::Categorical { labels: labels.get_ref().clone() }))
            }
            (RawKind::Numeric, None, Some(edges), None) => {
                Ok(Some(Rule::Numeric { edges: edges.get_ref().iter().map(|edge| edge.0).collect() }))
            }
            (RawKind::Crossed, None, None, Some(_)) => Ok(None),
            (RawKind::Categorical, ..) => Err("a categorical feature has `labels` and no `edges` or `of`"),
            (RawKind::Numeric, ..) => Err("a numeric feature has `edges` and no `labels` or `of`"),
            (RawKind::Crossed, ..) => Err("a crossed feature has `of` and no `labels` or `edges`"),
        };
        let rule = rule.map_err(|problem| {
            let location = self.location(&format!("schema.feature[{index}].kind"), &raw.kind);
            PolicyError::FeatureKeys { location, problem }
        })?;
        Ok(rule.map(|rule| Column { name: raw.name.clone(), rule }))
    }

    /// Where the table stands; its list of parts, if the error is about it.
    fn table_location(
        &self,
        index: usize,
        table: &Spanned<RawFeature>,
        error: &SchemaError,
    ) -> Box<Location> {
        match (error, &table.get_ref().of) {
            (SchemaError::FewParts { .. } | SchemaError::TooManyBins { .. }, Some(of)) => {
                self.location(&format!("schema.feature[{index}].of"), of)
            }
            _ => self.location(&format!("schema.feature[{index}]"), table),
        }
    }
}

impl<'a> Columns<'a> {
    fn new(tables: &'a Tables, reader: &Reader<'_>) -> Result<Self> {
        let mut positions = HashMap::new();
        let mut left = Vec::with_capacity(tables.len());
        for (index, table) in tables.iter().enumerate() {
            positions.entry(table.get_ref().name.as_str()).or_insert(index);
            left.push(reader.column(index, table)?);
        }
        Ok(Self { tables, positions, left })
    }

    /// The column of that name, which is nobody else's from now on.
    fn take(&mut self, part: &str) -> std::result::Result<Column, PartError> {
        let named = || excerpt(part);
        let table = self.positions.get(part).and_then(|at| self.tables.get(*at).zip(self.left.get_mut(*at)));
        let (table, column) = table.ok_or_else(|| PartError::Unknown { part: named() })?;
        column.take().ok_or_else(|| match table.get_ref().kind.get_ref() {
            RawKind::Crossed => PartError::Crossed { part: named() },
            RawKind::Categorical | RawKind::Numeric => PartError::Twice { part: named() },
        })
    }
}

/// The table that a schema's error is about, with its position; of two with one name, the second.
fn faulty_table<'a>(error: &SchemaError, tables: &'a Tables) -> Option<(usize, &'a Spanned<RawFeature>)> {
    let (name, last) = match error {
        SchemaError::Unnamed => ("", false),
        SchemaError::DuplicateFeature { name } => (name.as_str(), true),
        SchemaError::DuplicateLabel { feature, .. }
        | SchemaError::EmptyLabel { feature }
        | SchemaError::NoBins { feature }
        | SchemaError::UnsortedEdges { feature, .. }
        | SchemaError::FewParts { feature, .. }
        | SchemaError::TooManyBins { feature, .. } => (feature.as_str(), false),
        _ => return None,
    };
    let named = |(_, table): &(usize, &Spanned<RawFeature>)| table.get_ref().name == name;
    let mut all = tables.iter().enumerate();
    if last { all.rfind(named) } else { all.find(named) }
}
