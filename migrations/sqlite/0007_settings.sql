-- What a tenant has set: one document a name.
-- Same tables and column names as the sibling of the other database. Here: STRICT, clustered by key.

CREATE TABLE setting (
    tenant   INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0),
    document TEXT    NOT NULL,
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;
