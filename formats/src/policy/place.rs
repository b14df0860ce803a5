//! Where the value stands that a rule refuses, and on what the rule depends.

use fairshare_params::policy::RuleError;
use fairshare_params::reference::ReferenceError;
use fairshare_params::rules::DomainError;

use super::fault::PolicyFault;
use super::reader::Reader;

impl Reader<'_> {
    /// Adds what the rules refuse, unless it depends on something that is refused already.
    pub(super) fn add_rule(&self, error: RuleError) {
        if depends_on(&error).iter().any(|key| self.is_refused(key)) {
            return;
        }
        let place = place(&error);
        let key: Vec<_> = place.split('.').collect();
        let feature = match &error {
            RuleError::Reference(error) => feature(error).map(str::to_owned),
            _ => None,
        };
        let fault = PolicyFault::Rule(error);
        match feature {
            _ if place.is_empty() => self.add_at(&[], fault),
            Some(feature) => self.add_at(&[&["reference", "counts", &feature], &key, &FILE], fault),
            None => self.add_at(&[&key, &FILE], fault),
        }
    }
}

const FILE: [&str; 2] = ["reference", "file"];

/// The key whose value is refused; nothing if this program does not know it.
fn place(error: &RuleError) -> &'static str {
    depends_on(error).first().copied().unwrap_or_default()
}

/// The keys on which a refusal depends, the one first whose value is to be changed.
fn depends_on(error: &RuleError) -> &'static [&'static str] {
    match error {
        RuleError::Domain(error) => words(error),
        RuleError::PseudoCount => &["data.pseudo_count"],
        RuleError::DecayOrder { .. } => &["compute.lambda", "data.lambda"],
        RuleError::ComputeFaded(_) => &["compute.lambda", "rounds.first", "rounds.count"],
        RuleError::DataFaded(_) => &["data.lambda", "data.first_round", "rounds.first", "rounds.count"],
        RuleError::NeverWeighs { .. } => {
            &["data.min_records", "data.weighting", "data.cap", "schema.feature", "reference.counts"]
        }
        RuleError::Schema(_) => &["schema.feature", "geometry"],
        RuleError::Reference(ReferenceError::Count { .. } | ReferenceError::Total { .. }) => {
            &["reference.counts", "schema.feature", "data.pseudo_count"]
        }
        RuleError::Reference(_) => &["reference.counts", "schema.feature"],
        _ => &[],
    }
}

fn words(error: &DomainError) -> &'static [&'static str] {
    match error {
        DomainError::ChainId => &["vault.chain_id"],
        DomainError::Vault => &["vault.address"],
        DomainError::Registry => &["vault.registry"],
        DomainError::Subnet { .. } => &["vault.subnet"],
        DomainError::Geometry { .. } => &["geometry"],
        DomainError::Rounds { .. } => &["rounds.count", "geometry"],
        DomainError::LastRound { .. } => &["rounds.first", "rounds.count"],
        DomainError::DataFirstRound { .. } => &["data.first_round", "rounds.first"],
        DomainError::Pool { .. } => &["vault.pool", "vault.settlement"],
        DomainError::MinRecords => &["data.min_records"],
        DomainError::Cap { .. } => &["data.cap", "data.weighting"],
        _ => &[],
    }
}

/// The feature under whose name the counts are refused, if they are of one.
fn feature(error: &ReferenceError) -> Option<&str> {
    match error {
        ReferenceError::UnknownFeature { feature }
        | ReferenceError::Bins { feature, .. }
        | ReferenceError::Count { feature, .. }
        | ReferenceError::Total { feature, .. } => Some(feature),
        ReferenceError::CrossedPart { part, .. } => Some(part),
        _ => None,
    }
}
