//! Workflows that a state calls: started with the step that enters the state, waited for, and told when nobody waits.
//!
//! The called instance is one of its own: its end comes back through the inbox, and so does the word that the caller has
//! left, so that no commit ever changes two instances that existed before it.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::definition::chart::{Calling, DONE, FAILED, StateIx, StateKind, Undoing};
use crate::domain::{Domain, Start};
use crate::effect::{Effect, Report};
use crate::expression::Value;
use crate::ids::{InstanceId, PersonId};
use crate::instance::{Document, Status};

use super::Halt;
use super::run::{Asking, Raised, Run};

/// The called workflow has come to an end, well or not.
pub(super) const ENDED: &str = "call_ended";

/// Whoever called does not wait any more.
const LEFT: &str = "caller_left";

/// The event by which a called workflow is cancelled, if it takes that.
const CANCEL: &str = "cancel";

/// Why what nobody waits for any more ends where it stands.
pub const LEFT_ALONE: &str = "the workflow that called it went on without it";

impl<D: Domain> Run<'_, '_, D> {
    /// Starts what the state `ix` calls.
    pub(super) fn call_workflow(&mut self, ix: StateIx, calling: &Calling) -> Result<(), Halt<D::Need>> {
        let mut input = Document::new();
        for (name, expr) in &calling.input {
            let value = self.eval(expr)?;
            if value != Value::Null {
                input.insert(name.to_string(), value.to_json());
            }
        }
        let key = match &calling.key {
            None => None,
            Some(expr) => match self.eval(expr)? {
                Value::Text(key) => Some(key),
                other => return Err(Halt::Broken("expression_failed", format!("the key of a call is {other}"))),
            },
        };
        let named = |document: &Document| document.get("requester").and_then(Json::as_str).map(PersonId::from);
        let wants = super::input::has_requester(&calling.workflow);
        let requester = named(&input)
            .or_else(|| named(&self.work.subject))
            .or_else(|| self.work.detail.started_by.clone())
            .or_else(|| (!wants).then(|| PersonId::from("")));
        let Some(requester) = requester else {
            let why = format!("`{}` needs a requester, and nobody asked for this instance", calling.workflow.name);
            return Err(Halt::Broken("call_failed", why));
        };
        let start = Start { workflow: calling.workflow.name.clone(), key, requester, input };
        let started = self.start_each(vec![start], Some(&calling.workflow))?;
        let path = self.definition.state(ix).path.clone();
        self.work.detail.returned.remove(&path);
        self.work.detail.called.extend(started.first().map(|id| (path, *id)));
        Ok(())
    }

    /// A state that waits for a call is left: the called instance is told.
    pub(super) fn leave_call(&mut self, path: &str) {
        if let Some(to) = self.work.detail.called.remove(path) {
            self.effects.push(Effect::Report(Report { to, event: LEFT, payload: Document::new() }));
        }
    }

    /// The instance has ended, in the final state `ix` if it came to one: nothing is due or asked any more.
    pub(super) fn end(&mut self, ix: Option<StateIx>) {
        self.work.status = Status::Final;
        self.work.detail.timers.clear();
        self.work.detail.forget(|_| true);
        self.close_tasks();
        self.report_end(ix);
    }

    /// Whoever called it is told of its end in the state `ix`, and what it still waits for that nobody does.
    fn report_end(&mut self, ix: Option<StateIx>) {
        for path in self.work.detail.called.keys().cloned().collect::<Vec<_>>() {
            self.leave_call(&path);
        }
        let (Some(to), Some(ix)) = (self.work.detail.caller, ix) else { return };
        let state = self.definition.state(ix);
        self.report(to, &state.path, state.failed);
    }

    /// Whoever called it is told how it ended.
    fn report(&mut self, to: InstanceId, state: &str, failed: bool) {
        let given = |name: &Arc<str>| Some((name.to_string(), self.work.subject.get(&**name)?.clone()));
        let result: Document = self.definition.result.iter().filter_map(given).collect();
        let payload =
            serde_json::json!({ "instance": self.work.id, "state": state, "failed": failed, "result": result });
        let mut payload = payload.as_object().cloned().unwrap_or_default();
        if !self.work.detail.handled.is_empty() {
            payload.insert("handled".to_owned(), serde_json::json!(self.work.detail.handled));
        }
        self.effects.push(Effect::Report(Report { to, event: ENDED, payload }));
    }

    /// A message of another instance. `None`: it is something else.
    pub(super) fn reported(&mut self, event: &str, payload: &Document) -> Option<Result<(), Halt<D::Need>>> {
        match event {
            ENDED => Some(self.call_ended(payload)),
            LEFT => Some(self.caller_left()),
            _ => None,
        }
    }

    /// What was called has ended. Whoever has gone on since does not hear it.
    fn call_ended(&mut self, payload: &Document) -> Result<(), Halt<D::Need>> {
        let read = |json: &Json| serde_json::from_value::<InstanceId>(json.clone()).ok();
        let ended = payload.get("instance").and_then(read);
        let waits = self.work.detail.called.iter().find(|(_, id)| Some(**id) == ended);
        let Some(path) = waits.map(|(path, _)| path.clone()) else { return Ok(()) };
        self.work.detail.called.remove(&path);
        let Some(at) = self.definition.find(&path) else { return Ok(()) };
        let StateKind::Call(calling) = &self.definition.state(at).kind else { return Ok(()) };
        let none = Document::new();
        let result = payload.get("result").and_then(Json::as_object).unwrap_or(&none);
        let payload_failed = payload.get("failed").and_then(Json::as_bool).unwrap_or(false);
        let value = super::form::record(result, &calling.result)
            .map_err(|why| Halt::Broken("call_failed", format!("what `{}` gave back: {why}", calling.workflow.name)))?;
        let handled = payload.get("handled").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        self.work.detail.handled.extend(handled.map(PersonId::from));
        let event = if payload_failed { FAILED } else { DONE };
        if !payload_failed {
            self.work.detail.returned.insert(path);
        }
        self.raised.push(Raised { at, event, payload: value });
        self.settle()
    }

    /// Nobody waits for this instance any more: it is cancelled in its own way, if it has one for where it stands; else it
    /// is ended there, and what can be taken back is.
    fn caller_left(&mut self) -> Result<(), Halt<D::Need>> {
        let active = self.active()?;
        // Nobody says why: the fields of such an event are empty.
        if let Some(declared) = self.definition.events.get(CANCEL) {
            let fields = declared.payload.fields.keys().map(|name| (Arc::<str>::from(name.as_str()), Value::Null));
            self.event = Value::record(fields);
        }
        if self.answer(&active, CANCEL, Asking::Itself)? {
            return self.settle();
        }
        self.leave_all()?;
        self.undo(&Undoing::All)?;
        self.work.detail.stopped = Some(LEFT_ALONE.into());
        self.moved = true;
        self.end(None);
        Ok(())
    }

    /// It ends where it stands, whatever its definition says: what can be taken back is, and whoever called it is told that
    /// it failed.
    pub(super) fn stop(&mut self, why: &str) -> Result<(), Halt<D::Need>> {
        let state = self.work.state.clone();
        self.leave_all()?;
        self.undo(&Undoing::All)?;
        self.work.detail.stopped = Some(why.into());
        self.moved = true;
        self.end(None);
        if let Some(to) = self.work.detail.caller {
            self.report(to, &state, true);
        }
        Ok(())
    }
}
