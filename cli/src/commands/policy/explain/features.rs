//! What a policy looks at in a record.

use fairshare_formats::excerpt::excerpt;
use fairshare_params::policy::Policy;
use fairshare_params::schema::{BinName, Feature, Rule};
use schemars::JsonSchema;
use serde::Serialize;

use super::example::rarest;

/// A feature of a record, under the reference.
#[derive(Serialize, JsonSchema)]
pub struct FeatureLine {
    /// Its name.
    pub name: String,
    /// `categorical`, `numeric` or `crossed`.
    pub kind: &'static str,
    /// The columns that it is made of, each with the number of its bins.
    pub columns: Vec<ColumnLine>,
    /// Its bins.
    pub bins: usize,
    /// The bin that occurs most in the reference.
    pub most: BinLine,
    /// The bin that occurs least, of those that occur at all.
    pub least: BinLine,
    /// The most that a record diverges by in this feature, in nats: by the rarest bin, empty ones included.
    pub reach: f64,
}

/// A column.
#[derive(Serialize, JsonSchema)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// Its bins.
    pub bins: usize,
}

/// A bin under the reference.
#[derive(Serialize, JsonSchema)]
pub struct BinLine {
    /// What falls into it.
    pub bin: String,
    /// Its share of the smoothed reference.
    pub share: f64,
    /// What a record with this value diverges by, if all records have it, in nats.
    pub nats: f64,
}

/// All features, in the policy's order.
pub fn of(policy: &Policy) -> Vec<FeatureLine> {
    let features = policy.schema().features().iter().zip(policy.feature_references());
    features.map(|(feature, reference)| line(feature, reference, policy.pseudo_count())).collect()
}

fn line(feature: &Feature, reference: &[u32], pseudo_count: u32) -> FeatureLine {
    let total: f64 = reference.iter().map(|count| f64::from(*count)).sum();
    let bin = |index: usize| {
        // Every count is 1 or more after smoothing.
        let share = f64::from(reference.get(index).copied().unwrap_or(1)) / total;
        BinLine { bin: name(feature, index), share, nats: -share.ln() }
    };
    let by_count = |(_, count): &(usize, &u32)| **count;
    let most = reference.iter().enumerate().max_by_key(by_count).map_or(0, |(index, _)| index);
    let fewest = reference.iter().min().copied().unwrap_or(1);
    FeatureLine {
        name: excerpt(feature.name()),
        kind: match feature {
            Feature::Crossed { .. } => "crossed",
            Feature::Column(column) => match column.rule {
                Rule::Categorical { .. } => "categorical",
                Rule::Numeric { .. } => "numeric",
            },
        },
        columns: feature
            .columns()
            .iter()
            .map(|column| ColumnLine { name: excerpt(&column.name), bins: column.bins() })
            .collect(),
        bins: feature.bins(),
        most: bin(most),
        least: bin(rarest(reference, pseudo_count).unwrap_or_default()),
        reach: (total / f64::from(fewest)).ln(),
    }
}

/// What falls into a bin; of a label that is long, its beginning.
fn name(feature: &Feature, bin: usize) -> String {
    let names = feature.parts(bin).filter_map(|(column, bin)| column.bin_name(bin));
    let named = names.map(|name| match name {
        BinName::Label(label) => format!("\"{}\"", excerpt(label)),
        other => other.to_string(),
    });
    named.collect::<Vec<_>>().join(" × ")
}
