//! Quantities: exact amounts at 10^-6 of a unit of measure. Never a float.

use std::fmt;
use std::str::FromStr;

use fluxor_engine::money::{format_scaled, parse_scaled};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many places a quantity has.
pub(crate) const PLACES: u32 = 6;

/// An amount in millionths of the unit that stands beside it. As text a plain decimal: `10`, `2.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(pub i64);

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_scaled(text, PLACES).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10_i64.pow(PLACES) {
            0 => write!(f, "{}", self.0 / 10_i64.pow(PLACES)),
            _ => f.write_str(&format_scaled(self.0, PLACES, 0)),
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_strictly_and_written_shortest() {
        for (text, units, shown) in [("10", 10_000_000, "10"), ("2.50", 2_500_000, "2.5"), ("0.000001", 1, "0.000001")]
        {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!((quantity.0, quantity.to_string().as_str()), (units, shown));
        }
        for text in ["", "1,5", "1e3", "+1", " 1", "0.0000001", "10 kg", "9999999999999999"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }
}
