//! From the policy as written to the policy as checked: every rule of the file is one function here.

use std::cmp::Ordering;
use std::fmt::Display;
use std::io;
use std::path::{Component, Path};

use fairshare_circuits::numeric::decay::{Decay, MAX_ROUND};
use fairshare_circuits::numeric::fixed::parse_fixed48;
use toml::Spanned;

use super::error::{Place, PolicyError, Position};
use super::raw::{
    RawData, RawFeature, RawKind, RawPolicy, RawReference, RawRounds, RawSchema, RawVault, RawWeighting,
    RawWeights,
};
use super::rounds::parse_rounds;
use super::{
    COMPUTE_WEIGHT, DATA_WEIGHT, DataRules, MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PROTOCOL_VERSION, Policy,
    Rounds, Vault, Weighting, side_file_hash,
};
use crate::Geometry;
use crate::address::Address;
use crate::encoding::Digest;
use crate::reference::{Reference, SmoothedReference};
use crate::schema::{Feature, Rule, Schema, SchemaError};

type Result<T> = std::result::Result<T, PolicyError>;

/// The most characters of a subnet's name.
const MAX_SUBNET: usize = 64;

/// Parses and checks a whole policy.
pub(super) fn build(text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Policy> {
    bound("the policy", text.len(), MAX_POLICY_BYTES)?;
    let raw: RawPolicy = toml::from_str(text).map_err(|error| syntax(text, error))?;
    let source = Source { text, load };

    source.require(
        "protocol",
        &raw.protocol,
        *raw.protocol.get_ref() == u64::from(PROTOCOL_VERSION),
        "1, the protocol version that this program speaks",
    )?;
    let geometry = source.geometry(&raw.geometry)?;
    let vault = source.vault(raw.vault)?;
    source.weights(&raw.weights)?;
    let data = source.data(&raw.data)?;
    let compute_decay = source.compute_decay(&raw.compute.lambda, &data.decay)?;
    let rounds = source.rounds(&raw.rounds, geometry)?;
    let schema = source.schema(raw.schema, geometry)?;
    let reference = source.reference(&raw.reference, &schema, data.pseudo_count, geometry)?;
    Ok(Policy { geometry, vault, data, compute_decay, rounds, schema, reference })
}

/// Refuses a file above its bound.
pub(super) fn bound(file: &str, length: usize, bound: u64) -> Result<()> {
    if length as u64 > bound {
        return Err(PolicyError::TooLarge { file: file.to_owned(), bound });
    }
    Ok(())
}

/// The policy's text, to say where a value stands, and the loader of the files that it names.
pub(super) struct Source<'a> {
    text: &'a str,
    load: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
}

/// A table's two forms: written in the policy, or in a file that the policy names with its hash.
enum Form<'a, T> {
    Inline(&'a Spanned<T>),
    File { file: &'a Spanned<String>, hash: &'a Spanned<String> },
}

impl<'a> Source<'a> {
    /// A text that names no files.
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, load: &|_| Err(io::ErrorKind::Unsupported.into()) }
    }

    pub(super) fn geometry(&self, name: &Spanned<String>) -> Result<Geometry> {
        Geometry::from_name(name.get_ref()).ok_or_else(|| {
            let names: Vec<_> = Geometry::ALL.iter().map(|known| format!("\"{known}\"")).collect();
            self.out_of_range(
                "geometry",
                name,
                format!("{:?}", name.get_ref()),
                &format!("one of {}", names.join(", ")),
            )
        })
    }

    fn vault(&self, raw: RawVault) -> Result<Vault> {
        self.require("vault.chain_id", &raw.chain_id, *raw.chain_id.get_ref() >= 1, "1 or more")?;
        let address: Address = raw.address.get_ref().parse().map_err(|source| PolicyError::Address {
            place: self.place("vault.address", &raw.address),
            source,
        })?;
        let held = !address.is_zero();
        self.require("vault.address", &raw.address, held, "the address of a vault, which is never zero")?;
        let subnet = raw.subnet.get_ref();
        // ASCII only: two names that look alike but differ in Unicode form would be two subnets.
        let printable = (1..=MAX_SUBNET).contains(&subnet.len())
            && subnet.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && subnet.trim() == subnet;
        if !printable {
            let found = format!("{:?}", subnet.chars().take(80).collect::<String>());
            let expected = "a name of 1 to 64 printable ASCII characters, without a space at either end";
            return Err(self.out_of_range("vault.subnet", &raw.subnet, found, expected));
        }
        let pool = raw.pool.get_ref().0;
        if pool == 0 {
            let expected = "a pool of 1 or more of the token's base units";
            return Err(self.out_of_range("vault.pool", &raw.pool, pool, expected));
        }
        Ok(Vault {
            chain_id: *raw.chain_id.get_ref(),
            address,
            subnet: raw.subnet.into_inner(),
            epoch: raw.epoch,
            pool,
        })
    }

    fn weights(&self, raw: &RawWeights) -> Result<()> {
        let weights =
            [("weights.compute", &raw.compute, COMPUTE_WEIGHT), ("weights.data", &raw.data, DATA_WEIGHT)];
        for (key, weight, required) in weights {
            let (found, required) = (*weight.get_ref(), u64::from(required));
            if found != required {
                return Err(PolicyError::Weight { place: self.place(key, weight), found, required });
            }
        }
        Ok(())
    }

    fn data(&self, raw: &RawData) -> Result<DataRules> {
        Ok(DataRules {
            decay: self.decay("data.lambda", &raw.lambda)?,
            pseudo_count: self.positive_u32("data.pseudo_count", &raw.pseudo_count)?,
            min_records: self.positive_u32("data.min_records", &raw.min_records)?,
            weighting: self.weighting(raw)?,
        })
    }

    fn weighting(&self, raw: &RawData) -> Result<Weighting> {
        match (raw.weighting.get_ref(), &raw.cap) {
            (RawWeighting::Divergence, None) => Ok(Weighting::Divergence),
            (RawWeighting::Divergence, Some(cap)) => {
                Err(PolicyError::UnusedCap { place: self.place("data.cap", cap) })
            }
            (RawWeighting::RecordsDivergence, None) => {
                Err(PolicyError::MissingCap { place: self.place("data.weighting", &raw.weighting) })
            }
            (RawWeighting::RecordsDivergence, Some(text)) => {
                let cap = parse_fixed48(text.get_ref())
                    .map_err(|source| PolicyError::Cap { place: self.place("data.cap", text), source })?;
                self.require("data.cap", text, cap > 0, "2^-48 nats or more")?;
                Ok(Weighting::RecordsDivergence { cap })
            }
        }
    }

    fn decay(&self, key: &str, lambda: &Spanned<String>) -> Result<Decay> {
        Decay::from_decimal(lambda.get_ref())
            .map_err(|source| PolicyError::Decay { place: self.place(key, lambda), source })
    }

    fn compute_decay(&self, lambda: &Spanned<String>, data: &Decay) -> Result<Decay> {
        let compute = self.decay("compute.lambda", lambda)?;
        if compute.compare(data) != Ordering::Less {
            return Err(PolicyError::DecayOrder {
                place: self.place("compute.lambda", lambda),
                compute: compute.lambda().to_owned(),
                data: data.lambda().to_owned(),
            });
        }
        Ok(compute)
    }

    fn rounds(&self, table: &Spanned<RawRounds>, geometry: Geometry) -> Result<Rounds> {
        let raw = table.get_ref();
        let first = *raw.first.get_ref();
        let place = || self.place("rounds", table);
        let (totals, place) = match form(place, "totals", &raw.totals, &raw.file, &raw.hash)? {
            Form::Inline(totals) => (totals.get_ref().clone(), self.place("rounds.totals", totals)),
            Form::File { file, hash } => {
                let bytes = self.side_file("rounds", file, hash)?;
                let place = self.place("rounds.file", file);
                let totals = parse_rounds(&bytes, first, geometry.rounds()).map_err(|source| {
                    PolicyError::RoundsFile { place: place.clone(), file: file.get_ref().clone(), source }
                })?;
                (totals, place)
            }
        };
        let (found, bound) = (totals.len(), geometry.rounds());
        if found == 0 || found > bound {
            return Err(PolicyError::RoundCount { place, found, geometry: geometry.name(), bound });
        }
        let last = first.saturating_add(found as u64 - 1);
        let expected =
            format!("a round from which the last of {found} is at most {MAX_ROUND}, as far as decay goes");
        self.require("rounds.first", &raw.first, last <= MAX_ROUND, &expected)?;
        Ok(Rounds { first, totals })
    }

    pub(super) fn schema(&self, raw: RawSchema, geometry: Geometry) -> Result<Schema> {
        // A place is counted from the start of the text: it is looked up for the one feature that an error is about.
        let all = raw.feature.span().start;
        let tables = raw.feature.into_inner();
        let starts: Vec<_> = tables.iter().map(|table| table.span().start).collect();
        let features: Vec<_> = tables
            .into_iter()
            .enumerate()
            .map(|(index, table)| self.feature(index, table))
            .collect::<Result<_>>()?;
        let names: Vec<_> = features.iter().map(|feature| feature.name.clone()).collect();
        Schema::new(features, geometry.alphabet()).map_err(|source| {
            let faulty = faulty_feature(&source, &names).and_then(|index| Some((index, *starts.get(index)?)));
            let place = match faulty {
                Some((index, start)) => self.place_at(&format!("schema.feature[{index}]"), start),
                None => self.place_at("schema.feature", all),
            };
            PolicyError::Schema { place, source }
        })
    }

    fn feature(&self, index: usize, table: Spanned<RawFeature>) -> Result<Feature> {
        let raw = table.into_inner();
        let kind = raw.kind.span().start;
        let rule = match (raw.kind.into_inner(), raw.labels, raw.edges) {
            (RawKind::Categorical, Some(labels), None) => {
                Ok(Rule::Categorical { labels: labels.into_inner() })
            }
            (RawKind::Numeric, None, Some(edges)) => {
                Ok(Rule::Numeric { edges: edges.into_inner().into_iter().map(|edge| edge.0).collect() })
            }
            (RawKind::Categorical, _, _) => Err("a categorical feature has `labels` and no `edges`"),
            (RawKind::Numeric, _, _) => Err("a numeric feature has `edges` and no `labels`"),
        };
        let rule = rule.map_err(|problem| {
            let place = self.place_at(&format!("schema.feature[{index}].kind"), kind);
            PolicyError::FeatureKeys { place, problem }
        })?;
        Ok(Feature { name: raw.name, rule })
    }

    fn reference(
        &self,
        table: &Spanned<RawReference>,
        schema: &Schema,
        pseudo_count: u32,
        geometry: Geometry,
    ) -> Result<SmoothedReference> {
        let raw = table.get_ref();
        let place = || self.place("reference", table);
        let (reference, place) = match form(place, "counts", &raw.counts, &raw.file, &raw.hash)? {
            Form::Inline(counts) => {
                (Ok(Reference::new(counts.get_ref().clone())), self.place("reference.counts", counts))
            }
            Form::File { file, hash } => {
                let bytes = self.side_file("reference", file, hash)?;
                (Reference::from_json(&bytes), self.place("reference.file", file))
            }
        };
        reference
            .and_then(|reference| reference.smooth(schema, pseudo_count, geometry.alphabet()))
            .map_err(|source| PolicyError::Reference { place, source })
    }

    /// The bytes of a file that table `table` names, once their hash is the one in the policy.
    fn side_file(&self, table: &str, file: &Spanned<String>, hash: &Spanned<String>) -> Result<Vec<u8>> {
        let place = self.place(&format!("{table}.file"), file);
        let name = file.get_ref().clone();
        // A policy comes from others: it must not make its reader open files elsewhere.
        let path = Path::new(&name);
        if name.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(PolicyError::SidePath { place, file: name });
        }
        let expected: Digest = hash.get_ref().parse().map_err(|source| PolicyError::Hash {
            place: self.place(&format!("{table}.hash"), hash),
            source,
        })?;
        let bytes = match (self.load)(&name) {
            Ok(bytes) => bytes,
            Err(source) => return Err(PolicyError::SideFile { place, file: name, source }),
        };
        bound(&format!("{place}: `{name}`"), bytes.len(), MAX_SIDE_FILE_BYTES)?;
        let found = side_file_hash(&bytes);
        if found != expected {
            return Err(PolicyError::HashMismatch { place, file: name, expected, found });
        }
        Ok(bytes)
    }

    fn positive_u32(&self, key: &str, value: &Spanned<u64>) -> Result<u32> {
        let expected = "a whole number from 1 to 4294967295";
        match u32::try_from(*value.get_ref()) {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(self.out_of_range(key, value, value.get_ref(), expected)),
        }
    }

    fn require<T: Display>(&self, key: &str, value: &Spanned<T>, holds: bool, expected: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(self.out_of_range(key, value, value.get_ref(), expected)) }
    }

    fn out_of_range<T>(
        &self,
        key: &str,
        at: &Spanned<T>,
        found: impl Display,
        expected: &str,
    ) -> PolicyError {
        PolicyError::OutOfRange {
            place: self.place(key, at),
            found: found.to_string(),
            expected: expected.to_owned(),
        }
    }

    fn place<T>(&self, key: &str, at: &Spanned<T>) -> Box<Place> {
        self.place_at(key, at.span().start)
    }

    fn place_at(&self, key: &str, start: usize) -> Box<Place> {
        Box::new(Place { key: key.to_owned(), position: Some(position(self.text, start)) })
    }
}

/// Exactly one of a table's two forms, and the second one whole.
fn form<'a, T>(
    place: impl Fn() -> Box<Place>,
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
    Err(PolicyError::Form { place: place(), problem, inline })
}

/// The feature that a schema's error is about, by position; of two with one name, the second.
fn faulty_feature(error: &SchemaError, names: &[String]) -> Option<usize> {
    match error {
        SchemaError::UnnamedFeature { index } => Some(*index),
        SchemaError::DuplicateFeature { name } => names.iter().rposition(|other| other == name),
        SchemaError::DuplicateLabel { feature, .. }
        | SchemaError::EmptyLabel { feature }
        | SchemaError::NoBins { feature }
        | SchemaError::UnsortedEdges { feature, .. } => names.iter().position(|name| name == feature),
        SchemaError::Empty | SchemaError::TooManySymbols { .. } => None,
    }
}

fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
    }
}

/// The parser's error with its place; without its input, the parser prints its message and then the key.
pub(super) fn syntax(text: &str, mut error: toml::de::Error) -> PolicyError {
    let position = error.span().map(|span| position(text, span.start));
    error.set_input(None);
    let printed = error.to_string();
    let printed = printed.trim_end();
    let (message, key) = match printed.rsplit_once("\nin `") {
        Some((message, key)) => (message, key.trim_end_matches('`')),
        None => (printed, ""),
    };
    let place = Box::new(Place { key: key.to_owned(), position });
    PolicyError::Syntax { place, message: message.to_owned() }
}
