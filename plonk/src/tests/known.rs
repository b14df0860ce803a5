//! Columns that were committed to before: kept, or blinded afresh.

use super::*;

/// The points that a proof begins with: its first columns' commitments.
fn first_points<const N: usize>(proof: &[u8]) -> [&[u8]; N] {
    std::array::from_fn(|index| &proof[POINT_BYTES * index..][..POINT_BYTES])
}

/// What the circuit fills a column with.
fn column(index: u64) -> [Fr; ROWS] {
    [0, 1, 2, 3, 4].map(|row| Fr::from(3 + index * (1 + u64::from(row == 2))))
}

/// A blinding whose rows all differ.
fn secret(number: u64) -> Blinding {
    Blinding(std::array::from_fn(|row| Fr::from(number * 1_000_003 + row as u64)))
}

fn committed(index: u64, blinding: &Blinding) -> G1Affine {
    commitment::commit(&*SRS, &column(index), blinding).to_affine()
}

/// The circuit's column of that index, as it was committed to before.
fn known(index: u64, blinding: &Blinding, rows: LastRows) -> Known<'_> {
    Known { commitment: committed(index, blinding), blinding, rows }
}

static SECRETS: LazyLock<[Blinding; 3]> = LazyLock::new(|| [1, 2, 3].map(secret));

/// One of each kind, and two with fresh rows.
pub fn each_kind() -> [Known<'static>; 4] {
    [
        known(0, &SECRETS[0], LastRows::Kept),
        known(1, &SECRETS[1], LastRows::Fresh),
        known(2, &Blinding::PUBLIC, LastRows::Kept),
        known(3, &SECRETS[2], LastRows::Fresh),
    ]
}

/// A proof, and the fresh last rows that come with it.
fn prove_knowing(known: &[Known<'_>], randomness: Randomness) -> Result<(Vec<u8>, Vec<Drawn>), PlonkError> {
    let circuit = Everything::<false>::default();
    let input = ProverInput { known, ..ProverInput::new(&circuit, &*INSTANCE) };
    let mut transcript = Writer::new();
    let drawn = Prover::new(&COMMIT_KEY, &KEY).prove(input, randomness, &mut transcript)?;
    Ok((transcript.into_proof(), drawn))
}

#[test]
fn a_commitment_that_is_kept_is_the_proofs_own() {
    let [(proof, _), (again, _)] =
        [(); 2].map(|()| prove_knowing(&each_kind(), fresh()).expect("a proof and rows"));
    assert!(verifies(&proof, &*INSTANCE) && verifies(&again, &*INSTANCE));
    let [secret, _, public, _, unknown] = first_points(&proof);
    assert_eq!(secret, encode_point(&committed(0, &SECRETS[0])));
    assert_eq!(public, encode_point(&commitment::commit_public(&*SRS, &column(2))));
    let [secret_again, _, public_again, _, unknown_again] = first_points(&again);
    assert_eq!((secret_again, public_again), (secret, public));
    assert_ne!(unknown_again, unknown, "of a column that nobody knows");
}

/// The difference to the known commitment is one of last rows alone, and whoever proves can open it: that is
/// what a link shows.
#[test]
fn a_commitment_with_fresh_rows_is_another_each_time_and_its_rows_are_handed_out() {
    let known = each_kind();
    let proofs = [(); 2].map(|()| prove_knowing(&known, fresh()).expect("a proof and rows"));
    for (proof, drawn) in &proofs {
        assert!(verifies(proof, &*INSTANCE));
        let [_, first, _, second] = first_points(proof);
        assert_eq!(drawn.len(), 2, "none is drawn for rows that are kept");
        for ((index, point), drawn) in [(1, first), (3, second)].into_iter().zip(drawn) {
            assert_eq!(point, encode_point(&committed(index as u64, drawn)));
            let Known { commitment, blinding, .. } = known[index];
            let change = std::array::from_fn::<_, BLINDING_ROWS, _>(|row| drawn.0[row] - blinding.0[row]);
            assert!(change.iter().all(|row| *row != Fr::ZERO), "each row is drawn");
            let change = commitment::commit(&*SRS, &[], &Blinding(change));
            assert_eq!(point, encode_point(&(change + commitment).to_affine()));
        }
    }
    let [one, other] = proofs.each_ref().map(|(proof, _)| first_points::<4>(proof));
    assert!(one[1] != other[1] && one[3] != other[3]);
    let rows: HashSet<_> = proofs
        .iter()
        .flat_map(|(_, drawn)| drawn.iter().flat_map(|drawn| drawn.0.map(|row| encode_scalar(&row))))
        .collect();
    assert_eq!(rows.len(), 2 * 2 * BLINDING_ROWS, "no row is drawn twice");
}

/// Everything stands in one column's place in turn: other values, another blinding, another column.
#[test]
fn what_is_known_falsely_gives_no_proof_that_verifies() {
    for rows in [LastRows::Kept, LastRows::Fresh] {
        let [blinding, other] = [&SECRETS[0], &SECRETS[1]];
        let truth = known(1, blinding, rows);
        let proves = |known: Known<'_>| {
            let columns = [each_kind()[0], known];
            verifies(&prove_knowing(&columns, fresh()).expect("something").0, &*INSTANCE)
        };
        assert!(proves(truth), "{rows:?}");
        let mut values = column(1);
        values[3] += Fr::ONE;
        let values = commitment::commit(&*SRS, &values, blinding).to_affine();
        assert!(!proves(Known { commitment: values, ..truth }), "{rows:?}: a value");
        assert!(!proves(Known { commitment: committed(2, blinding), ..truth }), "{rows:?}: a column");
        assert!(!proves(Known { commitment: committed(1, other), ..truth }), "{rows:?}: a commitment's rows");
        assert!(!proves(Known { blinding: other, ..truth }), "{rows:?}: rows");
        let mut row = blinding.clone();
        row.0[BLINDING_ROWS - 1] += Fr::ONE;
        assert!(!proves(Known { blinding: &row, ..truth }), "{rows:?}: the last row");
    }
}

/// A proof begins with its columns in order, so what is known of the first must not be taken for the second.
#[test]
fn what_is_known_goes_by_the_columns_order() {
    let [one, other] = [known(0, &SECRETS[0], LastRows::Kept), known(1, &SECRETS[1], LastRows::Kept)];
    let proves =
        |known: &[Known<'_>]| verifies(&prove_knowing(known, fresh()).expect("something").0, &*INSTANCE);
    assert!(proves(&[one, other]));
    assert!(!proves(&[other, one]));
}

#[test]
fn more_known_columns_than_there_are_are_refused() {
    let columns = KEY.cs().num_advice_columns();
    assert_eq!(columns, COPIED + 2);
    let all: Vec<_> = (0..=columns as u64).map(|index| known(index, &SECRETS[0], LastRows::Kept)).collect();
    let refused = prove_knowing(&all, fresh());
    assert!(matches!(refused, Err(PlonkError::Known { column }) if column == columns), "{refused:?}");
    // As many as there are can be known, of the second phase too. Its values come of a challenge, so nobody
    // committed to them before.
    let proof = prove_knowing(&all[..columns], fresh()).expect("something").0;
    assert!(!verifies(&proof, &*INSTANCE));
    let first: [_; COPIED] = std::array::from_fn(|index| all[index]);
    assert!(verifies(&prove_knowing(&first, fresh()).expect("a proof").0, &*INSTANCE));
}

/// A circuit that looks at four rows of a column at once, so that the library blinds one row more.
#[derive(Clone, Debug, Default)]
struct FarSighted;

impl Circuit<Fr> for FarSighted {
    type Config = (ColumnOf<Advice>, Selector);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let (value, active, _) = (meta.advice_column(), meta.selector(), meta.instance_column());
        meta.create_gate("value·(four values) = 0", |_| {
            let [above, here, next, last] = [-1, 0, 1, 2].map(|row| value.rot(row));
            let product = here.clone() * (above + here + next + last);
            Constraints::with_selector(active.expr(), [("sum", product)])
        });
        (value, active)
    }

    fn synthesize(
        &self,
        (column, active): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "four",
            |mut region| {
                for (row, value) in [Fr::ONE, Fr::ONE, Fr::ONE, -Fr::from(3)].into_iter().enumerate() {
                    region.assign_advice(column, row, Value::known(value));
                }
                active.enable(&mut region, 1)
            },
        )
    }
}

/// A commitment of six last rows is not the column's that has seven.
#[test]
fn a_key_with_other_blinding_rows_takes_no_known_column() {
    let key = key(&FarSighted);
    assert_eq!(key.blinding_rows(), BLINDING_ROWS + 1);
    let prove = |known: &[Known<'_>]| {
        let input = ProverInput { known, ..ProverInput::new(&FarSighted, &[]) };
        proof_by(&Prover::new(&COMMIT_KEY, &key), input, fresh())
    };
    assert!(verifies_with(&key, &prove(&[]).expect("a proof"), &[]));
    let refused = prove(&[known(0, &SECRETS[0], LastRows::Kept)]);
    assert!(matches!(refused, Err(PlonkError::Known { column: 0 })), "{refused:?}");
}

/// So a proof can be made of nothing but its input and a seed, on whatever machine.
#[test]
fn one_seed_makes_one_proof_of_known_columns_on_any_number_of_threads() {
    let proof = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let randomness = Randomness::from_seed([seed; 32].into());
        let (proof, drawn) =
            pool.install(|| prove_knowing(&each_kind(), randomness)).expect("a proof and rows");
        (proof, drawn.iter().map(|drawn| drawn.0).collect::<Vec<_>>())
    };
    let [one, two, five] = [1, 2, 5].map(|threads| proof(threads, 9));
    assert!(one == two && two == five);
    let other = proof(1, 8);
    assert!(one.0 != other.0 && one.1.iter().all(|drawn| !other.1.contains(drawn)));
    assert!(verifies(&one.0, &*INSTANCE));
}

/// Whoever has a proof's seed can commit to a column before: its last rows then are known, and kept, and the
/// proof is the same to the byte.
#[test]
fn a_columns_last_rows_are_told_before_its_proof() {
    let seed = || Randomness::from_seed([7; 32].into());
    let (plain, none) = prove_knowing(&[], seed()).expect("a proof");
    assert!(none.is_empty());
    let rows = SRS.geometry().rows();
    let blindings = [0, 1, 2].map(|column| seed().blinding(column, rows));
    for (index, point) in first_points::<3>(&plain).into_iter().enumerate() {
        assert_eq!(point, encode_point(&committed(index as u64, &blindings[index])), "column {index}");
    }
    let kept = [0, 1, 2].map(|index| known(index as u64, &blindings[index], LastRows::Kept));
    assert!(prove_knowing(&kept, seed()).expect("a proof").0 == plain);
}

/// One proof stays within the budget that [`LastRows::Kept`] states.
#[test]
fn a_proof_evaluates_a_column_fewer_times_than_it_has_blinding_rows() {
    for key in [&*KEY, &*HIDDEN_KEY] {
        let queries = key.cs().advice_queries();
        let most = (0..key.cs().num_advice_columns())
            .map(|column| queries.iter().filter(|(queried, _)| queried.index() == column).count())
            .max();
        assert!(most.is_some_and(|most| most > 0 && most < key.blinding_rows()), "{most:?}");
    }
}

/// Of a registered column five proofs are within it: each evaluates it once. That of a score, whose rows are
/// fresh, is within it by itself.
#[test]
fn the_columns_of_commitments_outside_are_within_their_budgets() {
    for kind in CircuitKind::all(SRS.geometry()) {
        let key = VerifyingKey::build(&SRS, kind).expect("a key");
        let queries = key.key().cs().advice_queries();
        let leading = 0..kind.leading_columns();
        for column in leading.clone() {
            let count = queries.iter().filter(|(queried, _)| queried.index() == column).count();
            assert_eq!(count, 1, "{kind:?}: column {column}");
        }
        assert!(!leading.is_empty() && key.key().cs().blinding_factors() + 1 == BLINDING_ROWS);
    }
}
