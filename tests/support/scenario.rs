//! Scenarios: text in, trace out. A `.scenario` file is its own golden file: lines that begin with `>` are what is
//! done, the lines below each are what came of it. `UPDATE=1` writes them anew.
//!
//! ```text
//! organisation company.json
//! now 2026-03-02T08:00:00Z
//!
//! > start purchase_order as ann {"supplier": "Acme", ...}
//! draft
//! > submit as ann
//! open.review; asked: manager bob
//! > approve manager as bob
//! > reject buyers as eve for fay because too dear
//! > complete checks.tax.asked as hal {"tax_id": "12345"}
//! > wait 2 days
//! > organisation {"people": [{"id": "bob", "active": false}]}
//! > record budget IT/EUR set_budget {"amount": "500.00 EUR"}
//! > deliver
//! > deliver failing
//! > turn purchase_order part-of-key
//! ```
//!
//! `deliver` moves what the outside and the instance itself have to say, until nothing moves (`once`: one look); `turn`
//! goes on with the newest instance of another workflow, or the one whose key has these characters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fluxor_engine::approval::{self, Ballot, Position, RepairAction};
use fluxor_engine::clock::{Clock, ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Answer, Basis, Change, Command, Verb};
use fluxor_engine::commit::OutboxRow;
use fluxor_engine::definition::Library;
use fluxor_engine::ids::{Digest, InstanceId, PersonId, StreamId, TenantId};
use fluxor_engine::instance::Document;
use fluxor_engine::instance::Instance;
use fluxor_engine::runtime::{Delivering, Engine, NotDone, Options, Reply, Sink};
use fluxor_engine::store::{AnyStore, InstancePage, Store as _};
use fluxor_workflows::Procurement;
use fluxor_workflows::reorder::{PROPOSE, Worker};
use serde_json::Value as Json;

/// The tenant of scenarios.
pub const TENANT: TenantId = TenantId(7);

/// What a scenario showed.
#[derive(Debug, Default)]
pub struct Played {
    /// The file as it should be.
    pub text: String,
    /// Arrows walked, by workflow.
    pub walked: BTreeMap<String, BTreeSet<usize>>,
}

/// A sink that keeps nothing and fails when told to.
#[derive(Debug, Default)]
struct Tap {
    failing: AtomicBool,
}

impl Sink for Tap {
    fn deliver<'a>(&'a self, _: &'a OutboxRow) -> Delivering<'a> {
        let failing = self.failing.load(Ordering::SeqCst);
        Box::pin(async move { if failing { Err("the line is dead".to_owned().into()) } else { Ok(Reply::new()) } })
    }
}

/// One scenario on one store.
pub struct Stage {
    engine: Engine<Procurement, AnyStore<Procurement>>,
    clock: Arc<ManualClock>,
    tap: Arc<Tap>,
    instance: Option<InstanceId>,
    count: u32,
}

impl Stage {
    /// An engine with a manual clock, seeded ids and sinks for every message.
    ///
    /// # Panics
    /// If the engine does not start.
    pub async fn new(store: AnyStore<Procurement>, library: Library, domain: Arc<Procurement>) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::default()));
        let tap = Arc::new(Tap::default());
        let worker = Worker::new(Arc::new(store.clone()));
        let options = Options {
            sinks: vec![("order_to_supplier".into(), tap.clone() as Arc<dyn Sink>), (PROPOSE.into(), Arc::new(worker))],
            seed: Some(1),
            database_clock: false,
            drive: false,
            ..Options::default()
        };
        let engine = Engine::start(domain, store, library, clock.clone(), options).await.expect("the engine starts");
        Self { engine, clock, tap, instance: None, count: 0 }
    }

    /// Plays the file and returns what it should look like.
    ///
    /// # Panics
    /// On a line that it does not understand.
    pub async fn play(&mut self, text: &str, folder: &Path) -> Played {
        let mut played = Played::default();
        for line in text.lines() {
            let keep = |played: &mut Played| {
                played.text.push_str(line);
                played.text.push('\n');
            };
            if let Some(done) = line.strip_prefix("> ") {
                keep(&mut played);
                let came = self.line(done.trim()).await;
                played.text.push_str(&came);
            } else if let Some(file) = line.strip_prefix("organisation ") {
                let json = std::fs::read_to_string(folder.join(file.trim())).expect("the organisation's file");
                self.line(&format!("organisation {json}")).await;
                keep(&mut played);
            } else if let Some(at) = line.strip_prefix("now ") {
                self.clock.set(Timestamp::parse(at.trim()).expect("an instant"));
                keep(&mut played);
            } else if line.trim().is_empty() || line.starts_with('#') {
                keep(&mut played);
            }
        }
        self.coverage(&mut played).await;
        self.check_invariants().await;
        self.engine.shutdown(std::time::Duration::from_secs(5)).await;
        played
    }

    async fn line(&mut self, line: &str) -> String {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            "wait" => {
                self.clock.advance_micros(duration(rest));
                self.drive().await
            }
            "deliver" => {
                self.tap.failing.store(rest == "failing", Ordering::SeqCst);
                if rest == "once" {
                    self.engine.drive_once().await.expect("it moves");
                    return self.stands().await;
                }
                self.drive().await
            }
            "turn" => {
                let (workflow, part) = rest.split_once(' ').unwrap_or((rest, ""));
                let named = |i: &Instance| *i.workflow == *workflow && i.key.as_deref().unwrap_or("").contains(part);
                let newest = self.all().await.into_iter().find(named);
                self.instance = Some(newest.unwrap_or_else(|| panic!("there is no {rest}")).id);
                self.stands().await
            }
            _ => {
                let (actor, verb) = self.verb(first, rest).await;
                self.count += 1;
                let command = Command {
                    tenant: TENANT,
                    request: format!("line-{}", self.count).into(),
                    request_hash: Digest::of(line),
                    actor,
                    verb,
                };
                let done = self.engine.submit(command).await;
                self.shown(done).await
            }
        }
    }

    async fn drive(&mut self) -> String {
        let mut moved = 0;
        while let Ok(more @ 1..) = self.engine.drive_once().await {
            moved += more;
            assert!(moved < 1000, "it never comes to rest");
        }
        if moved > 0 && self.instance.is_some() { self.stands().await } else { "nothing\n".to_owned() }
    }

    /// How the instance stands, and what its last entry says.
    async fn stands(&mut self) -> String {
        let id = self.instance.expect("an instance");
        let instance = self.engine.store().instance(TENANT, id).await.expect("read").expect("exists");
        let library = self.engine.library();
        let definition = library.pinned(instance.definition).expect("its definition");
        let organisation = self.engine.organisation(TENANT).await.expect("read");
        let now = self.clock.now();
        let answer = fluxor_engine::plan::answer_of(definition, &instance, Some(&organisation), now);
        self.shown(Ok(fluxor_engine::runtime::Submitted { answer, repeat: false })).await
    }

    /// Every instance, newest first.
    async fn all(&self) -> Vec<Instance> {
        let page = InstancePage {
            tenant: TENANT,
            workflow: None,
            state: None,
            status: None,
            key: None,
            after: None,
            limit: 1_000,
        };
        self.engine.store().instances(&page).await.expect("read")
    }

    async fn verb(&self, first: &str, rest: &str) -> (Actor, Verb) {
        let (head, json) = match if rest.starts_with('{') { Some(0) } else { rest.find(" {") } {
            Some(at) => (rest[..at].trim(), serde_json::from_str(rest[at..].trim()).expect("JSON")),
            None => (rest, Document::new()),
        };
        let (head, because) = match head.split_once(" because ") {
            Some((head, because)) => (head, Some(because.to_owned())),
            None => (head, None),
        };
        let words: Vec<&str> = head.split_whitespace().collect();
        let after = |word: &str| words.iter().position(|w| *w == word).and_then(|at| words.get(at + 1)).copied();
        let actor = match after("as").or((first == "as").then_some(words.first().copied()).flatten()) {
            Some(id) => Actor::Person { id: id.into(), via: "scenario".into(), administrator: false },
            None => Actor::System,
        };
        let instance = self.instance.unwrap_or(InstanceId(uuid::Uuid::nil()));
        let verb = match first {
            "start" => Verb::Start { workflow: words[0].into(), key: after("key").map(Into::into), input: json },
            "organisation" => Verb::Change(Change::Organisation { patch: json, basis: Basis::Direct }),
            "record" => Verb::Change(Change::Record {
                kind: words[0].into(),
                key: words[1].into(),
                action: words[2].into(),
                params: json,
            }),
            "complete" => {
                let task = fluxor_engine::ids::TaskId { instance, ordinal: self.in_state(instance, words[0]).await };
                let etag = self.engine.task(TENANT, task).await.ok().map(|t| t.etag);
                Verb::Complete { task, etag, on_behalf_of: None, data: json }
            }
            _ => match act(first, &words, &after, because.clone()) {
                Some(act) => {
                    let task = fluxor_engine::ids::TaskId { instance, ordinal: self.ordinal(instance).await };
                    let etag = match after("etag") {
                        Some(etag) => Some(etag.to_owned()),
                        None => self.engine.task(TENANT, task).await.ok().map(|t| t.etag),
                    };
                    Verb::Decide { task, etag, act }
                }
                None => Verb::Signal {
                    instance,
                    event: first.into(),
                    payload: json,
                    reason: because,
                    state_revision: after("at").and_then(|r| r.parse().ok()),
                },
            },
        };
        (actor, verb)
    }

    /// The newest task that a state has opened.
    async fn in_state(&self, id: InstanceId, state: &str) -> u32 {
        let instance = self.engine.store().instance(TENANT, id).await.expect("read").expect("exists");
        let mut tasks = instance.tasks.iter().rev();
        tasks.find(|t| *t.state == *state).unwrap_or_else(|| panic!("{state} has no task")).id.ordinal
    }

    async fn ordinal(&self, id: InstanceId) -> u32 {
        let instance = self.engine.store().instance(TENANT, id).await.expect("read");
        instance.and_then(|i| i.tasks.last().map(|t| t.id.ordinal)).unwrap_or(1)
    }

    async fn shown(&mut self, done: Result<fluxor_engine::runtime::Submitted, NotDone>) -> String {
        match done {
            Ok(submitted) => {
                let Answer { instance, state, inside, status, tasks, record, .. } = submitted.answer;
                self.instance = instance.or(self.instance);
                let Some(state) = state else { return format!("{record}\n") };
                let mut text = if inside.is_empty() { state.to_string() } else { inside.join(" + ") };
                if let Some(status) = status.filter(|s| *s != fluxor_engine::instance::Status::Active) {
                    let _ = write!(text, " ({})", status.as_str());
                }
                for seat in tasks.iter().flat_map(|t| &t.open) {
                    let behalf = seat.on_behalf_of.as_ref().map_or(String::new(), |p| format!(" for {p}"));
                    let _ = write!(text, "; asked: {} {}{behalf}", seat.step, seat.person);
                }
                if let Some(id) = instance {
                    let last = self.engine.store().entries(TENANT, id.into(), 0, 10_000).await.expect("read");
                    text.push_str(&last.last().map_or(String::new(), |entry| detail(&entry.body)));
                    let stored = self.engine.store().instance(TENANT, id).await.expect("read").expect("exists");
                    if let Some(incident) = &stored.detail.incident {
                        let _ = write!(text, "; incident {}: {}", incident.code, incident.message);
                    }
                }
                text + "\n"
            }
            Err(NotDone::Refused(refusal)) => format!("! {}: {}\n", refusal.code(), refusal.sentence()),
            Err(other) => panic!("{other}"),
        }
    }

    async fn coverage(&self, played: &mut Played) {
        for instance in self.all().await {
            let walked = played.walked.entry(instance.workflow.to_string()).or_default();
            for entry in self.engine.store().entries(TENANT, instance.id.into(), 0, 10_000).await.expect("read") {
                let body: Json = serde_json::from_str(&entry.body).expect("a body is JSON");
                let arrows = body["walked"].as_array().cloned().unwrap_or_default();
                walked.extend(arrows.iter().filter_map(Json::as_u64).map(|ix| usize::try_from(ix).expect("small")));
            }
        }
    }

    /// Invariants 11 (folding the entries gives the row) and 7's chain, on what the scenario left behind.
    async fn check_invariants(&self) {
        for instance in self.all().await {
            let stream = StreamId(instance.id.0);
            let entries = self.engine.store().entries(TENANT, stream, 0, 10_000).await.expect("read");
            let folded = fluxor_engine::audit::fold::fold(&entries).expect("it folds");
            assert_eq!(folded, instance, "folding the entries gives the row");
            let mut verifier = fluxor_engine::audit::verify::Verifier::new(TENANT, stream);
            entries.iter().for_each(|entry| verifier.check(entry));
            assert_eq!(verifier.finish(Some((instance.seq, instance.head))), []);
        }
    }
}

/// What an entry says besides the state: rungs, timers, what it started and told, messages.
fn detail(body: &str) -> String {
    let body: Json = serde_json::from_str(body).unwrap_or_default();
    let mut text = String::new();
    for fired in body["fired"].as_array().into_iter().flatten() {
        let people = |key: &str| {
            let ids: Vec<&str> = fired[key].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            ids.join(", ")
        };
        let to = if fired["to"].is_null() { String::new() } else { format!(" -> {}", people("to")) };
        let _ = write!(text, "; {} {}{to}", fired["do"].as_str().unwrap_or("?"), people("from"));
    }
    for timer in body["timers"].as_array().into_iter().flatten() {
        let _ = write!(text, "; timer {}", timer[0].as_str().unwrap_or("?"));
    }
    for child in body["started"].as_array().into_iter().flatten() {
        let key = child["key"].as_str().map_or(String::new(), |key| format!("/{key}"));
        let _ = write!(text, "; started {}{key}", child["workflow"].as_str().unwrap_or("?"));
    }
    for chosen in body["tables"].as_array().into_iter().flatten() {
        let rows: Vec<String> = chosen["rows"].as_array().into_iter().flatten().map(Json::to_string).collect();
        let rows = if rows.is_empty() { "otherwise".to_owned() } else { format!("row {}", rows.join(", ")) };
        let _ = write!(text, "; table {}: {rows}", chosen["table"].as_str().unwrap_or("?"));
    }
    for report in body["reports"].as_array().into_iter().flatten() {
        let _ = write!(text, "; reports {}", report["event"].as_str().unwrap_or("?"));
    }
    for told in body["tells"].as_array().into_iter().flatten() {
        let _ = write!(text, "; tells itself {}", told["message"].as_str().unwrap_or("?"));
    }
    for sent in body["sent"].as_array().into_iter().flatten() {
        let _ = write!(text, "; sends {}", sent.as_str().unwrap_or("?"));
    }
    text
}

fn act<'a>(
    first: &str,
    words: &[&'a str],
    after: &dyn Fn(&str) -> Option<&'a str>,
    because: Option<String>,
) -> Option<approval::Verb> {
    use approval::Verb as V;
    let step: Arc<str> = words.first().copied().filter(|w| *w != "as").unwrap_or("").into();
    let reason: Option<Arc<str>> = because.map(Into::into);
    let ballot = Ballot {
        step: step.clone(),
        on_behalf_of: after("for").map(PersonId::from),
        seen: None,
        reason: reason.clone(),
    };
    let to = || PersonId::from(after("to").unwrap_or(""));
    Some(match first {
        "approve" => V::Approve(ballot),
        "reject" => V::Reject(ballot),
        "abstain" => V::Abstain(ballot),
        "request_changes" => V::RequestChanges(ballot),
        "ask" => V::Ask(ballot),
        "delegate" => V::Delegate { step, to: to() },
        "reassign" => V::Reassign { step, from: after("from").map(PersonId::from), to: to() },
        "add_approver" => V::AddApprover { ballot, person: to(), position: Position::Before },
        "remind" => V::Remind { step },
        "repair" => V::Repair { action: RepairAction::Assign, step, to: Some(to()), reason },
        _ => return None,
    })
}

fn duration(text: &str) -> i64 {
    let (number, unit) = text.split_once(' ').expect("a number and a unit");
    let number: i64 = number.parse().expect("a number");
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        other => panic!("`{other}` is no unit"),
    };
    number * seconds * 1_000_000
}
