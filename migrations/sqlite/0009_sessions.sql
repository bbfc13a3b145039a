-- Who is signed in to pages, and links that are good for once. Beside the books: a sign-in is in the audit trail, these rows are not.
-- Only hashes of what browsers and mails hold.
-- Same tables and column names as the sibling of the other database. Here: STRICT, clustered by key.

CREATE TABLE session (
    tenant        INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    secret_hash   BLOB    NOT NULL,
    person        TEXT    NOT NULL,
    administrator INTEGER NOT NULL,
    api_key       TEXT,
    agent         TEXT    NOT NULL,
    began_at      INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX session_secret ON session (secret_hash);
CREATE INDEX session_end ON session (ends_at);

CREATE TABLE one_time_link (
    tenant        INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    secret_hash   BLOB    NOT NULL,
    person        TEXT    NOT NULL,
    purpose       TEXT    NOT NULL,
    target        TEXT    NOT NULL,
    administrator INTEGER NOT NULL,
    made_at       INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL,
    used_at       INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_time_link_secret ON one_time_link (secret_hash);
CREATE INDEX one_time_link_end ON one_time_link (ends_at);
