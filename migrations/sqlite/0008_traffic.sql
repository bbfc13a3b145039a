-- What was called over HTTP, a minute a row (compact bytes, see fluxor-limits), and calls that limits refused (`policies`: `|few|many|`). Kept for a
-- few days, to explain limits and to try others. Not part of the audit trail.
-- Same tables and column names as the sibling of the other database. Here: STRICT; rowid tables, since rows are long.

CREATE TABLE traffic (
    tenant INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    part   BLOB    NOT NULL,
    calls  BLOB    NOT NULL,
    PRIMARY KEY (tenant, minute, part)
) STRICT;

CREATE INDEX traffic_minute ON traffic (minute);

CREATE TABLE refused_call (
    tenant   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    request  TEXT    NOT NULL,
    person   TEXT,
    policies TEXT    NOT NULL,
    told     TEXT    NOT NULL,
    PRIMARY KEY (tenant, at, request)
) STRICT;

CREATE INDEX refused_call_request ON refused_call (tenant, request, at);
CREATE INDEX refused_call_at ON refused_call (at);
