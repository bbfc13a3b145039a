//! Instances with their tasks: one statement reads both, so that they are of one moment.

use uuid::Uuid;

use super::dialect::has_incident;
use super::{Columns, Conn, Row, dialect, failed};
use crate::ids::{DefinitionHash, InstanceId, PersonId, TenantId};
use crate::instance::{Instance, Status, Task};
use crate::store::rows::{InstanceRow, TaskRow, attach, inconsistent, instance_columns};
use crate::store::{InstancePage, PinnedCount, StateCount, StoreError};

/// Read at each step, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[("INSTANCE", INSTANCE), ("INSTANCE_BY_KEY", INSTANCE_BY_KEY)];

const INSTANCE: &str = concat!(
    "SELECT ",
    instance_columns!(),
    "
     FROM instance AS i
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     WHERE i.tenant = $1
       AND i.id = $2
     ORDER BY t.ordinal"
);

pub(crate) async fn one(c: &mut Conn, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
    let rows = sqlx::query(INSTANCE).bind(tenant.0).bind(id.0).fetch_all(c).await.map_err(failed)?;
    Ok(gather(&rows)?.pop())
}

// Filters along the primary key: state and status stand in no index, because they change at every step.
const PAGE: &str = concat!(
    "SELECT ",
    instance_columns!(),
    "
     FROM (
       SELECT tenant, id
       FROM instance
       WHERE tenant = $1
         AND id < $2
         AND (CAST($3 AS TEXT) IS NULL OR workflow = $3)
         AND (CAST($4 AS TEXT) IS NULL OR state = $4 OR substr(state, 1, length($4) + 1) = $4 || '.')
         AND (CAST($5 AS TEXT) IS NULL OR status = $5)
         AND (CAST($6 AS TEXT) IS NULL OR key = $6)
         AND (CAST($8 AS TEXT) IS NULL OR (status = 'incident' AND ",
    has_incident!("detail", "$8"),
    "))
       ORDER BY id DESC
       LIMIT $7
     ) AS p
     JOIN instance AS i ON i.tenant = p.tenant AND i.id = p.id
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     ORDER BY p.id DESC, t.ordinal"
);

// A business key of a known workflow leads to its instance by the start key.
const INSTANCE_BY_KEY: &str = concat!(
    "SELECT ",
    instance_columns!(),
    "
     FROM instance AS i
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     WHERE i.tenant = $1
       AND i.id = (
         SELECT k.instance
         FROM start_key AS k
         WHERE k.tenant = $1
           AND k.scope = 'workflow:' || CAST($3 AS TEXT)
           AND k.key = $6
       )
       AND i.id < $2
       AND (CAST($4 AS TEXT) IS NULL OR i.state = $4 OR substr(i.state, 1, length($4) + 1) = $4 || '.')
       AND (CAST($5 AS TEXT) IS NULL OR i.status = $5)
       AND (CAST($8 AS TEXT) IS NULL OR (i.status = 'incident' AND ",
    has_incident!("i.detail", "$8"),
    "))
       AND $7 > 0
     ORDER BY t.ordinal"
);

pub(crate) async fn page(c: &mut Conn, page: &InstancePage) -> Result<Vec<Instance>, StoreError> {
    let by_key = page.key.is_some() && page.workflow.is_some();
    let rows = sqlx::query(if by_key { INSTANCE_BY_KEY } else { PAGE })
        .bind(page.tenant.0)
        .bind(page.after.map_or(Uuid::max(), |id| id.0))
        .bind(page.workflow.as_deref())
        .bind(page.state.as_deref())
        .bind(page.status.map(Status::as_str))
        .bind(page.key.as_deref())
        .bind(page.limit)
        .bind(page.incident.as_deref())
        .fetch_all(c)
        .await
        .map_err(failed)?;
    gather(&rows)
}

const COUNTS: &str = "SELECT workflow, state, status, count(*), min(changed_at)
     FROM instance
     WHERE tenant = $1
       AND status <> 'final'
     GROUP BY workflow, state, status
     ORDER BY workflow, state, status";

pub(crate) async fn counts(c: &mut Conn, tenant: TenantId) -> Result<Vec<StateCount>, StoreError> {
    let rows = sqlx::query(COUNTS).bind(tenant.0).fetch_all(c).await.map_err(failed)?;
    let count = |row: &Row| {
        let mut row = Columns::of(row, "instance");
        let (workflow, state, status) = (row.text()?, row.text()?, row.text()?);
        Ok(StateCount {
            status: Status::parse(&status)
                .ok_or_else(|| inconsistent("instance", &*workflow, format!("status `{status}`")))?,
            workflow,
            state,
            count: row.next()?,
            oldest: row.instant()?,
        })
    };
    rows.iter().map(count).collect()
}

const PINNED_COUNTS: &str = "SELECT workflow, definition, count(*)
     FROM instance
     WHERE tenant = $1
       AND status <> 'final'
     GROUP BY workflow, definition
     ORDER BY workflow, definition";

pub(crate) async fn pinned_counts(c: &mut Conn, tenant: TenantId) -> Result<Vec<PinnedCount>, StoreError> {
    let rows = sqlx::query(PINNED_COUNTS).bind(tenant.0).fetch_all(c).await.map_err(failed)?;
    let count = |row: &Row| {
        let mut row = Columns::of(row, "instance");
        Ok(PinnedCount { workflow: row.text()?, definition: DefinitionHash(row.digest()?.0), count: row.next()? })
    };
    rows.iter().map(count).collect()
}

const NEXT_TENANT: &str = "SELECT min(n.tenant)
     FROM (
       SELECT min(tenant) AS tenant FROM instance WHERE tenant > $1
       UNION ALL SELECT min(tenant) FROM record WHERE tenant > $1
       UNION ALL SELECT min(tenant) FROM audit_entry WHERE tenant > $1
       UNION ALL SELECT min(tenant) FROM start_key WHERE tenant > $1
       UNION ALL SELECT min(tenant) FROM organisation WHERE tenant > $1
       UNION ALL SELECT min(tenant) FROM api_key WHERE tenant > $1
     ) AS n";

/// One look into each index a tenant, however many rows it has.
pub(crate) async fn tenants(c: &mut Conn) -> Result<Vec<TenantId>, StoreError> {
    let (mut found, mut after) = (Vec::new(), i64::MIN);
    loop {
        let row = sqlx::query(NEXT_TENANT).bind(after).fetch_one(&mut *c).await.map_err(failed)?;
        let Some(next) = Columns::of(&row, "instance").next::<Option<i64>>()? else { return Ok(found) };
        found.push(TenantId(next));
        after = next;
    }
}

pub(crate) async fn held_by(
    c: &mut Conn,
    tenant: TenantId,
    people: &[PersonId],
    after: Option<(InstanceId, u32)>,
    limit: i64,
) -> Result<Vec<(Instance, u32)>, StoreError> {
    let (after, ordinal) = after.map_or((Uuid::nil(), 0), |(id, ordinal)| (id.0, i64::from(ordinal)));
    let rows =
        dialect::held_by(tenant, people)?.bind(after).bind(ordinal).bind(limit).fetch_all(c).await.map_err(failed)?;
    let held = |row: &Row| Columns::from(row, "task_holder", 24).number();
    let mut found: Vec<(Instance, u32)> = Vec::new();
    for group in rows
        .chunk_by(|a, b| matches!((key(a), key(b), held(a), held(b)), (Ok(k), Ok(l), Ok(m), Ok(n)) if k == l && m == n))
    {
        let ordinal = held(&group[0])?;
        found.extend(gather(group)?.pop().map(|instance| (instance, ordinal)));
    }
    Ok(found)
}

fn key(row: &Row) -> Result<(TenantId, InstanceId), StoreError> {
    let mut row = Columns::of(row, "instance");
    Ok((TenantId(row.next()?), InstanceId(row.next()?)))
}

/// Instances from rows of [`instance_columns`]: the rows of one instance are neighbours.
pub(crate) fn gather<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Result<Vec<Instance>, StoreError> {
    let mut found: Vec<Instance> = Vec::new();
    for row in rows {
        let key = key(row)?;
        if found.last().is_none_or(|last| (last.tenant, last.id) != key) {
            found.push(instance(row)?);
        }
        if let (Some(last), Some(task)) = (found.last_mut(), task(row, key.1)?) {
            attach(last, task)?;
        }
    }
    Ok(found)
}

fn instance(row: &Row) -> Result<Instance, StoreError> {
    let mut row = Columns::of(row, "instance");
    InstanceRow {
        tenant: row.next()?,
        id: row.next()?,
        workflow: row.next()?,
        definition: row.next()?,
        key: row.next()?,
        state: row.next()?,
        status: row.next()?,
        seq: row.next()?,
        state_revision: row.next()?,
        subject: row.next()?,
        detail: row.next()?,
        head: row.next()?,
        started_at: row.next()?,
        changed_at: row.next()?,
    }
    .try_into()
}

fn task(row: &Row, instance: InstanceId) -> Result<Option<Task>, StoreError> {
    let mut row = Columns::from(row, "task", 14);
    let Some(ordinal) = row.next()? else { return Ok(None) };
    let task = TaskRow {
        instance: instance.0,
        ordinal,
        state: row.next()?,
        status: row.next()?,
        revision: row.next()?,
        document: row.next()?,
        due_at: row.next()?,
        holders: row.next()?,
        detail: row.next()?,
        opened_at: row.next()?,
        seq: row.next()?,
    };
    task.try_into().map(Some)
}
