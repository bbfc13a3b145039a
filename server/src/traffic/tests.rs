use std::sync::atomic::Ordering;

use fluxor_limits::traffic::Would;
use fluxor_limits::{Caller, Calls};

use super::*;
use crate::desk::stub::Stub;

const MINUTE: u64 = 60_000_000;

fn at(micros: u64) -> At {
    At::from_micros(1_764_288_000_000_000 + micros)
}

fn called(tenant: Option<&'static str>, at: At) -> Called<'static> {
    let caller = Caller { tenant, user: Some("ann"), ..Caller::default() };
    Called { at, took: Span::ZERO, caller, cost: 1, real: 1, refused: None, would: Would::default() }
}

fn refused(request: &str) -> Refused {
    Refused {
        request: request.to_owned(),
        at: String::new(),
        code: "quota_exceeded".to_owned(),
        why: "because".to_owned(),
        policy: "few".to_owned(),
        retry_after: None,
        person: Some("ann".to_owned()),
        api_key: None,
        address: None,
        method: None,
        route: None,
        object: None,
        cost: 1,
        alone: false,
        policies: Vec::new(),
    }
}

fn asked(request: Option<&str>) -> RefusedCalls {
    let before = Timestamp::from_micros(i64::MAX);
    RefusedCalls { before, request: request.map(str::to_owned), person: None, policy: None, limit: 1_000_000 }
}

async fn seen(traffic: &Traffic, desk: &Stub) -> u64 {
    let (from, to) = (timestamp(at(0)), timestamp(at(10 * MINUTE)));
    let kept = traffic.calls(desk, Stretch { tenant: Some(TenantId(1)), from, to }).await.unwrap();
    Calls::read(&kept.calls).unwrap().total()
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_is_seen_once() {
    let (traffic, desk) = (Traffic::new(TenantId(1), 48).unwrap(), Stub::default());
    desk.away.store(true, Ordering::Relaxed);
    for n in 0..100 {
        traffic.note(&called(Some("1"), at(n)));
        traffic.note(&called(Some("2"), at(n)));
        // Nobody is known: none of the tenant's.
        traffic.note(&called(None, at(MINUTE + n)));
    }
    traffic.note_refused(Some(TenantId(1)), at(1), || refused("a"), "few|user=ann");
    assert_eq!(seen(&traffic, &desk).await, 100);
    assert!(traffic.keep(&desk, at(MINUTE + 500), false).await.is_err());
    assert_eq!(seen(&traffic, &desk).await, 100, "it waits");
    assert_eq!(traffic.refused(&desk, TenantId(1), asked(Some("a"))).await.unwrap().len(), 1);
    assert!(traffic.refused(&desk, TenantId(2), asked(None)).await.unwrap().is_empty());

    desk.away.store(false, Ordering::Relaxed);
    traffic.keep(&desk, at(MINUTE + 500), false).await.unwrap();
    let rows = |desk: &Stub| desk.traffic.lock().unwrap().iter().map(|keep| keep.calls.len()).sum::<usize>();
    assert_eq!(rows(&desk), 2, "of two tenants, the minute that is over");
    assert_eq!(desk.traffic.lock().unwrap()[0].refused.len(), 1);
    traffic.keep(&desk, at(MINUTE + 600), true).await.unwrap();
    assert_eq!(rows(&desk), 3, "and at the end the rest");
    traffic.keep(&desk, at(5 * MINUTE), true).await.unwrap();
    assert_eq!(desk.traffic.lock().unwrap().len(), 2, "nothing new is not written");
}

#[tokio::test]
async fn what_is_old_is_forgotten_now_and_then() {
    let (traffic, desk) = (Traffic::new(TenantId(1), 2).unwrap(), Stub::default());
    traffic.note(&called(Some("7"), at(0)));
    for writing in 0..=SWEEP {
        if writing == SWEEP / 2 {
            // Whatever is written between two sweeps is looked at by the next one.
            traffic.note(&called(Some("8"), at(0)));
        }
        traffic.keep(&desk, at(MINUTE), false).await.unwrap();
    }
    let sweeps = desk.traffic.lock().unwrap().clone();
    let [first, _, second] = &*sweeps else { panic!("{}", sweeps.len()) };
    assert_eq!(first.before, Some(timestamp(at(MINUTE).minus(Span::from_secs(2 * 3_600)))));
    assert_eq!((first.beyond.as_slice(), second.beyond.as_slice()), (&[TenantId(7)][..], &[TenantId(8)][..]));
}

#[tokio::test]
async fn a_flood_of_refusals_is_bounded_for_each_key_and_tenant() {
    let (traffic, desk) = (Traffic::new(TenantId(1), 48).unwrap(), Stub::default());
    let count = async |tenant: i64| traffic.refused(&desk, TenantId(tenant), asked(None)).await.unwrap().len();
    for n in 0..1_000 {
        traffic.note_refused(Some(TenantId(1)), at(n), || refused("a"), "few|user=ann");
    }
    assert_eq!(count(1).await, 20, "of a key");
    traffic.note_refused(Some(TenantId(1)), at(1_000), || refused("b"), "few|user=bob");
    assert_eq!(count(1).await, 21, "others have their own");
    for n in 0..1_000 {
        traffic.note_refused(Some(TenantId(1)), at(n), || refused("c"), &format!("few|user={n}"));
    }
    assert_eq!(count(1).await, 500, "of a tenant");
    traffic.note_refused(Some(TenantId(2)), at(1_000), || refused("d"), "few|user=ann");
    assert_eq!(count(2).await, 1);
    traffic.note_refused(Some(TenantId(1)), at(MINUTE), || refused("e"), "few|user=ann");
    let rows = traffic.refused(&desk, TenantId(1), asked(None)).await.unwrap();
    assert_eq!((rows.len(), rows[0].request.as_str()), (501, "e"), "the next minute begins anew, the newest first");
    assert!(rows.windows(2).all(|two| two[0].at > two[1].at), "no two are of one instant");
}

#[test]
fn what_waits_too_long_is_let_go_the_oldest_first() {
    let mut waiting = Waiting::default();
    let row = |minute: i64| TrafficRow {
        tenant: TenantId(1),
        minute: Timestamp::from_micros(minute),
        part: uuid::Uuid::nil(),
        calls: vec![0; MOST_WAITING / 4],
    };
    for minute in 0..6 {
        waiting.take(vec![row(minute)], Vec::new());
    }
    let kept: Vec<i64> = waiting.keep.calls.iter().map(|row| row.minute.micros()).collect();
    assert_eq!(kept, [2, 3, 4, 5]);
    assert_eq!(waiting.bytes, MOST_WAITING);
}

#[tokio::test]
async fn who_keeps_nothing_notes_nothing() {
    let (traffic, desk) = (Traffic::new(TenantId(1), 0).unwrap(), Stub::default());
    traffic.note(&called(Some("1"), at(0)));
    traffic.note_refused(None, at(0), || unreachable!("nobody asks"), "k");
    assert_eq!(seen(&traffic, &desk).await, 0);
}
