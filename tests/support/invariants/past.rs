//! Who could decide, at any instant, and why: what entries and the engine tell of it, against what answers said at the time
//! and against the naive law of `authority`.

use std::collections::BTreeSet;

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::audit::rounds::What;
use fluxor_engine::audit::{Entry, Header};
use fluxor_engine::command::{Command, Verb, act_name};
use fluxor_engine::decide::Deciders;
use fluxor_engine::ids::TaskId;
use fluxor_engine::instance::TaskStatus;
use serde_json::Value as Json;

use super::authority::Court;
use super::bench::Bench;
use super::play::Play;
use crate::scenario::TENANT;

/// Step, person, and for whom.
type Voice = (String, String, Option<String>);

fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}

/// The entry of a decision tells whose it was, by what right, and what was on the screen.
pub(super) fn check_acted(court: &Court<'_>, entry: &Entry, header: &Header, command: &Command) {
    let Verb::Decide { act, etag, task } = &command.verb else { return };
    let body: Json = serde_json::from_str(&entry.body).expect("a body");
    let told = &body["acted"][0];
    // What followed from it could not be computed: nothing was done but the incident.
    if told.is_null() && body["answer"]["status"] == "incident" {
        return;
    }
    let person = header.actor.as_ref().expect("somebody decided").as_str();
    assert_eq!((&told["act"], &told["person"]), (&Json::from(act_name(act)), &Json::from(person)), "{body}");
    assert_eq!(told["task"], task.ordinal, "{told}");
    assert_eq!(told.get("saw").is_some(), etag.is_some(), "seen is what the etag names: {told}");
    if let Some(etag) = etag {
        let document = told["saw"]["document"].as_str();
        assert!(document.is_none_or(|document| etag.contains(&document[..16])), "the document of {etag}: {told}");
        let review = &court.instance.tasks.iter().find(|t| t.id == *task).expect("its task").detail.review;
        if told["saw"]["version"] == review.subject.version() {
            let fields = serde_json::to_value(review.subject.fields()).unwrap();
            assert_eq!(told["saw"]["fields"], fields, "the document as it was");
        }
    }
    let Some(seat) = told["right"].get("seat") else {
        assert!(told["right"].is_string(), "{told}");
        return;
    };
    assert_eq!(seat["person"], person, "{told}");
    if matches!(act, Act::Approve(_) | Act::Reject(_) | Act::Abstain(_)) {
        assert_eq!(seat.get("on_behalf_of").and_then(text), header.behalf.as_ref().map(ToString::to_string), "{told}");
    }
    check_standing(court, seat);
}

/// A standing that the law allows, and whose links lead from a holder to the person.
fn check_standing(court: &Court<'_>, seat: &Json) {
    let (step, person) = (text(&seat["step"]).unwrap(), text(&seat["person"]).unwrap());
    let behalf = seat.get("on_behalf_of").and_then(text);
    let ballot =
        Ballot { step: step.as_str().into(), on_behalf_of: behalf.clone().map(Into::into), ..Ballot::default() };
    assert_eq!(court.may_decide(&person, &ballot), Ok(()), "{seat}");
    let holders: Vec<String> = seat["holders"].as_array().unwrap().iter().filter_map(text).collect();
    let mut at = behalf.clone().unwrap_or_else(|| person.clone());
    assert!(holders.contains(&at), "{at} holds the seat: {seat}");
    let links = seat.get("through").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    assert_eq!(links.is_empty(), behalf.is_none(), "a way for whoever stands in: {seat}");
    assert!(links.len() <= 5, "at most five hops: {seat}");
    for link in links {
        let (from, to) = match (link.get("delegated"), link.get("substitute")) {
            (Some(d), None) => {
                let (by, to) = (text(&d["by"]).unwrap(), text(&d["to"]).unwrap());
                assert!(court.tale.delegated.contains(&(step.clone(), by.clone(), to.clone())), "{seat}");
                (by, to)
            }
            (None, Some(s)) => {
                let (of, by) = (text(&s["person"]).unwrap(), text(&s["substitute"]).unwrap());
                let known = court.companies.last().unwrap();
                assert!(known.covers.iter().any(|c| c.person == of && c.substitute == by), "{seat}");
                (of, by)
            }
            other => panic!("no link: {other:?}"),
        };
        assert_eq!(from, at, "link by link: {seat}");
        at = to;
    }
    assert_eq!(at, person, "to the person: {seat}");
}

fn voices(found: &Deciders) -> BTreeSet<Voice> {
    let voice = |one: &fluxor_engine::approval::Standing| {
        (one.seat.step.to_string(), one.person.to_string(), one.on_behalf_of.as_ref().map(ToString::to_string))
    };
    found.deciders.iter().map(voice).collect()
}

impl<B: Bench> Play<B> {
    /// Asks of every instant at which something was answered who could decide then, and compares with the answer; then who
    /// can decide now, and holds it against the law.
    pub async fn ask_the_past(&mut self) {
        let mut asked = 0;
        for made in &self.made {
            for task in &made.answer.tasks {
                let found = self.engines[0].deciders(TENANT, task.id, Some(made.answer.at), None).await;
                let found = found.expect("the past can be asked");
                // Of several entries of one instant only the last is what was.
                if found.entry != made.answer.seq {
                    continue;
                }
                let name = |o: &fluxor_engine::command::OpenSeat| {
                    (o.step.to_string(), o.person.to_string(), o.on_behalf_of.as_ref().map(ToString::to_string))
                };
                let then: BTreeSet<Voice> = task.open.iter().map(name).collect();
                assert_eq!(voices(&found), then, "who could decide {} at {}", task.id, made.answer.at);
                asked += 1;
            }
        }
        *self.tally.entry("past asked".to_owned()).or_default() += asked;
        let open: Vec<TaskId> = self.snap.instances.values().flat_map(|i| i.tasks.iter().map(|t| t.id)).collect();
        for id in open {
            self.judge_deciders(id).await;
        }
    }

    /// Whoever can decide now, may; and whoever is not listed is refused by the same judgement.
    async fn judge_deciders(&mut self, id: TaskId) {
        let instance = &self.snap.instances[&id.instance];
        let (Some(rules), Some(tale)) = (self.law.get(&*instance.workflow), self.tales.get(&id.instance)) else {
            return;
        };
        let court =
            Court { companies: &self.companies, rules, instance, tale, at: self.now().max(instance.changed_at) };
        let everybody = self.companies.iter().flat_map(|c| c.people.keys().cloned());
        let everybody: BTreeSet<String> = everybody.chain(["stranger".to_owned()]).collect();
        let mut all = BTreeSet::new();
        for who in everybody {
            let person = who.as_str().into();
            let found = self.engines[0].deciders(TENANT, id, None, Some(&person)).await.expect("it can be asked");
            // What falls due only now may have passed seats on that the tale does not know.
            if found.fired.is_empty()
                && found.organisation == i64::try_from(court.companies.len()).unwrap()
                && self.settled
            {
                for one in &found.deciders {
                    check_standing(&court, &serde_json::to_value(one).unwrap());
                }
            }
            let listed: BTreeSet<Voice> = voices(&found).into_iter().filter(|(_, p, _)| *p == who).collect();
            for chance in found.chances.iter().flatten() {
                let here = listed.iter().any(|(step, ..)| **step == *chance.step);
                let voted = found.voted.iter().any(|v| v.person.as_str() == who && v.step == chance.step);
                assert!(
                    !here || !chance.may.is_empty(),
                    "{who} is listed in {} and could not: {chance:?}",
                    chance.step
                );
                let shut = found.status != TaskStatus::Open;
                assert!(
                    chance.may.is_empty() || here || voted || shut,
                    "{who} could in {} and is not listed",
                    chance.step
                );
                assert_eq!(chance.may.is_empty(), chance.refusal.is_some(), "one or the other: {chance:?}");
            }
            all.extend(listed);
        }
        let rounds = self.engines[0].rounds(TENANT, id).await.expect("the rounds can be told");
        let review = &instance.tasks.iter().find(|task| task.id == id).expect("its task").detail.review;
        assert!(rounds.iter().map(|round| round.number).eq(1..=review.round), "round by round: {rounds:?}");
        if let Some(last) = rounds.last() {
            assert_eq!((last.state, &last.why), (review.state, &review.why), "where it stands");
        }
        let cast = review.votes.iter().filter(|vote| vote.carried.is_none());
        let cast: Vec<_> = cast.map(|vote| (vote.round, vote.author.clone(), vote.kind.name().to_owned())).collect();
        let told = rounds.iter().flat_map(|round| round.events.iter().map(|event| (round.number, event)));
        let told = told.filter_map(|(number, event)| match &event.what {
            What::Acted { act, .. } if act.carried.is_none() => Some((number, act.person.clone(), act.act.to_string())),
            _ => None,
        });
        let votes = ["approve", "reject", "abstain"];
        let told: Vec<_> = told.filter(|(_, _, act)| votes.contains(&act.as_str())).collect();
        // A vote repeated on one version is an act and no new vote.
        let mut rest = told.iter();
        assert!(
            cast.iter().all(|vote| rest.any(|act| act == vote)),
            "every vote ever, in its round: {cast:?} in {told:?}"
        );
        let found = self.engines[0].deciders(TENANT, id, None, None).await.expect("it can be asked");
        assert_eq!(all, voices(&found), "everybody was asked about");
    }
}
