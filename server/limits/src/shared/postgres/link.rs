//! Connections: how a session is set up, the tables, and what errors are called. No text here may tell a secret.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::text;
use crate::store::StoreAway;

/// What a session is like. No peer that is lost holds a row for longer than a second, and nothing is waited for longer
/// than a few. An answer waits for no disk: after a crash the table is empty anyway.
///
/// Plans are made once. They must not depend on how large the table was at that time, so all ways but the index are off;
/// a bitmap scan would not tell the index which of its entries are dead.
const SESSION: &str = "SET synchronous_commit = off; SET lock_timeout = '2s'; SET statement_timeout = '4s'; \
    SET idle_in_transaction_session_timeout = '1s'; SET default_transaction_isolation = 'read committed'; \
    SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

/// Now, by the server's clock, in microseconds.
pub(super) const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// The same, but one instant in a whole statement.
pub(super) const NOW: &str = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint";

/// A lock on the making of tables: two at once would both find nothing there.
const MAKING: i64 = 0x666c_7578_6f72;

/// How long a connection may take to be there, and any statement to be answered, whatever the network does.
const LONGEST: Duration = Duration::from_secs(8);

/// How to connect, and where the tables are.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) options: PgConnectOptions,
    pub(super) schema: Option<String>,
    pub(super) states: String,
    pub(super) replicas: String,
}

impl Access {
    pub(super) fn new(options: PgConnectOptions) -> Access {
        // Statements name keys, and keys name people: they are not logged.
        let options = options.application_name("fluxor-limits").disable_statement_logging();
        Access { options, schema: None, states: "limits_states".to_owned(), replicas: "limits_replicas".to_owned() }
    }

    /// The table of states.
    pub(super) fn states(&self) -> String {
        self.named(&self.states)
    }

    /// The table of processes.
    pub(super) fn replicas(&self) -> String {
        self.named(&self.replicas)
    }

    fn named(&self, table: &str) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", text::name(schema), text::name(table)),
            None => text::name(table),
        }
    }

    /// A session.
    pub(super) async fn connect(&self) -> Result<PgConnection, StoreAway> {
        let connected = async {
            let mut connection = self.options.connect().await?;
            sqlx::raw_sql(SESSION).execute(&mut connection).await?;
            Ok(connection)
        };
        in_time(connected).await
    }

    /// Sees to it that the server can be written to and that the tables are there, and prepares the statements of a
    /// batch. Who may not make tables can use ones that are there.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<(), StoreAway> {
        let (states, replicas) = (self.states(), self.replicas());
        let (one, other) = (text::literal(&states), text::literal(&replicas));
        let look = format!(
            "SELECT pg_is_in_recovery(), current_setting('server_encoding'), \
             to_regclass({one}) IS NOT NULL AND to_regclass({other}) IS NOT NULL"
        );
        let found = last(connection, look).await?;
        let read = |_| StoreAway("the server answers what is not understood".to_owned());
        if found.try_get(0).map_err(read)? {
            return Err(StoreAway("this server is a standby, which can only be read".to_owned()));
        }
        let encoding: String = found.try_get(1).map_err(read)?;
        if encoding != "UTF8" {
            return Err(StoreAway(format!("the database is in {encoding}, keys are in UTF8")));
        }
        if !found.try_get(2).map_err(read)? {
            let made = run(connection, make(&states, &replicas)).await;
            made.map_err(|StoreAway(why)| {
                StoreAway(format!("the tables {states} and {replicas} are not there and cannot be made: {why}"))
            })?;
        }
        run(connection, statements(&states)).await
    }
}

/// The tables. Rows are written again and again: half of each page is left free, so that a new version of a row is put
/// beside the old one and no index is touched. (An index on `untouched` would undo that.) Dead versions are cleared
/// away soon, without giving the end of the table back, for which it would have to be locked.
fn make(states: &str, replicas: &str) -> String {
    format!(
        "BEGIN; SELECT pg_advisory_xact_lock({MAKING}); \
         CREATE UNLOGGED TABLE IF NOT EXISTS {states} \
         (key text COLLATE \"C\" PRIMARY KEY, state text NOT NULL, untouched bigint NOT NULL) \
         WITH (fillfactor = 50, vacuum_truncate = off, autovacuum_vacuum_threshold = 1000, \
         autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = -1, \
         autovacuum_vacuum_cost_delay = 0); \
         CREATE UNLOGGED TABLE IF NOT EXISTS {replicas} \
         (name text COLLATE \"C\" PRIMARY KEY, until bigint NOT NULL); COMMIT"
    )
}

/// The statements of a batch. All locks of a transaction are taken by the first, in the order of keys; rows that are
/// not there are made by the second before, in a transaction of its own and in the same order.
fn statements(states: &str) -> String {
    format!(
        "PREPARE limits_lock(text[]) AS \
         SELECT key, state FROM {states} WHERE key = ANY($1) ORDER BY key FOR UPDATE; \
         PREPARE limits_make(text[], bigint) AS \
         INSERT INTO {states} (key, state, untouched) SELECT made.key, '', $2 \
         FROM unnest($1) AS made(key) ORDER BY made.key COLLATE \"C\" ON CONFLICT DO NOTHING; \
         PREPARE limits_write(text[], text[], bigint[]) AS \
         UPDATE {states} AS states SET state = written.state, untouched = written.untouched \
         FROM unnest($1, $2, $3) AS written(key, state, untouched) WHERE states.key = written.key"
    )
}

/// The connection beside that of the batches: for what is rare, and must not wait for them. One that failed is not
/// used again; the next question makes another.
pub(super) struct Side {
    access: Access,
    connection: Mutex<Option<PgConnection>>,
}

impl Side {
    pub(super) fn new(access: Access, connection: PgConnection) -> Side {
        Side { access, connection: Mutex::new(Some(connection)) }
    }

    /// The last row that statements answer.
    pub(super) async fn ask(&self, sql: String) -> Result<PgRow, StoreAway> {
        let mut place = self.connection.lock().await;
        // Who is dropped while it waits takes the connection along.
        let mut connection = match place.take() {
            Some(connection) => connection,
            None => self.access.connect().await?,
        };
        let row = last(&mut connection, sql).await?;
        *place = Some(connection);
        Ok(row)
    }

    pub(super) fn access(&self) -> &Access {
        &self.access
    }
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), StoreAway> {
    in_time(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop) }).await
}

async fn last(connection: &mut PgConnection, sql: String) -> Result<PgRow, StoreAway> {
    let rows = in_time(async { sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await }).await?;
    rows.into_iter().next_back().ok_or_else(|| StoreAway("the server answers nothing".to_owned()))
}

/// Waits for the server, but not for ever.
pub(super) async fn in_time<R>(work: impl Future<Output = Result<R, sqlx::Error>>) -> Result<R, StoreAway> {
    match timeout(LONGEST, work).await {
        Ok(done) => done.map_err(|error| StoreAway(told(&error))),
        Err(_) => Err(StoreAway("the server does not answer".to_owned())),
    }
}

/// What an error is called. Of what the server says, the details (which may name keys) are left out.
pub(super) fn told(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => match error.code() {
            Some(code) => format!("{} ({code})", error.message()),
            None => error.message().to_owned(),
        },
        sqlx::Error::Io(error) => format!("no connection: {error}"),
        sqlx::Error::Tls(error) => format!("no TLS: {error}"),
        sqlx::Error::Protocol(_) => "the server answers what is not understood".to_owned(),
        _ => "the connection cannot be used".to_owned(),
    }
}
