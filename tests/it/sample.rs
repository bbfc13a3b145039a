//! The sample company: it is what its generator makes, its files agree with each other, and there is something to order.
//!
//! [`books`] reads the files as the canonical set says and computes what is short by itself, so that neither the
//! generator nor the product is taken at its word.

mod books;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use books::{Books, MICRO, folder};

/// Limits at 10^-4 EUR.
fn limits(books: &Books) -> BTreeSet<i128> {
    books.of("people").iter().filter(|row| !row["limit"].is_empty()).map(|row| row.number("limit", 4)).collect()
}

#[test]
fn the_generator_makes_the_same_bytes() {
    let made = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_sample")).arg(made.path()).status().unwrap();
    assert!(run.success());
    let names = |folder: &std::path::Path| -> BTreeSet<String> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        files.filter(|name| name.ends_with(".csv")).collect()
    };
    assert_eq!(names(made.path()), names(&folder()), "other files than the generator's");
    for name in names(made.path()) {
        let (new, kept) = (fs::read(made.path().join(&name)).unwrap(), fs::read(folder().join(&name)).unwrap());
        assert!(
            new == kept,
            "{name} is not what the generator makes: cargo run -p fluxor-tests --bin sample -- definitions/sample"
        );
    }
}

#[test]
fn it_has_the_size_that_was_asked_for() {
    let books = Books::read();
    assert_eq!(books.of("items").len(), 300);
    assert_eq!(books.of("suppliers").len(), 25);
    assert_eq!(books.of("people").len(), 40);
    assert!(books.of("movements").len() < 60_000);
    for item in books.of("items") {
        let terms = books.of("terms").iter().filter(|term| term["item"] == item["code"]).count();
        assert!(terms <= 4 && (terms > 0 || item["code"] == "SDL-04"), "{} has {terms} terms", item["code"]);
    }
    let days: BTreeSet<_> = books.of("orders").iter().map(|order| order["ordered_on"].as_str()).collect();
    assert!(days.first() < Some(&"2024-12-01") && days.last() > Some(&"2026-10-20"), "two years of orders");
    let rejected = books.of("order_lines").iter().filter(|line| !line["rejected"].is_empty()).count();
    assert!(rejected >= 20, "only {rejected} lines with something rejected");
    let states: BTreeSet<_> = books.of("orders").iter().map(|order| order["status"].as_str()).collect();
    assert_eq!(states, BTreeSet::from(["cancelled", "closed", "ordered", "rejected"]));
}

/// Staff without a limit, buyers and team leads, heads, the board; who asks for an order reaches the top of them.
#[test]
fn people_stand_in_four_levels_under_one_head() {
    let books = Books::read();
    let people: BTreeMap<_, _> = books.of("people").iter().map(|row| (row["id"].as_str(), row)).collect();
    let level = |id: &str| match people[id]["limit"].as_str() {
        "" => 1,
        "1000" => 2,
        "10000" => 3,
        "50000" | "80000" => 4,
        other => panic!("{id} has an odd limit: {other}"),
    };
    let sizes: Vec<_> = (1..=4).map(|own| people.keys().filter(|id| level(id) == own).count()).collect();
    assert_eq!(sizes, [18, 10, 8, 4]);
    for (id, row) in &people {
        match row["manager"].as_str() {
            "" => assert_eq!(*id, "hvogt", "a second head of the house"),
            manager => assert!(level(manager) > level(id) || manager == "hvogt", "{manager} is no higher than {id}"),
        }
    }
    let role = |name: &str| {
        let own = books.of("roles").iter().filter(|row| row["unit"] == "purchasing" && row["role"] == name);
        own.map(|row| row["person"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(role("planner"), ["lfrank"], "in whose name reorder orders are requested");
    let mut chain = vec![people["lfrank"]["manager"].as_str()];
    while let Some(next) = chain.last().map(|id| people[id]["manager"].as_str()).filter(|next| !next.is_empty()) {
        chain.push(next);
    }
    assert_eq!(chain, ["mjansen", "ialbrecht", "mthomsen", "hvogt"]);
    assert!(role("buyer").contains(&"mjansen".to_owned()));
    assert_eq!(role("purchasing_manager"), ["ialbrecht"]);
    assert_eq!(role("administrator").len(), 1);
}

/// Column, table, the column there that it names.
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("units", "base", "units", "code"),
    ("items", "stock_unit", "units", "code"),
    ("item_units", "item", "items", "code"),
    ("item_units", "unit", "units", "code"),
    ("terms", "item", "items", "code"),
    ("terms", "supplier", "suppliers", "code"),
    ("terms", "unit", "units", "code"),
    ("policies", "item", "items", "code"),
    ("policies", "location", "locations", "code"),
    ("stock", "item", "items", "code"),
    ("stock", "location", "locations", "code"),
    ("movements", "item", "items", "code"),
    ("movements", "location", "locations", "code"),
    ("movements", "order", "orders", "number"),
    ("demand", "item", "items", "code"),
    ("demand", "location", "locations", "code"),
    ("orders", "supplier", "suppliers", "code"),
    ("orders", "requester", "people", "id"),
    ("order_lines", "order", "orders", "number"),
    ("order_lines", "item", "items", "code"),
    ("order_lines", "location", "locations", "code"),
    ("order_lines", "unit", "units", "code"),
    ("people", "manager", "people", "id"),
    ("roles", "person", "people", "id"),
    ("substitutes", "person", "people", "id"),
    ("substitutes", "substitute", "people", "id"),
];

#[test]
fn references_lead_somewhere_and_keys_stand_once() {
    let books = Books::read();
    for (table, column, other, key) in REFERENCES {
        let keys: BTreeSet<_> = books.of(other).iter().map(|row| row[*key].as_str()).collect();
        for row in books.of(table).iter().filter(|row| !row[*column].is_empty()) {
            let name = row[*column].as_str();
            assert!(keys.contains(name), "{table}: {column} `{name}` is not in {other}");
        }
    }
    for (table, _, _, _) in REFERENCES.iter().filter(|(table, ..)| *table != "order_lines") {
        let keys: &[&str] = match *table {
            "item_units" => &["item", "unit"],
            "terms" => &["item", "supplier", "term"],
            "policies" | "stock" => &["item", "location"],
            "movements" | "demand" => &["reference"],
            "orders" => &["number"],
            "roles" => &["unit", "role", "person"],
            "substitutes" => &["person"],
            "people" => &["id"],
            _ => &["code"],
        };
        let mut seen = BTreeSet::new();
        for row in books.of(table) {
            let key: Vec<_> = keys.iter().map(|column| row[*column].clone()).collect();
            assert!(seen.insert(key.clone()), "{table}: {key:?} stands twice");
        }
    }
}

#[test]
fn the_ledger_sums_to_the_stock_and_never_goes_below_nothing() {
    let books = Books::read();
    let mut sums: BTreeMap<_, i128> = BTreeMap::new();
    let mut last = "";
    for row in books.of("movements") {
        assert!(row["at"].as_str() >= last, "{} is out of order", row["reference"]);
        last = row["at"].as_str();
        let (place, quantity) = (row.place(), row.number("quantity", 6));
        assert_eq!(
            sums.contains_key(&place),
            row["kind"] != "opening",
            "{}: an opening is the first",
            row["reference"]
        );
        assert_eq!(quantity % books.grid_of_item(&row["item"]), 0, "{} is off the grid", row["reference"]);
        let sum = sums.entry(place).or_default();
        *sum += quantity;
        assert!(*sum >= 0, "{} takes more than there was", row["reference"]);
    }
    let counted: BTreeMap<_, _> = books.of("stock").iter().map(|row| (row.place(), row.number("on_hand", 6))).collect();
    assert_eq!(sums, counted);
}

#[test]
fn receipts_are_what_the_orders_received_less_what_was_rejected() {
    let books = Books::read();
    let mut ledger: BTreeMap<_, i128> = BTreeMap::new();
    for row in books.of("movements").iter().filter(|row| row["kind"] == "receipt") {
        *ledger.entry((row["order"].clone(), row.place())).or_default() += row.number("quantity", 6);
    }
    let mut lines = BTreeMap::new();
    for row in books.of("order_lines") {
        let (quantity, received, rejected) =
            (row.number("quantity", 6), row.number("received", 6), row.number("rejected", 6));
        let key = (row["order"].clone(), row.place());
        assert!(quantity > 0 && received <= quantity && rejected <= received, "{key:?}: more than was ordered");
        assert_eq!(quantity % books.grid(&row["unit"]), 0, "{key:?} is off the grid");
        let open = quantity - received;
        let status = books.status(&row["order"]);
        assert!(open == 0 || status != "closed" || books.note(&row["order"]).starts_with("closed short"), "{key:?}");
        assert!(received == 0 || matches!(status, "ordered" | "closed"), "{key:?} is {status} and was received");
        let good = books.in_stock_units(&row["item"], &row["unit"], received - rejected);
        assert!(good == 0 || lines.insert(key.clone(), good).is_none(), "{key:?} stands twice");
    }
    assert_eq!(ledger, lines);
}

/// Each issue bears the number of the demand that it serves.
#[test]
fn demand_that_is_done_was_issued() {
    let books = Books::read();
    let issues: BTreeMap<_, _> = books
        .of("movements")
        .iter()
        .filter(|row| row["kind"] == "issue")
        .map(|row| (row["reference"].replace('I', "D"), (row.place(), -row.number("quantity", 6), row["at"].clone())))
        .collect();
    let done: BTreeMap<_, _> = books
        .of("demand")
        .iter()
        .filter(|row| !row["done_at"].is_empty())
        .map(|row| (row["reference"].clone(), (row.place(), row.number("quantity", 6), row["done_at"].clone())))
        .collect();
    assert_eq!(issues, done);
    assert!(books.of("demand").len() > done.len(), "nothing is reserved");
}

#[test]
fn between_30_and_60_items_are_short_and_orders_need_every_level() {
    let books = Books::read();
    let short = books.short();
    let items: BTreeSet<_> = short.iter().map(|short| short.item.as_str()).collect();
    assert!((30..=60).contains(&items.len()), "{} items are short: {items:?}", items.len());
    assert!(short.len() > items.len(), "no item is short at both locations");
    let unplaceable: Vec<_> = short.iter().filter(|short| short.offer.is_none()).map(|short| &*short.item).collect();
    assert_eq!(unplaceable, ["BOX-05", "LNK-04", "PLT-06", "SDL-04", "STD-03"]);
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    assert!(unplaceable.iter().all(|item| readme.contains(item)), "README.md tells why each cannot be ordered");

    let mut orders: BTreeMap<_, i128> = BTreeMap::new();
    for short in &short {
        if let Some((supplier, total)) = &short.offer {
            *orders.entry((supplier.clone(), short.location.clone())).or_default() += total;
        }
    }
    let (euro, most) = (MICRO * 10_000, orders.values().max().unwrap());
    let figures = [
        format!("{} items are short", items.len()),
        format!("{} orders", orders.len()),
        format!("about {} EUR", (most + euro / 2) / euro),
    ];
    assert!(figures.iter().all(|figure| readme.contains(figure)), "README.md says otherwise than {figures:?}");
    let limits: Vec<_> = limits(&books).into_iter().collect();
    assert_eq!(limits, [1_000, 10_000, 50_000, 80_000].map(|euros| euros * 10_000));
    let reach = |total: i128| limits.iter().filter(|limit| **limit < total / MICRO).count();
    let levels: BTreeSet<_> = orders.values().map(|total| reach(*total)).collect();
    assert_eq!(levels, BTreeSet::from([0, 1, 2, 4]), "from under one limit to over the highest: {orders:?}");
    assert!(reach(orders[&("sundwerk".to_owned(), "hamburg".to_owned())]) == 4, "drives are the big order");
}
