//! What calls to the bundle verifier carry; their meaning stands in `IBundleVerifier.sol`.

use alloy_primitives::{Bytes, FixedBytes, U256};
use alloy_sol_types::{SolCall, SolConstructor, SolValue};
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::registration::Registration as Registered;
use fairshare_params::rules::{DecayWords, PROTOCOL_VERSION, Rules as Words};
use fairshare_params::verifier_parameters::VerifierParameters;
use halo2curves::bn256::G1Affine;
use sha3::{Digest as _, Keccak256};

use crate::artifact::{ArtifactError, bytecode};
use crate::calldata::{evm_address, word};
use crate::data;

pub use crate::solidity::BundleVerifier::{self, Registration, Rules, Run};

/// The artifact's text: interface, creation bytecode, compiler and its settings.
pub const BUNDLE_VERIFIER_JSON: &str = include_str!("../artifacts/BundleVerifier.json");

/// Data of the transaction that deploys a verifier.
pub fn creation_code(takes_insecure: bool) -> Result<Vec<u8>, ArtifactError> {
    let arguments = BundleVerifier::constructorCall { takesInsecure: takes_insecure };
    Ok([bytecode(BUNDLE_VERIFIER_JSON)?, arguments.abi_encode()].concat())
}

/// Registers the keys of these parameters.
pub fn register_keys(parameters: &VerifierParameters) -> Vec<u8> {
    let codes = data::keys(parameters).into_iter().map(|key| Bytes::from(key.code)).collect();
    BundleVerifier::registerKeysCall { codes }.abi_encode()
}

/// Registers what checks openings under these parameters.
pub fn register_openings(parameters: &VerifierParameters) -> Vec<u8> {
    let code = Bytes::from(parameters.openings_code());
    BundleVerifier::registerOpeningsCall { code }.abi_encode()
}

/// Verifies a data bundle that covers these registrations, in its order.
pub fn verify_data(rules: &Words, contributor: &Address, own: &[Registered], bundle: Vec<u8>) -> Vec<u8> {
    BundleVerifier::verifyDataCall {
        rules: words(rules),
        contributor: evm_address(contributor),
        registrations: own.iter().map(registration).collect(),
        bundle: Bytes::from(bundle),
    }
    .abi_encode()
}

/// Verifies a compute bundle of a node with this commitment to its units, among these totals.
pub fn verify_compute(
    rules: &Words,
    contributor: &Address,
    [units, totals]: [&G1Affine; 2],
    bundle: Vec<u8>,
) -> Vec<u8> {
    BundleVerifier::verifyComputeCall {
        rules: words(rules),
        contributor: evm_address(contributor),
        units: point(units),
        totals: point(totals),
        bundle: Bytes::from(bundle),
    }
    .abi_encode()
}

/// A registration as the verifier takes it.
pub fn registration(own: &Registered) -> Registration {
    Registration { digest: word(own.digest()), records: own.records() }
}

/// A point.
pub fn point(point: &G1Affine) -> BundleVerifier::G1 {
    let bytes = encode_point(point);
    let (x, y) = bytes.split_at(32);
    BundleVerifier::G1 { x: U256::from_be_slice(x), y: U256::from_be_slice(y) }
}

/// The rules, word by word.
pub fn words(rules: &Words) -> Rules {
    let Words { terms, reference, parameters, .. } = rules;
    Rules {
        terms: BundleVerifier::Terms {
            version: U256::from(PROTOCOL_VERSION),
            chainId: U256::from(terms.chain_id),
            vault: evm_address(&terms.vault),
            registry: evm_address(&terms.registry),
            settlement: U256::from(terms.settlement.id()),
            subnet: FixedBytes(Keccak256::digest(&terms.subnet).into()),
            epoch: terms.epoch,
            firstRound: terms.first_round,
            rounds: terms.rounds,
            dataFirstRound: terms.data_first_round,
            endsBy: terms.ends_by,
            provingSeconds: terms.proving_seconds,
            pool: terms.pool,
        },
        scoring: BundleVerifier::Scoring {
            geometry: terms.geometry.id(),
            schemaHash: word(&rules.schema_hash),
            referenceHash: word(&rules.reference_hash),
            features: reference.features,
            bins: reference.free_bins,
            lnTotals: reference.ln_totals,
            ln: point(&reference.ln),
            boundaries: point(&reference.boundaries),
            minRecords: terms.min_records,
            weighting: terms.weighting.id(),
            cap: terms.weighting.cap(),
        },
        data: decay(&rules.data_decay),
        compute: decay(&rules.compute_decay),
        evidence: terms.evidence.into(),
        parameters: BundleVerifier::Parameters {
            srs: word(&parameters.srs),
            keys: word(&parameters.keys),
            lagrangeRoot: word(&parameters.lagrange_root),
            openings: word(&parameters.openings),
        },
    }
}

/// The rules as a contract takes them, in its order, which is that of the rules hash: 35 words.
pub fn encoded_words(rules: &Words) -> Vec<Digest> {
    let encoded = words(rules).abi_encode();
    let (encoded, _) = encoded.as_chunks::<32>();
    encoded.iter().map(|word| Digest(*word)).collect()
}

fn decay(words: &DecayWords) -> BundleVerifier::Decay {
    BundleVerifier::Decay { lambda: words.lambda_q, rho: words.rho }
}
