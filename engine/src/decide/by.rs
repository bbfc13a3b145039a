//! Who may take an arrow.

use std::sync::Arc;

use crate::command::Actor;
use crate::definition::chart::By;
use crate::domain::Domain;
use crate::expression::Value;
use crate::ids::PersonId;

use super::run::Run;
use super::{Ground, Halt};

/// The rule that stands before all others.
pub(super) const ACTIVE: &str = "somebody who is active in the organisation";

impl<D: Domain> Ground<'_, D> {
    /// Whether the actor is somebody of the organisation who is not active: whatever key is left, he may do nothing.
    pub(super) fn is_gone(&self, actor: &Actor) -> bool {
        let organisation = &self.organisation().organisation;
        let gone = |id| organisation.person(id).is_some() && !organisation.active(id, organisation.date(self.now));
        actor.person().is_some_and(gone)
    }
}

impl<D: Domain> Run<'_, '_, D> {
    /// The rule that lets the actor take it, or the one that is not met.
    pub(super) fn permission(&mut self, by: &By) -> Result<Result<Arc<str>, String>, Halt<D::Need>> {
        if self.ground.is_gone(&self.command.actor) {
            return Ok(Err(ACTIVE.to_owned()));
        }
        let person = match (&self.command.actor, by) {
            (Actor::System, _) => return Ok(Ok("the console".into())),
            (Actor::Timer | Actor::Message, _) => return Ok(Ok("the engine itself".into())),
            (Actor::Person { .. }, By::Anyone) => return Ok(Ok("anyone".into())),
            (Actor::Person { .. }, By::Engine) => return Ok(Err("the engine itself".to_owned())),
            (Actor::Person { id, .. }, _) => id.clone(),
        };
        let (holds, rule) = match by {
            By::Person(expr, text) => {
                let allowed = self.eval(expr)?;
                (names(&allowed, &person), format!("`{text}`{}", shown(&allowed)))
            }
            By::Role(role, unit) => {
                let unit = match unit {
                    Some(expr) => Some(self.eval(expr)?),
                    None => None,
                };
                let unit_text = unit.as_ref().map(ToString::to_string);
                let organisation = &self.ground.organisation().organisation;
                let date = organisation.date(self.ground.now);
                let holds = organisation.active(&person, date)
                    && organisation.parts().units.iter().any(|u| {
                        unit_text.as_ref().is_none_or(|t| *t == *u.id)
                            && u.roles.get(&**role).is_some_and(|people| people.contains(&person))
                    });
                let place = unit_text.map_or(String::new(), |u| format!(" in unit {u}"));
                (holds, format!("the role `{role}`{place}"))
            }
            By::Anyone | By::Engine => (true, "anyone".to_owned()),
        };
        Ok(if holds { Ok(rule.into()) } else { Err(rule) })
    }
}

fn names(allowed: &Value, person: &PersonId) -> bool {
    match allowed {
        Value::Person(p) => p == person,
        Value::List(items) => items.iter().any(|item| names(item, person)),
        _ => false,
    }
}

fn shown(allowed: &Value) -> String {
    match allowed {
        Value::Null => ", and nobody is named there".to_owned(),
        other => format!(" ({other})"),
    }
}
