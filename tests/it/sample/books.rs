//! The sample company's files, and what is short in them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Index;
use std::path::{Path, PathBuf};

/// One of a unit, at 10^-6.
pub(super) const MICRO: i128 = 1_000_000;

/// Where the files are. What cargo says at run time goes first: a copy of the project may have been built elsewhere.
pub(super) fn folder() -> PathBuf {
    let own = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&own).join("../definitions/sample")
}

/// A row by column.
pub(super) struct Row(BTreeMap<String, String>);

impl Index<&str> for Row {
    type Output = String;

    fn index(&self, column: &str) -> &String {
        self.0.get(column).unwrap_or_else(|| panic!("no column {column}"))
    }
}

impl Row {
    /// A decimal at 10^-`places`; an empty cell is 0.
    pub(super) fn number(&self, column: &str, places: usize) -> i128 {
        let text = &self[column];
        let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        assert!(part.len() <= places, "{column}: {text} is too fine");
        if text.is_empty() { 0 } else { sign * format!("{whole}{part:0<places$}").parse::<i128>().unwrap() }
    }

    /// Item and location.
    pub(super) fn place(&self) -> (String, String) {
        (self["item"].clone(), self["location"].clone())
    }
}

/// A policy whose position is too low.
pub(super) struct Short {
    pub(super) item: String,
    pub(super) location: String,
    /// The cheapest supplier and the sum at 10^-10 EUR; none if it cannot be ordered.
    pub(super) offer: Option<(String, i128)>,
}

/// The files.
pub(super) struct Books {
    tables: BTreeMap<String, Vec<Row>>,
    factors: BTreeMap<(String, String), (i128, i128)>,
    grids: BTreeMap<String, i128>,
    stock_units: BTreeMap<String, String>,
    orders: BTreeMap<String, (String, String)>,
}

impl Books {
    pub(super) fn read() -> Self {
        let mut tables = BTreeMap::new();
        for file in fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "csv") {
                let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
                tables.insert(name, table(&file));
            }
        }
        let rows = |name: &str| tables.get(name).unwrap();
        let factors = rows("item_units").iter().map(|row| {
            ((row["item"].clone(), row["unit"].clone()), (row.number("numerator", 0), row.number("denominator", 0)))
        });
        let grids = rows("units").iter().map(|row| (row["code"].clone(), row.number("grid", 6)));
        let stock_units = rows("items").iter().map(|row| (row["code"].clone(), row["stock_unit"].clone()));
        let orders =
            rows("orders").iter().map(|row| (row["number"].clone(), (row["status"].clone(), row["note"].clone())));
        Self {
            factors: factors.collect(),
            grids: grids.collect(),
            stock_units: stock_units.collect(),
            orders: orders.collect(),
            tables,
        }
    }

    /// The rows of a table.
    pub(super) fn of(&self, table: &str) -> &[Row] {
        self.tables.get(table).unwrap_or_else(|| panic!("no file {table}.csv"))
    }

    pub(super) fn status(&self, order: &str) -> &str {
        &self.orders[order].0
    }

    pub(super) fn note(&self, order: &str) -> &str {
        &self.orders[order].1
    }

    /// The smallest step of a unit.
    pub(super) fn grid(&self, unit: &str) -> i128 {
        self.grids[unit]
    }

    pub(super) fn grid_of_item(&self, item: &str) -> i128 {
        self.grid(&self.stock_units[item])
    }

    fn factor(&self, item: &str, unit: &str) -> (i128, i128) {
        if self.stock_units[item] == unit { (1, 1) } else { self.factors[&(item.to_owned(), unit.to_owned())] }
    }

    /// A quantity of a unit in the item's stock units; it has to come out even.
    pub(super) fn in_stock_units(&self, item: &str, unit: &str, quantity: i128) -> i128 {
        let (numerator, denominator) = self.factor(item, unit);
        assert_eq!(quantity * numerator % denominator, 0, "{quantity} {unit} of {item} does not come out even");
        quantity * numerator / denominator
    }

    /// On hand, and on order, less what is reserved; by item and location.
    fn positions(&self) -> BTreeMap<(String, String), i128> {
        let mut positions = BTreeMap::new();
        for row in self.of("stock") {
            *positions.entry(row.place()).or_default() += row.number("on_hand", 6);
        }
        for row in self.of("order_lines").iter().filter(|row| self.status(&row["order"]) == "ordered") {
            let open = row.number("quantity", 6) - row.number("received", 6);
            *positions.entry(row.place()).or_default() += self.in_stock_units(&row["item"], &row["unit"], open);
        }
        for row in self.of("demand").iter().filter(|row| row["done_at"].is_empty()) {
            *positions.entry(row.place()).or_default() -= row.number("quantity", 6);
        }
        positions
    }

    /// What is below its order point today.
    pub(super) fn short(&self) -> Vec<Short> {
        let positions = self.positions();
        let mut found = Vec::new();
        for policy in self.of("policies").iter().filter(|policy| policy["active"] == "true") {
            let position = positions[&policy.place()];
            if !below(policy, position) {
                continue;
            }
            let need = if policy["method"] == "s_Q" {
                let lot = policy.number("quantity", 6);
                (1..).map(|lots| lots * lot).find(|quantity| !below(policy, position + quantity)).unwrap()
            } else {
                policy.number("order_up_to", 6) - position
            };
            let awake = policy["snoozed_until"] < self.of("company")[0]["today"];
            let offer = if awake { self.cheapest(&policy["item"], need) } else { None };
            found.push(Short { item: policy["item"].clone(), location: policy["location"].clone(), offer });
        }
        found
    }

    fn cheapest(&self, item: &str, need: i128) -> Option<(String, i128)> {
        let terms = self.of("terms").iter().filter(|term| term["item"] == item && self.usable(term));
        terms
            .filter_map(|term| self.total(term, need).map(|total| (term["supplier"].clone(), total)))
            .min_by_key(|o| o.1)
    }

    fn usable(&self, term: &Row) -> bool {
        let today = &self.of("company")[0]["today"];
        let supplier = self.of("suppliers").iter().find(|row| row["code"] == term["supplier"]).unwrap();
        let begun = term["valid_from"] <= *today;
        let over = !term["valid_to"].is_empty() && term["valid_to"] < *today;
        supplier["active"] == "true" && supplier["approved"] == "true" && begun && !over
    }

    /// What a term asks for a need, at 10^-10 EUR; none where its break is not reached.
    fn total(&self, term: &Row, need: i128) -> Option<i128> {
        let (numerator, denominator) = self.factor(&term["item"], &term["unit"]);
        let step = term.number("multiple", 6).max(self.grid(&term["unit"]));
        let wanted = up(need * denominator, numerator).max(term.number("minimum", 6));
        let maximum = if term["maximum"].is_empty() { i128::MAX } else { term.number("maximum", 6) };
        let quantity = (up(wanted, step) * step).min(maximum);
        let price = quantity * term.number("price", 4) * (100 - term.number("discount", 0)) / 100;
        (quantity >= term.number("break_quantity", 6)).then(|| price / term.number("price_per", 0))
    }
}

fn below(policy: &Row, position: i128) -> bool {
    let point = policy.number("order_point", 6);
    position < point || policy["trigger"] == "at_or_below" && position == point
}

fn up(value: i128, by: i128) -> i128 {
    (value + by - 1).div_euclid(by)
}

/// The files keep to plain cells, so that a comma is always a border.
fn table(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains('"') && !text.contains('\r') && text.ends_with('\n'), "{} has noise", path.display());
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').map(str::to_owned).collect();
        assert_eq!(cells.len(), header.len(), "{}: {line}", path.display());
        Row(header.iter().cloned().zip(cells).collect())
    };
    lines.map(row).collect()
}
