//! Keeping all cores busy, whether there is one segment or a thousand, within a memory limit.
//!
//! Full waves of jobs run with one thread each; the rest, fewer segments than cores, share the cores evenly. On two
//! cores the two ways of dividing the work are equally fast (`benches/RESULTS.md`); jobs of one thread have no serial
//! part that leaves other cores idle, which counts the more cores there are.

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

/// A run of equal jobs: `jobs` at once, `threads` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Segments proved in this wave.
    pub segments: usize,
    /// Proofs at once.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
}

/// Peak memory of one histogram job, in bytes, with a quarter to spare: a whole process that proves one standard
/// segment was measured at 192 MB.
pub const fn job_memory(geometry: Geometry) -> u64 {
    // Each cell of the advice columns is held as a coefficient and as a value on a coset, and helpers as fractions, too.
    let columns = geometry.data_columns() as u64 * 4 / 3 + 8;
    columns * geometry.rows() as u64 * 115 + (64 << 20)
}

/// The waves in which `segments` are proved.
pub fn plan(geometry: Geometry, segments: usize, limits: &Limits) -> Result<Vec<Wave>, MemoryError> {
    let needed = job_memory(geometry);
    let affordable = usize::try_from(limits.memory / needed).unwrap_or(usize::MAX);
    if affordable == 0 {
        return Err(MemoryError { geometry, needed, limit: limits.memory });
    }
    let threads = limits.threads.max(1);
    let most = limits.jobs.clamp(1, threads).min(affordable);
    let full = segments / most * most;
    let rest = segments - full;
    let wave =
        |segments: usize, jobs: usize| Wave { segments, jobs, threads: (threads / jobs.max(1)).max(1) };
    Ok([wave(full, most), wave(rest, rest)].into_iter().filter(|wave| wave.segments > 0).collect())
}

/// Why a wave could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// A job's own error; the jobs that had begun were finished first.
    #[error(transparent)]
    Job(E),
    /// The system gave no thread.
    #[error("no worker threads could be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// Runs `job` for every item, wave by wave, each job inside a pool of its wave's threads. After an error no new job is
/// begun; those under way finish, so that what they made can be kept.
pub fn run<T: Send, E: Send>(
    waves: &[Wave],
    items: Vec<T>,
    job: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), RunError<E>> {
    let queue = Mutex::new((items.into_iter(), None));
    for wave in waves {
        let pools = (0..wave.jobs)
            .map(|_| ThreadPoolBuilder::new().num_threads(wave.threads).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(RunError::Threads)?;
        let left = Mutex::new(wave.segments);
        std::thread::scope(|scope| {
            for pool in &pools {
                scope.spawn(|| {
                    while let Some(item) = next(&queue, &left) {
                        if let Err(error) = pool.install(|| job(item)) {
                            lock(&queue).1.get_or_insert(error);
                        }
                    }
                });
            }
        });
    }
    let (_, error) = queue.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    error.map_or(Ok(()), |error| Err(RunError::Job(error)))
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
    use std::sync::{Barrier, mpsc};

    use super::*;

    const LIMITS: Limits = Limits { threads: 8, jobs: 8, memory: 64 << 30 };

    #[test]
    fn every_segment_is_planned_once_and_cores_are_never_oversubscribed() {
        for threads in 1..20 {
            for segments in 0..50 {
                let limits = Limits { threads, jobs: threads, ..LIMITS };
                let waves = plan(Geometry::STANDARD, segments, &limits).unwrap();
                assert_eq!(waves.iter().map(|wave| wave.segments).sum::<usize>(), segments);
                assert!(waves.iter().all(|wave| wave.jobs * wave.threads <= threads));
            }
        }
    }

    #[test]
    fn a_single_segment_gets_every_core_and_many_get_one_each() {
        let one = plan(Geometry::STANDARD, 1, &LIMITS).unwrap();
        assert_eq!(one, [Wave { segments: 1, jobs: 1, threads: 8 }]);
        let many = plan(Geometry::STANDARD, 19, &LIMITS).unwrap();
        assert_eq!(
            many,
            [Wave { segments: 16, jobs: 8, threads: 1 }, Wave { segments: 3, jobs: 3, threads: 2 }]
        );
    }

    #[test]
    fn memory_limits_the_jobs() {
        let needed = job_memory(Geometry::STANDARD);
        let limits = Limits { memory: 3 * needed, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &limits).unwrap()[0].jobs, 3);
        let limits = Limits { memory: needed - 1, ..LIMITS };
        assert_eq!(plan(Geometry::STANDARD, 9, &limits).unwrap_err().needed, needed);
    }

    #[test]
    fn after_an_error_no_job_is_begun_in_its_wave_or_a_later_one() {
        let one = |segments| Wave { segments, jobs: 1, threads: 1 };
        let begun = Mutex::new(Vec::new());
        let result = run(&[one(5), one(3)], (0..8).collect(), |item| {
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
        let result = run(&[Wave { segments: 9, jobs: 2, threads: 1 }], (0..9).collect(), |item| {
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
