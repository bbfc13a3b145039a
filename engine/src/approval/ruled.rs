//! By which part of a policy a step is asked for, and whose limit its chain ends with: beside why somebody is asked in it.

use std::fmt::Write as _;
use std::sync::Arc;

use super::because::Called;
use super::policy::{Hit, PLAN, Policy, When};
use super::review::{Definition, Review};
use crate::ids::PersonId;
use crate::money::Money;

/// By which part of the policy a step is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// The step.
    pub step: Arc<str>,
    /// Of a table: the row, from 0, what it is for, and whether it is for what no row before it is for.
    pub row: Option<(u32, When, bool)>,
    /// The plan that the workflow has chosen, if it chooses.
    pub plan: Option<Arc<str>>,
    /// Whose limit covers the amount, where it asks a chain.
    pub covers: Option<PersonId>,
}

/// The same of every step that somebody's rule asks for.
#[must_use]
pub fn ruled(review: &Review, policy: &Policy) -> Vec<Ruled> {
    let row = |at: u32| {
        let table = policy.table.as_ref()?;
        let row = table.rows.get(usize::try_from(at).ok()?)?;
        // Plans are kept as rows of a table that no file has.
        row.when.plan.is_none().then(|| (at, row.when.clone(), table.hit == Hit::First && at > 0))
    };
    let of = |step: &super::review::StepState| Ruled {
        step: Arc::clone(&step.name),
        row: match step.definition {
            Definition::Row(at, _) => row(at),
            Definition::Step(_) | Definition::Added { .. } => None,
        },
        plan: review.subject.get(PLAN).text().map(Into::into),
        covers: step.seats.iter().find(|seat| seat.covering).map(|seat| seat.stands_for.clone()),
    };
    review.steps.iter().filter(|step| !step.is_added()).map(of).collect()
}

impl Ruled {
    /// Such as "row 3: over 1,000.00 EUR up to 20,000.00 EUR"; nothing, where it is the only rule. `reader`: whom it is told.
    #[must_use]
    pub fn said(&self, name: Called<'_>, money: &dyn Fn(&Money) -> String, reader: &PersonId) -> Option<String> {
        let plan = self.plan.as_ref().map(|plan| format!("plan {plan}"));
        let row = self.row.as_ref().map(|(at, when, rest)| format!("row {}: {}", at + 1, said(when, *rest, money)));
        let covers = self.covers.as_ref().filter(|who| *who != reader);
        let covers = covers.map(|who| format!("{}'s limit covers it", name(who)));
        let all: Vec<String> = plan.into_iter().chain(row).chain(covers).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// What a row is for. `rest`: for what no row before it is for.
fn said(when: &When, rest: bool, money: &dyn Fn(&Money) -> String) -> String {
    let mut text = String::new();
    if let Some(categories) = &when.category {
        let _ = write!(text, "the category {} ", categories.join(" or "));
    }
    if let Some(over) = &when.over {
        let _ = write!(text, "over {} ", money(over));
    }
    if let Some(up_to) = &when.up_to {
        let _ = write!(text, "up to {} ", money(up_to));
    }
    match (text.trim_end(), rest) {
        ("", true) => "whatever no other row is for".to_owned(),
        ("", false) => "whatever the amount".to_owned(),
        (text, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_said_by_what_it_is_for() {
        let said = |when: &str, rest: bool| {
            let when = serde_json::from_str(when).unwrap();
            let ruled = Ruled { step: "a".into(), row: Some((2, when, rest)), plan: None, covers: Some("gus".into()) };
            ruled.said(&ToString::to_string, &ToString::to_string, &"bob".into()).unwrap()
        };
        let over = r#"{ "over": "1000.00 EUR", "up_to": "20000.00 EUR" }"#;
        assert_eq!(said(over, true), "row 3: over 1000.00 EUR up to 20000.00 EUR; gus's limit covers it");
        let category = r#"{ "category": ["it", "desks"], "over": "5.00 EUR" }"#;
        assert_eq!(said(category, true), "row 3: the category it or desks over 5.00 EUR; gus's limit covers it");
        assert!(said("{}", true).starts_with("row 3: whatever no other row is for;"));
        let alone = Ruled { step: "a".into(), row: None, plan: None, covers: Some("bob".into()) };
        assert_eq!(alone.said(&ToString::to_string, &ToString::to_string, &"bob".into()), None);
        let plan = Ruled { plan: Some("large".into()), ..alone };
        assert_eq!(plan.said(&ToString::to_string, &ToString::to_string, &"bob".into()).as_deref(), Some("plan large"));
    }
}
