//! How key generation commits to fixed columns.

use std::io;

use halo2_proofs::poly::commitment::{Blind, Params};
use halo2_proofs::poly::kzg::msm::MSMKZG;
use halo2_proofs::poly::{LagrangeCoeff, Polynomial};
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};

use crate::commitment::sum;
use crate::srs::Srs;

/// A reference string as the library's key generation takes one, but that it sums the points of each value
/// first: selectors have one, and tables end in zeros. The commitments are the same points.
#[derive(Clone, Copy)]
pub(super) struct FixedColumns<'s>(pub &'s Srs);

impl<'s> Params<'s, G1Affine> for FixedColumns<'s> {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        self.0.geometry().k()
    }

    fn n(&self) -> u64 {
        self.0.params().n()
    }

    /// Never asked for: the string has exactly the circuit's rows.
    fn downsize(&mut self, _: u32) {}

    fn empty_msm(&'s self) -> Self::MSM {
        self.0.params().empty_msm()
    }

    // KZG commitments of this library ignore the blind.
    fn commit_lagrange(&self, column: &Polynomial<Fr, LagrangeCoeff>, _: Blind<Fr>) -> G1 {
        sum(column, self.0.lagrange())
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.0.params().write(writer)
    }

    fn read<R: io::Read>(_: &mut R) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
