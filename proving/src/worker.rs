//! The worker: one job after the other, each with all threads, so that memory is that of one.
//!
//! Proving keys are made before the first job, so that no phase of a job is deaf to being cancelled: reading,
//! committing and proving all ask every few milliseconds.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fairshare_ingest::Records;
use fairshare_params::keys::CircuitKind;
use fairshare_params::registry::Request;
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::{
    CommitError, Limits, Matching, Progress, ProveError, Prover, REQUEST_FILE, Task, commit_symbols,
    write_bundle,
};
use fairshare_storage::key_cache::KeyCache;
use fairshare_verifier::Verifier;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::book::{Book, Page};
use crate::bounded::Bounded;
use crate::error::{ServiceError, StoreError, is_full, told};
use crate::jobs::{Amount, Job, Jobs};
use crate::record::{Committed, Proved, Record, State};
use crate::store::JobFolder;

/// How long to wait for room on the disk before it is looked for again.
const NO_ROOM: Duration = Duration::from_secs(1);

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
    #[error(
        "the disk of the service has too little room for the records: ask its operator for more, and submit \
         again"
    )]
    Full,
    #[error(
        "more than {limit} records, the most that this service commits to: send fewer in one job, or ask its \
         operator to raise --max-records"
    )]
    TooManyRecords { limit: u32 },
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
            Some(((page, _), prover)) => Run::new(book, jobs, &job, page, prover, &pool).to_the_end(),
            None => Err(Failure::Policy { name: record.purpose.policy.clone() }),
        };
        // What is left after a panic is what is left after a kill, and is looked at likewise.
        let run = || catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(Failure::Panicked));
        let mut ended = run();
        while is_for_want_of_room(&ended) && waited_for_room(jobs, &job)? {
            ended = run();
        }
        end(jobs, &job, ended)?;
    }
    Ok(())
}

/// Whether a job could not be worked on because others had filled the disk. What it wrote itself and did not
/// finish is gone by now.
fn is_for_want_of_room(ended: &Result<Proved, Failure>) -> bool {
    matches!(ended, Err(failure @ (Failure::Commit(_) | Failure::Prove(_))) if is_full(failure))
}

/// Waits for room, if there is none. False if there was some, so that the job itself needs more than there
/// is; or if nobody wants the job any more.
fn waited_for_room(jobs: &Jobs, job: &Job) -> Result<bool, ServiceError> {
    let mut has_waited = false;
    while jobs.store().is_short()? && !job.is_cancelled() {
        if !has_waited {
            tracing::error!(job = %job.id, "the disk is full; the job waits until there is room");
        }
        has_waited = true;
        if !jobs.pause(NO_ROOM) {
            return Ok(false);
        }
    }
    Ok(has_waited && !job.is_cancelled())
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
    match write_end(jobs, job, ended) {
        Err(error) if error.is_full() && jobs.is_stopping() => Ok(()),
        written => Ok(written?),
    }
}

fn write_end(jobs: &Jobs, job: &Job, ended: Result<Proved, Failure>) -> Result<(), StoreError> {
    let failure = match ended {
        Ok(proved) => {
            return jobs.change(job, |record| {
                (record.state, record.proved) = (State::Done, Some(proved));
            });
        }
        Err(Failure::Store(error)) => return Err(error),
        Err(failure) => failure,
    };
    if job.is_cancelled() {
        return jobs.change(job, |record| record.state = State::Cancelled);
    }
    if jobs.is_stopping() {
        return Ok(());
    }
    let folder = jobs.store().job(&job.id);
    let (stream, files, commitment) = (folder.stream(), folder.files().join(""), folder.commitment());
    // Nobody but the service could change what was submitted, so what is told of it is of this job's records.
    let names = [(&*stream, "the stream"), (&*files, ""), (&*commitment, "the commitment")];
    let error = told(&failure as &dyn Error, &names);
    jobs.change(job, |record| (record.state, record.error) = (State::Failed, Some(error.clone())))
}

/// A job under way.
struct Run<'a> {
    book: &'a Book,
    jobs: &'a Jobs,
    job: &'a Job,
    page: &'a Page,
    prover: &'a Prover<'a>,
    pool: &'a ThreadPool,
    /// Whether reading was stopped because the disk was about to be full.
    is_short: AtomicBool,
}

impl<'a> Run<'a> {
    fn new(
        book: &'a Book,
        jobs: &'a Jobs,
        job: &'a Job,
        page: &'a Page,
        prover: &'a Prover<'a>,
        pool: &'a ThreadPool,
    ) -> Self {
        Self { book, jobs, job, page, prover, pool, is_short: AtomicBool::new(false) }
    }

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
            // Committed to, and killed before that was written down. The records were the same: nobody but
            // the service can change them.
            let kept = CommitmentFolder::read(&folder.commitment(), &self.page.policy)?;
            let (registration, segments) = (&kept.registration, kept.columns.len());
            let (digest, records) = (*registration.digest(), registration.records());
            return Ok(Committed { digest, records, segments: count(segments) });
        }
        let data = record.content.paths(&folder.stream(), &folder.files());
        let purpose = &record.purpose;
        let matching = if purpose.accept_unmatched { Matching::Waived } else { Matching::Required };
        let (srs, policy) = (self.book.srs(self.page), &self.page.policy);
        let commit = || {
            let records = Records::open(&data, policy.schema()).map_err(CommitError::from)?;
            let (mut records, into) = (Bounded::new(records, self.jobs.max_records()), folder.commitment());
            let to = &purpose.contributor;
            match commit_symbols(srs, policy, to, &mut records, &into, matching, self) {
                Ok(committed) => Ok(of_request(&committed.request)),
                Err(_) if records.is_over() => {
                    Err(Failure::TooManyRecords { limit: self.jobs.max_records() })
                }
                Err(CommitError::Cancelled) if self.is_short.load(Ordering::Relaxed) => Err(Failure::Full),
                Err(error) => Err(error.into()),
            }
        };
        self.pool.install(commit)
    }

    /// Whether records that are read leave too little room for the other jobs. Reading alone writes more than
    /// came: a column of nulls has next to no bytes.
    fn fills_the_disk(&self) -> bool {
        let is_reading = self.job.view().progress.is_some_and(|amount| amount.task == Task::Read);
        // A disk that cannot be asked gives its error when it is written to.
        let is_short = is_reading && self.jobs.store().is_short().unwrap_or(false);
        self.is_short.fetch_or(is_short, Ordering::Relaxed) || is_short
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
        self.job.is_cancelled() || self.jobs.is_stopping() || self.fills_the_disk()
    }
}
