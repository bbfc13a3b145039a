//! Nothing overlaps, nothing is missing, nothing runs through what it has no business with.

use std::collections::BTreeSet;

use super::super::layout::{Layout, Rect, arrange};
use super::super::model::Model;
use super::super::route::{Step, Way};
use super::made::chart;
use super::*;

/// Rectangles that touch do not overlap.
const TOUCH: f64 = 0.6;

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.left + TOUCH < b.right() && b.left + TOUCH < a.right() && a.top + TOUCH < b.bottom() && b.top + TOUCH < a.bottom()
}

fn is_inside(inner: &Rect, outer: &Rect) -> bool {
    inner.left >= outer.left - TOUCH
        && inner.right() <= outer.right() + TOUCH
        && inner.top >= outer.top - TOUCH
        && inner.bottom() <= outer.bottom() + TOUCH
}

/// Points of a line, close together.
fn points(way: &Way) -> Vec<(f64, f64)> {
    let mut at = way.from;
    let mut all = vec![(at.x, at.y)];
    for step in &way.steps {
        let to = step.end();
        // Close enough to meet a label of one line.
        let count = ((to.y - at.y).abs() / 3.0).ceil().max(100.0);
        for part in (1..).map(f64::from).take_while(|part| *part <= count) {
            let t = part / count;
            let s = 1.0 - t;
            let x = match step {
                Step::Straight(_) => at.x * s + to.x * t,
                Step::Curve(..) => at.x * (s * s * s + 3.0 * s * s * t) + to.x * (3.0 * s * t * t + t * t * t),
            };
            let middle = step.bend(at.y);
            let y = match step {
                Step::Straight(_) => at.y * s + to.y * t,
                Step::Curve(..) => at.y * s * s * s + middle * 3.0 * s * t + to.y * t * t * t,
            };
            all.push((x, y));
        }
        at = to;
    }
    all
}

fn holds(at: &Rect, (x, y): (f64, f64), within: f64) -> bool {
    x > at.left + within && x < at.right() - within && y > at.top + within && y < at.bottom() - within
}

/// What is wrong with the layout of a definition.
fn wrong(definition: &Definition) -> Vec<String> {
    let model = Model::of(definition, None);
    let layout = arrange(&model);
    let mut wrong = Vec::new();
    let name = |ix: usize| format!("{} `{}`", ix, model.nodes[ix].title);
    let all = 0..model.nodes.len();
    for a in all.clone() {
        let at = &layout.nodes[a].at;
        if let Some(parent) = model.nodes[a].parent
            && !is_inside(at, &layout.nodes[parent].at)
        {
            wrong.push(format!("{} is not inside {}", name(a), name(parent)));
        }
        for b in a + 1..model.nodes.len() {
            if !model.is_within(a, b) && !model.is_within(b, a) && overlap(at, &layout.nodes[b].at) {
                wrong.push(format!("{} and {} overlap", name(a), name(b)));
            }
        }
        if at.left < 0.0 || at.top < 0.0 || at.right() > layout.width || at.bottom() > layout.height {
            wrong.push(format!("{} is outside", name(a)));
        }
    }
    // Boxes, and the heads of frames.
    let solid: Vec<(usize, &Rect)> = all.map(|ix| (ix, &layout.nodes[ix].face_at)).collect();
    labels(&model, &layout, &solid, &mut wrong);
    for (ix, line) in layout.lines.iter().enumerate() {
        let (from, to) = (model.lines[ix].from, model.lines[ix].to);
        for &(other, at) in &solid {
            if points(&line.way).iter().any(|point| holds(at, *point, 1.0)) {
                wrong.push(format!("the line from {} to {} runs through {}", name(from), name(to), name(other)));
            }
        }
    }
    wrong
}

fn labels(model: &Model, layout: &Layout, solid: &[(usize, &Rect)], wrong: &mut Vec<String>) {
    let labels: Vec<(usize, &Rect)> =
        layout.lines.iter().enumerate().filter_map(|(ix, line)| Some((ix, &line.label.as_ref()?.0))).collect();
    for (n, (ix, at)) in labels.iter().enumerate() {
        let line = &model.lines[*ix];
        let words = &line.labels[0].words.whole;
        for &(other, solid) in solid {
            if overlap(at, solid) {
                wrong.push(format!("the label `{words}` overlaps {other} `{}`", model.nodes[other].title));
            }
        }
        for (_, other) in &labels[n + 1..] {
            if overlap(at, other) {
                wrong.push(format!("the label `{words}` overlaps another"));
            }
        }
        if !points(&layout.lines[*ix].way).iter().any(|point| holds(at, *point, 0.0)) {
            wrong.push(format!("the label `{words}` is not at its line"));
        }
    }
}

#[test]
fn shipped_definitions_are_laid_out_well() {
    for definition in shipped() {
        assert_eq!(wrong(&definition), Vec::<String>::new(), "{}", definition.name);
    }
}

#[test]
fn charts_of_thirty_and_a_hundred_states_are_laid_out_well() {
    let sizes = (0..12).map(|seed| (30, seed)).chain((0..3).map(|seed| (100, seed)));
    for (count, seed) in sizes {
        let text = chart(count, seed);
        assert_eq!(wrong(&right(&text)), Vec::<String>::new(), "{count} states, seed {seed}");
    }
}

#[test]
fn text_fits_where_it_stands() {
    for definition in shipped().into_iter().chain([right(&chart(30, 3))]) {
        let model = Model::of(&definition, None);
        let layout = arrange(&model);
        let faces = layout.nodes.iter().map(|node| (&node.face_at, &node.face));
        for (at, face) in
            faces.chain(layout.lines.iter().filter_map(|line| line.label.as_ref().map(|(at, face)| (at, face))))
        {
            for row in &face.rows {
                let width = super::super::text::width(&row.text, row.look.size());
                assert!(width <= at.width && row.baseline < at.height, "{} in {at:?}", row.text);
            }
        }
    }
}

/// The values of an attribute in a document, each with how often it stands there.
pub(super) fn values(document: &roxmltree::Document<'_>, name: &str) -> Vec<String> {
    document.descendants().filter_map(|node| node.attribute(name)).map(str::to_owned).collect()
}

#[test]
fn every_state_and_every_arrow_is_drawn_once() {
    for definition in shipped().into_iter().chain((0..5).map(|seed| right(&chart(30, seed)))) {
        let text = svg(&definition, None);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", definition.name));
        let mut states = values(&document, "data-state");
        states.sort();
        let mut paths: Vec<String> = definition.states.iter().map(|state| state.path.to_string()).collect();
        paths.sort();
        assert_eq!(states, paths);
        let mut arrows: Vec<usize> = values(&document, "data-arrows")
            .iter()
            .flat_map(|value| {
                value.split(' ').filter(|ix| !ix.is_empty()).map(|ix| ix.parse().unwrap()).collect::<Vec<_>>()
            })
            .collect();
        arrows.sort_unstable();
        let mut going: Vec<usize> =
            definition.all_arrows().filter(|arrow| arrow.goes()).map(|arrow| arrow.ix.0).collect();
        going.sort_unstable();
        assert_eq!(arrows, going, "{}", definition.name);
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.attribute("role")), ("svg", Some("img")));
        let children: Vec<&str> =
            root.children().filter(roxmltree::Node::is_element).map(|node| node.tag_name().name()).collect();
        assert_eq!(children[..3], ["title", "desc", "style"]);
        let described = root.children().find(|node| node.has_tag_name("desc")).unwrap().text().unwrap();
        let missing: BTreeSet<&str> =
            definition.states.iter().map(|state| &*state.title).filter(|title| !described.contains(title)).collect();
        assert!(missing.is_empty(), "{missing:?} in {described}");
        let focusable = document.descendants().filter(|node| node.attribute("tabindex") == Some("0"));
        assert!(focusable.clone().count() == definition.states.len());
        assert!(
            focusable.clone().all(|node| node.first_element_child().is_some_and(|child| child.has_tag_name("title")))
        );
    }
}

#[test]
fn the_same_input_gives_the_same_picture() {
    for text in [chart(30, 1), chart(100, 2)] {
        let (one, other) = (right(&text), right(&text));
        for format in Format::ALL {
            let picture = |definition: &Definition| draw(definition, None, format, Dress::Bare).unwrap();
            assert_eq!(picture(&one), picture(&other));
            assert_eq!(picture(&one), picture(&one));
        }
    }
}

#[test]
fn bare_pictures_carry_no_style() {
    let definition = right(&chart(30, 1));
    let text = draw(&definition, None, Format::Svg, Dress::Bare).unwrap();
    assert!(!text.contains("<style") && !text.contains("style=") && !text.contains(" id="));
    assert!(svg(&definition, None).contains("prefers-color-scheme"));
}

#[test]
fn what_is_too_large_is_refused_with_a_way_out() {
    let definition = right(&chart(MOST_STATES + 1, 1));
    let refused = draw(&definition, None, Format::Svg, Dress::Whole).unwrap_err();
    assert!(refused.to_string().contains("ask for dot or mermaid"), "{refused}");
    assert!(draw(&definition, None, Format::Dot, Dress::Whole).is_ok());
    assert!(draw(&definition, None, Format::Mermaid, Dress::Whole).is_ok());
}
