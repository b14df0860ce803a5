//! `fairshare prove`: from commitment folders, or units on record, to a bundle.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::plan;
use fairshare_prover::{Limits, ProveError, Prover, ScoreLimit, write_bundle};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::{Score, SetupError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{ProveCommand, WorkArgs};
use crate::document::spelling::{Checksummed, Decimal, Hash, RoleName};
use crate::error::{CliError, Status};
use crate::interrupt;
use crate::load;
use crate::output::{self, Output, list, seconds, thousands};
use crate::progress::{self, Bars};

/// The bundle that was made, and what it proves.
#[derive(Serialize, JsonSchema)]
pub struct Proved {
    /// The file written.
    bundle: String,
    /// Its size, in bytes.
    bytes: usize,
    /// What it is for.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// Digests of the datasets; none of computing power.
    #[schemars(with = "Vec<Hash>")]
    digests: Vec<String>,
    /// Records proved; null of computing power.
    records: Option<u32>,
    /// The score: of data in 1/256 nat, of computing power in 2^-48.
    #[schemars(with = "Decimal")]
    score: String,
    /// Whether the parameters are insecure, so that the proof says nothing.
    insecure: bool,
    /// Time that it took, in seconds.
    seconds: f64,
}

pub fn run(command: &ProveCommand, output: Output) -> Result<Status, CliError> {
    let args = command.common();
    interrupt::listen();
    let policy = load::policy(&args.policy)?;
    let limits = limits(&args.work);
    // The prover would refuse them, too, but only once there is a verifier.
    plan(policy.geometry().smallest_segment(), &limits).map_err(ProveError::from)?;
    let record = match command {
        ProveCommand::Compute(args) => Some(args.node.units.as_path()),
        ProveCommand::Data(_) => None,
    };
    let units = record.map(|path| read_units(path, Rounds::of(&policy))).transpose()?;
    let srs = load::params(&args.params)?;
    let inputs = [args.policy.as_path(), args.params.as_path()];
    load::check_output(&args.out, inputs.into_iter().chain(record))?;
    let begun = Instant::now();
    let spinner = progress::spinner("preparing the verifier");
    // Insecure parameters were named when they were read; a prover may use them, a verifier has to be asked.
    policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure()).map_err(SetupError::from)?;
    let parameters = load::Parameters::read(&args.params, &policy)?;
    let verifier = parameters.verifier_beside(&srs, &policy)?.with_units(units.as_ref())?;
    drop(spinner);
    let prover = with_cache(Prover::new(&srs, &verifier, limits), &args.work);
    let bars = Bars::until(interrupt::is_asked);
    let proved = match command {
        ProveCommand::Data(args) => {
            let limit = if args.ninth_score { ScoreLimit::None } else { ScoreLimit::Eight };
            prover.with_score_limit(limit).prove_data(&args.folders, &bars)?
        }
        ProveCommand::Compute(args) => prover.prove_compute(&args.node.contributor, &bars)?,
    };
    write_bundle(&args.out, &proved.bundle)?;
    describe(&args.out, &proved, srs.is_insecure(), begun.elapsed(), output)
}

fn describe(
    out: &Path,
    proved: &fairshare_prover::Proved,
    insecure: bool,
    elapsed: Duration,
    output: Output,
) -> Result<Status, CliError> {
    let records = match &proved.score {
        Score::Data(score) => Some(score.records.get()),
        Score::Compute(_) => None,
    };
    let score = proved.score.value();
    let result = Proved {
        bundle: out.display().to_string(),
        bytes: proved.bundle.to_bytes().len(),
        role: proved.bundle.role().name(),
        contributor: checksummed(&proved.bundle.contributor()).to_string(),
        digests: proved.registrations.iter().map(|registration| registration.digest().to_string()).collect(),
        records,
        score: score.to_string(),
        insecure,
        seconds: elapsed.as_secs_f64(),
    };
    output.result(&result, || {
        let of = records.map_or_else(String::new, |records| format!(" of {} records", thousands(records)));
        list(&[
            ("proved", format!("the {} score{of} for {}", result.role, result.contributor)),
            ("score", output::score(proved.bundle.role(), score)),
            ("bundle", format!("{}, {} bytes, verified", result.bundle, thousands(result.bytes as u64))),
            ("time", seconds(elapsed)),
        ])
    })?;
    Ok(Status::Done)
}

/// What the arguments allow, and the machine where they say nothing.
pub fn limits(args: &WorkArgs) -> Limits {
    let defaults = Limits::default();
    let threads = args.threads.unwrap_or(defaults.threads);
    Limits { threads, jobs: args.jobs.unwrap_or(threads), memory: args.memory.unwrap_or(defaults.memory) }
}

/// The same prover, keeping its keys where the arguments say, or where caches are.
pub fn with_cache<'a>(prover: Prover<'a>, args: &WorkArgs) -> Prover<'a> {
    match args.keys.clone().or_else(cache_folder) {
        Some(folder) => prover.with_cache(KeyCache::new(folder)),
        None => prover,
    }
}

/// `$XDG_CACHE_HOME/fairshare`, or `~/.cache/fairshare`; none where there is no home.
fn cache_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = named.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    Some(folder.join("fairshare"))
}
