//! Different policies, parts or values never give the same key.

use std::net::IpAddr;

use fluxor_limits::{Caller, Part, Policies, Policy};
use proptest::prelude::*;

use crate::model::fixed;

/// Values that try to look like something else.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a|=%{}\"/ ]{0,6}", ".{0,4}", "(user|tenant)=[a|]{1,3}", "%[0-9A-F]{2}|%7[Cc]", "a\\|tenant=b"]
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    scope: String,
    policy: String,
    by: Vec<Part>,
    values: Vec<String>,
}

fn key() -> impl Strategy<Value = Key> {
    let parts = prop::sample::subsequence(
        vec![Part::Tenant, Part::User, Part::ApiKey, Part::Route, Part::Method, Part::Object],
        1..4,
    );
    let policy = prop::sample::select(vec!["a", "b", "tenant", "a.b"]);
    let scope = prop_oneof![2 => Just(String::new()), 1 => value()];
    (scope, policy, parts, prop::collection::vec(value(), 3)).prop_map(|(scope, policy, by, mut values)| {
        values.truncate(by.len());
        Key { scope, policy: policy.to_owned(), by, values }
    })
}

fn text(key: &Key) -> String {
    let set = Policies::new(vec![Policy::new(&key.policy, &key.by, fixed(1, 1))]).unwrap().scoped(&key.scope);
    let value = |part| key.by.iter().position(|own| *own == part).map(|place| key.values[place].as_str());
    let caller = Caller {
        tenant: value(Part::Tenant),
        user: value(Part::User),
        api_key: value(Part::ApiKey),
        route: value(Part::Route),
        method: value(Part::Method),
        object: value(Part::Object),
        ..Caller::default()
    };
    set.iter().next().unwrap().ask(&caller, 1).unwrap().key.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn keys_are_injective(one in key(), other in key()) {
        prop_assert_eq!(one == other, text(&one) == text(&other));
        // A value that looks like what another one is written as.
        let written = text(&one).rsplit('=').next().unwrap_or_default().to_owned();
        let mut posing = one.clone();
        if let Some(last) = posing.values.last_mut() {
            *last = written;
        }
        prop_assert_eq!(one == posing, text(&one) == text(&posing));
        prop_assert!(text(&one).bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"'));
    }
}

#[test]
fn separators_do_not_separate() {
    let key = |tenant: &str, user: &str| {
        let by = vec![Part::Tenant, Part::User];
        let values = vec![tenant.to_owned(), user.to_owned()];
        text(&Key { scope: String::new(), policy: "p".to_owned(), by, values })
    };
    assert_eq!(key("acme", "ann"), "p|tenant=acme|user=ann");
    assert_eq!(key("a|user=b", "c"), "p|tenant=a%7Cuser%3Db|user=c");
    assert_ne!(key("a%7C", "c"), key("a|", "c"));
    assert_eq!(key("é", "\n"), "p|tenant=%C3%A9|user=%0A");
}

#[test]
fn addresses_count_by_network() {
    let policy = Policy::new("p", &[Part::Address], fixed(1, 1));
    let key = |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        policy.ask(&Caller { address: Some(address), ..Caller::default() }, 1).unwrap().key.to_string()
    };
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), "p|address=2001:db8:1:2::/64");
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::"));
    assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
    assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
}

/// A step of a call that is told as a call: only policies that name it count it.
#[test]
fn a_route_apart_is_counted_where_it_is_named() {
    let named = |name: &str, routes: &[&str]| {
        let mut policy = Policy::new(name, &[Part::User], fixed(9, 60_000_000));
        policy.routes = routes.iter().map(|&route| route.to_owned()).collect();
        policy
    };
    let all =
        vec![named("all", &[]), named("wide", &["/*"]), named("both", &["/*", "/step"]), named("own", &["/step"])];
    let policies = Policies::new(all).unwrap().apart("/step");
    let of = |route| {
        let caller = Caller { user: Some("ann"), route, ..Caller::default() };
        policies.iter().filter(|policy| policy.ask(&caller, 1).is_some()).map(|one| &*one.name).collect::<Vec<_>>()
    };
    assert_eq!(of(Some("/step")), ["both", "own"]);
    assert_eq!(of(Some("/call")), ["all", "wide", "both"]);
    assert_eq!(of(None), ["all"]);
}
