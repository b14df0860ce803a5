//! Bundles of the larger geometries, made once.
//!
//! They stand in `pool/`, a file for each geometry: no run has to prove for minutes, and their gas is the
//! same everywhere. A file begins with the rules hash, which binds rules and keys. Where it moves, this makes
//! them anew:
//!
//! ```text
//! cargo test --release --workspace --test verifier make_the_pool -- --ignored --nocapture
//! ```

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;

use fairshare_params::Geometry;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_testkit::fixture::contributor;
use fairshare_testkit::parts::{Reader, write};

use super::world::{Maker, Submission, World};

/// A geometry of the pool.
pub struct Pooled {
    pub geometry: Geometry,
    /// Records of each data bundle's datasets: two features each. One compute bundle follows.
    pub data: &'static [&'static [usize]],
}

/// A segment of W columns holds W·(n − 8) symbols, n being 2^14 and 2^16.
const PLAN: [Pooled; 2] = [
    Pooled {
        geometry: Geometry::STANDARD,
        data: &[&[150], &[524_032], &[1_048_064], &[150, 60_000, 140_000]],
    },
    Pooled { geometry: Geometry::LARGE, data: &[&[150, 140_000, 530_000]] },
];

/// A geometry's bundles: those of data in the plan's order, then the compute bundle.
pub static STANDARD: LazyLock<Vec<Submission>> = LazyLock::new(|| read(0));
/// The same.
pub static LARGE: LazyLock<Vec<Submission>> = LazyLock::new(|| read(1));

fn path(index: usize) -> PathBuf {
    let name = format!("tests/verifier/pool/{}.bin", PLAN[index].geometry.name());
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The insecure string of a geometry, and the rules under it.
pub fn world(geometry: Geometry) -> (&'static World, &'static Srs) {
    let srs: &'static Srs = Box::leak(Box::new(Srs::insecure(geometry)));
    let parameters = VerifierParameters::derive(srs).expect("keys");
    (Box::leak(Box::new(World::new(parameters))), srs)
}

fn read(index: usize) -> Vec<Submission> {
    let bytes = std::fs::read(path(index)).expect("the pool is in the repository");
    let plan = &PLAN[index];
    let mut reader = Reader::new(&bytes);
    let rules_hash = reader.part();
    let (world, _) = world(plan.geometry);
    let rules = world.verifier.rules();
    assert_eq!(
        world.verifier.rules_hash().0,
        rules_hash,
        "the pool was made under other rules or keys: make it anew, as `pool.rs` says"
    );
    let registration = |reader: &mut Reader<'_>, records: usize| {
        let digest = Digest(reader.part().try_into().expect("32 bytes"));
        let records = u32::try_from(records).expect("few records");
        Registration::new(contributor(), plan.geometry, rules.schema_hash, records, digest)
            .expect("a registration")
    };
    let none: &[usize] = &[];
    let mut submission = |sizes: &&[usize]| {
        let registrations = sizes.iter().map(|records| registration(&mut reader, *records)).collect();
        Submission { world, bytes: reader.part().to_vec(), registrations }
    };
    let submissions = plan.data.iter().chain([&none]).map(&mut submission).collect();
    assert!(reader.is_empty(), "the pool has more than its plan");
    submissions
}

/// Proves everything in the plan.
#[test]
#[ignore = "makes the pool anew"]
fn make_the_pool() {
    for (index, plan) in PLAN.iter().enumerate() {
        let began = Instant::now();
        let (world, srs) = world(plan.geometry);
        let maker = Maker::new(world, srs);
        let mut bytes = Vec::new();
        write(&mut bytes, &world.verifier.rules_hash().0);
        let data = plan.data.iter().map(|sizes| maker.data(sizes, 1));
        for submission in data.chain([maker.compute()]) {
            submission.registrations.iter().for_each(|own| write(&mut bytes, &own.digest().0));
            write(&mut bytes, &submission.bytes);
            println!("{} bytes after {:?}", submission.bytes.len(), began.elapsed());
        }
        std::fs::create_dir_all(path(index).parent().expect("a folder")).expect("it is made");
        std::fs::write(path(index), &bytes).expect("the pool is written");
    }
}

#[test]
fn larger_geometries_are_verified_as_well() {
    for submission in STANDARD.iter().chain(&*LARGE) {
        submission.accepted();
    }
}
