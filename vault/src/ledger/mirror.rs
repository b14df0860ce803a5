//! Following a chain: the events of a vault that computes what it pays, and of its registry, become the
//! entries of a ledger like any other, which is then audited like any other.
//!
//! The entries follow from the final chain alone, however it was cut into batches, and whoever wrote them:
//!
//! - An entry's time is that of its block. Rules are recorded when their epoch begins.
//! - A contract takes units round by round, a ledger those of a whole epoch: they are kept beside the entries
//!   until the epoch's rounds end.
//! - That an epoch is closed and settled is no event of the chain, or one that comes late. Both entries stand
//!   as of the second after the last one at which no claim is paid, before whatever happens later.
//!
//! What the ledger computes is held against what the contract says that it divides, carries and pays: a
//! difference of one unit is an error, and nothing of the batch is recorded.
//!
//! A contributor's odd act does not stop this: what a contract takes, a ledger takes. (What does stop it is
//! in docs/chain.md, *Limits*.) What is in no entry of a ledger otherwise, a signature of any length or a
//! reason of any letters, is recorded in a form of its own.

use fairshare_audit::registry::{Identity, Refusal};
use fairshare_formats::ledger::Tenths;
use fairshare_formats::policy::PolicySource;
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement;

use clerk::Clerk;

use super::{Ledger, Result, identity};
use crate::database::Transaction;
use crate::error::{MirrorError, VaultError};

mod claims;
mod clerk;
mod note;

/// A block of the chain: how far a ledger has followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Digest,
}

/// What happened on the chain from one block to a later one, all of it.
///
/// Blocks are taken whole: no later batch has an event of a block up to [`Self::until`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose events they are. The first batch fixes it for ever; the settlement is "contract".
    pub identity: Identity,
    /// The block up to which earlier batches went; none of the first one. If the ledger says otherwise,
    /// somebody else has followed the chain at the same time, and nothing is recorded.
    pub after: Option<Cursor>,
    /// The events, in the order of the chain.
    pub events: Vec<Happened>,
    /// The last block that was looked at, which is final.
    pub until: Cursor,
    /// The time of that block.
    pub time: Moment,
}

/// An event, and when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The time of its block.
    pub time: Moment,
    /// What.
    pub event: ChainEvent,
}

/// An event of a `ProvingVault` or of its registry. What a ledger has no entry for is left out: rules that
/// were opened, funds that came, roles that changed hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEvent {
    /// `EpochBegan`: the rules stand, and their first round goes on.
    EpochBegan {
        /// The policy whose rules have that hash, which the caller has computed.
        source: PolicySource,
        /// The rules hash.
        rules_hash: Digest,
    },
    /// `RoundBegan`: rounds before it that were not named were empty.
    RoundBegan {
        /// The epoch.
        epoch: u64,
        /// The round.
        round: u64,
    },
    /// `DataRegistered`.
    DataRegistered {
        /// The round that went on.
        round: u64,
        /// What was registered.
        registration: ChainRegistration,
        /// The signature, of whatever length; empty if the contributor was the sender.
        signature: Vec<u8>,
    },
    /// `UnitsRecorded`, of one call of several in a round.
    UnitsRecorded {
        /// The epoch.
        epoch: u64,
        /// The round that went on.
        round: u64,
        /// The nodes and their units.
        units: Vec<(Address, u32)>,
    },
    /// `DataStruck`.
    DataStruck {
        /// The dataset.
        digest: Digest,
        /// Why: whatever stands there. What no ledger takes is escaped.
        reason: String,
    },
    /// `NodeStruck`.
    NodeStruck {
        /// The epoch.
        epoch: u64,
        /// The node.
        node: Address,
        /// Why: whatever stands there. What no ledger takes is escaped.
        reason: String,
    },
    /// The registry's `EpochEnded` with the vault's `ProvingBegan`, which is of the same call.
    EpochEnded {
        /// The epoch.
        epoch: u64,
        /// Its last round.
        last_round: u64,
        /// What the epoch pays, without what was carried to it, in base units.
        pool: u128,
        /// The last time at which no claim is paid yet, in Unix seconds.
        closed_until: u64,
    },
    /// `BundleTaken`, with the bundle.
    BundleTaken {
        /// The epoch.
        epoch: u64,
        /// For what.
        role: Role,
        /// Whose.
        contributor: Address,
        /// The score, of data in 1/256 nat, of units with 48 fractional bits.
        score: u64,
        /// Records that it covers; 0 for computing power.
        records: u32,
        /// The latest round of its datasets; 0 for computing power.
        latest: u64,
        /// The bundle as the prover makes it: with every proof in it, also if the histogram proofs came by
        /// transactions of their own.
        bytes: Vec<u8>,
    },
    /// `EpochSettled`.
    EpochSettled {
        /// The epoch.
        epoch: u64,
        /// Tenths of base units that are divided.
        divided: Tenths,
        /// Tenths of base units that are carried to the next epoch.
        carried: Tenths,
    },
    /// `Claimed`. To which account does not matter to a ledger: the contributor has said where.
    Claimed {
        /// The epoch.
        epoch: u64,
        /// Who was paid.
        contributor: Address,
        /// For computing power, in base units.
        compute: u128,
        /// For data, in base units.
        data: u128,
        /// The hash of the transaction.
        transaction: Digest,
    },
}

/// What the registry's `DataRegistration` says. Geometry and schema are those of the rules that stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainRegistration {
    /// Who is paid.
    pub contributor: Address,
    /// Records.
    pub records: u32,
    /// The data digest.
    pub digest: Digest,
    /// The segments' hashes, in order.
    pub segments: Vec<Digest>,
    /// The root of the upload; 0 without evidence, and then the next three are empty.
    pub root: Digest,
    /// The upload's bytes, by the contributor's word.
    pub length: u64,
    /// The upload's transaction, by the contributor's word.
    pub upload_tx: Digest,
    /// The siblings of the upload's first chunk.
    pub path: Vec<Digest>,
    /// After this round the registration is void.
    pub last_round: u64,
}

/// What a batch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// How many entries it appended.
    pub appended: u64,
    /// Epochs that were closed and settled with it, in order.
    pub settled: Vec<u64>,
}

impl Ledger {
    /// How far the chain was followed; none of a ledger that has not begun to.
    pub fn cursor(&mut self) -> Result<Option<Cursor>> {
        Ok(self.database.read(position)?.map(|(cursor, _)| cursor))
    }

    /// Takes a batch of events into the ledger and moves its cursor, all in one transaction: whoever is
    /// killed leaves all of it or nothing. However a chain is cut into batches, the same entries come of it.
    pub fn mirror(&mut self, batch: &Batch) -> Result<Mirrored> {
        check_times(batch)?;
        self.database.write(|transaction| {
            bind(transaction, &batch.identity)?;
            check_position(batch, position(transaction)?)?;
            let mut clerk = Clerk::at_the_end(transaction, &batch.identity)?;
            for Happened { time, event } in &batch.events {
                clerk.close_before(transaction, *time)?;
                clerk.take(transaction, *time, event)?;
            }
            clerk.close_before(transaction, batch.time)?;
            move_cursor(transaction, batch)?;
            Ok(clerk.finish())
        })
    }
}

/// Events happened in their order, and none after the last block.
fn check_times(batch: &Batch) -> Result<()> {
    let times: Vec<_> = batch.events.iter().map(|happened| happened.time).chain([batch.time]).collect();
    match times.iter().zip(times.iter().skip(1)).find(|(before, after)| after < before) {
        Some((before, found)) => Err(backwards(found.unix_seconds(), before.unix_seconds())),
        None => Ok(()),
    }
}

/// The batch goes on from where the ledger stands.
fn check_position(batch: &Batch, recorded: Option<(Cursor, Moment)>) -> Result<()> {
    let last = recorded.map(|(cursor, _)| cursor);
    if last != batch.after {
        let plain = |cursor: Cursor| (cursor.number, cursor.hash);
        let (expected, recorded) = (batch.after.map(plain), last.map(plain));
        return Err(MirrorError::Cursor { expected, recorded }.into());
    }
    let Some((last, time)) = recorded else { return Ok(()) };
    if batch.until.number <= last.number {
        return Err(backwards(batch.until.number, last.number));
    }
    let first = batch.events.first().map_or(batch.time, |happened| happened.time);
    if first < time { Err(backwards(first.unix_seconds(), time.unix_seconds())) } else { Ok(()) }
}

fn backwards(found: u64, before: u64) -> VaultError {
    MirrorError::Backwards { found, before }.into()
}

/// Makes the ledger this vault's, or sees that it is.
fn bind(transaction: &mut Transaction<'_>, given: &Identity) -> Result<()> {
    if given.settlement != Settlement::Contract {
        return Err(MirrorError::Settlement { settlement: given.settlement }.into());
    }
    let Some(recorded) = identity(transaction)? else {
        let Identity { chain_id, vault, registry, subnet, .. } = given;
        let row = [chain_id.to_string().into(), vault.into(), registry.into(), subnet.as_str().into()];
        let sql = "INSERT INTO followed (id, chain_id, vault, registry, subnet) VALUES (1, $1, $2, $3, $4)";
        transaction.execute(sql, &row)?;
        return Ok(());
    };
    if recorded != *given {
        let (ledger, policy) = (Box::new(recorded), Box::new(given.clone()));
        return Err(Refusal::OtherVault { ledger, policy }.into());
    }
    Ok(())
}

/// The block up to which the chain was followed, and its time.
fn position(transaction: &mut Transaction<'_>) -> Result<Option<(Cursor, Moment)>> {
    let row = transaction.query_first("SELECT number, hash, time FROM cursors", &[])?;
    let Some(row) = row else { return Ok(None) };
    let cursor = Cursor { number: row.parsed("number")?, hash: row.parsed("hash")? };
    Ok(Some((cursor, row.parsed("time")?)))
}

fn move_cursor(transaction: &mut Transaction<'_>, batch: &Batch) -> Result<()> {
    let Cursor { number, hash } = batch.until;
    let row = [number.to_string().into(), hash.to_string().into(), batch.time.to_string().into()];
    let sql = match batch.after {
        Some(_) => "UPDATE cursors SET number = $1, hash = $2, time = $3",
        None => "INSERT INTO cursors (id, number, hash, time) VALUES (1, $1, $2, $3)",
    };
    transaction.execute(sql, &row)?;
    Ok(())
}
