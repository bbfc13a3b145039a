//! What expressions, actions and messages see, and what they change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::definition::chart::{ActionCall, Condition, Retry, Send};
use crate::domain::{Call, Domain};
use crate::effect::{Effect, Outgoing};
use crate::expression::{Expr, Scope, Value, WorkingTime};
use crate::refusal::Refusal;
use crate::table::{Outcome, Table};

use super::run::Run;
use super::{Conditional, Halt};

/// What an expression sees.
pub(super) struct Seen<'a> {
    pub(super) values: BTreeMap<Arc<str>, Value>,
    pub(super) calendar: Option<&'a Calendar>,
}

impl Scope for Seen<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        self.calendar.map(|calendar| calendar as &dyn WorkingTime)
    }
}

impl<'a, D: Domain> Run<'a, '_, D> {
    /// The value of an expression over subject, event, actor, time, facts and tables.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Halt<D::Need>> {
        let scope = self.seen(expr.fields_read(), &mut BTreeMap::new())?;
        expr.eval(&scope).map_err(|why| {
            Halt::Broken(
                "expression_failed",
                match &*self.work.state {
                    "" => format!("an expression of the start has no value: {}", why.message),
                    state => format!("an expression of state `{state}` has no value: {}", why.message),
                },
            )
        })
    }

    /// Whether the condition of an arrow or a start holds.
    pub(super) fn holds(&mut self, of: Conditional, condition: &Condition) -> Result<bool, Halt<D::Need>> {
        let holds = self.eval(&condition.expr)? == Value::Bool(true);
        if let Some(judged) = self.ground.judged {
            judged.note(self.definition.hash, of, holds);
        }
        Ok(holds)
    }

    /// What `paths` read, with what tables among them yield; `known` are those that were looked up already.
    fn seen(
        &mut self,
        paths: &BTreeSet<String>,
        known: &mut BTreeMap<Arc<str>, Value>,
    ) -> Result<Seen<'a>, Halt<D::Need>> {
        let mut values: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let definition = self.definition;
        let roots: BTreeSet<&str> = paths.iter().map(|p| p.split('.').next().unwrap_or(p)).collect();
        for root in roots {
            let value = match root {
                "event" => self.event.clone(),
                "actor" => self.command.actor.person().map_or(Value::Null, |p| Value::Person(p.clone())),
                "on_behalf_of" => self.record.behalf.clone().map_or(Value::Null, Value::Person),
                "now" => Value::Timestamp(self.ground.now),
                name if *name == *definition.subject.variable => self.subject()?,
                name => {
                    if let Some(value) = known.get(name) {
                        value.clone()
                    } else if let Some(table) = definition.tables.iter().find(|table| table.name() == name) {
                        let value = self.looked_up(table, known)?;
                        known.insert(name.into(), value.clone());
                        value
                    } else if definition.facts.iter().any(|fact| **fact == *name) {
                        let empty = BTreeMap::new();
                        self.ground.domain.fact(name, &self.call(&empty))?
                    } else {
                        continue;
                    }
                }
            };
            values.insert(root.into(), value);
        }
        Ok(Seen { values, calendar: definition.working() })
    }

    /// What a table yields today, by the organisation's calendar; which rows that were goes into the entry.
    fn looked_up(&mut self, table: &Table, known: &mut BTreeMap<Arc<str>, Value>) -> Result<Value, Halt<D::Need>> {
        let scope = self.seen(table.fields_read(), known)?;
        let today = self.ground.organisation().organisation.date(self.ground.now);
        let name = table.name();
        let hits = table
            .eval(&scope, today)
            .map_err(|why| Halt::Broken("expression_failed", format!("the table `{name}`: {why}")))?;
        let rows = (Arc::<str>::from(name), hits.rows.clone());
        if !self.record.tables.contains(&rows) {
            self.record.tables.push(rows);
        }
        match hits.outcome {
            Outcome::Matched(value) | Outcome::Otherwise(value) => Ok(value),
            Outcome::NoMatch => {
                let inputs: Vec<&str> = table.inputs().map(|(name, _, _)| name).collect();
                let why = format!("no row of the table `{name}` matches its inputs {}", inputs.join(", "));
                Err(Halt::Broken("no_row", why))
            }
        }
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
            self.write(name, value.to_json())?;
            self.written.insert(name.clone());
        }
        Ok(())
    }

    /// Writes a field, if that is not too much; what is there already stays as it is.
    fn write(&mut self, name: &str, json: serde_json::Value) -> Result<(), Halt<D::Need>> {
        let mut errors = Vec::new();
        if self.work.subject.get(name) != Some(&json) {
            super::bounds::too_much(&super::input::below("", name), &json, &mut errors);
        }
        if !errors.is_empty() {
            let named = errors.into_iter().map(|(at, why)| (at, format!("what this would make of `{name}`: {why}")));
            return Err(Refusal::Invalid(named.collect()).into());
        }
        self.work.subject.insert(name.to_owned(), json);
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
