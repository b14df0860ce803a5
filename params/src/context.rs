//! What a proof is bound to (PROTOCOL section 5, *The context*): one hash over who, under which rules, about
//! what. Chain, vault, epoch and subnet are among the rules.

use std::collections::HashSet;

use group::prime::PrimeCurveAffine;
use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::Digest;
use crate::policy::Policy;
use crate::registration::Registration;
use crate::role::Role;
use crate::words::{Words, hash_list};

/// Why registrations cannot be proved together, or not under this policy. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// A data proof covers at least one registration.
    #[error("no registration of data is given; give at least one")]
    None,
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
    /// One digest given twice would be scored twice.
    #[error("registration {index} repeats digest {digest}; give every registration once")]
    Repeated {
        /// Position of the repetition.
        index: usize,
        /// The digest.
        digest: Digest,
    },
}

/// The context of a data proof for `contributor` about `registrations`, in their order; `rules` is the rules
/// hash of the policy.
///
/// What [`check`] refuses has no context. The number of a dataset's segments is for the verifier to check,
/// which has the segments.
pub fn data_context(
    policy: &Policy,
    rules: &Digest,
    contributor: &Address,
    registrations: &[Registration],
) -> Result<Digest, ContextError> {
    check(policy, contributor, registrations)?;
    let digests = registrations.iter().map(Registration::digest);
    // The identity's encoding, which no column has for a commitment.
    let none = G1Affine::identity();
    Ok(context_under(rules, &none, contributor, Role::Data, digests))
}

/// The context of a compute proof for the units that `contributor` has on record, under the rules of that
/// hash.
///
/// `totals` is the commitment to the column of the rounds' totals. No digest is covered: the units'
/// commitment is one of the proof's columns already.
pub fn compute_context(rules: &Digest, totals: &G1Affine, contributor: &Address) -> Digest {
    context_under(rules, totals, contributor, Role::Compute, [])
}

/// The context's words, whatever they are about.
pub fn context_under<'a>(
    rules: &Digest,
    totals: &G1Affine,
    contributor: &Address,
    role: Role,
    digests: impl IntoIterator<Item = &'a Digest>,
) -> Digest {
    Words::new("context")
        .digest(rules)
        .point(totals)
        .address(contributor)
        .integer(role.id())
        .digest(&hash_list(digests))
        .finish()
}

/// Checks that registrations can be proved together under a policy: they are of this contributor, of the
/// policy's geometry and schema, and no digest occurs twice.
pub fn check(
    policy: &Policy,
    contributor: &Address,
    registrations: &[Registration],
) -> Result<(), ContextError> {
    if registrations.is_empty() {
        return Err(ContextError::None);
    }
    let mut seen = HashSet::new();
    for (index, registration) in registrations.iter().enumerate() {
        if registration.contributor() != contributor {
            let found = *registration.contributor();
            return Err(ContextError::Contributor { index, found, expected: *contributor });
        }
        if registration.geometry() != policy.geometry() {
            let (found, expected) = (registration.geometry(), policy.geometry());
            return Err(ContextError::Geometry { index, found, expected });
        }
        let (found, expected) = (*registration.schema_hash(), policy.schema().hash());
        if found != expected {
            return Err(ContextError::Schema { index, found, expected });
        }
        if !seen.insert(registration.digest()) {
            return Err(ContextError::Repeated { index, digest: *registration.digest() });
        }
    }
    Ok(())
}
