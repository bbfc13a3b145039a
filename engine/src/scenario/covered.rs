//! What scenarios have walked, and what of a definition none has: arrows, conditions both ways, rows of tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value as Json;

use crate::decide::{Conditional, Judged};
use crate::definition::Definition;
use crate::definition::chart::{Arrow, Condition, State};
use crate::diagnostic::{Span, line_column};
use crate::ids::DefinitionHash;

/// What was seen by all scenarios that share it.
#[derive(Debug, Default)]
pub struct Covered {
    pub(super) judged: Arc<Judged>,
    seen: Mutex<BTreeMap<DefinitionHash, Seen>>,
}

/// Of one definition.
#[derive(Debug, Default)]
struct Seen {
    arrows: BTreeSet<u64>,
    /// By table; rows from 1, 0 is what holds otherwise.
    rows: BTreeSet<(String, u64)>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Arrows that were walked.
    Arrows,
    /// Conditions, each once for true and once for false.
    Guards,
    /// Rows of decision tables, and what holds otherwise.
    Rows,
}

/// How many there are, and how many of them were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Of these.
    pub seen: usize,
    /// So many.
    pub all: usize,
}

/// One thing that no scenario has shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What it is.
    pub kind: Kind,
    /// Its line in the definition's file, from 1.
    pub line: usize,
    /// What is missing, such as `never false: po.lines == 0`.
    pub text: String,
}

/// How much of a definition was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Its name.
    pub workflow: Arc<str>,
    /// Arrows that go on.
    pub arrows: Counted,
    /// Outcomes of conditions: two of each.
    pub guards: Counted,
    /// Rows of its tables.
    pub rows: Counted,
    /// What is missing, in the order of the file.
    pub missing: Vec<Missing>,
}

impl Covered {
    /// Notes what an entry of an instance of this definition says.
    pub(super) fn note(&self, definition: DefinitionHash, body: &str) {
        let Ok(body) = serde_json::from_str::<Json>(body) else { return };
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(definition).or_default();
        let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
        seen.arrows.extend(list(&body["walked"]).iter().filter_map(Json::as_u64));
        for chosen in list(&body["tables"]) {
            let Some(table) = chosen["table"].as_str() else { continue };
            let rows = list(&chosen["rows"]);
            let rows: Vec<u64> = if rows.is_empty() { vec![0] } else { rows.iter().filter_map(Json::as_u64).collect() };
            seen.rows.extend(rows.into_iter().map(|row| (table.to_owned(), row)));
        }
    }

    /// Whether an instance of it was ever there.
    #[must_use]
    pub fn knows(&self, definition: &Definition) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&definition.hash)
    }

    /// How much of a definition was seen.
    #[must_use]
    pub fn of(&self, definition: &Definition) -> Coverage {
        let (all, none) = (self.seen.lock().unwrap_or_else(PoisonError::into_inner), Seen::default());
        let seen = all.get(&definition.hash).unwrap_or(&none);
        let mut count = Count { covered: self, definition, missing: Vec::new(), all: [Counted::default(); 3] };
        for state in &definition.states {
            count.arrows_of(state, seen);
        }
        for (number, start) in definition.starts.iter().enumerate() {
            count.guard(Conditional::Start(number), start.guard.as_ref());
        }
        for (number, bar) in definition.barred.iter().enumerate() {
            count.guard(Conditional::Bar(number), Some(&bar.guard));
        }
        count.rows(seen);
        let Count { mut missing, all: [arrows, guards, rows], .. } = count;
        missing.sort_by(|a, b| (a.line, a.kind, &a.text).cmp(&(b.line, b.kind, &b.text)));
        Coverage { workflow: definition.name.clone(), arrows, guards, rows, missing }
    }
}

struct Count<'a> {
    covered: &'a Covered,
    definition: &'a Definition,
    missing: Vec<Missing>,
    /// By [`Kind`].
    all: [Counted; 3],
}

impl Count<'_> {
    fn one(&mut self, kind: Kind, seen: bool, at: Span, text: impl FnOnce() -> String) {
        let counted = &mut self.all[kind as usize];
        counted.all += 1;
        counted.seen += usize::from(seen);
        if !seen {
            let (line, _) = line_column(&self.definition.source, at.start);
            self.missing.push(Missing { kind, line, text: text() });
        }
    }

    fn arrows_of(&mut self, state: &State, seen: &Seen) {
        let events = state.on.iter().flat_map(|(event, arrows)| arrows.iter().map(move |arrow| (&**event, arrow)));
        let always = state.always.iter().map(|arrow| ("always", arrow));
        let timers = state.timers.iter().flat_map(|timer| &timer.arrows).map(|arrow| ("after", arrow));
        for (trigger, arrow) in events.chain(always).chain(timers) {
            if arrow.goes() {
                let walked = u64::try_from(arrow.ix.0).is_ok_and(|ix| seen.arrows.contains(&ix));
                let text = arrow_words(self.definition, state, trigger, arrow);
                self.one(Kind::Arrows, walked, arrow.span, || text);
            }
            self.guard(Conditional::Arrow(arrow.ix), arrow.guard.as_ref());
        }
    }

    fn guard(&mut self, of: Conditional, condition: Option<&Condition>) {
        let Some(Condition { text, span, .. }) = condition else { return };
        for holds in [true, false] {
            let seen = self.covered.judged.was(self.definition.hash, of, holds);
            let words = || format!("never {holds}: {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
            self.one(Kind::Guards, seen, *span, words);
        }
    }

    fn rows(&mut self, seen: &Seen) {
        for table in &self.definition.tables {
            let name = table.name();
            for (row, place) in (1..).zip(table.places()) {
                let chosen = seen.rows.contains(&(name.to_owned(), row));
                self.one(Kind::Rows, chosen, place, || format!("never chosen: row {row} of the table `{name}`"));
            }
            if let Some(place) = table.otherwise_place() {
                let chosen = seen.rows.contains(&(name.to_owned(), 0));
                self.one(Kind::Rows, chosen, place, || format!("never chosen: `otherwise` of the table `{name}`"));
            }
        }
    }
}

/// `never walked: draft, submit -> open`.
fn arrow_words(definition: &Definition, state: &State, trigger: &str, arrow: &Arrow) -> String {
    let to = arrow.to().map(|to| format!(" -> {}", definition.state(to).path));
    format!("never walked: {}, {trigger}{}", state.path, to.unwrap_or_default())
}
