-- Procurement: orders, their lines, budgets, number series.
-- Amounts are units of 10^-4 of the major unit, quantities of 10^-6, instants microseconds since 1970 (UTC).
-- Same tables and column names as the sibling of the other database. Here: STRICT, ids as 16-byte BLOBs, clustered by key.

CREATE TABLE purchase_order (
    tenant            INTEGER NOT NULL,
    id                BLOB    NOT NULL CHECK (length(id) = 16),
    version           INTEGER NOT NULL CHECK (version > 0),
    requester         TEXT    NOT NULL,
    supplier          TEXT    NOT NULL,
    category          TEXT,
    unit              TEXT,
    note              TEXT,
    number            TEXT,
    status            TEXT    NOT NULL
        CHECK (status IN ('draft', 'in_review', 'ordered', 'received', 'rejected', 'cancelled')),
    currency          TEXT    NOT NULL,
    amount            INTEGER NOT NULL,
    lines             INTEGER NOT NULL,
    lines_digest      BLOB    NOT NULL CHECK (length(lines_digest) = 32),
    reserved_unit     TEXT,
    reserved_currency TEXT,
    reserved          INTEGER,
    created_at        INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX purchase_order_number
    ON purchase_order (tenant, number)
    WHERE number IS NOT NULL;

CREATE TABLE purchase_order_line (
    tenant      INTEGER NOT NULL,
    order_id    BLOB    NOT NULL CHECK (length(order_id) = 16),
    line        INTEGER NOT NULL CHECK (line > 0),
    item        TEXT    NOT NULL,
    description TEXT,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    unit        TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    price       INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (
    tenant   INTEGER NOT NULL,
    unit     TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0),
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (tenant, unit, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE number_series (
    tenant  INTEGER NOT NULL,
    series  TEXT    NOT NULL,
    year    INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    next    INTEGER NOT NULL CHECK (next > 0),
    PRIMARY KEY (tenant, series, year)
) STRICT, WITHOUT ROWID;
