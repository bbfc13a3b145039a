//! An approval: the keys of `approvals.md`, each looked at in its place, and then the policy they make.
//!
//! The policy's own serde form is the mirror: here the tree becomes that JSON. What serde could only refuse as a
//! whole (a field that the subject does not have, a role that nobody holds) is said here, at its place.

pub(in crate::definition) mod fields;
mod plan;
pub(in crate::definition) mod steps;
pub(in crate::definition) mod table;
pub(in crate::definition) mod task;
pub(in crate::definition) mod who;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::approval::Policy;
use crate::calendar::Counted;
use crate::definition::chart::Approval;
use crate::definition::codes;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::{Node, Shape, Spot};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::Type;

use super::Checker;
use steps::Late;

/// Keys of an approval.
pub(in crate::definition) const KEYS: &[&str] = &[
    "steps",
    "table",
    "plan",
    "plans",
    "never",
    "never_substitutes",
    "same_person",
    "reapprove",
    "tolerance",
    "editable",
    "administrators",
    "distinct",
    "recall",
    "after_changes",
    "after_rejection",
    "expires_after_hours",
    "expires_after",
    "due",
    "late",
    "tells",
];

/// Keys whose value is one of a few words.
pub(in crate::definition) const WORDS: [(&str, &[&str]); 4] = [
    ("same_person", &["each", "once"]),
    ("recall", &["until_decided", "until_first_vote", "never"]),
    ("after_changes", &["resume", "restart"]),
    ("after_rejection", &["final", "resubmit"]),
];

/// What is known while one approval is checked.
#[derive(Default)]
struct Ground {
    /// The names of all steps.
    steps: Vec<String>,
    /// The first place that compares amounts.
    amount: Option<Span>,
    /// The first place that reads the category.
    category: Option<Span>,
    /// Rungs for the steps that have none of their own.
    late: Late,
}

impl Checker<'_> {
    /// The approval that `node` describes, whose key stands at `at`.
    pub(super) fn approval(&mut self, at: Span, node: &Node) -> Option<Approval> {
        let before = self.errors();
        let keys = Keys::of(node, at, "an approval", KEYS, &mut self.found)?;
        let late = self.late(&keys);
        let mut ground = Ground { amount: late.amount, late, ..Ground::default() };
        let mut policy = Map::new();
        policy.insert("workflow".to_owned(), Value::String(self.workflow.to_string()));
        self.steps_or_table(&keys, &mut ground, &mut policy);
        let plan = self.plan(&keys);
        self.people(&keys, &mut policy);
        self.rules(&keys, &mut policy);
        self.time(&keys, &mut policy);
        if let Some((at, node)) = keys.get("distinct") {
            policy.insert("distinct".to_owned(), self.distinct(node, at, &ground));
        }
        let tells = self.tells(&keys);
        self.needs(at, &ground);
        if self.errors() > before {
            return None;
        }
        self.policy(at, policy).map(|policy| Approval { policy, plan, tells, form: None })
    }

    /// The fields of those who are told how it was decided.
    fn tells(&mut self, keys: &Keys<'_>) -> Vec<Arc<str>> {
        let Some((at, node)) = keys.get("tells") else { return Vec::new() };
        let mut tells = Vec::new();
        for item in read::one_or_many(node, at, "`tells`", &mut self.found) {
            let name = read::string(item, at, "an entry of `tells`", &mut self.found);
            tells.extend(name.and_then(|name| self.policy_field(&name, fields::Kind::Person)).map(Arc::from));
        }
        tells
    }

    fn policy(&mut self, at: Span, policy: Map<String, Value>) -> Option<Arc<Policy>> {
        match serde_json::from_value::<Policy>(Value::Object(policy)) {
            Ok(policy) => {
                let working = Counted(self.calendar.as_ref().and_then(|used| used.named.clone()));
                Some(Arc::new(Policy { working, asks_anew: true, ..policy }))
            }
            Err(error) => {
                self.error(
                    codes::POLICY,
                    at,
                    format!("this approval cannot run: {error}"),
                    "see the reference, `approval`",
                );
                None
            }
        }
    }

    fn errors(&self) -> usize {
        self.found.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).count()
    }

    /// The plans, as rows of the policy's own table.
    fn plans(&mut self, node: &Node, at: Span, ground: &mut Ground) -> Value {
        let Some(keys) = Keys::any(node, at, "`plans`", &mut self.found) else { return Value::Null };
        if keys.is_empty() {
            self.error(codes::EMPTY, at, "there are no plans here", "write `small: [{ name: manager, who: ... }]`");
        }
        let mut rows = Vec::new();
        for (name, node) in keys.iter() {
            let good = read::checked_name(name, "the name of a plan", &mut self.found);
            let steps = self.steps(node, name.span, ground);
            if good {
                rows.push(serde_json::json!({ "when": { "plan": [name.value] }, "steps": steps }));
            }
        }
        serde_json::json!({ "rows": rows })
    }

    fn steps_or_table(&mut self, keys: &Keys<'_>, ground: &mut Ground, policy: &mut Map<String, Value>) {
        if let Some((at, node)) = keys.get("plans") {
            for (other, _) in ["steps", "table"].iter().filter_map(|key| keys.get(key)) {
                self.found.push(
                    Diagnostic::error(codes::NO_STEPS, other, "an approval has `steps`, a `table` or `plans`")
                        .related(at, "the plans")
                        .help("keep one of them"),
                );
            }
            let plans = self.plans(node, at, ground);
            policy.insert("table".to_owned(), plans);
            return;
        }
        match (keys.get("steps"), keys.get("table")) {
            (Some((at, node)), None) => {
                let steps = self.steps(node, at, ground);
                if steps.is_empty() && matches!(node.shape, Shape::List(_)) {
                    let help = "name who is asked; only a row of a table may have no steps";
                    self.error(codes::NO_STEPS, at, "an approval without steps asks nobody", help);
                }
                policy.insert("steps".to_owned(), Value::Array(steps));
            }
            (None, Some((at, node))) => {
                policy.insert("table".to_owned(), self.table(node, at, ground));
            }
            (Some((at, _)), Some((table, _))) => self.found.push(
                Diagnostic::error(codes::NO_STEPS, table, "an approval has `steps` or a `table`, not both")
                    .related(at, "the steps")
                    .help("a row of the table without `when` holds for every order"),
            ),
            // Of a `plan` it is said that there are no `plans`.
            (None, None) if keys.get("plan").is_some() => {}
            (None, None) => {
                let help = "write `steps: [{ name: manager, who: [{ manager: requester }] }]`";
                self.error(codes::NO_STEPS, keys.owner, "an approval needs `steps`, a `table` or `plans`", help);
            }
        }
    }

    fn people(&mut self, keys: &Keys<'_>, policy: &mut Map<String, Value>) {
        if let Some((at, node)) = keys.get("never") {
            let mut never = Vec::new();
            for item in read::one_or_many(node, at, "`never`", &mut self.found) {
                let Some(name) = read::string(item, at, "an entry of `never`", &mut self.found) else { continue };
                if name.value == "editors" {
                    never.push(Value::String(name.value));
                } else if let Some(field) = self.policy_field(&name, fields::Kind::Person) {
                    never.push(Value::String(field));
                }
            }
            policy.insert("never".to_owned(), Value::Array(never));
        }
        if let Some((at, node)) = keys.get("administrators") {
            policy.insert("administrators".to_owned(), self.ids(node, at, "an administrator"));
        }
        if let Some((at, node)) = keys.get("never_substitutes")
            && let Some(truth) = read::truth(node, at, "`never_substitutes`", &mut self.found)
        {
            policy.insert("never_substitutes".to_owned(), Value::Bool(truth));
        }
    }

    fn rules(&mut self, keys: &Keys<'_>, policy: &mut Map<String, Value>) {
        for (key, allowed) in WORDS {
            if let Some((at, node)) = keys.get(key)
                && let Some(word) = read::word(node, at, &format!("`{key}`"), allowed, &mut self.found)
            {
                policy.insert(key.to_owned(), word.value.into());
            }
        }
        if let Some((at, node)) = keys.get("editable") {
            policy.insert("editable".to_owned(), self.policy_fields(node, at, "`editable`"));
        }
        if let Some((at, node)) = keys.get("reapprove") {
            policy.insert("reapprove".to_owned(), self.reapprove(node, at));
        }
        if let Some((at, node)) = keys.get("tolerance") {
            policy.insert("tolerance".to_owned(), self.tolerance(node, at));
        }
    }

    fn time(&mut self, keys: &Keys<'_>, policy: &mut Map<String, Value>) {
        if let Some(length) = self.length(keys, "expires_after_hours", "expires_after") {
            policy.insert(length.key.to_owned(), length.value);
        }
    }

    fn distinct(&mut self, node: &Node, at: Span, ground: &Ground) -> Value {
        let mut pairs = Vec::new();
        if let Shape::List(items) = &node.shape
            && !items.is_empty()
            && items.iter().all(|item| item.text().is_some())
        {
            let names: Vec<&str> = items.iter().filter_map(Node::text).collect();
            let help = format!("write pairs of steps: [[{}]]", names.join(", "));
            self.error(codes::WRONG_SHAPE, node.span, "`distinct` is a list of pairs", help);
            return Value::Null;
        }
        for pair in read::list(node, at, "`distinct`", &mut self.found).unwrap_or_default() {
            let Shape::List(two) = &pair.shape else {
                let found = read::wrong_shape(pair, at, "an entry of `distinct`", "a list");
                self.found.push(found.help("write pairs of steps: [[manager, buyers]]"));
                continue;
            };
            if two.len() != 2 {
                let help = "write pairs of steps: [[manager, buyers], [buyers, finance]]";
                self.error(codes::WRONG_SHAPE, pair.span, "an entry of `distinct` names two steps", help);
                continue;
            }
            let names: Vec<Spot<String>> =
                two.iter().filter_map(|name| read::string(name, at, "a step", &mut self.found)).collect();
            for name in &names {
                self.known_step(name, ground);
            }
            pairs.push(Value::Array(names.into_iter().map(|name| Value::String(name.value)).collect()));
        }
        Value::Array(pairs)
    }

    fn known_step(&mut self, name: &Spot<String>, ground: &Ground) {
        if !ground.steps.contains(&name.value) {
            let help = super::known(&name.value, "step", ground.steps.iter().map(String::as_str));
            self.error(codes::UNKNOWN_STEP, name.span, format!("unknown step `{}`", name.value), help);
        }
    }

    /// The fields of the subject that the core reads by itself.
    fn needs(&mut self, at: Span, ground: &Ground) {
        let Some(subject) = &self.subject else { return };
        let record = subject.record.clone();
        let has = |name: &str, ty: Type| record.fields.get(name).is_some_and(|f| f.ty == ty && !f.nullable);
        // A field whose type is none was reported.
        let broken = |name: &str| self.broken_fields.contains(name);
        let (requester, amount) = (broken("requester"), broken("amount"));
        if !requester && !has("requester", Type::Person) {
            let help = "add `requester: person` to the subject's fields";
            self.error(codes::NO_REQUESTER, at, "an approval needs a field `requester` of type person", help);
        }
        if let Some(span) = ground.amount.filter(|_| !amount && !has("amount", Type::Money)) {
            let help = "add `amount: money` to the subject's fields";
            self.error(codes::NO_AMOUNT, span, "this compares amounts: it needs a field `amount` of type money", help);
        }
        let category = record.fields.get("category").is_some_and(|field| field.ty == Type::Text);
        if let Some(span) = ground.category.filter(|_| !category) {
            let help = "add `category: text` to the subject's fields";
            self.error(codes::NOT_A_FIELD, span, "this reads a field `category` of type text", help);
        }
    }
}
