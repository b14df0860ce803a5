//! All jobs: those that wait, the one that is worked on, and those that have ended.
//!
//! A change of a job is on the disk before anybody hears of it, and changes are made one at a time. So a job
//! that was told to have ended has ended, whatever happens to the process. Where the disk has no room for a
//! change, whoever works waits for it: a full disk is nobody's reason to end.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use fairshare_prover::Task;
use tokio::sync::watch;

use crate::content::Submitted;
use crate::error::{Refusal, StoreError};
use crate::record::{Id, Purpose, Record, State};
use crate::store::Store;

/// Most jobs that are kept, ended ones included: each takes memory.
pub(crate) const MAX_KEPT: usize = 10_000;
/// How long to wait for room on the disk before it is tried again.
const NO_ROOM: Duration = Duration::from_secs(1);
/// How long a submission waits for the same job, which is being cancelled, to have ended; and how often it
/// looks.
const ENDING: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

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
    /// Most records of a job.
    max_records: u32,
    /// Held while a job changes.
    turn: Mutex<()>,
    table: Mutex<Table>,
    came: Condvar,
    stopping: watch::Sender<bool>,
    pub counts: Counts,
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
    pub(crate) fn open(store: Store, kept: Vec<(Id, Record)>, most: usize, max_records: u32) -> Self {
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
        Self { store, most, max_records, turn, table, came, stopping, counts }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Most records that a job may have.
    pub(crate) fn max_records(&self) -> u32 {
        self.max_records
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
        let id = submitted.fingerprint.id(&self.store, &purpose);
        let _turn = self.turn_of(&id)?;
        // Its place is taken by the job, or given back.
        drop(slot);
        let known = self.find(&id);
        if let Some(job) = known.as_ref().filter(|job| matches!(job.state(), state if is_under_way(state))) {
            return Ok((Arc::clone(job), true));
        }
        let job = match known {
            Some(job) => self.begin_again(job, submitted)?,
            None => self.begin_new(id, purpose, submitted)?,
        };
        self.table().queue.push_back(Arc::clone(&job));
        self.came.notify_all();
        tracing::info!(job = %job.id, attempt = job.view().record.attempt, "a job was submitted");
        Ok((job, false))
    }

    /// The turn to change a job. One that was told to end and has not yet is waited for: who submits it again
    /// means that it shall be worked on.
    fn turn_of(&self, id: &Id) -> Result<MutexGuard<'_, ()>, Refusal> {
        for _ in 0..ENDING.as_millis() / LOOK.as_millis() {
            let turn = lock(&self.turn);
            match self.find(id) {
                Some(job) if job.is_cancelled() && !job.state().has_ended() => drop(turn),
                _ => return Ok(turn),
            }
            if self.is_stopping() {
                return Err(Refusal::Stopping);
            }
            thread::sleep(LOOK);
        }
        Err(Refusal::Ending)
    }

    fn begin_new(&self, id: Id, purpose: Purpose, submitted: Submitted) -> Result<Arc<Job>, Refusal> {
        if self.store.is_unreadable(&id) {
            return Err(Refusal::Unreadable);
        }
        let number = {
            let last = self.table().by_number.last_key_value().map_or(0, |(last, _)| *last);
            last.saturating_add(1)
        };
        self.make_room()?;
        let record = Record::new(number, purpose, submitted.content);
        self.store.begin(&id, submitted.spool, &record)?;
        let job = Arc::new(Job::new(id, record));
        let mut table = self.table();
        table.by_id.insert(id, Arc::clone(&job));
        table.by_number.insert(number, Arc::clone(&job));
        Ok(job)
    }

    /// Forgets the oldest job that failed or was cancelled before anything was committed to, if as many are
    /// kept as can be: nothing is lost with it but why it ended.
    fn make_room(&self) -> Result<(), Refusal> {
        let table = self.table();
        if table.by_number.len() < MAX_KEPT {
            return Ok(());
        }
        let is_worthless = |job: &&Arc<Job>| {
            let (state, is_committed) = (job.state(), job.view().record.committed.is_some());
            let is_over = state.has_ended() && state != State::Done;
            is_over && !is_committed && !self.store.job(&job.id).has_commitment()
        };
        let found = table.by_number.values().find(is_worthless).cloned();
        drop(table);
        let job = found.ok_or(Refusal::TooManyKept { limit: MAX_KEPT })?;
        self.store.remove(&job.id)?;
        let mut table = self.table();
        table.by_id.remove(&job.id);
        table.by_number.remove(&job.view().record.number);
        tracing::info!(job = %job.id, "a job was forgotten to make room for another one");
        Ok(())
    }

    fn begin_again(&self, job: Arc<Job>, submitted: Submitted) -> Result<Arc<Job>, Refusal> {
        let record = job.view().record.again(submitted.content);
        self.store.begin(&job.id, submitted.spool, &record)?;
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

    /// Changes a job, on the disk first. Where there is no room for that, it is waited for; the error is told
    /// once the service stops.
    pub(crate) fn change(&self, job: &Job, change: impl Fn(&mut Record)) -> Result<(), StoreError> {
        self.with_room(StoreError::is_full, || {
            let _turn = lock(&self.turn);
            self.put(job, &change)
        })
    }

    /// What `work` gives, tried again for as long as its error says that there is no room, and the service
    /// does not stop.
    fn with_room<T, E: std::error::Error + 'static>(
        &self,
        is_full: impl Fn(&E) -> bool,
        work: impl Fn() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut is_told = false;
        loop {
            match work() {
                Err(error) if is_full(&error) => {
                    if !is_told {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(error, "the disk is full; jobs wait until there is room");
                        is_told = true;
                    }
                    if !self.pause(NO_ROOM) {
                        return Err(error);
                    }
                }
                done => return done,
            }
        }
    }

    /// Waits; false once the service stops.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let stopped = |_: &mut Table| !self.is_stopping();
        let waited = self.came.wait_timeout_while(self.table(), time, stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        !self.is_stopping()
    }

    fn put(&self, job: &Job, change: impl Fn(&mut Record)) -> Result<(), StoreError> {
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

#[cfg(test)]
mod tests;
