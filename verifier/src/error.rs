//! Why a bundle, or the means to verify one, is refused.

use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::numeric::decay::DecayError;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::KeyError;

use crate::obligation::{ProofError, Subject};

/// Why no verifier can be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Keys that were built under other parameters.
    #[error("the verifying keys belong to other parameters; build them under these")]
    ForeignKeys,
    /// Anyone can forge proofs under these parameters.
    #[error(
        "these parameters are INSECURE: their trapdoor is public and anyone can forge a proof; import a \
         ceremony's (`fairshare params import`), or allow them for development (`--allow-insecure-params`)"
    )]
    InsecureParameters,
    /// Parameters of another size than the policy asks for.
    #[error("the parameters are for geometry `{parameters}`, the policy asks for `{policy}`")]
    Geometry {
        /// The parameters' geometry.
        parameters: Geometry,
        /// The policy's.
        policy: Geometry,
    },
    /// The policy's reference does not fit the circuit. A checked policy's always does.
    #[error("the policy's reference does not fit its geometry")]
    Reference,
    /// The decay at the policy's first round cannot be computed.
    #[error("the policy's first round: {source}")]
    FirstRound {
        /// The reason.
        #[source]
        source: DecayError,
    },
    /// Key generation failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a bundle is refused. Datasets and segments count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Made for another circuit shape.
    #[error("the bundle is for geometry `{bundle}`, the policy asks for `{policy}`")]
    Geometry {
        /// The bundle's geometry.
        bundle: Geometry,
        /// The policy's.
        policy: Geometry,
    },
    /// Not one registration for each digest.
    #[error("the bundle covers {needed} registered digests, but {given} registrations were given for it")]
    Registrations {
        /// Digests covered.
        needed: usize,
        /// Registrations given.
        given: usize,
    },
    /// A digest without registration.
    #[error("no registration was given for digest {digest}")]
    Unregistered {
        /// The digest.
        digest: Digest,
    },
    /// The registrations do not go together, with this contributor, or with this policy.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Another number of segments than the records fill.
    #[error(
        "dataset {dataset}: {found} segments in the bundle, {registered} registered, but its records fill {needed}"
    )]
    Segments {
        /// The dataset.
        dataset: usize,
        /// Segments registered.
        registered: u32,
        /// Segments in the bundle.
        found: usize,
        /// Segments that the registered records fill.
        needed: u64,
    },
    /// Other commitments than those registered.
    #[error("dataset {dataset}: its commitments hash to {found}, but {registered} is registered")]
    Digest {
        /// The dataset.
        dataset: usize,
        /// The registered digest.
        registered: Digest,
        /// The digest of the bundle's commitments.
        found: Digest,
    },
    /// More records than a score's arithmetic holds.
    #[error("{records} records in all; a score covers fewer than 2^32")]
    TooManyRecords {
        /// Records registered.
        records: u64,
    },
    /// Fewer records than the policy pays for.
    #[error("{records} records in all; the policy asks for at least {least}")]
    TooFewRecords {
        /// Records registered.
        records: u32,
        /// The policy's minimum.
        least: u32,
    },
    /// A proof does not verify for this claim: it was altered, or made for another score, contributor, epoch,
    /// chain, vault, policy, digest or key.
    #[error(
        "{subject}: {source}; it was altered, or made for another score, contributor, vault, epoch or policy"
    )]
    Proof {
        /// Which proof.
        subject: Subject,
        /// What is wrong with it.
        #[source]
        source: ProofError,
    },
    /// A proof is true, but of other data than registered.
    #[error("{subject}: its link does not hold; it is a proof about other data than registered")]
    Link {
        /// Which proof.
        subject: Subject,
    },
    /// A state that the checks before rule out: a defect of the verifier, which refuses.
    #[error("the verifier contradicts itself; please report this")]
    Internal,
}
