//! Lists of what an opening was used for, kept beside it: a line for each use, written before the use.
//!
//! Whoever adds a line holds a lock on the opening, and replaces the list in one step. So no line is lost
//! where several processes use one opening at the same time, and a list is whole whenever a process is killed
//! or the disk is full. A list with a line that is never written is refused: what else it lost, nobody knows.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use fairshare_storage::files::{self, Access, ReadError};

use crate::secret::OPENING_FILE;

/// Longest list, in bytes: hundreds of lines.
const MAX_LIST_BYTES: u64 = 1 << 16;

/// Why a list of uses cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UseListError {
    /// A line that is not of the list, or not whole. An older copy of the list would not do: it has fewer
    /// uses.
    #[error(
        "{}: line {line} was altered or cut short, or a newer program wrote it, so it is not known what this \
         opening was used for; restore the file as it was last: {instead}",
        path.display()
    )]
    Line {
        /// The list.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What there is to know without it.
        instead: &'static str,
    },
    /// Longer than is read.
    #[error(
        "{}: {found} bytes or more, and a list of at most {bound} is kept: {instead}",
        path.display()
    )]
    TooLong {
        /// The list.
        path: PathBuf,
        /// Bytes that are there, or would be.
        found: u64,
        /// The most that are kept.
        bound: u64,
        /// What there is to know without it.
        instead: &'static str,
    },
    /// It cannot be read or written.
    #[error("{}: the list of what this opening was used for cannot be kept", path.display())]
    Io {
        /// The list, or the opening that is locked for it.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// A use of an opening. Its text is a line without its end.
pub(crate) trait Use: Display + PartialEq + Sized {
    /// The name of its list in a commitment folder.
    const FILE: &str;
    /// What can be done without the list, or cannot.
    const INSTEAD: &'static str;

    /// Reads a line's fields, as far as they mean anything.
    fn parse(fields: &[&str]) -> Option<Self>;
}

/// The uses on record in `folder`, each once, in the order in which they were added.
pub(crate) fn read<U: Use>(folder: &Path) -> Result<Vec<U>, UseListError> {
    let path = folder.join(U::FILE);
    let bytes = match files::read(&path, MAX_LIST_BYTES) {
        Ok(bytes) => bytes,
        Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(ReadError::Io(source)) => return Err(UseListError::Io { path, source }),
        Err(ReadError::TooLong { found, bound }) => {
            return Err(UseListError::TooLong { path, found, bound, instead: U::INSTEAD });
        }
    };
    let mut uses = Vec::new();
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let parsed = parse(line).ok_or_else(|| UseListError::Line {
            path: path.clone(),
            line: index + 1,
            instead: U::INSTEAD,
        })?;
        if !uses.contains(&parsed) {
            uses.push(parsed);
        }
    }
    Ok(uses)
}

/// Adds a use to the list in `folder` unless it is there. `allows` is asked before, with those on record;
/// when this returns, the use is on the disk.
pub(crate) fn note<U: Use, E: From<UseListError>>(
    folder: &Path,
    new: &U,
    allows: impl FnOnce(&[U]) -> Result<(), E>,
) -> Result<(), E> {
    let opening = folder.join(OPENING_FILE);
    let _lock = files::lock(&opening)
        .map_err(|error| UseListError::Io { path: opening.clone(), source: error.into() })?;
    let uses = read::<U>(folder)?;
    allows(&uses)?;
    if !uses.contains(new) {
        write(folder, uses.iter().chain([new]))?;
    }
    Ok(())
}

fn write<'a, U: Use + 'a>(folder: &Path, uses: impl Iterator<Item = &'a U>) -> Result<(), UseListError> {
    let path = folder.join(U::FILE);
    let text: String = uses.map(|line| format!("{line}\n")).collect();
    let (found, bound) = (text.len() as u64, MAX_LIST_BYTES);
    if found > bound {
        return Err(UseListError::TooLong { path, found, bound, instead: U::INSTEAD });
    }
    files::write(&path, text.as_bytes(), Access::Public).map_err(|source| UseListError::Io { path, source })
}

/// A use has one spelling: any other was not written by a prover.
fn parse<U: Use>(line: &[u8]) -> Option<U> {
    let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let fields: Vec<_> = line.split(' ').collect();
    U::parse(&fields).filter(|parsed| parsed.to_string() == line)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt;
    use std::fs;

    use fairshare_params::encoding::Digest;
    use tempfile::TempDir;

    use super::*;

    /// A folder with nothing but something to lock.
    pub(crate) fn opening() -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(OPENING_FILE), b"").expect("written");
        folder
    }

    /// How many of sixteen uses at the same time are allowed.
    pub(crate) fn allowed_at_once(attempt: impl Fn(u8) -> bool + Sync) -> usize {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|key| {
                    let attempt = &attempt;
                    scope.spawn(move || attempt(key))
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .filter(|allowed| *allowed)
                .count()
        })
    }

    #[derive(Debug, PartialEq)]
    struct Numbered(u32, Digest);

    impl Display for Numbered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} {}", self.0, self.1)
        }
    }

    impl Use for Numbered {
        const FILE: &str = "numbered.txt";
        const INSTEAD: &str = "nothing";

        fn parse(fields: &[&str]) -> Option<Self> {
            let [number, digest] = fields else { return None };
            Some(Self(number.parse().ok()?, digest.parse().ok()?))
        }
    }

    fn add(folder: &Path, number: u32) -> Result<(), UseListError> {
        note(folder, &Numbered(number, Digest([0xab; 32])), |_| Ok(()))
    }

    #[test]
    fn a_use_is_on_record_once_however_often_it_is_repeated() {
        let folder = opening();
        for number in [1, 2, 1, 2, 2] {
            add(folder.path(), number).expect("noted");
        }
        let digest = Digest([0xab; 32]);
        let text = fs::read_to_string(folder.path().join(Numbered::FILE)).expect("a list");
        assert_eq!(text, format!("1 {digest}\n2 {digest}\n"));
    }

    /// As processes that added a line at the same time once left it.
    #[test]
    fn a_line_that_is_there_twice_is_one_use() {
        let folder = opening();
        let line = format!("1 {}\n", Digest([0xab; 32]));
        fs::write(folder.path().join(Numbered::FILE), line.repeat(2)).expect("written");
        assert_eq!(read::<Numbered>(folder.path()).expect("a list"), [Numbered(1, Digest([0xab; 32]))]);
    }

    #[test]
    fn a_line_that_was_not_written_so_is_refused_and_nothing_is_added() {
        let folder = opening();
        let path = folder.path().join(Numbered::FILE);
        let digest = Digest([0xab; 32]).to_string();
        let good = format!("1 {digest}\n");
        let cut = &digest[..40];
        let mut lines = vec![b"\xff\0\n".to_vec()];
        lines.extend(
            [
                "\n".to_owned(),
                "junk\n".to_owned(),
                format!("2 {digest}"),
                format!("2 {cut}"),
                format!("2 {cut}\n"),
                format!("2 {digest}\r\n"),
                format!("2 {digest} \n"),
                format!(" 2 {digest}\n"),
                format!("2  {digest}\n"),
                format!("02 {digest}\n"),
                format!("+2 {digest}\n"),
                format!("2 {}\n", digest.replace("ab", "AB")),
                format!("2 {digest} {digest}\n"),
            ]
            .map(String::into_bytes),
        );
        for line in lines {
            let text = [good.as_bytes(), &line].concat();
            fs::write(&path, &text).expect("written");
            // Refused whether the use is known or new.
            for number in [1, 3] {
                let error = add(folder.path(), number).expect_err("altered");
                assert!(matches!(&error, UseListError::Line { line: 2, .. }), "{error}");
                assert!(
                    error.to_string().contains("numbered.txt: line 2")
                        && error.to_string().contains("restore")
                );
            }
            assert_eq!(fs::read(&path).expect("a list"), text);
        }
    }

    #[test]
    fn a_list_stays_as_short_as_is_read() {
        let folder = opening();
        let path = folder.path().join(Numbered::FILE);
        let digest = Digest([0xab; 32]);
        let text: String = (10_000..10_890).map(|number| format!("{number} {digest}\n")).collect();
        fs::write(&path, &text).expect("written");
        add(folder.path(), 10_000).expect("known");
        let refused = (0..).find_map(|number| add(folder.path(), number).err()).expect("bounded");
        assert!(matches!(refused, UseListError::TooLong { .. }), "{refused}");
        let kept = fs::read_to_string(&path).expect("a list");
        assert!(kept.len() as u64 <= MAX_LIST_BYTES && kept.starts_with(&text));
        add(folder.path(), 10_000).expect("known still");
        fs::write(&path, kept.repeat(2)).expect("written");
        let refused = add(folder.path(), 10_000).expect_err("too long");
        assert!(matches!(refused, UseListError::TooLong { .. }), "{refused}");
    }

    #[test]
    fn a_list_that_cannot_be_written_is_an_error() {
        let folder = opening();
        fs::create_dir(folder.path().join(Numbered::FILE)).expect("in the way");
        assert!(matches!(add(folder.path(), 1), Err(UseListError::Io { .. })));
        let nothing = tempfile::tempdir().expect("a folder");
        let error = add(nothing.path(), 1).expect_err("no opening");
        assert!(error.to_string().contains(OPENING_FILE), "{error}");
    }
}
