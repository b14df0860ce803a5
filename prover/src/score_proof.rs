//! The proofs of scores: one a bundle, freshly random each time, because one histogram may be scored under
//! several rules.

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_params::commitment::Blinding;
use fairshare_params::keys::VerifyingKey;
use fairshare_params::srs::Srs;
use fairshare_params::wiped::Wiped;
use fairshare_plonk::{CommitKey, Known, LastRows, ProverInput, Signal};
use fairshare_verifier::bundle::leading_points;
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{NodeUnits, ProofCheck, Subject, Verifier};
use group::Curve;
use halo2curves::bn256::{Fr, G1, G1Affine};
use zeroize::Zeroizing;

use crate::backend::{BackendError, Key, check, fresh_randomness, link, prove};
use crate::score::{ScoreError, score_counts, score_units};
use crate::segment::{Histogram, commit_counts};

/// Why a score cannot be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreProofError {
    /// There is no score.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The policy's reference does not fit its geometry. A checked policy's always does.
    #[error("the policy's reference does not fit its geometry")]
    Reference,
    /// There is no proof.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

type Result<T> = std::result::Result<T, ScoreProofError>;

/// A proved score, and what its proof is about.
#[derive(Clone, Debug)]
pub struct ProvedScore {
    /// The score, of data in 1/256 nat, of units with 48 fractional bits.
    pub score: u64,
    /// Its proof.
    pub proof: Vec<u8>,
    /// For data: that the proof's counts are those committed to, and that commitment.
    pub link: Option<(Link, G1Affine)>,
    subject: Subject,
    instance: Vec<Fr>,
    public: [G1Affine; 2],
}

impl ProvedScore {
    /// What a verifier checks.
    pub fn to_check<'a>(&'a self, key: &'a VerifyingKey) -> ProofCheck<'a> {
        ProofCheck {
            subject: self.subject,
            key,
            instance: self.instance.clone(),
            public: self.public.to_vec(),
            linked: self.link.as_ref().map(|(link, merged)| (link, *merged)),
            proof: &self.proof,
        }
    }
}

/// The sum of histograms: counts, blindings and commitments alike.
pub struct Merged {
    /// Padding, which is counted by itself: there may be more of it than a count holds.
    padding: u64,
    /// By symbol; of padding, none.
    counts: Zeroizing<Vec<u32>>,
    blinding: Wiped<Blinding>,
    commitment: G1,
}

impl Merged {
    /// Of nothing yet.
    pub fn new(alphabet: usize) -> Self {
        Self {
            padding: 0,
            counts: Zeroizing::new(vec![0; alphabet]),
            blinding: Blinding::NONE.into(),
            commitment: G1::default(),
        }
    }

    /// One histogram by itself, committed to here.
    pub fn of_counts(srs: &Srs, counts: &[u32], blinding: &Blinding) -> Self {
        let commitment = commit_counts(srs, counts, blinding);
        let mut merged = Self::new(counts.len());
        merged.add(&Histogram {
            counts: Zeroizing::new(counts.to_vec()),
            blinding: blinding.clone().into(),
            commitment,
        });
        merged
    }

    /// Counts of symbols stay below 2^32 because the number of records does, and that of padding below 2^64
    /// because no machine holds as many segments.
    pub(crate) fn add(&mut self, part: &Histogram) {
        let mut counts = part.counts.iter();
        self.padding += counts.next().map_or(0, |padding| u64::from(*padding));
        for (sum, count) in self.counts.iter_mut().skip(1).zip(counts) {
            *sum += count;
        }
        *self.blinding += &part.blinding;
        self.commitment += part.commitment;
    }
}

/// What proofs of scores under a verifier's policy are made with.
#[derive(Clone, Copy)]
pub struct ScoreProver<'p> {
    /// Whose policy.
    pub verifier: &'p Verifier<'p>,
    /// What commits.
    pub commit_key: &'p CommitKey<'p>,
    /// The score's proving key.
    pub key: &'p Key,
    /// Whom to ask whether to go on.
    pub signal: &'p dyn Signal,
}

impl ScoreProver<'_> {
    /// Proves the score of a histogram, and that it is the one committed to.
    pub fn data(&self, context: [Fr; 2], merged: &Merged) -> Result<ProvedScore> {
        let policy = self.verifier.policy();
        let geometry = policy.geometry();
        let reference = Reference::new(geometry, policy.feature_references());
        let reference = reference.ok_or(ScoreProofError::Reference)?;
        let result = score_counts(policy, &merged.counts)?;
        // 4. the instance and the public columns
        let instance = self.verifier.data_instance(context, result.records, result.score);
        let public = self.verifier.reference_commitments();
        let witness = data_score::Witness { padding: merged.padding, counts: merged.counts.to_vec() };
        let trace = data_score::Trace::new(geometry, &instance, &reference, &witness);
        let instance = instance.to_rows();
        let sum = merged.commitment.to_affine();
        let mut known = vec![Known { commitment: sum, blinding: &merged.blinding, rows: LastRows::Fresh }];
        known.extend(public.map(known_public));
        // 5. the proof
        let circuit = DataScoreCircuit::new(geometry, trace);
        let input = ProverInput { known: &known, ..ProverInput::new(&circuit, &instance) };
        let (proof, drawn) = prove(self.commit_key, self.key, input, fresh_randomness()?, self.signal)?;
        // 6. the link
        let (&[carried], [drawn]) = (leading_points(&proof, 1).as_slice(), drawn.as_slice()) else {
            return Err(BackendError::Incomplete.into());
        };
        let key = self.key.verifying();
        let statement = LinkStatement { key, instance: &instance, proof: &proof, carried, merged: sum };
        let link = link(self.commit_key.srs(), &statement, drawn, &merged.blinding)?;
        self.checked(ProvedScore {
            score: result.score,
            proof,
            link: Some((link, sum)),
            subject: Subject::DataScore,
            instance: instance.to_vec(),
            public,
        })
    }

    /// Proves the score of the units that a node has on record.
    pub fn compute(&self, on_record: &NodeUnits<'_>) -> Result<ProvedScore> {
        let policy = self.verifier.policy();
        let NodeUnits { units, totals, public, context } = *on_record;
        let result = score_units(policy, units, totals)?;
        // 4. the instance and the public columns
        let instance = self.verifier.compute_instance(context.limbs(), result.score);
        let witness = compute_score::Witness { units: units.to_vec(), totals: totals.to_vec() };
        let trace = compute_score::Trace::new(policy.geometry(), &instance, &witness);
        let instance = instance.to_rows();
        let known = public.map(known_public);
        // 5. the proof
        let circuit = ComputeScoreCircuit::new(policy.geometry(), trace);
        let input = ProverInput { known: &known, ..ProverInput::new(&circuit, &instance) };
        let (proof, _) = prove(self.commit_key, self.key, input, fresh_randomness()?, self.signal)?;
        self.checked(ProvedScore {
            score: result.score,
            proof,
            link: None,
            subject: Subject::ComputeScore,
            instance: instance.to_vec(),
            public,
        })
    }

    fn checked(&self, proved: ProvedScore) -> Result<ProvedScore> {
        check(self.commit_key.srs(), &proved.to_check(self.key.verifying()))?;
        Ok(proved)
    }
}

/// A column that everybody knows, by its commitment.
fn known_public(commitment: G1Affine) -> Known<'static> {
    Known { commitment, blinding: &Blinding::PUBLIC, rows: LastRows::Kept }
}
