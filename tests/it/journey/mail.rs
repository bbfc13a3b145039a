//! Mail to people, found in a folder: who is asked, who asked, and links that lead to what is meant.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use reqwest::Method;
use serde_json::json;

use super::company::{approve, in_review, reorganise, text, until};
use super::webhooks::silent;

const PUBLIC: &str = "https://fluxor.example.com";

/// The mails by whom they are to, once there are so many.
async fn mails(folder: &std::path::Path, count: usize) -> BTreeMap<String, String> {
    let since = Instant::now();
    loop {
        let files =
            std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |files| files.map(|f| f.unwrap().path()).collect());
        let mut found = BTreeMap::new();
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "eml")) {
            // Long headers are folded.
            let mail = std::fs::read_to_string(file).unwrap().replace("\r\n ", " ");
            let to = mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
            let to = to.split(['<', '>']).nth(1).unwrap().to_owned();
            assert!(found.insert(to, mail).is_none(), "two mails to one person");
        }
        if found.len() == count {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{:?}", found.keys());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(super) async fn people_find_what_they_are_asked_in_their_mail(mut site: Site) {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("mail");
    site.stop().await;
    site.options = ["--mail-dir", own.to_str().unwrap(), "--public-url", PUBLIC].map(str::to_owned).to_vec();
    site.options.extend(["--mail-from".to_owned(), "Purchasing <fluxor@example.com>".to_owned()]);
    site.start().await;
    let contacts = json!({ "contacts": {
        "ann": { "name": "Ann Ångström", "email": "ann@example.com" },
        "bob": { "name": "Bob, Bcc: <all@example.com>", "email": "bob@example.com" },
        "hal": { "name": "Hal", "email": "hal@example.com" },
    } });
    let admin = site.admin();
    let patch = admin.request(Method::PATCH, "/v1/organisation").header("idempotency-key", fresh_key());
    admin.send(patch.header("content-type", "application/merge-patch+json").body(contacts.to_string())).await.is(200);

    let (id, task) = in_review(&site, "ann", "100.00 EUR").await;
    let task_id = text(&task["id"]);
    let asked = mails(&own, 1).await;
    let mail = &asked["bob@example.com"];
    assert!(!mail.contains("\r\nBcc:"), "{mail}");
    assert!(mail.contains("From: Purchasing <fluxor@example.com>\r\n"), "{mail}");
    assert!(mail.contains(&format!("References: <{id}@example.com>\r\n")), "{mail}");
    let subject = format!("Purchase order {}", id[id.len() - 8..].to_uppercase());
    assert!(mail.contains(&format!("Subject: For your decision: {subject}, 200.00 EUR")), "{mail}");
    // So are long lines of a text.
    let unfolded = mail.replace("=\r\n", "");
    assert!(unfolded.contains(&format!("{PUBLIC}/go/")) && !unfolded.contains(&format!("/tasks/{task_id}")), "{mail}");
    assert!(site.messages("notices").is_empty(), "mail takes the notices, the folder the messages");

    // Whoever stands in from now on hears of what waits already.
    let today = text(&admin.get("/v1/absences").await.is(200)["today"]);
    let absence = json!({ "substitute": "hal", "from": today });
    site.by("bob").post("/v1/absences", &absence).await.is(201);
    let told = mails(&own, 2).await;
    assert!(told["hal@example.com"].contains(&format!("Subject: For your decision: {subject}")), "{told:?}");
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let all = mails(&own, 3).await;
    let answer = &all["ann@example.com"];
    assert!(answer.contains("Subject: Approved: Purchase order PO-"), "{answer}");
    let figures = site.anonymous().get("/metrics").await.text;
    assert!(figures.contains("fluxor_mail_total{outcome=\"sent\"} 3"), "{figures}");
    site.end().await;
}

/// One broken template is found by `check`, and keeps the server from starting.
pub(super) async fn a_broken_template_is_named(site: Site) {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("templates");
    std::fs::create_dir(&templates).unwrap();
    std::fs::copy(fluxor_tests::server::definitions().join("requisition.yaml"), folder.path().join("r.yaml")).unwrap();
    std::fs::write(templates.join("approved.txt.hbs"), "Hello\n{{subject.what}} {{titel}}\n").unwrap();
    let folder = folder.path().to_str().unwrap();
    let told = site.command(&["check", folder]).await;
    assert_eq!(told.code(), 1, "{}", told.all());
    let output = told.output();
    assert!(output.contains("error[FLX0601]: there is no value `titel`"), "{output}");
    assert!(output.contains("approved.txt.hbs:2:"), "{output}");
    let told = site.command(&["explain-code", "FLX0601"]).await.done();
    assert!(told.contains("does not exist") && told.contains("\nCorrected:\n"), "{told}");
    site.end().await;
}

/// A mail server that takes connections and says nothing keeps mail waiting, and nothing else.
pub(super) async fn a_silent_mail_server_holds_up_no_order(mut site: Site) {
    let url = format!("smtp://127.0.0.1:{}", silent().await);
    site.stop().await;
    site.options = ["--smtp-url", &url, "--mail-from", "fluxor@example.com"].map(str::to_owned).to_vec();
    site.start().await;
    reorganise(&site, &json!({ "contacts": { "bob": { "name": "Bob", "email": "bob@example.com" } } })).await;
    // More than are under way at a time.
    let mut waiting = Vec::new();
    for _ in 0..40 {
        waiting.push(in_review(&site, "ann", "100.00 EUR").await);
    }
    let since = Instant::now();
    for (id, task) in waiting.iter().take(5) {
        site.by("bob").decide(task, &approve("manager")).await.is(200);
        until(&site, id, "ordered").await;
    }
    assert!(
        since.elapsed() < Duration::from_secs(25),
        "an attempt at a mail ends after thirty seconds: {:?}",
        since.elapsed()
    );
    site.end().await;
}
