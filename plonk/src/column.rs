//! A polynomial that may be secret.

use std::ops::{Deref, DerefMut};

use fairshare_params::wiped::Wiped;
use ff::Field;
use halo2curves::bn256::Fr;
use zeroize::ZeroizeOnDrop;

/// A polynomial of degree below the number of rows: its values at the rows, or its coefficients. Every one
/// that a proof is made of tells something of the witness, so all are overwritten when dropped.
#[derive(Clone)]
pub struct Column(Wiped<Vec<Fr>>);

impl Column {
    /// The zero polynomial.
    pub fn zero(rows: usize) -> Self {
        Self(vec![Fr::ZERO; rows].into())
    }
}

impl From<Vec<Fr>> for Column {
    fn from(values: Vec<Fr>) -> Self {
        Self(values.into())
    }
}

impl Deref for Column {
    type Target = [Fr];

    fn deref(&self) -> &[Fr] {
        &self.0
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut [Fr] {
        &mut self.0
    }
}

impl ZeroizeOnDrop for Column {}
