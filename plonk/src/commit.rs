//! What a prover commits with: the reference string, and tables that make sums over it faster.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_params::commitment::{BLINDING_ROWS, Blinding, LagrangePoints};
use fairshare_params::encoding::{SCALAR_BYTES, encode_scalar};
use fairshare_params::srs::Srs;
use group::Group;
use halo2curves::bn256::{Fr, G1};
use zeroize::Zeroizing;

use crate::multiexp::{Tables, multiexp};

/// A reference string, with multiples of its Lagrange points for whoever makes many proofs under it.
pub struct CommitKey<'s> {
    srs: &'s Srs,
    tables: OnceLock<Tables>,
    /// Columns of full scalars in the proofs begun so far.
    begun: AtomicUsize,
    /// Those of the proofs that were announced: the same proof is in both counts.
    expected: AtomicUsize,
}

/// Columns of full scalars from which on tables are worth making: in the standard geometry they take 0.8 s of
/// processor time, and save 13 ms a column (`docs/performance.md`, experiment 15).
const WORTH_TABLES: usize = 60;

impl<'s> CommitKey<'s> {
    /// Takes the reference string. The tables are made before the proof from which on they pay.
    pub fn new(srs: &'s Srs) -> Self {
        Self { srs, tables: OnceLock::new(), begun: AtomicUsize::new(0), expected: AtomicUsize::new(0) }
    }

    /// Says that so many columns of full scalars are about to be committed to, in proofs to come: see
    /// [`Key::full_columns`](crate::Key::full_columns). Who says nothing gets the tables later.
    pub fn expect(&self, columns: usize) {
        self.expected.fetch_add(columns, Ordering::Relaxed);
    }

    /// Whether the tables were made.
    pub fn has_tables(&self) -> bool {
        self.tables.get().is_some()
    }

    /// Makes the tables if they pay, before a proof of so many columns.
    pub(crate) fn begin(&self, columns: usize) {
        let begun = self.begun.fetch_add(columns, Ordering::Relaxed) + columns;
        if begun.max(self.expected.load(Ordering::Relaxed)) >= WORTH_TABLES {
            self.tables();
        }
    }

    /// `Σ_i v_i·G_i`, over the tables if there are any.
    pub(crate) fn multiexp(&self, column: &[Fr]) -> G1 {
        match self.tables.get() {
            Some(tables) => tables.multiexp(column),
            None => multiexp(column, self.srs.lagrange()),
        }
    }

    /// The reference string.
    pub fn srs(&self) -> &'s Srs {
        self.srs
    }

    /// Multiples of the Lagrange points: made when first asked for, which takes most of a second of processor
    /// time, and 20 MiB, for the standard geometry.
    pub fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| Tables::new(self.srs.lagrange(), rayon::current_num_threads()))
    }
}

impl fmt::Debug for CommitKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommitKey").field(self.srs).finish()
    }
}

/// Multiples of the points of a column's last rows.
///
/// Sums over them keep no secret but on the stack: the general sum makes lists of its scalars, which it would
/// leave behind.
pub struct BlindingPoints([[G1; DIGITS]; BLINDING_ROWS]);

/// Digits but zero of four bits.
const DIGITS: usize = 15;

impl BlindingPoints {
    /// Takes the reference string's.
    pub fn new(srs: &Srs) -> Self {
        let mut multiples = [[G1::identity(); DIGITS]; BLINDING_ROWS];
        for (multiples, point) in multiples.iter_mut().zip(srs.blinding_points()) {
            let mut multiple = G1::identity();
            for entry in multiples {
                multiple += point;
                *entry = multiple;
            }
        }
        Self(multiples)
    }

    /// `Σ r_j·G_{n−6+j}`.
    pub fn sum(&self, blinding: &Blinding) -> G1 {
        let scalars = Zeroizing::new(blinding.0.map(|row| encode_scalar(&row)));
        let mut sum = G1::identity();
        for nibble in 0..2 * SCALAR_BYTES {
            for _ in 0..4 {
                sum = sum.double();
            }
            for (multiples, scalar) in self.0.iter().zip(scalars.iter()) {
                let byte = scalar[nibble / 2];
                let digit = if nibble % 2 == 0 { byte >> 4 } else { byte & 15 };
                if digit > 0 {
                    sum += multiples[usize::from(digit) - 1];
                }
            }
        }
        sum
    }
}

/// `C(v; r)`, the commitment of [`fairshare_params::commitment::commit`], without tables and fast where
/// values are small. Values past the usable rows are not committed to: callers never have any.
pub fn commit(srs: &Srs, values: &[Fr], blinding: &Blinding) -> G1 {
    commit_with(srs, &BlindingPoints::new(srs), values, blinding)
}

/// The same, for many columns under one reference string.
pub fn commit_with(srs: &Srs, points: &BlindingPoints, values: &[Fr], blinding: &Blinding) -> G1 {
    let usable = srs.geometry().usable_rows().min(values.len());
    multiexp(&values[..usable], &srs.lagrange()[..usable]) + points.sum(blinding)
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
        let secret = Blinding(std::array::from_fn(|_| Fr::random(OsRng)));
        for values in [&small[..], &small[..7], &large, &[]] {
            for blinding in [&Blinding::NONE, &Blinding::PUBLIC, &secret] {
                assert_eq!(commit(&srs, values, blinding), commitment::commit(&srs, values, blinding));
            }
        }
    }
}
