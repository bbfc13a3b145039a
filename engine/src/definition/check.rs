//! The mirror of a file becomes a chart: names looked up, expressions typed, approvals turned into policies.
//!
//! Nothing here stops at a mistake. A part that is wrong is left out of the chart and kept as an [`Edge`] with an
//! unknown guard or target, so that the lints neither miss it nor blame others for it.

mod actions;
pub(in crate::definition) mod approval;
mod arrows;
mod call;
mod expressions;
mod fixes;
mod hash;
mod kinds;
mod outcomes;
mod schedules;
mod states;
mod subject;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chart::{
    Arrow, Bar, DONE, Definition, EXPIRED, Event, FAILED, OUTCOMES, StartArrow, State, StateIx, Subject, UsedCalendar,
};
use super::codes;
use super::file::{BarFile, File, Name};
use super::lint::{self, Edge, Outline};
use super::read::Found;
use super::set::Peers;
use super::yaml::Spot;
use crate::calendar::Wait;
use crate::diagnostic::{Diagnostic, Help, Severity, Span, nearest};
use crate::domain::Vocabulary;
use crate::expression::{Env, RecordType};

use expressions::Scope;
use hash::hash;
use states::{Names, UNHEARD};

/// How many pairs of events are compared: that many no author has, and no file should take minutes.
const MOST_COMPARED: usize = 1_000_000;

/// What is known while checking.
pub(super) struct Checker<'a> {
    source: &'a str,
    vocabulary: &'a Vocabulary,
    peers: &'a Peers<'a>,
    calendar: Option<UsedCalendar>,
    /// The workflows that it calls.
    called: Vec<Arc<Definition>>,
    /// Fields and tables with errors of their own: what reads them is not wrong for that.
    broken_fields: BTreeSet<String>,
    broken_tables: BTreeSet<String>,
    tables: Vec<Arc<crate::table::Table>>,
    /// Calls of workflows of which nothing is known.
    forms_unknown: BTreeSet<StateIx>,
    found: Found,
    workflow: Arc<str>,
    /// `None` if it could not be understood: then expressions are not looked at.
    subject: Option<Subject>,
    env: Env,
    events: BTreeMap<Arc<str>, Event>,
    /// Events that only the engine raises: results of the messages that the file sends.
    results: BTreeSet<Arc<str>>,
    names: Names,
    approvals: Vec<StateIx>,
    /// States that ask for data.
    tasks: Vec<StateIx>,
    /// States that call a workflow.
    calls: Vec<StateIx>,
    /// What `done` of tasks, and `done` and `failed` of calls, carries.
    forms: BTreeMap<StateIx, Arc<RecordType>>,
    /// The actions and messages that say how they are taken back.
    undoable: BTreeSet<Arc<str>>,
    /// The places of the key `undo` of arrows, with names.
    undone: Vec<(Span, Vec<Name>)>,
    /// The states that arrows lead back into.
    remembered: BTreeSet<StateIx>,
    /// Keys that do not exist where they stand, from reading the file: perhaps states that stand too deep.
    misplaced: BTreeSet<&'a str>,
    /// Where `on` names an outcome.
    outcome_keys: Vec<(StateIx, Name)>,
    facts: BTreeSet<Arc<str>>,
    /// The first names of all paths that something reads.
    read: BTreeSet<String>,
    used: BTreeSet<String>,
    arrows: usize,
    edges: Vec<Edge>,
}

/// Checks `file`; gives the chart only if nothing is wrong.
pub(super) fn check(
    file: &File,
    source: &str,
    vocabulary: &Vocabulary,
    found: Found,
    peers: &Peers<'_>,
) -> (Option<Definition>, Vec<Diagnostic>) {
    let unknown = found.iter().filter(|finding| finding.code == codes::UNKNOWN_KEY);
    let misplaced = unknown.filter_map(|finding| source.get(finding.span.start..finding.span.end)).collect();
    let mut checker = Checker {
        source,
        vocabulary,
        peers,
        calendar: None,
        called: Vec::new(),
        broken_fields: BTreeSet::new(),
        broken_tables: BTreeSet::new(),
        tables: Vec::new(),
        forms_unknown: BTreeSet::new(),
        found,
        misplaced,
        workflow: file.workflow.as_ref().map_or("workflow", |name| &name.value).into(),
        subject: None,
        env: Env::new(),
        events: BTreeMap::new(),
        results: BTreeSet::new(),
        names: Names::of(&file.states),
        approvals: Vec::new(),
        tasks: Vec::new(),
        calls: Vec::new(),
        forms: BTreeMap::new(),
        undoable: BTreeSet::new(),
        undone: Vec::new(),
        remembered: BTreeSet::new(),
        outcome_keys: Vec::new(),
        facts: BTreeSet::new(),
        read: BTreeSet::new(),
        used: BTreeSet::new(),
        arrows: 0,
        edges: Vec::new(),
    };
    let definition = checker.definition(file);
    let mut found = checker.found;
    definition.iter().for_each(|definition| lint::approved(definition, &mut found));
    ordered(&mut found);
    (definition.filter(|_| found.iter().all(|one| one.severity != Severity::Error)), found)
}

/// Puts findings into the order of the file, each once.
pub(super) fn ordered(found: &mut Found) {
    found.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    found.dedup();
}

impl<'a> Checker<'a> {
    fn definition(&mut self, file: &File) -> Option<Definition> {
        self.subject = file.subject.as_ref().and_then(|subject| self.subject(subject));
        self.calendar = file.calendar.as_ref().map(|name| self.named_calendar(name));
        self.env = self.environment();
        self.read_tables(&file.tables);
        self.declare(file);
        let key = file.key.as_ref().and_then(|key| self.key(key));
        let (starts, entered) = self.starts(file);
        let barred = self.barred(file);
        let schedules = self.schedules(&file.schedules, &starts);
        let states = self.states(&file.states);
        let result = self.result(&file.result);
        self.outcomes(&states);
        self.undoings();
        self.lint(file, &states, &entered);
        self.unread_tables(&file.tables);
        let workflow = file.workflow.as_ref()?;
        let vocabulary: Vec<Arc<str>> = self.used.iter().map(|name| name.as_str().into()).collect();
        Some(Definition {
            name: workflow.value.as_str().into(),
            version: file.version?,
            title: file.title.clone().unwrap_or_else(|| title(&workflow.value)).into(),
            hash: hash(self.source, &vocabulary, &self.called),
            source: self.source.into(),
            calendar: self.calendar.clone(),
            subject: self.subject.clone()?,
            key,
            starts,
            barred,
            schedules,
            states,
            events: std::mem::take(&mut self.events),
            ties: self.ties()?,
            tables: std::mem::take(&mut self.tables),
            facts: self.facts.iter().cloned().collect(),
            vocabulary,
            result,
            called: std::mem::take(&mut self.called),
            arrows: self.arrows,
        })
    }

    fn lint(&mut self, file: &File, states: &[State], starts: &[StateIx]) {
        let own = file.events.iter().filter(|event| !OUTCOMES.contains(&event.name.value.as_str()));
        let declared: Vec<_> = own.map(|event| (event.name.value.clone(), event.name.span)).collect();
        // A message that is not known may have been meant to be any.
        let unknown = |finding: &Diagnostic| [codes::UNKNOWN_MESSAGE, codes::NOT_AN_ACTION].contains(&finding.code);
        let messages = self.vocabulary.messages.iter().filter(|_| !self.found.iter().any(unknown));
        let unsent: Vec<_> = messages
            .filter_map(|(name, message)| message.sent_event.clone().map(|event| (event, name.clone())))
            .filter(|(event, _)| !self.results.contains(event))
            .collect();
        let tainted = self.tainted(states);
        let asking: Vec<StateIx> = [&self.approvals, &self.tasks, &self.calls].into_iter().flatten().copied().collect();
        let raised = |edge: &Edge| match &edge.trigger {
            lint::Trigger::Event(name) if self.is_outcome(name) => Some(name.clone()),
            _ => None,
        };
        let outcomes: BTreeSet<Arc<str>> = self.edges.iter().filter_map(raised).collect();
        let by_state = lint::by_state(&self.edges, states.len());
        let outline = Outline {
            states,
            edges: &self.edges,
            by_state: &by_state,
            starts,
            events: &self.events,
            declared: &declared,
            unsent: &unsent,
            tainted: &tainted,
            outcomes: &outcomes,
            approvals: &asking,
        };
        lint::lint(&outline, &mut self.found);
    }

    /// The states in whose text something has the wrong shape.
    fn tainted(&self, states: &[State]) -> Vec<bool> {
        let shape = |diagnostic: &&Diagnostic| diagnostic.code < "FLX0100" && diagnostic.severity == Severity::Error;
        let places: BTreeSet<usize> = self.found.iter().filter(shape).map(|diagnostic| diagnostic.span.start).collect();
        let ends = states.iter().skip(1).map(|next| next.span.start).chain([usize::MAX]);
        // With aliases a state may stand behind the next one.
        let any = |start: usize, end: usize| start < end && places.range(start..end).next().is_some();
        states.iter().zip(ends).map(|(state, end)| any(state.span.start, end)).collect()
    }

    /// The ways to begin, and the states that they lead to as far as these exist: none if one does not, since it may be
    /// meant for any.
    fn starts(&mut self, file: &File) -> (Vec<StartArrow>, Vec<StateIx>) {
        let scope = Scope::person();
        let (mut starts, mut entered, mut sure) = (Vec::new(), Vec::new(), None);
        for start in &file.starts {
            let to = if self.names.is_empty() { None } else { self.target(None, &start.to) };
            entered.push(to);
            let guard = start.guard.as_ref().map(|text| self.condition(text, &scope));
            let by = start.by.as_ref().and_then(|by| self.by(by, &scope)).unwrap_or_default();
            let actions = self.calls(&start.actions, &scope);
            if let Some(first) = sure {
                self.found.push(
                    Diagnostic::warning(codes::DEAD_ARROW, start.span, "an instance never begins so")
                        .related(first, "always taken before")
                        .help("put it before the one without a condition, or leave it out"),
                );
            }
            let open = start.by.as_ref().is_none_or(|by| by.value.text.trim() == "anyone");
            if start.guard.is_none() && open {
                sure.get_or_insert(start.span);
            }
            // A condition that does not compile is reported: without it the arrow would be another one.
            if let (Some(to), None | Some(Some(_))) = (to, &guard) {
                starts.push(StartArrow { guard: guard.flatten(), by, actions, to });
            }
        }
        let entered: Option<Vec<StateIx>> = entered.into_iter().collect();
        (starts, entered.unwrap_or_default())
    }

    /// What no start may be.
    fn barred(&mut self, file: &File) -> Vec<Bar> {
        let scope = Scope::person();
        let bar = |bar: &BarFile| {
            let refuse = bar.refuse.value.text.trim().into();
            Some(Bar { guard: self.condition(&bar.guard, &scope)?, refuse })
        };
        file.barred.iter().filter_map(bar).collect()
    }

    fn named_calendar(&mut self, name: &Name) -> UsedCalendar {
        let named = self.peers.calendars.and_then(|calendars| calendars.get(&name.value).cloned());
        if let (None, Some(calendars)) = (&named, self.peers.calendars) {
            let names: Vec<&str> = calendars.names().map(AsRef::as_ref).collect();
            let help = known(&name.value, "calendar", names.into_iter());
            let help = Help {
                words: format!("{}; calendars are the files in the folder `calendars` of the definitions", help.words),
                ..help
            };
            self.error(codes::UNKNOWN_CALENDAR, name.span, format!("unknown calendar `{}`", name.value), help);
        }
        UsedCalendar { name: name.value.as_str().into(), named }
    }

    /// Working time is counted in a calendar.
    fn in_calendar(&mut self, wait: Spot<Wait>) -> Wait {
        if wait.value.is_working() && self.calendar.is_none() {
            self.found.push(
                Diagnostic::error(codes::WORKING_TIME, wait.span, "working time needs a calendar")
                    .label("when do people work?")
                    .help("write `calendar: office` at the top of the file, or a length of elapsed time"),
            );
        }
        wait.value
    }

    /// The fields that whoever calls the workflow gets.
    fn result(&mut self, names: &[Name]) -> Vec<Arc<str>> {
        names.iter().filter_map(|name| self.field(name).map(|_| name.value.as_str().into())).collect()
    }

    /// Puts all events into the table: declared ones, then those that are only used.
    fn declare(&mut self, file: &File) {
        for event in &file.events {
            if self.is_outcome(&event.name.value) {
                let whose = match event.name.value.as_str() {
                    DONE => "tasks, calls and parallel states",
                    FAILED => "calls",
                    _ => "approvals",
                };
                let message = format!("`{}` is an outcome of {whose}", event.name.value);
                self.found.push(
                    Diagnostic::error(codes::RESERVED, event.name.span, message)
                        .help("it needs no declaration; give an event of your own another name"),
                );
                continue;
            }
            let title = event.title.clone().unwrap_or_else(|| title(&event.name.value));
            let payload = self.record(&event.name.value, &event.payload);
            let (payload, order) = (Arc::new(payload), subject::order(&event.payload));
            self.events.insert(event.name.value.as_str().into(), Event { title: title.into(), payload, order });
        }
        let sent: Vec<Arc<str>> = self.names.sends().map(|name| Arc::from(name.as_str())).collect();
        let messages = sent.iter().filter_map(|name| self.vocabulary.messages.get(name));
        self.results = messages.filter_map(|message| message.sent_event.clone()).collect();
        let declared: Vec<Arc<str>> = self.events.keys().cloned().collect();
        let mut looked = 0;
        for event in self.names.events() {
            let name = event.value.as_str();
            if let Some((_, what, help)) = UNHEARD.iter().find(|(unheard, ..)| *unheard == name) {
                self.error(codes::RESERVED, event.span, format!("no state hears of a message that {what}"), *help);
            }
            if self.is_outcome(name) || self.events.contains_key(name) {
                continue;
            }
            looked += declared.len();
            if !self.results.contains(name)
                && looked <= MOST_COMPARED
                && let Some(near) = nearest(name, declared.iter().map(AsRef::as_ref))
            {
                self.found.push(
                    Diagnostic::error(codes::NEAR_EVENT, event.span, format!("the event `{name}` is not declared"))
                        .label("a slip?")
                        .help(Help::instead(
                            format!("a similar event is declared: `{near}`; if both are meant, declare `{name}: {{}}`"),
                            near,
                        )),
                );
            }
            let payload = Arc::new(RecordType::new(name));
            self.events.insert(name.into(), Event { title: title(name).into(), payload, order: Vec::new() });
        }
    }

    /// Whether the engine alone raises the event. `done` and `failed` are names like any other where nothing ends so.
    fn is_outcome(&self, event: &str) -> bool {
        OUTCOMES.contains(&event)
            || (event == DONE && self.names.raises_done())
            || (event == FAILED && self.names.raises_failed())
    }

    /// Notes that a name of the vocabulary is used.
    fn uses(&mut self, name: &str, major: u32) {
        self.used.insert(format!("{name}@{major}"));
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<Help>) {
        self.found.push(Diagnostic::error(code, span, message).help(help));
    }
}

/// The lists that a state is made of.
#[derive(Default)]
pub(super) struct Arrows {
    pub(super) on: BTreeMap<Arc<str>, Vec<Arrow>>,
    pub(super) always: Vec<Arrow>,
    pub(super) timers: Vec<super::chart::Timer>,
}

/// `leave_request` for people: "Leave request".
pub(crate) fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The help for an unknown name: the nearest, or all if they are few.
fn known<'n>(name: &str, what: &str, names: impl Iterator<Item = &'n str> + Clone) -> Help {
    let all: Vec<&str> = names.clone().collect();
    match nearest(name, names) {
        Some(near) => Help::similar(what, near),
        None if all.is_empty() => format!("there is no {what} at all").into(),
        None if all.len() <= 12 => format!("there is {}", super::read::or_list(&all)).into(),
        None => format!("there are {} others, none similar", all.len()).into(),
    }
}
