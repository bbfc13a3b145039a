//! The document: fields that are given, renamed or dropped, and whether it is one of the new definition.

use serde_json::Value as Json;

use crate::domain::Domain;
use crate::expression::{Scope, Value, WorkingTime};
use crate::instance::Document;
use crate::migrate::Given;

use super::super::bounds::too_much;
use super::super::input::below;
use super::super::preview::{PreviewedField, fields};
use super::super::run::Run;
use super::super::{Halt, form};
use super::{Way, unfit};

/// The document as it was, and the time.
struct Seen<'a> {
    variable: &'a str,
    subject: Value,
    now: Value,
    calendar: Option<&'a dyn WorkingTime>,
}

impl Scope for Seen<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "now" => Some(self.now.clone()),
            name if name == self.variable => Some(self.subject.clone()),
            _ => None,
        }
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        self.calendar
    }
}

impl<D: Domain> Run<'_, '_, D> {
    /// The document as the new definition has it; the fields that change.
    pub(super) fn carry_subject(&mut self, way: Way<'_>) -> Result<Vec<PreviewedField>, Halt<D::Need>> {
        let before = self.work.subject.clone();
        let (old, new) = (&way.old.subject.record, &self.definition.subject.record);
        let subject = form::record(&before, old)
            .map_err(|why| unfit("fields", format!("Its document cannot be read: {why}.")))?;
        let calendar = way.old.working().map(|calendar| calendar as &dyn WorkingTime);
        let seen = Seen { variable: &way.old.subject.variable, subject, now: Value::Timestamp(self.now()), calendar };
        // What no definition knows of was put there by an action.
        let is_lost = |name: &str| old.fields.contains_key(name) && !new.fields.contains_key(name);
        let mut after: Document = before.clone().into_iter().filter(|(name, _)| !is_lost(name)).collect();
        for (name, given) in way.mapping.fields() {
            match given {
                Given::Nothing if new.fields.contains_key(&**name) => drop(after.insert(name.to_string(), Json::Null)),
                Given::Nothing => drop(after.remove(&**name)),
                Given::Value(exprs) => {
                    let value = match exprs.get(&way.old.hash) {
                        Some(expr) => expr.eval(&seen).map_err(|why| {
                            unfit(
                                "fields",
                                format!("What `{name}` is to be has no value for this document: {}.", why.message),
                            )
                        })?,
                        None => continue,
                    };
                    let (value, mut errors) = (value.to_json(), Vec::new());
                    if before.get(&**name) != Some(&value) {
                        too_much(&below("", name), &value, &mut errors);
                    }
                    if let Some((at, why)) = errors.into_iter().next() {
                        return Err(
                            unfit("fields", format!("What `{name}` is to be is too much, at {at}: {why}.")).into()
                        );
                    }
                    after.insert(name.to_string(), value);
                }
            }
        }
        for (name, field) in &new.fields {
            let wrong = match after.get(name) {
                None | Some(Json::Null) if field.nullable => continue,
                None | Some(Json::Null) => Some("it has no value".to_owned()),
                Some(json) => Value::from_json(json, &field.ty).err(),
            };
            if let Some(why) = wrong {
                let why =
                    format!("The new definition cannot read `{name}`: {why}. Under `fields`, say what it becomes.");
                return Err(unfit("fields", why).into());
            }
        }
        self.work.subject = after;
        Ok(fields(&before, &self.work.subject))
    }
}
