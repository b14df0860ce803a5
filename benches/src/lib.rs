//! What the benchmarks measure, made up once: synthetic data of a geometry's full size, and clocks.

pub mod flights;
pub mod process;
pub mod results;
pub mod shares;

use std::time::Instant;

use fairshare_params::keys::{CircuitKind, ProvingKey};
use fairshare_params::srs::Srs;
use fairshare_params::{Geometry, Width};
use fairshare_plonk::{CommitKey, Uninterrupted};
use fairshare_prover::Key;
use fairshare_prover::derivation::SegmentSecret;
use fairshare_prover::measure::{SegmentWitness, commit_columns};
use fairshare_prover::secret::fresh_seed;
use fairshare_verifier::{ProofCheck, Subject};
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1, G1Affine};
use serde::Serialize;

/// A full segment of symbols, spread over the whole alphabet but padding: no column is cheaper than real data
/// would be.
pub fn full_segment(geometry: Geometry) -> Vec<u16> {
    segment_of(geometry, geometry.alphabet() - 1)
}

/// A full segment in which as many symbols occur.
fn segment_of(geometry: Geometry, occurring: usize) -> Vec<u16> {
    // Fibonacci hashing of the index: uniform, and the same on every machine.
    let symbol = |index: u64| 1 + (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) % occurring as u64;
    (0..geometry.largest_segment().symbols() as u64).map(|index| symbol(index) as u16).collect()
}

/// The geometry named by `FAIRSHARE_GEOMETRY`, else the standard one.
///
/// # Panics
///
/// If there is no geometry of that name.
pub fn geometry() -> Geometry {
    let name = std::env::var("FAIRSHARE_GEOMETRY").unwrap_or_else(|_| "standard".into());
    Geometry::from_name(&name).expect("FAIRSHARE_GEOMETRY is a geometry's name")
}

/// Parameters, key, and one full segment committed to.
pub struct Setup {
    /// Insecure parameters: they cost the same. They stay for as long as the process, as what commits with
    /// them borrows them.
    pub srs: &'static Srs,
    /// What proofs commit with.
    pub commit_key: CommitKey<'static>,
    key: Key,
    symbols: Vec<u16>,
    secret: SegmentSecret,
    columns: Vec<G1Affine>,
}

impl Setup {
    /// Makes all that is not measured.
    ///
    /// # Panics
    ///
    /// If key generation fails.
    pub fn new(geometry: Geometry) -> Self {
        let srs: &Srs = Box::leak(Box::new(Srs::insecure(geometry)));
        let kind = CircuitKind::Histogram(geometry.largest_segment().width());
        let key = ProvingKey::build(srs, kind).expect("a proving key");
        let key = Key::new(key).expect("a key of this prover's");
        let (symbols, secret) = (full_segment(geometry), fresh_secret());
        let columns = commit_columns(srs, geometry.largest_segment().width(), &symbols, &secret);
        Self { srs, commit_key: CommitKey::new(srs), key, symbols, secret, columns }
    }

    /// The same with another segment, in which only as many symbols occur as `occurring`.
    ///
    /// # Panics
    ///
    /// If there are no random numbers.
    pub fn with_few_symbols(self, occurring: usize) -> Self {
        let (symbols, secret) = (segment_of(self.srs.geometry(), occurring), fresh_secret());
        let columns = commit_columns(self.srs, self.width(), &symbols, &secret);
        Self { symbols, secret, columns, ..self }
    }

    fn width(&self) -> Width {
        self.srs.geometry().largest_segment().width()
    }

    /// Commits to the segment's columns.
    pub fn commit(&self) -> Vec<G1Affine> {
        commit_columns(self.srs, self.width(), &self.symbols, &self.secret)
    }

    /// Commits to the same columns by the proof system's own multi-scalar multiplication, which knows nothing
    /// of small scalars: the yardstick that proving is measured by, the same work whatever this project does
    /// to commit faster. Columns go one after the other, every thread on one column, as the prototype did it.
    pub fn commit_by_library(&self) -> Vec<G1> {
        let usable = self.srs.geometry().usable_rows();
        let column = |symbols: &[u16]| {
            let values: Vec<_> = symbols.iter().map(|symbol| Fr::from(u64::from(*symbol))).collect();
            best_multiexp(&values, &self.srs.lagrange()[..values.len()])
        };
        self.symbols.chunks(usable).map(column).collect()
    }

    /// Counting, the histogram commitment, the proof, and the check that every proof gets.
    ///
    /// # Panics
    ///
    /// If the proof fails.
    pub fn prove(&self) -> Vec<u8> {
        let (key, symbols) = (&self.key, self.symbols.clone());
        let witness = SegmentWitness::new(self.srs, key, symbols, &self.secret, &self.columns);
        witness.prove(&self.commit_key, &Uninterrupted).expect("a proof")
    }

    /// Verifies a full segment's proof, as a bundle's verifier does after it has hashed the commitments.
    ///
    /// # Panics
    ///
    /// If it does not verify.
    pub fn verify(&self, proof: &[u8]) {
        let check = ProofCheck {
            subject: Subject::Histogram { dataset: 0, segment: 0 },
            key: self.key.verifying(),
            instance: vec![Fr::from(0)],
            public: Vec::new(),
            linked: None,
            proof,
        };
        check.run(self.srs).expect("a good proof");
    }
}

fn fresh_secret() -> SegmentSecret {
    SegmentSecret::from_bytes(fresh_seed().expect("random numbers"))
}

/// The middle of the figures, or of the middle two.
///
/// # Panics
///
/// If there are none.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    f64::midpoint(figures[(figures.len() - 1) / 2], figures[figures.len() / 2])
}

/// The median of figures that are scattered by chance, and where that of ever more such would be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Middle {
    /// The median of these.
    pub median: f64,
    /// The lower end of what holds the true median 19 times in 20.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The confidence interval of the sign test: whatever their distribution, independent figures are above its
/// median with probability one half each, so how many are is binomial.
///
/// # Panics
///
/// If there are fewer than six, which are all on one side more often than once in 20.
pub fn middle(mut figures: Vec<f64>) -> Middle {
    assert!(figures.len() > 5, "six figures or more");
    figures.sort_by(f64::total_cmp);
    let count = figures.len();
    // The probability that exactly `above` are, from one to the next; both tails together are to be at most a
    // twentieth.
    let (mut probability, mut tail, mut spare) = (0.5f64.powi(count as i32), 0.0, 0);
    for above in 0..count / 2 {
        tail += probability;
        if tail > 0.025 {
            break;
        }
        spare = above;
        probability *= (count - above) as f64 / (above + 1) as f64;
    }
    Middle { low: figures[spare], high: figures[count - 1 - spare], median: median(figures) }
}

/// What a piece of work took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// By the wall clock.
    pub wall: f64,
    /// By processor time of all threads, where the system tells.
    pub processor: f64,
}

/// Runs `work` and says what it took.
pub fn cost(work: impl FnOnce()) -> Cost {
    let (start, processor) = (Instant::now(), processor_seconds());
    work();
    Cost { wall: start.elapsed().as_secs_f64(), processor: processor_seconds() - processor }
}

/// User and system time of all threads so far, from Linux's `/proc` (hundredths of a second); 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name, in parentheses, may hold spaces; utime and stime are fields 14 and 15 of the line.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }

    /// Tables of the sign test: of 6, 10 and 20 figures, 0, 1 and 5 are left out at either end.
    #[test]
    fn intervals_of_the_sign_test() {
        for (count, low, high) in [(6, 1.0, 6.0), (10, 2.0, 9.0), (20, 6.0, 15.0)] {
            let middle = middle((1..=count).rev().map(f64::from).collect());
            assert_eq!(middle, Middle { median: f64::from(count + 1) / 2.0, low, high });
        }
    }
}
