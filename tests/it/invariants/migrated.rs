//! Migrations in random histories: whatever pair of definitions and whatever mapping, the rows stay sound (1, 2, 11), nobody
//! decides who may not (5), and no decision is gained: what stands behind an approval was approved by the rules of then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::command::{Actor, Verb};
use fluxor_engine::ids::{InstanceId, TaskId};
use fluxor_engine::instance::{Instance, Status, TaskStatus};
use fluxor_engine::runtime::{Asking, Cursor, NotDone, Subjects};
use fluxor_engine::store::Store as _;
use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite, instances};
use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::invariants::play::HOUR;
use fluxor_tests::invariants::rows::entries;
use fluxor_tests::invariants::stage::{Stage, signal};
use fluxor_tests::scenario::TENANT;
use serde_json::{Value as Json, json};

/// One step of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    name: &'static str,
    people: Vec<&'static str>,
    need: usize,
}

/// A definition in words of its own.
#[derive(Clone, Debug)]
struct Shape {
    version: u32,
    review: &'static str,
    steps: Vec<Rule>,
    /// A second approval on the way.
    board: bool,
    ordered: &'static str,
    hours: usize,
}

fn rule(dice: &mut Dice, name: &'static str) -> Rule {
    let all = ["p2", "p3", "p4", "p5"];
    let people: Vec<_> = all.into_iter().filter(|_| dice.chance(70)).collect();
    let people = if people.is_empty() { all.to_vec() } else { people };
    let need = 1 + dice.below(people.len());
    Rule { name, people, need }
}

impl Shape {
    fn draw(dice: &mut Dice) -> Self {
        let mut steps = vec![rule(dice, "one")];
        if dice.chance(60) {
            steps.push(rule(dice, "two"));
        }
        let hours = dice.one(&[3, 5]);
        Self { version: 1, review: "review", steps, board: false, ordered: "ordered", hours }
    }

    /// Another version: mostly little is different.
    fn next(&self, dice: &mut Dice) -> Self {
        let mut next = Self { version: 2, ..self.clone() };
        if dice.chance(40) {
            next.review = "checking";
        }
        if dice.chance(30) {
            next.ordered = "waiting";
        }
        if dice.chance(40) {
            let at = dice.below(next.steps.len());
            next.steps[at] = Rule { name: next.steps[at].name, ..rule(dice, "any") };
        }
        if dice.chance(30) {
            next.steps[0].name = "first";
        }
        next.board = dice.chance(25);
        next.hours = dice.one(&[3, 5, 9]);
        next
    }

    fn yaml(&self) -> String {
        let Self { version, review, ordered, hours, .. } = self;
        let step = |(at, rule): (usize, &Rule)| {
            let order = at + 1;
            let Rule { name, people, need } = rule;
            let people = people.join(", ");
            format!(
                "        - {{ name: {name}, order: {order}, who: [{{ person: [{people}] }}], quorum: {{ count: {need} }} }}\n"
            )
        };
        let steps: String = self.steps.iter().enumerate().map(step).collect();
        let (behind, board) = match self.board {
            false => (*ordered, String::new()),
            true => (
                "board",
                format!(
                    "  board:\n    approval: {{ steps: [{{ name: b, who: [{{ person: [p6] }}] }}] }}\n    on: {{ approved: {ordered}, \
                     rejected: refused, changes_requested: draft }}\n"
                ),
            ),
        };
        format!(
            "workflow: doc\nversion: {version}\nsubject: {{ name: doc, fields: {{ requester: person }} }}\nstart: draft\nstates:\n  \
             draft: {{ on: {{ submit: {review} }} }}\n  {review}:\n    approval:\n      steps:\n{steps}    on: {{ approved: {behind}, \
             rejected: refused, changes_requested: draft }}\n{board}  {ordered}: {{ on: {{ again: {review}, finish: done }}, after: {{ \
             in: {hours} hours, to: late }} }}\n  late: {{ on: {{ finish: done }} }}\n  done: {{ final: true }}\n  refused: {{ final: \
             true }}\n"
        )
    }

    fn is_behind(&self, state: &str) -> bool {
        [self.ordered, "late", "done"].contains(&state)
    }
}

/// A mapping: mostly the one that fits, sometimes one that would lead past an approval or leaves something out.
#[derive(Debug)]
struct Map {
    states: BTreeMap<&'static str, &'static str>,
    steps: BTreeMap<&'static str, &'static str>,
}

impl Map {
    fn draw(dice: &mut Dice, old: &Shape, new: &Shape) -> Self {
        let mut states = BTreeMap::new();
        for (from, to) in [(old.review, new.review), (old.ordered, new.ordered)] {
            if from != to && dice.chance(85) {
                states.insert(from, to);
            }
        }
        if new.board && dice.chance(60) {
            states.insert(old.ordered, "board");
        }
        match dice.below(10) {
            0 => drop(states.insert("draft", new.ordered)),
            1 => drop(states.insert(old.review, new.ordered)),
            2 => drop(states.insert(old.review, "draft")),
            3 => drop(states.insert(old.ordered, new.review)),
            _ => {}
        }
        let renamed = old.steps[0].name != new.steps[0].name && dice.chance(80);
        let steps = renamed.then_some((old.steps[0].name, new.steps[0].name)).into_iter().collect();
        Self { states, steps }
    }

    fn text(&self) -> String {
        let pairs =
            |all: &BTreeMap<&str, &str>| all.iter().map(|(a, b)| format!("{a}: {b}")).collect::<Vec<_>>().join(", ");
        format!("migrate: doc\nstates: {{ {} }}\nsteps: {{ {} }}\n", pairs(&self.states), pairs(&self.steps))
    }

    /// The rules of an old review, by the names of now.
    fn renamed(&self, steps: &[Rule]) -> Vec<Rule> {
        let named =
            |rule: &Rule| Rule { name: self.steps.get(rule.name).copied().unwrap_or(rule.name), ..rule.clone() };
        steps.iter().map(named).collect()
    }

    /// The state whose review goes on in the new review, by the mapping or by its own path.
    fn review_goes_on(&self, old: &Shape, new: &Shape) -> bool {
        let image = self.states.get(old.review).copied().unwrap_or(old.review);
        image == new.review || old.review == new.review
    }
}

/// What is known of an instance's approvals, read from its entries without the engine's own judging.
#[derive(Default)]
struct Known {
    votes: BTreeMap<String, BTreeSet<String>>,
    /// The rules by which the review was approved last.
    approved: Option<Vec<Rule>>,
    /// Whether the second approval was given.
    board: bool,
}

impl Known {
    fn suffices(&self, rules: &[Rule]) -> bool {
        rules.iter().all(|rule| {
            let none = BTreeSet::new();
            let votes = self.votes.get(rule.name).unwrap_or(&none);
            votes.iter().filter(|who| rule.people.contains(&who.as_str())).count() >= rule.need
        })
    }
}

/// Whatever was approved was approved by those who had to, and a migration has led nobody past it.
fn judge(all: &[fluxor_engine::audit::Entry], old: &Shape, new: &Shape, map: &Map) {
    let (mut known, mut now) = (Known::default(), old);
    for entry in all {
        let header = entry.parsed().unwrap();
        let body: Json = serde_json::from_str(&entry.body).unwrap();
        let (from, to) = (header.from.as_deref().unwrap_or(""), header.to.as_deref().unwrap_or(""));
        if &*header.verb == "migrate" {
            assert!(body["acted"].is_null() && body["walked"].is_null(), "a migration does nothing: {body}");
            assert_eq!(body["request"]["definitions"][1], json!(header.definition.unwrap()));
            assert!(!new.is_behind(to) || old.is_behind(from), "{from} -> {to} leads past the approval");
            assert!(!(new.board && new.is_behind(to)), "nobody on the board was ever asked");
            if map.renamed(&old.steps) != new.steps || !map.review_goes_on(old, new) {
                known.votes.clear();
            }
            let votes = std::mem::take(&mut known.votes).into_iter();
            let name = |step: String| map.steps.get(&*step).map_or(step, |name| (*name).to_owned());
            known.votes = votes.map(|(step, who)| (name(step), who)).collect();
            if !new.is_behind(to) && to != "board" {
                known.board = false;
            }
            now = new;
            continue;
        }
        for act in body["acted"].as_array().into_iter().flatten().filter(|act| act["act"] == "approve") {
            let (person, step) = (act["person"].as_str().unwrap(), act["right"]["seat"]["step"].as_str().unwrap());
            if step == "b" {
                assert_eq!(person, "p6");
                known.board = true;
                continue;
            }
            let rule = now.steps.iter().find(|rule| rule.name == step).expect("a step of the definition");
            assert!(rule.people.contains(&person), "{person} is none of {rule:?}");
            known.votes.entry(step.to_owned()).or_default().insert(person.to_owned());
        }
        let past = |state: &str| now.is_behind(state) || (now.board && state == "board");
        if from == now.review && past(to) {
            assert!(known.suffices(&now.steps), "{:?} do not suffice for {:?}", known.votes, now.steps);
            known.approved = Some(now.steps.clone());
        }
        if header.event.as_deref() == Some("again") && past(to) {
            let by = known.approved.clone().map(|rules| if now.version == 2 { map.renamed(&rules) } else { rules });
            let fits = known.approved.as_ref() == Some(&now.steps) || by.as_ref() == Some(&now.steps);
            assert!(fits, "it was approved by {by:?}, and {:?} are the rules", now.steps);
        }
        if from == "board" && now.is_behind(to) {
            assert!(known.board, "nobody on the board has approved");
        }
        if header.event.as_deref() == Some("again") && to == now.review {
            known.votes.clear();
        }
    }
}

async fn act<B: Bench>(stage: &mut Stage<B>, dice: &mut Dice, story: &mut Story, seen: &mut BTreeMap<TaskId, String>) {
    let store = stage.bench.store().await;
    let live: Vec<Instance> =
        instances(&store).await.into_values().filter(|i| i.status != Status::Final && &*i.workflow == "doc").collect();
    if live.is_empty() {
        return;
    }
    if dice.chance(12) {
        stage.clock.advance_micros(HOUR * 2);
        while stage.engines[0].drive_once().await.unwrap() > 0 {}
        return;
    }
    let instance = dice.one(&live);
    let open = instance.tasks.iter().find(|task| task.status == TaskStatus::Open);
    let (by, verb) = match open {
        Some(task) => {
            let holders: Vec<_> = task.holders.clone();
            let (person, step) = match holders.is_empty() || dice.chance(15) {
                true => (dice.one(&["p0", "p2", "p6"]).to_owned(), dice.one(&["one", "two", "first", "b"]).into()),
                false => {
                    let holder = dice.one(&holders);
                    (holder.person.to_string(), holder.step)
                }
            };
            let etag = match seen.get(&task.id).filter(|_| dice.chance(20)) {
                Some(old) => old.clone(),
                None => task.etag(),
            };
            seen.entry(task.id).or_insert_with(|| task.etag());
            let ballot = Ballot { step, reason: Some("because".into()), ..Ballot::default() };
            let act = if dice.chance(92) { Act::Approve(ballot) } else { Act::Reject(ballot) };
            (person, Verb::Decide { task: task.id, etag: Some(etag), act })
        }
        None => {
            let event = dice.one(&["submit", "again", "again", "finish"]);
            ("p1".to_owned(), signal(instance.id, event))
        }
    };
    story.tell(format!("{by} {verb:?}"));
    match stage.submit(&by, verb).await {
        Ok(_) | Err(NotDone::Refused(_)) => {}
        Err(other) => panic!("{other}"),
    }
}

/// Everything of the workflow, page by page: what is foreseen is what comes, and a second time there is nothing left.
async fn migrate<B: Bench>(stage: &mut Stage<B>, story: &mut Story, map: &str) -> usize {
    let engine = stage.engines[0].clone();
    let bound = match engine.mapping(map, false).await.unwrap() {
        Ok(bound) => bound,
        Err(found) => {
            story.tell(format!("refused: {found:?}"));
            return 0;
        }
    };
    let actor = Actor::Person { id: "p7".into(), via: "test".into(), administrator: true };
    let asking = Asking { tenant: TENANT, actor, mapping: bound.mapping.clone(), reason: "because".to_owned() };
    let refused: Arc<str> = "p2".into();
    let nobody = Asking {
        actor: Actor::Person { id: (*refused).into(), via: "test".into(), administrator: false },
        ..asking.clone()
    };
    assert!(
        matches!(engine.migrate(&nobody, Subjects::After(Cursor::default(), 2)).await, Err(NotDone::Refused(r)) if r.on_authority())
    );
    let mut moved = 0;
    for turn in 0..2 {
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let before = stage.bench.dump().await;
            let foreseen = engine.foresee_migrations(&asking, Subjects::After(at, 3)).await.unwrap();
            assert_eq!(stage.bench.dump().await, before, "looking ahead writes nothing");
            let came = engine.migrate(&asking, Subjects::After(at, 3)).await.unwrap();
            for (told, done) in foreseen.items.iter().zip(&came.items) {
                story.tell(format!("{} {}: {:?}", told.instance, told.state, told.came));
                assert_eq!((told.instance, told.came.as_ref().err()), (done.instance, done.came.as_ref().err()));
                let row = engine.store().instance(TENANT, told.instance).await.unwrap().unwrap();
                match &told.came {
                    Ok(told) => {
                        assert_eq!((told.to.as_slice(), row.definition), (row.inside(), bound.mapping.to));
                        moved += 1;
                        assert_eq!(turn, 0, "what has moved is not moved again");
                    }
                    _ => assert_ne!(row.definition, bound.mapping.to),
                }
            }
            cursor = came.next;
        }
    }
    moved
}

async fn migrated<B: Bench>(few: u64, many: u64) {
    let (mut moved, mut all) = (0, 0);
    for seed in seeds(few, many) {
        let mut dice = Dice::new(seed);
        let old = Shape::draw(&mut dice);
        let new = old.next(&mut dice);
        let map = Map::draw(&mut dice, &old, &new);
        let Some(mut stage) = Stage::<B>::new("doc", &old.yaml(), 1).await else { return };
        let mut story = Story::new(&format!("migrations on {}", B::NAME), seed);
        for told in [old.yaml(), new.yaml(), map.text()] {
            story.tell(told);
        }
        let mut ids: Vec<InstanceId> = Vec::new();
        let mut seen = BTreeMap::new();
        for _ in 0..6 {
            ids.push(stage.start("p1", "doc", json!({})).await);
        }
        for _ in 0..dice.one(&[10, 25, 40]) {
            act(&mut stage, &mut dice, &mut story, &mut seen).await;
        }
        stage.redefine("doc", &new.yaml()).await;
        moved += migrate(&mut stage, &mut story, &map.text()).await;
        all += ids.len();
        for _ in 0..30 {
            act(&mut stage, &mut dice, &mut story, &mut seen).await;
        }
        let store = stage.bench.store().await;
        for id in ids {
            judge(&entries(&store, id.into()).await, &old, &new, &map);
        }
        stage.end().await;
    }
    assert!(moved * 4 > all || std::env::var_os("FLUXOR_TEST_SEED").is_some(), "{moved} of {all} have moved");
}

#[tokio::test]
async fn no_decision_is_gained_by_migrating_on_memory() {
    migrated::<InMemory>(40, 600).await;
}

#[tokio::test]
async fn no_decision_is_gained_by_migrating_on_sqlite() {
    migrated::<OnSqlite>(4, 40).await;
}

#[tokio::test]
async fn no_decision_is_gained_by_migrating_on_postgres() {
    migrated::<OnPostgres>(4, 40).await;
}
