//! What an account sends: every transaction once, whatever happens in between.
//!
//! A signed transaction is kept in a file before anybody hears of it, with its nonce. Whoever is killed then,
//! or loses the node, finds it there: the next command of this account first sees what became of it, and
//! sends it again until it is in a block. Two transactions of one nonce are never both in a chain: so
//! whatever is sent again, or with a higher fee, counts once.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_rpc_types_eth::TransactionReceipt;
use fairshare_contracts::calldata::evm_address;
use fairshare_formats::json;
use fairshare_params::encoding::Digest;
use fairshare_prover::Account;
use fairshare_storage::files::{self, Access};
use serde::{Deserialize, Serialize};

use crate::error::{ChainError, Result};
use crate::node::{Call, Fees, MAX_GAS, Node};

/// Longest file of an outbox, in bytes: a transaction has at most 128 KiB, and is kept with each fee.
const MAX_OUTBOX_BYTES: u64 = 64 << 20;
/// The file.
const FILE: &str = "pending.json";
/// How long is waited before a transaction's receipt is asked for the first time; then twice as long, and so
/// on.
const FIRST_POLL: Duration = Duration::from_millis(5);
const LAST_POLL: Duration = Duration::from_secs(2);
/// For how long a node has to say that another transaction of the nonce is in the chain.
const DOUBT: Duration = Duration::from_secs(10);

/// What a transaction will do and cost, before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The function that it calls.
    pub function: &'static str,
    /// Who sends it.
    pub from: Address,
    /// The contract; none where one is created.
    pub to: Option<Address>,
    /// Bytes of its data.
    pub bytes: usize,
    /// Gas that it takes now.
    pub gas: u64,
    /// Gas that it may take.
    pub gas_limit: u64,
    /// The most that a gas may cost, in wei.
    pub max_fee: u128,
    /// The tip in it, to the block's proposer, in wei.
    pub tip: u128,
}

impl Quote {
    /// The most that it may cost, in wei.
    pub fn most(&self) -> U256 {
        U256::from(self.gas_limit).saturating_mul(U256::from(self.max_fee))
    }
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    /// The function that it called.
    pub function: String,
    /// Its hash.
    pub hash: B256,
    /// Its block.
    pub block: u64,
    /// The contract that it created.
    pub created: Option<Address>,
    /// Gas that it took.
    pub gas: u64,
    /// What it cost, in wei.
    pub cost: U256,
}

/// What became of a transaction that an earlier command left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is in a block.
    Mined(Mined),
    /// It is in a block, and was refused there.
    Failed {
        /// The function that it called.
        function: String,
        /// Its hash.
        hash: B256,
    },
    /// It is in no block, and was not sent again: nothing was to be sent.
    Waiting {
        /// The function that it calls.
        function: String,
    },
    /// Another transaction of its nonce is in the chain: it never will be.
    Replaced {
        /// The function that it would have called.
        function: String,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    function: String,
    nonce: u64,
    to: Option<Address>,
    input: Bytes,
    gas_limit: u64,
    /// The same transaction at each fee that it was sent with, the last one highest.
    sent: Vec<Sent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    hash: B256,
    raw: Bytes,
    max_fee: u128,
    tip: u128,
}

/// How an account sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a transaction is waited for.
    pub patience: Duration,
    /// The most that is paid for a gas, in wei.
    pub max_fee: u128,
    /// Whether nothing is sent.
    pub is_dry_run: bool,
}

/// An account's outbox at one chain. One program at a time has it.
pub struct Outbox<'a> {
    node: &'a Node,
    account: &'a Account,
    path: PathBuf,
    terms: Terms,
    _lock: std::fs::File,
}

impl<'a> Outbox<'a> {
    /// The account's outbox in this folder, and what became of the transaction that an earlier command left
    /// in it, if one did: it is sent again until it is in a block.
    ///
    /// Outboxes of one account at different chains do not mix, not even at chains of one id: a development
    /// chain that was begun anew has another first block.
    pub fn open(
        node: &'a Node,
        account: &'a Account,
        folder: &Path,
        terms: &Terms,
    ) -> Result<(Self, Option<Left>)> {
        let first = node.block(alloy_eips::BlockNumberOrTag::Earliest)?;
        let genesis = first.map(|block| hex::encode(block.hash)).unwrap_or_default();
        let genesis = genesis.get(..8).unwrap_or_default();
        let address = hex::encode(account.address().0);
        let folder = folder.join(format!("{}-{genesis}-{address}", node.chain_id()));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ChainError::Outbox { path, source }
        };
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        files::create_private_folder(&folder).map_err(failed(&folder))?;
        let lock = files::lock_folder(&folder).map_err(failed(&folder))?;
        let lock = lock.ok_or_else(|| ChainError::Busy { path: folder.clone() })?;
        // What others can write is not this account's word; of a file each transaction is checked, too.
        if files::is_writable_by_others(&lock).map_err(failed(&folder))? {
            return Err(ChainError::SharedOutbox { path: folder });
        }
        let outbox = Self { node, account, path: folder.join(FILE), terms: *terms, _lock: lock };
        let left = match outbox.read()? {
            Some(pending) if terms.is_dry_run => {
                let waiting = Left::Waiting { function: pending.function.clone() };
                Some(outbox.fate(&pending)?.unwrap_or(waiting))
            }
            Some(mut pending) => {
                if outbox.fate(&pending)?.is_none() {
                    outbox.raise(&mut pending)?;
                }
                Some(outbox.finish(pending)?)
            }
            None => None,
        };
        Ok((outbox, left))
    }

    /// Whose it is.
    pub fn address(&self) -> Address {
        evm_address(self.account.address())
    }

    /// The chain's node.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// What a transaction would do and cost; its refusal, where the contract refuses it now.
    pub fn quote(&self, function: &'static str, call: &Call) -> Result<Quote> {
        let from = self.address();
        let gas = self.node.estimate(function, call, from)?;
        // What others do in between can make it dearer, by a cold slot or two.
        let gas_limit = gas.saturating_add(gas / 5).saturating_add(10_000).min(MAX_GAS);
        let Fees { max_fee, tip, .. } = self.node.fees(self.terms.max_fee)?;
        let bytes = call.input.len();
        Ok(Quote { function, from, to: call.to, bytes, gas, gas_limit, max_fee, tip })
    }

    /// Sends a transaction, and waits until it is in a block.
    pub fn send(&mut self, call: &Call, quote: &Quote) -> Result<Mined> {
        let from = self.address();
        let (max_fee, tip) = self.afford(quote)?;
        let mut pending = Pending {
            function: quote.function.to_owned(),
            nonce: self.node.nonce(from)?,
            to: call.to,
            input: call.input.clone().into(),
            gas_limit: quote.gas_limit,
            sent: Vec::new(),
        };
        self.sign(&mut pending, max_fee, tip)?;
        match self.finish(pending)? {
            Left::Mined(mined) => Ok(mined),
            Left::Failed { hash, .. } => Err(self.failed(hash, call)),
            Left::Replaced { function } | Left::Waiting { function } => {
                Err(ChainError::Overtaken { function })
            }
        }
    }

    /// The quote's fees, or lower ones that the account can pay and a block still takes.
    fn afford(&self, quote: &Quote) -> Result<(u128, u128)> {
        let (address, needs) = (self.address(), quote.most());
        let has = self.node.balance(address)?;
        if has >= needs {
            return Ok((quote.max_fee, quote.tip));
        }
        let Fees { base, .. } = self.node.fees(self.terms.max_fee)?;
        let affordable = has.checked_div(U256::from(quote.gas_limit)).unwrap_or_default();
        let affordable = u128::try_from(affordable).unwrap_or(u128::MAX);
        // The next blocks may ask for an eighth more each.
        match affordable.checked_sub(base.saturating_add(base / 4)) {
            Some(tip) => Ok((affordable, tip.min(quote.tip))),
            None => Err(ChainError::Poor { address, has, needs }),
        }
    }

    fn failed(&self, hash: B256, call: &Call) -> ChainError {
        let block = self.node.receipt(hash).ok().flatten().and_then(|receipt| receipt.block_number);
        let refusal = block.and_then(|block| self.node.refusal(call, self.address(), block).ok().flatten());
        ChainError::Failed { hash, refusal: refusal.map(Box::new) }
    }

    /// Sees to it that a transaction that is kept comes into a block, and forgets it then.
    fn finish(&self, pending: Pending) -> Result<Left> {
        let (begun, mut replaced_since) = (Instant::now(), None);
        let (mut is_sent, mut pause) = (false, FIRST_POLL);
        loop {
            match self.fate(&pending)? {
                // A node may count a transaction before it has its receipt, and one behind a service may be
                // behind another: it is believed when it says so for a while.
                Some(Left::Replaced { .. })
                    if replaced_since.get_or_insert_with(Instant::now).elapsed() < DOUBT => {}
                Some(left) => {
                    self.forget()?;
                    return Ok(left);
                }
                None => replaced_since = None,
            }
            if !is_sent && replaced_since.is_none() {
                if let Some(last) = pending.sent.last() {
                    self.send_again(&pending, &last.raw)?;
                }
                is_sent = true;
            }
            if begun.elapsed() > self.terms.patience {
                let hash = pending.sent.last().map(|sent| sent.hash).unwrap_or_default();
                return Err(ChainError::NotMined { hash, seconds: self.terms.patience.as_secs() });
            }
            self.node.pause(pause);
            pause = LAST_POLL.min(pause.saturating_mul(2));
        }
    }

    /// A refusal to take what has come into a block meanwhile is none.
    fn send_again(&self, pending: &Pending, raw: &[u8]) -> Result<()> {
        match self.node.broadcast(raw) {
            Err(_) if self.fate(pending)?.is_some() => Ok(()),
            done => done,
        }
    }

    /// What became of a transaction, if it is decided.
    fn fate(&self, pending: &Pending) -> Result<Option<Left>> {
        // Asked first: what is in a block after it is found by its receipt.
        let is_used = self.node.nonce(self.address())? > pending.nonce;
        for sent in pending.sent.iter().rev() {
            let Some(receipt) = self.node.receipt(sent.hash)? else { continue };
            let function = pending.function.clone();
            return Ok(Some(if receipt.status() {
                Left::Mined(mined(function, &receipt))
            } else {
                Left::Failed { function, hash: sent.hash }
            }));
        }
        Ok(is_used.then(|| Left::Replaced { function: pending.function.clone() }))
    }

    /// Signs the transaction anew, if today's fee is higher than the one that it was sent with. Nodes replace
    /// one that they have only for a tenth more.
    fn raise(&self, pending: &mut Pending) -> Result<()> {
        let Some(last) = pending.sent.last() else { return Ok(()) };
        let Fees { max_fee, tip, .. } = match self.node.fees(self.terms.max_fee) {
            Err(ChainError::Dear { .. }) => return Ok(()),
            fees => fees?,
        };
        if max_fee <= last.max_fee {
            return Ok(());
        }
        let eighth = |fee: u128| fee.saturating_add(fee / 8).saturating_add(1);
        let (max_fee, tip) = (max_fee.max(eighth(last.max_fee)), tip.max(eighth(last.tip)));
        let needs = U256::from(pending.gas_limit).saturating_mul(U256::from(max_fee));
        if max_fee > self.terms.max_fee || self.node.balance(self.address())? < needs {
            return Ok(());
        }
        self.sign(pending, max_fee, tip)
    }

    fn sign(&self, pending: &mut Pending, max_fee: u128, tip: u128) -> Result<()> {
        let sent = self.signed(pending, max_fee, tip)?;
        pending.sent.push(sent);
        self.keep(pending)
    }

    /// The transaction at these fees. Of one account there is one signature of it (RFC 6979).
    fn signed(&self, pending: &Pending, max_fee: u128, tip: u128) -> Result<Sent> {
        let transaction = TxEip1559 {
            chain_id: self.node.chain_id(),
            nonce: pending.nonce,
            gas_limit: pending.gas_limit,
            max_fee_per_gas: max_fee,
            max_priority_fee_per_gas: tip,
            to: pending.to.map_or(TxKind::Create, TxKind::Call),
            value: U256::ZERO,
            access_list: Default::default(),
            input: pending.input.clone(),
        };
        let signature = self.account.sign_transaction(&Digest(transaction.signature_hash().0))?.to_bytes();
        let signature = alloy_primitives::Signature::from_raw_array(&signature)
            .map_err(|_| ChainError::Account(fairshare_prover::AccountError::Range))?;
        let signed = transaction.into_signed(signature);
        let (hash, raw) = (*signed.hash(), signed.encoded_2718().into());
        Ok(Sent { hash, raw, max_fee, tip })
    }

    /// Whether this account signed what is kept, each time it was sent: a file that somebody else wrote has
    /// nothing signed.
    fn check(&self, pending: &Pending) -> Result<()> {
        for sent in &pending.sent {
            if self.signed(pending, sent.max_fee, sent.tip)? != *sent {
                return Err(ChainError::NoOutbox { path: self.path.clone() });
            }
        }
        match pending.sent.is_empty() {
            true => Err(ChainError::NoOutbox { path: self.path.clone() }),
            false => Ok(()),
        }
    }

    fn read(&self) -> Result<Option<Pending>> {
        let bytes = match files::read(&self.path, MAX_OUTBOX_BYTES) {
            Ok(bytes) => bytes,
            Err(files::ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => {
                let source = std::io::Error::other(error);
                return Err(ChainError::Outbox { path: self.path.clone(), source });
            }
        };
        let none = |_| ChainError::NoOutbox { path: self.path.clone() };
        let pending = json::from_slice(&bytes).map_err(none)?;
        self.check(&pending)?;
        Ok(Some(pending))
    }

    fn keep(&self, pending: &Pending) -> Result<()> {
        let text = serde_json::to_vec_pretty(pending).unwrap_or_default();
        let failed = |source| ChainError::Outbox { path: self.path.clone(), source };
        files::write(&self.path, &text, Access::Secret).map_err(failed)
    }

    fn forget(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(ChainError::Outbox { path: self.path.clone(), source })
            }
            _ => Ok(()),
        }
    }
}

fn mined(function: String, receipt: &TransactionReceipt) -> Mined {
    Mined {
        function,
        hash: receipt.transaction_hash,
        block: receipt.block_number.unwrap_or_default(),
        created: receipt.contract_address,
        gas: receipt.gas_used,
        cost: U256::from(receipt.gas_used).saturating_mul(U256::from(receipt.effective_gas_price)),
    }
}
