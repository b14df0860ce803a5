//! Times and spans for people.

use jiff::Timestamp;

/// A time in the calendar, as far as the calendar goes.
pub fn instant(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("second {seconds} of Unix time"), |time| time.to_string())
}

/// A span in days if it is a number of whole ones.
pub fn days(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "1 day".to_owned(),
        (0, 1) => "1 second".to_owned(),
        (days @ 1.., 0) => format!("{days} days"),
        _ => format!("{} seconds", crate::output::thousands(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_calendar_as_far_as_it_goes() {
        assert_eq!(instant(2_208_988_800), "2040-01-01T00:00:00Z");
        assert_eq!(instant(u64::MAX), format!("second {} of Unix time", u64::MAX));
        assert_eq!(
            [86_400 * 14, 86_400, 86_401, 1].map(days),
            ["14 days", "1 day", "86,401 seconds", "1 second"]
        );
    }
}
