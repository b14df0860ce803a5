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
//! 1. advice columns, phase by phase, blinded in the last rows (`plonk/witness.rs`); each phase's challenges;
//! 2. nothing, the lookups being LogUp's and so gates like others; `θ` (unused), `β`, `γ`;
//! 3. the running products of the copy constraints (`plonk/permutation.rs`); a random polynomial, which hides the quotient's
//!    value in the opening; `y`;
//! 4. the quotient of all constraints, folded with `y`, by the vanishing polynomial, in pieces (`plonk/quotient.rs`); `x`;
//! 5. the values of all polynomials at `x` and its rotations (scalars);
//! 6. their opening (`plonk/opening.rs`).
//!
//! The quotient's pieces are not blinded, here as in the library: zero knowledge is computational (SECURITY.md).

mod column;
mod domain;
mod opening;
mod permutation;
mod places;
mod program;
mod quotient;
mod witness;

use std::io;
use std::ops::Range;

use fairshare_params::commitment::{Blinding, normalize};
use fairshare_params::srs::Srs;
use fairshare_params::transcript::KeccakChallenge;
use ff::Field;
use halo2_proofs::arithmetic::eval_polynomial;
use halo2_proofs::plonk::{self, Any, Circuit, ConstraintSystem, ProvingKey};
use halo2_proofs::poly::Rotation;
use halo2_proofs::transcript::TranscriptWrite;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand_core::RngCore;
use rayon::prelude::*;

pub use column::Column;
use domain::Domain;
use opening::Queries;
use permutation::Folding;
use places::Places;
use quotient::Constraints;
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

/// Parts in which each of as many columns is committed to: fewer columns than threads are divided among them, though not
/// finely. A part costs something, and where many proofs are made at once the other threads have work of their own.
fn parts(columns: usize) -> usize {
    rayon::current_num_threads().div_ceil(columns.max(1)).min(4)
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
    srs: &Srs,
    key: &ProvingKey<G1Affine>,
    claim: Claim<'_, C>,
    rng: impl RngCore,
    transcript: &mut T,
) -> Result<Vec<Column>, PlonkError> {
    let instance = claim.instance;
    let mut session =
        tracing::debug_span!("preparation").in_scope(|| Session::new(srs, key, rng, transcript))?;
    let places = Places::new(session.cs(), session.products());
    let usable = session.domain.rows() - session.blinding_rows();
    if instance.len() > usable {
        return Err(PlonkError::Instance { rows: instance.len() });
    }
    // 1. The statement, and the columns that the circuit fills.
    session.transcript.common_scalar(key.get_vk().transcript_repr()).map_err(PlonkError::Transcript)?;
    for value in instance {
        session.transcript.common_scalar(*value).map_err(PlonkError::Transcript)?;
    }
    let Witness { mut advice, challenges } = Witness::synthesize(&mut session, &claim)?;
    let blinding = advice
        .iter()
        .take(claim.linked.len())
        .map(|column| Column::from(column[usable..].to_vec()))
        .collect();
    let mut public = Column::zero(session.domain.rows());
    public[..instance.len()].copy_from_slice(instance);

    // 2. and 3. The copy constraints, and the mask of the quotient's value.
    let _theta = session.challenge();
    let folding = Folding { beta: session.challenge(), gamma: session.challenge() };
    let permuted: Vec<&[Fr]> = session
        .cs()
        .permutation()
        .get_columns()
        .iter()
        .map(|column| match column.column_type() {
            Any::Advice(_) => &*advice[column.index()],
            Any::Fixed => key.fixed_values()[column.index()].values(),
            Any::Instance => &*public,
        })
        .collect();
    let mut products =
        tracing::debug_span!("copies").in_scope(|| permutation::products(&mut session, &permuted, folding));
    drop(permuted);
    let mut mask: Column =
        (0..session.domain.rows()).map(|_| Fr::random(&mut session.rng)).collect::<Vec<_>>().into();
    let committed: Vec<&[Fr]> = products.iter().chain([&mask]).map(|column| &**column).collect();
    session.write_commitments(&committed)?;
    let y = session.challenge();

    // 4. The rows tell what constraints are there; from then on, coefficients.
    let domain = &session.domain;
    let constraints = Constraints::new(&session, &places, &challenges, folding, y)?;
    let lagrange = session.lagrange();
    let points = domain.points();
    let rows: Vec<&[Fr]> = std::iter::empty()
        .chain(advice.iter().map(|column| &**column))
        .chain(key.fixed_values().iter().map(|column| column.values()))
        .chain([&*public])
        .chain(lagrange.iter().map(Vec::as_slice))
        .chain(key.permutation().permutations().iter().map(|column| column.values()))
        .chain(products.iter().map(|column| &**column))
        .chain([&*points])
        .collect();
    let on_rows = tracing::debug_span!("constraints").in_scope(|| constraints.on_rows(&rows));
    drop(rows);
    let span = tracing::debug_span!("coefficients").entered();
    advice.par_iter_mut().chain(&mut products).chain([&mut public, &mut mask]).for_each(|column| {
        domain.to_coefficients(column);
    });
    drop(span);
    let identity: Vec<_> = (0..domain.rows()).map(|power| Fr::from(u64::from(power == 1))).collect();
    // In the order of their places.
    let polynomials: Vec<&[Fr]> = std::iter::empty()
        .chain(advice.iter().map(|column| &**column))
        .chain(key.fixed_polys().iter().map(|column| column.values()))
        .chain([&*public])
        .chain([key.l0(), key.l_last(), key.l_active_row()].map(|column| column.values()))
        .chain(key.permutation().polys().iter().map(|column| column.values()))
        .chain(products.iter().map(|column| &**column))
        .chain([&*identity])
        .collect();
    let pieces = constraints.quotient(domain, &polynomials, on_rows);
    session.write_coefficients(pieces.clone())?;
    let x = session.challenge();

    // 5. The values.
    let queries = QueryOrder::new(&session, &places);
    let values = tracing::debug_span!("values").in_scope(|| {
        let mut values = QueryOrder::values(&queries.columns, &session.domain, &polynomials, x);
        values.push(eval_polynomial(&mask, x));
        values.extend(QueryOrder::values(&queries.copies, &session.domain, &polynomials, x));
        values
    });
    for value in values {
        session.transcript.write_scalar(value).map_err(PlonkError::Transcript)?;
    }

    // 6. The opening.
    let _span = tracing::debug_span!("opening").entered();
    let quotient = quotient::at(&pieces, x.pow([session.domain.rows() as u64]));
    let mut opened = Queries::default();
    for (place, rotation) in queries.opened {
        opened.open(place, polynomials[place], rotation);
    }
    opened.open(polynomials.len(), &quotient, 0);
    opened.open(polynomials.len() + 1, &mask, 0);
    opening::open(&mut session, opened, x)?;
    Ok(blinding)
}

/// Places and rotations of what is opened.
struct QueryOrder {
    /// Whose values come before that of the random polynomial.
    columns: Vec<(usize, i32)>,
    /// Whose values come after it.
    copies: Vec<(usize, i32)>,
    /// All, in the order of the opening.
    opened: Vec<(usize, i32)>,
}

impl QueryOrder {
    fn new<R: RngCore, T: Output>(session: &Session<'_, R, T>, places: &Places) -> Self {
        let cs = session.cs();
        let place = |kind, index, at: Rotation| (places.column(kind, index), at.0);
        let advice: Vec<_> = cs
            .advice_queries()
            .iter()
            .map(|(column, at)| place(Any::advice(), column.index(), *at))
            .collect();
        let fixed: Vec<_> =
            cs.fixed_queries().iter().map(|(column, at)| place(Any::Fixed, column.index(), *at)).collect();
        let permuted: Vec<_> =
            (0..cs.permutation().get_columns().len()).map(|index| (places.permuted(index), 0)).collect();
        let (count, end) = (session.products(), session.last_usable());
        let products: Vec<_> = (0..count)
            .flat_map(|index| {
                let rotations = [0, 1].into_iter().chain((index + 1 < count).then_some(end));
                rotations.map(move |rotation| (places.product(index), rotation))
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
        let value = |(place, rotation): &(usize, i32)| {
            eval_polynomial(polynomials[*place], domain.rotate(x, *rotation))
        };
        queries.par_iter().map(value).collect()
    }
}

/// One proof being made: the transcript, the randomness, and what both work on.
struct Session<'a, R, T> {
    srs: &'a Srs,
    key: &'a ProvingKey<G1Affine>,
    domain: Domain,
    transcript: &'a mut T,
    rng: R,
}

impl<'a, R: RngCore, T: Output> Session<'a, R, T> {
    fn new(
        srs: &'a Srs,
        key: &'a ProvingKey<G1Affine>,
        rng: R,
        transcript: &'a mut T,
    ) -> Result<Self, PlonkError> {
        let vk = key.get_vk();
        let (cs, k) = (vk.cs(), vk.get_domain().k);
        let supported = cs.lookups().is_empty() && cs.num_instance_columns() == 1 && k == srs.geometry().k();
        if !supported {
            return Err(PlonkError::Key);
        }
        let domain = Domain::new(k, cs.degree() - 1);
        // Made here, where no thread of a pool waits for them.
        srs.tables();
        Ok(Self { srs, key, domain, transcript, rng })
    }

    fn cs(&self) -> &'a ConstraintSystem<Fr> {
        self.key.get_vk().cs()
    }

    /// The last rows of a column, which no constraint reads as data: the last usable one and the blinding factors.
    fn blinding_rows(&self) -> usize {
        self.cs().blinding_factors() + 1
    }

    /// How many columns share a running product: its constraint has their number and two in degree.
    fn columns_per_product(&self) -> usize {
        self.cs().degree() - 2
    }

    /// The last usable row, as a rotation from the first.
    fn last_usable(&self) -> i32 {
        -i32::try_from(self.blinding_rows()).unwrap_or(i32::MAX)
    }

    /// The polynomials of [`Places::lagrange`], by rows.
    fn lagrange(&self) -> [Vec<Fr>; 3] {
        let (rows, blinding) = (self.domain.rows(), self.blinding_rows());
        let ones = |range: Range<usize>| -> Vec<Fr> {
            (0..rows).map(|row| Fr::from(u64::from(range.contains(&row)))).collect()
        };
        let last = rows - blinding;
        [ones(0..1), ones(last..last + 1), ones(0..last)]
    }

    fn products(&self) -> usize {
        self.cs().permutation().get_columns().len().div_ceil(self.columns_per_product())
    }

    fn challenge(&mut self) -> Fr {
        *self.transcript.squeeze_challenge_scalar::<()>()
    }

    /// Commits to columns given by rows.
    fn write_commitments(&mut self, columns: &[&[Fr]]) -> Result<(), PlonkError> {
        let tables = self.srs.tables();
        let parts = parts(columns.len());
        self.write_points(|| columns.par_iter().map(|column| tables.multiexp(column, parts)).collect())
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
            columns.par_iter_mut().for_each(|column| self.domain.to_rows(column));
        });
        let columns: Vec<&[Fr]> = columns.iter().map(|column| &**column).collect();
        self.write_commitments(&columns)
    }
}

#[cfg(test)]
mod tests;
