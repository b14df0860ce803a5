//! Opening an epoch.

use fairshare_audit::settlement::Carry;
use fairshare_audit::snapshot::{State, VaultIdentity};
use fairshare_formats::policy::PolicySource;
use fairshare_params::policy::Policy;
use fairshare_params::rules::Settlement;
use fairshare_verifier::Verifier;

use super::{Epoch, Ledger, POLICY_FILE, Result, all_epochs, insert, read_policy};
use crate::database::Transaction;
use crate::error::VaultError;

/// What opening an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The epoch.
    pub epoch: Epoch,
    /// Whether it had been opened before, under the same rules.
    pub before: bool,
}

impl Ledger {
    /// Opens the policy's epoch; the ledger's first one fixes chain, vault and subnet.
    ///
    /// An epoch follows the one before it in number and rounds, and takes over what that one left: so that
    /// one has to be settled. The verifier is one for the policy: it has its rules hash.
    pub fn open_epoch(&mut self, source: &PolicySource, verifier: &Verifier<'_>) -> Result<Opened> {
        let (policy, given) = (verifier.policy(), verifier.rules_hash());
        if policy.terms().settlement == Settlement::Contract {
            return Err(VaultError::ContractSettles { epoch: policy.terms().epoch });
        }
        self.database.write(|transaction| {
            bind_vault(transaction, policy)?;
            let epochs = all_epochs(transaction)?;
            let number = policy.terms().epoch;
            if let Some(epoch) = epochs.iter().find(|epoch| epoch.number == number) {
                if epoch.rules_hash != given {
                    return Err(VaultError::OtherRules { epoch: number, recorded: epoch.rules_hash, given });
                }
                return Ok(Opened { epoch: epoch.clone(), before: true });
            }
            check_follows(transaction, &epochs, policy)?;
            let last = epochs.last();
            let epoch = Epoch {
                id: last.map_or(1, |last| last.id + 1),
                number,
                rules_hash: given,
                source: source.hash(),
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
    let (chain_id, address) = (row.parsed("chain_id")?, row.address("vault")?);
    let recorded = VaultIdentity { chain_id, address, subnet: row.text("subnet")?.to_owned() };
    if recorded != given {
        return Err(VaultError::OtherVault { ledger: Box::new(recorded), policy: Box::new(given) });
    }
    Ok(())
}

fn check_follows(transaction: &mut Transaction<'_>, epochs: &[Epoch], policy: &Policy) -> Result<()> {
    let terms = policy.terms();
    let mut pools = terms.pool;
    if let Some(last) = epochs.last() {
        if terms.epoch < last.number {
            return Err(VaultError::NotAscending { epoch: terms.epoch, last: last.number });
        }
        if last.state < State::Settled {
            return Err(VaultError::Unsettled { epoch: last.number, state: last.state });
        }
    }
    for epoch in epochs {
        let earlier = read_policy(transaction, epoch)?;
        // Every share and every sum of shares is below the sum of all pools.
        pools = pools.checked_add(earlier.terms().pool).ok_or(VaultError::PoolsTooLarge)?;
        let (first, last) = (terms.first_round, earlier.terms().last_round());
        if first <= last {
            return Err(VaultError::RoundsAgain { first, epoch: epoch.number, last });
        }
    }
    Ok(())
}

fn record(transaction: &mut Transaction<'_>, epoch: &Epoch, source: &PolicySource) -> Result<()> {
    let Carry { compute, data } = &epoch.brought;
    transaction.execute(
        "INSERT INTO epochs (id, number, rules_hash, source, state, compute_brought, data_brought)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            epoch.id.into(),
            epoch.number.to_string().into(),
            epoch.rules_hash.to_string().into(),
            epoch.source.to_string().into(),
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
