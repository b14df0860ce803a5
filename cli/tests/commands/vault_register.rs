//! Registering: one entry of a batch after the other, units as a whole, receipts, and who may sign them.

use std::fs;

use fairshare_formats::excerpt::is_control;
use serde_json::{Value, json};

use super::support::*;
use super::vaults::*;

/// A registration signed by the account of a key of 32 such bytes, of a dataset that differs by its records.
fn signed(vault: &Vault, name: &str, byte: &str, contributor: &str, records: u64) -> String {
    let mut json: Value = serde_json::from_slice(&fs::read(prepared().registration()).unwrap()).unwrap();
    json["contributor"] = contributor.into();
    json["records"] = records.into();
    let request = request(&vault.folder, &format!("{name}.request"), json);
    let out = vault.path(name);
    let sign = format!("register sign --request {request} --policy {} --last-round 363", prepared().policy);
    let ran = fairshare_as(byte, &format!("{sign} --out {out}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    out
}

/// The verdicts on a batch: whether each was accepted, was there before, and why not.
fn verdicts(ran: &Ran) -> Vec<(bool, bool, String)> {
    let line = |line: Value| {
        let flag = |name: &str| line[name].as_bool().expect("a flag");
        (flag("accepted"), flag("before"), line["error"].as_str().unwrap_or_default().to_owned())
    };
    lines(ran).into_iter().map(line).collect()
}

#[test]
fn one_bad_entry_names_itself_and_the_others_are_recorded() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let jfk = signed(&vault, "jfk.json", "a2", JFK, 1999);
    let altered =
        fs::read_to_string(&p.signed).unwrap().replace("\"last_round\": 363", "\"last_round\": 362");
    let altered = write(&vault.folder, "altered.json", altered);
    let garbage = write(&vault.folder, "garbage.json", "what is this");
    // What the registry was given before there were signatures.
    let version_1 = json!({ "version": 1, "contributor": JFK, "role": "data", "round": 3 }).to_string();
    let version_1 = write(&vault.folder, "registration.json", version_1);
    let absent = vault.path("absent.json");
    let request = p.registration();
    let files = [&jfk, &altered, &garbage, &version_1, &absent, &request, &jfk, &p.signed];
    let ran = vault.register(&files.map(String::as_str).join(" "));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let found = verdicts(&ran);
    let expected = [
        (true, false, ""),
        (false, false, "altered since"),
        (false, false, "not a signed registration, which `fairshare register sign` writes"),
        (false, false, "`version` is 1, not 2; give a signed registration"),
        (false, false, "cannot be read"),
        (false, false, "not a signed registration, which `fairshare register sign` writes"),
        // One file twice is one.
        (true, true, ""),
        (true, false, ""),
    ];
    mended(
        "one file given twice was refused: \"but not alike\"",
        "taken once, the second time as on record before",
    );
    for ((file, found), (accepted, before, why)) in files.iter().zip(&found).zip(expected) {
        assert_eq!((found.0, found.1), (accepted, before), "{file}: {found:?}");
        assert!(found.2.contains(why) && found.2.is_empty() == why.is_empty(), "{file}: {found:?}");
    }
    assert_eq!(vault.status()["epochs"][0]["datasets"], 2);
    // For people, every file has its line and every refusal its reason.
    let ran = vault.run(&format!("register {garbage} {jfk} {}", vault.receipts()));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in ["REFUSED", "on record before", &format!("{garbage}: "), "line 1 column 1"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    // The one in whose name the junk was proves hers all the same.
    vault.done("round --to 364");
    assert_eq!(vault.register(&format!("--units {}", p.units)).status, 0);
    vault.done("round --end");
    assert_eq!(vault.submit(&p.data_bundle).status, 0);
    let now = format!("her bundle is accepted; of the junk it says: {}", found[1].2);
    mended("junk in a contributor's name got her bundle refused", now);
    vault.audits_clean();
}

/// Each by its own words: another place, another schema, too late, a digest in another form.
#[test]
fn what_can_never_be_paid_is_refused_by_its_own_reason() {
    let (p, vault) = (prepared(), Vault::at(Step::Registered));
    let sign = |name: &str, changes: &[(&str, &str)], last: u64| {
        let policy = policy(&vault.folder, changes);
        let out = vault.path(name);
        let line = format!("register sign --request {} --policy {policy}", p.registration());
        assert_eq!(fairshare_as("e1", &format!("{line} --last-round {last} --out {out}")).status, 0);
        out
    };
    let elsewhere = sign("elsewhere.json", &[("f11e4755", "f11e4756")], 363);
    // The same dataset, signed for fewer rounds: another registration of one digest.
    let again = sign("again.json", &[], 9);
    let late = signed(&vault, "jfk.json", "a2", JFK, 1998);
    for (file, why) in [
        (&elsewhere, "for the vault"),
        (&again, "is on record since round 0; a dataset is registered once, for ever"),
    ] {
        let found = verdicts(&vault.register(file));
        assert!(!found[0].0 && found[0].2.contains(why), "{found:?}");
    }
    vault.json("round --to 20");
    let void = vault.path("void.json");
    let line = format!("register sign --request {}.request --policy {}", late, p.policy);
    assert_eq!(fairshare_as("a2", &format!("{line} --last-round 9 --out {void}")).status, 0);
    let found = verdicts(&vault.register(&void));
    assert!(found[0].2.contains("it is void after round 9, and round 20 goes on"), "{found:?}");
    vault.json("round --to 364");
    let found = verdicts(&vault.register(&late));
    let last = "round 364 is the last of epoch 2013, which takes no data; register it when the next epoch";
    assert!(!found[0].0 && found[0].2.contains(last), "{found:?}");
    assert_eq!(vault.register(&p.signed).status, 0, "what is on record is on record");
    vault.audits_clean();
}

#[test]
fn nothing_is_registered_between_rounds() {
    let (p, announced) = (prepared(), Vault::at(Step::Announced));
    let found = verdicts(&announced.register(&p.signed));
    assert!(found[0].2.contains("no round goes on") && found[0].2.contains("round --next"), "{found:?}");
    let early = Vault::at(Step::Registered);
    let found = verdicts(&early.register(&format!("--units {}", p.units)));
    assert!(found[0].2.contains("units are recorded in the epoch's last round, 364"), "{found:?}");
}

#[test]
fn folders_are_their_files_without_what_systems_leave() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let inbox = vault.folder.join("inbox");
    fs::create_dir(&inbox).unwrap();
    fs::copy(&p.signed, inbox.join("ewr.json")).unwrap();
    write(&inbox, "._ewr.json", [0, 5, 22, 7]);
    write(&inbox, "notes.txt", "not one");
    let ran = vault.register(&show(&inbox));
    assert_eq!((ran.status, verdicts(&ran).len()), (0, 1), "{}", ran.stdout);
    let empty = vault.path("empty");
    fs::create_dir(&empty).unwrap();
    let none = "there is no file here whose name ends in `.json`";
    vault.register(&empty).fails_as_json(2, none);
    mended("`._x.json` in a folder refused all", "passed over: one file, one verdict, exit 0");
    mended("an empty folder exited 0", format!("exit 2: {none}"));
    vault.run(&format!("register {}", vault.receipts())).fails(2, &["--units"]);
}

/// Whoever names a file in somebody's inbox writes to nobody's terminal, and adds no lines of their own.
#[test]
fn names_of_files_are_told_on_one_line() {
    let vault = Vault::at(Step::Open);
    let inbox = vault.folder.join("inbox");
    fs::create_dir(&inbox).unwrap();
    fs::write(inbox.join("evil\u{1b}[31m\naccepted\u{9b}1m\u{202e}.json"), "{}").unwrap();
    for json in ["", " --json"] {
        let line = format!("register {} {}{json}", show(&inbox), vault.receipts());
        let ran = vault.run(&line);
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.chars().any(|letter| letter != '\n' && is_control(letter)), "{all:?}");
        assert!(!all.lines().any(|line| line.starts_with("accepted")), "{all}");
        assert!(all.contains("31m"), "{all}");
    }
}

/// Windows' editors put one in front of what they save.
#[test]
fn a_byte_order_mark_in_front_is_passed_over() {
    let vault = Vault::at(Step::Open);
    let marked = [b"\xef\xbb\xbf".as_slice(), &fs::read(&prepared().signed).unwrap()].concat();
    let marked = write(&vault.folder, "marked.json", marked);
    assert_eq!(verdicts(&vault.register(&marked)), [(true, false, String::new())]);
    vault.audits_clean();
    mended("a byte order mark was \"expected value at line 1\"", "passed over, accepted");
}

/// Refused with file, line and column, and nothing of them recorded.
#[test]
fn units_are_refused_where_they_are_wrong() {
    let vault = Vault::at(Step::Last);
    let good = fs::read_to_string(&prepared().units).unwrap();
    let rows = |keep: &dyn Fn(usize) -> bool| {
        let lines = good.lines().enumerate().filter(|(index, _)| keep(*index));
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let doubled = good.replacen("\n7,", "\n6,1,1,1\n7,", 1);
    let spelled =
        good.replacen(JFK, &format!("{JFK},{}", JFK.to_lowercase()), 1).replace(",240\n", ",240,1\n");
    for (name, text, parts) in [
        ("spelled", spelled, ["line 1", "two columns are named", "rename or remove one"]),
        (
            "missing",
            rows(&|index| index != 9),
            ["line 10, column `round`", "9 stands where 8 belongs", "in order"],
        ),
        ("short", rows(&|index| index < 100), ["ends before round 99", "365 rounds from 0", ""]),
        ("doubled", doubled, ["line 9, column `round`", "6 stands where 7 belongs", ""]),
        ("named", good.replacen(JFK, "JFK", 1), ["line 1, column `JFK`", "under its address", ""]),
        (
            "large",
            good.replacen("\n0,305", "\n0,4294967295", 1),
            ["line 2", "round 0 add up to", "4294967295"],
        ),
        (
            "huge",
            good.replacen("\n0,305", "\n0,4294967296", 1),
            ["line 2, column", "`4294967296`", "integer"],
        ),
    ] {
        let file = write(&vault.folder, &format!("{name}.csv"), text);
        let ran = vault.register(&format!("--units {file}"));
        assert_eq!(ran.status, 1, "{name}: {}", ran.stderr);
        let found = verdicts(&ran);
        let why = &found[0].2;
        assert!(why.contains(&format!("{name}.csv")), "{why}");
        for part in parts {
            assert!(why.contains(part), "{name}: {part:?} is not in {why}");
        }
        let was = match name {
            "spelled" => "an address in two spellings was two nodes",
            "missing" | "short" => "missing rounds became 0",
            "doubled" => "a doubled row was taken",
            "named" => "a column that is no address was passed over",
            _ => "a round of 2^32 units was taken",
        };
        mended(was, why.split_once(".csv").map_or(why.as_str(), |(_, told)| told.trim_start_matches(": ")));
    }
    assert_eq!(vault.status()["epochs"][0]["nodes"], 0);
    // What was registered with units that are refused is told all the same.
    let bad = write(&vault.folder, "bad.csv", "");
    let ran = vault.run(&format!("register {} --units {bad} {}", prepared().signed, vault.receipts()));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in ["on record before", "bad.csv: ", "the file is empty"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}

#[test]
fn units_are_recorded_once() {
    let (p, vault) = (prepared(), Vault::at(Step::Last));
    let line = format!("--units {}", p.units);
    assert_eq!(verdicts(&vault.register(&line)), [(true, false, String::new())]);
    assert_eq!(verdicts(&vault.register(&line)), [(true, true, String::new())]);
    vault.done("round --end");
    assert_eq!(verdicts(&vault.register(&line)), [(true, true, String::new())], "also after its rounds");
    let vault = Vault::at(Step::Last);
    assert_eq!(vault.register(&line).status, 0);
    let other = fs::read_to_string(&p.units).unwrap().replacen("305,297", "305,298", 1);
    let other = write(&vault.folder, "other.csv", other);
    let found = verdicts(&vault.register(&format!("--units {other}")));
    assert!(
        !found[0].0 && found[0].2.contains("recorded once, for all nodes, and never change"),
        "{found:?}"
    );
}

#[test]
fn only_the_operator_signs_receipts() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let line = vault.line(&format!("register {} {}", p.signed, vault.receipts()));
    let mut without = program();
    without.env_remove(KEY_VARIABLE);
    run(without, &line).fails(2, &["no key to sign with", KEY_VARIABLE, "--keystore"]);
    let parts = ["the key is that of", CONTRIBUTOR, "the ledger's operator is", OPERATOR];
    fairshare_as("e1", &line).fails(2, &parts);
    assert!(!vault.folder.join("receipts").exists());
    assert_eq!(vault.status()["epochs"][0]["datasets"], 0, "nothing without a receipt");
    vault.run(&format!("register {}", p.signed)).fails(2, &["--receipts"]);
}

/// An operator's keystore: of the key of ledgers whose registry is its address.
#[test]
fn a_keystore_signs_receipts() {
    let vault = Vault::new();
    let account = "0xB64eF26D4E2619187511998a24E4D24E0910A348";
    let policy = policy(&vault.folder, &[(OPERATOR, account)]);
    vault.done(&format!("init --policy {policy} --params {}", prepared().params));
    vault.done("round --to 364");
    let keystore = write(&vault.folder, "key.json", super::register::KEYSTORE);
    let line = format!("register --units {} {} --keystore {keystore}", prepared().units, vault.receipts());
    vault.run(&line).fails(2, &["no password for the keystore"]);
    let password = write(&vault.folder, "password", super::register::PASSWORD);
    vault.done(&format!("{line} --password-file {password}"));
    let receipt = fs::read_dir(vault.folder.join("receipts")).unwrap().next().unwrap().unwrap().path();
    let receipt: Value = serde_json::from_slice(&fs::read(receipt).unwrap()).unwrap();
    assert_eq!(receipt["registry"], account);
}

#[test]
fn receipts_verify_and_a_second_run_writes_the_same_bytes() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let told = lines(&vault.register(&p.signed));
    let path = told[0]["receipt"].as_str().unwrap();
    let first = fs::read(path).unwrap();
    let receipt: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!((&receipt["index"], &receipt["round"]), (&told[0]["entry"].to_string().into(), &"0".into()));
    vault.json("round --to 3");
    fs::remove_file(path).unwrap();
    assert_eq!(lines(&vault.register(&p.signed))[0]["receipt"], path);
    assert_eq!(fs::read(path).unwrap(), first);
    let audit = format!("audit {} {} --receipt {path}", vault.archive(), parameters());
    assert_eq!(fairshare(&audit).status, 0);
    // Altered, it is nobody's word.
    let altered = String::from_utf8(first).unwrap().replacen("\"round\": \"0\"", "\"round\": \"1\"", 1);
    fs::write(path, altered).unwrap();
    fairshare(&audit).fails(2, &[path, "not of the ledger's operator"]);
}

/// A restored ledger gives its entries numbers that others had before. Their receipts are all that is left of
/// what it has lost, and are not replaced.
#[test]
fn a_receipt_of_another_entry_is_not_replaced() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let copy = fs::read(&vault.ledger).unwrap();
    let jfk = signed(&vault, "jfk.json", "a2", JFK, 1999);
    let lost = lines(&vault.register(&jfk))[0]["receipt"].as_str().unwrap().to_owned();
    let bytes = fs::read(&lost).unwrap();
    fs::write(&vault.ledger, copy).unwrap();
    // What is recorded is told all the same, and the others with it.
    let ran = vault.register(&format!("{} {jfk}", p.signed));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let found = verdicts(&ran);
    assert_eq!(
        found.iter().map(|found| (found.0, found.2.is_empty())).collect::<Vec<_>>(),
        [(true, false), (true, true)]
    );
    for part in [&lost, "is on record", "--receipts"] {
        assert!(found[0].2.contains(part), "{part}: {found:?}");
    }
    assert_eq!(fs::read(&lost).unwrap(), bytes);
    // It is on record, and elsewhere its receipt is to be had.
    let line = format!("register {} --receipts {} --json", p.signed, vault.path("others"));
    let found = verdicts(&vault.run(&line));
    assert_eq!(found, [(true, true, String::new())]);
}

#[test]
fn a_strike_says_why() {
    let (p, vault) = (prepared(), Vault::at(Step::Registered));
    let strike = |target: &str, why: &str| {
        let mut program = program();
        program.args(["vault", "strike", target, "--why", why, "--ledger", &vault.ledger]);
        Ran::new(program.output().expect("the program starts"))
    };
    let request: Value = serde_json::from_slice(&fs::read(p.registration()).unwrap()).unwrap();
    let digest = request["digest"].as_str().unwrap();
    for why in ["", "two\nlines", "\u{1b}[2Jgone", "a\u{7}bell", &"x".repeat(5000)] {
        strike(digest, why).fails(1, &["the reason must have 1 to", "without control characters"]);
    }
    strike(&format!("0x{}", "1".repeat(64)), "unknown").fails(1, &["is not on record"]);
    strike("JFK", "no address").fails(2, &["neither a digest nor an address"]);
    assert_eq!(vault.status()["entries"], 3, "nothing was recorded");
    assert_eq!(strike(digest, "a copy of another's upload").status, 0);
    strike(digest, "again").fails(1, &["was struck before"]);
    assert_eq!(strike(JFK, "units that nobody saw").status, 0);
    strike(JFK, "again").fails(1, &["was struck in epoch 2013 before"]);
    for line in ["round --to 364", "round --end --without-units"] {
        vault.done(line);
    }
    strike(LGA, "too late").fails(1, &["begin the next epoch first"]);
    let audited = vault.audits_clean();
    let strikes: Vec<_> =
        audited["strikes"].as_array().unwrap().iter().map(|strike| &strike["why"]).collect();
    assert_eq!(strikes, ["a copy of another's upload", "units that nobody saw"]);
    // Struck data is not proved, and its contributor is told.
    let ran = vault.submit(&p.data_bundle);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let why = lines(&ran)[0]["error"].as_str().unwrap().to_owned();
    assert!(why.contains("does not count in this epoch") && why.contains("it was struck by entry"), "{why}");
}
