//! What is well formed and makes no sense on this server: limits that no request would ever meet, or that would refuse all.

use std::sync::OnceLock;

use fluxor_engine::diagnostic::nearest;
use fluxor_limits::{Policy, Settings, covers};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::SIGN_IN;
use crate::http::routes;

type Faults = Vec<(String, String)>;

/// Every route with its methods.
fn operations() -> &'static [(String, Vec<String>)] {
    static ALL: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let paths: Value = serde_json::to_value(routes::specification().paths).unwrap_or_default();
        let paths = paths.as_object().into_iter().flatten();
        let methods =
            |verbs: &Value| verbs.as_object().into_iter().flatten().map(|(verb, _)| verb.to_uppercase()).collect();
        paths.map(|(path, verbs)| (path.clone(), methods(verbs))).collect()
    })
}

/// Whether a request can be of this route, by one of these methods (any, if none is named).
fn answers(pattern: &str, methods: &[&str]) -> bool {
    let by = |own: &[String]| methods.is_empty() || methods.iter().any(|method| own.iter().any(|one| one == method));
    operations().iter().any(|(route, own)| covers(pattern, route) && by(own))
}

fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What is wrong with a route that is named at `at`.
fn route(pattern: &str, methods: &[&str], at: &str, server: bool, faults: &mut Faults) {
    if pattern == SIGN_IN {
        if !server {
            let why = format!("`{SIGN_IN}` is before it is known who calls: it belongs to `server_limits`");
            faults.push((at.to_owned(), why));
        }
    } else if !answers(pattern, &[]) {
        let near = nearest(pattern, operations().iter().map(|(route, _)| route.as_str()));
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        let stop = if hint.is_empty() { ";" } else { "" };
        faults
            .push((at.to_owned(), format!("no request has the route `{pattern}`{hint}{stop} /openapi.json lists all")));
    } else if !answers(pattern, methods) {
        faults.push((at.to_owned(), format!("`{pattern}` does not answer {}", methods.join(" or "))));
    }
}

fn list<'v>(document: &'v Value, name: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    document[name].as_array().into_iter().flatten().enumerate()
}

/// What makes no sense in a document that is well formed, and was read as these settings.
pub(super) fn faults(document: &Value, settings: &Settings, server: bool) -> Faults {
    let mut faults = places(document, server);
    faults.extend(amounts(document, settings));
    faults
}

/// What can be said of a document before it is known to be well formed: routes that no request has, parts that nobody has.
pub(super) fn places(document: &Value, server: bool) -> Faults {
    let mut faults = Faults::new();
    for (i, policy) in list(document, "policies") {
        let (methods, patterns) = (texts(policy, "methods"), texts(policy, "routes"));
        for (j, pattern) in patterns.iter().enumerate() {
            route(pattern, &methods, &format!("/policies/{i}/routes/{j}"), server, &mut faults);
        }
        let by = texts(policy, "by");
        if server && by.iter().any(|part| ["user", "object"].contains(part)) && !by.contains(&"tenant") {
            let why = "tenants name people and objects as they like: count by `tenant` too".to_owned();
            faults.push((format!("/policies/{i}/by"), why));
        }
        if !server && policy["name"] == "sign_in" {
            let why = "the server's own limit is called `sign_in`: choose another name".to_owned();
            faults.push((format!("/policies/{i}/name"), why));
        }
        if server && patterns == [SIGN_IN] && by != ["address"] {
            let why = format!(
                "before it is known who calls there is nothing but the address: {SIGN_IN} is limited by [address]"
            );
            faults.push((format!("/policies/{i}/by"), why));
        }
    }
    for (i, cost) in list(document, "costs") {
        let methods: Vec<&str> = cost["method"].as_str().into_iter().collect();
        if let Some(pattern) = cost["route"].as_str() {
            route(pattern, &methods, &format!("/costs/{i}"), server, &mut faults);
        }
    }
    faults
}

/// What nobody could ever pay.
fn amounts(document: &Value, settings: &Settings) -> Faults {
    let mut faults = Faults::new();
    let policies = settings.compile(&TimeZone::UTC);
    for (i, cost) in list(document, "costs") {
        let (pattern, method) = (cost["route"].as_str().unwrap_or_default(), cost["method"].as_str());
        let amount = cost["cost"].as_u64().unwrap_or(0);
        let meets = |policy: &&Policy| {
            let routes = policy.routes.is_empty() || policy.routes.iter().any(|own| covers(own, pattern));
            let by =
                policy.methods.is_empty() || method.is_none_or(|method| policy.methods.iter().any(|own| own == method));
            routes && by && !policy.shadow && policy.strategy.takes(amount) > policy.strategy.most()
        };
        if let Some(policy) = policies.iter().find(meets) {
            let (name, most) = (&policy.name, policy.strategy.most());
            let why = format!(
                "nobody could ever call it: it costs {amount}, and `{name}` never admits more than {most} at once"
            );
            faults.push((format!("/costs/{i}/cost"), why));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(document: &Value, server: bool) -> String {
        faults(document, &Settings::read(document).unwrap(), server)
            .into_iter()
            .map(|(at, why)| format!("{at}: {why}\n"))
            .collect()
    }

    #[test]
    fn what_no_request_meets_is_said() {
        let bucket = json!({ "bucket": { "burst": 5, "tokens": 1, "per": "1s" } });
        let document = json!({
            "policies": [
                { "name": "a", "by": ["user"], "routes": ["/v1/tsks", "/v1/tasks/*", "/sign_in"], "strategy": bucket },
                { "name": "b", "by": ["user"], "routes": ["/v1/tasks"], "methods": ["DELETE"], "strategy": bucket },
            ],
            "costs": [
                { "method": "DELETE", "route": "/v1/orders", "cost": 2 },
                { "method": "GET", "route": "/v1/tasks/{id}", "cost": 6 },
            ],
        });
        let all = told(&document, false);
        for part in [
            "/policies/0/routes/0: no request has the route `/v1/tsks`; did you mean `/v1/tasks`?",
            "/policies/0/routes/2: `/sign_in` is before it is known who calls: it belongs to `server_limits`",
            "/policies/1/routes/0: `/v1/tasks` does not answer DELETE",
            "/costs/0: `/v1/orders` does not answer DELETE",
            "/costs/1/cost: nobody could ever call it: it costs 6, and `a` never admits more than 5 at once",
        ] {
            assert!(all.contains(part), "{part}\n{all}");
        }
        assert_eq!(all.lines().count(), 5, "{all}");
        let sign_in =
            json!({ "policies": [{ "name": "a", "by": ["api_key"], "routes": ["/sign_in"], "strategy": bucket }] });
        assert!(told(&sign_in, true).contains("/policies/0/by: before it is known"), "{}", told(&sign_in, true));
    }
}
