//! A byte-order mark in front of any text that the command reads, which Windows' editors put there: the text
//! is read as without it. Text of UTF-16 is named for what it is.

use std::fs;

use serde_json::json;

use super::support::*;
use super::vaults::{Step, Vault, parameters};

/// A file with what is read of it by which command; `FILE` stands for its path.
struct Reader {
    name: &'static str,
    text: String,
    line: String,
}

fn reader(name: &'static str, text: impl Into<String>, line: impl Into<String>) -> Reader {
    Reader { name, text: text.into(), line: format!("{} --json", line.into()) }
}

fn text(path: &str) -> String {
    fs::read_to_string(path).expect("text")
}

/// Every kind of text from outside.
fn readers(folder: &std::path::Path) -> Vec<Reader> {
    let p = prepared();
    let path = |name: &str| show(&folder.join(name));
    let (policy, common) = (&p.policy, p.common());
    let data = format!("{}/flights-2000.csv", show(examples()));
    let upload = write(folder, "data.upload", vec![7; 1000]);
    let wrapped = path("wrapped");
    let request = p.registration();
    let ran = fairshare(&format!("upload wrap {upload} --for {request} --out {wrapped}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let described = format!("{wrapped}.json");
    let hash = format!("0x{}", "ab".repeat(32));
    let sign = format!("register sign --policy {policy} --last-round 40");
    let keyless = "register sign --keystore FILE --password-file";
    let password = write(folder, "password", super::register::PASSWORD);
    let geometry =
        "geometry = \"compact\"\n[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = [9]\n";
    let counted = path("counted.json");
    vec![
        reader("policy.toml", text(policy), "policy check FILE"),
        reader(
            "draft.toml",
            geometry,
            format!("policy reference --policy FILE --data {data} --out {counted}"),
        ),
        reader("units.csv", text(&p.units), "policy rounds --units FILE"),
        reader("own.csv", text(&p.units), format!("policy rounds --policy {policy} --units FILE")),
        reader("data.csv", text(&data), format!("score data --policy {policy} --data FILE")),
        reader("request.json", text(&request), format!("{sign} --request FILE --out {}", path("a.json"))),
        reader(
            "upload.json",
            text(&described),
            format!("{sign} --request {request} --upload FILE --upload-tx {hash} --out {}", path("b.json")),
        ),
        reader("signed.json", text(&p.signed), format!("register check FILE --policy {policy}")),
        reader(
            "registration.json",
            text(&request),
            format!("verify {} {common} --registration FILE --allow-insecure-params", p.data_bundle),
        ),
        reader(
            "keystore.json",
            super::register::KEYSTORE,
            format!(
                "{keyless} {password} --request {request} --policy {policy} --last-round 40 --out {}",
                path("c.json")
            ),
        ),
    ]
}

fn utf_16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_mark_in_front_of_any_text_changes_nothing() {
    let folder = folder();
    let marked = folder.join("marked");
    let wide = folder.join("wide");
    for folder in [&marked, &wide] {
        fs::create_dir(folder).unwrap();
        fs::copy(examples().join("reference-compact.json"), folder.join("reference-compact.json")).unwrap();
    }
    let readers = readers(&folder);
    for Reader { name, text, line } in readers {
        let plain = write(&folder, name, &text);
        if name == "policy.toml" {
            fs::copy(examples().join("reference-compact.json"), folder.join("reference-compact.json"))
                .unwrap();
        }
        let with = write(&marked, name, format!("\u{feff}{text}"));
        let [plain, with] = [plain, with].map(|path| {
            let ran = fairshare_as("e1", &line.replace("FILE", &path));
            (ran.status, ran.stdout.replace(&path, "FILE"), ran.stderr.replace(&path, "FILE"))
        });
        assert_eq!(plain, with, "{name}");
        // A keystore of another contributor signs nothing, which shows that it was read.
        let refused = name == "keystore.json";
        assert!(plain.0 == 0 || (refused && plain.0 == 1), "{name}: {}", plain.2);
        let path = write(&wide, name, utf_16(&text));
        let ran = fairshare_as("e1", &line.replace("FILE", &path));
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.status != 0 && told.to_uppercase().contains("UTF-8"), "{name}: {told}");
    }
}

/// The files that a policy names are hashed as they stand, the mark included.
#[test]
fn a_reference_may_begin_with_a_mark() {
    let folder = folder();
    let name = "reference-compact.json";
    let path = policy(&folder, &[]);
    let (plain, old) = (text(&format!("{}/{name}", show(examples()))), text(&path));
    let marked = format!("\u{feff}{plain}");
    write(&folder, name, &marked);
    let hash = fairshare_formats::policy::side_file_hash(marked.as_bytes()).to_string();
    let (before, _) = old.split_once("hash = \"").unwrap();
    let (_, after) = old[before.len() + 8..].split_once('"').unwrap();
    let path = write(&folder, "policy.toml", format!("{before}hash = \"{hash}\"{after}"));
    assert_eq!(fairshare(&format!("policy check {path} --json")).json()["valid"], true);
}

/// What a ledger wrote, and an editor saved again: a receipt, a list of payments, an archive's heading.
#[test]
fn what_a_vault_wrote_may_begin_with_a_mark() {
    let vault = Vault::at(Step::Open);
    let registered = &lines(&vault.register(&prepared().signed))[0];
    let receipt = registered["receipt"].as_str().unwrap();
    let marked = write(&vault.folder, "marked.json", format!("\u{feff}{}", text(receipt)));
    let archive = vault.archive();
    let audit =
        |receipt: &str| fairshare(&format!("audit {archive} {} --receipt {receipt} --json", parameters()));
    let plain = audit(receipt);
    assert_eq!(audit(&marked).stdout.replace(&marked, receipt), plain.stdout);
    let wide = write(&vault.folder, "wide.json", utf_16(&text(receipt)));
    audit(&wide).fails(2, &["UTF-16, not UTF-8"]);

    let vault = Vault::paying(Step::Settled);
    let lists = vault.path("lists");
    vault.done(&format!("claim --all --lists {lists} --resume-without-history"));
    let list = fs::read_dir(&lists).unwrap().map(|entry| show(&entry.unwrap().path()));
    let list = list.into_iter().find(|path| path.ends_with(".json")).expect("a list");
    fs::write(&list, format!("\u{feff}{}", text(&list))).unwrap();
    let confirmed = vault.json(&format!("confirm --list {list} --evidence 0xfeed"));
    assert_ne!(confirmed, json!(null));
    // And among the lists that `claim` reads.
    vault.done(&format!("claim --all --lists {lists}"));
}
