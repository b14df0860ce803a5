//! Among whom the data would be paid: an archive, which is audited first, or a file of weights.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader};
use std::path::Path;

use fairshare_audit::among::Among;
use fairshare_audit::audit::{AuditError, Auditor, Expected, Report};
use fairshare_audit::settlement::pools;
use fairshare_audit::worth::{Share, share};
use fairshare_formats::archive::ArchiveError;
use fairshare_formats::ledger::Tenths;
use fairshare_formats::weights::{self, MAX_WEIGHTS_BYTES};
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_storage::files;
use fairshare_verifier::{Trust, Verifier};
use num_bigint::BigUint;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ScoreDataArgs;
use crate::document::spelling::{Decimal, Units};
use crate::error::CliError;
use crate::output::{amount, count, notice, thousands, units};
use crate::{load, progress};

/// Others' weights, and data's pool.
pub struct Others {
    file: String,
    /// The epoch whose weights they are, and whether it is the policy's own; none of a file of weights.
    epoch: Option<(u64, bool)>,
    /// Whether that epoch's data was scored by another schema or against another reference.
    is_other_reference: bool,
    /// In tenths of a base unit; none while nobody can know it.
    pool: Option<BigUint>,
    weights: BTreeMap<Address, BigUint>,
    /// Who has data on record for the policy's own epoch, and no proof of it yet.
    unproved: BTreeSet<Address>,
}

/// What the data would be paid among others.
#[derive(Serialize, JsonSchema)]
pub struct AmongLine {
    /// The archive or the file of weights.
    file: String,
    /// Whether the weights were computed again from proofs, by an audit; false of a file of weights.
    audited: bool,
    /// The epoch whose weights they are; null of a file of weights.
    epoch: Option<u64>,
    /// Others with a weight.
    others: usize,
    /// Others with data on record for the policy's own epoch and no proof of it yet: their weights come on
    /// top.
    unproved: usize,
    /// All weights together, this data's included.
    #[schemars(with = "Decimal")]
    total_weight: String,
    /// This data's part of them, from 0 to 1, rounded.
    part: f64,
    /// Data's pool in base units, with what is carried to it as far as that is known; null while nobody can
    /// know it.
    #[schemars(with = "Option<Units>")]
    data_pool: Option<String>,
    /// This data's share of that pool in base units, rounded down as the vault rounds it; null without a
    /// pool.
    #[schemars(with = "Option<Decimal>")]
    share: Option<String>,
}

/// What one's own weight has among the others'.
pub struct Paid {
    pub others: Others,
    pub share: Share,
    /// In base units; none without a pool.
    pub units: Option<BigUint>,
    pub part: f64,
}

impl Paid {
    pub fn line(&self) -> AmongLine {
        AmongLine {
            file: self.others.file.clone(),
            audited: self.others.epoch.is_some(),
            epoch: self.others.epoch.map(|(epoch, _)| epoch),
            others: self.share.others,
            unproved: self.others.unproved.len(),
            total_weight: self.share.total.to_string(),
            part: self.part,
            data_pool: self.others.pool.as_ref().map(units),
            share: self.units.as_ref().map(ToString::to_string),
        }
    }

    /// Among whom, in words.
    pub fn whom(&self) -> String {
        let others = count(self.share.others, "other");
        match (self.others.epoch, self.others.unproved.len()) {
            (Some((epoch, true)), 1..) => format!(
                "{others} with proofs in epoch {epoch} (and {} without a proof yet)",
                thousands(self.others.unproved.len() as u64)
            ),
            (Some((epoch, _)), _) => format!("{others} with proofs in epoch {epoch}"),
            (None, _) => others,
        }
    }

    /// Data's pool in words, in whole base units.
    pub fn pool(&self, policy: &Policy) -> Option<String> {
        self.others.pool.as_ref().map(|tenths| tokens(&(tenths / 10u32), policy))
    }

    /// Says how far the weights are those that the policy's epoch will have.
    pub fn warn(&self, policy: &Policy) {
        let own = policy.terms().epoch;
        let unproved = match self.others.unproved.len() {
            0 => None,
            1 => Some("1 other contributor has".to_owned()),
            many => Some(format!("{} other contributors have", thousands(many as u64))),
        };
        match (self.others.epoch, unproved) {
            (Some((epoch, false)), unproved) => notice(&format!(
                "warning: these are the weights of epoch {epoch}, as an example: nobody has proved data of \
                 epoch {own} yet, and {} data on record for it",
                unproved.as_deref().unwrap_or("nobody else has")
            )),
            (Some((_, true)), Some(unproved)) => notice(&format!(
                "warning: {unproved} data on record for epoch {own} and no proof of it yet; with them the \
                 share is smaller"
            )),
            (Some((_, true)), None) | (None, _) => {}
        }
        if self.others.is_other_reference {
            notice("warning: that epoch's data was scored by another schema or against another reference");
        }
    }
}

impl Others {
    /// What a weight is paid among them; what the list has of the contributor itself is replaced by it.
    pub fn pay(mut self, own: &BigUint, contributor: Option<Address>) -> Paid {
        if let Some(contributor) = contributor {
            self.weights.remove(&contributor);
            self.unproved.remove(&contributor);
        }
        let share = share(self.pool.clone().unwrap_or_default(), own, self.weights.values());
        let part = share.part(own);
        let units = self.pool.as_ref().map(|_| share.units.clone());
        Paid { others: self, share, units, part }
    }
}

/// Reads others' weights from what the user names.
pub fn read(path: &Path, policy: &Policy, args: &ScoreDataArgs) -> Result<Others, CliError> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        if args.epoch.is_some() || !args.params.is_empty() {
            return Err(CliError::AmongWeights { path: path.to_owned() });
        }
        return of_weights(path, policy);
    }
    of_archive(path, policy, args)
}

fn of_weights(path: &Path, policy: &Policy) -> Result<Others, CliError> {
    let bytes = load::bytes(path, MAX_WEIGHTS_BYTES)?;
    let weights =
        weights::from_csv(&bytes).map_err(|source| CliError::Weights { path: path.to_owned(), source })?;
    let pool = policy.terms().pool;
    let [_, data] = pools(pool, &Tenths::default());
    Ok(Others {
        file: path.display().to_string(),
        epoch: None,
        is_other_reference: false,
        pool: (pool > 0).then_some(data),
        weights,
        unproved: BTreeSet::new(),
    })
}

/// Audits the archive, and takes the weights that the audit computed again.
fn of_archive(path: &Path, policy: &Policy, args: &ScoreDataArgs) -> Result<Others, CliError> {
    let parameters = args.params.iter().map(|path| load::derive(&load::params(path)?));
    let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
    let named = parameters.iter().find(|own| is_named(own, policy)).or(parameters.first());
    let named = named.ok_or_else(|| CliError::AmongUnaudited { path: path.to_owned() })?;
    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let rules_hash = Verifier::new(named, policy, trust)?.rules().hash();
    let report = audit(path, &parameters, trust)?;
    let among = Among::of(&report, policy, &rules_hash, args.epoch)
        .map_err(|source| CliError::Among { path: path.to_owned(), source: Box::new(source) })?;
    Ok(Others {
        file: path.display().to_string(),
        epoch: Some((among.epoch, among.is_own)),
        is_other_reference: among.is_other_reference,
        pool: among.pool,
        weights: among.weights,
        unproved: among.unproved,
    })
}

/// Whether the policy names these parameters.
fn is_named(parameters: &VerifierParameters, policy: &Policy) -> bool {
    let (geometry, srs) = (parameters.geometry(), &parameters.words().srs);
    policy.check_parameters(geometry, srs, parameters.is_insecure()).is_ok()
}

fn audit(path: &Path, parameters: &[VerifierParameters], trust: Trust) -> Result<Report, CliError> {
    let refuse = |source: AuditError| CliError::Archive { path: path.to_owned(), source: Box::new(source) };
    let (file, _) =
        files::open(path).map_err(|error| refuse(ArchiveError::from(io::Error::from(error)).into()))?;
    let bar = progress::counter("auditing the archive");
    let progress = |done: u64, total: u64| {
        let [done, total] = [done, total].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        bar.set(done, total);
    };
    let auditor = Auditor::new(parameters, trust, &progress);
    auditor.archive(BufReader::new(file), &Expected::default()).map_err(refuse)
}

/// Base units, and in tokens where the policy says how.
pub fn tokens(units: &BigUint, policy: &Policy) -> String {
    // A share is no larger than a vault's pools, which are below 2^128 in all.
    u128::try_from(units).map_or_else(|_| units.to_string(), |units| amount(units, policy.token()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address([1; 20]);
    const B: Address = Address([2; 20]);
    const C: Address = Address([3; 20]);

    /// Whoever asks is none of the others, whether the archive has a proof of theirs or only their data.
    #[test]
    fn who_asks_is_none_of_the_others() {
        let others = || Others {
            file: "archive".to_owned(),
            epoch: Some((4, true)),
            is_other_reference: false,
            pool: Some(BigUint::from(1_000u32)),
            weights: [(A, BigUint::from(3u32)), (B, BigUint::from(5u32))].into(),
            unproved: [B, C].into(),
        };
        let paid = |contributor| others().pay(&BigUint::from(5u32), contributor);
        for (contributor, weighing, unproved, share) in
            [(None, 2, 2, 38u32), (Some(A), 1, 2, 50), (Some(B), 1, 1, 62), (Some(C), 2, 1, 38)]
        {
            let line = paid(contributor).line();
            assert_eq!((line.others, line.unproved), (weighing, unproved), "{contributor:?}");
            assert_eq!(line.share, Some(share.to_string()), "{contributor:?}");
        }
        assert!(paid(None).whom().ends_with("in epoch 4 (and 2 without a proof yet)"));
    }
}
