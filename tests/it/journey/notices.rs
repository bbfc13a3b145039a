//! Notices through `serve` and a mail server: questions and answers, what each person wants, digests, templates of one company.

use std::time::{Duration, Instant};

use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Client, Reply, fresh_key};
use fluxor_tests::server::smtp::{Manner, Smtp};
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{approve, in_review, until};

async fn put(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(client.request(Method::PUT, path).header("idempotency-key", fresh_key()).json(body)).await
}

/// A site that writes to people through this address.
async fn writing(site: &mut Site, url: &str) {
    site.stop().await;
    site.options = ["--smtp-url", url, "--mail-from", "fluxor@example.com"].map(str::to_owned).to_vec();
    site.start().await;
    let contact = |name: &str| json!({ "name": name, "email": format!("{}@example.com", name.to_lowercase()) });
    let contacts = json!({ "contacts": { "ann": contact("Ann"), "bob": contact("Bob"), "cyd": contact("Cyd") } });
    let admin = site.admin();
    let patch = admin.request(Method::PATCH, "/v1/organisation").header("idempotency-key", fresh_key());
    admin.send(patch.header("content-type", "application/merge-patch+json").body(contacts.to_string())).await.is(200);
}

/// Beginnings of subjects, with whom they went to, sorted, once there are so many.
async fn told(smtp: &Smtp, count: usize) -> Vec<String> {
    let since = Instant::now();
    while smtp.taken().len() < count {
        assert!(since.elapsed() < Duration::from_secs(60), "{:?}", smtp.taken());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let line = |(to, mail): (String, String)| {
        let subject = mail.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned();
        format!("{} -> {to}", subject.split(':').next().unwrap())
    };
    let mut all: Vec<String> = smtp.taken().into_iter().map(line).collect();
    all.sort();
    all
}

pub(super) async fn each_is_told_once_as_he_wants_it(mut site: Site) {
    let smtp = Smtp::new(Manner::Takes).await;
    writing(&mut site, &smtp.url()).await;
    let (_, task) = in_review(&site, "ann", "100.00 EUR").await;
    told(&smtp, 1).await;
    let (ann, bob) = (site.by("ann"), site.by("bob"));
    ann.decide(&task, &json!({ "act": "answer", "reason": "x" })).await.refused(409, "no_question");
    bob.decide(&task, &json!({ "act": "ask", "step": "manager", "reason": "why so dear?" })).await.is(200);
    // What is answered before it was asked by mail is not asked.
    told(&smtp, 2).await;
    site.by("fay").decide(&task, &json!({ "act": "answer", "reason": "x" })).await.refused(403, "not_requester");
    ann.decide(&task, &json!({ "act": "answer" })).await.refused(422, "invalid_input");
    ann.decide(&task, &json!({ "act": "answer", "reason": "it is the last one" })).await.is(200);
    let path = format!("/v1/tasks/{}", task["id"].as_str().unwrap());
    let shown = bob.get(&path).await.is(200);
    let question = &shown["review"]["questions"][0];
    let parts = ["id", "by", "text", "answer", "answered_by"].map(|part| question[part].clone());
    assert_eq!(json!(parts), json!([1, "bob", "why so dear?", "it is the last one", "ann"]), "{shown}");
    let rounds = bob.get(&format!("{path}/rounds")).await.is(200).to_string();
    assert!(rounds.contains("\"answer\"") && rounds.contains("why so dear?"), "{rounds}");
    let all = told(&smtp, 3).await;
    let expected =
        ["Answered -> bob@example.com", "Bob asks -> ann@example.com", "For your decision -> bob@example.com"];
    assert_eq!(all, expected);

    wishes(&site, &smtp).await;
    templates(&site).await;
    site.end().await;
}

/// Who may say what about whom, and what then comes when.
async fn wishes(site: &Site, smtp: &Smtp) {
    let bob = site.by("bob");
    let usual = bob.get("/v1/me/notices").await.is(200);
    assert_eq!((&usual["version"], &usual["in_force"]["mail"]), (&json!(0), &json!("at_once")), "{usual}");
    for client in [site.by("eve"), site.by("ann")] {
        put(&client, "/v1/people/bob/notices", &json!({ "mail": "off" })).await.refused(403, "not_allowed");
        client.get("/v1/people/bob/notices").await.refused(403, "not_allowed");
    }
    site.anonymous().get("/v1/me/notices").await.refused(401, "unauthenticated");
    put(&site.admin(), "/v1/people/nobody/notices", &json!({ "mail": "off" })).await.refused(422, "unknown_person");
    let wrong = put(&bob, "/v1/me/notices", &json!({ "mail": "sometimes" })).await.refused(422, "invalid_record");
    assert!(wrong.to_string().contains("/document/mail"), "{wrong}");
    let wrong = json!({ "calendar": "moon", "mail": "never", "zone": "Mars" });
    let answer = put(&bob, "/v1/me/notices", &wrong).await.refused(422, "invalid_input");
    let mut places: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().filter_map(|one| one["pointer"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/calendar", "/mail", "/zone"], "all at once: {answer}");
    put(&bob, "/v1/me/notices", &json!({ "mail": "digest", "digest_at": [far()], "zone": "UTC" })).await.is(200);
    let set = bob.get("/v1/me/notices").await.is(200);
    put(&bob, "/v1/me/notices", &usual).await.refused(412, "stale_setting");
    assert_eq!(set["version"], 1);

    in_review(site, "ann", "100.00 EUR").await;
    // What is sent once: the one who wants it later has nothing, until he wants it at once.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(smtp.taken().len(), 3, "{:?}", smtp.taken());
    put(&site.admin(), "/v1/people/bob/notices", &json!({ "mail": "at_once" })).await.is(200);
    let all = told(smtp, 4).await;
    assert!(all.contains(&"1 waiting for you -> bob@example.com".to_owned()), "{all:?}");
    put(&bob, "/v1/me/notices", &json!({ "kinds": { "task_opened": "off" } })).await.is(200);
    let (id, task) = in_review(site, "ann", "100.00 EUR").await;
    bob.decide(&task, &approve("manager")).await.is(200);
    until(site, &id, "open.ordering").await;
    let all = told(smtp, 5).await;
    assert_eq!(all.iter().filter(|one| one.contains("bob@")).count(), 3, "{all:?}");
    assert!(all.contains(&"Approved -> ann@example.com".to_owned()), "{all:?}");
}

/// A time of the day that is far away.
fn far() -> String {
    format!("{:02}:00", (SystemClock.now().micros() / 3_600_000_000 + 12) % 24)
}

/// Templates of one company: checked, looked at, in force, and nobody else's.
async fn templates(site: &Site) {
    let admin = site.admin();
    let preview = |client: Client, body: Value| async move { client.post("/v1/notices/preview", &body).await };
    let over = json!({ "kind": "approved", "templates": { "approved.subject": "Ja: {{titel}}" } });
    let wrong = preview(admin.clone(), over).await.refused(422, "invalid_input");
    assert!(wrong.to_string().contains("/templates/approved.subject"), "{wrong}");
    preview(site.by("bob"), json!({ "kind": "approved" })).await.refused(403, "not_allowed");
    let seen = preview(admin.clone(), json!({ "kind": "digest" })).await.is(200);
    assert!(seen["html"].as_str().unwrap().contains("Waiting for you"), "{seen}");
    let path = "/v1/settings/mail_templates";
    let body = |document: Value| json!({ "version": 0, "document": document });
    let wrong = put(&admin, path, &body(json!({ "aproved.txt": "x", "digest.html": "{{{name}}}" }))).await;
    let wrong = wrong.refused(422, "invalid_input").to_string();
    assert!(wrong.contains("/aproved.txt") && wrong.contains("/digest.html") && wrong.contains("FLX0603"), "{wrong}");
    put(&admin, path, &body(json!({ "approved.subject": "Genehmigt" }))).await.is(200);
    // What is set is known to a server within some seconds.
    let since = Instant::now();
    while preview(admin.clone(), json!({ "kind": "approved" })).await.is(200)["subject"] != "Genehmigt" {
        assert!(since.elapsed() < Duration::from_secs(20), "it is not in force");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let other = preview(site.by("stranger"), json!({ "kind": "approved" })).await.is(200);
    assert!(other["subject"].as_str().unwrap().starts_with("Approved: "), "{other}");
}

/// Nobody listens there: orders go on, and their people are asked.
pub(super) async fn a_dead_mail_server_delays_nothing_else(mut site: Site) {
    writing(&mut site, "smtp://127.0.0.1:9").await;
    put(&site.by("ann"), "/v1/me/notices", &json!({ "mail": "digest" })).await.is(200);
    let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    until(&site, &id, "open.ordering").await;
    let health = site.anonymous().get("/health/ready").await;
    assert_eq!(health.body["ready"], true, "{}", health.text);
    site.end().await;
}
