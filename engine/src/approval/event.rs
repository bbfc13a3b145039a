//! What may happen to a review (approvals.md section 10), and what an event brings about.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::review::Review;
use super::standing::Right;
use super::step::{EscalateTo, EscalationMode};
use super::value::Fields;
use crate::clock::Timestamp;
use crate::ids::PersonId;
use std::sync::Arc;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub verb: Verb,
    /// Who; nobody for [`Verb::Time`] and [`Verb::Organisation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
}

/// Where a vote is cast and from which screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballot {
    /// The step.
    #[serde(default)]
    pub step: Arc<str>,
    /// For whom; oneself is the same as nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// The version on the screen; without it, the present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u32>,
    /// Why; needed to reject and to ask for changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

/// The verbs of section 10, the passing of time, and a change of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Verb {
    /// Votes for.
    Approve(Ballot),
    /// Votes against.
    Reject(Ballot),
    /// Takes no side.
    Abstain(Ballot),
    /// Sends it back to the requester at once.
    RequestChanges(Ballot),
    /// Asks a question, which decides and stops nothing.
    Ask {
        /// In which step, and with `reason` the question.
        #[serde(flatten)]
        ballot: Ballot,
        /// Whom it is for besides the requester.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<PersonId>,
    },
    /// Answers questions, which decides and stops nothing either.
    Answer {
        /// What there is to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
        /// The number of the question; without it, every open one that the person may answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<u32>,
    },
    /// Lets somebody act on one's behalf.
    Delegate {
        /// The step.
        step: Arc<str>,
        /// Who.
        to: PersonId,
    },
    /// Passes a seat to somebody.
    Reassign {
        /// The step.
        step: Arc<str>,
        /// Whose seat; without it, one's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<PersonId>,
        /// To whom.
        to: PersonId,
    },
    /// Adds a step with one seat.
    AddApprover {
        /// The step that it stands beside.
        #[serde(flatten)]
        ballot: Ballot,
        /// Who is asked.
        person: PersonId,
        /// Before or after the step.
        position: Position,
    },
    /// Asks somebody higher.
    Escalate {
        /// The step.
        step: Arc<str>,
        /// Joins or takes over.
        #[serde(default)]
        mode: EscalationMode,
        /// Whom.
        #[serde(default)]
        to: EscalateTo,
    },
    /// Reminds those who have not answered.
    Remind {
        /// The step.
        step: Arc<str>,
    },
    /// Tells the others of a step that one is looking at it: a mark without power.
    Look {
        /// The step.
        step: Arc<str>,
    },
    /// Lets somebody watch, without power.
    AddWatcher {
        /// Who.
        person: PersonId,
    },
    /// Changes the document.
    Edit {
        /// The fields and their new values.
        set: Fields,
    },
    /// Submits the document for review.
    Submit,
    /// Takes it back.
    Recall,
    /// Helps a review that is stuck.
    Repair {
        /// How.
        action: RepairAction,
        /// The step, for `assign`.
        #[serde(default)]
        step: Arc<str>,
        /// Who is asked, for `assign`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<PersonId>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Arc<str>>,
    },
    /// Time has passed: only what is due happens.
    Time,
    /// The organisation has changed: `apply` is given the new one. Bring the review up to the instant of the change
    /// with [`Verb::Time`] and the old one first, since what fell due before is judged by the old one (section 2).
    Organisation,
}

/// Where an added step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// The step waits for it.
    Before,
    /// It waits for the step.
    After,
}

/// What a repair does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairAction {
    /// Gives the step somebody.
    Assign,
    /// Starts a new round.
    Restart,
    /// Always refused.
    Approve,
}

impl RepairAction {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Restart => "restart",
            Self::Approve => "approve",
        }
    }
}

/// What an event brought about.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The review after time, and after the act if it was accepted.
    pub review: Review,
    /// Accepted, or why not.
    pub outcome: Result<(), Refusal>,
    /// By what right, if it was accepted and is somebody's.
    pub right: Option<Right>,
    /// What fell due, oldest first.
    pub fired: Vec<Fired>,
}

/// Something that fell due (section 11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The step; none for the expiry of the round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    /// What.
    #[serde(rename = "do")]
    pub what: FiredKind,
    /// The instant at which it was due, and as of which it happened.
    pub due: Timestamp,
    /// Who is reminded; or who held the seats that were escalated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<PersonId>,
    /// Whom the seats were escalated to, in the order of `from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<PersonId>,
}

/// The kinds of [`Fired`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FiredKind {
    /// A reminder.
    Remind,
    /// The incident `late`.
    Incident,
    /// The step was rejected: `timed_out`.
    Reject,
    /// The open seats were escalated, or nobody was found.
    Escalate,
    /// The round expired.
    Expire,
}

impl FiredKind {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Remind => "remind",
            Self::Incident => "incident",
            Self::Reject => "reject",
            Self::Escalate => "escalate",
            Self::Expire => "expire",
        }
    }
}
