//! What the demonstration shows at its end.

use fairshare_params::policy::Policy;
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::spelling::{Checksummed, Decimal, Hash};
use crate::output::{align_right, decimal, table, thousands};

/// A contributor's line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// The airport's name.
    pub contributor: &'static str,
    /// Its address.
    #[schemars(with = "Checksummed")]
    pub address: String,
    /// Records proved.
    pub records: u32,
    /// The round in which its data is registered.
    pub registered_in_round: u64,
    /// Divergence of all records, in 1/256 nat.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Decimal")]
    pub data_score: u64,
    /// Divergence per record, in 2^-48 nat.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Decimal")]
    pub divergence: u128,
    /// Units in all rounds together.
    pub units: u64,
    /// Decayed share of the rounds, in 2^-48.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Decimal")]
    pub compute_score: u64,
    /// Time to commit to the data, in seconds.
    pub commit_seconds: f64,
    /// Time to prove the data score, in seconds.
    pub prove_data_seconds: f64,
    /// Time to prove the compute score, in seconds.
    pub prove_compute_seconds: f64,
    /// Size of the data bundle, in bytes.
    pub data_bundle_bytes: usize,
    /// Size of the compute bundle, in bytes.
    pub compute_bundle_bytes: usize,
}

/// What each contributor is paid, and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// By contributor, for computing power.
    pub compute: Vec<u128>,
    /// By contributor, for data.
    pub data: Vec<u128>,
    /// What rounding leaves in the vault: every pool is earned.
    pub rounding: u128,
}

/// An attack and what the verifier says of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attack {
    /// What was forged.
    pub attack: &'static str,
    /// Whether it was refused, as it has to be.
    pub refused: bool,
    /// Why; null if it was accepted.
    pub error: Option<String>,
}

/// What the demonstration shows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report<'a> {
    /// Whether all that is honest was accepted, and all that is forged refused.
    pub accepted: bool,
    /// Whether the parameters are insecure, which they are here.
    pub insecure: bool,
    /// The rules hash.
    #[schemars(with = "Hash")]
    pub rules_hash: String,
    /// The contributors.
    pub contributors: &'a [Line],
    /// What each is paid for data, in base units, in their order.
    #[schemars(with = "Vec<Decimal>")]
    pub data_shares: Vec<String>,
    /// What each is paid for computing power, in base units, in their order.
    #[schemars(with = "Vec<Decimal>")]
    pub compute_shares: Vec<String>,
    /// What rounding leaves in the vault, in base units.
    #[schemars(with = "Decimal")]
    pub rounding: String,
    /// The forgeries.
    pub attacks: &'a [Attack],
    /// Time to verify all bundles together, in seconds.
    pub verify_seconds: f64,
    /// Time of the whole demonstration, in seconds.
    pub seconds: f64,
}

fn as_text<S: serde::Serializer>(score: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(score)
}

/// The table of shares: a column a contributor, so that it fits any terminal.
pub fn shares(policy: &Policy, lines: &[Line], payout: &Payout) -> String {
    let pool = policy.terms().pool;
    let totals: Vec<_> =
        payout.data.iter().zip(&payout.compute).map(|(data, compute)| data + compute).collect();
    let names = lines.iter().map(|line| line.contributor);
    let mut table = table([""].into_iter().chain(names).chain(["together"]));
    let mut row = |name: &str, cells: Vec<String>, together: String| {
        table.add_row([name.to_owned()].into_iter().chain(cells).chain([together]));
    };
    let each = |of: fn(&Line) -> String| lines.iter().map(of).collect::<Vec<_>>();
    let sum = |of: fn(&Line) -> u64| thousands(lines.iter().map(of).sum::<u64>());
    let share = |shares: &[u128]| shares.iter().map(|share| thousands(*share)).collect::<Vec<_>>();
    let whole = |shares: &[u128]| thousands(shares.iter().sum::<u128>());

    row("records", each(|line| thousands(line.records)), sum(|line| line.records.into()));
    row("registered in round", each(|line| line.registered_in_round.to_string()), String::new());
    row("divergence, nats per record", each(|line| decimal(line.divergence)), String::new());
    row("data share", share(&payout.data), whole(&payout.data));
    row("units", each(|line| thousands(line.units)), sum(|line| line.units));
    row("decayed share of rounds", each(|line| decimal(line.compute_score)), String::new());
    row("compute share", share(&payout.compute), whole(&payout.compute));
    row("royalty", share(&totals), whole(&totals));
    let percents = totals.iter().map(|total| format!("{} %", percent(*total, pool))).collect();
    row("of the pool", percents, format!("{} %", percent(totals.iter().sum(), pool)));
    align_right(&mut table, 1..=lines.len() + 1);
    format!("{table}\nkept in the vault by rounding: {}", thousands(payout.rounding))
}

/// A percentage with two places, rounded down.
fn percent(part: u128, whole: u128) -> String {
    let hundredths = part.saturating_mul(10_000).checked_div(whole).unwrap_or_default();
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_down() {
        assert_eq!(percent(1, 3), "33.33");
        assert_eq!(percent(99_999_999, 100_000_000), "99.99");
        assert_eq!(percent(5, 0), "0.00");
        assert_eq!(percent(7, 7), "100.00");
    }
}
