//! Arrows, and what they do: actions and messages.

use std::ops::RangeInclusive;

use crate::definition::chart::Retry;
use crate::definition::codes;
use crate::definition::file::{ArrowFile, CallFile, Name, SendFile, Text};
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Help, Span};

use super::{Found, Keys, checked_name, duration, flow, name, one_or_many, text, top, truth, whole, word, wrong_shape};

/// The key under which an action or a message says what takes it back.
pub(in crate::definition) const UNDO: &str = "undo";

/// Keys of an arrow.
pub(in crate::definition) const ARROW: &[&str] = &["if", "by", "reason", "to", "undo", "set", "do", "send", "refuse"];

/// Keys of a message.
pub(in crate::definition) const MESSAGE: &[&str] = &["retry", "from", "to", UNDO];

/// Whether an arrow wants a reason.
pub(in crate::definition) const REASONS: &[&str] = &["required", "optional"];

/// How often a message may be tried.
pub(in crate::definition) const ATTEMPTS: RangeInclusive<u32> = 1..=100;

/// One arrow or a list of them.
pub(super) fn arrows(node: &Node, key: Span, found: &mut Found) -> Vec<ArrowFile> {
    let items = match &node.shape {
        // `note: ` alone accepts the event and does nothing, as `note: {}` does.
        Shape::Empty => vec![node],
        _ => one_or_many(node, key, "the arrow", found),
    };
    if items.is_empty() {
        found.push(Diagnostic::error(codes::EMPTY, key, "there is no arrow here").help("write `{ to: state }`"));
    }
    items.into_iter().filter_map(|node| arrow(node, key, found)).collect()
}

fn arrow(node: &Node, key: Span, found: &mut Found) -> Option<ArrowFile> {
    match &node.shape {
        Shape::Scalar(_) => {
            let to = top::target(node, key, found)?;
            Some(ArrowFile { to: Some(to), ..empty(node.span) })
        }
        Shape::Map(_) => Keys::of(node, node.span, "an arrow", ARROW, found).map(|keys| of_keys(&keys, found)),
        Shape::Empty => Some(empty(key)),
        Shape::List(_) => {
            found.push(wrong_shape(node, key, "an arrow", "a mapping or a state's name"));
            None
        }
    }
}

const fn empty(span: Span) -> ArrowFile {
    ArrowFile {
        span,
        guard: None,
        by: None,
        reason: None,
        to: None,
        undo: None,
        set: Vec::new(),
        actions: Vec::new(),
        sends: Vec::new(),
        refuse: None,
    }
}

/// The arrow that `keys` describe.
pub(super) fn of_keys(keys: &Keys<'_>, found: &mut Found) -> ArrowFile {
    let refuse = keys.get("refuse").and_then(|(key, node)| text(node, key, "the sentence of the refusal", found));
    if let Some((at, _)) = keys.get("refuse") {
        for (key, _) in
            keys.iter().filter(|(key, _)| ["to", "undo", "set", "do", "send", "reason"].contains(&key.value.as_str()))
        {
            found.push(
                Diagnostic::error(codes::CONFLICT, key.span, format!("an arrow that refuses has no `{}`", key.value))
                    .related(at, "refuses here")
                    .help("a refusal changes nothing; write two arrows in a list, the refusal first"),
            );
        }
    }
    ArrowFile {
        span: keys.owner,
        guard: keys.get("if").and_then(|(key, node)| text(node, key, "the condition", found)),
        by: keys.get("by").and_then(|(key, node)| who_may(keys, (key, node), "who may", found)),
        reason: keys.get("reason").and_then(|(key, node)| {
            let word = word(node, key, "`reason`", REASONS, found)?;
            Some(Spot::new(word.value == "required", key))
        }),
        to: keys.get("to").and_then(|(key, node)| top::target(node, key, found)),
        undo: keys.get("undo").and_then(|(key, node)| undoing(node, key, found)),
        set: keys.get("set").map(|(key, node)| texts(node, key, "`set`", found)).unwrap_or_default(),
        actions: keys.get("do").map(|(key, node)| calls(node, key, found)).unwrap_or_default(),
        sends: keys.get("send").map(|(key, node)| sends(node, key, found)).unwrap_or_default(),
        refuse,
    }
}

/// Who may take it. Several rules are several arrows.
pub(super) fn who_may(keys: &Keys<'_>, (key, node): (Span, &Node), what: &str, found: &mut Found) -> Option<Text> {
    let several = |rules: &[&str]| several_rules(rules, keys);
    let Shape::List(items) = &node.shape else {
        if let Some(rules) = node.text().and_then(|written| rules_in(written.trim())) {
            let finding = Diagnostic::error(codes::BAD_BY, node.span, "`by` is one rule, and these are several");
            found.push(finding.help(several(&rules)));
            return None;
        }
        return text(node, key, what, found);
    };
    let rules: Vec<&str> = items.iter().filter_map(Node::text).map(str::trim).collect();
    let people = rules.len() == items.len() && !rules.is_empty() && !rules.iter().any(|rule| is_role(rule));
    let help = match people {
        true => format!("several people are a list in an expression: `'[{}]'`", rules.join(", ")).into(),
        false => several(&rules),
    };
    found.push(Diagnostic::error(codes::BAD_BY, node.span, "`by` is one rule, and this is a list").help(help));
    None
}

fn is_role(rule: &str) -> bool {
    rule.strip_prefix("role").is_some_and(|rest| rest.trim_start().starts_with('('))
}

/// The rules of a text that names several, one of them a role: `po.requester || role(buyer)`.
fn rules_in(written: &str) -> Option<Vec<&str>> {
    let inner = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    let (mut rules, mut depth, mut begun, mut at) = (Vec::new(), 0_usize, 0, 0);
    let mut quote = None;
    while let Some(rest) = inner.get(at..).filter(|rest| !rest.is_empty()) {
        let mark =
            ["||", ",", " or ", " OR "].iter().find(|mark| depth == 0 && quote.is_none() && rest.starts_with(**mark));
        if let Some(mark) = mark {
            rules.push(inner[begun..at].trim());
            at += mark.len();
            begun = at;
            continue;
        }
        match rest.chars().next() {
            Some(c) if quote == Some(c) => quote = None,
            Some(_) if quote.is_some() => {}
            Some(c @ ('"' | '\'')) => quote = Some(c),
            Some('(' | '[') => depth += 1,
            Some(')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    rules.push(inner[begun..].trim());
    (rules.len() > 1 && rules.iter().any(|rule| is_role(rule))).then_some(rules)
}

/// What to write for these rules in place of the arrow that `keys` describe.
fn several_rules(rules: &[&str], keys: &Keys<'_>) -> Help {
    if rules.is_empty() {
        return "write one rule; for several write an arrow each".into();
    }
    let rest = keys.iter().filter(|(key, _)| key.value != "by");
    let rest: String = rest.map(|(key, node)| format!(", {}: {}", key.value, flow::written(node))).collect();
    let arrow = |rule: &&str| format!("{{ by: {}{rest} }}", flow::scalar(rule));
    let arrows: Vec<String> = rules.iter().map(arrow).collect();
    format!("write an arrow for each: `[{}]`", arrows.join(", ")).into()
}

/// `true`, or the actions and messages whose work is taken back.
fn undoing(node: &Node, key: Span, found: &mut Found) -> Option<(Span, Vec<Name>)> {
    if let Shape::Scalar(scalar) = &node.shape
        && ["true", "false"].contains(&scalar.text.as_str())
    {
        return truth(node, key, "`undo`", found).filter(|all| *all).map(|_| (key, Vec::new()));
    }
    let nodes = one_or_many(node, key, "what is undone", found);
    Some((key, nodes.into_iter().filter_map(|node| name(node, key, "an action", found)).collect()))
}

/// Names, each with an expression.
pub(super) fn texts(node: &Node, key: Span, what: &str, found: &mut Found) -> Vec<(Name, Text)> {
    let Some(keys) = Keys::any(node, key, what, found) else { return Vec::new() };
    keys.iter()
        .filter_map(|(name, node)| {
            if node.shape == Shape::Empty && node.span.start < node.span.end {
                let message = format!("the value of `{}` is missing", name.value);
                let help =
                    Help::instead("YAML's own null is no expression: to empty a field write `\"null\"`", "\"null\"");
                found.push(Diagnostic::error(codes::EMPTY, node.span, message).label("nothing at all").help(help));
                return None;
            }
            Some((name.clone(), text(node, name.span, &format!("the value of `{}`", name.value), found)?))
        })
        .collect()
}

/// A name by itself, or names each with what belongs to it: in a mapping or in a list of either.
fn named<'n>(node: &'n Node, key: Span, what: &str, found: &mut Found) -> Vec<(Name, Option<&'n Node>)> {
    let mut names = Vec::new();
    for item in one_or_many(node, key, what, found) {
        match &item.shape {
            Shape::Map(_) => {
                let Some(keys) = Keys::any(item, key, what, found) else { continue };
                names.extend(keys.iter().map(|(name, node)| (name.clone(), Some(node))));
            }
            Shape::Scalar(scalar) => names.push((Spot::new(scalar.text.clone(), item.span), None)),
            _ => found.push(wrong_shape(item, key, what, "a name")),
        }
    }
    names.retain(|(name, _)| checked_name(name, what, found));
    names
}

/// `reserve_budget`, `{ reserve_budget: { amount: "po.amount" }, undo: release_budget }`, or a list of these.
pub(super) fn calls(node: &Node, key: Span, found: &mut Found) -> Vec<CallFile> {
    let mut calls: Vec<CallFile> = Vec::new();
    for item in one_or_many(node, key, "an action", found) {
        let all = named(item, key, "an action", found);
        let undo = all.iter().find(|(name, _)| name.value == UNDO).cloned();
        let acts: Vec<_> = all.into_iter().filter(|(name, _)| name.value != UNDO).collect();
        let undo = match (undo, acts.len()) {
            (None, _) => Vec::new(),
            (Some((at, Some(node))), 1) => self::calls(node, at.span, found),
            (Some((at, _)), _) => {
                found.push(
                    Diagnostic::error(codes::CONFLICT, at.span, "`undo` says how one action is taken back")
                        .help("write each action with its own: `- { reserve_budget: {}, undo: release_budget }`"),
                );
                Vec::new()
            }
        };
        if let Some(twice) = undo.iter().find(|call| !call.undo.is_empty()) {
            found.push(
                Diagnostic::error(codes::CONFLICT, twice.name.span, "what undoes has no `undo` of its own")
                    .help("leave the inner `undo` out"),
            );
        }
        calls.extend(acts.into_iter().map(|(name, node)| {
            let params =
                node.map(|node| texts(node, name.span, "an action with parameters", found)).unwrap_or_default();
            CallFile { name, params, undo: Vec::new() }
        }));
        if let Some(last) = calls.last_mut().filter(|_| !undo.is_empty()) {
            last.undo = undo;
        }
    }
    calls
}

/// `tell_them`, `{ tell_them: { retry: 8 times, from: 5s, to: 1h } }`, or a list of these.
pub(super) fn sends(node: &Node, key: Span, found: &mut Found) -> Vec<SendFile> {
    named(node, key, "a message", found)
        .into_iter()
        .map(|(name, node)| {
            let (retry, undo) = node.map(|node| retry(node, name.span, found)).unwrap_or_default();
            SendFile { name, retry, undo }
        })
        .collect()
}

fn retry(node: &Node, owner: Span, found: &mut Found) -> (Retry, Option<Name>) {
    let mut retry = Retry::default();
    let keys = Keys::of(node, owner, "a message", MESSAGE, found);
    let Some(keys) = keys else { return (retry, None) };
    let undo = keys.get(UNDO).and_then(|(key, node)| name(node, key, "the message that takes it back", found));
    if let Some((key, node)) = keys.get("retry") {
        retry.times = times(node, key, found).unwrap_or(retry.times);
    }
    let from = keys.get("from").and_then(|(key, node)| duration(node, key, "`from`", found));
    let to = keys.get("to").and_then(|(key, node)| duration(node, key, "`to`", found));
    retry.from = from.unwrap_or(retry.from);
    // One bound alone moves the other out of its way.
    retry.to = to.unwrap_or(retry.to.max(retry.from));
    if from.is_none() {
        retry.from = retry.from.min(retry.to);
    }
    if let (Some((key, _)), Some((other, _))) = (keys.get("to"), keys.get("from"))
        && retry.to < retry.from
    {
        found.push(
            Diagnostic::error(codes::CONFLICT, key, "the longest wait is shorter than the first")
                .related(other, "the first wait")
                .help("waits double from `from` up to `to`"),
        );
    }
    (retry, undo)
}

fn times(node: &Node, key: Span, found: &mut Found) -> Option<u32> {
    // `8 times` reads better than `8`; both are taken.
    if let Shape::Scalar(scalar) = &node.shape {
        let bare = scalar.text.trim_end_matches("times").trim_end_matches("time").trim();
        if let Some(times) = bare.parse().ok().filter(|times| ATTEMPTS.contains(times)) {
            return Some(times);
        }
    }
    whole(node, key, "`retry`", ATTEMPTS, found)
}
