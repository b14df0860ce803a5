//! Shapes of the histogram circuit: what rows, columns and helper width do to proving, verifying, proof size
//! and memory.
//!
//! `cargo bench -p fairshare-benches --bench geometry`. Each shape is measured in a process of its own, in
//! rounds, so that all see the same machine; the quickest round counts. Processor time is given in units of a
//! fixed sum of points by the library, taken before and after each proof: what neighbours on the machine do
//! moves both alike. A segment over the whole alphabet is the dearest data there is, one of 300 symbols is
//! like real data. Shapes that are not those of the protocol exist for this benchmark alone.

use std::hint::black_box;

use fairshare_benches::process::{alone, answer, memory, task};
use fairshare_benches::{Setup, cost, results};
use fairshare_params::{Geometry, Width};
use ff::Field;
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1Affine};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 2;

/// Symbols that occur in data like real data.
const FEW: usize = 300;

/// Segments of about a million symbols by rows and columns; then the standard rows with other columns, and
/// with other helper widths; then small segments.
const SHAPES: [Shape; 11] = [
    Shape::new(12, 256, 3),
    Shape::new(13, 128, 3),
    Shape::new(14, 64, 3),
    Shape::new(15, 32, 3),
    Shape::new(16, 16, 3),
    Shape::new(14, 16, 3),
    Shape::new(14, 32, 3),
    Shape::new(14, 128, 3),
    Shape::new(14, 64, 2),
    Shape::new(14, 64, 1),
    Shape::new(11, 16, 3),
];

/// The standard geometry, to which others are compared.
const STANDARD: usize = 2;

/// `(k, W, helper width)`.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Shape {
    k: u32,
    columns: usize,
    width: usize,
}

impl Shape {
    const fn new(k: u32, columns: usize, width: usize) -> Self {
        Self { k, columns, width }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Measured {
    symbols: usize,
    whole_alphabet: Times,
    few_symbols: Times,
    /// Seconds, one by one.
    verify: f64,
    /// Of the proof, which is all that a bundle holds of a segment.
    proof_bytes: usize,
    /// Bytes, of the whole process.
    memory: u64,
}

/// Seconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Times {
    commit: f64,
    /// By the wall clock, all threads.
    prove: f64,
    /// Processor time of all threads, in units of the [`yardstick`]'s.
    yardsticks: f64,
}

#[derive(Serialize)]
struct Line {
    shape: Shape,
    measured: Measured,
}

fn main() {
    if let Some(shape) = task::<Shape>() {
        return answer(&measure(shape));
    }
    let mut rounds = (1..=ROUNDS).map(|round| {
        eprintln!("round {round} of {ROUNDS}");
        SHAPES.map(|shape| alone::<Measured>(&shape))
    });
    let first = rounds.next().expect("a round");
    let best = rounds.fold(first, |best, round| std::array::from_fn(|shape| best[shape].best(round[shape])));
    println!(
        "{:>3} {:>4} {:>2} {:>9} {:>10} {:>9} {:>10} {:>9} {:>9} {:>8} {:>9} {:>5}",
        "k",
        "W",
        "w",
        "symbols",
        "symbols/s",
        "rel. cpu",
        "few: /s",
        "rel. cpu",
        "commit ms",
        "proof B",
        "verify ms",
        "MB"
    );
    let standard = best[STANDARD].whole_alphabet.yardsticks / best[STANDARD].symbols as f64;
    for (Shape { k, columns, width }, measured) in SHAPES.iter().zip(&best) {
        let Measured { whole_alphabet: whole, few_symbols: few, .. } = measured;
        let symbols = measured.symbols as f64;
        println!(
            "{k:>3} {columns:>4} {width:>2} {symbols:>9} {:>10.0} {:>9.2} {:>10.0} {:>9.2} {:>9.0} {:>8} \
             {:>9.1} {:>5}",
            symbols / whole.prove,
            whole.yardsticks / symbols / standard,
            symbols / few.prove,
            few.yardsticks / symbols / standard,
            whole.commit * 1e3,
            measured.proof_bytes,
            measured.verify * 1e3,
            measured.memory / 1_000_000,
        );
    }
    let lines: Vec<_> =
        SHAPES.into_iter().zip(best).map(|(shape, measured)| Line { shape, measured }).collect();
    results::record("geometry", &lines);
}

impl Times {
    fn best(self, other: Self) -> Self {
        Self {
            commit: self.commit.min(other.commit),
            prove: self.prove.min(other.prove),
            yardsticks: self.yardsticks.min(other.yardsticks),
        }
    }
}

impl Measured {
    fn best(self, other: Self) -> Self {
        Self {
            whole_alphabet: self.whole_alphabet.best(other.whole_alphabet),
            few_symbols: self.few_symbols.best(other.few_symbols),
            verify: self.verify.min(other.verify),
            memory: self.memory.max(other.memory),
            ..self
        }
    }
}

fn measure(Shape { k, columns, width }: Shape) -> Measured {
    let widths = Box::leak(Box::new([Width::of(columns)]));
    let setup = Setup::new(Geometry::trial(k, widths, width));
    // Tables are made here.
    let proof = setup.prove();
    let whole_alphabet = times(&setup);
    let verify = (0..9).map(|_| cost(|| setup.verify(&proof)).wall).fold(f64::INFINITY, f64::min);
    let setup = setup.with_few_symbols(FEW);
    Measured {
        symbols: setup.srs.geometry().largest_segment().symbols(),
        whole_alphabet,
        few_symbols: times(&setup),
        verify,
        proof_bytes: proof.len(),
        memory: memory().peak,
    }
}

fn times(setup: &Setup) -> Times {
    let commit = cost(|| drop(setup.commit())).wall;
    let before = yardstick();
    let prove = cost(|| drop(setup.prove()));
    let unit = (before + yardstick()) / 2.0;
    Times { commit, prove: prove.wall, yardsticks: prove.processor / unit }
}

/// Seconds of processor time of a sum of 2^11 points by the library, twenty times over.
fn yardstick() -> f64 {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let scalars: Vec<_> = (0..1 << 11).map(|_| Fr::random(&mut rng)).collect();
    let points: Vec<_> = scalars.iter().map(|scalar| (G1Affine::generator() * scalar).to_affine()).collect();
    cost(|| {
        (0..20).for_each(|_| {
            black_box(best_multiexp(&scalars, &points));
        })
    })
    .processor
}
