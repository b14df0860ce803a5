//! Registrations' typed data against vectors that ethers made, signatures in one form, and their JSON.

use std::str::FromStr;

use alloy_primitives::{B256, U256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use fairshare_formats::eip55;
use fairshare_formats::registry::{
    MAX_REQUEST_BYTES, MAX_SIGNATURE_BYTES, RecordedError, RecordedRegistration, RegistryFileError,
    SIGNATURE_BYTES, Signature, SignatureError, SignedError, SignedRegistration, Upload, address_of,
    recorded_from_json, recorded_to_json, registration_from_json, request_from_json, request_to_json,
    signed_from_json, signed_to_json, upload_from_json, upload_to_json,
};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, decode_hex};
use fairshare_params::registry::{
    CHUNK_BYTES, Domain, Evidence, Message, PathError, Request, RequestError, Tree, Unsigned, UnsignedError,
    first_chunk,
};
use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Vector {
    contributor: String,
    chain_id: String,
    registry: String,
    vault: String,
    digest: Digest,
    root: Digest,
    length: String,
    upload_tx: Digest,
    last_round: String,
    hash: Digest,
    signature: String,
}

impl Vector {
    fn domain(&self) -> Domain {
        Domain { chain_id: number(&self.chain_id), registry: address(&self.registry) }
    }

    fn message(&self) -> Message {
        Message {
            vault: address(&self.vault),
            digest: self.digest,
            root: self.root,
            length: number(&self.length),
            upload_tx: self.upload_tx,
            last_round: number(&self.last_round),
        }
    }

    fn signature(&self) -> [u8; SIGNATURE_BYTES] {
        decode_hex(&self.signature).unwrap()
    }
}

fn number(text: &str) -> u64 {
    u64::from_str(text).unwrap()
}

fn address(text: &str) -> Address {
    eip55::parse(text).unwrap()
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../contracts/tests/vectors/registrations.json")).unwrap();
    assert!(vectors.len() >= 20);
    vectors
}

#[test]
fn hashes_and_signers_are_those_of_ethers() {
    for vector in vectors() {
        let hash = vector.message().hash(&vector.domain());
        assert_eq!(hash, vector.hash);
        let signature = Signature::from_bytes(&vector.signature()).unwrap();
        assert_eq!(signature.signer(&hash), Ok(address(&vector.contributor)));
        assert_eq!(signature.to_bytes(), vector.signature());
        assert_eq!(signature.to_string(), vector.signature);
    }
}

sol! {
    struct Registration {
        address vault;
        bytes32 digest;
        bytes32 root;
        uint64 length;
        bytes32 uploadTx;
        uint64 lastRound;
    }
}

proptest! {
    /// A second implementation, of whatever fields.
    #[test]
    fn hashes_are_those_of_alloy(
        places in any::<([u8; 20], [u8; 20], u64)>(),
        words in any::<([u8; 32], [u8; 32], [u8; 32])>(),
        numbers in any::<(u64, u64)>(),
    ) {
        let ((registry, vault, chain_id), (digest, root, tx)) = (places, words);
        let (length, last_round) = numbers;
        let ours = Message {
            vault: Address(vault),
            digest: Digest(digest),
            root: Digest(root),
            length,
            upload_tx: Digest(tx),
            last_round,
        };
        let theirs = Registration {
            vault: vault.into(),
            digest: B256::from(digest),
            root: B256::from(root),
            length,
            uploadTx: B256::from(tx),
            lastRound: last_round,
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

    #[test]
    fn no_bytes_make_a_signature_panic(bytes in any::<[u8; 32]>(), v in 25u8..31, hash in any::<[u8; 32]>()) {
        let mut signature = [0; SIGNATURE_BYTES];
        signature[..32].copy_from_slice(&bytes);
        signature[63] = 1;
        signature[64] = v;
        if let Ok(signature) = Signature::from_bytes(&signature) {
            prop_assert!(signature.signer(&Digest(hash)).map_or(true, |signer| !signer.is_zero()));
        }
    }
}

/// The group's order, and `order − s`.
fn order() -> U256 {
    U256::from_str("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap()
}

fn with_scalar(bytes: &[u8; SIGNATURE_BYTES], at: usize, scalar: U256) -> [u8; SIGNATURE_BYTES] {
    let mut bytes = *bytes;
    bytes[at..at + 32].copy_from_slice(&scalar.to_be_bytes::<32>());
    bytes
}

#[test]
fn only_the_canonical_form_of_a_signature_is_read() {
    for vector in vectors() {
        let good = vector.signature();
        for v in (0..=255).filter(|v| ![27, 28].contains(v)) {
            let mut other = good;
            other[64] = v;
            assert_eq!(Signature::from_bytes(&other), Err(SignatureError::V { found: v }));
        }
        let s = U256::from_be_slice(&good[32..64]);
        let mut mirrored = with_scalar(&good, 32, order() - s);
        assert_eq!(Signature::from_bytes(&mirrored), Err(SignatureError::HighS));
        mirrored[64] ^= 27 ^ 28;
        assert_eq!(Signature::from_bytes(&mirrored), Err(SignatureError::HighS));
        for (at, scalar) in [(0, U256::ZERO), (0, order()), (32, U256::ZERO), (32, order()), (0, U256::MAX)] {
            let other = with_scalar(&good, at, scalar);
            assert_eq!(Signature::from_bytes(&other), Err(SignatureError::Range));
        }
        // The upper half begins one past half of the order.
        let half = order() >> 1;
        assert!(Signature::from_bytes(&with_scalar(&good, 32, half)).is_ok());
        let above = with_scalar(&good, 32, half + U256::ONE);
        assert_eq!(Signature::from_bytes(&above), Err(SignatureError::HighS));
    }
}

#[test]
fn a_signature_that_no_key_makes_has_no_signer() {
    // 5 is the abscissa of no point of the curve.
    let mut bytes = with_scalar(&vectors()[0].signature(), 0, U256::from(5));
    for v in [27, 28] {
        bytes[64] = v;
        let signature = Signature::from_bytes(&bytes).unwrap();
        assert_eq!(signature.signer(&Digest([1; 32])), Err(SignatureError::NoSigner));
    }
}

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32].into()).unwrap()
}

fn sign(key: &SigningKey, hash: &Digest) -> Signature {
    let (signature, recovery) = key.sign_prehash_recoverable(&hash.0).unwrap();
    Signature::new(signature, recovery).unwrap()
}

fn request() -> Request {
    let contributor = address_of(key(7).verifying_key());
    let segments = vec![Digest([4; 32]), Digest([5; 32])];
    Request::new(contributor, Geometry::COMPACT, Digest([2; 32]), 3000, segments).unwrap()
}

/// As wrapping makes it, of a ciphertext of two chunks and a byte.
fn upload() -> Upload {
    let digest = *request().digest();
    let mut tree = Tree::new();
    tree.push(&first_chunk(&digest));
    for byte in [1, 2, 3] {
        tree.push(&[byte; CHUNK_BYTES]);
    }
    let (storage_root, path) = tree.finish();
    Upload { digest, storage_root, byte_length: 769, path }
}

fn unsigned(evidence: Option<Evidence>) -> Unsigned {
    let domain = Domain { chain_id: 1514, registry: Address([0xc2; 20]) };
    Unsigned::new(request(), evidence, domain, Address([0xb1; 20]), 40).unwrap()
}

fn signed() -> SignedRegistration {
    let unsigned = unsigned(Some(upload().into_evidence(Digest([9; 32]))));
    let signature = sign(&key(7), &unsigned.hash());
    SignedRegistration::new(unsigned, signature).unwrap()
}

#[test]
fn only_the_contributor_signs() {
    let unsigned = unsigned(None);
    let other = sign(&key(8), &unsigned.hash());
    let found = eip55::checksummed(&address_of(key(8).verifying_key()));
    let contributor = eip55::checksummed(request().contributor());
    assert_eq!(SignedRegistration::new(unsigned, other), Err(SignedError::Signer { found, contributor }));
}

#[test]
fn files_are_read_as_they_were_written() {
    assert_eq!(request_from_json(request_to_json(&request()).as_bytes()), Ok(request()));
    assert_eq!(upload_from_json(upload_to_json(&upload()).as_bytes()), Ok(upload()));
    assert_eq!(signed_from_json(signed_to_json(&signed()).as_bytes()), Ok(signed()));
    let unsigned = unsigned(None);
    let signature = sign(&key(7), &unsigned.hash());
    let bare = SignedRegistration::new(unsigned, signature).unwrap();
    let text = signed_to_json(&bare);
    assert!(!text.contains("evidence") && text.ends_with("}\n"), "{text}");
    assert_eq!(signed_from_json(text.as_bytes()), Ok(bare));
}

/// What a contract has recorded has whatever its contributor showed for it, which only that one can judge; of
/// all else it is held to what a signed one is.
#[test]
fn what_a_contract_recorded_is_read_with_any_signature() {
    for length in [0, 1, 64, 65, 66, 5_000, MAX_SIGNATURE_BYTES] {
        let recorded = RecordedRegistration::new(signed().unsigned().clone(), vec![0x5c; length]).unwrap();
        let text = recorded_to_json(&recorded);
        assert_eq!(recorded_from_json(text.as_bytes()), Ok(recorded));
        assert!(text.contains(&format!("\"signature\": \"0x{}\"\n}}\n", "5c".repeat(length))));
    }
    // The form is that of a signed registration, which is one of many signatures.
    let ours =
        RecordedRegistration::new(signed().unsigned().clone(), signed().signature().to_bytes().to_vec());
    assert_eq!(recorded_to_json(&ours.unwrap()), signed_to_json(&signed()));
    let found = MAX_SIGNATURE_BYTES + 1;
    let longer = RecordedRegistration::new(signed().unsigned().clone(), vec![0; found]);
    assert_eq!(longer, Err(RecordedError::Signature { found }));
    let text = signed_to_json(&signed());
    let refused =
        |pointer: &str, value: Value| recorded_from_json(&changed(&text, pointer, value)).unwrap_err();
    for signature in ["", "5c", "0x5", "0x5g", "0X5c"] {
        let error = refused("/signature", json!(signature));
        assert!(matches!(error, RegistryFileError::Json { .. }), "{signature}: {error}");
    }
    assert!(matches!(refused("/records", json!(7)), RegistryFileError::Request(RequestError::Digest { .. })));
    let root = refused("/evidence/storage_root", json!(Digest([1; 32])));
    assert!(matches!(root, RegistryFileError::Unsigned(UnsignedError::Evidence { .. })), "{root}");
    let zero = json!(format!("0x{}", "00".repeat(20)));
    let registry = refused("/registry", zero);
    assert!(matches!(registry, RegistryFileError::Unsigned(UnsignedError::ZeroAddress { .. })), "{registry}");
    // The contributor's word, whatever it is.
    for (pointer, value) in [
        ("/evidence/byte_length", json!(u64::MAX)),
        ("/evidence/byte_length", json!(0)),
        ("/evidence/transaction_hash", json!(Digest([0; 32]))),
        ("/last_round", json!(u64::MAX)),
    ] {
        assert!(recorded_from_json(&changed(&text, pointer, value.clone())).is_ok(), "{pointer}: {value}");
    }
}

fn changed(text: &str, pointer: &str, value: Value) -> Vec<u8> {
    let mut json: Value = serde_json::from_str(text).unwrap();
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    json.to_string().into_bytes()
}

#[test]
fn an_altered_request_is_refused_for_what_was_altered() {
    let text = request_to_json(&request());
    let refused =
        |pointer: &str, value: Value| request_from_json(&changed(&text, pointer, value)).unwrap_err();
    for (pointer, value) in [
        ("/contributor", json!(format!("0x{}", "11".repeat(20)))),
        ("/geometry", json!("standard")),
        ("/schema_hash", json!(Digest([3; 32]))),
        ("/records", json!(3001)),
        ("/segments", json!([Digest([5; 32]), Digest([4; 32])])),
        ("/segments/1", json!(Digest([6; 32]))),
        ("/digest", json!(Digest([1; 32]))),
    ] {
        let error = refused(pointer, value);
        assert!(
            matches!(error, RegistryFileError::Request(RequestError::Digest { .. })),
            "{pointer}: {error}"
        );
    }
    let zero = refused("/contributor", json!(format!("0x{}", "00".repeat(20))));
    assert_eq!(zero, RegistryFileError::Request(RequestError::Contributor));
    assert_eq!(refused("/records", json!(0)), RegistryFileError::Request(RequestError::Records));
    assert_eq!(refused("/segments", json!([])), RegistryFileError::Request(RequestError::Segments));
    assert!(matches!(refused("/version", json!(1)), RegistryFileError::Version { found: 1, .. }));
    for (pointer, value, part) in [
        ("/contributor", json!("0x12"), "40 hexadecimal digits"),
        ("/geometry", json!("huge"), "`huge`"),
        ("/digest", json!("0x12"), "64 hexadecimal digits"),
        ("/records", json!(1u64 << 32), "u32"),
    ] {
        let RegistryFileError::Json { source, .. } = refused(pointer, value) else { panic!("{pointer}") };
        assert!(source.to_string().contains(part), "{source}");
    }
}

#[test]
fn other_forms_are_refused() {
    let text = request_to_json(&request());
    let more = text.replacen('{', "{ \"round\": 3,", 1);
    let twice = text.replacen('{', "{ \"records\": 3000,", 1);
    let missing = text.replace("\"records\": 3000,", "");
    for (text, part) in [(more, "round"), (twice, "records"), (missing, "records")] {
        let Err(RegistryFileError::Json { source, .. }) = request_from_json(text.as_bytes()) else {
            panic!("{text}")
        };
        assert!(source.to_string().contains(part), "{source}");
    }
    for text in ["", "[]", "{}", "0", "{\"version\": 2} x"] {
        assert!(matches!(request_from_json(text.as_bytes()), Err(RegistryFileError::Json { .. })), "{text}");
    }
    let long = vec![b' '; MAX_REQUEST_BYTES + 1];
    assert!(matches!(request_from_json(&long), Err(RegistryFileError::TooLarge { .. })));
}

#[test]
fn an_uploads_length_and_path_are_of_one_file() {
    let text = upload_to_json(&upload());
    let refused =
        |pointer: &str, value: Value| upload_from_json(&changed(&text, pointer, value)).unwrap_err();
    for found in [0, 256, (1u64 << 32) + 1] {
        assert_eq!(refused("/byte_length", json!(found)), RegistryFileError::Length { found });
    }
    for (bytes, expected) in [(512, 1), (1025, 3), (1u64 << 32, 24)] {
        let nodes = RegistryFileError::Nodes { found: 2, bytes, expected };
        assert_eq!(refused("/byte_length", json!(bytes)), nodes);
    }
    assert!(matches!(refused("/path", json!([])), RegistryFileError::Nodes { found: 0, expected: 2, .. }));
}

#[test]
fn an_altered_registration_is_refused_for_what_was_altered() {
    let text = signed_to_json(&signed());
    let refused =
        |pointer: &str, value: Value| signed_from_json(&changed(&text, pointer, value)).unwrap_err();
    let somebody = json!(format!("0x{}", "11".repeat(20)));
    // What only the signature covers.
    for (pointer, value) in [
        ("/chain_id", json!(1)),
        ("/registry", somebody.clone()),
        ("/vault", somebody.clone()),
        ("/last_round", json!(41)),
        ("/evidence/byte_length", json!(770)),
        ("/evidence/transaction_hash", json!(Digest([1; 32]))),
        ("/evidence", Value::Null),
    ] {
        let error = refused(pointer, value);
        let signer = matches!(error, RegistryFileError::Signed(SignedError::Signer { .. }));
        assert!(signer, "{pointer}: {error}");
    }
    // What the digest covers, and what the path does.
    for (pointer, value) in
        [("/contributor", somebody), ("/records", json!(1)), ("/digest", json!(Digest([1; 32])))]
    {
        let error = refused(pointer, value);
        assert!(
            matches!(error, RegistryFileError::Request(RequestError::Digest { .. })),
            "{pointer}: {error}"
        );
    }
    for (pointer, value) in
        [("/evidence/storage_root", json!(Digest([1; 32]))), ("/evidence/path/1", json!(Digest([1; 32])))]
    {
        let error = refused(pointer, value);
        let path = matches!(
            error,
            RegistryFileError::Unsigned(UnsignedError::Evidence { source: PathError::Root { .. }, .. })
        );
        assert!(path, "{pointer}: {error}");
    }
    let long = json!(vec![Digest([1; 32]); 25]);
    assert!(matches!(
        refused("/evidence/path", long),
        RegistryFileError::Unsigned(UnsignedError::Evidence { source: PathError::Nodes { found: 25 }, .. })
    ));
    let zero = json!(format!("0x{}", "00".repeat(20)));
    assert_eq!(
        refused("/vault", zero),
        RegistryFileError::Unsigned(UnsignedError::ZeroAddress { field: "vault" })
    );
    // Another form of the same signature, and another key's.
    let bytes = signed().signature().to_bytes();
    let mirrored = with_scalar(&bytes, 32, order() - U256::from_be_slice(&bytes[32..64]));
    let high = refused("/signature", json!(format!("0x{}", hex::encode(mirrored))));
    let RegistryFileError::Json { source, .. } = high else { panic!("{high}") };
    assert!(source.to_string().contains("upper half"), "{source}");
    let other = sign(&key(8), &signed().unsigned().hash());
    let error = refused("/signature", json!(other.to_string()));
    assert!(matches!(error, RegistryFileError::Signed(SignedError::Signer { .. })), "{error}");
}

/// What the registry has on record once it has granted [`request`].
fn on_record() -> fairshare_params::registration::Registration {
    (&request()).into()
}

/// What a proof is about, whichever of the two files says it; each is checked as it is by itself.
#[test]
fn a_proofs_registration_is_read_from_a_request_or_a_signed_registration() {
    let (plain, with_signature) = (request_to_json(&request()), signed_to_json(&signed()));
    for text in [&plain, &with_signature] {
        assert_eq!(registration_from_json(text.as_bytes()), Ok(on_record()));
    }
    for text in [&plain, &with_signature] {
        let error = registration_from_json(&changed(text, "/records", json!(3001))).unwrap_err();
        assert!(matches!(error, RegistryFileError::Request(RequestError::Digest { .. })), "{error}");
    }
    let other = sign(&key(8), &signed().unsigned().hash());
    let error = registration_from_json(&changed(&with_signature, "/signature", json!(other.to_string())));
    assert!(matches!(error, Err(RegistryFileError::Signed(SignedError::Signer { .. }))), "{error:?}");
    // Neither: a request has no signature, not even none, and a signed registration has more fields.
    for signature in ["null", "\"0x12\""] {
        let text = plain.replacen('{', &format!("{{ \"signature\": {signature},"), 1);
        let error = registration_from_json(text.as_bytes()).unwrap_err();
        assert!(matches!(error, RegistryFileError::Json { .. }), "{error}");
    }
}

/// What `fairshare commit data` wrote before there were requests.
#[test]
fn an_older_registration_is_refused_with_what_to_give_instead() {
    let digest = Digest([1; 32]);
    let older = |version| {
        format!(
            "{{\"version\": {version}, \"contributor\": \"0x{}\", \"round\": 11, \"geometry\": \"compact\", \
             \"digest\": \"{digest}\", \"schema_hash\": \"{digest}\", \"records\": 250, \"segments\": 1}}",
            "11".repeat(20)
        )
    };
    for (version, cause) in [(1, None), (2, Some("round"))] {
        let error = registration_from_json(older(version).as_bytes()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("`request.json`") && text.contains("`fairshare register sign` writes"),
            "{text}"
        );
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.is_some(), cause.is_some());
        assert!(source.unwrap_or_default().contains(cause.unwrap_or_default()));
    }
}

proptest! {
    /// What is read back from changed bytes is the request as it was.
    #[test]
    fn mutated_bytes_are_read_or_refused(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..5),
        with_signature in any::<bool>(),
    ) {
        let text = if with_signature { signed_to_json(&signed()) } else { request_to_json(&request()) };
        let mut bytes = text.into_bytes();
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(read) = registration_from_json(&bytes) {
            prop_assert_eq!(read, on_record());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(registration_from_json(&bytes).is_err());
    }
}

/// Found by libFuzzer: the JSON library quotes a value of the wrong type whole.
#[test]
fn what_is_quoted_of_a_text_that_is_no_object_is_cut() {
    let text = format!("\n\"{}\"", "att (".repeat(900));
    let error = registration_from_json(text.as_bytes()).unwrap_err();
    let message = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(message.len() < 400, "{} bytes", message.len());
    assert!(message.contains("… at line 2 column"), "{message}");
    let error = fairshare_formats::reference::from_json(text.as_bytes()).unwrap_err();
    let message = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(message.len() < 400 && message.contains("at line 2 column"), "{message}");
}

/// As in policies and tables: some editors begin a text with it.
#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let text = request_to_json(&request());
    assert_eq!(request_from_json(format!("\u{feff}{text}").as_bytes()), Ok(request()));
    for text in [format!("\u{feff}\u{feff}{text}"), format!("{text}\u{feff}"), "\u{feff}".to_owned()] {
        let error = request_from_json(text.as_bytes());
        assert!(matches!(error, Err(RegistryFileError::Json { .. })), "{text:?}");
    }
}
