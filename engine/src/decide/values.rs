//! What expressions, actions and messages see, and what they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::chart::{ActionCall, Retry, Send};
use crate::domain::{Call, Domain};
use crate::effect::{Effect, Outgoing};
use crate::expression::{Expr, Value};

use super::Halt;
use super::run::Run;

impl<D: Domain> Run<'_, '_, D> {
    /// The value of an expression over subject, event, actor, time and facts.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Halt<D::Need>> {
        let mut facts: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let roots: Vec<&str> = expr.fields_read().iter().map(|p| p.split('.').next().unwrap_or(p)).collect();
        for name in &self.definition.facts {
            if roots.contains(&&**name) {
                let empty = BTreeMap::new();
                let value = self.ground.domain.fact(name, &self.call(&empty))?;
                facts.insert(name.clone(), value);
            }
        }
        let subject = if roots.contains(&&*self.definition.subject.variable) { Some(self.subject()?) } else { None };
        let actor = self.command.actor.person().map_or(Value::Null, |p| Value::Person(p.clone()));
        let scope = |name: &str| match name {
            "event" => Some(self.event.clone()),
            "actor" => Some(actor.clone()),
            "now" => Some(Value::Timestamp(self.ground.now)),
            name if *name == *self.definition.subject.variable => subject.clone(),
            name => facts.get(name).cloned(),
        };
        expr.eval(&scope).map_err(|why| {
            Halt::Broken(
                "expression_failed",
                format!("an expression of state `{}` has no value: {}", self.work.state, why.message),
            )
        })
    }

    /// The subject as a typed record.
    fn subject(&self) -> Result<Value, Halt<D::Need>> {
        super::form::record(&self.work.subject, &self.definition.subject.record)
            .map_err(|why| Halt::Broken("subject_unreadable", why))
    }

    pub(super) fn set(&mut self, fields: &[(Arc<str>, Expr)]) -> Result<(), Halt<D::Need>> {
        for (name, expr) in fields {
            let value = self.eval(expr)?;
            let nullable = self.definition.subject.record.fields.get(&**name).is_some_and(|f| f.nullable);
            if value == Value::Null && !nullable {
                return Err(Halt::Broken("expression_failed", format!("`{name}` was to be set to nothing")));
            }
            self.work.subject.insert(name.to_string(), value.to_json());
        }
        Ok(())
    }

    fn call<'c>(&'c self, params: &'c BTreeMap<Arc<str>, Value>) -> Call<'c, D::Facts> {
        Call {
            tenant: self.work.tenant,
            instance: Some(self.work.id),
            key: self.work.key.as_deref(),
            subject: &self.work.subject,
            params,
            payload: &self.payload,
            actor: self.command.actor.person().map(crate::ids::PersonId::as_str),
            organisation: self.ground.organisation(),
            facts: self.layer.facts,
            now: self.ground.now,
        }
    }

    pub(super) fn act(&mut self, actions: &[ActionCall]) -> Result<(), Halt<D::Need>> {
        for action in actions {
            let params = self.params(action)?;
            self.perform(&action.name, &params)?;
            for undo in &action.undo {
                let params = self.params(undo)?.into_iter().map(|(name, value)| (name.to_string(), value.to_json()));
                self.keep(&action.name, &undo.name, Some(params.collect()))?;
            }
        }
        Ok(())
    }

    fn params(&mut self, action: &ActionCall) -> Result<BTreeMap<Arc<str>, Value>, Halt<D::Need>> {
        action.params.iter().map(|(name, expr)| Ok((name.clone(), self.eval(expr)?))).collect()
    }

    /// Runs one action.
    pub(super) fn perform(&mut self, name: &str, params: &BTreeMap<Arc<str>, Value>) -> Result<(), Halt<D::Need>> {
        let done = self.ground.domain.act(name, &self.call(params))?;
        for op in done.ops {
            self.layer.apply(self.work.tenant, &op);
            self.effects.push(Effect::Row(op));
        }
        self.work.subject.extend(done.set);
        self.start_all(done.starts)?;
        self.tell_all(done.tells)
    }

    pub(super) fn send(&mut self, sends: &[Send]) -> Result<(), Halt<D::Need>> {
        for send in sends {
            self.post(&send.message, send.retry)?;
            if let Some(undo) = &send.undo {
                self.keep(&send.message, &undo.message, None)?;
            }
        }
        Ok(())
    }

    /// Sends one message.
    pub(super) fn post(&mut self, message: &Arc<str>, retry: Retry) -> Result<(), Halt<D::Need>> {
        let empty = BTreeMap::new();
        let payload = self.ground.domain.message(message, &self.call(&empty))?;
        let declared = self.ground.domain.vocabulary().messages.get(message);
        let sent_event = declared.and_then(|m| m.sent_event.clone());
        self.effects.push(Effect::Send(Outgoing { message: message.clone(), payload, retry, sent_event }));
        Ok(())
    }
}
