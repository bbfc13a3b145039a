//! Actions and messages of the vocabulary.

use crate::definition::chart::{ActionCall, Send};
use crate::definition::codes;
use crate::definition::file::{CallFile, SendFile};
use crate::domain::ActionType;
use crate::expression::Field;

use super::expressions::Scope;
use super::{Checker, known};

impl Checker<'_> {
    pub(super) fn calls(&mut self, calls: &[CallFile], scope: &Scope) -> Vec<ActionCall> {
        calls.iter().filter_map(|call| self.call(call, scope)).collect()
    }

    fn call(&mut self, call: &CallFile, scope: &Scope) -> Option<ActionCall> {
        let name = &call.name;
        let vocabulary = self.vocabulary;
        let Some((key, action)) = vocabulary.actions.get_key_value(name.value.as_str()) else {
            let help = if vocabulary.messages.contains_key(name.value.as_str()) {
                self.error(
                    codes::NOT_AN_ACTION,
                    name.span,
                    format!("`{}` is a message, not an action", name.value),
                    format!("write `send: {}`", name.value),
                );
                return None;
            } else {
                known(&name.value, "action", vocabulary.actions.keys().map(AsRef::as_ref))
            };
            self.error(codes::UNKNOWN_ACTION, name.span, format!("unknown action `{}`", name.value), help);
            return None;
        };
        self.uses(key, action.major);
        self.fits(call, action);
        let mut params = Vec::new();
        for (param, text) in &call.params {
            let Some((_, ty, required)) = action.params.iter().find(|(known, _, _)| **known == *param.value) else {
                let help = known(&param.value, "parameter", action.params.iter().map(|(name, _, _)| &**name));
                let message = format!("`{}` has no parameter `{}`", name.value, param.value);
                self.error(codes::UNKNOWN_PARAMETER, param.span, message, help);
                continue;
            };
            if let Some(expr) = self.expression(text, scope, &Field { ty: ty.clone(), nullable: !required }) {
                params.push((param.value.as_str().into(), expr));
            }
        }
        for (param, ty, required) in &action.params {
            if *required && call.params.iter().all(|(given, _)| given.value != **param) {
                let message = format!("`{}` needs its parameter `{param}`", name.value);
                let help =
                    format!("write `{}: {{ {param}: ... }}` with an expression of type {}", name.value, ty.name());
                self.error(codes::MISSING_PARAMETER, name.span, message, help);
            }
        }
        Some(ActionCall { name: key.clone(), params, span: name.span })
    }

    /// Whether the action works on this subject: a subject of the file has the fields but not the rows behind them.
    fn fits(&mut self, call: &CallFile, action: &ActionType) {
        let Some(subject) = &self.subject else { return };
        let record = subject.record.name.clone();
        let same = |name: &str| {
            self.vocabulary
                .subjects
                .get(name)
                .is_some_and(|known| std::sync::Arc::ptr_eq(&known.record, &subject.record))
        };
        if !action.subjects.is_empty() && !action.subjects.iter().any(|name| same(name)) {
            let names: Vec<&str> = action.subjects.iter().map(AsRef::as_ref).collect();
            let message = format!("`{}` does not work on `{record}`", call.name.value);
            let help = format!("it works on {}", super::super::read::or_list(&names));
            self.error(codes::WRONG_SUBJECT, call.name.span, message, help);
        }
    }

    pub(super) fn sends(&mut self, sends: &[SendFile]) -> Vec<Send> {
        sends.iter().filter_map(|send| self.send(send)).collect()
    }

    fn send(&mut self, send: &SendFile) -> Option<Send> {
        let name = &send.name;
        let vocabulary = self.vocabulary;
        let Some((key, message)) = vocabulary.messages.get_key_value(name.value.as_str()) else {
            if vocabulary.actions.contains_key(name.value.as_str()) {
                let text = format!("`{}` is an action, not a message", name.value);
                self.error(codes::NOT_AN_ACTION, name.span, text, format!("write `do: {}`", name.value));
            } else {
                let help = known(&name.value, "message", vocabulary.messages.keys().map(AsRef::as_ref));
                self.error(codes::UNKNOWN_MESSAGE, name.span, format!("unknown message `{}`", name.value), help);
            }
            return None;
        };
        self.uses(key, message.major);
        Some(Send { message: key.clone(), retry: send.retry, span: name.span })
    }
}
