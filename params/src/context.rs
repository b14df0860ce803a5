//! What a proof is bound to (PROTOCOL section 5): one hash over who, where, under which rules, about what.

use std::collections::HashSet;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::{Digest, Hasher};
use crate::policy::{PROTOCOL_VERSION, Policy};
use crate::registration::{Contribution, Evidence, Registration};
use crate::role::Role;

fn count_hint(role: Role) -> &'static str {
    match role {
        Role::Data => "at least one",
        Role::Compute => "exactly one",
    }
}

/// Why registrations cannot be proved together, or not under this policy. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// A data proof covers at least one registration, a compute proof exactly one.
    #[error("{found} registrations for {role}; give {}", count_hint(*.role))]
    Count {
        /// The role.
        role: Role,
        /// Registrations given.
        found: usize,
    },
    /// A registration for another role.
    #[error("registration {index} is for {found}, not for {expected}; prove each role by itself")]
    Role {
        /// Position of the registration.
        index: usize,
        /// Its role.
        found: Role,
        /// The proof's role.
        expected: Role,
    },
    /// Somebody else's registration.
    #[error("registration {index} belongs to {found:?}, not to {expected:?}; leave it out")]
    Contributor {
        /// Position of the registration.
        index: usize,
        /// Who registered it.
        found: Address,
        /// The proof's contributor.
        expected: Address,
    },
    /// Another circuit shape than the policy's.
    #[error(
        "registration {index} has geometry `{found}`, but the policy `{expected}`; register under the \
         policy's"
    )]
    Geometry {
        /// Position of the registration.
        index: usize,
        /// Its geometry.
        found: Geometry,
        /// The policy's.
        expected: Geometry,
    },
    /// Symbols that mean something else under the policy's schema.
    #[error(
        "registration {index} has schema {found}, but the policy {expected}; commit the data under the \
         policy's schema"
    )]
    Schema {
        /// Position of the registration.
        index: usize,
        /// Hash of its schema.
        found: Digest,
        /// Hash of the policy's.
        expected: Digest,
    },
    /// Units whose rows are other rounds than the policy's, or go beyond them.
    #[error(
        "registration {index} covers {rounds} rounds from {first}, but the policy {policy_rounds} from \
         {policy_first}; register the units of the policy's rounds"
    )]
    Rounds {
        /// Position of the registration.
        index: usize,
        /// Its first round.
        first: u64,
        /// Its number of rounds.
        rounds: u32,
        /// The policy's first round.
        policy_first: u64,
        /// The policy's number of rounds.
        policy_rounds: usize,
    },
    /// One digest given twice would be scored twice.
    #[error("registration {index} repeats digest {digest}; give every registration once")]
    Repeated {
        /// Position of the repetition.
        index: usize,
        /// The digest.
        digest: Digest,
    },
}

/// The context of a proof for `contributor` in `role`, about `registrations` in their order.
///
/// Besides what PROTOCOL section 5 lists it covers each registration's round, on which data's decay depends.
/// A registration that cannot belong to such a proof is refused: another role, contributor, geometry, schema
/// or other rounds than the policy's, or one digest twice.
pub fn context(
    policy: &Policy,
    contributor: &Address,
    role: Role,
    registrations: &[Registration],
) -> Result<Digest, ContextError> {
    check(policy, contributor, role, registrations)?;
    let vault = policy.vault();
    let hasher = Hasher::new("fairshare/v1/context")
        .u32(PROTOCOL_VERSION)
        .u64(vault.chain_id)
        .bytes(&vault.address.0)
        .string(&vault.subnet)
        .u64(vault.epoch)
        .bytes(&contributor.0)
        .u8(role.id())
        .digest(&policy.hash())
        .len(registrations.len());
    Ok(registrations.iter().fold(hasher, absorb_registration).finish())
}

fn absorb_registration(hasher: Hasher, registration: &Registration) -> Hasher {
    let hasher = hasher.digest(registration.digest()).u64(registration.round());
    match registration.evidence() {
        None => hasher.u8(0),
        Some(Evidence { storage_root, byte_length, transaction_hash }) => {
            hasher.u8(1).digest(storage_root).u64(*byte_length).digest(transaction_hash)
        }
    }
}

fn check(
    policy: &Policy,
    contributor: &Address,
    role: Role,
    registrations: &[Registration],
) -> Result<(), ContextError> {
    let found = registrations.len();
    if found == 0 || (role == Role::Compute && found > 1) {
        return Err(ContextError::Count { role, found });
    }
    let mut seen = HashSet::new();
    for (index, registration) in registrations.iter().enumerate() {
        if registration.role() != role {
            return Err(ContextError::Role { index, found: registration.role(), expected: role });
        }
        if registration.contributor() != contributor {
            let found = *registration.contributor();
            return Err(ContextError::Contributor { index, found, expected: *contributor });
        }
        if registration.geometry() != policy.geometry() {
            let (found, expected) = (registration.geometry(), policy.geometry());
            return Err(ContextError::Geometry { index, found, expected });
        }
        check_contribution(policy, index, registration.contribution())?;
        if !seen.insert(registration.digest()) {
            return Err(ContextError::Repeated { index, digest: *registration.digest() });
        }
    }
    Ok(())
}

fn check_contribution(
    policy: &Policy,
    index: usize,
    contribution: &Contribution,
) -> Result<(), ContextError> {
    match contribution {
        Contribution::Data { schema_hash, .. } => {
            let (found, expected) = (*schema_hash, policy.schema().hash());
            if found != expected {
                return Err(ContextError::Schema { index, found, expected });
            }
        }
        Contribution::Compute { first_round, rounds, .. } => {
            let (policy_first, policy_rounds) = (policy.first_round(), policy.round_totals().len());
            let covered = usize::try_from(*rounds).is_ok_and(|rounds| rounds <= policy_rounds);
            if *first_round != policy_first || !covered {
                let (first, rounds) = (*first_round, *rounds);
                return Err(ContextError::Rounds { index, first, rounds, policy_first, policy_rounds });
            }
        }
    }
    Ok(())
}
