//! Submitting: whose turn it is, each bundle by its own bytes, many at once.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::support::*;
use super::vaults::*;

/// Why each bundle was refused; empty where it was not.
fn reasons(ran: &Ran) -> Vec<String> {
    let reason = |line: serde_json::Value| line["error"].as_str().unwrap_or_default().to_owned();
    lines(ran).into_iter().map(reason).collect()
}

#[test]
fn bundles_are_taken_after_the_last_round_until_the_deadline() {
    let p = prepared();
    let ran = Vault::at(Step::Registered).submit(&p.data_bundle);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let early = "round 0 of epoch 2013 goes on, and its last is 364; end its rounds with";
    assert!(reasons(&ran)[0].contains(early), "{:?}", reasons(&ran));

    let vault = Vault::new();
    let policy = policy(&vault.folder, &[("proving_seconds = 1_209_600", "proving_seconds = 0")]);
    vault.done(&format!("init --policy {policy} --params {}", p.params));
    vault.done("round --to 0");
    assert_eq!(vault.register(&p.signed).status, 0);
    vault.done("round --to 364");
    assert_eq!(vault.register(&format!("--units {}", p.units)).status, 0);
    vault.done("round --end");
    sleep(Duration::from_millis(1_100));
    let ran = vault.submit(&format!("{} {}", p.data_bundle, p.compute_bundle));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let reasons = reasons(&ran);
    assert!(reasons[0].contains("were taken until") && reasons[0].contains("weighs nothing"), "{reasons:?}");
    // Computing power anybody proves, at any time; this proof is of other rules.
    assert!(reasons[1].contains("compute-score proof"), "{reasons:?}");
    let other = [fs::read(&p.data_bundle).unwrap(), vec![0]].concat();
    let other = write(&vault.folder, "other.bundle", other);
    let ran = Vault::at(Step::Closed).submit(&other);
    assert!(
        self::reasons(&ran)[0].contains("epoch 2013 is closed; nothing is added to it"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_corrupt_copy_of_a_bundle_on_record_is_judged_by_its_own_bytes() {
    let (p, vault) = (prepared(), Vault::at(Step::Submitted));
    for (name, bundle) in [("data", &p.data_bundle), ("compute", &p.compute_bundle)] {
        let mut bytes = fs::read(bundle).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        let corrupt = write(&vault.folder, &format!("{name}.bundle"), bytes);
        let ran = vault.submit(&format!("{corrupt} {bundle}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let verdicts = lines(&ran);
        assert_eq!(verdicts[0]["accepted"], false, "{name}: {}", verdicts[0]);
        mended("a corrupt copy of a bundle on record was accepted", &verdicts[0]["error"]);
        assert_eq!((&verdicts[1]["accepted"], &verdicts[1]["before"]), (&true.into(), &true.into()));
    }
    vault.audits_clean();
}

#[test]
fn one_that_cannot_be_read_does_not_stop_the_others() {
    let (p, vault) = (prepared(), Vault::at(Step::Proving));
    let folder = vault.path("a-folder.bundle");
    fs::create_dir_all(format!("{folder}/inner")).unwrap();
    let long = vault.folder.join("long.bundle");
    fs::File::create(&long).unwrap().set_len((64 << 20) + 1).unwrap();
    let garbage = write(&vault.folder, "garbage.bundle", "not one".repeat(30));
    let absent = vault.path("absent.bundle");
    let files = [&absent, &show(&long), &garbage, &p.data_bundle, &p.compute_bundle];
    let ran = vault.submit(&files.map(String::as_str).join(" "));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let reasons = reasons(&ran);
    for (reason, part) in
        reasons.iter().zip(["cannot be read", "more than the limit", "not a bundle", "", ""])
    {
        assert!(reason.contains(part) && reason.is_empty() == part.is_empty(), "{reasons:?}");
    }
    mended(
        "a bundle that cannot be read stopped the others",
        "2 of 5 accepted, each of the others by its own reason",
    );
    vault
        .run(&format!("submit {folder} {} {}", parameters(), vault.receipts()))
        .fails(2, &["a-folder.bundle", "`.bundle`"]);
    let text = vault.run(&format!("submit {absent} {} {} {}", p.data_bundle, parameters(), vault.receipts()));
    assert_eq!(text.status, 1);
    for part in ["REFUSED", "accepted before", "1 of 2 accepted", "absent.bundle: "] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
}

/// More than are verified at once: each has its verdict, in their order.
#[test]
fn seventy_bundles_in_one_call() {
    let (p, vault) = (prepared(), Vault::at(Step::Proving));
    let inbox = vault.folder.join("inbox");
    fs::create_dir(&inbox).unwrap();
    let good = fs::read(&p.data_bundle).unwrap();
    for index in 0..70u8 {
        let mut bytes = good.clone();
        // The last response of its link: another one each time, and one of them right.
        let last = bytes.len() - 1;
        bytes[last] = good[last].wrapping_add(index);
        write(&inbox, &format!("{index:02}.bundle"), bytes);
    }
    let ran = vault.submit(&show(&inbox));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let accepted: Vec<_> = lines(&ran).iter().map(|line| line["accepted"] == true).collect();
    assert_eq!(accepted, (0..70).map(|index| index == 0).collect::<Vec<_>>());
    vault.audits_clean();
}

/// Nobody registered it, or somebody else did.
#[test]
fn what_nobody_registered_is_not_proved() {
    let p = prepared();
    let vault = Vault::at(Step::Open);
    for line in ["round --to 364", "round --end --without-units"] {
        vault.done(line);
    }
    let ran = vault.submit(&p.data_bundle);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let reasons = reasons(&ran);
    assert!(
        reasons[0].contains("has not registered") && reasons[0].contains("register it first"),
        "{reasons:?}"
    );
}
