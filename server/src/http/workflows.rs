//! The loaded workflows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fluxor_engine::diagnostic;
use fluxor_engine::refusal::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Caller;
use super::extract::Path;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk;

/// The loaded workflows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workflows {
    /// By name.
    items: Vec<Workflow>,
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workflow {
    #[schema(value_type = String)]
    name: Arc<str>,
    #[schema(value_type = String)]
    title: Arc<str>,
    /// For people; the hash is the identity.
    version: u32,
    /// What instances are pinned to.
    hash: String,
    /// In the order of the file.
    states: Vec<Place>,
    /// Events that may be signalled.
    events: Vec<Event>,
}

/// A state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = State)]
pub(crate) struct Place {
    #[schema(value_type = String, example = "open.review")]
    path: Arc<str>,
    #[schema(value_type = String)]
    title: Arc<str>,
    /// `simple`, `compound`, `approval` or `final`.
    kind: &'static str,
    /// Events it accepts, those of the states around it included.
    #[schema(value_type = Vec<String>)]
    accepts: Vec<Arc<str>>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    #[schema(value_type = String)]
    name: Arc<str>,
    #[schema(value_type = String)]
    title: Arc<str>,
    /// The names of its payload's fields.
    payload: Vec<String>,
}

impl From<desk::Workflow> for Workflow {
    fn from(workflow: desk::Workflow) -> Self {
        let desk::Workflow { name, title, version, hash, states, events } = workflow;
        let state = |desk::State { path, title, kind, accepts }| Place { path, title, kind, accepts };
        let event = |desk::Event { name, title, payload }| Event { name, title, payload };
        Self {
            name,
            title,
            version,
            hash,
            states: states.into_iter().map(state).collect(),
            events: events.into_iter().map(event).collect(),
        }
    }
}

/// List workflows.
#[utoipa::path(get, path = "/v1/workflows", tag = "workflows", responses((status = 200, body = Workflows), Problems))]
pub(crate) async fn list(State(app): State<App>, _: Caller) -> Json<Workflows> {
    Json(Workflows { items: app.desk().workflows().into_iter().map(Workflow::from).collect() })
}

/// Show a workflow.
#[utoipa::path(get, path = "/v1/workflows/{workflow}", tag = "workflows", params(("workflow" = String, Path)),
    responses((status = 200, body = Workflow), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    _: Caller,
    Path((name,)): Path<(String,)>,
) -> Result<Json<Workflow>, Problem> {
    let all = app.desk().workflows();
    let near = diagnostic::nearest(&name, all.iter().map(|w| &*w.name)).map(Arc::from);
    let found = all.into_iter().find(|workflow| *workflow.name == *name);
    Ok(Json(found.ok_or(Refusal::UnknownWorkflow(name.into(), near))?.into()))
}
