//! Migrations as they are asked for and told: the same over HTTP and on the command line.

mod tally;

use std::sync::Arc;

use fluxor_engine::decide::Migrated;
use fluxor_engine::definition::Definition;
use fluxor_engine::diagnostic::Diagnostic;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::migrate::Bound;
use fluxor_engine::runtime::{Came, Page};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::found::Found;

pub(crate) use tally::Tally;

/// What the text is called in findings where nobody has named a file.
pub(crate) const NAME: &str = "mapping.yaml";

/// So many instances are looked at with one request, unless it says otherwise.
pub(crate) const USUAL: i64 = 100;

/// And so many at most.
pub(crate) const MOST: i64 = 500;

/// A definition that instances come from or go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationEnd)]
pub(crate) struct End {
    pub hash: String,
    pub version: u32,
}

/// What a mapping says, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Mapping)]
pub(crate) struct Understood {
    pub workflow: String,
    /// What tells one mapping from another: entries of migrated instances have it.
    pub digest: String,
    /// The definitions that instances are moved from: those that somebody has.
    pub from: Vec<End>,
    /// The one that they are moved to.
    pub to: End,
}

impl Understood {
    pub(crate) fn of(bound: &Bound) -> Self {
        let end = |definition: &Arc<Definition>| End { hash: definition.hash.to_string(), version: definition.version };
        Self {
            workflow: bound.mapping.workflow.to_string(),
            digest: bound.mapping.digest.to_string(),
            from: bound.from.iter().map(end).collect(),
            to: end(&bound.to),
        }
    }
}

/// What came of an instance, or would.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MigratedInstance)]
pub(crate) struct Item {
    #[schema(value_type = String)]
    instance: InstanceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// The state that it was in.
    #[schema(value_type = String)]
    state: Arc<str>,
    /// `goes`: it would be moved. `migrated`: it has been. `refused`: it stays with its definition.
    outcome: &'static str,
    /// Of one that is refused: the stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// In what regard the mapping does not fit it: `state`, `approval`, `fields`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    regard: Option<&'static str>,
    /// Why, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Of one that goes: `from` and `to`, the innermost states; `timers` that are due at another instant; `reviews` with what becomes
    /// of them; `fields`; `forgotten`. Of one that has been migrated `from` and `to` alone: its entry has the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    changes: Option<Migrated>,
}

impl Item {
    fn of(Came { instance, key, state, came }: Came, done: bool) -> Self {
        let item =
            |outcome| Self { instance, key, state, outcome, code: None, regard: None, detail: None, changes: None };
        match came {
            Ok(changes) => Self { changes: Some(changes), ..item(if done { "migrated" } else { "goes" }) },
            Err(refusal) => {
                let regard = refusal.details()["regard"].as_str().map(str::to_owned);
                let (code, detail) = (refusal.code().to_owned(), refusal.sentence());
                let regard = regard
                    .and_then(|regard| REGARDS.iter().find(|(known, _)| *known == regard))
                    .map(|(known, _)| *known);
                Self { code: Some(code), regard, detail: Some(detail), ..item("refused") }
            }
        }
    }
}

/// In what regard an instance may not fit, with the words for a summary.
pub(crate) const REGARDS: &[(&str, &str)] = &[
    ("state", "nothing says where they go"),
    ("final", "they would end"),
    ("regions", "they would be in no whole state"),
    ("approval", "they would come past what nobody has approved or given"),
    ("decides", "they would be decided by it"),
    ("due", "something is due that is not done yet"),
    ("incident", "their incident would be gone"),
    ("call", "they wait for a workflow that the new state does not call"),
    ("caller", "whoever called them would not understand what they give back"),
    ("fields", "their document is none of the new definition"),
    ("timers", "a timer cannot be computed"),
    ("undo", "what was done could not be taken back"),
    ("stuck", "nobody and nothing would move them on"),
    ("at_target", "they have the definition already"),
    ("not_from", "they have a definition that the mapping is not for"),
];

/// A page of instances.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MigrationPage)]
pub(crate) struct Told {
    mapping: Understood,
    /// Findings in the mapping that do not refuse it.
    warnings: Vec<Found>,
    /// The same as text for people, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    rendered: Option<String>,
    /// Those that the mapping is for.
    items: Vec<Item>,
    /// How many of this page have the new definition already.
    at_target: usize,
    /// How many of this page have a definition that the mapping is not for.
    other_versions: usize,
    /// Bring it as `after` for the next page; nothing: this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Told {
    pub(crate) fn of(bound: &Bound, page: Page, source: &str) -> Self {
        Self {
            mapping: Understood::of(bound),
            warnings: findings(NAME, source, &bound.warnings),
            rendered: Some(rendered(NAME, source, &bound.warnings)).filter(|text| !text.is_empty()),
            items: page.items.into_iter().map(|came| Item::of(came, page.done)).collect(),
            at_target: page.at_target,
            other_versions: page.others,
            next: page.next.map(|next| next.to_string()),
        }
    }
}

/// Findings as machines read them.
pub(crate) fn findings(name: &str, source: &str, found: &[Diagnostic]) -> Vec<Found> {
    found.iter().map(|finding| Found::of(name, source, finding)).collect()
}

/// The same for people.
pub(crate) fn rendered(name: &str, source: &str, found: &[Diagnostic]) -> String {
    found.iter().map(|finding| finding.render(name, source)).collect::<Vec<_>>().join("\n")
}
