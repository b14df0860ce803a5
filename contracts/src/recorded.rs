//! A data bundle that is too large for one transaction, in parts: its histogram proofs, which the verifier on
//! a chain records, and what it verifies after that.

use alloy_primitives::Bytes;
use alloy_sol_types::SolCall;
use fairshare_params::address::Address;
use fairshare_params::digest::segment_hash;
use fairshare_params::encoding::{POINT_BYTES, decode_point};
use fairshare_params::keys::CircuitKind;
use fairshare_params::registration::Registration as Registered;
use fairshare_params::rules::Rules;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_params::{SegmentShape, Width};
use halo2curves::bn256::G1Affine;

use crate::calldata::evm_address;
use crate::verification::{BundleVerifier, Run, registration, words};

/// Bytes of a bundle's header before its digests: role, contributor, how many.
const HEAD: usize = 96;
/// Bytes of a digest.
const DIGEST: usize = 32;

/// One histogram proof of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentProof {
    /// The width of its circuit.
    pub width: Width,
    /// Cells of the segment that hold symbol 0.
    pub padding: u64,
    /// The proof.
    pub proof: Vec<u8>,
}

/// A data bundle in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its histogram proofs, in order.
    pub segments: Vec<SegmentProof>,
    /// The bundle with three words in the place of each: the segment hash and the histogram commitment.
    pub bundle: Vec<u8>,
}

/// Why a bundle has no such parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordedError {
    /// It is too short.
    #[error("the bundle ends before the histogram proofs that its registrations ask for; was it cut off?")]
    Truncated,
    /// A commitment is no point.
    #[error("histogram proof {segment} (counted from 0) begins with words that are no point of the curve")]
    Point {
        /// Which.
        segment: usize,
    },
    /// The parameters lack a key.
    #[error("the parameters have no key for segments of {columns} columns")]
    NoKey {
        /// The width.
        columns: usize,
    },
}

/// Takes a data bundle apart: one that covers these registrations, in its order, of `features` symbols a
/// record.
pub fn split(
    parameters: &VerifierParameters,
    features: u32,
    own: &[Registered],
    bundle: &[u8],
) -> Result<Recorded, RecordedError> {
    let start = own.len().saturating_mul(DIGEST).saturating_add(HEAD);
    let (header, mut rest) = bundle.split_at_checked(start).ok_or(RecordedError::Truncated)?;
    let mut recorded = Recorded { segments: Vec::new(), bundle: header.to_vec() };
    for own in own {
        let symbols = u64::from(own.records()).saturating_mul(u64::from(features));
        for segment in parameters.geometry().cut(symbols).iter() {
            let (width, padding) = (segment.shape.width(), segment.padding());
            let key = parameters.key(CircuitKind::Histogram(width));
            let key = key.ok_or(RecordedError::NoKey { columns: width.columns() })?;
            let parts = rest.split_at_checked(key.proof_bytes()).ok_or(RecordedError::Truncated)?;
            let (proof, behind) = parts;
            let words = shown(segment.shape, proof);
            let words = words.ok_or(RecordedError::Point { segment: recorded.segments.len() })?;
            recorded.bundle.extend(words);
            recorded.segments.push(SegmentProof { width, padding, proof: proof.to_vec() });
            rest = behind;
        }
    }
    recorded.bundle.extend(rest);
    Ok(recorded)
}

/// The three words that stand in a proof's place.
fn shown(shape: SegmentShape, proof: &[u8]) -> Option<Vec<u8>> {
    let (points, _) = proof.as_chunks::<POINT_BYTES>();
    let (columns, behind) = points.split_at_checked(shape.columns())?;
    let columns: Vec<G1Affine> = columns.iter().map(decode_point).collect::<Option<_>>()?;
    let hash = segment_hash(&shape.geometry(), &columns);
    Some([hash.0.as_slice(), behind.first()?].concat())
}

/// Records histogram proofs.
pub fn record_segments(parameters: &VerifierParameters, segments: &[SegmentProof]) -> Vec<u8> {
    let alike =
        |one: &SegmentProof, next: &SegmentProof| (one.width, one.padding) == (next.width, next.padding);
    let run = |run: &[SegmentProof]| {
        let (width, padding) = run.first().map_or((0, 0), |first| (first.width.columns(), first.padding));
        // A width is 4, 16 or 64, and no transaction holds 2^32 proofs.
        let width = u8::try_from(width).unwrap_or(u8::MAX);
        Run { width, proofs: u32::try_from(run.len()).unwrap_or(u32::MAX), padding }
    };
    let names = parameters.words();
    BundleVerifier::recordSegmentsCall {
        keys: names.keys.0.into(),
        openings: names.openings.0.into(),
        runs: segments.chunk_by(alike).map(run).collect(),
        proofs: Bytes::from(segments.iter().flat_map(|segment| segment.proof.clone()).collect::<Vec<u8>>()),
    }
    .abi_encode()
}

/// Verifies what is left of a bundle whose histogram proofs are recorded.
pub fn verify_recorded(rules: &Rules, contributor: &Address, own: &[Registered], bundle: Vec<u8>) -> Vec<u8> {
    BundleVerifier::verifyRecordedCall {
        rules: words(rules),
        contributor: evm_address(contributor),
        registrations: own.iter().map(registration).collect(),
        bundle: Bytes::from(bundle),
    }
    .abi_encode()
}
