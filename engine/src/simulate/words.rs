//! How what happens is told.

use std::sync::Arc;

use crate::definition::chart::{Arrow, By, Definition};
use crate::effect::Record;
use crate::ids::PersonId;
use crate::instance::Instance;

use super::asked::{Answer, Pace};
use super::play::REASON;
use super::report::Accepted;

/// An act in a step.
pub(super) fn act(verb: &str, step: &str, on_behalf_of: Option<&PersonId>) -> String {
    let verb = verb.replace('_', " ");
    on_behalf_of.map_or_else(|| format!("{verb} in {step}"), |who| format!("{verb} in {step} for {who}"))
}

/// What time or the engine did.
pub(super) fn happened(record: &Record) -> String {
    let mut all: Vec<String> = Vec::new();
    for (_, fired) in &record.fired {
        let step = fired.step.as_ref().map_or_else(String::new, |step| format!(" in {step}"));
        let names = |people: &[PersonId]| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join(", ");
        let from = if fired.from.is_empty() { String::new() } else { format!(": {}", names(&fired.from)) };
        let to = if fired.to.is_empty() { String::new() } else { format!(" to {}", names(&fired.to)) };
        all.push(format!("{}{step}{from}{to}", fired.what.name()));
    }
    all.extend(record.timers.iter().map(|(name, _)| format!("timer {name}")));
    all.extend(record.event.as_ref().map(|event| format!("is told: {event}")));
    if all.is_empty() { "looks again".to_owned() } else { all.join("; ") }
}

/// What is assumed of those who are asked; `given`: an answer that was given for the step.
pub(super) fn answers(given: Option<(&str, Answer)>, pace: Pace) -> String {
    let when = match pace {
        Pace::Now => "at once",
        Pace::Due => "at the instant by which it is due, else at once",
    };
    match given {
        None => format!("Whoever is asked approves, {when}."),
        Some((step, Answer::Approve)) => format!("Whoever is asked in `{step}` approves, {when}."),
        Some((step, Answer::Reject)) => format!("The first who is asked in `{step}` rejects, {when}."),
        Some((step, Answer::RequestChanges)) => format!("The first who is asked in `{step}` requests changes, {when}."),
        Some((step, Answer::None)) => format!("Nobody answers in `{step}`."),
    }
}

/// That a reason was needed which nobody gave.
pub(super) fn reason(verb: &str, what: &str) -> String {
    format!("`{verb} {what}` needs a reason, and none was given: “{REASON}” stands for it.")
}

/// What somebody may signal now, and by which rules.
pub(super) fn accepted(definition: &Definition, instance: &Instance) -> Vec<Accepted> {
    let Some(active) = definition.active(instance) else { return Vec::new() };
    let of = |event: Arc<str>| {
        let places = active.iter().flat_map(|&ix| definition.upwards(ix));
        let arrows = places.filter_map(|ix| definition.state(ix).on.get(&event)).flatten();
        let mut by: Vec<String> = Vec::new();
        for rule in arrows.filter(|arrow| arrow.goes()).filter_map(who) {
            if !by.contains(&rule) {
                by.push(rule);
            }
        }
        let title = definition.events.get(&event).map_or_else(|| event.clone(), |event| event.title.clone());
        Accepted { event, title, by }
    };
    definition.accepts(&active).into_iter().map(of).collect()
}

fn who(arrow: &Arrow) -> Option<String> {
    match &arrow.by {
        By::Anyone => Some("anyone".to_owned()),
        By::Person(_, text) => Some(text.to_string()),
        By::Role(role, None) => Some(format!("the role {role}")),
        By::Role(role, Some(_)) => Some(format!("the role {role} in its unit")),
        By::Engine => None,
    }
}
