use std::num::NonZeroU32;

use fairshare_circuits::chips::limbs::{count as limb_count, scaling};
use fairshare_circuits::data_score::{Cells, Clause, INSTANCE_ROWS, Instance, Rows, Witness, check};
use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::plant::{
    Case, Finish, Hide, assert_complete, assert_every_lookup_bites, carry, element, integer, limbs, small,
};
use crate::claims::{DataClaim, GEOMETRY};
use crate::fault::Fault;
use crate::system::System;

const ROWS: Rows = Rows::new(GEOMETRY);
const WIDTH: u32 = GEOMETRY.alphabet_bits();
/// Bits of the limbed values, as PROTOCOL has them.
const OFFSET_BITS: u32 = 21;
const COUNT_BITS: u32 = 32;
const REMAINDER_BITS: u32 = 80;
/// Rows of `io` that hold the score, and of the instance.
const SCORE: (usize, usize) = (GEOMETRY.alphabet() + 2, 6);

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
    let counts: Option<Vec<u32>> = system.advice[column(Cells::Counts)][..GEOMETRY.alphabet()]
        .iter()
        .map(|count| small(*count))
        .collect();
    let Some(counts) = counts else { return Some(Clause::CountsRange.name()) };
    let row = |name| system.instance[0][INSTANCE_ROWS.iter().position(|row| *row == name).expect("a row")];
    let instance = Instance {
        context: [row("context_low"), row("context_high")],
        records: small(row("records")).and_then(NonZeroU32::new).expect("records"),
        features: small(row("features")).expect("features"),
        ln_totals: small(row("ln_totals")).expect("totals"),
        score: small(row("score")).expect("a score"),
    };
    let reference = DataClaim::honest().reference;
    check(&instance, &reference, &Witness { counts }).err().map(|violation| violation.clause.name())
}

/// Follows the lie: running total, sum, score, remainder and slack as the cells above them ask.
fn follow(mut system: System) -> System {
    carry(&mut system, "D3 running total", column(Cells::Running));
    carry(&mut system, "D6 term", column(Cells::Sum));
    carry(&mut system, "D6 total", column(Cells::Sum));
    rescore(system)
}

fn divisor(system: &System) -> BigUint {
    integer(get(system, Cells::Records, ROWS.division())) << 48u32
}

/// The score of the sum as it is, with its remainder and slack.
fn rescore(mut system: System) -> System {
    let divisor = divisor(&system);
    let total = integer(get(&system, Cells::Sum, ROWS.total() + 1));
    let remainder = &total % &divisor;
    set_score(&mut system, &(total / &divisor));
    set_wide(&mut system, ROWS.remainder(), &remainder);
    set_wide(&mut system, ROWS.slack(), &(divisor - 1u32 - remainder));
    system
}

fn score(system: &System) -> BigUint {
    integer(system.instance[0][SCORE.1])
}

fn set_score(system: &mut System, score: &BigUint) {
    assert!(score.bits() <= 64, "a score that the instance's type can hold");
    set(system, Cells::Io, SCORE.0, element(score));
    system.instance[0][SCORE.1] = element(score);
}

/// A value in column `a` and its limbs.
fn set_wide(system: &mut System, row: usize, value: &BigUint) {
    set(system, Cells::Running, row, element(value));
    let first = column(Cells::Offset(0));
    let per_row = Cells::count(GEOMETRY) - first;
    let limbs = limbs(value, WIDTH, limb_count(REMAINDER_BITS, WIDTH));
    for (offset, limbs) in limbs.chunks(per_row).enumerate() {
        for (column, limb) in limbs.iter().enumerate() {
            system.advice[first + column][row + offset] = *limb;
        }
    }
}

/// One unit of score more or less than the truth; the remainder follows in the field, its limbs do not.
fn score_off(more: bool) -> System {
    let mut system = extract(&DataClaim::honest());
    let divisor = element(&divisor(&system));
    let (score, step) = match more {
        true => (score(&system) + 1u32, -divisor),
        false => (score(&system) - 1u32, divisor),
    };
    set_score(&mut system, &score);
    let remainder = get(&system, Cells::Running, ROWS.remainder()) + step;
    let slack = get(&system, Cells::Running, ROWS.slack()) - step;
    for (row, value) in [(ROWS.remainder(), remainder), (ROWS.slack(), slack)] {
        if integer(value).bits() <= 80 {
            set_wide(&mut system, row, &integer(value));
        } else {
            set(&mut system, Cells::Running, row, value);
        }
    }
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

/// Another bin's interval, and the flag that makes the count normalise with it.
fn other_interval(flag: bool) -> System {
    let honest = extract(&DataClaim::honest());
    let cells = [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude];
    let scale = Fr::from(1 << scaling(OFFSET_BITS, WIDTH)).invert().expect("an odd modulus");
    let limb = |limb: usize| get(&honest, Cells::Offset(limb), 3) * Fr::from(1u64 << (WIDTH as usize * limb));
    let offset = (0..limb_count(OFFSET_BITS, WIDTH)).map(limb).sum::<Fr>() * scale;
    let interval = get(&honest, Cells::Interval, 4);
    let mantissa = Fr::from(1 << 31) + interval * Fr::from(1 << 21) + offset;
    let normalised = get(&honest, Cells::Counts, 3) * get(&honest, Cells::Power, 3);
    lie(|_, changes| {
        changes.extend(cells.map(|cells| (cells, 3, get(&honest, cells, 4))));
        if flag {
            changes.push((Cells::Nonempty, 3, normalised * mantissa.invert().expect("a mantissa")));
        }
    })
}

/// Half-integer counts: `c = 2^30 + 1/2` normalises as `2^31 + 1` with `p = 2`. With `limb`, the count itself
/// stands for its first limb.
fn half_counts(limb: bool) -> System {
    let half = Fr::TWO_INV;
    let power = Fr::from(1 << 30);
    (1..64u32)
        .map(|reference| {
            let claim = DataClaim::new(&[(vec![1 << 30, (1 << 30) + 5], vec![7, reference])]);
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
            carry(&mut system, "D3 running total", column(Cells::Running));
            carry(&mut system, "D6 term", column(Cells::Sum));
            carry(&mut system, "D6 total", column(Cells::Sum));
            system
        })
        // The two halves of logarithms add up to an integer for every other reference.
        .find(|system| integer(get(system, Cells::Sum, ROWS.total() + 1)).bits() < 180)
        .map(rescore)
        .expect("a reference that suits")
}

/// `n` twice as large in the row of the division, which halves the score.
fn other_records() -> System {
    let mut system = extract(&DataClaim::honest());
    let twice = get(&system, Cells::Records, ROWS.division()).double();
    set(&mut system, Cells::Records, ROWS.division(), twice);
    rescore(system)
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

/// The sum larger by what a unit of score is worth, from a row on.
fn sum_ahead_from(first: usize) -> System {
    let mut system = extract(&DataClaim::honest());
    let unit = element(&divisor(&system));
    (first..=ROWS.total() + 1).for_each(|row| add(&mut system, Cells::Sum, row, unit));
    rescore(system)
}

fn score_without_remainder() -> System {
    let mut system = extract(&DataClaim::honest());
    let score = score(&system) + 1u32;
    set_score(&mut system, &score);
    system
}

/// One unit of score less, the remainder above its bound, and the slack of another remainder.
fn remainder_too_large() -> System {
    let mut system = score_off(false);
    set_wide(&mut system, ROWS.slack(), &BigUint::from(1u32));
    system
}

/// One unit of score less; the negative slack is its own first limb.
fn slack_as_limb() -> System {
    let mut system = score_off(false);
    let slack = get(&system, Cells::Running, ROWS.slack());
    set_wide(&mut system, ROWS.slack(), &BigUint::ZERO);
    set(&mut system, Cells::Running, ROWS.slack(), slack);
    set(&mut system, Cells::Offset(0), ROWS.slack(), slack);
    system
}

fn other_instance(row: usize) -> System {
    let mut system = extract(&DataClaim::honest());
    system.instance[0][row] += if row == 5 { Fr::from_u128(1 << 100) } else { Fr::ONE };
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
        constraint("half the score", "D1 records", other_records(), Clause::Score),
        constraint("an unused symbol", "D2 unused-empty", unused_symbol(), Clause::UnusedEmpty),
        constraint("a record missing", "D3 feature total", missing_record(|_| {}), Clause::FeatureTotals),
        constraint("a record missing, start", "D3 start", ahead_from(1), Clause::FeatureTotals),
        constraint("a record missing, middle", "D3 running total", ahead_from(2), Clause::FeatureTotals),
        constraint("half counts", "D4 counts-range", half_counts(false), Clause::CountsRange),
        lookup("half counts, limb", Cells::CountLimb(0), half_counts(true), Clause::CountsRange),
        constraint("another logarithm", "D5 normalised", other_interval(false), Clause::Score),
        constraint("another logarithm, flag", "D5 nonempty", other_interval(true), Clause::Score),
        lookup("a free coefficient", Cells::Interval, other_coefficient(), Clause::Score),
        lookup("a free exponent", Cells::Exponent, other_exponent(), Clause::Score),
        case("no coefficients", Fault::Tags, no_coefficients(), "LogUp boundary", Clause::Score),
        constraint("a head start", "D6 start", sum_ahead_from(1), Clause::Score),
        constraint("a step aside", "D6 term", sum_ahead_from(31), Clause::Score),
        constraint("a last step", "D6 total", sum_ahead_from(ROWS.total() + 1), Clause::Score),
        constraint("no division", "D7 division", score_without_remainder(), Clause::Score),
        constraint("no bound", "D7 remainder", remainder_too_large(), Clause::Score),
        on_row("a negative remainder", "D7 range", ROWS.remainder(), score_off(true)),
        on_row("a remainder too large", "D7 range", ROWS.slack(), score_off(false)),
        lookup("a negative limb", Cells::Offset(0), slack_as_limb(), Clause::Score),
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
    // The relation does not see contexts, and computes `Ln(n)` itself: there the lie is that the instance
    // says so.
    let breaks = [None, None, Some(Clause::FeatureTotals), Some(Clause::InstanceBound), None];
    let breaks = breaks.into_iter().chain([Some(Clause::Score); 2]);
    cases.extend(breaks.enumerate().map(|(row, breaks)| Case {
        breaks: breaks.map(Clause::name),
        ..case(INSTANCE_ROWS[row], Fault::Copy(row), other_instance(row), "permutation", Clause::Score)
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
