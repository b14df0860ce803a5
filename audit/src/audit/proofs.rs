//! Step 3 of an audit: the bundles, many at once.

use fairshare_formats::ledger::{Event, Files};
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Bundle, Score, Verifier};
use num_bigint::BigUint;

use super::open::{Best, Open, Pending};
use super::{Audit, Finding};
use crate::registry::{At, Covered, NotCovered, covered};
use crate::settlement::DataWeights;

/// Bundles verified at once: enough for every core, few enough for the memory.
const BATCH: usize = 256;
/// Most bytes of them, unless one alone has more.
const BATCH_BYTES: usize = 32 << 20;

/// A bundle that was read, and what it covers.
struct Ready {
    at: At,
    role: Role,
    recorded: u64,
    bundle: Bundle,
    covered: Option<Covered>,
}

impl Audit<'_> {
    pub(super) fn bundle(&mut self, at: At, epoch: u64, event: &Event, files: Files) {
        let Event::Bundle { role, contributor, score, .. } = event else { return };
        let check = match role {
            // A chain takes no bundle after the deadline.
            Role::Compute if !self.is_contracts() => self.timeline.takes_proofs(epoch),
            _ => self.timeline.takes_proofs_by_deadline(epoch, at.time),
        };
        if let Err(source) = check {
            return self.note(at, Some(epoch), Finding::Refused(source));
        }
        // One epoch's bundles wait at a time: the memory is that of one batch, however many epochs are open.
        if let Some(other) = self.waiting.replace(epoch).filter(|other| *other != epoch) {
            self.verify(other);
        }
        let Some(open) = self.open.get_mut(&epoch).filter(|open| open.basis.is_some()) else { return };
        let bytes = files.into_single();
        open.pending_bytes = open.pending_bytes.saturating_add(bytes.len());
        open.pending.push(Pending { at, contributor: *contributor, role: *role, score: *score, bytes });
        if open.pending.len() >= BATCH || open.pending_bytes >= BATCH_BYTES {
            self.verify(epoch);
        }
    }

    /// Verifies what waits for it.
    pub(super) fn verify(&mut self, epoch: u64) {
        let Some(mut open) = self.open.remove(&epoch) else { return };
        let pending = std::mem::take(&mut open.pending);
        open.pending_bytes = 0;
        if !pending.is_empty() {
            self.verify_all(epoch, &mut open, pending);
        }
        self.open.insert(epoch, open);
    }

    fn verify_all(&mut self, epoch: u64, open: &mut Open, pending: Vec<Pending>) {
        let auditor = self.auditor;
        let Some(parameters) = open.basis.and_then(|_| auditor.parameters(&open.policy)) else { return };
        let verifier = Verifier::new(parameters, &open.policy, auditor.trust);
        let verifier = match verifier.and_then(|verifier| verifier.with_units(open.units.as_ref())) {
            Ok(verifier) => verifier,
            // Said when the rules came.
            Err(_) => return,
        };
        let mut ready = Vec::new();
        for one in pending {
            let at = one.at;
            match self.read(epoch, &verifier, one) {
                Ok(one) => ready.push(one),
                Err(finding) => self.note(at, Some(epoch), *finding),
            }
        }
        let none: &[Registration] = &[];
        let items: Vec<_> = ready
            .iter()
            .map(|one| (&one.bundle, one.covered.as_ref().map_or(none, |covered| &covered.registrations)))
            .collect();
        let results = verifier.verify_batch(&items);
        self.bundles = self.bundles.saturating_add(results.len() as u64);
        let weights = DataWeights::of(&open.policy);
        for (one, result) in ready.iter().zip(results) {
            let (at, contributor, role) = (one.at, one.bundle.contributor(), one.role);
            let finding = match result {
                Err(source) => Some(Finding::Bundle(Box::new(source))),
                Ok(score) if score.value() != one.recorded => {
                    Some(Finding::Score { found: score.value(), recorded: one.recorded })
                }
                Ok(score) => {
                    let best = best(&weights, &score, one.covered.as_ref());
                    let key = (contributor, role.id());
                    match open.best.get(&key) {
                        Some(before) if before.weight >= best.weight => Some(Finding::NoHeavier),
                        _ => {
                            open.best.insert(key, best);
                            None
                        }
                    }
                }
            };
            if let Some(finding) = finding {
                self.note(at, Some(epoch), finding);
            }
        }
    }

    /// What a bundle says, if it is the one on record.
    fn read(&self, epoch: u64, verifier: &Verifier<'_>, pending: Pending) -> Result<Ready, Box<Finding>> {
        let Pending { at, contributor, role, score: recorded, bytes } = pending;
        let header = Header::read(&bytes).map_err(|source| Box::new(Finding::BundleBytes(source)))?;
        if (header.contributor, header.role) != (contributor, role) {
            let (contributor, role) = (header.contributor, header.role);
            return Err(Box::new(Finding::BundleOtherwise { contributor, role }));
        }
        let covered = match role {
            Role::Compute => None,
            Role::Data => {
                let covered = self.covered(epoch, verifier, &header);
                Some(covered.map_err(|source| Box::new(Finding::NotCovered(source)))?)
            }
        };
        let registrations = covered.as_ref().map_or(&[][..], |covered| &covered.registrations);
        let bundle = verifier.read(&bytes, registrations);
        let bundle = bundle.map_err(|source| Box::new(Finding::Bundle(Box::new(source))))?;
        Ok(Ready { at, role, recorded, bundle, covered })
    }

    fn covered(&self, epoch: u64, verifier: &Verifier<'_>, header: &Header) -> Result<Covered, NotCovered> {
        let ended = self.timeline.stage(epoch).ok().and_then(|stage| stage.ended);
        let find = |digest: &_| self.digests.get(digest).and_then(|index| self.datasets.get(index));
        covered(verifier.policy(), ended.as_ref(), &header.contributor, &header.digests, find)
    }
}

fn best(weights: &DataWeights<'_>, score: &Score, covered: Option<&Covered>) -> Best {
    match (score, covered) {
        (Score::Data(score), Some(covered)) => {
            let weight = weights.weight(score.score, score.records, covered.latest);
            let digests = score.datasets.iter().map(|dataset| dataset.digest).collect();
            Best { score: score.score, weight, data: Some((score.records, covered.latest, digests)) }
        }
        _ => Best { score: score.value(), weight: BigUint::from(score.value()), data: None },
    }
}

#[cfg(test)]
mod tests {
    use fairshare_formats::archive::Heading;
    use fairshare_formats::ledger::Kind;
    use fairshare_formats::time::Moment;
    use fairshare_params::address::Address;
    use fairshare_params::encoding::Digest;
    use fairshare_testkit::fixture;
    use fairshare_verifier::Trust;

    use super::super::{Auditor, Basis, Expected};
    use super::*;
    use crate::registry::Span;

    /// Whoever submits what, an auditor's memory holds so many bundles and no more.
    #[test]
    fn bundles_wait_until_they_are_a_batch_and_of_one_epoch_at_a_time() {
        let policy = fixture::policy(fixture::POLICY);
        let none = Digest([0; 32]);
        let heading = Heading::new("a test", 1, Address([1; 20]), Address([2; 20]), 0, none);
        let auditor = Auditor::new(&[], Trust::AllowInsecure, &|_, _| {});
        let mut audit = auditor.begin(heading, &Expected::default());
        let at = At { index: 9, time: Moment::default() };
        for epoch in [4, 5] {
            audit.timeline.apply_rules(Span { epoch, ..Span::of(policy.terms()) }, epoch);
            audit.timeline.apply(at, &Event::Ended { epoch });
            let basis = Basis { rules_hash: none, srs: none, insecure: true };
            audit.open.insert(epoch, Open::new(policy.clone(), Some(basis)));
        }
        let mut take = |epoch, bytes| {
            let (role, contributor, file) = (Role::Compute, Address([3; 20]), none);
            let event = Event::Bundle { epoch, role, contributor, score: 0, file };
            audit.bundle(at, epoch, &event, Files::one(Kind::Bundle, vec![0; bytes]));
            [4, 5].map(|epoch| audit.open[&epoch].pending.len())
        };
        assert_eq!([take(4, 1), take(4, 1), take(5, 1)], [[1, 0], [2, 0], [0, 1]]);
        for waiting in 2..BATCH {
            assert_eq!(take(5, 1), [0, waiting]);
        }
        assert_eq!(take(5, 1), [0, 0]);
        assert_eq!([take(4, BATCH_BYTES - 1), take(4, 1), take(4, 1)], [[1, 0], [0, 0], [1, 0]]);
    }
}
