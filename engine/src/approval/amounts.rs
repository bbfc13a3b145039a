//! Comparing money exactly, across currencies (approvals.md sections 1, 3.5, 7.3).
//!
//! A missing rate is a third answer, `None`, and never "no". Nothing is rounded and nothing is a float; a product
//! beyond 128 bits, which no real amount reaches, answers as a missing rate does.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::{Currency, Money};

/// An exact decimal that is not negative: a rate, a percentage, a number of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    mantissa: i128,
    places: u32,
}

impl Exact {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: u32) -> Self {
        Self { mantissa: number as i128, places: 0 }
    }

    /// Whether it is above nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// This share (as percent) of `base`, rounded up: how many seats a percentage asks for (section 9.1).
    #[must_use]
    pub fn percent_of(self, base: u32) -> Option<i64> {
        let whole = 10_i128.checked_pow(self.places + 2)?;
        let product = self.mantissa.checked_mul(i128::from(base))?;
        i64::try_from(product.checked_add(whole - 1)? / whole).ok()
    }

    /// This many hours in microseconds, rounded up to the next one.
    #[must_use]
    pub fn hours_in_micros(self) -> Option<i64> {
        let whole = 10_i128.checked_pow(self.places)?;
        let product = self.mantissa.checked_mul(3_600_000_000)?;
        i64::try_from(product.checked_add(whole - 1)? / whole).ok()
    }
}

impl FromStr for Exact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || text.ends_with('.') || !plain(whole) || !plain(fraction) {
            return Err(format!("`{text}` is not a decimal number: write digits with a point, such as 66.6"));
        }
        if whole.len() + fraction.len() > 24 {
            return Err(format!("`{text}` has more than 24 digits"));
        }
        let mantissa = format!("{whole}{fraction}").parse().map_err(|_| format!("`{text}` is too large"))?;
        Ok(Self { mantissa, places: u32::try_from(fraction.len()).unwrap_or(0) })
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places as usize;
        let digits = format!("{:0>width$}", self.mantissa, width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if fraction.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(u64),
            Text(String),
            // YAML reads 66.6 as a float; its shortest text is what was written.
            Float(f64),
        }
        let text = match Written::deserialize(d)? {
            Written::Whole(number) => number.to_string(),
            Written::Text(text) => text,
            Written::Float(number) => number.to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What one unit of each currency is worth, all in one currency: exact, and kept as they were at submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rates(BTreeMap<Currency, Exact>);

impl Rates {
    /// Rates by currency.
    #[must_use]
    pub fn new(rates: BTreeMap<Currency, Exact>) -> Self {
        Self(rates)
    }

    /// The currencies that have one.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.0.iter().filter(|(_, rate)| rate.mantissa > 0).map(|(currency, _)| *currency)
    }

    /// `amounts` as whole numbers of one common unit, so that they can be compared and subtracted.
    /// One currency needs no rate. `None`: a rate is missing.
    fn common<const N: usize>(&self, amounts: [Money; N]) -> Option<[i128; N]> {
        let currency = amounts.first()?.currency;
        if amounts.iter().all(|money| money.currency == currency) {
            return Some(amounts.map(|money| i128::from(money.units)));
        }
        let mut rates = [Exact::whole(1); N];
        for (rate, money) in rates.iter_mut().zip(&amounts) {
            *rate = *self.0.get(&money.currency).filter(|rate| rate.mantissa > 0)?;
        }
        let places = rates.iter().map(|rate| rate.places).max()?;
        let mut common = [0; N];
        for ((to, money), rate) in common.iter_mut().zip(&amounts).zip(&rates) {
            let scaled = rate.mantissa.checked_mul(10_i128.checked_pow(places - rate.places)?)?;
            *to = i128::from(money.units).checked_mul(scaled)?;
        }
        Some(common)
    }

    /// How `amount` compares with `bound`, unrounded. `None`: a rate is missing.
    #[must_use]
    pub fn compare(&self, amount: Money, bound: Money) -> Option<Ordering> {
        self.common([amount, bound]).map(|[amount, bound]| amount.cmp(&bound))
    }

    /// Whether `now` is within the tolerance of what was `seen` (section 7.3): both bounds, both inclusive.
    #[must_use]
    pub fn within(&self, seen: Money, now: Money, tolerance: &Tolerance) -> bool {
        self.judge_within(seen, now, tolerance) == Some(true)
    }

    fn judge_within(&self, seen: Money, now: Money, tolerance: &Tolerance) -> Option<bool> {
        let [old, new] = self.common([seen, now])?;
        if tolerance.direction == Direction::Up && new <= old {
            return Some(true);
        }
        if let Some(absolute) = tolerance.absolute {
            let [old, new, bound] = self.common([seen, now, absolute])?;
            if new.checked_sub(old)?.checked_abs()? > bound {
                return Some(false);
            }
        }
        if let Some(percent) = tolerance.percent {
            let whole = 10_i128.checked_pow(percent.places + 2)?;
            let moved = new.checked_sub(old)?.checked_abs()?.checked_mul(whole)?;
            if moved > old.checked_abs()?.checked_mul(percent.mantissa)? {
                return Some(false);
            }
        }
        // A tolerance that names no bound tolerates nothing.
        Some(tolerance.absolute.is_some() || tolerance.percent.is_some())
    }
}

/// How far an amount may move before a vote no longer counts (section 7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// At most this much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<Money>,
    /// At most this share of what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Exact>,
    /// `up` frees decreases.
    #[serde(default, skip_serializing_if = "is_default")]
    pub direction: Direction,
}

/// Which way a tolerance holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Increases and decreases are held to the bounds.
    #[default]
    Both,
    /// Decreases are free.
    Up,
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparing_is_exact_and_a_missing_rate_is_no_answer() {
        let rates: Rates = serde_json::from_str(r#"{"EUR":"1","USD":"0.9200","JPY":"0.0061"}"#).unwrap();
        let m = |text: &str| text.parse::<Money>().unwrap();
        assert_eq!(rates.compare(m("1086.95 USD"), m("1000.00 EUR")), Some(Ordering::Less));
        assert_eq!(rates.compare(m("1086.96 USD"), m("1000.00 EUR")), Some(Ordering::Greater));
        assert_eq!(rates.compare(m("5.00 CHF"), m("5.00 CHF")), Some(Ordering::Equal));
        assert_eq!(rates.compare(m("5.00 CHF"), m("5.00 EUR")), None);
    }

    #[test]
    fn a_percentage_of_seats_is_rounded_up() {
        let p = |text: &str| text.parse::<Exact>().unwrap();
        assert_eq!(p("50").percent_of(3), Some(2));
        assert_eq!(p("66.6").percent_of(3), Some(2));
        assert_eq!(p("67").percent_of(3), Some(3));
        assert_eq!(p("0").percent_of(3), Some(0));
        assert_eq!(p("66.60").to_string(), "66.6");
    }
}
