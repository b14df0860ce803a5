//! Taking verified bundles.
//!
//! Only what the verifier accepted gets a row: the one function that records a score takes a [`Score`], which
//! nothing but a verification makes.

use std::collections::HashMap;
use std::num::NonZeroU32;

use fairshare_audit::registry::{Covered, Dataset, Identity, NotCovered, Refusal, Timeline, covered};
use fairshare_audit::settlement::DataWeights;
use fairshare_formats::ledger::{Event, Files, Kind, MAX_BUNDLE_BYTES, Receipt, file_hash};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Bundle, Score, Verifier, VerifyError};
use num_bigint::BigUint;

use super::chain::{Chain, receipt};
use super::{Best, Epoch, Ledger, Result, best, datasets_of, find_epoch, id, operated, read_units, timeline};
use crate::database::Transaction;
use crate::error::{MAX_BUNDLES, SubmitError, VaultError};

/// A bundle as it arrived.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its bytes, which are kept whole.
    pub bytes: Vec<u8>,
}

/// What became of a bundle.
#[derive(Debug)]
pub struct Verdict {
    /// Who claims it, where the bytes could be read.
    pub claim: Option<Submitted>,
    /// Whether it is on record now, and was before; or why not.
    pub result: std::result::Result<Recorded, SubmitError>,
}

/// What a bundle claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The contributor.
    pub contributor: Address,
    /// For what.
    pub role: Role,
    /// The score, of data in 1/256 nat, of units with 48 fractional bits; none where the bytes are not a
    /// bundle of what is registered.
    pub score: Option<u64>,
}

/// A score on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Where its entry stands: this bundle's, or one of the same score.
    pub receipt: Receipt,
    /// Whether it stood there before.
    pub before: bool,
}

/// A bundle that can be verified.
struct Ready {
    bundle: Box<Bundle>,
    covered: Option<Covered>,
}

impl Ledger {
    /// Verifies bundles together and puts those that count on record, in one transaction; one verdict each,
    /// in the same order. The verifier is one for the epoch's policy and the units on record.
    pub fn submit(
        &mut self,
        epoch: Option<u64>,
        verifier: &Verifier<'_>,
        submissions: &[Submission],
        now: Moment,
    ) -> Result<Vec<Verdict>> {
        let (epoch, policy) = self.proving_epoch(epoch)?;
        self.database.read(operated)?;
        let (given, recorded) = (verifier.rules_hash(), epoch.rules_hash);
        if given != recorded {
            return Err(VaultError::OtherRules { epoch: epoch.number, recorded, given });
        }
        let mut entries = self.database.read(|transaction| {
            // A score is of what is on record, whoever prepared the verifier.
            if let Some(given) = verifier.units()
                && read_units(transaction, &epoch, &policy)?.as_ref() != Some(given)
            {
                return Err(VaultError::UnitsOtherwise { epoch: epoch.number });
            }
            let timeline = timeline(transaction)?;
            let read = |submission| Entry::read(transaction, &timeline, &epoch, verifier, submission, now);
            submissions.iter().map(read).collect::<Result<Vec<_>>>()
        })?;
        let none: &[Registration] = &[];
        let ready: Vec<_> = entries.iter().filter_map(|entry| entry.step.as_ref().ok()).collect();
        let registrations = |one: &&Ready| {
            one.covered.as_ref().map_or(none.to_vec(), |covered| covered.registrations.clone())
        };
        let registrations: Vec<_> = ready.iter().map(registrations).collect();
        let items: Vec<_> = ready
            .iter()
            .zip(&registrations)
            .map(|(one, registrations)| (&*one.bundle, registrations.as_slice()))
            .collect();
        let scores = verifier.verify_batch(&items);
        self.record(epoch.number, verifier.policy(), &mut entries, submissions, scores, now)
    }

    /// Puts verified scores on record, each with the bundle that shows it: one of `scores` for each entry
    /// that waits for it. What was read before the verification may have changed since; here nothing can any
    /// more.
    fn record(
        &mut self,
        epoch: u64,
        policy: &Policy,
        entries: &mut Vec<Entry>,
        submissions: &[Submission],
        scores: Vec<std::result::Result<Score, VerifyError>>,
        now: Moment,
    ) -> Result<Vec<Verdict>> {
        let mut scores = scores.into_iter();
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let timeline = timeline(transaction)?;
            let chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let epoch = find_epoch(transaction, Some(epoch))?;
            let mut recorder = Recorder { identity, timeline, epoch, policy, chain };
            let verdict = |(entry, submission): (Entry, &Submission)| {
                let Entry { claim, step } = entry;
                let result = match step {
                    Err(error) => Err(error),
                    Ok(_) => match scores.next().unwrap_or(Err(VerifyError::Internal)) {
                        Err(error) => Err(error.into()),
                        Ok(score) => recorder.record(transaction, &score, &submission.bytes)?,
                    },
                };
                Ok(Verdict { claim, result })
            };
            std::mem::take(entries).into_iter().zip(submissions).map(verdict).collect()
        })
    }
}

/// What records verified scores.
struct Recorder<'a> {
    identity: Identity,
    timeline: Timeline,
    epoch: Epoch,
    policy: &'a Policy,
    chain: Chain,
}

impl Recorder<'_> {
    fn record(
        &mut self,
        transaction: &mut Transaction<'_>,
        score: &Score,
        bytes: &[u8],
    ) -> Result<std::result::Result<Recorded, SubmitError>> {
        let (contributor, role, data) = match score {
            Score::Compute(score) => (score.contributor, Role::Compute, None),
            Score::Data(score) => {
                let digests: Vec<_> = score.datasets.iter().map(|dataset| dataset.digest).collect();
                match covers(transaction, &self.epoch, self.policy, &score.contributor, &digests)? {
                    Err(error) => return Ok(Err(error.into())),
                    Ok(covered) => (score.contributor, Role::Data, Some((score.records, covered.latest))),
                }
            }
        };
        let file = file_hash(bytes);
        if let Some(index) = stands(transaction, &self.epoch, &contributor, role, score.value(), &file)? {
            let receipt = receipt(transaction, &self.identity, index)?;
            return Ok(Ok(Recorded { receipt, before: true }));
        }
        // Of what is on record already, nothing is late.
        if let Err(refusal) = in_time(&self.timeline, &self.epoch, role, self.chain.time()) {
            return Ok(Err(refusal.into()));
        }
        let weight = weight(self.policy, score.value(), data);
        let before = on_record(transaction, &self.epoch, &contributor, role)?;
        if let Some(before) = before.filter(|before| weight <= self.weight(before)) {
            let error = match role {
                Role::Data => SubmitError::NoHeavier { contributor, entry: before.entry },
                // The same units have one score.
                Role::Compute => VerifyError::Internal.into(),
            };
            return Ok(Err(error));
        }
        if before_count(transaction, &self.epoch, &contributor, role)? >= MAX_BUNDLES {
            return Ok(Err(SubmitError::TooMany { contributor }));
        }
        let scored = Scored { epoch: self.epoch.number, role, contributor, score: score.value(), data };
        let receipt = put(transaction, &mut self.chain, &scored, bytes)?;
        Ok(Ok(Recorded { receipt, before: false }))
    }

    fn weight(&self, best: &Best) -> BigUint {
        weight(self.policy, best.score, best.data)
    }
}

/// A score that a verification gave, here or on a chain.
pub(super) struct Scored {
    pub epoch: u64,
    pub role: Role,
    pub contributor: Address,
    pub score: u64,
    /// Of data: its records, and the latest round of what it covers.
    pub data: Option<(NonZeroU32, u64)>,
}

/// Puts a score on record, with the bundle that shows it.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    scored: &Scored,
    bytes: &[u8],
) -> Result<Receipt> {
    let Scored { epoch, role, contributor, score, data } = *scored;
    let file = file_hash(bytes);
    let event = Event::Bundle { epoch, role, contributor, score, file };
    let receipt = chain.append(transaction, event, &Files::one(Kind::Bundle, bytes.to_vec()))?;
    transaction.execute(
        "INSERT INTO bundles (entry, epoch, role, contributor, score, records, latest, file)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id(receipt.index)?,
            epoch.to_string().into(),
            role.name().into(),
            (&contributor).into(),
            score.to_string().into(),
            data.map(|(records, _)| i64::from(records.get())).into(),
            data.map(|(_, latest)| latest.to_string()).into(),
            file.to_string().into(),
        ],
    )?;
    Ok(receipt)
}

/// What a score weighs.
pub(super) fn weight(policy: &Policy, score: u64, data: Option<(NonZeroU32, u64)>) -> BigUint {
    match data {
        Some((records, latest)) => DataWeights::of(policy).weight(score, records, latest),
        None => score.into(),
    }
}

fn in_time(timeline: &Timeline, epoch: &Epoch, role: Role, now: Moment) -> std::result::Result<(), Refusal> {
    match role {
        Role::Data => timeline.takes_proofs_by_deadline(epoch.number, now),
        Role::Compute => timeline.takes_proofs(epoch.number),
    }
    .map(|_| ())
}

/// The entry by which this bundle counts already: itself, or for computing power any of the same score, since
/// the same units have no other.
fn stands(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    contributor: &Address,
    role: Role,
    score: u64,
    file: &Digest,
) -> Result<Option<u64>> {
    let sql = "SELECT entry FROM bundles WHERE epoch = $1 AND role = $2 AND contributor = $3
        AND (file = $4 OR (role = 'compute' AND score = $5)) ORDER BY entry LIMIT 1";
    let (file, score) = (file.to_string(), score.to_string());
    let parameters = key(epoch, contributor, role).into_iter().chain([file.into(), score.into()]);
    let row = transaction.query_first(sql, &parameters.collect::<Vec<_>>())?;
    row.map(|row| Ok(row.count("entry")?)).transpose()
}

/// The bundle that counts for a contributor and role.
fn on_record(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    contributor: &Address,
    role: Role,
) -> Result<Option<Best>> {
    let sql = "SELECT entry, role, contributor, score, records, latest FROM bundles
        WHERE epoch = $1 AND role = $2 AND contributor = $3 ORDER BY entry DESC LIMIT 1";
    transaction.query_first(sql, &key(epoch, contributor, role))?.as_ref().map(best).transpose()
}

/// How many bundles of a contributor and role are on record.
fn before_count(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    contributor: &Address,
    role: Role,
) -> Result<u64> {
    let sql = "SELECT count(*) AS found FROM bundles WHERE epoch = $1 AND role = $2 AND contributor = $3";
    Ok(transaction.query_one(sql, &key(epoch, contributor, role))?.count("found")?)
}

fn key(epoch: &Epoch, contributor: &Address, role: Role) -> Vec<crate::database::Value> {
    vec![epoch.number.to_string().into(), role.name().into(), contributor.into()]
}

/// What digests cover by the record.
pub(super) fn covers(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
    contributor: &Address,
    digests: &[Digest],
) -> Result<std::result::Result<Covered, NotCovered>> {
    let own: HashMap<_, Dataset> = datasets_of(transaction, contributor)?
        .into_iter()
        .map(|dataset| (*dataset.registration.digest(), dataset))
        .collect();
    let ended = epoch.stage.ended;
    Ok(covered(policy, ended.as_ref(), contributor, digests, |digest| own.get(digest)))
}

/// A submission on its way.
struct Entry {
    claim: Option<Submitted>,
    step: std::result::Result<Ready, SubmitError>,
}

impl Entry {
    /// All that can be said without a verification.
    fn read(
        transaction: &mut Transaction<'_>,
        timeline: &Timeline,
        epoch: &Epoch,
        verifier: &Verifier<'_>,
        submission: &Submission,
        now: Moment,
    ) -> Result<Self> {
        let bytes = submission.bytes.len();
        if bytes > MAX_BUNDLE_BYTES {
            return Ok(Self::refused(None, SubmitError::TooLong { bytes, limit: MAX_BUNDLE_BYTES }));
        }
        let header = match Header::read(&submission.bytes) {
            Ok(header) => header,
            Err(error) => return Ok(Self::refused(None, error.into())),
        };
        let mut claim = Submitted { contributor: header.contributor, role: header.role, score: None };
        // Whatever is on record is told so, however late it is.
        let file = file_hash(&submission.bytes);
        let late = in_time(timeline, epoch, header.role, now).err();
        if let Some(refusal) = late
            && !is_on_record(transaction, epoch, &file)?
        {
            return Ok(Self::refused(Some(claim), refusal.into()));
        }
        let covered = match header.role {
            Role::Compute => None,
            Role::Data => {
                match covers(transaction, epoch, verifier.policy(), &header.contributor, &header.digests)? {
                    Ok(covered) => Some(covered),
                    Err(error) => return Ok(Self::refused(Some(claim), error.into())),
                }
            }
        };
        let registrations = covered.as_ref().map_or(&[][..], |covered| &covered.registrations);
        Ok(match verifier.read(&submission.bytes, registrations) {
            Err(error) => Self::refused(Some(claim), error.into()),
            Ok(bundle) => {
                claim.score = Some(bundle.claimed_score());
                Self { claim: Some(claim), step: Ok(Ready { bundle: Box::new(bundle), covered }) }
            }
        })
    }

    fn refused(claim: Option<Submitted>, error: SubmitError) -> Self {
        Self { claim, step: Err(error) }
    }
}

fn is_on_record(transaction: &mut Transaction<'_>, epoch: &Epoch, file: &Digest) -> Result<bool> {
    let sql = "SELECT entry FROM bundles WHERE epoch = $1 AND file = $2 LIMIT 1";
    let row = [epoch.number.to_string().into(), file.to_string().into()];
    Ok(transaction.query_first(sql, &row)?.is_some())
}
