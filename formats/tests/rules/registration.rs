//! Registrations: one spelling, and everything else refused with its field's name.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::registration::{MAX_REGISTRATION_BYTES, RegistrationFileError, to_json};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::registration::{Contribution, Registration, RegistrationError};
use fairshare_params::role::Role;
use halo2curves::bn256::G1Affine;
use proptest::prelude::*;

use crate::fixture::{compute, contributor, data, evidence, point, policy};

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
fn the_spelling_of_units_is_fixed() {
    let registration =
        Registration::for_compute(contributor(), 13, Geometry::COMPACT, 10, 3, G1Affine::generator())
            .unwrap()
            .with_evidence(evidence(0x11));
    let expected = format!(
        r#"{{
  "version": 1,
  "contributor": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "role": "compute",
  "round": 13,
  "geometry": "compact",
  "digest": "{}",
  "first_round": 10,
  "rounds": 3,
  "commitment": "0x{one:0>64}{two:0>64}",
  "evidence": {{
    "storage_root": "0x{root}",
    "byte_length": 4096,
    "transaction_hash": "0x{hash}"
  }}
}}
"#,
        registration.digest(),
        one = 1,
        two = 2,
        root = "11".repeat(32),
        hash = "ee".repeat(32),
    );
    assert_eq!(to_json(&registration), expected);
}

#[test]
fn registrations_survive_their_json() {
    for registration in
        [data(1), data(1).with_evidence(evidence(7)), compute(), compute().with_evidence(evidence(8))]
    {
        let text = to_json(&registration);
        assert_eq!(parse(&text).as_ref(), Ok(&registration), "{text}");
        assert!(text.ends_with("}\n"));
    }
    assert!(to_json(&data(1)).contains("\"role\": \"data\""));
    assert_eq!((data(1).role(), compute().role()), (Role::Data, Role::Compute));
}

#[test]
fn data_carries_its_schema_records_and_segments() {
    let schema_hash = policy().schema().hash();
    assert_eq!(data(1).contribution(), &Contribution::Data { schema_hash, records: 250, segments: 1 });
}

#[test]
fn every_missing_field_is_named() {
    for (registration, fields) in [
        (
            data(1),
            [
                "version",
                "contributor",
                "role",
                "round",
                "geometry",
                "digest",
                "schema_hash",
                "records",
                "segments",
            ],
        ),
        (
            compute(),
            [
                "version",
                "contributor",
                "role",
                "round",
                "geometry",
                "digest",
                "first_round",
                "rounds",
                "commitment",
            ],
        ),
    ] {
        let text = to_json(&registration.with_evidence(evidence(1)));
        for field in fields {
            let error = parse(&edit(&text, line(&text, field), "")).unwrap_err();
            assert_eq!(error, RegistrationFileError::Missing { field: field.to_owned() });
        }
        for field in ["storage_root", "byte_length"] {
            let error = parse(&edit(&text, line(&text, field), "")).unwrap_err();
            assert_eq!(error, RegistrationFileError::Missing { field: format!("evidence.{field}") });
        }
    }
}

#[test]
fn unknown_fields_are_named() {
    let text = to_json(&data(1));
    for field in ["extra", "first_round", "commitment"] {
        let error =
            parse(&edit(&text, "\"version\": 1,", &format!("\"version\": 1, \"{field}\": 1,"))).unwrap_err();
        assert_eq!(error, RegistrationFileError::Unknown { field: field.to_owned(), role: Role::Data });
    }
    let text = to_json(&data(1).with_evidence(evidence(1)));
    let error = parse(&edit(&text, "\"storage_root\"", "\"extra\": 1, \"storage_root\"")).unwrap_err();
    assert_eq!(
        error,
        RegistrationFileError::Unknown { field: "evidence.extra".to_owned(), role: Role::Data }
    );
    assert!(
        error.to_string().contains("`evidence.extra` is not a field of a registration for data"),
        "{error}"
    );
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
    let (units, records) = (to_json(&compute().with_evidence(evidence(1))), to_json(&data(1)));
    for (text, field, value) in [
        (&records, "version", "2"),
        (&records, "version", "\"1\""),
        (&records, "contributor", "5"),
        (&records, "role", "\"both\""),
        (&records, "role", "null"),
        (&records, "round", "-1"),
        (&records, "round", "1.0"),
        (&records, "round", "18446744073709551616"),
        (&records, "geometry", "\"huge\""),
        (&records, "digest", "[1, 2]"),
        (&records, "records", "0"),
        (&records, "records", "4294967296"),
        (&records, "records", "true"),
        (&units, "first_round", "{}"),
        (&units, "first_round", "18446744073709551613"),
        (&units, "rounds", "0"),
        (&units, "rounds", "1025"),
    ] {
        let error = parse(&edit(text, line(text, field), &format!("\"{field}\": {value},\n"))).unwrap_err();
        assert!(
            match &error {
                RegistrationFileError::Value { field: named, .. } => named == field,
                RegistrationFileError::Refused(_) => true,
                _ => false,
            },
            "{error:?}"
        );
        assert!(error.to_string().starts_with(&format!("`{field}`: ")), "{error}");
    }
    let error = parse(&edit(&records, "\"segments\": 1\n", "\"segments\": 0\n")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "segments"), "{error:?}");
    let error =
        parse(&edit(&records, "\"segments\": 1\n", "\"segments\": 1, \"evidence\": null\n")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "evidence"), "{error:?}");
    let error = parse(&edit(&units, "\"byte_length\": 4096", "\"byte_length\": \"4096\"")).unwrap_err();
    assert!(matches!(&error, RegistrationFileError::Value { field, .. } if field == "evidence.byte_length"));
}

#[test]
fn the_largest_numbers_are_accepted() {
    let text = edit(&to_json(&data(1)), "\"records\": 250", "\"records\": 4294967295");
    let text = edit(&text, "\"round\": 11", "\"round\": 18446744073709551615");
    let read = parse(&text).unwrap();
    assert_eq!(read.round(), u64::MAX);
    assert!(matches!(read.contribution(), Contribution::Data { records: u32::MAX, .. }));
    assert_eq!(to_json(&read), text);
}

#[test]
fn hexadecimal_is_checked_and_named() {
    let text = to_json(&compute().with_evidence(evidence(1)));
    for field in ["digest", "commitment", "storage_root", "transaction_hash"] {
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
fn a_commitment_is_a_point_other_than_the_identity() {
    let text = to_json(&compute());
    let good = hex::encode(encode_point(&point(9)));
    let mut off_curve = encode_point(&point(9));
    off_curve[63] ^= 1;
    for bytes in [off_curve, [0; 64], [0xff; 64]] {
        assert_eq!(parse(&edit(&text, &good, &hex::encode(bytes))), Err(RegistrationError::Point.into()));
    }
    let identity =
        Registration::for_compute(contributor(), 13, Geometry::COMPACT, 10, 3, G1Affine::default());
    assert_eq!(identity, Err(RegistrationError::Point));
}

#[test]
fn a_digest_of_units_belongs_to_its_commitment() {
    let (text, expected) = (to_json(&compute()), *compute().digest());
    let found = Digest([5; 32]);
    assert_eq!(
        parse(&edit(&text, &expected.to_string(), &found.to_string())),
        Err(RegistrationError::DigestMismatch { found, expected }.into())
    );
    for (from, to) in [
        ("\"rounds\": 3", "\"rounds\": 2"),
        ("\"first_round\": 10", "\"first_round\": 9"),
        ("compact", "standard"),
    ] {
        let refused = parse(&edit(&text, from, to));
        assert!(matches!(
            refused,
            Err(RegistrationFileError::Refused(RegistrationError::DigestMismatch { .. }))
        ));
    }
}

#[test]
fn constructors_check_as_the_parser_does() {
    let schema = policy().schema().hash();
    let with = |contributor, records, columns: &[Vec<G1Affine>]| {
        Registration::for_data(contributor, 1, Geometry::COMPACT, schema, records, columns)
    };
    let columns = [vec![point(1)]];
    assert!(with(contributor(), 1, &columns).is_ok());
    assert_eq!(with(contributor(), 0, &columns), Err(RegistrationError::Records));
    assert_eq!(with(contributor(), 1, &[]), Err(RegistrationError::Segments { found: 0 }));
    assert_eq!(with(Address([0; 20]), 1, &columns), Err(RegistrationError::Contributor));
    let geometry = Geometry::COMPACT;
    for (found, bound) in [(0, 1024), (1025, 1024)] {
        let refused = Registration::for_compute(contributor(), 1, geometry, 0, found, point(1));
        assert_eq!(refused, Err(RegistrationError::Rounds { found, geometry, bound }));
    }
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
        compute_role in any::<bool>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..5),
    ) {
        let registration = if compute_role { compute() } else { data(1) };
        let mut bytes = to_json(&registration.with_evidence(evidence(1))).into_bytes();
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
