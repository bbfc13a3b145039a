//! Messages to the outside: what a claim returns, and how an attempt ends. The claim itself stands in the dialects.

use std::sync::Arc;

use super::{Columns, Conn, Row, dialect, failed};
use crate::clock::Timestamp;
use crate::commit::{OutboxRow, ResumedRow, WithdrawnRow};
use crate::ids::{InstanceId, TenantId};
use crate::store::rows::{told, told_id};
use crate::store::{Claimed, Delivery, StoreError};

/// Run at each message, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[
    ("CLAIM", dialect::CLAIM),
    ("SENT", SENT),
    ("AGAIN", AGAIN),
    ("HELD", HELD),
    ("GIVEN_UP", GIVEN_UP),
    ("TELL", TELL),
    ("RESUME", RESUME),
    ("FORGET", FORGET),
    ("ENDED", ENDED),
    ("SAME", SAME),
    ("ANOTHER", ANOTHER),
    ("WITHDRAW", WITHDRAW),
    ("WITHDRAW_UNDER_WAY", WITHDRAW_UNDER_WAY),
];

/// In order of instance, destination and number, whatever order the database returned them in.
pub(crate) async fn claim(
    c: &mut Conn,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
    besides: &[Arc<str>],
) -> Result<Vec<Claimed>, StoreError> {
    // Each between line feeds, which no name has.
    let besides: String = besides.iter().map(|name| format!("\n{name}\n")).collect();
    let query = sqlx::query(dialect::CLAIM).bind(now.micros()).bind(lease_until.micros()).bind(limit).bind(besides);
    let rows = query.fetch_all(c).await.map_err(failed)?;
    let mut claimed = rows.iter().map(claimed).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by(|a, b| order(&a.row).cmp(&order(&b.row)));
    Ok(claimed)
}

fn order(row: &OutboxRow) -> (TenantId, InstanceId, &str, i64) {
    (row.tenant, row.instance, &row.destination, row.seq)
}

fn claimed(row: &Row) -> Result<Claimed, StoreError> {
    let mut row = Columns::of(row, "outbox");
    Ok(Claimed {
        row: OutboxRow {
            tenant: TenantId(row.next()?),
            instance: InstanceId(row.next()?),
            destination: row.text()?,
            seq: row.next()?,
            id: row.next()?,
            payload: row.next()?,
            times: row.number()?,
            from: row.next()?,
            to: row.next()?,
            sent_event: row.next::<Option<&str>>()?.map(Into::into),
            next_at: row.instant()?,
        },
        attempt: row.number()?,
        epoch: row.next()?,
    })
}

const SENT: &str = "DELETE FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND epoch = $6
       AND given_up_at IS NULL";

const AGAIN: &str = "UPDATE outbox
     SET next_at = $7, error = $8, epoch = epoch + 1
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND epoch = $6
       AND given_up_at IS NULL";

// The claim has counted an attempt that was none.
const HELD: &str = "UPDATE outbox
     SET next_at = $7, error = $8, attempt = attempt - 1, epoch = epoch + 1
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND epoch = $6
       AND given_up_at IS NULL";

// No attempt is under way that others would have to wait for.
const GIVEN_UP: &str = "UPDATE outbox
     SET given_up_at = $7, next_at = $7, error = $8, epoch = epoch + 1
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND epoch = $6
       AND given_up_at IS NULL";

// Of one that was withdrawn while this attempt was under way: it is not tried again. Where it has gone out, that is told.
const ENDED: &str = "DELETE FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND epoch = $6
       AND given_up_at IS NOT NULL";

// It was withdrawn, sent anew, and has gone out all the same: it does not go out twice.
const SAME: &str = "DELETE FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq > $4
       AND epoch = 0
       AND payload = $5";

// Of those that ask for the same answer.
const ANOTHER: &str = "SELECT seq FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq > $4
       AND given_up_at IS NULL
       AND sent_event = $5
     LIMIT 1";

// The message's id is in the name: what is there says the same.
const TELL: &str = "INSERT INTO inbox (tenant, target, message, event, payload, at)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, target, message) DO NOTHING";

/// Inside the caller's transaction. Whether the epoch was still the one claimed.
pub(crate) async fn settle(
    c: &mut Conn,
    claimed: &Claimed,
    result: &Delivery,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = &claimed.row;
    let (statement, change) = match result {
        Delivery::Sent { .. } => (SENT, None),
        Delivery::Again { next_at, error } => (AGAIN, Some((next_at, error))),
        Delivery::Held { next_at, error } => (HELD, Some((next_at, error))),
        Delivery::GivenUp { error } => (GIVEN_UP, Some((&now, error))),
    };
    let about = |statement: &'static str| {
        sqlx::query(statement)
            .bind(row.tenant.0)
            .bind(row.instance.0)
            .bind(&*row.destination)
            .bind(row.seq)
            .bind(row.id)
            .bind(claimed.epoch)
    };
    let mut query = about(statement);
    if let Some((at, error)) = change {
        query = query.bind(at.micros()).bind(error);
    }
    let mut another = false;
    if query.execute(&mut *c).await.map_err(failed)?.rows_affected() != 1 {
        let ended = about(ENDED).execute(&mut *c).await.map_err(failed)?.rows_affected() == 1;
        if !ended || change.is_some() {
            return Ok(false);
        }
        another = is_another(&mut *c, row).await?;
    }
    if let Some((event, payload)) = told(claimed, result, another) {
        sqlx::query(TELL)
            .bind(row.tenant.0)
            .bind(row.instance.0)
            .bind(told_id(claimed))
            .bind(&*event)
            .bind(payload)
            .bind(now.micros())
            .execute(c)
            .await
            .map_err(failed)?;
    }
    Ok(true)
}

/// After a message that was withdrawn has gone out all the same: the same one that was sent since does not go out twice. Whether it is
/// another that was sent since.
async fn is_another(c: &mut Conn, row: &OutboxRow) -> Result<bool, StoreError> {
    let about = |statement: &'static str| {
        sqlx::query(statement).bind(row.tenant.0).bind(row.instance.0).bind(&*row.destination).bind(row.seq)
    };
    let same = about(SAME).bind(&*row.payload).execute(&mut *c).await.map_err(failed)?;
    if same.rows_affected() > 0 {
        return Ok(false);
    }
    let another = about(ANOTHER).bind(row.sent_event.as_deref()).fetch_optional(c).await.map_err(failed)?;
    Ok(another.is_some())
}

/// Likewise, several.
pub(crate) async fn settle_all(
    c: &mut Conn,
    results: &[(Claimed, Delivery)],
    now: Timestamp,
) -> Result<(), StoreError> {
    for (claimed, result) in results {
        settle(&mut *c, claimed, result, now).await?;
    }
    Ok(())
}

const RESUME: &str = "UPDATE outbox
     SET given_up_at = NULL, error = NULL, attempt = 0, next_at = $6, epoch = epoch + 1
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND given_up_at IS NOT NULL";

const FORGET: &str = "DELETE FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq = $4
       AND id = $5
       AND given_up_at IS NOT NULL";

/// What becomes of messages that were given up. Inside the caller's transaction.
pub(crate) async fn resume(c: &mut Conn, rows: &[ResumedRow]) -> Result<(), StoreError> {
    for row in rows {
        let message = &row.resume.message;
        let mut query = sqlx::query(if row.resume.again { RESUME } else { FORGET })
            .bind(row.tenant.0)
            .bind(row.instance.0)
            .bind(&*message.destination)
            .bind(message.seq)
            .bind(message.id);
        if row.resume.again {
            query = query.bind(row.next_at.micros());
        }
        if query.execute(&mut *c).await.map_err(failed)?.rows_affected() != 1 {
            return Err(StoreError::Conflict("outbox".to_owned()));
        }
    }
    Ok(())
}

// But for those under way: claimed, without an error since, and with a lease that lasts.
const WITHDRAW: &str = "DELETE FROM outbox
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq < $4
       AND given_up_at IS NULL
       AND (epoch = 0 OR error IS NOT NULL OR next_at <= $5)";

// They go when the attempt ends.
const WITHDRAW_UNDER_WAY: &str = "UPDATE outbox
     SET given_up_at = $5, error = 'withdrawn: nobody waits for it any more'
     WHERE tenant = $1
       AND instance = $2
       AND destination = $3
       AND seq < $4
       AND given_up_at IS NULL";

/// Messages that are not tried any more: the entry tells of them, and nothing of them is kept. Inside the caller's transaction.
pub(crate) async fn withdraw(c: &mut Conn, rows: &[WithdrawnRow]) -> Result<(), StoreError> {
    for row in rows {
        for statement in [WITHDRAW, WITHDRAW_UNDER_WAY] {
            sqlx::query(statement)
                .bind(row.tenant.0)
                .bind(row.instance.0)
                .bind(&*row.destination)
                .bind(row.before)
                .bind(row.at.micros())
                .execute(&mut *c)
                .await
                .map_err(failed)?;
        }
    }
    Ok(())
}
