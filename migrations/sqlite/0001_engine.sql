-- The engine's tables. Same names and columns as postgres/0001_engine.sql; README.md says which types pair up.

CREATE TABLE instance (
  tenant         INTEGER NOT NULL,
  id             BLOB    NOT NULL,
  workflow       TEXT    NOT NULL,
  definition     BLOB    NOT NULL,
  key            TEXT,
  state          TEXT    NOT NULL,
  status         TEXT    NOT NULL,
  seq            INTEGER NOT NULL,
  state_revision INTEGER NOT NULL,
  subject        TEXT    NOT NULL,
  detail         TEXT    NOT NULL,
  head           BLOB    NOT NULL,
  started_at     INTEGER NOT NULL,
  changed_at     INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
  tenant    INTEGER NOT NULL,
  instance  BLOB    NOT NULL,
  ordinal   INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  status    TEXT    NOT NULL,
  revision  INTEGER NOT NULL,
  document  BLOB    NOT NULL,
  due_at    INTEGER,
  holders   TEXT    NOT NULL,
  detail    TEXT    NOT NULL,
  opened_at INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (tenant, instance, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_due ON task (due_at, tenant, instance) WHERE due_at IS NOT NULL;

CREATE TABLE task_holder (
  tenant   INTEGER NOT NULL,
  person   TEXT    NOT NULL,
  instance BLOB    NOT NULL,
  ordinal  INTEGER NOT NULL,
  step     TEXT    NOT NULL,
  PRIMARY KEY (tenant, person, instance, ordinal, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE timer (
  tenant   INTEGER NOT NULL,
  instance BLOB    NOT NULL,
  name     TEXT    NOT NULL,
  due_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant, instance, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_due ON timer (due_at, tenant, instance);

CREATE TABLE start_key (
  tenant   INTEGER NOT NULL,
  scope    TEXT    NOT NULL,
  key      TEXT    NOT NULL,
  instance BLOB    NOT NULL,
  PRIMARY KEY (tenant, scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
  tenant INTEGER NOT NULL,
  stream BLOB    NOT NULL,
  kind   TEXT    NOT NULL,
  key    TEXT    NOT NULL,
  seq    INTEGER NOT NULL,
  head   BLOB    NOT NULL,
  PRIMARY KEY (tenant, stream)
) STRICT, WITHOUT ROWID;

-- A rowid table: rows of any streams are appended to one page after the other, only the index is by stream.
CREATE TABLE audit_entry (
  tenant      INTEGER NOT NULL,
  stream      BLOB    NOT NULL,
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  txid        INTEGER NOT NULL,
  header      TEXT    NOT NULL,
  hash        BLOB    NOT NULL,
  body_digest BLOB    NOT NULL,
  salt        BLOB    NOT NULL,
  body        TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX audit_entry_stream ON audit_entry (tenant, stream, seq);

CREATE TABLE outbox (
  tenant      INTEGER NOT NULL,
  instance    BLOB    NOT NULL,
  destination TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  id          BLOB    NOT NULL,
  payload     TEXT    NOT NULL,
  times       INTEGER NOT NULL,
  wait_from   INTEGER NOT NULL,
  wait_to     INTEGER NOT NULL,
  sent_event  TEXT,
  next_at     INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,
  error       TEXT,
  given_up_at INTEGER,
  PRIMARY KEY (tenant, instance, destination, seq, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_next ON outbox (next_at) WHERE given_up_at IS NULL;

CREATE TABLE inbox (
  tenant  INTEGER NOT NULL,
  target  BLOB    NOT NULL,
  message TEXT    NOT NULL,
  event   TEXT    NOT NULL,
  payload TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (tenant, target, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX inbox_at ON inbox (at);

CREATE TABLE organisation (
  tenant   INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  document TEXT    NOT NULL,
  PRIMARY KEY (tenant, revision)
) STRICT;

CREATE TABLE api_key (
  tenant        INTEGER NOT NULL,
  id            TEXT    NOT NULL,
  secret_hash   BLOB    NOT NULL,
  person        TEXT    NOT NULL,
  label         TEXT    NOT NULL,
  administrator INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  revoked_at    INTEGER,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX api_key_secret ON api_key (secret_hash);

CREATE TABLE definition (
  hash      BLOB    NOT NULL PRIMARY KEY,
  name      TEXT    NOT NULL,
  version   INTEGER NOT NULL,
  source    TEXT    NOT NULL,
  stored_at INTEGER NOT NULL
) STRICT;
