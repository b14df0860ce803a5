//! The figures of `docs/scoring.md`: computed here, and looked for there.

use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::LazyLock;

use fairshare_audit::settlement::{DataWeights, Earned, Payout, settle};
use fairshare_circuits::numeric::decay::{DECAY_START, Decay};
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, per_record};
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_formats::ledger::Tenths;
use fairshare_formats::policy::from_toml;
use fairshare_ingest::Records;
use fairshare_params::address::Address;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_testkit::fixture;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

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

/// Other documents that say what chance makes of the example's 2,000 records.
const VAULT: &str = include_str!("../../docs/vault.md");

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

/// A hundredth of a million records that are the reference's own, and random ones: each bin alike often.
#[test]
fn copies_earn_nothing_and_noise_does() {
    let copies: Vec<u32> = REFERENCE.as_flattened()[..BINS].iter().map(|count| count / 10).collect();
    assert_eq!(copies.iter().sum::<u32>(), 100_000);
    assert_eq!((score(&copies), worth(score(&copies), 100_000).0), (25, 0));
    says([100_000, score(&copies)]);
    let mut noise = [625; BINS];
    noise[32] = 0;
    let (g, most) = worth(score(&noise), 20_000);
    says([score(&noise).into(), most, g]);
    // More than Ann's.
    assert!(g > worth(102_400, 20_000).0);
}

#[test]
fn what_a_late_dataset_costs() {
    let decay = POLICY.data_decay();
    let early = worth(102_400, 20_000).0;
    // A thousand records more, of the same data, three rounds later.
    let late = worth(107_520, 21_000).0;
    let faded = late * decay.fade(3) / DECAY_START;
    assert!(faded < early && late > early);
    says([107_520, late, faded]);
}

/// Two features that always agree, and two that have nothing to do with each other: alike by themselves,
/// not crossed.
#[test]
fn features_are_blind_to_what_joins_them_unless_they_are_crossed() {
    let (head, _) = fixture::POLICY.split_once("[[schema.feature]]").unwrap();
    let head = head.replace("cap = \"0.05\"", "cap = \"1\"").replace("pseudo_count = 2", "pseudo_count = 1");
    let columns = ["x", "y"].map(|name| {
        format!("[[schema.feature]]\nname = \"{name}\"\nkind = \"categorical\"\nlabels = [\"a\", \"b\"]\n")
    });
    let columns = columns.concat();
    let counts = |each: [u32; 4]| -> Vec<String> { each.iter().map(ToString::to_string).collect() };
    let single = fixture::policy(&format!(
        "{head}{columns}[reference.counts]\nx = [{0}]\ny = [{0}]\n",
        counts([50_000, 50_000, 0, 0]).join(", ")
    ));
    let row = "25000, 25000, 0, 0";
    let crossed = fixture::policy(&format!(
        "{head}{columns}[[schema.feature]]\nname = \"both\"\nkind = \"crossed\"\nof = [\"x\", \"y\"]\n\
         [reference.counts]\nboth = [{row}, {row}, 0, 0, 0, 0, 0, 0, 0, 0]\n"
    ));
    let score = |policy: &Policy, counts: &[u32]| {
        let mut first = 0;
        let features: Vec<_> = policy
            .feature_references()
            .map(|reference| {
                let counts = &counts[first..first + reference.len()];
                first += reference.len();
                FeatureCounts { counts, reference }
            })
            .collect();
        divergence(&features).unwrap().score
    };
    // Ten thousand records, half of them a and half b in either column.
    let apart = [5_000, 5_000, 0, 0, 5_000, 5_000, 0, 0];
    let mut joined = [0; 16];
    (joined[0], joined[5]) = (5_000, 5_000);
    let mut loose = [0; 16];
    for bin in [0, 1, 4, 5] {
        loose[bin] = 2_500;
    }
    let whole = per_record(score(&crossed, &joined), NonZeroU32::new(10_000).unwrap());
    assert_eq!(to_decimal(whole, 3), "0.693");
    says(["0.693".to_owned(), score(&crossed, &joined).to_string()]);
    says([score(&single, &apart), score(&crossed, &loose)]);
    assert!(score(&single, &apart) <= 205 && score(&crossed, &loose) <= 307);
}

/// `p·ln(p/q) + (1−p)·ln((1−p)/(1−q))`: the least that a bin of share `p` makes of a divergence.
fn of_one_bin(p: f64, q: f64) -> f64 {
    let term = |p: f64, q: f64| if p == 0.0 { 0.0 } else { p * (p / q).ln() };
    term(p, q) + term(1.0 - p, 1.0 - q)
}

/// The share between `q` and `end` that has this divergence.
fn share_of(divergence: f64, q: f64, end: f64) -> f64 {
    let (mut inside, mut outside) = (q, end);
    for _ in 0..100 {
        let middle = (inside + outside) / 2.0;
        if of_one_bin(middle, q) <= divergence { inside = middle } else { outside = middle }
    }
    inside
}

#[test]
fn what_a_published_score_tells() {
    // Ann's 0.02 nats per record: of a bin with 3.2 % of the reference she has between these shares.
    let q = 32_001.0 / 1_000_033.0;
    let bounds =
        [share_of(0.02, q, 0.0), share_of(0.02, q, 1.0)].map(|share| format!("{:.1} %", share * 100.0));
    bounds.iter().for_each(|bound| assert!(DOCUMENT.contains(bound), "no {bound}"));

    // A hundred records in two bins of a reference that has both alike: how many scores, of how many
    // histograms.
    let two = |a: u32| {
        divergence(&[FeatureCounts { counts: &[a, 100 - a], reference: &[500, 500] }]).unwrap().score
    };
    let scores: std::collections::BTreeSet<_> = (0..=100).map(two).collect();
    assert_eq!(scores.len(), 51);
    says([101, scores.len()]);

    // One record more, and the score tells its bin.
    let of = |counts: [u32; 3]| {
        divergence(&[FeatureCounts { counts: &counts, reference: &[500_000, 300_000, 200_000] }])
            .unwrap()
            .score
    };
    let before = of([400, 350, 250]);
    let after = [[401, 350, 250], [400, 351, 250], [400, 350, 251]].map(of);
    assert!(after[0] != after[1] && after[1] != after[2] && after[0] != after[2]);
    says([before].into_iter().chain(after));
}

/// The example's 2,000 records beside what chance makes of so many: real records, drawn from the whole year.
#[test]
fn what_chance_makes_of_two_thousand_records() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights");
    let read = |name: &str| std::fs::read_to_string(examples.join(name));
    let files = |name: &str| read(name).map(String::into_bytes);
    let policy = from_toml(&read("policy-compact.toml").unwrap(), &files).unwrap();
    let symbols = |names: &[&str]| {
        let paths: Vec<_> = names.iter().map(|name| examples.join(name)).collect();
        let mut records = Records::open(&paths, policy.schema()).unwrap();
        let mut symbols = Vec::new();
        while records.next_batch(&mut symbols).unwrap() > 0 {}
        symbols
    };
    let features = policy.schema().len();
    let nats = |records: &mut dyn Iterator<Item = &[u16]>| {
        let mut counts = vec![0u32; policy.schema().symbol_count()];
        records.for_each(|record| record.iter().for_each(|symbol| counts[usize::from(*symbol)] += 1));
        let of = policy.feature_references().enumerate().map(|(index, reference)| FeatureCounts {
            counts: &counts[policy.schema().symbols(index)],
            reference,
        });
        let result = divergence(&of.collect::<Vec<_>>()).unwrap();
        f64::from(result.score as u32) / 256.0 / f64::from(result.n)
    };
    let year = symbols(&["EWR.parquet", "JFK.parquet", "LGA.parquet"]);
    let year: Vec<&[u16]> = year.chunks(features).collect();
    assert_eq!(year.len(), 336_776);
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let draws = 4_000;
    let drawn: Vec<f64> = (0..draws)
        .map(|_| {
            let mut picks = (0..2_000).map(|_| year[(random.next_u64() % year.len() as u64) as usize]);
            nats(&mut picks)
        })
        .collect();
    let mean = drawn.iter().sum::<f64>() / f64::from(draws);
    let spread = (drawn.iter().map(|nats| (nats - mean).powi(2)).sum::<f64>() / f64::from(draws)).sqrt();
    assert!((mean - 0.0533).abs() < 0.0005 && (spread - 0.0060).abs() < 0.0005, "{mean} ± {spread}");
    assert_eq!([mean, spread].map(|nats| format!("{nats:.3}")), ["0.053", "0.006"]);
    let sample = symbols(&["flights-2000.csv"]);
    let own = nats(&mut sample.chunks(features));
    // What the rules take off per record.
    let bias = policy.free_bins() as f64 / 2.0 / 2_000.0;
    for document in [VAULT, DOCUMENT] {
        for figure in
            [format!("{own:.3}"), format!("{mean:.3}"), format!("{spread:.3}"), format!("{bias:.3}")]
        {
            assert!(document.contains(&figure), "no {figure}");
        }
    }
    // Not less than chance makes, and not more than it easily makes.
    assert!(own > mean && own < mean + spread, "{own}");
}
