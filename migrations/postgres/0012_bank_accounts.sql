-- The account that a supplier is paid to: both columns or neither.
-- Same tables and column names as the sibling of the other database. Here: keys in byte order.

ALTER TABLE supplier ADD COLUMN iban TEXT COLLATE "C";

ALTER TABLE supplier ADD COLUMN account_holder TEXT;
