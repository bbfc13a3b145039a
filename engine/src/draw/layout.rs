//! Where everything goes. Layers from above, by the method of Sugiyama as dagre has it, behind [`Arranger`].

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel};

use super::face::{self, Face};
use super::fold::fold;
use super::model::Model;
use super::order::{Drawn, Plan};
use super::route::{self, Way};

/// Pixels between two boxes beside each other.
const BESIDE: f64 = 26.0;
/// Pixels between two lines beside each other.
const BETWEEN: f64 = 16.0;
/// Pixels between two layers, half of it where there is one of labels between them.
const BELOW: f64 = 52.0;
/// Pixels around all.
pub(super) const MARGIN: f64 = 16.0;

/// A place, in pixels from the left and from above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    /// From the left.
    pub(super) x: f64,
    /// From above.
    pub(super) y: f64,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    /// Its left edge.
    pub(super) left: f64,
    /// Its upper edge.
    pub(super) top: f64,
    /// Pixels.
    pub(super) width: f64,
    /// Pixels.
    pub(super) height: f64,
}

impl Rect {
    /// One around its middle.
    pub(super) fn around(at: Point, width: f64, height: f64) -> Self {
        Self { left: at.x - width / 2.0, top: at.y - height / 2.0, width, height }
    }

    /// The right edge.
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// The lower edge.
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The middle.
    pub(super) fn middle(&self) -> Point {
        Point { x: self.left + self.width / 2.0, y: self.top + self.height / 2.0 }
    }
}

/// What an arranger has found.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The plan's boxes in their order; frames too.
    pub(super) boxes: Vec<Rect>,
    /// By join: the places between its ends, from above, one in each layer.
    pub(super) ways: Vec<Vec<Point>>,
    /// By join: the middle of what stands at it.
    pub(super) labels: Vec<Point>,
}

/// Places the boxes of a plan in layers: whatever is above in a join is in a layer above.
pub(super) trait Arranger {
    /// Where they go.
    fn arrange(&self, plan: &Plan) -> Places;
}

/// The layout of a picture.
#[derive(Debug)]
pub(super) struct Layout {
    /// Pixels.
    pub(super) width: f64,
    /// Pixels.
    pub(super) height: f64,
    /// By node.
    pub(super) nodes: Vec<Placed>,
    /// By line.
    pub(super) lines: Vec<Drawing>,
    /// The arrows into the states in which frames begin.
    pub(super) firsts: Vec<Way>,
}

/// A node in its place.
#[derive(Debug)]
pub(super) struct Placed {
    /// The box, or the frame.
    pub(super) at: Rect,
    /// Where its text is: of a frame the head.
    pub(super) face_at: Rect,
    /// The text.
    pub(super) face: Face,
}

/// A line in its place.
#[derive(Debug)]
pub(super) struct Drawing {
    /// How it runs.
    pub(super) way: Way,
    /// What stands at it, and where; nothing: no words.
    pub(super) label: Option<(Rect, Face)>,
}

/// Lays out a model.
pub(super) fn arrange(model: &Model) -> Layout {
    arrange_by(&Layers, model)
}

fn arrange_by(arranger: &impl Arranger, model: &Model) -> Layout {
    let faces = face::all(model);
    let labels: Vec<Face> = model.lines.iter().map(|line| Face::at_line(&line.labels)).collect();
    let plan = Plan::of(model, &faces, &labels);
    let places = fold(model, &plan, arranger.arrange(&plan));
    let ways = route::ways(model, &plan, &places);
    let nodes = faces.into_iter().enumerate().map(|(ix, face)| {
        let at = places.boxes[ix];
        let face_at = plan.heads[ix].map_or(at, |head| places.boxes[head]);
        Placed { at, face_at, face }
    });
    let nodes: Vec<Placed> = nodes.collect();
    let (mut lines, mut firsts) = (Vec::new(), Vec::new());
    let mut labels = labels.into_iter();
    for ((join, way), middle) in plan.joins.iter().zip(ways).zip(&places.labels) {
        match join.kind {
            Drawn::Line(_) => {
                let label = labels.next().filter(|face| !face.rows.is_empty());
                let label = label.map(|face| (Rect::around(*middle, face.width, face.height), face));
                lines.push(Drawing { way, label });
            }
            Drawn::First(_) => firsts.push(way),
            Drawn::Unseen => {}
        }
    }
    let right = nodes.iter().map(|node| node.at.right());
    let right = right.chain(lines.iter().filter_map(|line| Some(line.label.as_ref()?.0.right())));
    let width = right.chain(lines.iter().map(|line| line.way.right())).fold(0.0, f64::max);
    let height = nodes.iter().map(|node| node.at.bottom()).fold(0.0, f64::max);
    Layout { width: width + MARGIN, height: height + MARGIN, nodes, lines, firsts }
}

/// dagre.
struct Layers;

impl Arranger for Layers {
    fn arrange(&self, plan: &Plan) -> Places {
        let mut graph: Graph<NodeLabel, EdgeLabel> =
            Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true });
        let name = |ix: usize| format!("n{ix}");
        let placed = || plan.boxes.iter().enumerate().filter(|(_, spot)| spot.is_placed);
        for (ix, spot) in placed() {
            let is_frame = plan.heads.get(ix).copied().flatten().is_some();
            let (width, height) = if is_frame { (0.0, 0.0) } else { (spot.width, spot.height) };
            graph.set_node(name(ix), Some(NodeLabel { width, height, ..NodeLabel::default() }));
        }
        for (ix, spot) in placed() {
            if let Some(parent) = spot.parent {
                graph.set_parent(&name(ix), Some(&name(parent)));
            }
        }
        for (ix, join) in plan.joins.iter().enumerate() {
            let weight = match join.kind {
                Drawn::Line(_) => 2,
                Drawn::First(_) => 4,
                Drawn::Unseen => 0,
            };
            let label = EdgeLabel {
                weight,
                width: join.width,
                height: join.height,
                labelpos: dagre::layout::types::LabelPos::Center,
                ..EdgeLabel::default()
            };
            graph.set_edge(name(join.above), name(join.below), Some(label), Some(&ix.to_string()));
        }
        let options = LayoutOptions {
            nodesep: BESIDE,
            edgesep: BETWEEN,
            ranksep: BELOW,
            marginx: MARGIN,
            marginy: MARGIN,
            ..LayoutOptions::default()
        };
        dagre::layout(&mut graph, Some(options));
        let mut places = Places::default();
        for ix in 0..plan.boxes.len() {
            let found = graph.node(&name(ix)).map(|node| {
                let at = Point { x: node.x.unwrap_or_default(), y: node.y.unwrap_or_default() };
                Rect::around(at, node.width, node.height)
            });
            places.boxes.push(found.unwrap_or_default());
        }
        for (ix, join) in plan.joins.iter().enumerate() {
            let found = graph.edge(&name(join.above), &name(join.below), Some(&ix.to_string()));
            let points = found.map(|edge| edge.points.as_slice()).unwrap_or_default();
            // The first and the last are where it meets the boxes.
            let between = points.get(1..points.len().saturating_sub(1)).unwrap_or_default();
            places.ways.push(between.iter().map(|point| Point { x: point.x, y: point.y }).collect());
            let middle = found.map(|edge| Point { x: edge.x.unwrap_or_default(), y: edge.y.unwrap_or_default() });
            places.labels.push(middle.unwrap_or_default());
        }
        places
    }
}
