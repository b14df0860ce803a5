//! From a request to a signed registration: each refusal by its own words, and the key in no output.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::support::*;

/// A key for tests, which anybody knows, and its account.
const KEY: &str = "1f2f85631b4a504696d6077fb1296c901a5625e4cbeb24cada377d963a5df85d";
const ACCOUNT: &str = "0xB64eF26D4E2619187511998a24E4D24E0910A348";
const OTHER_KEY: &str = "d618593697581c3ec9e184617c1e9342a2e666bd807d0260a657b1cb79b48843";
/// The key as ethers 6.17.0 encrypts it, with a cheap derivation.
pub const KEYSTORE: &str = r#"{
    "version": 3,
    "id": "11111111-1111-4111-9111-111111111111",
    "Crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {
            "iv": "22222222222222222222222222222222"
        },
        "ciphertext": "6d6909ea49604e8a63dd1eee0f80e6a105a2cca42776e0a2b1999108a4849d5b",
        "kdf": "scrypt",
        "kdfparams": {
            "salt": "3333333333333333333333333333333333333333333333333333333333333333",
            "n": 1024,
            "dklen": 32,
            "p": 1,
            "r": 8
        },
        "mac": "0da85eaf1dfb4948e6eb85ecb5a72de0028b2b79ea202a5a471ed8638edcb932"
    }
}"#;
pub const PASSWORD: &str = "a password of tests";
const REGISTRY: &str = OPERATOR;
const VAULT: &str = "0x00000000000000000000000000000000000000B1";
const TX: &str = "0x5c50000000000000000000000000000000000000000000000000000000000001";

/// A dataset of [`ACCOUNT`], committed to; its request and a wrapped upload.
struct Dataset {
    request: String,
    ciphertext: String,
    upload: String,
    wrapped: Value,
}

static DATASET: LazyLock<Dataset> = LazyLock::new(|| {
    let folder = folder();
    let (common, flights) = (prepared().common(), show(&examples().join("flights-2000.csv")));
    let out = show(&folder.join("data"));
    let ran =
        fairshare(&format!("commit data {common} --contributor {ACCOUNT} --data {flights} --out {out}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let request = format!("{out}/request.json");
    let ciphertext = write(&folder, "flights.enc", vec![0xe5; 70_000]);
    let upload = show(&folder.join("flights.upload"));
    let wrapped =
        fairshare(&format!("upload wrap {ciphertext} --for {request} --out {upload} --json")).json();
    Dataset { request, ciphertext, upload, wrapped }
});

/// Runs the program with these variables, and none of ours from outside.
fn with(line: &str, variables: &[(&str, &str)]) -> Ran {
    let mut program = program();
    program.env_remove("FAIRSHARE_PRIVATE_KEY").env_remove("FAIRSHARE_KEYSTORE_PASSWORD");
    program.envs(variables.iter().copied());
    run(program, line)
}

fn with_key(line: &str) -> Ran {
    with(line, &[("FAIRSHARE_PRIVATE_KEY", KEY)])
}

/// Signs this request with this upload, into the folder.
fn sign_line(folder: &Path, request: &str, upload: &str) -> String {
    let out = show(&folder.join("signed.json"));
    format!(
        "register sign --request {request} --upload {upload} --upload-tx {TX} --vault {VAULT} --chain-id \
         1514 \
         --registry {REGISTRY} --last-round 40 --out {out}"
    )
}

fn line(folder: &Path) -> String {
    sign_line(folder, &DATASET.request, &format!("{}.json", DATASET.upload))
}

fn check_line(file: &str) -> String {
    format!("register check {file} --vault {VAULT} --chain-id 1514 --registry {REGISTRY}")
}

/// Writes a JSON file again with one value replaced.
fn changed(folder: &Path, from: &str, pointer: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(&fs::read_to_string(from).expect("read")).expect("JSON");
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    write(folder, "changed.json", json.to_string())
}

#[test]
fn a_request_is_signed_and_checked() {
    let folder = folder();
    let signed = with_key(&format!("{} --json", line(&folder))).json();
    for (name, value) in [
        ("contributor", json!(ACCOUNT)),
        ("chain_id", json!(1514)),
        ("registry", json!(REGISTRY)),
        ("vault", json!(VAULT)),
        ("last_round", json!(40)),
        ("upload_tx", json!(TX)),
        ("byte_length", json!(70_256)),
        ("storage_root", DATASET.wrapped["storage_root"].clone()),
        ("digest", DATASET.wrapped["digest"].clone()),
    ] {
        assert_eq!(signed[name], value, "{name}");
    }
    assert_eq!(fs::read(&DATASET.upload).unwrap().len(), 70_256);
    assert_eq!(DATASET.wrapped["path"].as_array().unwrap().len(), 9);

    let file = show(&folder.join("signed.json"));
    assert_eq!(fairshare(&format!("{} --json", check_line(&file))).json(), signed);
    let text = fairshare(&check_line(&file));
    assert!(text.stdout.contains("who has signed it") && text.stdout.contains("round 40"), "{}", text.stdout);

    let by_policy = format!("register check {file} --policy {}", prepared().policy);
    fairshare(&by_policy).fails(1, &["it is for chain 1514"]);
}

#[test]
fn what_the_policy_never_takes_is_not_signed() {
    let folder = folder();
    let out = folder.join("signed.json");
    let sign = |request: &str, changes: &[(&str, &str)], more: &str| {
        let policy = policy(&folder, changes);
        let (line, out) = (format!("register sign --request {request} --policy {policy}"), show(&out));
        with_key(&format!("{line} {more} --out {out}"))
    };
    let request = &DATASET.request;
    let taken = sign(request, &[], "--last-round 0");
    assert_eq!(taken.status, 0, "{}", taken.stderr);
    // Registry, vault and chain are the policy's.
    let check = format!("register check {} --policy {} --json", show(&out), prepared().policy);
    let signed = fairshare(&check).json();
    assert_eq!((&signed["registry"], &signed["chain_id"]), (&json!(REGISTRY), &json!(31_337)));
    fs::remove_file(&out).unwrap();

    let segments = segments_twice(&folder, request);
    for (request, changes, more, part) in [
        (
            request,
            [("evidence = false", "evidence = true")],
            "--last-round 0",
            "without evidence of its upload",
        ),
        (request, [("edges = [150, 200,", "edges = [150, 201,")], "--last-round 0", "its schema has hash"),
        (request, [("\"compact\"", "\"standard\"")], "--last-round 0", "of geometry `compact`"),
        (request, [("first = 0", "first = 7")], "--last-round 6", "void after round 6, but"),
        (
            &segments,
            [("first = 0", "first = 0")],
            "--last-round 0",
            "lists 2 segments, but 2000 records fill 1",
        ),
    ] {
        sign(request, &changes, more).fails(1, &["not one that the policy takes", part]);
        assert!(!out.exists(), "{part}");
    }
    let policy = &prepared().policy;
    let both =
        format!("register sign --request {request} --policy {policy} --registry {REGISTRY} --last-round 0");
    with_key(&format!("{both} --out {}", show(&out))).fails(2, &["--registry"]);
}

/// The request with its segment listed twice, and the digest of that.
fn segments_twice(folder: &Path, file: &str) -> String {
    let mut json: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let segment = json["segments"][0].clone();
    json["segments"] = json!([segment, segment]);
    super::support::request(folder, "twice.json", json)
}

#[test]
fn committing_again_changes_no_request_and_another_one_is_not_replaced() {
    let folder = folder();
    let (common, flights) = (prepared().common(), show(&examples().join("flights-2000.csv")));
    let out = show(&folder.join("data"));
    let line = format!("commit data {common} --contributor {ACCOUNT} --data {flights} --out {out}");
    assert_eq!(fairshare(&line).status, 0);
    let request = folder.join("data/request.json");
    let before = fs::read(&request).unwrap();
    assert_eq!(fairshare(&line).status, 0);
    assert_eq!(fs::read(&request).unwrap(), before);
    // A folder of before there were requests gets one.
    fs::remove_file(&request).unwrap();
    assert_eq!(fairshare(&line).status, 0);
    assert_eq!(fs::read(&request).unwrap(), before);
    fs::write(&request, "{}").unwrap();
    fairshare(&line).fails(2, &["holds a commitment already"]);
    assert_eq!(fs::read(&request).unwrap(), b"{}");
}

#[test]
fn keystore_and_environment_give_one_signature() {
    let folder = folder();
    let signature = |ran: Ran| ran.json()["signature"].clone();
    let expected = signature(with_key(&format!("{} --json", line(&folder))));
    let keystore = write(&folder, "key.json", KEYSTORE);
    let sign = format!("{} --json --keystore {keystore}", line(&folder));
    let password = ("FAIRSHARE_KEYSTORE_PASSWORD", PASSWORD);
    assert_eq!(signature(with(&sign, &[password])), expected);
    // A keystore that is named counts, whatever the environment has.
    assert_eq!(signature(with(&sign, &[password, ("FAIRSHARE_PRIVATE_KEY", OTHER_KEY)])), expected);
    for (name, text) in
        [("bare", PASSWORD.to_owned()), ("unix", format!("{PASSWORD}\n")), ("dos", format!("{PASSWORD}\r\n"))]
    {
        let file = write(&folder, name, text);
        assert_eq!(signature(with(&format!("{sign} --password-file {file}"), &[])), expected, "{name}");
    }

    with(&sign, &[]).fails(2, &["no password", "--password-file", "FAIRSHARE_KEYSTORE_PASSWORD"]);
    with(&sign, &[("FAIRSHARE_KEYSTORE_PASSWORD", "wrong")])
        .fails(2, &["key.json", "does not open this keystore"]);
    // An editor's mark may belong to the password, so it counts; and is told.
    let marked = write(&folder, "marked", format!("\u{feff}{PASSWORD}"));
    with(&format!("{sign} --password-file {marked}"), &[])
        .fails(2, &["begins with a byte-order mark", "does not open this keystore"]);
    let long = write(&folder, "long", vec![b'a'; 5000]);
    with(&format!("{sign} --password-file {long}"), &[]).fails(2, &["5000 bytes, more than the limit"]);
    let other = write(&folder, "other.json", "[]");
    with(&format!("{} --keystore {other}", line(&folder)), &[password])
        .fails(2, &["not a keystore of version 3"]);
}

#[test]
fn what_does_not_fit_is_not_signed() {
    let folder = folder();
    let refused = |line: &str, status: i32, parts: &[&str]| {
        with_key(line).fails(status, parts);
        assert!(!folder.join("signed.json").exists(), "{line}");
    };
    let (request, described) = (&DATASET.request, format!("{}.json", DATASET.upload));
    let one = json!(format!("0x{}", "11".repeat(32)));
    for (pointer, value, part) in [
        ("/digest", one.clone(), "for digest 0x1111"),
        ("/storage_root", one.clone(), "the path leads from this digest's chunk to"),
        ("/path/3", one.clone(), "the path leads from this digest's chunk to"),
        ("/byte_length", json!(1u64 << 33), "has 257 to 4294967296 bytes"),
        ("/byte_length", json!(300), "`path` has 9 nodes"),
        ("/path", json!(vec![one.clone(); 25]), "`path` has 25 nodes"),
    ] {
        let upload = changed(&folder, &described, pointer, value);
        refused(&sign_line(&folder, request, &upload), 1, &[part]);
    }
    for (pointer, value, part) in [
        ("/records", json!(7), "one of them was altered"),
        ("/segments", json!([]), "must list one hash or more"),
    ] {
        let altered = changed(&folder, request, pointer, value);
        refused(&sign_line(&folder, &altered, &described), 1, &["changed.json", part]);
    }
    let garbage = write(&folder, "garbage.json", "{}");
    refused(&sign_line(&folder, &garbage, &described), 2, &["this is not a request", "`request.json`"]);
    let version_1 = write(&folder, "registration.json", "{\"version\": 1}");
    refused(&sign_line(&folder, &version_1, &described), 2, &["`version` is 1, not 2", "`request.json`"]);
    // The prepared contributor is somebody else.
    let others = show(&prepared().data.join("request.json"));
    let bare = line(&folder).replace(&format!("--upload {described} --upload-tx {TX} "), "");
    let signer = ["nothing was signed", ACCOUNT, "not of the contributor", CONTRIBUTOR];
    refused(&bare.replace(request, &others), 1, &signer);
    refused(&bare.replace(VAULT, &format!("0x{}", "00".repeat(20))), 1, &["`vault`: the zero address"]);
    with(&line(&folder), &[]).fails(2, &["no key to sign with", "FAIRSHARE_PRIVATE_KEY"]);
    let short = ("FAIRSHARE_PRIVATE_KEY", &KEY[..60]);
    with(&line(&folder), &[short]).fails(2, &["FAIRSHARE_PRIVATE_KEY", "not 64 hexadecimal digits"]);
    let zero = "0".repeat(64);
    with(&line(&folder), &[("FAIRSHARE_PRIVATE_KEY", &zero)]).fails(2, &["not below the order"]);
    for (missing, part) in [
        (format!("--upload-tx {TX}"), "--upload-tx"),
        (format!("--vault {VAULT}"), "--vault"),
        ("--chain-id 1514".to_owned(), "--chain-id"),
        (format!("--registry {REGISTRY}"), "--registry"),
    ] {
        refused(&line(&folder).replace(&missing, ""), 2, &[part]);
    }
}

#[test]
fn an_altered_registration_is_refused() {
    let folder = folder();
    assert_eq!(with_key(&line(&folder)).status, 0);
    let file = show(&folder.join("signed.json"));
    let one = json!(format!("0x{}", "11".repeat(32)));
    for (pointer, value, part) in [
        ("/last_round", json!(41), "something was altered since"),
        ("/chain_id", json!(1), "something was altered since"),
        ("/evidence/byte_length", json!(70_257), "something was altered since"),
        ("/evidence/transaction_hash", one.clone(), "something was altered since"),
        ("/evidence/storage_root", one.clone(), "does not belong to digest"),
        ("/evidence/path", json!(vec![one.clone(); 25]), "1 to 24 nodes, this one has 25"),
        ("/records", json!(1), "one of them was altered"),
        ("/contributor", json!(OTHER), "one of them was altered"),
    ] {
        let altered = changed(&folder, &file, pointer, value);
        fairshare(&check_line(&altered)).fails(1, &["changed.json", part]);
    }
    // Signed, but not for this place.
    let place = check_line(&file);
    fairshare(&place.replace("1514", "1315")).fails(1, &["for chain 1514, not for chain 1315"]);
    fairshare(&place.replace(VAULT, OTHER)).fails(1, &["for the vault", VAULT, OTHER]);
    fairshare(&place.replace(REGISTRY, OTHER)).fails(1, &["for the registry", REGISTRY, OTHER]);
}

#[test]
fn what_no_upload_holds_is_not_wrapped() {
    let folder = folder();
    let wrap = |ciphertext: &str| {
        let out = show(&folder.join("out"));
        let ran = fairshare(&format!("upload wrap {ciphertext} --for {} --out {out}", DATASET.request));
        assert!(!folder.join("out").exists() && !folder.join("out.json").exists());
        ran
    };
    wrap(&write(&folder, "empty", "")).fails(1, &["empty", "nothing to upload"]);
    let large = folder.join("large");
    fs::File::create(&large).unwrap().set_len((1 << 32) - 255).unwrap();
    let parts = ["4294967041 bytes", "4294967040", "split the records in several files"];
    wrap(&show(&large)).fails(1, &parts);
    wrap(&show(&folder.join("absent"))).fails(2, &["absent", "to do: check the path"]);
    let same =
        fairshare(&format!("upload wrap {0} --for {1} --out {0}", DATASET.ciphertext, DATASET.request));
    same.fails(2, &["this output would replace a file that the command reads"]);
    assert_eq!(fs::read(&DATASET.ciphertext).unwrap(), vec![0xe5; 70_000]);
}

/// A quarter of a gibibyte goes through a process that may not have half as much.
#[cfg(target_os = "linux")]
#[test]
fn wrapping_takes_no_more_memory_for_more_bytes() {
    let folder = folder();
    let ciphertext = folder.join("ciphertext");
    fs::File::create(&ciphertext).unwrap().set_len(1 << 28).unwrap();
    let (out, request) = (show(&folder.join("out")), &DATASET.request);
    let line = format!("upload wrap {} --for {request} --out {out} --json", show(&ciphertext));
    let wrapped = super::resources::bounded(&line, 1 << 17).json();
    assert_eq!(wrapped["byte_length"], (1u64 << 28) + 256);
    assert_eq!(wrapped["path"].as_array().unwrap().len(), 21);
    fs::remove_file(out).unwrap();
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn the_key_is_in_no_output() {
    let folder = folder();
    let bare = write(&folder, "bare.key", format!("0x{KEY}\n"));
    let quoted = write(&folder, "quoted.key", format!("\"{KEY}\""));
    let keystore = write(&folder, "key.json", KEYSTORE);
    let password = write(&folder, "password", PASSWORD);
    let secret_files = [&bare, &quoted, &password].map(PathBuf::from);
    let sign = line(&folder);
    let broken = format!("0x{KEY}0");
    let mut lines: Vec<(String, &str)> = [
        "--help".to_owned(),
        "register --help".to_owned(),
        "register sign --help".to_owned(),
        "register sign -h".to_owned(),
        "register sign".to_owned(),
        sign.clone(),
        format!("{sign} --json"),
        format!("{sign} --log-level trace"),
        format!("{sign} --log-level trace --keystore {keystore} --password-file {password}"),
        format!("{sign} --keystore {bare} --password-file {password}"),
        format!("{sign} --keystore {quoted} --password-file {password}"),
        // A key in place of a file's name.
        format!("{sign} --keystore 0x{KEY}"),
        format!("{sign} --keystore {KEY}"),
        sign.replace("/signed.json", "/absent/signed.json"),
    ]
    .into_iter()
    .map(|line| (line, KEY))
    .collect();
    // A key with a digit too many is a secret, too.
    lines.push((sign.clone(), &broken));
    lines.push((format!("{sign} --log-level trace"), &broken));
    let seen = |what: &str, text: &[u8]| {
        let text = String::from_utf8_lossy(text).to_lowercase();
        for secret in [&KEY[..16], &KEY[48..], PASSWORD] {
            assert!(!text.contains(secret), "{secret} is in {what}:\n{text}");
        }
    };
    for (line, key) in lines {
        let ran = with(&line, &[("FAIRSHARE_PRIVATE_KEY", key), ("FAIRSHARE_KEYSTORE_PASSWORD", PASSWORD)]);
        seen(&format!("the output of {line}"), ran.stdout.as_bytes());
        seen(&format!("the errors of {line}"), ran.stderr.as_bytes());
    }
    assert!(folder.join("signed.json").exists());
    for (path, content) in files(&folder) {
        if !secret_files.contains(&path) {
            seen(&path.display().to_string(), &content);
        }
    }
}
