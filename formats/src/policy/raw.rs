//! The policy file as it is written: keys and types, no rule checked yet.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub protocol: Spanned<u64>,
    pub geometry: Spanned<String>,
    pub vault: RawVault,
    pub weights: RawWeights,
    pub data: RawData,
    pub compute: RawCompute,
    pub rounds: RawRounds,
    pub schema: RawSchema,
    pub reference: Spanned<RawReference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVault {
    pub chain_id: Spanned<u64>,
    pub address: Spanned<String>,
    pub subnet: Spanned<String>,
    pub epoch: u64,
    pub pool: Spanned<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWeights {
    pub compute: Spanned<u64>,
    pub data: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawData {
    pub lambda: Spanned<String>,
    pub pseudo_count: Spanned<u64>,
    pub min_records: Spanned<u64>,
    pub weighting: Spanned<RawWeighting>,
    pub cap: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawWeighting {
    Divergence,
    RecordsDivergence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompute {
    pub lambda: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRounds {
    pub first: Spanned<u64>,
    pub count: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchema {
    pub feature: Spanned<Vec<Spanned<RawFeature>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFeature {
    pub name: String,
    pub kind: Spanned<RawKind>,
    pub labels: Option<Spanned<Vec<String>>>,
    pub edges: Option<Spanned<Vec<Edge>>>,
    pub of: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawKind {
    Categorical,
    Numeric,
    Crossed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReference {
    pub counts: Option<Spanned<BTreeMap<String, Vec<u64>>>>,
    pub file: Option<Spanned<String>>,
    pub hash: Option<Spanned<String>>,
}

/// A token amount: an integer, or a string of digits where TOML's 63 bits do not suffice.
pub(super) struct Amount(pub u128);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number below 2^128, or a string of its digits")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Amount, E> {
        u128::try_from(value).map(Amount).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Amount, E> {
        Ok(Amount(value.into()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Amount, E> {
        Ok(Amount(value))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Amount, E> {
        u128::try_from(value).map(Amount).map_err(|_| E::invalid_value(Unexpected::Other("integer"), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
        // Rust's parser also takes a leading plus sign.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let amount = if digits { text.parse().ok() } else { None };
        amount.map(Amount).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// A bin's edge: a float, or an integer that a float holds exactly.
pub(super) struct Edge(pub f64);

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EdgeVisitor)
    }
}

struct EdgeVisitor;

impl Visitor<'_> for EdgeVisitor {
    type Value = Edge;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number; an integer between -2^53 and 2^53, which a float holds exactly")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Edge, E> {
        Ok(Edge(value))
    }

    #[expect(clippy::as_conversions, reason = "up to 2^53 in size, a float holds every integer exactly")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Edge, E> {
        if value.unsigned_abs() > 1 << 53 {
            return Err(E::invalid_value(Unexpected::Signed(value), &self));
        }
        Ok(Edge(value as f64))
    }
}
