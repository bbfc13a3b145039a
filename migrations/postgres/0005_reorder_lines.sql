-- Why a reorder run ordered a line: written once, beside the run. The order's line leads to it by the order's source.
-- Same tables and column names as the sibling of the other database. Here: ids as uuid, keys in byte order.

CREATE TABLE reorder_line (
    tenant   BIGINT NOT NULL,
    run      UUID   NOT NULL,
    item     TEXT COLLATE "C" NOT NULL,
    location TEXT COLLATE "C" NOT NULL,
    line     BIGINT NOT NULL CHECK (line > 0),
    why      TEXT   NOT NULL,
    PRIMARY KEY (tenant, run, item, location)
);
