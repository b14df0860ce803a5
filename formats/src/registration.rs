//! Registrations as JSON with one spelling: [`to_json`] writes it, [`from_json`] reads it and refuses what is
//! unknown, missing, doubled or out of range.

use std::fmt::Write;

use fairshare_params::Geometry;
use fairshare_params::encoding::HexError;
use fairshare_params::registration::{Dataset, Evidence, Registration, RegistrationError};

use crate::eip55::{self, AddressError, checksummed};
use crate::json::JsonError;

mod fields;

use fields::Fields;

/// The version that [`to_json`] writes.
pub const REGISTRATION_VERSION: u32 = 2;
/// Longest registration, in bytes; a longer one is refused before it is parsed.
pub const MAX_REGISTRATION_BYTES: usize = 64 << 10;

/// Why a registration is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationFileError {
    /// Longer than [`MAX_REGISTRATION_BYTES`]; nothing of it was parsed.
    #[error("the registration has {bytes} bytes; at most {MAX_REGISTRATION_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not a JSON object with every key once.
    #[error("the registration is not a JSON object with every key once")]
    Json(#[from] JsonError),
    /// A field is missing.
    #[error("`{field}` is missing; give `registration.json` as `fairshare commit data` wrote it")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field that no registration has.
    #[error("`{field}` is not a field of a registration; remove it")]
    Unknown {
        /// The field.
        field: String,
    },
    /// A value of the wrong type or outside its range.
    #[error("`{field}`: {found} is not {expected}")]
    Value {
        /// The field.
        field: String,
        /// What was found.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// Not hexadecimal of the right length.
    #[error("`{field}`")]
    Hex {
        /// The field.
        field: String,
        /// What was wrong.
        source: HexError,
    },
    /// Not an address.
    #[error("`{field}`")]
    Address {
        /// The field.
        field: String,
        /// What was wrong.
        source: AddressError,
    },
    /// What it says is refused.
    #[error(transparent)]
    Refused(#[from] RegistrationError),
}

type Result<T> = std::result::Result<T, RegistrationFileError>;

/// The one JSON spelling, a newline at its end.
pub fn to_json(registration: &Registration) -> String {
    let mut text = String::from("{\n");
    // Writing to a string cannot fail, and no value here needs escaping: numbers, hexadecimal, fixed names.
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "  \"{key}\": {value},");
    };
    line("version", REGISTRATION_VERSION.to_string());
    line("contributor", format!("\"{}\"", checksummed(registration.contributor())));
    line("round", registration.round().to_string());
    line("geometry", format!("\"{}\"", registration.geometry()));
    line("digest", format!("\"{}\"", registration.digest()));
    let Dataset { schema_hash, records, segments } = registration.dataset();
    line("schema_hash", format!("\"{schema_hash}\""));
    line("records", records.to_string());
    line("segments", segments.to_string());
    if let Some(Evidence { storage_root, byte_length, transaction_hash }) = registration.evidence() {
        let inner = format!(
            "{{\n    \"storage_root\": \"{storage_root}\",\n    \"byte_length\": {byte_length},\n    \
             \"transaction_hash\": \"{transaction_hash}\"\n  }}"
        );
        line("evidence", inner);
    }
    // The last line's comma goes: there is always a last line.
    let kept = text.trim_end_matches([',', '\n']).len();
    text.truncate(kept);
    text.push_str("\n}\n");
    text
}

/// Reads and checks a registration.
pub fn from_json(bytes: &[u8]) -> Result<Registration> {
    if bytes.len() > MAX_REGISTRATION_BYTES {
        return Err(RegistrationFileError::TooLarge { bytes: bytes.len() });
    }
    let mut fields = Fields::parse(bytes)?;
    fields.take_number("version", REGISTRATION_VERSION.into(), REGISTRATION_VERSION.into())?;
    let contributor = fields.take_parsed("contributor", |field, text| {
        eip55::parse(text).map_err(|source| RegistrationFileError::Address { field, source })
    })?;
    let round = fields.take_number("round", 0, u64::MAX)?;
    let geometry = fields.take_parsed("geometry", |field, text| {
        Geometry::from_name(text)
            .ok_or_else(|| unknown_name(field, text, "the name of a geometry, \"standard\" for instance"))
    })?;
    let digest = fields.take_digest("digest")?;
    let dataset = Dataset {
        schema_hash: fields.take_digest("schema_hash")?,
        records: fields.take_u32("records")?,
        segments: fields.take_u32("segments")?,
    };
    let evidence = fields.take_object("evidence")?.map(read_evidence).transpose()?;
    fields.finish()?;
    let registration = Registration::new(contributor, round, geometry, digest, dataset)?;
    Ok(match evidence {
        Some(evidence) => registration.with_evidence(evidence),
        None => registration,
    })
}

fn read_evidence(mut fields: Fields) -> Result<Evidence> {
    let evidence = Evidence {
        storage_root: fields.take_digest("storage_root")?,
        byte_length: fields.take_number("byte_length", 0, u64::MAX)?,
        transaction_hash: fields.take_digest("transaction_hash")?,
    };
    fields.finish()?;
    Ok(evidence)
}

fn unknown_name(field: String, text: &str, expected: &str) -> RegistrationFileError {
    let found = format!("{:?}", text.chars().take(80).collect::<String>());
    RegistrationFileError::Value { field, found, expected: expected.to_owned() }
}
