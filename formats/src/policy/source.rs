//! A policy as its author wrote it, with the files that it names: all it takes to check it again somewhere
//! else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::words::Words;

use super::{PolicyErrors, from_toml, side_file_hash};

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
    ) -> Result<(Self, Policy), PolicyErrors> {
        let files = RefCell::new(BTreeMap::new());
        let policy = from_toml(&text, &|name| {
            let bytes = load(name)?;
            files.borrow_mut().insert(name.to_owned(), bytes.clone());
            Ok(bytes)
        })?;
        Ok((Self { text, files: files.into_inner() }, policy))
    }

    /// A hash of the text and of every file, byte for byte. What the rules say is hashed otherwise.
    pub fn hash(&self) -> Digest {
        let words = Words::untagged().text(&self.text);
        let files = self.files.iter();
        files.fold(words, |words, (name, content)| words.text(name).digest(&side_file_hash(content))).finish()
    }

    /// Checks the policy again.
    pub fn policy(&self) -> Result<Policy, PolicyErrors> {
        from_toml(&self.text, &|name| {
            self.files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }
}
