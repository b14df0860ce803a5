//! From the policy as written to the policy as checked: every key of the file is read here. What may stand in
//! a rule, the rules themselves say ([`Policy::new`]); here it is said where a refused one stands.

use std::io;
use std::path::{Component, Path};

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::parse_fixed48;
use fairshare_params::Geometry;
use fairshare_params::encoding::{Digest, wide};
use fairshare_params::policy::{
    COMPUTE_WEIGHT, DATA_WEIGHT, DataRules, POLICY_VERSION, Policy, Rounds, RuleError, Rules, Vault,
    Weighting,
};
use fairshare_params::reference::Reference;
use toml::Spanned;

use super::error::{Location, PolicyError, Position, SyntaxError};
use super::raw::{RawData, RawPolicy, RawReference, RawRounds, RawVault, RawWeighting, RawWeights};
use super::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, side_file_hash};
use crate::{eip55, reference};

type Result<T> = std::result::Result<T, PolicyError>;

/// Parses and checks a whole policy.
pub(super) fn build(text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Policy> {
    bound("the policy", text.len(), MAX_POLICY_BYTES)?;
    let raw: RawPolicy = toml::from_str(text).map_err(|error| syntax(text, error))?;
    let reader = Reader { text, load };
    reader.version(&raw.protocol)?;
    let geometry = reader.geometry(&raw.geometry)?;
    reader.weights(&raw.weights)?;
    let (reference, reference_at) = reader.reference(&raw.reference)?;
    let rules = Rules {
        geometry,
        vault: reader.vault(&raw.vault)?,
        data: reader.data(&raw.data)?,
        compute_decay: reader.decay("compute.lambda", &raw.compute.lambda)?,
        rounds: reader.rounds(&raw.rounds)?,
        schema: reader.schema(&raw.schema, geometry)?,
        reference,
    };
    Policy::new(rules).map_err(|source| {
        let location = match &source {
            RuleError::Reference(_) => reference_at,
            other => reader.rule(other, &raw),
        };
        PolicyError::Rule { location, source }
    })
}

/// Refuses a file above its bound.
pub(super) fn bound(file: &str, length: usize, bound: u64) -> Result<()> {
    if wide(length) > bound {
        return Err(PolicyError::TooLarge { file: file.to_owned(), bound });
    }
    Ok(())
}

/// The policy's text, to say where a value stands, and the loader of the files that it names.
pub(super) struct Reader<'a> {
    text: &'a str,
    load: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
}

/// A table's two forms: written in the policy, or in a file that the policy names with its hash.
enum Form<'a, T> {
    Inline(&'a Spanned<T>),
    File { file: &'a Spanned<String>, hash: &'a Spanned<String> },
}

impl<'a> Reader<'a> {
    /// A text that names no files.
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, load: &|_| Err(io::ErrorKind::Unsupported.into()) }
    }

    pub(super) fn geometry(&self, name: &Spanned<String>) -> Result<Geometry> {
        Geometry::from_name(name.get_ref()).ok_or_else(|| PolicyError::Geometry {
            location: self.location("geometry", name),
            found: name.get_ref().clone(),
        })
    }

    fn version(&self, version: &Spanned<u64>) -> Result<()> {
        let found = *version.get_ref();
        if found == u64::from(POLICY_VERSION) {
            return Ok(());
        }
        Err(PolicyError::Version { location: self.location("protocol", version), found })
    }

    fn vault(&self, raw: &RawVault) -> Result<Vault> {
        let address = eip55::parse(raw.address.get_ref()).map_err(|source| PolicyError::Address {
            location: self.location("vault.address", &raw.address),
            source,
        })?;
        Ok(Vault {
            chain_id: *raw.chain_id.get_ref(),
            address,
            subnet: raw.subnet.get_ref().clone(),
            epoch: raw.epoch,
            pool: raw.pool.get_ref().0,
        })
    }

    /// Where the value stands that a rule refuses; the lists' locations are known to whoever read them.
    fn rule(&self, error: &RuleError, raw: &RawPolicy) -> Box<Location> {
        match error {
            RuleError::ChainId => self.location("vault.chain_id", &raw.vault.chain_id),
            RuleError::VaultAddress => self.location("vault.address", &raw.vault.address),
            RuleError::Subnet { .. } => self.location("vault.subnet", &raw.vault.subnet),
            RuleError::Pool => self.location("vault.pool", &raw.vault.pool),
            RuleError::PseudoCount => self.location("data.pseudo_count", &raw.data.pseudo_count),
            RuleError::MinRecords => self.location("data.min_records", &raw.data.min_records),
            RuleError::Cap => match &raw.data.cap {
                Some(cap) => self.location("data.cap", cap),
                None => self.location("data.weighting", &raw.data.weighting),
            },
            RuleError::DataFaded(_) => self.location("data.lambda", &raw.data.lambda),
            RuleError::NeverWeighs { .. } => self.location("data.min_records", &raw.data.min_records),
            RuleError::DecayOrder { .. } | RuleError::ComputeFaded(_) => {
                self.location("compute.lambda", &raw.compute.lambda)
            }
            RuleError::RoundCount { .. } => self.location("rounds.count", &raw.rounds.count),
            RuleError::LastRound { .. } => self.location("rounds.first", &raw.rounds.first),
            RuleError::Schema(_) => self.location("schema.feature", &raw.schema.feature),
            _ => self.location_at("policy", 0),
        }
    }

    fn weights(&self, raw: &RawWeights) -> Result<()> {
        let weights =
            [("weights.compute", &raw.compute, COMPUTE_WEIGHT), ("weights.data", &raw.data, DATA_WEIGHT)];
        for (key, weight, required) in weights {
            let (found, required) = (*weight.get_ref(), u64::from(required));
            if found != required {
                return Err(PolicyError::Weight { location: self.location(key, weight), found, required });
            }
        }
        Ok(())
    }

    fn data(&self, raw: &RawData) -> Result<DataRules> {
        Ok(DataRules {
            decay: self.decay("data.lambda", &raw.lambda)?,
            pseudo_count: self.u32("data.pseudo_count", &raw.pseudo_count)?,
            min_records: self.u32("data.min_records", &raw.min_records)?,
            weighting: self.weighting(raw)?,
        })
    }

    fn weighting(&self, raw: &RawData) -> Result<Weighting> {
        match (raw.weighting.get_ref(), &raw.cap) {
            (RawWeighting::Divergence, None) => Ok(Weighting::Divergence),
            (RawWeighting::Divergence, Some(cap)) => {
                Err(PolicyError::UnusedCap { location: self.location("data.cap", cap) })
            }
            (RawWeighting::RecordsDivergence, None) => {
                Err(PolicyError::MissingCap { location: self.location("data.weighting", &raw.weighting) })
            }
            (RawWeighting::RecordsDivergence, Some(text)) => {
                let cap = parse_fixed48(text.get_ref()).map_err(|source| PolicyError::Cap {
                    location: self.location("data.cap", text),
                    source,
                })?;
                Ok(Weighting::RecordsDivergence { cap })
            }
        }
    }

    fn decay(&self, key: &str, lambda: &Spanned<String>) -> Result<Decay> {
        Decay::from_decimal(lambda.get_ref())
            .map_err(|source| PolicyError::Decay { location: self.location(key, lambda), source })
    }

    fn rounds(&self, raw: &RawRounds) -> Result<Rounds> {
        let found = *raw.count.get_ref();
        let count = usize::try_from(found).map_err(|_| PolicyError::OutOfRange {
            location: self.location("rounds.count", &raw.count),
            found,
        })?;
        Ok(Rounds { first: *raw.first.get_ref(), count })
    }

    /// The reference, and where its counts are given.
    fn reference(&self, table: &Spanned<RawReference>) -> Result<(Reference, Box<Location>)> {
        let raw = table.get_ref();
        let location = || self.location("reference", table);
        match form(location, "counts", &raw.counts, &raw.file, &raw.hash)? {
            Form::Inline(counts) => {
                Ok((Reference::new(counts.get_ref().clone()), self.location("reference.counts", counts)))
            }
            Form::File { file, hash } => {
                let bytes = self.side_file("reference", file, hash)?;
                let location = self.location("reference.file", file);
                match reference::from_json(&bytes) {
                    Ok(reference) => Ok((reference, location)),
                    Err(source) => {
                        let file = file.get_ref().clone();
                        Err(PolicyError::ReferenceFile { location, file, source })
                    }
                }
            }
        }
    }

    /// The bytes of a file that table `table` names, once their hash is the one in the policy.
    fn side_file(&self, table: &str, file: &Spanned<String>, hash: &Spanned<String>) -> Result<Vec<u8>> {
        let location = self.location(&format!("{table}.file"), file);
        let name = file.get_ref().clone();
        // A policy comes from others: it must not make its reader open files elsewhere.
        let path = Path::new(&name);
        if name.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(PolicyError::SidePath { location, file: name });
        }
        let expected: Digest = hash.get_ref().parse().map_err(|source| PolicyError::Hash {
            location: self.location(&format!("{table}.hash"), hash),
            source,
        })?;
        let bytes = match (self.load)(&name) {
            Ok(bytes) => bytes,
            Err(source) => return Err(PolicyError::SideFile { location, file: name, source }),
        };
        bound(&format!("{location}: `{name}`"), bytes.len(), MAX_SIDE_FILE_BYTES)?;
        let found = side_file_hash(&bytes);
        if found != expected {
            return Err(PolicyError::HashMismatch { location, file: name, expected, found });
        }
        Ok(bytes)
    }

    fn u32(&self, key: &str, value: &Spanned<u64>) -> Result<u32> {
        let found = *value.get_ref();
        u32::try_from(found)
            .map_err(|_| PolicyError::OutOfRange { location: self.location(key, value), found })
    }

    pub(super) fn location<T>(&self, key: &str, at: &Spanned<T>) -> Box<Location> {
        self.location_at(key, at.span().start)
    }

    fn location_at(&self, key: &str, start: usize) -> Box<Location> {
        Box::new(Location { key: key.to_owned(), position: Some(position(self.text, start)) })
    }
}

/// Exactly one of a table's two forms, and the second one whole.
fn form<'a, T>(
    location: impl Fn() -> Box<Location>,
    inline: &'static str,
    value: &'a Option<Spanned<T>>,
    file: &'a Option<Spanned<String>>,
    hash: &'a Option<Spanned<String>>,
) -> Result<Form<'a, T>> {
    let problem = match (value, file, hash) {
        (Some(value), None, None) => return Ok(Form::Inline(value)),
        (None, Some(file), Some(hash)) => return Ok(Form::File { file, hash }),
        (None, None, None) => "neither the values nor a file",
        (None, Some(_), None) => "a file without its hash",
        (None, None, Some(_)) => "a hash without its file",
        (Some(_), _, _) => "both the values and a file",
    };
    Err(PolicyError::Form { location: location(), problem, inline })
}

fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    Position {
        line: before.matches('\n').count().saturating_add(1),
        column: before.get(line_start..).map_or(0, |line| line.chars().count()).saturating_add(1),
    }
}

/// The parser's error with its location. Without its input, the parser prints its message and then the key,
/// which it does not give otherwise.
pub(super) fn syntax(text: &str, mut error: toml::de::Error) -> PolicyError {
    let position = error.span().map(|span| position(text, span.start));
    error.set_input(None);
    let printed = error.to_string();
    let key = printed.trim_end().rsplit_once("\nin `").map_or("", |(_, key)| key.trim_end_matches('`'));
    let location = Box::new(Location { key: key.to_owned(), position });
    PolicyError::Syntax { location, source: SyntaxError(Box::new(error)) }
}
