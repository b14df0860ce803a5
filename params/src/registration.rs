//! What a task contract records about one upload or one log of units: the public side of a contribution.
//!
//! A registration is JSON with one spelling: [`Registration::to_json`] writes it, [`Registration::from_json`]
//! reads it and refuses what is unknown, missing, doubled or out of range.

use std::fmt::Write;

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::{Address, AddressError};
use crate::context::Role;
use crate::digest::{compute_digest, data_digest};
use crate::encoding::{Digest, HexError, decode_hex, decode_point, encode_point};

mod fields;

use fields::Fields;

/// The version that [`Registration::to_json`] writes.
pub const REGISTRATION_VERSION: u32 = 1;
/// Longest registration, in bytes; a longer one is refused before it is parsed.
pub const MAX_REGISTRATION_BYTES: usize = 64 << 10;

/// One contribution as registered.
///
/// Its parts fit together: a registration of units has the digest of its commitment, and no number is out of
/// range. That a data digest belongs to certain columns is for the verifier to check, which has the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    contributor: Address,
    round: u64,
    geometry: Geometry,
    digest: Digest,
    contribution: Contribution,
    evidence: Option<Evidence>,
}

/// What was contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contribution {
    /// Records.
    Data {
        /// Hash of the schema that turned records into symbols.
        schema_hash: Digest,
        /// Number of records, 1 or more.
        records: u32,
        /// Number of segments that hold their symbols, 1 or more.
        segments: u32,
    },
    /// Units of computing power by round.
    Compute {
        /// The round in row 0 of the column.
        first_round: u64,
        /// Rounds covered, 1 to [`Geometry::rounds`].
        rounds: u32,
        /// Commitment to the column of units.
        commitment: G1Affine,
    },
}

/// Where the contribution was stored, and the transaction that says so.
///
/// The storage root does not bind the length (a trailing zero byte leaves it as it is), hence both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Root of the stored file.
    pub storage_root: Digest,
    /// Its length in bytes.
    pub byte_length: u64,
    /// Hash of the upload's transaction.
    pub transaction_hash: Digest,
}

/// Why a registration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// Longer than [`MAX_REGISTRATION_BYTES`]; nothing of it was parsed.
    #[error("the registration has {bytes} bytes; at most {MAX_REGISTRATION_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not a JSON object with every key once.
    #[error("the registration is not a JSON object with every key once: {message}")]
    Json {
        /// What was wrong, with line and column.
        message: String,
    },
    /// A field is missing.
    #[error("`{field}` is missing; add it")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field that no registration of its role has.
    #[error("`{field}` is no field of a registration for {role}; remove it")]
    Unknown {
        /// The field.
        field: String,
        /// The role.
        role: Role,
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
    #[error("`{field}`: {source}")]
    Hex {
        /// The field.
        field: String,
        /// What was wrong.
        source: HexError,
    },
    /// Not an address.
    #[error("`{field}`: {source}")]
    Address {
        /// The field.
        field: String,
        /// What was wrong.
        source: AddressError,
    },
    /// Not a point of the curve, or the identity, which only a log without any unit would commit to.
    #[error(
        "`commitment` is not a point of the curve other than the identity; copy it again from the registration"
    )]
    Point,
    /// The digest of units is not the digest of the commitment beside it.
    #[error(
        "`digest` is {found}, but the commitment and its rounds have digest {expected}; one of them was altered"
    )]
    DigestMismatch {
        /// The digest found.
        found: Digest,
        /// The digest of the other fields.
        expected: Digest,
    },
}

type Result<T> = std::result::Result<T, RegistrationError>;

impl Registration {
    /// Registers data: `column_commitments` has one list a segment, columns in order.
    pub fn for_data(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        column_commitments: &[Vec<G1Affine>],
    ) -> Result<Self> {
        let digest = data_digest(&geometry, &schema_hash, records, column_commitments);
        let segments = u32::try_from(column_commitments.len()).unwrap_or(u32::MAX);
        let contribution = Contribution::Data { schema_hash, records, segments };
        Self { contributor, round, geometry, digest, contribution, evidence: None }.checked()
    }

    /// Registers units: row `x` of the committed column holds those of round `first_round + x`.
    pub fn for_compute(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        first_round: u64,
        rounds: u32,
        commitment: G1Affine,
    ) -> Result<Self> {
        let digest = compute_digest(&geometry, first_round, rounds, &commitment);
        let contribution = Contribution::Compute { first_round, rounds, commitment };
        Self { contributor, round, geometry, digest, contribution, evidence: None }.checked()
    }

    /// The same registration with this evidence of its upload.
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    /// Who contributed.
    pub fn contributor(&self) -> &Address {
        &self.contributor
    }

    /// What the contributor is paid for.
    pub fn role(&self) -> Role {
        match self.contribution {
            Contribution::Data { .. } => Role::Data,
            Contribution::Compute { .. } => Role::Compute,
        }
    }

    /// The round in which it was registered, from which data's decay counts.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The registered digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What was contributed.
    pub fn contribution(&self) -> &Contribution {
        &self.contribution
    }

    /// Evidence of the upload, if there is any.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The one JSON spelling, a newline at its end.
    pub fn to_json(&self) -> String {
        let mut text = String::from("{\n");
        // Writing to a string cannot fail, and no value here needs escaping: numbers, hexadecimal, fixed names.
        let mut line = |key: &str, value: String| {
            let _ = writeln!(text, "  \"{key}\": {value},");
        };
        line("version", REGISTRATION_VERSION.to_string());
        line("contributor", format!("\"{}\"", self.contributor));
        line("role", format!("\"{}\"", self.role()));
        line("round", self.round.to_string());
        line("geometry", format!("\"{}\"", self.geometry));
        line("digest", format!("\"{}\"", self.digest));
        match &self.contribution {
            Contribution::Data { schema_hash, records, segments } => {
                line("schema_hash", format!("\"{schema_hash}\""));
                line("records", records.to_string());
                line("segments", segments.to_string());
            }
            Contribution::Compute { first_round, rounds, commitment } => {
                line("first_round", first_round.to_string());
                line("rounds", rounds.to_string());
                line("commitment", format!("\"0x{}\"", hex::encode(encode_point(commitment))));
            }
        }
        if let Some(Evidence { storage_root, byte_length, transaction_hash }) = &self.evidence {
            let inner = format!(
                "{{\n    \"storage_root\": \"{storage_root}\",\n    \"byte_length\": {byte_length},\n    \"transaction_hash\": \"{transaction_hash}\"\n  }}"
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
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_REGISTRATION_BYTES {
            return Err(RegistrationError::TooLarge { bytes: bytes.len() });
        }
        let mut fields = Fields::parse(bytes)?;
        fields.take_number("version", REGISTRATION_VERSION.into(), REGISTRATION_VERSION.into())?;
        let contributor = fields.take_parsed("contributor", |field, text| {
            text.parse().map_err(|source| RegistrationError::Address { field, source })
        })?;
        let role = fields.take_parsed("role", |field, text| {
            Role::from_name(text).ok_or_else(|| unknown_name(field, text, "\"data\" or \"compute\""))
        })?;
        let round = fields.take_number("round", 0, u64::MAX)?;
        let geometry = fields.take_parsed("geometry", |field, text| {
            Geometry::from_name(text)
                .ok_or_else(|| unknown_name(field, text, "the name of a geometry, \"standard\" for instance"))
        })?;
        let digest = fields.take_digest("digest")?;
        let contribution = read_contribution(&mut fields, role)?;
        let evidence = fields.take_object("evidence")?.map(|inner| read_evidence(inner, role)).transpose()?;
        fields.finish(role)?;
        Self { contributor, round, geometry, digest, contribution, evidence }.checked()
    }

    /// Every constructor ends here.
    fn checked(self) -> Result<Self> {
        require(
            !self.contributor.is_zero(),
            "contributor",
            &self.contributor,
            "an address that someone holds",
        )?;
        match &self.contribution {
            Contribution::Data { records, segments, .. } => {
                require(*records > 0, "records", records, "1 or more")?;
                require(*segments > 0, "segments", segments, "1 or more")?;
            }
            Contribution::Compute { first_round, rounds, commitment } => {
                let bound = self.geometry.rounds();
                let covered = (1..=bound).contains(&(*rounds as usize));
                require(
                    covered,
                    "rounds",
                    rounds,
                    &format!("1 to {bound}, what geometry `{}` covers", self.geometry),
                )?;
                let ends = first_round.checked_add(u64::from(*rounds)).is_some();
                require(ends, "first_round", first_round, "a round from which the last is below 2^64")?;
                if decode_point(&encode_point(commitment)).is_none() {
                    return Err(RegistrationError::Point);
                }
                let expected = compute_digest(&self.geometry, *first_round, *rounds, commitment);
                if self.digest != expected {
                    return Err(RegistrationError::DigestMismatch { found: self.digest, expected });
                }
            }
        }
        Ok(self)
    }
}

fn read_contribution(fields: &mut Fields, role: Role) -> Result<Contribution> {
    Ok(match role {
        Role::Data => Contribution::Data {
            schema_hash: fields.take_digest("schema_hash")?,
            records: fields.take_u32("records")?,
            segments: fields.take_u32("segments")?,
        },
        Role::Compute => Contribution::Compute {
            first_round: fields.take_number("first_round", 0, u64::MAX)?,
            rounds: fields.take_u32("rounds")?,
            commitment: fields.take_parsed("commitment", decode_commitment)?,
        },
    })
}

fn read_evidence(mut fields: Fields, role: Role) -> Result<Evidence> {
    let evidence = Evidence {
        storage_root: fields.take_digest("storage_root")?,
        byte_length: fields.take_number("byte_length", 0, u64::MAX)?,
        transaction_hash: fields.take_digest("transaction_hash")?,
    };
    fields.finish(role)?;
    Ok(evidence)
}

fn decode_commitment(field: String, text: &str) -> Result<G1Affine> {
    let bytes = decode_hex(text).map_err(|source| RegistrationError::Hex { field, source })?;
    decode_point(&bytes).ok_or(RegistrationError::Point)
}

fn unknown_name(field: String, text: &str, expected: &str) -> RegistrationError {
    let found = format!("{:?}", text.chars().take(80).collect::<String>());
    RegistrationError::Value { field, found, expected: expected.to_owned() }
}

fn require(holds: bool, field: &str, found: &impl ToString, expected: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(RegistrationError::Value {
        field: field.to_owned(),
        found: found.to_string(),
        expected: expected.to_owned(),
    })
}
