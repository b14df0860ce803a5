//! A proving key, with all that is the same in every proof under it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use ff::Field;
use halo2_proofs::plonk::{ConstraintSystem, ProvingKey};
use halo2curves::bn256::{Fr, G1Affine};

use super::PlonkError;
use super::column::Column;
use super::domain::Domain;

/// A proving key that is ready for proofs.
pub struct Key {
    halo2: ProvingKey<G1Affine>,
    domain: Domain,
    /// The three Lagrange polynomials of the copy constraints, by rows.
    lagrange: [Vec<Fr>; 3],
    /// The polynomial `X`: by rows, and its coefficients.
    points: Vec<Fr>,
    identity: Vec<Fr>,
    /// The key's polynomials on each coset, by index, as far as the first proof has asked for them; empty if they are not
    /// kept.
    kept: Vec<Vec<OnceLock<Column>>>,
}

impl Key {
    /// Takes the library's key, unless its circuit asks for what this prover has not: then the error is
    /// [`PlonkError::Key`].
    pub fn new(halo2: ProvingKey<G1Affine>) -> Result<Self, PlonkError> {
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
            lagrange: [ones(0..1), ones(last..last + 1), ones(0..last)],
            points: domain.points(),
            identity,
            kept: Vec::new(),
            halo2,
            domain,
        })
    }

    /// The same key for many proofs: what the first takes to the cosets of the key's polynomials is kept for the others. A
    /// polynomial on a coset takes half a mebibyte where there are 2^14 rows.
    pub fn with_coset_cache(mut self) -> Self {
        self.kept = vec![vec![OnceLock::new(); self.polynomials()]; self.domain.cosets().len()];
        self
    }

    /// The library's key.
    pub fn halo2(&self) -> &ProvingKey<G1Affine> {
        &self.halo2
    }

    pub(super) fn domain(&self) -> &Domain {
        &self.domain
    }

    pub(super) fn cs(&self) -> &ConstraintSystem<Fr> {
        self.halo2.get_vk().cs()
    }

    /// The last rows of a column, which no constraint reads as data: the last usable one and the blinding factors.
    pub(super) fn blinding_rows(&self) -> usize {
        self.cs().blinding_factors() + 1
    }

    /// The last usable row, as a rotation from the first.
    pub(super) fn last_usable(&self) -> i32 {
        -i32::try_from(self.blinding_rows()).unwrap_or(i32::MAX)
    }

    /// How many columns share a running product: its constraint has their number and two in degree.
    pub(super) fn columns_per_product(&self) -> usize {
        self.cs().degree() - 2
    }

    pub(super) fn products(&self) -> usize {
        self.cs().permutation().get_columns().len().div_ceil(self.columns_per_product())
    }

    /// The key's polynomials in the order of their [index](super::polynomial_index::PolynomialIndex), by rows.
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

    /// One of them on one of the domain's cosets.
    pub(super) fn on_coset(&self, coset: usize, index: usize) -> Cow<'_, Column> {
        // On this thread alone: one that waited for its others could begin a part that asks for the same.
        let evaluate = || self.domain.cosets()[coset].evaluate(self.coefficients()[index]);
        match self.kept.get(coset) {
            Some(kept) => Cow::Borrowed(kept[index].get_or_init(evaluate)),
            None => Cow::Owned(evaluate()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("rows", &self.domain.rows()).finish_non_exhaustive()
    }
}
