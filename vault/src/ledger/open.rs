//! Opening an epoch: its rules stand from now on.

use fairshare_audit::registry::{Identity, Refusal, Span, check_token};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Event, Files};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::time::Moment;
use fairshare_params::policy::Token;
use fairshare_params::rules::Settlement;
use fairshare_verifier::Verifier;

use super::chain::Chain;
use super::{Epoch, Ledger, Result, epoch_of, id, identity, read_source, timeline};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

/// What opening an epoch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The epoch.
    pub epoch: Epoch,
    /// Whether it had been opened before, under the same rules.
    pub before: bool,
}

impl Ledger {
    /// Opens the policy's epoch; the ledger's first one fixes chain, vault, registry, subnet and way to pay.
    ///
    /// Until its first round begins, other rules may take their place. The verifier is one for the policy:
    /// it has its rules hash.
    pub fn open_epoch(
        &mut self,
        source: &PolicySource,
        verifier: &Verifier<'_>,
        now: Moment,
    ) -> Result<Opened> {
        let (policy, rules_hash) = (verifier.policy(), verifier.rules_hash());
        let number = policy.terms().epoch;
        if policy.terms().settlement == Settlement::Contract {
            return Err(Refusal::ContractSettles { epoch: number }.into());
        }
        self.database.write(|transaction| {
            let identity = bind(transaction, &Identity::of(policy), now)?;
            let timeline = timeline(transaction)?;
            if let Ok(stage) = timeline.stage(number) {
                let epoch = epoch_of(transaction, &timeline, stage)?;
                // Of the same rules another text may stand until the first round: what it says of tokens, for
                // instance, is in no hash, and would be wrong for ever.
                let is_same =
                    timeline.has_begun(stage) || read_source(transaction, &epoch)?.hash() == source.hash();
                if epoch.rules_hash == rules_hash && is_same {
                    return Ok(Opened { epoch, before: true });
                }
            }
            let span = Span::of(policy.terms());
            timeline.check_rules(&span)?;
            check_token(policy.token(), token(transaction, number)?.as_ref(), number)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let event = Event::Rules { epoch: number, rules_hash, policy: source.hash() };
            let index = chain.append(transaction, event, &Files::of_policy(source))?.index;
            record(transaction, index, &span, &rules_hash.to_string(), policy.token())?;
            let timeline = super::timeline(transaction)?;
            let epoch = epoch_of(transaction, &timeline, timeline.stage(number)?)?;
            Ok(Opened { epoch, before: false })
        })
    }
}

/// Makes the ledger this vault's, or sees that it is.
fn bind(transaction: &mut Transaction<'_>, given: &Identity, now: Moment) -> Result<Identity> {
    let Some(recorded) = identity(transaction)? else {
        let Identity { chain_id, vault, registry, subnet, settlement } = given;
        transaction.execute(
            "INSERT INTO ledger (id, chain_id, vault, registry, subnet, settlement, time)
             VALUES (1, $1, $2, $3, $4, $5, $6)",
            &[
                chain_id.to_string().into(),
                checksummed(vault).to_string().into(),
                checksummed(registry).to_string().into(),
                subnet.as_str().into(),
                settlement.name().into(),
                now.to_string().into(),
            ],
        )?;
        return Ok(given.clone());
    };
    if recorded.settlement == Settlement::Contract {
        return Err(VaultError::FollowsChain);
    }
    if recorded != *given {
        let (ledger, policy) = (Box::new(recorded), Box::new(given.clone()));
        return Err(Refusal::OtherVault { ledger, policy }.into());
    }
    Ok(recorded)
}

/// The token of other epochs' rules, if any of them names one.
pub(super) fn token(transaction: &mut Transaction<'_>, epoch: u64) -> Result<Option<Token>> {
    // Rules that others have taken the place of bind nobody.
    let sql = "SELECT token_symbol, token_decimals FROM spans WHERE token_symbol IS NOT NULL AND epoch <> $1
        AND entry IN (SELECT max(entry) FROM spans GROUP BY epoch) ORDER BY entry DESC LIMIT 1";
    let Some(row) = transaction.query_first(sql, &[epoch.to_string().into()])? else { return Ok(None) };
    let decimals = u8::try_from(row.count("token_decimals")?).ok();
    let token = decimals.and_then(|decimals| Token::new(row.text("token_symbol").ok()?, decimals));
    Ok(Some(token.ok_or(DatabaseError::Corrupt { what: "a token that is none" })?))
}

pub(super) fn record(
    transaction: &mut Transaction<'_>,
    index: u64,
    span: &Span,
    rules_hash: &str,
    token: Option<&Token>,
) -> Result<()> {
    let Span { epoch, first, last, ends_by, proving_seconds, pool } = span;
    transaction.execute(
        "INSERT INTO spans (entry, epoch, rules_hash, first_round, last_round, ends_by, proving_seconds, pool,
            token_symbol, token_decimals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            id(index)?,
            epoch.to_string().into(),
            rules_hash.into(),
            first.to_string().into(),
            last.to_string().into(),
            ends_by.to_string().into(),
            proving_seconds.to_string().into(),
            pool.to_string().into(),
            token.map(|token| token.symbol().to_owned()).into(),
            token.map(|token| i64::from(token.decimals())).into(),
        ],
    )?;
    Ok(())
}
