//! A file's metadata as the library sees them, made anew.

use std::sync::Arc;

use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData};
use ::parquet::schema::types::{SchemaDescriptor, Type};

use super::columns::Form;
use super::footer::{Column, Group};

/// The chosen columns, and where their data lie, in the library's terms: as if the file held nothing else,
/// and all of it inflated (see `pages`).
pub(super) fn of(chosen: &[&Column], groups: &[Group]) -> ParquetResult<ParquetMetaData> {
    let types = chosen.iter().map(|column| match &column.form {
        Form::Cells(cells) => cells.for_library(&column.name).map(Arc::new),
        Form::Other(other) => Err(ParquetError::General(other.what.to_owned())),
    });
    let root =
        Type::group_type_builder("schema").with_fields(types.collect::<ParquetResult<_>>()?).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let overflow = |_| ParquetError::General("a length beyond 63 bits".to_owned());
    let groups = groups.iter().map(|group| {
        let rows = i64::try_from(group.rows).map_err(overflow)?;
        let mut builder = RowGroupMetaData::builder(schema.clone()).set_num_rows(rows);
        for (chunk, column) in group.chunks.iter().zip(schema.columns()) {
            let length = i64::try_from(chunk.length).map_err(overflow)?;
            let chunk = ColumnChunkMetaData::builder(column.clone())
                .set_num_values(rows)
                .set_data_page_offset(i64::try_from(chunk.start).map_err(overflow)?)
                .set_total_compressed_size(length)
                .set_total_uncompressed_size(length);
            builder = builder.add_column_metadata(chunk.build()?);
        }
        builder.build()
    });
    let groups = groups.collect::<ParquetResult<Vec<_>>>()?;
    let rows = groups.iter().map(RowGroupMetaData::num_rows).sum();
    Ok(ParquetMetaData::new(FileMetaData::new(2, rows, None, None, schema, None), groups))
}
