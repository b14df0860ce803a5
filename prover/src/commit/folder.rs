//! A commitment folder, read back: its files have to belong together.

use std::path::{Path, PathBuf};

use fairshare_circuits::geometry::Cut;
use fairshare_formats::registry::{MAX_REQUEST_BYTES, request_from_json};
use fairshare_params::digest::{data_digest, segment_hash};
use fairshare_params::encoding::{Digest, POINT_BYTES, decode_point};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use halo2curves::bn256::G1Affine;

use super::{COMMITMENTS_FILE, CommitError, OPENING_FILE, REQUEST_FILE, Result, read, unusable_request};
use crate::derivation::Dataset;
use crate::secret::{Header, Opening};

/// A commitment folder, read back.
#[derive(Debug)]
pub struct CommitmentFolder {
    /// The folder.
    pub folder: PathBuf,
    /// What its request asks the registry to record.
    pub registration: Registration,
    /// The secret opening.
    pub opening: Opening,
    /// The data-column commitments, segment by segment.
    pub columns: Vec<Vec<G1Affine>>,
    cut: Cut,
}

impl CommitmentFolder {
    /// Reads a folder that [`commit_data`](super::commit_data) wrote and checks that its files belong
    /// together.
    pub fn read(folder: &Path, policy: &Policy) -> Result<Self> {
        let path = folder.join(REQUEST_FILE);
        let bytes = read(&path, MAX_REQUEST_BYTES as u64)?;
        let request = request_from_json(&bytes).map_err(|source| unusable_request(path, source))?;
        let registration = Registration::from(&request);
        // Before the opening: its length depends on the schema.
        check_schema(folder, &registration, policy)?;
        let features = policy.schema().len();
        let opening = Opening::read(&folder.join(OPENING_FILE), registration.digest(), features)?;
        check_header(&opening, &registration)?;
        let cut = registration.geometry().cut(u64::from(registration.records()) * features as u64);
        let (dataset, digest) = (dataset_of(&registration), registration.digest());
        let columns = read_columns(folder, &Expected { dataset, digest, cut })?;
        Ok(Self { folder: folder.to_owned(), registration, opening, columns, cut })
    }

    /// The segments that its records are cut into.
    pub(crate) fn cut(&self) -> Cut {
        self.cut
    }

    /// What its segments' secrets are derived with.
    pub(crate) fn dataset(&self) -> Dataset<'_> {
        dataset_of(&self.registration)
    }
}

fn dataset_of(registration: &Registration) -> Dataset<'_> {
    Dataset {
        contributor: registration.contributor(),
        geometry: registration.geometry(),
        schema: registration.schema_hash(),
        records: registration.records(),
    }
}

/// What the commitments of a folder must hash to, and all that is hashed with them.
pub(super) struct Expected<'a> {
    pub dataset: Dataset<'a>,
    pub digest: &'a Digest,
    pub cut: Cut,
}

pub(super) fn read_columns(folder: &Path, expected: &Expected<'_>) -> Result<Vec<Vec<G1Affine>>> {
    let path = folder.join(COMMITMENTS_FILE);
    let Expected { dataset: Dataset { contributor, geometry, schema, records }, digest, cut } = *expected;
    let columns: u64 = cut.runs().map(|(shape, segments)| segments * shape.columns() as u64).sum();
    let bytes = read(&path, columns.saturating_mul(POINT_BYTES as u64))?;
    let (points, rest) = bytes.as_chunks::<POINT_BYTES>();
    let points: Option<Vec<_>> = points.iter().map(decode_point).collect();
    let mut points = points.unwrap_or_default().into_iter();
    let columns: Vec<Vec<_>> =
        cut.iter().map(|part| points.by_ref().take(part.shape.columns()).collect()).collect();
    let segments: Vec<_> = columns.iter().map(|columns| segment_hash(&geometry, columns)).collect();
    let found = data_digest(contributor, &geometry, schema, records, &segments);
    if found != *digest || !rest.is_empty() {
        return Err(CommitError::Commitments { path, found, expected: *digest });
    }
    Ok(columns)
}

/// What is read of an opening is as long as it says: it has to say what is registered.
fn check_header(opening: &Opening, registration: &Registration) -> Result<()> {
    let Header { geometry, records, .. } = *opening.header();
    if (geometry, records) == (registration.geometry(), u64::from(registration.records())) {
        Ok(())
    } else {
        Err(opening.altered().into())
    }
}

fn check_schema(folder: &Path, registration: &Registration, policy: &Policy) -> Result<()> {
    let (found, expected) = (*registration.schema_hash(), policy.schema().hash());
    if found != expected {
        let folder = folder.to_owned();
        return Err(CommitError::Schema { folder, found, expected });
    }
    Ok(())
}
