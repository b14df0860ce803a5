//! Keeping all cores busy, whether there is one segment or a thousand, within a memory limit.
//!
//! As many jobs as cores are under way at once, as far as there are so many and memory allows, and all share one pool of
//! threads. A thread whose own job has nothing for it takes a part of another's, so that neither the steps of a proof that
//! one thread must do alone nor the last jobs of a run leave a core idle. `benches/RESULTS.md` has the figures.

use std::sync::Mutex;

use fairshare_params::Geometry;
use rayon::ThreadPoolBuilder;

/// What a prover may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Threads in all; by default as many as the machine has cores.
    pub threads: usize,
    /// Most proofs at once; by default as many as threads.
    pub jobs: usize,
    /// Memory for proving, in bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { threads, jobs: threads, memory: 8 << 30 }
    }
}

/// Memory that cannot even hold one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "one {geometry} proof takes up to {needed} MiB, but the memory limit is {limit} MiB: raise `--memory` or \
     choose a smaller geometry",
    needed = needed >> 20,
    limit = limit >> 20
)]
pub struct MemoryError {
    /// The geometry.
    pub geometry: Geometry,
    /// Bytes one job needs.
    pub needed: u64,
    /// The limit in bytes.
    pub limit: u64,
}

/// How jobs are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Proofs at once.
    pub jobs: usize,
    /// Threads that they share.
    pub threads: usize,
}

/// Peak memory of one histogram job, in bytes, with a quarter to spare: a whole process that proves one standard
/// segment was measured at 192 MB.
pub const fn job_memory(geometry: Geometry) -> u64 {
    // Each cell of the advice columns is held as a coefficient and as a value on a coset, and helpers as fractions, too.
    let columns = geometry.data_columns() as u64 * 4 / 3 + 8;
    columns * geometry.rows() as u64 * 115 + (64 << 20)
}

/// How `segments` are proved.
pub fn plan(geometry: Geometry, segments: usize, limits: &Limits) -> Result<Plan, MemoryError> {
    let needed = job_memory(geometry);
    let affordable = usize::try_from(limits.memory / needed).unwrap_or(usize::MAX);
    if affordable == 0 {
        return Err(MemoryError { geometry, needed, limit: limits.memory });
    }
    let threads = limits.threads.max(1);
    let most = limits.jobs.clamp(1, threads).min(affordable);
    Ok(Plan { jobs: segments.clamp(1, most), threads })
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

/// Runs `job` for every item. After an error no new job is begun; those under way finish, so that what they made can be
/// kept.
pub fn run<T: Send, E: Send>(
    plan: Plan,
    items: Vec<T>,
    job: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), RunError<E>> {
    let pool = ThreadPoolBuilder::new().num_threads(plan.threads).build().map_err(RunError::Threads)?;
    let queue = Mutex::new((items.into_iter(), None));
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs {
            scope.spawn(|| {
                while let Some(item) = next(&queue) {
                    if let Err(error) = pool.install(|| job(item)) {
                        lock(&queue).1.get_or_insert(error);
                    }
                }
            });
        }
    });
    let (_, error) = queue.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    error.map_or(Ok(()), |error| Err(RunError::Job(error)))
}

type Queue<T, E> = Mutex<(std::vec::IntoIter<T>, Option<E>)>;

fn next<T, E>(queue: &Queue<T, E>) -> Option<T> {
    let mut queue = lock(queue);
    if queue.1.is_some() { None } else { queue.0.next() }
}

/// A job that panicked has poisoned nothing that is read here: the counters are always whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, mpsc};

    use super::*;

    const LIMITS: Limits = Limits { threads: 8, jobs: 8, memory: 64 << 30 };

    #[test]
    fn there_are_as_many_jobs_as_segments_or_threads_whichever_are_fewer() {
        for threads in 1..20 {
            for segments in 1..50 {
                let limits = Limits { threads, jobs: threads, ..LIMITS };
                let jobs = segments.min(threads);
                assert_eq!(plan(Geometry::STANDARD, segments, &limits).unwrap(), Plan { jobs, threads });
            }
        }
        // Nothing asked for is not nothing at all, and more jobs than threads would only take memory.
        let none = Limits { threads: 0, jobs: 0, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &none).unwrap(), Plan { jobs: 1, threads: 1 });
        let many = Limits { threads: 2, jobs: 5, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &many).unwrap(), Plan { jobs: 2, threads: 2 });
    }

    #[test]
    fn memory_limits_the_jobs() {
        let needed = job_memory(Geometry::STANDARD);
        let limits = Limits { memory: 3 * needed, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &limits).unwrap(), Plan { jobs: 3, threads: 8 });
        let limits = Limits { memory: needed - 1, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &limits).unwrap_err().needed, needed);
    }

    #[test]
    fn every_item_is_a_job_once_and_no_more_than_planned_are_under_way() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done = Mutex::new(Vec::new());
        run(Plan { jobs: 2, threads: 3 }, (0..40).collect(), |item| {
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            done.lock().unwrap().push(item);
            std::thread::yield_now();
            under_way.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, ()>(())
        })
        .unwrap();
        let mut done = done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..40).collect::<Vec<_>>());
        assert!(most.into_inner() <= 2);
    }

    #[test]
    fn jobs_share_their_threads() {
        run(Plan { jobs: 2, threads: 3 }, vec![(); 4], |()| {
            assert_eq!(rayon::current_num_threads(), 3);
            Ok::<_, ()>(())
        })
        .unwrap();
    }

    #[test]
    fn after_an_error_no_job_is_begun() {
        let begun = Mutex::new(Vec::new());
        let result = run(Plan { jobs: 1, threads: 1 }, (0..8).collect(), |item| {
            begun.lock().unwrap().push(item);
            if item == 2 { Err("third") } else { Ok(()) }
        });
        assert!(matches!(result, Err(RunError::Job("third"))), "{result:?}");
        assert_eq!(*begun.lock().unwrap(), [0, 1, 2]);
    }

    /// Both jobs fail, and neither before the other is under way: whichever worker asks for a third job has put down
    /// its own error by then, so that timing decides nothing but which of the two is reported.
    #[test]
    fn an_error_lets_the_job_beside_it_finish_and_stops_both_workers() {
        let both_under_way = Barrier::new(2);
        let begun = Mutex::new(Vec::new());
        let finished = Mutex::new(Vec::new());
        let (failing, failed) = mpsc::channel();
        let failed = Mutex::new(failed);
        let result = run(Plan { jobs: 2, threads: 2 }, (0..9).collect(), |item| {
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
