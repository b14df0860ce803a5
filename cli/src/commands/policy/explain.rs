//! `fairshare policy explain`: what a policy pays for, in words, with an example in its own token.

mod example;
mod features;
mod roles;
mod text;

use std::path::Path;

use fairshare_audit::settlement::pools;
use fairshare_circuits::numeric::decay::Decay;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::excerpt::excerpt;
use fairshare_formats::ledger::Tenths;
use fairshare_params::policy::{Policy, Weighting};
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::TokenLine;
use crate::document::spelling::{Checksummed, Decimal, SettlementName, Units};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, approximate, units};

use example::Example;
use features::FeatureLine;
use roles::RoleLine;

/// Nats in a free bin of bias: half a nat.
const NATS_A_BIN: f64 = 0.5;

/// What a policy pays for, who may do what, and an example of who would earn what.
#[derive(Serialize, JsonSchema)]
pub struct Explained {
    /// The policy's file.
    policy: String,
    /// The subnet's name.
    subnet: String,
    /// The epoch's number.
    epoch: u64,
    /// Who computes what is paid: `contract`, `claims` or `payments`.
    #[schemars(with = "SettlementName")]
    settlement: &'static str,
    /// The vault's chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The registry.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The token, as people read its amounts; null if the policy does not say.
    token: Option<TokenLine>,
    /// What the epoch pays, in base units; 0 where whatever is funded is paid.
    #[schemars(with = "Decimal")]
    pool: String,
    /// Computing power's part, in base units.
    #[schemars(with = "Units")]
    compute_pool: String,
    /// Data's part, in base units.
    #[schemars(with = "Units")]
    data_pool: String,
    /// How data is paid.
    data: DataLine,
    /// How computing power is paid.
    compute: FadeLine,
    /// When anybody may end the rounds, in Unix seconds.
    ends_by: u64,
    /// For how many seconds proofs are taken after the last round.
    proving_seconds: u64,
    /// Who may do what, and when.
    roles: Vec<RoleLine>,
    /// What is refused.
    refused: Vec<String>,
    /// Who would earn what; null if the pool is too large for a share of it.
    example: Option<ExampleLine>,
}

/// How data is paid.
#[derive(Serialize, JsonSchema)]
struct DataLine {
    /// The features of a record.
    features: Vec<FeatureLine>,
    /// Bins of all features.
    bins: usize,
    /// How a score becomes a weight: `divergence` or `records-divergence`.
    weighting: &'static str,
    /// The most that a record weighs on average, in nats; null under `divergence`.
    cap: Option<f64>,
    /// The most that any record can diverge by, in nats.
    reach: f64,
    /// What is taken off for chance, in nats; null under `divergence`.
    bias: Option<f64>,
    /// Fewest records that are paid for.
    min_records: u32,
    /// Whether a registration needs evidence of its upload.
    evidence: bool,
    /// How it fades, over the rounds whose data is paid for.
    fade: FadeLine,
}

/// How contributions fade with the rounds.
#[derive(Serialize, JsonSchema)]
struct FadeLine {
    /// λ, as the policy has it.
    lambda: String,
    /// The first round that counts.
    first_round: u64,
    /// The last round that counts.
    last_round: u64,
    /// What a contribution of the last round counts, where one of the first counts 1.
    last_counts: f64,
    /// Rounds in which a contribution loses half of its weight.
    half_life: f64,
}

/// Who would earn what, if they alone contributed.
#[derive(Serialize, JsonSchema)]
struct ExampleLine {
    /// What is shared, in base units: the policy's pool, or one that is made up where it names none.
    #[schemars(with = "Decimal")]
    pool: String,
    /// Contributors of data.
    data: Vec<DataCaseLine>,
    /// Nodes.
    nodes: Vec<NodeCaseLine>,
    /// What the next epoch gets, in base units.
    #[schemars(with = "Units")]
    carried: String,
    /// What rounding leaves in the vault, in base units.
    #[schemars(with = "Units")]
    rounding: String,
}

/// A contributor of data.
#[derive(Serialize, JsonSchema)]
struct DataCaseLine {
    /// What the example calls them.
    name: &'static str,
    /// Their records.
    records: u32,
    /// The thousandths of them that have each feature's rarest value; the others are spread as the reference.
    rarest_per_thousand: u32,
    /// The round in which they registered.
    round: u64,
    /// Their score, in 1/256 nat.
    #[schemars(with = "Decimal")]
    score: String,
    /// The same per record, in nats.
    nats_per_record: f64,
    /// What the score weighs before it fades: `g` of the protocol.
    #[schemars(with = "Decimal")]
    g: String,
    /// What they are paid, in base units.
    #[schemars(with = "Decimal")]
    paid: String,
}

/// A node.
#[derive(Serialize, JsonSchema)]
struct NodeCaseLine {
    /// What the example calls it.
    name: &'static str,
    /// The rounds in which it has one unit, from the epoch's first.
    rounds: usize,
    /// Its score, in 2^-48.
    #[schemars(with = "Decimal")]
    score: String,
    /// What it is paid, in base units.
    #[schemars(with = "Decimal")]
    paid: String,
}

pub fn run(path: &Path, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(path)?;
    let explained = Explained::of(path, &policy);
    output.result(&explained, || text::of(&explained, policy.token()))?;
    Ok(Status::Done)
}

impl Explained {
    fn of(path: &Path, policy: &Policy) -> Self {
        let terms = policy.terms();
        let [compute_pool, data_pool] = pools(terms.pool, &Tenths::default()).map(|tenths| units(&tenths));
        Self {
            policy: path.display().to_string(),
            subnet: terms.subnet.clone(),
            epoch: terms.epoch,
            settlement: terms.settlement.name(),
            chain_id: terms.chain_id,
            vault: checksummed(&terms.vault).to_string(),
            registry: checksummed(&terms.registry).to_string(),
            token: policy.token().map(TokenLine::from),
            pool: terms.pool.to_string(),
            compute_pool,
            data_pool,
            data: DataLine::of(policy),
            compute: FadeLine::new(
                policy.compute_decay(),
                terms.first_round,
                terms.first_round,
                terms.last_round(),
            ),
            ends_by: terms.ends_by,
            proving_seconds: terms.proving_seconds,
            roles: roles::of(policy),
            refused: roles::refused(policy),
            example: example::of(policy).as_ref().map(ExampleLine::of),
        }
    }
}

impl DataLine {
    fn of(policy: &Policy) -> Self {
        let (terms, rounds) = (policy.terms(), policy.data_rounds());
        let features = features::of(policy);
        let (weighting, cap, bias) = match terms.weighting {
            Weighting::Divergence => ("divergence", None, None),
            Weighting::RecordsDivergence { cap } => {
                let bias = policy.free_bins() as f64 * NATS_A_BIN;
                ("records-divergence", Some(approximate(cap.into())), Some(bias))
            }
        };
        let (first, last) = (*rounds.start(), *rounds.end());
        Self {
            bins: features.iter().map(|feature| feature.bins).sum(),
            reach: features.iter().map(|feature| feature.reach).sum(),
            features,
            weighting,
            cap,
            bias,
            min_records: terms.min_records,
            evidence: terms.evidence,
            fade: FadeLine::new(policy.data_decay(), terms.data_first_round, first, last),
        }
    }
}

impl FadeLine {
    /// How rounds `first` to `last` count, where round `from` counts in full.
    fn new(decay: &Decay, from: u64, first: u64, last: u64) -> Self {
        Self {
            lambda: excerpt(decay.lambda()),
            first_round: first,
            last_round: last,
            // 64 fractional bits, shown with 48.
            last_counts: approximate(decay.fade(last.saturating_sub(from)) >> 16),
            half_life: std::f64::consts::LN_2 / approximate(decay.lambda_q().into()),
        }
    }
}

impl ExampleLine {
    fn of(example: &Example) -> Self {
        let data = example.data.iter().map(|case| DataCaseLine {
            name: case.name,
            records: case.records.get(),
            rarest_per_thousand: case.odd,
            round: case.round,
            score: case.score.to_string(),
            nats_per_record: approximate(case.per_record()),
            g: case.g.to_string(),
            paid: case.paid.to_string(),
        });
        let nodes = example.nodes.iter().map(|case| NodeCaseLine {
            name: case.name,
            rounds: case.rounds,
            score: case.score.to_string(),
            paid: case.paid.to_string(),
        });
        Self {
            pool: example.pool.to_string(),
            data: data.collect(),
            nodes: nodes.collect(),
            carried: units(&(&example.carry.compute + &example.carry.data)),
            rounding: units(&(&example.rounding.compute + &example.rounding.data)),
        }
    }
}
