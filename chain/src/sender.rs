//! Sending one transaction after the other, and telling of each before it is sent.

use std::path::Path;

use alloy_primitives::Address;
use fairshare_prover::Account;

use crate::error::{ChainError, Result};
use crate::node::{Call, Node};
use crate::outbox::{Left, Mined, Outbox, Quote, Terms};

/// What a command tells while it sends.
#[derive(Debug)]
pub enum Told<'a> {
    /// What became of a transaction that an earlier command left behind.
    Left(&'a Left),
    /// What will be sent now, and what it costs.
    Quote(&'a Quote),
    /// It is in a block.
    Mined(&'a Mined),
}

/// An account that sends.
pub struct Sender<'a> {
    outbox: Outbox<'a>,
    tell: &'a dyn Fn(Told<'_>),
    is_dry_run: bool,
    mined: Vec<Mined>,
}

impl<'a> Sender<'a> {
    /// The account, with its outbox in `folder`; what an earlier command left there is finished first. On a
    /// dry run the first transaction that would be sent ends the command with [`ChainError::DryRun`].
    pub fn open(
        node: &'a Node,
        account: &'a Account,
        folder: &Path,
        terms: &Terms,
        tell: &'a dyn Fn(Told<'_>),
    ) -> Result<Self> {
        let (outbox, left) = Outbox::open(node, account, folder, terms)?;
        let mut sender = Self { outbox, tell, is_dry_run: terms.is_dry_run, mined: Vec::new() };
        if let Some(left) = left {
            tell(Told::Left(&left));
            if let Left::Mined(mined) = left {
                sender.mined.push(mined);
            }
        }
        Ok(sender)
    }

    /// The chain's node.
    pub fn node(&self) -> &'a Node {
        self.outbox.node()
    }

    /// Whether nothing is sent.
    pub fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }

    /// Who sends.
    pub fn address(&self) -> Address {
        self.outbox.address()
    }

    /// Sends a transaction, unless the contract refuses it, and waits until it is in a block.
    pub fn send(&mut self, function: &'static str, call: &Call) -> Result<Mined> {
        let quote = self.outbox.quote(function, call)?;
        (self.tell)(Told::Quote(&quote));
        if self.is_dry_run {
            return Err(ChainError::DryRun);
        }
        let mined = self.outbox.send(call, &quote)?;
        (self.tell)(Told::Mined(&mined));
        self.mined.push(mined.clone());
        Ok(mined)
    }

    /// The transactions that are in blocks, that of an earlier command included.
    pub fn mined(&self) -> &[Mined] {
        &self.mined
    }
}
