//! Why an archive is refused.

use std::io;

use super::ARCHIVE_VERSION;
use crate::json::JsonError;
use crate::registration::RegistrationFileError;

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file.
    #[error("the archive cannot be read")]
    Io(#[from] io::Error),
    /// An entry that is not an ordinary file: a sparse one has as many bytes as its header pleases.
    #[error(
        "`{entry}` is a sparse file, a link or another special entry; an archive has ordinary files: make \
         it again"
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
    /// An entry that no archive has, or has twice.
    #[error("`{entry}` is not an entry of a ledger's archive, or stands there twice; make the archive again")]
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
    /// An entry that cannot be read.
    #[error("`{entry}` cannot be read")]
    Content {
        /// Its name.
        entry: String,
        /// Why.
        source: ContentError,
    },
    /// A registration.
    #[error("`{entry}` is not a registration")]
    Registration {
        /// Its name.
        entry: String,
        /// Why.
        source: RegistrationFileError,
    },
}

/// Why an entry's content cannot be read. What it quotes is cut short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Not the JSON of a ledger.
    #[error("it is not the JSON of a ledger")]
    Json(#[source] JsonError),
    /// Another version.
    #[error("it has version {found}, and this program reads {ARCHIVE_VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Text that is not UTF-8.
    #[error("it is not UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
}
