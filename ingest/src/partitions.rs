//! Columns that stand in the names of folders, `year=2024/…`, beside those of the file.
//!
//! Some writers leave such a column in the file, too (polars). Its cells must say the same.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, StringViewArray};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use fairshare_formats::excerpt::excerpt;

use crate::error::{IngestError, Position};
use crate::guard::guarded;
use crate::inputs::{Input, Partition};
use crate::source::{Batch, Source, Wanted};

/// A file's source, with the cells of its partitions added. No `Debug`: it holds records.
pub(crate) struct Partitioned {
    file: Box<dyn Source + Send>,
    fields: Vec<Field>,
    /// Where each column's cells come from.
    columns: Vec<Cells>,
    /// Columns of the file that a folder's name has too.
    repeated: Vec<(usize, Partition)>,
    input: Input,
}

enum Cells {
    /// The file's column of that index.
    OfFile(usize),
    /// One value for all records; none where it is missing.
    OfFolder(Option<String>),
}

/// Opens the file through `open`, which is given the columns to read of it.
pub(crate) fn open(
    input: &Input,
    wanted: &Wanted,
    open: impl Fn(&Wanted) -> Result<Box<dyn Source + Send>, IngestError>,
) -> Result<Box<dyn Source + Send>, IngestError> {
    let Wanted::Named(names) = wanted else {
        let file = open(wanted)?;
        let names = file.fields().iter().map(|field| field.name().clone());
        let others = input.partitions.iter().map(|partition| partition.column.clone());
        let mut order: Vec<_> = names.collect();
        let added: Vec<_> = others.filter(|column| !order.contains(column)).collect();
        order.extend(added);
        return Ok(Box::new(Partitioned::new(input, &order, file)));
    };
    let (mut of_file, mut any) = (Vec::new(), false);
    for name in names {
        // Asked for alone, a column that the file has too is found.
        let is_partition = input.partitions.iter().any(|partition| partition.column == *name);
        match is_partition.then(|| open(&Wanted::Named(vec![name.clone()]))) {
            Some(Err(IngestError::MissingColumn { .. })) => {}
            Some(Err(error)) => return Err(error),
            Some(Ok(_)) | None => of_file.push(name.clone()),
        }
        any |= is_partition;
    }
    let file = open(&Wanted::Named(of_file))?;
    Ok(if any { Box::new(Partitioned::new(input, names, file)) } else { file })
}

impl Partitioned {
    /// The columns of those names, in that order.
    fn new(input: &Input, names: &[String], file: Box<dyn Source + Send>) -> Self {
        let place = |name: &str| file.fields().iter().position(|field| field.name() == name);
        let of = |name: &str| input.partitions.iter().find(|partition| partition.column == name);
        let repeated = input.partitions.iter().filter_map(|own| Some((place(&own.column)?, own.clone())));
        let repeated = repeated.collect();
        let column = |name: &String| match (of(name), place(name)) {
            (None, Some(at)) => (file.fields()[at].clone(), Cells::OfFile(at)),
            (own, _) => {
                let value = own.and_then(|own| own.value.clone());
                (Field::new(name, DataType::Utf8View, true), Cells::OfFolder(value))
            }
        };
        let (fields, columns) = names.iter().map(column).unzip();
        Self { fields, columns, repeated, input: input.clone(), file }
    }

    /// That the file's own cells of a partition are its value.
    fn check(&mut self, batch: &Batch) -> Result<(), IngestError> {
        let unseen = self.file.unseen();
        for (column, partition) in &self.repeated {
            if unseen.contains(column) {
                continue;
            }
            let cells = &batch.columns()[*column];
            let texts = guarded(&self.input.path, 0, || Ok(cast(cells, &DataType::Utf8View)))?;
            let texts = texts.ok();
            let cell =
                |row: usize| texts.as_ref().and_then(|texts| texts.as_string_view().iter().nth(row)?);
            let other = match &texts {
                Some(texts) => texts.as_string_view().iter().position(|cell| !partition.is_value(cell)),
                None => Some(0),
            };
            if let Some(row) = other {
                return Err(IngestError::PartitionColumn {
                    path: self.input.path.clone(),
                    position: self.file.position(row)?,
                    cell: excerpt(cell(row).unwrap_or_default()),
                    folder: excerpt(&partition.folder),
                });
            }
        }
        Ok(())
    }
}

impl Partition {
    /// Whether a cell is the partition's value: the same text, or the same number.
    fn is_value(&self, cell: Option<&str>) -> bool {
        let (own, cell) = (self.value.as_deref().unwrap_or_default(), cell.unwrap_or_default());
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        own == cell || number(own).is_some_and(|own| number(cell) == Some(own))
    }
}

impl Source for Partitioned {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn passed_over(&self) -> &[Field] {
        self.file.passed_over()
    }

    fn declared(&self) -> u64 {
        self.file.declared()
    }

    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        let Some(batch) = self.file.next_batch()? else { return Ok(None) };
        self.check(&batch)?;
        let cells = |cells: &Cells| match cells {
            Cells::OfFile(column) => batch.columns()[*column].clone(),
            Cells::OfFolder(value) => {
                let cells = std::iter::repeat_n(value.as_deref(), batch.records());
                Arc::new(cells.collect::<StringViewArray>()) as ArrayRef
            }
        };
        Ok(Some(Batch::new(self.columns.iter().map(cells).collect(), batch.records())))
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        self.file.position(index)
    }

    fn unseen(&self) -> Vec<usize> {
        let unseen = self.file.unseen();
        let of_file = |cells: &Cells| matches!(cells, Cells::OfFile(column) if unseen.contains(column));
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, from)| of_file(from)).map(|(index, _)| index).collect()
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        self.file.bytes_read(file_length)
    }
}
