//! A task that asks for data: one step of an approval's kind, and a form.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::definition::chart::{Approval, Form, FormField, StateIx, TASK_STEP};
use crate::definition::codes;
use crate::definition::file::Text;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::{Node, Scalar, Shape, Spot};
use crate::diagnostic::Span;
use crate::expression::{Env, Expr, Field, RecordType, Type, compile};

use super::super::expressions::UNSURE;
use super::super::{Checker, DONE, fixes, title};
use super::Ground;

/// Keys of a task.
pub(in crate::definition) const KEYS: &[&str] = &[
    "who",
    "form",
    "never",
    "never_substitutes",
    "administrators",
    "on_empty",
    "fallback",
    "expires_after",
    "due",
    "late",
];

/// Keys of a field of its form.
pub(in crate::definition) const FIELD: &[&str] =
    &["type", "title", "help", "options", "min", "max", "check", "message", "default"];

/// What the rules of a field call its value.
const VALUE: &str = "value";

impl Checker<'_> {
    /// The task of the state `ix` that `node` describes, whose key stands at `at`.
    pub(in super::super) fn task(&mut self, at: Span, node: &Node, ix: StateIx) -> Option<Approval> {
        let before = self.errors();
        let keys = Keys::of(node, at, "a task", KEYS, &mut self.found)?;
        let form = keys.get("form").map(|(at, node)| self.form(node, at)).unwrap_or_default();
        // A field that could not be read may be what an arrow for `done` names.
        let written = |(_, node): (Span, &Node)| if let Shape::Map(fields) = &node.shape { fields.len() } else { 0 };
        let lost = keys.get("form").map_or(0, written) > form.len();
        let mut record = RecordType::new(if lost { UNSURE } else { DONE });
        for field in &form {
            let field_type = Field { ty: field.ty.clone(), nullable: !field.required };
            record.fields.insert(field.name.to_string(), field_type);
        }
        let record = Arc::new(record);
        self.forms.insert(ix, record.clone());
        let mut ground = Ground { late: self.late(&keys), ..Ground::default() };
        let mut step = Map::from_iter([("name".to_owned(), json!(TASK_STEP))]);
        self.step(&keys, &mut step, &mut ground);
        self.only_for_decisions(&keys, &step);
        let mut policy = Map::from_iter([
            ("workflow".to_owned(), Value::String(self.workflow.to_string())),
            ("steps".to_owned(), json!([step])),
            // Data that was given stands, whatever else of the subject changes.
            ("reapprove".to_owned(), json!("none")),
        ]);
        self.people(&keys, &mut policy);
        self.time(&keys, &mut policy);
        self.needs(at, &ground);
        if self.errors() > before {
            return None;
        }
        self.policy(at, policy).map(|policy| Approval {
            policy,
            plan: None,
            tells: Vec::new(),
            form: Some(Form { fields: form, record }),
        })
    }

    /// Nobody is asked to decide, so nothing is decided by time or for want of people.
    fn only_for_decisions(&mut self, keys: &Keys<'_>, step: &Map<String, Value>) {
        let rejects = |rung: &Value| rung["do"] == "reject";
        if step.get("late").and_then(Value::as_array).is_some_and(|rungs| rungs.iter().any(rejects))
            && let Some((at, _)) = keys.get("late")
        {
            let help = "remind, escalate, or write `expires_after` and an arrow for `expired`";
            self.error(codes::NOT_FOR_TASKS, at, "a task asks for data: there is nothing to reject", help);
        }
        if step.get("on_empty").and_then(Value::as_str) == Some("next")
            && let Some((at, _)) = keys.get("on_empty")
        {
            let help = "write `on_empty: fallback` and the `fallback`, or leave it out";
            self.error(codes::NOT_FOR_TASKS, at, "without somebody to ask there is no data to go on with", help);
        }
    }

    fn form(&mut self, node: &Node, at: Span) -> Vec<FormField> {
        let Some(keys) = Keys::any(node, at, "`form`", &mut self.found) else { return Vec::new() };
        let mut fields = Vec::new();
        for (name, node) in keys.iter() {
            if read::checked_name(name, "the name of a field", &mut self.found) {
                fields.extend(self.form_field(name, node));
            }
        }
        fields
    }

    /// `text?`, or `{ type: int, min: 1, max: 10, title: ... }`.
    fn form_field(&mut self, name: &Spot<String>, node: &Node) -> Option<FormField> {
        let plain = matches!(node.shape, Shape::Scalar(_));
        let keys = if plain { None } else { Some(Keys::of(node, name.span, "a field", FIELD, &mut self.found)?) };
        let ty = match &keys {
            None => read::string(node, name.span, "the field's type", &mut self.found)?,
            Some(keys) => {
                let (at, node) =
                    keys.need("type", "a field of a form", "write `type: text`, for instance", &mut self.found)?;
                read::string(node, at, "the field's type", &mut self.found)?
            }
        };
        let Field { ty, nullable } = self.field_type(&ty)?;
        let mut field = FormField {
            name: name.value.as_str().into(),
            title: title(&name.value).into(),
            help: "".into(),
            ty,
            required: !nullable,
            options: Vec::new(),
            rules: Vec::new(),
            bounds: Vec::new(),
            default: None,
        };
        let Some(keys) = keys else { return Some(field) };
        let mut text = |key: &str| {
            let (at, node) = keys.get(key)?;
            read::string(node, at, &format!("`{key}`"), &mut self.found).map(|text| Arc::from(text.value.as_str()))
        };
        field.title = text("title").unwrap_or(field.title);
        field.help = text("help").unwrap_or(field.help);
        let message = text("message");
        self.options(&keys, &mut field);
        for (key, sign, word) in [("min", ">=", "it must be at least"), ("max", "<=", "it must be at most")] {
            if let Some((at, node)) = keys.get(key)
                && let Some(bound) = read::text(node, at, &format!("`{key}`"), &mut self.found)
            {
                if field.ty == Type::Text {
                    let help = format!("for its length write `check: value.size() {sign} {}`", bound.value.text);
                    self.error(codes::CONFLICT, at, format!("a text has no `{key}`"), help);
                    continue;
                }
                let sentence = format!("{word} {}", bound.value.text);
                self.bound(&mut field, word, &bound);
                self.rule(&mut field, &format!("{VALUE} {sign} ({})", bound.value.text), bound.span, sentence);
            }
        }
        if let Some((at, node)) = keys.get("check")
            && let Some(check) = read::text(node, at, "`check`", &mut self.found)
        {
            let sentence =
                message.as_deref().map_or_else(|| format!("`{}` must hold", check.value.text), str::to_owned);
            let env = self.subject_alone().with(VALUE, field.ty.clone());
            let rule = self.expression_in(&check, &env, &Field::required(Type::Bool));
            field.rules.extend(rule.map(|rule| (rule, sentence.into())));
        } else if let Some((at, _)) = keys.get("message") {
            self.error(
                codes::CONFLICT,
                at,
                "`message` says what a `check` asks for",
                "write a `check`, or leave it out",
            );
        }
        self.bounds(&keys, &field);
        field.default = keys.get("default").and_then(|(at, node)| {
            let text = read::text(node, at, "`default`", &mut self.found)?;
            self.form_default(&text, &field)
        });
        Some(field)
    }

    /// The values to choose from: words of a text field need no quotes.
    fn options(&mut self, keys: &Keys<'_>, field: &mut FormField) {
        let Some((at, node)) = keys.get("options") else { return };
        let mut written = Vec::new();
        for item in read::list(node, at, "`options`", &mut self.found).unwrap_or_default() {
            let Some(text) = read::text(item, at, "an option", &mut self.found) else { continue };
            written.push(match field.ty {
                Type::Text => serde_json::Value::String(text.value.text.clone()).to_string(),
                _ => text.value.text.clone(),
            });
            let source = written.last().cloned().unwrap_or_default();
            if fixes::is_word(&text.value) && text.value.text.starts_with(char::is_alphabetic) && field.ty.is_number() {
                let message = format!("`{}` is not a value of type {}", text.value.text, field.ty);
                self.error(codes::NOT_A_NUMBER, text.span, message, "write a number, or make the field a text");
                continue;
            }
            let expr = self.composed(&source, text.span, &Field::required(field.ty.clone()));
            let none = |_: &str| None;
            field.options.extend(expr.and_then(|expr| expr.eval(&none).ok()).map(|value| value.to_json()));
        }
        if written.is_empty() {
            self.error(codes::EMPTY, at, "there is nothing to choose from", "write some options, or leave it out");
        } else if field.options.len() == written.len() {
            let sentence = format!("it must be one of {}", written.join(", "));
            self.rule(field, &format!("{VALUE} in [{}]", written.join(", ")), node.span, sentence);
        }
    }

    /// Keeps a bound that reads the document, so that its value can be told. What is wrong with it is found with its rule.
    fn bound(&mut self, field: &mut FormField, words: &'static str, bound: &Text) {
        let compiled = compile(&bound.value.text, &self.subject_alone(), &field.ty);
        field.bounds.extend(
            compiled
                .ok()
                .filter(|bound| !bound.fields_read().is_empty())
                .map(|bound| (field.rules.len(), words, bound)),
        );
    }

    fn rule(&mut self, field: &mut FormField, source: &str, span: Span, sentence: String) {
        let env = self.subject_alone().with(VALUE, field.ty.clone());
        let text = Text::new(Scalar { text: source.to_owned(), plain: false }, span);
        let rule = self.expression_in(&text, &env, &Field::required(Type::Bool));
        field.rules.extend(rule.map(|rule| (rule, sentence.into())));
    }

    /// An expression that was put together from what stands at `span`.
    fn composed(&mut self, source: &str, span: Span, expected: &Field) -> Option<Expr> {
        let env = Env::new();
        self.expression_in(&Text::new(Scalar { text: source.to_owned(), plain: false }, span), &env, expected)
    }

    /// Bounds that leave no value.
    fn bounds(&mut self, keys: &Keys<'_>, field: &FormField) {
        let text = |key: &str| keys.get(key).and_then(|(_, node)| node.text());
        let (Some(low), Some(high), Some((at, _))) = (text("min"), text("max"), keys.get("max")) else { return };
        let none = |_: &str| None;
        let source = format!("({low}) <= ({high})");
        let holds = compile(&source, &Env::new(), &Type::Bool).ok().and_then(|expr| expr.eval_bool(&none).ok());
        if holds == Some(false) {
            let message = format!("no {} is at least {low} and at most {high}", field.ty.name());
            self.error(codes::CONFLICT, at, message, format!("write `min: {high}, max: {low}`, if they are mixed up"));
        }
    }

    /// What stands there at first must be one that may be given.
    fn may_stand(&mut self, default: &Expr, field: &FormField, span: Span) {
        if !default.fields_read().is_empty() {
            return;
        }
        let none = |_: &str| None;
        let Ok(value) = default.eval(&none) else { return };
        let scope = |name: &str| (name == VALUE).then(|| value.clone());
        let wrong = field.rules.iter().find(|(rule, _)| rule.eval_bool(&scope).is_ok_and(|holds| !holds));
        if let Some((_, sentence)) = wrong {
            let message = format!("the default {value} may not be given: {sentence}");
            self.error(codes::CONFLICT, span, message, "write another, or leave it out");
        }
    }

    fn form_default(&mut self, text: &Text, field: &FormField) -> Option<Expr> {
        let env = self.subject_alone();
        let default = self.expression_in(text, &env, &Field { ty: field.ty.clone(), nullable: true })?;
        self.may_stand(&default, field, text.span);
        Some(default)
    }
}
