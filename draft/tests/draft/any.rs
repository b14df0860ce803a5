//! Any table gives a draft that is valid, or a refusal; every record has a symbol for each feature.

use std::fs;

use fairshare_draft::{DraftError, draft};
use fairshare_ingest::{Records, reference};
use proptest::prelude::*;

use super::support::*;

/// A cell of any kind: numbers, labels, empty ones, control characters, quotes.
fn cell(kind: u8) -> BoxedStrategy<String> {
    match kind % 8 {
        0 => (-50i32..50).prop_map(|number| number.to_string()).boxed(),
        1 => any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|n| n.to_string())
            .boxed(),
        2 => "[a-d]{0,1}".boxed(),
        3 => prop_oneof!["\\PC{0,6}", Just("\u{7f}\u{1b}[31m".to_owned()), Just("\u{feff}\"\\\n".to_owned())]
            .boxed(),
        4 => prop_oneof![Just("true"), Just("True"), Just("1"), Just("")].prop_map(str::to_owned).boxed(),
        5 => (0u32..400).prop_map(|day| format!("2024-{:02}-{:02}", day % 12 + 1, day % 28 + 1)).boxed(),
        6 => (0u32..90_000).prop_map(|code| format!("{code:05}")).boxed(),
        _ => any::<String>().boxed(),
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,3}", "\\PC{0,8}", any::<String>(), Just("a.b = [\"]\n".to_owned())]
}

/// Columns' names and the records' cells.
fn any_table() -> impl Strategy<Value = (Vec<String>, Vec<Vec<String>>)> {
    prop::collection::vec((name(), any::<u8>()), 1..6).prop_flat_map(|columns| {
        let (names, kinds): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let record = kinds.into_iter().map(cell).collect::<Vec<_>>();
        (Just(names), prop::collection::vec(record, 1..80))
    })
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn csv(names: &[String], records: &[Vec<String>]) -> String {
    let line = |cells: &[String]| cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n";
    line(names) + &records.iter().map(|record| line(record)).collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_draft_is_valid_and_counts_every_record(
        (mut names, records) in any_table(), cut in 0usize..80, accept: bool,
    ) {
        for (place, name) in names.iter_mut().enumerate() {
            // A header is taken as it is, but for what some editors put before it. One that another separator
            // would cut is refused: those of files with other separators look so.
            // No record is likely to be the header once more, which is refused, too.
            *name = format!("column {place} {name}").replace([';', '|', '\t'], "");
        }
        let cut = cut.min(records.len());
        let (first, second) = records.split_at(cut);
        let parts: Vec<_> = [first, second].into_iter().filter(|part| !part.is_empty()).collect();
        let texts: Vec<_> =
            parts.iter().enumerate().map(|(at, part)| (format!("{at}.csv"), csv(&names, part))).collect();
        let files = Files::new(&texts);
        let mut options = files.options();
        options.accept_unmatched = accept;
        let drafted = match draft(&options) {
            Ok(drafted) => drafted,
            Err(DraftError::NoFeatures { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
        };
        prop_assert_eq!(drafted.reference_records, records.len() as u64);
        // From the file, as others read it.
        fs::write(files.path("policy.toml"), &drafted.text).expect("write");
        fs::write(files.path("reference.json"), &drafted.reference).expect("write");
        let policy = fairshare_storage::policy::load(&files.path("policy.toml")).expect("a policy");
        let schema = policy.schema();
        let records_again = Records::open(&files.paths, schema).expect("open");
        let counts = reference::histogram(records_again).expect("counts");
        let mut whole = 0;
        for feature in 0..schema.len() {
            prop_assert_eq!(counts[schema.symbols(feature)].iter().sum::<u64>(), records.len() as u64);
            whole += schema.symbols(feature).len();
        }
        // The reference's counts are these, before smoothing.
        let smoothed = policy.reference_counts();
        prop_assert_eq!(whole + 1, schema.symbol_count());
        for (symbol, count) in counts.iter().enumerate().skip(1) {
            prop_assert_eq!(u64::from(smoothed[symbol]), count + u64::from(policy.pseudo_count()));
        }
        prop_assert!(drafted.text.lines().all(|line| !line.contains('\r')));
        // Minus the lists, no line is wide.
        let comments = drafted.text.lines().filter(|line| line.starts_with("# "));
        for line in comments {
            let is_word = line.split(' ').any(|word| word.chars().count() > 60);
            prop_assert!(line.chars().count() <= 112 || is_word, "{}", line);
        }
    }
}
