//! What a policy's rules mean, and what a table of units holds, in words and in figures.

use std::num::NonZeroU32;

use fairshare_audit::settlement::{DataWeights, Earned, settle};
use fairshare_formats::ledger::{Tenths, file_hash};
use fairshare_params::address::Address;
use fairshare_params::commitment::commit_units;
use fairshare_params::encoding::encode_point;
use serde_json::Value;

use super::support::*;

fn explain(policy: &str) -> Value {
    fairshare(&format!("policy explain {policy} --json")).json()
}

/// The example's amounts are those by which a vault with these scores settles.
#[test]
fn the_example_is_settled_as_a_vault_settles() {
    let folder = folder();
    for changes in [
        &[][..],
        &[("weighting = \"records-divergence\"\ncap = \"1.5\"", "weighting = \"divergence\"")],
        &[("pool = 100_000_000", "pool = 7\nsymbol = \"FAIR\"\ndecimals = 1")],
    ] {
        let path = policy(&folder, changes);
        let (explained, policy) = (explain(&path), fairshare_storage::policy::load(path.as_ref()).unwrap());
        let example = &explained["example"];
        let weights = DataWeights::of(&policy);
        let data = example["data"].as_array().unwrap().iter().map(|case| {
            let score = number(&case["score"]) as u64;
            let records = NonZeroU32::new(case["records"].as_u64().unwrap() as u32).unwrap();
            assert_eq!(number(&case["g"]), weights.g(score, records));
            Earned::Data { score, records, latest: case["round"].as_u64().unwrap() }
        });
        let nodes = example["nodes"].as_array().unwrap().iter();
        let nodes = nodes.map(|case| Earned::Compute { score: number(&case["score"]) as u64 });
        let scores: Vec<_> = (1..).map(|byte| Address([byte; 20])).zip(data.chain(nodes)).collect();
        let settled = settle(&policy, &Tenths::default(), &scores).unwrap();
        let paid = |role: &str| example[role].as_array().unwrap().iter().map(|case| number(&case["paid"]));
        let paid: Vec<_> = paid("data").chain(paid("nodes")).collect();
        assert_eq!(paid, settled.payouts.values().map(|payout| payout.total()).collect::<Vec<_>>());
        assert!(paid.iter().sum::<u128>() <= policy.terms().pool && paid[0] > 0);
        // Whoever comes late has less; copies of the reference have nothing unless nothing is taken off.
        assert!(paid[0] > paid[1]);
        let takes_off = explained["data"]["weighting"] == "records-divergence";
        assert_eq!(number(&example["data"][2]["g"]) == 0, takes_off);
    }
}

#[test]
fn a_policy_is_explained_in_words() {
    let folder = folder();
    let ran = fairshare(&format!("policy explain {}", prepared().policy));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for part in [
        "epoch 2013 of subnet nyc-flights-sample",
        "100,000,000: 70,000,000 for computing power and 30,000,000 for data.",
        "Compute : data is always 7 : 3",
        "records × 1.5 nats",
        "A bundle of fewer than 500 records is refused.",
        "in round 363 2.7 % of that: λ = 0.01",
        "rounds 0 to 363",
        "by 2040-01-01T00:00:00Z",
        "for 14 days",
        "posts the root of all claims",
    ] {
        let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(part), "{part:?} is not in {}", ran.stdout);
    }
    assert!(ran.stdout.lines().count() < 90, "short enough to read");
    let path = policy(
        &folder,
        &[
            ("settlement = \"claims\"", "settlement = \"contract\""),
            ("pool = 100_000_000", "pool = 0\nsymbol = \"FAIR\"\ndecimals = 6"),
            ("evidence = false", "evidence = true"),
        ],
    );
    let ran = fairshare(&format!("policy explain {path}"));
    for part in [
        "Whatever is funded before the last round ends.",
        "ends the rounds that are left, empty",
        "from 2040-01-01T00:00:00Z on",
        "data without evidence of its upload",
        "If 100.000000 FAIR is funded",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is not in {}", ran.stdout);
    }
    let (explained, of) = (explain(&path), |who: &str| who == "coordinator");
    let roles = explained["roles"].as_array().unwrap();
    assert_eq!(roles.iter().filter(|role| of(role["who"].as_str().unwrap())).count(), 2);
    fairshare(&format!("policy explain {}", write(&folder, "none.toml", "protocol = 2")))
        .fails(2, &["is refused", "`geometry`: this key is missing"]);
}

/// Extremes that rules allow: nothing overflows, and a figure is told for each.
#[test]
fn extreme_policies_are_explained() {
    let folder = folder();
    let most = "pool = 340282366920938463463374607431768211455\nsymbol = \"X\"\ndecimals = 36";
    for changes in [
        &[("pool = 100_000_000", most)][..],
        &[("min_records = 500", "min_records = 4294967295"), ("cap = \"1.5\"", "cap = \"32768\"")],
        &[("lambda = \"0.01\"", "lambda = \"0.04\""), ("lambda = \"0.005\"", "lambda = \"0.00000006\"")],
        &[
            ("first = 0", "first = 18446744073709551000"),
            ("evidence = false", "evidence = false\nfirst_round = 18446744073709550999"),
        ],
    ] {
        let path = policy(&folder, changes);
        let explained = explain(&path);
        assert!(explained["example"].is_object(), "{changes:?}: {explained}");
        let ran = fairshare(&format!("policy explain {path}"));
        assert!(ran.stdout.contains("An example") && !ran.stdout.contains("NaN"), "{}", ran.stdout);
    }
}

#[test]
fn a_table_of_units_says_which_rounds_a_policy_needs() {
    let (folder, p) = (folder(), prepared());
    let ran = fairshare(&format!("policy rounds --units {}", p.units));
    assert!(ran.stdout.ends_with("[rounds]\nfirst = 0\ncount = 365\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("634 to 1,014 a round"), "{}", ran.stdout);
    let line =
        format!("policy rounds --units {} --policy {} --params {} --json", p.units, p.policy, p.params);
    let read = fairshare(&line).json();
    assert_eq!(
        (&read["accepted"], &read["rounds"], &read["total"]),
        (&true.into(), &365.into(), &"336776".into())
    );
    assert_eq!(read["geometries"], serde_json::json!(["compact", "standard", "large"]));
    // The file has the one spelling already, whose hash a ledger's entry has.
    let bytes = std::fs::read(&p.units).unwrap();
    let own = fairshare_formats::units::from_csv_of_any_rounds(&bytes[..]).unwrap();
    let spelled = fairshare_formats::units::to_csv(&own);
    assert_eq!(read["hash"], file_hash(spelled.as_bytes()).to_string());
    // The commitments are those of the registry's points, and the scores those of `score compute`.
    let srs = fairshare_storage::srs::read(p.params.as_ref(), None).unwrap();
    let point = encode_point(&commit_units(&srs, own.totals()));
    let word = |at: usize| format!("0x{}", hex::encode(&point[at..at + 32]));
    assert_eq!(read["totals_commitment"], serde_json::json!([word(0), word(32)]));
    for node in read["nodes"].as_array().unwrap() {
        let line = format!(
            "score compute --policy {} --units {} --contributor {} --json",
            p.policy,
            p.units,
            node["node"].as_str().unwrap()
        );
        assert_eq!(fairshare(&line).json()["score"], node["score"]);
        assert!(node["commitment"][1].as_str().is_some());
    }
    let short = std::fs::read_to_string(&p.units).unwrap();
    let short: String = short.lines().take(300).map(|line| format!("{line}\n")).collect();
    let short = write(&folder, "short.csv", short);
    let ran = fairshare(&format!("policy rounds --units {short} --policy {}", p.policy));
    let told = "the table has 299 rounds from 0 to 298, and the policy has 365 rounds from 0 to 364";
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    assert_eq!(fairshare(&format!("policy rounds --units {short} --first-round 0 --rounds 299")).status, 0);
    let ran = fairshare(&format!("policy rounds --units {short} --first-round 1 --rounds 299 --json"));
    assert_eq!(ran.status, 1);
    let read: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(read["differences"][0].as_str().unwrap().contains("named were 299 rounds from 1 to 299"));
}

#[test]
fn tables_that_no_vault_takes_are_refused_with_the_reason() {
    let (folder, p) = (folder(), prepared());
    let one = write(&folder, "one.csv", format!("round,{JFK}\n7,1\n"));
    let ran = fairshare(&format!("policy rounds --units {one}"));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("an epoch has 2 rounds or more"), "{}", ran.stdout);
    let rows = |count: usize| (0..count).map(|round| format!("{round},1\n")).collect::<String>();
    let long = write(&folder, "long.csv", format!("round,{JFK}\n{}", rows(1025)));
    let ran = fairshare(&format!("policy rounds --units {long} --params {} --json", p.params));
    assert_eq!(ran.status, 1);
    let read: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(read["totals_commitment"], Value::Null);
    assert_eq!(read["geometries"], serde_json::json!(["standard", "large"]));
    assert_eq!(read["single"], true);
    assert!(read["differences"][0].as_str().unwrap().contains("`compact` covers 1,024 rounds at most"));
    let endless = write(&folder, "endless.csv", format!("round,{JFK}\n{}", rows(32_769)));
    fairshare(&format!("policy rounds --units {endless}"))
        .fails(2, &["line 32770: more than 32768 rounds, which no geometry covers"]);
    let idle = write(&folder, "idle.csv", format!("round,{JFK}\n7,1\n8,0\n9,0\n"));
    let ran = fairshare(&format!("policy rounds --units {idle}"));
    assert!(ran.stdout.contains("in 2 rounds nobody has any"), "{}", ran.stdout);
    for (text, told) in [
        (format!("round,{JFK}\n"), "a header and no row"),
        (format!("round,{JFK}\n7,1\n9,1\n"), "9 stands where 8 belongs"),
    ] {
        let path = write(&folder, "odd.csv", text);
        fairshare(&format!("policy rounds --units {path}")).fails(2, &[&path, told]);
    }
}

/// Five policies of one folder: each has its own counts.
#[test]
fn counts_are_not_written_over_another_policys() {
    let folder = folder();
    let schema = |edges: &str, more: &str| {
        format!(
            "geometry = \"compact\"\n[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = \
             {edges}\n{more}"
        )
    };
    let data = format!("{}/flights-2000.csv", show(examples()));
    let count = |name: &str, text: String| {
        let policy = write(&folder, name, text);
        fairshare(&format!("policy reference --policy {policy} --data {data} --json"))
    };
    let first = count("a.toml", schema("[9]", "")).json();
    assert_eq!(first["reference"], show(&folder.join("reference.json")));
    // The same counts again are no others; other counts are.
    assert_eq!(count("a.toml", schema("[9]", "")).json(), first);
    let before = std::fs::read(folder.join("reference.json")).unwrap();
    count("b.toml", schema("[9, 12]", "")).fails(2, &["reference.json: other counts", "say --out FILE"]);
    assert_eq!(std::fs::read(folder.join("reference.json")).unwrap(), before);
    // A policy that names its file is asked no more.
    let named = count("c.toml", schema("[9, 12]", "[reference]\nfile = \"c.json\"\n")).json();
    assert_eq!(named["reference"], show(&folder.join("c.json")));
    let own = count("d.toml", schema("[12]", "[reference]\nfile = \"reference.json\"\n"));
    assert_eq!(own.status, 0, "{}", own.stderr);
}
