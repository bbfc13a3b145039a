//! Money: an exact amount at 10^-4 of the major unit, with its currency. Never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many units a major unit (one euro) has.
pub const SCALE: i64 = 10_000;

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code, three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(format!("`{text}` is not a currency: write its ISO 4217 code in capitals, such as EUR")),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money. As text: `1200.00 EUR`; at most four places, finer input is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// The amount in ten-thousandths of the major unit.
    pub units: i64,
    /// Its currency.
    pub currency: Currency,
}

/// Parses a plain decimal (`-12.50`) exactly into units of 10^-`places`.
///
/// # Errors
/// A sentence: not a number, finer than `places`, or too large.
pub fn parse_scaled(text: &str, places: u32) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || digits.ends_with('.') {
        return Err(format!("`{text}` is not a decimal number: write digits with a point, such as 1200.50"));
    }
    let places = places as usize;
    let (kept, rest) = fraction.split_at(fraction.len().min(places));
    if rest.bytes().any(|b| b != b'0') {
        return Err(format!("`{text}` is finer than {places} places"));
    }
    let padded = format!("{whole}{kept:0<places$}");
    let value: i64 = padded.parse().map_err(|_| format!("`{text}` is too large"))?;
    Ok(if text.starts_with('-') { -value } else { value })
}

/// Writes units of 10^-`places` as a plain decimal with at least `least` places.
#[must_use]
pub fn format_scaled(units: i64, places: u32, least: u32) -> String {
    let (places, least) = (places as usize, least as usize);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() && least == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{fraction:0<least$}")
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((amount, currency)) = text.split_once(' ') else {
            return Err(format!(
                "`{text}` is not an amount of money: write the amount, a blank and the currency, such as 1200.00 EUR"
            ));
        };
        Ok(Self { units: parse_scaled(amount, 4)?, currency: currency.parse()? })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format_scaled(self.units, 4, 2), self.currency)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_and_writes_exactly() {
        for (text, units, shown) in [
            ("1200.00 EUR", 12_000_000, "1200.00 EUR"),
            ("0.0001 USD", 1, "0.0001 USD"),
            ("-3.5 KWD", -35_000, "-3.50 KWD"),
            ("0 JPY", 0, "0.00 JPY"),
            ("5.00000 EUR", 50_000, "5.00 EUR"),
        ] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money.units, money.to_string().as_str()), (units, shown));
        }
    }

    #[test]
    fn what_is_not_money_is_refused_with_a_sentence() {
        for (text, says) in [
            ("1200", "blank and the currency"),
            ("1200 eur", "ISO 4217"),
            ("1.00001 EUR", "finer than 4 places"),
            ("1. EUR", "not a decimal"),
            ("1e3 EUR", "not a decimal"),
            ("99999999999999999999 EUR", "too large"),
            (" 1 EUR", "not a decimal"),
        ] {
            let error = text.parse::<Money>().unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
