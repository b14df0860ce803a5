//! The commitment scheme that the backend proves with: KZG, with commitments to columns computed by
//! [`fairshare_params::multiexp`].
//!
//! Most columns of a histogram proof hold symbols, which the library takes for full scalars. The commitments are the
//! same points, so proofs, keys and verifier know nothing of this. All else is the library's own.

use std::io;

use fairshare_params::multiexp::multiexp;
use fairshare_params::srs::Srs;
use halo2_proofs::poly::commitment::{Blind, CommitmentScheme, Params, ParamsProver, Prover};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::msm::MSMKZG;
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::poly::{Coeff, LagrangeCoeff, Polynomial, ProverQuery};
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};
use rand_core::RngCore;

type Kzg = KZGCommitmentScheme<Bn256>;

/// The scheme; see the module.
#[derive(Debug)]
pub struct Scheme;

impl CommitmentScheme for Scheme {
    type Scalar = Fr;
    type Curve = G1Affine;
    type ParamsProver = Parameters;
    type ParamsVerifier = ParamsKZG<Bn256>;

    fn new_params(k: u32) -> Parameters {
        ParamsProver::new(k)
    }

    fn read_params<R: io::Read>(reader: &mut R) -> io::Result<Parameters> {
        Params::read(reader)
    }
}

/// The reference string, as the backend wants it.
#[derive(Clone)]
pub struct Parameters {
    kzg: ParamsKZG<Bn256>,
    /// None in parameters that the library itself made, read or cut down: those commit as the library does.
    lagrange: Option<Vec<G1Affine>>,
}

impl From<&Srs> for Parameters {
    fn from(srs: &Srs) -> Self {
        Self { kzg: srs.params().clone(), lagrange: Some(srs.lagrange().to_vec()) }
    }
}

impl From<ParamsKZG<Bn256>> for Parameters {
    fn from(kzg: ParamsKZG<Bn256>) -> Self {
        Self { kzg, lagrange: None }
    }
}

impl<'params> Params<'params, G1Affine> for Parameters {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        self.kzg.k()
    }

    fn n(&self) -> u64 {
        self.kzg.n()
    }

    fn downsize(&mut self, k: u32) {
        self.kzg.downsize(k);
        self.lagrange = None;
    }

    fn empty_msm(&'params self) -> Self::MSM {
        self.kzg.empty_msm()
    }

    fn commit_lagrange(&self, column: &Polynomial<Fr, LagrangeCoeff>, blind: Blind<Fr>) -> G1 {
        match &self.lagrange {
            Some(points) => multiexp(column, points),
            None => self.kzg.commit_lagrange(column, blind),
        }
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.kzg.write(writer)
    }

    fn read<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        ParamsKZG::read(reader).map(Self::from)
    }
}

impl<'params> ParamsProver<'params, G1Affine> for Parameters {
    type ParamsVerifier = ParamsKZG<Bn256>;

    fn new(k: u32) -> Self {
        ParamsKZG::new(k).into()
    }

    fn commit(&self, polynomial: &Polynomial<Fr, Coeff>, blind: Blind<Fr>) -> G1 {
        self.kzg.commit(polynomial, blind)
    }

    fn get_g(&self) -> &[G1Affine] {
        self.kzg.get_g()
    }

    fn verifier_params(&'params self) -> &'params ParamsKZG<Bn256> {
        &self.kzg
    }
}

/// The library's SHPLONK opening, for [`Scheme`].
#[derive(Debug)]
pub struct Opener<'params>(ProverSHPLONK<'params, Bn256>);

impl<'params> Prover<'params, Scheme> for Opener<'params> {
    const QUERY_INSTANCE: bool = <ProverSHPLONK<'params, Bn256> as Prover<'params, Kzg>>::QUERY_INSTANCE;

    fn new(params: &'params Parameters) -> Self {
        Self(ProverSHPLONK::new(&params.kzg))
    }

    fn create_proof<'com, E, T, R, I>(&self, rng: R, transcript: &mut T, queries: I) -> io::Result<()>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        R: RngCore,
        I: IntoIterator<Item = ProverQuery<'com, G1Affine>> + Clone,
    {
        Prover::<'params, Kzg>::create_proof(&self.0, rng, transcript, queries)
    }
}
