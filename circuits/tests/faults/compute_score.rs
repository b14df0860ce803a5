use fairshare_circuits::chips::limbs::{count as limb_count, scaling};
use fairshare_circuits::compute_score::{Cells, Clause, INSTANCE_ROWS, Instance, Rows, Witness, check};
use ff::Field;
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use super::plant::{
    Case, Finish, Hide, assert_complete, assert_every_lookup_bites, element, integer, lift, limbs, small,
};
use crate::claims::{ComputeClaim, GEOMETRY};
use crate::fault::Fault;
use crate::system::System;

const ROWS: Rows = Rows::new(GEOMETRY);
/// Row of the instance that holds the score.
const SCORE: usize = 4;
const WIDTH: u32 = GEOMETRY.alphabet_bits();
/// Bits of the limbed values, as PROTOCOL has them.
const UNIT_BITS: u32 = 32;
const DECAY_BITS: u32 = 65;
const LOST_BITS: u32 = 64;
const REMAINDER_BITS: u32 = 96;
/// The last round of the honest claim with units.
const LAST: usize = 9;

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

fn honest() -> System {
    extract(&ComputeClaim::honest())
}

fn extract(claim: &ComputeClaim) -> System {
    System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows())
}

/// What the relation says of the public units and totals, and the instance.
fn violated(system: &System) -> Option<&'static str> {
    let numbers = |cells| -> Vec<u32> {
        let values = &system.advice[column(cells)][..GEOMETRY.usable_rows()];
        values.iter().map(|value| small(*value).expect("32 bits")).collect()
    };
    let row = |name| system.instance[0][INSTANCE_ROWS.iter().position(|row| *row == name).expect("a row")];
    let instance = Instance {
        context: [row("context_low"), row("context_high")],
        rho: small(row("rho")).expect("ρ"),
        lambda_q: small(row("lambda_q")).expect("λ"),
        score: small(row("score")).expect("a score"),
    };
    let witness = Witness { units: numbers(Cells::Units), totals: numbers(Cells::Totals) };
    check(GEOMETRY, &instance, &witness).err().map(|violation| violation.clause.name())
}

/// Follows the lie: sum, score and the score's remainder as the other cells ask.
fn follow(mut system: System) -> System {
    lift(&mut system, "C5 term", column(Cells::Sum), ROWS.bottom());
    rescore(system)
}

/// The score of the sum over all rounds as it is, and the remainder that it begins without.
fn rescore(mut system: System) -> System {
    let total = get(&system, Cells::Sum, 0) - get(&system, Cells::Sum, ROWS.bottom());
    // The gate is about a multiple of the sum, so a sum of parts of it is a sum as well.
    let scaled = REMAINDER_BITS + scaling(REMAINDER_BITS, WIDTH);
    let multiple = Fr::from(1 << (scaled - REMAINDER_BITS));
    let product = integer(total * multiple);
    let score = &product >> scaled;
    assert!(score.bits() <= 64, "a score that the instance's type can hold");
    set_score(&mut system, &score);
    let remainder = product & ((BigUint::from(1u32) << scaled) - 1u32);
    set_limbs(&mut system, Cells::UnitLimb(0), ROWS.bottom(), &remainder, REMAINDER_BITS);
    let begins = -element(&remainder) * multiple.invert().expect("an odd modulus");
    let shift = begins - get(&system, Cells::Sum, ROWS.bottom());
    (0..=ROWS.bottom()).for_each(|row| add(&mut system, Cells::Sum, row, shift));
    system
}

fn score(system: &System) -> BigUint {
    integer(system.instance[0][SCORE])
}

fn set_score(system: &mut System, score: &BigUint) {
    system.instance[0][SCORE] = element(score);
}

fn lie(changes: impl IntoIterator<Item = (Cells, usize, Fr)>) -> System {
    let mut system = honest();
    for (cells, row, value) in changes {
        add(&mut system, cells, row, value);
    }
    follow(system)
}

/// The limbs of a value of so many bits, from the first on.
fn set_limbs(system: &mut System, first: Cells, row: usize, value: &BigUint, bits: u32) {
    for (index, limb) in limbs(value, WIDTH, limb_count(bits, WIDTH)).into_iter().enumerate() {
        system.advice[column(first) + index][row] = limb;
    }
}

/// `ρ = 0` from a round on, and nothing left of the decay after it.
fn rho_vanishes() -> System {
    let mut system = honest();
    (LAST..=ROWS.bottom()).for_each(|row| set(&mut system, Cells::Rho, row, Fr::ZERO));
    (LAST - 1..ROWS.bottom())
        .for_each(|row| set_limbs(&mut system, Cells::Lost(0), row, &BigUint::ZERO, LOST_BITS));
    (LAST..=ROWS.bottom())
        .for_each(|row| set_limbs(&mut system, Cells::Decay(0), row, &BigUint::ZERO, DECAY_BITS));
    follow(system)
}

/// The decay of the last round is another, and the true recurrence goes on from it.
fn other_decay(decay: impl FnOnce(BigUint) -> BigUint) -> System {
    let system = honest();
    let limb = |index: usize| integer(get(&system, Cells::Decay(index), LAST)) << (WIDTH as usize * index);
    let decay = decay((0..limb_count(DECAY_BITS, WIDTH)).map(limb).sum());
    recur(system, LAST, decay)
}

/// The true recurrence from a decay on.
fn recur(mut system: System, first: usize, mut decay: BigUint) -> System {
    let rho = integer(get(&system, Cells::Rho, 1));
    for row in first..=ROWS.bottom() {
        set_limbs(&mut system, Cells::Decay(0), row, &decay, DECAY_BITS);
        if row < ROWS.bottom() {
            let product = &decay * &rho;
            decay = &product >> 64u32;
            let lost = (product - (&decay << 64u32)) << scaling(LOST_BITS, WIDTH);
            set_limbs(&mut system, Cells::Lost(0), row, &lost, LOST_BITS);
        }
    }
    follow(system)
}

/// The last round's decay larger by 2^40, its part lost negative by as much.
fn negative_loss() -> System {
    let mut system = other_decay(|decay| decay + (1u64 << 40));
    let missing = element(&(BigUint::from(1u32) << (40 + 64 + scaling(LOST_BITS, WIDTH))));
    add(&mut system, Cells::Lost(0), LAST - 1, -missing);
    system
}

/// More units than the round has, and the share that they would be.
fn too_many_units(rest_as_limb: bool) -> System {
    let mut claim = ComputeClaim::honest();
    claim.witness.units[0] = 2000;
    let mut system = extract(&claim);
    if rest_as_limb {
        set_limbs(&mut system, Cells::Rest(0), 0, &BigUint::ZERO, UNIT_BITS);
        set(&mut system, Cells::Rest(0), 0, -Fr::from(1000));
    }
    follow(system)
}

/// Half a decay in the first round, with everything after it true.
fn other_start() -> System {
    recur(honest(), 0, BigUint::from(1u32) << 63u32)
}

/// The sum larger by a unit of score, from a row upwards.
fn sum_ahead_from(last: usize) -> System {
    let mut system = score_off(true);
    (0..=last).for_each(|row| add(&mut system, Cells::Sum, row, Fr::from(2).pow_vartime([96])));
    system
}

/// `λ_q` twice as large from a round on.
fn other_lambda() -> System {
    let mut system = honest();
    let twice = get(&system, Cells::Lambda, 1).double();
    (LAST..=ROWS.bottom()).for_each(|row| set(&mut system, Cells::Lambda, row, twice));
    follow(system)
}

/// Units, or totals, in a row that is no round's.
fn past_the_rounds(cells: Cells) -> System {
    let mut system = honest();
    set(&mut system, cells, ROWS.bottom(), Fr::from(7));
    system
}

/// One unit of share more in round 0, and the remainder negative.
fn rounded_up() -> System {
    let mut system = honest();
    let slack = integer(get(&system, Cells::Slack(0), 0)) + 1000u32;
    set_limbs(&mut system, Cells::Slack(0), 0, &slack, UNIT_BITS);
    add(&mut system, Cells::Share(0), 0, Fr::ONE);
    add(&mut system, Cells::Remainder(0), 0, -Fr::from(1000));
    follow(system)
}

/// One unit of share less in round 0, and the remainder larger by the total.
fn rounded_down(slack: Fr) -> System {
    let mut system = honest();
    let remainder = integer(get(&system, Cells::Remainder(0), 0)) + 1000u32;
    set_limbs(&mut system, Cells::Remainder(0), 0, &remainder, UNIT_BITS);
    add(&mut system, Cells::Share(0), 0, -Fr::ONE);
    add(&mut system, Cells::Slack(0), 0, slack);
    follow(system)
}

/// One unit of score more or less than the truth, and nothing else.
fn score_off(more: bool) -> System {
    let mut system = honest();
    let score = if more { score(&system) + 1u32 } else { score(&system) - 1u32 };
    set_score(&mut system, &score);
    system
}

/// The column of the last limb of the score's remainder, which stands in the first limbs of a round.
fn last_of_remainder() -> usize {
    column(Cells::UnitLimb(0)) + limb_count(REMAINDER_BITS, WIDTH) - 1
}

/// One unit of score less, all of it in the remainder's last limb.
fn remainder_too_large() -> System {
    let mut system = score_off(false);
    system.advice[last_of_remainder()][ROWS.bottom()] += Fr::from(1 << WIDTH);
    let unit = Fr::from(2).pow_vartime([96]);
    (0..=ROWS.bottom()).for_each(|row| add(&mut system, Cells::Sum, row, -unit));
    system
}

fn other_instance(row: usize) -> System {
    let mut system = honest();
    system.instance[0][row] += Fr::from([1, 1, 1 << 40, 1 << 20][row]);
    system
}

fn cases() -> Vec<Case> {
    let (one, total) = (Fr::ONE, Fr::from(1000));
    let (share, remainder, slack) = (Cells::Share(0), Cells::Remainder(0), Cells::Slack(0));
    let case = |name, fault, lie, refused_by, breaks: Clause| Case {
        name,
        fault,
        lie,
        finish: Finish::RECOUNT,
        refused_by,
        breaks: Some(breaks.name()),
    };
    let constraint = |name, label, lie| case(name, Fault::Constraint(label), lie, label, Clause::Score);
    let lookup =
        |name, cells, lie| case(name, Fault::Lookup(column(cells)), lie, "LogUp boundary", Clause::Score);
    let on_row = |name, row, lie| {
        case(name, Fault::OnRow("LogUp boundary", row), lie, "LogUp boundary", Clause::Score)
    };
    // Round 0: 5 of 1000 units, so that 125 less of the remainder is an eighth more of the share, and eighths
    // of a decay of 2^64 are integers.
    let eighth = Fr::from(8).invert().expect("an odd modulus");
    let unfloored = || lie([(share, 0, eighth), (remainder, 0, -Fr::from(125)), (slack, 0, Fr::from(125))]);
    let mut cases = vec![
        constraint("another ρ", "C1 rho", other_instance(2)),
        constraint("another λ", "C1 lambda", other_instance(3)),
        constraint("no decay at the end", "C1 same rho", rho_vanishes()),
        constraint("a larger λ at the end", "C1 same lambda", other_lambda()),
        case(
            "too many units",
            Fault::Constraint("C2 rest"),
            too_many_units(false),
            "C2 rest",
            Clause::UnitsWithinTotals,
        ),
        Case {
            breaks: Some(Clause::UnitsWithinTotals.name()),
            ..lookup("too many units, limb", Cells::Rest(0), too_many_units(true))
        },
        constraint("a share of nothing", "C3 zero share", lie([(share, 1, Fr::from(7))])),
        constraint("a share more", "C3 division", lie([(share, 0, one)])),
        constraint("a share less", "C3 remainder", rounded_down(Fr::ZERO)),
        lookup("a share not rounded", share, unfloored()),
        lookup("a share rounded up", remainder, rounded_up()),
        lookup("a share rounded down", slack, rounded_down(-total)),
        constraint("another decay", "C4 decay", other_decay(|decay| decay << 1u32)),
        lookup("a decay rounded up", Cells::Lost(0), negative_loss()),
        constraint("another first decay", "C4 start", other_start()),
        constraint("a step aside", "C5 term", sum_ahead_from(41)),
        constraint("a head start", "C6 remainder", sum_ahead_from(ROWS.bottom())),
        constraint("no division", "C6 score", score_off(true)),
        case(
            "a remainder too large",
            Fault::Lookup(last_of_remainder()),
            remainder_too_large(),
            "LogUp boundary",
            Clause::Score,
        ),
        on_row("a share rounded up, end", GEOMETRY.usable_rows(), rounded_up()),
        on_row("a share rounded up, start", 0, rounded_up()),
        Case {
            finish: Finish::RECOUNT.hiding(Hide::InHelper),
            ..constraint("a share rounded up, helper", "LogUp helper", rounded_up())
        },
        Case {
            finish: Finish::RECOUNT.hiding(Hide::InSum),
            ..constraint("a share rounded up, sum", "LogUp sum", rounded_up())
        },
    ];
    cases.extend(redundant().map(|(name, label, lie)| Case { breaks: None, ..constraint(name, label, lie) }));
    // The relation does not see contexts: there the lie is that the instance says so.
    let contexts = [("context, low", "C1 context low"), ("context, high", "C1 context high")];
    cases.extend(
        contexts.into_iter().enumerate().map(|(row, (name, label))| Case {
            breaks: None,
            ..constraint(name, label, other_instance(row))
        }),
    );
    let ends =
        [("units past the end", "C7 units", Cells::Units), ("totals past", "C7 totals", Cells::Totals)];
    cases.extend(ends.into_iter().map(|(name, label, cells)| Case {
        breaks: Some(Clause::RoundsEnd.name()),
        ..constraint(name, label, past_the_rounds(cells))
    }));
    cases
}

/// Constraints without which no false score is known: others imply what they say of units, shares and sum.
/// They make the witness the only one, and the clause evident on its own.
fn redundant() -> [(&'static str, &'static str, System); 3] {
    [
        // 0 ≤ U − u and the division leave no other integer for u; its own limbs would be free.
        ("limbs of no unit", "C2 units", lie([(Cells::UnitLimb(0), 20, Fr::ONE)])),
        // Where U = 0, z = 1 asks for a negative slack and any other z for a share of zero.
        ("a flag of −1", "C3 nonzero", lie([(Cells::Nonzero, 30, -Fr::ONE), (Cells::Slack(0), 30, Fr::ONE)])),
        // Where U > 0 and z = 0 the share is zero, which the division allows for u = 0 alone.
        (
            "an empty round",
            "C3 zero total",
            lie([(Cells::Nonzero, 4, -Fr::ONE), (Cells::Slack(0), 4, Fr::ONE)]),
        ),
    ]
}

#[test]
fn each_fault_lets_a_lie_through() {
    let cases = cases();
    assert_complete(&cases, &honest());
    cases.iter().for_each(|case| case.judge(violated));
}

#[test]
fn every_lookup_bites() {
    let limbs = Cells::count(GEOMETRY) - column(Cells::UnitLimb(0));
    assert_every_lookup_bites(&honest(), limbs);
}
