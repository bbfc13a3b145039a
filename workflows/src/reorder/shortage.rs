//! What is there, what is wanted: an item's position at a location, and the policy that says when it is short.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::ratio::Ratio;
use crate::quantity::Quantity;
use crate::row::{Method, PolicyRow, StockRow, Trigger};

/// What there is of an item at a location, in stock units. The parts are disjoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// On the shelf (`stock_level.on_hand`): the sum of the movements.
    pub on_hand: Quantity,
    /// Promised to demand that is not done (`stock_level.reserved`).
    pub reserved: Quantity,
    /// Under way between locations (`stock_level.in_transit`).
    pub in_transit: Quantity,
    /// Open on order lines (together `stock_level.on_order`).
    pub on_order: OnOrder,
}

/// What is open on order lines, by how far the order is. A draft counts from the moment it exists, so that the next run
/// orders nothing twice while approvals take their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnOrder {
    /// Orders being written.
    pub draft: Quantity,
    /// Orders that wait for an approval.
    pub in_approval: Quantity,
    /// Orders approved and not yet issued.
    pub approved: Quantity,
    /// Orders issued to the supplier.
    pub sent: Quantity,
    /// On order by the stock level, and told by no line that was looked at: all of it, where no lines were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold: Quantity,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(quantity: &Quantity) -> bool {
    quantity.0 == 0
}

impl OnOrder {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn sum(&self) -> i128 {
        let kinds = [self.draft, self.in_approval, self.approved, self.sent, self.untold];
        kinds.iter().map(|kind| i128::from(kind.0)).sum()
    }
}

impl From<&StockRow> for Position {
    fn from(row: &StockRow) -> Self {
        let on_order = OnOrder { untold: row.on_order, ..OnOrder::default() };
        Self { on_hand: row.on_hand, reserved: row.reserved, in_transit: row.in_transit, on_order }
    }
}

impl Position {
    /// Tells kinds apart in what is on order. What the lines say too much or too little stays `untold`, so that the sum
    /// is the stock level's.
    #[must_use]
    pub fn told(mut self, kinds: OnOrder) -> Self {
        let rest = self.on_order.sum() - OnOrder { untold: Quantity(0), ..kinds }.sum();
        if let Ok(rest) = i64::try_from(rest) {
            self.on_order = OnOrder { untold: Quantity(rest), ..kinds };
        }
        self
    }

    /// On hand - reserved + in transit + on order of all kinds.
    ///
    /// # Errors
    /// [`Fault::TooLarge`].
    pub fn total(&self) -> Result<Quantity, Fault> {
        let supply = i128::from(self.in_transit.0) + self.on_order.sum();
        to_quantity(i128::from(self.on_hand.0) - i128::from(self.reserved.0) + supply)
    }

    /// On hand - reserved: what the shelf alone could give.
    ///
    /// # Errors
    /// [`Fault::TooLarge`].
    pub fn on_shelf(&self) -> Result<Quantity, Fault> {
        to_quantity(i128::from(self.on_hand.0) - i128::from(self.reserved.0))
    }
}

fn to_quantity(units: i128) -> Result<Quantity, Fault> {
    i64::try_from(units).map(Quantity).map_err(|_| Fault::TooLarge)
}

/// Whether, and by how much, an item is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Nothing is needed.
    NotShort(NotShort),
    /// The position triggers.
    Short {
        /// What is needed, in stock units, above zero.
        need: Ratio,
        /// How many fixed quantities that is, for `s_Q`.
        times: Option<i128>,
    },
}

/// Why nothing is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotShort {
    /// The trigger is `below` and it is not.
    NotBelowOrderPoint,
    /// The trigger is `at_or_below` and it is above.
    AboveOrderPoint,
    /// The shelf alone would trigger; what is on order or in transit covers it.
    CoveredBySupply,
    /// It triggers and is at its target.
    NothingNeeded,
    /// The policy is switched off.
    PolicyInactive,
}

impl PolicyRow {
    /// Whether this position is short.
    #[must_use]
    pub fn triggers(&self, position: Ratio) -> bool {
        match self.trigger {
            Trigger::Below => position < self.order_point.into(),
            Trigger::AtOrBelow => position <= self.order_point.into(),
        }
    }

    /// The target that the method orders up to.
    #[must_use]
    pub const fn target(&self) -> Option<Quantity> {
        match self.method {
            Method::MinMax | Method::UpTo => self.order_up_to,
            Method::Fixed => None,
        }
    }

    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// What is missing or contradicts itself.
    pub fn check(&self) -> Result<(), Fault> {
        match (self.method, self.order_up_to, self.quantity) {
            (Method::MinMax | Method::UpTo, None, _) => Err(Fault::OrderUpToMissing),
            (Method::MinMax | Method::UpTo, Some(target), _) if self.order_point > target => {
                Err(Fault::OrderPointAboveOrderUpTo)
            }
            (Method::Fixed, _, None) => Err(Fault::QuantityMissing),
            (Method::Fixed, _, Some(quantity)) if quantity.0 <= 0 => Err(Fault::QuantityNotPositive),
            _ => Ok(()),
        }
    }

    /// Whether the position is short, and what is needed then.
    ///
    /// # Errors
    /// A fault in the settings, or numbers too large.
    pub fn shortage(&self, position: &Position) -> Result<Shortage, Fault> {
        self.check()?;
        let total = position.total()?;
        if !self.triggers(total.into()) {
            let why = match self.trigger {
                _ if self.triggers(position.on_shelf()?.into()) => NotShort::CoveredBySupply,
                Trigger::Below => NotShort::NotBelowOrderPoint,
                Trigger::AtOrBelow => NotShort::AboveOrderPoint,
            };
            return Ok(Shortage::NotShort(why));
        }
        match self.method {
            Method::MinMax | Method::UpTo => {
                let target = Ratio::from(self.order_up_to.ok_or(Fault::OrderUpToMissing)?);
                let need = target.minus(total.into()).ok_or(Fault::TooLarge)?;
                let short = Shortage::Short { need, times: None };
                Ok(if need > Ratio::ZERO { short } else { Shortage::NotShort(NotShort::NothingNeeded) })
            }
            Method::Fixed => {
                let quantity = Ratio::from(self.quantity.ok_or(Fault::QuantityMissing)?);
                let gap = Ratio::from(self.order_point).minus(total.into()).ok_or(Fault::TooLarge)?;
                let times = gap.over(quantity).ok_or(Fault::TooLarge)?;
                // The smallest number after which the trigger no longer holds.
                let times = match self.trigger {
                    Trigger::Below => times.ceiling().max(1),
                    Trigger::AtOrBelow => times.floor() + 1,
                };
                let need = Ratio::new(times, 1).and_then(|times| times.times(quantity)).ok_or(Fault::TooLarge)?;
                Ok(Shortage::Short { need, times: Some(times) })
            }
        }
    }
}
