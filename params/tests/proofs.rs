//! Real proofs by the library's own prover, under a key's digest: that they verify is the library's word,
//! which knows nothing of this project's prover.

use std::sync::LazyLock;

use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_params::Geometry;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::{CircuitKind, ProvingKey};
use fairshare_params::srs::Srs;
use fairshare_params::transcript::{KeccakChallenge, Reader, Writer};
use halo2_proofs::plonk::{create_proof, verify_proof};
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_proofs::poly::kzg::strategy::SingleStrategy;
use halo2curves::bn256::{Bn256, Fr};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const GEOMETRY: Geometry = Geometry::COMPACT;

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure(GEOMETRY));
static KEY: LazyLock<ProvingKey> =
    LazyLock::new(|| ProvingKey::build(&SRS, CircuitKind::DataScore).expect("a key"));

/// Two features' counts, and what they are compared with.
const FEATURES: [([u32; 3], [u32; 3]); 2] = [([5, 0, 2], [3, 1, 9]), ([1, 1, 5], [2, 2, 2])];

/// A data score's instance, and the circuit of it with so many cells of padding.
fn claim(padding: u64) -> (Vec<Fr>, DataScoreCircuit) {
    let score =
        divergence(&FEATURES.each_ref().map(|(counts, reference)| FeatureCounts { counts, reference }));
    let score = score.expect("a score");
    let references = || FEATURES.iter().map(|(_, reference)| reference.as_slice());
    let instance = data_score::Instance {
        context: [Fr::from(3), Fr::from(4)],
        records: score.n.try_into().expect("records"),
        features: FEATURES.len() as u32,
        ln_totals: sum_ln_totals(references()).expect("totals"),
        score: score.score,
    };
    let reference = Reference::new(GEOMETRY, references()).expect("a reference");
    let mut counts: Vec<u32> =
        [0].into_iter().chain(FEATURES.iter().flat_map(|(counts, _)| *counts)).collect();
    counts.resize(GEOMETRY.alphabet(), 0);
    let witness = data_score::Witness { padding, counts };
    let trace = data_score::Trace::new(GEOMETRY, &instance, &reference, &witness);
    (instance.to_rows().to_vec(), DataScoreCircuit::new(GEOMETRY, trace))
}

fn prove(instance: &[Fr], circuit: DataScoreCircuit) -> Vec<u8> {
    let mut transcript = Writer::under(&KEY.verifying().digest());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, KeccakChallenge, _, _, _>(
        SRS.params(),
        KEY.key(),
        &[circuit],
        &[&[instance]],
        ChaCha20Rng::seed_from_u64(7),
        &mut transcript,
    )
    .expect("a proof");
    transcript.into_proof()
}

fn verifies(mut reader: Reader<'_>, instance: &[Fr]) -> bool {
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        SRS.params(),
        KEY.verifying().key(),
        SingleStrategy::new(SRS.params()),
        &[&[instance]],
        &mut reader,
    )
    .is_ok()
        && reader.remaining() == 0
}

/// Of padding there may be more than a count of 32 bits holds: segments of it add up.
#[test]
fn a_data_score_with_more_padding_than_a_count_holds() {
    for padding in [0, 1 << 33] {
        let (instance, circuit) = claim(padding);
        let proof = prove(&instance, circuit);
        assert_eq!(proof.len(), KEY.verifying().proof_bytes());
        assert!(verifies(Reader::under(&KEY.verifying().digest(), &proof), &instance), "{padding}");
    }
}

/// The digest is what is absorbed, and nothing of the key's besides.
#[test]
fn a_proof_is_for_its_keys_digest_alone() {
    let (instance, circuit) = claim(77);
    let proof = prove(&instance, circuit);
    let digest = KEY.verifying().digest();
    assert!(verifies(Reader::under(&digest, &proof), &instance));
    assert!(!verifies(Reader::new(&proof), &instance), "the library's own");
    for bit in [0, 255] {
        let mut other = digest.0;
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(!verifies(Reader::under(&Digest(other), &proof), &instance), "bit {bit}");
    }
    let mut other = instance.clone();
    other[0] += Fr::from(1);
    assert!(!verifies(Reader::under(&digest, &proof), &other));
}
