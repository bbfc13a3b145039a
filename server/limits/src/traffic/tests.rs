//! More keys than are told apart: a million would take too long.

use super::replay::replay_keys;
use super::usage::usage_keys;
use super::{Called, Calls, Recorder, Would};
use crate::at::{At, Span};
use crate::key::{Caller, Part};
use crate::policy::{Policies, Policy};
use crate::strategy::{Fixed, Strategy, Window};

fn calls() -> Calls {
    let recorder = Recorder::default();
    for place in 0..3_000 {
        let (user, at) = (format!("u{}", place % 1_000), At::from_micros(1_764_288_000_000_000 + place));
        let caller = Caller { user: Some(&user), tenant: Some("acme"), ..Caller::default() };
        recorder.record(
            "",
            &Called { at, took: Span::ZERO, caller, cost: 1, real: 1, refused: None, would: Would::default() },
        );
    }
    Calls::read(recorder.all().iter().map(|segment| &segment.bytes)).unwrap_or_default()
}

fn policies() -> Policies {
    let fixed = |limit| Strategy::Fixed(Fixed { limit, window: Window::Every(Span::from_secs(60)) });
    let policies =
        vec![Policy::new("all", &[Part::Tenant], fixed(9_999)), Policy::new("each", &[Part::User], fixed(2))];
    Policies::new(policies).unwrap_or_default()
}

#[test]
fn keys_beyond_the_bound_count_for_their_policy() {
    let replayed = replay_keys(&calls(), &policies(), 1_000);
    // One key is that of the other policy.
    let (all, each) = (&replayed.policies[0], &replayed.policies[1]);
    assert_eq!((all.calls, all.refused, all.keys_count), (3_000, 0, 1));
    assert_eq!((each.calls, each.refused, each.keys_count), (3_000, 1_000, 999));
    assert!(replayed.note.is_some_and(|note| note.starts_with("there were more than 1000 keys")));

    let series = usage_keys(&calls(), &policies(), Span::from_secs(60), 10);
    let sums: Vec<u64> = series.iter().map(|one| one.steps[0].calls).collect();
    // The one of all tenants; nine of users, and the other 991.
    assert_eq!(sums, [&[3_000][..], &[3; 9], &[3 * 991]].concat());
    assert!(series[10].key.is_none());
}

#[test]
fn keys_that_were_forgotten_are_told() {
    let replayed = replay_keys(&calls(), &policies(), 10);
    assert!(replayed.refused < 1_000);
    assert!(replayed.note.is_some_and(|note| note.contains("keys were forgotten while they counted")));
}
