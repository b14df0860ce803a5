//! The policy: the public rules of one epoch of one vault, all of them checked (PROTOCOL sections 3, 5 to 8
//! and 10).
//!
//! How it is written is not said here. A policy is everything that an author says; with what is derived from
//! the parameters that it names, it becomes the rules whose hash every proof is bound to
//! ([`Policy::rules`]). So a policy cannot look the same and mean something else, nor look different and mean
//! the same.

use std::fmt;
use std::ops::RangeInclusive;

use fairshare_circuits::numeric::decay::Decay;

use crate::Geometry;
use crate::encoding::Digest;
use crate::reference::{Reference, SmoothedReference};
use crate::rules::{ParameterWords, ReferenceWords, Rules, Terms};
use crate::schema::Schema;

mod checks;

pub use crate::rules::Weighting;
pub use checks::RuleError;

/// Compute's part of the pool, of [`COMPUTE_WEIGHT`]` + `[`DATA_WEIGHT`] parts.
pub const COMPUTE_WEIGHT: u32 = 7;
/// Data's part of the pool.
pub const DATA_WEIGHT: u32 = 3;

/// What a policy says, before it is checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The rules that are their own words.
    pub terms: Terms,
    /// λ of data and its decay.
    pub data_decay: Decay,
    /// λ of compute and its decay; below data's.
    pub compute_decay: Decay,
    /// What smoothing adds to every bin; 1 or more.
    pub pseudo_count: u32,
    /// The features of a record.
    pub schema: Schema,
    /// The reference counts before smoothing.
    pub reference: Reference,
    /// Which parameters proofs are made under.
    pub parameters: NamedParameters,
    /// The rules hash, if the author gives it.
    pub rules_hash: Option<Digest>,
    /// How people read amounts, if the author says so.
    pub token: Option<Token>,
}

/// The token that is paid, as people read its amounts. It is no rule, and in no hash: what is paid is fixed
/// in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    symbol: String,
    decimals: u8,
}

impl Token {
    /// Most letters of a symbol.
    pub const MAX_SYMBOL: usize = 12;
    /// Most decimals: `10^36` is below `2^128`.
    pub const MAX_DECIMALS: u8 = 36;

    /// A token whose symbol has 1 to 12 letters, digits or signs of ASCII, one of them a letter, so that it
    /// does not read as more digits of an amount; and at most 36 decimals.
    pub fn new(symbol: &str, decimals: u8) -> Option<Self> {
        let is_symbol = (1..=Self::MAX_SYMBOL).contains(&symbol.len())
            && symbol.bytes().all(|byte| byte.is_ascii_graphic())
            && symbol.bytes().any(|byte| byte.is_ascii_alphabetic());
        let fits = is_symbol && decimals <= Self::MAX_DECIMALS;
        fits.then(|| Self { symbol: symbol.to_owned(), decimals })
    }

    /// Its symbol.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// How many decimals its amounts have: `10^decimals` base units are one token.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// An amount of base units in tokens, with all decimals.
    pub fn amount(&self, units: u128) -> String {
        let places = usize::from(self.decimals);
        let digits = format!("{units:0>width$}", width = places.saturating_add(1));
        let (whole, part) = digits.split_at(digits.len().saturating_sub(places));
        let point = if places == 0 { "" } else { "." };
        format!("{whole}{point}{part} {}", self.symbol)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {} decimals", self.symbol, self.decimals)
    }
}

/// Which reference string a policy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedParameters {
    /// The one of this digest.
    Digest(Digest),
    /// The development one of the policy's geometry, whose trapdoor everybody knows.
    InsecureDevelopment,
}

impl NamedParameters {
    /// How a policy writes the development parameters.
    pub const INSECURE: &str = "insecure-development";
}

impl fmt::Display for NamedParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
            Self::InsecureDevelopment => f.write_str(Self::INSECURE),
        }
    }
}

/// Why parameters are not those that a policy names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParametersError {
    /// Of another shape.
    #[error(
        "other parameters than the policy names: of geometry `{found}`, and the policy has `{named}`; give \
         those for `{named}`"
    )]
    Geometry {
        /// The parameters'.
        found: Geometry,
        /// The policy's.
        named: Geometry,
    },
    /// Of another reference string.
    #[error(
        "other parameters than the policy names: their fingerprint is {found}, and the policy names {named}; \
         fetch those, or ask the policy's author"
    )]
    Other {
        /// The parameters' fingerprint.
        found: Digest,
        /// What the policy names.
        named: NamedParameters,
    },
}

/// The rules of one epoch of one vault, all of them checked.
#[derive(Clone, Debug)]
pub struct Policy {
    terms: Terms,
    data_decay: Decay,
    compute_decay: Decay,
    pseudo_count: u32,
    schema: Schema,
    reference: SmoothedReference,
    parameters: NamedParameters,
    rules_hash: Option<Digest>,
    token: Option<Token>,
}

impl Policy {
    /// Checks the rules against each other and against the protocol's ranges, and names all that is wrong:
    /// what depends on something refused is not looked at.
    pub fn new(draft: Draft) -> Result<Self, Vec<RuleError>> {
        let reference = checks::check(&draft)?;
        let Draft { terms, data_decay, compute_decay, pseudo_count, schema, parameters, .. } = draft;
        let Draft { rules_hash, token, .. } = draft;
        Ok(Self {
            terms,
            data_decay,
            compute_decay,
            pseudo_count,
            schema,
            reference,
            parameters,
            rules_hash,
            token,
        })
    }

    /// The rules that are their own words: vault, rounds, pool and others.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.terms.geometry
    }

    /// λ of data and its decay.
    pub fn data_decay(&self) -> &Decay {
        &self.data_decay
    }

    /// λ of compute and its decay; below data's.
    pub fn compute_decay(&self) -> &Decay {
        &self.compute_decay
    }

    /// What smoothing adds to every bin; 1 or more.
    pub fn pseudo_count(&self) -> u32 {
        self.pseudo_count
    }

    /// How many rounds the epoch has: 2 to [`Geometry::rounds`].
    pub fn rounds(&self) -> usize {
        usize::try_from(self.terms.rounds).unwrap_or(usize::MAX)
    }

    /// The data window: the rounds over which data fades, up to the epoch's last.
    pub fn data_window(&self) -> RangeInclusive<u64> {
        self.terms.data_first_round..=self.terms.last_round()
    }

    /// The rounds whose data is paid for: the window but for the epoch's last round, which takes none.
    pub fn data_rounds(&self) -> RangeInclusive<u64> {
        self.terms.data_first_round..=self.terms.last_round().saturating_sub(1)
    }

    /// The features of a record.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The smoothed reference.
    pub fn reference(&self) -> &SmoothedReference {
        &self.reference
    }

    /// `r_t` by symbol, over the whole alphabet; 0 for symbols that the schema does not use.
    pub fn reference_counts(&self) -> &[u32] {
        self.reference.by_symbol()
    }

    /// `r_t` by feature, in the schema's order.
    pub fn feature_references(&self) -> impl Iterator<Item = &[u32]> + Clone {
        // The reference was smoothed under this schema, so that every range is there.
        (0..self.schema.len())
            .map(|index| self.reference.by_symbol().get(self.schema.symbols(index)).unwrap_or_default())
    }

    /// `R_f` by feature, in the schema's order.
    pub fn feature_totals(&self) -> &[u32] {
        self.reference.totals()
    }

    /// `bins'`, the freedom that chance has under the reference ([`SmoothedReference::free_bins`]).
    pub fn free_bins(&self) -> u64 {
        self.reference.free_bins()
    }

    /// Which parameters it names.
    pub fn parameters(&self) -> NamedParameters {
        self.parameters
    }

    /// The rules hash that the author gives; it comes from somebody who computed it from the whole SRS.
    pub fn rules_hash(&self) -> Option<Digest> {
        self.rules_hash
    }

    /// How people read amounts, if the author says so.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The same policy, expecting this rules hash.
    pub fn expecting(self, rules_hash: Digest) -> Self {
        Self { rules_hash: Some(rules_hash), ..self }
    }

    /// Whether these are the parameters that it names.
    pub fn check_parameters(
        &self,
        geometry: Geometry,
        digest: &Digest,
        is_insecure: bool,
    ) -> Result<(), ParametersError> {
        if geometry != self.geometry() {
            return Err(ParametersError::Geometry { found: geometry, named: self.geometry() });
        }
        let holds = match self.parameters {
            NamedParameters::Digest(named) => named == *digest,
            NamedParameters::InsecureDevelopment => is_insecure,
        };
        if holds {
            return Ok(());
        }
        Err(ParametersError::Other { found: *digest, named: self.parameters })
    }

    /// All words of the rules, with those that are derived from the reference and the parameters.
    pub fn rules(&self, reference: ReferenceWords, parameters: ParameterWords) -> Rules {
        Rules {
            terms: self.terms.clone(),
            schema_hash: self.schema.hash(),
            reference_hash: self.reference.hash(),
            reference,
            data_decay: (&self.data_decay).into(),
            compute_decay: (&self.compute_decay).into(),
            parameters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_all_decimals_of_their_token() {
        let usdc = Token::new("USDC", 6).unwrap();
        assert_eq!(
            [0, 1, 999_999, 1_000_000, 25_274_406].map(|units| usdc.amount(units)),
            ["0.000000 USDC", "0.000001 USDC", "0.999999 USDC", "1.000000 USDC", "25.274406 USDC",]
        );
        assert_eq!(Token::new("PTS", 0).unwrap().amount(12), "12 PTS");
        let most = Token::new("X", 36).unwrap().amount(u128::MAX);
        assert_eq!(most, "340.282366920938463463374607431768211455 X");
        for (symbol, decimals) in
            [("", 6), ("US DC", 6), ("USDC\u{1b}", 6), ("ABCDEFGHIJKLM", 6), ("X", 37), ("000", 6), ("$", 2)]
        {
            assert_eq!(Token::new(symbol, decimals), None, "{symbol}");
        }
    }
}
