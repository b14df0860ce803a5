//! Step 2 of an audit: what is on record of rules, data, units and strikes.

use std::collections::BTreeMap;

use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Event, Files, Tenths};
use fairshare_formats::registry::{
    RegistryFileError, recorded_from_json, recorded_to_json, signed_from_json, signed_to_json,
};
use fairshare_formats::units::{Rounds, from_csv, to_csv};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Unsigned;
use fairshare_verifier::Verifier;

use super::open::Open;
use super::{Audit, Basis, EpochReport, Finding, NoParameters, Strike, node_name};
use crate::registry::{
    At, Dataset, Identity, Now, Refusal, Span, State, check_note, check_registration, check_token,
};

impl Audit<'_> {
    pub(super) fn rules(&mut self, at: At, epoch: u64, recorded: &Digest, files: &Files) {
        let policy = match files.policy() {
            Ok(source) => source.policy(),
            Err(source) => return self.note(at, Some(epoch), Finding::Files(source)),
        };
        let policy = match policy {
            Ok(policy) => policy,
            Err(source) => return self.note(at, Some(epoch), Finding::Policy(Box::new(source))),
        };
        if policy.terms().epoch != epoch {
            let policy = policy.terms().epoch;
            return self.note(at, Some(epoch), Finding::EpochNumber { policy });
        }
        self.identity(at, &policy);
        let span = Span::of(policy.terms());
        let check = match self.is_contracts() {
            true => self.timeline.check_next(&span),
            false => self.timeline.check_rules(&span),
        };
        if let Err(source) = check {
            return self.note(at, Some(epoch), Finding::Refused(source));
        }
        let others = self.reports.values().filter(|report| report.number != epoch);
        let token = others.filter_map(|report| report.token.as_ref()).next_back();
        if let Err(source) = check_token(policy.token(), token, epoch) {
            self.note(at, Some(epoch), Finding::Refused(source));
        }
        self.timeline.apply_rules(span, at.index);
        let basis = self.basis(at, &policy, recorded);
        self.reports.insert(epoch, empty_report(&policy, *recorded, basis));
        let bytes = files.iter().map(|(_, bytes)| bytes.len()).sum();
        self.open.insert(epoch, Open { bytes, ..Open::new(policy, basis) });
    }

    /// One vault's rules, which are those of the archive's heading.
    fn identity(&mut self, at: At, policy: &Policy) {
        let (epoch, found) = (policy.terms().epoch, Identity::of(policy));
        let first = self.identity.get_or_insert_with(|| found.clone()).clone();
        if first != found {
            let (ledger, policy) = (Box::new(first), Box::new(found));
            self.note(at, Some(epoch), Finding::Refused(Refusal::OtherVault { ledger, policy }));
            return;
        }
        let heading = (self.heading.chain_id, self.heading.vault, self.heading.registry);
        if heading != (found.chain_id, found.vault, found.registry) {
            self.note(at, Some(epoch), Finding::Heading { found: found.to_string() });
        }
    }

    /// What the epoch is verified under, if there is something.
    fn basis(&mut self, at: At, policy: &Policy, recorded: &Digest) -> Option<Basis> {
        let (epoch, auditor) = (policy.terms().epoch, self.auditor);
        // Of rules that were replaced there is nothing to be audited.
        self.unaudited.retain(|other| other.epoch != epoch);
        let Some(parameters) = auditor.parameters(policy) else {
            let (geometry, named) = (policy.geometry(), policy.parameters());
            self.unaudited.push(NoParameters { epoch, geometry, named });
            return None;
        };
        match Verifier::new(parameters, policy, auditor.trust) {
            Err(source) => {
                self.note(at, Some(epoch), Finding::Setup(source));
                None
            }
            Ok(verifier) => {
                let rules_hash = verifier.rules_hash();
                if rules_hash != *recorded {
                    let (found, recorded) = (rules_hash, *recorded);
                    self.note(at, Some(epoch), Finding::RulesHash { found, recorded });
                }
                let (srs, insecure) = (parameters.words().srs, parameters.is_insecure());
                Some(Basis { rules_hash, srs, insecure })
            }
        }
    }

    pub(super) fn registration(&mut self, at: At, event: &Event, file: &[u8]) {
        let Event::Registration { round, contributor, digest, .. } = event else { return };
        let (recorded, epoch) = (*round, self.epoch_now());
        let (unsigned, text) = match self.read_registration(file) {
            Ok(read) => read,
            Err(source) => return self.note(at, epoch, Finding::Registration(Box::new(source))),
        };
        let request = unsigned.request();
        let says = (request.contributor(), request.digest());
        if says != (contributor, digest) || text.as_bytes() != file {
            let found = format!("{} registers {}", checksummed(says.0), says.1);
            return self.note(at, epoch, Finding::RegistrationOtherwise { found });
        }
        let (epoch, round) = match self.timeline.takes_data() {
            Ok((stage, round)) => (stage.span.epoch, round),
            Err(source) => return self.note(at, epoch, Finding::Refused(source)),
        };
        if recorded != round {
            return self.note(at, Some(epoch), Finding::Round { recorded, round });
        }
        let known = self.digests.get(digest).and_then(|index| self.datasets.get(index));
        let known = known.map(|dataset| dataset.round);
        let root = unsigned.evidence().map(|evidence| evidence.storage_root);
        let used = root.and_then(|root| self.roots.get(&root).copied());
        let Some(open) = self.open.get(&epoch) else { return };
        if let Err(source) = check_registration(&open.policy, &unsigned, round, known, used) {
            return self.note(at, Some(epoch), Finding::Refused(source));
        }
        self.digests.insert(*digest, at.index);
        root.and_then(|root| self.roots.insert(root, *digest));
        let registration = Registration::from(request);
        self.datasets.insert(at.index, Dataset { index: at.index, round, registration, root, struck: None });
    }

    /// What is registered, and the one spelling of its file. An operator's ledger has the contributor's
    /// signature in it; of one that follows a contract who registered is the contract's word, because a
    /// contract account alone can tell what it has signed.
    fn read_registration(&self, file: &[u8]) -> Result<(Unsigned, String), RegistryFileError> {
        if self.is_contracts() {
            recorded_from_json(file)
                .map(|recorded| (recorded.unsigned().clone(), recorded_to_json(&recorded)))
        } else {
            signed_from_json(file).map(|signed| (signed.unsigned().clone(), signed_to_json(&signed)))
        }
    }

    /// The epoch whose rounds go on.
    fn epoch_now(&self) -> Option<u64> {
        match self.timeline.now() {
            Now::Round(stage, _) => Some(stage.span.epoch),
            Now::Between => None,
        }
    }

    pub(super) fn units(&mut self, at: At, event: &Event, epoch: u64, file: &[u8]) {
        match self.timeline.takes_units() {
            Ok(stage) if stage.span.epoch == epoch => {}
            Ok(_) => return self.note(at, Some(epoch), Finding::Refused(Refusal::NoRound)),
            Err(source) => return self.note(at, Some(epoch), Finding::Refused(source)),
        }
        self.timeline.apply(at, event);
        let Some(open) = self.open.get_mut(&epoch) else { return };
        match from_csv(file, Rounds::of(&open.policy)) {
            Ok(units) if to_csv(&units).as_bytes() == file => open.units = Some(units),
            Ok(_) => {
                let found = "units in another spelling".to_owned();
                self.note(at, Some(epoch), Finding::RegistrationOtherwise { found });
            }
            Err(source) => self.note(at, Some(epoch), Finding::Units(source)),
        }
    }

    pub(super) fn strike_data(&mut self, at: At, digest: &Digest, reason: &str) {
        let index = self.digests.get(digest).copied();
        let dataset = index.and_then(|index| self.datasets.get_mut(&index));
        let check = match dataset {
            None => Err(Refusal::UnknownDigest { digest: *digest }),
            Some(dataset) if dataset.struck.is_some() => Err(Refusal::DataStruck { digest: *digest }),
            Some(dataset) => check_note("reason", reason).map(|()| dataset),
        };
        match check {
            Ok(dataset) => {
                dataset.struck = Some(at.index);
                let (index, target) = (at.index, format!("dataset {digest}"));
                self.strikes.push(Strike { index, target, reason: reason.to_owned() });
            }
            Err(source) => self.note(at, None, Finding::Refused(source)),
        }
    }

    pub(super) fn strike_node(&mut self, at: At, epoch: u64, node: &Address, reason: &str) {
        let check = match self.epoch_now() {
            Some(now) if now == epoch => check_note("reason", reason),
            _ => Err(Refusal::NoEpochToStrike),
        };
        let is_new = !self.struck_nodes.contains(&(epoch, *node));
        let struck = Refusal::NodeStruck { node: *node, epoch };
        match check.and(if is_new { Ok(()) } else { Err(struck) }) {
            Ok(()) => {
                self.struck_nodes.insert((epoch, *node));
                let (index, target) = (at.index, format!("{} in epoch {epoch}", node_name(node)));
                self.strikes.push(Strike { index, target, reason: reason.to_owned() });
            }
            Err(source) => self.note(at, Some(epoch), Finding::Refused(source)),
        }
    }
}

pub(super) fn empty_report(
    policy: &Policy,
    recorded_rules_hash: Digest,
    basis: Option<Basis>,
) -> EpochReport {
    EpochReport {
        number: policy.terms().epoch,
        terms: policy.terms().clone(),
        token: policy.token().cloned(),
        data_decay: policy.data_decay().clone(),
        free_bins: policy.free_bins(),
        schema_hash: policy.schema().hash(),
        reference_hash: policy.reference().hash(),
        pool: None,
        recorded_rules_hash,
        basis,
        unverified_before: None,
        state: State::Announced,
        brought: Tenths::default(),
        left: Tenths::default(),
        rounding: Tenths::default(),
        root: None,
        claims_total: 0,
        lines: BTreeMap::new(),
        unlisted: 0,
    }
}
