//! Structured fields (RFC 9651) in. A whole field is well formed or it is nothing; an item of ours that lacks what it
//! must have is left out and the others stay ("Malformed RateLimit header fields MUST be ignored").

use std::fmt;

use sfv::{BareItem, Dictionary, Item, List, ListEntry, Parameters, Parser};

use super::fields::{LimitItem, PolicyItem};

/// Why a field's value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a structured field: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// A list from the lines of a field.
///
/// # Errors
/// If it is none.
pub fn list<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<List, Malformed> {
    Parser::new(&joined(lines)).parse().map_err(malformed)
}

/// A dictionary from the lines of a field.
///
/// # Errors
/// If it is none.
pub fn dictionary<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Dictionary, Malformed> {
    Parser::new(&joined(lines)).parse().map_err(malformed)
}

/// An item from the lines of a field.
///
/// # Errors
/// If it is none.
pub fn item<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Item, Malformed> {
    Parser::new(&joined(lines)).parse().map_err(malformed)
}

/// The policies that `RateLimit-Policy` tells, as far as they are well formed.
#[must_use]
pub fn policies<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<PolicyItem> {
    items(lines).iter().filter_map(|(name, params)| policy(name, params)).collect()
}

/// The limits that `RateLimit` tells, in the names of draft 10 and of those that follow, as far as they are well formed.
#[must_use]
pub fn limits<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<LimitItem> {
    items(lines).iter().filter_map(|(name, params)| limit(name, params)).collect()
}

/// The first number of a field that is one: `100`, `100, 100;w=60`, `12.5`. Fractions are rounded up.
#[must_use]
pub fn number<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<u64> {
    match list(lines).ok()?.into_iter().next()? {
        ListEntry::Item(item) => whole(&item.bare_item),
        ListEntry::InnerList(_) => None,
    }
}

/// A number that is not negative. Fractions are rounded up.
pub(crate) fn whole(value: &BareItem) -> Option<u64> {
    match value {
        BareItem::Integer(whole) => u64::try_from(*whole).ok(),
        BareItem::Decimal(decimal) => {
            u64::try_from(decimal.as_integer_scaled_1000()).ok().map(|thousandths| thousandths.div_ceil(1000))
        }
        _ => None,
    }
}

fn items<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, Parameters)> {
    let named = |entry| match entry {
        ListEntry::Item(Item { bare_item, params }) => Some((name(bare_item)?, params)),
        ListEntry::InnerList(_) => None,
    };
    list(lines).unwrap_or_default().into_iter().filter_map(named).collect()
}

/// A policy is named by a String; in what follows draft 10 by a Token too.
fn name(value: BareItem) -> Option<String> {
    match value {
        BareItem::String(text) => Some(text.into()),
        BareItem::Token(token) => Some(token.into()),
        _ => None,
    }
}

fn policy(name: &str, params: &Parameters) -> Option<PolicyItem> {
    // A parameter of the wrong type makes its item malformed; one that is unknown is a comment.
    let unit = match params.get("qu") {
        Some(BareItem::String(unit)) => Some(unit.as_str().to_owned()),
        Some(_) => return None,
        None => None,
    };
    let window = optional(params, "w")?.filter(|seconds| *seconds > 0);
    let quota = integer(params.get("q")?)?;
    Some(PolicyItem { name: name.to_owned(), quota, unit, window, partition: partition(params)? })
}

fn limit(name: &str, params: &Parameters) -> Option<LimitItem> {
    // The names of draft 10, else those that follow. The others are comments then.
    let (remaining, reset) = match (params.get("r"), params.get("a")) {
        (Some(remaining), _) => (integer(remaining)?, optional(params, "t")?),
        (None, Some(available)) => (integer(available)?, optional(params, "w")?),
        (None, None) => return None,
    };
    let cost = optional(params, "c")?;
    Some(LimitItem { name: name.to_owned(), remaining, reset, partition: partition(params)?, cost })
}

/// A number that may be missing. None altogether if it is there and is none.
#[allow(clippy::option_option, reason = "missing and malformed are two things")]
fn optional(params: &Parameters, key: &str) -> Option<Option<u64>> {
    match params.get(key) {
        Some(value) => integer(value).map(Some),
        None => Some(None),
    }
}

#[allow(clippy::option_option, reason = "missing and malformed are two things")]
fn partition(params: &Parameters) -> Option<Option<Vec<u8>>> {
    match params.get("pk") {
        Some(BareItem::ByteSequence(bytes)) => Some(Some(bytes.clone())),
        Some(_) => None,
        None => Some(None),
    }
}

fn integer(value: &BareItem) -> Option<u64> {
    value.as_integer().and_then(|whole| u64::try_from(whole).ok())
}

/// Several lines of a field are one value (RFC 9110, 5.3).
fn joined<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let lines: Vec<&[u8]> = lines.into_iter().collect();
    lines.join(&b", "[..])
}

#[allow(clippy::needless_pass_by_value, reason = "it is an argument of map_err")]
fn malformed(error: sfv::Error) -> Malformed {
    Malformed(error.to_string())
}
