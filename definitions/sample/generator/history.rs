//! Two years of the works, day by day: deliveries, counts, demand, issues, and reorder by the policies' own
//! arithmetic. What the files say agrees because it happened here, and nothing is made up afterwards.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan as _};

use super::dice::Dice;
use super::items::Item;
use super::number::scale;
use super::orders::{Delivery, Failure, Order};
use super::policies::Policy;
use super::suppliers::Supplier;
use super::terms::Term;

/// The day after the data ends.
pub(crate) const TODAY: Date = date(2026, 11, 2);
/// The first day that is played.
const BEGIN: Date = date(2024, 11, 4);
/// The day of the count that opens the ledger.
const OPENING: Date = date(2024, 11, 1);
/// After this day nothing is ordered any more: what ran short since then is left to the reader.
const LAST_REVIEW: Date = date(2026, 10, 27);
/// Demand by month, in percent: people buy cargo bikes in spring.
const SEASON: [i64; 12] = [70, 90, 125, 140, 135, 120, 105, 95, 100, 85, 70, 65];
/// Holidays with a fixed date (month, day); the works also rests from Christmas to New Year.
const HOLIDAYS: &[(i8, i8)] = &[(1, 1), (5, 1), (10, 3), (10, 31)];

/// A minute of a day.
#[derive(Clone, Copy)]
pub(crate) struct At(pub(crate) Date, pub(crate) i64);

/// A row of the ledger.
pub(crate) struct Movement {
    pub(crate) reference: String,
    pub(crate) policy: usize,
    pub(crate) kind: &'static str,
    pub(crate) quantity: i64,
    pub(crate) at: At,
    pub(crate) order: Option<usize>,
    pub(crate) note: &'static str,
}

/// What somebody needs; its issue bears the same number.
pub(crate) struct Demand {
    pub(crate) policy: usize,
    pub(crate) quantity: i64,
    pub(crate) ordered: Date,
    pub(crate) due: Date,
    pub(crate) done: Option<At>,
}

/// What one policy's item at its location comes to.
#[derive(Default)]
pub(crate) struct Stock {
    pub(crate) on_hand: i64,
    pub(crate) on_order: i64,
    pub(crate) reserved: i64,
    /// Demand that waits, the oldest first.
    waiting: VecDeque<usize>,
}

/// What stands and what happened.
pub(crate) struct History {
    pub(crate) suppliers: Vec<Supplier>,
    pub(crate) items: Vec<Item>,
    pub(crate) terms: Vec<Vec<Term>>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) stocks: Vec<Stock>,
    pub(crate) movements: Vec<Movement>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) orders: Vec<Order>,
    pub(crate) deliveries: BTreeMap<Date, Vec<Delivery>>,
    /// Orders that come to nothing on a day.
    pub(crate) failures: BTreeMap<Date, Vec<Failure>>,
    /// One for each policy: what happens to one item leaves the others alone.
    dice: Vec<Dice>,
    /// The clock's own.
    clock: Dice,
    pub(crate) today: Date,
    minute: i64,
    receipts: usize,
    counts: usize,
}

impl History {
    pub(crate) fn new(
        suppliers: Vec<Supplier>,
        items: Vec<Item>,
        terms: Vec<Vec<Term>>,
        policies: Vec<Policy>,
    ) -> Self {
        let stocks = policies.iter().map(|_| Stock::default()).collect();
        let name = |policy: &Policy| format!("days of {} {}", items[policy.item].code, policy.location);
        let dice = policies.iter().map(|policy| Dice::of(&name(policy))).collect();
        Self {
            suppliers,
            items,
            terms,
            policies,
            stocks,
            movements: Vec::new(),
            demands: Vec::new(),
            orders: Vec::new(),
            deliveries: BTreeMap::new(),
            failures: BTreeMap::new(),
            dice,
            clock: Dice::of("clock"),
            today: OPENING,
            minute: 0,
            receipts: 0,
            counts: 0,
        }
    }

    /// Plays all of it.
    pub(crate) fn play(&mut self) {
        self.open();
        let firsts = self.suppliers.iter().map(|supplier| later(BEGIN, supplier.weekday));
        let mut reviews: Vec<Date> = firsts.collect();
        let mut day = BEGIN;
        while day < TODAY {
            self.begin(day);
            if works(day) {
                self.deliver();
                self.fail();
                self.count();
                self.ask();
                self.issue();
                for (place, review) in reviews.iter_mut().enumerate() {
                    if *review <= day {
                        *review = later(*review, 7 * self.suppliers[place].weeks);
                        if day <= LAST_REVIEW {
                            self.review(place);
                        }
                    }
                }
            }
            day = later(day, 1);
        }
    }

    fn begin(&mut self, day: Date) {
        self.today = day;
        self.clock = Dice::of(&format!("clock {day}"));
        self.minute = 7 * 60 + self.clock.from(0, 25);
    }

    /// The next minute at which something is booked.
    fn tick(&mut self) -> At {
        self.minute = (self.minute + self.clock.from(1, 3)).min(17 * 60 + 59);
        At(self.today, self.minute)
    }

    /// The opening count: about what a policy aims at.
    fn open(&mut self) {
        self.begin(OPENING);
        self.minute = 18 * 60;
        for place in 0..self.policies.len() {
            let (policy, item) = (&self.policies[place], &self.items[self.policies[place].item]);
            let lot = policy.order_up_to.max(policy.order_point + policy.quantity);
            let quantity = lot * self.dice[place].from(55, 100) / 100 / item.step() * item.step();
            self.stocks[place].on_hand = quantity;
            self.movements.push(Movement {
                reference: format!("O-{:03}", place + 1),
                policy: place,
                kind: "opening",
                quantity,
                at: At(OPENING, 18 * 60),
                order: None,
                note: "",
            });
        }
    }

    /// Books one row.
    fn book(&mut self, policy: usize, kind: &'static str, reference: String, quantity: i64, note: &'static str) -> At {
        let at = self.tick();
        self.stocks[policy].on_hand += quantity;
        self.movements.push(Movement { reference, policy, kind, quantity, at, order: None, note });
        at
    }

    /// Books what arrived for an order.
    pub(crate) fn book_receipt(&mut self, policy: usize, order: usize, quantity: i64) {
        self.receipts += 1;
        let reference = format!("R-{:05}", self.receipts);
        self.book(policy, "receipt", reference, quantity, "");
        if let Some(last) = self.movements.last_mut() {
            last.order = Some(order);
        }
    }

    /// Each shelf is counted twice a year; mostly the books are right.
    fn count(&mut self) {
        for place in 0..self.policies.len() {
            let turn = i64::try_from(place).unwrap_or(0) * 37 + days(BEGIN, self.today);
            if turn % 182 != 0 || !self.dice[place].chance(45) {
                continue;
            }
            let step = self.items[self.policies[place].item].step();
            let found = self.stocks[place].on_hand * self.dice[place].from(-20, 12) / 1000 / step * step;
            if found != 0 {
                self.counts += 1;
                let reference = format!("A-{:03}", self.counts);
                self.book(
                    place,
                    "adjustment",
                    reference,
                    found,
                    if found < 0 { "count: missing" } else { "count: found" },
                );
            }
        }
    }

    /// New demand of the day.
    fn ask(&mut self) {
        let elapsed = days(BEGIN, self.today);
        let trend = 85 + 20 * elapsed / 728;
        let month = usize::from(self.today.month().unsigned_abs()) - 1;
        for place in 0..self.policies.len() {
            let policy = &self.policies[place];
            let item = &self.items[policy.item];
            let turn = i64::try_from(place).unwrap_or(0);
            let asked = elapsed % 7 == turn % 5 && (elapsed / 7 + turn / 5) % item.rhythm() == 0;
            if !asked || !item.active && self.today.year() > 2025 {
                continue;
            }
            let usual = policy.weekly * item.rhythm() * SEASON[month] / 100 * trend / 100;
            let quantity = scale(usual, self.dice[place].spread(), 100 * item.step()) * item.step();
            if quantity > 0 {
                self.stocks[place].reserved += quantity;
                self.stocks[place].waiting.push_back(self.demands.len());
                let due = working(later(self.today, self.dice[place].from(3, 14)));
                self.demands.push(Demand { policy: place, quantity, ordered: self.today, due, done: None });
            }
        }
    }

    /// Hands out what is due, the oldest first; who cannot be served in full waits.
    fn issue(&mut self) {
        for place in 0..self.policies.len() {
            while let Some(&number) = self.stocks[place].waiting.front() {
                let (quantity, due) = (self.demands[number].quantity, self.demands[number].due);
                if due > self.today || quantity > self.stocks[place].on_hand {
                    break;
                }
                self.stocks[place].waiting.pop_front();
                self.stocks[place].reserved -= quantity;
                let at = self.book(place, "issue", format!("I-{:05}", number + 1), -quantity, "");
                self.demands[number].done = Some(at);
            }
        }
    }
}

/// Whether the works is open.
pub(crate) fn works(day: Date) -> bool {
    let rests = day.month() == 12 && day.day() >= 24 || HOLIDAYS.contains(&(day.month(), day.day()));
    day.weekday().to_monday_zero_offset() < 5 && !rests
}

/// The day itself if the works is open, else the next that is.
pub(crate) fn working(mut day: Date) -> Date {
    while !works(day) {
        day = later(day, 1);
    }
    day
}

/// So many days later.
pub(crate) fn later(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

fn days(from: Date, to: Date) -> i64 {
    to.since(from).map_or(0, |span: Span| i64::from(span.get_days()))
}
