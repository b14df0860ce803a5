//! The vault's commands as an operator meets them: the whole of an epoch, and mistakes.

use std::fs;

use serde_json::Value;

use super::support::*;
use super::vaults::*;

#[test]
fn an_epoch_from_its_rules_to_the_claims() {
    let (p, vault) = (prepared(), Vault::new());
    let opened = vault.json(&format!("init {}", p.common()));
    assert_eq!(
        (&opened["epoch"], &opened["state"], &opened["before"]),
        (&2013.into(), &"announced".into(), &false.into())
    );
    let begun = vault.json("round --next");
    assert_eq!(
        (&begun["round"], &begun["ended"], &begun["deadline"]),
        (&0.into(), &false.into(), &Value::Null)
    );
    let registered = lines(&vault.register(&p.signed));
    assert_eq!((&registered[0]["accepted"], &registered[0]["round"]), (&true.into(), &0.into()));
    assert_eq!(registered[0]["contributor"], CONTRIBUTOR);
    assert_eq!(vault.json("round --to 364")["round"], 364);
    assert_eq!(vault.status()["epochs"][0]["nodes"], 0);
    let units = lines(&vault.register(&format!("--units {}", p.units)));
    assert_eq!((&units[0]["nodes"], &units[0]["round"]), (&3.into(), &Value::Null));
    let ended = vault.json("round --end");
    assert!(ended["ended"] == true && ended["deadline"].as_str().is_some_and(|time| time.ends_with('Z')));

    // A damaged bundle is refused; those given with it are not.
    let mut damaged = fs::read(&p.data_bundle).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = write(&vault.folder, "damaged.bundle", damaged);
    let ran = vault.submit(&format!("{damaged} {} {}", p.data_bundle, p.compute_bundle));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let verdicts = lines(&ran);
    let accepted: Vec<_> = verdicts.iter().map(|verdict| verdict["accepted"].as_bool().unwrap()).collect();
    assert_eq!(accepted, [false, true, true]);
    assert!(verdicts[0]["error"].is_string() && verdicts[1]["error"].is_null());

    // Two nodes have no bundle: what is missing is made.
    let closed = vault.json(&format!("close {}", parameters()));
    assert_eq!((&closed["state"], &closed["proved"]), (&"closed".into(), &2.into()));
    assert_eq!(closed["nothing"], Value::Array(Vec::new()));
    let settled = vault.json("settle");
    let paid: u128 = settled["payouts"].as_array().unwrap().iter().map(|paid| number(&paid["total"])).sum();
    assert_eq!((number(&settled["total"]), &settled["compute_carried"]), (paid, &"0".into()));
    let units = |name: &str| settled[name].as_str().unwrap().parse::<f64>().unwrap();
    let rounded = units("compute_rounded") + units("data_rounded");
    assert!((paid as f64 + rounded - 100_000_000.0).abs() < 1e-6 && rounded < 4.0, "{settled}");

    let (claims, archive) = (vault.path("claims.json"), vault.path("vault.tar"));
    let exported = vault.json(&format!("export --claims {claims} --archive {archive}"));
    assert_eq!((&exported["root"], &exported["total"]), (&settled["root"], &settled["total"]));
    let dump: Value = serde_json::from_slice(&fs::read(&claims).unwrap()).unwrap();
    assert_eq!((&dump["format"], &dump["root"]), (&"standard-v1".into(), &settled["root"]));
    assert_eq!((&dump["total"], &dump["rulesHash"]), (&settled["total"], &settled["rules_hash"]));

    let page = vault.path("audit.html");
    assert_eq!(vault.json(&format!("audit {}", parameters()))["accepted"], true);
    let audited = fairshare(&format!("audit {archive} {} --json --report {page}", parameters())).json();
    assert_eq!((&audited["accepted"], &audited["bundles"]), (&true.into(), &4.into()));
    assert_eq!((&audited["head"], &audited["entries"]), (&exported["head"], &exported["entries"]));
    assert_eq!(audited["epochs"][0]["rules_hash"], vault.status()["epochs"][0]["rules_hash"]);
    assert_eq!(audited["datasets"][0]["fates"][0]["counted"], true);
    assert!(fs::read_to_string(page).unwrap().contains("<svg"));
}

#[test]
fn every_step_can_be_repeated() {
    let (p, vault) = (prepared(), Vault::at(Step::Settled));
    assert_eq!(vault.json(&format!("init {}", p.common()))["before"], true);
    let before = vault.status();
    let again = [vault.register(&p.signed), vault.submit(&format!("{} {}", p.data_bundle, p.compute_bundle))];
    for line in again.iter().flat_map(lines) {
        assert_eq!((&line["accepted"], &line["before"]), (&true.into(), &true.into()), "{line}");
    }
    assert_eq!(vault.json(&format!("close {}", parameters()))["before"], true);
    assert_eq!(vault.json("settle")["before"], true);
    assert_eq!(vault.status(), before);
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let (p, empty) = (prepared(), Vault::new());
    empty.run("status").fails(2, &["there is no ledger at", "vault init"]);
    let vault = Vault::at(Step::Registered);
    for line in ["settle".to_owned(), format!("close {}", parameters())] {
        vault.run(&line).fails(1, &["round 0 of epoch 2013 goes on", "364", "`fairshare vault round --end`"]);
    }
    Vault::at(Step::Submitted).run("settle").fails(1, &["not closed", "`fairshare vault close`"]);
    vault.run("close --epoch 7").fails(1, &["no epoch 7", "vault status"]);
    vault.run("status --epoch 7").fails(1, &["no epoch 7", "lists those it has"]);
    vault.run("export --claims x.json").fails(2, &["no epoch is settled"]);
    // Insecure parameters have to be asked for.
    let line = format!("submit {} --params {} {}", p.data_bundle, p.params, vault.receipts());
    vault.run(&line).fails(1, &["--allow-insecure-params"]);
    // A database that is not there.
    fairshare("vault status --ledger postgres://nobody:s3cret@127.0.0.1:1/none")
        .fails(2, &["cannot be reached", "nothing is lost"]);
    let folder = folder();
    let changed = policy(&folder, &[("pool = 100_000_000", "pool = 100_000_001")]);
    vault
        .run(&format!("init --policy {changed} --params {}", p.params))
        .fails(1, &["rules of epoch 2013 stand", "never change"]);
    for (from, to, part) in [
        ("nyc-flights-sample", "another", "subnet"),
        ("f11e4755", "f11e4756", "keep each vault in a ledger of its own"),
        ("\"claims\"", "\"payments\"", "settlement"),
        ("\"claims\"", "\"contract\"", "`fairshare chain sync`"),
        ("epoch = 2013", "epoch = 2077", "ledger's next is 2014"),
    ] {
        let other = policy(&folder, &[(from, to)]);
        vault.run(&format!("init --policy {other} --params {}", p.params)).fails(1, &[part]);
        mended(
            "`init` took a second subnet, another vault or rail, and epochs far ahead",
            format!("exit 1: {part}"),
        );
    }
}

/// Three commands for what otherwise takes seven, and everybody is paid the same.
#[test]
fn the_short_way_pays_what_the_long_one_does() {
    let (p, vault) = (prepared(), Vault::new());
    let opened = vault.json(&format!("init {} --begin", p.common()));
    assert_eq!(
        (&opened["state"], &opened["round"], &opened["before"]),
        (&"open".into(), &0.into(), &false.into())
    );
    vault.register(&p.signed);
    let end = format!("round --end --units {} {}", p.units, vault.receipts());
    let ended = vault.json(&end);
    assert_eq!((&ended["ended"], &ended["round"]), (&true.into(), &364.into()));
    assert_eq!((&ended["units"]["nodes"], &ended["units"]["accepted"]), (&3.into(), &true.into()));
    assert!(fs::exists(ended["units"]["receipt"].as_str().unwrap()).unwrap());
    vault.submit(&format!("{} {}", p.data_bundle, p.compute_bundle));
    let close = format!("close {} --settle", parameters());
    let closed = vault.json(&close);
    assert_eq!((&closed["state"], &closed["settled"]["state"]), (&"closed".into(), &"settled".into()));
    let long = Vault::at(Step::Settled).json("settle");
    for part in ["payouts", "root", "total", "rules_hash"] {
        assert_eq!(closed["settled"][part], long[part], "{part}");
    }
    vault.audits_clean();

    // Each of them can be repeated.
    let before = vault.status();
    let again = vault.json(&format!("init {} --begin", p.common()));
    assert_eq!((&again["before"], &again["round"]), (&true.into(), &Value::Null));
    let again = vault.json(&end);
    assert_eq!((&again["before"], &again["units"]["before"]), (&true.into(), &true.into()));
    let again = vault.json(&close);
    assert_eq!((&again["before"], &again["settled"]["before"]), (&true.into(), &true.into()));
    assert_eq!(vault.status(), before);
}

/// What is wrong with the units, the key or the closing is told before anything is begun, or settled.
#[test]
fn the_short_way_stops_where_the_long_one_does() {
    let (p, vault) = (prepared(), Vault::at(Step::Registered));
    let broken =
        write(&vault.folder, "units.csv", "round,0xB22CE629B429C75aCfD5c43a939b1551acd4b17f\n0,many\n");
    let end = |units: &str| format!("round --end --units {units} {}", vault.receipts());
    vault.run(&end(&broken)).fails(2, &["units.csv", "many"]);
    fairshare_as("e1", &vault.line(&end(&p.units))).fails(2, &["0xB22CE629B429C75aCfD5c43a939b1551acd4b17f"]);
    assert_eq!(vault.status()["round"], 0, "nothing was begun");
    for line in ["--to 7", "--next"] {
        vault.run(&format!("round {line} --units {} {}", p.units, vault.receipts())).fails(2, &["--units"]);
    }
    vault.run(&format!("round --end --units {}", p.units)).fails(2, &["--receipts"]);
    vault.done(&end(&p.units));
    // The registered data is not proved: its contributor would be forfeited.
    let ran = vault.run(&format!("close {} --settle --json", parameters()));
    assert_eq!((ran.status, &lines(&ran)[0]["settled"]), (1, &Value::Null), "{}", ran.stderr);
    assert_eq!(vault.status()["epochs"][0]["state"], "proving");
}

/// Until the first round begins, other rules may take the place of those that stand.
#[test]
fn announced_rules_are_replaced() {
    let (p, vault) = (prepared(), Vault::at(Step::Announced));
    let changed = policy(&vault.folder, &[("pool = 100_000_000", "pool = 100_000_001")]);
    let before = vault.status()["epochs"][0]["rules_hash"].clone();
    let opened = vault.json(&format!("init --policy {changed} --params {}", p.params));
    assert_eq!((&opened["before"], &opened["state"]), (&false.into(), &"announced".into()));
    assert_ne!(opened["rules_hash"], before);
    assert_eq!(vault.status()["epochs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn rounds_go_forwards_one_epoch_at_a_time() {
    let vault = Vault::at(Step::Registered);
    assert_eq!(vault.json("round --to 5")["round"], 5);
    for round in ["3", "365", "18446744073709551615"] {
        let told = [&format!("round {round} is not from 6 to 364"), "have not begun"];
        vault.run(&format!("round --to {round}")).fails(1, &told);
    }
    vault.run("round").fails(2, &["--next"]);
    // Without units an epoch ends only if that is meant.
    let refused = ["no units of epoch 2013 are on record", "--units", "--without-units"];
    vault.run("round --end").fails(1, &refused);
    assert_eq!(vault.status()["round"], 5, "nothing was begun");
    vault.json("round --to 364");
    vault.run("round --next").fails(1, &refused);
    let ended = vault.json("round --end --without-units");
    assert_eq!((&ended["ended"], &ended["round"]), (&true.into(), &364.into()));
    vault.run("round --next").fails(1, &["no rules stand for round 365", "vault init"]);
    assert_eq!(vault.status()["round"], Value::Null);
    vault.audits_clean();
}

/// What an operator has at hand: folders, and a verifier's parameters.
#[test]
fn folders_and_a_verifiers_parameters_will_do() {
    let (p, vault) = (prepared(), Vault::at(Step::Proving));
    // The epoch has its rules hash since it was opened.
    let verifier = p.params.replace(".srs", ".verifier.params");
    let inbox = vault.folder.join("inbox");
    fs::create_dir(&inbox).unwrap();
    fs::copy(&p.data_bundle, inbox.join("data.bundle")).unwrap();
    write(&inbox, "._data.bundle", "what a Mac leaves");
    write(&inbox, "notes.txt", "what nobody asked for");
    let submit = format!("--params {verifier} --allow-insecure-params {}", vault.receipts());
    let ran = vault.run(&format!("submit {} {submit} --json", show(&inbox)));
    assert_eq!((ran.status, lines(&ran).len()), (0, 1), "{}", ran.stderr);
    let empty = vault.path("empty");
    fs::create_dir(&empty).unwrap();
    vault.run(&format!("submit {empty} {submit}")).fails(2, &["empty", "no file here", "`.bundle`"]);
    // An epoch that is not settled has no amounts that could be right.
    let audited = vault.audits_clean();
    assert_eq!((&audited["root"], &audited["total"]), (&Value::Null, &"0".into()));
    fairshare(&format!("audit {} --params {verifier}", vault.path("vault.tar")))
        .fails(2, &["a verifier's parameters", "whole"]);
}

#[test]
fn status_says_where_everything_stands() {
    let announced = Vault::at(Step::Announced);
    assert!(announced.done("status").stdout.contains("none goes on"));
    let vault = Vault::at(Step::Settled);
    let status = vault.status();
    assert_eq!(
        (&status["settlement"], &status["sent"], &status["due"]),
        (&"claims".into(), &Value::Null, &Value::Null)
    );
    let epoch = &status["epochs"][0];
    for (field, value) in [
        ("state", "settled".into()),
        ("datasets", 1.into()),
        ("data_proved", 1.into()),
        ("nodes", 3.into()),
        ("nodes_proved", 3.into()),
        ("earning", 3.into()),
        ("first_round", Value::from(0)),
        ("last_round", 364.into()),
    ] {
        assert_eq!(epoch[field], value, "{field}");
    }
    let text = vault.done("status").stdout;
    for part in ["datasets", "contributors", "nodes", "proved", "earned", OPERATOR, "nyc-flights-sample"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // One epoch alone.
    let of_one = vault.json("status --epoch 2013");
    assert_eq!(of_one["epochs"], status["epochs"]);
}

/// Base units, and tokens where the policy says how; never tenths.
#[test]
fn amounts_are_in_base_units_or_tokens() {
    let plain = Vault::at(Step::Settled);
    let text = plain.done("settle").stdout + &plain.done("status").stdout;
    assert!(!text.contains("USDC") && !text.contains("tenth"), "{text}");
    let paying = Vault::paying(Step::Settled);
    let claim =
        paying.done(&format!("claim --all --lists {} --resume-without-history", paying.path("lists")));
    for text in [&paying.done("settle").stdout, &claim.stdout, &paying.done("status").stdout] {
        assert!(text.contains(" USDC") && !text.contains("tenth"), "{text}");
    }
    let audited = fairshare(&format!("audit {} {}", paying.archive(), parameters()));
    assert!(audited.status == 0 && !audited.stdout.contains("tenth"), "{}", audited.stdout);
    assert!(audited.stdout.contains("100,000,000 units (100.000000 USDC)"), "{}", audited.stdout);
    mended(
        "amounts were told in tenths",
        claim.stdout.lines().find(|line| line.contains(" USDC")).unwrap_or_default(),
    );
    let settled = paying.json("settle");
    assert_eq!((&settled["token"]["symbol"], &settled["token"]["decimals"]), (&"USDC".into(), &6.into()));
    let total = number(&settled["total"]);
    let tokens = format!("{}.{:06} USDC", total / 1_000_000, total % 1_000_000);
    assert!(paying.done("settle").stdout.contains(&tokens), "{tokens}");
}
