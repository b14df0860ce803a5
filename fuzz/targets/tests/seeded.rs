//! Every target on stable: its seeds, and thousands of inputs mutated from them. `FAIRSHARE_FUZZ_FACTOR`
//! multiplies the number of inputs, `FAIRSHARE_FUZZ_SEED` begins elsewhere.

use std::any::Any;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fairshare_fuzz_targets::script::INTERESTING;
use fairshare_fuzz_targets::{TARGETS, Target};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Mutated inputs of each target, by what one of them costs.
const CASES: [(&str, u64); 16] = [
    ("bundle", 1000),
    ("bundle_verification", 150),
    ("registry", 6000),
    ("ledger", 1500),
    ("policy", 6000),
    ("srs_file", 100),
    ("verifier_file", 300),
    ("ptau", 25),
    ("key_cache", 60),
    ("opening", 3000),
    ("csv_ingest", 6000),
    ("parquet_ingest", 6000),
    ("json_ingest", 6000),
    ("arrow_ingest", 6000),
    ("compressed_ingest", 3000),
    ("units_csv", 4000),
];

/// Longest input: what a length may claim matters more than what is there.
const MAX_BYTES: usize = 1 << 16;

fn from_environment(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn drive(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let (_, cases) = CASES.iter().find(|(named, _)| *named == name).expect("its cases");
    let cases = cases * from_environment("FAIRSHARE_FUZZ_FACTOR").unwrap_or(1);
    let start = from_environment("FAIRSHARE_FUZZ_SEED").unwrap_or(0);
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    let mut verdicts = [0, 0];
    for (index, seed) in seeds.iter().enumerate() {
        verdicts[usize::from(run(target, seed, &format!("seed {index}")))] += 1;
    }
    for case in start..start + cases {
        // One generator a case, so that a failure is made again without those before it.
        let mut rng = ChaCha20Rng::seed_from_u64(case);
        let input = mutate(&seeds, target.tokens, &mut rng);
        verdicts[usize::from(run(target, &input, &format!("case {case}: FAIRSHARE_FUZZ_SEED={case}")))] += 1;
    }
    println!("{name}: {} refused, {} accepted", verdicts[0], verdicts[1]);
    assert!(verdicts[0] > 0 && verdicts[1] > 0, "inputs of one kind only show nothing: {verdicts:?}");
}

fn run(target: &Target, input: &[u8], which: &str) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|panic| {
        panic!("{}, {which}, {} bytes: {}", target.name, input.len(), message(panic.as_ref()))
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

fn mutate(seeds: &[Vec<u8>], tokens: &[&str], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).expect("a seed").clone();
    // Half of them keep every byte in its place, so that what finds the rest by its place still does.
    let kinds = if rng.r#gen() { 0..5 } else { 0..10 };
    for _ in 0..rng.gen_range(1..=4) {
        mutate_once(&mut bytes, rng.gen_range(kinds.clone()), seeds, tokens, rng);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn mutate_once(bytes: &mut Vec<u8>, kind: u32, seeds: &[Vec<u8>], tokens: &[&str], rng: &mut ChaCha20Rng) {
    let at = rng.gen_range(0..=bytes.len());
    match kind {
        0 | 1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.gen_range(0..8)),
        2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = rng.r#gen()),
        3 => {
            let value = INTERESTING.choose(rng).expect("a number").wrapping_add(rng.gen_range(0..3));
            let (big, little) = (value.to_be_bytes(), value.to_le_bytes());
            let width = *[1, 2, 4, 8].choose(rng).expect("a width");
            let field = if rng.r#gen() { &big[8 - width..] } else { &little[..width] };
            bytes.iter_mut().skip(at).zip(field).for_each(|(byte, new)| *byte = *new);
        }
        4 => {
            let token = tokens.choose(rng).map(|token| token.as_bytes()).unwrap_or_default();
            bytes.iter_mut().skip(at).zip(token).for_each(|(byte, new)| *byte = *new);
        }
        5 => bytes.truncate(at),
        6 => {
            let end = rng.gen_range(at..=bytes.len().min(at + 64));
            let piece = bytes[at..end].to_vec();
            let to = rng.gen_range(0..=bytes.len());
            bytes.splice(to..to, piece);
        }
        7 => drop(bytes.drain(at..bytes.len().min(at + rng.gen_range(1..32)))),
        8 => {
            let other = seeds.choose(rng).expect("a seed");
            let from = rng.gen_range(0..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => match tokens.choose(rng) {
            Some(token) if rng.r#gen() => drop(bytes.splice(at..at, token.bytes())),
            _ => drop(bytes.splice(at..at, (0..rng.gen_range(1..16)).map(|_| rng.r#gen()))),
        },
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        const DRIVEN: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { drive(stringify!($name)); })*
    };
}

targets! {
    bundle bundle_verification registry ledger policy srs_file verifier_file ptau key_cache opening
    csv_ingest parquet_ingest json_ingest arrow_ingest compressed_ingest units_csv
}

/// A target that nothing drives finds nothing.
#[test]
fn every_target_is_driven_here_and_by_libfuzzer() {
    let all: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let driven: BTreeSet<_> = DRIVEN.iter().map(ToString::to_string).collect();
    let programs =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets")).expect("a folder");
    let programs: BTreeSet<_> = programs
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    assert_eq!(all, driven);
    assert_eq!(all, programs);
}
