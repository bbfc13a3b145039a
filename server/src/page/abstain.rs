//! Whether somebody may abstain without leaving a step to nobody.

use fluxor_engine::approval::{Quorum, VoteKind};
use fluxor_engine::ids::PersonId;

use crate::desk::{Paper, TaskView};

/// Whether each step that somebody may decide can still be decided when he abstains: by another who is asked, or because those who
/// have voted are enough where abstentions do not count. Otherwise his abstention would be an incident.
pub(crate) fn may_abstain(paper: &Paper, task: &TaskView, reader: &PersonId) -> bool {
    let Paper { instance, definition, organisation, now, .. } = paper;
    let Some(row) = instance.tasks.iter().find(|row| row.id == task.id) else { return false };
    let plan = fluxor_engine::decide::foreseen(definition, row, organisation, *now).unwrap_or_default();
    let own: Vec<_> = task.open.iter().filter(|seat| seat.person == *reader).collect();
    let goes_on = |step: &str| {
        // Whoever only stands in for the same seat cannot decide it then.
        let is_own = |holder: &PersonId| {
            let seats = own.iter().filter(|seat| *seat.step == *step);
            seats.map(|seat| seat.on_behalf_of.as_ref().unwrap_or(reader)).any(|known| known == holder)
        };
        let others = task.open.iter().filter(|seat| *seat.step == *step && seat.person != *reader);
        let asked = others.map(|seat| seat.on_behalf_of.as_ref().unwrap_or(&seat.person)).any(|holder| !is_own(holder));
        let quorum = plan.iter().find(|known| *known.step == *step).map(|known| known.quorum);
        let counts_all = matches!(quorum, Some(Quorum::All | Quorum::Percent(_)));
        let mut voted = task.review.counting.iter().filter(|vote| *vote.step == *step && vote.person != *reader);
        asked || (counts_all && voted.any(|vote| vote.vote != VoteKind::Abstain))
    };
    own.iter().all(|seat| goes_on(&seat.step))
}
