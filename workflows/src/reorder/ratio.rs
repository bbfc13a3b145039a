//! Exact ratios, so that nothing is rounded but where a rule says so.
//!
//! What must hold: the denominator is above zero, the ratio is in lowest terms, and no operation wraps or panics: what
//! does not fit 128 bits is `None`, which callers turn into a refusal.

use std::cmp::Ordering;
use std::fmt;

use fluxor_engine::money::parse_scaled;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::quantity::Quantity;

/// An exact number. As text a decimal without trailing zeros, or `n/d` where no decimal is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` for a denominator of zero.
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        let divisor = common(numerator, denominator) * denominator.signum();
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Units of 10^-`places`.
    #[must_use]
    pub fn scaled(units: i64, places: u32) -> Self {
        let denominator = 10_i128.pow(places.min(18));
        let divisor = common(units.into(), denominator);
        Self { numerator: i128::from(units) / divisor, denominator: denominator / divisor }
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let divisor = common(self.denominator, other.denominator);
        let (left, right) = (other.denominator / divisor, self.denominator / divisor);
        let numerator = self.numerator.checked_mul(left)?.checked_add(other.numerator.checked_mul(right)?)?;
        Self::new(numerator, self.denominator.checked_mul(left)?)
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { numerator: -other.numerator, ..other })
    }

    /// The product. Reduced crosswise first, so that it overflows only where the result does.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        let left = common(self.numerator, other.denominator);
        let right = common(other.numerator, self.denominator);
        let numerator = (self.numerator / left).checked_mul(other.numerator / right)?;
        let denominator = (self.denominator / right).checked_mul(other.denominator / left)?;
        Self::new(numerator, denominator)
    }

    /// The quotient; `None` also for a divisor of zero.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.denominator, other.numerator)?)
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub const fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The smallest whole number that is not below it.
    #[must_use]
    pub const fn ceiling(self) -> i128 {
        -(-self.numerator).div_euclid(self.denominator)
    }

    /// In whole units of 10^-`places`, a half going away from zero.
    #[must_use]
    pub fn half_up(self, places: u32) -> Option<i128> {
        let scaled = self.times(Self { numerator: 10_i128.checked_pow(places)?, denominator: 1 })?;
        let (whole, rest) = (scaled.numerator / scaled.denominator, scaled.numerator % scaled.denominator);
        let away = rest.abs() >= scaled.denominator - rest.abs();
        Some(if away { whole + scaled.numerator.signum() } else { whole })
    }
}

impl From<Quantity> for Ratio {
    fn from(quantity: Quantity) -> Self {
        Self::scaled(quantity.0, crate::quantity::PLACES)
    }
}

/// By whole parts, then by the parts that remain turned over, as Euclid would: cross products could overflow.
impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = ((self.numerator, self.denominator), (other.numerator, other.denominator));
        let mut turned = false;
        loop {
            let whole = left.0.div_euclid(left.1).cmp(&right.0.div_euclid(right.1));
            let rest = (left.0.rem_euclid(left.1), right.0.rem_euclid(right.1));
            let order = match (whole, rest) {
                (Ordering::Equal, (0, 0)) => Ordering::Equal,
                (Ordering::Equal, (0, _)) => Ordering::Less,
                (Ordering::Equal, (_, 0)) => Ordering::Greater,
                (Ordering::Equal, (left_rest, right_rest)) => {
                    (left, right) = ((left.1, left_rest), (right.1, right_rest));
                    turned = !turned;
                    continue;
                }
                (order, _) => order,
            };
            return if turned { order.reverse() } else { order };
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            return write!(f, "{}", self.numerator);
        }
        let (mut rest, mut twos, mut fives) = (self.denominator, 0_u32, 0_u32);
        while rest % 2 == 0 {
            (rest, twos) = (rest / 2, twos + 1);
        }
        while rest % 5 == 0 {
            (rest, fives) = (rest / 5, fives + 1);
        }
        let places = twos.max(fives);
        let widened =
            10_i128.checked_pow(places).and_then(|scale| self.numerator.checked_mul(scale / self.denominator));
        match widened {
            Some(units) if rest == 1 => {
                let sign = if units < 0 { "-" } else { "" };
                let places = places as usize;
                let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
                let (whole, fraction) = digits.split_at(digits.len() - places);
                let point = if fraction.is_empty() { "" } else { "." };
                write!(f, "{sign}{whole}{point}{fraction}")
            }
            _ => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

impl std::str::FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is not an exact number: write a decimal such as 1.25, or a fraction such as 25/24");
        if let Some((numerator, denominator)) = text.split_once('/') {
            let part = |part: &str| part.parse::<i128>().map_err(|_| wrong());
            return Self::new(part(numerator)?, part(denominator)?).ok_or_else(wrong);
        }
        let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let places = u32::try_from(places).ok().filter(|places| *places <= 18).ok_or_else(wrong)?;
        parse_scaled(text, places).map(|units| Self::scaled(units, places))
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The greatest common divisor, at least 1.
fn common(left: i128, right: i128) -> i128 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        // Nearly always both fit, and then the machine divides by itself.
        (left, right) = match (u64::try_from(left), u64::try_from(right)) {
            (Ok(left), Ok(right)) => (right.into(), (left % right).into()),
            _ => (right, left % right),
        };
    }
    i128::try_from(left.max(1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    #[test]
    fn ratios_are_written_shortest_and_read_back() {
        for (numerator, denominator, text) in
            [(6, 4, "1.5"), (-6, 4, "-1.5"), (1, 3, "1/3"), (2, -6, "-1/3"), (10, 1, "10"), (1, 1_000_000, "0.000001")]
        {
            let one = Ratio::new(numerator, denominator).unwrap();
            assert_eq!((one.to_string().as_str(), ratio(text)), (text, one));
        }
        assert!("1/0".parse::<Ratio>().unwrap_err().contains("not an exact number"));
        assert!("x".parse::<Ratio>().is_err());
    }

    #[test]
    fn halves_go_away_from_zero_and_nothing_overflows() {
        let rounded = |text: &str| ratio(text).half_up(2).unwrap();
        assert_eq!(["0.005", "-0.005", "0.0049", "1/3", "2/3"].map(rounded), [1, -1, 0, 33, 67]);
        let large = Ratio::new(i128::MAX, 1).unwrap();
        assert_eq!((large.plus(Ratio::ONE), large.times(large), large.half_up(2)), (None, None, None));
        assert!(Ratio::new(i128::MAX, 3).unwrap() > Ratio::new(i128::MAX - 1, 3).unwrap());
    }

    proptest! {
        #[test]
        fn sums_products_and_order_are_those_of_fractions(
            (a, b, c, d) in (-9_999_i128..9_999, 1_i128..9_999, -9_999_i128..9_999, 1_i128..9_999)
        ) {
            let (left, right) = (Ratio::new(a, b).unwrap(), Ratio::new(c, d).unwrap());
            prop_assert_eq!(left.plus(right), Ratio::new(a * d + c * b, b * d));
            prop_assert_eq!(left.times(right), Ratio::new(a * c, b * d));
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            prop_assert_eq!(left.plus(right).unwrap().minus(right), Some(left));
            prop_assert!(left.floor() * b <= a && a < (left.floor() + 1) * b);
            prop_assert!(left.ceiling() * b >= a && a > (left.ceiling() - 1) * b);
            prop_assert_eq!(ratio(&left.to_string()), left);
        }
    }
}
