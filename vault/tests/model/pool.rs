//! The pool: real bundles, made once, on 29 November 2026.
//!
//! They stand in `pool.bin`, and not in a cache: a history is the same on every machine, to the byte, and no
//! run has to wait two minutes for proofs. They belong to the rules of [`crate::cast`] and to the keys: the
//! file begins with a hash of all rules hashes, which bind both. Where either moves, this makes it anew:
//!
//! ```text
//! cargo test --release -p fairshare-vault --test model make_the_pool -- --ignored --nocapture
//! ```
//!
//! The file holds requests, each dataset's histogram proofs once, and of each bundle what stands behind
//! these. Which bundle is which follows from [`plan`], not from the file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_formats::ledger::file_hash;
use fairshare_formats::registry::{request_from_json, request_to_json};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Request;
use fairshare_prover::{Limits, Matching, Prover, Silent, commit_matching};
use fairshare_testkit::fixture;
use fairshare_testkit::parts::{Reader, write};
use fairshare_verifier::{Bundle as Read, Score};

use crate::cast::{ACTORS, DATA, RECORDS_OF_UNITS, RULES, STANDARD, rules_hash, sets, units_of, verifier};
use crate::exact;

/// What a bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Datasets of one contributor, in this order.
    Data {
        /// The contributor.
        owner: usize,
        /// The datasets.
        set: Vec<usize>,
        /// Their records.
        records: u64,
    },
    /// A node's units.
    Compute {
        /// The node.
        node: Address,
        /// Of which record.
        record: usize,
    },
}

/// A bundle of the pool.
pub struct Bundle {
    /// The rules that it was made under.
    pub rules: usize,
    /// What it proves.
    pub what: What,
    /// The score, as the model computes it.
    pub score: u64,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

impl Bundle {
    /// Whose it is.
    pub fn contributor(&self) -> Address {
        match &self.what {
            What::Data { owner, .. } => ACTORS[*owner].address,
            What::Compute { node, .. } => *node,
        }
    }
}

/// What was made once.
pub struct Pool {
    /// What each contributor asks the registry to record, by dataset.
    pub requests: Vec<Request>,
    /// The bundles.
    pub bundles: Vec<Bundle>,
}

/// The pool, read and joined with its plan.
pub static POOL: LazyLock<Pool> = LazyLock::new(|| {
    let bytes = std::fs::read(path()).expect("the pool is in the repository");
    let mut reader = Reader::new(&bytes);
    assert_eq!(
        reader.part(),
        key().0,
        "the pool was made under other rules or keys: make it anew, as `vault/tests/model/pool.rs` says"
    );
    let requests: Vec<_> =
        DATA.iter().map(|_| request_from_json(reader.part()).expect("a request")).collect();
    let histograms: Vec<_> = DATA.iter().map(|_| reader.part().to_vec()).collect();
    let join = |(rules, what, score): (usize, What, u64)| {
        let mut bytes = Vec::new();
        if let What::Data { owner, set, .. } = &what {
            bytes = header(*owner, set.iter().map(|data| requests[*data].digest()));
            set.iter().for_each(|data| bytes.extend(&histograms[*data]));
        }
        bytes.extend(reader.part());
        Bundle { rules, what, score, bytes }
    };
    let bundles = plan().into_iter().map(join).collect();
    assert!(reader.is_empty(), "the pool has more than its plan");
    Pool { requests, bundles }
});

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/pool.bin")
}

fn key() -> Digest {
    let hashes: Vec<_> = (0..STANDARD).flat_map(|rules| rules_hash(rules).0).collect();
    file_hash(&hashes)
}

/// Every bundle of the pool: its rules, what it proves, and its score.
fn plan() -> Vec<(usize, What, u64)> {
    let mut plan = Vec::new();
    let sets: Vec<_> =
        (0..ACTORS.len()).flat_map(|owner| sets(owner).into_iter().map(move |set| (owner, set))).collect();
    let mut scores: HashMap<Vec<usize>, (u64, u64)> = HashMap::new();
    for rules in 0..STANDARD {
        for (owner, set) in &sets {
            let texts = || set.iter().map(|data| DATA[*data].text.as_str());
            let (score, records) = *scores.entry(set.clone()).or_insert_with(|| exact::data_score(texts()));
            plan.push((rules, What::Data { owner: *owner, set: set.clone(), records }, score));
        }
        for record in 0..RECORDS_OF_UNITS {
            let units = units_of(rules, record);
            let rounds = RULES[rules].plain.count as usize;
            let total = |round: usize| units.values().map(|units| u64::from(units[round])).sum();
            let totals: Vec<u64> = (0..rounds).map(total).collect();
            for (node, units) in &units {
                let score = exact::compute_score(&RULES[rules].plain, units, &totals);
                plan.push((rules, What::Compute { node: *node, record }, score));
            }
        }
    }
    plan
}

/// The words of a data bundle before its proofs: role, contributor, number of datasets, digests.
fn header<'a>(owner: usize, digests: impl ExactSizeIterator<Item = &'a Digest>) -> Vec<u8> {
    let mut bytes = [[0; 31].as_slice(), &[1], &[0; 12], &ACTORS[owner].address.0, &[0; 31]].concat();
    bytes.push(digests.len() as u8);
    digests.for_each(|digest| bytes.extend(digest.0));
    bytes
}

/// Proves everything in the plan, which takes minutes.
#[test]
#[ignore = "makes the pool anew"]
fn make_the_pool() {
    let folder = tempfile::tempdir().expect("a folder");
    let folders: Vec<_> = (0..DATA.len()).map(|data| folder.path().join(format!("data-{data}"))).collect();
    let requests: Vec<_> = DATA
        .iter()
        .zip(&folders)
        .map(|(data, target)| {
            let file = fixture::write(folder.path(), "records.csv", &data.text);
            let (policy, who) = (&RULES[0].policy, &ACTORS[data.owner].address);
            let waived = Matching::Waived;
            let made = commit_matching(&fixture::SRS, policy, who, &[file], target, waived, &Silent);
            made.expect("a commitment").request
        })
        .collect();
    let mut histograms = vec![Vec::new(); DATA.len()];
    let (mut tails, mut provers) = (Vec::new(), HashMap::new());
    for (rules, what, score) in plan() {
        let record = if let What::Compute { record, .. } = what { Some(record) } else { None };
        let new = || Prover::new(&fixture::SRS, verifier(rules, record), Limits::default());
        let prover = provers.entry((rules, record)).or_insert_with(new);
        let proved = match &what {
            What::Compute { node, .. } => prover.prove_compute(node, &Silent),
            What::Data { set, .. } => {
                let own: Vec<_> = set.iter().map(|data| folders[*data].clone()).collect();
                prover.prove_data(&own, &Silent)
            }
        };
        let proved = proved.unwrap_or_else(|error| panic!("{what:?}: {error}"));
        assert_eq!(proved.score.value(), score, "{what:?}");
        let bytes = proved.bundle.to_bytes();
        let (Read::Data(bundle), What::Data { owner, set, .. }) = (&proved.bundle, &what) else {
            tails.push(bytes);
            continue;
        };
        let mut before = header(*owner, set.iter().map(|data| requests[*data].digest()));
        for (data, dataset) in set.iter().zip(&bundle.datasets) {
            histograms[*data] = dataset.segments.concat();
            before.extend(&histograms[*data]);
        }
        tails.push(bytes.strip_prefix(&before[..]).expect("its header and its histogram proofs").to_vec());
    }
    let mut bytes = Vec::new();
    write(&mut bytes, &key().0);
    requests.iter().for_each(|request| write(&mut bytes, request_to_json(request).as_bytes()));
    histograms.iter().chain(&tails).for_each(|part| write(&mut bytes, part));
    std::fs::write(path(), &bytes).expect("the pool is written");
    println!("{} bundles, {} bytes", tails.len(), bytes.len());
}

/// At least 300 bundles, no two alike, each of which verifies, with the score that the model computes.
#[test]
fn the_pool_is_what_its_plan_says() {
    let bundles = &POOL.bundles;
    assert!(bundles.len() >= 300, "{}", bundles.len());
    let alike: HashSet<_> = bundles.iter().map(|bundle| &bundle.bytes).collect();
    assert_eq!(alike.len(), bundles.len());
    for bundle in bundles {
        let (record, registrations) = match &bundle.what {
            What::Compute { record, .. } => (Some(*record), Vec::new()),
            What::Data { set, .. } => {
                (None, set.iter().map(|data| Registration::from(&POOL.requests[*data])).collect::<Vec<_>>())
            }
        };
        let verifier = verifier(bundle.rules, record);
        let read = verifier.read(&bundle.bytes, &registrations).expect("a bundle");
        let score = verifier.verify(&read, &registrations).expect("it verifies");
        assert_eq!(score.value(), bundle.score, "{:?}", bundle.what);
        if let (Score::Data(score), What::Data { records, .. }) = (score, &bundle.what) {
            assert_eq!(u64::from(score.records.get()), *records);
        }
    }
}
