//! What starts by itself: once for each due instant, whatever the clock, the replicas and the zone do; and the ways to
//! begin that a definition lists.

use fluxor_engine::clock::{Clock as _, Timestamp};
use fluxor_engine::command::Verb;
use fluxor_engine::store::{MemoryStore, Options, PostgresStore, SqliteStore, Store};
use fluxor_tests::counter::MIGRATIONS;
use fluxor_tests::databases::Fresh;
use fluxor_tests::family::Family;
use serde_json::json;

use crate::children::House;

const WISH: &str = r#"workflow: wish
version: 1
subject: { name: wish, fields: { requester: person, rows: int } }
start:
  - { if: wish.rows == 0, to: nothing }
  - { if: wish.rows > 5 && wish.rows < 10, by: wish.requester, to: asked }
  - { if: wish.rows < 10, to: granted, do: [{ count: { name: '"wishes"' } }] }
schedules:
  nightly: { cron: "30 2 * * *", zone: Europe/Berlin, as: { role: planner, unit: purchasing }, input: { rows: 0 } }
states:
  asked: { on: { grant: granted } }
  granted: { final: true }
  nothing: { final: true }
"#;

const HOUR: i64 = 3_600_000_000;

fn planners(people: &[&str]) -> serde_json::Value {
    json!({ "units": [{ "id": "purchasing", "roles": { "planner": people } }] })
}

async fn keys<S: Store<Family>>(house: &House<S>) -> Vec<String> {
    house.instances().await.values().filter_map(|i| i.key.as_deref().map(str::to_owned)).collect()
}

async fn nights<S: Store<Family>>(store: S, at: &str, expected: &[&str]) {
    let domain = Family::new();
    let mut house = House::with(store, domain, at, &[("wish", WISH)]).await;
    house.organisation(planners(&["bob", "ann"])).await;
    for _ in 0..24 * expected.len() {
        house.engine.schedule_once().await.unwrap();
        house.clock.advance_micros(HOUR);
    }
    let expected: Vec<String> = expected.iter().map(|due| format!("nightly@{due}")).collect();
    assert_eq!(keys(&house).await, expected);
    for instance in house.instances().await.values() {
        assert_eq!((&instance.subject["requester"], &*instance.state), (&json!("ann"), "nothing"));
        let entry = &house.entries(instance.id.into()).await[0];
        let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
        // Due and done are both in the entry: that is the lateness.
        let due = Timestamp::parse(instance.key.as_deref().unwrap().strip_prefix("nightly@").unwrap()).unwrap();
        assert_eq!(body["timers"], json!([["nightly", due.micros()]]));
        assert!(entry.at >= due && entry.at.micros() - due.micros() < HOUR, "{} {due}", entry.at);
        assert_eq!(&*entry.parsed().unwrap().actor_kind, "timer");
    }
    house.end().await;
}

const SPRING: (&str, &[&str]) = (
    "2026-03-27T12:10:00Z",
    &["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"],
);
const AUTUMN: (&str, &[&str]) =
    ("2026-10-23T12:10:00Z", &["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);

#[tokio::test]
async fn one_start_a_night_on_memory() {
    for (at, expected) in [SPRING, AUTUMN] {
        nights(MemoryStore::new(Family::new()), at, expected).await;
    }
}

#[tokio::test]
async fn one_start_a_night_on_sqlite() {
    for (at, expected) in [SPRING, AUTUMN] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nights.db");
        let store = SqliteStore::open(Family::new(), file, MIGRATIONS, &Options::default()).await.unwrap();
        nights(store, at, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_start_a_night_with_two_engines() {
    let Some(fresh) = Fresh::new("one_start_a_night").await else { return };
    let mut houses = Vec::new();
    for _ in 0..2 {
        let domain = Family::new();
        let options = Options { lanes: 2, ..Options::default() };
        let store = PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap();
        houses.push(House::with(store, domain, SPRING.0, &[("wish", WISH)]).await);
    }
    houses[0].organisation(planners(&["ann"])).await;
    for _ in 0..24 * SPRING.1.len() {
        let (one, other) = tokio::join!(houses[0].engine.schedule_once(), houses[1].engine.schedule_once());
        assert!(one.unwrap() + other.unwrap() <= 1, "one of them starts it");
        houses.iter().for_each(|house| house.clock.advance_micros(HOUR));
    }
    assert_eq!(keys(&houses[0]).await.len(), SPRING.1.len());
    for house in houses {
        house.end().await;
    }
    fresh.remove().await;
}

/// A first deployment does not do what yesterday was due; a server that was down makes up for the latest only.
#[tokio::test]
async fn what_was_missed_is_made_up_for_once() {
    let domain = Family::new();
    let store = MemoryStore::new(domain.clone());
    let mut house = House::with(store.clone(), domain, "2026-06-01T12:00:00Z", &[("wish", WISH)]).await;
    house.organisation(planners(&["ann"])).await;
    assert_eq!(house.engine.schedule_once().await.unwrap(), 0, "not what was due before it was there");
    let now = house.clock.now().plus_micros(80 * HOUR).to_string();
    house.end().await;
    let later = House::with(store, Family::new(), &now, &[("wish", WISH)]).await;
    assert_eq!(later.engine.schedule_once().await.unwrap(), 1);
    assert_eq!(later.engine.schedule_once().await.unwrap(), 0);
    assert_eq!(keys(&later).await, ["nightly@2026-06-04T00:30:00Z"]);
    later.end().await;
}

#[tokio::test]
async fn nobody_to_ask_is_tried_again() {
    let domain = Family::new();
    let mut house =
        House::with(MemoryStore::new(domain.clone()), domain, "2026-06-01T12:00:00Z", &[("wish", WISH)]).await;
    house.engine.schedule_once().await.unwrap();
    house.clock.advance_micros(24 * HOUR);
    assert_eq!(house.engine.schedule_once().await.unwrap(), 0, "nobody holds the role");
    house.organisation(planners(&["bob"])).await;
    assert_eq!(house.engine.schedule_once().await.unwrap(), 1);
    house.end().await;
}

/// The engine looks by itself where it drives.
#[tokio::test]
async fn a_driven_engine_starts_by_itself() {
    use std::sync::Arc;
    use std::time::Duration;

    use fluxor_engine::runtime::{Engine, Options};

    let domain = Family::new();
    let store = MemoryStore::new(domain.clone());
    let mut house = House::with(store.clone(), domain.clone(), "2026-06-01T12:00:00Z", &[("wish", WISH)]).await;
    house.organisation(planners(&["ann"])).await;
    house.engine.schedule_once().await.unwrap();
    house.clock.advance_micros(24 * HOUR);
    let options = Options { poll: Duration::from_millis(5), database_clock: false, ..Options::default() };
    let library = domain.library(&[("wish", WISH)]);
    let clock: Arc<dyn fluxor_engine::clock::Clock> = house.clock.clone();
    let driven = Engine::start(domain, store, library, clock, options).await.unwrap();
    for _ in 0..500 {
        if !keys(&house).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(keys(&house).await, ["nightly@2026-06-02T00:30:00Z"]);
    driven.shutdown(Duration::from_secs(5)).await;
    house.end().await;
}

#[tokio::test]
async fn the_first_way_that_holds_and_fits_is_taken() {
    let domain = Family::new();
    let mut house =
        House::with(MemoryStore::new(domain.clone()), domain, "2026-06-01T12:00:00Z", &[("wish", WISH)]).await;
    let verb = |rows: i64| Verb::Start {
        workflow: "wish".into(),
        key: None,
        input: json!({ "rows": rows }).as_object().cloned().unwrap(),
    };
    for (rows, state) in [(0, "nothing"), (3, "granted"), (7, "asked")] {
        let id = house.started("ann", verb(rows)).await;
        assert_eq!(&*house.instances().await[&id].state, state, "{rows}");
    }
    let none = house.refused("ann", verb(10)).await;
    assert_eq!(none.code(), "refused_by_definition");
    let held = "`wish.rows == 0` or `wish.rows > 5 && wish.rows < 10` or `wish.rows < 10`";
    assert_eq!(none.sentence(), format!("This does not fit: a `wish` begins only where {held} holds."));
    assert_eq!(house.refused("ann", verb(11)).await.code(), "refused_by_definition");
    house.end().await;
}
