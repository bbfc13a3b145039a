//! The texts of the statements.

use crate::statement::Sql;

const DELIVERY: &str = "webhook_delivery";
const SECRET: &str = "webhook_secret";

/// Those that run for each delivery or each second, for a test that looks at their plans.
#[allow(dead_code, reason = "one of the two mounts is asked for both texts")]
pub(crate) const STATEMENTS: &[Sql] = &[
    KEEP,
    DUE,
    CLAIM,
    SETTLE,
    HEALTH,
    NOTE,
    COUNTS,
    PAGE,
    ONE,
    REPLAY,
    REPLAY_FAILED,
    SECRETS,
    FORGET,
    SETTINGS_OF_ALL,
];

/// Rows; those that are there stay as they are: the outbox may bring an event twice.
pub(super) const KEEP: Sql = Sql {
    table: DELIVERY,
    // WHERE tells the parser that what follows belongs to INSERT.
    sqlite: "
        INSERT INTO webhook_delivery (
            tenant, endpoint, id, at, state, attempt, epoch, next_at, body
        )
        SELECT
            value ->> 'tenant', value ->> 'endpoint', value ->> 'id', value ->> 'at', 'waiting', 0, 0,
            value ->> 'next_at', value ->> 'body'
        FROM json_each($1)
        WHERE 1
        ON CONFLICT (tenant, endpoint, id) DO NOTHING",
    postgres: "
        INSERT INTO webhook_delivery (
            tenant, endpoint, id, at, state, attempt, epoch, next_at, body
        )
        SELECT b.tenant, b.endpoint, b.id, b.at, 'waiting', 0, 0, b.next_at, b.body
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, endpoint text, id text, at bigint, next_at bigint, body text
        )
        ON CONFLICT (tenant, endpoint, id) DO NOTHING",
};

pub(super) const DUE: Sql = Sql::same(
    DELIVERY,
    "
        SELECT d.next_at
        FROM webhook_delivery AS d
        WHERE d.tenant = $1
        AND d.endpoint = $2
        AND d.next_at IS NOT NULL
        ORDER BY d.next_at
        LIMIT 1",
);

/// One server on SQLite; on PostgreSQL several, which pass by what another one holds.
pub(super) const CLAIM: Sql = Sql {
    table: DELIVERY,
    sqlite: "
        UPDATE webhook_delivery
        SET next_at = $4, epoch = epoch + 1
        WHERE tenant = $1
        AND endpoint = $2
        AND id IN (
            SELECT d.id
            FROM webhook_delivery AS d
            WHERE d.tenant = $1
            AND d.endpoint = $2
            AND d.next_at <= $3
            ORDER BY d.next_at, d.id
            LIMIT $5
        )
        RETURNING id, attempt, epoch, body",
    postgres: "
        WITH taken AS MATERIALIZED (
            SELECT d.tenant, d.endpoint, d.id
            FROM webhook_delivery AS d
            WHERE d.tenant = $1
            AND d.endpoint = $2
            AND d.next_at <= $3
            ORDER BY d.next_at, d.id
            LIMIT $5
            FOR NO KEY UPDATE OF d SKIP LOCKED
        )
        UPDATE webhook_delivery AS u
        SET next_at = $4, epoch = u.epoch + 1
        FROM taken AS t
        WHERE u.tenant = t.tenant
        AND u.endpoint = t.endpoint
        AND u.id = t.id
        RETURNING u.id, u.attempt, u.epoch, u.body",
};

pub(super) const SETTLE: Sql = Sql {
    table: DELIVERY,
    sqlite: "
        UPDATE webhook_delivery AS t
        SET state = b.state, attempt = b.attempt, epoch = t.epoch + 1, next_at = b.next_at, settled_at = b.settled_at,
            keep_until = b.keep_until, status = b.status, answer = b.answer, error = b.error
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'endpoint' AS endpoint, value ->> 'id' AS id,
                value ->> 'guard' AS guard, value ->> 'state' AS state, value ->> 'attempt' AS attempt,
                value ->> 'next_at' AS next_at, value ->> 'settled_at' AS settled_at,
                value ->> 'keep_until' AS keep_until, value ->> 'status' AS status, value ->> 'answer' AS answer,
                value ->> 'error' AS error
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.endpoint = b.endpoint
        AND t.id = b.id
        AND t.epoch = b.guard",
    postgres: "
        UPDATE webhook_delivery AS t
        SET state = b.state, attempt = b.attempt, epoch = t.epoch + 1, next_at = b.next_at, settled_at = b.settled_at,
            keep_until = b.keep_until, status = b.status, answer = b.answer, error = b.error
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, endpoint text, id text, guard bigint, state text, attempt bigint, next_at bigint,
            settled_at bigint, keep_until bigint, status bigint, answer text, error text
        )
        WHERE t.tenant = b.tenant
        AND t.endpoint = b.endpoint
        AND t.id = b.id
        AND t.epoch = b.guard",
};

pub(super) const HEALTH: Sql = Sql::same(
    "webhook_health",
    "
        SELECT h.success_at, h.error_at, h.error, h.gone
        FROM webhook_health AS h
        WHERE h.tenant = $1
        AND h.endpoint = $2",
);

/// What is null stays as it was; the sentence goes with its instant.
pub(super) const NOTE: Sql = Sql::same(
    "webhook_health",
    "
        INSERT INTO webhook_health AS h (
            tenant, endpoint, success_at, error_at, error, gone
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, endpoint) DO UPDATE
        SET success_at = COALESCE(excluded.success_at, h.success_at),
            error = CASE WHEN excluded.error_at IS NULL THEN h.error ELSE excluded.error END,
            error_at = COALESCE(excluded.error_at, h.error_at),
            gone = COALESCE(excluded.gone, h.gone)",
);

pub(super) const COUNTS: Sql = Sql::same(
    DELIVERY,
    "
        SELECT
            COUNT(CASE WHEN d.state = 'waiting' THEN 1 END) AS waiting,
            COUNT(CASE WHEN d.state = 'failed' THEN 1 END) AS failed,
            COUNT(CASE WHEN d.state = 'delivered' THEN 1 END) AS delivered
        FROM webhook_delivery AS d
        WHERE d.tenant = $1
        AND d.endpoint = $2",
);

/// Newest first, before one.
pub(super) const PAGE: Sql = Sql::same(
    DELIVERY,
    "
        SELECT d.id, d.at, d.state, d.attempt, d.next_at, d.settled_at, d.status, d.answer, d.error
        FROM webhook_delivery AS d
        WHERE d.tenant = $1
        AND d.endpoint = $2
        AND (d.at, d.id) < ($3, $4)
        AND (CAST($5 AS TEXT) IS NULL OR d.state = $5)
        ORDER BY d.at DESC, d.id DESC
        LIMIT $6",
);

pub(super) const ONE: Sql = Sql::same(
    DELIVERY,
    "
        SELECT d.id, d.at, d.state, d.attempt, d.next_at, d.settled_at, d.status, d.answer, d.error, d.body
        FROM webhook_delivery AS d
        WHERE d.tenant = $1
        AND d.endpoint = $2
        AND d.id = $3",
);

/// By their ids. Whoever holds one has lost it.
pub(super) const REPLAY: Sql = Sql {
    table: DELIVERY,
    sqlite: "
        UPDATE webhook_delivery
        SET state = 'waiting', attempt = 0, epoch = epoch + 1, next_at = $4, settled_at = NULL, keep_until = NULL
        WHERE tenant = $1
        AND endpoint = $2
        AND id IN (SELECT value FROM json_each($3))",
    postgres: "
        UPDATE webhook_delivery AS d
        SET state = 'waiting', attempt = 0, epoch = d.epoch + 1, next_at = $4, settled_at = NULL, keep_until = NULL
        FROM (SELECT DISTINCT b.id FROM json_array_elements_text($3::text::json) AS b(id)) AS b
        WHERE d.tenant = $1
        AND d.endpoint = $2
        AND d.id = b.id",
};

/// Those that failed, the oldest first.
pub(super) const REPLAY_FAILED: Sql = Sql::same(
    DELIVERY,
    "
        UPDATE webhook_delivery
        SET state = 'waiting', attempt = 0, epoch = epoch + 1, next_at = $6, settled_at = NULL, keep_until = NULL
        WHERE tenant = $1
        AND endpoint = $2
        AND id IN (
            SELECT d.id
            FROM webhook_delivery AS d
            WHERE d.tenant = $1
            AND d.endpoint = $2
            AND d.at >= $3
            AND d.at < $4
            AND d.state = 'failed'
            ORDER BY d.at, d.id
            LIMIT $5
        )",
);

/// Those that sign, newest first.
pub(super) const SECRETS: Sql = Sql::same(
    SECRET,
    "
        SELECT s.made_at, s.secret, s.ends_at
        FROM webhook_secret AS s
        WHERE s.tenant = $1
        AND s.endpoint = $2
        AND (s.ends_at IS NULL OR s.ends_at > $3)
        ORDER BY s.made_at DESC
        LIMIT $4",
);

pub(super) const ADD_SECRET: Sql = Sql::same(
    SECRET,
    "
        INSERT INTO webhook_secret (
            tenant, endpoint, made_at, secret, ends_at
        )
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING",
);

/// All but the one that was made at $4 end.
pub(super) const END_SECRETS: Sql = Sql::same(
    SECRET,
    "
        UPDATE webhook_secret
        SET ends_at = $3
        WHERE tenant = $1
        AND endpoint = $2
        AND made_at <> $4
        AND (ends_at IS NULL OR ends_at > $3)",
);

pub(super) const FORGET_SECRETS_BEYOND: Sql = Sql::same(
    SECRET,
    "
        DELETE FROM webhook_secret
        WHERE tenant = $1
        AND endpoint = $2
        AND made_at <= (
            SELECT s.made_at
            FROM webhook_secret AS s
            WHERE s.tenant = $1
            AND s.endpoint = $2
            ORDER BY s.made_at DESC
            LIMIT 1 OFFSET $3
        )",
);

pub(super) const FORGET: Sql = Sql::same(DELIVERY, "DELETE FROM webhook_delivery WHERE keep_until < $1");

/// How many that have not arrived [`FORGET_BEYOND`] forgets.
pub(super) const LOST_BEYOND: Sql = Sql::same(
    DELIVERY,
    "
        SELECT COUNT(*) AS lost
        FROM webhook_delivery AS b
        WHERE b.tenant = $1
        AND b.endpoint = $2
        AND b.state <> 'delivered'
        AND b.at <= (
            SELECT d.at
            FROM webhook_delivery AS d
            WHERE d.tenant = $1
            AND d.endpoint = $2
            ORDER BY d.at DESC
            LIMIT 1 OFFSET $3
        )",
);

/// All that are older than so many newer ones.
pub(super) const FORGET_BEYOND: Sql = Sql::same(
    DELIVERY,
    "
        DELETE FROM webhook_delivery
        WHERE tenant = $1
        AND endpoint = $2
        AND at <= (
            SELECT d.at
            FROM webhook_delivery AS d
            WHERE d.tenant = $1
            AND d.endpoint = $2
            ORDER BY d.at DESC
            LIMIT 1 OFFSET $3
        )",
);

/// What belongs to endpoints that are not in the list.
pub(super) const FORGET_OTHERS: &[Sql] = &[
    Sql {
        table: SECRET,
        sqlite: "DELETE FROM webhook_secret WHERE tenant = $1 AND endpoint NOT IN (SELECT value FROM json_each($2))",
        postgres: "DELETE FROM webhook_secret WHERE tenant = $1 AND endpoint NOT IN (
            SELECT b.name FROM json_array_elements_text($2::text::json) AS b(name))",
    },
    Sql {
        table: "webhook_health",
        sqlite: "DELETE FROM webhook_health WHERE tenant = $1 AND endpoint NOT IN (SELECT value FROM json_each($2))",
        postgres: "DELETE FROM webhook_health WHERE tenant = $1 AND endpoint NOT IN (
            SELECT b.name FROM json_array_elements_text($2::text::json) AS b(name))",
    },
    Sql {
        table: DELIVERY,
        sqlite: "DELETE FROM webhook_delivery WHERE tenant = $1 AND endpoint NOT IN (SELECT value FROM json_each($2))",
        postgres: "DELETE FROM webhook_delivery WHERE tenant = $1 AND endpoint NOT IN (
            SELECT b.name FROM json_array_elements_text($2::text::json) AS b(name))",
    },
];

/// Who has set a setting.
pub(super) const SETTINGS_OF_ALL: Sql = Sql::same(
    "setting",
    "
        SELECT s.tenant, s.version
        FROM setting AS s
        WHERE s.code = $1
        ORDER BY s.tenant",
);
