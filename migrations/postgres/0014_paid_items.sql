-- What was paid for an item last is found by the item, newest order first.
CREATE INDEX purchase_order_line_paid
    ON purchase_order_line (tenant, item, order_id, line);
