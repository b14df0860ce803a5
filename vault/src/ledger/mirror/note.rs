//! A reason as the ledger keeps it, of whatever somebody gave a contract.

use fairshare_formats::excerpt::is_control;
use fairshare_formats::ledger::MAX_NOTE_BYTES;

/// What stands at the end of a text that was cut.
const CUT: char = '…';

/// The text as it is, if a ledger takes it; otherwise on one line, with control characters and spaces at its
/// ends escaped, and cut where it gets too long by that. One text always gives one note.
pub(super) fn note(reason: &str) -> String {
    let start = reason.len().saturating_sub(reason.trim_start().len());
    let end = reason.trim_end().len();
    let mut note = String::with_capacity(reason.len());
    for (at, letter) in reason.char_indices() {
        if is_control(letter) || at < start || at >= end {
            note.extend(letter.escape_unicode());
        } else {
            note.push(letter);
        }
    }
    if note.len() > MAX_NOTE_BYTES {
        note.truncate(note.floor_char_boundary(MAX_NOTE_BYTES.saturating_sub(CUT.len_utf8())));
        note.push(CUT);
    }
    note
}

#[cfg(test)]
mod tests {
    use fairshare_audit::registry::check_note;

    use super::*;

    #[test]
    fn every_reason_becomes_one_that_a_ledger_takes() {
        let longest = "x".repeat(MAX_NOTE_BYTES);
        // What a ledger takes stays as it is.
        for plain in ["x", "copied from a public set", "Fälschung", "a  b", "\\u{7}", &longest] {
            assert_eq!(note(plain), plain);
        }
        for (odd, expected) in [
            ("\u{7}", "\\u{7}"),
            ("a\nb\r\n", "a\\u{a}b\\u{d}\\u{a}"),
            (" a b ", "\\u{20}a b\\u{20}"),
            ("\u{3000}", "\\u{3000}"),
            ("\u{0}\u{202e}x\u{feff}", "\\u{0}\\u{202e}x\\u{feff}"),
            ("\u{fffd}\u{fffd}", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(note(odd), expected, "{odd:?}");
            assert_eq!(check_note("reason", &note(odd)), Ok(()), "{odd:?}");
        }
        // A thousand bytes that are no text come as a thousand replacement characters of three bytes each.
        for odd in ["\u{fffd}", "\n", " ", "\u{202e}", "\u{1f600}", "a "] {
            for count in [1, 83, 84, 166, 167, 249, 250, 333, 334, 1_000] {
                let note = note(&odd.repeat(count));
                assert_eq!(check_note("reason", &note), Ok(()), "{odd:?} {count}");
            }
        }
        assert_eq!(note(&"\u{fffd}".repeat(1_000)), "\u{fffd}".repeat(332) + "…");
    }
}
