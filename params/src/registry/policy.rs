//! What a policy says of a registration before anything is proved: what it refuses could never be paid.

use super::typed_data::Domain;
use super::unsigned::Unsigned;
use crate::Geometry;
use crate::encoding::{Digest, wide};
use crate::policy::Policy;

/// Why no bundle under the policy could have this registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// Committed to for circuits of another shape.
    #[error(
        "it is of geometry `{found}`, and the policy has `{expected}`; commit to the data again, under this \
         policy"
    )]
    Geometry {
        /// The request's.
        found: Geometry,
        /// The policy's.
        expected: Geometry,
    },
    /// Records turned into symbols by another schema.
    #[error(
        "its schema has hash {found}, and the policy's has {expected}; commit to the data again, under this \
         policy"
    )]
    Schema {
        /// The request's.
        found: Digest,
        /// The policy's.
        expected: Digest,
    },
    /// Another number of segments than the records fill.
    #[error("it lists {found} segments, but {records} records fill {needed}; commit to the data again")]
    Segments {
        /// Segments listed.
        found: u64,
        /// The records.
        records: u32,
        /// Segments that they fill.
        needed: u64,
    },
    /// No evidence of an upload, which the rules require.
    #[error(
        "the policy takes no data without evidence of its upload; wrap the ciphertext with `fairshare upload \
         wrap`, store it, and sign with `--upload` and `--upload-tx`"
    )]
    Evidence,
    /// Void before data is paid for.
    #[error(
        "it is void after round {found}, but the policy pays for data from round {first} on; sign it with a \
         later last round"
    )]
    Void {
        /// Its last round.
        found: u64,
        /// The first round whose data is paid for.
        first: u64,
    },
}

impl Policy {
    /// The registry, as what is signed for it names it.
    pub fn domain(&self) -> Domain {
        Domain { chain_id: self.terms().chain_id, registry: self.terms().registry }
    }
}

impl Unsigned {
    /// Refuses what can never be proved or paid under the policy. That it is for the policy's vault is for
    /// [`Unsigned::check`] to say.
    pub fn check_policy(&self, policy: &Policy) -> Result<(), NotTaken> {
        let request = self.request();
        let (found, expected) = (request.geometry(), policy.geometry());
        if found != expected {
            return Err(NotTaken::Geometry { found, expected });
        }
        let (found, expected) = (*request.schema_hash(), policy.schema().hash());
        if found != expected {
            return Err(NotTaken::Schema { found, expected });
        }
        // Below 2^32 records of fewer than 2^32 features: no product is lost.
        let symbols = u64::from(request.records()).saturating_mul(wide(policy.schema().len()));
        let (found, needed) = (wide(request.segments().len()), policy.geometry().cut(symbols).segments());
        if found != needed {
            return Err(NotTaken::Segments { found, records: request.records(), needed });
        }
        if policy.terms().evidence && self.evidence().is_none() {
            return Err(NotTaken::Evidence);
        }
        let (found, first) = (self.last_round(), *policy.data_rounds().start());
        if found < first { Err(NotTaken::Void { found, first }) } else { Ok(()) }
    }
}
