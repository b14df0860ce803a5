//! `fairshare vault claim`: who is to be paid.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Transfer;
use fairshare_formats::payments::PaymentList;
use fairshare_params::policy::Token;
use fairshare_storage::files;
use fairshare_vault::ledger::{Misfit, Origin, Sent, Unknown};
use fairshare_vault::{Ledger, VaultError};
use schemars::JsonSchema;
use serde::Serialize;

use super::lists::{self, Lists};
use super::now;
use crate::args::ClaimArgs;
use crate::document::TokenLine;
use crate::document::spelling::{Checksummed, Decimal};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, amount, count, list, notice, table};

/// What to pay now: the list that was recorded as sent by this command.
#[derive(Serialize, JsonSchema)]
pub struct Claims {
    /// The list's file; null if nothing more is due.
    list: Option<String>,
    /// Lists that had been written and were not on record, which they are now: see whether they were paid.
    found: Vec<String>,
    /// Those of them that do not follow from the ledger: they are on record as they are; audits name them.
    unfounded: Vec<String>,
    /// How people read amounts; null where the policy does not say.
    token: Option<TokenLine>,
    /// What the list says to pay.
    payments: Vec<PaymentLine>,
    /// How many payments are due and not listed yet, because the list is full: run the command again.
    more: usize,
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

/// Lists that were written and are on record since this command began.
#[derive(Default)]
struct Found {
    all: Vec<PathBuf>,
    unfounded: Vec<PathBuf>,
}

/// Why no list was sent.
enum Unsent {
    /// Other lists are in the folder than those that were compared with the record.
    Changed,
    Failed(CliError),
}

impl From<VaultError> for Unsent {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.into())
    }
}

pub fn run(ledger: &mut Ledger, args: &ClaimArgs, output: Output) -> Result<Status, CliError> {
    // Refused where contributors claim from a contract, before a folder is made.
    ledger.history(&[])?;
    let is_settled = ledger.status(None)?.epochs.iter().any(|epoch| epoch.earned.is_some());
    if !is_settled && (!args.lists.is_dir() || lists::paths(&args.lists)?.is_empty()) {
        return Err(VaultError::NothingSettled.into());
    }
    files::create_folder(&args.lists).map_err(|source| lists::file(&args.lists, source))?;
    // Two ledgers that share a folder, one of them a copy, would each pay what the other does.
    let _held = lists::hold(&args.lists)?;
    let mut found = Found::default();
    let sent = loop {
        let known = known(ledger, args, &mut found)?;
        match send(ledger, args, &known) {
            Ok(sent) => break sent,
            // Another command has sent a list meanwhile.
            Err(Unsent::Changed) => {}
            Err(Unsent::Failed(error)) => return Err(error),
        }
    };
    tell(ledger, args, &found, sent.as_ref(), output)?;
    Ok(Status::Done)
}

/// Sends what is due; `known` are the files of the folder, all of them on record.
fn send(ledger: &mut Ledger, args: &ClaimArgs, known: &[PathBuf]) -> Result<Option<(Sent, PathBuf)>, Unsent> {
    let mut written = None;
    let now = now().map_err(Unsent::Failed)?;
    let sent = ledger.send(args.contributor.as_ref(), now, |due| {
        // Nobody else writes lists now. A file that has come since may be of a command that was killed before
        // its list was on record; this list would pay the same again.
        if lists::paths(&args.lists).map_err(Unsent::Failed)? != known {
            return Err(Unsent::Changed);
        }
        written = Some(lists::write(&args.lists, due).map_err(Unsent::Failed)?);
        Ok(())
    });
    match (sent, written) {
        (Ok(sent), written) => Ok(sent.zip(written)),
        (Err(Unsent::Failed(CliError::Vault(source))), Some(path)) => {
            Err(Unsent::Failed(CliError::ListUncertain { path, source }))
        }
        (Err(error), _) => Err(error),
    }
}

/// Records what the folder's lists say and the ledger does not know, and refuses to go on where it cannot
/// know what was sent. Returns the folder's files.
fn known(ledger: &mut Ledger, args: &ClaimArgs, found: &mut Found) -> Result<Vec<PathBuf>, CliError> {
    let folder = Lists::read(&args.lists)?;
    let history = ledger.history(&folder.lists)?;
    folder.check_once()?;
    record(ledger, args, &folder, &history.unknown, found)?;
    let missing = (history.missing.len() as u64).max(history.absent);
    let is_complete = missing == 0 && !folder.lists.is_empty();
    if !is_complete && !args.resume_without_history {
        return Err(CliError::NoHistory { folder: args.lists.clone(), missing });
    }
    // Whoever says it always is not protected by it.
    if is_complete && args.resume_without_history && found.all.is_empty() {
        return Err(CliError::NeedlessResume { folder: args.lists.clone() });
    }
    Ok(folder.paths)
}

/// A list that the ledger does not know.
struct Open<'a> {
    path: &'a Path,
    list: &'a PaymentList,
    origin: Origin,
}

/// Records the lists that the ledger does not know, as they follow from it: names and headings do not tell in
/// which order they do, once a ledger was restored. One that does not follow from it is recorded only where
/// the operator says so.
fn record(
    ledger: &mut Ledger,
    args: &ClaimArgs,
    folder: &Lists,
    unknown: &[Unknown],
    found: &mut Found,
) -> Result<(), CliError> {
    let open = |&Unknown { position, origin }: &Unknown| {
        Some(Open { path: folder.paths.get(position)?, list: folder.lists.get(position)?, origin })
    };
    let mut open: Vec<_> = unknown.iter().filter_map(open).collect();
    while !open.is_empty() {
        let (before, mut refused) = (open.len(), Vec::new());
        for open in open {
            match ledger.record_sent(open.list, now()?) {
                Ok(Some(_)) => found.add(&open, &[]),
                // Whoever wrote it has recorded it meanwhile.
                Ok(None) => {}
                Err(error @ VaultError::ListAhead { .. }) => refused.push((open, error)),
                Err(error) => return Err(open.refused(error)),
            }
        }
        if refused.len() == before && !refused.is_empty() {
            let (open, error) = refused.remove(0);
            let is_meant = |path: &PathBuf| path.file_name() == open.path.file_name();
            if !args.record_unfounded.iter().any(is_meant) {
                return Err(open.refused(error));
            }
            let recorded = ledger.record_unfounded(open.list, now()?);
            if let Some(misfits) = recorded.map_err(|error| open.refused(error))? {
                found.add(&open, &misfits);
            }
        }
        open = refused.into_iter().map(|(open, _)| open).collect();
    }
    Ok(())
}

impl Open<'_> {
    fn refused(&self, error: VaultError) -> CliError {
        let (path, origin) = (self.path.to_owned(), describe_origin(&self.origin));
        CliError::ListNotRecorded { path, origin, source: Box::new(error) }
    }
}

impl Found {
    /// Says that a list is on record now: it may have been paid, and nobody was told.
    fn add(&mut self, open: &Open<'_>, misfits: &[Misfit]) {
        let (path, origin) = (open.path, describe_origin(&open.origin));
        notice(&format!(
            "{}: this list was written and not on record; it is now: see whether it was paid{origin}",
            path.display()
        ));
        self.all.push(path.to_owned());
        if misfits.is_empty() {
            return;
        }
        self.unfounded.push(path.to_owned());
        notice(&format!(
            "warning: {}: it does not follow from this ledger, and every audit names these payments of it:",
            path.display()
        ));
        for Misfit { payment: Transfer { contributor, amount, cumulative }, sent, earned } in misfits {
            notice(&format!(
                "  {}: {amount} base units, {cumulative} in all; {earned} earned here, {sent} listed before",
                checksummed(contributor)
            ));
        }
    }
}

/// What the list's heading says of this ledger, where it is not the one that wrote it.
fn describe_origin(origin: &Origin) -> String {
    match origin {
        Origin::Own => String::new(),
        Origin::Other { theirs: (entry, head), ours: (own, own_head) } => format!(
            "; the ledger that wrote it had the head {head} after entry {entry}, and this one has {own_head} \
             after entry {own}: this one is an older copy, or has gone on from one, and what the other \
             recorded since is lost here; register and submit it again"
        ),
    }
}

fn tell(
    ledger: &mut Ledger,
    args: &ClaimArgs,
    found: &Found,
    sent: Option<&(Sent, PathBuf)>,
    output: Output,
) -> Result<(), CliError> {
    let standing = ledger.status(None)?;
    let settled = standing.epochs.iter().rfind(|epoch| epoch.earned.is_some());
    let (_, policy) = ledger.epoch(settled.map(|epoch| epoch.epoch.number))?;
    let (token, open) = (policy.token(), standing.sent.saturating_sub(standing.confirmed));
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
    let payments = sent.map(|(sent, _)| (sent.list.heading.epoch, sent.list.payments()));
    let lines = payments.map(|(epoch, payments)| payments.iter().map(move |one| payment_line(epoch, one)));
    let claims = Claims {
        list: sent.map(|(_, path)| path.display().to_string()),
        found: shown(&found.all),
        unfounded: shown(&found.unfounded),
        token: token.map(TokenLine::from),
        payments: lines.into_iter().flatten().collect(),
        more: sent.map_or(0, |(sent, _)| sent.more),
        unconfirmed: open.to_string(),
    };
    // Whoever did not see a list when it was sent is told of it until its payments are confirmed.
    let unconfirmed = if sent.is_some() { Vec::new() } else { unconfirmed(ledger, args)? };
    output.result(&claims, || {
        let text = match sent {
            Some((sent, path)) => describe(path, sent, token),
            None if open == 0 => "nothing is due".to_owned(),
            None => {
                let by = unconfirmed.iter().map(|path| format!("\n  {}", path.display())).collect::<String>();
                format!("nothing more is due\nsent and not confirmed: {}{by}", amount(open, token))
            }
        };
        let found =
            claims.found.iter().map(|path| format!("\non record now, see whether it was paid: {path}"));
        text + &found.collect::<String>()
    })
}

/// The files of lists with payments that are not confirmed.
fn unconfirmed(ledger: &mut Ledger, args: &ClaimArgs) -> Result<Vec<PathBuf>, CliError> {
    let folder = Lists::read(&args.lists)?;
    let open = ledger.history(&folder.lists)?.open;
    Ok(open.into_iter().filter_map(|position| folder.paths.get(position).cloned()).collect())
}

fn payment_line(epoch: u64, transfer: &Transfer) -> PaymentLine {
    PaymentLine {
        contributor: checksummed(&transfer.contributor).to_string(),
        epoch,
        amount: transfer.amount.to_string(),
        cumulative: transfer.cumulative.to_string(),
    }
}

fn describe(path: &Path, sent: &Sent, token: Option<&Token>) -> String {
    let mut table = table(["contributor", "pay now", "paid in all", "up to epoch"]);
    align_right(&mut table, 1..4);
    for Transfer { contributor, amount: now, cumulative } in sent.list.payments() {
        table.add_row([
            Cell::new(checksummed(contributor)),
            Cell::new(amount(*now, token)),
            Cell::new(amount(*cumulative, token)),
            Cell::new(sent.list.heading.epoch),
        ]);
    }
    let mut lines = vec![("list", path.display().to_string())];
    if sent.more > 0 {
        lines.push(("more", format!("{} due: run the same command again", count(sent.more, "payment"))));
    }
    format!("{table}\n{}", list(&lines))
}
