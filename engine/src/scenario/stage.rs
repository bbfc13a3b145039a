//! Plays a scenario on an engine of its own: a clock that is moved by hand, seeded ids, nothing that runs by itself.

mod task;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{Clock as _, ManualClock, Timestamp};
use crate::command::{Actor, Basis, Change, Command, Verb};
use crate::commit::OutboxRow;
use crate::definition::Library;
use crate::ids::{Digest, InstanceId, PersonId, StreamId, TenantId};
use crate::instance::Instance;
use crate::plan::answer_of;
use crate::runtime::{Delivering, Engine, NotDone, Options, Sink, StartError, Submitted};
use crate::store::{InstancePage, Persist, Store, StoreError};

use super::covered::Covered;
use super::script::{Line, Script, Wrong};
use super::shown;
use super::step::{Ask, Deliver, Step};

/// The tenant of scenarios.
pub const TENANT: TenantId = TenantId(7);

/// So much moves at one step at most: what moves more never comes to rest.
const MOST_MOVED: usize = 1_000;

/// How many rows are read at a time.
const PAGE: i64 = 500;

/// What came of one step.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Came {
    /// The number of its line, from 1.
    pub line: usize,
    /// The step as it is written.
    pub step: String,
    /// The lines below it.
    pub expected: Vec<String>,
    /// The one line that should stand there.
    pub actual: String,
}

impl Came {
    /// Whether it is as expected.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.expected == [self.actual.as_str()]
    }
}

/// What a scenario showed.
#[derive(Clone, Debug)]
pub struct Played {
    /// The file as it should be.
    pub text: String,
    /// Its steps, in order.
    pub steps: Vec<Came>,
}

/// A sink behind a line that is dead when it is told to be.
struct Tap {
    behind: Arc<dyn Sink>,
    failing: Arc<AtomicBool>,
}

impl Sink for Tap {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        match self.failing.load(Ordering::SeqCst) {
            true => Box::pin(async { Err("the line is dead".to_owned().into()) }),
            false => self.behind.deliver(message),
        }
    }
}

/// One scenario on one store.
pub struct Stage<D: Persist, S: Store<D>> {
    engine: Engine<D, S>,
    clock: Arc<ManualClock>,
    failing: Arc<AtomicBool>,
    covered: Arc<Covered>,
    instance: Option<InstanceId>,
    /// The line of the last start that was refused, and why.
    refused: Option<(usize, String)>,
    count: u32,
}

impl<D: Persist, S: Store<D>> std::fmt::Debug for Stage<D, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("instance", &self.instance).finish_non_exhaustive()
    }
}

impl<D: Persist, S: Store<D>> Stage<D, S> {
    /// An engine on an empty store. `sinks` take the domain's messages; what is seen goes into `covered`. On a runtime of one
    /// thread the same script gives the same trace; on several, what is sent at once may arrive in another order.
    ///
    /// # Errors
    /// If the database or the machine does not give what is needed.
    pub async fn new(
        domain: Arc<D>,
        store: S,
        library: Library,
        sinks: Vec<(Arc<str>, Arc<dyn Sink>)>,
        covered: Arc<Covered>,
    ) -> Result<Self, StartError> {
        let clock = Arc::new(ManualClock::at(Timestamp::default()));
        let failing = Arc::new(AtomicBool::new(false));
        let tap = |behind| -> Arc<dyn Sink> { Arc::new(Tap { behind, failing: failing.clone() }) };
        let options = Options {
            sinks: sinks.into_iter().map(|(name, sink)| (name, tap(sink))).collect(),
            seed: Some(1),
            database_clock: false,
            drive: false,
            judged: Some(covered.judged.clone()),
            ..Options::default()
        };
        let engine = Engine::start(domain, store, library, clock.clone(), options).await?;
        Ok(Self { engine, clock, failing, covered, instance: None, refused: None, count: 0 })
    }

    /// The engine, with what the scenario left behind.
    #[must_use]
    pub const fn engine(&self) -> &Engine<D, S> {
        &self.engine
    }

    /// Plays it from its beginning to its end.
    ///
    /// # Errors
    /// A step that cannot be done here, such as an act before anything was started; broken machinery.
    pub async fn play(&mut self, script: &Script) -> Result<Played, Wrong> {
        // Whoever is there at the beginning was there long before: the clock of a new stage shows 1970.
        if let Some((number, document)) = &script.organisation {
            let change = Change::Organisation { patch: document.clone(), basis: Basis::Direct };
            match self.submit(None, Verb::Change(change), "organisation").await {
                Ok(_) => {}
                Err(why) => {
                    return Err(Wrong::new(*number, 1, format!("the organisation is refused: {why}"), "mend its file"));
                }
            }
        }
        self.clock.set(script.now);
        let (mut steps, mut traces) = (Vec::new(), Vec::new());
        for line in &script.lines {
            let actual = self.line(line).await?;
            traces.push(actual.clone());
            let Line { number, text, expected, .. } = line.clone();
            steps.push(Came { line: number, step: text, expected, actual });
        }
        self.cover().await.map_err(|why| broken(script.lines.last().map_or(1, |line| line.number), &why))?;
        Ok(Played { text: script.with(&traces), steps })
    }

    /// Stops the engine.
    pub async fn close(self) {
        self.engine.shutdown(Duration::from_secs(5)).await;
    }

    /// Every instance, newest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn instances(&self) -> Result<Vec<Instance>, StoreError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = InstancePage { after, ..InstancePage::all(TENANT, PAGE) };
            let more = self.engine.store().instances(&page).await?;
            let Some(last) = more.last() else { return Ok(all) };
            after = Some(last.id);
            all.extend(more);
        }
    }

    async fn cover(&self) -> Result<(), StoreError> {
        for instance in self.instances().await? {
            let mut after = 0;
            loop {
                let entries = self.engine.store().entries(TENANT, instance.id.into(), after, PAGE).await?;
                let Some(last) = entries.last() else { break };
                after = last.seq;
                entries.iter().for_each(|entry| self.covered.note(instance.definition, &entry.body));
            }
        }
        Ok(())
    }

    async fn line(&mut self, line: &Line) -> Result<String, Wrong> {
        match &line.step {
            Step::Wait(length) => {
                let calendar = self.calendar(line).await?;
                let calendar = calendar.as_ref().and_then(|definition| definition.working());
                if length.is_working() && calendar.is_none() {
                    let help = "wait as time elapses, such as `wait 2 days`, or turn to an instance whose file has a `calendar`";
                    return Err(Wrong::new(line.number, 3, "there is no calendar to count working time in", help));
                }
                let end = length.end(self.clock.now(), calendar).filter(|end| end.to_jiff().is_some());
                let Some(end) = end else {
                    return Err(Wrong::new(line.number, 3, "this never ends", "write a shorter time"));
                };
                self.until(end, line).await
            }
            Step::Until(at) if *at < self.clock.now() => {
                let message = format!("it is {} already: time does not go back", self.clock.now());
                Err(Wrong::new(line.number, 3, message, "write a later instant"))
            }
            Step::Until(at) => self.until(*at, line).await,
            Step::Deliver(how) => {
                self.failing.store(*how == Deliver::Failing, Ordering::SeqCst);
                let most = if *how == Deliver::Once { Some(1) } else { None };
                self.drive(line, most).await
            }
            Step::Turn { workflow, part } => self.turn(workflow, part, line).await,
            Step::Ask(ask) => {
                let verb = self.verb(ask, line).await?;
                match self.submit(line.by.as_ref(), verb, &line.text).await {
                    Ok(submitted) => self.shown(&submitted).await.map_err(|why| broken(line.number, &why)),
                    Err(NotDone::Refused(refusal)) => {
                        if matches!(ask, Ask::Start { .. }) {
                            self.refused = Some((line.number, format!("{}: {}", refusal.code(), refusal.sentence())));
                        }
                        Ok(shown::refused(refusal.code(), &refusal.sentence()))
                    }
                    Err(other) => Err(broken(line.number, &other)),
                }
            }
        }
    }

    async fn submit(&mut self, by: Option<&PersonId>, verb: Verb, text: &str) -> Result<Submitted, NotDone> {
        self.count += 1;
        let actor = by.map_or(Actor::System, |id| Actor::Person {
            id: id.clone(),
            via: "scenario".into(),
            administrator: false,
        });
        let request = format!("line-{}", self.count).into();
        let command = Command { tenant: TENANT, request, request_hash: Digest::of(text), actor, verb };
        self.engine.submit(command).await
    }

    async fn until(&mut self, at: Timestamp, line: &Line) -> Result<String, Wrong> {
        self.clock.set(at);
        self.drive(line, None).await
    }

    /// Moves what is due, until nothing moves; at most `most` times. What moves others alone is `nothing`: whoever wants to see them
    /// turns to them.
    async fn drive(&mut self, line: &Line, most: Option<usize>) -> Result<String, Wrong> {
        let before = self.reached(line).await?;
        let (mut moved, mut looks) = (0, 0);
        while most.is_none_or(|most| looks < most) {
            looks += 1;
            match self.engine.drive_once().await.map_err(|why| broken(line.number, &why))? {
                0 => break,
                more => moved += more,
            }
            if moved > MOST_MOVED {
                let help = "look for an instance that starts others, or tells itself something, again and again";
                return Err(Wrong::new(line.number, 3, "it never comes to rest", help));
            }
        }
        let has_moved = before != self.reached(line).await?;
        match self.instance.filter(|_| has_moved) {
            Some(id) => self.stands(id, true).await.map_err(|why| broken(line.number, &why)),
            None => Ok("nothing".to_owned()),
        }
    }

    /// The number of the last entry of the instance that the steps are about.
    async fn reached(&self, line: &Line) -> Result<Option<i64>, Wrong> {
        let Some(id) = self.instance else { return Ok(None) };
        self.stored(id).await.map(|stored| Some(stored.seq)).map_err(|why| broken(line.number, &why))
    }

    /// How an instance stands now; `with_last`: and what its last entry says.
    async fn stands(&self, id: InstanceId, with_last: bool) -> Result<String, StoreError> {
        let instance = self.stored(id).await?;
        let library = self.engine.library();
        let organisation = self.engine.organisation(TENANT).await?;
        let Some(definition) = library.pinned(instance.definition) else {
            return Ok(format!("{} (of a definition that is not there)", instance.state));
        };
        let answer = answer_of(definition, &instance, Some(&organisation), self.clock.now());
        if with_last { self.of(&answer, &instance).await } else { Ok(shown::instance(&answer, &instance, None)) }
    }

    async fn turn(&mut self, workflow: &str, part: &str, line: &Line) -> Result<String, Wrong> {
        let all = self.instances().await.map_err(|why| broken(line.number, &why))?;
        let id = newest(&all, workflow, part).map_err(|(message, help)| Wrong::new(line.number, 3, message, help))?;
        self.instance = Some(id);
        self.stands(id, true).await.map_err(|why| broken(line.number, &why))
    }

    async fn shown(&mut self, submitted: &Submitted) -> Result<String, StoreError> {
        let answer = &submitted.answer;
        let Some(id) = answer.instance else { return Ok(shown::record(&answer.record)) };
        self.instance = Some(id);
        if submitted.repeat {
            // The answer is that of the first time: by now it may stand elsewhere.
            return self.stands(id, false).await;
        }
        let stored = self.stored(id).await?;
        self.of(answer, &stored).await
    }

    async fn of(&self, answer: &crate::command::Answer, stored: &Instance) -> Result<String, StoreError> {
        let stream = StreamId(stored.id.0);
        let last = self.engine.store().entries(TENANT, stream, stored.seq - 1, 1).await?;
        Ok(shown::instance(answer, stored, last.last().map(|entry| &*entry.body)))
    }

    async fn stored(&self, id: InstanceId) -> Result<Instance, StoreError> {
        let missing = || StoreError::Inconsistent {
            table: "instance",
            id: id.to_string(),
            what: "it was answered, and it is not there".to_owned(),
        };
        self.engine.store().instance(TENANT, id).await?.ok_or_else(missing)
    }
}

/// The newest instance of a workflow whose key has these characters; else what is wrong, and what would be right.
fn newest(all: &[Instance], workflow: &str, part: &str) -> Result<InstanceId, (String, String)> {
    let mut of = all.iter().filter(|instance| *instance.workflow == *workflow).peekable();
    if of.peek().is_none() {
        return Err((
            format!("there is no instance of `{workflow}`"),
            "start one, or deliver what starts it".to_owned(),
        ));
    }
    let keys: Vec<&str> = of.clone().filter_map(|instance| instance.key.as_deref()).take(5).collect();
    let found = of.find(|instance| instance.key.as_deref().unwrap_or_default().contains(part));
    found.map(|instance| instance.id).ok_or_else(|| {
        let help =
            if keys.is_empty() { "none of them has a key".to_owned() } else { format!("keys: {}", keys.join(", ")) };
        (format!("no instance of `{workflow}` has `{part}` in its key"), help)
    })
}

fn broken(line: usize, why: &dyn std::error::Error) -> Wrong {
    Wrong::new(line, 1, format!("the engine cannot go on: {why}"), "this is a fault of the program or of its database")
}
