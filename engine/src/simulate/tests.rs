//! Simulations of small definitions: who is asked, in what order, why, by when, and where it ends.

mod course;
mod ends;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::decide::tests::Bare;
use crate::decide::{OrganisationAt, read_organisation};
use crate::definition::library::Library;
use crate::ids::TenantId;
use crate::refusal::Refusal;

/// A Monday.
const AT: &str = "2026-03-02T08:00:00Z";

struct World {
    domain: Bare,
    library: Library,
    organisations: Vec<Arc<OrganisationAt>>,
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Ann is led by bob, he by cyd, she by dan.
fn company() -> Value {
    let person = |id: &str, manager: &str, limit: &str| json!({ "id": id, "active": true, "manager": manager, "limits": [{ "amount": limit }] });
    json!({
        "zone": "UTC", "rates": { "EUR": "1" },
        "people": [
            { "id": "ann", "active": true, "manager": "bob" },
            person("bob", "cyd", "100 EUR"),
            person("cyd", "dan", "1000 EUR"),
            { "id": "dan", "active": true, "limits": [{ "amount": "9999 EUR" }] },
            { "id": "eve", "active": true }, { "id": "fay", "active": true },
            { "id": "gus", "active": false },
        ],
        "units": [{ "id": "it", "roles": { "buyer": ["eve", "fay", "ann"] } }],
    })
}

impl World {
    fn new(files: &[&str]) -> Self {
        Self::of(files, &company())
    }

    fn of(files: &[&str], company: &Value) -> Self {
        let domain = Bare::default();
        let files = files.iter().enumerate().map(|(n, text)| (format!("{n}.yaml"), (*text).to_owned())).collect();
        let library = match Library::load(files, crate::domain::Domain::vocabulary(&domain)) {
            Ok((library, _)) => library,
            Err(refused) => panic!(
                "{}",
                refused.iter().flat_map(|(p, s, d)| d.iter().map(move |d| d.render(p, s))).collect::<String>()
            ),
        };
        let organisation = read_organisation(company.as_object().unwrap(), 1, Timestamp::default()).unwrap();
        Self { domain, library, organisations: vec![Arc::new(organisation)] }
    }

    fn try_play(&self, asked: &Asked) -> Result<Simulation, Stop<()>> {
        let (domain, library, organisations) = (&self.domain, &self.library, self.organisations.as_slice());
        simulate(Setting { domain, library, organisations, tenant: TenantId(1) }, &(), asked)
    }

    fn play(&self, asked: &Asked) -> Simulation {
        let told = self.try_play(asked).unwrap();
        assert_eq!(self.try_play(asked).unwrap(), told, "the same again is the same");
        told
    }
}

/// Ann starts `workflow` with `input`.
fn ann(workflow: &str, input: &Value) -> Asked {
    Asked { input: input.as_object().unwrap().clone(), ..Asked::new(workflow.into(), "ann".into(), instant(AT)) }
}

/// Steps with whom they ask, in order: `manager: bob; buyers: eve fay`.
fn who(told: &Simulation) -> String {
    let of = |step: &AskedStep| {
        let people: Vec<String> = (step.people.iter())
            .map(|one| match &one.on_behalf_of {
                Some(holder) => format!("{} for {holder}", one.person),
                None => one.person.to_string(),
            })
            .collect();
        format!("{}: {}", step.step, people.join(" "))
    };
    told.asked.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// What happens: `ann starts leave`.
fn path(told: &Simulation) -> Vec<String> {
    told.path.iter().map(|step| format!("{} {}", step.by, step.what)).collect()
}

/// A definition with one approval, entered at once.
fn review(policy: &str) -> String {
    format!(
        "workflow: order
version: 3
subject: {{ name: po, fields: {{ requester: person, amount: money }} }}
start: review
states:
  review:
    title: In approval
    approval: {policy}
    on: {{ approved: granted, rejected: declined, changes_requested: declined }}
  granted: {{ final: true }}
  declined: {{ final: true }}
"
    )
}
