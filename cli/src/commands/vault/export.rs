//! `fairshare vault export`: the claims of an epoch, and the ledger's archive.

use std::io::{self, BufWriter, Write};

use fairshare_formats::archive::{Item, Writer};
use fairshare_storage::files::{self, Access};
use fairshare_vault::{Ledger, VaultError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ExportArgs;
use crate::document::SOFTWARE;
use crate::document::spelling::{Decimal, Hash};
use crate::error::{CliError, Status};
use crate::output::{Output, list, thousands};
use crate::progress;

/// What was written.
#[derive(Serialize, JsonSchema)]
pub struct Exported {
    /// The claims' file; null if it was not asked for.
    claims: Option<String>,
    /// Root of the claims; null without them.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// The sum of the claims, in base units; null without them.
    #[schemars(with = "Option<Decimal>")]
    total: Option<String>,
    /// The rules hash of their epoch; null without them.
    #[schemars(with = "Option<Hash>")]
    rules_hash: Option<String>,
    /// The archive's file; null if it was not asked for.
    archive: Option<String>,
    /// Entries in the archive; null without it.
    entries: Option<u64>,
    /// The ledger's head; null without an archive.
    #[schemars(with = "Option<Hash>")]
    head: Option<String>,
}

pub fn run(ledger: &mut Ledger, args: &ExportArgs, output: Output) -> Result<Status, CliError> {
    let mut exported = Exported {
        claims: None,
        root: None,
        total: None,
        rules_hash: None,
        archive: None,
        entries: None,
        head: None,
    };
    claims(ledger, args, &mut exported)?;
    archive(ledger, args, &mut exported)?;
    output.result(&exported, || describe(&exported))?;
    Ok(Status::Done)
}

fn claims(ledger: &mut Ledger, args: &ExportArgs, exported: &mut Exported) -> Result<(), CliError> {
    let Some(path) = &args.claims else { return Ok(()) };
    let refuse = |source| CliError::File { path: path.clone(), source };
    let tree = ledger.claim_tree(args.epoch)?.ok_or(CliError::NoClaims)?;
    let text = tree.to_json().map_err(|error| refuse(error.into()))?;
    files::write(path, text.as_bytes(), Access::Public).map_err(refuse)?;
    exported.claims = Some(path.display().to_string());
    exported.root = Some(tree.root().to_string());
    exported.total = Some(tree.total().to_string());
    exported.rules_hash = Some(tree.distribution().rules_hash.to_string());
    Ok(())
}

fn archive(ledger: &mut Ledger, args: &ExportArgs, exported: &mut Exported) -> Result<(), CliError> {
    let Some(path) = &args.archive else { return Ok(()) };
    let refuse = |source| CliError::File { path: path.clone(), source };
    let spinner = progress::spinner("writing the archive");
    let file = files::begin(path).map_err(refuse)?;
    let (entries, head) = write(ledger, BufWriter::new(&file)).map_err(|error| match error {
        Unwritten::Vault(error) => error.into(),
        Unwritten::Io(source) => refuse(source),
    })?;
    files::publish(file, path, Access::Public).map_err(refuse)?;
    drop(spinner);
    exported.archive = Some(path.display().to_string());
    (exported.entries, exported.head) = (Some(entries), Some(head));
    Ok(())
}

/// Why an archive was not written.
enum Unwritten {
    Vault(VaultError),
    Io(io::Error),
}

impl From<VaultError> for Unwritten {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

fn write(ledger: &mut Ledger, to: impl Write) -> Result<(u64, String), Unwritten> {
    let (mut writer, mut to, mut end) = (None, Some(to), (0, String::new()));
    ledger.export(SOFTWARE, |item| {
        match item {
            Item::Heading(heading) => {
                end = (heading.entries, heading.head.to_string());
                if let Some(to) = to.take() {
                    writer = Some(Writer::begin(to, &heading).map_err(Unwritten::Io)?);
                }
            }
            Item::Entry(stored, files) => {
                if let Some(writer) = &mut writer {
                    writer.entry(&stored, &files).map_err(Unwritten::Io)?;
                }
            }
        }
        Ok::<_, Unwritten>(())
    })?;
    writer.map_or(Ok(()), Writer::finish).map_err(Unwritten::Io)?;
    Ok(end)
}

fn describe(exported: &Exported) -> String {
    let mut lines = Vec::new();
    if let (Some(path), Some(root), Some(total)) = (&exported.claims, &exported.root, &exported.total) {
        lines.push(("claims", path.clone()));
        lines.push(("root", root.clone()));
        lines.push(("total", format!("{total} base units")));
    }
    lines.extend(exported.rules_hash.as_ref().map(|hash| ("rules hash", hash.clone())));
    if let (Some(path), Some(entries), Some(head)) = (&exported.archive, exported.entries, &exported.head) {
        lines.push(("archive", format!("{path}, {} entries", thousands(entries))));
        lines.push(("head", head.clone()));
    }
    list(&lines)
}
