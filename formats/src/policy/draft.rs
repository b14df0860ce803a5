//! From the file to the policy: every key but the schema's is read here.
//!
//! What may stand in a rule, the rules themselves say ([`Policy::new`]). They are asked even if some values
//! are refused, so that all errors are told at once: a stand-in takes the place of each, and what they say of
//! it is not told ([`Reader::add_rule`]).

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path};

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::parse_fixed48;
use fairshare_params::Geometry;
use fairshare_params::address::{ADDRESS_BYTES, Address};
use fairshare_params::encoding::wide;
use fairshare_params::policy::{Draft, NamedParameters, Policy, Token, Weighting};
use fairshare_params::reference::Reference;
use fairshare_params::rules::{PROTOCOL_VERSION, Settlement, Terms};
use fairshare_params::schema::{Column, Feature, Rule, Schema};

use super::fault::PolicyFault;
use super::keys::{COMPUTE, DATA, REFERENCE, ROUNDS, TOP, VAULT};
use super::reader::Reader;
use super::table::{Table, Value};
use super::{MAX_SIDE_FILE_BYTES, MAX_SIDE_NAME_BYTES, POLICY_FILE, side_file_hash};
use crate::excerpt::excerpt;
use crate::reference;

type Load<'l> = &'l dyn Fn(&str) -> io::Result<Vec<u8>>;

/// The policy, if the rules take it; what is wrong is added to the reader.
pub(super) fn policy(reader: &Reader<'_>, load: Load<'_>) -> Option<Policy> {
    let top = Table::top(reader);
    version(top.value("protocol"))?;
    reader.add_syntax();
    top.allow(TOP.keys);
    let geometry = geometry(&top);
    let schema = super::schema::schema(&top, geometry);
    let parameters = top.value("parameters").and_then(|value| parameters(&value));
    let rules_hash = top.optional("rules_hash").and_then(|value| value.digest());
    let (vault, data) = (top.table(&VAULT), top.table(&DATA));
    let reference = counts(&top.table(&REFERENCE), load);
    if schema.is_none() {
        reader.refuse("schema.feature".to_owned());
    }
    // An own name for either form of them.
    if reference.is_none() {
        reader.refuse("reference.counts".to_owned());
    }
    let schema = schema.or_else(some_schema)?;
    let draft = Draft {
        terms: terms(&top, &vault, &data, geometry.unwrap_or(Geometry::LARGE)),
        data_decay: decay(&data).or_else(|| Decay::from_decimal("0.02").ok())?,
        compute_decay: decay(&top.table(&COMPUTE)).or_else(|| Decay::from_decimal("0.01").ok())?,
        pseudo_count: whole(&data, "pseudo_count").unwrap_or(1),
        reference: reference.unwrap_or_else(|| some_reference(&schema)),
        schema,
        parameters: parameters.unwrap_or(NamedParameters::InsecureDevelopment),
        rules_hash,
        token: token(&vault),
    };
    match Policy::new(draft) {
        Ok(policy) => Some(policy),
        Err(errors) => {
            errors.into_iter().for_each(|error| reader.add_rule(error));
            None
        }
    }
}

/// Refuses another version by its name, before anything else: nothing is known of what the rest would mean.
/// What is not a version at all is told with everything else.
pub(super) fn version(value: Option<Value<'_>>) -> Option<()> {
    let Some(found) = value.and_then(|value| value.whole::<u64>()) else { return Some(()) };
    if found == u64::from(PROTOCOL_VERSION) {
        return Some(());
    }
    value?.refuse(PolicyFault::Version { found })
}

pub(super) fn geometry(top: &Table<'_>) -> Option<Geometry> {
    top.value("geometry")?.choice(Geometry::ALL.map(|geometry| (geometry.name(), geometry)))
}

fn terms(top: &Table<'_>, vault: &Table<'_>, data: &Table<'_>, geometry: Geometry) -> Terms {
    let rounds = top.table(&ROUNDS);
    let some_address = Address([1; ADDRESS_BYTES]);
    let address =
        |key: &'static str| vault.value(key).and_then(|value| value.address()).unwrap_or(some_address);
    let settlements = Settlement::ALL.map(|settlement| (settlement.name(), settlement));
    let first_round = whole(&rounds, "first");
    let data_first_round = match data.optional("first_round") {
        Some(value) => value.whole(),
        None => first_round,
    };
    Terms {
        chain_id: whole(vault, "chain_id").unwrap_or(1),
        vault: address("address"),
        registry: address("registry"),
        settlement: vault
            .value("settlement")
            .and_then(|value| value.choice(settlements))
            .unwrap_or(Settlement::Contract),
        subnet: vault.value("subnet").and_then(|value| value.text()).unwrap_or("x").to_owned(),
        epoch: whole(vault, "epoch").unwrap_or_default(),
        first_round: first_round.unwrap_or_default(),
        rounds: whole(&rounds, "count").unwrap_or(2),
        data_first_round: data_first_round.unwrap_or_default(),
        ends_by: rounds.value("ends_by").and_then(|value| value.time()).unwrap_or_default(),
        proving_seconds: whole(&rounds, "proving_seconds").unwrap_or_default(),
        pool: whole(vault, "pool").unwrap_or(1),
        geometry,
        min_records: whole(data, "min_records").unwrap_or(1),
        weighting: weighting(data).unwrap_or(Weighting::Divergence),
        evidence: data.value("evidence").and_then(|value| value.flag()).unwrap_or_default(),
    }
}

/// How people read amounts: both keys, or neither.
fn token(vault: &Table<'_>) -> Option<Token> {
    let (symbol, decimals) = (vault.optional("symbol"), vault.optional("decimals"));
    match (vault.has("symbol"), vault.has("decimals")) {
        (true, true) => {
            let (symbol, decimals) = (symbol?, decimals?);
            let (text, decimals) = (symbol.text()?, decimals.whole::<u32>()?);
            let token = u8::try_from(decimals).ok().and_then(|decimals| Token::new(text, decimals));
            if token.is_none() {
                symbol.refuse::<()>(PolicyFault::Token { symbol: excerpt(text), decimals });
            }
            token
        }
        (false, false) => None,
        _ => {
            vault.add(PolicyFault::HalfToken);
            None
        }
    }
}

fn whole<T: super::value::Whole>(table: &Table<'_>, key: &str) -> Option<T> {
    table.value(key)?.whole()
}

fn decay(table: &Table<'_>) -> Option<Decay> {
    table.value("lambda")?.decimal(Decay::from_decimal, PolicyFault::Decay)
}

fn parameters(value: &Value<'_>) -> Option<NamedParameters> {
    match value.text()? {
        NamedParameters::INSECURE => Some(NamedParameters::InsecureDevelopment),
        text => match text.parse() {
            Ok(digest) => Some(NamedParameters::Digest(digest)),
            Err(error) => value.refuse(PolicyFault::Parameters(error)),
        },
    }
}

fn weighting(data: &Table<'_>) -> Option<Weighting> {
    let weighting = data.value("weighting");
    let cap = data.optional("cap");
    let read = |cap: &Value<'_>| cap.decimal(parse_fixed48, PolicyFault::Cap);
    let capped =
        weighting.and_then(|value| value.choice([("divergence", false), ("records-divergence", true)]));
    match (capped, weighting, cap) {
        (Some(true), _, Some(cap)) => read(&cap).map(|cap| Weighting::RecordsDivergence { cap }),
        (Some(true), Some(weighting), None) if !data.has("cap") && data.reader().is_whole() => {
            weighting.refuse(PolicyFault::MissingCap)
        }
        (Some(false), _, None) => Some(Weighting::Divergence),
        (Some(false), _, Some(cap)) => cap.refuse(PolicyFault::UnusedCap),
        (_, _, cap) => {
            cap.and_then(|cap| read(&cap));
            data.reader().refuse(data.key("weighting"));
            None
        }
    }
}

/// The reference counts, inline or from a file that the policy names with its hash.
fn counts(table: &Table<'_>, load: Load<'_>) -> Option<Reference> {
    let problem = match ["counts", "file", "hash"].map(|key| table.has(key)) {
        [true, false, false] => return inline(table),
        [false, true, true] => return side_file(table, load),
        [false, false, false] => "neither the values nor a file",
        [false, true, false] => "a file without its hash",
        [false, false, true] => "a hash without its file",
        [true, _, _] => "both the values and a file",
    };
    if table.is_there() && table.reader().is_whole() {
        table.add(PolicyFault::Form { problem });
    }
    None
}

fn inline(table: &Table<'_>) -> Option<Reference> {
    let counts = table.any_table("counts");
    let read = |value: Value<'_>| Some((value.key().to_owned(), value.list(|count| count.whole())?));
    let features: Vec<_> = counts.values().map(read).collect();
    let features: Option<BTreeMap<_, _>> = features.into_iter().collect();
    features.filter(|_| counts.is_there() && table.reader().is_whole()).map(Reference::new)
}

fn side_file(table: &Table<'_>, load: Load<'_>) -> Option<Reference> {
    let hash = table.value("hash").and_then(|value| value.digest());
    let file = table.value("file")?;
    let name = file.text()?;
    if !is_side_name(name) {
        return file.refuse(PolicyFault::SidePath { file: excerpt(name) });
    }
    let (expected, name) = (hash?, name.to_owned());
    let bytes = match load(&name) {
        Ok(bytes) => bytes,
        Err(source) => return file.refuse(PolicyFault::SideFile { file: name, source }),
    };
    if wide(bytes.len()) > MAX_SIDE_FILE_BYTES {
        return file.refuse(PolicyFault::SideFileTooLarge { file: name, bound: MAX_SIDE_FILE_BYTES });
    }
    let found = side_file_hash(&bytes);
    if found != expected {
        return file.refuse(PolicyFault::HashMismatch { file: name, expected, found });
    }
    match reference::from_json(&bytes) {
        Ok(reference) => Some(reference),
        Err(source) => file.refuse(PolicyFault::ReferenceFile { file: name, source }),
    }
}

/// Whether a policy may name a file so.
pub(super) fn is_side_name(name: &str) -> bool {
    // A policy comes from others: it must not make its reader open files elsewhere.
    let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    // One spelling for each file: an archive has the policy's name for it, and knows no other.
    let is_plain = !name.split('/').any(|part| matches!(part, "" | "." | "..")) && name != POLICY_FILE;
    is_below && is_plain && name.len() <= MAX_SIDE_NAME_BYTES
}

/// A stand-in for a schema that is refused.
fn some_schema() -> Option<Schema> {
    let column = Column { name: "x".to_owned(), rule: Rule::Numeric { edges: vec![0.0] } };
    Schema::new(vec![Feature::Column(column)], Geometry::COMPACT.alphabet()).ok()
}

/// A stand-in for reference counts that are refused.
fn some_reference(schema: &Schema) -> Reference {
    let counts = |feature: &Feature| (feature.name().to_owned(), vec![0; feature.bins()]);
    Reference::new(schema.features().iter().map(counts).collect())
}
