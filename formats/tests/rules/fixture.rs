//! One good policy, in both of its forms, and good registrations under it.

use std::io;

use fairshare_formats::eip55;
use fairshare_formats::policy::PolicyErrors;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Request;
use fairshare_params::rules::{ParameterWords, ReferenceWords};
use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};
use sha3::{Digest as _, Keccak256};

/// A good policy, everything inline.
pub const POLICY: &str = r#"
protocol = 2
geometry = "compact"
parameters = "insecure-development"

[vault]
chain_id = 16601
address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
registry = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
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
evidence = true

[compute]
lambda = "0.01"

[rounds]
first = 10
count = 3
ends_by = 2027-01-01T00:00:00Z
proving_seconds = 604800

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

/// The same reference as in [`POLICY`].
pub const REFERENCE_JSON: &str = r#"{"counts": {"delay": [1, 2, 3, 4, 5], "carrier": [10, 20, 30, 0]}}"#;

/// Reads a policy that names no file.
pub fn read(text: &str) -> Result<Policy, PolicyErrors> {
    fairshare_formats::policy::from_toml(text, &|file| {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no {file}")))
    })
}

/// Reads a policy in which every file name leads to `content`.
pub fn read_with(text: &str, content: &str) -> Result<Policy, PolicyErrors> {
    fairshare_formats::policy::from_toml(text, &|_| Ok(content.as_bytes().to_vec()))
}

/// Everything that a proof under the policy is bound to: the rules hash, with words in the place of those
/// that are derived from the parameters, and what the policy says of parameters and of the hash itself.
pub fn identity(policy: &Policy) -> (Digest, String, Option<Digest>) {
    let [srs, keys, lagrange_root, openings] = [1, 2, 3, 4].map(|byte| Digest([byte; 32]));
    let reference = ReferenceWords {
        features: policy.schema().len().try_into().unwrap(),
        free_bins: policy.free_bins(),
        ln_totals: 5,
        ln: point(6),
        boundaries: point(7),
    };
    let rules = policy.rules(reference, ParameterWords { srs, keys, lagrange_root, openings });
    (rules.hash(), policy.parameters().to_string(), policy.rules_hash())
}

/// The rules hash as [`identity`] has it.
pub fn rules_hash(policy: &Policy) -> Digest {
    identity(policy).0
}

/// The good policy.
pub fn policy() -> Policy {
    read(POLICY).unwrap()
}

/// [`POLICY`] with its one occurrence of `from` replaced: a test that edits nothing, or two places, fails.
pub fn edit(from: &str, to: &str) -> String {
    assert_eq!(POLICY.matches(from).count(), 1, "`{from}`");
    POLICY.replace(from, to)
}

/// [`POLICY`] with its reference in a file of that content.
pub fn with_reference_file(content: &str) -> String {
    let table = "[reference.counts]\ncarrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]";
    edit(table, &format!("[reference]\nfile = \"reference.json\"\nhash = \"{}\"", hash(content)))
}

/// Keccak-256 of a file.
pub fn hash(content: &str) -> Digest {
    Digest(Keccak256::digest(content.as_bytes()).into())
}

/// Somebody.
pub fn contributor() -> Address {
    eip55::parse("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359").unwrap()
}

/// Somebody else.
pub fn stranger() -> Address {
    eip55::parse("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB").unwrap()
}

/// A point of the curve for each number.
pub fn point(number: u64) -> G1Affine {
    (G1::generator() * Fr::from(number)).to_affine()
}

/// A request for data under [`POLICY`]; another `seed`, another digest.
pub fn request(seed: u64) -> Request {
    let columns = [(seed..seed + 4).map(point).collect()];
    let schema = policy().schema().hash();
    Request::for_columns(contributor(), Geometry::COMPACT, schema, 250, &columns).unwrap()
}

/// What is on record of [`request`].
pub fn data(seed: u64) -> Registration {
    Registration::from(&request(seed))
}
