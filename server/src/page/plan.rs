//! What happens next: the steps of a review, whom each asks, how many must approve, and what time does to it.

use fluxor_engine::approval::{CountingVote, Foreseen, Quorum, Status, Stuck, VoteKind};
use fluxor_engine::calendar::Calendar;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use serde::Serialize;

use super::words::{Words, words};

/// A step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    title: String,
    /// `approved`, `open`, `waiting`, ...
    status: &'static str,
    state: String,
    need: String,
    people: Vec<Person>,
    due: Option<String>,
    urgency: &'static str,
    since: Option<String>,
    notes: Vec<String>,
}

/// Somebody in a step.
#[derive(Debug, Serialize)]
struct Person {
    name: String,
    /// How he has voted.
    vote: Option<&'static str>,
    why: String,
}

/// Who gives data approves nothing.
const fn said(vote: VoteKind, is_task: bool) -> &'static str {
    match vote {
        VoteKind::Approve if is_task => "given",
        VoteKind::Approve => "approved",
        VoteKind::Reject => "rejected",
        VoteKind::Abstain => "abstained",
    }
}

const fn status(status: Status, is_task: bool) -> (&'static str, &'static str) {
    match status {
        Status::Approved if is_task => ("approved", "given"),
        Status::Open => ("open", "open now"),
        Status::Waiting => ("waiting", "comes later"),
        Status::Approved => ("approved", "approved"),
        Status::Rejected => ("rejected", "rejected"),
        Status::Stopped => ("waiting", "not needed any more"),
    }
}

fn need(step: &Foreseen, is_task: bool) -> String {
    let of = step.seats;
    match step.quorum {
        _ if of == 0 => "nobody is asked yet".to_owned(),
        _ if is_task => "one of those who are asked gives it".to_owned(),
        _ if of == 1 => "decides alone".to_owned(),
        Quorum::Any => format!("any one of {of}"),
        Quorum::All => format!("all {of}, but for those who abstain"),
        Quorum::Count(_) | Quorum::Percent(_) => format!("{} of {of}", step.need),
    }
}

/// A step of what is not asked for any more: nobody decides it, and nothing waits for it.
pub(super) fn left(step: Foreseen) -> Foreseen {
    match step.status {
        Status::Open | Status::Waiting => Foreseen { status: Status::Stopped, problem: None, ..step },
        Status::Approved | Status::Rejected | Status::Stopped => step,
    }
}

/// The steps in the order of the plan. `is_task`: what is asked for is data, and no decision.
pub(super) fn steps(
    (plan, subject, is_task): (&[Foreseen], &Document, bool),
    votes: &[CountingVote],
    calendar: Option<&Calendar>,
    reader: Option<&PersonId>,
    speak: &Words,
) -> Vec<Step> {
    let approved = |name: &str| plan.iter().any(|step| *step.step == *name && step.status == Status::Approved);
    let all = plan.iter().map(|step| {
        let after: Vec<String> = step.after.iter().filter(|name| !approved(name)).map(|name| words(name)).collect();
        one((step, &after, subject, is_task), votes, calendar, reader, speak)
    });
    all.collect()
}

fn one(
    (step, after, subject, is_task): (&Foreseen, &[String], &Document, bool),
    votes: &[CountingVote],
    calendar: Option<&Calendar>,
    reader: Option<&PersonId>,
    speak: &Words,
) -> Step {
    let own = |vote: &&CountingVote| vote.step == step.step;
    let mut people: Vec<Person> = votes
        .iter()
        .filter(own)
        .map(|vote| {
            let behalf = vote.on_behalf_of.as_ref().map_or(String::new(), |whom| format!(" for {}", speak.name(whom)));
            let carried = vote.carried_from.as_ref().map(|from| format!("the vote in {} counts here too", words(from)));
            let name = format!("{}{behalf}", speak.name(&vote.person));
            Person { name, vote: Some(said(vote.vote, is_task)), why: carried.unwrap_or_default() }
        })
        .collect();
    let voted = |who: &PersonId| {
        votes.iter().filter(own).any(|vote| vote.person == *who || vote.on_behalf_of.as_ref() == Some(who))
    };
    let asked = step.people.iter().filter(|standing| !voted(&standing.person));
    people.extend(asked.map(|standing| {
        let behalf = standing.on_behalf_of.as_ref();
        let behalf = behalf.map_or(String::new(), |whom| format!(" for {}", speak.name(whom)));
        let you = if reader == Some(&standing.person) { " (you)" } else { "" };
        Person {
            name: format!("{}{you}{behalf}", speak.name(&standing.person)),
            vote: None,
            why: speak.in_fields(standing.because_of(&|who| speak.name(who)), subject),
        }
    }));
    let mut notes: Vec<String> = Vec::new();
    if step.one_by_one && step.seats > 1 {
        notes.push("They are asked one after another.".to_owned());
    }
    if !after.is_empty() && step.status == Status::Waiting {
        notes.push(format!("Opens when {} approved.", join(after)));
    }
    let why = |problem| if step.over_limits { "nobody's limit covers the amount" } else { stuck(problem) };
    notes.extend(step.problem.map(|problem| format!("It cannot go on: {}.", why(problem))));
    notes.extend(
        step.passed_over
            .iter()
            .map(|one| format!("{} is not asked: {} {}.", speak.name(&one.person), one.person, one.why)),
    );
    let (status, state) = status(step.status, is_task);
    let due = step.due.filter(|_| step.status == Status::Open);
    Step {
        title: if is_task { "What is asked for".to_owned() } else { words(&step.step) },
        status,
        state: state.to_owned(),
        need: need(step, is_task),
        people,
        due: due.map(|due| format!("{} ({})", speak.at(due), speak.due(due, calendar))),
        urgency: due.map_or("", |due| speak.urgency(due)),
        since: step.opened.map(|at| speak.ago(at)),
        notes,
    }
}

const fn stuck(problem: Stuck) -> &'static str {
    match problem {
        Stuck::Nobody => "nobody was found who could be asked",
        Stuck::RateMissing => "an amount cannot be compared with a limit, since a rate is missing",
        Stuck::QuorumOutOfReach => "too few people are left who could still approve",
        Stuck::Late => "it takes too long",
        Stuck::NobodyToEscalate => "there is nobody higher to pass it to",
    }
}

fn join(names: &[String]) -> String {
    match names {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(" and ")),
    }
}
