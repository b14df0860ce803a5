//! What the evaluators compute.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, sol};
use fairshare_contracts::artifact::bytecode;
use fairshare_params::encoding::encode_scalar;
use ff::Field;
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use revm::primitives::hardfork::SpecId;

use super::circuit::Subject;
use crate::artifact::artifact;
use crate::machine::{Machine, Refusal};

sol! {
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator);
}

/// The values that a constraint is evaluated at, in the evaluator's order.
struct Values {
    y: Fr,
    challenges: Vec<Fr>,
    instance: Vec<Fr>,
    advice: Vec<Fr>,
    fixed: Vec<Fr>,
}

impl Values {
    /// As many as the circuit has, of one source.
    fn of(subject: &Subject, mut next: impl FnMut() -> Fr) -> Self {
        let system = subject.system();
        let mut draw = |count: usize| (0..count).map(|_| next()).collect::<Vec<_>>();
        Self {
            y: draw(1)[0],
            challenges: draw(system.num_challenges()),
            instance: draw(system.instance_queries().len()),
            advice: draw(system.advice_queries().len()),
            fixed: draw(system.fixed_queries().len()),
        }
    }

    fn encoded(&self) -> evaluateCall {
        let rest = self.challenges.iter().chain(&self.instance).chain(&self.advice).chain(&self.fixed);
        let values = [&self.y].into_iter().chain(rest);
        evaluateCall { values: values.map(|value| U256::from_be_bytes(encode_scalar(value))).collect() }
    }

    /// The expressions' own values, folded.
    fn numerator(&self, subject: &Subject) -> Fr {
        let system = subject.system();
        let at = |found: Option<usize>, values: &[Fr]| values[found.expect("a query of the circuit")];
        let polynomials = system.gates().iter().flat_map(|gate| gate.polynomials());
        polynomials.fold(Fr::ZERO, |sum, polynomial: &Expression<Fr>| {
            let value = polynomial.evaluate(
                &|constant| constant,
                &|_| panic!("a key has turned selectors into columns"),
                &|query| {
                    let wanted = (query.column_index(), query.rotation());
                    let mut known = system.fixed_queries().iter();
                    at(known.position(|(column, at)| (column.index(), *at) == wanted), &self.fixed)
                },
                &|query| {
                    let wanted = (query.column_index(), query.rotation());
                    let mut known = system.advice_queries().iter();
                    at(known.position(|(column, at)| (column.index(), *at) == wanted), &self.advice)
                },
                &|query| at(usize::try_from(query.rotation().0).ok(), &self.instance),
                &|challenge| self.challenges[challenge.index()],
                &|value| -value,
                &|left, right| left + right,
                &|left, right| left * right,
                &|value, factor| value * factor,
            );
            sum * self.y + value
        })
    }
}

/// At random points, and where every value is least or largest, which is where sums might not fit a word.
#[test]
fn they_compute_what_the_expressions_say() {
    let mut rng = ChaCha20Rng::seed_from_u64(18);
    for subject in Subject::all() {
        let mut machine = Machine::new(SpecId::OSAKA);
        let artifact = artifact(&format!("gates/{}", subject.contract()));
        let (evaluator, _, _) = machine.deploy(bytecode(&artifact).expect("a bytecode"));
        let random = (0..40).map(|_| Values::of(&subject, || Fr::random(&mut rng))).collect::<Vec<_>>();
        let extremes = [Fr::ZERO, -Fr::ONE].map(|value| Values::of(&subject, || value));
        let mut sign = Fr::ONE;
        let turns = Values::of(&subject, || {
            sign = -sign;
            sign
        });
        for values in random.iter().chain(&extremes).chain([&turns]) {
            let found = machine.expect(evaluator, &values.encoded());
            let expected = U256::from_be_bytes(encode_scalar(&values.numerator(&subject)));
            assert_eq!(found, expected, "{}", subject.contract());
        }
        // Neither fewer nor more, nor encoded otherwise.
        let call = extremes[0].encoded();
        let fewer = evaluateCall { values: call.values[1..].to_vec() };
        let more = evaluateCall { values: [&call.values[..], &[U256::ZERO]].concat() };
        let longer = [call.abi_encode(), vec![0; 32]].concat();
        for data in [fewer.abi_encode(), more.abi_encode(), longer] {
            let refused = machine.call(evaluator, data);
            assert!(matches!(refused, Err(Refusal::Revert(_))), "{}: {refused:?}", subject.contract());
        }
    }
}
