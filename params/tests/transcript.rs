//! The transcript against the one that Solidity verifiers of this lineage read: `data/evm_transcript.txt`
//! holds what `snark-verifier` answered (`data/PROVENANCE.md`).

use fairshare_params::encoding::{decode_point, decode_scalar};
use fairshare_params::transcript::{Reader, Writer};
use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};

const VECTORS: &str = include_str!("data/evm_transcript.txt");

/// What happens to a transcript.
#[derive(Clone, Debug)]
enum Step {
    CommonPoint(G1Affine),
    CommonScalar(Fr),
    WritePoint(G1Affine),
    WriteScalar(Fr),
    Challenge(Fr),
}

/// A transcript's steps and the proof that they write.
struct Vector {
    steps: Vec<Step>,
    proof: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    VECTORS.trim_end().split("\n\n").map(vector).collect()
}

fn vector(text: &str) -> Vector {
    let mut steps = Vec::new();
    let mut proof = None;
    for line in text.lines() {
        assert!(proof.is_none(), "the proof ends a transcript");
        let (name, digits) = line.split_once(' ').expect("a name and digits");
        let bytes = hex::decode(digits).expect("hexadecimal");
        let point = || decode_point(&bytes.as_slice().try_into().expect("64 bytes")).expect("a point");
        let scalar = || decode_scalar(&bytes.as_slice().try_into().expect("32 bytes")).expect("a scalar");
        match name {
            "common-point" => steps.push(Step::CommonPoint(point())),
            "common-scalar" => steps.push(Step::CommonScalar(scalar())),
            "write-point" => steps.push(Step::WritePoint(point())),
            "write-scalar" => steps.push(Step::WriteScalar(scalar())),
            "challenge" => steps.push(Step::Challenge(scalar())),
            "proof" => proof = Some(bytes),
            _ => panic!("{line}"),
        }
    }
    Vector { steps, proof: proof.expect("a proof") }
}

fn common<E: EncodedChallenge<G1Affine>>(transcript: &mut impl Transcript<G1Affine, E>, step: &Step) {
    match step {
        Step::CommonPoint(point) => transcript.common_point(*point).expect("a point"),
        Step::CommonScalar(scalar) => transcript.common_scalar(*scalar).expect("a scalar"),
        Step::Challenge(expected) => assert_eq!(transcript.squeeze_challenge().get_scalar(), *expected),
        Step::WritePoint(_) | Step::WriteScalar(_) => unreachable!("the caller's"),
    }
}

#[test]
fn the_vectors_cover_every_step() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    let steps: Vec<_> = vectors.iter().flat_map(|vector| &vector.steps).collect();
    let count = |is: fn(&Step) -> bool| steps.iter().filter(|step| is(step)).count();
    assert!(count(|step| matches!(step, Step::CommonPoint(_))) > 5);
    assert!(count(|step| matches!(step, Step::CommonScalar(_))) > 5);
    assert!(count(|step| matches!(step, Step::WritePoint(_))) > 5);
    assert!(count(|step| matches!(step, Step::WriteScalar(_))) > 5);
    assert!(count(|step| matches!(step, Step::Challenge(_))) > 20);
    // Two challenges in a row, and one scalar alone between two: a buffer as long as a hash.
    let follow = |first: fn(&Step) -> bool, second: fn(&Step) -> bool| {
        steps.windows(2).any(|pair| first(pair[0]) && second(pair[1]))
    };
    assert!(follow(|step| matches!(step, Step::Challenge(_)), |step| matches!(step, Step::Challenge(_))));
    assert!(matches!(vectors[1].steps[..2], [Step::CommonScalar(_), Step::Challenge(_)]));
}

#[test]
fn writing_gives_the_challenges_and_proofs_of_the_evm_transcript() {
    for vector in vectors() {
        let mut writer = Writer::new();
        for step in &vector.steps {
            match step {
                Step::WritePoint(point) => writer.write_point(*point).expect("a point"),
                Step::WriteScalar(scalar) => writer.write_scalar(*scalar).expect("a scalar"),
                other => common(&mut writer, other),
            }
        }
        assert_eq!(writer.into_proof(), vector.proof);
    }
}

#[test]
fn reading_gives_the_challenges_of_the_evm_transcript() {
    for vector in vectors() {
        let mut reader = Reader::new(&vector.proof);
        for step in &vector.steps {
            match step {
                Step::WritePoint(point) => assert_eq!(reader.read_point().expect("a point"), *point),
                Step::WriteScalar(scalar) => assert_eq!(reader.read_scalar().expect("a scalar"), *scalar),
                other => common(&mut reader, other),
            }
        }
        assert_eq!(reader.remaining(), 0);
    }
}

/// The library writes no identity in an honest proof; one that is absorbed would have no coordinates.
#[test]
fn the_identity_is_refused() {
    let identity = G1Affine::default();
    assert!(Writer::new().write_point(identity).is_err());
    assert!(Writer::new().common_point(identity).is_err());
    assert!(Reader::new(&[]).common_point(identity).is_err());
    let mut writer = Writer::new();
    assert!(writer.write_point(identity).is_err());
    assert!(writer.into_proof().is_empty(), "nothing of it was written");
}

#[test]
fn a_short_proof_ends_in_an_error() {
    for vector in vectors() {
        let Some(cut) = vector.proof.len().checked_sub(1) else { continue };
        let mut reader = Reader::new(&vector.proof[..cut]);
        let failed = vector.steps.iter().any(|step| match step {
            Step::WritePoint(_) => reader.read_point().is_err(),
            Step::WriteScalar(_) => reader.read_scalar().is_err(),
            _ => false,
        });
        assert!(failed);
    }
}
