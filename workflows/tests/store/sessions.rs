//! Sessions and links: whatever is begun, used and forgotten, the three stores answer alike.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_workflows::{
    LinkRow, Purpose, SessionRow, begin_session, end_session, end_sessions_of_key, forget_sessions, keep_link, link,
    session, session_seen, sessions_of, use_link,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Db;

/// A step of a history. Sessions and links are numbered: a number is used once.
#[derive(Clone, Debug)]
enum Step {
    Begin { tenant: i64, person: usize, began: i64, lasts: i64 },
    Seen { session: usize, tenant: i64, at: i64, revision: i64 },
    End { session: usize, tenant: i64, person: usize },
    EndOfKey { tenant: i64, key: i64 },
    Keep { tenant: i64, person: usize, lasts: i64, task: bool },
    Use { link: usize, at: i64 },
    Forget(i64),
}

const PEOPLE: [&str; 3] = ["ann", "Ärger 'x'", "b"];

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn step() -> impl Strategy<Value = Step> {
    let (tenant, person, number, instant) = (1..3_i64, 0..3_usize, 0..6_usize, 0..40_i64);
    prop_oneof![
        3 => (tenant.clone(), person.clone(), instant.clone(), 1..20_i64)
            .prop_map(|(tenant, person, began, lasts)| Step::Begin { tenant, person, began, lasts }),
        2 => (number.clone(), tenant.clone(), instant.clone(), 0..4_i64)
            .prop_map(|(session, tenant, at, revision)| Step::Seen { session, tenant, at, revision }),
        1 => (number.clone(), tenant.clone(), person.clone()).prop_map(|(session, tenant, person)| Step::End { session, tenant, person }),
        1 => (tenant.clone(), 0..4_i64).prop_map(|(tenant, key)| Step::EndOfKey { tenant, key }),
        3 => (tenant, person, 1..40_i64, any::<bool>()).prop_map(|(tenant, person, lasts, task)| Step::Keep { tenant, person, lasts, task }),
        4 => (number, instant.clone()).prop_map(|(link, at)| Step::Use { link, at }),
        1 => instant.prop_map(Step::Forget),
    ]
}

fn hash(kind: &str, number: usize) -> Digest {
    Digest::of(format!("{kind} {number}"))
}

async fn take(db: &mut Db, step: &Step, number: usize) -> String {
    let id = |number: usize| format!("{number:04}");
    let person = |person: usize| PersonId::from(PEOPLE[person]);
    match step {
        Step::Begin { tenant, person: who, began, lasts } => {
            let row = SessionRow {
                tenant: TenantId(*tenant),
                id: id(number).as_str().into(),
                secret_hash: hash("session", number),
                person: person(*who),
                administrator: began % 2 == 0,
                api_key: (began % 3 != 0).then(|| format!("key-{}", began % 4).as_str().into()),
                key_person: (began % 3 == 1).then(|| person(2)),
                revision: began % 3,
                agent: "Browser 'x'".to_owned(),
                began_at: at(*began),
                seen_at: at(*began),
                ends_at: at(began + lasts),
            };
            begin_session(db.connection(), &row).await.unwrap();
            String::new()
        }
        Step::Seen { session, tenant, at: seen, revision } => {
            let noted = (at(*seen), *revision);
            session_seen(db.connection(), TenantId(*tenant), &id(*session), noted).await.unwrap();
            String::new()
        }
        Step::End { session, tenant, person: who } => {
            let ended = end_session(db.connection(), TenantId(*tenant), &person(*who), &id(*session)).await.unwrap();
            ended.to_string()
        }
        Step::EndOfKey { tenant, key } => {
            end_sessions_of_key(db.connection(), TenantId(*tenant), &format!("key-{key}")).await.unwrap();
            String::new()
        }
        Step::Keep { tenant, person: who, lasts, task } => {
            let row = LinkRow {
                tenant: TenantId(*tenant),
                id: id(number).as_str().into(),
                secret_hash: hash("link", number),
                person: person(*who),
                purpose: if *task { Purpose::Task } else { Purpose::SignIn },
                target: "/inbox".into(),
                administrator: *task,
                api_key: (lasts % 3 != 0).then(|| format!("key-{}", lasts % 4).as_str().into()),
                key_person: (lasts % 3 == 1).then(|| person(1)),
                revision: *lasts,
                made_at: at(0),
                ends_at: at(*lasts),
                used_at: None,
            };
            keep_link(db.connection(), &row).await.unwrap();
            String::new()
        }
        Step::Use { link, at: now } => {
            format!("{:?}", use_link(db.connection(), hash("link", *link), at(*now)).await.unwrap())
        }
        Step::Forget(before) => {
            forget_sessions(db.connection(), at(*before)).await.unwrap();
            String::new()
        }
    }
}

async fn told(db: &mut Db) -> Vec<String> {
    let mut told = Vec::new();
    for number in 0..12 {
        told.push(format!("{:?}", session(db.connection(), hash("session", number)).await.unwrap()));
        told.push(format!("{:?}", link(db.connection(), hash("link", number)).await.unwrap()));
    }
    for person in PEOPLE {
        told.push(format!("{:?}", sessions_of(db.connection(), TenantId(1), &person.into()).await.unwrap()));
    }
    told
}

#[test]
fn all_stores_open_and_close_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let run = runner.run(&prop::collection::vec(step(), 1..12), |steps| {
        let mut all = all.borrow_mut();
        runtime.block_on(async {
            let mut answers: Vec<Vec<String>> = Vec::new();
            for db in all.iter_mut() {
                db.empty().await;
                db.run("DELETE FROM session; DELETE FROM one_time_link").await;
                let mut here = Vec::new();
                for (number, step) in steps.iter().enumerate() {
                    here.push(take(db, step, number).await);
                    here.extend(told(db).await);
                }
                answers.push(here);
            }
            for (place, other) in answers.iter().enumerate().skip(1) {
                prop_assert_eq!(&answers[0], other, "store {}", place);
            }
            Ok(())
        })
    });
    run.unwrap();
}

#[tokio::test]
async fn a_link_is_used_once_and_only_in_its_time() {
    for mut db in Db::all().await {
        db.empty().await;
        db.run("DELETE FROM one_time_link").await;
        for number in 0..2 {
            take(&mut db, &Step::Keep { tenant: 1, person: 0, lasts: 10, task: false }, number).await;
        }
        let used = use_link(db.connection(), hash("link", 0), at(9)).await.unwrap().unwrap();
        assert_eq!((used.used_at, &*used.id), (Some(at(9)), "0000"));
        for (number, now) in [(0, 9), (1, 10), (7, 1)] {
            assert_eq!(use_link(db.connection(), hash("link", number), at(now)).await.unwrap(), None, "{number}");
        }
    }
}

#[tokio::test]
async fn a_link_ends_with_the_key_that_made_it() {
    for mut db in Db::all().await {
        db.empty().await;
        db.run("DELETE FROM one_time_link").await;
        // Of keys 1, 2, and of none.
        for (number, lasts) in [(0, 1), (1, 2), (2, 3)] {
            take(&mut db, &Step::Keep { tenant: 1, person: 0, lasts, task: false }, number).await;
        }
        for tenant in [2, 1] {
            take(&mut db, &Step::EndOfKey { tenant, key: 1 }, 0).await;
            let mut left = Vec::new();
            for number in 0..3 {
                left.push(link(db.connection(), hash("link", number)).await.unwrap().is_some());
            }
            assert_eq!(left, [tenant == 2, true, true]);
        }
    }
}

/// A later note is not taken back by whoever looked before.
#[tokio::test]
async fn a_session_s_use_is_noted_onwards_only() {
    for mut db in Db::all().await {
        db.empty().await;
        db.run("DELETE FROM session").await;
        take(&mut db, &Step::Begin { tenant: 1, person: 0, began: 1, lasts: 20 }, 0).await;
        for (seen, revision, noted) in [(5, 2, (5, 2)), (4, 3, (5, 2)), (6, 1, (5, 2)), (5, 3, (5, 3)), (9, 3, (9, 3))]
        {
            take(&mut db, &Step::Seen { session: 0, tenant: 1, at: seen, revision }, 0).await;
            let row = session(db.connection(), hash("session", 0)).await.unwrap().unwrap();
            assert_eq!((row.seen_at, row.revision), (at(noted.0), noted.1));
        }
    }
}
