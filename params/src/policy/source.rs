//! A policy as its author wrote it, with the files that it names: all it takes to check it again somewhere else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::{MAX_SIDE_FILE_BYTES, Policy, PolicyError, check, read_bounded, read_text};

/// A policy's text and the bytes of each file that it names, by the name it has in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The TOML text.
    pub text: String,
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// Reads and checks the policy at `path`, and keeps what was read.
    pub fn load(path: &Path) -> Result<(Self, Policy), PolicyError> {
        let text = read_text(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let files = RefCell::new(BTreeMap::new());
        let policy = check::build(&text, &|name| {
            let bytes = read_bounded(&folder.join(name), MAX_SIDE_FILE_BYTES)?;
            files.borrow_mut().insert(name.to_owned(), bytes.clone());
            Ok(bytes)
        })?;
        Ok((Self { text, files: files.into_inner() }, policy))
    }

    /// Checks the policy again.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        Policy::from_toml(&self.text, &|name| {
            self.files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}
