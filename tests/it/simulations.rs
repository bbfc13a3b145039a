//! What a simulation says is what the engine then does: on the starts of the shipped scenarios, and on random companies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::approval::{Ballot, Verb as Vote};
use fluxor_engine::clock::{ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::decide::{Stop, summaries};
use fluxor_engine::definition::Library;
use fluxor_engine::ids::{Digest, InstanceId, PersonId, TaskId, TenantId};
use fluxor_engine::instance::{Document, Instance, Status};
use fluxor_engine::rehearsal::Setting;
use fluxor_engine::runtime::{Engine, NotDone, Options, Submitted};
use fluxor_engine::simulate::{Answer, Asked, EndKind, PathStep, Simulation, simulate};
use fluxor_engine::store::{AnyStore, InstancePage, MemoryStore, Persist as _, Store as _};
use fluxor_workflows::{Facts, Procurement};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::scenarios::scenarios;
use fluxor_tests::scenario::library;

const TENANT: TenantId = TenantId(7);

/// An engine in memory.
struct Company {
    engine: Engine<Procurement, AnyStore<Procurement>>,
    now: Timestamp,
    count: u32,
}

fn object(json: &Json) -> Document {
    json.as_object().cloned().unwrap()
}

impl Company {
    async fn new(library: Library, domain: Arc<Procurement>, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let options = Options { seed: Some(1), database_clock: false, drive: false, ..Options::default() };
        let store = AnyStore::Memory(MemoryStore::new(domain.clone()));
        let engine = Engine::start(domain, store, library, clock, options).await.unwrap();
        Self { engine, now, count: 0 }
    }

    async fn submit(&mut self, by: Option<&str>, verb: Verb) -> Result<Submitted, NotDone> {
        self.count += 1;
        let actor = match by {
            Some(id) => Actor::Person { id: id.into(), via: "test".into(), administrator: false },
            None => Actor::System,
        };
        let (request, request_hash) = (format!("r{}", self.count).into(), Digest([0; 32]));
        let done = self.engine.submit(Command { tenant: TENANT, request, request_hash, actor, verb }).await;
        // What the instances tell themselves and each other; nobody listens to messages to the outside.
        if done.is_ok() {
            while self.engine.drive_once().await.unwrap() > 0 {}
        }
        done
    }

    async fn organisation(&mut self, patch: &Json) {
        let verb = Verb::Change(Change::Organisation { patch: object(patch), basis: Basis::Direct });
        self.submit(None, verb).await.unwrap();
    }

    async fn play(&self, asked: &Asked) -> Result<Simulation, Stop<()>> {
        let (library, domain) = (self.engine.library(), self.engine.domain());
        let organisations = [self.engine.organisation(TENANT).await.unwrap()];
        let mut facts = Facts::default();
        for _ in 0..100 {
            let setting =
                Setting { domain: &**domain, library: &library, organisations: &organisations, tenant: TENANT };
            let needs: BTreeSet<_> = match simulate(setting, &facts, asked) {
                Ok(told) => return Ok(told),
                Err(Stop::Needs(needs)) => needs.into_iter().map(|need| (TENANT, need)).collect(),
                Err(Stop::Refused(refusal)) => return Err(Stop::Refused(refusal)),
                Err(Stop::Keys(keys)) => return Err(Stop::Keys(keys)),
                Err(Stop::Nothing) => return Err(Stop::Nothing),
            };
            let mut reader = self.engine.store().reader().await.unwrap();
            domain.load(reader.connection(), &needs, &mut facts).await.unwrap();
        }
        panic!("it asks for rows without end");
    }

    async fn instances(&self) -> Vec<Instance> {
        let page = InstancePage::all(TENANT, 100);
        self.engine.store().instances(&page).await.unwrap()
    }

    /// Who may act now in which step, and the task of each step.
    async fn open(&self) -> (BTreeSet<String>, BTreeMap<String, (TaskId, String)>) {
        let organisation = self.engine.organisation(TENANT).await.unwrap();
        let (mut who, mut tasks) = (BTreeSet::new(), BTreeMap::new());
        for instance in self.instances().await.into_iter().filter(|instance| instance.status != Status::Final) {
            let definition = self.engine.definition_of(&instance).await.unwrap().unwrap();
            for task in summaries(&definition, &instance, &organisation, self.now) {
                for seat in task.open {
                    let place = seat.on_behalf_of.map_or(String::new(), |holder| format!(" for {holder}"));
                    who.insert(format!("{} {} {}: {}{place}", instance.workflow, task.state, seat.step, seat.person));
                    tasks.insert(format!("{} {}", task.state, seat.step), (task.id, task.etag.clone()));
                    tasks.insert(seat.step.to_string(), (task.id, task.etag.clone()));
                }
            }
        }
        (who, tasks)
    }
}

/// Who is asked, as [`Company::open`] has it: the open steps of a simulation in which nobody answers.
fn asked_now(told: &Simulation) -> BTreeSet<String> {
    let open = told.asked.iter().filter(|step| step.status == "open");
    let of = |step: &fluxor_engine::simulate::AskedStep| {
        let in_turn = if step.quorum.ends_with("one after another") { 1 } else { usize::MAX };
        // Of those who are asked one after another, it is the turn of the first and of whoever stands in for him.
        let first = step.people.first().map(|one| one.person.clone());
        let turn = |one: &&fluxor_engine::simulate::PersonAsked| {
            in_turn > 1 || Some(one.on_behalf_of.as_ref().unwrap_or(&one.person)) == first.as_ref()
        };
        let name = |one: &fluxor_engine::simulate::PersonAsked| {
            let place = one.on_behalf_of.as_ref().map_or(String::new(), |holder| format!(" for {holder}"));
            format!("{} {} {}: {}{place}", step.workflow, step.state, step.step, one.person)
        };
        step.people.iter().filter(turn).map(name).collect::<Vec<_>>()
    };
    open.flat_map(of).collect()
}

/// Does in the engine what a simulation says that people do, and compares the state after each step, and who is asked first.
async fn compare(company: &mut Company, asked: &Asked) -> Option<Simulation> {
    let silent = Asked { answers: [("*".into(), Answer::None)].into(), ..asked.clone() };
    let first = match company.play(&silent).await {
        Ok(told) => told,
        Err(Stop::Refused(refusal)) => {
            let verb = Verb::Start { workflow: asked.workflow.clone(), key: None, input: asked.input.clone() };
            let refused = company.submit(Some(asked.starter.as_str()), verb).await;
            let Err(NotDone::Refused(real)) = refused else { panic!("{refusal:?} and {refused:?}") };
            assert_eq!(real.code(), refusal.code());
            return None;
        }
        Err(other) => panic!("{other:?}"),
    };
    let whole = company.play(asked).await.unwrap();
    assert_eq!(whole.path[..first.path.len()], first.path, "answers change nothing before they are given");
    let mut main = None;
    for (number, step) in whole.path.iter().enumerate().filter(|(_, step)| !["engine", "time"].contains(&&*step.by)) {
        if number == first.path.len() {
            assert_eq!(company.open().await.0, asked_now(&first), "who is asked first: {first:?}");
        }
        let verb = match (main, step.what.strip_prefix("approve in ")) {
            (None, _) => Verb::Start { workflow: asked.workflow.clone(), key: None, input: asked.input.clone() },
            (Some(_), Some(place)) => vote(company, place).await,
            (Some(instance), None) => signal(instance, &step.what),
        };
        let done = company.submit(Some(&step.by), verb).await.unwrap_or_else(|why| panic!("{step:?}: {why:?}"));
        main = main.or(done.answer.instance);
        same_state(company, &whole.path[number..]).await;
        // Nobody listens to messages here: the operator says that one has gone out.
        for told in whole.path[number + 1..].iter().take_while(|next| &*next.by == "engine") {
            if let Some(instance) = main.filter(|_| told.what == "is told: sent" && told.workflow == asked.workflow) {
                company.submit(None, signal(instance, "sent")).await.unwrap();
            }
        }
    }
    if whole.path.len() == first.path.len() && first.end.kind != EndKind::Refused {
        assert_eq!(company.open().await.0, asked_now(&first), "who is asked first: {first:?}");
    }
    Some(whole)
}

fn signal(instance: InstanceId, event: &str) -> Verb {
    Verb::Signal { instance, event: event.into(), payload: Document::new(), reason: None, state_revision: None }
}

async fn vote(company: &Company, place: &str) -> Verb {
    let (step, holder) = place.split_once(" for ").map_or((place, None), |(step, holder)| (step, Some(holder)));
    let (task, etag) = company.open().await.1[step].clone();
    let on_behalf_of = holder.map(PersonId::from);
    Verb::Decide {
        task,
        etag: Some(etag),
        act: Vote::Approve(Ballot { step: step.into(), on_behalf_of, ..Ballot::default() }),
    }
}

/// After the first step the workflow's instance is in the state that was foretold, or where the engine itself goes on to from there.
async fn same_state(company: &Company, path: &[PathStep]) {
    let step = &path[0];
    let by_itself = path[1..].iter().take_while(|next| &*next.by == "engine" && next.workflow == step.workflow);
    let foretold: Vec<&str> = [step].into_iter().chain(by_itself).map(|next| next.to.as_str()).collect();
    let all = company.instances().await;
    let found: Vec<String> =
        all.iter().filter(|one| one.workflow == step.workflow).map(|one| one.inside().join(", ")).collect();
    assert!(found.iter().any(|state| foretold.contains(&state.as_str())), "{path:?}: {found:?}");
}

#[tokio::test]
async fn what_is_said_of_the_shipped_scenarios_is_what_is_done() {
    let domain = Arc::new(Procurement::new());
    let library = library(&domain);
    let mut asked_somebody = 0;
    for path in scenarios() {
        let text = std::fs::read_to_string(&path).unwrap();
        let at = text.lines().find_map(|line| line.strip_prefix("now ")).unwrap();
        let now = Timestamp::parse(at.trim()).unwrap();
        let mut company = Company::new(library.clone(), domain.clone(), now).await;
        for line in text.lines() {
            let done = line.strip_prefix("> ").unwrap_or(line);
            if let Some(file) = line.strip_prefix("organisation ") {
                let json = std::fs::read_to_string(path.parent().unwrap().join(file.trim())).unwrap();
                company.organisation(&serde_json::from_str(&json).unwrap()).await;
            } else if let Some(Ok(patch)) = done.strip_prefix("organisation ").map(serde_json::from_str) {
                // Some scenarios show that it is refused.
                let verb = Verb::Change(Change::Organisation { patch, basis: Basis::Direct });
                let _ = company.submit(None, verb).await;
            } else if let Some(rest) = line.strip_prefix("> record ") {
                record(&mut company, rest).await;
            } else if let Some(rest) = line.strip_prefix("> start ") {
                asked_somebody += usize::from(started(&mut company, rest).await);
                break;
            }
        }
        company.engine.shutdown(Duration::from_secs(5)).await;
    }
    assert!(asked_somebody > 10, "{asked_somebody}");
}

async fn record(company: &mut Company, rest: &str) {
    let mut words = rest.splitn(4, ' ');
    let mut next = || words.next().unwrap().to_owned();
    let (kind, key, action) = (next(), next(), next());
    let params = serde_json::from_str(&next()).unwrap();
    let change = Change::Record { kind: kind.into(), key: key.into(), action: action.into(), params };
    // Some scenarios show that it is refused.
    let _ = company.submit(None, Verb::Change(change)).await;
}

/// Whether somebody was asked.
async fn started(company: &mut Company, rest: &str) -> bool {
    // What the operator starts is nobody's.
    let Some((workflow, rest)) = rest.split_once(" as ") else { return false };
    let workflow = workflow.split_once(" key ").map_or(workflow, |(workflow, _)| workflow);
    let person = rest.split(' ').next().unwrap();
    let input = rest.find('{').map_or_else(Document::new, |at| serde_json::from_str(&rest[at..]).unwrap());
    let asked = Asked { input, ..Asked::new(workflow.into(), person.into(), company.now) };
    compare(company, &asked).await.is_some_and(|told| !told.asked.is_empty())
}

/// A company: people of whom each is led by an earlier one or by nobody, some gone, some with limits and substitutes.
fn a_company() -> impl Strategy<Value = Json> {
    let person = (any::<Option<u8>>(), prop::bool::weighted(0.85), prop::option::of(1_u32..5_000));
    let pair = (0..8_usize, 0..8_usize);
    let all =
        (prop::collection::vec(person, 8), prop::collection::vec(pair, 0..4), prop::collection::vec(0..8_usize, 0..4));
    all.prop_map(|(people, pairs, buyers)| {
        let id = |n: usize| format!("p{n}");
        let person = |(n, (manager, active, limit)): (usize, &(Option<u8>, bool, Option<u32>))| {
            let mut person = json!({ "id": id(n), "active": *active || n == 7 });
            if let Some(manager) = manager.filter(|_| n > 0) {
                person["manager"] = json!(id(usize::from(manager) % n));
            }
            if let Some(limit) = limit {
                person["limits"] = json!([{ "amount": format!("{limit}.00 EUR") }]);
            }
            person
        };
        let pairs = pairs.into_iter().filter(|(a, b)| a != b);
        let substitutes: Vec<Json> = pairs.map(|(a, b)| json!({ "person": id(a), "substitute": id(b) })).collect();
        let buyers: BTreeSet<String> = buyers.into_iter().map(id).collect();
        json!({
            "zone": "Europe/Berlin", "rates": { "EUR": "1" }, "substitutes": substitutes,
            "people": people.iter().enumerate().map(person).collect::<Vec<_>>(),
            "units": [{ "id": "it", "roles": { "buyer": buyers, "finance": buyers } }],
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn what_is_said_of_random_companies_is_what_is_done(people in a_company(), price in 1_u32..4_000, order in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let domain = Arc::new(Procurement::new());
            let now = Timestamp::parse("2026-03-02T08:00:00Z").unwrap();
            let mut company = Company::new(library(&domain), domain.clone(), now).await;
            company.organisation(&people).await;
            let line = json!({ "item": "desk", "quantity": "1", "unit": "pcs", "price": format!("{price}.00 EUR") });
            let (workflow, input) = match order {
                true => ("purchase_order", json!({ "requester": "p7", "supplier": "Acme", "unit": "it", "lines": [line] })),
                false => ("requisition", json!({ "amount": format!("{price}.00 EUR"), "unit": "it", "urgent": false, "what": "a chair" })),
            };
            let asked = Asked { input: object(&input), ..Asked::new(workflow.into(), "p7".into(), now) };
            compare(&mut company, &asked).await;
            company.engine.shutdown(Duration::from_secs(5)).await;
        });
    }
}
