//! The folder of a ledger's lists of payments.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use fairshare_formats::ledger::{file_hash, transfers_to_csv};
use fairshare_formats::payments::{MAX_PAYMENTS_BYTES, PaymentList};
use fairshare_storage::files::{self, Access};

use crate::error::CliError;
use crate::load;

/// The lists in a folder, by name.
#[derive(Default)]
pub struct Lists {
    pub paths: Vec<PathBuf>,
    pub lists: Vec<PaymentList>,
}

impl Lists {
    pub fn read(folder: &Path) -> Result<Self, CliError> {
        let paths = paths(folder)?;
        let lists = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(Self { paths, lists })
    }

    /// Two files that pay the same are one list to a ledger, and whoever pays by both pays twice.
    pub fn check_once(&self) -> Result<(), CliError> {
        let mut seen = HashMap::new();
        for (path, list) in self.paths.iter().zip(&self.lists) {
            let payments = file_hash(transfers_to_csv(list.payments()).as_bytes());
            if let Some(first) = seen.insert(payments, path) {
                return Err(CliError::ListDoubled { first: first.clone(), second: path.clone() });
            }
        }
        Ok(())
    }
}

/// The folder, held by this command alone until what is returned is dropped.
pub fn hold(folder: &Path) -> Result<File, CliError> {
    let path = folder.join(".lock");
    let held = File::options().create(true).truncate(false).write(true).open(&path);
    held.and_then(|file| file.lock().map(|()| file)).map_err(|source| file(&path, source))
}

/// The files of lists in a folder, by name: whatever somebody has called them, and nothing else is there.
pub fn paths(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| file(folder, source))? {
        let path = entry.map_err(|source| file(folder, source))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".json") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub fn read(path: &Path) -> Result<PaymentList, CliError> {
    let bytes = load::bytes(path, MAX_PAYMENTS_BYTES)?;
    let refuse = |source| CliError::PaymentList { path: path.to_owned(), source: Box::new(source) };
    PaymentList::from_json(&bytes).map_err(refuse)
}

/// Writes a list into its folder: it is on the disk when this returns.
pub fn write(folder: &Path, list: &PaymentList) -> Result<PathBuf, CliError> {
    let json = list.to_json();
    // Another list of the same moment, of somebody else who pays, has another name.
    let hash = file_hash(json.as_bytes()).to_string();
    let (index, hash) = (list.heading.entries.saturating_add(1), hash.get(2..10).unwrap_or_default());
    let path = folder.join(format!("payments-{index:09}-{hash}.json"));
    files::write(&path, json.as_bytes(), Access::Public).map_err(|source| file(&path, source))?;
    Ok(path)
}

pub fn file(path: &Path, source: std::io::Error) -> CliError {
    CliError::File { path: path.to_owned(), source }
}
