-- An order that is approved and not issued yet. SQLite cannot change a CHECK: the table is made anew.
-- Same tables and column names as the sibling of the other database. Here: STRICT, ids as 16-byte BLOBs, clustered by key.

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
        CHECK (status IN ('draft', 'in_review', 'approved', 'ordered', 'received', 'closed', 'rejected', 'cancelled')),
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
    lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at, ordered_on, expected_on, source
)
SELECT
    tenant, id, version, requester, supplier, category, unit, note, number, status, currency, amount, lines,
    lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at, ordered_on, expected_on, source
FROM purchase_order;

DROP TABLE purchase_order;

ALTER TABLE purchase_order_next RENAME TO purchase_order;

CREATE UNIQUE INDEX purchase_order_number
    ON purchase_order (tenant, number)
    WHERE number IS NOT NULL;

CREATE INDEX purchase_order_source
    ON purchase_order (tenant, source, id)
    WHERE source IS NOT NULL;
