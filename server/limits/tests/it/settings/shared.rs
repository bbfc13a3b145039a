//! Settings of policies that several servers count together.

use super::*;

/// What matters where several servers share a store: all that is wrong, with its place.
#[test]
fn what_servers_share_is_checked() {
    let told = |more: Value, strategy: Value| {
        let mut policy = json!({"name": "p", "by": ["user"], "strategy": strategy});
        policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        faults(&json!({ "policies": [policy] })).join("; ")
    };
    let fixed = || json!({"fixed": {"limit": 100, "window": "1m"}});
    let lease = |tokens: u64, time: &str| json!({"token_lease": {"tokens": tokens, "time": time}});
    let log = json!({"log": {"limit": 100, "window": "1m"}});
    let leases = |limit: u64| json!({"leases": {"limit": limit, "lease": "1m"}});
    for (wrong, more, strategy) in [
        ("/token_lease: a `log` is exact", lease(9, "1s"), log),
        ("/token_lease: places cannot be taken ahead", lease(9, "1s"), leases(9)),
        ("/token_lease/tokens: `tokens` is 101, more than the policy ever has (100)", lease(101, "1s"), fixed()),
        ("/token_lease/tokens: `tokens` must be at least 1", lease(0, "1s"), fixed()),
        ("/token_lease/time: tokens are good for at most a minute, not `61s`", lease(9, "61s"), fixed()),
        ("/token_lease/time: `soon` is no duration", lease(9, "soon"), fixed()),
        ("/token_lease: the field `time` is missing", json!({"token_lease": {"tokens": 9}}), fixed()),
        (
            "/token_lease/token: there is no field `token` here",
            json!({"token_lease": {"token": 9, "time": "1s"}}),
            fixed(),
        ),
        (
            "/token_lease: each server counts this for itself",
            json!({"per_server": true, "token_lease": {"tokens": 9, "time": "1s"}}),
            fixed(),
        ),
        ("/away: each server counts this for itself", json!({"per_server": true, "away": "open"}), fixed()),
        ("/away: `shut` is not known here", json!({"away": "shut"}), fixed()),
        ("/per_server: this must be true or false", json!({"per_server": 1}), fixed()),
        ("/strategy/leases/limit: 1001 places are too many for a store that servers share", json!({}), leases(1_001)),
    ] {
        let all = told(more, strategy);
        assert!(all.contains(&format!("/policies/0{wrong}")), "{wrong}: {all}");
    }
    let own = json!({"name": "p", "by": ["user"], "per_server": true, "strategy": leases(1_001)});
    assert!(Settings::read(&json!({ "policies": [own] })).is_ok());
}
