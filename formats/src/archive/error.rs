//! Why an archive is refused.

use std::io;

use super::ARCHIVE_VERSION;
use crate::excerpt::excerpt;
use crate::json::JsonError;

/// Why an archive cannot be read. What it quotes is cut short, without control characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file.
    #[error("the archive cannot be read")]
    Io(#[from] io::Error),
    /// Nothing at all.
    #[error("the file is empty; an archive is what `fairshare vault export --archive` writes")]
    Empty,
    /// Compressed.
    #[error("the file is compressed with {with}; unpack it first (`{unpack}`)")]
    Compressed {
        /// The compression's name.
        with: &'static str,
        /// The program that undoes it.
        unpack: &'static str,
    },
    /// A ledger itself.
    #[error(
        "the file is an SQLite database, not an archive; if it is a ledger, audit it with `fairshare vault \
         audit --ledger FILE`"
    )]
    Database,
    /// Something else.
    #[error("the file is not a tar archive; an archive is what `fairshare vault export --archive` writes")]
    NoTar,
    /// A tar archive of something else.
    #[error(
        "the file is a tar archive, but not of a ledger: its first entry is `{entry}`, not `ledger.json`; \
         give the file as `fairshare vault export --archive` wrote it"
    )]
    NotOurs {
        /// The first entry's name.
        entry: String,
    },
    /// An entry that is not an ordinary file: a sparse one has as many bytes as its header pleases.
    #[error(
        "`{entry}` is a folder, a link, a sparse file or another special entry; an archive has ordinary \
         files only: give it as `fairshare vault export --archive` wrote it"
    )]
    Special {
        /// Its name.
        entry: String,
    },
    /// An entry too long.
    #[error("`{entry}` has {bytes} bytes; at most {bound} are read")]
    TooLong {
        /// Its name.
        entry: String,
        /// Its length.
        bytes: u64,
        /// The most.
        bound: u64,
    },
    /// The file ends within an entry.
    #[error("the archive ends within `{entry}`; copy it again")]
    Cut {
        /// Its name.
        entry: String,
    },
    /// Something that no reader of archives would look at.
    #[error(
        "something stands behind the archive's end; give the archive as `fairshare vault export --archive` \
         wrote it"
    )]
    Behind,
    /// An entry that no archive has there.
    #[error(
        "`{entry}` does not stand where an archive has it, or stands there twice; give the archive as \
         `fairshare vault export --archive` wrote it"
    )]
    Unexpected {
        /// Its name.
        entry: String,
    },
    /// An entry that has to be there.
    #[error("`{entry}` is missing; make the archive again")]
    Missing {
        /// Its name.
        entry: String,
    },
    /// Fewer or more entries than it says.
    #[error("the archive has {found} entries, and `ledger.json` says {expected}; copy it again")]
    Entries {
        /// How many there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// An entry that cannot be read.
    #[error("`{entry}` cannot be read")]
    Content {
        /// Its name.
        entry: String,
        /// Why.
        source: ContentError,
    },
}

impl ArchiveError {
    pub(super) fn unexpected(name: &str) -> Self {
        Self::Unexpected { entry: excerpt(name) }
    }

    pub(super) fn not_ours(name: &str) -> Self {
        Self::NotOurs { entry: excerpt(name) }
    }

    pub(super) fn content(name: &str, source: ContentError) -> Self {
        Self::Content { entry: excerpt(name), source }
    }
}

/// Why an entry's content cannot be read. What it quotes is cut short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Not the JSON of a ledger.
    #[error("it does not say whose ledger it is of")]
    Json(#[source] JsonError),
    /// Another version.
    #[error("it has version {found}, and this program reads {ARCHIVE_VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Not the JSON of an entry.
    #[error("it is not an entry of a ledger")]
    Entry(#[source] JsonError),
}
