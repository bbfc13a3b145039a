-- Whoever made a link with a key: the link, and the session that comes of it, end with the key and with its person.
-- And up to which revision of the organisation it was looked that somebody was there all the time; 0: of a row from before, not at all.
-- Same tables and column names as the sibling of the other database. Here: names compare by bytes.

ALTER TABLE session ADD COLUMN key_person TEXT COLLATE "C";

ALTER TABLE session ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

ALTER TABLE one_time_link ADD COLUMN api_key TEXT COLLATE "C";

ALTER TABLE one_time_link ADD COLUMN key_person TEXT COLLATE "C";

ALTER TABLE one_time_link ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
