//! Jobs against threads: one segment, a few and many, on one core and on all; the memory of a job; and what one proof
//! gains from a second thread, step by step.
//!
//! `cargo bench -p fairshare-benches --bench schedule`; `FAIRSHARE_GEOMETRY=compact` for the small geometry. Ways take
//! turns, so that all see the same machine, and the quickest time of each counts: neighbours on the machine only ever make
//! one longer. "Rule" is what the prover does.

use std::convert::Infallible;
use std::hint::black_box;

use fairshare_benches::process::{alone, answer, memory, task};
use fairshare_benches::shares::{Steps, Stopwatch};
use fairshare_benches::{Setup, cost, geometry, results};
use fairshare_prover::schedule::{Limits, Plan, job_memory, plan, run, shared_memory};
use rayon::ThreadPoolBuilder;
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 5;

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
    /// As many proofs as there are cores, all on all cores.
    Together,
    /// As the prover does it.
    Rule,
}

#[derive(Serialize)]
struct Line {
    threads: usize,
    segments: usize,
    way: Way,
    seconds_a_segment: f64,
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
    println!("{}, {cores} cores, seconds a segment; quickest of {ROUNDS}", setup.srs.geometry());
    println!(
        "{:>7} {:>8} {:>8} {:>8} {:>9} {:>6} {:>9}",
        "threads", "segments", "in turn", "apart", "together", "rule", "to best"
    );
    let many = [Way::InTurn, Way::Apart, Way::Together, Way::Rule];
    // There is nothing to divide where there is one thread or one segment.
    let cases = [
        (1, 1, &many[3..]),
        (cores, 1, &many[3..]),
        (cores, cores + 1, &many),
        (cores, 2 * cores, &many),
        (cores, 4 * cores, &many),
    ];
    for (threads, segments, ways) in cases {
        let mut times = vec![f64::INFINITY; ways.len()];
        for _ in 0..ROUNDS {
            for (way, quickest) in ways.iter().zip(&mut times) {
                let time = cost(|| way.prove(&setup, threads, segments)).wall;
                *quickest = quickest.min(time / segments as f64);
            }
        }
        let seconds = |way| ways.iter().position(|there| *there == way).map(|place| times[place]);
        let shown = |way| seconds(way).map_or(String::from("-"), |seconds| format!("{seconds:.2}"));
        // Of the other ways: beside itself the rule could never do better than 1.
        let others =
            ways.iter().zip(&times).filter(|(way, _)| **way != Way::Rule).map(|(_, seconds)| *seconds);
        let to_best = others
            .min_by(f64::total_cmp)
            .zip(seconds(Way::Rule))
            .map_or(String::from("-"), |(best, rule)| format!("{:.2}", rule / best));
        println!(
            "{threads:>7} {segments:>8} {:>8} {:>8} {:>9} {:>6} {to_best:>9}",
            shown(Way::InTurn),
            shown(Way::Apart),
            shown(Way::Together),
            shown(Way::Rule)
        );
        let line =
            |(way, seconds): (&Way, &f64)| Line { threads, segments, way: *way, seconds_a_segment: *seconds };
        lines.extend(ways.iter().zip(&times).map(line));
    }
    lines
}

impl Way {
    fn prove(self, setup: &Setup, threads: usize, segments: usize) {
        let limits = Limits { threads, jobs: threads, memory: u64::MAX };
        let plan = match self {
            Self::InTurn => Plan { apart: 0, together: segments, jobs: 1, threads },
            Self::Apart => Plan { apart: segments, together: 0, jobs: threads, threads },
            Self::Together => Plan { apart: 0, together: segments, jobs: threads, threads },
            Self::Rule => plan(setup.srs.geometry(), segments, &limits).expect("memory enough"),
        };
        prove(setup, plan);
    }
}

fn prove(setup: &Setup, plan: Plan) {
    let items: Vec<_> = (0..plan.apart + plan.together).collect();
    let prove = |_| {
        black_box(setup.prove());
        Ok::<_, Infallible>(())
    };
    run(plan, items, prove).expect("no job fails");
}

/// How a process's peak grows with the jobs that are under way at once.
fn memory_of_jobs() {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let peaks = [1usize, 2, 3, 4].map(|jobs| alone::<u64>(&Task::Memory(jobs)));
    println!("\npeak memory, MB: {}", peaks.map(|peak| format!("{:.0}", megabytes(peak))).join(", "));
    println!(
        "a further job takes {:.0} MB; the prover plans for {:.0} MB each, and for {:.0} MB besides",
        megabytes(peaks[3] - peaks[0]) / 3.0,
        megabytes(job_memory(geometry())),
        megabytes(shared_memory(geometry()))
    );
    results::record("memory", &peaks);
}

fn peak(jobs: usize) -> u64 {
    prove(&Setup::new(geometry()), Plan { apart: 2 * jobs, together: 0, jobs, threads: jobs });
    memory().peak
}

/// A step's seconds on one thread, and on all.
#[derive(Serialize)]
struct Gain {
    step: String,
    one: f64,
    all: f64,
}

/// What of one proof other threads can take over. A step that is as long on all cores as on one is what limits a proof on a
/// machine of many.
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
        let proofs = (0..ROUNDS).map(|_| {
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
