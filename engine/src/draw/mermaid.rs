//! The picture as a `stateDiagram-v2` of Mermaid. It knows no history: a mark for it is a state called `H`.

use std::fmt::Write as _;

use crate::definition::chart::History;

use super::model::{Kind, Label, Mark, Model, Node};
use super::text;

/// The picture.
pub(super) fn write(model: &Model) -> String {
    let mut out =
        format!("---\ntitle: \"{}\"\n---\nstateDiagram-v2\n", model.title.replace('\\', "\\\\").replace('"', "\\\""));
    out.push_str("  classDef now stroke-width:4px,font-weight:bold\n");
    out.push_str("  classDef closed stroke-dasharray:4 4,opacity:0.7\n");
    inside(&mut out, model, None, 1);
    for line in &model.lines {
        let from = match model.nodes[line.from].kind {
            Kind::Start => "[*]".to_owned(),
            _ => name(line.from),
        };
        let mut words: Vec<String> = line.labels.iter().map(words).filter(|words| !words.is_empty()).collect();
        match line.mark {
            Mark::Walked if model.marked => words.push("(was taken)".to_owned()),
            Mark::Closed => words.push("(no longer possible)".to_owned()),
            _ => {}
        }
        let words = if words.is_empty() { String::new() } else { format!(" : {}", words.join("<br/>")) };
        let _ = writeln!(out, "  {from} --> {}{words}", name(line.to));
    }
    for (ix, node) in model.nodes.iter().enumerate().take(model.states) {
        // At the end of a region nothing else ends.
        if matches!(node.kind, Kind::End { .. }) && node.parent.is_none() {
            let _ = writeln!(out, "  {} --> [*]", name(ix));
        }
        let class = match node.mark {
            Mark::Now => "now",
            Mark::Closed => "closed",
            Mark::Plain | Mark::Walked => continue,
        };
        let _ = writeln!(out, "  class {} {class}", name(ix));
    }
    out
}

fn name(ix: usize) -> String {
    format!("s{ix}")
}

fn inside(out: &mut String, model: &Model, frame: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    let regions = frame.is_some_and(|frame| model.nodes[frame].kind == Kind::Parallel);
    let mut is_next = false;
    for ix in model.inside(frame).filter(|&ix| model.nodes[ix].kind != Kind::Start) {
        let node = &model.nodes[ix];
        // A mark for going back belongs to no region of its own.
        if regions && is_next && ix < model.states {
            let _ = writeln!(out, "{indent}--");
        }
        is_next = true;
        let _ = write!(out, "{indent}state \"{}\" as {}", label(node), name(ix));
        if !node.is_frame() {
            out.push('\n');
            continue;
        }
        out.push_str(" {\n");
        if let Kind::Frame { first } = node.kind {
            let _ = writeln!(out, "{indent}  [*] --> {}", name(first));
        }
        inside(out, model, Some(ix), depth + 1);
        let _ = writeln!(out, "{indent}}}");
    }
}

/// What stands in a state.
fn label(node: &Node) -> String {
    let title = match node.kind {
        Kind::Back(History::Deep) => "H*",
        Kind::Back(History::Shallow) => "H",
        _ => &node.title,
    };
    let stands = match node.mark {
        Mark::Now => "now",
        Mark::Walked if node.been => "was here",
        _ => "",
    };
    let about: Vec<&str> = [stands, node.what()].into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![escaped(title)];
    if !about.is_empty() {
        lines.push(escaped(&format!("({})", about.join(", "))));
    }
    lines.extend(node.notes.iter().map(|note| escaped(note)));
    lines.extend(node.stays.iter().map(|label| format!("stays#58; {}", words(label))));
    lines.join("<br/>")
}

/// The words of an arrow on one line.
fn words(label: &Label) -> String {
    let words = &label.words;
    let what = Some(&words.what).filter(|what| !what.is_empty());
    let parts: Vec<String> = what.into_iter().chain(&words.guard).chain(&words.by).map(|part| escaped(part)).collect();
    parts.join(", ")
}

/// Letters, digits and a few signs as they are; anything else by its number, as Mermaid reads it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text::clean(text).chars() {
        match c {
            ' ' | ',' | '.' | '(' | ')' | '?' | '!' | '/' | '=' | '+' | '*' | '…' | '_' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}
