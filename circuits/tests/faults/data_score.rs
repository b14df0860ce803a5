use std::num::NonZeroU32;

use fairshare_circuits::chips::limbs::{count as limb_count, scaling};
use fairshare_circuits::data_score::{Cells, Clause, INSTANCE_ROWS, Instance, Rows, Witness, check};
use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::plant::{
    Case, Finish, Hide, assert_complete, assert_every_lookup_bites, carry, element, integer, lift, limbs,
    small,
};
use crate::claims::{DataClaim, GEOMETRY};
use crate::fault::Fault;
use crate::system::System;

const ROWS: Rows = Rows::new(GEOMETRY);
const WIDTH: u32 = GEOMETRY.alphabet_bits();
/// Bits of the limbed values, as PROTOCOL has them.
const OFFSET_BITS: u32 = 21;
const COUNT_BITS: u32 = 32;
const REMAINDER_BITS: u32 = 88;
/// Row of the instance that holds the score.
const SCORE: usize = 5;

fn column(cells: Cells) -> usize {
    cells.index(GEOMETRY)
}

fn get(system: &System, cells: Cells, row: usize) -> Fr {
    system.advice[column(cells)][row]
}

fn set(system: &mut System, cells: Cells, row: usize, value: Fr) {
    system.advice[column(cells)][row] = value;
}

fn add(system: &mut System, cells: Cells, row: usize, value: Fr) {
    system.advice[column(cells)][row] += value;
}

fn extract(claim: &DataClaim) -> System {
    System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows())
}

/// What the relation says of the linked counts and the instance, for the honest claim's reference.
fn violated(system: &System) -> Option<&'static str> {
    let (padding, symbols) = system.advice[column(Cells::Counts)][..GEOMETRY.alphabet()].split_at(1);
    // Padding has no range here: how much of it there is, the histograms show.
    let padding = small(padding[0]).expect("padding");
    let counts = symbols.iter().map(|count| small(*count)).collect::<Option<Vec<u32>>>();
    let Some(counts) = counts else { return Some(Clause::CountsRange.name()) };
    let witness = Witness { padding, counts: [&[0][..], &counts].concat() };
    let row = |name| system.instance[0][INSTANCE_ROWS.iter().position(|row| *row == name).expect("a row")];
    let instance = Instance {
        context: [row("context_low"), row("context_high")],
        records: small(row("records")).and_then(NonZeroU32::new).expect("records"),
        features: small(row("features")).expect("features"),
        ln_totals: small(row("ln_totals")).expect("totals"),
        score: small(row("score")).expect("a score"),
    };
    let reference = DataClaim::honest().reference;
    check(&instance, &reference, &witness).err().map(|violation| violation.clause.name())
}

/// Follows the lie: logarithms, running total, sum, score and remainder as the other cells ask.
fn follow(mut system: System) -> System {
    carry(&mut system, "D3 running total", column(Cells::Running));
    for row in 0..ROWS.bottom() {
        let constraint =
            system.constraints.iter().find(|it| it.name == "D5 logarithm").expect("a constraint");
        let residue = system.evaluate(&constraint.polynomial, row);
        add(&mut system, Cells::Logarithm, row, -residue);
    }
    resum(system)
}

/// Follows the counts and logarithms as they are.
fn resum(mut system: System) -> System {
    let context = get(&system, Cells::Sum, 0);
    lift(&mut system, "D6 term", column(Cells::Sum), ROWS.bottom());
    set(&mut system, Cells::Sum, 0, context);
    rescore(system)
}

/// The score of the sum over all symbols as it is, and the remainder that it begins without.
fn rescore(mut system: System) -> System {
    let scaled = REMAINDER_BITS + scaling(REMAINDER_BITS, WIDTH);
    let multiple = Fr::from(1 << (scaled - REMAINDER_BITS));
    // The gate is about a multiple of the sum, so a sum of parts of it is a sum as well.
    let product = integer(total(&system) * multiple);
    set_score(&mut system, &(&product >> scaled));
    let remainder = product & ((BigUint::from(1u32) << scaled) - 1u32);
    let all = limbs(&remainder, WIDTH, limb_count(REMAINDER_BITS, WIDTH));
    let (low, high) = all.split_at(limb_count(COUNT_BITS, WIDTH));
    let mut put = |first: Cells, row: usize, limbs: &[Fr]| {
        limbs.iter().enumerate().for_each(|(index, limb)| system.advice[column(first) + index][row] = *limb);
    };
    put(Cells::CountLimb(0), 0, low);
    put(Cells::Offset(0), ROWS.bottom(), high);
    let low_bits = WIDTH as usize * low.len();
    let taken_off =
        element(&((remainder >> low_bits) << low_bits)) * multiple.invert().expect("an odd modulus");
    let shift = -taken_off - get(&system, Cells::Sum, ROWS.bottom());
    (1..=ROWS.bottom()).for_each(|row| add(&mut system, Cells::Sum, row, shift));
    system
}

/// `S`, of the cells as they are.
fn total(system: &System) -> Fr {
    let [features, ln_totals] = [3, 4].map(|row| system.instance[0][row]);
    let guard = Fr::from(1 << 63) - get(system, Cells::Logarithm, 0);
    let terms = get(system, Cells::Sum, 1) - get(system, Cells::Sum, ROWS.bottom());
    terms + get(system, Cells::Records, 0) * (ln_totals + features * guard)
}

fn score(system: &System) -> BigUint {
    integer(system.instance[0][SCORE])
}

fn set_score(system: &mut System, score: &BigUint) {
    assert!(score.bits() <= 64, "a score that the instance's type can hold");
    system.instance[0][SCORE] = element(score);
}

/// One unit of score more or less than the truth, and nothing else.
fn score_off(more: bool) -> System {
    let mut system = extract(&DataClaim::honest());
    let score = if more { score(&system) + 1u32 } else { score(&system) - 1u32 };
    set_score(&mut system, &score);
    system
}

fn lie(change: impl FnOnce(&mut DataClaim, &mut Vec<Change>)) -> System {
    let (mut claim, mut changes) = (DataClaim::honest(), Vec::new());
    change(&mut claim, &mut changes);
    let mut system = extract(&claim);
    for (cells, row, value) in changes {
        set(&mut system, cells, row, value);
    }
    follow(system)
}

/// A cell's new value.
type Change = (Cells, usize, Fr);

/// Coefficients of a bin's logarithm that stand in no table.
fn other_coefficient() -> System {
    let honest = get(&extract(&DataClaim::honest()), Cells::A, 3);
    lie(|_, changes| changes.push((Cells::A, 3, honest + Fr::from_u128(1 << 90))))
}

fn other_exponent() -> System {
    let honest = get(&extract(&DataClaim::honest()), Cells::Exponent, 3);
    lie(|_, changes| changes.push((Cells::Exponent, 3, honest + Fr::ONE)))
}

/// No coefficients at all: the range table offers `θ·i` for `θ·i + θ²·0 + θ³·0 + θ⁴·0`.
fn no_coefficients() -> System {
    lie(|_, changes| {
        changes.extend([Cells::A, Cells::B, Cells::CMagnitude].map(|cells| (cells, 3, Fr::ZERO)))
    })
}

/// The interval of the number in row `from`, for that in another row.
fn other_interval(row: usize, from: usize) -> System {
    let honest = extract(&DataClaim::honest());
    let cells = [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude];
    lie(|_, changes| changes.extend(cells.map(|cells| (cells, row, get(&honest, cells, from)))))
}

/// A logarithm that its coefficients do not give.
fn other_logarithm() -> System {
    let mut system = extract(&DataClaim::honest());
    add(&mut system, Cells::Logarithm, 3, Fr::from_u128(1 << 90));
    resum(system)
}

/// Half-integer counts: `c = 2^30 + 1/2` normalises as `2^31 + 1` with `p = 2`. With `limb`, the count itself
/// stands for its first limb.
fn half_counts(limb: bool) -> System {
    let half = Fr::TWO_INV;
    let power = Fr::from(1 << 30);
    let claim = DataClaim::new(&[(vec![1 << 30, (1 << 30) + 5], vec![7, 8])]);
    let mut system = extract(&claim);
    for (row, count, offset) in [(1, power + half, 1u64), (2, power + Fr::from(4) + half, 9)] {
        set(&mut system, Cells::Counts, row, count);
        let offset = BigUint::from(offset << scaling(OFFSET_BITS, WIDTH));
        let offsets = limbs(&offset, WIDTH, limb_count(OFFSET_BITS, WIDTH));
        for (index, value) in offsets.into_iter().enumerate() {
            set(&mut system, Cells::Offset(index), row, value);
        }
        for index in 0..limb_count(COUNT_BITS, WIDTH) {
            let value = if limb && index == 0 { count } else { Fr::ZERO };
            set(&mut system, Cells::CountLimb(index), row, value);
        }
    }
    follow(system)
}

/// One record more in the instance, with its logarithm, than in the rows of the totals.
fn other_records() -> System {
    let mut claim = DataClaim::honest();
    let honest = Fr::from(u64::from(claim.instance.records.get()));
    claim.instance.records = claim.instance.records.checked_add(1).expect("32 bits");
    let mut system = extract(&claim);
    (1..=ROWS.bottom()).for_each(|row| set(&mut system, Cells::Records, row, honest));
    resum(system)
}

fn unused_symbol() -> System {
    lie(|claim, _| claim.witness.counts[500] = 1)
}

/// A record missing from the first feature.
fn missing_record(change: impl FnOnce(&mut System)) -> System {
    let mut system = lie(|claim, _| claim.witness.counts[1] -= 1);
    change(&mut system);
    system
}

/// The running total one ahead in the first feature, from a row on.
fn ahead_from(first: usize) -> System {
    missing_record(|system| (first..=4).for_each(|row| add(system, Cells::Running, row, Fr::ONE)))
}

/// The sum larger by a unit of score, from a row upwards.
fn sum_ahead_from(last: usize) -> System {
    let mut system = score_off(true);
    (1..=last).for_each(|row| add(&mut system, Cells::Sum, row, unit()));
    system
}

/// What a unit of score is of the sum.
fn unit() -> Fr {
    Fr::from(2).pow_vartime([u64::from(REMAINDER_BITS)])
}

/// The column of the remainder's last limb, in row `F`.
fn last_of_remainder() -> usize {
    column(Cells::Offset(0)) + limb_count(REMAINDER_BITS, WIDTH) - limb_count(COUNT_BITS, WIDTH) - 1
}

/// One unit of score less, all of it in the remainder's last limb.
fn remainder_too_large() -> System {
    let mut system = score_off(false);
    system.advice[last_of_remainder()][ROWS.bottom()] += Fr::from(1 << WIDTH);
    (1..=ROWS.bottom()).for_each(|row| add(&mut system, Cells::Sum, row, -unit()));
    system
}

fn other_instance(row: usize) -> System {
    let mut system = extract(&DataClaim::honest());
    system.instance[0][row] += if row == 4 { Fr::from_u128(1 << 100) } else { Fr::ONE };
    system
}

fn cases() -> Vec<Case> {
    let case = |name, fault, lie, refused_by, breaks: Clause| Case {
        name,
        fault,
        lie,
        finish: Finish::RECOUNT,
        refused_by,
        breaks: Some(breaks.name()),
    };
    let constraint = |name, label, lie, breaks| case(name, Fault::Constraint(label), lie, label, breaks);
    let lookup =
        |name, cells, lie, breaks| case(name, Fault::Lookup(column(cells)), lie, "LogUp boundary", breaks);
    let on_row = |name, label, row, lie| case(name, Fault::OnRow(label, row), lie, label, Clause::Score);
    let usable = GEOMETRY.usable_rows();
    let mut cases = vec![
        constraint("records of the instance", "D1 records", other_instance(2), Clause::FeatureTotals),
        constraint("records of the totals", "D1 same records", other_records(), Clause::FeatureTotals),
        constraint("an unused symbol", "D2 unused-empty", unused_symbol(), Clause::UnusedEmpty),
        constraint("a record missing", "D3 feature total", missing_record(|_| {}), Clause::FeatureTotals),
        constraint("a record missing, start", "D3 start", ahead_from(1), Clause::FeatureTotals),
        constraint("a record missing, middle", "D3 running total", ahead_from(2), Clause::FeatureTotals),
        constraint("half counts", "D4 counts-range", half_counts(false), Clause::CountsRange),
        lookup("half counts, limb", Cells::CountLimb(0), half_counts(true), Clause::CountsRange),
        constraint("another interval", "D5 normalised", other_interval(3, 4), Clause::Score),
        constraint("another interval for n", "D5 normalised n", other_interval(0, 3), Clause::Score),
        constraint("another logarithm", "D5 logarithm", other_logarithm(), Clause::Score),
        lookup("a free coefficient", Cells::Interval, other_coefficient(), Clause::Score),
        lookup("a free exponent", Cells::Exponent, other_exponent(), Clause::Score),
        case("no coefficients", Fault::Tags, no_coefficients(), "LogUp boundary", Clause::Score),
        constraint("a step aside", "D6 term", sum_ahead_from(30), Clause::Score),
        constraint("a head start", "D7 high", sum_ahead_from(ROWS.bottom()), Clause::Score),
        constraint("no division", "D7 score", score_off(true), Clause::Score),
        constraint("other features", "D7 score", other_instance(3), Clause::InstanceBound),
        constraint("other totals", "D7 score", other_instance(4), Clause::Score),
        case(
            "a remainder too large",
            Fault::Lookup(last_of_remainder()),
            remainder_too_large(),
            "LogUp boundary",
            Clause::Score,
        ),
        on_row("a free coefficient, end", "LogUp boundary", usable, other_coefficient()),
        on_row("a free coefficient, start", "LogUp boundary", 0, other_coefficient()),
        Case {
            finish: Finish::RECOUNT.hiding(Hide::InHelper),
            ..constraint("a free coefficient, helper", "LogUp helper", other_coefficient(), Clause::Score)
        },
        Case {
            finish: Finish::RECOUNT.hiding(Hide::InSum),
            ..constraint("a free coefficient, sum", "LogUp sum", other_coefficient(), Clause::Score)
        },
    ];
    // The relation does not see contexts: there the lie is that the instance says so.
    let contexts = [("context, low", "D1 context low"), ("context, high", "D1 context high")];
    cases.extend(contexts.into_iter().enumerate().map(|(row, (name, label))| Case {
        breaks: None,
        ..constraint(name, label, other_instance(row), Clause::Score)
    }));
    cases
}

#[test]
fn each_fault_lets_a_lie_through() {
    let cases = cases();
    assert_complete(&cases, &extract(&DataClaim::honest()));
    cases.iter().for_each(|case| case.judge(violated));
}

#[test]
fn every_lookup_bites() {
    // Every limb, and two tuples.
    let limbs = Cells::count(GEOMETRY) - column(Cells::Offset(0));
    assert_every_lookup_bites(&extract(&DataClaim::honest()), limbs + 2);
}
