//! The lines of an order, on its page and without leaving the list.

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::ids::{InstanceId, PersonId, TaskId, TenantId};
use serde_json::Value;

use super::super::extract::Path;
use super::super::problem::Problem;
use super::{Visitor, html};
use crate::app::App;
use crate::desk::{Books, TaskView};
use crate::page::Lines;

/// The lines of the document that a task is about, for whoever looks without leaving the list.
pub(super) async fn of_task(
    State(app): State<App>,
    visitor: Visitor,
    Path((id,)): Path<(TaskId,)>,
) -> Result<Response, Problem> {
    let task = app.desk().task(visitor.caller.tenant(), id).await?;
    let order = around(&app, visitor.caller.tenant(), id.instance).await?;
    html(Lines::of(&order, decides(&task, visitor.person()), &visitor.words).alone())
}

/// The lines of an order; null where it is none.
pub(super) async fn of(app: &App, tenant: TenantId, id: InstanceId) -> Result<Value, Problem> {
    let order = app.desk().books(tenant, Books::Order { id }).await?;
    Ok(order.get("line_items").cloned().unwrap_or(Value::Null))
}

/// An order with what stands around it; null where it is none.
pub(super) async fn around(app: &App, tenant: TenantId, id: InstanceId) -> Result<Value, Problem> {
    Ok(app.desk().books(tenant, Books::Around { id }).await?)
}

/// Whether somebody may decide a task now.
pub(super) fn decides(task: &TaskView, person: &PersonId) -> bool {
    task.open.iter().any(|seat| seat.person == *person)
}
