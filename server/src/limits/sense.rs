//! What is well formed and makes no sense on this server: limits that no request would ever meet, that would refuse all, or that
//! could not hold.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use fluxor_engine::diagnostic::nearest;
use fluxor_limits::{Class, Policy, Settings, Span, Strategy, covers};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::SIGN_IN;
use crate::http::{gate, routes};

/// How much longer a lease must be than a request may take: its end is told a shared store a moment later.
const SLACK: Duration = Duration::from_secs(5);

type Faults = Vec<(String, String)>;

/// What is asked by one method at one route. Attempts to find a key have neither method nor class.
struct Operation {
    route: String,
    method: Option<String>,
    class: Option<Class>,
}

impl Operation {
    /// Whether limits ever look at it; those of tenants do not where nobody is known, or where there is a limit of its own.
    fn is_limited(&self, server: bool) -> bool {
        match self.class {
            None => server && self.route == SIGN_IN,
            Some(_) => server || !gate::explains(&self.route),
        }
    }
}

/// Every request that there can be.
fn operations() -> &'static [Operation] {
    static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
    ALL.get_or_init(|| {
        let paths: Value = serde_json::to_value(routes::specification().paths).unwrap_or_default();
        let of = |(route, verbs): (&String, &Value)| {
            let class = gate::class_of(route);
            let verbs: Vec<String> =
                verbs.as_object().into_iter().flatten().map(|(verb, _)| verb.to_uppercase()).collect();
            let route = route.clone();
            verbs.into_iter().map(move |verb| Operation { route: route.clone(), method: Some(verb), class })
        };
        let attempt = Operation { route: SIGN_IN.to_owned(), method: None, class: None };
        paths.as_object().into_iter().flatten().flat_map(of).chain([attempt]).collect()
    })
}

/// Whether a pattern covers what is asked: what is no request of its own is named in full.
fn is_of(pattern: &str, operation: &Operation) -> bool {
    if operation.route == SIGN_IN { pattern == SIGN_IN } else { covers(pattern, &operation.route) }
}

/// Whether what is asked is by one of these methods (any, if none is named).
fn is_by(methods: &[&str], operation: &Operation) -> bool {
    methods.is_empty() || operation.method.as_deref().is_some_and(|own| methods.contains(&own))
}

fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    value[name].as_array().into_iter().flatten().enumerate()
}

/// What is wrong with a route that is named at `at`.
fn route(pattern: &str, methods: &[&str], at: &str, server: bool) -> Option<(String, String)> {
    let any = |methods: &[&str]| operations().iter().any(|one| is_of(pattern, one) && is_by(methods, one));
    let why = if pattern == SIGN_IN && !server {
        format!("`{SIGN_IN}` is before it is known who calls: it belongs to `server_limits`")
    } else if !any(&[]) {
        let near = nearest(pattern, operations().iter().map(|one| &*one.route));
        let hint = near.map_or(";".to_owned(), |near| format!("; did you mean `{near}`?"));
        format!("no request has the route `{pattern}`{hint} /openapi.json lists all")
    } else if !any(methods) {
        let hint = if pattern == SIGN_IN { ": attempts have no method, leave it out" } else { "" };
        format!("`{pattern}` does not answer {}{hint}", methods.join(" or "))
    } else {
        return None;
    };
    Some((at.to_owned(), why))
}

/// HEAD is never seen: it counts as what it does.
fn heads<'v>(methods: &[&'v str], at: impl Fn(usize) -> String, faults: &mut Faults) -> Vec<&'v str> {
    for (i, _) in methods.iter().enumerate().filter(|(_, method)| **method == "HEAD") {
        faults.push((at(i), "HEAD counts as GET: write GET, and both are meant".to_owned()));
    }
    methods.iter().copied().filter(|method| *method != "HEAD").collect()
}

/// Why no request meets a policy each part of which makes sense: the field, and a sentence.
fn unmet(policy: &Value, methods: &[&str], server: bool) -> Option<(&'static str, String)> {
    let (patterns, classes) = (texts(policy, "routes"), texts(policy, "classes"));
    let named = |one: &&Operation| patterns.is_empty() || patterns.iter().any(|pattern| is_of(pattern, one));
    let mut left: Vec<&Operation> = operations().iter().filter(named).collect();
    left.retain(|one| one.is_limited(server));
    if left.is_empty() {
        let own = "no limit that is set holds for these routes: they always answer, or have a limit of their own";
        return Some(("routes", own.to_owned()));
    }
    left.retain(|one| is_by(methods, one));
    if left.is_empty() {
        return Some(("methods", format!("no request that is limited is a {} there", methods.join(" or "))));
    }
    left.retain(|one| classes.is_empty() || one.class.is_some_and(|class| classes.contains(&class.name())));
    if left.is_empty() {
        return Some(("classes", format!("no request there is of the class {}", classes.join(" or "))));
    }
    if texts(policy, "by").contains(&"object") && !left.iter().any(|one| gate::has_object(&one.route)) {
        return Some((
            "by",
            "no request there is about an object: name routes with one, or count by something else".to_owned(),
        ));
    }
    None
}

/// What a policy of the server must count by.
fn of_server(policy: &Value, at: &str) -> Option<(String, String)> {
    let (by, patterns) = (texts(policy, "by"), texts(policy, "routes"));
    if patterns == [SIGN_IN] && by != ["address"] {
        let why =
            format!("before it is known who calls there is nothing but the address: {SIGN_IN} is limited by [address]");
        return Some((format!("{at}/by"), why));
    }
    let theirs = by.iter().any(|part| ["user", "object"].contains(part)) && !by.contains(&"tenant");
    let why = "tenants name people and objects as they like: count by `tenant` too";
    theirs.then(|| (format!("{at}/by"), why.to_owned()))
}

/// A place that is free again while its request still runs lets more run at once than it says.
fn lease(strategy: &Strategy, at: &str, longest: Duration) -> Option<(String, String)> {
    let Strategy::Leases(leases) = strategy else { return None };
    let least = (longest + SLACK).as_secs();
    (leases.lease < Span::from_secs(least)).then(|| {
        let why = format!(
            "a request may take {} s here (`--request-timeout`), and its place must not be free before it has ended: a lease is \
             at least {least} s long",
            longest.as_secs()
        );
        (format!("{at}/strategy/leases/lease"), why)
    })
}

/// The overrides of a policy that have other numbers, each with its place.
fn others(policy: &Value) -> Vec<(usize, Strategy)> {
    let strategy = |(place, other): (usize, &Value)| {
        // Read as a policy of its own: what follows from its numbers is the same.
        let (by, strategy) = (json!(["tenant"]), other.get("strategy")?);
        let one = json!({ "policies": [{ "name": "one", "by": by, "strategy": strategy }] });
        let read = Settings::read(&one).ok()?.compile(&TimeZone::UTC);
        Some((place, read.iter().next()?.strategy.clone()))
    };
    list(policy, "overrides").filter_map(strategy).collect()
}

/// A policy, and the overrides of it that have other numbers.
type WithOthers<'p> = (&'p Policy, Vec<(usize, Strategy)>);

/// Who could never call what costs so much.
fn too_dear(amount: u64, operation: &Operation, policies: &[WithOthers<'_>]) -> Option<String> {
    let over = |strategy: &Strategy| strategy.takes(amount) > strategy.most();
    let applies = |(policy, _): &&WithOthers<'_>| {
        let methods: Vec<&str> = policy.methods.iter().map(String::as_str).collect();
        !policy.shadow
            && (policy.routes.is_empty() && operation.route != SIGN_IN
                || policy.routes.iter().any(|own| is_of(own, operation)))
            && is_by(&methods, operation)
            && (policy.classes.is_empty() || operation.class.is_some_and(|class| policy.classes.contains(&class)))
    };
    policies.iter().filter(applies).find_map(|(policy, others)| {
        let (name, most) = (&policy.name, policy.strategy.most());
        if over(&policy.strategy) {
            let why = format!("nobody could ever call it: it costs {amount}, and `{name}` never admits more than {most} at once");
            return Some(why);
        }
        let (place, other) = others.iter().find(|(_, other)| over(other))?;
        let most = other.most();
        Some(format!(
            "whom override {place} of `{name}` is for could never call it: it costs {amount}, and that never admits more than {most} at \
             once"
        ))
    })
}

/// What makes no sense in a document that is well formed, and was read as these settings, where a request may take so long.
pub(super) fn faults(document: &Value, settings: &Settings, (server, longest): (bool, Duration)) -> Faults {
    let mut faults = places(document, server);
    faults.extend(amounts(document, settings, longest));
    faults
}

/// What can be said of a document before it is known to be well formed: routes that no request has, parts that nobody has.
pub(super) fn places(document: &Value, server: bool) -> Faults {
    let mut faults = Faults::new();
    for (i, policy) in list(document, "policies") {
        let (at, before) = (format!("/policies/{i}"), faults.len());
        let methods = heads(&texts(policy, "methods"), |j| format!("{at}/methods/{j}"), &mut faults);
        for (j, pattern) in texts(policy, "routes").iter().enumerate() {
            faults.extend(route(pattern, &methods, &format!("{at}/routes/{j}"), server));
        }
        faults.extend(server.then(|| of_server(policy, &at)).flatten());
        if faults.len() == before {
            faults.extend(unmet(policy, &methods, server).map(|(field, why)| (format!("{at}/{field}"), why)));
        }
    }
    for (i, cost) in list(document, "costs") {
        let at = format!("/costs/{i}");
        let methods: Vec<&str> = cost["method"].as_str().into_iter().collect();
        let methods = heads(&methods, |_| format!("{at}/method"), &mut faults);
        faults.extend(cost["route"].as_str().and_then(|pattern| route(pattern, &methods, &at, server)));
    }
    faults
}

/// Places that are free too soon, and what nobody could ever pay.
fn amounts(document: &Value, settings: &Settings, longest: Duration) -> Faults {
    let mut faults = Faults::new();
    let compiled = settings.compile(&TimeZone::UTC);
    let mut policies: Vec<WithOthers<'_>> = Vec::new();
    for ((i, policy), read) in list(document, "policies").zip(compiled.iter()) {
        let (at, others) = (format!("/policies/{i}"), others(policy));
        faults.extend(lease(&read.strategy, &at, longest));
        faults.extend(others.iter().filter_map(|(k, own)| lease(own, &format!("{at}/overrides/{k}"), longest)));
        policies.push((read, others));
    }
    for (i, cost) in list(document, "costs") {
        let (pattern, amount) = (cost["route"].as_str().unwrap_or_default(), cost["cost"].as_u64().unwrap_or(0));
        let methods: Vec<&str> = cost["method"].as_str().into_iter().collect();
        let in_force =
            |one: &&Operation| compiled.cost(one.method.as_deref().unwrap_or_default(), &one.route) == amount;
        let own = operations().iter().filter(|one| is_of(pattern, one) && is_by(&methods, one));
        let dear: BTreeSet<String> = own.filter(in_force).filter_map(|one| too_dear(amount, one, &policies)).collect();
        faults.extend(dear.into_iter().map(|why| (format!("/costs/{i}/cost"), why)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    fn told(document: &Value, server: bool) -> String {
        faults(document, &Settings::read(document).unwrap(), (server, LONGEST))
            .into_iter()
            .map(|(at, why)| format!("{at}: {why}\n"))
            .collect()
    }

    #[track_caller]
    fn assert_told(document: &Value, server: bool, parts: &[&str]) {
        let all = told(document, server);
        for part in parts {
            assert!(all.contains(part), "{part}\n{all}");
        }
        assert_eq!(all.lines().count(), parts.len(), "{all}");
    }

    fn bucket(burst: u64) -> Value {
        json!({ "bucket": { "burst": burst, "tokens": 1, "per": "1s" } })
    }

    #[test]
    fn what_no_request_meets_is_said() {
        let document = json!({
            "policies": [
                { "name": "a", "by": ["user"], "routes": ["/v1/tsks", "/v1/tasks/*", "/sign_in"], "strategy": bucket(5) },
                { "name": "b", "by": ["user"], "routes": ["/v1/tasks"], "methods": ["DELETE"], "strategy": bucket(5) },
            ],
            "costs": [
                { "method": "DELETE", "route": "/v1/orders", "cost": 2 },
                { "method": "GET", "route": "/v1/tasks/{id}", "cost": 6 },
            ],
        });
        let all = [
            "/policies/0/routes/0: no request has the route `/v1/tsks`; did you mean `/v1/tasks`?",
            "/policies/0/routes/2: `/sign_in` is before it is known who calls: it belongs to `server_limits`",
            "/policies/1/routes/0: `/v1/tasks` does not answer DELETE",
            "/costs/0: `/v1/orders` does not answer DELETE",
            "/costs/1/cost: nobody could ever call it: it costs 6, and `a` never admits more than 5 at once",
        ];
        assert_told(&document, false, &all);
    }

    #[test]
    fn what_attempts_have_not_is_said() {
        let policy = |by: &str, methods: &[&str]| json!({ "name": "a", "by": [by], "routes": ["/sign_in"], "methods": methods, "strategy": bucket(5) });
        let by_key =
            json!({ "policies": [{ "name": "a", "by": ["api_key"], "routes": ["/sign_in"], "strategy": bucket(5) }] });
        assert_told(&by_key, true, &["/policies/0/by: before it is known"]);
        let by_method = json!({
            "policies": [policy("address", &["POST"])],
            "costs": [{ "method": "POST", "route": "/sign_in", "cost": 2 }, { "route": "/sign_in", "cost": 6 }],
        });
        let why = "`/sign_in` does not answer POST: attempts have no method, leave it out";
        assert_told(&by_method, true, &[&format!("/policies/0/routes/0: {why}"), &format!("/costs/0: {why}")]);
        let dear = json!({
            "policies": [{ "name": "a", "by": ["address"], "routes": ["/sign_in"], "strategy": bucket(5) }],
            "costs": [{ "route": "/sign_in", "cost": 6 }],
        });
        assert_told(&dear, true, &["/costs/0/cost: nobody could ever call it: it costs 6, and `a` never"]);
    }

    #[test]
    fn what_no_request_can_be_all_at_once_is_said() {
        let policy = |name: &str, more: Value| {
            let mut policy = json!({ "name": name, "by": ["user"], "strategy": bucket(50) });
            policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            policy
        };
        let starts = "/v1/workflows/{workflow}/instances";
        let document = json!({ "policies": [
            policy("head", json!({ "methods": ["GET", "HEAD"] })),
            policy("method", json!({ "methods": ["TRACE"] })),
            policy("class", json!({ "routes": ["/v1/tasks", "/v1/orders"], "classes": ["batch", "background"] })),
            policy("object", json!({ "by": ["object"], "routes": ["/v1/tasks", starts] })),
            policy("free", json!({ "routes": ["/metrics", "/health/*"] })),
            policy("own", json!({ "routes": ["/v1/me", "/v1/limits*"] })),
            policy("fine", json!({ "by": ["object"], "routes": ["/v1/tasks*"], "methods": ["GET"], "classes": ["interactive"] })),
            policy("batch", json!({ "classes": ["batch"] })),
        ], "costs": [{ "method": "HEAD", "route": "/v1/tasks", "cost": 2 }] });
        let own = "no limit that is set holds for these routes: they always answer, or have a limit of their own";
        let all = [
            "/policies/0/methods/1: HEAD counts as GET: write GET, and both are meant",
            "/policies/1/methods: no request that is limited is a TRACE there",
            "/policies/2/classes: no request there is of the class batch or background",
            "/policies/3/by: no request there is about an object: name routes with one, or count by something else",
            &format!("/policies/4/routes: {own}"),
            &format!("/policies/5/routes: {own}"),
            "/costs/0/method: HEAD counts as GET",
        ];
        assert_told(&document, false, &all);
    }

    #[test]
    fn a_lease_is_longer_than_a_request() {
        let leases = |lease: &str| json!({ "leases": { "limit": 4, "lease": lease } });
        let policy = |base: &str, other: &str| {
            json!({ "policies": [{ "name": "a", "by": ["user"], "strategy": leases(base),
            "overrides": [{ "when": { "user": "eve" }, "exempt": true }, { "when": { "user": "ann" }, "strategy": leases(other) }] }] })
        };
        assert_told(&policy("35s", "1h"), false, &[]);
        let why = "a request may take 30 s here (`--request-timeout`), and its place must not be free before it has ended: a lease is \
                   at least 35 s long";
        assert_told(&policy("34s", "1h"), false, &[&format!("/policies/0/strategy/leases/lease: {why}")]);
        assert_told(
            &policy("1h", "10s"),
            true,
            &["/policies/0/by: ", "/policies/0/overrides/1/strategy/leases/lease: a request"],
        );
    }

    #[test]
    fn what_costs_more_than_an_override_admits_is_said() {
        let document = json!({
            "policies": [{ "name": "a", "by": ["user"], "routes": ["/v1/tasks", "/v1/orders"], "strategy": bucket(100),
                "overrides": [{ "when": { "user": "ann" }, "strategy": bucket(5) }] }],
            "costs": [{ "route": "/v1/*", "cost": 60 }, { "route": "/v1/orders", "cost": 5 }],
        });
        let why =
            "whom override 0 of `a` is for could never call it: it costs 60, and that never admits more than 5 at once";
        assert_told(&document, false, &[&format!("/costs/0/cost: {why}")]);
        // Where another entry holds for all that the policy is for, it is fine.
        let mut fine = document;
        fine["costs"].as_array_mut().unwrap().push(json!({ "route": "/v1/tasks", "cost": 2 }));
        assert_told(&fine, false, &[]);
    }
}
