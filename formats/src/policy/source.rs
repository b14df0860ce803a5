//! A policy as its author wrote it, with the files that it names: all it takes to check it again somewhere
//! else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use fairshare_params::policy::Policy;

use super::{PolicyError, from_toml};

/// A policy's text and the bytes of each file that it names, by the name it has in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySource {
    /// The TOML text.
    pub text: String,
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl PolicySource {
    /// Checks the policy in `text`, and keeps what `load` gave of the files that it names.
    pub fn collect(
        text: String,
        load: impl Fn(&str) -> io::Result<Vec<u8>>,
    ) -> Result<(Self, Policy), PolicyError> {
        let files = RefCell::new(BTreeMap::new());
        let policy = from_toml(&text, &|name| {
            let bytes = load(name)?;
            files.borrow_mut().insert(name.to_owned(), bytes.clone());
            Ok(bytes)
        })?;
        Ok((Self { text, files: files.into_inner() }, policy))
    }

    /// Checks the policy again.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        from_toml(&self.text, &|name| {
            self.files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}
