//! What becomes of the document's fields.

use super::*;
use crate::expression::{self, Env, Expr, Field, Type};
use crate::migrate::read::FieldLine;

impl Binding<'_> {
    /// Fields that are given or dropped; what is missing or lost is told.
    pub(super) fn fields(&mut self) -> Vec<(Arc<str>, Given)> {
        let draft = self.draft;
        let mut fields = Vec::new();
        for (name, line) in &draft.fields {
            if let Some(why) = self.fixed(&name.value) {
                self.wrong(codes::FIXED_FIELD, name.span, why, "leave the line out: the field stays as it is");
                continue;
            }
            let Some(to) = &self.to else { continue };
            let new = to.subject.record.fields.get(&name.value).cloned();
            let given = match (line, new) {
                (FieldLine::Nothing, Some(field)) if !field.nullable => {
                    let what = format!("`{}` must have a value", name.value);
                    self.wrong(codes::MISSING_FIELD, name.span, what, format!("write one of type {}", field.ty.name()));
                    continue;
                }
                (FieldLine::Nothing, new) => {
                    if new.is_none() && !self.is_old(&name.value) {
                        self.unknown_field(name);
                    }
                    Given::Nothing
                }
                (FieldLine::Text(_) | FieldLine::Unread, None) => {
                    self.unknown_field(name);
                    continue;
                }
                (FieldLine::Text(text), Some(field)) => Given::Value(self.compiled(text, &field)),
                (FieldLine::Unread, Some(_)) => continue,
            };
            fields.push((name.value.as_str().into(), given));
        }
        self.complete(&fields);
        fields
    }

    /// What is written for a field.
    fn text(&self, name: &str) -> Option<&str> {
        self.draft.fields.iter().find(|(given, _)| given.value == name).and_then(|(_, line)| line.text())
    }

    fn is_old(&self, name: &str) -> bool {
        self.from.is_empty() || self.from.iter().any(|one| one.subject.record.fields.contains_key(name))
    }

    fn unknown_field(&mut self, name: &Spot<String>) {
        let Some(new) = self.to.clone() else { return };
        let what = format!("the new subject has no field `{}`", name.value);
        let help = help("field", &name.value, new.subject.record.fields.keys().map(String::as_str));
        self.wrong(codes::UNKNOWN_FIELD, name.span, what, help);
    }

    /// Why no migration changes the field.
    fn fixed(&self, name: &str) -> Option<String> {
        if name == "requester" {
            return Some(format!("`{name}` says who asked"));
        }
        let new = self.to.as_ref()?;
        if new.key.as_ref().is_some_and(|key| new.reads(key, name)) {
            return Some(format!("`{name}` is part of the business key, which never changes"));
        }
        if new.answered_by(name) {
            return Some(format!("`{name}` is what a task has found, which a mapping does not set"));
        }
        if new.approved_by(name) && self.is_old(name) {
            return Some(format!("`{name}` is what people approve, which a mapping does not set past them"));
        }
        if new.keeps_out(name) {
            return Some(format!("`{name}` says who may not decide, which a mapping does not set"));
        }
        if let Some(call) = new.found_by(name) {
            return Some(format!(
                "`{name}` is what the workflow called in `{call}` has found, which a migration does not know"
            ));
        }
        let given = self.from.iter().chain(&self.to).find_map(|one| one.given_to(name).next());
        if let Some(call) = given.filter(|_| self.is_old(name)) {
            return Some(format!(
                "`{name}` is what the workflow called in `{call}` is about, and its answer would stand for another value"
            ));
        }
        let subject = self.known.vocabulary.subjects.get(&*new.subject.record.name)?;
        if new.subject.computed.iter().any(|field| **field == *name) {
            return Some(format!("`{name}` is computed by the workflow's own actions, which a migration does not do"));
        }
        let mirrored = subject.mirrored.iter().any(|(field, _)| **field == *name);
        mirrored.then(|| format!("`{name}` stands in the books as well, which a migration does not change"))
    }

    /// The expression, for each definition that documents come from.
    fn compiled(
        &mut self,
        text: &Spot<crate::definition::reading::Scalar>,
        field: &Field,
    ) -> BTreeMap<crate::ids::DefinitionHash, Expr> {
        let mut all = BTreeMap::new();
        let mut told: Vec<(String, Span)> = Vec::new();
        for old in self.from.clone() {
            let subject = Type::Record(old.subject.record.clone());
            let env = Env::new().with(&*old.subject.variable, subject).with("now", Type::Timestamp);
            let compiled = match field.nullable {
                true => expression::compile_nullable(&text.value.text, &env, &field.ty),
                false => expression::compile(&text.value.text, &env, &field.ty),
            };
            match compiled {
                Ok(expr) => drop(all.insert(old.hash, expr)),
                Err(found) => {
                    for mut finding in found {
                        finding.relocate(|span| text.value.locate(&self.draft.source, text.span, span));
                        finding.fix = None;
                        let key = (finding.message.clone(), finding.span);
                        if !told.contains(&key) {
                            told.push(key);
                            self.found.push(finding);
                        }
                    }
                }
            }
        }
        all
    }

    /// Every field of the new subject that must have a value gets one, and every one of the old has a place.
    fn complete(&mut self, fields: &[(Arc<str>, Given)]) {
        let Some(new) = self.to.clone().filter(|_| !self.draft.unread.fields) else { return };
        let span = self.draft.workflow.span;
        let is_given = |name: &str| fields.iter().any(|(given, _)| **given == *name);
        // What was said to be wrong is not said to be missing as well.
        let is_named = |name: &str| self.draft.fields.iter().any(|(given, _)| given.value == *name);
        let (mut missing, mut lost) = (BTreeSet::new(), BTreeSet::new());
        let mut other = None;
        for old in &self.from {
            let record = &old.subject.record;
            let of_books = |name: &str| self.known.vocabulary.subjects.contains_key(name);
            if record.name != new.subject.record.name && (of_books(&record.name) || of_books(&new.subject.record.name))
            {
                other = Some(record.name.clone());
                continue;
            }
            for (name, field) in &new.subject.record.fields {
                if !field.nullable && !record.fields.contains_key(name) && !is_given(name) && !is_named(name) {
                    missing.insert((name.clone(), field.ty.name()));
                }
            }
            let variable = &old.subject.variable;
            let is_read = |name: &str| {
                fields.iter().any(|(given, value)| match value {
                    Given::Value(exprs) => {
                        let path = format!("{variable}.{name}");
                        match exprs.get(&old.hash) {
                            Some(expr) => expr.fields_read().contains(&path),
                            // It is wrong, and says what it means to read.
                            None => self.text(given).is_some_and(|text| text.contains(&path)),
                        }
                    }
                    Given::Nothing => false,
                })
            };
            let kept = |name: &str| new.subject.record.fields.contains_key(name);
            lost.extend(record.fields.keys().filter(|name| !kept(name) && !is_named(name) && !is_read(name)).cloned());
        }
        if let Some(name) = other {
            let what = format!("documents are `{name}`, and the new definition is about `{}`", new.subject.record.name);
            self.wrong(codes::OTHER_SUBJECT, span, what, "leave these instances with their definition until they end");
        }
        for (name, ty) in missing {
            let what = format!("the new subject needs `{name}`");
            let help = format!("under `fields`, give it a value of type {ty}: `{name}: ...`");
            self.wrong(codes::MISSING_FIELD, span, what, help);
        }
        for name in lost {
            let what = format!("the new subject has no field `{name}`");
            let help = format!("under `fields`, write `{name}: null` to drop it, or read it for another field");
            self.wrong(codes::LOST_FIELD, span, what, help);
        }
    }
}
