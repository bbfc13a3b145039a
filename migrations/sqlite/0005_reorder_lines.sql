-- Why a reorder run ordered a line: written once, beside the run. The order's line leads to it by the order's source.
-- Same tables and column names as the sibling of the other database. Here: STRICT, ids as 16-byte BLOBs, clustered by key.

CREATE TABLE reorder_line (
    tenant   INTEGER NOT NULL,
    run      BLOB    NOT NULL CHECK (length(run) = 16),
    item     TEXT    NOT NULL,
    location TEXT    NOT NULL,
    line     INTEGER NOT NULL CHECK (line > 0),
    why      TEXT    NOT NULL,
    PRIMARY KEY (tenant, run, item, location)
) STRICT, WITHOUT ROWID;
