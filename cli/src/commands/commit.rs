//! `fairshare commit`: a public registration and a secret opening.

use std::path::Path;

use fairshare_formats::eip55::checksummed;
use fairshare_params::policy::Policy;
use fairshare_params::registration::{Dataset, Registration};
use fairshare_prover::commit::{OPENING_FILE, REGISTRATION_FILE};
use fairshare_prover::{Contributor, commit_data};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::CommitCommand;
use crate::document::spelling::{Checksummed, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list, notice, thousands};
use crate::progress::Bars;

pub fn run(command: &CommitCommand, output: Output) -> Result<Status, CliError> {
    let CommitCommand::Data(args) = command;
    let (policy, srs) = (load::policy(&args.policy)?, load::params(&args.params)?);
    let contributor =
        Contributor { address: args.contributor, round: args.round, evidence: args.evidence.clone() };
    let registration = commit_data(&srs, &policy, &contributor, &args.data, &args.out, &Bars::default())?;
    warn_of_few_records(&policy, &registration);
    warn_of_what_no_vault_takes(&policy, &registration);
    describe(&args.out, &registration, output)
}

/// A small upload is not an error yet: it may be proved together with others.
fn warn_of_few_records(policy: &Policy, registration: &Registration) {
    if registration.records() < policy.terms().min_records {
        notice(&format!(
            "warning: {} records, but the policy asks for {}; prove it together with your other data",
            thousands(registration.records()),
            thousands(policy.terms().min_records)
        ));
    }
}

/// The round is the registry's to say and not proved, so that a wrong one is no error here.
fn warn_of_what_no_vault_takes(policy: &Policy, registration: &Registration) {
    let (rounds, round) = (policy.data_rounds(), registration.round());
    if !rounds.contains(&round) {
        let (first, last) = rounds.into_inner();
        notice(&format!(
            "warning: the policy pays for data of rounds {first} to {last}, and not of round {round}; commit \
             again with the round in which it is registered"
        ));
    }
    if policy.terms().evidence && registration.evidence().is_none() {
        notice(
            "warning: the policy takes no data without evidence of its upload, and a ledger reads it from \
             this registration: it has to be given by `--evidence` when you commit",
        );
    }
}

/// What was committed to, and where.
#[derive(Serialize, JsonSchema)]
pub struct Committed {
    /// The folder written.
    folder: String,
    /// The registration's file, which is public.
    registration: String,
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The round of registration.
    round: u64,
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: &'static str,
    /// The dataset's digest.
    #[schemars(with = "Hash")]
    digest: String,
    /// Records in it.
    records: u32,
    /// Segments that their symbols fill.
    segments: u32,
}

fn describe(folder: &Path, registration: &Registration, output: Output) -> Result<Status, CliError> {
    let Dataset { records, segments, .. } = *registration.dataset();
    let committed = Committed {
        folder: folder.display().to_string(),
        registration: folder.join(REGISTRATION_FILE).display().to_string(),
        contributor: checksummed(registration.contributor()).to_string(),
        round: registration.round(),
        geometry: registration.geometry().name(),
        digest: registration.digest().to_string(),
        records,
        segments,
    };
    output.result(&committed, || {
        let plural = if segments == 1 { "" } else { "s" };
        let of = format!("{} records in {segments} segment{plural}", thousands(records));
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
