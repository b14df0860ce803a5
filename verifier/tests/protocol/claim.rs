//! Claims put together part by part, so that one part can be a lie and all others true.

use std::num::NonZeroU32;

use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::geometry::{BLINDING_ROWS, RESERVED_ROWS, SegmentShape};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_params::address::Address;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::keys::CircuitKind;
use fairshare_params::registration::Registration;
use fairshare_params::{Geometry, Width};
use fairshare_plonk::{Known, LastRows, ProverInput, Uninterrupted};
use fairshare_prover::derivation::SegmentSecret;
use fairshare_prover::{Key, measure};
use fairshare_verifier::bundle::{DataBundle, Dataset};
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{Bundle, ProofCheck, Subject, Verifier, VerifyError};
use ff::Field;
use group::Curve;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rand_core::OsRng;

use super::fixture::{PROVER, RULES, SRS};
use super::manifest::points;

pub const GEOMETRY: Geometry = Geometry::COMPACT;
pub const USABLE: usize = GEOMETRY.usable_rows();

/// A column's values in rows `u..n`, which no constraint reads.
pub type Tail = [Fr; RESERVED_ROWS];

/// What a commitment holds in rows `u..n`.
pub fn tail(blinding: &Blinding) -> Tail {
    std::array::from_fn(|row| {
        row.checked_sub(RESERVED_ROWS - BLINDING_ROWS).map_or(Fr::ZERO, |row| blinding.0[row])
    })
}

/// `Σ v_i·G_{u+i}`.
pub fn in_the_tail(values: &Tail) -> G1 {
    values.iter().zip(&SRS.lagrange()[USABLE..]).map(|(value, point)| *point * *value).sum()
}

/// A blinding of nothing else.
pub fn fresh() -> Blinding {
    Blinding(std::array::from_fn(|_| Fr::random(OsRng)))
}

/// The commitment to a column.
pub fn committed(column: &[Fr], blinding: &Blinding) -> G1Affine {
    commit(&*SRS, column, blinding).to_affine()
}

/// A column of small values.
pub fn column(values: &[u32]) -> Vec<Fr> {
    values.iter().map(|value| Fr::from(u64::from(*value))).collect()
}

/// The proving key of a circuit.
pub fn proving_key(statement: CircuitKind) -> &'static Key {
    PROVER.key(statement).expect("a key")
}

/// A proof of whatever is said to be true, handed out unverified, and the rows drawn for a fresh column.
pub fn prove<C: Circuit<Fr>>(
    statement: CircuitKind,
    circuit: &C,
    instance: &[Fr],
    known: &[Known<'_>],
) -> (Vec<u8>, Vec<Blinding>) {
    let input = ProverInput { known, ..ProverInput::new(circuit, instance) };
    let randomness = measure::fresh_randomness().expect("randomness");
    let proved =
        measure::prove(PROVER.commit_key(), proving_key(statement), input, randomness, &Uninterrupted);
    let (proof, drawn) = proved.expect("a proof, of whatever");
    (proof, drawn.iter().map(|drawn| (**drawn).clone()).collect())
}

/// A known column whose last rows the proof keeps.
pub fn kept(commitment: G1Affine, blinding: &Blinding) -> Known<'_> {
    Known { commitment, blinding, rows: LastRows::Kept }
}

/// A public column with what is in its last rows.
#[derive(Clone)]
pub struct PublicColumn {
    pub values: Vec<Fr>,
    pub rows: Blinding,
}

impl PublicColumn {
    /// A column as everybody has it.
    pub fn new(values: Vec<Fr>) -> Self {
        Self { values, rows: Blinding::PUBLIC }
    }

    pub fn commitment(&self) -> G1Affine {
        committed(&self.values, &self.rows)
    }
}

/// `ℓ` and `k` of a reference.
pub fn public_columns(reference: &Reference) -> [PublicColumn; 2] {
    [reference.ln_column(), reference.boundary_column()].map(PublicColumn::new)
}

/// A data-score proof with everything in the clear.
#[derive(Clone)]
pub struct DataProof {
    pub instance: Vec<Fr>,
    /// The commitments to its public columns.
    pub public: Vec<G1Affine>,
    pub proof: Vec<u8>,
    /// What its first column holds in rows `u..n`.
    pub tail: Tail,
}

impl DataProof {
    /// Proves what `instance` says, be it true or not.
    pub fn new(
        instance: &data_score::Instance,
        reference: &Reference,
        public: &[PublicColumn; 2],
        counts: &[u32],
    ) -> Self {
        let witness = data_score::Witness { padding: counts[0].into(), counts: counts.to_vec() };
        let trace = data_score::Trace::new(GEOMETRY, instance, reference, &witness);
        let circuit = DataScoreCircuit::new(GEOMETRY, trace);
        let unblinded = committed(&column(counts), &Blinding::NONE);
        let mut known =
            vec![Known { commitment: unblinded, blinding: &Blinding::NONE, rows: LastRows::Fresh }];
        let commitments: Vec<_> = public.iter().map(PublicColumn::commitment).collect();
        known.extend(
            commitments.iter().zip(public).map(|(commitment, column)| kept(*commitment, &column.rows)),
        );
        let instance = instance.to_rows().to_vec();
        let (proof, drawn) = prove(CircuitKind::DataScore, &circuit, &instance, &known);
        let [drawn] = drawn.as_slice() else { panic!("one fresh column") };
        Self { instance, public: commitments, proof, tail: tail(drawn) }
    }

    /// What a link from it to `merged` is about.
    pub fn statement(&self, merged: G1Affine) -> LinkStatement<'_> {
        LinkStatement {
            key: proving_key(CircuitKind::DataScore).verifying(),
            instance: &self.instance,
            proof: &self.proof,
            carried: self.carried(),
            merged,
        }
    }

    /// `A`.
    pub fn carried(&self) -> G1Affine {
        points(&self.proof, 1)[0]
    }

    /// The link by the statement of PROTOCOL section 4 and not by the prover's code, to a commitment that has
    /// `tail` in rows `u..n`.
    pub fn link(&self, merged: G1Affine, tail: &Tail) -> Link {
        let nonces = [(); RESERVED_ROWS].map(|()| Fr::random(OsRng));
        let commitment = in_the_tail(&nonces).to_affine();
        let challenge = self.statement(merged).challenge(&commitment);
        let responses = std::array::from_fn(|row| nonces[row] + challenge * (self.tail[row] - tail[row]));
        Link { commitment, responses }
    }

    /// The verdict on the proof with its link.
    pub fn verify(&self, merged: G1Affine, link: &Link) -> Result<(), VerifyError> {
        self.verify_with(&self.public, merged, link)
    }

    /// The same by somebody who computed these public columns.
    pub fn verify_with(&self, public: &[G1Affine], merged: G1Affine, link: &Link) -> Result<(), VerifyError> {
        let check = ProofCheck {
            subject: Subject::DataScore,
            key: proving_key(CircuitKind::DataScore).verifying(),
            instance: self.instance.clone(),
            public: public.to_vec(),
            linked: Some((link, merged)),
            proof: &self.proof,
        };
        check.run(&*SRS)
    }
}

/// A segment, proved.
#[derive(Clone)]
pub struct Segment {
    symbols: Vec<u16>,
    number: u16,
    /// The commitments to its columns.
    pub columns: Vec<G1Affine>,
    /// Cells of padding that it has.
    pub padding: u64,
    /// By symbol.
    pub counts: Vec<u32>,
    blinding: Blinding,
    histogram: G1Affine,
    pub proof: Vec<u8>,
}

impl Segment {
    /// Proves a segment of the least width that holds these symbols, and padding after them. Segments of
    /// other numbers have other blindings, and so other commitments to equal columns.
    pub fn new(symbols: &[u16], number: u16) -> Self {
        let shapes = GEOMETRY.widths().iter().map(|width| GEOMETRY.segment(*width));
        let shape = shapes.min_by_key(|shape| (shape.symbols() < symbols.len(), shape.width()));
        Self::of(shape.expect("a width"), symbols, number)
    }

    /// The same of a given shape.
    pub fn of(shape: SegmentShape, symbols: &[u16], number: u16) -> Self {
        let (secret, key) = (secret(number), proving_key(CircuitKind::Histogram(shape.width())));
        let columns = measure::commit_columns(&SRS, shape.width(), symbols, &secret);
        let witness = measure::SegmentWitness::new(&SRS, key, symbols.to_vec(), &secret, &columns);
        let (padding, histogram) = (witness.padding(), witness.histogram());
        let proof = witness.prove(PROVER.commit_key(), &Uninterrupted).expect("a true histogram");
        Self {
            symbols: symbols.to_vec(),
            number,
            columns,
            padding,
            counts: histogram.counts[..GEOMETRY.alphabet()].to_vec(),
            blinding: (*histogram.blinding).clone(),
            histogram: histogram.commitment,
            proof,
        }
    }

    /// The same with a proof that says it has so many cells of padding, be it true or not.
    pub fn claiming(&self, padding: u64) -> Self {
        let shape = GEOMETRY.segment(Width::of(self.columns.len()));
        let blindings = secret(self.number).blindings(shape.columns());
        let mut known: Vec<_> =
            self.columns.iter().zip(blindings.iter()).map(|(column, rows)| kept(*column, rows)).collect();
        known.push(kept(self.histogram, &self.blinding));
        let witness = histogram::Witness::new(shape, self.symbols.clone());
        let circuit = HistogramCircuit::new(shape, witness);
        let instance = histogram::Instance { padding }.to_rows();
        let (proof, _) = prove(CircuitKind::Histogram(shape.width()), &circuit, &instance, &known);
        Self { proof, ..self.clone() }
    }
}

fn secret(number: u16) -> SegmentSecret {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&number.to_be_bytes());
    SegmentSecret::from_bytes(secret.into())
}

/// The symbols of `records` equal records under the fixture's schema: the first bin of each feature.
pub fn equal_records(records: usize) -> Vec<u16> {
    let features = RULES.schema().len();
    let record = (0..features).map(|feature| u16::try_from(RULES.schema().symbols(feature).start));
    let record: Vec<_> = record.collect::<Result<_, _>>().expect("a symbol");
    record.repeat(records)
}

/// The sum of segments' histograms: counts, blindings and commitments.
pub fn sum<'s>(segments: impl IntoIterator<Item = &'s Segment>) -> (Vec<u32>, Blinding, G1Affine) {
    let (mut counts, mut blinding) = (vec![0; GEOMETRY.alphabet()], Blinding::NONE);
    let mut commitment = G1::default();
    for segment in segments {
        counts.iter_mut().zip(&segment.counts).for_each(|(sum, count)| *sum += count);
        blinding += &segment.blinding;
        commitment += segment.histogram;
    }
    (counts, blinding, commitment.to_affine())
}

/// Datasets as somebody registers them: each a number of records, be it true or not, and its segments.
pub struct Claim {
    pub contributor: Address,
    pub datasets: Vec<(u32, Vec<Segment>)>,
}

impl Claim {
    pub fn registrations(&self) -> Vec<Registration> {
        let register = |(records, segments): &(u32, Vec<Segment>)| {
            let columns: Vec<_> = segments.iter().map(|segment| segment.columns.clone()).collect();
            let schema = RULES.schema().hash();
            Registration::of_columns(self.contributor, GEOMETRY, schema, *records, &columns)
        };
        self.datasets.iter().map(register).collect::<Result<_, _>>().expect("registrations")
    }

    /// `n`, as registered.
    pub fn records(&self) -> NonZeroU32 {
        let records: u32 = self.datasets.iter().map(|(records, _)| *records).sum();
        NonZeroU32::new(records).expect("records")
    }

    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.datasets.iter().flat_map(|(_, segments)| segments)
    }

    /// The context of the claim's score under a verifier's rules.
    pub fn context(&self, verifier: &Verifier<'_>) -> [Fr; 2] {
        let context = verifier.data_context(&self.contributor, &self.registrations());
        context.expect("a context").limbs()
    }

    /// The bundle of it, with this score.
    pub fn bundle(&self, score: u64, proof: Vec<u8>, link: Link) -> Bundle {
        let datasets = self.datasets.iter().zip(self.registrations());
        let datasets = datasets.map(|((_, segments), registration)| Dataset {
            digest: *registration.digest(),
            segments: segments.iter().map(|segment| segment.proof.clone()).collect(),
        });
        let (contributor, datasets) = (self.contributor, datasets.collect());
        Bundle::Data(DataBundle { contributor, datasets, score, proof, link })
    }

    /// The bundle of it, with the true score of what its segments hold, proved by the prover's own code.
    pub fn prove(&self, verifier: &Verifier<'_>) -> Bundle {
        let (counts, blinding, _) = sum(self.segments());
        let merged = measure::Merged::of_counts(&SRS, &counts, &blinding);
        let prover = measure::ScoreProver {
            verifier,
            commit_key: PROVER.commit_key(),
            key: proving_key(CircuitKind::DataScore),
            signal: &Uninterrupted,
        };
        let proved = prover.data(self.context(verifier), &merged).expect("a score");
        self.bundle(proved.score, proved.proof, proved.link.expect("a link").0)
    }
}
