use super::*;
use crate::at::Span;
use crate::decide::Ticket;
use crate::policy::Shift;
use proptest::prelude::*;

fn line(policy: &str, quota: u64, remaining: u64, reset_millis: u64, verdict: Verdict) -> Line {
    Line {
        policy: policy.into(),
        key: format!("{policy}|user=ann").into(),
        quota,
        window: Span::from_millis(60_000),
        remaining,
        reset_after: Span::from_millis(reset_millis),
        unit: Unit::Requests,
        verdict,
        shift: Shift::default(),
    }
}

fn decision(outcome: Outcome, lines: Vec<Line>, tightest: usize, cost: u64) -> Decision {
    let ticket = Ticket { cost, ..Ticket::default() };
    let tightest = (!lines.is_empty()).then_some(tightest);
    Decision { outcome, tightest, lines, shadows: Vec::new(), ticket, alone: false, closed: false }
}

fn later(millis: u64) -> Verdict {
    Verdict::Later(Span::from_millis(millis))
}

fn denied(by: &str, millis: u64) -> Outcome {
    Outcome::Denied { by: by.into(), retry_after: Span::from_millis(millis) }
}

fn written(decision: &Decision, headers: Headers) -> Vec<(String, String)> {
    let mut fields = HeaderMap::new();
    Answers::new().partition(Partition::Hidden).write(decision, headers, &mut fields);
    let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    fields.iter().map(text).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn draft_10_on_success() {
    let mut slots = line("slots", 5, 4, 0, Verdict::Fine);
    slots.unit = Unit::ConcurrentRequests;
    let admitted = decision(Outcome::Admitted, vec![line("burst", 100, 61, 20_001, Verdict::Fine), slots], 0, 3);
    assert_eq!(
        written(&admitted, Headers::Draft10),
        pairs(&[
            ("ratelimit-policy", r#""burst";q=100;w=60, "slots";q=5;qu="concurrent-requests""#),
            ("ratelimit", r#""burst";r=61;t=21, "slots";r=4"#),
        ])
    );
    assert_eq!(
        written(&admitted, Headers::Following)[1],
        ("ratelimit".to_owned(), r#""burst";a=61;w=21;c=3, "slots";a=4"#.to_owned())
    );
    assert_eq!(written(&admitted, Headers::Off), []);
    assert_eq!(written(&decision(Outcome::Admitted, vec![], 0, 1), Headers::Draft10), [], "no policy, no field");
}

#[test]
fn the_older_three_are_those_of_the_tightest() {
    let lines = vec![line("burst", 100, 61, 20_001, Verdict::Fine), line("daily", 1_000, 2, 70_000, Verdict::Fine)];
    assert_eq!(
        written(&decision(Outcome::Admitted, lines, 1, 1), Headers::Legacy),
        pairs(&[("ratelimit-limit", "1000"), ("ratelimit-remaining", "2"), ("ratelimit-reset", "70")])
    );
}

#[test]
fn a_refusal_tells_when_and_by_whom() {
    let lines = vec![
        line("burst", 100, 0, 900, later(10)),
        line("daily", 1_000, 500, 40_000_000, Verdict::Fine),
        line("hourly", 200, 1, 90_000, later(12_000)),
    ];
    let refused = decision(denied("hourly", 12_000), lines, 2, 2);
    assert_eq!(
        written(&refused, Headers::Draft10)[1..],
        pairs(&[("ratelimit", r#""burst";r=0;t=1, "daily";r=500, "hourly";r=1;t=12"#), ("retry-after", "12")])
    );
    assert_eq!(written(&refused, Headers::Off), pairs(&[("retry-after", "12")]));
    let refusal = Answers::new().refusal(&refused).unwrap();
    assert_eq!(refusal.violated, ["hourly", "burst"]);
    assert_eq!((refusal.reason, refusal.retry_after), (Reason::Quota, Some(12)));
    assert_eq!(Answers::new().abnormal(["hourly"]).refusal(&refused).unwrap().reason, Reason::Abnormal);
}

#[test]
fn what_can_never_pass_is_not_told_to_wait() {
    let lines =
        vec![line("burst", 100, 100, 0, Verdict::Never { most: 100 }), line("hourly", 5, 0, 9_000, later(9_000))];
    let never = decision(Outcome::Never { by: "burst".into(), most: 100 }, lines, 0, 500);
    let fields = written(&never, Headers::Draft10);
    assert!(fields.iter().all(|(name, _)| name != "retry-after"), "{fields:?}");
    let refusal = Answers::new().refusal(&never).unwrap();
    assert_eq!((refusal.reason, refusal.most, refusal.retry_after), (Reason::TooCostly, Some(100), None));
    assert_eq!(refusal.cost, Some(500));
    assert_eq!(refusal.violated, ["burst", "hourly"]);
}

#[test]
fn integers_are_clamped_and_windows_have_a_second() {
    let mut most = line("most", u64::MAX, u64::MAX, u64::MAX, Verdict::Fine);
    most.window = Span::from_millis(1);
    let fields = written(&decision(Outcome::Admitted, vec![most], 0, u64::MAX), Headers::Draft10);
    assert_eq!(fields[0].1, r#""most";q=999999999999999;w=1"#);
    assert!(fields[1].1.starts_with(r#""most";r=999999999999999;t="#), "{}", fields[1].1);
}

#[test]
fn a_partition_key_shows_nothing_of_the_key() {
    let mut fields = HeaderMap::new();
    let admitted = decision(Outcome::Admitted, vec![line("burst", 9, 8, 1_000, Verdict::Fine)], 0, 1);
    Answers::new().partition(Partition::Keyed([7; 32])).write(&admitted, Headers::Draft10, &mut fields);
    let [policy] = &parse::policies([fields[RATE_LIMIT_POLICY].as_bytes()])[..] else { panic!("{fields:?}") };
    let [limit] = &parse::limits([fields[RATE_LIMIT].as_bytes()])[..] else { panic!("{fields:?}") };
    assert_eq!(policy.partition, limit.partition);
    assert_eq!(policy.partition.as_ref().map(Vec::len), Some(8));
    assert!(!format!("{fields:?}").contains("ann"));
}

#[test]
fn names_that_a_header_cannot_hold_do_not_lose_it() {
    let admitted = decision(Outcome::Admitted, vec![line("grün \"x\" \\ \n", 9, 8, 1_000, Verdict::Fine)], 0, 1);
    assert_eq!(written(&admitted, Headers::Draft10)[1].1, r#""gr_n \"x\" \\ _";r=8;t=1"#);
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Fine),
        any::<u64>().prop_map(|micros| Verdict::Later(Span::from_micros(micros))),
        (0_u64..5_000_000).prop_map(|micros| Verdict::Later(Span::from_micros(micros))),
        any::<u64>().prop_map(|most| Verdict::Never { most }),
    ]
}

fn any_line() -> impl Strategy<Value = Line> {
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), 0_u64..200_000_000);
    ("[a-z_ \"é]{1,8}", numbers, any::<bool>(), any_verdict()).prop_map(
        |(policy, (quota, window, remaining, reset), concurrent, verdict)| Line {
            key: policy.as_str().into(),
            policy: policy.into(),
            quota,
            window: Span::from_micros(window),
            remaining,
            reset_after: Span::from_micros(reset),
            unit: if concurrent { Unit::ConcurrentRequests } else { Unit::Requests },
            verdict,
            shift: Shift::default(),
        },
    )
}

/// A decision as deciding makes it: the outcome follows from the lines.
fn any_decision() -> impl Strategy<Value = Decision> {
    (proptest::collection::vec(any_line(), 0..5), any::<u64>()).prop_map(|(lines, cost)| {
        let never = lines.iter().position(|line| matches!(line.verdict, Verdict::Never { .. }));
        let wait = |line: &Line| match line.verdict {
            Verdict::Later(span) => Some(span),
            _ => None,
        };
        let longest = lines.iter().enumerate().filter_map(|(at, line)| Some((wait(line)?, at))).max();
        let (outcome, tightest) = match (never, longest) {
            (Some(at), _) => (Outcome::Never { by: lines[at].policy.clone(), most: 1 }, at),
            (None, Some((retry_after, at))) => (Outcome::Denied { by: lines[at].policy.clone(), retry_after }, at),
            (None, None) => (Outcome::Admitted, 0),
        };
        decision(outcome, lines, tightest, cost)
    })
}

proptest! {
    #[test]
    fn retry_after_is_never_0_and_never_earlier_than_a_reset(decision in any_decision(), following in any::<bool>()) {
        let headers = if following { Headers::Following } else { Headers::Draft10 };
        let mut fields = HeaderMap::new();
        Answers::new().write(&decision, headers, &mut fields);
        let told = fields.get(RETRY_AFTER).map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
        prop_assert_eq!(told.is_some(), matches!(decision.outcome, Outcome::Denied { .. }));
        prop_assert_eq!(told, Answers::new().refusal(&decision).and_then(|refusal| refusal.retry_after));
        if let (Some(seconds), Outcome::Denied { retry_after, .. }) = (told, &decision.outcome) {
            prop_assert!(seconds >= 1);
            prop_assert!(seconds >= retry_after.secs_up());
            for limit in parse::limits(fields.get_all(RATE_LIMIT).iter().map(HeaderValue::as_bytes)) {
                prop_assert!(limit.reset.is_none_or(|reset| reset <= seconds), "{:?} {}", limit, seconds);
            }
            let mut legacy = HeaderMap::new();
            Answers::new().write(&decision, Headers::Legacy, &mut legacy);
            let reset: u64 = legacy[RATE_LIMIT_RESET].to_str().unwrap().parse().unwrap();
            prop_assert!(reset <= seconds);
        }
    }

    #[test]
    fn what_is_written_is_read_back(decision in any_decision(), following in any::<bool>()) {
        let headers = if following { Headers::Following } else { Headers::Draft10 };
        let answers = Answers::new();
        let mut fields = HeaderMap::new();
        answers.write(&decision, headers, &mut fields);
        let plain = |name: String| name.replace(|c: char| !matches!(c, ' '..='~'), "_");
        let policies = answers.policies(&decision).into_iter().map(|mut item| {
            item.name = plain(item.name);
            item.quota = item.quota.min(emit::MOST);
            item.window = item.window.map(|window| window.min(emit::MOST));
            item
        });
        let limits = answers.limits(&decision).into_iter().map(|mut item| {
            item.name = plain(item.name);
            item.remaining = item.remaining.min(emit::MOST);
            item.cost = item.cost.filter(|_| following).map(|cost| cost.min(emit::MOST));
            item
        });
        let lines = |name: HeaderName| fields.get_all(name).into_iter().map(HeaderValue::as_bytes);
        prop_assert_eq!(parse::policies(lines(RATE_LIMIT_POLICY)), policies.collect::<Vec<_>>());
        prop_assert_eq!(parse::limits(lines(RATE_LIMIT)), limits.collect::<Vec<_>>());
    }
}

#[test]
fn of_very_many_policies_the_tightest_are_told() {
    let line = |number: u64| Line {
        policy: format!("policy-{number}").into(),
        key: format!("policy-{number}|user=ann").into(),
        quota: 100,
        window: Span::from_secs(60),
        remaining: (number * 37) % 64,
        reset_after: Span::from_secs(60),
        unit: Unit::Requests,
        verdict: Verdict::Fine,
        shift: Default::default(),
    };
    let decision = decision(Outcome::Admitted, (0..64).map(line).collect(), 0, 1);
    let (policies, limits) = (Answers::new().policies(&decision), Answers::new().limits(&decision));
    assert_eq!((policies.len(), limits.len()), (16, 16));
    assert!(limits.iter().all(|limit| limit.remaining < 16), "{limits:?}");
    assert!(policies.iter().zip(&limits).all(|(policy, limit)| policy.name == limit.name));
}
