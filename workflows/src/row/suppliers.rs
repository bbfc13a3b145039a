//! Suppliers, and on what terms they sell.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use fluxor_engine::money::{Currency, Money, format_scaled, parse_scaled};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Keyed;
use crate::bank::Iban;
use crate::quantity::Quantity;

/// Whom one buys from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplierRow {
    /// Their code.
    pub code: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// For people.
    pub name: Arc<str>,
    /// Whether anything is bought there.
    pub active: bool,
    /// Whether a reorder run may order there.
    pub approved: bool,
    /// The currency that they invoice in.
    pub currency: Option<Currency>,
    /// Where orders are sent.
    pub email: Option<Arc<str>>,
    /// Days until an invoice is due.
    pub payment_days: Option<i64>,
    /// For people.
    pub note: Option<Arc<str>>,
    /// Where they are paid to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<BankAccount>,
}

/// An account, and in whose name it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// Its number.
    pub iban: Iban,
    /// In whose name.
    pub holder: Arc<str>,
}

impl Keyed for SupplierRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.code.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// A percentage at 10^-4 of a percent. As text a plain decimal: `12.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(pub i64);

/// How many places a percentage has.
const PERCENT_PLACES: u32 = 4;

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_scaled(text, PERCENT_PLACES).map(Self)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_scaled(self.0, PERCENT_PLACES, 0))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TermKey {
    /// The item.
    pub item: Arc<str>,
    /// The supplier.
    pub supplier: Arc<str>,
    /// Which of their terms: a short id, `1` where there is one.
    pub term: Arc<str>,
}

impl fmt::Display for TermKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}@{}", self.item, self.supplier, self.term)
    }
}

/// On what terms a supplier sells an item. Quantities are in the term's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermRow {
    /// Which.
    #[serde(flatten)]
    pub key: TermKey,
    /// The guard of every write.
    pub version: i64,
    /// The unit that is bought.
    pub unit: Arc<str>,
    /// The price of `price_per` units.
    pub price: Money,
    /// How many units the price is for.
    pub price_per: Quantity,
    /// Off the price.
    pub discount: Percent,
    /// From this quantity on.
    pub break_quantity: Quantity,
    /// The least that is sold.
    pub minimum: Quantity,
    /// Only multiples of this are sold.
    pub multiple: Option<Quantity>,
    /// The most that is sold at once.
    pub maximum: Option<Quantity>,
    /// Days from the order to the goods.
    pub lead_time_days: Option<i64>,
    /// The first day that it holds.
    pub valid_from: Option<Date>,
    /// The last day that it holds.
    pub valid_to: Option<Date>,
    /// Lower comes first.
    pub sequence: i64,
    /// Whether it may be used.
    pub active: bool,
}

impl Keyed for TermRow {
    type Key = TermKey;

    fn key(&self) -> TermKey {
        self.key.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}
