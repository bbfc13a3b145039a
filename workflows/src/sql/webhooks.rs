//! What is delivered to the endpoints of tenants: kept, claimed, settled, listed, delivered again, forgotten; and their secrets.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, array, execute};
use crate::statement::{Sql, broken};
use crate::webhooks::{
    ClaimedWebhook, FailedWebhooks, MOST_SECRETS, NewWebhook, SettledWebhook, WebhookCounts, WebhookEndpoint,
    WebhookHealth, WebhookRow, WebhookSecret, WebhooksAsked,
};

mod text;

#[allow(unused_imports, reason = "one of the two mounts is asked for both texts")]
pub(crate) use text::STATEMENTS;
use text::{
    ADD_SECRET, CLAIM, COUNTS, DUE, END_SECRETS, FORGET, FORGET_BEYOND, FORGET_OTHERS, FORGET_SECRETS_BEYOND, HEALTH,
    KEEP, LOST_BEYOND, NOTE, ONE, PAGE, REPLAY, REPLAY_FAILED, SECRETS, SETTINGS_OF_ALL, SETTLE,
};

const DELIVERY: &str = "webhook_delivery";
const SECRET: &str = "webhook_secret";
const HEALTH_TABLE: &str = "webhook_health";

/// A statement's text on this database.
fn on(statement: &Sql) -> &'static str {
    super::super::text(statement)
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    endpoint: &'a str,
    id: &'a str,
    at: i64,
    next_at: i64,
    body: &'a str,
}

/// Keeps deliveries.
pub(crate) async fn keep(connection: &mut Conn, rows: &[NewWebhook], now: Timestamp) -> Result<(), StoreError> {
    let images: Vec<Image<'_>> = rows
        .iter()
        .map(|row| Image {
            tenant: row.to.tenant,
            endpoint: &row.to.endpoint,
            id: &row.id,
            at: row.at.micros(),
            next_at: now.micros(),
            body: &row.body,
        })
        .collect();
    execute(connection, &KEEP, array(&images)?).await.map(drop)
}

/// When the next is due.
pub(crate) async fn due(connection: &mut Conn, to: &WebhookEndpoint) -> Result<Option<Timestamp>, StoreError> {
    let query = sqlx::query(on(&DUE)).bind(to.tenant.0).bind(&*to.endpoint);
    let row = query.fetch_optional(connection).await.map_err(|error| broken(error, DELIVERY))?;
    row.map(|row| Reader::new(DELIVERY, &[], &row).int("next_at").map(Timestamp::from_micros)).transpose()
}

/// Takes what is due.
pub(crate) async fn claim(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
) -> Result<Vec<ClaimedWebhook>, StoreError> {
    let query = sqlx::query(on(&CLAIM)).bind(to.tenant.0).bind(&*to.endpoint).bind(now.micros());
    let query = query.bind(lease_until.micros()).bind(limit);
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, DELIVERY))?;
    let claimed = |row: &Row| {
        let row = Reader::new(DELIVERY, &["id"], row);
        Ok(ClaimedWebhook {
            id: row.text("id")?,
            attempt: row.int("attempt")?,
            epoch: row.int("epoch")?,
            body: row.text("body")?.to_string(),
        })
    };
    let mut claimed = rows.iter().map(claimed).collect::<Result<Vec<_>, StoreError>>()?;
    claimed.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(claimed)
}

#[derive(Serialize)]
struct Settled<'a> {
    tenant: TenantId,
    endpoint: &'a str,
    id: &'a str,
    guard: i64,
    state: &'static str,
    attempt: i64,
    next_at: Option<i64>,
    settled_at: Option<i64>,
    keep_until: Option<i64>,
    status: Option<i64>,
    answer: Option<&'a str>,
    error: Option<&'a str>,
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::micros)
}

/// Writes what became of attempts.
pub(crate) async fn settle(connection: &mut Conn, rows: &[SettledWebhook]) -> Result<(), StoreError> {
    let image = |SettledWebhook { to, epoch, row, keep_until }: &'_ SettledWebhook| {
        serde_json::to_value(Settled {
            tenant: to.tenant,
            endpoint: &to.endpoint,
            id: &row.id,
            guard: *epoch,
            state: row.state.name(),
            attempt: row.attempt,
            next_at: micros(row.next_at),
            settled_at: micros(row.settled_at),
            keep_until: micros(*keep_until),
            status: row.status,
            answer: row.answer.as_deref(),
            error: row.error.as_deref(),
        })
    };
    let images = rows.iter().map(image).collect::<Result<Vec<_>, _>>();
    let images = images.map_err(|error| StoreError::Unavailable(format!("a batch cannot be written: {error}")))?;
    execute(connection, &SETTLE, array(&images)?).await.map(drop)
}

fn instant(row: &Reader<'_>, name: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.maybe_int(name)?.map(Timestamp::from_micros))
}

/// How an endpoint fares.
pub(crate) async fn health(connection: &mut Conn, to: &WebhookEndpoint) -> Result<WebhookHealth, StoreError> {
    let query = sqlx::query(on(&HEALTH)).bind(to.tenant.0).bind(&*to.endpoint);
    let row = query.fetch_optional(connection).await.map_err(|error| broken(error, HEALTH_TABLE))?;
    let Some(row) = row else { return Ok(WebhookHealth::default()) };
    let row = Reader::new(HEALTH_TABLE, &[], &row);
    Ok(WebhookHealth {
        success_at: instant(&row, "success_at")?,
        error_at: instant(&row, "error_at")?,
        error: row.maybe_text("error")?,
        gone: row.maybe_text("gone")?,
    })
}

/// Writes how an endpoint fares.
pub(crate) async fn note(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    health: &WebhookHealth,
) -> Result<(), StoreError> {
    let query = sqlx::query(on(&NOTE)).bind(to.tenant.0).bind(&*to.endpoint);
    let query = query.bind(micros(health.success_at)).bind(micros(health.error_at));
    let query = query.bind(health.error.as_deref()).bind(health.gone.as_deref());
    query.execute(connection).await.map(drop).map_err(|error| broken(error, HEALTH_TABLE))
}

/// How many there are.
pub(crate) async fn counts(connection: &mut Conn, to: &WebhookEndpoint) -> Result<WebhookCounts, StoreError> {
    let query = sqlx::query(on(&COUNTS)).bind(to.tenant.0).bind(&*to.endpoint);
    let row = query.fetch_one(connection).await.map_err(|error| broken(error, DELIVERY))?;
    let row = Reader::new(DELIVERY, &[], &row);
    Ok(WebhookCounts { waiting: row.int("waiting")?, failed: row.int("failed")?, delivered: row.int("delivered")? })
}

fn decode(row: &Row) -> Result<WebhookRow, StoreError> {
    let row = Reader::new(DELIVERY, &["id"], row);
    Ok(WebhookRow {
        id: row.text("id")?,
        at: Timestamp::from_micros(row.int("at")?),
        state: row.parsed("state")?,
        attempt: row.int("attempt")?,
        next_at: instant(&row, "next_at")?,
        settled_at: instant(&row, "settled_at")?,
        status: row.maybe_int("status")?,
        answer: row.maybe_text("answer")?,
        error: row.maybe_text("error")?,
    })
}

/// Deliveries, newest first.
pub(crate) async fn page(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    asked: &WebhooksAsked,
) -> Result<Vec<WebhookRow>, StoreError> {
    let query = sqlx::query(on(&PAGE)).bind(to.tenant.0).bind(&*to.endpoint);
    let query = query.bind(asked.before.0.micros()).bind(&*asked.before.1);
    let query = query.bind(asked.state.map(crate::webhooks::WebhookState::name)).bind(asked.limit);
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, DELIVERY))?;
    rows.iter().map(decode).collect()
}

/// One delivery, and what is sent.
pub(crate) async fn one(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    id: &str,
) -> Result<Option<(WebhookRow, String)>, StoreError> {
    let query = sqlx::query(on(&ONE)).bind(to.tenant.0).bind(&*to.endpoint).bind(id);
    let row = query.fetch_optional(connection).await.map_err(|error| broken(error, DELIVERY))?;
    row.map(|row| Ok((decode(&row)?, Reader::new(DELIVERY, &["id"], &row).text("body")?.to_string()))).transpose()
}

/// Has them delivered again.
pub(crate) async fn replay(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    ids: &[Arc<str>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let query = sqlx::query(on(&REPLAY)).bind(to.tenant.0).bind(&*to.endpoint).bind(array(ids)?).bind(now.micros());
    let done = query.execute(connection).await.map_err(|error| broken(error, DELIVERY))?;
    Ok(done.rows_affected())
}

/// Has those delivered again that failed.
pub(crate) async fn replay_failed(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    asked: &FailedWebhooks,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let query = sqlx::query(on(&REPLAY_FAILED)).bind(to.tenant.0).bind(&*to.endpoint);
    let query = query.bind(asked.since.micros()).bind(asked.until.micros()).bind(asked.limit).bind(now.micros());
    let done = query.execute(connection).await.map_err(|error| broken(error, DELIVERY))?;
    Ok(done.rows_affected())
}

/// The secrets that sign, newest first.
pub(crate) async fn secrets(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>, StoreError> {
    let query = sqlx::query(on(&SECRETS)).bind(to.tenant.0).bind(&*to.endpoint).bind(now.micros()).bind(MOST_SECRETS);
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, SECRET))?;
    let secret = |row: &Row| {
        let row = Reader::new(SECRET, &["made_at"], row);
        Ok(WebhookSecret {
            secret: row.text("secret")?,
            made_at: Timestamp::from_micros(row.int("made_at")?),
            ends_at: instant(&row, "ends_at")?,
        })
    };
    rows.iter().map(secret).collect()
}

/// Adds a secret, unless it is there.
pub(crate) async fn add_secret(
    connection: &mut Conn,
    to: &WebhookEndpoint,
    secret: &WebhookSecret,
    others_end: Timestamp,
) -> Result<bool, StoreError> {
    let query = sqlx::query(on(&ADD_SECRET)).bind(to.tenant.0).bind(&*to.endpoint);
    let query = query.bind(secret.made_at.micros()).bind(&*secret.secret).bind(micros(secret.ends_at));
    let added = query.execute(&mut *connection).await.map_err(|error| broken(error, SECRET))?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    let query = sqlx::query(on(&END_SECRETS)).bind(to.tenant.0).bind(&*to.endpoint);
    let query = query.bind(others_end.micros()).bind(secret.made_at.micros());
    query.execute(&mut *connection).await.map_err(|error| broken(error, SECRET))?;
    let query = sqlx::query(on(&FORGET_SECRETS_BEYOND)).bind(to.tenant.0).bind(&*to.endpoint).bind(MOST_SECRETS);
    query.execute(connection).await.map_err(|error| broken(error, SECRET))?;
    Ok(true)
}

/// Forgets what is kept no longer.
pub(crate) async fn forget(connection: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query(on(&FORGET)).bind(now.micros());
    query.execute(connection).await.map(drop).map_err(|error| broken(error, DELIVERY))
}

/// Forgets the oldest beyond so many; how many of them had not arrived.
pub(crate) async fn forget_beyond(connection: &mut Conn, to: &WebhookEndpoint, most: i64) -> Result<u64, StoreError> {
    let query = sqlx::query(on(&LOST_BEYOND)).bind(to.tenant.0).bind(&*to.endpoint).bind(most);
    let row = query.fetch_one(&mut *connection).await.map_err(|error| broken(error, DELIVERY))?;
    let lost = Reader::new(DELIVERY, &[], &row).int("lost")?;
    let query = sqlx::query(on(&FORGET_BEYOND)).bind(to.tenant.0).bind(&*to.endpoint).bind(most);
    query.execute(connection).await.map_err(|error| broken(error, DELIVERY))?;
    Ok(u64::try_from(lost).unwrap_or(0))
}

/// Forgets everything of endpoints that are not among these.
pub(crate) async fn forget_others(
    connection: &mut Conn,
    tenant: TenantId,
    endpoints: &[Arc<str>],
) -> Result<(), StoreError> {
    for statement in FORGET_OTHERS {
        let query = sqlx::query(on(statement)).bind(tenant.0).bind(array(endpoints)?);
        query.execute(&mut *connection).await.map_err(|error| broken(error, statement.table))?;
    }
    Ok(())
}

/// The tenants that have set a setting, and its version.
pub(crate) async fn settings_of_all(connection: &mut Conn, code: &str) -> Result<Vec<(TenantId, i64)>, StoreError> {
    let rows = sqlx::query(on(&SETTINGS_OF_ALL)).bind(code).fetch_all(connection).await;
    let rows = rows.map_err(|error| broken(error, "setting"))?;
    rows.iter()
        .map(|row| {
            let row = Reader::new("setting", &[], row);
            Ok((row.tenant()?, row.int("version")?))
        })
        .collect()
}
