//! One item at one place: is it short, from whom, how much, for how much; or why not.
//!
//! What must hold: the same rows give the same answer, in a snapshot for a whole tenant, in `explain` for one item, and on
//! locked rows when an order is written. Whatever the outcome, the arithmetic as far as it went stands beside it.

use std::sync::Arc;

use fluxor_engine::money::Money;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::price::{Comparison, Costed, Hint, Judged, Offer, Verdict, compare, net_price};
use super::quantity::{Limits, PurchaseUnit, QuantitySteps, Reason, order_quantity};
use super::rates::Rates;
use super::ratio::Ratio;
use super::shortage::{NotShort, Position, Shortage};
use crate::money::line_total;
use crate::quantity::Quantity;
use crate::row::{Factor, MaximumRule, Method, PolicyRow, Trigger};

/// What is known of one item at one location.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// `item.active`.
    pub item_active: bool,
    /// `location.active`.
    pub location_active: bool,
    /// When it is short.
    pub policy: &'a PolicyRow,
    /// What there is.
    pub position: &'a Position,
    /// Every term of the item, whatever its supplier.
    pub offers: &'a [Offer],
    /// Order from this supplier alone: what an order is written with. The others are compared for the record.
    pub supplier: Option<&'a str>,
    /// The local day.
    pub today: Date,
    /// For offers in other currencies.
    pub rates: &'a Rates,
}

/// The answer for one item at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// What is to be done.
    pub outcome: Outcome,
    /// How it was found.
    pub why: Arithmetic,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A line is ordered.
    Order(Reordered),
    /// Nothing is needed.
    NotShort(NotShort),
    /// It is short and cannot be ordered.
    NotPurchasable(Obstacle),
}

/// A line to order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reordered {
    /// From whom.
    pub supplier: Arc<str>,
    /// On which of their terms.
    pub term: Arc<str>,
    /// In purchase units.
    pub quantity: Quantity,
    /// The purchase unit.
    pub unit: Arc<str>,
    /// Stock units in one purchase unit.
    pub factor: Factor,
    /// The price of one purchase unit after the discount, rounded half up to ten-thousandths.
    pub price: Money,
    /// Quantity times that price, as an order line rounds it.
    pub total: Money,
    /// When it should come, by the supplier's lead time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
}

/// Why something short is not ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// In a word, for lists.
    pub reason: Why,
    /// In a sentence, with what to do.
    pub text: String,
}

/// Why something short is not ordered, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No supplier has a term for it that is valid.
    NoTerm,
    /// There are terms, but of no supplier that is active and approved.
    NoApprovedSupplier,
    /// The item is switched off.
    InactiveItem,
    /// The location is switched off.
    InactiveLocation,
    /// The policy is snoozed.
    Snoozed,
    /// A maximum allows nothing that a supplier accepts.
    Capped,
    /// The purchase unit has no factor to the stock unit.
    UnitWithoutFactor,
    /// The price's currency has no rate.
    CurrencyWithoutRate,
    /// A setting cannot be meant.
    SettingsRefused,
}

/// The arithmetic: what `explain` shows, and an order line keeps. Quantities in stock units unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// The local day that it was computed for.
    pub date: Date,
    /// What there is, part by part.
    pub position: Position,
    /// Their sum; none where it does not fit.
    pub position_total: Option<Quantity>,
    /// How the need is found.
    pub method: Method,
    /// When the position is short.
    pub trigger: Trigger,
    /// The order point.
    pub order_point: Quantity,
    /// The target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_up_to: Option<Quantity>,
    /// The fixed quantity of `s_Q`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_quantity: Option<Quantity>,
    /// The policy's maximum for an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Quantity>,
    /// What gives way to a maximum, or does not.
    pub maximum_rule: MaximumRule,
    /// What is needed; none where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<Ratio>,
    /// The offer that is chosen, in which unit, within which limits, and what each step made of the need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// What became of every offer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Judged>,
    /// What more would cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
}

/// The offer that is chosen, and how the quantity comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// What was compared: the need rounded up to what can be ordered. Maxima are applied to it afterwards.
    pub offer: Costed,
    /// No offer's break and minimum was reached: this one costs least where they are.
    pub at_least_quantity: bool,
    /// The purchase unit.
    pub unit: PurchaseUnit,
    /// What the quantity keeps to.
    pub limits: Limits,
    /// From need to quantity.
    pub quantity: QuantitySteps,
}

/// Computes one item at one location.
#[must_use]
pub fn propose(case: &Case<'_>) -> Proposed {
    let mut why = before(case);
    let outcome = decide(case, &mut why).unwrap_or_else(|obstacle| Outcome::NotPurchasable(*obstacle));
    Proposed { outcome, why }
}

fn before(case: &Case<'_>) -> Arithmetic {
    let policy = case.policy;
    Arithmetic {
        date: case.today,
        position: *case.position,
        position_total: case.position.total().ok(),
        method: policy.method,
        trigger: policy.trigger,
        order_point: policy.order_point,
        order_up_to: policy.order_up_to,
        fixed_quantity: policy.quantity,
        maximum: policy.maximum,
        maximum_rule: policy.maximum_rule,
        need: None,
        chosen: None,
        offers: Vec::new(),
        hints: Vec::new(),
    }
}

fn decide(case: &Case<'_>, why: &mut Arithmetic) -> Result<Outcome, Box<Obstacle>> {
    if !case.policy.active {
        return Ok(Outcome::NotShort(NotShort::PolicyInactive));
    }
    let (need, times) = match case.policy.shortage(case.position).map_err(refused)? {
        Shortage::NotShort(reason) => return Ok(Outcome::NotShort(reason)),
        Shortage::Short { need, times } => (need, times),
    };
    why.need = Some(need);
    may_be_ordered(case)?;
    let whole = compare(need, case.today, case.rates, case.offers);
    why.offers = whole.verdicts.clone();
    why.hints = whole.hints.iter().map(|(_, hint)| hint.clone()).collect();
    let Comparison { candidates, hints, .. } = match case.supplier {
        None => whole,
        Some(supplier) => of_supplier(case, need, supplier),
    };
    let reached = !candidates.is_empty();
    let ranked =
        if reached { candidates } else { hints.into_iter().map(|(place, hint)| (place, hint.offer)).collect() };
    if ranked.is_empty() {
        return Err(nobody_sells(&why.offers, case.supplier));
    }
    for (place, costed) in ranked {
        let offer = &case.offers[place];
        let position = case.position.total().map_err(refused)?;
        let limits = limits(case.policy, offer, reached).map_err(refused)?;
        let steps = order_quantity(case.policy, position, (need, times), &offer.unit, &limits).map_err(refused)?;
        let ordered = steps.order.filter(|order| order.purchase >= offer.term.break_quantity);
        let capped = ordered.is_none();
        why.chosen = Some(Chosen {
            offer: costed,
            at_least_quantity: !reached,
            unit: offer.unit.clone(),
            limits,
            quantity: steps,
        });
        if capped {
            why.offers[place].verdict = Verdict::Capped;
        }
        if let Some(order) = ordered {
            return Ok(Outcome::Order(line(offer, order.purchase, case.today).map_err(refused)?));
        }
    }
    Err(obstacle(Why::Capped, "a maximum allows nothing that a supplier accepts: raise it, or let the minimum win"))
}

/// The offers of one supplier, compared among themselves; places are those in the whole list.
fn of_supplier(case: &Case<'_>, need: Ratio, supplier: &str) -> Comparison {
    let own = case.offers.iter().enumerate().filter(|(_, offer)| *offer.term.key.supplier == *supplier);
    let (places, own): (Vec<usize>, Vec<Offer>) = own.map(|(place, offer)| (place, offer.clone())).unzip();
    let Comparison { candidates, verdicts, hints } = compare(need, case.today, case.rates, &own);
    Comparison {
        candidates: candidates.into_iter().map(|(place, costed)| (places[place], costed)).collect(),
        verdicts,
        hints: hints.into_iter().map(|(place, hint)| (places[place], hint)).collect(),
    }
}

fn may_be_ordered(case: &Case<'_>) -> Result<(), Box<Obstacle>> {
    if !case.item_active {
        return Err(obstacle(Why::InactiveItem, "the item is inactive: activate it, or its policy is not needed"));
    }
    if !case.location_active {
        return Err(obstacle(Why::InactiveLocation, "the location is inactive: activate it, or drop the policy"));
    }
    match case.policy.snoozed_until {
        Some(until) if case.today < until => {
            Err(obstacle(Why::Snoozed, format!("the policy is snoozed until {until}: nothing is ordered before")))
        }
        _ => Ok(()),
    }
}

/// The supplier's limits, and the policy's maximum in the purchase unit. A price that holds from a quantity on is ordered
/// in at least that quantity where nothing else can be had.
fn limits(policy: &PolicyRow, offer: &Offer, reached: bool) -> Result<Limits, Fault> {
    let term = &offer.term;
    let factor = offer.unit.stock_units()?;
    let of_policy = match policy.maximum {
        None => None,
        Some(maximum) => Some(Ratio::from(maximum).over(factor).ok_or(Fault::TooLarge)?),
    };
    let of_supplier = term.maximum.map(Ratio::from);
    let maximum = match (of_policy, of_supplier) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let minimum = if reached { term.minimum } else { term.minimum.max(term.break_quantity) };
    Ok(Limits { minimum: minimum.into(), multiple: term.multiple, maximum, maximum_position: None })
}

fn line(offer: &Offer, quantity: Quantity, today: Date) -> Result<Reordered, Fault> {
    let term = &offer.term;
    let units = net_price(term).and_then(|price| price.half_up(4)).and_then(|units| i64::try_from(units).ok());
    let price = Money { units: units.ok_or(Fault::TooLarge)?, currency: term.price.currency };
    Ok(Reordered {
        supplier: term.key.supplier.clone(),
        term: term.key.term.clone(),
        quantity,
        unit: term.unit.clone(),
        factor: offer.unit.factor.ok_or(Fault::UnitWithoutFactor)?,
        price,
        total: line_total(quantity, price).ok_or(Fault::TooLarge)?,
        expected_on: term
            .lead_time_days
            .and_then(|days| today.checked_add(jiff::Span::new().try_days(days).ok()?).ok()),
    })
}

/// What stands in the way of the offer that came furthest.
fn nobody_sells(offers: &[Judged], only: Option<&str>) -> Box<Obstacle> {
    let asked = offers.iter().filter(|offer| only.is_none_or(|only| *offer.supplier == *only));
    match asked.max_by_key(|offer| offer.verdict) {
        Some(Judged { verdict: Verdict::NoRate, supplier, .. }) => obstacle(
            Why::CurrencyWithoutRate,
            format!(
                "there is no exchange rate for what `{supplier}` charges: give one, or a price in another currency"
            ),
        ),
        Some(Judged { verdict: Verdict::Faulty(fault), supplier, term, .. }) => {
            let reason = if *fault == Fault::UnitWithoutFactor { Why::UnitWithoutFactor } else { Why::SettingsRefused };
            obstacle(reason, format!("term `{term}` of `{supplier}`: {fault}"))
        }
        Some(Judged { verdict: Verdict::SupplierInactive | Verdict::SupplierNotApproved, supplier, .. }) => obstacle(
            Why::NoApprovedSupplier,
            format!("no supplier that has a term is active and approved: approve `{supplier}` or another"),
        ),
        Some(Judged { verdict: Verdict::NotYetValid | Verdict::Expired, .. }) => {
            obstacle(Why::NoTerm, "no supplier's term is valid on this day: add one or extend its days")
        }
        _ => obstacle(Why::NoTerm, "no supplier has an active term for the item: add one"),
    }
}

fn refused(fault: Fault) -> Box<Obstacle> {
    let reason = if fault == Fault::UnitWithoutFactor { Why::UnitWithoutFactor } else { Why::SettingsRefused };
    obstacle(reason, fault.sentence())
}

fn obstacle(reason: Why, text: impl Into<String>) -> Box<Obstacle> {
    Box::new(Obstacle { reason, text: text.into() })
}

impl Arithmetic {
    /// What the steps from need to quantity did, where there was an offer.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        self.chosen.as_ref().map_or(&[], |chosen| &chosen.quantity.reasons)
    }
}
