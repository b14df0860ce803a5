//! A compute log: units by round (PROTOCOL section 7).

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use fairshare_formats::units::{Rounds, UnitsError, of_column, of_nodes};
use fairshare_params::address::Address;

use crate::error::IngestError;
use crate::source;

/// Reads a CSV file with a column `round` and one of units: `column`, or else `units`, or else the only other
/// one. Returns the units of `rounds` rounds from `first_round` on, as [`of_column`] does.
pub fn read_units(
    path: &Path,
    column: Option<&str>,
    first_round: u64,
    rounds: usize,
) -> Result<Vec<u32>, IngestError> {
    let rounds = Rounds { first: first_round, count: rounds };
    of_column(open(path)?, column, rounds).map_err(refuse(path))
}

/// Reads a CSV file with a column `round` and one of units for each node, named by the node's address: the
/// form in which a task contract's log is put on record. Rounds are as in [`read_units`].
pub fn read_units_by_node(
    path: &Path,
    first_round: u64,
    rounds: usize,
) -> Result<BTreeMap<Address, Vec<u32>>, IngestError> {
    of_nodes(open(path)?, Rounds { first: first_round, count: rounds }).map_err(refuse(path))
}

fn open(path: &Path) -> Result<File, IngestError> {
    source::open(path).map(|(file, _)| file)
}

fn refuse(path: &Path) -> impl FnOnce(UnitsError) -> IngestError {
    |source| IngestError::Units { path: path.to_path_buf(), source }
}
