//! The process that the package works in: after a fork its threads are gone, and when it ends they must stop.

use std::collections::BTreeMap;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::errors::Error;
use crate::halt::Halt;

/// How long the end of the process waits for a call, which stops within two seconds.
pub const CALL: Duration = Duration::from_secs(10);
/// How long it waits for the thread that reads a table, whose owner may be anywhere.
pub const READER: Duration = Duration::from_secs(1);

/// The process in which threads were first needed that outlive a call; 0 before.
static THREADS_OF: AtomicU32 = AtomicU32::new(0);

/// Refuses to work after a fork: the threads that share the work stayed in the parent, and what waits for
/// them waits forever. Every function that needs them asks this first.
pub fn check_fork() -> PyResult<()> {
    let own = process::id();
    match THREADS_OF.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
        Err(other) if other != own => Err(Error::new_err(
            "this process was forked from one where fairshare had begun to work, and a fork leaves its \
             threads behind; start processes with `multiprocessing.get_context(\"spawn\")`, or fork before \
             the first call",
        )),
        _ => Ok(()),
    }
}

struct Work {
    process: u32,
    halt: Halt,
    patience: Duration,
}

struct Works {
    is_ending: bool,
    next: u64,
    running: BTreeMap<u64, Work>,
}

static WORKS: Mutex<Works> = Mutex::new(Works { is_ending: false, next: 0, running: BTreeMap::new() });
static ENDED: Condvar = Condvar::new();

fn works() -> MutexGuard<'static, Works> {
    WORKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that the end of the process stops and waits for, until this is dropped.
pub struct Running(u64);

impl Running {
    /// Of work that ends soon after `halt` is set; the end of the process waits `patience` for it.
    pub fn begin(halt: &Halt, patience: Duration) -> PyResult<Self> {
        let mut works = works();
        if works.is_ending {
            return Err(Error::new_err("the program is ending; call fairshare before its last line"));
        }
        let id = works.next;
        works.next += 1;
        works.running.insert(id, Work { process: process::id(), halt: halt.clone(), patience });
        Ok(Self(id))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        works().running.remove(&self.0);
        ENDED.notify_all();
    }
}

/// Stops all work and waits for it, before the interpreter goes: a thread that asks for an interpreter that
/// is gone would abort the process.
#[pyfunction]
pub fn end_work(py: Python<'_>) {
    py.detach(|| {
        let began = Instant::now();
        let mut works = works();
        works.is_ending = true;
        works.running.values().for_each(|work| work.halt.set());
        loop {
            // Of a parent's threads nothing is left here.
            let own = works.running.values().filter(|work| work.process == process::id());
            let patience = own.map(|work| work.patience).max().unwrap_or_default();
            let Some(left) = patience.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else {
                return;
            };
            works = ENDED.wait_timeout(works, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    });
}
