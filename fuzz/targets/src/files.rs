//! Files with a checksum: parameters, ceremonies, keys, openings.

use std::fs;
use std::sync::LazyLock;

use fairshare_params::Geometry;
use fairshare_params::encoding::Digest;
use fairshare_params::keys::{CircuitKind, ProvingKey, VerifyingKey};
use fairshare_prover::secret::{Header, Opening, Writer, fresh_seed};
use fairshare_storage::key_cache::KeyCache;
use ff::PrimeField;
use halo2_proofs::SerdeFormat;
use halo2curves::bn256::{Fq, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use sha2::{Digest as _, Sha256};

use crate::fixture::{PARAMETERS, SRS};
use crate::script::Script;
use crate::{file, refused, said};

/// How an input stands for a file: the first byte says.
enum Form<'a> {
    /// As it is.
    Raw(&'a [u8]),
    /// Edits of a sound file.
    Edited(Script<'a>),
    /// Edits of a sound file's content, under a checksum that is right.
    Sealed(Script<'a>),
}

fn form(data: &[u8]) -> Form<'_> {
    match data.split_first() {
        Some((0, rest)) => Form::Raw(rest),
        Some((1, rest)) => Form::Edited(Script::new(rest)),
        Some((_, rest)) => Form::Sealed(Script::new(rest)),
        None => Form::Raw(data),
    }
}

/// Sound files as they are, and scripts: nothing edited, a bit, a cut, a length.
fn seeds(sound: &[u8]) -> Vec<Vec<u8>> {
    let raw = [&[0], &sound[..sound.len().min(4096)]].concat();
    let edits: [&[u8]; 4] =
        [&[], &[0, 0, 0, 0, 5, 3], &[3, 0, 0, 0, 200], &[2, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 1, 0]];
    let scripts = [1u8, 2].into_iter().flat_map(|form| edits.map(|edit| [&[form], edit].concat()));
    std::iter::once(raw).chain(scripts).collect()
}

/// Bytes of a parameter file before the points; of its checksum.
const SRS_HEADER: usize = 71;
const CHECKSUM: usize = 32;

static SRS_FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = file("sound.srs", &[]);
    fairshare_storage::srs::write(&path, &SRS).expect("write");
    fs::read(path).expect("read")
});

/// Parameters that are accepted hold the points of the file, and are written the same way again.
pub fn srs_file(data: &[u8]) -> bool {
    let bytes = match form(data) {
        Form::Raw(bytes) => bytes.to_vec(),
        Form::Edited(script) => {
            let mut bytes = SRS_FILE.clone();
            script.edit(&mut bytes);
            bytes
        }
        Form::Sealed(script) => {
            let mut bytes = SRS_FILE[..SRS_FILE.len() - CHECKSUM].to_vec();
            script.edit(&mut bytes);
            let checksum = Sha256::digest(&bytes);
            bytes.extend(checksum);
            bytes
        }
    };
    let path = file("fuzzed.srs", &bytes);
    let accepted = match fairshare_storage::srs::read(&path, None) {
        Ok(srs) => {
            // The label may be corrected on the way; the points are what they are.
            fairshare_storage::srs::write(&path, &srs).expect("write");
            let again = fs::read(&path).expect("read");
            let points = |bytes: &[u8]| bytes[SRS_HEADER..bytes.len() - CHECKSUM].to_vec();
            assert!(points(&again) == points(&bytes), "other points than the file's");
            assert!(srs.is_insecure() && srs.digest() == SRS.digest(), "parameters that nobody made");
            true
        }
        Err(error) => refused(&error),
    };
    if let Err(error) = fairshare_storage::srs::read(&path, Some(Geometry::STANDARD)) {
        said(&error);
    }
    accepted
}

pub(crate) fn srs_seeds() -> Vec<Vec<u8>> {
    seeds(&SRS_FILE)
}

/// Bytes of a verifier's file before the points of rows, and of a point.
const VERIFIER_HEADER: usize = 6 + 32 + 128;
const POINT: usize = 64;

static VERIFIER_FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = file("sound.verifier.params", &[]);
    fairshare_storage::srs::write_verifier(&path, &PARAMETERS).expect("write");
    fs::read(path).expect("read")
});

/// A verifier's parameters that are read are written the same way again, are nothing that was derived here,
/// and give the words of the true ones only if they are those.
pub fn verifier_file(data: &[u8]) -> bool {
    let bytes = match form(data) {
        Form::Raw(bytes) => bytes.to_vec(),
        Form::Edited(script) => {
            let mut bytes = VERIFIER_FILE.clone();
            script.edit(&mut bytes);
            bytes
        }
        Form::Sealed(script) => {
            let mut bytes = VERIFIER_FILE[..VERIFIER_FILE.len() - CHECKSUM].to_vec();
            script.edit(&mut bytes);
            let checksum = Sha256::digest(&bytes);
            bytes.extend(checksum);
            bytes
        }
    };
    let path = file("fuzzed.verifier.params", &bytes);
    let parameters = match fairshare_storage::srs::read_verifier(&path) {
        Ok(parameters) => parameters,
        Err(error) => return refused(&error),
    };
    assert!(fairshare_storage::srs::is_verifier_file(&path).expect("a file"), "it begins otherwise");
    fairshare_storage::srs::write_verifier(&path, &parameters).expect("write");
    assert!(fs::read(&path).expect("read") == bytes, "another encoding of one verifier's parameters");
    assert!(!parameters.is_derived(), "believed without a rules hash");
    let is_true = bytes == *VERIFIER_FILE;
    assert_eq!(parameters.words() == PARAMETERS.words(), is_true, "false points under the true words");
    true
}

pub(crate) fn verifier_seeds() -> Vec<Vec<u8>> {
    // A row's point in the place of another row's, of the last key's last, and at the seam of two parts:
    // points of the curve, and no verifier's.
    let last = VERIFIER_FILE.len() - CHECKSUM - POINT;
    let reserved = VERIFIER_HEADER + POINT * SRS.geometry().alphabet();
    let copies = [VERIFIER_HEADER + POINT, last, reserved].map(|at| {
        let [at, from] = [at, VERIFIER_HEADER].map(|offset| (offset as u32).to_be_bytes());
        [&[2, 6], at.as_slice(), &from, &[POINT as u8, 0]].concat()
    });
    seeds(&VERIFIER_FILE).into_iter().chain(copies).collect()
}

/// A ceremony of the compact geometry's power under the insecure trapdoor. Only points that an import reads
/// are real.
static PTAU: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let rows = SRS.powers().len();
    let raw =
        |coordinates: &[Fq]| -> Vec<u8> { coordinates.iter().flat_map(SerdeObject::to_raw_bytes).collect() };
    let g1 = |point: &G1Affine| raw(&[point.x, point.y]);
    let g2 = |point: G2Affine| raw(&[point.x.c0, point.x.c1, point.y.c0, point.y.c1]);
    let mut header = 32u32.to_le_bytes().to_vec();
    header.extend((-Fq::one()).to_repr());
    // The prime itself, little-endian: one more than its greatest residue, which ends in no carry.
    header[4] += 1;
    header.extend(SRS.geometry().k().to_le_bytes());
    header.extend(28u32.to_le_bytes());
    let mut tau_g1: Vec<u8> = SRS.powers().iter().flat_map(g1).collect();
    tau_g1.resize(64 * (2 * rows - 1), 0);
    let mut tau_g2: Vec<u8> = [SRS.g2(), SRS.s_g2()].into_iter().flat_map(g2).collect();
    tau_g2.resize(128 * rows, 0);
    let mut bytes = b"ptau\x01\0\0\0\x03\0\0\0".to_vec();
    for (kind, content) in (1u32..).zip([header, tau_g1, tau_g2]) {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
});

/// A ceremony that is imported is the one whose points the file holds: here there is only one.
pub fn ptau(data: &[u8]) -> bool {
    let bytes = match form(data) {
        Form::Raw(bytes) => bytes.to_vec(),
        // The format has no checksum.
        Form::Edited(script) | Form::Sealed(script) => {
            let mut bytes = PTAU.clone();
            script.edit(&mut bytes);
            bytes
        }
    };
    let path = file("fuzzed.ptau", &bytes);
    match fairshare_storage::srs::import_ptau(&path, Geometry::COMPACT) {
        Ok(srs) => {
            assert!(srs.is_insecure() && srs.digest() == SRS.digest(), "parameters that nobody made");
            true
        }
        Err(error) => refused(&error),
    }
}

pub(crate) fn ptau_seeds() -> Vec<Vec<u8>> {
    // Not the sound file: to transform its points takes longer than all refusals together.
    seeds(&PTAU).into_iter().filter(|seed| seed.len() > 1).collect()
}

static KEY: LazyLock<ProvingKey> =
    LazyLock::new(|| ProvingKey::build(&SRS, CircuitKind::DataScore).expect("a key"));
static KEY_BODY: LazyLock<Vec<u8>> = LazyLock::new(|| KEY.key().to_bytes(SerdeFormat::RawBytesUnchecked));

/// A kept key that is found is the circuit's, and the file is its one encoding.
pub fn key_cache(data: &[u8]) -> bool {
    let seal = |body: &[u8]| [&b"FSPKEY\0\x01"[..], &Sha256::digest(body), body].concat();
    let bytes = match form(data) {
        Form::Raw(bytes) => bytes.to_vec(),
        Form::Edited(script) => {
            let mut bytes = seal(&KEY_BODY);
            script.edit(&mut bytes);
            bytes
        }
        Form::Sealed(script) => {
            let mut body = KEY_BODY.clone();
            script.edit(&mut body);
            seal(&body)
        }
    };
    let verifying: &VerifyingKey = KEY.verifying();
    let name = KeyCache::new("".into()).path(verifying);
    let path = file(name.to_str().expect("text"), &bytes);
    let cache = KeyCache::new(path.parent().expect("a folder").to_path_buf());
    match cache.find(verifying) {
        Ok(Some(key)) => {
            assert_eq!(key.verifying().digest(), verifying.digest());
            assert_eq!(key.key().get_vk().transcript_repr(), verifying.key().transcript_repr());
            assert!(seal(&key.key().to_bytes(SerdeFormat::RawBytesUnchecked)) == bytes, "another encoding");
            true
        }
        Ok(None) => panic!("the file is there"),
        Err(error) => refused(&error),
    }
}

pub(crate) fn key_seeds() -> Vec<Vec<u8>> {
    seeds(&seal_key())
}

fn seal_key() -> Vec<u8> {
    [&b"FSPKEY\0\x01"[..], &Sha256::digest(&*KEY_BODY), &KEY_BODY].concat()
}

/// Symbols per record, and records, of the opening that scripts edit.
const FEATURES: usize = 3;
const RECORDS: u64 = 40;
const OPENING_HEADER: usize = 81;
const DIGEST: Digest = Digest([0xd1; 32]);

static OPENING: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = file("sound.opening", &[]);
    let mut writer = Writer::begin(&path, fresh_seed().expect("a seed")).expect("begin");
    let symbols: Vec<u16> = (0..RECORDS as u16 * FEATURES as u16).collect();
    writer.symbols(&symbols).expect("write");
    writer.finish(&Header { geometry: Geometry::COMPACT, digest: DIGEST, records: RECORDS }).expect("finish");
    fs::read(path).expect("read")
});

/// An opening that is accepted is of the digest asked for, has as many records as it says, and is written the
/// same again.
pub fn opening(data: &[u8]) -> bool {
    let bytes = match form(data) {
        Form::Raw(bytes) => bytes.to_vec(),
        Form::Edited(script) => {
            let mut bytes = OPENING.clone();
            script.edit(&mut bytes);
            bytes
        }
        Form::Sealed(script) => {
            let mut bytes = OPENING.clone();
            script.edit(&mut bytes);
            if let Some((header, rest)) = bytes.split_at_mut_checked(OPENING_HEADER)
                && rest.len() >= CHECKSUM
            {
                rest[..CHECKSUM].copy_from_slice(&Sha256::digest(header));
            }
            bytes
        }
    };
    let path = file("fuzzed.opening", &bytes);
    let opening = match Opening::read(&path, &DIGEST, FEATURES) {
        Ok(opening) => opening,
        Err(error) => return refused(&error),
    };
    let header = opening.header().clone();
    assert_eq!(header.digest, DIGEST);
    let again = file("again.opening", &[]);
    let mut writer = Writer::begin(&again, opening.seed().clone()).expect("begin");
    let count = header.records as usize * FEATURES;
    let symbols = opening.symbols(0, count + 1).expect("symbols");
    assert_eq!(symbols.len(), count);
    assert_eq!(*opening.symbols(1, 2).expect("a part"), symbols[1.min(count)..3.min(count)]);
    writer.symbols(&symbols).expect("write");
    writer.finish(&header).expect("finish");
    assert!(fs::read(&again).expect("read") == bytes, "another encoding of one opening");
    true
}

pub(crate) fn opening_seeds() -> Vec<Vec<u8>> {
    seeds(&OPENING)
}
