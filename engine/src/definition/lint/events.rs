//! Events that nothing accepts, and events that nothing raises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::codes;
use crate::diagnostic::{Diagnostic, nearest};

use super::{Edge, Found, Outline, Trigger};

/// For how many events a similar one is looked for: whoever has more of them has not misspelt them.
const MOST_LOOKED_FOR: usize = 100;

/// The events that some state accepts.
fn accepted<'a>(outline: &Outline<'a>) -> BTreeSet<&'a str> {
    let event = |edge: &'a Edge| match &edge.trigger {
        Trigger::Event(name) => Some(&**name),
        Trigger::Always | Trigger::After(_) => None,
    };
    outline.edges.iter().filter_map(event).collect()
}

/// Declared events that no state accepts. Those that are only used are accepted where they are used.
pub(super) fn deaf(outline: &Outline<'_>, found: &mut Found) {
    if outline.any_tainted() {
        return;
    }
    let accepted = accepted(outline);
    let mut told = 0;
    let near = found.iter().filter(|finding| finding.code == codes::NEAR_EVENT);
    let slips: BTreeSet<String> = near.filter_map(|finding| Some(finding.fix.as_ref()?.text.clone())).collect();
    for (name, span) in outline.declared {
        // One that is used under nearly this name is reported there.
        if accepted.contains(name.as_str()) || slips.contains(name) {
            continue;
        }
        let used = outline.events.keys().map(AsRef::as_ref).filter(|other| accepted.contains(other));
        told += 1;
        let near = if told <= MOST_LOOKED_FOR { nearest(name, used) } else { None };
        let help = match near {
            Some(near) => format!("a similar event is accepted: `{near}`"),
            None => "write it under `on` of a state, or leave the declaration out".to_owned(),
        };
        found.push(
            Diagnostic::warning(codes::DEAF_EVENT, *span, format!("no state accepts `{name}`"))
                .label("declared for nothing")
                .help(help),
        );
    }
}

/// Events named like the result of a message that is never sent: the instance would wait for ever.
pub(super) fn never_sent(outline: &Outline<'_>, found: &mut Found) {
    let unsent: BTreeMap<&str, &Arc<str>> = outline.unsent.iter().map(|(event, message)| (&**event, message)).collect();
    let declared: BTreeSet<&str> = outline.declared.iter().map(|(name, _)| name.as_str()).collect();
    for edge in outline.edges {
        let Trigger::Event(name) = &edge.trigger else { continue };
        if !declared.contains(&**name)
            && let Some(message) = unsent.get(&**name)
        {
            found.push(
                Diagnostic::warning(
                    codes::NEVER_SENT,
                    edge.span,
                    format!("`{name}` never comes from `{message}`: nothing sends it"),
                )
                .label("anybody may raise it instead")
                .help(format!("write `send: {message}` where it is sent, or declare the event as your own")),
            );
        }
    }
}
