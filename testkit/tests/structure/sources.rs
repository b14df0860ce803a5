//! The workspace's own files.

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// A file, and its name from the top of the repository.
pub struct Source {
    pub name: String,
    pub text: String,
}

/// Every Rust file in a folder that `is_wanted` takes by its name from the top; build outputs and
/// dependencies are not ours.
pub fn sources(is_wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    files(&["rs"], is_wanted)
}

/// Every file that ends in one of these, without the dot.
pub fn texts(extensions: &[&str]) -> Vec<Source> {
    files(extensions, |_| true)
}

fn files(extensions: &[&str], is_wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, extensions, &mut found);
    found.sort();
    let name =
        |path: &Path| path.strip_prefix(&root).expect("below the top").to_string_lossy().replace('\\', "/");
    let wanted: Vec<_> =
        found.iter().map(|path| (name(path), path)).filter(|(name, _)| is_wanted(name)).collect();
    assert!(!wanted.is_empty(), "no sources found: the rules would hold of nothing");
    wanted
        .into_iter()
        .map(|(name, path)| Source { name, text: fs::read_to_string(path).expect("text") })
        .collect()
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // What a program writes is held to what it was written from (`proving/tests/generated.rs`).
        let is_ours = !["target", "node_modules", "generated"].contains(&&*name);
        if path.is_dir() && !name.starts_with('.') && is_ours {
            collect(&path, extensions, found);
        } else if name.rsplit_once('.').is_some_and(|(_, end)| extensions.contains(&end)) {
            found.push(path);
        }
    }
}
