//! Strikes: what the operator takes out, for everybody to see.

use fairshare_audit::registry::{Identity, Now, Refusal, check_note};
use fairshare_formats::ledger::{Event, Files, Receipt};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use super::chain::Chain;
use super::{Ledger, Result, id, operated, timeline};
use crate::database::Transaction;

/// What is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A dataset, in the epochs whose last round has not ended.
    Data(Digest),
    /// A node, in the epoch whose rounds go on.
    Node(Address),
}

/// A strike on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Where it stands.
    pub receipt: Receipt,
    /// The epoch whose rounds go on, if any do.
    pub epoch: Option<u64>,
}

impl Ledger {
    /// Strikes a dataset or a node, for this reason.
    pub fn strike(&mut self, target: Target, reason: &str, now: Moment) -> Result<Struck> {
        check_note("reason", reason)?;
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let timeline = timeline(transaction)?;
            let epoch = match timeline.now() {
                Now::Round(stage, _) => Some(stage.span.epoch),
                Now::Between => None,
            };
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let receipt = put(transaction, &mut chain, target, epoch, reason.to_owned())?;
            Ok(Struck { receipt, epoch })
        })
    }
}

/// Puts a strike on record, while the rounds of this epoch go on.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    target: Target,
    epoch: Option<u64>,
    reason: String,
) -> Result<Receipt> {
    let (event, columns) = match target {
        Target::Data(digest) => {
            check_data(transaction, &digest)?;
            (Event::StrikeData { digest, reason }, (Some(digest.to_string()), None, None))
        }
        Target::Node(node) => {
            let epoch = epoch.ok_or(Refusal::NoEpochToStrike)?;
            check_node(transaction, epoch, &node)?;
            let event = Event::StrikeNode { epoch, node, reason };
            (event, (None, Some(epoch.to_string()), Some(node)))
        }
    };
    let receipt = chain.append(transaction, event, &Files::none())?;
    let (digest, of_epoch, node) = columns;
    let row = [id(receipt.index)?, digest.into(), of_epoch.into(), node.as_ref().into()];
    let sql = "INSERT INTO strikes (entry, digest, epoch, node) VALUES ($1, $2, $3, $4)";
    transaction.execute(sql, &row)?;
    Ok(receipt)
}

fn check_data(transaction: &mut Transaction<'_>, digest: &Digest) -> Result<()> {
    let name = digest.to_string();
    let mut is_in = |table: &str| -> Result<bool> {
        let sql = format!("SELECT entry FROM {table} WHERE digest = $1");
        Ok(transaction.query_first(&sql, &[name.as_str().into()])?.is_some())
    };
    if !is_in("datasets")? {
        return Err(Refusal::UnknownDigest { digest: *digest }.into());
    }
    if is_in("strikes")? { Err(Refusal::DataStruck { digest: *digest }.into()) } else { Ok(()) }
}

fn check_node(transaction: &mut Transaction<'_>, epoch: u64, node: &Address) -> Result<()> {
    let sql = "SELECT entry FROM strikes WHERE epoch = $1 AND node = $2";
    match transaction.query_first(sql, &[epoch.to_string().into(), node.into()])? {
        Some(_) => Err(Refusal::NodeStruck { node: *node, epoch }.into()),
        None => Ok(()),
    }
}
