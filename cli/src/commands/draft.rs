//! `fairshare policy draft`: a policy from data.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fairshare_draft::{Drafted, Figures, Options, Part, Placeholder, Remark, Terms, draft};
use fairshare_formats::excerpt::excerpt;
use fairshare_formats::policy::{POLICY_FILE, side_file_hash};
use fairshare_formats::units::Rounds;
use fairshare_ingest::named_files;
use fairshare_ingest::units::read_any_units;
use fairshare_ingest::unmatched::Unmatched;
use fairshare_params::policy::NamedParameters;
use fairshare_params::schema::{Feature, Rule};
use fairshare_storage::files::{self, Access};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::DraftArgs;
use crate::document::spelling::{Decimal, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, count, list, table, thousands};
use crate::{load, progress};

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// A policy drafted from data.
#[derive(Serialize, JsonSchema)]
pub struct Draft {
    /// The policy's file.
    policy: String,
    /// The reference's file beside it.
    reference: String,
    /// That file's hash, as the policy names it.
    #[schemars(with = "Hash")]
    reference_hash: String,
    /// Records of the reference.
    records: u64,
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: &'static str,
    /// Symbols of all features together, padding included.
    symbols: usize,
    /// Bins that chance has half a nat for, each: those that occur, less one for each feature.
    free_bins: u64,
    /// Records of the smallest contribution that is expected.
    expected_records: u64,
    /// Nats per record that chance alone makes of so many records.
    bias: f64,
    /// The most that a record can weigh on average, in nats.
    cap: String,
    /// The fewest records that are paid for.
    min_records: u32,
    /// λ of data.
    lambda: String,
    /// λ of computing power.
    compute_lambda: String,
    /// What is added to every bin of the reference.
    pseudo_count: u32,
    /// The features, in order.
    features: Vec<FeatureLine>,
    /// The parts under the policy, in the order given.
    parts: Vec<PartLine>,
    /// What was seen in the data.
    remarks: Vec<RemarkLine>,
    /// What has to be set before the policy is used.
    to_set: Vec<SettingLine>,
}

/// A feature.
#[derive(Serialize, JsonSchema)]
struct FeatureLine {
    /// Its name, that of its column.
    name: String,
    /// `categorical` or `numeric`.
    kind: &'static str,
    /// Its bins, those of any other label and of missing values included.
    bins: usize,
    /// The share of the reference's records with another label than those listed; null of numbers.
    other: Option<f64>,
    /// The share of the reference's records without a value.
    missing: f64,
}

/// A part under the policy.
#[derive(Serialize, JsonSchema)]
struct PartLine {
    /// Its file.
    file: String,
    /// Its records.
    records: u64,
    /// Divergence of all records, in 1/256 nat.
    #[schemars(with = "Decimal")]
    score: String,
    /// Divergence in nats per record, rounded.
    nats_per_record: f64,
    /// What counts of it before decay, in 1/256 nat; 0 earns nothing.
    #[schemars(with = "Decimal")]
    worth: String,
}

/// Something that was seen in the data.
#[derive(Serialize, JsonSchema)]
struct RemarkLine {
    /// What it is, in short.
    kind: &'static str,
    /// The columns that it is about; none for the data as a whole.
    columns: Vec<String>,
    /// Whether the first of them was left out for it.
    left_out: bool,
    /// What was seen, and what to do about it.
    message: String,
}

/// A key that has to be set before the policy is used.
#[derive(Serialize, JsonSchema)]
struct SettingLine {
    /// The key.
    key: &'static str,
    /// The option that sets it.
    option: &'static str,
    /// What to put there.
    message: &'static str,
}

pub fn run(args: &DraftArgs, output: Output) -> Result<Status, CliError> {
    let reference = reference_path(&args.out)?;
    let data = [named_files(&args.data)?, named_files(&args.reference_from)?].concat();
    let inputs = data.iter().chain(&args.units).chain(&args.params);
    for path in [&args.out, &reference] {
        load::check_output(path, inputs.clone().map(PathBuf::as_path))?;
        if path.exists() && !args.replace {
            return Err(CliError::DraftStands { path: path.clone() });
        }
    }
    let options = options(args, &reference)?;
    let spinner = progress::spinner("reading the data, twice");
    let drafted = draft(&options)?;
    drop(spinner);
    // The policy last: until it stands, nothing names the counts.
    for (path, text) in [(&reference, &drafted.reference), (&args.out, &drafted.text)] {
        files::write(path, text.as_bytes(), Access::Public)
            .map_err(|source| CliError::File { path: path.clone(), source })?;
    }
    let document = Draft::of(&drafted, &args.out, &reference);
    output.result(&document, || describe(&document, &drafted))?;
    Ok(Status::Done)
}

/// `reference.json` beside `policy.toml`, and `NAME.reference.json` beside any other `NAME.toml`.
fn reference_path(policy: &Path) -> Result<PathBuf, CliError> {
    let named = policy.file_name().and_then(|name| name.to_str());
    let Some(name) = named else { return Err(CliError::DraftName { path: policy.to_owned() }) };
    let own = match name {
        POLICY_FILE => "reference.json".to_owned(),
        name => format!("{}.reference.json", name.strip_suffix(".toml").unwrap_or(name)),
    };
    Ok(policy.with_file_name(own))
}

fn options(args: &DraftArgs, reference: &Path) -> Result<Options, CliError> {
    let parameters = match &args.params {
        Some(path) => {
            let srs = load::params(path)?;
            if srs.is_insecure() {
                NamedParameters::InsecureDevelopment
            } else {
                NamedParameters::Digest(srs.digest())
            }
        }
        None => NamedParameters::InsecureDevelopment,
    };
    Ok(Options {
        data: args.data.iter().cloned().map(Into::into).collect(),
        reference_from: args.reference_from.iter().cloned().map(Into::into).collect(),
        leave_out: args.leave_out.clone(),
        categorical: args.categorical.clone(),
        accept_unmatched: args.unmatched.accept_unmatched,
        warn_unmatched: args.unmatched.warn_unmatched,
        expected_records: args.records,
        geometry: args.geometry,
        parameters,
        terms: terms(args)?,
        reference_file: reference.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    })
}

fn terms(args: &DraftArgs) -> Result<Terms, CliError> {
    let given = &args.terms;
    let rounds = args.units.as_deref().map(rounds).transpose()?;
    Ok(Terms {
        chain_id: given.chain_id,
        vault: given.vault,
        registry: given.registry,
        settlement: given.settlement,
        subnet: given.subnet.clone(),
        epoch: given.epoch,
        pool: given.pool,
        rounds,
        ends_by: given.ends_by.unwrap_or_else(in_a_year),
        ends_by_assumed: given.ends_by.is_none(),
        proving_seconds: given.proving_seconds,
        data_lambda: given.lambda.clone(),
        compute_lambda: given.compute_lambda.clone(),
        min_records: given.min_records,
        cap: given.cap.clone(),
        pseudo_count: given.pseudo_count,
    })
}

/// The first round of a table of units, and how many there are.
fn rounds(units: &Path) -> Result<(u64, u32), CliError> {
    let units = read_any_units(units)?;
    let Rounds { first, count } = Rounds { first: units.first_round(), count: units.totals().len() };
    Ok((first, u32::try_from(count).unwrap_or(u32::MAX)))
}

/// The beginning of the day a year from now.
fn in_a_year() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    (now + YEAR) / DAY * DAY
}

impl Draft {
    fn of(drafted: &Drafted, policy: &Path, reference: &Path) -> Self {
        let Figures { pseudo_count, free_bins, cap, min_records, data_lambda, compute_lambda } =
            &drafted.figures;
        let features = drafted.policy.schema().features().iter().zip(&drafted.unmatched);
        Self {
            policy: policy.display().to_string(),
            reference: reference.display().to_string(),
            reference_hash: side_file_hash(drafted.reference.as_bytes()).to_string(),
            records: drafted.reference_records,
            geometry: drafted.policy.geometry().name(),
            symbols: drafted.policy.schema().symbol_count(),
            free_bins: *free_bins,
            expected_records: drafted.expected_records,
            bias: drafted.figures.bias(drafted.expected_records),
            cap: cap.clone(),
            min_records: *min_records,
            lambda: data_lambda.clone(),
            compute_lambda: compute_lambda.clone(),
            pseudo_count: *pseudo_count,
            features: features.map(|(feature, unmatched)| FeatureLine::of(feature, unmatched)).collect(),
            parts: drafted.parts.iter().map(PartLine::of).collect(),
            remarks: drafted.remarks.iter().map(RemarkLine::of).collect(),
            to_set: drafted.placeholders.iter().map(SettingLine::of).collect(),
        }
    }
}

impl FeatureLine {
    fn of(feature: &Feature, unmatched: &Unmatched) -> Self {
        let labels = feature.columns().iter().any(|column| matches!(column.rule, Rule::Categorical { .. }));
        Self {
            name: feature.name().to_owned(),
            kind: if labels { "categorical" } else { "numeric" },
            bins: feature.bins(),
            other: unmatched.other.map(|_| unmatched.other_share()),
            missing: unmatched.missing_share(),
        }
    }
}

impl PartLine {
    fn of(part: &Part) -> Self {
        Self {
            file: part.path.display().to_string(),
            records: part.records,
            score: part.score.to_string(),
            nats_per_record: part.nats_per_record,
            worth: part.worth.to_string(),
        }
    }
}

impl RemarkLine {
    fn of(remark: &Remark) -> Self {
        Self {
            kind: remark.finding.name(),
            columns: remark.columns.clone(),
            left_out: remark.finding.is_left_out(),
            message: remark.to_string(),
        }
    }
}

impl SettingLine {
    fn of(placeholder: &Placeholder) -> Self {
        let Placeholder { key, remedy, option } = placeholder;
        Self { key, option, message: remedy }
    }
}

fn describe(draft: &Draft, drafted: &Drafted) -> String {
    let left_out = drafted.remarks.iter().filter(|remark| remark.finding.is_left_out()).count();
    let head = list(&[
        ("policy", format!("{}: valid", draft.policy)),
        ("reference", format!("{}, {}", draft.reference, count_records(draft.records))),
        ("features", format!("{}, {} left out", draft.features.len(), count(left_out, "column"))),
        (
            "bins",
            format!(
                "{} free ones: chance makes {:.4} nats per record of {}",
                draft.free_bins,
                draft.bias,
                count_records(draft.expected_records)
            ),
        ),
        ("cap", format!("{} nats per record", draft.cap)),
        ("least records", thousands(draft.min_records)),
        ("geometry", draft.geometry.to_owned()),
    ]);
    let mut text = format!("{head}\n\n{}\n\n{}\n", features(draft), parts(draft));
    for (title, lines) in [
        ("remarks", drafted.remarks.iter().map(Remark::to_string).collect::<Vec<_>>()),
        ("to set before it is used", drafted.placeholders.iter().map(Placeholder::to_string).collect()),
    ] {
        if !lines.is_empty() {
            text.push_str(&format!(
                "\n{title}\n{}\n",
                lines.iter().map(|line| item(line)).collect::<String>()
            ));
        }
    }
    text
}

fn count_records(records: u64) -> String {
    count(usize::try_from(records).unwrap_or(usize::MAX), "record")
}

/// A remark on lines of its own.
fn item(line: &str) -> String {
    let options = textwrap::Options::new(100).initial_indent("  - ").subsequent_indent("    ");
    format!("{}\n", textwrap::fill(line, options))
}

fn features(draft: &Draft) -> String {
    let mut rows = table(["feature", "kind", "bins", "other", "missing"]);
    for line in &draft.features {
        rows.add_row([
            excerpt(&line.name),
            line.kind.to_owned(),
            line.bins.to_string(),
            line.other.map(percent).unwrap_or_default(),
            percent(line.missing),
        ]);
    }
    align_right(&mut rows, [2, 3, 4]);
    rows.to_string()
}

fn parts(draft: &Draft) -> String {
    let mut rows = table(["part", "records", "nats per record", "earns"]);
    for line in &draft.parts {
        let earns = if line.worth == "0" { "nothing" } else { "a share" };
        rows.add_row([
            crate::output::file_cell(&line.file),
            thousands(line.records).into(),
            format!("{:.4}", line.nats_per_record).into(),
            earns.into(),
        ]);
    }
    align_right(&mut rows, [1, 2]);
    rows.to_string()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
