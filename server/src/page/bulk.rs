//! What asks for decisions that are made at once: one part of one policy, in one step of one state.
//!
//! What must hold: what stands in a row decides nothing about this; the rule of each is worked out from its task.

use std::collections::BTreeMap;

use fluxor_engine::approval::Ruled;
use fluxor_engine::ids::Digest;
use fluxor_engine::money::{Currency, Money};
use serde::Serialize;

use super::mending::title;
use super::words::words;
use crate::desk::TaskView;
use crate::mail;

/// What asks for a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    workflow: String,
    state: String,
    step: String,
    /// The same as people say it: `Purchase order, In approval, Manager (row 2: up to 1,000.00 EUR)`.
    said: String,
}

impl Rule {
    /// What asks for a step of a task.
    pub(crate) fn of(task: &TaskView, step: &str) -> Self {
        let money = |amount: &Money| mail::money(&amount.to_string()).unwrap_or_else(|| amount.to_string());
        // Whose limit covers an amount is no other rule.
        let rule =
            task.ruled.iter().find(|rule| *rule.step == *step).map(|rule| Ruled { covers: None, ..rule.clone() });
        let part = rule.and_then(|rule| rule.said(&ToString::to_string, &money, &"".into()));
        let part = part.map_or_else(String::new, |part| format!(" ({part})"));
        let (workflow, state) = (&task.definition.title, title(&task.definition, &task.state));
        let said = format!("{workflow}, {state}, {}{part}", words(step));
        Self { workflow: task.workflow.to_string(), state: task.state.to_string(), step: step.to_owned(), said }
    }

    /// By what forms name it.
    pub(crate) fn key(&self) -> String {
        let Self { workflow, state, step, said } = self;
        format!("{:.16}", Digest::of([&**workflow, state, step, said].join("\t")).to_string())
    }

    pub(crate) fn said(&self) -> &str {
        &self.said
    }
}

/// Those of one rule among what was selected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    key: String,
    said: String,
    many: usize,
    sums: String,
}

impl Group {
    /// What was selected, by what asked for it.
    pub(crate) fn all<'t>(selected: impl Iterator<Item = (&'t Rule, &'t TaskView)>) -> Vec<Self> {
        let mut rules: BTreeMap<&Rule, Vec<&TaskView>> = BTreeMap::new();
        for (rule, task) in selected {
            rules.entry(rule).or_default().push(task);
        }
        let of = |(rule, tasks): (&Rule, Vec<&TaskView>)| Self {
            key: rule.key(),
            said: rule.said.clone(),
            many: tasks.len(),
            sums: sums(&tasks),
        };
        rules.into_iter().map(of).collect()
    }
}

/// The sums of their amounts, by currency; what is too large to be added is not told.
fn sums(tasks: &[&TaskView]) -> String {
    let mut all: BTreeMap<Currency, Option<i64>> = BTreeMap::new();
    for amount in tasks.iter().filter_map(|task| task.definition.amount(&task.subject)) {
        let Ok(amount) = amount.parse::<Money>() else { continue };
        let sum = all.entry(amount.currency).or_insert(Some(0));
        *sum = sum.and_then(|sum| sum.checked_add(amount.units));
    }
    let shown =
        all.into_iter().filter_map(|(currency, units)| mail::money(&Money { units: units?, currency }.to_string()));
    shown.collect::<Vec<_>>().join(", ")
}
