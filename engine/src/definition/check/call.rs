//! A state that calls another workflow: what that one wants, and what it gives back.

use std::sync::Arc;

use crate::definition::chart::{Calling, Definition, StateIx};
use crate::definition::codes;
use crate::definition::file::{CallingFile, Name};
use crate::diagnostic::Diagnostic;
use crate::expression::{Field, Type};

use super::expressions::Scope;
use super::{Checker, known};

impl Checker<'_> {
    /// The call of the state `ix`.
    pub(super) fn calling(&mut self, file: &CallingFile, ix: StateIx) -> Option<Calling> {
        let definition = file.workflow.as_ref().and_then(|name| self.callee(name));
        let scope = Scope::engine();
        let key = file.key.as_ref().map(|key| self.expression(key, &scope, &Field::required(Type::Text)));
        let Some(workflow) = definition else {
            // What it wants is not known: its expressions are looked at without their types.
            file.input.iter().for_each(|(_, text)| self.untyped(text, &scope));
            self.forms_unknown.insert(ix);
            return None;
        };
        let mut input = Vec::new();
        for (name, text) in &file.input {
            let Some(field) = workflow.subject.record.fields.get(&name.value) else {
                let fields = workflow.subject.record.fields.keys().map(String::as_str);
                let help = known(&name.value, "field", fields);
                let message = format!("the subject of `{}` has no field `{}`", workflow.name, name.value);
                self.error(codes::UNKNOWN_FIELD, name.span, message, help);
                self.untyped(text, &scope);
                continue;
            };
            if workflow.subject.computed.iter().any(|computed| **computed == *name.value) {
                let message = format!("`{}` is computed by `{}` itself", name.value, workflow.name);
                self.error(codes::CONFLICT, name.span, message, "leave it out");
                continue;
            }
            let field = field.clone();
            if let Some(expr) = self.expression(text, &scope, &field) {
                input.push((Arc::from(name.value.as_str()), expr));
            }
        }
        self.missing_input(file, &workflow);
        let result = Arc::new(workflow.result_type());
        self.forms.insert(ix, result.clone());
        let key = match key {
            None => None,
            Some(key) => Some(key?),
        };
        if self.called.iter().all(|known| known.hash != workflow.hash) {
            self.called.push(workflow.clone());
        }
        Some(Calling { workflow, input, key, result })
    }

    /// The workflow of this name among the files; `None`: there is none, or it has errors of its own.
    fn callee(&mut self, name: &Name) -> Option<Arc<Definition>> {
        if self.peers.circle.contains(&name.value) {
            let message = match *name.value == *self.workflow {
                true => "a workflow that calls itself never comes to an end".to_owned(),
                false => format!("`{}` calls this workflow in turn, so that neither would come to an end", name.value),
            };
            let help = "start it by an event or an action instead, or take the common part into a third workflow";
            self.error(codes::CALL_CIRCLE, name.span, message, help);
            return None;
        }
        match self.peers.known.get(&name.value) {
            Some(definition) => definition.clone(),
            None => {
                let own = self.workflow.clone();
                let others = self.peers.known.keys().map(String::as_str).filter(|other| **other != *own);
                let mut help = known(&name.value, "other workflow", others);
                help.words.push_str("; files that call one another are checked together");
                let message = format!("no file here defines the workflow `{}`", name.value);
                self.error(codes::UNKNOWN_WORKFLOW, name.span, message, help);
                None
            }
        }
    }

    fn missing_input(&mut self, file: &CallingFile, workflow: &Definition) {
        let given = |name: &str| file.input.iter().any(|(given, _)| given.value == name);
        let computed = |name: &str| workflow.subject.computed.iter().any(|computed| **computed == *name);
        for (name, field) in &workflow.subject.record.fields {
            // Whoever asked for the one asks for the other.
            let by_itself = name == "requester" && field.ty == Type::Person;
            if !field.nullable && !by_itself && !given(name) && !computed(name) {
                let message = format!("`{}` needs `{name}`", workflow.name);
                let help = format!("write `input: {{ {name}: ... }}` with an expression of type {}", field.ty.name());
                self.found.push(Diagnostic::error(codes::MISSING_PARAMETER, file.span, message).help(help));
            }
        }
    }
}
