//! Which supplier's term is cheapest for what is needed, and why each other one is not chosen.
//!
//! What must hold: totals are compared exactly and unrounded, in the home currency; ties go to the lower price of a stock
//! unit, then the lower sequence, then the lower id; hints never change the choice.

use std::sync::Arc;

use fluxor_engine::money::Currency;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::quantity::{PurchaseUnit, round_up};
use super::rates::Rates;
use super::ratio::Ratio;
use crate::quantity::Quantity;
use crate::row::{Factor, SupplierRow, TermRow, UnitRow};

/// A supplier's term with the unit that it is for, and whether the supplier may be ordered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The term (`supplier_term`).
    pub term: TermRow,
    /// Its unit, with the item's factor for it.
    pub unit: PurchaseUnit,
    /// `supplier.active`.
    pub supplier_active: bool,
    /// `supplier.approved`.
    pub supplier_approved: bool,
}

impl Offer {
    /// From rows: the term, its supplier, its unit, the item's own factor for that unit, and the stock unit's code and
    /// row. The factor is the item's own, else the one that both units' base gives.
    #[must_use]
    pub fn of(
        term: TermRow,
        supplier: Option<&SupplierRow>,
        unit: Option<&UnitRow>,
        own_factor: Option<Factor>,
        stock: Option<(&str, Option<&UnitRow>)>,
    ) -> Self {
        let factor = match (own_factor, stock) {
            (_, Some((stock, _))) if *stock == *term.unit => Some(Factor::ONE),
            (Some(factor), _) => Some(factor),
            (None, Some((_, Some(stock)))) => unit.and_then(|unit| unit.in_units_of(stock)),
            (None, _) => None,
        };
        let unit = PurchaseUnit { unit: term.unit.clone(), factor, grid: unit.map_or(Quantity(0), |unit| unit.grid) };
        let supplier_active = supplier.is_some_and(|supplier| supplier.active);
        let supplier_approved = supplier.is_some_and(|supplier| supplier.approved);
        Self { term, unit, supplier_active, supplier_approved }
    }
}

/// What became of an offer. Tested in this order, so that the last one named is the only thing in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The term is switched off.
    TermInactive,
    /// Its first day is still to come.
    NotYetValid,
    /// Its last day has passed.
    Expired,
    /// Nothing is bought from the supplier.
    SupplierInactive,
    /// A reorder run may not order from the supplier.
    SupplierNotApproved,
    /// Unit, multiple or price cannot be computed with.
    Faulty(Fault),
    /// Its currency has no rate on or before the day.
    NoRate,
    /// Less is needed than its price holds from.
    BelowBreak,
    /// Less is needed than is sold.
    BelowMinimum,
    /// It could be ordered.
    Candidate,
    /// It was the cheapest, but a maximum allows nothing of it, or less than its price holds from.
    Capped,
}

/// What an offer costs for a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// In purchase units.
    pub quantity: Quantity,
    /// In stock units, exact.
    pub quantity_stock: Ratio,
    /// In the offer's currency, exact.
    pub total: Ratio,
    /// The offer's currency.
    pub currency: Currency,
    /// In the home currency, exact.
    pub total_home: Ratio,
}

/// An offer by its supplier and the supplier's term, and what it would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costed {
    /// The supplier.
    pub supplier: Arc<str>,
    /// The supplier's term.
    pub term: Arc<str>,
    /// What is ordered, and for how much.
    #[serde(flatten)]
    pub cost: Cost,
    /// In the home currency, for one stock unit, exact.
    pub price_home: Ratio,
}

/// Why an offer is not chosen, or that it could have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The supplier.
    pub supplier: Arc<str>,
    /// The supplier's term.
    pub term: Arc<str>,
    /// What became of it.
    pub verdict: Verdict,
    /// What a candidate would cost in the home currency, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_home: Option<Ratio>,
}

/// That more would cost less, or that only more can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// What the hint is.
    pub kind: HintKind,
    /// The offer at the least quantity that it holds for.
    #[serde(flatten)]
    pub offer: Costed,
    /// Less than what is chosen, in the home currency, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving_home: Option<Ratio>,
}

/// What a hint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// More would cost less in total.
    CheaperAtMore,
    /// Nothing is chosen; this could be had at more.
    ReachableAtMore,
}

/// The offers of one item, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The candidates by their places in the list, the best first.
    pub candidates: Vec<(usize, Costed)>,
    /// What became of each offer, in the order of the list.
    pub verdicts: Vec<Judged>,
    /// Offers whose break or minimum was not reached, with their places in the list, the cheapest first.
    pub hints: Vec<(usize, Hint)>,
}

/// Compares offers for `need` stock units on the local day `date`.
#[must_use]
pub fn compare(need: Ratio, date: Date, rates: &Rates, offers: &[Offer]) -> Comparison {
    let (mut candidates, mut verdicts, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    for (place, offer) in offers.iter().enumerate() {
        let (verdict, costed) = match judge(need, date, rates, offer) {
            Ok((verdict, costed)) => (verdict, Some(costed)),
            Err(verdict) => (verdict, None),
        };
        let total_home = costed.as_ref().filter(|_| verdict == Verdict::Candidate).map(|costed| costed.cost.total_home);
        let (supplier, term) = (offer.term.key.supplier.clone(), offer.term.key.term.clone());
        verdicts.push(Judged { supplier, term, verdict, total_home });
        let list = if verdict == Verdict::Candidate { &mut candidates } else { &mut beyond };
        list.extend(costed.map(|costed| (place, costed)));
    }
    for list in [&mut candidates, &mut beyond] {
        list.sort_by(|(left, a), (right, b)| rank(a, &offers[*left].term).cmp(&rank(b, &offers[*right].term)));
    }
    let best = candidates.first().map(|(_, costed)| costed.cost.total_home);
    let hints = beyond.into_iter().filter_map(|(place, offer)| hint(best, offer).map(|hint| (place, hint))).collect();
    Comparison { candidates, verdicts, hints }
}

fn hint(best: Option<Ratio>, offer: Costed) -> Option<Hint> {
    let Some(best) = best else {
        return Some(Hint { kind: HintKind::ReachableAtMore, offer, saving_home: None });
    };
    let saving = best.minus(offer.cost.total_home).filter(|saving| *saving > Ratio::ZERO)?;
    Some(Hint { kind: HintKind::CheaperAtMore, offer, saving_home: Some(saving) })
}

/// Lower is better: the total, the price of a stock unit, the sequence, the id.
fn rank<'o>(costed: &Costed, term: &'o TermRow) -> (Ratio, Ratio, i64, &'o str, &'o str) {
    (costed.cost.total_home, costed.price_home, term.sequence, &term.key.supplier, &term.key.term)
}

/// A candidate with its cost; an offer below its break or minimum with its cost at that.
fn judge(need: Ratio, date: Date, rates: &Rates, offer: &Offer) -> Result<(Verdict, Costed), Verdict> {
    let term = &offer.term;
    let checks = [
        (term.active, Verdict::TermInactive),
        (term.valid_from.is_none_or(|from| date >= from), Verdict::NotYetValid),
        (term.valid_to.is_none_or(|to| date <= to), Verdict::Expired),
        (offer.supplier_active, Verdict::SupplierInactive),
        (offer.supplier_approved, Verdict::SupplierNotApproved),
        (term.price_per.0 > 0, Verdict::Faulty(Fault::PricePerNotPositive)),
    ];
    if let Some((_, verdict)) = checks.into_iter().find(|(passed, _)| !passed) {
        return Err(verdict);
    }
    let factor = offer.unit.stock_units().map_err(Verdict::Faulty)?;
    // With the multiple, so that offers are compared for what would be ordered from them.
    let step = offer.unit.step(term.multiple).map_err(Verdict::Faulty)?;
    let rate = rates.on(term.price.currency, date).ok_or(Verdict::NoRate)?;
    let costed = |wanted: Ratio| {
        let quantity = round_up(wanted, step)?;
        cost(offer, quantity, factor, rate).ok_or(Fault::TooLarge)
    };
    let wanted = need.over(factor).ok_or(Verdict::Faulty(Fault::TooLarge))?;
    let quantity = round_up(wanted, step).map_err(Verdict::Faulty)?;
    let (verdict, wanted) = if quantity < term.break_quantity {
        (Verdict::BelowBreak, term.break_quantity.max(term.minimum).into())
    } else if quantity < term.minimum {
        (Verdict::BelowMinimum, term.minimum.into())
    } else {
        (Verdict::Candidate, wanted)
    };
    Ok((verdict, costed(wanted).map_err(Verdict::Faulty)?))
}

fn cost(offer: &Offer, quantity: Quantity, factor: Ratio, rate: Ratio) -> Option<Costed> {
    let price = net_price(&offer.term)?;
    let amount = Ratio::from(quantity);
    let (quantity_stock, total) = (amount.times(factor)?, amount.times(price)?);
    let (currency, total_home) = (offer.term.price.currency, total.over(rate)?);
    Some(Costed {
        supplier: offer.term.key.supplier.clone(),
        term: offer.term.key.term.clone(),
        cost: Cost { quantity, quantity_stock, total, currency, total_home },
        price_home: price.over(rate)?.over(factor)?,
    })
}

/// The price of one purchase unit after the discount, exact, in the term's currency.
pub(super) fn net_price(term: &TermRow) -> Option<Ratio> {
    let paid = Ratio::ONE.minus(Ratio::scaled(term.discount.0, 6))?;
    Ratio::scaled(term.price.units, 4).over(term.price_per.into())?.times(paid)
}
