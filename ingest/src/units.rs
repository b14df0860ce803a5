//! The file of an epoch's units (PROTOCOL section 9).

use std::path::Path;

use fairshare_formats::units::{Rounds, from_csv, from_csv_of_any_rounds};
use fairshare_params::units::Units;

use crate::error::IngestError;
use crate::source;

/// Reads the units of all nodes in the epoch's rounds, as [`from_csv`] does.
pub fn read_units(path: &Path, rounds: Rounds) -> Result<Units, IngestError> {
    let (file, _) = source::open(path)?;
    from_csv(file, rounds).map_err(|source| IngestError::Units { path: path.to_path_buf(), source })
}

/// Reads the units of all nodes in whatever rounds the file has, as [`from_csv_of_any_rounds`] does.
pub fn read_any_units(path: &Path) -> Result<Units, IngestError> {
    let (file, _) = source::open(path)?;
    from_csv_of_any_rounds(file).map_err(|source| IngestError::Units { path: path.to_path_buf(), source })
}
