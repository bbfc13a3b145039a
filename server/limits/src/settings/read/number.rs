//! Whole numbers: how many, and what stood there if it is none.

use std::borrow::Cow;

use serde_json::Value;

use super::{Walk, kind};
use crate::policy::bounds::{LARGEST, SLOTS, number, slots};

impl Walk {
    /// A whole number from 1.
    pub(super) fn number(&mut self, value: &Value, at: &str, field: &'static str, most: u64) -> Option<u64> {
        let read = self.whole(value, at, field, (1, most))?;
        if let Some((_, told, hint)) = number(field, read, most) {
            self.hinted(at, told, hint);
        }
        Some(read)
    }

    /// The number of a ring's slots.
    pub(super) fn slots(&mut self, value: &Value, at: &str) -> Option<u8> {
        let read = self.whole(value, at, "slots", (*SLOTS.start(), *SLOTS.end()))?;
        if let Some((_, told, hint)) = slots(read) {
            self.hinted(at, told, hint);
        }
        // What does not fit is a fault already.
        Some(u8::try_from(read).unwrap_or(u8::MAX))
    }

    /// The cost of a call may also be nothing.
    pub(super) fn cost_number(&mut self, value: &Value, at: &str) -> Option<u64> {
        let cost = self.whole(value, at, "cost", (0, LARGEST))?;
        if cost > LARGEST {
            self.fault(at, format!("`cost` is {cost}; it may be at most {LARGEST}"));
        }
        Some(cost)
    }

    /// A number without sign or fraction; whoever asks checks how large it is.
    fn whole(&mut self, value: &Value, at: &str, field: &str, (least, most): (u64, u64)) -> Option<u64> {
        let read = value.as_u64();
        if read.is_none() {
            let told = format!("`{field}` must be a whole number from {least} to {most}, not {}", found(value));
            match value.as_str() {
                Some(text) if text.parse::<u64>().is_ok() => self.hinted(at, told, "leave the quotes out"),
                _ => self.fault(at, told),
            }
        }
        read
    }
}

/// What stands where a whole number should.
fn found(value: &Value) -> Cow<'static, str> {
    // Not a number at all.
    let Some(number) = value.as_f64() else { return kind(value).into() };
    if number < 0.0 {
        format!("the negative number {value}").into()
    } else if number.fract() != 0.0 {
        format!("the fraction {value}").into()
    } else if number >= u64::MAX as f64 {
        "a number that is larger".into()
    } else {
        format!("{value}: write it without point and exponent").into()
    }
}
