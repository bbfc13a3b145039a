//! When an item is ordered again at a location, and how much of it.

use jiff::civil::{Date, date};

use super::dice::Dice;
use super::items::Item;
use super::number::{MICRO, readable, up_to_step};
use super::suppliers::Supplier;
use super::terms::{GONE, Term};

/// The main warehouse and the service's.
pub(crate) const HAMBURG: &str = "hamburg";
pub(crate) const LEIPZIG: &str = "leipzig";

/// How the quantity is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    MinMax,
    UpTo,
    Lots,
}

/// A reorder policy; quantities in micro stock units, 0 where there is none.
pub(crate) struct Policy {
    /// The item's place in the list.
    pub(crate) item: usize,
    pub(crate) location: &'static str,
    pub(crate) method: Method,
    pub(crate) at_or_below: bool,
    pub(crate) order_point: i64,
    pub(crate) order_up_to: i64,
    pub(crate) quantity: i64,
    pub(crate) maximum: i64,
    pub(crate) maximum_rule: &'static str,
    pub(crate) snoozed: Option<Date>,
    pub(crate) active: bool,
    /// What is needed here in an average week.
    pub(crate) weekly: i64,
}

impl Policy {
    /// Whether a position is too low.
    pub(crate) fn short(&self, position: i64) -> bool {
        position < self.order_point || self.at_or_below && position == self.order_point
    }

    /// How much a position lacks, in stock units.
    pub(crate) fn need(&self, position: i64) -> i64 {
        if self.method != Method::Lots {
            return self.order_up_to - position;
        }
        let mut lots = 1;
        while self.short(position + lots * self.quantity) {
            lots += 1;
        }
        lots * self.quantity
    }

    /// The most that may be ordered, in stock units.
    pub(crate) fn room(&self, position: i64) -> i64 {
        if self.maximum > 0 && self.maximum_rule == "maximum_wins" { self.maximum - position } else { i64::MAX }
    }

    /// Whether somebody had put the policy to sleep on a day.
    pub(crate) fn asleep(&self, day: Date) -> bool {
        self.snoozed.is_some() && day >= GONE
    }
}

/// The policies of an item: one in Hamburg, another in Leipzig if the service keeps it.
pub(crate) fn policies(place: usize, item: &Item, terms: &[Term], suppliers: &[Supplier]) -> Vec<Policy> {
    let own = [(HAMBURG, 100), (LEIPZIG, 30)].into_iter().filter(|(location, _)| *location == HAMBURG || item.service);
    own.map(|(location, share)| policy(place, item, terms, suppliers, location, item.weekly * share / 100)).collect()
}

fn policy(
    place: usize,
    item: &Item,
    terms: &[Term],
    suppliers: &[Supplier],
    location: &'static str,
    weekly: i64,
) -> Policy {
    let mut dice = Dice::of(&format!("policy {} {location}", item.code));
    let lead = terms.iter().map(|term| term.lead).max().unwrap_or(14);
    let wait = suppliers.iter().filter(|supplier| terms.iter().any(|term| term.supplier == supplier.code));
    let days = lead + 7 * wait.map(|supplier| supplier.weeks).max().unwrap_or(1) + dice.from(7, 14);
    let order_point = readable(weekly * days / 7);
    let lot = readable((weekly * item.cycle()).max(item.step()));
    let (method, at_or_below) = match dice.from(1, 100) {
        ..=70 => (Method::MinMax, false),
        71..=82 => (Method::UpTo, true),
        _ => (Method::Lots, true),
    };
    let mut policy = Policy {
        item: place,
        location,
        method,
        at_or_below,
        order_point,
        order_up_to: if method == Method::Lots { 0 } else { readable(order_point + lot) },
        quantity: if method == Method::Lots { lot } else { 0 },
        maximum: 0,
        maximum_rule: "",
        snoozed: None,
        active: item.active,
        weekly,
    };
    exceptions(item, &mut policy);
    policy
}

fn exceptions(item: &Item, policy: &mut Policy) {
    match item.code.as_str() {
        // Ordered every four weeks and never for longer than six: each of them is short when its day comes.
        "DRV-01" | "DRV-02" | "DRV-03" | "DRV-04" | "BAT-01" | "BAT-02" | "BAT-03" | "BAT-04" => {
            (policy.method, policy.at_or_below, policy.quantity) = (Method::MinMax, false, 0);
            policy.order_up_to = readable(policy.order_point + 2 * policy.weekly);
        }
        // Being redesigned: nobody wants more of it before December.
        "BOX-05" => policy.snoozed = Some(date(2026, 11, 30)),
        // Kept only while somebody has one: zero is a level.
        "LMP-02" | "FLT-03" => {
            (policy.method, policy.at_or_below) = (Method::UpTo, true);
            (policy.order_point, policy.order_up_to, policy.quantity) = (0, 4 * MICRO, 0);
        }
        // No more fit into the hall.
        "BOX-01" | "PLY-01" | "CTN-01" => {
            policy.maximum = up_to_step(policy.order_point + policy.weekly * 5, 5 * MICRO).max(policy.order_up_to);
            policy.maximum_rule = "maximum_wins";
        }
        "PAL-02" => {
            policy.maximum = up_to_step(policy.order_point + policy.weekly * 8, 5 * MICRO).max(policy.order_up_to);
            policy.maximum_rule = "need_wins";
        }
        _ => {}
    }
}
