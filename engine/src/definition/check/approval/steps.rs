//! Steps: quorums, order, and what happens when they take too long.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::calendar::Wait;
use crate::definition::chart::TASK_STEP;
use crate::definition::codes;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::{Node, Shape};
use crate::diagnostic::{Diagnostic, Help, Span};

use super::super::Checker;
use super::Ground;
use super::fields::Length;

/// Keys of a step.
pub(in crate::definition) const KEYS: &[&str] =
    &["name", "order", "who", "quorum", "reject", "veto", "covers", "on_empty", "fallback", "in_order", "due", "late"];

/// Keys of a rung.
pub(in crate::definition) const RUNG: &[&str] = &["after", "after_hours", "do", "mode", "to", "fallback"];

/// What a rung does.
pub(in crate::definition) const ACTS: &[&str] = &["remind", "escalate", "incident", "reject"];

/// What becomes of those who were asked when a rung escalates.
pub(in crate::definition) const MODES: &[&str] = &["adds", "replaces"];

/// Keys of a quorum that counts.
pub(in crate::definition) const QUORUM: &[&str] = &["count", "percent"];

/// Quorums that are words.
pub(in crate::definition) const QUORUMS: [&str; 2] = ["any", "all"];

/// Keys whose value is one of a few words.
pub(in crate::definition) const WORDS: [(&str, &[&str]); 2] =
    [("reject", &["first", "unanimous"]), ("on_empty", &["incident", "fallback", "next"])];

/// What `order` and `count` may be.
pub(in crate::definition) const NUMBERS: RangeInclusive<u32> = 1..=1000;

/// Rungs by when they fire; `None`: not said.
#[derive(Clone, Debug, Default)]
pub(super) struct Late {
    rungs: Option<Vec<(Wait, Value)>>,
    due: Option<Length>,
    /// The first place that compares amounts.
    pub(super) amount: Option<Span>,
}

impl Late {
    /// What a step says of time: its own rungs where it has some, those of the approval otherwise; when it is due, and a
    /// reminder then, unless it is reminded or rejected at that time anyway. (An escalation tells somebody else.)
    fn or(self, outer: &Self, step: &mut Map<String, Value>) {
        let mut rungs = self.rungs.or_else(|| outer.rungs.clone()).unwrap_or_default();
        if let Some(Length { key, value, wait }) = self.due.or_else(|| outer.due.clone()) {
            let told = |rung: &Value| rung["do"] == "remind" || rung["do"] == "reject";
            if !rungs.iter().any(|(other, rung)| *other == wait && told(rung)) {
                let after = if key == "due_hours" { "after_hours" } else { "after" };
                rungs.insert(0, (wait, serde_json::json!({ after: value, "do": "remind" })));
            }
            step.insert(key.to_owned(), value);
        }
        rungs.sort_by_key(|(wait, _)| wait.about());
        if !rungs.is_empty() {
            step.insert("late".to_owned(), rungs.into_iter().map(|(_, rung)| rung).collect());
        }
    }
}

impl Checker<'_> {
    /// The list of steps of a plan.
    pub(super) fn steps(&mut self, node: &Node, at: Span, ground: &mut Ground) -> Vec<Value> {
        let mut names: Vec<(String, Span)> = Vec::new();
        let mut out = Vec::new();
        for item in read::list(node, at, "`steps`", &mut self.found).unwrap_or_default() {
            let Some(keys) = Keys::entry(item, at, "a step", KEYS, &mut self.found) else { continue };
            let mut step = Map::new();
            let name = keys
                .need("name", "a step", "write `name: manager`, for instance", &mut self.found)
                .and_then(|(at, node)| read::name(node, at, "the name of a step", &mut self.found));
            if let Some(name) = name {
                if let Some((_, first)) = names.iter().find(|(other, _)| *other == name.value) {
                    self.found.push(
                        Diagnostic::error(codes::SAME_STEP, name.span, format!("a second step `{}`", name.value))
                            .related(*first, "the first")
                            .help("give each step its own name: decisions name it"),
                    );
                }
                names.push((name.value.clone(), name.span));
                ground.steps.push(name.value.clone());
                step.insert("name".to_owned(), name.value.into());
            }
            self.step(&keys, &mut step, ground);
            out.push(Value::Object(step));
        }
        out
    }

    pub(super) fn step(&mut self, keys: &Keys<'_>, step: &mut Map<String, Value>, ground: &mut Ground) {
        if let Some((at, node)) = keys.get("order") {
            let order = read::whole(node, at, "`order`", NUMBERS, &mut self.found);
            step.extend(order.map(|order| ("order".to_owned(), order.into())));
        }
        let what = if step.get("name").is_some_and(|name| name == TASK_STEP) { "a task" } else { "a step" };
        let who = keys.need("who", what, "write `who: [{ manager: requester }]`, for instance", &mut self.found);
        if let Some((at, node)) = who {
            let who = self.who(node, at, "`who`", ground);
            if matches!(&node.shape, Shape::List(items) if items.is_empty()) {
                self.error(
                    codes::BAD_RESOLVER,
                    at,
                    "`who` names nobody",
                    "write `[{ manager: requester }]`, for instance",
                );
            }
            self.quorum(keys, &who, step);
            step.insert("who".to_owned(), Value::Array(who));
        }
        for (key, allowed) in WORDS {
            if let Some((at, node)) = keys.get(key)
                && let Some(word) = read::word(node, at, &format!("`{key}`"), allowed, &mut self.found)
            {
                step.insert(key.to_owned(), word.value.into());
            }
        }
        if let Some((at, node)) = keys.get("veto") {
            step.insert("veto".to_owned(), self.ids(node, at, "a person with a veto"));
        }
        if let Some((at, node)) = keys.get("covers") {
            step.insert("covers".to_owned(), self.policy_fields(node, at, "`covers`"));
        }
        if let Some((at, node)) = keys.get("in_order")
            && let Some(truth) = read::truth(node, at, "`in_order`", &mut self.found)
        {
            step.insert("in_order".to_owned(), truth.into());
        }
        self.fallback(keys, step, ground);
        let own = self.late(keys);
        ground.amount = ground.amount.or(own.amount);
        own.or(&ground.late, step);
    }

    fn fallback(&mut self, keys: &Keys<'_>, step: &mut Map<String, Value>, ground: &mut Ground) {
        let wanted = step.get("on_empty").and_then(Value::as_str) == Some("fallback");
        match (keys.get("fallback"), keys.get("on_empty")) {
            (Some((at, node)), _) => {
                let fallback = self.who(node, at, "`fallback`", ground);
                step.insert("fallback".to_owned(), Value::Array(fallback));
                if !wanted {
                    let help = "write `on_empty: fallback` beside it";
                    self.error(codes::NO_FALLBACK, at, "this fallback is never asked", help);
                }
            }
            (None, Some((at, _))) if wanted => {
                let help = "write `fallback: [{ person: ann }]`, for instance";
                self.error(codes::NO_FALLBACK, at, "`on_empty: fallback` without a `fallback`", help);
            }
            _ => {}
        }
    }

    fn quorum(&mut self, keys: &Keys<'_>, who: &[Value], step: &mut Map<String, Value>) {
        let Some((at, node)) = keys.get("quorum") else { return };
        let value = match &node.shape {
            Shape::Scalar(scalar) if scalar.text.parse::<u32>().is_ok() => {
                let count = format!("{{ count: {} }}", scalar.text);
                let help = Help::instead(format!("write `quorum: {count}`"), count);
                self.error(codes::BAD_QUORUM, node.span, "a quorum says what the number counts", help);
                return;
            }
            Shape::Scalar(scalar) if !QUORUMS.contains(&scalar.text.as_str()) => {
                let near = crate::diagnostic::nearest(&scalar.text, QUORUMS);
                let share = scalar.text.strip_suffix('%').map(str::trim).filter(|n| n.parse::<u8>().is_ok());
                let help = match (share, near) {
                    (Some(share), _) => {
                        let share = format!("{{ percent: {share} }}");
                        Help::instead(format!("write `quorum: {share}`"), share)
                    }
                    (None, Some(near)) => Help::instead(format!("a similar word is allowed: `{near}`"), near),
                    (None, None) => "write any, all, { count: 2 } or { percent: 50 }".into(),
                };
                self.error(codes::BAD_QUORUM, node.span, format!("`{}` is not a quorum", scalar.text), help);
                return;
            }
            Shape::Scalar(scalar) => Some(Value::String(scalar.text.clone())),
            _ => self.counted(node, at, who),
        };
        step.extend(value.map(|value| ("quorum".to_owned(), value)));
    }

    fn counted(&mut self, node: &Node, at: Span, who: &[Value]) -> Option<Value> {
        let keys = Keys::of(node, at, "a quorum", QUORUM, &mut self.found)?;
        match (keys.get("count"), keys.get("percent")) {
            (Some((at, node)), None) => {
                let count = read::whole(node, at, "`count`", NUMBERS, &mut self.found)?;
                let named: Option<usize> =
                    who.iter().map(|r| r.get("person").and_then(Value::as_array).map(Vec::len)).sum();
                if let Some(named) = named.filter(|named| *named > 0 && (*named as u64) < u64::from(count)) {
                    let message = format!("{count} approvals are needed and {named} people are asked");
                    self.error(codes::QUORUM_TOO_HIGH, node.span, message, "lower the count or name more people");
                }
                Some(serde_json::json!({ "count": count }))
            }
            (None, Some((at, node))) => {
                let percent = self.decimal(node, at, "`percent`")?;
                let hundredths = percent.as_str().and_then(|text| crate::money::parse_scaled(text, 4).ok());
                if hundredths.is_none_or(|p| p > 1_000_000) {
                    let help = "write at most 100, with at most four places";
                    self.error(codes::BAD_QUORUM, node.span, "a share is at most 100 percent", help);
                    return None;
                }
                Some(serde_json::json!({ "percent": percent }))
            }
            _ => {
                let help = "write any, all, { count: 2 } or { percent: 50 }";
                self.error(codes::BAD_QUORUM, keys.owner, "a quorum has one number", help);
                None
            }
        }
    }

    /// `late` and `due` of a step or of the whole approval.
    pub(super) fn late(&mut self, keys: &Keys<'_>) -> Late {
        let mut late = Late { due: self.length(keys, "", "due"), ..Late::default() };
        let Some((at, node)) = keys.get("late") else { return late };
        let mut rungs = Vec::new();
        for item in read::one_or_many(node, at, "`late`", &mut self.found) {
            if let Some(keys) = Keys::entry(item, at, "a rung of `late`", RUNG, &mut self.found) {
                rungs.extend(self.rung(&keys, &mut late.amount));
            }
        }
        late.rungs = Some(rungs);
        late
    }

    fn rung(&mut self, keys: &Keys<'_>, amount: &mut Option<Span>) -> Option<(Wait, Value)> {
        let length = self.length(keys, "after_hours", "after");
        if keys.get("after").is_none() && keys.get("after_hours").is_none() {
            self.error(codes::MISSING_KEY, keys.owner, "a rung says after how long", "write `after: 1 day`");
        }
        let mut rung = Map::new();
        let (at, node) = keys.need("do", "a rung of `late`", "write `do: remind`, for instance", &mut self.found)?;
        let act = read::word(node, at, "`do`", ACTS, &mut self.found)?;
        rung.insert("do".to_owned(), act.value.into());
        for key in ["mode", "to", "fallback"] {
            if let Some((span, _)) = keys.get(key).filter(|_| act.value != "escalate") {
                let message = format!("`{key}` belongs to `do: escalate`");
                self.error(codes::CONFLICT, span, message, "leave it out, or escalate");
            }
        }
        if let Some((at, node)) = keys.get("mode") {
            let mode = read::word(node, at, "`mode`", MODES, &mut self.found)?;
            rung.insert("mode".to_owned(), mode.value.into());
        }
        if let Some((at, node)) = keys.get("to") {
            rung.insert("to".to_owned(), read::string(node, at, "whom to escalate to", &mut self.found)?.value.into());
        }
        if let Some((at, node)) = keys.get("fallback") {
            let mut ground = Ground::default();
            let people = self.who(node, at, "`fallback`", &mut ground);
            *amount = amount.or(ground.amount);
            rung.insert("fallback".to_owned(), Value::Array(people));
        }
        let Length { key, value, wait } = length?;
        rung.insert(key.to_owned(), value);
        Some((wait, Value::Object(rung)))
    }
}
