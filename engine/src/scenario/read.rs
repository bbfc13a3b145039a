//! A line becomes a step: one function for each verb that is not an act on a task, one for all of these.

use crate::approval::{Ballot, EscalateTo, EscalationMode, Position, RepairAction, Verb as Act};
use crate::definition::wait;
use crate::diagnostic::nearest;
use crate::ids::PersonId;

use super::phrase::Phrase;
use super::script::{Known, Wrong, document, instant};
use super::step::{Ask, Deliver, Place, Step};
use super::words::parts;

/// The verbs that are no acts on a task.
const VERBS: [&str; 9] = ["start", "signal", "complete", "record", "organisation", "wait", "deliver", "turn", "repair"];

/// The acts on a task, `repair` aside.
const ACTS: [&str; 12] = [
    "approve",
    "reject",
    "abstain",
    "request_changes",
    "ask",
    "answer",
    "delegate",
    "reassign",
    "add_approver",
    "add_watcher",
    "escalate",
    "remind",
];

const LOOK: &str = "look";

/// Who asks, and for what.
type Read = (Option<PersonId>, Step);

/// Reads the step that begins at byte `start` of the line with this number.
///
/// # Errors
/// What is wrong, where, and what would be right.
pub(super) fn step(line: &str, start: usize, number: usize, known: &Known<'_>) -> Result<Read, Wrong> {
    let mut all = parts(line, start, number)?;
    if all.words.is_empty() {
        let help = "write what is done, such as `> approve manager as bob`";
        return Err(Wrong::new(number, line.chars().count().max(1), "the step is empty", help));
    }
    let verb = all.words.remove(0);
    let mut phrase = Phrase::new(number, &verb.text, all);
    let read = match verb.text.as_str() {
        "start" => start_one(&mut phrase, known),
        "signal" => {
            let event = phrase.need("an event", "signal submit as ann")?;
            signal(&mut phrase, &event.text)
        }
        "complete" => complete(&mut phrase),
        "record" => record(&mut phrase, known),
        "organisation" => organisation(&mut phrase, known),
        "wait" => waiting(&mut phrase),
        "deliver" => deliver(&mut phrase),
        "turn" => turn(&mut phrase, known),
        "repair" => act(&mut phrase, repair),
        word if word == LOOK || ACTS.contains(&word) => act(&mut phrase, the_act),
        event if is_event(event, known) => signal(&mut phrase, event),
        word => {
            let events = known.library.names().filter_map(|name| known.library.current(name));
            let events = events.flat_map(|definition| definition.events.keys());
            let words = VERBS.iter().chain(&ACTS).copied().chain([LOOK]).chain(events.map(AsRef::as_ref));
            let near = nearest(word, words.collect::<Vec<_>>());
            let near = near.map(|near| format!("a similar word exists: `{near}`; ")).unwrap_or_default();
            let message = format!("`{word}` is neither a verb of scenarios nor an event of a definition");
            let help = format!("{near}an event that is meant to be unknown is written `signal {word}`");
            Err(phrase.wrong(verb.column, message, help))
        }
    };
    let read = read.and_then(|read| phrase.end().map(|()| read));
    read.map_err(|wrong| or_the_event(wrong, &verb.text, known))
}

/// What is wrong with the step of a verb that an event has as its name: perhaps that was meant.
fn or_the_event(wrong: Wrong, verb: &str, known: &Known<'_>) -> Wrong {
    let is_verb = VERBS.contains(&verb) || ACTS.contains(&verb) || verb == LOOK;
    if !is_verb || !is_event(verb, known) {
        return wrong;
    }
    Wrong { help: format!("{}; the event of this name is sent by `signal {verb}`", wrong.help), ..wrong }
}

fn is_event(name: &str, known: &Known<'_>) -> bool {
    known.library.names().filter_map(|name| known.library.current(name)).any(|definition| {
        definition.events.contains_key(name) || definition.states.iter().any(|state| state.on.contains_key(name))
    })
}

/// The name of a workflow that there is.
fn workflow(phrase: &mut Phrase, example: &str, known: &Known<'_>) -> Result<std::sync::Arc<str>, Wrong> {
    let name = phrase.need("a workflow", example)?;
    if let Some(definition) = known.library.current(&name.text) {
        return Ok(definition.name.clone());
    }
    let names: Vec<&str> = known.library.names().map(AsRef::as_ref).collect();
    let help = match nearest(&name.text, names.iter().copied()) {
        Some(near) => format!("a similar one exists: `{near}`"),
        None if names.is_empty() => "there are no definitions".to_owned(),
        None => format!("there are: {}", names.join(", ")),
    };
    Err(phrase.wrong(name.column, format!("there is no workflow `{}`", name.text), help))
}

fn start_one(phrase: &mut Phrase, known: &Known<'_>) -> Result<Read, Wrong> {
    let workflow = workflow(phrase, "start leave as ann {\"days\": 3}", known)?;
    phrase.clauses(&["as", "key"])?;
    let key = phrase.clause("key").map(|word| word.text.into());
    Ok((phrase.person("as"), Step::Ask(Ask::Start { workflow, key, input: phrase.data() })))
}

fn signal(phrase: &mut Phrase, event: &str) -> Result<Read, Wrong> {
    phrase.clauses(&["as", "at"])?;
    let revision = match phrase.clause("at") {
        None => None,
        Some(word) => Some(word.text.parse().map_err(|_| {
            let message = format!("`{}` is no state revision", word.text);
            phrase.wrong(word.column, message, "write a whole number behind `at`")
        })?),
    };
    let reason = phrase.reason().map(|reason| reason.to_string());
    Ok((phrase.person("as"), Step::Ask(Ask::Signal { event: event.into(), payload: phrase.data(), reason, revision })))
}

fn complete(phrase: &mut Phrase) -> Result<Read, Wrong> {
    let state = phrase.need("the state whose task is meant", "complete checks.tax as hal {\"tax_id\": \"DE1\"}")?;
    phrase.clauses(&["as", "for", "etag"])?;
    let state = Place { path: state.text.into(), column: state.column };
    let (on_behalf_of, etag) = (phrase.person("for"), phrase.clause("etag").map(|word| word.text));
    Ok((phrase.person("as"), Step::Ask(Ask::Complete { state, on_behalf_of, etag, data: phrase.data() })))
}

fn record(phrase: &mut Phrase, known: &Known<'_>) -> Result<Read, Wrong> {
    let example = "record budget it/EUR set_budget {\"amount\": \"500.00 EUR\"}";
    let kind = phrase.need("the kind of record", example)?;
    let key = phrase.need("the record's key", example)?;
    let action = phrase.need("an action", example)?;
    if !known.vocabulary.actions.contains_key(action.text.as_str()) {
        let near = nearest(&action.text, known.vocabulary.actions.keys().map(AsRef::as_ref));
        let help =
            near.map_or_else(|| format!("write such as `{example}`"), |near| format!("a similar one exists: `{near}`"));
        return Err(phrase.wrong(action.column, format!("there is no action `{}`", action.text), help));
    }
    phrase.clauses(&["as"])?;
    let (kind, key, action) = (kind.text.into(), key.text.into(), action.text.into());
    Ok((phrase.person("as"), Step::Ask(Ask::Record { kind, key, action, params: phrase.data() })))
}

fn organisation(phrase: &mut Phrase, known: &Known<'_>) -> Result<Read, Wrong> {
    let example = "organisation {\"people\": [{\"id\": \"bob\", \"active\": false}]}";
    let patch = match phrase.has_data() {
        true => {
            phrase.clauses(&["as"])?;
            phrase.data()
        }
        false => {
            let file = phrase.need("data or a file", example)?;
            phrase.clauses(&["as"])?;
            document(&file.text, phrase.line, file.column, known)?
        }
    };
    Ok((phrase.person("as"), Step::Ask(Ask::Organisation(patch))))
}

fn waiting(phrase: &mut Phrase) -> Result<Read, Wrong> {
    let until = phrase.is_next("until");
    let (text, column) = phrase.rest();
    if until {
        return Ok((None, Step::Until(instant(&text, phrase.line, column)?)));
    }
    let length = wait(&text).map_err(|help| {
        let message = format!("`{text}` is no length of time");
        phrase.wrong(column, message, if help.is_empty() { "write such as `2 days`".to_owned() } else { help })
    })?;
    Ok((None, Step::Wait(length)))
}

fn deliver(phrase: &mut Phrase) -> Result<Read, Wrong> {
    let how = match phrase.perhaps() {
        None => Deliver::All,
        Some(word) if word.text == "once" => Deliver::Once,
        Some(word) if word.text == "failing" => Deliver::Failing,
        Some(word) => {
            let message = format!("`{}` is not understood here", word.text);
            return Err(phrase.wrong(word.column, message, "write `deliver`, `deliver once` or `deliver failing`"));
        }
    };
    Ok((None, Step::Deliver(how)))
}

fn turn(phrase: &mut Phrase, known: &Known<'_>) -> Result<Read, Wrong> {
    let workflow = workflow(phrase, "turn leave", known)?;
    let (part, _) = phrase.rest();
    Ok((None, Step::Turn { workflow, part }))
}

/// An act on a task, which `read` reads.
fn act(phrase: &mut Phrase, read: fn(&mut Phrase) -> Result<Act, Wrong>) -> Result<Read, Wrong> {
    let act = read(phrase)?;
    let (state, etag) = (phrase.place("in"), phrase.clause("etag").map(|word| word.text));
    Ok((phrase.person("as"), Step::Ask(Ask::Decide { act, state, etag })))
}

fn the_act(phrase: &mut Phrase) -> Result<Act, Wrong> {
    let verb = phrase.verb.clone();
    if verb == "add_approver" {
        return add_approver(phrase);
    }
    if verb == "add_watcher" {
        let person = phrase.need("a person", "add_watcher gil as ann")?;
        phrase.clauses(&["as", "in", "etag"])?;
        return Ok(Act::AddWatcher { person: person.text.as_str().into() });
    }
    if verb == "answer" {
        return answer(phrase);
    }
    let example = match verb.as_str() {
        "delegate" => "delegate manager to cyd as bob",
        "reassign" => "reassign manager from bob to cyd as hal",
        "escalate" => "escalate manager to cyd mode replaces as hal",
        _ => &format!("{verb} manager as bob"),
    };
    let step = phrase.need("a step", example)?.text.into();
    let clauses: &[&'static str] = match verb.as_str() {
        "delegate" => &["as", "in", "etag", "to"],
        "reassign" => &["as", "in", "etag", "from", "to"],
        "escalate" => &["as", "in", "etag", "to", "mode"],
        "remind" | LOOK => &["as", "in", "etag"],
        "ask" => &["as", "in", "etag", "for", "to"],
        _ => &["as", "in", "etag", "for"],
    };
    phrase.clauses(clauses)?;
    Ok(match verb.as_str() {
        "delegate" => Act::Delegate { step, to: phrase.to(example)? },
        "reassign" => Act::Reassign { step, from: phrase.person("from"), to: phrase.to(example)? },
        "escalate" => {
            let to = phrase.person("to").map_or(EscalateTo::Manager, EscalateTo::from);
            Act::Escalate { step, mode: mode(phrase)?, to }
        }
        "remind" => Act::Remind { step },
        LOOK => Act::Look { step },
        vote => {
            let on_behalf_of = phrase.person("for");
            let ballot = Ballot { step, on_behalf_of, seen: None, reason: phrase.reason() };
            match vote {
                "approve" => Act::Approve(ballot),
                "reject" => Act::Reject(ballot),
                "abstain" => Act::Abstain(ballot),
                "request_changes" => Act::RequestChanges(ballot),
                _ => Act::Ask { ballot, to: phrase.person("to") },
            }
        }
    })
}

fn answer(phrase: &mut Phrase) -> Result<Act, Wrong> {
    let question = match phrase.perhaps() {
        None => None,
        Some(word) => Some(word.text.parse().map_err(|_| {
            let message = format!("`{}` is no number of a question", word.text);
            phrase.wrong(
                word.column,
                message,
                "write such as `answer as ann because it was dearer`, or `answer 2 as ann`",
            )
        })?),
    };
    phrase.clauses(&["as", "in", "etag"])?;
    Ok(Act::Answer { reason: phrase.reason(), question })
}

fn mode(phrase: &mut Phrase) -> Result<EscalationMode, Wrong> {
    let Some(word) = phrase.clause("mode") else { return Ok(EscalationMode::default()) };
    match word.text.as_str() {
        "adds" => Ok(EscalationMode::Adds),
        "replaces" => Ok(EscalationMode::Replaces),
        other => {
            let help = "write `mode adds`: either decides, or `mode replaces`: the new one alone";
            Err(phrase.wrong(word.column, format!("`{other}` is no way to escalate"), help))
        }
    }
}

fn add_approver(phrase: &mut Phrase) -> Result<Act, Wrong> {
    let example = "add_approver gil before manager as bob";
    let person = phrase.need("a person", example)?;
    let column = person.column;
    phrase.clauses(&["before", "after", "as", "for", "in", "etag"])?;
    let (before, after) = (phrase.clause("before"), phrase.clause("after"));
    let (position, step) = match (before, after) {
        (Some(step), None) => (Position::Before, step),
        (None, Some(step)) => (Position::After, step),
        _ => {
            let message = "`add_approver` needs one step, behind `before` or `after`";
            return Err(phrase.wrong(column, message, format!("write `{example}`")));
        }
    };
    let on_behalf_of = phrase.person("for");
    let ballot = Ballot { step: step.text.into(), on_behalf_of, seen: None, reason: phrase.reason() };
    Ok(Act::AddApprover { ballot, person: person.text.as_str().into(), position })
}

fn repair(phrase: &mut Phrase) -> Result<Act, Wrong> {
    let example = "repair assign manager to cyd as hal because nobody is left";
    let word = phrase.need("what is to be done", example)?;
    let action = match word.text.as_str() {
        "assign" => RepairAction::Assign,
        "restart" => RepairAction::Restart,
        "approve" => RepairAction::Approve,
        other => {
            let help = format!("write `{example}` or `repair restart as hal because ...`");
            return Err(phrase.wrong(word.column, format!("`{other}` repairs nothing"), help));
        }
    };
    let assign = action == RepairAction::Assign;
    let step = if assign { phrase.need("a step", example)?.text } else { String::new() };
    phrase.clauses(if assign { &["to", "as", "in", "etag"] } else { &["as", "in", "etag"] })?;
    let to = if assign { Some(phrase.to(example)?) } else { None };
    Ok(Act::Repair { action, step: step.into(), to, reason: phrase.reason() })
}
