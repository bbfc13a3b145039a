//! Reading settings: a walk over the document that goes on after a fault, so that all are told at once.

mod list;
mod number;
mod spread;
mod way;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use crate::key::{Class, Part};
use crate::policy::bounds::{COSTS, FAULTS, OVERRIDES, POLICIES, of_name, short};
use crate::policy::{Cost, Headers};
use crate::settings::{Fault, Override, Settings, Written, address};

/// The fields of a policy.
const POLICY: [&str; 11] = [
    "name",
    "by",
    "strategy",
    "shadow",
    "away",
    "per_server",
    "token_lease",
    "methods",
    "routes",
    "classes",
    "overrides",
];

/// Faults as they are found.
#[derive(Default)]
struct Walk {
    faults: Vec<Fault>,
}

pub(super) fn settings(value: &Value) -> Result<Settings, Vec<Fault>> {
    let mut walk = Walk::default();
    let settings = walk.settings(value).unwrap_or_default();
    if walk.faults.is_empty() { Ok(settings) } else { Err(walk.faults) }
}

impl Walk {
    fn fault(&mut self, at: &str, message: String) {
        self.note(Fault::new(at, message, None));
    }

    fn hinted(&mut self, at: &str, message: String, hint: impl Into<String>) {
        self.note(Fault::new(at, message, Some(hint.into())));
    }

    fn note(&mut self, fault: Fault) {
        match self.faults.len() {
            FAULTS => {}
            len if len + 1 == FAULTS => self.faults.push(Fault::new("", "and there is more".to_owned(), None)),
            _ => self.faults.push(fault),
        }
    }

    /// An object whose fields are known.
    fn object<'a>(&mut self, value: &'a Value, at: &str, fields: &[&str]) -> Option<&'a Map<String, Value>> {
        let Value::Object(map) = value else {
            let this = if at.is_empty() { "the document" } else { "this" };
            self.fault(at, format!("{this} must be an object, not {}", kind(value)));
            return None;
        };
        for name in map.keys().filter(|name| !fields.contains(&name.as_str())) {
            let told = format!("there is no field `{}` here", short(name));
            self.hinted(&pointer(at, name), told, nearest(name, fields));
        }
        Some(map)
    }

    /// A field that must be there.
    fn need<'a>(&mut self, map: &'a Map<String, Value>, at: &str, field: &str) -> Option<&'a Value> {
        let value = map.get(field);
        if value.is_none() {
            self.fault(at, format!("the field `{field}` is missing"));
        }
        value
    }

    fn array<'a>(&mut self, value: &'a Value, at: &str) -> &'a [Value] {
        match value {
            Value::Array(list) => list,
            _ => {
                self.fault(at, format!("this must be a list, not {}", kind(value)));
                &[]
            }
        }
    }

    fn text<'a>(&mut self, value: &'a Value, at: &str) -> Option<&'a str> {
        match value {
            Value::String(_) => {}
            // In YAML `no` and `7` are none unless they are quoted.
            Value::Bool(_) | Value::Number(_) | Value::Null => {
                let told = format!("this must be text, not {}", kind(value));
                self.hinted(at, told, "in YAML write it in quotes, such as \"7\", \"no\" or \"off\"");
            }
            Value::Array(_) | Value::Object(_) => self.fault(at, format!("this must be text, not {}", kind(value))),
        }
        value.as_str()
    }

    fn truth(&mut self, map: &Map<String, Value>, at: &str, field: &str) -> bool {
        match map.get(field) {
            None => false,
            Some(Value::Bool(truth)) => *truth,
            Some(other) => {
                self.fault(&pointer(at, field), format!("this must be true or false, not {}", kind(other)));
                false
            }
        }
    }

    /// One of some names.
    fn choice<T: Copy>(&mut self, value: &Value, at: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(value, at)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.hinted(at, format!("`{}` is not known here", short(text)), nearest(text, &names));
        }
        found.map(|(_, choice)| *choice)
    }

    fn settings(&mut self, value: &Value) -> Option<Settings> {
        let map = self.object(value, "", &["headers", "policies", "costs"])?;
        let choices = [
            ("draft10", Headers::Draft10),
            ("following", Headers::Following),
            ("legacy", Headers::Legacy),
            ("off", Headers::Off),
        ];
        let headers = map.get("headers").and_then(|value| match value {
            // YAML reads `off` without quotes as false.
            Value::Bool(false) => Some(Headers::Off),
            value => self.choice(value, "/headers", &choices),
        });
        let policies = match map.get("policies") {
            Some(value) => self.policies(value),
            // A document without any must not lift all limits by mistake.
            None => {
                self.fault("/policies", "it is missing; `[]` lifts all limits".to_owned());
                Vec::new()
            }
        };
        let costs = map.get("costs").map(|value| self.costs(value)).unwrap_or_default();
        Some(Settings { headers: headers.unwrap_or_default(), policies, costs })
    }

    fn policies(&mut self, value: &Value) -> Vec<Written> {
        let list = self.array(value, "/policies");
        if list.len() > POLICIES {
            self.fault("/policies", format!("there are {} policies; there may be at most {POLICIES}", list.len()));
        }
        let mut names = HashSet::new();
        let mut policies = Vec::new();
        for (place, value) in list.iter().take(POLICIES).enumerate() {
            let at = format!("/policies/{place}");
            if let Some(name) = value.get("name").and_then(Value::as_str)
                && !names.insert(name)
            {
                let told = format!("there is a policy `{}` already", short(name));
                self.hinted(&pointer(&at, "name"), told, "give each policy a name of its own");
            }
            policies.extend(self.policy(value, &at));
        }
        let overrides: usize = policies.iter().map(|policy| policy.overrides.len()).sum();
        if overrides > OVERRIDES {
            self.fault("/policies", format!("there are {overrides} overrides; there may be at most {OVERRIDES}"));
        }
        policies
    }

    fn policy(&mut self, value: &Value, at: &str) -> Option<Written> {
        let map = self.object(value, at, &POLICY)?;
        let name = self.need(map, at, "name").and_then(|value| self.name(value, &pointer(at, "name")));
        let by = self.need(map, at, "by").map(|value| self.by(value, &pointer(at, "by")));
        let strategy = self.need(map, at, "strategy").and_then(|value| self.way(value, &pointer(at, "strategy")));
        let away = self.away(map, at);
        let per_server = self.truth(map, at, "per_server");
        let token_lease = map.get("token_lease").and_then(|value| self.token_lease(value, &pointer(at, "token_lease")));
        let shadow = self.truth(map, at, "shadow");
        let methods = map.get("methods").map(|value| self.methods(value, &pointer(at, "methods")));
        let routes = map.get("routes").map(|value| self.routes(value, &pointer(at, "routes")));
        let classes = map.get("classes").map(|value| {
            let choices = Class::ALL.map(|class| (class.name(), class));
            self.some_of(value, &pointer(at, "classes"), &choices)
        });
        let mut written = Written {
            name: name?,
            by: by?,
            strategy: strategy?,
            shadow,
            away: away.unwrap_or_default(),
            per_server,
            token_lease,
            methods: methods.unwrap_or_default(),
            routes: routes.unwrap_or_default(),
            classes: classes.unwrap_or_default(),
            overrides: Vec::new(),
        };
        self.spread(map, at, &written);
        if let Some(value) = map.get("overrides") {
            written.overrides = self.overrides(value, &pointer(at, "overrides"), &written);
        }
        Some(written)
    }

    fn name(&mut self, value: &Value, at: &str) -> Option<String> {
        let name = self.text(value, at)?;
        if let Some(told) = of_name(name) {
            self.hinted(at, told, "at most 64 letters, digits, `_`, `-` and `.`");
        }
        Some(name.to_owned())
    }

    fn by(&mut self, value: &Value, at: &str) -> Vec<Part> {
        self.some_of(value, at, &Part::ALL.map(|part| (part.name(), part)))
    }

    fn overrides(&mut self, value: &Value, at: &str, policy: &Written) -> Vec<Override> {
        let mut seen = HashSet::new();
        let mut overrides = Vec::new();
        for (place, value) in self.array(value, at).iter().enumerate() {
            let at = format!("{at}/{place}");
            let Some(one) = self.one_override(value, &at, policy) else { continue };
            let mut key = String::new();
            let whole = crate::key::write(&mut key, &policy.by, &super::caller(&one.when));
            if whole && !seen.insert(key) {
                self.hinted(&pointer(&at, "when"), "this key has an override already".to_owned(), "keep one of them");
            }
            overrides.push(one);
        }
        overrides
    }

    fn one_override(&mut self, value: &Value, at: &str, policy: &Written) -> Option<Override> {
        let map = self.object(value, at, &["when", "strategy", "exempt"])?;
        let when = self.need(map, at, "when").and_then(|value| self.when(value, &pointer(at, "when"), policy));
        let exempt = self.truth(map, at, "exempt");
        let strategy = map.get("strategy").and_then(|value| self.way(value, &pointer(at, "strategy")));
        match (&strategy, map.contains_key("strategy"), exempt) {
            (_, true, true) => self.fault(at, "a key cannot be exempt and have a limit".to_owned()),
            (_, false, false) => {
                self.hinted(at, "this changes nothing".to_owned(), "give a `strategy`, or `\"exempt\": true`");
            }
            (Some(other), ..) if other.name() != policy.strategy.name() => {
                let told = format!("the policy is a `{}`, this is a `{}`", policy.strategy.name(), other.name());
                self.hinted(&pointer(at, "strategy"), told, "an override has other numbers, not another strategy");
            }
            _ => {}
        }
        Some(Override { when: when?, strategy, exempt })
    }

    /// The exact values of all parts that the policy counts by.
    fn when(&mut self, value: &Value, at: &str, policy: &Written) -> Option<BTreeMap<Part, String>> {
        let names: Vec<&str> = policy.by.iter().map(|part| part.name()).collect();
        let map = self.object(value, at, &names)?;
        let mut when = BTreeMap::new();
        for &part in &policy.by {
            let Some(value) = self.need(map, at, part.name()) else { continue };
            let at = pointer(at, part.name());
            let Some(text) = self.text(value, &at) else { continue };
            if part == Part::Address && address(text).is_none() {
                self.hinted(&at, format!("`{}` is no address", short(text)), "such as 192.0.2.1 or 2001:db8:1:2::/64");
            }
            when.insert(part, text.to_owned());
        }
        Some(when)
    }

    fn costs(&mut self, value: &Value) -> Vec<Cost> {
        let mut seen = HashSet::new();
        let mut costs = Vec::new();
        let list = self.array(value, "/costs");
        if list.len() > COSTS {
            self.fault("/costs", format!("there are {} costs; there may be at most {COSTS}", list.len()));
        }
        for (place, value) in list.iter().take(COSTS).enumerate() {
            let at = format!("/costs/{place}");
            let Some(cost) = self.cost(value, &at) else { continue };
            if !seen.insert((cost.method.clone(), cost.route.clone())) {
                self.hinted(&at, "this method and route have a cost already".to_owned(), "keep one of them");
            }
            costs.push(cost);
        }
        costs
    }

    fn cost(&mut self, value: &Value, at: &str) -> Option<Cost> {
        let map = self.object(value, at, &["method", "route", "cost"])?;
        let method = map.get("method").and_then(|value| self.method(value, &pointer(at, "method")));
        let route = self.need(map, at, "route").and_then(|value| self.route(value, &pointer(at, "route")));
        let cost = self.need(map, at, "cost").and_then(|value| self.cost_number(value, &pointer(at, "cost")));
        Some(Cost { method, route: route?, cost: cost? })
    }
}

/// A place one level down.
fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The name that was probably meant, or all that there are.
fn nearest(name: &str, names: &[&str]) -> String {
    let distance = |other: &&&str| strsim::damerau_levenshtein(name, other);
    // Comparing takes room, and what is longer than any name was not meant to be one.
    let near = names.iter().filter(|_| name.len() <= 64).min_by_key(distance);
    match near {
        Some(near) if distance(&near) <= 2.max(name.len() / 3) => format!("did you mean `{near}`?"),
        _ => format!("known are: {}", names.join(", ")),
    }
}

/// What a value is, beside what it should be.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
