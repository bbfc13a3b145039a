//! A domain of one table, so that the engine's stores can be tested without procurement: counters by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::domain::{ActionType, Call, Domain, Done, NotDone, Vocabulary};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::store::{Connection, Migration, Persist, StoreError};
use serde::Serialize;
use sqlx::Row as _;

/// The domain's migrations.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 2,
    name: "counter",
    sqlite: "CREATE TABLE counter (
       tenant INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, version INTEGER NOT NULL,
       PRIMARY KEY (tenant, name)) STRICT, WITHOUT ROWID;",
    postgres: "CREATE TABLE counter (
       tenant BIGINT NOT NULL, name TEXT COLLATE \"C\" NOT NULL, value BIGINT NOT NULL, version BIGINT NOT NULL,
       PRIMARY KEY (tenant, name));",
}];

/// A counter's new image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetCounter {
    /// Which.
    pub name: String,
    /// Its value.
    pub value: i64,
    /// The version that was loaded; 0: a new row.
    pub base: i64,
}

/// Value and version by tenant and name.
pub type Counters = BTreeMap<(TenantId, String), (i64, i64)>;

/// The domain.
#[derive(Debug, Default)]
pub struct CounterDomain {
    vocabulary: Vocabulary,
}

impl Domain for CounterDomain {
    type Need = String;
    type Facts = Counters;
    type Op = SetCounter;
    type Undo = ();

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn fact(&self, name: &str, _: &Call<'_, Counters>) -> Result<Value, NotDone<String>> {
        Err(NotDone::Failed(format!("no fact {name}")))
    }

    fn act(&self, name: &str, _: &Call<'_, Counters>) -> Result<Done<SetCounter>, NotDone<String>> {
        assert_ne!(name, BREAK, "a panic, as a fault of the domain's code would be");
        Err(NotDone::Failed(format!("no action {name}")))
    }

    fn apply(&self, facts: &mut Counters, tenant: TenantId, op: &SetCounter) {
        facts.insert((tenant, op.name.clone()), (op.value, op.base + 1));
    }

    fn undo(&self, _: &mut Counters, (): ()) {}

    fn message(&self, name: &str, _: &Call<'_, Counters>) -> Result<Document, NotDone<String>> {
        Err(NotDone::Failed(format!("no message {name}")))
    }
}

fn broken(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(e) if e.is_unique_violation() => StoreError::Conflict("counter".to_owned()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

const LOAD: &str = "SELECT value, version FROM counter WHERE tenant = $1 AND name = $2";
const ADD: &str = "INSERT INTO counter (tenant, name, value, version) VALUES ($1, $2, $3, 1)";
const SET: &str =
    "UPDATE counter SET value = $3, version = version + 1 WHERE tenant = $1 AND name = $2 AND version = $4";

/// The same body for either driver: a domain of one table needs no more.
macro_rules! each {
    ($c:ident, $needs:ident, $facts:ident) => {
        for (tenant, name) in $needs {
            let row = sqlx::query(LOAD).bind(tenant.0).bind(name).fetch_optional(&mut *$c).await.map_err(broken)?;
            if let Some(row) = row {
                $facts.insert((*tenant, name.clone()), (row.get(0), row.get(1)));
            }
        }
    };
    (write $c:ident, $ops:ident) => {
        for (tenant, op) in $ops {
            let query = sqlx::query(if op.base == 0 { ADD } else { SET }).bind(tenant.0).bind(&op.name).bind(op.value);
            let query = if op.base == 0 { query } else { query.bind(op.base) };
            if query.execute(&mut *$c).await.map_err(broken)?.rows_affected() != 1 {
                return Err(StoreError::Conflict("counter".to_owned()));
            }
        }
    };
}

impl Persist for CounterDomain {
    type Memory = Counters;

    async fn load(
        &self,
        connection: Connection<'_, Counters>,
        needs: &BTreeSet<(TenantId, String)>,
        facts: &mut Counters,
    ) -> Result<(), StoreError> {
        match connection {
            Connection::Memory(memory) => {
                let found = needs.iter().filter_map(|key| memory.get(key).map(|row| (key.clone(), *row)));
                facts.extend(found);
            }
            Connection::Sqlite(c) => each!(c, needs, facts),
            Connection::Postgres(c) => each!(c, needs, facts),
        }
        Ok(())
    }

    async fn write(
        &self,
        connection: Connection<'_, Counters>,
        ops: &[(TenantId, SetCounter)],
    ) -> Result<(), StoreError> {
        match connection {
            Connection::Memory(memory) => {
                let mut changed = Counters::new();
                for (tenant, op) in ops {
                    let key = (*tenant, op.name.clone());
                    let stored = changed.get(&key).or_else(|| memory.get(&key));
                    if stored.map_or(0, |row| row.1) != op.base {
                        return Err(StoreError::Conflict("counter".to_owned()));
                    }
                    changed.insert(key, (op.value, op.base + 1));
                }
                memory.extend(changed);
            }
            Connection::Sqlite(c) => each!(write c, ops),
            Connection::Postgres(c) => each!(write c, ops),
        }
        Ok(())
    }
}

/// An action that panics.
pub const BREAK: &str = "break_off";

/// A domain whose vocabulary has [`BREAK`].
#[must_use]
pub fn breaking() -> Arc<CounterDomain> {
    let action =
        ActionType { major: 1, params: vec![], subjects: vec![], payload: vec![], writes: vec![], help: "".into() };
    let actions = [(BREAK.into(), action)].into();
    Arc::new(CounterDomain { vocabulary: Vocabulary { actions, ..Vocabulary::default() } })
}

/// A domain to open a store with.
#[must_use]
pub fn domain() -> Arc<CounterDomain> {
    Arc::default()
}
