-- The company, what a reorder run found short and did not order, and the way from a run to its orders.
-- Same tables and column names as the sibling of the other database. Here: ids as uuid, keys in byte order.

CREATE TABLE company (
    tenant   BIGINT NOT NULL,
    version  BIGINT NOT NULL CHECK (version > 0),
    name     TEXT   NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    zone     TEXT COLLATE "C" NOT NULL,
    today    TEXT COLLATE "C",
    PRIMARY KEY (tenant)
);

CREATE TABLE reorder_shortfall (
    tenant   BIGINT NOT NULL,
    run      UUID   NOT NULL,
    item     TEXT COLLATE "C" NOT NULL,
    location TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    why      TEXT   NOT NULL,
    PRIMARY KEY (tenant, run, item, location)
);

CREATE INDEX purchase_order_source
    ON purchase_order (tenant, source, id)
    WHERE source IS NOT NULL;
