//! What a simulation tells. The names of its fields are stable.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::decide::AskedFor;
use crate::ids::{DefinitionHash, PersonId};

/// What would happen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulation {
    /// The workflow.
    pub workflow: Arc<str>,
    /// The version of its definition, for people.
    pub version: u32,
    /// The definition.
    pub definition: DefinitionHash,
    /// When it starts.
    #[serde(serialize_with = "instant")]
    pub at: Timestamp,
    /// Who starts it.
    pub starter: PersonId,
    /// What happens, in order.
    pub path: Vec<PathStep>,
    /// Who is asked, in the order of asking; last, the steps that wait still.
    pub asked: Vec<AskedStep>,
    /// The rows of decision tables that were looked up.
    pub tables: Vec<Table>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// Where it ends.
    pub end: End,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathStep {
    /// When.
    #[serde(serialize_with = "instant")]
    pub at: Timestamp,
    /// Whose doing it is: a person, `time`, or `engine`.
    pub by: Arc<str>,
    /// What.
    pub what: String,
    /// In which workflow.
    pub workflow: Arc<str>,
    /// The state before; none of a start. In a parallel state several, with commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The state afterwards.
    pub to: String,
}

/// A step of a task: who is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskedStep {
    /// The workflow.
    pub workflow: Arc<str>,
    /// The path of the state that asks.
    pub state: Arc<str>,
    /// The state's title.
    pub title: Arc<str>,
    /// The step; of a task that asks for data, `task`.
    pub step: Arc<str>,
    /// Which time it is asked: 1, unless the document came back.
    pub round: u32,
    /// Steps of equal order are asked side by side.
    pub order: i64,
    /// How many must approve, such as `2 of 3`.
    pub quorum: String,
    /// How it stands at the end: `waiting`, `open`, `approved`, `rejected`, `stopped`.
    pub status: &'static str,
    /// The plan that the workflow has chosen, if it chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Arc<str>>,
    /// The row of the approval's own table that asks for it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The steps that must be approved before.
    pub opens_after: Vec<Arc<str>>,
    /// When it opens; null where it never does here.
    #[serde(serialize_with = "perhaps")]
    pub opens_at: Option<Timestamp>,
    /// By when it should be decided; null where nothing says so.
    #[serde(serialize_with = "perhaps")]
    pub due_at: Option<Timestamp>,
    /// When time alone leads the instance to another state, if it is not decided before; null where it never does.
    #[serde(serialize_with = "perhaps")]
    pub until: Option<Timestamp>,
    /// The paths of the states that it leads to then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Arc<str>>,
    /// Who is asked, in order.
    pub people: Vec<PersonAsked>,
    /// How many more people there are, where they are too many to be told.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// What time does to it, if nobody answers.
    pub rungs: Vec<LateStep>,
    /// Whom its rules name, and who is not asked.
    pub not_asked: Vec<PersonNotAsked>,
    /// What keeps it from being decided: `nobody`, `over_limits` (nobody's limit covers the amount), `rate_missing`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// What is to be entered, of a task that asks for data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<AskedFor>,
}

/// Somebody who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonAsked {
    /// Who.
    pub person: PersonId,
    /// In whose place, if not in his own name.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// Why, in one sentence.
    pub why: String,
}

/// Somebody whom a rule names and who is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonNotAsked {
    /// Who.
    pub person: PersonId,
    /// Why not, in one sentence.
    pub why: String,
}

/// What time does to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LateStep {
    /// When; null where the step never opens here.
    #[serde(serialize_with = "perhaps")]
    pub at: Option<Timestamp>,
    /// How long after the step's opening.
    pub after: String,
    /// `remind`, `escalate`, `incident` or `reject`.
    #[serde(rename = "do")]
    pub act: &'static str,
    /// Of an escalation: to whom (`manager`: the next above).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
}

/// A look into a decision table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The workflow.
    pub workflow: Arc<str>,
    /// The table.
    pub table: Arc<str>,
    /// The rows that were chosen, from 1; none: what holds otherwise.
    pub rows: Vec<usize>,
}

/// Where a simulation ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// The state that the workflow is in; empty where it did not even start.
    pub state: String,
    /// `active`, `incident` or `final`; null where it did not start.
    pub status: Option<&'static str>,
    /// How it ends.
    pub kind: EndKind,
    /// What that means, and what could be done.
    pub sentence: String,
    /// The code of the refusal or of the incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Arc<str>>,
    /// What the workflow accepts then.
    pub accepts: Vec<Accepted>,
}

/// How a simulation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// The workflow has ended.
    Final,
    /// It waits: for somebody outside, for people who do not answer, or for time.
    Waits,
    /// Something needs a person's help.
    Incident,
    /// Something that was to be done is declined.
    Refused,
    /// It needs data that nobody has given here.
    NeedsData,
    /// It goes on for ever, or too long to be told.
    Cut,
}

/// An event that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// The event.
    pub event: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// Who may signal it: the rules of its arrows.
    pub by: Vec<String>,
}

fn instant<S: Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(at)
}

#[allow(clippy::ref_option, reason = "serde calls it with a reference")]
fn perhaps<S: Serializer>(at: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => s.collect_str(at),
        None => s.serialize_none(),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}
