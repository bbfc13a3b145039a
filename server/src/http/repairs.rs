//! Repairs of instances: which are possible, what one would do, doing it; and how many instances wait where.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Repair, Verb};
use fluxor_engine::decide::{Possible, Preview};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Document, Status};
use fluxor_engine::store::StateCount;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::act::bounded;
use super::asked::{Asked, ChangeHeaders, Wondering};
use super::auth::Caller;
use super::extract::Path;
use super::instances::Outcome;
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::repairs::{TO_BE_GIVEN, asking};

/// How an instance is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// What made the incident is tried again.
    Retry,
    /// It goes on as if what made the incident had worked. Never an approval, nor a task.
    Skip,
    /// It goes to the state `to`, as an arrow into it would. Never past an approval that nobody has given.
    Move,
    /// Fields of its document are corrected; in review this is an edit like any.
    SetData,
    /// It ends where it stands, and what can be taken back is.
    Cancel,
}

impl How {
    /// The field it needs, and those it takes.
    const fn fields(self) -> (Option<&'static str>, &'static [&'static str]) {
        match self {
            Self::Retry => (None, &["at"]),
            Self::Skip => (None, &["at", "payload"]),
            Self::Move => (Some("to"), &["to"]),
            Self::SetData => (Some("set"), &["set"]),
            Self::Cancel => (None, &[]),
        }
    }
}

/// A repair.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repairing {
    /// How.
    repair: How,
    /// retry, skip: the state whose incident is meant, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    at: Option<Arc<str>>,
    /// skip: what a message that counts as delivered is taken to have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    payload: Option<Document>,
    /// move: the state's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "open.review")]
    to: Option<Arc<str>>,
    /// set_data: the fields with their new values; null: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    set: Option<Document>,
    /// Why. Only a preview may be without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The state revision that you saw: with it, the repair is declined if the instance has moved on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_revision: Option<i64>,
}

impl Repairing {
    /// What is asked of the engine.
    fn verb(self, instance: InstanceId) -> Result<Verb, Problem> {
        self.fits()?;
        bounded("/reason", self.reason.as_deref())?;
        let Self { repair, at, payload, to, set, reason, state_revision } = self;
        let repair = match repair {
            How::Retry => Repair::Retry { at },
            How::Skip => Repair::Skip { at, payload: payload.unwrap_or_default() },
            How::Move => Repair::Move { to: to.unwrap_or_default() },
            How::SetData => Repair::SetData { set: set.unwrap_or_default() },
            How::Cancel => Repair::Cancel,
        };
        Ok(Verb::Repair { instance, repair, reason: reason.unwrap_or_default(), state_revision })
    }

    /// Whether the fields given are those that the repair takes.
    fn fits(&self) -> Result<(), Problem> {
        let (needed, taken) = self.repair.fields();
        let given = match serde_json::to_value(self) {
            Ok(Value::Object(given)) => given,
            _ => Map::new(),
        };
        let name = given.get("repair").and_then(Value::as_str).unwrap_or_default();
        if let Some(missing) = needed.filter(|field| !given.contains_key(*field)) {
            return Err(Problem::invalid(format!("/{missing}"), format!("missing: `{name}` needs it")));
        }
        let belongs = |field: &str| ["repair", "reason", "state_revision"].contains(&field) || taken.contains(&field);
        match given.keys().find(|field| !belongs(field)) {
            Some(stray) if taken.is_empty() => {
                Err(Problem::invalid(format!("/{stray}"), format!("`{name}` does not take it: it takes a reason only")))
            }
            Some(stray) => {
                let all = taken.join("`, `");
                Err(Problem::invalid(format!("/{stray}"), format!("`{name}` does not take it; it takes `{all}`")))
            }
            None => Ok(()),
        }
    }
}

/// What can be repaired: `incidents` with `retry`, `skip` and the `payload` that a skipped message may bring; `move`, the states;
/// `set_data`, the fields; `cancel`; each with `possible` and `why_not`; the open `tasks` and the `state_revision`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = RepairsPossible, value_type = Object)]
pub(crate) struct Could(Possible);

/// What a repair would do: `from`, `to`, `inside`, `status`, `stopped`; `incidents_before` and `incidents`; `tasks_closed` and
/// `tasks_opened` with who would be asked; `timers_stopped`, `timers_started`; `messages`, `sent_again`, `forgotten`,
/// `withdrawn`; `rows` of the books; `fields`; what is `undone` or `left_out`; which instances are `told` and `started`; `warnings`; `state_revision`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = RepairPreview, value_type = Object)]
pub(crate) struct Would(Preview);

/// Say which repairs of an instance are possible now, and why not the others. For administrators.
#[utoipa::path(get, path = "/v1/instances/{id}/repairs", tag = "instances", params(("id" = String, Path)),
    responses((status = 200, body = Could), Problems))]
pub(crate) async fn possible(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(InstanceId,)>,
) -> Result<Json<Could>, Problem> {
    let verb = Verb::Repair { instance: id, repair: Repair::Cancel, reason: String::new(), state_revision: None };
    Ok(Json(Could(app.desk().repairs_possible(asking(caller.tenant(), caller.actor(), verb)).await?)))
}

/// Say what a repair would do. Nothing is written. For administrators.
#[utoipa::path(post, path = "/v1/instances/{id}/repairs/preview", tag = "instances", params(("id" = String, Path)),
    request_body = Repairing, responses((status = 200, body = Would), Problems))]
pub(crate) async fn preview(
    State(app): State<App>,
    Path((id,)): Path<(InstanceId,)>,
    Wondering(caller, mut asked): Wondering<Repairing>,
) -> Result<Json<Would>, Problem> {
    asked.reason.get_or_insert_with(|| TO_BE_GIVEN.to_owned());
    let command = asking(caller.tenant(), caller.actor(), asked.verb(id)?);
    Ok(Json(Would(app.desk().preview_repair(command).await?)))
}

/// Repair an instance: for administrators, with a reason that the trail keeps.
#[utoipa::path(post, path = "/v1/instances/{id}/repairs", tag = "instances", params(("id" = String, Path), ChangeHeaders),
    request_body = Repairing, responses((status = 200, body = Outcome), Problems))]
pub(crate) async fn repair(
    State(app): State<App>,
    Path((id,)): Path<(InstanceId,)>,
    Asked(asking, asked): Asked<Repairing>,
) -> Result<Json<Outcome>, Problem> {
    Ok(Json(app.submit(asking.command(asked.verb(id)?)).await?.answer.into()))
}

/// How many live instances there are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Count {
    #[schema(value_type = String)]
    workflow: Arc<str>,
    #[schema(value_type = String)]
    state: Arc<str>,
    /// `active` or `incident`.
    #[schema(value_type = String)]
    status: Status,
    count: i64,
    /// When the one that waits longest last changed.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    oldest: Timestamp,
}

/// Live instances by workflow, state and status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    items: Vec<Count>,
}

impl From<StateCount> for Count {
    fn from(StateCount { workflow, state, status, count, oldest }: StateCount) -> Self {
        Self { workflow, state, status, count, oldest }
    }
}

/// Count live instances by workflow, state and status.
#[utoipa::path(get, path = "/v1/instances/counts", tag = "instances",
    responses((status = 200, body = Counts), Problems))]
pub(crate) async fn counts(State(app): State<App>, caller: Caller) -> Result<Json<Counts>, Problem> {
    let counts = app.desk().counts(caller.tenant()).await?;
    Ok(Json(Counts { items: counts.into_iter().map(Count::from).collect() }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verb(body: Value) -> Result<Verb, String> {
        let asked: Repairing = serde_json::from_value(body).unwrap();
        asked.verb(InstanceId(uuid::Uuid::from_u128(7))).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn a_repair_takes_its_own_fields_only() {
        let moved = verb(json!({ "repair": "move", "to": "draft", "reason": "so", "state_revision": 3 })).unwrap();
        let Verb::Repair { repair, reason, state_revision, .. } = moved else { panic!("{moved:?}") };
        assert_eq!(repair, Repair::Move { to: "draft".into() });
        assert_eq!((reason.as_str(), state_revision), ("so", Some(3)));
        for (body, told) in [
            (json!({ "repair": "move" }), "/to: missing: `move` needs it"),
            (json!({ "repair": "set_data" }), "/set: missing: `set_data` needs it"),
            (json!({ "repair": "retry", "payload": {} }), "/payload: `retry` does not take it; it takes `at`"),
            (json!({ "repair": "cancel", "to": "x" }), "/to: `cancel` does not take it: it takes a reason only"),
        ] {
            let why = verb(body).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
    }
}
