//! The records of several files or tables as one dataset of symbols.

use std::path::Path;

use arrow_schema::Field;
use fairshare_formats::excerpt::excerpt;
use fairshare_params::schema::Schema;

use crate::binning::{Binning, Column};
use crate::data::Data;
use crate::error::IngestError;
use crate::guard::guarded;
use crate::source::{Batch, Wanted};
use crate::symbols::{CellError, add_terms, check_type};
use crate::tables::{RECORD_LIMIT, Tables};

/// The records of several files or tables, in the order given, as symbols.
#[derive(Debug)]
pub struct Records {
    tables: Tables,
    binning: Binning,
}

impl Records {
    /// Opens the files or tables and checks, before any record is read, that each has every column of the
    /// schema.
    pub fn open<'a>(data: impl Into<Data<'a>>, schema: &Schema) -> Result<Self, IngestError> {
        Self::open_below(data.into(), schema, RECORD_LIMIT)
    }

    fn open_below(data: Data<'_>, schema: &Schema, record_limit: u64) -> Result<Self, IngestError> {
        let binning = Binning::new(schema)?;
        let names = binning.columns().iter().map(|column| column.name().to_owned()).collect();
        let check = |path: &Path, fields: &[Field]| check_types(path, &binning, fields);
        let tables = Tables::open_below(data, Wanted::Named(names), record_limit, check)?;
        Ok(Self { tables, binning })
    }

    /// Appends the symbols of up to [`BATCH_RECORDS`](crate::BATCH_RECORDS) records to `out` and returns how
    /// many records those were; 0 means that all files are read. A record is [`Self::features`] symbols, in
    /// the schema's order. On an error `out` is as it was, and reading on is an error too.
    pub fn next_batch(&mut self, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        let Some(batch) = self.tables.next_batch()? else { return Ok(0) };
        let before = out.len();
        let result = self.bin(&batch, out);
        if result.is_err() {
            out.truncate(before);
            self.tables.fail();
        }
        result.map(|()| batch.records())
    }

    /// `d`: symbols in a record.
    pub fn features(&self) -> usize {
        self.binning.features().len()
    }

    /// Records handed out so far.
    pub fn records_read(&self) -> u64 {
        self.tables.records_read()
    }

    /// Bytes of all files together, as they were when opened; records of all tables, 0 where that is unknown.
    pub fn total_bytes(&self) -> u64 {
        self.tables.total_bytes()
    }

    /// Bytes read so far, for a progress bar; within a Parquet file, its size times the share of rows read.
    /// Of tables, records.
    pub fn bytes_read(&self) -> u64 {
        self.tables.bytes_read()
    }

    pub(crate) fn binning(&self) -> &Binning {
        &self.binning
    }

    fn bin(&mut self, batch: &Batch, out: &mut Vec<u16>) -> Result<(), IngestError> {
        let features = self.features();
        let start = out.len();
        out.resize(start + batch.records() * features, 0);
        let symbols = &mut out[start..];
        let row = self.tables.records_read() - batch.records() as u64;
        for (column, array) in self.binning.columns().iter().zip(batch.columns()) {
            let target = symbols.iter_mut().skip(column.feature()).step_by(features);
            let added = guarded(self.tables.path(), row, || Ok(add_terms(array, column, target)))?;
            added.map_err(|error| refuse(&mut self.tables, row, column, error))?;
        }
        Ok(())
    }
}

fn check_types(path: &Path, binning: &Binning, fields: &[Field]) -> Result<(), IngestError> {
    for (column, field) in binning.columns().iter().zip(fields) {
        check_type(column, field.data_type()).map_err(|wanted| IngestError::ColumnType {
            path: path.to_path_buf(),
            column: column.name().to_owned(),
            found: excerpt(&field.data_type().to_string()),
            wanted,
        })?;
    }
    Ok(())
}

fn refuse(tables: &mut Tables, row: u64, column: &Column, error: CellError) -> IngestError {
    match error {
        CellError::NotANumber { index, cell, hint } => match tables.position(index) {
            Ok((path, position)) => {
                let (column, cell) = (column.name().to_owned(), excerpt(&cell));
                IngestError::NotANumber { path, position, column, cell, hint }
            }
            Err(error) => error,
        },
        CellError::Decode(source) => {
            let (path, column) = (tables.path().to_path_buf(), column.name().to_owned());
            IngestError::Cells { path, column, row, source: Box::new(source) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fairshare_params::schema::{Column, Feature, Rule};

    use super::*;

    #[test]
    fn a_dataset_at_the_record_limit_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("three.csv");
        fs::write(&path, "x\n1\n2\n3\n").expect("write");
        let rule = Rule::Numeric { edges: vec![2.0] };
        let feature = Feature::Column(Column { name: "x".into(), rule });
        let schema = Schema::new(vec![feature], 1 << 10).expect("schema");
        let mut out = Vec::new();
        let mut records =
            Records::open_below(Data::Files(std::slice::from_ref(&path)), &schema, 3).expect("open");
        let error = records.next_batch(&mut out).expect_err("three records are not below three");
        assert_eq!(
            error.to_string(),
            format!(
                "{}: the dataset has 3 records or more, which is the most that can be scored: upload fewer",
                path.display()
            )
        );
        assert!(out.is_empty(), "no symbols of a refused batch");
        assert!(matches!(records.next_batch(&mut out), Err(IngestError::Stopped)));
        let mut records = Records::open_below(Data::Files(&[path]), &schema, 4).expect("open");
        assert_eq!(records.next_batch(&mut out).expect("below four"), 3);
    }
}
