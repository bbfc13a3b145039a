//! Names in the filters of an endpoint that nothing in force has: a slip of the pen, or what is yet to come. They are told, not
//! refused: a setting may be older or newer than the definitions.

use std::collections::BTreeSet;

use fluxor_engine::definition::Library;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::effect::WITHDRAWN_ARRIVED;

use serde_json::Value;

use super::{Endpoint, endpoints};

/// Verbs of instances' entries, and the event of what could not be delivered.
const VERBS: [&str; 24] = [
    "start",
    "signal",
    "approve",
    "reject",
    "abstain",
    "request_changes",
    "ask",
    "answer",
    "delegate",
    "reassign",
    "add_approver",
    "escalate",
    "remind",
    "add_watcher",
    "complete",
    "wake",
    "message",
    "repair",
    "retry",
    "skip",
    "move",
    "set_data",
    "cancel",
    "migrate",
];
/// What becomes an event though no definition takes it.
const ALSO: [&str; 2] = ["delivery_failed", WITHDRAWN_ARRIVED];

/// The same of all endpoints of a document, each with the endpoint's name.
pub(crate) fn warnings(document: &Value, library: &Library) -> Vec<String> {
    let (all, _) = endpoints::read(document);
    let told = |endpoint: &Endpoint| {
        let name = endpoint.name.clone();
        unknown(endpoint, library).into_iter().map(move |why| format!("{name}: {why}")).collect::<Vec<_>>()
    };
    all.iter().flat_map(|endpoint| told(endpoint)).collect()
}

/// A sentence for each name that lets nothing pass as long as these definitions are in force.
pub(super) fn unknown(endpoint: &Endpoint, library: &Library) -> Vec<String> {
    let workflows: BTreeSet<&str> = library.names().map(AsRef::as_ref).collect();
    let mut told = strangers("workflow", endpoint.workflows.as_ref(), &workflows);
    let heard = |name: &&str| endpoint.workflows.as_ref().is_none_or(|names| names.contains(*name));
    let definitions: Vec<_> =
        workflows.iter().copied().filter(heard).filter_map(|name| library.current(name)).collect();
    let states: BTreeSet<&str> =
        definitions.iter().flat_map(|definition| &definition.states).map(|state| &*state.path).collect();
    told.extend(strangers("state", endpoint.states.as_ref(), &states));
    let declared = definitions.iter().flat_map(|definition| definition.events.keys()).map(AsRef::as_ref);
    let taken = definitions.iter().flat_map(|definition| &definition.states).flat_map(|state| state.on.keys());
    let events: BTreeSet<&str> = declared.chain(taken.map(AsRef::as_ref)).chain(VERBS).chain(ALSO).collect();
    told.extend(strangers("event", endpoint.events.as_ref(), &events));
    told
}

fn strangers(kind: &str, named: Option<&BTreeSet<String>>, known: &BTreeSet<&str>) -> Vec<String> {
    let strangers = named.into_iter().flatten().filter(|name| !known.contains(name.as_str()));
    strangers
        .map(|name| {
            let near = nearest(name, known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("no {kind} is called `{name}`{hint}")
        })
        .collect()
}
