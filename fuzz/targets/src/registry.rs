//! What a contributor gives the registry, and the keystore that signs it.

use std::sync::LazyLock;

use fairshare_formats::keystore;
use fairshare_formats::registry::{
    RegistryFileError, Upload, registration_from_json, request_from_json, request_to_json, signed_from_json,
    signed_to_json, upload_from_json, upload_to_json,
};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::registry::{CHUNK_BYTES, Domain, Request, Tree, Unsigned, check_path, first_chunk};
use fairshare_prover::Account;

use crate::{refused, said};

/// A request, an upload, a signed registration or a keystore: what is read is written and read again as the
/// same, and what is accepted holds together.
pub fn registry(data: &[u8]) -> bool {
    let upload = again(data, upload_from_json, upload_to_json, |_| {});
    let request = again(data, request_from_json, request_to_json, |request| {
        assert!(request.records() > 0 && !request.segments().is_empty() && !request.contributor().is_zero());
    });
    let signed = again(data, signed_from_json, signed_to_json, |signed| {
        let unsigned = signed.unsigned();
        let (request, hash) = (unsigned.request(), unsigned.hash());
        assert_eq!(signed.signature().signer(&hash).as_ref(), Ok(request.contributor()));
        if let Some(evidence) = unsigned.evidence() {
            assert_eq!(check_path(&evidence.storage_root, request.digest(), &evidence.path), Ok(()));
        }
    });
    // Whoever verifies a bundle takes either of the two.
    let expected = signed_from_json(data).map(|signed| signed.unsigned().request().clone());
    let expected = expected.or_else(|_| request_from_json(data));
    let registration = registration_from_json(data).inspect_err(|error| drop(said(error)));
    assert_eq!(registration.ok(), expected.ok().map(|request| Registration::from(&request)));
    let keystore = keystore::from_json(data).map_or_else(|error| refused(&error), |_| true);
    upload || request || signed || keystore
}

fn again<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    read: fn(&[u8]) -> Result<T, RegistryFileError>,
    write: fn(&T) -> String,
    check: fn(&T),
) -> bool {
    match read(data) {
        Ok(value) => {
            check(&value);
            assert_eq!(read(write(&value).as_bytes()).as_ref(), Ok(&value));
            true
        }
        Err(error) => refused(&error),
    }
}

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let account = Account::from_text("7".repeat(64).as_bytes()).expect("a key");
    let segments = vec![Digest([4; 32]), Digest([5; 32])];
    let request = Request::new(*account.address(), Geometry::COMPACT, Digest([2; 32]), 3000, segments);
    let request = request.expect("a request");
    let mut tree = Tree::new();
    tree.push(&first_chunk(request.digest()));
    for byte in [1, 2, 3] {
        tree.push(&[byte; CHUNK_BYTES]);
    }
    let (storage_root, path) = tree.finish();
    let upload = Upload { digest: *request.digest(), storage_root, byte_length: 1000, path };
    let domain = Domain { chain_id: 1514, registry: Address([0xc2; 20]) };
    let evidence = Some(upload.clone().into_evidence(Digest([9; 32])));
    let unsigned = Unsigned::new(request.clone(), evidence, domain, Address([0xb1; 20]), 40);
    let signed = account.register(unsigned.expect("its evidence")).expect("its own");
    let keystore = |kdf: &str, params: &str| {
        let (iv, word) = ("00".repeat(16), "11".repeat(32));
        format!(
            "{{\"version\":3,\"crypto\":{{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{{\"iv\":\"{iv}\"}},\
             \"ciphertext\":\"{word}\",\"kdf\":\"{kdf}\",\"kdfparams\":{{\"dklen\":32,\"salt\":\"{word}\",\
             {params}}},\"mac\":\"{word}\"}}}}"
        )
    };
    [
        request_to_json(&request),
        upload_to_json(&upload),
        signed_to_json(&signed),
        keystore("scrypt", "\"n\":262144,\"r\":8,\"p\":1"),
        keystore("pbkdf2", "\"c\":262144,\"prf\":\"hmac-sha256\""),
    ]
    .map(String::into_bytes)
    .to_vec()
});

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    SEEDS.clone()
}

pub(crate) const TOKENS: &[&str] = &[
    "\"version\"",
    "\"contributor\"",
    "\"geometry\"",
    "\"digest\"",
    "\"records\"",
    "\"segments\"",
    "\"byte_length\"",
    "\"path\"",
    "\"evidence\"",
    "\"signature\"",
    "\"last_round\"",
    "\"kdfparams\"",
    "\"Crypto\"",
    "4294967296",
    "18446744073709551616",
    "1e400",
    "-0",
    "\\u0000",
    "\\ud800",
    "0x",
    "null",
    "[]",
    "{",
    "}",
];
