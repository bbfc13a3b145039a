-- The company, what a reorder run found short and did not order, and the way from a run to its orders.
-- Same tables and column names as the sibling of the other database. Here: STRICT, ids as 16-byte BLOBs, clustered by key.

CREATE TABLE company (
    tenant   INTEGER NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0),
    name     TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    zone     TEXT    NOT NULL,
    today    TEXT,
    PRIMARY KEY (tenant)
) STRICT, WITHOUT ROWID;

CREATE TABLE reorder_shortfall (
    tenant   INTEGER NOT NULL,
    run      BLOB    NOT NULL CHECK (length(run) = 16),
    item     TEXT    NOT NULL,
    location TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    why      TEXT    NOT NULL,
    PRIMARY KEY (tenant, run, item, location)
) STRICT, WITHOUT ROWID;

CREATE INDEX purchase_order_source
    ON purchase_order (tenant, source, id)
    WHERE source IS NOT NULL;
