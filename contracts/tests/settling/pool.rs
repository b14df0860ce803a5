//! Real bundles of three epochs, made once.
//!
//! They stand in `pool.bin`, so that no run has to prove, and their gas is the same everywhere. The file
//! begins with the rules hashes, which bind rules, keys and the contracts' addresses. Where they move, this
//! makes them anew:
//!
//! ```text
//! cargo test --release --workspace --test settling make_the_pool -- --ignored --nocapture
//! ```

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_formats::registry::{SignedRegistration, signed_from_json, signed_to_json};
use fairshare_params::address::Address as Account;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::rules::Rules;
use fairshare_params::units::Units;
use fairshare_prover::{Limits, Prover, Silent};
use fairshare_testkit::epochs::{self, ALICE, BOB, CAROL};
use fairshare_testkit::fixture;
use fairshare_testkit::parts::{Reader, write};

use super::chain::ok;
use super::world::{FIRST_ROUND, ROUNDS, World, later, rules_of};

/// How many epochs.
pub const EPOCHS: usize = 3;
/// Who gives data.
pub const GIVERS: [Account; 3] = [ALICE, BOB, CAROL];
/// Datasets of each giver and epoch, and their records.
pub const DATASETS: usize = 2;
const RECORDS: [usize; DATASETS] = [150, 400];
/// Which of a giver's datasets of an epoch each of its bundles covers.
pub const COVERS: [&[usize]; 3] = [&[0], &[1], &[0, 1]];
/// Who gives computing power: Alice, too. In ascending order.
pub const NODES: [Account; 4] = [Account([0x11; 20]), Account([0x22; 20]), ALICE, Account([0x77; 20])];
/// Units of each node, round by round, epoch by epoch.
pub const UNITS: [[[u32; 4]; ROUNDS as usize]; EPOCHS] = [
    [[305, 537, 0, 2], [943, 0, 1, 7], [0, 0, 0, 0], [0, 7, 5, 0]],
    [[1, 1, 1, 1], [0, 0, 4_000_000_000, 3], [5, 0, 0, 0], [2, 3, 0, 0]],
    [[0, 0, 9, 0], [8, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 4_294_967_295]],
];

/// One epoch, with everything that is registered, recorded and proved in it.
pub struct Pooled {
    pub policy: Policy,
    pub rules: Rules,
    /// A giver's signed registrations.
    pub registrations: Vec<Vec<SignedRegistration>>,
    /// A giver's bundles, by what they cover.
    pub data: Vec<Vec<Vec<u8>>>,
    /// A node's bundle.
    pub compute: Vec<Vec<u8>>,
    /// In the last epoch, whose window has all rounds: a bundle of the first giver's first datasets of all
    /// epochs.
    pub wide: Option<Vec<u8>>,
}

pub static POOL: LazyLock<Vec<Pooled>> = LazyLock::new(read);

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settling/pool.bin")
}

/// The policies: the first names its pool, the second pays what is there, the third's data window has all
/// rounds.
fn policies() -> [Policy; EPOCHS] {
    let any = ("pool = \"1000000000000000000000000\"", "pool = \"0\"");
    let late = ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z");
    let later_still = ("2027-01-01T00:00:00Z", "2027-03-01T00:00:00Z");
    let wide = ("evidence = false", "evidence = false\nfirst_round = 10");
    [later(0, &[]), later(1, &[any, late]), later(2, &[wide, later_still])]
}

/// A node's units of an epoch.
pub fn units_of(index: usize, policy: &Policy) -> Units {
    let column = |node: usize| UNITS[index].iter().map(|round| round[node]).collect::<Vec<_>>();
    let by_node = NODES.iter().enumerate().map(|(node, who)| (*who, column(node))).collect();
    Units::new(FIRST_ROUND + index as u64 * ROUNDS, policy.rounds(), by_node).expect("units")
}

fn read() -> Vec<Pooled> {
    let bytes = std::fs::read(path()).expect("the pool is in the repository");
    let mut reader = Reader::new(&bytes);
    let pooled = policies().into_iter().enumerate().map(|(index, policy)| {
        let rules = rules_of(&policy);
        assert_eq!(
            reader.part(),
            rules.hash().0,
            "the pool was made under other rules, keys or addresses: make it anew, as `pool.rs` says"
        );
        let mut part = || reader.part().to_vec();
        let signed = |json: Vec<u8>| signed_from_json(&json).expect("a registration");
        let registrations =
            GIVERS.map(|_| (0..DATASETS).map(|_| signed(part())).collect()).into_iter().collect();
        let data = GIVERS.map(|_| COVERS.map(|_| part()).to_vec()).into_iter().collect();
        let compute = NODES.map(|_| part()).to_vec();
        let wide = (index == EPOCHS - 1).then(&mut part);
        Pooled { policy, rules, registrations, data, compute, wide }
    });
    let pooled = pooled.collect();
    assert!(reader.is_empty(), "the pool has more than its plan");
    pooled
}

/// Proves everything.
#[test]
#[ignore = "makes the pool anew"]
fn make_the_pool() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = Vec::new();
    let mut firsts = Vec::new();
    for (index, policy) in policies().into_iter().enumerate() {
        let units = units_of(index, &policy);
        let verifier = fixture::verifier(&policy).with_units(&units).expect("units of its rounds");
        let prover = Prover::new(&fixture::SRS, &verifier, Limits::default());
        let committed = GIVERS.map(|who| {
            [0, 1].map(|number| {
                let seed = (index * 100 + number) as u64 + u64::from(who.0[0]) * 1_000;
                let target = folder.path().join(format!("{who:?}-{index}-{number}"));
                epochs::commit(&policy, &target, who, &fixture::records(RECORDS[number], seed), 0)
            })
        });
        write(&mut bytes, &verifier.rules_hash().0);
        for data in committed.iter().flatten() {
            write(&mut bytes, signed_to_json(&data.signed).as_bytes());
        }
        for own in &committed {
            for covers in COVERS {
                let folders: Vec<_> = covers.iter().map(|number| own[*number].folder.clone()).collect();
                let bundle = prover.prove_data(&folders, &Silent).expect("a bundle").bundle;
                write(&mut bytes, &bundle.to_bytes());
            }
        }
        for node in &NODES {
            write(&mut bytes, &prover.prove_compute(node, &Silent).expect("a bundle").bundle.to_bytes());
        }
        firsts.push(committed[0][0].folder.clone());
        if index == EPOCHS - 1 {
            write(&mut bytes, &prover.prove_data(&firsts, &Silent).expect("a bundle").bundle.to_bytes());
        }
    }
    std::fs::write(path(), &bytes).expect("the pool is written");
    println!("{} bytes", bytes.len());
}

/// What a giver's dataset is on record with.
pub fn registered(signed: &SignedRegistration) -> Registration {
    Registration::from(signed.unsigned().request())
}

impl World {
    /// Plays an epoch of the pool up to the end of its last round: data in its first round, units in all.
    pub fn play(&mut self, index: usize) {
        let pooled = &POOL[index];
        self.start(&pooled.rules);
        for signed in pooled.registrations.iter().flatten() {
            ok(self.register_for(signed));
        }
        UNITS[index].iter().for_each(|round| self.play_round(round));
    }

    /// Records the units of the round that goes on, by node, and ends it.
    pub fn play_round(&mut self, units: &[u32; 4]) {
        let units: Vec<_> = NODES.iter().copied().zip(*units).filter(|(_, units)| *units > 0).collect();
        if !units.is_empty() {
            ok(self.record(&units));
        }
        ok(self.end_rounds(1));
    }
}
