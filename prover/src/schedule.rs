//! Keeping all cores busy, whether there is one segment or a thousand, within a memory limit.
//!
//! All threads are of one pool, and each takes whole jobs for as long as there are any: then nobody waits,
//! and nothing is divided that would cost more in parts. A thread that gets none, because none is left or
//! memory allows no more at once, takes parts of the others' jobs, so that neither the last jobs nor the
//! steps that one thread must do alone leave a core idle. `docs/performance.md` has the figures.

use std::sync::Mutex;

use fairshare_params::{Geometry, SegmentShape};
use rayon::ThreadPoolBuilder;

use crate::memory;

/// What a prover may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads in all; by default as many as the machine has processors, and at most four times as many.
    pub threads: usize,
    /// Most proofs at once; by default as many as threads.
    pub jobs: usize,
    /// Memory for proving, in bytes; by default what the machine and the control groups around this process
    /// have.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = processors();
        Self { threads, jobs: threads, memory: memory::available().unwrap_or(UNKNOWN_MEMORY) }
    }
}

/// The default where the system does not say what memory there is.
const UNKNOWN_MEMORY: u64 = 8 << 30;

/// More threads than this for each processor gain nothing, and a hundred thousand take the machine down.
const THREADS_PER_PROCESSOR: usize = 4;

/// Processors that this process may use.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Limits within which nothing can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// More threads than can be of use.
    #[error("{asked} threads for {processors} processors: give at most {most}")]
    Threads {
        /// Threads asked for.
        asked: usize,
        /// Processors that there are.
        processors: usize,
        /// Most threads that may be asked for.
        most: usize,
    },
    /// Not enough memory for one job.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Memory that cannot even hold one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "proving under the {} geometry, with segments of {} columns at most, takes up to {needed} MiB, but \
     {limit} \
     MiB may be used: raise `--memory`, or the limit of the container or machine that it comes from, or \
     choose a smaller geometry",
    shape.geometry(), shape.columns(),
    needed = needed.div_ceil(1 << 20),
    limit = limit >> 20
)]
pub struct MemoryError {
    /// The widest segment that is to be proved.
    pub shape: SegmentShape,
    /// Bytes that the prover needs with one job.
    pub needed: u64,
    /// The limit in bytes.
    pub limit: u64,
}

/// How jobs are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Threads in all.
    pub threads: usize,
    /// Most jobs at once: as many threads take whole jobs, the others parts of them.
    pub jobs: usize,
}

/// Memory in bytes that a prover takes however few jobs it has: parameters, tables of multiples, keys, and
/// the score's proof, which is made when the histograms are done. Together with one job of the same width it
/// is more than was measured in all: 48 MB (compact, 16 columns), 323 MB (standard, 64), 927 MB (large, 16).
/// With two jobs of the large geometry's 64 columns, 1,179 MB of the 2,064 planned.
pub const fn shared_memory(geometry: Geometry) -> u64 {
    geometry.rows() as u64 * (12 << 10) + (32 << 20)
}

/// Memory in bytes that each histogram job takes besides, with a fifth to spare. Measured: 6 MB (compact, 16
/// columns), 105 MB (standard, 64), 175 MB (large, 16).
pub const fn job_memory(shape: SegmentShape) -> u64 {
    // Each cell of the advice columns is held as a coefficient and as a value on a coset, and helpers as
    // fractions, too.
    let columns = shape.columns() as u64 * 4 / 3 + 12;
    columns * shape.geometry().rows() as u64 * 96 + (2 << 20)
}

/// How segments, none of them larger than this, are proved within the limits.
pub fn plan(largest: SegmentShape, limits: &Limits) -> Result<Plan, LimitError> {
    plan_on(processors(), largest, limits)
}

fn plan_on(processors: usize, largest: SegmentShape, limits: &Limits) -> Result<Plan, LimitError> {
    let (asked, most) = (limits.threads, processors * THREADS_PER_PROCESSOR);
    if asked > most {
        return Err(LimitError::Threads { asked, processors, most });
    }
    let threads = asked.max(1);
    let (shared, job) = (shared_memory(largest.geometry()), job_memory(largest));
    // As many as are wanted and fit.
    let jobs = (0..limits.jobs.clamp(1, threads)).zip(1..);
    let jobs = jobs.take_while(|(_, jobs): &(usize, u64)| shared + jobs * job <= limits.memory).count();
    if jobs == 0 {
        return Err(MemoryError { shape: largest, needed: shared + job, limit: limits.memory }.into());
    }
    Ok(Plan { threads, jobs })
}

/// Why jobs could not all be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// A job's own error; the jobs that had begun were finished first.
    #[error(transparent)]
    Job(E),
    /// The system gave no thread.
    #[error("no worker threads could be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// Runs `job` for every item. After an error no new job is begun; those under way finish, so that what they
/// made can be kept. A job's panic is passed on when the others are done.
pub fn run<T: Send, E: Send>(
    plan: Plan,
    items: Vec<T>,
    job: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), RunError<E>> {
    tracing::debug!("{} jobs, {} at once on {} threads", items.len(), plan.jobs, plan.threads);
    let pool = ThreadPoolBuilder::new().num_threads(plan.threads).build().map_err(RunError::Threads)?;
    let queue = Mutex::new((items.into_iter(), None));
    // The pool's own threads fetch the jobs. Were jobs handed to the pool from outside, then a thread that
    // waits for a part of one could begin the next meanwhile, and the first would be held up for as long as
    // that takes.
    pool.broadcast(|thread| {
        while thread.index() < plan.jobs
            && let Some(item) = next(&queue)
        {
            if let Err(error) = job(item) {
                lock(&queue).1.get_or_insert(error);
            }
        }
    });
    let (_, error) = queue.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    error.map_or(Ok(()), |error| Err(RunError::Job(error)))
}

fn next<T, E>(queue: &Mutex<(std::vec::IntoIter<T>, Option<E>)>) -> Option<T> {
    let mut queue = lock(queue);
    if queue.1.is_some() { None } else { queue.0.next() }
}

/// A job that panicked has poisoned nothing that is read here: the queue is always whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, mpsc};
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits { threads: 8, jobs: 8, memory: 64 << 30 };

    const SHAPE: SegmentShape = Geometry::STANDARD.largest_segment();

    #[test]
    fn a_job_for_every_thread_unless_told_otherwise() {
        let jobs = |threads, jobs| {
            let plan = plan_on(2, SHAPE, &Limits { threads, jobs, ..LIMITS }).unwrap();
            (plan.threads, plan.jobs)
        };
        assert_eq!(jobs(8, 8), (8, 8));
        assert_eq!(jobs(8, 3), (8, 3));
        // Nothing asked for is not nothing at all, and more jobs than threads would only take memory.
        assert_eq!(jobs(0, 0), (1, 1));
        assert_eq!(jobs(2, 5), (2, 2));
    }

    #[test]
    fn memory_limits_the_jobs() {
        let (shared, job) = (shared_memory(Geometry::STANDARD), job_memory(SHAPE));
        let limits = Limits { memory: shared + 4 * job - 1, ..LIMITS };
        assert_eq!(plan_on(2, SHAPE, &limits).unwrap(), Plan { threads: 8, jobs: 3 });
        for memory in [0, shared, shared + job - 1] {
            let refused = plan_on(2, SHAPE, &Limits { memory, ..LIMITS }).unwrap_err();
            assert_eq!(refused, MemoryError { shape: SHAPE, needed: shared + job, limit: memory }.into());
        }
    }

    #[test]
    fn threads_are_at_most_four_for_each_processor() {
        for (processors, most) in [(1, 4), (2, 8), (64, 256)] {
            let with = |threads| plan_on(processors, SHAPE, &Limits { threads, ..LIMITS });
            assert_eq!(with(most).unwrap().threads, most);
            for asked in [most + 1, 100_000, usize::MAX] {
                assert_eq!(with(asked), Err(LimitError::Threads { asked, processors, most }));
            }
        }
    }

    #[test]
    fn every_item_is_a_job_once_and_no_more_than_planned_are_under_way() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done = Mutex::new(Vec::new());
        run(Plan { threads: 3, jobs: 2 }, (0..40).collect(), |item| {
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            done.lock().unwrap().push(item);
            // Long enough for a third thread to come along.
            std::thread::sleep(Duration::from_millis(1));
            under_way.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, ()>(())
        })
        .unwrap();
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..40).collect::<Vec<_>>());
        assert!(most.into_inner() <= 2);
    }

    /// Divides itself, and waits until another thread has done the part.
    fn divided(part: impl FnOnce() + Send) {
        let (done, taken) = mpsc::channel();
        rayon::join(
            move || taken.recv_timeout(Duration::from_secs(60)).expect("another thread takes the part"),
            move || {
                part();
                done.send(()).unwrap();
            },
        );
    }

    #[test]
    fn a_thread_takes_parts_of_jobs_when_no_job_is_left() {
        // A thread that has just started may take a part before it looks for a job.
        let both_started = Barrier::new(2);
        let done = AtomicUsize::new(0);
        let before_the_part = AtomicUsize::new(usize::MAX);
        run(Plan { threads: 2, jobs: 2 }, (0..9).collect(), |item| {
            if item < 2 {
                both_started.wait();
            }
            if item == 0 {
                divided(|| before_the_part.store(done.load(Ordering::SeqCst), Ordering::SeqCst));
            } else {
                done.fetch_add(1, Ordering::SeqCst);
            }
            Ok::<_, ()>(())
        })
        .unwrap();
        assert_eq!(before_the_part.into_inner(), 8, "all other jobs come first");
    }

    #[test]
    fn a_thread_that_may_have_no_job_takes_parts() {
        let parts = AtomicUsize::new(0);
        run(Plan { threads: 2, jobs: 1 }, vec![(); 3], |()| {
            divided(|| {
                parts.fetch_add(1, Ordering::SeqCst);
            });
            Ok::<_, ()>(())
        })
        .unwrap();
        assert_eq!(parts.into_inner(), 3);
    }

    #[test]
    fn after_an_error_no_job_is_begun() {
        let begun = Mutex::new(Vec::new());
        let result = run(Plan { threads: 1, jobs: 1 }, (0..8).collect(), |item| {
            begun.lock().unwrap().push(item);
            if item == 2 { Err("third") } else { Ok(()) }
        });
        assert!(matches!(result, Err(RunError::Job("third"))), "{result:?}");
        assert_eq!(*begun.lock().unwrap(), [0, 1, 2]);
    }

    /// Both jobs fail, and neither before the other is under way: whichever worker asks for a third job has
    /// put down its own error by then, so that timing decides nothing but which of the two is reported.
    #[test]
    fn an_error_lets_the_job_beside_it_finish_and_stops_both_workers() {
        let both_under_way = Barrier::new(2);
        let begun = Mutex::new(Vec::new());
        let finished = Mutex::new(Vec::new());
        let (failing, failed) = mpsc::channel();
        let failed = Mutex::new(failed);
        let result = run(Plan { threads: 2, jobs: 2 }, (0..9).collect(), |item| {
            begun.lock().unwrap().push(item);
            if item < 2 {
                both_under_way.wait();
            }
            match item {
                0 => failing.send(()).unwrap(),
                1 => failed.lock().unwrap().recv().unwrap(),
                _ => {}
            }
            finished.lock().unwrap().push(item);
            Err(item)
        });
        assert!(matches!(result, Err(RunError::Job(0 | 1))), "{result:?}");
        let sorted = |items: Mutex<Vec<i32>>| {
            let mut items = items.into_inner().unwrap();
            items.sort_unstable();
            items
        };
        assert_eq!((sorted(begun), sorted(finished)), (vec![0, 1], vec![0, 1]));
    }
}
