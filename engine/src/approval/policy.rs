//! The policy: what is asked, of whom, and under which rules (approvals.md sections 1, 3, 6 to 11).
//!
//! Data only, as it is written, with the defaults of section 1; a key that the document does not have is refused.
//! A review pins its policy and refers to its steps by their place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::{Exact, Tolerance, is_default};
use super::resolver::Resolver;
use super::step::Step;
use crate::calendar::{Counted, Wait};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::money::Money;

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The workflow that substitutes' scopes name.
    pub workflow: Arc<str>,
    /// Fields of people who may never decide; `editors` is everybody who changed the document (section 6).
    pub never: Vec<Arc<str>>,
    /// Shuts out also whoever stands in for them.
    pub never_substitutes: bool,
    /// Whether a person is asked in each step (section 8).
    pub same_person: SamePerson,
    /// Which edits cost which votes (section 7).
    pub reapprove: Reapprove,
    /// By field: how far an amount may move.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tolerance: BTreeMap<Arc<str>, Tolerance>,
    /// The fields that may change in review and once approved; without it, every field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub editable: Option<Vec<Arc<str>>>,
    /// Who repairs, escalates, reassigns for others.
    pub administrators: Vec<PersonId>,
    /// The steps, where there is no table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Arc<Step>>,
    /// A table of steps by amount and category (section 3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// Pairs of steps that need different people (section 8.4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distinct: Vec<[Arc<str>; 2]>,
    /// How long the requester may recall.
    #[serde(skip_serializing_if = "is_default")]
    pub recall: Recall,
    /// What a submission after requested changes does.
    #[serde(skip_serializing_if = "is_default")]
    pub after_changes: AfterChanges,
    /// Whether a rejection is final.
    #[serde(skip_serializing_if = "is_default")]
    pub after_rejection: AfterRejection,
    /// When a round is withdrawn by itself (section 11.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after_hours: Option<Exact>,
    /// The same in working time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Wait>,
    /// Nobody's approval is carried into a seat that was passed on, escalated or assigned: whoever gets one is asked in it. Stricter
    /// than section 8 has it, so that no lapse of time and no administrator's act approves (11.2); not part of what is written.
    #[serde(skip)]
    pub asks_anew: bool,
    /// What working time is counted in. Not part of what is written: a calendar may change while a policy holds.
    #[serde(skip)]
    pub working: Counted,
}

impl Policy {
    /// How long a round lasts at most.
    #[must_use]
    pub fn expires(&self) -> Option<Wait> {
        Wait::of(self.expires_after_hours, self.expires_after)
    }

    /// When something is due that waits so long from `from` on.
    pub(super) fn due(&self, from: Timestamp, wait: Option<Wait>) -> Option<Timestamp> {
        wait?.end(from, self.working.calendar())
    }
}

/// Section 8.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamePerson {
    /// Asked every time.
    #[default]
    Each,
    /// An approval in one's own name fills one's other open seats.
    Once,
}

/// What an edit of a field does (section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing.
    None,
    /// It matters to the steps that cover the field.
    #[default]
    Affected,
    /// It matters to every step, and a vote lost by it starts a new round.
    All,
}

/// One mode, or rules by field, the first match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reapprove {
    /// One mode for every field.
    Mode(Mode),
    /// The first rule that names the field; a rule without fields names them all.
    Rules(Vec<ReapproveRule>),
}

impl Default for Reapprove {
    fn default() -> Self {
        Self::Mode(Mode::Affected)
    }
}

/// One rule of [`Reapprove`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReapproveRule {
    /// The fields; without them, every field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Arc<str>>>,
    /// What then.
    pub then: Mode,
}

/// How long the requester may recall (section 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recall {
    /// Until the review has ended.
    #[default]
    UntilDecided,
    /// Until somebody voted in this round.
    UntilFirstVote,
    /// Never.
    Never,
}

/// Section 10, submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterChanges {
    /// The votes stay, judged by what changed.
    #[default]
    Resume,
    /// It begins with no votes.
    Restart,
}

/// Section 10, submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterRejection {
    /// A rejection ends it.
    #[default]
    Final,
    /// It may be submitted again.
    Resubmit,
}

/// A table of rows (section 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The first matching row, or all of them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hit: Hit,
    /// The rows, in order.
    #[serde(default)]
    pub rows: Vec<Row>,
}

/// Which rows of a table are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hit {
    /// The first that matches.
    #[default]
    First,
    /// Every one that matches.
    Collect,
}

/// A row: when it matches, and its steps; no steps say that no approval is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// When.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: When,
    /// The steps.
    pub steps: Vec<Arc<Step>>,
}

/// The cells of a row; one left out matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The amount is over this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Money>,
    /// The amount is at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Money>,
    /// The category is one of these.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::resolver::one_or_many")]
    pub category: Option<Vec<Arc<str>>>,
    /// The workflow has chosen one of these plans: the subject's field [`PLAN`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<Arc<str>>>,
}

/// The field under which a workflow says which plan asks. It is no name, so that no field of a subject can be it.
pub const PLAN: &str = "(plan)";

impl Policy {
    /// What an edit of `field` does.
    #[must_use]
    pub fn mode(&self, field: &str) -> Mode {
        match &self.reapprove {
            Reapprove::Mode(mode) => *mode,
            Reapprove::Rules(rules) => rules
                .iter()
                .find(|rule| rule.fields.as_ref().is_none_or(|fields| fields.iter().any(|f| **f == *field)))
                .map_or(Mode::Affected, |rule| rule.then),
        }
    }

    /// Whether `field` matters to `step` (section 7.1).
    #[must_use]
    pub fn matters(&self, step: &Step, field: &str) -> bool {
        match self.mode(field) {
            Mode::None => false,
            Mode::All => true,
            Mode::Affected => step.covers.as_ref().is_none_or(|covers| covers.iter().any(|f| **f == *field)),
        }
    }

    /// Whether the person is an administrator of this policy.
    #[must_use]
    pub fn is_administrator(&self, id: &PersonId) -> bool {
        self.administrators.contains(id)
    }

    /// The steps that `name` may not share a person with.
    pub fn distinct_from<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.distinct.iter().filter_map(move |[a, b]| match (&**a == name, &**b == name) {
            (true, false) => Some(&**b),
            (false, true) => Some(&**a),
            _ => None,
        })
    }

    /// Every step that a subject may meet.
    pub fn all_steps(&self) -> impl Iterator<Item = &Arc<Step>> {
        self.steps.iter().chain(self.table.iter().flat_map(|table| &table.rows).flat_map(|row| &row.steps))
    }

    /// The subject fields that the policy names: what a checker compares with the subject's own.
    #[must_use]
    pub fn fields_read(&self) -> BTreeSet<Arc<str>> {
        let mut fields: BTreeSet<Arc<str>> = self.never.iter().filter(|f| &***f != "editors").cloned().collect();
        fields.extend(self.tolerance.keys().cloned());
        fields.extend(self.editable.iter().flatten().cloned());
        if let Reapprove::Rules(rules) = &self.reapprove {
            fields.extend(rules.iter().filter_map(|rule| rule.fields.as_ref()).flatten().cloned());
        }
        for step in self.all_steps() {
            fields.extend(step.covers.iter().flatten().cloned());
            fields.extend(step.reads().into_iter().map(Arc::from));
            let rungs = step.late.iter().flat_map(|rung| &rung.fallback);
            fields.extend(rungs.flat_map(Resolver::reads).map(Arc::from));
        }
        for row in self.table.iter().flat_map(|table| &table.rows) {
            if row.when.over.is_some() || row.when.up_to.is_some() {
                fields.insert("amount".into());
            }
            if row.when.category.is_some() {
                fields.insert("category".into());
            }
            if row.when.plan.is_some() {
                fields.insert(PLAN.into());
            }
        }
        fields
    }
}
