//! Units of measure, in general and of one item.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Keyed;
use crate::quantity::Quantity;

/// How many of another unit one unit is: an exact ratio of whole numbers above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Factor {
    /// Above the line.
    pub numerator: i64,
    /// Below it.
    pub denominator: i64,
}

impl Factor {
    /// A unit is one of itself.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `quantity` in the other unit, rounded once, half away from zero, to 10^-6; `None` if it is larger than a quantity
    /// can be.
    #[must_use]
    pub fn apply(self, quantity: Quantity) -> Option<Quantity> {
        let exact = i128::from(quantity.0) * i128::from(self.numerator);
        let divisor = i128::from(self.denominator);
        let (whole, rest) = (exact / divisor, exact % divisor);
        let rounded = if rest.abs() * 2 >= divisor { whole + exact.signum() } else { whole };
        i64::try_from(rounded).ok().map(Quantity)
    }

    /// This factor divided by `other`, in lowest terms; `None` if a part of it is larger than a factor can be.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        let numerator = i128::from(self.numerator) * i128::from(other.denominator);
        let denominator = i128::from(self.denominator) * i128::from(other.numerator);
        let (mut divisor, mut rest) = (numerator, denominator);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        let part = |n: i128| i64::try_from(n.checked_div(divisor)?).ok();
        Some(Self { numerator: part(numerator)?, denominator: part(denominator)? })
    }
}

/// A unit of measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Its code.
    pub code: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// For people.
    pub name: Arc<str>,
    /// The smallest step: quantities in this unit are multiples of it.
    pub grid: Quantity,
    /// The unit that it is measured in; without, it is its own.
    pub base: Option<Arc<str>>,
    /// How many base units one is.
    #[serde(flatten)]
    pub factor: Factor,
}

impl UnitRow {
    /// How many of `other` one of these is, if both are measured in one base.
    #[must_use]
    pub fn in_units_of(&self, other: &Self) -> Option<Factor> {
        let same = self.base.as_ref().unwrap_or(&self.code) == other.base.as_ref().unwrap_or(&other.code);
        same.then(|| self.factor.over(other.factor)).flatten()
    }
}

impl Keyed for UnitRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.code.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// Which unit of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemUnitKey {
    /// The item.
    pub item: Arc<str>,
    /// The unit.
    pub unit: Arc<str>,
}

impl fmt::Display for ItemUnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.item, self.unit)
    }
}

/// How much of an item one of a unit is: the carton of 12.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemUnitRow {
    /// Of which item, in which unit.
    #[serde(flatten)]
    pub key: ItemUnitKey,
    /// The guard of every write.
    pub version: i64,
    /// How many stock units of the item one is.
    #[serde(flatten)]
    pub factor: Factor,
}

impl Keyed for ItemUnitRow {
    type Key = ItemUnitKey;

    fn key(&self) -> ItemUnitKey {
        self.key.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(numerator: i64, denominator: i64) -> Factor {
        Factor { numerator, denominator }
    }

    #[test]
    fn factors_are_exact_and_round_once() {
        let quantity = |text: &str| text.parse::<Quantity>().unwrap();
        assert_eq!(factor(12, 1).apply(quantity("2.5")), Some(quantity("30")));
        assert_eq!(factor(1, 3).apply(quantity("1")), Some(quantity("0.333333")));
        assert_eq!(factor(2, 3).apply(quantity("1")), Some(quantity("0.666667")));
        assert_eq!(factor(1, 2).apply(quantity("-0.000001")), Some(quantity("-0.000001")));
        assert_eq!(factor(2, 1).apply(Quantity(i64::MAX)), None);
        assert_eq!(factor(1000, 1).over(factor(1, 1)), Some(factor(1000, 1)));
        assert_eq!(factor(6, 4).over(factor(9, 2)), Some(factor(1, 3)));
        assert_eq!(factor(i64::MAX, 1).over(factor(1, 2)), None);
    }
}
