//! What became another since somebody opened a page, where what he sent from it is refused.

use fluxor_engine::ids::InstanceId;

use super::super::asked::Fields;
use super::super::problem::Problem;
use super::document::{ENTRIES, Place};
use super::past;
use crate::page::{self, Refused};

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

    /// An event was sent from a page that shows it no more as it is. What its form showed, and nobody changed in it, is shown as
    /// it is now: sent again, the form overwrites nothing that was not seen.
    pub(super) async fn moved_on(&self, id: InstanceId, fields: &Fields, why: &mut Refused) -> Result<(), Problem> {
        let seq = seen(fields);
        let entries = self.app.desk().entries(self.visitor.caller.tenant(), id.into(), seq, ENTRIES).await?;
        page::rebased(&mut why.typed, &entries);
        why.sentence =
            "It has changed since you opened it, and nothing was done. Look at what is new; pressing again sends what \
                        stands here now."
                .to_owned();
        why.changed = Some(self.changed(id, seq).await?).filter(|changed| !changed.is_empty());
        why.meanwhile = self.meanwhile(id, seq).await?;
        Ok(())
    }

    /// What is other than it was on the page that showed it up to this entry.
    pub(super) async fn changed(&self, id: InstanceId, seq: i64) -> Result<Vec<page::Change>, Problem> {
        let tenant = self.visitor.caller.tenant();
        let entries = self.app.desk().entries(tenant, id.into(), seq, ENTRIES).await?;
        let before = match page::lines_after(&entries) {
            Some(_) => past::lines_then(self.app, tenant, id, seq).await?,
            None => None,
        };
        let paper = self.app.desk().paper(tenant, id).await?;
        Ok(page::since(&entries, before.as_deref(), (&paper.definition, &self.visitor.words)))
    }
}
