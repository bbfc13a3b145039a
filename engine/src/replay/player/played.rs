//! What came of a case.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::instance::Status;

/// Where an instance stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::replay) struct Place {
    /// The innermost states, joined by ` + `; empty: it was never started.
    pub(in crate::replay) state: Arc<str>,
    pub(in crate::replay) status: Option<Status>,
}

/// A step from place to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) struct Passage {
    pub(in crate::replay) from: Arc<str>,
    pub(in crate::replay) by: Arc<str>,
    pub(in crate::replay) to: Arc<str>,
}

/// An event that was refused.
#[derive(Clone, Debug)]
pub(in crate::replay) struct Refused {
    /// Its place in the case, from 0.
    pub(in crate::replay) event: usize,
    /// Where the instance stood.
    pub(in crate::replay) state: Arc<str>,
    /// What the activity means; nothing, if the mapping does not know it.
    pub(in crate::replay) tried: Option<Arc<str>>,
    pub(in crate::replay) person: Option<PersonId>,
    pub(in crate::replay) code: &'static str,
    pub(in crate::replay) sentence: String,
    /// The same, where the definition says it in its own words: what it says tells its refusals apart.
    pub(in crate::replay) own: Option<Arc<str>>,
    /// Because of who did it.
    pub(in crate::replay) on_authority: bool,
}

/// Something that time did.
#[derive(Clone, Debug)]
pub(in crate::replay) struct Fired {
    /// The workflow that was called; `None`: the case's own.
    pub(in crate::replay) workflow: Option<Arc<str>>,
    pub(in crate::replay) state: Arc<str>,
    pub(in crate::replay) what: Arc<str>,
    pub(in crate::replay) step: Option<Arc<str>>,
    pub(in crate::replay) at: Timestamp,
    /// After the last event of the case.
    pub(in crate::replay) late: bool,
}

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(in crate::replay) struct Played {
    pub(in crate::replay) accepted: usize,
    pub(in crate::replay) skipped: usize,
    pub(in crate::replay) not_tried: usize,
    pub(in crate::replay) refused: Vec<Refused>,
    pub(in crate::replay) way: Vec<Passage>,
    /// How many of these came until its last event.
    pub(in crate::replay) at_end: usize,
    pub(in crate::replay) fired: Vec<Fired>,
    /// The first incident: code, sentence, state.
    pub(in crate::replay) incident: Option<(Arc<str>, String, Arc<str>)>,
    /// Where it stood after its last event.
    pub(in crate::replay) end: Place,
    /// Where it stood at the instants that were asked for; `None`: it had not begun.
    pub(in crate::replay) then: Vec<Option<Place>>,
    /// Time went round in a circle.
    pub(in crate::replay) storm: bool,
    /// It did before its last event.
    pub(in crate::replay) stuck: bool,
    /// Rows of the domain could not be loaded.
    pub(in crate::replay) broken: Option<String>,
}

impl Played {
    /// Whether the definition takes the case: no event was refused, and it was played to its last event, which time that goes
    /// round in a circle keeps it from.
    pub(in crate::replay) fn is_accepted(&self) -> bool {
        self.refused.is_empty() && !self.stuck
    }
}
