//! Settings: what is read, what is refused and how, and that nothing is lost on the way back.

mod shared;

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
            {
                "name": "own_places", "by": ["user"], "per_server": true,
                "strategy": {"leases": {"limit": 5_000, "lease": "1h"}}
            },
            {
                "name": "hot", "by": ["user"], "token_lease": {"tokens": 20, "time": "500ms"},
                "strategy": {"fixed": {"limit": 500, "window": "1m"}}
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
fn yaml_words_are_understood_or_explained() {
    let mut document = whole();
    // What `headers: off` is in YAML.
    document["headers"] = json!(false);
    let read = Settings::read(&document).unwrap();
    assert_eq!(read.compile(&TimeZone::UTC).headers(), Headers::Off);
    assert_eq!(serde_json::to_value(&read).unwrap()["headers"], "off");
    document["headers"] = json!(true);
    document["policies"][0]["overrides"][0]["when"]["api_key"] = json!(false);
    document["policies"][0]["overrides"][1]["when"]["api_key"] = json!(7);
    let told: Vec<String> = Settings::read(&document).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|fault| fault.contains("in YAML write it in quotes")), "{told:?}");
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
        "/policies/0/by: this list is empty: nothing would ever match (say what is counted; all calls of a tenant together are counted by `[tenant]`)",
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
        "/policies/6/strategy/bucket/burst: a burst of 9000000 is too large for this rate: it may be at most 104249 (take a smaller burst, or tokens",
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
    assert_eq!(Settings::parse("[]").unwrap_err()[0].message, "the document must be an object, not a list");
}

/// The faults of one policy, without their place.
fn of_policy(policy: &Value) -> Vec<String> {
    let mut policy = policy.clone();
    policy["name"] = json!("x");
    policy["by"] = json!(["user"]);
    let told = faults(&json!({"policies": [policy]}));
    told.iter().map(|line| line.strip_prefix("/policies/0/").unwrap().to_owned()).collect()
}

fn of_strategy(strategy: &Value) -> String {
    let told = of_policy(&json!({"strategy": strategy}));
    assert_eq!(told.len(), 1, "{told:?}");
    told[0].strip_prefix("strategy/").unwrap().to_owned()
}

#[test]
fn a_document_without_policies_lifts_nothing() {
    for document in [json!({}), json!({"headers": "off"}), json!({"costs": []})] {
        assert_eq!(faults(&document), ["/policies: it is missing; `[]` lifts all limits"]);
    }
    let mistyped = faults(&json!({"polices": []}));
    assert_eq!(mistyped[0], "/polices: there is no field `polices` here (did you mean `policies`?)");
    assert!(Settings::read(&json!({"policies": []})).unwrap().compile(&TimeZone::UTC).is_empty());
}

#[test]
fn a_fault_of_the_document_reads_well_alone() {
    for (document, found) in [("null", "null"), ("[]", "a list"), ("7", "a number"), ("\"x\"", "text")] {
        let fault = &Settings::parse(document).unwrap_err()[0];
        assert_eq!(fault.pointer, "");
        assert_eq!(fault.to_string(), format!("the document must be an object, not {found}"));
        assert_eq!(fault.to_string(), fault.message);
    }
    assert!(faults_of_text("{").starts_with("the document is not JSON: "));
    let error = serde_json::from_value::<Settings>(Value::Null).unwrap_err().to_string();
    assert_eq!(error, "the document must be an object, not null");
}

fn faults_of_text(text: &str) -> String {
    Settings::parse(text).unwrap_err()[0].to_string()
}

#[test]
fn numbers_say_what_was_found() {
    for (limit, found) in [
        (json!("10"), "text (leave the quotes out)"),
        (json!("many"), "text"),
        (json!(1.5), "the fraction 1.5"),
        (json!(-3), "the negative number -3"),
        (json!(-0.5), "the negative number -0.5"),
        (json!(10.0), "10.0: write it without point and exponent"),
        (json!(1e30), "a number that is larger"),
        (json!(null), "null"),
        (json!([1]), "a list"),
    ] {
        let told = of_strategy(&json!({"log": {"limit": limit, "window": "1m"}}));
        assert_eq!(told, format!("log/limit: `limit` must be a whole number from 1 to 1000, not {found}"));
    }
    let cost = |cost: Value| faults(&json!({"policies": [], "costs": [{"route": "/", "cost": cost}]}))[0].clone();
    assert!(cost(json!("5")).ends_with("from 0 to 9007199254740991, not text (leave the quotes out)"));
    assert!(cost(json!(u64::MAX)).ends_with("it may be at most 9007199254740991"));
}

#[test]
fn slots_say_their_own_bounds() {
    let ring = |slots: Value| of_strategy(&json!({"ring": {"limit": 5, "window": "1m", "slots": slots}}));
    for slots in [0_u64, 1, 61, 255, 100_000, u64::MAX] {
        let told = format!("ring/slots: a ring has 2 to 60 slots, not {slots} (12 is a good number");
        assert!(ring(json!(slots)).starts_with(&told), "{}", ring(json!(slots)));
    }
    assert_eq!(ring(json!(2.5)), "ring/slots: `slots` must be a whole number from 2 to 60, not the fraction 2.5");
    let missing = of_strategy(&json!({"ring": {"limit": 5, "window": "1m"}}));
    assert_eq!(missing, "ring: the field `slots` is missing");
}

#[test]
fn a_time_without_a_unit_gets_an_example() {
    let hint = |example| format!("(a number with its unit (ms, s, m, h or d) in quotes, such as \"{example}\")");
    for (name, field) in [("log", "window"), ("fixed", "window"), ("leases", "lease")] {
        let with = |value: Value| {
            let mut inner = json!({"limit": 5});
            inner[field] = value;
            of_strategy(&json!({name: inner}))
        };
        let at = format!("{name}/{field}: this must be text, not");
        assert_eq!(with(json!(60)), format!("{at} a number {}", hint("60s")));
        assert_eq!(with(json!(5)), format!("{at} a number {}", hint("5s")));
        assert_eq!(with(json!(null)), format!("{at} null {}", hint("60s")));
    }
}

#[test]
fn every_method_that_nobody_uses_is_named() {
    let strategy = json!({"log": {"limit": 1, "window": "1m"}});
    let told = of_policy(&json!({"strategy": strategy, "methods": ["get", "FETCH", "GET", "PROPFIND", "spam"]}));
    assert_eq!(
        told,
        [
            "methods/0: `get` is no method that a call could have (methods are upper case: did you mean `GET`?)",
            "methods/1: `FETCH` is no method that a call could have (did you mean `PATCH`?)",
            "methods/4: `spam` is no method that a call could have (known are: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT)",
        ]
    );
}

#[test]
fn long_texts_are_not_repeated() {
    let long = "n".repeat(500);
    let cut = format!("`{}...`", "n".repeat(40));
    let strategy = json!({"log": {"limit": 1, "window": long}});
    let told = Settings::read(&json!({
        "headers": long,
        "policies": [
            {"name": long, "by": [long], "strategy": strategy, "routes": [long], "methods": [long], "away": long},
            {"name": long, "by": ["user"], "strategy": {"fixed": {"limit": 1, "window": long, "zone": long}}}
        ]
    }))
    .unwrap_err();
    assert_eq!(told.len(), 11, "{told:?}");
    for fault in told {
        assert!(fault.message.contains(&cut) && fault.message.len() < 140, "{fault}");
        assert!(fault.hint.is_none_or(|hint| hint.len() < 140));
    }
    let name = "ü".repeat(500);
    let told = faults(&json!({"policies": [{"name": name, "by": ["user"], "strategy": {}}]}));
    assert!(told[0].contains(&format!("`{}...`", "ü".repeat(40))), "{told:?}");
}

#[test]
fn a_burst_that_is_too_large_says_what_to_do() {
    let bucket = |burst: u64, tokens: u64, per: &str| json!({"bucket": {"burst": burst, "tokens": tokens, "per": per}});
    let large = 9_007_199_254_740_991;
    assert_eq!(
        of_strategy(&bucket(large, 1, "1s")),
        "bucket/burst: a burst of 9007199254740991 is too large for this rate: it may be at most 9007199254 (take a smaller burst)"
    );
    let told = of_strategy(&bucket(large, 7, "1s"));
    assert!(told.ends_with("(take a smaller burst, or tokens that divide the time, such as 24 per \"1d\")"), "{told}");
    let good = json!({"policies": [{"name": "x", "by": ["user"], "strategy": bucket(9_007_199_254, 1, "1s")}]});
    assert!(Settings::read(&good).is_ok());
}

/// What is huge is refused at once: lists are bounded, and so are the faults that are told.
#[test]
fn what_is_huge_is_refused_at_once() {
    let routes: Vec<String> = (0..100_000).map(|n| format!("\"/v1/{n}\"")).collect();
    let policy = |fields: &str| {
        format!(
            r#"{{"policies":[{{"name":"a","by":["user"],{fields}"strategy":{{"log":{{"limit":1,"window":"1s"}}}}}}]"#
        )
    };
    let long = format!("{}}}", policy(&format!("\"routes\":[{}],", routes.join(","))));
    let costs: Vec<String> = (0..30_000).map(|n| format!(r#"{{"route":"/{n}","cost":0}}"#)).collect();
    let costly = format!("{},\"costs\":[{}]}}", policy(""), costs.join(","));
    let wrong: Vec<String> = (0..500).map(|n| format!("\"x{n}\":1")).collect();
    let strange = format!("{},{}}}", policy(""), wrong.join(","));
    for (document, told) in [(long, "it may have 64"), (costly, "at most 200"), (strange, "and there is more")] {
        let since = std::time::Instant::now();
        let faults = Settings::parse(&document).unwrap_err();
        assert!(faults.len() <= 100 && faults.iter().any(|fault| fault.message.contains(told)), "{told}: {faults:?}");
        assert!(since.elapsed() < std::time::Duration::from_secs(20), "{told}: {:?}", since.elapsed());
    }
}

/// Of two fields of one name one would be dropped without a word.
#[test]
fn no_field_stands_twice() {
    let text = r#"{"policies": [{"name": "p", "by": ["user"], "strategy": {"log": {"limit": 5, "window": "1m", "limit": 500}}}]}"#;
    let faults = Settings::parse(text).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (&*faults[0].pointer, &*faults[0].message),
        ("", "the field `limit` stands twice: keep one at line 1 column 100")
    );
    let error = serde_json::from_str::<Settings>(r#"{"policies": [], "policies": []}"#).unwrap_err();
    assert!(error.to_string().starts_with("the field `policies` stands twice"), "{error}");
    let broken = Settings::parse("{").unwrap_err();
    assert!(broken[0].message.starts_with("the document is not JSON: "), "{broken:?}");
}
