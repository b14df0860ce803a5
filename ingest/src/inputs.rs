//! From what is named as data to files: folders and patterns are every file that they stand for.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use fairshare_formats::excerpt::excerpt;
use glob::{MatchOptions, Pattern};
use percent_encoding::percent_decode_str;
use walkdir::{DirEntry, WalkDir};

use crate::error::IngestError;
use crate::guard::guarded;
use crate::kind::{Format, Kind};
use crate::source;
use crate::stdin;
use crate::text::Compression;

/// Most files of one dataset.
const FILES: usize = 1 << 16;
/// Deepest nesting of folders.
const DEPTH: usize = 32;
/// First bytes of a file that its format is told by.
const HEAD: u64 = 4096;
/// The value that stands for none in the name of a partition's folder.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

/// A file of records.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Its name in messages.
    pub(crate) path: PathBuf,
    pub(crate) place: Place,
    /// Cells of all its records, by the names of its folders.
    pub(crate) partitions: Arc<[Partition]>,
}

/// Where its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File,
    StandardInput,
    /// In memory: there is nothing to open.
    Table,
}

/// A folder named `column=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) column: String,
    /// None where the value is missing.
    pub(crate) value: Option<String>,
    /// The folder's name.
    pub(crate) folder: String,
}

/// The files that these names stand for: each itself, a folder for all files below it, a pattern for those
/// that match, in the order of their names.
pub(crate) fn expand(paths: &[PathBuf]) -> Result<Vec<Input>, IngestError> {
    let mut inputs = Vec::new();
    for path in paths {
        if stdin::is_meant(path) {
            inputs.push(Input { path: stdin::shown(), place: Place::StandardInput, partitions: [].into() });
            continue;
        }
        let found = if path.is_dir() {
            below(path)?
        } else if is_pattern(path) {
            matching(path)?
        } else {
            inputs.push(Input::file(path.clone())?);
            continue;
        };
        check_formats(&found)?;
        for file in found {
            inputs.push(Input::file(file)?);
        }
        if inputs.len() > FILES {
            return Err(too_many(path));
        }
    }
    check_standard_input(&inputs)?;
    check_once(&inputs)?;
    Ok(inputs)
}

/// The files that these names stand for, standard input left out: what a command that reads them must not
/// write over.
pub fn named_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, IngestError> {
    let files = expand(paths)?.into_iter().filter(|input| input.place == Place::File);
    Ok(files.map(|input| input.path).collect())
}

impl Input {
    fn file(path: PathBuf) -> Result<Self, IngestError> {
        let partitions = partitions(&path)?.into();
        Ok(Self { path, place: Place::File, partitions })
    }

    /// A table of that name.
    pub(crate) fn table(name: &Path) -> Self {
        Self { path: name.to_path_buf(), place: Place::Table, partitions: [].into() }
    }

    /// Opens a file; its length, and its kind by its name or, without one, by its first bytes.
    pub(crate) fn open(&self) -> Result<(File, u64, Option<Format>, Compression), IngestError> {
        let (mut file, length) = match self.place {
            Place::File | Place::Table => source::open(&self.path)?,
            Place::StandardInput => stdin::open()?,
        };
        let failed = |source| IngestError::Read { path: self.path.clone(), source };
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(failed)?;
        file.rewind().map_err(failed)?;
        if self.place == Place::StandardInput {
            let (format, compression) = Kind::of_content(&head);
            return Ok((file, length, format, compression));
        }
        let kind = Kind::of_name(&self.path).ok_or_else(|| Kind::unknown(&self.path, &head))?;
        kind.check(&self.path, &head)?;
        Ok((file, length, Some(kind.format), kind.compression))
    }
}

/// Whether a name that is no file's has what patterns have.
fn is_pattern(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) && path.symlink_metadata().is_err()
}

/// The files below a folder. What writers put beside the data is left out: names that begin with `.` or `_`,
/// and checksums.
fn below(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let mut found = Vec::new();
    let walk = WalkDir::new(folder).follow_links(true).max_depth(DEPTH + 1).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| entry.depth() == 0 || !is_beside(entry.file_name())) {
        let entry = entry.map_err(|error| walk_error(folder, error))?;
        if entry.depth() > DEPTH {
            return Err(IngestError::FolderTooDeep { path: entry.into_path(), limit: DEPTH });
        }
        add(&mut found, &entry, folder)?;
    }
    if found.is_empty() {
        return Err(IngestError::NoFilesIn { path: folder.to_path_buf() });
    }
    Ok(found)
}

fn add(found: &mut Vec<PathBuf>, entry: &DirEntry, folder: &Path) -> Result<(), IngestError> {
    if !entry.file_type().is_dir() {
        found.push(entry.path().to_path_buf());
    }
    if found.len() > FILES { Err(too_many(folder)) } else { Ok(()) }
}

fn is_beside(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    // A partition's column may begin with `_`.
    (name.starts_with(b"_") && !name.contains(&b'=')) || name.starts_with(b".") || name.ends_with(b".crc")
}

/// The files that a pattern matches. Folders that it matches are not entered, and what is beside the data is
/// left out where the pattern does not name it.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let bad = |reason: String| IngestError::Pattern { path: pattern.to_path_buf(), reason };
    let text = pattern.to_str().ok_or_else(|| bad("it is not UTF-8".to_owned()))?;
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let matches = glob::glob_with(text, options).map_err(|error| bad(error.msg.to_owned()))?;
    // The library panics where it comes upon a name that is not UTF-8. Passing over it could leave data out.
    let mut matches = matches;
    let matches = std::iter::from_fn(|| {
        let next = guarded(pattern, 0, || Ok(matches.next()));
        next.map_err(|error| unmatchable(pattern, error)).transpose()
    });
    let is_left_out = |path: &Path| {
        let parts = path.components().filter(is_name).map(Component::as_os_str);
        parts.filter(|part| is_beside(part)).any(|part| !names(pattern, part))
    };
    let mut found = Vec::new();
    for path in matches {
        let path = path?.map_err(|error| {
            let path = error.path().to_path_buf();
            IngestError::Open { path, source: error.into() }
        })?;
        if !path.is_dir() && !is_left_out(&path) {
            found.push(path);
        }
        if found.len() > FILES {
            return Err(too_many(pattern));
        }
    }
    if found.is_empty() {
        return Err(IngestError::NoFilesIn { path: pattern.to_path_buf() });
    }
    found.sort_unstable();
    Ok(found)
}

/// The panic of a library that looks for files, as what it means: the folder below which a name is not UTF-8.
fn unmatchable(pattern: &Path, error: IngestError) -> IngestError {
    if !matches!(error, IngestError::DecoderPanic { .. }) {
        return error;
    }
    let is_plain = |part: &Component<'_>| {
        !part.as_os_str().as_encoded_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
    };
    let base: PathBuf = pattern.components().take_while(is_plain).collect();
    let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base };
    let entries = WalkDir::new(&base).min_depth(1).max_depth(DEPTH).into_iter().filter_map(Result::ok);
    let named = entries.into_iter().find(|entry| entry.file_name().to_str().is_none());
    let folder = named.and_then(|entry| entry.path().parent().map(Path::to_path_buf)).unwrap_or(base);
    IngestError::NameText { folder, pattern: excerpt(&pattern.display().to_string()) }
}

/// Whether a pattern means what stands beside the data: it has that very name, or, as `_part*`, a name that
/// is beside the data itself.
fn names(pattern: &Path, part: &OsStr) -> bool {
    let mut names = pattern.components().filter(is_name).map(Component::as_os_str);
    names.any(|name| name == part || (is_beside(name) && matches_name(name, part)))
}

fn matches_name(name: &OsStr, part: &OsStr) -> bool {
    let (Some(name), Some(part)) = (name.to_str(), part.to_str()) else { return false };
    Pattern::new(name).is_ok_and(|name| name.matches(part))
}

/// `.` and `..` are not.
fn is_name(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}

fn too_many(path: &Path) -> IngestError {
    IngestError::TooManyFiles { path: path.to_path_buf(), limit: FILES }
}

fn walk_error(folder: &Path, error: walkdir::Error) -> IngestError {
    let path = error.path().unwrap_or(folder).to_path_buf();
    if error.loop_ancestor().is_some() {
        return IngestError::FolderLoop { path };
    }
    IngestError::Open { path, source: error.into() }
}

/// That all files found by one name are of one format.
fn check_formats(files: &[PathBuf]) -> Result<(), IngestError> {
    let format = |file: &PathBuf| Kind::of_name(file).map(|kind| kind.format);
    let Some((first, rest)) = files.split_first() else { return Ok(()) };
    for file in rest {
        if let (Some(a), Some(b)) = (format(first), format(file))
            && a != b
        {
            let (first, formats) = (first.clone(), [a.name(), b.name()]);
            return Err(IngestError::MixedFormats { first, path: file.clone(), formats });
        }
    }
    Ok(())
}

fn check_standard_input(inputs: &[Input]) -> Result<(), IngestError> {
    let mut given = inputs.iter().filter(|input| input.place == Place::StandardInput);
    match (given.next(), given.next()) {
        (Some(_), Some(twice)) => Err(IngestError::Twice { path: twice.path.clone() }),
        _ => Ok(()),
    }
}

/// That no file is named twice, by itself, a folder, a pattern or a link: its records would count twice.
fn check_once(inputs: &[Input]) -> Result<(), IngestError> {
    let mut known = HashSet::new();
    for input in inputs.iter().filter(|input| input.place == Place::File) {
        let path = input.path.canonicalize().unwrap_or_else(|_| input.path.clone());
        if !known.insert(path) {
            return Err(IngestError::Twice { path: input.path.clone() });
        }
    }
    Ok(())
}

/// The folders named `column=value` on the way to a file, as its path is given.
fn partitions(path: &Path) -> Result<Vec<Partition>, IngestError> {
    let mut partitions: Vec<Partition> = Vec::new();
    // `a=1/../b=2` lies in `b=2` alone.
    let mut folders: Vec<&OsStr> = Vec::new();
    for folder in path.parent().into_iter().flat_map(Path::components) {
        match folder {
            Component::Normal(folder) => folders.push(folder),
            Component::ParentDir => drop(folders.pop()),
            _ => {}
        }
    }
    for folder in folders {
        let Some((column, value)) = folder.to_str().and_then(|folder| folder.split_once('=')) else {
            continue;
        };
        if column.is_empty() {
            continue;
        }
        let folder = folder.to_string_lossy().into_owned();
        let text = |part: &str| match percent_decode_str(part).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(IngestError::PartitionText { path: path.to_path_buf(), folder: excerpt(&folder) }),
        };
        let (column, value) = (text(column)?, (value != NONE).then(|| text(value)).transpose()?);
        if partitions.iter().any(|other| other.column == column) {
            return Err(IngestError::PartitionTwice { path: path.to_path_buf(), column: excerpt(&column) });
        }
        partitions.push(Partition { column, value, folder });
    }
    Ok(partitions)
}
