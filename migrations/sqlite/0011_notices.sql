-- How each person wants to be written to: one document a person; and what waits for somebody who wants it together.
-- `digest` is one row a person: who sends holds it until `leased_until`; `batch` names the mail that is under way, which is the
-- same mail however often it is tried. What was sent stays for some days, so that a message that comes again is known.
-- Same tables and column names as the sibling of the other database. Here: STRICT, clustered by key where rows are short.

CREATE TABLE preference (
    tenant   INTEGER NOT NULL,
    person   TEXT    NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0),
    document TEXT    NOT NULL,
    PRIMARY KEY (tenant, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest (
    tenant       INTEGER NOT NULL,
    person       TEXT    NOT NULL,
    leased_until INTEGER NOT NULL,
    batch        BLOB,
    began        INTEGER,
    PRIMARY KEY (tenant, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest_item (
    tenant   INTEGER NOT NULL,
    person   TEXT    NOT NULL,
    id       BLOB    NOT NULL,
    instance BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    payload  TEXT    NOT NULL,
    batch    BLOB,
    sent_at  INTEGER,
    PRIMARY KEY (tenant, person, id)
) STRICT;

CREATE INDEX digest_item_waiting ON digest_item (tenant, person, at) WHERE sent_at IS NULL;
