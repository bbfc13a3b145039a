//! Structured fields (RFC 9651) out: the only place where text of a header field is put together.
//!
//! Everything that leaves goes through [`list`], [`dictionary`] or [`item`]; the conformance suite runs through the
//! same three. The typed values cannot hold what the format cannot say, so that emitting never fails.

use sfv::{Dictionary, FieldType as _, Integer, Item, Key, KeyRef, List, ListEntry, StringRef};

use super::fields::{LimitItem, PolicyItem};
use crate::policy::Headers;

/// The largest integer of the format. Larger values are told as this one.
pub const MOST: u64 = 999_999_999_999_999;

/// A list as a field's value; none if it is empty, because an empty list is a field that is not there.
#[must_use]
pub fn list(list: &List) -> Option<String> {
    list.serialize()
}

/// A dictionary as a field's value; none if it is empty.
#[must_use]
pub fn dictionary(dictionary: &Dictionary) -> Option<String> {
    dictionary.serialize()
}

/// An item as a field's value.
#[must_use]
pub fn item(item: &Item) -> String {
    item.serialize()
}

/// The value of `RateLimit-Policy`: the same in every draft that has the field as a list.
#[must_use]
pub fn policies(items: &[PolicyItem]) -> Option<String> {
    let entry = |policy: &PolicyItem| {
        let mut item = named(&policy.name);
        set(&mut item, "q", integer(policy.quota));
        if let Some(unit) = &policy.unit {
            set(&mut item, "qu", text(unit));
        }
        // A window of no length does not exist in the format.
        if let Some(window) = policy.window {
            set(&mut item, "w", integer(window.max(1)));
        }
        if let Some(partition) = &policy.partition {
            set(&mut item, "pk", partition.clone());
        }
        ListEntry::from(item)
    };
    list(&items.iter().map(entry).collect())
}

/// The value of `RateLimit`, with the names of the draft that `headers` says: `r` and `t` up to draft 11, `a` (available
/// quota), `w` (effective window) and `c` (cost) in the editors' copy after it.
#[must_use]
pub fn limits(items: &[LimitItem], headers: Headers) -> Option<String> {
    let (remaining, reset) = match headers {
        Headers::Following => ("a", "w"),
        Headers::Draft10 | Headers::Legacy | Headers::Off => ("r", "t"),
    };
    let entry = |limit: &LimitItem| {
        let mut item = named(&limit.name);
        set(&mut item, remaining, integer(limit.remaining));
        if let Some(seconds) = limit.reset {
            set(&mut item, reset, integer(seconds));
        }
        if let Some(partition) = &limit.partition {
            set(&mut item, "pk", partition.clone());
        }
        if let Some(cost) = limit.cost.filter(|_| headers == Headers::Following) {
            set(&mut item, "c", integer(cost));
        }
        ListEntry::from(item)
    };
    list(&items.iter().map(entry).collect())
}

/// A plain integer as a field's value, for the older three.
#[must_use]
pub fn number(value: u64) -> String {
    item(&Item::new(integer(value)))
}

fn named(name: &str) -> Item {
    Item::new(text(name))
}

/// A text as the format's String. What a String cannot hold becomes `_`: a header is never lost for a name.
fn text(text: &str) -> sfv::String {
    let plain: String = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '_' }).collect();
    StringRef::from_str(&plain).map(ToOwned::to_owned).unwrap_or_default()
}

fn integer(value: u64) -> Integer {
    // Never fails after the clamp; 0 keeps the function total.
    Integer::try_from(value.min(MOST)).unwrap_or(Integer::ZERO)
}

fn set(item: &mut Item, key: &str, value: impl Into<sfv::BareItem>) {
    let key: Result<&KeyRef, _> = KeyRef::from_str(key);
    if let Ok(key) = key {
        let key: Key = key.to_owned();
        item.params.insert(key, value.into());
    }
}
