//! Who is told what: those who may act now and could not before, those whom time reminds, those who asked.

use std::sync::Arc;

use crate::approval::{self, Fired, FiredKind, OpenVoice, Organisation, Policy};
use crate::clock::Timestamp;
use crate::effect::{Notice, NoticeKind};
use crate::ids::PersonId;
use crate::instance::{Holder, Task};

/// What follows from a task's `new` holders and from the rungs that fired. One who is escalated to is told so, once.
pub(super) fn told(
    task: &Task,
    policy: &Policy,
    organisation: &Organisation,
    now: Timestamp,
    new: &[Holder],
    fired: &[Fired],
) -> Vec<Notice> {
    let review = &task.detail.review;
    let notice = |kind, step: Option<&Arc<str>>, people: Vec<PersonId>, stands_for| Notice {
        kind,
        task: task.id.ordinal,
        step: step.cloned(),
        people,
        stands_for,
        due: step.and_then(|step| approval::due_of(review, policy, step)),
        reason: None,
    };
    let escalated = |holder: &Holder| {
        fired.iter().any(|f| {
            f.what == FiredKind::Escalate && f.step == Some(holder.step.clone()) && f.to.contains(&holder.person)
        })
    };
    let new: Vec<&Holder> = new.iter().filter(|holder| !escalated(holder)).collect();
    let opened =
        |step: &Arc<str>, person, stands_for| notice(NoticeKind::TaskOpened, Some(step), vec![person], stands_for);
    let mut told: Vec<Notice> = new.iter().map(|h| opened(&h.step, h.person.clone(), None)).collect();
    if !new.is_empty() && !organisation.parts().substitutes.is_empty() {
        // Who stands in for somebody absent is in no list of holders, and must hear of it all the same.
        let view = approval::view(review, policy, organisation, &task.detail.rates, now);
        let holds = |voice: &OpenVoice| task.holders.iter().any(|h| h.person == voice.person && h.step == voice.step);
        for voice in view.open.into_iter().filter(|voice| !holds(voice)) {
            if new.iter().any(|h| h.step == voice.step && Some(&h.person) == voice.on_behalf_of.as_ref()) {
                told.push(opened(&voice.step, voice.person, voice.on_behalf_of));
            }
        }
    }
    for rung in fired {
        let step = rung.step.as_ref();
        match rung.what {
            FiredKind::Remind => told.push(notice(NoticeKind::Reminder, step, rung.from.clone(), None)),
            FiredKind::Escalate => {
                for (to, from) in rung.to.iter().zip(&rung.from) {
                    told.push(notice(NoticeKind::Escalated, step, vec![to.clone()], Some(from.clone())));
                }
            }
            FiredKind::Incident | FiredKind::Reject | FiredKind::Expire => {}
        }
    }
    told.retain(|notice| !notice.people.is_empty());
    told
}

/// How it was decided, to whoever asked.
pub(super) fn decided(task: &Task, kind: NoticeKind, reason: Option<Arc<str>>) -> Option<Notice> {
    let people = vec![task.detail.review.subject.requester()?];
    Some(Notice { kind, task: task.id.ordinal, step: None, people, stands_for: None, due: None, reason })
}
