//! API keys.

use super::{Columns, Conn, Row, failed};
use crate::commit::ApiKeyRow;
use crate::ids::{Digest, PersonId, TenantId};
use crate::store::StoreError;

/// Read for each request, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] =
    &[("API_KEY", BY_SECRET), ("API_KEY_BY_ID", BY_ID), ("PUT_API_KEY", PUT)];

const BY_SECRET: &str = "SELECT tenant, id, secret_hash, person, label, administrator, created_at, revoked_at
     FROM api_key
     WHERE secret_hash = $1
       AND revoked_at IS NULL";

pub(crate) async fn by_secret(c: &mut Conn, secret_hash: Digest) -> Result<Option<ApiKeyRow>, StoreError> {
    let query = sqlx::query(BY_SECRET).bind(secret_hash.0.to_vec());
    query.fetch_optional(c).await.map_err(failed)?.as_ref().map(api_key).transpose()
}

const BY_ID: &str = "SELECT tenant, id, secret_hash, person, label, administrator, created_at, revoked_at
     FROM api_key
     WHERE tenant = $1
       AND id = $2";

/// Rare: one statement a row.
pub(crate) async fn by_id<'a>(
    c: &mut Conn,
    ids: impl Iterator<Item = (TenantId, &'a str)>,
) -> Result<Vec<ApiKeyRow>, StoreError> {
    let mut found = Vec::new();
    for (tenant, id) in ids {
        let row = sqlx::query(BY_ID).bind(tenant.0).bind(id).fetch_optional(&mut *c).await.map_err(failed)?;
        found.extend(row.as_ref().map(api_key).transpose()?);
    }
    Ok(found)
}

const OF_TENANT: &str = "SELECT tenant, id, secret_hash, person, label, administrator, created_at, revoked_at
     FROM api_key
     WHERE tenant = $1
     ORDER BY id";

pub(crate) async fn of_tenant(c: &mut Conn, tenant: TenantId) -> Result<Vec<ApiKeyRow>, StoreError> {
    sqlx::query(OF_TENANT).bind(tenant.0).fetch_all(c).await.map_err(failed)?.iter().map(api_key).collect()
}

fn api_key(row: &Row) -> Result<ApiKeyRow, StoreError> {
    let mut row = Columns::of(row, "api_key");
    Ok(ApiKeyRow {
        tenant: TenantId(row.next()?),
        id: row.text()?,
        secret_hash: row.digest()?,
        person: PersonId(row.text()?),
        label: row.next()?,
        administrator: row.next()?,
        created_at: row.instant()?,
        revoked_at: row.next::<Option<i64>>()?.map(crate::clock::Timestamp::from_micros),
    })
}

// A key's secret, person and age never change: only what may change is set.
const PUT: &str = "INSERT INTO api_key (tenant, id, secret_hash, person, label, administrator, created_at, revoked_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant, id) DO UPDATE
     SET label = excluded.label, administrator = excluded.administrator, revoked_at = excluded.revoked_at";

/// Rare: one statement a row.
pub(crate) async fn put(c: &mut Conn, rows: &[ApiKeyRow]) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query(PUT)
            .bind(row.tenant.0)
            .bind(&*row.id)
            .bind(row.secret_hash.0.to_vec())
            .bind(row.person.as_str())
            .bind(&*row.label)
            .bind(row.administrator)
            .bind(row.created_at.micros())
            .bind(row.revoked_at.map(crate::clock::Timestamp::micros))
            .execute(&mut *c)
            .await
            .map_err(failed)?;
    }
    Ok(())
}
