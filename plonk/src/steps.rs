//! How often a proof asks its signal: the same for every proof under a key, and known before the first.

use ff::Field;
use halo2_proofs::plonk::ProvingKey;
use halo2curves::bn256::{Fr, G1Affine};

use crate::PlonkError;
use crate::key::Key;
use crate::permutation::Folding;
use crate::quotient::Constraints;

impl Key {
    /// Takes the library's key, unless its circuit asks for what this prover has not: then the error is
    /// [`PlonkError::Key`].
    pub fn new(halo2: ProvingKey<G1Affine>) -> Result<Self, PlonkError> {
        let key = Self::without_steps(halo2)?;
        let steps = count(&key)?;
        Ok(key.with_steps(steps))
    }
}

/// Columns that a proof works on, each as often as it does.
fn count(key: &Key) -> Result<usize, PlonkError> {
    // Challenges decide on no step.
    let challenges = vec![Fr::ONE; key.cs().num_challenges()];
    let folding = Folding { beta: Fr::ONE, gamma: Fr::ONE };
    let quotient = Constraints::new(key, &challenges, folding, Fr::ONE)?.steps(key);
    let committed = key.cs().num_advice_columns() + key.products() + 1;
    // The instance is not committed to.
    let to_coefficients = committed + 1;
    // Two polynomials of the opening; each commitment to coefficients begins with a transform.
    let of_coefficients = key.domain().cosets().len() + 2;
    Ok(committed + to_coefficients + quotient + 2 * of_coefficients)
}
