//! The vault's commands as an operator meets them.

use std::fs;

use serde_json::Value;

use super::support::*;

/// Runs a vault's command on a ledger.
fn vault(ledger: &str, line: &str) -> Ran {
    fairshare(&format!("vault {line} --ledger {ledger}"))
}

#[test]
fn an_epoch_from_opening_to_the_last_claim() {
    let folder = folder();
    let p = prepared();
    let ledger = show(&folder.join("vault.ledger"));
    let run = |line: &str| vault(&ledger, &format!("{line} --json")).json();

    let opened = run(&format!("init {}", p.common()));
    assert_eq!(
        (&opened["epoch"], &opened["state"], &opened["before"]),
        (&2013.into(), &"open".into(), &false.into())
    );
    let registered = run(&format!("register {}", p.registration()));
    assert_eq!((&registered["new"], &registered["before"]), (&1.into(), &0.into()));
    assert_eq!(run("status")["epochs"][0]["nodes"], 0);
    let units = run(&format!("register --units {}", p.units));
    assert_eq!((&units["new"], &units["units"]), (&0.into(), &3.into()));
    assert_eq!(run("status")["epochs"][0]["nodes"], 3);

    // A damaged bundle is refused; those given with it are not.
    let mut damaged = fs::read(&p.data_bundle).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = write(&folder, "damaged.bundle", damaged);
    let line = format!(
        "submit {damaged} {} {} --params {} --allow-insecure-params",
        p.data_bundle, p.compute_bundle, p.params
    );
    let ran = vault(&ledger, &format!("{line} --json"));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let verdicts: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accepted: Vec<_> = verdicts.iter().map(|verdict| verdict["accepted"].as_bool().unwrap()).collect();
    assert_eq!(accepted, [false, true, true]);
    assert!(verdicts[0]["error"].is_string() && verdicts[1]["error"].is_null());

    // Two nodes have no bundle, and keep nobody from being paid.
    assert_eq!(run("close")["state"], "closed");
    let settled = run("settle");
    let paid: u128 = settled["payouts"].as_array().unwrap().iter().map(|paid| number(&paid["total"])).sum();
    let [left, rounded] = ["left", "rounded"]
        .map(|kind| ["compute", "data"].map(|pool| number(&settled[format!("{pool}_tenths_{kind}")])));
    // Both pools are earned: neither is carried, and rounding leaves less than a unit for each contributor.
    assert_eq!(left, [0, 0]);
    assert_eq!(paid * 10 + rounded[0] + rounded[1], 1_000_000_000);

    let (claims, archive) = (show(&folder.join("claims.json")), show(&folder.join("vault.tar")));
    let exported = run(&format!("export --claims {claims} --archive {archive}"));
    assert_eq!(exported["root"], settled["root"]);
    let dump: Value = serde_json::from_slice(&fs::read(&claims).unwrap()).unwrap();
    assert_eq!((&dump["format"], &dump["root"]), (&"standard-v1".into(), &settled["root"]));

    let payment = &run(&format!("claim {CONTRIBUTOR} --evidence 0xfeed"))["payments"][0];
    assert_eq!(number(&payment["amount"]), paid);
    assert_eq!(number(&run(&format!("claim {CONTRIBUTOR}"))["payments"][0]["amount"]), 0);
    assert!(run("claim --all")["payments"].as_array().unwrap().is_empty());
    assert_eq!(run("status")["epochs"][0]["state"], "paid out");

    let page = folder.join("audit.html");
    let audit = format!("--params {} --allow-insecure-params", p.params);
    assert_eq!(run(&format!("audit {audit}"))["accepted"], true);
    let audited = fairshare(&format!("audit {archive} {audit} --json --report {}", show(&page))).json();
    assert_eq!((&audited["accepted"], &audited["bundles"]), (&true.into(), &2.into()));
    assert_eq!(audited["epochs"][0]["rules_hash"], run("status")["epochs"][0]["rules_hash"]);
    assert!(audited["epochs"][0]["srs_fingerprint"].is_string());
    assert!(fs::read_to_string(page).unwrap().contains("<svg"));
}

fn number(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).expect("a decimal string")
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let folder = folder();
    let p = prepared();
    let ledger = show(&folder.join("vault.ledger"));
    vault(&ledger, "status").fails(2, &["there is no ledger at", "vault init"]);
    assert_eq!(vault(&ledger, &format!("init {}", p.common())).status, 0);
    let data = p.registration();
    vault(&ledger, &format!("register {data} {data}")).fails(2, &["register digest", "registration.json"]);
    vault(&ledger, "settle").fails(2, &["epoch 2013 is open, and this command needs one that is closed"]);
    vault(&ledger, "close --epoch 7").fails(2, &["7"]);
    let units = fs::read_to_string(&p.units).unwrap();
    let few = write(&folder, "few.csv", units.lines().take(9).collect::<Vec<_>>().join("\n"));
    vault(&ledger, &format!("register --units {few}"))
        .fails(2, &["ends before round 8", "365 rounds from 0"]);
    assert_eq!(vault(&ledger, &format!("register --units {}", p.units)).status, 0);
    let other = write(&folder, "other.csv", units.replacen("305,297", "305,298", 1));
    vault(&ledger, &format!("register --units {other}")).fails(1, &["other units on record", "never change"]);
    vault(&ledger, "claim 0x00000000000000000000000000000000000000ff").fails(2, &["has earned nothing"]);
    vault(&ledger, "export --claims x.json").fails(2, &["needs one that is settled"]);
    // What nobody registered cannot be submitted, and insecure parameters have to be asked for.
    let line = format!("submit {} --params {}", p.data_bundle, p.params);
    vault(&ledger, &line).fails(1, &["--allow-insecure-params"]);
    let ran = vault(&ledger, &format!("{line} --allow-insecure-params"));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("register it first"), "{}", ran.stdout);
    // A database that is not there.
    vault("postgres://nobody:s3cret@127.0.0.1:1/none", "status")
        .fails(2, &["cannot be reached", "nothing is lost"]);
    vault("postgres://somewhere:port/ledger", "status").fails(2, &["not a PostgreSQL connection string"]);
    let changed = policy(&folder, &[("pool = 100_000_000", "pool = 100_000_001")]);
    vault(&ledger, &format!("init --policy {changed} --params {}", p.params))
        .fails(2, &["they cannot change to 0x"]);
}

/// What an operator of an epoch that is open has at hand: commitment folders, and a verifier's parameters.
#[test]
fn folders_and_a_verifiers_parameters_will_do() {
    let (p, folder) = (prepared(), folder());
    let (ledger, archive) = (show(&folder.join("vault.ledger")), show(&folder.join("vault.tar")));
    assert_eq!(vault(&ledger, &format!("init {}", p.common())).status, 0);
    let target = show(&p.data);
    let registered = vault(&ledger, &format!("register {target} --json")).json();
    assert_eq!(registered["new"], 1);
    // The epoch has its rules hash since it was opened.
    let verifier = p.params.replace(".srs", ".verifier.params");
    let submit = format!("submit {} --params {verifier} --allow-insecure-params", p.data_bundle);
    assert_eq!(vault(&ledger, &submit).status, 0);
    // A file of that name among others is one of them.
    let inbox = folder.join("inbox");
    fs::create_dir(&inbox).unwrap();
    fs::copy(p.registration(), inbox.join("registration.json")).unwrap();
    write(&inbox, "another.json", "{}");
    vault(&ledger, &format!("register {}", show(&inbox))).fails(2, &["another.json"]);
    let empty = show(&folder.join("empty"));
    fs::create_dir(&empty).unwrap();
    for line in [format!("register {empty}"), format!("submit {empty} --params {verifier}")] {
        vault(&ledger, &line).fails(2, &["empty", "there is no file here"]);
    }
    // An epoch that is not settled has no amounts that could be right.
    assert_eq!(vault(&ledger, &format!("export --archive {archive}")).status, 0);
    let audited = fairshare(&format!("audit {archive} --params {} --allow-insecure-params", p.params));
    assert_eq!(audited.status, 0, "{}", audited.stderr);
    for part in ["every amount of 0 epochs", "1 epoch without amounts yet: not settled"] {
        assert!(audited.stdout.contains(part), "{}", audited.stdout);
    }
    fairshare(&format!("audit {archive} --params {verifier}"))
        .fails(2, &["a verifier's parameters", "whole"]);
}

#[test]
fn an_altered_archive_is_told_by_what_differs() {
    let folder = folder();
    let p = prepared();
    let ledger = show(&folder.join("vault.ledger"));
    let archive = show(&folder.join("vault.tar"));
    for line in [
        format!("init {}", p.common()),
        format!("register {} --units {}", p.registration(), p.units),
        format!(
            "submit {} {} --params {} --allow-insecure-params",
            p.data_bundle, p.compute_bundle, p.params
        ),
        "close".to_owned(),
        "settle".to_owned(),
        format!("export --archive {archive}"),
    ] {
        let ran = vault(&ledger, &line);
        assert_eq!(ran.status, 0, "{line}\n{}", ran.stderr);
    }
    let bytes = fs::read(&archive).unwrap();
    let (from, to) = (b"\"compute\": \"7", b"\"compute\": \"8");
    let offset = bytes.windows(from.len()).position(|window| window == from).expect("a payout");
    let mut altered = bytes.clone();
    altered[offset..offset + to.len()].copy_from_slice(to);
    let altered = write(&folder, "altered.tar", altered);
    let ran = fairshare(&format!("audit {altered} --params {} --allow-insecure-params", p.params));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("DIFFERENCE epoch 2013: "), "{}", ran.stdout);
    assert!(ran.stdout.contains("for computing power"), "{}", ran.stdout);
    // Parameters that are not allowed are told once, and not as if every amount differed.
    let ran = fairshare(&format!("audit {archive} --params {} --json", p.params));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    let differences = found["differences"].as_array().expect("a list");
    assert!(
        matches!(&differences[..], [one] if one.as_str().unwrap().contains("INSECURE")),
        "{differences:?}"
    );
    let cut = write(&folder, "cut.tar", &bytes[..bytes.len() / 2]);
    fairshare(&format!("audit {cut} --params {} --allow-insecure-params", p.params)).fails(2, &["cut.tar"]);
}

#[test]
fn an_epoch_that_cannot_be_audited_is_reported_and_is_no_difference() {
    let folder = folder();
    let p = prepared();
    let ledger = show(&folder.join("vault.ledger"));
    let archive = show(&folder.join("vault.tar"));
    assert_eq!(vault(&ledger, &format!("init {}", p.common())).status, 0);
    assert_eq!(vault(&ledger, &format!("export --archive {archive}")).status, 0);
    let mut bytes = fs::read(&archive).unwrap();
    let (from, to) = (b"\ngeometry = \"compact\"", b"\ngeometry=\"standard\" ");
    let offset = bytes.windows(from.len()).position(|window| window == from).expect("the policy");
    bytes[offset..offset + to.len()].copy_from_slice(to);
    let other = write(&folder, "other.tar", bytes);
    let audit = format!("audit {other} --params {} --allow-insecure-params", p.params);
    let ran = fairshare(&audit);
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let told = "NOT AUDITED the policy of epoch 2013 names the parameters insecure-development for geometry \
                `standard`, and they were not given; give the whole reference string (`--params`)";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let ran = fairshare(&format!("{audit} --json"));
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    assert_eq!((&found["accepted"], &found["differences"]), (&false.into(), &Value::Array(Vec::new())));
    assert_eq!(found["unaudited"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["epochs"][0]["rules_hash"], Value::Null);
}
