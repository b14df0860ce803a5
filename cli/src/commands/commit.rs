//! `fairshare commit`: a public request and a secret opening.

use std::path::Path;

use fairshare_formats::eip55::checksummed;
use fairshare_ingest::unmatched::Unmatched;
use fairshare_params::policy::Policy;
use fairshare_params::registry::Request;
use fairshare_prover::commit::OPENING_FILE;
use fairshare_prover::{CommitError, Committed, Matching, REQUEST_FILE, commit_matching};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::CommitCommand;
use crate::document::spelling::{Checksummed, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::interrupt;
use crate::load;
use crate::output::{Output, count, list, notice, thousands};
use crate::progress::Bars;
use crate::unmatched::{Found, UnmatchedLine};

pub fn run(command: &CommitCommand, output: Output) -> Result<Status, CliError> {
    let CommitCommand::Data(args) = command;
    interrupt::listen();
    let (policy, srs) = (load::policy(&args.policy)?, load::params(&args.params)?);
    let matching = if args.unmatched.accept_unmatched { Matching::Waived } else { Matching::Required };
    let (who, data) = (&args.contributor, &args.data);
    let bars = Bars::until(interrupt::is_asked);
    let made = commit_matching(&srs, &policy, who, data, &args.out, matching, &bars);
    let look = |found: &[Unmatched]| Found::new(found.to_vec(), policy.schema(), data, &args.unmatched);
    let Committed { request, unmatched } = made.inspect_err(|error| {
        if let CommitError::Unmatched(mostly) = error {
            look(&mostly.columns).warn();
        }
    })?;
    let found = look(&unmatched);
    found.warn();
    warn_of_few_records(&policy, &request);
    describe(&args.out, &request, &found, output)
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
pub struct CommittedResult {
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
    /// What of each column matched nothing in the schema, in its order.
    unmatched: Vec<UnmatchedLine>,
}

fn describe(folder: &Path, request: &Request, found: &Found<'_>, output: Output) -> Result<Status, CliError> {
    let (records, segments) = (request.records(), request.segments().len());
    let committed = CommittedResult {
        folder: folder.display().to_string(),
        request: folder.join(REQUEST_FILE).display().to_string(),
        contributor: checksummed(request.contributor()).to_string(),
        geometry: request.geometry().name(),
        digest: request.digest().to_string(),
        records,
        segments,
        unmatched: found.lines(),
    };
    output.result(&committed, || {
        let plural = if segments == 1 { "" } else { "s" };
        let of = format!("{} records in {segments} segment{plural}", thousands(records));
        let lines = list(&[
            ("committed to", of),
            ("digest", committed.digest.clone()),
            ("register", format!("{} (public; `fairshare register sign` signs it)", committed.request)),
            (
                "keep",
                format!("{} (secret: without it nothing can be proved)", folder.join(OPENING_FILE).display()),
            ),
        ]);
        format!("{lines}\n\n{}", found.text())
    })?;
    Ok(Status::Done)
}
