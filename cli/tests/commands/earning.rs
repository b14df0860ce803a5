//! What will I earn: `score data`, step by step, among others, and drawn.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::*;
use super::vaults::*;

fn sample() -> String {
    format!("{}/flights-2000.csv", show(examples()))
}

fn score(rest: &str) -> Ran {
    fairshare(&format!("score data --policy {} --data {} {rest}", prepared().policy, sample()))
}

fn integer(value: &Value) -> u128 {
    number(value)
}

#[test]
fn every_step_has_its_figure_and_formula() {
    let scored = score("--json").json();
    assert_eq!((&scored["earns"], &scored["nothing"]), (&true.into(), &Value::Array(vec![])));
    let [total, most, counted, bias, g, fade, weight] =
        ["score", "most_by_cap", "counted", "bias", "g", "fade", "weight"].map(|key| integer(&scored[key]));
    // 2,000 records of 1.5 nats at most; half a nat for each free bin.
    assert_eq!(most, 2_000 * 384);
    assert_eq!(bias, u128::from(scored["free_bins"].as_u64().unwrap()) * 128);
    assert_eq!((counted, g), (total.min(most), total.min(most) - bias));
    assert_eq!((fade, &scored["round"], &scored["rounds_late"]), (1 << 64, &0.into(), &0.into()));
    // λ_q = ⌊0.01·2^48⌋; the product has less than 128 bits here.
    assert_eq!(weight, g * 2_814_749_767_106 * fade);
    assert_eq!((&scored["min_records"], &scored["lambda"]), (&500.into(), &"0.01".into()));
    let ran = score("");
    let text = &ran.stdout;
    assert!(text.starts_with("This data earns a share; how large it is depends on the weights"), "{text}");
    assert!(text.contains(&format!(" {weight} ")), "{text}");
    for part in [
        "n · D",
        "min(total, cap)",
        "bins' / 2",
        "max(0, counted − bias)",
        "e^(−λ · rounds)",
        "λ_q · g · fade",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// docs/scoring.md shows this very table.
#[test]
fn the_documents_steps_are_those_that_are_printed() {
    let document = fs::read_to_string(examples().join("../../docs/scoring.md")).unwrap();
    let cells = |line: &str, rule: char| -> Vec<String> {
        line.trim_matches(rule)
            .split("  ")
            .map(|cell| cell.trim().to_owned())
            .filter(|cell| !cell.is_empty())
            .collect()
    };
    let printed = score("").stdout;
    let printed: Vec<_> =
        printed.lines().filter(|line| line.starts_with('│')).map(|line| cells(line, '│')).collect();
    let (header, steps) = printed.split_first().unwrap();
    let written = |row: &[String]| format!("| {} |", row.join(" | "));
    assert!(document.contains(&written(header)), "{}", written(header));
    for step in &steps[..9] {
        assert!(document.contains(&written(step)), "not in docs/scoring.md: {}", written(step));
    }
    assert_eq!(steps[8][0], "weight");
}

#[test]
fn the_parts_of_a_score_are_those_of_its_features() {
    let scored = score("--json").json();
    let features = scored["features"].as_array().unwrap();
    assert_eq!(features.len(), 7);
    let sum: f64 = features.iter().map(|feature| feature["nats_per_record"].as_f64().unwrap()).sum();
    let whole = scored["nats_per_record"].as_f64().unwrap();
    assert!((sum - whole).abs() < 7.0 / 256.0 / 2000.0, "{sum} {whole}");
    for feature in features {
        let bins = feature["bins"].as_array().unwrap();
        let records: u64 = bins.iter().map(|bin| bin["records"].as_u64().unwrap()).sum();
        assert_eq!(records, 2000);
        let nats: f64 = bins.iter().map(|bin| bin["nats_per_record"].as_f64().unwrap()).sum();
        assert!((nats - feature["nats_per_record"].as_f64().unwrap()).abs() < 1e-4);
    }
    assert_eq!(features[0]["bins"][11]["bin"], "UA");
    assert!(score("").stdout.contains("By feature; the total is their sum"));
}

#[test]
fn what_earns_nothing_says_so_in_the_first_line_and_why() {
    let first = |ran: &Ran| ran.stdout.lines().next().unwrap().to_owned();
    let late = score("--round 364");
    assert!(first(&late).starts_with("This data earns nothing: round 364 is not one of the rounds 0 to 363"));
    let scored = score("--round 364 --json").json();
    assert_eq!((&scored["earns"], &scored["weight"]), (&false.into(), &"0".into()));
    assert!(scored["nothing"][0].as_str().unwrap().contains("round 364"));
    let folder = folder();
    let few = {
        let text = fs::read_to_string(sample()).unwrap();
        write(&folder, "few.csv", text.lines().take(100).collect::<Vec<_>>().join("\n"))
    };
    let line = format!("score data --policy {} --data {few} --accept-unmatched", prepared().policy);
    let ran = fairshare(&line);
    assert!(
        first(&ran).contains("it has 99 records, and the policy asks for at least 500"),
        "{}",
        ran.stdout
    );
    // A reference of the data itself: what is left is the pseudo-counts.
    let own = policy(&folder, &[]);
    let made = fairshare(&format!("policy reference --policy {own} --data {} --json", sample())).json();
    let text = fs::read_to_string(&own).unwrap();
    let (head, _) = text.split_once("[reference]").unwrap();
    let (_, schema) = text.split_once("# ---- What a record is").unwrap();
    let own = write(&folder, "own.toml", format!("{head}{}#{schema}", made["toml"].as_str().unwrap()));
    let ran = fairshare(&format!("score data --policy {own} --data {}", sample()));
    assert!(first(&ran).contains("chance alone gives so many bins"), "{}", ran.stdout);
    assert_eq!(ran.status, 0);
}

/// The share that an archive gives is what the vault pays, to the unit.
#[test]
fn among_an_archive_the_share_is_what_the_vault_pays() {
    let vault = Vault::at(Step::Submitted);
    let archive = vault.archive();
    let scored =
        score(&format!("--among {archive} {} --contributor {CONTRIBUTOR} --json", parameters())).json();
    let settled = Vault::at(Step::Settled).json("settle");
    let paid = settled["payouts"].as_array().unwrap().iter();
    let paid = paid.clone().find(|line| line["contributor"] == CONTRIBUTOR).unwrap();
    let among = &scored["among"];
    assert_eq!(among["share"], paid["data"]);
    assert_eq!((&among["share"], &among["data_pool"]), (&"30000000".into(), &"30000000".into()));
    assert_eq!(
        (&among["audited"], &among["epoch"], &among["others"]),
        (&true.into(), &2013.into(), &0.into())
    );
    // Somebody else with the same data: half of the pool each.
    let ran = score(&format!("--among {archive} {}", parameters()));
    assert!(
        ran.stdout.starts_with(
            "This data earns 15,000,000: 50.00 % of data's pool of 30,000,000, among 1 other with proofs in \
             epoch 2013."
        ),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_archive_is_audited_before_it_is_believed() {
    let vault = Vault::at(Step::Submitted);
    let archive = vault.archive();
    score(&format!("--among {archive}"))
        .fails(2, &["audited before its weights are believed", "--params SRS"]);
    // Whoever has not proved is told of, and not counted.
    let early = Vault::at(Step::Proving);
    let refused = score(&format!("--among {} {}", early.archive(), parameters()));
    refused.fails(2, &["no verified proof of data of any epoch"]);
    let params = &prepared().params;
    score(&format!("--among {archive} --params {params}")).fails(1, &["--allow-insecure-params"]);
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.windows(7).position(|window| window == b"100_000").unwrap();
    bytes[at..at + 7].copy_from_slice(b"900_000");
    let altered = write(&vault.folder, "altered.tar", bytes);
    let ran = score(&format!("--among {altered} {}", parameters()));
    ran.fails(1, &["the archive is not as it should be, so its weights are not believed"]);
}

#[test]
fn among_a_file_of_weights_the_share_is_rounded_down() {
    let folder = folder();
    let own: u128 = integer(&score("--json").json()["weight"]);
    let header = "contributor,weight";
    let weights =
        write(&folder, "weights.csv", format!("{header}\n{JFK},{}\n{LGA},0\n{CONTRIBUTOR},7\n", own * 2));
    let among = |more: &str| score(&format!("--among {weights} {more} --json")).json()["among"].clone();
    let found = among(&format!("--contributor {CONTRIBUTOR}"));
    assert_eq!((&found["share"], &found["others"]), (&"10000000".into(), &1.into()));
    assert_eq!((&found["audited"], &found["epoch"]), (&false.into(), &Value::Null));
    // With seven more of something, it is no whole third.
    assert_eq!(among("")["share"], "9999999");
    let huge = (num_bigint::BigUint::from(1u32) << 226u32) - 1u32;
    let crowd = write(&folder, "crowd.csv", format!("{header}\n{JFK},{huge}\n"));
    let ran = score(&format!("--among {crowd}"));
    let first = ran.stdout.lines().next().unwrap();
    assert!(first.contains("earns nothing: its share of data's pool is less than one base unit"), "{first}");
    for (text, said) in [
        ("who,what\n", "line 1 is `who,what`"),
        ("contributor,weight\n0x12,5\n", "line 2: `0x12`"),
        ("contributor,weight\nx\n", "line 2 is `x`"),
    ] {
        let bad = write(&folder, "bad.csv", text);
        score(&format!("--among {bad}")).fails(2, &["bad.csv", said]);
    }
    score(&format!("--among {weights} --epoch 3")).fails(2, &["is a file of weights by its name"]);
    score("--epoch 3").fails(2, &["--among"]);
}

#[test]
fn every_feature_is_drawn() {
    let folder = folder();
    let plots = show(&folder.join("plots"));
    let scored = score(&format!("--plot {plots} --json")).json();
    let drawn: Vec<_> =
        scored["plots"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(drawn.len(), 7);
    assert!(drawn[0].ends_with("plots/01-carrier.svg"), "{drawn:?}");
    for path in &drawn {
        let image = fs::read_to_string(path).unwrap();
        assert!(image.starts_with("<svg xmlns=") && image.trim_end().ends_with("</svg>"), "{path}");
        assert!(image.contains("share of records") && image.contains("reference"), "{path}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0, "{path}");
        }
    }
    // Drawn again in the same place; a file in the folder's place is refused.
    assert_eq!(score(&format!("--plot {plots}")).status, 0);
    let file = write(&folder, "file", "x");
    score(&format!("--plot {file}")).fails(2, &[&file]);
    assert_eq!(fs::read_to_string(Path::new(&file)).unwrap(), "x");
}

#[test]
fn a_drawing_in_characters_fits_the_terminal_and_has_no_colour() {
    for columns in [40, 100] {
        let mut program = program();
        program.env("COLUMNS", columns.to_string());
        let ran =
            run(program, &format!("score data --policy {} --data {} --show", prepared().policy, sample()));
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let bars: Vec<_> =
            ran.stdout.lines().filter(|line| line.contains(" % ") && line.contains('█')).collect();
        assert!(bars.len() > 50);
        let widest = bars.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns && widest > columns - 5, "{widest} of {columns}");
        assert!(!ran.stdout.contains('\u{1b}'));
        assert!(ran.stdout.contains("█ both"));
    }
}

/// Under `divergence` there is no cap, and the bias is told and not taken off.
#[test]
fn without_a_cap_the_steps_are_others() {
    let folder = folder();
    let raw = policy(
        &folder,
        &[("weighting = \"records-divergence\"", "weighting = \"divergence\""), ("cap = \"1.5\"\n", "")],
    );
    let line = format!("score data --policy {raw} --data {}", sample());
    let scored = fairshare(&format!("{line} --json")).json();
    assert_eq!((&scored["weighting"], &scored["most_by_cap"]), (&"divergence".into(), &Value::Null));
    assert_eq!(scored["counted"], scored["score"]);
    assert_eq!(integer(&scored["g"]), (integer(&scored["score"]) << 40) / 2000);
    assert!(fairshare(&line).stdout.contains("not taken off (weighting divergence)"));
}
