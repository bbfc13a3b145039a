-- What a tenant has set: one document a name.
-- Same tables and column names as the sibling of the other database. Here: keys in byte order.

CREATE TABLE setting (
    tenant   BIGINT NOT NULL,
    code     TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL CHECK (version > 0),
    document TEXT   NOT NULL,
    PRIMARY KEY (tenant, code)
);
