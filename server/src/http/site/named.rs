//! The documents that lists call by what somebody looks for, where it is no business key: their number, their id, or the end of it.

use fluxor_engine::ids::{InstanceId, TaskId};
use fluxor_engine::instance::Instance;
use fluxor_engine::store::InstancePage;

use super::super::problem::Problem;
use crate::app::App;
use crate::desk::{Books, NotDone};
use crate::page::{LOOKED_THROUGH, is_short, short};

/// Documents that are read at a time.
const PAGE: i64 = 500;

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
        true => ending(app, page, text).await,
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

/// Those whose ids end like this, of the newest: no index knows the ends of ids.
async fn ending(app: &App, page: &InstancePage, end: &str) -> Result<Vec<Instance>, Problem> {
    let (mut found, mut after, mut seen) = (Vec::new(), None, 0);
    while seen < LOOKED_THROUGH {
        let rows = app.desk().instances(InstancePage { key: None, after, limit: PAGE, ..page.clone() }).await?;
        let Some(last) = rows.last() else { break };
        (after, seen) = (Some(last.id), seen + rows.len());
        found.extend(rows.into_iter().filter(|row| short(row.id).eq_ignore_ascii_case(end)));
    }
    Ok(found)
}
