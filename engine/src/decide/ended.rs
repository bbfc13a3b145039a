//! That something has ended, to whoever asked for it. What must hold: he is told once, and not of what he did himself.

use std::sync::Arc;

use crate::command::Verb;
use crate::definition::chart::{Form, FormField};
use crate::domain::Domain;
use crate::effect::{Effect, Notice, NoticeKind};
use crate::expression::Type;
use crate::ids::PersonId;
use crate::instance::{Document, Status};

use super::holders::Audience;
use super::run::Run;

/// What reviews come to that is told as such.
const DECISIONS: [&str; 3] = ["approved", "rejected", "changes_requested"];

impl<D: Domain> Run<'_, '_, D> {
    /// Tells the requester of an end of which nothing else in this commit tells him. What another instance has called ends for that one.
    pub(super) fn tell_end(&mut self) {
        let has_ended = self.before().is_some_and(|before| before.status != Status::Final);
        let is_told = self.ground.audience() == Audience::Everybody;
        if !has_ended || self.work.status != Status::Final || !is_told || self.work.detail.caller.is_some() {
            return;
        }
        let requester = self.work.subject.get("requester").and_then(|requester| requester.as_str());
        let Some(requester) = requester.map(PersonId::from) else { return };
        // Of a decision those hear whom the approval names: he himself, or others in his place.
        let is_decided = self.record.outcomes.iter().any(|outcome| DECISIONS.contains(outcome));
        if self.command.actor.person() == Some(&requester) || is_decided {
            return;
        }
        let notice = Notice {
            kind: NoticeKind::Ended,
            // The last one, if there were any: what is told of it is told together.
            task: self.work.tasks.last().map_or(0, |task| task.id.ordinal),
            step: None,
            people: vec![requester],
            stands_for: None,
            due: None,
            reason: self.why_ended(),
            question: None,
        };
        self.effects.push(Effect::Notice(notice));
    }

    /// In the words of whoever ended it, if they were asked for.
    fn why_ended(&self) -> Option<Arc<str>> {
        match &self.command.verb {
            Verb::Repair { reason, .. } => Some(reason.trim().into()),
            Verb::Complete { task, data, .. } => said(self.form(self.place(task.ordinal)?)?, data),
            _ => self.record.reason.as_deref().map(Into::into),
        }
    }
}

/// The texts of what was given; of several each with its title.
fn said(form: &Form, data: &Document) -> Option<Arc<str>> {
    let text = |field: &&FormField| {
        let text = data.get(&*field.name).and_then(|value| value.as_str()).filter(|text| !text.trim().is_empty())?;
        (field.ty == Type::Text).then(|| (field.title.clone(), text.to_owned()))
    };
    let all: Vec<(Arc<str>, String)> = form.fields.iter().filter_map(|field| text(&field)).collect();
    match &all[..] {
        [] => None,
        [(_, one)] => Some(one.as_str().into()),
        several => {
            Some(several.iter().map(|(title, text)| format!("{title}: {text}")).collect::<Vec<_>>().join("\n").into())
        }
    }
}
