//! `fairshare bench`: a quick table of what things cost on this machine. `benches/` measures with more care.

use std::time::{Duration, Instant};

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::address::Address;
use fairshare_params::commitment::Blinding;
use fairshare_params::encoding::{Hasher, POINT_BYTES, SCALAR_BYTES};
use fairshare_params::keys::{CircuitKind, ProvingKey};
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_plonk::{CommitKey, Uninterrupted};
use fairshare_prover::derivation::SegmentSecret;
use fairshare_prover::measure::{Merged, ProvedScore, ScoreProver, SegmentWitness, commit_columns};
use fairshare_prover::secret::fresh_seed;
use fairshare_prover::{CommitError, Key};
use fairshare_verifier::{Trust, Verifier};
use halo2curves::bn256::Fr;
use schemars::JsonSchema;
use serde::Serialize;

use super::demo::data;
use crate::args::BenchArgs;
use crate::document::spelling::GeometryName;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{self, Output, align_right, seconds, table, thousands};
use crate::progress;

/// One line of the table.
#[derive(Serialize, JsonSchema)]
pub struct Measured {
    /// What was measured.
    what: &'static str,
    /// Median time, in seconds.
    seconds: f64,
    /// Size of the proof, in bytes; null if nothing was proved.
    bytes: Option<usize>,
}

/// What commitments, proofs and verification cost here.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    /// What it was measured on.
    machine: Machine,
    /// The circuits' shape.
    #[schemars(with = "GeometryName")]
    geometry: &'static str,
    /// Symbols in the segment.
    symbols: usize,
    /// Runs of each measurement.
    runs: usize,
    /// Every measurement.
    measured: Vec<Measured>,
    /// How many times as long as committing the proof of a segment takes.
    prove_to_commit: f64,
    /// Symbols proved per second.
    symbols_per_second: f64,
}

/// The machine that measures.
#[derive(Serialize, JsonSchema)]
pub struct Machine {
    /// The processor's name.
    processor: String,
    /// Processors that the program may use.
    cores: usize,
    /// Memory, in bytes; null if unknown.
    memory_bytes: Option<u64>,
    /// Operating system and architecture.
    system: String,
}

pub fn run(args: &BenchArgs, output: Output) -> Result<Status, CliError> {
    let policy = data::policy(args.geometry)?;
    let spinner = progress::spinner("making parameters and keys");
    let srs = Srs::insecure(args.geometry);
    // A node that does all the work, a thousand units a round.
    let by_node = [(NODE, vec![1_000; policy.rounds()])].into();
    let units = Units::new(policy.terms().first_round, policy.rounds(), by_node)?;
    let parameters = load::derive(&srs)?;
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)?.with_units(&units)?;
    drop(spinner);
    output::name_insecure(srs.is_insecure());
    let bench = Bench {
        srs: &srs,
        commit_key: CommitKey::new(&srs),
        policy: &policy,
        verifier: &verifier,
        runs: args.runs,
    };

    let (commit_time, histogram) = bench.histogram()?;
    let symbols = args.geometry.largest_segment().symbols();
    let report = Report {
        machine: Machine::this(),
        geometry: args.geometry.name(),
        symbols,
        runs: args.runs,
        prove_to_commit: histogram.proved.as_secs_f64() / commit_time.as_secs_f64(),
        symbols_per_second: symbols as f64 / histogram.proved.as_secs_f64(),
        measured: [Measured { what: "commit to a segment", seconds: commit_time.as_secs_f64(), bytes: None }]
            .into_iter()
            .chain(histogram.lines("prove a segment's histogram", "verify it"))
            .chain(bench.data_score()?.lines("prove a data score", "verify it"))
            .chain(bench.compute_score()?.lines("prove a compute score", "verify it"))
            .collect(),
    };
    output.result(&report, || report.describe())?;
    Ok(Status::Done)
}

/// Any node: what its units are makes no difference to the time.
const NODE: Address = Address([0xe1; 20]);

/// What is measured with.
struct Bench<'a> {
    srs: &'a Srs,
    commit_key: CommitKey<'a>,
    policy: &'a Policy,
    verifier: &'a Verifier<'a>,
    runs: usize,
}

/// Medians for one proof.
struct Proof {
    proved: Duration,
    verified: Duration,
    bytes: usize,
}

impl Proof {
    fn lines(&self, prove: &'static str, verify: &'static str) -> [Measured; 2] {
        [
            Measured { what: prove, seconds: self.proved.as_secs_f64(), bytes: Some(self.bytes) },
            Measured { what: verify, seconds: self.verified.as_secs_f64(), bytes: None },
        ]
    }
}

impl Bench<'_> {
    /// Committing to one full segment, and proving its histogram.
    fn histogram(&self) -> Result<(Duration, Proof), CliError> {
        let geometry = self.srs.geometry();
        let shape = geometry.largest_segment();
        let symbols = symbols(shape.symbols(), geometry.alphabet());
        let seed = fresh_seed().map_err(CommitError::Randomness)?;
        let secret = SegmentSecret::from_bytes(seed);
        let (commit_time, columns) =
            self.median("committing", || Ok(commit_columns(self.srs, shape.width(), &symbols, &secret)))?;
        let key = self.key(CircuitKind::Histogram(shape.width()))?;
        let (proved, proof) = self.median("proving a histogram", || {
            let witness = SegmentWitness::new(self.srs, &key, symbols.clone(), &secret, &columns);
            Ok(witness.prove(&self.commit_key, &Uninterrupted)?)
        })?;
        let (verified, ()) =
            self.median("verifying", || Ok(self.verifier.verify_segment(shape.width(), 0, &proof)?))?;
        Ok((commit_time, Proof { proved, verified, bytes: proof.len() }))
    }

    /// The score of the reference's own records.
    fn data_score(&self) -> Result<Proof, CliError> {
        let smoothing = self.policy.pseudo_count();
        let counts: Vec<_> =
            self.policy.reference_counts().iter().map(|count| count.saturating_sub(smoothing)).collect();
        let seed = fresh_seed().map_err(CommitError::Randomness)?;
        let blinding = SegmentSecret::from_bytes(seed).blindings(1);
        let blinding = blinding.first().cloned().unwrap_or(Blinding::NONE);
        let merged = Merged::of_counts(self.srs, &counts, &blinding);
        let key = self.key(CircuitKind::DataScore)?;
        let (proved, score) =
            self.median("proving a data score", || Ok(self.prover(&key).data(context(), &merged)?))?;
        let verified = self.verify(&score, &key)?;
        let link = POINT_BYTES + RESERVED_ROWS * SCALAR_BYTES;
        Ok(Proof { proved, verified, bytes: score.proof.len() + link })
    }

    /// The score of the node.
    fn compute_score(&self) -> Result<Proof, CliError> {
        let units = self.verifier.on_record(&NODE)?;
        let key = self.key(CircuitKind::ComputeScore)?;
        let (proved, score) =
            self.median("proving a compute score", || Ok(self.prover(&key).compute(&units)?))?;
        let verified = self.verify(&score, &key)?;
        Ok(Proof { proved, verified, bytes: score.proof.len() })
    }

    fn verify(&self, score: &ProvedScore, key: &Key) -> Result<Duration, CliError> {
        let (verified, ()) =
            self.median("verifying", || Ok(score.to_check(key.verifying()).run(self.srs)?))?;
        Ok(verified)
    }

    fn prover<'p>(&'p self, key: &'p Key) -> ScoreProver<'p> {
        ScoreProver { verifier: self.verifier, commit_key: &self.commit_key, key, signal: &Uninterrupted }
    }

    fn key(&self, kind: CircuitKind) -> Result<Key, CliError> {
        let _spinner = progress::spinner("making a proving key");
        Ok(Key::new(ProvingKey::build(self.srs, kind)?)?)
    }

    /// The median time of `work`, with its last result. An even number of runs takes the slower of the middle
    /// two.
    fn median<T>(
        &self,
        message: &'static str,
        mut work: impl FnMut() -> Result<T, CliError>,
    ) -> Result<(Duration, T), CliError> {
        let _spinner = progress::spinner(message);
        let mut once = || {
            let begun = Instant::now();
            work().map(|result| (begun.elapsed(), result))
        };
        let (first, mut result) = once()?;
        let mut times = vec![first];
        for _ in 1..self.runs {
            let (time, last) = once()?;
            times.push(time);
            result = last;
        }
        times.sort();
        Ok((times.get(times.len() / 2).copied().unwrap_or(first), result))
    }
}

/// A context that no policy has.
fn context() -> [Fr; 2] {
    Hasher::new("fairshare/bench").finish().limbs()
}

/// Symbols that fill a segment, every one of the alphabet but padding about as often: the dearest kind to
/// commit to.
fn symbols(count: usize, alphabet: usize) -> Vec<u16> {
    let step = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(1u32), step)
        // The low bits of such a sequence have short periods. An alphabet is at most 2^16.
        .map(|state| (1 + (state >> 16) as usize % (alphabet - 1)) as u16)
        .take(count)
        .collect()
}

impl Report {
    fn describe(&self) -> String {
        let memory =
            self.machine.memory_bytes.map_or_else(String::new, |bytes| format!(", {} GiB", bytes >> 30));
        let mut table = table(["", "time", "bytes"]);
        for line in &self.measured {
            table.add_row([
                line.what.to_owned(),
                seconds(Duration::from_secs_f64(line.seconds)),
                line.bytes.map(|bytes| thousands(bytes as u64)).unwrap_or_default(),
            ]);
        }
        align_right(&mut table, 1..3);
        format!(
            "{}, {} cores{memory}, {}\ngeometry {}, {} symbols in the segment, medians of {} runs, verified \
             one by one\n\n{table}\nproving takes {:.1} times as long as committing; {} symbols a second",
            self.machine.processor,
            self.machine.cores,
            self.machine.system,
            self.geometry,
            thousands(self.symbols as u64),
            self.runs,
            self.prove_to_commit,
            thousands(self.symbols_per_second as u64),
        )
    }
}

impl Machine {
    fn this() -> Self {
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok())
                .map(|kib| kib << 10),
            system,
        }
    }
}

/// The first value of that name in one of Linux's tables; elsewhere there is none.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_spread_over_the_alphabet() {
        let symbols = symbols(100_000, 1024);
        let mut counts = vec![0; 1024];
        symbols.iter().for_each(|symbol| counts[usize::from(*symbol)] += 1);
        assert_eq!(counts.remove(0), 0, "padding");
        assert!(counts.iter().all(|count| (30..200).contains(count)));
    }
}
