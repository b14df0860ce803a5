//! What ten, a hundred and a thousand nodes give: a model, fitted on one node, and held against two.
//!
//! `cargo bench -p fairshare-benches --bench cluster`; `FAIRSHARE_GEOMETRY=compact` for the small geometry,
//! `FAIRSHARE_SYMBOLS=100000000` for other data than 10^10 symbols. A node is a process with one thread. One
//! node proves, seals, accepts and assembles a small dataset; from that follows what two nodes take for a
//! dataset three times as large, which then is measured. Both share this machine, so that it needs two cores
//! with nothing else to do.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use fairshare_benches::process::{alone, answer, task};
use fairshare_benches::{flights, geometry, results};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::work::{Driver, WorkerTask};
use fairshare_prover::{Limits, Progress, Prover, Segments, Silent, Task as Work, commit_data};
use fairshare_storage::key_cache::KeyCache;
use fairshare_storage::srs;
use fairshare_verifier::{Trust, Verifier};
use serde::{Deserialize, Serialize};

/// Segments of the dataset that the model is fitted on, and of the one that it is held against.
const FITTED: usize = 4;
const HELD_OUT: usize = 12;
const NODES: [usize; 3] = [10, 100, 1000];
/// Bytes per second of the driver's network: 1 Gbit/s.
const NETWORK: f64 = 125e6;

#[derive(Clone, Serialize, Deserialize)]
struct Task {
    /// The folder with the parameters and the proving keys.
    work: PathBuf,
    /// The commitment folder.
    data: PathBuf,
    /// Under which the verifier's parameters are believed.
    rules: String,
    what: What,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum What {
    Part {
        index: usize,
        parts: usize,
    },
    Assemble,
    /// Seals every segment to a worker, and accepts the proof that is kept of it.
    Drive,
}

/// Seconds of a node's work.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Measured {
    /// Until the first segment is begun: parameters, folder, keys.
    start: f64,
    /// For all segments.
    segments: f64,
    /// From then on: the score's proof, and the verification of the bundle.
    score: f64,
    /// Of sealing and accepting all segments, where that was asked for.
    sealing: f64,
    accepting: f64,
    /// Of one sealed unit, and of one proof.
    unit_bytes: usize,
    proof_bytes: usize,
}

/// What a node does in a second, and what a segment takes: all of it measured on one.
#[derive(Clone, Copy, Serialize)]
struct Model {
    start: f64,
    segment: f64,
    /// To verify and count a kept segment, for the bundle.
    check: f64,
    score: f64,
    seal: f64,
    accept: f64,
    unit_bytes: usize,
    proof_bytes: usize,
}

#[derive(Serialize)]
struct Prediction {
    nodes: usize,
    segments: usize,
    /// Seconds of the nodes, with what is lost because segments are not divided.
    proving: f64,
    /// Seconds of the driver's network, where units are sealed.
    network: f64,
    /// Seconds of the driver's one thread, where units are sealed.
    driver: f64,
    assembling: f64,
    limit: &'static str,
}

#[derive(Serialize)]
struct Report {
    model: Model,
    predicted_seconds: f64,
    seconds: f64,
    predictions: Vec<Prediction>,
}

fn main() {
    if let Some(task) = task::<Task>() {
        return answer(&measure(&task));
    }
    let geometry = geometry();
    let symbols: u64 = std::env::var("FAIRSHARE_SYMBOLS")
        .map_or(10_000_000_000, |count| count.parse().expect("FAIRSHARE_SYMBOLS is a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::new(folder.path());
    let model = scene.fit();
    println!(
        "one node: start {:.2} s, {:.2} s per segment, {:.3} s to check one, score {:.1} s; unit {} bytes, \
         sealed in {:.4} s, accepted in {:.3} s; proof {} bytes",
        model.start,
        model.segment,
        model.check,
        model.score,
        model.unit_bytes,
        model.seal,
        model.accept,
        model.proof_bytes
    );
    let predicted = model.proving(HELD_OUT, 2) + model.assembling(HELD_OUT);
    let seconds = scene.hold(2);
    println!(
        "two nodes, {HELD_OUT} segments: predicted {predicted:.1} s, took {seconds:.1} s: {:.3} of the \
         prediction",
        seconds / predicted
    );
    let segments = symbols.div_ceil(geometry.largest_segment().symbols() as u64) as usize;
    let predictions: Vec<_> = NODES.into_iter().map(|nodes| model.predict(segments, nodes)).collect();
    println!("| nodes of one core | segments each | proving | network | driver | assembling | limit |");
    for at in &predictions {
        println!(
            "| {} | {} | {:.0} s | {:.0} s | {:.0} s | {:.0} s | {} |",
            at.nodes,
            segments.div_ceil(at.nodes),
            at.proving,
            at.network,
            at.driver,
            at.assembling,
            at.limit
        );
    }
    results::record("cluster", &Report { model, predicted_seconds: predicted, seconds, predictions });
}

impl Model {
    fn proving(&self, segments: usize, nodes: usize) -> f64 {
        self.start + segments.div_ceil(nodes) as f64 * self.segment
    }

    fn assembling(&self, segments: usize) -> f64 {
        self.start + segments as f64 * self.check + self.score
    }

    fn predict(&self, segments: usize, nodes: usize) -> Prediction {
        let each = |cost: f64| segments as f64 * cost;
        let proving = self.proving(segments, nodes);
        let network = each((self.unit_bytes + self.proof_bytes) as f64 / NETWORK);
        let (driver, assembling) = (each(self.seal + self.accept), self.assembling(segments));
        let costs =
            [("proving", proving), ("network", network), ("driver", driver), ("assembling", assembling)];
        let limit = costs.into_iter().max_by(|(_, one), (_, other)| one.total_cmp(other));
        let limit = limit.map_or("proving", |(name, _)| name);
        Prediction { nodes, segments, proving, network, driver, assembling, limit }
    }
}

/// Parameters and keys, as a node finds them.
struct Scene {
    work: PathBuf,
    policy: Policy,
    srs: Srs,
    rules: Digest,
}

impl Scene {
    fn new(folder: &Path) -> Self {
        let policy = flights::policy(geometry());
        let srs = Srs::insecure(policy.geometry());
        let parameters = VerifierParameters::derive(&srs).expect("keys");
        srs::write(&folder.join("params.srs"), &srs).expect("written");
        srs::write_verifier(&folder.join("params"), &parameters).expect("written");
        let rules =
            Verifier::new(&parameters, &policy, Trust::AllowInsecure).expect("a verifier").rules_hash();
        Self { work: folder.to_owned(), policy, srs, rules }
    }

    /// A dataset of so many full segments.
    fn commit(&self, name: &str, segments: usize) -> PathBuf {
        let symbols = segments * self.policy.geometry().largest_segment().symbols();
        let records = symbols / self.policy.schema().len();
        let text = std::fs::read_to_string(flights::example("flights-2000.csv")).expect("the sample");
        let (header, rows) = text.split_once('\n').expect("a header");
        let mut data = format!("{header}\n");
        rows.lines().cycle().take(records).for_each(|row| data.extend([row, "\n"]));
        let (file, folder) = (self.work.join(format!("{name}.csv")), self.work.join(name));
        std::fs::write(&file, data).expect("written");
        commit_data(&self.srs, &self.policy, &Address([7; 20]), &[file], &folder, &Silent)
            .expect("a commitment");
        folder
    }

    fn run(&self, data: &Path, what: What) -> Measured {
        let (work, data) = (self.work.clone(), data.to_owned());
        alone(&Task { work, data, rules: self.rules.to_string(), what })
    }

    fn fit(&self) -> Model {
        let data = self.commit("fitted", FITTED);
        // The first node makes the keys, which are kept then.
        self.run(&data, What::Part { index: 0, parts: FITTED });
        std::fs::remove_dir_all(data.join("proofs")).expect("removed");
        let proved = self.run(&data, What::Part { index: 0, parts: 1 });
        self.run(&data, What::Assemble);
        let (driven, assembled) = (self.run(&data, What::Drive), self.run(&data, What::Assemble));
        let each = |seconds: f64| seconds / FITTED as f64;
        Model {
            start: proved.start,
            segment: each(proved.segments),
            check: each(assembled.segments),
            score: assembled.score,
            seal: each(driven.sealing),
            accept: each(driven.accepting),
            unit_bytes: driven.unit_bytes,
            proof_bytes: driven.proof_bytes,
        }
    }

    /// Seconds that so many nodes at once take for the held-out dataset, and one for its bundle.
    fn hold(&self, nodes: usize) -> f64 {
        let data = self.commit("held-out", HELD_OUT);
        let began = Instant::now();
        std::thread::scope(|scope| {
            for index in 0..nodes {
                let data = &data;
                scope.spawn(move || self.run(data, What::Part { index, parts: nodes }));
            }
        });
        self.run(&data, What::Assemble);
        began.elapsed().as_secs_f64()
    }
}

fn measure(task: &Task) -> Measured {
    let began = Instant::now();
    let srs = srs::read(&task.work.join("params.srs"), None).expect("parameters");
    let stated = srs::read_verifier(&task.work.join("params")).expect("parameters");
    let rules = task.rules.parse().expect("a hash");
    let policy = flights::policy(srs.geometry()).expecting(rules);
    let verifier = Verifier::new(&stated, &policy, Trust::AllowInsecure).expect("believed");
    let limits = Limits { threads: 1, jobs: 1, ..Limits::default() };
    let cache = || KeyCache::new(task.work.join("keys"));
    let prover = Prover::new(&srs, &verifier, limits).with_cache(cache());
    let folders = [task.data.clone()];
    let clock = Clock::default();
    let mut measured = Measured {
        start: 0.0,
        segments: 0.0,
        score: 0.0,
        sealing: 0.0,
        accepting: 0.0,
        unit_bytes: 0,
        proof_bytes: 0,
    };
    match task.what {
        What::Part { index, parts } => {
            prover.prove_segments(&folders, Segments::Part { index, parts }, &clock).expect("proofs");
        }
        What::Assemble => drop(prover.assemble(&folders, &clock).expect("a bundle")),
        What::Drive => {
            drive(&prover, &folders, &mut measured);
            return measured;
        }
    }
    let (first, last) = clock.segments();
    measured.start = first.duration_since(began).as_secs_f64();
    measured.segments = last.duration_since(first).as_secs_f64();
    measured.score = last.elapsed().as_secs_f64();
    measured
}

fn drive(prover: &Prover<'_>, folders: &[PathBuf], measured: &mut Measured) {
    let driver = Driver::new(prover, folders).expect("folders");
    let proofs: Vec<_> = (0..driver.segments())
        .map(|segment| {
            let name = format!("proofs/{segment:06}.proof");
            std::fs::read(folders[0].join(name)).expect("a kept proof")
        })
        .collect();
    // Its key is loaded before.
    driver.accept(0, &proofs[0]).expect("its proof");
    for (segment, proof) in proofs.iter().enumerate() {
        let task = WorkerTask::fresh().expect("a task");
        let begun = Instant::now();
        measured.unit_bytes = driver.seal(segment, task.key()).expect("sealed").len();
        measured.sealing += begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        driver.accept(segment, proof).expect("its proof");
        measured.accepting += begun.elapsed().as_secs_f64();
        measured.proof_bytes = proof.len();
    }
}

/// When the segments were begun and done.
#[derive(Default)]
struct Clock(Mutex<Vec<Instant>>);

impl Clock {
    fn segments(&self) -> (Instant, Instant) {
        match self.0.lock().expect("no panic").as_slice() {
            [first, last] => (*first, *last),
            marks => panic!("{} marks of the segments", marks.len()),
        }
    }
}

impl Progress for Clock {
    fn begin(&self, task: Work, _: u64, _: u64) {
        if task == Work::Segments {
            self.0.lock().expect("no panic").push(Instant::now());
        }
    }

    fn advance(&self, _: Work, _: u64) {}

    fn end(&self, task: Work) {
        self.begin(task, 0, 0);
    }
}
