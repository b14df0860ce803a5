//! PostgreSQL: one database behind several operators.
//!
//! Nothing here outlives its transaction: no setting of the session, no prepared statement, no lock. So each
//! transaction may have another session, as behind pgbouncer in transaction mode. (The client's `query` and
//! `execute` prepare a statement by name, `s0`, `s1`, …: one that outlives its transaction is in the way of
//! another client's. Its `…_typed` methods use the unnamed statement, which cannot, in one round trip.)

use std::sync::Arc;

use ::postgres::config::{Host, SslMode};
use ::postgres::error::Error;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, IsolationLevel, Transaction};

use super::location::Server;
use super::{DatabaseError, PATIENCE, Row, Value, passfile};

type Result<T> = std::result::Result<T, Error>;

/// How long a server may take to answer a connection, unless the URL says otherwise.
const CONNECT: std::time::Duration = std::time::Duration::from_secs(10);

/// How long a connection that nothing comes over may be dead: a server's machine that lost its power says
/// nothing, and who waits for it would wait for ever.
const SILENT: std::time::Duration = std::time::Duration::from_secs(60);

/// Connects.
pub fn open(server: &Server) -> super::Result<Client> {
    let environment = |name: &str| std::env::var(name).ok();
    let tls = server.tls().with_defaults(&environment)?;
    let mut config = server.config().clone();
    config.ssl_mode(tls.client_mode());
    if !config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_))) {
        // Nobody is in between there, and no server has TLS on a Unix socket.
        config.ssl_mode(SslMode::Disable);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    // The client's default is two hours, which nobody asks for by name.
    if config.get_keepalives_idle() >= std::time::Duration::from_secs(7200) {
        config.keepalives_idle(SILENT / 2).keepalives_interval(SILENT / 6).keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENT);
    }
    if config.get_application_name().is_none() {
        config.application_name("fairshare");
    }
    if config.get_password().is_none_or(<[u8]>::is_empty)
        && let Some(password) = passfile::password(&config, &environment)?
    {
        config.password(password);
    }
    config.connect(tls.connector()?).map_err(|error| DatabaseError::of_postgres(error, server))
}

/// Every writer takes the lock first, whether there is a ledger yet or not, and holds it to its end; what it
/// reads after that is what the writer before it left. That takes a view of its own for each statement,
/// whatever the server's default is: one view for all would be as old as the wait for the lock is long.
pub fn begin_write(client: &mut Client) -> Result<Transaction<'_>> {
    let mut transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).read_only(false).start()?;
    transaction.batch_execute(&format!("{}; SELECT pg_advisory_xact_lock({LOCK})", patience()))?;
    Ok(transaction)
}

/// `fairvalt` in ASCII: other programs in the same database have other numbers.
const LOCK: i64 = 0x6661_6972_7661_6c74;

/// A reader has one view from its first statement on.
pub fn begin_read(client: &mut Client) -> Result<Transaction<'_>> {
    let mut transaction =
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
    transaction.batch_execute(&patience())?;
    Ok(transaction)
}

/// What each transaction is bound to: how long it waits for another one's lock, and that a name is a table of
/// the ledger's schema, and not one that somebody before it has made for the session, which behind pgbouncer
/// is his.
fn patience() -> String {
    format!(
        "SET LOCAL lock_timeout = '{}s'; SELECT set_config('search_path', \
         coalesce(quote_ident(current_schema()), 'public') || ', pg_temp', true)",
        PATIENCE.as_secs()
    )
}

pub fn execute(transaction: &mut Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<u64> {
    transaction.execute_typed(sql, &typed(parameters))
}

pub fn query(transaction: &mut Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
    let rows = transaction.query_typed(sql, &typed(parameters))?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter()
        .map(|row| {
            let values = (0..row.len()).map(|column| row.try_get(column));
            Ok(Row::new(&names, values.collect::<Result<_>>()?))
        })
        .collect()
}

fn typed(parameters: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    parameters.iter().map(|value| (value as &(dyn ToSql + Sync), value.server_type())).collect()
}
