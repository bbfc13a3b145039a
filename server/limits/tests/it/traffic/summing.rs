//! What was used over time, and the keys that are counted.

use fluxor_limits::traffic::{keys, usage};
use fluxor_limits::{Called, Caller, Calls, Fixed, Leases, Part, Policies, Policy, Recorder, Span, Strategy, Window};

use super::{after, call, read, recorder};

fn policies() -> Policies {
    let fixed = Strategy::Fixed(Fixed { limit: 30, window: Window::Every(Span::from_secs(3_600)) });
    let leases = Strategy::Leases(Leases { limit: 3, lease: Span::from_secs(60) });
    let mut per_user = Policy::new("per_user", &[Part::User], fixed.clone());
    let exempt = Caller { user: Some("exempt"), ..Caller::default() };
    assert!(per_user.except(&exempt, None));
    let policies = vec![
        per_user,
        Policy::new("at_once", &[Part::Tenant], leases),
        Policy::new("per_object", &[Part::User, Part::Object], fixed),
    ];
    Policies::new(policies).unwrap()
}

#[test]
fn use_over_time_by_key() {
    let recorder = Recorder::default();
    let users: Vec<String> = (0..25).map(|user| format!("u{user:02}")).collect();
    for (place, user) in users.iter().enumerate() {
        let place = place as u64;
        for step in 0..3 {
            let plain = call(step * 10_000_000 + place, user);
            let refused = (step == 1).then_some("per_user");
            // In shadow it would have refused the first of each, and one that is not asked about the last.
            let would: &[&str] = [&["per_user"][..], &[], &["other"]][step as usize];
            recorder.record("", &Called { cost: 9, real: place + 1, refused, would: would.into(), ..plain });
        }
    }
    recorder.record("", &call(1, "exempt"));
    let series = usage(&read(&recorder.all()), &policies(), Span::from_secs(10));
    let of = |policy: &str| series.iter().filter(|one| one.policy == policy).collect::<Vec<_>>();
    let per_user = of("per_user");
    assert_eq!(per_user.len(), 21);
    assert_eq!(per_user[0].key.as_deref(), Some("per_user|user=u24"));
    assert_eq!((per_user[0].from, per_user[0].step_secs), (after(0), 10));
    let told = |steps: &[fluxor_limits::traffic::Step]| -> Vec<_> {
        steps.iter().map(|step| (step.calls, step.cost, step.refused)).collect()
    };
    assert_eq!(told(&per_user[0].steps), [(1, 25, 0), (1, 0, 1), (1, 25, 0)]);
    let would =
        |one: &fluxor_limits::traffic::Series| one.steps.iter().map(|step| step.would_refuse).collect::<Vec<_>>();
    assert_eq!((would(per_user[0]), would(per_user[20])), (vec![1, 0, 0], vec![5, 0, 0]));
    // The five that cost least: 1 + 2 + 3 + 4 + 5.
    assert_eq!(per_user[20].key, None);
    assert_eq!(told(&per_user[20].steps), [(5, 15, 0), (5, 0, 5), (5, 15, 0)]);
    // A call is one place whatever it costs, and was refused by another policy.
    let at_once = of("at_once");
    assert_eq!(at_once.len(), 1);
    assert_eq!(told(&at_once[0].steps), [(26, 26, 0), (25, 0, 0), (25, 25, 0)]);
    assert_eq!(would(at_once[0]), [0, 0, 0]);
    assert!(of("per_object").is_empty());
    let json = serde_json::to_value(per_user[20]).unwrap();
    assert_eq!((&json["from"], &json["key"]), (&"2025-11-28T00:00:00Z".into(), &serde_json::Value::Null));
    assert!(usage(&Calls::default(), &policies(), Span::ZERO).is_empty());
}

#[test]
fn steps_are_bounded() {
    let recorder = Recorder::default();
    recorder.record("", &call(0, "ann"));
    recorder.record("", &call(86_400_000_000 * 30, "ann"));
    let series = usage(&read(&recorder.all()), &policies(), Span::ZERO);
    assert!(series[0].step_secs == 260 && series[0].steps.len() <= 10_000, "{}", series[0].step_secs);
    assert_eq!(series[0].steps.iter().map(|step| step.calls).sum::<u64>(), 2);
}

#[test]
fn sums_of_what_stands_for_others() {
    let recorder = recorder(4_096);
    (0..50_000).for_each(|place| recorder.record("", &Called { real: 2, ..call(place * 100, "ann") }));
    let series = usage(&read(&recorder.all()), &policies(), Span::from_secs(60));
    let (calls, cost) = (series[0].steps[0].calls, series[0].steps[0].cost);
    assert!(calls.abs_diff(50_000) < 1_000 && cost == 2 * calls, "{calls}");
}

#[test]
fn keys_that_were_called_last_come_first() {
    let recorder = Recorder::default();
    for (place, user) in ["ann", "bob", "ann", "eve", "bob", "exempt"].into_iter().enumerate() {
        let plain = call(place as u64 * 1_000, user);
        let object = (user == "eve").then_some("o");
        recorder.record("", &Called { caller: Caller { object, ..plain.caller }, ..plain });
    }
    let calls = read(&recorder.all());
    let told = |most| -> Vec<(String, u64)> {
        let seen = keys(&calls, &policies(), most);
        seen.iter().map(|one| (one.key.to_string(), one.last.since(after(0)).micros())).collect()
    };
    let all = [
        ("at_once=held|tenant=acme", 5_000),
        ("per_user|user=bob", 4_000),
        ("per_user|user=eve", 3_000),
        ("per_object|user=eve|object=o", 3_000),
        ("per_user|user=ann", 2_000),
    ];
    let all = all.map(|(key, last)| (key.to_owned(), last));
    assert_eq!(told(10), all);
    for most in 0..5 {
        assert_eq!(told(most), all[..most]);
    }
    let seen = keys(&calls, &policies(), 1);
    assert_eq!((&*seen[0].policy, seen[0].strategy.name()), ("at_once", "leases"));
}
