//! Every path to a decision, tried by everybody who may not: a company, absences, orders and moves from a seed; whoever is
//! not listed as able to decide is refused, by every door with the same answer, and nothing has changed but the security stream.

mod doors;

use std::collections::BTreeSet;

use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::server::Site;
use serde_json::{Value, json};

use self::doors::{Act, Doors};
use super::company::{Image, in_review, path, reorganise, settled, text, until};

const PEOPLE: [&str; 7] = ["ann", "bob", "cyd", "dan", "eve", "fay", "hal"];

/// Attempts at each stage, of all that there are.
const ATTEMPTS: usize = 60;

/// Who may do what at one stage.
struct Stage {
    task: Value,
    steps: Vec<String>,
    /// Step, person, for whom (himself, if nobody else).
    may: BTreeSet<(String, String, String)>,
    /// Step and author of votes that count: they may change them.
    voted: BTreeSet<(String, String)>,
    /// Step and person whose turn is later: they may pass their seat on already.
    later: BTreeSet<(String, String)>,
}

impl Stage {
    async fn of(site: &Site, task: &str) -> Self {
        let shown = site.admin().get(&format!("/v1/tasks/{task}")).await.is(200);
        let found = site.admin().get(&format!("/v1/tasks/{task}/deciders")).await.is(200);
        let may = |one: &Value| {
            let person = text(&one["person"]);
            let whom = one["on_behalf_of"].as_str().map_or_else(|| person.clone(), str::to_owned);
            (text(&one["step"]), person, whom)
        };
        let voted = |one: &Value| (text(&one["step"]), text(&one["person"]));
        let mut later = BTreeSet::new();
        for person in PEOPLE {
            let about = site.admin().get(&format!("/v1/tasks/{task}/deciders?person={person}")).await.is(200);
            let steps = about["person"]["steps"].as_array().unwrap().iter();
            let waits = steps.filter(|step| step["refused"]["code"] == "not_your_turn");
            later.extend(waits.map(|step| (text(&step["step"]), person.to_owned())));
        }
        let steps = shown["review"]["steps"].as_array().unwrap().iter().map(|step| text(&step[0])).collect();
        Self {
            task: shown,
            steps,
            may: found["deciders"].as_array().unwrap().iter().map(may).collect(),
            voted: found["voted"].as_array().unwrap().iter().map(voted).collect(),
            later,
        }
    }

    fn is_listed(&self, step: &str, person: &str, whom: Option<&str>) -> bool {
        let same = |(s, p, w): &(String, String, String)| s == step && p == person && whom.is_none_or(|whom| w == whom);
        self.may.iter().any(same) || self.voted.contains(&(step.to_owned(), person.to_owned()))
    }

    /// Everything that nobody but those listed may do: who, and what.
    fn wrong(&self, administrators: &BTreeSet<&str>, dice: &mut Dice) -> Vec<(&'static str, Value)> {
        let mut all = Vec::new();
        for person in PEOPLE {
            let administers = administrators.contains(person);
            for step in &self.steps {
                let of = |whom: Option<&str>| {
                    let mut acts = vec![
                        json!({ "act": "approve", "step": step }),
                        json!({ "act": "reject", "step": step, "reason": "no" }),
                        json!({ "act": "abstain", "step": step }),
                        json!({ "act": "request_changes", "step": step, "reason": "other desks" }),
                        json!({ "act": "ask", "step": step, "reason": "why?" }),
                    ];
                    if !administers {
                        acts.push(json!({ "act": "add_approver", "step": step, "person": "hal", "position": "after" }));
                    }
                    for act in &mut acts {
                        act["on_behalf_of"] = whom.into();
                    }
                    acts
                };
                for whom in PEOPLE.into_iter().map(Some).chain([None]) {
                    // For oneself is without a principal: the only one, if there is one.
                    let whom_else = whom.filter(|whom| *whom != person);
                    if !self.is_listed(step, person, whom_else) {
                        all.extend(of(whom).into_iter().map(|act| (person, act)));
                    }
                }
                let to = dice.one(&PEOPLE);
                let later = self.later.contains(&(step.clone(), person.to_owned()));
                if !later && !self.is_listed(step, person, Some(person)) {
                    all.push((person, json!({ "act": "delegate", "step": step, "to": to })));
                    all.push((person, json!({ "act": "reassign", "step": step, "to": to })));
                }
                if !later && !self.is_listed(step, person, None) {
                    all.push((person, json!({ "act": "look", "step": step })));
                }
                if !administers {
                    let from = dice.one(&PEOPLE.iter().copied().filter(|who| *who != person).collect::<Vec<_>>());
                    all.push((person, json!({ "act": "reassign", "step": step, "from": from, "to": to })));
                    all.push((person, json!({ "act": "escalate", "step": step, "to": to })));
                    let repair = json!({ "act": "repair", "action": "assign", "step": step, "to": to, "reason": "so" });
                    all.push((person, repair));
                }
            }
            all.push((person, json!({ "act": "repair", "action": "approve", "step": self.steps[0], "reason": "so" })));
            if !administers {
                all.push((person, json!({ "act": "repair", "action": "restart", "reason": "so" })));
            }
        }
        dice.shuffle(&mut all);
        all
    }
}

/// A company with random absences, people who are not there, and an administrator.
fn reorganised(dice: &mut Dice, requester: &str) -> (Value, BTreeSet<&'static str>) {
    let substitutes: Vec<Value> = (0..dice.below(6))
        .map(|_| {
            let until = dice.one(&["2999-01-01", "2999-01-01", "2020-01-01"]);
            json!({ "person": dice.one(&PEOPLE), "substitute": dice.one(&PEOPLE), "until": until })
        })
        .filter(|entry| entry["person"] != entry["substitute"])
        .collect();
    // Not dan, whose key changes the organisation.
    let away = dice.one(&["ann", "bob", "cyd", "eve", "fay", "hal"]);
    let people: Vec<Value> =
        PEOPLE.iter().map(|id| json!({ "id": id, "active": *id != away || away == requester })).collect();
    let administrator = dice.one(&PEOPLE);
    let units = json!([
        { "id": "it", "roles": { "buyer": ["eve", "fay"] } },
        { "id": "company", "roles": { "administrator": [administrator] } },
    ]);
    (json!({ "people": people, "units": units, "substitutes": substitutes }), BTreeSet::from([administrator]))
}

pub(super) async fn everybody_who_may_not_is_refused_on_every_path(site: Site) {
    let mut doors = Doors::new(&site, &PEOPLE).await;
    for seed in seeds(3, 25) {
        let mut dice = Dice::new(seed);
        let mut story = Story::new("wrong people", seed);
        let requester = dice.one(&["ann", "eve", "bob"]);
        // Everybody is there while it is asked for.
        let there: Vec<Value> = PEOPLE.iter().map(|id| json!({ "id": id, "active": true })).collect();
        reorganise(&site, &json!({ "people": there, "substitutes": [] })).await;
        let price = dice.one(&["400.00 EUR", "4000.00 EUR", "15000.00 EUR"]);
        let (id, task) = in_review(&site, requester, price).await;
        let task = text(&task["id"]);
        for _ in 0..4 {
            let (change, administrators) = reorganised(&mut dice, requester);
            story.tell(format!("{requester} asks for {price}: {change}"));
            reorganise(&site, &change).await;
            settled(&site, &id).await;
            doors.come_back(&site).await;
            if !one_stage(&site, (&id, &task), &administrators, &mut doors, &mut dice, &mut story).await {
                break;
            }
        }
        over(&site, &id, requester).await;
    }
    site.end().await;
}

/// Ends the order: nothing is written about it while the next one is tried.
async fn over(site: &Site, id: &str, requester: &str) {
    let whole = site.admin().get(&path(id)).await.is(200);
    match whole["state"].as_str() {
        Some("open.review") => {
            let reason = json!({ "reason": "tried enough" });
            site.by(requester).post(&format!("{}/cancel", path(id)), &reason).await.is(200);
        }
        Some("open.ordering") => drop(until(site, id, "ordered").await),
        _ => {}
    }
}

/// All that is wrong, then something that is right. `false`: the review has ended.
async fn one_stage(
    site: &Site,
    (id, task): (&str, &str),
    administrators: &BTreeSet<&str>,
    doors: &mut Doors,
    dice: &mut Dice,
    story: &mut Story,
) -> bool {
    let stage = Stage::of(site, task).await;
    if stage.task["status"] != "open" {
        return false;
    }
    let before = Image::of(site, id).await;
    let mut security = 0;
    for (place, (person, act)) in stage.wrong(administrators, dice).into_iter().take(ATTEMPTS).enumerate() {
        let reply = site.by(person).decide(&stage.task, &act).await;
        story.tell(format!("{person} {act}: {}", reply.status));
        assert!((400..=422).contains(&reply.status), "{person} could {act}: {} {:?}", reply.status, stage.may);
        security += u64::from(reply.status == 403);
        // A page is dearer to make than an answer: a share of what is tried goes through each of the other doors.
        let form = Act { person, task: &stage.task, act: &act };
        match place % 4 {
            0 => security += doors.by_form(&form, &reply).await,
            1 => security += doors.in_bulk(&form, &reply).await,
            _ => {}
        }
    }
    security += doors.by_nobody(&stage.task, &stage.steps[0]).await;
    for person in PEOPLE {
        for event in ["approved", "rejected", "changes_requested", "expired", "sent"] {
            let reply = site.by(person).signal(id, event, &json!({})).await;
            assert!((400..=422).contains(&reply.status), "{person} could send {event}: {}", reply.status);
            security += u64::from(reply.status == 403);
        }
    }
    let repairs = [
        json!({ "repair": "retry", "reason": "so" }),
        json!({ "repair": "skip", "reason": "so" }),
        json!({ "repair": "move", "to": "draft", "reason": "so" }),
        json!({ "repair": "set_data", "set": { "note": "x" }, "reason": "so" }),
        json!({ "repair": "cancel", "reason": "so" }),
    ];
    for person in PEOPLE.into_iter().filter(|person| !administrators.contains(person)) {
        let (at, repair) = (format!("{}/repairs", path(id)), dice.one(&repairs));
        site.by(person).post(&at, &repair).await.refused(403, "not_allowed");
        site.by(person).post(&format!("{at}/preview"), &repair).await.refused(403, "not_allowed");
        site.by(person).get(&at).await.refused(403, "not_allowed");
        security += 1;
    }
    let strange = json!({ "act": "approve", "step": stage.steps[0] });
    site.by("stranger").decide(&stage.task, &strange).await.refused(404, "unknown_task");
    site.anonymous().decide(&stage.task, &strange).await.refused(401, "unauthenticated");
    before.still(&Image::of(site, id).await, security);

    // Whoever is listed may: the tries of others were not refused for another reason.
    let may: Vec<_> = stage.may.iter().cloned().collect();
    if may.is_empty() {
        return true;
    }
    let (step, person, whom) = dice.one(&may);
    let right = json!({ "act": "approve", "step": step, "on_behalf_of": whom });
    let by_form = dice.below(2) == 0;
    story.tell(format!("{person} {right}{}", if by_form { " by its form" } else { "" }));
    if by_form {
        doors.approved(&Act { person: &person, task: &stage.task, act: &right }).await;
    } else {
        site.by(&person).decide(&stage.task, &right).await.is(200);
    }
    true
}
