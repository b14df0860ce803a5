//! What contributors and nodes send: registrations, bundles, claims.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolError, SolEvent};
use fairshare_contracts::calldata::evm_address;
use fairshare_contracts::proving as calls;
use fairshare_contracts::recorded::{self, SegmentProof};
use fairshare_contracts::solidity::ProvingVault::{self, BundleTaken, ProvingBegan, Standing, WeighsNoMore};
use fairshare_contracts::solidity::{BundleVerifier, TaskRegistry};
use fairshare_formats::registry::SignedRegistration;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::CircuitKind;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::rules::Rules;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::bundle::Header;

use crate::error::{ChainError, Result};
use crate::node::Call;
use crate::proving::{Done, Pair};
use crate::sender::Sender;

/// Most bytes of a transaction's data: many nodes take none above 128 KiB.
const MAX_INPUT: usize = 120 << 10;
/// Bytes of the three words that stand in the place of a recorded histogram proof.
const SHOWN: usize = 96;

/// Where a dataset went on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The round that the registry assigned.
    pub round: u64,
    /// Whether that was now.
    pub done: Done,
}

/// What a bundle counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its weight.
    pub weight: U256,
    /// Whether it was sent now; before, one of the same weight counts.
    pub done: Done,
}

/// What somebody was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// For computing power, in base units.
    pub compute: u128,
    /// For data.
    pub data: u128,
    /// Whether that was now.
    pub done: Done,
}

impl Pair<'_> {
    /// Registers data: the sender's own, or anybody's by the signature.
    pub fn register(&self, sender: &mut Sender<'_>, signed: &SignedRegistration) -> Result<Registered> {
        let unsigned = signed.unsigned();
        let digest = unsigned.request().digest();
        if let Some(round) = self.round_of(digest)? {
            return Ok(Registered { round, done: Done::Before });
        }
        let is_own = evm_address(unsigned.request().contributor()) == sender.address();
        let signature = signed.signature().to_bytes();
        let (function, signature) = match is_own {
            true => ("register", None),
            false => ("registerFor", Some(signature.as_slice())),
        };
        sender.send(function, &Call::new(self.registry(), calls::register(unsigned, signature)))?;
        let round = self.round_of(digest)?.ok_or(ChainError::Vanished { function })?;
        Ok(Registered { round, done: Done::Now })
    }

    /// Sends a registration whether it is on record or not: what a registry answers to whoever repeats it.
    pub fn register_again(&self, sender: &mut Sender<'_>, signed: &SignedRegistration) -> Result<()> {
        let signature = signed.signature().to_bytes();
        let input = calls::register(signed.unsigned(), Some(&signature));
        sender.send("registerFor", &Call::new(self.registry(), input)).map(|_| ())
    }

    /// The round in which a dataset was registered.
    fn round_of(&self, digest: &Digest) -> Result<Option<u64>> {
        let call = TaskRegistry::datasetCall { digest: digest.0.into() };
        let dataset = self.node().read(self.registry(), &call)?;
        Ok((dataset.order != 0).then_some(dataset.round))
    }

    /// Sends a bundle. One that counts already is not sent again; the histogram proofs of one that is too
    /// large for a transaction go before it, and those that are recorded stay so.
    pub fn submit(
        &self,
        sender: &mut Sender<'_>,
        rules: &Rules,
        parameters: &VerifierParameters,
        bundle: &[u8],
    ) -> Result<Submitted> {
        let header = Header::read(bundle).map_err(|source| ChainError::Bundle { source })?;
        let call = Call::new(self.vault(), calls::submit(rules, bundle.to_vec()));
        let is_small = call.input.len() <= MAX_INPUT;
        let sent = if is_small { sender.send("submit", &call) } else { Err(ChainError::TooLong) };
        let done = match sent {
            Ok(_) => Done::Now,
            Err(ChainError::TooLong | ChainError::TooMuchGas { .. }) if header.role == Role::Data => {
                self.submit_in_parts(sender, rules, parameters, &header, bundle)?
            }
            Err(error) if counts(&error) => Done::Before,
            Err(error) => return Err(error),
        };
        let epoch = rules.terms.epoch;
        let contributor = evm_address(&header.contributor);
        let standing = self.standing(epoch, contributor)?;
        let weight = match header.role {
            Role::Data => U256::from(standing.dataWeight),
            Role::Compute => U256::from(standing.computeWeight),
        };
        Ok(Submitted { weight, done })
    }

    fn submit_in_parts(
        &self,
        sender: &mut Sender<'_>,
        rules: &Rules,
        parameters: &VerifierParameters,
        header: &Header,
        bundle: &[u8],
    ) -> Result<Done> {
        let own = header.digests.iter().map(|digest| self.registration(rules, header, digest));
        let own = own.collect::<Result<Vec<_>>>()?;
        let parts = recorded::split(parameters, rules.reference.features, &own, bundle)?;
        let call = Call::new(self.vault(), calls::submit_recorded(rules, parts.bundle.clone()));
        let verifier = self.verifier()?;
        let start = bundle.len().min(header_bytes(header));
        let (words, _) = parts.bundle.get(start..).unwrap_or_default().as_chunks::<SHOWN>();
        let mut missing = Vec::new();
        for (segment, words) in parts.segments.iter().zip(words) {
            if !self.is_recorded(verifier, rules, parameters, segment, words)? {
                missing.push(segment.clone());
            }
        }
        let mut rest = missing.as_slice();
        while !rest.is_empty() {
            rest = record_some(sender, verifier, parameters, rest)?;
        }
        match sender.send("submitRecorded", &call) {
            Ok(_) => Ok(Done::Now),
            Err(error) if counts(&error) => Ok(Done::Before),
            Err(error) => Err(error),
        }
    }

    fn registration(&self, rules: &Rules, header: &Header, digest: &Digest) -> Result<Registration> {
        let call = TaskRegistry::datasetCall { digest: digest.0.into() };
        let records = self.node().read(self.registry(), &call)?.records;
        Registration::new(header.contributor, rules.terms.geometry, rules.schema_hash, records, *digest)
            .map_err(|_| ChainError::UnknownDigest { digest: *digest })
    }

    fn is_recorded(
        &self,
        verifier: Address,
        rules: &Rules,
        parameters: &VerifierParameters,
        segment: &SegmentProof,
        words: &[u8; SHOWN],
    ) -> Result<bool> {
        let Some(key) = parameters.key(CircuitKind::Histogram(segment.width)) else { return Ok(false) };
        let (hash, point) = words.split_at(32);
        let (x, y) = point.split_at(32);
        let call = BundleVerifier::isRecordedCall {
            key: key.digest().0.into(),
            openings: rules.parameters.openings.0.into(),
            segment: B256::from_slice(hash),
            padding: U256::from(segment.padding),
            histogram: BundleVerifier::G1 { x: U256::from_be_slice(x), y: U256::from_be_slice(y) },
        };
        self.node().read(verifier, &call)
    }

    /// Has a contributor paid for an epoch; the sender's own share to `to`, if that is given.
    pub fn claim(
        &self,
        sender: &mut Sender<'_>,
        epoch: u64,
        contributor: Address,
        to: Option<Address>,
    ) -> Result<Claimed> {
        let standing = self.standing(epoch, contributor)?;
        let owes = !standing.dataWeight.is_zero() && !standing.isDataPaid
            || standing.computeWeight != 0 && !standing.isComputePaid;
        let has_weight = !standing.dataWeight.is_zero() || standing.computeWeight != 0;
        let done = match (owes, has_weight) {
            (false, true) => Done::Before,
            (true, true) => {
                let (function, input) = match to {
                    Some(to) if contributor != sender.address() => {
                        return Err(ChainError::NotOneself { contributor, to });
                    }
                    Some(to) => {
                        ("claimTo", calls::claim_to(epoch, &fairshare_params::address::Address(to.into())))
                    }
                    None => {
                        let contributor = fairshare_params::address::Address(contributor.into());
                        ("claim", calls::claim(epoch, &contributor))
                    }
                };
                sender.send(function, &Call::new(self.vault(), input))?;
                Done::Now
            }
            _ => return Err(ChainError::NothingEarned { epoch, contributor }),
        };
        let (compute, data) = self.share(epoch, contributor)?;
        Ok(Claimed { compute, data, done })
    }

    /// Where a contributor stands in an epoch.
    pub fn standing(&self, epoch: u64, contributor: Address) -> Result<Standing> {
        self.node().read(self.vault(), &ProvingVault::standingCall { epoch, contributor })
    }

    /// A contributor's shares of a settled epoch, for computing power and for data, in base units.
    pub fn share(&self, epoch: u64, contributor: Address) -> Result<(u128, u128)> {
        let share = self.node().read(self.vault(), &ProvingVault::shareOfCall { epoch, contributor })?;
        Ok((share.compute, share.data))
    }

    /// Strikes a dataset.
    pub fn strike_data(&self, sender: &mut Sender<'_>, digest: &Digest, reason: &str) -> Result<Done> {
        let call = TaskRegistry::datasetCall { digest: digest.0.into() };
        if self.node().read(self.registry(), &call)?.isStruck {
            return Ok(Done::Before);
        }
        sender.send("strikeData", &Call::new(self.registry(), calls::strike_data(digest, reason)))?;
        Ok(Done::Now)
    }

    /// Strikes a node in the epoch that goes on.
    pub fn strike_node(
        &self,
        sender: &mut Sender<'_>,
        node: &fairshare_params::address::Address,
        reason: &str,
    ) -> Result<Done> {
        let epoch = self.stage()?.epoch;
        let call = TaskRegistry::unitsOfCall { epoch, node: evm_address(node) };
        if self.node().read(self.registry(), &call)?.isStruck {
            return Ok(Done::Before);
        }
        sender.send("strikeNode", &Call::new(self.registry(), calls::strike_node(node, reason)))?;
        Ok(Done::Now)
    }

    /// Everybody whose bundle counts in an epoch, by address.
    pub fn weighed(&self, epoch: u64) -> Result<BTreeSet<Address>> {
        let (taken, began) = (BundleTaken::SIGNATURE_HASH, ProvingBegan::SIGNATURE_HASH);
        let mut found = BTreeSet::new();
        self.node().back_from_head(&[self.vault()], &[taken, began], |log| {
            if let Ok(event) = BundleTaken::decode_log_data(log.data())
                && event.epoch == epoch
            {
                found.insert(event.contributor);
            }
            // No bundle was taken before the last round had ended.
            ProvingBegan::decode_log_data(log.data()).is_ok_and(|event| event.epoch == epoch)
        })?;
        Ok(found)
    }
}

/// Records as many histogram proofs as one transaction holds; the rest.
fn record_some<'a>(
    sender: &mut Sender<'_>,
    verifier: Address,
    parameters: &VerifierParameters,
    proofs: &'a [SegmentProof],
) -> Result<&'a [SegmentProof]> {
    let mut count = proofs.len();
    loop {
        let (some, rest) = proofs.split_at(count);
        let call = Call::new(verifier, recorded::record_segments(parameters, some));
        let sent = match call.input.len() <= MAX_INPUT {
            true => sender.send("recordSegments", &call),
            false => Err(ChainError::TooLong),
        };
        match sent {
            Ok(_) => return Ok(rest),
            Err(ChainError::TooLong | ChainError::TooMuchGas { .. }) if count > 1 => {
                count = count.div_ceil(2)
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a bundle was refused because one of the very same weight counts.
fn counts(error: &ChainError) -> bool {
    let ChainError::Refused { refusal, .. } = error else { return false };
    WeighsNoMore::abi_decode(&refusal.data)
        .is_ok_and(|WeighsNoMore { weight, standing }| weight == standing && !weight.is_zero())
}

/// Bytes of role, contributor, number of digests and digests.
fn header_bytes(header: &Header) -> usize {
    header.digests.len().saturating_mul(32).saturating_add(96)
}
