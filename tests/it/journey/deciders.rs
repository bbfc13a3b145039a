//! Who could decide, at which instant, and why: over HTTP and on the command line, from what was written down at the time.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{approve, history, in_review, reorganise, settled, text};

/// `step/person` or `step/person for whom`, each with its reason.
fn told(report: &Value) -> Vec<(String, String)> {
    let all = report["deciders"].as_array().unwrap().iter();
    let who = |one: &Value| {
        let behalf = one["on_behalf_of"].as_str().map_or(String::new(), |whom| format!(" for {whom}"));
        (format!("{}/{}{behalf}", text(&one["step"]), text(&one["person"])), text(&one["because"]))
    };
    all.map(who).collect()
}

fn names(report: &Value) -> Vec<String> {
    told(report).into_iter().map(|(name, _)| name).collect()
}

pub(super) async fn then_and_now_and_why(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let (admin, task_id) = (site.admin(), text(&task["id"]));
    let path = format!("/v1/tasks/{task_id}/deciders");
    let first = admin.get(&path).await.is(200);
    assert_eq!(names(&first), ["manager/bob"]);
    assert_eq!(first["waiting"], json!([{ "step": "buyers", "people": ["eve", "fay"] }]));
    assert_eq!((&first["state"], &first["why"]), (&json!("in_review"), &json!("waiting_for:manager")));
    let at_first = text(&first["at"]);

    let absent = json!({ "substitutes": [
        { "person": "bob", "substitute": "hal", "until": "2999-01-01" }, { "person": "hal", "substitute": "ann" },
    ] });
    reorganise(&site, &absent).await;
    // The review meets the change in the background; until that is written, it is told without its entry.
    settled(&site, &id).await;
    let second = admin.get(&format!("{path}?person=ann")).await.is(200);
    let rule = "bob was asked as the manager of the person in the field `requester`";
    let by_hal = format!("hal stands in for bob up to and including 2998-12-31; {rule}");
    let expected = [("manager/bob".to_owned(), rule.to_owned()), ("manager/hal for bob".to_owned(), by_hal)];
    assert_eq!(told(&second), expected, "ann stands in for hal, but she is the requester");
    assert_eq!(second["organisation"], 2);
    let excluded =
        "ann is the requester, whom the definition keeps out (`never: [requester]`). Somebody else has to decide.";
    assert_eq!(
        second["person"]["steps"][0],
        json!({ "step": "manager", "refused": { "code": "excluded", "sentence": excluded } })
    );
    let at_second = text(&second["at"]);

    let done = site.by("hal").decide(&task, &approve("manager")).await.is(200);
    assert_eq!(done["tasks"][0]["open"][0]["step"], "buyers");
    let now = admin.get(&path).await.is(200);
    assert_eq!(names(&now), ["buyers/eve", "buyers/fay"]);
    assert_eq!(
        now["voted"][0],
        json!({ "step": "manager", "person": "hal", "on_behalf_of": "bob", "vote": "approve" })
    );

    // What was, is told as it was, whatever has happened since.
    for (at, then) in [(&at_first, &first), (&at_second, &second)] {
        let mut again = admin.get(&format!("{path}?at={at}&person=ann")).await.is(200);
        let mut then = then.clone();
        for one in [&mut again, &mut then] {
            one.as_object_mut().unwrap().remove("person");
        }
        assert_eq!(again, then, "at {at}");
    }

    // The entry of the vote says the same: whose it was, by what right, on what document.
    let entry = history(&site, &id).await.into_iter().find(|entry| entry["header"]["verb"] == "approve").unwrap();
    let acted = &entry["body"]["acted"][0];
    let seat = &acted["right"]["seat"];
    assert_eq!((&acted["act"], &acted["person"]), (&json!("approve"), &json!("hal")), "{acted}");
    assert_eq!((&seat["on_behalf_of"], &seat["stands_for"]), (&json!("bob"), &json!("bob")), "{acted}");
    assert_eq!(seat["rule"], json!({ "who": { "manager": "requester", "levels": 1 } }), "{acted}");
    assert_eq!(seat["through"][0]["substitute"]["until"], "2999-01-01", "{acted}");
    assert_eq!(acted["saw"]["fields"]["amount"], "8000.00 EUR", "{acted}");
    assert_eq!(acted["saw"]["document"], second["document"], "{acted}");
    let submitted = history(&site, &id).await.into_iter().find(|entry| entry["header"]["event"] == "submit").unwrap();
    assert_eq!(submitted["body"]["allowed"], "`po.requester` (ann)");

    on_the_command_line(&site, &task_id, &at_second, &second).await;
    site.end().await;
}

async fn on_the_command_line(site: &Site, task: &str, at: &str, second: &Value) {
    let asked = ["tasks", "deciders", task, "--at", at, "--person", "ann"];
    let machine = site.command(&[&asked[..], &["--json"]].concat()).await.done();
    assert_eq!(&serde_json::from_str::<Value>(&machine).unwrap(), second);
    let people = site.command(&asked).await.done();
    assert!(
        people.contains("manager: hal for bob, because hal stands in for bob up to and including 2998-12-31; bob was"),
        "{people}"
    );
    assert!(people.contains("buyers waits, and would ask eve, fay"), "{people}");
    assert!(
        people.contains("ann:\n  manager: could not: ann is the requester, whom the definition keeps out"),
        "{people}"
    );
    let none = site.command(&["tasks"]).await;
    assert!(none.code() == 2 && none.all().contains("--person"), "{}", none.all());
    let listed = site.command(&["tasks", "--person", "eve"]).await.done();
    assert!(listed.contains(task), "{listed}");
}

pub(super) async fn instants_that_cannot_be_asked_and_one_to_come(site: Site) {
    let (_, task) = in_review(&site, "ann", "400.00 EUR").await;
    let (admin, task_id) = (site.admin(), text(&task["id"]));
    let path = format!("/v1/tasks/{task_id}/deciders");
    let before = admin.get(&format!("{path}?at=2020-01-01T00:00:00Z")).await.refused(409, "no_task_then");
    assert!(text(&before["detail"]).contains("it was opened at 2"), "{before}");
    for wrong in ["at=yesterday", "at=2026-03-02", "at=2026-03-02T08:00:00", "when=now"] {
        admin.get(&format!("{path}?{wrong}")).await.refused(400, "invalid_query");
    }
    let nowhere = format!("{}9", task_id);
    admin.get(&format!("/v1/tasks/{nowhere}/deciders")).await.refused(404, "unknown_task");
    site.by("stranger").get(&path).await.refused(404, "unknown_task");
    site.anonymous().get(&path).await.refused(401, "unauthenticated");

    // Nobody does anything for four days: bob is reminded, and after three his manager is asked, too.
    let opened = text(&admin.get(&format!("/v1/tasks/{task_id}")).await.is(200)["opened_at"]);
    let opened = fluxor_engine::clock::Timestamp::parse(&opened).unwrap();
    let then = opened.plus_micros(4 * 24 * 3_600_000_000);
    let later = admin.get(&format!("{path}?at={then}")).await.is(200);
    assert_eq!(names(&later), ["manager/bob", "manager/cyd"]);
    let due: Vec<&str> = later["due"].as_array().unwrap().iter().filter_map(|due| due["do"].as_str()).collect();
    assert_eq!(due, ["remind", "remind", "escalate"], "after a day, when it is due, after three days");
    assert_eq!(names(&admin.get(&path).await.is(200)), ["manager/bob"], "asking changes nothing");

    // Bob goes before cyd comes: whoever is there on that day is asked, and stays asked (approvals.md, section 4.1).
    let day = |days: i64| {
        let then = opened.plus_micros(days * 24 * 3_600_000_000).to_jiff().unwrap();
        then.to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").unwrap()).date()
    };
    let goes = json!({ "people": [{ "id": "bob", "until": day(1) }, { "id": "cyd", "from": day(3) }] });
    reorganise(&site, &goes).await;
    for days in [2, 5] {
        let then = opened.plus_micros(days * 24 * 3_600_000_000);
        let asked = names(&admin.get(&format!("{path}?at={then}")).await.is(200));
        assert!(asked.contains(&"manager/dan".to_owned()) && !asked.contains(&"manager/bob".to_owned()), "{asked:?}");
        assert_eq!(asked.len(), 1, "on day {days}: {asked:?}");
    }
    let stays = json!({ "people": [{ "id": "bob", "until": null }, { "id": "cyd", "from": null }] });
    reorganise(&site, &stays).await;

    let rejected = json!({ "act": "reject", "step": "manager", "reason": "no" });
    site.by("bob").decide(&task, &rejected).await.is(200);
    let ended = admin.get(&format!("{path}?person=bob")).await.is(200);
    assert_eq!((&ended["state"], &ended["status"]), (&json!("rejected"), &json!("closed")));
    assert_eq!(ended["deciders"], json!([]));
    assert_eq!(ended["person"]["steps"][0]["refused"]["code"], "review_ended");
    site.end().await;
}

pub(super) async fn every_round_is_kept(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let task_id = text(&task["id"]);
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let ask = json!({ "act": "ask", "step": "buyers", "reason": "why two?" });
    site.by("eve").decide(&task, &ask).await.is(200);
    let other = json!({ "act": "request_changes", "step": "buyers", "reason": "one is enough" });
    site.by("fay").decide(&task, &other).await.is(200);
    let line = json!({ "line": 1, "item": "desk", "quantity": "1", "unit": "pcs", "price": "4000.00 EUR" });
    let edit = json!({ "payload": { "note": "one", "lines": [line] } });
    site.by("ann").signal(&id, "edit", &edit).await.is(200);
    let again = site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    let no = json!({ "act": "reject", "step": "manager", "reason": "next year" });
    site.by("bob").decide(&again["tasks"][0], &no).await.is(200);

    let told = site.by("ann").get(&format!("/v1/tasks/{task_id}/rounds")).await.is(200);
    let rounds = told["rounds"].as_array().unwrap();
    let stands = |round: &Value| format!("{} {} {}", round["round"], text(&round["state"]), text(&round["why"]));
    let all: Vec<String> = rounds.iter().map(stands).collect();
    assert_eq!(all, ["1 changes_requested by:fay", "2 rejected rejected_in:manager"]);
    let line = |event: &Value| {
        let part = |name: &str| event[name].as_str().map_or(String::new(), |part| format!(" {part}"));
        format!("{}{}{}{}", text(&event["what"]), part("step"), part("person"), part("reason"))
    };
    let lines = |round: &Value| round["events"].as_array().unwrap().iter().map(line).collect::<Vec<_>>();
    let first = [
        "asked manager bob",
        "approve manager bob",
        "asked buyers eve",
        "asked buyers fay",
        "ask buyers eve why two?",
        "request_changes buyers fay one is enough",
        "changes_requested fay",
        "edited ann",
    ];
    assert_eq!(lines(&rounds[0]), first, "{told}");
    assert_eq!(lines(&rounds[1]), ["asked manager bob", "reject manager bob next year", "rejected bob"], "{told}");
    let edited = &rounds[0]["events"][7];
    assert_eq!(
        (&edited["version"], &edited["fields"]),
        (&json!(2), &json!(["amount", "lines_digest", "note"])),
        "{edited}"
    );
    let approved = &rounds[0]["events"][1];
    assert_eq!(approved["because"], "bob was asked as the manager of the person in the field `requester`");

    let machine = site.command(&["tasks", "rounds", &task_id, "--json"]).await.done();
    assert_eq!(serde_json::from_str::<Value>(&machine).unwrap(), told);
    let people = site.command(&["tasks", "rounds", &task_id]).await.done();
    assert!(
        people.contains("request_changes buyers: fay (version 1): one is enough [fay was asked as holder of"),
        "{people}"
    );
    site.by("stranger").get(&format!("/v1/tasks/{task_id}/rounds")).await.refused(404, "unknown_task");
    site.end().await;
}

pub(super) async fn what_was_passed_on_and_left(site: Site) {
    let roles = json!({ "units": [
        { "id": "it", "roles": { "buyer": ["eve", "fay"] } }, { "id": "company", "roles": { "administrator": ["dan"] } },
    ] });
    reorganise(&site, &roles).await;
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let task_id = text(&task["id"]);
    let acts = [
        ("bob", json!({ "act": "delegate", "step": "manager", "to": "hal" })),
        ("hal", json!({ "act": "look", "step": "manager" })),
        ("bob", json!({ "act": "reassign", "step": "manager", "to": "cyd" })),
        ("cyd", json!({ "act": "add_approver", "step": "manager", "person": "fay", "position": "before" })),
        ("ann", json!({ "act": "add_watcher", "person": "eve" })),
        ("dan", json!({ "act": "escalate", "step": "added.1", "to": "eve" })),
        ("dan", json!({ "act": "repair", "action": "assign", "step": "added.1", "to": "hal", "reason": "fay is ill" })),
        ("ann", json!({ "act": "remind", "step": "added.1" })),
    ];
    for (who, act) in acts {
        site.by(who).decide(&task, &act).await.is(200);
    }
    let shown = site.by("ann").get(&format!("/v1/tasks/{task_id}/deciders")).await.is(200);
    let waiting = json!([{ "step": "manager", "people": ["cyd"] }, { "step": "buyers", "people": ["eve", "fay"] }]);
    assert_eq!(shown["waiting"], waiting, "whoever has the seat is asked when it opens again");
    assert_eq!(shown["instance"], "open.review");
    let reason = json!({ "reason": "bought elsewhere" });
    site.by("ann").post(&format!("/v1/instances/{id}/cancel"), &reason).await.is(200);

    let told = site.command(&["tasks", "rounds", &task_id]).await.done();
    let lines: Vec<&str> = told.lines().map(|line| line.split(" [").next().unwrap()).collect();
    let after = |line: &str| line.trim_start().split_once("  ").map_or(String::new(), |(_, rest)| rest.to_owned());
    let spaced = |line: &str| after(line).split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = lines.iter().skip(1).map(|line| spaced(line)).collect();
    assert_eq!(
        lines,
        [
            "asked manager: bob",
            "delegate manager: bob to hal (version 1)",
            "asked manager: hal for bob",
            "look manager: hal for bob (version 1)",
            "reassign manager: bob to cyd (version 1)",
            "asked manager: cyd",
            "add_approver manager: cyd before to fay (version 1)",
            "asked added.1: fay",
            "add_watcher ann to eve (version 1)",
            "escalate added.1: dan adds to eve (version 1)",
            "asked added.1: eve",
            "repair added.1: dan assign to hal (version 1): fay is ill",
            "asked added.1: hal",
            "remind added.1: ann (version 1)",
            "left ann",
        ],
        "{told}"
    );
    assert!(told.starts_with("Round 1, began ") && told.contains(", left for `cancelled`"), "{told}");
    let gone = site.command(&["tasks", "deciders", &task_id]).await.done();
    assert!(gone.contains("the task was not open, the instance was in `cancelled`"), "{gone}");
    site.end().await;
}
