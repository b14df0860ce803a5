//! What crossed features are for: data whose columns are right one by one and wrong together.

use fairshare_formats::policy::PartialPolicy;
use fairshare_formats::reference::to_toml;
use fairshare_ingest::{Records, reference};
use fairshare_params::reference::Reference;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::*;

const COLUMNS: &str = r#"
[[schema.feature]]
name = "dep_delay"
kind = "numeric"
edges = [-5, 0, 15, 60]

[[schema.feature]]
name = "arr_delay"
kind = "numeric"
edges = [-15, 0, 30, 60]

[[schema.feature]]
name = "distance"
kind = "numeric"
edges = [500, 1000, 2000]

[[schema.feature]]
name = "air_time"
kind = "numeric"
edges = [60, 120, 240]

[[schema.feature]]
name = "carrier"
kind = "categorical"
labels = ["UA", "B6", "EV", "DL", "AA"]
"#;

const CROSSED: &str = r#"
[[schema.feature]]
name = "delays"
kind = "crossed"
of = ["dep_delay", "arr_delay"]

[[schema.feature]]
name = "flight"
kind = "crossed"
of = ["carrier", "distance", "air_time"]
"#;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights/flights-2000.csv")
}

/// The fixture's rules with this schema, and with the sample itself for a reference.
fn rules(schema: &str) -> Policy {
    let head = fixture::POLICY.split_once("[[schema.feature]]").expect("tables of features").0;
    let draft = format!("{}{schema}", head.replace("cap = \"0.05\"", "cap = \"1\""));
    let partial = PartialPolicy::from_toml(&draft).expect("a schema");
    let records = Records::open(&[sample()], partial.schema()).expect("the sample");
    let histogram = reference::histogram(records).expect("counts");
    let counts = Reference::from_histogram(partial.schema(), &histogram).expect("a histogram");
    policy(&format!("{draft}\n{}", to_toml(&counts)))
}

/// The sample with every column shuffled by itself.
fn shuffled() -> String {
    let text = fs::read_to_string(sample()).expect("the sample");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let (header, rows) = rows.split_first().expect("a header");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut columns: Vec<Vec<&str>> =
        (0..header.len()).map(|column| rows.iter().map(|row| row[column]).collect()).collect();
    for column in &mut columns {
        for last in (1..column.len()).rev() {
            column.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
        }
    }
    let rows =
        (0..rows.len()).map(|row| columns.iter().map(|column| column[row]).collect::<Vec<_>>().join(","));
    std::iter::once(header.join(",")).chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn crossed_features_see_what_marginals_do_not() {
    let folder = folder();
    let shuffled = write(folder.path(), "shuffled.csv", &shuffled());
    let score = |rules: &Policy, file: &Path| score_data(rules, &[file.to_owned()]).expect("a score").score;
    let single = rules(COLUMNS);
    assert_eq!(score(&single, &sample()), score(&single, &shuffled));
    let crossed = rules(&format!("{COLUMNS}{CROSSED}"));
    assert_eq!((single.schema().len(), crossed.schema().len()), (5, 2));
    // The sample is its own reference, so it diverges by no more than the pseudo-counts make of it.
    let [whole, torn] = [sample(), shuffled].map(|file| score(&crossed, &file));
    assert!(torn > 10 * whole, "{torn} and {whole}");
}

#[test]
fn a_crossed_score_is_proved() {
    let rules = rules(&format!("{COLUMNS}{CROSSED}"));
    let verifier = verifier(&rules);
    let prover = Prover::new(&SRS, &verifier, Limits::default());
    let folder = folder();
    let file = write(folder.path(), "shuffled.csv", &shuffled());
    let target = folder.path().join("shuffled");
    commit_data(&SRS, &rules, &contributor(), std::slice::from_ref(&file), &target, &Silent)
        .expect("a commitment");
    let proved = prover.prove_data(&[target], &Silent).expect("a bundle");
    assert_eq!(proved.score.value(), score_data(&rules, &[file]).expect("a score").score);
    let bundle = verifier.read(&proved.bundle.to_bytes(), &proved.registrations).expect("its own encoding");
    assert_eq!(verifier.verify(&bundle, &proved.registrations).expect("a true bundle"), proved.score);
}
