//! The picture as SVG: shapes with classes, and the style beside them or not. No scripts, no `style` attributes, no ids: it may
//! stand in any page, many times.

use std::fmt::Write as _;

use crate::definition::chart::History;

use super::face::{Face, LOOP, Look};
use super::layout::{Layout, MARGIN, Placed, Point, Rect};
use super::model::{Kind, Mark, Model, Node};
use super::route::{Step, Way};
use super::{Dress, describe, text};

/// What the classes look like, light and dark. For pages that show pictures in [`Dress::Bare`].
pub const STYLE: &str = include_str!("style.css");

/// Pixels above the layout, for the title.
const HEAD: f64 = 36.0;

/// Pixels below it, for what the marks mean.
const LEGEND: f64 = 30.0;

/// What the marks mean, with their class and how wide they stand.
const MEANINGS: [(&str, &str, f64); 3] =
    [("walked", "was taken", 130.0), ("", "possible from here", 190.0), ("closed", "no longer possible", 190.0)];

/// The picture.
pub(super) fn write(model: &Model, layout: &Layout, dress: Dress) -> String {
    let legend: f64 = MEANINGS.iter().map(|(_, _, width)| width).sum::<f64>() + MARGIN;
    let least = text::width(&model.title, 17.0) * 1.06 + 2.0 * MARGIN;
    let width = layout.width.max(least).max(if model.marked { legend } else { 0.0 }).ceil();
    let height = (layout.height + HEAD + if model.marked { LEGEND } else { 0.0 }).ceil();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fluxor-graph\" role=\"img\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<desc>{}</desc>\n",
        text::xml(&model.title),
        text::xml(&describe::picture(model)),
    );
    if dress == Dress::Whole {
        let _ = writeln!(out, "<style>\n{STYLE}</style>");
    }
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>");
    let title = text::xml(&model.title);
    let _ = writeln!(out, "<text class=\"heading\" x=\"{MARGIN}\" y=\"26\">{title}</text>");
    // In the middle, where the title or the legend is wider.
    let aside = number((width - layout.width) / 2.0);
    let _ = writeln!(out, "<g transform=\"translate({aside} {HEAD})\">");
    let mut frames: Vec<usize> = (0..model.nodes.len()).filter(|&ix| model.nodes[ix].is_frame()).collect();
    frames.sort_by_key(|&ix| model.upwards(ix).count());
    for ix in frames {
        node(&mut out, model, ix, &layout.nodes[ix]);
    }
    lines(&mut out, model, layout);
    for ix in (0..model.nodes.len()).filter(|&ix| !model.nodes[ix].is_frame()) {
        node(&mut out, model, ix, &layout.nodes[ix]);
    }
    for (ix, line) in layout.lines.iter().enumerate() {
        if let Some((at, face)) = &line.label {
            let _ = write!(out, "<g class=\"label\" data-line=\"{ix}\">");
            rect(&mut out, "chip", at, 4.0);
            rows(&mut out, at, face);
            out.push_str("</g>\n");
        }
    }
    out.push_str("</g>\n");
    if model.marked {
        meanings(&mut out, height - LEGEND / 2.0);
    }
    out.push_str("</svg>\n");
    out
}

/// A number with at most one digit after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

fn rect(out: &mut String, class: &str, at: &Rect, round: f64) {
    let (x, y, width, height) = (number(at.left), number(at.top), number(at.width), number(at.height));
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
    );
}

/// The classes of a node: what it is, and how it stands.
fn classes(model: &Model, node: &Node) -> String {
    let kind = match node.kind {
        Kind::Simple => "state",
        Kind::Approval => "state approval",
        Kind::Task => "state task",
        Kind::Call => "state call",
        Kind::End { failed: false } => "state end",
        Kind::End { failed: true } => "state end failed",
        Kind::Parallel => "frame parallel",
        Kind::Frame { .. } => "frame",
        Kind::Start => "start",
        Kind::Back(_) => "back",
    };
    let is_region = node.parent.is_some_and(|parent| model.nodes[parent].kind == Kind::Parallel);
    let mark = match node.mark {
        Mark::Plain => "",
        Mark::Now => " now",
        Mark::Walked if node.kind == Kind::Start => " walked",
        Mark::Walked => " been",
        Mark::Closed => " closed",
    };
    format!("{kind}{}{mark}", if is_region { " region" } else { "" })
}

fn node(out: &mut String, model: &Model, ix: usize, placed: &Placed) {
    let node = &model.nodes[ix];
    let class = classes(model, node);
    let at = &placed.at;
    if ix < model.states {
        let (path, told) = (text::xml(&node.path), text::xml(&describe::state(model, ix)));
        let _ = write!(out, "<g class=\"{class}\" tabindex=\"0\" data-state=\"{path}\"><title>{told}</title>");
    } else {
        let _ = write!(out, "<g class=\"{class}\"><title>{}</title>", text::xml(&node.title));
    }
    match node.kind {
        Kind::Start => dot(out, at.middle(), 7.0),
        Kind::Back(history) => {
            rect(out, "box", at, 14.0);
            let Point { x, y } = at.middle();
            let letter = if history == History::Deep { "H*" } else { "H" };
            let _ = write!(out, "<text class=\"event\" x=\"{}\" y=\"{}\">{letter}</text>", number(x), number(y + 4.0));
        }
        Kind::Parallel => rect(out, "around", at, 12.0),
        Kind::Frame { .. } => {
            rect(out, "around", at, 12.0);
            let head = &placed.face_at;
            dot(out, Point { x: head.middle().x, y: head.bottom() - 4.0 }, 4.0);
        }
        Kind::End { .. } => {
            rect(out, "box", at, 14.0);
            let inner = Rect::around(at.middle(), at.width - 7.0, at.height - 7.0);
            rect(out, "inner", &inner, 11.0);
        }
        Kind::Simple | Kind::Approval | Kind::Task | Kind::Call => {
            rect(out, "box", at, 8.0);
            // Here somebody is waited for.
            if matches!(node.kind, Kind::Approval | Kind::Task) {
                let bar = Rect { left: at.left + 3.5, top: at.top + 9.0, width: 3.0, height: at.height - 18.0 };
                rect(out, "bar", &bar, 1.5);
            }
        }
    }
    rows(out, &placed.face_at, &placed.face);
    if node.mark == Mark::Now && !node.is_frame() {
        let (x, y) = (number(at.left + 2.0), number(at.top + 2.0));
        let _ = write!(out, "<circle class=\"pin\" cx=\"{x}\" cy=\"{y}\" r=\"7\"/>");
    }
    out.push_str("</g>\n");
}

fn dot(out: &mut String, at: Point, radius: f64) {
    let (x, y) = (number(at.x), number(at.y));
    let _ = write!(out, "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
}

/// The text of a box or at a line.
fn rows(out: &mut String, at: &Rect, face: &Face) {
    let middle = number(at.middle().x);
    if let Some(below) = face.divided {
        let (left, right, y) = (number(at.left + 12.0), number(at.right() - 12.0), number(at.top + below));
        let _ = write!(out, "<path class=\"rule\" d=\"M{left} {y}H{right}\"/>");
    }
    for row in &face.rows {
        let y = at.top + row.baseline;
        let mark =
            if row.mark == Mark::Closed && matches!(row.look, Look::Event | Look::Side) { " closed" } else { "" };
        let (class, text) = (row.look.class(), text::xml(&row.text));
        let arrow = row.stays.map_or_else(String::new, |ix| format!(" data-arrows=\"{ix}\""));
        let _ = write!(out, "<text class=\"{class}{mark}\" x=\"{middle}\" y=\"{}\"{arrow}>{text}</text>", number(y));
        if row.stays.is_some() {
            let half = text::width(&row.text, row.look.size()) / 2.0;
            again(out, Point { x: at.middle().x - half - LOOP + 4.0, y: y - 4.0 });
        }
    }
}

/// The sign of an arrow that stays: a small circle with a tip.
fn again(out: &mut String, at: Point) {
    let Point { x, y } = at;
    let (left, top) = (number(x + 3.5), number(y - 2.0));
    let _ =
        write!(out, "<path class=\"stroke\" d=\"M{left} {top}A4 4 0 1 0 {} {}\"/>", number(x + 4.0), number(y + 1.0));
    let _ = write!(out, "<path class=\"tip\" d=\"M{} {}l3.6 -.6l-2.9 4z\"/>", number(x + 1.4), number(y - 3.4));
}

fn lines(out: &mut String, model: &Model, layout: &Layout) {
    for first in &layout.firsts {
        out.push_str("<g class=\"first\">");
        path(out, first);
        out.push_str("</g>\n");
    }
    // Those that were taken are drawn over the others.
    let mut order: Vec<usize> = (0..model.lines.len()).collect();
    order.sort_by_key(|&ix| match model.lines[ix].mark {
        Mark::Closed => 0,
        Mark::Plain | Mark::Now => 1,
        Mark::Walked => 2,
    });
    for ix in order {
        let line = &model.lines[ix];
        let mark = match line.mark {
            Mark::Walked => " walked",
            Mark::Closed => " closed",
            Mark::Plain | Mark::Now => "",
        };
        let arrows: Vec<String> = line.labels.iter().filter_map(|label| label.arrow).map(|ix| ix.to_string()).collect();
        let arrows = arrows.join(" ");
        let told = text::xml(&describe::line(model, ix));
        let _ =
            write!(out, "<g class=\"line{mark}\" data-line=\"{ix}\" data-arrows=\"{arrows}\"><title>{told}</title>");
        path(out, &layout.lines[ix].way);
        out.push_str("</g>\n");
    }
}

/// A line with its tip.
fn path(out: &mut String, way: &Way) {
    let mut at = way.from;
    let mut drawn = format!("M{} {}", number(at.x), number(at.y));
    let end = way.end();
    let towards = if way.turned { -1.0 } else { 1.0 };
    for (ix, step) in way.steps.iter().enumerate() {
        // The line ends within its tip.
        let back = if ix + 1 == way.steps.len() { 4.0 * towards } else { 0.0 };
        let to = Point { x: step.end().x, y: step.end().y - back };
        let _ = match step {
            Step::Straight(_) => write!(drawn, "L{} {}", number(to.x), number(to.y)),
            Step::Curve(..) => {
                let middle = number(step.bend(at.y));
                let (x, y) = (number(to.x), number(to.y));
                write!(drawn, "C{} {middle} {x} {middle} {x} {y}", number(at.x))
            }
        };
        at = to;
    }
    let _ = write!(out, "<path class=\"stroke\" d=\"{drawn}\"/>");
    let (x, y) = (number(end.x), number(end.y));
    let _ = write!(out, "<path class=\"tip\" d=\"M{x} {y}l-4.5 {0}h9z\"/>", number(-9.0 * towards));
}

/// What the marks mean.
fn meanings(out: &mut String, y: f64) {
    let mut x = MARGIN;
    for (class, words, width) in MEANINGS {
        let _ = writeln!(
            out,
            "<g class=\"{class}\"><path class=\"stroke\" d=\"M{} {}h26\"/><text class=\"legend\" x=\"{}\" y=\"{}\">{words}</text></g>",
            number(x),
            number(y),
            number(x + 34.0),
            number(y + 4.0),
        );
        x += width;
    }
}
