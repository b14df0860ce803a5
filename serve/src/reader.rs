//! The ledger as one thread reads it, opened anew whenever that is needed.

use fairshare_vault::database::{Access, Location};
use fairshare_vault::{Ledger, VaultError};

/// Reads the ledger, and opens it if it is not open.
pub struct Reader {
    location: Location,
    ledger: Option<Box<Ledger>>,
}

impl Reader {
    /// A reader that has not opened it yet.
    pub fn new(location: &Location) -> Self {
        Self { location: location.clone(), ledger: None }
    }

    /// Asks the ledger something.
    ///
    /// A connection to a server is kept until something fails on it. A file is opened for each question:
    /// who keeps it open goes on reading one that was removed, or replaced by a backup.
    pub fn read<T, E: From<VaultError>>(
        &mut self,
        ask: impl FnOnce(&mut Ledger) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => Box::new(Ledger::open(&self.location, Access::Read)?),
        };
        let answer = ask(&mut ledger)?;
        if matches!(self.location, Location::Server(_)) {
            self.ledger = Some(ledger);
        }
        Ok(answer)
    }
}
