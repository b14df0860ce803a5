//! What a proof is bound to (PROTOCOL section 5, *The context*): one hash over who, under which rules, about
//! what. Chain, vault, epoch and subnet are among the rules.

use std::collections::HashSet;

use group::prime::PrimeCurveAffine;
use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::{self, Digest};
use crate::policy::Policy;
use crate::registration::{Contribution, Registration};
use crate::role::Role;
use crate::words::{Words, hash_list};

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
    /// Another number of segments than its records are cut into.
    #[error(
        "registration {index} has {found} segments, but its records are cut into {expected}; register what \
         `commit` wrote"
    )]
    Segments {
        /// Position of the registration.
        index: usize,
        /// Segments registered.
        found: u32,
        /// Segments that the records are cut into.
        expected: u64,
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
/// `totals` is the commitment to the column of the rounds' totals. What [`check`] refuses has no context.
/// Round and evidence of a registration are not covered: they are what the registry says, not what is proved.
pub fn context(
    policy: &Policy,
    totals: &G1Affine,
    contributor: &Address,
    role: Role,
    registrations: &[Registration],
) -> Result<Digest, ContextError> {
    check(policy, contributor, role, registrations)?;
    let digests = registrations.iter().map(Registration::digest);
    Ok(context_under(&policy.hash(), totals, contributor, role, digests))
}

/// The context's words, whatever they are about.
///
/// Data has zeros for `totals`, which no proof of data carries. Compute has no digest: the units' commitment
/// is one of the proof's columns already.
pub fn context_under<'a>(
    rules: &Digest,
    totals: &G1Affine,
    contributor: &Address,
    role: Role,
    digests: impl IntoIterator<Item = &'a Digest>,
) -> Digest {
    let (totals, digests) = match role {
        // The identity's encoding, which no column has for a commitment.
        Role::Data => (G1Affine::identity(), hash_list(digests)),
        Role::Compute => (*totals, hash_list([])),
    };
    Words::new("context")
        .digest(rules)
        .point(&totals)
        .address(contributor)
        .integer(role.id())
        .digest(&digests)
        .finish()
}

/// Checks that registrations can be proved together under a policy: they are of this role and contributor, of
/// the policy's geometry, schema and rounds, and no digest occurs twice.
pub fn check(
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
        Contribution::Data { schema_hash, records, segments } => {
            let (found, expected) = (*schema_hash, policy.schema().hash());
            if found != expected {
                return Err(ContextError::Schema { index, found, expected });
            }
            let symbols = u64::from(*records).saturating_mul(encoding::wide(policy.schema().len()));
            let (found, expected) = (*segments, policy.geometry().cut(symbols).segments());
            if u64::from(found) != expected {
                return Err(ContextError::Segments { index, found, expected });
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
