//! `fairshare vault claim` and `confirm`: who is to be paid, and who was.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Transfer, file_hash};
use fairshare_formats::payments::{MAX_PAYMENTS_BYTES, PaymentList};
use fairshare_params::policy::Token;
use fairshare_storage::files::{self, Access};
use fairshare_vault::Ledger;
use schemars::JsonSchema;
use serde::Serialize;

use super::now;
use crate::args::{ClaimArgs, ConfirmArgs};
use crate::document::TokenLine;
use crate::document::spelling::{Checksummed, Decimal};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, align_right, amount, count, list, notice, table};

/// What to pay now: the list that was recorded as sent by this command.
#[derive(Serialize, JsonSchema)]
pub struct Claims {
    /// The list's file; null if nothing more is due.
    list: Option<String>,
    /// Lists that had been written and were not on record, which they are now: see whether they were paid.
    found: Vec<String>,
    /// How people read amounts; null where the policy does not say.
    token: Option<TokenLine>,
    /// What the list says to pay.
    payments: Vec<PaymentLine>,
    /// What was sent and is not confirmed, in base units, these payments included.
    #[schemars(with = "Decimal")]
    unconfirmed: String,
}

/// What to pay a contributor.
#[derive(Serialize, JsonSchema)]
pub struct PaymentLine {
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The last epoch that it pays for.
    epoch: u64,
    /// What to pay now, in base units.
    #[schemars(with = "Decimal")]
    amount: String,
    /// Paid to the contributor in all, this payment included.
    #[schemars(with = "Decimal")]
    cumulative: String,
}

pub fn run(ledger: &mut Ledger, args: &ClaimArgs, output: Output) -> Result<Status, CliError> {
    let folder = args.lists.as_path();
    // Refused where contributors claim from a contract, before a folder is made.
    ledger.due(args.contributor.as_ref())?;
    std::fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
    let found = known(ledger, args)?;
    let due = ledger.due(args.contributor.as_ref())?.list;
    let path = folder.join(list_name(&due));
    let is_due = !due.payments.is_empty();
    if is_due {
        // On the disk before it is said, or recorded, that somebody was told to pay.
        files::write(&path, due.to_json().as_bytes(), Access::Public)
            .map_err(|source| file(&path, source))?;
        ledger.record_sent(&due, now()?)?;
    }
    let (_, policy) = ledger.epoch(Some(due.epoch))?;
    let (token, standing) = (policy.token(), ledger.status(None)?);
    let open = standing.sent.saturating_sub(standing.confirmed);
    let claims = Claims {
        list: is_due.then(|| path.display().to_string()),
        found: found.iter().map(|path| path.display().to_string()).collect(),
        token: token.map(TokenLine::from),
        payments: due.payments.iter().map(|transfer| payment_line(due.epoch, transfer)).collect(),
        unconfirmed: open.to_string(),
    };
    // Whoever did not see a list when it was sent is told of it until its payments are confirmed.
    let last = if is_due { None } else { read_lists(folder)?.pop() };
    output.result(&claims, || match (&last, open) {
        (None, _) => describe(&path, &due, token),
        (_, 0) => "nothing is due".to_owned(),
        (Some((last, _)), open) => format!(
            "nothing more is due\nsent and not confirmed: {}, the last of it by {}",
            amount(open, token),
            last.display()
        ),
    })?;
    Ok(Status::Done)
}

/// Records what the folder's lists say and the ledger does not know, and refuses to go on where it cannot
/// know what was sent.
fn known(ledger: &mut Ledger, args: &ClaimArgs) -> Result<Vec<PathBuf>, CliError> {
    let given = read_lists(&args.lists)?;
    let lists: Vec<_> = given.iter().map(|(_, list)| list.clone()).collect();
    let history = ledger.history(&lists)?;
    let is_complete = history.missing.is_empty() && !given.is_empty();
    if !is_complete && !args.resume_without_history {
        let missing = history.missing.len();
        return Err(CliError::NoHistory { folder: args.lists.clone(), missing });
    }
    let mut recorded = Vec::new();
    let unknown = given.into_iter().enumerate().filter(|(index, _)| history.unknown.contains(index));
    for (_, (path, list)) in unknown {
        ledger.record_sent(&list, now()?)?;
        notice(&format!(
            "{}: this list was written and not on record; it is now: see whether it was paid",
            path.display()
        ));
        recorded.push(path);
    }
    Ok(recorded)
}

/// A list's file name. Another list of the same moment, of somebody else who pays, has another.
fn list_name(list: &PaymentList) -> String {
    let hash = file_hash(list.to_json().as_bytes()).to_string();
    format!("payments-{:09}-{}.json", list.entries.saturating_add(1), hash.get(2..10).unwrap_or_default())
}

/// The lists in a folder, in the order in which they were written.
fn read_lists(folder: &Path) -> Result<Vec<(PathBuf, PaymentList)>, CliError> {
    let mut lists = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| file(folder, source))? {
        let path = entry.map_err(|source| file(folder, source))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("payments-") && name.ends_with(".json") {
            let bytes = load::bytes(&path, MAX_PAYMENTS_BYTES)?;
            let list = PaymentList::from_json(&bytes)
                .map_err(|source| CliError::PaymentList { path: path.clone(), source })?;
            lists.push((path, list));
        }
    }
    lists.sort_by_key(|(path, list)| (list.entries, path.clone()));
    Ok(lists)
}

fn file(path: &Path, source: std::io::Error) -> CliError {
    CliError::File { path: path.to_owned(), source }
}

fn payment_line(epoch: u64, transfer: &Transfer) -> PaymentLine {
    PaymentLine {
        contributor: checksummed(&transfer.contributor).to_string(),
        epoch,
        amount: transfer.amount.to_string(),
        cumulative: transfer.cumulative.to_string(),
    }
}

fn describe(path: &Path, due: &PaymentList, token: Option<&Token>) -> String {
    let mut table = table(["contributor", "pay now", "paid in all", "up to epoch"]);
    align_right(&mut table, 1..4);
    for Transfer { contributor, amount: now, cumulative } in &due.payments {
        table.add_row([
            Cell::new(checksummed(contributor)),
            Cell::new(amount(*now, token)),
            Cell::new(amount(*cumulative, token)),
            Cell::new(due.epoch),
        ]);
    }
    format!("{table}\n{}", list(&[("list", path.display().to_string())]))
}

/// What was confirmed.
#[derive(Serialize, JsonSchema)]
pub struct Confirmed {
    /// Payments that were confirmed now; those confirmed before are not counted.
    confirmed: usize,
}

pub fn confirm(ledger: &mut Ledger, args: &ConfirmArgs, output: Output) -> Result<Status, CliError> {
    let mut confirmed = 0;
    for contributor in &args.contributors {
        confirmed += ledger.confirm(contributor, &args.evidence, now()?)?;
    }
    let result = Confirmed { confirmed };
    output.result(&result, || list(&[("confirmed", count(confirmed, "payment"))]))?;
    Ok(Status::Done)
}
