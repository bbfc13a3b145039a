//! What a repair would do, and what keeps somebody from one, in sentences for whoever runs the server. Programs read the same
//! as data, and so do those at a console (`crate::repairs`): here stand titles and names, and nothing that only a machine needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::approval::State;
use fluxor_engine::command::OpenSeat;
use fluxor_engine::decide::{Preview, PreviewedTask, summaries};
use fluxor_engine::definition::chart::{Definition, StateIx, TASK_STEP};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Status, What};

use super::words::{Words, words};
use crate::desk::Paper;
use crate::repairs::sentence;

/// What a state is called.
pub(super) fn title(definition: &Definition, path: &str) -> String {
    definition.find(path).map_or_else(|| words(path), |ix| definition.state(ix).title.to_string())
}

/// A sentence of the engine with what it names by the names of programs called as people call it: states and events by their
/// titles, all else as words.
pub(super) fn titled(text: &str, definition: &Definition) -> String {
    let is_name = |name: &str| {
        let first = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
        first && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'))
    };
    let called = |name: &str| match (definition.find(name), definition.events.get(name)) {
        (Some(ix), _) => definition.state(ix).title.to_string(),
        (None, Some(event)) => event.title.to_string(),
        (None, None) => words(name),
    };
    let (mut said, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('`') {
        let Some((name, onward)) = after.split_once('`') else { break };
        said.push_str(before);
        match is_name(name) {
            true => said.push_str(&format!("“{}”", called(name))),
            false => said.push_str(&format!("`{name}`")),
        }
        rest = onward;
    }
    said + rest
}

/// What a repair would do, in sentences. `aim`: the state that it is moved to, where it is.
pub(crate) fn would(told: &Preview, aim: Option<&str>, paper: &Paper, speak: &Words) -> Vec<String> {
    let definition = &paper.definition;
    let mut lines = vec![goes(told, definition)];
    lines.extend(stands(told, aim, paper));
    lines.extend(
        told.incidents_before.iter().map(|(_, why)| format!("What is wrong now: {}", wrong(why, definition, speak))),
    );
    match told.incidents.as_slice() {
        [] if told.incidents_before.is_empty() => {}
        [] => lines.push("Nothing is wrong with it afterwards.".to_owned()),
        all => lines
            .extend(all.iter().map(|(_, why)| format!("What is wrong afterwards: {}", wrong(why, definition, speak)))),
    }
    lines.extend(tasks(told, paper, speak));
    lines.extend(told.timers_stopped.iter().map(|timer| {
        let at = speak.at(timer.at);
        format!("The time of “{}” that would have run until {at} runs no more.", of_timer(&timer.name, definition))
    }));
    lines.extend(told.timers_started.iter().map(|timer| {
        format!("Time begins to run for “{}”, until {}.", of_timer(&timer.name, definition), speak.at(timer.at))
    }));
    messages(&mut lines, told, paper);
    lines.extend(told.fields.iter().map(|field| match &*field.field {
        "lines_digest" => "What its lines say changes.".to_owned(),
        name => format!("{}: {} → {}.", words(name), speak.value(&field.before), speak.value(&field.after)),
    }));
    books(&mut lines, told);
    let done = |name: &Arc<str>| words(name);
    lines.extend(told.undone.iter().map(|(of, by)| format!("“{}” is taken back, by “{}”.", done(of), done(by))));
    lines.extend(told.left_out.iter().map(|(of, _)| format!("“{}” stays done: it is not taken back.", done(of))));
    lines.extend(told.told.iter().map(|(to, event)| tells((*to, event), paper)));
    lines.extend(told.started.iter().map(|child| {
        let key = child.key.as_ref().map_or_else(String::new, |key| format!(" {key}"));
        format!("It starts another document: {}{key}.", words(&child.workflow))
    }));
    lines.extend(told.warnings.iter().map(|warning| titled(warning, definition)));
    lines
}

/// Where it goes.
fn goes(told: &Preview, definition: &Definition) -> String {
    let inside: Vec<String> = told.inside.iter().map(|path| format!("“{}”", title(definition, path))).collect();
    let (from, to) = (title(definition, &told.from), inside.join(" and "));
    match (told.stopped.is_some(), told.status, told.from == told.to) {
        (true, ..) => format!("It ends where it stands, in “{from}”."),
        (false, Status::Final, _) => format!("It goes from “{from}” to {to}, and has ended then."),
        (false, _, true) => format!("It stays in {to}."),
        (false, _, false) => format!("It goes from “{from}” to {to}."),
    }
}

fn wrong(message: &str, definition: &Definition, speak: &Words) -> String {
    let said = titled(&speak.named(&sentence(message)), definition);
    if said.ends_with('.') { said } else { said + "." }
}

/// That an approval which it is moved into stands approved, so that nobody is asked: it has gone on at once.
fn stands(told: &Preview, aim: Option<&str>, paper: &Paper) -> Option<String> {
    let definition = &paper.definition;
    let aim = definition.find(aim.unwrap_or(&told.from))?;
    let before: BTreeSet<&Arc<str>> = paper.instance.inside().iter().collect();
    let newest = |state: &str| paper.instance.tasks.iter().rev().find(|task| *task.state == *state);
    // Where it stands already it is not entered.
    let entered = |ix: &StateIx| definition.is_within(*ix, aim) && !before.contains(&definition.state(*ix).path);
    let all = (0..definition.states.len()).map(StateIx).filter(entered);
    let passed = all.map(|ix| &definition.state(ix).path).find(|path| {
        let approved = newest(path).is_some_and(|task| task.detail.review.state == State::Approved);
        approved && !told.inside.contains(path) && told.tasks_opened.iter().all(|task| task.state != **path)
    })?;
    let on: Vec<String> = told.inside.iter().map(|path| format!("“{}”", title(definition, path))).collect();
    Some(format!(
        "It was approved in “{}”, and that still holds: nobody is asked, and it goes on to {} at once. To have it decided \
         anew, move it to where it was before the approval, and have it changed and submitted again there.",
        title(definition, passed),
        on.join(" and ")
    ))
}

/// Who is asked no more, and who is asked then.
fn tasks(told: &Preview, paper: &Paper, speak: &Words) -> Vec<String> {
    let Paper { instance, definition, organisation, now, .. } = paper;
    let known = summaries(definition, instance, organisation, *now);
    let closed = told.tasks_closed.iter().filter_map(|id| known.iter().find(|task| task.id == *id)).map(|task| {
        let people = people(&task.open, speak, false);
        let who = if people.is_empty() { "Nobody".to_owned() } else { format!("No longer asked: {people}. Nobody") };
        format!("{who} decides any more in “{}”.", title(definition, &task.state))
    });
    let opened = told.tasks_opened.iter().map(|task| asks(task, definition, speak));
    closed.chain(opened).collect()
}

fn asks(task: &PreviewedTask, definition: &Definition, speak: &Words) -> String {
    let place = title(definition, &task.state);
    let due = task.due_at.map_or_else(String::new, |due| format!(" It is due by {}.", speak.at(due)));
    match people(&task.open, speak, true) {
        nobody if nobody.is_empty() => format!("Nobody can be asked in “{place}”."),
        people => format!("Asked in “{place}”: {people}.{due}"),
    }
}

/// People by name; with the steps in which they are asked.
fn people(open: &[OpenSeat], speak: &Words, steps: bool) -> String {
    let one = |seat: &OpenSeat| match &*seat.step {
        step if steps && step != TASK_STEP => format!("{} ({})", speak.name(&seat.person), words(step).to_lowercase()),
        _ => speak.name(&seat.person),
    };
    let mut all: Vec<String> = open.iter().map(one).collect();
    all.dedup();
    all.join(", ")
}

/// The state of a timer: `<path>#<n>`.
pub(super) fn of_timer(name: &str, definition: &Definition) -> String {
    title(definition, name.split_once('#').map_or(name, |(path, _)| path))
}

/// What goes out, goes out again, or is given up; and that what failed may have arrived after all.
fn messages(lines: &mut Vec<String>, told: &Preview, paper: &Paper) {
    let tried = paper.instance.detail.incidents().filter_map(|incident| incident.tried.as_ref());
    let failed: BTreeSet<&Arc<str>> = tried
        .flat_map(|tried| match &tried.what {
            What::Delivery { messages } => messages.as_slice(),
            _ => &[],
        })
        .map(|message| &message.destination)
        .collect();
    let mut again: BTreeSet<&Arc<str>> = BTreeSet::new();
    for message in &told.messages {
        lines.push(format!("It sends “{}”.", words(&message.message)));
        again.extend(Some(&message.message).filter(|name| failed.contains(name)));
    }
    for message in &told.sent_again {
        lines.push(format!("It sends “{}” again.", words(&message.destination)));
        again.insert(&message.destination);
    }
    lines.extend(again.into_iter().map(|name| {
        format!(
            "“{}” went out before and was given up: it may have arrived after all. Ask who gets it first, so that nothing is \
             done twice.",
            words(name)
        )
    }));
    lines.extend(
        told.withdrawn
            .iter()
            .map(|name| format!("“{}” is not sent any more, unless it has gone out by then.", words(name))),
    );
    let given_up = told.forgotten.iter().map(|message| &message.destination).collect::<BTreeSet<_>>();
    lines.extend(
        given_up.into_iter().map(|name| format!("“{}” is given up for good: it is not sent any more.", words(name))),
    );
}

/// Which books change.
fn books(lines: &mut Vec<String>, told: &Preview) {
    let tables = told.rows.iter().filter(|row| row.kind == "table").filter_map(|row| row.row.as_str());
    let others = told.rows.iter().filter(|row| row.row.is_object()).map(|row| row.kind.as_str());
    let mut names: Vec<String> = tables.chain(others).map(|name| words(name).to_lowercase()).collect();
    names.sort();
    names.dedup();
    if !names.is_empty() {
        lines.push(format!("It writes in the books: {}.", names.join(", ")));
    }
}

/// That another document is told of it.
fn tells((to, event): (InstanceId, &str), paper: &Paper) -> String {
    let detail = &paper.instance.detail;
    match event {
        _ if to == paper.instance.id => format!("It is told: {}.", titled(&format!("`{event}`"), &paper.definition)),
        _ if detail.called.values().any(|id| *id == to) => {
            "The document that it has started, and waits for, is told that nobody waits for it any more.".to_owned()
        }
        _ if detail.caller == Some(to) => {
            "The document that started it, and waits for it, is told how it ended.".to_owned()
        }
        _ => "Another document that hangs together with it is told.".to_owned(),
    }
}
