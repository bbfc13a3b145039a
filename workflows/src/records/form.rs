//! Reading the columns of a record: all mistakes are told, each at its JSON pointer.

use std::str::FromStr;
use std::sync::Arc;

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::instance::Document;
use jiff::civil::Date;
use serde_json::Value as Json;

use crate::action::{Answer, Call, done, refuse};
use crate::quantity::Quantity;
use crate::row::{Keyed, Op};

/// The code of a record that is wrong.
const INVALID: &str = "invalid_record";

/// How many mistakes one refusal tells.
const MOST_MISTAKES: usize = 5;

/// The longest code of a record, in bytes.
const LONGEST_CODE: usize = 60;

/// The longest reference of another system, in bytes.
const LONGEST_REFERENCE: usize = 200;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 200;

/// The longest free text, in bytes.
pub(super) const LONGEST_TEXT: usize = 4_000;

/// The columns that somebody gave, and what is wrong with them.
pub(super) struct Form<'a> {
    call: &'a Call<'a>,
    /// What it is: `supplier`.
    noun: &'static str,
    mistakes: Vec<String>,
}

impl<'a> Form<'a> {
    pub(super) const fn new(call: &'a Call<'a>, noun: &'static str) -> Self {
        Self { call, noun, mistakes: Vec::new() }
    }

    /// The parts of the record's key, which are separated by `@`.
    pub(super) fn key<const N: usize>(&self, example: &str) -> Answer<[Arc<str>; N]> {
        let key = if self.call.instance.is_none() { self.call.key.unwrap_or_default() } else { "" };
        let parts: Vec<Arc<str>> = key.split('@').map(Arc::from).collect();
        let wrong = parts.iter().find_map(|part| check_code(part).err());
        match (<[Arc<str>; N]>::try_from(parts), wrong) {
            (Ok(parts), None) => Ok(parts),
            (_, wrong) => {
                let (noun, why) = (self.noun, wrong.map_or(String::new(), |why| format!(" ({why})")));
                let shown: String = key.chars().take(80).collect();
                refuse(INVALID, format!("The key of a {noun} is such as `{example}`, not `{shown}`{why}."))
            }
        }
    }

    /// Notes a mistake.
    pub(super) fn wrong(&mut self, name: &str, why: impl std::fmt::Display) {
        self.mistakes.push(format!("/{name}: {why}"));
    }

    fn read<T>(&mut self, name: &str, value: &Value, read: impl Fn(&Value) -> Result<T, String>) -> Option<T> {
        read(value).map_err(|why| self.wrong(name, why)).ok()
    }

    /// A column that may be empty: absent, it stays; null empties it.
    pub(super) fn maybe<T>(
        &mut self,
        name: &str,
        before: Option<T>,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.call.params.get(name) {
            None => before,
            Some(Value::Null) => None,
            Some(value) => self.read(name, value, read),
        }
    }

    /// A column that has a value always: absent, it stays; a new record needs it.
    pub(super) fn must<T>(
        &mut self,
        name: &str,
        before: Option<T>,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match (self.call.params.get(name), before) {
            (None, Some(before)) => Some(before),
            (None, None) => {
                let noun = self.noun;
                self.wrong(name, format!("a new {noun} needs its `{name}`"));
                None
            }
            (Some(Value::Null), _) => {
                self.wrong(name, "it cannot be empty");
                None
            }
            (Some(value), _) => self.read(name, value, read),
        }
    }

    /// A column with a usual value: absent, it stays or is the usual one; null makes it the usual one.
    pub(super) fn usual<T>(
        &mut self,
        name: &str,
        before: Option<T>,
        usual: T,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> T {
        match self.call.params.get(name) {
            None => before.unwrap_or(usual),
            Some(Value::Null) => usual,
            Some(value) => self.read(name, value, read).unwrap_or(usual),
        }
    }

    /// Refuses if there was a mistake.
    pub(super) fn checked(self) -> Answer<()> {
        if self.mistakes.is_empty() { Ok(()) } else { refuse(INVALID, told(self.mistakes)) }
    }
}

/// The change from `before` to `row` (which bears the version before): none if they are the same.
pub(super) fn settle<R: Keyed + PartialEq>(
    before: Option<&R>,
    mut row: R,
    version: fn(&mut R) -> &mut i64,
    op: impl Fn(R) -> Op,
) -> Done<Op> {
    let same = before == Some(&row);
    if !same {
        *version(&mut row) += 1;
    }
    let set = Document::from_iter([("version".to_owned(), Json::from(row.version()))]);
    let ops = if same { Vec::new() } else { vec![op(row)] };
    done(ops, set)
}

/// Mistakes as one sentence, up to five.
pub(crate) fn told(mut mistakes: Vec<String>) -> String {
    let more = mistakes.len().saturating_sub(MOST_MISTAKES);
    mistakes.truncate(MOST_MISTAKES);
    if more > 0 {
        mistakes.push(format!("and {more} more"));
    }
    let told = mistakes.join("; ");
    let stop = if told.ends_with(['?', '.']) { "" } else { "." };
    format!("{told}{stop}")
}

/// Whether text can be the code of a record.
pub(crate) fn check_code(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("a code is not empty".to_owned());
    }
    if text.len() > LONGEST_CODE {
        return Err(format!("a code has at most {LONGEST_CODE} bytes"));
    }
    match text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '@' | '/')) {
        None => Ok(()),
        Some(c) => Err(format!("a code has no blanks, `@` or `/`, and `{}` has {c:?}", text.escape_debug())),
    }
}

/// Whether text can be what another system calls something.
pub(crate) fn check_reference(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > LONGEST_REFERENCE || text.chars().any(char::is_control) {
        return Err(format!("a reference has 1 to {LONGEST_REFERENCE} bytes and no control characters"));
    }
    Ok(())
}

fn plain(value: &Value, most: usize) -> Result<Arc<str>, String> {
    let Value::Text(text) = value else { return Err("write text".to_owned()) };
    if text.trim().is_empty() {
        return Err("the text is empty; leave it out instead, or write null".to_owned());
    }
    if text.len() > most {
        return Err(format!("the text is longer than {most} bytes"));
    }
    if text.contains('\0') {
        return Err("the text contains a NUL character".to_owned());
    }
    Ok(text.clone())
}

pub(super) fn name(value: &Value) -> Result<Arc<str>, String> {
    plain(value, LONGEST_NAME)
}

pub(super) fn text(value: &Value) -> Result<Arc<str>, String> {
    plain(value, LONGEST_TEXT)
}

/// The code of another record.
pub(super) fn code(value: &Value) -> Result<Arc<str>, String> {
    let Value::Text(text) = value else { return Err("write text".to_owned()) };
    check_code(text).map(|()| text.clone())
}

pub(super) fn flag(value: &Value) -> Result<bool, String> {
    if let Value::Bool(flag) = value { Ok(*flag) } else { Err("write true or false".to_owned()) }
}

/// A whole number of these.
pub(super) fn int(from: i64, to: i64) -> impl Fn(&Value) -> Result<i64, String> {
    move |value| match value {
        Value::Int(n) if (from..=to).contains(n) => Ok(*n),
        _ => Err(format!("write a whole number from {from} to {to}")),
    }
}

pub(super) fn day(value: &Value) -> Result<Date, String> {
    if let Value::Date(day) = value { Ok(*day) } else { Err("write a day, such as \"2026-03-02\"".to_owned()) }
}

/// Text that means something: a currency, one of a list of words, a percentage.
pub(super) fn parsed<T: FromStr<Err = String>>(value: &Value) -> Result<T, String> {
    match value {
        Value::Text(text) => text.parse(),
        Value::Decimal(number) => number.to_string().parse(),
        _ => Err("write text".to_owned()),
    }
}

/// A quantity, of any sign.
pub(super) fn quantity(value: &Value) -> Result<Quantity, String> {
    parsed(value)
}

/// A quantity that may be zero.
pub(super) fn amount(value: &Value) -> Result<Quantity, String> {
    quantity(value).and_then(|q| if q.0 < 0 { Err(format!("it is not negative, and this is {q}")) } else { Ok(q) })
}

/// A quantity above zero.
pub(super) fn step(value: &Value) -> Result<Quantity, String> {
    quantity(value).and_then(|q| if q.0 <= 0 { Err(format!("it is more than 0, and this is {q}")) } else { Ok(q) })
}
