//! Receipts: the operator's signed word for what was recorded.

use std::path::{Path, PathBuf};

use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{MAX_RECEIPT_BYTES, Receipt, SignedReceipt};
use fairshare_prover::Account;
use fairshare_storage::files::{self, Access};
use fairshare_vault::Ledger;

use crate::args::KeyArgs;
use crate::commands::account;
use crate::error::{CliError, one_line};
use crate::load;

/// Where receipts go, and who signs them.
pub struct Receipts {
    folder: PathBuf,
    operator: Account,
}

impl Receipts {
    /// Of a ledger whose operator's key this is; before anything is recorded.
    pub fn open(ledger: &mut Ledger, folder: &Path, key: &KeyArgs) -> Result<Self, CliError> {
        let operator = account::read(key)?;
        let registry = ledger.identity()?.registry;
        if *operator.address() != registry {
            let (found, registry) = (checksummed(operator.address()), checksummed(&registry));
            return Err(CliError::NotOperator { found, registry });
        }
        std::fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
        Ok(Self { folder: folder.to_owned(), operator })
    }

    /// Signs and writes one, and names its file; or why another receipt stands there. Whatever was recorded
    /// with it is told all the same.
    pub fn told(&self, receipt: Receipt) -> Result<(Option<String>, Option<String>), CliError> {
        match self.write(receipt) {
            Ok(path) => Ok((Some(path.display().to_string()), None)),
            Err(error @ CliError::OtherReceipt { .. }) => Ok((None, Some(one_line(&error)))),
            Err(error) => Err(error),
        }
    }

    /// Signs and writes one; an entry has one receipt, however often it is asked for. One of another entry of
    /// this number is never replaced: it may be all that is left of an entry that a restored ledger has lost.
    fn write(&self, receipt: Receipt) -> Result<PathBuf, CliError> {
        let path = self.folder.join(format!("entry-{:09}.json", receipt.index));
        let is_other = match load::bytes(&path, MAX_RECEIPT_BYTES as u64) {
            Ok(bytes) => SignedReceipt::from_json(&bytes).is_ok_and(|known| *known.receipt() != receipt),
            Err(_) => false,
        };
        if is_other {
            return Err(CliError::OtherReceipt { path, entry: receipt.index });
        }
        let signed = self.operator.receipt(receipt)?;
        files::write(&path, signed.to_json().as_bytes(), Access::Public)
            .map_err(|source| file(&path, source))?;
        Ok(path)
    }
}

fn file(path: &Path, source: std::io::Error) -> CliError {
    CliError::File { path: path.to_owned(), source }
}
