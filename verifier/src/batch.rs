//! Many proofs at once: the pairing checks of a thread's proofs are one check, its link equations another.

use fairshare_params::srs::Srs;
use rayon::prelude::*;

use crate::equation::Equation;
use crate::obligation::{Accumulator, Obligation, ProofError, finalize};
use crate::{Score, VerifyError};

/// What a bundle claims, and what its proofs have to show for it.
pub(crate) struct Claim<'a> {
    pub(crate) obligations: Vec<Obligation<'a>>,
    pub(crate) score: Score,
}

/// Checks the obligations of all claims together; on failure, those of each claim by themselves.
pub(crate) fn settle(
    srs: &Srs,
    claims: Vec<Result<Claim<'_>, VerifyError>>,
) -> Vec<Result<Score, VerifyError>> {
    let obligations: Vec<_> = claims.iter().flatten().flat_map(|claim| claim.obligations.iter()).collect();
    let share = obligations.len().div_ceil(rayon::current_num_threads()).max(1);
    let all_hold = obligations.par_chunks(share).all(|obligations| hold(srs, obligations).unwrap_or(false));
    claims
        .into_par_iter()
        .map(|claim| {
            let claim = claim?;
            if !all_hold {
                // In order, so that the same bad bundle is always refused for the same reason.
                claim.obligations.iter().try_for_each(|obligation| obligation.check(srs))?;
            }
            Ok(claim.score)
        })
        .collect()
}

/// Whether all of `obligations` hold; an error if one cannot even be read.
fn hold(srs: &Srs, obligations: &[&Obligation<'_>]) -> Result<bool, ProofError> {
    let mut accumulator = Accumulator::new(srs.params());
    let mut links = Equation::default();
    for obligation in obligations {
        accumulator = obligation.accumulate(srs, accumulator)?;
        links.merge(obligation.link_equation(srs)?);
    }
    Ok(links.holds() && finalize(accumulator))
}
