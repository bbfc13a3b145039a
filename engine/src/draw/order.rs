//! What is above and what below: lines become joins without a circle, and frames get what holds them together.
//!
//! Layouts of layers take no line that ends at a frame. So each frame has a head inside, its title, which stands above all
//! else in it, and where lines leave it downwards a foot below all else; a line ends there, and is cut at the frame when
//! it is drawn. A line that would close a circle is turned: laid out upwards.

use super::face::Face;
use super::model::{Kind, Line, Model};

/// What is to be placed.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The model's nodes in their order, then heads and feet.
    pub(super) boxes: Vec<Spot>,
    /// The model's lines in their order, then those into the states in which frames begin, then unseen ones.
    pub(super) joins: Vec<Join>,
    /// The head of each frame.
    pub(super) heads: Vec<Option<usize>>,
    /// The foot of each frame that needs one.
    pub(super) feet: Vec<Option<usize>>,
}

/// Something that is placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Pixels; of a frame what is inside says it.
    pub(super) width: f64,
    /// Pixels.
    pub(super) height: f64,
    /// The frame that it is in.
    pub(super) parent: Option<usize>,
    /// Whether anything needs it.
    pub(super) is_placed: bool,
}

/// Something that runs from a box down to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    /// The upper one.
    pub(super) above: usize,
    /// The lower one.
    pub(super) below: usize,
    /// Whether its line goes upwards.
    pub(super) turned: bool,
    /// What it is drawn as.
    pub(super) kind: Drawn,
    /// Pixels of what stands at it.
    pub(super) width: f64,
    /// Pixels.
    pub(super) height: f64,
}

/// What a join is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// The model's line.
    Line(usize),
    /// The short arrow from a frame's dot to where it begins.
    First(usize),
    /// Nothing.
    Unseen,
}

/// What is above what, without a circle.
#[derive(Default)]
struct Above(Vec<Vec<usize>>);

impl Above {
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.0.len()];
        let mut left = vec![from];
        while let Some(at) = left.pop() {
            if at == to {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                left.extend(&self.0[at]);
            }
        }
        false
    }
}

impl Plan {
    /// The plan of a model whose nodes and lines have these faces.
    pub(super) fn of(model: &Model, nodes: &[Face], lines: &[Face]) -> Self {
        let mut plan = Self::default();
        plan.place(model, nodes);
        let mut above = Above(vec![Vec::new(); plan.boxes.len()]);
        for frame in (0..model.nodes.len()).filter(|&ix| model.nodes[ix].is_frame()) {
            for inner in plan.within(model, frame) {
                above.0[plan.head(frame)].push(inner);
                if let Some(foot) = plan.feet[frame] {
                    above.0[inner].push(foot);
                }
            }
        }
        let mut order: Vec<usize> = (0..model.lines.len()).collect();
        order.sort_by_key(|&ix| goes_back(model, &model.lines[ix]));
        let mut joins: Vec<Option<Join>> = vec![None; model.lines.len()];
        for ix in order {
            let (above_it, below, turned) = plan.turned(model, &model.lines[ix], &above);
            above.0[above_it].push(below);
            let (width, height) = (lines[ix].width, lines[ix].height);
            joins[ix] = Some(Join { above: above_it, below, turned, kind: Drawn::Line(ix), width, height });
        }
        plan.joins = joins.into_iter().flatten().collect();
        let used = |foot: &usize| plan.joins.iter().any(|join| join.above == *foot || join.below == *foot);
        let feet: Vec<Option<usize>> = plan.feet.iter().map(|foot| foot.filter(used)).collect();
        for foot in std::mem::replace(&mut plan.feet, feet).into_iter().flatten() {
            plan.boxes[foot].is_placed = plan.feet.contains(&Some(foot));
        }
        plan.firsts(model);
        plan.hold(model);
        plan
    }

    fn place(&mut self, model: &Model, nodes: &[Face]) {
        let spot = |(face, node): (&Face, &super::model::Node)| Spot {
            width: face.width,
            height: face.height,
            parent: node.parent,
            is_placed: true,
        };
        self.boxes = nodes.iter().zip(&model.nodes).map(spot).collect();
        self.heads = vec![None; model.nodes.len()];
        self.feet = vec![None; model.nodes.len()];
        for ix in (0..model.nodes.len()).filter(|&ix| model.nodes[ix].is_frame()) {
            self.heads[ix] = Some(self.boxes.len());
            self.boxes.push(Spot { parent: Some(ix), ..self.boxes[ix] });
            let leaves = |line: &Line| line.from == ix && !model.is_within(line.to, ix);
            let enters = |line: &Line| line.to == ix && !model.is_within(line.from, ix);
            if model.lines.iter().any(|line| leaves(line) || enters(line)) {
                self.feet[ix] = Some(self.boxes.len());
                self.boxes.push(Spot { width: 8.0, height: 1.0, parent: Some(ix), is_placed: true });
            }
        }
    }

    fn head(&self, frame: usize) -> usize {
        self.heads[frame].unwrap_or(frame)
    }

    fn foot(&self, frame: usize) -> usize {
        self.feet[frame].unwrap_or_else(|| self.head(frame))
    }

    /// Everything inside a frame that has a place of its own, but for its own head and foot.
    fn within(&self, model: &Model, frame: usize) -> Vec<usize> {
        let own = [self.heads[frame], self.feet[frame]];
        let is_inside = |ix: usize| {
            let around = self.boxes[ix].parent;
            around.is_some_and(|around| model.is_within(around, frame)) && !own.contains(&Some(ix))
        };
        let is_frame = |ix: usize| model.nodes.get(ix).is_some_and(super::model::Node::is_frame);
        (0..self.boxes.len()).filter(|&ix| self.boxes[ix].is_placed && !is_frame(ix) && is_inside(ix)).collect()
    }

    /// The box at which a line ends: of a frame its head where the rest of the line is above or inside, else its foot.
    fn end(&self, model: &Model, at: usize, other: usize, down: bool) -> usize {
        match model.nodes[at].is_frame() {
            false => at,
            true if model.is_within(other, at) || down => self.head(at),
            true => self.foot(at),
        }
    }

    /// The upper and the lower end of a line, and whether it goes upwards.
    fn turned(&self, model: &Model, line: &Line, above: &Above) -> (usize, usize, bool) {
        let (from, to) = (line.from, line.to);
        let down = (self.end(model, from, to, false), self.end(model, to, from, true));
        if !above.reaches(down.1, down.0) {
            return (down.0, down.1, false);
        }
        let up = (self.end(model, to, from, false), self.end(model, from, to, true));
        if above.reaches(up.1, up.0) { (down.1, down.0, true) } else { (up.0, up.1, true) }
    }

    /// The arrows into the states in which frames begin.
    fn firsts(&mut self, model: &Model) {
        for (ix, node) in model.nodes.iter().enumerate() {
            if let Kind::Frame { first } = node.kind {
                let below = if model.nodes[first].is_frame() { self.head(first) } else { first };
                let above = self.head(ix);
                self.joins.push(Join { above, below, turned: false, kind: Drawn::First(ix), width: 0.0, height: 0.0 });
            }
        }
    }

    /// Unseen joins: heads above all that nothing inside is above, feet below all that nothing inside is below.
    fn hold(&mut self, model: &Model) {
        for frame in (0..model.nodes.len()).filter(|&ix| model.nodes[ix].is_frame()) {
            let inside = self.within(model, frame);
            let among = |ix: usize| inside.contains(&ix);
            let seen: Vec<(usize, usize)> = self.joins.iter().map(|join| (join.above, join.below)).collect();
            let head = self.head(frame);
            let mut unseen = Vec::new();
            for &ix in &inside {
                if !seen.iter().any(|&(above, below)| below == ix && (among(above) || above == head)) {
                    unseen.push((head, ix));
                }
                if let Some(foot) = self.feet[frame]
                    && !seen.iter().any(|&(above, below)| above == ix && (among(below) || below == foot))
                {
                    unseen.push((ix, foot));
                }
            }
            let join =
                |(above, below)| Join { above, below, turned: false, kind: Drawn::Unseen, width: 0.0, height: 0.0 };
            self.joins.extend(unseen.into_iter().map(join));
        }
    }
}

/// Whether a line leads back in the order of the file, in which people tell what comes first.
fn goes_back(model: &Model, line: &Line) -> bool {
    let place = |ix: usize| match model.nodes[ix].kind {
        Kind::Start => None,
        Kind::Back(_) => model.nodes[ix].parent,
        _ => Some(ix),
    };
    place(line.from) >= place(line.to)
}
