//! All jobs: those that wait, the one that is worked on, and those that have ended.
//!
//! A change of a job is on the disk before anybody hears of it, and changes are made one at a time. So a job
//! that was told to have ended has ended, whatever happens to the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fairshare_prover::Task;
use tokio::sync::watch;

use crate::content::{Fingerprint, Spooled};
use crate::error::{Refusal, StoreError};
use crate::record::{Content, Id, Purpose, Record, Seen, State};
use crate::store::Store;

/// Most jobs that are kept, ended ones included: each takes memory.
pub(crate) const MAX_KEPT: usize = 10_000;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    pub id: Id,
    cancelled: AtomicBool,
    view: watch::Sender<View>,
}

/// Where a job stands.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub record: Arc<Record>,
    pub progress: Option<Amount>,
}

/// How far a piece of work is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    pub task: Task,
    pub total: u64,
    pub done: u64,
}

impl Job {
    fn new(id: Id, record: Record) -> Self {
        let view = View { record: Arc::new(record), progress: None };
        Self { id, cancelled: AtomicBool::new(false), view: watch::Sender::new(view) }
    }

    /// Where it stands now.
    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Where it stands, again and again.
    pub(crate) fn follow(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    /// Whether somebody has cancelled it.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Says how far it is.
    pub(crate) fn progress(&self, change: impl FnOnce(&mut Option<Amount>)) {
        self.view.send_modify(|view| change(&mut view.progress));
    }

    fn state(&self) -> State {
        self.view.borrow().record.state
    }
}

#[derive(Debug, Default)]
struct Table {
    by_id: HashMap<Id, Arc<Job>>,
    by_number: BTreeMap<u64, Arc<Job>>,
    queue: VecDeque<Arc<Job>>,
    /// Uploads under way.
    uploads: usize,
}

impl Table {
    /// Jobs that have not ended, and uploads that will be.
    fn open(&self) -> usize {
        self.by_number.values().filter(|job| !job.state().has_ended()).count() + self.uploads
    }
}

/// What was counted since the service began.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Bytes that came in.
    pub bytes: AtomicU64,
    /// Jobs that ended, as in [`State::ALL`].
    ended: [AtomicU64; State::ALL.len()],
    /// Requests that were refused, as in [`Refusal::LABELS`].
    refused: [AtomicU64; Refusal::LABELS.len()],
}

/// All jobs.
pub(crate) struct Jobs {
    store: Store,
    /// Most that may wait or be under way.
    most: usize,
    /// Held while a job changes.
    turn: Mutex<()>,
    table: Mutex<Table>,
    came: Condvar,
    stopping: watch::Sender<bool>,
    pub counts: Counts,
}

/// What is submitted, whole.
pub(crate) enum Submitted {
    Spooled(Spooled),
    Files(Vec<Seen>, Fingerprint),
}

/// Room for an upload.
pub(crate) struct Slot(Arc<Jobs>);

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.0.table();
        table.uploads = table.uploads.saturating_sub(1);
    }
}

/// Whoever panicked while holding it left it whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// The jobs that are kept; those that have not ended wait, in the order of their numbers.
    pub(crate) fn open(store: Store, kept: Vec<(Id, Record)>, most: usize) -> Self {
        let mut table = Table::default();
        for (id, record) in kept {
            let (number, job) = (record.number, Arc::new(Job::new(id, record)));
            table.by_number.insert(number, Arc::clone(&job));
            table.by_id.insert(id, job);
        }
        let waiting = table.by_number.values().filter(|job| !job.state().has_ended());
        table.queue = waiting.cloned().collect();
        let (turn, table) = (Mutex::new(()), Mutex::new(table));
        let (came, stopping, counts) = (Condvar::new(), watch::Sender::new(false), Counts::default());
        Self { store, most, turn, table, came, stopping, counts }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// A job by its id.
    pub(crate) fn find(&self, id: &Id) -> Option<Arc<Job>> {
        self.table().by_id.get(id).cloned()
    }

    /// Jobs after a number, at most so many.
    pub(crate) fn after(&self, number: u64, most: usize) -> Vec<Arc<Job>> {
        let from = number.saturating_add(1);
        self.table().by_number.range(from..).take(most).map(|(_, job)| Arc::clone(job)).collect()
    }

    /// Room for an upload, so that what comes in is bounded.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Slot, Refusal> {
        let mut table = self.table();
        if self.is_stopping() {
            return Err(Refusal::Stopping);
        }
        if table.open() >= self.most {
            return Err(Refusal::TooManyJobs { limit: self.most });
        }
        table.uploads += 1;
        drop(table);
        Ok(Slot(Arc::clone(self)))
    }

    /// The job of what was submitted, and whether it was there before. Once it returns, the job outlives the
    /// process.
    pub(crate) fn submit(
        &self,
        slot: Slot,
        purpose: Purpose,
        submitted: Submitted,
    ) -> Result<(Arc<Job>, bool), Refusal> {
        let (fingerprint, content) = match &submitted {
            Submitted::Spooled(spooled) => (spooled.fingerprint, Content::Spooled),
            Submitted::Files(seen, fingerprint) => (*fingerprint, Content::Files(seen.clone())),
        };
        let id = fingerprint.id(&self.store, &purpose);
        let _turn = lock(&self.turn);
        // Its place is taken by the job, or given back.
        drop(slot);
        let known = self.find(&id);
        if let Some(job) = known.as_ref().filter(|job| matches!(job.state(), state if is_under_way(state))) {
            return Ok((Arc::clone(job), true));
        }
        if let Submitted::Spooled(spooled) = submitted {
            self.store.keep(&id, spooled.file)?;
        }
        let job = match known {
            Some(job) => self.begin_again(job, content)?,
            None => self.begin_new(id, purpose, content)?,
        };
        self.table().queue.push_back(Arc::clone(&job));
        self.came.notify_all();
        tracing::info!(job = %job.id, attempt = job.view().record.attempt, "a job was submitted");
        Ok((job, false))
    }

    fn begin_new(&self, id: Id, purpose: Purpose, content: Content) -> Result<Arc<Job>, Refusal> {
        let table = self.table();
        if table.by_number.len() >= MAX_KEPT {
            return Err(Refusal::TooManyKept { limit: MAX_KEPT });
        }
        let number = table.by_number.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
        drop(table);
        let record = Record::new(number, purpose, content);
        self.store.write(&id, &record)?;
        let job = Arc::new(Job::new(id, record));
        let mut table = self.table();
        table.by_id.insert(id, Arc::clone(&job));
        table.by_number.insert(number, Arc::clone(&job));
        Ok(job)
    }

    fn begin_again(&self, job: Arc<Job>, content: Content) -> Result<Arc<Job>, Refusal> {
        let record = job.view().record.again(content);
        self.store.write(&job.id, &record)?;
        job.cancelled.store(false, Ordering::Relaxed);
        job.view.send_modify(|view| *view = View { record: Arc::new(record), progress: None });
        Ok(job)
    }

    /// Ends a job that waits, and has one that is worked on end.
    pub(crate) fn cancel(&self, job: &Arc<Job>) -> Result<(), Refusal> {
        let _turn = lock(&self.turn);
        if job.state().has_ended() {
            return Ok(());
        }
        let waits = self.table().queue.iter().any(|waiting| waiting.id == job.id);
        if waits {
            self.put(job, |record| record.state = State::Cancelled)?;
            self.table().queue.retain(|waiting| waiting.id != job.id);
        } else {
            job.cancelled.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The next job to work on, waited for; none once the service stops.
    pub(crate) fn next(&self) -> Option<Arc<Job>> {
        let mut table = self.table();
        loop {
            if self.is_stopping() {
                return None;
            }
            if let Some(job) = table.queue.pop_front() {
                return Some(job);
            }
            table = self.came.wait(table).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Changes a job, on the disk first.
    pub(crate) fn change(&self, job: &Job, change: impl FnOnce(&mut Record)) -> Result<(), StoreError> {
        let _turn = lock(&self.turn);
        self.put(job, change)
    }

    fn put(&self, job: &Job, change: impl FnOnce(&mut Record)) -> Result<(), StoreError> {
        let mut record = (*job.view().record).clone();
        change(&mut record);
        self.store.write(&job.id, &record)?;
        let state = record.state;
        if state.has_ended() {
            self.ended(job, &record);
        }
        job.view.send_modify(|view| *view = View { record: Arc::new(record), progress: None });
        Ok(())
    }

    /// Says that a job has ended, and removes what it needs no more. What is left is removed at the next
    /// start.
    fn ended(&self, job: &Job, record: &Record) {
        let state = record.state;
        if let Some((_, count)) = State::ALL.iter().zip(&self.counts.ended).find(|(of, _)| **of == state) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        // Why it failed may tell of the records: that is for whoever submitted them.
        tracing::info!(job = %job.id, attempt = record.attempt, state = state.name(), "a job has ended");
        self.tidy(job, state);
    }

    /// Removes what an ended job does not need.
    pub(crate) fn tidy(&self, job: &Job, state: State) {
        if !state.has_ended() {
            return;
        }
        let folder = self.store.job(&job.id);
        for removed in [folder.remove_spool(), folder.remove_unfinished()] {
            if let Err(error) = removed {
                tracing::warn!(error = &error as &dyn std::error::Error, "something is left of a job");
            }
        }
    }

    /// Has everything stop. What was not finished goes on when the service starts again.
    pub(crate) fn stop(&self) {
        // Under the lock, so that whoever is about to wait hears of it.
        let table = self.table();
        self.stopping.send_replace(true);
        drop(table);
        self.came.notify_all();
    }

    /// Whether the service stops.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Hears that the service stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Counts a refusal.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        let label = refusal.label();
        let counts = Refusal::LABELS.iter().zip(&self.counts.refused);
        counts.filter(|(of, _)| **of == label).for_each(|(_, count)| {
            count.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// How many jobs are in each state, and uploads under way.
    pub(crate) fn standing(&self) -> ([(State, u64); State::ALL.len()], u64) {
        let table = self.table();
        let states: Vec<_> = table.by_number.values().map(|job| job.state()).collect();
        let count = |state| states.iter().filter(|of| **of == state).count() as u64;
        (State::ALL.map(|state| (state, count(state))), table.uploads as u64)
    }
}

impl Counts {
    /// Jobs that ended, by state.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (State, u64)> {
        let counts = State::ALL.into_iter().zip(&self.ended);
        let counts = counts.filter(|(state, _)| state.has_ended());
        counts.map(|(state, count)| (state, count.load(Ordering::Relaxed)))
    }

    /// Requests that were refused, by the status.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = Refusal::LABELS.into_iter().zip(&self.refused);
        counts.map(|(label, count)| (label, count.load(Ordering::Relaxed)))
    }
}

/// Whether the same content needs no new beginning.
fn is_under_way(state: State) -> bool {
    state == State::Done || !state.has_ended()
}
