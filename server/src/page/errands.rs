//! What waits for the word of whoever holds a role: no task asks for it, and so it is in no list of what waits for somebody.

use std::collections::BTreeMap;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::{OrganisationAt, may_send};
use fluxor_engine::definition::chart::{By, Definition, Outcome, State, StateKind};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::{Incident, Instance, Status};
use serde::Serialize;

use super::words::{place_in, reference, words};

/// So many documents of one kind are named.
const NAMED: usize = 10;

/// Documents of one workflow in one state, and what is to be said about each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Errand {
    title: String,
    state: String,
    /// The events.
    says: String,
    count: usize,
    /// The newest of them.
    documents: Vec<Named>,
    more: usize,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Named {
    href: String,
    reference: String,
}

/// The innermost states of an instance that wait for nobody and nothing but events. Of several side by side each is looked at by
/// itself: what is asked, called or stopped beside it keeps nobody from it.
fn waiting<'d>(instance: &Instance, definition: &'d Definition) -> Vec<&'d State> {
    if instance.status == Status::Final {
        return Vec::new();
    }
    let about = |incident: &Incident| incident.at.as_deref().and_then(|at| definition.find(at));
    let stops = |incident: &Incident, leaf| {
        !incident.stops_nothing() && about(incident).is_none_or(|at| definition.is_within(leaf, at))
    };
    let active = definition.active(instance).unwrap_or_default();
    let free = active.into_iter().filter(|&leaf| !instance.detail.incidents().any(|incident| stops(incident, leaf)));
    free.map(|leaf| definition.state(leaf)).filter(|state| matches!(state.kind, StateKind::Simple)).collect()
}

/// The events of a state that some role may send, each with those roles. What needs a reason is no matter of course: nothing waits for
/// it; nor for what is refused.
fn by_role(state: &State) -> impl Iterator<Item = (&str, Vec<&str>)> {
    state.on.iter().filter_map(|(event, arrows)| {
        let roles = arrows.iter().filter(|arrow| !arrow.reason_required && matches!(arrow.outcome, Outcome::Go(_)));
        let roles = roles.filter_map(|arrow| if let By::Role(role, _) = &arrow.by { Some(&**role) } else { None });
        let roles: Vec<&str> = roles.collect();
        (!roles.is_empty()).then_some((&**event, roles))
    })
}

/// What waits for the word of `reader`, of these instances: by workflow and state.
pub(crate) fn errands<'i>(
    instances: impl Iterator<Item = (&'i Instance, &'i Definition)>,
    organisation: &OrganisationAt,
    (reader, now): (&PersonId, Timestamp),
) -> Vec<Errand> {
    let mut all: BTreeMap<(String, String), Errand> = BTreeMap::new();
    for (instance, definition) in instances {
        for state in waiting(instance, definition) {
            let mine =
                by_role(state).filter(|(event, _)| may_send(definition, instance, organisation, (reader, now), event));
            let says: Vec<String> = mine
                .map(|(event, _)| {
                    definition.events.get(event).map_or_else(|| words(event), |known| known.title.to_string())
                })
                .collect();
            if says.is_empty() {
                continue;
            }
            let (title, state) = (definition.title.to_string(), place_in(definition, &state.path));
            let errand = all.entry((title.clone(), state.clone())).or_insert_with(|| Errand {
                title,
                state,
                says: says.join(", "),
                count: 0,
                documents: Vec::new(),
                more: 0,
            });
            errand.count += 1;
            match errand.documents.len() < NAMED {
                true => errand.documents.push(Named {
                    href: format!("/instances/{}", instance.id),
                    reference: reference(&instance.subject, instance.key.as_deref(), instance.id),
                }),
                false => errand.more += 1,
            }
        }
    }
    all.into_values().collect()
}

/// For whom something waits of which nobody has a task: `whoever is buyer`.
pub(crate) fn whoever(instance: &Instance, definition: &Definition) -> Option<String> {
    let mut roles: Vec<String> = Vec::new();
    for state in waiting(instance, definition) {
        for role in by_role(state).flat_map(|(_, roles)| roles) {
            let role = words(role).to_lowercase();
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
    }
    (!roles.is_empty()).then(|| format!("whoever is {}", roles.join(" or ")))
}
