//! Definitions as they were pinned, shared by all tenants.

use super::{Columns, Conn, Row, failed};
use crate::commit::DefinitionRow;
use crate::ids::DefinitionHash;
use crate::store::StoreError;

/// Read when an instance is, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[("DEFINITION", DEFINITION), ("ADD_DEFINITION", ADD)];

const DEFINITION: &str = "SELECT hash, name, version, source, stored_at
     FROM definition
     WHERE hash = $1";

pub(crate) async fn one(c: &mut Conn, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
    let query = sqlx::query(DEFINITION).bind(hash.0.to_vec());
    query.fetch_optional(c).await.map_err(failed)?.as_ref().map(definition).transpose()
}

// Where a start of the program finds a file that is wrong: reads every definition.
const NEWEST: &str = "SELECT hash, name, version, source, stored_at
     FROM definition
     WHERE name = $1
     ORDER BY stored_at DESC, hash DESC
     LIMIT 1";

pub(crate) async fn newest(c: &mut Conn, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
    let query = sqlx::query(NEWEST).bind(name);
    query.fetch_optional(c).await.map_err(failed)?.as_ref().map(definition).transpose()
}

// Once a start of the program: reads every instance.
const PINNED: &str = "SELECT hash, name, version, source, stored_at
     FROM definition
     WHERE hash IN (SELECT DISTINCT definition FROM instance WHERE status <> 'final')
     ORDER BY hash";

pub(crate) async fn pinned(c: &mut Conn) -> Result<Vec<DefinitionRow>, StoreError> {
    sqlx::query(PINNED).fetch_all(c).await.map_err(failed)?.iter().map(definition).collect()
}

fn definition(row: &Row) -> Result<DefinitionRow, StoreError> {
    let mut row = Columns::of(row, "definition");
    Ok(DefinitionRow {
        hash: DefinitionHash(row.digest()?.0),
        name: row.text()?,
        version: row.number()?,
        source: row.text()?,
        stored_at: row.instant()?,
    })
}

const ADD: &str = "INSERT INTO definition (hash, name, version, source, stored_at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (hash) DO NOTHING";

/// Rare: one statement a row. The hash is the identity, so one that exists is the same.
pub(crate) async fn add(c: &mut Conn, rows: &[DefinitionRow]) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query(ADD)
            .bind(row.hash.0.to_vec())
            .bind(&*row.name)
            .bind(i64::from(row.version))
            .bind(&*row.source)
            .bind(row.stored_at.micros())
            .execute(&mut *c)
            .await
            .map_err(failed)?;
    }
    Ok(())
}
