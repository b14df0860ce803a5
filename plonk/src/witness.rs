//! The first rounds: the circuit fills its columns, a phase at a time, and each phase's columns are committed
//! to before the challenges that the next may use.

use fairshare_params::commitment::LagrangePoints as _;
use ff::BatchInvert;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column as ColumnOf, ConstraintSystem, Error,
    Fixed, FloorPlanner, Instance, Selector,
};
use halo2curves::bn256::{Fr, G1};
use rayon::prelude::*;

use crate::PlonkError;
use crate::column::Column;
use crate::commit::CommitKey;
use crate::device::Work;
use crate::input::{Fractions, Known, LastRows, ProverInput};
use crate::multiexp::multiexp_by_value;
use crate::randomness::Label;
use crate::session::Session;
use crate::signal::Cancelled;

/// The advice columns, by rows, and the challenges drawn between their phases.
pub struct Witness {
    pub advice: Vec<Column>,
    pub challenges: Vec<Fr>,
}

impl Witness {
    /// Runs the circuit's synthesis, which must announce each phase's end but the last's itself.
    pub fn synthesize<C: Circuit<Fr>>(
        session: &mut Session<'_>,
        input: &ProverInput<'_, C>,
    ) -> Result<Self, PlonkError> {
        let mut meta = ConstraintSystem::default();
        let config = C::configure_with_params(&mut meta, input.circuit.params());
        let _span = tracing::debug_span!("witness").entered();
        let mut assigner = Assigner::new(session, input);
        let synthesized =
            C::FloorPlanner::synthesize(&mut assigner, input.circuit, config, meta.constants().clone());
        match (synthesized, assigner.failure.take()) {
            (Ok(()), _) if assigner.phase != assigner.last_phase() => Err(PlonkError::Phases),
            // Before the circuit's own error, which may come of it.
            (_, Some(failure)) => Err(failure),
            (Err(error), None) => Err(PlonkError::Synthesis(error)),
            (Ok(()), None) => assigner.finish(),
        }
    }
}

/// What the circuit assigns to. The trait has no errors for most of its methods, so the first is kept.
struct Assigner<'s, 'a> {
    session: &'s mut Session<'a>,
    instance: &'s [Fr],
    known: &'s [Known<'s>],
    fractions: &'s [Fractions],
    usable: usize,
    phase: u8,
    column_phases: Vec<u8>,
    challenge_phases: Vec<u8>,
    advice: Vec<Column>,
    challenges: Vec<Option<Fr>>,
    failure: Option<PlonkError>,
}

impl<'s, 'a> Assigner<'s, 'a> {
    fn new<C>(session: &'s mut Session<'a>, input: &ProverInput<'s, C>) -> Self {
        let (cs, rows) = (session.key.cs(), session.key.domain().rows());
        Self {
            usable: session.key.usable_rows(),
            phase: 0,
            column_phases: cs.advice_column_phase(),
            challenge_phases: cs.challenge_phase(),
            advice: vec![Column::zero(rows); cs.num_advice_columns()],
            challenges: vec![None; cs.num_challenges()],
            failure: None,
            session,
            instance: input.instance,
            known: input.known,
            fractions: input.fractions,
        }
    }

    fn last_phase(&self) -> u8 {
        self.column_phases.iter().copied().max().unwrap_or(0)
    }

    /// Ends the last phase.
    fn finish(mut self) -> Result<Witness, PlonkError> {
        self.commit_phase()?;
        let challenges = self.challenges.into_iter().map(Option::unwrap_or_default).collect();
        Ok(Witness { advice: self.advice, challenges })
    }

    fn fail(&mut self, failure: PlonkError) {
        self.failure.get_or_insert(failure);
    }

    /// Fills a column's last rows.
    fn blind(&mut self, column: usize) {
        let rows = &mut self.advice[column][self.usable..];
        match self.known.get(column) {
            Some(Known { blinding, rows: LastRows::Kept, .. }) => rows.copy_from_slice(&blinding.0),
            _ => self.session.randomness.fill(Label::Advice(column), self.usable, rows),
        }
    }

    /// Blinds this phase's columns, commits to them and draws its challenges.
    fn commit_phase(&mut self) -> Result<(), PlonkError> {
        let of_phase: Vec<_> =
            (0..self.advice.len()).filter(|column| self.column_phases[*column] == self.phase).collect();
        of_phase.iter().for_each(|column| self.blind(*column));
        let commit = Commit {
            commit_key: self.session.commit_key,
            advice: &self.advice,
            challenges: &self.challenges,
            known: self.known,
            fractions: self.fractions,
        };
        self.session.send_points(|work| commit.columns(&of_phase, work))?;
        for (challenge, phase) in self.challenges.iter_mut().zip(&self.challenge_phases) {
            if *phase == self.phase {
                *challenge = Some(self.session.challenge());
            }
        }
        Ok(())
    }
}

/// Commitments to advice columns, each by the cheapest way there is: whole columns are the device's, sums
/// that take less than that are computed here.
struct Commit<'c> {
    commit_key: &'c CommitKey<'c>,
    advice: &'c [Column],
    challenges: &'c [Option<Fr>],
    known: &'c [Known<'c>],
    fractions: &'c [Fractions],
}

impl Commit<'_> {
    /// Commitments to columns, of which these are the indices, in their order.
    fn columns(&self, columns: &[usize], work: Work<'_>) -> Result<Vec<G1>, Cancelled> {
        let (short, whole): (Vec<_>, Vec<_>) = columns
            .iter()
            .partition(|column| **column < self.known.len() || self.fractions(**column).is_some());
        let shortcut = |column: &usize| Ok((*column, self.shortcut(*column, work)?));
        let (short, sums) = rayon::join(
            || short.par_iter().map(shortcut).collect::<Result<Vec<(usize, Option<G1>)>, _>>(),
            || self.whole(&whole, work),
        );
        let mut sums = sums?;
        let mut rest = Vec::new();
        for (column, sum) in short? {
            match sum {
                Some(sum) => sums.push((column, sum)),
                None => rest.push(column),
            }
        }
        sums.extend(self.whole(&rest, work)?);
        sums.sort_by_key(|(column, _)| *column);
        Ok(sums.into_iter().map(|(_, sum)| sum).collect())
    }

    /// The device's commitments, with their columns' indices.
    fn whole(&self, columns: &[usize], work: Work<'_>) -> Result<Vec<(usize, G1)>, Cancelled> {
        let values: Vec<&[Fr]> = columns.iter().map(|column| &*self.advice[*column]).collect();
        Ok(columns.iter().copied().zip(work.commit(&values)?).collect())
    }

    /// A commitment that takes less than a sum over the whole column, if there is such a way.
    fn shortcut(&self, column: usize, work: Work<'_>) -> Result<Option<G1>, Cancelled> {
        if let Some(known) = self.known.get(column) {
            work.watch.ask()?;
            return Ok(Some(self.blinded(known, &self.advice[column])));
        }
        // A column whose sum is the device's after all is asked for there.
        let sum = self.fractions(column).and_then(|fractions| self.sum(fractions));
        sum.map(|sum| work.watch.ask().map(|()| sum)).transpose()
    }

    fn fractions(&self, column: usize) -> Option<&Fractions> {
        self.fractions.iter().find(|fractions| fractions.column == column)
    }

    /// A known commitment, with the last rows that the column has in this proof.
    fn blinded(&self, known: &Known<'_>, values: &[Fr]) -> G1 {
        if known.rows == LastRows::Kept {
            return known.commitment.into();
        }
        let points = self.commit_key.srs().blinding_points();
        let mut change = Column::from(values[values.len() - points.len()..].to_vec());
        change.iter_mut().zip(&known.blinding.0).for_each(|(fresh, known)| *fresh -= known);
        best_multiexp(&change, points) + known.commitment
    }

    /// A column of fractions, if few different values are looked up in it.
    fn sum(&self, fractions: &Fractions) -> Option<G1> {
        let gamma = (*self.challenges.get(fractions.gamma)?)?;
        let srs = self.commit_key.srs();
        let data = srs.geometry().usable_rows();
        let lagrange = srs.lagrange();
        let looked_up: Vec<_> = fractions
            .looked_up
            .iter()
            .map(|column| self.advice.get(*column).map(|values| &values[..data]))
            .collect::<Option<_>>()?;
        // More different values than these make the grouping cost more than it saves: measured when sums
        // without tables were the library's.
        let sum = multiexp_by_value(&looked_up, &lagrange[..data], lagrange.len() / 4, |values| {
            let mut weights: Vec<_> =
                values.iter().map(|value| gamma - Fr::from(u64::from(*value))).collect();
            weights.iter_mut().batch_invert();
            weights
        })?;
        Some(sum + best_multiexp(&self.advice[fractions.column][data..], &lagrange[data..]))
    }
}

impl Assignment<Fr> for Assigner<'_, '_> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: ColumnOf<Any>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn query_instance(&self, _: ColumnOf<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        self.instance.get(row).map(|value| Value::known(*value)).ok_or(Error::BoundsFailure)
    }

    fn assign_advice<'v>(
        &mut self,
        column: ColumnOf<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        let index = column.index();
        let open =
            row < self.usable && self.column_phases.get(index).is_some_and(|phase| *phase >= self.phase);
        let mut known = false;
        if open {
            to.map(|value| {
                self.advice[index][row] = value.evaluate();
                known = true;
            });
        }
        if !known {
            self.fail(PlonkError::Cell { column: index, row });
        }
        // No circuit here reads back what it assigned; a reference that outlives this call cannot be had
        // safely.
        Value::unknown()
    }

    fn assign_fixed(&mut self, _: ColumnOf<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: ColumnOf<Any>, _: usize, _: ColumnOf<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: ColumnOf<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        match self.challenges.get(challenge.index()) {
            Some(Some(value)) => Value::known(*value),
            _ => Value::unknown(),
        }
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}

    fn next_phase(&mut self) {
        if self.failure.is_none()
            && let Err(failure) = self.commit_phase()
        {
            self.fail(failure);
        }
        self.phase += 1;
    }
}
