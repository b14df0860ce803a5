//! The quotient: all constraints, folded with powers of one challenge, divided by the polynomial that vanishes on the
//! rows.

use ff::Field;
use halo2_proofs::plonk::{Any, Expression};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rand_core::RngCore;
use rayon::prelude::*;

use super::column::Column;
use super::permutation::{self, Folding};
use super::places::Places;
use super::program::{Operand, Program};
use super::{Output, PlonkError, Session};

/// Rows that one thread works on at a time.
const CHUNK: usize = 1 << 10;

/// The quotient's pieces, in coefficients. `polynomials` are all of them, by their places, in coefficients.
pub fn pieces<R: RngCore, T: Output>(
    session: &Session<'_, R, T>,
    places: &Places,
    polynomials: &[&[Fr]],
    challenges: &[Fr],
    folding: Folding,
    y: Fr,
) -> Result<Vec<Column>, PlonkError> {
    let mut program = Program::default();
    let result = constraints(session, &mut program, places, challenges, folding, y).ok_or(PlonkError::Key)?;
    let domain = &session.domain;
    let mut values = Vec::with_capacity(domain.cosets().len());
    // A coset at a time: its values of all columns are the most memory that a proof takes.
    for coset in domain.cosets() {
        let span = tracing::debug_span!("cosets").entered();
        let columns: Vec<Column> = polynomials
            .par_iter()
            .enumerate()
            .map(
                |(place, column)| if program.reads(place) { coset.evaluate(column) } else { Column::zero(0) },
            )
            .collect();
        let columns: Vec<&[Fr]> = columns.iter().map(|column| &**column).collect();
        drop(span);
        let _span = tracing::debug_span!("constraints").entered();
        let mut quotient = Column::zero(domain.rows());
        quotient.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
            program.run(result, &columns, domain.rows(), chunk * CHUNK, out);
            out.iter_mut().for_each(|value| *value *= coset.vanishing_inverse);
        });
        values.push(quotient);
    }
    let _span = tracing::debug_span!("pieces").entered();
    Ok(domain.pieces(values))
}

/// The quotient as a verifier folds its pieces' commitments: `Σ_p power^p·h_p`, `power = x^n`.
pub fn at(pieces: &[Column], power: Fr) -> Column {
    let mut sum = Column::zero(pieces.first().map_or(0, |piece| piece.len()));
    for piece in pieces.iter().rev() {
        for (sum, coefficient) in sum.iter_mut().zip(piece.iter()) {
            *sum = *sum * power + coefficient;
        }
    }
    sum
}

/// Gates, then copy constraints, in the verifier's order: the first has the highest power of the challenge.
fn constraints<R: RngCore, T: Output>(
    session: &Session<'_, R, T>,
    program: &mut Program,
    places: &Places,
    challenges: &[Fr],
    folding: Folding,
    y: Fr,
) -> Option<Operand> {
    let cs = session.cs();
    let find = |program: &mut Program, query: &Expression<Fr>| {
        let mut cell = |kind, index, at: Rotation| program.cell(places.column(kind, index), at.0);
        Some(match query {
            Expression::Advice(query) => cell(Any::advice(), query.column_index(), query.rotation()),
            Expression::Fixed(query) => cell(Any::Fixed, query.column_index(), query.rotation()),
            Expression::Instance(query) => cell(Any::Instance, query.column_index(), query.rotation()),
            Expression::Challenge(challenge) => program.constant(*challenges.get(challenge.index())?),
            _ => return None,
        })
    };
    let mut constraints = Vec::new();
    for polynomial in cs.gates().iter().flat_map(|gate| gate.polynomials()) {
        constraints.push(program.expression(polynomial, &find)?);
    }
    constraints.extend(permutation::constraints(
        program,
        places,
        &cs.permutation().get_columns(),
        session.columns_per_product(),
        session.last_usable(),
        folding,
    ));
    let (y, zero) = (program.constant(y), program.constant(Fr::ZERO));
    Some(constraints.into_iter().fold(zero, |sum, constraint| {
        let scaled = program.multiply(sum, y);
        program.add(scaled, constraint)
    }))
}
