//! A hundred million symbols from one Parquet file: rate, and memory that does not grow with the data.
//!
//! `cargo bench -p fairshare-benches --bench scale`; `FAIRSHARE_SYMBOLS=10000000` for another size,
//! `FAIRSHARE_GEOMETRY=compact` for the small geometry. The example's year of flights is repeated until there
//! are as many symbols. First a tenth of that is committed to and proved; what it takes predicts the whole,
//! which then checks it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use fairshare_benches::process::{alone, answer, memory, task};
use fairshare_benches::{flights, geometry, results};
use fairshare_params::address::Address;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Limits, Progress, Prover, Silent, Task as Work, commit_data};
use fairshare_verifier::{Trust, Verifier};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};

const AIRPORTS: [&str; 3] = ["EWR.parquet", "JFK.parquet", "LGA.parquet"];

/// Between two readings of memory.
const TICK: Duration = Duration::from_millis(500);

#[derive(Clone, Serialize, Deserialize)]
struct Task {
    data: PathBuf,
}

#[derive(Clone, Serialize, Deserialize)]
struct Measured {
    records: u64,
    symbols: u64,
    file_bytes: u64,
    /// Seconds.
    commit: f64,
    /// Seconds for all histograms.
    segments: f64,
    /// Seconds for the score's proof, with making its key.
    score: f64,
    /// Seconds to read and verify the bundle.
    verify: f64,
    bundle_bytes: usize,
    peak_memory: u64,
    memory: Vec<Reading>,
}

/// Resident memory at a time, in seconds since the work began.
#[derive(Clone, Serialize, Deserialize)]
struct Reading {
    at: f64,
    bytes: u64,
    proving: bool,
}

#[derive(Serialize)]
struct Report {
    subset: Measured,
    predicted_seconds: f64,
    whole: Measured,
}

fn main() {
    if let Some(task) = task::<Task>() {
        return answer(&measure(&task.data));
    }
    let symbols: u64 = std::env::var("FAIRSHARE_SYMBOLS")
        .map_or(100_000_000, |count| count.parse().expect("FAIRSHARE_SYMBOLS is a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let run = |symbols: u64| {
        let data = folder.path().join("records.parquet");
        write(&data, symbols);
        let measured: Measured = alone(&Task { data });
        measured.print();
        measured
    };
    let subset = run(symbols / 10);
    let times = symbols as f64 / subset.symbols as f64;
    let predicted_seconds = (subset.commit + subset.segments) * times + subset.score;
    println!(
        "predicted for {symbols} symbols: {predicted_seconds:.0} s, {} MB",
        subset.peak_memory / 1_000_000
    );
    let whole = run(symbols);
    let seconds = whole.commit + whole.segments + whole.score;
    println!("it took {seconds:.0} s: {:.3} of the prediction", seconds / predicted_seconds);
    results::record("scale", &Report { subset, predicted_seconds, whole });
}

impl Measured {
    fn print(&self) {
        let rate = |seconds: f64| self.symbols as f64 / seconds;
        println!(
            "{} records, {} symbols, {} MB of Parquet: commit {:.1} s ({:.0} symbols/s), histograms {:.1} s \
             ({:.0} \
             symbols/s), score {:.1} s, verify {:.2} s, bundle {} bytes, peak {} MB",
            self.records,
            self.symbols,
            self.file_bytes / 1_000_000,
            self.commit,
            rate(self.commit),
            self.segments,
            rate(self.segments),
            self.score,
            self.verify,
            self.bundle_bytes,
            self.peak_memory / 1_000_000
        );
    }
}

/// The example's flights, over and over, until there are as many symbols at least.
fn write(path: &Path, symbols: u64) {
    let features = flights::policy(geometry()).schema().len() as u64;
    let batches: Vec<RecordBatch> = AIRPORTS
        .iter()
        .flat_map(|name| {
            let file = File::open(flights::example(name)).expect("the example's data");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
            reader.expect("a Parquet file")
        })
        .map(|batch| batch.expect("records"))
        .collect();
    let file = File::create(path).expect("a file");
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties)).expect("a writer");
    let mut left = symbols.div_ceil(features);
    for batch in batches.iter().cycle() {
        let rows = left.min(batch.num_rows() as u64);
        // A batch has far fewer rows than a `usize` counts.
        writer.write(&batch.slice(0, rows as usize)).expect("written");
        left -= rows;
        if left == 0 {
            break;
        }
    }
    writer.close().expect("a whole file");
}

fn measure(data: &Path) -> Measured {
    let geometry = geometry();
    let srs = Srs::insecure(geometry);
    let parameters = VerifierParameters::derive(&srs).expect("keys");
    let policy = flights::policy(geometry);
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure).expect("a verifier");
    let prover = Prover::new(&srs, &verifier, Limits::default());
    let folder = tempfile::tempdir().expect("a folder");
    let contribution = folder.path().join("data");
    let contributor = Address([7; 20]);
    let began = Instant::now();
    let proving = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (finished, until) = channel();
        let readings = scope.spawn(|| watch(began, &proving, until));

        let data = [data.to_owned()];
        let request = commit_data(&srs, &policy, &contributor, &data, &contribution, &Silent);
        let request = request.expect("a commitment");
        let commit = began.elapsed().as_secs_f64();
        proving.store(true, Ordering::Relaxed);
        let clock = Clock::default();
        let proved = prover.prove_data(&[contribution], &clock).expect("a bundle");
        let verifying = Instant::now();
        let (bytes, registrations) = (proved.bundle.to_bytes(), [Registration::from(&request)]);
        let bundle = verifier.read(&bytes, &registrations).expect("a bundle");
        verifier.verify(&bundle, &registrations).expect("a good bundle");
        let verify = verifying.elapsed().as_secs_f64();
        drop(finished);

        let records = match proved.score {
            fairshare_verifier::Score::Data(score) => u64::from(score.records.get()),
            fairshare_verifier::Score::Compute(_) => unreachable!("data was committed"),
        };
        let (segments, score) = clock.seconds();
        Measured {
            records,
            symbols: records * policy.schema().len() as u64,
            file_bytes: data[0].metadata().expect("the file").len(),
            commit,
            segments,
            score,
            verify,
            bundle_bytes: bytes.len(),
            peak_memory: memory().peak,
            memory: readings.join().expect("readings"),
        }
    })
}

/// Reads resident memory until the work is done.
fn watch(began: Instant, proving: &AtomicBool, until: Receiver<()>) -> Vec<Reading> {
    let mut readings = Vec::new();
    loop {
        let (at, proving) = (began.elapsed().as_secs_f64(), proving.load(Ordering::Relaxed));
        readings.push(Reading { at, bytes: memory().now, proving });
        if until.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
            return readings;
        }
    }
}

/// When the tasks of a proof begin and end.
#[derive(Default)]
struct Clock(std::sync::Mutex<Vec<(Work, Instant)>>);

impl Clock {
    /// Seconds for all segments, and from then to the end of the score's proof.
    fn seconds(&self) -> (f64, f64) {
        let marks = self.0.lock().expect("no panic");
        let last = |work: Work| marks.iter().filter(|(there, _)| *there == work).map(|(_, at)| *at).max();
        let first = marks.iter().find(|(there, _)| *there == Work::Segments).map(|(_, at)| *at);
        let (first, proved, scored) = match (first, last(Work::Segments), last(Work::Score)) {
            (Some(first), Some(proved), Some(scored)) => (first, proved, scored),
            _ => unreachable!("a bundle was made"),
        };
        (proved.duration_since(first).as_secs_f64(), scored.duration_since(proved).as_secs_f64())
    }
}

impl Progress for Clock {
    fn begin(&self, task: Work, _: u64, _: u64) {
        self.0.lock().expect("no panic").push((task, Instant::now()));
    }

    fn advance(&self, _: Work, _: u64) {}

    fn end(&self, task: Work) {
        self.begin(task, 0, 0);
    }
}
