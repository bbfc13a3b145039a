-- Webhooks of tenants: the secrets that endpoints (the setting `webhooks`) sign with, what is to be delivered to each and what became of it, and how
-- each fares. Kept beside the books for some weeks. Not part of the audit trail: that a secret was made is.
-- Same tables and column names as the sibling of the other database. Here: STRICT; deliveries in a rowid table, since rows are long.

CREATE TABLE webhook_secret (
    tenant   INTEGER NOT NULL,
    endpoint TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    secret   TEXT    NOT NULL,
    ends_at  INTEGER,
    PRIMARY KEY (tenant, endpoint, made_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_health (
    tenant     INTEGER NOT NULL,
    endpoint   TEXT    NOT NULL,
    success_at INTEGER,
    error_at   INTEGER,
    error      TEXT,
    gone       TEXT,
    PRIMARY KEY (tenant, endpoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_delivery (
    tenant     INTEGER NOT NULL,
    endpoint   TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempt    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    next_at    INTEGER,
    settled_at INTEGER,
    keep_until INTEGER,
    status     INTEGER,
    answer     TEXT,
    error      TEXT,
    body       TEXT    NOT NULL,
    PRIMARY KEY (tenant, endpoint, id)
) STRICT;

CREATE INDEX webhook_delivery_listed ON webhook_delivery (tenant, endpoint, at, id, state);
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant, endpoint, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_keep ON webhook_delivery (keep_until) WHERE keep_until IS NOT NULL;

-- One look a second finds out who hears of transitions.
CREATE INDEX setting_code ON setting (code, tenant, version);
