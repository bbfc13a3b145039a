//! Why somebody may decide, in one sentence that a buyer understands.

use std::fmt::Write as _;

use super::organisation::Substitution;
use super::resolver::{ChainStart, Resolver, UnitOf};
use super::standing::{Link, Standing};
use super::view::{Rule, WhyAsked};

impl Standing {
    /// Such as "hal stands in for eve until 2026-04-01; eve has the role `buyer` in the unit of the field `unit`".
    #[must_use]
    pub fn because(&self) -> String {
        let mut text = String::new();
        for link in self.through.iter().rev() {
            let _ = match link {
                Link::Delegated { by, to } => write!(text, "{by} delegated it to {to}; "),
                Link::Substitute(entry) => write!(text, "{}; ", stands_in(entry)),
            };
        }
        text.push_str(&self.seat.because());
        text
    }
}

impl WhyAsked {
    /// Such as "bob is the manager of the person in the field `requester`".
    #[must_use]
    pub fn because(&self) -> String {
        let who = &self.stands_for;
        let mut text = match &self.rule {
            Rule::Who(resolver) => format!("{who} {}", named(resolver, self.covering)),
            Rule::Fallback(resolver) => {
                format!("nobody else was found, and in that case {who} {}", named(resolver, self.covering))
            }
            Rule::Repair => format!("an administrator asked {who}"),
            Rule::Added => format!("{who} was added as an approver"),
        };
        if self.passed || self.holders.iter().any(|holder| holder != who) {
            let holders: Vec<&str> = self.holders.iter().map(|holder| holder.as_str()).collect();
            let _ = write!(text, ", and it was passed to {}", holders.join(" and "));
        }
        text
    }
}

fn stands_in(entry: &Substitution) -> String {
    let mut text = format!("{} stands in for {}", entry.substitute, entry.person);
    if let Some(from) = entry.from {
        let _ = write!(text, " from {from}");
    }
    if let Some(until) = entry.until {
        let _ = write!(text, " until {until}");
    }
    if let Some(category) = &entry.category {
        let _ = write!(text, " in the category `{category}`");
    }
    if let Some(most) = entry.max_amount {
        let _ = write!(text, " up to {most}");
    }
    text
}

fn named(resolver: &Resolver, covering: bool) -> String {
    match resolver {
        Resolver::Person(_) => "is named in the definition".to_owned(),
        Resolver::Field(field) => format!("is named in the field `{field}`"),
        Resolver::Role { role, unit: UnitOf::Unit(unit) } => format!("has the role `{role}` in the unit {unit}"),
        Resolver::Role { role, unit: UnitOf::Field(field) } => {
            format!("has the role `{role}` in the unit of the field `{field}`")
        }
        Resolver::Manager { of, levels: 1 } => format!("is the manager of the person in the field `{of}`"),
        Resolver::Manager { of, levels } => {
            format!("is {levels} or more levels above the person in the field `{of}`, the first who may decide")
        }
        Resolver::Chain { of, start } => {
            let own = if *start == ChainStart::Own { "is" } else { "is above" };
            match (covering, start) {
                (true, ChainStart::Own) => {
                    format!("is, or is above, the person in the field `{of}`, the first whose limit covers the amount")
                }
                (true, ChainStart::Manager) => {
                    format!("is above the person in the field `{of}`, the first whose limit covers the amount")
                }
                (false, _) => format!("{own} the person in the field `{of}`, on the way to one whose limit covers"),
            }
        }
    }
}
