-- Master data, stock and its ledger, demand; what orders need to count in a stock position.
-- Amounts are units of 10^-4 of the major unit, quantities and grids of 10^-6, discounts 10^-4 of a percent, factors two
-- whole numbers, days ISO text (local), instants microseconds since 1970 (UTC).
-- Same tables and column names as the sibling of the other database. Here: ids as uuid, keys in byte order.

-- An order may be closed short.
ALTER TABLE purchase_order DROP CONSTRAINT purchase_order_status_check;

ALTER TABLE purchase_order ADD CONSTRAINT purchase_order_status_check
    CHECK (status IN ('draft', 'in_review', 'ordered', 'received', 'closed', 'rejected', 'cancelled'));

ALTER TABLE purchase_order ADD COLUMN ordered_on TEXT COLLATE "C";

ALTER TABLE purchase_order ADD COLUMN expected_on TEXT COLLATE "C";

ALTER TABLE purchase_order ADD COLUMN source TEXT COLLATE "C";

-- A line with a location is one of the stock there; its factor to the stock unit is pinned when it is written.
ALTER TABLE purchase_order_line ADD COLUMN location TEXT COLLATE "C";

ALTER TABLE purchase_order_line ADD COLUMN received BIGINT NOT NULL DEFAULT 0;

ALTER TABLE purchase_order_line ADD COLUMN numerator BIGINT;

ALTER TABLE purchase_order_line ADD COLUMN denominator BIGINT;

ALTER TABLE purchase_order_line ADD COLUMN why TEXT;

CREATE INDEX purchase_order_line_item
    ON purchase_order_line (tenant, item, location)
    WHERE location IS NOT NULL;

CREATE TABLE unit_of_measure (
    tenant      BIGINT  NOT NULL,
    code        TEXT COLLATE "C" NOT NULL,
    version     BIGINT  NOT NULL CHECK (version > 0),
    name        TEXT    NOT NULL,
    grid        BIGINT  NOT NULL CHECK (grid > 0),
    base        TEXT COLLATE "C",
    numerator   BIGINT  NOT NULL CHECK (numerator > 0),
    denominator BIGINT  NOT NULL CHECK (denominator > 0),
    PRIMARY KEY (tenant, code)
);

CREATE TABLE supplier (
    tenant       BIGINT  NOT NULL,
    code         TEXT COLLATE "C" NOT NULL,
    version      BIGINT  NOT NULL CHECK (version > 0),
    name         TEXT    NOT NULL,
    active       BOOLEAN NOT NULL,
    approved     BOOLEAN NOT NULL,
    currency     TEXT COLLATE "C",
    email        TEXT,
    payment_days BIGINT,
    note         TEXT,
    PRIMARY KEY (tenant, code)
);

CREATE TABLE item (
    tenant     BIGINT  NOT NULL,
    code       TEXT COLLATE "C" NOT NULL,
    version    BIGINT  NOT NULL CHECK (version > 0),
    name       TEXT    NOT NULL,
    category   TEXT COLLATE "C",
    stock_unit TEXT COLLATE "C" NOT NULL,
    active     BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, code)
);

CREATE TABLE item_unit (
    tenant      BIGINT  NOT NULL,
    item        TEXT COLLATE "C" NOT NULL,
    unit        TEXT COLLATE "C" NOT NULL,
    version     BIGINT  NOT NULL CHECK (version > 0),
    numerator   BIGINT  NOT NULL CHECK (numerator > 0),
    denominator BIGINT  NOT NULL CHECK (denominator > 0),
    PRIMARY KEY (tenant, item, unit)
);

CREATE TABLE location (
    tenant  BIGINT  NOT NULL,
    code    TEXT COLLATE "C" NOT NULL,
    version BIGINT  NOT NULL CHECK (version > 0),
    name    TEXT    NOT NULL,
    active  BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, code)
);

CREATE TABLE supplier_term (
    tenant         BIGINT  NOT NULL,
    item           TEXT COLLATE "C" NOT NULL,
    supplier       TEXT COLLATE "C" NOT NULL,
    term           TEXT COLLATE "C" NOT NULL,
    version        BIGINT  NOT NULL CHECK (version > 0),
    unit           TEXT COLLATE "C" NOT NULL,
    currency       TEXT COLLATE "C" NOT NULL,
    price          BIGINT  NOT NULL CHECK (price >= 0),
    price_per      BIGINT  NOT NULL CHECK (price_per > 0),
    discount       BIGINT  NOT NULL,
    break_quantity BIGINT  NOT NULL CHECK (break_quantity >= 0),
    minimum        BIGINT  NOT NULL CHECK (minimum >= 0),
    multiple       BIGINT CHECK (multiple > 0),
    maximum        BIGINT CHECK (maximum >= 0),
    lead_time_days BIGINT,
    valid_from     TEXT COLLATE "C",
    valid_to       TEXT COLLATE "C",
    sequence       BIGINT  NOT NULL,
    active         BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, item, supplier, term)
) WITH (fillfactor = 80);

CREATE TABLE reorder_policy (
    tenant        BIGINT  NOT NULL,
    item          TEXT COLLATE "C" NOT NULL,
    location      TEXT COLLATE "C" NOT NULL,
    version       BIGINT  NOT NULL CHECK (version > 0),
    method        TEXT COLLATE "C" NOT NULL CHECK (method IN ('min_max', 's_S', 's_Q')),
    trigger       TEXT COLLATE "C" NOT NULL CHECK (trigger IN ('below', 'at_or_below')),
    order_point   BIGINT  NOT NULL,
    order_up_to   BIGINT,
    quantity      BIGINT CHECK (quantity >= 0),
    maximum       BIGINT CHECK (maximum >= 0),
    maximum_rule  TEXT COLLATE "C" NOT NULL
        CHECK (maximum_rule IN ('need_wins', 'maximum_wins', 'minimum_wins')),
    active        BOOLEAN NOT NULL,
    snoozed_until TEXT COLLATE "C",
    PRIMARY KEY (tenant, item, location)
) WITH (fillfactor = 80);

CREATE TABLE stock_level (
    tenant     BIGINT  NOT NULL,
    item       TEXT COLLATE "C" NOT NULL,
    location   TEXT COLLATE "C" NOT NULL,
    version    BIGINT  NOT NULL CHECK (version > 0),
    on_hand    BIGINT  NOT NULL,
    on_order   BIGINT  NOT NULL CHECK (on_order >= 0),
    reserved   BIGINT  NOT NULL CHECK (reserved >= 0),
    in_transit BIGINT  NOT NULL CHECK (in_transit >= 0),
    movements  BIGINT  NOT NULL CHECK (movements >= 0),
    PRIMARY KEY (tenant, item, location)
) WITH (fillfactor = 50);

CREATE INDEX stock_level_location
    ON stock_level (tenant, location, item);

CREATE TABLE stock_movement (
    tenant    BIGINT  NOT NULL,
    item      TEXT COLLATE "C" NOT NULL,
    location  TEXT COLLATE "C" NOT NULL,
    seq       BIGINT  NOT NULL CHECK (seq > 0),
    at        BIGINT  NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('opening', 'receipt', 'issue', 'adjustment')),
    quantity  BIGINT  NOT NULL,
    reference TEXT COLLATE "C",
    order_id  UUID,
    line      BIGINT,
    note      TEXT,
    person    TEXT COLLATE "C",
    PRIMARY KEY (tenant, item, location, seq)
);

CREATE UNIQUE INDEX stock_movement_reference
    ON stock_movement (tenant, reference)
    WHERE reference IS NOT NULL;

CREATE TABLE demand (
    tenant     BIGINT  NOT NULL,
    reference  TEXT COLLATE "C" NOT NULL,
    version    BIGINT  NOT NULL CHECK (version > 0),
    item       TEXT COLLATE "C" NOT NULL,
    location   TEXT COLLATE "C" NOT NULL,
    quantity   BIGINT  NOT NULL CHECK (quantity >= 0),
    ordered_on TEXT COLLATE "C" NOT NULL,
    due_on     TEXT COLLATE "C",
    done_at    BIGINT,
    PRIMARY KEY (tenant, reference)
) WITH (fillfactor = 80);

CREATE INDEX demand_open
    ON demand (tenant, item, location)
    WHERE done_at IS NULL;
