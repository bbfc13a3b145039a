//! From a need in stock units to a quantity that the supplier accepts, each step with its reason.
//!
//! What must hold: rounding happens once, in the purchase unit, upwards; the result lies on the multiple (without one on
//! the unit's grid), and is at least the minimum wherever something is ordered. All by exact ratios: 50,000 g in pounds
//! of 453.592292197 g on a grid of 0.001 are 110.232 lb, not 110.231.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::ratio::Ratio;
use crate::quantity::Quantity;
use crate::row::{Factor, MaximumRule, PolicyRow};

/// The unit that a supplier sells in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseUnit {
    /// Its code (`unit_of_measure.code`).
    pub unit: Arc<str>,
    /// Its stock units; without, nothing can be ordered in it.
    pub factor: Option<Factor>,
    /// Its smallest step, in purchase units (`unit_of_measure.grid`).
    pub grid: Quantity,
}

impl PurchaseUnit {
    /// Stock units in one purchase unit.
    ///
    /// # Errors
    /// No factor, or one that is not above zero.
    pub fn stock_units(&self) -> Result<Ratio, Fault> {
        let factor = self.factor.ok_or(Fault::UnitWithoutFactor)?;
        if factor.numerator <= 0 || factor.denominator <= 0 {
            return Err(Fault::FactorNotPositive);
        }
        Ratio::new(factor.numerator.into(), factor.denominator.into()).ok_or(Fault::FactorNotPositive)
    }

    /// The step that quantities are rounded to: the multiple, else the grid.
    ///
    /// # Errors
    /// A step that is not above zero, or a multiple off the grid.
    pub fn step(&self, multiple: Option<Quantity>) -> Result<Quantity, Fault> {
        if self.grid.0 <= 0 {
            return Err(Fault::GridNotPositive);
        }
        match multiple {
            Some(multiple) if multiple.0 <= 0 => Err(Fault::MultipleNotPositive),
            Some(multiple) if multiple.0 % self.grid.0 != 0 => Err(Fault::MultipleNotOnUnitGrid),
            Some(multiple) => Ok(multiple),
            None => Ok(self.grid),
        }
    }
}

/// What an order's quantity must keep to, in purchase units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The least that the supplier accepts (`supplier_term.minimum`).
    pub minimum: Ratio,
    /// What the quantity must be a multiple of (`supplier_term.multiple`).
    pub multiple: Option<Quantity>,
    /// The most: the stricter of the supplier's (`supplier_term.maximum`) and the policy's, which is in stock units.
    pub maximum: Option<Ratio>,
    /// The most that the position may be afterwards, in stock units.
    pub maximum_position: Option<Quantity>,
}

/// What a step did, in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// `s_Q` takes more than one quantity.
    SeveralQuantities,
    /// Less is needed than the supplier's minimum.
    RaisedToMinimum,
    /// Up to the supplier's multiple.
    RoundedUpToMultiple,
    /// Up to the unit's smallest step.
    RoundedUpToUnitGrid,
    /// Above a maximum; the need wins.
    AboveMaximum,
    /// Down to the largest quantity inside a maximum.
    CutToMaximum,
    /// Nothing that the supplier accepts lies inside a maximum: nothing is ordered.
    MaximumPreventsOrder,
    /// Nothing that the supplier accepts lies inside a maximum: the least that is accepted is ordered.
    AboveMaximumForMinimum,
    /// The position afterwards lies above the target.
    OvershootsOrderUpTo,
    /// The position afterwards would trigger again.
    StillShort,
}

/// A need, and what is ordered for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantitySteps {
    /// What is needed, in stock units.
    pub need_stock: Ratio,
    /// The same in purchase units, exact.
    pub need_purchase: Ratio,
    /// What is ordered; none where a maximum prevents it.
    pub order: Option<OrderQuantity>,
    /// What the steps did.
    pub reasons: Vec<Reason>,
}

/// A quantity to order, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderQuantity {
    /// In purchase units.
    pub purchase: Quantity,
    /// In stock units, exact.
    pub stock: Ratio,
    /// The position with it, in stock units.
    pub position_after: Ratio,
    /// Above the need, in stock units; negative where a maximum cut it down.
    pub over_need: Ratio,
}

/// The quantity to order from a supplier for a need of `need` stock units at a position of `position` stock units.
/// `times` is how many fixed quantities the need is made of.
///
/// # Errors
/// A fault in unit or limits, or numbers too large.
pub fn order_quantity(
    policy: &PolicyRow,
    position: Quantity,
    (need, times): (Ratio, Option<i128>),
    unit: &PurchaseUnit,
    limits: &Limits,
) -> Result<QuantitySteps, Fault> {
    let factor = unit.stock_units()?;
    let step = unit.step(limits.multiple)?;
    let need_purchase = need.over(factor).ok_or(Fault::TooLarge)?;
    let mut reasons = Vec::new();
    if times.is_some_and(|times| times > 1) {
        reasons.push(Reason::SeveralQuantities);
    }
    if need_purchase < limits.minimum {
        reasons.push(Reason::RaisedToMinimum);
    }
    let wanted = need_purchase.max(limits.minimum);
    let rounded = round_up(wanted, step)?;
    if Ratio::from(rounded) != wanted {
        let to_multiple = limits.multiple.is_some();
        reasons.push(if to_multiple { Reason::RoundedUpToMultiple } else { Reason::RoundedUpToUnitGrid });
    }
    let maximum = maximum_order(position, factor, limits)?;
    let (quantity, capped) = cap(rounded, maximum, policy.maximum_rule, limits.minimum, step)?;
    reasons.extend(capped);
    let order = match quantity {
        None => None,
        Some(purchase) => {
            let order = ordered(purchase, factor, position, need).ok_or(Fault::TooLarge)?;
            if policy.target().is_some_and(|target| order.position_after > target.into()) {
                reasons.push(Reason::OvershootsOrderUpTo);
            }
            // Without a cut nothing is short but by a trigger `at_or_below` at the target itself, where all that was
            // needed has been ordered.
            if order.over_need < Ratio::ZERO && policy.triggers(order.position_after) {
                reasons.push(Reason::StillShort);
            }
            Some(order)
        }
    };
    Ok(QuantitySteps { need_stock: need, need_purchase, order, reasons })
}

/// The smallest multiple of `step` that is not below `quantity`.
pub(super) fn round_up(quantity: Ratio, step: Quantity) -> Result<Quantity, Fault> {
    let steps = quantity.over(step.into()).ok_or(Fault::TooLarge)?.ceiling();
    steps_of(steps, step)
}

fn steps_of(steps: i128, step: Quantity) -> Result<Quantity, Fault> {
    let units = steps.checked_mul(step.0.into()).and_then(|units| i64::try_from(units).ok());
    units.map(Quantity).ok_or(Fault::TooLarge)
}

/// The stricter of the maximum of an order and of the room that the maximum of the position leaves.
fn maximum_order(position: Quantity, factor: Ratio, limits: &Limits) -> Result<Option<Ratio>, Fault> {
    let Some(most) = limits.maximum_position else { return Ok(limits.maximum) };
    let room = Ratio::from(most).minus(position.into()).and_then(|room| room.over(factor)).ok_or(Fault::TooLarge)?;
    Ok(Some(limits.maximum.map_or(room, |maximum| maximum.min(room))))
}

fn cap(
    quantity: Quantity,
    maximum: Option<Ratio>,
    rule: MaximumRule,
    minimum: Ratio,
    step: Quantity,
) -> Result<(Option<Quantity>, Option<Reason>), Fault> {
    let Some(maximum) = maximum.filter(|maximum| Ratio::from(quantity) > *maximum) else {
        return Ok((Some(quantity), None));
    };
    if rule == MaximumRule::NeedWins {
        return Ok((Some(quantity), Some(Reason::AboveMaximum)));
    }
    let steps = maximum.over(step.into()).ok_or(Fault::TooLarge)?.floor();
    if steps >= 1 {
        let cut = steps_of(steps, step)?;
        if Ratio::from(cut) >= minimum {
            return Ok((Some(cut), Some(Reason::CutToMaximum)));
        }
    }
    if rule == MaximumRule::MaximumWins {
        return Ok((None, Some(Reason::MaximumPreventsOrder)));
    }
    let least = round_up(minimum.max(step.into()), step)?;
    Ok((Some(least), Some(Reason::AboveMaximumForMinimum)))
}

fn ordered(purchase: Quantity, factor: Ratio, position: Quantity, need: Ratio) -> Option<OrderQuantity> {
    let stock = Ratio::from(purchase).times(factor)?;
    let position_after = Ratio::from(position).plus(stock)?;
    Some(OrderQuantity { purchase, stock, position_after, over_need: stock.minus(need)? })
}
