//! The words for where a review and its steps stand, and why (approvals.md sections 1 and 9.5).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;

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
    /// It came to stand here under other rules, whose votes count no more.
    OtherRules,
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
            Self::OtherRules => f.write_str("other_rules"),
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
