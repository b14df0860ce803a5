//! Two epochs of one vault, proved once for all tests of a program.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::units::Units;
use fairshare_prover::{Contributor, Limits, Prover, Silent, commit_data};
use fairshare_verifier::Verifier;
use fairshare_verifier::bundle::Header;

use crate::fixture;

/// Gives data twice and computing power.
pub const ALICE: Address = Address([0xa1; 20]);
/// Gives computing power.
pub const BOB: Address = Address([0xb0; 20]);
/// Gives data.
pub const CAROL: Address = Address([0xca; 20]);

/// A contribution: registered, and proved with what belongs to it.
pub struct Bundle {
    /// Whose it is.
    pub contributor: Address,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

/// One epoch's policy, registrations and bundles.
pub struct World {
    /// The policy as written.
    pub source: PolicySource,
    /// The policy as read.
    pub policy: Policy,
    /// What was registered.
    pub registrations: Vec<Registration>,
    /// The units on record.
    pub units: Units,
    /// What was proved.
    pub bundles: Vec<Bundle>,
}

/// The first epoch: the fixture's policy. Alice and Bob share the work of round 10; round 12 has none.
pub static FIRST: LazyLock<World> = LazyLock::new(|| {
    let folder = root().join("first");
    let world = Unproved::new(fixture::POLICY.to_owned());
    let [one, two, carols] = [(10, 1, 150), (12, 2, 250), (11, 3, 500)];
    let alice = [one, two].map(|data| world.data(&folder, ALICE, data));
    let carol = [world.data(&folder, CAROL, carols)];
    world.prove(&[&alice, &carol], &[(ALICE, &[305, 943, 0, 0]), (BOB, &[537, 0, 0, 7])])
});

/// The second one: rounds numbered on, Alice alone, with one dataset.
pub static SECOND: LazyLock<World> = LazyLock::new(|| {
    let text = [
        ("epoch = 4", "epoch = 5"),
        ("first = 10", "first = 14"),
        ("count = 4", "count = 2"),
        ("pool = \"1000000000000000000000000\"", "pool = 1001"),
    ];
    let text = text.iter().fold(fixture::POLICY.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let world = Unproved::new(text);
    let data = world.data(&root().join("second"), ALICE, (14, 5, 150));
    world.prove(&[&[data]], &[(ALICE, &[4, 0])])
});

/// Verifiers of the two epochs.
pub static VERIFIERS: LazyLock<[Verifier<'static>; 2]> =
    LazyLock::new(|| [&FIRST, &SECOND].map(|world| world.verifier()));

struct Unproved {
    source: PolicySource,
    policy: Policy,
}

impl Unproved {
    fn new(text: String) -> Self {
        let source = PolicySource { text, files: Default::default() };
        let policy = source.policy().expect("a good policy");
        Self { source, policy }
    }

    fn data(&self, folder: &Path, who: Address, (round, seed, count): (u64, u64, usize)) -> PathBuf {
        std::fs::create_dir_all(folder).expect("folder");
        let file = fixture::write(folder, &format!("{seed}.csv"), &fixture::records(count, seed));
        let target = folder.join(name(who, round));
        let contributor = Contributor { address: who, round, evidence: None };
        commit_data(&fixture::SRS, &self.policy, &contributor, &[file], &target, &Silent)
            .expect("a commitment");
        target
    }

    fn prove(self, data: &[&[PathBuf]], units: &[(Address, &[u32])]) -> World {
        let by_node = units.iter().map(|(node, units)| (*node, units.to_vec())).collect();
        let units =
            Units::new(self.policy.terms().first_round, self.policy.rounds(), by_node).expect("units");
        let (mut registrations, mut bundles) = (Vec::new(), Vec::new());
        {
            let verifier = fixture::verifier(&self.policy).with_units(&units).expect("a verifier");
            let prover = Prover::new(&fixture::SRS, &verifier, Limits::default());
            let data = data.iter().map(|folders| prover.prove_data(folders, &Silent).expect("a proof"));
            let compute =
                units.nodes().map(|(node, _)| prover.prove_compute(node, &Silent).expect("a proof"));
            for proved in data.chain(compute) {
                registrations.extend(proved.registrations);
                let contributor = proved.bundle.contributor();
                bundles.push(Bundle { contributor, bytes: proved.bundle.to_bytes() });
            }
        }
        World { source: self.source, policy: self.policy, registrations, units, bundles }
    }
}

fn name(who: Address, round: u64) -> String {
    format!("{who:?}-{round}")
}

impl World {
    /// One of its bundles, read under its own policy.
    pub fn read(&self, index: usize) -> fairshare_verifier::Bundle {
        let bytes = &self.bundles[index].bytes;
        let header = Header::read(bytes).expect("a bundle");
        let own = self.registrations.iter().filter(|own| header.digests.contains(own.digest()));
        let own: Vec<_> = own.cloned().collect();
        self.verifier().read(bytes, &own).expect("a bundle")
    }

    /// A verifier of the epoch, with its units.
    pub fn verifier(&self) -> Verifier<'_> {
        fixture::verifier(&self.policy).with_units(&self.units).expect("units of its rounds")
    }
}

/// A folder of this run.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("folder"));
    ROOT.path()
}
