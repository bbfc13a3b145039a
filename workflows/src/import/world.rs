//! What is known of a company while its rows are read: which rows name each other, and whether they may.

use std::collections::{BTreeMap, HashMap, HashSet};

use fluxor_engine::clock::Timestamp;
use fluxor_engine::money::Currency;
use jiff::tz::TimeZone;

use super::cell::{Cell, Place, Row, instant, parse};
use super::feed::Not;
use super::tables::Table;

/// What the company's one row says, and every key that was met.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) currency: Option<Currency>,
    pub(crate) zone_name: String,
    pub(crate) zone: TimeZone,
    /// What a run takes as its date.
    pub(crate) today: Option<String>,
    /// The tables that the set has: what they do not list does not exist.
    pub(crate) has: HashSet<Table>,
    keys: HashMap<Table, HashSet<String>>,
    units: HashMap<String, Unit>,
    /// Stock unit.
    items: HashMap<String, String>,
    inactive: HashSet<String>,
    managers: HashMap<String, String>,
    /// Currency.
    orders: HashMap<String, Currency>,
}

#[derive(Debug)]
struct Unit {
    base: Option<String>,
    grid: Option<i64>,
}

type Checked = Result<(), Not>;

fn bad<T>(why: impl Into<String>) -> Result<T, Not> {
    Err(Not::Bad(why.into()))
}

impl World {
    pub(crate) fn new(has: HashSet<Table>) -> Self {
        Self {
            name: String::new(),
            currency: None,
            zone_name: "UTC".to_owned(),
            zone: TimeZone::UTC,
            today: None,
            has,
            keys: HashMap::new(),
            units: HashMap::new(),
            items: HashMap::new(),
            inactive: HashSet::new(),
            managers: HashMap::new(),
            orders: HashMap::new(),
        }
    }

    /// The cells of a row, each of its column's kind.
    pub(crate) fn row(&self, table: Table, place: Place, texts: &[String]) -> Result<Row, Not> {
        let mut cells = Vec::with_capacity(texts.len());
        for (column, text) in table.columns().iter().zip(texts) {
            let cell =
                parse(column.kind, text, &self.zone).map_err(|why| Not::Bad(format!("{}: {why}", column.name)))?;
            if column.required && cell == Cell::Empty {
                return bad(format!("{} is empty", column.name));
            }
            cells.push(cell);
        }
        Ok(Row { table, place, cells })
    }

    /// Whether the row may stand, after all that was met before it; if so, it is known from now on.
    pub(crate) fn check(&mut self, row: &Row) -> Checked {
        if !row.table.key().is_empty() {
            let key = row.key();
            if self.keys.get(&row.table).is_some_and(|keys| keys.contains(&key)) {
                return bad(format!("{} `{key}` stands twice", row.table.key().join(", ")));
            }
        }
        match row.table {
            Table::Company => self.company(row)?,
            Table::Units => self.unit(row)?,
            Table::Suppliers if !row.truth("active", true) => {
                self.inactive.insert(row.must("code").to_owned());
            }
            Table::Items => {
                self.known(Table::Units, row.must("stock_unit"), "unit")?;
                self.items.insert(row.must("code").to_owned(), row.must("stock_unit").to_owned());
            }
            Table::ItemUnits => {
                self.known(Table::Items, row.must("item"), "item")?;
                self.known(Table::Units, row.must("unit"), "unit")?;
            }
            Table::Terms => self.term(row)?,
            Table::Policies => self.policy(row)?,
            Table::People => self.person(row)?,
            Table::Roles => self.known(Table::People, row.must("person"), "person")?,
            Table::Substitutes => {
                self.known(Table::People, row.must("person"), "person")?;
                self.known(Table::People, row.must("substitute"), "person")?;
                if row.must("person") == row.must("substitute") {
                    return bad("nobody stands in for himself: name somebody else");
                }
                ordered(row, "from", "to")?;
            }
            Table::Stock | Table::Demand => self.at_location(row)?,
            Table::Movements => self.movement(row)?,
            Table::Orders => self.order(row)?,
            Table::OrderLines => self.line(row)?,
            Table::Suppliers | Table::Locations | Table::Budgets => {}
        }
        if !row.table.key().is_empty() {
            self.keys.entry(row.table).or_default().insert(row.key());
        }
        Ok(())
    }

    fn known(&self, table: Table, code: &str, what: &str) -> Checked {
        let known = !self.has.contains(&table) || self.keys.get(&table).is_some_and(|keys| keys.contains(code));
        if known { Ok(()) } else { bad(format!("unknown {what} `{code}`: no good row of {} has it", table.name())) }
    }

    fn company(&mut self, row: &Row) -> Checked {
        if self.currency.is_some() {
            return bad("there is one company in a set, this is the second row");
        }
        let zone = row.must("zone");
        self.zone = TimeZone::get(zone).map_err(|_| {
            Not::Bad(format!("`{zone}` is not a time zone: write its IANA name, such as Europe/Berlin"))
        })?;
        self.zone_name = zone.to_owned();
        self.name = row.must("name").to_owned();
        self.currency = row.must("currency").parse().ok();
        self.today = row.text("today").map(str::to_owned);
        Ok(())
    }

    fn unit(&mut self, row: &Row) -> Checked {
        let base = row.text("base").map(str::to_owned);
        match (&base, row.number("numerator")) {
            (Some(base), None) => return bad(format!("how many `{base}` is it? write `numerator`")),
            (None, Some(_)) => return bad("a factor needs the `base` unit that it counts in"),
            (Some(base), _) if base == row.must("code") => return bad("a unit is not its own base: leave it out"),
            _ => {}
        }
        if row.number("grid") == Some(0) {
            return bad("grid is zero: it is the smallest step of the unit, such as 1 or 0.001");
        }
        self.units.insert(row.must("code").to_owned(), Unit { base, grid: row.number("grid") });
        Ok(())
    }

    /// Whether amounts in `unit` can be told in the item's stock unit.
    fn factor<'a>(&'a self, item: &str, unit: &'a str) -> Result<(), String> {
        let Some(stock) = self.items.get(item) else { return Ok(()) };
        let own = |keys: &HashSet<String>| keys.contains(&format!("{item}@{unit}"));
        if unit == stock || self.keys.get(&Table::ItemUnits).is_some_and(own) {
            return Ok(());
        }
        let base = |unit: &'a str| self.units.get(unit).and_then(|known| known.base.as_deref()).unwrap_or(unit);
        if base(unit) == base(stock) {
            return Ok(());
        }
        Err(format!("the unit {unit} has no factor to the item's stock unit {stock}"))
    }

    fn term(&self, row: &Row) -> Checked {
        let (item, supplier, unit) = (row.must("item"), row.must("supplier"), row.must("unit"));
        self.known(Table::Items, item, "item")?;
        self.known(Table::Suppliers, supplier, "supplier")?;
        self.known(Table::Units, unit, "unit")?;
        ordered(row, "valid_from", "valid_to")?;
        above(row, "minimum", "maximum")?;
        if row.number("price_per") == Some(0) || row.number("multiple") == Some(0) {
            return bad("price_per and multiple are above zero");
        }
        if self.inactive.contains(supplier) {
            return Err(Not::LeftOut("its supplier is inactive".to_owned()));
        }
        self.factor(item, unit).map_err(Not::LeftOut)
    }

    fn policy(&self, row: &Row) -> Checked {
        self.at_location(row)?;
        above(row, "order_point", "order_up_to")?;
        match row.text("method").unwrap_or("min_max") {
            "s_Q" if row.number("quantity").is_none() => bad("the method s_Q needs `quantity`"),
            "min_max" | "s_S" if row.number("order_up_to").is_none() => bad("order_up_to is empty"),
            _ => Ok(()),
        }
    }

    fn at_location(&self, row: &Row) -> Checked {
        self.known(Table::Items, row.must("item"), "item")?;
        self.known(Table::Locations, row.must("location"), "location")
    }

    fn movement(&self, row: &Row) -> Checked {
        self.at_location(row)?;
        let quantity = row.number("quantity").unwrap_or_default();
        match row.must("kind") {
            "receipt" if quantity < 0 => bad("a receipt adds to the stock: its quantity is not below zero"),
            "issue" if quantity > 0 => bad("an issue takes from the stock: its quantity is not above zero"),
            _ => Ok(()),
        }
    }

    fn person(&mut self, row: &Row) -> Checked {
        if let Some(manager) = row.text("manager") {
            self.managers.insert(row.must("id").to_owned(), manager.to_owned());
        }
        Ok(())
    }

    /// Units whose base is not there or has a base itself: each with the reason. To be asked when all units are known.
    pub(crate) fn baseless(&mut self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (code, unit) in &self.units {
            let Some(base) = &unit.base else { continue };
            match self.units.get(base) {
                None => found.insert(code.clone(), format!("unknown base unit `{base}`: no good row of units has it")),
                Some(Unit { base: Some(further), .. }) => {
                    let why = format!(
                        "its base `{base}` is measured in `{further}` itself: write how many `{further}` one is"
                    );
                    found.insert(code.clone(), why)
                }
                Some(_) => None,
            };
        }
        self.units.retain(|code, _| !found.contains_key(code));
        if let Some(keys) = self.keys.get_mut(&Table::Units) {
            keys.retain(|code| !found.contains_key(code));
        }
        found
    }

    /// People whose chain of managers does not end: each with the reason. To be asked when all people are known.
    pub(crate) fn strays(&mut self) -> BTreeMap<String, String> {
        let Some(people) = self.keys.get_mut(&Table::People) else { return BTreeMap::new() };
        let mut strays = BTreeMap::new();
        loop {
            let gone = |(id, manager): &(&String, &String)| people.contains(*id) && !people.contains(*manager);
            let found: Vec<(String, String)> =
                self.managers.iter().filter(gone).map(|(id, manager)| (id.clone(), manager.clone())).collect();
            if found.is_empty() {
                break;
            }
            for (id, manager) in found {
                people.remove(&id);
                let why = match strays.contains_key(&manager) {
                    true => format!("the manager `{manager}` is not taken"),
                    false => format!("unknown manager `{manager}`: no good row of people has it"),
                };
                strays.insert(id, why);
            }
        }
        for id in self.managers.keys() {
            let mut at = id;
            let mut steps = 0;
            while let Some(next) = self.managers.get(at).filter(|_| steps <= people.len()) {
                (at, steps) = (next, steps + 1);
            }
            if steps > people.len() && people.contains(id) {
                strays.insert(id.clone(), "the managers go round in a circle".to_owned());
            }
        }
        people.retain(|id| !strays.contains_key(id));
        strays
    }

    fn order(&mut self, row: &Row) -> Checked {
        self.known(Table::Suppliers, row.must("supplier"), "supplier")?;
        if let Some(requester) = row.text("requester") {
            self.known(Table::People, requester, "person")?;
        }
        ordered(row, "ordered_on", "expected_on")?;
        let Some(currency) = self.currency(row) else { return bad("currency is empty, and the company has none") };
        self.orders.insert(row.must("number").to_owned(), currency);
        Ok(())
    }

    fn line(&self, row: &Row) -> Checked {
        self.known(Table::Orders, row.must("order"), "order")?;
        self.known(Table::Items, row.must("item"), "item")?;
        self.known(Table::Units, row.must("unit"), "unit")?;
        if row.number("quantity") == Some(0) {
            return bad("quantity is zero");
        }
        above(row, "received", "quantity")?;
        above(row, "rejected", "received")?;
        let Some(location) = row.text("location") else { return Ok(()) };
        self.known(Table::Locations, location, "location")?;
        self.factor(row.must("item"), row.must("unit")).map_err(Not::Bad)?;
        let grid = self.units.get(row.must("unit")).and_then(|unit| unit.grid);
        match (grid, row.number("quantity")) {
            (Some(grid), Some(quantity)) if quantity % grid != 0 => {
                bad(format!("the quantity is not in whole steps of the unit {}", row.must("unit")))
            }
            _ => Ok(()),
        }
    }

    /// The currency of a row, else of its order, else of the company.
    pub(crate) fn currency(&self, row: &Row) -> Option<Currency> {
        let own = row.text("currency").and_then(|code| code.parse().ok());
        own.or_else(|| row.text("order").and_then(|order| self.orders.get(order).copied())).or(self.currency)
    }

    /// The beginning of the company's `today`.
    pub(crate) fn today_at(&self) -> Option<Timestamp> {
        self.today.as_ref().and_then(|day| instant(day, &self.zone).ok())
    }
}

/// Two days, the first not after the second.
fn ordered(row: &Row, first: &str, second: &str) -> Checked {
    match (row.text(first), row.text(second)) {
        (Some(a), Some(b)) if a > b => bad(format!("{first} {a} is after {second} {b}")),
        _ => Ok(()),
    }
}

/// Two numbers, the first not above the second.
fn above(row: &Row, low: &str, high: &str) -> Checked {
    match (row.number(low), row.number(high)) {
        (Some(a), Some(b)) if a > b => bad(format!("{low} is above {high}")),
        _ => Ok(()),
    }
}
