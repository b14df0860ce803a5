//! Datasets on record: which may be registered, and which count in an epoch.

use fairshare_formats::eip55::checksummed;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Unsigned;

use super::refusal::{MAX_SEGMENTS, Refusal};
use super::timeline::At;

/// A dataset as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The entry that registered it.
    pub index: u64,
    /// The round, which the registry assigned.
    pub round: u64,
    /// What a proof is about.
    pub registration: Registration,
    /// The root of its upload, if it has evidence.
    pub root: Option<Digest>,
    /// The entry that struck it.
    pub struck: Option<u64>,
}

/// Why a dataset does not count in an epoch (PROTOCOL section 9).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ineligible {
    /// Of a round whose data is not paid for.
    #[error("it is of round {round}, and the epoch pays for data of rounds {first} to {last}")]
    Round {
        /// Its round.
        round: u64,
        /// The first that is paid for.
        first: u64,
        /// The last.
        last: u64,
    },
    /// Of another shape.
    #[error("it is of geometry `{found}`, and the epoch has `{expected}`")]
    Geometry {
        /// Its geometry.
        found: Geometry,
        /// The rules'.
        expected: Geometry,
    },
    /// Of another schema.
    #[error("its schema has hash {found}, and the epoch's {expected}")]
    Schema {
        /// Its schema's hash.
        found: Digest,
        /// The rules'.
        expected: Digest,
    },
    /// Without evidence of its upload.
    #[error("it has no evidence of its upload, which the epoch requires")]
    Evidence,
    /// Struck in time.
    #[error("it was struck by entry {entry}, before the epoch's last round had ended")]
    Struck {
        /// The entry.
        entry: u64,
    },
}

impl Dataset {
    /// Whether it counts under a policy whose last round ended there, or has not ended.
    pub fn check_eligible(&self, policy: &Policy, ended: Option<&At>) -> Result<(), Ineligible> {
        let rounds = policy.data_rounds();
        if !rounds.contains(&self.round) {
            let (first, last) = rounds.into_inner();
            return Err(Ineligible::Round { round: self.round, first, last });
        }
        let (found, expected) = (self.registration.geometry(), policy.geometry());
        if found != expected {
            return Err(Ineligible::Geometry { found, expected });
        }
        let (found, expected) = (*self.registration.schema_hash(), policy.schema().hash());
        if found != expected {
            return Err(Ineligible::Schema { found, expected });
        }
        if policy.terms().evidence && self.root.is_none() {
            return Err(Ineligible::Evidence);
        }
        match self.struck {
            Some(entry) if ended.is_none_or(|ended| entry < ended.index) => Err(Ineligible::Struck { entry }),
            _ => Ok(()),
        }
    }
}

/// Whether a registration may be recorded in a round: it is for this vault, the rules take it, a bundle can
/// prove it, and neither its digest nor its upload is on record. `known` and `used` say what is: the round of
/// its digest, and whose its root is.
pub fn check_registration(
    policy: &Policy,
    unsigned: &Unsigned,
    round: u64,
    known: Option<u64>,
    used: Option<Digest>,
) -> Result<(), Refusal> {
    unsigned.check(&policy.domain(), &policy.terms().vault)?;
    let digest = *unsigned.request().digest();
    if let Some(round) = known {
        return Err(Refusal::DigestKnown { digest, round });
    }
    unsigned.check_policy(policy)?;
    let found = unsigned.request().segments().len();
    if found > MAX_SEGMENTS {
        return Err(Refusal::TooManySegments { found });
    }
    let last_round = unsigned.last_round();
    if last_round < round {
        return Err(Refusal::Void { last_round, round });
    }
    match (unsigned.evidence(), used) {
        (Some(evidence), Some(digest)) => Err(Refusal::RootKnown { root: evidence.storage_root, digest }),
        _ => Ok(()),
    }
}

/// What a bundle covers, as it is weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The registrations, in order.
    pub registrations: Vec<Registration>,
    /// The latest of their rounds.
    pub latest: u64,
}

/// Why the digests that a data bundle names are not ones that count together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCovered {
    /// None at all.
    #[error("it names no dataset")]
    None,
    /// Not the contributor's.
    #[error(
        "{contributor} has not registered {digest}; register it first, and prove it in an epoch that pays \
         for it",
        contributor = checksummed(.contributor)
    )]
    Unregistered {
        /// The contributor.
        contributor: Address,
        /// The digest.
        digest: Digest,
    },
    /// Not eligible.
    #[error("{digest} does not count in this epoch; prove the others without it")]
    Ineligible {
        /// The digest.
        digest: Digest,
        /// Why.
        source: Box<Ineligible>,
    },
    /// Out of order, or twice.
    #[error(
        "{digest} was not registered after the dataset named before it; name each dataset once, in the \
         order of registration"
    )]
    Order {
        /// The digest.
        digest: Digest,
    },
}

/// What a data bundle of these digests covers: datasets of its contributor, all eligible, each once, in order
/// of registration. `find` gives what is on record of a digest.
pub fn covered<'a>(
    policy: &Policy,
    ended: Option<&At>,
    contributor: &Address,
    digests: &[Digest],
    find: impl Fn(&Digest) -> Option<&'a Dataset>,
) -> Result<Covered, NotCovered> {
    let (mut registrations, mut latest, mut last) = (Vec::with_capacity(digests.len()), 0, None);
    for digest in digests {
        let dataset = find(digest).filter(|dataset| dataset.registration.contributor() == contributor);
        let unregistered = || NotCovered::Unregistered { contributor: *contributor, digest: *digest };
        let dataset = dataset.ok_or_else(unregistered)?;
        dataset
            .check_eligible(policy, ended)
            .map_err(|source| NotCovered::Ineligible { digest: *digest, source: Box::new(source) })?;
        if last >= Some(dataset.index) {
            return Err(NotCovered::Order { digest: *digest });
        }
        last = Some(dataset.index);
        latest = latest.max(dataset.round);
        registrations.push(dataset.registration.clone());
    }
    if registrations.is_empty() { Err(NotCovered::None) } else { Ok(Covered { registrations, latest }) }
}

#[cfg(test)]
mod tests;
