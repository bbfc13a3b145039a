//! That something has ended or waits for whoever asked for it, to him. What must hold: he is told once, and not of what he did himself.

use std::sync::Arc;

use crate::command::{Repair, Verb};
use crate::definition::chart::{Arrow, By, Definition, Form, FormField, Outcome, StateIx, StateKind};
use crate::domain::Domain;
use crate::effect::{Effect, Notice, NoticeKind};
use crate::expression::Type;
use crate::ids::PersonId;
use crate::instance::{Document, Instance, Status};

use super::holders::Audience;
use super::may_send;
use super::run::Run;

/// What reviews come to that is told as such.
const DECISIONS: [&str; 3] = ["approved", "rejected", "changes_requested"];

impl<D: Domain> Run<'_, '_, D> {
    /// Tells the requester of an end of which nothing else in this commit tells him, or that it waits for him now. What another
    /// instance has called ends for that one, and comes back to it.
    pub(super) fn tell_requester(&mut self) {
        let Some(before) = self.before().filter(|before| before.status != Status::Final) else { return };
        if self.ground.audience() != Audience::Everybody || self.work.detail.caller.is_some() {
            return;
        }
        let requester = self.work.subject.get("requester").and_then(|requester| requester.as_str());
        let Some(requester) = requester.map(PersonId::from) else { return };
        // Of a decision those hear whom the approval names: he himself, or others in his place.
        let is_decided = self.record.outcomes.iter().any(|outcome| DECISIONS.contains(outcome));
        if self.command.actor.person() == Some(&requester) || is_decided {
            return;
        }
        let (kind, at) = match self.work.status {
            Status::Final => (NoticeKind::Ended, None),
            _ => match self.comes_to(before, &requester) {
                Some(at) => (NoticeKind::YourTurn, Some(at)),
                None => return,
            },
        };
        let notice = Notice {
            kind,
            // The last one, if there were any: what is told of it is told together.
            task: self.work.tasks.last().map_or(0, |task| task.id.ordinal),
            step: None,
            people: vec![requester],
            stands_for: None,
            due: None,
            reason: self.why(),
            question: None,
            state: at.map(|at| self.definition.state(at).path.clone()),
        };
        self.effects.push(Effect::Notice(notice));
    }

    /// Where it has come to the requester: what was asked or called was left, or an operator has moved it, and nobody but he takes it
    /// on from there.
    fn comes_to(&self, before: &Instance, requester: &PersonId) -> Option<StateIx> {
        let (was, is) = (self.definition.active(before).unwrap_or_default(), self.active().unwrap_or_default());
        let asked = |at: &StateIx| {
            let kind = &self.definition.state(*at).kind;
            !is.contains(at) && matches!(kind, StateKind::Approval(_) | StateKind::Call(_))
        };
        let moved = matches!(self.command.verb, Verb::Repair { repair: Repair::Move { .. }, .. });
        let organisation = self.ground.organisation();
        let may = |event: &str| may_send(self.definition, &self.work, organisation, (requester, self.now()), event);
        if !moved && !was.iter().any(asked) {
            return None;
        }
        is.into_iter().find(|at| !was.contains(at) && his_alone(self.definition, *at).any(may))
    }

    /// In the words of whoever ended it or sent it back, if they were asked for.
    fn why(&self) -> Option<Arc<str>> {
        match &self.command.verb {
            Verb::Repair { reason, .. } => Some(reason.trim().into()),
            Verb::Complete { task, data, .. } => said(self.form(self.place(task.ordinal)?)?, data),
            _ => self.record.reason.as_deref().map(Into::into),
        }
    }
}

/// The events of a state that waits for one person and for nobody else, which lead on without a reason.
fn his_alone(definition: &Definition, at: StateIx) -> impl Iterator<Item = &str> {
    let goes = |arrow: &Arrow| {
        let Outcome::Go(go) = &arrow.outcome else { return false };
        let leads = |to| !matches!(definition.state(to).kind, StateKind::Final);
        !arrow.reason_required && go.to.is_some_and(leads)
    };
    let state = definition.state(at);
    let others =
        state.on.values().flatten().filter(|arrow| goes(arrow)).any(|arrow| !matches!(arrow.by, By::Person(..)));
    let waits = matches!(state.kind, StateKind::Simple) && !others;
    let events = state.on.iter().filter(move |_| waits);
    events.filter(move |(_, arrows)| arrows.iter().any(goes)).map(|(event, _)| &**event)
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
