//! What all commands that send have in common: node, account, outbox, and what is told of each transaction.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use fairshare_chain::ChainError;
use fairshare_chain::node::Node;
use fairshare_chain::outbox::{Left, Mined, Quote, Terms};
use fairshare_chain::proving::Done;
use fairshare_chain::sender::{Sender, Told};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{RpcArgs, SendArgs};
use crate::commands::account;
use crate::document::Document;
use crate::document::spelling::{Checksummed, Decimal, Hash};
use crate::error::CliError;
use crate::output::{Output, notice, thousands};

/// In wei.
const GWEI: u128 = 1_000_000_000;

/// A transaction in a block.
#[derive(Serialize, JsonSchema)]
pub struct Transaction {
    /// The function that it called; `create` of a contract.
    function: String,
    /// Its hash.
    #[schemars(with = "Hash")]
    hash: String,
    /// Its block.
    block: u64,
    /// Gas that it took.
    gas: u64,
    /// What it cost, in wei.
    #[schemars(with = "Decimal")]
    cost: String,
    /// The contract that it created; null of a call.
    #[schemars(with = "Option<Checksummed>")]
    created: Option<String>,
}

impl From<&Mined> for Transaction {
    fn from(mined: &Mined) -> Self {
        Self {
            function: mined.function.clone(),
            hash: mined.hash.to_string(),
            block: mined.block,
            gas: mined.gas,
            cost: mined.cost.to_string(),
            created: mined.created.map(|address| address.to_checksum(None)),
        }
    }
}

/// A transaction that would be sent.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Planned {
    /// The function that it calls; what is created, of a contract.
    function: String,
    /// Who sends it.
    #[schemars(with = "Checksummed")]
    from: String,
    /// The contract that it calls; null where one is created.
    #[schemars(with = "Option<Checksummed>")]
    to: Option<String>,
    /// Gas that it takes now.
    gas: u64,
    /// The most that it may cost, in wei.
    #[schemars(with = "Decimal")]
    most: String,
}

impl From<&Quote> for Planned {
    fn from(quote: &Quote) -> Self {
        Self {
            function: quote.function.to_owned(),
            from: quote.from.to_checksum(None),
            to: quote.to.map(|to| to.to_checksum(None)),
            gas: quote.gas,
            most: quote.most().to_string(),
        }
    }
}

/// What was done on the chain, and by which transactions.
#[derive(Serialize, JsonSchema)]
pub struct Sent<T> {
    /// What was done; null after a dry run that would have sent something.
    pub result: Option<T>,
    /// What would be sent next; null unless this was a dry run that would have sent something.
    pub next: Option<Planned>,
    /// The transactions that are in blocks now, in order. One that an earlier command left behind may be
    /// among them.
    pub transactions: Vec<Transaction>,
}

impl<T> Sent<T> {
    /// Prints it.
    pub fn print(&self, output: Output, text: impl FnOnce(&T) -> String) -> Result<(), CliError>
    where
        Self: Document,
    {
        output.result(self, || match &self.result {
            Some(result) => text(result),
            None => "nothing was sent: this was a dry run".to_owned(),
        })
    }
}

/// Connects to the node that the arguments name.
pub fn connect(args: &RpcArgs) -> Result<Node, CliError> {
    let url = args.rpc.as_deref().ok_or(CliError::NoNode)?;
    Ok(Node::connect(url)?)
}

/// Does `work` as the account that the arguments name.
pub fn as_sender<T>(
    args: &SendArgs,
    output: Output,
    node: &Node,
    work: impl FnOnce(&mut Sender<'_>) -> Result<T, CliError>,
) -> Result<Sent<T>, CliError> {
    let account = account::read(&args.key)?;
    let folder = args.outbox.clone().or_else(state_folder).ok_or(CliError::NoOutbox)?;
    let last = RefCell::new(None);
    let tell = |told: Told<'_>| {
        if let Told::Quote(quote) = &told {
            *last.borrow_mut() = Some(Planned::from(*quote));
        }
        tell(output, node, &told);
    };
    let terms = Terms {
        patience: Duration::from_secs(args.wait),
        max_fee: u128::from(args.max_fee).saturating_mul(GWEI),
        is_dry_run: args.dry_run,
    };
    let mut sender = Sender::open(node, &account, &folder, &terms, &tell)?;
    let result = match work(&mut sender) {
        Err(CliError::Chain(error)) if matches!(*error, ChainError::DryRun) => None,
        Err(error) => {
            // What was sent is told, whatever came then; without --json it has been.
            for mined in sender.mined().iter().filter(|_| output.is_json()) {
                notice(&format!("sent before: {}", fate(mined)));
            }
            return Err(error);
        }
        Ok(done) => Some(done),
    };
    let transactions = sender.mined().iter().map(Transaction::from).collect();
    let next = if result.is_none() { last.take() } else { None };
    Ok(Sent { result, next, transactions })
}

/// `$XDG_STATE_HOME/fairshare`, or `~/.local/state/fairshare`; none where there is no home.
fn state_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = named.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(folder.join("fairshare"))
}

/// With `--json`, standard error has nothing but what went wrong; the transactions are in the result.
fn tell(output: Output, node: &Node, told: &Told<'_>) {
    if output.is_json() && !matches!(told, Told::Left(_)) {
        return;
    }
    match told {
        Told::Quote(quote) => notice(&announcement(node, quote)),
        Told::Mined(mined) => notice(&format!("  {}", fate(mined))),
        Told::Left(Left::Mined(mined)) => notice(&format!("of an earlier command: {}", fate(mined))),
        Told::Left(Left::Failed { function, hash }) => {
            notice(&format!("of an earlier command: {function} was refused in its block, {hash}"));
        }
        Told::Left(Left::Waiting { function }) => {
            notice(&format!(
                "of an earlier command: {function} waits for a block; without --dry-run it is sent again"
            ));
        }
        Told::Left(Left::Replaced { function }) => {
            notice(&format!("of an earlier command: {function} was overtaken, and never happens"));
        }
    }
}

fn announcement(node: &Node, quote: &Quote) -> String {
    let to = match quote.to {
        Some(to) => format!("to {}", to.to_checksum(None)),
        None => "as a new contract".to_owned(),
    };
    let likely = u128::from(quote.gas).saturating_mul(quote.max_fee / 2);
    format!(
        "sending: {} {to} on chain {}, {} bytes: {} gas, about {} and at most {}",
        quote.function,
        node.chain_id(),
        thousands(quote.bytes as u64),
        thousands(quote.gas),
        ether(likely),
        ether(quote.most().try_into().unwrap_or(u128::MAX)),
    )
}

fn fate(mined: &Mined) -> String {
    let (gas, cost) = (thousands(mined.gas), ether(mined.cost.try_into().unwrap_or(u128::MAX)));
    format!("{} in block {}: {gas} gas, {cost}, {}", mined.function, mined.block, mined.hash)
}

/// Money of the chain, whose unit has 18 decimals wherever there is an EVM.
fn ether(wei: u128) -> String {
    const UNIT: u128 = 1_000_000_000_000_000_000;
    let micro = (wei % UNIT).div_ceil(1_000_000_000_000);
    let (whole, micro) = (wei / UNIT + micro / 1_000_000, micro % 1_000_000);
    format!("{whole}.{micro:06} ether")
}

/// `done` or `done before`, in words.
pub fn when(done: Done) -> &'static str {
    match done {
        Done::Now => "",
        Done::Before => ", as it was before: nothing was sent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_rounded_up_to_a_millionth() {
        assert_eq!(ether(0), "0.000000 ether");
        assert_eq!(ether(1), "0.000001 ether");
        assert_eq!(ether(1_500_000_000_000_000_000), "1.500000 ether");
        assert_eq!(ether(999_999_999_999_999_999), "1.000000 ether");
        assert_eq!(ether(u128::MAX), "340282366920938463463.374608 ether");
    }
}
