//! `fairshare vault register`: what became of every registration, and of the units.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Receipt;
use fairshare_formats::registry::SignedRegistration;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::units::Units;
use fairshare_vault::ledger::Taken;
use fairshare_vault::{Ledger, VaultError};
use schemars::JsonSchema;
use serde::Serialize;

use super::receipts::Receipts;
use super::{fitting, now};
use crate::args::RegisterArgs;
use crate::document::spelling::{Checksummed, Hash};
use crate::error::{CliError, Status, one_line};
use crate::load;
use crate::output::{self, Output, align_right, count, short_address, table, thousands};

/// Most registrations recorded in one transaction.
const BATCH: usize = 1_000;

/// What became of a registration, or of the units. What does not apply is null.
#[derive(Serialize, JsonSchema)]
pub struct Line {
    /// The file.
    file: String,
    /// Whether it is on record.
    accepted: bool,
    /// Whether it was on record before.
    before: bool,
    /// The contributor's address; null of units, or if the file cannot be read.
    #[schemars(with = "Option<Checksummed>")]
    contributor: Option<String>,
    /// The dataset's digest; null of units, or if the file cannot be read.
    #[schemars(with = "Option<Hash>")]
    digest: Option<String>,
    /// Nodes whose units it has; null of a registration.
    nodes: Option<usize>,
    /// The round that the registry gave it; null if it is refused.
    round: Option<u64>,
    /// Its entry in the ledger; null if it is refused.
    entry: Option<u64>,
    /// The receipt's file; null if it is refused, or the receipt could not be written there.
    receipt: Option<String>,
    /// Why it is refused, or has no receipt; null otherwise.
    error: Option<String>,
}

pub fn run(ledger: &mut Ledger, args: &RegisterArgs, output: Output) -> Result<Status, CliError> {
    let receipts = Receipts::open(ledger, &args.receipts.receipts, &args.receipts.key)?;
    let paths = load::expand(&args.registrations, "json")?;
    let mut lines = Vec::new();
    let mut rest = paths.as_slice();
    while !rest.is_empty() {
        let (batch, left) = rest.split_at(fitting(rest, BATCH));
        rest = left;
        for line in register(ledger, &receipts, batch)? {
            show(output, &line)?;
            lines.push(line);
        }
    }
    if let Some(path) = &args.units {
        let line = read_and_record(ledger, &receipts, path).or_else(|error| Line::of_units(path, error))?;
        show(output, &line)?;
        lines.push(line);
    }
    output.text(&describe(&lines.iter().collect::<Vec<_>>()))?;
    let all = lines.iter().all(|line| line.error.is_none());
    Ok(if all { Status::Done } else { Status::Refused })
}

fn show(output: Output, line: &Line) -> Result<(), CliError> {
    if output.is_json() { output.result(line, String::new) } else { Ok(()) }
}

/// A file that cannot be read is refused like one that the registry does not take.
fn register(ledger: &mut Ledger, receipts: &Receipts, paths: &[PathBuf]) -> Result<Vec<Line>, CliError> {
    let read: Vec<_> = paths.iter().map(|path| load::signed_registration(path)).collect();
    let signed: Vec<_> = read.iter().filter_map(|read| read.as_ref().ok()).cloned().collect();
    let mut taken = ledger.register(&signed, now()?)?.into_iter();
    let line = |(path, read): (&PathBuf, &Result<SignedRegistration, CliError>)| match read {
        Err(error) => Ok(Line::refused(path, None, one_line(error))),
        Ok(signed) => match taken.next() {
            Some(taken) => Line::of(path, signed, taken, receipts),
            None => Ok(Line::refused(path, Some(signed), "no answer; please report".to_owned())),
        },
    };
    paths.iter().zip(&read).map(line).collect()
}

fn read_and_record(ledger: &mut Ledger, receipts: &Receipts, path: &Path) -> Result<Line, CliError> {
    let (_, policy) = ledger.begun_epoch()?;
    units(ledger, receipts, path, &read_units(path, Rounds::of(&policy))?)
}

/// Records the units that a file has.
pub fn units(ledger: &mut Ledger, receipts: &Receipts, path: &Path, units: &Units) -> Result<Line, CliError> {
    let taken = ledger.register_units(units, now()?)?;
    let mut line = Line::recorded(path, taken.before, taken.receipt, receipts)?;
    (line.nodes, line.round) = (Some(taken.nodes), None);
    Ok(line)
}

impl Line {
    fn of(
        path: &Path,
        signed: &SignedRegistration,
        taken: Taken,
        receipts: &Receipts,
    ) -> Result<Self, CliError> {
        match taken {
            Err(refusal) => Ok(Self::refused(path, Some(signed), one_line(&refusal))),
            Ok(registered) => {
                let line = Self::recorded(path, registered.before, registered.receipt, receipts)?;
                Ok(line.named(signed))
            }
        }
    }

    /// Units that are refused, whatever was registered with them; what is wrong with the ledger is no
    /// verdict.
    fn of_units(path: &Path, error: CliError) -> Result<Self, CliError> {
        let is_verdict = match &error {
            CliError::Ingest(_) => true,
            CliError::Vault(error) => !matches!(
                **error,
                VaultError::Database(_)
                    | VaultError::Policy { .. }
                    | VaultError::PolicyChanged { .. }
                    | VaultError::Number
            ),
            _ => false,
        };
        if is_verdict { Ok(Self::refused(path, None, one_line(&error))) } else { Err(error) }
    }

    fn recorded(path: &Path, before: bool, receipt: Receipt, receipts: &Receipts) -> Result<Self, CliError> {
        let (round, entry) = (Some(receipt.round), Some(receipt.index));
        let (receipt, error) = receipts.told(receipt)?;
        let empty = Self::refused(path, None, String::new());
        Ok(Self { accepted: true, before, round, entry, receipt, error, ..empty })
    }

    fn refused(path: &Path, signed: Option<&SignedRegistration>, error: String) -> Self {
        let line = Self {
            file: path.display().to_string(),
            accepted: false,
            before: false,
            contributor: None,
            digest: None,
            nodes: None,
            round: None,
            entry: None,
            receipt: None,
            error: Some(error),
        };
        match signed {
            Some(signed) => line.named(signed),
            None => line,
        }
    }

    fn named(self, signed: &SignedRegistration) -> Self {
        let request = signed.unsigned().request();
        let contributor = Some(checksummed(request.contributor()).to_string());
        Self { contributor, digest: Some(request.digest().to_string()), ..self }
    }
}

/// What became of each.
pub fn describe(lines: &[&Line]) -> String {
    let mut table = table(["file", "of", "round", "entry", "what became of it"]);
    align_right(&mut table, [2, 3]);
    let mut reasons = String::new();
    for line in lines {
        let verdict = match (line.accepted, line.before) {
            (true, false) => "on record",
            (true, true) => "on record before",
            (false, _) => "REFUSED",
        };
        let of = match line.nodes {
            Some(nodes) => format!("units of {}", count(nodes, "node")),
            None => line.contributor.as_deref().map(short_address).unwrap_or_default(),
        };
        let number = |number: Option<u64>| number.map(thousands).unwrap_or_default();
        table.add_row([
            output::file_cell(&line.file),
            Cell::new(of),
            Cell::new(number(line.round)),
            Cell::new(number(line.entry)),
            Cell::new(verdict),
        ]);
        if let Some(error) = &line.error {
            reasons.push_str(&output::reason(&line.file, error));
        }
    }
    format!("{table}{reasons}")
}
