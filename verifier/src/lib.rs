//! # When to believe a bundle
//!
//! A pure library: no input or output, no clock. [`bundle::Header`] says whose registrations a bundle needs;
//! [`Verifier`] holds what both sides agree on, reads the bundle with them, and turns both into a
//! [`Verified`] score, which nothing else can make. It cannot panic on a bundle, and it allocates in
//! proportion to it.
//!
//! The steps of [`Verifier::verify`], numbered as in the prover:
//!
//! 1. the parameters: they are not development ones unless asked for, they are those that the policy names,
//!    and the rules that they give are believed;
//! 2. what is on record: of data one registration for each digest of the bundle, this contributor's, under
//!    this policy; of computing power the node's units;
//! 3. the digests: the commitments that the histogram proofs begin with hash to what is registered;
//! 4. the instances and the public columns: computed here from policy and record, never read from the
//!    bundle, but for the score;
//! 5. the proofs: one histogram a segment, one score;
//! 6. the link: the counts that are scored are the sum of the histograms.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

mod batch;
pub mod bundle;
mod equation;
mod error;
pub mod link;
mod proof_check;
mod score;

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use fairshare_circuits::data_score;
use fairshare_circuits::geometry::{Cut, SegmentShape, Width};
use fairshare_circuits::{compute_score, histogram};
use fairshare_params::address::Address;
use fairshare_params::commitment::{as_public_column, commit_units};
use fairshare_params::context::{ContextError, compute_context, data_context};
use fairshare_params::digest::{data_digest, segment_hash};
use fairshare_params::encoding::{Digest, wide};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::rules::{DecayWords, ReferenceWords, Rules};
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine};

pub use batch::{Score, Verified};
pub use bundle::{Bundle, BundleError};
pub use error::{NoUnits, ProofError, SetupError, Subject, VerifyError};
pub use proof_check::ProofCheck;
pub use score::{ComputeScore, DataScore, ScoredDataset};

use batch::Pending;
use bundle::{ComputeBundle, DataBundle, Header, Layout, Run};
use proof_check::leading;
use score::Stated;

/// Which parameters a verifier takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Only parameters whose trapdoor is not public.
    CeremonyOnly,
    /// Also the development parameters, under which anyone can forge a proof.
    AllowInsecure,
}

/// What a node's compute score is of: prover and verifier take it from [`Verifier::on_record`].
#[derive(Clone, Copy, Debug)]
pub struct NodeUnits<'a> {
    /// `u`, from the epoch's first round on.
    pub units: &'a [u32],
    /// `U`.
    pub totals: &'a [u32],
    /// The commitments to the proof's public columns, `u` and `U`.
    pub public: [G1Affine; 2],
    /// What the proof is bound to.
    pub context: Digest,
}

/// What both sides agree on, ready to verify: parameters, policy, and the rules that they give together.
#[derive(Debug)]
pub struct Verifier<'a> {
    parameters: &'a VerifierParameters,
    policy: &'a Policy,
    rules: Rules,
    rules_hash: Digest,
    /// The units on record, and the commitment to `U`; none where only data is verified.
    units: Option<(&'a Units, G1Affine)>,
}

impl<'a> Verifier<'a> {
    /// Derives the rules. Parameters that were not derived here from a whole reference string are believed
    /// only if the policy has a rules hash, which is theirs: it has to come from somebody who derived them,
    /// and not from whoever wrote the parameters.
    pub fn new(
        parameters: &'a VerifierParameters,
        policy: &'a Policy,
        trust: Trust,
    ) -> Result<Self, SetupError> {
        // 1. the parameters
        let words = *parameters.words();
        policy.check_parameters(parameters.geometry(), &words.srs, parameters.is_insecure())?;
        let reference = ReferenceWords::of(parameters, policy.feature_references(), policy.pseudo_count())?;
        let rules = policy.rules(reference, words);
        let rules_hash = rules.hash();
        match policy.rules_hash() {
            Some(given) if given != rules_hash => {
                let is_derived = parameters.is_derived();
                return Err(SetupError::RulesHash { found: rules_hash, given, is_derived });
            }
            None if !parameters.is_derived() => return Err(SetupError::Unbelieved),
            _ => {}
        }
        // Last: of other parameters than these it is no matter whether they are secure.
        if trust == Trust::CeremonyOnly && parameters.is_insecure() {
            return Err(SetupError::InsecureParameters);
        }
        Ok(Self { parameters, policy, rules, rules_hash, units: None })
    }

    /// The same verifier with the epoch's units on record, if there are any: without them no compute score is
    /// verified.
    pub fn with_units(self, units: impl Into<Option<&'a Units>>) -> Result<Self, SetupError> {
        let Some(units) = units.into() else { return Ok(self) };
        let (first, rounds) = (self.rules.terms.first_round, self.policy.rounds());
        let (found_first, found) = (units.first_round(), units.totals().len());
        if (found_first, found) != (first, rounds) {
            return Err(SetupError::Rounds { found_first, found, first, rounds });
        }
        let totals = as_public_column(self.parameters, &commit_units(self.parameters, units.totals()));
        Ok(Self { units: Some((units, totals)), ..self })
    }

    /// The parameters.
    pub fn parameters(&self) -> &VerifierParameters {
        self.parameters
    }

    /// The rules, word by word.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The rules hash, which every proof is bound to.
    pub fn rules_hash(&self) -> Digest {
        self.rules_hash
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        self.policy
    }

    /// The commitments to a data-score proof's public columns, `ℓ` and `k`.
    pub fn reference_commitments(&self) -> [G1Affine; 2] {
        let ReferenceWords { ln, boundaries, .. } = self.rules.reference;
        [ln, boundaries]
    }

    /// The units on record, if they were given.
    pub fn units(&self) -> Option<&Units> {
        self.units.map(|(units, _)| units)
    }

    /// What a compute score of `node` is of.
    pub fn on_record(&self, node: &Address) -> Result<NodeUnits<'_>, NoUnits> {
        let (record, totals) = self.units.ok_or(NoUnits::Epoch)?;
        let units = record.of(node).ok_or(NoUnits::Node { node: *node })?;
        let column = as_public_column(self.parameters, &commit_units(self.parameters, units));
        let context = compute_context(&self.rules_hash, &totals, node);
        Ok(NodeUnits { units, totals: record.totals(), public: [column, totals], context })
    }

    /// A circuit's verifying key.
    pub fn key(&self, kind: CircuitKind) -> Result<&VerifyingKey, VerifyError> {
        self.parameters.key(kind).ok_or(VerifyError::Internal)
    }

    /// A data-score proof's instance under this policy: prover and verifier take it from here.
    pub fn data_instance(&self, context: [Fr; 2], records: NonZeroU32, score: u64) -> data_score::Instance {
        let ReferenceWords { features, ln_totals, .. } = self.rules.reference;
        data_score::Instance { context, records, features, ln_totals, score }
    }

    /// A compute-score proof's instance under this policy: prover and verifier take it from here.
    pub fn compute_instance(&self, context: [Fr; 2], score: u64) -> compute_score::Instance {
        let DecayWords { rho, lambda_q } = self.rules.compute_decay;
        compute_score::Instance { context, rho, lambda_q, score }
    }

    /// Reads a bundle that covers these registrations, given in any order: they say how long its parts are.
    pub fn read(&self, bytes: &[u8], registrations: &[Registration]) -> Result<Bundle, VerifyError> {
        let header = Header::read(bytes)?;
        let layout = self.layout(&header, registrations)?;
        Ok(Bundle::from_bytes(bytes, &layout)?)
    }

    /// How long the parts of a bundle with this header are.
    pub fn layout(&self, header: &Header, registrations: &[Registration]) -> Result<Layout, VerifyError> {
        let registrations = order(registrations, header)?;
        Ok(match header.role {
            Role::Compute => {
                Layout { datasets: Vec::new(), score: self.key(CircuitKind::ComputeScore)?.proof_bytes() }
            }
            Role::Data => Layout {
                datasets: registrations
                    .iter()
                    .map(|registration| self.runs(registration))
                    .collect::<Result<_, _>>()?,
                score: self.key(CircuitKind::DataScore)?.proof_bytes(),
            },
        })
    }

    /// The histogram proofs of one dataset.
    fn runs(&self, registration: &Registration) -> Result<Vec<Run>, VerifyError> {
        let run = |(shape, proofs): (SegmentShape, u64)| {
            let bytes = self.key(CircuitKind::Histogram(shape.width()))?.proof_bytes();
            Ok(Run { proofs, bytes })
        };
        self.cut(registration.records())?.runs().map(run).collect()
    }

    /// Verifies one bundle against the registrations it covers, in any order.
    pub fn verify(&self, bundle: &Bundle, registrations: &[Registration]) -> Result<Score, VerifyError> {
        let pending = self.prepare(bundle, registrations)?;
        batch::check(self.parameters, vec![Ok(pending)]).pop().unwrap_or(Err(VerifyError::Internal))
    }

    /// Verifies many bundles at once, each with its registrations; the answers are in the same order.
    ///
    /// The pairing checks of all proofs on one thread are one check, and so are all link equations. Only if a
    /// thread's check fails are its bundles verified one by one: a bad bundle is named, the others are
    /// accepted.
    pub fn verify_batch(&self, items: &[(&Bundle, &[Registration])]) -> Vec<Result<Score, VerifyError>> {
        use rayon::prelude::*;
        let pending =
            items.par_iter().map(|(bundle, registrations)| self.prepare(bundle, registrations)).collect();
        batch::check(self.parameters, pending)
    }

    /// What a data proof about these registrations is bound to: prover and verifier take it from here.
    pub fn data_context(
        &self,
        contributor: &Address,
        registrations: &[Registration],
    ) -> Result<Digest, ContextError> {
        data_context(self.policy, &self.rules_hash, contributor, registrations)
    }

    /// Steps 2 to 4: all that can be refused without a proof, and what is left to prove.
    fn prepare<'b>(
        &'b self,
        bundle: &'b Bundle,
        registrations: &[Registration],
    ) -> Result<Pending<'b>, VerifyError> {
        // 2. what is on record
        let registrations = order(registrations, &bundle.header())?;
        match bundle {
            Bundle::Data(bundle) => {
                let context = self.data_context(&bundle.contributor, &registrations)?.limbs();
                self.prepare_data(bundle, &registrations, context)
            }
            Bundle::Compute(bundle) => self.prepare_compute(bundle),
        }
    }

    fn prepare_data<'b>(
        &'b self,
        bundle: &'b DataBundle,
        registrations: &[Registration],
        context: [Fr; 2],
    ) -> Result<Pending<'b>, VerifyError> {
        let mut merged = Merging::default();
        let mut datasets = Vec::with_capacity(registrations.len());
        for (index, (dataset, registration)) in bundle.datasets.iter().zip(registrations).enumerate() {
            datasets.push(self.check_dataset(index, dataset, registration, &mut merged)?);
        }
        let Merging { mut proofs, sum, .. } = merged;
        // No histogram is empty, so honest ones add up to something. The link is to their sum, and the
        // identity is no commitment.
        if bool::from(sum.is_identity()) {
            return Err(VerifyError::NothingCounted);
        }
        // 4. the instance
        let records = total_records(&datasets, self.rules.terms.min_records)?;
        proofs.push(ProofCheck {
            subject: Subject::DataScore,
            key: self.key(CircuitKind::DataScore)?,
            instance: self.data_instance(context, records, bundle.score).to_rows().to_vec(),
            public: self.reference_commitments().to_vec(),
            linked: Some((&bundle.link, sum.to_affine())),
            proof: &bundle.proof,
        });
        let (contributor, rules_hash) = (bundle.contributor, self.rules_hash);
        let score = DataScore { contributor, rules_hash, datasets, records, score: bundle.score };
        Ok(Pending { proofs, stated: Stated::Data(score) })
    }

    fn histogram_check<'b>(
        &'b self,
        subject: Subject,
        key: &'b VerifyingKey,
        padding: u64,
        proof: &'b [u8],
    ) -> ProofCheck<'b> {
        ProofCheck {
            subject,
            key,
            instance: histogram::Instance { padding }.to_rows().to_vec(),
            public: Vec::new(),
            linked: None,
            proof,
        }
    }

    /// Steps 3 and 4 for one dataset: its commitments are the registered ones, as many as its records fill,
    /// no segment of them is one of those seen before, and only the last one holds padding.
    fn check_dataset<'b>(
        &'b self,
        index: usize,
        dataset: &'b bundle::Dataset,
        registration: &Registration,
        merged: &mut Merging<'b>,
    ) -> Result<ScoredDataset, VerifyError> {
        let (schema_hash, records) = (registration.schema_hash(), registration.records());
        let geometry = self.policy.geometry();
        let found = dataset.segments.len();
        let cut = self.cut(records)?;
        let needed = cut.segments();
        if wide(found) != needed {
            return Err(VerifyError::Segments { dataset: index, found, needed });
        }
        // 3. the digest
        let mut hashes = Vec::with_capacity(found);
        for (segment, (proof, part)) in dataset.segments.iter().zip(cut.iter()).enumerate() {
            let subject = Subject::Histogram { dataset: index, segment };
            let refuse = |source| VerifyError::Proof { subject, source };
            let key = self.key(CircuitKind::Histogram(part.shape.width()))?;
            let points = leading(key, proof).map_err(refuse)?;
            let (histogram, columns) = points.split_last().ok_or(VerifyError::Internal)?;
            hashes.push(segment_hash(&geometry, columns));
            merged.sum += histogram;
            // 4. the instance
            merged.proofs.push(self.histogram_check(subject, key, part.padding(), proof));
        }
        let digest = data_digest(registration.contributor(), &geometry, schema_hash, records, &hashes);
        if digest != *registration.digest() {
            return Err(VerifyError::Digest {
                dataset: index,
                registered: *registration.digest(),
                found: digest,
            });
        }
        if let Some(segment) = hashes.iter().position(|hash| !merged.segments.insert(*hash)) {
            return Err(VerifyError::SegmentTwice { dataset: index, segment });
        }
        Ok(ScoredDataset { digest, records })
    }

    /// The segments that this many records are cut into.
    fn cut(&self, records: u32) -> Result<Cut, VerifyError> {
        let features = wide(self.policy.schema().len());
        let symbols = u64::from(records).checked_mul(features).ok_or(VerifyError::Internal)?;
        Ok(self.policy.geometry().cut(symbols))
    }

    fn prepare_compute<'b>(&'b self, bundle: &'b ComputeBundle) -> Result<Pending<'b>, VerifyError> {
        let contributor = bundle.contributor;
        let NodeUnits { public, context, .. } = self.on_record(&contributor)?;
        // 4. the instance
        let check = ProofCheck {
            subject: Subject::ComputeScore,
            key: self.key(CircuitKind::ComputeScore)?,
            instance: self.compute_instance(context.limbs(), bundle.score).to_rows().to_vec(),
            public: public.to_vec(),
            linked: None,
            proof: &bundle.proof,
        };
        let score = ComputeScore { contributor, rules_hash: self.rules_hash, score: bundle.score };
        Ok(Pending { proofs: vec![check], stated: Stated::Compute(score) })
    }

    /// Verifies a histogram proof by itself, of a segment of this width with so many cells of padding: what a
    /// prover asks of a proof it kept.
    pub fn verify_segment(&self, width: Width, padding: u64, proof: &[u8]) -> Result<(), VerifyError> {
        let subject = Subject::Histogram { dataset: 0, segment: 0 };
        let key = self.key(CircuitKind::Histogram(width))?;
        self.histogram_check(subject, key, padding, proof).run(self.parameters)
    }
}

/// What is collected over a bundle's segments.
#[derive(Default)]
struct Merging<'b> {
    /// Their proofs.
    proofs: Vec<ProofCheck<'b>>,
    /// `ΣH`.
    sum: G1,
    /// Their hashes.
    segments: HashSet<Digest>,
}

/// The registrations that a bundle names, in its order, each used once. A compute bundle names none.
fn order(registrations: &[Registration], header: &Header) -> Result<Vec<Registration>, VerifyError> {
    let (digests, given) = (&header.digests, registrations.len());
    if given != digests.len() {
        return Err(VerifyError::Registrations { needed: digests.len(), given });
    }
    let by_digest: HashMap<_, _> = registrations.iter().map(|own| (own.digest(), own)).collect();
    let find = |digest: &Digest| by_digest.get(digest).map(|own| (*own).clone());
    digests.iter().map(|digest| find(digest).ok_or(VerifyError::Unregistered { digest: *digest })).collect()
}

fn total_records(datasets: &[ScoredDataset], least: u32) -> Result<NonZeroU32, VerifyError> {
    let total = datasets.iter().map(|dataset| u64::from(dataset.records)).fold(0, u64::saturating_add);
    let records = u32::try_from(total).map_err(|_| VerifyError::TooManyRecords { records: total })?;
    if records < least {
        return Err(VerifyError::TooFewRecords { records, least });
    }
    NonZeroU32::new(records).ok_or(VerifyError::TooFewRecords { records, least })
}
