-- What was called over HTTP, a minute a row (compact bytes, see fluxor-limits), and calls that limits refused (`policies`: `|few|many|`). Kept for a
-- few days, to explain limits and to try others. Not part of the audit trail.
-- Same tables and column names as the sibling of the other database. Here: keys in byte order.

CREATE TABLE traffic (
    tenant BIGINT NOT NULL,
    minute BIGINT NOT NULL,
    part   UUID   NOT NULL,
    calls  BYTEA  NOT NULL,
    PRIMARY KEY (tenant, minute, part)
);

CREATE INDEX traffic_minute ON traffic (minute);

CREATE TABLE refused_call (
    tenant   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    request  TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C",
    policies TEXT COLLATE "C" NOT NULL,
    told     TEXT   NOT NULL,
    PRIMARY KEY (tenant, at, request)
);

CREATE INDEX refused_call_request ON refused_call (tenant, request, at);
CREATE INDEX refused_call_at ON refused_call (at);
