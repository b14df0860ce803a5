//! Work on a thread of its own, while the calling one lets go of the interpreter, hears Ctrl-C and passes
//! progress on.
//!
//! Signals reach Python's main thread only, and only while it asks for them. So the thread that called waits,
//! and asks twenty times a second. Everything that Python is told, it is told there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use fairshare_prover::{Progress, Task};
use pyo3::prelude::*;

use crate::errors::Error;
use crate::halt::{Halt, is_set};
use crate::process::{CALL, Running};

/// How often Python is asked whether to go on, and told how far the work is.
pub const TURN: Duration = Duration::from_millis(50);

/// Asks work to stop, from any thread: give it as `stop`, and call `set()`. Ctrl-C sets it, too. One made
/// beside another is also set whenever the other is, and never sets the other.
#[pyclass(module = "fairshare", frozen)]
pub struct Stop {
    own: Arc<AtomicBool>,
    beside: Vec<Arc<AtomicBool>>,
}

#[pymethods]
impl Stop {
    #[new]
    #[pyo3(signature = (beside = None))]
    fn new(beside: Option<&Bound<'_, Self>>) -> Self {
        Self { own: Arc::default(), beside: beside.map(|other| other.get().flags()).unwrap_or_default() }
    }

    /// Asks the work to stop.
    fn set(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    fn is_set(&self) -> bool {
        self.flags().iter().any(is_set)
    }
}

impl Stop {
    /// Its own flag first.
    fn flags(&self) -> Vec<Arc<AtomicBool>> {
        std::iter::once(&self.own).chain(&self.beside).map(Arc::clone).collect()
    }
}

/// What the caller gave to hear and to stop the work with.
pub struct Watch {
    /// Called with a task's name, what is done, and of how much.
    progress: Option<Py<PyAny>>,
    halt: Halt,
}

impl Watch {
    /// Over one call.
    pub fn new(progress: Option<Py<PyAny>>, stop: Option<Py<Stop>>) -> Self {
        let asked = stop.map(|stop| stop.get().flags()).unwrap_or_default();
        Self { progress, halt: Halt::asked_by(asked) }
    }

    /// What says that the work is to stop.
    pub fn halt(&self) -> &Halt {
        &self.halt
    }
}

/// How far the work is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    task: Task,
    done: u64,
    total: u64,
}

enum Event {
    Begin(State),
    Advance(Task, u64),
    End(Task),
}

/// The work's end: what it reports to, and asks.
#[derive(Clone)]
pub struct Listener {
    sender: Sender<Event>,
    halt: Halt,
}

impl Progress for Listener {
    fn begin(&self, task: Task, total: u64, done: u64) {
        self.send(Event::Begin(State { task, done, total }));
    }

    fn advance(&self, task: Task, units: u64) {
        self.send(Event::Advance(task, units));
    }

    fn end(&self, task: Task) {
        self.send(Event::End(task));
    }

    fn cancelled(&self) -> bool {
        self.halt.is_set()
    }
}

impl Listener {
    fn send(&self, event: Event) {
        // Nobody listens any more once the call is over.
        let _ = self.sender.send(event);
    }
}

/// Runs `work` and waits for it. An exception raised here, by Ctrl-C or by the caller's `progress`, asks the
/// work to stop, and is raised once it has.
pub fn run<T: Send>(py: Python<'_>, watch: &Watch, work: impl FnOnce(&Listener) -> T + Send) -> PyResult<T> {
    // Dropped with the interpreter in hand: then nothing of the call asks for it any more.
    let _running = Running::begin(&watch.halt, CALL)?;
    py.detach(|| {
        let (sender, receiver) = mpsc::channel();
        let listener = Listener { sender, halt: watch.halt.clone() };
        thread::scope(|scope| {
            // The listener goes with the work, and its end of the channel tells that it is over.
            let worker = thread::Builder::new().name("fairshare".to_owned());
            let worker = worker.spawn_scoped(scope, move || work(&listener));
            let worker =
                worker.map_err(|error| Error::new_err(format!("no thread could be started: {error}")))?;
            let heard = listen(&receiver, watch);
            let done = worker.join();
            heard?;
            done.map_err(|_| Error::new_err("internal invariant violated; please report"))
        })
    })
}

/// Until the work is over. After an exception nothing more is told.
fn listen(receiver: &Receiver<Event>, watch: &Watch) -> PyResult<()> {
    let mut board = Board { state: None, told: None, turn: Instant::now(), raised: None };
    loop {
        let event = match receiver.recv_timeout(TURN) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        board.take(event, watch);
        if board.raised.is_some() {
            watch.halt.set_all();
        }
    }
    board.raised.map_or(Ok(()), Err)
}

struct Board {
    state: Option<State>,
    told: Option<State>,
    turn: Instant,
    raised: Option<PyErr>,
}

impl Board {
    fn take(&mut self, event: Option<Event>, watch: &Watch) {
        let mut is_due = self.turn.elapsed() >= TURN;
        match (event, &mut self.state) {
            (Some(Event::Begin(state)), _) => {
                (self.state, is_due) = (Some(state), true);
            }
            (Some(Event::Advance(task, units)), Some(state)) if state.task == task => {
                state.done = state.done.saturating_add(units);
            }
            (Some(Event::End(task)), Some(state)) if state.task == task => {
                is_due = true;
                // What does not know how much there is knows it at its end.
                state.total = state.total.max(state.done);
                state.done = state.total;
            }
            _ => {}
        }
        if is_due && self.raised.is_none() {
            self.turn = Instant::now();
            let state = self.state.filter(|state| self.told != Some(*state));
            self.raised = Python::attach(|py| tell(py, watch, state)).err();
            self.told = self.state;
        }
    }
}

fn tell(py: Python<'_>, watch: &Watch, state: Option<State>) -> PyResult<()> {
    py.check_signals()?;
    if let (Some(progress), Some(State { task, done, total })) = (&watch.progress, state) {
        progress.call1(py, (name(task), done, (total > 0).then_some(total)))?;
    }
    Ok(())
}

fn name(task: Task) -> &'static str {
    match task {
        Task::Read => "reading",
        Task::Commit => "committing",
        Task::Keys => "making keys",
        Task::Segments => "proving segments",
        Task::Score => "proving the score",
    }
}
