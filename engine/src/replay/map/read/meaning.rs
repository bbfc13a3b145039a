//! What activities mean: one thing, or several of which the first holds whose columns have the values.

use super::Reader;
use crate::definition::reading::codes as shape;
use crate::definition::reading::{Keys, Node, Shape, Spot, one_or_many};
use crate::diagnostic::{Diagnostic, Span};
use crate::replay::codes;
use crate::replay::map::{Meaning, What, When};

const MEANING: &[&str] = &[
    "when", "event", "payload", "act", "step", "to", "complete", "data", "for", "reason", "state", "workflow", "skip",
    "start",
];
/// The acts that a log may tell of.
const ACTS: &[&str] = &["approve", "reject", "abstain", "request_changes", "ask", "delegate", "reassign", "remind"];

impl Reader {
    pub(super) fn activities(&mut self, node: &Node, key: Span) -> Vec<(Spot<String>, Vec<Meaning>)> {
        let Some(keys) = Keys::any(node, key, "`activities`", &mut self.found) else { return Vec::new() };
        if keys.is_empty() {
            let what = "no activity is mapped";
            let help = "write each activity of the log with what it means: `Approved: approve_order`, or `skip`";
            self.found.push(Diagnostic::error(shape::EMPTY, key, what).help(help));
        }
        let mut all = Vec::new();
        for (name, node) in keys.iter() {
            let mut meanings: Vec<Meaning> = Vec::new();
            for one in one_or_many(node, name.span, "what the activity means", &mut self.found) {
                if let Some(meaning) = self.meaning(one, name.span) {
                    if let Some(before) = meanings.iter().find(|before| covers(&before.when, &meaning.when)) {
                        self.found.push(unreachable(before, meaning.span));
                    }
                    meanings.push(meaning);
                }
            }
            // In a log blanks around it are no part of an activity either.
            all.push((Spot::new(name.value.trim().to_owned(), name.span), meanings));
        }
        all
    }

    fn meaning(&mut self, node: &Node, key: Span) -> Option<Meaning> {
        let plain = |span, what| Meaning {
            span,
            when: Vec::new(),
            what,
            state: None,
            workflow: None,
            behalf: None,
            reason: None,
            data: Vec::new(),
        };
        if let Some(text) = node.text() {
            let what = match text.trim() {
                "skip" => What::Skip,
                "start" => What::Start,
                _ => What::Event(self.string(node, key, "what the activity means")?),
            };
            return Some(plain(node.span, what));
        }
        let keys = Keys::entry(node, key, "what an activity means", MEANING, &mut self.found)?;
        // What is wrong with the rest of it is told all the same.
        let what = self.what(&keys, node, key);
        let mut text = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.string(node, key, &format!("`{name}`"))
        };
        let (mut state, workflow) = (text("state"), text("workflow"));
        let completes = matches!(what, Some(What::Complete));
        if let (true, None, Some((key, node))) = (completes, &state, keys.get("complete")) {
            state = self.string(node, key, "`complete`").filter(|state| state.value != "true");
        }
        let when = keys.get("when").map(|(key, node)| self.when(node, key)).unwrap_or_default();
        let mut source = |name: &str| {
            let (key, node) = keys.get(name)?;
            self.source(node, key, &format!("`{name}`"))
        };
        let (behalf, reason) = (source("for"), source("reason"));
        let data = keys.get(if completes { "data" } else { "payload" });
        let data = data.map(|(key, node)| self.fields(node, key, "the fields")).unwrap_or_default();
        let span = if matches!(node.shape, Shape::Map(_)) { node.span } else { key };
        Some(Meaning { when, state, workflow, behalf, reason, data, ..plain(span, what?) })
    }

    /// Columns, each with the texts that may stand there; an empty one, or `~`, is an empty cell.
    fn when(&mut self, node: &Node, key: Span) -> When {
        let Some(keys) = Keys::any(node, key, "`when`", &mut self.found) else { return Vec::new() };
        let mut when = Vec::new();
        for (name, node) in keys.iter() {
            let items = match &node.shape {
                Shape::List(items) => items.iter().collect(),
                _ => vec![node],
            };
            let mut texts = Vec::new();
            for item in items {
                let is_empty = item.shape == Shape::Empty || item.text().is_some_and(|text| text.trim().is_empty());
                match is_empty {
                    true => texts.push(String::new()),
                    false => texts
                        .extend(self.string(item, name.span, &name.value).map(|text| text.value.trim().to_lowercase())),
                }
            }
            when.push((self.column(name.clone()), texts));
        }
        when
    }

    fn what(&mut self, keys: &Keys<'_>, node: &Node, key: Span) -> Option<What> {
        let (event, act, complete) = (keys.get("event"), keys.get("act"), keys.get("complete"));
        let words = ["skip", "start"].into_iter().filter_map(|word| Some((word, keys.get(word)?)));
        let words: Vec<(&str, (Span, &Node))> = words.collect();
        match (event, act, complete, words.as_slice()) {
            (Some((key, node)), None, None, []) => match node.text() {
                Some("skip") if keys.get("when").is_some() => Some(What::Skip),
                _ => Some(What::Event(self.string(node, key, "the event")?)),
            },
            (None, Some((key, node)), None, []) => {
                let act = self.word(node, key, "the act", ACTS)?;
                let step = keys.get("step").and_then(|(key, node)| self.string(node, key, "the step"));
                let to = keys.get("to").and_then(|(key, node)| self.source(node, key, "`to`"));
                if to.is_none() && matches!(act, "delegate" | "reassign") {
                    let what = format!("`{act}` needs `to`: the column of the person who gets it");
                    self.found.push(Diagnostic::error(shape::MISSING_KEY, key, what).help("write `to: its column`"));
                }
                Some(What::Act { act, step, to: to.map(Box::new) })
            }
            (None, None, Some(_), []) => Some(What::Complete),
            (None, None, None, [(word, (key, node))]) => {
                self.word(node, *key, &format!("`{word}`"), &["true"])?;
                Some(if *word == "skip" { What::Skip } else { What::Start })
            }
            _ => {
                let what = "an activity means one thing";
                let help = "write one of `event: its name`, `act: approve` (with the `step`), `complete: the state` (with \
                            `data`), or the words `skip` or `start` alone (with `when`: `skip: true`)";
                let span = if matches!(node.shape, Shape::Map(_)) { node.span } else { key };
                self.found.push(Diagnostic::error(codes::ONE_MEANING, span, what).help(help));
                None
            }
        }
    }
}

/// Whether one meaning holds wherever another does, so that the other is never reached behind it.
fn covers(one: &When, other: &When) -> bool {
    one.iter().all(|(column, texts)| {
        let within = |(own, few): &(usize, Vec<String>)| {
            own == column && !few.is_empty() && few.iter().all(|text| texts.contains(text))
        };
        other.iter().any(within)
    })
}

fn unreachable(before: &Meaning, span: Span) -> Diagnostic {
    let (what, help) = match before.when.is_empty() {
        true => ("this is never reached: what stands before it has no `when`", "put the one without `when` last"),
        false => (
            "this is never reached: what stands before it holds wherever its `when` does",
            "leave one of the two out, or say in `when` what tells them apart; the narrower one stands first",
        ),
    };
    Diagnostic::error(codes::UNREACHABLE, span, what).help(help)
}
