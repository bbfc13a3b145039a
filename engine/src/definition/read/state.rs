//! States, with those inside them.

use crate::definition::codes;
use crate::definition::file::{ArrowFile, CallingFile, DueFile, Name, StateFile, TimerFile};
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Help, Span};

use super::{Found, Keys, arrow, name, one_or_many, string, text, truth, wait};

/// Keys of a state.
pub(in crate::definition) const STATE: &[&str] = &[
    "title",
    "tags",
    "on",
    "always",
    "after",
    "do",
    "send",
    "exit",
    "start",
    "states",
    "parallel",
    "final",
    "approval",
    "task",
    "call",
    "no_return",
];

/// Keys of a call.
pub(in crate::definition) const CALL: &[&str] = &["workflow", "input", "key"];

/// Keys of a timer, besides those of an arrow.
pub(in crate::definition) const TIMER: &[&str] = &["in", "at", "then"];

/// What a final state may not have, since nothing leaves it.
const LEAVING: &[&str] =
    &["on", "always", "after", "exit", "start", "states", "parallel", "approval", "task", "call", "no_return"];

/// The regions of a parallel state.
fn regions(node: &Node, key: Span, found: &mut Found) -> Vec<StateFile> {
    if matches!(node.shape, Shape::Map(_)) {
        return states(node, key, found);
    }
    let help = match node.shape {
        Shape::Scalar(_) => "write the regions under it in place of `states`",
        _ => "give each region a name",
    };
    let help = format!("{help}: `parallel: {{ legal: {{ ... }}, money: {{ ... }} }}`");
    found.push(super::wrong_shape(node, key, "`parallel`", "a mapping of regions").help(help));
    Vec::new()
}

pub(super) fn states(node: &Node, key: Span, found: &mut Found) -> Vec<StateFile> {
    let Some(keys) = Keys::any(node, key, "`states`", found) else { return Vec::new() };
    if keys.is_empty() {
        found.push(Diagnostic::error(codes::NO_STATES, key, "there are no states here").help("write at least one"));
    }
    keys.iter()
        .filter_map(|(name, node)| if outdented(name, node, found) { None } else { state(name, node, found) })
        .collect()
}

/// Whether it is no state but what belongs to one and stands too far out; reports it.
fn outdented(name: &Name, node: &Node, found: &mut Found) -> bool {
    const WORDS: &[&str] = &["on", "do", "after", "always", "send", "exit", "approval", "states"];
    let like_a_state = match &node.shape {
        Shape::Map(entries) => entries.iter().all(|(key, _)| STATE.contains(&key.value.as_str())),
        Shape::Empty => true,
        Shape::Scalar(_) | Shape::List(_) => false,
    };
    let outdented = WORDS.contains(&name.value.as_str()) && !like_a_state;
    if outdented {
        let message = format!("`{}` stands among the states", name.value);
        found.push(
            Diagnostic::error(codes::WRONG_SHAPE, name.span, message)
                .label("a key of a state")
                .help("indent it further: it belongs to the state above"),
        );
    }
    outdented
}

fn state(name: &Name, node: &Node, found: &mut Found) -> Option<StateFile> {
    let good = super::checked_name(name, "the name of a state", found);
    // One that is nearly a name goes on under the name that is meant: arrows that lead there are right.
    let meant = if good { Some(name.value.clone()) } else { super::meant_name(&name.value) };
    let keys = Keys::of(node, name.span, "a state", STATE, found)?;
    let inside = keys.get("states");
    let mapped = keys.get("parallel").filter(|(_, node)| matches!(node.shape, Shape::Map(_)));
    if let (Some((at, _)), Some((states, _))) = (mapped, keys.get("states")) {
        found.push(
            Diagnostic::error(
                codes::CONFLICT,
                states,
                "a parallel state is in all its regions, not in one of `states`",
            )
            .related(at, "the regions")
            .help("put the `states` into one of the regions, or leave one of the two out"),
        );
    }
    if let (Some((at, _)), Some((start, _))) = (keys.get("parallel"), keys.get("start")) {
        found.push(
            Diagnostic::error(codes::CONFLICT, start, "a parallel state begins in all its regions")
                .related(at, "the regions")
                .help("leave `start` out here; each region has its own"),
        );
    }
    let failed = keys.get("final").is_some_and(|(_, node)| node.text() == Some("failed"));
    let is_final = keys.get("final").and_then(|(key, node)| (failed || ends(node, key, found)).then_some(key));
    let state = StateFile {
        name: Spot::new(meant.clone().unwrap_or_default(), name.span),
        title: keys.get("title").and_then(|(key, node)| string(node, key, "the title", found)).map(|t| t.value),
        start: keys.get("start").and_then(|(key, node)| first(node, key, found)),
        states: match keys.get("parallel") {
            Some((key, node)) => Some(regions(node, key, found)),
            None => inside.map(|(key, node)| states(node, key, found)),
        },
        parallel: keys.get("parallel").map(|(key, _)| key),
        tags: keys.get("tags").map(|(key, node)| tags(node, key, found)).unwrap_or_default(),
        is_final,
        approval: keys.get("approval").map(|(key, node)| (key, node.clone())),
        task: keys.get("task").map(|(key, node)| (key, node.clone())),
        call: keys.get("call").and_then(|(key, node)| calling(node, key, found)),
        failed,
        no_return: keys.get("no_return").and_then(|(key, node)| why_final(node, key, found)),
        entry: keys.get("do").map(|(key, node)| arrow::calls(node, key, found)).unwrap_or_default(),
        sends: keys.get("send").map(|(key, node)| arrow::sends(node, key, found)).unwrap_or_default(),
        exit: keys.get("exit").map(|(key, node)| arrow::calls(node, key, found)).unwrap_or_default(),
        on: keys.get("on").map(|(key, node)| on(node, key, found)).unwrap_or_default(),
        always: keys.get("always").map(|(key, node)| arrow::arrows(node, key, found)).unwrap_or_default(),
        after: keys.get("after").map(|(key, node)| timers(node, key, found)).unwrap_or_default(),
        leaves: keys.iter().map(|(key, _)| key).find(|key| LEAVING.contains(&key.value.as_str())).cloned(),
    };
    meant.map(|_| state)
}

/// Whether the state is an end; of an end that is a failure there is one word only.
fn ends(node: &Node, key: Span, found: &mut Found) -> bool {
    match node.text() {
        Some(word) if word.to_ascii_lowercase().starts_with("fail") || word == "error" => {
            let finding = Diagnostic::error(codes::NOT_A_WORD, node.span, format!("`final` is not `{word}`"));
            found.push(finding.help(Help::instead("for an end that is a failure write `failed`", "failed")));
            true
        }
        _ => truth(node, key, "`final`", found).is_some_and(|is| is),
    }
}

/// Why nothing leads back: a sentence for whoever would, not a mark.
fn why_final(node: &Node, key: Span, found: &mut Found) -> Option<Name> {
    let is_mark = |text: &str| text.trim().is_empty() || matches!(text, "true" | "false" | "yes" | "no");
    if node.text().is_some_and(is_mark) {
        let span = if node.span.start == node.span.end { key } else { node.span };
        found.push(
            Diagnostic::error(codes::WRONG_SHAPE, span, "`no_return` is a sentence that says why nothing leads back")
                .label("this gives no reason")
                .help("write, for example, `no_return: It has been ordered.`"),
        );
        return None;
    }
    string(node, key, "why nobody leads it back", found)
}

/// The state inside in which a state begins; what is no name is looked for all the same, and not found.
fn first(node: &Node, key: Span, found: &mut Found) -> Option<Name> {
    match node.text() {
        Some(path) if path.contains('.') => Some(Spot::new(path.to_owned(), node.span)),
        _ => self::name(node, key, "the first state", found),
    }
}

fn tags(node: &Node, key: Span, found: &mut Found) -> Vec<Name> {
    let mut tags: Vec<Name> = Vec::new();
    for node in one_or_many(node, key, "the tag", found) {
        let Some(tag) = self::name(node, key, "a tag", found) else { continue };
        if let Some(first) = tags.iter().find(|known| known.value == tag.value) {
            found.push(
                Diagnostic::warning(codes::SAME_TAG, tag.span, format!("the tag `{}` stands here twice", tag.value))
                    .related(first.span, "first here")
                    .help("leave one of them out"),
            );
            continue;
        }
        tags.push(tag);
    }
    tags
}

/// `other_workflow`, or `{ workflow: other_workflow, input: { field: expression }, key: expression }`.
fn calling(node: &Node, key: Span, found: &mut Found) -> Option<CallingFile> {
    if !matches!(node.shape, Shape::Map(_)) {
        let workflow = Some(self::name(node, key, "the workflow", found)?);
        return Some(CallingFile { span: key, workflow, input: Vec::new(), key: None });
    }
    let keys = Keys::of(node, key, "a call", CALL, found)?;
    let workflow = keys.need("workflow", "a call", "write `workflow: its_name`", found);
    Some(CallingFile {
        span: key,
        workflow: workflow.and_then(|(key, node)| self::name(node, key, "the workflow", found)),
        input: keys.get("input").map(|(key, node)| arrow::texts(node, key, "`input`", found)).unwrap_or_default(),
        key: keys.get("key").and_then(|(key, node)| super::text(node, key, "the key", found)),
    })
}

fn on(node: &Node, key: Span, found: &mut Found) -> Vec<(Name, Vec<ArrowFile>)> {
    let Some(keys) = Keys::any(node, key, "`on`", found) else { return Vec::new() };
    let mut on = Vec::new();
    for (event, node) in keys.iter() {
        let good = super::checked_name(event, "the name of an event", found);
        let arrows = arrow::arrows(node, event.span, found);
        if good {
            on.push((Spot::clone(event), arrows));
        }
    }
    on
}

fn timers(node: &Node, key: Span, found: &mut Found) -> Vec<TimerFile> {
    one_or_many(node, key, "the timer", found).into_iter().filter_map(|node| timer(node, key, found)).collect()
}

fn timer(node: &Node, key: Span, found: &mut Found) -> Option<TimerFile> {
    if let Shape::Scalar(time) = &node.shape {
        found.push(
            super::wrong_shape(node, key, "a timer", "a mapping")
                .help(format!("write {{ in: {}, to: ... }}", time.text.trim())),
        );
        return None;
    }
    let allowed: Vec<&str> = TIMER.iter().chain(arrow::ARROW).copied().collect();
    let keys = Keys::entry(node, key, "a timer", &allowed, found)?;
    let due = due(&keys, found);
    let arrows = match keys.get("then") {
        None => vec![arrow::of_keys(&keys, found)],
        Some((at, node)) => {
            if let Some((key, _)) = keys.iter().find(|(key, _)| arrow::ARROW.contains(&key.value.as_str())) {
                found.push(
                    Diagnostic::error(codes::CONFLICT, key.span, format!("`{}` stands beside `then`", key.value))
                        .related(at, "the arrows of the timer")
                        .help("put it into the arrows of `then`"),
                );
            }
            arrow::arrows(node, at, found)
        }
    };
    Some(TimerFile { due, arrows })
}

/// After how long, or at which instant.
fn due(keys: &Keys<'_>, found: &mut Found) -> Option<DueFile> {
    let Some((at, node)) = keys.get("at") else {
        let help = "write how long after entering the state, `in: 2 days`, or `at:` with the instant";
        let (key, node) = keys.need("in", "a timer", help, found)?;
        return wait(node, key, "`in`", found).map(DueFile::In);
    };
    if let Some((key, _)) = keys.get("in") {
        found.push(
            Diagnostic::error(codes::CONFLICT, key, "`in` stands beside `at`")
                .related(at, "says when, too")
                .help("leave out one of them"),
        );
    }
    text(node, at, "the instant", found).map(DueFile::At)
}
