-- The engine's tables. Same names and columns as sqlite/0001_engine.sql; README.md says which types pair up.

CREATE TABLE instance (
  tenant         BIGINT NOT NULL,
  id             UUID NOT NULL,
  workflow       TEXT COLLATE "C" NOT NULL,
  definition     BYTEA NOT NULL,
  key            TEXT COLLATE "C",
  state          TEXT COLLATE "C" NOT NULL,
  status         TEXT COLLATE "C" NOT NULL,
  seq            BIGINT NOT NULL,
  state_revision BIGINT NOT NULL,
  subject        TEXT NOT NULL,
  detail         TEXT NOT NULL,
  head           BYTEA NOT NULL,
  started_at     BIGINT NOT NULL,
  changed_at     BIGINT NOT NULL,
  PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);

CREATE TABLE task (
  tenant    BIGINT NOT NULL,
  instance  UUID NOT NULL,
  ordinal   BIGINT NOT NULL,
  state     TEXT COLLATE "C" NOT NULL,
  status    TEXT COLLATE "C" NOT NULL,
  revision  BIGINT NOT NULL,
  document  BYTEA NOT NULL,
  due_at    BIGINT,
  holders   TEXT NOT NULL,
  detail    TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  seq       BIGINT NOT NULL,
  PRIMARY KEY (tenant, instance, ordinal)
) WITH (fillfactor = 70);

CREATE INDEX task_due ON task (due_at, tenant, instance) WHERE due_at IS NOT NULL;

CREATE TABLE task_holder (
  tenant   BIGINT NOT NULL,
  person   TEXT COLLATE "C" NOT NULL,
  instance UUID NOT NULL,
  ordinal  BIGINT NOT NULL,
  step     TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, person, instance, ordinal, step)
);

CREATE TABLE timer (
  tenant   BIGINT NOT NULL,
  instance UUID NOT NULL,
  name     TEXT COLLATE "C" NOT NULL,
  due_at   BIGINT NOT NULL,
  PRIMARY KEY (tenant, instance, name)
);

CREATE INDEX timer_due ON timer (due_at, tenant, instance);

CREATE TABLE start_key (
  tenant   BIGINT NOT NULL,
  scope    TEXT COLLATE "C" NOT NULL,
  key      TEXT COLLATE "C" NOT NULL,
  instance UUID NOT NULL,
  PRIMARY KEY (tenant, scope, key)
);

CREATE TABLE record (
  tenant BIGINT NOT NULL,
  stream UUID NOT NULL,
  kind   TEXT COLLATE "C" NOT NULL,
  key    TEXT COLLATE "C" NOT NULL,
  seq    BIGINT NOT NULL,
  head   BYTEA NOT NULL,
  PRIMARY KEY (tenant, stream)
) WITH (fillfactor = 70);

-- txid: the transaction that wrote it. The sealer takes what is below the oldest running transaction.
CREATE TABLE audit_entry (
  tenant      BIGINT NOT NULL,
  stream      UUID NOT NULL,
  seq         BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  txid        BIGINT NOT NULL,
  header      TEXT NOT NULL,
  hash        BYTEA NOT NULL,
  body_digest BYTEA NOT NULL,
  salt        BYTEA NOT NULL,
  body        TEXT NOT NULL
);

CREATE UNIQUE INDEX audit_entry_stream ON audit_entry (tenant, stream, seq);

CREATE TABLE outbox (
  tenant      BIGINT NOT NULL,
  instance    UUID NOT NULL,
  destination TEXT COLLATE "C" NOT NULL,
  seq         BIGINT NOT NULL,
  id          UUID NOT NULL,
  payload     TEXT NOT NULL,
  times       BIGINT NOT NULL,
  wait_from   BIGINT NOT NULL,
  wait_to     BIGINT NOT NULL,
  sent_event  TEXT COLLATE "C",
  next_at     BIGINT NOT NULL,
  attempt     BIGINT NOT NULL,
  epoch       BIGINT NOT NULL,
  error       TEXT,
  given_up_at BIGINT,
  PRIMARY KEY (tenant, instance, destination, seq, id)
) WITH (fillfactor = 70);

CREATE INDEX outbox_next ON outbox (next_at) WHERE given_up_at IS NULL;

CREATE TABLE inbox (
  tenant  BIGINT NOT NULL,
  target  UUID NOT NULL,
  message TEXT COLLATE "C" NOT NULL,
  event   TEXT COLLATE "C" NOT NULL,
  payload TEXT NOT NULL,
  at      BIGINT NOT NULL,
  PRIMARY KEY (tenant, target, message)
);

CREATE INDEX inbox_at ON inbox (at);

CREATE TABLE organisation (
  tenant   BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (tenant, revision)
);

CREATE TABLE api_key (
  tenant        BIGINT NOT NULL,
  id            TEXT COLLATE "C" NOT NULL,
  secret_hash   BYTEA NOT NULL,
  person        TEXT COLLATE "C" NOT NULL,
  label         TEXT NOT NULL,
  administrator BOOLEAN NOT NULL,
  created_at    BIGINT NOT NULL,
  revoked_at    BIGINT,
  PRIMARY KEY (tenant, id)
);

CREATE UNIQUE INDEX api_key_secret ON api_key (secret_hash);

CREATE TABLE definition (
  hash      BYTEA NOT NULL PRIMARY KEY,
  name      TEXT COLLATE "C" NOT NULL,
  version   BIGINT NOT NULL,
  source    TEXT NOT NULL,
  stored_at BIGINT NOT NULL
);
