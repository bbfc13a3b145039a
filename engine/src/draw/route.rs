//! How lines run: straight down through layers, past the boxes there, and in curves only between layers, where there are
//! none. So no line crosses a box.

use super::layout::{Places, Point, Rect};
use super::model::Model;
use super::order::{Drawn, Join, Plan};

/// Lines that end at the same side of a box are so many pixels apart, if there is room.
const APART: f64 = 18.0;

/// They keep so many pixels from its corners.
const CORNER: f64 = 14.0;

/// Two places are the same if they are no further apart, in pixels.
const NEAR: f64 = 0.5;

/// How a line runs, from where it begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Way {
    /// Where it begins.
    pub(super) from: Point,
    /// What follows.
    pub(super) steps: Vec<Step>,
    /// Whether it runs upwards.
    pub(super) turned: bool,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Straight to there.
    Straight(Point),
    /// In a curve that begins and ends upright, and bends at this part of its height from above.
    Curve(Point, f64),
}

impl Step {
    /// Where it ends.
    pub(super) const fn end(self) -> Point {
        match self {
            Self::Straight(to) | Self::Curve(to, _) => to,
        }
    }
}

impl Step {
    /// How far down it bends, where it begins at `y`.
    pub(super) fn bend(self, y: f64) -> f64 {
        match self {
            Self::Straight(to) => f64::midpoint(y, to.y),
            Self::Curve(to, part) => y.min(to.y) + (to.y - y).abs() * part,
        }
    }
}

impl Way {
    /// Where it ends.
    pub(super) fn end(&self) -> Point {
        self.steps.last().map_or(self.from, |step| step.end())
    }

    /// How far to the right it reaches.
    pub(super) fn right(&self) -> f64 {
        self.steps.iter().map(|step| step.end().x).fold(self.from.x, f64::max)
    }

    /// The same line from its other end.
    fn reversed(self) -> Self {
        let mut from = self.from;
        let mut steps = Vec::with_capacity(self.steps.len());
        for step in self.steps {
            steps.push(match step {
                Step::Straight(_) => Step::Straight(from),
                Step::Curve(_, part) => Step::Curve(from, part),
            });
            from = step.end();
        }
        steps.reverse();
        Self { from, steps, turned: true }
    }
}

/// The layers, from where to where: what is in them is passed upright.
struct Layers(Vec<(f64, f64)>);

impl Layers {
    fn of(model: &Model, plan: &Plan, places: &Places) -> Self {
        let is_solid = |ix: usize| {
            let is_frame = model.nodes.get(ix).is_some_and(super::model::Node::is_frame);
            plan.boxes[ix].is_placed && !is_frame && !plan.feet.contains(&Some(ix))
        };
        let boxes = places.boxes.iter().enumerate().filter(|(ix, _)| is_solid(*ix));
        let labels = plan.joins.iter().zip(&places.labels).filter(|(join, _)| join.height > 0.0);
        let labels = labels.map(|(join, at)| (at.y - join.height / 2.0, at.y + join.height / 2.0));
        Self(layers(boxes.map(|(_, rect)| (rect.top, rect.bottom())).chain(labels).collect()))
    }

    fn around(&self, y: f64) -> Option<(f64, f64)> {
        let after = self.0.partition_point(|(top, _)| *top <= y);
        self.0.get(after.checked_sub(1)?).copied().filter(|(_, bottom)| y <= *bottom)
    }

    /// The lower end of the layer at `y`.
    fn under(&self, y: f64) -> f64 {
        self.around(y).map_or(y, |(_, bottom)| bottom)
    }

    /// Its upper end.
    fn over(&self, y: f64) -> f64 {
        self.around(y).map_or(y, |(top, _)| top)
    }
}

/// What overlaps is one layer.
pub(super) fn layers(mut all: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut layers: Vec<(f64, f64)> = Vec::new();
    for (top, bottom) in all {
        match layers.last_mut() {
            Some(last) if top < last.1 => last.1 = last.1.max(bottom),
            _ => layers.push((top, bottom)),
        }
    }
    layers
}

/// The ways of a plan's joins, in their order.
pub(super) fn ways(model: &Model, plan: &Plan, places: &Places) -> Vec<Way> {
    let layers = Layers::of(model, plan, places);
    let mut tracks: Vec<Track> =
        plan.joins.iter().enumerate().map(|(ix, join)| Track::of(model, plan, (places, &layers), ix, join)).collect();
    spread(&mut tracks, plan, places);
    tracks
        .iter()
        .zip(&plan.joins)
        .map(|(track, join)| {
            let way = track.way(&layers);
            if join.turned { way.reversed() } else { way }
        })
        .collect()
}

/// The places of a line, one in each layer, from above.
struct Track {
    points: Vec<Point>,
    /// Whether it begins at the lower side of a box or a frame, and not at a dot.
    from_box: Option<usize>,
    /// Whether it ends at the upper side of a box or a frame.
    to_box: Option<usize>,
    /// Where the first layer's box ends and the last one's begins.
    first: f64,
    last: f64,
    /// At which part of the room between layers it bends as it leaves, and as it comes.
    bends: (f64, f64),
}

impl Track {
    fn of(model: &Model, plan: &Plan, (places, layers): (&Places, &Layers), ix: usize, join: &Join) -> Self {
        let (above, below) = (&places.boxes[join.above], &places.boxes[join.below]);
        let mut points = vec![above.middle()];
        points.extend(&places.ways[ix]);
        points.push(below.middle());
        let mut track = Self {
            points,
            from_box: Some(join.above).filter(|_| join.kind != Drawn::Unseen),
            to_box: Some(join.below).filter(|_| join.kind != Drawn::Unseen),
            first: above.bottom(),
            last: below.top,
            bends: (0.5, 0.5),
        };
        // The dot of a frame stands at the lower edge of its head.
        if matches!(join.kind, Drawn::First(_)) {
            track.from_box = None;
        }
        let frame = |at: usize, other: usize| {
            let outer = plan.boxes[at].parent.filter(|_| at >= model.nodes.len())?;
            let within = match model.nodes.get(other) {
                Some(_) => model.is_within(other, outer),
                None => plan.boxes[other].parent.is_some_and(|parent| model.is_within(parent, outer)),
            };
            (!within).then_some(outer)
        };
        if let Some(frame) = frame(join.above, join.below) {
            track.cut_above(&places.boxes[frame], layers);
            track.from_box = Some(frame);
        }
        if let Some(frame) = frame(join.below, join.above) {
            track.points.reverse();
            track.cut_below(&places.boxes[frame]);
            track.points.reverse();
            track.to_box = Some(frame);
        }
        track
    }

    /// It begins where it leaves the frame.
    fn cut_above(&mut self, frame: &Rect, layers: &Layers) {
        let foot = self.points[0];
        self.first = frame.bottom();
        // What stands beside the foot must be passed there.
        if foot.y > frame.bottom() && layers.around(foot.y).is_some() {
            self.points.insert(0, Point { x: foot.x, y: frame.bottom() });
            return;
        }
        while self.points.len() > 2 && self.points[1].y <= frame.bottom() + NEAR && is_beside(frame, self.points[1].x) {
            self.points.remove(1);
        }
        self.points[0].y = frame.bottom();
    }

    /// The same from below; the points are turned round.
    fn cut_below(&mut self, frame: &Rect) {
        while self.points.len() > 2 && self.points[1].y >= frame.top - NEAR && is_beside(frame, self.points[1].x) {
            self.points.remove(1);
        }
        self.points[0].y = frame.top;
        self.last = frame.top;
    }

    fn way(&self, layers: &Layers) -> Way {
        let last = self.points.len() - 1;
        let from = Point { x: self.points[0].x, y: self.first };
        let mut way = Way { from, ..Way::default() };
        for (ix, pair) in self.points.windows(2).enumerate() {
            let (upper, lower) = (pair[0], pair[1]);
            let leave = layers.under(upper.y).max(if ix == 0 { self.first } else { f64::MIN });
            let reach = layers.over(lower.y).min(if ix + 1 == last { self.last } else { f64::MAX });
            let reach = reach.max(leave);
            if (upper.x - lower.x).abs() > NEAR {
                way.straight(Point { x: upper.x, y: leave });
                let part = match (ix, ix + 1 == last) {
                    (0, _) => self.bends.0,
                    (_, true) => self.bends.1,
                    _ => 0.5,
                };
                way.steps.push(Step::Curve(Point { x: lower.x, y: reach }, part));
            }
            if ix + 1 == last {
                way.straight(Point { x: lower.x, y: self.last });
            }
        }
        way
    }
}

impl Way {
    /// Goes straight there, with what was straight before.
    fn straight(&mut self, to: Point) {
        if (self.end().y - to.y).abs() < NEAR {
            return;
        }
        self.steps.push(Step::Straight(to));
    }
}

fn is_beside(frame: &Rect, x: f64) -> bool {
    x >= frame.left - NEAR && x <= frame.right() + NEAR
}

/// Gives lines that end at the same side of a box places of their own there.
fn spread(tracks: &mut [Track], plan: &Plan, places: &Places) {
    for ix in 0..plan.boxes.len() {
        let at = places.boxes[ix];
        let lower: Vec<usize> = (0..tracks.len()).filter(|&t| tracks[t].from_box == Some(ix)).collect();
        let next: Vec<(usize, f64)> = lower.iter().map(|&t| (t, tracks[t].points[1].x)).collect();
        let next = ports(&at, next);
        for &(t, x) in &next {
            tracks[t].points[0].x = x;
        }
        for (t, part) in bends(&next, |t| tracks[t].points[1].x) {
            tracks[t].bends.0 = 1.0 - part;
        }
        let upper: Vec<usize> = (0..tracks.len()).filter(|&t| tracks[t].to_box == Some(ix)).collect();
        let next = upper.iter().map(|&t| (t, tracks[t].points[tracks[t].points.len() - 2].x)).collect();
        let next = ports(&at, next);
        let before = |t: usize| tracks[t].points[tracks[t].points.len() - 2].x;
        let parts = bends(&next, before);
        for (t, part) in parts {
            tracks[t].bends.1 = part;
        }
        for (t, x) in next {
            if let Some(last) = tracks[t].points.last_mut() {
                last.x = x;
            }
        }
    }
}

/// Places at a side for lines that come from there: each as near to it as the others let it.
fn ports(at: &Rect, mut next: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
    next.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let (left, right) = (at.left + CORNER, at.right() - CORNER);
    if next.len() < 2 || right <= left {
        return next
            .into_iter()
            .map(|(t, x)| (t, if right > left { x.clamp(left, right) } else { at.middle().x }))
            .collect();
    }
    let apart = APART.min((right - left) / (next.len() - 1) as f64);
    let mut places: Vec<f64> = next.iter().map(|(_, x)| x.clamp(left, right)).collect();
    for ix in 1..places.len() {
        places[ix] = places[ix].max(places[ix - 1] + apart);
    }
    let mut most = right;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - apart;
    }
    next.into_iter().zip(places).map(|((t, _), place)| (t, place)).collect()
}

/// Where lines bend whose places at a side of a box are `ports`: those that go further to a side nearer to the box, so that
/// they do not cross. Parts of the room between layers, from the other layer to that of the box.
fn bends(ports: &[(usize, f64)], other: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
    let leftwards: Vec<usize> = ports.iter().filter(|(t, x)| other(*t) < x - NEAR).map(|(t, _)| *t).collect();
    let rightwards: Vec<usize> = ports.iter().rev().filter(|(t, x)| other(*t) > x + NEAR).map(|(t, _)| *t).collect();
    let mut all = Vec::new();
    for side in [leftwards, rightwards] {
        let mut part = 0.64;
        for t in side {
            all.push((t, part));
            part = f64::max(part - 0.1, 0.2);
        }
    }
    all
}
