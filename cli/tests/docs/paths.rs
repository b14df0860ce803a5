//! Paths in code spans: what a document names in the repository is there.

use std::fs;
use std::path::{Component, Path};

use pulldown_cmark::{Event, Parser};

use super::blocks::line_at;

/// The paths below one of the repository's folders that a document names and that are not there, with their
/// lines.
pub fn missing(root: &Path, document: &str) -> Vec<String> {
    let text = fs::read_to_string(root.join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
    let mut missing = Vec::new();
    for (event, range) in Parser::new(&text).into_offset_iter() {
        if let Event::Code(span) = event
            && is_path(root, &span)
            && !root.join(&*span).exists()
        {
            missing.push(format!("{document}:{}: {span}", line_at(&text, range.start)));
        }
    }
    missing
}

/// Whether a span is a path whose first part is one of the repository's folders.
fn is_path(root: &Path, span: &str) -> bool {
    let plain = span.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
    // A placeholder, as in `circuits/src/NAME/statement.md`, stands for a path.
    let placeholder = span.contains("NAME");
    let folder = match Path::new(span).components().next() {
        Some(Component::Normal(first)) => root.join(first).is_dir(),
        _ => false,
    };
    plain && span.contains('/') && !placeholder && folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_paths_are_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("room/src")).unwrap();
        fs::write(folder.path().join("room/src/a.rs"), "").unwrap();
        let text =
            "`room/src/a.rs` `room/`\n\n`room/src/b.rs` `other/c.rs` `room/src/NAME.rs` `1/2` `room`\n";
        fs::write(folder.path().join("x.md"), text).unwrap();
        assert_eq!(missing(folder.path(), "x.md"), ["x.md:3: room/src/b.rs"]);
    }
}
