//! Who is told what: those who may act now and could not before, those whom time reminds, those who asked and who watch,
//! those who are to answer a question and those who wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval::{self, Fired, FiredKind, OpenVoice, Organisation, Policy, Question};
use crate::clock::Timestamp;
use crate::effect::{Notice, NoticeKind};
use crate::ids::PersonId;
use crate::instance::{Holder, Task, TaskStatus};

/// The rungs that fired, and who stood in for whom before, where that may have changed.
pub(super) type News<'a> = (&'a [Fired], Option<&'a [OpenVoice]>);

/// What follows from a task's `new` holders and from the rungs that fired. One who is escalated to is told so, once. Who
/// `stood_in` for somebody before is there where that may have changed: whoever does so now hears of what waits already.
pub(super) fn told(
    task: &Task,
    policy: &Policy,
    organisation: &Organisation,
    now: Timestamp,
    new: &[Holder],
    (fired, stood_in): News<'_>,
) -> Vec<Notice> {
    let review = &task.detail.review;
    // Hundreds may be asked at once, and by when is the same for all of a step.
    let mut dues: Vec<(Arc<str>, Option<Timestamp>)> = Vec::new();
    let mut due = |step: &Arc<str>| match dues.iter().find(|(known, _)| known == step) {
        Some((_, due)) => *due,
        None => {
            let due = approval::due_of(review, policy, step);
            dues.push((Arc::clone(step), due));
            due
        }
    };
    let mut notice = |kind, step: Option<&Arc<str>>, people, stands_for| {
        let due = step.and_then(&mut due);
        Notice { step: step.cloned(), stands_for, due, ..about(task, kind, people, None) }
    };
    let escalated = |holder: &Holder| {
        fired.iter().any(|f| {
            f.what == FiredKind::Escalate && f.step == Some(holder.step.clone()) && f.to.contains(&holder.person)
        })
    };
    let new: Vec<&Holder> = new.iter().filter(|holder| !escalated(holder)).collect();
    let mut opened =
        |step: &Arc<str>, person, stands_for| notice(NoticeKind::TaskOpened, Some(step), vec![person], stands_for);
    let mut told: Vec<Notice> = new.iter().map(|h| opened(&h.step, h.person.clone(), None)).collect();
    if (!new.is_empty() || stood_in.is_some()) && !organisation.parts().substitutes.is_empty() {
        // Who stands in for somebody absent is in no list of holders, and must hear of it all the same.
        let view = approval::view(review, policy, organisation, &task.detail.rates, now);
        let holds = |voice: &OpenVoice| task.holders.iter().any(|h| h.person == voice.person && h.step == voice.step);
        for voice in view.open.into_iter().filter(|voice| !holds(voice)) {
            let is_new = new.iter().any(|h| h.step == voice.step && Some(&h.person) == voice.on_behalf_of.as_ref());
            let begins = || voice.on_behalf_of.is_some() && stood_in.is_some_and(|before| !before.contains(&voice));
            // Whoever stands in for two people in a step hears of it once.
            let is_told =
                told.iter().any(|one| one.step.as_ref() == Some(&voice.step) && one.people.contains(&voice.person));
            if !is_told && (is_new || begins()) {
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

/// How it was decided, to whoever asked, or to those whom the approval `tells` in his place; and to whoever watches, unless it is he
/// who decided or it goes on.
pub(super) fn decided(
    task: &Task,
    tells: &[Arc<str>],
    (kind, reason): (NoticeKind, Option<Arc<str>>),
    by: Option<&PersonId>,
) -> Option<Notice> {
    let review = &task.detail.review;
    let mut people: Vec<PersonId> = match tells {
        [] => review.subject.requester().into_iter().collect(),
        fields => fields.iter().flat_map(|field| review.subject.get(field).people()).map(PersonId::from).collect(),
    };
    if kind != NoticeKind::ChangesRequested {
        people.extend(review.watchers.iter().filter(|who| Some(*who) != by).cloned());
    }
    let mut seen = BTreeSet::new();
    people.retain(|who| seen.insert(who.clone()));
    let notice = about(task, kind, people, reason);
    Some(notice).filter(|notice| !notice.people.is_empty())
}

/// What is new in the questions since `before`: to whoever may answer, and to whoever asked.
pub(super) fn questions(task: &Task, before: &[Question], by: Option<&PersonId>) -> Vec<Notice> {
    let review = &task.detail.review;
    let mut told: Vec<Notice> = Vec::new();
    if review.questions == before {
        return told;
    }
    let old = |question: &Question| before.iter().find(|one| one.id == question.id);
    for question in &review.questions {
        match (old(question), &question.answered) {
            (None, _) => {
                let mut people: Vec<PersonId> = review.subject.requester().into_iter().collect();
                people.extend(question.to.clone().filter(|to| !people.contains(to)));
                people.retain(|who| *who != question.by);
                let step = Some(Arc::clone(&question.step));
                let text = Some(Arc::clone(&question.text));
                told.push(Notice { step, ..about(task, NoticeKind::QuestionAsked, people, text) });
            }
            (Some(Question { answered: None, .. }), Some(answer)) if Some(&question.by) != by => {
                // Several questions of one person have one answer: he gets one notice.
                let same = |notice: &&mut Notice| notice.people.contains(&question.by) && notice.question.is_some();
                if let Some(known) = told.iter_mut().find(same) {
                    known.question = known.question.as_ref().map(|all| format!("{all}\n{}", question.text).into());
                    continue;
                }
                let notice = about(
                    task,
                    NoticeKind::QuestionAnswered,
                    vec![question.by.clone()],
                    Some(Arc::clone(&answer.text)),
                );
                told.push(Notice {
                    step: Some(Arc::clone(&question.step)),
                    question: Some(Arc::clone(&question.text)),
                    ..notice
                });
            }
            _ => {}
        }
    }
    told.retain(|notice| !notice.people.is_empty());
    told
}

/// A notice about a step.
pub(super) fn of_step(
    task: &Task,
    policy: &Policy,
    kind: NoticeKind,
    step: Option<&Arc<str>>,
    people: Vec<PersonId>,
    stands_for: Option<PersonId>,
) -> Notice {
    let due = step.and_then(|step| approval::due_of(&task.detail.review, policy, step));
    Notice { step: step.cloned(), stands_for, due, ..about(task, kind, people, None) }
}

/// Whether there is something to do yet, where the notice asks for it.
pub(super) fn stands(notice: &Notice, tasks: &[Task]) -> bool {
    let is_open = |task: &Task| task.id.ordinal == notice.task && task.status == TaskStatus::Open;
    !notice.kind.asks() || tasks.iter().any(is_open)
}

fn about(task: &Task, kind: NoticeKind, people: Vec<PersonId>, reason: Option<Arc<str>>) -> Notice {
    let task = task.id.ordinal;
    Notice { kind, task, step: None, people, stands_for: None, due: None, reason, question: None, state: None }
}
