//! What became another since somebody opened a page, where what he sent from it is refused.

use fluxor_engine::audit::Entry;
use fluxor_engine::ids::InstanceId;
use serde_json::Value;

use super::super::asked::Fields;
use super::super::problem::Problem;
use super::document::{ENTRIES, Place};
use super::{lines, past};
use crate::page::{self, Event, Refused};

/// The entry up to which a form's page showed the instance.
pub(super) fn seen(fields: &Fields) -> i64 {
    fields.get("seq").and_then(|seq| seq.parse().ok()).unwrap_or(i64::MAX)
}

impl Place<'_> {
    /// What was done since a page that showed it up to this entry.
    pub(super) async fn meanwhile(&self, id: InstanceId, seq: i64) -> Result<Vec<String>, Problem> {
        let tenant = self.visitor.caller.tenant();
        let entries = self.app.desk().entries(tenant, id.into(), seq, ENTRIES).await?;
        let paper = self.app.desk().paper(tenant, id).await?;
        Ok(page::meanwhile(&entries, &paper.definition, &self.visitor.words))
    }

    /// The form of an event is shown again. What it showed, and nobody changed in it, is shown as it is now: sent again, it is not
    /// older than what it shows, and overwrites nothing that was not seen.
    pub(super) async fn renewed(&self, id: InstanceId, fields: &Fields, why: &mut Refused) -> Result<(), Problem> {
        let (tenant, seq) = (self.visitor.caller.tenant(), seen(fields));
        let entries = self.app.desk().entries(tenant, id.into(), seq, ENTRIES).await?;
        let paper = self.app.desk().paper(tenant, id).await?;
        let lines = lines::of(self.app, tenant, id).await?;
        let event = fields.get("event").unwrap_or_default();
        let before = self.lines_before(id, seq, &entries).await?;
        page::rebased(&mut why.typed, &entries, (&paper.definition, event, &self.visitor.words));
        Event::renew((&paper, &lines), event, before.as_deref(), &mut why.typed);
        why.changed = Some(self.changed(id, seq).await?).filter(|changed| !changed.is_empty());
        why.meanwhile = self.meanwhile(id, seq).await?;
        Ok(())
    }

    /// The lines as a page showed them which knew the entries before these; nothing, where they are no others since.
    async fn lines_before(&self, id: InstanceId, seq: i64, entries: &[Entry]) -> Result<Option<Vec<Value>>, Problem> {
        match page::lines_after(entries) {
            Some(_) => past::lines_then(self.app, self.visitor.caller.tenant(), id, seq).await,
            None => Ok(None),
        }
    }

    /// What is other than it was on the page that showed it up to this entry.
    pub(super) async fn changed(&self, id: InstanceId, seq: i64) -> Result<Vec<page::Change>, Problem> {
        let tenant = self.visitor.caller.tenant();
        let entries = self.app.desk().entries(tenant, id.into(), seq, ENTRIES).await?;
        let before = self.lines_before(id, seq, &entries).await?;
        let paper = self.app.desk().paper(tenant, id).await?;
        Ok(page::since(&entries, before.as_deref(), (&paper.definition, &self.visitor.words)))
    }
}
