-- Master data, stock and its ledger, demand; what orders need to count in a stock position.
-- Amounts are units of 10^-4 of the major unit, quantities and grids of 10^-6, discounts 10^-4 of a percent, factors two
-- whole numbers, days ISO text (local), instants microseconds since 1970 (UTC).
-- Same tables and column names as the sibling of the other database. Here: STRICT, clustered by key.

-- An order may be closed short. SQLite cannot change a CHECK: the table is made anew.
CREATE TABLE purchase_order_next (
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
        CHECK (status IN ('draft', 'in_review', 'ordered', 'received', 'closed', 'rejected', 'cancelled')),
    currency          TEXT    NOT NULL,
    amount            INTEGER NOT NULL,
    lines             INTEGER NOT NULL,
    lines_digest      BLOB    NOT NULL CHECK (length(lines_digest) = 32),
    reserved_unit     TEXT,
    reserved_currency TEXT,
    reserved          INTEGER,
    created_at        INTEGER NOT NULL,
    changed_at        INTEGER NOT NULL,
    ordered_on        TEXT,
    expected_on       TEXT,
    source            TEXT,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

INSERT INTO purchase_order_next (
    tenant, id, version, requester, supplier, category, unit, note, number, status, currency, amount, lines,
    lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at
)
SELECT
    tenant, id, version, requester, supplier, category, unit, note, number, status, currency, amount, lines,
    lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at
FROM purchase_order;

DROP TABLE purchase_order;

ALTER TABLE purchase_order_next RENAME TO purchase_order;

CREATE UNIQUE INDEX purchase_order_number
    ON purchase_order (tenant, number)
    WHERE number IS NOT NULL;

-- A line with a location is one of the stock there; its factor to the stock unit is pinned when it is written.
ALTER TABLE purchase_order_line ADD COLUMN location TEXT;

ALTER TABLE purchase_order_line ADD COLUMN received INTEGER NOT NULL DEFAULT 0;

ALTER TABLE purchase_order_line ADD COLUMN numerator INTEGER;

ALTER TABLE purchase_order_line ADD COLUMN denominator INTEGER;

ALTER TABLE purchase_order_line ADD COLUMN why TEXT;

CREATE INDEX purchase_order_line_item
    ON purchase_order_line (tenant, item, location)
    WHERE location IS NOT NULL;

CREATE TABLE unit_of_measure (
    tenant      INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    name        TEXT    NOT NULL,
    grid        INTEGER NOT NULL CHECK (grid > 0),
    base        TEXT,
    numerator   INTEGER NOT NULL CHECK (numerator > 0),
    denominator INTEGER NOT NULL CHECK (denominator > 0),
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE supplier (
    tenant       INTEGER NOT NULL,
    code         TEXT    NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    name         TEXT    NOT NULL,
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    approved     INTEGER NOT NULL CHECK (approved IN (0, 1)),
    currency     TEXT,
    email        TEXT,
    payment_days INTEGER,
    note         TEXT,
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE item (
    tenant     INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    name       TEXT    NOT NULL,
    category   TEXT,
    stock_unit TEXT    NOT NULL,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE item_unit (
    tenant      INTEGER NOT NULL,
    item        TEXT    NOT NULL,
    unit        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    numerator   INTEGER NOT NULL CHECK (numerator > 0),
    denominator INTEGER NOT NULL CHECK (denominator > 0),
    PRIMARY KEY (tenant, item, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE location (
    tenant  INTEGER NOT NULL,
    code    TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    name    TEXT    NOT NULL,
    active  INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE supplier_term (
    tenant         INTEGER NOT NULL,
    item           TEXT    NOT NULL,
    supplier       TEXT    NOT NULL,
    term           TEXT    NOT NULL,
    version        INTEGER NOT NULL CHECK (version > 0),
    unit           TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    price          INTEGER NOT NULL CHECK (price >= 0),
    price_per      INTEGER NOT NULL CHECK (price_per > 0),
    discount       INTEGER NOT NULL,
    break_quantity INTEGER NOT NULL CHECK (break_quantity >= 0),
    minimum        INTEGER NOT NULL CHECK (minimum >= 0),
    multiple       INTEGER CHECK (multiple > 0),
    maximum        INTEGER CHECK (maximum >= 0),
    lead_time_days INTEGER,
    valid_from     TEXT,
    valid_to       TEXT,
    sequence       INTEGER NOT NULL,
    active         INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (tenant, item, supplier, term)
) STRICT, WITHOUT ROWID;

CREATE TABLE reorder_policy (
    tenant        INTEGER NOT NULL,
    item          TEXT    NOT NULL,
    location      TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    method        TEXT    NOT NULL CHECK (method IN ('min_max', 's_S', 's_Q')),
    trigger       TEXT    NOT NULL CHECK (trigger IN ('below', 'at_or_below')),
    order_point   INTEGER NOT NULL,
    order_up_to   INTEGER,
    quantity      INTEGER CHECK (quantity >= 0),
    maximum       INTEGER CHECK (maximum >= 0),
    maximum_rule  TEXT    NOT NULL CHECK (maximum_rule IN ('need_wins', 'maximum_wins', 'minimum_wins')),
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    snoozed_until TEXT,
    PRIMARY KEY (tenant, item, location)
) STRICT, WITHOUT ROWID;

CREATE TABLE stock_level (
    tenant     INTEGER NOT NULL,
    item       TEXT    NOT NULL,
    location   TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    on_hand    INTEGER NOT NULL,
    on_order   INTEGER NOT NULL CHECK (on_order >= 0),
    reserved   INTEGER NOT NULL CHECK (reserved >= 0),
    in_transit INTEGER NOT NULL CHECK (in_transit >= 0),
    movements  INTEGER NOT NULL CHECK (movements >= 0),
    PRIMARY KEY (tenant, item, location)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_level_location
    ON stock_level (tenant, location, item);

CREATE TABLE stock_movement (
    tenant    INTEGER NOT NULL,
    item      TEXT    NOT NULL,
    location  TEXT    NOT NULL,
    seq       INTEGER NOT NULL CHECK (seq > 0),
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('opening', 'receipt', 'issue', 'adjustment')),
    quantity  INTEGER NOT NULL,
    reference TEXT,
    order_id  BLOB CHECK (length(order_id) = 16),
    line      INTEGER,
    note      TEXT,
    person    TEXT,
    PRIMARY KEY (tenant, item, location, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX stock_movement_reference
    ON stock_movement (tenant, reference)
    WHERE reference IS NOT NULL;

CREATE TABLE demand (
    tenant     INTEGER NOT NULL,
    reference  TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version > 0),
    item       TEXT    NOT NULL,
    location   TEXT    NOT NULL,
    quantity   INTEGER NOT NULL CHECK (quantity >= 0),
    ordered_on TEXT    NOT NULL,
    due_on     TEXT,
    done_at    INTEGER,
    PRIMARY KEY (tenant, reference)
) STRICT, WITHOUT ROWID;

CREATE INDEX demand_open
    ON demand (tenant, item, location)
    WHERE done_at IS NULL;
