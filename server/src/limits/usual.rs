//! What holds where nobody has set limits, and what is wrong with those that somebody wants to set.

use std::time::Duration;

use fluxor_limits::{Bucket, Fault, Part, Policies, Policy, Settings, Span, Strategy};
use serde_json::{Value, json};

use super::sense;

/// Of a tenant: no person takes all places or all the time, and verifying, which reads the whole trail, is done by two at
/// once. Leases are longer than any request may take; places are each server's own, also because one that crashes would
/// keep them for so long.
pub(crate) fn usual() -> Value {
    json!({
        "policies": [
            { "name": "person", "by": ["user"], "strategy": { "bucket": { "burst": 2000, "tokens": 1000, "per": "1s" } },
              "token_lease": { "tokens": 100, "time": "1s" } },
            { "name": "at_once", "by": ["user"], "per_server": true,
              "strategy": { "leases": { "limit": 400, "lease": "2h" } } },
            { "name": "verify", "by": ["tenant"], "routes": ["/v1/audit/verify"], "per_server": true,
              "strategy": { "leases": { "limit": 2, "lease": "2h" } } },
        ],
        "costs": [{ "method": "GET", "route": "/v1/audit/verify", "cost": 50 }],
    })
}

/// Of the server: whoever tries keys is slowed down.
pub(crate) fn usual_of_server() -> Value {
    json!({
        "policies": [
            { "name": "sign_in", "by": ["address"], "routes": [super::SIGN_IN],
              "strategy": { "log": { "limit": 100, "window": "1m" } } },
        ],
    })
}

/// Of whoever asks about limits: enough to look, whatever else is used up, and no way round them. Nobody sets it.
pub(super) fn explaining() -> Policies {
    let bucket = Strategy::Bucket(Bucket::new(100, 5, Span::from_secs(1)));
    let mut policy = Policy::new("explaining", &[Part::Tenant, Part::User], bucket);
    policy.per_server = true;
    Policies::new(vec![policy]).unwrap_or_default().scoped("explaining")
}

/// Of administrators at settings: enough to set any, whatever they have set, and no way to keep the server busy. Nobody sets it.
pub(super) fn settling() -> Policies {
    let bucket = Strategy::Bucket(Bucket::new(120, 2, Span::from_secs(1)));
    let mut policy = Policy::new("settling", &[Part::Tenant, Part::User, Part::ApiKey], bucket);
    policy.per_server = true;
    Policies::new(vec![policy]).unwrap_or_default().scoped("settling")
}

/// What is wrong with a tenant's document: JSON Pointer and sentence each.
/// `longest` is how long a request may take.
pub(crate) fn faults(document: &Value, longest: Duration) -> Vec<(String, String)> {
    all_faults(document, false, longest)
}

/// What is wrong with the server's document.
pub(crate) fn faults_of_server(document: &Value, longest: Duration) -> Vec<(String, String)> {
    all_faults(document, true, longest)
}

fn all_faults(document: &Value, server: bool, longest: Duration) -> Vec<(String, String)> {
    match Settings::read(document) {
        Ok(settings) => sense::faults(document, &settings, (server, longest)),
        Err(faults) => {
            let mut told = told(faults);
            // All in one pass, but for what was said of the same place already.
            let is_said = |at: &str| told.iter().any(|(other, _)| other == at || *other == format!("{at}/route"));
            let more: Vec<_> = sense::places(document, server).into_iter().filter(|(at, _)| !is_said(at)).collect();
            told.extend(more);
            told
        }
    }
}

/// Faults as the interface tells them.
pub(super) fn told(faults: Vec<Fault>) -> Vec<(String, String)> {
    let told = faults.into_iter().map(|fault| {
        let hint = fault.hint.map_or(String::new(), |hint| format!(": {hint}"));
        (fault.pointer, format!("{}{hint}", fault.message))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_may_be_set() {
        // As long as `--request-timeout` may be.
        let longest = Duration::from_secs(3_600);
        assert_eq!((faults(&usual(), longest), faults_of_server(&usual_of_server(), longest)), (vec![], vec![]));
        assert!(!faults(&json!({ "polices": [] }), longest).is_empty());
    }

    #[test]
    fn all_is_told_in_one_pass() {
        let document =
            json!({ "policies": [], "costs": [{ "route": "/v1/nope", "cost": "x" }, { "route": "v1", "cost": 2 }] });
        let longest = Duration::from_secs(30);
        let told: String = faults(&document, longest).into_iter().map(|(at, why)| format!("{at}: {why}\n")).collect();
        assert!(told.contains("/costs/0: no request has the route `/v1/nope`"), "{told}");
        assert!(told.contains("/costs/0/cost: `cost` must be a whole number"), "{told}");
        assert!(told.contains("/costs/1/route: `v1` is no route"), "{told}");
        assert_eq!(told.lines().count(), 3, "{told}");
        // A route that is no text is told once.
        let document = json!({ "policies": [{ "name": "a", "by": ["user"], "routes": ["v1"], "strategy": { "log": { "limit": 1, "window": "1m" } } }] });
        assert_eq!(faults(&document, longest).len(), 1, "{:?}", faults(&document, longest));
    }
}
