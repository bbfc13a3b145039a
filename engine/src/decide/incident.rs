//! What cannot be computed becomes an incident: the state stays, nothing else changes, and what was tried is kept so that
//! an operator can have it tried again.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::command::{COMPLETE, Command, Verb};
use crate::effect::{Decision, Effect, Record};
use crate::instance::{Attempt, Document, Incident, Instance, Status, Task, Undelivered, Undo, What};

/// The event by which an instance is told that a message to the outside was given up, and the code of its incident.
pub(super) const DELIVERY_FAILED: &str = "delivery_failed";

/// The code of the incident where a rule refuses time, or a result, whom nobody hears.
pub(super) const REFUSED_TO_ENGINE: &str = "refused_to_engine";

/// How many messages that were given up one incident keeps.
const MOST_UNDELIVERED: usize = 100;

/// What was tried when something could not be computed.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// The path of the state.
    pub(super) at: Option<Arc<str>>,
    /// Its timer, if time had come for one.
    pub(super) timer: Option<Arc<str>>,
    /// The ordinal of the task that time had come for.
    pub(super) task: Option<u32>,
    /// What was being taken back.
    pub(super) undo: Option<Undo>,
}

/// How long the message of an incident grows by people who were not told.
const LONGEST_UNTOLD: usize = 4_000;

/// The message of an incident that is about notices alone, with another that was given up; nothing, where it is about more.
pub(super) fn also_untold(known: &Incident, error: &str) -> Option<String> {
    let told = known.message.strip_prefix("`notices` could not be delivered: ")?;
    let is_said = told.split("; ").any(|said| said == error) || told.len() >= LONGEST_UNTOLD;
    Some(if is_said { known.message.clone() } else { format!("{}; {error}", known.message) })
}

/// Nothing but an incident: the state stays, somebody must look.
pub(super) fn incident<Op>(
    before: &Instance,
    now: Timestamp,
    (code, message): (&'static str, String),
    command: &Command,
    tried: Tried,
) -> Decision<Op> {
    let mut after = before.clone();
    after.status = if before.status == Status::Final { Status::Final } else { Status::Incident };
    let what = match command.verb {
        Verb::Wake { .. } => Some(used_up(&mut after, now, &tried)),
        _ => what(before, command, tried.at.as_ref()),
    };
    let Tried { at, undo, .. } = tried;
    let tried = what.map(|what| Box::new(Attempt { what, undo }));
    after.detail.note(Incident { code: code.into(), message, since: now, at, tried });
    let (event, request) = match &command.verb {
        Verb::Signal { event, .. } => (Some(event.clone()), Document::new()),
        // Its row goes: what it said is kept here, so that somebody can still say it.
        Verb::Message { event, payload, .. } => (Some(event.clone()), payload.clone()),
        Verb::Complete { data, .. } => (Some(COMPLETE.into()), data.clone()),
        _ => (None, Document::new()),
    };
    let effects: Vec<Effect<Op>> = Vec::new();
    Decision { after, effects, record: Record { event, request, ..Default::default() } }
}

/// What was due has been tried: it must not be tried again at once and for ever. What else is due, is due still.
fn used_up(after: &mut Instance, now: Timestamp, tried: &Tried) -> What {
    let known = tried.timer.is_some() || tried.task.is_some();
    let kept = |name: &Arc<str>, due: Timestamp| due > now || (known && tried.timer.as_ref() != Some(name));
    let (stay, timers) = std::mem::take(&mut after.detail.timers).into_iter().partition(|(name, due)| kept(name, *due));
    after.detail.timers = stay;
    let mut tasks = Vec::new();
    let due = |task: &&mut Task| task.due_at.is_some_and(|due| due <= now);
    for task in after.tasks.iter_mut().filter(due).filter(|t| !known || tried.task == Some(t.id.ordinal)) {
        task.due_at = None;
        tasks.push(task.id.ordinal);
    }
    What::Time { timers, tasks }
}

fn what(before: &Instance, command: &Command, at: Option<&Arc<str>>) -> Option<What> {
    let (event, payload, reason) = match &command.verb {
        Verb::Message { event, payload, .. } if &**event == DELIVERY_FAILED => {
            // An older one that nobody has looked at must not be lost behind this one.
            let mut messages: Vec<Undelivered> = before
                .detail
                .incidents()
                .filter(|known| known.at.as_ref() == at)
                .filter_map(|known| match &known.tried.as_ref()?.what {
                    What::Delivery { messages } => Some(messages.clone()),
                    _ => None,
                })
                .flatten()
                .collect();
            let told = Undelivered::told(payload)?;
            messages.retain(|known| *known != told);
            messages.truncate(MOST_UNDELIVERED - 1);
            messages.push(told);
            return Some(What::Delivery { messages });
        }
        Verb::Message { message, event, payload, .. } => {
            let (message, event, payload) = (message.clone(), event.clone(), payload.clone());
            return Some(What::Message { message, event, payload });
        }
        Verb::Signal { event, payload, reason, .. } => {
            (Some(event.clone()), payload.clone(), reason.as_deref().map(Into::into))
        }
        Verb::Decide { .. } | Verb::Complete { .. } => (None, Document::new(), None),
        Verb::Wake { .. } | Verb::Start { .. } | Verb::Repair { .. } | Verb::Migrate { .. } | Verb::Change(_) => {
            return None;
        }
    };
    let (verb, by) = (command.verb.name().into(), command.actor.person().cloned());
    Some(What::Act { verb, event, by, payload, reason })
}
