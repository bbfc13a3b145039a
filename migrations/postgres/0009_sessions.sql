-- Who is signed in to pages, and links that are good for once. Beside the books: a sign-in is in the audit trail, these rows are not.
-- Only hashes of what browsers and mails hold.
-- Same tables and column names as the sibling of the other database. Here: names compare by bytes.

CREATE TABLE session (
    tenant        BIGINT NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    secret_hash   BYTEA  NOT NULL,
    person        TEXT COLLATE "C" NOT NULL,
    administrator BOOLEAN NOT NULL,
    api_key       TEXT COLLATE "C",
    agent         TEXT COLLATE "C" NOT NULL,
    began_at      BIGINT NOT NULL,
    seen_at       BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE UNIQUE INDEX session_secret ON session (secret_hash);
CREATE INDEX session_end ON session (ends_at);

CREATE TABLE one_time_link (
    tenant        BIGINT NOT NULL,
    id            TEXT COLLATE "C" NOT NULL,
    secret_hash   BYTEA  NOT NULL,
    person        TEXT COLLATE "C" NOT NULL,
    purpose       TEXT COLLATE "C" NOT NULL,
    target        TEXT COLLATE "C" NOT NULL,
    administrator BOOLEAN NOT NULL,
    made_at       BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    used_at       BIGINT,
    PRIMARY KEY (tenant, id)
);

CREATE UNIQUE INDEX one_time_link_secret ON one_time_link (secret_hash);
CREATE INDEX one_time_link_end ON one_time_link (ends_at);
