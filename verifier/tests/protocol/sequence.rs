//! What a proof's transcript takes in and gives out, in order, told from the constraint system alone; and a
//! transcript that notes what the backend really does.

use std::io;

use fairshare_params::encoding::{POINT_BYTES, SCALAR_BYTES, encode_point, encode_scalar};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::transcript::KeccakChallenge;
use halo2_proofs::plonk::ConstraintSystem;
use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};

/// The two forms that an element of a proof has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Point,
    Scalar,
}

impl Form {
    pub fn bytes(self) -> usize {
        match self {
            Self::Point => POINT_BYTES,
            Self::Scalar => SCALAR_BYTES,
        }
    }
}

/// One step of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Known to both sides; absorbed, and in no proof.
    Common(Form),
    /// Written into the proof, or read from it; absorbed.
    Sent(Form),
    /// A challenge.
    Challenge,
}

/// The steps of a proof under `key`, each with its name.
pub fn steps(key: &VerifyingKey) -> Vec<(Step, String)> {
    let mut steps = List(Vec::new());
    let (cs, statement) = (key.key().cs(), key.id().kind);
    steps.common("verifying-key digest");
    instance_rows(statement).iter().for_each(|row| steps.common(&format!("instance {row}")));
    commitments(&mut steps, key);
    // The first of the three is for lookups of the library's own, which no circuit here has.
    assert!(cs.lookups().is_empty(), "LogUp is the one lookup");
    let products = cs.permutation().get_columns().len().div_ceil(cs.degree() - 2);
    steps.challenges(&["theta", "beta", "gamma"]);
    (0..products).for_each(|set| steps.point(format!("permutation product {set}")));
    steps.point("random polynomial".into());
    steps.challenges(&["y"]);
    (0..cs.degree() - 1).for_each(|piece| steps.point(format!("quotient piece {piece}")));
    steps.challenges(&["x"]);
    evaluations(&mut steps, cs, products);
    steps.challenges(&["opening: y", "opening: v"]);
    steps.point("opening: quotient".into());
    steps.challenges(&["opening: u"]);
    steps.point("opening: proof".into());
    steps.0
}

/// The elements of a proof under `key`, in order.
pub fn elements(key: &VerifyingKey) -> Vec<(Form, String)> {
    let sent = |(step, name)| match step {
        Step::Sent(form) => Some((form, name)),
        _ => None,
    };
    steps(key).into_iter().filter_map(sent).collect()
}

/// The names of a statement's instance rows.
pub fn instance_rows(statement: CircuitKind) -> &'static [&'static str] {
    match statement {
        CircuitKind::Histogram(_) => &fairshare_circuits::histogram::INSTANCE_ROWS,
        CircuitKind::DataScore => &fairshare_circuits::data_score::INSTANCE_ROWS,
        CircuitKind::ComputeScore => &fairshare_circuits::compute_score::INSTANCE_ROWS,
    }
}

/// What the first columns are, whose commitments a verifier uses by themselves.
pub fn leading(key: &VerifyingKey) -> Vec<String> {
    match key.id().kind {
        CircuitKind::Histogram(width) => {
            let columns = (0..width.columns()).map(|column| format!("C_{}", column + 1));
            columns.chain(["H".to_owned()]).collect()
        }
        CircuitKind::DataScore => ["A, linked", "ℓ, public", "k, public"].map(str::to_owned).to_vec(),
        CircuitKind::ComputeScore => ["u, public", "U, public"].map(str::to_owned).to_vec(),
    }
}

struct List(Vec<(Step, String)>);

impl List {
    fn common(&mut self, name: &str) {
        self.0.push((Step::Common(Form::Scalar), name.to_owned()));
    }

    fn point(&mut self, name: String) {
        self.0.push((Step::Sent(Form::Point), name));
    }

    fn scalar(&mut self, name: String) {
        self.0.push((Step::Sent(Form::Scalar), name));
    }

    fn challenges(&mut self, names: &[&str]) {
        self.0.extend(names.iter().map(|name| (Step::Challenge, (*name).to_owned())));
    }
}

/// The advice columns' commitments, phase by phase, and each phase's challenges after them.
fn commitments(steps: &mut List, key: &VerifyingKey) {
    let cs = key.key().cs();
    let leading = leading(key);
    let (phases, challenges) = (cs.advice_column_phase(), cs.challenge_phase());
    for phase in 0..=phases.iter().copied().max().unwrap_or_default() {
        let columns = phases.iter().enumerate().filter(|(_, of)| **of == phase);
        columns.for_each(|(column, _)| {
            let what = leading.get(column).map(|what| format!(", {what}")).unwrap_or_default();
            steps.point(format!("advice {column} (phase {phase}{what})"));
        });
        let after = challenges.iter().enumerate().filter(|(_, of)| **of == phase);
        after.for_each(|(index, _)| steps.challenges(&[&format!("circuit {index} (after phase {phase})")]));
    }
}

fn evaluations(steps: &mut List, cs: &ConstraintSystem<Fr>, products: usize) {
    for (column, rotation) in cs.advice_queries() {
        steps.scalar(format!("advice {} at {}", column.index(), rotation.0));
    }
    for (column, rotation) in cs.fixed_queries() {
        steps.scalar(format!("fixed {} at {}", column.index(), rotation.0));
    }
    steps.scalar("random polynomial at 0".into());
    (0..cs.permutation().get_columns().len())
        .for_each(|column| steps.scalar(format!("permutation {column}")));
    for set in 0..products {
        let last = (set + 1 < products).then_some("the last usable row");
        for at in ["0", "1"].into_iter().chain(last) {
            steps.scalar(format!("permutation product {set} at {at}"));
        }
    }
}

/// A transcript that notes every step, with what was absorbed or squeezed.
pub struct Recording<T> {
    pub inner: T,
    pub steps: Vec<(Step, Vec<u8>)>,
}

impl<T> Recording<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, steps: Vec::new() }
    }

    fn point(&mut self, step: fn(Form) -> Step, point: &G1Affine) {
        self.steps.push((step(Form::Point), encode_point(point).to_vec()));
    }

    fn scalar(&mut self, step: fn(Form) -> Step, scalar: &Fr) {
        self.steps.push((step(Form::Scalar), encode_scalar(scalar).to_vec()));
    }
}

impl<T: Transcript<G1Affine, KeccakChallenge>> Transcript<G1Affine, KeccakChallenge> for Recording<T> {
    fn squeeze_challenge(&mut self) -> KeccakChallenge {
        let challenge = self.inner.squeeze_challenge();
        self.scalar(|_| Step::Challenge, &challenge.get_scalar());
        challenge
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.point(Step::Common, &point);
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.scalar(Step::Common, &scalar);
        self.inner.common_scalar(scalar)
    }
}

impl<T: TranscriptRead<G1Affine, KeccakChallenge>> TranscriptRead<G1Affine, KeccakChallenge>
    for Recording<T>
{
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let point = self.inner.read_point()?;
        self.point(Step::Sent, &point);
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let scalar = self.inner.read_scalar()?;
        self.scalar(Step::Sent, &scalar);
        Ok(scalar)
    }
}

impl<T: TranscriptWrite<G1Affine, KeccakChallenge>> TranscriptWrite<G1Affine, KeccakChallenge>
    for Recording<T>
{
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.point(Step::Sent, &point);
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.scalar(Step::Sent, &scalar);
        self.inner.write_scalar(scalar)
    }
}
