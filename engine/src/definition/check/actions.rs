//! Actions and messages of the vocabulary.

use crate::definition::chart::{ActionCall, Send, Undoing};
use crate::definition::codes;
use crate::definition::file::{CallFile, Name, SendFile};
use crate::diagnostic::{Help, Span};
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
            self.no_action(name);
            // What is wrong below it is told all the same.
            call.params.iter().for_each(|(_, text)| self.untyped(text, scope));
            self.calls(&call.undo, scope);
            return None;
        };
        self.uses(key, action.major);
        self.fits(call, action);
        let (mut params, mut meant) = (Vec::new(), Vec::new());
        for (param, text) in &call.params {
            let Some((_, ty, required)) = action.params.iter().find(|(known, _, _)| **known == *param.value) else {
                let help = known(&param.value, "parameter", action.params.iter().map(|(name, _, _)| &**name));
                meant.extend(help.instead.clone());
                let message = format!("`{}` has no parameter `{}`", name.value, param.value);
                self.error(codes::UNKNOWN_PARAMETER, param.span, message, help);
                self.untyped(text, scope);
                continue;
            };
            if let Some(expr) = self.expression(text, scope, &Field { ty: ty.clone(), nullable: !required }) {
                params.push((param.value.as_str().into(), expr));
            }
        }
        for (param, ty, required) in &action.params {
            let given = call.params.iter().map(|(given, _)| &given.value).chain(&meant).any(|given| **given == **param);
            if *required && !given {
                let message = format!("`{}` needs its parameter `{param}`", name.value);
                let help =
                    format!("write `{}: {{ {param}: ... }}` with an expression of type {}", name.value, ty.name());
                self.error(codes::MISSING_PARAMETER, name.span, message, help);
            }
        }
        if !call.undo.is_empty() {
            self.undoable.insert(key.clone());
        }
        let undo = call.undo.iter().filter_map(|call| self.call(call, scope)).collect();
        Some(ActionCall { name: key.clone(), params, undo, span: name.span })
    }

    /// Reports that there is no action of this name.
    fn no_action(&mut self, name: &Name) {
        let vocabulary = self.vocabulary;
        if vocabulary.messages.contains_key(name.value.as_str()) {
            let message = format!("`{}` is a message, not an action", name.value);
            self.error(codes::NOT_AN_ACTION, name.span, message, format!("write `send: {}`", name.value));
            return;
        }
        let help = match name.value.as_str() {
            "call" => "a state of its own calls a workflow: write `call: its_name` beside `on`, not in `do`".into(),
            unknown => known(unknown, "action", vocabulary.actions.keys().map(AsRef::as_ref)),
        };
        self.error(codes::UNKNOWN_ACTION, name.span, format!("unknown action `{}`", name.value), help);
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
        let undo = send.undo.as_ref().and_then(|undo| {
            self.undoable.insert(key.clone());
            self.send(&SendFile { name: undo.clone(), retry: send.retry, undo: None }).map(Box::new)
        });
        Some(Send { message: key.clone(), retry: send.retry, undo, span: name.span })
    }

    /// What an arrow takes back; the names are looked at when all actions are known.
    pub(super) fn undoing(&mut self, file: Option<&(Span, Vec<Name>)>) -> Undoing {
        let Some((at, names)) = file else { return Undoing::Nothing };
        self.undone.push((*at, names.clone()));
        match names.as_slice() {
            [] => Undoing::All,
            names => Undoing::These(names.iter().map(|name| name.value.as_str().into()).collect()),
        }
    }

    /// Whether there is something to take back.
    pub(super) fn undoings(&mut self) {
        for (at, names) in std::mem::take(&mut self.undone) {
            if self.undoable.is_empty() {
                let help =
                    "write beside an action what takes it back: `do: [{ reserve_budget: {}, undo: release_budget }]`";
                self.error(codes::NOTHING_TO_UNDO, at, "no action here says how it is taken back", help);
                continue;
            }
            for name in names.iter().filter(|name| !self.undoable.contains(name.value.as_str())).collect::<Vec<_>>() {
                let message = format!("nothing says how `{}` is taken back", name.value);
                let help = match name.value.to_ascii_lowercase().as_str() {
                    "yes" | "all" | "on" => Help::instead("to take everything back write `true`", "true"),
                    _ => known(&name.value, "action with an `undo`", self.undoable.iter().map(AsRef::as_ref)),
                };
                self.error(codes::NOTHING_TO_UNDO, name.span, message, help);
            }
        }
    }
}
