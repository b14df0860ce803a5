//! Which format a file is in: by its name, checked against what its first bytes say.

use std::path::Path;

use crate::error::IngestError;
use crate::text::Compression;

/// Endings of names that are read, as a message lists them.
pub(crate) const READ: &str = ".csv, .tsv, .tab, .jsonl, .ndjson or .json, each also with .gz or .zst after \
     it, .parquet, .arrow, .feather, .ipc or .arrows";

/// Endings of names of text, and of others.
const TEXTS: [(&str, Format); 6] = [
    ("csv", Format::Separated(b',')),
    ("tsv", Format::Separated(b'\t')),
    ("tab", Format::Separated(b'\t')),
    ("jsonl", Format::Json),
    ("ndjson", Format::Json),
    ("json", Format::Json),
];
const BINARIES: [(&str, Format); 5] = [
    ("parquet", Format::Parquet),
    ("arrow", Format::Arrow),
    ("feather", Format::Arrow),
    ("ipc", Format::Arrow),
    ("arrows", Format::Arrow),
];

/// Formats of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text of cells between which that byte stands: CSV, TSV.
    Separated(u8),
    /// JSON Lines.
    Json,
    Parquet,
    /// Arrow IPC, a file or a stream.
    Arrow,
}

/// A format, and how its text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
}

impl Format {
    /// As a message names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Separated(b',') => "CSV",
            Self::Separated(_) => "TSV",
            Self::Json => "JSON Lines",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow IPC",
        }
    }
}

impl Kind {
    /// By the name's ending.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let (stem, last) = name.rsplit_once('.')?;
        let compression = match last {
            "gz" => Compression::Gzip,
            "zst" => Compression::Zstd,
            _ => Compression::None,
        };
        let of = |endings: &[(&str, Format)], ending: &str| {
            endings.iter().find(|(own, _)| *own == ending).map(|(_, format)| *format)
        };
        let format = match compression {
            Compression::None => of(&TEXTS, last).or_else(|| of(&BINARIES, last)),
            _ => of(&TEXTS, stem.rsplit_once('.')?.1),
        };
        format.map(|format| Self { format, compression })
    }

    /// By a file's first bytes, where there is no name. `None` for text compressed or not, whose format
    /// [`Format::of_text`] tells.
    pub(crate) fn of_content(head: &[u8]) -> (Option<Format>, Compression) {
        match Content::of(head).map(|content| content.found) {
            Some(GZIP) => (None, Compression::Gzip),
            Some(ZSTD) => (None, Compression::Zstd),
            Some(PARQUET) => (Some(Format::Parquet), Compression::None),
            Some(ARROW | ARROW_STREAM) => (Some(Format::Arrow), Compression::None),
            _ => (None, Compression::None),
        }
    }

    /// The refusal of a file whose name does not tell what it is.
    pub(crate) fn unknown(path: &Path, head: &[u8]) -> IngestError {
        match Content::of(head) {
            Some(content) => content.refused(path, "of a format that is read by this name"),
            None => IngestError::FileKind { path: path.to_path_buf(), read: READ },
        }
    }

    /// Refuses a file whose first bytes are of something else than its name says.
    pub(crate) fn check(self, path: &Path, head: &[u8]) -> Result<(), IngestError> {
        let content = Content::of(head);
        let found = content.map(|content| content.found);
        let unknown = found.is_none() && !is_text(head);
        let right = match (self.compression, self.format) {
            (Compression::Gzip, _) => found == Some(GZIP),
            (Compression::Zstd, _) => found == Some(ZSTD),
            // Cut short, or worse: the readers say what is wrong.
            (Compression::None, Format::Parquet) => unknown || found == Some(PARQUET),
            (Compression::None, Format::Arrow) => unknown || matches!(found, Some(ARROW | ARROW_STREAM)),
            // Looked at where it is read: it begins after a mark or decompression.
            (Compression::None, Format::Separated(_) | Format::Json) => true,
        };
        if right {
            return Ok(());
        }
        let expected = match self.compression {
            Compression::None => self.format.name(),
            compressed => compressed.name(),
        };
        let content = content.unwrap_or(if is_text(head) { TEXT } else { UNKNOWN });
        Err(content.refused(path, expected))
    }
}

impl Format {
    /// By the beginning of a text, where there is no name: JSON Lines begin with a brace, and the header of a
    /// table by tabs has no comma.
    pub(crate) fn of_text(head: &[u8]) -> Self {
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match head.trim_ascii_start().first() {
            Some(b'{' | b'[') => Self::Json,
            _ if first.contains(&b'\t') && !first.contains(&b',') => Self::Separated(b'\t'),
            _ => Self::Separated(b','),
        }
    }

    /// Refuses a text whose beginning is of something else.
    pub(crate) fn check_text(self, path: &Path, head: &[u8]) -> Result<(), IngestError> {
        let content = Content::of(head).or_else(|| Content::of_text(head));
        let json = matches!(content, Some(Content { found: JSON, .. }));
        match content {
            Some(content) if !(json && self == Self::Json) => Err(content.refused(path, self.name())),
            _ => Ok(()),
        }
    }
}

/// What a file is that is not what its name says, and the way out.
#[derive(Clone, Copy, Debug)]
struct Content {
    found: &'static str,
    remedy: &'static str,
}

const GZIP: &str = "compressed by gzip";
const ZSTD: &str = "compressed by zstd";
const PARQUET: &str = "a Parquet file";
const ARROW: &str = "an Arrow IPC file";
const ARROW_STREAM: &str = "an Arrow IPC stream";
const JSON: &str = "JSON";
const TEXT: Content =
    Content { found: "text", remedy: "name it by its format, as .csv, .tsv or .jsonl, or write it anew" };
const UNKNOWN: Content =
    Content { found: "of an unknown kind", remedy: "name it by its format, or write it anew" };

const UNZSTD: &str = "name it so, as .csv.zst, or decompress it with `unzstd`";
const EXPORT: &str = "save the table as CSV (UTF-8) and give that file";
const CONVERT: &str = "write it as Parquet or CSV and give that file";
const UNPACK: &str = "unpack it and give the file within";

/// First bytes by which a format is known: where they stand, what they are, whose, and what to do.
const MAGIC: [(usize, &[u8], &str, &str); 36] = [
    (0, b"\x1f\x8b", GZIP, "name it so, as .csv.gz, or decompress it with `gunzip`"),
    (0, b"\x28\xb5\x2f\xfd", ZSTD, UNZSTD),
    (0, b"PAR1", PARQUET, "name it .parquet"),
    (0, b"PARE", PARQUET, "name it .parquet"),
    (0, b"ARROW1", ARROW, "name it .arrow"),
    (0, b"\xff\xff\xff\xff", ARROW_STREAM, "name it .arrows"),
    (0, b"FEA1", "a Feather file of version 1", "write it anew as version 2, the default of today's writers"),
    (4, b"1AY&SY", "compressed by bzip2", "decompress it with `bunzip2`"),
    (0, b"\xfd7zXZ\0", "compressed by xz", "decompress it with `unxz`"),
    (0, b"\x04\x22\x4d\x18", "compressed by lz4", "decompress it with `unlz4`"),
    (0, b"\x5d\x00\x00", "compressed by lzma", "decompress it with `unlzma`"),
    (0, b"\xff\x06\x00\x00sNaPpY", "compressed by snappy", "decompress it"),
    (0, b"PK\x03\x04", "a ZIP archive", UNPACK),
    (0, b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls)", EXPORT),
    (0, b"ORC", "an ORC file", CONVERT),
    (0, b"Obj\x01", "an Avro file", CONVERT),
    (0, b"SEQ\x06", "a Hadoop sequence file", CONVERT),
    (0, b"SQLite format 3\0", "an SQLite database", "export the table as CSV and give that file"),
    (8, b"DUCK", "a DuckDB database", "export the table as Parquet or CSV and give that file"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", CONVERT),
    (0, b"\x93NUMPY", "a NumPy array", CONVERT),
    (0, b"\x80\x04\x95", "a Python pickle", CONVERT),
    (0, b"\x80\x05\x95", "a Python pickle", CONVERT),
    (0, b"RDX2\nX\n", "an R data file", CONVERT),
    (0, b"RDX3\nX\n", "an R data file", CONVERT),
    (0, b"$FL2", "an SPSS file", CONVERT),
    (0, b"<stata_dta>", "a Stata file", CONVERT),
    (0, b"%PDF-", "a PDF document", EXPORT),
    (0, b"{\\rtf", "an RTF document", EXPORT),
    (0, b"PGDMP", "a dump of PostgreSQL", "export the table as CSV and give that file"),
    (
        0,
        b"version https://git-lfs.github.com/",
        "a Git LFS pointer and not the data",
        "fetch them: `git lfs pull`",
    ),
    (0, b"\x00\x00\xfe\xff", "UTF-32 text", "convert it: `iconv -f utf-32 -t utf-8`"),
];

impl Content {
    fn of(head: &[u8]) -> Option<Self> {
        let (text, has_nul) = (is_text(head), head.contains(&0));
        // A column may be named `ORC` or `ORCID`, in a file of any encoding.
        let is_name = |rest: &[u8]| {
            text || (!has_nul
                && rest.first().is_some_and(|next| next.is_ascii_graphic() || next.is_ascii_whitespace()))
        };
        let stands = |at: usize, magic: &[u8]| {
            let rest = head.get(at..).and_then(|rest| rest.strip_prefix(magic));
            rest.is_some_and(|rest| !(magic.iter().all(u8::is_ascii_alphanumeric) && is_name(rest)))
        };
        // Frames to be skipped may come first.
        if matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
            return Some(Self { found: ZSTD, remedy: UNZSTD });
        }
        let (.., found, remedy) = *MAGIC.iter().find(|(at, magic, ..)| stands(*at, magic))?;
        let contains = |part: &[u8]| memchr::memmem::find(head, part).is_some();
        if found == "a ZIP archive" && (contains(b"[Content_Types].xml") || contains(b"xl/")) {
            return Some(Self { found: "an Excel workbook (.xlsx)", remedy: EXPORT });
        }
        if found == "a ZIP archive" && contains(b"opendocument.spreadsheet") {
            return Some(Self { found: "a spreadsheet (.ods)", remedy: EXPORT });
        }
        Some(Self { found, remedy })
    }

    /// What a text is that is neither of cells with separators nor of another kind by [`MAGIC`].
    fn of_text(head: &[u8]) -> Option<Self> {
        if let Some(found) = utf(head) {
            return Some(found);
        }
        let start = head.trim_ascii_start();
        let lower = start.get(..start.len().min(15)).unwrap_or_default().to_ascii_lowercase();
        let (found, remedy) = match start {
            [b'{', rest @ ..] if rest.trim_ascii_start().starts_with(b"\"") => {
                (JSON, "name it .jsonl if each line is an object")
            }
            [b'[', rest @ ..] if matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[')) => {
                (JSON, "write an object a line, as `jq -c '.[]'` does, and name it .jsonl")
            }
            _ if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") => {
                ("a web page", "the download went wrong: fetch the data themselves")
            }
            _ if lower.starts_with(b"<?xml") => ("XML", EXPORT),
            _ => return None,
        };
        Some(Self { found, remedy })
    }

    fn refused(self, path: &Path, expected: &'static str) -> IngestError {
        IngestError::Content { path: path.to_path_buf(), expected, found: self.found, remedy: self.remedy }
    }
}

/// Text of two or four bytes a letter: with a mark, or without one, letters of ASCII between NULs.
fn utf(head: &[u8]) -> Option<Content> {
    let (found, remedy) = match head {
        [0xff, 0xfe, 0, 0, ..] => ("UTF-32 text", "convert it: `iconv -f utf-32 -t utf-8`"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("UTF-16 text", "convert it: `iconv -f utf-16 -t utf-8`"),
        [1..=255, 0, 0, 0, 1..=255, 0, 0, 0, ..] => {
            ("UTF-32 text", "convert it: `iconv -f utf-32le -t utf-8`")
        }
        [0, 0, 0, 1..=255, 0, 0, 0, 1..=255, ..] => {
            ("UTF-32 text", "convert it: `iconv -f utf-32be -t utf-8`")
        }
        [1..=255, 0, 1..=255, 0, ..] => ("UTF-16 text", "convert it: `iconv -f utf-16le -t utf-8`"),
        [0, 1..=255, 0, 1..=255, ..] => ("UTF-16 text", "convert it: `iconv -f utf-16be -t utf-8`"),
        _ => return None,
    };
    Some(Content { found, remedy })
}

/// Whether a file's beginning is text of lines.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // Cut within a letter.
        Err(error) => error.error_len().is_none(),
    };
    whole && head.contains(&b'\n') && !head.contains(&0)
}
