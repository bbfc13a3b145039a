//! The first pass: every row is read and judged, sums are made, and nothing is written.
//!
//! Rows of movements and demand are read again when they are written; those of the other tables are kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use fluxor_engine::money::{Currency, Money};

use super::cell::{Place, Row};
use super::feed::{Feed, Not};
use super::report::{Count, Finding, Sums};
use super::set::Set;
use super::tables::Table;
use super::world::World;
use super::{Progress, Step};
use crate::{Quantity, line_total};

/// What the first pass found.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) world: World,
    pub(crate) kept: BTreeMap<Table, Vec<Row>>,
    /// Rows that are not written, bad or left out.
    pub(crate) skipped: HashSet<Place>,
    pub(crate) bad: Vec<Finding>,
    pub(crate) left_out: Vec<Finding>,
    pub(crate) counts: BTreeMap<Table, Count>,
    pub(crate) sums: Sums,
    pub(crate) openings: Vec<Opening>,
    ledger: HashMap<(String, String), Ledger>,
}

/// What must have been there before the first movement of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) item: String,
    pub(crate) location: String,
    pub(crate) quantity: i64,
    /// Just before the first movement.
    pub(crate) at: Option<i64>,
}

#[derive(Debug, Default)]
struct Ledger {
    sum: i128,
    first: Option<i64>,
    on_hand: Option<i64>,
}

/// Reads all of it.
///
/// # Errors
/// If a file cannot be read, or the company's own row is not good.
pub(crate) fn scan(set: &Set, progress: &dyn Progress) -> Result<Scan, String> {
    let has = set.feeds.iter().map(|feed| feed.table).collect();
    let mut scan = Scan {
        world: World::new(has),
        kept: BTreeMap::new(),
        skipped: HashSet::new(),
        bad: Vec::new(),
        left_out: Vec::new(),
        counts: BTreeMap::new(),
        sums: Sums::default(),
        openings: Vec::new(),
        ledger: HashMap::new(),
    };
    for (number, line, why) in &set.bad {
        scan.bad.push(Finding::new(set, None, *number, *line, String::new(), why.clone()));
    }
    for table in Table::ALL {
        let feeds: Vec<&Feed> = set.feeds.iter().filter(|feed| feed.table == table).collect();
        if feeds.is_empty() {
            continue;
        }
        progress.begin(Step::Read, table.name(), 0);
        for feed in feeds {
            scan.feed(set, feed, progress)?;
        }
        scan.finish(set, table)?;
        progress.end();
    }
    scan.open();
    Ok(scan)
}

impl Scan {
    fn feed(&mut self, set: &Set, feed: &Feed, progress: &dyn Progress) -> Result<(), String> {
        let table = feed.table;
        let mut reading = feed.read()?;
        let mut rows = 0;
        while let Some((line, taken)) = reading.next()? {
            rows += 1;
            if rows % 1000 == 0 {
                progress.advance(1000);
            }
            if taken == Err(Not::Other) {
                continue;
            }
            let place = Place { file: feed.number, line };
            let nameless = |not| (String::new(), not);
            let row = taken.and_then(|()| self.world.row(table, place, &reading.cells)).map_err(nameless);
            let row = row.and_then(|row| match self.world.check(&row) {
                Ok(()) => Ok(row),
                Err(not) => Err((row.key(), not)),
            });
            self.counts.entry(table).or_default().read += 1;
            match row {
                Ok(row) => self.take(row),
                Err((key, not)) => self.not(set, table, place, key, not),
            }
        }
        Ok(())
    }

    fn not(&mut self, set: &Set, table: Table, place: Place, key: String, not: Not) {
        let count = self.counts.entry(table).or_default();
        let finding = |why| Finding::new(set, Some(table), place.file, place.line, key, why);
        match not {
            Not::Bad(why) => {
                count.bad += 1;
                self.bad.push(finding(why));
            }
            Not::LeftOut(why) => {
                count.left_out += 1;
                self.left_out.push(finding(why));
            }
            Not::Other => return,
        }
        self.skipped.insert(place);
    }

    fn take(&mut self, row: Row) {
        let number = |column: &str| row.number(column).unwrap_or_default();
        match row.table {
            Table::Stock => {
                self.level(&row).on_hand = Some(number("on_hand"));
            }
            Table::Movements => {
                let (quantity, at) = (number("quantity"), number("at"));
                self.sums.movements += 1;
                self.sums.moved += i128::from(quantity);
                let level = self.level(&row);
                level.sum += i128::from(quantity);
                level.first = Some(level.first.map_or(at, |first| first.min(at)));
                return;
            }
            Table::Demand => {
                self.sums.demands += 1;
                if row.number("done_at").is_none() {
                    self.sums.open_demands += 1;
                    self.sums.owed += i128::from(number("quantity"));
                }
                return;
            }
            _ => {}
        }
        self.kept.entry(row.table).or_default().push(row);
    }

    fn level(&mut self, row: &Row) -> &mut Ledger {
        self.ledger.entry((row.must("item").to_owned(), row.must("location").to_owned())).or_default()
    }

    /// What can only be said when the whole table is known.
    fn finish(&mut self, set: &Set, table: Table) -> Result<(), String> {
        match table {
            Table::Company => {
                if let Some(wrong) = self.bad.iter().find(|finding| finding.table == Some("company")) {
                    return Err(wrong.to_string());
                }
                if !self.kept.contains_key(&Table::Company) {
                    return Err("company.csv has no row: name, currency and zone of the company".to_owned());
                }
            }
            Table::Units => {
                let baseless = self.world.baseless();
                self.drop_rows(set, Table::Units, |row| baseless.get(row.must("code")).cloned());
                // What a unit is measured in is written before it.
                let units = self.kept.entry(Table::Units).or_default();
                units.sort_by_key(|row| row.text("base").is_some());
            }
            Table::People => {
                let strays = self.world.strays();
                self.drop_rows(set, Table::People, |row| strays.get(row.must("id")).cloned());
            }
            Table::OrderLines => {
                // An order without one of its lines would have another total: it is not taken at all.
                let broken: HashMap<String, String> = self
                    .bad
                    .iter()
                    .filter(|finding| finding.table == Some("order_lines"))
                    .filter_map(|f| Some((f.key.split_once('@')?.0.to_owned(), format!("{}:{}", f.file, f.line))))
                    .collect();
                self.drop_rows(set, Table::Orders, |row| {
                    broken.get(row.must("number")).map(|at| format!("its line at {at} is bad"))
                });
                self.drop_rows(set, Table::OrderLines, |row| {
                    broken.get(row.must("order")).map(|at| format!("another line of its order, at {at}, is bad"))
                });
                self.orders(set);
            }
            _ => {}
        }
        Ok(())
    }

    fn drop_rows(&mut self, set: &Set, table: Table, why: impl Fn(&Row) -> Option<String>) {
        let (dropped, kept): (Vec<Row>, Vec<Row>) =
            self.kept.remove(&table).unwrap_or_default().into_iter().partition(|row| why(row).is_some());
        self.kept.insert(table, kept);
        for row in dropped {
            self.not(set, table, row.place, row.key(), Not::Bad(why(&row).unwrap_or_default()));
        }
    }

    /// The value of orders, by currency: exactly, and rounded line by line as orders are.
    fn orders(&mut self, set: &Set) {
        let with_lines: HashSet<String> =
            self.kept.get(&Table::OrderLines).into_iter().flatten().map(|line| line.must("order").to_owned()).collect();
        self.drop_rows(set, Table::Orders, |row| {
            (!with_lines.contains(row.must("number"))).then(|| "the order has no lines".to_owned())
        });
        let mut values: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
        for line in self.kept.get(&Table::OrderLines).into_iter().flatten() {
            let (quantity, price) = (line.number("quantity").unwrap_or(0), line.number("price").unwrap_or(0));
            let Some(currency) = self.world.currency(line) else { continue };
            let value = values.entry(currency).or_default();
            value.0 += i128::from(quantity) * i128::from(price);
            let total = line_total(Quantity(quantity), Money { units: price, currency });
            value.1 += i128::from(total.map_or(0, |total| total.units));
        }
        self.sums.orders = self.kept.get(&Table::Orders).map_or(0, Vec::len) as u64;
        self.sums.lines = self.kept.get(&Table::OrderLines).map_or(0, Vec::len) as u64;
        self.sums.values = values.into_iter().map(|(currency, value)| (currency.to_string(), value)).collect();
    }

    /// The openings: what is on hand, less what the ledger moved.
    fn open(&mut self) {
        let today = self.world.today_at().map(fluxor_engine::clock::Timestamp::micros);
        for ((item, location), ledger) in &self.ledger {
            let on_hand = ledger.on_hand.map_or(ledger.sum, i128::from);
            self.sums.on_hand += on_hand;
            let quantity = i64::try_from(on_hand - ledger.sum).unwrap_or(i64::MAX);
            if quantity != 0 {
                self.sums.opened += i128::from(quantity);
                let at = ledger.first.map(|first| first - 1_000_000).or(today);
                self.openings.push(Opening { item: item.clone(), location: location.clone(), quantity, at });
            }
        }
        self.openings.sort_by(|a, b| (&a.item, &a.location).cmp(&(&b.item, &b.location)));
    }
}
