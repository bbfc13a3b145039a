//! Sessions and one-time links: found by the hash of their secret, forgotten when they have ended.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_engine::store::StoreError;

use super::columns::Reader;
use super::{Conn, Row};
use crate::sessions::{LinkRow, SessionRow};
use crate::statement::{Sql, broken};

const SESSION: &str = "session";
const LINK: &str = "one_time_link";

const BEGIN: Sql = Sql::same(
    SESSION,
    "
        INSERT INTO session (
            tenant, id, secret_hash, person, administrator, api_key, agent, began_at, seen_at, ends_at, key_person, revision
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);

const BY_SECRET: Sql = Sql::same(
    SESSION,
    "
        SELECT t.tenant, t.id, t.secret_hash, t.person, t.administrator, t.api_key, t.agent, t.began_at, t.seen_at, t.ends_at,
            t.key_person, t.revision
        FROM session AS t
        WHERE t.secret_hash = $1",
);

/// Rarely asked: along the tenant's rows, of which there are as many as browsers.
const OF_PERSON: Sql = Sql::same(
    SESSION,
    "
        SELECT t.tenant, t.id, t.secret_hash, t.person, t.administrator, t.api_key, t.agent, t.began_at, t.seen_at, t.ends_at,
            t.key_person, t.revision
        FROM session AS t
        WHERE t.tenant = $1
        AND t.person = $2
        ORDER BY t.began_at DESC, t.id
        LIMIT 100",
);

/// Who looked before does not take back what another has noted since.
const SEEN: Sql = Sql::same(
    SESSION,
    "
        UPDATE session
        SET seen_at = $3, revision = $4
        WHERE tenant = $1
        AND id = $2
        AND seen_at <= $3
        AND revision <= $4",
);

const END: Sql = Sql::same(
    SESSION,
    "
        DELETE FROM session
        WHERE tenant = $1
        AND id = $2
        AND person = $3",
);

const END_OF_KEY: Sql = Sql::same(
    SESSION,
    "
        DELETE FROM session
        WHERE tenant = $1
        AND api_key = $2",
);

const END_LINKS_OF_KEY: Sql = Sql::same(
    LINK,
    "
        DELETE FROM one_time_link
        WHERE tenant = $1
        AND api_key = $2",
);

const KEEP_LINK: Sql = Sql::same(
    LINK,
    "
        INSERT INTO one_time_link (
            tenant, id, secret_hash, person, purpose, target, administrator, made_at, ends_at, used_at, api_key, key_person,
            revision
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);

const LINK_BY_SECRET: Sql = Sql::same(
    LINK,
    "
        SELECT t.tenant, t.id, t.secret_hash, t.person, t.purpose, t.target, t.administrator, t.made_at, t.ends_at, t.used_at,
            t.api_key, t.key_person, t.revision
        FROM one_time_link AS t
        WHERE t.secret_hash = $1",
);

/// Of two who use it at once, one finds it used.
const USE_LINK: Sql = Sql::same(
    LINK,
    "
        UPDATE one_time_link
        SET used_at = $2
        WHERE secret_hash = $1
        AND used_at IS NULL
        AND ends_at > $2",
);

const FORGET: Sql = Sql::same(SESSION, "DELETE FROM session WHERE ends_at < $1");
const FORGET_LINKS: Sql = Sql::same(LINK, "DELETE FROM one_time_link WHERE ends_at < $1");

pub(crate) async fn begin(connection: &mut Conn, row: &SessionRow) -> Result<(), StoreError> {
    let query =
        sqlx::query(super::super::text(&BEGIN)).bind(row.tenant.0).bind(&*row.id).bind(row.secret_hash.0.to_vec());
    let query = query.bind(row.person.as_str()).bind(row.administrator);
    let query = query.bind(row.api_key.as_deref()).bind(&row.agent);
    let query = query.bind(row.began_at.micros()).bind(row.seen_at.micros()).bind(row.ends_at.micros());
    let query = query.bind(row.key_person.as_ref().map(PersonId::as_str)).bind(row.revision);
    query.execute(connection).await.map(drop).map_err(|error| broken(error, SESSION))
}

pub(crate) async fn session(connection: &mut Conn, hash: Digest) -> Result<Option<SessionRow>, StoreError> {
    let query = sqlx::query(super::super::text(&BY_SECRET)).bind(hash.0.to_vec());
    let row = query.fetch_optional(connection).await.map_err(|error| broken(error, SESSION))?;
    row.as_ref().map(decode).transpose()
}

pub(crate) async fn sessions_of(
    connection: &mut Conn,
    tenant: TenantId,
    person: &PersonId,
) -> Result<Vec<SessionRow>, StoreError> {
    let query = sqlx::query(super::super::text(&OF_PERSON)).bind(tenant.0).bind(person.as_str());
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, SESSION))?;
    rows.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<SessionRow, StoreError> {
    let row = Reader::new(SESSION, &["id"], row);
    let at = |name| row.int(name).map(Timestamp::from_micros);
    Ok(SessionRow {
        tenant: row.tenant()?,
        id: row.text("id")?,
        secret_hash: row.digest("secret_hash")?,
        person: PersonId(row.text("person")?),
        administrator: row.flag("administrator")?,
        api_key: row.maybe_text("api_key")?,
        key_person: row.maybe_text("key_person")?.map(PersonId),
        revision: row.int("revision")?,
        agent: row.text("agent")?.to_string(),
        began_at: at("began_at")?,
        seen_at: at("seen_at")?,
        ends_at: at("ends_at")?,
    })
}

pub(crate) async fn seen(
    connection: &mut Conn,
    tenant: TenantId,
    id: &str,
    (at, revision): (Timestamp, i64),
) -> Result<(), StoreError> {
    let query = sqlx::query(super::super::text(&SEEN)).bind(tenant.0).bind(id).bind(at.micros()).bind(revision);
    query.execute(connection).await.map(drop).map_err(|error| broken(error, SESSION))
}

pub(crate) async fn end(
    connection: &mut Conn,
    tenant: TenantId,
    person: &PersonId,
    id: &str,
) -> Result<bool, StoreError> {
    let query = sqlx::query(super::super::text(&END)).bind(tenant.0).bind(id).bind(person.as_str());
    query.execute(connection).await.map(|done| done.rows_affected() > 0).map_err(|error| broken(error, SESSION))
}

pub(crate) async fn end_of_key(connection: &mut Conn, tenant: TenantId, key: &str) -> Result<(), StoreError> {
    for (statement, table) in [(&END_OF_KEY, SESSION), (&END_LINKS_OF_KEY, LINK)] {
        let query = sqlx::query(super::super::text(statement)).bind(tenant.0).bind(key);
        query.execute(&mut *connection).await.map_err(|error| broken(error, table))?;
    }
    Ok(())
}

pub(crate) async fn keep_link(connection: &mut Conn, row: &LinkRow) -> Result<(), StoreError> {
    let query = sqlx::query(super::super::text(&KEEP_LINK)).bind(row.tenant.0).bind(&*row.id);
    let query = query.bind(row.secret_hash.0.to_vec()).bind(row.person.as_str()).bind(row.purpose.as_str());
    let query = query.bind(&*row.target).bind(row.administrator).bind(row.made_at.micros()).bind(row.ends_at.micros());
    let query = query.bind(row.used_at.map(Timestamp::micros)).bind(row.api_key.as_deref());
    let query = query.bind(row.key_person.as_ref().map(PersonId::as_str)).bind(row.revision);
    query.execute(connection).await.map(drop).map_err(|error| broken(error, LINK))
}

pub(crate) async fn link(connection: &mut Conn, hash: Digest) -> Result<Option<LinkRow>, StoreError> {
    let query = sqlx::query(super::super::text(&LINK_BY_SECRET)).bind(hash.0.to_vec());
    let row = query.fetch_optional(connection).await.map_err(|error| broken(error, LINK))?;
    let Some(row) = row else { return Ok(None) };
    let row = Reader::new(LINK, &["id"], &row);
    let at = |name| row.int(name).map(Timestamp::from_micros);
    Ok(Some(LinkRow {
        tenant: row.tenant()?,
        id: row.text("id")?,
        secret_hash: row.digest("secret_hash")?,
        person: PersonId(row.text("person")?),
        purpose: row.parsed("purpose")?,
        target: row.text("target")?,
        administrator: row.flag("administrator")?,
        api_key: row.maybe_text("api_key")?,
        key_person: row.maybe_text("key_person")?.map(PersonId),
        revision: row.int("revision")?,
        made_at: at("made_at")?,
        ends_at: at("ends_at")?,
        used_at: row.maybe_int("used_at")?.map(Timestamp::from_micros),
    }))
}

pub(crate) async fn use_link(
    connection: &mut Conn,
    hash: Digest,
    now: Timestamp,
) -> Result<Option<LinkRow>, StoreError> {
    let query = sqlx::query(super::super::text(&USE_LINK)).bind(hash.0.to_vec()).bind(now.micros());
    let done = query.execute(&mut *connection).await.map_err(|error| broken(error, LINK))?;
    if done.rows_affected() == 0 { Ok(None) } else { link(connection, hash).await }
}

pub(crate) async fn forget(connection: &mut Conn, before: Timestamp) -> Result<(), StoreError> {
    for (statement, table) in [(&FORGET, SESSION), (&FORGET_LINKS, LINK)] {
        let query = sqlx::query(super::super::text(statement)).bind(before.micros());
        query.execute(&mut *connection).await.map_err(|error| broken(error, table))?;
    }
    Ok(())
}
