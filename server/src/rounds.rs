//! The rounds of a review as they are told to people: the same over HTTP and on the command line.

use std::fmt::Write as _;
use std::sync::Arc;

use fluxor_engine::approval::{
    EscalateTo, EscalationMode, FiredKind, Link, Position, RepairAction, Right, Verb, WhyAsked,
};
use fluxor_engine::audit::rounds::{Happened, Round, What};
use fluxor_engine::decide::Acted;
use fluxor_engine::ids::{PersonId, TaskId};
use fluxor_engine::instance::Document;
use serde::Serialize;
use utoipa::ToSchema;

/// Every round of a review, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rounds)]
pub(crate) struct Report {
    #[schema(value_type = String, example = "0197f3a2-7c1e-7000-8000-0123456789ab.1")]
    task: TaskId,
    rounds: Vec<InRound>,
}

/// One round.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Round)]
struct InRound {
    /// From 1.
    round: u32,
    #[schema(format = DateTime)]
    began: String,
    /// Where it stands, or stood when the next one began.
    state: &'static str,
    /// Why it stands there.
    #[schema(example = "all_steps_approved")]
    why: String,
    /// Since when it stands there.
    #[schema(format = DateTime)]
    since: String,
    /// The state of the instance that the task was left for without an outcome, such as `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    left: Option<Arc<str>>,
    events: Vec<Event>,
}

/// Something that happened in a round. What is left out does not apply to it.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RoundEvent)]
struct Event {
    /// The number of the audit entry that tells it.
    entry: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `asked`, where the review came to stand (`approved`, `rejected`, `changes_requested`, `recalled`, `incident`, `in_review`),
    /// `left` where the instance went on without an outcome, an act (`approve`, `reject`, `abstain`, `request_changes`, `ask`, `answer`, `delegate`, `reassign`, `add_approver`,
    /// `escalate`, `remind`, `look`, `add_watcher`, `repair`), `edited`, or what fell due (`due_remind`, `due_escalate`,
    /// `due_incident`, `due_reject`, `due_expire`).
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    step: Option<Arc<str>>,
    /// Who acted, was asked, or changed the document; nobody where the workflow itself did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    person: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    on_behalf_of: Option<PersonId>,
    /// By what right, or why asked, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    /// In the person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<Arc<str>>,
    /// The version of the document that the person saw, or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// The seat, the rule behind it and the way to it, as the entry has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    seat: Option<Box<WhyAsked>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    through: Vec<Link>,
    /// Of a vote that was carried: the step in which it was really cast.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    carried_from: Option<Arc<str>>,
    /// Of an edit: the fields that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    fields: Vec<Arc<str>>,
    /// Of what fell due: when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<String>,
    /// Of what fell due: who was reminded, or whose seats were escalated; of a reassignment whose seat it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    from: Vec<PersonId>,
    /// To whom; who was added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    to: Vec<PersonId>,
    /// Of an added approver `before` or `after` the step, of an escalation `adds` or `replaces`, of a repair `assign` or
    /// `restart`.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
    /// What was given, where the task asks for data: its fields.
    #[serde(skip_serializing_if = "Document::is_empty")]
    #[schema(value_type = Object)]
    data: Document,
}

impl Event {
    fn of(happened: Happened) -> Self {
        let base = Self { entry: happened.entry, at: happened.at.to_string(), ..Self::default() };
        match happened.what {
            What::Asked { person, on_behalf_of, seat } => Self {
                what: "asked".to_owned(),
                step: Some(seat.step.clone()),
                because: Some(match &on_behalf_of {
                    Some(holder) => format!("{holder} delegated it to {person}; {}", seat.because()),
                    None => seat.because(),
                }),
                person: Some(person),
                on_behalf_of,
                seat: Some(seat),
                ..base
            },
            What::Stood { state, why, by } => {
                Self { what: state.name().to_owned(), person: by, because: Some(why.to_string()), ..base }
            }
            What::Left { to, by } => Self {
                what: "left".to_owned(),
                person: by,
                because: to.map(|state| format!("the instance went on to `{state}`")),
                ..base
            },
            What::Acted { act, reason, data } => Self { reason, data, ..base.acted(*act) },
            What::Due(fired) => Self {
                what: due(fired.what).to_owned(),
                step: fired.step,
                due: Some(fired.due.to_string()),
                from: fired.from,
                to: fired.to,
                ..base
            },
            What::Edited { by, version, document, fields } => Self {
                what: "edited".to_owned(),
                person: by,
                version: Some(version),
                document: document.map(|document| document.to_string()),
                fields,
                ..base
            },
        }
    }

    fn acted(self, act: Acted) -> Self {
        let mut told = Self {
            what: act.act.into_owned(),
            person: Some(act.person),
            version: act.saw.as_ref().map(|saw| saw.version),
            document: act.saw.and_then(|saw| saw.document).map(|document| document.to_string()),
            ..self
        };
        match act.right {
            Some(Right::Seat(standing)) => {
                told.because = Some(standing.because());
                told.step = Some(standing.seat.step.clone());
                told.on_behalf_of = standing.on_behalf_of;
                told.through = standing.through.into_iter().map(Link::told).collect();
                told.seat = Some(Box::new(standing.seat));
            }
            Some(Right::Administrator) => told.because = Some("an administrator of this approval".to_owned()),
            Some(Right::Requester) => told.because = Some("the requester".to_owned()),
            Some(Right::Active) | None => {}
        }
        if let Some(verb) = act.verb {
            told.asked_for(verb);
        }
        if let Some(carried) = act.carried {
            told.step = Some(carried.seat.step.clone());
            told.because = Some(format!("the vote in {} counts here too; {}", carried.from, carried.seat.because()));
            told.carried_from = Some(carried.from);
            told.seat = Some(Box::new(carried.seat));
        }
        told
    }

    /// What was asked for.
    fn asked_for(&mut self, verb: Verb) {
        match verb {
            Verb::Delegate { step, to } => (self.step, self.to) = (Some(step), vec![to]),
            Verb::Reassign { step, from, to } => {
                (self.step, self.to, self.from) = (Some(step), vec![to], from.into_iter().collect());
            }
            Verb::AddApprover { ballot, person, position } => {
                (self.step, self.to) = (Some(ballot.step), vec![person]);
                self.how = Some(if position == Position::Before { "before" } else { "after" });
            }
            Verb::Escalate { step, mode, to } => {
                self.step = Some(step);
                self.to = match to {
                    EscalateTo::Manager => Vec::new(),
                    EscalateTo::Person(to) => vec![to],
                };
                self.how = Some(if mode == EscalationMode::Adds { "adds" } else { "replaces" });
            }
            Verb::Remind { step } | Verb::Look { step } => self.step = Some(step),
            Verb::AddWatcher { person } => self.to = vec![person],
            Verb::Ask { to, .. } => self.to = to.into_iter().collect(),
            Verb::Repair { action, step, to, .. } => {
                (self.step, self.to) = (Some(step).filter(|step| !step.is_empty()), to.into_iter().collect());
                self.how = Some(if action == RepairAction::Assign { "assign" } else { "restart" });
            }
            _ => {}
        }
    }

    /// One line for people. `is_task`: whoever gives data approves nothing.
    fn line(&self, is_task: bool) -> String {
        let names = |people: &[PersonId]| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join(", ");
        let what = match &*self.what {
            "approve" | "approved" if is_task => "given",
            what => what,
        };
        let mut text = format!("{}  {what:<15}", self.at);
        if let Some(step) = &self.step {
            let _ = write!(text, " {step}:");
        }
        if let Some(person) = &self.person {
            let _ = write!(text, " {person}");
        }
        if let Some(whom) = &self.on_behalf_of {
            let _ = write!(text, " for {whom}");
        }
        if let Some(how) = self.how {
            let _ = write!(text, " {how}");
        }
        if !self.from.is_empty() {
            let _ = write!(text, " {}", names(&self.from));
        }
        if !self.to.is_empty() {
            let _ = write!(text, " to {}", names(&self.to));
        }
        if !self.fields.is_empty() {
            let _ = write!(text, " {}", self.fields.join(", "));
        }
        if let Some(version) = self.version {
            let _ = write!(text, " (version {version})");
        }
        for (at, (field, value)) in self.data.iter().enumerate() {
            let value = value.as_str().map_or_else(|| value.to_string(), |text| text.replace(['\n', '\r', '\t'], " "));
            let _ = write!(text, "{} {field}: {value}", if at == 0 { "" } else { "," });
        }
        if let Some(reason) = &self.reason {
            let _ = write!(text, ": {reason}");
        }
        if let Some(because) = self.because.as_ref().filter(|_| !(is_task && self.what == "approved")) {
            let _ = write!(text, " [{because}]");
        }
        text
    }
}

const fn due(what: FiredKind) -> &'static str {
    match what {
        FiredKind::Remind => "due_remind",
        FiredKind::Incident => "due_incident",
        FiredKind::Reject => "due_reject",
        FiredKind::Escalate => "due_escalate",
        FiredKind::Expire => "due_expire",
    }
}

impl Report {
    pub(crate) fn of(task: TaskId, rounds: Vec<Round>) -> Self {
        let one = |round: Round| InRound {
            round: round.number,
            began: round.began.to_string(),
            state: round.state.name(),
            why: round.why.to_string(),
            since: round.since.to_string(),
            left: round.left,
            events: round.events.into_iter().map(Event::of).collect(),
        };
        Self { task, rounds: rounds.into_iter().map(one).collect() }
    }

    /// For people. `is_task`: it asks for data, and for no decision.
    pub(crate) fn text(&self, is_task: bool) -> String {
        if self.rounds.is_empty() {
            return format!("{} has not been submitted yet.", self.task);
        }
        let mut text = String::new();
        for round in &self.rounds {
            let left = round.left.as_ref().map_or(String::new(), |to| format!(", left for `{to}`"));
            let stands = match round.state {
                "approved" if is_task => "given".to_owned(),
                state => format!("{state} ({})", round.why),
            };
            let _ =
                writeln!(text, "Round {}, began {}: {stands} since {}{left}", round.round, round.began, round.since);
            for event in &round.events {
                let _ = writeln!(text, "  {}", event.line(is_task));
            }
        }
        text.trim_end().to_owned()
    }
}
