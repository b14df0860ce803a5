//! Among whom data is paid: the weights of others, as an audit computed them again from their proofs.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use num_bigint::BigUint;

use crate::audit::{EpochReport, Fate, Line, NoParameters, Report};
use crate::settlement::pools;

/// The weights of one epoch's data, and what the policy's pool is among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Among {
    /// The epoch whose weights they are.
    pub epoch: u64,
    /// Whether it is the policy's own, and not one that is taken for an example.
    pub is_own: bool,
    /// Whether its data was scored against another reference, or under another schema.
    pub is_other_reference: bool,
    /// By contributor.
    pub weights: BTreeMap<Address, BigUint>,
    /// Contributors with data on record for the policy's own epoch, and no verified proof of it there: their
    /// weights are not known, and come on top.
    pub unproved: BTreeSet<Address>,
    /// Data's pool, in tenths of a base unit, with what is carried to it as far as that is known; none while
    /// nobody can know it.
    pub pool: Option<BigUint>,
}

/// Why an audited ledger does not say among whom data is paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmongError {
    /// The audit found differences.
    #[error(
        "the archive is not as it should be, so its weights are not believed: {first} ({found} in all); \
         `fairshare audit` names every difference"
    )]
    Differs {
        /// The first difference.
        first: String,
        /// How many there are.
        found: u64,
    },
    /// Of another vault.
    #[error("the archive is of another vault than the policy's; take the policy's vault's archive")]
    OtherVault,
    /// No such epoch with verified data.
    #[error("the archive has no verified proof of data of epoch {epoch}; {}", list(.known))]
    NoData {
        /// The epoch asked for.
        epoch: u64,
        /// Epochs that have.
        known: Vec<u64>,
    },
    /// Its proofs could not be verified.
    #[error("the proofs in the archive could not be verified, so its weights are not known")]
    Unaudited {
        /// For want of these parameters.
        source: NoParameters,
    },
    /// Nothing at all.
    #[error(
        "the archive has no verified proof of data of any epoch: nobody's weights are known yet; give a file \
         of weights instead"
    )]
    Nobody,
    /// The policy's number, and another policy.
    #[error(
        "epoch {epoch} of the archive has other rules than the policy: their hash is {found}, the policy's \
         {expected}; give the policy of that epoch"
    )]
    OtherRules {
        /// The epoch.
        epoch: u64,
        /// The rules hash, computed again.
        found: Digest,
        /// The policy's.
        expected: Digest,
    },
    /// Weights in other units.
    #[error(
        "epoch {epoch} of the archive weighs data by another {what} than the policy, so its weights cannot \
         be compared with yours; name an epoch of the same rules, or give a file of weights"
    )]
    OtherWeighting {
        /// The epoch.
        epoch: u64,
        /// What differs.
        what: &'static str,
    },
    /// Given up by the audit.
    #[error(
        "{missing} contributors of epoch {epoch} are not listed, because the ledger has more than an audit \
         keeps; name a later epoch"
    )]
    Unlisted {
        /// The epoch.
        epoch: u64,
        /// Contributors that are not listed.
        missing: u64,
    },
}

fn list(epochs: &[u64]) -> String {
    match epochs {
        [] => "it has none of any epoch".to_owned(),
        [.., last] if epochs.len() > 5 => format!("the last one that has is epoch {last}"),
        _ => {
            format!("epochs that have: {}", epochs.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

impl Among {
    /// Those of an epoch in an audited ledger: of the one named, else of the policy's own if the ledger has
    /// proofs of it, else of the last one that has some, taken for an example. `rules_hash` is the policy's,
    /// computed from the whole parameters.
    pub fn of(
        report: &Report,
        policy: &Policy,
        rules_hash: &Digest,
        epoch: Option<u64>,
    ) -> Result<Self, AmongError> {
        if let Some(first) = report.lines().next() {
            return Err(AmongError::Differs { first, found: report.finding_count() });
        }
        let terms = policy.terms();
        let vault = (report.heading.chain_id, report.heading.vault, report.heading.registry);
        if vault != (terms.chain_id, terms.vault, terms.registry) {
            return Err(AmongError::OtherVault);
        }
        let chosen = choose(report, terms.epoch, epoch)?;
        let is_own = chosen.number == terms.epoch;
        check_rules(chosen, policy, rules_hash, is_own)?;
        Ok(Self {
            epoch: chosen.number,
            is_own,
            is_other_reference: chosen.reference_hash != policy.reference().hash()
                || chosen.schema_hash != policy.schema().hash(),
            weights: chosen
                .lines
                .iter()
                .filter_map(|(who, line)| Some((*who, weight(chosen, line)?)))
                .collect(),
            unproved: unproved(report, policy),
            pool: pool(report, policy),
        })
    }
}

fn has_data(epoch: &EpochReport) -> bool {
    epoch.lines.values().any(|line| line.data.is_some())
}

/// The epoch asked for, else the policy's own, else the last one; of those whose data was verified. One whose
/// contributors the audit gave up listing is refused, and no other taken for it.
fn choose(report: &Report, own: u64, asked: Option<u64>) -> Result<&EpochReport, AmongError> {
    let named = |number| report.epochs.iter().find(|epoch| epoch.number == number);
    let with_data = || report.epochs.iter().filter(|epoch| has_data(epoch));
    let with_weights = |number| named(number).filter(|epoch| has_data(epoch) || epoch.unlisted > 0);
    let chosen = match asked {
        Some(number) => with_weights(number),
        None => with_weights(own).or_else(|| with_data().next_back()),
    };
    let unaudited = || report.unaudited.iter().find(|epoch| asked.is_none_or(|asked| asked == epoch.epoch));
    match (chosen, asked) {
        (Some(epoch), _) if epoch.unlisted > 0 => {
            Err(AmongError::Unlisted { epoch: epoch.number, missing: epoch.unlisted })
        }
        (Some(epoch), _) => Ok(epoch),
        (None, _) if let Some(source) = unaudited() => Err(AmongError::Unaudited { source: *source }),
        (None, Some(epoch)) => {
            Err(AmongError::NoData { epoch, known: with_data().map(|epoch| epoch.number).collect() })
        }
        (None, None) => Err(AmongError::Nobody),
    }
}

/// The rules must be the policy's own, or at least weigh in the same units.
fn check_rules(
    epoch: &EpochReport,
    policy: &Policy,
    rules_hash: &Digest,
    is_own: bool,
) -> Result<(), AmongError> {
    let found = epoch.basis.map_or(epoch.recorded_rules_hash, |basis| basis.rules_hash);
    if is_own {
        if found == *rules_hash {
            return Ok(());
        }
        return Err(AmongError::OtherRules { epoch: epoch.number, found, expected: *rules_hash });
    }
    let what = if epoch.data_decay != *policy.data_decay() {
        "λ"
    } else if epoch.terms.weighting != policy.terms().weighting {
        "weighting or cap"
    } else {
        return Ok(());
    };
    Err(AmongError::OtherWeighting { epoch: epoch.number, what })
}

/// The weight of a line's data, by its epoch's rules.
fn weight(epoch: &EpochReport, line: &Line) -> Option<BigUint> {
    let records = u32::try_from(line.records).ok().and_then(NonZeroU32::new)?;
    Some(epoch.data_weights().weight(line.data?, records, line.latest?))
}

/// Who has data in the policy's rounds, and none that was proved for its epoch.
fn unproved(report: &Report, policy: &Policy) -> BTreeSet<Address> {
    let (own, rounds) = (policy.terms().epoch, policy.data_rounds());
    let lines = report.epochs.iter().find(|epoch| epoch.number == own).map(|epoch| &epoch.lines);
    let is_proved =
        |who: &Address| lines.and_then(|lines| lines.get(who)).is_some_and(|line| line.data.is_some());
    let is_out = |fate: &(u64, Fate)| fate.0 == own && matches!(fate.1, Fate::Ineligible(_));
    let on_record = report.datasets.iter().filter(|dataset| rounds.contains(&dataset.round));
    let on_record = on_record.filter(|dataset| !dataset.fates.iter().any(is_out));
    on_record.map(|dataset| dataset.contributor).filter(|who| !is_proved(who)).collect()
}

/// Data's part of the policy's pool, as far as the ledger knows it: what was funded, and what is brought to
/// it by the epoch before.
fn pool(report: &Report, policy: &Policy) -> Option<BigUint> {
    let own = policy.terms().epoch;
    let named = |number| report.epochs.iter().find(|epoch| epoch.number == number);
    let before = own.checked_sub(1).and_then(named);
    let (pool, brought) = match (named(own), before) {
        (Some(epoch), _) => (epoch.pool.or(data_pool(policy)), epoch.brought.clone()),
        (None, Some(before)) => (data_pool(policy), before.left.clone()),
        (None, None) => (data_pool(policy), Tenths::default()),
    };
    let [_, data] = pools(pool?, &brought);
    Some(data)
}

/// What a policy's rules pay; none where they leave it to what is funded.
fn data_pool(policy: &Policy) -> Option<u128> {
    Some(policy.terms().pool).filter(|pool| *pool > 0)
}
