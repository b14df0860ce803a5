//! Bundles: read, and verified.

use std::sync::LazyLock;

use fairshare_params::encoding::POINT_BYTES;
use fairshare_params::registration::Registration;
use fairshare_prover::Silent;
use fairshare_verifier::bundle::{Header, Layout};
use fairshare_verifier::link::Link;
use fairshare_verifier::{Bundle, Score};
use ff::Field;
use halo2curves::bn256::{Fr, G1Affine};

use crate::fixture::{PROVER, VERIFIER, commit_records, contributor, records};
use crate::script::Script;
use crate::{refused, said};

/// What decodes encodes to the same bytes, whatever layout it is read by.
pub fn bundle(data: &[u8]) -> bool {
    if let Err(error) = Header::read(data) {
        return refused(&error);
    }
    let mut accepted = false;
    for honest in HONEST.iter() {
        match Bundle::from_bytes(data, &honest.layout) {
            Ok(bundle) => {
                assert_eq!(bundle.to_bytes(), data, "a second encoding of one bundle");
                accepted = true;
            }
            Err(error) => drop(said(&error)),
        }
    }
    accepted
}

/// A bundle that is altered, as a value and then as bytes, never verifies: alone, or beside a true one, which
/// still does.
pub fn bundle_verification(data: &[u8]) -> bool {
    let mut script = Script::new(data);
    let Some(choice) = script.byte() else { return false };
    let honest = &HONEST[usize::from(choice) % HONEST.len()];
    let mut altered = honest.bundle.clone();
    let edits = script.byte().unwrap_or(0) % 4;
    for _ in 0..edits {
        alter(&mut altered, &mut script);
    }
    let mut bytes = altered.to_bytes();
    script.edit(&mut bytes);
    let read = match VERIFIER.read(&bytes, &honest.registrations) {
        Ok(bundle) => bundle,
        Err(error) => return refused(&error),
    };
    let same = bytes == honest.bytes;
    let verdict = VERIFIER.verify(&read, &honest.registrations);
    assert_eq!(verdict.is_ok(), same, "{}", if same { "a true bundle is refused" } else { "a forgery" });
    match &verdict {
        Ok(score) => assert!(is_claimed(score, &honest.bundle)),
        Err(error) => drop(said(error)),
    }
    if choice & 0x80 != 0 {
        let items = [&honest.bundle, &read].map(|bundle| (bundle, honest.registrations.as_slice()));
        let together = VERIFIER.verify_batch(&items);
        assert!(matches!(together.as_slice(), [Ok(_), second] if second.is_ok() == same), "{together:?}");
    }
    same
}

/// A true bundle and the registrations that it names.
struct Honest {
    bundle: Bundle,
    bytes: Vec<u8>,
    registrations: Vec<Registration>,
    layout: Layout,
}

/// Two datasets, the first of two segments; a node's units.
static HONEST: LazyLock<[Honest; 2]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (long, _) = commit_records(folder.path(), "long", &contributor(), &[records(16_400, 1)]);
    let (short, _) = commit_records(folder.path(), "short", &contributor(), &[records(150, 2)]);
    let data = PROVER.prove_data(&[long, short], &Silent);
    let compute = PROVER.prove_compute(&contributor(), &Silent);
    [data, compute].map(|proved| {
        let proved = proved.expect("a bundle");
        let (bundle, registrations) = (proved.bundle, proved.registrations);
        let layout = VERIFIER.layout(&bundle.header(), &registrations).expect("a layout");
        Honest { bytes: bundle.to_bytes(), bundle, registrations, layout }
    })
});

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    HONEST.iter().map(|honest| honest.bytes.clone()).collect()
}

/// Scripts: nothing altered; each alteration once; an edit of bytes.
pub(crate) fn verification_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0, 0], vec![1, 0], vec![0x80, 0], vec![0x81, 0]];
    for honest in 0..2 {
        seeds.extend((0..ALTERATIONS).map(|kind| vec![honest, 1, kind, 0, 0, 0, 1, 0, 0, 1, 0, 7, 9]));
    }
    seeds.push(vec![0, 0, 0, 0, 0, 1, 0, 3]);
    seeds
}

const ALTERATIONS: u8 = 10;

/// One alteration that the decoder lets pass, most of the time.
fn alter(bundle: &mut Bundle, script: &mut Script<'_>) -> Option<()> {
    let kind = script.byte()? % ALTERATIONS;
    match kind {
        0 => {
            let proof = proof(bundle, script)?;
            let at = script.below(proof.len())?;
            *proof.get_mut(at)? ^= script.byte()?;
        }
        1 => {
            let responses = &mut link(bundle)?.responses;
            let at = script.below(responses.len())?;
            responses[at] += Fr::from(u64::from(script.byte()?));
        }
        2 => {
            let (from, to) = (proof(bundle, script)?.clone(), proof(bundle, script)?);
            *to = from;
        }
        // A point of one proof's first hundred in another's.
        3 => {
            let from = proof(bundle, script)?.clone();
            let (from, to) = (from.as_chunks::<POINT_BYTES>().0, proof(bundle, script)?);
            let point = from.get(script.below(100)?)?;
            to.as_chunks_mut::<POINT_BYTES>().0.get_mut(script.below(100)?)?.copy_from_slice(point);
        }
        4 => link(bundle)?.commitment = G1Affine::generator(),
        5 => {
            let score = match bundle {
                Bundle::Data(bundle) => &mut bundle.score,
                Bundle::Compute(bundle) => &mut bundle.score,
            };
            *score = score.wrapping_add_signed(i64::from(script.byte()? as i8));
        }
        6 => {
            let contributor = match bundle {
                Bundle::Data(bundle) => &mut bundle.contributor,
                Bundle::Compute(bundle) => &mut bundle.contributor,
            };
            contributor.0[script.below(20)?] ^= script.byte()?;
        }
        7 => {
            let proof = proof(bundle, script)?;
            let length = script.below(2 * proof.len())?;
            proof.resize(length, 0);
        }
        8 => *link(bundle)?.responses.last_mut()? = -Fr::ONE,
        _ => rearrange(bundle, script)?,
    }
    Some(())
}

/// Datasets and segments exchanged, repeated or left out.
fn rearrange(bundle: &mut Bundle, script: &mut Script<'_>) -> Option<()> {
    let Bundle::Data(bundle) = bundle else { return None };
    let datasets = bundle.datasets.len();
    match script.byte()? % 5 {
        0 => bundle.datasets.swap(script.below(datasets)?, 0),
        1 => bundle.datasets.push(bundle.datasets[script.below(datasets)?].clone()),
        2 => drop(bundle.datasets.remove(script.below(datasets)?)),
        3 => bundle.datasets[script.below(datasets)?].segments.reverse(),
        _ => {
            let segment = bundle.datasets.first()?.segments.first()?.clone();
            bundle.datasets[script.below(datasets)?].segments.push(segment);
        }
    }
    Some(())
}

/// One of the bundle's proofs.
fn proof<'b>(bundle: &'b mut Bundle, script: &mut Script<'_>) -> Option<&'b mut Vec<u8>> {
    let mut all: Vec<&mut Vec<u8>> = match bundle {
        Bundle::Data(bundle) => {
            let segments = bundle.datasets.iter_mut().flat_map(|dataset| &mut dataset.segments);
            segments.chain([&mut bundle.proof]).collect()
        }
        Bundle::Compute(bundle) => vec![&mut bundle.proof],
    };
    let at = script.below(all.len())?;
    Some(all.swap_remove(at))
}

fn link(bundle: &mut Bundle) -> Option<&mut Link> {
    match bundle {
        Bundle::Data(bundle) => Some(&mut bundle.link),
        Bundle::Compute(_) => None,
    }
}

fn is_claimed(score: &Score, bundle: &Bundle) -> bool {
    let contributor = match score {
        Score::Data(score) => score.contributor,
        Score::Compute(score) => score.contributor,
    };
    score.value() == bundle.claimed_score() && contributor == bundle.contributor()
}
