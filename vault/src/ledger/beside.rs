//! The rows beside the entries, held against what the entries say.
//!
//! Triggers keep rows from being changed or taken away. A row that somebody else puts beside an entry they
//! cannot tell from one of the ledger's own: it is found here, and named.

use std::collections::BTreeSet;

use fairshare_audit::registry::Span;
use fairshare_formats::ledger::{
    Earning, Event, Files, Kind, Stored, Transfer, earnings_from_csv, transfers_from_csv,
};
use fairshare_formats::registry::{recorded_from_json, signed_from_json};
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Unsigned;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement;
use fairshare_verifier::bundle::Header;

use super::export::{end, entry};
use super::{Ledger, Result, id, identity};
use crate::database::{Transaction, Value};
use crate::error::VaultError;

/// Rows of a table that are not those that an entry gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The entry that they name.
    pub entry: u64,
    /// The table.
    pub table: &'static str,
}

/// A table beside the entries: its name, its columns, and the kinds of entries that have rows in it.
struct Table {
    name: &'static str,
    columns: &'static str,
    kinds: &'static [Kind],
}

const TABLES: [Table; 9] = [
    Table {
        name: "spans",
        columns: "epoch, rules_hash, first_round, last_round, ends_by, proving_seconds, pool, token_symbol, \
                  token_decimals",
        kinds: &[Kind::Rules],
    },
    Table {
        name: "datasets",
        columns: "digest, root, contributor, round, geometry, schema_hash, records",
        kinds: &[Kind::Registration],
    },
    Table { name: "strikes", columns: "digest, epoch, node", kinds: &[Kind::StrikeData, Kind::StrikeNode] },
    Table { name: "nodes", columns: "epoch, node", kinds: &[Kind::Units] },
    Table {
        name: "bundles",
        columns: "epoch, role, contributor, score, records, latest, file",
        kinds: &[Kind::Bundle],
    },
    Table { name: "earnings", columns: "contributor, compute, data, cumulative", kinds: &[Kind::Settled] },
    Table { name: "transfers", columns: "contributor, amount, cumulative", kinds: &[Kind::Sent] },
    Table { name: "pools", columns: "epoch, pool", kinds: &[Kind::Funded] },
    Table { name: "confirmations", columns: "contributor, cumulative, evidence", kinds: &[Kind::Confirmed] },
];

/// What stands in the place of `confirmations` where a contract pays.
const CLAIMS: Table =
    Table { name: "claims", columns: "contributor, cumulative, evidence", kinds: &[Kind::Confirmed] };

/// The tables of a ledger that follows a contract, or of one that does not.
fn tables(transaction: &mut Transaction<'_>) -> Result<impl Iterator<Item = &'static Table> + use<>> {
    let swapped = |table: &'static Table| if table.kinds == CLAIMS.kinds { &CLAIMS } else { table };
    let follows = follows(transaction)?;
    Ok(TABLES.iter().map(move |table| if follows { swapped(table) } else { table }))
}

fn follows(transaction: &mut Transaction<'_>) -> Result<bool> {
    Ok(identity(transaction)?.is_some_and(|identity| identity.settlement == Settlement::Contract))
}

/// Most of them that are told.
const MOST: usize = 1_000;

impl Ledger {
    /// Rows that are not those that their entries give: as long as there are any, what the ledger says of
    /// epochs, data and amounts is not what its entries say. The first thousand, in order.
    pub fn beside(&mut self) -> Result<Vec<Beside>> {
        let entries = self.database.read(end)?.map_or(0, |(index, _)| index);
        let mut found = self.database.read(|transaction| {
            let others = tables(transaction)?.map(|table| others(transaction, table));
            Ok::<_, crate::VaultError>(others.collect::<Result<Vec<_>>>()?.concat())
        })?;
        for index in 1..=entries {
            if found.len() >= MOST {
                break;
            }
            found.extend(self.database.read(|transaction| {
                let (stored, files) = entry(transaction, index)?;
                differing(transaction, &stored, &files)
            })?);
        }
        found.sort_by_key(|beside| (beside.entry, beside.table));
        found.truncate(MOST);
        Ok(found)
    }
}

/// Whether what is computed from is of entries: rows of entries that give none, and of those that give many
/// all. (Of any other an entry has one, which no other can stand beside.) It takes a look at the tables'
/// indices, and not at every entry.
pub(super) fn check_rows(transaction: &mut Transaction<'_>) -> Result<()> {
    for table in tables(transaction)? {
        if let Some(Beside { entry, table }) = others(transaction, table)?.first() {
            return Err(VaultError::Beside { entry: *entry, table });
        }
    }
    let sql =
        format!("SELECT id FROM entries WHERE kind IN ('{}', '{}') ORDER BY id", Kind::Units, Kind::Sent);
    for row in &transaction.query(&sql, &[])? {
        let (stored, files) = entry(transaction, row.count("id")?)?;
        if let Some(Beside { entry, table }) = differing(transaction, &stored, &files)? {
            return Err(VaultError::Beside { entry, table });
        }
    }
    Ok(())
}

/// Rows of entries that have none in the table.
fn others(transaction: &mut Transaction<'_>, table: &Table) -> Result<Vec<Beside>> {
    let Table { name, kinds, .. } = *table;
    let kinds: Vec<_> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
    let sql = format!(
        "SELECT DISTINCT entry FROM {name} WHERE NOT EXISTS (SELECT 1 FROM entries WHERE id = {name}.entry \
         AND kind IN ({})) ORDER BY entry LIMIT {MOST}",
        kinds.join(", ")
    );
    let rows = transaction.query(&sql, &[])?;
    rows.iter().map(|row| Ok(Beside { entry: row.count("entry")?, table: name })).collect()
}

/// Whether the rows of an entry are those that it gives. Of an entry that cannot be read an audit tells.
fn differing(transaction: &mut Transaction<'_>, stored: &Stored, files: &Files) -> Result<Option<Beside>> {
    let kind = stored.event.kind();
    let sql = "SELECT kind, epoch FROM entries WHERE id = $1";
    let row = transaction.query_one(sql, &[id(stored.index)?])?;
    let epoch = stored.event.epoch().map(|epoch| epoch.to_string());
    if (row.text("kind")?, row.optional_text("epoch")?) != (kind.name(), epoch.as_deref()) {
        return Ok(Some(Beside { entry: stored.index, table: "entries" }));
    }
    let Some(Table { name, columns, .. }) = tables(transaction)?.find(|table| table.kinds.contains(&kind))
    else {
        return Ok(None);
    };
    let Some(expected) = expected(transaction, &stored.event, files)? else { return Ok(None) };
    let sql = format!("SELECT {columns} FROM {name} WHERE entry = $1");
    let found = transaction.query(&sql, &[id(stored.index)?])?;
    let values = |row: &crate::database::Row| {
        let value = |column: &str| Ok(row.value(column)?.clone());
        columns.split(", ").map(value).collect::<Result<Vec<_>>>()
    };
    let found = found.iter().map(values).collect::<Result<Vec<_>>>()?;
    let is_same = found.len() == expected.len() && in_order(&found) == in_order(&expected);
    Ok((!is_same).then_some(Beside { entry: stored.index, table: name }))
}

/// Rows in whatever order.
fn in_order(rows: &[Vec<Value>]) -> BTreeSet<String> {
    rows.iter().map(|row| format!("{row:?}")).collect()
}

/// The rows that an entry gives, in its table's columns; none if it cannot be read.
fn expected(
    transaction: &mut Transaction<'_>,
    event: &Event,
    files: &Files,
) -> Result<Option<Vec<Vec<Value>>>> {
    Ok(match event {
        Event::Rules { rules_hash, .. } => span(rules_hash, files),
        Event::Registration { round, .. } => registered(transaction, files.single())?.map(|unsigned| {
            let root = unsigned.evidence().map(|evidence| evidence.storage_root.to_string());
            let registration = Registration::from(unsigned.request());
            vec![vec![
                registration.digest().to_string().into(),
                root.into(),
                registration.contributor().into(),
                text((*round).into()),
                registration.geometry().name().into(),
                registration.schema_hash().to_string().into(),
                i64::from(registration.records()).into(),
            ]]
        }),
        Event::StrikeData { digest, .. } => {
            Some(vec![vec![digest.to_string().into(), Value::Null, Value::Null]])
        }
        Event::StrikeNode { epoch, node, .. } => {
            Some(vec![vec![Value::Null, text((*epoch).into()), node.into()]])
        }
        Event::Funded { epoch, pool } => Some(vec![vec![text((*epoch).into()), text(*pool)]]),
        Event::Units { epoch, .. } => nodes(*epoch, files.single()),
        Event::Bundle { epoch, role, contributor, score, file } => {
            let Some([records, latest]) = covered(transaction, *role, files.single())? else {
                return Ok(None);
            };
            let start =
                [text((*epoch).into()), role.name().into(), contributor.into(), text((*score).into())];
            Some(vec![start.into_iter().chain([records, latest, file.to_string().into()]).collect()])
        }
        Event::Settled(_) => earnings_from_csv(files.single()).ok().map(|earnings| {
            let row = |Earning { contributor, compute, data, cumulative }: Earning| {
                vec![(&contributor).into(), text(compute), text(data), text(cumulative)]
            };
            earnings.into_iter().map(row).collect()
        }),
        Event::Sent { .. } => transfers_from_csv(files.single()).ok().map(|transfers| {
            let row = |Transfer { contributor, amount, cumulative }: Transfer| {
                vec![(&contributor).into(), text(amount), text(cumulative)]
            };
            transfers.into_iter().map(row).collect()
        }),
        Event::Confirmed { contributor, cumulative, evidence } => {
            Some(vec![vec![contributor.into(), text(*cumulative), evidence.as_str().into()]])
        }
        Event::Rounds { .. } | Event::Ended { .. } | Event::Closed { .. } => None,
    })
}

fn text(number: u128) -> Value {
    number.to_string().into()
}

/// What rules say of an epoch's place in time.
fn span(rules_hash: &Digest, files: &Files) -> Option<Vec<Vec<Value>>> {
    let policy = files.policy().ok()?.policy().ok()?;
    let Span { epoch, first, last, ends_by, proving_seconds, pool } = Span::of(policy.terms());
    let numbers = [first, last, ends_by, proving_seconds].map(|number| text(number.into()));
    let row = [text(epoch.into()), rules_hash.to_string().into()];
    let token = policy.token();
    let symbol = token.map(|token| token.symbol().to_owned()).into();
    let decimals = token.map(|token| i64::from(token.decimals())).into();
    Some(vec![row.into_iter().chain(numbers).chain([text(pool), symbol, decimals]).collect()])
}

/// What the file of a registration says, in the form that the ledger keeps it in.
fn registered(transaction: &mut Transaction<'_>, file: &[u8]) -> Result<Option<Unsigned>> {
    Ok(if follows(transaction)? {
        recorded_from_json(file).ok().map(|recorded| recorded.unsigned().clone())
    } else {
        signed_from_json(file).ok().map(|signed| signed.unsigned().clone())
    })
}

/// The nodes in the first line of a table of units, as this program writes it.
fn nodes(epoch: u64, table: &[u8]) -> Option<Vec<Vec<Value>>> {
    let first = std::str::from_utf8(table).ok()?.lines().next()?;
    Some(first.split(',').skip(1).map(|node| vec![epoch.to_string().into(), node.into()]).collect())
}

/// The records, and the latest round, of what a bundle covers by the datasets on record.
fn covered(transaction: &mut Transaction<'_>, role: Role, bundle: &[u8]) -> Result<Option<[Value; 2]>> {
    if role == Role::Compute {
        return Ok(Some([Value::Null, Value::Null]));
    }
    let Ok(header) = Header::read(bundle) else { return Ok(None) };
    let (mut records, mut latest) = (0i64, 0u64);
    for digest in &header.digests {
        let sql = "SELECT records, round FROM datasets WHERE digest = $1";
        let Some(row) = transaction.query_first(sql, &[digest.to_string().into()])? else { return Ok(None) };
        records = records.saturating_add(row.integer("records")?);
        latest = latest.max(row.parsed("round")?);
    }
    Ok(Some([records.into(), latest.to_string().into()]))
}
