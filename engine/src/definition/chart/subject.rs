//! The document that an instance carries, and what its fields are called and mean for people: as the subject says it, else as the
//! form does that fills them.

use std::sync::Arc;

use super::{Arrow, DONE, Definition, Form, Outcome, StateKind};
use crate::expression::{Field, RecordType, Type};
use crate::instance::Document;

/// The typed document that an instance carries.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What expressions call it: `po`.
    pub variable: Arc<str>,
    /// Its fields and their types.
    pub record: Arc<RecordType>,
    /// Fields that the starter may leave out although they are not nullable: actions fill them.
    pub computed: Vec<Arc<str>>,
    /// Fields that have one of these values and no other, as the vocabulary says.
    pub options: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// What fields are called and what they mean, for people.
    pub told: Vec<(Arc<str>, Told)>,
    /// The field that says in words what an instance is about.
    pub about: Option<Arc<str>>,
    /// The fields of money of which the first that is not empty is what an instance is about.
    pub amount: Vec<Arc<str>>,
    /// Its fields in the order of the file; none, where it is one of the vocabulary.
    pub order: Vec<Arc<str>>,
}

impl Subject {
    /// The values that a field may have; none: any of its type.
    pub fn options(&self, field: &str) -> &[Arc<str>] {
        self.options.iter().find(|(name, _)| **name == *field).map_or(&[], |(_, options)| options)
    }
}

/// The fields of a record in the order that its file has them in; what has no place there follows, by name.
#[must_use]
pub fn in_order<'r>(record: &'r RecordType, order: &[Arc<str>]) -> Vec<(&'r String, &'r Field)> {
    let mut fields: Vec<_> = record.fields.iter().collect();
    fields.sort_by_key(|(name, _)| order.iter().position(|known| **known == *name.as_str()).unwrap_or(usize::MAX));
    fields
}

/// What a field is called and what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it is called; nothing: by its name.
    pub title: Option<Arc<str>>,
    /// Which end is good, of what unit it is, what it is for; may be empty.
    pub help: Arc<str>,
}

/// Where most documents have their amount.
const AMOUNT: &str = "amount";

impl Definition {
    /// What a field of the subject is called and means. Where the subject does not say it, the task does whose form asks for it
    /// and whose arrow on `done` writes it as it is, unless something else is written there as well.
    #[must_use]
    pub fn told(&self, field: &str) -> Told {
        let own = self.subject.told.iter().find(|(name, _)| **name == *field);
        own.map(|(_, told)| told.clone()).or_else(|| self.told_by_form(field)).unwrap_or_default()
    }

    fn told_by_form(&self, field: &str) -> Option<Told> {
        let mut found: Option<Told> = None;
        for (form, arrow) in self.arrows_with_forms() {
            let Outcome::Go(go) = &arrow.outcome else { continue };
            for (_, value) in go.set.iter().filter(|(name, _)| **name == *field) {
                let value = value.to_string();
                let asked = form?.fields.iter().find(|asked| value.strip_prefix("event.") == Some(&*asked.name))?;
                let told = Told { title: Some(asked.title.clone()), help: asked.help.clone() };
                if found.as_ref().is_some_and(|known| *known != told) {
                    return None;
                }
                found = Some(told);
            }
        }
        found
    }

    /// Every arrow, with the form whose data it has.
    fn arrows_with_forms(&self) -> impl Iterator<Item = (Option<&Form>, &Arrow)> {
        self.states.iter().flat_map(|state| {
            let form = match &state.kind {
                StateKind::Approval(approval) => approval.form.as_ref(),
                _ => None,
            };
            let on = state.on.iter().flat_map(move |(event, arrows)| {
                let form = form.filter(|_| **event == *DONE);
                arrows.iter().map(move |arrow| (form, arrow))
            });
            let timed = state.timers.iter().flat_map(|timer| &timer.arrows);
            on.chain(state.always.iter().chain(timed).map(|arrow| (None, arrow)))
        })
    }

    /// The amount of a document, as its field has it: the first of those that the subject names which is not empty; else what stands
    /// in `amount`, or in the only field of money that it must have.
    #[must_use]
    pub fn amount<'d>(&self, document: &'d Document) -> Option<&'d str> {
        let text = |field: &str| document.get(field).and_then(serde_json::Value::as_str);
        let fields = &self.subject.record.fields;
        if !self.subject.amount.is_empty() {
            return self.subject.amount.iter().find_map(|field| text(field));
        }
        if fields.contains_key(AMOUNT) {
            return text(AMOUNT);
        }
        let mut needed = fields.iter().filter(|(_, field)| field.ty == Type::Money && !field.nullable);
        match (needed.next(), needed.next()) {
            (Some((name, _)), None) => text(name),
            _ => None,
        }
    }
}
