//! What a reorder run would order, the same on every store.

use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use fluxor_workflows::reorder::{Ask, Explained, Outcome, Rates, Why, explain, snapshot};
use fluxor_workflows::{
    Factor, ItemRow, LocationRow, MaximumRule, Method, Op, OrderRow, Percent, PolicyRow, Quantity, ReorderLineRow,
    Rows, StockKey, StockRow, SupplierRow, TermKey, TermRow, Trigger, UnitRow, Written, order,
};
use jiff::civil::{Date, date};
use serde_json::{Value as Json, json};

use super::inventory::{Asked, TENANT, decided};
use super::{Db, id};

const TODAY: Date = date(2026, 3, 2);

/// For 2 March 2026, in euros.
pub(super) fn ask() -> Ask {
    Ask { today: TODAY, rates: Rates::of("EUR".parse().unwrap()) }
}

fn company() -> Vec<Asked> {
    let asked = |action, key: &str, json| (action, key.to_owned(), json);
    let line = |quantity: &str| json!({"lines": [{"item": "usb", "quantity": quantity, "unit": "outer", "price": "40 EUR", "location": "main"}]});
    let term = |unit: &str, price: &str| json!({"unit": unit, "price": price, "lead_time_days": 14});
    let policy = |point: &str, target: &str| json!({"order_point": point, "order_up_to": target});
    vec![
        asked("set_unit", "piece", json!({"name": "Piece", "grid": "1"})),
        asked("set_unit", "outer", json!({"name": "Outer", "grid": "1"})),
        asked("set_unit", "g", json!({"name": "Gram", "grid": "1"})),
        asked("set_unit", "kg", json!({"name": "Kilogram", "grid": "0.5", "base": "g", "numerator": 1000})),
        asked("set_item", "usb", json!({"name": "USB rocket launcher", "stock_unit": "piece"})),
        asked("set_item", "glue", json!({"name": "Glue", "stock_unit": "g"})),
        asked("set_item", "tape", json!({"name": "Tape", "stock_unit": "piece"})),
        asked("set_item_unit", "usb@outer", json!({"numerator": 12})),
        asked("set_location", "main", json!({"name": "Main"})),
        asked("set_location", "shop", json!({"name": "Shop"})),
        asked("set_supplier", "litware", json!({"name": "Litware", "active": true, "approved": true})),
        asked("set_supplier", "graphic", json!({"name": "Graphic Design", "active": true, "approved": false})),
        asked("set_term", "usb@litware@1", term("outer", "40 EUR")),
        asked("set_term", "usb@graphic@1", term("piece", "1 EUR")),
        asked("set_term", "glue@litware@1", term("kg", "3 EUR")),
        asked("set_term", "tape@graphic@1", term("piece", "1 EUR")),
        asked("set_policy", "usb@main", policy("70", "100")),
        asked("set_policy", "usb@shop", policy("10", "20")),
        asked("set_policy", "glue@main", policy("1000", "2250")),
        asked("set_policy", "tape@main", policy("1", "5")),
        asked("record_movement", "usb@main", json!({"kind": "opening", "quantity": "30"})),
        asked("record_movement", "usb@shop", json!({"kind": "opening", "quantity": "10"})),
        asked(
            "import_demand",
            "wwi/d",
            json!({"rows": [{"reference": "d:1", "item": "usb", "location": "main", "quantity": "25",
                "ordered_on": "2026-02-05"}]}),
        ),
        asked("record_order", "1", line("2")),
        asked("record_order", "2", line("1")),
        asked("set_order_status", "2", json!({"status": "in_review"})),
        asked("record_order", "3", line("3")),
        asked("set_order_status", "3", json!({"status": "ordered"})),
        asked("receive_goods", "3", json!({"lines": [{"line": 1, "quantity": "2"}]})),
        asked("record_order", "4", line("9")),
        asked("set_order_status", "4", json!({"status": "cancelled"})),
    ]
}

async fn stocked(db: &mut Db) {
    let (ops, answers) = decided(db, &company()).await;
    assert!(answers.iter().all(|answer| answer.starts_with("Ok")), "{answers:#?}");
    db.write(&ops).await.unwrap();
}

async fn explained(db: &mut Db, item: &str, location: Option<&str>) -> Vec<Explained> {
    explain(db.connection(), TENANT, &ask(), item, location).await.unwrap()
}

#[tokio::test]
async fn what_is_short_is_told_by_supplier_and_what_cannot_be_ordered_with_its_reason() {
    for mut db in Db::all().await {
        stocked(&mut db).await;
        let found = snapshot(db.connection(), TENANT, &ask()).await.unwrap();
        // usb@main: 54 on hand - 25 + 24 in draft + 12 in approval + 12 sent = 77, not below 70. usb@shop: 10, not below.
        assert_eq!(
            serde_json::to_value(&found.chunks).unwrap(),
            json!([{"supplier": "litware", "location": "main", "currency": "EUR", "part": 1, "lines": [
                {"item": "glue", "term": "1", "compared": [["litware", "1"]], "quantity": "2.5", "unit": "kg", "other_units": ["g"],
                    "total": "7.50 EUR"}]}])
        );
        let [tape] = &found.unplaceable[..] else { panic!("{found:#?}") };
        assert_eq!((&*tape.item, tape.obstacle.reason), ("tape", Why::NoApprovedSupplier));
        assert_eq!(tape.need.map(|need| need.to_string()), Some("5".into()));
        let totals = serde_json::to_value(&found.totals).unwrap();
        let expected = json!({"looked_at": 4, "short": 2, "lines": 1, "not_purchasable": {"no_approved_supplier": 1},
            "value": ["7.50 EUR"]});
        assert_eq!(totals, expected);

        let [main, shop] = &explained(&mut db, "usb", None).await[..] else { panic!("two places") };
        let shown = serde_json::to_value(main).unwrap();
        let position = json!({"on_hand": "54", "reserved": "25", "in_transit": "0",
            "on_order": {"draft": "24", "in_approval": "12", "approved": "0", "sent": "12"}});
        assert_eq!((&shown["why"]["position"], &shown["name"]), (&position, &json!("USB rocket launcher")));
        assert_eq!(shown["outcome"], json!({"not_short": "covered_by_supply"}));
        assert_eq!(serde_json::to_value(shop).unwrap()["outcome"], json!({"not_short": "not_below_order_point"}));
        let [only] = &explained(&mut db, "usb", Some("shop")).await[..] else { panic!("one place") };
        assert_eq!(only, shop);
        assert_eq!(explained(&mut db, "nothing", None).await, []);

        // The draft is cancelled: 53, and 47 are four outers from the one supplier who is approved.
        let cancelled: Json = json!({"status": "cancelled"});
        let (ops, _) = decided(&mut db, &[("set_order_status", "1".to_owned(), cancelled)]).await;
        db.write(&ops).await.unwrap();
        let [main] = &explained(&mut db, "usb", Some("main")).await[..] else { panic!("one place") };
        let Outcome::Order(line) = &main.proposed.outcome else { panic!("{main:#?}") };
        assert_eq!((line.quantity.to_string(), line.total.to_string()), ("4".into(), "160.00 EUR".into()));
        let found = snapshot(db.connection(), TENANT, &ask()).await.unwrap();
        assert_eq!(found.chunks[0].lines.iter().map(|line| &*line.item).collect::<Vec<_>>(), ["glue", "usb"]);
        // Another tenant has none of it.
        let nothing = snapshot(db.connection(), TenantId(2), &ask()).await.unwrap();
        assert_eq!(nothing, fluxor_workflows::reorder::Snapshot::default());
    }
}

#[tokio::test]
async fn why_a_run_ordered_a_line_stands_beside_the_run_and_is_shown_with_the_line() {
    for mut db in Db::all().await {
        stocked(&mut db).await;
        let [main] = &explained(&mut db, "usb", Some("main")).await[..] else { panic!("one place") };
        let (run, key) = (id(9), StockKey { item: "usb".into(), location: "main".into() });
        let why = Written::of(&main.proposed.why).unwrap();
        let row = |line| Op::ReorderLine(Rows(vec![ReorderLineRow { run, key: key.clone(), line, why: why.clone() }]));
        let found = order(db.connection(), TENANT, id(2)).await.unwrap().unwrap();
        assert_eq!(found.lines[0].why, None);
        let source = Some(format!("reorder:{run}").into());
        let of_run = OrderRow { version: found.row.version + 1, source, ..found.row };
        db.write(&[(TENANT, row(1)), (TENANT, Op::PurchaseOrder(Box::new(of_run)))]).await.unwrap();
        let found = order(db.connection(), TENANT, id(2)).await.unwrap().unwrap();
        assert_eq!(found.lines[0].why, Some(serde_json::to_value(&main.proposed.why).unwrap()));
        let again = db.write(&[(TENANT, row(2))]).await;
        assert!(matches!(&again, Err(StoreError::Conflict(table)) if table == "reorder_line"), "{again:?}");
        let told = serde_json::to_value(row(1)).unwrap();
        assert_eq!(told["columns"], json!(["run", "item", "location", "line", "why"]));
        assert_eq!(serde_json::from_value::<Op>(told).unwrap(), {
            let why = Written::of(&serde_json::to_value(&why).unwrap()).unwrap();
            Op::ReorderLine(Rows(vec![ReorderLineRow { run, key: key.clone(), line: 1, why }]))
        });
    }
}

fn approved(code: Arc<str>) -> SupplierRow {
    SupplierRow {
        name: code.clone(),
        code,
        version: 1,
        active: true,
        approved: true,
        currency: None,
        email: None,
        payment_days: None,
        note: None,
        account: None,
    }
}

/// As many items, each at one of two locations, each ordered from one of two suppliers; every tenth has enough.
fn many(count: usize) -> Vec<Op> {
    let quantity = |whole: i64| Quantity(whole * 1_000_000);
    let code = |text: &str| Arc::<str>::from(text);
    let unit = UnitRow {
        code: code("piece"),
        version: 1,
        name: code("Piece"),
        grid: quantity(1),
        base: None,
        factor: Factor::ONE,
    };
    let mut ops = vec![Op::UnitOfMeasure(unit)];
    for location in ["main", "shop"] {
        ops.push(Op::Location(LocationRow { code: code(location), version: 1, name: code(location), active: true }));
    }
    for supplier in ["acme", "zeta"] {
        ops.push(Op::Supplier(Box::new(approved(code(supplier)))));
    }
    for number in 0..count {
        let item: Arc<str> = format!("item-{number:05}").into();
        let key = StockKey { item: item.clone(), location: code(if number % 2 == 0 { "main" } else { "shop" }) };
        let (name, stock_unit) = (item.clone(), code("piece"));
        ops.push(Op::Item(ItemRow { code: item.clone(), version: 1, name, category: None, stock_unit, active: true }));
        let on_hand = quantity(if number % 10 == 0 { 100 } else { 1 });
        ops.push(Op::StockLevel(Rows(vec![StockRow { version: 1, on_hand, ..StockRow::empty(key.clone()) }])));
        ops.push(Op::ReorderPolicy(Box::new(PolicyRow {
            key,
            version: 1,
            method: Method::MinMax,
            trigger: Trigger::Below,
            order_point: quantity(5),
            order_up_to: Some(quantity(11)),
            quantity: None,
            maximum: None,
            maximum_rule: MaximumRule::NeedWins,
            active: true,
            snoozed_until: None,
        })));
        ops.push(Op::SupplierTerm(Box::new(TermRow {
            key: TermKey { item, supplier: code(if number % 4 < 2 { "acme" } else { "zeta" }), term: code("1") },
            version: 1,
            unit: code("piece"),
            price: "0.10 EUR".parse().unwrap(),
            price_per: quantity(1),
            discount: Percent(0),
            break_quantity: quantity(0),
            minimum: quantity(0),
            multiple: None,
            maximum: None,
            lead_time_days: None,
            valid_from: None,
            valid_to: None,
            sequence: 10,
            active: true,
        })));
    }
    ops
}

#[tokio::test]
async fn a_large_tenant_is_read_page_by_page_and_ordered_in_parts() {
    let count = std::env::var("ITEMS").map_or(2_500, |count| count.parse().unwrap());
    let ops: Vec<_> = many(count).into_iter().map(|op| (TENANT, op)).collect();
    for mut db in Db::all().await {
        for ops in ops.chunks(2_000) {
            db.write(ops).await.unwrap();
        }
        let before = std::time::Instant::now();
        let found = snapshot(db.connection(), TENANT, &ask()).await.unwrap();
        eprintln!("{count} items: {:?}", before.elapsed());
        let count = u64::try_from(count).unwrap();
        assert_eq!((found.totals.looked_at, found.totals.short), (count, count - count / 10));
        assert_eq!(found.totals.lines, found.totals.short);
        assert_eq!(found.chunks.iter().map(|chunk| chunk.lines.len() as u64).sum::<u64>(), found.totals.lines);
        assert!(found.chunks.iter().all(|chunk| (1..=500).contains(&chunk.lines.len())));
        // What is on the list is in order, and each list goes on where the last part ended.
        for pair in found.chunks.windows(2) {
            let group = |place: usize| (&pair[place].supplier, &pair[place].location);
            match group(0) == group(1) {
                true => assert!(pair[1].part == pair[0].part + 1 && pair[0].lines.len() == 500),
                false => assert!(group(0) < group(1) && pair[1].part == 1),
            }
        }
        assert!(found.chunks.iter().all(|chunk| chunk.lines.is_sorted_by(|a, b| a.item < b.item)));
        assert_eq!(found.totals.value, [format!("{}.00 EUR", found.totals.lines).parse().unwrap()]);
    }
}
