//! Two epochs of one vault, proved once for all tests of a program.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_formats::policy::PolicySource;
use fairshare_formats::registry::SignedRegistration;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::{CHUNK_BYTES, Evidence, Request, Tree, Unsigned, first_chunk};
use fairshare_params::units::Units;
use fairshare_prover::{Account, Limits, Matching, Prover, Silent, commit_matching};
use fairshare_verifier::Verifier;
use fairshare_verifier::bundle::Header;

use crate::fixture;

/// Gives data twice and computing power.
pub const ALICE: Address = Address([
    0x5d, 0x5c, 0x99, 0xed, 0xf5, 0x29, 0x33, 0x51, 0x60, 0xff, 0x18, 0x0f, 0xa1, 0x41, 0xdd, 0x49, 0x67,
    0xfc, 0x00, 0xd2,
]);
/// Gives computing power.
pub const BOB: Address = Address([
    0x88, 0xd7, 0x8a, 0x6c, 0xa4, 0x19, 0x65, 0xa2, 0xb5, 0x42, 0x85, 0x45, 0xd2, 0x81, 0x2c, 0x9f, 0x29,
    0x58, 0xa1, 0xac,
]);
/// Gives data.
pub const CAROL: Address = Address([
    0xa5, 0x5a, 0xa8, 0x3c, 0x70, 0x90, 0xd8, 0x7b, 0x7a, 0xa1, 0x51, 0x34, 0x68, 0x62, 0x45, 0x5d, 0x62,
    0x09, 0xd7, 0x89,
]);

/// The account of one of them.
pub fn account(who: Address) -> Account {
    let keys = [(ALICE, 0xa1), (BOB, 0xb3), (CAROL, 0xca)];
    let (_, key) = keys.into_iter().find(|(address, _)| *address == who).expect("one of the three");
    fixture::account(who, key)
}

/// A contribution: registered, and proved with what belongs to it.
pub struct Bundle {
    /// Whose it is.
    pub contributor: Address,
    /// Its encoding.
    pub bytes: Vec<u8>,
}

impl Bundle {
    fn of(bundle: &fairshare_verifier::Bundle) -> Self {
        Self { contributor: bundle.contributor(), bytes: bundle.to_bytes() }
    }
}

/// One epoch's policy, registrations and bundles.
pub struct World {
    /// The policy as written.
    pub source: PolicySource,
    /// The policy as read.
    pub policy: Policy,
    /// What was registered, contributor by contributor.
    pub registrations: Vec<SignedRegistration>,
    /// Where the openings of each of them are kept.
    pub folders: Vec<PathBuf>,
    /// The round in which the registry takes each of them.
    pub rounds: Vec<u64>,
    /// The units on record.
    pub units: Units,
    /// What was proved.
    pub bundles: Vec<Bundle>,
}

/// The first epoch: the fixture's policy. Alice and Bob share the work of round 10; round 12 has none.
pub static FIRST: LazyLock<World> = LazyLock::new(|| first("first", &[]));

/// The second one: rounds numbered on, Alice alone, with one dataset.
pub static SECOND: LazyLock<World> = LazyLock::new(|| second("second", &[]));

/// Both of a ledger that pays by lists, the second one with a pool that is worth a list.
pub static LISTED: LazyLock<[World; 2]> = LazyLock::new(|| {
    let rail = ("settlement = \"claims\"", "settlement = \"payments\"");
    [first("listed-first", &[rail]), second("listed-second", &[rail])]
});

/// Both of a vault that computes what it pays. The first one's rules name a pool, the second one's none.
pub static CONTRACTS: LazyLock<[World; 2]> = LazyLock::new(|| {
    let rail = ("settlement = \"claims\"", "settlement = \"contract\"");
    [first("contract-first", &[rail]), second("contract-second", &[rail, ("pool = 1001", "pool = 0")])]
});

/// The second one again, with a data window from the first one's first round. Carol's data of the first one
/// is proved in it, with nothing registered by her.
pub static WIDE: LazyLock<World> = LazyLock::new(|| {
    let window = ("evidence = false", "evidence = false\nfirst_round = 10");
    let mut world = second("wide", &[window]);
    world.bundles.push(world.prove_data(&FIRST.folders[2..]));
    world
});

/// Verifiers of the two epochs.
pub static VERIFIERS: LazyLock<[Verifier<'static>; 2]> =
    LazyLock::new(|| [&FIRST, &SECOND].map(|world| world.verifier()));

fn first(name: &str, edits: &[(&str, &str)]) -> World {
    let folder = root().join(name);
    let unproved = Unproved::new(edited(fixture::POLICY, edits));
    let [one, two, carols] = [(10, 1, 150), (12, 2, 250), (11, 3, 500)];
    let alice = [one, two].map(|data| unproved.data(&folder, ALICE, data));
    let carol = [unproved.data(&folder, CAROL, carols)];
    unproved.prove(&[&alice, &carol], &[(ALICE, &[305, 943, 0, 0]), (BOB, &[537, 0, 0, 7])])
}

fn second(name: &str, edits: &[(&str, &str)]) -> World {
    let text = edited(
        fixture::POLICY,
        &[
            ("epoch = 4", "epoch = 5"),
            ("first = 10", "first = 14"),
            ("count = 4", "count = 2"),
            ("pool = \"1000000000000000000000000\"", "pool = 1001"),
        ],
    );
    let unproved = Unproved::new(edited(&text, edits));
    let data = unproved.data(&root().join(name), ALICE, (14, 5, 150));
    unproved.prove(&[&[data]], &[(ALICE, &[4, 0])])
}

/// Text in which each of these occurs once, and is replaced.
pub fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

struct Unproved {
    source: PolicySource,
    policy: Policy,
}

/// A dataset, committed to and signed.
pub struct Data {
    /// Where its opening is kept.
    pub folder: PathBuf,
    /// Its registration.
    pub signed: SignedRegistration,
    /// The round in which the registry takes it.
    pub round: u64,
}

impl Unproved {
    fn new(text: String) -> Self {
        let source = PolicySource { text, files: Default::default() };
        let policy = source.policy().expect("a good policy");
        Self { source, policy }
    }

    fn data(&self, folder: &Path, who: Address, (round, seed, count): (u64, u64, usize)) -> Data {
        commit(
            &self.policy,
            &folder.join(format!("{who:?}-{round}")),
            who,
            &fixture::records(count, seed),
            round,
        )
    }

    fn prove(self, data: &[&[Data]], units: &[(Address, &[u32])]) -> World {
        let by_node = units.iter().map(|(node, units)| (*node, units.to_vec())).collect();
        let units =
            Units::new(self.policy.terms().first_round, self.policy.rounds(), by_node).expect("units");
        let all = || data.iter().copied().flatten();
        let mut world = World {
            source: self.source,
            policy: self.policy,
            registrations: all().map(|data| data.signed.clone()).collect(),
            folders: all().map(|data| data.folder.clone()).collect(),
            rounds: all().map(|data| data.round).collect(),
            units,
            bundles: Vec::new(),
        };
        let folders = |own: &[Data]| own.iter().map(|data| data.folder.clone()).collect::<Vec<_>>();
        let proved = data.iter().map(|own| world.prove_data(&folders(own)));
        let compute = world.units.nodes().map(|(node, _)| world.prove_compute(node, &world.units));
        world.bundles = proved.chain(compute).collect();
        world
    }
}

/// Commits to records under a policy and signs the registration, which is void after the epoch's last round.
pub fn commit(policy: &Policy, folder: &Path, who: Address, records: &str, round: u64) -> Data {
    std::fs::create_dir_all(folder).expect("folder");
    let file = fixture::write(folder, "records.csv", records);
    let target = folder.join("data");
    let made = commit_matching(&fixture::SRS, policy, &who, &[file], &target, Matching::Waived, &Silent);
    let signed = sign(policy, made.expect("a commitment").request, None, *policy.data_rounds().end());
    Data { folder: target, signed, round }
}

/// Signs a registration for a policy's vault and registry, as the contributor whose it is.
pub fn sign(
    policy: &Policy,
    request: Request,
    evidence: Option<Evidence>,
    last_round: u64,
) -> SignedRegistration {
    let who = *request.contributor();
    let unsigned = Unsigned::new(request, evidence, policy.domain(), policy.terms().vault, last_round);
    account(who).register(unsigned.expect("a registration")).expect("a signature")
}

/// Evidence of an upload of a digest, of three chunks that nobody else has.
pub fn evidence(digest: &Digest) -> Evidence {
    let mut tree = Tree::new();
    tree.push(&first_chunk(digest));
    for byte in [1, 2] {
        tree.push(&[byte; CHUNK_BYTES]);
    }
    let (storage_root, path) = tree.finish();
    Evidence { storage_root, byte_length: 700, path, transaction_hash: Digest([9; 32]) }
}

impl World {
    /// A bundle of these datasets of one contributor.
    pub fn prove_data(&self, folders: &[PathBuf]) -> Bundle {
        let verifier = self.verifier();
        let prover = Prover::new(&fixture::SRS, &verifier, Limits::default());
        Bundle::of(&prover.prove_data(folders, &Silent).expect("a proof").bundle)
    }

    /// A node's bundle of these units.
    pub fn prove_compute(&self, node: &Address, units: &Units) -> Bundle {
        let verifier = fixture::verifier(&self.policy).with_units(units).expect("units of its rounds");
        let prover = Prover::new(&fixture::SRS, &verifier, Limits::default());
        Bundle::of(&prover.prove_compute(node, &Silent).expect("a proof").bundle)
    }

    /// What its registrations put on record, in their order.
    pub fn on_record(&self) -> Vec<Registration> {
        let requests = self.registrations.iter().map(|signed| signed.unsigned().request());
        requests.map(Registration::from).collect()
    }

    /// One of its bundles, read under its own policy.
    pub fn read(&self, index: usize) -> fairshare_verifier::Bundle {
        let bytes = &self.bundles[index].bytes;
        let header = Header::read(bytes).expect("a bundle");
        let mut own = self.on_record();
        own.retain(|own| header.digests.contains(own.digest()));
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
