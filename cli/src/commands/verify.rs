//! `fairshare verify`: a verdict for every bundle.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_verifier::{Bundle, Score, SetupError, Trust, Verifier, VerifyError};
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::error::{CliError, Status, one_line};
use crate::output::{self, Output, align_right, notice, seconds, short_address, table, thousands};
use crate::{load, progress};

/// Longest bundle that is read. One of 2^32 records, the most that there can be, with 20 features has 1 GB at
/// the standard geometry.
const MAX_BUNDLE_BYTES: u64 = 2 << 30;

/// One bundle's line. Fields of a bundle that cannot be read are null.
#[derive(Serialize)]
struct Verdict {
    bundle: String,
    accepted: bool,
    role: Option<&'static str>,
    contributor: Option<String>,
    digests: Option<Vec<String>>,
    records: Option<u64>,
    /// As claimed; true only where `accepted` is.
    score: Option<String>,
    error: Option<String>,
    #[serde(skip)]
    shown: Option<String>,
}

pub fn run(args: &VerifyArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let registry = Registry::read(&args.registration)?;
    let srs = load::params(&args.params)?;
    let bundles: Vec<Result<Bundle, CliError>> = args.bundles.iter().map(|path| read(path)).collect();
    let registrations: Vec<_> = bundles
        .iter()
        .map(|bundle| bundle.as_ref().map_or_else(|_| Vec::new(), |b| registry.of(b)))
        .collect();
    registry.warn_of_unused(&registrations);
    warn_of_repeated(&args.bundles, &bundles);

    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let spinner = progress::spinner("making the verifying keys");
    let verifier = match Verifier::new(&srs, &policy, trust) {
        Ok(verifier) => Some(verifier),
        // The bundles are refused, each for this reason.
        Err(SetupError::InsecureParameters) => None,
        Err(error) => return Err(error.into()),
    };
    drop(spinner);
    let begun = Instant::now();
    let spinner = progress::spinner("verifying");
    let items: Vec<(&Bundle, &[Registration])> = bundles
        .iter()
        .zip(&registrations)
        .filter_map(|(bundle, registrations)| Some((bundle.as_ref().ok()?, registrations.as_slice())))
        .collect();
    let mut results = match &verifier {
        Some(verifier) => verifier.verify_batch(&items),
        None => Vec::new(),
    }
    .into_iter();
    drop(spinner);
    let elapsed = begun.elapsed();

    let mut outcome = |bundle: &Bundle, registrations: &[Registration], path: &Path| {
        let result = match (&verifier, results.next()) {
            (None, _) => Err(CliError::Setup(SetupError::InsecureParameters)),
            (Some(_), Some(result)) => result.map_err(CliError::Verify),
            (Some(_), None) => Err(CliError::Verify(VerifyError::Internal)),
        };
        Verdict::new(path, bundle, registrations, result)
    };
    let read = args.bundles.iter().zip(&bundles).zip(&registrations);
    let verdicts: Vec<_> = read
        .map(|((path, bundle), registrations)| match bundle {
            Ok(bundle) => outcome(bundle, registrations, path),
            Err(refusal) => Verdict::unreadable(path, refusal),
        })
        .collect();
    report(&verdicts, elapsed, output)
}

fn report(verdicts: &[Verdict], elapsed: Duration, output: Output) -> Result<Status, CliError> {
    for verdict in verdicts {
        if output.is_json() {
            output.result(verdict, String::new)?;
        }
    }
    let accepted = verdicts.iter().filter(|verdict| verdict.accepted).count();
    output.text(&format!(
        "{}\n{accepted} of {} accepted in {}",
        describe(verdicts),
        verdicts.len(),
        seconds(elapsed)
    ))?;
    Ok(if accepted == verdicts.len() { Status::Done } else { Status::Refused })
}

pub fn read(path: &Path) -> Result<Bundle, CliError> {
    Ok(Bundle::from_bytes(&load::bytes(path, MAX_BUNDLE_BYTES)?)?)
}

/// What is registered, by digest and contributor: two nodes with the same units have one digest.
struct Registry(HashMap<(Digest, Address), (PathBuf, Registration)>);

impl Registry {
    fn read(paths: &[PathBuf]) -> Result<Self, CliError> {
        let mut registry = HashMap::new();
        for path in paths {
            let registration = load::registration(path)?;
            let key = (*registration.digest(), *registration.contributor());
            if let Some((first, other)) = registry.get(&key)
                && *other != registration
            {
                let first: &PathBuf = first;
                return Err(CliError::RegisteredTwice {
                    first: first.clone(),
                    second: path.clone(),
                    digest: key.0,
                    contributor: key.1,
                });
            }
            registry.insert(key, (path.clone(), registration));
        }
        Ok(Self(registry))
    }

    /// The registrations of a bundle's digests: its contributor's, or else somebody else's, which the
    /// verifier refuses by name.
    fn of(&self, bundle: &Bundle) -> Vec<Registration> {
        let contributor = bundle.contributor();
        let find = |digest: Digest| {
            let own = self.0.get(&(digest, contributor));
            let other = || self.0.iter().find(|((other, _), _)| *other == digest).map(|(_, value)| value);
            own.or_else(other).map(|(_, registration)| registration.clone())
        };
        bundle.digests().into_iter().filter_map(find).collect()
    }

    fn warn_of_unused(&self, used: &[Vec<Registration>]) {
        let used: HashSet<_> = used.iter().flatten().map(|r| (*r.digest(), *r.contributor())).collect();
        let mut unused: Vec<_> =
            self.0.iter().filter(|(key, _)| !used.contains(*key)).map(|(_, (path, _))| path).collect();
        unused.sort();
        for path in unused {
            notice(&format!("warning: {}: no bundle given covers this registration", path.display()));
        }
    }
}

/// Each bundle is verified by itself, so one digest in two of them is not an error here; whoever pays has to
/// refuse it.
fn warn_of_repeated(paths: &[PathBuf], bundles: &[Result<Bundle, CliError>]) {
    let mut first = HashMap::new();
    for (path, bundle) in paths.iter().zip(bundles) {
        let Ok(bundle) = bundle else { continue };
        for digest in bundle.digests() {
            if let Some(other) = first.insert((digest, bundle.contributor()), path) {
                notice(&format!(
                    "warning: {} and {} cover digest {digest} of one contributor; it must be paid once",
                    other.display(),
                    path.display()
                ));
            }
        }
    }
}

impl Verdict {
    fn unreadable(path: &Path, refusal: &CliError) -> Self {
        Self {
            bundle: path.display().to_string(),
            accepted: false,
            role: None,
            contributor: None,
            digests: None,
            records: None,
            score: None,
            error: Some(one_line(refusal)),
            shown: None,
        }
    }

    fn new(
        path: &Path,
        bundle: &Bundle,
        registrations: &[Registration],
        result: Result<Score, CliError>,
    ) -> Self {
        let value = bundle.claimed_score();
        Self {
            bundle: path.display().to_string(),
            accepted: result.is_ok(),
            role: Some(bundle.role().name()),
            contributor: Some(checksummed(&bundle.contributor()).to_string()),
            digests: Some(bundle.digests().iter().map(ToString::to_string).collect()),
            records: records(registrations),
            score: Some(value.to_string()),
            error: result.err().map(|error| one_line(&error)),
            shown: Some(output::score(bundle.role(), value)),
        }
    }
}

/// Records registered; none of compute, and none where nothing is registered.
fn records(registrations: &[Registration]) -> Option<u64> {
    let counts = registrations.iter().filter_map(|registration| match registration.contribution() {
        Contribution::Data { records, .. } => Some(u64::from(*records)),
        Contribution::Compute { .. } => None,
    });
    counts.reduce(u64::saturating_add)
}

fn describe(verdicts: &[Verdict]) -> String {
    let mut table = table(["bundle", "role", "contributor", "records", "score", "verdict"]);
    align_right(&mut table, [3, 4]);
    let mut reasons = String::new();
    for verdict in verdicts {
        let contributor = verdict.contributor.as_deref().map(short_address).unwrap_or_default();
        table.add_row([
            Cell::new(&verdict.bundle),
            Cell::new(verdict.role.unwrap_or("?")),
            Cell::new(contributor),
            Cell::new(verdict.records.map(thousands).unwrap_or_default()),
            Cell::new(verdict.shown.clone().unwrap_or_default()),
            Cell::new(if verdict.accepted { "accepted" } else { "REFUSED" }),
        ]);
        if let Some(error) = &verdict.error {
            reasons.push_str(&format!("\n{}: {error}", verdict.bundle));
        }
    }
    format!("{table}{reasons}")
}
