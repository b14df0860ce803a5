//! `policy draft`.

use std::path::PathBuf;

use clap::Args;
use fairshare_formats::eip55;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::rules::Settlement;
use jiff::Timestamp;

use super::parse_geometry;
use super::score::UnmatchedArgs;

/// A draft goes on in any case, without the columns that others refuse.
const ACCEPTS: &str =
    "Keep columns of which more than half of the cells are empty or have a label that is not listed";
const WARNS: &str =
    "Remark on columns of which more than this share of the cells is empty or has a label that is not listed";

#[derive(Debug, Args)]
#[command(mut_arg("accept_unmatched", |arg| arg.help(ACCEPTS)))]
#[command(mut_arg("warn_unmatched", |arg| arg.help(WARNS)))]
pub struct DraftArgs {
    /// The contributors' parts: for each contributor a file, a folder or a pattern of files, or `-` for
    /// standard input (see docs/data.md)
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// What the parts are compared with: files, folders or patterns of files (see docs/data.md) [default: all
    /// parts together]
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub reference_from: Vec<PathBuf>,
    /// Where to write the policy; its reference is written beside it
    #[arg(long, value_name = "POLICY.toml")]
    pub out: PathBuf,
    /// Replace a policy that stands there
    #[arg(long)]
    pub replace: bool,
    /// The epoch's units, whose first round and number of rounds are the policy's
    #[arg(long, value_name = "UNITS.csv")]
    pub units: Option<PathBuf>,
    /// Columns that are not to be features
    #[arg(long, num_args = 1.., value_name = "COLUMN")]
    pub leave_out: Vec<String>,
    /// Columns of numbers that are codes: their frequent values become labels
    #[arg(long, num_args = 1.., value_name = "COLUMN")]
    pub categorical: Vec<String>,
    #[command(flatten)]
    pub unmatched: UnmatchedArgs,
    /// Records of the smallest contribution that is expected, which bound the number of bins
    /// [default: those of the smallest part]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    pub records: Option<u64>,
    /// The circuits' shape [default: the smallest that the data fits]
    #[arg(long, value_parser = parse_geometry, value_name = "NAME")]
    pub geometry: Option<Geometry>,
    /// The parameters that the policy names [default: insecure-development]
    #[arg(long, value_name = "SRS")]
    pub params: Option<PathBuf>,
    #[command(flatten)]
    pub terms: TermArgs,
}

/// Rules that do not follow from data.
#[derive(Debug, Args)]
pub struct TermArgs {
    /// What the epoch pays, in the token's smallest unit [default: a placeholder]
    #[arg(long, value_name = "N")]
    pub pool: Option<u128>,
    /// The number of the vault's chain [default: a placeholder]
    #[arg(long, value_name = "N")]
    pub chain_id: Option<u64>,
    /// The vault's contract [default: a placeholder]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub vault: Option<Address>,
    /// The registry's contract, or the ledger's operator [default: a placeholder]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub registry: Option<Address>,
    /// Who computes what is paid: contract, claims or payments [default: claims]
    #[arg(long, value_name = "NAME", value_parser = parse_settlement)]
    pub settlement: Option<Settlement>,
    /// The subnet's name [default: a placeholder]
    #[arg(long, value_name = "NAME")]
    pub subnet: Option<String>,
    /// The epoch's number [default: 1]
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
    /// After this time anybody may end the epoch's rounds [default: a year from today]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub ends_by: Option<u64>,
    /// Seconds for which proofs are taken after the last round [default: two weeks]
    #[arg(long, value_name = "N")]
    pub proving_seconds: Option<u64>,
    /// λ of data, a decimal [default: the first round pays twice the last]
    #[arg(long, value_name = "λ")]
    pub lambda: Option<String>,
    /// λ of computing power, a decimal [default: half of λ of data]
    #[arg(long, value_name = "λ")]
    pub compute_lambda: Option<String>,
    /// Fewest records that are paid for [default: twice what can weigh anything, at least 100]
    #[arg(long, value_name = "N")]
    pub min_records: Option<u32>,
    /// Nats that a record can weigh on average at most [default: what the most divergent part reaches, and at
    /// least ten times what chance makes]
    #[arg(long, value_name = "NATS")]
    pub cap: Option<String>,
    /// What is added to every bin of the reference [default: 1 for each million records]
    #[arg(long, value_name = "N")]
    pub pseudo_count: Option<u32>,
}

fn parse_settlement(name: &str) -> Result<Settlement, String> {
    let found = Settlement::ALL.into_iter().find(|settlement| settlement.name() == name);
    found.ok_or_else(|| format!("choose one of {}", Settlement::ALL.map(Settlement::name).join(", ")))
}

/// Unix seconds of a date and time.
fn parse_time(text: &str) -> Result<u64, String> {
    let time: Option<Timestamp> = text.parse().ok();
    time.and_then(|time| u64::try_from(time.as_second()).ok())
        .ok_or_else(|| "give a time from 1970 on, as in 2027-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_settlements_are_named() {
        assert_eq!(parse_time("2040-01-01T00:00:00Z"), Ok(2_208_988_800));
        assert!(parse_time("1960-01-01T00:00:00Z").is_err() && parse_time("tomorrow").is_err());
        assert_eq!(parse_settlement("payments"), Ok(Settlement::Payments));
        assert!(parse_settlement("cash").unwrap_err().contains("claims"));
    }
}
