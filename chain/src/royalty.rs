//! A vault that pays roots of claims (`RoyaltyVault`): where it stands, and what is still to be sent to it.
//!
//! The chain decides, and no memory of ours: each step asks what stands there, and returns the calls that are
//! missing, or none. So whoever says the same twice sends nothing twice, and it does not matter who sends the
//! calls: an account of ours, or the owners of a Safe.

use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{Filter, Log};
use alloy_sol_types::SolEvent;
use fairshare_audit::claims::ClaimTree;
use fairshare_contracts::calldata::{self, ProvedClaim, evm_address};
use fairshare_contracts::interface::RoyaltyVault::{self, ClaimPassedOver, RootPosted, RootVetoed};
use fairshare_params::address;
use fairshare_params::encoding::Digest;

use crate::error::{ChainError, Result};
use crate::node::{Call, MAX_GAS, Node, Steps};
use crate::refusal::Refusal;
use crate::root_error::RootError;
use crate::token::approvals;

/// Most claims of one transaction: each takes up to 60,000 gas.
const MAX_BATCH_CLAIMS: usize = 200;
/// Most bytes of one transaction; nodes take 128 KiB.
const MAX_BATCH_BYTES: usize = 100 << 10;
/// Most gas that a transaction of claims may take now: its limit is a fifth more.
const MAX_BATCH_GAS: u64 = MAX_GAS / 5 * 4;
/// Blocks that are looked through at once for the posting of a root, from the last one back.
const BLOCKS_BACK: u64 = 10_000;

/// What an epoch's root says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The epoch.
    pub epoch: u64,
    /// The root of its claims.
    pub root: Digest,
    /// The hash of the rules under which it was settled.
    pub rules_hash: Digest,
    /// The sum of all its claims' cumulative amounts.
    pub total: u128,
}

impl Root {
    /// That of the claims of an epoch.
    pub fn of(tree: &ClaimTree) -> Self {
        let distribution = tree.distribution();
        let (epoch, rules_hash) = (distribution.epoch, distribution.rules_hash);
        Self { epoch, root: tree.root(), rules_hash, total: tree.total() }
    }
}

/// The archive from which anyone can compute a root again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Keccak-256 of its bytes.
    pub hash: Digest,
    /// Where it can be fetched.
    pub place: String,
}

/// Where an epoch's root stands at its vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// None is posted.
    None,
    /// Its window runs.
    Pending {
        /// What it says.
        root: Root,
        /// When the window ends, in Unix seconds; of a paused vault, if the pause ended now.
        active_at: u64,
    },
    /// It pays, for ever.
    Active(Root),
}

/// A root as it was posted, and where that stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// What it says.
    pub root: Root,
    /// The archive.
    pub archive: Archive,
    /// Its block, and its place among the block's logs.
    pub at: (u64, u64),
    /// Its transaction.
    pub transaction: B256,
    /// When its window ends, in Unix seconds, unless a pause puts that off.
    pub active_at: u64,
}

/// A payment that a claim is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who is paid.
    pub contributor: address::Address,
    /// What is paid now, in base units.
    pub amount: u128,
    /// All that the contributor has earned up to the epoch.
    pub cumulative: u128,
}

/// What of an epoch's claims is to be paid.
#[derive(Clone, Debug, Default)]
pub struct Payable {
    /// What the transactions pay.
    pub payments: Vec<Payment>,
    /// Who cannot be paid now, and why not.
    pub unpaid: Vec<(address::Address, String)>,
    /// The transactions.
    pub steps: Steps,
}

/// A vault for roots of claims.
pub struct Vault<'a> {
    node: &'a Node,
    address: Address,
}

impl<'a> Vault<'a> {
    /// The vault at this address of the node's chain.
    pub fn at(node: &'a Node, vault: &address::Address) -> Result<Self> {
        let vault = Self { node, address: evm_address(vault) };
        // Another contract, or none, does not answer this.
        vault.node.read(vault.address, &RoyaltyVault::challengeWindowCall {})?;
        Ok(vault)
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Who posts roots.
    pub fn operator(&self) -> Result<Address> {
        self.node.read(self.address, &RoyaltyVault::operatorCall {})
    }

    /// Who vetoes them.
    pub fn guardian(&self) -> Result<Address> {
        self.node.read(self.address, &RoyaltyVault::guardianCall {})
    }

    /// The token that it pays.
    pub fn token(&self) -> Result<Address> {
        self.node.read(self.address, &RoyaltyVault::tokenCall {})
    }

    /// The root that is pending, with the time at which its window ends. It may be over without having been
    /// recorded: see [`Self::is_over`].
    pub fn pending(&self) -> Result<Option<(Root, u64)>> {
        let pending = self.node.read(self.address, &RoyaltyVault::pendingRootCall {})?;
        let RoyaltyVault::PendingRoot { epoch, activeAt, total, root, rulesHash } = pending;
        let found = Root { epoch, root: digest(root), rules_hash: digest(rulesHash), total };
        Ok((!root.is_zero()).then_some((found, activeAt)))
    }

    /// Whether a window that ends then is over: no veto and no replacement reaches its root any more.
    pub fn is_over(&self, active_at: u64) -> Result<bool> {
        // Of a paused vault it never is in the past: it says when it would be if the pause ended now.
        let is_paused = self.node.read(self.address, &RoyaltyVault::pausedCall {})?;
        Ok(!is_paused && self.node.head()?.time >= active_at)
    }

    /// Where an epoch's root stands.
    pub fn standing(&self, epoch: u64) -> Result<Standing> {
        let active = self.node.read(self.address, &RoyaltyVault::activeRootCall { epoch })?;
        if !active.root.is_zero() {
            let (root, rules_hash) = (digest(active.root), digest(active.rulesHash));
            return Ok(Standing::Active(Root { epoch, root, rules_hash, total: active.total }));
        }
        match self.pending()? {
            Some((root, active_at)) if root.epoch == epoch => match self.is_over(active_at)? {
                true => Ok(Standing::Active(root)),
                false => Ok(Standing::Pending { root, active_at }),
            },
            _ => Ok(Standing::None),
        }
    }

    /// Whether its root, or a later one, pays: nothing is funded for it any more.
    pub fn is_closed(&self, epoch: u64) -> Result<bool> {
        let open = self.node.read(self.address, &RoyaltyVault::openEpochCall {})?;
        // A root whose window is over closes its epoch with whatever the vault is sent next.
        let due = match self.pending()? {
            Some((root, active_at)) => root.epoch >= epoch && self.is_over(active_at)?,
            None => false,
        };
        Ok(epoch < open || due)
    }

    /// What was funded for epochs up to this one, in base units.
    pub fn funded_through(&self, epoch: u64) -> Result<u128> {
        self.node.read(self.address, &RoyaltyVault::fundedThroughCall { epoch })
    }

    /// The call that posts an epoch's root; none if it was posted. Another root that is pending for the epoch
    /// is replaced only if `replaces`.
    pub fn post(&self, root: &Root, archive: &Archive, from: Address, replaces: bool) -> Result<Steps> {
        let epoch = root.epoch;
        match self.standing(epoch)? {
            Standing::Active(found) if found == *root => return Ok(Steps::new()),
            Standing::Active(found) => return Err(RootError::RootFinal { epoch, found: found.root }.into()),
            Standing::Pending { root: found, active_at } => {
                let is_same = found == *root
                    && self.posted(epoch, &root.root)?.is_some_and(|one| one.archive == *archive);
                if is_same {
                    return Ok(Steps::new());
                }
                if !replaces {
                    return Err(RootError::RootPending { epoch, found: found.root, active_at }.into());
                }
            }
            Standing::None => self.check_no_other(epoch)?,
        }
        let operator = self.operator()?;
        if from != operator {
            return Err(ChainError::OtherRole { role: "operator", found: from, expected: operator });
        }
        let funded = self.funded_through(epoch)?;
        if funded < root.total {
            return Err(RootError::Underfunded { epoch, funded, total: root.total }.into());
        }
        let posting = calldata::Posting {
            epoch,
            root: root.root,
            rules_hash: root.rules_hash,
            total: root.total,
            archive_hash: archive.hash,
            archive_place: &archive.place,
        };
        Ok(vec![("post", Call::new(self.address, calldata::post(&posting)))])
    }

    /// One root is pending at a time.
    fn check_no_other(&self, epoch: u64) -> Result<()> {
        match self.pending()? {
            Some((root, active_at)) if root.epoch != epoch && !self.is_over(active_at)? => {
                Err(RootError::OtherEpochPending { epoch: root.epoch, active_at }.into())
            }
            _ => Ok(()),
        }
    }

    /// The calls that bring what is missing so that an epoch's root can be posted; none if it is funded, or
    /// is closed because it, or a later one, pays already.
    pub fn fund(&self, epoch: u64, total: u128, from: Address) -> Result<Steps> {
        if self.is_closed(epoch)? {
            return Ok(Steps::new());
        }
        let missing = total.saturating_sub(self.funded_through(epoch)?);
        if missing == 0 {
            return Ok(Steps::new());
        }
        let mut steps = approvals(self.node, self.token()?, from, self.address, missing)?;
        steps.push(("fund", Call::new(self.address, calldata::fund(epoch, missing))));
        Ok(steps)
    }

    /// The calls that pay these contributors what the claims of an epoch are worth by now. Those who have it
    /// are left out, and so are those who cannot be paid; `progress` is told how many were looked at.
    pub fn pay(
        &self,
        tree: &ClaimTree,
        contributors: &[address::Address],
        from: Address,
        progress: &dyn Fn(usize),
    ) -> Result<Payable> {
        let epoch = tree.distribution().epoch;
        self.check_pays(&Root::of(tree))?;
        let (mut payable, mut claims) = (Payable::default(), Vec::new());
        for (done, contributor) in contributors.iter().enumerate() {
            progress(done);
            let (Some(claim), Some(proof)) = (tree.claim(contributor), tree.proof(contributor)) else {
                return Err(RootError::NoClaim { epoch, contributor: evm_address(contributor) }.into());
            };
            let (contributor, cumulative) = (*contributor, claim.cumulative);
            let amount = cumulative.saturating_sub(self.claimed(&contributor)?);
            if amount == 0 {
                continue;
            }
            // What would be passed over in a batch costs gas and pays nothing.
            match self.check_claim(epoch, &contributor, cumulative, &proof) {
                Ok(()) => {
                    payable.payments.push(Payment { contributor, amount, cumulative });
                    claims.push(ProvedClaim { contributor, cumulative, proof });
                }
                Err(ChainError::Refused { refusal, .. }) => payable.unpaid.push((contributor, refusal.text)),
                Err(error) => return Err(error),
            }
        }
        payable.steps = self.batches(epoch, claims, from)?;
        Ok(payable)
    }

    /// Whether the epoch's claims can be paid now.
    fn check_pays(&self, root: &Root) -> Result<()> {
        let epoch = root.epoch;
        match self.standing(epoch)? {
            Standing::None => Err(RootError::NotPosted { epoch }.into()),
            Standing::Active(found) | Standing::Pending { root: found, .. } if found != *root => {
                Err(RootError::OtherRoot { epoch, found: found.root, expected: root.root }.into())
            }
            Standing::Pending { active_at, .. } => Err(RootError::WindowRuns { epoch, active_at }.into()),
            Standing::Active(_) => match self.node.read(self.address, &RoyaltyVault::pausedCall {})? {
                true => Err(RootError::Paused.into()),
                false => Ok(()),
            },
        }
    }

    /// What a contributor was paid in all, in base units.
    pub fn claimed(&self, contributor: &address::Address) -> Result<u128> {
        let call = RoyaltyVault::claimedCall { contributor: evm_address(contributor) };
        self.node.read(self.address, &call)
    }

    fn check_claim(
        &self,
        epoch: u64,
        contributor: &address::Address,
        cumulative: u128,
        proof: &[Digest],
    ) -> Result<()> {
        let proof = proof.iter().map(|sibling| sibling.0.into()).collect();
        let contributor = evm_address(contributor);
        let call = RoyaltyVault::claimCall { epoch, contributor, cumulative, proof };
        self.node.read(self.address, &call).map(|_| ())
    }

    /// Transactions of claims, each of which fits into a block.
    fn batches(&self, epoch: u64, claims: Vec<ProvedClaim>, from: Address) -> Result<Steps> {
        let (mut steps, mut waiting) = (Steps::new(), vec![claims]);
        while let Some(mut claims) = waiting.pop() {
            let fits = fitting(&claims);
            if fits < claims.len() {
                let later = claims.split_off(fits);
                waiting.push(later);
            }
            if claims.is_empty() {
                continue;
            }
            let call = Call::new(self.address, calldata::claim_many(epoch, &claims));
            let gas = self.node.estimate("claimMany", &call, from)?;
            if gas > MAX_BATCH_GAS && claims.len() > 1 {
                let later = claims.split_off(claims.len() / 2);
                waiting.extend([later, claims]);
                continue;
            }
            steps.push(("claimMany", call));
        }
        Ok(steps)
    }

    /// Who of these contributors was passed over in a block, and why.
    pub fn passed_over(&self, epoch: u64, block: u64) -> Result<Vec<(address::Address, String)>> {
        let topics = [Some(word(epoch)), None, None];
        let events = self.node.events::<ClaimPassedOver>(self.address, topics, [block, block])?;
        let told = |(event, _): (ClaimPassedOver, Log)| {
            (address::Address(event.contributor.into()), Refusal::decode(&event.reason).text)
        };
        Ok(events.into_iter().map(told).collect())
    }

    /// The last posting of a root for an epoch, if the node has it.
    pub fn posted(&self, epoch: u64, root: &Digest) -> Result<Option<Posted>> {
        let filter = Filter::new().address(self.address).event_signature(RootPosted::SIGNATURE_HASH);
        let filter = filter.topic1(word(epoch)).topic2(B256::from(root.0));
        let mut last = Some(self.node.head()?.number);
        while let Some(to) = last {
            let first = to.saturating_sub(BLOCKS_BACK.saturating_sub(1));
            if let Some(log) = self.node.logs(&filter, [first, to])?.into_iter().next_back() {
                return self.read_posting(&log).map(Some);
            }
            last = first.checked_sub(1);
        }
        Ok(None)
    }

    fn read_posting(&self, log: &Log) -> Result<Posted> {
        let event = RootPosted::decode_log_data(log.data()).map_err(|_| ChainError::OtherContract {
            address: self.address,
            function: RootPosted::SIGNATURE,
        })?;
        Ok(Posted {
            root: Root {
                epoch: event.epoch,
                root: digest(event.root),
                rules_hash: digest(event.rulesHash),
                total: event.total,
            },
            archive: Archive { hash: digest(event.archiveHash), place: event.archivePlace },
            at: (log.block_number.unwrap_or_default(), log.log_index.unwrap_or_default()),
            transaction: log.transaction_hash.unwrap_or_default(),
            active_at: event.activeAt,
        })
    }

    /// Whether a root was struck out after it was posted.
    pub fn is_struck(&self, posted: &Posted) -> Result<bool> {
        let topics = [Some(word(posted.root.epoch)), Some(posted.root.root.0.into()), None];
        let blocks = [posted.at.0, self.node.head()?.number];
        let events = self.node.events::<RootVetoed>(self.address, topics, blocks)?;
        let at = |log: &Log| (log.block_number.unwrap_or_default(), log.log_index.unwrap_or_default());
        Ok(events.iter().any(|(_, log)| at(log) > posted.at))
    }

    /// The roots that were struck out in a block.
    pub fn struck_in(&self, block: u64) -> Result<Vec<(u64, Digest)>> {
        let events = self.node.events::<RootVetoed>(self.address, [None; 3], [block, block])?;
        Ok(events.into_iter().map(|(event, _)| (event.epoch, digest(event.root))).collect())
    }

    /// The call that strikes out a root; none if it is not pending any more.
    pub fn veto(&self, root: &Root) -> Result<Option<Call>> {
        let is_pending = self.pending()?.is_some_and(|(pending, _)| pending == *root);
        Ok(is_pending.then(|| self.veto_call(root)))
    }

    /// The same, whether it is pending or not.
    pub fn veto_call(&self, root: &Root) -> Call {
        Call::new(self.address, calldata::veto(root.epoch, &root.root))
    }
}

/// How many of the claims fit into one transaction: one in any case.
fn fitting(claims: &[ProvedClaim]) -> usize {
    // Words: where the claim is, contributor, amount, where its proof is, the proof's length, the proof.
    let size = |claim: &ProvedClaim| claim.proof.len().saturating_add(5).saturating_mul(32);
    let mut bytes = 0usize;
    let fits = |claim: &&ProvedClaim| {
        bytes = bytes.saturating_add(size(claim));
        bytes <= MAX_BATCH_BYTES
    };
    claims.iter().take(MAX_BATCH_CLAIMS).take_while(fits).count().max(1)
}

fn digest(word: B256) -> Digest {
    Digest(word.0)
}

/// A number as a topic.
fn word(number: u64) -> B256 {
    U256::from(number).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fit_into_a_transaction() {
        let claim = |siblings| ProvedClaim {
            contributor: address::Address([1; 20]),
            cumulative: 1,
            proof: vec![Digest([2; 32]); siblings],
        };
        assert_eq!(fitting(&[]), 1);
        assert_eq!(fitting(&vec![claim(0); 1_000]), MAX_BATCH_CLAIMS);
        for siblings in [2, 7, 20, 40] {
            let claims = vec![claim(siblings); 1_000];
            let fits = fitting(&claims);
            let data = calldata::claim_many(1, &claims[..fits]);
            assert!(data.len() <= MAX_BATCH_BYTES + 100, "{siblings}: {fits}, {}", data.len());
        }
        // One that fits into none is still one.
        assert_eq!(fitting(&vec![claim(10_000); 3]), 1);
    }
}
