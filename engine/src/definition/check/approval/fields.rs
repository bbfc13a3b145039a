//! Fields, people, numbers and money inside an approval.

use serde_json::{Map, Value};

use crate::calendar::Wait;
use crate::definition::codes;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Help, Span};
use crate::expression::Type;
use crate::money::Money;

use super::super::{Checker, known};

/// What an edit costs.
pub(in crate::definition) const MODES: &[&str] = &["none", "affected", "all"];

/// Keys of a rule of `reapprove`.
pub(in crate::definition) const RULE: &[&str] = &["fields", "then"];

/// Keys of a tolerance.
pub(in crate::definition) const TOLERANCE: &[&str] = &["absolute", "percent", "direction"];

/// Which way a field may move.
pub(in crate::definition) const DIRECTIONS: &[&str] = &["both", "up"];

const HOUR: i64 = 3_600_000_000;

const SECOND: i64 = 1_000_000;

/// What a field must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    /// One person or several.
    Person,
    Money,
    Text,
}

/// A length of time as the policy takes it.
#[derive(Clone, Debug)]
pub(super) struct Length {
    /// The policy's key.
    pub(super) key: &'static str,
    /// And its value.
    pub(super) value: Value,
    pub(super) wait: Wait,
}

impl Checker<'_> {
    /// The field that `name` names, written `amount` or `po.amount`.
    pub(super) fn policy_field(&mut self, name: &Spot<String>, kind: Kind) -> Option<String> {
        let subject = self.subject.as_ref()?;
        let record = subject.record.clone();
        let bare = name.value.strip_prefix(&format!("{}.", subject.variable)).unwrap_or(&name.value);
        let Some(field) = record.fields.get(bare) else {
            if self.broken_fields.contains(bare) {
                return None;
            }
            let help = known(bare, "field", record.fields.keys().map(String::as_str));
            self.error(codes::NOT_A_FIELD, name.span, format!("the subject has no field `{bare}`"), help);
            return None;
        };
        let (fits, wanted) = match kind {
            Kind::Any => (true, ""),
            Kind::Person => (field.ty == Type::Person || field.ty == Type::list(Type::Person), "person"),
            Kind::Money => (field.ty == Type::Money, "money"),
            Kind::Text => (field.ty == Type::Text, "text"),
        };
        if !fits {
            let fitting = record.fields.iter().filter(|(_, field)| match kind {
                Kind::Any => true,
                Kind::Person => field.ty == Type::Person || field.ty == Type::list(Type::Person),
                Kind::Money => field.ty == Type::Money,
                Kind::Text => field.ty == Type::Text,
            });
            let names: Vec<&str> = fitting.map(|(name, _)| name.as_str()).collect();
            let help = if names.is_empty() {
                format!("the subject has no field of type {wanted}")
            } else {
                format!("of type {wanted}: {}", read::or_list(&names))
            };
            let message = format!("`{bare}` is of type {}, not {wanted}", field.ty.name());
            self.error(codes::FIELD_TYPE, name.span, message, help);
            return None;
        }
        Some(bare.to_owned())
    }

    /// A list of any fields.
    pub(super) fn policy_fields(&mut self, node: &Node, at: Span, what: &str) -> Value {
        let mut fields = Vec::new();
        for item in read::one_or_many(node, at, what, &mut self.found) {
            let name = read::string(item, at, "a field", &mut self.found);
            fields.extend(name.and_then(|name| self.policy_field(&name, Kind::Any)).map(Value::String));
        }
        Value::Array(fields)
    }

    /// A list of ids of people, as the company's records have them.
    pub(super) fn ids(&mut self, node: &Node, at: Span, what: &str) -> Value {
        let mut ids = Vec::new();
        for item in read::one_or_many(node, at, what, &mut self.found) {
            ids.extend(read::string(item, at, what, &mut self.found).map(|id| Value::String(id.value)));
        }
        Value::Array(ids)
    }

    pub(super) fn money(&mut self, node: &Node, at: Span, what: &str) -> Option<Money> {
        let text = read::string(node, at, what, &mut self.found)?;
        match text.value.parse::<Money>() {
            Ok(money) => Some(money),
            Err(why) => {
                let message = format!("`{}` is not an amount of money", text.value);
                let why = why.strip_prefix(&format!("{message}: ")).unwrap_or(&why);
                let help = match meant_money(&text.value) {
                    Some(meant) => Help::instead(format!("write `{meant}`"), meant),
                    None => why.into(),
                };
                self.error(codes::BAD_MONEY, text.span, message, help);
                None
            }
        }
    }

    /// A decimal number that is not negative, as text.
    pub(super) fn decimal(&mut self, node: &Node, at: Span, what: &str) -> Option<Value> {
        let text = read::string(node, at, what, &mut self.found)?;
        let bare = text.value.trim_end_matches('%').trim();
        let plain = |part: &str| !part.is_empty() && part.len() <= 12 && part.bytes().all(|b| b.is_ascii_digit());
        let good = match bare.split_once('.') {
            Some((whole, fraction)) => plain(whole) && plain(fraction),
            None => plain(bare),
        };
        if !good {
            let message = format!("{what} is not `{}`", text.value);
            let comma = bare.replacen(',', ".", 1);
            let help = match comma.split_once('.').filter(|(a, b)| bare.contains(',') && plain(a) && plain(b)) {
                Some(_) => Help::instead(format!("write `{comma}`, with a point"), comma),
                None => "write digits, perhaps with a point: 5 or 66.6".into(),
            };
            self.error(codes::BAD_NUMBER, text.span, message, help);
            return None;
        }
        Some(Value::String(bare.to_owned()))
    }

    /// A length of time, written as hours under `hours_key` or with its unit under `time_key`: the policy's key and value,
    /// and how long that is.
    pub(super) fn length(
        &mut self,
        keys: &Keys<'_>,
        hours_key: &'static str,
        time_key: &'static str,
    ) -> Option<Length> {
        match (keys.get(hours_key), keys.get(time_key)) {
            (Some((at, node)), None) => {
                let value = self.decimal(node, at, &format!("`{hours_key}`"))?;
                let micros = crate::money::parse_scaled(value.as_str()?, 4).unwrap_or(0).saturating_mul(HOUR / 10_000);
                Some(Length { key: hours_key, value, wait: Wait::Elapsed(micros) })
            }
            (None, Some((at, node))) => {
                let wait = read::wait(node, at, &format!("`{time_key}`"), &mut self.found)?;
                let Wait::Elapsed(micros) = self.in_calendar(wait.clone()) else {
                    let value = Value::String(wait.value.to_string());
                    return Some(Length { key: time_key, value, wait: wait.value });
                };
                if micros % SECOND != 0 {
                    let help = "write whole seconds";
                    self.error(codes::DURATION, at, "a wait here is counted in seconds", help);
                    return None;
                }
                // Hours have four places: what does not fit keeps its own unit.
                if micros % (HOUR / 10_000) != 0 {
                    let value = Value::String(wait.value.to_string());
                    return Some(Length { key: time_key, value, wait: wait.value });
                }
                let hours_key = if hours_key.is_empty() { "due_hours" } else { hours_key };
                Some(Length { key: hours_key, value: Value::String(decimal_hours(micros)), wait: wait.value })
            }
            (Some((hours, _)), Some((at, _))) => {
                self.found.push(
                    Diagnostic::error(codes::CONFLICT, at, format!("`{time_key}` and `{hours_key}` say the same"))
                        .related(hours, "also here")
                        .help(format!("keep `{time_key}`")),
                );
                None
            }
            (None, None) => None,
        }
    }

    pub(super) fn reapprove(&mut self, node: &Node, at: Span) -> Value {
        let Shape::List(rules) = &node.shape else {
            return read::word(node, at, "`reapprove`", MODES, &mut self.found).map_or(Value::Null, |w| w.value.into());
        };
        let mut out = Vec::new();
        for rule in rules {
            let Some(keys) = Keys::of(rule, rule.span, "a rule of `reapprove`", RULE, &mut self.found) else {
                continue;
            };
            let mut map = Map::new();
            if let Some((at, node)) = keys.get("fields") {
                map.insert("fields".to_owned(), self.policy_fields(node, at, "`fields`"));
            }
            let then =
                keys.need("then", "a rule of `reapprove`", "write `then: none`, `affected` or `all`", &mut self.found);
            if let Some((at, node)) = then
                && let Some(word) = read::word(node, at, "`then`", MODES, &mut self.found)
            {
                map.insert("then".to_owned(), word.value.into());
            }
            out.push(Value::Object(map));
        }
        Value::Array(out)
    }

    pub(super) fn tolerance(&mut self, node: &Node, at: Span) -> Value {
        if let Shape::Scalar(text) = &node.shape {
            let found = read::wrong_shape(node, at, "`tolerance`", "a mapping of fields");
            let percent = text.text.trim().trim_end_matches('%').parse::<u8>().unwrap_or(5);
            self.found.push(found.help(format!("write which field may move: {{ amount: {{ percent: {percent} }} }}")));
            return Value::Null;
        }
        let Some(keys) = Keys::any(node, at, "`tolerance`", &mut self.found) else { return Value::Null };
        let mut out = Map::new();
        for (name, node) in keys.iter() {
            let field = self.policy_field(name, Kind::Money);
            let Some(keys) = Keys::of(node, name.span, "a tolerance", TOLERANCE, &mut self.found) else { continue };
            let mut map = Map::new();
            if let Some((at, node)) = keys.get("absolute")
                && let Some(money) = self.money(node, at, "`absolute`")
            {
                map.insert("absolute".to_owned(), money.to_string().into());
            }
            if let Some((at, node)) = keys.get("percent")
                && let Some(percent) = self.decimal(node, at, "`percent`")
            {
                map.insert("percent".to_owned(), percent);
            }
            if let Some((at, node)) = keys.get("direction")
                && let Some(word) = read::word(node, at, "`direction`", DIRECTIONS, &mut self.found)
            {
                map.insert("direction".to_owned(), word.value.into());
            }
            if keys.get("absolute").is_none() && keys.get("percent").is_none() {
                let help = "write `percent: 5`, `absolute: 40.00 EUR`, or both";
                self.error(codes::MISSING_KEY, name.span, "a tolerance says how much", help);
            }
            if let Some(field) = field {
                out.insert(field, Value::Object(map));
            }
        }
        Value::Object(out)
    }
}

/// Signs that stand for one currency only, with its code.
const SIGNS: &[(&str, &str)] = &[("\u{20ac}", "EUR"), ("\u{a3}", "GBP")];

/// The amount that `1,000 EUR`, `EUR 50`, `50eur` or `\u{20ac}50` surely means. A comma before three digits separates
/// thousands; before anything else it could be either, and nobody guesses at money.
fn meant_money(text: &str) -> Option<String> {
    let mut text = text.trim().to_owned();
    for (sign, code) in SIGNS {
        text = text.replace(sign, &format!(" {code} "));
    }
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    let code = letters.to_ascii_uppercase();
    let amount: String = text.chars().filter(|c| !c.is_alphabetic() && !c.is_whitespace()).collect();
    let (whole, fraction) = amount.split_once('.').map_or((amount.as_str(), None), |(a, b)| (a, Some(b)));
    let mut groups = whole.split(',').skip(1);
    if whole.contains(',') && !groups.all(|group| group.len() == 3) {
        return None;
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    let meant = format!("{}{fraction} {code}", whole.replace(',', ""));
    meant.parse::<Money>().is_ok().then_some(meant)
}

/// Hours as a decimal number, exact to four places.
fn decimal_hours(micros: i64) -> String {
    crate::money::format_scaled(micros / (HOUR / 10_000), 4, 0)
}
