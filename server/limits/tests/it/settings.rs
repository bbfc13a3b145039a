//! Settings: what is read, what is refused and how, and that nothing is lost on the way back.

use fluxor_limits::{Away, Bucket, Caller, Headers, Settings, Span, Strategy};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

fn whole() -> Value {
    json!({
        "headers": "legacy",
        "policies": [
            {
                "name": "requests", "by": ["api_key"],
                "strategy": {"bucket": {"burst": 200, "tokens": 100, "per": "1s"}},
                "away": "closed",
                "overrides": [
                    {"when": {"api_key": "abc"}, "strategy": {"bucket": {"burst": 9, "tokens": 1, "per": "1m"}}},
                    {"when": {"api_key": "root"}, "exempt": true}
                ]
            },
            {
                "name": "daily", "by": ["tenant"],
                "strategy": {"fixed": {"limit": 100_000, "window": "day", "zone": "Europe/Berlin"}}
            },
            {"name": "monthly", "by": ["tenant"], "strategy": {"fixed": {"limit": 1, "window": "month"}}, "shadow": true},
            {
                "name": "sign_in", "by": ["address"], "strategy": {"log": {"limit": 20, "window": "60s"}},
                "overrides": [{"when": {"address": "2001:db8::/64"}, "strategy": {"log": {"limit": 5, "window": "1m"}}}],
                "routes": ["/v1/sign-in", "/v1/keys/*"], "methods": ["POST"], "classes": ["interactive"]
            },
            {"name": "ring", "by": ["user", "object"], "strategy": {"ring": {"limit": 7, "window": "1h", "slots": 12}}},
            {"name": "sliding", "by": ["user"], "strategy": {"sliding": {"limit": 7, "window": "250ms"}}},
            {"name": "at_once", "by": ["user"], "strategy": {"leases": {"limit": 4, "lease": "30s"}}}
        ],
        "costs": [
            {"method": "GET", "route": "/v1/audit/export", "cost": 50},
            {"route": "/v1/audit/*", "cost": 5},
            {"route": "/v1/*", "cost": 2}
        ]
    })
}

#[test]
fn nothing_is_lost() {
    let settings = Settings::read(&whole()).unwrap();
    let written = serde_json::to_value(&settings).unwrap();
    assert_eq!(written, whole());
    assert_eq!(serde_json::from_value::<Settings>(written).unwrap(), settings);
}

#[test]
fn what_is_written_is_in_force() {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    let policies = Settings::read(&whole()).unwrap().compile(&zone);
    assert_eq!(policies.headers(), Headers::Legacy);
    let requests = policies.named("requests").unwrap();
    assert_eq!(requests.away, Away::Closed);
    let with_key = |api_key| Caller { api_key: Some(api_key), ..Caller::default() };
    assert_eq!(
        requests.ask(&with_key("abc"), 1).unwrap().strategy,
        &Strategy::Bucket(Bucket::new(9, 1, Span::from_secs(60)))
    );
    assert!(requests.ask(&with_key("root"), 1).is_none());
    assert_eq!(requests.ask(&with_key("other"), 3).unwrap().takes, 3);
    let monthly = format!("{:?}", policies.named("monthly").unwrap().strategy);
    assert!(monthly.contains("Tokyo"), "{monthly}");
    assert!(policies.named("monthly").unwrap().shadow);
    let cost = |method, route| policies.cost(method, route);
    assert_eq!(cost("GET", "/v1/audit/export"), 50);
    assert_eq!(cost("POST", "/v1/audit/export"), 5);
    assert_eq!((cost("GET", "/v1/tasks"), cost("GET", "/health")), (2, 1));
}

#[test]
fn filters() {
    let policies = Settings::read(&whole()).unwrap().compile(&TimeZone::UTC);
    let sign_in = policies.named("sign_in").unwrap();
    let call = Caller {
        address: Some("2001:db8::77".parse().unwrap()),
        method: Some("POST"),
        route: Some("/v1/keys/{id}"),
        class: Some(fluxor_limits::Class::Interactive),
        ..Caller::default()
    };
    assert_eq!(sign_in.ask(&call, 1).unwrap().strategy.most(), 5);
    assert!(sign_in.ask(&Caller { method: Some("GET"), ..call }, 1).is_none());
    assert!(sign_in.ask(&Caller { route: Some("/v1/sign-in/x"), ..call }, 1).is_none());
    assert!(sign_in.ask(&Caller { class: None, ..call }, 1).is_none());
    assert!(sign_in.ask(&Caller { address: None, ..call }, 1).is_none());
}

/// The faults as lines: pointer, sentence, hint.
fn faults(value: &Value) -> Vec<String> {
    Settings::read(value).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn all_faults_at_once() {
    let told = faults(&json!({
        "header": "draft10",
        "policies": [
            {"name": "a b", "by": [], "strategy": {"bucket": {"burst": 0, "tokens": 1, "per": "1 s"}}},
            {"name": "x", "by": ["usr"], "strategy": {"log": {"limit": 5000, "window": "500d"}}},
            {"name": "x", "by": ["user"], "strategy": {"ring": {"limit": 5, "window": "1m", "slots": 1}}},
            {"name": "y", "by": ["user"], "strategy": {"fixed": {"limit": 5, "window": "dya", "zone": "Berlin"}}},
            {"name": "z", "by": ["user", "route"], "strategy": {"fixed": {"limit": 5, "window": "1m", "zone": "UTC"}},
             "routes": ["/v1/*", "/v1/tasks"], "methods": ["get"], "classes": [],
             "overrides": [
                {"when": {"user": "ann"}, "exempt": true},
                {"when": {"user": "ann", "route": "/"}, "strategy": {"log": {"limit": 1, "window": "1s"}}},
                {"when": {"user": "ann", "route": "/"}}
             ]},
            {"name": "w", "strategy": {"bucket": {"burst": 9_000_000, "tokens": 7, "per": "1d"}, "log": {}}, "shadow": 1},
            {"name": "v", "by": ["user"], "strategy": {"bucket": {"burst": 9_000_000, "tokens": 7, "per": "1d"}}}
        ],
        "costs": [{"route": "v1", "cost": -1}]
    }));
    let expected = [
        "/header: there is no field `header` here (did you mean `headers`?)",
        "/policies/0/name: `a b` cannot be a policy's name: it is shown in headers (at most 64 letters, digits, `_`, `-` and `.`)",
        "/policies/0/by: this list is empty: nothing would ever match (leave it out, or fill it)",
        "/policies/0/strategy/bucket/burst: `burst` must be at least 1",
        "/policies/0/strategy/bucket/per: `1 s` is no duration",
        "/policies/1/by/0: `usr` is not known here (did you mean `user`?)",
        "/policies/1/strategy/log/limit: `limit` is 5000; it may be at most 1000 (a log remembers every call",
        "/policies/1/strategy/log/window: `window` must be longer than nothing and at most 400 days",
        "/policies/2/name: there is a policy `x` already",
        "/policies/2/strategy/ring/slots: a ring has 2 to 60 slots, not 1",
        "/policies/3/strategy/fixed/window: `dya` is no window (did you mean `day`?",
        "/policies/3/strategy/fixed/zone: there is no time zone `Berlin`",
        "/policies/4/strategy/fixed/zone: windows of a length lie in no zone",
        "/policies/4/methods/0: `get` is no method that a call could have (methods are upper case: did you mean `GET`?)",
        "/policies/4/routes/1: `/v1/tasks` is never reached: `/v1/*` covers it already",
        "/policies/4/classes: this list is empty",
        "/policies/4/overrides/0/when: the field `route` is missing",
        "/policies/4/overrides/1/strategy: the policy is a `fixed`, this is a `log`",
        "/policies/4/overrides/2: this changes nothing",
        "/policies/4/overrides/2/when: this key has an override already",
        "/policies/5: the field `by` is missing",
        "/policies/5/strategy: this must be one strategy",
        "/policies/5/shadow: this must be true or false, not a number",
        "/policies/6/strategy/bucket/burst: a burst of 9000000 is too large for a rate of such fine fractions",
        "/costs/0/route: `v1` is no route that a call could have",
        "/costs/0/cost: `cost` must be a whole number from 0",
    ];
    for line in expected {
        assert!(told.iter().any(|told| told.starts_with(line)), "{line}\nis not in\n{}", told.join("\n"));
    }
    assert_eq!(told.len(), expected.len(), "{}", told.join("\n"));
}

#[test]
fn too_many() {
    let policy = |at: usize| json!({"name": format!("p{at}"), "by": ["user"], "strategy": {"log": {"limit": 1, "window": "1s"}}});
    let told = faults(&json!({"policies": (0..33).map(policy).collect::<Vec<_>>()}));
    assert_eq!(told, ["/policies: there are 33 policies; there may be at most 32"]);
    let mut one = policy(0);
    let exempt = |at: usize| json!({"when": {"user": at.to_string()}, "exempt": true});
    one["overrides"] = (0..10_001).map(exempt).collect();
    let told = faults(&json!({"policies": [one]}));
    assert_eq!(told, ["/policies: there are 10001 overrides; there may be at most 10000"]);
    assert_eq!(Settings::parse("{").unwrap_err()[0].pointer, "");
    assert_eq!(Settings::parse("[]").unwrap_err()[0].message, "this must be an object, not a list");
}
