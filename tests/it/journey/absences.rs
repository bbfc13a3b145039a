//! Absences: noted by people themselves, their managers and administrators, and by nobody else; what rights follow.

use std::collections::BTreeMap;

use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Client, Reply, fresh_key};
use jiff::ToSpan as _;
use jiff::civil::Date;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{Image, approve, in_review, reorganise, settled, text, until};
use super::organisation::{configured, entries, proposed, revision};

const PEOPLE: [&str; 7] = ["ann", "bob", "cyd", "dan", "eve", "fay", "hal"];

/// The organisation's own date.
async fn today(site: &Site) -> Date {
    text(&site.admin().get("/v1/absences").await.is(200)["today"]).parse().unwrap()
}

async fn note(site: &Site, who: &str, absence: &Value) -> Reply {
    site.by(who).post("/v1/absences", absence).await
}

/// The id of one that somebody notes.
async fn noted(site: &Site, who: &str, absence: &Value) -> String {
    text(&note(site, who, absence).await.is(201)["record"]["id"])
}

async fn end_as(client: &Client, key: &str, id: &str) -> Reply {
    client.send(client.request(Method::DELETE, &format!("/v1/absences/{id}")).header("idempotency-key", key)).await
}

async fn end(site: &Site, who: &str, id: &str) -> Reply {
    end_as(&site.by(who), &fresh_key(), id).await
}

/// Person and state of each that somebody sees.
async fn seen(site: &Site, who: &str, query: &str) -> Vec<(String, String)> {
    let list = site.by(who).get(&format!("/v1/absences{query}")).await.is(200);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (text(&item["person"]), text(&item["state"]))).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// How many tasks somebody is asked.
async fn asked(site: &Site, who: &str) -> usize {
    site.by(who).get("/v1/tasks").await.is(200)["items"].as_array().unwrap().len()
}

pub(super) async fn who_is_away_is_stood_in_for_from_that_day_on(mut site: Site) {
    let today = today(&site).await;
    let day = |n: i64| today.checked_add(n.days()).unwrap().to_string();
    let (first, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (second, other) = in_review(&site, "ann", "400.00 EUR").await;

    // One that is to come gives no right before its day.
    let later = json!({ "substitute": "hal", "from": day(2), "until": day(9), "note": "at the sea" });
    let later = noted(&site, "bob", &later).await;
    settled(&site, &first).await;
    // That he is away everybody may know; why, he, who stands in, and administrators.
    for (who, reads) in [("bob", true), ("hal", true), ("admin", true), ("ann", false), ("eve", false)] {
        let whole = site.by(who).get("/v1/organisation").await.is(200).to_string();
        assert!(whole.contains(&day(9)) && whole.contains("at the sea") == reads, "{who}: {whole}");
        let history = site.by(who).get("/v1/organisation/history").await.is(200).to_string();
        assert_eq!(history.contains("at the sea"), who == "admin", "{who}: {history}");
    }
    assert_eq!((asked(&site, "bob").await, asked(&site, "hal").await), (2, 0));
    site.by("hal").decide(&task, &approve("manager")).await.refused(403, "not_approver");
    let deciders = format!("/v1/tasks/{}/deciders?person=hal&at=", text(&task["id"]));
    for (n, may) in [(1, false), (3, true), (10, false)] {
        let then = site.admin().get(&format!("{deciders}{}T12:00:00Z", day(n))).await.is(200);
        assert_eq!(then["deciders"].to_string().contains("hal"), may, "day {n}: {then}");
    }

    // From today on hal acts for bob, who keeps his right.
    let now = json!({ "person": "bob", "substitute": "hal", "from": day(0), "until": day(1), "note": "in hospital" });
    let now = noted(&site, "bob", &now).await;
    settled(&site, &first).await;
    assert_eq!((asked(&site, "bob").await, asked(&site, "hal").await), (2, 2));
    let mine = pairs(&[("bob", "current"), ("bob", "to_come")]);
    for (who, sees) in
        [("bob", &mine[..]), ("cyd", &mine), ("dan", &mine), ("admin", &mine), ("ann", &[]), ("hal", &[])]
    {
        assert_eq!(seen(&site, who, "").await, sees, "{who}");
    }
    let page = site.by("cyd").get("/v1/absences?limit=1").await.is(200);
    let rest = site.by("cyd").get(&text(&page["next"])).await.is(200);
    assert_eq!(
        (&page["items"][0]["id"], &rest["items"][0]["id"], rest.get("next")),
        (&json!(now), &json!(later), None)
    );
    site.by("hal").decide(&task, &approve("manager")).await.is(200);
    until(&site, &first, "ordered").await;
    why_he_is_away_is_not_told(&site, &first, &task, &other).await;

    // His manager ends it, and hal's right with it; then she notes it for him again, to somebody else.
    assert_eq!(end(&site, "cyd", &now).await.is(200)["record"]["until"], Value::Null);
    settled(&site, &second).await;
    assert_eq!((asked(&site, "bob").await, asked(&site, "hal").await), (1, 0));
    site.by("hal").decide(&other, &approve("manager")).await.refused(403, "not_approver");
    let since = json!({ "person": "bob", "substitute": "eve", "from": day(-1), "max_amount": "900.00 EUR" });
    let by_cyd = noted(&site, "cyd", &since).await;
    settled(&site, &second).await;
    site.by("fay").decide(&other, &approve("manager")).await.refused(403, "not_approver");
    site.by("eve").decide(&other, &approve("manager")).await.is(200);
    until(&site, &second, "ordered").await;
    assert_eq!(end(&site, "bob", &by_cyd).await.is(200)["record"]["until"], json!(day(0)));
    assert_eq!(seen(&site, "bob", "?past=true").await, pairs(&[("bob", "over"), ("bob", "to_come")]));
    assert_eq!(seen(&site, "bob", "").await, pairs(&[("bob", "to_come")]));

    on_the_command_line(&mut site, &later, today).await;
    site.end().await;
}

/// Whoever has nothing to do with it reads by what right hal may act and has acted.
async fn why_he_is_away_is_not_told(site: &Site, order: &str, task: &Value, open: &Value) {
    let (task, open) = (text(&task["id"]), text(&open["id"]));
    for path in [
        format!("/v1/tasks/{open}/deciders"),
        format!("/v1/tasks/{open}/deciders?person=hal"),
        format!("/v1/tasks/{task}/rounds"),
        format!("/v1/instances/{order}/history?limit=500"),
    ] {
        let told = site.by("fay").get(&path).await.is(200).to_string();
        assert!(told.contains("\"substitute\":\"hal\"") && !told.contains("in hospital"), "{path}: {told}");
    }
    let whole = site.admin().get(&format!("/v1/instances/{order}/history?limit=500")).await.is(200).to_string();
    assert!(!whole.contains("in hospital"), "it is not written: {whole}");
}

/// With a key of bob, and at the console.
async fn on_the_command_line(site: &mut Site, later: &str, today: Date) {
    let day = |n: i64| today.checked_add(n.days()).unwrap().to_string();
    let key = site.keys["bob"].clone();
    let add = ["absences", "add", "--server", &site.url, "--substitute", "bbo", "--from", &day(20)];
    let told = site.command_with(&add, Some(&key)).await;
    assert!(told.code() == 1 && told.all().contains("did you mean `bob`?"), "{}", told.all());
    let add = ["absences", "add", "--json", "--server", &site.url, "--substitute", "hal", "--from", &day(20)];
    let made: Value = serde_json::from_str(&site.command_with(&add, Some(&key)).await.done()).unwrap();
    let told = site.command_with(&["absences", "list", "--server", &site.url], Some(&key)).await.done();
    assert!(told.lines().count() == 3 && told.contains(&text(&made["id"])) && told.contains("at the sea"), "{told}");
    let told = site.command_with(&["absences", "end", later, "--server", &site.url], Some(&key)).await.done();
    assert!(told.contains("taken back"), "{told}");
    site.command_with(&["audit", "verify"], Some(&site.keys["admin"])).await.done();
    site.stop().await;
    assert_eq!(site.command(&["absences", "add", "--substitute", "hal", "--from", &day(0)]).await.code(), 2);
    let add = ["absences", "add", "--person", "ann", "--substitute", "eve", "--from", &day(0), "--until", &day(2)];
    site.command(&add).await.done();
    let told = site.command(&["absences", "list", "--past"]).await.done();
    assert!(["ann", "over", "current", "to come", "900.00 EUR"].iter().all(|word| told.contains(word)), "{told}");
    let told = site.command(&["organisation", "history"]).await.done();
    assert!(
        told.contains("absence of bob") && told.contains("return of bob") && told.contains("absence of ann"),
        "{told}"
    );
    let rights: Vec<String> = entries(site).await.iter().skip(1).map(|body| text(&body["allowed"])).collect();
    let (own, above, console) = ("the person himself", "somebody above him on the chain of managers", "the console");
    assert_eq!(rights, [own, own, above, above, own, own, own, console]);
}

pub(super) async fn what_is_wrong_with_one_is_said_and_a_repeat_is_one(site: Site) {
    let today = today(&site).await;
    let day = |n: i64| today.checked_add(n.days()).unwrap().to_string();
    let week = json!({ "substitute": "hal", "from": day(1), "until": day(8) });
    let with = |more: Value| {
        let mut week = week.clone();
        week.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        week
    };
    let gone = json!({ "people": [{ "id": "eve", "active": false }, { "id": "fay", "until": day(1) }] });
    reorganise(&site, &gone).await;
    for (wrong, at) in [
        (json!({ "substitute": "hall" }), "/substitute"),
        (json!({ "substitute": "bob" }), "/substitute"),
        (json!({ "substitute": "eve" }), "/substitute"),
        (json!({ "substitute": "fay" }), "/substitute"),
        (json!({ "until": day(1) }), "/until"),
        (json!({ "from": day(-9), "until": day(0) }), "/until"),
        (json!({ "from": "soon" }), "/from"),
        (json!({ "max_amount": "much" }), "/max_amount"),
        (json!({ "max_amount": "0 EUR" }), "/max_amount"),
        (json!({ "max_amount": "5 XYZ" }), "/max_amount"),
        (json!({ "workflow": "purchase_orde" }), "/workflow"),
        (json!({ "note": "a\u{7}" }), "/note"),
        (json!({ "untl": day(3) }), "/untl"),
    ] {
        let told = note(&site, "bob", &with(wrong.clone())).await.refused(422, "invalid_input");
        assert_eq!(told["errors"][0]["pointer"], at, "{wrong}: {told}");
    }
    note(&site, "bob", &json!({ "from": day(1) })).await.refused(422, "invalid_input");
    site.by("bob").get("/v1/absences?after=x").await.refused(400, "invalid_query");
    site.by("bob").get("/v1/absences?old=true").await.refused(400, "invalid_query");
    assert_eq!(revision(&site).await, 2);

    let bob = site.by("bob");
    let first = bob.post_as("a-1", "/v1/absences", &week).await.is(201);
    assert_eq!(first["record"]["warnings"], json!([]), "{first}");
    assert_eq!(bob.post_as("a-1", "/v1/absences", &week).await.is(200), first);
    bob.post_as("a-1", "/v1/absences", &with(json!({ "until": day(9) }))).await.refused(422, "request_reused");
    assert_eq!(bob.post("/v1/absences", &week).await.is(200)["record"], first["record"], "the very same is there");
    let told = bob.post("/v1/absences", &with(json!({ "from": day(7), "until": null }))).await;
    let told = told.refused(409, "absence_overlaps");
    let id = text(&first["record"]["id"]);
    assert!(text(&told["detail"]).contains(&id), "{told}");
    assert_eq!(revision(&site).await, 3);
    // Who stands in is away himself: said, and noted all the same.
    let back = json!({ "substitute": "bob", "from": day(2), "until": day(3) });
    let warned = note(&site, "hal", &back).await.is(201);
    assert!(text(&warned["record"]["warnings"][0]).contains("`bob` is away as well"), "{warned}");

    let ended = end_as(&bob, "a-2", &id).await.is(200);
    assert_eq!(end_as(&bob, "a-2", &id).await.is(200), ended, "a repeat, though it is not there any more");
    end(&site, "bob", &id).await.refused(404, "unknown_absence");
    end(&site, "bob", "x%20y").await.refused(404, "unknown_absence");
    assert_eq!(revision(&site).await, 5);
    site.end().await;
}

pub(super) async fn no_approval_is_asked_and_proposals_find_out(mut site: Site) {
    configured(&site).await;
    let today = today(&site).await;
    let day = |n: i64| today.checked_add(n.days()).unwrap().to_string();
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let stands_in = json!({ "substitutes": [{ "person": "eve", "substitute": "fay" }] });
    let (change, waiting) = proposed(&site, "ann", &stands_in).await;
    let own = noted(&site, "bob", &json!({ "substitute": "hal", "from": day(0), "until": day(1) })).await;
    let of_ann = noted(&site, "cyd", &json!({ "person": "ann", "substitute": "hal", "from": day(0) })).await;
    let of_fay = noted(&site, "admin", &json!({ "person": "fay", "substitute": "eve", "from": day(0) })).await;
    note(&site, "eve", &json!({ "person": "bob", "substitute": "eve", "from": day(0) }))
        .await
        .refused(403, "not_allowed");
    assert_eq!(revision(&site).await, 5);
    settled(&site, &id).await;
    site.by("hal").decide(&task, &approve("manager")).await.is(200);
    until(&site, &id, "ordered").await;
    // What would take away what was noted meanwhile is outdated: it concerns whoever stands in by now.
    site.by("dan").decide(&waiting, &approve("administrators")).await.is(200);
    let outdated = until(&site, &change, "outdated").await;
    assert!(text(&outdated["subject"]["refused"]).contains("whom it concerns"), "{outdated}");
    for (who, id) in [("bob", own), ("bob", of_ann), ("fay", of_fay)] {
        end(&site, who, &id).await.is(200);
    }
    assert_eq!((revision(&site).await, seen(&site, "admin", "?past=true").await), (8, Vec::new()));
    // A patch goes to the approvers as before.
    assert_eq!(site.by("bob").patch("/v1/organisation", &stands_in).await.is(202)["state"], "review");
    site.stop().await;
    let asked: Vec<Value> = entries(&site).await.iter().skip(2).map(|body| body["request"]["person"].clone()).collect();
    assert_eq!(asked, ["bob", "ann", "fay", "bob", "ann", "fay"]);
    site.end().await;
}

/// Whether `who` is met on the way up from `person`.
fn is_above(managers: &BTreeMap<&str, &str>, who: &str, person: &str) -> bool {
    let mut next = managers.get(person);
    for _ in 0..PEOPLE.len() {
        match next {
            Some(manager) if *manager == who => return who != person,
            Some(manager) if *manager != person => next = managers.get(manager),
            _ => return false,
        }
    }
    false
}

pub(super) async fn nobody_else_notes_or_ends_one(site: Site) {
    let today = today(&site).await;
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    for seed in seeds(3, 25) {
        let mut dice = Dice::new(seed);
        let mut story = Story::new("absences", seed);
        let managers: BTreeMap<&str, &str> = PEOPLE.iter().map(|id| (*id, dice.one(&PEOPLE))).collect();
        let people: Vec<Value> = managers.iter().map(|(id, manager)| json!({ "id": id, "manager": manager })).collect();
        story.tell(format!("{managers:?}"));
        reorganise(&site, &json!({ "people": people, "substitutes": [] })).await;
        settled(&site, &id).await;
        let absent = dice.one(&PEOPLE);
        let substitute =
            dice.one(&PEOPLE.iter().copied().filter(|who| *who != absent && *who != "dan").collect::<Vec<_>>());
        let may = |who: &str| who == absent || is_above(&managers, who, absent);
        let absence = json!({ "person": absent, "substitute": substitute, "from": today });
        let (mut before, mut done) = (Image::of(&site, &id).await, 0);
        for who in PEOPLE {
            let reply = note(&site, who, &absence).await;
            story.tell(format!("{who} notes {absence}: {}", reply.status));
            // Nobody takes another's place by himself.
            if !may(who) || who == substitute {
                let told = reply.refused(403, "not_allowed");
                let rule = if may(who) { "somebody else to stand in" } else { "chain of managers" };
                assert!(text(&told["rule"]).contains(rule), "{told}");
                let now = Image::of(&site, &id).await;
                before.still(&now, 1);
                before = now;
                continue;
            }
            let absence = text(&reply.is(201)["record"]["id"]);
            let refused = PEOPLE.iter().filter(|other| !may(other));
            for other in refused {
                end(&site, other, &absence).await.refused(403, "not_allowed");
                assert!(!seen(&site, other, "").await.iter().any(|(person, _)| person == absent), "{other} sees it");
            }
            end(&site, "stranger", &absence).await.refused(404, "unknown_absence");
            end_as(&site.anonymous(), &fresh_key(), &absence).await.refused(401, "unauthenticated");
            end(&site, dice.one(&PEOPLE.iter().copied().filter(|who| may(who)).collect::<Vec<_>>()), &absence)
                .await
                .is(200);
            settled(&site, &id).await;
            before = Image::of(&site, &id).await;
            done += 1;
        }
        assert!(done > 0, "one may always oneself");
        // An administrator may for everybody, and whoever is gone for nobody.
        let absence = noted(&site, "admin", &absence).await;
        let active = |whether: bool| json!({ "people": [{ "id": absent, "active": whether }] });
        if absent != "dan" {
            reorganise(&site, &active(false)).await;
            end(&site, absent, &absence).await.refused(403, "not_allowed");
            reorganise(&site, &active(true)).await;
        }
        end(&site, "admin", &absence).await.is(200);
        site.anonymous().post("/v1/absences", &json!({})).await.refused(401, "unauthenticated");
    }
    site.end().await;
}
