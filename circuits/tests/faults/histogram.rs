use fairshare_circuits::histogram::{Cells, Clause, Instance, Witness, check};
use halo2curves::bn256::Fr;

use super::plant::{Case, Finish, Hide, assert_complete, small};
use crate::claims::{GEOMETRY, HistogramClaim, SHAPE};
use crate::fault::Fault;
use crate::system::System;

const WIDTH: usize = SHAPE.columns();
const USABLE: usize = GEOMETRY.usable_rows();

fn extract(claim: &HistogramClaim) -> System {
    System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows())
}

/// What the relation says of the committed cells and the instance.
fn violated(system: &System) -> Option<&'static str> {
    let column = |cells: Cells| &system.advice[cells.index(SHAPE)][..USABLE];
    let number = |value: Fr| small::<u32>(value).unwrap_or(u32::MAX);
    let symbols = system.advice[..WIDTH].iter().flat_map(|column| &column[..USABLE]);
    let witness = Witness {
        symbols: symbols.map(|symbol| small::<u16>(*symbol).unwrap_or(u16::MAX)).collect(),
        counts: column(Cells::Counts).iter().map(|count| number(*count)).collect(),
    };
    let instance = Instance { padding: small(system.instance[0][0]).unwrap_or(u64::MAX) };
    check(GEOMETRY, &instance, &witness).err().map(|violation| violation.clause.name())
}

/// A record of one symbol counted as one of another.
fn moved_count() -> System {
    let mut claim = HistogramClaim::honest();
    claim.witness.counts[7] += 1;
    claim.witness.counts[8] -= 1;
    extract(&claim)
}

/// A symbol that the alphabet does not have, counted nowhere.
fn foreign_symbol() -> System {
    let mut claim = HistogramClaim::honest();
    claim.witness.counts[usize::from(claim.witness.symbols[5])] -= 1;
    claim.witness.symbols[5] = GEOMETRY.alphabet() as u16;
    extract(&claim)
}

/// A count taken from symbol 0's row to one below the alphabet, which offers 0 as well: padding that the
/// instance need not name.
fn count_below() -> System {
    let mut claim = HistogramClaim::honest();
    claim.witness.counts[0] -= 1;
    claim.witness.counts[GEOMETRY.alphabet()] += 1;
    claim.instance.padding -= 1;
    extract(&claim)
}

/// One record more than there is.
fn other_padding() -> System {
    let mut claim = HistogramClaim::honest();
    claim.instance.padding -= 1;
    extract(&claim)
}

/// Padding in a record's place.
fn padding_for_a_record() -> System {
    let honest = HistogramClaim::honest();
    let mut symbols = honest.witness.symbols.clone();
    symbols[5] = 0;
    extract(&HistogramClaim { witness: Witness::new(SHAPE, symbols), ..honest })
}

/// A column whose symbols are not counted, padding among them, which the instance leaves out as well.
fn uncounted_column(column: usize) -> System {
    let mut claim = HistogramClaim::honest();
    for symbol in &claim.witness.symbols[column * USABLE..(column + 1) * USABLE] {
        claim.witness.counts[usize::from(*symbol)] -= 1;
    }
    claim.instance.padding = claim.witness.counts[0].into();
    extract(&claim)
}

fn cases() -> Vec<Case> {
    let boundary = |row| Fault::OnRow("LogUp boundary", row);
    let case = |name, fault, lie, refused_by, breaks: Clause| Case {
        name,
        fault,
        lie,
        finish: Finish::SUM,
        refused_by,
        breaks: Some(breaks.name()),
    };
    let counts = Clause::CountsMatch;
    let padding_case = |name, lie| {
        let constraint = "H4 padding-counted";
        case(name, Fault::Constraint(constraint), lie, constraint, Clause::PaddingCounted)
    };
    vec![
        case("a symbol outside", boundary(USABLE), foreign_symbol(), "LogUp boundary", Clause::InAlphabet),
        case("a count moved", boundary(USABLE), moved_count(), "LogUp boundary", counts),
        case("a count moved, start", boundary(0), moved_count(), "LogUp boundary", counts),
        case("a first column uncounted", Fault::Lookup(0), uncounted_column(0), "LogUp boundary", counts),
        case(
            "a last column uncounted",
            Fault::Lookup(WIDTH - 1),
            uncounted_column(WIDTH - 1),
            "LogUp boundary",
            counts,
        ),
        case("a count below", Fault::Constraint("H3 counts-end"), count_below(), "H3 counts-end", counts),
        padding_case("other padding", other_padding()),
        padding_case("padding for a record", padding_for_a_record()),
        Case {
            finish: Finish::SUM.hiding(Hide::InHelper),
            ..case(
                "a count moved, helper",
                Fault::Constraint("LogUp helper"),
                moved_count(),
                "LogUp helper",
                counts,
            )
        },
        Case {
            finish: Finish::SUM.hiding(Hide::InSum),
            ..case("a count moved, sum", Fault::Constraint("LogUp sum"), moved_count(), "LogUp sum", counts)
        },
    ]
}

#[test]
fn each_fault_lets_a_lie_through() {
    let cases = cases();
    assert_complete(&cases, &extract(&HistogramClaim::honest()));
    cases.iter().for_each(|case| case.judge(violated));
}

/// A column left out of the argument changes the counts that it accepts, whichever it is.
#[test]
fn every_column_is_counted() {
    let argument = crate::logup::Argument::read(&extract(&HistogramClaim::honest()));
    let columns =
        argument.fractions().filter(|it| it.is_lookup()).filter_map(crate::logup::Fraction::first_column);
    assert_eq!(columns.collect::<Vec<_>>(), (0..WIDTH).collect::<Vec<_>>());
}
