//! What a registry takes (PROTOCOL sections 8 and 9): rules before their rounds, rounds one after the other,
//! registrations, units, strikes, proofs, and in which order an epoch ends.
//!
//! A ledger asks here before it writes, and an audit asks again: so an archive is held to the very rules that
//! its ledger was.

use fairshare_formats::excerpt::is_control;
use fairshare_formats::ledger::MAX_NOTE_BYTES;
use fairshare_params::policy::Token;

mod dataset;
mod identity;
mod refusal;
mod timeline;

pub use dataset::{Covered, Dataset, Ineligible, NotCovered, check_registration, covered};
pub use identity::Identity;
pub use refusal::{MAX_AHEAD, MAX_SEGMENTS, Refusal};
pub use timeline::{At, Now, Span, Stage, State, Timeline};

/// Whether an epoch's amounts are read as those of the others: what somebody has earned in all is of many
/// epochs, and told in one token.
pub fn check_token(given: Option<&Token>, others: Option<&Token>, epoch: u64) -> Result<(), Refusal> {
    match (given, others) {
        (Some(given), Some(others)) if given != others => {
            let (given, others) = (Box::new(given.clone()), Box::new(others.clone()));
            Err(Refusal::OtherToken { epoch, given, others })
        }
        _ => Ok(()),
    }
}

/// Whether a text may stand in the ledger: what it says is for people, on one line.
pub fn check_note(what: &'static str, note: &str) -> Result<(), Refusal> {
    let (found, bound) = (note.len(), MAX_NOTE_BYTES);
    let is_plain = !note.chars().any(is_control) && note.trim() == note;
    if (1..=bound).contains(&found) && is_plain { Ok(()) } else { Err(Refusal::Note { what, found, bound }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_line_of_text() {
        for note in ["x", "a reason", "Fälschung", &"x".repeat(MAX_NOTE_BYTES)] {
            assert_eq!(check_note("reason", note), Ok(()), "{note}");
        }
        let long = "x".repeat(MAX_NOTE_BYTES + 1);
        // 500 characters of two bytes fit, and one more does not.
        let wide = "ä".repeat(MAX_NOTE_BYTES / 2 + 1);
        let odd = ["a\u{2028}b", "\u{202e}a", "a\u{2066}b", "\u{feff}a", "a\u{200b}b"];
        for note in odd.into_iter().chain([
            "",
            " ",
            "a\n",
            "a\nb",
            "\u{7}",
            "a\u{1b}[0m",
            "a ",
            " a",
            "\u{85}",
            &long,
            &wide,
        ]) {
            let expected = Refusal::Note { what: "reason", found: note.len(), bound: MAX_NOTE_BYTES };
            assert_eq!(check_note("reason", note), Err(expected), "{note:?}");
        }
    }
}
