//! The subject: from the vocabulary or written in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::chart::{Subject, Told};
use crate::definition::codes;
use crate::definition::file::{FieldFile, Name, SubjectFile, Text};
use crate::diagnostic::{Diagnostic, Help};
use crate::domain::SubjectType;
use crate::expression::{Env, Expr, Field, NO_CALENDAR, RecordType, Type};

use super::expressions::Scope;
use super::{Checker, known};

/// Names that expressions have already.
const RESERVED: &[&str] = &["event", "actor", "on_behalf_of", "now", "true", "false", "null", "in", "has", "size"];

/// What fields are called and mean, as far as the file says it.
fn told(fields: &[FieldFile]) -> Vec<(Arc<str>, Told)> {
    let some = fields.iter().filter(|field| field.title.is_some() || field.help.is_some());
    let one = |field: &FieldFile| {
        let help = field.help.as_deref().unwrap_or_default().into();
        (Arc::from(field.name.value.as_str()), Told { title: field.title.as_deref().map(Arc::from), help })
    };
    some.map(one).collect()
}

/// The fields as the file has them one after another.
pub(super) fn order(fields: &[FieldFile]) -> Vec<Arc<str>> {
    fields.iter().map(|field| field.name.value.as_str().into()).collect()
}

impl Checker<'_> {
    pub(super) fn subject(&mut self, subject: &SubjectFile) -> Option<Subject> {
        let subject = match subject {
            SubjectFile::Named { ty, variable } => {
                let Some(found) = self.vocabulary.subjects.get(ty.value.as_str()) else {
                    let help = known(&ty.value, "subject", self.vocabulary.subjects.keys().map(AsRef::as_ref));
                    let words =
                        format!("{}; or write the fields: `subject: {{ name: po, fields: {{ ... }} }}`", help.words);
                    let help = Help { words, ..help };
                    self.error(codes::UNKNOWN_SUBJECT, ty.span, format!("unknown subject `{}`", ty.value), help);
                    return None;
                };
                self.uses(&ty.value, found.major);
                let name = variable.as_ref().map_or_else(|| found.variable.clone(), |v| v.value.as_str().into());
                if !self.variable(variable.as_ref().unwrap_or(ty), &name) {
                    return None;
                }
                let SubjectType { record, computed, options, told, about, .. } = found.clone();
                let (amount, order) = (Vec::new(), Vec::new());
                Subject { variable: name, record, computed, options, told, about, amount, order }
            }
            SubjectFile::Inline { variable, fields, about, amount } => {
                let name = match variable {
                    Some(variable) if self.variable(variable, &variable.value) => Arc::from(variable.value.as_str()),
                    // What is wrong with the rest is told all the same.
                    refused => self.called(fields, refused.as_ref().map_or("", |name| &name.value))?,
                };
                let record = self.record(&self.workflow.clone(), fields);
                let about = about.as_ref().and_then(|about| self.field_of(("about", Type::Text), about, &record));
                let amount = amount.iter().filter_map(|field| self.field_of(("amount", Type::Money), field, &record));
                let amount = amount.collect();
                let (record, told, order) = (Arc::new(record), told(fields), order(fields));
                let (computed, options) = (Vec::new(), Vec::new());
                Subject { variable: name, record, computed, options, told, about, amount, order }
            }
        };
        Some(subject)
    }

    /// A field that `key` names, which must be of this type; reports if it is none.
    fn field_of(&mut self, (key, ty): (&str, Type), field: &Name, record: &RecordType) -> Option<Arc<str>> {
        if record.fields.get(field.value.as_str()).is_some_and(|known| known.ty == ty) {
            return Some(field.value.as_str().into());
        }
        let ty_name = ty.name();
        let of_type = record.fields.iter().filter(|(_, known)| known.ty == ty).map(|(name, _)| name.as_str());
        let help = known(&field.value, &format!("field of type {ty_name}"), of_type);
        let message = format!("`{key}` names a field of type {ty_name}, and `{}` is none", field.value);
        self.error(codes::UNKNOWN_FIELD, field.span, message, help);
        None
    }

    /// What expressions call a subject whose name cannot be: whatever stands before its fields most often; `None`, if they
    /// say what was refused.
    fn called(&self, fields: &[FieldFile], refused: &str) -> Option<Arc<str>> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, _) in self.source.match_indices('.') {
            let (before, after) = (&self.source[..at], &self.source[at + 1..]);
            let path = before.trim_end_matches(word);
            let (root, field) = (&before[path.len()..], &after[..after.find(|c| !word(c)).unwrap_or(after.len())]);
            let is_root = !root.is_empty() && !path.ends_with('.');
            if is_root && fields.iter().any(|one| one.name.value == field) {
                *counts.entry(root).or_default() += 1;
            }
        }
        if !refused.is_empty() && refused != "event" && counts.contains_key(refused) {
            return None;
        }
        let names = counts.into_iter().filter(|(root, _)| !RESERVED.contains(root));
        Some(names.max_by_key(|(_, count)| *count).map_or("subject", |(root, _)| root).into())
    }

    /// Whether the variable hides nothing; reports if it does.
    fn variable(&mut self, at: &Name, name: &str) -> bool {
        if RESERVED.contains(&name) {
            let message = format!("the subject cannot be called `{name}`");
            self.error(codes::RESERVED, at.span, message, "expressions use that word already: choose another");
        } else if self.vocabulary.facts.contains_key(name) {
            let message = format!("the subject cannot be called `{name}`: a fact is called so");
            self.error(codes::RESERVED, at.span, message, "choose another name: `subject: { type: ..., name: ... }`");
        } else {
            return true;
        }
        false
    }

    /// The record of declared fields; a field whose type is unknown is reported, and left out unless it is nearly one.
    pub(super) fn record(&mut self, name: &str, fields: &[FieldFile]) -> RecordType {
        let mut record = RecordType::new(name);
        for field in fields {
            match self.field_type(&field.ty) {
                Some(ty) => drop(record.fields.insert(field.name.value.clone(), ty)),
                None => drop(self.broken_fields.insert(field.name.value.clone())),
            }
        }
        record
    }

    /// `money`, or `money?` of what may be empty.
    pub(super) fn field_type(&mut self, written: &Name) -> Option<Field> {
        let (ty, nullable) = match written.value.strip_suffix('?') {
            Some(ty) => (ty, true),
            None => (written.value.as_str(), false),
        };
        match Type::parse(ty) {
            Ok(ty) => Some(Field { ty, nullable }),
            Err(sentence) => {
                let sentence = sentence.replace(" of what? W", " does not say of what: w");
                let parts = sentence.split_once(": ");
                let (message, words) = parts.unwrap_or((&sentence, "see the types in the reference"));
                // The sentence ends in the name that is meant, if one is.
                let meant = words.strip_suffix('`').and_then(|words| words.rsplit('`').next());
                let instead = meant.filter(|name| Type::parse(name).is_ok());
                // What is surely meant is gone on with: the field is not missing.
                let ty = instead.and_then(|name| Type::parse(name).ok());
                let instead = instead.map(|name| format!("{name}{}", if nullable { "?" } else { "" }));
                let help = Help { words: words.to_owned(), instead };
                self.found.push(Diagnostic::error(codes::UNKNOWN_TYPE, written.span, message).help(help));
                ty.map(|ty| Field { ty, nullable })
            }
        }
    }

    /// The variables that every expression sees.
    pub(super) fn environment(&self) -> Env {
        let mut env = Env::new().with("now", Type::Timestamp);
        if self.calendar.is_some() {
            env = env.with_calendar();
        }
        for (name, fact) in &self.vocabulary.facts {
            env = match fact.nullable {
                true => env.with_nullable(&**name, fact.ty.clone()),
                false => env.with(&**name, fact.ty.clone()),
            };
        }
        if let Some(subject) = &self.subject {
            env = env.with(&*subject.variable, Type::Record(subject.record.clone()));
        }
        env
    }

    /// The subject, the time and the calendar: what can be computed without loading anything.
    pub(super) fn subject_alone(&self) -> Env {
        let mut env = Env::new().with("now", Type::Timestamp);
        if self.calendar.is_some() {
            env = env.with_calendar();
        }
        match &self.subject {
            Some(subject) => env.with(&*subject.variable, Type::Record(subject.record.clone())),
            None => env,
        }
    }

    /// The business key: over the subject alone, since it is looked up before facts are loaded.
    pub(super) fn key(&mut self, key: &Text) -> Option<Expr> {
        let subject = self.subject.as_ref()?;
        let env = Env::new().with(&*subject.variable, Type::Record(subject.record.clone()));
        let before = self.found.len();
        let expr = self.expression_in(key, &env, &Field::required(Type::Text));
        for finding in self.found[before..].iter_mut().filter(|finding| finding.code == NO_CALENDAR) {
            "a key has no calendar".clone_into(&mut finding.label);
            "a key is made of what the subject says, at any time the same: leave working time out"
                .clone_into(&mut finding.help);
        }
        expr
    }

    /// The field `name` of the subject; `None` if it has none, or is not known itself.
    pub(super) fn field(&mut self, name: &Name) -> Option<Field> {
        let record = self.subject.as_ref()?.record.clone();
        let field = record.fields.get(&name.value).cloned();
        if field.is_none() && !self.broken_fields.contains(&name.value) {
            let help = known(&name.value, "field", record.fields.keys().map(String::as_str));
            self.error(codes::UNKNOWN_FIELD, name.span, format!("unknown field `{}`", name.value), help);
        }
        field
    }

    /// Subject fields that an arrow sets.
    pub(super) fn set(&mut self, set: &[(Name, Text)], scope: &Scope) -> Vec<(Arc<str>, Expr)> {
        let mut out = Vec::new();
        for (name, text) in set {
            let Some(field) = self.field(name) else {
                self.untyped(text, scope);
                continue;
            };
            let Some(expr) = self.expression(text, scope, &field) else { continue };
            out.push((name.value.as_str().into(), expr));
        }
        out
    }
}
