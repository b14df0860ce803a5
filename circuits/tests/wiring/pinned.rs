//! Comparison with a pinned text, shown as a diff of lines.

use std::path::PathBuf;

/// Compares with `tests/pinned/NAME.txt`, or writes it if `FAIRSHARE_BLESS` is 1.
pub fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pinned").join(format!("{name}.txt"));
    if std::env::var_os("FAIRSHARE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).expect("the pinned file is writable");
        return;
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    let changes = diff(&pinned, text);
    assert!(
        changes.is_empty(),
        "{} no longer holds; what changed, and whether it is meant, is for a reviewer to say:\n{}",
        path.display(),
        changes.join("\n")
    );
}

/// Lines only in the one (`-`) or only in the other (`+`), with their numbers, by a longest common subsequence.
fn diff(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            common[i][j] = match left == right {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut changes) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            changes.push(format!("{:>4} - {}", i + 1, old[i]));
            i += 1;
        } else {
            changes.push(format!("{:>4} + {}", j + 1, new[j]));
            j += 1;
        }
    }
    changes
}

#[test]
fn a_change_shows_as_its_lines() {
    assert!(diff("a\nb\nc\n", "a\nb\nc\n").is_empty());
    assert_eq!(diff("a\nb\nc\n", "a\nB\nc\nd\n"), ["   2 - b", "   2 + B", "   4 + d"]);
    assert_eq!(diff("copy\n", ""), ["   1 - copy"]);
}
