//! The state of one review (approvals.md section 1): what a task row holds.
//!
//! It refers to the policy's steps by place and to people by id, and holds neither the policy nor the organisation.
//! Votes are only appended. Every field is what later events need; what can be worked out is not kept.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::is_default;
use super::event::Position;
use super::policy::{Policy, Step};
use super::value::{Fields, Subject};
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
    /// The next number for a step or a seat.
    #[serde(skip_serializing_if = "is_default")]
    pub next_id: u32,
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

/// The states of section 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not submitted yet.
    #[default]
    Draft,
    /// People are asked.
    InReview,
    /// People may be asked, but it needs help.
    Incident,
    /// Back with the requester.
    ChangesRequested,
    /// Taken back, or expired.
    Recalled,
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
}

impl State {
    /// The word of section 1.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Incident => "incident",
            Self::ChangesRequested => "changes_requested",
            Self::Recalled => "recalled",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Whether people can act: in review, an incident included.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::InReview | Self::Incident)
    }
}

/// Why there is no plan (section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPlan {
    /// No row matches.
    NoRow,
    /// A cell cannot be compared.
    RateMissing,
}

/// What keeps an open step from going on (section 9.5), the first that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stuck {
    /// A resolver found nobody.
    Nobody,
    /// A limit cannot be compared.
    RateMissing,
    /// Not enough people are left to approve.
    QuorumOutOfReach,
    /// It takes too long.
    Late,
    /// There is nobody higher.
    NobodyToEscalate,
}

impl Stuck {
    /// The word of section 9.5.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::RateMissing => "rate_missing",
            Self::QuorumOutOfReach => "quorum_out_of_reach",
            Self::Late => "late",
            Self::NobodyToEscalate => "nobody_to_escalate",
        }
    }
}

/// The reason of a state. Shown as the oracle writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A draft.
    #[default]
    NotSubmitted,
    /// These steps are open.
    WaitingFor(Vec<Arc<str>>),
    /// This step is stuck.
    Stuck(Stuck, Arc<str>),
    /// There is no plan.
    NoPlan(NoPlan),
    /// This step rejected.
    RejectedIn(Arc<str>),
    /// This step took too long.
    TimedOut(Arc<str>),
    /// This person asked for changes.
    By(PersonId),
    /// The requester took it back.
    ByRequester,
    /// The round expired.
    Expired,
    /// Every step is approved.
    AllStepsApproved,
    /// The row has no steps.
    NoApprovalNeeded,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSubmitted => f.write_str("not_submitted"),
            Self::WaitingFor(steps) => write!(f, "waiting_for:{}", steps.join(",")),
            Self::Stuck(stuck, step) => write!(f, "{}:{step}", stuck.name()),
            Self::NoPlan(NoPlan::NoRow) => f.write_str("no_row"),
            Self::NoPlan(NoPlan::RateMissing) => f.write_str("rate_missing"),
            Self::RejectedIn(step) => write!(f, "rejected_in:{step}"),
            Self::TimedOut(step) => write!(f, "timed_out:{step}"),
            Self::By(person) => write!(f, "by:{person}"),
            Self::ByRequester => f.write_str("by_requester"),
            Self::Expired => f.write_str("expired"),
            Self::AllStepsApproved => f.write_str("all_steps_approved"),
            Self::NoApprovalNeeded => f.write_str("no_approval_needed"),
        }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Earlier ones come first.
    #[default]
    Waiting,
    /// People are asked.
    Open,
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
    /// The round ended over it.
    Stopped,
}

impl Status {
    /// The word that the oracle uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Stopped => "stopped",
        }
    }

    /// Whether votes no longer move it.
    #[must_use]
    pub const fn is_decided(self) -> bool {
        matches!(self, Self::Approved | Self::Rejected)
    }
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
        /// The number of that step.
        beside: u32,
        /// Before or after it.
        position: Position,
    },
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<Seat>,
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

/// The three votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoteKind {
    /// For.
    Approve,
    /// Against.
    Reject,
    /// Neither.
    Abstain,
}

impl VoteKind {
    /// The verb.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Abstain => "abstain",
        }
    }
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
        let found = match &self.definition {
            Definition::Step(at) => policy.steps.get(*at as usize),
            Definition::Row(row, at) => {
                let rows = policy.table.as_ref().map(|table| &table.rows);
                rows.and_then(|rows| rows.get(*row as usize)).and_then(|row| row.steps.get(*at as usize))
            }
            Definition::Added { step, .. } => Some(step),
        };
        found.cloned().unwrap_or_default()
    }

    /// Whether somebody added it.
    #[must_use]
    pub const fn is_added(&self) -> bool {
        matches!(self.definition, Definition::Added { .. })
    }
}
