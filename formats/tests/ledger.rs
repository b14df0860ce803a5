//! A ledger's entries and receipts against vectors that an independent program made of PROTOCOL section 9
//! (`params/tests/vectors/protocol.py`), and their JSON.

use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

use alloy_primitives::B256;
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use fairshare_formats::eip55;
use fairshare_formats::ledger::{Entry, Event, Kind, Receipt, ReceiptError, SignedReceipt, Stored};
use fairshare_formats::registry::{Signature, address_of};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{Domain, ReceiptMessage};
use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};

struct Vector {
    receipt: Receipt,
    entry: Digest,
    after: Digest,
    hash: Digest,
    event: Value,
}

fn read<T: FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().expect("a text").parse().expect("well formed")
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../params/tests/vectors/entries.json")).expect("JSON");
    let vector = |vector: &Value| {
        let time = Moment::from_unix_seconds(read(&vector["time"])).expect("a date");
        let event = serde_json::from_value(vector["event"].clone()).expect("an event");
        let registry = eip55::parse(vector["registry"].as_str().expect("a text")).expect("an address");
        let domain = Domain { chain_id: read(&vector["chain_id"]), registry };
        let (index, round, before) =
            (read(&vector["index"]), read(&vector["round"]), read(&vector["before"]));
        let receipt = Receipt { domain, index, round, entry: Entry { time, event }, before };
        let (entry, after, hash) = (read(&vector["entry"]), read(&vector["after"]), read(&vector["receipt"]));
        Vector { receipt, entry, after, hash, event: vector["event"].clone() }
    };
    vectors.iter().map(vector).collect()
}

#[test]
fn entries_heads_and_receipts_have_the_protocols_hashes() {
    let mut found: BTreeMap<Kind, usize> = BTreeMap::new();
    for vector in vectors() {
        let receipt = &vector.receipt;
        assert_eq!(receipt.entry.hash(), vector.entry, "{:?}", receipt.entry);
        assert_eq!(receipt.after(), vector.after, "{:?}", receipt.entry);
        assert_eq!(receipt.hash(), vector.hash, "{receipt:?}");
        *found.entry(receipt.entry.event.kind()).or_default() += 1;
    }
    assert_eq!(found, Kind::ALL.map(|kind| (kind, 20)).into());
}

/// Another value of the same form.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!(Digest([7; 32])),
        Value::Object(fields) => {
            let mut fields = fields.clone();
            let (_, first) = fields.iter_mut().next().expect("a field");
            *first = other(first);
            Value::Object(fields)
        }
        Value::String(text) => match text.as_str() {
            "data" => json!("compute"),
            "compute" => json!("data"),
            text if text.starts_with("0x") && text.len() > 40 => {
                let last = if text.ends_with('0') { "1" } else { "0" };
                json!(text[..text.len() - 1].to_owned() + last)
            }
            text if text.parse::<num_bigint::BigUint>().is_ok() => {
                json!(if text == "3" { "4" } else { "3" })
            }
            text => json!(text.to_owned() + "."),
        },
        other => panic!("{other}"),
    }
}

/// Every field of every kind enters the hash, and so does when it was.
#[test]
fn no_field_of_an_entry_can_be_altered() {
    for Vector { receipt: Receipt { entry, .. }, event, .. } in vectors() {
        let mut hashes = HashSet::from([entry.hash()]);
        let mut expected = 1;
        for (field, value) in event.as_object().expect("fields").iter().filter(|(field, _)| *field != "kind")
        {
            let mut altered = event.clone();
            altered[field] = other(value);
            let altered: Event =
                serde_json::from_value(altered).unwrap_or_else(|error| panic!("{field}: {error}"));
            assert_ne!(altered, entry.event, "{field}");
            hashes.insert(Entry { event: altered, ..entry.clone() }.hash());
            expected += 1;
        }
        let other = entry.time.unix_seconds().checked_sub(1).unwrap_or(1);
        let time = Moment::from_unix_seconds(other).expect("a date");
        hashes.insert(Entry { time, ..entry.clone() }.hash());
        assert_eq!(hashes.len(), expected + 1, "{entry:?}");
    }
}

/// Kinds of the same fields are not each other.
#[test]
fn the_kind_enters_the_hash() {
    let (epoch, file, time) = (4, Digest([1; 32]), Moment::default());
    let pairs = [
        (Event::Units { epoch, file }, Event::Sent { epoch, file }),
        (Event::Ended { epoch }, Event::Closed { epoch }),
    ];
    for (one, two) in pairs {
        assert_ne!(Entry { time, event: one }.hash(), Entry { time, event: two }.hash());
    }
}

#[test]
fn entries_are_read_as_they_were_written() {
    for Vector { receipt, after, .. } in vectors() {
        let Entry { time, event } = receipt.entry.clone();
        let stored = Stored { index: receipt.index, time, event, head: after };
        let text = stored.to_json();
        assert_eq!(Stored::from_json(text.as_bytes()).expect("an entry"), stored);
        assert_eq!(stored.entry(), receipt.entry);
        // One spelling: what was read is written to the byte as it was.
        assert_eq!(Stored::from_json(text.as_bytes()).unwrap().to_json(), text);
    }
}

#[test]
fn an_entry_has_no_other_form() {
    let text = json!({
        "index": "3", "time": "2027-01-01T00:00:00Z", "head": Digest([1; 32]),
        "event": { "kind": "rounds", "first": "10", "last": "11" },
    });
    assert!(Stored::from_json(text.to_string().as_bytes()).is_ok());
    for (pointer, value) in [
        ("/index", json!(3)),
        ("/index", json!("03")),
        ("/index", json!("-3")),
        ("/index", json!("18446744073709551616")),
        ("/time", json!("2027-01-01T00:00:00+00:00")),
        ("/time", json!("2027-01-01T00:00:00.5Z")),
        ("/time", json!(1_798_761_600)),
        ("/head", json!("0x12")),
        ("/event/kind", json!("round")),
        ("/event/first", json!("1e1")),
        ("/event", json!({ "kind": "rounds", "first": "10", "last": "11", "more": "1" })),
        ("/event", json!({ "kind": "rounds", "first": "10" })),
        ("/event", json!({ "first": "10", "last": "11" })),
    ] {
        let altered = changed(&text.to_string(), pointer, value.clone());
        assert!(Stored::from_json(&altered).is_err(), "{pointer}: {value}");
    }
    let more = text.to_string().replacen('{', "{ \"more\": 1, ", 1);
    assert!(Stored::from_json(more.as_bytes()).is_err());
    let longest = "9".repeat(41);
    let settled = json!({
        "kind": "settled", "epoch": "4", "total": "0", "root": null, "file": Digest([1; 32]),
        "brought": { "compute": "0", "data": "0" }, "left": { "compute": longest, "data": "0" },
    });
    assert!(Stored::from_json(&changed(&text.to_string(), "/event", settled.clone())).is_err());
    let fits = changed(&settled.to_string(), "/left/compute", json!(&longest[..40]));
    let fits = serde_json::from_slice(&fits).expect("JSON");
    assert!(Stored::from_json(&changed(&text.to_string(), "/event", fits)).is_ok());
}

fn changed(text: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut json: Value = serde_json::from_str(text).expect("JSON");
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    json.to_string().into_bytes()
}

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32].into()).expect("a key")
}

fn sign(key: &SigningKey, hash: &Digest) -> Signature {
    let (signature, recovery) = key.sign_prehash_recoverable(&hash.0).expect("a signature");
    Signature::new(signature, recovery).expect("canonical")
}

/// The vectors' receipts, as this operator's.
fn receipts() -> Vec<Receipt> {
    let registry = address_of(key(7).verifying_key());
    let own =
        |vector: Vector| Receipt { domain: Domain { registry, ..vector.receipt.domain }, ..vector.receipt };
    vectors().into_iter().map(own).collect()
}

fn signed(receipt: Receipt) -> SignedReceipt {
    let signature = sign(&key(7), &receipt.hash());
    SignedReceipt::new(receipt, signature).expect("the operator's")
}

#[test]
fn receipts_are_read_as_they_were_written() {
    for receipt in receipts() {
        let receipt = signed(receipt);
        let text = receipt.to_json();
        let read = SignedReceipt::from_json(text.as_bytes()).expect("a receipt");
        assert_eq!((&read, read.to_json()), (&receipt, text));
    }
}

#[test]
fn a_receipt_is_its_operators() {
    let receipt = receipts().remove(0);
    let error = SignedReceipt::new(receipt.clone(), sign(&key(8), &receipt.hash())).unwrap_err();
    let found = eip55::checksummed(&address_of(key(8).verifying_key()));
    let operator = eip55::checksummed(&receipt.domain.registry);
    assert!(
        matches!(error, ReceiptError::Signer { found: by, operator: of } if by == found && of == operator),
        "{error}"
    );
    // Nor is it one of another entry, place, round, chain or head.
    let signature = sign(&key(7), &receipt.hash());
    let alterations: [fn(&mut Receipt); 6] = [
        |receipt| receipt.index += 1,
        |receipt| receipt.round ^= 1,
        |receipt| receipt.before.0[0] ^= 1,
        |receipt| receipt.domain.chain_id ^= 1,
        |receipt| receipt.entry.time = Moment::from_unix_seconds(77).unwrap(),
        |receipt| receipt.entry.event = Event::Ended { epoch: 1 },
    ];
    for alter in alterations {
        let mut altered = receipt.clone();
        alter(&mut altered);
        assert_ne!(altered.hash(), receipt.hash());
        let refused = SignedReceipt::new(altered, signature);
        assert!(
            matches!(refused, Err(ReceiptError::Signer { .. } | ReceiptError::Signature(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn an_altered_receipt_is_refused_for_what_was_altered() {
    for receipt in receipts() {
        let after = receipt.after();
        let text = signed(receipt).to_json();
        let refused = |pointer: &str, value: Value| {
            SignedReceipt::from_json(&changed(&text, pointer, value)).expect_err(pointer)
        };
        assert!(matches!(refused("/version", json!(1)), ReceiptError::Version { found: 1 }));
        let another = address_of(key(8).verifying_key());
        for (pointer, value) in [
            ("/chain_id", json!("5")),
            ("/index", json!("900")),
            ("/round", json!("901")),
            ("/registry", json!(eip55::checksummed(&another).to_string())),
        ] {
            let error = refused(pointer, value);
            assert!(
                matches!(error, ReceiptError::Signer { .. } | ReceiptError::Signature(_)),
                "{pointer}: {error}"
            );
        }
        for (pointer, value) in [
            ("/time", json!("2001-01-01T00:00:00Z")),
            ("/event", json!({ "kind": "ended", "epoch": "987" })),
            ("/before", json!(Digest([1; 32]))),
            ("/after", json!(Digest([1; 32]))),
        ] {
            let error = refused(pointer, value);
            let ReceiptError::After { found, expected } = error else { panic!("{pointer}: {error}") };
            assert_eq!(if pointer == "/after" { expected } else { found }, after, "{pointer}");
        }
    }
}

/// What is consistent in itself, and not signed.
#[test]
fn a_receipt_of_another_entry_is_refused_by_its_signature() {
    let receipt = receipts().remove(0);
    let text = signed(receipt.clone()).to_json();
    let other = Receipt { before: Digest([9; 32]), ..receipt };
    let text = changed(&text, "/before", json!(other.before));
    let text = changed(&String::from_utf8(text).unwrap(), "/after", json!(other.after()));
    let error = SignedReceipt::from_json(&text).unwrap_err();
    assert!(matches!(error, ReceiptError::Signer { .. } | ReceiptError::Signature(_)), "{error}");
}

#[test]
fn what_is_no_receipt_is_refused() {
    let text = signed(receipts().remove(0)).to_json();
    for (pointer, value) in [
        ("/index", json!("01")),
        ("/index", json!(1)),
        ("/time", json!("2001-01-01T00:00:00+00:00")),
        ("/event/kind", json!("gift")),
        ("/signature", json!("0x12")),
        ("/registry", json!("0x12")),
        ("/version", json!("2")),
    ] {
        let error = SignedReceipt::from_json(&changed(&text, pointer, value)).unwrap_err();
        assert!(matches!(error, ReceiptError::Json(_)), "{pointer}: {error}");
    }
    let more = text.replacen('{', "{ \"more\": 1,", 1);
    let twice = text.replacen('{', "{ \"version\": 2,", 1);
    for text in [more.as_str(), &twice, "", "[]", "{}", &(text.clone() + "x")] {
        assert!(matches!(SignedReceipt::from_json(text.as_bytes()), Err(ReceiptError::Json(_))), "{text}");
    }
    let long = vec![b' '; (32 << 10) + 1];
    assert!(matches!(SignedReceipt::from_json(&long), Err(ReceiptError::TooLarge { .. })));
}

/// The longest entry that is taken is read from a receipt, too.
#[test]
fn the_longest_receipt_is_read() {
    let mut receipt = receipts().remove(0);
    // Every character of a reason may take six bytes of JSON.
    let reason = "\u{1}".repeat(1_000);
    receipt.entry.event = Event::StrikeNode { epoch: u64::MAX, node: Address([0xff; 20]), reason };
    let receipt = signed(receipt);
    assert_eq!(SignedReceipt::from_json(receipt.to_json().as_bytes()).expect("a receipt"), receipt);
}

// What the receipt's type is called, and where its fields stand.
mod solidity {
    use super::sol;

    sol! {
        struct Receipt {
            uint64 index;
            uint64 round;
            bytes32 entry;
            bytes32 before;
            bytes32 after;
        }
    }
}

proptest! {
    /// A second implementation of EIP-712, of whatever fields.
    #[test]
    fn receipts_hashes_are_those_of_alloy(
        place in any::<([u8; 20], u64)>(),
        numbers in any::<(u64, u64)>(),
        words in any::<([u8; 32], [u8; 32], [u8; 32])>(),
    ) {
        let ((registry, chain_id), (index, round), (entry, before, after)) = (place, numbers, words);
        let [entry_digest, before_digest, after_digest] = [entry, before, after].map(Digest);
        let ours = ReceiptMessage {
            index,
            round,
            entry: entry_digest,
            before: before_digest,
            after: after_digest,
        };
        let theirs = solidity::Receipt {
            index,
            round,
            entry: B256::from(entry),
            before: B256::from(before),
            after: B256::from(after),
        };
        let domain = eip712_domain! {
            name: "Fairshare",
            version: "2",
            chain_id: chain_id,
            verifying_contract: registry.into(),
        };
        let hash = ours.hash(&Domain { chain_id, registry: Address(registry) });
        prop_assert_eq!(hash.0, theirs.eip712_signing_hash(&domain).0);
    }
}
