//! The text in boxes and at lines, row by row, and how much room it takes.

use super::model::{Kind, Label, Mark, Model, Node};
use super::text;

/// Pixels between the text of a box and its border, sideways and above.
const PAD: (f64, f64) = (14.0, 9.0);

/// No box is smaller than this, in pixels.
const LEAST: (f64, f64) = (112.0, 40.0);

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// What a box is, and how it stands.
    What,
    /// Its title.
    Title,
    /// What more is told in it.
    Note,
    /// What happens.
    Event,
    /// Under which condition, and who may.
    Side,
}

impl Look {
    /// The font size in pixels. The style says the same.
    pub(super) const fn size(self) -> f64 {
        match self {
            Self::What | Self::Side => 11.0,
            Self::Title => 14.0,
            Self::Note | Self::Event => 12.0,
        }
    }

    /// The class in an SVG.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::What => "what",
            Self::Title => "name",
            Self::Note => "note",
            Self::Event => "event",
            Self::Side => "side",
        }
    }

    /// How many characters a line has at most: conditions are long, and small.
    const fn most(self) -> usize {
        if matches!(self, Self::Side) { text::LINE + 8 } else { text::LINE }
    }

    fn width(self, text: &str) -> f64 {
        let heavy = if matches!(self, Self::Title | Self::Event) { 1.06 } else { 1.0 };
        text::width(text, self.size()) * heavy
    }
}

/// A row of text.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// It.
    pub(super) text: String,
    /// How it looks.
    pub(super) look: Look,
    /// Where its letters stand, in pixels below the top of the face.
    pub(super) baseline: f64,
    /// Where an arrow that stays begins with it: its number.
    pub(super) stays: Option<usize>,
    /// How the arrow that it belongs to stands.
    pub(super) mark: Mark,
}

/// Rows of text with their size.
#[derive(Clone, Debug, Default)]
pub(super) struct Face {
    /// From above.
    pub(super) rows: Vec<Row>,
    /// Where a thin line divides what it is from what happens inside, below the top.
    pub(super) divided: Option<f64>,
    /// Pixels, with the room around the text.
    pub(super) width: f64,
    /// Pixels.
    pub(super) height: f64,
}

impl Face {
    /// That of a box, of a frame's head, or of a small mark.
    pub(super) fn of(node: &Node) -> Self {
        match node.kind {
            Kind::Start => return Self { width: 18.0, height: 18.0, ..Self::default() },
            Kind::Back(_) => return Self { width: 28.0, height: 28.0, ..Self::default() },
            _ => {}
        }
        let mut face = Self { height: PAD.1, ..Self::default() };
        face.add(Look::What, &caption(node), node.mark);
        face.add(Look::Title, &node.title, node.mark);
        for note in &node.notes {
            face.add(Look::Note, note, node.mark);
        }
        if !node.stays.is_empty() {
            face.height += 4.0;
            face.divided = Some(face.height);
            face.height += 4.0;
        }
        for label in &node.stays {
            face.label(label, true);
        }
        face.height += PAD.1;
        face.width = (face.width + 2.0 * PAD.0).max(if node.is_frame() { 0.0 } else { LEAST.0 });
        face.height = face.height.max(if node.is_frame() { 0.0 } else { LEAST.1 });
        if matches!(node.kind, Kind::Frame { .. }) {
            // Room for the dot in which it begins.
            face.height += 8.0;
        }
        face
    }

    /// What stands at a line.
    pub(super) fn at_line(labels: &[Label]) -> Self {
        let mut face = Self::default();
        for label in labels.iter().filter(|label| !label.words.is_empty()) {
            face.height += if face.rows.is_empty() { 2.0 } else { 5.0 };
            face.label(label, false);
        }
        if !face.rows.is_empty() {
            face.width += 12.0;
            face.height += 3.0;
        }
        face
    }

    fn label(&mut self, label: &Label, stays: bool) {
        let before = self.rows.len();
        self.add(Look::Event, &label.words.what, label.mark);
        for more in label.words.guard.iter().chain(&label.words.by) {
            self.add(Look::Side, more, label.mark);
        }
        if before == self.rows.len() {
            self.add(Look::Event, "always", label.mark);
        }
        if stays {
            self.rows[before].stays = label.arrow;
            self.width = self.width.max(self.rows[before].look.width(&self.rows[before].text) + 2.0 * LOOP);
        }
    }

    fn add(&mut self, look: Look, text: &str, mark: Mark) {
        for text in text::wrapped(text, look.most()) {
            let line = look.size() * 1.3;
            self.width = self.width.max(look.width(&text));
            let baseline = self.height + line / 2.0 + look.size() * 0.35;
            self.rows.push(Row { text, look, baseline, stays: None, mark });
            self.height += line;
        }
    }
}

/// The room for the sign of an arrow that stays, in pixels.
pub(super) const LOOP: f64 = 15.0;

/// What it is, and how it stands, in words.
fn caption(node: &Node) -> String {
    let stands = match node.mark {
        Mark::Now => "Now",
        Mark::Walked if node.been => "Was here",
        _ => "",
    };
    let parts: Vec<&str> = [stands, node.what()].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// The faces of all nodes, in their order.
pub(super) fn all(model: &Model) -> Vec<Face> {
    model.nodes.iter().map(Face::of).collect()
}
