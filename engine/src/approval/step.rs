//! A step of a policy: who is asked, how many must approve, what happens when it takes too long (approvals.md
//! sections 1, 3.6, 4, 9, 11), as it is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::{Exact, is_default};
use super::resolver::Resolver;
use crate::calendar::Wait;
use crate::ids::PersonId;

/// One step of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, unique in a plan.
    pub name: Arc<str>,
    /// Equal order is parallel, the next opens when the lower is approved.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub order: i64,
    /// Who is asked, in order.
    #[serde(default)]
    pub who: Vec<Resolver>,
    /// How many must approve.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quorum: Quorum,
    /// Whether the first rejection rejects.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reject: RejectRule,
    /// Whose rejection always rejects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub veto: Vec<PersonId>,
    /// The fields that the step answers for; without it, every field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Vec<Arc<str>>>,
    /// What mends resolvers that find nobody (section 3.6).
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_empty: OnEmpty,
    /// Whom `on_empty: fallback` asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<Resolver>,
    /// One after another; a chain is, if this is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_order: Option<bool>,
    /// What happens when it takes too long (section 11).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Rung>,
    /// Hours after it opened by which people are asked to have decided. It is told to them and does nothing: what time
    /// does, `late` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_hours: Option<Exact>,
    /// The same in working time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Wait>,
}

const fn one() -> i64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_one(order: &i64) -> bool {
    *order == 1
}

/// How many approvals a step needs (section 9.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// One.
    #[default]
    Any,
    /// Everybody who does not abstain.
    All,
    /// So many.
    Count(u32),
    /// This share of those who do not abstain, rounded up.
    Percent(Exact),
}

/// When rejections reject the step (section 9.2, 9.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectRule {
    /// The first rejection.
    #[default]
    First,
    /// When the approvals needed are out of reach.
    Unanimous,
}

/// Section 3.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnEmpty {
    /// It is an incident.
    #[default]
    Incident,
    /// The fallback is asked.
    Fallback,
    /// Only the first resolver that is complete is asked.
    Next,
}

/// One rung of `late`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Hours after the step opened. One of this and `after` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_hours: Option<Exact>,
    /// The same in working time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Wait>,
    /// What then.
    #[serde(rename = "do")]
    pub act: RungAct,
    /// Escalation: whether the new holder joins the old ones or takes over.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: EscalationMode,
    /// Escalation: to the manager, or to this person.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: EscalateTo,
    /// Escalation: who is asked if nobody is found above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<Resolver>,
}

/// What a rung does. None approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungAct {
    /// Reminds.
    Remind,
    /// Makes the incident `late`.
    Incident,
    /// Rejects the step.
    Reject,
    /// Asks somebody higher.
    Escalate,
}

/// Section 11.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationMode {
    /// Either fills the seat.
    #[default]
    Adds,
    /// The new holder alone.
    Replaces,
}

/// Whom an escalation asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PersonId", into = "PersonId")]
pub enum EscalateTo {
    /// The first eligible above the last holder. Written `manager`.
    #[default]
    Manager,
    /// This person.
    Person(PersonId),
}

impl From<PersonId> for EscalateTo {
    fn from(id: PersonId) -> Self {
        if id.as_str() == "manager" { Self::Manager } else { Self::Person(id) }
    }
}

impl From<EscalateTo> for PersonId {
    fn from(to: EscalateTo) -> Self {
        match to {
            EscalateTo::Manager => "manager".into(),
            EscalateTo::Person(id) => id,
        }
    }
}

impl Step {
    /// Whether only the first seat without a vote is open (section 4.4).
    #[must_use]
    pub fn one_by_one(&self) -> bool {
        self.in_order.unwrap_or_else(|| self.has_chain())
    }

    /// Whether a chain names people here.
    #[must_use]
    pub fn has_chain(&self) -> bool {
        self.who.iter().any(|resolver| matches!(resolver, Resolver::Chain { .. }))
    }

    /// The subject fields that the resolvers read (section 4.3).
    #[must_use]
    pub fn reads(&self) -> BTreeSet<&str> {
        self.who.iter().chain(&self.fallback).flat_map(Resolver::reads).collect()
    }
}
