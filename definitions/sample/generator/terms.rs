//! What suppliers ask for items: prices, breaks, minimums, multiples, validity.

use jiff::civil::{Date, date};

use super::dice::Dice;
use super::items::Item;
use super::number::{MICRO, readable, scale, scale_up, up_to_step};
use super::suppliers::{INACTIVE, Supplier, UNAPPROVED};

/// The day from which some items can no longer be bought.
pub(crate) const GONE: Date = date(2026, 7, 31);
/// New price lists hold from these days.
const PRICES_2026: Date = date(2026, 1, 1);
const PRICES_2027: Date = date(2027, 1, 1);
/// Suppliers with a yearly price list.
const YEARLY: &[&str] = &["velotect", "radkontor", "packstrand", "farbwerft"];
/// An item has so many terms at most.
const MOST: usize = 4;

/// One price at which one supplier sells one item.
#[derive(Clone)]
pub(crate) struct Term {
    pub(crate) supplier: &'static str,
    pub(crate) term: usize,
    pub(crate) unit: &'static str,
    /// One unit in stock units.
    pub(crate) factor: (i64, i64),
    /// At 10^-4 EUR for `price_per` units.
    pub(crate) price: i64,
    pub(crate) price_per: i64,
    /// In percent.
    pub(crate) discount: i64,
    /// These at 10^-6 units; 0 is none.
    pub(crate) break_quantity: i64,
    pub(crate) minimum: i64,
    pub(crate) multiple: i64,
    pub(crate) maximum: i64,
    pub(crate) lead: i64,
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    pub(crate) sequence: usize,
    /// Left out of `terms.csv`: it was there once, for the history's orders.
    pub(crate) removed: bool,
}

impl Term {
    /// What its quantities are multiples of. Its units are whole ones but for those that are measured.
    pub(crate) fn step(&self) -> i64 {
        let grid = if matches!(self.unit, "m" | "kg" | "l") { MICRO / 10 } else { MICRO };
        if self.multiple > 0 { self.multiple } else { grid }
    }

    /// Whether an order could use it on a day.
    pub(crate) fn usable(&self, day: Date) -> bool {
        let there = match self.supplier {
            UNAPPROVED => false,
            INACTIVE => day < GONE,
            _ => !self.removed || day < GONE,
        };
        there && self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// The price of one unit at 10^-4 EUR.
    pub(crate) fn net(&self) -> i64 {
        scale(self.price, 100 - self.discount, 100 * self.price_per)
    }

    /// How much to order for a need in stock units, in this term's unit; none if it cannot be ordered so.
    pub(crate) fn quantity(&self, need: i64) -> Option<i64> {
        let (numerator, denominator) = self.factor;
        let wanted = scale_up(need, denominator, numerator).max(self.minimum);
        let mut quantity = up_to_step(wanted, self.step());
        if self.maximum > 0 {
            quantity = quantity.min(self.maximum / self.step() * self.step());
        }
        (quantity >= self.break_quantity && quantity > 0).then_some(quantity)
    }

    /// A quantity of its unit in stock units.
    pub(crate) fn in_stock_units(&self, quantity: i64) -> i64 {
        scale(quantity, self.factor.0, self.factor.1)
    }
}

/// The cheapest term for a need on a day, with the quantity in its unit.
pub(crate) fn cheapest(terms: &[Term], need: i64, day: Date) -> Option<(&Term, i64)> {
    let offers = terms.iter().filter(|term| term.usable(day));
    let offers = offers.filter_map(|term| term.quantity(need).map(|quantity| (term, quantity)));
    offers.min_by_key(|(term, quantity)| {
        let total = i128::from(*quantity) * i128::from(term.price) * i128::from(100 - term.discount);
        // Compared without rounding: prices are for 1, 100 or 1,000.
        (total * i128::from(1000 / term.price_per), term.sequence, term.term)
    })
}

/// The terms of an item.
pub(crate) fn terms(item: &Item, suppliers: &[Supplier]) -> Vec<Term> {
    let mut dice = Dice::of(&format!("terms {}", item.code));
    let sells =
        |supplier: &&Supplier| supplier.markets.split(' ').any(|market| item.market.split(' ').any(|m| m == market));
    let mut sellers: Vec<_> = suppliers.iter().filter(sells).collect();
    let turns = usize::try_from(dice.from(0, 3)).unwrap_or(0) % sellers.len().max(1);
    sellers.rotate_left(turns);
    sellers.truncate(usize::try_from(dice.from(1, 3)).unwrap_or(1));
    let mut terms = Vec::new();
    for (place, supplier) in sellers.iter().enumerate() {
        let room = MOST - terms.len().min(MOST) - (sellers.len() - place - 1);
        let own = of_supplier(item, supplier, place, room, &mut dice);
        terms.extend(own);
    }
    exceptions(item, &mut terms, suppliers);
    terms
}

/// The terms of one supplier, `room` of them at most.
fn of_supplier(item: &Item, supplier: &Supplier, place: usize, room: usize, dice: &mut Dice) -> Vec<Term> {
    let mut base = base(item, supplier, place, dice);
    let typical = scale(item.weekly * item.cycle(), base.factor.1, base.factor.0);
    if dice.chance(35) {
        base.minimum = up_to_step(readable(typical * dice.from(20, 60) / 100), base.step());
    }
    let mut made = Vec::new();
    if YEARLY.contains(&supplier.code) && room >= 2 {
        let earlier = Term { price: cents(base.price * 96 / 100), to: PRICES_2026.yesterday().ok(), ..base.clone() };
        base.from = Some(PRICES_2026);
        made.push(earlier);
        if supplier.code == "farbwerft" && room >= 3 {
            base.to = PRICES_2027.yesterday().ok();
            let later =
                Term { price: cents(base.price * 105 / 100), from: Some(PRICES_2027), to: None, ..base.clone() };
            made.push(base.clone());
            made.push(later);
        } else {
            made.push(base.clone());
        }
    } else {
        made.push(base.clone());
    }
    if room > made.len() && dice.chance(55) {
        let break_quantity = up_to_step(readable(typical * dice.from(90, 160) / 100).max(base.minimum), base.step());
        let mut cheaper = Term { break_quantity, ..base };
        if dice.chance(30) {
            cheaper.discount = dice.from(2, 6);
        } else {
            cheaper.price = cents(cheaper.price * dice.from(92, 97) / 100);
        }
        made.push(cheaper);
    }
    for (term, number) in made.iter_mut().zip(1..) {
        term.term = number;
    }
    made
}

/// A supplier's plain offer.
fn base(item: &Item, supplier: &Supplier, place: usize, dice: &mut Dice) -> Term {
    let single = item.price * supplier.level / 100 * dice.from(97, 104) / 100;
    let packed = item.pack.filter(|_| place == 0 || dice.chance(60));
    let (unit, factor, price) = match packed {
        Some((unit, numerator, denominator)) => {
            (unit, (numerator, denominator), scale(single * 97 / 100, numerator, denominator))
        }
        // Some sell singly what is kept in pairs.
        None if item.unit == "pair" && place > 0 => ("pcs", (1, 2), single / 2),
        None => (item.unit, (1, 1), single),
    };
    let price_per = match price {
        ..500 => 1000,
        500..5_000 => 100,
        _ => 1,
    };
    let typical = scale(item.weekly * item.cycle(), factor.1, factor.0);
    let multiple = match typical / MICRO {
        _ if unit == "pcs" && item.unit == "pair" => 2,
        500.. if packed.is_none() => 50,
        50.. if dice.chance(50) => 10,
        10.. if dice.chance(40) => 5,
        _ => 0,
    };
    Term {
        supplier: supplier.code,
        term: 1,
        unit,
        factor,
        price: cents(price * price_per),
        price_per,
        discount: 0,
        break_quantity: 0,
        minimum: 0,
        multiple: multiple * MICRO,
        maximum: 0,
        lead: supplier.lead + dice.from(-2, 3).max(2 - supplier.lead),
        from: None,
        to: None,
        sequence: 10 * (place + 1),
        removed: false,
    }
}

/// What a buyer has to look at: items that cannot be bought, offers that must not be taken, one that is rationed.
fn exceptions(item: &Item, terms: &mut Vec<Term>, suppliers: &[Supplier]) {
    let from = |code: &str| suppliers.iter().find(|supplier| supplier.code == code);
    let offer = |code: &str, terms: &[Term]| {
        let place = terms.last().map_or(0, |last| last.sequence / 10);
        from(code).map(|supplier| base(item, supplier, place, &mut Dice::of(&format!("{code} {}", item.code))))
    };
    match item.code.as_str() {
        // Nobody sells it any more: the term is gone.
        "SDL-04" => terms.iter_mut().for_each(|term| term.removed = true),
        // Only a supplier that is not approved yet is left.
        "STD-03" => {
            terms.iter_mut().for_each(|term| term.removed = true);
            terms.extend(offer(UNAPPROVED, &[]));
        }
        // Only a supplier that gave up business sold it.
        "LNK-04" => *terms = offer(INACTIVE, &[]).into_iter().collect(),
        // The price agreement ran out.
        "PLT-06" => terms.iter_mut().for_each(|term| term.to = Some(GONE)),
        // Cheaper, and not to be had: these stand beside good ones.
        "STD-01" | "STD-02" | "LNK-01" | "BRG-04" => {
            terms.extend(offer(UNAPPROVED, terms).filter(|_| terms.len() < MOST))
        }
        "LNK-02" | "LNK-03" | "RCK-04" => terms.extend(offer(INACTIVE, terms).filter(|_| terms.len() < MOST)),
        // Rationed: no more than so many in one order.
        "TRK-01" => {
            terms.retain(|term| term.break_quantity == 0);
            for term in terms.iter_mut() {
                (term.minimum, term.multiple, term.maximum) = (0, 0, 12 * MICRO);
            }
        }
        _ => {}
    }
}

/// Prices are written in whole cents.
fn cents(price: i64) -> i64 {
    ((price + 50) / 100 * 100).max(100)
}
