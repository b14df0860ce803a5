//! A circuit that uses all that the prover knows, proved and verified by the library; and every refusal.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_params::Geometry;
use fairshare_params::commitment::{self, BLINDING_ROWS, Blinding};
use fairshare_params::encoding::{POINT_BYTES, encode_point, encode_scalar};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::srs::Srs;
use fairshare_params::transcript::{Reader, Writer};
use ff::Field;
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Column as ColumnOf, ConstraintSystem, Constraints, Error, Expression, FirstPhase,
    Fixed, ProvingKey, SecondPhase, Selector, keygen_pk, keygen_vk_custom, verify_proof,
};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2curves::bn256::{Bn256, G1, G1Affine};
use halo2curves::fft::best_fft;
use rand_core::OsRng;

use crate::device::Work;
use crate::permutation::Folding;
use crate::*;

mod known;

use known::each_kind;

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure(Geometry::COMPACT));
static COMMIT_KEY: LazyLock<CommitKey<'static>> = LazyLock::new(|| CommitKey::new(&SRS));

/// Columns that take part in copies: more than two products hold.
const COPIED: usize = 7;
/// Rows that the circuit fills.
const ROWS: usize = 5;

/// What is wrong with the circuit's witness, if anything is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Lie {
    #[default]
    None,
    /// A gate does not hold.
    Gate,
    /// The second phase's gate does not.
    Phase,
    /// Two cells that are copies differ.
    Copy,
    /// A cell of a first-phase column is assigned in the second.
    Late,
    /// A cell has no value.
    Unknown,
    /// A blinding row is assigned.
    Row,
    /// The first phase's end is not announced.
    NoPhase,
}

/// Where a gate's selector stands decides on how many cosets the quotient is computed: `HIDDEN`, it is the
/// last factor.
#[derive(Clone, Debug, Default)]
struct Everything<const HIDDEN: bool = false> {
    lie: Lie,
}

#[derive(Clone, Debug)]
struct Config {
    copied: [ColumnOf<Advice>; COPIED],
    product: ColumnOf<Advice>,
    folded: ColumnOf<Advice>,
    weights: ColumnOf<Fixed>,
    active: Selector,
    challenge: Challenge,
}

impl<const HIDDEN: bool> Circuit<Fr> for Everything<HIDDEN> {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        meta.set_minimum_degree(5);
        let copied = [(); COPIED].map(|()| meta.advice_column());
        let product = meta.advice_column();
        let folded = meta.advice_column_in(SecondPhase);
        let (weights, instance) = (meta.fixed_column(), meta.instance_column());
        copied.iter().for_each(|column| meta.enable_equality(*column));
        meta.enable_equality(instance);
        let (active, challenge) = (meta.selector(), meta.challenge_usable_after(FirstPhase));
        meta.create_gate("product(next) = weight·a·b(previous)·c − 2·d", |_| {
            let [a, c, d] = [copied[0], copied[2], copied[3]].map(|column| column.cur());
            let one = Expression::Constant(Fr::ONE);
            let product = product.next() - weights.cur() * a * copied[1].prev() * c + d * Fr::from(2);
            let (first, other) = if HIDDEN { (one, active.expr()) } else { (active.expr(), one) };
            Constraints::with_selector(first, [("product", product * other)])
        });
        meta.create_gate("folded = product + challenge·instance", |_| {
            let folded = folded.cur() - product.cur() - challenge.expr() * instance.cur();
            Constraints::with_selector(active.expr(), [("folded", folded)])
        });
        Config { copied, product, folded, weights, active, challenge }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let value = |column: usize, row: usize| Fr::from(3 + column as u64 * (1 + (row == 2) as u64));
        let product = |row: usize| match row {
            0 => Fr::ZERO,
            _ => {
                Fr::from(row as u64) * value(0, row) * value(1, row - 1) * value(2, row)
                    - value(3, row).double()
            }
        };
        let region = |mut region: halo2_proofs::circuit::Region<'_, Fr>| {
            for row in 1..ROWS {
                config.active.enable(&mut region, row)?;
                region.assign_fixed(config.weights, row, Fr::from(row as u64));
            }
            for (index, column) in config.copied.iter().enumerate() {
                for row in 0..ROWS {
                    let lie = Fr::from(u64::from(self.lie == Lie::Copy && index == 6 && row == 4));
                    let cell =
                        region.assign_advice(*column, row, Value::known(value(index, row) + lie)).cell();
                    // Rows 0, 1, 3 and 4 are the same, and column `i` of the last is the one before it of
                    // this.
                    if row > 0 && row != 2 {
                        let first = halo2_proofs::circuit::Cell { row_offset: 0, column: (*column).into() };
                        region.constrain_equal(cell, first);
                    }
                }
            }
            for row in 1..ROWS {
                let lie = Fr::from(u64::from(self.lie == Lie::Gate && row == 3));
                region.assign_advice(config.product, row + 1, Value::known(product(row) + lie));
            }
            match self.lie {
                Lie::Unknown => drop(region.assign_advice(config.product, 9, Value::<Fr>::unknown())),
                Lie::Row => drop(region.assign_advice(config.product, 2047, Value::known(Fr::ONE))),
                _ => {}
            }
            Ok(())
        };
        layouter.assign_region(|| "first", region)?;
        if self.lie != Lie::NoPhase {
            layouter.next_phase();
        }
        let challenge = layouter.get_challenge(config.challenge);
        layouter.assign_region(
            || "second",
            |mut region| {
                for row in 1..ROWS {
                    let before = if row == 1 { Fr::ZERO } else { product(row - 1) };
                    let lie = Fr::from(u64::from(self.lie == Lie::Phase && row == 1));
                    let value = challenge.map(|challenge| before + lie + challenge * INSTANCE[row]);
                    region.assign_advice(config.folded, row, value);
                }
                if self.lie == Lie::Late {
                    region.assign_advice(config.product, 0, Value::known(Fr::ONE));
                }
                Ok(())
            },
        )
    }
}

static EVERYTHING: Everything = Everything { lie: Lie::None };
static INSTANCE: LazyLock<[Fr; ROWS]> = LazyLock::new(|| [7, 8, 9, 10, 11].map(Fr::from));

fn library_key(circuit: &impl Circuit<Fr>) -> ProvingKey<G1Affine> {
    let verifying = keygen_vk_custom(SRS.params(), circuit, false).expect("a verifying key");
    keygen_pk(SRS.params(), verifying, circuit).expect("a proving key")
}

fn key(circuit: &impl Circuit<Fr>) -> Key {
    Key::new(library_key(circuit)).expect("a key of this prover's")
}

static KEY: LazyLock<Key> = LazyLock::new(|| key(&Everything::<false>::default()));
static CACHED_KEY: LazyLock<Key> = LazyLock::new(|| key(&Everything::<false>::default()).with_coset_cache());
static HIDDEN_KEY: LazyLock<Key> = LazyLock::new(|| key(&Everything::<true>::default()));

fn try_prove(lie: Lie, instance: &[Fr]) -> Result<Vec<u8>, PlonkError> {
    try_prove_with(&KEY, &Everything::<false> { lie }, instance)
}

fn try_prove_with(key: &Key, circuit: &impl Circuit<Fr>, instance: &[Fr]) -> Result<Vec<u8>, PlonkError> {
    let input = ProverInput::new(circuit, instance);
    proof_by(&Prover::new(&COMMIT_KEY, key), input, fresh())
}

fn fresh() -> Randomness {
    Randomness::fresh(&mut OsRng).expect("random numbers")
}

fn proof_by<'a, C: Circuit<Fr>>(
    prover: &Prover<'a>,
    input: ProverInput<'a, C>,
    randomness: Randomness,
) -> Result<Vec<u8>, PlonkError> {
    let mut transcript = Writer::new();
    prover.prove(input, randomness, &mut transcript)?;
    Ok(transcript.into_proof())
}

fn verifies(proof: &[u8], instance: &[Fr]) -> bool {
    verifies_with(&KEY, proof, instance)
}

fn verifies_with(key: &Key, proof: &[u8], instance: &[Fr]) -> bool {
    let mut reader = Reader::new(proof);
    let strategy = SingleStrategy::new(SRS.params());
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        SRS.params(),
        key.halo2().get_vk(),
        strategy,
        &[&[instance]],
        &mut reader,
    )
    .is_ok()
        && reader.remaining() == 0
}

#[test]
fn gates_rotations_phases_copies_and_instances() {
    assert!(KEY.cs().permutation().get_columns().len() > 2 * 3, "three products, so one has two neighbours");
    let proof = try_prove(Lie::None, &*INSTANCE).expect("a proof");
    assert!(verifies(&proof, &*INSTANCE));
    let mut other = *INSTANCE;
    other[2] += Fr::ONE;
    assert!(!verifies(&proof, &other));
    let again = try_prove(Lie::None, &*INSTANCE).expect("a proof");
    assert_ne!(proof, again, "every proof is blinded afresh");
}

#[test]
fn a_false_witness_gives_no_proof_that_verifies() {
    for lie in [Lie::Gate, Lie::Phase, Lie::Copy] {
        let proof = try_prove(lie, &*INSTANCE).expect("something");
        assert!(!verifies(&proof, &*INSTANCE), "{lie:?}");
    }
}

/// A constraint of the highest degree without a selector in front needs every coset.
#[test]
fn a_selector_that_is_not_the_first_factor() {
    let circuit = |lie| Everything::<true> { lie };
    let proof = try_prove_with(&HIDDEN_KEY, &circuit(Lie::None), &*INSTANCE).expect("a proof");
    assert!(verifies_with(&HIDDEN_KEY, &proof, &*INSTANCE));
    let proof = try_prove_with(&HIDDEN_KEY, &circuit(Lie::Gate), &*INSTANCE).expect("something");
    assert!(!verifies_with(&HIDDEN_KEY, &proof, &*INSTANCE));
}

/// Nothing but time would tell if every circuit took the way of the one above.
#[test]
fn a_selector_in_front_spares_a_coset() {
    let spared = |key: &Key| {
        let folding = Folding { beta: Fr::ONE, gamma: Fr::ONE };
        let challenges = vec![Fr::ONE; key.cs().num_challenges()];
        let constraints =
            quotient::Constraints::new(key, &challenges, folding, Fr::ONE).expect("constraints");
        key.domain().cosets().len() - constraints.cosets
    };
    assert_eq!((spared(&KEY), spared(&HIDDEN_KEY)), (1, 0));
    for kind in CircuitKind::all(SRS.geometry()) {
        let key = fairshare_params::keys::ProvingKey::build(&SRS, kind).expect("a key");
        let (_, library) = key.into_parts();
        assert_eq!(spared(&Key::new(library).expect("a key of this prover's")), 1, "{kind:?}");
    }
}

#[test]
fn cells_that_cannot_be_assigned_are_named() {
    for (lie, cell) in [(Lie::Late, (COPIED, 0)), (Lie::Unknown, (COPIED, 9)), (Lie::Row, (COPIED, 2047))] {
        match try_prove(lie, &*INSTANCE) {
            Err(PlonkError::Cell { column, row }) => assert_eq!((column, row), cell, "{lie:?}"),
            other => panic!("{lie:?}: {other:?}"),
        }
    }
}

#[test]
fn phases_that_do_not_end_are_refused() {
    // The second phase's cells are unknown without the challenge, but the phase is what is wrong.
    assert!(matches!(try_prove(Lie::NoPhase, &*INSTANCE), Err(PlonkError::Phases)));
}

#[test]
fn an_instance_longer_than_the_rows_is_refused() {
    let usable = SRS.geometry().rows() - 6;
    let long = vec![Fr::ONE; usable + 1];
    assert!(matches!(try_prove(Lie::None, &long), Err(PlonkError::Instance { rows }) if rows == usable + 1));
}

/// A circuit with one of the library's lookups, which no circuit of this project uses.
#[derive(Clone, Debug, Default)]
struct LookedUp;

impl Circuit<Fr> for LookedUp {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) {
        let (value, table, _) = (meta.advice_column(), meta.fixed_column(), meta.instance_column());
        meta.lookup_any("table", |_| vec![(value.cur(), table.cur())]);
    }

    fn synthesize(&self, _: (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_key_of_another_kind_of_circuit_is_refused() {
    assert!(matches!(Key::new(library_key(&LookedUp)), Err(PlonkError::Key)));
    let larger = Srs::insecure(Geometry::STANDARD);
    let input = ProverInput::new(&EVERYTHING, &[]);
    let larger = CommitKey::new(&larger);
    let refused = proof_by(&Prover::new(&larger, &KEY), input, fresh());
    assert!(matches!(refused, Err(PlonkError::Key)));
}

/// Nothing but time would tell if they were not kept.
#[test]
fn a_key_with_coset_cache_keeps_its_polynomials_on_the_cosets() {
    let watch = Watch::new(&Uninterrupted, 0);
    let work = Work { device: &*COMMIT_KEY, watch: &watch };
    let on_coset = |key: &'static Key| key.on_coset(work, 1, &[0]).expect("not cancelled").remove(0);
    let address = |key| on_coset(key).as_ptr();
    let (once, many) = (&*KEY, &*CACHED_KEY);
    assert!(matches!(on_coset(once), Cow::Owned(_)));
    let kept = address(many);
    for _ in 0..2 {
        let proof = try_prove_with(many, &Everything::<false>::default(), &*INSTANCE).expect("a proof");
        assert!(verifies_with(many, &proof, &*INSTANCE));
        assert_eq!(address(many), kept);
    }
    assert!(on_coset(many)[..] == on_coset(once)[..]);
}

/// The plainest device: the library's sums and transforms, a column after the other.
pub(crate) struct Plain;

impl Device for Plain {
    fn commit(&self, columns: &[&[Fr]], watch: &Watch<'_>) -> Result<Vec<G1>, Cancelled> {
        let commit = |column: &&[Fr]| watch.ask().map(|()| best_multiexp(column, SRS.lagrange()));
        columns.iter().map(commit).collect()
    }

    fn transform(
        &self,
        transform: &Transform,
        columns: &mut [&mut [Fr]],
        watch: &Watch<'_>,
    ) -> Result<(), Cancelled> {
        for column in columns {
            watch.ask()?;
            let mut factor = transform.scale();
            for value in column.iter_mut() {
                *value *= factor;
                factor *= transform.shift();
            }
            best_fft(column, transform.omega(), column.len().trailing_zeros());
        }
        Ok(())
    }
}

/// Values are exact, so a device decides on nothing but time.
#[test]
fn another_device_makes_the_same_proof_to_the_byte() {
    let circuit = Everything::<false>::default();
    for key in [&*KEY, &*CACHED_KEY] {
        let prover = Prover::new(&COMMIT_KEY, key);
        let [ours, plain, other] =
            [(prover, 1), (prover.on(&Plain), 1), (prover, 2)].map(|(prover, seed)| {
                let input = ProverInput::new(&circuit, &*INSTANCE);
                proof_by(&prover, input, Randomness::from_seed([seed; 32].into())).expect("a proof")
            });
        assert!(ours == plain);
        assert!(ours != other, "what is compared depends on what is drawn");
        assert!(verifies(&plain, &*INSTANCE));
    }
}

/// Says stop when it is asked for the time `at`, and counts how often it is asked.
struct StopAt {
    at: usize,
    asked: AtomicUsize,
}

impl StopAt {
    fn new(at: usize) -> Self {
        Self { at, asked: AtomicUsize::new(0) }
    }

    fn asked(self) -> usize {
        self.asked.into_inner()
    }
}

impl Signal for StopAt {
    fn ask(&self, step: Step) -> ControlFlow<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert!(step.begun < step.total, "{step:?}");
        if step.begun == self.at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn interrupted<const HIDDEN: bool>(key: &Key, signal: &StopAt) -> Result<Vec<u8>, PlonkError> {
    let circuit = Everything::<HIDDEN>::default();
    let input = ProverInput::new(&circuit, &*INSTANCE);
    proof_by(&Prover::new(&COMMIT_KEY, key).asking(signal), input, fresh())
}

fn interrupted_knowing(known: &[Known<'_>], signal: &StopAt) -> Result<Vec<u8>, PlonkError> {
    let circuit = Everything::<false>::default();
    let input = ProverInput { known, ..ProverInput::new(&circuit, &*INSTANCE) };
    proof_by(&Prover::new(&COMMIT_KEY, &KEY).asking(signal), input, fresh())
}

#[test]
fn a_proof_asks_as_often_as_its_key_says() {
    let asked = |prove: &dyn Fn(&StopAt) -> Result<Vec<u8>, PlonkError>| {
        let signal = StopAt::new(usize::MAX);
        prove(&signal).expect("a proof");
        signal.asked()
    };
    assert_eq!(asked(&|signal| interrupted::<false>(&KEY, signal)), KEY.steps());
    assert_eq!(asked(&|signal| interrupted::<true>(&HIDDEN_KEY, signal)), HIDDEN_KEY.steps());
    // What is known of the columns makes no difference.
    assert_eq!(asked(&|signal| interrupted_knowing(&each_kind(), signal)), KEY.steps());
    // Whether a polynomial is kept already makes no difference.
    let cached = key(&Everything::<false>::default()).with_coset_cache();
    for _ in 0..2 {
        assert_eq!(asked(&|signal| interrupted::<false>(&cached, signal)), KEY.steps());
    }
    println!("{} and {} askings", KEY.steps(), HIDDEN_KEY.steps());
}

#[test]
fn a_proof_that_is_cancelled_at_any_step_ends_there() {
    let steps = KEY.steps();
    for at in (0..30).chain((30..steps).step_by(7)).chain([steps - 1]) {
        let signal = StopAt::new(at);
        let ended = interrupted::<false>(&KEY, &signal);
        assert!(matches!(ended, Err(PlonkError::Cancelled(_))), "{at}: {ended:?}");
        // Other threads may have asked meanwhile, each once.
        let threads = rayon::current_num_threads();
        assert!((at + 1..=at + threads).contains(&signal.asked()), "{at}");
    }
    assert!(
        verifies(&try_prove(Lie::None, &*INSTANCE).expect("a proof"), &*INSTANCE),
        "nothing is left behind"
    );
}

/// Randomness goes by label, so whoever draws first draws the same.
#[test]
fn one_seed_makes_one_proof_on_any_number_of_threads() {
    let proof = |threads, seed| {
        let circuit = Everything::<false>::default();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let input = ProverInput::new(&circuit, &*INSTANCE);
        let randomness = Randomness::from_seed([seed; 32].into());
        pool.install(|| proof_by(&Prover::new(&COMMIT_KEY, &KEY), input, randomness)).expect("a proof")
    };
    let [one, two, five] = [1, 2, 5].map(|threads| proof(threads, 9));
    assert!(one == two && two == five);
    assert!(one != proof(1, 8));
    assert!(verifies(&one, &*INSTANCE));
}
