//! What the organisation says of the person who asks.

use std::collections::BTreeSet;

use fluxor_engine::expression::Value;
use fluxor_engine::ids::PersonId;

use crate::action::{Answer, Call, subject_text};
use crate::settings::Settings;

/// The roles that the requester holds in the subject's unit, or in any where it names none.
pub(crate) fn requester_roles(_: &Settings, call: &Call<'_>) -> Answer<Value> {
    let unit = subject_text(call, "unit");
    let organisation = &call.organisation.organisation;
    let requester = subject_text(call, "requester").map(PersonId::from);
    let active = requester.filter(|id| organisation.active(id, organisation.date(call.now)));
    let units = organisation.parts().units.iter().filter(|one| unit.is_none_or(|unit| *one.id == *unit));
    let held = units.flat_map(|unit| &unit.roles);
    let held = held.filter(|(_, people)| active.as_ref().is_some_and(|id| people.contains(id)));
    let roles: BTreeSet<_> = held.map(|(role, _)| role.clone()).collect();
    Ok(Value::list(roles.into_iter().map(Value::Text)))
}
