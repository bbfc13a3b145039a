//! The documents that lists call by what somebody looks for, where it is no business key: their number, their id, or the end of it.

use fluxor_engine::ids::{InstanceId, TaskId};
use fluxor_engine::instance::Instance;
use fluxor_engine::store::InstancePage;

use super::super::problem::Problem;
use crate::app::App;
use crate::desk::{Books, NotDone};
use crate::page::{ending, is_short};

/// Those that what was searched for as a key calls otherwise, as far as they fit what else was asked for.
pub(super) async fn named(app: &App, page: &InstancePage) -> Result<Vec<Instance>, Problem> {
    let Some(text) = page.key.as_deref().filter(|_| page.after.is_none()) else { return Ok(Vec::new()) };
    let (id, task) = (text.parse().ok(), text.parse().ok());
    if let Some(id) = id.or_else(|| task.map(|task: TaskId| task.instance)) {
        return Ok(whole(app, page, id).await?.into_iter().collect());
    }
    let order = app.desk().books(page.tenant, Books::Numbered { number: text.to_owned() }).await?;
    if let Some(id) = order.as_str().and_then(|id| id.parse().ok()) {
        return Ok(whole(app, page, id).await?.into_iter().collect());
    }
    match is_short(text) {
        true => Ok(ending(app.desk(), page, text).await?),
        false => Ok(Vec::new()),
    }
}

/// The one with this id.
async fn whole(app: &App, page: &InstancePage, id: InstanceId) -> Result<Option<Instance>, Problem> {
    let found = match app.desk().look(page.tenant, id).await {
        Ok(look) => look.instance,
        Err(NotDone::Refused(_)) => return Ok(None),
        Err(why) => return Err(why.into()),
    };
    let incident = || found.detail.incidents().any(|incident| Some(&incident.code) == page.incident.as_ref());
    let fits = page.workflow.as_ref().is_none_or(|workflow| *workflow == found.workflow)
        && page.state.as_ref().is_none_or(|state| *state == found.state)
        && page.status.is_none_or(|status| status == found.status)
        && (page.incident.is_none() || incident());
    Ok(fits.then_some(found))
}
