-- Procurement: orders, their lines, budgets, number series.
-- Amounts are units of 10^-4 of the major unit, quantities of 10^-6, instants microseconds since 1970 (UTC).
-- Same tables and column names as the sibling of the other database. Here: ids as uuid, keys in
-- byte order (COLLATE "C"), room on the pages for updates in place.

CREATE TABLE purchase_order (
    tenant            BIGINT  NOT NULL,
    id                UUID    NOT NULL,
    version           BIGINT  NOT NULL CHECK (version > 0),
    requester         TEXT COLLATE "C" NOT NULL,
    supplier          TEXT COLLATE "C" NOT NULL,
    category          TEXT COLLATE "C",
    unit              TEXT COLLATE "C",
    note              TEXT,
    number            TEXT COLLATE "C",
    status            TEXT COLLATE "C" NOT NULL
        CHECK (status IN ('draft', 'in_review', 'ordered', 'received', 'rejected', 'cancelled')),
    currency          TEXT COLLATE "C" NOT NULL,
    amount            BIGINT  NOT NULL,
    lines             BIGINT  NOT NULL,
    lines_digest      BYTEA   NOT NULL,
    reserved_unit     TEXT COLLATE "C",
    reserved_currency TEXT COLLATE "C",
    reserved          BIGINT,
    created_at        BIGINT  NOT NULL,
    changed_at        BIGINT  NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX purchase_order_number
    ON purchase_order (tenant, number)
    WHERE number IS NOT NULL;

CREATE TABLE purchase_order_line (
    tenant      BIGINT  NOT NULL,
    order_id    UUID    NOT NULL,
    line        BIGINT  NOT NULL CHECK (line > 0),
    item        TEXT COLLATE "C" NOT NULL,
    description TEXT,
    quantity    BIGINT  NOT NULL CHECK (quantity > 0),
    unit        TEXT COLLATE "C" NOT NULL,
    currency    TEXT COLLATE "C" NOT NULL,
    price       BIGINT  NOT NULL,
    total       BIGINT  NOT NULL,
    PRIMARY KEY (tenant, order_id, line)
);

CREATE TABLE budget (
    tenant   BIGINT  NOT NULL,
    unit     TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    version  BIGINT  NOT NULL CHECK (version > 0),
    amount   BIGINT  NOT NULL CHECK (amount >= 0),
    reserved BIGINT  NOT NULL CHECK (reserved >= 0),
    PRIMARY KEY (tenant, unit, currency)
) WITH (fillfactor = 50);

CREATE TABLE number_series (
    tenant  BIGINT  NOT NULL,
    series  TEXT COLLATE "C" NOT NULL,
    year    BIGINT  NOT NULL,
    version BIGINT  NOT NULL CHECK (version > 0),
    next    BIGINT  NOT NULL CHECK (next > 0),
    PRIMARY KEY (tenant, series, year)
) WITH (fillfactor = 50);
