//! Why a bundle, or the means to verify one, is refused.

use std::fmt;

use fairshare_params::address::Address;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::CircuitKind;
use fairshare_params::policy::ParametersError;
use fairshare_params::rules::DerivedError;
use halo2_proofs::plonk;

use crate::bundle::BundleError;

/// Why no verifier can be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Anyone can forge proofs under these parameters.
    #[error(
        "these parameters are INSECURE: their trapdoor is public and anyone can forge a proof; import a \
         ceremony's (`fairshare params import`), or allow them for development (`--allow-insecure-params`)"
    )]
    InsecureParameters,
    /// Others than the policy names.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// The rules do not have the hash that they should have.
    #[error(
        "these parameters and this policy have the rules hash {found}, but {given} was given: {}",
        if *.is_derived {
            "the policy was changed or is another one; if it was you who changed it, correct `rules_hash`, \
             else ask whoever gave you the hash for its policy"
        } else {
            "the policy was changed, or the verifier's parameters are false; give the whole parameters to \
             find out"
        }
    )]
    RulesHash {
        /// The hash of the rules found.
        found: Digest,
        /// The one given.
        given: Digest,
        /// Whether the parameters were derived from the whole reference string.
        is_derived: bool,
    },
    /// Parameters that somebody wrote down, and nothing to believe them by.
    #[error(
        "a verifier's parameters are believed only under a rules hash that somebody derived from the whole \
         parameters; give one (`rules_hash` in the policy; `verify` takes `--rules-hash`, too), or give the \
         whole parameters"
    )]
    Unbelieved,
    /// Units of other rounds than the policy's.
    #[error(
        "the units are of {found} rounds from {found_first}, but the policy has {rounds} from {first}; give \
         the record of this epoch"
    )]
    Rounds {
        /// The units' first round.
        found_first: u64,
        /// Their rounds.
        found: usize,
        /// The policy's first round.
        first: u64,
        /// Its rounds.
        rounds: usize,
    },
    /// The policy's reference does not fit the circuit. A checked policy's always does.
    #[error("the policy's reference does not fit its geometry")]
    Reference(#[from] DerivedError),
}

/// Why there is nothing to prove or verify a compute score with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoUnits {
    /// No units at all were given.
    #[error(
        "a compute score is of the units on record, and none were given; name the registry's (`--units`)"
    )]
    Epoch,
    /// None are on record for the node.
    #[error(
        "no units are on record for {node:?}; check the address, or take the table of units from the registry"
    )]
    Node {
        /// The node.
        node: Address,
    },
}

/// Why a bundle is refused. Datasets and segments count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The bytes are not a bundle of these registrations.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// Not one registration for each digest.
    #[error("the bundle covers {needed} registrations, but {given} were given for it")]
    Registrations {
        /// Registrations covered.
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
    /// A compute score without the units that it is of.
    #[error(transparent)]
    Units(#[from] NoUnits),
    /// Another number of segments than the records are cut into.
    #[error("dataset {dataset}: {found} segments in the bundle, but its records are cut into {needed}")]
    Segments {
        /// The dataset.
        dataset: usize,
        /// Segments in the bundle.
        found: usize,
        /// Segments that the registered records are cut into.
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
    /// One segment in two places: its records would be counted twice.
    #[error("dataset {dataset}, segment {segment}: the bundle has it already; prove every segment once")]
    SegmentTwice {
        /// The dataset.
        dataset: usize,
        /// The segment that is there already.
        segment: usize,
    },
    /// Histogram commitments that cancel each other: no honest ones do.
    #[error("the histogram commitments add up to nothing; the bundle was altered")]
    NothingCounted,
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
        "{subject} is refused; it was altered, or made for another score, contributor, vault, epoch or policy"
    )]
    Proof {
        /// Which proof.
        subject: Subject,
        /// What is wrong with it.
        source: ProofError,
    },
    /// A proof is true, but of other data than its histograms are of.
    #[error("{subject}: its link does not hold; it is a proof about other data than its histograms")]
    Link {
        /// Which proof.
        subject: Subject,
    },
    /// A state that earlier checks rule out. The verifier refuses the bundle.
    #[error("internal invariant violated; please report")]
    Internal,
}

/// Which proof of a bundle, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A segment's histogram proof.
    Histogram {
        /// The dataset.
        dataset: usize,
        /// The segment.
        segment: usize,
    },
    /// The data-score proof.
    DataScore,
    /// The compute-score proof.
    ComputeScore,
}

impl Subject {
    /// The only, or first, proof of a circuit.
    pub fn of(kind: CircuitKind) -> Self {
        match kind {
            CircuitKind::Histogram(_) => Self::Histogram { dataset: 0, segment: 0 },
            CircuitKind::DataScore => Self::DataScore,
            CircuitKind::ComputeScore => Self::ComputeScore,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Histogram { dataset, segment } => {
                write!(f, "histogram proof of dataset {dataset}, segment {segment}")
            }
            Self::DataScore => f.write_str("data-score proof"),
            Self::ComputeScore => f.write_str("compute-score proof"),
        }
    }
}

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Not as long as every proof of its circuit.
    #[error("it has {found} bytes, a proof of this circuit has {expected}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes that a proof of this circuit has.
        expected: usize,
    },
    /// Not as many instance rows, links or public columns as its circuit has.
    #[error("{found} instance rows, links or public columns given, the circuit has {expected}")]
    Shape {
        /// Rows or columns given.
        found: usize,
        /// Rows or columns of the circuit.
        expected: usize,
    },
    /// One of its first points is no point that a commitment can be.
    #[error("its commitment {index} is not below the modulus, off the curve, or the identity")]
    Point {
        /// Which, from 0.
        index: usize,
    },
    /// It commits to another public column than the rules have.
    #[error("its column {column} is not the public one; it was made under other rules or units")]
    PublicColumn {
        /// The column's index.
        column: usize,
    },
    /// It does not decode, or its equations do not hold.
    #[error("it does not verify")]
    Backend(#[source] plonk::Error),
    /// The pairing check fails: the proof is of something else.
    #[error("it is not a proof of this statement")]
    False,
}
