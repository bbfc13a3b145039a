-- An order that is approved and not issued yet.
-- Same tables and column names as the sibling of the other database. Here: ids as uuid, keys in byte order.

ALTER TABLE purchase_order DROP CONSTRAINT purchase_order_status_check;

ALTER TABLE purchase_order ADD CONSTRAINT purchase_order_status_check
    CHECK (status IN ('draft', 'in_review', 'approved', 'ordered', 'received', 'closed', 'rejected', 'cancelled'));
