-- Webhooks of tenants: the secrets that endpoints (the setting `webhooks`) sign with, what is to be delivered to each and what became of it, and how
-- each fares. Kept beside the books for some weeks. Not part of the audit trail: that a secret was made is.
-- Same tables and column names as the sibling of the other database. Here: keys in byte order.

CREATE TABLE webhook_secret (
    tenant   BIGINT NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    made_at  BIGINT NOT NULL,
    secret   TEXT   NOT NULL,
    ends_at  BIGINT,
    PRIMARY KEY (tenant, endpoint, made_at)
);

CREATE TABLE webhook_health (
    tenant     BIGINT NOT NULL,
    endpoint   TEXT COLLATE "C" NOT NULL,
    success_at BIGINT,
    error_at   BIGINT,
    error      TEXT,
    gone       TEXT,
    PRIMARY KEY (tenant, endpoint)
);

CREATE TABLE webhook_delivery (
    tenant     BIGINT NOT NULL,
    endpoint   TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempt    BIGINT NOT NULL,
    epoch      BIGINT NOT NULL,
    next_at    BIGINT,
    settled_at BIGINT,
    keep_until BIGINT,
    status     BIGINT,
    answer     TEXT,
    error      TEXT,
    body       TEXT   NOT NULL,
    PRIMARY KEY (tenant, endpoint, id)
);

CREATE INDEX webhook_delivery_listed ON webhook_delivery (tenant, endpoint, at, id, state);
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant, endpoint, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_keep ON webhook_delivery (keep_until) WHERE keep_until IS NOT NULL;

-- One look a second finds out who hears of transitions.
CREATE INDEX setting_code ON setting (code, tenant, version);
