//! Registrations: one spelling, and everything else refused with its field's name.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::registration::{MAX_REGISTRATION_BYTES, RegistrationFileError, to_json};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::registration::{Dataset, Registration, RegistrationError};
use halo2curves::bn256::G1Affine;
use proptest::prelude::*;

use crate::fixture::{contributor, data, evidence, point, policy};

fn parse(text: &str) -> Result<Registration, RegistrationFileError> {
    fairshare_formats::registration::from_json(text.as_bytes())
}

/// Edits one occurrence.
fn edit(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {text}");
    text.replace(from, to)
}

/// The line of a field, its comma and newline included.
fn line<'a>(text: &'a str, field: &str) -> &'a str {
    let start = text.find(&format!("  \"{field}\"")).unwrap();
    &text[start..start + text[start..].find('\n').unwrap() + 1]
}

#[test]
fn the_spelling_is_fixed() {
    let registration = data(1).with_evidence(evidence(0x11));
    let expected = format!(
        r#"{{
  "version": 2,
  "contributor": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "round": 11,
  "geometry": "compact",
  "digest": "{}",
  "schema_hash": "{}",
  "records": 250,
  "segments": 1,
  "evidence": {{
    "storage_root": "0x{root}",
    "byte_length": 4096,
    "transaction_hash": "0x{hash}"
  }}
}}
"#,
        registration.digest(),
        policy().schema().hash(),
        root = "11".repeat(32),
        hash = "ee".repeat(32),
    );
    assert_eq!(to_json(&registration), expected);
}

#[test]
fn registrations_survive_their_json() {
    for registration in [data(1), data(1).with_evidence(evidence(7))] {
        let text = to_json(&registration);
        assert_eq!(parse(&text).as_ref(), Ok(&registration), "{text}");
        assert!(text.ends_with("}\n"));
    }
}

#[test]
fn data_carries_its_schema_records_and_segments() {
    let schema_hash = policy().schema().hash();
    assert_eq!(data(1).dataset(), &Dataset { schema_hash, records: 250, segments: 1 });
}

#[test]
fn every_missing_field_is_named() {
    let fields =
        ["version", "contributor", "round", "geometry", "digest", "schema_hash", "records", "segments"];
    let text = to_json(&data(1).with_evidence(evidence(1)));
    for field in fields {
        let error = parse(&edit(&text, line(&text, field), "")).unwrap_err();
        assert_eq!(error, RegistrationFileError::Missing { field: field.to_owned() });
    }
    for field in ["storage_root", "byte_length"] {
        let error = parse(&edit(&text, line(&text, field), "")).unwrap_err();
        assert_eq!(error, RegistrationFileError::Missing { field: format!("evidence.{field}") });
    }
}

#[test]
fn unknown_fields_are_named() {
    let text = to_json(&data(1));
    for field in ["extra", "role", "commitment"] {
        let error =
            parse(&edit(&text, "\"version\": 2,", &format!("\"version\": 2, \"{field}\": 1,"))).unwrap_err();
        assert_eq!(error, RegistrationFileError::Unknown { field: field.to_owned() });
    }
    let text = to_json(&data(1).with_evidence(evidence(1)));
    let error = parse(&edit(&text, "\"storage_root\"", "\"extra\": 1, \"storage_root\"")).unwrap_err();
    assert_eq!(error, RegistrationFileError::Unknown { field: "evidence.extra".to_owned() });
    assert!(error.to_string().contains("`evidence.extra` is not a field of a registration"), "{error}");
}

#[test]
fn a_doubled_key_is_refused() {
    let text = to_json(&data(1).with_evidence(evidence(1)));
    for field in ["records", "byte_length"] {
        let doubled = edit(&text, line(&text, field), &line(&text, field).repeat(2));
        let error = parse(&doubled).unwrap_err();
        let RegistrationFileError::Json(cause) = error else { panic!("{error}") };
        assert!(cause.to_string().contains(&format!("key `{field}` stands twice")), "{cause}");
    }
}

#[test]
fn every_value_is_checked_and_named() {
    let (uploaded, records) = (to_json(&data(1).with_evidence(evidence(1))), to_json(&data(1)));
    for (field, value) in [
        ("version", "1"),
        ("version", "\"2\""),
        ("contributor", "5"),
        ("round", "-1"),
        ("round", "1.0"),
        ("round", "18446744073709551616"),
        ("geometry", "\"huge\""),
        ("digest", "[1, 2]"),
        ("records", "0"),
        ("records", "4294967296"),
        ("records", "true"),
    ] {
        let error =
            parse(&edit(&records, line(&records, field), &format!("\"{field}\": {value},\n"))).unwrap_err();
        assert!(
            matches!(&error, RegistrationFileError::Value { field: named, .. } if named == field),
            "{error:?}"
        );
        assert!(error.to_string().starts_with(&format!("`{field}`: ")), "{error}");
    }
    let error = parse(&edit(&records, "\"segments\": 1\n", "\"segments\": 0\n")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "segments"), "{error:?}");
    let error =
        parse(&edit(&records, "\"segments\": 1\n", "\"segments\": 1, \"evidence\": null\n")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "evidence"), "{error:?}");
    let error = parse(&edit(&uploaded, "\"byte_length\": 4096", "\"byte_length\": \"4096\"")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "evidence.byte_length"));
}

#[test]
fn the_largest_numbers_are_accepted() {
    let text = edit(&to_json(&data(1)), "\"records\": 250", "\"records\": 4294967295");
    let text = edit(&text, "\"round\": 11", "\"round\": 18446744073709551615");
    let read = parse(&text).unwrap();
    assert_eq!(read.round(), u64::MAX);
    assert_eq!(read.records(), u32::MAX);
    assert_eq!(to_json(&read), text);
}

#[test]
fn hexadecimal_is_checked_and_named() {
    let text = to_json(&data(1).with_evidence(evidence(1)));
    for field in ["digest", "schema_hash", "storage_root", "transaction_hash"] {
        let short = edit(&text, &format!("\"{field}\": \"0x"), &format!("\"{field}\": \"0x0"));
        let error = parse(&short).unwrap_err();
        assert!(
            matches!(&error, RegistrationFileError::Hex { field: named, .. } if named.ends_with(field)),
            "{error:?}"
        );
    }
}

#[test]
fn a_contributor_is_an_address_that_someone_holds() {
    let text = to_json(&data(1));
    let error = parse(&edit(&text, "0xfB69", "0xFB69")).unwrap_err();
    assert!(matches!(error, RegistrationFileError::Address { .. }));
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(error.to_string().contains("`contributor`") && cause.contains("0xfB69"), "{error}: {cause}");
    let error = parse(&edit(
        &text,
        &checksummed(&contributor()).to_string(),
        &checksummed(&Address([0; 20])).to_string(),
    ))
    .unwrap_err();
    assert_eq!(error, RegistrationError::Contributor.into());
}

#[test]
fn constructors_check_as_the_parser_does() {
    let schema = policy().schema().hash();
    let with = |contributor, records, columns: &[Vec<G1Affine>]| {
        Registration::of_columns(contributor, 1, Geometry::COMPACT, schema, records, columns)
    };
    let columns = [vec![point(1)]];
    assert!(with(contributor(), 1, &columns).is_ok());
    assert_eq!(with(contributor(), 0, &columns), Err(RegistrationError::Records));
    assert_eq!(with(contributor(), 1, &[]), Err(RegistrationError::Segments { found: 0 }));
    assert_eq!(with(Address([0; 20]), 1, &columns), Err(RegistrationError::Contributor));
}

#[test]
fn a_registration_is_bounded() {
    let text = to_json(&data(1));
    let padded = format!("{text}{}", " ".repeat(MAX_REGISTRATION_BYTES - text.len()));
    assert!(parse(&padded).is_ok());
    assert_eq!(
        parse(&format!("{padded} ")),
        Err(RegistrationFileError::TooLarge { bytes: MAX_REGISTRATION_BYTES + 1 })
    );
    let deep = "[".repeat(MAX_REGISTRATION_BYTES);
    assert!(matches!(parse(&deep), Err(RegistrationFileError::Json { .. })));
}

proptest! {
    /// What is read back from changed bytes is a registration whose JSON reads back the same.
    #[test]
    fn mutated_bytes_are_read_or_refused(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..5),
    ) {
        let mut bytes = to_json(&data(1).with_evidence(evidence(1))).into_bytes();
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(read) = fairshare_formats::registration::from_json(&bytes) {
            prop_assert_eq!(parse(&to_json(&read)), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(fairshare_formats::registration::from_json(&bytes).is_err());
    }
}

/// Found by libFuzzer: the JSON library quotes a value of the wrong type whole.
#[test]
fn what_is_quoted_of_a_text_that_is_no_object_is_cut() {
    let text = format!("\n\"{}\"", "att (".repeat(900));
    let error = fairshare_formats::registration::from_json(text.as_bytes()).unwrap_err();
    let message = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(message.len() < 400, "{} bytes", message.len());
    assert!(message.contains("… at line 2 column"), "{message}");
    let error = fairshare_formats::reference::from_json(text.as_bytes()).unwrap_err();
    let message = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(message.len() < 400 && message.contains("at line 2 column"), "{message}");
}

/// As in policies and tables: some editors begin a text with it.
#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let text = to_json(&data(1));
    assert_eq!(parse(&format!("\u{feff}{text}")), Ok(data(1)));
    for text in [format!("\u{feff}\u{feff}{text}"), format!("{text}\u{feff}"), "\u{feff}".to_owned()] {
        assert!(matches!(parse(&text), Err(RegistrationFileError::Json(_))), "{text:?}");
    }
}
