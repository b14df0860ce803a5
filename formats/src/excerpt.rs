//! What a message quotes of an outsider's text: on one line, cut short, and never the terminal's problem.

use std::fmt;

/// Longest excerpt of a cell or a name in a message, in characters: an address is whole.
const EXCERPT: usize = 42;
/// Most column names that a message lists, and most bytes of them.
const NAMES: usize = 50;
const NAMES_BYTES: usize = 2000;

/// A cell as a message shows it: on one line, control characters escaped, cut to 42 characters, escapes
/// included.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    let mut left = EXCERPT;
    for letter in text.chars() {
        let escaped = letter.escape_debug();
        let Some(after) = left.checked_sub(escaped.clone().count()) else {
            shown.push('…');
            break;
        };
        shown.extend(escaped);
        left = after;
    }
    shown
}

/// Whether a terminal does not show a character as itself: control characters, and what breaks a line, hides
/// text, or shows it in another order.
pub fn is_control(letter: char) -> bool {
    // Unicode's categories Cf, Zl and Zp, without the marks that stand before digits of some scripts.
    let is_format = matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
    );
    letter.is_control() || is_format
}

/// A text without control characters: escaped, they leave a reader's terminal alone.
pub fn escaped(text: &str) -> String {
    let shown = |letter: char| {
        if is_control(letter) { letter.escape_debug().to_string() } else { letter.to_string() }
    };
    text.chars().map(shown).collect()
}

/// Lines without any other control character, each escaped as JSON has it: the same in a string of JSON.
pub fn printable(lines: &str) -> String {
    let mut shown = String::with_capacity(lines.len());
    for letter in lines.chars() {
        if letter != '\n' && is_control(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Columns' names as a message lists them: the first fifty, each cut to 42 characters, or fewer that take
/// 2,000 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    listed: Vec<String>,
    more: usize,
}

impl Names {
    /// Of these columns.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut listed, mut bytes, mut more) = (Vec::new(), 0usize, 0usize);
        for name in names {
            let shown = excerpt(name);
            bytes = bytes.saturating_add(shown.len());
            if more > 0 || listed.len() == NAMES || bytes > NAMES_BYTES {
                more = more.saturating_add(1);
            } else {
                listed.push(shown);
            }
        }
        Self { listed, more }
    }

    /// Whether one of those listed is such.
    pub fn any(&self, is_such: impl Fn(&str) -> bool) -> bool {
        self.listed.iter().any(|name| is_such(name))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.listed.iter().enumerate() {
            write!(f, "{}`{name}`", if index == 0 { "" } else { ", " })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_however_it_is_spelled() {
        let address = format!("0x{}", "a".repeat(40));
        assert_eq!(excerpt(&address), address);
        assert_eq!(excerpt(&format!("{address}b")), format!("{address}…"));
        assert_eq!(excerpt("a\nb"), "a\\nb");
        assert_eq!(excerpt(&"\u{4}".repeat(9)), "\\u{4}".repeat(8) + "…");
    }

    /// Unicode has characters that hide, turn and break text in more places than one.
    #[test]
    fn what_a_terminal_does_not_show_is_escaped_and_the_same_in_json() {
        for letter in [
            '\u{7}',
            '\u{85}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{2028}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{fffb}',
            '\u{1bca0}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e007f}',
        ] {
            assert!(is_control(letter), "{letter:?}");
            assert!(escaped(&format!("a{letter}b")).is_ascii(), "{letter:?}");
            let lines = printable(&format!("a{letter}b"));
            assert!(lines.is_ascii(), "{lines}");
            let read: String = serde_json::from_str(&format!("\"{lines}\"")).expect("JSON");
            assert_eq!(read, format!("a{letter}b"));
        }
        for letter in ['a', 'é', '\u{301}', '日', '\u{1f600}', '\u{600}'] {
            assert!(!is_control(letter), "{letter:?}");
        }
    }

    /// libFuzzer found a header of control characters, each of which took five.
    #[test]
    fn a_list_of_names_is_short_whatever_they_are() {
        for name in ["\u{4}", "a", "\u{1f600}", "\u{10ffff}"] {
            let name = name.repeat(60);
            let names = Names::new((0..60).map(|_| name.as_str()));
            assert!(names.to_string().len() < 2_300, "{names}");
            assert!(names.to_string().ends_with(&format!(", and {} more", names.more)) && names.more >= 10);
            assert_eq!(names.listed.len() + names.more, 60);
        }
        assert_eq!(Names::new(["a", "b"]).to_string(), "`a`, `b`");
    }
}
