//! The report of a replay: plain data, most frequent first.

mod rows;

use serde::Serialize;

use crate::instance::Status;

/// What came of a log.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The definition's name.
    pub workflow: String,
    /// Its version.
    pub version: u32,
    /// Its hash.
    pub definition: String,
    /// Cases.
    pub cases: Cases,
    /// Events.
    pub events: Events,
    /// Refused events by state, activity and refusal.
    pub refused: Vec<Refusals>,
    /// Where cases stood after their last event.
    pub end_states: Vec<Ended>,
    /// From where to where, by what, how often.
    pub transitions: Vec<Transition>,
    /// What time did: timers, reminders, escalations.
    pub timers: Vec<FiredCount>,
    /// The first of these, one by one.
    pub fired: Vec<FiredOnce>,
    /// Who did what he may not.
    pub duties: Vec<Duty>,
    /// What could not be computed or needs somebody.
    pub incidents: Vec<Incidents>,
    /// Where cases stood at the instants that were asked for.
    pub states_at: Vec<StatesAt>,
    /// What the log's activities mean, and how often they come.
    pub activities: Vec<ActivityCount>,
    /// What another definition makes of the same log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Comparison>,
    /// Each case, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub each: Vec<CaseReport>,
    /// Rows of the domain that could not be loaded: the first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// How many cases.
#[derive(Clone, Debug, Serialize)]
pub struct Cases {
    /// All.
    pub all: u64,
    /// Those whose every event was accepted (or skipped).
    pub accepted: u64,
    /// Of these, those that came to an end.
    pub accepted_finished: u64,
    /// Of these, those that did not.
    pub accepted_open: u64,
    /// Those with a refused event.
    pub deviating: u64,
    /// Those that came to an end, deviating or not.
    pub finished: u64,
    /// Those with an incident on the way.
    pub with_incident: u64,
    /// Those that could not be started at all.
    pub never_started: u64,
    /// Those in which time went round in a circle, and was stopped; where it was before their last event, they deviate.
    pub endless: u64,
}

/// How many events.
#[derive(Clone, Debug, Serialize)]
pub struct Events {
    /// All.
    pub all: u64,
    /// Taken.
    pub accepted: u64,
    /// Refused.
    pub refused: u64,
    /// Of no matter, as the mapping says.
    pub skipped: u64,
    /// After the case was over: it could not be started, or ended with its first refused event.
    pub not_tried: u64,
}

/// Events that were refused alike.
#[derive(Clone, Debug, Serialize)]
pub struct Refusals {
    /// Where the instance stood; empty: it had not begun.
    pub state: String,
    /// What happened in the log.
    pub activity: String,
    /// What that means; nothing, if the mapping does not say.
    pub tried: Option<String>,
    /// The refusal's code.
    pub code: &'static str,
    /// Its sentence, in the first case.
    pub sentence: String,
    /// Cases whose first refused event this is.
    pub first: u64,
    /// Cases with such an event.
    pub cases: u64,
    /// All such events.
    pub events: u64,
    /// The first case.
    pub example: String,
}

/// Where cases ended.
#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    /// The state; of a parallel one, all inside, joined by ` + `; empty: never started.
    pub state: String,
    /// Active, incident or final.
    pub status: Option<Status>,
    /// Cases.
    pub cases: u64,
    /// Of these, those without a refused event.
    pub accepted: u64,
    /// Of these, those with one.
    pub deviating: u64,
}

/// How often something led from one state to another.
#[derive(Clone, Debug, Serialize)]
pub struct Transition {
    /// From; empty: the start.
    pub from: String,
    /// The event or act, or how long a timer ran.
    pub by: String,
    /// To; the same, where it stayed.
    pub to: String,
    /// How often.
    pub count: u64,
}

/// How often time did something.
#[derive(Clone, Debug, Serialize)]
pub struct FiredCount {
    /// The workflow that the case called, where it is one of its.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The state whose timer or task it was.
    pub state: String,
    /// The step, of what approvals do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// `after 2 days`, `remind`, `escalate`, `reject`, `incident`, `expire`.
    pub what: String,
    /// How often.
    pub count: u64,
    /// Of these, after the last event of the case.
    pub after_last_event: u64,
    /// The first time.
    pub first: String,
    /// The last time.
    pub last: String,
}

/// One time that time did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FiredOnce {
    /// The case.
    pub case: String,
    /// The workflow that it called, where it is one of its.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The state whose timer or task it was.
    pub state: String,
    /// The step, of what approvals do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What, as in [`FiredCount::what`].
    pub what: String,
    /// When.
    pub at: String,
    /// After the last event of the case.
    pub after_last_event: bool,
}

/// Somebody who did what he may not.
#[derive(Clone, Debug, Serialize)]
pub struct Duty {
    /// Who.
    pub person: String,
    /// What happened in the log.
    pub activity: String,
    /// What that means.
    pub tried: Option<String>,
    /// Where the instance stood.
    pub state: String,
    /// Why he may not: `excluded` and `distinct` are the rules of separation of duties.
    pub code: &'static str,
    /// The same in words, in the first case.
    pub sentence: String,
    /// Cases.
    pub cases: u64,
    /// All such events.
    pub events: u64,
    /// The first case.
    pub example: String,
}

/// Incidents that are told alike.
#[derive(Clone, Debug, Serialize)]
pub struct Incidents {
    /// The state.
    pub state: String,
    /// The code.
    pub code: String,
    /// The sentence.
    pub sentence: String,
    /// Cases that had it first.
    pub cases: u64,
    /// The first case.
    pub example: String,
}

/// Where cases stood at an instant: all that had happened by then, at that very instant too.
#[derive(Clone, Debug, Serialize)]
pub struct StatesAt {
    /// The instant.
    pub at: String,
    /// States.
    pub states: Vec<Standing>,
    /// Cases that had not begun.
    pub not_begun: u64,
}

/// How many cases stood in a state.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The state.
    pub state: String,
    /// Active, incident or final.
    pub status: Option<Status>,
    /// Cases.
    pub cases: u64,
}

/// An activity of the log.
#[derive(Clone, Debug, Serialize)]
pub struct ActivityCount {
    /// As the log has it.
    pub activity: String,
    /// What it may mean; nothing, if the mapping does not say.
    pub means: Vec<String>,
    /// Events.
    pub events: u64,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// As the log has it.
    pub case: String,
    /// Whether no event was refused.
    pub accepted: bool,
    /// How many events it has.
    pub events: usize,
    /// Where it stood after the last.
    pub end: String,
    /// Active, incident or final; nothing, if it never started.
    pub status: Option<Status>,
    /// The state after each step until its last event, the start first; at most 200, as of the lists below.
    pub way: Vec<String>,
    /// The state after each step that time took afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<String>,
    /// Refused events, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedOnce>,
    /// What time did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<FiredOnce>,
    /// How much more there is in these lists.
    #[serde(skip_serializing_if = "is_none_more")]
    pub more: usize,
    /// The first incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_none_more(more: &usize) -> bool {
    *more == 0
}

/// A refused event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedOnce {
    /// The how manieth of its case, from 1.
    pub event: usize,
    /// When.
    pub at: String,
    /// What happened in the log.
    pub activity: String,
    /// Where the instance stood.
    pub state: String,
    /// What it means.
    pub tried: Option<String>,
    /// Who did it.
    pub person: Option<String>,
    /// The refusal's code.
    pub code: &'static str,
    /// Its sentence.
    pub sentence: String,
}

/// Two definitions over one log.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Cases.
    pub cases: u64,
    /// Those that the other definition accepts.
    pub accepted: u64,
    /// Those that would have gone another way.
    pub different: u64,
    /// How many of these there are of each kind.
    pub kinds: Kinds,
    /// The first 10,000 of these.
    pub differs: Vec<Differs>,
    /// How many more there are.
    pub more: u64,
}

/// How many cases differ, by what they differ in first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kinds {
    /// A refused event.
    pub refused: u64,
    /// The state at the end.
    pub end: u64,
    /// The states between.
    pub way: u64,
}

impl Kinds {
    /// All of them.
    #[must_use]
    pub const fn all(self) -> u64 {
        self.refused + self.end + self.way
    }

    pub(super) fn count(&mut self, kind: &str) {
        match kind {
            "refused" => self.refused += 1,
            "end" => self.end += 1,
            _ => self.way += 1,
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.refused += other.refused;
        self.end += other.end;
        self.way += other.way;
    }
}

/// A case that would have gone another way.
#[derive(Clone, Debug, Serialize)]
pub struct Differs {
    /// The case.
    pub case: String,
    /// The first thing in which they differ: `refused` (an event is refused by one of them alone, or in another state, or for
    /// another reason), `end` (another state), `way` (other states between).
    pub kind: &'static str,
    /// Where it ended.
    pub end: String,
    /// Where it would have ended.
    pub other_end: String,
    /// The first refused event in which they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedOnce>,
    /// What the other would have refused there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_refused: Option<RefusedOnce>,
    /// The first of the states in which it stood, one after the other, that is another one: from 1, and both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<(usize, Option<String>, Option<String>)>,
}
