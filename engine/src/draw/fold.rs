//! Takes out the room that layers without anything in them leave: those of the borders and feet of frames.

use super::layout::{Places, Rect};
use super::model::{Model, Node};
use super::order::Plan;
use super::route::layers;

/// Pixels between two layers: lines bend there.
const GAP: f64 = 32.0;

/// More of them for each border of a frame that runs there.
const BORDER: f64 = 13.0;

/// Pixels between a frame and what is in it, at least.
const INSIDE: f64 = 14.0;

/// What was where, and where it is now.
struct Fold(Vec<(f64, f64)>);

impl Fold {
    /// From what is in layers (from where to where each) and where borders run.
    fn of(solid: Vec<(f64, f64)>, borders: &[f64]) -> Self {
        let mut known = Vec::new();
        let mut end: Option<(f64, f64)> = None;
        for (top, bottom) in layers(solid) {
            let begin = match end {
                None => top,
                Some((before, now)) => {
                    let mut between: Vec<f64> = borders.iter().copied().filter(|y| *y > before && *y < top).collect();
                    between.sort_by(f64::total_cmp);
                    between.dedup_by(|a, b| (*a - *b).abs() < 1.0);
                    let more = between.iter().map(|_| BORDER).sum::<f64>();
                    now + (GAP + more).min(top - before)
                }
            };
            known.extend([(top, begin), (bottom, begin + bottom - top)]);
            end = Some((bottom, begin + bottom - top));
        }
        Self(known)
    }

    fn at(&self, y: f64) -> f64 {
        let after = self.0.partition_point(|(before, _)| *before < y);
        match (after.checked_sub(1).and_then(|ix| self.0.get(ix)), self.0.get(after)) {
            (Some(&(a, to_a)), Some(&(b, to_b))) if b > a => to_a + (y - a) * (to_b - to_a) / (b - a),
            (_, Some(&(b, to_b))) => y - b + to_b,
            (Some(&(a, to_a)), None) => y - a + to_a,
            (None, None) => y,
        }
    }

    fn rect(&self, rect: &Rect) -> Rect {
        let top = self.at(rect.top);
        Rect { top, height: self.at(rect.bottom()) - top, ..*rect }
    }
}

/// Folds what was placed. Lines keep the places in layers that have something in them.
pub(super) fn fold(model: &Model, plan: &Plan, places: Places) -> Places {
    let is_frame = |ix: usize| model.nodes.get(ix).is_some_and(Node::is_frame);
    let is_foot = |ix: usize| plan.feet.contains(&Some(ix));
    let (mut solid, mut borders) = (Vec::new(), Vec::new());
    for (ix, rect) in places.boxes.iter().enumerate().filter(|(ix, _)| plan.boxes[*ix].is_placed) {
        match is_frame(ix) {
            true => borders.extend([rect.top, rect.bottom()]),
            false if is_foot(ix) => {}
            false => solid.push((rect.top, rect.bottom())),
        }
    }
    for (join, middle) in plan.joins.iter().zip(&places.labels).filter(|(join, _)| join.height > 0.0) {
        solid.push((middle.y - join.height / 2.0, middle.y + join.height / 2.0));
    }
    let within = |y: f64| solid.iter().any(|(top, bottom)| *top <= y && y <= *bottom);
    let fold = Fold::of(solid.clone(), &borders);
    let mut folded = Places {
        boxes: places.boxes.iter().map(|rect| fold.rect(rect)).collect(),
        ways: Vec::with_capacity(places.ways.len()),
        labels: places.labels.clone(),
    };
    for way in &places.ways {
        let kept = way.iter().filter(|point| within(point.y));
        folded.ways.push(kept.map(|point| super::layout::Point { x: point.x, y: fold.at(point.y) }).collect());
    }
    for label in &mut folded.labels {
        label.y = fold.at(label.y);
    }
    frames(model, plan, &places, &mut folded);
    folded
}

/// Frames end a little below what is in them.
fn frames(model: &Model, plan: &Plan, before: &Places, folded: &mut Places) {
    let mut frames: Vec<usize> = (0..model.nodes.len()).filter(|&ix| model.nodes[ix].is_frame()).collect();
    frames.sort_by_key(|&ix| std::cmp::Reverse(model.upwards(ix).count()));
    for ix in frames {
        let old = &before.boxes[ix];
        let inner =
            (0..plan.boxes.len()).filter(|&inner| plan.boxes[inner].parent == Some(ix) && plan.boxes[inner].is_placed);
        let inner = inner.filter(|inner| !plan.feet.contains(&Some(*inner))).map(|inner| folded.boxes[inner]);
        let labels = plan.joins.iter().zip(&before.labels).zip(&folded.labels);
        let labels = labels.filter(|((join, at), _)| {
            join.height > 0.0 && at.x > old.left && at.x < old.right() && at.y > old.top && at.y < old.bottom()
        });
        let labels = labels.map(|((join, _), at)| Rect::around(*at, join.width, join.height));
        let all: Vec<Rect> = inner.chain(labels).collect();
        let top = all.iter().map(|rect| rect.top).fold(f64::MAX, f64::min) - INSIDE;
        let bottom = all.iter().map(Rect::bottom).fold(f64::MIN, f64::max) + INSIDE;
        let frame = &mut folded.boxes[ix];
        let (top, bottom) = (top.max(frame.top), bottom.min(frame.bottom()));
        (frame.top, frame.height) = (top, bottom - top);
    }
}
