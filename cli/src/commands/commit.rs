//! `fairshare commit`: a public request and a secret opening.

use std::path::Path;

use fairshare_formats::eip55::checksummed;
use fairshare_params::policy::Policy;
use fairshare_params::registry::Request;
use fairshare_prover::commit::OPENING_FILE;
use fairshare_prover::{REQUEST_FILE, commit_data};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::CommitCommand;
use crate::document::spelling::{Checksummed, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, count, list, notice, thousands};
use crate::progress::Bars;

pub fn run(command: &CommitCommand, output: Output) -> Result<Status, CliError> {
    let CommitCommand::Data(args) = command;
    let (policy, srs) = (load::policy(&args.policy)?, load::params(&args.params)?);
    let request = commit_data(&srs, &policy, &args.contributor, &args.data, &args.out, &Bars::default())?;
    warn_of_few_records(&policy, &request);
    describe(&args.out, &request, output)
}

/// A small upload is not an error yet: it may be proved together with others.
fn warn_of_few_records(policy: &Policy, request: &Request) {
    if request.records() < policy.terms().min_records {
        notice(&format!(
            "warning: {}, but the policy asks for {}; prove the data together with your other data",
            count(request.records() as usize, "record"),
            thousands(policy.terms().min_records)
        ));
    }
}

/// What was committed to, and where.
#[derive(Serialize, JsonSchema)]
pub struct Committed {
    /// The folder written.
    folder: String,
    /// The request's file, which is public.
    request: String,
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: &'static str,
    /// The dataset's digest.
    #[schemars(with = "Hash")]
    digest: String,
    /// Records in it.
    records: u32,
    /// Segments that their symbols fill.
    segments: usize,
}

fn describe(folder: &Path, request: &Request, output: Output) -> Result<Status, CliError> {
    let (records, segments) = (request.records(), request.segments().len());
    let committed = Committed {
        folder: folder.display().to_string(),
        request: folder.join(REQUEST_FILE).display().to_string(),
        contributor: checksummed(request.contributor()).to_string(),
        geometry: request.geometry().name(),
        digest: request.digest().to_string(),
        records,
        segments,
    };
    output.result(&committed, || {
        let plural = if segments == 1 { "" } else { "s" };
        let of = format!("{} records in {segments} segment{plural}", thousands(records));
        list(&[
            ("committed to", of),
            ("digest", committed.digest.clone()),
            ("register", format!("{} (public; `fairshare register sign` signs it)", committed.request)),
            (
                "keep",
                format!("{} (secret: without it nothing can be proved)", folder.join(OPENING_FILE).display()),
            ),
        ])
    })?;
    Ok(Status::Done)
}
