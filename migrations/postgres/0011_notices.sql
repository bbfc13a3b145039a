-- How each person wants to be written to: one document a person; and what waits for somebody who wants it together.
-- `digest` is one row a person: who sends holds it until `leased_until`; `batch` names the mail that is under way, which is the
-- same mail however often it is tried. What was sent stays for some days, so that a message that comes again is known.
-- Same tables and column names as the sibling of the other database. Here: keys in byte order.

CREATE TABLE preference (
    tenant   BIGINT NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    version  BIGINT NOT NULL CHECK (version > 0),
    document TEXT   NOT NULL,
    PRIMARY KEY (tenant, person)
);

CREATE TABLE digest (
    tenant       BIGINT NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    leased_until BIGINT NOT NULL,
    batch        UUID,
    began        BIGINT,
    PRIMARY KEY (tenant, person)
);

CREATE TABLE digest_item (
    tenant   BIGINT NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    id       UUID   NOT NULL,
    instance UUID   NOT NULL,
    at       BIGINT NOT NULL,
    payload  TEXT   NOT NULL,
    batch    UUID,
    sent_at  BIGINT,
    PRIMARY KEY (tenant, person, id)
);

CREATE INDEX digest_item_waiting ON digest_item (tenant, person, at) WHERE sent_at IS NULL;
