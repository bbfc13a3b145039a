//! Mail that gives up, through `serve`: the order says so and goes on; its next step clears it.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use fluxor_tests::server::smtp::{Manner, Smtp};
use fluxor_tests::server::visit::Visitor;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{approve, history, in_review, path, text};
use super::site_forms::started;

/// The instance, once its status is this.
async fn with_status(site: &Site, id: &str, status: &str) -> Value {
    let since = Instant::now();
    loop {
        let whole = site.admin().get(&path(id)).await.is(200);
        if whole["status"] == status {
            return whole;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{id} is not {status}: {whole}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// To whom mail went, once there are so many.
async fn taken(smtp: &Smtp, count: usize) -> Vec<String> {
    let since = Instant::now();
    while smtp.taken().len() < count {
        assert!(since.elapsed() < Duration::from_secs(60), "{:?}", smtp.taken());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    smtp.taken().into_iter().map(|(to, _)| to).collect()
}

/// A site that writes to people through this mail server.
async fn writing(site: &mut Site, smtp: &Smtp) {
    site.stop().await;
    site.options = ["--smtp-url", &smtp.url(), "--mail-from", "fluxor@example.com"].map(str::to_owned).to_vec();
    site.start().await;
    let contacts = json!({ "contacts": {
        "ann": { "name": "Ann", "email": "ann@example.com" }, "bob": { "name": "Bob", "email": "bob@example.com" },
    } });
    let admin = site.admin();
    let patch = admin.request(Method::PATCH, "/v1/organisation").header("idempotency-key", fresh_key());
    admin.send(patch.header("content-type", "application/merge-patch+json").body(contacts.to_string())).await.is(200);
}

pub(super) async fn who_was_not_told_is_said_and_stops_nothing(mut site: Site) {
    let smtp = Smtp::new(Manner::RefusesRecipients).await;
    writing(&mut site, &smtp).await;
    let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
    let whole = with_status(&site, &id, "incident").await;
    let incident = &whole["incident"];
    assert_eq!(incident["code"], "delivery_failed", "{incident}");
    let message = text(&incident["message"]);
    assert!(message.contains("`bob`") && message.contains("no such mailbox"), "{message}");
    assert_eq!((&whole["state"], &whole["tasks"][0]["id"]), (&json!("open.review"), &task["id"]), "it can be decided");
    assert_eq!((smtp.refused(), smtp.taken()), (vec!["bob@example.com".to_owned()], Vec::new()));
    let listed = site.admin().get("/v1/instances?status=incident").await.is(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &json!(id)));
    let figures = site.anonymous().get("/metrics").await.text;
    assert!(figures.contains("fluxor_mail_total{outcome=\"refused\"} 1"), "{figures}");
    assert!(site.log().contains("the mail to `bob` was refused"), "{}", site.log());

    // It is as it was after a restart, and the mail is not tried again.
    site.stop().await;
    site.start().await;
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["incident"], *incident);
    smtp.behave(Manner::Takes);
    let decided = site.by("bob").decide(&task, &approve("manager")).await.is(200);
    assert_eq!((&decided["status"], &decided["state"]), (&json!("active"), &json!("open.ordering")));
    let whole = super::company::until(&site, &id, "ordered").await;
    assert_eq!((&whole["status"], whole.get("incident")), (&json!("active"), None), "the next step cleared it");

    assert_eq!(
        (taken(&smtp, 1).await, smtp.refused().len()),
        (vec!["ann@example.com".to_owned()], 1),
        "the next go out"
    );
    let raised = history(&site, &id).await.iter().filter(|entry| entry.to_string().contains("delivery_failed")).count();
    assert!(raised > 0, "the trail tells it");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// What waits for a buyer's word is shown to buyers, whomever the mail did not reach.
pub(super) async fn what_waits_for_a_role_waits_on(mut site: Site) {
    let smtp = Smtp::new(Manner::RefusesRecipients).await;
    writing(&mut site, &smtp).await;
    let input = json!({ "amount": "300.00 EUR", "unit": "it", "urgent": false, "what": "a lamp" });
    let id = started(&site, "ann", "requisition", input).await;
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    let task = site.by("bob").get(&path(&id)).await.is(200)["tasks"][0].clone();
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let since = Instant::now();
    while !with_status(&site, &id, "incident").await["incident"]["message"].to_string().contains("`ann`") {
        assert!(since.elapsed() < Duration::from_secs(60), "ann is not told");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let inbox = eve.get("/inbox").await.is(200);
    assert!(inbox.has("Requisition in “Granted”: 1 (Note that it was bought)"), "{}", inbox.text);
    let mut ann = Visitor::signed_in(&site, "ann").await;
    assert!(ann.get("/requests").await.is(200).has("whoever is buyer"));
    site.end().await;
}

/// Everybody reads whom the mail did not reach, and nobody that the document was not sent.
pub(super) async fn pages_name_whom_the_mail_did_not_reach(mut site: Site) {
    let smtp = Smtp::new(Manner::RefusesRecipients).await;
    writing(&mut site, &smtp).await;
    let named = |name: &str, id: &str| json!({ "name": name, "email": format!("{id}@example.com") });
    let contacts = json!({ "eve": named("Eve Ever", "eve"), "fay": named("Fay Fine", "fay") });
    let admin = site.admin();
    admin.patch("/v1/organisation", &json!({ "contacts": contacts })).await.is(200);
    let body = json!({ "input": { "requester": "ann", "amount": "10.00 EUR", "unit": "it" } });
    let started = site.by("ann").post("/v1/workflows/pair/instances", &body).await.is(201);
    let id = text(&started["id"]);
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);
    let since = Instant::now();
    let whole = loop {
        let whole = with_status(&site, &id, "incident").await;
        if whole["incident"]["message"].to_string().matches("the mail to").count() == 2 {
            break whole;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "one of two is told: {whole}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let mut ann = Visitor::signed_in(&site, "ann").await;
    for place in ["/requests".to_owned(), format!("/instances/{id}")] {
        let page = ann.get(&place).await.is(200);
        let above = page.text.split("class=\"raw\"").next().unwrap();
        for name in ["Eve Ever", "Fay Fine"] {
            assert!(
                above.contains(&format!("{name} could not be told by mail (no such mailbox): tell them")),
                "{above}"
            );
        }
        assert!(!above.contains("Sending it"), "{above}");
    }
    let page = ann.get(&format!("/instances/{id}")).await.is(200);
    assert!(page.has("Not told, for the mail did not reach them (task opened): Eve Ever, Fay Fine"), "{}", page.text);
    assert!(page.has("A message</b> did not arrive") && !page.has("To be told (task opened)"), "{}", page.text);
    let mut eve = Visitor::signed_in(&site, "eve").await;
    let page = eve.get(&format!("/tasks/{}", text(&whole["tasks"][0]["id"]))).await.is(200);
    assert!(page.has("You could not be told by mail (no such mailbox): ask an administrator"), "{}", page.text);
    let mut dan = Visitor::administrator(&site).await;
    let page = dan.get(&format!("/instances/{id}")).await.is(200);
    assert!(page.has("correct the address in the") && page.has("Fay Fine could"), "{}", page.text);

    smtp.behave(Manner::Takes);
    let repair = json!({ "repair": "retry", "reason": "the mailboxes are there now" });
    admin.post(&format!("{}/repairs", path(&id)), &repair).await.is(200);
    taken(&smtp, 2).await;
    let page = ann.get(&format!("/instances/{id}")).await.is(200);
    assert!(page.has("To be told (task opened): Eve Ever, Fay Fine") && !page.has("Not told"), "{}", page.text);
    site.end().await;
}

/// A repair is no step of the order: it says on that Bob was not told, until somebody decides.
pub(super) async fn a_repair_stays_in_the_review_and_a_decision_clears(mut site: Site) {
    let smtp = Smtp::new(Manner::RefusesRecipients).await;
    writing(&mut site, &smtp).await;
    let admin = site.admin();
    let role = json!({ "units": [{ "id": "it", "roles": { "buyer": ["eve", "fay"], "administrator": ["dan"] } }] });
    admin.patch("/v1/organisation", &role).await.is(200);
    let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
    let whole = with_status(&site, &id, "incident").await;
    smtp.behave(Manner::Takes);
    let repair = json!({ "act": "repair", "action": "restart", "reason": "the mailbox is there now" });
    site.by("bob").decide(&task, &repair).await.refused(403, "not_administrator");
    let repaired = admin.decide(&task, &repair).await.is(200);
    assert_eq!((&repaired["status"], &repaired["state"]), (&json!("incident"), &json!("open.review")), "{repaired}");
    let again = admin.get(&path(&id)).await.is(200);
    assert_eq!(again["incident"], whole["incident"]);
    let decided = site.by("bob").decide(&again["tasks"][0], &approve("manager")).await.is(200);
    assert_eq!(decided["status"], "active");
    let whole = super::company::until(&site, &id, "ordered").await;
    assert_eq!((&whole["status"], whole.get("incident")), (&json!("active"), None));
    assert!(taken(&smtp, 1).await.contains(&"ann@example.com".to_owned()), "{:?}", smtp.taken());
    site.end().await;
}
