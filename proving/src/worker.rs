//! The worker: one job after the other, each with all threads, so that memory is that of one.
//!
//! Proving keys are made before the first job, so that no phase of a job is deaf to being cancelled: reading,
//! committing and proving all ask every few milliseconds.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use fairshare_params::keys::CircuitKind;
use fairshare_params::registry::Request;
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::{
    CommitError, Limits, Matching, Progress, ProveError, Prover, REQUEST_FILE, Task, commit_matching,
    write_bundle,
};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::Verifier;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::book::{Book, Page};
use crate::content::is_as_seen;
use crate::error::{ServiceError, StoreError, told};
use crate::jobs::{Amount, Job, Jobs};
use crate::record::{Committed, Content, Proved, Record, State};
use crate::store::JobFolder;

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Prove(#[from] ProveError),
    #[error(
        "the policy `{name}` is not one of this service's any more, or has other rules now: submit again"
    )]
    Policy { name: String },
    #[error("a file was changed after the job was submitted: submit it again")]
    Changed,
    #[error("internal invariant violated; please report")]
    Panicked,
    /// Not the job's fault: the service ends, and the job goes on with the next one.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works on jobs until the service stops. `ready` is told once the keys are made.
pub(crate) fn work(
    book: &Book,
    jobs: &Jobs,
    limits: Limits,
    ready: impl FnOnce(),
) -> Result<(), ServiceError> {
    let verifiers = book.pages().iter().map(|page| book.verifier(page)).collect::<Result<Vec<_>, _>>()?;
    let pages = || book.pages().iter().zip(&verifiers);
    let provers: Vec<_> =
        pages().map(|(page, verifier)| prover(book, jobs, page, verifier, limits)).collect();
    for prover in &provers {
        prepare(prover, jobs).map_err(|error| ServiceError::Key(Box::new(error)))?;
    }
    let pool = ThreadPoolBuilder::new().num_threads(limits.threads.max(1)).build();
    let pool = pool.map_err(ServiceError::Threads)?;
    ready();
    while let Some(job) = jobs.next() {
        let record = job.view().record;
        let found = pages().zip(&provers).find(|((page, _), _)| is_of(&record, page));
        let run = || match found {
            Some(((page, _), prover)) => {
                Run { book, jobs, job: &job, page, prover, pool: &pool }.to_the_end()
            }
            None => Err(Failure::Policy { name: record.purpose.policy.clone() }),
        };
        // What is left after a panic is what is left after a kill, and is looked at likewise.
        let ended = catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Failure::Panicked));
        end(jobs, &job, ended)?;
    }
    Ok(())
}

fn is_of(record: &Record, page: &Page) -> bool {
    (&record.purpose.policy, &record.purpose.rules) == (&page.name, &page.rules)
}

fn prover<'a>(
    book: &'a Book,
    jobs: &Jobs,
    page: &'a Page,
    verifier: &'a Verifier<'a>,
    limits: Limits,
) -> Prover<'a> {
    Prover::new(book.srs(page), verifier, limits).with_cache(KeyCache::new(jobs.store().keys()))
}

/// Makes or loads all keys that data is proved with.
fn prepare(prover: &Prover<'_>, jobs: &Jobs) -> Result<(), ProveError> {
    let kinds = CircuitKind::all(prover.commit_key().srs().geometry());
    for kind in kinds.filter(|kind| *kind != CircuitKind::ComputeScore) {
        if jobs.is_stopping() {
            break;
        }
        prover.key(kind)?;
    }
    Ok(())
}

/// Writes down how a job ended; unless the service stops, for then the job goes on with the next one.
fn end(jobs: &Jobs, job: &Job, ended: Result<Proved, Failure>) -> Result<(), ServiceError> {
    let failure = match ended {
        Ok(proved) => {
            return Ok(jobs.change(job, |record| {
                (record.state, record.proved) = (State::Done, Some(proved));
            })?);
        }
        Err(Failure::Store(error)) => return Err(error.into()),
        Err(failure) => failure,
    };
    if job.is_cancelled() {
        return Ok(jobs.change(job, |record| record.state = State::Cancelled)?);
    }
    if jobs.is_stopping() {
        return Ok(());
    }
    let folder = jobs.store().job(&job.id);
    let (spool, commitment) = (folder.spool(), folder.commitment());
    let error = told(&failure as &dyn Error, &[(&spool, "the stream"), (&commitment, "the commitment")]);
    Ok(jobs.change(job, |record| (record.state, record.error) = (State::Failed, Some(error)))?)
}

/// A job under way.
struct Run<'a> {
    book: &'a Book,
    jobs: &'a Jobs,
    job: &'a Job,
    page: &'a Page,
    prover: &'a Prover<'a>,
    pool: &'a ThreadPool,
}

impl Run<'_> {
    fn to_the_end(&self) -> Result<Proved, Failure> {
        let (record, folder) = (self.job.view().record, self.jobs.store().job(&self.job.id));
        let committed = match record.committed {
            Some(committed) => committed,
            None => self.commit(&record, &folder)?,
        };
        self.jobs.change(self.job, |record| {
            (record.state, record.committed) = (State::Proving, Some(committed));
        })?;
        folder.remove_spool()?;
        self.prove(&folder)
    }

    fn commit(&self, record: &Record, folder: &JobFolder) -> Result<Committed, Failure> {
        self.jobs.change(self.job, |record| record.state = State::Committing)?;
        if folder.commitment().join(REQUEST_FILE).exists() {
            // Committed to, and killed before that was written down: the records may be gone.
            let kept = CommitmentFolder::read(&folder.commitment(), &self.page.policy)?;
            let (registration, segments) = (&kept.registration, kept.columns.len());
            let (digest, records) = (*registration.digest(), registration.records());
            return Ok(Committed { digest, records, segments: count(segments) });
        }
        let data: Vec<PathBuf> = match &record.content {
            Content::Spooled => vec![folder.spool()],
            Content::Files(seen) => seen.iter().map(|seen| seen.path.clone()).collect(),
        };
        let purpose = &record.purpose;
        let matching = if purpose.accept_unmatched { Matching::Waived } else { Matching::Required };
        let (srs, policy) = (self.book.srs(self.page), &self.page.policy);
        let commit = || {
            let into = folder.commitment();
            commit_matching(srs, policy, &purpose.contributor, &data, &into, matching, self)
        };
        let committed = self.pool.install(commit)?;
        match &record.content {
            Content::Files(seen) if !is_as_seen(seen) => Err(Failure::Changed),
            _ => Ok(of_request(&committed.request)),
        }
    }

    fn prove(&self, folder: &JobFolder) -> Result<Proved, Failure> {
        let proved = self.prover.prove_data(&[folder.commitment()], self)?;
        write_bundle(&folder.bundle(), &proved.bundle)?;
        let bytes = proved.bundle.to_bytes().len() as u64;
        Ok(Proved { score: proved.score.value(), bytes, insecure: self.book.srs(self.page).is_insecure() })
    }
}

fn of_request(request: &Request) -> Committed {
    let (digest, records) = (*request.digest(), request.records());
    Committed { digest, records, segments: count(request.segments().len()) }
}

fn count(segments: usize) -> u32 {
    u32::try_from(segments).unwrap_or(u32::MAX)
}

impl Progress for Run<'_> {
    fn begin(&self, task: Task, total: u64, done: u64) {
        self.job.progress(|progress| *progress = Some(Amount { task, total, done }));
    }

    fn advance(&self, task: Task, units: u64) {
        self.job.progress(|progress| {
            if let Some(amount) = progress.as_mut().filter(|amount| amount.task == task) {
                amount.done = amount.done.saturating_add(units);
            }
        });
    }

    fn end(&self, task: Task) {
        self.job.progress(|progress| {
            progress.take_if(|amount| amount.task == task);
        });
    }

    fn cancelled(&self) -> bool {
        self.job.is_cancelled() || self.jobs.is_stopping()
    }
}
