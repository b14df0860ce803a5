//! `fairshare policy`: the epoch's rules.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_contracts::verification::encoded_words;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::{
    Location, MAX_SIDE_FILE_BYTES, PolicyError, PolicyErrors, PolicyFault, side_file_hash,
};
use fairshare_ingest::unmatched::unmatched;
use fairshare_ingest::{Records, named_files, reference};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_params::reference::Reference;
use fairshare_params::rules::{Rules, Terms};
use fairshare_params::schema::Feature;
use fairshare_storage::files::{self, Access, ReadError};
use fairshare_storage::policy::PolicyFileError;
use fairshare_verifier::{Trust, Verifier};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{PolicyCommand, ReferenceArgs};
use crate::document::spelling::{Checksummed, Decimal, GeometryName, Hash};
use crate::error::{CliError, Status, one_line};
use crate::output::{Output, list, notice, thousands};
use crate::unmatched::{Found, UnmatchedLine};
use crate::{load, progress};

mod explain;
mod rounds;
mod span;

use span::{days, instant};

pub use explain::Explained;
pub use rounds::TableRead;

pub fn run(command: &PolicyCommand, output: Output) -> Result<Status, CliError> {
    match command {
        PolicyCommand::Check { policy, params } => check(policy, params.as_deref(), output),
        PolicyCommand::Reference(args) => make_reference(args, output),
        PolicyCommand::Explain { policy } => explain::run(policy, output),
        PolicyCommand::Rounds(args) => rounds::run(args, output),
        PolicyCommand::Draft(args) => super::draft::run(args, output),
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
    /// Everything that is wrong with it.
    errors: Vec<Fault>,
    /// How many more there are.
    more_errors: usize,
    /// The rules hash; null without `--params`.
    #[schemars(with = "Option<Hash>")]
    rules_hash: Option<String>,
    /// The parameters that it names: the fingerprint, or `insecure-development`.
    parameters: Option<String>,
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
    /// All rules as a contract takes them, one word after the other (PROTOCOL section 8); null without the
    /// parameters.
    #[schemars(with = "Option<Vec<Hash>>")]
    words: Option<Vec<String>>,
}

/// One thing that is wrong with a policy.
#[derive(Serialize, JsonSchema)]
struct Fault {
    /// The key as the file has it, dotted; empty where the text is not even TOML.
    key: String,
    /// The line, from 1; none for a key whose table is missing.
    line: Option<usize>,
    /// The column, in characters from 1.
    column: Option<usize>,
    /// What is wrong, with its causes, and how to mend it.
    message: String,
}

impl Fault {
    fn of(error: &PolicyError) -> Self {
        let Location { key, position } = error.location();
        Self {
            key: key.clone(),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            message: one_line(error.fault()),
        }
    }
}

fn check(path: &Path, params: Option<&Path>, output: Output) -> Result<Status, CliError> {
    let mut checked = Checked {
        policy: path.display().to_string(),
        valid: false,
        errors: Vec::new(),
        more_errors: 0,
        rules_hash: None,
        parameters: None,
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
        words: None,
    };
    let policy = match fairshare_storage::policy::load(path) {
        Ok(policy) => policy,
        Err(PolicyFileError::Policy { source, .. }) if !is_unreadable(&source) => {
            checked.errors = source.errors().map(Fault::of).collect();
            checked.more_errors = source.more();
            output.result(&checked, || format!("{}: refused\n{source}", path.display()))?;
            return Ok(Status::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    warn(policy.terms());
    warn_of_chance(&policy);
    let rules = params.map(|path| rules(&policy, path)).transpose()?;
    let rules_hash = rules.as_ref().map(Rules::hash);
    let words = |rules| encoded_words(rules).iter().map(ToString::to_string).collect();
    checked.words = rules.as_ref().map(words);
    let terms = policy.terms();
    checked.valid = true;
    checked.rules_hash = rules_hash.map(|hash| hash.to_string());
    checked.parameters = Some(policy.parameters().to_string());
    checked.schema_hash = Some(policy.schema().hash().to_string());
    checked.geometry = Some(policy.geometry().name());
    checked.chain_id = Some(terms.chain_id);
    checked.vault = Some(checksummed(&terms.vault).to_string());
    checked.subnet = Some(terms.subnet.clone());
    checked.epoch = Some(terms.epoch);
    checked.pool = Some(terms.pool.to_string());
    checked.features = Some(policy.schema().len());
    checked.symbols = Some(policy.schema().symbol_count());
    checked.first_round = Some(terms.first_round);
    checked.rounds = Some(policy.rounds());
    output.result(&checked, || describe(path, &policy, rules_hash.as_ref()))?;
    Ok(Status::Done)
}

/// What is allowed, and hardly meant.
fn warn(terms: &Terms) {
    if terms.min_records < FEW_RECORDS {
        notice(&format!(
            "warning: `data.min_records` is {}; fewer than {FEW_RECORDS} records say little, since \
             chance alone makes them diverge",
            terms.min_records
        ));
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    if terms.ends_by <= now {
        notice("warning: `rounds.ends_by` is over: anybody may end the epoch's rounds at once");
    }
    if Timestamp::from_second(i64::try_from(terms.ends_by).unwrap_or(i64::MAX)).is_err() {
        notice("warning: `rounds.ends_by` is after the year 9999; is it in milliseconds?");
    }
    if terms.proving_seconds == 0 {
        notice("warning: `rounds.proving_seconds` is 0, so no proof is taken after the last round");
    }
}

/// Says so where few records earn nothing below half of the cap: what is taken off for chance is theirs
/// whatever their number.
fn warn_of_chance(policy: &Policy) {
    let Terms { min_records, weighting: Weighting::RecordsDivergence { cap }, .. } = *policy.terms() else {
        return;
    };
    // Half a nat for each free bin, with the 48 fractional bits of the cap.
    let chance = (u128::from(policy.free_bins()) << 47) / u128::from(min_records.max(1));
    if chance > u128::from(cap / 2) {
        notice(&format!(
            "warning: {} records earn nothing below {} nats each, more than half of the cap, for {} bins: \
             ask for more records, or take fewer bins",
            thousands(min_records),
            to_decimal(chance, 4),
            thousands(policy.free_bins())
        ));
    }
}

/// The rules hash as far as it is known: it was computed, or the policy states it.
fn known_hash(policy: &Policy, computed: Option<&Digest>) -> String {
    match (computed, policy.rules_hash()) {
        (Some(hash), _) => hash.to_string(),
        (None, Some(stated)) => format!("{stated}, as the policy states; give `--params` to check it"),
        (None, None) => "give the parameters to compute it (`--params`)".to_owned(),
    }
}

/// Whether the only faults are files that cannot be read.
fn is_unreadable(errors: &PolicyErrors) -> bool {
    let unreadable = |fault| matches!(fault, &PolicyFault::TooLarge { .. } | &PolicyFault::SideFile { .. });
    errors.errors().all(|error| unreadable(error.fault()))
}

/// The rules hash under the whole parameters.
fn rules(policy: &Policy, params: &Path) -> Result<Rules, CliError> {
    let srs = load::params(params)?;
    let spinner = progress::spinner("making the verifying keys");
    let parameters = load::derive(&srs)?;
    drop(spinner);
    Ok(Verifier::new(&parameters, policy, Trust::AllowInsecure)?.rules().clone())
}

fn describe(path: &Path, policy: &Policy, rules_hash: Option<&Digest>) -> String {
    let terms = policy.terms();
    let weighting = match terms.weighting {
        Weighting::Divergence => "divergence".to_owned(),
        Weighting::RecordsDivergence { cap } => {
            format!("records × divergence, at most {} nats per record", to_decimal(cap, 6))
        }
    };
    let (rounds, first, last) = (policy.rounds(), terms.first_round, terms.last_round());
    let mut lines = vec![
        ("policy", format!("{}: valid", path.display())),
        ("rules hash", known_hash(policy, rules_hash)),
        ("parameters", policy.parameters().to_string()),
        ("vault", format!("{} on chain {}", checksummed(&terms.vault), terms.chain_id)),
        ("registry", format!("{}, {}", checksummed(&terms.registry), evidence(terms.evidence))),
        ("settlement", terms.settlement.name().to_owned()),
        ("epoch", format!("{} of subnet {}", terms.epoch, terms.subnet)),
        ("pool", format!("{}, compute : data = 7 : 3", thousands(terms.pool))),
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
        ("data of", format!("rounds {} to {}", policy.data_rounds().start(), policy.data_rounds().end())),
        (
            "ends by",
            format!("{}, and proofs are taken for {}", instant(terms.ends_by), days(terms.proving_seconds)),
        ),
        ("smoothing", format!("{} added to every bin of the reference", policy.pseudo_count())),
        ("least records", thousands(policy.terms().min_records)),
    ]);
    list(&lines)
}

fn evidence(required: bool) -> &'static str {
    if required {
        "which takes data with evidence of its upload only"
    } else {
        "evidence of uploads optional"
    }
}

/// How much more the epoch's first round pays than its last. Where that is far from 1, it pays to hold data
/// back for the next epoch.
fn ratio(policy: &Policy, decay: &Decay) -> String {
    let last = policy.terms().last_round().saturating_sub(policy.terms().first_round);
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
    /// What of each column matched nothing in the schema, in its order.
    unmatched: Vec<UnmatchedLine>,
    /// The lines that name the file in a policy.
    toml: String,
}

fn make_reference(args: &ReferenceArgs, output: Output) -> Result<Status, CliError> {
    let partial = fairshare_storage::policy::load_partial(&args.policy)?;
    let folder = args.policy.parent().unwrap_or(Path::new(""));
    let own = partial.reference_file();
    let path = args.out.clone().unwrap_or_else(|| folder.join(own.unwrap_or(REFERENCE_FILE)));
    let data = named_files(&args.data)?;
    load::check_output(&path, data.iter().chain([&args.policy]).map(PathBuf::as_path))?;
    let of_policy = args.out.is_none() && own.is_some();
    if of_policy && path.extension().is_none_or(|extension| extension != "json") {
        return Err(CliError::CountsName { path });
    }
    keep_what_is_no_counts(&path)?;
    let spinner = progress::spinner("counting records");
    let histogram = reference::histogram(Records::open(&args.data, partial.schema())?)?;
    drop(spinner);
    let found = unmatched(partial.schema(), &histogram);
    let found = Found::new(found, partial.schema(), &args.data, &args.unmatched);
    found.check()?;
    let records = partial.schema().symbols(0).filter_map(|symbol| histogram.get(symbol)).sum();
    let counts = Reference::from_histogram(partial.schema(), &histogram)?;
    // Counts that no policy could smooth are refused here, where the data is at hand.
    counts.smooth(partial.schema(), 1, partial.geometry().alphabet())?;

    let json = fairshare_formats::reference::to_json(&counts);
    if args.out.is_none() && own.is_none() {
        keep_others(&path, json.as_bytes())?;
    }
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
        unmatched: found.lines(),
        toml,
    };
    output.result(&counted, || {
        let once = if beside { "" } else { ", once the file is in the policy's folder" };
        format!(
            "{} records counted over {} features into {}\n\n{}\n\nFor the policy{once}:\n\n{}",
            thousands(records),
            counted.features,
            counted.reference,
            found.text(),
            counted.toml
        )
    })?;
    Ok(Status::Done)
}

/// Where the counts are written if neither the command nor the policy says.
const REFERENCE_FILE: &str = "reference.json";

/// Refuses to write over other counts that stand there: they may be another policy's.
fn keep_others(path: &Path, counts: &[u8]) -> Result<(), CliError> {
    match files::read(path, MAX_SIDE_FILE_BYTES) {
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(there) if there == counts => Ok(()),
        _ => Err(CliError::OtherCounts { path: path.to_owned() }),
    }
}

/// Refuses to write over anything but counts: whoever wrote the policy chose the file's name, and may not be
/// who runs the command.
fn keep_what_is_no_counts(path: &Path) -> Result<(), CliError> {
    match files::read(path, MAX_SIDE_FILE_BYTES) {
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(there) if there.is_empty() || fairshare_formats::reference::from_json(&there).is_ok() => Ok(()),
        _ => Err(CliError::NotCounts { path: path.to_owned() }),
    }
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
