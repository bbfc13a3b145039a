//! Texts with a comma that stand without quotes inside `{ }` or `[ ]`: YAML ends them at the comma, and takes the rest
//! for the next entry.
//!
//! Always: each is one finding, and the tree goes on as if the quotes were there, so that nothing else is said of it.

use super::{Node, Scalar, Shape, Spot};
use crate::definition::codes;
use crate::diagnostic::{Diagnostic, Help, Span};

/// A text is torn into so many pieces at most: each is tried, and no file should take minutes.
const MOST_PIECES: usize = 16;

/// Joins what commas have torn apart in `node`, and tells of it.
pub(in crate::definition) fn mend(source: &str, node: &mut Node, found: &mut Vec<Diagnostic>) {
    match &mut node.shape {
        Shape::Map(entries) => {
            let mut at = 0;
            while at < entries.len() {
                let ends = entries[at + 1..].iter().map(|(key, value)| (key.span, piece(value, key)));
                if let Some((whole, count)) = torn(source, &entries[at].1, ends) {
                    entries[at].1 = joined(source, whole, found);
                    entries.drain(at + 1..=at + count);
                }
                mend(source, &mut entries[at].1, found);
                at += 1;
            }
        }
        Shape::List(items) => {
            let mut at = 0;
            while at < items.len() {
                let ends = items[at + 1..].iter().map(|item| (item.span, item.text().map(|_| item.span.end)));
                if let Some((whole, count)) = torn(source, &items[at], ends) {
                    items[at] = joined(source, whole, found);
                    items.drain(at + 1..=at + count);
                }
                mend(source, &mut items[at], found);
                at += 1;
            }
        }
        Shape::Empty | Shape::Scalar(_) => {}
    }
}

/// Where an entry ends that may be a piece of a text: one with a text or nothing behind its key.
fn piece(value: &Node, key: &Spot<String>) -> Option<usize> {
    match &value.shape {
        Shape::Empty => Some(key.span.end),
        Shape::Scalar(_) => Some(value.span.end),
        Shape::List(_) | Shape::Map(_) => None,
    }
}

/// The whole text whose first piece is `first`, and how many of the entries that follow belong to it.
fn torn(source: &str, first: &Node, rest: impl Iterator<Item = (Span, Option<usize>)>) -> Option<(Span, usize)> {
    let written = source.get(first.span.start..first.span.end)?;
    let plain = matches!(&first.shape, Shape::Scalar(scalar) if scalar.plain && scalar.text == written);
    if !plain || written.starts_with(['"', '\'']) || !is_open(written) {
        return None;
    }
    let mut end = first.span.end;
    for (count, (next, stop)) in rest.take(MOST_PIECES).enumerate() {
        if source.get(end..next.start)?.trim() != "," {
            return None;
        }
        end = stop?;
        if !is_open(source.get(first.span.start..end)?) {
            return Some((Span::new(first.span.start, end), count + 1));
        }
    }
    None
}

fn joined(source: &str, whole: Span, found: &mut Vec<Diagnostic>) -> Node {
    let text = source.get(whole.start..whole.end).unwrap_or_default().to_owned();
    let quoted = quoted(&text);
    let finding = Diagnostic::error(codes::SYNTAX, whole, "an expression with `, ` needs quotes")
        .label("inside brackets YAML ends it at the comma")
        .help(Help::instead(format!("write `{quoted}`"), quoted));
    found.push(finding);
    Node { shape: Shape::Scalar(Scalar { text, plain: true }), span: whole }
}

/// `text` in quotes as YAML has them.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") }
}

/// Whether a bracket or a quote of `text` is not closed. A quote inside a word is an apostrophe.
pub(super) fn is_open(text: &str) -> bool {
    let (mut depth, mut quote, mut before) = (0_i64, None, ' ');
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) => quote = if c == open && before != '\\' { None } else { Some(open) },
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
        before = c;
    }
    quote.is_some() || depth > 0
}
