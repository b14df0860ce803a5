//! What commands to a vault that pays roots have in common: whose claims they are, and who sends.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use fairshare_audit::claims::ClaimTree;
use fairshare_audit::registry::Identity;
use fairshare_chain::node::Node;
use fairshare_chain::node::Steps;
use fairshare_chain::royalty::Vault;
use fairshare_chain::safe::Batch;
use fairshare_chain::{Address, Result as ChainResult};
use fairshare_contracts::calldata::evm_address;
use fairshare_params::rules::Settlement;
use fairshare_storage::files::{self, Access as FileAccess};
use fairshare_vault::database::{Access, Location};
use fairshare_vault::{Ledger, VaultError};
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{Planned, Transaction, as_sender};
use crate::args::{BookArgs, HandArgs};
use crate::document::Document;
use crate::document::spelling::Checksummed;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, thousands};

/// What a vault that pays roots was sent, or is to be sent by somebody else.
#[derive(Serialize, JsonSchema)]
pub struct Handed<T> {
    /// What it is about.
    pub result: T,
    /// Whether everything was done before, so that there is nothing to send.
    pub before: bool,
    /// What somebody else is to send, in order; empty with --send.
    pub calls: Vec<CallLine>,
    /// The file for Safe's Transaction Builder; null if it was not asked for, or has nothing to hold.
    pub safe: Option<String>,
    /// What would be sent next; null unless this was a dry run that would have sent something.
    pub next: Option<Planned>,
    /// The transactions that are in blocks now, in order. One that an earlier command left behind may be
    /// among them.
    pub transactions: Vec<Transaction>,
}

/// A transaction for somebody else to send.
#[derive(Clone, Serialize, JsonSchema)]
pub struct CallLine {
    /// The function that it calls.
    function: &'static str,
    /// The contract that it calls.
    #[schemars(with = "Option<Checksummed>")]
    to: Option<String>,
    /// Its data: `0x` and hexadecimal digits.
    data: String,
    /// Gas that it takes now; null if that cannot be told before those above it are in blocks.
    gas: Option<u64>,
}

/// What was sent, or is to be sent.
pub struct Hand {
    handed: Handed<()>,
    /// The blocks with what was sent now.
    pub blocks: Vec<u64>,
}

impl Hand {
    /// The same with what it is about.
    pub fn about<T>(self, result: T) -> Handed<T> {
        let Handed { result: (), before, calls, safe, next, transactions } = self.handed;
        Handed { result, before, calls, safe, next, transactions }
    }
}

impl<T> Handed<T> {
    /// Prints it: `text` says what it is about.
    pub fn print(&self, output: Output, text: impl FnOnce(&T) -> String) -> Result<Status, CliError>
    where
        Self: Document,
    {
        output.result(self, || {
            let told = text(&self.result);
            format!("{told}{}", self.rest())
        })?;
        Ok(Status::Done)
    }

    fn rest(&self) -> String {
        if self.before {
            return "\nall of it was done before: there is nothing to send".to_owned();
        }
        if self.next.is_some() {
            return "\nnothing was sent: this was a dry run".to_owned();
        }
        if let Some(path) = &self.safe {
            let many = self.calls.len();
            return format!("\n{many} to be sent by the Safe, in order: {path}, for its Transaction Builder");
        }
        let lines = self.calls.iter().map(|call| {
            let gas = call.gas.map(|gas| format!(", {} gas", thousands(gas))).unwrap_or_default();
            let to = call.to.as_deref().unwrap_or_default();
            format!("\n{} to {to}{gas}\n{}", call.function, call.data)
        });
        lines.collect()
    }
}

/// The claims of a ledger's epoch, and whose they are.
pub struct Books {
    /// The ledger.
    pub ledger: Ledger,
    /// Whose it is.
    pub identity: Identity,
    /// The claims.
    pub tree: ClaimTree,
}

impl Books {
    /// Those that the arguments name.
    pub fn open(args: &BookArgs) -> Result<Self, CliError> {
        let location: Location = args.ledger.parse().map_err(VaultError::from)?;
        let mut ledger = Ledger::open(&location, Access::Read)?;
        let identity = ledger.identity()?;
        if identity.settlement != Settlement::Claims {
            return Err(CliError::NoRoots { found: identity.settlement.name() });
        }
        let tree = ledger.claim_tree(args.epoch)?.ok_or(CliError::NoClaims)?;
        Ok(Self { ledger, identity, tree })
    }

    /// The vault at the node, which has to be of its chain.
    pub fn vault<'a>(&self, node: &'a Node) -> Result<Vault<'a>, CliError> {
        node.require_chain(self.identity.chain_id)?;
        Ok(Vault::at(node, &self.identity.vault)?)
    }
}

/// Sends what `plan` still misses, or hands it to who sends it; `plan` is told who that is, and is asked when
/// all that an earlier command left behind is in blocks. `title` and `purpose` are for the owners of a Safe.
pub fn hand(
    args: &HandArgs,
    output: Output,
    (node, vault): (&Node, &Vault<'_>),
    [title, purpose]: [&str; 2],
    mut plan: impl FnMut(Address) -> ChainResult<Steps>,
) -> Result<Hand, CliError> {
    if args.send {
        return send(args, output, node, plan);
    }
    if let Some(path) = &args.safe {
        load::check_output(path, [])?;
    }
    let from = args.from.as_ref().map_or_else(|| vault.operator(), |from| Ok(evm_address(from)))?;
    let steps = plan(from)?;
    let calls = lines(node, &steps, from)?;
    let path = args.safe.as_deref().filter(|_| !steps.is_empty());
    if let Some(path) = path {
        let created_at = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| CliError::Clock)?;
        let created_at = u64::try_from(created_at.as_millis()).unwrap_or(u64::MAX);
        let chain_id = node.chain_id();
        let batch = Batch { chain_id, safe: from, name: title, description: purpose, created_at };
        write(path, &format!("{:#}\n", batch.json(&steps)))?;
    }
    let safe = path.map(|path| path.display().to_string());
    let (before, next, transactions) = (steps.is_empty(), None, Vec::new());
    let handed = Handed { result: (), before, calls, safe, next, transactions };
    Ok(Hand { handed, blocks: Vec::new() })
}

fn send(
    args: &HandArgs,
    output: Output,
    node: &Node,
    mut plan: impl FnMut(Address) -> ChainResult<Steps>,
) -> Result<Hand, CliError> {
    let mut blocks = Vec::new();
    let sent = as_sender(&args.sending, output, node, |sender| {
        let steps = plan(sender.address())?;
        for (function, call) in &steps {
            blocks.push(sender.send(function, call)?.block);
        }
        Ok(steps.is_empty())
    })?;
    let before = sent.result == Some(true);
    let (calls, safe) = (Vec::new(), None);
    let handed = Handed { result: (), before, calls, safe, next: sent.next, transactions: sent.transactions };
    Ok(Hand { handed, blocks })
}

/// The first of them is refused now, if it is; later ones may need those before.
fn lines(node: &Node, steps: &Steps, from: Address) -> Result<Vec<CallLine>, CliError> {
    let line = |(index, (function, call)): (usize, &(&'static str, _))| {
        let gas = node.estimate(function, call, from);
        let gas = if index == 0 { Some(gas?) } else { gas.ok() };
        Ok(CallLine::new(function, call, gas))
    };
    steps.iter().enumerate().map(line).collect()
}

impl CallLine {
    /// Of a call that takes so much gas now.
    pub fn new(function: &'static str, call: &fairshare_chain::node::Call, gas: Option<u64>) -> Self {
        let to = call.to.map(|to| to.to_checksum(None));
        Self { function, to, data: format!("0x{}", hex::encode(&call.input)), gas }
    }
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    files::write(path, text.as_bytes(), FileAccess::Public)
        .map_err(|source| CliError::File { path: path.to_owned(), source })
}
