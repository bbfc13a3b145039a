//! What holds where nobody has set limits, and what is wrong with those that somebody wants to set.

use fluxor_limits::Settings;
use serde_json::{Value, json};

/// Of a tenant: no person stands in everybody's way, and verifying, which reads the whole trail, is done by two at once.
pub(crate) fn usual() -> Value {
    json!({
        "policies": [
            { "name": "person", "by": ["user"], "strategy": { "bucket": { "burst": 2000, "tokens": 1000, "per": "1s" } } },
            { "name": "verify", "by": ["tenant"], "routes": ["/v1/audit/verify"],
              "strategy": { "leases": { "limit": 2, "lease": "5m" } } },
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

/// What is wrong with a document: JSON Pointer and sentence each.
pub(crate) fn faults(document: &Value) -> Vec<(String, String)> {
    let Err(faults) = Settings::parse(&document.to_string()) else { return Vec::new() };
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
        for document in [usual(), usual_of_server()] {
            assert_eq!(faults(&document), []);
        }
        assert!(!faults(&json!({ "polices": [] })).is_empty());
    }
}
