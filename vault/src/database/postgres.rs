//! PostgreSQL: one database behind several operators.

use std::str::FromStr;

use ::postgres::{Client, Config, IsolationLevel, NoTls, Transaction, types::ToSql};

use super::{DatabaseError, PATIENCE, Result, Row, Value};

/// How long a server may take to answer a connection.
const CONNECT: std::time::Duration = std::time::Duration::from_secs(10);

/// Connects. The connection is not encrypted: use a Unix socket, this machine, or a tunnel.
pub fn open(url: &str) -> Result<Client> {
    let mut config = Config::from_str(url).map_err(|source| DatabaseError::Url(source.into()))?;
    config.connect_timeout(CONNECT).application_name("fairshare");
    let mut client = config.connect(NoTls)?;
    client.batch_execute(&format!("SET lock_timeout = '{}s'", PATIENCE.as_secs()))?;
    Ok(client)
}

/// Every writer takes this lock first, whether there is a ledger yet or not, and holds it to its end; what it
/// reads after that is what the writer before it left.
pub fn begin_write(client: &mut Client) -> Result<Transaction<'_>> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))?;
    Ok(transaction)
}

/// `fairvalt` in ASCII: other programs in the same database have other numbers.
const LOCK: i64 = 0x6661_6972_7661_6c74;

pub fn begin_read(client: &mut Client) -> Result<Transaction<'_>> {
    Ok(client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?)
}

pub fn execute(transaction: &mut Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<u64> {
    Ok(transaction.execute(sql, &references(parameters))?)
}

pub fn query(transaction: &mut Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
    let rows = transaction.query(sql, &references(parameters))?;
    rows.iter()
        .map(|row| {
            let values = (0..row.len()).map(|column| row.try_get(column));
            Ok(Row(values.collect::<std::result::Result<_, ::postgres::Error>>()?))
        })
        .collect()
}

fn references(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}
