//! Why somebody may decide, in one sentence that a buyer understands.

use std::fmt::Write as _;

use super::organisation::Substitution;
use super::resolver::{ChainStart, Resolver, UnitOf};
use super::standing::{Link, Standing};
use super::view::{Rule, WhyAsked};
use crate::ids::PersonId;

impl Standing {
    /// Such as "hal stands in for eve up to and including 2026-03-31; eve was asked as holder of the role `buyer` in the unit
    /// u1".
    #[must_use]
    pub fn because(&self) -> String {
        self.because_of(&by_id)
    }

    /// The same, with what people are called.
    #[must_use]
    pub fn because_of(&self, name: Called<'_>) -> String {
        let mut text = String::new();
        for link in self.through.iter().rev() {
            let _ = match link {
                Link::Delegated { by, to } => write!(text, "{} delegated it to {}; ", name(by), name(to)),
                Link::Substitute(entry) => write!(text, "{}; ", stands_in(entry, name)),
            };
        }
        text.push_str(&self.seat.because_of(name));
        text
    }
}

/// What a person is called.
pub type Called<'a> = &'a dyn Fn(&PersonId) -> String;

fn by_id(person: &PersonId) -> String {
    person.to_string()
}

impl WhyAsked {
    /// Such as "bob was asked as the manager of the person in the field `requester`". It tells why then, when the step was
    /// resolved: later roles and managers change a seat only in certain cases (section 4.1).
    #[must_use]
    pub fn because(&self) -> String {
        self.because_of(&by_id)
    }

    /// The same, with what people are called.
    #[must_use]
    pub fn because_of(&self, name: Called<'_>) -> String {
        let who = name(&self.stands_for);
        let mut text = match &self.rule {
            Rule::Who(resolver) => format!("{who} was asked {}", named(resolver, self.covering)),
            Rule::Fallback(resolver) => {
                format!("nobody else was found, and so {who} was asked {}", named(resolver, self.covering))
            }
            Rule::Repair => format!("an administrator asked {who}"),
            Rule::Added => format!("{who} was added as an approver"),
        };
        let others: Vec<String> = self.holders.iter().filter(|holder| **holder != self.stands_for).map(name).collect();
        if !others.is_empty() {
            let also = if self.holders.contains(&self.stands_for) { "also " } else { "" };
            let _ = write!(text, ", and the place was {also}passed to {}", others.join(" and "));
        }
        text
    }
}

fn stands_in(entry: &Substitution, name: Called<'_>) -> String {
    let mut text = format!("{} stands in for {}", name(&entry.substitute), name(&entry.person));
    if let Some(from) = entry.from {
        let _ = write!(text, " from {from}");
    }
    // `until` is the first day on which it no longer holds.
    if let Some(last) = entry.until.and_then(|until| until.yesterday().ok()) {
        let _ = write!(text, " up to and including {last}");
    }
    if let Some(category) = &entry.category {
        let _ = write!(text, " in the category `{category}`");
    }
    if let Some(most) = entry.max_amount {
        let _ = write!(text, " for at most {most}");
    }
    if let Some(by) = &entry.noted_by {
        let _ = write!(text, ", as {} noted", name(by));
    }
    text
}

fn named(resolver: &Resolver, covering: bool) -> String {
    match resolver {
        Resolver::Person(_) => "by name in the definition".to_owned(),
        Resolver::Field(field) => format!("as named in the field `{field}`"),
        Resolver::Role { role, unit: UnitOf::Unit(unit) } => {
            format!("as holder of the role `{role}` in the unit {unit}")
        }
        Resolver::Role { role, unit: UnitOf::Field(field) } => {
            format!("as holder of the role `{role}` in the unit of the field `{field}`")
        }
        Resolver::Manager { of, levels: 1 } => format!("as the manager of the person in the field `{of}`"),
        Resolver::Manager { of, levels } => {
            format!("as the first who may decide, {levels} or more levels above the person in the field `{of}`")
        }
        Resolver::Chain { of, start } if covering => {
            let from = if *start == ChainStart::Own { "from" } else { "above" };
            format!("as the first {from} the person in the field `{of}` upwards whose limit covers the amount")
        }
        Resolver::Chain { of, .. } => {
            format!("on the way up from the person in the field `{of}` to one whose limit covers the amount")
        }
    }
}
