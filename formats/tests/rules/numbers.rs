//! Numbers are read from their source text: as TOML's numbers, or as strings, exactly.

use fairshare_circuits::numeric::decay::DecayError;
use fairshare_formats::policy::{PolicyFault, TimeError};
use fairshare_params::policy::{RuleError, Weighting};
use fairshare_params::schema::{Feature, Rule};
use proptest::prelude::*;

use crate::fixture::{edit, read};
use crate::policy::refuses;

/// Where a float would give another word of the rules.
#[test]
fn words_are_of_the_decimal_and_not_of_its_float() {
    let lambda_q = |lambda: &str| {
        let text = edit("lambda = \"0.1\"", "lambda = \"0.5\"").replace("\"0.01\"", lambda);
        read(&text).unwrap().compute_decay().lambda_q()
    };
    let below = "0.2499999999999999999999999";
    assert_eq!(below.parse::<f64>(), Ok(0.25));
    assert_eq!([lambda_q(below), lambda_q(&format!("\"{below}\""))], [(1 << 46) - 1; 2]);
    assert_eq!(lambda_q("0.25"), 1 << 46);

    let pool = |pool: &str| read(&edit("\"1000000000000000000000000\"", pool)).unwrap().terms().pool;
    let odd = (1u128 << 53) + 1;
    assert_eq!((odd as f64) as u128, odd - 1);
    assert_eq!([pool(&odd.to_string()), pool(&format!("\"{odd}\""))], [odd; 2]);
    let long = 10u128.pow(24) + 1;
    assert_eq!([pool(&long.to_string()), pool(&format!("\"{long}\""))], [long; 2]);
}

#[test]
fn lambda_has_a_range_whose_ends_are_told() {
    let least = "0.000000059604644775390625";
    assert!(read(&edit("\"0.01\"", least)).is_ok());
    for (key, place, line) in
        [("\"0.1\"", "`data.lambda` (line 16", 16), ("\"0.01\"", "`compute.lambda` (line 24", 24)]
    {
        for below in ["0.000000059604644775390624", "\"0.000000059604644775390624\"", "0", "0.0"] {
            refuses!(
                read(&edit(key, below)),
                PolicyFault::Decay(DecayError::TooSmall { .. }),
                place,
                &format!("choose a λ of at least {least}")
            );
        }
        for above in ["1000.000000000000000000000000001", "\"1001\"", "1001"] {
            refuses!(
                read(&edit(key, above)),
                PolicyFault::Decay(DecayError::TooLarge { .. }),
                &format!("(line {line}, column 10): λ = "),
                "is above 1000"
            );
        }
    }
    // In the range, whatever else is wrong with it.
    refuses!(read(&edit("\"0.1\"", "1000")), PolicyFault::Rule(RuleError::DataFaded(_)), "`data.lambda`");
}

/// Of as many digits as are read: a float would keep a part of them.
#[test]
fn decimals_are_exact_in_either_form() {
    let digits = "0.09999999999999999999999999999999999999";
    for lambda in [digits.to_owned(), format!("\"{digits}\"")] {
        let policy = read(&edit("lambda = \"0.01\"", &format!("lambda = {lambda}"))).unwrap();
        assert_eq!(policy.compute_decay().lambda(), digits);
    }
    // As floats the two are one.
    let cap = |cap: &str| match read(&edit("\"0.05\"", cap)).unwrap().terms().weighting {
        Weighting::RecordsDivergence { cap } => cap,
        Weighting::Divergence => panic!("no cap"),
    };
    let (below, above) = ("16383.9999999999999999999", "16384.0000000000000000001");
    assert_eq!(below.parse::<f64>(), above.parse::<f64>());
    assert_eq!([cap(below), cap(above)], [(1 << 62) - 1, 1 << 62]);
    assert_eq!([cap("\"16383.9999999999999999999\""), cap("16384")], [(1 << 62) - 1, 1 << 62]);
}

#[test]
fn what_is_no_decimal_is_refused_with_the_reason() {
    for (written, shown) in [
        ("1e-1", "\"1e-1\" is not a plain decimal"),
        ("\"1e-1\"", "\"1e-1\" is not a plain decimal"),
        ("+0.1", "\"+0.1\" is not a plain decimal"),
        ("-0.1", "\"-0.1\" is not a plain decimal"),
        ("inf", "\"inf\" is not a plain decimal"),
        ("nan", "\"nan\" is not a plain decimal"),
        ("0x1", "\"0x1\" is not a plain decimal"),
        ("0o1", "\"0o1\" is not a plain decimal"),
        ("0b1", "\"0b1\" is not a plain decimal"),
        ("\"\"", "\"\" is not a plain decimal"),
        ("0.00000000000000000000000000000000000000001", "decimal of 43 characters"),
    ] {
        let text = edit("\"0.1\"", written);
        let key = "`data.lambda` (line 16, column 10): λ is not a decimal";
        refuses!(read(&text), PolicyFault::Decay(_), key, shown);
        refuses!(read(&edit("\"0.05\"", written)), PolicyFault::Cap(_), "`data.cap` (line 20", shown);
    }
    refuses!(
        read(&edit("\"0.1\"", "true")),
        PolicyFault::Type { .. },
        "`data.lambda` (line 16, column 10): expected a decimal, found boolean"
    );
    refuses!(read(&edit("\"0.1\"", "[0.1]")), PolicyFault::Type { .. }, "expected a decimal, found array");
}

/// Every key that has a whole number, as it stands in the fixture, with the largest that it takes.
const WHOLE: [(&str, &str, u128); 10] = [
    ("chain_id = 16601", "vault.chain_id", u64::MAX as u128),
    ("epoch = 4", "vault.epoch", u64::MAX as u128),
    ("pool = \"1000000000000000000000000\"", "vault.pool", u128::MAX),
    ("pseudo_count = 2", "data.pseudo_count", u32::MAX as u128),
    ("min_records = 100", "data.min_records", u32::MAX as u128),
    ("first = 10", "rounds.first", u64::MAX as u128),
    ("count = 3", "rounds.count", u32::MAX as u128),
    ("ends_by = 2027-01-01T00:00:00Z", "rounds.ends_by", u64::MAX as u128),
    ("proving_seconds = 604800", "rounds.proving_seconds", u64::MAX as u128),
    ("evidence = true", "data.first_round", u64::MAX as u128),
];

fn with_whole(line: &str, key: &str, value: &str) -> String {
    let key = key.rsplit('.').next().unwrap();
    // The one that the fixture leaves out.
    let rest = if line.starts_with("evidence") { "\nevidence = true" } else { "" };
    edit(line, &format!("{key} = {value}{rest}"))
}

#[test]
fn whole_numbers_have_their_ranges() {
    for (line, key, most) in WHOLE {
        let range = format!("is not a whole number from 0 to {most}");
        let over =
            most.checked_add(1).map_or("340282366920938463463374607431768211456".into(), |n| n.to_string());
        for written in [over.as_str(), "-1", "-0", "1.0", "1e3", "nan"] {
            let expected = format!("`{key}` (line");
            refuses!(
                read(&with_whole(line, key, written)),
                PolicyFault::Whole { .. },
                &expected,
                &format!("{written} {range}")
            );
        }
        refuses!(read(&with_whole(line, key, "[1]")), PolicyFault::Type { .. }, key, "found array");
    }
}

#[test]
fn strings_of_digits_are_whole_numbers_and_no_other_strings() {
    for (line, key, most) in WHOLE.iter().filter(|(_, key, _)| *key != "rounds.ends_by") {
        for written in ["\"\"", "\"+1\"", "\"1_0\"", "\"0x1\"", "\" 1\"", "\"１\""] {
            refuses!(
                read(&with_whole(line, key, written)),
                PolicyFault::Whole { .. },
                key,
                &format!("{written} is not a whole number from 0 to {most}")
            );
        }
    }
    let pool = |written: &str| read(&edit("\"1000000000000000000000000\"", written)).unwrap().terms().pool;
    for written in ["7", "+7", "0x7", "0o7", "0b111", "\"7\"", "\"007\""] {
        assert_eq!(pool(written), 7, "{written}");
    }
    for written in ["340282366920938463463374607431768211455", "\"340282366920938463463374607431768211455\""]
    {
        assert_eq!(pool(written), u128::MAX);
    }
}

/// TOML's own integers end at 2^63.
#[test]
fn whole_numbers_go_to_the_ends_of_their_types() {
    let most = u64::MAX;
    for written in [most.to_string(), format!("\"{most}\""), format!("{most:#x}")] {
        let terms = |line, key| read(&with_whole(line, key, &written)).unwrap().terms().clone();
        assert_eq!(terms("chain_id = 16601", "vault.chain_id").chain_id, most);
        assert_eq!(terms("epoch = 4", "vault.epoch").epoch, most);
        assert_eq!(terms("ends_by = 2027-01-01T00:00:00Z", "rounds.ends_by").ends_by, most);
        assert_eq!(terms("proving_seconds = 604800", "rounds.proving_seconds").proving_seconds, most);
    }
}

#[test]
fn edges_are_the_nearest_floats_of_their_decimals() {
    let edge = |written: &str| {
        let policy = read(&edit("[-5, 0.5, 30]", &format!("[-1e300, {written}, 1e300]")))?;
        let Feature::Column(column) = &policy.schema().features()[1] else { panic!("crossed") };
        let Rule::Numeric { edges } = &column.rule else { panic!("no edges") };
        Ok::<_, fairshare_formats::policy::PolicyErrors>(edges[1].to_bits())
    };
    for (written, expected) in [
        ("0.1", 0.1f64),
        ("\"0.1\"", 0.1),
        ("5e-1", 0.5),
        ("\"5e-1\"", 0.5),
        // Halfway between two floats: the even one.
        ("9007199254740993.0", 9007199254740992.0),
        ("9007199254740995.0", 9007199254740996.0),
        ("\"9007199254740993.0\"", 9007199254740992.0),
        // Just above, by one in the fortieth place.
        ("9007199254740993.000000000000000000000001", 9007199254740994.0),
        ("9007199254740992", 9007199254740992.0),
        ("-9007199254740992", -9007199254740992.0),
        ("0x20", 32.0),
        ("\"-3\"", -3.0),
        ("1e-400", 0.0),
    ] {
        assert_eq!(edge(written).unwrap(), expected.to_bits(), "{written}");
    }
    for written in ["9007199254740993", "-9007199254740993", "\"9007199254740993\"", "1e400", "inf", "nan"] {
        refuses!(
            edge(written),
            PolicyFault::Edge { .. },
            "`schema.feature[1].edges[1]` (line 40, column 18)",
            &format!("{written} cannot be an edge")
        );
    }
    for written in ["\"inf\"", "\"\"", "\"1,5\"", "\"0x20\"", "\"1_0.0\"", "\"e\""] {
        refuses!(edge(written), PolicyFault::Edge { .. }, "`schema.feature[1].edges[1]`", written);
    }
    refuses!(edge("true"), PolicyFault::Type { .. }, "expected a number, found boolean");
}

#[test]
fn times_are_seconds_since_1970() {
    let ends_by = |written: &str| {
        let text = edit("ends_by = 2027-01-01T00:00:00Z", &format!("ends_by = {written}"));
        read(&text).map(|policy| policy.terms().ends_by)
    };
    for (written, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:00:01-01:00", 1),
        ("2000-02-29T12:00:00Z", 951_825_600),
        ("2024-02-29 23:59:59+14:00", 1_709_200_799),
        ("2027-01-01T00:00Z", 1_798_761_600),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("1798761600", 1_798_761_600),
        ("\"1798761600\"", 1_798_761_600),
    ] {
        assert_eq!(ends_by(written).unwrap(), seconds, "{written}");
    }
    for (written, expected) in [
        ("2027-01-01T00:00:00", TimeError::Local),
        ("2027-01-01", TimeError::Local),
        ("00:00:00", TimeError::Local),
        ("2027-01-01T00:00:00.5Z", TimeError::Fraction),
        ("2027-01-01T00:00:00.0Z", TimeError::Fraction),
        ("1969-12-31T23:59:59Z", TimeError::Early),
        ("1970-01-01T00:00:00+00:01", TimeError::Early),
        ("2016-12-31T23:59:60Z", TimeError::Uncounted),
    ] {
        refuses!(
            ends_by(written),
            PolicyFault::Time(error) if *error == expected,
            "`rounds.ends_by` (line 29, column 11)",
            &expected.to_string()
        );
    }
    for written in ["\"2027-01-01T00:00:00Z\"", "true"] {
        refuses!(ends_by(written), PolicyFault::Type { .. }, "expected a date and time, without quotes");
    }
}

proptest! {
    /// Days are counted here one by one, year by year and month by month.
    #[test]
    fn days_are_counted_as_the_calendar_has_them(days in 0..60_000u64) {
        let fourth = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100);
        let leap = |year: u64| fourth(year) || year.is_multiple_of(400);
        let (mut year, mut rest) = (1970, days);
        while rest >= 365 + u64::from(leap(year)) {
            rest -= 365 + u64::from(leap(year));
            year += 1;
        }
        let mut month = 1;
        for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if rest < length {
                break;
            }
            rest -= length;
            month += 1;
        }
        let date = format!("{year}-{month:02}-{:02}T00:00:00Z", rest + 1);
        let text = edit("2027-01-01T00:00:00Z", &date);
        prop_assert_eq!(read(&text).unwrap().terms().ends_by, days * 86_400);
    }
}
