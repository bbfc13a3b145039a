//! A change of the organisation that waits for approval, as people read it: who, what, before and after. The workflow keeps
//! it as lines that programs made (`/people/eve/manager: "cyd" -> "dan"`) and as the patch itself.

use fluxor_engine::instance::Document;
use serde::Serialize;
use serde_json::{Map, Value};

use super::words::{Words, words};

/// Fields that only the engine needs, and those that stand in the table.
pub(super) const TECHNICAL: &[&str] = &["patch", "found", "base", "changes", "revision"];

/// Whose a change is that is about everybody.
const COMPANY: &str = "The organisation";

/// Something that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Changed {
    who: String,
    what: String,
    before: String,
    after: String,
}

/// What it changes, and what it is made of as programs have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reorganised {
    changes: Vec<Changed>,
    written: String,
}

/// Whether a document is a change of the organisation.
fn lines(subject: &Document) -> Option<Vec<&str>> {
    let has = |name: &str| subject.get(name).is_some_and(Value::is_string);
    let lines = subject.get("changes").filter(|_| has("patch") && has("found"))?.as_array()?;
    lines.iter().map(Value::as_str).collect()
}

fn patch(subject: &Document) -> Value {
    let text = subject.get("patch").and_then(Value::as_str).unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

impl Reorganised {
    /// Nothing: it is another document.
    pub(super) fn of(subject: &Document, speak: &Words) -> Option<Self> {
        let saying = Saying { patch: &patch(subject), speak };
        let changes = lines(subject)?.into_iter().map(|line| saying.changed(line)).collect();
        Some(Self { changes, written: format!("{:#}", saying.patch) })
    }
}

/// What it changes in a few words: `Eve Ever: manager, limits`.
pub(super) fn about(subject: &Document, speak: &Words) -> Option<String> {
    let saying = Saying { patch: &patch(subject), speak };
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for Changed { who, what, .. } in lines(subject)?.into_iter().map(|line| saying.changed(line)) {
        let what = what.to_lowercase();
        match all.iter_mut().find(|(known, _)| *known == who) {
            Some((_, known)) if known.contains(&what) => {}
            Some((_, known)) => known.push(what),
            None => all.push((who, vec![what])),
        }
    }
    let told = all.into_iter().map(|(who, what)| format!("{who}: {}", what.join(", ")));
    Some(told.collect::<Vec<_>>().join("; ")).filter(|told| !told.is_empty())
}

/// How it is said.
struct Saying<'a> {
    patch: &'a Value,
    speak: &'a Words,
}

impl Saying<'_> {
    /// A line of a proposal.
    fn changed(&self, line: &str) -> Changed {
        let (at, rest) = line.split_once(": ").unwrap_or((line, ""));
        let names: Vec<String> =
            at.trim_start_matches('/').split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
        let (who, what) = self.place(&names);
        let (before, after) = self.difference(rest);
        Changed { who, what, before, after }
    }

    /// What somebody is called; who is new is called what the change says, and by the id: another may have that name.
    fn name(&self, id: &str) -> String {
        match self.patch["contacts"][id]["name"].as_str() {
            Some(name) if self.speak.name(&id.into()) == id => format!("{name} (id {id})"),
            _ => self.speak.name(&id.into()),
        }
    }

    fn place(&self, names: &[String]) -> (String, String) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["people", id] => (self.name(id), "As a whole".to_owned()),
            ["people" | "contacts", id, rest @ ..] if !rest.is_empty() => (self.name(id), title(rest)),
            ["contacts", id] => (self.name(id), "Name and address".to_owned()),
            ["substitutes", id, ..] => (self.name(id), "Who stands in".to_owned()),
            ["units", id, "roles", role] => (format!("Unit {id}"), format!("Role {}", role.replace('_', " "))),
            ["units", id] => (format!("Unit {id}"), "As a whole".to_owned()),
            ["units", id, rest @ ..] => (format!("Unit {id}"), title(rest)),
            ["rates", currency] => (COMPANY.to_owned(), format!("Rate of {currency}")),
            rest => (COMPANY.to_owned(), title(rest)),
        }
    }

    /// `A -> B`, or what of a list is gone and what is added.
    fn difference(&self, text: &str) -> (String, String) {
        let none = || "–".to_owned();
        if text == "in another order" {
            return (none(), "The same in another order".to_owned());
        }
        if let Some((gone, added)) = listed(text) {
            let said = |items: Option<Value>| items.map(|items| self.value(&items));
            return (
                said(gone).map_or_else(none, |gone| format!("{gone} (no longer)")),
                said(added).map_or_else(none, |added| format!("{added} (new)")),
            );
        }
        let (before, rest) = one(text);
        let after = rest.strip_prefix(" -> ").map(one);
        match (before, after) {
            (Some(before), Some((Some(after), ""))) => (self.value(&before), self.value(&after)),
            // What was too long was cut when it was proposed.
            _ => {
                text.split_once(" -> ").map_or_else(|| (none(), text.to_owned()), |(a, b)| (a.to_owned(), b.to_owned()))
            }
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Null => "none".to_owned(),
            Value::String(id) => match self.name(id) {
                name if name == *id => self.speak.value(value),
                name => name,
            },
            Value::Array(items) if items.is_empty() => "none".to_owned(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect::<Vec<_>>().join(", "),
            Value::Object(fields) => self.object(fields),
            other => self.speak.value(other),
        }
    }

    fn object(&self, fields: &Map<String, Value>) -> String {
        if let Some(amount) = fields.get("amount") {
            let category = fields.get("category").and_then(Value::as_str);
            let only = category.map_or_else(String::new, |category| format!(" for {category}"));
            return format!("{}{only}", self.value(amount));
        }
        let told = fields.iter().filter(|(name, value)| *name != "id" && !value.is_null());
        let told: Vec<String> =
            told.map(|(name, value)| format!("{}: {}", title(&[name]).to_lowercase(), self.value(value))).collect();
        told.join("; ")
    }
}

/// What a part of a record is called.
fn title(names: &[&str]) -> String {
    match names {
        ["limits"] => "Limits".to_owned(),
        ["self_limits"] => "Limits for own requests".to_owned(),
        ["email"] => "Mail address".to_owned(),
        ["substitutes_from"] => "Who may stand in".to_owned(),
        ["approval"] => "How changes of the organisation are approved".to_owned(),
        names => words(&names.join(", ")),
    }
}

/// A JSON value, or nothing, at the beginning of a text; and what comes behind it.
fn one(text: &str) -> (Option<Value>, &str) {
    if let Some(rest) = text.strip_prefix("nothing") {
        return (Some(Value::Null), rest);
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => (Some(value), &text[values.byte_offset()..]),
        _ => (None, text),
    }
}

/// What of a list is gone, and what is added.
fn listed(text: &str) -> Option<(Option<Value>, Option<Value>)> {
    let (gone, rest) = match text.strip_prefix("gone ") {
        Some(rest) => one(rest),
        None => (None, text),
    };
    let rest = rest.strip_prefix(", ").unwrap_or(rest);
    let (added, rest) = match rest.strip_prefix("added ") {
        Some(rest) => one(rest),
        None => (None, rest),
    };
    (rest.is_empty() && (gone.is_some() || added.is_some())).then_some((gone, added))
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::speaking;
    use super::*;
    use serde_json::json;

    fn proposal(changes: &[&str], patch: &Value) -> Document {
        let document =
            json!({ "requester": "bob", "patch": patch.to_string(), "found": "{}", "changes": changes, "base": 5 });
        document.as_object().unwrap().clone()
    }

    #[test]
    fn a_change_is_told_by_whom_it_concerns() {
        let subject = proposal(
            &[
                "/contacts/new/name: nothing -> \"Nele Neu\"",
                "/people/ann/limits: nothing -> [{\"amount\":\"500.00 EUR\"},{\"amount\":\"70.00 EUR\",\"category\":\"it\"}]",
                "/people/ann/manager: \"ann\" -> \"new -> er\"",
                "/people/new: nothing -> {\"active\":true,\"id\":\"new\",\"manager\":\"ann\"}",
                "/units/it/roles/it_buyer: gone [\"ann\"], added [\"new\"]",
                "/units/it/roles/boss: in another order",
                "/zone: \"UTC\" -> \"Europe/Berlin\"",
                "/contacts/ann/name: \"Ann…",
            ],
            &json!({ "contacts": { "new": { "name": "Nele Neu" } } }),
        );
        let told = Reorganised::of(&subject, &speaking("2026-03-02T08:00:00Z")).unwrap();
        let rows: Vec<[&str; 4]> =
            told.changes.iter().map(|one| [&*one.who, &*one.what, &*one.before, &*one.after]).collect();
        assert_eq!(
            rows,
            [
                ["Nele Neu (id new)", "Name", "none", "Nele Neu"],
                ["Ann Ahrens", "Limits", "none", "500.00 EUR, 70.00 EUR for it"],
                ["Ann Ahrens", "Manager", "Ann Ahrens", "new -> er"],
                ["Nele Neu (id new)", "As a whole", "none", "active: yes; manager: Ann Ahrens"],
                ["Unit it", "Role it buyer", "Ann Ahrens (no longer)", "Nele Neu (id new) (new)"],
                ["Unit it", "Role boss", "–", "The same in another order"],
                ["The organisation", "Zone", "UTC", "Europe/Berlin"],
                ["Ann Ahrens", "Name", "–", "\"Ann…"],
            ]
        );
        let few = proposal(
            &["/people/ann/limits: [] -> []", "/people/ann/manager: null -> \"x\"", "/zone: 1 -> 2"],
            &json!({}),
        );
        let said = about(&few, &speaking("2026-03-02T08:00:00Z"));
        assert_eq!(said.as_deref(), Some("Ann Ahrens: limits, manager; The organisation: zone"));
    }

    #[test]
    fn another_document_is_none() {
        let other = json!({ "changes": ["/a: 1 -> 2"] }).as_object().unwrap().clone();
        assert_eq!(about(&other, &speaking("2026-03-02T08:00:00Z")), None);
    }
}
