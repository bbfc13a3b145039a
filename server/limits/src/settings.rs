//! Settings as people write them: one JSON document. All faults are told in one pass, each with its place.

mod once;
mod read;

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::at::Span;
use crate::key::{Caller, Class, Part};
use crate::policy::{Away, Cost, Headers, Policies, Policy, TokenLease};
use crate::strategy::{Bucket, Calendar, Fixed, Leases, Log, Ring, Sliding, Strategy, Window};
pub use once::Once;

/// Something wrong in settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: a JSON Pointer; empty if it is about the whole document, and then the message reads well alone.
    pub pointer: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(pointer: &str, message: String, hint: Option<String>) -> Fault {
        Fault { pointer: pointer.to_owned(), message, hint }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.pointer.is_empty() {
            write!(out, "{}: ", self.pointer)?;
        }
        out.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, " ({hint})"))
    }
}

/// Checked settings. They serialize to a document that reads as the same settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settings {
    headers: Headers,
    policies: Vec<Written>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    costs: Vec<Cost>,
}

/// A policy as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Written {
    name: String,
    by: Vec<Part>,
    strategy: Way,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
    #[serde(skip_serializing_if = "is_default")]
    away: Away,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    per_server: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lease: Option<Taken>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    classes: Vec<Class>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<Override>,
}

/// Tokens that a server takes ahead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Taken {
    tokens: u64,
    time: Length,
}

/// Another limit for a single key, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Override {
    when: BTreeMap<Part, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<Way>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exempt: bool,
}

/// A strategy as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Fixed {
        limit: u64,
        window: Lying,
        #[serde(skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    Sliding {
        limit: u64,
        window: Length,
    },
    Bucket {
        burst: u64,
        tokens: u64,
        per: Length,
    },
    Ring {
        limit: u64,
        window: Length,
        slots: u8,
    },
    Log {
        limit: u64,
        window: Length,
    },
    Leases {
        limit: u64,
        lease: Length,
    },
}

/// A duration, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Length {
    text: String,
    span: Span,
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.text)
    }
}

/// Windows of a length, or of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Lying {
    Every(Length),
    #[serde(serialize_with = "calendar_name")]
    Calendar(Calendar),
}

const CALENDAR: [(&str, Calendar); 5] = [
    ("minute", Calendar::Minute),
    ("hour", Calendar::Hour),
    ("day", Calendar::Day),
    ("week", Calendar::Week),
    ("month", Calendar::Month),
];

fn calendar_name<S: Serializer>(unit: &Calendar, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(CALENDAR.iter().find(|(_, one)| one == unit).map_or("", |(name, _)| name))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Settings::read(&Once::deserialize(input)?.0).map_err(|faults| {
            let told: Vec<String> = faults.iter().map(Fault::to_string).collect();
            serde::de::Error::custom(told.join("; "))
        })
    }
}

impl Settings {
    /// Reads settings, or tells all that is wrong with them. No field may stand twice.
    pub fn parse(text: &str) -> Result<Settings, Vec<Fault>> {
        match serde_json::from_str::<Once>(text) {
            Ok(Once(value)) => Settings::read(&value),
            Err(error) if error.is_data() => Err(vec![Fault::new("", error.to_string(), None)]),
            Err(error) => Err(vec![Fault::new("", format!("the document is not JSON: {error}"), None)]),
        }
    }

    /// Reads settings from a JSON value, or tells all that is wrong with them.
    pub fn read(value: &Value) -> Result<Settings, Vec<Fault>> {
        read::settings(value)
    }

    /// The policies; calendar windows without a zone of their own are in `zone`.
    pub fn compile(&self, zone: &TimeZone) -> Policies {
        let policies = self.policies.iter().map(|written| written.compile(zone)).collect();
        Policies::checked(policies, self.costs.clone(), self.headers)
    }
}

impl Written {
    fn compile(&self, zone: &TimeZone) -> Policy {
        let mut policy = Policy::new(&self.name, &self.by, self.strategy.compile(zone));
        policy.shadow = self.shadow;
        policy.away = self.away;
        policy.per_server = self.per_server;
        policy.token_lease =
            self.token_lease.as_ref().map(|taken| TokenLease { tokens: taken.tokens, time: taken.time.span });
        policy.methods.clone_from(&self.methods);
        policy.routes.clone_from(&self.routes);
        policy.classes.clone_from(&self.classes);
        for other in &self.overrides {
            policy.except(&caller(&other.when), other.strategy.as_ref().map(|way| way.compile(zone)));
        }
        policy
    }
}

impl Way {
    fn name(&self) -> &'static str {
        match self {
            Way::Fixed { .. } => "fixed",
            Way::Sliding { .. } => "sliding",
            Way::Bucket { .. } => "bucket",
            Way::Ring { .. } => "ring",
            Way::Log { .. } => "log",
            Way::Leases { .. } => "leases",
        }
    }

    fn compile(&self, tenants: &TimeZone) -> Strategy {
        match self {
            Way::Fixed { limit, window: Lying::Every(length), .. } => {
                Strategy::Fixed(Fixed { limit: *limit, window: Window::Every(length.span) })
            }
            Way::Fixed { limit, window: Lying::Calendar(unit), zone } => {
                // Known: it was looked up when the settings were read.
                let own = zone.as_ref().and_then(|name| TimeZone::get(name).ok());
                let window = Window::Calendar(*unit, own.unwrap_or_else(|| tenants.clone()));
                Strategy::Fixed(Fixed { limit: *limit, window })
            }
            Way::Sliding { limit, window } => Strategy::Sliding(Sliding { limit: *limit, window: window.span }),
            Way::Bucket { burst, tokens, per } => Strategy::Bucket(Bucket::new(*burst, *tokens, per.span)),
            Way::Ring { limit, window, slots } => {
                Strategy::Ring(Ring { limit: *limit, window: window.span, slots: *slots })
            }
            Way::Log { limit, window } => Strategy::Log(Log { limit: *limit, window: window.span }),
            Way::Leases { limit, lease } => Strategy::Leases(Leases { limit: *limit, lease: lease.span }),
        }
    }
}

/// The caller that an override is for.
fn caller(when: &BTreeMap<Part, String>) -> Caller<'_> {
    let text = |part| when.get(&part).map(String::as_str);
    Caller {
        tenant: text(Part::Tenant),
        user: text(Part::User),
        api_key: text(Part::ApiKey),
        address: text(Part::Address).and_then(address),
        route: text(Part::Route),
        method: text(Part::Method),
        object: text(Part::Object),
        class: None,
    }
}

/// An address, or an IPv6 network of 64 bits.
fn address(text: &str) -> Option<IpAddr> {
    match text.strip_suffix("/64") {
        Some(network) => network.parse().ok().filter(IpAddr::is_ipv6),
        None => text.parse().ok(),
    }
}
