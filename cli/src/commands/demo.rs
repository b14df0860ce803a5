//! `fairshare demo`: the whole path on real data, in a temporary folder.
//!
//! A year of flights from New York City; its three airports are the contributors. Their records are their
//! data, the year's days the rounds, and each airport's records a day its units of computing power. Each
//! encrypts its records, and signs for the registry what it commits to.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fairshare_circuits::numeric::divergence::per_record;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Earning;
use fairshare_formats::registry::{SignedRegistration, signed_from_json, signed_to_json};
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::CircuitKind;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Account, Limits, Proved, Prover, commit_data, write_bundle};
use fairshare_verifier::{Bundle, Trust, Verifier};

use super::verify::MAX_BUNDLE_BYTES;
use crate::args::DemoArgs;
use crate::error::{CliError, Status, one_line};
use crate::load;
use crate::output::{self, Output, seconds, thousands};
use crate::progress::{self, Bars};

mod books;
mod chain;
pub mod data;
mod registry;
mod report;

pub use report::Report;
use report::{Attack, Line, Payout};

/// A contributor: an airport, also the name of its data file.
struct Airport {
    name: &'static str,
    account: Account,
    /// The round in which the registry takes its data.
    round: u64,
}

/// The airports, under keys that anybody can guess.
fn airports() -> Result<[Airport; 3], CliError> {
    let airport = |name, byte: &str, round| {
        let account = Account::from_text(byte.repeat(32).as_bytes())?;
        Ok::<_, CliError>(Airport { name, account, round })
    };
    Ok([airport("EWR", "e1", 0)?, airport("JFK", "a2", 7)?, airport("LGA", "b3", 14)?])
}

/// The ledger's operator, whose key anybody can guess, too. The policies' `registry` is its address.
fn operator() -> Result<Account, CliError> {
    Ok(Account::from_text("c2".repeat(32).as_bytes())?)
}

/// What one contributor made: a bundle for its data and one for its units.
struct Made {
    bundle: PathBuf,
    /// None of units.
    registration: Option<Registration>,
    bytes: usize,
    proved_in: Duration,
}

/// Runs the demonstration: with a ledger, or on a chain.
pub fn run(args: &DemoArgs, output: Output) -> Result<Status, CliError> {
    if args.chain { chain::run(&args.rpc, output) } else { with_ledger(output) }
}

fn with_ledger(output: Output) -> Result<Status, CliError> {
    let begun = Instant::now();
    let airports = airports()?;
    let folder =
        tempfile::tempdir().map_err(|source| CliError::File { path: std::env::temp_dir(), source })?;
    let root = folder.path();
    data::unpack(root)?;
    let policy = load::policy(&root.join(data::POLICY))?;
    introduce(output, &policy)?;

    let (srs, parameters) = parameters(output, &policy)?;
    let units = read_units(&root.join(data::UNITS), Rounds::of(&policy))?;
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)?.with_units(&units)?;
    let prover = Prover::new(&srs, &verifier, Limits::default());
    warm(output, &prover, &policy)?;

    let mut ledger = books::open(root, &verifier)?;
    let (mut lines, mut signed) = (Vec::new(), Vec::new());
    for airport in &airports {
        output.text("")?;
        let took = commit(output, root, &srs, &policy, airport)?;
        lines.push(line(&units, airport, took));
        signed.push(registry::register(output, root, &policy, &mut ledger, airport)?);
    }
    output.text("")?;
    books::end(output, &mut ledger, &units)?;
    output.text("")?;
    let mut made = Vec::new();
    for (airport, line) in airports.iter().zip(&mut lines) {
        made.extend(prove(output, root, &prover, airport, line)?);
    }

    output.text("")?;
    let (submitted, verify_time) = books::submit(output, &mut ledger, &verifier, &made)?;
    let attacks = attack(output, &verifier, &airports, &made, &signed)?;
    let scores: Vec<_> = submitted.iter().filter_map(|submitted| submitted.score).collect();
    fill(&mut lines, &scores, &made)?;
    let payout = payout(&policy, &airports, &books::pay(output, ledger, &parameters)?);
    let accepted = attacks.iter().all(|attack| attack.refused);
    let outcome = Outcome { begun, lines, payout, attacks, verify_time, accepted };
    outcome.tell(output, &verifier, &policy)
}

/// What a demonstration came to.
struct Outcome {
    begun: Instant,
    lines: Vec<Line>,
    payout: Payout,
    attacks: Vec<Attack>,
    verify_time: Duration,
    accepted: bool,
}

impl Outcome {
    /// Tells it, and with which status the program ends.
    fn tell(self, output: Output, verifier: &Verifier<'_>, policy: &Policy) -> Result<Status, CliError> {
        let Self { begun, lines, payout, attacks, verify_time, accepted } = self;
        output.text(&format!("\n{}", report::shares(policy, &lines, &payout)))?;
        let elapsed = begun.elapsed();
        let text = |shares: &[u128]| shares.iter().map(ToString::to_string).collect();
        let report = Report {
            accepted,
            insecure: verifier.parameters().is_insecure(),
            rules_hash: verifier.rules_hash().to_string(),
            contributors: &lines,
            data_shares: text(&payout.data),
            compute_shares: text(&payout.compute),
            rounding: payout.rounding.to_string(),
            attacks: &attacks,
            verify_seconds: verify_time.as_secs_f64(),
            seconds: elapsed.as_secs_f64(),
        };
        output.result(&report, || conclude(&lines, elapsed, accepted))?;
        Ok(if accepted { Status::Done } else { Status::Refused })
    }
}

/// The parameters, from a public seed, and what a verifier needs of them.
fn parameters(output: Output, policy: &Policy) -> Result<(Srs, VerifierParameters), CliError> {
    let (srs, took) = timed("making parameters", || Ok(Srs::insecure(policy.geometry())))?;
    output::name_insecure(srs.is_insecure());
    say(output, "parameters made from a public seed", took)?;
    let (parameters, took) = timed("making verifying keys", || load::derive(&srs))?;
    say(output, "verifying keys made; they serve data of any size", took)?;
    Ok((srs, parameters))
}

/// Makes every proving key, so that no proof's time has that of a key in it.
fn warm(output: Output, prover: &Prover<'_>, policy: &Policy) -> Result<(), CliError> {
    let (_, took) = timed("making proving keys", || {
        CircuitKind::all(policy.geometry())
            .try_for_each(|kind| prover.key(kind).map(|_| ()).map_err(CliError::from))
    })?;
    say(output, "proving keys made", took)
}

fn introduce(output: Output, policy: &Policy) -> Result<(), CliError> {
    output.text(&format!(
        "A royalty of {} units for a year of flights from New York City.\n\
         Three airports contribute: their records are data; {} days are rounds, and an\n\
         airport's records a day its computing power. Nobody shows a record.\n",
        thousands(policy.terms().pool),
        policy.rounds(),
    ))
}

fn conclude(lines: &[Line], elapsed: Duration, accepted: bool) -> String {
    let records: u64 = lines.iter().map(|line| u64::from(line.records)).sum();
    let verdict = if accepted { "3 forgeries refused" } else { "A FORGERY WAS ACCEPTED: please report this" };
    format!(
        "\n{} records of {} contributors committed, proved, verified and paid;\n{verdict}; {} in all.\n\
         Next: `fairshare --help` has a contributor's path in four commands, for your own data;\n\
         examples/flights/policy.toml explains every rule.",
        thousands(records),
        lines.len(),
        seconds(elapsed),
    )
}

/// Runs `work` under a spinner and says how long it took.
fn timed<T>(
    message: &'static str,
    work: impl FnOnce() -> Result<T, CliError>,
) -> Result<(T, Duration), CliError> {
    let spinner = progress::spinner(message);
    let begun = Instant::now();
    let result = work()?;
    drop(spinner);
    Ok((result, begun.elapsed()))
}

/// One line of the story.
fn say(output: Output, what: &str, took: Duration) -> Result<(), CliError> {
    output.text(&format!("  {what:<66} {:>8}", seconds(took)))
}

fn data_folder(root: &Path, airport: &Airport) -> PathBuf {
    root.join(format!("{}-data", airport.name))
}

fn commit(
    output: Output,
    root: &Path,
    srs: &Srs,
    policy: &Policy,
    airport: &Airport,
) -> Result<Duration, CliError> {
    let begun = Instant::now();
    let contributor = airport.account.address();
    let files = [root.join(format!("{}.parquet", airport.name))];
    let folder = data_folder(root, airport);
    let data = commit_data(srs, policy, contributor, &files, &folder, &Bars::of(airport.name))?;
    let took = begun.elapsed();
    say(output, &format!("{} commits: data digest {}", airport.name, short(data.digest())), took)?;
    Ok(took)
}

/// A digest, shortened for the eye.
fn short(digest: &Digest) -> String {
    let digest = digest.to_string();
    format!("{}…", digest.get(..34).unwrap_or(&digest))
}

/// What is known of a contributor before anything is proved.
fn line(units: &Units, airport: &Airport, took: Duration) -> Line {
    let own = units.of(airport.account.address()).unwrap_or_default();
    Line {
        contributor: airport.name,
        address: checksummed(airport.account.address()).to_string(),
        records: 0,
        registered_in_round: airport.round,
        data_score: 0,
        divergence: 0,
        units: own.iter().map(|units| u64::from(*units)).sum(),
        compute_score: 0,
        commit_seconds: took.as_secs_f64(),
        prove_data_seconds: 0.0,
        prove_compute_seconds: 0.0,
        data_bundle_bytes: 0,
        compute_bundle_bytes: 0,
    }
}

/// Both of a contributor's bundles, data first.
fn prove(
    output: Output,
    root: &Path,
    prover: &Prover<'_>,
    airport: &Airport,
    line: &mut Line,
) -> Result<[Made; 2], CliError> {
    let folder = data_folder(root, airport);
    let bars = Bars::of(airport.name);
    let bundle = folder.with_extension("bundle");
    let data = made(bundle, || Ok(prover.prove_data(&[folder], &bars)?))?;
    line.prove_data_seconds = data.proved_in.as_secs_f64();
    line.data_bundle_bytes = data.bytes;
    let what = format!("{} proves its data score in {} bytes", airport.name, thousands(data.bytes as u64));
    say(output, &what, data.proved_in)?;
    let bundle = root.join(format!("{}-compute.bundle", airport.name));
    let compute = made(bundle, || Ok(prover.prove_compute(airport.account.address(), &bars)?))?;
    line.prove_compute_seconds = compute.proved_in.as_secs_f64();
    line.compute_bundle_bytes = compute.bytes;
    let what = format!("           its compute score in {} bytes", thousands(compute.bytes as u64));
    say(output, &what, compute.proved_in)?;
    Ok([data, compute])
}

fn made(bundle: PathBuf, prove: impl FnOnce() -> Result<Proved, CliError>) -> Result<Made, CliError> {
    let begun = Instant::now();
    let proved = prove()?;
    write_bundle(&bundle, &proved.bundle)?;
    let proved_in = begun.elapsed();
    let bytes = proved.bundle.to_bytes().len();
    Ok(Made { bundle, registration: proved.registrations.into_iter().next(), bytes, proved_in })
}

/// Forgeries from the first contributor's registration and data bundle, which have to be refused.
fn attack(
    output: Output,
    verifier: &Verifier<'_>,
    airports: &[Airport; 3],
    made: &[Made],
    signed: &[SignedRegistration],
) -> Result<Vec<Attack>, CliError> {
    let made = made.first().ok_or(CliError::Demo("there is no bundle to forge"))?;
    let bytes = load::bytes(&made.bundle, MAX_BUNDLE_BYTES)?;
    let not_data = CliError::Demo("its first bundle is not for data");
    let Some(registration) = &made.registration else { return Err(not_data) };
    let Bundle::Data(honest) = verifier.read(&bytes, std::slice::from_ref(registration))? else {
        return Err(not_data);
    };
    let (mut raised, mut replayed) = (honest.clone(), honest);
    raised.score += 1;
    let [_, thief, _] = airports;
    replayed.contributor = *thief.account.address();
    let [of_owner, of_thief, ..] = signed else { return Err(CliError::Demo("there is nothing signed")) };
    let [theirs, own] = [of_owner, of_thief].map(|signed| signed.signature().to_string());
    let countersigned = signed_to_json(of_owner).replace(&theirs, &own);
    // As if a registry had taken the owner's digest from the thief: no ledger of ours does.
    let stolen = Registration::new(
        *thief.account.address(),
        registration.geometry(),
        *registration.schema_hash(),
        registration.records(),
        *registration.digest(),
    );
    let stolen = stolen.map_err(|_| CliError::Demo("a registration cannot be made"))?;
    let verify = |bundle, registration: &Registration| {
        let verified = verifier.verify(&Bundle::Data(bundle), std::slice::from_ref(registration));
        Ok(verified.map(|_| ()).map_err(|error| one_line(&error)))
    };
    let register =
        || Ok(signed_from_json(countersigned.as_bytes()).map(|_| ()).map_err(|error| one_line(&error)));
    Ok(vec![
        try_out(output, "EWR's data registered with JFK's signature", register)?,
        try_out(output, "EWR's data score raised by 1/256 nat", || verify(raised, registration))?,
        try_out(output, "EWR's data bundle replayed by JFK", || verify(replayed, &stolen))?,
    ])
}

/// Tries one forgery and says what came of it.
fn try_out(
    output: Output,
    attack: &'static str,
    forge: impl FnOnce() -> Result<Result<(), String>, CliError>,
) -> Result<Attack, CliError> {
    let begun = Instant::now();
    let error = forge()?.err();
    let refused = error.is_some();
    say(output, &format!("{attack}: {}", if refused { "refused" } else { "ACCEPTED" }), begun.elapsed())?;
    if let Some(error) = &error {
        output.text(&textwrap::fill(error, indented()))?;
    }
    Ok(Attack { attack, refused, error })
}

/// Below a line of the story. A longer word, a digest for instance, stays whole.
fn indented() -> textwrap::Options<'static> {
    let options = textwrap::Options::new(76).initial_indent("      ").subsequent_indent("      ");
    options.break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// Fills in the verified scores: a contributor's data first, then its units.
fn fill(lines: &mut [Line], scores: &[u64], made: &[Made]) -> Result<(), CliError> {
    if scores.len() != made.len() {
        return Err(CliError::Demo("a contributor lacks a score"));
    }
    for ((line, scores), made) in lines.iter_mut().zip(scores.chunks(2)).zip(made.chunks(2)) {
        let ([data, compute], [made, _]) = (scores, made) else {
            return Err(CliError::Demo("a contributor lacks a score"));
        };
        line.records = made.registration.as_ref().map_or(0, Registration::records);
        line.data_score = *data;
        line.divergence = NonZeroU32::new(line.records).map_or(0, |records| per_record(*data, records));
        line.compute_score = *compute;
    }
    Ok(())
}

/// What each contributor is paid, in the lines' order.
fn payout(policy: &Policy, airports: &[Airport], earned: &[Earning]) -> Payout {
    let of = |airport: &Airport| {
        let own = earned.iter().find(|earning| earning.contributor == *airport.account.address());
        own.map_or((0, 0), |earning| (earning.data, earning.compute))
    };
    let (data, compute): (Vec<_>, Vec<_>) = airports.iter().map(of).unzip();
    let sum: u128 = data.iter().chain(&compute).sum();
    Payout { rounding: policy.terms().pool.saturating_sub(sum), data, compute }
}
