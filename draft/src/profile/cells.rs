//! What a cell of text looks like.

/// Longest text that is looked at as a number or a date written in some other way.
const LONGEST: usize = 40;

/// What a cell that is not a plain number looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A day, with or without a time: `2024-03-31T12:00`, `3/31/2024`, `31.03.24`.
    Date,
    /// A number with separators, a sign of money or a per cent sign: `1,234.5`, `1.234,5`, `$3`, `4 %`.
    Written,
    /// A number with white space around it.
    Padded,
    /// `nan` or an infinity.
    NotFinite,
    /// Anything else.
    Text,
}

/// A finite decimal number, as the reader of records takes it.
pub(crate) fn number(text: &str) -> Option<f64> {
    // What else the parser knows, `nan` and `inf`, is not finite.
    let first = text.as_bytes().first()?;
    let begins = first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.');
    begins.then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

/// Whether a number's text has digits alone, but for a sign.
pub(crate) fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a number's text begins with a zero that says nothing of its value: a code's.
pub(crate) fn has_leading_zero(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0', second, ..] if second.is_ascii_digit()) && is_whole(text)
}

/// What text that is not a number looks like.
pub(crate) fn shape(text: &str) -> Shape {
    let trimmed = text.trim();
    if trimmed.len() > LONGEST {
        return Shape::Text;
    }
    if text.parse::<f64>().is_ok() {
        return Shape::NotFinite;
    }
    if is_date(trimmed) {
        return Shape::Date;
    }
    if trimmed.len() < text.len() && number(trimmed).is_some() {
        return Shape::Padded;
    }
    if is_written(trimmed) { Shape::Written } else { Shape::Text }
}

/// Three numbers joined by one sign, the year first or last; perhaps a time after them.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let Some(sign) = day.chars().find(|letter| matches!(letter, '-' | '/' | '.')) else { return false };
    let mut parts = day.split(sign);
    let (Some(a), Some(b), Some(c), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let within = |text: &str, digits: &[usize], most: u32| {
        digits.contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse().is_ok_and(|value: u32| (1..=most).contains(&value))
    };
    let year_first = within(a, &[4], 9999) && within(b, &[1, 2], 12) && within(c, &[1, 2], 31);
    let year_last = within(a, &[1, 2], 31) && within(b, &[1, 2], 31) && within(c, &[2, 4], 9999);
    let rest = text.get(day.len()..).unwrap_or_default();
    let is_time = |letter: char| letter.is_ascii_digit() || " TZ:.+-".contains(letter);
    (year_first || year_last) && rest.chars().all(is_time)
}

/// A number with separators, or with a sign of money or a per cent sign.
fn is_written(text: &str) -> bool {
    let bare = text.trim_matches(|letter: char| "$€£¥% ".contains(letter));
    let bare = bare.strip_prefix(['+', '-']).unwrap_or(bare).trim_start_matches(['$', '€', '£', '¥']);
    let separators = |letter: char| matches!(letter, ',' | '.' | '\'' | ' ' | '\u{a0}' | '\u{202f}' | '_');
    let mut groups = bare.split(separators);
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(digits);
    let rest: Vec<_> = groups.collect();
    // A thousand's group has three digits, and only the last one may be a fraction.
    let (last, thousands) = rest.split_last().map_or((None, &[][..]), |(last, others)| (Some(*last), others));
    first && thousands.iter().all(|group| group.len() == 3 && digits(group)) && last.is_none_or(digits)
}

/// The truth values that this is one of the usual spellings of.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "on" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reader() {
        for text in ["0", "-1.5", "+7", ".5", "1e3", "00501"] {
            assert!(number(text).is_some(), "{text}");
        }
        for text in ["", "nan", "inf", "-inf", "1e999", "1,5", " 1", "0x10", "1_000", "-", "NA"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert!(is_whole("-12") && !is_whole("1.0") && !is_whole("1e3"));
        assert!(has_leading_zero("007") && !has_leading_zero("0") && !has_leading_zero("0.5"));
    }

    #[test]
    fn shapes_are_told_apart() {
        for (shape_is, texts) in [
            (Shape::Date, &["2024-03-31", "2024/3/1", "31.03.2024", "3/31/24", "2024-03-31T12:00:00Z"][..]),
            (Shape::Date, &["2013-01-01 05:00:00+00:00", "2024-03-31 12:00:00.123"]),
            (Shape::Written, &["1,234", "1,234.5", "1.234,5", "3,5", "$3", "-$1,000", "4 %", "€5", "1 234"]),
            (Shape::Padded, &[" 1", "2.5 ", "\t3"]),
            (Shape::NotFinite, &["nan", "NaN", "inf", "-Infinity", "1e999"]),
            (Shape::Text, &["", "abc", "1-2", "a,b", "2024-13-01", "1,2345,6", "10.0.0.1", "12:30", "v1.2"]),
        ] {
            for text in texts {
                assert_eq!(shape(text), shape_is, "{text}");
            }
        }
    }

    #[test]
    fn words_for_truth() {
        assert_eq!(
            ["True", "yes", "1", "F", "maybe"].map(truth),
            [Some(true), Some(true), Some(true), Some(false), None]
        );
    }
}
