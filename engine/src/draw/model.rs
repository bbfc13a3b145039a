//! What a picture shows: boxes, frames around boxes, and lines between them. Where they go is for `layout.rs`.
//!
//! Nodes stand in the order of the definition's states, then the dot where instances begin and the marks of histories.
//! Several arrows between the same two nodes are one line; arrows that stay, or lead from a box to itself, are words
//! inside it.

use std::collections::BTreeMap;

use crate::definition::chart::{Approval, Arrow, Definition, History, Outcome, State, StateIx, StateKind};

use super::marks::Marks;
use super::words::{self, Trigger, Words};

/// What is drawn.
#[derive(Debug)]
pub(super) struct Model {
    /// The workflow's name.
    pub(super) name: String,
    /// Its title.
    pub(super) title: String,
    /// How many of the nodes are states: they stand first, in the definition's order.
    pub(super) states: usize,
    /// Boxes, frames and small marks.
    pub(super) nodes: Vec<Node>,
    /// Lines between nodes.
    pub(super) lines: Vec<Line>,
    /// Whether it is that of an instance.
    pub(super) marked: bool,
    /// Whether that instance has ended.
    pub(super) ended: bool,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// The frame that it is in.
    pub(super) parent: Option<usize>,
    /// What it is called.
    pub(super) title: String,
    /// The path of the state.
    pub(super) path: String,
    /// What more is told inside.
    pub(super) notes: Vec<String>,
    /// Arrows that lead nowhere else.
    pub(super) stays: Vec<Label>,
    /// How it stands with the instance.
    pub(super) mark: Mark,
    /// Whether the instance was ever in it.
    pub(super) been: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Waits for events.
    Simple,
    /// Asks for a decision.
    Approval,
    /// Asks for data.
    Task,
    /// Another workflow runs.
    Call,
    /// An end; whether it is a failure.
    End { failed: bool },
    /// A frame around others, of which it is in the one that `first` says at first.
    Frame { first: usize },
    /// A frame around regions, in all of which it is.
    Parallel,
    /// Where instances begin.
    Start,
    /// Back to where the frame around it was left.
    Back(History),
}

/// How something stands with the instance, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// No instance, or it may come to this.
    Plain,
    /// It cannot come to this any more.
    Closed,
    /// It has walked this.
    Walked,
    /// It is here.
    Now,
}

/// A line from one node to another.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) from: usize,
    /// Where it ends.
    pub(super) to: usize,
    /// What stands at it: one for each arrow.
    pub(super) labels: Vec<Label>,
    /// How it stands with the instance: the most that any of its arrows does.
    pub(super) mark: Mark,
}

/// What stands at an arrow.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// The number of the arrow; a way to begin has none.
    pub(super) arrow: Option<usize>,
    /// Its words.
    pub(super) words: Words,
    /// How it stands with the instance.
    pub(super) mark: Mark,
}

impl Node {
    /// Whether others are inside.
    pub(super) const fn is_frame(&self) -> bool {
        matches!(self.kind, Kind::Frame { .. } | Kind::Parallel)
    }

    /// What it is, for people; empty where that says nothing.
    pub(super) const fn what(&self) -> &'static str {
        match self.kind {
            Kind::Simple | Kind::Frame { .. } | Kind::Start | Kind::Back(_) => "",
            Kind::Approval => "Approval",
            Kind::Task => "Task",
            Kind::Call => "Workflow",
            Kind::End { failed: false } => "End",
            Kind::End { failed: true } => "End, failed",
            Kind::Parallel => "All at once",
        }
    }
}

impl Model {
    /// What the picture of `definition` shows.
    pub(super) fn of(definition: &Definition, marks: Option<&Marks>) -> Self {
        let states = definition.states.iter().enumerate();
        let nodes = states.map(|(ix, state)| node(definition, StateIx(ix), state, marks)).collect();
        let model = Self {
            name: definition.name.to_string(),
            title: super::text::clean(&definition.title),
            states: definition.states.len(),
            nodes,
            lines: Vec::new(),
            marked: marks.is_some(),
            ended: marks.is_some_and(|marks| marks.ahead.is_empty()),
        };
        let mut drawing = Drawing { definition, marks, model, between: BTreeMap::new(), backs: BTreeMap::new() };
        drawing.starts();
        for (ix, state) in definition.states.iter().enumerate() {
            drawing.arrows(StateIx(ix), state);
        }
        drawing.model
    }

    /// Whether `outer` is `inner`, or around it.
    pub(super) fn is_within(&self, inner: usize, outer: usize) -> bool {
        self.upwards(inner).any(|at| at == outer)
    }

    /// The node and the frames around it, innermost first.
    pub(super) fn upwards(&self, ix: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(ix), |&at| self.nodes[at].parent)
    }

    /// What a node is called where others may be called the same: then with the frame that it is in.
    pub(super) fn called(&self, ix: usize) -> String {
        let node = &self.nodes[ix];
        let is_same = |(other, it): (usize, &Node)| other != ix && it.title == node.title;
        match node.parent.filter(|_| self.nodes.iter().enumerate().any(is_same)) {
            Some(parent) => format!("{} (in {})", node.title, self.nodes[parent].title),
            None => node.title.clone(),
        }
    }

    /// The nodes directly inside a frame, or outside all.
    pub(super) fn inside(&self, frame: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |&ix| self.nodes[ix].parent == frame)
    }
}

fn node(definition: &Definition, ix: StateIx, state: &State, marks: Option<&Marks>) -> Node {
    let stands = |marks: &Marks| match () {
        () if marks.now.contains(&ix) => Mark::Now,
        () if marks.been.contains(&ix) => Mark::Walked,
        () if marks.ahead.contains(&ix) => Mark::Plain,
        () => Mark::Closed,
    };
    let (kind, notes) = match &state.kind {
        StateKind::Simple => (Kind::Simple, Vec::new()),
        StateKind::Compound(first) => (Kind::Frame { first: first.0 }, Vec::new()),
        StateKind::Parallel(_) => (Kind::Parallel, Vec::new()),
        StateKind::Approval(approval) => asks(approval),
        StateKind::Call(calling) => (Kind::Call, vec![super::text::clean(&calling.workflow.title)]),
        StateKind::Final => (Kind::End { failed: state.failed }, Vec::new()),
    };
    Node {
        kind,
        parent: state.parent.map(|parent| parent.0),
        title: words::state(definition, ix),
        path: state.path.to_string(),
        notes,
        stays: Vec::new(),
        mark: marks.map_or(Mark::Plain, stands),
        been: marks.is_some_and(|marks| marks.been.contains(&ix)),
    }
}

/// What an approval or a task says of itself.
fn asks(approval: &Approval) -> (Kind, Vec<String>) {
    let Some(form) = &approval.form else { return (Kind::Approval, Vec::new()) };
    let fields: Vec<&str> = form.fields.iter().map(|field| &*field.title).collect();
    let asked = if fields.is_empty() { Vec::new() } else { vec![format!("asks for {}", fields.join(", "))] };
    (Kind::Task, asked)
}

/// A model that grows.
struct Drawing<'d> {
    definition: &'d Definition,
    marks: Option<&'d Marks>,
    model: Model,
    /// The line between two nodes.
    between: BTreeMap<(usize, usize), usize>,
    /// The mark of a frame's history.
    backs: BTreeMap<(usize, bool), usize>,
}

impl Drawing<'_> {
    /// The dot, with a line for each way to begin.
    fn starts(&mut self) {
        let title = "Start".to_owned();
        let mark = if self.marks.is_some() { Mark::Walked } else { Mark::Plain };
        let dot = self.add(Kind::Start, None, title, mark);
        let mut guarded = false;
        for (ix, start) in self.definition.starts.iter().enumerate() {
            let trigger = Trigger::Start { else_way: guarded };
            let words = Words::new(self.definition, trigger, start.guard.as_ref().map(|guard| &guard.expr), &start.by);
            guarded |= start.guard.is_some();
            let mark = match self.marks {
                None => Mark::Plain,
                Some(marks) if marks.start == Some(ix) => Mark::Walked,
                // Nobody knows which way it was; else it begins only once.
                Some(marks) if marks.start.is_none() => Mark::Plain,
                Some(_) => Mark::Closed,
            };
            self.line(dot, start.to.0, Label { arrow: None, words, mark });
        }
    }

    fn arrows(&mut self, ix: StateIx, state: &State) {
        for (name, arrows) in &state.on {
            for arrow in arrows {
                self.arrow(ix, Trigger::Event(name), arrow);
            }
        }
        let mut guarded = false;
        for arrow in &state.always {
            self.arrow(ix, Trigger::Always { else_way: guarded }, arrow);
            guarded |= arrow.guard.is_some();
        }
        for timer in &state.timers {
            for arrow in &timer.arrows {
                self.arrow(ix, Trigger::After(timer), arrow);
            }
        }
    }

    fn arrow(&mut self, ix: StateIx, trigger: Trigger<'_>, arrow: &Arrow) {
        let Outcome::Go(go) = &arrow.outcome else { return };
        let mark = match self.marks {
            None => Mark::Plain,
            Some(marks) if marks.walked.contains(&arrow.ix) => Mark::Walked,
            Some(marks) if marks.open.contains(&arrow.ix) => Mark::Plain,
            Some(_) => Mark::Closed,
        };
        let words = Words::of(self.definition, trigger, arrow);
        let label = Label { arrow: Some(arrow.ix.0), words, mark };
        let to = go.to.map(|to| go.history.map_or(to.0, |history| self.back(to.0, history)));
        match to {
            Some(to) if to != ix.0 => self.line(ix.0, to, label),
            _ => self.model.nodes[ix.0].stays.push(label),
        }
    }

    /// The mark for going back into a frame.
    fn back(&mut self, frame: usize, history: History) -> usize {
        let key = (frame, history == History::Deep);
        if let Some(&known) = self.backs.get(&key) {
            return known;
        }
        let title = format!("Back to where {} was left", self.model.nodes[frame].title);
        let mark = match self.model.nodes[frame].mark {
            Mark::Closed => Mark::Closed,
            _ => Mark::Plain,
        };
        let node = self.add(Kind::Back(history), Some(frame), title, mark);
        self.backs.insert(key, node);
        node
    }

    fn add(&mut self, kind: Kind, parent: Option<usize>, title: String, mark: Mark) -> usize {
        let (path, notes, stays) = (String::new(), Vec::new(), Vec::new());
        self.model.nodes.push(Node { kind, parent, title, path, notes, stays, mark, been: false });
        self.model.nodes.len() - 1
    }

    fn line(&mut self, from: usize, to: usize, label: Label) {
        let lines = &mut self.model.lines;
        let ix = *self.between.entry((from, to)).or_insert_with(|| {
            lines.push(Line { from, to, labels: Vec::new(), mark: label.mark });
            lines.len() - 1
        });
        let line = &mut lines[ix];
        line.mark = strongest(line.mark, label.mark);
        line.labels.push(label);
    }
}

/// What a line of two arrows is: walked if one was, else open if one is.
fn strongest(one: Mark, other: Mark) -> Mark {
    match (one, other) {
        (Mark::Walked, _) | (_, Mark::Walked) => Mark::Walked,
        (Mark::Closed, Mark::Closed) => Mark::Closed,
        _ => Mark::Plain,
    }
}
