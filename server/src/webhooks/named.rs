//! Names in the filters of an endpoint that nothing in force has: a slip of the pen, or what is yet to come. They are told, not
//! refused: a setting may be older or newer than the definitions.

use std::collections::BTreeSet;

use fluxor_engine::definition::Library;
use fluxor_engine::diagnostic::nearest;

use super::Endpoint;
use crate::app::VERBS;

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
    let events: BTreeSet<&str> = declared.chain(taken.map(AsRef::as_ref)).chain(VERBS.iter().copied()).collect();
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
