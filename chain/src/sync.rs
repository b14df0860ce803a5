//! Following a chain: the events of a vault that computes what it pays, and of its registry, go into a
//! ledger, as far as their blocks are final.
//!
//! A ledger keeps the last block that it followed, by its hash. If the chain has another block there, what
//! was called final was not, and the sync stops: nothing in a ledger is ever taken back.
//!
//! Whose word is it? The node's: that these are the chain's events. All else is checked, by the ledger as it
//! takes an event, or by whoever audits it: digests, bundles, amounts.

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{Filter, Log};
use alloy_sol_types::SolEvent;
use fairshare_audit::registry::Identity;
use fairshare_contracts::solidity::BundleVerifier;
use fairshare_contracts::solidity::ProvingVault::{
    BundleTaken, Claimed, EpochSettled, ProvingBegan, RulesOpened,
};
use fairshare_contracts::solidity::TaskRegistry::{
    DataRegistered, DataRegistration, DataStruck, EpochBegan, EpochEnded, NodeStruck, RoundBegan,
    UnitsRecorded,
};
use fairshare_formats::ledger::Tenths;
use fairshare_formats::policy::PolicySource;
use fairshare_formats::time::Moment;
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::{Digest, decode_point};
use fairshare_params::policy::Policy;
use fairshare_params::role::Role;
use fairshare_params::rules::{ParameterWords, ReferenceWords};
use fairshare_vault::ledger::{Batch, ChainEvent, ChainRegistration, Cursor, Happened, Ledger};
use halo2curves::bn256::G1Affine;
use num_bigint::BigUint;

use crate::bundles::Bundles;
use crate::error::{ChainError, Result};
use crate::node::BlockHead;
use crate::proving::Pair;

/// What is followed, and what is known beside the chain.
pub struct Follower<'a> {
    /// The vault and its registry.
    pub pair: Pair<'a>,
    /// Whose ledger it is.
    pub identity: Identity,
    /// The policies of its epochs.
    pub policies: Vec<(PolicySource, Policy)>,
    /// Bundles that the chain may not show.
    pub bundles: Bundles<'a>,
    /// How many blocks become one batch.
    pub blocks: u64,
}

/// How far a ledger was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The last block before; none of a ledger that had not begun.
    pub from: Option<u64>,
    /// The last block now.
    pub to: u64,
    /// Entries that were appended.
    pub appended: u64,
    /// Epochs that were settled with them.
    pub settled: Vec<u64>,
}

/// What is held of a batch while it is read.
#[derive(Default)]
struct Reading {
    /// Each with its block's number: two blocks may have one time.
    events: Vec<(u64, Happened)>,
    /// An `EpochEnded` whose `ProvingBegan`, in the same call, is still to come.
    ended: Option<(u64, u64)>,
    /// The block read last, and its head.
    head: Option<BlockHead>,
}

impl Follower<'_> {
    /// Follows the chain up to its last final block; `progress` is told of each batch, with the block that it
    /// reaches and the last one.
    pub fn follow(&self, ledger: &mut Ledger, progress: &dyn Fn(u64, u64)) -> Result<Followed> {
        let node = self.pair.node();
        let last = node.finalised()?;
        let mut cursor = ledger.cursor()?;
        let from = cursor.map(|cursor| cursor.number);
        if let Some(cursor) = cursor {
            self.check_cursor(&cursor, &last)?;
        }
        let mut next = match cursor {
            Some(cursor) => cursor.number.saturating_add(1),
            None => self.birth(&last)?,
        };
        let mut followed = Followed { from, to: from.unwrap_or_default(), appended: 0, settled: Vec::new() };
        while next <= last.number {
            let to = last.number.min(next.saturating_add(self.blocks.max(1).saturating_sub(1)));
            progress(to, last.number);
            let (batch, stopped) = self.batch([next, to], cursor)?;
            if let Some(batch) = batch {
                let mirrored = ledger.mirror(&batch)?;
                followed.appended = followed.appended.saturating_add(mirrored.appended);
                followed.settled.extend(mirrored.settled);
                followed.to = batch.until.number;
                cursor = Some(batch.until);
            }
            if let Some(error) = stopped {
                return Err(error);
            }
            next = to.saturating_add(1);
        }
        Ok(followed)
    }

    /// Whether the chain still has the block up to which it was followed.
    fn check_cursor(&self, cursor: &Cursor, last: &BlockHead) -> Result<()> {
        let number = cursor.number;
        let found = self.pair.node().block(BlockNumberOrTag::Number(number))?;
        match found {
            Some(found) if found.hash.0 == cursor.hash.0 => Ok(()),
            Some(found) => {
                Err(ChainError::Reorganised { number, recorded: cursor.hash, found: Digest(found.hash.0) })
            }
            None => Err(ChainError::Behind { number, last: last.number }),
        }
    }

    /// The block in which the vault was created, or an earlier one: what a node that keeps no old states can
    /// say.
    fn birth(&self, last: &BlockHead) -> Result<u64> {
        let node = self.pair.node();
        let is_there = |number: u64| node.code_at(self.pair.vault(), number).map(|code| !code.is_empty());
        if !is_there(last.number)? {
            return Err(ChainError::NotFinal { address: self.pair.vault(), last: last.number });
        }
        let (mut absent, mut there) = (0, last.number);
        while there.saturating_sub(absent) > 1 {
            let middle = absent.saturating_add(there.saturating_sub(absent) / 2);
            match is_there(middle) {
                Ok(true) => there = middle,
                Ok(false) => absent = middle,
                Err(_) => return Ok(0),
            }
        }
        Ok(there)
    }

    /// What happened in these blocks; with an error, what happened before the block that it is about.
    fn batch(&self, blocks: [u64; 2], after: Option<Cursor>) -> Result<(Option<Batch>, Option<ChainError>)> {
        let node = self.pair.node();
        let head = |number: u64| -> Result<BlockHead> {
            let last = node.block(BlockNumberOrTag::Number(number))?;
            last.ok_or(ChainError::Behind { number, last: number.saturating_sub(1) })
        };
        let [first, to] = blocks;
        let before = head(to)?;
        let filter = Filter::new().address(vec![self.pair.vault(), self.pair.registry()]);
        let logs = node.logs(&filter, blocks)?;
        let mut reading = Reading::default();
        let mut stopped = None;
        for log in &logs {
            if let Err(error) = self.read(log, &mut reading) {
                stopped = Some(error);
                break;
            }
        }
        // A block that was exchanged while its logs were read would be of two chains.
        let until = match &stopped {
            None => head(to)?,
            Some(_) => {
                let broken = reading.head.map_or(first, |head| head.number);
                let Some(whole) = broken.checked_sub(1).filter(|whole| *whole >= first) else {
                    return Ok((None, stopped));
                };
                let until = head(whole)?;
                reading.events.retain(|(number, _)| *number <= whole);
                until
            }
        };
        if stopped.is_none() && until != before {
            let (recorded, found) = (Digest(before.hash.0), Digest(until.hash.0));
            return Err(ChainError::Reorganised { number: to, recorded, found });
        }
        let batch = Batch {
            identity: self.identity.clone(),
            after,
            events: reading.events.into_iter().map(|(_, event)| event).collect(),
            until: Cursor { number: until.number, hash: Digest(until.hash.0) },
            time: moment(until.time)?,
        };
        Ok((Some(batch), stopped))
    }

    /// Takes one log.
    fn read(&self, log: &Log, reading: &mut Reading) -> Result<()> {
        let place = (log.block_number, log.block_hash, log.transaction_hash, log.topic0());
        let (Some(number), Some(hash), Some(transaction), Some(topic)) = place else {
            return Err(ChainError::OddLog);
        };
        let head = match reading.head {
            Some(head) if head.number == number => head,
            _ => {
                let head = self.pair.node().block(BlockNumberOrTag::Number(number))?;
                head.ok_or(ChainError::Behind { number, last: number.saturating_sub(1) })?
            }
        };
        reading.head = Some(head);
        if head.hash != hash {
            let (recorded, found) = (Digest(hash.0), Digest(head.hash.0));
            return Err(ChainError::Reorganised { number, recorded, found });
        }
        let of_vault = log.address() == self.pair.vault();
        let event = match of_vault {
            true => self.of_vault(log, *topic, transaction, reading)?,
            false => self.of_registry(log, *topic, number, reading)?,
        };
        if let Some(event) = event {
            reading.events.push((number, Happened { time: moment(head.time)?, event }));
        }
        Ok(())
    }

    fn of_vault(
        &self,
        log: &Log,
        topic: B256,
        transaction: B256,
        reading: &mut Reading,
    ) -> Result<Option<ChainEvent>> {
        Ok(Some(match topic {
            ProvingBegan::SIGNATURE_HASH => {
                let event: ProvingBegan = decoded(log)?;
                let Some((epoch, last_round)) = reading.ended.take() else { return Err(ChainError::OddLog) };
                if epoch != event.epoch {
                    return Err(ChainError::OddLog);
                }
                let (pool, closed_until) = (event.pool, event.closedUntil);
                ChainEvent::EpochEnded { epoch, last_round, pool, closed_until }
            }
            BundleTaken::SIGNATURE_HASH => {
                let event: BundleTaken = decoded(log)?;
                let mut roles = [Role::Data, Role::Compute].into_iter();
                let role = roles.find(|role| event.role == U256::from(role.id()));
                let role = role.ok_or(ChainError::OddLog)?;
                let rules = || self.opened(event.epoch, log.block_number.unwrap_or_default());
                let bytes = self.bundles.find(&self.pair, &event, role, transaction, rules)?;
                ChainEvent::BundleTaken {
                    epoch: event.epoch,
                    role,
                    contributor: Account(event.contributor.into()),
                    score: event.score,
                    records: event.records,
                    latest: event.latest,
                    bytes,
                }
            }
            EpochSettled::SIGNATURE_HASH => {
                let event: EpochSettled = decoded(log)?;
                let tenths = |number: U256| BigUint::from_bytes_be(&number.to_be_bytes::<32>());
                ChainEvent::EpochSettled {
                    epoch: event.epoch,
                    divided: Tenths { compute: tenths(event.computeTenths), data: tenths(event.dataTenths) },
                    carried: Tenths {
                        compute: tenths(event.computeCarried),
                        data: tenths(event.dataCarried),
                    },
                }
            }
            Claimed::SIGNATURE_HASH => {
                let event: Claimed = decoded(log)?;
                ChainEvent::Claimed {
                    epoch: event.epoch,
                    contributor: Account(event.contributor.into()),
                    compute: event.compute,
                    data: event.data,
                    transaction: Digest(transaction.0),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn of_registry(
        &self,
        log: &Log,
        topic: B256,
        number: u64,
        reading: &mut Reading,
    ) -> Result<Option<ChainEvent>> {
        Ok(Some(match topic {
            EpochBegan::SIGNATURE_HASH => {
                let event: EpochBegan = decoded(log)?;
                let (source, rules_hash) = self.rules(event.epoch, event.rulesHash, number)?;
                ChainEvent::EpochBegan { source, rules_hash }
            }
            RoundBegan::SIGNATURE_HASH => {
                let RoundBegan { epoch, round } = decoded(log)?;
                ChainEvent::RoundBegan { epoch, round }
            }
            DataRegistered::SIGNATURE_HASH => {
                let event: DataRegistered = decoded(log)?;
                let registration = registration(event.registration);
                ChainEvent::DataRegistered {
                    round: event.round,
                    registration,
                    signature: event.signature.to_vec(),
                }
            }
            UnitsRecorded::SIGNATURE_HASH => {
                let event: UnitsRecorded = decoded(log)?;
                let units =
                    event.nodes.into_iter().map(|node| Account(node.into())).zip(event.units).collect();
                ChainEvent::UnitsRecorded { epoch: event.epoch, round: event.round, units }
            }
            DataStruck::SIGNATURE_HASH => {
                let event: DataStruck = decoded(log)?;
                ChainEvent::DataStruck { digest: Digest(event.digest.0), reason: event.reason }
            }
            NodeStruck::SIGNATURE_HASH => {
                let event: NodeStruck = decoded(log)?;
                let node = Account(event.node.into());
                ChainEvent::NodeStruck { epoch: event.epoch, node, reason: event.reason }
            }
            EpochEnded::SIGNATURE_HASH => {
                let event: EpochEnded = decoded(log)?;
                reading.ended = Some((event.epoch, event.lastRound));
                return Ok(None);
            }
            _ => return Ok(None),
        }))
    }

    /// The policy whose rules have this hash. What a policy does not say itself, for it is derived from the
    /// parameters, is taken from the rules as they were opened: whoever audits the ledger derives it anew.
    fn rules(&self, epoch: u64, expected: B256, until: u64) -> Result<(PolicySource, Digest)> {
        let words = self.opened(epoch, until)?;
        let (reference, parameters) = derived(&words).ok_or(ChainError::OddLog)?;
        for (source, policy) in &self.policies {
            let found = policy.rules(reference, parameters).hash();
            if policy.terms().epoch == epoch && found.0 == expected.0 {
                return Ok((source.clone(), found));
            }
        }
        Err(ChainError::UnknownRules { epoch, hash: Digest(expected.0) })
    }

    /// The words of the rules under which an epoch began, as they were opened last before this block.
    fn opened(&self, epoch: u64, until: u64) -> Result<BundleVerifier::Rules> {
        let (node, standing) = (self.pair.node(), self.pair.epoch(epoch)?);
        let mut found = None;
        node.back_from(until, &[self.pair.vault()], &[RulesOpened::SIGNATURE_HASH], |log| {
            let event = RulesOpened::decode_log_data(log.data()).ok();
            found = event.filter(|event| event.epoch == epoch && event.rulesHash == standing.rulesHash);
            found.is_some()
        })?;
        Ok(found.ok_or(ChainError::OddLog)?.rules)
    }
}

/// The words that are derived from the parameters; none if what should be a point is none.
fn derived(words: &BundleVerifier::Rules) -> Option<(ReferenceWords, ParameterWords)> {
    let BundleVerifier::Rules { scoring, parameters, .. } = words;
    let reference = ReferenceWords {
        features: scoring.features,
        free_bins: scoring.bins,
        ln_totals: scoring.lnTotals,
        ln: point(&scoring.ln)?,
        boundaries: point(&scoring.boundaries)?,
    };
    let parameters = ParameterWords {
        srs: Digest(parameters.srs.0),
        keys: Digest(parameters.keys.0),
        lagrange_root: Digest(parameters.lagrangeRoot.0),
        openings: Digest(parameters.openings.0),
    };
    Some((reference, parameters))
}

fn point(words: &BundleVerifier::G1) -> Option<G1Affine> {
    let bytes = [words.x.to_be_bytes::<32>(), words.y.to_be_bytes::<32>()].concat();
    decode_point(bytes.as_slice().try_into().ok()?)
}

fn registration(words: DataRegistration) -> ChainRegistration {
    ChainRegistration {
        contributor: Account(words.contributor.into()),
        records: words.records,
        digest: Digest(words.digest.0),
        segments: words.segments.into_iter().map(|hash| Digest(hash.0)).collect(),
        root: Digest(words.root.0),
        length: words.length,
        upload_tx: Digest(words.uploadTx.0),
        path: words.path.into_iter().map(|hash| Digest(hash.0)).collect(),
        last_round: words.lastRound,
    }
}

fn decoded<E: SolEvent>(log: &Log) -> Result<E> {
    E::decode_log_data(log.data()).map_err(|_| ChainError::OddLog)
}

fn moment(seconds: u64) -> Result<Moment> {
    Moment::from_unix_seconds(seconds).map_err(|_| ChainError::OddLog)
}
