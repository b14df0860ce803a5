//! A prover for the proofs that `halo2_proofs` verifies: PLONK's arithmetisation with challenge phases, copy
//! constraints, KZG commitments and SHPLONK openings.
//!
//! The verifier is the library's, and so are constraint systems and keys. The prover is ours, because that is where
//! the time goes, and the library's leaves no way in: its transforms multiply twice where once is enough, it takes
//! every scalar for a full one, and it hides the blinding that the link needs. Nothing here is trusted: whatever is
//! made is verified before it is handed out, by a verifier that knows nothing of this module.
//!
//! The rounds, with what each writes (points, then the challenges drawn after them):
//!
//! 1. advice columns, phase by phase, blinded in the last rows (`witness.rs`); each phase's challenges;
//! 2. nothing, the lookups being LogUp's and so gates like others; `θ` (unused), `β`, `γ`;
//! 3. the running products of the copy constraints (`permutation.rs`); a random polynomial, which hides the quotient's
//!    value in the opening; `y`;
//! 4. the quotient of all constraints, folded with `y`, by the vanishing polynomial, in pieces (`quotient.rs`); `x`;
//! 5. the values of all polynomials at `x` and its rotations (scalars);
//! 6. their opening (`shplonk.rs`).
//!
//! What is the same in every proof under a key is kept with it (`key.rs`).
//!
//! The quotient's pieces are not blinded, here as in the library: zero knowledge is computational (SECURITY.md).

mod column;
mod commit;
mod domain;
mod gate_evaluator;
mod key;
pub mod multiexp;
mod permutation;
mod polynomial_index;
mod quotient;
mod shplonk;
mod witness;

use std::io;

use fairshare_params::commitment::{Blinding, normalize};
use fairshare_params::transcript::KeccakChallenge;
use ff::Field;
use halo2_proofs::arithmetic::eval_polynomial;
use halo2_proofs::plonk::{self, Any, Circuit};
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::TranscriptWrite;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand_core::RngCore;
use rayon::prelude::*;

pub use column::Column;
pub use commit::{CommitKey, commit};
use domain::Domain;
pub use key::Key;
use permutation::Folding;
use polynomial_index::PolynomialIndex;
use quotient::Constraints;
use shplonk::Queries;
use witness::Witness;

/// Why no proof was computed. Each of them is a defect of the circuit or the key, not of the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlonkError {
    /// The circuit's synthesis failed.
    #[error("the circuit could not be filled in")]
    Synthesis(#[source] plonk::Error),
    /// The circuit did not announce the end of each phase but the last.
    #[error("the circuit's phases do not end where its challenges need it")]
    Phases,
    /// A cell without a value, outside the usable rows, or of a phase that was committed to already.
    #[error("advice column {column}, row {row}: not a cell that can be assigned now")]
    Cell {
        /// The column's index.
        column: usize,
        /// The row.
        row: usize,
    },
    /// The key is of another number of rows than the parameters, or its constraint system uses what this prover has
    /// not: the library's lookups, virtual selectors, or another number of instance columns than one.
    #[error("the proving key is not one of this prover's circuits and these parameters")]
    Key,
    /// The instance does not fit the usable rows.
    #[error("an instance of {rows} rows does not fit the circuit")]
    Instance {
        /// The instance's length.
        rows: usize,
    },
    /// A commitment that the transcript does not take: the identity, which a blinded column never gives.
    #[error("a commitment has no encoding")]
    Transcript(#[source] io::Error),
}

/// Where a proof goes: what is written is absorbed, too.
pub trait Output: TranscriptWrite<G1Affine, KeccakChallenge> {}

impl<T: TranscriptWrite<G1Affine, KeccakChallenge>> Output for T {}

/// What is proved, with what is known of its columns.
#[derive(Debug)]
pub struct Claim<'a, C> {
    /// The circuit, with its witness.
    pub circuit: &'a C,
    /// The instance column.
    pub instance: &'a [Fr],
    /// The first columns' commitments as registered, in order. What a proof commits to differs only in the last rows, so
    /// these are completed rather than computed.
    pub linked: &'a [Linked],
    /// Columns that hold LogUp fractions.
    pub fractions: &'a [Fractions],
}

/// A column whose commitment the verifier knows.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// `C(v; r)`.
    pub commitment: G1Affine,
    /// `r`.
    pub blinding: Blinding,
}

/// An advice column of a later phase that holds `Σ 1/(γ − v)` over columns `v` of an earlier one, row by row.
#[derive(Clone, Debug)]
pub struct Fractions {
    /// The column's index.
    pub column: usize,
    /// Indices of the columns `v`.
    pub looked_up: Vec<usize>,
    /// The index of `γ` among the challenges.
    pub gamma: usize,
}

/// Writes a proof to `transcript`, and hands out the blinding of the linked columns: their last rows, which are secret.
///
/// All randomness is drawn from `rng`, which must be fresh for every proof. What a claim says of its columns is taken on
/// trust: if it is false, the proof does not verify.
pub fn prove<C: Circuit<Fr>, T: Output>(
    commit_key: &CommitKey<'_>,
    key: &Key,
    claim: Claim<'_, C>,
    rng: impl RngCore,
    transcript: &mut T,
) -> Result<Vec<Column>, PlonkError> {
    let instance = claim.instance;
    let mut session =
        tracing::debug_span!("preparation").in_scope(|| Session::new(commit_key, key, rng, transcript))?;
    let indices = PolynomialIndex::new(key.cs());
    let domain = key.domain();
    let usable = domain.rows() - key.blinding_rows();
    if instance.len() > usable {
        return Err(PlonkError::Instance { rows: instance.len() });
    }
    // 1. The statement, and the columns that the circuit fills.
    session
        .transcript
        .common_scalar(key.halo2().get_vk().transcript_repr())
        .map_err(PlonkError::Transcript)?;
    for value in instance {
        session.transcript.common_scalar(*value).map_err(PlonkError::Transcript)?;
    }
    let Witness { mut advice, challenges } = Witness::synthesize(&mut session, &claim)?;
    let blinding = advice
        .iter()
        .take(claim.linked.len())
        .map(|column| Column::from(column[usable..].to_vec()))
        .collect();
    let mut public = Column::zero(domain.rows());
    public[..instance.len()].copy_from_slice(instance);

    // 2. and 3. The copy constraints, and the mask of the quotient's value.
    let _theta = session.challenge();
    let folding = Folding { beta: session.challenge(), gamma: session.challenge() };
    let permuted: Vec<&[Fr]> = key
        .cs()
        .permutation()
        .get_columns()
        .iter()
        .map(|column| match column.column_type() {
            Any::Advice(_) => &*advice[column.index()],
            Any::Fixed => key.halo2().fixed_values()[column.index()].values(),
            Any::Instance => &*public,
        })
        .collect();
    let mut products =
        tracing::debug_span!("copies").in_scope(|| permutation::products(&mut session, &permuted, folding));
    drop(permuted);
    let mut mask: Column =
        (0..domain.rows()).map(|_| Fr::random(&mut session.rng)).collect::<Vec<_>>().into();
    let committed: Vec<&[Fr]> = products.iter().chain([&mask]).map(|column| &**column).collect();
    session.write_commitments(&committed)?;
    let y = session.challenge();

    // 4. The rows tell what constraints are there; from then on, coefficients.
    let constraints = Constraints::new(key, &indices, &challenges, folding, y)?;
    let own = advice.iter().chain([&public]).chain(&products).map(|column| &**column);
    let rows: Vec<&[Fr]> = key.rows().into_iter().chain(own).collect();
    let on_rows = tracing::debug_span!("constraints").in_scope(|| constraints.on_rows(&rows));
    drop(rows);
    let span = tracing::debug_span!("coefficients").entered();
    advice.par_iter_mut().chain(&mut products).chain([&mut public, &mut mask]).for_each(|column| {
        domain.to_coefficients(column);
    });
    drop(span);
    // In the order of their indices, as above.
    let own: Vec<&[Fr]> = advice.iter().chain([&public]).chain(&products).map(|column| &**column).collect();
    let pieces = constraints.quotient(key, &own, on_rows);
    session.write_coefficients(pieces.clone())?;
    let x = session.challenge();

    // 5. The values.
    let polynomials = [key.coefficients(), own].concat();
    let queries = QueryOrder::new(key, &indices);
    let values = tracing::debug_span!("values").in_scope(|| {
        let mut values = QueryOrder::values(&queries.columns, domain, &polynomials, x);
        values.push(eval_polynomial(&mask, x));
        values.extend(QueryOrder::values(&queries.copies, domain, &polynomials, x));
        values
    });
    for value in values {
        session.transcript.write_scalar(value).map_err(PlonkError::Transcript)?;
    }

    // 6. The opening.
    let _span = tracing::debug_span!("opening").entered();
    let quotient = quotient::evaluate_at(&pieces, x.pow([domain.rows() as u64]));
    let mut opened = Queries::default();
    for (index, rotation) in queries.opened {
        opened.open(index, polynomials[index], rotation);
    }
    opened.open(polynomials.len(), &quotient, 0);
    opened.open(polynomials.len() + 1, &mask, 0);
    shplonk::open(&mut session, opened, x)?;
    Ok(blinding)
}

/// Indices and rotations of what is opened.
struct QueryOrder {
    /// Whose values come before that of the random polynomial.
    columns: Vec<(usize, i32)>,
    /// Whose values come after it.
    copies: Vec<(usize, i32)>,
    /// All, in the order of the opening.
    opened: Vec<(usize, i32)>,
}

impl QueryOrder {
    fn new(key: &Key, indices: &PolynomialIndex) -> Self {
        let cs = key.cs();
        let query = |kind, index, at: Rotation| (indices.column(kind, index), at.0);
        let advice: Vec<_> = cs
            .advice_queries()
            .iter()
            .map(|(column, at)| query(Any::advice(), column.index(), *at))
            .collect();
        let fixed: Vec<_> =
            cs.fixed_queries().iter().map(|(column, at)| query(Any::Fixed, column.index(), *at)).collect();
        let permuted: Vec<_> =
            (0..cs.permutation().get_columns().len()).map(|index| (indices.permuted(index), 0)).collect();
        let (count, end) = (key.products(), key.last_usable());
        let products: Vec<_> = (0..count)
            .flat_map(|index| {
                let rotations = [0, 1].into_iter().chain((index + 1 < count).then_some(end));
                rotations.map(move |rotation| (indices.product(index), rotation))
            })
            .collect();
        Self {
            columns: [&advice[..], &fixed].concat(),
            copies: [&permuted[..], &products].concat(),
            opened: [advice, products, fixed, permuted].concat(),
        }
    }

    /// What the polynomials are at `x` and its rotations.
    fn values(queries: &[(usize, i32)], domain: &Domain, polynomials: &[&[Fr]], x: Fr) -> Vec<Fr> {
        let value = |(index, rotation): &(usize, i32)| {
            eval_polynomial(polynomials[*index], domain.rotate(x, *rotation))
        };
        queries.par_iter().map(value).collect()
    }
}

/// One proof being made: the transcript, the randomness, and what both work on.
struct Session<'a, R, T> {
    commit_key: &'a CommitKey<'a>,
    key: &'a Key,
    transcript: &'a mut T,
    rng: R,
}

impl<'a, R: RngCore, T: Output> Session<'a, R, T> {
    fn new(
        commit_key: &'a CommitKey<'_>,
        key: &'a Key,
        rng: R,
        transcript: &'a mut T,
    ) -> Result<Self, PlonkError> {
        if key.domain().rows() != commit_key.srs().geometry().rows() {
            return Err(PlonkError::Key);
        }
        // Made here, inside no join: who waits for them holds up no other job's parts.
        commit_key.tables();
        Ok(Self { commit_key, key, transcript, rng })
    }

    fn challenge(&mut self) -> Fr {
        *self.transcript.squeeze_challenge_scalar::<()>()
    }

    /// Commits to columns given by rows.
    fn write_commitments(&mut self, columns: &[&[Fr]]) -> Result<(), PlonkError> {
        let tables = self.commit_key.tables();
        self.write_points(|| columns.par_iter().map(|column| tables.multiexp(column)).collect())
    }

    /// Writes commitments, in one batch.
    fn write_points(&mut self, commit: impl FnOnce() -> Vec<G1>) -> Result<(), PlonkError> {
        let points = tracing::debug_span!("commitments").in_scope(|| normalize(&commit()));
        for point in points {
            self.transcript.write_point(point).map_err(PlonkError::Transcript)?;
        }
        Ok(())
    }

    /// Commits to columns given by coefficients: a transform is cheaper than tables of a second basis.
    fn write_coefficients(&mut self, mut columns: Vec<Column>) -> Result<(), PlonkError> {
        tracing::debug_span!("rows").in_scope(|| {
            columns.par_iter_mut().for_each(|column| self.key.domain().to_rows(column));
        });
        let columns: Vec<&[Fr]> = columns.iter().map(|column| &**column).collect();
        self.write_commitments(&columns)
    }
}

#[cfg(test)]
mod tests;
