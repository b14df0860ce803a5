//! What records are read from: files, or tables in memory.

use std::path::{Path, PathBuf};

use crate::table::Table;

/// Files or tables, in order: together they are one dataset.
#[derive(Clone, Copy, Debug)]
pub enum Data<'a> {
    /// Files, folders and patterns of files.
    Files(&'a [PathBuf]),
    /// Tables that another library holds.
    Tables(&'a [Table]),
}

impl<'a> From<&'a [PathBuf]> for Data<'a> {
    fn from(files: &'a [PathBuf]) -> Self {
        Self::Files(files)
    }
}

impl<'a> From<&'a Vec<PathBuf>> for Data<'a> {
    fn from(files: &'a Vec<PathBuf>) -> Self {
        Self::Files(files)
    }
}

impl<'a, const N: usize> From<&'a [PathBuf; N]> for Data<'a> {
    fn from(files: &'a [PathBuf; N]) -> Self {
        Self::Files(files)
    }
}

impl<'a> From<&'a [Table]> for Data<'a> {
    fn from(tables: &'a [Table]) -> Self {
        Self::Tables(tables)
    }
}

/// One file or table, looked at by itself.
#[derive(Clone, Debug)]
pub enum Given {
    /// A file, a folder or a pattern of files.
    File(PathBuf),
    /// A table that another library holds.
    Table(Table),
}

impl Given {
    /// Its name in messages.
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Table(table) => table.name(),
        }
    }

    /// It alone, as data.
    pub fn data(&self) -> Data<'_> {
        match self {
            Self::File(path) => Data::Files(std::slice::from_ref(path)),
            Self::Table(table) => Data::Tables(std::slice::from_ref(table)),
        }
    }
}

impl From<PathBuf> for Given {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<Table> for Given {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}
