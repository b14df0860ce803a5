//! Where the bundles are that a vault took.
//!
//! `BundleTaken` does not have the bundle: it stands in the data of the transaction. If the transaction
//! called the vault, that is all. If it called another contract, which called the vault, the data is
//! searched for a call of the vault, and what is found there is shown to the verifier on the chain: whoever
//! puts a decoy before the true one gains nothing. A bundle whose histogram proofs were recorded before
//! stands on the chain in parts: it is looked for among the files that the caller has.

use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use fairshare_contracts::recorded;
use fairshare_contracts::solidity::ProvingVault::{self, BundleTaken};
use fairshare_contracts::solidity::{BundleVerifier, TaskRegistry};
use fairshare_params::Geometry;
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::bundle::Header;

use crate::error::{ChainError, Result};
use crate::proving::Pair;

/// Bundles of one contributor and role that are looked at for one event.
const MAX_FOUND: usize = 64;

/// Bundles that the caller has, and what takes them apart.
#[derive(Default)]
pub struct Bundles<'a> {
    /// The bundles.
    pub files: Vec<Vec<u8>>,
    /// The parameters: without them no bundle is recognised that was sent in parts.
    pub parameters: Option<&'a VerifierParameters>,
}

impl Bundles<'_> {
    /// The bundle of an event.
    pub(crate) fn find(
        &self,
        pair: &Pair<'_>,
        event: &BundleTaken,
        role: Role,
        transaction: B256,
        rules: impl Fn() -> Result<BundleVerifier::Rules>,
    ) -> Result<Vec<u8>> {
        let sent = pair.node().transaction(transaction)?;
        let sent = sent.ok_or(ChainError::NoTransaction { hash: transaction })?;
        let input = sent.input();
        let is_its = |bundle: &[u8]| {
            Header::read(bundle).is_ok_and(|header| {
                header.role == role && header.contributor == Account(event.contributor.into())
            })
        };
        if sent.to() == Some(pair.vault())
            && let Ok(call) = ProvingVault::submitCall::abi_decode(input)
        {
            return Ok(call.bundle.to_vec());
        }
        // A node that traces knows with what the vault was called, whatever the other contract made it of.
        let traced = pair.node().calls_of(transaction, pair.vault());
        let inputs = || traced.iter().map(|input| &input[..]).chain([&input[..]]);
        let found = inputs().flat_map(calls::<ProvingVault::submitCall>).map(|call| call.bundle.to_vec());
        let found = found.chain(self.files.iter().cloned());
        let whole: Vec<Vec<u8>> = found.filter(|bundle| is_its(bundle)).take(MAX_FOUND).collect();
        let parts = inputs().flat_map(calls::<ProvingVault::submitRecordedCall>).map(|call| call.bundle);
        let parts: Vec<Bytes> = parts.filter(|bundle| is_its(bundle)).take(MAX_FOUND).collect();
        for bundle in whole {
            let is_true = match parts.is_empty() {
                true => verifies(pair, event, role, &rules()?, &bundle)?,
                false => self.is_in_parts(pair, &rules()?, &bundle, &parts)?,
            };
            if is_true {
                return Ok(bundle);
            }
        }
        Err(ChainError::NoBundle {
            epoch: event.epoch,
            role,
            contributor: event.contributor,
            transaction,
            is_in_parts: !parts.is_empty(),
        })
    }

    /// Whether one of these is what is left of the bundle without its histogram proofs.
    fn is_in_parts(
        &self,
        pair: &Pair<'_>,
        rules: &BundleVerifier::Rules,
        bundle: &[u8],
        parts: &[Bytes],
    ) -> Result<bool> {
        let (Some(parameters), Ok(header)) = (self.parameters, Header::read(bundle)) else {
            return Ok(false);
        };
        let own = registrations(pair, rules, &header)?;
        let Some(own) = own else { return Ok(false) };
        let split = recorded::split(parameters, rules.scoring.features, &own, bundle);
        Ok(split.is_ok_and(|split| parts.iter().any(|part| part[..] == split.bundle[..])))
    }
}

/// Calls of a function anywhere in the data of a transaction.
fn calls<C: SolCall>(input: &[u8]) -> impl Iterator<Item = C> + use<'_, C> {
    let starts = input.windows(4).enumerate().filter(|(_, window)| *window == C::SELECTOR);
    starts.filter_map(|(start, _)| C::abi_decode(input.get(start..)?).ok())
}

/// What the registry says of the datasets that a bundle covers; none if it has not all of them.
fn registrations(
    pair: &Pair<'_>,
    rules: &BundleVerifier::Rules,
    header: &Header,
) -> Result<Option<Vec<Registration>>> {
    let Some(geometry) = Geometry::ALL.into_iter().find(|geometry| geometry.id() == rules.scoring.geometry)
    else {
        return Ok(None);
    };
    let mut own = Vec::new();
    for digest in &header.digests {
        let call = TaskRegistry::datasetCall { digest: digest.0.into() };
        let records = pair.node().read(pair.registry(), &call)?.records;
        let schema = Digest(rules.scoring.schemaHash.0);
        match Registration::new(header.contributor, geometry, schema, records, *digest) {
            Ok(registration) => own.push(registration),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(own))
}

/// Whether the verifier on the chain takes a bundle, with the event's score.
fn verifies(
    pair: &Pair<'_>,
    event: &BundleTaken,
    role: Role,
    rules: &BundleVerifier::Rules,
    bundle: &[u8],
) -> Result<bool> {
    let (node, verifier) = (pair.node(), pair.verifier()?);
    let bytes = Bytes::copy_from_slice(bundle);
    let answer = match role {
        Role::Data => {
            let Ok(header) = Header::read(bundle) else { return Ok(false) };
            let Some(own) = registrations(pair, rules, &header)? else { return Ok(false) };
            let call = BundleVerifier::verifyDataCall {
                rules: rules.clone(),
                contributor: event.contributor,
                registrations: own.iter().map(fairshare_contracts::verification::registration).collect(),
                bundle: bytes,
            };
            node.read(verifier, &call).map(|found| (found.score, found.records))
        }
        Role::Compute => {
            let (epoch, of) = (event.epoch, event.contributor);
            let units = node.read(pair.registry(), &TaskRegistry::unitsOfCall { epoch, node: of })?.units;
            let totals = node.read(pair.registry(), &TaskRegistry::totalsOfCall { epoch })?;
            let call = BundleVerifier::verifyComputeCall {
                rules: rules.clone(),
                contributor: event.contributor,
                units,
                totals,
                bundle: bytes,
            };
            node.read(verifier, &call).map(|found| (found.score, 0))
        }
    };
    match answer {
        Ok(found) => Ok(found == (event.score, event.records)),
        Err(ChainError::Refused { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
