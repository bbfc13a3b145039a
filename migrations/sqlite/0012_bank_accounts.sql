-- The account that a supplier is paid to: both columns or neither.
-- Same tables and column names as the sibling of the other database. Here: STRICT, clustered by key.

ALTER TABLE supplier ADD COLUMN iban TEXT;

ALTER TABLE supplier ADD COLUMN account_holder TEXT;
