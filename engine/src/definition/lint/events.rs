//! Events that nothing accepts, and events that nothing raises.

use std::sync::Arc;

use crate::definition::codes;
use crate::diagnostic::{Diagnostic, nearest};

use super::{Found, Outline, Trigger};

fn accepted(outline: &Outline<'_>, event: &str) -> bool {
    outline.edges.iter().any(|edge| matches!(&edge.trigger, Trigger::Event(name) if **name == *event))
}

/// Declared events that no state accepts. Those that are only used are accepted where they are used.
pub(super) fn deaf(outline: &Outline<'_>, found: &mut Found) {
    if outline.any_tainted() {
        return;
    }
    for (name, span) in outline.declared {
        if accepted(outline, name) {
            continue;
        }
        let used = outline.events.keys().map(AsRef::as_ref).filter(|other| accepted(outline, other));
        let help = match nearest(name, used) {
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
    let seen: Vec<&Arc<str>> = outline.unsent.iter().map(|(event, _)| event).collect();
    for edge in outline.edges {
        let Trigger::Event(name) = &edge.trigger else { continue };
        let declared = outline.declared.iter().any(|(declared, _)| **declared == **name);
        if !declared
            && seen.contains(&name)
            && let Some((_, message)) = outline.unsent.iter().find(|(event, _)| event == name)
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
