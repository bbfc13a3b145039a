//! The state of one review (approvals.md section 1): what a task row holds.
//!
//! It refers to the policy's steps by place and to people by id, and holds neither the policy nor the organisation.
//! Votes are only appended. Every field is what later events need; what can be worked out is not kept.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::amounts::is_default;
use super::event::Position;
use super::place::Found;
use super::policy::Policy;
use super::questions::Question;
use super::seating::Seats;
use super::step::Step;
use super::value::{Fields, Subject};
use super::words::{NoPlan, State, Status, Stuck, VoteKind, Why};
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// One review. Stored as JSON; what has its default is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    /// Where it stands.
    #[serde(skip_serializing_if = "is_default")]
    pub state: State,
    /// Why it stands there.
    #[serde(skip_serializing_if = "is_default")]
    pub why: Why,
    /// How many rounds there have been.
    #[serde(skip_serializing_if = "is_default")]
    pub round: u32,
    /// When this round began: its expiry counts from here.
    #[serde(skip_serializing_if = "is_default")]
    pub round_began: Timestamp,
    /// The document and its versions.
    pub subject: Subject,
    /// Who changed the document since the first submission.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub editors: BTreeSet<PersonId>,
    /// Who watches.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub watchers: BTreeSet<PersonId>,
    /// Who says that he is looking at which step, since when: a mark without power, gone with his vote or the round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looking: Vec<Looking>,
    /// What was asked about it, and what was answered: the newest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The plan, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepState>,
    /// Steps of this round that an edit took out of the plan; an edit may bring them back (section 7.4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parked: Vec<StepState>,
    /// Why there is no plan, if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_plan: Option<NoPlan>,
    /// Every vote ever, in the order in which they were cast.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// The votes before this place belong to rounds from which nothing returns.
    #[serde(skip_serializing_if = "is_default")]
    pub votes_from: u32,
    /// While changes are requested: the version then, and the votes that counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// The workflow has left it, and may come back: meanwhile no time passes for it.
    #[serde(skip_serializing_if = "is_default")]
    pub held: bool,
    /// The next number for a step or a seat.
    #[serde(skip_serializing_if = "is_default")]
    pub next_id: u32,
}

impl Review {
    /// For whom the author's newest vote in the step was cast, if not in his own name.
    #[must_use]
    pub fn principal(&self, step: &str, author: &PersonId) -> Option<&PersonId> {
        let step = self.steps.iter().find(|state| *state.name == *step)?.id;
        let mut newest = self.votes.iter().rev();
        newest.find(|vote| vote.step == step && vote.author == *author && vote.carried.is_none())?.holder.as_ref()
    }
}

/// Somebody says that he is looking at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    /// The step's number.
    pub step: u32,
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub since: Timestamp,
}

/// What a resumed review is judged from (section 10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The version when changes were requested.
    pub version: u32,
    /// The places of the votes that counted then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counting: Vec<u32>,
}

/// Where a step's definition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// In the policy's `steps`.
    Step(u32),
    /// In a row of its table.
    Row(u32, u32),
    /// Here: it was added by somebody.
    Added {
        /// One person, with the covers and order of the step that it stands beside.
        step: Arc<Step>,
        /// The name of that step.
        beside: Arc<str>,
        /// Before or after it.
        position: Position,
    },
}

/// What a step asks: as its policy says, or whoever added it.
#[derive(Clone, Debug)]
pub(super) enum Asks<'p> {
    OfPolicy(&'p Step),
    Added(Arc<Step>),
}

impl Deref for Asks<'_> {
    type Target = Step;

    fn deref(&self) -> &Step {
        match self {
            Self::OfPolicy(step) => step,
            Self::Added(step) => step,
        }
    }
}

/// One step of the plan and its seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// Its number in this review.
    pub id: u32,
    /// Its name.
    pub name: Arc<str>,
    /// What is asked.
    pub definition: Definition,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: Status,
    /// When it last opened: `late` counts from here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub opened: Timestamp,
    /// The rungs of `late` that fired since it opened, by place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<u32>,
    /// Since when its seats are named: the version and the organisation's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
    /// Nobody, or a missing rate, where the resolvers were not mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Stuck>,
    /// An administrator gave it somebody: a problem returns only with an edit (section 10, repair).
    #[serde(default, skip_serializing_if = "is_default")]
    pub repaired: bool,
    /// The incident `late`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
    /// The incident `nobody_to_escalate`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub top: bool,
    /// Its seats, in the resolvers' order.
    #[serde(default, skip_serializing_if = "Seats::is_empty")]
    pub seats: Seats,
    /// Seats with votes that went; they return when their person is named again (section 4.3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<Seat>,
}

/// What seats were resolved from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The document's version.
    pub version: u32,
    /// The organisation's revision.
    pub revision: u64,
}

/// One voice in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Its number in this review.
    pub id: u32,
    /// The person named.
    pub stands_for: PersonId,
    /// Who holds it, if not the person named alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Vec<PersonId>>,
    /// Who acts on behalf of the first holder besides his substitutes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<PersonId>,
    /// Who named it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub named_by: NamedBy,
    /// A chain ended with this person because his limit covers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub covering: bool,
    /// It was reassigned or escalated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub passed: bool,
    /// It was vacant when it was last looked at; becoming vacant is what reconciles (section 4.2).
    #[serde(default, skip_serializing_if = "is_default")]
    pub vacant: bool,
    /// Where the person named was found in the organisation.
    #[serde(skip)]
    pub(super) found: Found,
}

impl Seat {
    /// Who holds it; the first may delegate.
    #[must_use]
    pub fn holders(&self) -> &[PersonId] {
        self.held_by.as_deref().unwrap_or(std::slice::from_ref(&self.stands_for))
    }
}

/// Who named a seat's person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// The first resolver.
    #[default]
    First,
    /// The resolver at this place of `who`.
    Who(u32),
    /// The resolver at this place of `fallback`.
    Fallback(u32),
    /// An administrator.
    Repair,
}

/// One vote. Never deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The step's number.
    pub step: u32,
    /// The seat's number.
    pub seat: u32,
    /// Whose act it was.
    pub author: PersonId,
    /// For which holder, if not the author himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<PersonId>,
    /// Which way.
    pub kind: VoteKind,
    /// The version that the author saw.
    pub seen: u32,
    /// The round.
    pub round: u32,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// Carried over from this vote, by its place (section 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<u32>,
    /// Its author voted anew in the step, or changed the vote that it was carried from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withdrawn: bool,
}

impl Vote {
    /// For whom.
    #[must_use]
    pub fn holder(&self) -> &PersonId {
        self.holder.as_ref().unwrap_or(&self.author)
    }
}

impl Review {
    /// A draft of `fields`, not submitted yet.
    #[must_use]
    pub fn new(fields: Fields) -> Self {
        Self { subject: Subject::new(fields), ..Self::default() }
    }

    /// The step of the plan that is called `name`.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&StepState> {
        self.steps.iter().find(|step| *step.name == *name)
    }

    /// The step of that number, in the plan or parked.
    #[must_use]
    pub fn step_by_id(&self, id: u32) -> Option<&StepState> {
        self.steps.iter().chain(&self.parked).find(|step| step.id == id)
    }

    pub(super) fn mint(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

impl StepState {
    /// What the step asks. A place that the policy does not have asks nobody and can be approved by nobody.
    #[must_use]
    pub fn definition(&self, policy: &Policy) -> Arc<Step> {
        match &self.definition {
            Definition::Added { step, .. } => Arc::clone(step),
            _ => self.in_policy(policy).cloned().unwrap_or_default(),
        }
    }

    /// The same for as long as the policy is there: nothing is counted.
    pub(super) fn asks<'p>(&self, policy: &'p Policy) -> Asks<'p> {
        static NOBODY: LazyLock<Step> = LazyLock::new(Step::default);
        match &self.definition {
            Definition::Added { step, .. } => Asks::Added(Arc::clone(step)),
            _ => Asks::OfPolicy(self.in_policy(policy).map_or(&*NOBODY, |step| step)),
        }
    }

    fn in_policy<'p>(&self, policy: &'p Policy) -> Option<&'p Arc<Step>> {
        match self.definition {
            Definition::Step(at) => policy.steps.get(at as usize),
            Definition::Row(row, at) => {
                let rows = policy.table.as_ref().map(|table| &table.rows);
                rows.and_then(|rows| rows.get(row as usize)).and_then(|row| row.steps.get(at as usize))
            }
            Definition::Added { .. } => None,
        }
    }

    /// Whether somebody added it.
    #[must_use]
    pub const fn is_added(&self) -> bool {
        matches!(self.definition, Definition::Added { .. })
    }
}
