//! What computes sums of points and transforms, which take nearly all of a proof's time.

use halo2curves::bn256::{Fr, G1};
use rayon::prelude::*;

use crate::column::Column;
use crate::commit::CommitKey;
use crate::signal::{Cancelled, Watch};
use crate::transform::Transform;

/// Computes sums of points and transforms: the processor's cores ([`CommitKey`]), or something faster.
///
/// Whatever the device, proofs are the same to the byte: their values are exact. It is not trusted either, as
/// every proof is verified before it is handed out. Called from as many threads as make proofs.
///
/// Columns come in batches, as many as are known at once. A device calls [`Watch::ask`] once for each column
/// before it takes it up, and gives up the batch when that fails. A batch of one column must not wait for
/// work that is handed to the thread pool: whoever asks may hold what that work waits for.
pub trait Device: Sync {
    /// Prepares for a proof that commits to this many columns of full scalars. Called outside all parallel
    /// work, before every proof.
    fn prepare(&self, _full_columns: usize) {}

    /// `Σ_i v_i·G_i` over the reference string's Lagrange points, for each of the columns `v`, given by rows.
    fn commit(&self, columns: &[&[Fr]], watch: &Watch<'_>) -> Result<Vec<G1>, Cancelled>;

    /// Evaluates each of the columns, given by coefficients, at the points of the transform, in place.
    fn transform(
        &self,
        transform: &Transform,
        columns: &mut [&mut [Fr]],
        watch: &Watch<'_>,
    ) -> Result<(), Cancelled>;
}

/// A proof's way to its device.
#[derive(Clone, Copy)]
pub(crate) struct Work<'w> {
    pub device: &'w dyn Device,
    pub watch: &'w Watch<'w>,
}

impl Work<'_> {
    pub fn commit(&self, columns: &[&[Fr]]) -> Result<Vec<G1>, Cancelled> {
        self.device.commit(columns, self.watch)
    }

    pub fn transform<'c>(
        &self,
        transform: &Transform,
        columns: impl IntoIterator<Item = &'c mut Column>,
    ) -> Result<(), Cancelled> {
        let mut columns: Vec<&mut [Fr]> = columns.into_iter().map(|column| &mut **column).collect();
        self.device.transform(transform, &mut columns, self.watch)
    }

    /// The same of copies.
    pub fn evaluate(&self, transform: &Transform, coefficients: &[&[Fr]]) -> Result<Vec<Column>, Cancelled> {
        let mut columns: Vec<_> =
            coefficients.par_iter().map(|column| Column::from(column.to_vec())).collect();
        self.transform(transform, &mut columns)?;
        Ok(columns)
    }
}

/// The processor: a column a thread, and idle threads take windows of the others' sums.
impl Device for CommitKey<'_> {
    /// Makes the tables here, inside no join: who waits for them holds up no other job's parts.
    fn prepare(&self, full_columns: usize) {
        self.begin(full_columns);
    }

    fn commit(&self, columns: &[&[Fr]], watch: &Watch<'_>) -> Result<Vec<G1>, Cancelled> {
        columns.par_iter().map(|column| watch.ask().map(|()| self.multiexp(column))).collect()
    }

    fn transform(
        &self,
        transform: &Transform,
        columns: &mut [&mut [Fr]],
        watch: &Watch<'_>,
    ) -> Result<(), Cancelled> {
        columns.par_iter_mut().try_for_each(|column| watch.ask().map(|()| transform.apply(column)))
    }
}
