//! Secrets are overwritten when what holds them is dropped: looked for in the memory of this very process.
//!
//! One test, and a process of its own: a second thread's secrets would be found too. Stacks are left out.
//! What a moved value leaves on a stack is overwritten by the calls that follow, in no order that a test
//! could rely on.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use fairshare_circuits::{data_score, histogram};
use fairshare_params::Geometry;
use fairshare_params::commitment::Blinding;
use fairshare_params::keys::CircuitKind;
use fairshare_params::keystream::Keystream;
use fairshare_params::wiped::Wiped;
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::derivation::{Dataset, SegmentSecret};
use fairshare_prover::measure::{SegmentWitness, commit_columns};
use fairshare_prover::secret::Opening;
use fairshare_prover::work::{Driver, Worker, WorkerTask};
use fairshare_prover::{Limits, SegmentIndex, Silent};
use fairshare_testkit::fixture::{PROVER, RULES, SRS, commit_records, contributor, records};
use halo2curves::bn256::Fr;
use halo2curves::serde::SerdeObject;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use zeroize::{Zeroize, ZeroizeOnDrop};

const MASK: u8 = 0x5a;
/// Bytes that are read at once; consecutive reads overlap by as many as a needle may have.
const CHUNK: usize = 1 << 16;
const LONGEST: usize = 256;

/// Bytes to look for, masked: as they are, the search would find them here.
struct Needle(Vec<u8>);

impl Needle {
    fn new(mut bytes: Vec<u8>) -> Self {
        assert!((16..=LONGEST).contains(&bytes.len()));
        let masked = bytes.iter().map(|byte| byte ^ MASK).collect();
        bytes.zeroize();
        Self(masked)
    }

    fn of_integers<const N: usize>(integers: impl Iterator<Item = [u8; N]>) -> Self {
        let mut bytes = Vec::with_capacity(LONGEST);
        bytes.extend(integers.flatten());
        Self::new(bytes)
    }

    /// As they lie in memory.
    fn of_elements(elements: impl Iterator<Item = Fr>) -> Self {
        let bytes = |element: Fr| <[u8; 32]>::try_from(element.to_raw_bytes()).expect("32 bytes");
        Self::of_integers(elements.map(bytes))
    }

    fn is_at(&self, bytes: &[u8]) -> bool {
        bytes.len() >= self.0.len() && bytes.iter().zip(&self.0).all(|(byte, masked)| byte ^ MASK == *masked)
    }

    /// How often the bytes stand in the heap.
    fn found(&self) -> usize {
        let here = 0u8;
        let stack = &raw const here as usize;
        let memory = File::open("/proc/self/mem").expect("this process's memory");
        let maps = fs::read_to_string("/proc/self/maps").expect("this process's maps");
        // Read into an array on the stack, which is left out: the search must not find what it has read
        // itself.
        let mut buffer = [0u8; CHUNK];
        let mut found = 0;
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (range, access) = (fields.next().expect("range"), fields.next().expect("access"));
            let name = fields.nth(3).unwrap_or_default();
            let (start, end) = range.split_once('-').expect("a range");
            let [start, end] = [start, end].map(|at| usize::from_str_radix(at, 16).expect("an address"));
            if !access.starts_with("rw")
                || (start..end).contains(&stack)
                || !(name.is_empty() || name == "[heap]")
            {
                continue;
            }
            let mut at = start;
            while at < end {
                let length = CHUNK.min(end - at);
                // What was unmapped meanwhile is nobody's any more.
                if memory.read_exact_at(&mut buffer[..length], at as u64).is_ok() {
                    let last = if at + length == end { length } else { length - LONGEST };
                    found += (0..last).filter(|from| self.is_at(&buffer[*from..length])).count();
                }
                at += if at + length == end { length } else { length - LONGEST };
            }
        }
        buffer.zeroize();
        found
    }
}

/// Finds the bytes while `secret` lives, so that the search is known to work, and not once it is dropped.
fn is_wiped<T>(name: &str, needle: &Needle, secret: T) {
    let secret = std::hint::black_box(secret);
    assert!(needle.found() > 0, "{name}: not found while it is there");
    drop(secret);
    assert_eq!(needle.found(), 0, "{name}: left behind");
}

/// Symbols that no program has by chance, fewer than a segment's, so that padding them has to make room.
fn symbols() -> Vec<u16> {
    (0..1000u32).map(|index| (index * index * 7 + 311 * index + 5) as u16 % 1024).collect()
}

fn needle_of_symbols() -> Needle {
    let mut symbols = symbols();
    let needle = Needle::of_integers(symbols[400..480].iter().map(|symbol| symbol.to_ne_bytes()));
    symbols.zeroize();
    needle
}

/// Four equal elements as they lie in memory.
fn needle_of_element(element: Fr) -> Needle {
    Needle::of_elements([element; 4].into_iter())
}

const GENERATOR_SEED: [u8; 32] = *b"a seed that only this test draws";

/// The generator's key, and what it draws second, as they lie in memory.
fn needles_of_generator() -> (Needle, Needle) {
    let mut drawn = vec![0; 128];
    ChaCha20Rng::from_seed(GENERATOR_SEED).fill_bytes(&mut drawn);
    let second = Needle::new(drawn[64..].to_vec());
    drawn.zeroize();
    (Needle::new(GENERATOR_SEED.to_vec()), second)
}

#[test]
fn what_is_dropped_is_overwritten() {
    // A list that a type leaves only by no longer compiling.
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<histogram::Witness>();
    wiped::<data_score::Witness>();
    wiped::<fairshare_circuits::trace::Columns>();
    wiped::<fairshare_plonk::Column>();
    wiped::<fairshare_prover::secret::Seed>();
    wiped::<Opening>();
    wiped::<SegmentSecret>();
    wiped::<SegmentWitness<'_>>();
    wiped::<WorkerTask>();
    wiped::<Wiped<Keystream>>();
    wiped::<Wiped<Vec<Blinding>>>();
    wiped::<fairshare_plonk::Drawn>();

    // The search itself: it finds what is merely freed. Other numbers, as nothing wipes them; in the middle
    // of a place so large that what is allocated meanwhile does not reach it, with another behind it so that
    // it is not given back.
    let merely_freed: Vec<u16> = (0..30_000u32).map(|index| (index * index * 13 + 7) as u16).collect();
    let behind = std::hint::black_box(vec![1u8; 1000]);
    let control = Needle::of_integers(merely_freed[15_000..15_080].iter().map(|number| number.to_ne_bytes()));
    assert!(control.found() > 0);
    drop(std::hint::black_box(merely_freed));
    assert!(control.found() > 0, "freed memory is looked into");
    drop(behind);

    let needle = needle_of_symbols();
    assert_eq!(needle.found(), 0);
    let secret = histogram::Witness::new(Geometry::COMPACT.largest_segment(), symbols());
    is_wiped("histogram witness", &needle, secret);

    let value = 0x00c0_ffee;
    let counts = Needle::of_integers([(); 40].map(|()| value_bytes(value)).into_iter());
    let witness = data_score::Witness { padding: 0, counts: vec![value; Geometry::COMPACT.alphabet()] };
    let mut columns = fairshare_circuits::trace::Columns::zero(3, 1900);
    columns.fill(1, std::iter::repeat_n(Fr::from(u64::from(value)), 1900));
    is_wiped("columns", &needle_of_element(Fr::from(u64::from(value))), columns);
    is_wiped("data-score witness", &counts, witness);
    let coefficient = Fr::from(0x00de_cade);
    // As large as the control above, and with something behind it, for the same reasons.
    let polynomial = fairshare_plonk::Column::from(vec![coefficient; 1900]);
    let behind = std::hint::black_box(vec![1u8; 1000]);
    is_wiped("polynomial", &needle_of_element(coefficient), polynomial);
    drop(behind);

    let (key, buffered) = needles_of_generator();
    let mut generator = Keystream::new(&GENERATOR_SEED);
    generator.draw();
    let generator = Box::new(generator);
    assert!(buffered.found() > 0, "what the generator will draw next");
    is_wiped("generator's key", &key, generator);
    assert_eq!(buffered.found(), 0, "generator's buffer: left behind");

    let secret = SegmentSecret::from_bytes([0x3c; 32].into());
    let bytes = Needle::new(secret.to_bytes().to_vec());
    let blindings = secret.blindings(16);
    let blinding = Needle::new(blindings[7].0[3].to_raw_bytes());
    is_wiped("blindings", &blinding, blindings);
    let width = Geometry::COMPACT.largest_segment().width();
    let key = PROVER.key(CircuitKind::Histogram(width)).expect("a key");
    let mut given = symbols();
    let columns = commit_columns(&SRS, width, &given, &secret);
    given.zeroize();
    let witness = Box::new(SegmentWitness::new(&SRS, key, symbols(), &secret, &columns));
    let of_counts = Needle::new(witness.histogram().blinding.0[3].to_raw_bytes());
    assert!(needle.found() > 0);
    is_wiped("segment witness", &of_counts, witness);
    assert_eq!(needle.found(), 0, "segment witness: symbols left behind");
    assert_eq!(blinding.found(), 0, "committing left blindings behind");
    is_wiped("segment secret", &bytes, Box::new(secret));

    // The whole way: a commitment is made, read back and proved, and neither its seed nor its symbols are
    // left.
    let folder = tempfile::tempdir().expect("a folder");
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(3000, 1)]);
    let commitment = Box::new(CommitmentFolder::read(&target, &RULES).expect("a commitment"));
    let seed = Needle::new(commitment.opening.seed().to_vec());
    let mut read = commitment.opening.symbols(0, 2000).expect("symbols");
    let symbols = Needle::of_integers(read[900..1020].iter().map(|symbol| symbol.to_ne_bytes()));
    let stored = Needle::of_integers(read[900..1020].iter().map(|symbol| symbol.to_be_bytes()));
    assert!(symbols.found() > 0);
    read.zeroize();
    drop(read);
    is_wiped("opening", &seed, commitment);
    PROVER.prove_data(std::slice::from_ref(&target), &Silent).expect("a bundle");
    for (name, needle) in [("seed", &seed), ("symbols", &symbols), ("stored symbols", &stored)] {
        assert_eq!(needle.found(), 0, "{name}: left behind by committing and proving");
    }

    // The same by another machine, both of whose sides are this process.
    let secret = needle_of_secret(&target);
    let driver = Driver::new(&PROVER, &[target]).expect("a folder");
    let worker = Worker::new(&SRS, Limits::default());
    let task = WorkerTask::fresh().expect("a task");
    let (unit, sealed) = (driver.unit(0).expect("an id"), driver.seal(0, task.key()).expect("sealed"));
    worker.prove(task, &unit, &sealed, &Silent).expect("a proof");
    // It holds the seed for as long as it hands out units.
    drop(driver);
    for (name, needle) in
        [("seed", &seed), ("secret", &secret), ("symbols", &symbols), ("stored symbols", &stored)]
    {
        assert_eq!(needle.found(), 0, "{name}: left behind by sealing, opening and proving");
    }
}

/// The secret of a folder's only segment.
fn needle_of_secret(folder: &Path) -> Needle {
    let commitment = CommitmentFolder::read(folder, &RULES).expect("a commitment");
    let registration = &commitment.registration;
    let dataset = Dataset {
        contributor: registration.contributor(),
        geometry: registration.geometry(),
        schema: registration.schema_hash(),
        records: registration.records(),
    };
    let symbols = commitment.opening.symbols(0, 3000 * RULES.schema().len()).expect("symbols");
    let secret = SegmentSecret::derive(commitment.opening.seed(), &dataset, SegmentIndex::FIRST, &symbols);
    Needle::new(secret.to_bytes().to_vec())
}

fn value_bytes(value: u32) -> [u8; 4] {
    value.to_ne_bytes()
}
