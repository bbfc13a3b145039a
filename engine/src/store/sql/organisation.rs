//! The organisation's revisions.

use super::{Columns, Conn, Row, failed};
use crate::clock::Timestamp;
use crate::commit::OrganisationRow;
use crate::ids::TenantId;
use crate::store::StoreError;

/// Read for each batch, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("ORGANISATION", ORGANISATION),
    ("NEWEST", NEWEST),
    ("REVISION", REVISION),
    ("REVISION_AT", REVISION_AT),
    ("ADD_ORGANISATION", ADD),
];

const ORGANISATION: &str = "SELECT tenant, revision, at, document
     FROM organisation
     WHERE tenant = $1
       AND revision = $2";

const NEWEST: &str = "SELECT tenant, revision, at, document
     FROM organisation
     WHERE tenant = $1
       AND revision > 0
     ORDER BY revision DESC
     LIMIT 1";

/// The organisation at a revision, or at its newest.
pub(crate) async fn at(
    c: &mut Conn,
    tenant: TenantId,
    revision: Option<i64>,
) -> Result<Option<OrganisationRow>, StoreError> {
    let query = match revision {
        Some(revision) => sqlx::query(ORGANISATION).bind(tenant.0).bind(revision),
        None => sqlx::query(NEWEST).bind(tenant.0),
    };
    let read = |row: &Row| {
        let mut row = Columns::of(row, "organisation");
        Ok(OrganisationRow {
            tenant: TenantId(row.next()?),
            revision: row.next()?,
            at: row.instant()?,
            document: row.text()?,
        })
    };
    query.fetch_optional(c).await.map_err(failed)?.as_ref().map(read).transpose()
}

const REVISION: &str = "SELECT revision
     FROM organisation
     WHERE tenant = $1
       AND revision > 0
     ORDER BY revision DESC
     LIMIT 1";

/// The newest revision; 0: there is none.
pub(crate) async fn revision(c: &mut Conn, tenant: TenantId) -> Result<i64, StoreError> {
    let row = sqlx::query(REVISION).bind(tenant.0).fetch_optional(c).await.map_err(failed)?;
    row.map_or(Ok(0), |row| Columns::of(&row, "organisation").next())
}

const REVISION_AT: &str = "SELECT revision
     FROM organisation
     WHERE tenant = $1
       AND revision > 0
       AND at <= $2
     ORDER BY revision DESC
     LIMIT 1";

/// The newest revision that is not younger than `at`; 0: there was none.
pub(crate) async fn revision_at(c: &mut Conn, tenant: TenantId, at: Timestamp) -> Result<i64, StoreError> {
    let row = sqlx::query(REVISION_AT).bind(tenant.0).bind(at.micros()).fetch_optional(c).await.map_err(failed)?;
    row.map_or(Ok(0), |row| Columns::of(&row, "organisation").next())
}

const ADD: &str = "INSERT INTO organisation (tenant, revision, at, document)
     VALUES ($1, $2, $3, $4)";

/// Rare: one statement a row.
pub(crate) async fn add(c: &mut Conn, rows: &[OrganisationRow]) -> Result<(), StoreError> {
    for row in rows {
        let query = sqlx::query(ADD).bind(row.tenant.0).bind(row.revision).bind(row.at.micros()).bind(&*row.document);
        query.execute(&mut *c).await.map_err(failed)?;
    }
    Ok(())
}
