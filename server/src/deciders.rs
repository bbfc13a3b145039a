//! Who could decide a task at an instant, and why, as it is told to people: the same over HTTP and on the command line.

use std::fmt::Write as _;
use std::sync::Arc;

use fluxor_engine::approval::{self, Chance, Fired, Preview};
use fluxor_engine::decide::Deciders;
use fluxor_engine::ids::{PersonId, TaskId};
use fluxor_engine::instance::TaskStatus;
use fluxor_engine::money::Money;
use fluxor_engine::refusal::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

/// Who could decide a task at an instant, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Deciders)]
pub(crate) struct Report {
    #[schema(value_type = String, example = "0197f3a2-7c1e-7000-8000-0123456789ab.1")]
    task: TaskId,
    /// The instant.
    #[schema(format = DateTime)]
    at: String,
    /// The number of the instance's last entry by then: all this follows from the entries up to it.
    entry: i64,
    /// The revision of the organisation that was in force.
    organisation: i64,
    /// The state that the instance was in.
    #[schema(value_type = String, example = "open.review")]
    instance: Arc<str>,
    /// `open`, `suspended` or `closed`.
    #[schema(value_type = String)]
    status: TaskStatus,
    /// Where the review stood: `draft`, `in_review`, `incident`, `changes_requested`, `recalled`, `approved`, `rejected`.
    state: &'static str,
    /// Why it stood there.
    #[schema(example = "waiting_for:manager")]
    why: String,
    round: u32,
    /// The document's version in the review.
    version: u32,
    /// The digest of the document.
    document: String,
    /// Who could decide, in the order of the plan.
    deciders: Vec<Decider>,
    /// The votes that counted.
    #[schema(value_type = Vec<Object>)]
    voted: Vec<approval::CountingVote>,
    /// Whom the steps that wait would have asked.
    waiting: Vec<Waiting>,
    /// What had fallen due by then and was in no entry yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    due: Vec<Due>,
    /// Of the person who was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Person>,
}

/// Somebody who could decide.
#[derive(Debug, Serialize, ToSchema)]
struct Decider {
    #[schema(value_type = String)]
    step: Arc<str>,
    #[schema(value_type = String)]
    person: PersonId,
    /// For whom, if not in one's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    on_behalf_of: Option<PersonId>,
    /// Why, in one sentence.
    because: String,
    /// Whom the rule named.
    #[schema(value_type = String)]
    stands_for: PersonId,
    /// Who holds the seat.
    #[schema(value_type = Vec<String>)]
    holders: Vec<PersonId>,
    /// To whom the first holder has delegated it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    delegates: Vec<PersonId>,
    /// `who` or `fallback` with the resolver as the definition has it, `repair`, or `added`.
    #[schema(value_type = Object)]
    rule: approval::Rule,
    /// What whoever the rule named may approve, as it is compared here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    limits: Vec<Money>,
    /// A chain ends here, since the limit covers.
    covering: bool,
    /// It was reassigned or escalated.
    passed: bool,
    /// From the holder to the person, link by link: `delegated`, or the `substitute` entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    through: Vec<approval::Link>,
}

impl From<approval::Standing> for Decider {
    fn from(standing: approval::Standing) -> Self {
        let because = standing.because();
        let approval::Standing { person, on_behalf_of, seat, through } = standing;
        let approval::WhyAsked { step, stands_for, holders, delegates, rule, limits, covering, passed } = seat;
        Self {
            step,
            person,
            on_behalf_of,
            because,
            stands_for,
            holders,
            delegates,
            rule,
            limits,
            covering,
            passed,
            through,
        }
    }
}

/// A step that waited.
#[derive(Debug, Serialize, ToSchema)]
struct Waiting {
    #[schema(value_type = String)]
    step: Arc<str>,
    #[schema(value_type = Vec<String>)]
    people: Vec<PersonId>,
    /// What would have stopped it: `nobody`, `rate_missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

impl From<Preview> for Waiting {
    fn from(Preview { step, people, problem }: Preview) -> Self {
        Self { step, people, problem: problem.map(approval::Stuck::name) }
    }
}

/// What had fallen due.
#[derive(Debug, Serialize, ToSchema)]
struct Due {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    step: Option<Arc<str>>,
    /// `remind`, `incident`, `reject`, `escalate`, `expire`.
    #[serde(rename = "do")]
    #[schema(value_type = String)]
    what: approval::FiredKind,
    #[schema(format = DateTime)]
    at: String,
}

impl From<Fired> for Due {
    fn from(fired: Fired) -> Self {
        Self { step: fired.step, what: fired.what, at: fired.due.to_string() }
    }
}

/// Whether one person could have approved.
#[derive(Debug, Serialize, ToSchema)]
struct Person {
    #[schema(value_type = String)]
    id: PersonId,
    /// Step by step.
    steps: Vec<InStep>,
}

/// Whether one person could have approved in a step.
#[derive(Debug, Serialize, ToSchema)]
struct InStep {
    /// Empty where the review had none.
    #[schema(value_type = String)]
    step: Arc<str>,
    /// In which seats, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    may: Vec<Decider>,
    /// Why not: the code and the sentence that an approval would have met.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

/// A refusal that an approval would have met.
#[derive(Debug, Serialize, ToSchema)]
struct Refused {
    #[schema(example = "not_approver")]
    code: &'static str,
    sentence: String,
}

impl InStep {
    /// `closed`: the task is not open, which whoever could decide otherwise is told.
    fn of(Chance { step, may, declined, .. }: Chance, closed: Option<&Refusal>) -> Self {
        let refused = match (declined, closed) {
            (Some(declined), _) => Some(Refused { code: declined.refusal.code(), sentence: declined.sentence() }),
            (None, Some(closed)) => Some(Refused { code: closed.code(), sentence: closed.sentence() }),
            (None, None) => None,
        };
        let may = if closed.is_none() { may.into_iter().map(Decider::from).collect() } else { Vec::new() };
        Self { step, may, refused }
    }
}

impl Report {
    /// As it was found, `person` being whoever was asked about.
    pub(crate) fn of(found: Deciders, person: Option<PersonId>) -> Self {
        let open = found.status == TaskStatus::Open;
        let closed = (!open).then(|| Refusal::TaskClosed { state: found.instance.clone() });
        let chances = found.chances.into_iter().flatten();
        let steps = chances.map(|chance| InStep::of(chance, closed.as_ref())).collect();
        Self {
            task: found.task,
            at: found.at.to_string(),
            entry: found.entry,
            organisation: found.organisation,
            instance: found.instance,
            status: found.status,
            state: found.state.name(),
            why: found.why.to_string(),
            round: found.round,
            version: found.version,
            document: found.document.to_string(),
            deciders: found.deciders.into_iter().map(Decider::from).collect(),
            voted: found.voted,
            waiting: found.waiting.into_iter().map(Waiting::from).collect(),
            due: found.fired.into_iter().map(Due::from).collect(),
            person: person.map(|id| Person { id, steps }),
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{} at {}\n{} ({}), round {}, version {}, organisation {}, entry {}\n",
            self.task, self.at, self.state, self.why, self.round, self.version, self.organisation, self.entry
        );
        let _ = match self.deciders.is_empty() {
            true if self.status != TaskStatus::Open => {
                writeln!(text, "\nNobody could decide: the task was not open, the instance was in `{}`.", self.instance)
            }
            true => writeln!(text, "\nNobody could decide."),
            false => writeln!(text, "\nWho could decide:"),
        };
        for one in &self.deciders {
            let _ = writeln!(text, "  {}", line(one));
        }
        for vote in &self.voted {
            let behalf = vote.on_behalf_of.as_ref().map_or(String::new(), |whom| format!(" for {whom}"));
            let carried = vote.carried_from.as_ref().map_or(String::new(), |step| format!(", carried from {step}"));
            let _ = writeln!(text, "  {}: {}{behalf} has voted {}{carried}", vote.step, vote.person, vote.vote.name());
        }
        for step in &self.waiting {
            let people: Vec<&str> = step.people.iter().map(PersonId::as_str).collect();
            let whom = if people.is_empty() { "nobody".to_owned() } else { people.join(", ") };
            let problem = step.problem.map_or(String::new(), |problem| format!(" ({problem})"));
            let _ = writeln!(text, "  {} waits, and would ask {whom}{problem}", step.step);
        }
        for due in &self.due {
            let what = serde_json::to_value(due.what).ok();
            let what = what.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
            let _ = writeln!(text, "  fell due at {}: {what} {}", due.at, due.step.as_deref().unwrap_or("(the round)"));
        }
        if let Some(person) = &self.person {
            let _ = writeln!(text, "\n{}:", person.id);
            for step in &person.steps {
                for one in &step.may {
                    let _ = writeln!(text, "  could decide in {}", line(one));
                }
                if let Some(Refused { code, sentence }) = &step.refused {
                    let place = if step.step.is_empty() { String::new() } else { format!("{}: ", step.step) };
                    let _ = writeln!(text, "  {place}could not: {sentence} [{code}]");
                }
            }
        }
        text.trim_end().to_owned()
    }
}

fn line(one: &Decider) -> String {
    let behalf = one.on_behalf_of.as_ref().map_or(String::new(), |whom| format!(" for {whom}"));
    format!("{}: {}{behalf}, because {}", one.step, one.person, one.because)
}
