//! Starting something: the workflows that somebody may start, and the form of one, made of the fields of its subject.

use std::collections::HashMap;

use fluxor_engine::decide::{AskedFor, AtStart};
use fluxor_engine::definition::chart::{By, Definition};
use fluxor_engine::expression::{Field as Typed, Type};
use fluxor_engine::ids::PersonId;
use fluxor_workflows::supplier_fields;
use serde::Serialize;
use serde_json::{Map, Value};

use super::field::{Field, Known, data, full, options};
use super::forms::Refused;
use super::rows::Rows;
use super::words::{Words, called, reference, words};
use super::{Here, Reader, render};
use crate::desk::Paper;

/// What the rows of a form are for.
const LINES: &str = "lines";

/// A workflow to start.
#[derive(Debug, Serialize)]
struct Way {
    href: String,
    title: String,
    what: String,
}

/// The workflows that somebody may start.
#[derive(Debug, Serialize)]
pub(crate) struct Beginnings {
    ways: Vec<Way>,
}

impl Beginnings {
    /// Those of these whose start a form can ask for. With each: who calls it, where others do.
    pub(crate) fn new<'d>(all: impl IntoIterator<Item = (&'d Definition, AtStart, Option<String>)>) -> Self {
        let mut ways: Vec<(bool, Way)> = (all.into_iter())
            .filter(|(_, asked, _)| fits(asked))
            .map(|(definition, asked, caller)| {
                let part = caller.as_ref().map_or_else(String::new, |by| format!(" {by} starts it by itself."));
                let way = Way {
                    href: format!("/new/{}", definition.name),
                    title: definition.title.to_string(),
                    what: format!("{}{part}", what(definition, &asked)),
                };
                (caller.is_some(), way)
            })
            .collect();
        ways.sort_by(|(called, a), (other, b)| (called, &a.title).cmp(&(other, &b.title)));
        Self { ways: ways.into_iter().map(|(_, way)| way).collect() }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        // `ways` of the page itself are those between pages.
        render("begin", "New request", Here::New, reader, &serde_json::json!({ "beginnings": self.ways }))
    }
}

/// Whether a form can ask for all that must be given.
pub(crate) fn fits(asked: &AtStart) -> bool {
    let is_scalar = |ty: &Type| !matches!(ty, Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Null);
    let is_plain = |ty: &Type| match ty {
        Type::List(of) | Type::Map(_, of) => is_scalar(of),
        ty => is_scalar(ty),
    };
    asked.own.iter().all(|own| **own == *LINES)
        && asked.fields.iter().all(|(_, field)| field.nullable || is_plain(&field.ty))
}

/// A title within a sentence: `Taken from` is `taken from`, `IBAN` stays.
fn decapitalised(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

/// In a line, where it begins and what it asks for.
fn what(definition: &Definition, asked: &AtStart) -> String {
    let open = definition.starts.iter().filter(|start| !matches!(start.by, By::Engine));
    let mut places: Vec<&str> = open.map(|start| &*definition.state(start.to).title).collect();
    places.dedup();
    let small =
        |title: String| if title.starts_with(|c: char| c.is_uppercase()) { decapitalised(&title) } else { title };
    let fields = asked.fields.iter().map(|(name, _)| small(called(definition, name)));
    let fields: Vec<String> = fields.chain(asked.own.iter().map(ToString::to_string)).collect();
    let asks = if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") };
    format!("Begins in “{}”. Asks for: {asks}.", places.join("” or “"))
}

/// A supplier to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Supplier {
    pub code: String,
    pub name: String,
}

/// What the fields of a form may name.
pub(crate) struct Named<'a, P> {
    pub people: P,
    /// The units of the organisation, and those that are the reader's own.
    pub units: Vec<String>,
    pub own: &'a [String],
    pub suppliers: &'a [Supplier],
}

/// What the form, sent before, has started.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Already {
    href: String,
    title: String,
    at: String,
    /// What its key is and is made of, where it was found by that.
    key: Option<String>,
}

impl Already {
    /// This instance.
    pub(crate) fn of(paper: &Paper, speak: &Words) -> Self {
        let instance = &paper.instance;
        let called = reference(&instance.subject, instance.key.as_deref(), instance.id);
        Self {
            href: format!("/instances/{}", instance.id),
            title: format!("{} {called}", paper.definition.title),
            at: speak.at(instance.started_at),
            key: None,
        }
    }

    /// The same, found by its key, which the definition makes.
    pub(crate) fn by_key(self, paper: &Paper) -> Self {
        let made = paper.definition.key.as_ref().map(|key| key.fields_read()).into_iter().flatten();
        let fields = made.map(|path| words(path.rsplit('.').next().unwrap_or(path)).to_lowercase());
        let fields: Vec<String> = fields.collect();
        let of = if fields.is_empty() { "what you wrote".to_owned() } else { fields.join(" and ") };
        let key = paper.instance.key.as_deref().map(|key| format!(" ({key})")).unwrap_or_default();
        Self { key: Some(format!("{of}{key}")), ..self }
    }
}

/// The form that starts something.
#[derive(Debug, Serialize)]
pub(crate) struct Beginning {
    title_of: String,
    what: String,
    action: String,
    once: String,
    fields: Vec<Field>,
    rows: Option<Rows>,
    error: Option<String>,
    already: Option<Already>,
    people: Vec<Known>,
    units: Vec<String>,
    suppliers: Vec<Supplier>,
}

impl Beginning {
    /// Of a workflow that asks for this.
    pub(crate) fn new(
        (definition, asked): (&Definition, &AtStart),
        once: String,
        Named { people, units, own, suppliers }: Named<'_, impl Iterator<Item = PersonId>>,
        refused: Refused,
        speak: &Words,
    ) -> Self {
        let refused = refused.sorted();
        let own = if let [own] = own { Some(own) } else { None };
        let of_books = supplier_fields(definition);
        let field = |(name, typed): &(std::sync::Arc<str>, Typed)| {
            let kind = match typed.ty {
                Type::Text if of_books.contains(&&**name) => "supplier",
                _ if is_unit(name, &typed.ty) => "unit",
                _ => "",
            };
            let one = AskedFor {
                name: name.clone(),
                title: called(definition, name).into(),
                help: meaning(&definition.told(name).help, help(kind)).into(),
                ty: typed.ty.name(),
                required: !typed.nullable,
                options: options(definition, name),
                rules: Vec::new(),
                default: own.filter(|_| kind == "unit" && &**name == "unit").map(|own| own.as_str().into()),
            };
            let field = Field::of(&one, &refused, speak);
            if kind.is_empty() { field } else { field.of_kind(kind) }
        };
        let fields: Vec<Field> = asked.fields.iter().map(field).collect();
        let chosen = fields.iter().any(Field::is_person);
        let rows = asked.own.iter().any(|own| **own == *LINES).then(|| Rows::blank(&refused));
        let named = |at: &str| {
            let name = at.strip_prefix("/data/").or_else(|| at.strip_prefix('/'))?;
            let known = asked.fields.iter().any(|(known, _)| **known == *name);
            known.then(|| called(definition, name))
        };
        let named = |at: &str| rows.as_ref().and_then(|rows| rows.called(at)).or_else(|| named(at));
        let error = Some(refused.told(named)).filter(|told| !told.is_empty());
        Self {
            title_of: definition.title.to_string(),
            what: what(definition, asked),
            action: format!("/new/{}", definition.name),
            once,
            rows,
            error,
            already: None,
            people: if chosen { Known::all(people, speak) } else { Vec::new() },
            units: if asked.fields.iter().any(|(name, field)| is_unit(name, &field.ty)) { units } else { Vec::new() },
            suppliers: if fields.iter().any(Field::is_supplier) { suppliers.to_vec() } else { Vec::new() },
            fields,
        }
    }

    /// With what it has started already.
    pub(crate) fn after(self, already: Option<Already>) -> Self {
        Self { already, ..self }
    }

    /// What was typed, as the input of a start, and of which row of the form each of its lines is.
    pub(crate) fn input(
        asked: &AtStart,
        typed: &HashMap<String, String>,
        speak: &Words,
    ) -> (Map<String, Value>, Vec<usize>) {
        let fields: Vec<(&str, String)> = asked.fields.iter().map(|(name, field)| (&**name, field.ty.name())).collect();
        let mut input = data(fields.iter().map(|(name, ty)| (*name, ty.as_str())), typed, speak);
        let lines = asked.own.iter().any(|own| **own == *LINES).then(|| Rows::written(typed)).flatten();
        let (lines, places) = lines.unzip();
        input.extend(lines.map(|lines| (LINES.to_owned(), lines)));
        (input, places.unwrap_or_default())
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("new", &format!("New: {}", self.title_of), Here::New, reader, self)
    }
}

/// Whether a field names a unit of the organisation: as approvals do, by its name.
fn is_unit(name: &str, ty: &Type) -> bool {
    *ty == Type::Text && (name == "unit" || name.ends_with("_unit"))
}

/// What a field means, and what it names.
fn meaning(means: &str, written: &str) -> String {
    [full(means), written.to_owned()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a field names that takes something which is listed.
fn help(kind: &str) -> &'static str {
    match kind {
        "unit" => "A unit of the organisation, by its id.",
        "supplier" => "A supplier that is recorded, by its code or full name.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_start_nothing_is_told_so() {
        let page = Beginnings::new([]).page(&Reader::new("Ann", 1, false)).unwrap();
        assert!(page.contains("You may start nothing") && page.contains("aria-current=\"page\">New request"), "{page}");
    }

    #[test]
    fn what_no_form_can_ask_for_is_not_offered() {
        let of = |own: &[&str], fields: &[(&str, Type)]| AtStart {
            fields: fields.iter().map(|(name, ty)| ((*name).into(), Typed::required(ty.clone()))).collect(),
            own: own.iter().map(|own| (*own).into()).collect(),
        };
        assert!(fits(&of(&["lines"], &[("who", Type::Person), ("all", Type::list(Type::Text))])));
        assert!(!fits(&of(&["patch"], &[])));
        assert!(fits(&of(&[], &[("by", Type::map(Type::Text))])));
        assert!(!fits(&of(&[], &[("by", Type::map(Type::list(Type::Text)))])));
    }
}
