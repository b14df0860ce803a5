//! Why there is no draft.

use std::path::PathBuf;

use arrow_schema::ArrowError;
use fairshare_circuits::numeric::decay::DecayError;
use fairshare_circuits::numeric::divergence::DivergenceError;
use fairshare_formats::excerpt::excerpt;
use fairshare_formats::policy::PolicyErrors;
use fairshare_ingest::IngestError;
use fairshare_params::Geometry;
use fairshare_params::reference::ReferenceError;
use fairshare_params::schema::SchemaError;

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The files cannot be read.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Cells of a type that cannot be converted.
    #[error(
        "{}: the cells of column `{}` cannot be converted; write the file anew",
        path.display(), excerpt(column)
    )]
    Cells {
        /// The part's file or folder.
        path: PathBuf,
        /// The column.
        column: String,
        /// Why.
        source: ArrowError,
    },
    /// More columns than a draft looks at.
    #[error(
        "{found} columns, and a draft looks at {bound} at most; keep those that records should be scored by"
    )]
    TooManyColumns {
        /// Columns of all files.
        found: usize,
        /// The most.
        bound: usize,
    },
    /// More files than a draft looks at.
    #[error("{found} files, and a draft looks at {bound} at most; join files of one contributor")]
    TooManyFiles {
        /// Files given.
        found: usize,
        /// The most.
        bound: usize,
    },
    /// A column that an option names is in no file.
    #[error("no file has a column `{column}`, which {option} names; check the spelling")]
    UnknownColumn {
        /// The name.
        column: String,
        /// The option.
        option: &'static str,
    },
    /// No column became a feature.
    #[error("no column can be a feature; the remarks say why each is left out: {why}")]
    NoFeatures {
        /// The first remarks.
        why: String,
    },
    /// The schema is refused.
    #[error("the features make no schema; leave out columns, or choose a larger geometry")]
    Schema(#[from] SchemaError),
    /// The features need more symbols than the geometry has.
    #[error(
        "{features} features need at least {needed} symbols, and geometry `{geometry}` has {bound}; leave \
         out columns, or choose a larger geometry"
    )]
    TooManySymbols {
        /// Features.
        features: usize,
        /// The fewest symbols that they need.
        needed: usize,
        /// The geometry.
        geometry: Geometry,
        /// Its symbols.
        bound: usize,
    },
    /// More rounds than any geometry has, or fewer than two.
    #[error("{found} rounds, but geometry `{geometry}` covers 2 to {bound}")]
    Rounds {
        /// Rounds asked for.
        found: u32,
        /// The geometry.
        geometry: Geometry,
        /// The most rounds that it covers.
        bound: usize,
    },
    /// The reference counts are refused.
    #[error("the counts are not a reference")]
    Reference(#[from] ReferenceError),
    /// A part cannot be scored.
    #[error("{}: cannot be scored", path.display())]
    Score {
        /// The part's file.
        path: PathBuf,
        /// Why.
        source: DivergenceError,
    },
    /// λ is out of range.
    #[error("λ is refused")]
    Decay(#[from] DecayError),
    /// A file or table that is not what it was when it was read first.
    #[error(
        "{}: {first} records when it was read first, {second} when it was read again; give data that stays \
         as it is and can be read twice",
        path.display()
    )]
    Changed {
        /// Its name.
        path: PathBuf,
        /// Records of the first pass.
        first: u64,
        /// Records of the second.
        second: u64,
    },
    /// It was stopped.
    #[error("drafting was stopped; nothing was kept")]
    Cancelled,
    /// The text is longer than a policy may be.
    #[error("the policy would have {found} bytes, more than {bound}; leave out columns with long labels")]
    TooLong {
        /// Its length.
        found: usize,
        /// The most.
        bound: u64,
    },
    /// What was written is not a policy.
    #[error("the draft is refused by the rules that it was written for; check the terms that you gave")]
    Refused(#[from] PolicyErrors),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No file is known to cause it: the readers hand out types that convert.
    #[test]
    fn cells_that_cannot_be_converted_are_named_by_file_and_column() {
        let error = DraftError::Cells {
            path: "parts/EWR.parquet".into(),
            column: "wind\u{1b}".to_owned(),
            source: ArrowError::CastError("why".to_owned()),
        };
        let told = error.to_string();
        assert!(told.starts_with("parts/EWR.parquet: the cells of column `wind"), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
    }
}
