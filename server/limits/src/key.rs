//! Who calls and what for, and the text of the key under which a policy counts it. Different policies, parts or
//! values never give the same text: what separates is percent-encoded where it stands in a value.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::address;
use crate::decide::Unit;

/// What a policy can count by. The order here is the order in the key's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The tenant.
    Tenant,
    /// The person.
    User,
    /// The API key (its id, never its secret: keys are shown and stored).
    ApiKey,
    /// The client's address; IPv6 by its /64.
    Address,
    /// The route's template.
    Route,
    /// The method.
    Method,
    /// The object that the call is about (this order, this supplier).
    Object,
}

/// How much a call matters, least first: the service sheds load in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nobody waits for it.
    Background,
    /// A program waits for it.
    Batch,
    /// A person waits for it.
    Interactive,
}

/// One call, as far as limits look at it. What is not known is left out; a policy that counts by it does not apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The tenant.
    pub tenant: Option<&'a str>,
    /// The person.
    pub user: Option<&'a str>,
    /// The id of the API key.
    pub api_key: Option<&'a str>,
    /// The client's address, as [`address::Proxies::client`] tells it.
    pub address: Option<IpAddr>,
    /// The route's template, such as `/v1/tasks/{id}`.
    pub route: Option<&'a str>,
    /// The method.
    pub method: Option<&'a str>,
    /// The object.
    pub object: Option<&'a str>,
    /// How much the call matters.
    pub class: Option<Class>,
}

impl Part {
    /// All parts, in order.
    pub const ALL: [Part; 7] =
        [Part::Tenant, Part::User, Part::ApiKey, Part::Address, Part::Route, Part::Method, Part::Object];

    /// The part's name in settings and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Tenant => "tenant",
            Part::User => "user",
            Part::ApiKey => "api_key",
            Part::Address => "address",
            Part::Route => "route",
            Part::Method => "method",
            Part::Object => "object",
        }
    }

    /// The part of that name.
    pub fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

impl Class {
    /// All classes, least first.
    pub const ALL: [Class; 3] = [Class::Background, Class::Batch, Class::Interactive];

    /// The class's name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Background => "background",
            Class::Batch => "batch",
            Class::Interactive => "interactive",
        }
    }
}

impl<'a> Caller<'a> {
    /// The text of a part, other than the address.
    fn text(&self, part: Part) -> Option<&'a str> {
        match part {
            Part::Tenant => self.tenant,
            Part::User => self.user,
            Part::ApiKey => self.api_key,
            Part::Route => self.route,
            Part::Method => self.method,
            Part::Object => self.object,
            Part::Address => None,
        }
    }

    /// Whether the call has that part.
    pub fn has(&self, part: Part) -> bool {
        if part == Part::Address { self.address.is_some() } else { self.text(part).is_some() }
    }
}

/// Begins a key: the scope if there is one (such as the tenant whose policies these are), then the policy. Places that are
/// held are apart from what is counted under the same name: one policy that becomes the other neither forgets nor inherits.
pub(crate) fn begin(scope: &str, policy: &str, unit: Unit) -> String {
    let mut text = String::with_capacity(64);
    if !scope.is_empty() {
        escape(&mut text, scope);
        text.push('|');
    }
    escape(&mut text, policy);
    if unit == Unit::ConcurrentRequests {
        // No name has this in it unescaped.
        text.push_str("=held");
    }
    text
}

/// The scope that a key begins with; empty if it has none. What comes after it is the policy's name, and then parts: only these
/// have a `=`.
pub(crate) fn scope(key: &str) -> &str {
    let scoped = |(_, rest): &(&str, &str)| rest.split('|').next().is_some_and(|name| !name.contains('='));
    key.split_once('|').filter(scoped).map_or("", |(scope, _)| scope)
}

/// Writes the key of a call after what [`begin`] wrote; `false` if the call lacks a part. `parts` are in order.
pub(crate) fn write(out: &mut String, parts: &[Part], caller: &Caller<'_>) -> bool {
    for &part in parts {
        out.push('|');
        out.push_str(part.name());
        out.push('=');
        match (part, caller.address) {
            (Part::Address, Some(address)) => address::write(out, address),
            (Part::Address, None) => return false,
            _ => match caller.text(part) {
                Some(value) => escape(out, value),
                None => return false,
            },
        }
    }
    true
}

/// Percent-encodes what separates or cannot stand in a header: `% | = { } "`, controls, and all that is not ASCII.
fn escape(out: &mut String, value: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'%' | b'|' | b'=' | b'{' | b'}' | b'"');
    if value.bytes().all(plain) {
        out.push_str(value);
        return;
    }
    for byte in value.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{begin, scope};
    use crate::decide::Unit;

    #[test]
    fn a_key_tells_its_scope() {
        for name in ["", "acme", "user=ann", "a|b", "%"] {
            let key = begin(name, "per=user|x", Unit::Requests);
            let told = begin("", name, Unit::Requests);
            for parts in ["", "|user=ann", "|user=ann|object=7"] {
                assert_eq!(scope(&format!("{key}{parts}")), told, "{key}{parts}");
            }
        }
    }
}
