//! Opening an epoch.

use fairshare_audit::settlement::Carry;
use fairshare_audit::snapshot::{State, VaultIdentity};
use fairshare_formats::policy::PolicySource;
use fairshare_params::policy::Policy;

use super::{Epoch, Ledger, POLICY_FILE, Result, all_epochs, insert, read_policy};
use crate::database::Transaction;
use crate::error::VaultError;

/// What opening an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The epoch.
    pub epoch: Epoch,
    /// Whether it had been opened before, under the same policy.
    pub before: bool,
}

impl Ledger {
    /// Opens the policy's epoch; the ledger's first one fixes chain, vault and subnet.
    ///
    /// An epoch follows the one before it in number and rounds, and takes over what that one left: so that
    /// one has to be settled.
    pub fn open_epoch(&mut self, source: &PolicySource, policy: &Policy) -> Result<Opened> {
        self.database.write(|transaction| {
            bind_vault(transaction, policy)?;
            let epochs = all_epochs(transaction)?;
            let vault = policy.vault();
            let given = policy.hash();
            if let Some(epoch) = epochs.iter().find(|epoch| epoch.number == vault.epoch) {
                if epoch.policy != given {
                    return Err(VaultError::OtherPolicy {
                        epoch: vault.epoch,
                        recorded: epoch.policy,
                        given,
                    });
                }
                return Ok(Opened { epoch: epoch.clone(), before: true });
            }
            check_follows(transaction, &epochs, policy)?;
            let last = epochs.last();
            let epoch = Epoch {
                id: last.map_or(1, |last| last.id + 1),
                number: vault.epoch,
                policy: given,
                state: State::Open,
                brought: last.and_then(|last| last.left.clone()).unwrap_or_default(),
                left: None,
                root: None,
            };
            record(transaction, &epoch, source)?;
            Ok(Opened { epoch, before: false })
        })
    }
}

/// Makes the ledger this vault's, or sees that it is.
fn bind_vault(transaction: &mut Transaction<'_>, policy: &Policy) -> Result<()> {
    let given = VaultIdentity::of(policy);
    let Some(row) = transaction.query_first("SELECT chain_id, vault, subnet FROM ledger", &[])? else {
        let VaultIdentity { chain_id, address, subnet } = given;
        let sql = "INSERT INTO ledger (id, chain_id, vault, subnet) VALUES (1, $1, $2, $3)";
        let row = [chain_id.to_string().into(), (&address).into(), subnet.into()];
        transaction.execute(sql, &row)?;
        return Ok(());
    };
    let (chain_id, address) = (row.parsed(0)?, row.address(1)?);
    let recorded = VaultIdentity { chain_id, address, subnet: row.text(2)?.to_owned() };
    if recorded != given {
        return Err(VaultError::OtherVault { ledger: Box::new(recorded), policy: Box::new(given) });
    }
    Ok(())
}

fn check_follows(transaction: &mut Transaction<'_>, epochs: &[Epoch], policy: &Policy) -> Result<()> {
    let vault = policy.vault();
    let mut pools = vault.pool;
    if let Some(last) = epochs.last() {
        if vault.epoch < last.number {
            return Err(VaultError::NotAscending { epoch: vault.epoch, last: last.number });
        }
        if last.state < State::Settled {
            return Err(VaultError::Unsettled { epoch: last.number, state: last.state });
        }
    }
    for epoch in epochs {
        let earlier = read_policy(transaction, epoch)?;
        // Every share and every sum of shares is below the sum of all pools.
        pools = pools.checked_add(earlier.vault().pool).ok_or(VaultError::PoolsTooLarge)?;
        let last = earlier.last_round();
        if policy.first_round() <= last {
            let first = policy.first_round();
            return Err(VaultError::RoundsAgain { first, epoch: epoch.number, last });
        }
    }
    Ok(())
}

fn record(transaction: &mut Transaction<'_>, epoch: &Epoch, source: &PolicySource) -> Result<()> {
    let Carry { compute, data } = &epoch.brought;
    transaction.execute(
        "INSERT INTO epochs (id, number, policy, state, compute_brought, data_brought)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            epoch.id.into(),
            epoch.number.to_string().into(),
            epoch.policy.to_string().into(),
            epoch.state.name().into(),
            compute.to_string().into(),
            data.to_string().into(),
        ],
    )?;
    let files = source.files.iter().map(|(name, content)| (name.as_str(), content.clone()));
    let policy = (POLICY_FILE, source.text.clone().into_bytes());
    let rows =
        files.chain([policy]).map(|(name, content)| vec![epoch.id.into(), name.into(), content.into()]);
    insert(transaction, "policy_files (epoch, name, content)", rows.collect())
}
