//! The words against vectors that an independent program made (`tests/vectors`), and their domains.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::LazyLock;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::{DecimalError, MAX_DECIMAL_LENGTH};
use halo2curves::bn256::G1Affine;
use serde_json::Value;
use sha3::{Digest as _, Keccak256};

use super::*;
use crate::commitment::OpeningPoints;
use crate::encoding::{decode_hex, decode_point, decode_scalar};
use crate::keys::{CircuitKind, VerifyingKey};
use crate::srs::{Srs, openings_hash};

static RULES: LazyLock<Vec<Value>> =
    LazyLock::new(|| vectors(include_str!("../../tests/vectors/rules.json")));
static DERIVED: LazyLock<Vec<Value>> =
    LazyLock::new(|| vectors(include_str!("../../tests/vectors/derived.json")));
static REFERENCES: LazyLock<Vec<Value>> =
    LazyLock::new(|| vectors(include_str!("../../tests/vectors/references.json")));

/// The reference strings of the vectors' `s`, by geometry.
static SRS: LazyLock<Vec<Srs>> = LazyLock::new(|| {
    let s = decode_scalar(&decode_hex(DERIVED[0]["s"].as_str().unwrap()).unwrap()).unwrap();
    assert!(DERIVED.iter().all(|vector| vector["s"] == DERIVED[0]["s"]), "one trapdoor");
    Geometry::ALL.map(|geometry| Srs::of_trapdoor(geometry, s)).into()
});

fn vectors(text: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(vectors.len() >= 20);
    vectors
}

fn read<T: FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

fn address(value: &Value) -> Address {
    Address(decode_hex(value.as_str().unwrap()).unwrap())
}

fn point(value: &Value) -> G1Affine {
    let [x, y] = [&value[0], &value[1]].map(read::<Digest>);
    decode_point(&[x.0, y.0].concat().try_into().unwrap()).unwrap()
}

fn geometry(value: &Value) -> Geometry {
    Geometry::from_id(read(value)).unwrap()
}

fn srs(geometry: Geometry) -> &'static Srs {
    SRS.iter().find(|srs| srs.geometry() == geometry).unwrap()
}

fn reference_words(value: &Value) -> ReferenceWords {
    ReferenceWords {
        features: read(&value["d"]),
        free_bins: read(&value["bins"]),
        ln_totals: read(&value["ln_total"]),
        ln: point(&value["ell"]),
        boundaries: point(&value["boundaries"]),
    }
}

fn decay_words(value: &Value, role: &str) -> DecayWords {
    let [lambda_q, rho] = ["lambda_q", "rho"].map(|word| read(&value[format!("{role}_{word}")]));
    DecayWords { lambda_q, rho }
}

fn settlement(word: u8) -> Settlement {
    Settlement::ALL.into_iter().find(|settlement| settlement.id() == word).unwrap()
}

fn rules(value: &Value) -> Rules {
    assert_eq!(value["version"], PROTOCOL_VERSION.to_string());
    let terms = Terms {
        chain_id: read(&value["chain_id"]),
        vault: address(&value["vault"]),
        registry: address(&value["registry"]),
        settlement: settlement(read(&value["settlement"])),
        subnet: read(&value["subnet"]),
        epoch: read(&value["epoch"]),
        first_round: read(&value["first_round"]),
        rounds: read(&value["count"]),
        data_first_round: read(&value["data_first_round"]),
        ends_by: read(&value["ends_by"]),
        proving_seconds: read(&value["proving_seconds"]),
        pool: read(&value["pool"]),
        geometry: geometry(&value["geometry"]),
        min_records: read(&value["min_records"]),
        weighting: match read(&value["weighting"]) {
            1u8 => Weighting::Divergence,
            _ => Weighting::RecordsDivergence { cap: read(&value["cap"]) },
        },
        evidence: read::<u8>(&value["evidence"]) == 1,
    };
    Rules {
        terms,
        schema_hash: read(&value["schema_hash"]),
        reference_hash: read(&value["reference_hash"]),
        reference: reference_words(value),
        data_decay: decay_words(value, "data"),
        compute_decay: decay_words(value, "compute"),
        parameters: ParameterWords {
            srs: read(&value["srs"]),
            keys: read(&value["keys"]),
            lagrange_root: read(&value["lagrange_root"]),
            openings: read(&value["openings"]),
        },
    }
}

/// The smoothed counts of a vector's reference, by feature.
fn smoothed(vector: &Value) -> Vec<Vec<u32>> {
    let pseudo_count: u32 = read(&vector["pseudo_count"]);
    let features = vector["counts"].as_array().unwrap().iter();
    let smooth = |count: &Value| read::<u32>(count) + pseudo_count;
    features.map(|counts| counts.as_array().unwrap().iter().map(smooth).collect()).collect()
}

fn derive(srs: &Srs, vector: &Value) -> Result<ReferenceWords, DerivedError> {
    let features = smoothed(vector);
    ReferenceWords::of(srs, features.iter().map(Vec::as_slice), read(&vector["pseudo_count"]))
}

#[test]
fn rules_hashes() {
    for vector in RULES.iter() {
        let rules = rules(&vector["rules"]);
        assert_eq!(rules.hash(), read(&vector["hash"]), "{}", vector["name"]);
        assert_eq!(vector["rules"]["cap"], rules.terms.weighting.cap().to_string());
    }
    let plain = RULES.iter().find(|vector| vector.get("preimage").is_some()).unwrap();
    let words = plain["preimage"].as_array().unwrap().iter().flat_map(|word| read::<Digest>(word).0);
    let hash: [u8; 32] = Keccak256::digest(words.collect::<Vec<_>>()).into();
    assert_eq!(rules(&plain["rules"]).hash(), Digest(hash));
}

/// What the vectors' program refuses and the words cannot tell: that is for whoever makes rules to refuse.
const NOT_OF_WORDS: [&str; 4] = [
    "λ of compute not below λ of data",
    "data's last decay below 2^40",
    "compute's last decay below 2^40",
    "min_records can never weigh",
];

#[test]
fn rules_are_refused_where_the_vectors_refuse_a_word() {
    for vector in RULES.iter() {
        let refused: Vec<_> = vector["refused"].as_array().unwrap().iter().map(read::<String>).collect();
        let expected = match refused.as_slice() {
            [] => vec![],
            [subnet] if subnet == "subnet not a name" => {
                vec![DomainError::Subnet { found: read(&vector["rules"]["subnet"]) }]
            }
            others => {
                assert!(others.iter().all(|other| NOT_OF_WORDS.contains(&other.as_str())), "{others:?}");
                vec![]
            }
        };
        assert_eq!(rules(&vector["rules"]).terms.faults(), expected, "{}", vector["name"]);
    }
}

#[test]
fn words_of_lambda() {
    for vector in RULES.iter() {
        for role in ["data", "compute"] {
            let lambda: String = read(&vector["lambda"][role]);
            let decay = Decay::from_decimal(&lambda);
            if lambda.len() > MAX_DECIMAL_LENGTH {
                let too_long = DecimalError::TooLong { length: lambda.len() };
                assert_eq!(decay, Err(too_long.into()), "{lambda}");
                continue;
            }
            assert_eq!(DecayWords::from(&decay.unwrap()), decay_words(&vector["rules"], role), "{lambda}");
        }
    }
}

#[test]
fn words_of_the_reference() {
    for vector in DERIVED.iter() {
        let srs = srs(geometry(&vector["geometry"]));
        assert_eq!(derive(srs, vector), Ok(reference_words(vector)), "{}", vector["name"]);
    }
    for vector in RULES.iter() {
        let (srs, rules) = (srs(geometry(&vector["rules"]["geometry"])), &vector["rules"]);
        assert_eq!(derive(srs, vector), Ok(reference_words(rules)), "{}", vector["name"]);
    }
    for vector in REFERENCES.iter() {
        let found = derive(srs(Geometry::LARGE), vector).unwrap();
        let words = ["d", "bins", "ln_total"].map(|word| read::<u128>(&vector[word]));
        assert_eq!([found.features.into(), found.free_bins.into(), found.ln_totals], words);
        let counts = smoothed(vector).concat();
        assert_eq!(counts, vector["r"].as_array().unwrap().iter().map(read::<u32>).collect::<Vec<_>>());
        let hash = counts.iter().fold(Words::untagged(), |words, count| words.integer(*count)).finish();
        assert_eq!(hash, read(&vector["hash"]), "{}", vector["name"]);
    }
}

#[test]
fn a_reference_that_has_no_words_is_refused() {
    let srs = srs(Geometry::COMPACT);
    let refused = |features: &[&[u32]]| ReferenceWords::of(srs, features.iter().copied(), 1).unwrap_err();
    let cases: [&[&[u32]]; 4] = [&[], &[&[]], &[&[1, 0]], &[&[u32::MAX, 1]]];
    for features in cases {
        assert!(matches!(refused(features), DerivedError::Reference(_)), "{features:?}");
    }
    let geometry = Geometry::COMPACT;
    assert_eq!(refused(&[&vec![1; geometry.alphabet()]]), DerivedError::Alphabet { geometry });
}

/// The last points of the SRS under each geometry. The other words are those of
/// `verifier_parameters`.
#[test]
fn words_of_the_openings() {
    for vector in DERIVED.iter() {
        let srs = srs(geometry(&vector["geometry"]));
        let last = srs.reserved_points().first_chunk().unwrap();
        let found = openings_hash(last, &srs.g2(), &srs.s_g2());
        assert_eq!(found, read(&vector["openings"]), "{}", vector["name"]);
    }
}

fn keys(srs: &Srs) -> Vec<VerifyingKey> {
    CircuitKind::all(srs.geometry()).map(|kind| VerifyingKey::build(srs, kind).unwrap()).collect()
}

#[test]
fn keys_out_of_order_are_refused() {
    let srs = srs(Geometry::COMPACT);
    let keys = keys(srs);
    let ids: Vec<_> = keys.iter().map(|key| Some(Box::new(key.id()))).collect();
    let refused = |order: &[usize]| keys_digest(srs.geometry(), order.iter().map(|index| &keys[*index]));
    let error = |index, found: &Option<_>, expected: &Option<_>| {
        Err(DerivedError::Key { index, found: found.clone(), expected: expected.clone() })
    };
    assert_eq!(refused(&[]), error(0, &None, &ids[0]));
    assert_eq!(refused(&[0, 1, 2]), error(3, &None, &ids[3]));
    assert_eq!(refused(&[1, 0, 2, 3]), error(0, &ids[1], &ids[0]));
    assert_eq!(refused(&[0, 1, 3, 2]), error(2, &ids[3], &ids[2]));
    assert_eq!(refused(&[0, 1, 2, 2]), error(3, &ids[2], &ids[3]));
    assert_eq!(refused(&[0, 1, 2, 3, 3]), error(4, &ids[3], &None));
    let message = refused(&[0, 1]).unwrap_err().to_string();
    assert_eq!(
        message,
        "position 2 has no key, where data-score-compact belongs; give a geometry's keys in their order"
    );
    let foreign = keys_digest(Geometry::STANDARD, &keys).unwrap_err();
    assert!(matches!(foreign, DerivedError::Key { index: 0, found, .. } if found == ids[0]));
}

/// One change of terms that are fine, and what is said of it.
type Case = (fn(&mut Terms), Result<(), DomainError>);

fn cases() -> Vec<Case> {
    const END: u64 = u64::MAX;
    let cap = |found| Err(DomainError::Cap { found });
    let geometry = Geometry::COMPACT;
    let rounds = |found| Err(DomainError::Rounds { found, geometry, bound: 1024 });
    let subnet = |found: &str| Err(DomainError::Subnet { found: found.to_owned() });
    vec![
        (|_| {}, Ok(())),
        (|terms| terms.chain_id = 0, Err(DomainError::ChainId)),
        (|terms| terms.chain_id = END, Ok(())),
        (|terms| terms.vault = Address([0; 20]), Err(DomainError::Vault)),
        (|terms| terms.registry = Address([0; 20]), Err(DomainError::Registry)),
        (|terms| terms.subnet = String::new(), subnet("")),
        (|terms| terms.subnet = "x".repeat(64), Ok(())),
        (|terms| terms.subnet = "x".repeat(65), subnet(&"x".repeat(65))),
        (|terms| terms.subnet = "x".repeat(99), subnet(&"x".repeat(80))),
        (|terms| terms.subnet = " x".to_owned(), subnet(" x")),
        (|terms| terms.subnet = "x ".to_owned(), subnet("x ")),
        (|terms| terms.subnet = "a\tb".to_owned(), subnet("a\tb")),
        (|terms| terms.subnet = "é".to_owned(), subnet("é")),
        (|terms| (terms.epoch, terms.ends_by, terms.proving_seconds) = (END, END, END), Ok(())),
        (|terms| terms.rounds = 0, rounds(0)),
        (|terms| terms.rounds = 1, rounds(1)),
        (|terms| terms.rounds = 2, Ok(())),
        (|terms| terms.rounds = 1024, Ok(())),
        (|terms| terms.rounds = 1025, rounds(1025)),
        (|terms| (terms.first_round, terms.rounds) = (END - 1, 2), Ok(())),
        (
            |terms| (terms.first_round, terms.rounds) = (END - 1, 3),
            Err(DomainError::LastRound { first_round: END - 1, rounds: 3 }),
        ),
        (|terms| terms.data_first_round = 0, Ok(())),
        (|terms| (terms.first_round, terms.data_first_round) = (9, 9), Ok(())),
        (
            |terms| (terms.first_round, terms.data_first_round) = (9, 10),
            Err(DomainError::DataFirstRound { found: 10, first_round: 9 }),
        ),
        (|terms| (terms.settlement, terms.pool) = (Settlement::Contract, 0), Ok(())),
        (
            |terms| (terms.settlement, terms.pool) = (Settlement::Claims, 0),
            Err(DomainError::Pool { settlement: Settlement::Claims }),
        ),
        (
            |terms| (terms.settlement, terms.pool) = (Settlement::Payments, 0),
            Err(DomainError::Pool { settlement: Settlement::Payments }),
        ),
        (|terms| (terms.settlement, terms.pool) = (Settlement::Payments, 1), Ok(())),
        (|terms| terms.min_records = 0, Err(DomainError::MinRecords)),
        (|terms| terms.min_records = 1, Ok(())),
        (|terms| terms.weighting = Weighting::RecordsDivergence { cap: 0 }, cap(0)),
        (|terms| terms.weighting = Weighting::RecordsDivergence { cap: 1 }, Ok(())),
        (|terms| terms.weighting = Weighting::RecordsDivergence { cap: 1 << 63 }, Ok(())),
        (|terms| terms.weighting = Weighting::RecordsDivergence { cap: (1 << 63) + 1 }, cap((1 << 63) + 1)),
    ]
}

#[test]
fn words_outside_their_domains_are_named() {
    let fine = rules(&RULES[0]["rules"]).terms;
    let mut all = fine.clone();
    let mut last: Vec<DomainError> = Vec::new();
    for (index, (change, expected)) in cases().into_iter().enumerate() {
        let mut terms = fine.clone();
        change(&mut terms);
        assert_eq!(terms.faults(), expected.clone().err().into_iter().collect::<Vec<_>>(), "case {index}");
        if let Err(error) = expected {
            change(&mut all);
            last.push(error);
        }
    }
    // Many at once: each kind is named, once.
    let kinds = |errors: &[DomainError]| errors.iter().map(std::mem::discriminant).collect::<HashSet<_>>();
    let faults = all.faults();
    assert_eq!(kinds(&faults).len(), faults.len());
    assert!(faults.len() >= 8 && kinds(&faults).is_subset(&kinds(&last)), "{faults:?}");
    let found = Geometry::trial(11, &[crate::Width::FOUR], 3);
    let refused = Terms { geometry: found, ..fine }.faults();
    assert_eq!(refused, [DomainError::Geometry { found }]);
    assert_eq!(
        refused[0].to_string(),
        "the geometry `trial` is not one of the protocol's; name one of compact, standard, large"
    );
}

#[test]
fn settlements_have_their_words() {
    assert_eq!(Settlement::ALL.map(Settlement::id), [1, 2, 3]);
    assert_eq!(Settlement::ALL.map(Settlement::name), ["contract", "claims", "payments"]);
}
