//! Moving running instances to another definition: what a mapping file says, read and held against both definitions.
//!
//! A mapping says where instances of each state go, and nothing about what was decided: that is `decide::migrate`'s, which
//! takes each instance as it is. `definitions/migrating.md` is for authors. Next: `read.rs` for the file, `bind.rs` for what
//! it means.

mod bind;
mod codes;
mod pages;
mod read;
mod went;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::chart::Definition;
use crate::diagnostic::Diagnostic;
use crate::expression::Expr;
use crate::ids::{DefinitionHash, Digest};

/// So many mistakes of a mapping are told: each costs a look at the whole text.
const MOST_FOUND: usize = 100;

pub use bind::Known;
pub use codes::CODES;
pub use pages::PAGES;
pub use read::Draft;
pub use went::Went;

/// A mapping that fits its definitions.
#[derive(Debug)]
pub struct Mapping {
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// The definitions that instances are moved from.
    pub from: BTreeSet<DefinitionHash>,
    /// The one that they are moved to.
    pub to: DefinitionHash,
    /// What tells one mapping from another, whatever its text looks like.
    pub digest: Digest,
    /// By path of an old state.
    states: BTreeMap<Arc<str>, Line>,
    /// What steps are called now, by what they were called.
    steps: BTreeMap<Arc<str>, Arc<str>>,
    /// Fields that are given, or dropped.
    fields: Vec<(Arc<str>, Given)>,
    /// What becomes of running timers, where a state says nothing of its own.
    timers: Option<Timers>,
}

/// A mapping, with the definitions that it is between.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// Findings that do not refuse it.
    pub warnings: Vec<Diagnostic>,
    /// Those that instances are moved from.
    pub from: Vec<Arc<Definition>>,
    /// The one that they are moved to.
    pub to: Arc<Definition>,
}

/// Where instances of a state go.
#[derive(Clone, Debug, Default)]
struct Line {
    to: Option<Target>,
    timers: Option<Timers>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Target {
    /// To these innermost states.
    States(Vec<Arc<str>>),
    /// To the states of the same names inside this one.
    Inside(Arc<str>),
}

/// What becomes of a running timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timers {
    /// It stays due when it was.
    Keep,
    /// When it is due is computed anew, from when its state was entered.
    Restart,
}

/// What a field of the document becomes.
#[derive(Debug)]
pub(crate) enum Given {
    /// The value of an expression over the document as it was, by the definition that it had.
    Value(BTreeMap<DefinitionHash, Expr>),
    /// It goes; one that stays a field has no value.
    Nothing,
}

impl Mapping {
    /// The line of a state, or of the nearest state around it that has one; with its path.
    fn line<T>(&self, path: &str, of: impl Fn(&Line) -> Option<T>) -> Option<(usize, T)> {
        went::nearest(path, |path| of(self.states.get(path)?))
    }

    /// Where states go that it says of, as the entry keeps it.
    pub(crate) fn went(&self) -> Went {
        let lines = self.states.iter();
        Went(lines.filter_map(|(path, line)| Some((path.clone(), line.to.clone()?))).collect())
    }

    /// The paths in the new definition that stand for an old state.
    pub(crate) fn image(&self, path: &str) -> Vec<Arc<str>> {
        went::image(path, |path| self.states.get(path)?.to.clone())
    }

    /// What becomes of the timers of an old state; `None`: nothing is said.
    pub(crate) fn timers_of(&self, path: &str) -> Option<Timers> {
        self.line(path, |line| line.timers).map(|(_, timers)| timers).or(self.timers)
    }

    /// What a step is called now.
    pub(crate) fn step(&self, name: &str) -> Arc<str> {
        self.steps.get(name).cloned().unwrap_or_else(|| name.into())
    }

    /// The fields that it gives or drops, in the order of the file.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&Arc<str>, &Given)> {
        self.fields.iter().map(|(name, given)| (name, given))
    }
}

#[cfg(test)]
mod tests;
