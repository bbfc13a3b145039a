//! What waits for somebody who wants his mail together: put aside, taken to be sent, marked as sent.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TenantId};
use fluxor_engine::store::StoreError;
use sqlx::Row as _;
use uuid::Uuid;

use super::columns::Reader;
use super::{Conn, Row};
use crate::digests::{DigestClaim, DigestItem, DigestWaiting, REMEMBERED_MICROS};
use crate::statement::{Sql, broken};

const DIGEST: &str = "digest";
const ITEM: &str = "digest_item";

const OPEN: Sql = Sql::same(
    DIGEST,
    "
        INSERT INTO digest (
            tenant, person, leased_until
        )
        VALUES ($1, $2, 0)
        ON CONFLICT DO NOTHING",
);

/// One that is there already stays as it is, sent or not.
const PUT: Sql = Sql::same(
    ITEM,
    "
        INSERT INTO digest_item (
            tenant, person, id, instance, at, payload
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING",
);

const WAITING: Sql = Sql::same(
    ITEM,
    "
        SELECT t.tenant, t.person, MIN(t.at) AS since, MAX(d.began) AS began
        FROM digest_item AS t
        JOIN digest AS d
        ON d.tenant = t.tenant
        AND d.person = t.person
        WHERE t.sent_at IS NULL
        AND d.leased_until <= $1
        AND (t.tenant, t.person) > ($2, $3)
        GROUP BY t.tenant, t.person
        ORDER BY t.tenant, t.person
        LIMIT $4",
);

/// Somebody's digest, if nobody has it. Of two who ask at once one finds nothing: SQLite has one writer.
const TAKE: Sql = Sql {
    table: DIGEST,
    sqlite: "
        SELECT t.batch, t.began
        FROM digest AS t
        WHERE t.tenant = $1
        AND t.person = $2
        AND t.leased_until <= $3",
    postgres: "
        SELECT t.batch, t.began
        FROM digest AS t
        WHERE t.tenant = $1
        AND t.person = $2
        AND t.leased_until <= $3
        FOR UPDATE SKIP LOCKED",
};

const NAME: Sql = Sql::same(
    ITEM,
    "
        UPDATE digest_item
        SET batch = $3
        WHERE tenant = $1
        AND person = $2
        AND batch IS NULL
        AND sent_at IS NULL",
);

const COUNT: Sql = Sql::same(
    ITEM,
    "
        SELECT COUNT(*) AS items
        FROM digest_item AS t
        WHERE t.tenant = $1
        AND t.person = $2
        AND t.batch = $3
        AND t.sent_at IS NULL",
);

const ITEMS: Sql = Sql::same(
    ITEM,
    "
        SELECT t.id, t.instance, t.at, t.payload
        FROM digest_item AS t
        WHERE t.tenant = $1
        AND t.person = $2
        AND t.batch = $3
        AND t.sent_at IS NULL
        ORDER BY t.at, t.id
        LIMIT $4",
);

const HOLD: Sql = Sql::same(
    DIGEST,
    "
        UPDATE digest
        SET batch = $3, began = $4, leased_until = $5
        WHERE tenant = $1
        AND person = $2",
);

const SENT: Sql = Sql::same(
    ITEM,
    "
        UPDATE digest_item
        SET sent_at = $4
        WHERE tenant = $1
        AND person = $2
        AND batch = $3
        AND sent_at IS NULL",
);

const FORGET: Sql = Sql::same(
    ITEM,
    "
        DELETE FROM digest_item
        WHERE tenant = $1
        AND person = $2
        AND sent_at < $3",
);

const FREE: Sql = Sql::same(
    DIGEST,
    "
        UPDATE digest
        SET batch = NULL, began = NULL, leased_until = 0
        WHERE tenant = $1
        AND person = $2
        AND batch = $3",
);

const POSTPONE: Sql = Sql::same(
    DIGEST,
    "
        UPDATE digest
        SET leased_until = $4
        WHERE tenant = $1
        AND person = $2
        AND batch = $3",
);

/// Puts an item aside.
pub(crate) async fn put(connection: &mut Conn, item: &DigestItem) -> Result<(), StoreError> {
    let query = sqlx::query(super::super::text(&OPEN)).bind(item.tenant.0).bind(item.person.as_str());
    query.execute(&mut *connection).await.map_err(|error| broken(error, DIGEST))?;
    let query = sqlx::query(super::super::text(&PUT)).bind(item.tenant.0).bind(item.person.as_str());
    let query = query.bind(item.id).bind(item.instance.0).bind(item.at.micros()).bind(&item.payload);
    query.execute(connection).await.map_err(|error| broken(error, ITEM))?;
    Ok(())
}

/// For whom something waits that nobody is sending.
pub(crate) async fn waiting(
    connection: &mut Conn,
    now: Timestamp,
    after: Option<(TenantId, &PersonId)>,
    limit: i64,
) -> Result<Vec<DigestWaiting>, StoreError> {
    // Before the first tenant there is nobody.
    let (tenant, person) = after.map_or((i64::MIN, ""), |(tenant, person)| (tenant.0, person.as_str()));
    let query = sqlx::query(super::super::text(&WAITING)).bind(now.micros()).bind(tenant).bind(person).bind(limit);
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, ITEM))?;
    rows.iter()
        .map(|row| {
            let row = Reader::new(ITEM, &["person"], row);
            Ok(DigestWaiting {
                tenant: row.tenant()?,
                person: PersonId::from(&*row.text("person")?),
                since: Timestamp::from_micros(row.int("since")?),
                begun: row.maybe_int("began")?.is_some(),
            })
        })
        .collect()
}

/// Takes somebody's digest.
pub(crate) async fn claim(
    connection: &mut Conn,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    (now, until): (Timestamp, Timestamp),
    most: i64,
) -> Result<Option<DigestClaim>, StoreError> {
    let query = sqlx::query(super::super::text(&TAKE)).bind(tenant.0).bind(person.as_str()).bind(now.micros());
    let free = query.fetch_optional(&mut *connection).await.map_err(|error| broken(error, DIGEST))?;
    let Some(free) = free else { return Ok(None) };
    let (batch, began) = match begun(&free)? {
        Some(begun) => begun,
        None => {
            let query = sqlx::query(super::super::text(&NAME)).bind(tenant.0).bind(person.as_str()).bind(batch);
            query.execute(&mut *connection).await.map_err(|error| broken(error, ITEM))?;
            (batch, now)
        }
    };
    let query = sqlx::query(super::super::text(&COUNT)).bind(tenant.0).bind(person.as_str()).bind(batch);
    let row = query.fetch_one(&mut *connection).await.map_err(|error| broken(error, ITEM))?;
    let all = Reader::new(ITEM, &[], &row).int("items")?;
    if all == 0 {
        return Ok(None);
    }
    let query = sqlx::query(super::super::text(&HOLD)).bind(tenant.0).bind(person.as_str());
    let query = query.bind(batch).bind(began.micros()).bind(until.micros());
    query.execute(&mut *connection).await.map_err(|error| broken(error, DIGEST))?;
    let query = sqlx::query(super::super::text(&ITEMS)).bind(tenant.0).bind(person.as_str()).bind(batch).bind(most);
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, ITEM))?;
    let items = rows.iter().map(|row| item(tenant, person, row)).collect::<Result<Vec<_>, _>>()?;
    let more = all.saturating_sub(i64::try_from(items.len()).unwrap_or(i64::MAX));
    Ok(Some(DigestClaim { batch, began, items, more }))
}

/// The name of a digest that is under way, and when it was begun.
fn begun(row: &Row) -> Result<Option<(Uuid, Timestamp)>, StoreError> {
    let reader = Reader::new(DIGEST, &[], row);
    let batch: Option<Uuid> = row.try_get("batch").map_err(|error| reader.wrong(error))?;
    match (batch, reader.maybe_int("began")?) {
        (Some(batch), Some(began)) => Ok(Some((batch, Timestamp::from_micros(began)))),
        (None, None) => Ok(None),
        _ => Err(reader.wrong("it has a name and no beginning, or the other way round")),
    }
}

fn item(tenant: TenantId, person: &PersonId, row: &Row) -> Result<DigestItem, StoreError> {
    let reader = Reader::new(ITEM, &["id"], row);
    Ok(DigestItem {
        tenant,
        person: person.clone(),
        id: row.try_get("id").map_err(|error| reader.wrong(error))?,
        instance: reader.instance("instance")?,
        at: Timestamp::from_micros(reader.int("at")?),
        payload: reader.text("payload")?.to_string(),
    })
}

/// Marks a digest as sent.
pub(crate) async fn finish(
    connection: &mut Conn,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(super::super::text(&SENT)).bind(tenant.0).bind(person.as_str()).bind(batch);
    query.bind(now.micros()).execute(&mut *connection).await.map_err(|error| broken(error, ITEM))?;
    let before = now.plus_micros(-REMEMBERED_MICROS);
    let query = sqlx::query(super::super::text(&FORGET)).bind(tenant.0).bind(person.as_str()).bind(before.micros());
    query.execute(&mut *connection).await.map_err(|error| broken(error, ITEM))?;
    let query = sqlx::query(super::super::text(&FREE)).bind(tenant.0).bind(person.as_str()).bind(batch);
    query.execute(connection).await.map_err(|error| broken(error, DIGEST))?;
    Ok(())
}

/// Lets nobody try before an instant.
pub(crate) async fn postpone(
    connection: &mut Conn,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    until: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(super::super::text(&POSTPONE)).bind(tenant.0).bind(person.as_str()).bind(batch);
    query.bind(until.micros()).execute(connection).await.map_err(|error| broken(error, DIGEST))?;
    Ok(())
}
