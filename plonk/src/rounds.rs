//! The rounds of a proof, a type for what is known after each.
//!
//! A round takes the state that the one before has left, and nothing else makes one: their fields are
//! private. So no round can be skipped, repeated or run out of order, and this compiles:
//!
//! ```
//! use fairshare_plonk::rounds::Advised;
//! use fairshare_plonk::{Drawn, PlonkError};
//!
//! fn finish(advised: Advised<'_>) -> Result<Vec<Drawn>, PlonkError> {
//!     advised.permute()?.divide()?.evaluate()?.open()
//! }
//! ```
//!
//! The same with a round left out does not (a nightly toolchain checks the error's code, too):
//!
//! ```compile_fail,E0599
//! use fairshare_plonk::rounds::Advised;
//! use fairshare_plonk::{Drawn, PlonkError};
//!
//! fn finish(advised: Advised<'_>) -> Result<Vec<Drawn>, PlonkError> {
//!     advised.divide()?.evaluate()?.open()
//! }
//! ```
//!
//! nor with two rounds in the wrong order:
//!
//! ```compile_fail,E0599
//! use fairshare_plonk::rounds::Advised;
//! use fairshare_plonk::{Drawn, PlonkError};
//!
//! fn finish(advised: Advised<'_>) -> Result<Vec<Drawn>, PlonkError> {
//!     advised.permute()?.evaluate()?.divide()?.open()
//! }
//! ```
//!
//! nor with one that is run twice, here for a second set of challenges on the same columns:
//!
//! ```compile_fail,E0382
//! use fairshare_plonk::rounds::Advised;
//! use fairshare_plonk::{Drawn, PlonkError};
//!
//! fn finish(advised: Advised<'_>) -> Result<Vec<Drawn>, PlonkError> {
//!     let _first = advised.permute()?;
//!     advised.permute()?.divide()?.evaluate()?.open()
//! }
//! ```

use fairshare_params::commitment::{BLINDING_ROWS, Blinding};
use fairshare_params::wiped::Wiped;
use ff::Field;
use halo2_proofs::arithmetic::eval_polynomial;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;

use crate::PlonkError;
use crate::column::Column;
use crate::input::{Known, LastRows, ProverInput};
use crate::key::Key;
use crate::permutation::{self, Folding};
use crate::queries::QueryOrder;
use crate::quotient::{Constraints, evaluate_at};
use crate::randomness::Label;
use crate::session::Session;
use crate::shplonk::{self, Queries};
use crate::witness::Witness;

/// A known column's fresh last rows, in a proof: secret, and overwritten when dropped.
pub type Drawn = Wiped<Blinding>;

/// The verifying key and the instance are absorbed.
pub struct Stated<'a, C> {
    session: Session<'a>,
    input: ProverInput<'a, C>,
}

/// The columns that the circuit fills are committed to.
pub struct Advised<'a> {
    session: Session<'a>,
    /// Advice and instance, by rows.
    own: Vec<Column>,
    /// The last rows of the known columns that have fresh ones.
    drawn: Vec<Drawn>,
    challenges: Vec<Fr>,
}

/// The running products of the copy constraints are committed to, and the mask of the quotient's value.
pub struct Permuted<'a> {
    session: Session<'a>,
    /// Advice, instance and products, by rows.
    own: Vec<Column>,
    drawn: Vec<Drawn>,
    mask: Column,
    challenges: Vec<Fr>,
    folding: Folding,
    y: Fr,
}

/// The quotient is committed to. From here on, all polynomials are in coefficients.
pub struct Divided<'a> {
    session: Session<'a>,
    own: Vec<Column>,
    drawn: Vec<Drawn>,
    mask: Column,
    pieces: Vec<Column>,
    x: Fr,
}

/// The polynomials' values at `x` and its rotations are sent.
pub struct Evaluated<'a> {
    divided: Divided<'a>,
    queries: QueryOrder,
}

impl<'a, C: Circuit<Fr>> Stated<'a, C> {
    pub(super) fn new(mut session: Session<'a>, input: ProverInput<'a, C>) -> Result<Self, PlonkError> {
        let rows = input.instance.len();
        if rows > session.key.usable_rows() {
            return Err(PlonkError::Instance { rows });
        }
        check_known(session.key, input.known)?;
        session.absorb(session.key.halo2().get_vk().transcript_repr())?;
        input.instance.iter().try_for_each(|value| session.absorb(*value))?;
        Ok(Self { session, input })
    }

    /// Fills the circuit's columns, phase by phase.
    pub fn advise(self) -> Result<Advised<'a>, PlonkError> {
        let Self { mut session, input } = self;
        let Witness { advice: mut own, challenges } = Witness::synthesize(&mut session, &input)?;
        let usable = session.key.usable_rows();
        let fresh = own.iter().zip(input.known).filter(|(_, known)| known.rows == LastRows::Fresh);
        let drawn = fresh.map(|(column, _)| drawn(&column[usable..])).collect();
        let mut public = Column::zero(session.key.domain().rows());
        public[..input.instance.len()].copy_from_slice(input.instance);
        own.push(public);
        Ok(Advised { session, own, drawn, challenges })
    }
}

impl<'a> Advised<'a> {
    /// Multiplies up the copy constraints.
    pub fn permute(self) -> Result<Permuted<'a>, PlonkError> {
        let Self { mut session, mut own, drawn, challenges } = self;
        // No circuit of this prover's has the lookups that it is for.
        let _theta = session.challenge();
        let folding = Folding { beta: session.challenge(), gamma: session.challenge() };
        let products = tracing::debug_span!("copies").in_scope(|| {
            let rows = [session.key.rows(), slices(&own)].concat();
            permutation::products(&session, &rows, folding)
        });
        let mask = mask(&session);
        let committed: Vec<&[Fr]> = products.iter().chain([&mask]).map(|column| &**column).collect();
        session.send_commitments(&committed)?;
        own.extend(products);
        let y = session.challenge();
        Ok(Permuted { session, own, drawn, mask, challenges, folding, y })
    }
}

/// The random polynomial, which is zero but in the last rows.
///
/// All that a proof has of it is its commitment and its value at `x`. Two of the six values make these
/// uniform (`docs/link.md`, masking by six values), so that more of them would change nothing but the time.
fn mask(session: &Session<'_>) -> Column {
    let rows = session.key.domain().rows();
    let mut mask = Column::zero(rows);
    let first = rows - BLINDING_ROWS;
    session.randomness.fill(Label::Mask, first, &mut mask[first..]);
    mask
}

impl<'a> Permuted<'a> {
    /// Divides the folded constraints by what vanishes on the rows.
    pub fn divide(self) -> Result<Divided<'a>, PlonkError> {
        let Self { mut session, mut own, drawn, mut mask, challenges, folding, y } = self;
        let key = session.key;
        let constraints = Constraints::new(key, &challenges, folding, y)?;
        let on_rows = tracing::debug_span!("constraints")
            .in_scope(|| constraints.on_rows(&[key.rows(), slices(&own)].concat()));
        tracing::debug_span!("coefficients").in_scope(|| {
            let columns = own.iter_mut().chain([&mut mask]);
            session.work().transform(key.domain().to_coefficients(), columns)
        })?;
        let pieces = constraints.quotient(key, session.work(), &slices(&own), on_rows)?;
        session.send_coefficients(pieces.clone())?;
        let x = session.challenge();
        Ok(Divided { session, own, drawn, mask, pieces, x })
    }
}

impl<'a> Divided<'a> {
    /// Sends the values of all polynomials.
    pub fn evaluate(mut self) -> Result<Evaluated<'a>, PlonkError> {
        let key = self.session.key;
        let queries = QueryOrder::new(key);
        let values = tracing::debug_span!("values").in_scope(|| {
            let polynomials = [key.coefficients(), slices(&self.own)].concat();
            let mut values = QueryOrder::values(&queries.columns, key.domain(), &polynomials, self.x);
            values.push(eval_polynomial(&self.mask, self.x));
            values.extend(QueryOrder::values(&queries.copies, key.domain(), &polynomials, self.x));
            values
        });
        values.into_iter().try_for_each(|value| self.session.send_scalar(value))?;
        Ok(Evaluated { divided: self, queries })
    }
}

impl Evaluated<'_> {
    /// Opens all polynomials, which ends the proof, and hands out the fresh last rows of known columns.
    pub fn open(self) -> Result<Vec<Drawn>, PlonkError> {
        let _span = tracing::debug_span!("opening").entered();
        let Divided { mut session, own, drawn, mask, pieces, x } = self.divided;
        let key = session.key;
        let polynomials = [key.coefficients(), slices(&own)].concat();
        let quotient = evaluate_at(&pieces, x.pow([key.domain().rows() as u64]));
        let mut opened = Queries::default();
        for (index, rotation) in self.queries.opened {
            opened.open(index, polynomials[index], rotation);
        }
        opened.open(polynomials.len(), &quotient, 0);
        opened.open(polynomials.len() + 1, &mask, 0);
        shplonk::open(&mut session, opened, x)?;
        Ok(drawn)
    }
}

/// That the key has the columns, and as many last rows as a [`Blinding`].
fn check_known(key: &Key, known: &[Known<'_>]) -> Result<(), PlonkError> {
    let columns = if key.blinding_rows() == BLINDING_ROWS { key.cs().num_advice_columns() } else { 0 };
    if known.len() > columns { Err(PlonkError::Known { column: columns }) } else { Ok(()) }
}

/// A column's last rows, which are as many as [`check_known`] says.
fn drawn(rows: &[Fr]) -> Drawn {
    let mut blinding = Wiped::from(Blinding::NONE);
    blinding.0.copy_from_slice(rows);
    blinding
}

fn slices(columns: &[Column]) -> Vec<&[Fr]> {
    columns.iter().map(|column| &**column).collect()
}
