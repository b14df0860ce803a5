//! `fairshare chain pay`.

use std::collections::BTreeMap;

use fairshare_chain::royalty::{Payable, Payment, Root, Vault};
use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use schemars::JsonSchema;
use serde::Serialize;

use super::handing::{Books, Hand, hand};
use super::sending::connect;
use crate::args::PayArgs;
use crate::document::spelling::{Checksummed, Decimal, Hash};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, count, reason, table, thousands};
use crate::progress;

/// What the claims of an epoch were paid.
#[derive(Serialize, JsonSchema)]
pub struct Paid {
    /// The vault's chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The epoch.
    epoch: u64,
    /// The root under which they are paid.
    #[schemars(with = "Hash")]
    root: String,
    /// What is paid by the transactions, those that somebody else is to send included.
    payments: Vec<PaymentLine>,
    /// How many had everything before.
    before: usize,
    /// Who cannot be paid now.
    unpaid: Vec<UnpaidLine>,
}

/// What a contributor is paid.
#[derive(Serialize, JsonSchema)]
struct PaymentLine {
    /// The contributor.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// What is paid, in base units.
    #[schemars(with = "Decimal")]
    amount: String,
    /// All that was earned up to the epoch, which is paid then, in base units.
    #[schemars(with = "Decimal")]
    cumulative: String,
}

/// A contributor who cannot be paid.
#[derive(Serialize, JsonSchema)]
struct UnpaidLine {
    /// The contributor.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// Why not, in the contract's words.
    reason: String,
}

pub fn run(args: &PayArgs, output: Output) -> Result<Status, CliError> {
    let books = Books::open(&args.books)?;
    let root = Root::of(&books.tree);
    let node = connect(&args.hand.sending.rpc)?;
    let vault = books.vault(&node)?;
    let mut who: Vec<_> = match args.all {
        true => books.tree.claims().iter().map(|claim| claim.contributor).collect(),
        false => args.contributors.clone(),
    };
    who.sort_unstable();
    who.dedup();
    let name = format!("Payments of epoch {}", root.epoch);
    let purpose = format!(
        "Pays {} of epoch {} from the vault {}; the money goes to the contributors.",
        count(who.len(), "claim"),
        root.epoch,
        vault.address()
    );
    let mut found = Payable::default();
    let hand = hand(&args.hand, output, (&node, &vault), [&name, &purpose], |from| {
        let bar = progress::counter("asking the vault");
        found = vault.pay(&books.tree, &who, from, &|done| bar.set(done, who.len()))?;
        drop(bar);
        Ok(std::mem::take(&mut found.steps))
    })?;
    let before = who.len().saturating_sub(found.payments.len()).saturating_sub(found.unpaid.len());
    passed_over(&vault, &root, &hand, &mut found)?;
    let paid = Paid {
        chain_id: node.chain_id(),
        vault: vault.address().to_checksum(None),
        epoch: root.epoch,
        root: root.root.to_string(),
        payments: found.payments.iter().map(payment).collect(),
        before,
        unpaid: found.unpaid.iter().map(unpaid).collect(),
    };
    hand.about(paid).print(output, |paid| text(paid, &found.payments))?;
    Ok(if found.unpaid.is_empty() { Status::Done } else { Status::Refused })
}

/// Moves those whom the vault passed over, because something changed since it was asked, to those who are not
/// paid. Whoever was paid by somebody else meanwhile has the money.
fn passed_over(vault: &Vault<'_>, root: &Root, hand: &Hand, found: &mut Payable) -> Result<(), CliError> {
    let mut reasons: BTreeMap<Address, String> = BTreeMap::new();
    for block in &hand.blocks {
        reasons.extend(vault.passed_over(root.epoch, *block)?);
    }
    let mut payments = Vec::new();
    for payment in std::mem::take(&mut found.payments) {
        match reasons.remove(&payment.contributor) {
            Some(reason) if vault.claimed(&payment.contributor)? < payment.cumulative => {
                found.unpaid.push((payment.contributor, reason));
            }
            _ => payments.push(payment),
        }
    }
    found.payments = payments;
    Ok(())
}

fn payment(payment: &Payment) -> PaymentLine {
    PaymentLine {
        contributor: checksummed(&payment.contributor).to_string(),
        amount: payment.amount.to_string(),
        cumulative: payment.cumulative.to_string(),
    }
}

fn unpaid((contributor, reason): &(Address, String)) -> UnpaidLine {
    UnpaidLine { contributor: checksummed(contributor).to_string(), reason: reason.clone() }
}

fn text(paid: &Paid, payments: &[Payment]) -> String {
    let mut lines = table(["contributor", "paid now", "paid in all"]);
    for Payment { contributor, amount, cumulative } in payments {
        lines.add_row([checksummed(contributor).to_string(), thousands(*amount), thousands(*cumulative)]);
    }
    align_right(&mut lines, [1, 2]);
    let unpaid =
        paid.unpaid.iter().map(|line| reason(&line.contributor, &format!("not paid: {}", line.reason)));
    let before = match paid.before {
        0 => String::new(),
        before => format!("\n{} paid before", count(before, "contributor")),
    };
    format!("{lines}{before}{}", unpaid.collect::<String>())
}
