//! `fairshare policy`: the epoch's rules.

use std::path::{Path, PathBuf};

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::{PolicyError, side_file_hash};
use fairshare_ingest::{Records, reference};
use fairshare_params::policy::{Policy, Weighting};
use fairshare_params::reference::Reference;
use fairshare_params::schema::Feature;
use fairshare_storage::files::{self, Access};
use fairshare_storage::policy::PolicyFileError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{PolicyCommand, ReferenceArgs};
use crate::document::spelling::{Checksummed, Decimal, GeometryName, Hash};
use crate::error::{CliError, Status, one_line};
use crate::output::{Output, list, notice, thousands};
use crate::{load, progress};

pub fn run(command: &PolicyCommand, output: Output) -> Result<Status, CliError> {
    match command {
        PolicyCommand::Check { policy } => check(policy, output),
        PolicyCommand::Reference(args) => make_reference(args, output),
    }
}

/// Fewer records than these are warned of.
const FEW_RECORDS: u32 = 100;

/// Whether a policy is valid, and its rules; null where it is not.
#[derive(Serialize, JsonSchema)]
pub struct Checked {
    /// The policy's file.
    policy: String,
    /// Whether it is valid.
    valid: bool,
    /// What is wrong with it; null if nothing is.
    error: Option<String>,
    /// The policy's hash.
    #[schemars(with = "Option<Hash>")]
    hash: Option<String>,
    /// The schema's hash.
    #[schemars(with = "Option<Hash>")]
    schema_hash: Option<String>,
    /// The circuits' shape.
    #[schemars(with = "Option<GeometryName>")]
    geometry: Option<&'static str>,
    /// The vault's chain.
    chain_id: Option<u64>,
    /// The vault's address.
    #[schemars(with = "Option<Checksummed>")]
    vault: Option<String>,
    /// The subnet's name.
    subnet: Option<String>,
    /// The epoch's number.
    epoch: Option<u64>,
    /// What both roles share, in base units.
    #[schemars(with = "Option<Decimal>")]
    pool: Option<String>,
    /// Features of a record.
    features: Option<usize>,
    /// Symbols of all features together.
    symbols: Option<usize>,
    /// The epoch's first round.
    first_round: Option<u64>,
    /// Rounds in the epoch.
    rounds: Option<usize>,
}

fn check(path: &Path, output: Output) -> Result<Status, CliError> {
    let mut checked = Checked {
        policy: path.display().to_string(),
        valid: false,
        error: None,
        hash: None,
        schema_hash: None,
        geometry: None,
        chain_id: None,
        vault: None,
        subnet: None,
        epoch: None,
        pool: None,
        features: None,
        symbols: None,
        first_round: None,
        rounds: None,
    };
    let policy = match fairshare_storage::policy::load(path) {
        Ok(policy) => policy,
        Err(PolicyFileError::Policy { source, .. }) if !is_unreadable(&source) => {
            checked.error = Some(one_line(&source));
            output.result(&checked, || format!("{}: refused\n  {}", path.display(), one_line(&source)))?;
            return Ok(Status::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    if policy.min_records() < FEW_RECORDS {
        notice(&format!(
            "warning: `data.min_records` is {}; fewer than {FEW_RECORDS} records say little, since \
             chance alone makes them diverge",
            policy.min_records()
        ));
    }
    let vault = policy.vault();
    checked.valid = true;
    checked.hash = Some(policy.hash().to_string());
    checked.schema_hash = Some(policy.schema().hash().to_string());
    checked.geometry = Some(policy.geometry().name());
    checked.chain_id = Some(vault.chain_id);
    checked.vault = Some(checksummed(&vault.address).to_string());
    checked.subnet = Some(vault.subnet.clone());
    checked.epoch = Some(vault.epoch);
    checked.pool = Some(vault.pool.to_string());
    checked.features = Some(policy.schema().len());
    checked.symbols = Some(policy.schema().symbol_count());
    checked.first_round = Some(policy.first_round());
    checked.rounds = Some(policy.rounds());
    output.result(&checked, || describe(path, &policy))?;
    Ok(Status::Done)
}

/// Whether nothing could be checked, because a file that the policy names cannot be read.
fn is_unreadable(error: &PolicyError) -> bool {
    matches!(error, PolicyError::TooLarge { .. } | PolicyError::SideFile { .. })
}

fn describe(path: &Path, policy: &Policy) -> String {
    let vault = policy.vault();
    let weighting = match policy.weighting() {
        Weighting::Divergence => "divergence".to_owned(),
        Weighting::RecordsDivergence { cap } => {
            format!("records × divergence, at most {} nats per record", to_decimal(cap, 6))
        }
    };
    let (rounds, first, last) = (policy.rounds(), policy.first_round(), policy.last_round());
    let mut lines = vec![
        ("policy", format!("{}: valid", path.display())),
        ("hash", policy.hash().to_string()),
        ("vault", format!("{} on chain {}", checksummed(&vault.address), vault.chain_id)),
        ("epoch", format!("{} of subnet {}", vault.epoch, vault.subnet)),
        ("pool", format!("{}, compute : data = 7 : 3", thousands(vault.pool))),
        ("geometry", policy.geometry().to_string()),
        (
            "schema",
            format!(
                "{} features, {} of {} symbols",
                policy.schema().len(),
                policy.schema().symbol_count(),
                policy.geometry().alphabet()
            ),
        ),
    ];
    lines.extend(policy.schema().features().iter().filter_map(crossing).map(|line| ("crossed", line)));
    lines.extend([
        (
            "λ data",
            format!(
                "{}, weighted by {weighting}; {}",
                policy.data_decay().lambda(),
                ratio(policy, policy.data_decay())
            ),
        ),
        (
            "λ compute",
            format!("{}; {}", policy.compute_decay().lambda(), ratio(policy, policy.compute_decay())),
        ),
        ("rounds", format!("{rounds}, from {first} to {last}")),
        ("smoothing", format!("{} added to every bin of the reference", policy.pseudo_count())),
        ("least records", thousands(policy.min_records())),
    ]);
    list(&lines)
}

/// How much more the epoch's first round pays than its last. Where that is far from 1, it pays to hold data
/// back for the next epoch.
fn ratio(policy: &Policy, decay: &Decay) -> String {
    let last = policy.last_round().saturating_sub(policy.first_round());
    // Rules whose last decay is next to nothing are refused.
    let ratio = decay.first_over_last(last).unwrap_or_default();
    format!("the first round pays {} times the last", to_decimal(ratio, 2))
}

/// What a crossed feature joins, and the bins of each.
fn crossing(feature: &Feature) -> Option<String> {
    let Feature::Crossed { name, of } = feature else { return None };
    let parts: Vec<_> = of.iter().map(|part| format!("{} ({})", part.name, part.bins())).collect();
    Some(format!("{name}: {}, {} bins", parts.join(" × "), feature.bins()))
}

/// A reference counted from data.
#[derive(Serialize, JsonSchema)]
pub struct Counted {
    /// The file written.
    reference: String,
    /// The file's hash, as a policy names it.
    #[schemars(with = "Hash")]
    hash: String,
    /// Records counted.
    records: u64,
    /// Features of a record.
    features: usize,
    /// The lines that name the file in a policy.
    toml: String,
}

fn make_reference(args: &ReferenceArgs, output: Output) -> Result<Status, CliError> {
    let partial = fairshare_storage::policy::load_partial(&args.policy)?;
    let folder = args.policy.parent().unwrap_or(Path::new(""));
    let path = args.out.clone().unwrap_or_else(|| folder.join("reference.json"));
    load::check_output(&path, args.data.iter().chain([&args.policy]).map(PathBuf::as_path))?;
    let spinner = progress::spinner("counting records");
    let histogram = reference::histogram(Records::open(&args.data, partial.schema())?)?;
    drop(spinner);
    let records = partial.schema().symbols(0).filter_map(|symbol| histogram.get(symbol)).sum();
    let counts = Reference::from_histogram(partial.schema(), &histogram)?;
    // Counts that no policy could smooth are refused here, where the data is at hand.
    counts.smooth(partial.schema(), 1, partial.geometry().alphabet())?;

    let json = fairshare_formats::reference::to_json(&counts);
    files::write(&path, json.as_bytes(), Access::Public)
        .map_err(|source| CliError::File { path: path.clone(), source })?;
    let hash = side_file_hash(json.as_bytes()).to_string();
    let (name, beside) = name_in_policy(folder, &path);
    let toml = format!("[reference]\nfile = {}\nhash = \"{hash}\"\n", serde_json::Value::from(name));
    let counted = Counted {
        reference: path.display().to_string(),
        hash,
        records,
        features: partial.schema().len(),
        toml,
    };
    output.result(&counted, || {
        let once = if beside { "" } else { ", once the file is in the policy's folder" };
        format!(
            "{} records counted over {} features into {}\n\nFor the policy{once}:\n\n{}",
            thousands(records),
            counted.features,
            counted.reference,
            counted.toml
        )
    })?;
    Ok(Status::Done)
}

/// The path by which a policy in `folder` names the file, and whether it leads there already: only downwards
/// will do.
fn name_in_policy(folder: &Path, file: &Path) -> (String, bool) {
    let absolute = |path: &Path| if path == Path::new("") { Path::new(".") } else { path }.canonicalize();
    let inside = absolute(folder)
        .and_then(|folder| Ok((folder, absolute(file)?)))
        .ok()
        .and_then(|(folder, file)| file.strip_prefix(folder).map(Path::to_owned).ok());
    match inside {
        Some(path) => (path.display().to_string(), true),
        None => (PathBuf::from(file.file_name().unwrap_or_default()).display().to_string(), false),
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::{Column, Rule};

    use super::*;

    #[test]
    fn a_crossed_feature_is_told_with_its_parts() {
        let numeric = |name: &str, edges: &[f64]| Column {
            name: name.to_owned(),
            rule: Rule::Numeric { edges: edges.to_vec() },
        };
        let of = vec![numeric("delay", &[0.0]), numeric("hour", &[6.0, 12.0])];
        let single = Feature::Column(of[0].clone());
        let crossed = Feature::Crossed { name: "late by hour".to_owned(), of };
        assert_eq!(crossing(&crossed).as_deref(), Some("late by hour: delay (3) × hour (4), 12 bins"));
        assert_eq!(crossing(&single), None);
    }

    #[test]
    fn a_policy_names_files_downwards_only() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("policies");
        std::fs::create_dir_all(folder.join("counts")).unwrap();
        let inside = folder.join("counts").join("r.json");
        let outside = root.path().join("r.json");
        for path in [&inside, &outside] {
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(name_in_policy(&folder, &inside), ("counts/r.json".to_owned(), true));
        assert_eq!(name_in_policy(&folder, &outside), ("r.json".to_owned(), false));
    }
}
