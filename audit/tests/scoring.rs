//! The figures of `docs/scoring.md`: computed here, and looked for there.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use fairshare_audit::settlement::{DataWeights, Earned, Payout, settle};
use fairshare_circuits::numeric::decay::{DECAY_START, Decay};
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence};
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_testkit::fixture;

const DOCUMENT: &str = include_str!("../../docs/scoring.md");

/// The bins of a million records: a rare one, another, and thirty alike. None is of a missing value.
const REFERENCE: [[u32; 2]; 17] = {
    let mut pairs = [[32_000; 2]; 17];
    pairs[0] = [7_010, 32_990];
    pairs[16] = [0, 0];
    pairs
};

/// 300,000 records drawn from it: no bin is further from its expectation than chance takes it. These draws
/// are the ones that give the document's figure; others give one that differs by a percent or so.
const DRAWN: [[u32; 2]; 17] = {
    let mut pairs = [[9_669, 9_531]; 17];
    pairs[0] = [2_101, 9_899];
    pairs[16] = [0, 0];
    pairs
};

/// Bins that a feature of 31 labels has: one for each, one for any other, one for a missing value.
const BINS: usize = 33;

/// The fixture's policy with the document's reference: the cap is 0.05, λ of data 0.1, and its rounds are 10
/// to 13.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let (head, _) = fixture::POLICY.split_once("[[schema.feature]]").unwrap();
    let edits = [
        ("pool = \"1000000000000000000000000\"", "pool = 1000000"),
        ("pseudo_count = 2", "pseudo_count = 1"),
        ("min_records = 100", "min_records = 311"),
    ];
    let head = edits.iter().fold(head.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let labels: Vec<_> = (0..BINS - 2).map(|bin| format!("{bin}")).collect();
    let counts = &REFERENCE.as_flattened()[..BINS];
    fixture::policy(&format!(
        "{head}[[schema.feature]]\nname = \"x\"\nkind = \"categorical\"\nlabels = {labels:?}\n\
         [reference.counts]\nx = {counts:?}\n"
    ))
});

/// Fails unless the document has these figures, digits in groups of three.
fn says<T: Display>(figures: impl IntoIterator<Item = T>) {
    figures
        .into_iter()
        .map(grouped)
        .for_each(|figure| assert!(stands_alone(&figure), "no {figure} in docs/scoring.md"));
}

fn grouped(figure: impl Display) -> String {
    let digits = figure.to_string();
    let (whole, places) = digits.split_once('.').map_or((digits.as_str(), None), |(a, b)| (a, Some(b)));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.extend(places.map(|places| format!(".{places}")));
    text
}

/// Whether the document has a figure, and not only as a part of another.
fn stands_alone(figure: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    DOCUMENT.match_indices(figure).any(|(at, _)| {
        let (before, after) = (&DOCUMENT[..at], &DOCUMENT[at + figure.len()..]);
        !is_digit(before.chars().next_back()) && !is_digit(after.chars().next())
    })
}

fn score(counts: &[u32]) -> u64 {
    let reference = POLICY.feature_references().next().unwrap();
    divergence(&[FeatureCounts { counts: &counts[..BINS], reference }]).unwrap().score
}

/// `g`, and the most that the cap allows.
fn worth(score: u64, records: u32) -> (u128, u128) {
    let records = NonZeroU32::new(records).unwrap();
    let weights = DataWeights::of(&POLICY);
    let at_the_cap = DataWeights { free_bins: 0, ..weights.clone() }.g(u64::MAX, records);
    (weights.g(score, records), at_the_cap)
}

#[test]
fn what_ann_ben_and_cat_are_paid() {
    let weights = DataWeights::of(&POLICY);
    assert_eq!(weights.free_bins, 31);
    says([31, 31 * 128]);
    assert!(matches!(weights.weighting, Weighting::RecordsDivergence { .. }));
    let people =
        [(102_400, vec![(0, 10_000), (3, 10_000)]), (512_000, vec![(1, 10_000)]), (3_900, vec![(2, 2_000)])];
    let mut scores = Vec::new();
    for (index, (score, parts)) in people.iter().enumerate() {
        let records = parts.iter().map(|(_, records)| records).sum();
        let (g, most) = worth(*score, records);
        says([records.into(), (*score).into(), most, g]);
        let latest = POLICY.terms().first_round + parts.iter().map(|(since, _)| *since).max().unwrap();
        let records = NonZeroU32::new(records).unwrap();
        let earned = Earned::Data { score: *score, records, latest };
        scores.push((Address([index as u8 + 1; 20]), earned));
    }
    for (node, score) in [(8, 3u64 << 48), (9, 2 << 48)] {
        scores.push((Address([node; 20]), Earned::Compute { score }));
    }
    let settled = settle(&POLICY, &Tenths::default(), &scores).unwrap();
    let paid: Vec<Payout> = settled.payouts.values().copied().collect();
    let data = paid[..3].iter().map(|paid| paid.data).collect::<Vec<_>>();
    assert_eq!(data, [118_154, 181_845, 0]);
    let compute = paid[3..].iter().map(|paid| paid.compute).collect::<Vec<_>>();
    assert_eq!(compute, [420_000, 280_000]);
    says(data.iter().chain(&compute));
    // One unit, as the document says.
    assert_eq!(settled.rounding, Tenths { compute: 0u32.into(), data: 10u32.into() });
    assert_eq!(settled.carry, Tenths::default());
}

#[test]
fn what_lateness_costs() {
    let decay = POLICY.data_decay();
    for rounds in [1, 3] {
        says([to_decimal(decay.fade(rounds) >> 16, 3)]);
    }
    let early_half = worth(51_200, 10_000).0;
    let whole = worth(102_400, 20_000).0 * decay.fade(3) / DECAY_START;
    assert!(whole > early_half);
    says([early_half, whole]);
    for (lambda, last) in [("0.1", 3), ("0.01", 364)] {
        let ratio = Decay::from_decimal(lambda).unwrap().first_over_last(last).unwrap();
        says([to_decimal(ratio, 3)]);
    }
    let refusal = decay.check_window(364).unwrap_err();
    says([refusal.rounds, refusal.most_rounds.into()]);
    says(refusal.largest_lambda);
    // The fewest records that can weigh anything.
    let fewest = (1..).find(|records| worth(u64::MAX, *records).0 > 0).unwrap();
    says([fewest]);
}

#[test]
fn what_dilution_is_worth() {
    assert_eq!(REFERENCE.as_flattened().iter().sum::<u32>(), 1_000_000);
    assert_eq!(DRAWN.as_flattened().iter().sum::<u32>(), 300_000);
    for (drawn, expected) in DRAWN.as_flattened().iter().zip(REFERENCE.as_flattened()) {
        let expected = f64::from(*expected) * 0.3;
        assert!((f64::from(*drawn) - expected).abs() <= expected.sqrt(), "{drawn} of {expected}");
    }
    let mut rare = [0; BINS + 1];
    rare[0] = 10_000;
    let mut diluted = rare;
    diluted.iter_mut().zip(DRAWN.as_flattened()).for_each(|(count, drawn)| *count += drawn);

    let (alone, most) = worth(score(&rare), 10_000);
    assert_eq!(alone, 124_031);
    says([score(&rare).into(), most, alone]);
    let (mixed, most) = worth(score(&diluted), 310_000);
    assert_eq!((mixed, mixed / alone), (2_817_054, 22));
    assert!(u128::from(score(&diluted)) < most);
    says([score(&diluted).into(), most, mixed]);
    let fabricated = worth(u64::MAX, 310_000).0;
    assert!(fabricated > mixed);
    says([fabricated]);

    // Draws alone are worth nothing but chance, and these are nearer to the reference than chance takes them.
    assert_eq!(worth(score(&DRAWN.as_flattened()[..BINS]), 300_000).0, 0);
}
