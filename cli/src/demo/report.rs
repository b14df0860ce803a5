//! What the demonstration shows at its end.

use comfy_table::Cell;
use fairshare_params::policy::Policy;
use serde::Serialize;

use super::shares::Payout;
use crate::output::{align_right, nats, table, thousands};

/// A contributor's line.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub contributor: &'static str,
    pub address: String,
    pub records: u32,
    pub registered_in_round: u64,
    #[serde(serialize_with = "as_text")]
    pub data_score: u64,
    pub units: u64,
    #[serde(serialize_with = "as_text")]
    pub compute_score: u64,
    pub commit_seconds: f64,
    pub prove_data_seconds: f64,
    pub prove_compute_seconds: f64,
    pub data_bundle_bytes: usize,
    pub compute_bundle_bytes: usize,
}

/// An attack and what the verifier says of it.
#[derive(Clone, Debug, Serialize)]
pub struct Attack {
    pub attack: &'static str,
    pub refused: bool,
    pub error: Option<String>,
}

/// The whole result, for `--json`.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    pub accepted: bool,
    pub insecure: bool,
    pub policy: String,
    pub contributors: &'a [Line],
    pub data_shares: Vec<String>,
    pub compute_shares: Vec<String>,
    pub carried: String,
    pub attacks: &'a [Attack],
    pub verify_seconds: f64,
    pub seconds: f64,
}

fn as_text<S: serde::Serializer>(score: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(score)
}

/// The table of shares.
pub fn shares(policy: &Policy, lines: &[Line], payout: &Payout) -> String {
    let mut table = table(&[
        "contributor", "records", "from round", "divergence", "data share", "units", "decayed share", "compute share",
        "total", "%",
    ]);
    let pool = policy.vault().pool;
    for ((line, data), compute) in lines.iter().zip(&payout.data).zip(&payout.compute) {
        let total = data + compute;
        table.add_row(vec![
            Cell::new(line.contributor),
            Cell::new(thousands(line.records)),
            Cell::new(line.registered_in_round),
            Cell::new(nats(line.data_score)),
            Cell::new(thousands(*data)),
            Cell::new(thousands(line.units)),
            Cell::new(nats(line.compute_score)),
            Cell::new(thousands(*compute)),
            Cell::new(thousands(total)),
            Cell::new(percent(total, pool)),
        ]);
    }
    let (data, compute): (u128, u128) = (payout.data.iter().sum(), payout.compute.iter().sum());
    let sum = |of: fn(&Line) -> u64| thousands(lines.iter().map(of).sum::<u64>());
    table.add_row(vec![
        Cell::new("together"),
        Cell::new(sum(|line| line.records.into())),
        Cell::new(""),
        Cell::new(""),
        Cell::new(thousands(data)),
        Cell::new(sum(|line| line.units)),
        Cell::new(""),
        Cell::new(thousands(compute)),
        Cell::new(thousands(data + compute)),
        Cell::new(percent(data + compute, pool)),
    ]);
    align_right(&mut table, 1..10);
    format!("{table}\ncarried to the next epoch: {}", thousands(payout.carried))
}

/// Hundredths of a percent, rounded down; from the division of the pool's own units, so without overflow in practice.
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
