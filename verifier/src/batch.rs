//! Many proofs at once: the pairing checks of a thread's proofs are one check, its link equations another.
//! What passes becomes a [`Verified`] score, here and nowhere else.

use std::ops::Deref;
use std::sync::OnceLock;

use fairshare_params::commitment::OpeningPoints;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::equation::Equation;
use crate::error::{ProofError, VerifyError};
use crate::proof_check::{Accumulator, ProofCheck, finalize};
use crate::score::{ComputeScore, DataScore, Stated};

/// A score that was verified. One function makes it, after every proof and link of the bundle was found to
/// hold: nobody else can build it,
///
/// ```compile_fail,E0423
/// use fairshare_verifier::{DataScore, Score, Verified};
///
/// fn forge(score: DataScore) -> Score {
///     Score::Data(Verified(score))
/// }
/// ```
///
/// while one that was made here can be handed on and read:
///
/// ```
/// use fairshare_verifier::{DataScore, Score, Verified};
///
/// fn hand_on(score: Verified<DataScore>) -> Score {
///     assert!(score.records.get() > 0);
///     Score::Data(score)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Verified<T> {
    /// The score itself; from here on nothing says that it was verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// A verified score of either role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Score {
    /// A data score.
    Data(Verified<DataScore>),
    /// A compute score.
    Compute(Verified<ComputeScore>),
}

impl Score {
    /// The score: of data in 1/256 nat, of units with 48 fractional bits.
    pub fn value(&self) -> u64 {
        match self {
            Self::Data(score) => score.score,
            Self::Compute(score) => score.score,
        }
    }
}

/// What a bundle states, and the proofs that have to show it.
pub(crate) struct Pending<'a> {
    pub(crate) proofs: Vec<ProofCheck<'a>>,
    pub(crate) stated: Stated,
}

/// Checks the proofs of all bundles together; on failure, those of each bundle by themselves.
pub(crate) fn check(
    parameters: &(impl OpeningPoints + Sync),
    bundles: Vec<Result<Pending<'_>, VerifyError>>,
) -> Vec<Result<Score, VerifyError>> {
    let proofs: Vec<_> = bundles.iter().flatten().flat_map(|bundle| bundle.proofs.iter()).collect();
    let share = proofs.len().div_ceil(rayon::current_num_threads()).max(1);
    let all_hold = on_enough_threads(|| {
        proofs.par_chunks(share).all(|proofs| hold(parameters, proofs).unwrap_or(false))
    });
    bundles
        .into_par_iter()
        .map(|bundle| {
            let Pending { proofs, stated } = bundle?;
            if !all_hold {
                // In order, so that the same bad bundle is always refused for the same reason.
                proofs.iter().try_for_each(|proof| proof.run(parameters))?;
            }
            // Every proof of this bundle holds, with its link: together with the others', or by itself.
            Ok(match stated {
                Stated::Data(score) => Score::Data(Verified(score)),
                Stated::Compute(score) => Score::Compute(Verified(score)),
            })
        })
        .collect()
}

/// With fewer threads the library raises a point to a power for each value that a proof opens, 256 squarings
/// every time: on two threads that was two fifths of a batch's time (`eval_polynomial` of halo2-axiom 0.5.3,
/// which divides a polynomial of one or two coefficients among the threads).
const ENOUGH_THREADS: usize = 5;

/// Does the work where the library sees enough threads. The proofs are divided as before; the library's own
/// sums are divided among five, also where the caller's pool has one.
fn on_enough_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_num_threads() >= ENOUGH_THREADS {
        return work();
    }
    // Where there are no threads to be had, in a browser for one, it only takes longer.
    let pool = POOL.get_or_init(|| ThreadPoolBuilder::new().num_threads(ENOUGH_THREADS).build().ok());
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Whether all of `proofs` hold; an error if one cannot even be read.
fn hold(parameters: &impl OpeningPoints, proofs: &[&ProofCheck<'_>]) -> Result<bool, ProofError> {
    let mut accumulator = Accumulator::new(parameters.backend());
    let mut links = Equation::default();
    for proof in proofs {
        accumulator = proof.accumulate(parameters, accumulator)?;
        if let Some(link) = proof.link_equation(parameters)? {
            links.merge(link);
        }
    }
    Ok(links.holds() && finalize(accumulator))
}
