//! Taking verified bundles.
//!
//! Only what the verifier accepted gets a row: the one function that inserts a score takes a [`Score`], which
//! nothing but a verification makes.

use std::collections::HashSet;

use fairshare_audit::snapshot::{MAX_BUNDLE_BYTES, State};
use fairshare_params::address::Address;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Bundle, Score, Verifier, VerifyError};

use super::register::read_units;
use super::{Epoch, Ledger, Result, find_epoch, read_registration};
use crate::database::Transaction;
use crate::error::{SubmitError, VaultError};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// From now on.
    Now,
    /// It was before.
    Before,
}

impl Ledger {
    /// Verifies bundles together and puts those accepted on record, in one transaction; one verdict each, in
    /// the same order. The verifier is one for the epoch's policy and the units on record.
    pub fn submit(
        &mut self,
        epoch: Option<u64>,
        verifier: &Verifier<'_>,
        submissions: &[Submission],
    ) -> Result<Vec<Verdict>> {
        let (epoch, policy) = self.epoch(epoch)?;
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
            submissions
                .iter()
                .map(|submission| Entry::read(transaction, &epoch, verifier, submission))
                .collect::<Result<Vec<_>>>()
        })?;
        let pending: Vec<_> = entries.iter().filter_map(Entry::pending).collect();
        let scores = verifier.verify_batch(&pending);
        self.record(epoch.number, &mut entries, submissions, scores)?;
        Ok(entries.into_iter().map(Entry::into_verdict).collect())
    }

    /// Puts verified scores on record, each with the bundle that shows it: one of `scores` for each entry
    /// that waits for it.
    fn record(
        &mut self,
        epoch: u64,
        entries: &mut [Entry],
        submissions: &[Submission],
        scores: Vec<std::result::Result<Score, VerifyError>>,
    ) -> Result<()> {
        let mut scores = scores.into_iter();
        self.database.write(|transaction| {
            let epoch = find_epoch(transaction, Some(epoch))?;
            for (entry, submission) in entries.iter_mut().zip(submissions) {
                let Step::Verify { bundle, .. } = &entry.step else { continue };
                let result = match scores.next().unwrap_or(Err(VerifyError::Internal)) {
                    Ok(score) => record(transaction, &epoch, &score, &bundle.header(), &submission.bytes)?,
                    Err(error) => Err(error.into()),
                };
                entry.step = Step::Done(result);
            }
            Ok(())
        })
    }
}

/// Puts a verified score on record. What was read before the verification may have changed since; here
/// nothing can any more.
fn record(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    score: &Score,
    header: &Header,
    bytes: &[u8],
) -> Result<std::result::Result<Recorded, SubmitError>> {
    let (contributor, role) = match score {
        Score::Data(score) => (score.contributor, Role::Data),
        Score::Compute(score) => (score.contributor, Role::Compute),
    };
    if let Err(error) = check_covers(transaction, epoch, header)? {
        return Ok(Err(error));
    }
    if is_scored(transaction, epoch, header, score.value())? {
        return Ok(Ok(Recorded::Before));
    }
    epoch.needs(State::Open)?;
    transaction.execute(
        "INSERT INTO bundles (epoch, role, contributor, score, content) VALUES ($1, $2, $3, $4, $5)",
        &[
            epoch.id.into(),
            role.name().into(),
            (&contributor).into(),
            score.value().to_string().into(),
            bytes.to_vec().into(),
        ],
    )?;
    Ok(Ok(Recorded::Now))
}

/// A submission on its way.
struct Entry {
    claim: Option<Submitted>,
    step: Step,
}

enum Step {
    Verify { bundle: Box<Bundle>, registrations: Vec<Registration> },
    Done(std::result::Result<Recorded, SubmitError>),
}

impl Entry {
    /// All that can be said without a verification.
    fn read(
        transaction: &mut Transaction<'_>,
        epoch: &Epoch,
        verifier: &Verifier<'_>,
        submission: &Submission,
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
        let registrations = match check_covers(transaction, epoch, &header)? {
            Ok(registrations) => registrations,
            Err(error) => return Ok(Self::refused(Some(claim), error)),
        };
        let bundle = match verifier.read(&submission.bytes, &registrations) {
            Ok(bundle) => bundle,
            Err(error) => return Ok(Self::refused(Some(claim), error.into())),
        };
        claim.score = Some(bundle.claimed_score());
        // The same digests have the same score: if one is on record, another proof of it adds nothing.
        let step = match is_scored(transaction, epoch, &header, bundle.claimed_score())? {
            true => Step::Done(Ok(Recorded::Before)),
            false => Step::Verify { bundle: Box::new(bundle), registrations },
        };
        Ok(Self { claim: Some(claim), step })
    }

    fn refused(claim: Option<Submitted>, error: SubmitError) -> Self {
        Self { claim, step: Step::Done(Err(error)) }
    }

    fn pending(&self) -> Option<(&Bundle, &[Registration])> {
        match &self.step {
            Step::Verify { bundle, registrations } => Some((bundle, registrations)),
            Step::Done(_) => None,
        }
    }

    fn into_verdict(self) -> Verdict {
        let result = match self.step {
            Step::Done(result) => result,
            Step::Verify { .. } => Err(VerifyError::Internal.into()),
        };
        Verdict { claim: self.claim, result }
    }
}

/// The registrations that a bundle covers, which have to be all of its contributor's in this epoch; of
/// computing power none.
fn check_covers(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    header: &Header,
) -> Result<std::result::Result<Vec<Registration>, SubmitError>> {
    if header.role == Role::Compute {
        return Ok(Ok(Vec::new()));
    }
    let Header { contributor, digests, .. } = header;
    let rows = transaction.query(
        "SELECT content FROM registrations WHERE epoch = $1 AND contributor = $2 ORDER BY id",
        &[epoch.id.into(), contributor.into()],
    )?;
    let registrations = rows.iter().map(read_registration).collect::<Result<Vec<_>>>()?;
    let contributor = *contributor;
    let registered: HashSet<_> = registrations.iter().map(|registration| *registration.digest()).collect();
    if let Some(digest) = digests.iter().find(|digest| !registered.contains(*digest)) {
        return Ok(Err(SubmitError::Unregistered { contributor, digest: *digest }));
    }
    let covered: HashSet<_> = digests.iter().collect();
    if let Some(digest) = registered.iter().find(|digest| !covered.contains(digest)) {
        return Ok(Err(SubmitError::LeftOut { contributor, digest: *digest }));
    }
    Ok(Ok(registrations))
}

/// Whether a bundle's contributor has this very score for its role on record.
fn is_scored(transaction: &mut Transaction<'_>, epoch: &Epoch, header: &Header, score: u64) -> Result<bool> {
    let row = transaction.query_first(
        "SELECT score FROM bundles WHERE epoch = $1 AND contributor = $2 AND role = $3",
        &[epoch.id.into(), (&header.contributor).into(), header.role.name().into()],
    )?;
    match row {
        None => Ok(false),
        // Another score for the same digests is a forgery: it goes the way of the verifier, which refuses it.
        Some(row) => Ok(row.parsed::<u64>("score")? == score),
    }
}
