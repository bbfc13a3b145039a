//! What stands around an order, the same on every store.

use fluxor_engine::ids::TenantId;
use fluxor_engine::money::Money;
use fluxor_workflows::{BudgetRow, Op, OrderRow, OrderStatus, around, order};
use serde_json::json;

use super::{Db, id, started};

const TENANT: TenantId = TenantId(1);

#[tokio::test]
async fn what_was_paid_before_and_what_is_left() {
    let money = |text: &str| text.parse::<Money>().unwrap();
    for mut db in Db::all().await {
        for (place, price, supplier, status) in [
            (1, "7.00 EUR", "ACME", OrderStatus::Ordered),
            (2, "8.00 EUR", "other", OrderStatus::Received),
            (3, "9.00 EUR", "ACME", OrderStatus::Rejected),
            (4, "10.00 EUR", "ACME", OrderStatus::InReview),
            (5, "11.00 EUR", "ACME", OrderStatus::Closed),
        ] {
            let line = json!([{ "item": "desk", "quantity": "1", "unit": "piece", "price": price }]);
            let ops = started(place, &line);
            db.write(&ops).await.unwrap();
            let Op::PurchaseOrder(row) = &ops[0].1 else { panic!("the order comes first") };
            let unit = Some("it".into());
            let next = OrderRow { version: 2, supplier: supplier.into(), status, unit, ..*row.clone() };
            db.write(&[(TENANT, Op::PurchaseOrder(Box::new(next)))]).await.unwrap();
        }
        let row = order(db.connection(), TENANT, id(4)).await.unwrap().unwrap().row;
        let items = || ["desk", "lamp"].into_iter().map(Into::into);
        let before = around(db.connection(), TENANT, &row, items()).await.unwrap();
        assert!(before.budget.is_none() && before.supplier.is_none() && before.items.is_empty());
        // Its own supplier's goes before a newer one of another; what was rejected, or came later, was not paid before it.
        assert_eq!((before.paid.len(), before.paid["desk"].price), (1, money("7.00 EUR")));
        let other = OrderRow { supplier: "third".into(), ..row.clone() };
        let any = around(db.connection(), TENANT, &other, items()).await.unwrap();
        assert_eq!((any.paid["desk"].price, any.paid["desk"].order), (money("8.00 EUR"), id(2)));

        // However many orders of other things came since.
        for place in 100..500 {
            let line = json!([{ "item": "chair", "quantity": "1", "unit": "piece", "price": "1.00 EUR" }]);
            db.write(&started(place, &line)).await.unwrap();
        }
        let late = OrderRow { id: id(900), ..row.clone() };
        let far = around(db.connection(), TENANT, &late, items()).await.unwrap();
        assert_eq!((far.paid["desk"].price, far.paid["desk"].order), (money("11.00 EUR"), id(5)));

        let budget = |reserved: &str| BudgetRow {
            unit: "it".into(),
            version: 1,
            amount: money("100.00 EUR"),
            reserved: money(reserved),
        };
        db.write(&[(TENANT, Op::Budget(budget("30.00 EUR")))]).await.unwrap();
        let left = around(db.connection(), TENANT, &row, items()).await.unwrap().budget.unwrap();
        assert_eq!((left.left, left.amount, left.held), (money("70.00 EUR"), money("100.00 EUR"), false));
    }
}
