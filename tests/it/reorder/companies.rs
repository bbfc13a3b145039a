//! `fluxor demo --once` with whole companies: what it orders beside what is computed here from their files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluxor_engine::money::format_scaled;
use fluxor_tests::companies::{all, cells, company, cut, units};

use super::*;

/// What the one object of the demo holds.
const KEYS: [&str; 14] = [
    "approvals_decided",
    "audit_entries",
    "audit_ok",
    "company",
    "database",
    "items_read",
    "items_short",
    "not_ordered",
    "order_value",
    "orders",
    "orders_created",
    "refusals",
    "run",
    "waiting",
];

/// Pieces by item, or pieces of them.
type Pieces = BTreeMap<String, i128>;

/// A line that must be ordered: how many, at which price in units of 10^-4, and from one of these.
#[derive(Debug)]
struct Wanted {
    quantity: i128,
    unit: &'static str,
    price: i128,
    suppliers: BTreeSet<String>,
}

fn whole(text: &str) -> i128 {
    assert_eq!(units(text) % 10_000, 0, "{text} is no whole number");
    units(text) / 10_000
}

fn dollars(units: i128) -> String {
    format!("{} USD", format_scaled(i64::try_from(units).unwrap(), 4, 2))
}

fn add(pieces: &mut Pieces, item: &str, more: i128) {
    *pieces.entry(item.to_owned()).or_default() += more;
}

/// Whole outers that bring each item that is below its reorder level up to its target.
fn of_wideworldimporters(folder: &Path) -> BTreeMap<String, Wanted> {
    let items: BTreeMap<String, (String, i128)> =
        cells(folder, "items.csv").into_iter().map(|row| (row[0].clone(), (row[2].clone(), whole(&row[8])))).collect();
    let mut position = Pieces::new();
    for owed in cells(folder, "sales_order_lines.csv").iter().filter(|row| row[7].is_empty()) {
        add(&mut position, &owed[4], -whole(&owed[5]));
    }
    let orders = cells(folder, "purchase_orders.csv");
    let open: BTreeSet<&str> = orders.iter().filter(|row| row[5] == "False").map(|row| row[0].as_str()).collect();
    for line in cells(folder, "purchase_order_lines.csv").iter().filter(|line| open.contains(line[1].as_str())) {
        add(&mut position, &line[2], (whole(&line[3]) - whole(&line[4])) * items[&line[2]].1);
    }
    let mut wanted = BTreeMap::new();
    for row in cells(folder, "stock.csv") {
        let at = whole(&row[1]) + position.get(&row[0]).copied().unwrap_or(0);
        if at < whole(&row[5]) {
            let (supplier, outer) = &items[&row[0]];
            let (need, suppliers) = (whole(&row[6]) - at, BTreeSet::from([supplier.clone()]));
            let quantity = (need + outer - 1) / outer;
            wanted.insert(row[0].clone(), Wanted { quantity, unit: "outer", price: units(&row[4]) * outer, suppliers });
        }
    }
    wanted
}

/// Items below their reorder point: what to order where somebody active sells pieces, and those that nobody sells.
fn of_adventureworks(folder: &Path) -> (BTreeMap<String, Wanted>, BTreeSet<String>) {
    let mut position = Pieces::new();
    for row in cells(folder, "inventory.csv") {
        add(&mut position, &row[0], whole(&row[4]));
    }
    let orders = cells(folder, "purchase_orders.csv");
    let open = orders.iter().filter(|row| matches!(row[2].as_str(), "1" | "2")).map(|row| row[0].as_str());
    let open: BTreeSet<&str> = open.collect();
    for line in cells(folder, "purchase_order_lines.csv").iter().filter(|line| open.contains(line[0].as_str())) {
        add(&mut position, &line[4], whole(&line[3]) - whole(&line[7]));
    }
    let active = cells(folder, "vendors.csv").into_iter().filter(|row| row[5] == "1").map(|row| row[0].clone());
    let active: BTreeSet<String> = active.collect();
    let terms = cells(folder, "product_vendors.csv");
    let (mut wanted, mut unsold) = (BTreeMap::new(), BTreeSet::new());
    for row in cells(folder, "products.csv") {
        let at = position.get(&row[0]).copied().unwrap_or(0);
        if at >= whole(&row[7]) {
            continue;
        }
        let offers = terms.iter().filter(|term| term[0] == row[0] && active.contains(&term[1]));
        let offers: Vec<_> = offers.filter(|term| matches!(term[9].as_str(), "EA" | "DZ")).collect();
        assert!(offers.iter().all(|term| term[9] == "EA"), "what is short and sold in dozens is not computed here");
        let Some(price) = offers.iter().map(|term| units(&term[3])).min() else {
            unsold.insert(row[0].clone());
            continue;
        };
        let cheapest: Vec<_> = offers.iter().filter(|term| units(&term[3]) == price).collect();
        let (least, most) = (whole(&cheapest[0][6]), whole(&cheapest[0][7]));
        let quantity = (whole(&row[6]) - at).max(least);
        assert!(quantity <= most, "what is short beyond a maximum is not computed here");
        let suppliers = cheapest.iter().map(|term| term[1].clone()).collect();
        wanted.insert(row[0].clone(), Wanted { quantity, unit: "EA", price, suppliers });
    }
    (wanted, unsold)
}

/// Each line is one that must be, at its price, and each order is the sum of its lines; returns the sum of all.
fn as_computed(told: &Value, wanted: &BTreeMap<String, Wanted>) -> i128 {
    let (mut sum, mut seen) = (0, BTreeSet::new());
    let mut suppliers = BTreeSet::new();
    for order in told["orders"].as_array().unwrap() {
        let supplier = order["supplier"].as_str().unwrap();
        assert!(suppliers.insert(supplier), "one order a supplier: {order}");
        let mut value = 0;
        for line in order["lines"].as_array().unwrap() {
            let item = line["item"].as_str().unwrap();
            let expected = wanted.get(item).unwrap_or_else(|| panic!("{item} is not short: {line}"));
            assert!(seen.insert(item), "{item} is ordered twice");
            assert!(expected.suppliers.contains(supplier), "{item} from {supplier}: {expected:?}");
            assert_eq!(line["quantity"], expected.quantity.to_string(), "{line}");
            assert_eq!((&line["unit"], &line["location"]), (&expected.unit.into(), &"main".into()), "{line}");
            assert_eq!(line["price"], dollars(expected.price), "{line}");
            assert_eq!(line["total"], dollars(expected.price * expected.quantity), "{line}");
            value += expected.price * expected.quantity;
        }
        assert_eq!(order["value"], dollars(value), "{order}");
        assert_eq!((&order["asked"], &order["state"]), (&Value::Array(Vec::new()), &"open.ordering".into()), "{order}");
        sum += value;
    }
    assert_eq!(seen.len(), wanted.len(), "all that is short and can be bought is ordered");
    sum
}

/// What every demo that ends says, and what the database says to it.
async fn adds_up(place: &Place, told: &Value) {
    let keys: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, KEYS);
    let figures = [&told["refusals"], &told["waiting"], &told["audit_ok"]];
    assert_eq!(figures, [&Value::from(0), &0.into(), &true.into()], "{told}");
    assert_eq!(told["orders_created"], told["orders"].as_array().unwrap().len());
    assert_eq!(told["audit_entries"], place.count("SELECT COUNT(*) FROM audit_entry").await);
    let approvals = place.count("SELECT COUNT(*) FROM audit_entry WHERE header ->> 'verb' = 'approve'").await;
    assert_eq!(told["approvals_decided"], approvals);
}

/// The demo once more on the same database: it finds all that is short on order, but for `unsold`.
async fn again(place: &Place, folder: &Path, unsold: usize) {
    let before = place.count("SELECT COUNT(*) FROM purchase_order").await;
    let told = object(&done(place, &["demo", "--once", "--json", "--data", folder.to_str().unwrap()]).await);
    let figures = ["orders_created", "order_value", "items_short", "approvals_decided", "audit_ok"];
    let figures: Vec<&Value> = figures.iter().map(|name| &told[*name]).collect();
    assert_eq!(serde_json::json!(figures), serde_json::json!([0, "", unsold, 0, true]), "{told}");
    assert_eq!(place.count("SELECT COUNT(*) FROM purchase_order").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wideworldimporters_is_ordered_for_as_computed() {
    let Some(folder) = company("wideworldimporters", "the demo") else { return };
    // What is still owed is the last cell of a line, left empty: all of it counts for the position.
    let long = [("stock_movements.csv", never as fn(&str) -> bool), ("sales_order_lines.csv", owed)];
    let (_guard, folder) = cut(&folder, &long);
    let place = Place::sqlite();
    let told = object(&done(&place, &["demo", "--once", "--json", "--data", folder.to_str().unwrap()]).await);
    let wanted = of_wideworldimporters(&folder);
    assert_eq!((as_computed(&told, &wanted), &told["not_ordered"]), (23_725_621_000, &Value::Array(Vec::new())));
    let figures = ["company", "items_read", "items_short", "orders_created", "order_value"];
    let figures: Vec<&Value> = figures.iter().map(|name| &told[*name]).collect();
    let expected = serde_json::json!(["Wide World Importers", 227, 9, 2, "2372562.10 USD"]);
    assert_eq!(serde_json::json!(figures), expected, "{told}");
    let suppliers: BTreeSet<&str> =
        told["orders"].as_array().unwrap().iter().map(|order| order["supplier"].as_str().unwrap()).collect();
    assert_eq!(suppliers, BTreeSet::from(["4", "7"]));
    adds_up(&place, &told).await;
    again(&place, &folder, 0).await;
    done(&place, &["audit", "verify"]).await;
}

const fn never(_: &str) -> bool {
    false
}

fn owed(line: &str) -> bool {
    line.ends_with(',')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adventureworks_is_ordered_for_as_computed() {
    if !all() {
        eprintln!("skipped: the demo of adventureworks takes a minute or two (FLUXOR_TEST_ALL is not set)");
        return;
    }
    let Some(folder) = company("adventureworks", "the demo") else { return };
    let place = Place::sqlite();
    let told = object(&done(&place, &["demo", "--once", "--json", "--data", folder.to_str().unwrap()]).await);
    let (wanted, unsold) = of_adventureworks(&folder);
    assert_eq!(as_computed(&told, &wanted), 2_310_035_500);
    let missed = told["not_ordered"].as_array().unwrap();
    let items: BTreeSet<String> = missed.iter().map(|row| row["item"].as_str().unwrap().to_owned()).collect();
    assert_eq!((items, missed.len()), (unsold, 74));
    assert!(missed.iter().all(|row| row["reason"] == "no_term"), "{told}");
    let figures = ["company", "items_read", "items_short", "orders_created", "order_value", "approvals_decided"];
    let figures: Vec<&Value> = figures.iter().map(|name| &told[*name]).collect();
    let expected = serde_json::json!(["Adventure Works Cycles", 504, 79, 5, "231003.55 USD", 6]);
    assert_eq!(serde_json::json!(figures), expected, "{told}");
    adds_up(&place, &told).await;
    again(&place, &folder, 74).await;
    done(&place, &["audit", "verify"]).await;
}
