//! What is printed: results to standard output, everything else to standard error.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_formats::excerpt::{escaped, printable};
use fairshare_params::policy::Token;
use fairshare_params::role::Role;
use num_bigint::BigUint;
use schemars::Schema;

use crate::document::Document;
use crate::error::{self, CliError, Status};
use crate::failure::{Failure, asks_for_json};

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result in the form asked for: `object` on one line, or `text`.
    pub fn result(self, object: &impl Document, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if !self.json {
            return self.text(&text());
        }
        let line = serde_json::to_string(object).map_err(|error| CliError::Output(error.into()))?;
        print(&line)
    }

    /// Prints a schema, which is JSON in either form: on one line, or indented for people.
    pub fn schema(self, schema: &Schema) -> Result<(), CliError> {
        let write = if self.json { serde_json::to_string } else { serde_json::to_string_pretty };
        print(&write(schema).map_err(|error| CliError::Output(error.into()))?)
    }

    /// Says why a command did not do what was asked.
    pub fn error(self, error: &CliError) {
        let object = if self.json { Failure::of(error).line().ok() } else { None };
        notice(object.unwrap_or_else(|| error::block(error)).trim_end());
    }

    /// Prints text for people; nothing with `--json`.
    pub fn text(self, text: &str) -> Result<(), CliError> {
        if self.json { Ok(()) } else { print(text) }
    }
}

/// Ends a program whose arguments ask for help, or are not a command.
pub fn misused(error: &clap::Error) -> ExitCode {
    if error.use_stderr()
        && asks_for_json(std::env::args_os().skip(1))
        && let Ok(line) = Failure::of_usage(error).line()
    {
        notice(&line);
        return Status::Unusable.into();
    }
    error.exit()
}

/// Writes to standard output, as [`notice`] writes. A reader that has gone away, `head` for instance, has
/// read all it wants.
fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", printable(text.trim_end_matches('\n'))).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}

/// Writes a line to standard error, whole and above any progress bar. Whatever it quotes, no control
/// character reaches a terminal. Standard error that is gone leaves nowhere to complain.
pub fn notice(text: &str) {
    crate::progress::suspend(|| {
        let _ = writeln!(io::stderr().lock(), "{}", printable(text));
    });
}

/// Says so where anyone can forge proofs.
pub fn name_insecure(is_insecure: bool) {
    if is_insecure {
        notice(
            "warning: these parameters are INSECURE: their trapdoor is public and anyone can forge a proof \
             under them; for development only",
        );
    }
}

/// An empty table in the house's form. It is as wide as its content: a cell broken over lines is harder to
/// read than a line that the terminal breaks.
pub fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// An address, shortened for a table; JSON has it whole.
pub fn short_address(address: &str) -> String {
    match (address.get(..8), address.get(address.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if address.len() > 12 => format!("{head}…{tail}"),
        _ => address.to_owned(),
    }
}

/// An amount for people: base units, and in tokens where the policy says how.
pub fn amount(units: u128, token: Option<&Token>) -> String {
    match token {
        Some(token) => format!("{} = {}", thousands(units), token.amount(units)),
        None => thousands(units),
    }
}

/// A file's name in a table, on one line whatever it holds.
pub fn file_cell(file: &str) -> Cell {
    Cell::new(escaped(file))
}

/// Why something was refused, below a table; what could not be read names its file itself.
pub fn reason(file: &str, error: &str) -> String {
    // A file's name may have lines of its own.
    let line = if error.starts_with(file) { error.to_owned() } else { format!("{file}: {error}") };
    format!("\n{}", escaped(&line))
}

/// So many of a thing, in words.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(number as u64))
}

/// Base units of a result's JSON in a table; nothing where there are none.
pub fn units_cell(units: Option<&str>) -> String {
    units.and_then(|units| units.parse().ok()).map(|units: u128| thousands(units)).unwrap_or_default()
}

/// Tenths of base units, as units.
pub fn units(tenths: &BigUint) -> String {
    let (whole, tenth) = (tenths / 10u32, tenths % 10u32);
    if tenth == BigUint::ZERO { whole.to_string() } else { format!("{whole}.{tenth}") }
}

/// Aligns columns of numbers.
pub fn align_right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A two-column list of names and values.
pub fn list(entries: &[(&str, String)]) -> String {
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines: Vec<_> = entries.iter().map(|(name, value)| format!("{name:width$}  {value}")).collect();
    lines.join("\n")
}

/// A compute score, or a divergence per record in nats, of 48 fractional bits, as a decimal for people.
pub fn decimal(score: impl Into<u128>) -> String {
    to_decimal(score, 6)
}

/// The same as a number, for programs that plot; the exact integer stands beside it.
pub fn approximate(score: u128) -> f64 {
    score as f64 / (1u64 << 48) as f64
}

/// A score of either role for people: of data the total, in nats.
pub fn score(role: Role, score: u64) -> String {
    match role {
        Role::Compute => decimal(score),
        // 1/256 nat is 2^40 of 2^48.
        Role::Data => format!("{} nats", to_decimal(u128::from(score) << 40, 2)),
    }
}

/// A share from 0 to 1, as people read it.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        share if share < 0.01 => "< 0.01 %".to_owned(),
        share => format!("{share:.2} %"),
    }
}

/// Columns of the terminal that results go to, at most 120: a longer bar says no more. Of a file or a pipe,
/// what
/// `COLUMNS` says, or 80.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let stated = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(stated).unwrap_or(80).clamp(40, 120)
}

/// A whole number with commas.
pub fn thousands(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration with as many digits as are worth reading.
pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.9995 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0u128, "0"),
            (999, "999"),
            (1000, "1,000"),
            (336_776, "336,776"),
            (100_000_000, "100,000,000"),
            (u128::MAX, "340,282,366,920,938,463,463,374,607,431,768,211,455"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn addresses_are_shortened() {
        assert_eq!(short_address(&format!("0x{}", "ab".repeat(20))), "0xababab…abab");
        assert_eq!(short_address("0xab"), "0xab");
    }

    #[test]
    fn durations_and_lists_are_readable() {
        assert_eq!(seconds(Duration::from_millis(7)), "7 ms");
        assert_eq!(seconds(Duration::from_micros(999_600)), "1.0 s");
        assert_eq!(seconds(Duration::from_millis(65_432)), "65.4 s");
        assert_eq!(list(&[("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2");
    }
}
