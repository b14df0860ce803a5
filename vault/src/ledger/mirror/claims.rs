//! What a contract says that it divides, carries and pays, held against the ledger's own settlement.

use fairshare_audit::registry::Stage;
use fairshare_audit::settlement::{Payout, pools};
use fairshare_formats::ledger::{Event, Files, Tenths};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use crate::database::Transaction;
use crate::error::{MirrorError, VaultError};
use crate::ledger::chain::Chain;
use crate::ledger::{Result, id, settled_entry};

/// Whether the contract's pools of an epoch are the ledger's.
pub(super) fn check_settled(
    transaction: &mut Transaction<'_>,
    stage: &Stage,
    divided: &Tenths,
    carried: &Tenths,
) -> Result<()> {
    let epoch = stage.span.epoch;
    let (_, settled) = settled_entry(transaction, epoch)?.ok_or(MirrorError::Unsettled { epoch })?;
    let [compute, data] = pools(stage.pool().unwrap_or_default(), &settled.brought);
    let left = settled.left;
    // A pool is carried whole or not at all, so no more of it than there is.
    let own = Tenths { compute: compute - &left.compute, data: data - &left.data };
    if (&own, &left) == (divided, carried) {
        return Ok(());
    }
    let chain = Box::new([divided.clone(), carried.clone()]);
    Err(MirrorError::Pools { epoch, chain, ledger: Box::new([own, left]) }.into())
}

/// Puts on record that a contract has paid somebody an epoch's share, by this transaction.
pub(super) fn claim(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    epoch: u64,
    contributor: Address,
    share: Payout,
    evidence: &Digest,
) -> Result<()> {
    let (entry, _) = settled_entry(transaction, epoch)?.ok_or(MirrorError::Unsettled { epoch })?;
    let own = earned(transaction, entry, &contributor)?;
    if own != share {
        return Err(MirrorError::Share { epoch, contributor, chain: share, ledger: own }.into());
    }
    let before = paid(transaction, epoch, &contributor, share.total())?;
    let cumulative = before.checked_add(share.total()).ok_or(VaultError::Number)?;
    let evidence = evidence.to_string();
    let row = [(&contributor).into(), cumulative.to_string().into(), evidence.as_str().into()];
    let event = Event::Confirmed { contributor, cumulative, evidence };
    let index = chain.append(transaction, event, &Files::none())?.index;
    let row: Vec<_> = [id(index)?].into_iter().chain(row).collect();
    let sql = "INSERT INTO claims (entry, contributor, cumulative, evidence) VALUES ($1, $2, $3, $4)";
    transaction.execute(sql, &row)?;
    Ok(())
}

/// What a settlement gives somebody.
fn earned(transaction: &mut Transaction<'_>, entry: u64, contributor: &Address) -> Result<Payout> {
    let sql = "SELECT compute, data FROM earnings WHERE entry = $1 AND contributor = $2";
    let Some(row) = transaction.query_first(sql, &[id(entry)?, contributor.into()])? else {
        return Ok(Payout::default());
    };
    Ok(Payout { compute: row.parsed("compute")?, data: row.parsed("data")? })
}

/// What somebody was paid before, in all. An entry of a payment names no epoch: each share is paid once, so
/// there has to be one of this amount that was not.
fn paid(transaction: &mut Transaction<'_>, epoch: u64, contributor: &Address, share: u128) -> Result<u128> {
    let mut unpaid = Vec::new();
    let sql = "SELECT compute, data FROM earnings WHERE contributor = $1";
    for row in &transaction.query(sql, &[contributor.into()])? {
        unpaid.push(Payout { compute: row.parsed("compute")?, data: row.parsed("data")? }.total());
    }
    let mut before = 0u128;
    let sql = "SELECT cumulative FROM claims WHERE contributor = $1 ORDER BY entry";
    for row in &transaction.query(sql, &[contributor.into()])? {
        let cumulative: u128 = row.parsed("cumulative")?;
        take(&mut unpaid, cumulative.saturating_sub(before));
        before = cumulative;
    }
    match take(&mut unpaid, share) {
        true => Ok(before),
        false => Err(MirrorError::Twice { epoch, contributor: *contributor, amount: share }.into()),
    }
}

fn take(unpaid: &mut Vec<u128>, share: u128) -> bool {
    let found = unpaid.iter().position(|own| *own == share);
    found.map(|at| unpaid.swap_remove(at)).is_some()
}
