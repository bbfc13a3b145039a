//! Deliveries to endpoints: whatever is kept, claimed, settled, replayed and forgotten, the three stores answer alike.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_workflows::{
    FailedWebhooks, NewWebhook, SettledWebhook, WebhookEndpoint, WebhookHealth, WebhookRow, WebhookSecret,
    WebhookState, WebhooksAsked, add_webhook_secret, claim_webhooks, forget_other_webhooks, forget_webhooks,
    forget_webhooks_beyond, keep_webhooks, note_webhook, replay_failed_webhooks, replay_webhooks, settings_of_all,
    settle_webhooks, webhook_counts, webhook_deliveries, webhook_delivery, webhook_due, webhook_health,
    webhook_secrets,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Db;

/// A step of a history.
#[derive(Clone, Debug)]
enum Step {
    Keep(Vec<NewWebhook>, Timestamp),
    /// Claims, and settles what was claimed so; the flag: with an epoch that is over.
    Work(WebhookEndpoint, Timestamp, i64, Outcome, bool),
    Note(WebhookEndpoint, WebhookHealth),
    Secret(WebhookEndpoint, Timestamp, Timestamp),
    Replay(WebhookEndpoint, Vec<Arc<str>>, Timestamp),
    ReplayFailed(WebhookEndpoint, FailedWebhooks, Timestamp),
    Forget(Timestamp),
    ForgetBeyond(WebhookEndpoint, i64),
    ForgetOthers(TenantId, Vec<Arc<str>>),
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Nothing,
    Delivered,
    Again,
    Failed,
}

fn at() -> impl Strategy<Value = Timestamp> {
    (0..12_i64).prop_map(Timestamp::from_micros)
}

fn name() -> impl Strategy<Value = Arc<str>> {
    prop::sample::select(vec!["books", "a-b", "it's"]).prop_map(Arc::from)
}

fn endpoint() -> impl Strategy<Value = WebhookEndpoint> {
    (1..3_i64, name()).prop_map(|(tenant, endpoint)| WebhookEndpoint { tenant: TenantId(tenant), endpoint })
}

fn id() -> impl Strategy<Value = Arc<str>> {
    prop::sample::select(vec!["i.1", "i.2", "i.10", "j.1", "Ä"]).prop_map(Arc::from)
}

fn new() -> impl Strategy<Value = NewWebhook> {
    let body = prop::sample::select(vec!["{}", "{\"a\":\"Ä\\u00e4 'x' \\\"\"}"]);
    (endpoint(), id(), at(), body).prop_map(|(to, id, at, body)| NewWebhook { to, id, at, body: body.to_owned() })
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop::sample::select(vec![Outcome::Nothing, Outcome::Delivered, Outcome::Again, Outcome::Failed]);
    let text = || prop::option::of(prop::sample::select(vec!["no", "Ä"]).prop_map(Arc::from));
    let health = (prop::option::of(at()), prop::option::of(at()), text(), text());
    let health = health.prop_map(|(success_at, error_at, error, gone)| WebhookHealth {
        success_at,
        // A sentence goes with its instant.
        error: error_at.and(error),
        error_at,
        gone,
    });
    let failed = (at(), at(), 0..4_i64).prop_map(|(since, until, limit)| FailedWebhooks { since, until, limit });
    prop_oneof![
        5 => (prop::collection::vec(new(), 0..6), at()).prop_map(|(rows, now)| Step::Keep(rows, now)),
        6 => (endpoint(), at(), 0..4_i64, outcome, any::<bool>())
            .prop_map(|(to, now, limit, outcome, late)| Step::Work(to, now, limit, outcome, late)),
        2 => (endpoint(), health).prop_map(|(to, health)| Step::Note(to, health)),
        3 => (endpoint(), at(), at()).prop_map(|(to, made_at, end)| Step::Secret(to, made_at, end)),
        1 => (endpoint(), prop::collection::vec(id(), 0..3), at()).prop_map(|(to, ids, now)| Step::Replay(to, ids, now)),
        2 => (endpoint(), failed, at()).prop_map(|(to, asked, now)| Step::ReplayFailed(to, asked, now)),
        1 => at().prop_map(Step::Forget),
        1 => (endpoint(), 0..4_i64).prop_map(|(to, most)| Step::ForgetBeyond(to, most)),
        1 => (1..3_i64, prop::collection::vec(name(), 0..3))
            .prop_map(|(tenant, names)| Step::ForgetOthers(TenantId(tenant), names)),
    ]
}

fn settled(
    to: &WebhookEndpoint,
    id: &Arc<str>,
    epoch: i64,
    now: Timestamp,
    outcome: Outcome,
) -> Option<SettledWebhook> {
    let later = now.plus_micros(3);
    let (state, next_at, over) = match outcome {
        Outcome::Nothing => return None,
        Outcome::Delivered => (WebhookState::Delivered, None, true),
        Outcome::Again => (WebhookState::Waiting, Some(later), false),
        Outcome::Failed => (WebhookState::Failed, None, true),
    };
    let row = WebhookRow {
        id: id.clone(),
        at: now,
        state,
        attempt: 3,
        next_at,
        settled_at: over.then_some(now),
        status: Some(500),
        answer: Some("\"no\"".into()),
        error: (!over).then(|| "it's".into()),
    };
    Some(SettledWebhook { to: to.clone(), epoch, row, keep_until: over.then_some(later) })
}

/// Does it; tells what came back.
async fn take(db: &mut Db, step: &Step) -> String {
    match step {
        Step::Keep(rows, now) => format!("{:?}", keep_webhooks(db.connection(), rows, *now).await.unwrap()),
        Step::Work(to, now, limit, outcome, late) => {
            let lease = now.plus_micros(5);
            let claimed = claim_webhooks(db.connection(), to, *now, lease, *limit).await.unwrap();
            let epoch = |epoch: i64| if *late { epoch - 1 } else { epoch };
            let rows: Vec<_> =
                claimed.iter().filter_map(|one| settled(to, &one.id, epoch(one.epoch), *now, *outcome)).collect();
            settle_webhooks(db.connection(), &rows).await.unwrap();
            format!("{claimed:?}")
        }
        Step::Note(to, health) => format!("{:?}", note_webhook(db.connection(), to, health).await.unwrap()),
        Step::Secret(to, made_at, end) => {
            let secret = WebhookSecret { secret: "whsec_x".into(), made_at: *made_at, ends_at: None };
            format!("{:?}", add_webhook_secret(db.connection(), to, &secret, *end).await.unwrap())
        }
        Step::Replay(to, ids, now) => format!("{:?}", replay_webhooks(db.connection(), to, ids, *now).await.unwrap()),
        Step::ReplayFailed(to, asked, now) => {
            format!("{:?}", replay_failed_webhooks(db.connection(), to, asked, *now).await.unwrap())
        }
        Step::Forget(now) => format!("{:?}", forget_webhooks(db.connection(), *now).await.unwrap()),
        Step::ForgetBeyond(to, most) => {
            format!("{:?}", forget_webhooks_beyond(db.connection(), to, *most).await.unwrap())
        }
        Step::ForgetOthers(tenant, names) => {
            format!("{:?}", forget_other_webhooks(db.connection(), *tenant, names).await.unwrap())
        }
    }
}

/// All that can be asked of an endpoint.
async fn told(db: &mut Db, to: &WebhookEndpoint, asked: &[WebhooksAsked], now: Timestamp) -> Vec<String> {
    let mut told = vec![
        format!("{:?}", webhook_due(db.connection(), to).await.unwrap()),
        format!("{:?}", webhook_health(db.connection(), to).await.unwrap()),
        format!("{:?}", webhook_counts(db.connection(), to).await.unwrap()),
        format!("{:?}", webhook_secrets(db.connection(), to, now).await.unwrap()),
        format!("{:?}", webhook_delivery(db.connection(), to, "i.1").await.unwrap()),
    ];
    for asked in asked {
        told.push(format!("{:?}", webhook_deliveries(db.connection(), to, asked).await.unwrap()));
    }
    told
}

const EMPTY: &str = "DELETE FROM webhook_delivery; DELETE FROM webhook_secret; DELETE FROM webhook_health";

#[test]
fn all_stores_deliver_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let state = prop::sample::select(vec![
        None,
        Some(WebhookState::Waiting),
        Some(WebhookState::Delivered),
        Some(WebhookState::Failed),
    ]);
    let asked = (state, at(), id(), 0..5_i64).prop_map(|(state, at, id, limit)| WebhooksAsked {
        state,
        before: (at, id),
        limit,
    });
    let questions = (prop::collection::vec(asked, 3), at());
    let steps = prop::collection::vec(step(), 1..16);
    let mut runner = TestRunner::new(Config { cases: 80, failure_persistence: None, ..Config::default() });
    let run = runner.run(&(steps, questions), |(steps, (asked, now))| {
        let mut all = all.borrow_mut();
        runtime.block_on(async {
            let mut answers: Vec<Vec<String>> = Vec::new();
            for db in all.iter_mut() {
                db.empty().await;
                db.run(EMPTY).await;
                let mut told_here = Vec::new();
                for step in &steps {
                    told_here.push(format!("{step:?}: {}", take(db, step).await));
                    for tenant in [1, 2] {
                        for endpoint in ["books", "a-b", "it's"] {
                            let to = WebhookEndpoint { tenant: TenantId(tenant), endpoint: endpoint.into() };
                            told_here.extend(told(db, &to, &asked, now).await);
                        }
                    }
                }
                answers.push(told_here);
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
async fn what_is_claimed_is_nobody_elses_until_its_lease_ends() {
    for mut db in Db::all().await {
        db.empty().await;
        db.run(EMPTY).await;
        let to = WebhookEndpoint { tenant: TenantId(1), endpoint: "books".into() };
        let at = Timestamp::from_micros;
        let row = |id: &str| NewWebhook { to: to.clone(), id: id.into(), at: at(0), body: "{}".to_owned() };
        keep_webhooks(db.connection(), &[row("i.1"), row("i.2")], at(0)).await.unwrap();
        // An event that comes twice is delivered once.
        keep_webhooks(db.connection(), &[row("i.1")], at(5)).await.unwrap();
        let first = claim_webhooks(db.connection(), &to, at(1), at(10), 1).await.unwrap();
        let second = claim_webhooks(db.connection(), &to, at(1), at(10), 5).await.unwrap();
        assert_eq!((&*first[0].id, &*second[0].id, second.len()), ("i.1", "i.2", 1));
        assert!(claim_webhooks(db.connection(), &to, at(9), at(20), 5).await.unwrap().is_empty());
        let again = claim_webhooks(db.connection(), &to, at(10), at(20), 5).await.unwrap();
        assert_eq!(again.len(), 2);
        // Whoever had it first comes too late.
        let late = settled(&to, &first[0].id, first[0].epoch, at(11), Outcome::Failed).unwrap();
        settle_webhooks(db.connection(), &[late]).await.unwrap();
        assert_eq!(webhook_counts(db.connection(), &to).await.unwrap().waiting, 2);
        let done = settled(&to, &again[0].id, again[0].epoch, at(12), Outcome::Delivered).unwrap();
        settle_webhooks(db.connection(), &[done]).await.unwrap();
        let counts = webhook_counts(db.connection(), &to).await.unwrap();
        assert_eq!((counts.waiting, counts.delivered), (1, 1));
        assert_eq!(settings_of_all(db.connection(), "webhooks").await.unwrap(), []);
    }
}
