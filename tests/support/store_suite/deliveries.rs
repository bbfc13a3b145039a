//! Claims: exactly one holder at a time, in order, and leases that end.

use std::collections::BTreeSet;

use fluxor_engine::commit::{OutboxRow, ResumedRow, WithdrawnRow};
use fluxor_engine::effect::{Resume, WITHDRAWN_ARRIVED};
use fluxor_engine::instance::{Document, Undelivered};
use fluxor_engine::store::{Claimed, Delivery, Store, StoreError};

use super::commit;
use crate::counter::CounterDomain;
use crate::rows::*;

async fn send<S: Store<CounterDomain>>(store: &S, outbox: Vec<fluxor_engine::commit::OutboxRow>) {
    commit(store, &TestCommit { outbox, ..Default::default() }).await.unwrap();
}

fn names(claimed: &[Claimed]) -> Vec<(u64, String, i64)> {
    let number = |c: &Claimed| (1..99).find(|n| id(*n) == c.row.instance).unwrap();
    claimed.iter().map(|c| (number(c), c.row.destination.to_string(), c.row.seq)).collect()
}

/// The oldest of an instance and destination goes first, alone; others go beside it.
pub async fn messages_go_in_order<S: Store<CounterDomain>>(store: S) {
    let rows = vec![
        message(1, 1, "mail", 2, 10),
        message(1, 1, "mail", 5, 10),
        message(1, 1, "hook", 3, 10),
        message(1, 2, "mail", 1, 50),
        message(1, 2, "mail", 2, 10),
    ];
    send(&store, rows.clone()).await;
    let first = store.claim(at(20), at(100), 9).await.unwrap();
    assert_eq!(names(&first), [(1, "hook".into(), 3), (1, "mail".into(), 2)]);
    assert_eq!((first[1].attempt, first[1].epoch), (1, 1));
    let row = fluxor_engine::commit::OutboxRow { next_at: at(100), ..rows[0].clone() };
    assert_eq!(first[1].row, row, "as it was written, until the lease");
    assert_eq!(store.claim(at(20), at(100), 9).await.unwrap(), []);

    assert!(store.settle(&first[1], &Delivery::Sent { reply: Document::new() }, at(21)).await.unwrap());
    assert!(!store.settle(&first[1], &Delivery::Sent { reply: Document::new() }, at(21)).await.unwrap(), "it is gone");
    let told = &store.inbox(9).await.unwrap()[..];
    let expected = (id(1), format!("delivery:{}:{}", rows[0].id, first[1].epoch), "sent", "{}", at(21));
    let [row] = told else { panic!("{told:?}") };
    assert_eq!((row.target, row.message.to_string(), &*row.event, &*row.payload, row.at), expected);
    // The next in line; it waits for no event.
    let next = store.claim(at(22), at(100), 1).await.unwrap();
    assert_eq!(names(&next), [(1, "mail".into(), 5)]);
    assert!(store.settle(&next[0], &Delivery::Sent { reply: Document::new() }, at(23)).await.unwrap());
    assert_eq!(store.inbox(9).await.unwrap().len(), 1);
}

/// A lease that ends frees the message; the old holder's word counts no more.
pub async fn leases_end<S: Store<CounterDomain>>(store: S) {
    send(&store, vec![message(1, 1, "mail", 1, 10)]).await;
    let old = store.claim(at(10), at(100), 9).await.unwrap().remove(0);
    assert_eq!(store.claim(at(99), at(200), 9).await.unwrap(), []);
    let new = store.claim(at(100), at(200), 9).await.unwrap().remove(0);
    assert_eq!((new.attempt, new.epoch), (2, 2));
    for result in [
        Delivery::Sent { reply: Document::new() },
        Delivery::Again { next_at: at(0), error: "x".into() },
        Delivery::Held { next_at: at(0), error: "x".into() },
        Delivery::GivenUp { error: "x".into() },
    ] {
        assert!(!store.settle(&old, &result, at(101)).await.unwrap(), "{result:?}");
    }
    let again = Delivery::Again { next_at: at(150), error: "refused".into() };
    assert!(store.settle(&new, &again, at(101)).await.unwrap());
    assert!(!store.settle(&new, &again, at(101)).await.unwrap(), "an attempt ends once");
    assert_eq!(store.claim(at(149), at(300), 9).await.unwrap(), []);
    let held = store.claim(at(150), at(300), 9).await.unwrap().remove(0);
    assert_eq!(held.attempt, 3);
    let wait = Delivery::Held { next_at: at(151), error: "not now".into() };
    assert!(store.settle(&held, &wait, at(150)).await.unwrap());
    assert!(!store.settle(&held, &wait, at(150)).await.unwrap(), "it is held once");
    let last = store.claim(at(151), at(300), 9).await.unwrap().remove(0);
    assert_eq!(last.attempt, 3, "what was not tried counts as no attempt");
    assert!(store.settle(&last, &Delivery::GivenUp { error: "no route".into() }, at(152)).await.unwrap());
    assert!(!store.settle(&last, &Delivery::Sent { reply: Document::new() }, at(153)).await.unwrap());
    assert_eq!(store.claim(at(999), at(2000), 9).await.unwrap(), []);
    let told = store.inbox(9).await.unwrap().remove(0);
    let payload: serde_json::Value = serde_json::from_str(&told.payload).unwrap();
    assert_eq!(&*told.event, "delivery_failed");
    let (id, seq) = (last.row.id, last.row.seq);
    let expected = serde_json::json!({"attempts": 3, "destination": "mail", "error": "no route", "id": id, "seq": seq});
    assert_eq!(payload, expected);
    // What was given up holds up nothing behind it.
    send(&store, vec![message(1, 1, "mail", 2, 10)]).await;
    assert_eq!(names(&store.claim(at(999), at(2000), 9).await.unwrap()), [(1, "mail".into(), 2)]);
}

/// What becomes of a message that was given up.
fn resumed(row: &OutboxRow, again: bool) -> TestCommit {
    let message = Undelivered { destination: row.destination.clone(), seq: row.seq, id: row.id };
    let row =
        ResumedRow { tenant: row.tenant, instance: row.instance, resume: Resume { message, again }, next_at: at(20) };
    TestCommit { resumed: vec![row], ..TestCommit::default() }
}

/// What was given up goes out again with fresh attempts, or nobody wants it any more; and only what was given up.
pub async fn what_was_given_up_is_resumed<S: Store<CounterDomain>>(store: S) {
    send(&store, vec![message(1, 1, "mail", 1, 10), message(1, 1, "hook", 2, 10)]).await;
    let given_up = Delivery::GivenUp { error: "no route".into() };
    let claimed = store.claim(at(10), at(100), 9).await.unwrap();
    let early = commit(&store, &resumed(&claimed[0].row, true)).await;
    assert!(matches!(early, Err(StoreError::Conflict(_))), "it was not given up: {early:?}");
    for one in &claimed {
        assert!(store.settle(one, &given_up, at(11)).await.unwrap());
    }
    commit(&store, &resumed(&claimed[0].row, true)).await.unwrap();
    commit(&store, &resumed(&claimed[1].row, false)).await.unwrap();
    for again in [true, false] {
        let twice = commit(&store, &resumed(&claimed[1].row, again)).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "it is gone: {twice:?}");
    }
    assert_eq!(store.claim(at(19), at(100), 9).await.unwrap(), [], "not before its time");
    let again = store.claim(at(20), at(100), 9).await.unwrap();
    assert_eq!((names(&again), again[0].attempt), (vec![(1, "hook".into(), 2)], 1));
    assert_eq!(again[0].row.id, claimed[0].row.id, "the same message");
    assert!(!store.settle(&claimed[0], &given_up, at(21)).await.unwrap(), "the old claim is void");
    assert!(store.settle(&again[0], &given_up, at(22)).await.unwrap());
    // Each end of a delivery is told once, under an id of its own.
    let told: BTreeSet<_> = store.inbox(9).await.unwrap().into_iter().map(|row| row.message).collect();
    assert_eq!(told.len(), 3, "{told:?}");
}

/// What its instance has sent under the message's name before entry `before` is not wanted any more.
fn withdrawal(message: &OutboxRow, before: i64, now: i64) -> WithdrawnRow {
    let (tenant, instance, destination) = (message.tenant, message.instance, message.destination.clone());
    WithdrawnRow { tenant, instance, destination, before, at: at(now) }
}

/// What nobody waits for any more does not go out, and nothing of it is kept; an attempt that was under way ends as it ends.
pub async fn what_nobody_waits_for_is_withdrawn<S: Store<CounterDomain>>(store: S) {
    let all = [("mail", 1), ("mail", 2), ("hook", 1)].map(|(name, seq)| message(1, 1, name, seq, 10));
    send(&store, all.to_vec()).await;
    send(&store, vec![message(1, 2, "mail", 1, 10)]).await;
    let under_way = store.claim(at(10), at(100), 9).await.unwrap();
    assert_eq!(names(&under_way), [(1, "hook".into(), 1), (1, "mail".into(), 1), (2, "mail".into(), 1)]);
    let again = Delivery::Again { next_at: at(11), error: "refused".into() };
    let withdrawn = |destination: &str, before| {
        let row = WithdrawnRow { destination: destination.into(), ..withdrawal(&under_way[0].row, before, 12) };
        TestCommit { withdrawn: vec![row], ..TestCommit::default() }
    };
    commit(&store, &withdrawn("mail", 3)).await.unwrap();
    commit(&store, &withdrawn("hook", 1)).await.unwrap();
    commit(&store, &withdrawn("nothing", 9)).await.unwrap();
    assert!(!store.settle(&under_way[1], &again, at(13)).await.unwrap(), "it is not tried again");
    assert!(store.settle(&under_way[0], &again, at(13)).await.unwrap(), "a later message is another");
    assert!(store.settle(&under_way[2], &again, at(13)).await.unwrap(), "so is that of another instance");
    assert_eq!(
        names(&store.claim(at(99), at(200), 9).await.unwrap()),
        [(1, "hook".into(), 1), (2, "mail".into(), 1)],
        "neither that which was tried nor that which was not"
    );
    assert_eq!(store.inbox(9).await.unwrap(), []);
    for row in [&under_way[1].row, &all[1]] {
        let kept = commit(&store, &resumed(row, false)).await;
        assert!(matches!(kept, Err(StoreError::Conflict(_))), "nothing of it is kept: {kept:?}");
    }
    // One that waits to be tried again is not under way.
    send(&store, vec![message(1, 4, "mail", 1, 10)]).await;
    let tried = store.claim(at(90), at(200), 1).await.unwrap().remove(0);
    assert!(
        store.settle(&tried, &Delivery::Again { next_at: at(500), error: "refused".into() }, at(91)).await.unwrap()
    );
    let row = withdrawal(&tried.row, 2, 92);
    commit(&store, &TestCommit { withdrawn: vec![row], ..TestCommit::default() }).await.unwrap();
    let kept = commit(&store, &resumed(&tried.row, false)).await;
    assert!(matches!(kept, Err(StoreError::Conflict(_))), "nothing of it is kept: {kept:?}");
    // One that arrived all the same is told.
    send(&store, vec![message(1, 3, "mail", 2, 10)]).await;
    let one = store.claim(at(99), at(200), 9).await.unwrap().remove(0);
    let row = withdrawal(&one.row, 3, 100);
    commit(&store, &TestCommit { withdrawn: vec![row], ..TestCommit::default() }).await.unwrap();
    assert!(store.settle(&one, &Delivery::Sent { reply: Document::new() }, at(101)).await.unwrap());
    assert_eq!(store.inbox(9).await.unwrap().len(), 1);
}

/// What is sent anew while an attempt of what was withdrawn is under way waits for its end, and goes out unless it was the same
/// and has arrived.
pub async fn what_is_sent_anew_goes_out_once<S: Store<CounterDomain>>(store: S) {
    let arrived = Delivery::Sent { reply: Document::new() };
    let refused = Delivery::Again { next_at: at(11), error: "refused".into() };
    let asks = |row: OutboxRow| OutboxRow { sent_event: Some("sent".into()), ..row };
    let other = |row: OutboxRow| OutboxRow { payload: r#"{"other":true}"#.to_owned(), ..row };
    // In seconds: the lease ends at 100.
    for (instance, (result, changed, left)) in
        [(&arrived, false, 0), (&arrived, true, 1), (&refused, false, 1)].into_iter().enumerate()
    {
        let instance = u64::try_from(instance).unwrap() + 1;
        let told = store.inbox(9).await.unwrap().len();
        send(&store, vec![asks(message(1, instance, "mail", 1, 10))]).await;
        let one = store.claim(at(10), at(100), 9).await.unwrap().remove(0);
        let anew = asks(message(1, instance, "mail", 2, 10));
        let row = withdrawal(&one.row, 2, 12);
        let outbox = vec![if changed { other(anew) } else { anew }];
        commit(&store, &TestCommit { withdrawn: vec![row], outbox, ..TestCommit::default() }).await.unwrap();
        assert_eq!(names(&store.claim(at(13), at(200), 9).await.unwrap()), [], "the attempt is under way");
        assert_eq!(store.settle(&one, result, at(14)).await.unwrap(), left == 0 || changed);
        let claimed = store.claim(at(15), at(200), 9).await.unwrap();
        assert_eq!(claimed.len(), left, "{result:?}");
        for one in claimed {
            assert!(store.settle(&one, &arrived, at(16)).await.unwrap());
        }
        // Told once for each that has gone out; what answered the one that was withdrawn answers no other.
        let told: Vec<_> = store.inbox(9).await.unwrap().split_off(told).into_iter().map(|row| row.event).collect();
        let events: &[&str] = if changed { &[WITHDRAWN_ARRIVED, "sent"] } else { &["sent"] };
        assert_eq!(told.iter().map(|event| &**event).collect::<Vec<_>>(), events, "{result:?}");
    }
    // Where nobody says how the attempt ended, the end of the lease is its end.
    send(&store, vec![message(1, 9, "mail", 1, 10)]).await;
    let one = store.claim(at(20), at(100), 9).await.unwrap().remove(0);
    let row = withdrawal(&one.row, 2, 21);
    let outbox = vec![message(1, 9, "mail", 2, 10)];
    commit(&store, &TestCommit { withdrawn: vec![row], outbox, ..TestCommit::default() }).await.unwrap();
    assert_eq!(names(&store.claim(at(99), at(200), 9).await.unwrap()), []);
    assert_eq!(store.claim(at(100), at(200), 9).await.unwrap().len(), 1);
}

/// Many claimers at once: each message is claimed exactly once.
pub async fn racing_claimers_share<S: Store<CounterDomain>>(store: S) {
    const MESSAGES: u64 = 240;
    send(&store, (0..MESSAGES).map(|n| message(i64::try_from(n % 3).unwrap(), n, "mail", 1, 10)).collect()).await;
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        claimers.spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..100 {
                let claimed = store.claim(at(20), at(1_000_000), 7).await.unwrap();
                mine.extend(claimed.iter().map(|c| (c.row.tenant, c.row.instance, c.epoch)));
                tokio::task::yield_now().await;
            }
            mine
        });
    }
    let claimed: Vec<_> = claimers.join_all().await.concat();
    assert_eq!(claimed.len(), usize::try_from(MESSAGES).unwrap());
    assert!(claimed.iter().all(|c| c.2 == 1));
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), claimed.len());
}
