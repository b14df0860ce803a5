//! `fairshare policy rounds`: what a table of units holds, and whether a policy's rounds are those.

use std::path::Path;

use fairshare_circuits::numeric::rounds::compute_score;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::file_hash;
use fairshare_formats::units::{MAX_UNITS_BYTES, Rounds, to_csv};
use fairshare_ingest::units::read_any_units;
use fairshare_params::Geometry;
use fairshare_params::commitment::commit_units;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_verifier::SetupError;
use halo2curves::bn256::G1Affine;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::RoundsArgs;
use crate::document::spelling::{Checksummed, Decimal, GeometryName, Hash};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, align_right, count, decimal, list, table, thousands};

/// Most nodes that text shows; JSON has all.
const SHOWN: usize = 20;

/// What a table of units holds, and whether it has the rounds that it should.
#[derive(Serialize, JsonSchema)]
pub struct TableRead {
    /// The table's file.
    units: String,
    /// Whether a vault takes it, under the policy or for the rounds that were named.
    accepted: bool,
    /// Why not, and what to do.
    differences: Vec<String>,
    /// Its first round.
    first_round: u64,
    /// Its last round.
    last_round: u64,
    /// How many rounds it has.
    rounds: usize,
    /// The geometries that cover so many.
    #[schemars(with = "Vec<GeometryName>")]
    geometries: Vec<&'static str>,
    /// Whether a task contract of one node per round (`fhe`) could record it: no round has two units.
    single: bool,
    /// The nodes, by address.
    nodes: Vec<Node>,
    /// The units of all nodes in each round, from the first on.
    totals: Vec<u32>,
    /// The units of all rounds.
    #[schemars(with = "Decimal")]
    total: String,
    /// Rounds in which nobody has units: their part of the pool is nobody's.
    idle_rounds: usize,
    /// The hash by which a ledger's entry names the table, in its one spelling.
    #[schemars(with = "Hash")]
    hash: String,
    /// The commitment to the totals that a registry on a chain has (`totalsOf`), x and y; null without
    /// `--params`.
    #[schemars(with = "Option<Vec<Hash>>")]
    totals_commitment: Option<[String; 2]>,
    /// The lines that name the rounds in a policy.
    toml: String,
}

/// What a node has on record.
#[derive(Serialize, JsonSchema)]
struct Node {
    /// Its address.
    #[schemars(with = "Checksummed")]
    node: String,
    /// Its units in all rounds.
    #[schemars(with = "Decimal")]
    units: String,
    /// In how many rounds it has any.
    rounds: usize,
    /// Its compute score, in 2^-48; null without a policy of these rounds.
    #[schemars(with = "Option<Decimal>")]
    score: Option<String>,
    /// The commitment to its units that a registry on a chain has (`unitsOf`), x and y; null without
    /// `--params`.
    #[schemars(with = "Option<Vec<Hash>>")]
    commitment: Option<[String; 2]>,
}

pub fn run(args: &RoundsArgs, output: Output) -> Result<Status, CliError> {
    let units = read_any_units(&args.units)?;
    let policy = args.policy.as_deref().map(load::policy).transpose()?;
    let named = match (&policy, args.first_round, args.rounds) {
        (Some(policy), ..) => Some(Rounds::of(policy)),
        (None, Some(first), Some(count)) => Some(Rounds { first, count }),
        _ => None,
    };
    let srs = args.params.as_deref().map(load::params).transpose()?;
    if let (Some(srs), Some(policy)) = (&srs, &policy) {
        let checked = policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure());
        checked.map_err(SetupError::from)?;
    }
    let read = describe(&args.units, &units, policy.as_ref(), named, srs.as_ref());
    output.result(&read, || text(&read, policy.as_ref()))?;
    Ok(if read.accepted { Status::Done } else { Status::Refused })
}

fn describe(
    path: &Path,
    units: &Units,
    policy: Option<&Policy>,
    named: Option<Rounds>,
    srs: Option<&Srs>,
) -> TableRead {
    let own = Rounds { first: units.first_round(), count: units.totals().len() };
    let csv = to_csv(units);
    let covers = |geometry: &Geometry| (2..=geometry.rounds()).contains(&own.count);
    let geometries: Vec<_> = Geometry::ALL.into_iter().filter(covers).collect();
    let differences = differences(own, named, csv.len() as u64, policy, srs);
    let same = named == Some(own);
    // Rounds past a geometry's last row could not be committed to.
    let srs = srs.filter(|srs| covers(&srs.geometry()));
    let commitment = |units: &[u32]| srs.map(|srs| coordinates(&commit_units(srs, units)));
    let nodes = units.nodes().map(|(node, of)| Node {
        node: checksummed(node).to_string(),
        units: sum(of).to_string(),
        rounds: of.iter().filter(|units| **units > 0).count(),
        score: policy.filter(|_| same).and_then(|policy| {
            // A node's units are part of the totals, so that there is a score.
            let score = compute_score(of, units.totals(), policy.compute_decay()).ok()?;
            Some(score.score.to_string())
        }),
        commitment: commitment(of),
    });
    TableRead {
        units: path.display().to_string(),
        accepted: differences.is_empty(),
        differences,
        first_round: own.first,
        last_round: last(own),
        rounds: own.count,
        geometries: geometries.iter().map(Geometry::name).collect(),
        single: is_single(units),
        nodes: nodes.collect(),
        totals: units.totals().to_vec(),
        total: sum(units.totals()).to_string(),
        idle_rounds: units.totals().iter().filter(|total| **total == 0).count(),
        hash: file_hash(csv.as_bytes()).to_string(),
        totals_commitment: commitment(units.totals()),
        toml: format!("[rounds]\nfirst = {}\ncount = {}\n", own.first, own.count),
    }
}

/// Why no vault would take the table, each with what to do.
fn differences(
    own: Rounds,
    named: Option<Rounds>,
    bytes: u64,
    policy: Option<&Policy>,
    srs: Option<&Srs>,
) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(named) = named.filter(|named| *named != own) {
        let (whose, other) = match policy {
            Some(_) => ("the policy has", "take the policy of these rounds"),
            None => ("named were", "name these"),
        };
        found.push(format!(
            "the table has {}, and {whose} {}: give each of those a row, with 0 where nobody worked, or \
             {other}",
            told(own),
            told(named)
        ));
    }
    if own.count < 2 {
        let one = "an epoch has 2 rounds or more, for its last one takes units and no data: add a row";
        found.push(one.to_owned());
    }
    let geometry = srs.map(Srs::geometry).filter(|geometry| geometry.rounds() < own.count);
    if let Some(geometry) = geometry {
        let most = thousands(geometry.rounds() as u64);
        found.push(format!(
            "geometry `{geometry}` covers {most} rounds at most: choose a larger one, or end the epoch \
             earlier"
        ));
    }
    if bytes > MAX_UNITS_BYTES {
        let (bytes, most) = (thousands(bytes), thousands(MAX_UNITS_BYTES));
        found.push(format!(
            "the table takes {bytes} bytes and a ledger keeps {most} at most: end the epoch earlier, or add \
             nodes of one owner up"
        ));
    }
    found
}

/// Whether each round has one node at most, with one unit.
fn is_single(units: &Units) -> bool {
    // A total of 1 is one unit of one node.
    units.totals().iter().all(|total| *total <= 1)
}

fn sum(units: &[u32]) -> u64 {
    units.iter().map(|units| u64::from(*units)).sum()
}

fn coordinates(point: &G1Affine) -> [String; 2] {
    let bytes = encode_point(point);
    let (words, _) = bytes.as_chunks::<32>();
    [0, 1].map(|at| words.get(at).map_or_else(String::new, |word| Digest(*word).to_string()))
}

fn last(rounds: Rounds) -> u64 {
    rounds.first.saturating_add((rounds.count as u64).saturating_sub(1))
}

fn told(rounds: Rounds) -> String {
    format!("{} from {} to {}", count(rounds.count, "round"), rounds.first, last(rounds))
}

fn text(read: &TableRead, policy: Option<&Policy>) -> String {
    let totals = read.totals.iter();
    let [least, most] = [totals.clone().min(), totals.max()].map(|total| total.copied().unwrap_or_default());
    let fits = match policy {
        _ if !read.accepted => "refused".to_owned(),
        Some(_) => "those of the policy".to_owned(),
        None => format!("geometry {}", read.geometries.join(", ")),
    };
    let idle = match read.idle_rounds {
        0 => String::new(),
        idle => format!("; in {} nobody has any, and what they would pay is nobody's", count(idle, "round")),
    };
    let mut entries = vec![
        ("table", format!("{}: {}", read.units, count(read.nodes.len(), "node"))),
        ("rounds", format!("{}, from {} to {}: {fits}", read.rounds, read.first_round, read.last_round)),
        (
            "units",
            format!(
                "{} in all, {} to {} a round{idle}",
                grouped(&read.total),
                thousands(least),
                thousands(most)
            ),
        ),
        ("hash", format!("{}, by which a ledger's entry names the table", read.hash)),
    ];
    if let Some([x, y]) = &read.totals_commitment {
        entries.push(("totals", format!("{x}, {y}: the commitment that a registry on a chain has")));
    }
    let mut text = format!("{}\n\n{}\n", list(&entries), nodes(read));
    for difference in &read.differences {
        text.push_str(&format!("\nrefused: {difference}\n"));
    }
    if policy.is_none() {
        text.push_str(&format!("\nFor the policy:\n\n{}", read.toml));
    }
    text
}

fn nodes(read: &TableRead) -> String {
    let has_scores = read.nodes.iter().any(|node| node.score.is_some());
    let mut shown = table(["node", "units", "rounds"].into_iter().chain(has_scores.then_some("score")));
    align_right(&mut shown, 1..4);
    for node in read.nodes.iter().take(SHOWN) {
        let score = node.score.as_ref().and_then(|score| score.parse::<u64>().ok()).map(decimal);
        let row = [node.node.clone(), grouped(&node.units), thousands(node.rounds as u64)];
        shown.add_row(row.into_iter().chain(score));
    }
    let more = match read.nodes.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\nand {more} more; --json has all"),
    };
    format!("{shown}{more}")
}

/// A decimal string with commas.
fn grouped(digits: &str) -> String {
    digits.parse().map_or_else(|_| digits.to_owned(), |number: u64| thousands(number))
}
