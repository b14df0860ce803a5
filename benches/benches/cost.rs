//! Where a proof's time goes, step by step, beside its floor: the same sums of points and transforms alone,
//! by the fastest implementation there is for each on the registry.
//!
//! `cargo bench -p fairshare-benches --bench cost`; `FAIRSHARE_GEOMETRY=compact` for the small geometry. It
//! runs on one thread, so that times are processor times; the flights of one airport stand for real data.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::UniformRand;
use ark_poly::{EvaluationDomain as _, Radix2EvaluationDomain};
use fairshare_benches::shares::{Steps, Stopwatch};
use fairshare_benches::{Setup, cost, flights, geometry};
use fairshare_params::Geometry;
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::{Trust, Verifier};
use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::fft::recursive;
use halo2_proofs::poly::EvaluationDomain;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// Rounds of each measurement of the floor; the quickest counts.
const ROUNDS: usize = 5;

fn main() {
    let geometry = geometry();
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread pool");
    single.install(|| {
        let stopwatch = Stopwatch::start();
        let setup = Setup::new(geometry);
        let floor = Floor::measure(setup.srs);
        floor.print(geometry);
        // Tables are made here.
        drop(black_box(setup.prove()));
        stopwatch.take();
        let proofs = (0..3).map(|_| {
            drop(black_box(setup.prove()));
            stopwatch.take()
        });
        let quickest = proofs.min_by_key(|proof| proof.values().flat_map(Steps::values).sum::<Duration>());
        print("every symbol of the alphabet", setup.srs, &floor, quickest.unwrap_or_default());
        let policy = flights::policy(geometry);
        let units = flights::units(&policy);
        let parameters = VerifierParameters::derive(setup.srs).expect("keys");
        let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)
            .and_then(|verifier| verifier.with_units(&units))
            .expect("a verifier");
        flights::prove(setup.srs, &verifier, 1);
        print("flights", setup.srs, &floor, stopwatch.take());
    });
}

/// Seconds of what the proof system asks for, taken plainly, each part by the fastest of several
/// implementations.
struct Floor {
    /// Committing to a column of symbols, by implementation.
    small: BTreeMap<&'static str, f64>,
    /// Committing to a column of full scalars.
    full: BTreeMap<&'static str, f64>,
    /// A transform of as many values as there are rows.
    transform: BTreeMap<&'static str, f64>,
}

impl Floor {
    fn measure(srs: &Srs) -> Self {
        let geometry = srs.geometry();
        let (rows, k) = (geometry.rows(), geometry.k());
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let full: Vec<_> = (0..rows).map(|_| Fr::random(&mut rng)).collect();
        let symbols: Vec<u64> = (0..rows as u64).map(|row| row * row % geometry.alphabet() as u64).collect();
        let small: Vec<_> = symbols.iter().copied().map(Fr::from).collect();

        let point = ark_bn254::G1Affine::generator();
        let points: Vec<_> = (0..rows)
            .map(|_| point * ark_bn254::Fr::rand(&mut rng))
            .collect::<Vec<ark_bn254::G1Projective>>();
        let points = ark_bn254::G1Projective::normalize_batch(&points);
        let ark_full: Vec<_> = (0..rows).map(|_| ark_bn254::Fr::rand(&mut rng)).collect();
        let ark_small: Vec<_> = symbols.iter().copied().map(ark_bn254::Fr::from).collect();
        let ark_msm = |scalars: &[ark_bn254::Fr]| {
            let _ = black_box(ark_bn254::G1Projective::msm(&points, scalars).expect("equal lengths"));
        };
        let library_msm = |scalars: &[Fr]| {
            black_box(best_multiexp(scalars, srs.lagrange()));
        };

        let domain = EvaluationDomain::<Fr>::new(2, k);
        let library_transform = || {
            let mut values = full.clone();
            recursive::fft(&mut values, domain.get_omega(), k, domain.get_fft_data(rows), false);
            drop(black_box(values));
        };
        let ark_domain = Radix2EvaluationDomain::<ark_bn254::Fr>::new(rows).expect("a domain");
        let ark_transform = || {
            let mut values = ark_full.clone();
            ark_domain.fft_in_place(&mut values);
            drop(black_box(values));
        };
        Self {
            small: quickest(&[
                ("halo2curves", &|| library_msm(&small)),
                ("arkworks", &|| ark_msm(&ark_small)),
            ]),
            full: quickest(&[("halo2curves", &|| library_msm(&full)), ("arkworks", &|| ark_msm(&ark_full))]),
            transform: quickest(&[("halo2", &library_transform), ("arkworks", &ark_transform)]),
        }
    }

    fn print(&self, geometry: Geometry) {
        println!("{geometry}, one thread; quickest of {ROUNDS}, ms");
        for (what, times) in
            [("symbols", &self.small), ("full scalars", &self.full), ("transform", &self.transform)]
        {
            let times: Vec<_> =
                times.iter().map(|(name, time)| format!("{name} {:.1}", time * 1e3)).collect();
            println!("{what:>14}  {}", times.join(", "));
        }
    }

    /// The floor of one proof: a commitment to every column and piece, and every column's transform to
    /// coefficients and to the cosets.
    fn of(&self, key: &VerifyingKey) -> f64 {
        let least = |times: &BTreeMap<_, f64>| times.values().copied().fold(f64::INFINITY, f64::min);
        let cs = key.key().cs();
        let (degree, permuted) = (cs.degree(), cs.permutation().get_columns().len());
        let products = permuted.div_ceil(degree - 2);
        let symbols = match key.id().kind {
            CircuitKind::Histogram(width) => width.columns(),
            _ => 0,
        };
        let columns = cs.num_advice_columns() + products;
        // The random polynomial, the quotient's pieces and the opening's two.
        let commitments = columns + 1 + (degree - 1) + 2;
        let transforms = columns * degree + (degree - 1);
        least(&self.small) * symbols as f64
            + least(&self.full) * (commitments - symbols) as f64
            + least(&self.transform) * transforms as f64
    }
}

/// Seconds of each of the ways, which take turns.
fn quickest(ways: &[(&'static str, &dyn Fn())]) -> BTreeMap<&'static str, f64> {
    let mut times = BTreeMap::new();
    for _ in 0..ROUNDS {
        for (name, way) in ways {
            let best = times.entry(*name).or_insert(f64::INFINITY);
            *best = cost(way).wall.min(*best);
        }
    }
    times
}

fn print(data: &str, srs: &Srs, floor: &Floor, proofs: BTreeMap<String, Steps>) {
    let histogram = CircuitKind::Histogram(srs.geometry().largest_segment().width());
    for kind in [histogram, CircuitKind::DataScore, CircuitKind::ComputeScore] {
        let Some(steps) = proofs.get(kind.name()) else { continue };
        let whole: f64 = steps.values().map(|time| time.as_secs_f64()).sum();
        let floor = floor.of(&VerifyingKey::build(srs, kind).expect("a verifying key"));
        println!("\n{}, {data}: {whole:.2} s, floor {floor:.2} s, ratio {:.2}", kind.name(), whole / floor);
        let mut steps: Vec<_> = steps.iter().collect();
        steps.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
        for (step, time) in steps {
            let seconds = time.as_secs_f64();
            println!("{step:>14} {:8.1} ms {:5.1} %", seconds * 1e3, 100.0 * seconds / whole);
        }
    }
}
