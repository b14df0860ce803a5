//! Archives whose chain does not hold, and ledgers that are not what somebody was told.

use fairshare_audit::audit::{Expected, Finding};
use fairshare_formats::archive::{Heading, Item};
use fairshare_formats::ledger::{Entry, Event, Files, FilesError, Kind, Stored};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use crate::edits::edit_settled;
use crate::history::*;
use crate::honest::{CLAIMS, STRUCK};

/// An alteration of the archive itself, without another chain.
type Broken = (&'static str, fn(&mut Vec<Item>), fn(&Finding) -> bool);

fn stored(items: &mut [Item], index: usize) -> (&mut Stored, &mut Files) {
    let Item::Entry(stored, files) = &mut items[index] else { panic!("an entry") };
    (stored, files)
}

fn heading(items: &mut [Item]) -> &mut Heading {
    let Item::Heading(heading) = &mut items[0] else { panic!("a heading") };
    heading
}

/// Gives every entry the number of its place, and the heading their number; heads stay as they are.
fn renumber(items: &mut [Item]) {
    let count = items.len() as u64 - 1;
    heading(items).entries = count;
    for index in 1..items.len() {
        stored(items, index).0.index = index as u64;
    }
}

const BROKEN: [Broken; 12] = [
    ("another head", |items| stored(items, 3).0.head.0[0] ^= 1, |f| matches!(f, Finding::Head { .. })),
    ("another last head", |items| heading(items).head.0[0] ^= 1, |f| matches!(f, Finding::LastHead { .. })),
    (
        "another time",
        |items| stored(items, 1).0.time = Moment::from_unix_seconds(5).unwrap(),
        |f| matches!(f, Finding::Head { .. }),
    ),
    (
        "another event",
        |items| stored(items, 2).0.event = Event::Rounds { first: 10, last: 11 },
        |f| matches!(f, Finding::Head { .. }),
    ),
    (
        "an entry left out",
        |items| {
            items.remove(4);
            renumber(items);
        },
        |f| matches!(f, Finding::Head { .. }),
    ),
    (
        "the last entry left out",
        |items| {
            items.pop();
            renumber(items);
        },
        |f| matches!(f, Finding::LastHead { .. }),
    ),
    (
        "an entry twice",
        |items| {
            items.insert(4, items[4].clone());
            renumber(items);
        },
        |f| matches!(f, Finding::Head { .. }),
    ),
    (
        "two entries exchanged",
        |items| {
            items.swap(4, 5);
            renumber(items);
        },
        |f| matches!(f, Finding::Head { .. }),
    ),
    (
        "another vault",
        |items| heading(items).vault = Address([7; 20]),
        |f| matches!(f, Finding::Heading { .. } | Finding::Head { .. }),
    ),
    (
        "a byte of a file",
        |items| {
            let (_, files) = stored(items, 1);
            let mut source = files.policy().unwrap();
            source.text.push('\n');
            *files = Files::of_policy(&source);
        },
        |f| matches!(f, Finding::Files(FilesError::Hash { .. })),
    ),
    (
        "a file left out",
        |items| *stored(items, 1).1 = Files::none(),
        |f| matches!(f, Finding::Files(FilesError::Missing { .. })),
    ),
    (
        "a policy that is not text",
        |items| *stored(items, 1).1 = Files::one(Kind::Rules, vec![0xff]),
        |f| matches!(f, Finding::Files(FilesError::Text)),
    ),
];

#[test]
fn what_does_not_fit_the_chain_is_found_by_it() {
    let whole = CLAIMS.chained();
    for (name, alter, is_found) in BROKEN {
        let mut altered = whole.clone();
        alter(&mut altered);
        assert_ne!(altered, whole, "{name}");
        let found = audit(&altered, &Expected::default());
        let named = found.findings.iter().any(|found| is_found(&found.finding));
        assert!(named, "{name}: {:?}", found.lines().collect::<Vec<_>>());
    }
}

/// A difference is told where it is: by entry and epoch.
#[test]
fn a_finding_names_its_place() {
    let mut altered = CLAIMS.clone();
    let index = altered.find(Kind::Settled, 1);
    edit_settled(&mut altered, 1, |settled| settled.total += 1);
    let found = audit(&altered.chained(), &Expected::default());
    let places: Vec<_> = found.findings.iter().map(|found| (found.entry, found.epoch)).collect();
    assert_eq!(places, [(Some(index as u64 + 1), Some(5))]);
}

#[test]
fn what_somebody_was_told_is_held_against_the_ledger() {
    let items = CLAIMS.chained();
    let report = audit(&items, &Expected::default());
    let last = report.last().unwrap();
    let (rules_hash, root, total) = (last.basis.unwrap().rules_hash, last.root, last.claims_total);
    let kinds = [Kind::Rules, Kind::Registration, Kind::Bundle, Kind::Settled];
    let receipts = kinds.map(|kind| CLAIMS.receipt(kind, 1)).to_vec();
    let honest = Expected { rules_hash: Some(rules_hash), root, total: Some(total), receipts };
    let found = audit(&items, &honest);
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    let expect = |alter: &dyn Fn(&mut Expected), is_found: fn(&Finding) -> bool| {
        let mut expected = honest.clone();
        alter(&mut expected);
        let found = audit(&items, &expected);
        let [one] = &found.findings[..] else { panic!("{:?}", found.lines().collect::<Vec<_>>()) };
        assert!(is_found(&one.finding), "{:?}", one.finding);
    };
    let other = Digest([1; 32]);
    expect(&|e| e.rules_hash = Some(other), |f| {
        matches!(f, Finding::OtherRules { expected: Digest([1, ..]), .. })
    });
    expect(&|e| e.root = Some(other), |f| matches!(f, Finding::OtherRoot { found: Some(_), .. }));
    expect(&|e| e.total = Some(total + 1), |f| matches!(f, Finding::OtherTotal { .. }));
    let is_receipt: fn(&Finding) -> bool = |f| matches!(f, Finding::Receipt { .. });
    expect(&|e| e.receipts[0].before = other, is_receipt);
    expect(&|e| e.receipts[1].index = 900, is_receipt);
    expect(&|e| e.receipts[1].index += 1, is_receipt);
    expect(&|e| e.receipts[2].domain.chain_id = 1, is_receipt);
    expect(&|e| e.receipts[2].domain.registry = Address([7; 20]), is_receipt);
    let later = |entry: &mut Entry| entry.time = Moment::from_unix_seconds(5).unwrap();
    expect(&|e| later(&mut e.receipts[3].entry), is_receipt);
    expect(&|e| e.receipts[3].entry.event = Event::Ended { epoch: 4 }, is_receipt);
}

/// A registration that is dropped with a whole new chain is found by its receipt alone.
#[test]
fn a_receipt_shows_what_was_taken_out() {
    let mut struck = STRUCK.clone();
    let receipt = struck.receipt(Kind::Registration, 1);
    // Carol's never counted, and nothing else depends on it.
    struck.take(Kind::StrikeData, 0);
    struck.take(Kind::Registration, 1);
    let items = struck.chained();
    let found = audit(&items, &Expected::default());
    assert!(found.is_clean(), "{:?}", found.lines().collect::<Vec<_>>());
    let found = audit(&items, &Expected { receipts: vec![receipt], ..Expected::default() });
    assert!(matches!(found.findings[..], [ref one] if matches!(one.finding, Finding::Receipt { .. })));
}
