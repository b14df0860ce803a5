//! `fairshare vault settle`: what everybody is paid.

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Earning;
use fairshare_params::policy::Token;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::Settlement;
use schemars::JsonSchema;
use serde::Serialize;

use super::now;
use crate::document::TokenLine;
use crate::document::spelling::{Checksummed, Decimal, Hash, StateName, Units};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands, units};

/// What everybody is paid for an epoch.
#[derive(Serialize, JsonSchema)]
pub struct SettledResult {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// The rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// Whether it was settled before.
    before: bool,
    /// Root of the claims; null if nothing has been earned yet.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// The ledger's head after the settlement.
    #[schemars(with = "Hash")]
    head: String,
    /// What the epoch pays in all, in base units.
    #[schemars(with = "Decimal")]
    total: String,
    /// What everybody has earned in all epochs so far, in base units: the sum of the claims, which the root
    /// fixes.
    #[schemars(with = "Decimal")]
    claims_total: String,
    /// How people read amounts; null where the policy does not say.
    token: Option<TokenLine>,
    /// What each contributor earns.
    payouts: Vec<PayoutLine>,
    /// Base units carried to the next epoch's pool for computing power: all, if nobody has a share.
    #[schemars(with = "Units")]
    compute_carried: String,
    /// The same of data.
    #[schemars(with = "Units")]
    data_carried: String,
    /// Base units that rounding leaves in the vault, of the pool for computing power.
    #[schemars(with = "Units")]
    compute_rounded: String,
    /// The same of data.
    #[schemars(with = "Units")]
    data_rounded: String,
}

/// What one contributor earns in an epoch.
#[derive(Serialize, JsonSchema)]
pub struct PayoutLine {
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// For computing power, in base units.
    #[schemars(with = "Decimal")]
    compute: String,
    /// For data, in base units.
    #[schemars(with = "Decimal")]
    data: String,
    /// Both together.
    #[schemars(with = "Decimal")]
    total: String,
    /// Earned in all epochs so far.
    #[schemars(with = "Decimal")]
    cumulative: String,
}

impl From<&Earning> for PayoutLine {
    fn from(earning: &Earning) -> Self {
        Self {
            contributor: checksummed(&earning.contributor).to_string(),
            compute: earning.compute.to_string(),
            data: earning.data.to_string(),
            total: earning.compute.saturating_add(earning.data).to_string(),
            cumulative: earning.cumulative.to_string(),
        }
    }
}

pub fn run(ledger: &mut Ledger, epoch: Option<u64>, output: Output) -> Result<Status, CliError> {
    let (result, text) = settle(ledger, epoch)?;
    output.result(&result, || text)?;
    Ok(Status::Done)
}

/// Settles an epoch: the amounts, and what is told of them.
pub fn settle(ledger: &mut Ledger, epoch: Option<u64>) -> Result<(SettledResult, String), CliError> {
    let Settlement { epoch, before, receipt, settled, earnings, rounding } = ledger.settle(epoch, now()?)?;
    let (_, policy) = ledger.epoch(Some(epoch.number))?;
    let token = policy.token();
    let claims_total = ledger.earned_up_to(epoch.number)?;
    let result = SettledResult {
        epoch: epoch.number,
        state: epoch.state.name(),
        rules_hash: epoch.rules_hash.to_string(),
        before,
        root: settled.root.map(|root| root.to_string()),
        head: receipt.after().to_string(),
        total: settled.total.to_string(),
        claims_total: claims_total.to_string(),
        token: token.map(TokenLine::from),
        payouts: earnings.iter().map(PayoutLine::from).collect(),
        compute_carried: units(&settled.left.compute),
        data_carried: units(&settled.left.data),
        compute_rounded: units(&rounding.compute),
        data_rounded: units(&rounding.data),
    };
    let text = describe(&earnings, settled.total, token, &result);
    Ok((result, text))
}

fn describe(earnings: &[Earning], total: u128, token: Option<&Token>, result: &SettledResult) -> String {
    let header = ["contributor", "for computing", "for data", "together"].into_iter();
    let mut table = table(header.chain(token.map(|_| "in tokens")));
    align_right(&mut table, 1..5);
    for Earning { contributor, compute, data, .. } in earnings {
        let together = compute.saturating_add(*data);
        let cells = std::iter::once(checksummed(contributor).to_string());
        let cells = cells.chain([*compute, *data, together].map(thousands));
        table.add_row(cells.chain(token.map(|token| token.amount(together))).map(Cell::new));
    }
    let tokens = token.map(|token| format!(" ({})", token.amount(total))).unwrap_or_default();
    let again = if result.before { ", as it was before" } else { "" };
    format!(
        "{table}\nepoch {} is {}{again}: {} base units earned{tokens}; {} for computing power and {} for \
         data are carried to the next epoch, {} and {} stay in the vault by rounding\nrules hash {}\nroot of \
         the claims: {}\nsum of the claims: {}\nhead of the ledger: {}",
        result.epoch,
        result.state,
        thousands(total),
        result.compute_carried,
        result.data_carried,
        result.compute_rounded,
        result.data_rounded,
        result.rules_hash,
        result.root.as_deref().unwrap_or("none, nothing has been earned yet"),
        result.claims_total,
        result.head,
    )
}
