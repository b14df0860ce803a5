//! `fairshare commit`: a public registration and a secret opening.

use std::path::Path;

use fairshare_formats::eip55::checksummed;
use fairshare_params::policy::Policy;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_params::srs::Srs;
use fairshare_prover::commit::{OPENING_FILE, REGISTRATION_FILE};
use fairshare_prover::{Contributor, commit_compute, commit_data};
use serde::Serialize;

use crate::args::{CommitArgs, CommitCommand};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list, notice, thousands};
use crate::progress::Bars;

pub fn run(command: &CommitCommand, output: Output) -> Result<Status, CliError> {
    match command {
        CommitCommand::Data(args) => {
            let (policy, srs) = open(&args.common)?;
            let contributor = contributor(&args.common, args.round);
            let out = &args.common.out;
            let registration = commit_data(&srs, &policy, &contributor, &args.data, out, &Bars::default())?;
            warn_of_few_records(&policy, &registration);
            describe(out, &registration, output)
        }
        CommitCommand::Compute(args) => {
            let (policy, srs) = open(&args.common)?;
            let round = args.round.unwrap_or(policy.first_round());
            let contributor = contributor(&args.common, round);
            let (out, units) = (&args.common.out, &args.units);
            let registration =
                commit_compute(&srs, &policy, &contributor, &units.units, units.column.as_deref(), out)?;
            describe(out, &registration, output)
        }
    }
}

fn open(args: &CommitArgs) -> Result<(Policy, Srs), CliError> {
    Ok((load::policy(&args.policy)?, load::params(&args.params)?))
}

fn contributor(args: &CommitArgs, round: u64) -> Contributor {
    Contributor { address: args.contributor, round, evidence: args.evidence.clone() }
}

/// A small upload is not an error yet: it may be proved together with others.
fn warn_of_few_records(policy: &Policy, registration: &Registration) {
    if let Contribution::Data { records, .. } = registration.contribution()
        && *records < policy.min_records()
    {
        notice(&format!(
            "warning: {} records, but the policy asks for {}; prove it together with your other data",
            thousands(*records),
            thousands(policy.min_records())
        ));
    }
}

#[derive(Serialize)]
struct Committed {
    folder: String,
    registration: String,
    role: &'static str,
    contributor: String,
    round: u64,
    geometry: &'static str,
    digest: String,
    records: Option<u32>,
    segments: Option<u32>,
    rounds: Option<u32>,
}

fn describe(folder: &Path, registration: &Registration, output: Output) -> Result<Status, CliError> {
    let (records, segments, rounds) = match registration.contribution() {
        Contribution::Data { records, segments, .. } => (Some(*records), Some(*segments), None),
        Contribution::Compute { rounds, .. } => (None, None, Some(*rounds)),
    };
    let committed = Committed {
        folder: folder.display().to_string(),
        registration: folder.join(REGISTRATION_FILE).display().to_string(),
        role: registration.role().name(),
        contributor: checksummed(registration.contributor()).to_string(),
        round: registration.round(),
        geometry: registration.geometry().name(),
        digest: registration.digest().to_string(),
        records,
        segments,
        rounds,
    };
    output.result(&committed, || {
        let of = match (records, segments, rounds) {
            (Some(records), Some(segments), _) => {
                let plural = if segments == 1 { "" } else { "s" };
                format!("{} records in {segments} segment{plural}", thousands(records))
            }
            (.., Some(rounds)) => format!("units of {rounds} rounds"),
            _ => String::new(),
        };
        list(&[
            ("committed to", of),
            ("digest", committed.digest.clone()),
            ("register", format!("{} (public)", committed.registration)),
            (
                "keep",
                format!("{} (secret: without it nothing can be proved)", folder.join(OPENING_FILE).display()),
            ),
        ])
    })?;
    Ok(Status::Done)
}
