//! `fairshare score data`: what records are worth, step by step.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use fairshare_audit::worth::Worth;
use fairshare_formats::excerpt::escaped;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_prover::score::{BinScore, Examined, FeatureScore, examine, plot};
use fairshare_storage::files::{self, Access};
use num_bigint::BigUint;
use schemars::JsonSchema;
use serde::Serialize;

use super::among::{self, AmongLine, Paid, tokens};
use super::steps;
use crate::args::ScoreDataArgs;
use crate::document::TokenLine;
use crate::document::spelling::{Decimal, RoleName, WeightingName};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, approximate, count, decimal, percent, table, width};
use crate::unmatched::{Found, UnmatchedLine};
use crate::{load, progress};

/// The score of records, and what it is worth.
#[derive(Serialize, JsonSchema)]
pub struct DataScored {
    /// Always `data`.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// Whether the data earns anything.
    earns: bool,
    /// Why it earns nothing, in words; empty if it earns something.
    nothing: Vec<String>,
    /// Records scored.
    records: u32,
    /// The fewest records that the policy pays for.
    min_records: u32,
    /// Divergence of all records, in 1/256 nat.
    #[schemars(with = "Decimal")]
    score: String,
    /// Divergence in nats per record, rounded.
    nats_per_record: f64,
    /// How the policy makes a weight of a score.
    #[schemars(with = "WeightingName")]
    weighting: &'static str,
    /// The most of the score that counts by the cap, in 1/256 nat; null where the policy has no cap.
    #[schemars(with = "Option<Decimal>")]
    most_by_cap: Option<String>,
    /// The score as far as it counts, in 1/256 nat.
    #[schemars(with = "Decimal")]
    counted: String,
    /// The bins that occur in the reference, less one for each feature.
    free_bins: u64,
    /// What chance alone gives on average, in 1/256 nat; without a cap it is not taken off.
    #[schemars(with = "Decimal")]
    bias: String,
    /// What the score is worth before decay: in 1/256 nat, or, without a cap, nats per record in 2^-48.
    #[schemars(with = "Decimal")]
    g: String,
    /// λ of data, as the policy has it.
    lambda: String,
    /// The round of registration that was taken.
    round: u64,
    /// Rounds from the data window's first to that one; null before the window.
    rounds_late: Option<u64>,
    /// By how much data of that round counts, in 2^-64; null outside the window.
    #[schemars(with = "Option<Decimal>")]
    fade: Option<String>,
    /// The weight; 0 if the data earns nothing by itself.
    #[schemars(with = "Decimal")]
    weight: String,
    /// What it is paid among others; null without `--among`.
    among: Option<AmongLine>,
    /// How people read amounts; null where the policy does not say.
    token: Option<TokenLine>,
    /// Each feature's part of the score, in the schema's order.
    features: Vec<FeatureLine>,
    /// What of each column matched nothing in the schema, in its order.
    unmatched: Vec<UnmatchedLine>,
    /// The images that were drawn, in the order of the features; empty without `--plot`.
    plots: Vec<String>,
}

/// A feature's part of the score.
#[derive(Serialize, JsonSchema)]
pub struct FeatureLine {
    /// The feature.
    feature: String,
    /// Its divergence in nats per record, rounded.
    nats_per_record: f64,
    /// Its bins, in the schema's order.
    bins: Vec<BinLine>,
}

/// A bin of a feature.
#[derive(Serialize, JsonSchema)]
pub struct BinLine {
    /// What it is called.
    bin: String,
    /// Records in it.
    records: u32,
    /// Their share of all records, from 0 to 1.
    share: f64,
    /// The share of the smoothed reference, from 0 to 1.
    reference_share: f64,
    /// What it adds to the divergence in nats per record, rounded; below 0 where the reference has more of
    /// it.
    nats_per_record: f64,
}

impl From<&BinScore> for BinLine {
    fn from(bin: &BinScore) -> Self {
        Self {
            bin: bin.name.clone(),
            records: bin.records,
            share: bin.share,
            reference_share: bin.reference_share,
            nats_per_record: bin.nats,
        }
    }
}

impl From<&FeatureScore> for FeatureLine {
    fn from(feature: &FeatureScore) -> Self {
        Self {
            feature: feature.name.clone(),
            nats_per_record: approximate(feature.per_record),
            bins: feature.bins.iter().map(BinLine::from).collect(),
        }
    }
}

pub fn run(args: &ScoreDataArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let spinner = progress::spinner("scoring");
    let examined = examine(&policy, &args.data);
    drop(spinner);
    let Examined { result, features, unmatched } = examined?;
    let found = Found::new(unmatched, policy.schema(), &args.data, &args.unmatched);
    found.check()?;
    let round = args.round.unwrap_or(*policy.data_rounds().start());
    let worth = Worth::of(&policy, result.score, result.records, round);
    let paid = match &args.among {
        Some(path) => Some(among::read(path, &policy, args)?.pay(&worth.weight, args.contributor)),
        None => None,
    };
    if let Some(paid) = &paid {
        paid.warn(&policy);
    }
    let plots = match &args.plot {
        Some(folder) => draw(folder, &features)?,
        None => Vec::new(),
    };
    let seen =
        Seen { policy: &policy, features: &features, found: &found, worth: &worth, paid: paid.as_ref() };
    let scored = seen.describe(&plots);
    output.result(&scored, || seen.text(&scored, args))?;
    Ok(Status::Done)
}

/// Writes an image of each feature, readable by its owner only: they show the histogram.
fn draw(folder: &Path, features: &[FeatureScore]) -> Result<Vec<PathBuf>, CliError> {
    let refuse = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::File { path, source }
    };
    files::create_private_folder(folder).map_err(refuse(folder))?;
    let mut drawn = Vec::new();
    for (index, feature) in features.iter().enumerate() {
        let path = folder.join(plot::file_name(index, feature));
        files::write(&path, plot::svg(feature).as_bytes(), Access::Secret).map_err(refuse(&path))?;
        drawn.push(path);
    }
    Ok(drawn)
}

/// Why nothing is earned: what the data itself lacks, or that its share is too small to be paid.
fn nothing(worth: &Worth, paid: Option<&Paid>) -> Vec<String> {
    let mut nothing: Vec<_> = worth.nothing.iter().map(ToString::to_string).collect();
    let is_unpaid = paid.and_then(|paid| paid.units.as_ref()).is_some_and(|units| *units == BigUint::ZERO);
    if nothing.is_empty() && is_unpaid {
        nothing.push("its share of data's pool is less than one base unit".to_owned());
    }
    nothing
}

/// What is told of the data.
struct Seen<'a> {
    policy: &'a Policy,
    features: &'a [FeatureScore],
    found: &'a Found<'a>,
    worth: &'a Worth,
    paid: Option<&'a Paid>,
}

impl Seen<'_> {
    fn describe(&self, plots: &[PathBuf]) -> DataScored {
        let Self { policy, features, found, worth, paid } = *self;
        let nothing = nothing(worth, paid);
        DataScored {
            role: "data",
            earns: nothing.is_empty(),
            nothing,
            records: worth.records.get(),
            min_records: policy.terms().min_records,
            score: worth.score.to_string(),
            nats_per_record: approximate(worth.per_record),
            weighting: weighting(policy),
            most_by_cap: worth.value.most.map(|most| most.to_string()),
            counted: worth.value.counted.to_string(),
            free_bins: policy.free_bins(),
            bias: worth.value.bias.to_string(),
            g: worth.value.g.to_string(),
            lambda: policy.data_decay().lambda().to_owned(),
            round: worth.round,
            rounds_late: worth.since,
            fade: worth.fade.map(|fade| fade.to_string()),
            weight: worth.weight.to_string(),
            among: paid.map(Paid::line),
            token: policy.token().map(TokenLine::from),
            features: features.iter().map(FeatureLine::from).collect(),
            unmatched: found.lines(),
            plots: plots.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    fn text(&self, scored: &DataScored, args: &ScoreDataArgs) -> String {
        let Self { policy, features, found, worth, paid } = *self;
        let mut parts = vec![
            first_line(policy, paid, &scored.nothing),
            steps::table(policy, worth, paid),
            by_feature(features),
            found.text(),
        ];
        if args.show {
            let drawn = features.iter().map(|feature| plot::text(feature, width()));
            parts.push(format!("{}\n\n{}", plot::LEGEND, drawn.collect::<Vec<_>>().join("\n")));
        }
        if let Some(folder) = &args.plot {
            let plots = count(scored.plots.len(), "image");
            parts.push(format!(
                "{plots} in {}; they show the data's histogram, so keep them to yourself",
                folder.display()
            ));
        }
        parts.join("\n\n")
    }
}

fn weighting(policy: &Policy) -> &'static str {
    match policy.terms().weighting {
        Weighting::Divergence => "divergence",
        Weighting::RecordsDivergence { .. } => "records-divergence",
    }
}

/// What the data earns, or why it earns nothing.
fn first_line(policy: &Policy, paid: Option<&Paid>, nothing: &[String]) -> String {
    if !nothing.is_empty() {
        return format!("This data earns nothing: {}.", nothing.join("; "));
    }
    let Some(paid) = paid else {
        return "This data earns a share; how large it is depends on the weights of others (--among)."
            .to_owned();
    };
    let part = percent(paid.part);
    match &paid.units {
        Some(units) => format!(
            "This data earns {}: {part} of data's pool of {}, among {}.",
            tokens(units, policy),
            paid.pool(policy).unwrap_or_default(),
            paid.whom()
        ),
        None => format!(
            "This data earns {part} of data's pool, among {}; how much that is, is known when the pool is \
             funded.",
            paid.whom()
        ),
    }
}

/// Bins shown of a feature.
const LARGEST: usize = 3;

/// Each feature's part, and the bins that add most.
fn by_feature(features: &[FeatureScore]) -> String {
    let mut table = table(["feature", "nats per record", "bins that add most to it"]);
    align_right(&mut table, 1..2);
    for feature in features {
        let bins = feature.largest(LARGEST);
        let bins: Vec<_> =
            bins.iter().map(|bin| format!("{} +{:.4}", escaped(&bin.name), bin.nats)).collect();
        let nats = decimal(feature.per_record);
        table.add_row([escaped(&feature.name), nats, bins.join(", ")].map(Cell::new));
    }
    format!("By feature; the total is their sum:\n{table}")
}
