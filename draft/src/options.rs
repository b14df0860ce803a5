//! What whoever drafts says, besides the data.

use fairshare_ingest::Given;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::policy::NamedParameters;
use fairshare_params::rules::Settlement;

/// The data, the columns and the terms of a draft.
#[derive(Clone, Debug)]
pub struct Options {
    /// The contributors' parts: for each a file, a folder, a pattern of files, or a table in memory. Each is
    /// read twice, or three times where numbers turn out to be codes.
    pub data: Vec<Given>,
    /// What they are compared with; the parts together where this is empty.
    pub reference_from: Vec<Given>,
    /// Columns that are not to be features.
    pub leave_out: Vec<String>,
    /// Columns of numbers whose values are labels.
    pub categorical: Vec<String>,
    /// Whether columns stay of which most cells are empty, or have a label that is not listed.
    pub accept_unmatched: bool,
    /// The share of a column's cells without a bin of their own, from 0 to 1, above which it is remarked on.
    pub warn_unmatched: f64,
    /// Records of the smallest contribution that is expected. By default those of the smallest part.
    pub expected_records: Option<u64>,
    /// The circuits' shape; chosen where it is not given.
    pub geometry: Option<Geometry>,
    /// The parameters.
    pub parameters: NamedParameters,
    /// The rules that do not follow from data.
    pub terms: Terms,
    /// The name under which the policy names the reference's file.
    pub reference_file: String,
}

/// Rules that do not follow from data. For each that is not given the draft has a placeholder, and says so.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The vault's chain.
    pub chain_id: Option<u64>,
    /// The vault's contract.
    pub vault: Option<Address>,
    /// The registry's contract, or the ledger's operator.
    pub registry: Option<Address>,
    /// Who computes what is paid.
    pub settlement: Option<Settlement>,
    /// The subnet's name.
    pub subnet: Option<String>,
    /// The epoch's number.
    pub epoch: Option<u64>,
    /// What the epoch pays, in base units.
    pub pool: Option<u128>,
    /// The first round, and how many there are: those of the table of units.
    pub rounds: Option<(u64, u32)>,
    /// When anybody may end the rounds, in Unix seconds.
    pub ends_by: u64,
    /// Whether that is a placeholder.
    pub ends_by_assumed: bool,
    /// For how many seconds proofs are taken.
    pub proving_seconds: Option<u64>,
    /// λ of data, as a decimal; chosen where it is not given.
    pub data_lambda: Option<String>,
    /// λ of computing power, as a decimal; half that of data where it is not given.
    pub compute_lambda: Option<String>,
    /// The fewest records that are paid for; chosen where it is not given.
    pub min_records: Option<u32>,
    /// The most that a record can weigh on average, in nats, as a decimal; chosen where it is not given.
    pub cap: Option<String>,
    /// What is added to every bin of the reference; chosen where it is not given.
    pub pseudo_count: Option<u32>,
}
