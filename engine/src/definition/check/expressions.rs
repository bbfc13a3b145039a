//! Expressions in their place: what they may name, and their findings moved into the file.

use std::sync::Arc;

use crate::definition::chart::{By, Condition};
use crate::definition::codes;
use crate::definition::file::Text;
use crate::definition::yaml::{Scalar, Spot};
use crate::diagnostic::{Diagnostic, Help, Span, nearest};
use crate::expression::{self, Env, Expr, Field, RecordType, Type};

use super::{Checker, fixes, known};

/// The expression's own code for an unknown name.
const UNKNOWN_NAME: &str = "FLX0110";

/// And for an unknown field.
const UNKNOWN_FIELD: &str = "FLX0111";

/// What the payload of a form is called that could not be read in full: what it lacks may be the field that is meant.
pub(super) const UNSURE: &str = "a form with mistakes";

/// What an expression sees beside the subject, `now` and the facts.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// The payload, in the arrows of an event.
    pub(super) event: Option<Arc<RecordType>>,
    /// Whether a person acts, if not the console; else `actor` is null.
    pub(super) person: bool,
}

impl Scope {
    /// A person acts and there is no event.
    pub(super) const fn person() -> Self {
        Self { event: None, person: true }
    }

    /// The engine may act.
    pub(super) const fn engine() -> Self {
        Self { event: None, person: false }
    }
}

impl Checker<'_> {
    /// Compiles `text`; findings are reported in the file's places.
    pub(super) fn expression(&mut self, text: &Text, scope: &Scope, expected: &Field) -> Option<Expr> {
        // Without the subject nearly every name would be unknown.
        self.subject.as_ref()?;
        let env = self.scoped(scope);
        self.expression_in(text, &env, expected)
    }

    /// Compiles a condition.
    pub(super) fn condition(&mut self, text: &Text, scope: &Scope) -> Option<Condition> {
        let expr = self.expression(text, scope, &Field::required(Type::Bool))?;
        Some(Condition { expr, text: text.value.text.trim().into(), span: text.span })
    }

    fn scoped(&self, scope: &Scope) -> Env {
        let mut env = self.env.clone();
        if let Some(payload) = &scope.event {
            env = env.with("event", Type::Record(payload.clone()));
        }
        let env = env.with_nullable("on_behalf_of", Type::Person);
        match scope.person {
            true => env.with_unguarded("actor", Type::Person),
            false => env.with_nullable("actor", Type::Person),
        }
    }

    pub(super) fn expression_in(&mut self, text: &Text, env: &Env, expected: &Field) -> Option<Expr> {
        match compiled(&text.value.text, env, expected) {
            Ok(expr) => {
                self.accept(text, &expr);
                Some(expr)
            }
            Err(mut diagnostics) => {
                fixes::attach(&text.value.text, env, Some(expected), &mut diagnostics);
                self.place(text, diagnostics);
                None
            }
        }
    }

    /// Reports what is wrong with `text` whatever it stands for: whoever would say its type is not known himself.
    pub(super) fn untyped(&mut self, text: &Text, scope: &Scope) {
        // Without the subject nearly every name would be unknown.
        if self.subject.is_none() {
            return;
        }
        let env = self.scoped(scope);
        let mut diagnostics = errors(&text.value.text, &env, None);
        fixes::attach(&text.value.text, &env, None, &mut diagnostics);
        self.place(text, diagnostics);
    }

    /// Notes what `expr` reads, and its warnings.
    fn accept(&mut self, text: &Text, expr: &Expr) {
        for path in expr.fields_read() {
            let root = path.split('.').next().unwrap_or_default();
            self.reads(root);
        }
        self.place(text, expr.warnings().to_vec());
    }

    fn place(&mut self, text: &Text, diagnostics: Vec<Diagnostic>) {
        let broken = |d: &Diagnostic| {
            let name = d.message.strip_prefix("unknown name `").and_then(|rest| rest.strip_suffix('`'));
            let of = text.value.text.get(d.span.start..d.span.end).unwrap_or_default();
            let lost = d.code == UNKNOWN_FIELD && (d.message.starts_with(UNSURE) || self.broken_fields.contains(of));
            lost || d.code == UNKNOWN_NAME && name.is_some_and(|name| self.broken_tables.contains(name))
        };
        if diagnostics.iter().any(broken) {
            return;
        }
        for mut diagnostic in diagnostics {
            let called = self.subject.as_ref().map(|subject| fixes::Called {
                variable: &subject.variable,
                names: [&self.workflow, &subject.record.name],
            });
            let better = fixes::better(&diagnostic, text, called);
            diagnostic.fix = diagnostic.fix.and_then(|fix| fixes::placed(&fix, text, self.source));
            diagnostic.relocate(|span| text.value.locate(self.source, text.span, span));
            if let Some(better) = better {
                diagnostic = diagnostic.help(better);
                // Quotes go around the whole expression.
                if let Some(fix) = diagnostic.fix.as_mut().filter(|fix| fix.text.starts_with('\'')) {
                    fix.span = text.span;
                }
            }
            self.found.push(diagnostic);
        }
    }

    /// Who may act.
    pub(super) fn by(&mut self, text: &Text, scope: &Scope) -> Option<By> {
        let written = text.value.text.trim();
        if written == "anyone" {
            return Some(By::Anyone);
        }
        if written == "engine" {
            return Some(By::Engine);
        }
        if let Some(rest) = written.strip_prefix("role")
            && rest.trim_start().starts_with('(')
        {
            return self.role(text, scope);
        }
        self.subject.as_ref()?;
        let env = self.scoped(scope);
        let list = Type::list(Type::Person);
        // A field that names nobody lets nobody act: that is a refusal, not a mistake.
        let person = expression::compile_nullable(written, &env, &Type::Person)
            .or_else(|errors| expression::compile_nullable(written, &env, &list).map_err(|_| errors));
        match person {
            Ok(expr) => {
                self.accept(text, &expr);
                Some(By::Person(expr, written.into()))
            }
            Err(_) if fixes::is_word(&text.value) => {
                let help = self.by_help(written);
                self.error(codes::BAD_BY, text.span, format!("`{written}` does not say who may"), help);
                None
            }
            Err(mut errors) => {
                fixes::attach(written, &env, Some(&Field::nullable(Type::Person)), &mut errors);
                self.place(text, errors);
                None
            }
        }
    }

    /// What a single word under `by` is surely meant to be.
    fn by_help(&self, written: &str) -> Help {
        let roles = || self.vocabulary.roles.iter().map(AsRef::as_ref);
        if roles().any(|role| role == written) {
            let role = format!("role({written})");
            return Help::instead(format!("for everybody with a role write `{role}`"), role);
        }
        if let Some(subject) = &self.subject {
            let people = subject.record.fields.iter().filter(|(_, field)| field.ty == Type::Person);
            if let Some(field) = nearest(written, people.map(|(name, _)| name.as_str())) {
                let person = format!("{}.{field}", subject.variable);
                return Help::instead(format!("for a person of the subject write `{person}`"), person);
            }
        }
        match nearest(written, ["anyone", "engine"]) {
            Some(word) => Help::similar("word", word),
            None => "write `anyone`, `engine`, `role(name)`, `role(name)@po.unit`, or a person such as `po.requester`"
                .into(),
        }
    }

    /// `role(buyer)` or `role(buyer)@po.unit`.
    fn role(&mut self, text: &Text, scope: &Scope) -> Option<By> {
        let written = &text.value.text;
        let open = written.find('(').unwrap_or(0);
        let Some(close) = written.find(')') else {
            let role = format!("{})", written.trim());
            let help = Help::instead(format!("write `{role}`"), role);
            self.error(codes::BAD_BY, text.span, "the bracket of `role(` is not closed", help);
            return None;
        };
        let role = written[open + 1..close].trim();
        let at = text.value.locate(self.source, text.span, Span::new(open + 1, close));
        let bare = role.trim_matches(['"', '\''].as_slice());
        if bare != role {
            let help = Help::instead(format!("the name of a role stands without quotes: write `{bare}`"), bare);
            self.error(codes::BAD_BY, at, format!("`{role}` is no name of a role"), help);
            return None;
        }
        let known = self.known_role(&Spot::new(role.to_owned(), at));
        let rest = &written[close + 1..];
        if rest.trim().is_empty() {
            return known.map(|role| By::Role(role, None));
        }
        let Some(unit) = rest.trim_start().strip_prefix('@') else {
            let span = text.value.locate(self.source, text.span, Span::new(close + 1, written.len()));
            let help = match rest.trim().strip_prefix('.') {
                Some(unit) => Help::instead(format!("a unit follows `@`: write `@{unit}`"), format!("@{unit}")),
                None => "a unit follows `@`: `role(buyer)@po.unit`".into(),
            };
            self.error(codes::BAD_BY, span, "something follows the role", help);
            return None;
        };
        // The unit's expression is a text of its own, with its own place in the file.
        let offset = written.len() - unit.trim_start().len();
        let span = text.value.locate(self.source, text.span, Span::new(offset, written.len()));
        let plain = self.source.get(span.start..span.end) == Some(&written[offset..]);
        let unit = Spot::new(Scalar { text: written[offset..].to_owned(), plain }, span);
        let unit = self.expression(&unit, scope, &Field::nullable(Type::Text))?;
        known.map(|role| By::Role(role, Some(unit)))
    }

    /// Whether the organisation has the unit; any will do where it names none.
    pub(super) fn known_unit(&mut self, unit: &Spot<String>) -> bool {
        let units = &self.vocabulary.units;
        let has = units.is_empty() || units.iter().any(|known| **known == *unit.value);
        if !has {
            let help = known(&unit.value, "unit", units.iter().map(AsRef::as_ref));
            self.error(codes::UNKNOWN_UNIT, unit.span, format!("unknown unit `{}`", unit.value), help);
        }
        has
    }

    /// The role, if the organisation knows it; any will do where it names none.
    pub(super) fn known_role(&mut self, role: &Spot<String>) -> Option<Arc<str>> {
        let roles = &self.vocabulary.roles;
        if role.value.is_empty() || !(roles.is_empty() || roles.iter().any(|known| **known == *role.value)) {
            let help = known(&role.value, "role", roles.iter().map(AsRef::as_ref));
            self.error(codes::UNKNOWN_ROLE, role.span, format!("unknown role `{}`", role.value), help);
            return None;
        }
        Some(role.value.as_str().into())
    }
}

/// What is wrong with an expression of the type that is expected, if one is.
pub(super) fn errors(source: &str, env: &Env, expected: Option<&Field>) -> Vec<Diagnostic> {
    match expected {
        Some(expected) => compiled(source, env, expected).err().unwrap_or_default(),
        None => expression::infer(source, env).err().unwrap_or_default(),
    }
}

fn compiled(source: &str, env: &Env, expected: &Field) -> Result<Expr, Vec<Diagnostic>> {
    if expected.nullable {
        expression::compile_nullable(source, env, &expected.ty)
    } else {
        expression::compile(source, env, &expected.ty)
    }
}
