//! How far a service has come, in a file: what was seen of the ledger, and what was delivered.
//!
//! The cursor moves only after a receiver has said yes, and what it moves over stands in the ledger for
//! ever. So a service that is killed at any moment tells again, under the same id, what it may have told
//! already, and leaves nothing out. Findings are in no entry: they are written here before they are told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fairshare_audit::registry::Identity;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::json;
use fairshare_params::encoding::Digest;
use fairshare_storage::files::{self, Access, ReadError};
use fairshare_vault::ledger::Followed;
use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::notice::Notice;

type Result<T> = std::result::Result<T, StateError>;

const VERSION: u32 = 1;
/// Longest state, in bytes: [`MAX_PENDING`] notices take a tenth of it.
const MAX_BYTES: u64 = 4 << 20;
/// Most findings that wait to be delivered. The next ones take the place of the last: what is found now
/// matters more than what was found while nobody listened.
const MAX_PENDING: usize = 16;

/// A place in the ledger's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The entry; 0 before the first.
    pub entry: u64,
    /// The head after it.
    pub head: Digest,
}

/// How far a service has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    version: u32,
    chain_id: u64,
    vault: String,
    registry: String,
    /// Where it began: what comes before is not told.
    pub begin: Place,
    /// The end of the ledger as it was seen last.
    pub seen: Place,
    /// The last entry that was delivered.
    pub cursor: Place,
    /// The fingerprint of the findings that were told last, until an audit finds nothing.
    pub reported: Option<Digest>,
    /// Findings that are to be told.
    pub pending: Vec<Notice>,
}

impl State {
    fn begin(found: &Followed, from_start: bool) -> Self {
        let end = Place { entry: found.entries, head: found.head };
        // Without a state the ledger was asked from its beginning.
        let first = found.there.map_or(end, |head| Place { entry: 0, head });
        let begin = if from_start { first } else { end };
        Self {
            version: VERSION,
            chain_id: found.identity.chain_id,
            vault: checksummed(&found.identity.vault).to_string(),
            registry: checksummed(&found.identity.registry).to_string(),
            begin,
            seen: begin,
            cursor: begin,
            reported: None,
            pending: Vec::new(),
        }
    }

    fn check(&self, identity: &Identity) -> Result<()> {
        let Identity { chain_id, vault, registry, .. } = identity;
        let (vault, registry) = (checksummed(vault), checksummed(registry));
        let is_same = self.chain_id == *chain_id
            && self.vault == vault.to_string()
            && self.registry == registry.to_string();
        let (recorded, recorded_chain) = (self.vault.clone(), self.chain_id);
        let refused =
            StateError::OtherVault { recorded, recorded_chain, found: vault, found_chain: *chain_id };
        if is_same { Ok(()) } else { Err(refused) }
    }

    /// Has findings told.
    pub fn tell(&mut self, notice: Notice) {
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop();
        }
        self.pending.push(notice);
    }
}

/// A state and the file that keeps it, if there is one.
#[derive(Debug)]
pub struct Store {
    file: Option<Held>,
    state: Option<State>,
    /// Whether the file has what the state has.
    is_durable: bool,
    /// Whether the ledger was seen, and is the state's.
    belongs: bool,
    /// Whether findings are to be told.
    tells: bool,
}

#[derive(Debug)]
struct Held {
    path: PathBuf,
    _lock: File,
}

impl Store {
    /// The state in a file, which no other service may use; or one that is kept nowhere.
    pub fn open(path: Option<&Path>, tells: bool) -> Result<Self> {
        let mut store = Self { file: None, state: None, is_durable: true, belongs: false, tells };
        if let Some(path) = path {
            let refuse = |source| StateError::Io { path: path.to_owned(), source };
            let lock = lock(path)?;
            files::check_writable(path).map_err(refuse)?;
            store.state = read(path)?;
            store.file = Some(Held { path: path.to_owned(), _lock: lock });
        }
        Ok(store)
    }

    /// Holds the state to what was found of the ledger; the first time it begins there.
    pub fn attach(&mut self, found: &Followed, from_start: bool) -> Result<()> {
        self.belongs = false;
        match &self.state {
            Some(state) => state.check(&found.identity)?,
            None => {
                self.state = Some(State::begin(found, from_start));
                self.is_durable = false;
            }
        }
        self.belongs = true;
        Ok(())
    }

    /// Whether the ledger was seen, and is the state's: before that nothing is audited or delivered.
    pub fn belongs(&self) -> bool {
        self.belongs
    }

    /// Whether a ledger is that of the state.
    pub fn is_of(&self, identity: &Identity) -> bool {
        self.belongs && self.state.as_ref().is_some_and(|state| state.check(identity).is_ok())
    }

    /// Whether findings are to be told.
    pub fn tells(&self) -> bool {
        self.tells
    }

    /// The state, whosesoever it is.
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// The state, if it is this ledger's and what it says is on the disk: nothing more is delivered before
    /// that.
    pub fn settled(&self) -> Option<&State> {
        self.state.as_ref().filter(|_| self.belongs && self.is_durable)
    }

    /// Changes the state of this ledger, and brings it to the disk. Where that fails, the change stands all
    /// the same and is written with the next one.
    pub fn update(&mut self, change: impl FnOnce(&mut State)) -> Result<()> {
        let Some(state) = self.state.as_mut().filter(|_| self.belongs) else { return Ok(()) };
        let before = state.clone();
        change(state);
        if *state == before && self.is_durable {
            return Ok(());
        }
        self.is_durable = false;
        if let Some(Held { path, .. }) = &self.file {
            let bytes = serde_json::to_vec_pretty(state).map_err(io::Error::from);
            bytes
                .and_then(|bytes| files::write(path, &bytes, Access::Secret))
                .map_err(|source| StateError::Io { path: path.clone(), source })?;
        }
        self.is_durable = true;
        Ok(())
    }
}

/// Locks a file beside the state: the state's own is replaced whenever it is written.
fn lock(path: &Path) -> Result<File> {
    let refuse = |source| StateError::Io { path: path.to_owned(), source };
    let mut name = path.file_name().ok_or_else(|| refuse(ErrorKind::InvalidInput.into()))?.to_owned();
    name.push(".lock");
    let lock =
        OpenOptions::new().create(true).append(true).open(path.with_file_name(name)).map_err(refuse)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(StateError::Held { path: path.to_owned() }),
        // A file system without locks does without.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(lock),
    }
}

fn read(path: &Path) -> Result<Option<State>> {
    let form = |source| StateError::Form { path: path.to_owned(), source };
    let bytes = match files::read(path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(ReadError::Io(source)) => return Err(StateError::Io { path: path.to_owned(), source }),
        Err(error) => {
            let source = io::Error::new(ErrorKind::InvalidData, error);
            return Err(StateError::Io { path: path.to_owned(), source });
        }
    };
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    // The version first: another one has other fields.
    let Version { version: found } = json::from_slice(&bytes).map_err(form)?;
    if found != VERSION {
        return Err(StateError::Version { path: path.to_owned(), found, known: VERSION });
    }
    json::from_slice(&bytes).map(Some).map_err(form)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fairshare_params::address::Address;
    use fairshare_params::rules::Settlement;

    use super::*;
    use crate::notice::Findings;

    fn found(entries: u64) -> Followed {
        let identity = Identity {
            chain_id: 31_337,
            vault: Address([1; 20]),
            registry: Address([2; 20]),
            subnet: "test".to_owned(),
            settlement: Settlement::Claims,
        };
        let head = Digest([7; 32]);
        Followed {
            identity,
            entries,
            head,
            time: None,
            there: Some(Digest([0; 32])),
            news: Vec::new(),
            waiting: 0,
        }
    }

    fn place(entry: u64) -> Place {
        Place { entry, head: Digest([9; 32]) }
    }

    #[test]
    fn a_state_is_what_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serve.state");
        let mut store = Store::open(Some(&path), true).unwrap();
        assert!(store.settled().is_none(), "nothing was seen of the ledger");
        store.attach(&found(5), false).unwrap();
        assert!(store.settled().is_none() && !path.exists(), "where it begins is on no disk");
        store.update(|_| {}).unwrap();
        assert_eq!(store.settled().unwrap().cursor, Place { entry: 5, head: Digest([7; 32]) });
        store.update(|state| state.cursor = place(6)).unwrap();
        drop(store);
        let mut store = Store::open(Some(&path), true).unwrap();
        assert!(store.settled().is_none(), "it is not held to the ledger yet");
        store.attach(&found(9), true).unwrap();
        assert_eq!(store.settled().unwrap().cursor, place(6));
    }

    /// What cannot be written is not lost, and nothing is delivered before it is written.
    #[test]
    fn what_is_not_on_the_disk_holds_up_what_comes_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner/serve.state");
        fs::create_dir(folder.path().join("inner")).unwrap();
        let mut store = Store::open(Some(&path), true).unwrap();
        store.attach(&found(5), false).unwrap();
        store.update(|_| {}).unwrap();
        fs::remove_dir_all(folder.path().join("inner")).unwrap();
        assert!(matches!(store.update(|state| state.cursor = place(6)), Err(StateError::Io { .. })));
        assert!(store.settled().is_none());
        fs::create_dir(folder.path().join("inner")).unwrap();
        store.update(|_| {}).unwrap();
        assert_eq!(store.settled().unwrap().cursor, place(6));
        assert_eq!(read(&path).unwrap().unwrap().cursor, place(6));
    }

    #[test]
    fn so_many_findings_wait_and_the_newest_among_them() {
        let mut store = Store::open(None, true).unwrap();
        store.attach(&found(5), false).unwrap();
        let line = |count: usize| Findings::one(format!("{count} {}", "é".repeat(4_000)));
        let notice = |count| Notice::of_findings(&found(5).identity, 5, Digest([7; 32]), &line(count));
        for count in 0..100 {
            store.update(|state| state.tell(notice(count))).unwrap();
        }
        let state = store.settled().unwrap();
        assert_eq!(state.pending.len(), MAX_PENDING);
        assert!(state.pending[0].findings[0].starts_with("0 ") && state.pending[0].findings[0].len() < 510);
        assert!(state.pending[MAX_PENDING - 1].findings[0].starts_with("99 "));
        assert!(serde_json::to_vec_pretty(state).unwrap().len() < MAX_BYTES as usize / 10);
    }
}
