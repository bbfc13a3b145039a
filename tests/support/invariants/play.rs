//! One random history on one store: its engines, its clock, and everything that tests must remember of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::approval::Verb as Act;
use fluxor_engine::clock::{Clock as _, ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Answer, Basis, Change, Command, Verb};
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::definition::Library;
use fluxor_engine::ids::{InstanceId, RequestId};
use fluxor_engine::instance::Instance;
use fluxor_engine::runtime::{Delivering, Engine, NotDone, Options, Reply, Sink, Submitted, TaskView, Undelivered};
use fluxor_workflows::Procurement;
use serde_json::json;

use super::authority::{Law, Tale};
use super::bench::{Bench, Dump, instances};
use super::company::Company;
use super::dice::{Dice, Story};
use super::draw::object;
use super::rules::{library, panel, shipped};
use crate::scenario::TENANT;

/// When histories begin.
pub const START: &str = "2026-03-02T08:00:00Z";
/// An hour.
pub const HOUR: i64 = 3_600_000_000;

/// A command that was accepted, with its answer.
#[derive(Clone, Debug)]
pub struct Made {
    /// The command.
    pub command: Command,
    /// Its answer.
    pub answer: Answer,
}

/// The store as it stood.
#[derive(Debug, Default)]
pub struct Snap {
    /// Instances by id.
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Every row.
    pub dump: Dump,
}

/// Takes every message.
#[derive(Debug)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn deliver<'a>(&'a self, _: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async { Ok(Reply::new()) })
    }
}

/// Takes every message, but some only once an operator has had them sent again: the same ones on each store.
#[derive(Debug, Default)]
pub struct Fickle(std::sync::Mutex<std::collections::BTreeSet<uuid::Uuid>>);

impl Sink for Fickle {
    fn deliver<'a>(&'a self, row: &'a OutboxRow) -> Delivering<'a> {
        let first = row.seq % 4 != 0 && self.0.lock().unwrap().insert(row.id);
        let done = if first { Err(Undelivered::Never("not today".to_owned())) } else { Ok(Reply::new()) };
        Box::pin(async { done })
    }
}

/// A history.
pub struct Play<B: Bench> {
    /// Its store.
    pub bench: B,
    /// Replicas on it.
    pub engines: Vec<Engine<Procurement, B::Store>>,
    /// The clock of all.
    pub clock: Arc<ManualClock>,
    /// Its choices.
    pub dice: Dice,
    /// Told if it fails.
    pub story: Story,
    /// Every company so far: the place is the revision less one.
    pub companies: Vec<Company>,
    /// The company that a change of the organisation would bring.
    pub planned: BTreeMap<RequestId, Company>,
    /// The rules of the workflows.
    pub law: Law,
    /// Their definitions.
    pub library: Library,
    /// What matters to who may act.
    pub tales: BTreeMap<InstanceId, Tale>,
    /// What was accepted.
    pub made: Vec<Made>,
    /// Whether everything due has happened and every review knows the organisation.
    pub settled: bool,
    /// The store after the last step.
    pub snap: Snap,
    /// Commands so far.
    pub count: u64,
    /// How often what came of what: `approve ok`, `approve! excluded`.
    pub tally: Tally,
}

/// What came of what, and how often.
pub type Tally = BTreeMap<String, usize>;

impl<B: Bench> std::fmt::Debug for Play<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Play").field("count", &self.count).finish_non_exhaustive()
    }
}

/// Options of an engine that tests drive by hand.
#[must_use]
pub fn by_hand(replica: &str, seed: u64, batch_bound: usize) -> Options {
    let sink = Arc::new(Nowhere) as Arc<dyn Sink>;
    Options {
        replica: replica.to_owned(),
        sinks: vec![("order_to_supplier".into(), Arc::new(Fickle::default())), ("notices".into(), sink)],
        batch_bound,
        database_clock: false,
        seed: Some(seed),
        drive: false,
        ..Options::default()
    }
}

impl<B: Bench> Play<B> {
    /// Opens the store, draws a world, starts the replicas. `None`: the store's server is not there.
    pub async fn begin(test: &str, seed: u64, lanes: usize, replicas: u64, batch_bound: usize) -> Option<Self> {
        let domain = Arc::new(Procurement::new());
        let bench = B::open(domain.clone(), lanes).await?;
        let mut dice = Dice::new(seed);
        let mut law = shipped();
        let library = loop {
            let (yaml, rules) = panel(&mut dice);
            if let Ok(library) = library(&domain, &[("panel", yaml)]) {
                law.insert("panel".to_owned(), rules);
                break library;
            }
        };
        let clock = Arc::new(ManualClock::at(Timestamp::parse(START).unwrap()));
        let mut engines = Vec::new();
        for n in 0..replicas {
            let options = by_hand(&format!("r{n}"), seed * 100 + n * 10, batch_bound);
            let store = bench.store().await;
            engines.push(Engine::start(domain.clone(), store, library.clone(), clock.clone(), options).await.unwrap());
        }
        let company = Company::draw(&mut dice);
        let mut play = Self {
            bench,
            engines,
            clock,
            dice,
            story: Story::new(&format!("{test} on {}", B::NAME), seed),
            companies: vec![company],
            planned: BTreeMap::new(),
            law,
            library,
            tales: BTreeMap::new(),
            made: Vec::new(),
            settled: true,
            snap: Snap::default(),
            count: 0,
            tally: Tally::new(),
        };
        play.prepare().await;
        Some(play)
    }

    async fn prepare(&mut self) {
        let source = &self.library.current("panel").unwrap().source;
        self.story.tell(source);
        self.story.tell(serde_json::Value::Object(self.companies[0].patch()));
        let patch = self.companies[0].patch();
        let mut changes = vec![Change::Organisation { patch, basis: Basis::Direct }];
        for (key, amount) in [("u1/EUR", "3000.00 EUR"), ("u2/EUR", "100000.00 EUR")] {
            changes.push(Change::Record {
                kind: "budget".into(),
                key: key.into(),
                action: "set_budget".into(),
                params: object(json!({ "amount": amount })),
            });
        }
        for change in changes {
            let command = self.command(Actor::System, Verb::Change(change));
            let done = self.engine().submit(command.clone()).await.expect("the world is accepted");
            self.made.push(Made { command, answer: done.answer });
        }
        self.snap = self.look().await;
    }

    /// The first replica.
    #[must_use]
    pub fn engine(&self) -> Engine<Procurement, B::Store> {
        self.engines[0].clone()
    }

    /// The clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The store as it stands.
    pub async fn look(&mut self) -> Snap {
        let store = self.engines[0].store().clone();
        Snap { instances: instances(&store).await, dump: self.bench.dump().await }
    }

    /// One step: time passes, or a command is given; what came of it is judged.
    pub async fn step(&mut self) {
        if self.dice.chance(10) || (!self.settled && self.dice.chance(55)) {
            return self.pass_time().await;
        }
        let command = self.draw().await;
        let view = self.view_before(&command).await;
        let told = self.told_before(&command).await;
        let done = self.engine().submit(command.clone()).await;
        self.note(&command, &done);
        let after = self.look().await;
        let before = std::mem::replace(&mut self.snap, after);
        if let Some(told) = told {
            self.judge_preview(&command, &told, &done);
        }
        self.judge(&before, &command, view.as_ref(), done).await;
    }

    /// Tells the story and counts.
    pub fn note(&mut self, command: &Command, done: &Result<Submitted, NotDone>) {
        self.story.tell(told(self.now(), command, done));
        let came = match done {
            Ok(Submitted { repeat: false, .. }) => " ok",
            Ok(Submitted { repeat: true, .. }) => " again",
            Err(NotDone::Refused(refusal)) => &format!("! {}", refusal.code()),
            Err(_) => "! broken",
        };
        let behalf = match &command.verb {
            Verb::Decide { act: Act::Approve(ballot), .. } if ballot.on_behalf_of.is_some() => " for",
            _ => "",
        };
        *self.tally.entry(format!("{}{behalf}{came}", command.verb.name())).or_default() += 1;
    }

    async fn view_before(&self, command: &Command) -> Option<TaskView> {
        match &command.verb {
            Verb::Decide { task, .. } => self.engine().task(TENANT, *task).await.ok(),
            _ => None,
        }
    }

    /// The clock moves on; mostly all that is due happens.
    pub async fn pass_time(&mut self) {
        if self.dice.chance(60) {
            let hours = self.dice.one(&[0, 1, 1, 3, 3, 4, 24, 30, 24 * 5]);
            self.clock.advance_micros(hours * HOUR);
            self.settled = false;
        }
        if self.dice.chance(75) {
            self.drive().await;
        }
        self.story.tell(format!("{} time has passed", self.now()));
        self.catch_up().await;
    }

    /// Whatever is due, until nothing moves.
    pub async fn drive(&mut self) {
        let mut moved = 0;
        loop {
            let more = self.engine().drive_once().await.expect("driving works");
            if more == 0 {
                break;
            }
            moved += more;
            assert!(moved < 2000, "it never comes to rest");
        }
        // Reviews behind the organisation: a change by another replica is found by waking everything that is open.
        self.settled = true;
    }

    /// Takes in and checks whatever has changed in instances since the last look.
    pub async fn catch_up(&mut self) {
        let after = self.look().await;
        let before = std::mem::replace(&mut self.snap, after);
        self.judge_entries(&before).await;
    }

    /// Checks all, and stops the engines.
    pub async fn end(mut self) -> Tally {
        self.ask_the_past().await;
        super::rows::check_all(&mut self.bench, &self.library).await;
        for engine in &self.engines {
            engine.shutdown(Duration::from_secs(5)).await;
        }
        self.engines.clear();
        let Self { bench, tally, .. } = self;
        bench.close().await;
        tally
    }
}

/// A line of the story.
#[must_use]
pub fn told(at: Timestamp, command: &Command, done: &Result<Submitted, NotDone>) -> String {
    let by = command.actor.person().map_or("system", |p| p.as_str());
    let what = match &command.verb {
        Verb::Change(Change::Organisation { patch, .. }) => {
            format!("organisation {}", serde_json::Value::Object(patch.clone()))
        }
        verb => format!("{verb:?}"),
    };
    let came = match done {
        Ok(Submitted { answer, repeat }) => {
            let state = answer.state.as_deref().unwrap_or("-");
            format!("{state} seq {} {}", answer.seq, if *repeat { "again" } else { "" })
        }
        Err(error) => format!("! {error}"),
    };
    format!("{at} {} {by}: {what} => {came}", command.request)
}
