//! Bounds hold under a flood, and what is kept then stands for the rest without bias.

use std::collections::HashSet;

use fluxor_limits::traffic::{Bounds, is_stand_in, keys};
use fluxor_limits::{Called, Caller, Fixed, Part, Policies, Policy, Recorder, Span, Strategy, Window};

use super::{after, call, read, recorder};

#[test]
fn a_flood_of_calls_is_sampled_without_bias() {
    let (mut calls, mut costs, mut evens) = (0.0, 0.0, 0.0);
    let (runs, each) = (40, 20_000_u64);
    for _ in 0..runs {
        let recorder = recorder(4_096);
        for place in 0..each {
            // Two users by turns: what keeps every second call would keep one of them alone.
            let user = ["ann", "bob"][(place % 2) as usize];
            recorder.record("acme", &Called { cost: place % 7, real: place % 7, ..call(place * 100, user) });
        }
        let segments = recorder.all();
        assert!(segments.iter().all(|segment| segment.bytes.len() <= 4_096));
        let read = read(&segments);
        assert!(read.sampled());
        let weight = read.iter().map(|kept| kept.weight).max().unwrap();
        assert!(weight.is_power_of_two() && read.total().abs_diff(each) <= 2 * weight, "{} by {weight}", read.total());
        // What is kept is from the whole time.
        let (first, last) = read.span().unwrap();
        assert!(first < after(each * 10) && last > after(each * 90));
        for kept in read.iter() {
            calls += kept.weight as f64;
            costs += (kept.weight * kept.called.real) as f64;
            evens += if kept.called.caller.user == Some("ann") { kept.weight as f64 } else { 0.0 };
        }
    }
    let all = (runs * each) as f64;
    // Some 350 calls a run are kept, so that chance is far below 4 %.
    assert!((calls / all - 1.0).abs() < 0.01, "{}", calls / all);
    assert!((costs / (3.0 * all) - 1.0).abs() < 0.04, "{}", costs / (3.0 * all));
    assert!((evens / (all / 2.0) - 1.0).abs() < 0.05, "{}", evens / (all / 2.0));
}

#[test]
fn a_flood_of_scopes_shares_one() {
    let recorder = Recorder::new(Bounds { scopes: 100, ..Bounds::default() });
    for place in 0..5_000_u64 {
        recorder.record(&format!("tenant-{place}"), &call(place * 1_000, "ann"));
    }
    assert_eq!(recorder.peek("tenant-99").len(), 1);
    assert!(recorder.peek("tenant-100").is_empty());
    assert_eq!(read(&recorder.peek("?")).len(), 4_900);
    let segments = recorder.all();
    let scopes: HashSet<&str> = segments.iter().map(|segment| segment.scope.as_str()).collect();
    assert!(scopes.len() == 101 && scopes.contains("?"));
    assert_eq!(read(&segments).total(), 5_000);
    // There is room again.
    recorder.record("tenant-100", &call(0, "ann"));
    assert_eq!(recorder.all()[0].scope, "tenant-100");
}

#[test]
fn a_flood_of_texts_has_other_keys_all_the_same() {
    let recorder = Recorder::new(Bounds { texts: 50, bytes: 4 << 20, ..Bounds::default() });
    let users: Vec<String> = (0..3_000).map(|user| format!("{user:0>150}")).collect();
    for twice in 0..2 {
        for (place, user) in users.iter().enumerate() {
            recorder.record("acme", &call((twice * 3_000 + place as u64) * 1_000, user));
        }
    }
    let segments = recorder.all();
    // 50 as they are, the others in 17 bytes, and less than 20 for each call and each caller.
    assert!(segments[0].bytes.len() < 50 * 152 + 3_000 * 40 + 6_000 * 12, "{}", segments[0].bytes.len());
    let read = read(&segments);
    let policy =
        Policy::new("p", &[Part::User], Strategy::Fixed(Fixed { limit: 9, window: Window::Every(Span::from_secs(1)) }));
    let policies = Policies::new(vec![policy]).unwrap();
    assert_eq!(keys(&read, &policies, usize::MAX).len(), 3_000);
    let whole = read.iter().filter(|kept| kept.called.caller.user.is_some_and(|user| user.len() == 150)).count();
    // The tenant is one of the 50.
    assert_eq!(whole, 2 * 49);
    let short = keys(&read, &policies, 3_000)[0].key.to_string();
    assert!(short.starts_with("p|user=~") && short.len() == "p|user=~".len() + 16, "{short}");
}

/// Who asks for many objects makes nobody else unknown.
#[test]
fn a_flood_of_objects_leaves_room_for_people() {
    let recorder = Recorder::new(Bounds { texts: 50, bytes: 4 << 20, ..Bounds::default() });
    for place in 0..500 {
        let (object, method) = (format!("item/{place}"), format!("M{place}"));
        let caller = Caller { object: Some(&object), method: Some(&method), ..call(0, "bob").caller };
        recorder.record("acme", &Called { caller, ..call(place, "bob") });
    }
    recorder.record("acme", &Called { refused: Some("few"), ..call(600, "ced") });
    let read = read(&recorder.all());
    let last = read.iter().next_back().unwrap().called;
    assert_eq!((last.caller.user, last.refused), (Some("ced"), Some("few")));
    let objects = read.iter().filter_map(|kept| kept.called.caller.object);
    let (hidden, told): (Vec<&str>, Vec<&str>) = objects.partition(|object| is_stand_in(object));
    assert!(told.len() > 5 && hidden.len() > 450, "{} {}", told.len(), hidden.len());
}

/// Where calls are dropped, those that are left keep what would have refused them.
#[test]
fn what_would_have_refused_a_call_stays() {
    let recorder = recorder(8_192);
    for place in 0..20_000_u64 {
        let would: &[&str] = [&[][..], &["few"], &["few", "tenant 1|watched"]][(place % 3) as usize];
        let user = ["ann", "bob", "ced"][(place % 3) as usize];
        recorder.record("", &Called { would: would.into(), ..call(place * 100, user) });
    }
    let read = read(&recorder.all());
    assert!(read.sampled() && read.len() > 300);
    for kept in read.iter() {
        let would: Vec<&str> = kept.called.would.iter().collect();
        let expected: &[&str] = match kept.called.caller.user {
            Some("ann") => &[],
            Some("bob") => &["few"],
            _ => &["few", "tenant 1|watched"],
        };
        assert_eq!(would, expected);
    }
}

/// What stands for a text stands for it everywhere, also where calls were dropped meanwhile.
#[test]
fn what_stands_for_a_text_stays() {
    let users: Vec<String> = (0..500).map(|user| format!("user-{user}")).collect();
    let names = |bounds: Bounds| -> HashSet<String> {
        let recorder = Recorder::new(bounds);
        (0..30_000_u64).for_each(|place| recorder.record("", &call(place * 100, &users[(place % 500) as usize])));
        read(&recorder.all()).iter().filter_map(|kept| kept.called.caller.user.map(str::to_owned)).collect()
    };
    let stand_ins = names(Bounds { texts: 0, bytes: 4 << 20, ..Bounds::default() });
    let sampled = names(Bounds { texts: 10, bytes: 8_192, ..Bounds::default() });
    assert!(stand_ins.len() == 500 && sampled.len() > 50);
    assert!(sampled.iter().all(|name| stand_ins.contains(name) || users.contains(name)));
}

#[test]
fn long_texts_are_shortened() {
    let (long, recorder) = ("ü".repeat(5_000), Recorder::default());
    let caller = Caller { route: Some(&long), object: Some(&long), api_key: Some("k"), ..Caller::default() };
    recorder.record(&long, &Called { caller, refused: Some(&long), ..call(0, "") });
    recorder.record(&long, &Called { caller, ..call(1, "") });
    assert_eq!(recorder.peek(&long).len(), 1);
    let segments = recorder.all();
    assert!(segments[0].bytes.len() < 100 && segments[0].scope.len() == 17);
    let read = read(&segments);
    let caller = read.iter().next().unwrap().called.caller;
    assert_eq!((caller.route, caller.object), (Some(&*segments[0].scope), Some(&*segments[0].scope)));
    assert_eq!(caller.api_key, Some("k"));
}

#[test]
fn all_segments_together_are_bounded() {
    let bounds = Bounds { total: 1 << 20, bytes: 1 << 18, ..Bounds::default() };
    let recorder = Recorder::new(bounds);
    let calls = 400_000_u64;
    for place in 0..calls {
        // Ten that call much, and then fifty more.
        let scope = if place < calls / 2 { place % 10 } else { place % 60 };
        let object = format!("object-{place}");
        let plain = call(place * 10, "ann");
        let caller = Caller { object: Some(&object), ..plain.caller };
        recorder.record(&format!("tenant-{scope}"), &Called { caller, ..plain });
        assert!(recorder.held() <= 2 * bounds.total, "{}", recorder.held());
    }
    let segments = recorder.all();
    assert_eq!(recorder.held(), 0);
    assert_eq!(segments.len(), 60);
    let read = read(&segments);
    let off = read.total().abs_diff(calls);
    assert!(read.sampled() && off < calls / 20, "{off}");
}

#[test]
fn minutes_that_nobody_takes_are_bounded() {
    let recorder = Recorder::default();
    for minute in 0..100 {
        recorder.record("acme", &call(minute * 60_000_000, "ann"));
    }
    let segments = recorder.all();
    assert_eq!(segments.len(), 3);
    let read = read(&segments);
    assert!(read.len() == 100 && !read.sampled());
    assert_eq!(read.span(), Some((after(0), after(99 * 60_000_000))));
}

#[test]
fn minutes_are_taken_when_they_are_over() {
    let recorder = Recorder::default();
    recorder.record("acme", &call(1, "ann"));
    recorder.record("", &call(2, "bob"));
    // It began in the first minute, and ended in the second one.
    recorder.record("acme", &Called { took: Span::from_secs(70), ..call(3, "ann") });
    assert!(recorder.finished(after(59_999_999)).is_empty());
    assert_eq!(read(&recorder.peek("acme")).len(), 2);
    let first = recorder.finished(after(60_000_000));
    let told: Vec<_> = first.iter().map(|segment| (segment.scope.as_str(), segment.minute)).collect();
    assert_eq!(told, [("", after(0)), ("acme", after(0))]);
    // A call that is recorded late makes another segment.
    recorder.record("acme", &call(4, "eve"));
    let rest = recorder.finished(after(120_000_000));
    let told: Vec<_> = rest.iter().map(|segment| (segment.scope.as_str(), segment.minute)).collect();
    assert_eq!(told, [("acme", after(0)), ("acme", after(60_000_000))]);
    assert!(recorder.finished(after(1_000_000_000)).is_empty() && recorder.peek("acme").is_empty());
    let all: Vec<_> = first.into_iter().chain(rest).collect();
    let read = read(&all);
    let began: Vec<_> = read.iter().map(|kept| kept.called.at).collect();
    assert_eq!(began, [after(1), after(2), after(3), after(4)]);
}

#[test]
fn several_threads_lose_nothing() {
    let recorder = Recorder::default();
    let segments = std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let recorder = &recorder;
            scope.spawn(move || {
                for place in 0..5_000 {
                    recorder.record(["", "acme"][(place % 2) as usize], &call(thread + place * 40_000, "ann"));
                }
            });
        }
        let mut taken: Vec<_> = (0..50).flat_map(|minute| recorder.finished(after(minute * 10_000_000))).collect();
        taken.extend(recorder.finished(after(0)));
        taken
    });
    let all: Vec<_> = segments.into_iter().chain(recorder.all()).collect();
    assert_eq!(read(&all).total(), 20_000);
    assert_eq!(recorder.held(), 0);
}
