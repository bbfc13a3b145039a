//! What may be done about a task (approvals.md, section 10), as a request names it.

use std::sync::Arc;

use fluxor_engine::command::Verb;
use fluxor_engine::ids::{PersonId, TaskId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json;
use super::problem::Problem;

/// A decision or another act. Which fields an act takes, the table [`Act::fields`] says.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// What to do.
    #[serde(rename(serialize = "do"))]
    pub act: Act,
    /// The step it is about, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "manager")]
    pub step: Option<Arc<str>>,
    /// Why. Required to reject, to request changes and to repair; the question, and the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For whom, where several could be meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<PersonId>,
    /// delegate, reassign, repair: to whom. ask: whom it is for besides the requester. escalate: `manager`, or a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub to: Option<PersonId>,
    /// reassign: whose seat, if not one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub from: Option<PersonId>,
    /// add_approver, add_watcher: who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// add_approver: `before` or `after` the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub position: Option<Arc<str>>,
    /// escalate: `adds` or `replaces`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mode: Option<Arc<str>>,
    /// repair: `assign` or `restart`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub action: Option<Arc<str>>,
    /// answer: the number of the question; without it, all that are open and that you may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<u32>,
    /// complete: the fields of the task's form; nothing, where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Map<String, Value>>,
}

/// The acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// Gives the data that the task asks for.
    Complete,
    /// Votes for.
    Approve,
    /// Votes against.
    Reject,
    /// Takes no side.
    Abstain,
    /// Sends it back to the requester at once.
    RequestChanges,
    /// Asks a question, which decides and stops nothing.
    Ask,
    /// Answers questions, which decides and stops nothing either.
    Answer,
    /// Lets somebody act on one's behalf.
    Delegate,
    /// Passes a seat to somebody.
    Reassign,
    /// Adds a step with one seat.
    AddApprover,
    /// Asks somebody higher.
    Escalate,
    /// Reminds those who have not answered.
    Remind,
    /// Tells the others of a step that one is looking at it: a mark without power.
    Look,
    /// Lets somebody watch, without power.
    AddWatcher,
    /// Helps a review that is stuck.
    Repair,
}

impl Act {
    /// Whether a link in a mail may do it.
    pub(super) const fn by_link(self) -> bool {
        matches!(
            self,
            Self::Complete
                | Self::Approve
                | Self::Reject
                | Self::Abstain
                | Self::RequestChanges
                | Self::Ask
                | Self::Answer
        )
    }

    /// The fields it needs, and those it takes.
    const fn fields(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Approve | Self::Reject | Self::Abstain | Self::RequestChanges => {
                (&["step"], &["reason", "on_behalf_of"])
            }
            Self::Ask => (&["step"], &["reason", "on_behalf_of", "to"]),
            Self::Answer => (&["reason"], &["question"]),
            Self::Complete => (&[], &["data", "on_behalf_of"]),
            Self::Delegate => (&["step", "to"], &[]),
            Self::Reassign => (&["step", "to"], &["from"]),
            Self::AddApprover => (&["step", "person", "position"], &["on_behalf_of"]),
            Self::Escalate => (&["step"], &["mode", "to"]),
            Self::Remind | Self::Look => (&["step"], &[]),
            Self::AddWatcher => (&["person"], &[]),
            Self::Repair => (&["action"], &["step", "to", "reason"]),
        }
    }
}

/// The fields that take one of two words.
const WORDS: [(&str, [&str; 2]); 3] =
    [("position", ["before", "after"]), ("mode", ["adds", "replaces"]), ("action", ["assign", "restart"])];

/// The longest reason, question or answer, bytes: whoever has more to say attaches it elsewhere.
const LONGEST_REASON: usize = 10_000;

/// # Errors
/// A reason that is longer.
pub(super) fn bounded(field: &str, reason: Option<&str>) -> Result<(), Problem> {
    let long = reason.filter(|reason| reason.len() > LONGEST_REASON);
    let told = |text: &str| format!("it has {} bytes, and may have {LONGEST_REASON}: say it shorter", text.len());
    long.map_or(Ok(()), |text| Err(Problem::invalid(field, told(text))))
}

impl Decision {
    /// An act about which nothing is said yet.
    pub(crate) const fn of(act: Act) -> Self {
        Self {
            act,
            step: None,
            reason: None,
            on_behalf_of: None,
            to: None,
            from: None,
            person: None,
            position: None,
            mode: None,
            action: None,
            question: None,
            data: None,
        }
    }

    /// What is asked of the engine.
    pub(crate) fn verb(self, task: TaskId, etag: Option<String>) -> Result<Verb, Problem> {
        let given = self.given()?;
        if self.act == Act::Complete {
            let data = self.data.unwrap_or_default();
            return Ok(Verb::Complete { task, etag, on_behalf_of: self.on_behalf_of, data });
        }
        // The engine writes its verbs in the same form.
        Ok(Verb::Decide { task, etag, act: json::read(Value::Object(given))? })
    }

    /// The fields given, if they are those that the act takes.
    fn given(&self) -> Result<Map<String, Value>, Problem> {
        bounded("/reason", self.reason.as_deref())?;
        let (needed, taken) = self.act.fields();
        let given = match serde_json::to_value(self) {
            Ok(Value::Object(given)) => given,
            _ => Map::new(),
        };
        let name = given.get("do").and_then(Value::as_str).unwrap_or_default();
        if let Some(missing) = needed.iter().find(|field| !given.contains_key(**field)) {
            return Err(Problem::invalid(format!("/{missing}"), format!("missing: `{name}` needs it")));
        }
        let belongs = |field: &str| field == "do" || needed.contains(&field) || taken.contains(&field);
        if let Some(stray) = given.keys().find(|field| !belongs(field)) {
            let all = [needed, taken].concat().join("`, `");
            return Err(Problem::invalid(format!("/{stray}"), format!("`{name}` does not take it; it takes `{all}`")));
        }
        for (field, [one, other]) in WORDS {
            let word = given.get(field).and_then(Value::as_str);
            // That a repair approves is refused by the engine, which says why.
            if let Some(word) = word.filter(|word| ![one, other, "approve"].contains(word)) {
                let shown: String = word.chars().take(60).collect();
                let why = format!("`{shown}` does not stand here: write `{one}` or `{other}`");
                return Err(Problem::invalid(format!("/{field}"), why));
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(body: Value) -> Result<Map<String, Value>, String> {
        serde_json::from_value::<Decision>(body).unwrap().given().map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn an_act_takes_its_own_fields_only() {
        let approve = given(json!({ "act": "approve", "step": "manager", "on_behalf_of": "eve" })).unwrap();
        assert_eq!(Value::Object(approve), json!({ "do": "approve", "step": "manager", "on_behalf_of": "eve" }));
        assert!(given(json!({ "act": "approve" })).unwrap_err().contains("/step: missing"));
        let stray = given(json!({ "act": "approve", "step": "m", "to": "bob" })).unwrap_err();
        assert!(stray.contains("/to: `approve` does not take it"), "{stray}");
        assert!(given(json!({ "act": "delegate", "step": "m" })).unwrap_err().contains("/to: missing"));
        let beside = |position: &str| {
            given(json!({ "act": "add_approver", "step": "m", "person": "gil", "position": position }))
        };
        assert!(beside("before").is_ok() && beside("after").is_ok());
        let middle = beside("middle").unwrap_err();
        assert!(middle.contains("/position") && middle.contains("write `before` or `after`"), "{middle}");
        let complete = given(json!({ "act": "complete", "data": { "account": "4711" } })).unwrap();
        assert_eq!(complete["data"]["account"], "4711");
        let long = |n: usize| given(json!({ "act": "reject", "step": "m", "reason": "x".repeat(n) }));
        assert!(long(10_000).is_ok() && long(10_001).unwrap_err().contains("it has 10001 bytes, and may have 10000"));
        assert!(given(json!({ "act": "complete" })).is_ok(), "an acknowledgement has nothing to say");
        assert!(given(json!({ "act": "repair", "action": "restart", "reason": "stuck" })).is_ok());
    }
}
