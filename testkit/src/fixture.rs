//! Small contributions under one policy, for tests that make real proofs: the compact geometry, the insecure
//! reference string.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_formats::eip55;
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Account, Limits, Matching, Prover, Silent, commit_matching};
use fairshare_verifier::{Trust, Verifier};

/// The policy of all tests that name no other. Two features: a segment holds 16,320 records.
pub const POLICY: &str = r#"
protocol = 2
geometry = "compact"
parameters = "insecure-development"

[vault]
chain_id = 16601
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
registry = "0x58DA990A8F4A3a6ca7cb6315d68a140105917352"
settlement = "claims"
subnet = "new-york-flights"
epoch = 4
pool = "1000000000000000000000000"

[data]
lambda = "0.1"
pseudo_count = 2
min_records = 100
weighting = "records-divergence"
cap = "0.05"
evidence = false

[compute]
lambda = "0.01"

[rounds]
first = 10
count = 4
ends_by = 2027-01-01T00:00:00Z
proving_seconds = 86400

[[schema.feature]]
name = "carrier"
kind = "categorical"
labels = ["UA", "B6"]

[[schema.feature]]
name = "delay"
kind = "numeric"
edges = [-5, 0.5, 30]

[reference.counts]
carrier = [10, 20, 30, 0]
delay = [1, 2, 3, 4, 5]
"#;

/// The units on record under [`POLICY`], of [`contributor`] and [`stranger`]: nobody's in round 12, and the
/// first one's are none in round 13.
pub const UNITS: &str =
    "round,0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359,0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB
10,305,537
11,943,0
12,0,0
13,0,7
";

/// The policy of [`POLICY`].
pub static RULES: LazyLock<Policy> = LazyLock::new(|| policy(POLICY));
/// The insecure reference string.
pub static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure(Geometry::COMPACT));
/// What a verifier needs of it.
pub static PARAMETERS: LazyLock<VerifierParameters> =
    LazyLock::new(|| VerifierParameters::derive(&SRS).expect("keys"));
/// [`UNITS`], read.
pub static RECORD: LazyLock<Units> = LazyLock::new(|| units(&RULES, UNITS));
/// The verifier under [`POLICY`], with [`UNITS`] on record.
pub static VERIFIER: LazyLock<Verifier<'static>> =
    LazyLock::new(|| verifier(&RULES).with_units(&*RECORD).expect("units of its rounds"));
/// A prover under [`POLICY`]; its keys are those of every policy.
pub static PROVER: LazyLock<Prover<'static>> =
    LazyLock::new(|| Prover::new(&SRS, &VERIFIER, Limits::default()));

/// Reads a policy that names no file.
pub fn policy(text: &str) -> Policy {
    let none = |file: &str| Err(io::Error::new(io::ErrorKind::NotFound, format!("no {file}")));
    fairshare_formats::policy::from_toml(text, &none).expect("a good policy")
}

/// Reads units of a policy's rounds.
pub fn units(policy: &Policy, text: &str) -> Units {
    from_csv(text.as_bytes(), Rounds::of(policy)).expect("good units")
}

/// [`POLICY`] with its one occurrence of `from` replaced: a test that edits nothing, or two places, fails.
pub fn edit(from: &str, to: &str) -> String {
    assert_eq!(POLICY.matches(from).count(), 1, "`{from}`");
    POLICY.replace(from, to)
}

/// A verifier that takes the insecure reference string, and has no units.
pub fn verifier(policy: &Policy) -> Verifier<'_> {
    Verifier::new(&PARAMETERS, policy, Trust::AllowInsecure).expect("a verifier")
}

/// The operator of the ledger that is the registry of [`POLICY`].
pub const OPERATOR: Address = Address([
    0x58, 0xda, 0x99, 0x0a, 0x8f, 0x4a, 0x3a, 0x6c, 0xa7, 0xcb, 0x63, 0x15, 0xd6, 0x8a, 0x14, 0x01, 0x05,
    0x91, 0x73, 0x52,
]);

/// The account of [`OPERATOR`].
pub fn operator() -> Account {
    account(OPERATOR, 0x09)
}

/// The account whose private key is this byte 32 times; it has to have that address.
pub(crate) fn account(address: Address, byte: u8) -> Account {
    let account = Account::from_text(format!("{byte:02x}").repeat(32).as_bytes()).expect("a key");
    assert_eq!(*account.address(), address, "{byte:02x}");
    account
}

/// Somebody.
pub fn contributor() -> Address {
    eip55::parse("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359").expect("an address")
}

/// Somebody else.
pub fn stranger() -> Address {
    eip55::parse("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB").expect("an address")
}

/// A file of `count` records under [`POLICY`], some cells empty; another seed, other records.
pub fn records(count: usize, seed: u64) -> String {
    let mut state = seed;
    let mut draw = |bound: u64| {
        // Knuth's generator; its high bits are random enough for a test.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut text = String::from("delay,carrier\n");
    for _ in 0..count {
        let delay = match draw(20) {
            0 => String::new(),
            _ => (draw(60) as i64 - 20).to_string(),
        };
        let carrier = ["UA", "UA", "UA", "B6", "DL", ""][draw(6) as usize];
        text.push_str(&format!("{delay},{carrier}\n"));
    }
    text
}

/// Writes `text` to the file `name` in `folder`.
pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("write");
    path
}

/// Commits, for `contributor`, to files of these texts as one dataset, into `folder/name`.
pub fn commit_records(
    folder: &Path,
    name: &str,
    contributor: &Address,
    texts: &[String],
) -> (PathBuf, Registration) {
    let files: Vec<_> =
        texts.iter().enumerate().map(|(i, text)| write(folder, &format!("{name}-{i}.csv"), text)).collect();
    let target = folder.join(name);
    // Of few records most may be empty.
    let made = commit_matching(&SRS, &RULES, contributor, &files, &target, Matching::Waived, &Silent);
    (target, Registration::from(&made.expect("a commitment").request))
}
