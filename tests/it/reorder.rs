//! Reorder runs of the real program: whole companies in one go, over HTTP, two at the same instant, and one that is killed.

mod companies;
mod demo;
mod killed;
mod over_http;
mod together;
mod words;

use fluxor_tests::server::place::Place;
use fluxor_tests::server::program::{done, fluxor, object, printed};
use serde_json::Value;

/// Items of the small company; every third is not short.
const ITEMS: usize = 60;
/// Where they lie.
const PLACES: [&str; 2] = ["north", "south"];
/// Items at places that are short.
const SHORT: usize = ITEMS / 3 * 2 * PLACES.len();
/// An order a supplier and place.
const ORDERS: i64 = 12;

/// What one more statement counts: order lines that have something open, of orders that have not ended.
const OPEN: &str = "FROM purchase_order_line l JOIN purchase_order o ON o.tenant = l.tenant AND o.id = l.order_id
    WHERE o.status IN ('draft', 'in_review', 'approved', 'ordered')";

/// A small company, imported.
async fn small(place: &Place) {
    let folder = small_company();
    done(place, &["import", "--strict", folder.path().to_str().unwrap()]).await;
}

/// The files of a small company, of the canonical set.
fn small_company() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("company.csv", "name,currency,zone,today\nSmall,EUR,UTC,2026-11-02\n");
    write("units.csv", "code,name,grid\npc,Piece,1\n");
    write("locations.csv", "code,name\nnorth,North\nsouth,South\n");
    write("people.csv", "id,name,email,manager,limit\nann,Ann,,bob,\nbob,Bob,,,1000000\n");
    write("roles.csv", "unit,role,person\npurchasing,planner,ann\npurchasing,buyer,bob\n");
    let rows = |count: usize, row: &dyn Fn(usize) -> String| (0..count).map(row).collect::<String>();
    let suppliers = rows(6, &|n| format!("s{n},Supplier {n},true,true\n"));
    write("suppliers.csv", &format!("code,name,active,approved\n{suppliers}"));
    let items = rows(ITEMS, &|n| format!("i{n:02},Item {n},pc,true\n"));
    write("items.csv", &format!("code,name,stock_unit,active\n{items}"));
    let terms = rows(ITEMS, &|n| format!("i{n:02},s{},1,pc,2.50,1\n", n / 3 % 6));
    write("terms.csv", &format!("item,supplier,term,unit,price,price_per\n{terms}"));
    let at = |row: &dyn Fn(usize, &str) -> String| {
        PLACES.iter().map(|place| rows(ITEMS, &|n| row(n, place))).collect::<String>()
    };
    let policies = at(&|n, place| format!("i{n:02},{place},min_max,below,10,30,true\n"));
    write("policies.csv", &format!("item,location,method,trigger,order_point,order_up_to,active\n{policies}"));
    let movements = at(&|n, place| {
        let there = if n % 3 == 0 { 20 } else { 4 };
        format!("{place}{n},i{n:02},{place},opening,{there},2026-11-01 10:00:00\n")
    });
    write("movements.csv", &format!("reference,item,location,kind,quantity,at\n{movements}"));
    folder
}

/// Each short item at its place stands on exactly one open line, and on order is what the lines say.
async fn everything_once(place: &Place) {
    assert_eq!(place.count(&format!("SELECT COUNT(*) {OPEN}")).await, i64::try_from(SHORT).unwrap());
    let places = format!("SELECT COUNT(*) FROM (SELECT DISTINCT l.item, l.location {OPEN}) AS places");
    assert_eq!(place.count(&places).await, i64::try_from(SHORT).unwrap());
    let quantity = place.count(&format!("SELECT CAST(SUM(l.quantity - l.received) AS BIGINT) {OPEN}")).await;
    assert_eq!(quantity, i64::try_from(SHORT).unwrap() * 26_000_000, "each up to 30");
    assert_eq!(place.count("SELECT CAST(SUM(on_order) AS BIGINT) FROM stock_level").await, quantity);
    let explained =
        "JOIN reorder_line r ON (r.tenant, r.item, r.location, r.line) = (l.tenant, l.item, l.location, l.line)";
    let explained = OPEN.replace(" JOIN purchase_order o", &format!(" {explained} JOIN purchase_order o"));
    assert_eq!(place.count(&format!("SELECT COUNT(*) {explained}")).await, i64::try_from(SHORT).unwrap());
    done(place, &["audit", "verify"]).await;
}
