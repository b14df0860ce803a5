//! Random alterations of bundles, from a seed.

use fairshare_testkit::fixture;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::alterations::{MODULI, WORD, plus, refused};
use super::pool::{LARGE, STANDARD};
use super::world::{self, Submission};

/// Alters a bundle somehow, once or several times; none of the ways is sure to change it.
fn alter(rng: &mut ChaCha20Rng, bytes: &mut Vec<u8>, donors: &[&Submission]) {
    let words = bytes.len() / WORD;
    let place = |rng: &mut ChaCha20Rng| WORD * rng.gen_range(0..words);
    match rng.gen_range(0..11) {
        0 => {
            let at = rng.gen_range(0..bytes.len());
            bytes[at] ^= 1 << rng.gen_range(0..8);
        }
        1 => {
            let at = place(rng);
            rng.fill(&mut bytes[at..at + WORD]);
        }
        2 => {
            let at = place(rng);
            let small = *[0, 1, 2, 255].choose(rng).expect("one of four");
            bytes[at..at + WORD].fill(0);
            bytes[at + WORD - 1] = small;
        }
        // Two words, or two points, in each other's place.
        3 => {
            let (one, other) = (place(rng), place(rng));
            (0..WORD).for_each(|byte| bytes.swap(one + byte, other + byte));
        }
        4 => {
            let (one, other) = (place(rng), place(rng));
            if one.abs_diff(other) >= 2 * WORD && one.max(other) + 2 * WORD <= bytes.len() {
                (0..2 * WORD).for_each(|byte| bytes.swap(one + byte, other + byte));
            }
        }
        5 => {
            let at = place(rng);
            let modulus = MODULI.choose(rng).expect("one of two");
            if let Some(sum) = plus(&bytes[at..at + WORD], modulus) {
                bytes[at..at + WORD].copy_from_slice(&sum);
            }
        }
        // A point's negative: another point of the curve.
        6 => {
            let at = place(rng);
            let modulus = hex::decode(MODULI[1]).expect("hexadecimal digits");
            let mut borrow = 0;
            let own: Vec<u8> = bytes[at..at + WORD].to_vec();
            for (index, own_modulus) in modulus.iter().enumerate().rev() {
                let digit = i16::from(*own_modulus) - i16::from(own[index]) - borrow;
                borrow = i16::from(digit < 0);
                bytes[at + index] = digit.rem_euclid(256) as u8;
            }
        }
        // Words of another bundle, at the same place or elsewhere.
        7 | 8 => {
            let donor = &donors.choose(rng).expect("a donor").bytes;
            let count = rng.gen_range(1..9) * WORD;
            let (to, from) = (place(rng), WORD * rng.gen_range(0..donor.len() / WORD));
            let from = if rng.r#gen() { to } else { from };
            if to + count <= bytes.len() && from + count <= donor.len() {
                bytes[to..to + count].copy_from_slice(&donor[from..from + count]);
            }
        }
        // Words that are left out, or doubled.
        9 => {
            let at = place(rng);
            bytes.drain(at..at + WORD);
        }
        _ => {
            let at = place(rng);
            let word = bytes[at..at + WORD].to_vec();
            bytes.splice(at..at, word);
        }
    }
}

/// So many altered bundles of a seed, of all geometries: both verifiers refuse each.
fn both_refuse(seed: u64, count: usize) {
    let live = [world::data(&[150]), world::data(&[900, 16_400]), world::compute()];
    let pool = STANDARD.iter().chain(&*LARGE);
    let submissions: Vec<&Submission> = live.iter().chain(pool).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut done = 0;
    while done < count {
        // The smallest are the quickest, and have every kind of proof.
        let submission =
            submissions[if rng.gen_ratio(1, 8) { rng.gen_range(0..submissions.len()) } else { 0 }];
        let submission = if rng.gen_ratio(1, 3) { &live[2] } else { submission };
        let mut altered = submission.bytes.clone();
        for _ in 0..*[1, 1, 1, 2, 5].choose(&mut rng).expect("one of five") {
            if altered.len() > 2 * WORD {
                alter(&mut rng, &mut altered, &submissions);
            }
        }
        if altered != submission.bytes {
            refused(submission, &altered, &format!("alteration {done} of seed {seed}"));
            done += 1;
        }
    }
}

#[test]
fn a_thousand_altered_bundles() {
    both_refuse(1, 1_000);
}

/// `FAIRSHARE_SEED=N cargo test --release --workspace --test verifier ten_thousand -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_altered_bundles() {
    let seed = std::env::var("FAIRSHARE_SEED").ok().map_or(2, |seed| seed.parse().expect("a seed"));
    both_refuse(seed, 10_000);
}

/// All donors have one contributor: what is spliced in is not refused for its header.
#[test]
fn donors_are_of_one_contributor() {
    for submission in STANDARD.iter().chain(&*LARGE) {
        assert_eq!(&submission.bytes[WORD + 12..2 * WORD], &fixture::contributor().0);
    }
}
