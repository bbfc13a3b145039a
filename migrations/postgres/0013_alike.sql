-- Suppliers are found without regard to capitals, so that no two differ by them alone. Not unique: there may be some of old.
-- Same on the other database.

CREATE INDEX supplier_alike ON supplier (lower(code), tenant);
