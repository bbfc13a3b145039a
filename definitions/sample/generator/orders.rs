//! Orders: placed by the policies, delivered as suppliers deliver, and sometimes come to nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::dice::Dice;
use super::history::{History, later, working};
use super::number::up_to_step;
use super::people::PLANNER;
use super::policies::HAMBURG;
use super::terms::{Term, cheapest};

/// An order; the lines are of one supplier and one location.
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) supplier: usize,
    pub(crate) location: &'static str,
    pub(crate) requester: &'static str,
    pub(crate) ordered: Date,
    pub(crate) expected: Date,
    pub(crate) status: &'static str,
    pub(crate) note: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// A line; quantities in micro units of its term.
pub(crate) struct Line {
    pub(crate) policy: usize,
    pub(crate) term: Term,
    pub(crate) quantity: i64,
    pub(crate) received: i64,
    /// The part of what was received that is bad and goes back, for a credit note.
    pub(crate) rejected: i64,
}

impl Line {
    /// What is still to come.
    fn open(&self) -> i64 {
        self.quantity - self.received
    }
}

/// What a lorry brings.
pub(crate) struct Delivery {
    order: usize,
    line: usize,
    quantity: i64,
    /// The part of it that is refused.
    bad: i64,
    /// None of it comes, and nothing will.
    lost: bool,
}

/// An order that comes to nothing: declined in approval, or not to be had.
pub(crate) struct Failure {
    order: usize,
    declined: bool,
}

impl History {
    /// Orders from one supplier whatever is short and cheapest there.
    pub(crate) fn review(&mut self, supplier: usize) {
        let mut found: BTreeMap<&'static str, Vec<Line>> = BTreeMap::new();
        for (place, policy) in self.policies.iter().enumerate() {
            let stock = &self.stocks[place];
            let position = stock.on_hand + stock.on_order - stock.reserved;
            if !policy.active || policy.asleep(self.today) || !policy.short(position) {
                continue;
            }
            let need = policy.need(position);
            let Some((term, quantity)) = cheapest(&self.terms[policy.item], need, self.today) else { continue };
            if term.supplier != self.suppliers[supplier].code {
                continue;
            }
            let room = policy.room(position);
            let fits = if term.in_stock_units(quantity) <= room {
                quantity
            } else {
                room / term.in_stock_units(term.step()) * term.step()
            };
            if fits > 0 && fits >= term.minimum {
                let line = Line { policy: place, term: term.clone(), quantity: fits, received: 0, rejected: 0 };
                found.entry(policy.location).or_default().push(line);
            }
        }
        for (location, lines) in found {
            self.place(supplier, location, lines);
        }
    }

    fn place(&mut self, supplier: usize, location: &'static str, lines: Vec<Line>) {
        for line in &lines {
            self.stocks[line.policy].on_order += line.term.in_stock_units(line.quantity);
        }
        let year = self.today.year();
        let number = self.orders.iter().filter(|order| order.ordered.year() == year).count() + 1;
        let lead = lines.iter().map(|line| line.term.lead).max().unwrap_or(7);
        let order = self.orders.len();
        self.orders.push(Order {
            number: format!("PO-{year}-{number:04}"),
            supplier,
            location,
            requester: if location == HAMBURG { PLANNER } else { "tkoch" },
            ordered: self.today,
            expected: working(later(self.today, lead)),
            status: "ordered",
            note: "",
            lines,
        });
        let mut dice = Dice::of(&format!("order {} {location} {}", self.suppliers[supplier].code, self.today));
        if dice.chance(2) {
            let day = working(later(self.today, dice.from(2, 5)));
            self.failures.entry(day).or_default().push(Failure { order, declined: dice.chance(35) });
        } else {
            self.dispatch(order, &mut dice);
        }
    }

    /// Plans when what comes.
    fn dispatch(&mut self, order: usize, dice: &mut Dice) {
        let own = &self.orders[order];
        let supplier = &self.suppliers[own.supplier];
        let lateness = if dice.chance(supplier.late) { dice.from(4, 20) } else { dice.from(-2, 2) };
        for (number, line) in own.lines.iter().enumerate() {
            let (quantity, step) = (line.quantity, line.term.step());
            let behind = if dice.chance(6) { dice.from(3, 12) } else { 0 };
            let first = working(later(self.today, (line.term.lead + lateness + behind).max(1)));
            let part = quantity * dice.from(40, 80) / 100 / step * step;
            let mut parts = vec![(first, quantity, false)];
            if part > 0 && dice.chance(9) {
                let second = working(later(first, dice.from(4, 21)));
                // The rest may never come. The order is closed with it, so it has one line only.
                let lost = own.lines.len() == 1 && dice.chance(25);
                parts = vec![(first, part, false), (second, quantity - part, lost)];
            }
            for (day, quantity, lost) in parts {
                let bad = if dice.chance(supplier.refused) { quantity * dice.from(5, 60) / 100 } else { 0 };
                let bad = up_to_step(bad, step);
                self.deliveries.entry(day).or_default().push(Delivery { order, line: number, quantity, bad, lost });
            }
        }
    }

    /// Takes what comes today, refuses what is bad, closes what is complete.
    pub(crate) fn deliver(&mut self) {
        for Delivery { order, line, quantity, bad, lost } in self.deliveries.remove(&self.today).unwrap_or_default() {
            let own = &mut self.orders[order].lines[line];
            let (policy, whole) = (own.policy, own.term.in_stock_units(quantity));
            let good = own.term.in_stock_units(quantity - bad);
            self.stocks[policy].on_order -= whole;
            if lost {
                (self.orders[order].status, self.orders[order].note) =
                    ("closed", "closed short: the rest is not to be had");
                continue;
            }
            own.received += quantity;
            own.rejected += bad;
            if good > 0 {
                self.book_receipt(policy, order, good);
            }
            if self.orders[order].lines.iter().all(|line| line.open() == 0) {
                self.orders[order].status = "closed";
            }
        }
    }

    /// Books that orders come to nothing.
    pub(crate) fn fail(&mut self) {
        for Failure { order, declined } in self.failures.remove(&self.today).unwrap_or_default() {
            let own = &mut self.orders[order];
            (own.status, own.note) = if declined {
                ("rejected", "declined in approval: wait for the new price")
            } else {
                ("cancelled", "the supplier cannot deliver")
            };
            for line in &self.orders[order].lines {
                self.stocks[line.policy].on_order -= line.term.in_stock_units(line.quantity);
            }
        }
    }
}
