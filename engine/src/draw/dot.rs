//! The picture for Graphviz. States around others are clusters; lines that begin or end at one are cut there (`compound`).

use std::fmt::Write as _;

use crate::definition::chart::History;

use super::describe;
use super::model::{Kind, Label, Line, Mark, Model, Node};
use super::text;

/// The picture.
pub(super) fn write(model: &Model) -> String {
    let mut out = format!("digraph {} {{\n", quoted(&model.name));
    let title = quoted(&model.title);
    let _ = writeln!(out, "  graph [compound=true, rankdir=TB, label={title}, labelloc=t, fontname=\"sans-serif\"];");
    out.push_str("  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=12];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    inside(&mut out, model, None, 1);
    for (ix, line) in model.lines.iter().enumerate() {
        edge(&mut out, model, ix, line);
    }
    out.push_str("}\n");
    out
}

fn inside(out: &mut String, model: &Model, frame: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    for ix in model.inside(frame) {
        let node = &model.nodes[ix];
        let tip = if ix < model.states { describe::state(model, ix) } else { node.title.clone() };
        let tip = quoted(&tip);
        let label = label(node);
        if node.is_frame() {
            let style = match node.mark {
                Mark::Now => "rounded,bold",
                Mark::Closed => "rounded,dashed",
                _ => "rounded",
            };
            let _ = writeln!(out, "{indent}subgraph cluster_{ix} {{");
            let _ = writeln!(out, "{indent}  label={label}; tooltip={tip}; style=\"{style}\";");
            // Where lines to and from the cluster are cut, and where it begins.
            let _ = writeln!(out, "{indent}  in{ix} [shape=point, width=0.08, label=\"\", tooltip={tip}];");
            inside(out, model, Some(ix), depth + 1);
            if let Kind::Frame { first } = node.kind {
                let (to, head) = end(model, first, "lhead");
                let head = head.map_or_else(String::new, |head| format!(" [{head}]"));
                let _ = writeln!(out, "{indent}  in{ix} -> {to}{head};");
            }
            let _ = writeln!(out, "{indent}}}");
            continue;
        }
        let shape = match node.kind {
            Kind::Start => "shape=circle, style=filled, fillcolor=black, width=0.15, ",
            Kind::Back(_) => "shape=circle, style=solid, ",
            Kind::End { .. } => "peripheries=2, ",
            _ => "",
        };
        let mark = match node.mark {
            Mark::Now => ", penwidth=3",
            Mark::Closed => ", style=\"rounded,dashed\"",
            _ => "",
        };
        let _ = writeln!(out, "{indent}n{ix} [{shape}label={label}, tooltip={tip}{mark}];");
    }
}

/// What stands in a node.
fn label(node: &Node) -> String {
    match node.kind {
        Kind::Start => return "\"\"".to_owned(),
        Kind::Back(History::Deep) => return "\"H*\"".to_owned(),
        Kind::Back(History::Shallow) => return "\"H\"".to_owned(),
        _ => {}
    }
    let stands = match node.mark {
        Mark::Now => "now",
        Mark::Walked if node.been => "was here",
        _ => "",
    };
    let mut lines: Vec<String> =
        [stands, node.what()].iter().filter(|part| !part.is_empty()).map(ToString::to_string).collect();
    lines.extend(text::wrapped(&node.title, text::LINE));
    lines.extend(node.notes.iter().flat_map(|note| text::wrapped(note, text::LINE)));
    lines.extend(node.stays.iter().map(|label| format!("stays: {}", words(label).join(", "))));
    joined(&lines)
}

/// The node that stands for one in lines, and what cuts a line at a frame.
fn end(model: &Model, ix: usize, cut: &str) -> (String, Option<String>) {
    match model.nodes[ix].is_frame() {
        true => (format!("in{ix}"), Some(format!("{cut}=cluster_{ix}"))),
        false => (format!("n{ix}"), None),
    }
}

fn edge(out: &mut String, model: &Model, ix: usize, line: &Line) {
    let ((from, tail), (to, head)) = (end(model, line.from, "ltail"), end(model, line.to, "lhead"));
    let lines: Vec<String> = line.labels.iter().flat_map(words).collect();
    let mut about =
        vec![format!("label={}", joined(&lines)), format!("edgetooltip={}", quoted(&describe::line(model, ix)))];
    // A frame around the other end is none that the line could be cut at.
    about.extend(tail.filter(|_| !model.is_within(line.to, line.from)));
    about.extend(head.filter(|_| !model.is_within(line.from, line.to)));
    match line.mark {
        Mark::Walked => about.push("penwidth=3".to_owned()),
        Mark::Closed => about.push("style=dashed, color=gray50, fontcolor=gray40".to_owned()),
        Mark::Plain | Mark::Now => {}
    }
    let _ = writeln!(out, "  {from} -> {to} [{}];", about.join(", "));
}

/// The words of an arrow, line by line.
fn words(label: &Label) -> Vec<String> {
    let words = &label.words;
    let what = Some(words.what.clone()).filter(|what| !what.is_empty());
    what.into_iter().chain(words.guard.clone()).chain(words.by.clone()).collect()
}

/// Lines of a label, each escaped.
fn joined(lines: &[String]) -> String {
    format!("\"{}\"", lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&text::clean(text)))
}

/// In a quoted string, where `\N` and the like stand for names.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
