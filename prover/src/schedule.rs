//! Keeping all cores busy, whether there is one segment or a thousand, within a memory limit.
//!
//! As long as there are as many jobs as threads, each has a thread of its own: nothing is divided, nothing waits. The rest,
//! and all jobs where memory allows fewer at once than there are threads, share one pool: a thread whose own job has nothing
//! for it takes a part of another's, so that neither the steps that one thread must do alone nor the last jobs leave a core
//! idle. `benches/RESULTS.md` has the figures.

use std::sync::Mutex;

use fairshare_params::Geometry;
use rayon::{ThreadPool, ThreadPoolBuilder};

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
    "a {geometry} proof takes up to {needed} MiB, but the memory limit is {limit} MiB: raise `--memory` or \
     choose a smaller geometry",
    needed = needed.div_ceil(1 << 20),
    limit = limit >> 20
)]
pub struct MemoryError {
    /// The geometry.
    pub geometry: Geometry,
    /// Bytes that the prover needs with one job.
    pub needed: u64,
    /// The limit in bytes.
    pub limit: u64,
}

/// How jobs are run: first those that have a thread each, then those that share all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Jobs of one thread, as many at once as there are threads.
    pub apart: usize,
    /// Jobs that share the threads.
    pub together: usize,
    /// Most of those at once.
    pub jobs: usize,
    /// Threads in all.
    pub threads: usize,
}

/// Memory in bytes that a prover takes however few jobs it has: parameters, tables of multiples, keys, and the score's
/// proof, which is made when the histograms are done. Together with one job it is more than was measured in all: 47 MB
/// (compact), 290 MB (standard), 666 MB (onchain).
pub const fn shared_memory(geometry: Geometry) -> u64 {
    geometry.rows() as u64 * (10 << 10) + (32 << 20)
}

/// Memory in bytes that each histogram job takes besides, with a quarter to spare. Measured: 5 MB (compact), 105 MB
/// (standard), 148 MB (onchain).
pub const fn job_memory(geometry: Geometry) -> u64 {
    // Each cell of the advice columns is held as a coefficient and as a value on a coset, and helpers as fractions, too.
    let columns = geometry.data_columns() as u64 * 4 / 3 + 8;
    columns * geometry.rows() as u64 * 96
}

/// How `segments` are proved.
pub fn plan(geometry: Geometry, segments: usize, limits: &Limits) -> Result<Plan, MemoryError> {
    let (shared, job) = (shared_memory(geometry), job_memory(geometry));
    let affordable = usize::try_from(limits.memory.saturating_sub(shared) / job).unwrap_or(usize::MAX);
    if affordable == 0 {
        return Err(MemoryError { geometry, needed: shared + job, limit: limits.memory });
    }
    let threads = limits.threads.max(1);
    let most = limits.jobs.clamp(1, threads).min(affordable);
    let apart = if most == threads { segments / threads * threads } else { 0 };
    Ok(Plan { apart, together: segments - apart, jobs: most, threads })
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
    let queue = Mutex::new((items.into_iter(), None));
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().map_err(RunError::Threads);
    if plan.apart > 0 {
        let own = (0..plan.threads).map(|_| pool(1)).collect::<Result<Vec<_>, _>>()?;
        work(own.iter(), plan.apart, &queue, &job);
    }
    if plan.together > 0 {
        let shared = pool(plan.threads)?;
        work((0..plan.jobs.min(plan.together)).map(|_| &shared), plan.together, &queue, &job);
    }
    let (_, error) = queue.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    error.map_or(Ok(()), |error| Err(RunError::Job(error)))
}

/// Runs the queue's next jobs, `most` of them, one at a time for each pool named.
fn work<'p, T: Send, E: Send>(
    pools: impl Iterator<Item = &'p ThreadPool>,
    most: usize,
    queue: &Queue<T, E>,
    job: &(impl Fn(T) -> Result<(), E> + Sync),
) {
    let left = Mutex::new(most);
    std::thread::scope(|scope| {
        for pool in pools {
            let left = &left;
            scope.spawn(move || {
                while let Some(item) = next(queue, left) {
                    if let Err(error) = pool.install(|| job(item)) {
                        lock(queue).1.get_or_insert(error);
                    }
                }
            });
        }
    });
}

type Queue<T, E> = Mutex<(std::vec::IntoIter<T>, Option<E>)>;

fn next<T, E>(queue: &Queue<T, E>, left: &Mutex<usize>) -> Option<T> {
    let mut left = lock(left);
    let mut queue = lock(queue);
    if *left == 0 || queue.1.is_some() {
        return None;
    }
    *left -= 1;
    queue.0.next()
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
    fn full_rounds_have_a_thread_each_and_the_rest_share() {
        for threads in 1..20 {
            for segments in 0..50 {
                let limits = Limits { threads, jobs: threads, ..LIMITS };
                let plan = plan(Geometry::STANDARD, segments, &limits).unwrap();
                assert_eq!(plan.apart + plan.together, segments);
                assert!(plan.apart.is_multiple_of(threads) && plan.together < threads, "{plan:?}");
                assert_eq!((plan.jobs, plan.threads), (threads, threads));
            }
        }
        // Nothing asked for is not nothing at all, and more jobs than threads would only take memory.
        let none = Limits { threads: 0, jobs: 0, ..LIMITS };
        let alone = Plan { apart: 9, together: 0, jobs: 1, threads: 1 };
        assert_eq!(plan(Geometry::STANDARD, 9, &none).unwrap(), alone);
        let many = Limits { threads: 2, jobs: 5, ..LIMITS };
        let two = Plan { apart: 8, together: 1, jobs: 2, threads: 2 };
        assert_eq!(plan(Geometry::STANDARD, 9, &many).unwrap(), two);
    }

    #[test]
    fn memory_limits_the_jobs() {
        let (shared, job) = (shared_memory(Geometry::STANDARD), job_memory(Geometry::STANDARD));
        let limits = Limits { memory: shared + 4 * job - 1, ..LIMITS };
        let sharing = Plan { apart: 0, together: 9, jobs: 3, threads: 8 };
        assert_eq!(plan(Geometry::STANDARD, 9, &limits).unwrap(), sharing);
        for memory in [0, shared, shared + job - 1] {
            let refused = plan(Geometry::STANDARD, 9, &Limits { memory, ..LIMITS }).unwrap_err();
            assert_eq!((refused.needed, refused.limit), (shared + job, memory));
        }
    }

    #[test]
    fn every_item_is_a_job_once_and_no_more_than_planned_are_under_way() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let done = Mutex::new(Vec::new());
        let plan = Plan { apart: 20, together: 20, jobs: 2, threads: 2 };
        run(plan, (0..40).collect(), |item| {
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
    fn jobs_have_the_threads_that_are_planned() {
        let threads = Mutex::new(Vec::new());
        run(Plan { apart: 3, together: 2, jobs: 2, threads: 3 }, vec![(); 5], |()| {
            threads.lock().unwrap().push(rayon::current_num_threads());
            Ok::<_, ()>(())
        })
        .unwrap();
        assert_eq!(*threads.lock().unwrap(), [1, 1, 1, 3, 3]);
    }

    #[test]
    fn after_an_error_no_job_is_begun() {
        let begun = Mutex::new(Vec::new());
        let result = run(Plan { apart: 5, together: 3, jobs: 1, threads: 1 }, (0..8).collect(), |item| {
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
        let result = run(Plan { apart: 0, together: 9, jobs: 2, threads: 2 }, (0..9).collect(), |item| {
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
