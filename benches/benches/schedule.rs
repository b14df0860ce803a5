//! Jobs against threads: a few segments and many, on one core and on all; the memory of a job; and what one
//! proof gains from a second thread, step by step.
//!
//! `cargo bench -p fairshare-benches --bench schedule`; `FAIRSHARE_GEOMETRY=compact` for the small geometry,
//! `FAIRSHARE_ROUNDS` for more or fewer rounds than ten. Ways take turns in every round and are compared
//! within it, so that all see the same machine; the medians of the ratios count, with an interval that says
//! what they are worth. "Rule" is what the prover does.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fairshare_benches::process::{alone, answer, memory, task};
use fairshare_benches::shares::{Steps, Stopwatch};
use fairshare_benches::{Cost, Middle, Setup, cost, geometry, median, middle, results};
use fairshare_prover::Limits;
use fairshare_prover::measure::{Plan, job_memory, run, shared_memory};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

/// Proofs of which the quickest is taken apart.
const PROOFS: usize = 5;

/// What a process of its own does.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Task {
    /// Proves as many segments at once, for the peak of memory.
    Memory(usize),
    /// One proof on as many threads: seconds by step.
    Steps(usize),
}

/// A way to divide cores among jobs.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    /// One proof after the other, each on every core.
    InTurn,
    /// A proof on each core, on that core alone.
    Apart,
    /// As many proofs as there are cores, all handed to a pool of all cores from outside.
    Together,
    /// As the prover does it.
    Rule,
}

const WAYS: [Way; 4] = [Way::InTurn, Way::Apart, Way::Together, Way::Rule];

#[derive(Serialize)]
struct Line {
    threads: usize,
    segments: usize,
    way: Way,
    /// Seconds a segment, the median of all rounds.
    seconds: f64,
    /// Processor time over all threads' wall time, the median of all rounds. What it lacks to 1 is more than
    /// another way could gain with the same work: some of it is what neighbours took of the processors.
    busy: f64,
    /// The rule's time over this way's in the same round; of the rule itself there is none.
    rule: Option<Middle>,
}

fn main() {
    match task::<Task>() {
        Some(Task::Memory(jobs)) => return answer(&peak(jobs)),
        Some(Task::Steps(threads)) => return answer(&steps(threads)),
        None => {}
    }
    let lines = ways();
    results::record("schedule", &lines);
    memory_of_jobs();
    gain();
}

/// The ways, one against the other.
fn ways() -> Vec<Line> {
    let setup = Setup::new(geometry());
    // Tables are made here.
    drop(black_box(setup.prove()));
    let cores = Limits::default().threads;
    let mut lines = Vec::new();
    println!("{}, {cores} cores, {} rounds", setup.srs.geometry(), rounds());
    println!(
        "seconds a segment and the share of threads that are busy; then the rule's time over that way's, and \
         in"
    );
    println!("brackets what holds the true one 19 times in 20");
    println!("{:>7} {:>8}  {:<31}{:<31}{:<31}rule", "threads", "segments", "in turn", "apart", "together");
    let few = [cores + 1, 2 * cores, 4 * cores].map(|segments| (cores, segments));
    for (threads, segments) in [(1, 2)].into_iter().chain(few) {
        let case = case(&setup, threads, segments);
        print!("{threads:>7} {segments:>8}  ");
        for Line { seconds, busy, rule, .. } in &case {
            let own = format!("{seconds:.3} {:3.0} %", busy * 100.0);
            match rule {
                Some(Middle { median, low, high }) => {
                    print!("{:<31}", format!("{own} {median:.2} [{low:.2}-{high:.2}]"));
                }
                None => println!("{own}"),
            }
        }
        lines.extend(case);
    }
    lines
}

/// Every way in every round, forwards and backwards by turns, so that a machine that slows down or quickens
/// wrongs none.
fn case(setup: &Setup, threads: usize, segments: usize) -> [Line; WAYS.len()] {
    let rounds: Vec<[Cost; WAYS.len()]> = (0..rounds())
        .map(|round| {
            let mut order: Vec<_> = (0..WAYS.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            let mut costs = [Cost { wall: 0.0, processor: 0.0 }; WAYS.len()];
            for way in order {
                costs[way] = cost(|| WAYS[way].prove(setup, threads, segments));
            }
            costs
        })
        .collect();
    let rule = WAYS.len() - 1;
    let each = |figure: &dyn Fn(&[Cost; WAYS.len()]) -> f64| rounds.iter().map(figure).collect::<Vec<_>>();
    std::array::from_fn(|way| Line {
        threads,
        segments,
        way: WAYS[way],
        seconds: median(each(&|costs| costs[way].wall)) / segments as f64,
        busy: median(each(&|costs| costs[way].processor / costs[way].wall)) / threads as f64,
        rule: (way != rule).then(|| middle(each(&|costs| costs[rule].wall / costs[way].wall))),
    })
}

/// How often each way has its turn.
fn rounds() -> usize {
    let rounds = std::env::var("FAIRSHARE_ROUNDS").map_or(Ok(10), |text| text.parse());
    rounds.ok().filter(|rounds| *rounds > 5).expect("FAIRSHARE_ROUNDS is a number, six or more")
}

impl Way {
    fn prove(self, setup: &Setup, threads: usize, segments: usize) {
        let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        match self {
            Self::InTurn => prove(setup, Plan { threads, jobs: 1 }, segments),
            Self::Rule => prove(setup, Plan { threads, jobs: threads }, segments),
            Self::Apart => each(setup, segments, (0..threads).map(|_| pool(1)).collect::<Vec<_>>().iter()),
            Self::Together => {
                let pool = pool(threads);
                each(setup, segments, (0..threads).map(|_| &pool));
            }
        }
    }
}

/// Proves segments by the prover's own schedule.
fn prove(setup: &Setup, plan: Plan, segments: usize) {
    let prove = |()| {
        black_box(setup.prove());
        Ok::<_, Infallible>(())
    };
    run(plan, vec![(); segments], prove).expect("no job fails");
}

/// Proves segments one at a time for each pool named, which is handed one after the other.
fn each<'p>(setup: &Setup, segments: usize, pools: impl Iterator<Item = &'p ThreadPool>) {
    let begun = &AtomicUsize::new(0);
    thread::scope(|scope| {
        for pool in pools {
            scope.spawn(move || {
                while begun.fetch_add(1, Ordering::Relaxed) < segments {
                    pool.install(|| black_box(setup.prove()));
                }
            });
        }
    });
}

/// How a process's peak grows with the jobs that are under way at once.
fn memory_of_jobs() {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let peaks = [1usize, 2, 3, 4].map(|jobs| alone::<u64>(&Task::Memory(jobs)));
    println!("\npeak memory, MB: {}", peaks.map(|peak| format!("{:.0}", megabytes(peak))).join(", "));
    println!(
        "a further job takes {:.0} MB; the prover plans for {:.0} MB each, and for {:.0} MB besides",
        megabytes(peaks[3] - peaks[0]) / 3.0,
        megabytes(job_memory(geometry().largest_segment())),
        megabytes(shared_memory(geometry()))
    );
    results::record("memory", &peaks);
}

fn peak(jobs: usize) -> u64 {
    prove(&Setup::new(geometry()), Plan { threads: jobs, jobs }, 2 * jobs);
    memory().peak
}

/// A step's seconds on one thread, and on all.
#[derive(Serialize)]
struct Gain {
    step: String,
    one: f64,
    all: f64,
}

/// What of one proof other threads can take over. A step that is as long on all cores as on one is what
/// limits a proof on a machine of many.
fn gain() {
    let cores = Limits::default().threads;
    let [one, all] = [1, cores].map(|threads| alone::<Vec<(String, f64)>>(&Task::Steps(threads)));
    println!("\none proof, ms by step: on one thread, on {cores}, and how much quicker that is");
    let mut gains = Vec::new();
    for (step, one) in one {
        let all = all.iter().find(|(other, _)| *other == step).map_or(0.0, |(_, seconds)| *seconds);
        println!("{step:>14} {:>8.1} {:>8.1} {:>6.2}", one * 1e3, all * 1e3, one / all);
        gains.push(Gain { step, one, all });
    }
    let [one, all] =
        [|gain: &Gain| gain.one, |gain: &Gain| gain.all].map(|of| gains.iter().map(of).sum::<f64>());
    println!("{:>14} {:>8.1} {:>8.1} {:>6.2}", "all", one * 1e3, all * 1e3, one / all);
    results::record("gain", &gains);
}

/// The quickest of several proofs, by step.
fn steps(threads: usize) -> Vec<(String, f64)> {
    let stopwatch = Stopwatch::start();
    let setup = Setup::new(geometry());
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        drop(black_box(setup.prove()));
        stopwatch.take();
        let proofs = (0..PROOFS).map(|_| {
            drop(black_box(setup.prove()));
            stopwatch.take().into_values().next().expect("a proof")
        });
        let whole = |steps: &Steps| steps.values().sum::<std::time::Duration>();
        let quickest = proofs.min_by_key(whole).expect("a proof");
        let mut steps: Vec<_> =
            quickest.into_iter().map(|(step, time)| (step.to_owned(), time.as_secs_f64())).collect();
        steps.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        steps
    })
}
