//! What a prover commits with: the reference string, and tables that make sums over it faster.

use std::fmt;
use std::sync::OnceLock;

use fairshare_params::commitment::Blinding;
use fairshare_params::srs::Srs;
use halo2curves::bn256::{Fr, G1};

use crate::multiexp::{Tables, multiexp};

/// A reference string, with multiples of its Lagrange points for whoever makes proofs under it.
pub struct CommitKey<'s> {
    srs: &'s Srs,
    tables: OnceLock<Tables>,
}

impl<'s> CommitKey<'s> {
    /// Takes the reference string. The tables are made when they are first asked for.
    pub fn new(srs: &'s Srs) -> Self {
        Self { srs, tables: OnceLock::new() }
    }

    /// The reference string.
    pub fn srs(&self) -> &'s Srs {
        self.srs
    }

    /// Multiples of the Lagrange points: made when first asked for, which takes a second of processor time
    /// and 20 MiB for the standard geometry.
    pub fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::new(self.srs.lagrange(), rayon::current_num_threads()))
    }
}

impl fmt::Debug for CommitKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommitKey").field(self.srs).finish()
    }
}

/// `C(v; r)`, the commitment of [`fairshare_params::commitment::commit`], without tables and fast where
/// values are small. Values past the usable rows are not committed to: callers never have any.
pub fn commit(srs: &Srs, values: &[Fr], blinding: Blinding) -> G1 {
    let usable = srs.geometry().usable_rows().min(values.len());
    let values = &values[..usable];
    let sum = multiexp(values, &srs.lagrange()[..usable]);
    match srs.lagrange().last() {
        Some(last) if blinding != Blinding::PUBLIC => sum + *last * blinding.0,
        _ => sum,
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::{Geometry, commitment};
    use ff::Field;
    use rand_core::OsRng;

    use super::*;

    /// The verifier's commitments are the library's sums, the prover's its own: they are the same points.
    #[test]
    fn commitments_are_those_that_the_verifier_computes() {
        let srs = Srs::insecure(Geometry::COMPACT);
        let usable = Geometry::COMPACT.usable_rows();
        let small: Vec<_> = (0..usable as u64).map(|row| Fr::from(row * row % 1024)).collect();
        let large: Vec<_> = (0..100).map(|_| Fr::random(OsRng)).collect();
        for values in [&small[..], &small[..7], &large, &[]] {
            for blinding in [Blinding::PUBLIC, Blinding(Fr::random(OsRng))] {
                assert_eq!(commit(&srs, values, blinding), commitment::commit(&srs, values, blinding));
            }
        }
    }
}
