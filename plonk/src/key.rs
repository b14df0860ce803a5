//! A proving key, with all that is the same in every proof under it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use ff::Field;
use halo2_proofs::plonk::{ConstraintSystem, ProvingKey};
use halo2curves::bn256::{Fr, G1Affine};
use rayon::prelude::*;

use crate::PlonkError;
use crate::column::Column;
use crate::device::Work;
use crate::domain::Domain;
use crate::polynomial_index::PolynomialIndex;
use crate::signal::Cancelled;

/// A proving key that is ready for proofs.
pub struct Key {
    halo2: ProvingKey<G1Affine>,
    domain: Domain,
    indices: PolynomialIndex,
    /// The three Lagrange polynomials of the copy constraints, by rows.
    lagrange: [Vec<Fr>; 3],
    /// The polynomial `X`: by rows, and its coefficients.
    points: Vec<Fr>,
    identity: Vec<Fr>,
    /// The key's polynomials on each coset, by index, as far as the first proof has asked for them; empty if
    /// they are not kept.
    kept: Vec<Vec<Kept>>,
    /// Columns that a proof works on, each as often as it does.
    steps: usize,
}

impl Key {
    /// All but the count of steps, unless the circuit asks for the library's lookups or for more than one
    /// instance column.
    pub(super) fn without_steps(halo2: ProvingKey<G1Affine>) -> Result<Self, PlonkError> {
        let cs = halo2.get_vk().cs();
        if !cs.lookups().is_empty() || cs.num_instance_columns() != 1 {
            return Err(PlonkError::Key);
        }
        let domain = Domain::new(halo2.get_vk().get_domain().k, cs.degree() - 1);
        let rows = domain.rows();
        let last = rows - (cs.blinding_factors() + 1);
        let ones = |range: Range<usize>| -> Vec<Fr> {
            (0..rows).map(|row| Fr::from(u64::from(range.contains(&row)))).collect()
        };
        let mut identity = vec![Fr::ZERO; rows];
        identity[1] = Fr::ONE;
        Ok(Self {
            indices: PolynomialIndex::new(cs),
            lagrange: [ones(0..1), ones(last..last + 1), ones(0..last)],
            points: domain.points(),
            identity,
            kept: Vec::new(),
            steps: 0,
            halo2,
            domain,
        })
    }

    pub(super) fn with_steps(self, steps: usize) -> Self {
        Self { steps, ..self }
    }

    /// The same key for many proofs: what the first takes to the cosets of the key's polynomials is kept for
    /// the others. A polynomial on a coset takes half a mebibyte where there are 2^14 rows.
    pub fn with_coset_cache(mut self) -> Self {
        let coset = || (0..self.polynomials()).map(|_| Kept::default()).collect();
        self.kept = self.domain.cosets().iter().map(|_| coset()).collect();
        self
    }

    /// How often a proof asks its [signal](crate::Signal): always the same.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Columns of full scalars that a proof commits to: those of later phases, the products of copy
    /// constraints, the quotient's pieces and the opening's two. What a witness assigns before the first
    /// challenge is small for the most part.
    pub fn full_columns(&self) -> usize {
        let cs = self.cs();
        let later = cs.advice_column_phase().iter().filter(|phase| **phase > 0).count();
        let products = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
        later + products + (cs.degree() - 1) + 2
    }

    /// The library's key.
    pub fn halo2(&self) -> &ProvingKey<G1Affine> {
        &self.halo2
    }

    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }

    pub(super) fn indices(&self) -> &PolynomialIndex {
        &self.indices
    }

    pub(super) fn cs(&self) -> &ConstraintSystem<Fr> {
        self.halo2.get_vk().cs()
    }

    /// The last rows of a column, which no constraint reads as data: the last usable one and the blinding
    /// factors.
    pub fn blinding_rows(&self) -> usize {
        self.cs().blinding_factors() + 1
    }

    /// The rows before those.
    pub(super) fn usable_rows(&self) -> usize {
        self.domain.rows() - self.blinding_rows()
    }

    /// The last usable row, as a rotation from the first.
    pub(super) fn last_usable(&self) -> i32 {
        // As the library's verifier computes it. There are as many as a column has queries, and a few.
        -(self.blinding_rows() as i32)
    }

    /// How many columns share a running product: its constraint has their number and two in degree.
    pub(super) fn columns_per_product(&self) -> usize {
        self.cs().degree() - 2
    }

    pub(super) fn products(&self) -> usize {
        self.cs().permutation().get_columns().len().div_ceil(self.columns_per_product())
    }

    /// The key's polynomials in the order of their [index](super::polynomial_index::PolynomialIndex), by
    /// rows.
    pub(super) fn rows(&self) -> Vec<&[Fr]> {
        let fixed = self.halo2.fixed_values().iter().map(|column| column.values());
        let lagrange = self.lagrange.iter().map(Vec::as_slice);
        let permuted = self.halo2.permutation().permutations().iter().map(|column| column.values());
        fixed.chain(lagrange).chain(permuted).chain([&*self.points]).collect()
    }

    /// The same in coefficients.
    pub(super) fn coefficients(&self) -> Vec<&[Fr]> {
        let fixed = self.halo2.fixed_polys().iter().map(|column| column.values());
        let lagrange = [self.halo2.l0(), self.halo2.l_last(), self.halo2.l_active_row()];
        let permuted = self.halo2.permutation().polys().iter().map(|column| column.values());
        fixed.chain(lagrange.map(|column| column.values())).chain(permuted).chain([&*self.identity]).collect()
    }

    /// How many they are.
    pub(super) fn polynomials(&self) -> usize {
        self.coefficients().len()
    }

    /// How many polynomials are the proof's own: advice, instance, products.
    pub(super) fn own_polynomials(&self) -> usize {
        self.cs().num_advice_columns() + self.cs().num_instance_columns() + self.products()
    }

    /// Some of them on one of the domain's cosets.
    pub(super) fn on_coset(
        &self,
        work: Work<'_>,
        coset: usize,
        indices: &[usize],
    ) -> Result<Vec<Cow<'_, Column>>, Cancelled> {
        let coefficients = self.coefficients();
        let transform = &self.domain.cosets()[coset].transform;
        let Some(kept) = self.kept.get(coset) else {
            let columns: Vec<&[Fr]> = indices.iter().map(|index| coefficients[*index]).collect();
            return Ok(work.evaluate(transform, &columns)?.into_iter().map(Cow::Owned).collect());
        };
        let column = |index: &usize| {
            let evaluate = || work.evaluate(transform, &[coefficients[*index]]);
            kept[*index].get_or_make(work, evaluate).map(Cow::Borrowed)
        };
        indices.par_iter().map(column).collect()
    }
}

/// A column that the first to ask for it makes, and that the others wait for.
#[derive(Default)]
struct Kept {
    column: OnceLock<Column>,
    making: Mutex<()>,
}

impl Kept {
    /// Asks the watch once, whether the column is there or not.
    ///
    /// `make` makes one column on this thread alone: a thread that waited for others could begin a part that
    /// asks for the same.
    fn get_or_make(
        &self,
        work: Work<'_>,
        make: impl FnOnce() -> Result<Vec<Column>, Cancelled>,
    ) -> Result<&Column, Cancelled> {
        let made_before = || self.column.get().map(|column| work.watch.ask().map(|()| column));
        if let Some(column) = made_before() {
            return column;
        }
        // Whoever panicked meanwhile has made nothing.
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(column) = made_before() {
            return column;
        }
        let made = make()?.pop().unwrap_or_else(|| Column::zero(0));
        Ok(self.column.get_or_init(|| made))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("rows", &self.domain.rows()).finish_non_exhaustive()
    }
}
