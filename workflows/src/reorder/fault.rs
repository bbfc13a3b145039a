//! Faults in the settings: each is a refusal with a sentence, never a silent default.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why nothing can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing says how many stock units the purchase unit has.
    UnitWithoutFactor,
    /// A unit factor that is not above zero.
    FactorNotPositive,
    /// A purchase unit whose smallest step is not above zero.
    GridNotPositive,
    /// The supplier's multiple is not above zero.
    MultipleNotPositive,
    /// The supplier's multiple is not a multiple of the unit's smallest step.
    MultipleNotOnUnitGrid,
    /// The price does not say for how many units it is (`price_per` not above zero).
    PricePerNotPositive,
    /// The order point lies above the target.
    OrderPointAboveOrderUpTo,
    /// A method that orders up to a target has none.
    OrderUpToMissing,
    /// `s_Q` has no quantity.
    QuantityMissing,
    /// `s_Q` has a quantity that is not above zero.
    QuantityNotPositive,
    /// A number that does not fit.
    TooLarge,
}

impl Fault {
    /// What is wrong and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnitWithoutFactor => {
                "nothing says how many stock units the purchase unit has: give the item a factor for it"
            }
            Self::FactorNotPositive => "the unit's factor is not above zero: correct it",
            Self::GridNotPositive => "the purchase unit's smallest step is not above zero: set its grid",
            Self::MultipleNotPositive => "the supplier's multiple is not above zero: correct it or leave it out",
            Self::MultipleNotOnUnitGrid => {
                "the supplier's multiple is not a multiple of the unit's smallest step: correct one of them"
            }
            Self::PricePerNotPositive => "the price is for no quantity: set `price_per` above zero",
            Self::OrderPointAboveOrderUpTo => "the order point lies above `order_up_to`: lower it or raise the target",
            Self::OrderUpToMissing => "the method orders up to a target and has none: set `order_up_to`",
            Self::QuantityMissing => "the method s_Q needs a `quantity`: set it",
            Self::QuantityNotPositive => "the `quantity` of s_Q is not above zero: set it",
            Self::TooLarge => "the numbers are too large to compute with: look at units, factors and quantities",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
