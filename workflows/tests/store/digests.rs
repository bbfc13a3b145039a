//! What waits for digests: whatever is put aside, taken, put off and sent, the three stores answer alike; and of two who want
//! to send one may.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_workflows::{DigestItem, claim_digest, digests_waiting, finish_digest, postpone_digest, put_digest_item};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::Db;

const DAY: i64 = 86_400_000_000;

/// A step of a history; each happens a little later than the one before.
#[derive(Clone, Debug)]
enum Step {
    Put { id: u128, at: i64 },
    Claim { batch: u128, most: i64 },
    Finish { batch: u128 },
    Postpone { batch: u128 },
    Wait(i64),
}

#[derive(Clone, Debug)]
struct Beat {
    tenant: TenantId,
    person: PersonId,
    step: Step,
}

fn beat() -> impl Strategy<Value = Beat> {
    let batch = || 100..104_u128;
    let step = prop_oneof![
        5 => (0..8_u128, 0..5_i64).prop_map(|(id, at)| Step::Put { id, at }),
        4 => (batch(), 0..4_i64).prop_map(|(batch, most)| Step::Claim { batch, most }),
        3 => batch().prop_map(|batch| Step::Finish { batch }),
        2 => batch().prop_map(|batch| Step::Postpone { batch }),
        1 => prop_oneof![Just(50_i64), Just(3 * DAY)].prop_map(Step::Wait),
    ];
    let person = prop::sample::select(vec!["ann", "Ärger 'x'", "b/c"]);
    (1..3_i64, person, step).prop_map(|(tenant, person, step)| Beat {
        tenant: TenantId(tenant),
        person: person.into(),
        step,
    })
}

/// One step, and all that can be asked then.
async fn take(db: &mut Db, beat: &Beat, now: Timestamp) -> String {
    let whose = (beat.tenant, &beat.person);
    let mut told = String::new();
    match &beat.step {
        Step::Put { id, at } => {
            let item = DigestItem {
                tenant: beat.tenant,
                person: beat.person.clone(),
                id: Uuid::from_u128(*id),
                instance: InstanceId(Uuid::from_u128(*id + 1000)),
                at: Timestamp::from_micros(*at),
                payload: format!("{{\"n\":{at}}}"),
            };
            put_digest_item(db.connection(), &item).await.unwrap();
        }
        Step::Claim { batch, most } => {
            let until = now.plus_micros(20);
            let claim =
                claim_digest(db.connection(), whose, Uuid::from_u128(*batch), (now, until), *most).await.unwrap();
            told = format!("{claim:?}");
        }
        Step::Finish { batch } => {
            finish_digest(db.connection(), whose, Uuid::from_u128(*batch), now).await.unwrap();
        }
        Step::Postpone { batch } => {
            let until = now.plus_micros(30);
            postpone_digest(db.connection(), whose, Uuid::from_u128(*batch), until).await.unwrap();
        }
        Step::Wait(_) => {}
    }
    let all = digests_waiting(db.connection(), now, None, 10).await.unwrap();
    let first = digests_waiting(db.connection(), now, None, 1).await.unwrap();
    let after = first.first().map(|one| (one.tenant, &one.person));
    let rest = digests_waiting(db.connection(), now, after, 10).await.unwrap();
    assert_eq!([first.clone(), rest].concat(), all, "pages are the list");
    format!("{told} {all:?}")
}

#[test]
fn all_stores_put_aside_and_take_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let run = runner.run(&prop::collection::vec(beat(), 1..25), |beats| {
        let mut all = all.borrow_mut();
        runtime.block_on(async {
            let mut answers: Vec<Vec<String>> = Vec::new();
            for db in all.iter_mut() {
                db.empty().await;
                let mut told = Vec::new();
                let mut now = Timestamp::from_micros(1_000);
                for beat in &beats {
                    now = now.plus_micros(if let Step::Wait(micros) = beat.step { micros } else { 5 });
                    told.push(take(db, beat, now).await);
                }
                answers.push(told);
            }
            for (place, other) in answers.iter().enumerate().skip(1) {
                prop_assert_eq!(&answers[0], other, "store {}", place);
            }
            Ok(())
        })
    });
    run.unwrap();
}

fn item(id: u128) -> DigestItem {
    DigestItem {
        tenant: TenantId(1),
        person: "ann".into(),
        id: Uuid::from_u128(id),
        instance: InstanceId(Uuid::from_u128(1)),
        at: Timestamp::from_micros(i64::try_from(id).unwrap()),
        payload: "{}".to_owned(),
    }
}

#[tokio::test]
async fn a_digest_keeps_its_name_until_it_is_sent_and_what_comes_again_is_known() {
    let ann = PersonId::from("ann");
    let at = Timestamp::from_micros;
    for mut db in Db::all().await {
        db.empty().await;
        let whose = (TenantId(1), &ann);
        for id in [2, 1, 2] {
            put_digest_item(db.connection(), &item(id)).await.unwrap();
        }
        let names = [Uuid::from_u128(7), Uuid::from_u128(8), Uuid::from_u128(9)];
        let claim = claim_digest(db.connection(), whose, names[0], (at(10), at(20)), 9).await.unwrap().unwrap();
        assert_eq!((claim.batch, claim.began, claim.items.len(), claim.more), (names[0], at(10), 2, 0));
        assert_eq!(claim.items[0], item(1), "oldest first");
        // Another server finds it taken; whoever comes when the lease is over sends the same mail, without what came since.
        assert_eq!(claim_digest(db.connection(), whose, names[1], (at(19), at(29)), 9).await.unwrap(), None);
        put_digest_item(db.connection(), &item(3)).await.unwrap();
        let again = claim_digest(db.connection(), whose, names[1], (at(20), at(30)), 1).await.unwrap().unwrap();
        assert_eq!((again.batch, again.began, again.items.len(), again.more), (names[0], at(10), 1, 1));
        finish_digest(db.connection(), whose, names[0], at(21)).await.unwrap();
        put_digest_item(db.connection(), &item(1)).await.unwrap();
        let next = claim_digest(db.connection(), whose, names[2], (at(22), at(30)), 9).await.unwrap().unwrap();
        assert_eq!((next.batch, next.items), (names[2], vec![item(3)]));
        // Whoever had the lease before changes nothing any more.
        finish_digest(db.connection(), whose, names[0], at(23)).await.unwrap();
        assert_eq!(claim_digest(db.connection(), whose, names[1], (at(24), at(30)), 9).await.unwrap(), None);
        // What was sent long ago is forgotten.
        finish_digest(db.connection(), whose, names[2], at(3 * DAY)).await.unwrap();
        put_digest_item(db.connection(), &item(1)).await.unwrap();
        let waiting = digests_waiting(db.connection(), at(3 * DAY), None, 10).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].since, waiting[0].begun), (1, at(1), false));
    }
}

#[tokio::test]
async fn of_two_servers_one_sends() {
    let Ok(url) = std::env::var("FLUXOR_TEST_POSTGRES") else {
        eprintln!("skipped on PostgreSQL: FLUXOR_TEST_POSTGRES is not set");
        return;
    };
    let schema = format!("digests_{}", std::process::id());
    let open = async || {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let path = format!("CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(path)).execute(&mut connection).await.unwrap();
        connection
    };
    let mut one = Db::Postgres(open().await);
    let notices = fluxor_workflows::MIGRATIONS.iter().find(|migration| migration.name == "notices").unwrap();
    one.run(notices.postgres).await;
    put_digest_item(one.connection(), &item(1)).await.unwrap();
    let mut other = Db::Postgres(open().await);
    let (ann, at) = (PersonId::from("ann"), Timestamp::from_micros);
    let whose = (TenantId(1), &ann);
    one.run("BEGIN").await;
    other.run("BEGIN").await;
    let first = claim_digest(one.connection(), whose, Uuid::from_u128(7), (at(10), at(20)), 9).await.unwrap();
    // The other one neither waits nor finds it.
    let second = claim_digest(other.connection(), whose, Uuid::from_u128(8), (at(10), at(20)), 9).await.unwrap();
    assert!(first.is_some() && second.is_none());
    one.run("COMMIT").await;
    other.run("COMMIT").await;
    let third = claim_digest(other.connection(), whose, Uuid::from_u128(8), (at(11), at(21)), 9).await.unwrap();
    assert_eq!(third, None);
    let gone = format!("DROP SCHEMA {schema} CASCADE");
    let Db::Postgres(connection) = &mut one else { unreachable!() };
    sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(connection).await.unwrap();
}
