//! The setting `webhooks`: which endpoints there are, and what each hears of. Secrets are not in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::decide::below;
use fluxor_engine::diagnostic::nearest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::address::Allowed;
use crate::sink::Address;

/// The name of the setting.
pub(crate) const SETTING: &str = "webhooks";
/// The kind of record that tells of secrets that were made, and of deliveries that were asked for again.
pub(crate) const RECORD: &str = "webhook";
/// The action that notes that deliveries were asked for again.
pub(crate) const REPLAY: &str = "replay_webhooks";
/// The action that notes that a secret was made.
pub(crate) const MAKE_SECRET: &str = "make_webhook_secret";

/// Endpoints of a tenant, at most.
const MOST: usize = 20;
/// Names in a filter, at most.
const MOST_NAMES: usize = 100;
/// The longest name of an endpoint, bytes.
const LONGEST_NAME: usize = 40;
/// The longest URL, and name in a filter, bytes.
const LONGEST: usize = 2_000;

const KEYS: [&str; 8] = ["name", "url", "workflows", "events", "states", "statuses", "subject", "active"];
const FILTERS: [&str; 4] = ["workflows", "events", "states", "statuses"];
const STATUSES: [&str; 3] = ["active", "incident", "final"];

/// An endpoint. A filter that is not there lets everything pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    /// Its name, unique in the tenant.
    pub name: Arc<str>,
    /// Where it is.
    pub url: String,
    /// Only of these workflows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflows: Option<BTreeSet<String>>,
    /// Only these events, verbs (`start`) and outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<BTreeSet<String>>,
    /// Only where one of these states is entered, however deep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<BTreeSet<String>>,
    /// Only where the instance is so afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statuses: Option<BTreeSet<String>>,
    /// Whether it gets the document.
    #[serde(default)]
    pub subject: bool,
    /// Whether anything is delivered.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

impl Endpoint {
    /// Whether it hears of this transition.
    pub(crate) fn hears(&self, event: &Map<String, Value>) -> bool {
        let one_of = |names: &Option<BTreeSet<String>>, told: &[&str]| {
            let is_named = |names: &BTreeSet<String>| {
                let mut told = told.iter().filter_map(|member| event.get(*member)).flat_map(texts);
                told.any(|told| names.contains(told))
            };
            names.as_ref().is_none_or(is_named)
        };
        // An older version has told where it led to, and not what was entered on the way.
        let entered = if event.contains_key("entered") { "entered" } else { "to" };
        self.active
            && one_of(&self.workflows, &["workflow"])
            && one_of(&self.events, &["event", "verb", "outcomes"])
            && one_of(&self.states, &[entered])
            && one_of(&self.statuses, &["status"])
    }
}

/// A text, or each of several.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let several = value.as_array().map(Vec::as_slice);
    several.unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::as_str)
}

/// What holds where nobody has set it.
pub(crate) fn usual() -> Value {
    json!({ "endpoints": [] })
}

/// The endpoints of a document that was checked when it was written; by another version perhaps, so that what cannot be read is
/// left out, and told.
pub(crate) fn read(document: &Value) -> (Vec<Arc<Endpoint>>, Vec<String>) {
    let mut wrong = Vec::new();
    let all = document["endpoints"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = all.iter().filter_map(|one| {
        Endpoint::deserialize(one).map(Arc::new).map_err(|error| wrong.push(format!("{}: {error}", one["name"]))).ok()
    });
    let read = read.take(MOST).collect();
    (read, wrong)
}

/// What is wrong with a document: JSON Pointer and sentence each.
pub(crate) fn faults(document: &Value, allowed: &Allowed) -> Vec<(String, String)> {
    let mut faults = Faults(Vec::new());
    let Some(members) = document.as_object() else {
        faults.add("", "write an object: {\"endpoints\": [...]}");
        return faults.0;
    };
    faults.unknown("", members, &["endpoints"]);
    let Some(all) = document["endpoints"].as_array() else {
        faults.add("/endpoints", "write a list of endpoints, such as {\"name\": \"books\", \"url\": \"https://...\"}");
        return faults.0;
    };
    if all.len() > MOST {
        faults.add("/endpoints", format!("there are at most {MOST} endpoints, and these are {}", all.len()));
        return faults.0;
    }
    let mut names = BTreeSet::new();
    for (number, endpoint) in all.iter().enumerate() {
        faults.endpoint(&format!("/endpoints/{number}"), endpoint, allowed);
        if let Some(name) = endpoint["name"].as_str()
            && !names.insert(name)
        {
            faults.add(format!("/endpoints/{number}/name"), format!("another endpoint is called `{name}`, too"));
        }
    }
    faults.0
}

struct Faults(Vec<(String, String)>);

impl Faults {
    fn add(&mut self, at: impl Into<String>, why: impl Into<String>) {
        self.0.push((at.into(), why.into()));
    }

    fn unknown(&mut self, at: &str, members: &Map<String, Value>, known: &[&str]) {
        for stranger in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let near = nearest(stranger, known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            self.add(below(at, stranger), format!("there is no such key: there are {}{hint}", known.join(", ")));
        }
    }

    fn endpoint(&mut self, at: &str, endpoint: &Value, allowed: &Allowed) {
        let Some(members) = endpoint.as_object() else { return self.add(at, "write an object with `name` and `url`") };
        self.unknown(at, members, &KEYS);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        let fits = |name: &str| (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain);
        if !endpoint["name"].as_str().is_some_and(fits) {
            let why =
                format!("a name has 1 to {LONGEST_NAME} letters (a to z), digits, `_` and `-`, such as \"books\"");
            self.add(format!("{at}/name"), why);
        }
        match endpoint["url"].as_str() {
            Some(url) if url.len() <= LONGEST => {
                let wrong = Address::new(url)
                    .map_or_else(|error| Some(format!("{error:#}")), |address| allowed.refusal_of_host(address.host()));
                wrong.into_iter().for_each(|why| self.add(format!("{at}/url"), why));
            }
            _ => self.add(format!("{at}/url"), "write where it is, such as \"https://example.com/hooks/fluxor\""),
        }
        for filter in FILTERS {
            let wrong = members.get(filter).and_then(|names| wrong_names(filter, names));
            wrong.into_iter().for_each(|(place, why)| self.add(format!("{at}/{filter}{place}"), why));
        }
        for flag in ["subject", "active"] {
            if members.get(flag).is_some_and(|value| !value.is_boolean()) {
                self.add(format!("{at}/{flag}"), "write true or false");
            }
        }
    }
}

/// The first thing that is wrong with a filter, and where.
fn wrong_names(filter: &str, names: &Value) -> Option<(String, String)> {
    let here = |why: String| Some((String::new(), why));
    let Some(names) = names.as_array() else { return here("write a list of names".to_owned()) };
    if names.is_empty() {
        return here("an empty list lets nothing pass: leave it out, to let everything pass".to_owned());
    }
    if names.len() > MOST_NAMES {
        return here(format!("there are at most {MOST_NAMES} names"));
    }
    names.iter().enumerate().find_map(|(number, name)| {
        let why = match name.as_str() {
            Some(name) if name.is_empty() || name.len() > LONGEST => {
                "a name is not empty, and not that long".to_owned()
            }
            Some(name) if filter == "statuses" && !STATUSES.contains(&name) => {
                format!("there is no status `{name}`: there are {}", STATUSES.join(", "))
            }
            Some(_) => return None,
            None => "write a name as text".to_owned(),
        };
        Some((format!("/{number}"), why))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(document: &Value) -> Vec<String> {
        faults(document, &Allowed::default()).into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn all_faults_are_told_with_their_places() {
        assert_eq!(places(&usual()), [""; 0]);
        let fine = json!({ "endpoints": [
            { "name": "books", "url": "https://example.com/hooks", "workflows": ["order"], "events": ["start", "approved"],
              "statuses": ["final"], "states": ["done"], "subject": true, "active": false },
            { "name": "more-1", "url": "http://example.com:8080" },
        ] });
        assert_eq!(places(&fine), [""; 0]);
        for (wrong, at) in [
            (json!([]), vec![""]),
            (json!({}), vec!["/endpoints"]),
            (json!({ "endpoints": {}, "more": 1 }), vec!["/more", "/endpoints"]),
            (json!({ "endpoints": [7, {}] }), vec!["/endpoints/0", "/endpoints/1/name", "/endpoints/1/url"]),
        ] {
            assert_eq!(places(&wrong), at, "{wrong}");
        }
        let wrong = json!({ "endpoints": [
            { "name": "Books!", "url": "https://ann:pw@example.com", "event": ["a"], "workflows": [], "statuses": ["gone"],
              "events": ["a", 7], "subject": "yes" },
            { "name": "a", "url": "ftp://example.com" },
            { "name": "a", "url": "http://[::ffff:10.0.0.1]/x" },
            { "name": "b", "url": "http://localhost:80" },
        ] });
        let expected = [
            "/0/event",
            "/0/name",
            "/0/url",
            "/0/workflows",
            "/0/events/1",
            "/0/statuses/0",
            "/0/subject",
            "/1/url",
            "/2/url",
            "/2/name",
            "/3/url",
        ];
        assert_eq!(places(&wrong), expected.map(|place| format!("/endpoints{place}")));
        let many: Vec<Value> =
            (0..21).map(|n| json!({ "name": format!("e{n}"), "url": "https://example.com" })).collect();
        assert_eq!(places(&json!({ "endpoints": many })), ["/endpoints"]);
    }

    #[test]
    fn filters_let_pass_what_they_name() {
        let of = |more: Value| {
            let mut endpoint = json!({ "name": "a", "url": "https://example.com" });
            endpoint.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Endpoint::deserialize(endpoint).unwrap()
        };
        let event = json!({
            "workflow": "order", "verb": "approve", "event": "approve", "outcomes": ["approved", "done"], "to": "done",
            "entered": ["open", "open.goods", "done"], "status": "final",
        });
        let event = event.as_object().unwrap();
        for (filter, passes) in [
            (json!({}), true),
            (json!({ "active": false }), false),
            (json!({ "workflows": ["order", "x"] }), true),
            (json!({ "workflows": ["x"] }), false),
            (json!({ "events": ["approve"] }), true),
            (json!({ "events": ["start"] }), false),
            (json!({ "events": ["approved"] }), true),
            (json!({ "events": ["rejected", "done"] }), true),
            (json!({ "events": ["rejected"] }), false),
            (json!({ "states": ["open.goods"] }), true),
            (json!({ "states": ["draft"] }), false),
            (json!({ "states": ["done"], "statuses": ["final"] }), true),
            (json!({ "states": ["done"], "statuses": ["active"] }), false),
        ] {
            assert_eq!(of(filter.clone()).hears(event), passes, "{filter}");
        }
        // Where it stays, nothing is entered; an older version has not told what was.
        let stays = json!({ "to": "done", "entered": [] });
        let older = json!({ "to": "done" });
        let done = of(json!({ "states": ["done"] }));
        assert_eq!([&stays, &older].map(|event| done.hears(event.as_object().unwrap())), [false, true]);
    }
}
