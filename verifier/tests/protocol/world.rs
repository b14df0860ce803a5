//! The bundles that the tests are about, proved once.

use std::sync::LazyLock;

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::{Digest, POINT_BYTES, decode_point, encode_point};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::units::Units;
use fairshare_prover::{Proved, Silent};
use fairshare_verifier::bundle::{ComputeBundle, DataBundle};
use fairshare_verifier::{Bundle, Score, VerifyError};

use super::fixture::{PROVER, RECORD, VERIFIER, commit_records, contributor, records, stranger};

/// A bundle with the registrations it covers, none of which are of computing power.
pub struct Submission {
    pub bundle: Bundle,
    pub registrations: Vec<Registration>,
}

/// Four true claims.
pub struct World {
    /// Two datasets, the first of two segments.
    pub data: Submission,
    pub compute: Submission,
    /// Somebody else's, of one segment.
    pub small: Submission,
    /// Somebody else's.
    pub other_node: Submission,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let (long, _) = commit_records(path, "long", &contributor(), &[records(16_400, 1)]);
    let (short, _) = commit_records(path, "short", &contributor(), &[records(150, 2)]);
    let (small, _) = commit_records(path, "small", &stranger(), &[records(250, 3)]);
    let submission = |proved: Result<Proved, _>| {
        let Proved { bundle, registrations, .. } = proved.expect("a bundle");
        Submission { bundle, registrations }
    };
    World {
        data: submission(PROVER.prove_data(&[long, short], &Silent)),
        compute: submission(PROVER.prove_compute(&contributor(), &Silent)),
        small: submission(PROVER.prove_data(&[small], &Silent)),
        other_node: submission(PROVER.prove_compute(&stranger(), &Silent)),
    }
});

impl World {
    pub fn all(&self) -> [&Submission; 4] {
        [&self.data, &self.compute, &self.small, &self.other_node]
    }
}

impl Submission {
    /// The data bundle, to alter.
    pub fn data(&self) -> DataBundle {
        match &self.bundle {
            Bundle::Data(bundle) => bundle.clone(),
            Bundle::Compute(_) => panic!("a data bundle"),
        }
    }

    /// The compute bundle, to alter.
    pub fn compute(&self) -> ComputeBundle {
        match &self.bundle {
            Bundle::Compute(bundle) => bundle.clone(),
            Bundle::Data(_) => panic!("a compute bundle"),
        }
    }

    /// Reads and verifies bytes that stand for this submission's bundle.
    pub fn verify_bytes(&self, bytes: &[u8]) -> Result<Score, Refusal> {
        let bundle = VERIFIER.read(bytes, &self.registrations).map_err(Refusal::Read)?;
        VERIFIER.verify(&bundle, &self.registrations).map_err(Refusal::Verify)
    }

    /// Why an altered bundle is refused: on its way through bytes as well as without.
    #[track_caller]
    pub fn refuse(&self, bundle: impl Into<Altered>) -> VerifyError {
        let Altered(bundle) = bundle.into();
        assert_ne!(bundle, self.bundle, "nothing was altered");
        let error = VERIFIER.verify(&bundle, &self.registrations).expect_err("must be refused");
        assert!(!matches!(error, VerifyError::Internal), "{error:?}");
        error
    }
}

/// The units of the fixture in the rounds of another policy: the same in each, and none in rounds beyond.
pub fn units_under(policy: &Policy) -> Units {
    let own = RECORD.nodes().map(|(node, units)| {
        let mut units = units.to_vec();
        units.resize(policy.rounds(), 0);
        (*node, units)
    });
    Units::new(policy.terms().first_round, policy.rounds(), own.collect()).expect("units")
}

/// Point `index` of a proof, as bytes to alter.
pub fn point_mut(proof: &mut [u8], index: usize) -> &mut [u8] {
    &mut proof[index * POINT_BYTES..(index + 1) * POINT_BYTES]
}

/// Exchanges two points of a proof.
pub fn swap_points(proof: &mut [u8], left: usize, right: usize) {
    let [one, other] = [left, right].map(|index| point_mut(proof, index).to_vec());
    point_mut(proof, left).copy_from_slice(&other);
    point_mut(proof, right).copy_from_slice(&one);
}

/// Negates a point of a proof.
pub fn negate_point(proof: &mut [u8], index: usize) {
    let point = point_mut(proof, index);
    let honest = decode_point(&point.as_chunks().0[0]).expect("a point");
    point.copy_from_slice(&encode_point(&-honest));
}

/// A registration's fields, to alter.
pub struct Fields {
    pub contributor: Address,
    pub geometry: Geometry,
    pub schema_hash: Digest,
    pub records: u32,
    pub digest: Digest,
}

/// A registration with its fields altered.
pub fn altered(honest: &Registration, alter: impl FnOnce(&mut Fields)) -> Registration {
    let mut fields = Fields {
        contributor: *honest.contributor(),
        geometry: honest.geometry(),
        schema_hash: *honest.schema_hash(),
        records: honest.records(),
        digest: *honest.digest(),
    };
    alter(&mut fields);
    let Fields { contributor, geometry, schema_hash, records, digest } = fields;
    let altered = Registration::new(contributor, geometry, schema_hash, records, digest);
    let altered = altered.expect("a registration");
    assert_ne!(altered, *honest, "nothing was altered");
    altered
}

/// A bundle that is not what was proved.
pub struct Altered(pub Bundle);

impl From<DataBundle> for Altered {
    fn from(bundle: DataBundle) -> Self {
        Self(Bundle::Data(bundle))
    }
}

impl From<ComputeBundle> for Altered {
    fn from(bundle: ComputeBundle) -> Self {
        Self(Bundle::Compute(bundle))
    }
}

/// Why bytes are refused, and by whom.
#[derive(Debug)]
pub enum Refusal {
    /// While they were read.
    Read(VerifyError),
    /// As a bundle.
    Verify(VerifyError),
}
