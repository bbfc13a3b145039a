//! The documents whose ids end like what somebody has read on a page or in a mail.

use fluxor_engine::instance::Instance;
use fluxor_engine::store::InstancePage;

use super::{LOOKED_THROUGH, short};
use crate::desk::{Desk, NotDone};

/// Documents that are read at a time.
const PAGE: i64 = 500;

/// Those whose ids end like this, of the newest: no index knows the ends of ids.
pub(crate) async fn ending(desk: &dyn Desk, page: &InstancePage, end: &str) -> Result<Vec<Instance>, NotDone> {
    let (mut found, mut after, mut seen) = (Vec::new(), None, 0);
    while seen < LOOKED_THROUGH {
        let rows = desk.instances(InstancePage { key: None, after, limit: PAGE, ..page.clone() }).await?;
        let Some(last) = rows.last() else { break };
        (after, seen) = (Some(last.id), seen + rows.len());
        found.extend(rows.into_iter().filter(|row| short(row.id).eq_ignore_ascii_case(end)));
    }
    Ok(found)
}
