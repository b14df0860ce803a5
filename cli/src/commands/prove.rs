//! `fairshare prove`: from commitment folders, or units on record, to a bundle.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::role::Role;
use fairshare_prover::plan;
use fairshare_prover::{Limits, ProveError, Prover, ScoreLimit, SegmentsProved, write_bundle};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::{Score, SetupError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{ProveCommand, ProveDataArgs, WorkArgs};
use crate::document::spelling::{Checksummed, Decimal, Hash, RoleName};
use crate::error::{CliError, Status};
use crate::interrupt;
use crate::load;
use crate::output::{self, Output, list, seconds, thousands};
use crate::progress::{self, Bars};

/// The bundle that was made, and what it proves; or the segments that were proved.
#[derive(Default, Serialize, JsonSchema)]
pub struct Proved {
    /// The file written; null with --segments.
    bundle: Option<String>,
    /// Its size, in bytes; null with --segments.
    bytes: Option<usize>,
    /// What it is for.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// The contributor's address; null with --segments.
    #[schemars(with = "Option<Checksummed>")]
    contributor: Option<String>,
    /// Digests of the datasets; none of computing power, and none with --segments.
    #[schemars(with = "Vec<Hash>")]
    digests: Vec<String>,
    /// Records proved; null of computing power, and with --segments.
    records: Option<u32>,
    /// The score: of data in 1/256 nat, of computing power in 2^-48; null with --segments.
    #[schemars(with = "Option<Decimal>")]
    score: Option<String>,
    /// Whether the parameters are insecure, so that the proof says nothing.
    insecure: bool,
    /// Time that it took, in seconds.
    seconds: f64,
    /// With --segments the range whose proofs are kept now, as A..B; else null.
    segments: Option<String>,
    /// With --segments how many of these proofs were made now; the others were kept before. Else null.
    made: Option<usize>,
    /// With --segments how many segments all folders have; else null.
    segments_in_all: Option<usize>,
}

/// What was done: a bundle, or a part of the proofs for one.
enum Done {
    Bundle(PathBuf, Box<fairshare_prover::Proved>),
    Segments(SegmentsProved),
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
    if let Some(out) = command.out() {
        let inputs = [args.policy.as_path(), args.params.as_path()];
        load::check_output(out, inputs.into_iter().chain(record))?;
    }
    let begun = Instant::now();
    let spinner = progress::spinner("preparing the verifier");
    // Insecure parameters were named when they were read; a prover may use them, a verifier has to be asked.
    policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure()).map_err(SetupError::from)?;
    let parameters = load::Parameters::read(&args.params, &policy)?;
    let verifier = parameters.verifier_beside(&srs, &policy)?.with_units(units.as_ref())?;
    drop(spinner);
    let limit = match command {
        ProveCommand::Data(args) if args.ninth_score => ScoreLimit::None,
        _ => ScoreLimit::Eight,
    };
    let prover = with_cache(Prover::new(&srs, &verifier, limits).with_score_limit(limit), &args.work);
    let done = prove(command, &prover)?;
    describe(&done, srs.is_insecure(), begun.elapsed(), output)
}

fn prove(command: &ProveCommand, prover: &Prover<'_>) -> Result<Done, CliError> {
    let bars = Bars::until(interrupt::is_asked);
    let (out, proved) = match command {
        ProveCommand::Data(ProveDataArgs { folders, segments: Some(segments), .. }) => {
            return Ok(Done::Segments(prover.prove_segments(folders, segments.clone(), &bars)?));
        }
        ProveCommand::Data(ProveDataArgs { folders, out, assemble: true, .. }) => {
            (out.as_ref(), prover.assemble(folders, &bars)?)
        }
        ProveCommand::Data(ProveDataArgs { folders, out, .. }) => {
            (out.as_ref(), prover.prove_data(folders, &bars)?)
        }
        ProveCommand::Compute(args) => {
            (Some(&args.out), prover.prove_compute(&args.node.contributor, &bars)?)
        }
    };
    // The arguments have it wherever there is a bundle.
    let out = out.cloned().unwrap_or_default();
    write_bundle(&out, &proved.bundle)?;
    Ok(Done::Bundle(out, Box::new(proved)))
}

fn describe(done: &Done, insecure: bool, elapsed: Duration, output: Output) -> Result<Status, CliError> {
    let result = Proved { insecure, seconds: elapsed.as_secs_f64(), ..Proved::of(done) };
    output.result(&result, || {
        let (what, time) = match done {
            Done::Bundle(out, proved) => (bundle_lines(out, proved), seconds(elapsed)),
            Done::Segments(proved) => (segment_lines(proved), seconds(elapsed)),
        };
        list(&what.into_iter().chain([("time", time)]).collect::<Vec<_>>())
    })?;
    Ok(Status::Done)
}

impl Proved {
    fn of(done: &Done) -> Self {
        let (out, proved) = match done {
            Done::Bundle(out, proved) => (out, proved),
            Done::Segments(SegmentsProved { segments, made, total }) => {
                return Self {
                    role: Role::Data.name(),
                    segments: Some(range(segments)),
                    made: Some(*made),
                    segments_in_all: Some(*total),
                    ..Self::default()
                };
            }
        };
        let digests = proved.registrations.iter().map(|registration| registration.digest().to_string());
        Self {
            bundle: Some(out.display().to_string()),
            bytes: Some(proved.bundle.to_bytes().len()),
            role: proved.bundle.role().name(),
            contributor: Some(checksummed(&proved.bundle.contributor()).to_string()),
            digests: digests.collect(),
            records: records(&proved.score),
            score: Some(proved.score.value().to_string()),
            ..Self::default()
        }
    }
}

fn bundle_lines(out: &Path, proved: &fairshare_prover::Proved) -> Vec<(&'static str, String)> {
    let (role, bytes) = (proved.bundle.role(), proved.bundle.to_bytes().len());
    let records = records(&proved.score);
    let of = records.map_or_else(String::new, |records| format!(" of {} records", thousands(records)));
    let contributor = checksummed(&proved.bundle.contributor());
    vec![
        ("proved", format!("the {} score{of} for {contributor}", role.name())),
        ("score", output::score(role, proved.score.value())),
        ("bundle", format!("{}, {} bytes, verified", out.display(), thousands(bytes as u64))),
    ]
}

fn segment_lines(SegmentsProved { segments, made, total }: &SegmentsProved) -> Vec<(&'static str, String)> {
    let kept = segments.len() - made;
    vec![
        ("segments", format!("{} of 0..{total}", range(segments))),
        ("proofs", format!("{made} made, {kept} kept from before")),
        ("bundle", "none yet: `--assemble` makes it when all segments are proved".to_owned()),
    ]
}

/// As it is asked for.
fn range(segments: &Range<usize>) -> String {
    format!("{}..{}", segments.start, segments.end)
}

fn records(score: &Score) -> Option<u32> {
    match score {
        Score::Data(score) => Some(score.records.get()),
        Score::Compute(_) => None,
    }
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
