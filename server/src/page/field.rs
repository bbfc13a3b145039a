//! A field of a form: how it is asked for, by its type, and how what was typed into it is read.

use std::collections::HashMap;

use fluxor_engine::decide::AskedFor;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::PersonId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::forms::Refused;
use super::meant::doubt;
use super::typed::{called_by, entries, instant, is_local, length, money_typed, of_map, standing, whole, written};
use super::words::{Words, plain, words};

/// A field of a form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Field {
    id: String,
    name: String,
    title: String,
    help: Option<String>,
    rules: Vec<String>,
    required: bool,
    /// `text`, `number`, `date`, `instant`, `checkbox`, `yes_no`, `select`, `area`, `person`, `unit`, `supplier`.
    kind: &'static str,
    value: String,
    checked: bool,
    /// Whether it says no; neither: it says nothing.
    denied: bool,
    options: Vec<Choice>,
    /// Whether nothing is chosen: at first, and where it may stay so.
    blank: bool,
    error: Option<String>,
    /// Whether something is said about it.
    is_told: bool,
}

/// A value to choose.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    value: String,
    label: String,
    selected: bool,
}

/// Somebody to choose.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Known {
    id: String,
    name: String,
}

impl Known {
    /// People by what they are called.
    pub(super) fn all(people: impl IntoIterator<Item = PersonId>, speak: &Words) -> Vec<Self> {
        let one = |person: PersonId| Self { name: speak.name(&person), id: person.to_string() };
        people.into_iter().map(one).collect()
    }
}

impl Field {
    pub(super) fn of(field: &AskedFor, refused: &Refused, speak: &Words) -> Self {
        let name = format!("data.{}", field.name);
        let typed = refused.typed.get(&name);
        let before = field.default.as_ref().map(|value| standing(value, &field.ty, speak));
        // A box that was sent empty sends nothing.
        let value = typed.cloned().or_else(|| before.filter(|_| refused.typed.is_empty())).unwrap_or_default();
        let options: Vec<Choice> = (field.options.iter().map(shown))
            .map(|option| Choice { selected: option == value, label: words(&option), value: option })
            .collect();
        let kind = match &*field.ty {
            _ if !options.is_empty() => "select",
            // A box that nobody touched says no: what is not said is neither. Whoever must say it chooses, whoever need not may leave
            // it out.
            "bool" if !field.required || field.default.as_ref().is_none_or(Value::is_null) => "yes_no",
            "bool" => "checkbox",
            "int" => "number",
            "date" => "date",
            "timestamp" if is_local(&value) => "instant",
            "person" => "person",
            ty if ty.starts_with("list") || of_map(ty).is_some() => "area",
            _ => "text",
        };
        let error = refused.errors.iter().find(|(at, _)| is_of(at, &field.name));
        let error = error.map(|(_, why)| full(&plain(why)));
        // What can be chosen is seen.
        let is_seen = |rule: &str| !field.options.is_empty() && rule.starts_with("it must be one of ");
        // What its help or the refusal says is not said twice.
        let is_said = |rule: &str| *rule == full(&field.help) || error.as_deref() == Some(rule);
        let rules = field.rules.iter().filter(|rule| !is_seen(rule)).map(|rule| full(&plain(rule)));
        let mut rules: Vec<String> = rules.filter(|rule| !is_said(rule)).collect();
        rules.dedup();
        let parts = std::iter::once(full(&field.help)).chain(written(&field.ty, speak)).chain(called_by(&field.ty));
        let help = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Self {
            id: name.clone(),
            title: field.title.to_string(),
            required: field.required,
            kind,
            checked: value == "true",
            denied: value == "false",
            value,
            blank: !field.required || options.iter().all(|option| !option.selected),
            options,
            is_told: error.is_some() || !help.is_empty() || !rules.is_empty(),
            help: Some(help).filter(|help| !help.is_empty()),
            rules,
            error,
            name,
        }
    }

    /// One of several forms of a page.
    pub(super) fn within(self, form: &str) -> Self {
        Self { id: format!("{form}.{}", self.name), ..self }
    }

    /// One that takes something which is listed: a `unit` of the organisation, a `supplier` of the books.
    pub(super) fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// Whether it takes a supplier of the books.
    pub(super) fn is_supplier(&self) -> bool {
        self.kind == "supplier"
    }

    /// Whether it takes a person.
    pub(super) fn is_person(&self) -> bool {
        self.kind == "person"
    }
}

/// Whether a place in what was sent is that of a field: `/data/seats/front`, and `/seats` of an event.
fn is_of(pointer: &str, field: &str) -> bool {
    let own = pointer.strip_prefix("/data/").or_else(|| pointer.strip_prefix('/'));
    own.and_then(|own| own.strip_prefix(field)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A text as a sentence of its own.
pub(super) fn full(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?', ':', ')']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

/// The values that a field of a document may have, where it may not have any.
pub(super) fn options(definition: &Definition, field: &str) -> Vec<Value> {
    definition.subject.options(field).iter().map(|option| Value::from(&**option)).collect()
}

/// A value as it stands in a field.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// The data of fields (name and type), as it was typed: what is empty is left out, people may be named.
pub(crate) fn data<'f>(
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    typed: &HashMap<String, String>,
    speak: &Words,
) -> Map<String, Value> {
    let read = |(name, ty): (&str, &str)| Some((name.to_owned(), read((typed, speak), name, ty)?));
    fields.into_iter().filter_map(read).collect()
}

/// Where it is not clear what was typed: pointer, and why. A name that several have; an amount or a number that may mean two; entries
/// that are none; a number that is larger than any.
pub(crate) fn unclear<'f>(
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
    typed: &HashMap<String, String>,
    speak: &Words,
) -> Vec<(String, String)> {
    let told = |name: &str, ty: &str| {
        let text = typed.get(&format!("data.{name}"))?.trim();
        let Some(of) = of_map(ty) else {
            let of = ty.strip_prefix("list(").and_then(|of| of.strip_suffix(')')).unwrap_or(ty);
            return text.lines().find_map(|line| doubt(line.trim(), of, speak));
        };
        match entries(text, |typed| typed.into()) {
            Err(why) => Some(why),
            Ok(named) => named.values().find_map(|one| doubt(one.as_str()?, of, speak)),
        }
    };
    fields.into_iter().filter_map(|(name, ty)| Some((format!("/data/{name}"), told(name, ty)?))).collect()
}

/// One value of it. What is none of its type is passed on as it is: the engine says what is wrong with it.
pub(super) fn read((typed, speak): (&HashMap<String, String>, &Words), name: &str, ty: &str) -> Option<Value> {
    let text = typed.get(&format!("data.{name}")).map(|text| text.trim()).unwrap_or_default();
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    match ty {
        _ if text.is_empty() => None,
        ty if ty.starts_with("list") => {
            let of = ty.strip_prefix("list(").and_then(|of| of.strip_suffix(')'));
            match of.filter(|of| matches!(*of, "int" | "person" | "timestamp" | "money" | "duration")) {
                Some(of) => Some(lines().map(|line| scalar(line, of, speak)).collect()),
                None => Some(lines().collect()),
            }
        }
        ty => match of_map(ty) {
            Some(of) => {
                Some(entries(text, |typed| scalar(typed, of, speak)).map_or_else(|_| text.into(), Value::Object))
            }
            None => Some(scalar(text, ty, speak)),
        },
    }
}

/// A value that holds no others.
pub(super) fn scalar(text: &str, ty: &str, speak: &Words) -> Value {
    match ty {
        // A box says no by the field beside it.
        "bool" => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        "int" => whole(text).parse::<i64>().map_or_else(|_| text.into(), Value::from),
        "person" => speak.person(text).as_str().into(),
        "timestamp" => instant(text, speak),
        "money" => money_typed(text).into(),
        "duration" => length(text).into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::page::words::tests::speaking;

    #[test]
    fn what_was_typed_is_read_by_its_type() {
        let typed = [
            ("data.who", " ann ahrens "),
            ("data.all", "Ann Ahrens\n\n bob"),
            ("data.number", "7"),
            ("data.odd", "seven"),
            ("data.even", "-4.00"),
            ("data.half", "4.5"),
            ("data.years", "1\n2.0"),
            ("data.sure", "true"),
            ("data.unsure", "false"),
            ("data.perhaps", "perhaps"),
            ("data.none", " "),
        ];
        let typed = typed.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let fields = [
            ("who", "person"),
            ("all", "list(person)"),
            ("number", "int"),
            ("odd", "int"),
            ("even", "int"),
            ("half", "int"),
            ("years", "list(int)"),
            ("sure", "bool"),
            ("unsure", "bool"),
            ("perhaps", "bool"),
            ("unsaid", "bool"),
            ("none", "text"),
        ];
        let read = data(fields, &typed, &speaking("2026-03-02T08:00:00Z"));
        let want = json!({ "who": "ann", "all": ["ann", "bob"], "number": 7, "odd": "seven", "even": -4, "half": "4.5", "years": [1, 2],
            "sure": true, "unsure": false,
            "perhaps": "perhaps" });
        assert_eq!(Value::Object(read), want);
    }

    #[test]
    fn what_nobody_said_is_neither_yes_nor_no() {
        let kind = |required: bool, default: Option<Value>| {
            let asked = AskedFor {
                name: "urgent".into(),
                title: "Urgent".into(),
                help: "".into(),
                ty: "bool".to_owned(),
                required,
                options: Vec::new(),
                rules: Vec::new(),
                default,
            };
            let field = Field::of(&asked, &Refused::default(), &speaking("2026-03-02T08:00:00Z"));
            (field.kind, field.checked, field.denied)
        };
        assert_eq!(kind(true, None), ("yes_no", false, false));
        assert_eq!(kind(true, Some(json!(true))), ("checkbox", true, false));
        assert_eq!(kind(false, None), ("yes_no", false, false));
        assert_eq!(kind(false, Some(Value::Null)), ("yes_no", false, false));
        assert_eq!(kind(false, Some(json!(false))), ("yes_no", false, true));
    }
}
