//! `fairshare verify`: a verdict for every bundle.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Bundle, Score, SetupError, Trust, Verifier, VerifyError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::VerifyArgs;
use crate::document::spelling::{Checksummed, Decimal, Hash, RoleName};
use crate::error::{CliError, Status, one_line};
use crate::output::{self, Output, align_right, notice, seconds, short_address, table, thousands};
use crate::{load, progress};

/// Longest bundle that is read. One of 2^32 records, the most that there can be, with 20 features has 1 GB at
/// the standard geometry.
pub const MAX_BUNDLE_BYTES: u64 = 2 << 30;

/// The verdict on a bundle. What cannot be read of it is null.
#[derive(Serialize, JsonSchema)]
pub struct Verdict {
    /// The bundle's file.
    bundle: String,
    /// Whether it verifies.
    accepted: bool,
    /// What it is for.
    #[schemars(with = "Option<RoleName>")]
    role: Option<&'static str>,
    /// The contributor's address.
    #[schemars(with = "Option<Checksummed>")]
    contributor: Option<String>,
    /// Digests of the datasets that it names; none of computing power.
    #[schemars(with = "Option<Vec<Hash>>")]
    digests: Option<Vec<String>>,
    /// Records of those that are registered; null of computing power.
    records: Option<u64>,
    /// Score as claimed, true only where `accepted` is: in 1/256 nat of data, in 2^-48 of computing power.
    #[schemars(with = "Option<Decimal>")]
    score: Option<String>,
    /// Why it is refused; null if it is accepted.
    error: Option<String>,
    #[serde(skip)]
    shown: Option<String>,
}

pub fn run(args: &VerifyArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let policy = match (policy.rules_hash(), args.rules_hash) {
        (_, None) => policy,
        (Some(policy), Some(given)) if policy != given => {
            return Err(CliError::RulesHashTwice { policy, given });
        }
        (_, Some(given)) => policy.expecting(given),
    };
    let registry = Registry::read(&args.registration)?;
    let units = args.units.as_deref().map(|path| read_units(path, Rounds::of(&policy))).transpose()?;
    let parameters = load::Parameters::read(&args.params, &policy)?;
    let given: Vec<Result<Given, CliError>> = args.bundles.iter().map(|path| Given::read(path)).collect();
    let registrations: Vec<_> = given
        .iter()
        .map(|given| given.as_ref().map_or_else(|_| Vec::new(), |given| registry.of(&given.header)))
        .collect();
    registry.warn_of_unused(&registrations);
    warn_of_repeated(&args.bundles, &given, &registrations);

    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let verifier = match parameters.verifier(&policy, trust) {
        Ok(verifier) => Some(verifier.with_units(units.as_ref())?),
        // The bundles are refused, each for this reason.
        Err(CliError::Setup(SetupError::InsecureParameters)) => None,
        Err(error) => return Err(error),
    };
    let begun = Instant::now();
    let spinner = progress::spinner("verifying");
    let entries = given.into_iter().zip(registrations);
    let entries: Vec<_> =
        entries.map(|(given, registrations)| Entry::read(verifier.as_ref(), given, registrations)).collect();
    let items: Vec<(&Bundle, &[Registration])> = entries.iter().filter_map(Entry::readable).collect();
    let results = verifier.as_ref().map_or_else(Vec::new, |verifier| verifier.verify_batch(&items));
    let mut results = results.into_iter();
    drop(spinner);
    let elapsed = begun.elapsed();
    let verdicts = args.bundles.iter().zip(entries);
    let verdicts: Vec<_> = verdicts.map(|(path, entry)| entry.verdict(path, &mut results)).collect();
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

/// A bundle's bytes, and what they say before the proofs.
struct Given {
    header: Header,
    bytes: Vec<u8>,
}

impl Given {
    fn read(path: &Path) -> Result<Self, CliError> {
        let bytes = load::bytes(path, MAX_BUNDLE_BYTES)?;
        Ok(Self { header: Header::read(&bytes)?, bytes })
    }
}

/// A bundle as far as it can be read, and what is registered for it.
struct Entry {
    header: Option<Header>,
    registrations: Vec<Registration>,
    bundle: Result<Bundle, CliError>,
}

impl Entry {
    /// Without a verifier, whose parameters are insecure, every bundle is refused for that.
    fn read(
        verifier: Option<&Verifier<'_>>,
        given: Result<Given, CliError>,
        registrations: Vec<Registration>,
    ) -> Self {
        let Given { header, bytes } = match given {
            Ok(given) => given,
            Err(error) => return Self { header: None, registrations, bundle: Err(error) },
        };
        let bundle = match verifier {
            None => Err(SetupError::InsecureParameters.into()),
            Some(verifier) => verifier.read(&bytes, &registrations).map_err(CliError::from),
        };
        Self { header: Some(header), registrations, bundle }
    }

    fn readable(&self) -> Option<(&Bundle, &[Registration])> {
        Some((self.bundle.as_ref().ok()?, &self.registrations))
    }

    /// Takes the next result if this is a bundle that was verified.
    fn verdict(self, path: &Path, results: &mut impl Iterator<Item = Result<Score, VerifyError>>) -> Verdict {
        let (score, result) = match self.bundle {
            Err(error) => (None, Err(error)),
            Ok(bundle) => {
                let result = results.next().unwrap_or(Err(VerifyError::Internal));
                (Some(bundle.claimed_score()), result.map_err(CliError::Verify))
            }
        };
        Verdict::new(path, self.header.as_ref(), &self.registrations, score, result)
    }
}

/// What is registered, by digest.
struct Registry(HashMap<Digest, (PathBuf, Registration)>);

impl Registry {
    /// A request and the registration signed for it are of one digest, which covers all that a proof is
    /// about.
    fn read(paths: &[PathBuf]) -> Result<Self, CliError> {
        let read = |path: &PathBuf| {
            let registration = load::registration(path)?;
            Ok((*registration.digest(), (path.clone(), registration)))
        };
        paths.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The registrations that a bundle names.
    fn of(&self, header: &Header) -> Vec<Registration> {
        let find = |digest: &Digest| self.0.get(digest).map(|(_, registration)| registration.clone());
        header.digests.iter().filter_map(find).collect()
    }

    fn warn_of_unused(&self, used: &[Vec<Registration>]) {
        let used: HashSet<_> = used.iter().flatten().map(|registration| *registration.digest()).collect();
        let unused = self.0.iter().filter(|(digest, _)| !used.contains(*digest));
        let mut unused: Vec<_> = unused.map(|(_, (path, _))| path).collect();
        unused.sort();
        for path in unused {
            notice(&format!("warning: {}: no bundle given covers this registration", path.display()));
        }
    }
}

/// Each bundle is verified by itself, so one digest in two of them is not an error here; whoever pays has to
/// refuse it.
fn warn_of_repeated(
    paths: &[PathBuf],
    given: &[Result<Given, CliError>],
    registrations: &[Vec<Registration>],
) {
    let mut first = HashMap::new();
    for ((path, given), registrations) in paths.iter().zip(given).zip(registrations) {
        let Ok(given) = given else { continue };
        for digest in registrations.iter().map(Registration::digest) {
            if let Some(other) = first.insert((*digest, given.header.contributor), path) {
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
    fn new(
        path: &Path,
        header: Option<&Header>,
        registrations: &[Registration],
        score: Option<u64>,
        result: Result<Score, CliError>,
    ) -> Self {
        let digests = |header: &Header| header.digests.iter().map(ToString::to_string).collect();
        let records = registrations.iter().map(|registration| u64::from(registration.records()));
        let shown = header.zip(score).map(|(header, score)| output::score(header.role, score));
        Self {
            bundle: path.display().to_string(),
            accepted: result.is_ok(),
            role: header.map(|header| header.role.name()),
            contributor: header.map(|header| checksummed(&header.contributor).to_string()),
            digests: header.map(digests),
            records: header.and(records.reduce(u64::saturating_add)),
            score: score.map(|score| score.to_string()),
            error: result.err().map(|error| one_line(&error)),
            shown,
        }
    }
}

fn describe(verdicts: &[Verdict]) -> String {
    let mut table = table(["bundle", "role", "contributor", "records", "score", "verdict"]);
    align_right(&mut table, [3, 4]);
    let mut reasons = String::new();
    for verdict in verdicts {
        let contributor = verdict.contributor.as_deref().map(short_address).unwrap_or_default();
        table.add_row([
            output::file_cell(&verdict.bundle),
            Cell::new(verdict.role.unwrap_or("?")),
            Cell::new(contributor),
            Cell::new(verdict.records.map(thousands).unwrap_or_default()),
            Cell::new(verdict.shown.clone().unwrap_or_default()),
            Cell::new(if verdict.accepted { "accepted" } else { "REFUSED" }),
        ]);
        if let Some(error) = &verdict.error {
            reasons.push_str(&output::reason(&verdict.bundle, error));
        }
    }
    format!("{table}{reasons}")
}
